// SPDX-License-Identifier: GPL-2.0
/* monitor: a line for each event, in the words of list. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "out.h"

/*
 * Names of interfaces, kept for after they are gone: an event about a network's table may
 * come when the port it names is not there to be asked any more.
 */
static struct names {
	struct name {
		int ifindex;
		char name[CT_PORT_NAME];
		bool old;	/* was not there when all were read last */
	} *v;
	size_t n;
} names;

static struct name *name_find(int ifindex)
{
	size_t i;

	for (i = 0; i < names.n; i++)
		if (names.v[i].ifindex == ifindex)
			return &names.v[i];
	return NULL;
}

static void name_keep(int ifindex, const char *name)
{
	struct name *k = name_find(ifindex);

	if (!name[0])
		return;
	if (!k) {
		names.v = ct_grow(names.v, names.n, sizeof(*names.v));
		k = &names.v[names.n++];
	}
	*k = (struct name){ .ifindex = ifindex };
	snprintf(k->name, sizeof(k->name), "%s", name);
}

static void name_drop(int ifindex)
{
	struct name *k = name_find(ifindex);

	if (k)
		*k = names.v[--names.n];
}

/* Read all of them. Those that are gone stay until this is done again. */
static void names_read(void)
{
	struct ct_links ls = { 0 };
	size_t i;

	if (ct_link_dump(&ct.rt, &ls))
		return;
	for (i = names.n; i--;) {
		if (names.v[i].old)
			names.v[i] = names.v[--names.n];
		else
			names.v[i].old = true;
	}
	for (i = 0; i < ls.n; i++)
		if (!strcmp(ls.v[i].kind, "ctnet") || ls.v[i].master)
			name_keep(ls.v[i].ifindex, ls.v[i].name);
	ct_links_free(&ls);
}

static const char *name_of(int ifindex)
{
	static char buf[2][CT_PORT_NAME];
	static int turn;
	struct ct_link l;

	turn = !turn;
	if (ct_native_name(ifindex, buf[turn]))
		return buf[turn];
	if (!name_find(ifindex) && !ct_link_get(&ct.rt, NULL, ifindex, -1, &l))
		name_keep(ifindex, l.name);
	if (name_find(ifindex))
		return name_find(ifindex)->name;
	snprintf(buf[turn], sizeof(buf[turn]), "if%d", ifindex);
	return buf[turn];
}

/*
 * The network that was asked for, if one was. It is followed by its name: one that is made
 * again is another device.
 */
static struct {
	const char *name;
	int ifindex;		/* 0: there is none of that name */
} only;

static void only_find(void)
{
	struct ct_link l;

	only.ifindex = 0;
	if (only.name && !ct_link_get(&ct.rt, only.name, 0, -1, &l) &&
	    !strcmp(l.kind, "ctnet"))
		only.ifindex = l.ifindex;
}

static bool is_watched(int net)
{
	if (only.name && !only.ifindex)
		only_find();
	return !only.name || net == only.ifindex;
}

static struct json_object *event_json(const char *object, const char *event)
{
	struct json_object *e = json_object_new_object();

	json_str(e, "object", object);
	json_str(e, "event", event);
	return e;
}

static void emit(const char *object, const char *event, const struct column *cols,
		 struct json_object *o)
{
	struct json_object *e;
	char words[32];

	if (ctx.json) {
		e = event_json(object, event);
		json_object_object_foreach(o, key, v)
			json_object_object_add(e, key, json_object_get(v));
		out_json(e);
	} else {
		snprintf(words, sizeof(words), "%s %s", object, event);
		out_line(words, cols, o);
	}
	json_object_put(o);
}

/*
 * Events are missing from here on backwards. Those that the kernel left out it has counted;
 * among those that the socket had no room for may be such a count.
 */
static void emit_lost(bool rate, uint32_t count)
{
	struct json_object *o;

	if (ctx.json) {
		o = event_json("monitor", "lost");
		if (count)
			json_u64(o, "count", count);
		json_str(o, "reason", rate ? "rate" : "overrun");
		out_json(o);
		return;
	}
	printf("lost ");
	if (count)
		printf("%u ", count);
	if (rate)
		printf("events: the table changed faster than is told\n");
	else
		printf("events%s: they came faster than they were read\n",
		       count ? " or more" : "");
}

