// SPDX-License-Identifier: GPL-2.0
/* Changing a container's port that is there. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <linux/ctnet.h>

#include "attach.h"

/*
 * The MAC that the container's interface has is in no entry of its port, but in @there, or
 * in none (NULL). If the port has an entry of another MAC, or the table has this one at
 * another place, the container may have taken it from somebody, and it is not entered.
 * Otherwise it is entered as by add-port.
 */
static int foreign_mac(const struct ct_link *net, const struct ct_container *c,
		       const struct ct_fdb *there)
{
	char text[CT_TEXT], own[CT_TEXT] = "";
	struct ct *ct = c->ct;
	struct ct_replies r;
	struct nlmsghdr *h;
	struct ct_fdb f;
	int err;

	err = ct_fdb_dump_static(ct, net->ifindex, c->near.ifindex, &r);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the table");
	ct_for_each_reply(h, &r) {
		if (ct_fdb_parse(h, &f))
			continue;
		ct_mac_text(f.mac, own);
		ct_addrs_free(&f.ips);
	}
	ct_replies_free(&r);
	ct_mac_text(c->far.mac, text);
	if (own[0])
		return ct_fail(ct, "%s has the MAC %s, but the table has %s for it: the container may set it back, or \"replace-fdb\" allows it",
			       c->ifname, text, own);
	if (there && there->port != c->near.ifindex)
		return ct_fail(ct, "%s has the MAC %s, which the table has elsewhere: \"ctnetctl list fdb\" says where, and \"replace-fdb\" moves it",
			       c->ifname, text);
	return CT_OK;
}

/* Whether an address that there was, or that the edits name, is none after them. */
static bool is_removed(const struct ct_ip *ip, const struct ct_addrs *edits)
{
	bool removed = false;
	size_t i;

	for (i = 0; i < edits->n; i++)
		if (edits->v[i].edit == CT_NONE)
			removed = true;
		else if (ct_ip_equal(ip, &edits->v[i].ip))
			removed = edits->v[i].edit == CT_REMOVE;
	return removed;
}

static bool lies_at(const struct ct_fdb *f, int port)
{
	return f->is_static && f->port == port;
}

/*
 * The table's entry of the container becomes that of @mac, with the addresses it had and
 * more, or fewer.
 */
static int change_entry(const struct ct_link *net, const struct ct_container *c,
			const struct ct_addrs *edits, const uint8_t mac[6])
{
	struct ct_fdb new = { .net = net->ifindex, .port = c->near.ifindex }, old, back;
	struct ct *ct = c->ct;
	char text[CT_TEXT];
	bool moves;
	size_t i;
	int err;

	err = ct_fdb_get(ct, net->ifindex, c->far.mac, &old);
	if (err && err != -ENOENT)
		return ct_refused(&ct->ge, err, NULL, "read the table");
	if (!lies_at(&old, new.port)) {
		/*
		 * A MAC that the table has for the port may be given back; and one that is
		 * given anew is not the one that it took.
		 */
		ct_fdb_get(ct, net->ifindex, mac, &back);
		err = lies_at(&back, new.port) ? CT_OK :
		      foreign_mac(net, c, err || memcmp(mac, c->far.mac, 6) ? NULL : &old);
		ct_addrs_free(&old.ips);
		if (err || !lies_at(&back, new.port)) {
			ct_addrs_free(&back.ips);
			memset(&back, 0, sizeof(back));
		}
		old = back;
		if (err)
			return err;
	}
	memcpy(new.mac, mac, 6);
	for (i = 0; i < old.ips.n; i++)
		if (!is_removed(&old.ips.v[i].ip, edits))
			ct_ips_add(&new.ips, &old.ips.v[i].ip);
	for (i = 0; i < edits->n; i++) {
		const struct ct_ip *ip = &edits->v[i].ip;

		if (edits->v[i].edit == CT_ADD && !ct_ip_among(&new.ips, ip) &&
		    !is_removed(ip, edits))
			ct_ips_add(&new.ips, ip);
	}
	moves = !old.is_static || memcmp(mac, old.mac, 6);
	if (moves && old.is_static)
		err = ct_step(&ct->ge, ct_fdb_msg(ct, CTNET_CMD_FDB_DEL, &old),
			      ct_fdb_msg(ct, CTNET_CMD_FDB_ADD, &old), NULL,
			      "remove the entry of %s", ct_mac_text(old.mac, text));
	err = err ?: ct_attach_enter(ct, &new, moves ? NULL : &old);
	ct_addrs_free(&old.ips);
	ct_addrs_free(&new.ips);
	return err;
}

static int set_mtu(struct ct_sock *s, const struct ct_link *l, uint32_t mtu)
{
	if (mtu == CT_MTU_AUTO || mtu == l->mtu)
		return CT_OK;
	return ct_step(s, ct_link_mtu_msg(l->ifindex, mtu), ct_link_mtu_msg(l->ifindex, l->mtu),
		       NULL, "set the MTU of %s", l->name);
}

