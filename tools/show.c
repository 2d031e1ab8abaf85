// SPDX-License-Identifier: GPL-2.0
/* show and list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "objects.h"
#include "text.h"

static const struct column vtep_columns[] = {
	{ "FAMILY", "family", COLOR_NONE },
	{ "DSTPORT", "dstport", COLOR_NONE },
	{ "UNDERLAY", "underlay", COLOR_NONE },
	{ "NETWORKS", "networks", COLOR_NONE },
	{ NULL, NULL, COLOR_NONE }
};

/**
 * struct view - what is needed to name things and to say who is behind a port
 * @links: the interfaces of the namespace
 * @fdb: static entries behind ports, in order of the port
 * @n: how many
 */
struct view {
	struct links links;
	struct fdb *fdb;
	size_t n;
};

static int dump(uint8_t cmd, int net, struct replies *r)
{
	struct nl_msg *msg = ge_msg(cmd, NLM_F_DUMP);
	int err;

	/* NET (of networks: IFINDEX) is the first attribute of every object. */
	if (net)
		msg_put_u32(msg, CTNET_A_PORT_NET, net);
	err = nl_do(&ctx.ge, msg, r);
	if (err)
		return fail("%s", nl_why(&ctx.ge, err, NULL));
	return EXIT_OK;
}

static int by_port(const void *a, const void *b)
{
	const struct fdb *x = a, *y = b;

	return (x->port > y->port) - (x->port < y->port);
}

static int view_fdb(struct view *v, int net)
{
	struct nlmsghdr *h;
	struct replies r;
	size_t cap = 0;
	int err;

	err = fdb_dump_static(net, 0, &r);
	if (err)
		return fail("%s", nl_why(&ctx.ge, err, NULL));
	for_each_reply(h, &r) {
		struct fdb f;

		if (fdb_parse(h, &f))
			continue;
		if (!f.port) {
			free(f.ips.v);
			continue;
		}
		if (v->n == cap) {
			cap = cap * 2 + 16;
			v->fdb = xrealloc(v->fdb, cap * sizeof(*v->fdb));
		}
		v->fdb[v->n++] = f;
	}
	replies_free(&r);
	if (v->n)
		qsort(v->fdb, v->n, sizeof(*v->fdb), by_port);
	return EXIT_OK;
}

static int view_open(struct view *v, int net, bool fdb)
{
	int err;

	memset(v, 0, sizeof(*v));
	if (!rt_sock() || !ge_sock())
		return EXIT_REFUSED;
	err = link_dump(&ctx.rt, &v->links);
	if (err)
		return fail("list the interfaces: %s",
			    nl_why(&ctx.rt, err, NULL));
	return fdb ? view_fdb(v, net) : EXIT_OK;
}

static void view_close(struct view *v)
{
	while (v->n)
		free(v->fdb[--v->n].ips.v);
	netns_forget_names();
	free(v->fdb);
	links_free(&v->links);
}

static const char *view_name(const struct view *v, int ifindex)
{
	const struct link *l = link_find(&v->links, ifindex);
	static char buf[16];

	if (l)
		return l->name;
	snprintf(buf, sizeof(buf), "if%d", ifindex);
	return buf;
}

/* Only a socket in the container tells of its routes; who may not have one sees none. */
static void view_routes(const struct link *near, const struct link *far,
			struct json_object *o)
{
	struct json_object *gateways, *routes;
	char text[ROUTE_TEXT];
	struct routes l = { 0 };
	struct nlsock s = { 0 };
	int fd;
	size_t i;

	fd = netns_open_id(near->peer_nsid, near->alias);
	if (fd < 0)
		return;
	if (!nl_open(&s, NETLINK_ROUTE, fd) && !route_dump(&s, far->ifindex, &l)) {
		gateways = json_array(o, "gateways");
		routes = json_array(o, "routes");
		for (i = 0; i < l.n; i++)
			if (l.v[i].dst.plen)
				json_array_add_str(routes, route_text(&l.v[i], text));
			else if (l.v[i].via.family)
				json_array_add_str(gateways,
						   ip_text(&l.v[i].via, text));
	}
	free(l.v);
	nl_shut(&s);
	close(fd);
}

