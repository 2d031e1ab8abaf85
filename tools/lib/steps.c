// SPDX-License-Identifier: GPL-2.0
/* Steps that making a container's port and changing one share. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "attach.h"

#define CARRIER_WAIT_S	5
#define IPV6_MIN_MTU	1280

struct ct_container *ct_attach_open(struct ct *ct, const struct ct_link *net, const char *near,
				    bool of_it)
{
	bool native = ct_native_is_name(near);
	struct ct_container *c;
	bool gone = false;
	struct ct_link l;

	if (ct_near_get(ct, net->ifindex, near, &l) || !ct_port_is_made(&l) ||
	    (of_it && l.master != net->ifindex)) {
		ct_fail(ct, native ? "there is no port \"%s\" that add-port made%s" :
			"there is no veth \"%s\" that add-port made%s", near,
			of_it || native ? " for this network" : "");
		return NULL;
	}
	c = ct_container_open_near(ct, &l, &gone);
	if (gone)
		ct_fail(ct, "no name and no process leads to the container of %s", near);
	return c;
}

const struct ct_hint ct_attach_veth_hints[] = {
	{ EOPNOTSUPP, "the kernel has no veth: \"modprobe veth\"" },
	{ 0, NULL }
};

void ct_attach_mark(char name[IFNAMSIZ])
{
	uint64_t id;

	ct_random(&id, sizeof(id));
	snprintf(name, IFNAMSIZ, "ct%010llx", (unsigned long long)id & 0xffffffffffull);
}

struct nl_msg *ct_attach_veth_msg(const char *near, const char *far, int ns_fd,
				  const uint8_t mac[6], uint32_t mtu)
{
	struct nl_msg *msg = ct_link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct ifinfomsg ifm = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data, *peer;
	uint8_t near_mac[6];

	/* Addresses that are set are left alone by udev; others are not. */
	ct_mac_random(near_mac);
	ct_put_str(msg, IFLA_IFNAME, near);
	ct_put(msg, IFLA_ADDRESS, near_mac, 6);
	ct_put_u32(msg, IFLA_MTU, mtu);
	info = ct_nest(msg, IFLA_LINKINFO);
	ct_put(msg, IFLA_INFO_KIND, "veth", strlen("veth"));
	data = ct_nest(msg, IFLA_INFO_DATA);
	peer = ct_nest(msg, VETH_INFO_PEER);
	if (nlmsg_append(msg, &ifm, sizeof(ifm), NLMSG_ALIGNTO))
		ct_nomem();
	ct_put_str(msg, IFLA_IFNAME, far);
	ct_put(msg, IFLA_ADDRESS, mac, 6);
	ct_put_u32(msg, IFLA_MTU, mtu);
	if (ns_fd >= 0)
		ct_put_u32(msg, IFLA_NET_NS_FD, ns_fd);
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return msg;
}

/* Less than IPv6 needs would keep it off; what follows is the kernel's to set. */
uint32_t ct_attach_mtu(const struct ct_link *net, const struct ct_port_conf *o)
{
	if (o->mtu.set && o->mtu.v != CT_MTU_AUTO)
		return o->mtu.v;
	return net->mtu < IPV6_MIN_MTU ? IPV6_MIN_MTU : net->mtu;
}

/*
 * A container that is made again with its address is to have the MAC that it had. So it is
 * made from the address, and where another has it already, who came before, it is the next.
 */
int ct_attach_mac(struct ct *ct, const struct ct_link *net, const struct ct_port_conf *o,
		  const uint8_t *had, uint8_t mac[6])
{
	char text[CT_TEXT];
	unsigned int try;
	struct ct_fdb f;
	bool taken;
	int err;

	if (o->mac.set)
		memcpy(mac, o->mac.v, 6);
	else if (!o->address.n && had)
		memcpy(mac, had, 6);
	else if (!o->address.n)
		ct_mac_random(mac);
	if (o->mac.set || !o->address.n)
		return CT_OK;
	for (try = 0; try < CT_MAC_TRIES; try++) {
		ct_mac_from_ip(mac, &o->address.v[0].ip, try);
		err = ct_fdb_get(ct, net->ifindex, mac, &f);
		if (err == -ENOENT)
			return CT_OK;
		if (err)
			return ct_refused(&ct->ge, err, NULL, "read the table");
		/* A learned entry may be its own, of where it was before. */
		taken = f.is_static && !ct_ip_among(&f.ips, &o->address.v[0].ip);
		ct_addrs_free(&f.ips);
		if (!taken)
			return CT_OK;
	}
	return ct_fail(ct, "the table has other entries of all the MACs that are made from %s: give one by --mac",
		       ct_ip_text(&o->address.v[0].ip, text));
}

