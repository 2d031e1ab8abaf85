// SPDX-License-Identifier: GPL-2.0
/* The netdevice: its operations, and the host's own way in and out. link.c makes and sets it. */
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <net/addrconf.h>

#include "ctnet.h"
#include "brport.h"
#include "dev.h"
#include "encap.h"
#include "fdb.h"
#include "fdbwalk.h"
#include "flood.h"
#include "forward.h"
#include "host.h"
#include "mtu.h"
#include "nlmsg.h"
#include "peer.h"
#include "port.h"
#include "rtfdb.h"
#include "stats.h"
#include "transit.h"
#include "vtep.h"

/*
 * Offloads that the network accepts from the host, also for frames of another tunnel. They are
 * done at the destination: for a port by what its device can, for a peer before encapsulation.
 */
#define CTNET_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
			 NETIF_F_HW_CSUM | NETIF_F_RXCSUM | \
			 NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ENCAP_ALL)
#define CTNET_VLAN_FEATURES	(NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX)

/* Frames that the host sends into the network. */
static netdev_tx_t ctnet_dev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct ctnet_dev *ctd = netdev_priv(dev);

	dev_sw_netstats_tx_add(dev, 1, skb->len);
	skb_reset_mac_header(skb);
	rcu_read_lock();
	ctnet_forward(skb, &ctd->self, CTNET_FROM_HOST);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

/* How deep receiving in place may be nested on one CPU. */
#define CTNET_RECEIVE_DEPTH	2
static DEFINE_PER_CPU(unsigned int, ctnet_receive_depth);

/**
 * ctnet_receive_here() - have the stack receive a frame, in place if possible
 * @skb: the frame, as netif_receive_skb() takes it; consumed
 *
 * Tunnels inside tunnels, which a container may make, could overflow the kernel's stack. From
 * some depth on a frame goes through the backlog.
 *
 * Context: bottom halves off. Return: false if the backlog was full.
 */
bool ctnet_receive_here(struct sk_buff *skb)
{
	if (unlikely(__this_cpu_read(ctnet_receive_depth) >= CTNET_RECEIVE_DEPTH))
		return __netif_rx(skb) == NET_RX_SUCCESS;
	__this_cpu_inc(ctnet_receive_depth);
	netif_receive_skb(skb);
	__this_cpu_dec(ctnet_receive_depth);
	return true;
}

/* Prepares a frame for being received by the device. */
static void ctnet_dev_receive(struct net_device *dev, struct sk_buff *skb)
{
	skb->pkt_type = PACKET_HOST;
	skb->protocol = eth_type_trans(skb, dev);
	/* eth_type_trans() knows one MAC of the device, but the host may have more. */
	if (unlikely(skb->pkt_type == PACKET_OTHERHOST) &&
	    ctnet_host_has(netdev_priv(dev), eth_hdr(skb)->h_dest))
		skb->pkt_type = PACKET_HOST;
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
}

/* Counts a frame as received, or as dropped if the backlog was full. */
static void ctnet_dev_count(struct ctnet_dev *ctd, unsigned int len, bool room)
{
	if (likely(room))
		dev_sw_netstats_rx_add(ctd->dev, len);
	else
		ctnet_drop_count(ctd, NULL, CTNET_DROP_QUEUE);
}

/**
 * ctnet_dev_deliver() - hand a frame to the host
 * @ctd: the network
 * @skb: the frame, as forward.c has it; consumed
 * @from: how it came
 */
void ctnet_dev_deliver(struct ctnet_dev *ctd, struct sk_buff *skb, enum ctnet_from from)
{
	unsigned int len = skb->len;

	ctnet_dev_receive(ctd->dev, skb);
	ctnet_dev_count(ctd, len, ctnet_receive(skb, from));
}

/**
 * ctnet_dev_answer() - hand the host an answer to the frame that it is sending
 * @ctd: the network
 * @skb: the frame, as forward.c has it; consumed
 *
 * It goes through the backlog, as the sender may hold locks that receiving takes.
 */
void ctnet_dev_answer(struct ctnet_dev *ctd, struct sk_buff *skb)
{
	ctnet_dev_deliver(ctd, skb, CTNET_FROM_HOST);
}

