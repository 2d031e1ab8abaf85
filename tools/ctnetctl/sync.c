// SPDX-License-Identifier: GPL-2.0
/*
 * restore and sync: what differs between the kernel's state and a configuration, as commands
 * that make it differ no more. They are run one after the other, within one command that can
 * be taken back; or, for --dry-run, printed. The order of the steps is the point:
 *
 * 1. What the configuration names is looked up, so that what can be known to fail fails
 *    before anything is changed.
 * 2. What stands in the way goes, such that it can come back: entries, peers, ports of
 *    networks that they leave, the VNI of a network that is to be deleted.
 * 3. Each command of the file runs, in its order; or, where what it makes is there already,
 *    one that changes it.
 * 4. What the file does not have is deleted, in one stroke, which is not taken back.
 *
 * restore is a sync where nothing is there: 1 and 3, of each network for itself.
 *
 * A network is not given a VNI, nor does it lose it: it is made anew, under its name. The old
 * one goes on under another name until it is deleted, and its ports are taken over.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <linux/ctnet.h>

#include "conf.h"

enum fate {
	STAYS,
	DETACHED,		/* and maybe attached to another network */
	CARRIED,		/* to the network that takes its network's place */
	DELETED,
};

/**
 * struct sync - a configuration, and what the kernel has
 * @conf: the configuration
 * @st: what the kernel has; for restore its interfaces only
 * @restore: nothing of the configuration may be there
 * @only: the one network that it is about, or NULL
 * @dry_run: commands are printed, and not run
 * @net: of each of @st's networks, the command that makes it, or NULL
 * @want: of each of @st's ports, the command that makes it, or NULL
 * @fate: of each of @st's ports, what becomes of it
 * @peer_gone: of each of @st's peers, whether it was removed
 * @fdb_gone: of each of @st's entries, likewise
 */
struct sync {
	struct conf conf;
	struct ct_state st;
	bool restore;
	const char *only;
	bool dry_run;
	const struct stmt **net;
	const struct stmt **want;
	enum fate *fate;
	bool *peer_gone;
	bool *fdb_gone;
};

static void put_command(const char *verb, const char *a, const char *b)
{
	fputs(verb, stdout);
	putchar(' ');
	word_write(stdout, a);
	if (b) {
		putchar(' ');
		word_write(stdout, b);
	}
}

/* Run a command, or print it. */
static int emit(struct sync *y, const char *verb, const char *a, const char *b, void *vals)
{
	const struct command *c = command_find(verb);
	char *arg[3] = { (char *)a, (char *)b };

	if (!y->dry_run)
		return c->run(b ? 2 : 1, arg, vals);
	put_command(verb, a, b);
	opt_write(stdout, c->opts, vals);
	putchar('\n');
	return CT_OK;
}

static int emit_stmt(struct sync *y, struct stmt *s)
{
	return emit(y, s->call.c->name, s->call.arg[0], s->call.arg[1], s->call.vals);
}

static bool any_set(const struct opt *opts, const void *vals)
{
	for (; opts->name; opts++)
		if (opt_is_set(opts, vals))
			return true;
	return false;
}

/* The command that makes a network, which stays then; it may call it by another name. */
static const struct stmt *net_stmt(const struct sync *y, const struct ct_state_net *n)
{
	return n ? y->net[n - y->st.nets] : NULL;
}

static bool port_stays(const struct sync *y, const struct ct_state_port *p)
{
	return p && y->fate[p - y->st.ports] == STAYS;
}

static bool moves(const struct sync *y, const struct ct_state_port *p)
{
	return p && (y->fate[p - y->st.ports] == DETACHED ||
		     y->fate[p - y->st.ports] == CARRIED);
}

/* --------------------------------------------------------------- 1. looking up */

static int match_underlay(struct sync *y, const struct stmt *s)
{
	const char *name = s->net_conf->underlay;
	const struct ct_link *dev;
	const struct stmt *net;

	if (!name)
		return CT_OK;
	dev = ct_link_called(&ct.rt, &y->st.links, name);
	net = conf_find(&y->conf, name, NULL, NULL);
	if ((net && net->line < s->line) || (!dev && !strcmp(name, CT_UNDERLAY_ANY)))
		return CT_OK;
	if (!dev)
		return ct_fail(&ct, "no device \"%s\" in this namespace to be the underlay", name);
	if (!y->restore && !y->only && !strcmp(dev->kind, "ctnet"))
		return ct_fail(&ct, "the underlay \"%s\" is a network that no line before this one adds",
			       name);
	return CT_OK;
}

