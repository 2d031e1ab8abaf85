// SPDX-License-Identifier: GPL-2.0
/* Ports: attach, detach, what comes in, what goes out. */
#include <linux/if_arp.h>
#include <linux/slab.h>

#include "ctnet.h"
#include "dev.h"
#include "encap.h"
#include "fdbip.h"
#include "fdbwalk.h"
#include "forward.h"
#include "host.h"
#include "mtu.h"
#include "native.h"
#include "nlmsg.h"
#include "offload.h"
#include "pmtu.h"
#include "port.h"
#include "sock.h"
#include "stats.h"
#include "veth.h"
#include "vtep.h"

static struct kmem_cache *ctnet_port_cache __read_mostly;

/* Whether a frame is for the stack of the device that it came in by, and not forwarded. */
static bool ctnet_port_is_for_dev(const struct sk_buff *skb)
{
	const u8 *dest = eth_hdr(skb)->h_dest;

	return is_link_local_ether_addr(dest) && dest[5] != CTNET_GROUP_BPDU &&
	       dest[5] != CTNET_GROUP_PAUSE;
}

/*
 * Passes such a frame, which is as forward.c has it, to that stack. A guarded port's frames are
 * marked as another host's, so that packet sockets get them, but IP does not.
 */
static rx_handler_result_t ctnet_port_to_dev(struct ctnet_port *port,
					     struct sk_buff **pskb)
{
	struct sk_buff *skb = ctnet_own(port->vport.ctd, *pskb);

	if (unlikely(!skb) || !ctnet_link_local(skb, &port->vport))
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	skb_pull_rcsum(skb, ETH_HLEN);
	if (READ_ONCE(port->vport.flags) & CTNET_PORT_GUARD)
		skb->pkt_type = PACKET_OTHERHOST;
	return RX_HANDLER_PASS;
}

/* Receives from the device. Only frames for the device's own stack are passed on to it. */
static rx_handler_result_t ctnet_port_rx(struct sk_buff **pskb)
{
	struct ctnet_port *port = rcu_dereference((*pskb)->dev->rx_handler_data);
	struct sk_buff *skb = *pskb;

	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;
	/* What the stack pulled; skb_push_rcsum() without its call. */
	__skb_push(skb, ETH_HLEN);
	skb_postpush_rcsum(skb, skb->data, ETH_HLEN);
	ctnet_stats_rx(&port->vport, skb);
	if (skb->pkt_type == PACKET_MULTICAST &&
	    unlikely(ctnet_port_is_for_dev(skb)))
		return ctnet_port_to_dev(port, pskb);
	return ctnet_forward(skb, &port->vport, CTNET_FROM_STACK) ? RX_HANDLER_ANOTHER :
								    RX_HANDLER_CONSUMED;
}

/*
 * Whether the stack, which has called the rx handler, may go on with a frame for @dev: not
 * where that has a handler, too, as chains of them may form a ring, nor where another CPU is
 * to receive it.
 */
static bool ctnet_port_may_go_on(const struct net_device *dev)
{
	return !ctnet_rps_needed() && !rcu_access_pointer(dev->rx_handler);
}

/*
 * Hands a frame to the far end, as the veth driver does, but without a queue. Returns whether
 * the stack is to go on with it.
 */
static __always_inline bool ctnet_port_deliver_far(struct ctnet_port *port, struct sk_buff *skb,
						   enum ctnet_from from)
{
	struct net_device *far = port->far;
	ktime_t came = skb_tstamp(skb);
	unsigned int len = skb->len;
	bool on;

	on = from == CTNET_FROM_STACK && ctnet_port_may_go_on(far);
	/* The stack takes what others have a reference to, as from any device. */
	if (unlikely(skb_shared(skb)) &&
	    ((!on && from != CTNET_FROM_NATIVE) || skb_zcopy(skb))) {
		skb = ctnet_own(port->vport.ctd, skb);
		if (!skb)
			return false;
		on = false;
	}
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC))) {
		ctnet_drop(port->vport.ctd, skb, CTNET_DROP_NOMEM);
		return false;
	}
	/* Of the device it came in by, which may have had more queues. */
	skb_set_queue_mapping(skb, 0);
	if (from != CTNET_FROM_NATIVE) {
		skb_clear_tstamp(skb);
		ctnet_scrub(skb, !net_eq(dev_net(far), dev_net(port->vport.ctd->dev)));
	}
	skb->priority = 0;
	ctnet_eth_type_trans(skb, far);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	/* The stack takes the time, if anybody wants it, where it is entered: not once more. */
	if (on && unlikely(came))
		skb->tstamp = came;
	if (!on && unlikely(!ctnet_receive(skb, from))) {
		ctnet_drop_count(port->vport.ctd, NULL, CTNET_DROP_QUEUE);
		return false;
	}
	if (from != CTNET_FROM_NATIVE && !port->native)
		ctnet_veth_count(port->dev, len);
	ctnet_stats_tx(&port->vport, len);
	return on;
}