static struct json_object *view_port(const struct view *v,
				     const struct port *p)
{
	const struct link *near = link_find(&v->links, p->dev);
	struct json_object *o, *macs, *addrs;
	struct link far;
	char buf[IP_TEXT];
	bool have_far;
	size_t i, j, lo = 0, hi = v->n;

	have_far = near && near->peer_nsid >= 0 && near->peer &&
		   !strcmp(near->kind, "veth") &&
		   !link_get(&ctx.rt, NULL, near->peer, near->peer_nsid, &far);
	o = port_json(p, view_name(v, p->net), near, have_far ? &far : NULL);
	macs = json_array(o, "macs");
	addrs = json_array(o, "addresses");
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (v->fdb[mid].port < p->dev)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (i = lo; i < v->n && v->fdb[i].port == p->dev; i++) {
		const struct fdb *f = &v->fdb[i];

		json_array_add_str(macs, mac_text(f->mac, buf));
		for (j = 0; j < f->ips.n; j++)
			json_array_add_str(addrs, ip_text(&f->ips.v[j], buf));
	}
	if (have_far && port_is_made(near))
		view_routes(near, &far, o);
	return o;
}

static struct json_object *view_net(const struct view *v,
				    const struct net *net)
{
	struct json_object *o;
	struct cidrs addrs = { 0 };

	addr_dump(&ctx.rt, net->ifindex, &addrs);
	o = net_json(net, link_find(&v->links, net->ifindex), &addrs);
	free(addrs.v);
	net_json_warnings(o, net);
	return o;
}

/* The objects of a kind as JSON, one after another. */
typedef struct json_object *(*reader)(const struct view *v,
				      struct nlmsghdr *h);

static struct json_object *read_net(const struct view *v, struct nlmsghdr *h)
{
	struct net net;

	return net_parse(h, &net) ? NULL : view_net(v, &net);
}

static struct json_object *read_port(const struct view *v, struct nlmsghdr *h)
{
	struct port p;

	return port_parse(h, &p) ? NULL : view_port(v, &p);
}

static struct json_object *read_peer(const struct view *v, struct nlmsghdr *h)
{
	struct peer p;

	return peer_parse(h, &p) ? NULL : peer_json(&p, view_name(v, p.net));
}

static struct json_object *read_fdb(const struct view *v, struct nlmsghdr *h)
{
	struct json_object *o;
	char port[IFNAMSIZ];
	struct fdb f;

	if (fdb_parse(h, &f))
		return NULL;
	snprintf(port, sizeof(port), "%s", view_name(v, f.port));
	o = fdb_json(&f, view_name(v, f.net), port);
	free(f.ips.v);
	return o;
}

/**
 * struct vtep - a UDP socket of the namespace
 * @family: AF_INET or AF_INET6
 * @dstport: its port
 * @underlay: interface index it is bound to, or 0
 * @nets: how many networks use it
 * @drops: in the message that it was read from
 */
struct vtep {
	uint16_t family;
	uint16_t dstport;
	uint32_t underlay;
	uint32_t nets;
	struct nlattr *drops;
};

static int vtep_parse(struct nlmsghdr *h, struct vtep *vtep)
{
	static const struct nla_policy policy[CTNET_A_VTEP_MAX + 1] = {
		[CTNET_A_VTEP_DSTPORT] = { .type = NLA_U16 },
		[CTNET_A_VTEP_FAMILY] = { .type = NLA_U16 },
		[CTNET_A_VTEP_NETS] = { .type = NLA_U32 },
		[CTNET_A_VTEP_DROPS] = { .type = NLA_NESTED },
		[CTNET_A_VTEP_UNDERLAY] = { .type = NLA_U32 },
	};
	struct nlattr *tb[CTNET_A_VTEP_MAX + 1];

	memset(vtep, 0, sizeof(*vtep));
	if (ge_parse(h, tb, CTNET_A_VTEP_MAX, policy) ||
	    !tb[CTNET_A_VTEP_DSTPORT] || !tb[CTNET_A_VTEP_FAMILY])
		return -EBADMSG;
	vtep->family = nla_get_u16(tb[CTNET_A_VTEP_FAMILY]);
	vtep->dstport = nla_get_u16(tb[CTNET_A_VTEP_DSTPORT]);
	if (tb[CTNET_A_VTEP_UNDERLAY])
		vtep->underlay = nla_get_u32(tb[CTNET_A_VTEP_UNDERLAY]);
	if (tb[CTNET_A_VTEP_NETS])
		vtep->nets = nla_get_u32(tb[CTNET_A_VTEP_NETS]);
	vtep->drops = tb[CTNET_A_VTEP_DROPS];
	return 0;
}