static int match_net(struct sync *y, struct stmt *s)
{
	const char *name = s->call.arg[0];
	const struct ct_link *l = ct_link_called(&ct.rt, &y->st.links, name);
	struct ct_state_net *have;
	uint8_t mac[6];
	int err;

	err = match_underlay(y, s);
	if (err)
		return err;
	if (l && strcmp(l->kind, "ctnet"))
		return ct_fail(&ct, "there is another interface of that name%s%s: rename it, or the network",
			       l->kind[0] ? ", of kind " : "", l->kind);
	if (l && y->restore)
		return ct_fail(&ct, "the network is there already: \"ctnetctl sync\" makes it what a file says, \"ctnetctl del-net %s\" removes it",
			       name);
	have = l ? ct_state_net(&y->st, l->ifindex) : NULL;
	if (l && !have)
		return ct_fail(&ct, "the network came just now: try again");
	if (have && have->net.conf.vni.set == s->net_conf->vni.set) {
		y->net[have - y->st.nets] = s;
		s->have_net = have;
	} else if (have) {
		s->replaces = have;
	}
	if (ct_net_mac(mac, s->net_conf))
		return conf_own_mac(&y->conf, s, mac);
	return s->have_net ? conf_own_mac(&y->conf, s, have->link.mac) : CT_OK;
}

/* The MAC that a port's container is to have; false: any. */
static bool port_mac(const struct stmt *s, uint8_t mac[6])
{
	const struct ct_port_conf *o = s->port_conf;
	const struct ct_state_port *p = s->have_port;
	const struct ct_ip *first = o->address.n ? &o->address.v[0].ip : NULL;

	if (o->mac.set)
		memcpy(mac, o->mac.v, 6);
	else if (p && (!first || ct_mac_is_from_ip(p->mac, first)))
		memcpy(mac, p->mac, 6);
	else if (first)
		ct_mac_from_ip(mac, first, 0);
	else
		return false;
	return true;
}

/* Two names may be one port's. */
static int claim(struct sync *y, struct stmt *s, struct ct_state_port *p)
{
	const struct stmt **want = p ? &y->want[p - y->st.ports] : NULL;
	uint8_t mac[6];

	s->have_port = p;
	if (p && *want)
		return ct_misuse(&ct, "this is the port of line %u", (*want)->line);
	if (p)
		*want = s;
	return !s->dev && port_mac(s, mac) ? conf_own_mac(&y->conf, s, mac) : CT_OK;
}

static int match_dev(struct sync *y, struct stmt *s)
{
	s->dev = ct_link_called(&ct.rt, &y->st.links, s->port_conf->dev);
	if (!s->dev)
		return ct_fail(&ct, "no interface \"%s\" in this namespace", s->port_conf->dev);
	return claim(y, s, ct_state_port(&y->st, s->dev->ifindex));
}

static int container_gone(struct stmt *s)
{
	s->gone = true;
	ct_warn(&ct, "the container is not there, and its port is left out");
	return CT_OK;
}

/* A near end that says which container it is. */
static int match_near(struct sync *y, struct stmt *s)
{
	const struct ct_link *near = ct_link_called(&ct.rt, &y->st.links, s->port_conf->near);
	struct ct_state_port *p;

	if (!near || !ct_port_is_made(near))
		return container_gone(s);
	p = ct_state_port(&y->st, near->ifindex);
	if (!p && near->master)
		return ct_fail(&ct, "%s is a port of another network", near->name);
	if (!p)
		s->takes = near->ifindex;
	return claim(y, s, p);
}

static int match_container(struct sync *y, struct stmt *s)
{
	struct ct_state_port *p = NULL;
	struct ct_container *c;
	int err = CT_OK;

	c = ct_container_open(&ct, s->call.arg[1], s->port_conf->ifname, &s->gone, "");
	if (s->gone)
		return container_gone(s);
	if (!c)
		return ct.code;
	if (c->state == CT_FAR_HERE)
		p = ct_state_port(&y->st, c->near.ifindex);
	/* Nobody is at work: we have the lock alone. What is half made is made anew. */
	if (c->state == CT_FAR_HERE && ct_port_is_made(&c->near) &&
	    (!c->near.master || (p && ct_port_is_unfinished(&c->near)))) {
		s->takes = c->near.ifindex;
		p = NULL;
	} else if (c->state != CT_FAR_NONE && !(p && p->made)) {
		err = ct_container_already(c);
	}
	ct_container_close(c);
	return err ? err : claim(y, s, p);
}

static int match_fdb(struct sync *y, struct stmt *s)
{
	const struct stmt *by = conf_find_mac(&y->conf, s->call.arg[0], "own", s->mac);

	if (by && !s->replace)
		return ct_misuse(&ct, "line %u enters this MAC by itself: \"replace-fdb\" changes that entry",
				 by->line);
	return CT_OK;
}

static int match_one(struct sync *y, struct stmt *s)
{
	switch (s->kind) {
	case STMT_NET:
		return match_net(y, s);
	case STMT_PORT:
		return s->port_conf->dev ? match_dev(y, s) :
		       s->port_conf->near ? match_near(y, s) : match_container(y, s);
	case STMT_FDB:
		return match_fdb(y, s);
	default:
		return CT_OK;
	}
}

