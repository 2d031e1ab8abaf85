// SPDX-License-Identifier: GPL-2.0
/* show and list. */
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "out.h"
#include "text.h"

/* ----------------------------------------------------------------- reading */

static struct ct_state view;

static int by_port(const void *a, const void *b)
{
	const struct ct_fdb *x = a, *y = b;

	return x->port != y->port ? (x->port > y->port) - (x->port < y->port) :
				    memcmp(x->mac, y->mac, 6);
}

/* With @ports all that is behind them, by port, else the names of interfaces only. */
static int view_open(int net, bool ports)
{
	int err = ct_genl(&ct);

	if (err)
		return err;
	if (!ports) {
		err = ct_link_dump(&ct.rt, &view.links);
		return err ? ct_refused(&ct.rt, err, NULL, "list the interfaces") :
			     ct_nat_read(&ct, &view.nat);
	}
	err = ct_state_read(&ct, net, false, &view);
	if (view.n_fdb)
		qsort(view.fdb, view.n_fdb, sizeof(*view.fdb), by_port);
	return err;
}

/* The first entry that lies behind a port, or another one. */
static const struct ct_fdb *entries_of(int port)
{
	size_t lo = 0, hi = view.n_fdb, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (view.fdb[mid].port < port)
			lo = mid + 1;
		else
			hi = mid;
	}
	return view.fdb + lo;
}

static const char *name_of(int ifindex)
{
	const struct ct_link *l = ct_link_find(&view.links, ifindex);
	static char buf[2][CT_PORT_NAME];
	static int turn;

	if (l)
		return l->name;
	turn = !turn;
	if (ct_native_name(ifindex, buf[turn]))
		return buf[turn];
	snprintf(buf[turn], sizeof(buf[turn]), "if%d", ifindex);
	return buf[turn];
}

static struct json_object *view_port(const struct ct_state_port *p)
{
	struct json_object *o, *macs, *addrs, *published, *gateways, *routes;
	const struct ct_nat_owner *w;
	const struct ct_fdb *f;
	char buf[CT_TEXT];
	size_t i;

	o = port_json(&p->port, &p->stats, name_of(p->port.net),
		      p->near.ifindex ? &p->near : NULL,
		      p->has_far ? &p->far : NULL);
	macs = json_array(o, "macs");
	addrs = json_array(o, "addresses");
	f = entries_of(p->port.dev);
	for (; f < view.fdb + view.n_fdb && f->port == p->port.dev; f++) {
		json_array_add_str(macs, ct_mac_text(f->mac, buf));
		for (i = 0; i < f->ips.n; i++)
			json_array_add_str(addrs, ct_ip_text(&f->ips.v[i].ip, buf));
	}
	w = ct_nat_of_near(&view.nat, p->port.dev);
	published = json_array(o, "published");
	for (i = 0; w && i < w->n; i++)
		json_array_add_str(published, ct_published_text(&w->ports[i], buf));
	if (!p->reached)
		return o;
	gateways = json_array(o, "gateways");
	routes = json_array(o, "routes");
	for (i = 0; i < p->routes.n; i++)
		if (p->routes.v[i].plen)
			json_array_add_str(routes, ct_route_text(&p->routes.v[i], buf));
		else if (p->routes.v[i].via.family)
			json_array_add_str(gateways, ct_ip_text(&p->routes.v[i].via, buf));
	return o;
}

/* The object in a message, or NULL. */
static struct json_object *read_net(struct nlmsghdr *h)
{
	const struct ct_link *l;
	struct ct_addrs addrs = { 0 };
	struct json_object *o;
	struct ct_stats st;
	struct ct_net net;

	if (ct_net_parse(h, &net, &st))
		return NULL;
	ct_nat_fill(&view.nat, &net);
	l = ct_link_find(&view.links, net.ifindex);
	ct_addr_dump(&ct.rt, net.ifindex, -1, false, &addrs);
	o = net_json(&net, &st, l, &addrs);
	ct_addrs_free(&addrs);
	net_json_warnings(o, &net);
	return o;
}

static struct json_object *read_peer(struct nlmsghdr *h)
{
	struct ct_stats st;
	struct ct_peer p;

	return ct_peer_parse(h, &p, &st) ? NULL : peer_json(&p, &st, name_of(p.net));
}

static struct json_object *read_fdb(struct nlmsghdr *h)
{
	struct json_object *o;
	struct ct_fdb f;

	if (ct_fdb_parse(h, &f))
		return NULL;
	o = fdb_json(&f, name_of(f.net), name_of(f.port));
	ct_addrs_free(&f.ips);
	return o;
}

/* -------------------------------------------------------------------- list */

static const struct kind {
	const char *name;
	uint8_t cmd;
	const struct column *cols;
	struct json_object *(*read)(struct nlmsghdr *h);	/* NULL: ports; published ones */
} kinds[] = {
	{ "nets", CTNET_CMD_NET_GET, net_columns, read_net },
	{ "ports", CTNET_CMD_PORT_GET, port_columns, NULL },
	{ "peers", CTNET_CMD_PEER_GET, peer_columns, read_peer },
	{ "fdb", CTNET_CMD_FDB_GET, fdb_columns, read_fdb },
	{ "vteps", CTNET_CMD_VTEP_GET, vtep_columns, vtep_json },
	{ "publish", 0, publish_columns, NULL },
};

