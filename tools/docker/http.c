// SPDX-License-Identifier: GPL-2.0
/* Requests over HTTP, as Docker's plugins get them, and the calls that they are. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define BODY_MAX	1048576
#define DEPTH_MAX	32
#define TIMEOUT_S	60	/* for the rest of a request that is half there */
#define JSON_STYLE	(JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
#define TYPE		"application/vnd.docker.plugins.v1.1+json"

struct http {
	struct driver *d;
	struct MHD_Daemon *daemon;
};

/* A request until it is whole. */
struct body {
	char *text;
	size_t len;
	bool too_long;
};

static int activate(struct driver *d, struct json_object *req, struct json_object *answer)
{
	static const char *const drivers[] = { "NetworkDriver", "IpamDriver" };
	struct json_object *list = json_object_new_array();
	size_t i;

	(void)d;
	(void)req;
	if (!list)
		ct_nomem();
	for (i = 0; i < ARRAY_SIZE(drivers); i++)
		json_object_array_add(list, json_new_str(drivers[i]));
	json_add(answer, "Implements", list);
	return CT_OK;
}

static int capabilities(struct driver *d, struct json_object *req, struct json_object *answer)
{
	(void)d;
	(void)req;
	json_add_str(answer, "Scope", "local");
	json_add_str(answer, "ConnectivityScope", "global");
	json_add(answer, "GwAllocChecker", json_object_new_boolean(false));
	return CT_OK;
}

/* Other hosts are told of by -o peers. */
static int discover(struct driver *d, struct json_object *req, struct json_object *answer)
{
	(void)d;
	(void)req;
	(void)answer;
	return CT_OK;
}

static const struct call {
	const char *url;
	call_fn *fn;
	bool may_be_empty;
} calls[] = {
	{ "/Plugin.Activate", activate, true },
	{ "/NetworkDriver.GetCapabilities", capabilities, true },
	{ "/NetworkDriver.CreateNetwork", create_network, false },
	{ "/NetworkDriver.DeleteNetwork", delete_network, false },
	{ "/NetworkDriver.CreateEndpoint", create_endpoint, false },
	{ "/NetworkDriver.DeleteEndpoint", delete_endpoint, false },
	{ "/NetworkDriver.EndpointOperInfo", endpoint_info, false },
	{ "/NetworkDriver.Join", join, false },
	{ "/NetworkDriver.Leave", leave, false },
	{ "/NetworkDriver.ProgramExternalConnectivity", program_external, false },
	{ "/NetworkDriver.RevokeExternalConnectivity", revoke_external, false },
	{ "/NetworkDriver.DiscoverNew", discover, false },
	{ "/NetworkDriver.DiscoverDelete", discover, false },
	{ "/IpamDriver.GetCapabilities", ipam_capabilities, true },
	{ "/IpamDriver.GetDefaultAddressSpaces", ipam_spaces, true },
	{ "/IpamDriver.RequestPool", request_pool, false },
	{ "/IpamDriver.ReleasePool", release_pool, false },
	{ "/IpamDriver.RequestAddress", request_address, false },
	{ "/IpamDriver.ReleaseAddress", release_address, false },
};

static const struct call *call_find(const char *url)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].url, url))
			return &calls[i];
	return NULL;
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned int status,
			     struct json_object *answer)
{
	const char *text = json_object_to_json_string_ext(answer, JSON_STYLE);
	struct MHD_Response *r;
	enum MHD_Result ret;

	if (!text)
		ct_nomem();
	r = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
	json_object_put(answer);
	if (!r)
		ct_nomem();
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, TYPE);
	/* One that is kept open may end just as Docker sends something. */
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	ret = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned int status, const char *why)
{
	struct json_object *answer = json_new();

	json_add_str(answer, "Err", why);
	return reply(c, status, answer);
}

/* The object that a body is; NULL: it is none. */
static struct json_object *parse(const struct body *b)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *o;

	if (!tok)
		ct_nomem();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* The zero behind it ends a number, too. */
	o = json_tokener_parse_ex(tok, b->text, b->len + 1);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    json_tokener_get_parse_end(tok) < b->len ||
	    json_object_get_type(o) != json_type_object) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

static enum MHD_Result carry_out(struct driver *d, struct MHD_Connection *c,
				 const struct call *call, struct json_object *req)
{
	struct json_object *answer = json_new();
	int err;

	forget(&d->ct);
	err = call->fn(d, req, answer);
	json_object_put(req);
	if (!err)
		return reply(c, MHD_HTTP_OK, answer);
	json_object_put(answer);
	tell("%s: %s", call->url + 1, d->ct.error);
	/* Docker shows the words of an answer that went well otherwise. */
	return refuse(c, MHD_HTTP_OK, d->ct.error);
}

static enum MHD_Result whole(struct driver *d, struct MHD_Connection *c, const char *url,
			     const char *method, const struct body *b)
{
	const struct call *call = call_find(url);
	struct json_object *req;

	if (b->too_long)
		return refuse(c, MHD_HTTP_CONTENT_TOO_LARGE,
			      "the request is longer than 1 MiB");
	if (!call)
		return refuse(c, MHD_HTTP_NOT_FOUND, "there is no such method");
	if (strcmp(method, MHD_HTTP_METHOD_POST))
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "a request must be a POST");
	req = b->len || !call->may_be_empty ? (b->len ? parse(b) : NULL) : json_new();
	if (!req)
		return refuse(c, MHD_HTTP_BAD_REQUEST, "the request is no JSON object");
	return carry_out(d, c, call, req);
}

/* What is too long is read to its end, and not kept: who sends it gets an answer so. */
static void append(struct body *b, const char *data, size_t len)
{
	b->too_long = b->too_long || len > BODY_MAX - b->len;
	if (b->too_long)
		return;
	b->text = ct_realloc(b->text, b->len + len + 1);
	memcpy(b->text + b->len, data, len);
	b->len += len;
	b->text[b->len] = '\0';
}

static enum MHD_Result piece(void *arg, struct MHD_Connection *c, const char *url,
			     const char *method, const char *version, const char *data,
			     size_t *size, void **state)
{
	struct http *h = arg;
	struct body *b = *state;

	(void)version;
	if (!b) {
		*state = ct_calloc(1, sizeof(*b));
		return MHD_YES;
	}
	if (!*size)
		return whole(h->d, c, url, method, b);
	append(b, data, *size);
	*size = 0;
	return MHD_YES;
}

static void done(void *arg, struct MHD_Connection *c, void **state,
		 enum MHD_RequestTerminationCode code)
{
	struct body *b = *state;

	(void)arg;
	(void)c;
	(void)code;
	if (b)
		free(b->text);
	free(b);
	*state = NULL;
}

struct http *http_start(struct driver *d, int fd)
{
	struct http *h = ct_calloc(1, sizeof(*h));

	h->d = d;
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, piece, h,
				     MHD_OPTION_LISTEN_SOCKET, fd,
				     MHD_OPTION_NOTIFY_COMPLETED, done, NULL,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)TIMEOUT_S,
				     MHD_OPTION_END);
	if (h->daemon)
		return h;
	free(h);
	return NULL;
}

int http_fd(const struct http *h)
{
	return MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int http_timeout(const struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES)
		return -1;
	return ms < 1000 ? (int)ms : 1000;
}

void http_run(struct http *h)
{
	MHD_run(h->daemon);
}

void http_stop(struct http *h)
{
	MHD_stop_daemon(h->daemon);
	free(h);
}
