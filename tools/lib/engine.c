// SPDX-License-Identifier: GPL-2.0
/*
 * Docker's API, which Podman has, too: HTTP over a unix socket, of which two requests are
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

/* Start a request, whose answer is for @fn. */
static CURL *request(const char *path, const char *url,
		     size_t (*fn)(char *data, size_t size, size_t n, void *arg), void *arg)
{
	CURL *curl = lib.curl_easy_init();

	if (!curl)
		ct_nomem();
	lib.curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path);
	lib.curl_easy_setopt(curl, CURLOPT_URL, url);
	/* What stands for a name is one, whatever dots are in it. */
	lib.curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	lib.curl_easy_setopt(curl, CURLOPT_PROXY, "");
	lib.curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	lib.curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	lib.curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, fn);
	lib.curl_easy_setopt(curl, CURLOPT_WRITEDATA, arg);
	return curl;
}

/* Finish it; the status, or 0 with @code. */
static long perform(CURL *curl, CURLcode *code)
{
	long status = 0;

	*code = lib.curl_easy_perform(curl);
	if (*code == CURLE_OK)
		lib.curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	lib.curl_easy_cleanup(curl);
	return status;
}

/* ------------------------------------------------------------------ the answer */

/* What the engine says of an error: a line, not too long a one. */
static int said(struct ct *ct, const struct engine *e, const char *name, long status,
		struct json_object *o)
{
	const char *text = json_object_get_string(json_object_object_get(o, "message"));

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
	struct json_object *o = a->text ? json_tokener_parse(a->text) : NULL, *st, *running;
	int64_t id;

	st = json_object_object_get(o, "State");
	running = json_object_object_get(st, "Running");
	id = json_object_get_int64(json_object_object_get(st, "Pid"));
	if (status == 404) {
		ct_fail(ct, "%s has no container \"%s\"", e->name, name);
		state = CT_ENGINE_UNKNOWN;
	} else if (status != 200) {
		said(ct, e, name, status, o);
	} else if (!json_object_is_type(running, json_type_boolean) || id < 0 || id > INT32_MAX) {
		ct_fail(ct, "%s does not say which process container \"%s\" is", e->name, name);
	} else if (!json_object_get_boolean(running) || !id) {
		ct_fail(ct, "the container \"%s\" of %s does not run", name, e->name);
		state = CT_ENGINE_STOPPED;
	} else {
		*pid = id;
		state = CT_ENGINE_RUNS;
	}
	json_object_put(o);
	return state;
}

/* ----------------------------------------------------------------- the engine */

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

static bool is_there(struct ct *ct, const struct engine *e, const char *path)
{
	if (!access(path, F_OK))
		return true;
	ct_fail(ct, "%s does not run here: there is no %s; \"%s\" starts it", e->name, path,
		e->start);
	return false;
}

static void nobody_answers(struct ct *ct, const struct engine *e, const char *path)
{
	ct_fail(ct, "%s does not run here: nobody answers at %s; \"%s\" starts it", e->name, path,
		e->start);
}

enum ct_engine_state ct_engine_ask(struct ct *ct, const char *target, pid_t *pid)
{
	const struct engine *e = find(target);
	const char *name = target + strlen(e->prefix), *path = socket_of(ct, e);
	enum ct_engine_state state = CT_ENGINE_FAILED;
	struct answer a = { 0 };
	char *escaped, *url;
	CURLcode code;
	long status;
	CURL *curl;

