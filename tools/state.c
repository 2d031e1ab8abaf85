// SPDX-License-Identifier: GPL-2.0
/* What the kernel has: networks with all that was set on them, read at one go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "state.h"

/* Room for one more in an array that grows by doubling. */
static void *grow(void *v, size_t n, size_t size)
{
	/* at 0, 16, 32, 64 ... */
	if (n && (n < 16 || n & (n - 1)))
		return v;
	return xrealloc(v, (n ? n * 2 : 16) * size);
}

static int dump(uint8_t cmd, int net, struct replies *r)
{
	struct nl_msg *msg = ge_msg(cmd, NLM_F_DUMP);
	int err;

	/* NET (of networks: IFINDEX) is the first attribute of every object. */
	if (net)
		msg_put_u32(msg, CTNET_A_PORT_NET, net);
	err = nl_do(&ctx.ge, msg, r);
	if (err)
		return fail("read the configuration: %s",
			    nl_why(&ctx.ge, err, NULL));
	return EXIT_OK;
}

static int order(int a, int b)
{
	return (a > b) - (a < b);
}

static int net_order(const void *a, const void *b)
{
	const struct st_net *x = a, *y = b;

	return strcmp(x->net.name, y->net.name);
}

static int port_order(const void *a, const void *b)
{
	const struct st_port *x = a, *y = b;

	return order(x->port.dev, y->port.dev);
}

static int peer_order(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;

	return x->net != y->net ? order(x->net, y->net) :
				  ip_compare(&x->addr, &y->addr);
}

static int fdb_order(const void *a, const void *b)
{
	const struct fdb *x = a, *y = b;

	return x->net != y->net ? order(x->net, y->net) :
				  memcmp(x->mac, y->mac, 6);
}

static int ip_order(const void *a, const void *b)
{
	return ip_compare(a, b);
}

/*
 * IPv4 addresses stay as they are, since the first of a subnet is the one that
 * packets have; how the kernel orders IPv6 ones says nothing.
 */
static int cidr_order(const void *a, const void *b)
{
	const struct cidr *x = a, *y = b;
	int d = ip_compare(&x->ip, &y->ip);

	return d ? d : order(x->plen, y->plen);
}

static void sort_addresses(struct cidrs *l)
{
	size_t v4 = 0;

	while (v4 < l->n && l->v[v4].ip.family == AF_INET)
		v4++;
	if (l->n > v4)
		qsort(l->v + v4, l->n - v4, sizeof(*l->v), cidr_order);
}

static void sort(void *v, size_t n, size_t size,
		 int (*cmp)(const void *a, const void *b))
{
	if (n)
		qsort(v, n, size, cmp);
}

static void *find(const void *key, const void *v, size_t n, size_t size,
		  int (*cmp)(const void *a, const void *b))
{
	return n ? bsearch(key, v, n, size, cmp) : NULL;
}

struct st_net *state_net(const struct state *st, const char *name)
{
	struct st_net key = { 0 };

	snprintf(key.net.name, sizeof(key.net.name), "%s", name);
	return find(&key, st->nets, st->n_nets, sizeof(key), net_order);
}

struct st_net *state_net_by_index(const struct state *st, int ifindex)
{
	size_t i;

	for (i = 0; i < st->n_nets; i++)
		if (st->nets[i].net.ifindex == ifindex)
			return &st->nets[i];
	return NULL;
}

struct st_port *state_port(const struct state *st, int dev)
{
	struct st_port key = { .port.dev = dev };

	return find(&key, st->ports, st->n_ports, sizeof(key), port_order);
}

struct peer *state_peer(const struct state *st, int net, const struct ip *addr)
{
	struct peer key = { .net = net, .addr = *addr };

	return find(&key, st->peers, st->n_peers, sizeof(key), peer_order);
}

struct fdb *state_fdb(const struct state *st, int net, const uint8_t mac[6])
{
	struct fdb key = { .net = net };

	memcpy(key.mac, mac, 6);
	return find(&key, st->fdb, st->n_fdb, sizeof(key), fdb_order);
}

static int read_nets(struct state *st, int net)
{
	const struct link *l;
	struct st_net *new;
	struct nlmsghdr *h;
	struct replies r;
	int err, e;

	err = dump(CTNET_CMD_NET_GET, net, &r);
	if (err)
		return err;
	for_each_reply(h, &r) {
		st->nets = grow(st->nets, st->n_nets, sizeof(*st->nets));
		new = &st->nets[st->n_nets];
		memset(new, 0, sizeof(*new));
		/* One that came just now is seen the next time. */
		if (net_parse(h, &new->net))
			continue;
		l = link_find(&st->links, new->net.ifindex);
		if (!l)
			continue;
		new->net.stats = NULL;
		new->net.drops = NULL;
		new->link = *l;
		st->n_nets++;
		e = addr_dump_given(&ctx.rt, l->ifindex, -1, &new->addrs);
		if (e == -ENODEV) {
			st->n_nets--;
			continue;
		}
		if (e) {
			err = fail("read the addresses of %s: %s", l->name,
				   nl_why(&ctx.rt, e, NULL));
			break;
		}
		sort_addresses(&new->addrs);
	}
	replies_free(&r);
	sort(st->nets, st->n_nets, sizeof(*st->nets), net_order);
	return err;
}

