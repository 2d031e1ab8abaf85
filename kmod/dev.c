// SPDX-License-Identifier: GPL-2.0
/* The netdevice: made and set over rtnetlink; the host's own way in and out. */
#include <linux/ethtool.h>
#include <linux/inetdevice.h>
#include <linux/module.h>

#include "ctnet.h"

/* Highest attribute type that rtnetlink hands to a link kind. */
#define CTNET_IFLA_POLICY_MAX	50

#define CTNET_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
			 NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_GSO_SOFTWARE)

/* IPv4, UDP, VXLAN, Ethernet (RFC 7348 section 5). */
#define CTNET_OVERHEAD	(20 + 8 + 8 + ETH_HLEN)

/* Frames that the host sends into the network. */
static netdev_tx_t ctnet_dev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct ctnet_net *net = netdev_priv(dev);

	dev_sw_netstats_tx_add(dev, 1, skb->len);
	skb_reset_mac_header(skb);
	rcu_read_lock();
	ctnet_forward(skb, &net->self);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

/* How often frames are received in place inside one another, on this CPU. */
#define CTNET_RECEIVE_DEPTH	2
static DEFINE_PER_CPU(unsigned int, ctnet_receive_depth);

/**
 * ctnet_receive() - have the stack receive a frame, in place if possible
 * @skb: the frame, as netif_receive_skb() takes it; consumed
 *
 * Tunnels inside tunnels, which a container may build at will, would use up the
 * kernel's stack: from some depth on a frame goes by way of the backlog.
 *
 * Context: bottom halves off. Return: whether it was not dropped at once.
 */
bool ctnet_receive(struct sk_buff *skb)
{
	if (unlikely(__this_cpu_read(ctnet_receive_depth) >= CTNET_RECEIVE_DEPTH))
		return netif_rx(skb) == NET_RX_SUCCESS;
	__this_cpu_inc(ctnet_receive_depth);
	netif_receive_skb(skb);
	__this_cpu_dec(ctnet_receive_depth);
	return true;
}

/**
 * ctnet_dev_deliver() - hand a frame to the host
 * @net: the network
 * @skb: the frame, as forward.c has it; consumed
 */
void ctnet_dev_deliver(struct ctnet_net *net, struct sk_buff *skb)
{
	struct net_device *dev = net->dev;

	dev_sw_netstats_rx_add(dev, skb->len);
	skb->pkt_type = PACKET_HOST;
	skb->protocol = eth_type_trans(skb, dev);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	ctnet_receive(skb);
}

/* On failure nothing is left; ctnet_dev_uninit() is the reverse. RTNL. */
static int ctnet_dev_init(struct net_device *dev)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(dev));
	struct ctnet_net *net = netdev_priv(dev);
	int err;

	net->drops = ctnet_drops_alloc();
	if (!net->drops)
		return -ENOMEM;
	xa_init_flags(&net->members, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	err = xa_insert(&net->members, net->self.id, &net->self,
			GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_drops;
	err = ctnet_peer_net_init(net);
	if (err)
		goto err_members;
	err = ctnet_fdb_net_init(net);
	if (err)
		goto err_peers;
	err = ctnet_fdb_set(&net->self, dev->dev_addr, CTNET_FDB_LOCAL, NULL, 0,
			    false, NULL);
	if (err)
		goto err_fdb;
	/* A place only: dumps see the network when it is registered. */
	err = xa_alloc(&ns->nets, &net->id, NULL, xa_limit_32b,
		       GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_fdb;
	err = ctnet_flood_init(net);
	if (err)
		goto err_id;
	return 0;

err_id:
	xa_release(&ns->nets, net->id);
err_fdb:
	ctnet_fdb_net_uninit(net);
err_peers:
	ctnet_peer_net_uninit(net);
err_members:
	xa_destroy(&net->members);
err_drops:
	free_percpu(net->drops);
	return err;
}

/*
 * The one place that takes a network apart: it runs on every way out, be it
 * dellink, the namespace's end, module unload, or a registration that failed
 * late. The device is closed. RTNL.
 */
static void ctnet_dev_uninit(struct net_device *dev)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(dev));
	struct ctnet_net *net = netdev_priv(dev);
	struct ctnet_dst *dst;
	unsigned long id;
	bool told;

	/* It stands there from when it was told of. */
	told = xa_erase(&ns->nets, net->id);
	atomic_inc(&ns->seq);
	ctnet_tunnel_unbind(net);
	/* At one go, so that no port or peer has to walk the table for its own. */
	ctnet_fdb_flush(net, NULL, false);
	xa_for_each(&net->members, id, dst) {
		if (dst->kind == CTNET_DST_PORT)
			ctnet_port_detach(ctnet_dst_port(dst));
		else if (dst->kind == CTNET_DST_PEER)
			ctnet_peer_del(ctnet_dst_peer(dst));
	}
	WARN_ON_ONCE(net->n_ports || net->n_peers);
	if (told)
		ctnet_nl_net_event(net, CTNET_CMD_NET_DEL_NTF);

	ctnet_flood_uninit(net);
	/* Dumps, frames from the underlay and netpoll are out of here then. */
	synchronize_net();
	free_percpu(net->floods);
	ctnet_fdb_net_uninit(net);
	ctnet_peer_net_uninit(net);
	xa_destroy(&net->members);
	free_percpu(net->drops);
}