static int match(struct sync *y)
{
	size_t i;
	int err;

	for (i = 0; i < y->conf.n; i++) {
		struct stmt *s = y->conf.v[i];

		if (s->net->failed)
			continue;
		conf_at(&y->conf, s, NULL);
		err = match_one(y, s);
		if (!err)
			continue;
		if (!y->restore || err == CT_USAGE)
			return err;
		/* One network that cannot be had keeps no other one away. */
		s->net->failed = true;
		complain();
	}
	for (i = 0; i < y->st.n_ports; i++) {
		const struct ct_state_port *p = &y->st.ports[i];
		const struct ct_state_net *n = ct_state_net(&y->st, p->port.net);
		bool unnamed = p->made && !p->target && !ct_port_is_unfinished(&p->near);
		const struct stmt *heir = n ? conf_find(&y->conf, n->link.name, NULL, NULL) :
					      NULL;

		if (!n)
			continue;
		if (y->want[i])
			y->fate[i] = y->want[i]->net->have_net == n ? STAYS : DETACHED;
		else if (net_stmt(y, n))
			y->fate[i] = !p->made ? DETACHED : unnamed ? STAYS : DELETED;
		else if (unnamed && heir && heir->replaces == n)
			y->fate[i] = CARRIED;
		else
			y->fate[i] = p->made ? DELETED : STAYS;
	}
	return CT_OK;
}

/* ------------------------------------------------------- 2. out of the way */

static uint32_t dstport_of(const struct ct_net_conf *o)
{
	return o->dstport.set ? o->dstport.v : CTNET_DSTPORT_DEFAULT;
}

static bool vni_is_used(const struct sync *y, uint32_t vni)
{
	size_t i;

	for (i = 0; i < y->st.n_nets; i++)
		if (y->st.nets[i].net.conf.vni.v == vni)
			return true;
	for (i = 0; i < y->conf.n; i++)
		if (y->conf.v[i]->kind == STMT_NET && y->conf.v[i]->net_conf->vni.v == vni)
			return true;
	return false;
}

/* A network that is to be deleted gives up the VNI that a line wants. */
static int free_vni(struct sync *y, struct ct_state_net *n)
{
	struct ct_net_conf change = { .vni = { true, CTNET_VNI_MAX } };
	const struct stmt *s;
	size_t i;

	for (i = 0; i < y->conf.n; i++) {
		s = y->conf.v[i];
		if (s->kind == STMT_NET && s->net_conf->vni.set &&
		    s->net_conf->vni.v == n->net.conf.vni.v &&
		    dstport_of(s->net_conf) == n->net.conf.dstport.v)
			break;
	}
	if (!n->net.conf.vni.set || i == y->conf.n)
		return CT_OK;
	while (vni_is_used(y, change.vni.v))
		change.vni.v--;
	n->net.conf.vni.v = change.vni.v;
	return ct_net_set(&ct, n->link.name, &change);
}

/* Whether a peer is to be there as it is. */
static bool peer_stays(const struct sync *y, const struct ct_state_net *n,
		       const struct ct_peer *p)
{
	const struct stmt *s = conf_find_peer(&y->conf, net_stmt(y, n)->call.arg[0], &p->addr);

	return s && p->dstport == (s->peer_opts->dstport.set ? s->peer_opts->dstport.v : 0);
}

static int stmt_dev(const struct stmt *s)
{
	return s->dev ? s->dev->ifindex : s->have_port ? s->have_port->port.dev : 0;
}

/*
 * What is to become of an entry of a network that stays: at most the addresses of @want may
 * be left now, so that others can have the rest. False: it has to go.
 */
static bool entry_stays(const struct sync *y, const struct ct_state_net *n,
			const struct ct_fdb *e, const struct ct_addrs **want)
{
	static const struct ct_addrs none;
	const char *net = net_stmt(y, n)->call.arg[0];
	const struct stmt *s = conf_find_mac(&y->conf, net, "fdb", e->mac);
	const struct stmt *by = conf_find_mac(&y->conf, net, "own", e->mac);
	const struct ct_state_peer *peer;

	*want = &none;
	if (s && s->port && s->port->gone)
		s = NULL;
	/* The network's own MAC: the entry comes and goes with that. */
	if ((!s && !by) || (by && by->kind == STMT_NET && memcmp(e->mac, n->link.mac, 6)))
		return false;
	if (s)
		*want = &s->fdb_conf->ip;
	else if (by->kind == STMT_PORT)
		*want = &by->port_conf->address;
	/* Where it is to lie must be there, and stay. */
	if (s ? !!s->port : by->kind == STMT_PORT)
		return port_stays(y, ct_state_port(&y->st, stmt_dev(s ? s->port : by)));
	if (!s || !s->addr.family)
		return true;
	peer = ct_state_peer(&y->st, n->link.ifindex, &s->addr);
	return peer && peer_stays(y, n, &peer->peer);
}

