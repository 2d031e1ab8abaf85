// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: sockets, one request at a time, extended acks; and what the whole library
 * shares: errors and memory.
 *
 * The answer to a request is collected whole before anybody looks at it, so that a dump
 * which the kernel says was inconsistent can be asked for again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "priv.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* How often to repeat a dump that changes as it is read. */
#define DUMP_TRIES 10

__attribute__((noreturn)) void (*ct_nomem)(void) = abort;

static void *need(void *p)
{
	if (!p)
		ct_nomem();
	return p;
}

void *ct_realloc(void *p, size_t size)
{
	return need(realloc(p, size ? size : 1));
}

void *ct_calloc(size_t n, size_t size)
{
	return need(calloc(n ? n : 1, size));
}

char *ct_strdup(const char *s)
{
	return need(strdup(s));
}

void *ct_grow(void *v, size_t n, size_t size)
{
	/* at 0, 16, 32, 64 ... */
	if (n && (n < 16 || n & (n - 1)))
		return v;
	return ct_realloc(v, (n ? n * 2 : 16) * size);
}

static char *text_of(const char *fmt, va_list ap)
{
	char *text;

	return need(vasprintf(&text, fmt, ap) < 0 ? NULL : text);
}

/* The new sentence may have the old one in it. */
static int set_error(struct ct *ct, enum ct_error code, char *text)
{
	free(ct->error);
	ct->error = text;
	ct->code = code;
	return code;
}

int ct_fail(struct ct *ct, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = text_of(fmt, ap);
	va_end(ap);
	return set_error(ct, CT_REFUSED, text);
}

int ct_misuse(struct ct *ct, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = text_of(fmt, ap);
	va_end(ap);
	return set_error(ct, CT_USAGE, text);
}

void ct_warn(struct ct *ct, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (!ct->warn)
		return;
	va_start(ap, fmt);
	text = text_of(fmt, ap);
	va_end(ap);
	ct->warn(ct, text);
	free(text);
}

static int refused(struct ct_sock *s, int err, const struct ct_hint *hints, char *what)
{
	ct_fail(s->ct, "%s: %s", what, ct_why(s, err, hints));
	free(what);
	return CT_REFUSED;
}

int ct_refused(struct ct_sock *s, int err, const struct ct_hint *hints, const char *fmt, ...)
{
	va_list ap;
	char *what;

	va_start(ap, fmt);
	what = text_of(fmt, ap);
	va_end(ap);
	return refused(s, err, hints, what);
}

int ct_step(struct ct_sock *s, struct nl_msg *msg, struct nl_msg *back,
	    const struct ct_hint *hints, const char *fmt, ...)
{
	int err = ct_do(s, msg, NULL);
	va_list ap;
	char *what;

	if (!err) {
		if (back)
			ct_undo(s, back);
		return CT_OK;
	}
	nlmsg_free(back);
	va_start(ap, fmt);
	what = text_of(fmt, ap);
	va_end(ap);
	return refused(s, err, hints, what);
}

int ct_open(struct ct *ct, const char *netns)
{
	int err;

	ct->priv = ct_calloc(1, sizeof(*ct->priv));
	ct->priv->lock_fd = -1;
	ct->ns_fd = -1;
	ct->own_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ct->own_fd < 0)
		return ct_fail(ct, "open our own network namespace: %s (is /proc mounted?)",
			       strerror(errno));
	ct->ns_fd = netns ? ct_netns_open(ct, netns, NULL, "") : ct->own_fd;
	if (ct->ns_fd < 0)
		return CT_REFUSED;
	err = ct_sock_open(ct, &ct->rt, NETLINK_ROUTE, ct->ns_fd);
	return err ? ct_refused(&ct->rt, err, NULL, "open a netlink socket") : CT_OK;
}

void ct_close(struct ct *ct)
{
	ct_sock_close(&ct->rt);
	ct_sock_close(&ct->ge);
	if (!ct->priv)
		return;
	ct_forget(ct);
	ct_netns_forget(ct);
	if (ct->priv->lock_fd >= 0)
		close(ct->priv->lock_fd);
	if (ct->ns_fd >= 0 && ct->ns_fd != ct->own_fd)
		close(ct->ns_fd);
	if (ct->own_fd >= 0)
		close(ct->own_fd);
	free(ct->priv);
	ct->priv = NULL;
	free(ct->error);
	ct->error = NULL;
}

