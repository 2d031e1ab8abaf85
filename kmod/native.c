// SPDX-License-Identifier: GPL-2.0
/*
 * Native ports: a device of ours in a container, which is the port itself. What it sends is
 * looked up at once, and what is delivered to it is received there. There is no pair of devices
 * and none in the network's namespace.
 *
 * It is a link of kind "ctnet_port", made from the network's namespace (IFLA_LINK is the
 * network), and born in the container's (IFLA_NET_NS_FD, IFLA_NET_NS_PID). rtnetlink asks
 * whoever makes one for CAP_NET_ADMIN over both. It may move to other namespaces, and goes with
 * its own, with its network, or by itself.
 *
 * A container has its device in its hands, and may give it another MTU or name. What the host
 * says of the port is kept here.
 */
#include <linux/if_arp.h>

#include "ctnet.h"
#include "dev.h"
#include "encap.h"
#include "fdbwalk.h"
#include "forward.h"
#include "link.h"
#include "mtu.h"
#include "native.h"
#include "nlmsg.h"
#include "offload.h"
#include "port.h"
#include "stats.h"

/* As of a veth pair. Other offloads are done at the destination. */
#define CTNET_NATIVE_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
				 NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_SCTP_CRC | \
				 NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ENCAP_ALL)
#define CTNET_NATIVE_VLANS	(NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX)

/* Highest attribute type that rtnetlink hands to a link kind. */
#define CTNET_NATIVE_POLICY_MAX	50

/**
 * struct ctnet_native_label - a label
 * @rcu: frees it
 * @text: the label
 */
struct ctnet_native_label {
	struct rcu_head	rcu;
	char		text[];
};

/**
 * struct ctnet_native - private part of a native port's device
 * @port: the port; NULL while the device is made or goes; written under RTNL
 * @label: what the host calls it, or NULL; written under RTNL
 * @mtu: what the host gave it; RTNL
 * @made_as: the name that the device was made with
 */
struct ctnet_native {
	struct ctnet_port __rcu		*port;
	struct ctnet_native_label __rcu	*label;
	unsigned int			mtu;
	char				made_as[IFNAMSIZ];
};

/*
 * Leaves nothing of the container's namespace with a frame, and makes it such as is received
 * from a device: what the frame says of itself counts, and not what its sender says of it.
 */
static void ctnet_native_prepare(struct sk_buff *skb)
{
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	if (likely(skb_headlen(skb) >= ETH_HLEN))
		skb->protocol = eth_hdr(skb)->h_proto;
	ctnet_scrub(skb, true);
}

