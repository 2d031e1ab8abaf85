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

/* Set the addresses of the container's table entry to what it had and more. */
static int widen_entry(const struct link *net, const struct container *c,
		       const struct cidrs *addrs)
{
	struct nl_msg *msg, *back;
	char text[MAC_TEXT];
	struct fdb old;
	size_t i, j;
	int err, e;

	err = fdb_get(net->ifindex, c->far.mac, &old);
	if (err && err != -ENOENT)
		return fail("read the table: %s", nl_why(&ctx.ge, err, NULL));
	if (err || !old.is_static || old.port != c->near.ifindex) {
		e = foreign_mac(net, c, err ? NULL : &old);
		if (!err)
			free(old.ips.v);
		err = e ? e : attach_enter(net, c, addrs);
		if (!err)
			undo_push(&ctx.ge, fdb_msg(CTNET_CMD_FDB_DEL,
						   net->ifindex, c->far.mac));
		return err;
	}
	msg = fdb_msg(CTNET_CMD_FDB_SET, net->ifindex, c->far.mac);
	back = fdb_msg(CTNET_CMD_FDB_SET, net->ifindex, c->far.mac);
	msg_put_u32(msg, CTNET_A_FDB_PORT, c->near.ifindex);
	msg_put_u32(back, CTNET_A_FDB_PORT, c->near.ifindex);
	for (i = 0; i < old.ips.n; i++) {
		const struct ip *ip = &old.ips.v[i];

		msg_put(back, CTNET_A_FDB_IP, ip->b, ip->len);
		for (j = 0; j < addrs->n; j++)
			if (ip_equal(ip, &addrs->v[j].ip))
				break;
		if (j == addrs->n)
			msg_put(msg, CTNET_A_FDB_IP, ip->b, ip->len);
	}
	attach_put_ips(msg, addrs);
	free(old.ips.v);
	err = nl_do(&ctx.ge, msg, NULL);
	if (err) {
		nlmsg_free(back);
		return fail("enter the addresses of %s into the table: %s",
			    mac_text(c->far.mac, text),
			    nl_why(&ctx.ge, err, NULL));
	}
	undo_push(&ctx.ge, back);
	return EXIT_OK;
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

int reattach(const struct link *net, const char *target,
	     const struct port_opts *o)
{
	struct container c;
	int err, e;

	err = container_port(&c, net, target, o->ifname, NULL);
	if (err)
		return err;
	undo_begin();
	err = port_set_flags(net->ifindex, c.near.ifindex, o);
	if (!err && o->label) {
		e = nl_do(&ctx.rt, link_alias_msg(c.near.ifindex, o->label),
			  NULL);
		if (e)
			err = fail("set the label: %s",
				   nl_why(&ctx.rt, e, NULL));
		else
			undo_push(&ctx.rt, link_alias_msg(c.near.ifindex,
							  c.near.alias));
	}
	if (!err && o->mtu.set)
		err = set_mtu(&ctx.rt, &c.near, o->mtu.v);
	if (!err && o->mtu.set)
		err = set_mtu(&c.s, &c.far, o->mtu.v);
	if (!err && o->address.n)
		err = widen_entry(net, &c, &o->address);
	if (!err && (o->address.n || o->guard.set))
		err = autoconf_guarded(&c);
	if (!err)
		err = addr_add_all(&c.s, c.far.ifindex, c.ifname, &o->address,
				   IFA_F_NODAD);
	if (!err && c.far.flags & IFF_UP)
		err = attach_tell(&c, &o->address);
	if (err)
		undo_run();
	else
		undo_commit();
	container_close(&c);
	return err;
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

/* Addresses and default routes; each list is whole. */
static int change_addresses(struct container *c, const struct cidrs *had,
			    const struct cidrs *want,
			    const struct ips *had_gateways,
			    const struct ips *gateways)
{
	struct ips now = { 0 }, missing = { 0 };
	char text[IP_TEXT];
	size_t i;
	int err, e;

	/* A route may go with an address; it comes back after it. */
	for (i = 0; i < had_gateways->n; i++)
		undo_push(&c->s, route_msg(RTM_NEWROUTE, &had_gateways->v[i],
					   c->far.ifindex));
	err = addr_add_all(&c->s, c->far.ifindex, c->ifname, want, IFA_F_NODAD);
	for (i = 0; i < had_gateways->n && !err; i++) {
		const struct ip *gw = &had_gateways->v[i];

		if (ip_among(gateways, gw))
			continue;
		e = nl_do(&c->s, route_msg(RTM_DELROUTE, gw, c->far.ifindex),
			  NULL);
		if (e && e != -ESRCH)
			err = fail("remove the default route via %s: %s",
				   ip_text(gw, text), nl_why(&c->s, e, NULL));
	}
	if (!err)
		err = addr_del_others(&c->s, c->far.ifindex, c->ifname, had,
				      want, IFA_F_NODAD);
	if (err)
		return err;
	e = route_dump(&c->s, c->far.ifindex, &now);
	if (e)
		return fail("read its routes: %s", nl_why(&c->s, e, NULL));
	for (i = 0; i < gateways->n; i++)
		if (!ip_among(&now, &gateways->v[i]))
			ips_add(&missing, &gateways->v[i]);
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
	if (!err && w->mtu != c->near.mtu)
		err = set_mtu(&ctx.rt, &c->near, w->mtu);
	if (!err && w->mtu != c->far.mtu)
		err = set_mtu(&c->s, &c->far, w->mtu);
	if (!err && memcmp(w->mac, c->far.mac, 6))
		err = change_mac(c, w->mac, &all);
	if (!err)
		err = autoconf_guarded(c);
	if (!err)
		err = change_addresses(c, w->had, w->address, w->had_gateways,
				       w->gateways);
	if (!err)
		err = port_set_up(&c->near);
	if (!err && w->announce && c->far.flags & IFF_UP)
		err = attach_tell(c, w->address);
	free(all.v);
	return err;
}
