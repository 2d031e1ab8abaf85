// SPDX-License-Identifier: GPL-2.0
/*
 * For killed.sh, by LD_PRELOAD: KILL_AT="N SIGNAL" has the program get that signal when its
 * Nth request was sent to the kernel, which has then carried it out: netlink is synchronous.
 * What is sent in whatever way counts, so that the announcements do, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void count(void)
{
	const char *at = getenv("KILL_AT");
	static unsigned int n;
	unsigned int when;
	int sig;

	if (at && sscanf(at, "%u %d", &when, &sig) == 2 && ++n == when)
		kill(getpid(), sig);
}

typedef ssize_t send_t(int fd, const void *buf, size_t len, int flags);
typedef ssize_t sendmsg_t(int fd, const struct msghdr *msg, int flags);
typedef ssize_t sendto_t(int fd, const void *buf, size_t len, int flags,
			 const struct sockaddr *to, socklen_t size);

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	send_t *real = dlsym(RTLD_NEXT, "send");
	ssize_t ret = real(fd, buf, len, flags);

	count();
	return ret;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	sendmsg_t *real = dlsym(RTLD_NEXT, "sendmsg");
	ssize_t ret = real(fd, msg, flags);

	count();
	return ret;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t size)
{
	sendto_t *real = dlsym(RTLD_NEXT, "sendto");
	ssize_t ret = real(fd, buf, len, flags, to, size);

	count();
	return ret;
}
