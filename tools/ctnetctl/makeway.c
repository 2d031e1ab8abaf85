// SPDX-License-Identifier: GPL-2.0
/*
 * What stands in the way of a configuration: entries, peers, ports of networks that they
 * leave, the VNI or the name of a network that is to be deleted. It goes such that it can
 * come back.
 */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <linux/ctnet.h>

#include "sync.h"

static bool moves(const struct sync *y, const struct ct_state_port *p)
{
	return p && (y->fate[p - y->st.ports] == DETACHED ||
		     y->fate[p - y->st.ports] == CARRIED);
}

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
		err = sync_emit(y, "replace-fdb", n->link.name, ct_mac_text(e->mac, mac), &less);
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
	return sync_emit(y, "del-fdb", n->link.name, ct_mac_text(e->mac, text), &o);
}

static int free_peer(struct sync *y, const struct ct_peer *p, bool *gone)
{
	const struct ct_state_net *n = ct_state_net(&y->st, p->net);
	struct peer_opts o = { .if_exists = !y->dry_run };
	char text[CT_TEXT];

	if (!net_stmt(y, n) || peer_stays(y, n, p))
		return CT_OK;
	*gone = true;
	return sync_emit(y, "del-peer", n->link.name, ct_ip_text(&p->addr, text), &o);
}

static bool is_wanted(const struct sync *y, const struct stmt *port, const struct ct_published *p)
{
	size_t i, j;

	for (i = 0; i < y->conf.n; i++) {
		const struct stmt *s = y->conf.v[i];

		for (j = 0; s->port == port && j < s->n_published; j++)
			if (ct_published_same(&s->published[j], p))
				return true;
	}
	return false;
}

/* What a port that stays has published, and no line does. */
static int free_published(struct sync *y, const struct ct_nat_owner *w)
{
	const struct ct_state_port *p = w->near ? ct_state_port(&y->st, w->near) : NULL;
	const struct stmt *port = p ? y->want[p - y->st.ports] : NULL;
	struct ct_published *gone;
	size_t i, n = 0;
	int err;

	if (!port || !port_stays(y, p) || !ct_nat_is_port(w))
		return CT_OK;
	gone = ct_calloc(w->n, sizeof(*gone));
	for (i = 0; i < w->n; i++)
		if (!is_wanted(y, port, &w->ports[i]))
			gone[n++] = w->ports[i];
	err = sync_published(y, "unpublish", port, gone, n);
	free(gone);
	return err;
}

/* The near end of a container's, too, is a device that can be detached. */
static int detach(struct sync *y, const struct ct_state_port *p)
{
	struct ct_port_conf o = { .dev = p->near.name, .if_exists = !y->dry_run };
	const struct ct_state_net *n = ct_state_net(&y->st, p->port.net);

	return sync_emit(y, "del-port", n->link.name, NULL, &o);
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

int make_way(struct sync *y)
{
	int err = CT_OK;
	size_t i;

	for (i = 0; i < y->st.n_fdb && !err; i++)
		err = free_entry(y, &y->st.fdb[i]);
	for (i = 0; i < y->st.n_peers && !err; i++)
		err = free_peer(y, &y->st.peers[i].peer, &y->peer_gone[i]);
	for (i = 0; i < y->st.nat.n_owners && !err; i++)
		err = free_published(y, &y->st.nat.owners[i]);
	for (i = 0; i < y->st.n_ports && !err; i++)
		if (y->fate[i] == DETACHED || (y->fate[i] == CARRIED && !y->dry_run))
			err = detach(y, &y->st.ports[i]);
	for (i = 0; i < y->st.n_nets && !err && !y->dry_run; i++)
		if (!y->net[i] && !is_left_alone(y, &y->st.nets[i]))
			err = free_vni(y, &y->st.nets[i]);
	for (i = 0; i < y->conf.n && !err && !y->dry_run; i++)
		if (y->conf.v[i]->replaces)
			err = free_name(y, y->conf.v[i]->replaces);
	return err;
}