static struct json_object *vtep_json(const struct vtep *vtep)
{
	struct json_object *o = json_object_new_object();
	struct link under;

	json_str(o, "family", vtep->family == AF_INET ? "inet" : "inet6");
	json_u64(o, "dstport", vtep->dstport);
	if (vtep->underlay)
		json_str(o, "underlay", underlay_name(vtep->underlay, &under));
	json_u64(o, "networks", vtep->nets);
	json_stats(o, NULL, vtep->drops);
	return o;
}

static struct json_object *read_vtep(const struct view *v, struct nlmsghdr *h)
{
	struct vtep vtep;

	(void)v;
	return vtep_parse(h, &vtep) ? NULL : vtep_json(&vtep);
}

static const struct kind {
	const char *name;
	uint8_t cmd;
	const struct column *cols;
	reader read;
	bool fdb;		/* needs the static entries */
} kinds[] = {
	{ "nets", CTNET_CMD_NET_GET, net_columns, read_net, false },
	{ "ports", CTNET_CMD_PORT_GET, port_columns, read_port, true },
	{ "peers", CTNET_CMD_PEER_GET, peer_columns, read_peer, false },
	{ "fdb", CTNET_CMD_FDB_GET, fdb_columns, read_fdb, false },
	{ "vteps", CTNET_CMD_VTEP_GET, vtep_columns, read_vtep, false },
};

static int list_kind(const struct kind *k, const struct view *v, int net)
{
	struct json_object *o;
	struct nlmsghdr *h;
	struct replies r;
	int err;

	err = dump(k->cmd, net, &r);
	if (err)
		return err;
	out_begin(k->cols);
	for_each_reply(h, &r) {
		o = k->read(v, h);
		if (o)
			out_item(o);
	}
	out_end();
	replies_free(&r);
	return EXIT_OK;
}

static int no_kind(const char *word)
{
	const char *near = "";
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (text_distance(word, kinds[i].name) == TEXT_FAR)
			continue;
		snprintf(text, sizeof(text), "; is it \"%s\"?", kinds[i].name);
		near = text;
		break;
	}
	return usage_error("\"%s\" is none of nets, ports, peers, fdb and vteps%s",
			   word, near);
}

int list_objects(int n, char **arg, void *vals)
{
	struct link net = { 0 };
	struct view v;
	size_t i;
	int err;

	(void)vals;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, arg[0]))
			break;
	if (i == ARRAY_SIZE(kinds))
		return no_kind(arg[0]);
	if (n > 1 && kinds[i].cmd == CTNET_CMD_VTEP_GET)
		return usage_error("sockets are not a network's but the namespace's: \"list vteps\"");
	if (n > 1) {
		err = net_find(arg[1], &net, NULL);
		if (err)
			return err;
	}
	err = view_open(&v, net.ifindex, kinds[i].fdb);
	if (!err)
		err = list_kind(&kinds[i], &v, net.ifindex);
	view_close(&v);
	return err;
}

/* Words and values of a line of the tree, where there is a value. */
static void tree_words(struct json_object *o, const char *word,
		       const char *key, enum out_color c)
{
	const char *text = out_value(o, key);

	if (!strcmp(text, "-"))
		return;
	printf(word[0] ? " %s " : " ", word);
	out_text(c, text);
}

static void tree_flag(struct json_object *o, const char *key, bool usual)
{
	struct json_object *v;

	if (json_object_object_get_ex(o, key, &v) &&
	    json_object_get_boolean(v) != usual)
		printf(" %s %s", key, usual ? "off" : "on");
}

