// SPDX-License-Identifier: GPL-2.0
/*
 * sync --dry-run: what differs, as commands that would make it differ no more. They are in
 * an order in which -b would run them, but for what only sync can do in one stroke: names,
 * VNIs and addresses that change hands.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "sync.h"

static void put_words(const char *verb, const char *a, const char *b)
{
	fputs(verb, stdout);
	putchar(' ');
	word_write(stdout, a);
	if (!b)
		return;
	putchar(' ');
	word_write(stdout, b);
}

/* A command of the file, as it stands there. */
static void put_stmt(const struct stmt *s)
{
	char **w;

	fputs(s->call.c->name, stdout);
	for (w = s->call.arg; *w; w++) {
		putchar(' ');
		word_write(stdout, *w);
	}
	opt_write(stdout, s->call.c->opts, s->call.vals);
	putchar('\n');
}

/* Which port, for a command on it. */
static void put_port(const char *verb, const char *net, const struct st_port *p)
{
	put_words(verb, net, NULL);
	fputs(p->made && !strcmp(verb, "del-port") ? " --port " : " --dev ", stdout);
	word_write(stdout, p->near.name);
}

static bool any_set(const struct opt *opts, const void *vals)
{
	for (; opts->name; opts++)
		if (opt_is_set(opts, vals))
			return true;
	return false;
}

/* What is to go from a list, and what to come, as edits of it. */
static void diff_cidrs(const struct cidrs *had, const struct cidrs *want,
		       struct cidrs *edits)
{
	size_t i;

	for (i = 0; i < want->n; i++)
		if (!addr_among(had, &want->v[i]))
			cidrs_add(edits, &want->v[i]);
	for (i = 0; i < had->n; i++) {
		struct cidr c = had->v[i];

		c.ip.edit = EDIT_REMOVE;
		if (!addr_among(want, &c))
			cidrs_add(edits, &c);
	}
}

static void diff_routes(const struct routes *had, const struct routes *want,
			struct ips *gateways, struct routes *others)
{
	const struct routes *l[] = { had, want };
	size_t i, j;

	for (j = 0; j < 2; j++)
		for (i = 0; i < l[j]->n; i++) {
			struct route r = l[j]->v[i];

			if (route_among(l[!j], &r))
				continue;
			r.dst.ip.edit = j ? EDIT_ADD : EDIT_REMOVE;
			r.via.edit = r.dst.ip.edit;
			if (r.dst.plen)
				routes_add(others, &r);
			else
				ips_add(gateways, &r.via);
		}
}

static int plan_net(struct stmt *s)
{
	const struct st_net *h = s->have_net;
	struct net_opts change = { 0 };
	int err;

	if (!h) {
		put_stmt(s);
		return EXIT_OK;
	}
	err = net_find_underlay(s->net_opts);
	if (err)
		return err;
	s->ifindex = h->link.ifindex;
	edit_net_diff(h, s->net_opts, &change);
	diff_cidrs(&h->addrs, &s->net_opts->address, &change.address);
	if (any_set(set_net_opts, &change)) {
		put_words("set-net", s->call.arg[0], NULL);
		opt_write(stdout, set_net_opts, &change);
		putchar('\n');
	}
	free(change.address.v);
	return EXIT_OK;
}

/* The flags that a port is to have, and has not. */
static void diff_flags(const struct stmt *s, struct port_opts *change)
{
	uint32_t flags = CTNET_PORT_FLAGS_DEFAULT, value, selector;
	const struct st_port *p = s->have_port;
	const struct opt *opt;

	if (p->made)
		flags |= CTNET_PORT_TARGET_FLAGS;
	opt_flags(add_port_opts, s->port_opts, &value, &selector);
	flags = (flags & ~selector) | value;
	for (opt = set_port_opts; opt->name; opt++) {
		struct o_u32 *v = OPT_AT(opt, change);

		if (opt->type != OPT_ONOFF || !((flags ^ p->port.flags) & opt->attr))
			continue;
		v->set = true;
		v->v = !!(flags & opt->attr);
	}
}