	if (!path || load(ct))
		return state;
	if (!is_there(ct, e, path))
		return CT_ENGINE_AWAY;
	escaped = lib.curl_easy_escape(NULL, name, 0);
	if (!escaped || asprintf(&url, "http://localhost/containers/%s/json", escaped) < 0)
		ct_nomem();
	curl = request(path, url, take, &a);
	lib.curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	status = perform(curl, &code);
	if (code == CURLE_COULDNT_CONNECT) {
		nobody_answers(ct, e, path);
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
	free(url);
	free(a.text);
	return state;
}

/* ------------------------------------------------------------------ its events */

/* {"type":["container"],"event":["start"]} */
#define EVENTS_URL \
	"http://localhost/events?since=%lld&filters=%%7B%%22type%%22%%3A%%5B%%22container%%22%%5D%%2C" \
	"%%22event%%22%%3A%%5B%%22start%%22%%5D%%7D"

/**
 * struct events - events as they come
 * @f: who is told of them
 * @tok: the one that has come in part
 * @len: how much of it
 */
struct events {
	const struct ct_engine_follower *f;
	struct json_tokener *tok;
	size_t len;
};

/* What else there may be of containers is not what was asked for. */
static void tell(const struct ct_engine_follower *f, struct json_object *o)
{
	struct json_object *actor = json_object_object_get(o, "Actor");
	const char *id = json_object_get_string(json_object_object_get(actor, "ID"));
	struct json_object *attributes = json_object_object_get(actor, "Attributes");
	const char *name = json_object_get_string(json_object_object_get(attributes, "name"));
	const char *action = json_object_get_string(json_object_object_get(o, "Action"));

	if (id && action && !strcmp(action, "start"))
		f->started(f->arg, id, name ? name : "");
}

/* JSON objects one after the other, in pieces of any length; false: something else. */
static bool parse_events(struct events *v, const char *data, size_t n)
{
	struct json_object *o;
	size_t off = 0;

	while (off < n) {
		o = json_tokener_parse_ex(v->tok, data + off, n - off);
		if (!o) {
			v->len += n - off;
			return json_tokener_get_error(v->tok) == json_tokener_continue &&
			       v->len <= MAX_ANSWER;
		}
		off += json_tokener_get_parse_end(v->tok);
		v->len = 0;
		tell(v->f, o);
		json_object_put(o);
	}
	return true;
}

static size_t take_events(char *data, size_t size, size_t n, void *arg)
{
	return parse_events(arg, data, n * size) ? n * size : 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is libcurl's type */
static int on_connection(void *arg, char *primary, char *local, int primary_port, int local_port)
{
	const struct ct_engine_follower *f = arg;

	(void)primary;
	(void)local;
	(void)primary_port;
	(void)local_port;
	f->connected(f->arg);
	return CURL_PREREQFUNC_OK;
}

const char *ct_engine_prefix(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strncmp(name, engines[i].prefix, strlen(name)) &&
		    engines[i].prefix[strlen(name)] == ':')
			return engines[i].prefix;
	return NULL;
}

int ct_engine_follow(struct ct *ct, const char *prefix, int64_t since,
		     const struct ct_engine_follower *f, bool *away)
{
	const struct engine *e = find(prefix);
	const char *path = socket_of(ct, e);
	struct events v = { .f = f };
	CURLcode code;
	long status;
	char *url;
	CURL *curl;

	*away = false;
	if (!path || load(ct))
		return CT_REFUSED;
	*away = !is_there(ct, e, path);
	if (*away)
		return CT_REFUSED;
	v.tok = json_tokener_new();
	if (!v.tok || asprintf(&url, EVENTS_URL, (long long)since) < 0)
		ct_nomem();
	curl = request(path, url, take_events, &v);
	lib.curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_connection);
	lib.curl_easy_setopt(curl, CURLOPT_PREREQDATA, f);
	status = perform(curl, &code);
	json_tokener_free(v.tok);
	free(url);
	*away = code == CURLE_COULDNT_CONNECT;
	if (*away)
		nobody_answers(ct, e, path);
	else if (code == CURLE_WRITE_ERROR)
		ct_fail(ct, "what %s at %s sends are no events", e->name, path);
	else if (code != CURLE_OK)
		ct_fail(ct, "ask %s at %s for events: %s", e->name, path,
			lib.curl_easy_strerror(code));
	else if (status != 200)
		ct_fail(ct, "ask %s at %s for events: it answers with status %ld", e->name, path,
			status);
	else
		ct_fail(ct, "%s at %s ends; what starts when it is back is attached", e->name,
			path);
	return CT_REFUSED;
}