/* An entry with those of its addresses only that are among @want. */
static int reduce_entry(struct sync *y, const struct ct_state_net *n, struct ct_fdb *e,
			const struct ct_addrs *want)
{
	const struct ct_state_port *p = e->port ? ct_state_port(&y->st, e->port) : NULL;
	struct ct_fdb_conf less = {
		.port = p ? p->near.name : NULL, .peer = e->peer, .self = e->self,
	};
	char mac[CT_TEXT];
	size_t i;
	int err = CT_OK;

	for (i = 0; i < e->ips.n; i++)
		if (ct_ip_among(want, &e->ips.v[i].ip))
			ct_ips_add(&less.ip, &e->ips.v[i].ip);
	if (less.ip.n < e->ips.n)
		err = emit(y, "replace-fdb", n->link.name, ct_mac_text(e->mac, mac), &less);
	ct_addrs_free(&e->ips);
	e->ips = less.ip;
	return err;
}

static int free_entry(struct sync *y, struct ct_fdb *e)
{
	const struct ct_state_net *n = ct_state_net(&y->st, e->net);
	const struct ct_state_port *p = e->port ? ct_state_port(&y->st, e->port) : NULL;
	struct ct_fdb_conf o = { .if_exists = !y->dry_run };
	bool *gone = &y->fdb_gone[e - y->st.fdb], own, stays;
	static const struct ct_addrs none;
	const struct ct_addrs *want = &none;
	char text[CT_TEXT];
	uint8_t mac[6];

	/* What is deleted with all of its network, or is left alone. */
	if (!moves(y, p) && (!net_stmt(y, n) || (p && p->made && port_stays(y, p) &&
						 !y->want[p - y->st.ports])))
		return CT_OK;
	own = e->self && !memcmp(e->mac, n->link.mac, 6);
	if (e->local && !own)
		return CT_OK;
	if (p && !port_stays(y, p))
		stays = false;
	else
		stays = entry_stays(y, n, e, &want);
	/* It cannot be removed, and goes when the network changes its MAC. */
	if (own && ct_net_mac(mac, net_stmt(y, n)->net_conf))
		*gone = memcmp(mac, n->link.mac, 6);
	if (own)
		return reduce_entry(y, n, e, stays && !*gone ? want : &none);
	if (stays)
		return reduce_entry(y, n, e, want);
	*gone = true;
	/* It goes with its port; but another may want its addresses before. */
	if (y->dry_run && p && !port_stays(y, p))
		return CT_OK;
	return emit(y, "del-fdb", n->link.name, ct_mac_text(e->mac, text), &o);
}

static int free_peer(struct sync *y, const struct ct_peer *p, bool *gone)
{
	const struct ct_state_net *n = ct_state_net(&y->st, p->net);
	struct peer_opts o = { .if_exists = !y->dry_run };
	char text[CT_TEXT];

	if (!net_stmt(y, n) || peer_stays(y, n, p))
		return CT_OK;
	*gone = true;
	return emit(y, "del-peer", n->link.name, ct_ip_text(&p->addr, text), &o);
}

/* The near end of a container's, too, is a device that can be detached. */
static int detach(struct sync *y, const struct ct_state_port *p)
{
	struct ct_port_conf o = { .dev = p->near.name, .if_exists = !y->dry_run };
	const struct ct_state_net *n = ct_state_net(&y->st, p->port.net);

	return emit(y, "del-port", n->link.name, NULL, &o);
}

/* Another takes its name: it goes on as something else until it is deleted. */
static int free_name(struct sync *y, const struct ct_state_net *n)
{
	int index = n->link.ifindex, err;
	struct ct_sock *rt = &ct.rt;
	char name[IFNAMSIZ];
	uint32_t id;
	size_t i;

	do {
		ct_random(&id, sizeof(id));
		snprintf(name, sizeof(name), "old%08x", id);
	} while (ct_link_called(rt, &y->st.links, name));
	/* A device that is down loses its IPv6 addresses. */
	for (i = 0; i < n->addrs.n; i++)
		if (n->addrs.v[i].ip.family == AF_INET6)
			ct_undo(rt, ct_addr_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index,
						&n->addrs.v[i], 0));
	err = ct_step(rt, ct_link_up_msg(index, false),
		      ct_link_up_msg(index, n->link.flags & IFF_UP), NULL,
		      "take the network down");
	return err ?: ct_step(rt, ct_link_name_msg(index, name),
			      ct_link_name_msg(index, n->link.name), NULL, "rename the network");
}