/* Drops a frame that is too long for the port, and tells its sender. */
static noinline void ctnet_port_too_big(struct ctnet_port *port,
					struct sk_buff *skb, unsigned int max)
{
	skb = ctnet_own(port->vport.ctd, skb);
	if (!skb)
		return;
	ctnet_pmtu_tell(port->vport.ctd, skb, max, false);
	ctnet_drop(port->vport.ctd, skb, CTNET_DROP_TOO_BIG);
}

/* Sends a frame out of the port's own device. */
static void ctnet_port_deliver_near(struct ctnet_port *port, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	int err;

	skb = ctnet_own(port->vport.ctd, skb);
	if (unlikely(!skb))
		return;
	skb_clear_tstamp(skb);
	skb->dev = port->dev;
	err = dev_queue_xmit(skb);
	if (likely(!net_xmit_eval(err)))
		ctnet_stats_tx(&port->vport, len);
	else
		ctnet_drop_count(port->vport.ctd, NULL, CTNET_DROP_QUEUE);
}

/* The longest packet that a port takes. */
static unsigned int ctnet_port_max(const struct ctnet_port *port)
{
	return min(READ_ONCE(port->dev->mtu), READ_ONCE(port->far_mtu));
}

/* ctnet_port_deliver() to a port of any kind, in any state. */
static noinline bool ctnet_port_deliver_any(struct ctnet_port *port, struct sk_buff *skb,
					    enum ctnet_from from)
{
	unsigned int max;

	if (unlikely(!ctnet_port_is_up(port))) {
		ctnet_drop(port->vport.ctd, skb, CTNET_DROP_PORT_DOWN);
		return false;
	}
	max = ctnet_port_max(port);
	if (skb->len > max + ETH_HLEN) {
		/* Tagged, or made of segments, it may fit yet. */
		max = ctnet_pmtu_port(skb, max);
		if (unlikely(!ctnet_pmtu_fits(skb, max))) {
			ctnet_port_too_big(port, skb, max);
			return false;
		}
	}
	/* Nothing of how it was received matters to how it is sent. */
	skb_forward_csum(skb);
	if (likely(port->native || (port->far && from < CTNET_FROM_HOST &&
				    ctnet_veth_is_open(port->dev, port->far))))
		return ctnet_port_deliver_far(port, skb, from);
	ctnet_port_deliver_near(port, skb);
	return false;
}

/**
 * ctnet_port_deliver() - send a frame out of a port
 * @port: the port
 * @skb: the frame, as forward.c has it; consumed unless the stack is to go on with it
 * @from: how it came
 *
 * Return: whether the stack, which has called the rx handler, is to go on with it.
 */
bool ctnet_port_deliver(struct ctnet_port *port, struct sk_buff *skb, enum ctnet_from from)
{
	/* Between native ports less is to be asked: it is inlined for these. */
	if (from != CTNET_FROM_NATIVE || !port->native || !ctnet_port_is_up(port) ||
	    skb->len > ctnet_port_max(port) + ETH_HLEN)
		return ctnet_port_deliver_any(port, skb, from);
	skb_forward_csum(skb);
	return ctnet_port_deliver_far(port, skb, CTNET_FROM_NATIVE);
}

/**
 * ctnet_port_get() - the port that a device is
 * @dev: the device
 *
 * Context: RTNL. Return: the port, or NULL if it is none of ours.
 */
struct ctnet_port *ctnet_port_get(const struct net_device *dev)
{
	ASSERT_RTNL();

	if (rtnl_dereference(dev->rx_handler) != ctnet_port_rx)
		return NULL;
	return rtnl_dereference(dev->rx_handler_data);
}

/**
 * ctnet_port_get_rcu() - the port that a device is
 * @dev: the device
 *
 * Context: RTNL or RCU. Return: the port, or NULL if it is none of ours.
 */
