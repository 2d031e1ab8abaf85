// SPDX-License-Identifier: GPL-2.0
/*
 * A container's port: a veth whose far end is born in the container's namespace.
 *
 * The order of the steps is the point. Nothing that the container sends can get
 * anywhere before its far end is up, and that is last: by then the near end is a
 * port with its flags, the table knows MAC and addresses, and the far end has
 * them. Deleting the near end takes back all of it.
 */
#include <errno.h>
#include <net/if.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "attach.h"
#include "container.h"
#include "ctnetctl.h"
#include "objects.h"

#define CARRIER_WAIT_MS	5000
#define NAME_TRIES	16

/* The port is there; is it what was asked for? */
static int compare(const struct link *net, struct container *c,
		   const struct port_opts *o)
{
	struct cidrs have;
	char text[CIDR_TEXT];
	size_t i;
	int err;

	if (c->state != FAR_HERE || c->near.master != net->ifindex)
		return container_already(c);
	if (o->mac.set && memcmp(o->mac.v, c->far.mac, 6))
		return fail("it exists, and has --mac %s",
			    mac_text(c->far.mac, text));
	if (o->mtu.set && o->mtu.v != c->far.mtu)
		return fail("it exists, and has --mtu %u", c->far.mtu);
	err = port_compare(net, &c->near, o);
	if (err || !o->address.n)
		return err;
	err = addr_dump(&c->s, c->far.ifindex, &have);
	if (err)
		return fail("read its addresses: %s",
			    nl_why(&c->s, err, NULL));
	for (i = 0; i < o->address.n && !err; i++)
		if (!addr_among(&have, &o->address.v[i]))
			err = fail("it exists, and has not the address %s",
				   cidr_text(&o->address.v[i], text));
	free(have.v);
	return err;
}

/* One message makes both ends, the far one in the container. */
static struct nl_msg *veth_msg(const char *near, const struct container *c,
			       const uint8_t *mac, uint32_t mtu)
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
				      0, 0, 0);
	struct ifinfomsg ifm = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data, *peer;
	uint8_t near_mac[6];

	/* Addresses that are set are left alone by udev; others are not. */
	mac_random(near_mac);
	msg_put_str(msg, IFLA_IFNAME, near);
	msg_put(msg, IFLA_ADDRESS, near_mac, 6);
	msg_put_u32(msg, IFLA_MTU, mtu);
	info = msg_nest(msg, IFLA_LINKINFO);
	msg_put(msg, IFLA_INFO_KIND, "veth", strlen("veth"));
	data = msg_nest(msg, IFLA_INFO_DATA);
	peer = msg_nest(msg, VETH_INFO_PEER);
	if (nlmsg_append(msg, &ifm, sizeof(ifm), NLMSG_ALIGNTO))
		die("out of memory");
	msg_put_str(msg, IFLA_IFNAME, c->ifname);
	msg_put(msg, IFLA_ADDRESS, mac, 6);
	msg_put_u32(msg, IFLA_MTU, mtu);
	msg_put_u32(msg, IFLA_NET_NS_FD, c->fd);
	msg_nest_end(msg, peer);
	msg_nest_end(msg, data);
	msg_nest_end(msg, info);
	return msg;
}

static int make_veth(struct container *c, const uint8_t *mac, uint32_t mtu)
{
	static const struct hint hints[] = {
		{ EOPNOTSUPP, "the kernel has no veth: \"modprobe veth\"" },
		{ 0, NULL }
	};
	int try, err = 0, e;
	struct nl_msg *msg;
	char name[IFNAMSIZ];
	uint64_t id;

	for (try = 0; try < NAME_TRIES; try++) {
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			die("no random numbers");
		snprintf(name, sizeof(name), "ct%010llx",
			 (unsigned long long)id & 0xffffffffffull);
		e = nl_do(&ctx.rt, veth_msg(name, c, mac, mtu), NULL);
		if (e != -EEXIST)
			break;
		/* Which of the two names was there? */
		err = container_find(c);
		if (err)
			return err;
		if (c->state != FAR_NONE)
			return container_already(c);
	}
	if (e)
		return fail("make the veth: %s", nl_why(&ctx.rt, e, hints));
	msg = link_msg(RTM_DELLINK, 0, 0, 0, 0);
	msg_put_str(msg, IFLA_IFNAME, name);
	undo_push(&ctx.rt, msg);
	e = link_get(&ctx.rt, name, 0, -1, &c->near);
	if (e)
		return fail("find the veth that was made: %s",
			    nl_why(&ctx.rt, e, NULL));
	e = link_get(&c->s, c->ifname, 0, -1, &c->far);
	if (e)
		return fail("find %s in %s: %s", c->ifname, c->target,
			    nl_why(&c->s, e, NULL));
	/* Whatever the container has made of it since: the table gets what we chose. */
	memcpy(c->far.mac, mac, 6);
	return EXIT_OK;
}