static int list_kind(const struct kind *k, int net)
{
	struct ct_replies r = { 0 };
	struct json_object *o;
	struct nlmsghdr *h;
	size_t i;
	int err;

	err = k->read ? ct_dump(&ct, k->cmd, net, &r) : CT_OK;
	if (err)
		return err;
	out_begin(k->cols);
	ct_for_each_reply(h, &r) {
		o = k->read(h);
		if (o)
			out_item(o);
	}
	for (i = 0; !k->read && i < view.n_ports; i++)
		out_item(view_port(&view.ports[i]));
	out_end();
	ct_replies_free(&r);
	return CT_OK;
}

static int list_published(const char *net)
{
	size_t i, j;

	out_begin(publish_columns);
	for (i = 0; i < view.nat.n_owners; i++) {
		const struct ct_nat_owner *w = &view.nat.owners[i];

		for (j = 0; (!net || !strcmp(net, w->net)) && j < w->n; j++)
			out_item(published_json(w, &w->ports[j]));
	}
	out_end();
	return CT_OK;
}

static int no_kind(const char *word)
{
	char near[32] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds) && !near[0]; i++)
		if (text_distance(word, kinds[i].name) != TEXT_FAR)
			snprintf(near, sizeof(near), "; is it \"%s\"?", kinds[i].name);
	return ct_misuse(&ct, "\"%s\" is none of nets, ports, peers, fdb, vteps and publish%s",
			 word, near);
}

int list_objects(int n, char **arg, void *vals)
{
	struct ct_link net = { 0 };
	const struct kind *k;
	int err = CT_OK;

	(void)vals;
	for (k = kinds; k < kinds + ARRAY_SIZE(kinds); k++)
		if (!strcmp(k->name, arg[0]))
			break;
	if (k == kinds + ARRAY_SIZE(kinds))
		return no_kind(arg[0]);
	if (n > 1 && k->cmd == CTNET_CMD_VTEP_GET)
		return ct_misuse(&ct, "sockets belong to the namespace, not to a network: \"list vteps\"");
	if (n > 1)
		err = ct_net_find(&ct, arg[1], &net, NULL);
	if (!err)
		err = view_open(net.ifindex, !k->read && k->cmd);
	if (!err)
		err = k->cmd ? list_kind(k, net.ifindex) :
			       list_published(n > 1 ? net.name : NULL);
	ct_state_free(&view);
	return err;
}

/* -------------------------------------------------------------------- show */

/* A word and the value of a line of the tree, where there is a value. */
static void put(struct json_object *o, const char *word, const char *key, enum out_color c)
{
	const char *text = out_value(o, key);

	if (!strcmp(text, "-"))
		return;
	printf(word[0] ? " %s " : " ", word);
	out_text(c, text);
}

/* Numbers and switches that are not as usual. */
static void put_attrs(struct json_object *o, const struct ct_attr *a, uint32_t on)
{
	char buf[CT_TEXT];
	const char *text;

	for (; a->name; a++) {
		text = out_value(o, json_key(a, "_inherit"));
		text = strcmp(text, "on") ? out_value(o, json_key(a, "")) : a->word;
		if (strcmp(text, "-") &&
		    strcmp(text, ct_attr_text(a, on ? on & a->set : a->preset, buf)))
			printf(" %s %s", a->name, text);
	}
}

static void tree_net(struct json_object *o)
{
	struct json_object *warnings = json_object_object_get(o, "warnings");
	bool up = !strcmp(out_value(o, "state"), "up");
	const struct ct_attr *a = ct_net_attrs;
	size_t i;

	out_text(COLOR_NAME, out_value(o, "network"));
	printf(": ");
	out_text(up ? COLOR_GOOD : COLOR_BAD, out_value(o, "state"));
	put(o, "vni", "vni", COLOR_NONE);
	put(o, "local", "local", COLOR_IP);
	put(o, json_object_object_get(o, "local") ? "" : "local", "local6", COLOR_IP);
	put(o, "underlay", "underlay", COLOR_NONE);
	put(o, "dstport", "dstport", COLOR_NONE);
	put(o, "mtu", "mtu", COLOR_NONE);
	while (strcmp(a->name, "learning"))
		a++;
	put_attrs(o, a, 0);
	for (i = 0; i < json_object_array_length(warnings); i++) {
		printf("\n    ");
		out_text(COLOR_BAD,
			 json_object_get_string(json_object_array_get_idx(warnings, i)));
	}
	printf("\n   ");
	put(o, "mac", "mac", COLOR_MAC);
	put(o, "addresses", "addresses", COLOR_IP);
	printf("\n   ");
	put(o, "ports", "port_count", COLOR_NONE);
	put(o, "peers", "peer_count", COLOR_NONE);
	put(o, "fdb", "fdb_static", COLOR_NONE);
	put(o, "static", "fdb_learned", COLOR_NONE);
	printf(" learned\n");
	out_stats(o, "    ");
}