static void diff_container(const struct stmt *s, struct port_opts *change)
{
	const struct port_opts *o = s->port_opts;
	const struct st_port *p = s->have_port;
	bool follows = p->port.flags & CTNET_PORT_MTU_AUTO;
	const char *label = o->label ? o->label :
			    o->near ? p->near.alias : s->call.arg[1];
	struct routes routes;

	if (strcmp(label, p->near.alias))
		change->label = label;
	if (!o->near && strcmp(o->host_ifname ? o->host_ifname : p->near.mark,
			       p->near.name))
		change->host_ifname = o->host_ifname ? o->host_ifname :
						       p->near.mark;
	if (!mtu_is_given(&o->mtu)) {
		change->mtu.set = !follows;
		change->mtu.v = MTU_AUTO;
	} else if (follows || o->mtu.v != p->far.mtu ||
		   o->mtu.v != p->near.mtu) {
		change->mtu = o->mtu;
	}
	change->mac.set = match_port_mac(s, change->mac.v) &&
			  memcmp(change->mac.v, p->far.mac, 6);
	diff_cidrs(&p->addrs, &o->address, &change->address);
	port_routes(&routes, &o->gateway, &o->route, &o->address);
	diff_routes(&p->routes, &routes, &change->gateway, &change->route);
	free(routes.v);
}

static void plan_port(const struct stmt *s)
{
	const struct st_port *p = s->have_port;
	struct port_opts change = { 0 };

	if (s->gone)
		return;
	if (!p || p->fate == FATE_DETACHED) {
		put_stmt(s);
		return;
	}
	diff_flags(s, &change);
	if (p->made)
		diff_container(s, &change);
	else if (s->port_opts->label && strcmp(s->port_opts->label, p->near.alias))
		change.label = s->port_opts->label;
	if (any_set(set_port_opts, &change)) {
		if (p->made && s->call.n > 1) {
			put_words("set-port", s->call.arg[0], s->call.arg[1]);
			change.ifname = s->port_opts->ifname;
		} else if (p->made) {
			put_words("set-port", s->call.arg[0], NULL);
			change.near = p->near.name;
		} else {
			put_port("set-port", s->call.arg[0], p);
		}
		opt_write(stdout, set_port_opts, &change);
		putchar('\n');
	}
	free(change.address.v);
	free(change.gateway.v);
	free(change.route.v);
}

static bool same_ips(const struct ips *a, const struct ips *b)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!ip_among(b, &a->v[i]))
			return false;
	return a->n == b->n;
}

/* Does what an entry lies behind go, and come again, and take the entry along? */
static bool place_goes(const struct sync *y, const struct stmt *s)
{
	const struct st_net *n = s->net->have_net;
	const struct peer *peer;

	if (s->port)
		return !s->port->have_port || s->port->have_port->fate != FATE_STAYS;
	if (!s->addr.family)
		return false;
	peer = state_peer(&y->st, n->link.ifindex, &s->addr);
	return !peer || !sync_peer_stays(y, n, peer);
}

static void plan_fdb(const struct sync *y, const struct stmt *s)
{
	const struct fdb_opts *o = s->fdb_opts;
	const struct fdb *old = s->net->have_net ?
		state_fdb(&y->st, s->net->ifindex, s->mac) : NULL;
	int port = s->port ? edit_port_index(s->port) : 0;

	if (s->port && s->port->gone)
		return;
	if (old && !place_goes(y, s) && old->port == port &&
	    old->self == o->self && ip_equal(&old->peer, &o->peer) &&
	    same_ips(&old->ips, &o->ip))
		return;
	put_words("replace-fdb", s->call.arg[0], s->call.arg[1]);
	opt_write(stdout, replace_fdb_opts, o);
	putchar('\n');
}

