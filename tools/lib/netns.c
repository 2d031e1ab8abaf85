// SPDX-License-Identifier: GPL-2.0
/* From what people call a container to its network namespace, and back. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine.h"
#include "priv.h"

#define NETNS_DIR "/run/netns"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE	71
#endif

static bool is_pid(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/*
 * A descriptor, or -errno; @what is not NULL then if something else is there. What is there
 * may be a device that does something as it is opened, so it is looked at before that.
 */
static int try_open(const char *target, const char **what)
{
	const char *dir = is_pid(target) ? "/proc/" : strchr(target, '/') ? "" : NETNS_DIR "/";
	char path[PATH_MAX], self[64];
	struct statfs fs;
	int look, fd;

	*what = NULL;
	if (snprintf(path, sizeof(path), "%s%s%s", dir, target,
		     is_pid(target) ? "/ns/net" : "") >= (int)sizeof(path))
		return -ENAMETOOLONG;
	look = open(path, O_PATH | O_CLOEXEC);
	if (look < 0)
		return -errno;
	if (fstatfs(look, &fs) || fs.f_type != NSFS_MAGIC) {
		*what = "not a network namespace";
		close(look);
		return -EINVAL;
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", look);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(look);
	if (fd >= 0 && ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		*what = "a namespace, but not a network namespace";
		close(fd);
		return -EINVAL;
	}
	return fd;
}

/*
 * An engine that does not run may have left its containers running: what was attached by its
 * name is known by the label.
 */
static int open_labelled(struct ct *ct, const char *target)
{
	struct ct_links ls = { 0 };
	const struct ct_link *l;
	char *why = ct->error;
	int code = ct->code, fd = -1;
	size_t i;

	/* The sentence stays that of the engine. */
	ct->error = NULL;
	if (ct->rt.sk && !ct_genl(ct) && !ct_near_dump(ct, 0, &ls))
		for (i = 0; i < ls.n && fd < 0; i++) {
			l = &ls.v[i];
			if (ct_port_is_made(l) && !strcmp(l->alias, target))
				ct_netns_open_id(ct, l->peer_nsid, "", &fd);
		}
	ct_netns_forget(ct);
	ct_links_free(&ls);
	free(ct->error);
	ct->error = why;
	ct->code = code;
	return fd;
}

static int open_of_engine(struct ct *ct, const char *target, bool *gone, const char *tail)
{
	enum ct_engine_state state;
	char text[32];
	const char *what;
	pid_t pid = 0;
	int fd = -1;

	state = ct_engine_ask(ct, target, &pid);
	if (state == CT_ENGINE_RUNS) {
		snprintf(text, sizeof(text), "%d", pid);
		fd = try_open(text, &what);
		if (fd == -ENOENT)
			state = CT_ENGINE_STOPPED;
		if (fd < 0)
			ct_fail(ct, "the network namespace of container \"%s\", PID %s, cannot be opened: %s",
				target, text, what ? what : strerror(-fd));
	} else if (state == CT_ENGINE_AWAY) {
		fd = open_labelled(ct, target);
	}
	if (state == CT_ENGINE_STOPPED || state == CT_ENGINE_UNKNOWN)
		ct_fail(ct, "%s%s", ct->error, tail);
	if (fd < 0 && gone && state != CT_ENGINE_FAILED && state != CT_ENGINE_RUNS)
		*gone = true;
	return fd < 0 ? -1 : fd;
}

int ct_netns_open(struct ct *ct, const char *target, bool *gone, const char *tail)
{
	const char *what;
	struct ct_link l;
	char proc[64];
	int fd;

	if (ct_engine_is(target))
		return open_of_engine(ct, target, gone, tail);
	fd = try_open(target, &what);
	if (fd >= 0)
		return fd;
	snprintf(proc, sizeof(proc), "/proc/%.32s", target);
	if (fd == -ENOENT && gone)
		*gone = true;
	else if (what)
		ct_fail(ct, "\"%s\" is %s", target, what);
	else if (is_pid(target) && fd == -ENOENT)
		ct_fail(ct, access(proc, F_OK) ? "there is no process with PID %s%s" :
						 "the process with PID %s has ended%s",
			target, tail);
	else if (fd != -ENOENT || strchr(target, '/'))
		ct_fail(ct, is_pid(target) ?
			"the network namespace of PID %s cannot be opened: %s" :
			"the network namespace \"%s\" cannot be opened: %s",
			target, strerror(-fd));
	/* Ours is not known yet where it is this that names it. */
	else if (ct->rt.sk && !ct_parse_known_name(target) &&
		 !ct_link_get(&ct->rt, target, 0, -1, &l))
		ct_fail(ct, "\"%s\" is a device of this namespace, not a container: --dev %s attaches it, and --port %s names it as a port",
			target, target, target);
	else
		ct_fail(ct, "there is no network namespace \"%s\"%s; \"ip netns list\" names those there are; a container of Docker is docker:%s, one of Podman podman:%s, and any other has a PID, or a path such as /proc/PID/ns/net",
			target, tail, target, target);
	return -1;
}

/*
 * Sockets belong to the namespace that they are opened in, so we are elsewhere only while
 * we open one.
 */
int ct_netns_enter(struct ct *ct, int fd)
{
	if (ct->priv->lost)
		return -EXDEV;
	return ct_netns_same(fd, ct->own_fd) || !setns(fd, CLONE_NEWNET) ? 0 : -errno;
}

int ct_netns_leave(struct ct *ct)
{
	struct stat own, now;

	if ((!fstat(ct->own_fd, &own) && !stat("/proc/thread-self/ns/net", &now) &&
	     own.st_ino == now.st_ino) || !setns(ct->own_fd, CLONE_NEWNET))
		return 0;
	ct->priv->lost = true;
	return -errno;
}

int ct_netns_cookie(struct ct *ct, uint64_t *cookie)
{
	socklen_t len = sizeof(*cookie);

	if (getsockopt(nl_socket_get_fd(ct->rt.sk), SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len))
		return ct_fail(ct, "ask which namespace this is: %s", strerror(errno));
	return CT_OK;
}

bool ct_netns_same(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/*
 * The id that our namespace has for the one that a target names, or -1 if it names none.
 * Whoever takes an error for "none" would take a container for one that is gone.
 */
static int target_nsid(struct ct *ct, const char *target, int *id)
{
	const char *what;
	int fd = try_open(target, &what), err;

	*id = -1;
	if (fd < 0)
		return fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM ? fd : 0;
	err = ct_link_nsid(&ct->rt, fd, id);
	close(fd);
	return err;
}

/* The namespace at @path, if ours has an id for it, is named @target. */
static int names_add(struct ct *ct, struct ct_netns_names *l, const char *path,
		     const char *target)
{
	int id, err = target_nsid(ct, path, &id);

	if (err || id < 0)
		return err;
	l->v = ct_grow(l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = (struct ct_netns_name){ id, ct_strdup(target) };
	return 0;
}

void ct_netns_forget(struct ct *ct)
{
	struct ct_netns_names *l[] = { &ct->priv->names, &ct->priv->procs };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(l); i++) {
		while (l[i]->n)
			free(l[i]->v[--l[i]->n].target);
		free(l[i]->v);
		memset(l[i], 0, sizeof(*l[i]));
	}
}

/* Namespaces that are mounted anywhere: a runtime has its own directory for them. */
static int read_mounts(struct ct *ct)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *path, *in, *out;
	size_t size = 0;
	int err = 0;

	while (!err && f && getline(&line, &size, f) >= 0) {
		if (sscanf(line, "%*d %*d %*s net:[%*u] %ms", &path) != 1)
			continue;
		/* Blanks and the like are backslashes and three octal digits. */
		for (in = out = path; (*out = *in); in++, out++)
			if (*in == '\\' && in[1] && in[2] && in[3]) {
				*out = (in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0');
				in += 3;
			}
		if (strncmp(path, NETNS_DIR "/", strlen(NETNS_DIR "/")))
			err = names_add(ct, &ct->priv->names, path, path);
		free(path);
	}
	free(line);
	if (f)
		fclose(f);
	return err;
}

static int read_names(struct ct *ct)
{
	struct dirent **list = NULL;
	int i, n = scandir(NETNS_DIR, &list, NULL, alphasort), err = 0;
	char path[PATH_MAX];

	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
		/* What could be taken for a PID or an option is a path. */
		if (!err && name[0] != '.')
			err = names_add(ct, &ct->priv->names, path,
					is_pid(name) || name[0] == '-' ? path : name);
		free(list[i]);
	}
	free(list);
	return err ?: read_mounts(ct);
}

/* One process of each namespace. */
static int read_procs(struct ct *ct)
{
	DIR *d = opendir("/proc");
	char path[PATH_MAX];
	ino_t *seen = NULL;
	struct dirent *e;
	size_t n = 0, i;
	struct stat st;
	int err = 0;

	while (!err && d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/ns/net", e->d_name);
		if (!is_pid(e->d_name) || stat(path, &st))
			continue;
		for (i = 0; i < n && seen[i] != st.st_ino; i++)
			;
		if (i < n)
			continue;
		seen = ct_grow(seen, n, sizeof(*seen));
		seen[n++] = st.st_ino;
		err = names_add(ct, &ct->priv->procs, path, path);
	}
	free(seen);
	if (d)
		closedir(d);
	return err;
}

/* What leads to a namespace, of a list that is read when it is first asked for. */
static int look_up(struct ct *ct, struct ct_netns_names *l, int (*fill)(struct ct *ct),
		   int nsid, char **name)
{
	int err = l->read ? 0 : fill(ct);
	size_t i;

	if (err)
		ct_netns_forget(ct);
	l->read = !err;
	for (i = 0; i < l->n && l->v[i].nsid != nsid; i++)
		;
	*name = i < l->n ? ct_strdup(l->v[i].target) : NULL;
	return err;
}

/*
 * Whether an engine has its container of that name in this namespace. One that does not
 * run cannot say otherwise.
 */
static int is_of_engine(struct ct *ct, int nsid, const char *target, bool *is)
{
	char *why = ct->error, text[32];
	int code = ct->code, id = -1, err = 0;
	enum ct_engine_state state;
	pid_t pid;

	ct->error = NULL;
	state = ct_engine_ask(ct, target, &pid);
	free(ct->error);
	ct->error = why;
	ct->code = code;
	if (state == CT_ENGINE_RUNS) {
		snprintf(text, sizeof(text), "%d", pid);
		err = target_nsid(ct, text, &id);
	}
	*is = state == CT_ENGINE_AWAY || (!err && id == nsid);
	return err;
}

int ct_netns_name(struct ct *ct, int nsid, const char *label, char **name)
{
	int id = -1, err = 0;
	bool is;

	*name = NULL;
	if (nsid < 0)
		return 0;
	if (ct_engine_is(label) && !ct_engine_bad(label)) {
		err = is_of_engine(ct, nsid, label, &is);
		if (err || !is)
			return err ?: look_up(ct, &ct->priv->names, read_names, nsid, name);
		*name = ct_strdup(label);
		return 0;
	}
	/* A PID, or a path that begins where we are, is another's after a restart. */
	if (label[0] && !is_pid(label) && strncmp(label, "/proc/", 6) &&
	    (label[0] == '/' || !strchr(label, '/')))
		err = target_nsid(ct, label, &id);
	if (err || id != nsid)
		return err ?: look_up(ct, &ct->priv->names, read_names, nsid, name);
	*name = ct_strdup(label);
	return 0;
}

int ct_netns_open_id(struct ct *ct, int nsid, const char *label, int *fd)
{
	int id = -1, got = -1, err;
	const char *what;
	char *name;

	*fd = -1;
	/* No engine is asked where what it is called makes no difference. */
	err = ct_netns_name(ct, nsid, ct_engine_is(label) ? "" : label, &name);
	if (!err && !name && nsid >= 0)
		err = look_up(ct, &ct->priv->procs, read_procs, nsid, &name);
	if (!err && name)
		got = try_open(name, &what);
	free(name);
	if (got < 0)
		return err;
	/* Whoever was there may be gone, and another have its PID. */
	err = ct_link_nsid(&ct->rt, got, &id);
	if (!err && id == nsid)
		*fd = got;
	else
		close(got);
	return err;
}