static void tree_number(struct json_object *o, const char *word,
			const char *key, uint64_t usual)
{
	struct json_object *v;

	if (json_object_object_get_ex(o, key, &v) &&
	    json_object_get_uint64(v) != usual)
		printf(" %s %llu", word,
		       (unsigned long long)json_object_get_uint64(v));
}

static void tree_unless(struct json_object *o, const char *key,
			const char *usual)
{
	const char *text = out_value(o, key);

	if (strcmp(text, "-") && strcmp(text, usual))
		printf(" %s %s", key, text);
}

/* A number, 0 by default, or the inner packet's. */
static void tree_or_inherit(struct json_object *o, const char *name)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_inherit", name);
	if (!strcmp(out_value(o, key), "on"))
		printf(" %s inherit", name);
	else
		tree_unless(o, name, "0");
}

static void tree_warnings(struct json_object *o)
{
	struct json_object *a;
	size_t i;

	if (!json_object_object_get_ex(o, "warnings", &a))
		return;
	for (i = 0; i < json_object_array_length(a); i++) {
		struct json_object *v = json_object_array_get_idx(a, i);

		printf("    ");
		out_text(COLOR_BAD, json_object_get_string(v));
		putchar('\n');
	}
}

static void tree_net(struct json_object *o)
{
	const char *state;

	out_text(COLOR_NAME, out_value(o, "network"));
	printf(": ");
	state = out_value(o, "state");
	out_text(strcmp(state, "up") ? COLOR_BAD : COLOR_GOOD, state);
	tree_words(o, "vni", "vni", COLOR_NONE);
	tree_words(o, "local", "local", COLOR_IP);
	tree_words(o, o && json_object_object_get(o, "local") ? "" : "local",
		   "local6", COLOR_IP);
	tree_words(o, "underlay", "underlay", COLOR_NONE);
	tree_words(o, "dstport", "dstport", COLOR_NONE);
	tree_words(o, "mtu", "mtu", COLOR_NONE);
	tree_flag(o, "learning", true);
	tree_number(o, "ageing", "ageing", CTNET_AGEING_DEFAULT);
	tree_flag(o, "flood", true);
	tree_number(o, "max-fdb", "max_fdb", CTNET_MAX_FDB_DEFAULT);
	tree_flag(o, "suppress", true);
	tree_or_inherit(o, "ttl");
	tree_or_inherit(o, "tos");
	tree_unless(o, "df", "on");
	tree_flag(o, "udp_csum", true);
	tree_unless(o, "mark", "0");
	printf("\n");
	tree_warnings(o);
	printf("   ");
	tree_words(o, "mac", "mac", COLOR_MAC);
	tree_words(o, "addresses", "addresses", COLOR_IP);
	printf("\n   ");
	tree_words(o, "ports", "port_count", COLOR_NONE);
	tree_words(o, "peers", "peer_count", COLOR_NONE);
	tree_words(o, "fdb", "fdb_static", COLOR_NONE);
	printf(" static");
	tree_words(o, "", "fdb_learned", COLOR_NONE);
	printf(" learned\n");
	out_stats(o, "    ");
}

static void tree_port(struct json_object *o)
{
	printf("    port");
	tree_words(o, "", "port", COLOR_NONE);
	if (strcmp(out_value(o, "state"), "up"))
		tree_words(o, "", "state", COLOR_BAD);
	tree_words(o, "label", "label", COLOR_NAME);
	tree_words(o, "ifname", "container_ifname", COLOR_NONE);
	tree_words(o, "mac", "macs", COLOR_MAC);
	tree_words(o, "addresses", "addresses", COLOR_IP);
	tree_words(o, "gateway", "gateways", COLOR_IP);
	tree_words(o, "route", "routes", COLOR_IP);
	tree_flag(o, "learning", true);
	tree_flag(o, "flood", true);
	tree_flag(o, "hairpin", false);
	tree_flag(o, "guard", false);
	tree_flag(o, "isolated", false);
	putchar('\n');
	out_stats(o, "        ");
}

