// SPDX-License-Identifier: GPL-2.0
/*
 * Ports in rtnetlink, as those of a bridge:
 *
 *	bridge link set dev PORT learning|flood|hairpin|isolated on|off
 *	bridge link show [dev PORT], ip -d link show dev PORT
 *	ip link set dev PORT type bridge_slave ...
 *
 * Both ways to set use the same attributes. Those that ctnet does not support are refused, with
 * a message that names the alternative.
 */
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>

#include "ctnet.h"
#include "brport.h"
#include "fdbwalk.h"
#include "port.h"

/* Attributes that are not in here are refused by ctnet_brport_unknown(). */
const struct nla_policy ctnet_brport_policy[IFLA_BRPORT_MAX + 1] = {
	[IFLA_BRPORT_MODE]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_LEARNING]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_UNICAST_FLOOD]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_MCAST_FLOOD]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_BCAST_FLOOD]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_ISOLATED]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_BRPORT_FLUSH]		= { .type = NLA_FLAG },
};

/* Flags of a port that iproute2 knows. */
#define CTNET_BRPORT_FLAGS	(CTNET_PORT_FLOOD | CTNET_PORT_LEARNING | \
				 CTNET_PORT_HAIRPIN | CTNET_PORT_ISOLATED)

/* Refuses an attribute that ctnet does not support. */
static int ctnet_brport_unknown(const struct nlattr *attr,
				struct netlink_ext_ack *extack)
{
	switch (nla_type(attr)) {
	case IFLA_BRPORT_MODE:
	case IFLA_BRPORT_LEARNING:
	case IFLA_BRPORT_UNICAST_FLOOD:
	case IFLA_BRPORT_MCAST_FLOOD:
	case IFLA_BRPORT_BCAST_FLOOD:
	case IFLA_BRPORT_ISOLATED:
	case IFLA_BRPORT_FLUSH:
		return 0;
	case IFLA_BRPORT_STATE:
	case IFLA_BRPORT_COST:
	case IFLA_BRPORT_PRIORITY:
	case IFLA_BRPORT_GUARD:
	case IFLA_BRPORT_PROTECT:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "ctnet has no spanning tree: \"ctnetctl set-port NET --dev PORT --guard on\" drops BPDUs from and to the port");
		break;
	case IFLA_BRPORT_FAST_LEAVE:
	case IFLA_BRPORT_MULTICAST_ROUTER:
	case IFLA_BRPORT_MCAST_TO_UCAST:
	case IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "ctnet has no multicast snooping: \"ctnetctl set-port NET --dev PORT --flood off\" keeps floods from the port");
		break;
	case IFLA_BRPORT_PROXYARP:
	case IFLA_BRPORT_PROXYARP_WIFI:
	case IFLA_BRPORT_NEIGH_SUPPRESS:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "Suppression is a setting of the whole network: use \"ctnetctl set-net NET --suppress on|off\"");
		break;
	case IFLA_BRPORT_LOCKED:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "To allow only the MACs of the port's static entries, use \"ctnetctl set-port NET --dev PORT --guard on\"");
		break;
	case IFLA_BRPORT_VLAN_TUNNEL:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "A ctnet network has one VNI and does not change VLAN tags: make a network for each VLAN (ctnetctl add-net), with a VLAN device as its port");
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "Only learning, flood, mcast_flood, bcast_flood, hairpin and isolated are supported: for other settings use \"ctnetctl set-port NET --dev PORT\"");
	}
	return -EOPNOTSUPP;
}

static bool ctnet_brport_flag(const struct nlattr *attr, bool now)
{
	return attr ? nla_get_u8(attr) : now;
}

/* Context: RTNL. */
static int ctnet_brport_set(struct ctnet_port *port, struct nlattr *tb[],
			    struct netlink_ext_ack *extack)
{
	u32 old = port->vport.flags, flags = 0;
	bool flood, mcast, bcast;
	unsigned int i;
	int err;

