// SPDX-License-Identifier: GPL-2.0
/*
 * For killed.sh and dockerproto.sh, by LD_PRELOAD: KILL_AT="N SIGNAL" has the program get that
 * signal when its Nth request was sent to the kernel, which has then carried it out: netlink is
 * synchronous. What is sent in whatever way counts, so that the announcements do, too, and
 * each change of a file. With KILL_FROM=FILE counting begins when FILE is there.
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
	const char *at = getenv("KILL_AT"), *from = getenv("KILL_FROM");
	static unsigned int n;
	unsigned int when;
	int sig;

	if (from && access(from, F_OK))
		return;
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

int fsync(int fd)
{
	int (*real)(int fd) = dlsym(RTLD_NEXT, "fsync");
	int ret = real(fd);

	count();
	return ret;
}

int renameat(int old_dir, const char *old, int new_dir, const char *new)
{
	int (*real)(int old_dir, const char *old, int new_dir, const char *new) =
		dlsym(RTLD_NEXT, "renameat");
	int ret = real(old_dir, old, new_dir, new);

	count();
	return ret;
}

int unlinkat(int dir, const char *name, int flags)
{
	int (*real)(int dir, const char *name, int flags) = dlsym(RTLD_NEXT, "unlinkat");
	int ret = real(dir, name, flags);

	count();
	return ret;
}
