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
#include "objects.h"

/*
 * Names of interfaces, kept for after they are gone: an event about a network's
 * table may come when the port it names is not there to be asked any more.
 */
static struct names {
	struct name {
		int ifindex;
		char name[IFNAMSIZ];
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
		names.v = xrealloc(names.v, (names.n + 1) * sizeof(*names.v));
		k = &names.v[names.n++];
		k->ifindex = ifindex;
	}
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->old = false;
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
	struct links ls;
	size_t i;

	if (link_dump(&ctx.rt, &ls))
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
	links_free(&ls);
}

static const char *name_of(int ifindex)
{
	struct name *k = name_find(ifindex);
	static char buf[2][IFNAMSIZ];
	static int turn;
	struct link l;

	if (k)
		return k->name;
	if (!link_get(&ctx.rt, NULL, ifindex, -1, &l)) {
		name_keep(ifindex, l.name);
		return name_find(ifindex)->name;
	}
	turn = !turn;
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
	struct link l;

	only.ifindex = 0;
	if (only.name && !link_get(&ctx.rt, only.name, 0, -1, &l) &&
	    !strcmp(l.kind, "ctnet"))
		only.ifindex = l.ifindex;
}

static bool is_watched(int net)
{
	if (!only.name)
		return true;
	if (!only.ifindex)
		only_find();
	return net == only.ifindex;
}

static void emit(const char *object, const char *event,
		 const struct column *cols, struct json_object *o)
{
	struct json_object *e;
	char words[32];

	if (ctx.json) {
		e = json_object_new_object();
		json_str(e, "object", object);
		json_str(e, "event", event);
		json_object_object_foreach(o, key, v)
			json_object_object_add(e, key, json_object_get(v));
		out_json(e);
		json_object_put(e);
	} else {
		snprintf(words, sizeof(words), "%s %s", object, event);
		out_line(words, cols, o);
	}
	json_object_put(o);
}

/*
 * Events are missing from here on backwards. Those that the kernel left out it
 * has counted; among those that the socket had no room for may be such a count.
 */
static void emit_lost(bool rate, uint32_t count)
{
	struct json_object *o;

	if (ctx.json) {
		o = json_object_new_object();
		json_str(o, "object", "monitor");
		json_str(o, "event", "lost");
		if (count)
			json_u64(o, "count", count);
		json_str(o, "reason", rate ? "rate" : "overrun");
		out_json(o);
		json_object_put(o);
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
	struct link l, *link = NULL;
	struct net net;
	bool gone;

	if (net_parse(h, &net))
		return;
	gone = !strcmp(event, "del");
	/* What the event says may not be so any more. */
	if (only.name && !gone && !strcmp(net.name, only.name))
		only.ifindex = net.ifindex;
	if (!is_watched(net.ifindex))
		return;
	if (!link_get(&ctx.rt, NULL, net.ifindex, -1, &l))
		link = &l;
	name_keep(net.ifindex, net.name);
	emit("net", event, net_columns, net_json(&net, link, NULL));
	if (gone) {
		name_drop(net.ifindex);
		only.ifindex = 0;
	} else if (only.name && strcmp(net.name, only.name)) {
		only_find();	/* it may have been renamed */
	}
}

static void port_event(struct nlmsghdr *h, const char *event)
{
	struct link near, *link = NULL;
	struct port p;

	if (port_parse(h, &p) || !is_watched(p.net))
		return;
	if (!link_get(&ctx.rt, NULL, p.dev, -1, &near))
		link = &near;
	name_keep(p.dev, p.devname);
	emit("port", event, port_columns,
	     port_json(&p, name_of(p.net), link, NULL));
	if (!strcmp(event, "del"))
		name_drop(p.dev);
}

static void peer_event(struct nlmsghdr *h, const char *event)
{
	struct peer p;

	if (peer_parse(h, &p) || !is_watched(p.net))
		return;
	emit("peer", event, peer_columns, peer_json(&p, name_of(p.net)));
}

static void fdb_event(struct nlmsghdr *h, const char *event)
{
	struct fdb f;

	if (fdb_parse(h, &f))
		return;
	if (is_watched(f.net)) {
		if (!f.is_static && !strcmp(event, "add"))
			event = "learn";
		if (!f.is_static && !strcmp(event, "set"))
			event = "move";
		emit("fdb", event, fdb_columns,
		     fdb_json(&f, name_of(f.net),
			      f.port ? name_of(f.port) : NULL));
	}
	free(f.ips.v);
}

/* A destination MAC, or an address that was asked for, is not in the table. */
static void miss_event(struct nlmsghdr *h, const char *event)
{
	static const struct nla_policy policy[CTNET_A_FDB_MAX + 1] = {
		[CTNET_A_FDB_NET] = { .type = NLA_U32 },
		[CTNET_A_FDB_MAC] = { .minlen = 6, .maxlen = 6 },
		[CTNET_A_FDB_IP] = { .minlen = 4, .maxlen = 16 },
	};
	static const struct column columns[] = {
		{ "NETWORK", "network", COLOR_NAME },
		{ "MAC", "mac", COLOR_MAC },
		{ "ADDRESS", "address", COLOR_IP },
		{ NULL, NULL, COLOR_NONE }
	};
	struct nlattr *tb[CTNET_A_FDB_MAX + 1];
	struct json_object *o;
	struct ip ip;
	int net;

	if (ge_parse(h, tb, CTNET_A_FDB_MAX, policy) || !tb[CTNET_A_FDB_NET])
		return;
	net = nla_get_u32(tb[CTNET_A_FDB_NET]);
	if (!is_watched(net))
		return;
	o = json_object_new_object();
	json_str(o, "network", name_of(net));
	if (tb[CTNET_A_FDB_MAC])
		json_mac(o, "mac", nla_data(tb[CTNET_A_FDB_MAC]));
	if (tb[CTNET_A_FDB_IP] &&
	    ip_set(&ip, nla_data(tb[CTNET_A_FDB_IP]),
		   nla_len(tb[CTNET_A_FDB_IP])))
		json_ip(o, "address", &ip);
	emit("fdb", event, columns, o);
}

static void lost_event(struct nlmsghdr *h, const char *event)
{
	static const struct nla_policy policy[CTNET_A_LOST_MAX + 1] = {
		[CTNET_A_LOST_COUNT] = { .type = NLA_U32 },
	};
	struct nlattr *tb[CTNET_A_LOST_MAX + 1];

	(void)event;
	if (!ge_parse(h, tb, CTNET_A_LOST_MAX, policy))
		emit_lost(true, tb[CTNET_A_LOST_COUNT] ?
				nla_get_u32(tb[CTNET_A_LOST_COUNT]) : 0);
}

static const struct event {
	void (*fn)(struct nlmsghdr *h, const char *event);
	const char *name;
} events[CTNET_CMD_MAX + 1] = {
	[CTNET_CMD_NET_NEW_NTF] = { net_event, "add" },
	[CTNET_CMD_NET_SET_NTF] = { net_event, "set" },
	[CTNET_CMD_NET_DEL_NTF] = { net_event, "del" },
	[CTNET_CMD_PORT_ADD_NTF] = { port_event, "add" },
	[CTNET_CMD_PORT_SET_NTF] = { port_event, "set" },
	[CTNET_CMD_PORT_DEL_NTF] = { port_event, "del" },
	[CTNET_CMD_PEER_ADD_NTF] = { peer_event, "add" },
	[CTNET_CMD_PEER_DEL_NTF] = { peer_event, "del" },
	[CTNET_CMD_FDB_ADD_NTF] = { fdb_event, "add" },
	[CTNET_CMD_FDB_SET_NTF] = { fdb_event, "set" },
	[CTNET_CMD_FDB_DEL_NTF] = { fdb_event, "del" },
	[CTNET_CMD_MISS_NTF] = { miss_event, "miss" },
	[CTNET_CMD_LOST_NTF] = { lost_event, "lost" },
};

/* With its family the module's group went: nothing would ever come again. */
static bool is_end(struct nlmsghdr *h)
{
	static const struct nla_policy policy[CTRL_ATTR_MAX + 1] = {
		[CTRL_ATTR_FAMILY_ID] = { .type = NLA_U16 },
	};
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	struct genlmsghdr *g = nlmsg_data(h);

	return h->nlmsg_type == GENL_ID_CTRL &&
	       nlmsg_datalen(h) >= (int)sizeof(*g) &&
	       g->cmd == CTRL_CMD_DELFAMILY &&
	       !ge_parse(h, tb, CTRL_ATTR_MAX, policy) &&
	       tb[CTRL_ATTR_FAMILY_ID] &&
	       nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]) == ctx.family;
}

