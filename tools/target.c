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
	char *target;
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

/* Whether our namespace, if it is known yet, has a device of that name. */
static bool is_device(const char *name)
{
	struct link l;

	return ctx.ns_fd >= 0 && !ctx.quiet && !parse_known_name(name) &&
	       rt_sock() && !link_get(&ctx.rt, name, 0, -1, &l);
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
	} else if (err == ENOENT && !strchr(target, '/') && is_device(target)) {
		fail("\"%s\" is a device of this namespace and no container: --dev %s attaches it, and --port %s names it as a port",
		     target, target, target);
	} else if (err == ENOENT && !strchr(target, '/')) {
		fail("there is no network namespace \"%s\"%s; \"ip netns list\" names those there are; a container of Docker or Podman is named by its PID, which \"docker inspect -f '{{.State.Pid}}' %s\" prints, or by a path such as /proc/PID/ns/net",
		     target, tail, target);
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

/*
 * What names namespaces, and how ours knows them: first those that "ip netns" has names
 * for, then those that are mounted elsewhere, and apart the processes that are in one.
 */
static struct names {
	struct netns_name *v;
	size_t n;
	bool read;
} names, procs;

static void names_add(struct names *l, int nsid, const char *target)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n].nsid = nsid;
	l->v[l->n++].target = xstrdup(target);
}

static const char *names_find(const struct names *l, int nsid)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].nsid == nsid)
			return l->v[i].target;
	return NULL;
}

static void names_free(struct names *l)
{
	while (l->n)
		free(l->v[--l->n].target);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static int by_name(const void *a, const void *b)
{
	const struct netns_name *x = a, *y = b;

	return strcmp(x->target, y->target);
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

/* In mountinfo blanks and the like are backslashes and three octal digits. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* Namespaces that are mounted anywhere: a runtime has its own directory for them. */
static void read_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *path;
	size_t size = 0;
	int nsid;

	while (f && getline(&line, &size, f) >= 0) {
		if (sscanf(line, "%*d %*d %*s net:[%*u] %ms", &path) != 1)
			continue;
		unescape(path);
		nsid = strncmp(path, NETNS_DIR "/", strlen(NETNS_DIR "/")) ?
		       target_nsid(path) : -1;
		if (nsid >= 0)
			names_add(&names, nsid, path);
		free(path);
	}
	free(line);
	if (f)
		fclose(f);
}

static void read_names(void)
{
	char path[PATH_MAX];
	DIR *d = opendir(NETNS_DIR);
	struct dirent *e;
	int nsid;

	names.read = true;
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), NETNS_DIR "/%s", e->d_name);
		nsid = e->d_name[0] == '.' ? -1 : target_nsid(path);
		if (nsid < 0)
			continue;
		/* What could be taken for a PID or an option is a path. */
		names_add(&names, nsid, is_pid(e->d_name) || e->d_name[0] == '-' ?
			  path : e->d_name);
	}
	if (d)
		closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	read_mounts();
}

/* One process of each namespace. */
static void read_procs(void)
{
	DIR *d = opendir("/proc");
	char path[PATH_MAX];
	ino_t *seen = NULL;
	struct dirent *e;
	size_t n = 0, i;
	struct stat st;
	int nsid;

	procs.read = true;
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/ns/net", e->d_name);
		if (!is_pid(e->d_name) || stat(path, &st))
			continue;
		for (i = 0; i < n && seen[i] != st.st_ino; i++)
			;
		if (i < n)
			continue;
		seen = xrealloc(seen, (n + 1) * sizeof(*seen));
		seen[n++] = st.st_ino;
		nsid = target_nsid(path);
		if (nsid >= 0)
			names_add(&procs, nsid, path);
	}
	free(seen);
	if (d)
		closedir(d);
}

void netns_forget_names(void)
{
	names_free(&names);
	names_free(&procs);
}

/* Whether a target means the same after a restart; a PID does not. */
static bool lasts(const char *target)
{
	return !is_pid(target) && strncmp(target, "/proc/", 6) &&
	       (target[0] == '/' || !strchr(target, '/'));
}

char *netns_name(int nsid, const char *label)
{
	const char *name;

	if (nsid < 0)
		return NULL;
	if (label[0] && lasts(label) && target_nsid(label) == nsid)
		return xstrdup(label);
	if (!names.read)
		read_names();
	name = names_find(&names, nsid);
	return name ? xstrdup(name) : NULL;
}

int netns_open_id(int nsid, const char *label)
{
	char *name = netns_name(nsid, label);
	const char *target = name;
	int fd;

	if (!target && nsid >= 0) {
		if (!procs.read)
			read_procs();
		target = names_find(&procs, nsid);
	}
	fd = target ? try_open(target) : -1;
	/* Whoever was there may be gone, and another have its PID. */
	if (fd >= 0 && link_nsid(&ctx.rt, fd) != nsid) {
		close(fd);
		fd = -1;
	}
	free(name);
	return fd;
}