struct ctnet_port *ctnet_port_get_rcu(const struct net_device *dev)
{
	if (rcu_dereference_rtnl(dev->rx_handler) != ctnet_port_rx)
		return NULL;
	return rcu_dereference_rtnl(dev->rx_handler_data);
}

/**
 * ctnet_port_peer_dev() - the other end of a pair of devices
 * @dev: one end
 *
 * Context: RTNL, under which both ends go together. Return: the other, or NULL if it is
 * no pair.
 */
struct net_device *ctnet_port_peer_dev(struct net_device *dev)
{
	struct net_device *far;

	if (!dev->netdev_ops->ndo_get_peer_dev)
		return NULL;
	rcu_read_lock();
	far = dev->netdev_ops->ndo_get_peer_dev(dev);
	rcu_read_unlock();
	return far;
}

/**
 * ctnet_port_container_dev() - the device that a container has of a port
 * @port: the port
 *
 * Context: RTNL. Return: the far end of a pair, a native port's device, or NULL.
 */
struct net_device *ctnet_port_container_dev(const struct ctnet_port *port)
{
	return port->native ? port->dev : ctnet_port_peer_dev(port->dev);
}

/**
 * ctnet_port_mtu() - the MTU that the host gave a port
 * @port: the port
 *
 * Context: RTNL. Return: bytes; a container may have set another in there.
 */
unsigned int ctnet_port_mtu(const struct ctnet_port *port)
{
	return port->native ? ctnet_native_mtu(port) : port->dev->mtu;
}

/* Remembers the far end's MTU, which a container can set: it bounds what is delivered. RTNL. */
static void ctnet_port_note_far_mtu(struct ctnet_port *port)
{
	const struct net_device *far = ctnet_port_peer_dev(port->dev);

	WRITE_ONCE(port->far_mtu, far ? far->mtu : UINT_MAX);
}

/**
 * ctnet_port_free() - free a port
 * @port: the port, of which nobody knows
 */
void ctnet_port_free(struct ctnet_port *port)
{
	free_percpu(port->vport.cpu);
	kmem_cache_free(ctnet_port_cache, port);
}

static void ctnet_port_free_rcu(struct rcu_head *rcu)
{
	ctnet_port_free(container_of(rcu, struct ctnet_port, rcu));
}

/**
 * ctnet_port_may_have() - whether a port may have flags
 * @ctd: the network
 * @far: the device that a container has of it, or NULL
 * @flags: the flags
 * @extack: says why not
 *
 * Context: RTNL. Return: 0 or an error.
 */
int ctnet_port_may_have(const struct ctnet_dev *ctd, const struct net_device *far,
			u32 flags, struct netlink_ext_ack *extack)
{
	if (!(flags & CTNET_PORT_MTU_AUTO))
		return 0;
	if (!far) {
		NL_SET_ERR_MSG(extack, "Only a pair of devices, such as a veth, can follow the network's MTU: other ports limit it");
		return -EOPNOTSUPP;
	}
	if (!ctnet_mtu_may_set(ctd, far)) {
		NL_SET_ERR_MSG(extack, "The other end of the pair belongs to another user: its MTU cannot follow this network's");
		return -EPERM;
	}
	return 0;
}

static int ctnet_port_may_attach(const struct ctnet_dev *ctd,
				 struct net_device *dev,
				 struct netlink_ext_ack *extack)
{
	const struct ctnet_port *port = ctnet_port_get(dev);

	if (dev == ctd->dev) {
		NL_SET_ERR_MSG(extack, "A network cannot be its own port");
		return -ELOOP;
	}
	if (ctnet_dev_is(dev)) {
		NL_SET_ERR_MSG(extack, "A ctnet network cannot be a port: connect networks with a veth pair");
		return -ELOOP;
	}
	if (dev->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG(extack, "A loopback device cannot be a port");
		return -EINVAL;
	}
	if (dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN ||
	    !is_valid_ether_addr(dev->dev_addr)) {
		NL_SET_ERR_MSG(extack, "Only an Ethernet device can be a port");
		return -EINVAL;
	}
	if (dev->priv_flags & IFF_DONT_BRIDGE) {
		NL_SET_ERR_MSG(extack, "The device does not allow bridging");
		return -EOPNOTSUPP;
	}
	if (dev->priv_flags & IFF_NO_RX_HANDLER) {
		NL_SET_ERR_MSG(extack, "The device does not allow a receive handler, as a VRF or an IPVLAN");
		return -EOPNOTSUPP;
	}
	if (netdev_has_upper_dev(ctd->dev, dev)) {
		NL_SET_ERR_MSG(extack, "The device is stacked on this network, as a VLAN device of it");
		return -ELOOP;
	}
	if (port && port->vport.ctd == ctd) {
		NL_SET_ERR_MSG(extack, "The device is already a port of this network");
		return -EEXIST;
	}
	if (netdev_master_upper_dev_get(dev) || netdev_is_rx_handler_busy(dev)) {
		NL_SET_ERR_MSG(extack, "The device already belongs to another device: remove it there first");
		return -EBUSY;
	}
	return 0;
}

