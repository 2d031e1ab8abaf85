// SPDX-License-Identifier: GPL-2.0
/*
 * Docker's API, which Podman has, too: HTTP over a unix socket, of which one request is
 * needed. What comes back is whatever somebody on the socket sends.
 */
/* Macros of its options, which could not be called by a pointer. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "load.h"

#define MAX_ANSWER	(8 << 20)
#define CONNECT_MS	3000L
#define ANSWER_MS	10000L

static const struct engine {
	const char *prefix;
	const char *name;
	const char *socket;
	const char *env;
	const char *start;	/* how it is started */
} engines[] = {
	{ "docker:", "Docker", "/run/docker.sock", "DOCKER_HOST", "systemctl start docker" },
	{ "podman:", "Podman", "/run/podman/podman.sock", "CONTAINER_HOST",
	  "systemctl start podman.socket" },
};

static struct {
	typeof(curl_easy_init) *curl_easy_init;
	typeof(curl_easy_cleanup) *curl_easy_cleanup;
	typeof(curl_easy_escape) *curl_easy_escape;
	typeof(curl_easy_getinfo) *curl_easy_getinfo;
	typeof(curl_easy_perform) *curl_easy_perform;
	typeof(curl_easy_setopt) *curl_easy_setopt;
	typeof(curl_easy_strerror) *curl_easy_strerror;
	typeof(curl_free) *curl_free;
} lib;

static int load(struct ct *ct)
{
	static const struct ct_symbol symbols[] = {
		CT_SYMBOL(curl_easy_init),
		CT_SYMBOL(curl_easy_cleanup),
		CT_SYMBOL(curl_easy_escape),
		CT_SYMBOL(curl_easy_getinfo),
		CT_SYMBOL(curl_easy_perform),
		CT_SYMBOL(curl_easy_setopt),
		CT_SYMBOL(curl_easy_strerror),
		CT_SYMBOL(curl_free),
		{ NULL, NULL }
	};
	static bool loaded;

	return ct_load(ct, "libcurl.so.4", symbols, &loaded);
}

static const struct engine *find(const char *target)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strncmp(target, engines[i].prefix, strlen(engines[i].prefix)))
			return &engines[i];
	return NULL;
}

bool ct_engine_is(const char *target)
{
	return find(target);
}

const char *ct_engine_bad(const char *target)
{
	const char *name = target + strlen(find(target)->prefix);

	if (!*name)
		return "invalid target: the name or ID of a container follows the colon";
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return "invalid target: no container is called so";
	return strlen(name) > 255 ? "invalid target: its name is too long" : NULL;
}

/* ----------------------------------------------------------------- the request */

struct answer {
	char *text;
	size_t len;
	bool too_long;
};

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;

	n *= size;
	if (n > MAX_ANSWER - a->len) {
		a->too_long = true;
		return 0;
	}
	a->text = ct_realloc(a->text, a->len + n + 1);
	memcpy(a->text + a->len, data, n);
	a->len += n;
	a->text[a->len] = '\0';
	return n;
}

/* The status, or 0 with @why. */
static long get(CURL *curl, const char *path, const char *url, struct answer *a,
		CURLcode *code)
{
	long status = 0;

	lib.curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path);
	lib.curl_easy_setopt(curl, CURLOPT_URL, url);
	/* What stands for a name is one, whatever dots are in it. */
	lib.curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	lib.curl_easy_setopt(curl, CURLOPT_PROXY, "");
	lib.curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	lib.curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	lib.curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	lib.curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	lib.curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
	*code = lib.curl_easy_perform(curl);
	if (*code == CURLE_OK)
		lib.curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* ------------------------------------------------------------------ the answer */

static struct json_object *at(struct json_object *o, const char *key)
{
	return json_object_is_type(o, json_type_object) ? json_object_object_get(o, key) : NULL;
}