/* The link-local address that the kernel gives an interface with this MAC. */
static struct ct_addr link_local(const uint8_t mac[6])
{
	const uint8_t b[16] = {
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2],
		0xff, 0xfe, mac[3], mac[4], mac[5],
	};
	struct ct_addr a = { .plen = 64 };

	ct_ip_set(&a.ip, b, sizeof(b));
	return a;
}

static struct nl_msg *link_local_msg(int type, int ifindex, const struct ct_addr *a)
{
	struct nl_msg *msg = ct_addr_msg(type, type == RTM_NEWADDR ?
					 NLM_F_CREATE | NLM_F_EXCL : 0, ifindex, a, 0);

	if (type == RTM_NEWADDR)
		ct_put_u8(msg, IFA_PROTO, IFAPROT_KERNEL_LL);
	return msg;
}

/*
 * The kernel leaves the link-local address as it is, and the guard lets only that of the
 * new MAC pass.
 */
static int change_mac(struct ct_container *c, const uint8_t mac[6])
{
	struct ct_addr old = link_local(c->far.mac), new = link_local(mac);
	static const char what[] = "change the link-local address";
	struct ct_sock *s = &c->s;
	int i = c->far.ifindex;
	struct ct_addrs all;
	bool had;
	int err;

	err = ct_addr_dump(s, i, -1, false, &all);
	if (err)
		return ct_refused(s, err, NULL, "read the addresses of %s", c->ifname);
	had = ct_addr_among(&all, &old);
	ct_addrs_free(&all);
	err = ct_step(s, ct_link_mac_msg(i, mac), ct_link_mac_msg(i, c->far.mac), NULL,
		      "set the MAC of %s", c->ifname);
	if (err)
		return err;
	memcpy(c->far.mac, mac, 6);
	if (!had)
		return CT_OK;
	err = ct_step(s, link_local_msg(RTM_DELADDR, i, &old),
		      link_local_msg(RTM_NEWADDR, i, &old), NULL, "%s of %s", what, c->ifname);
	if (err)
		return err;
	err = ct_do(s, link_local_msg(RTM_NEWADDR, i, &new), NULL);
	if (!err)
		ct_undo(s, link_local_msg(RTM_DELADDR, i, &new));
	else if (err != -EEXIST)
		return ct_refused(s, err, NULL, "%s of %s", what, c->ifname);
	return CT_OK;
}

/* Addresses and routes; each list is whole. */
static int change_addresses(struct ct_container *c, const struct ct_port_change *w)
{
	struct ct_addrs now = { 0 }, missing = { 0 };
	const struct ct_addrs *had = &w->had_routes;
	int ifindex = c->far.ifindex, err, e;
	char text[CT_ROUTE_NAME];
	size_t i;

	/* A route may go with an address; it comes back after it. */
	for (i = 0; i < had->n; i++)
		ct_undo(&c->s, ct_route_msg(RTM_NEWROUTE, &had->v[i], ifindex));
	err = ct_addr_add_all(&c->s, ifindex, c->ifname, &w->address, IFA_F_NODAD);
	for (i = 0; i < had->n && !err; i++) {
		if (ct_addr_among(&w->routes, &had->v[i]))
			continue;
		e = ct_do(&c->s, ct_route_msg(RTM_DELROUTE, &had->v[i], ifindex), NULL);
		if (e && e != -ESRCH)
			err = ct_refused(&c->s, e, NULL, "remove the %s",
					 ct_attach_route_text(&had->v[i], text));
	}
	err = err ?: ct_addr_del_others(&c->s, ifindex, c->ifname, &w->had, &w->address,
					IFA_F_NODAD);
	if (err)
		return err;
	e = ct_route_dump(&c->s, ifindex, &now);
	if (e)
		return ct_refused(&c->s, e, NULL, "read its routes");
	for (i = 0; i < w->routes.n; i++)
		if (!ct_addr_among(&now, &w->routes.v[i]))
			ct_addrs_add(&missing, &w->routes.v[i]);
	err = ct_attach_routes(c, &missing);
	ct_addrs_free(&now);
	ct_addrs_free(&missing);
	return err;
}

/* A native port has the MTU that its device has when it is told not to follow. */
static int keep_mtu(const struct ct_container *c)
{
	struct ct *ct = c->ct;

	return ct_step(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_SET, c->near.master,
					    c->near.ifindex, 0, CTNET_PORT_MTU_AUTO), NULL, NULL,
		       "set the MTU of the port");
}