/**
 * ctnet_port_alloc() - make a port that belongs to nothing yet
 * @ctd: the network
 * @dev: its device
 * @flags: enum ctnet_port_flags
 *
 * Context: RTNL; may sleep. Return: the port, for ctnet_port_join() or ctnet_port_free();
 * or NULL.
 */
struct ctnet_port *ctnet_port_alloc(struct ctnet_dev *ctd, struct net_device *dev,
				    u32 flags)
{
	struct ctnet_port *port;

	port = kmem_cache_zalloc(ctnet_port_cache, GFP_KERNEL_ACCOUNT);
	if (!port)
		return NULL;
	port->vport.kind = CTNET_VPORT_PORT;
	port->vport.dead = true;
	port->vport.flags = flags;
	port->vport.ctd = ctd;
	port->dev = dev;
	ctnet_port_note_far_mtu(port);
	port->vport.cpu = ctnet_stats_alloc();
	if (!port->vport.cpu) {
		ctnet_port_free(port);
		return NULL;
	}
	return port;
}

/**
 * ctnet_port_join() - enter a port into its network
 * @port: the port, whose place in &ctnet_dev.members is reserved
 *
 * Context: RTNL; may sleep. Cannot fail.
 */
void ctnet_port_join(struct ctnet_port *port)
{
	struct ctnet_dev *ctd = port->vport.ctd;

	ctnet_offload_limit(ctd, port->dev);
	xa_store(&ctd->members, port->vport.id, &port->vport, GFP_KERNEL_ACCOUNT);
	WRITE_ONCE(ctd->n_ports, ctd->n_ports + 1);
	ctnet_nl_port_event(port, CTNET_CMD_PORT_ADD_NTF);
	ctnet_fdb_admit(&port->vport);
	ctnet_mtu_changed(dev_net(ctd->dev));
}

/**
 * ctnet_port_attach() - make a device a port
 * @ctd: the network
 * @dev: the device, of the same namespace
 * @flags: enum ctnet_port_flags
 * @extack: says why not
 *
 * Context: RTNL; may sleep. ctnet_port_detach() is the mirror image.
 * Return: 0 or an error, which has changed nothing.
 */
int ctnet_port_attach(struct ctnet_dev *ctd, struct net_device *dev, u32 flags,
		      struct netlink_ext_ack *extack)
{
	struct ctnet_port *port;
	int err;

	ASSERT_RTNL();

	err = ctnet_port_may_attach(ctd, dev, extack) ?:
	      ctnet_port_may_have(ctd, ctnet_port_peer_dev(dev), flags, extack);
	if (err)
		return err;

