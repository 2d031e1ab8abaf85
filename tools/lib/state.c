// SPDX-License-Identifier: GPL-2.0
/* What the kernel has: networks with all that was set on them, read at one go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "ct.h"

static int order(int a, int b)
{
	return (a > b) - (a < b);
}

static int net_order(const void *a, const void *b)
{
	const struct ct_state_net *x = a, *y = b;

	return strcmp(x->net.name, y->net.name);
}

static int port_order(const void *a, const void *b)
{
	const struct ct_state_port *x = a, *y = b;

	return order(x->port.dev, y->port.dev);
}

static int peer_order(const void *a, const void *b)
{
	const struct ct_state_peer *x = a, *y = b;
	struct ct_addr p = { .ip = x->peer.addr }, q = { .ip = y->peer.addr };
	int d = order(x->peer.net, y->peer.net);

	return d ? d : ct_addr_order(&p, &q);
}

static int fdb_order(const void *a, const void *b)
{
	const struct ct_fdb *x = a, *y = b;
	int d = order(x->net, y->net);

	return d ? d : memcmp(x->mac, y->mac, 6);
}

static void sort(void *v, size_t n, size_t size, int (*cmp)(const void *a, const void *b))
{
	if (n)
		qsort(v, n, size, cmp);
}

static void *find(const void *key, const void *v, size_t n, size_t size,
		  int (*cmp)(const void *a, const void *b))
{
	return n ? bsearch(key, v, n, size, cmp) : NULL;
}

/*
 * IPv4 addresses stay as they are, since the first of a subnet is the one that packets
 * have; how the kernel orders IPv6 ones says nothing.
 */
static void sort_addresses(struct ct_addrs *l)
{
	size_t v4 = 0;

	while (v4 < l->n && l->v[v4].ip.family == AF_INET)
		v4++;
	sort(l->v + v4, l->n - v4, sizeof(*l->v), ct_addr_order);
}

struct ct_state_net *ct_state_net(const struct ct_state *st, int ifindex)
{
	size_t i;

	for (i = 0; i < st->n_nets; i++)
		if (st->nets[i].net.ifindex == ifindex)
			return &st->nets[i];
	return NULL;
}

struct ct_state_port *ct_state_port(const struct ct_state *st, int dev)
{
	struct ct_state_port key = { .port.dev = dev };

	return find(&key, st->ports, st->n_ports, sizeof(key), port_order);
}

struct ct_state_peer *ct_state_peer(const struct ct_state *st, int net,
				    const struct ct_ip *addr)
{
	struct ct_state_peer key = { .peer = { .net = net, .addr = *addr } };

	return find(&key, st->peers, st->n_peers, sizeof(key), peer_order);
}

struct ct_fdb *ct_state_fdb(const struct ct_state *st, int net, const uint8_t mac[6])
{
	struct ct_fdb key = { .net = net };

	memcpy(key.mac, mac, 6);
	return find(&key, st->fdb, st->n_fdb, sizeof(key), fdb_order);
}

/* How much is read: what is counted, what is to be shown, what somebody acts by. */
enum depth {
	COUNTERS,
	SHOWN,
	STRICT,
};

static int read_nets(struct ct *ct, struct ct_state *st, int net, enum depth depth)
{
	struct ct_state_net *new;
	const struct ct_link *l;
	struct nlmsghdr *h;
	struct ct_replies r;
	int err, e;

	err = ct_dump(ct, CTNET_CMD_NET_GET, net, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r) {
		st->nets = ct_grow(st->nets, st->n_nets, sizeof(*st->nets));
		new = &st->nets[st->n_nets];
		memset(new, 0, sizeof(*new));
		/* One that came just now is seen the next time. */
		l = ct_net_parse(h, &new->net, &new->stats) ? NULL :
		    ct_link_find(&st->links, new->net.ifindex);
		if (!l)
			continue;
		new->link = *l;
		if (depth == COUNTERS) {
			st->n_nets++;
			continue;
		}
		ct_nat_fill(&st->nat, &new->net);
		e = ct_addr_dump(&ct->rt, l->ifindex, -1, depth == STRICT, &new->addrs);
		if (e == -ENODEV)
			continue;
		st->n_nets++;
		if (e && depth == STRICT) {
			err = ct_refused(&ct->rt, e, NULL, "read the addresses of %s", l->name);
			break;
		}
		if (depth == STRICT)
			sort_addresses(&new->addrs);
	}
	ct_replies_free(&r);
	sort(st->nets, st->n_nets, sizeof(*st->nets), net_order);
	return err;
}

