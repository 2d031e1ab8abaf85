// SPDX-License-Identifier: GPL-2.0
/*
 * A container's port: a veth whose far end is born in the container's namespace.
 *
 * The order of the steps is the point. Nothing that the container sends can get anywhere
 * before its far end is up, and that is last: by then the near end is a port with its
 * flags, the table knows MAC and addresses, and the far end has them. Deleting the near end
 * takes back all of it.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <linux/ctnet.h>

#include "attach.h"

#define NAME_TRIES	16

/* The port is there; is it what was asked for? */
static int compare(const struct ct_link *net, struct ct_container *c,
		   const struct ct_port_conf *o)
{
	struct ct *ct = c->ct;
	struct ct_addrs have;
	char text[CT_TEXT];
	int err;
	size_t i;

	if (c->state != CT_FAR_HERE || c->near.master != net->ifindex)
		return ct_container_already(c);
	if (o->mac.set && memcmp(o->mac.v, c->far.mac, 6))
		return ct_fail(ct, "it exists, and has --mac %s", ct_mac_text(c->far.mac, text));
	if (o->mtu.set && o->mtu.v != CT_MTU_AUTO && o->mtu.v != c->far.mtu)
		return ct_fail(ct, "it exists, and has --mtu %u", c->far.mtu);
	if (o->host_ifname && ct_link_is_native(&c->near))
		return ct_fail(ct, "it exists, and has --type native");
	if (o->host_ifname && strcmp(o->host_ifname, c->near.name))
		return ct_fail(ct, "it exists, and has --host-ifname %s", c->near.name);
	err = ct_port_compare(ct, net, &c->near, o);
	if (!err && o->address.n) {
		err = ct_addr_dump(&c->s, c->far.ifindex, -1, false, &have);
		if (err)
			return ct_refused(&c->s, err, NULL, "read its addresses");
		for (i = 0; i < o->address.n && !err; i++)
			if (!ct_addr_among(&have, &o->address.v[i]))
				err = ct_fail(ct, "it exists, and has no address %s",
					      ct_cidr_text(&o->address.v[i], text));
		ct_addrs_free(&have);
	}
	if (err || !ct_port_is_made(&c->near) || c->near.given[0])
		return err;
	/* Whoever made it was killed before that. */
	if (c->far.flags & IFF_UP)
		err = ct_attach_tell(c, &o->address);
	return err ?: ct_attach_altname(ct, &c->near, c->asked);
}

/* -EAGAIN: another made that interface of the container just now. */
static int make_veth(struct ct_container *c, const uint8_t *mac, uint32_t mtu)
{
	struct ct_sock *s = &c->ct->rt;
	struct nl_msg *msg;
	char name[IFNAMSIZ];
	int try, err, e = 0;

	for (try = 0; try < NAME_TRIES; try++) {
		ct_attach_mark(name);
		e = ct_do(s, ct_attach_veth_msg(name, c->ifname, c->fd, mac, mtu), NULL);
		if (e != -EEXIST)
			break;
		/* Which of the two names was there? */
		err = ct_container_find(c);
		if (err)
			return err;
		if (c->state != CT_FAR_NONE)
			return -EAGAIN;
	}
	if (e)
		return ct_refused(s, e, ct_attach_veth_hints, "make the veth");
	msg = ct_link_del_msg(0);
	ct_put_str(msg, IFLA_IFNAME, name);
	ct_undo(s, msg);
	e = ct_link_get(s, name, 0, -1, &c->near);
	if (e)
		return ct_refused(s, e, NULL, "find the veth that was made");
	/* Whatever it is called by then. */
	ct_undo(s, ct_link_del_msg(c->near.ifindex));
	e = ct_link_get(&c->s, c->ifname, 0, -1, &c->far);
	if (e)
		return ct_refused(&c->s, e, NULL, "find %s in %s", c->ifname, c->target);
	/* Whatever the container has made of it since: the table gets what we chose. */
	memcpy(c->far.mac, mac, 6);
	return CT_OK;
}

/*
 * A native port is made with its device, which is born in the container. It gets its name by an
 * attribute of ours: that of rtnetlink must not be any interface's here. The label is empty
 * until all is done.
 */