static int ctnet_dev_set_mac(struct net_device *dev, void *addr)
{
	struct ctnet_net *net = netdev_priv(dev);
	const struct sockaddr *sa = addr;
	struct ctnet_fdb *old;
	int err;

	err = eth_prepare_mac_addr_change(dev, addr);
	if (err)
		return err;
	if (ether_addr_equal(dev->dev_addr, sa->sa_data))
		return 0;
	err = ctnet_fdb_set(&net->self, sa->sa_data, CTNET_FDB_LOCAL, NULL, 0,
			    false, NULL);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	rcu_read_lock();
	old = ctnet_fdb_find(net, dev->dev_addr);
	if (!WARN_ON_ONCE(!old))
		ctnet_fdb_del(net, old);
	rcu_read_unlock();
	eth_commit_mac_addr_change(dev, addr);
	return 0;
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

	if (!p || p->dst.net != netdev_priv(dev))
		return -EINVAL;
	ctnet_port_detach(p);
	return 0;
}

static const struct net_device_ops ctnet_netdev_ops = {
	.ndo_init		= ctnet_dev_init,
	.ndo_uninit		= ctnet_dev_uninit,
	.ndo_start_xmit		= ctnet_dev_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
	.ndo_set_mac_address	= ctnet_dev_set_mac,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_add_slave		= ctnet_dev_add_slave,
	.ndo_del_slave		= ctnet_dev_del_slave,
	.ndo_features_check	= passthru_features_check,
};

/**
 * ctnet_dev_is() - whether a device is a network
 * @dev: the device
 *
 * Return: whether netdev_priv() is a &struct ctnet_net.
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

static const struct ethtool_ops ctnet_ethtool_ops = {
	.get_drvinfo	= ctnet_dev_get_drvinfo,
	.get_link	= ethtool_op_get_link,
};

static void ctnet_dev_setup(struct net_device *dev)
{
	struct ctnet_net *net = netdev_priv(dev);

	ether_setup(dev);
	dev->netdev_ops = &ctnet_netdev_ops;
	dev->ethtool_ops = &ctnet_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	/* netpoll sends with interrupts off, which ports and tunnels do not take. */
	dev->priv_flags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE |
			   IFF_DISABLE_NETPOLL;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	ctnet_dev_lockless_local(dev);
	dev->features |= CTNET_FEATURES;
	dev->hw_features |= CTNET_FEATURES;
	dev->vlan_features |= CTNET_FEATURES;
	dev->max_mtu = ETH_MAX_MTU - CTNET_OVERHEAD;

	net->dev = dev;
	net->self.kind = CTNET_DST_SELF;
	net->self.flags = CTNET_PORT_FLOOD;
	net->self.id = CTNET_ID_SELF;
	net->self.net = net;
	net->learning = true;
	net->flood = true;
	net->ageing = CTNET_AGEING_DEFAULT * HZ;
	net->max_fdb = CTNET_MAX_FDB_DEFAULT;
}