static int make_way(struct sync *y)
{
	int err = CT_OK;
	size_t i;

	for (i = 0; i < y->st.n_fdb && !err; i++)
		err = free_entry(y, &y->st.fdb[i]);
	for (i = 0; i < y->st.n_peers && !err; i++)
		err = free_peer(y, &y->st.peers[i].peer, &y->peer_gone[i]);
	for (i = 0; i < y->st.n_ports && !err; i++)
		if (y->fate[i] == DETACHED || (y->fate[i] == CARRIED && !y->dry_run))
			err = detach(y, &y->st.ports[i]);
	for (i = 0; i < y->st.n_nets && !err && !y->dry_run; i++)
		if (!y->net[i])
			err = free_vni(y, &y->st.nets[i]);
	for (i = 0; i < y->conf.n && !err && !y->dry_run; i++)
		if (y->conf.v[i]->replaces)
			err = free_name(y, y->conf.v[i]->replaces);
	return err;
}

/* ---------------------------------------------------- 3. the commands of the file */

static int sync_net(struct sync *y, struct stmt *s)
{
	const struct ct_state_net *h = s->have_net;
	struct ct_net_conf change = { 0 };
	int err;

	err = ct_net_find_underlay(&ct, s->net_conf);
	if (err)
		return err;
	ct_net_diff(&h->net, h->link.mac, &h->addrs, s->net_conf, &change);
	if (h->net.conf.underlay_ifindex == CTNET_UNDERLAY_GONE)
		change.underlay = NULL;
	if (any_set(set_net_opts, &change))
		err = emit(y, "set-net", s->call.arg[0], NULL, &change);
	ct_addrs_free(&change.address);
	return err || y->dry_run ? err : ct_link_up(&ct.rt, &h->link);
}

/* Another underlay, where the old one is gone, cannot be taken back: it comes last. */
static int sync_underlay(struct sync *y, struct stmt *s)
{
	const struct ct_state_net *h = s->have_net;
	struct ct_net_conf all = { 0 }, change = { 0 };

	if (!h || h->net.conf.underlay_ifindex != CTNET_UNDERLAY_GONE)
		return CT_OK;
	ct_net_diff(&h->net, h->link.mac, &h->addrs, s->net_conf, &all);
	change.underlay = all.underlay;
	change.underlay_any = all.underlay_any;
	ct_addrs_free(&all.address);
	return change.underlay ? emit(y, "set-net", s->call.arg[0], NULL, &change) : CT_OK;
}

/* The flags that a port is to have, and has not; and the label. */
static void diff_port(const struct stmt *s, struct ct_port_conf *change)
{
	const struct ct_state_port *p = s->have_port;
	uint32_t flags = CTNET_PORT_FLAGS_DEFAULT | (p->made ? CT_TARGET_FLAGS : 0);
	const char *label = s->port_conf->label;
	const struct ct_attr *a;
	uint32_t value, selector;

	ct_port_flags(s->port_conf, &value, &selector);
	flags = (flags & ~selector) | value;
	for (a = ct_port_attrs; a->name; a++)
		if ((flags ^ p->port.flags) & a->set)
			*CT_ATTR(a, change) = (struct ct_num){ true, !!(flags & a->set) };
	if (!label && p->made && !s->port_conf->near)
		label = s->call.arg[1];
	change->label = label && strcmp(label, p->near.alias) ? label : NULL;
}

static void edit_routes(struct ct_port_conf *change, const struct ct_addrs *edits,
			enum ct_edit edit)
{
	size_t i;

	for (i = 0; i < edits->n; i++) {
		const struct ct_addr *r = &edits->v[i];
		struct ct_addr gateway = { .ip = r->via, .edit = edit };

		if (r->edit == edit)
			ct_addrs_add(r->plen ? &change->route : &change->gateway,
				     r->plen ? r : &gateway);
	}
}

static void diff_container(const struct stmt *s, struct ct_port_conf *change)
{
	const struct ct_port_conf *o = s->port_conf;
	const struct ct_state_port *p = s->have_port;
	bool follows = p->port.flags & CTNET_PORT_MTU_AUTO;
	const char *name = o->host_ifname ? o->host_ifname : p->near.mark;
	struct ct_addrs routes, edits = { 0 };

	if (!o->near && strcmp(name, p->near.name))
		change->host_ifname = name;
	if (!o->mtu.set || o->mtu.v == CT_MTU_AUTO)
		change->mtu = (struct ct_num){ !follows, CT_MTU_AUTO };
	else if (follows || o->mtu.v != p->far.mtu || o->mtu.v != p->near.mtu)
		change->mtu = o->mtu;
	change->mac.set = port_mac(s, change->mac.v) && memcmp(change->mac.v, p->far.mac, 6);
	ct_addrs_diff(&p->addrs, &o->address, &change->address);
	if (!p->reached)
		return;
	ct_port_routes(&routes, &o->gateway, &o->route, &o->address);
	ct_addrs_diff(&p->routes, &routes, &edits);
	/* What goes comes first: what comes takes its place. */
	edit_routes(change, &edits, CT_REMOVE);
	edit_routes(change, &edits, CT_ADD);
	ct_addrs_free(&edits);
	ct_addrs_free(&routes);
}