static int read_peers(struct ct *ct, struct ct_state *st, int net)
{
	struct ct_state_peer *new;
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	err = ct_dump(ct, CTNET_CMD_PEER_GET, net, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r) {
		st->peers = ct_grow(st->peers, st->n_peers, sizeof(*st->peers));
		new = &st->peers[st->n_peers];
		st->n_peers += !ct_peer_parse(h, &new->peer, &new->stats);
	}
	ct_replies_free(&r);
	sort(st->peers, st->n_peers, sizeof(*st->peers), peer_order);
	return CT_OK;
}

int ct_state_read_vteps(struct ct *ct, struct ct_state *st)
{
	struct ct_state_vtep *new;
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	err = ct_dump(ct, CTNET_CMD_VTEP_GET, 0, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r) {
		st->vteps = ct_grow(st->vteps, st->n_vteps, sizeof(*st->vteps));
		new = &st->vteps[st->n_vteps];
		st->n_vteps += !ct_vtep_parse(h, &new->vtep, &new->stats);
	}
	ct_replies_free(&r);
	return CT_OK;
}

static int read_fdb(struct ct *ct, struct ct_state *st, int net)
{
	struct nlmsghdr *h;
	struct ct_replies r;
	struct ct_fdb *new;
	int err;

	err = ct_fdb_dump_static(ct, net, 0, &r);
	if (err)
		return ct_fail(ct, "%s", ct_why(&ct->ge, err, NULL));
	ct_for_each_reply(h, &r) {
		st->fdb = ct_grow(st->fdb, st->n_fdb, sizeof(*st->fdb));
		new = &st->fdb[st->n_fdb];
		if (ct_fdb_parse(h, new))
			continue;
		sort(new->ips.v, new->ips.n, sizeof(*new->ips.v), ct_addr_order);
		st->n_fdb++;
	}
	ct_replies_free(&r);
	sort(st->fdb, st->n_fdb, sizeof(*st->fdb), fdb_order);
	return CT_OK;
}

/*
 * Which MAC its interface has is up to the container, who may have taken another's: what
 * counts is what was entered for its port.
 */
const struct ct_fdb *ct_state_own_entry(const struct ct_state *st,
					const struct ct_state_port *p)
{
	const struct ct_fdb *f = ct_state_fdb(st, p->port.net, p->far.mac), *first = NULL;
	size_t i, j;

	if (f && f->port == p->port.dev)
		return f;
	for (i = 0; i < st->n_fdb; i++) {
		f = &st->fdb[i];
		if (f->port != p->port.dev || f->local)
			continue;
		for (j = 0; j < f->ips.n; j++)
			if (ct_mac_is_from_ip(f->mac, &f->ips.v[j].ip))
				return f;
		if (!first)
			first = f;
	}
	return first;
}

/* Is that of a container which the kernel takes apart? Nothing is there to be read. */
static bool goes(int err)
{
	return err == -ENODEV || err == -EINVAL;
}