	for (i = 1; i <= IFLA_BRPORT_MAX; i++) {
		err = tb[i] ? ctnet_brport_unknown(tb[i], extack) : 0;
		if (err)
			return err;
	}
	flood = ctnet_brport_flag(tb[IFLA_BRPORT_UNICAST_FLOOD],
				  old & CTNET_PORT_FLOOD);
	mcast = ctnet_brport_flag(tb[IFLA_BRPORT_MCAST_FLOOD],
				  old & CTNET_PORT_FLOOD);
	bcast = ctnet_brport_flag(tb[IFLA_BRPORT_BCAST_FLOOD],
				  old & CTNET_PORT_FLOOD);
	if (flood != mcast || flood != bcast) {
		NL_SET_ERR_MSG(extack, "flood, mcast_flood and bcast_flood can only be set together, as \"ctnetctl set-port NET --dev PORT --flood on|off\" does: for unknown unicast alone use \"ctnetctl set-net NET --flood on|off\"");
		return -EOPNOTSUPP;
	}
	if (flood)
		flags |= CTNET_PORT_FLOOD;
	if (ctnet_brport_flag(tb[IFLA_BRPORT_LEARNING], old & CTNET_PORT_LEARNING))
		flags |= CTNET_PORT_LEARNING;
	if (ctnet_brport_flag(tb[IFLA_BRPORT_MODE], old & CTNET_PORT_HAIRPIN))
		flags |= CTNET_PORT_HAIRPIN;
	if (ctnet_brport_flag(tb[IFLA_BRPORT_ISOLATED], old & CTNET_PORT_ISOLATED))
		flags |= CTNET_PORT_ISOLATED;
	if (flags != (old & CTNET_BRPORT_FLAGS)) {
		err = ctnet_port_set_flags(port, flags, CTNET_BRPORT_FLAGS,
					   extack);
		if (err)
			return err;
	}
	if (tb[IFLA_BRPORT_FLUSH])
		ctnet_fdb_flush(port->vport.ctd, &port->vport, true);
	return 0;
}

/**
 * ctnet_brport_changelink() - rtnl_link_ops.slave_changelink
 * @dev: the network
 * @slave: the port's device
 * @tb: unused
 * @data: IFLA_BRPORT_*, or NULL
 * @extack: says why not
 *
 * Return: 0 or an error, which has changed nothing.
 */
int ctnet_brport_changelink(struct net_device *dev, struct net_device *slave,
			    struct nlattr *tb[], struct nlattr *data[],
			    struct netlink_ext_ack *extack)
{
	struct ctnet_port *port = ctnet_port_get(slave);

	if (!port || !data)
		return 0;
	return ctnet_brport_set(port, data, extack);
}

/* The attributes of a port. Under RTNL or RCU. */
static int ctnet_brport_put(struct sk_buff *skb, const struct ctnet_port *port)
{
	u32 flags = READ_ONCE(port->vport.flags);
	bool flood = flags & CTNET_PORT_FLOOD;
	bool up = netif_running(port->dev) && netif_oper_up(port->dev);

	if (nla_put_u8(skb, IFLA_BRPORT_STATE,
		       up ? BR_STATE_FORWARDING : BR_STATE_DISABLED) ||
	    nla_put_u8(skb, IFLA_BRPORT_MODE, !!(flags & CTNET_PORT_HAIRPIN)) ||
	    nla_put_u8(skb, IFLA_BRPORT_LEARNING,
		       !!(flags & CTNET_PORT_LEARNING)) ||
	    nla_put_u8(skb, IFLA_BRPORT_UNICAST_FLOOD, flood) ||
	    nla_put_u8(skb, IFLA_BRPORT_MCAST_FLOOD, flood) ||
	    nla_put_u8(skb, IFLA_BRPORT_BCAST_FLOOD, flood) ||
	    nla_put_u8(skb, IFLA_BRPORT_ISOLATED,
		       !!(flags & CTNET_PORT_ISOLATED)))
		return -EMSGSIZE;
	return 0;
}

/**
 * ctnet_brport_get_size() - rtnl_link_ops.get_slave_size
 * @dev: the network
 * @slave: the port's device
 *
 * Return: the space that ctnet_brport_fill() needs.
 */
size_t ctnet_brport_get_size(const struct net_device *dev,
			     const struct net_device *slave)
{
	return 7 * nla_total_size(sizeof(u8));
}

/**
 * ctnet_brport_fill() - rtnl_link_ops.fill_slave_info
 * @skb: the message
 * @dev: the network
 * @slave: the port's device
 *
 * Return: 0 or -EMSGSIZE.
 */
int ctnet_brport_fill(struct sk_buff *skb, const struct net_device *dev,
		      const struct net_device *slave)
{
	const struct ctnet_port *port = ctnet_port_get_rcu(slave);

	return port ? ctnet_brport_put(skb, port) : 0;
}