static struct nl_msg *native_msg(const struct ct_link *net, const struct ct_container *c,
				 const struct ct_port_conf *o, const uint8_t *mac, uint32_t mtu)
{
	struct nl_msg *msg = ct_link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nla_bitfield32 bits;
	struct nlattr *info, *data;

	ct_attach_flags(o, &bits.value, &bits.selector);
	ct_put(msg, IFLA_ADDRESS, mac, 6);
	ct_put_u32(msg, IFLA_MTU, mtu);
	ct_put_u32(msg, IFLA_LINK, net->ifindex);
	ct_put_u32(msg, IFLA_NET_NS_FD, c->fd);
	info = ct_nest(msg, IFLA_LINKINFO);
	ct_put(msg, IFLA_INFO_KIND, CT_NATIVE_KIND, strlen(CT_NATIVE_KIND));
	data = ct_nest(msg, IFLA_INFO_DATA);
	ct_put(msg, IFLA_CTNET_PORT_FLAGS, &bits, sizeof(bits));
	ct_put_str(msg, IFLA_CTNET_PORT_LABEL, "");
	ct_put_str(msg, IFLA_CTNET_PORT_IFNAME, c->ifname);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return msg;
}

/* -EAGAIN as make_veth(). */
static int make_native(const struct ct_link *net, struct ct_container *c,
		       const struct ct_port_conf *o, const uint8_t *mac, uint32_t mtu)
{
	struct ct *ct = c->ct;
	struct nl_msg *msg;
	struct ct_port p;
	int err, e;

	e = ct_do(&ct->rt, native_msg(net, c, o, mac, mtu), NULL);
	if (e == -EEXIST) {
		err = ct_container_find(c);
		if (err || c->state != CT_FAR_NONE)
			return err ?: -EAGAIN;
	}
	if (e)
		return ct_refused(&ct->rt, e, NULL, "make the port's device");
	msg = ct_link_del_msg(0);
	ct_put_str(msg, IFLA_IFNAME, c->ifname);
	ct_undo(&c->s, msg);
	e = ct_link_get(&c->s, c->ifname, 0, -1, &c->far);
	if (e)
		return ct_refused(&c->s, e, NULL, "find %s in %s", c->ifname, c->target);
	/* Whatever it is called by then, and wherever. */
	ct_undo(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_DEL, net->ifindex, c->far.number, 0, 0));
	e = ct_port_get(ct, net->ifindex, c->far.number, &p);
	if (e)
		return ct_refused(&ct->ge, e, NULL, "read the port that was made");
	ct_native_link(&p, &c->far, &c->near);
	memcpy(c->far.mac, mac, 6);
	return CT_OK;
}

static int attach_new(const struct ct_link *net, struct ct_container *c,
		      const struct ct_port_conf *o)
{
	const char *label = o->label ? o->label : c->target;
	bool native = ct_port_wants_native(o);
	uint32_t mtu = ct_attach_mtu(net, o);
	struct ct *ct = c->ct;
	struct ct_addrs routes;
	uint8_t mac[6];
	int err;

	err = ct_attach_mac(ct, net, o, NULL, mac);
	if (err)
		return err;
	ct_port_routes(&routes, &o->gateway, &o->route, &o->address);
	ct_begin(ct);
	if (native) {
		err = make_native(net, c, o, mac, mtu);
	} else {
		err = make_veth(c, mac, mtu);
		err = err ?: ct_attach_rename(ct, &c->near, o->host_ifname);
		err = err ?: ct_attach_dress(ct, &c->near, label);
	}
	if (!o->guard.set || o->guard.v)
		err = err ?: ct_autoconf_fit(c, &o->address, false);
	/* The table guards that they are unique, so DAD need not. */
	err = err ?: ct_addr_add_all(&c->s, c->far.ifindex, c->ifname, &o->address,
				     IFA_F_NODAD);
	if (!native)
		err = err ?: ct_attach_near(ct, net, &c->near, o);
	err = err ?: ct_attach_enter_near(ct, net, &c->near, mac, &o->address);
	err = err ?: ct_link_up(&c->s, &c->far);
	err = err ?: ct_attach_routes(c, &routes);
	if (!native)
		err = err ?: ct_link_up(&ct->rt, &c->near);
	err = err ?: ct_attach_tell(c, &o->address);
	err = err ?: native ? ct_near_label(ct, &c->near, label) :
			      ct_attach_altname(ct, &c->near, c->asked);
	ct_addrs_free(&routes);
	return ct_end(ct, err);
}

/*
 * Its network went, be it with the module, or an earlier step detached it from another: the
 * veth is made the port of this one, and the container keeps its interface, with what it
 * has made of it.
 */
