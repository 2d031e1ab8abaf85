// SPDX-License-Identifier: GPL-2.0
/* TARGET: from what people call a container to its network namespace. */
#include <ctype.h>
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ctnetctl.h"
#include "link.h"

#define NETNS_DIR "/run/netns"

struct netns_name {
	int nsid;
	char name[NAME_MAX + 1];
};

static int netns_check(int fd, const char *target)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) || fs.f_type != NSFS_MAGIC)
		return fail("\"%s\" is no network namespace", target);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return fail("\"%s\" is a namespace, but no network namespace",
			    target);
	return EXIT_OK;
}

/*
 * Whatever lies there, which may be a device that does something as it is opened, is looked
 * at before that. Returns a descriptor, or -1 and errno.
 */
static int open_looking(const char *path)
{
	int fd, look = open(path, O_PATH | O_CLOEXEC);
	char self[64];
	struct statfs fs;
	int err;

	if (look < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", look);
	fd = !fstatfs(look, &fs) && fs.f_type == NSFS_MAGIC ?
	     open(self, O_RDONLY | O_CLOEXEC) : dup(look);
	err = errno;
	close(look);
	errno = err;
	return fd;
}

static bool is_pid(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/*
 * Returns a descriptor of the namespace, or -1 after a message. With @gone, a
 * container that is not there sets it, and there is no message. @tail is what
 * else there is to say of one that is not there.
 */
int netns_open(const char *target, bool *gone, const char *tail)
{
	char path[PATH_MAX];
	bool pid = is_pid(target);
	int fd, err;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%s/ns/net", target);
	else if (strchr(target, '/'))
		snprintf(path, sizeof(path), "%s", target);
	else
		snprintf(path, sizeof(path), NETNS_DIR "/%s", target);
	fd = open_looking(path);
	err = errno;
	if (fd >= 0) {
		if (!netns_check(fd, target))
			return fd;
		close(fd);
		return -1;
	}
	if (err == ENOENT && gone) {
		*gone = true;
		return -1;
	}
	if (pid) {
		char proc[64];

		snprintf(proc, sizeof(proc), "/proc/%.32s", target);
		if (access(proc, F_OK))
			fail("there is no process with PID %s%s", target, tail);
		else if (err == ENOENT)
			fail("the process with PID %s has ended%s", target, tail);
		else
			fail("the network namespace of PID %s cannot be opened: %s",
			     target, strerror(err));
	} else if (err == ENOENT && !strchr(target, '/')) {
		fail("there is no network namespace \"%s\"%s; \"ip netns list\" names those there are",
		     target, tail);
	} else {
		fail("the network namespace \"%s\" cannot be opened: %s", target,
		     strerror(err));
	}
	return -1;
}

/*
 * Sockets belong to the namespace that they are opened in, so the process is
 * elsewhere only while it opens one.
 */
int netns_enter(int fd)
{
	if (netns_same(fd, ctx.own_fd))
		return 0;
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

void netns_leave(void)
{
	struct stat own, now;

	if (!fstat(ctx.own_fd, &own) && !stat("/proc/self/ns/net", &now) &&
	    own.st_ino == now.st_ino)
		return;
	if (setns(ctx.own_fd, CLONE_NEWNET))
		die("the way back to our own network namespace is closed");
}

bool netns_same(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Namespaces that "ip netns" has names for, and how ours knows them. */
static struct {
	struct netns_name *v;
	size_t n;
	bool read;
} names;

static int by_name(const void *a, const void *b)
{
	const struct netns_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int try_open(const char *target)
{
	bool quiet = ctx.quiet;
	int fd;

	ctx.quiet = true;
	fd = netns_open(target, NULL, "");
	ctx.quiet = quiet;
	return fd;
}

/* The id that our namespace has for the one that a target names, or -1. */
static int target_nsid(const char *target)
{
	int fd = try_open(target), id;

	if (fd < 0)
		return -1;
	id = link_nsid(&ctx.rt, fd);
	close(fd);
	return id;
}

static void read_names(void)
{
	struct netns_name *new;
	struct dirent *e;
	char path[PATH_MAX];
	DIR *d = opendir(NETNS_DIR);
	int nsid;

	names.read = true;
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), NETNS_DIR "/%s", e->d_name);
		nsid = e->d_name[0] == '.' ? -1 : target_nsid(path);
		if (nsid < 0)
			continue;
		names.v = xrealloc(names.v, (names.n + 1) * sizeof(*names.v));
		new = &names.v[names.n++];
		new->nsid = nsid;
		snprintf(new->name, sizeof(new->name), "%s", e->d_name);
	}
	if (d)
		closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
}

void netns_forget_names(void)
{
	free(names.v);
	memset(&names, 0, sizeof(names));
}

/* Whether a target means the same after a restart; a PID does not. */
static bool lasts(const char *target)
{
	return !is_pid(target) && strncmp(target, "/proc/", 6) &&
	       (target[0] == '/' || !strchr(target, '/'));
}

char *netns_name(int nsid, const char *label)
{
	char path[PATH_MAX];
	const char *name;
	size_t i;

	if (nsid < 0)
		return NULL;
	if (label[0] && lasts(label) && target_nsid(label) == nsid)
		return xstrdup(label);
	if (!names.read)
		read_names();
	for (i = 0; i < names.n; i++) {
		if (names.v[i].nsid != nsid)
			continue;
		name = names.v[i].name;
		/* What could be taken for a PID or an option is a path. */
		if (!is_pid(name) && name[0] != '-')
			return xstrdup(name);
		snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
		return xstrdup(path);
	}
	return NULL;
}
