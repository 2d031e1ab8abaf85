// SPDX-License-Identifier: GPL-2.0
/*
 * serve-metrics: what metrics prints, over HTTP. Each connection is one request and is closed
 * then; one that is slow waits by itself, and gives way where there are too many.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ctnetctl.h"

#define LISTEN_FIRST	3	/* descriptor, by systemd's convention */
#define LISTENERS	8
#define CONNECTIONS	64
#define REQUEST_MAX	8192
#define REQUEST_MS	10000
#define ANSWER_MS	30000
#define LINGER_MS	1000

enum state {
	UNUSED,
	READING,
	WRITING,
	LINGERING,	/* all is sent; what it still sends is not answered by a reset */
};

/**
 * struct connection - a request, and its answer
 * @state: what it waits for
 * @fd: its socket
 * @since: when it came, in milliseconds
 * @until: when that is enough of waiting
 * @in: what was read
 * @len: bytes of @in
 * @out: the answer, or NULL
 * @size: bytes of @out
 * @sent: of these
 */
struct connection {
	enum state state;
	int fd;
	int64_t since;
	int64_t until;
	char in[REQUEST_MAX + 1];
	size_t len;
	char *out;
	size_t size;
	size_t sent;
};

static struct {
	int listener[LISTENERS];
	size_t n;
	struct connection c[CONNECTIONS];
} server;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void drop(struct connection *c)
{
	close(c->fd);
	free(c->out);
	c->out = NULL;
	c->state = UNUSED;
}

/* -------------------------------------------------------------- the request */

/* The value of a header field, whose end is the line's; NULL: there is none. */
static const char *field(const char *head, const char *name)
{
	size_t len = strlen(name);
	const char *line = head;

	while ((line = strchr(line, '\n'))) {
		line++;
		if (!strncasecmp(line, name, len) && line[len] == ':')
			return line + len + 1;
	}
	return NULL;
}

/* How much a type is wanted, of 1, where it is named; 0: it is not. */
static double quality(const char *accept, const char *type)
{
	size_t len = strlen(type), end;
	double best = 0, q;
	const char *p;

	while (accept && *accept && *accept != '\n') {
		accept += strspn(accept, " \t\r,");
		end = strcspn(accept, ",\n");
		if (!strncasecmp(accept, type, len) && strchr("; \t\r\n,", accept[len])) {
			q = 1;
			p = memmem(accept, end, "q=", 2);
			if (p && (p[-1] == ';' || p[-1] == ' '))
				q = strtod(p + 2, NULL);
			best = q > best ? q : best;
		}
		accept += end;
	}
	return best;
}

static bool wants_openmetrics(const char *head)
{
	const char *accept = field(head, "Accept");
	double q = quality(accept, "application/openmetrics-text");

	return q > 0 && q >= quality(accept, "text/plain");
}

/* --------------------------------------------------------------- the answer */

static void answer(struct connection *c, const char *status, const char *more, const char *type,
		   bool body, const char *text, size_t len)
{
	FILE *f = open_memstream(&c->out, &c->size);

	if (!f)
		ct_nomem();
	fprintf(f, "HTTP/1.1 %s\r\nContent-Type: %s\r\n", status, type);
	fprintf(f, "Content-Length: %zu\r\n%sConnection: close\r\n\r\n", len, more);
	if (body)
		fwrite(text, 1, len, f);
	if (fclose(f))
		ct_nomem();
	c->sent = 0;
	c->state = WRITING;
	c->until = now_ms() + ANSWER_MS;
}

static void refuse(struct connection *c, const char *status, const char *more, bool body)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%s\n", status);

	answer(c, status, more, "text/plain; charset=utf-8", body, text, len);
}

/*
 * Sockets are opened anew each time: the module may have been loaded again since, or the
 * namespace made again.
 */