/* The entry that add-port would have entered, unless another command says more. */
static int own_entry(struct sync *y, const struct stmt *s)
{
	const struct ct_state_port *p = s->have_port;
	struct ct_fdb_conf o = { .port = p->near.name };
	const struct ct_fdb *e;
	char text[CT_TEXT];
	uint8_t mac[6];
	int err = CT_OK;

	port_mac(s, mac);
	if (conf_find_mac(&y->conf, s->call.arg[0], "fdb", mac))
		return CT_OK;
	o.ip = ct_addrs_ips(&s->port_conf->address);
	e = ct_state_fdb(&y->st, p->port.net, mac);
	if (!e || e->port != p->port.dev || !ct_addrs_same(&e->ips, &o.ip))
		err = emit(y, "replace-fdb", s->call.arg[0], ct_mac_text(mac, text), &o);
	ct_addrs_free(&o.ip);
	return err;
}

static int sync_port(struct sync *y, struct stmt *s)
{
	const struct ct_state_port *p = s->have_port;
	const char *target = p->made ? s->call.arg[1] : NULL;
	struct ct_port_conf change = { 0 };
	int err = CT_OK;

	/* What was detached keeps its interface, and what that has. */
	if (!port_stays(y, p))
		err = emit_stmt(y, s);
	else if (!y->dry_run)
		err = ct_link_up(&ct.rt, &p->near);
	diff_port(s, &change);
	if (p->made)
		diff_container(s, &change);
	if (!port_stays(y, p)) {
		struct ct_addrs old = change.address;
		size_t i;

		change = (struct ct_port_conf){ 0 };
		for (i = 0; i < old.n; i++)
			if (old.v[i].edit == CT_REMOVE)
				ct_addrs_add(&change.address, &old.v[i]);
		ct_addrs_free(&old);
	}
	if (!err && any_set(set_port_opts, &change)) {
		change.ifname = target ? s->port_conf->ifname : NULL;
		change.near = p->made && !target ? p->near.name : NULL;
		change.dev = p->made ? NULL : p->near.name;
		err = emit(y, "set-port", s->call.arg[0], target, &change);
	}
	if (!err && p->made && port_stays(y, p) && !change.address.n && !change.mac.set)
		err = own_entry(y, s);
	opt_free(set_port_opts, &change);
	return err;
}

static int sync_fdb(struct sync *y, struct stmt *s)
{
	const struct ct_fdb_conf *o = s->fdb_conf;
	const struct ct_fdb *old = ct_state_fdb(&y->st, s->net->have_net->link.ifindex, s->mac);
	const struct ct_state_port *p = s->port ? s->port->have_port : NULL;

	if (old && !y->fdb_gone[old - y->st.fdb] && (!s->port || port_stays(y, p)) &&
	    old->port == (p ? p->port.dev : 0) && old->self == o->self &&
	    ct_ip_equal(&old->peer, &o->peer) && ct_addrs_same(&old->ips, &o->ip))
		return CT_OK;
	return emit(y, "replace-fdb", s->call.arg[0], s->call.arg[1], s->call.vals);
}

/* Ports without a name, from a network to the one that takes its place. */
static int carry(struct sync *y, const struct stmt *s)
{
	struct ct_fdb_conf o = { 0 };
	char mac[CT_TEXT];
	int net, err;
	size_t i, j;

	err = ct_net_index(&ct, s->call.arg[0], &net, NULL);
	for (i = 0; i < y->st.n_ports && !err; i++) {
		const struct ct_port *p = &y->st.ports[i].port;

		if (y->fate[i] != CARRIED || p->net != s->replaces->net.ifindex)
			continue;
		o.port = y->st.ports[i].near.name;
		err = ct_step(&ct.ge, ct_port_msg(&ct, CTNET_CMD_PORT_ADD, net, p->dev, p->flags,
						  CTNET_PORT_FLAGS_ALL),
			      ct_port_msg(&ct, CTNET_CMD_PORT_DEL, net, p->dev, 0, 0), NULL,
			      "attach %s", o.port);
		for (j = 0; j < y->st.n_fdb && !err; j++) {
			const struct ct_fdb *e = &y->st.fdb[j];

			o.ip = e->ips;
			if (e->port == p->dev && !e->local)
				err = emit(y, "add-fdb", s->call.arg[0],
					   ct_mac_text(e->mac, mac), &o);
		}
	}
	return err;
}

static int run(struct sync *y, struct stmt *s)
{
	const struct ct_state_net *n = s->net->have_net;
	const struct ct_state_peer *peer;
	int err;

	switch (s->kind) {
	case STMT_NET:
		err = n ? sync_net(y, s) : emit_stmt(y, s);
		return err || !s->replaces || y->dry_run ? err : carry(y, s);
	case STMT_PORT:
		if (s->gone)
			return CT_OK;
		return s->have_port ? sync_port(y, s) : emit_stmt(y, s);
	case STMT_PEER:
		peer = n ? ct_state_peer(&y->st, n->link.ifindex, &s->addr) : NULL;
		return peer && !y->peer_gone[peer - y->st.peers] ? CT_OK : emit_stmt(y, s);
	case STMT_FDB:
		if (s->port && s->port->gone)
			return CT_OK;
		return n ? sync_fdb(y, s) : emit_stmt(y, s);
	}
	return CT_OK;
}