/*
 * The label; and no link-local address for the near end, which is a port and
 * not a host. A kernel without IPv6 refuses the latter.
 */
static int dress_near(const struct container *c, const char *label)
{
	struct nlattr *spec, *inet6;
	struct nl_msg *msg;
	int err;

	msg = link_alias_msg(c->near.ifindex, label);
	spec = msg_nest(msg, IFLA_AF_SPEC);
	inet6 = msg_nest(msg, AF_INET6);
	msg_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	msg_nest_end(msg, inet6);
	msg_nest_end(msg, spec);
	err = nl_do(&ctx.rt, msg, NULL);
	if (err == -EAFNOSUPPORT)
		err = nl_do(&ctx.rt, link_alias_msg(c->near.ifindex, label),
			    NULL);
	if (err)
		return fail("set the label: %s", nl_why(&ctx.rt, err, NULL));
	return EXIT_OK;
}

static int attach_near(const struct link *net, const struct container *c,
		       const struct port_opts *o)
{
	struct nla_bitfield32 bits;
	struct nl_msg *msg;
	int err;

	msg = port_msg(CTNET_CMD_PORT_ADD, net->ifindex, c->near.ifindex);
	opt_flags(add_port_opts, o, &bits.value, &bits.selector);
	/* A container is guarded unless somebody says otherwise. */
	if (!(bits.selector & CTNET_PORT_GUARD)) {
		bits.selector |= CTNET_PORT_GUARD;
		bits.value |= CTNET_PORT_GUARD;
	}
	if (bits.selector)
		msg_put(msg, CTNET_A_PORT_FLAGS, &bits, sizeof(bits));
	err = nl_do(&ctx.ge, msg, NULL);
	if (err)
		return fail("attach %s: %s", c->near.name,
			    nl_why(&ctx.ge, err, NULL));
	return EXIT_OK;
}

void attach_put_ips(struct nl_msg *msg, const struct cidrs *addrs)
{
	size_t i;

	for (i = 0; i < addrs->n; i++)
		msg_put(msg, CTNET_A_FDB_IP, addrs->v[i].ip.b,
			addrs->v[i].ip.len);
}

int attach_enter(const struct link *net, const struct container *c,
		 const struct cidrs *addrs)
{
	char text[MAC_TEXT];
	struct nl_msg *msg;
	int err;

	msg = fdb_msg(CTNET_CMD_FDB_ADD, net->ifindex, c->far.mac);
	msg_put_u32(msg, CTNET_A_FDB_PORT, c->near.ifindex);
	attach_put_ips(msg, addrs);
	err = nl_do(&ctx.ge, msg, NULL);
	if (err)
		return fail("enter %s into the table: %s",
			    mac_text(c->far.mac, text),
			    nl_why(&ctx.ge, err, NULL));
	return EXIT_OK;
}

static int bring_up(struct nlsock *s, const struct link *l)
{
	int err = link_set_up(s, l->ifindex, true);

	if (err)
		return fail("bring %s up: %s", l->name, nl_why(s, err, NULL));
	return EXIT_OK;
}

int attach_routes(struct container *c, const struct ips *gateways)
{
	static const struct hint hints[] = {
		{ EEXIST, "the container has a default route already" },
		{ ENETUNREACH, "the gateway is in none of the container's subnets" },
		{ EHOSTUNREACH, "the gateway is in none of the container's subnets" },
		{ 0, NULL }
	};
	char text[IP_TEXT];
	size_t i;
	int err;

	for (i = 0; i < gateways->n; i++) {
		err = nl_do(&c->s, route_msg(RTM_NEWROUTE, &gateways->v[i],
					     c->far.ifindex), NULL);
		if (err)
			return fail("set the default route via %s: %s",
				    ip_text(&gateways->v[i], text),
				    nl_why(&c->s, err, hints));
		undo_push(&c->s, route_msg(RTM_DELROUTE, &gateways->v[i],
					   c->far.ifindex));
	}
	return EXIT_OK;
}

