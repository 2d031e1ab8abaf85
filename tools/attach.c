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
#define IPV6_MIN_MTU	1280

/* How the near end's other end was to be called, for good. */
static int mark(const struct container *c)
{
	char name[ALTIFNAMSIZ];
	int err;

	if (!strcmp(c->near.given, c->asked))
		return EXIT_OK;
	snprintf(name, sizeof(name), "%s-%s", c->near.mark, c->asked);
	err = nl_do(&ctx.rt, link_altname_msg(RTM_NEWLINKPROP, c->near.ifindex,
					      name), NULL);
	if (err && err != -EEXIST)
		return fail("set the altname %s: %s", name,
			    nl_why(&ctx.rt, err, NULL));
	undo_push(&ctx.rt, link_altname_msg(RTM_DELLINKPROP, c->near.ifindex,
					    name));
	return EXIT_OK;
}

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
	if (mtu_is_given(&o->mtu) && o->mtu.v != c->far.mtu)
		return fail("it exists, and has --mtu %u", c->far.mtu);
	if (o->host_ifname && strcmp(o->host_ifname, c->near.name))
		return fail("it exists, and has --host-ifname %s", c->near.name);
	err = port_compare(net, &c->near, o);
	if (!err && o->address.n) {
		err = addr_dump(&c->s, c->far.ifindex, &have);
		if (err)
			return fail("read its addresses: %s",
				    nl_why(&c->s, err, NULL));
		for (i = 0; i < o->address.n && !err; i++)
			if (!addr_among(&have, &o->address.v[i]))
				err = fail("it exists, and has not the address %s",
					   cidr_text(&o->address.v[i], text));
		free(have.v);
	}
	if (err || !port_is_made(&c->near) || c->near.given[0])
		return err;
	/* Whoever made it was killed before that. */
	if (c->far.flags & IFF_UP)
		err = attach_tell(c, &o->address);
	return err ? err : mark(c);
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

/* @raced: another made that interface of the container just now. */
static int make_veth(struct container *c, const uint8_t *mac, uint32_t mtu,
		     bool *raced)
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
		if (c->state != FAR_NONE) {
			*raced = true;
			return EXIT_REFUSED;
		}
	}
	if (e)
		return fail("make the veth: %s", nl_why(&ctx.rt, e, hints));
	e = link_get(&ctx.rt, name, 0, -1, &c->near);
	if (e) {
		msg = link_msg(RTM_DELLINK, 0, 0, 0, 0);
		msg_put_str(msg, IFLA_IFNAME, name);
		undo_push(&ctx.rt, msg);
		return fail("find the veth that was made: %s",
			    nl_why(&ctx.rt, e, NULL));
	}
	undo_push(&ctx.rt, link_del_msg(c->near.ifindex));
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
	/* What a container's port is unless somebody says otherwise. */
	bits.value |= CTNET_PORT_TARGET_FLAGS & ~bits.selector;
	bits.selector |= CTNET_PORT_TARGET_FLAGS;
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
	if (err) {
		struct ips ips = cidrs_ips(addrs);

		err = fail("enter %s into the table: %s",
			   mac_text(c->far.mac, text),
			   fdb_why(err, net->ifindex, c->far.mac, &ips));
		free(ips.v);
	}
	return err;
}

static int bring_up(struct nlsock *s, const struct link *l)
{
	int err = link_set_up(s, l->ifindex, true);

	if (err)
		return fail("bring %s up: %s", l->name, nl_why(s, err, NULL));
	return EXIT_OK;
}

/* What a message calls a route. */
const char *attach_route_text(const struct route *r, char buf[ROUTE_NAME])
{
	char text[ROUTE_TEXT];

	if (r->dst.plen)
		snprintf(buf, ROUTE_NAME, "route to %s", route_text(r, text));
	else
		snprintf(buf, ROUTE_NAME, "default route via %s",
			 ip_text(&r->via, text));
	return buf;
}