/* ------------------------------------------------------------- 4. deletion */

/*
 * What add-port made and is a port of nothing: its network went, or it was killed. One that
 * is finished and whose container has no name is left alone, as such ports are.
 */
static int is_rest(const struct sync *y, const struct ct_link *l, bool *rest)
{
	char *name;
	size_t i;
	int err;

	if (y->only || l->master || !ct_port_is_made(l))
		return CT_OK;
	for (i = 0; i < y->conf.n; i++)
		if (y->conf.v[i]->takes == l->ifindex)
			return CT_OK;
	*rest = ct_port_is_unfinished(l);
	if (*rest)
		return CT_OK;
	err = ct_netns_name(&ct, l->peer_nsid, l->alias, &name);
	if (err)
		return ct_refused(&ct.rt, err, NULL, "find the container at %s", l->name);
	*rest = name;
	free(name);
	return CT_OK;
}

/* Which of the interfaces are to be deleted in the end. */
static int find_others(const struct sync *y, bool *goes)
{
	const struct ct_links *ls = &y->st.links;
	int err = CT_OK;
	size_t i;

	for (i = 0; i < y->st.n_nets; i++)
		goes[ct_link_find(ls, y->st.nets[i].link.ifindex) - ls->v] = !y->net[i];
	for (i = 0; i < y->st.n_ports; i++)
		if (y->fate[i] == DELETED)
			goes[ct_link_find(ls, y->st.ports[i].port.dev) - ls->v] = true;
	for (i = 0; i < ls->n && !err; i++)
		err = is_rest(y, &ls->v[i], &goes[i]);
	ct_netns_forget(&ct);
	return err;
}

static int delete_others(struct sync *y, const bool *goes)
{
	int err = ct_links_del(&ct.rt, &y->st.links, goes);

	return err ? ct_refused(&ct.rt, err, NULL, "delete what the file does not have") : CT_OK;
}

/*
 * The same as commands, which come first: what comes may need the place. What is a port of
 * nothing del-port takes for any network: one that is there then.
 */
static void print_others(struct sync *y, const bool *goes, bool rests)
{
	const struct ct_links *ls = &y->st.links;
	const char *any = y->conf.n ? y->conf.v[0]->net->call.arg[0] :
			  y->st.n_nets ? y->st.nets[0].link.name : NULL;
	size_t i;

	for (i = 0; i < ls->n; i++) {
		const struct ct_link *l = &ls->v[i];
		const struct ct_state_net *n = ct_state_net(&y->st, l->master);
		bool rest = !l->master && strcmp(l->kind, "ctnet");

		if (!goes[i] || rest != rests || (n && !net_stmt(y, n)))
			continue;
		if (!strcmp(l->kind, "ctnet"))
			put_command("del-net", l->name, NULL);
		else if (n || any)
			put_command("del-port", n ? n->link.name : any, "--port");
		else
			fputs("# ip link del dev", stdout);
		if (strcmp(l->kind, "ctnet")) {
			putchar(' ');
			word_write(stdout, l->name);
		}
		putchar('\n');
	}
}

/* -------------------------------------------------------------- all of it */

static int sync_all(struct sync *y, const char *what)
{
	bool *goes = ct_calloc(y->st.links.n, sizeof(*goes));
	size_t i;
	int err;

	err = find_others(y, goes);
	ct_begin(&ct);
	if (y->dry_run) {
		print_others(y, goes, false);
		if (!y->conf.n)
			print_others(y, goes, true);
	}
	err = err ?: make_way(y);
	for (i = 0; i < y->conf.n && !err; i++) {
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = run(y, y->conf.v[i]);
	}
	for (i = 0; i < y->conf.n && !err; i++) {
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = sync_underlay(y, y->conf.v[i]);
	}
	if (!err)
		conf_at(&y->conf, NULL, what);
	if (!err && !y->dry_run)
		err = delete_others(y, goes);
	else if (!err && y->conf.n)
		print_others(y, goes, true);
	free(goes);
	return ct_end(&ct, err);
}

/* A network with all that belongs to it, or nothing of it. */
static void restore_net(struct sync *y, struct stmt *net)
{
	int err = CT_OK;
	size_t i;

	ct_begin(&ct);
	for (i = 0; i < y->conf.n && !err; i++) {
		if (y->conf.v[i]->net != net)
			continue;
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = run(y, y->conf.v[i]);
	}
	net->failed = err;
	if (err)
		complain();
	ct_end(&ct, err);
}