static void answer_metrics(struct connection *c, bool openmetrics, bool body)
{
	char *text = NULL;
	size_t size;
	int err;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		ct_nomem();
	ct_close(&ct);
	ct.family = 0;
	err = ct_open(&ct, ctx.netns);
	err = err ?: metrics_write(f, openmetrics);
	if (err && ct.error) {
		rewind(f);
		fprintf(f, "%s\n", ct.error);
	}
	if (fclose(f))
		ct_nomem();
	if (err)
		answer(c, "503 Service Unavailable", "", "text/plain; charset=utf-8", body, text,
		       size);
	else
		answer(c, "200 OK", "Vary: Accept\r\n", openmetrics ?
		       "application/openmetrics-text; version=1.0.0; charset=utf-8" :
		       "text/plain; version=0.0.4; charset=utf-8", body, text, size);
	free(text);
	free(ct.error);
	ct.error = NULL;
}

/* What is asked for, without the host that a proxy would want. */
static const char *path_of(const char *target, size_t *len)
{
	if (!strncasecmp(target, "http://", 7))
		target += 7 + strcspn(target + 7, "/? \r\n");
	*len = strcspn(target, "? \r\n");
	return target;
}

/* The head of a request is whole. */
static void handle(struct connection *c)
{
	const char *target = strchr(c->in, ' ');
	size_t len, method = target ? target - c->in : 0;
	const char *path = target ? path_of(target + 1, &len) : NULL;
	const char *version = path ? path + strcspn(path, " \r\n") : NULL;
	bool head = method == 4 && !memcmp(c->in, "HEAD", 4);

	if (!version || strncmp(version, " HTTP/1.", 8) || memchr(c->in, '\n', method))
		refuse(c, "400 Bad Request", "", true);
	else if (len != 8 || memcmp(path, "/metrics", 8))
		refuse(c, "404 Not Found", "", !head);
	else if (!head && (method != 3 || memcmp(c->in, "GET", 3)))
		refuse(c, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", true);
	else
		answer_metrics(c, wants_openmetrics(c->in), !head);
}

/* -------------------------------------------------------------- connections */

static void read_more(struct connection *c)
{
	ssize_t got = read(c->fd, c->in + c->len, REQUEST_MAX - c->len);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(c);
		return;
	}
	c->len += got;
	c->in[c->len] = '\0';
	if (strstr(c->in, "\r\n\r\n") || strstr(c->in, "\n\n"))
		handle(c);
	else if (c->len == REQUEST_MAX)
		refuse(c, "431 Request Header Fields Too Large", "", true);
}

static void write_more(struct connection *c)
{
	ssize_t put = send(c->fd, c->out + c->sent, c->size - c->sent, MSG_NOSIGNAL);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0) {
		drop(c);
		return;
	}
	c->sent += put;
	if (c->sent < c->size)
		return;
	shutdown(c->fd, SHUT_WR);
	c->state = LINGERING;
	c->until = now_ms() + LINGER_MS;
}

static void linger(struct connection *c)
{
	ssize_t got = read(c->fd, c->in, REQUEST_MAX);

	if (!got || (got < 0 && errno != EAGAIN && errno != EINTR))
		drop(c);
}

/* One that is not used; where all are, the one that has been there for longest goes. */
static struct connection *make_room(void)
{
	struct connection *oldest = server.c, *c;

	for (c = server.c; c < server.c + CONNECTIONS; c++) {
		if (c->state == UNUSED)
			return c;
		if (c->since < oldest->since)
			oldest = c;
	}
	drop(oldest);
	return oldest;
}

static void take(int listener)
{
	/* cppcheck-suppress nullPointer */
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c;

	if (fd < 0)
		return;
	c = make_room();
	c->state = READING;
	c->fd = fd;
	c->since = now_ms();
	c->until = c->since + REQUEST_MS;
	c->len = 0;
}