/* On failure nothing is left; ctnet_dev_uninit() is the reverse. RTNL. */
static int ctnet_dev_init(struct net_device *dev)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(dev));
	struct ctnet_dev *ctd = netdev_priv(dev);
	int err;

	/* Networks may stand on one another. */
	netdev_lockdep_set_classes(dev);
	ctd->drops = ctnet_drops_alloc();
	if (!ctd->drops)
		return -ENOMEM;
	err = -ENOMEM;
	ctd->self.cpu = ctnet_stats_alloc();
	if (!ctd->self.cpu)
		goto err_drops;
	xa_init_flags(&ctd->members, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	err = xa_insert(&ctd->members, ctd->self.id, &ctd->self,
			GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_cpu;
	err = ctnet_peer_net_init(ctd);
	if (err)
		goto err_members;
	err = ctnet_fdb_net_init(ctd);
	if (err)
		goto err_peers;
	err = ctnet_fdb_hold(ctd, dev->dev_addr, CTNET_HELD_OWN);
	if (err)
		goto err_fdb;
	/* This reserves the id: dumps must not see the network until it is registered. */
	err = xa_alloc(&ns->nets, &ctd->id, NULL, xa_limit_32b,
		       GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_fdb;
	err = ctnet_flood_init(ctd);
	if (err)
		goto err_id;
	return 0;

err_id:
	xa_release(&ns->nets, ctd->id);
err_fdb:
	ctnet_fdb_net_uninit(ctd);
err_peers:
	ctnet_peer_net_uninit(ctd);
err_members:
	xa_destroy(&ctd->members);
err_cpu:
	free_percpu(ctd->self.cpu);
err_drops:
	free_percpu(ctd->drops);
	return err;
}

/*
 * The only place that takes a network apart: it runs on dellink, at the namespace's end, on module
 * unload, and after a registration that failed late. The device is closed. RTNL.
 */
static void ctnet_dev_uninit(struct net_device *dev)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(dev));
	struct ctnet_dev *ctd = netdev_priv(dev);
	struct ctnet_transit *transit;
	struct ctnet_vport *vport;
	unsigned long id;
	bool told;

	/* It is there if, and only if, its event was sent. */
	told = xa_erase(&ns->nets, ctd->id);
	atomic_inc(&ns->seq);
	/* All at once, before the ports and peers go. */
	ctnet_fdb_flush(ctd, NULL, false);
	xa_for_each(&ctd->members, id, vport) {
		if (vport->kind == CTNET_VPORT_PORT)
			ctnet_port_detach(ctnet_vport_port(vport));
		else if (vport->kind == CTNET_VPORT_PEER)
			ctnet_peer_del(ctnet_vport_peer(vport));
	}
	WARN_ON_ONCE(ctd->n_ports || ctd->n_peers);
	if (told)
		ctnet_nl_net_event(ctd, CTNET_CMD_NET_DEL_NTF);

	ctnet_vtep_unbind(ctd);
	ctnet_flood_uninit(ctd);
	transit = ctnet_transit_close(ns);
	/* Wait for dumps, frames from the underlay, netpoll and netfilter. */
	synchronize_net();
	ctnet_transit_free(transit);
	free_percpu(ctd->floods);
	ctnet_fdb_net_uninit(ctd);
	ctnet_peer_net_uninit(ctd);
	xa_destroy(&ctd->members);
	free_percpu(ctd->self.cpu);
	free_percpu(ctd->drops);
}

/**
 * ctnet_dev_may_have_mac() - whether a MAC may be a network device's own
 * @dev: the device
 * @mac: the MAC
 *
 * Context: RTNL, and the answer holds until that is released.
 * Return: 0, or -EADDRINUSE if a static entry has the MAC.
 */
int ctnet_dev_may_have_mac(struct net_device *dev, const u8 *mac)
{
	const struct ctnet_fdb *fdb;
	int err = 0;

	rcu_read_lock();
	fdb = ctnet_fdb_find(netdev_priv(dev), mac);
	if (fdb && (fdb->flags & CTNET_FDB_STATIC) &&
	    !(fdb->flags & CTNET_FDB_LOCAL))
		err = -EADDRINUSE;
	rcu_read_unlock();
	return err;
}