int attach_routes(struct container *c, const struct routes *routes)
{
	static const struct hint hints[] = {
		{ EEXIST, "the container has a default route already" },
		{ ENETUNREACH, "the gateway is in none of the container's subnets" },
		{ EHOSTUNREACH, "the gateway is in none of the container's subnets" },
		{ 0, NULL }
	};
	static const struct hint others[] = {
		{ EEXIST, "the container has a route to there already" },
		{ ENETUNREACH, "the gateway is in none of the container's subnets" },
		{ EHOSTUNREACH, "the gateway is in none of the container's subnets" },
		{ 0, NULL }
	};
	char text[ROUTE_NAME];
	size_t i;
	int err;

	for (i = 0; i < routes->n; i++) {
		const struct route *r = &routes->v[i];

		err = nl_do(&c->s, route_msg(RTM_NEWROUTE, r, c->far.ifindex),
			    NULL);
		if (err)
			return fail("set the %s: %s", attach_route_text(r, text),
				    nl_why(&c->s, err,
					   r->dst.plen ? others : hints));
		undo_push(&c->s, route_msg(RTM_DELROUTE, r, c->far.ifindex));
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
 * The near end is called so on the host. While it is, an altname has the mark, for who is
 * killed just then.
 */
int attach_rename(struct link *near, const char *name)
{
	static const struct hint hints[] = {
		{ EEXIST, "there is an interface of that name on the host" },
		{ 0, NULL }
	};
	bool down = !(near->flags & IFF_UP);
	char bare[MARK_LEN + 2];
	struct nl_msg *back;
	int err;

	if (!name || !strcmp(name, near->name))
		return EXIT_OK;
	snprintf(bare, sizeof(bare), "%s-", near->mark);
	if (!near->given[0]) {
		err = nl_do(&ctx.rt, link_altname_msg(RTM_NEWLINKPROP,
						      near->ifindex, bare), NULL);
		if (err && err != -EEXIST)
			return fail("set the altname %s: %s", bare,
				    nl_why(&ctx.rt, err, NULL));
		undo_push(&ctx.rt, link_altname_msg(RTM_DELLINKPROP,
						    near->ifindex, bare));
	}
	back = link_name_msg(near->ifindex, near->name);
	err = nl_do(&ctx.rt, link_name_msg(near->ifindex, name), NULL);
	if (err == -EBUSY && !down) {
		/* Older kernels rename only what is down. */
		undo_push(&ctx.rt, link_up_msg(near->ifindex, true));
		undo_push(&ctx.rt, back);
		undo_push(&ctx.rt, link_up_msg(near->ifindex, false));
		err = link_set_up(&ctx.rt, near->ifindex, false);
		if (!err)
			err = nl_do(&ctx.rt, link_name_msg(near->ifindex, name), NULL);
		if (!err)
			err = link_set_up(&ctx.rt, near->ifindex, true);
	} else if (!err) {
		undo_push(&ctx.rt, back);
	} else {
		nlmsg_free(back);
	}
	if (err)
		return fail("name the near end %s: %s", name,
			    nl_why(&ctx.rt, err, hints));
	snprintf(near->name, sizeof(near->name), "%s", name);
	return EXIT_OK;
}

/*
 * A container that is made again with its address is to have the MAC that it had. So it is
 * made from the address, and where another has it already, who came before, it is the next.
 */
static int choose_mac(const struct link *net, const struct container *c,
		      const struct port_opts *o, uint8_t mac[6])
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
		if (c->state == FAR_HERE)
			memcpy(mac, c->far.mac, 6);
		else
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

/* Less than IPv6 needs would keep it off; what follows is the kernel's to set. */
static uint32_t port_mtu(const struct link *net)
{
	return net->mtu < IPV6_MIN_MTU ? IPV6_MIN_MTU : net->mtu;
}

static int attach_new(const struct link *net, struct container *c,
		      const struct port_opts *o, bool *raced)
{
	uint32_t mtu = mtu_is_given(&o->mtu) ? o->mtu.v : port_mtu(net);
	struct routes routes;
	uint8_t mac[6];
	int err;

	err = choose_mac(net, c, o, mac);
	if (err)
		return err;
	port_routes(&routes, &o->gateway, &o->route, &o->address);
	undo_begin();
	err = make_veth(c, mac, mtu, raced);
	if (!err)
		err = attach_rename(&c->near, o->host_ifname);
	if (!err)
		err = dress_near(c, o->label ? o->label : c->target);
	if (!err && !(o->guard.set && !o->guard.v))
		err = autoconf_fit(c, &o->address);
	/* The table guards that they are unique, so DAD need not. */
	if (!err)
		err = addr_add_all(&c->s, c->far.ifindex, c->ifname, &o->address,
				   IFA_F_NODAD);
	if (!err)
		err = attach_near(net, c, o);
	if (!err)
		err = attach_enter(net, c, &o->address);
	if (!err)
		err = bring_up(&c->s, &c->far);
	if (!err)
		err = attach_routes(c, &routes);
	if (!err)
		err = bring_up(&ctx.rt, &c->near);
	if (!err)
		err = attach_tell(c, &o->address);
	if (!err)
		err = mark(c);
	if (err)
		undo_run();
	else
		undo_commit();
	free(routes.v);
	return err;
}

/*
 * Its network went, be it with the module, and left the veth behind: it is made the port
 * of this one, and the container keeps its interface, with what it has made of it.
 */
static int take_over(const struct link *net, struct container *c,
		     const struct port_opts *o)
{
	struct cidrs none = { 0 };
	struct routes had, routes;
	uint8_t mac[6];
	struct port_change w = {
		.label = o->label || o->near ? o->label : c->target,
		.mtu = mtu_is_given(&o->mtu) ? o->mtu.v : MTU_AUTO,
		.mac = mac, .had = &none, .address = &o->address,
		.had_routes = &had, .routes = &routes, .up = true,
		.announce = true,
	};
	struct fdb old = { 0 };
	int err;

	err = choose_mac(net, c, o, mac);
	if (err)
		return err;
	err = route_dump(&c->s, c->far.ifindex, &had);
	if (err)
		return fail("read its routes: %s", nl_why(&c->s, err, NULL));
	port_routes(&routes, &o->gateway, &o->route, &o->address);
	undo_begin();
	err = attach_near(net, c, o);
	if (!err) {
		undo_push(&ctx.ge, port_msg(CTNET_CMD_PORT_DEL, net->ifindex,
					    c->near.ifindex));
		c->near.master = net->ifindex;
		memcpy(old.mac, c->far.mac, 6);
		memcpy(c->far.mac, mac, 6);
		err = attach_enter(net, c, &o->address);
		memcpy(c->far.mac, old.mac, 6);
	}
	if (!err)
		err = attach_rename(&c->near, o->host_ifname);
	if (!err && !(c->far.flags & IFF_UP)) {
		err = bring_up(&c->s, &c->far);
		undo_push(&c->s, link_up_msg(c->far.ifindex, false));
		c->far.flags |= IFF_UP;
	}
	if (!err)
		err = attach_change(c, &w);
	if (!err)
		err = mark(c);
	if (err)
		undo_run();
	else
		undo_commit();
	free(had.v);
	free(routes.v);
	return err;
}

/* Of one that was killed: nobody has used it yet. */
static int remove_unfinished(struct container *c)
{
	int err = nl_do(&ctx.rt, link_del_msg(c->near.ifindex), NULL);

	if (err && err != -ENODEV)
		return fail("delete %s, which an add-port that was killed has left: %s",
			    c->near.name, nl_why(&ctx.rt, err, NULL));
	return container_find(c);
}

static int attach_container(const struct link *net, struct container *c,
			    const struct port_opts *o, bool *raced, bool *keep)
{
	int err = container_settle(c);

	if (!err && container_is_on(c, net) && port_is_unfinished(&c->near))
		err = remove_unfinished(c);
	if (err)
		return err;
	if (c->state == FAR_NONE)
		return attach_new(net, c, o, raced);
	if (container_is_on(c, net) && !c->near.master) {
		*keep = true;
		return take_over(net, c, o);
	}
	return o->may_exist ? compare(net, c, o) : container_already(c);
}

static int open_container(struct container *c, const char *target,
			  const struct port_opts *o)
{
	bool gone = false;
	struct link near;
	int err;

	if (!o->near)
		return container_open(c, target, o->ifname, NULL, "");
	err = link_get(&ctx.rt, o->near, 0, -1, &near);
	if (err || !port_is_made(&near))
		return fail("there is no veth \"%s\" that add-port made",
			    o->near);
	err = container_open_near(c, &near, &gone);
	if (!err && gone)
		err = fail("no name and no process leads to the container of %s",
			   o->near);
	return err;
}

int attach(const struct link *net, const char *target,
	   const struct port_opts *o)
{
	bool raced, keep = false;
	struct container *c;
	int err;

	lock_take(false);
	c = xcalloc(1, sizeof(*c));
	err = open_container(c, target, o);
	if (err) {
		free(c);
		lock_drop();
		return err;
	}
	do {
		raced = false;
		err = attach_container(net, c, o, &raced, &keep);
	} while (raced);
	if (keep) {
		container_keep(c);
	} else {
		/* Deleting the near end takes back what was done in there. */
		container_close(c);
		free(c);
	}
	lock_drop();
	return err;
}

/* The veth that add-port made, and with it all that belongs to it. */
int detach_near(const struct link *net, const char *what,
		const struct link *near)
{
	int err;

	if (!port_is_made(near))
		return fail("%s is attached by %s, which add-port did not make; \"ctnetctl del-port %s --dev %s\" detaches it",
			    what, near->name, net->name, near->name);
	err = nl_do(&ctx.rt, link_del_msg(near->ifindex), NULL);
	if (err)
		return fail("delete %s: %s", near->name,
			    nl_why(&ctx.rt, err, NULL));
	return EXIT_OK;
}

int detach(const struct link *net, const char *target,
	   const struct port_opts *o)
{
	struct container c;
	bool gone = false;
	int err;

	err = container_open(&c, target, o->ifname, o->if_exists ? &gone : NULL,
			     CONTAINER_GONE);
	if (err || gone)
		return err;
	lock_take(false);
	err = container_settle(&c);
	if (!err && container_is_on(&c, net))
		err = detach_near(net, target, &c.near);
	else if (!err && !o->if_exists)
		err = container_is_elsewhere(&c);
	lock_drop();
	container_close(&c);
	return err;
}