static int plan_stmt(struct sync *y, struct stmt *s)
{
	const struct st_net *n = s->net->have_net;
	const struct peer *p;

	switch (s->kind) {
	case STMT_NET:
		return plan_net(s);
	case STMT_PORT:
		plan_port(s);
		break;
	case STMT_PEER:
		p = n ? state_peer(&y->st, n->link.ifindex, &s->addr) : NULL;
		if (!p || !sync_peer_stays(y, n, p))
			put_stmt(s);
		break;
	case STMT_FDB:
		plan_fdb(y, s);
		break;
	}
	return EXIT_OK;
}

/* Entries of networks that stay, which go by themselves with no port. */
static void plan_entry(const struct sync *y, const struct fdb *e)
{
	const struct st_net *n = state_net_by_index(&y->st, e->net);
	const struct st_port *p = e->port ? state_port(&y->st, e->port) : NULL;
	struct ips want = { 0 };
	char text[MAC_TEXT];

	if (!n || !n->keep || (p && p->fate != FATE_STAYS) ||
	    (p && p->made && !p->want) || (e->self && !memcmp(e->mac, n->link.mac, 6)))
		return;
	/* That of a container whose MAC changes goes with set-port. */
	if (!sync_entry_stays(y, n, e, &want) &&
	    !(p && p->made && !memcmp(e->mac, p->far.mac, 6))) {
		put_words("del-fdb", n->link.name, mac_text(e->mac, text));
		putchar('\n');
	}
	free(want.v);
}

/* What is a port of nothing, which del-port takes for any network: one that is there then. */
static void plan_rests(const struct sync *y, const bool *goes)
{
	const char *net = y->conf.n ? y->conf.v[0]->net->call.arg[0] :
			  y->st.n_nets ? y->st.nets[0].link.name : NULL;
	size_t i;

	for (i = 0; i < y->st.links.n; i++) {
		const struct link *l = &y->st.links.v[i];

		if (!goes[i] || l->master || !strcmp(l->kind, "ctnet"))
			continue;
		if (net)
			put_words("del-port", net, "--port");
		else
			fputs("# ip link del dev", stdout);
		putchar(' ');
		word_write(stdout, l->name);
		putchar('\n');
	}
}

/* What goes, first: what comes may need its place. */
static void plan_removals(struct sync *y)
{
	char text[IP_TEXT];
	size_t i;

	for (i = 0; i < y->st.n_fdb; i++)
		plan_entry(y, &y->st.fdb[i]);
	for (i = 0; i < y->st.n_ports; i++) {
		const struct st_port *p = &y->st.ports[i];
		const struct st_net *n = state_net_by_index(&y->st, p->port.net);

		if (!n || !(n->keep || p->want) || p->fate == FATE_STAYS)
			continue;
		put_port("del-port", n->link.name, p);
		putchar('\n');
	}
	for (i = 0; i < y->st.n_peers; i++) {
		const struct peer *p = &y->st.peers[i];
		const struct st_net *n = state_net_by_index(&y->st, p->net);

		if (!n || !n->keep || sync_peer_stays(y, n, p))
			continue;
		put_words("del-peer", n->link.name, ip_text(&p->addr, text));
		putchar('\n');
	}
	for (i = 0; i < y->st.n_nets; i++)
		if (!y->st.nets[i].keep) {
			put_words("del-net", y->st.nets[i].link.name, NULL);
			putchar('\n');
		}
}

int plan(struct sync *y)
{
	bool *goes = xcalloc(y->st.links.n + 1, sizeof(*goes));
	int err = EXIT_OK;
	size_t i;

	sync_others(y, goes);
	if (!y->conf.n)
		plan_rests(y, goes);
	plan_removals(y);
	for (i = 0; i < y->conf.n && !err; i++) {
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = plan_stmt(y, y->conf.v[i]);
	}
	if (!err && y->conf.n)
		plan_rests(y, goes);
	free(goes);
	return err ? err : flush_output();
}
