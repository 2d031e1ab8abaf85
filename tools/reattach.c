// SPDX-License-Identifier: GPL-2.0
/* Changing a container's port that is there. Each step says how to take it back. */
#include <errno.h>
#include <net/if.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "attach.h"
#include "container.h"
#include "ctnetctl.h"
#include "objects.h"

/* Is there a static entry of the port, whatever its MAC? */
static int port_entry(const struct link *net, int port, bool *found,
		      uint8_t mac[6])
{
	struct nlmsghdr *h;
	struct replies r;
	struct fdb f;
	int err;

	*found = false;
	err = fdb_dump_static(net->ifindex, port, &r);
	if (err)
		return fail("read the table: %s", nl_why(&ctx.ge, err, NULL));
	for_each_reply(h, &r) {
		if (fdb_parse(h, &f))
			continue;
		*found = true;
		memcpy(mac, f.mac, 6);
		free(f.ips.v);
	}
	replies_free(&r);
	return EXIT_OK;
}

/*
 * The MAC that the container's interface has is not that of an entry of its port: the
 * container may have taken it from another one, to which it is not for us to help it.
 * Where the port has no entry, and nobody that MAC, it is as with add-port.
 */
static int foreign_mac(const struct link *net, const struct container *c,
		       const struct fdb *there)
{
	char text[MAC_TEXT], own[MAC_TEXT];
	uint8_t mac[6];
	bool found;
	int err;

	mac_text(c->far.mac, text);
	err = port_entry(net, c->near.ifindex, &found, mac);
	if (err)
		return err;
	if (found)
		return fail("%s has the MAC %s, but the table has %s for it: it is the container's to set it back, or yours to allow it by \"replace-fdb\"",
			    c->ifname, text, mac_text(mac, own));
	if (there && there->port != c->near.ifindex)
		return fail("%s has the MAC %s, which the table has elsewhere: \"ctnetctl list fdb\" says where, and \"replace-fdb\" moves it",
			    c->ifname, text);
	return EXIT_OK;
}

/* @ip is to be one of the entry's, or was, and is not among what the edits name. */
static bool is_removed(const struct ip *ip, const struct cidrs *edits)
{
	bool removed = false;
	size_t i;

	for (i = 0; i < edits->n; i++) {
		const struct ip *e = &edits->v[i].ip;

		if (e->edit == EDIT_NONE)
			removed = true;
		else if (ip_equal(ip, e))
			removed = e->edit == EDIT_REMOVE;
	}
	return removed;
}

static struct nl_msg *entry_msg(uint8_t cmd, int net, const uint8_t mac[6],
				int port, const struct ips *ips)
{
	struct fdb f = { .net = net, .port = port, .ips = *ips };

	memcpy(f.mac, mac, 6);
	return fdb_entry_msg(cmd, &f);
}

/*
 * The table's entry of the container becomes that of @mac, with the addresses it had and
 * more, or fewer.
 */