/* Opened here and not by libnl, which has no error number for most of what may fail. */
static int open_socket(struct nl_sock *sk, int proto)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, proto), err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)))
		err = -errno;
	else
		err = nl_socket_set_fd(sk, proto, fd) ? -EBADF : 0;
	if (err)
		close(fd);
	return err;
}

int ct_sock_open(struct ct *ct, struct ct_sock *s, int proto, int ns_fd)
{
	static const int opts[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	int one = 1, err, back;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->ct = ct;
	err = ct_netns_enter(ct, ns_fd);
	if (err)
		return err;
	s->sk = need(nl_socket_alloc());
	err = open_socket(s->sk, proto);
	back = ct_netns_leave(ct);
	if (err || back) {
		ct_sock_close(s);
		return err ? err : back;
	}
	/* Each of these makes things better and none is needed. */
	nl_socket_set_buffer_size(s->sk, 1 << 20, 1 << 17);
	for (i = 0; i < ARRAY_SIZE(opts); i++)
		setsockopt(nl_socket_get_fd(s->sk), SOL_NETLINK, opts[i], &one, sizeof(one));
	return 0;
}

void ct_sock_close(struct ct_sock *s)
{
	nl_socket_free(s->sk);
	s->sk = NULL;
}

/* By libnl, on a socket of its own: ours has its own sequence. */
const char *ct_module_version(char *buf, size_t len)
{
	FILE *f = fopen("/sys/module/ctnet/version", "re");

	if (!f || !fgets(buf, len, f))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (f)
		fclose(f);
	return buf;
}

int ct_genl(struct ct *ct)
{
	int err;

	if (ct->family)
		return CT_OK;
	if (!ct->ge.sk) {
		err = ct_sock_open(ct, &ct->ge, NETLINK_GENERIC, ct->ns_fd);
		if (err)
			return ct_refused(&ct->ge, err, NULL, "open a netlink socket");
	}
	err = genl_ctrl_resolve(ct->ge.sk, CTNET_GENL_NAME);
	if (err == -NLE_OBJ_NOTFOUND)
		return ct_fail(ct, "the ctnet module is not loaded: \"modprobe ctnet\" loads it");
	if (err >= 0)
		ct->group = genl_ctrl_resolve_grp(ct->ge.sk, CTNET_GENL_NAME,
						  CTNET_GENL_MCGRP_EVENTS);
	if (err < 0 || ct->group < 0)
		return ct_fail(ct, "find the netlink family \"ctnet\": %s",
			       nl_geterror(err < 0 ? err : ct->group));
	ct->family = err;
	return CT_OK;
}

void ct_replies_free(struct ct_replies *r)
{
	free(r->buf);
	memset(r, 0, sizeof(*r));
}

static void replies_add(struct ct_replies *r, const struct nlmsghdr *h)
{
	size_t len = NLMSG_ALIGN(h->nlmsg_len);

	if (!r->buf || r->cap - r->len < len) {
		r->cap = (r->cap + len) * 2;
		r->buf = ct_realloc(r->buf, r->cap);
	}
	memset(r->buf + r->len + len - NLMSG_ALIGNTO, 0, NLMSG_ALIGNTO);
	memcpy(r->buf + r->len, h, h->nlmsg_len);
	r->len += len;
}

/* Take the kernel's sentence out of an ack or the end of a dump. */
static void parse_extack(struct ct_sock *s, struct nlmsghdr *h)
{
	struct nlattr *tb[NLMSGERR_ATTR_MSG + 1], *msg;
	size_t skip = sizeof(int);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (h->nlmsg_type == NLMSG_ERROR) {
		struct nlmsgerr *e = nlmsg_data(h);

		skip = sizeof(*e);
		if (!(h->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len >= NLMSG_HDRLEN)
			skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	skip = NLMSG_ALIGN(skip);
	if ((size_t)nlmsg_datalen(h) <= skip || ct_parse(h, skip, tb, NLMSGERR_ATTR_MSG))
		return;
	msg = tb[NLMSGERR_ATTR_MSG];
	if (msg)
		snprintf(s->why, sizeof(s->why), "%.*s", nla_len(msg), (char *)nla_data(msg));
}

/* The error number in an ack, or at the end of a dump, where it may be missing. */
static int answer(struct ct_sock *s, struct nlmsghdr *h)
{
	int err = 0;

	if (nlmsg_datalen(h) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(h), sizeof(err));
	else if (h->nlmsg_type == NLMSG_ERROR)
		return -EBADMSG;
	parse_extack(s, h);
	return err < 0 ? err : 0;
}

/* Read until the request is answered. 1: a dump that was inconsistent. */
static int collect(struct ct_sock *s, bool dump, struct ct_replies *r)
{
	static char buf[1 << 17] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool intr = false;
	int err;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec iov = { buf, sizeof(buf) };
		struct msghdr m = {
			.msg_name = &from, .msg_namelen = sizeof(from),
			.msg_iov = &iov, .msg_iovlen = 1,
		};
		struct nlmsghdr *h = (struct nlmsghdr *)buf;
		ssize_t got = recvmsg(nl_socket_get_fd(s->sk), &m, 0);
		int left = got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (m.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		if (from.nl_pid)	/* not from the kernel */
			continue;
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
			if (h->nlmsg_seq != s->seq)
				continue;
			intr = intr || h->nlmsg_flags & NLM_F_DUMP_INTR;
			if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE) {
				err = answer(s, h);
				return err ? err : intr && dump;
			}
			if (h->nlmsg_type != NLMSG_NOOP && r)
				replies_add(r, h);
		}
	}
}

static bool makes(const struct ct *ct, struct nlmsghdr *h)
{
	const struct genlmsghdr *g = nlmsg_data(h);

	if (h->nlmsg_type != ct->family)
		return (h->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL)) ==
		       (NLM_F_CREATE | NLM_F_EXCL);
	return g->cmd == CTNET_CMD_PORT_ADD || g->cmd == CTNET_CMD_PEER_ADD ||
	       g->cmd == CTNET_CMD_FDB_ADD;
}

