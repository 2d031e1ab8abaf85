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
#include <fcntl.h>
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

static void put_ips(struct nl_msg *msg, const struct cidrs *addrs)
{
	size_t i;

	for (i = 0; i < addrs->n; i++)
		msg_put(msg, CTNET_A_FDB_IP, addrs->v[i].ip.b,
			addrs->v[i].ip.len);
}

static int enter_table(const struct link *net, const struct container *c,
		       const struct cidrs *addrs)
{
	char text[MAC_TEXT];
	struct nl_msg *msg;
	int err;

	msg = fdb_msg(CTNET_CMD_FDB_ADD, net->ifindex, c->far.mac);
	msg_put_u32(msg, CTNET_A_FDB_PORT, c->near.ifindex);
	put_ips(msg, addrs);
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

static int add_routes(struct container *c, const struct ips *gateways)
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

static int tell(struct container *c, const struct cidrs *addrs)
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

/* The sysctl of an interface in a namespace. Returns 0 or an error number. */
static int set_autoconf(int ns_fd, const char *ifname, char value, char *old)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//autoconf") + IFNAMSIZ];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/autoconf",
		 ifname);
	err = -netns_enter(ns_fd);
	if (err)
		return err;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || read(fd, old, 1) != 1 ||
	    (*old != value && pwrite(fd, &value, 1, 0) != 1))
		err = errno;
	if (fd >= 0)
		close(fd);
	netns_leave();
	/* Where a container is given no sysctls to write, it is its own affair. */
	return err == ENOENT || err == EROFS ? 0 : err;
}

/* What takes it back, in a container that stays open until then. */
struct autoconf {
	const struct container *c;
	char old;
};

static void restore_autoconf(void *arg)
{
	const struct autoconf *a = arg;
	char now;

	set_autoconf(a->c->fd, a->c->ifname, a->old, &now);
}

/*
 * Who was given IPv6 addresses is to have these, and not such as a router of the network
 * has the kernel make: it would prefer them, and the guard drops what is sent from them.
 * Routes are taken from routers as before.
 */
static int stop_autoconf(const struct container *c, bool undo)
{
	struct autoconf *a;
	char old = '0';
	int err;

	err = set_autoconf(c->fd, c->ifname, '0', &old);
	if (err)
		return fail("have the container's %s take no addresses from routers: %s",
			    c->ifname, strerror(err));
	if (!undo || old == '0')
		return EXIT_OK;
	a = xcalloc(1, sizeof(*a));
	a->c = c;
	a->old = old;
	undo_push_call(restore_autoconf, a);
	return EXIT_OK;
}

static bool has_ipv6(const struct cidrs *addrs)
{
	size_t i;

	for (i = 0; i < addrs->n; i++)
		if (addrs->v[i].ip.family == AF_INET6)
			return true;
	return false;
}

/* The same for a port that is there: is it guarded, and has IPv6 addresses? */
static int guarded_autoconf(const struct container *c)
{
	bool any = false;
	struct port p;
	struct fdb f;
	size_t i;
	int err;

	err = port_get(c->near.master, c->near.ifindex, &p);
	if (err)
		return fail("read the port: %s", nl_why(&ctx.ge, err, NULL));
	if (!(p.flags & CTNET_PORT_GUARD))
		return EXIT_OK;
	err = fdb_get(c->near.master, c->far.mac, &f);
	if (err == -ENOENT)
		return EXIT_OK;
	if (err)
		return fail("read the table: %s", nl_why(&ctx.ge, err, NULL));
	for (i = 0; i < f.ips.n; i++)
		any = any || f.ips.v[i].family == AF_INET6;
	free(f.ips.v);
	return any ? stop_autoconf(c, true) : EXIT_OK;
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
	if (o->mac.set)
		memcpy(mac, o->mac.v, 6);
	else if (o->address.n)
		mac_from_ip(mac, &o->address.v[0].ip);
	else
		mac_random(mac);

	undo_begin();
	err = make_veth(&c, mac, mtu);
	if (!err)
		err = dress_near(&c, o->label ? o->label : target);
	if (!err && !(o->guard.set && !o->guard.v) && has_ipv6(&o->address))
		err = stop_autoconf(&c, false);
	/* The table guards that they are unique, so DAD need not. */
	if (!err)
		err = addr_add_all(&c.s, c.far.ifindex, c.ifname, &o->address,
				   IFA_F_NODAD);
	if (!err)
		err = attach_near(net, &c, o);
	if (!err)
		err = enter_table(net, &c, &o->address);
	if (!err)
		err = bring_up(&ctx.rt, &c.near);
	if (!err)
		err = bring_up(&c.s, &c.far);
	if (!err)
		err = add_routes(&c, &o->gateway);
	if (!err)
		err = tell(&c, &o->address);
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

/* Is there a static entry of the port, whatever its MAC? */
static int port_entry(const struct link *net, int port, bool *found,
		      uint8_t mac[6])
{
	struct nl_msg *msg = ge_msg(CTNET_CMD_FDB_GET, NLM_F_DUMP);
	struct nlmsghdr *h;
	struct replies r;
	struct fdb f;
	int err;

	*found = false;
	msg_put_u32(msg, CTNET_A_FDB_NET, net->ifindex);
	err = nl_do(&ctx.ge, msg, &r);
	if (err)
		return fail("read the table: %s", nl_why(&ctx.ge, err, NULL));
	for_each_reply(h, &r) {
		if (fdb_parse(h, &f))
			continue;
		if (f.port == port && f.is_static) {
			*found = true;
			memcpy(mac, f.mac, 6);
		}
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
		err = e ? e : enter_table(net, c, addrs);
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
	put_ips(msg, addrs);
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
		err = guarded_autoconf(&c);
	if (!err)
		err = addr_add_all(&c.s, c.far.ifindex, c.ifname, &o->address,
				   IFA_F_NODAD);
	if (!err && c.far.flags & IFF_UP)
		err = tell(&c, &o->address);
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
	err = add_routes(c, &missing);
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
		err = guarded_autoconf(c);
	if (!err)
		err = change_addresses(c, w->had, w->address, w->had_gateways,
				       w->gateways);
	if (!err)
		err = port_set_up(&c->near);
	if (!err && w->announce && c->far.flags & IFF_UP)
		err = tell(c, w->address);
	free(all.v);
	return err;
}