/* What is interrupted leaves nothing; a network that cannot be had leaves the others. */
static int restore_all(struct sync *y, const char *what)
{
	size_t i, n = 0, failed = 0, size = 0;
	char *names = NULL;
	struct stmt *s;
	FILE *f;
	int err;

	f = open_memstream(&names, &size);
	if (!f)
		ct_nomem();
	ct_begin(&ct);
	for (i = 0; i < y->conf.n; i++) {
		s = y->conf.v[i];
		if (s->kind != STMT_NET)
			continue;
		if (!s->failed && !ct_interrupted(&ct))
			restore_net(y, s);
		n++;
		if (s->failed)
			fprintf(f, "%s%s", failed++ ? ", " : "", s->call.arg[0]);
	}
	if (fclose(f))
		ct_nomem();
	conf_at(&y->conf, NULL, what);
	err = ct_end(&ct, ct_interrupted(&ct) ? CT_REFUSED : CT_OK);
	if (!err && failed && failed < n) {
		ct_fail(&ct, "%zu of %zu networks could not be made: %s; the others are there",
			failed, n, names);
		complain();
	}
	free(names);
	return err || failed ? CT_REFUSED : CT_OK;
}

/* What there is, as much of it as counts. */
static int look(struct sync *y)
{
	struct ct_link l = { 0 };
	int err = -ENODEV;

	if (y->only)
		err = ct_link_get(&ct.rt, y->only, 0, -1, &l);
	if (!y->restore && (!y->only || !err))
		return ct_state_read(&ct, l.ifindex, true, &y->st);
	err = ct_link_dump(&ct.rt, &y->st.links);
	return err ? ct_refused(&ct.rt, err, NULL, "list the interfaces") : CT_OK;
}

static int apply(struct sync *y, const char *what)
{
	int err;

	conf_at(&y->conf, NULL, what);
	err = look(y);
	if (err)
		return err;
	y->net = ct_calloc(y->st.n_nets, sizeof(*y->net));
	y->want = ct_calloc(y->st.n_ports, sizeof(*y->want));
	y->fate = ct_calloc(y->st.n_ports, sizeof(*y->fate));
	y->peer_gone = ct_calloc(y->st.n_peers, sizeof(*y->peer_gone));
	y->fdb_gone = ct_calloc(y->st.n_fdb, sizeof(*y->fdb_gone));
	err = match(y);
	if (err)
		return err;
	conf_at(&y->conf, NULL, what);
	return y->restore ? restore_all(y, what) : sync_all(y, what);
}

/* A container in which something is changed has two descriptors until all is. */
static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

/* A "save" that failed in a pipe must not be taken for a wish. */
static int no_command(const struct sync *y)
{
	if (y->only)
		return ct_misuse(&ct, "the file has no \"add-net %s\", and to sync with it would delete that network; --allow-empty if that is what you want",
				 y->only);
	return ct_misuse(&ct, "the file is empty: it has no command, and to sync with it would delete all networks; --allow-empty if that is what you want");
}

static int from_file(struct sync *y, const char *path, bool allow_empty)
{
	const char *outer_file = ctx.file;
	unsigned int outer_line = ctx.line;
	char what[sizeof(ctx.what)];
	int err;

	snprintf(what, sizeof(what), "%s", ctx.what);
	raise_limit();
	err = conf_read(&y->conf, path);
	if (!err && y->only)
		conf_only(&y->conf, y->only);
	if (!err && !y->restore && !y->conf.n && !allow_empty) {
		conf_at(&y->conf, NULL, what);
		err = no_command(y);
	}
	if (!err) {
		ct_lock(&ct, true);
		err = apply(y, what);
		ct_unlock(&ct);
	}
	/* The sentence is of the line that is at fault. */
	if (err)
		complain();
	free(y->net);
	free(y->want);
	free(y->fate);
	free(y->peer_gone);
	free(y->fdb_gone);
	ct_state_free(&y->st);
	conf_free(&y->conf);
	ctx.file = outer_file;
	ctx.line = outer_line;
	snprintf(ctx.what, sizeof(ctx.what), "%s", what);
	return err;
}

int restore(int n, char **arg, void *vals)
{
	struct sync y = { .restore = true };

	(void)n;
	(void)vals;
	return from_file(&y, arg[0], true);
}

const struct opt sync_opts[] = {
	{ .name = "dry-run", .type = OPT_FLAG, .off = offsetof(struct sync_opts, dry_run),
	  .help = "print commands that would do it, and do nothing" },
	{ .name = "allow-empty", .type = OPT_FLAG, .off = offsetof(struct sync_opts, allow_empty),
	  .help = "a file without a command deletes all networks" },
	{ .name = NULL }
};

int sync_file(int n, char **arg, void *vals)
{
	const struct sync_opts *o = vals;
	struct sync y = { .dry_run = o->dry_run, .only = n > 1 ? arg[0] : NULL };

	return from_file(&y, arg[n - 1], o->allow_empty);
}
