// SPDX-License-Identifier: GPL-2.0
/*
 * MTUs that ctnet sets: a network's, computed from the routes to its peers and from its ports,
 * and those of veth pairs that follow the network's. Frames that are still too long are handled
 * in pmtu.c.
 */
#include <linux/inetdevice.h>
#include <linux/user_namespace.h>
#include <net/addrconf.h>
#include <net/fib_notifier.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/l3mdev.h>
#include <net/lwtunnel.h>
#include <net/nexthop.h>
#include <net/route.h>

#include "ctnet.h"
#include "encap.h"
#include "mtu.h"
#include "native.h"
#include "peer.h"
#include "port.h"
#include "vtep.h"

/* Routes may change by the thousands: one run handles all changes of this time. */
#define CTNET_MTU_DELAY		(HZ / 20)

/* Pause before another try to register the notifiers of routes. */
#define CTNET_MTU_RETRY		HZ

static const unsigned int ctnet_mtu_overhead[CTNET_FAMILIES] = {
	CTNET_OVERHEAD4, CTNET_OVERHEAD6
};

/**
 * struct ctnet_mtu_way - parameters of a lookup of the underlay's MTU
 * @net: the namespace
 * @vtep: the network's VTEP
 * @self: the network's own device: routes that lead through it do not count
 * @oif: device that routes are looked up for, which may be a VRF; or 0
 * @bound: the same, unless it is a VRF: only routes by this device count; or NULL
 * @inside: whether only devices of the VRF count, as a default route may be another's
 */
struct ctnet_mtu_way {
	struct net			*net;
	const struct ctnet_vtep		*vtep;
	const struct net_device		*self;
	const struct net_device		*bound;
	int				oif;
	bool				inside;
};

/*
 * Whether a device has IPv6, or would get it with an MTU of at least 1280: with a smaller one the
 * kernel drops the device's own setting. RTNL.
 */
static bool ctnet_mtu_has_ipv6(const struct net_device *dev)
{
	const struct inet6_dev *idev;

	if (!ipv6_mod_enabled())
		return false;
	if (!READ_ONCE(dev_net(dev)->ipv6.devconf_dflt->disable_ipv6))
		return true;
	idev = __in6_dev_get(dev);
	return idev && !READ_ONCE(idev->cnf.disable_ipv6);
}

/* The smaller of a route's own MTU and the device's, or 0 if the route does not count. RCU. */
static unsigned int ctnet_mtu_dev(const struct ctnet_mtu_way *way,
				  const struct net_device *dev,
				  unsigned int mtu)
{
	if (!dev || dev == way->self || dev->flags & IFF_LOOPBACK ||
	    (way->bound && dev != way->bound) ||
	    (way->inside && l3mdev_master_ifindex_rcu(dev) != way->oif))
		return 0;
	return min(mtu ?: UINT_MAX, READ_ONCE(dev->mtu));
}

/* MTU of the route to an IPv4 address, or to 0.0.0.0, the default route; 0 without one. */
static unsigned int ctnet_mtu_route4(const struct ctnet_mtu_way *way,
				     __be32 daddr)
{
	struct flowi4 fl4 = {
		.flowi4_oif = way->oif,
		.flowi4_iif = LOOPBACK_IFINDEX,
		.flowi4_mark = way->vtep->mark,
		.flowi4_proto = IPPROTO_UDP,
		.fl4_dport = way->vtep->port,
		.saddr = way->vtep->local[CTNET_V4].s6_addr32[3],
		.daddr = daddr,
	};
	unsigned int mtu, found = 0;
	struct fib_nh_common *nhc;
	struct fib_result res;
	unsigned int i;

	rcu_read_lock();
	if (fib_lookup(way->net, &fl4, &res, 0) || res.type != RTN_UNICAST)
		goto out;
	/* The smallest of all nexthops. */
	for (i = 0; i < fib_info_num_path(res.fi); i++) {
		nhc = fib_info_nhc(res.fi, i);
		if (!nhc || nhc->nhc_flags & RTNH_F_DEAD)
			continue;
		mtu = ctnet_mtu_dev(way, nhc->nhc_dev, res.fi->fib_mtu);
		if (!mtu)
			continue;
		mtu -= lwtunnel_headroom(nhc->nhc_lwtstate, mtu);
		found = min(found ?: UINT_MAX, mtu);
	}
out:
	rcu_read_unlock();
	return found;
}