/* A message of the family AF_BRIDGE about a port. Under RTNL or RCU. */
static int ctnet_brport_msg(struct sk_buff *skb, const struct ctnet_port *port,
			    u32 pid, u32 seq, int nlflags)
{
	const struct net_device *dev = port->dev;
	struct ifinfomsg *ifm;
	struct nlattr *nest;
	struct nlmsghdr *nlh;
	u8 operstate;

	nlh = nlmsg_put(skb, pid, seq, RTM_NEWLINK, sizeof(*ifm), nlflags);
	if (!nlh)
		return -EMSGSIZE;
	ifm = nlmsg_data(nlh);
	*ifm = (struct ifinfomsg) {
		.ifi_family = AF_BRIDGE,
		.ifi_type = dev->type,
		.ifi_index = dev->ifindex,
		.ifi_flags = ctnet_dev_get_flags(dev),
	};
	operstate = netif_running(dev) ? dev->operstate : IF_OPER_DOWN;
	if (nla_put_string(skb, IFLA_IFNAME, dev->name) ||
	    nla_put_u32(skb, IFLA_MASTER, port->vport.ctd->dev->ifindex) ||
	    nla_put_u32(skb, IFLA_MTU, READ_ONCE(dev->mtu)) ||
	    nla_put_u8(skb, IFLA_OPERSTATE, operstate) ||
	    (dev_get_iflink(dev) != dev->ifindex &&
	     nla_put_u32(skb, IFLA_LINK, dev_get_iflink(dev))) ||
	    nla_put(skb, IFLA_ADDRESS, ETH_ALEN, dev->dev_addr))
		goto cancel;
	nest = nla_nest_start(skb, IFLA_PROTINFO);
	if (!nest || ctnet_brport_put(skb, port))
		goto cancel;
	nla_nest_end(skb, nest);
	nlmsg_end(skb, nlh);
	return 0;

cancel:
	nlmsg_cancel(skb, nlh);
	return -EMSGSIZE;
}

/**
 * ctnet_brport_getlink() - ndo_bridge_getlink
 * @skb: the message
 * @pid: of the receiver
 * @seq: of the request
 * @dev: a port's device, or the network itself, for which nothing is put
 * @filter_mask: RTEXT_FILTER_*; nothing is put for VLANs
 * @nlflags: NLM_F_*
 *
 * Context: RTNL or RCU. Return: 0 or -EMSGSIZE.
 */
int ctnet_brport_getlink(struct sk_buff *skb, u32 pid, u32 seq,
			 struct net_device *dev, u32 filter_mask, int nlflags)
{
	const struct ctnet_port *port = ctnet_port_get_rcu(dev);

	if (!port || filter_mask & (RTEXT_FILTER_BRVLAN |
				    RTEXT_FILTER_BRVLAN_COMPRESSED))
		return 0;
	return ctnet_brport_msg(skb, port, pid, seq, nlflags);
}

/* Sends an event of the port, as a bridge does. Context: RTNL. */
static void ctnet_brport_notify(const struct ctnet_port *port)
{
	struct net *net = dev_net(port->dev);
	struct sk_buff *skb;

	if (!rtnl_has_listeners(net, RTNLGRP_LINK))
		return;
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (skb && !ctnet_brport_msg(skb, port, 0, 0, 0)) {
		rtnl_notify(skb, net, 0, RTNLGRP_LINK, NULL, GFP_KERNEL);
		return;
	}
	kfree_skb(skb);
	rtnl_set_sk_err(net, RTNLGRP_LINK, -ENOBUFS);
}

/**
 * ctnet_brport_setlink() - ndo_bridge_setlink
 * @dev: a port's device, or the network itself
 * @nlh: the request
 * @flags: BRIDGE_FLAGS_*
 * @extack: says why not
 *
 * Context: RTNL. Return: 0 or an error, which has changed nothing.
 */
int ctnet_brport_setlink(struct net_device *dev, struct nlmsghdr *nlh, u16 flags,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IFLA_BRPORT_MAX + 1], *spec, *info, *attr;
	struct ctnet_port *port = ctnet_port_get(dev);
	int rem, err;

	if (!port) {
		NL_SET_ERR_MSG(extack, "The device is a network, not a port: use \"ctnetctl set-net NET\"");
		return -EOPNOTSUPP;
	}
	spec = nlmsg_find_attr(nlh, sizeof(struct ifinfomsg), IFLA_AF_SPEC);
	if (spec) {
		nla_for_each_nested(attr, spec, rem) {
			if (nla_type(attr) == IFLA_BRIDGE_FLAGS)
				continue;
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "ctnet does not filter VLANs and does not change tags: make a network for each VLAN (ctnetctl add-net), with a VLAN device as its port");
			return -EOPNOTSUPP;
		}
	}
	info = nlmsg_find_attr(nlh, sizeof(struct ifinfomsg), IFLA_PROTINFO);
	if (!info || !(info->nla_type & NLA_F_NESTED)) {
		NL_SET_ERR_MSG(extack, "No setting given: learning, flood, hairpin or isolated");
		return -EINVAL;
	}
	err = nla_parse_nested_deprecated(tb, IFLA_BRPORT_MAX, info,
					  ctnet_brport_policy, extack);
	if (!err)
		err = ctnet_brport_set(port, tb, extack);
	if (!err)
		ctnet_brport_notify(port);
	return err;
}
