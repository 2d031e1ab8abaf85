// SPDX-License-Identifier: GPL-2.0
/* The network's own VTEP: its addresses, its sockets, its settings. */
#include <linux/slab.h>
#include <net/addrconf.h>

#include "ctnet.h"
#include "nlmsg.h"
#include "peer.h"
#include "sock.h"
#include "vtep.h"

/* Whether two VTEPs have the same VNI in the same socket of a family. */
static bool ctnet_vtep_same_place(const struct ctnet_vtep *a,
				  const struct ctnet_vtep *b,
				  enum ctnet_family f)
{
	return a && b && a->sock[f] == b->sock[f] && a->vni == b->vni;
}

/* Releases a VTEP's sockets and VNIs there, except VNIs that @keep has as well. RTNL. */
static void ctnet_vtep_release(struct ctnet_vtep *vtep,
			       const struct ctnet_vtep *keep)
{
	enum ctnet_family f;

	for (f = 0; f < CTNET_FAMILIES; f++) {
		if (!vtep->sock[f])
			continue;
		if (!ctnet_vtep_same_place(vtep, keep, f))
			xa_erase(&vtep->sock[f]->nets, vtep->vni);
		ctnet_sock_put(vtep->sock[f]);
	}
}

/* The attribute of a request that names a family's local address, or NULL. */
static const struct nlattr *ctnet_vtep_attr_local(struct nlattr *const data[],
						  enum ctnet_family f)
{
	return data[f == CTNET_V4 ? IFLA_CTNET_LOCAL : IFLA_CTNET_LOCAL6];
}

/* The attribute to blame if a family's socket cannot be opened. */
static const struct nlattr *ctnet_vtep_attr_sock(struct nlattr *const data[],
						 enum ctnet_family f, int err)
{
	const struct nlattr *local = ctnet_vtep_attr_local(data, f);

	if (err == -ENOMEM)
		return NULL;
	return data[IFLA_CTNET_DSTPORT] ?: data[IFLA_CTNET_UNDERLAY] ?: local;
}

/**
 * ctnet_vtep_family_ok() - whether tunnels may have addresses of a family
 * @family: the family
 * @extack: says why not
 *
 * A kernel that was booted with ipv6.disable=1 has no IPv6 tables, and a lookup of an address or
 * a route in them crashes. So IPv6 addresses are refused here.
 *
 * Return: 0 or -EAFNOSUPPORT.
 */
int ctnet_vtep_family_ok(enum ctnet_family family, struct netlink_ext_ack *extack)
{
	if (family == CTNET_V4 || ipv6_mod_enabled())
		return 0;
	NL_SET_ERR_MSG(extack, "IPv6 is off in this kernel (ipv6.disable=1): give an IPv4 address");
	return -EAFNOSUPPORT;
}

/* Whether it can be an address of a host. */
static bool ctnet_vtep_addr_ok(const struct in6_addr *addr, enum ctnet_family f)
{
	__be32 v4 = addr->s6_addr32[3];

	if (f == CTNET_V4)
		return !ipv4_is_zeronet(v4) && !ipv4_is_multicast(v4) &&
		       !ipv4_is_lbcast(v4) && !ipv4_is_loopback(v4);
	return !ipv6_addr_is_multicast(addr) && !ipv6_addr_loopback(addr) &&
	       !ipv6_addr_v4mapped(addr);
}

static int ctnet_vtep_check_local(struct ctnet_dev *ctd,
				  const struct ctnet_vtep *conf,
				  enum ctnet_family f,
				  struct nlattr *const data[],
				  struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = ctnet_vtep_attr_local(data, f);
	const struct in6_addr *addr = &conf->local[f];
	int err;

	if (ipv6_addr_any(addr))
		return 0;
	err = ctnet_vtep_family_ok(f, extack);
	if (err) {
		NL_SET_BAD_ATTR(extack, attr);
		return err;
	}
	if (!ctnet_vtep_addr_ok(addr, f)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "Invalid local address: give a unicast address of this host");
		return -EINVAL;
	}
	if (ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL && !conf->underlay) {
		NL_SET_ERR_MSG_ATTR(extack, attr ?: data[IFLA_CTNET_UNDERLAY],
				    "A link-local address needs the underlay device");
		return -EINVAL;
	}
	/* Without a VTEP there are no peers. */
	if (rtnl_dereference(ctd->vtep) && ctnet_peer_find(ctd, addr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "The local address is that of a peer: remove the peer first");
		return -EINVAL;
	}
	return 0;
}