static int read_peers(struct state *st, int net)
{
	struct nlmsghdr *h;
	struct replies r;
	int err;

	err = dump(CTNET_CMD_PEER_GET, net, &r);
	if (err)
		return err;
	for_each_reply(h, &r) {
		st->peers = grow(st->peers, st->n_peers, sizeof(*st->peers));
		if (!peer_parse(h, &st->peers[st->n_peers]))
			st->n_peers++;
	}
	replies_free(&r);
	sort(st->peers, st->n_peers, sizeof(*st->peers), peer_order);
	return EXIT_OK;
}

static bool is_mac_of_net(const struct state *st, const struct fdb *f)
{
	const struct st_net *n = state_net_by_index(st, f->net);

	return n && !memcmp(f->mac, n->link.mac, 6);
}

static int read_fdb(struct state *st, int net)
{
	struct nlmsghdr *h;
	struct replies r;
	int err;

	err = fdb_dump_static(net, 0, &r);
	if (err)
		return fail("%s", nl_why(&ctx.ge, err, NULL));
	for_each_reply(h, &r) {
		struct fdb f;

		if (fdb_parse(h, &f))
			continue;
		/* What is there by itself is of a network's own MAC only of interest. */
		if (f.local && !is_mac_of_net(st, &f)) {
			free(f.ips.v);
			continue;
		}
		st->fdb = grow(st->fdb, st->n_fdb, sizeof(*st->fdb));
		sort(f.ips.v, f.ips.n, sizeof(*f.ips.v), ip_order);
		st->fdb[st->n_fdb++] = f;
	}
	replies_free(&r);
	sort(st->fdb, st->n_fdb, sizeof(*st->fdb), fdb_order);
	return EXIT_OK;
}

/*
 * The entry of a container's MAC. Which MAC its interface has is up to the container, who
 * may have taken another's: what counts is what was entered for its port.
 */