static int change_entry(const struct link *net, const struct container *c,
			const struct cidrs *edits, const uint8_t mac[6])
{
	bool moves = memcmp(mac, c->far.mac, 6);
	struct ips want = { 0 };
	char text[MAC_TEXT];
	struct fdb old;
	int err, e, port = c->near.ifindex;
	size_t i;

	err = fdb_get(net->ifindex, c->far.mac, &old);
	if (err && err != -ENOENT)
		return fail("read the table: %s", nl_why(&ctx.ge, err, NULL));
	if (err || !old.is_static || old.port != port) {
		e = foreign_mac(net, c, err ? NULL : &old);
		if (!err)
			free(old.ips.v);
		if (e)
			return e;
		memset(&old, 0, sizeof(old));
		moves = true;
	}
	for (i = 0; i < old.ips.n; i++)
		if (!is_removed(&old.ips.v[i], edits))
			ips_add(&want, &old.ips.v[i]);
	for (i = 0; i < edits->n; i++) {
		const struct ip *ip = &edits->v[i].ip;

		if (ip->edit == EDIT_ADD && !ip_among(&want, ip) &&
		    !is_removed(ip, edits))
			ips_add(&want, ip);
	}
	err = 0;
	if (moves && old.is_static) {
		err = nl_do(&ctx.ge, fdb_msg(CTNET_CMD_FDB_DEL, net->ifindex,
					     c->far.mac), NULL);
		if (!err)
			undo_push(&ctx.ge, entry_msg(CTNET_CMD_FDB_ADD, net->ifindex,
						     c->far.mac, port, &old.ips));
	}
	if (!err)
		err = nl_do(&ctx.ge, entry_msg(moves ? CTNET_CMD_FDB_ADD :
					       CTNET_CMD_FDB_SET, net->ifindex,
					       mac, port, &want), NULL);
	if (!err && moves)
		undo_push(&ctx.ge, fdb_msg(CTNET_CMD_FDB_DEL, net->ifindex, mac));
	else if (!err)
		undo_push(&ctx.ge, entry_msg(CTNET_CMD_FDB_SET, net->ifindex, mac,
					     port, &old.ips));
	free(old.ips.v);
	if (err)
		err = fail("enter %s into the table: %s", mac_text(mac, text),
			   fdb_why(err, net->ifindex, mac, &want));
	free(want.v);
	return err;
}

static int set_mtu(struct nlsock *s, const struct link *l, uint32_t mtu)
{
	int err = nl_do(s, link_mtu_msg(l->ifindex, mtu), NULL);

	if (err)
		return fail("set the MTU of %s: %s", l->name,
			    nl_why(s, err, NULL));
	undo_push(s, link_mtu_msg(l->ifindex, l->mtu));
	return EXIT_OK;
}

/* The link-local address that the kernel gives an interface with this MAC. */
static struct cidr link_local(const uint8_t mac[6])
{
	const uint8_t b[16] = {
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2],
		0xff, 0xfe, mac[3], mac[4], mac[5],
	};
	struct cidr c = { .plen = 64 };

	ip_set(&c.ip, b, sizeof(b));
	return c;
}

static struct nl_msg *link_local_msg(int type, int ifindex,
				     const struct cidr *c)
{
	struct nl_msg *msg = addr_msg(type, type == RTM_NEWADDR ?
				      NLM_F_CREATE | NLM_F_EXCL : 0,
				      ifindex, c, 0);

	if (type == RTM_NEWADDR)
		msg_put_u8(msg, IFA_PROTO, IFAPROT_KERNEL_LL);
	return msg;
}

/*
 * The kernel leaves the link-local address as it is, and the guard lets only that
 * of the new MAC pass.
 */
static int change_mac(struct container *c, const uint8_t mac[6],
		      const struct cidrs *all)
{
	struct cidr old = link_local(c->far.mac), new = link_local(mac);
	int err;

	err = nl_do(&c->s, link_mac_msg(c->far.ifindex, mac), NULL);
	if (err)
		return fail("set the MAC of %s: %s", c->ifname,
			    nl_why(&c->s, err, NULL));
	undo_push(&c->s, link_mac_msg(c->far.ifindex, c->far.mac));
	memcpy(c->far.mac, mac, 6);
	if (!addr_among(all, &old))
		return EXIT_OK;
	err = nl_do(&c->s, link_local_msg(RTM_DELADDR, c->far.ifindex, &old),
		    NULL);
	if (!err) {
		undo_push(&c->s, link_local_msg(RTM_NEWADDR, c->far.ifindex,
						&old));
		err = nl_do(&c->s, link_local_msg(RTM_NEWADDR, c->far.ifindex,
						  &new), NULL);
	}
	if (err && err != -EEXIST)
		return fail("change the link-local address of %s: %s",
			    c->ifname, nl_why(&c->s, err, NULL));
	if (!err)
		undo_push(&c->s, link_local_msg(RTM_DELADDR, c->far.ifindex,
						&new));
	return EXIT_OK;
}