/* Frames that the container sends. */
static netdev_tx_t ctnet_native_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct ctnet_native *native = netdev_priv(dev);
	struct ctnet_port *port;

	rcu_read_lock();
	port = rcu_dereference(native->port);
	if (likely(port)) {
		skb_tx_timestamp(skb);
		ctnet_stats_rx(&port->vport, skb);
		ctnet_native_prepare(skb);
		ctnet_forward(skb, &port->vport, CTNET_FROM_NATIVE);
	} else {
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

static int ctnet_native_init(struct net_device *dev)
{
	/* A container may have a network of its own on top. */
	netdev_lockdep_set_classes(dev);
	return 0;
}

/* It runs on every way that the device goes. RTNL. */
static void ctnet_native_uninit(struct net_device *dev)
{
	struct ctnet_native *native = netdev_priv(dev);
	struct ctnet_port *port = rtnl_dereference(native->port);

	if (port)
		ctnet_port_detach(port);
}

/* After the last reader. */
static void ctnet_native_destroy(struct net_device *dev)
{
	struct ctnet_native *native = netdev_priv(dev);

	ctnet_native_label_free(rcu_dereference_protected(native->label, true));
}

/* It has a carrier while it and its network are up. */
static int ctnet_native_open(struct net_device *dev)
{
	struct ctnet_native *native = netdev_priv(dev);
	const struct ctnet_port *port = rtnl_dereference(native->port);

	if (port && netif_running(port->vport.ctd->dev))
		netif_carrier_on(dev);
	return 0;
}

static int ctnet_native_stop(struct net_device *dev)
{
	netif_carrier_off(dev);
	return 0;
}

/* All multicast is received. */
static void ctnet_native_rx_mode(struct net_device *dev)
{
}

/* What the port sent to the container, that received. */
static void ctnet_native_get_stats(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct ctnet_native *native = netdev_priv(dev);
	struct rtnl_link_stats64 sum = {};
	struct ctnet_port *port;

	rcu_read_lock();
	port = rcu_dereference(native->port);
	if (port)
		dev_fetch_sw_netstats(&sum, &port->vport.cpu->stats);
	rcu_read_unlock();
	stats->rx_packets = sum.tx_packets;
	stats->rx_bytes = sum.tx_bytes;
	stats->tx_packets = sum.rx_packets;
	stats->tx_bytes = sum.rx_bytes;
}

/* RTNL or RCU. */
static struct ctnet_port *ctnet_native_port(const struct net_device *dev)
{
	const struct ctnet_native *native = netdev_priv(dev);

	return rcu_dereference_rtnl(native->port);
}

static int ctnet_native_get_iflink(const struct net_device *dev)
{
	const struct ctnet_port *port;
	int ifindex = 0;

	rcu_read_lock();
	port = ctnet_native_port(dev);
	if (port)
		ifindex = port->vport.ctd->dev->ifindex;
	rcu_read_unlock();
	return ifindex;
}

static const struct net_device_ops ctnet_native_netdev_ops = {
	.ndo_init		= ctnet_native_init,
	.ndo_uninit		= ctnet_native_uninit,
	.ndo_open		= ctnet_native_open,
	.ndo_stop		= ctnet_native_stop,
	.ndo_start_xmit		= ctnet_native_xmit,
	.ndo_get_stats64	= ctnet_native_get_stats,
	.ndo_set_rx_mode	= ctnet_native_rx_mode,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_features_check	= passthru_features_check,
	.ndo_get_iflink		= ctnet_native_get_iflink,
};

/**
 * ctnet_native_is() - whether a device is a native port's
 * @dev: the device
 *
 * Return: whether netdev_priv() is a &struct ctnet_native.
 */
bool ctnet_native_is(const struct net_device *dev)
{
	return dev->netdev_ops == &ctnet_native_netdev_ops;
}

static void ctnet_native_get_drvinfo(struct net_device *dev,
				     struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "ctnet_port", sizeof(info->driver));
}

/* That of a veth. */
static int ctnet_native_get_link_ksettings(struct net_device *dev,
					   struct ethtool_link_ksettings *cmd)
{
	cmd->base.speed = SPEED_10000;
	cmd->base.duplex = DUPLEX_FULL;
	cmd->base.port = PORT_TP;
	cmd->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static const struct ethtool_ops ctnet_native_ethtool_ops = {
	.get_drvinfo	= ctnet_native_get_drvinfo,
	.get_link	= ethtool_op_get_link,
	.get_link_ksettings = ctnet_native_get_link_ksettings,
	.get_ts_info	= ethtool_op_get_ts_info,
};

static void ctnet_native_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &ctnet_native_netdev_ops;
	dev->ethtool_ops = &ctnet_native_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = ctnet_native_destroy;
	/* netpoll sends with interrupts off, which other ports and tunnels do not allow. */
	dev->priv_flags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE | IFF_DISABLE_NETPOLL;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	ctnet_dev_lockless(dev);
	dev->features |= CTNET_NATIVE_FEATURES | CTNET_NATIVE_VLANS;
	dev->hw_features |= CTNET_NATIVE_FEATURES | CTNET_NATIVE_VLANS;
	dev->vlan_features |= CTNET_NATIVE_FEATURES;
	dev->hw_enc_features |= CTNET_NATIVE_FEATURES;
	dev->mpls_features |= NETIF_F_SG | NETIF_F_GSO_SOFTWARE;
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);
	dev->max_mtu = ETH_MAX_MTU;
	dev->needed_headroom = CTNET_HEADROOM;
}