/* The same for IPv6, and ::. */
static unsigned int ctnet_mtu_route6(const struct ctnet_mtu_way *way,
				     const struct in6_addr *daddr)
{
	struct flowi6 fl6 = {
		.flowi6_oif = way->oif,
		.flowi6_mark = way->vtep->mark,
		.flowi6_proto = IPPROTO_UDP,
		.fl6_dport = way->vtep->port,
		.saddr = way->vtep->local[CTNET_V6],
		.daddr = *daddr,
	};
	int flags = RT6_LOOKUP_F_HAS_SADDR;
	const struct fib6_info *from;
	const struct inet6_dev *idev;
	struct dst_entry *dst;
	struct rt6_info *rt;
	unsigned int mtu;

	if (!ipv6_mod_enabled())
		return 0;
	if (ipv6_addr_type(daddr) & IPV6_ADDR_LINKLOCAL)
		flags |= RT6_LOOKUP_F_IFACE;
	dst = ip6_route_lookup(way->net, &fl6, NULL, flags);
	if (dst->error) {
		dst_release(dst);
		return 0;
	}
	rt = container_of(dst, struct rt6_info, dst);
	rcu_read_lock();
	/* The route's own MTU: a learned path MTU is in a copy of the route. */
	from = rcu_dereference(rt->from);
	mtu = ctnet_mtu_dev(way, dst->dev, from ? from->fib6_pmtu : 0);
	idev = __in6_dev_get(dst->dev);
	if (mtu && idev)
		mtu = min_t(unsigned int, mtu, READ_ONCE(idev->cnf.mtu6));
	if (rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST))
		mtu = 0;
	rcu_read_unlock();
	dst_release(dst);
	return mtu;
}

static unsigned int ctnet_mtu_route(const struct ctnet_mtu_way *way,
				    enum ctnet_family f,
				    const struct in6_addr *daddr)
{
	return f == CTNET_V4 ? ctnet_mtu_route4(way, daddr->s6_addr32[3]) :
			       ctnet_mtu_route6(way, daddr);
}

/*
 * The device that has an IPv6 address, in a VRF if there is one. A tentative address counts, as
 * there is no event when duplicate detection ends. RTNL and RCU.
 */
static struct net_device *ctnet_mtu_addr_dev6(struct net *net, int vrf,
					      const struct in6_addr *addr)
{
	struct net_device *dev;

	if (!ipv6_mod_enabled())
		return NULL;
	dev = ipv6_dev_find(net, addr, dev_get_by_index_rcu(net, vrf));
	if (dev)
		return dev;
	for_each_netdev_rcu(net, dev)
		if (l3mdev_master_ifindex_rcu(dev) == vrf &&
		    ipv6_chk_addr_and_flags(net, addr, dev, false, 1, 0))
			return dev;
	return NULL;
}

/* MTU of the device that has the local address, unless it is loopback or a dummy; or 0. */
static unsigned int ctnet_mtu_addr(const struct ctnet_mtu_way *way,
				   enum ctnet_family f)
{
	const struct in6_addr *addr = &way->vtep->local[f];
	const struct net_device *dev;
	unsigned int mtu = 0;

	rcu_read_lock();
	dev = f == CTNET_V4 ?
	      __ip_dev_find(way->net, addr->s6_addr32[3], false) :
	      ctnet_mtu_addr_dev6(way->net, way->oif, addr);
	if (dev && !(dev->rtnl_link_ops &&
		     !strcmp(dev->rtnl_link_ops->kind, "dummy")))
		mtu = ctnet_mtu_dev(way, dev, 0);
	rcu_read_unlock();
	return mtu;
}

/* The underlay MTU of a family to assume while there is no route to a peer. */
static unsigned int ctnet_mtu_no_peer(const struct ctnet_mtu_way *way,
				      enum ctnet_family f)
{
	if (way->bound && !(way->bound->flags & IFF_LOOPBACK))
		return READ_ONCE(way->bound->mtu);
	return ctnet_mtu_route(way, f, &in6addr_any) ?:
	       ctnet_mtu_addr(way, f) ?: ETH_DATA_LEN;
}

/* The inner MTU that an underlay MTU leaves, at least the smallest that Ethernet allows. */
static unsigned int ctnet_mtu_inner(unsigned int under, enum ctnet_family f)
{
	unsigned int over = ctnet_mtu_overhead[f];

	return max(under, over + ETH_MIN_MTU) - over;
}