static int ctnet_dev_set_mac(struct net_device *dev, void *addr)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	const struct sockaddr *sa = addr;
	struct ctnet_fdb *old, *new;
	int err;

	err = eth_prepare_mac_addr_change(dev, addr);
	if (err)
		return err;
	if (ether_addr_equal(dev->dev_addr, sa->sa_data))
		return 0;
	err = ctnet_dev_may_have_mac(dev, sa->sa_data) ?:
	      ctnet_fdb_hold(ctd, sa->sa_data, CTNET_HELD_OWN);
	if (err)
		return err;
	rcu_read_lock();
	old = ctnet_fdb_find(ctd, dev->dev_addr);
	new = ctnet_fdb_find(ctd, sa->sa_data);
	if (!WARN_ON_ONCE(!old || !new))
		ctnet_fdb_give_ips(ctd, old, new);
	rcu_read_unlock();
	ctnet_fdb_release(ctd, dev->dev_addr, CTNET_HELD_OWN);
	eth_commit_mac_addr_change(dev, addr);
	return 0;
}

static int ctnet_dev_change_mtu(struct net_device *dev, int mtu)
{
	struct ctnet_dev *ctd = netdev_priv(dev);

	if (!ctd->mtu_follows)
		WRITE_ONCE(ctd->mtu_set, true);
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

/**
 * ctnet_dev_has_addr() - whether a device has an IP address
 * @dev: the device
 * @addr: the address; IPv4 as v4-mapped
 *
 * Context: RCU. Return: whether it has; a tentative IPv6 address does not count.
 */
bool ctnet_dev_has_addr(struct net_device *dev, const struct in6_addr *addr)
{
	const struct in_device *in_dev;
	const struct in_ifaddr *ifa;

	if (!ipv6_addr_v4mapped(addr))
		return ipv6_mod_enabled() &&
		       ipv6_chk_addr(dev_net(dev), addr, dev, 1);
	in_dev = __in_dev_get_rcu(dev);
	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (ifa->ifa_local == addr->s6_addr32[3])
			return true;
	return false;
}

static int ctnet_dev_add_slave(struct net_device *dev, struct net_device *port,
			       struct netlink_ext_ack *extack)
{
	return ctnet_port_attach(netdev_priv(dev), port,
				 CTNET_PORT_FLAGS_DEFAULT, extack);
}

static int ctnet_dev_del_slave(struct net_device *dev, struct net_device *port)
{
	struct ctnet_port *p = ctnet_port_get(port);

	if (!p || p->vport.ctd != netdev_priv(dev))
		return -EINVAL;
	ctnet_port_detach(p);
	return 0;
}

static void ctnet_dev_get_stats(struct net_device *dev,
				struct rtnl_link_stats64 *stats)
{
	struct ctnet_dev *ctd = netdev_priv(dev);

	dev_get_tstats64(dev, stats);
	ctnet_drops_add(ctd->drops, stats);
}

static const struct net_device_ops ctnet_netdev_ops = {
	.ndo_init		= ctnet_dev_init,
	.ndo_uninit		= ctnet_dev_uninit,
	.ndo_start_xmit		= ctnet_dev_xmit,
	.ndo_get_stats64	= ctnet_dev_get_stats,
	.ndo_set_rx_mode	= ctnet_host_rx_mode,
	.ndo_set_mac_address	= ctnet_dev_set_mac,
	.ndo_change_mtu		= ctnet_dev_change_mtu,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_add_slave		= ctnet_dev_add_slave,
	.ndo_del_slave		= ctnet_dev_del_slave,
	.ndo_fdb_add		= ctnet_rtfdb_add,
	.ndo_fdb_del		= ctnet_rtfdb_del,
	.ndo_fdb_dump		= ctnet_rtfdb_dump,
	.ndo_bridge_getlink	= ctnet_brport_getlink,
	.ndo_bridge_setlink	= ctnet_brport_setlink,
	.ndo_features_check	= passthru_features_check,
};

/**
 * ctnet_dev_is() - whether a device is a network
 * @dev: the device
 *
 * Return: whether netdev_priv() is a &struct ctnet_dev.
 */
bool ctnet_dev_is(const struct net_device *dev)
{
	return dev->netdev_ops == &ctnet_netdev_ops;
}

static void ctnet_dev_get_drvinfo(struct net_device *dev,
				  struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "ctnet", sizeof(info->driver));
}