/* MAC, and addresses: those of the interface that the table has, too. */
static int read_port_addrs(struct ct *ct, const struct ct_state *st, struct ct_state_port *p)
{
	const struct ct_fdb *own = ct_state_own_entry(st, p);
	struct ct_addrs all;
	size_t i;
	int err;

	if (own)
		memcpy(p->mac, own->mac, 6);
	else if (!ct_state_fdb(st, p->port.net, p->far.mac))
		memcpy(p->mac, p->far.mac, 6);
	else
		ct_mac_random(p->mac);
	if (!own)
		return CT_OK;
	err = ct_addr_dump(&ct->rt, p->far.ifindex, p->near.peer_nsid, true, &all);
	if (goes(err))
		return CT_OK;
	if (err)
		return ct_refused(&ct->rt, err, NULL, "read the addresses of the container at %s",
				  p->near.name);
	for (i = 0; i < all.n; i++)
		if (ct_ip_among(&own->ips, &all.v[i].ip))
			ct_addrs_add(&p->addrs, &all.v[i]);
	ct_addrs_free(&all);
	sort_addresses(&p->addrs);
	return CT_OK;
}

/* Would add-port, with the addresses, take such a route, as it is? */
static bool is_takeable(const struct ct_state_port *p, const struct ct_addrs *routes,
			const struct ct_addr *r)
{
	bool family = !r->via.family || ct_ip_is_link_local(&r->via);
	bool inside = family, whole = false;
	size_t i;

	if (!r->plen && !r->via.family)
		return false;
	for (i = 0; i < routes->n; i++)
		if (ct_same_cidr(&routes->v[i], r))
			return false;
	for (i = 0; i < p->addrs.n; i++) {
		const struct ct_addr *a = &p->addrs.v[i];

		family = family || a->ip.family == r->via.family;
		inside = inside || ct_ip_is_in(&r->via, a);
		whole = whole || (a->ip.family == r->via.family && a->plen == a->ip.len * 8);
	}
	return family && (inside || whole);
}

/* Only a socket in the container tells of its routes. */
static int read_routes(struct ct *ct, struct ct_state_port *p, int fd, bool strict)
{
	struct ct_addrs all = { 0 };
	struct ct_sock s;
	size_t i;
	int err;

	err = ct_sock_open(ct, &s, NETLINK_ROUTE, fd);
	if (err) {
		err = ct_refused(&s, err, NULL, "open a socket in the container at %s",
				 p->near.name);
	} else {
		err = ct_route_dump(&s, p->far.ifindex, &all);
		if (err)
			err = ct_refused(&s, err, NULL, "read the routes of the container at %s",
					 p->near.name);
		else
			p->reached = true;
	}
	for (i = 0; i < all.n; i++)
		if (!strict || is_takeable(p, &p->routes, &all.v[i]))
			ct_addrs_add(&p->routes, &all.v[i]);
	ct_addrs_free(&all);
	ct_sock_close(&s);
	return err;
}

/* @gone: it is not to be had any more. */
static int read_container(struct ct *ct, const struct ct_state *st, struct ct_state_port *p,
			  bool strict, bool *gone)
{
	int err, fd;

	err = ct_link_get(&ct->rt, NULL, p->near.peer, p->near.peer_nsid, &p->far);
	p->has_far = !err;
	if (goes(err)) {
		*gone = true;
		return CT_OK;
	}
	if (err)
		return ct_refused(&ct->rt, err == -EACCES ? -EPERM : err, NULL,
				  "read the interface of the container at %s", p->near.name);
	if (!p->made)
		return CT_OK;
	err = read_port_addrs(ct, st, p);
	if (err)
		return err;
	err = strict ? ct_netns_name(ct, p->near.peer_nsid, p->near.alias, &p->target) : 0;
	err = err ?: ct_netns_open_id(ct, p->near.peer_nsid, p->near.alias, &fd);
	if (err)
		return ct_refused(&ct->rt, err, NULL, "find the container at %s", p->near.name);
	/* It ends just now; or none but a descriptor of somebody's holds it. */
	if (fd < 0) {
		free(p->target);
		p->target = NULL;
		return CT_OK;
	}
	err = read_routes(ct, p, fd, strict);
	close(fd);
	return err;
}