/* Addresses and routes; each list is whole. */
static int change_addresses(struct container *c, const struct port_change *w)
{
	struct routes now = { 0 }, missing = { 0 };
	const struct routes *had = w->had_routes;
	char text[ROUTE_NAME];
	size_t i;
	int err, e;

	/* A route may go with an address; it comes back after it. */
	for (i = 0; i < had->n; i++)
		undo_push(&c->s, route_msg(RTM_NEWROUTE, &had->v[i],
					   c->far.ifindex));
	err = addr_add_all(&c->s, c->far.ifindex, c->ifname, w->address,
			   IFA_F_NODAD);
	for (i = 0; i < had->n && !err; i++) {
		if (route_among(w->routes, &had->v[i]))
			continue;
		e = nl_do(&c->s, route_msg(RTM_DELROUTE, &had->v[i],
					   c->far.ifindex), NULL);
		if (e && e != -ESRCH)
			err = fail("remove the %s: %s",
				   attach_route_text(&had->v[i], text),
				   nl_why(&c->s, e, NULL));
	}
	if (!err)
		err = addr_del_others(&c->s, c->far.ifindex, c->ifname, w->had,
				      w->address, IFA_F_NODAD);
	if (err)
		return err;
	e = route_dump(&c->s, c->far.ifindex, &now);
	if (e)
		return fail("read its routes: %s", nl_why(&c->s, e, NULL));
	for (i = 0; i < w->routes->n; i++)
		if (!route_among(&now, &w->routes->v[i]))
			routes_add(&missing, &w->routes->v[i]);
	err = attach_routes(c, &missing);
	free(now.v);
	free(missing.v);
	return err;
}

int attach_change(struct container *c, const struct port_change *w)
{
	struct cidrs all;
	int err, e;

	e = addr_dump(&c->s, c->far.ifindex, &all);
	if (e)
		return fail("read the addresses of %s: %s", c->ifname,
			    nl_why(&c->s, e, NULL));
	err = port_set_label(&c->near, w->label);
	if (!err && w->mtu != MTU_AUTO && w->mtu != c->near.mtu)
		err = set_mtu(&ctx.rt, &c->near, w->mtu);
	if (!err && w->mtu != MTU_AUTO && w->mtu != c->far.mtu)
		err = set_mtu(&c->s, &c->far, w->mtu);
	if (!err && memcmp(w->mac, c->far.mac, 6))
		err = change_mac(c, w->mac, &all);
	if (!err)
		err = autoconf_guarded(c);
	if (!err)
		err = change_addresses(c, w);
	if (!err && w->up)
		err = port_set_up(&c->near);
	if (!err && w->announce && c->far.flags & IFF_UP)
		err = attach_tell(c, w->address);
	free(all.v);
	return err;
}

/* Those of a list that are the default routes. */
static void split_routes(const struct routes *all, struct ips *gateways,
			 struct routes *others)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->v[i].dst.plen)
			routes_add(others, &all->v[i]);
		else if (all->v[i].via.family)
			ips_add(gateways, &all->v[i].via);
}

/* What addresses and routes there are after the edits. An exit code. */
struct lists {
	struct cidrs had, address;
	struct routes had_routes, routes;
};

static int edit_lists(struct container *c, const struct port_opts *o,
		      struct lists *l)
{
	struct ips had_gateways = { 0 }, gateways = { 0 };
	struct routes had_others = { 0 }, others = { 0 };
	const struct route *no_route = NULL;
	const struct cidr *no_addr = NULL;
	const struct ip *no_gateway = NULL;
	char text[ROUTE_TEXT];
	int err, e;

