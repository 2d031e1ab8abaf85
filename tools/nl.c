// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: sockets, one request at a time, extended acks.
 *
 * The answer to a request is collected whole before anybody looks at it, so
 * that a dump which the kernel says was inconsistent can be asked for again.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* How often to repeat a dump that changes under our eyes. */
#define DUMP_TRIES 10

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

int nl_open(struct nlsock *s, int proto, int ns_fd)
{
	int one = 1, err;

	s->why[0] = '\0';
	err = netns_enter(ns_fd);
	if (err)
		return err;
	s->sk = nl_socket_alloc();
	if (!s->sk)
		die("out of memory");
	err = open_socket(s->sk, proto);
	netns_leave();
	if (err) {
		nl_socket_free(s->sk);
		s->sk = NULL;
		return err;
	}
	/* Each of these makes things better and none is needed. */
	nl_socket_set_buffer_size(s->sk, 1 << 20, 1 << 17);
	setsockopt(nl_socket_get_fd(s->sk), SOL_NETLINK, NETLINK_EXT_ACK,
		   &one, sizeof(one));
	setsockopt(nl_socket_get_fd(s->sk), SOL_NETLINK, NETLINK_CAP_ACK,
		   &one, sizeof(one));
	setsockopt(nl_socket_get_fd(s->sk), SOL_NETLINK,
		   NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return 0;
}

void nl_shut(struct nlsock *s)
{
	if (s->sk)
		nl_socket_free(s->sk);
	s->sk = NULL;
}

void replies_free(struct replies *r)
{
	free(r->buf);
	memset(r, 0, sizeof(*r));
}

static void replies_add(struct replies *r, const struct nlmsghdr *h)
{
	size_t len = NLMSG_ALIGN(h->nlmsg_len);

	if (!r->buf || r->cap - r->len < len) {
		r->cap = (r->cap + len) * 2;
		r->buf = xrealloc(r->buf, r->cap);
	}
	memset(r->buf + r->len + len - NLMSG_ALIGNTO, 0, NLMSG_ALIGNTO);
	memcpy(r->buf + r->len, h, h->nlmsg_len);
	r->len += len;
}

/* Take the kernel's sentence out of an ack or the end of a dump. */
static void parse_extack(struct nlsock *s, struct nlmsghdr *h)
{
	struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];
	struct nlattr *head;
	size_t skip;
	int left;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (h->nlmsg_type == NLMSG_DONE) {
		skip = sizeof(int);
	} else {
		struct nlmsgerr *e = nlmsg_data(h);

		skip = sizeof(*e);
		if (!(h->nlmsg_flags & NLM_F_CAPPED) &&
		    e->msg.nlmsg_len >= NLMSG_HDRLEN)
			skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	skip = NLMSG_ALIGN(skip);
	left = nlmsg_datalen(h);
	if ((size_t)left <= skip)
		return;
	left -= skip;
	head = (struct nlattr *)((char *)nlmsg_data(h) + skip);
	if (nla_parse(tb, NLMSGERR_ATTR_MSG, head, left, NULL) < 0 ||
	    !tb[NLMSGERR_ATTR_MSG])
		return;
	snprintf(s->why, sizeof(s->why), "%.*s",
		 nla_len(tb[NLMSGERR_ATTR_MSG]),
		 (char *)nla_data(tb[NLMSGERR_ATTR_MSG]));
}

/* Read until the request is answered. 1: a dump that was inconsistent. */
static int collect(struct nlsock *s, bool dump, struct replies *r)
{
	static char buf[1 << 17] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool intr = false;

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

		if (got < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (m.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		if (from.nl_pid)	/* not from the kernel */
			continue;
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
			if (h->nlmsg_seq != s->seq)
				continue;
			if (h->nlmsg_flags & NLM_F_DUMP_INTR)
				intr = true;
			if (h->nlmsg_type == NLMSG_ERROR) {
				struct nlmsgerr *e = nlmsg_data(h);

				if (nlmsg_datalen(h) < (int)sizeof(*e))
					return -EBADMSG;
				parse_extack(s, h);
				return e->error;
			}
			if (h->nlmsg_type == NLMSG_DONE) {
				int err = 0;

				if (nlmsg_datalen(h) >= (int)sizeof(int))
					memcpy(&err, nlmsg_data(h),
					       sizeof(err));
				parse_extack(s, h);
				return err < 0 ? err : intr && dump;
			}
			if (h->nlmsg_type != NLMSG_NOOP && r)
				replies_add(r, h);
		}
	}
}

static bool makes(struct nlmsghdr *h)
{
	const struct genlmsghdr *g = nlmsg_data(h);

	if (h->nlmsg_type != ctx.family)
		return (h->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL)) ==
		       (NLM_F_CREATE | NLM_F_EXCL);
	return g->cmd == CTNET_CMD_PORT_ADD || g->cmd == CTNET_CMD_PEER_ADD ||
	       g->cmd == CTNET_CMD_FDB_ADD;
}