static void tree_port(struct json_object *o)
{
	printf("   ");
	put(o, "port", "port", COLOR_NONE);
	if (strcmp(out_value(o, "state"), "up"))
		put(o, "", "state", COLOR_BAD);
	put(o, "label", "label", COLOR_NAME);
	put(o, "ifname", "container_ifname", COLOR_NONE);
	put(o, "mac", "macs", COLOR_MAC);
	put(o, "addresses", "addresses", COLOR_IP);
	put(o, "gateway", "gateways", COLOR_IP);
	put(o, "route", "routes", COLOR_IP);
	put(o, "publish", "published", COLOR_IP);
	put_attrs(o, ct_port_attrs, CTNET_PORT_FLAGS_DEFAULT);
	putchar('\n');
	out_stats(o, "        ");
}

static void tree_peer(struct json_object *o)
{
	printf("   ");
	put(o, "peer", "peer", COLOR_IP);
	put(o, "dstport", "dstport", COLOR_NONE);
	putchar('\n');
	out_stats(o, "        ");
}

static void tree_vtep(struct json_object *o)
{
	printf("vtep");
	put(o, "", "family", COLOR_NONE);
	put(o, "dstport", "dstport", COLOR_NONE);
	put(o, "networks", "networks", COLOR_NONE);
	putchar('\n');
	out_stats(o, "    ");
}

/* A part of a network: into its array, or onto the tree. Takes @o, which may be NULL. */
static void show_part(struct json_object *a, struct json_object *o,
		      void (*print)(struct json_object *o))
{
	if (!o)
		return;
	if (a) {
		json_object_array_add(a, o);
		return;
	}
	print(o);
	json_object_put(o);
}

/* Whether a socket is one that a network receives by. */
static bool vtep_is_of(struct json_object *vtep, struct json_object *net)
{
	static const char *const keys[] = { "dstport", "underlay" };
	bool v4 = !strcmp(out_value(vtep, "family"), "inet");
	size_t i;

	if (!json_object_object_get(net, v4 ? "local" : "local6"))
		return false;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!json_object_equal(json_object_object_get(vtep, keys[i]),
				       json_object_object_get(net, keys[i])))
			return false;
	return true;
}

/*
 * A tree of text ends with the sockets of the namespace. In JSON, which is an array of
 * networks, each has those that it uses.
 */
static void show_net(struct json_object *o, int ifindex, const struct ct_replies *vteps)
{
	struct json_object *a, *vtep;
	struct nlmsghdr *h;
	size_t i;

	if (!ctx.json)
		tree_net(o);
	a = ctx.json ? json_array(o, "ports") : NULL;
	for (i = 0; i < view.n_ports; i++)
		if (view.ports[i].port.net == ifindex)
			show_part(a, view_port(&view.ports[i]), tree_port);
	a = ctx.json ? json_array(o, "peers") : NULL;
	for (i = 0; i < view.n_peers; i++)
		if (view.peers[i].peer.net == ifindex)
			show_part(a, peer_json(&view.peers[i].peer, &view.peers[i].stats,
					       name_of(ifindex)), tree_peer);
	a = ctx.json && ctx.stats ? json_array(o, "vteps") : NULL;
	ct_for_each_reply(h, vteps) {
		vtep = a ? vtep_json(h) : NULL;
		if (vtep && vtep_is_of(vtep, o))
			json_object_array_add(a, json_object_get(vtep));
		json_object_put(vtep);
	}
	if (ctx.json)
		out_item(o);
	else
		json_object_put(o);
}

int show(int n, char **arg, void *vals)
{
	struct ct_replies nets = { 0 }, vteps = { 0 };
	struct ct_link one = { 0 };
	struct json_object *o;
	struct nlmsghdr *h;
	int err = CT_OK;

	(void)vals;
	if (n)
		err = ct_net_find(&ct, arg[0], &one, NULL);
	if (!err)
		err = view_open(one.ifindex, true);
	if (!err)
		err = ct_dump(&ct, CTNET_CMD_NET_GET, one.ifindex, &nets);
	if (!err && ctx.stats)
		err = ct_dump(&ct, CTNET_CMD_VTEP_GET, 0, &vteps);
	if (!err && ctx.json)
		out_begin(NULL);
	ct_for_each_reply(h, &nets) {
		o = err ? NULL : read_net(h);
		if (o)
			show_net(o, json_object_get_int(json_object_object_get(o, "ifindex")),
				 &vteps);
	}
	if (!err && ctx.json)
		out_end();
	else
		ct_for_each_reply(h, &vteps)
			show_part(NULL, vtep_json(h), tree_vtep);
	ct_replies_free(&vteps);
	ct_replies_free(&nets);
	ct_state_free(&view);
	return err;
}
