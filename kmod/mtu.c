// SPDX-License-Identifier: GPL-2.0
/*
 * MTUs that ctnet sets: a network's, of the routes to its peers and of its ports, and
 * those of the veth pairs that follow it. What is too long all the same is pmtu.c's.
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
#include "peer.h"
#include "port.h"
#include "vtep.h"

/* Changes of routes come in thousands, and one look at the routes serves them all. */
#define CTNET_MTU_DELAY		(HZ / 20)

/* Until it is tried again to be told of changes of routes. */
#define CTNET_MTU_RETRY		HZ

static const unsigned int ctnet_mtu_overhead[CTNET_FAMILIES] = {
	CTNET_OVERHEAD4, CTNET_OVERHEAD6
};

/**
 * struct ctnet_mtu_way - how tunnels of a family leave the host
 * @net: the namespace
 * @vtep: the network's end of tunnels
 * @self: the network's own device, which no tunnel of its own leads through
 * @oif: device that routes are looked up for, a VRF maybe; or 0
 * @bound: the device where it is none, so that all leaves by it; or NULL
 * @inside: whether only devices of the VRF count: without one a route may be another's
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
 * Whether a device has IPv6, or would get it with an MTU that is large enough: below that the
 * kernel forgets that it was switched off on the device. RTNL.
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

/* What a device leaves of a route's own MTU, or 0 if it leads nowhere. RCU. */
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
	/* A route of several ways is as narrow as the narrowest. */
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
	/* What a path has taught stands in a copy: this is of the route itself. */
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
 * The device that has an IPv6 address, in a VRF if there is one; duplicate detection may
 * be at work on it, as nobody tells when that ends. RTNL and RCU.
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

/* MTU of the device that has the local address, unless nothing leaves by that; or 0. */
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

/* What is to be expected of a family's underlay while no peer tells. */
static unsigned int ctnet_mtu_no_peer(const struct ctnet_mtu_way *way,
				      enum ctnet_family f)
{
	if (way->bound && !(way->bound->flags & IFF_LOOPBACK))
		return READ_ONCE(way->bound->mtu);
	return ctnet_mtu_route(way, f, &in6addr_any) ?:
	       ctnet_mtu_addr(way, f) ?: ETH_DATA_LEN;
}

/* What an underlay of this MTU leaves, which may be none. */
static unsigned int ctnet_mtu_inner(unsigned int under, enum ctnet_family f)
{
	unsigned int over = ctnet_mtu_overhead[f];

	return max(under, over + ETH_MIN_MTU) - over;
}

/* The MTU that the underlay leaves a network which has an end of tunnels. RTNL. */
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
 * ctnet_mtu_auto() - the MTU of a network that nobody gave one
 * @ctd: the network, registered or about to be
 *
 * The smallest of its underlay's and of its ports', but for those that follow it; not
 * below what IPv6 needs where it has that, or its IPv6 addresses would go for good: what
 * does not fit the underlay then is cut there.
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
			mtu = min(mtu, READ_ONCE(ctnet_vport_port(vport)->dev->mtu));
	if (rtnl_dereference(ctd->vtep))
		mtu = min(mtu, ctnet_mtu_underlay(ctd));
	if (mtu == UINT_MAX)
		mtu = ETH_DATA_LEN;
	if (ctnet_mtu_has_ipv6(ctd->dev))
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	return clamp(mtu, ctd->dev->min_mtu, ctd->dev->max_mtu);
}

/* RTNL. @ctd: told the device's change of MTU from one that somebody makes. */
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
 * ctnet_mtu_follow() - a network's underlay or ports may have another MTU now
 * @ctd: the network; nothing happens if somebody set its MTU
 *
 * Context: RTNL; may sleep.
 */
void ctnet_mtu_follow(struct ctnet_dev *ctd)
{
	if (!ctd->mtu_set)
		ctnet_mtu_set(ctd, ctd->dev, ctnet_mtu_auto(ctd));
}

/**
 * ctnet_mtu_may_set() - whether a network's MTU may be that of a device
 * @ctd: the network
 * @dev: the device, maybe in another namespace: who has power over the network's has it
 *	over those of users below, and of no others
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
 * ctnet_mtu_port_follow() - a port's network may have another MTU now
 * @port: the port; nothing happens unless it is a pair that follows
 * @far_too: whether the far end follows whatever it has; else it does if it has what the
 *	near end has, and not if the container set another
 *
 * Context: RTNL; may sleep.
 */
void ctnet_mtu_port_follow(struct ctnet_port *port, bool far_too)
{
	struct ctnet_dev *ctd = port->vport.ctd;
	unsigned int mtu = ctd->dev->mtu;
	struct net_device *far;

	if (!(port->vport.flags & CTNET_PORT_MTU_AUTO))
		return;
	far = ctnet_port_peer_dev(port->dev);
	if (ctnet_mtu_has_ipv6(port->dev) || (far && ctnet_mtu_has_ipv6(far)))
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (far && (far_too || far->mtu == port->dev->mtu) &&
	    ctnet_mtu_may_set(ctd, far))
		ctnet_mtu_set(ctd, far, mtu);
	ctnet_mtu_set(ctd, port->dev, mtu);
}

/**
 * ctnet_mtu_ports_follow() - a network may have another MTU now
 * @ctd: the network
 *
 * In place: a port is no network, so that nothing follows in turn but what is told of
 * changes of its own.
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
 * Outside RTNL, which it takes itself. A namespace without a network is none that has to
 * be told, and most have none. Returns whether it is told from now on.
 */
static bool ctnet_mtu_watch_routes(struct ctnet_ns *ns)
{
	if (ns->routes_watched)
		return true;
	/* It reads all routes, and gives up where they change all the time. */
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
 * ctnet_mtu_changed() - MTUs, routes or addresses of a namespace have changed
 * @net: the namespace
 *
 * Not in place: what follows may itself be below the next network, and so on, and
 * each would be a notifier inside the one before.
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

/* What routes go by, and that changes under them. */
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