static int ctnet_vtep_check(struct ctnet_dev *ctd, const struct ctnet_vtep *conf,
			    struct nlattr *const data[],
			    struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = data[IFLA_CTNET_UNDERLAY];
	enum ctnet_family f;
	int err;

	for (f = 0; f < CTNET_FAMILIES; f++) {
		err = ctnet_vtep_check_local(ctd, conf, f, data, extack);
		if (err)
			return err;
	}
	if (!conf->underlay && rtnl_dereference(ctd->vtep) &&
	    ctnet_peer_has_linklocal(ctd)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "The network has link-local peers, which need the underlay device: remove them first");
		return -EINVAL;
	}
	if (conf->underlay > 0 &&
	    !__dev_get_by_index(dev_net(ctd->dev), conf->underlay)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "There is no underlay device with this interface index");
		return -ENODEV;
	}
	if (conf->underlay && conf->underlay == ctd->dev->ifindex) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "A network cannot be its own underlay");
		return -ELOOP;
	}
	return 0;
}

/**
 * ctnet_vtep_default() - the default settings
 * @vtep: to be filled
 */
void ctnet_vtep_default(struct ctnet_vtep *vtep)
{
	*vtep = (struct ctnet_vtep) {
		.port = htons(CTNET_DSTPORT_DEFAULT),
		.df = CTNET_DF_OFF,
		.udp_csum = true,
	};
}

/*
 * Gets a family's socket and enters the VNI there, unless @old has it there already. RTNL; may
 * sleep. A failure has changed nothing.
 */
static int ctnet_vtep_acquire(struct ctnet_dev *ctd, struct ctnet_vtep *vtep,
			      const struct ctnet_vtep *old, enum ctnet_family f,
			      struct nlattr *const data[],
			      struct netlink_ext_ack *extack)
{
	struct ctnet_sock *sock;
	int err;

	sock = ctnet_sock_get(dev_net(ctd->dev), f, vtep->port, vtep->underlay,
			      extack);
	if (IS_ERR(sock)) {
		err = PTR_ERR(sock);
		NL_SET_BAD_ATTR(extack, ctnet_vtep_attr_sock(data, f, err));
		return err;
	}
	vtep->sock[f] = sock;
	if (ctnet_vtep_same_place(vtep, old, f))
		return 0;
	err = xa_insert(&sock->nets, vtep->vni, ctd, GFP_KERNEL_ACCOUNT);
	if (!err)
		return 0;
	vtep->sock[f] = NULL;
	ctnet_sock_put(sock);
	if (err == -EBUSY) {
		err = -EEXIST;
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_CTNET_VNI] ?:
				    ctnet_vtep_attr_sock(data, f, err),
				    "Another network in this namespace has the VNI on this UDP port");
	}
	return err;
}

/* Publishes a network's new VTEP, and releases the old one. RTNL; may sleep. */
static void ctnet_vtep_replace(struct ctnet_dev *ctd, struct ctnet_vtep *vtep,
			       struct ctnet_vtep *old)
{
	rcu_assign_pointer(ctd->vtep, vtep);
	if (!old)
		return;
	ctnet_vtep_release(old, vtep);
	/* A sender that still uses the old one may cache a route for it. */
	synchronize_net();
	ctnet_peer_reset_routes(ctd);
	kfree_rcu(old, rcu);
}

/**
 * ctnet_vtep_bind() - give a network a VTEP, or another one
 * @ctd: the network, registered or about to be
 * @conf: the VTEP; its sockets are ignored
 * @data: attributes of the request, by enum ctnet_ifla
 * @extack: says why not
 *
 * Context: RTNL; may sleep.
 * Return: 0 or an error, which has changed nothing.
 */