static void tree_peer(struct json_object *o)
{
	printf("    peer");
	tree_words(o, "", "peer", COLOR_IP);
	tree_words(o, "dstport", "dstport", COLOR_NONE);
	putchar('\n');
	out_stats(o, "        ");
}

/* The ports or peers of a network: into an array, or onto the tree. */
static int show_parts(const struct view *v, int net, const struct kind *k,
		      struct json_object *into,
		      void (*print)(struct json_object *o))
{
	struct json_object *o, *a = NULL;
	struct nlmsghdr *h;
	struct replies r;
	int err;

	err = dump(k->cmd, net, &r);
	if (err)
		return err;
	if (ctx.json)
		a = json_array(into, k->name);
	for_each_reply(h, &r) {
		o = k->read(v, h);
		if (!o)
			continue;
		if (a) {
			json_object_array_add(a, o);
		} else {
			print(o);
			json_object_put(o);
		}
	}
	replies_free(&r);
	return EXIT_OK;
}

/* Whether it is one of those that a network receives by. */
static bool vtep_is_of(const struct vtep *vtep, const struct net *net)
{
	const struct ip *local = &net->cfg.local[vtep->family != AF_INET];

	return net->cfg.vni.set && local->family &&
	       vtep->dstport == net->cfg.dstport.v &&
	       vtep->underlay == net->cfg.underlay_ifindex;
}

/*
 * A tree of text ends with the sockets of the namespace. In JSON, which is an array
 * of networks, each has those that it uses.
 */
static void json_vteps(struct json_object *o, const struct net *net,
		       const struct replies *vteps)
{
	struct json_object *a = json_array(o, "vteps");
	struct nlmsghdr *h;
	struct vtep vtep;

	for_each_reply(h, vteps)
		if (!vtep_parse(h, &vtep) && vtep_is_of(&vtep, net))
			json_object_array_add(a, vtep_json(&vtep));
}

static int show_net(const struct view *v, const struct net *net,
		    const struct replies *vteps)
{
	struct json_object *o = view_net(v, net);
	int err;

	if (!ctx.json)
		tree_net(o);
	err = show_parts(v, net->ifindex, &kinds[1], o, tree_port);
	if (!err)
		err = show_parts(v, net->ifindex, &kinds[2], o, tree_peer);
	if (!err && vteps)
		json_vteps(o, net, vteps);
	if (!err && ctx.json)
		out_item(o);
	else
		json_object_put(o);
	return err;
}

static void show_vteps(const struct replies *vteps)
{
	struct json_object *o;
	struct nlmsghdr *h;

	for_each_reply(h, vteps) {
		o = read_vtep(NULL, h);
		if (!o)
			continue;
		printf("vtep");
		tree_words(o, "", "family", COLOR_NONE);
		tree_words(o, "dstport", "dstport", COLOR_NONE);
		tree_words(o, "networks", "networks", COLOR_NONE);
		putchar('\n');
		out_stats(o, "    ");
		json_object_put(o);
	}
}

static int show_nets(const struct view *v, int only)
{
	struct replies nets, vteps = { 0 };
	struct nlmsghdr *h;
	struct net net;
	int err;

	err = dump(CTNET_CMD_NET_GET, only, &nets);
	if (err)
		return err;
	if (ctx.stats)
		err = dump(CTNET_CMD_VTEP_GET, 0, &vteps);
	if (err)
		goto out;
	if (ctx.json)
		out_begin(NULL);
	for_each_reply(h, &nets) {
		if (net_parse(h, &net))
			continue;
		err = show_net(v, &net, ctx.json && ctx.stats ? &vteps : NULL);
		if (err)
			break;
	}
	if (ctx.json)
		out_end();
	else if (!err && ctx.stats)
		show_vteps(&vteps);
	replies_free(&vteps);
out:
	replies_free(&nets);
	return err;
}

int show(int n, char **arg, void *vals)
{
	struct link one = { 0 };
	struct view v;
	int err;

	(void)vals;
	if (n) {
		err = net_find(arg[0], &one, NULL);
		if (err)
			return err;
	}
	err = view_open(&v, one.ifindex, true);
	if (!err)
		err = show_nets(&v, one.ifindex);
	view_close(&v);
	return err;
}