static struct netlink_range_validation ctnet_vni_range = {
	.min = 1,
	.max = CTNET_VNI_MAX,
};

static struct netlink_range_validation ctnet_fdb_range = {
	.max = CTNET_MAX_FDB_MAX,
};

static struct netlink_range_validation ctnet_ageing_range = {
	.max = CTNET_AGEING_MAX,
};

static const struct nla_policy ctnet_ifla_policy[CTNET_IFLA_POLICY_MAX + 1] = {
	[IFLA_CTNET_VNI] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_vni_range),
	[IFLA_CTNET_LOCAL] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[IFLA_CTNET_DSTPORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[IFLA_CTNET_LEARNING] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_CTNET_AGEING] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ageing_range),
	[IFLA_CTNET_FLOOD] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_CTNET_MAX_FDB] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_fdb_range),
	[IFLA_CTNET_MAX + 1 ... CTNET_IFLA_POLICY_MAX] = { .type = NLA_REJECT },
};

static int ctnet_dev_validate(struct nlattr *tb[], struct nlattr *data[],
			      struct netlink_ext_ack *extack)
{
	if (tb[IFLA_ADDRESS]) {
		if (nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN) {
			NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
					    "A MAC has 6 bytes");
			return -EINVAL;
		}
		if (!is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS]))) {
			NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
					    "The MAC is zero or multicast: give a unicast one");
			return -EADDRNOTAVAIL;
		}
	}
	if (data && data[IFLA_CTNET_LOCAL] &&
	    nla_len(data[IFLA_CTNET_LOCAL]) != sizeof(__be32)) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_CTNET_LOCAL],
				    "The underlay is IPv4: give an IPv4 address as the local one");
		return -EINVAL;
	}
	return 0;
}

/* What of the VTEP the attributes name; what they do not name stays. RTNL. */
static int ctnet_dev_set_vtep(struct ctnet_net *net, struct nlattr *data[],
			      struct netlink_ext_ack *extack)
{
	struct ctnet_vtep *vtep = rtnl_dereference(net->vtep);
	__be16 port = htons(CTNET_DSTPORT_DEFAULT);
	struct in6_addr local = {};
	u32 vni = 0;

	if (!data[IFLA_CTNET_VNI] && !data[IFLA_CTNET_LOCAL] &&
	    !data[IFLA_CTNET_DSTPORT])
		return 0;
	if (vtep) {
		vni = vtep->vni;
		local = vtep->local;
		port = vtep->sock->port;
	}
	if (data[IFLA_CTNET_VNI])
		vni = nla_get_u32(data[IFLA_CTNET_VNI]);
	if (data[IFLA_CTNET_LOCAL])
		ipv6_addr_set_v4mapped(nla_get_in_addr(data[IFLA_CTNET_LOCAL]),
				       &local);
	if (data[IFLA_CTNET_DSTPORT])
		port = htons(nla_get_u16(data[IFLA_CTNET_DSTPORT]));
	if (!vni) {
		NL_SET_ERR_MSG(extack, "A local address or UDP port goes with a VNI: give one");
		return -EINVAL;
	}
	if (ipv6_addr_any(&local)) {
		NL_SET_ERR_MSG(extack, "A VNI needs the local address of the tunnel: give one");
		return -EINVAL;
	}
	return ctnet_tunnel_bind(net, vni, &local, port, extack);
}

static int ctnet_dev_changelink(struct net_device *dev, struct nlattr *tb[],
				struct nlattr *data[],
				struct netlink_ext_ack *extack)
{
	struct ctnet_net *net = netdev_priv(dev);
	int err;

	if (!data)
		return 0;
	/* What can fail comes first. */
	err = ctnet_dev_set_vtep(net, data, extack);
	if (err)
		return err;
	if (data[IFLA_CTNET_LEARNING])
		WRITE_ONCE(net->learning, nla_get_u8(data[IFLA_CTNET_LEARNING]));
	if (data[IFLA_CTNET_FLOOD])
		WRITE_ONCE(net->flood, nla_get_u8(data[IFLA_CTNET_FLOOD]));
	if (data[IFLA_CTNET_MAX_FDB])
		WRITE_ONCE(net->max_fdb, nla_get_u32(data[IFLA_CTNET_MAX_FDB]));
	if (data[IFLA_CTNET_AGEING])
		WRITE_ONCE(net->ageing,
			   nla_get_u32(data[IFLA_CTNET_AGEING]) * HZ);
	if (dev->reg_state == NETREG_REGISTERED) {
		ctnet_fdb_age_soon(net);
		ctnet_nl_net_event(net, CTNET_CMD_NET_SET_NTF);
	}
	return 0;
}