static const struct nla_policy ctnet_native_policy[CTNET_NATIVE_POLICY_MAX + 1] = {
	[IFLA_CTNET_PORT_FLAGS] = NLA_POLICY_BITFIELD32(CTNET_PORT_FLAGS_ALL),
	[IFLA_CTNET_PORT_LABEL] = { .type = NLA_NUL_STRING, .len = CTNET_LABEL_MAX },
	[IFLA_CTNET_PORT_NUMBER] = { .type = NLA_REJECT },
	[IFLA_CTNET_PORT_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[IFLA_CTNET_PORT_MAX + 1 ... CTNET_NATIVE_POLICY_MAX] = { .type = NLA_REJECT },
};

/* The network that a new device is to be a port of. RTNL. */
static struct ctnet_dev *ctnet_native_net(struct net *net, struct nlattr *tb[],
					  struct netlink_ext_ack *extack)
{
	struct net_device *dev;

	if (!tb[IFLA_LINK]) {
		NL_SET_ERR_MSG(extack, "No network is named: give one as the link (ip link add link NET ...)");
		return ERR_PTR(-EINVAL);
	}
	/* Who is privileged in a container of the same user namespace could name the host's. */
	if (tb[IFLA_LINK_NETNSID]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_LINK_NETNSID],
				    "A port is made from the network's namespace: give the container's by netns");
		return ERR_PTR(-EINVAL);
	}
	dev = __dev_get_by_index(net, nla_get_u32(tb[IFLA_LINK]));
	if (!dev || !ctnet_dev_is(dev)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_LINK],
				    "The link is not a ctnet network of this namespace");
		return ERR_PTR(-ENODEV);
	}
	return netdev_priv(dev);
}

static u32 ctnet_native_flags(struct nlattr *data[])
{
	struct nla_bitfield32 f;

	if (!data || !data[IFLA_CTNET_PORT_FLAGS])
		return CTNET_PORT_FLAGS_DEFAULT;
	f = nla_get_bitfield32(data[IFLA_CTNET_PORT_FLAGS]);
	return (CTNET_PORT_FLAGS_DEFAULT & ~f.selector) | f.value;
}

/* The id that the network's namespace has for the device's: whoever asks later finds it. */
static void ctnet_native_know(const struct ctnet_port *port)
{
	struct net *net = dev_net(port->vport.ctd->dev);

	if (!net_eq(net, dev_net(port->dev)))
		peernet2id_alloc(net, dev_net(port->dev), GFP_KERNEL);
}

/* The name that the device is to have, where rtnetlink did not set it. */
static int ctnet_native_name(struct net_device *dev, const struct nlattr *attr,
			     struct netlink_ext_ack *extack)
{
	char name[IFNAMSIZ];

	nla_strscpy(name, attr, sizeof(name));
	if (!dev_valid_name(name) || strchr(name, '%')) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "Invalid name of an interface");
		return -EINVAL;
	}
	strscpy(dev->name, name, sizeof(dev->name));
	dev->name_assign_type = NET_NAME_USER;
	return 0;
}

/* Registers the device of a port, and the port with it. RTNL. */
static int ctnet_native_register(struct ctnet_port *port)
{
	struct ctnet_native *native = netdev_priv(port->dev);
	struct ctnet_dev *ctd = port->vport.ctd;
	struct ctnet_ns *ns = ctnet_ns(dev_net(ctd->dev));
	int err;

	err = xa_alloc_cyclic(&ns->natives, &port->vport.id, port, CTNET_ID_NATIVES,
			      &ns->native_next, GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	err = xa_reserve(&ctd->members, port->vport.id, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_id;
	netif_carrier_off(port->dev);
	err = register_netdevice(port->dev);
	if (err)
		goto err_member;
	native->mtu = port->dev->mtu;
	strscpy(native->made_as, port->dev->name, sizeof(native->made_as));
	rcu_assign_pointer(native->port, port);
	ctnet_native_know(port);
	return 0;

err_member:
	xa_release(&ctd->members, port->vport.id);
err_id:
	xa_erase(&ns->natives, port->vport.id);
	return err;
}

CTNET_DEFINE_NEWLINK(ctnet_native_newlink)
{
	struct nlattr *text = data ? data[IFLA_CTNET_PORT_LABEL] : NULL;
	struct ctnet_dev *ctd = ctnet_native_net(link_net, tb, extack);
	struct ctnet_native_label *label = NULL;
	u32 flags = ctnet_native_flags(data);
	struct ctnet_port *port;
	int err;

	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	err = ctnet_port_may_have(ctd, dev, flags, extack);
	if (err)
		return err;
	if (!tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);
	if (!tb[IFLA_MTU])
		dev->mtu = ctd->dev->mtu;
	if (data && data[IFLA_CTNET_PORT_IFNAME])
		err = ctnet_native_name(dev, data[IFLA_CTNET_PORT_IFNAME], extack);
	if (err)
		return err;
	if (text) {
		label = ctnet_native_label_new(text);
		if (!label)
			return -ENOMEM;
	}
	port = ctnet_port_alloc(ctd, dev, flags);
	if (!port) {
		ctnet_native_label_free(label);
		return -ENOMEM;
	}
	port->far = dev;
	port->native = true;
	port->vport.from = CTNET_FROM_NATIVE;
	err = ctnet_native_register(port);
	if (err) {
		ctnet_port_free(port);
		ctnet_native_label_free(label);
		return err;
	}
	ctnet_native_label_set(port, label);
	ctnet_port_join(port);
	ctnet_mtu_port_follow(port, true);
	return 0;
}

/* What a network says of its ports it is told over generic netlink, in its namespace. */
static int ctnet_native_changelink(struct net_device *dev, struct nlattr *tb[],
				   struct nlattr *data[],
				   struct netlink_ext_ack *extack)
{
	if (!data)
		return 0;
	NL_SET_ERR_MSG(extack, "A port is set in its network's namespace: \"ctnetctl set-port\"");
	return -EOPNOTSUPP;
}

static size_t ctnet_native_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(struct nla_bitfield32)) +	/* IFLA_CTNET_PORT_FLAGS */
	       nla_total_size(sizeof(u32));			/* IFLA_CTNET_PORT_NUMBER */
}

