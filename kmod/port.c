// SPDX-License-Identifier: GPL-2.0
/* Ports: attach, detach, and what becomes of their devices. */
#include <linux/if_arp.h>
#include <linux/slab.h>

#include "ctnet.h"
#include "dev.h"
#include "encap.h"
#include "fdbip.h"
#include "fdbwalk.h"
#include "host.h"
#include "mtu.h"
#include "native.h"
#include "nlmsg.h"
#include "offload.h"
#include "port.h"
#include "sock.h"
#include "stats.h"
#include "veth.h"
#include "vtep.h"

static struct kmem_cache *ctnet_port_cache __read_mostly;

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
