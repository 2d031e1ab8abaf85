// SPDX-License-Identifier: GPL-2.0
/*
 * Containers that come back. One that stops takes its ports with it; when it starts again, it
 * gets what a configuration says of it: by follow, which an engine tells of each container that
 * starts, or by oci-hook, which Podman has run before the container's first process.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"

/**
 * struct comer - a container that starts, or may run
 * @prefix: of its engine's targets
 * @name: what it is called
 * @id: in full; NULL: it is not known to run
 * @pid: a process of it; 0: the engine is to be asked
 */
struct comer {
	const char *prefix;
	const char *name;
	const char *id;
	pid_t pid;
};

#define ID_MIN	12	/* of an ID, as engines print it; less could be a name */

/* Whether a target means it, by its name, or by its ID or the beginning of that. */
static bool is_it(const struct comer *c, const char *target)
{
	size_t len = strlen(c->prefix);

	if (!target || strncmp(target, c->prefix, len))
		return false;
	target += len;
	len = strlen(target);
	return !strcmp(target, c->name) ||
	       (c->id && len >= ID_MIN && !strncmp(target, c->id, len));
}

/*
 * Whether it has no such port yet. What does not run, and was not said to, is for later; what is
 * half made add-port makes anew.
 */
static int port_is_missing(const struct comer *c, const char *target, const struct stmt *s,
			   bool *missing)
{
	struct ct_container *k;
	bool gone = false;

	*missing = false;
	k = ct_container_open(&ct, target, s->port_conf->ifname, c->id ? NULL : &gone, "");
	if (!k)
		return gone ? CT_OK : ct.code;
	*missing = k->state != CT_FAR_HERE || !k->near.master ||
		  ct_port_is_unfinished(&k->near);
	ct_container_close(k);
	return CT_OK;
}

/* The label stays the name that the file has, whatever leads to the container. */
static int attach(const struct comer *c, struct stmt *s, char *target)
{
	char *name = s->call.arg[1];
	int err;

	err = port_is_missing(c, target, s, &s->again);
	if (err || !s->again)
		return err;
	if (!s->port_conf->label)
		s->port_conf->label = name;
	s->call.arg[1] = target;
	return s->call.c->run(s->call.n, s->call.arg, s->call.vals);
}

/* What lies behind a port, or is published of it, comes with it. */
static int run_stmt(const struct comer *c, struct stmt *s, char *pid)
{
	if (s->kind == STMT_PORT && is_it(c, s->call.arg[1]))
		return attach(c, s, c->pid ? pid : s->call.arg[1]);
	if (!s->port || !s->port->again)
		return CT_OK;
	if (s->kind == STMT_FDB)
		s->fdb_conf->target = s->port->call.arg[1];
	else
		s->call.arg[1] = s->port->call.arg[1];
	return s->call.c->run(s->call.n, s->call.arg, s->call.vals);
}

/* All that the file says of it, or nothing, from its first port on. */
static int attach_one(const struct comer *c, struct conf *conf, size_t first)
{
	char pid[16];
	int err = CT_OK;
	size_t i;

	snprintf(pid, sizeof(pid), "%d", c->pid);
	ct_begin(&ct);
	for (i = first; i < conf->n && !err; i++) {
		conf_at(conf, conf->v[i], NULL);
		err = run_stmt(c, conf->v[i], pid);
	}
	return ct_end(&ct, err);
}

/* Whether the file has a port of it, and where. */
static bool is_any(const struct comer *c, const struct conf *conf, size_t *first)
{
	for (*first = 0; *first < conf->n; ++*first)
		if (conf->v[*first]->kind == STMT_PORT && is_it(c, conf->v[*first]->call.arg[1]))
			return true;
	return false;
}

/* Nobody else may be at work on its port: a hook and an event may be of the same start. */
static int attach_from(const struct comer *c, struct conf *conf, const char *what)
{
	size_t first;
	int err;

	if (!is_any(c, conf, &first))
		return CT_OK;
	ct_lock(&ct, true);
	ct_forget(&ct);
	err = attach_one(c, conf, first);
	ct_unlock(&ct);
	/* The sentence is of the line that is at fault. */
	if (err)
		complain();
	conf_at(conf, NULL, what);
	return err;
}

/* ------------------------------------------------------------------ follow */

/**
 * struct follower - a file, and an engine whose containers it has
 * @path: the file
 * @prefix: of the engine's targets
 * @what: this command, for messages
 */
struct follower {
	const char *path;
	const char *prefix;
	char what[sizeof(ctx.what)];
};

/* It may have changed since; what is wrong with it is said, and waited for to be mended. */
static void with_file(const struct follower *f,
		      void (*fn)(const struct follower *f, struct conf *conf,
				 const struct comer *c), const struct comer *c)
{
	struct conf conf;

	if (conf_read(&conf, f->path) == CT_OK)
		fn(f, &conf, c);
	else
		complain();
	conf_free(&conf);
	conf_at(&conf, NULL, f->what);
}

