// SPDX-License-Identifier: GPL-2.0
/* Connections between containers: opened, filled, drained, closed or dropped. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "churn.h"

#define CONNS	6
#define PORT	7001

struct conn {
	int		fd;
	int		place;
	unsigned int	gen;	/* 0: not in use */
};

struct tcp {
	struct conn	listener[PLACES];
	struct conn	in[CONNS], out[CONNS];
	unsigned int	next_in;
};

struct tcp *tcp_new(void)
{
	return calloc(1, sizeof(struct tcp));
}

/*
 * By a reset: what is left in its queues would otherwise be sent again and again by a socket
 * that nobody has any more, and which keeps its namespace meanwhile.
 */
static void conn_close(struct conn *c)
{
	static const struct linger none = { .l_onoff = 1 };

	if (c->gen) {
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		close(c->fd);
	}
	c->gen = 0;
}

static void conn_sweep(struct conn *c, unsigned int n)
{
	for (; n--; c++)
		if (c->gen && c->gen != place_gen(c->place))
			conn_close(c);
}

void tcp_sweep(struct tcp *t)
{
	conn_sweep(t->listener, PLACES);
	conn_sweep(t->in, CONNS);
	conn_sweep(t->out, CONNS);
}

void tcp_free(struct tcp *t)
{
	unsigned int i;

	for (i = 0; i < PLACES; i++)
		conn_close(&t->listener[i]);
	for (i = 0; i < CONNS; i++) {
		conn_close(&t->in[i]);
		conn_close(&t->out[i]);
	}
	free(t);
}

/* In the place that the thread is in: one socket for each thread and place. */
static void listen_here(struct tcp *t, int place, unsigned int gen)
{
	struct sockaddr_in6 sa = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT),
	};
	struct conn *c = &t->listener[place];
	int one = 1;

	if (c->gen)
		return;
	c->fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(c->fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(c->fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(c->fd, 8)) {
		close(c->fd);
		return;
	}
	c->place = place;
	c->gen = gen;
}

static void connect_from_here(struct rnd *r, struct conn *c, int place,
			      unsigned int gen)
{
	int family = rnd_chance(r, 60) ? AF_INET : AF_INET6, err;
	unsigned int last = rnd_chance(r, 15) ? 1 + rnd_below(r, HOSTS) :
						10 + rnd_below(r, n_containers);
	struct ip ip = inner_ip(last, family);
	union {
		struct sockaddr		sa;
		struct sockaddr_in	v4;
		struct sockaddr_in6	v6;
	} to = { .sa.sa_family = family };

	if (family == AF_INET) {
		to.v4.sin_port = htons(PORT);
		to.v4.sin_addr = ip.v4;
	} else {
		to.v6.sin6_port = htons(PORT);
		to.v6.sin6_addr = ip.v6;
	}
	c->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = connect(c->fd, &to.sa, family == AF_INET ? sizeof(to.v4) :
							 sizeof(to.v6));
	count(K_TCP_OPEN, err && errno != EINPROGRESS ? -errno : 0, NULL);
	if (err && errno != EINPROGRESS) {
		close(c->fd);
		return;
	}
	c->place = place;
	c->gen = gen;
}

static void fill(struct conn *c, struct rnd *r)
{
	static char buf[65536];
	ssize_t len = send(c->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (len > 0)
		count(K_TCP_SENT, 0, NULL);
	else if (errno != EAGAIN) {
		/* ENOTCONN: not yet, or no more */
		count(K_TCP_SENT, errno == ENOTCONN ? -EAGAIN : -errno, NULL);
		conn_close(c);
		return;
	}
	if (rnd_chance(r, 90))
		return;
	/* the next one to be sent is refused, and closes it */
	if (rnd_chance(r, 60))
		shutdown(c->fd, SHUT_WR);
	else
		conn_close(c);
}

static void drain(struct conn *c)
{
	static char buf[65536];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ssize_t len = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (len < 0 && errno == EAGAIN)
			return;
		if (len <= 0) {
			conn_close(c);
			return;
		}
		count(K_TCP_RECEIVED, 0, NULL);
	}
}

static void take(struct tcp *t, struct conn *listener)
{
	struct conn *c = &t->in[t->next_in];
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	t->next_in = (t->next_in + 1) % CONNS;
	conn_close(c);
	*c = (struct conn){ .fd = fd, .place = listener->place, .gen = listener->gen };
}

/* In place @place, which the thread has entered. */
void tcp_step(struct tcp *t, struct rnd *r, int place, unsigned int gen)
{
	unsigned int i;

	listen_here(t, place, gen);
	for (i = 0; i < PLACES; i++)
		if (t->listener[i].gen)
			take(t, &t->listener[i]);
	for (i = 0; i < CONNS; i++) {
		if (!t->out[i].gen) {
			connect_from_here(r, &t->out[i], place, gen);
			break;
		}
	}
	for (i = 0; i < CONNS; i++) {
		if (t->out[i].gen)
			fill(&t->out[i], r);
		if (t->in[i].gen)
			drain(&t->in[i]);
	}
}