	port = ctnet_port_alloc(ctd, dev, flags);
	if (!port)
		return -ENOMEM;
	port->vport.id = dev->ifindex;
	port->far = ctnet_veth_is(dev) ? ctnet_port_peer_dev(dev) : NULL;
	err = xa_reserve(&ctd->members, port->vport.id, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	err = dev_set_promiscuity(dev, 1);
	if (err)
		goto err_release;
	err = netdev_master_upper_dev_link(dev, ctd->dev, NULL, NULL, extack);
	if (err == -EMLINK)
		NL_SET_ERR_MSG(extack, "Too many devices are stacked: the kernel allows eight");
	if (err)
		goto err_promisc;
	err = netdev_rx_handler_register(dev, ctnet_port_rx, port);
	if (err)
		goto err_unlink;
	dev_disable_lro(dev);
	netdev_set_rx_headroom(dev, CTNET_HEADROOM);
	err = ctnet_host_port(port, true);
	if (err)
		goto err_handler;
	ctnet_port_join(port);
	return 0;

err_handler:
	netdev_reset_rx_headroom(dev);
	netdev_rx_handler_unregister(dev);
err_unlink:
	netdev_upper_dev_unlink(dev, ctd->dev);
err_promisc:
	dev_set_promiscuity(dev, -1);
err_release:
	xa_release(&ctd->members, port->vport.id);
err_free:
	ctnet_port_free(port);
	return err;
}

/* Makes a device that of no port. RTNL. */
static void ctnet_port_release_dev(struct net_device *dev, struct ctnet_dev *ctd)
{
	netdev_reset_rx_headroom(dev);
	netdev_rx_handler_unregister(dev);
	netdev_upper_dev_unlink(dev, ctd->dev);
	dev_set_promiscuity(dev, -1);
}

/**
 * ctnet_port_detach() - make a port's device no port, and remove its entries
 * @port: the port; freed after a grace period. A native port's device is about to go.
 *
 * Context: RTNL; may sleep.
 */
void ctnet_port_detach(struct ctnet_port *port)
{
	struct ctnet_dev *ctd = port->vport.ctd;
	struct net_device *dev = port->dev;

	ASSERT_RTNL();

	xa_erase(&ctd->members, port->vport.id);
	WRITE_ONCE(ctd->n_ports, ctd->n_ports - 1);
	if (port->native)
		ctnet_native_release(port);
	else
		ctnet_port_release_dev(dev, ctd);
	ctnet_host_port(port, false);
	ctnet_offload_unlimit(ctd, dev->tso_max_size, dev->tso_max_segs);
	ctnet_fdb_retire(&port->vport);
	ctnet_host_retry(ctd);
	ctnet_nl_port_event(port, CTNET_CMD_PORT_DEL_NTF);
	ctnet_mtu_changed(dev_net(ctd->dev));
	call_rcu(&port->rcu, ctnet_port_free_rcu);
}

/**
 * ctnet_port_set_flags() - change flags of a port
 * @port: the port
 * @value: enum ctnet_port_flags, those of @selector
 * @selector: which are set; the others stay
 * @extack: says why not
 *
 * Context: RTNL; may sleep. Return: 0 or an error, which has changed nothing.
 */
int ctnet_port_set_flags(struct ctnet_port *port, u32 value, u32 selector,
			 struct netlink_ext_ack *extack)
{
	u32 old = port->vport.flags, flags = (old & ~selector) | value;
	int err = 0;

	ASSERT_RTNL();

