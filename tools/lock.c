// SPDX-License-Identifier: GPL-2.0
/*
 * The lock of a network namespace. It is a flock() on a file that each namespace has one
 * of, that none but its administrator may open, and that is there without anybody having
 * made it: a sysctl. So a user of the namespace cannot take it, an unprivileged user
 * namespace has it as well, and nothing is left behind by who is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "ctnetctl.h"

#define LOCK_FILE "/proc/sys/net/ipv4/tcp_fastopen_key"

static int fd = -1;
static int depth;
static bool have_alone;

static void open_file(void)
{
	if (fd >= 0 || netns_enter(ctx.ns_fd))
		return;
	fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC);
	netns_leave();
}

void lock_take(bool alone)
{
	depth++;
	if (depth > 1 && (have_alone || !alone))
		return;
	open_file();
	/* Who may not open it may change nothing, and is told so by the kernel. */
	if (fd < 0)
		return;
	while (flock(fd, alone ? LOCK_EX : LOCK_SH))
		if (errno != EINTR || undo_interrupted())
			return;
	have_alone = alone;
}

void lock_drop(void)
{
	if (--depth)
		return;
	have_alone = false;
	if (fd >= 0)
		flock(fd, LOCK_UN);
}