static int ctnet_native_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	struct nla_bitfield32 flags = { .selector = CTNET_PORT_FLAGS_ALL };
	const struct ctnet_port *port;
	int err = 0;

	rcu_read_lock();
	port = ctnet_native_port(dev);
	if (port) {
		flags.value = READ_ONCE(port->vport.flags);
		if (nla_put(skb, IFLA_CTNET_PORT_FLAGS, sizeof(flags), &flags) ||
		    nla_put_u32(skb, IFLA_CTNET_PORT_NUMBER, port->vport.id))
			err = -EMSGSIZE;
	}
	rcu_read_unlock();
	return err;
}

static struct net *ctnet_native_get_link_net(const struct net_device *dev)
{
	const struct ctnet_port *port;
	struct net *net;

	rcu_read_lock();
	port = ctnet_native_port(dev);
	net = dev_net(port ? port->vport.ctd->dev : dev);
	rcu_read_unlock();
	return net;
}

struct rtnl_link_ops ctnet_native_ops __read_mostly = {
	.kind		= "ctnet_port",
	.priv_size	= sizeof(struct ctnet_native),
	.setup		= ctnet_native_setup,
	.maxtype	= CTNET_NATIVE_POLICY_MAX,
	.policy		= ctnet_native_policy,
	.validate	= ctnet_link_validate,
	.newlink	= ctnet_native_newlink,
	.changelink	= ctnet_native_changelink,
	.get_size	= ctnet_native_get_size,
	.fill_info	= ctnet_native_fill_info,
	.get_link_net	= ctnet_native_get_link_net,
};

/**
 * ctnet_native_event() - handle an event of a native port's device
 * @dev: the device
 * @event: NETDEV_*
 *
 * Context: RTNL. Return: NOTIFY_DONE or NOTIFY_BAD.
 */
int ctnet_native_event(struct net_device *dev, unsigned long event)
{
	struct ctnet_port *port = ctnet_native_port(dev);

	if (event == NETDEV_PRE_TYPE_CHANGE)
		return NOTIFY_BAD;
	if (!port)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_REGISTER:
		/* In another namespace. */
		ctnet_native_know(port);
		fallthrough;
	case NETDEV_CHANGENAME:
		ctnet_nl_port_event(port, CTNET_CMD_PORT_SET_NTF);
		break;
	case NETDEV_DOWN:
		ctnet_fdb_flush(port->vport.ctd, &port->vport, true);
		break;
	case NETDEV_FEAT_CHANGE:
		ctnet_offload_unlimit(port->vport.ctd, 0, 0);
		break;
	}
	return NOTIFY_DONE;
}

/**
 * ctnet_native_carriers() - have the native ports' carriers follow their network
 * @ctd: the network
 * @on: whether it is up
 *
 * Context: RTNL.
 */
void ctnet_native_carriers(struct ctnet_dev *ctd, bool on)
{
	struct ctnet_vport *vport;
	unsigned long id;

	xa_for_each_range(&ctd->members, id, vport, CTNET_PORT_NATIVE, CTNET_ID_PORT_MAX) {
		struct net_device *dev = ctnet_vport_port(vport)->dev;

		if (on && netif_running(dev))
			netif_carrier_on(dev);
		else
			netif_carrier_off(dev);
	}
}