int ct_attach_change(struct ct_container *c, const struct ct_port_change *w)
{
	struct ct_sock *rt = &c->ct->rt;
	int err = ct_near_label(c->ct, &c->near, w->label);

	if (!ct_link_is_native(&c->near))
		err = err ?: set_mtu(rt, &c->near, w->mtu);
	err = err ?: set_mtu(&c->s, &c->far, w->mtu);
	if (ct_link_is_native(&c->near) && w->mtu != CT_MTU_AUTO)
		err = err ?: keep_mtu(c);
	if (memcmp(w->mac, c->far.mac, 6))
		err = err ?: change_mac(c, w->mac);
	err = err ?: ct_autoconf_guarded(c);
	return err ?: change_addresses(c, w);
}

/* What addresses and routes there are, and are after the edits. */
static int edit_lists(struct ct_container *c, const struct ct_port_conf *o,
		      struct ct_port_change *w)
{
	const struct ct_addr *no_addr, *no_gateway, *no_route;
	struct ct_addrs had_gateways = { 0 }, had_routes = { 0 }, gateways, routes;
	char text[CT_TEXT];
	int err;
	size_t i;

	err = ct_addr_dump(&c->s, c->far.ifindex, -1, true, &w->had);
	err = err ?: ct_route_dump(&c->s, c->far.ifindex, &w->had_routes);
	if (err)
		return ct_refused(&c->s, err, NULL, "read the addresses and routes of %s",
				  c->ifname);
	for (i = 0; i < w->had_routes.n; i++)
		if (w->had_routes.v[i].plen)
			ct_addrs_add(&had_routes, &w->had_routes.v[i]);
		else if (w->had_routes.v[i].via.family)
			ct_ips_add(&had_gateways, &w->had_routes.v[i].via);
	no_addr = ct_addrs_edit(&w->had, &o->address, ct_same_cidr, &w->address);
	no_gateway = ct_addrs_edit(&had_gateways, &o->gateway, ct_same_family, &gateways);
	no_route = ct_addrs_edit(&had_routes, &o->route, ct_same_cidr, &routes);
	if (no_addr)
		err = ct_fail(c->ct, "%s has no address %s", c->ifname,
			      ct_cidr_text(no_addr, text));
	else if (no_gateway)
		err = ct_fail(c->ct, "%s has no gateway %s", c->ifname,
			      ct_ip_text(&no_gateway->ip, text));
	else if (no_route)
		err = ct_fail(c->ct, "%s has no route %s", c->ifname,
			      ct_route_text(no_route, text));
	ct_port_routes(&w->routes, &gateways, &routes, &w->address);
	ct_addrs_free(&had_gateways);
	ct_addrs_free(&had_routes);
	ct_addrs_free(&gateways);
	ct_addrs_free(&routes);
	return err;
}

/* The MAC that it is to have. */
static int choose_mac(const struct ct_container *c, const struct ct_port_conf *o,
		      struct ct_port_change *w)
{
	memcpy(w->mac, o->mac.set && !o->mac.by_address ? o->mac.v : c->far.mac, 6);
	if (!o->mac.by_address)
		return CT_OK;
	if (!w->address.n)
		return ct_fail(c->ct, "--mac auto is the MAC of the first address, and %s has none",
			       c->ifname);
	/* The first may have been another's when it was chosen. */
	if (!ct_mac_is_from_ip(w->mac, &w->address.v[0].ip))
		ct_mac_from_ip(w->mac, &w->address.v[0].ip, 0);
	return CT_OK;
}

int ct_change(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o)
{
	struct ct_container *c = o->near ? ct_attach_open(ct, net, o->near, true) :
					   ct_container_port(ct, net, target, o->ifname);
	struct ct_port_change w = {
		.label = o->label, .mtu = o->mtu.set ? o->mtu.v : CT_MTU_AUTO,
	};
	bool moves = o->address.n || o->mac.set;
	int err;

	if (!c)
		return ct->code;
	err = edit_lists(c, o, &w);
	err = err ?: choose_mac(c, o, &w);
	ct_begin(ct);
	if (o->mtu.set && o->mtu.v == CT_MTU_AUTO)
		ct_attach_undo_mtu(c);
	err = err ?: ct_port_set_flags(ct, net->ifindex, c->near.ifindex, o);
	err = err ?: ct_attach_rename(ct, &c->near, o->host_ifname);
	if (moves)
		err = err ?: change_entry(net, c, &o->address, w.mac);
	err = err ?: ct_attach_change(c, &w);
	if (o->address.n)
		err = err ?: ct_publish_follow(ct, c->near.ifindex, &w.address);
	if (moves && c->far.flags & IFF_UP)
		err = err ?: ct_attach_tell(c, &w.address);
	err = ct_end(ct, err);
	ct_container_keep(c);
	ct_addrs_free(&w.had);
	ct_addrs_free(&w.address);
	ct_addrs_free(&w.had_routes);
	ct_addrs_free(&w.routes);
	return err;
}