int ctnet_vtep_bind(struct ctnet_dev *ctd, const struct ctnet_vtep *conf,
		    struct nlattr *const data[], struct netlink_ext_ack *extack)
{
	struct ctnet_vtep *vtep, *old = rtnl_dereference(ctd->vtep);
	enum ctnet_family f;
	int err;

	err = ctnet_vtep_check(ctd, conf, data, extack);
	if (err)
		return err;
	vtep = kmemdup(conf, sizeof(*conf), GFP_KERNEL_ACCOUNT);
	if (!vtep)
		return -ENOMEM;
	memset(vtep->sock, 0, sizeof(vtep->sock));
	for (f = 0; f < CTNET_FAMILIES; f++) {
		if (ipv6_addr_any(&vtep->local[f]) ||
		    vtep->underlay == CTNET_VTEP_STRANDED)
			continue;
		err = ctnet_vtep_acquire(ctd, vtep, old, f, data, extack);
		if (err) {
			ctnet_vtep_release(vtep, old);
			kfree(vtep);
			return err;
		}
	}
	ctnet_vtep_replace(ctd, vtep, old);
	return 0;
}

/**
 * ctnet_vtep_unbind() - remove a network's VTEP, if it has one
 * @ctd: the network
 *
 * Context: RTNL; may sleep.
 */
void ctnet_vtep_unbind(struct ctnet_dev *ctd)
{
	struct ctnet_vtep *vtep = rtnl_dereference(ctd->vtep);

	if (!vtep)
		return;
	RCU_INIT_POINTER(ctd->vtep, NULL);
	ctnet_vtep_release(vtep, NULL);
	kfree_rcu(vtep, rcu);
}

/* Releases a network's sockets, as the device that they are bound to is going. RTNL. */
static void ctnet_vtep_strand(struct ctnet_dev *ctd)
{
	struct ctnet_vtep *vtep, *old = rtnl_dereference(ctd->vtep);

	/* The device is going: this must not fail. */
	vtep = kmemdup(old, sizeof(*old), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	memset(vtep->sock, 0, sizeof(vtep->sock));
	vtep->underlay = CTNET_VTEP_STRANDED;
	rcu_assign_pointer(ctd->vtep, vtep);
	ctnet_vtep_release(old, NULL);
	kfree_rcu(old, rcu);
	if (ctd->dev->reg_state == NETREG_REGISTERED)
		ctnet_nl_net_event(ctd, CTNET_CMD_NET_SET_NTF);
}

/**
 * ctnet_vtep_dev_gone() - release the sockets that are bound to a device which is gone
 * @dev: the device, unregistered or on its way to another namespace
 *
 * Another device that gets its interface index later must not become the underlay.
 *
 * Context: RTNL; may sleep.
 */
void ctnet_vtep_dev_gone(struct net_device *dev)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(dev));
	struct ctnet_sock *sock;
	struct ctnet_dev *ctd;
	unsigned long vni;

	/* NETDEV_UNREGISTER is repeated while references are held: another may have the index. */
	if (__dev_get_by_index(dev_net(dev), dev->ifindex))
		return;
	while ((sock = ctnet_sock_of_dev(ns, dev->ifindex))) {
		/* Keep the socket until all networks have left it. */
		sock->refs++;
		xa_for_each(&sock->nets, vni, ctd)
			ctnet_vtep_strand(ctd);
		ctnet_sock_put(sock);
	}
}

/**
 * ctnet_vtep_has_addr6() - whether the host has an IPv6 address
 * @net: the namespace
 * @underlay: on this device or in this VRF; 0: outside of VRFs
 * @addr: the address
 *
 * Return: whether it has, and duplicate detection is done.
 */
bool ctnet_vtep_has_addr6(struct net *net, int underlay,
			  const struct in6_addr *addr)
{
	bool has;

	if (!ipv6_mod_enabled())
		return false;
	rcu_read_lock();
	has = ipv6_chk_addr(net, addr, dev_get_by_index_rcu(net, underlay), 0);
	rcu_read_unlock();
	return has;
}

void ctnet_vtep_ns_init(struct ctnet_ns *ns)
{
	INIT_LIST_HEAD(&ns->socks);
}

void ctnet_vtep_ns_exit(struct ctnet_ns *ns)
{
	WARN_ON_ONCE(!list_empty(&ns->socks));
}