static int take_over(const struct ct_link *net, struct ct_container *c,
		     const struct ct_port_conf *o)
{
	struct ct_port_change w = {
		.label = o->label || o->near ? o->label : c->target,
		.mtu = o->mtu.set ? o->mtu.v : CT_MTU_AUTO, .address = o->address,
	};
	struct ct *ct = c->ct;
	int err;

	err = ct_attach_mac(ct, net, o, c->far.mac, w.mac);
	if (err)
		return err;
	err = ct_route_dump(&c->s, c->far.ifindex, &w.had_routes);
	if (err)
		return ct_refused(&c->s, err, NULL, "read its routes");
	ct_port_routes(&w.routes, &o->gateway, &o->route, &o->address);
	ct_begin(ct);
	if (w.mtu == CT_MTU_AUTO)
		ct_attach_undo_mtu(c);
	err = ct_attach_near(ct, net, &c->near, o);
	c->near.master = net->ifindex;
	err = err ?: ct_attach_enter_near(ct, net, &c->near, w.mac, &o->address);
	err = err ?: ct_attach_rename(ct, &c->near, o->host_ifname);
	err = err ?: ct_link_up(&c->s, &c->far);
	err = err ?: ct_attach_change(c, &w);
	err = err ?: ct_link_up(&ct->rt, &c->near);
	err = err ?: ct_attach_tell(c, &o->address);
	err = err ?: ct_attach_altname(ct, &c->near, c->asked);
	ct_addrs_free(&w.had_routes);
	ct_addrs_free(&w.routes);
	return ct_end(ct, err);
}

/* Of one that was killed: nobody has used it yet. */
static int remove_unfinished(struct ct_container *c)
{
	struct ct_sock *s;
	struct nl_msg *msg = ct_near_del_msg(c->ct, &c->near, &s);
	int err = ct_do(s, msg, NULL);

	if (err && err != -ENODEV && err != -ENOENT)
		return ct_refused(s, err, NULL,
				  "delete %s, which an add-port that was killed has left",
				  c->near.name);
	return ct_container_find(c);
}

int ct_attach(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o)
{
	struct ct_container *c;
	bool takes;
	int err;

	ct_lock(ct, false);
	c = o->near ? ct_attach_open(ct, net, o->near, false) :
		      ct_container_open(ct, target, o->ifname, NULL, "");
	if (!c) {
		ct_unlock(ct);
		return ct->code;
	}
	do {
		err = ct_container_settle(c);
		if (ct_container_is_on(c, net) && ct_port_is_unfinished(&c->near))
			err = err ?: remove_unfinished(c);
		takes = ct_container_is_on(c, net) && !c->near.master;
		if (err)
			break;
		if (c->state == CT_FAR_NONE)
			err = attach_new(net, c, o);
		else if (takes)
			err = take_over(net, c, o);
		else
			err = o->may_exist ? compare(net, c, o) : ct_container_already(c);
	} while (err == -EAGAIN);
	/* Deleting the near end of a new one takes back what was done in there. */
	if (takes)
		ct_container_keep(c);
	else
		ct_container_close(c);
	ct_unlock(ct);
	return err;
}

/* The veth that add-port made, and with it all that belongs to it. */
int ct_detach_near(struct ct *ct, const struct ct_link *net, const char *what,
		   const struct ct_link *near)
{
	struct ct_sock *s;
	struct nl_msg *msg;
	int err;

	if (!ct_port_is_made(near))
		return ct_fail(ct, "%s is attached by %s, which add-port did not make; \"ctnetctl del-port %s --dev %s\" detaches it",
			       what, near->name, net->name, near->name);
	ct_begin(ct);
	err = ct_publish_del_near(ct, near->ifindex);
	msg = ct_near_del_msg(ct, near, &s);
	if (err)
		nlmsg_free(msg);
	else
		err = ct_step(s, msg, NULL, NULL, "delete %s", near->name);
	return ct_end(ct, err);
}

int ct_detach(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o)
{
	struct ct_container *c;
	bool gone = false;
	int err;

	c = ct_container_open(ct, target, o->ifname, o->if_exists ? &gone : NULL,
			      CT_CONTAINER_GONE);
	if (!c)
		return gone ? CT_OK : ct->code;
	ct_lock(ct, false);
	err = ct_container_settle(c);
	if (!err && ct_container_is_on(c, net))
		err = ct_detach_near(ct, net, target, &c->near);
	else if (!err && !o->if_exists)
		err = ct_container_is_elsewhere(c);
	ct_unlock(ct);
	ct_container_close(c);
	return err;
}