/* A kernel without IPv6 refuses to be told of link-local addresses. */
int ct_attach_dress(struct ct *ct, const struct ct_link *near, const char *label)
{
	struct nl_msg *msg = ct_link_alias_msg(near->ifindex, label);
	struct nlattr *spec = ct_nest(msg, IFLA_AF_SPEC), *inet6 = ct_nest(msg, AF_INET6);
	struct ct_sock *s = &ct->rt;
	int err;

	ct_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nla_nest_end(msg, inet6);
	nla_nest_end(msg, spec);
	err = ct_do(s, msg, NULL);
	if (err == -EAFNOSUPPORT)
		err = ct_do(s, ct_link_alias_msg(near->ifindex, label), NULL);
	return err ? ct_refused(s, err, NULL, "set the label") : CT_OK;
}

void ct_attach_flags(const struct ct_port_conf *o, uint32_t *value, uint32_t *selector)
{
	ct_port_flags(o, value, selector);
	*value |= CT_TARGET_FLAGS & ~*selector;
	*selector |= CT_TARGET_FLAGS;
}

int ct_attach_near(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
		   const struct ct_port_conf *o)
{
	int dev = near->ifindex;
	uint32_t value, selector;

	ct_attach_flags(o, &value, &selector);
	return ct_step(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_ADD, net->ifindex, dev, value,
					    selector),
		       ct_port_msg(ct, CTNET_CMD_PORT_DEL, net->ifindex, dev, 0, 0), NULL,
		       "attach %s", near->name);
}

int ct_attach_altname(struct ct *ct, const struct ct_link *near, const char *given)
{
	char name[ALTIFNAMSIZ];
	int err;

	if (!near->mark[0] || (near->given[0] && (!given[0] || !strcmp(near->given, given))))
		return CT_OK;
	snprintf(name, sizeof(name), "%s-%s", near->mark, given);
	err = ct_do(&ct->rt, ct_link_altname_msg(RTM_NEWLINKPROP, near->ifindex, name), NULL);
	if (!err)
		ct_undo(&ct->rt, ct_link_altname_msg(RTM_DELLINKPROP, near->ifindex, name));
	else if (err != -EEXIST)
		return ct_refused(&ct->rt, err, NULL, "set the altname %s", name);
	return CT_OK;
}

/* While it has another name, an altname has the mark, for who is killed just then. */
int ct_attach_rename(struct ct *ct, struct ct_link *near, const char *name)
{
	static const struct ct_hint hints[] = {
		{ EEXIST, "there is an interface of that name on the host" },
		{ 0, NULL }
	};
	struct ct_sock *s = &ct->rt;
	int i = near->ifindex, err;
	bool busy;

	if (!name || !strcmp(name, near->name))
		return CT_OK;
	if (ct_link_is_native(near))
		return ct_fail(ct, "a native port has no near end that could be called %s", name);
	err = ct_attach_altname(ct, near, "");
	if (err)
		return err;
	err = ct_do(s, ct_link_name_msg(i, name), NULL);
	busy = err == -EBUSY && near->flags & IFF_UP;
	if (busy) {
		/* Older kernels rename only what is down. */
		ct_undo(s, ct_link_up_msg(i, true));
		err = ct_do(s, ct_link_up_msg(i, false), NULL) ?:
		      ct_do(s, ct_link_name_msg(i, name), NULL) ?:
		      ct_do(s, ct_link_up_msg(i, true), NULL);
	}
	if (busy || !err)
		ct_undo(s, ct_link_name_msg(i, near->name));
	if (busy)
		ct_undo(s, ct_link_up_msg(i, false));
	if (err)
		return ct_refused(s, err, hints, "name the near end %s", name);
	snprintf(near->name, sizeof(near->name), "%s", name);
	return CT_OK;
}