	err = ctnet_port_may_have(port->vport.ctd, ctnet_port_container_dev(port), value,
				  extack);
	if (err)
		return err;
	/* Set the guard first: from then on no frame can dispute an address. */
	if (flags & ~old & CTNET_PORT_GUARD) {
		WRITE_ONCE(port->vport.flags, old | CTNET_PORT_GUARD);
		err = ctnet_fdb_reinstate(&port->vport);
	}
	if (!err) {
		WRITE_ONCE(port->vport.flags, flags);
		err = ctnet_host_port(port, true);
	}
	if (err) {
		WRITE_ONCE(port->vport.flags, old);
		return err;
	}
	ctnet_nl_port_event(port, CTNET_CMD_PORT_SET_NTF);
	if (value & CTNET_PORT_MTU_AUTO)
		ctnet_mtu_port_follow(port, true);
	else if (port->native && selector & CTNET_PORT_MTU_AUTO)
		ctnet_native_set_mtu(port, port->dev->mtu);
	if (selector & CTNET_PORT_MTU_AUTO)
		ctnet_mtu_changed(dev_net(port->vport.ctd->dev));
	return 0;
}

/* Handles an event of a port's device. */
static int ctnet_port_dev_event(struct ctnet_port *port, unsigned long event)
{
	switch (event) {
	case NETDEV_UNREGISTER:
		/* Deleted, or on its way to another namespace. */
		ctnet_port_detach(port);
		break;
	case NETDEV_DOWN:
		ctnet_fdb_flush(port->vport.ctd, &port->vport, true);
		break;
	case NETDEV_CHANGE:
		/* Without a link the hosts behind it may have moved. */
		if (!netif_oper_up(port->dev))
			ctnet_fdb_flush(port->vport.ctd, &port->vport, true);
		break;
	case NETDEV_CHANGEADDR:
		if (ctnet_host_port(port, true))
			netdev_warn(port->dev, "no memory to have its new address in the table of %s\n",
				    port->vport.ctd->dev->name);
		break;
	case NETDEV_NOTIFY_PEERS:
	case NETDEV_RESEND_IGMP:
		/* A bond failed over: the network has the host's addresses and groups. */
		call_netdevice_notifiers(event, port->vport.ctd->dev);
		break;
	case NETDEV_CHANGENAME:
		ctnet_nl_port_event(port, CTNET_CMD_PORT_SET_NTF);
		break;
	case NETDEV_FEAT_CHANGE:
		/* The old limits are not known any more. */
		ctnet_offload_unlimit(port->vport.ctd, 0, 0);
		break;
	case NETDEV_CHANGEMTU:
		/* A user who sets it does not want it to follow. */
		if (!(port->vport.flags & CTNET_PORT_MTU_AUTO) ||
		    port->vport.ctd->mtu_follows)
			break;
		ctnet_port_set_flags(port, 0, CTNET_PORT_MTU_AUTO, NULL);
		break;
	case NETDEV_PRE_TYPE_CHANGE:
		/* Only Ethernet devices are ports. */
		return NOTIFY_BAD;
	}
	return NOTIFY_DONE;
}

/* Handles an event of a device that may be an underlay. */
static void ctnet_port_underlay_event(struct net_device *dev,
				      unsigned long event)
{
	switch (event) {
	case NETDEV_UP:
	case NETDEV_CHANGEMTU:
		ctnet_mtu_changed(dev_net(dev));
		break;
	case NETDEV_UNREGISTER:
		ctnet_vtep_dev_gone(dev);
		break;
	case NETDEV_UDP_TUNNEL_PUSH_INFO:
		ctnet_sock_nic_info(dev, true);
		break;
	case NETDEV_UDP_TUNNEL_DROP_INFO:
		ctnet_sock_nic_info(dev, false);
		break;
	}
}

/*
 * A network must not be the port of another bridge, a bond or a team: these would take what the
 * host is to receive, and send frames whose source the network does not learn. A VRF is fine.
 */
static int ctnet_port_no_master(const struct netdev_notifier_changeupper_info *info)
{
	if (!info->linking || !info->master ||
	    netif_is_l3_master(info->upper_dev))
		return NOTIFY_DONE;
	NL_SET_ERR_MSG(netdev_notifier_info_to_extack(&info->info),
		       "A ctnet network is a bridge itself: attach the other's ports to it, or connect the two with a veth pair");
	return notifier_from_errno(-EOPNOTSUPP);
}

/* Handles a change of MTU at the other end of a port, in a container. */
static void ctnet_port_far_event(struct net_device *dev)
{
	struct net_device *near = ctnet_port_peer_dev(dev);
	struct ctnet_port *port = near ? ctnet_port_get(near) : NULL;

	if (port)
		ctnet_port_note_far_mtu(port);
}

/* Context: RTNL. */
static int ctnet_port_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct ctnet_port *port;

	ctnet_port_underlay_event(dev, event);
	if (event == NETDEV_CHANGEMTU)
		ctnet_port_far_event(dev);
	if (ctnet_dev_is(dev)) {
		if (event == NETDEV_PRECHANGEUPPER)
			return ctnet_port_no_master(ptr);
		if ((event == NETDEV_CHANGENAME || event == NETDEV_CHANGEMTU) &&
		    dev->reg_state == NETREG_REGISTERED)
			ctnet_nl_net_event(netdev_priv(dev),
					   CTNET_CMD_NET_SET_NTF);
		if (event == NETDEV_CHANGEMTU)
			ctnet_mtu_ports_follow(netdev_priv(dev));
		if (event == NETDEV_UP || event == NETDEV_DOWN)
			ctnet_native_carriers(netdev_priv(dev), event == NETDEV_UP);
		return NOTIFY_DONE;
	}
	if (ctnet_native_is(dev) && ctnet_native_event(dev, event) == NOTIFY_BAD)
		return NOTIFY_BAD;
	/* It may be the port of another network as well. */
	port = ctnet_port_get(dev);
	return port ? ctnet_port_dev_event(port, event) : NOTIFY_DONE;
}

struct notifier_block ctnet_port_notifier = {
	.notifier_call = ctnet_port_event,
};

int __init ctnet_port_init(void)
{
	ctnet_port_cache = KMEM_CACHE(ctnet_port, SLAB_HWCACHE_ALIGN);
	return ctnet_port_cache ? 0 : -ENOMEM;
}

/* After rcu_barrier(). */
void ctnet_port_exit(void)
{
	kmem_cache_destroy(ctnet_port_cache);
}