/**
 * ctnet_native_del() - delete a native port and its device
 * @port: the port
 *
 * Context: RTNL; may sleep.
 */
void ctnet_native_del(struct ctnet_port *port)
{
	unregister_netdevice(port->dev);
}

/**
 * ctnet_native_del_all() - delete the native ports of a network
 * @ctd: the network
 * @head: the devices that are to go
 *
 * Context: RTNL.
 */
void ctnet_native_del_all(struct ctnet_dev *ctd, struct list_head *head)
{
	struct ctnet_vport *vport;
	unsigned long id;

	xa_for_each_range(&ctd->members, id, vport, CTNET_PORT_NATIVE, CTNET_ID_PORT_MAX)
		unregister_netdevice_queue(ctnet_vport_port(vport)->dev, head);
}

/**
 * ctnet_native_release() - make a device no port any more
 * @port: the port; its device is about to go, and sends nothing meanwhile
 *
 * Context: RTNL.
 */
void ctnet_native_release(struct ctnet_port *port)
{
	struct ctnet_native *native = netdev_priv(port->dev);

	xa_erase(&ctnet_ns(dev_net(port->vport.ctd->dev))->natives, port->vport.id);
	RCU_INIT_POINTER(native->port, NULL);
}

/**
 * ctnet_native_mtu() - the MTU that the host gave a native port
 * @port: the port
 *
 * Context: RTNL. Return: bytes.
 */
unsigned int ctnet_native_mtu(const struct ctnet_port *port)
{
	const struct ctnet_native *native = netdev_priv(port->dev);

	return native->mtu;
}

/**
 * ctnet_native_set_mtu() - keep the MTU that the host gives a native port
 * @port: the port
 * @mtu: bytes
 *
 * Context: RTNL.
 */
void ctnet_native_set_mtu(struct ctnet_port *port, unsigned int mtu)
{
	struct ctnet_native *native = netdev_priv(port->dev);

	native->mtu = mtu;
}

/**
 * ctnet_native_label_new() - make a label
 * @attr: its text
 *
 * Return: the label or NULL.
 */
struct ctnet_native_label *ctnet_native_label_new(const struct nlattr *attr)
{
	struct ctnet_native_label *label;

	label = kzalloc(struct_size(label, text, nla_len(attr) + 1), GFP_KERNEL_ACCOUNT);
	if (label)
		nla_strscpy(label->text, attr, nla_len(attr) + 1);
	return label;
}

/**
 * ctnet_native_label_free() - free a label
 * @label: the label or NULL
 */
void ctnet_native_label_free(struct ctnet_native_label *label)
{
	if (label)
		kfree_rcu(label, rcu);
}

/**
 * ctnet_native_label_set() - give a native port another label
 * @port: the port
 * @label: the label or NULL
 *
 * Context: RTNL. Return: the one that it had, or NULL.
 */
struct ctnet_native_label *ctnet_native_label_set(struct ctnet_port *port,
						  struct ctnet_native_label *label)
{
	struct ctnet_native *native = netdev_priv(port->dev);

	return rcu_replace_pointer(native->label, label, lockdep_rtnl_is_held());
}

/**
 * ctnet_native_fill() - put what only a native port has into a message
 * @msg: the message
 * @port: the port
 *
 * Context: RTNL or RCU. Return: 0 or -EMSGSIZE.
 */
int ctnet_native_fill(struct sk_buff *msg, const struct ctnet_port *port)
{
	const struct ctnet_native *native = netdev_priv(port->dev);
	struct net *net = dev_net(port->vport.ctd->dev);
	const struct ctnet_native_label *label;
	char name[IFNAMSIZ + 8];
	struct net *in;
	int err;

	snprintf(name, sizeof(name), "native/%u", port->vport.id - CTNET_PORT_NATIVE);
	rcu_read_lock();
	in = dev_net(port->dev);
	label = rcu_dereference(native->label);
	err = nla_put_string(msg, CTNET_A_PORT_DEVNAME, name) ?:
	      nla_put_u32(msg, CTNET_A_PORT_IFINDEX, port->dev->ifindex) ?:
	      nla_put_string(msg, CTNET_A_PORT_IFNAME, native->made_as);
	if (!err && !net_eq(in, net))
		err = nla_put_s32(msg, CTNET_A_PORT_NETNSID, peernet2id(net, in));
	if (!err && label)
		err = nla_put_string(msg, CTNET_A_PORT_LABEL, label->text);
	rcu_read_unlock();
	return err;
}