static void net_event(struct nlmsghdr *h, const char *event)
{
	bool gone = !strcmp(event, "del"), has;
	struct ct_stats st;
	struct ct_net net;
	struct ct_link l;

	if (ct_net_parse(h, &net, &st))
		return;
	/* What the event says may not be so any more. */
	if (only.name && !gone && !strcmp(net.name, only.name))
		only.ifindex = net.ifindex;
	if (!is_watched(net.ifindex))
		return;
	has = !ct_link_get(&ct.rt, NULL, net.ifindex, -1, &l);
	name_keep(net.ifindex, net.name);
	emit("net", event, net_columns, net_json(&net, &st, has ? &l : NULL, NULL));
	if (gone) {
		name_drop(net.ifindex);
		only.ifindex = 0;
	} else if (only.name && strcmp(net.name, only.name)) {
		only_find();	/* it may have been renamed */
	}
}

static void port_event(struct nlmsghdr *h, const char *event)
{
	struct ct_stats st;
	struct ct_link near;
	struct ct_port p;
	bool has;

	if (ct_port_parse(h, &p, &st) || !is_watched(p.net))
		return;
	has = p.dev < 0 || !ct_link_get(&ct.rt, NULL, p.dev, -1, &near);
	if (p.dev < 0)
		ct_native_link(&p, NULL, &near);
	else
		name_keep(p.dev, p.devname);
	emit("port", event, port_columns,
	     port_json(&p, &st, name_of(p.net), has ? &near : NULL, NULL));
	if (!strcmp(event, "del"))
		name_drop(p.dev);
}

static void peer_event(struct nlmsghdr *h, const char *event)
{
	struct ct_stats st;
	struct ct_peer p;

	if (!ct_peer_parse(h, &p, &st) && is_watched(p.net))
		emit("peer", event, peer_columns, peer_json(&p, &st, name_of(p.net)));
}

static void fdb_event(struct nlmsghdr *h, const char *event)
{
	struct ct_fdb f;

	if (ct_fdb_parse(h, &f))
		return;
	if (!f.is_static && !strcmp(event, "add"))
		event = "learn";
	if (!f.is_static && !strcmp(event, "set"))
		event = "move";
	if (is_watched(f.net))
		emit("fdb", event, fdb_columns, fdb_json(&f, name_of(f.net), name_of(f.port)));
	ct_addrs_free(&f.ips);
}

/* A destination MAC, or an address that was asked for, is not in the table. */
static void miss_event(struct nlmsghdr *h, const char *event)
{
	static const struct column columns[] = {
		{ "NETWORK", "network", COLOR_NAME }, { "MAC", "mac", COLOR_MAC },
		{ "ADDRESS", "address", COLOR_IP }, { NULL, NULL, COLOR_NONE }
	};
	struct nlattr *tb[CTNET_A_FDB_MAX + 1], *mac;
	struct json_object *o;
	char text[CT_TEXT];
	struct ct_ip ip;
	int net;

	if (ct_parse_genl(h, tb, CTNET_A_FDB_MAX))
		return;
	net = ct_get_num(tb[CTNET_A_FDB_NET]);
	mac = tb[CTNET_A_FDB_MAC];
	if (!net || !is_watched(net))
		return;
	o = json_object_new_object();
	json_str(o, "network", name_of(net));
	if (mac && nla_len(mac) == 6)
		json_str(o, "mac", ct_mac_text(nla_data(mac), text));
	if (ct_ip_get(&ip, tb[CTNET_A_FDB_IP]))
		json_str(o, "address", ct_ip_text(&ip, text));
	emit("fdb", event, columns, o);
}

static void lost_event(struct nlmsghdr *h, const char *event)
{
	struct nlattr *tb[CTNET_A_LOST_MAX + 1];

	(void)event;
	if (!ct_parse_genl(h, tb, CTNET_A_LOST_MAX))
		emit_lost(true, ct_get_num(tb[CTNET_A_LOST_COUNT]));
}