static bool removes(const struct ct *ct, struct nlmsghdr *h)
{
	const struct genlmsghdr *g = nlmsg_data(h);

	/* Kinds of messages of rtnetlink come in fours: new, del, get, set. */
	if (h->nlmsg_type != ct->family)
		return h->nlmsg_type >= RTM_BASE && (h->nlmsg_type & 3) == 1;
	return g->cmd == CTNET_CMD_PORT_DEL || g->cmd == CTNET_CMD_PEER_DEL ||
	       g->cmd == CTNET_CMD_FDB_DEL;
}

/* A request is made again, and its error says that it was carried out before. */
static bool was_done(const struct ct *ct, struct nlmsghdr *h, int err)
{
	if (err == -EEXIST)
		return makes(ct, h);
	return removes(ct, h) && (err == -ENODEV || err == -ENOENT || err == -ESRCH ||
				  err == -EADDRNOTAVAIL);
}

static int try(struct ct_sock *s, struct nlmsghdr *h, bool dump, struct ct_replies *r)
{
	if (ct_interrupted(s->ct))
		return -EINTR;
	h->nlmsg_seq = ++s->seq;
	if (send(nl_socket_get_fd(s->sk), h, h->nlmsg_len, 0) < 0)
		return -errno;
	if (r)
		r->len = 0;
	return collect(s, dump, r);
}

int ct_do(struct ct_sock *s, struct nl_msg *msg, struct ct_replies *r)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	bool dump = r && (h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	bool lost = false;
	int err = 0, i;

	s->why[0] = '\0';
	if (r)
		memset(r, 0, sizeof(*r));
	/* Of rtnetlink all but "get". */
	if (s != &s->ct->ge && (h->nlmsg_type & 3) != 2)
		ct_forget(s->ct);
	h->nlmsg_flags |= NLM_F_REQUEST | (dump ? 0 : NLM_F_ACK);
	h->nlmsg_pid = nl_socket_get_local_port(s->sk);
	for (i = 0; i < DUMP_TRIES; i++) {
		err = try(s, h, dump, r);
		if (lost && was_done(s->ct, h, err)) {
			s->why[0] = '\0';
			err = 0;
		}
		/*
		 * The kernel had no memory for the answer. What it was, and so whether the
		 * request was carried out, only asking again can tell.
		 */
		lost = lost || err == -ENOBUFS;
		if (err <= 0 && err != -ENOBUFS)
			break;
	}
	if (err > 0 && s->ct->whole) {
		err = -EAGAIN;
		snprintf(s->why, sizeof(s->why),
			 "it changed each of the %d times that it was read: try again when less is being changed",
			 DUMP_TRIES);
	} else if (err > 0) {
		ct_warn(s->ct,
			"the tables change faster than they can be read; what follows may be inconsistent");
		err = 0;
	}
	if (!err && s->why[0])
		ct_warn(s->ct, "%s", s->why);
	if (err < 0 && r)
		ct_replies_free(r);
	nlmsg_free(msg);
	return err;
}