/* Each container of the file by itself: one that cannot be had keeps no other one away. */
static void attach_all(const struct follower *f, struct conf *conf, const struct comer *any)
{
	struct comer c = *any;
	size_t i;

	for (i = 0; i < conf->n; i++) {
		const struct stmt *s = conf->v[i];

		if (s->kind != STMT_PORT || s->again || !s->call.arg[1] ||
		    strncmp(s->call.arg[1], f->prefix, strlen(f->prefix)))
			continue;
		c.name = s->call.arg[1] + strlen(f->prefix);
		attach_from(&c, conf, f->what);
	}
}

static void attach_this(const struct follower *f, struct conf *conf, const struct comer *c)
{
	attach_from(c, conf, f->what);
}

static void connected(void *arg)
{
	const struct follower *f = arg;
	struct comer any = { .prefix = f->prefix };

	with_file(f, attach_all, &any);
}

static void started(void *arg, const char *id, const char *name)
{
	const struct follower *f = arg;
	struct comer c = { .prefix = f->prefix, .name = name, .id = id };

	with_file(f, attach_this, &c);
}

/* Until a signal ends it. */
int follow(int n, char **arg, void *vals)
{
	struct follower f = { .path = n > 1 ? arg[1] : CONF_PATH };
	struct ct_engine_follower me = { connected, started, &f };
	bool away, was_away = false;
	struct conf conf;
	int err;

	(void)vals;
	f.prefix = ct_engine_prefix(arg[0]);
	if (!f.prefix)
		return ct_misuse(&ct, "\"%s\": must be docker or podman", arg[0]);
	snprintf(f.what, sizeof(f.what), "%s", ctx.what);
	err = conf_read(&conf, f.path);
	conf_free(&conf);
	conf_at(&conf, NULL, f.what);
	if (err)
		return err;
	/* It may be stopped, and come back; that it is away is said once. */
	for (;; was_away = away) {
		ct_engine_follow(&ct, f.prefix, time(NULL), &me, &away);
		if (!away || !was_away)
			complain();
		free(ct.error);
		ct.error = NULL;
		sleep(1);
	}
}

/* ---------------------------------------------------------------- oci-hook */

/* Whether we are root of this machine, and not merely of a user's own namespace. */
static bool is_root(void)
{
	unsigned int inside, outside, count = 0;
	FILE *f = fopen("/proc/self/uid_map", "re");

	if (f && fscanf(f, "%u %u %u", &inside, &outside, &count) != 3)
		count = 0;
	if (f)
		fclose(f);
	return !geteuid() && count == UINT32_MAX;
}

/*
 * What Podman calls a container. The state that a hook is given has no names, and Podman,
 * which waits for us, cannot be asked; but its storage has a list, two levels above the
 * directory of the container that the state names.
 */
static struct json_object *storage_list(const char *bundle)
{
	struct json_object *list = NULL;
	char *path;

	if (bundle && asprintf(&path, "%s/../../containers.json", bundle) >= 0) {
		list = json_object_from_file(path);
		free(path);
	}
	return list;
}

static const char *storage_name(struct json_object *list, const char *id)
{
	size_t i, n = json_object_is_type(list, json_type_array) ?
		      json_object_array_length(list) : 0;
	struct json_object *o;
	const char *s;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(list, i);
		s = json_object_get_string(json_object_object_get(o, "id"));
		if (!s || strcmp(s, id))
			continue;
		o = json_object_object_get(o, "names");
		s = json_object_is_type(o, json_type_array) ?
		    json_object_get_string(json_object_array_get_idx(o, 0)) : NULL;
		return s ? s : "";
	}
	return "";
}

static int hook_file(const struct comer *c, const char *path)
{
	char what[sizeof(ctx.what)];
	struct conf conf;
	size_t first;
	int err;

	snprintf(what, sizeof(what), "%s", ctx.what);
	err = conf_read(&conf, path);
	if (!err && is_any(c, &conf, &first))
		err = ct_open(&ct, ctx.netns) ?: attach_from(c, &conf, what);
	conf_free(&conf);
	conf_at(&conf, NULL, what);
	return err;
}

/*
 * Podman has it run for each container that starts, also for a user's, of which the file
 * knows nothing; where there is no file, there is nothing to do.
 */
int oci_hook(int n, char **arg, void *vals)
{
	const char *path = n ? arg[0] : CONF_PATH;
	struct json_object *state, *list;
	struct comer c = { .prefix = ct_engine_prefix("podman") };
	int64_t pid;
	int err;

	(void)vals;
	if (!is_root() || (!n && access(path, F_OK)))
		return CT_OK;
	state = json_object_from_fd(STDIN_FILENO);
	c.id = json_object_get_string(json_object_object_get(state, "id"));
	pid = json_object_get_int64(json_object_object_get(state, "pid"));
	if (!c.id || pid <= 0 || pid > INT32_MAX) {
		json_object_put(state);
		return ct_fail(&ct, "standard input is not the state of a container that starts, which a hook of the OCI is given");
	}
	c.pid = pid;
	list = storage_list(json_object_get_string(json_object_object_get(state, "bundle")));
	c.name = storage_name(list, c.id);
	err = hook_file(&c, path);
	json_object_put(list);
	json_object_put(state);
	return err;
}