int ct_attach_enter(struct ct *ct, const struct ct_fdb *f, const struct ct_fdb *old)
{
	int err = ct_do(&ct->ge, ct_fdb_msg(ct, old ? CTNET_CMD_FDB_SET : CTNET_CMD_FDB_ADD, f),
			NULL);
	char text[CT_TEXT];

	if (err)
		return ct_fail(ct, "enter %s into the table: %s", ct_mac_text(f->mac, text),
			       ct_fdb_why(ct, err, f));
	ct_undo(&ct->ge, old ? ct_fdb_msg(ct, CTNET_CMD_FDB_SET, old) :
			       ct_fdb_msg(ct, CTNET_CMD_FDB_DEL, f));
	return CT_OK;
}

int ct_attach_enter_near(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
			 const uint8_t mac[6], const struct ct_addrs *addrs)
{
	struct ct_fdb f = {
		.net = net->ifindex, .port = near->ifindex, .ips = ct_addrs_ips(addrs),
	};
	int err;

	memcpy(f.mac, mac, 6);
	err = ct_attach_enter(ct, &f, NULL);
	ct_addrs_free(&f.ips);
	return err;
}

void ct_attach_undo_mtu(struct ct_container *c)
{
	if (!ct_link_is_native(&c->near))
		ct_undo(&c->ct->rt, ct_link_mtu_msg(c->near.ifindex, c->near.mtu));
	ct_undo(&c->s, ct_link_mtu_msg(c->far.ifindex, c->far.mtu));
}

const char *ct_attach_route_text(const struct ct_addr *r, char buf[CT_ROUTE_NAME])
{
	char text[CT_TEXT];

	snprintf(buf, CT_ROUTE_NAME, r->plen ? "route to %s" : "default route via %s",
		 r->plen ? ct_route_text(r, text) : ct_ip_text(&r->via, text));
	return buf;
}

int ct_attach_routes(struct ct_container *c, const struct ct_addrs *routes)
{
	static const char outside[] = "the gateway is in none of the container's subnets";
	char text[CT_ROUTE_NAME];
	int err = CT_OK;
	size_t i;

	for (i = 0; i < routes->n && !err; i++) {
		const struct ct_addr *r = &routes->v[i];
		const struct ct_hint hints[] = {
			{ EEXIST, r->plen ? "the container has a route to there already" :
					    "the container has a default route already" },
			{ ENETUNREACH, outside },
			{ EHOSTUNREACH, outside },
			{ 0, NULL }
		};

		err = ct_step(&c->s, ct_route_msg(RTM_NEWROUTE, r, c->far.ifindex),
			      ct_route_msg(RTM_DELROUTE, r, c->far.ifindex), hints,
			      "set the %s", ct_attach_route_text(r, text));
	}
	return err;
}

/* Until the kernel calls it running, what is sent is dropped on the way. */
static int wait_running(struct ct_sock *s, const struct ct_link *l)
{
	int nap = 500, waited, err;
	struct ct_link now;

	for (waited = 0; waited < CARRIER_WAIT_S * 1000000; waited += nap) {
		err = ct_link_get(s, NULL, l->ifindex, -1, &now);
		if (err)
			return ct_refused(s, err, NULL, "wait for %s", l->name);
		if (now.operstate == IF_OPER_UP)
			return CT_OK;
		usleep(nap);
		nap = nap < 20000 ? nap * 2 : nap;
	}
	return ct_fail(s->ct, "wait for %s: its link did not come up within %d seconds", l->name,
		       CARRIER_WAIT_S);
}

int ct_attach_tell(struct ct_container *c, const struct ct_addrs *addrs)
{
	struct ct_link net;
	int err = CT_OK;

	if (!addrs->n)
		return CT_OK;
	if (!ct_link_is_native(&c->near))
		err = wait_running(&c->ct->rt, &c->near);
	else if (!ct_link_get(&c->ct->rt, NULL, c->near.master, -1, &net) &&
		 !(net.flags & IFF_UP))
		return CT_OK;	/* it has its network's carrier, and nobody would hear */
	return err ?: wait_running(&c->s, &c->far) ?: ct_announce(c, addrs);
}