static int read_ports(struct ct *ct, struct ct_state *st, int net, enum depth depth)
{
	bool strict = depth == STRICT;
	struct ct_state_port *new;
	const struct ct_link *l;
	struct ct_link native;
	struct nlmsghdr *h;
	struct ct_replies r;
	bool gone;
	int err, e;

	err = ct_dump(ct, CTNET_CMD_PORT_GET, net, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r) {
		st->ports = ct_grow(st->ports, st->n_ports, sizeof(*st->ports));
		new = &st->ports[st->n_ports];
		memset(new, 0, sizeof(*new));
		if (ct_port_parse(h, &new->port, &new->stats))
			continue;
		l = ct_link_find(&st->links, new->port.dev);
		if (new->port.dev < 0) {
			ct_native_link(&new->port, NULL, &native);
			l = &native;
		}
		if (!l && strict)
			continue;
		gone = l && l->peer_goes;
		e = CT_OK;
		if (l) {
			new->near = *l;
			new->made = ct_port_is_made(l);
		}
		if (l && depth != COUNTERS && (new->made || !strict) && l->peer &&
		    l->peer_nsid >= 0 &&
		    (!strcmp(l->kind, "veth") || ct_link_is_native(l)))
			e = read_container(ct, st, new, strict, &gone);
		if (new->has_far && new->port.dev < 0)
			ct_native_link(&new->port, &new->far, &new->near);
		if (!gone || !strict)
			st->n_ports++;
		if (e && strict) {
			err = e;
			break;
		}
	}
	ct_replies_free(&r);
	sort(st->ports, st->n_ports, sizeof(*st->ports), port_order);
	return err;
}

static int read_links(struct ct *ct, struct ct_state *st)
{
	int err;

	memset(st, 0, sizeof(*st));
	err = ct_genl(ct);
	if (err)
		return err;
	err = ct_link_dump(&ct->rt, &st->links);
	return err ? ct_refused(&ct->rt, err, NULL, "list the interfaces") : CT_OK;
}

int ct_state_read_counters(struct ct *ct, struct ct_state *st)
{
	int err = read_links(ct, st);

	err = err ?: read_nets(ct, st, 0, COUNTERS);
	err = err ?: read_ports(ct, st, 0, COUNTERS);
	err = err ?: read_peers(ct, st, 0);
	return err ?: ct_state_read_vteps(ct, st);
}

int ct_state_read(struct ct *ct, int net, bool strict, struct ct_state *st)
{
	enum depth depth = strict ? STRICT : SHOWN;
	int err;

	ct->whole = strict;
	err = read_links(ct, st);
	err = err ?: ct_nat_read(ct, &st->nat);
	err = err ?: read_nets(ct, st, net, depth);
	err = err ?: read_peers(ct, st, net);
	err = err ?: read_fdb(ct, st, net);
	err = err ?: read_ports(ct, st, net, depth);
	ct_netns_forget(ct);
	ct->whole = false;
	return err;
}

void ct_state_free(struct ct_state *st)
{
	size_t i;

	for (i = 0; i < st->n_nets; i++)
		ct_addrs_free(&st->nets[i].addrs);
	for (i = 0; i < st->n_ports; i++) {
		free(st->ports[i].target);
		ct_addrs_free(&st->ports[i].addrs);
		ct_addrs_free(&st->ports[i].routes);
	}
	for (i = 0; i < st->n_fdb; i++)
		ct_addrs_free(&st->fdb[i].ips);
	free(st->nets);
	free(st->ports);
	free(st->peers);
	free(st->vteps);
	free(st->fdb);
	ct_links_free(&st->links);
	ct_nat_free(&st->nat);
	memset(st, 0, sizeof(*st));
}

bool ct_state_entry_is_own(const struct ct_state_port *p, const struct ct_fdb *f)
{
	size_t i;

	if (!p->made || f->port != p->port.dev || memcmp(f->mac, p->mac, 6))
		return false;
	for (i = 0; i < f->ips.n; i++)
		if (!ct_ip_among(&p->addrs, &f->ips.v[i].ip))
			return false;
	return true;
}
