// SPDX-License-Identifier: GPL-2.0
/*
 * What there is, on disk: a file of JSON for each network, endpoint and pool. A file is
 * written under another name, and takes its place once it is on the disk: at each moment there
 * is the old one or the new one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"

#define SUFFIX	".json"
#define NEW	".new"
#define FILE_MAX	(4 << 20)

static const char *const dirs[KINDS] = {
	[NETWORK] = "networks", [ENDPOINT] = "endpoints", [POOL] = "pools",
};

#define NAME_LEN (ID_MAX + sizeof(SUFFIX) + sizeof(NEW))

static int failed(struct driver *d, const char *what)
{
	return ct_fail(&d->ct, "%s in %s: %s", what, d->dir, strerror(errno));
}

int store_open(struct driver *d)
{
	int i;

	if (make_parents(d->dir) || (mkdir(d->dir, 0700) && errno != EEXIST))
		return failed(d, "keep the state");
	d->dir_fd = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir_fd < 0)
		return failed(d, "keep the state");
	if (flock(d->dir_fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ?
		       ct_fail(&d->ct, "the state in %s is another ctnet-docker's", d->dir) :
		       failed(d, "lock the state");
	for (i = 0; i < KINDS; i++) {
		if (mkdirat(d->dir_fd, dirs[i], 0700) && errno != EEXIST)
			return failed(d, "keep the state");
		d->kind_fd[i] = openat(d->dir_fd, dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (d->kind_fd[i] < 0)
			return failed(d, "keep the state");
	}
	return CT_OK;
}

void store_close(struct driver *d)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (d->kind_fd[i] >= 0)
			close(d->kind_fd[i]);
	if (d->dir_fd >= 0)
		close(d->dir_fd);
}

static int write_all(int fd, const char *s, size_t len)
{
	while (len) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && errno != EINTR)
			return -1;
		s += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
	return fsync(fd);
}

int store_save(struct driver *d, enum record kind, const char *id, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE);
	char name[NAME_LEN], tmp[NAME_LEN];
	int dir = d->kind_fd[kind], fd, err;

	if (!text)
		ct_nomem();
	snprintf(name, sizeof(name), "%s" SUFFIX, id);
	snprintf(tmp, sizeof(tmp), "%s" SUFFIX NEW, id);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(d, "save the state");
	err = write_all(fd, text, strlen(text));
	if (close(fd) || err || renameat(dir, tmp, dir, name) || fsync(dir)) {
		err = errno;
		unlinkat(dir, tmp, 0);
		errno = err;
		return failed(d, "save the state");
	}
	return CT_OK;
}

int store_remove(struct driver *d, enum record kind, const char *id)
{
	char name[NAME_LEN];

	snprintf(name, sizeof(name), "%s" SUFFIX, id);
	if ((unlinkat(d->kind_fd[kind], name, 0) && errno != ENOENT) || fsync(d->kind_fd[kind]))
		return failed(d, "remove the state");
	return CT_OK;
}

static struct json_object *read_file(int dir, const char *name)
{
	struct json_tokener *tok = json_tokener_new();
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct json_object *o = NULL;
	struct stat st;
	char *text;
	ssize_t n;

	if (!tok)
		ct_nomem();
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX) {
		text = ct_calloc(1, st.st_size + 1);
		n = read(fd, text, st.st_size);
		if (n == st.st_size)
			o = json_tokener_parse_ex(tok, text, n + 1);
		free(text);
	}
	if (fd >= 0)
		close(fd);
	json_tokener_free(tok);
	if (o && json_object_get_type(o) != json_type_object) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && !strcmp(name + n - m, suffix);
}

/* A file that cannot be read is no reason to forget what it says: who starts us has to look. */
int store_load(struct driver *d, enum record kind,
	       int (*fn)(struct driver *d, struct json_object *o))
{
	struct dirent **list = NULL;
	struct json_object *o;
	int i, n, err = CT_OK;

	n = scandirat(d->kind_fd[kind], ".", &list, NULL, alphasort);
	if (n < 0)
		return failed(d, "read the state");
	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		/* Of who was killed as he wrote. */
		if (ends_in(name, SUFFIX NEW)) {
			unlinkat(d->kind_fd[kind], name, 0);
		} else if (!err && ends_in(name, SUFFIX)) {
			o = read_file(d->kind_fd[kind], name);
			err = o ? fn(d, o) : ct_fail(&d->ct, "it is not what was written there");
			if (err)
				ct_fail(&d->ct, "read %s/%s/%s: %s", d->dir, dirs[kind], name,
					d->ct.error);
			json_object_put(o);
		}
		free(list[i]);
	}
	free(list);
	return err;
}