static bool removes(struct nlmsghdr *h)
{
	const struct genlmsghdr *g = nlmsg_data(h);

	/* Kinds of messages of rtnetlink come in fours: new, del, get, set. */
	if (h->nlmsg_type != ctx.family)
		return h->nlmsg_type >= RTM_BASE && (h->nlmsg_type & 3) == 1;
	return g->cmd == CTNET_CMD_PORT_DEL || g->cmd == CTNET_CMD_PEER_DEL ||
	       g->cmd == CTNET_CMD_FDB_DEL;
}

/* A request is made again, and its error says that it was carried out before. */
static bool was_done(struct nlmsghdr *h, int err)
{
	if (err == -EEXIST)
		return makes(h);
	return removes(h) && (err == -ENODEV || err == -ENOENT ||
			      err == -ESRCH || err == -EADDRNOTAVAIL);
}

int nl_do(struct nlsock *s, struct nl_msg *msg, struct replies *r)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	bool dump = r && (h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	bool lost = false;
	int err = -EINTR, try;

	s->why[0] = '\0';
	if (r)
		memset(r, 0, sizeof(*r));
	/* Of rtnetlink, whose kinds of messages come in fours, all but "get". */
	if (s != &ctx.ge && (h->nlmsg_type & 3) != 2)
		known_forget();
	h->nlmsg_flags |= NLM_F_REQUEST;
	if (!dump)
		h->nlmsg_flags |= NLM_F_ACK;
	h->nlmsg_pid = nl_socket_get_local_port(s->sk);
	for (try = 0; try < DUMP_TRIES; try++) {
		if (undo_interrupted()) {
			err = -EINTR;
			break;
		}
		h->nlmsg_seq = ++s->seq;
		if (send(nl_socket_get_fd(s->sk), h, h->nlmsg_len, 0) < 0) {
			err = -errno;
			break;
		}
		if (r)
			r->len = 0;
		err = collect(s, dump, r);
		/*
		 * The kernel had no memory for the answer. What it was, and so whether
		 * the request was carried out, only asking again can tell.
		 */
		if (err == -ENOBUFS) {
			lost = true;
			continue;
		}
		if (lost && was_done(h, err)) {
			s->why[0] = '\0';
			err = 0;
		}
		if (err <= 0)
			break;
	}
	if (err > 0 && ctx.whole) {
		err = -EAGAIN;
		snprintf(s->why, sizeof(s->why),
			 "it changed each of the %d times that it was read, so that there is no whole picture of it: try again when less is being changed",
			 DUMP_TRIES);
	} else if (err > 0) {
		warn("the tables change faster than they can be read; what follows may be inconsistent");
		err = 0;
	}
	if (!err && s->why[0])
		warn("%s", s->why);
	if (err < 0 && r)
		replies_free(r);
	nlmsg_free(msg);
	return err;
}

const char *nl_why(const struct nlsock *s, int err, const struct hint *hints)
{
	static const struct hint general[] = {
		{ EPERM, "this needs CAP_NET_ADMIN over the namespace: run it as root" },
		{ EINTR, "interrupted" },
		{ EMFILE, "too many files are open: \"ulimit -n\" says how many may be" },
		{ EMSGSIZE, "the kernel's answer is too long" },
		{ EBADMSG, "the kernel's answer makes no sense" },
		{ ENOMEM, "the kernel has no memory left" },
		{ 0, NULL }
	};
	const struct hint *h;

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

struct nl_msg *msg_new(int type, int flags, const void *head, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg || (len && nlmsg_append(msg, (void *)head, len, NLMSG_ALIGNTO)))
		die("out of memory");
	return msg;
}