	err = addr_dump_given(&c->s, c->far.ifindex, -1, &l->had);
	if (!err)
		err = route_dump(&c->s, c->far.ifindex, &l->had_routes);
	if (err)
		return fail("read the addresses and routes of %s: %s", c->ifname,
			    nl_why(&c->s, err, NULL));
	split_routes(&l->had_routes, &had_gateways, &had_others);
	no_addr = cidrs_edit(&l->had, &o->address, &l->address);
	no_gateway = ips_edit(&had_gateways, &o->gateway, &gateways);
	no_route = routes_edit(&had_others, &o->route, &others);
	e = EXIT_OK;
	if (no_addr)
		e = fail("%s has not the address %s", c->ifname,
			 cidr_text(no_addr, text));
	else if (no_gateway)
		e = fail("%s has not the gateway %s", c->ifname,
			 ip_text(no_gateway, text));
	else if (no_route)
		e = fail("%s has not the route %s", c->ifname,
			 route_text(no_route, text));
	port_routes(&l->routes, &gateways, &others, &l->address);
	free(had_gateways.v);
	free(had_others.v);
	free(gateways.v);
	free(others.v);
	return e;
}

/* The MAC that it is to have. An exit code. */
static int choose_mac(const struct container *c, const struct port_opts *o,
		      const struct lists *l, uint8_t mac[6])
{
	memcpy(mac, o->mac.set && !o->mac.by_address ? o->mac.v : c->far.mac, 6);
	if (!o->mac.by_address)
		return EXIT_OK;
	if (!l->address.n)
		return fail("--mac auto is the MAC of the first address, and %s has none",
			    c->ifname);
	/* The first may have been another's when it was chosen. */
	if (!mac_is_from_ip(mac, &l->address.v[0].ip))
		mac_from_ip(mac, &l->address.v[0].ip, 0);
	return EXIT_OK;
}

static int open_near(const struct link *net, const char *name,
		     struct container *c)
{
	bool gone = false;
	struct link near;

	if (link_get(&ctx.rt, name, 0, -1, &near) || !port_is_made(&near) ||
	    near.master != net->ifindex) {
		fail("there is no veth \"%s\" that add-port made for this network",
		     name);
		return EXIT_REFUSED;
	}
	if (container_open_near(c, &near, &gone))
		return EXIT_REFUSED;
	if (gone) {
		fail("no name and no process leads to the container of %s", name);
		return EXIT_REFUSED;
	}
	return EXIT_OK;
}

int reattach(const struct link *net, const char *target,
	     const struct port_opts *o)
{
	struct lists l = { 0 };
	struct port_change w = {
		.label = o->label,
		.had = &l.had, .address = &l.address,
		.had_routes = &l.had_routes, .routes = &l.routes,
		.announce = o->address.n || o->mac.set,
	};
	struct container c;
	uint8_t mac[6];
	int err;

	if (mtu_is_given(&o->mtu))
		w.mtu = o->mtu.v;
	err = o->near ? open_near(net, o->near, &c) :
			container_port(&c, net, target, o->ifname, NULL);
	if (err)
		return err;
	w.mac = mac;
	err = edit_lists(&c, o, &l);
	if (!err)
		err = choose_mac(&c, o, &l, mac);
	undo_begin();
	if (!err && mtu_is_auto(&o->mtu)) {
		/* The flag gives both ends the network's, and back it takes none. */
		undo_push(&ctx.rt, link_mtu_msg(c.near.ifindex, c.near.mtu));
		undo_push(&c.s, link_mtu_msg(c.far.ifindex, c.far.mtu));
	}
	if (!err)
		err = port_set_flags(net->ifindex, c.near.ifindex, o);
	if (!err)
		err = attach_rename(&c.near, o->host_ifname);
	if (!err && (o->address.n || o->mac.set))
		err = change_entry(net, &c, &o->address, mac);
	if (!err)
		err = attach_change(&c, &w);
	if (err)
		undo_run();
	else
		undo_commit();
	container_close(&c);
	free(l.had.v);
	free(l.address.v);
	free(l.had_routes.v);
	free(l.routes.v);
	return err;
}