/* The MTU that the underlay leaves a network which has a VTEP. RTNL. */
static unsigned int ctnet_mtu_underlay(struct ctnet_dev *ctd)
{
	struct ctnet_mtu_way way = {
		.net = dev_net(ctd->dev),
		.vtep = rtnl_dereference(ctd->vtep),
		.self = ctd->dev,
	};
	unsigned int under, mtu = UINT_MAX;
	struct ctnet_vport *vport;
	enum ctnet_family f;
	unsigned long id;

	way.oif = max(way.vtep->underlay, 0);
	if (way.oif)
		way.bound = __dev_get_by_index(way.net, way.oif);
	if (way.bound && netif_is_l3_master(way.bound))
		way.bound = NULL;

	xa_for_each_start(&ctd->members, id, vport, CTNET_ID_PORT_MAX + 1UL) {
		const struct in6_addr *addr = &ctnet_vport_peer(vport)->addr;

		f = ctnet_addr_family(addr);
		under = ctnet_mtu_route(&way, f, addr);
		if (under)
			mtu = min(mtu, ctnet_mtu_inner(under, f));
		cond_resched();
	}
	if (mtu != UINT_MAX)
		return mtu;
	way.inside = way.oif && !way.bound;
	for (f = 0; f < CTNET_FAMILIES; f++)
		if (!ipv6_addr_any(&way.vtep->local[f]))
			mtu = min(mtu, ctnet_mtu_inner(ctnet_mtu_no_peer(&way, f),
						       f));
	return mtu;
}

/**
 * ctnet_mtu_auto() - compute the MTU of a network for which none was set
 * @ctd: the network, registered or about to be
 *
 * It is the smallest that the underlay leaves and that the ports have, except ports that follow
 * the network. It is at least 1280 if the network has IPv6, or its IPv6 addresses would be lost;
 * outer packets that do not fit the underlay then are fragmented.
 *
 * Context: RTNL; may sleep. Return: bytes.
 */
unsigned int ctnet_mtu_auto(struct ctnet_dev *ctd)
{
	unsigned int mtu = UINT_MAX;
	struct ctnet_vport *vport;
	unsigned long id;

	xa_for_each_range(&ctd->members, id, vport, CTNET_ID_SELF + 1,
			  CTNET_ID_PORT_MAX)
		if (!(vport->flags & CTNET_PORT_MTU_AUTO))
			mtu = min(mtu, ctnet_port_mtu(ctnet_vport_port(vport)));
	if (rtnl_dereference(ctd->vtep))
		mtu = min(mtu, ctnet_mtu_underlay(ctd));
	if (mtu == UINT_MAX)
		mtu = ETH_DATA_LEN;
	if (ctnet_mtu_has_ipv6(ctd->dev))
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	return clamp(mtu, ctd->dev->min_mtu, ctd->dev->max_mtu);
}

/* Sets a device's MTU; @ctd->mtu_follows tells it from a user's change. RTNL. */
static void ctnet_mtu_set(struct ctnet_dev *ctd, struct net_device *dev,
			  unsigned int mtu)
{
	if (mtu == dev->mtu)
		return;
	ctd->mtu_follows = true;
	dev_set_mtu(dev, mtu);
	ctd->mtu_follows = false;
}

/**
 * ctnet_mtu_follow() - compute and set a network's MTU
 * @ctd: the network; nothing happens if its MTU was set by a user
 *
 * Context: RTNL; may sleep.
 */
void ctnet_mtu_follow(struct ctnet_dev *ctd)
{
	if (!ctd->mtu_set)
		ctnet_mtu_set(ctd, ctd->dev, ctnet_mtu_auto(ctd));
}

/**
 * ctnet_mtu_may_set() - whether a network may set the MTU of a device
 * @ctd: the network
 * @dev: the device; if in another namespace, its user namespace has to be that of the network's
 *	or a descendant of it
 *
 * Return: whether it may.
 */
bool ctnet_mtu_may_set(const struct ctnet_dev *ctd, const struct net_device *dev)
{
	const struct user_namespace *ns;

	for (ns = dev_net(dev)->user_ns; ns; ns = ns->parent)
		if (ns == dev_net(ctd->dev)->user_ns)
			return true;
	return false;
}

/**
 * ctnet_mtu_port_follow() - set the MTU of a pair, or a native port, that follows its network
 * @port: the port; nothing happens unless it has %CTNET_PORT_MTU_AUTO
 * @far_too: set the far end's in any case; else only if both ends have the same, that is if the
 *	container did not set another
 *
 * Context: RTNL; may sleep.
 */
void ctnet_mtu_port_follow(struct ctnet_port *port, bool far_too)
{
	struct ctnet_dev *ctd = port->vport.ctd;
	unsigned int mtu = ctd->dev->mtu;
	struct net_device *far = ctnet_port_container_dev(port);

	if (!(port->vport.flags & CTNET_PORT_MTU_AUTO))
		return;
	if (ctnet_mtu_has_ipv6(port->dev) || (far && ctnet_mtu_has_ipv6(far)))
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (far && (far_too || far->mtu == ctnet_port_mtu(port)) &&
	    ctnet_mtu_may_set(ctd, far))
		ctnet_mtu_set(ctd, far, mtu);
	if (port->native)
		ctnet_native_set_mtu(port, mtu);
	else
		ctnet_mtu_set(ctd, port->dev, mtu);
}