void msg_put(struct nl_msg *msg, int type, const void *data, size_t len)
{
	struct nlattr *a = nla_reserve(msg, type, len);

	/* A message starts with a page; a request with many addresses grows. */
	if (!a) {
		if (nlmsg_expand(msg, nlmsg_get_max_size(msg) * 2))
			die("out of memory");
		a = nla_reserve(msg, type, len);
		if (!a)
			die("out of memory");
	}
	if (len)
		memcpy(nla_data(a), data, len);
}

void msg_put_u8(struct nl_msg *msg, int type, uint8_t v)
{
	msg_put(msg, type, &v, sizeof(v));
}

void msg_put_u16(struct nl_msg *msg, int type, uint16_t v)
{
	msg_put(msg, type, &v, sizeof(v));
}

void msg_put_u32(struct nl_msg *msg, int type, uint32_t v)
{
	msg_put(msg, type, &v, sizeof(v));
}

void msg_put_str(struct nl_msg *msg, int type, const char *v)
{
	msg_put(msg, type, v, strlen(v) + 1);
}

struct nlattr *msg_nest(struct nl_msg *msg, int type)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	if (!nest)
		die("out of memory");
	return nest;
}

void msg_nest_end(struct nl_msg *msg, struct nlattr *nest)
{
	nla_nest_end(msg, nest);
}

struct nl_msg *ge_msg(uint8_t cmd, int flags)
{
	struct genlmsghdr g = { .cmd = cmd, .version = CTNET_GENL_VERSION };

	return msg_new(ctx.family, flags, &g, sizeof(g));
}

int ge_parse(struct nlmsghdr *h, struct nlattr **tb, int max,
	     const struct nla_policy *policy)
{
	return nlmsg_parse(h, GENL_HDRLEN, tb, max,
			   (struct nla_policy *)policy) < 0 ? -EBADMSG : 0;
}

/* Groups are an array of nests, each with a name and an id. */
static void resolve_group(struct nlattr *groups)
{
	static const struct nla_policy policy[CTRL_ATTR_MCAST_GRP_MAX + 1] = {
		[CTRL_ATTR_MCAST_GRP_NAME] = { .type = NLA_STRING },
		[CTRL_ATTR_MCAST_GRP_ID] = { .type = NLA_U32 },
	};
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
	struct nlattr *a;
	int left;

	nla_for_each_nested(a, groups, left) {
		if (nla_parse_nested(tb, CTRL_ATTR_MCAST_GRP_MAX, a,
				     (struct nla_policy *)policy) < 0 ||
		    !tb[CTRL_ATTR_MCAST_GRP_NAME] || !tb[CTRL_ATTR_MCAST_GRP_ID])
			continue;
		if (!nla_strcmp(tb[CTRL_ATTR_MCAST_GRP_NAME],
				CTNET_GENL_MCGRP_EVENTS))
			ctx.group = nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	}
}

int ge_resolve(struct nlsock *s)
{
	static const struct nla_policy policy[CTRL_ATTR_MAX + 1] = {
		[CTRL_ATTR_FAMILY_ID] = { .type = NLA_U16 },
		[CTRL_ATTR_MCAST_GROUPS] = { .type = NLA_NESTED },
	};
	struct genlmsghdr g = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct nl_msg *msg = msg_new(GENL_ID_CTRL, 0, &g, sizeof(g));
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	struct nlmsghdr *h;
	struct replies r;
	int err;

	msg_put_str(msg, CTRL_ATTR_FAMILY_NAME, CTNET_GENL_NAME);
	err = nl_do(s, msg, &r);
	if (err)
		return err;
	err = -ENOENT;
	for_each_reply(h, &r) {
		if (ge_parse(h, tb, CTRL_ATTR_MAX, policy) ||
		    !tb[CTRL_ATTR_FAMILY_ID])
			continue;
		ctx.family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
		if (tb[CTRL_ATTR_MCAST_GROUPS])
			resolve_group(tb[CTRL_ATTR_MCAST_GROUPS]);
		err = 0;
	}
	replies_free(&r);
	return err;
}