static void handle(struct nlmsghdr *h)
{
	struct genlmsghdr *g = nlmsg_data(h);

	if (h->nlmsg_type != ctx.family ||
	    nlmsg_datalen(h) < (int)sizeof(*g) || g->cmd > CTNET_CMD_MAX ||
	    !events[g->cmd].fn)
		return;
	events[g->cmd].fn(h, events[g->cmd].name);
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
 * A socket that is full says so first, then gives what it has, and takes in
 * nothing before that has been read: only then is it known how many are
 * missing, and that is where they are missing.
 */
static int watch(struct nlsock *s)
{
	static char buf[1 << 16] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = nl_socket_get_fd(s->sk);
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
			return fail("read events: %s", strerror(errno));
		} else if (m.msg_flags & MSG_TRUNC) {
			emit_lost(false, 1);
		} else if (!from.nl_pid) {
			for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
				if (is_end(h))
					return fail("the ctnet module was unloaded, and all networks with it: \"modprobe ctnet\" loads it");
				handle(h);
			}
		}
		if (got >= 0 && o.behind)
			overrun_count(fd, &o);
		/* Nobody reads any more. */
		if (flush_output())
			return EXIT_REFUSED;
	}
}

int monitor(int n, char **arg, void *vals)
{
	struct nlsock s = { 0 };
	struct link net = { 0 };
	int room = 16 << 20, group, err;
	size_t i;

	(void)vals;
	if (n) {
		err = net_find(arg[0], &net, NULL);
		if (err)
			return err;
		only.name = arg[0];
		only.ifindex = net.ifindex;
	}
	if (!rt_sock() || !ge_sock())
		return EXIT_REFUSED;
	err = nl_open(&s, NETLINK_GENERIC, ctx.ns_fd);
	if (err)
		return fail("open a socket: %s", nl_why(NULL, err, NULL));
	/* Bursts are to fit; beyond net.core.rmem_max only for the privileged. */
	setsockopt(nl_socket_get_fd(s.sk), SOL_SOCKET, SO_RCVBUFFORCE, &room,
		   sizeof(room));
	/*
	 * Subscribed first, so that no change falls between. The controller's
	 * only group, which has its number, tells of families that go.
	 */
	for (i = 0; i < 2; i++) {
		group = i ? GENL_ID_CTRL : ctx.group;
		if (!setsockopt(nl_socket_get_fd(s.sk), SOL_NETLINK,
				NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
			continue;
		err = fail("subscribe to the events: %s", strerror(errno));
		goto out;
	}
	names_read();
	err = watch(&s);
out:
	nl_shut(&s);
	free(names.v);
	memset(&names, 0, sizeof(names));
	memset(&only, 0, sizeof(only));
	return err;
}