static int serve(void)
{
	struct pollfd p[LISTENERS + CONNECTIONS];
	struct connection *at[CONNECTIONS], *c;
	size_t i, n;
	int timeout;

	for (;;) {
		int64_t now = now_ms(), until = INT64_MAX;

		for (n = 0, c = server.c; c < server.c + CONNECTIONS; c++) {
			if (c->state != UNUSED && c->until <= now)
				drop(c);
			if (c->state == UNUSED)
				continue;
			until = c->until < until ? c->until : until;
			p[n].fd = c->fd;
			p[n].events = c->state == WRITING ? POLLOUT : POLLIN;
			at[n++] = c;
		}
		for (i = 0; i < server.n; i++) {
			p[n + i].fd = server.listener[i];
			p[n + i].events = POLLIN;
		}
		timeout = until == INT64_MAX ? -1 : until - now;
		if (poll(p, n + server.n, timeout) < 0 && errno != EINTR)
			return ct_fail(&ct, "wait for requests: %s", strerror(errno));
		for (i = 0; i < n; i++) {
			if (!p[i].revents)
				continue;
			if (at[i]->state == READING)
				read_more(at[i]);
			else if (at[i]->state == WRITING)
				write_more(at[i]);
			else
				linger(at[i]);
		}
		for (i = 0; i < server.n; i++)
			if (p[n + i].revents)
				take(server.listener[i]);
	}
}

/* ---------------------------------------------------------------- listening */

/* Sockets that systemd listens on for us; 0: none. */
static size_t take_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int i, n;

	if (!pid || !fds || atoi(pid) != getpid())
		return 0;
	n = atoi(fds);
	for (i = 0; i < n && i < LISTENERS; i++) {
		server.listener[i] = LISTEN_FIRST + i;
		fcntl(LISTEN_FIRST + i, F_SETFD, FD_CLOEXEC);
		fcntl(LISTEN_FIRST + i, F_SETFL, O_NONBLOCK);
	}
	return i;
}

/* ADDRESS:PORT, with an IPv6 address in brackets */
static const char *parse_listen(const char *word, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	const char *colon = strrchr(word, ':'), *why;
	char text[CT_TEXT], *end;
	unsigned long port;
	struct ct_ip ip;
	size_t n;

	memset(ss, 0, sizeof(*ss));
	if (!colon)
		return "must be ADDRESS:PORT";
	port = strtoul(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end || !port || port > 65535)
		return "the port must be 1 to 65535";
	n = colon - word;
	if (n > 1 && word[0] == '[' && word[n - 1] == ']') {
		word++;
		n -= 2;
	} else if (memchr(word, ':', n)) {
		return "an IPv6 address stands in brackets";
	}
	if (n >= sizeof(text))
		return "must be ADDRESS:PORT";
	snprintf(text, sizeof(text), "%.*s", (int)n, word);
	why = ct_parse_ip(text, &ip);
	if (why)
		return why;
	if (ip.family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, ip.b, sizeof(in->sin_addr));
		*len = sizeof(*in);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, ip.b, sizeof(in6->sin6_addr));
		*len = sizeof(*in6);
	}
	return NULL;
}

static int listen_on(const char *word)
{
	struct sockaddr_storage ss;
	socklen_t len;
	const char *why = parse_listen(word, &ss, &len);
	int fd, one = 1;

	if (why)
		return ct_misuse(&ct, "--listen \"%s\": %s", word, why);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ct_fail(&ct, "open a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ss.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	server.listener[server.n++] = fd;
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, SOMAXCONN))
		return ct_fail(&ct, "listen on %s: %s", word, strerror(errno));
	return CT_OK;
}

const struct opt serve_metrics_opts[] = {
	{ .name = "listen", .type = OPT_STR, .off = offsetof(struct serve_metrics_opts, listen),
	  .help = "where (default 127.0.0.1:9475), unless systemd says", .arg = "ADDRESS:PORT" },
	{ .name = NULL }
};

int serve_metrics(int n, char **arg, void *vals)
{
	const struct serve_metrics_opts *o = vals;
	size_t i;
	int err;

	(void)n;
	(void)arg;
	server.n = o->listen ? 0 : take_over();
	err = server.n ? CT_OK : listen_on(o->listen ? o->listen : "127.0.0.1:9475");
	err = err ?: serve();
	for (i = 0; i < server.n; i++)
		close(server.listener[i]);
	return err;
}