#define NTF(what, fn, name) \
	[CTNET_CMD_##what##_NTF] = { fn, name }

static const struct event {
	void (*fn)(struct nlmsghdr *h, const char *event);
	const char *name;
} events[CTNET_CMD_MAX + 1] = {
	NTF(NET_NEW, net_event, "add"), NTF(NET_SET, net_event, "set"),
	NTF(NET_DEL, net_event, "del"), NTF(PORT_ADD, port_event, "add"),
	NTF(PORT_SET, port_event, "set"), NTF(PORT_DEL, port_event, "del"),
	NTF(PEER_ADD, peer_event, "add"), NTF(PEER_DEL, peer_event, "del"),
	NTF(FDB_ADD, fdb_event, "add"), NTF(FDB_SET, fdb_event, "set"),
	NTF(FDB_DEL, fdb_event, "del"), NTF(MISS, miss_event, "miss"),
	NTF(LOST, lost_event, "lost"),
};

/* False: the family went, and with it the group; nothing would ever come again. */
static bool handle(struct nlmsghdr *h)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	struct genlmsghdr *g = nlmsg_data(h);

	if (nlmsg_datalen(h) < (int)sizeof(*g))
		return true;
	if (h->nlmsg_type == ct.family && g->cmd <= CTNET_CMD_MAX && events[g->cmd].fn)
		events[g->cmd].fn(h, events[g->cmd].name);
	return h->nlmsg_type != GENL_ID_CTRL || g->cmd != CTRL_CMD_DELFAMILY ||
	       ct_parse_genl(h, tb, CTRL_ATTR_MAX) ||
	       (int)ct_get_num(tb[CTRL_ATTR_FAMILY_ID]) != ct.family;
}

/**
 * struct overrun - what the socket had no room for
 * @behind: some is to be told of
 * @seen: how many were dropped so far
 * @told: of these, how many were told of
 */
struct overrun {
	bool behind;
	uint32_t seen;
	uint32_t told;
};

static void overrun_count(int fd, struct overrun *o)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (!getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) &&
	    len > SK_MEMINFO_DROPS * sizeof(*info))
		o->seen = info[SK_MEMINFO_DROPS];
}

static void overrun_tell(struct overrun *o)
{
	/* None: the kernel had no memory for an event. */
	emit_lost(false, o->seen - o->told);
	o->told = o->seen;
	names_read();
	only_find();
}

/*
 * A socket that is full says so first, then gives what it has, and takes in nothing before
 * that has been read: only then is it known how many are missing, and that is where they are
 * missing.
 */
static int watch(int fd)
{
	static char buf[1 << 16] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct overrun o = { 0 };

	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec iov = { buf, sizeof(buf) };
		struct msghdr m = {
			.msg_name = &from, .msg_namelen = sizeof(from),
			.msg_iov = &iov, .msg_iovlen = 1,
		};
		struct nlmsghdr *h = (struct nlmsghdr *)buf;
		ssize_t got = recvmsg(fd, &m, o.behind ? MSG_DONTWAIT : 0);
		int left = got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS) {
			/* Full again: what it had has been read. */
			if (o.behind)
				overrun_tell(&o);
			o.behind = true;
			continue;
		}
		if (got < 0 && errno == EAGAIN && o.behind) {
			overrun_count(fd, &o);
			overrun_tell(&o);
			o.behind = false;
		} else if (got < 0) {
			return ct_fail(&ct, "read events: %s", strerror(errno));
		} else if (m.msg_flags & MSG_TRUNC) {
			emit_lost(false, 1);
		} else if (!from.nl_pid) {
			for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
				if (!handle(h))
					return ct_fail(&ct, "the ctnet module was unloaded, and all networks with it: \"modprobe ctnet\" loads it");
		}
		if (got >= 0 && o.behind)
			overrun_count(fd, &o);
		/* Nobody reads any more. */
		if (flush_output())
			return CT_REFUSED;
	}
}

/* The controller's only group, which has its number, tells of families that go. */
static int subscribe(int fd)
{
	int groups[] = { ct.group, GENL_ID_CTRL }, room = 16 << 20;
	size_t i;

	/* Bursts are to fit; beyond net.core.rmem_max only for the privileged. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])))
			return ct_fail(&ct, "subscribe to the events: %s", strerror(errno));
	return CT_OK;
}

int monitor(int n, char **arg, void *vals)
{
	struct ct_link net = { 0 };
	struct ct_sock s = { 0 };
	int err = CT_OK, fd;

	(void)vals;
	if (n)
		err = ct_net_find(&ct, arg[0], &net, NULL);
	if (!err)
		err = ct_genl(&ct);
	if (err)
		return err;
	only.name = arg[0];
	only.ifindex = net.ifindex;
	err = ct_sock_open(&ct, &s, NETLINK_GENERIC, ct.ns_fd);
	if (err)
		return ct_refused(&s, err, NULL, "open a socket");
	fd = nl_socket_get_fd(s.sk);
	/* First, so that no change falls between. */
	err = subscribe(fd);
	if (!err) {
		names_read();
		err = watch(fd);
	}
	ct_sock_close(&s);
	free(names.v);
	memset(&names, 0, sizeof(names));
	memset(&only, 0, sizeof(only));
	return err;
}