/* Until the kernel calls it running, what is sent is dropped on the way. */
static int wait_running(struct nlsock *s, const struct link *l)
{
	struct timespec nap = { .tv_nsec = 500000 };
	long waited = 0;
	struct link now;
	int err;

	for (;;) {
		err = link_get(s, NULL, l->ifindex, -1, &now);
		if (err)
			return fail("wait for %s: %s", l->name,
				    nl_why(s, err, NULL));
		if (now.operstate == IF_OPER_UP)
			return EXIT_OK;
		if (waited / 1000000 > CARRIER_WAIT_MS)
			return fail("wait for %s: its link did not come up within %d seconds",
				    l->name, CARRIER_WAIT_MS / 1000);
		nanosleep(&nap, NULL);
		waited += nap.tv_nsec;
		if (nap.tv_nsec < 20000000)
			nap.tv_nsec *= 2;
	}
}

int attach_tell(struct container *c, const struct cidrs *addrs)
{
	char why[256];
	int err;

	if (!addrs->n)
		return EXIT_OK;
	err = wait_running(&ctx.rt, &c->near);
	if (!err)
		err = wait_running(&c->s, &c->far);
	if (err)
		return err;
	if (announce(c->fd, &c->far, addrs, why, sizeof(why)))
		return fail("announce the addresses: %s", why);
	return EXIT_OK;
}

/*
 * A container that is made again with its address is to have the MAC that it had. So it is
 * made from the address, and where another has it already, who came before, it is the next.
 */
static int choose_mac(const struct link *net, const struct port_opts *o,
		      uint8_t mac[6])
{
	const struct ip *ip = &o->address.v[0].ip;
	char text[IP_TEXT];
	unsigned int try;
	struct fdb f;
	bool taken;
	int err;

	if (o->mac.set) {
		memcpy(mac, o->mac.v, 6);
		return EXIT_OK;
	}
	if (!o->address.n) {
		mac_random(mac);
		return EXIT_OK;
	}
	for (try = 0; try < MAC_TRIES; try++) {
		mac_from_ip(mac, ip, try);
		err = fdb_get(net->ifindex, mac, &f);
		if (err == -ENOENT)
			return EXIT_OK;
		if (err)
			return fail("read the table: %s",
				    nl_why(&ctx.ge, err, NULL));
		/* A learned entry may be its own, of where it was before. */
		taken = f.is_static && !ip_among(&f.ips, ip);
		free(f.ips.v);
		if (!taken)
			return EXIT_OK;
	}
	return fail("the table has other entries of all the MACs that are made from %s: give one by --mac",
		    ip_text(ip, text));
}

int attach(const struct link *net, const char *target,
	   const struct port_opts *o)
{
	uint32_t mtu = o->mtu.set ? o->mtu.v : net->mtu;
	struct container c;
	uint8_t mac[6];
	int err;

	err = container_open(&c, target, o->ifname, NULL, "");
	if (err)
		return err;
	if (c.state != FAR_NONE) {
		err = o->may_exist ? compare(net, &c, o) : container_already(&c);
		container_close(&c);
		return err;
	}
	err = choose_mac(net, o, mac);
	if (err) {
		container_close(&c);
		return err;
	}

	undo_begin();
	err = make_veth(&c, mac, mtu);
	if (!err)
		err = dress_near(&c, o->label ? o->label : target);
	if (!err && !(o->guard.set && !o->guard.v))
		err = autoconf_fit(&c, &o->address);
	/* The table guards that they are unique, so DAD need not. */
	if (!err)
		err = addr_add_all(&c.s, c.far.ifindex, c.ifname, &o->address,
				   IFA_F_NODAD);
	if (!err)
		err = attach_near(net, &c, o);
	if (!err)
		err = attach_enter(net, &c, &o->address);
	if (!err)
		err = bring_up(&ctx.rt, &c.near);
	if (!err)
		err = bring_up(&c.s, &c.far);
	if (!err)
		err = attach_routes(&c, &o->gateway);
	if (!err)
		err = attach_tell(&c, &o->address);
	if (err)
		undo_run();
	else
		undo_commit();
	container_close(&c);
	return err;
}

int detach(const struct link *net, const char *target,
	   const struct port_opts *o)
{
	struct container c;
	bool gone = false;
	int err;

	err = container_port(&c, net, target, o->ifname, o->if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	if (!port_is_made(&c.near)) {
		err = fail("%s is attached by %s, which add-port did not make; \"ctnetctl del-port %s --dev %s\" detaches it",
			   target, c.near.name, net->name, c.near.name);
	} else {
		err = nl_do(&ctx.rt, link_del_msg(c.near.ifindex), NULL);
		if (err)
			err = fail("delete %s: %s", c.near.name,
				   nl_why(&ctx.rt, err, NULL));
	}
	container_close(&c);
	return err;
}