static int ctnet_dev_get_sset_count(struct net_device *dev, int sset)
{
	return sset == ETH_SS_STATS ? CTNET_DROP_MAX - CTNET_DROP_PAD :
				      -EOPNOTSUPP;
}

static void ctnet_dev_get_strings(struct net_device *dev, u32 sset, u8 *buf)
{
	int i;

	if (sset != ETH_SS_STATS)
		return;
	for (i = CTNET_DROP_MALFORMED; i <= CTNET_DROP_MAX; i++)
		ethtool_sprintf(&buf, "drop-%s", ctnet_drop_names[i]);
}

static void ctnet_dev_get_ethtool_stats(struct net_device *dev,
					struct ethtool_stats *stats, u64 *data)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	u64 sum[CTNET_DROP_MAX + 1];

	ctnet_drops_sum(ctd->drops, sum);
	memcpy(data, &sum[CTNET_DROP_MALFORMED],
	       (CTNET_DROP_MAX - CTNET_DROP_PAD) * sizeof(*data));
}

/* As in a bridge, the speed is that of the fastest port. */
static int ctnet_dev_get_link_ksettings(struct net_device *dev,
					struct ethtool_link_ksettings *cmd)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	struct ethtool_link_ksettings of_port;
	struct ctnet_vport *vport;
	unsigned long id;

	cmd->base.duplex = DUPLEX_UNKNOWN;
	cmd->base.port = PORT_OTHER;
	cmd->base.speed = SPEED_UNKNOWN;
	xa_for_each_range(&ctd->members, id, vport, CTNET_ID_SELF + 1,
			  CTNET_ID_PORT_MAX) {
		struct net_device *port = ctnet_vport_port(vport)->dev;

		if (!netif_running(port) || !netif_oper_up(port) ||
		    __ethtool_get_link_ksettings(port, &of_port) ||
		    of_port.base.speed == (u32)SPEED_UNKNOWN)
			continue;
		if (cmd->base.speed == (u32)SPEED_UNKNOWN ||
		    cmd->base.speed < of_port.base.speed)
			cmd->base.speed = of_port.base.speed;
	}
	return 0;
}

static const struct ethtool_ops ctnet_ethtool_ops = {
	.get_drvinfo	= ctnet_dev_get_drvinfo,
	.get_link	= ethtool_op_get_link,
	.get_link_ksettings = ctnet_dev_get_link_ksettings,
	.get_sset_count	= ctnet_dev_get_sset_count,
	.get_strings	= ctnet_dev_get_strings,
	.get_ethtool_stats = ctnet_dev_get_ethtool_stats,
};

/**
 * ctnet_dev_setup() - rtnl_link_ops.setup
 * @dev: a device that is to become a network
 */
void ctnet_dev_setup(struct net_device *dev)
{
	struct ctnet_dev *ctd = netdev_priv(dev);

	ether_setup(dev);
	dev->netdev_ops = &ctnet_netdev_ops;
	dev->ethtool_ops = &ctnet_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	/* netpoll sends with interrupts off, which ports and tunnels do not allow. */
	dev->priv_flags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE |
			   IFF_DISABLE_NETPOLL | IFF_UNICAST_FLT;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	ctnet_dev_lockless(dev);
	ctnet_dev_local(dev);
	/* A path's MTU is set in the route that the host's frame has. */
	netif_keep_dst(dev);
	dev->features |= CTNET_FEATURES | CTNET_VLAN_FEATURES;
	dev->hw_features |= CTNET_FEATURES | CTNET_VLAN_FEATURES;
	dev->vlan_features |= CTNET_FEATURES;
	dev->hw_enc_features |= CTNET_FEATURES;
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);
	dev->max_mtu = ETH_MAX_MTU - CTNET_OVERHEAD6;
	dev->needed_headroom = CTNET_HEADROOM;

	ctd->dev = dev;
	ctd->self.kind = CTNET_VPORT_SELF;
	ctd->self.flags = CTNET_PORT_FLOOD;
	ctd->self.id = CTNET_ID_SELF;
	ctd->self.from = CTNET_FROM_HOST;
	ctd->self.ctd = ctd;
	ctd->learning = true;
	ctd->flood = true;
	ctd->suppress = true;
	ctd->ageing = CTNET_AGEING_DEFAULT * HZ;
	ctd->max_fdb = CTNET_MAX_FDB_DEFAULT;
}