const char *ct_why(const struct ct_sock *s, int err, const struct ct_hint *hints)
{
	static const struct ct_hint general[] = {
		{ EPERM, "this needs CAP_NET_ADMIN over the namespace: run it as root" },
		{ EINTR, "interrupted" },
		{ EMFILE, "too many files are open: \"ulimit -n\" says how many may be" },
		{ EMSGSIZE, "the kernel's answer is too long" },
		{ EBADMSG, "the kernel's answer is malformed" },
		{ ENOMEM, "the kernel has no memory left" },
		{ EXDEV, "the way back to our own network namespace is closed" },
		{ 0, NULL }
	};
	const struct ct_hint *h;

	/* That of rtnetlink on an unknown kind does not say what to do. */
	if (s && s->why[0] && strcmp(s->why, "Unknown device type"))
		return s->why;
	for (h = hints; h && h->err; h++)
		if (h->err == -err)
			return h->text;
	for (h = general; h->err; h++)
		if (h->err == -err)
			return h->text;
	return strerror(-err);
}

struct nl_msg *ct_msg(int type, int flags, const void *head, size_t len)
{
	struct nl_msg *msg = need(nlmsg_alloc_simple(type, flags));

	if (nlmsg_append(msg, (void *)head, len, NLMSG_ALIGNTO))
		ct_nomem();
	return msg;
}

struct nl_msg *ct_genl_msg(struct ct *ct, uint8_t cmd, int flags)
{
	struct genlmsghdr g = { .cmd = cmd, .version = CTNET_GENL_VERSION };

	return ct_msg(ct->family, flags, &g, sizeof(g));
}

void ct_put(struct nl_msg *msg, int type, const void *data, size_t len)
{
	/* A message starts with a page; a request with many addresses grows. */
	while (nla_put(msg, type, len, data))
		if (nlmsg_expand(msg, nlmsg_get_max_size(msg) * 2))
			ct_nomem();
}

void ct_put_u8(struct nl_msg *msg, int type, uint8_t v)
{
	ct_put(msg, type, &v, sizeof(v));
}

void ct_put_u32(struct nl_msg *msg, int type, uint32_t v)
{
	ct_put(msg, type, &v, sizeof(v));
}

void ct_put_str(struct nl_msg *msg, int type, const char *v)
{
	ct_put(msg, type, v, strlen(v) + 1);
}

void ct_put_num(struct nl_msg *msg, int type, uint32_t v, int width)
{
	uint16_t v16 = v;
	uint8_t v8 = v;

	ct_put(msg, type, width == 1 ? (void *)&v8 : width == 2 ? (void *)&v16 : &v, width);
}

struct nlattr *ct_nest(struct nl_msg *msg, int type)
{
	return need(nla_nest_start(msg, type));
}

int ct_parse(struct nlmsghdr *h, size_t len, struct nlattr **tb, int max)
{
	return nlmsg_parse(h, len, tb, max, NULL) < 0 ? -EBADMSG : 0;
}

int ct_parse_genl(struct nlmsghdr *h, struct nlattr **tb, int max)
{
	return ct_parse(h, GENL_HDRLEN, tb, max);
}

uint64_t ct_get_num(const struct nlattr *a)
{
	switch (a ? nla_len(a) : 0) {
	case 1:
		return nla_get_u8(a);
	case 2:
		return nla_get_u16(a);
	case 4:
		return nla_get_u32(a);
	case 8:
		return nla_get_u64((struct nlattr *)a);
	default:
		return 0;
	}
}