/* MTU that fits the device which has the local address. */
static unsigned int ctnet_dev_underlay_mtu(struct ctnet_net *net)
{
	struct ctnet_vtep *vtep = rtnl_dereference(net->vtep);
	struct net_device *underlay;

	underlay = __ip_dev_find(dev_net(net->dev), vtep->local.s6_addr32[3],
				 false);
	return clamp_t(unsigned int, underlay ? underlay->mtu : ETH_DATA_LEN,
		       CTNET_OVERHEAD + ETH_MIN_MTU, ETH_MAX_MTU) - CTNET_OVERHEAD;
}

CTNET_DEFINE_NEWLINK(ctnet_dev_newlink)
{
	struct ctnet_net *net = netdev_priv(dev);
	int err;

	err = ctnet_dev_changelink(dev, tb, data, extack);
	if (err)
		return err;
	if (!tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);
	if (!tb[IFLA_MTU] && rtnl_dereference(net->vtep))
		dev->mtu = ctnet_dev_underlay_mtu(net);
	err = register_netdevice(dev);
	if (err) {
		/* Unless ctnet_dev_uninit() did it. */
		if (rtnl_dereference(net->vtep)) {
			ctnet_tunnel_unbind(net);
			/* A datagram may have found it; it is freed at once. */
			synchronize_net();
		}
		return err;
	}
	/* The place is there: this cannot fail. */
	xa_store(&ctnet_ns(dev_net(dev))->nets, net->id, net,
		 GFP_KERNEL_ACCOUNT);
	ctnet_nl_net_event(net, CTNET_CMD_NET_NEW_NTF);
	return 0;
}

static size_t ctnet_dev_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u32)) +	/* IFLA_CTNET_VNI */
	       nla_total_size(sizeof(struct in6_addr)) + /* IFLA_CTNET_LOCAL */
	       nla_total_size(sizeof(u16)) +	/* IFLA_CTNET_DSTPORT */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_LEARNING */
	       nla_total_size(sizeof(u32)) +	/* IFLA_CTNET_AGEING */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_FLOOD */
	       nla_total_size(sizeof(u32));	/* IFLA_CTNET_MAX_FDB */
}

static int ctnet_dev_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct ctnet_net *net = netdev_priv(dev);
	const struct ctnet_vtep *vtep = rtnl_dereference(net->vtep);

	if (vtep &&
	    (nla_put_u32(skb, IFLA_CTNET_VNI, vtep->vni) ||
	     nla_put_in_addr(skb, IFLA_CTNET_LOCAL, vtep->local.s6_addr32[3]) ||
	     nla_put_u16(skb, IFLA_CTNET_DSTPORT, ntohs(vtep->sock->port))))
		return -EMSGSIZE;
	if (nla_put_u8(skb, IFLA_CTNET_LEARNING, net->learning) ||
	    nla_put_u32(skb, IFLA_CTNET_AGEING, net->ageing / HZ) ||
	    nla_put_u8(skb, IFLA_CTNET_FLOOD, net->flood) ||
	    nla_put_u32(skb, IFLA_CTNET_MAX_FDB, net->max_fdb))
		return -EMSGSIZE;
	return 0;
}

struct rtnl_link_ops ctnet_link_ops __read_mostly = {
	.kind		= "ctnet",
	.priv_size	= sizeof(struct ctnet_net),
	.setup		= ctnet_dev_setup,
	.maxtype	= CTNET_IFLA_POLICY_MAX,
	.policy		= ctnet_ifla_policy,
	.validate	= ctnet_dev_validate,
	.newlink	= ctnet_dev_newlink,
	.changelink	= ctnet_dev_changelink,
	.get_size	= ctnet_dev_get_size,
	.fill_info	= ctnet_dev_fill_info,
};