/* What the engine says of an error: a line, not too long a one. */
static int said(struct ct *ct, const struct engine *e, const char *name, long status,
		struct json_object *o)
{
	const char *text = json_object_get_string(at(o, "message"));

	if (!text)
		return ct_fail(ct, "%s answers the question for \"%s\" with status %ld",
			       e->name, name, status);
	return ct_fail(ct, "%s says of \"%s\": %.*s", e->name, name,
		       (int)strnlen(text, 300), text);
}

static enum ct_engine_state understand(struct ct *ct, const struct engine *e, const char *name,
				       long status, const struct answer *a, pid_t *pid)
{
	enum ct_engine_state state = CT_ENGINE_FAILED;
	struct json_object *o = a->text ? json_tokener_parse(a->text) : NULL, *st;
	int64_t id;

	st = at(o, "State");
	id = json_object_get_int64(at(st, "Pid"));
	if (status == 404) {
		ct_fail(ct, "%s has no container \"%s\"", e->name, name);
		state = CT_ENGINE_UNKNOWN;
	} else if (status != 200) {
		said(ct, e, name, status, o);
	} else if (!json_object_is_type(at(st, "Running"), json_type_boolean) || id < 0 ||
		   id > INT32_MAX) {
		ct_fail(ct, "%s does not say which process container \"%s\" is", e->name, name);
	} else if (!json_object_get_boolean(at(st, "Running")) || !id) {
		ct_fail(ct, "the container \"%s\" of %s does not run", name, e->name);
		state = CT_ENGINE_STOPPED;
	} else {
		*pid = id;
		state = CT_ENGINE_RUNS;
	}
	json_object_put(o);
	return state;
}

/* Where it listens, or NULL after an error. */
static const char *socket_of(struct ct *ct, const struct engine *e)
{
	static const char unix_url[] = "unix://";
	const char *env = getenv(e->env);

	if (!env || !*env)
		return e->socket;
	if (!strncmp(env, unix_url, strlen(unix_url)) && env[strlen(unix_url)] == '/')
		return env + strlen(unix_url);
	ct_fail(ct, "%s is \"%s\": only a container of this host can be attached, by an engine at unix:///PATH",
		e->env, env);
	return NULL;
}

enum ct_engine_state ct_engine_ask(struct ct *ct, const char *target, pid_t *pid)
{
	const struct engine *e = find(target);
	const char *name = target + strlen(e->prefix), *path = socket_of(ct, e);
	enum ct_engine_state state = CT_ENGINE_FAILED;
	struct answer a = { NULL };
	char *escaped, *url;
	CURLcode code;
	long status;
	CURL *curl;

	if (!path || load(ct))
		return state;
	if (access(path, F_OK)) {
		ct_fail(ct, "%s does not run here: there is no %s; \"%s\" starts it", e->name, path,
			e->start);
		return CT_ENGINE_AWAY;
	}
	curl = lib.curl_easy_init();
	if (!curl)
		ct_nomem();
	escaped = lib.curl_easy_escape(curl, name, 0);
	if (!escaped || asprintf(&url, "http://localhost/containers/%s/json", escaped) < 0)
		ct_nomem();
	status = get(curl, path, url, &a, &code);
	if (code == CURLE_COULDNT_CONNECT) {
		ct_fail(ct, "%s does not run here: nobody answers at %s; \"%s\" starts it", e->name,
			path, e->start);
		state = CT_ENGINE_AWAY;
	} else if (a.too_long) {
		ct_fail(ct, "%s answers the question for \"%s\" at too great length", e->name,
			name);
	} else if (code != CURLE_OK) {
		ct_fail(ct, "ask %s at %s for container \"%s\": %s", e->name, path, name,
			lib.curl_easy_strerror(code));
	} else {
		state = understand(ct, e, name, status, &a, pid);
	}
	lib.curl_free(escaped);
	lib.curl_easy_cleanup(curl);
	free(url);
	free(a.text);
	return state;
}