/**
 * ctnet_mtu_ports_follow() - set the MTUs of all pairs that follow a network
 * @ctd: the network
 *
 * This need not be deferred, as ctnet_mtu_changed() is: a port is no network itself.
 *
 * Context: RTNL; may sleep.
 */
void ctnet_mtu_ports_follow(struct ctnet_dev *ctd)
{
	struct ctnet_vport *vport;
	unsigned long id;

	xa_for_each_range(&ctd->members, id, vport, CTNET_ID_SELF + 1,
			  CTNET_ID_PORT_MAX) {
		ctnet_mtu_port_follow(ctnet_vport_port(vport), false);
		cond_resched();
	}
}

/*
 * Registers the notifiers of routes, which is done late, as most namespaces have no network.
 * Without RTNL, which it takes itself. Returns whether they are registered.
 */
static bool ctnet_mtu_watch_routes(struct ctnet_ns *ns)
{
	if (ns->routes_watched)
		return true;
	/* This dumps all routes, and fails if they change too often meanwhile. */
	if (register_fib_notifier(ns->net, &ns->route_notifier, NULL, NULL))
		return false;
	if (register_nexthop_notifier(ns->net, &ns->nexthop_notifier, NULL)) {
		unregister_fib_notifier(ns->net, &ns->route_notifier);
		return false;
	}
	ns->routes_watched = true;
	return true;
}

static void ctnet_mtu_work(struct work_struct *work)
{
	struct ctnet_ns *ns = container_of(to_delayed_work(work),
					   struct ctnet_ns, mtu_work);
	bool again = !ctnet_mtu_watch_routes(ns);
	struct ctnet_dev *ctd;
	unsigned long id;

	rtnl_lock();
	xa_for_each(&ns->nets, id, ctd) {
		ctnet_mtu_follow(ctd);
		ctnet_mtu_ports_follow(ctd);
	}
	again = again && !xa_empty(&ns->nets);
	rtnl_unlock();
	if (again)
		schedule_delayed_work(&ns->mtu_work, CTNET_MTU_RETRY);
}

/**
 * ctnet_mtu_changed() - compute the MTUs of a namespace's networks soon
 * @net: the namespace, in which MTUs, routes or addresses have changed
 *
 * It is deferred: a network may be the underlay of another, and each would be set in a notifier
 * inside that of the one before.
 *
 * Context: any.
 */
void ctnet_mtu_changed(const struct net *net)
{
	struct ctnet_ns *ns = ctnet_ns(net);

	if (!xa_empty(&ns->nets))
		schedule_delayed_work(&ns->mtu_work, CTNET_MTU_DELAY);
}

static int ctnet_mtu_event4(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	const struct in_ifaddr *ifa = ptr;

	ctnet_mtu_changed(dev_net(ifa->ifa_dev->dev));
	return NOTIFY_DONE;
}

static int ctnet_mtu_event6(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	const struct inet6_ifaddr *ifa = ptr;

	ctnet_mtu_changed(dev_net(ifa->idev->dev));
	return NOTIFY_DONE;
}

struct notifier_block ctnet_mtu_notifier4 = {
	.notifier_call = ctnet_mtu_event4,
};

struct notifier_block ctnet_mtu_notifier6 = {
	.notifier_call = ctnet_mtu_event6,
};

/* Routes and rules of both families. */
static int ctnet_mtu_route_event(struct notifier_block *nb, unsigned long event,
				 void *ptr)
{
	ctnet_mtu_changed(container_of(nb, struct ctnet_ns, route_notifier)->net);
	return NOTIFY_DONE;
}

/* Nexthop objects, which change without a change of the routes that use them. */
static int ctnet_mtu_nexthop_event(struct notifier_block *nb,
				   unsigned long event, void *ptr)
{
	ctnet_mtu_changed(container_of(nb, struct ctnet_ns, nexthop_notifier)->net);
	return NOTIFY_DONE;
}

void ctnet_mtu_ns_init(struct ctnet_ns *ns)
{
	INIT_DELAYED_WORK(&ns->mtu_work, ctnet_mtu_work);
	ns->route_notifier.notifier_call = ctnet_mtu_route_event;
	ns->nexthop_notifier.notifier_call = ctnet_mtu_nexthop_event;
}

void ctnet_mtu_ns_exit(struct ctnet_ns *ns)
{
	/* Without a network nothing starts it again. */
	cancel_delayed_work_sync(&ns->mtu_work);
	if (!ns->routes_watched)
		return;
	unregister_nexthop_notifier(ns->net, &ns->nexthop_notifier);
	unregister_fib_notifier(ns->net, &ns->route_notifier);
}