static const struct fdb *own_entry(const struct state *st,
				   const struct st_port *p)
{
	const struct fdb *f = state_fdb(st, p->port.net, p->far.mac);
	const struct fdb *first = NULL;
	size_t i, j;

	if (f && f->port == p->port.dev)
		return f;
	for (i = 0; i < st->n_fdb; i++) {
		f = &st->fdb[i];
		if (f->port != p->port.dev)
			continue;
		for (j = 0; j < f->ips.n; j++)
			if (mac_is_from_ip(f->mac, &f->ips.v[j]))
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
static int read_port_addrs(const struct state *st, struct st_port *p)
{
	const struct fdb *own = own_entry(st, p);
	struct cidrs all;
	size_t i;
	int err;

	if (own)
		memcpy(p->mac, own->mac, 6);
	else if (!state_fdb(st, p->port.net, p->far.mac))
		memcpy(p->mac, p->far.mac, 6);
	else
		mac_random(p->mac);
	if (!own)
		return EXIT_OK;
	err = addr_dump_given(&ctx.rt, p->far.ifindex, p->near.peer_nsid, &all);
	if (goes(err))
		return EXIT_OK;
	if (err)
		return fail("read the addresses of the container at %s: %s",
			    p->near.name, nl_why(&ctx.rt, err, NULL));
	for (i = 0; i < all.n; i++)
		if (ip_among(&own->ips, &all.v[i].ip))
			cidrs_add(&p->addrs, &all.v[i]);
	free(all.v);
	sort_addresses(&p->addrs);
	return EXIT_OK;
}

/* Would add-port, with the addresses, take such a route, as it is? */
static bool is_takeable(const struct st_port *p, const struct route *r)
{
	bool family = !r->via.family || ip_is_link_local(&r->via);
	bool inside = family, whole = false;
	size_t i;

	if (!r->dst.plen && !r->via.family)
		return false;
	for (i = 0; i < p->routes.n; i++)
		if (cidr_equal(&p->routes.v[i].dst, &r->dst))
			return false;
	for (i = 0; i < p->addrs.n; i++) {
		const struct cidr *c = &p->addrs.v[i];

		family = family || c->ip.family == r->via.family;
		inside = inside || ip_is_in(&r->via, c);
		whole = whole || (c->ip.family == r->via.family &&
				  c->plen == c->ip.len * 8);
	}
	return family && (inside || whole);
}

/* One to each place, and only what add-port would take with the addresses. */
int state_port_fill(struct st_port *p, struct nlsock *in)
{
	struct routes all;
	size_t i;
	int err;

	err = route_dump(in, p->far.ifindex, &all);
	if (err)
		return fail("read the routes of the container at %s: %s",
			    p->near.name, nl_why(in, err, NULL));
	p->routes.n = 0;
	for (i = 0; i < all.n; i++)
		if (is_takeable(p, &all.v[i]))
			routes_add(&p->routes, &all.v[i]);
	free(all.v);
	return EXIT_OK;
}

/* @gone: it is not to be had any more. */
static int read_container(const struct state *st, struct st_port *p, bool *gone)
{
	struct nlsock s = { 0 };
	int err, fd;

	err = link_get(&ctx.rt, NULL, p->near.peer, p->near.peer_nsid, &p->far);
	if (goes(err)) {
		*gone = true;
		return EXIT_OK;
	}
	if (err == -EACCES)
		return fail("read the interface of the container at %s: %s",
			    p->near.name, nl_why(NULL, -EPERM, NULL));
	if (err)
		return fail("read the interface of the container at %s: %s",
			    p->near.name, nl_why(&ctx.rt, err, NULL));
	err = read_port_addrs(st, p);
	if (err)
		return err;
	p->target = netns_name(p->near.peer_nsid, p->near.alias);
	fd = netns_open_id(p->near.peer_nsid, p->near.alias);
	/* It ends just now; or none but a descriptor of somebody's holds it. */
	if (fd < 0) {
		free(p->target);
		p->target = NULL;
		return EXIT_OK;
	}
	err = nl_open(&s, NETLINK_ROUTE, fd);
	if (err) {
		err = fail("open a socket in the container at %s: %s",
			   p->near.name, nl_why(NULL, err, NULL));
	} else {
		err = state_port_fill(p, &s);
		nl_shut(&s);
	}
	close(fd);
	return err;
}

static int read_ports(struct state *st, int net)
{
	const struct link *l;
	struct nlmsghdr *h;
	struct st_port *new;
	struct replies r;
	bool gone;
	int err;

	err = dump(CTNET_CMD_PORT_GET, net, &r);
	if (err)
		return err;
	for_each_reply(h, &r) {
		st->ports = grow(st->ports, st->n_ports, sizeof(*st->ports));
		new = &st->ports[st->n_ports];
		memset(new, 0, sizeof(*new));
		if (port_parse(h, &new->port))
			continue;
		l = link_find(&st->links, new->port.dev);
		if (!l)
			continue;
		new->port.stats = NULL;
		new->near = *l;
		new->made = port_is_made(l);
		gone = l->peer_goes;
		if (new->made)
			err = read_container(st, new, &gone);
		if (!gone)
			st->n_ports++;
		if (err)
			break;
	}
	replies_free(&r);
	sort(st->ports, st->n_ports, sizeof(*st->ports), port_order);
	return err;
}

int state_read(struct state *st, int net)
{
	int err;

	memset(st, 0, sizeof(*st));
	if (!rt_sock() || !ge_sock())
		return EXIT_REFUSED;
	ctx.whole = true;
	err = link_dump(&ctx.rt, &st->links);
	if (err)
		err = fail("list the interfaces: %s",
			   nl_why(&ctx.rt, err, NULL));
	else
		err = read_nets(st, net);
	if (!err)
		err = read_peers(st, net);
	if (!err)
		err = read_fdb(st, net);
	if (!err)
		err = read_ports(st, net);
	netns_forget_names();
	ctx.whole = false;
	return err;
}

void state_free(struct state *st)
{
	size_t i;

	for (i = 0; i < st->n_nets; i++)
		free(st->nets[i].addrs.v);
	for (i = 0; i < st->n_ports; i++) {
		free(st->ports[i].target);
		free(st->ports[i].addrs.v);
		free(st->ports[i].routes.v);
	}
	for (i = 0; i < st->n_fdb; i++)
		free(st->fdb[i].ips.v);
	free(st->nets);
	free(st->ports);
	free(st->peers);
	free(st->fdb);
	links_free(&st->links);
	memset(st, 0, sizeof(*st));
}

bool state_entry_is_own(const struct st_port *p, const struct fdb *f)
{
	size_t i, n = 0;

	if (!p->made || f->port != p->port.dev || memcmp(f->mac, p->mac, 6))
		return false;
	for (i = 0; i < f->ips.n; i++) {
		size_t j;

		for (j = 0; j < p->addrs.n; j++)
			if (ip_equal(&f->ips.v[i], &p->addrs.v[j].ip))
				break;
		n += j < p->addrs.n;
	}
	return n == f->ips.n;
}
