// SPDX-License-Identifier: GPL-2.0
/* Networks over rtnetlink: made, set and shown as a kind of link. */
#include "ctnet.h"
#include "brport.h"
#include "dev.h"
#include "encap.h"
#include "fdbwalk.h"
#include "link.h"
#include "mtu.h"
#include "native.h"
#include "nlmsg.h"
#include "peer.h"
#include "vtep.h"

/* Highest attribute type that rtnetlink hands to a link kind. */
#define CTNET_IFLA_POLICY_MAX	50

static struct netlink_range_validation ctnet_vni_range = {
	.min = 1,
	.max = CTNET_VNI_MAX,
};

static struct netlink_range_validation ctnet_ifindex_range = {
	.max = INT_MAX,
};

static struct netlink_range_validation ctnet_fdb_range = {
	.max = CTNET_MAX_FDB_MAX,
};

static struct netlink_range_validation ctnet_ageing_range = {
	.max = CTNET_AGEING_MAX,
};

static const struct nla_policy ctnet_ifla_policy[CTNET_IFLA_POLICY_MAX + 1] = {
	[IFLA_CTNET_VNI] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_vni_range),
	[IFLA_CTNET_LOCAL] = NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[IFLA_CTNET_DSTPORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[IFLA_CTNET_LEARNING] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_CTNET_AGEING] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ageing_range),
	[IFLA_CTNET_FLOOD] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_CTNET_MAX_FDB] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_fdb_range),
	[IFLA_CTNET_SUPPRESS] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_CTNET_LOCAL6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[IFLA_CTNET_UNDERLAY] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ifindex_range),
	[IFLA_CTNET_TTL] = NLA_POLICY_MAX(NLA_U16, CTNET_INHERIT),
	[IFLA_CTNET_TOS] = NLA_POLICY_MAX(NLA_U16, CTNET_INHERIT),
	[IFLA_CTNET_DF] = NLA_POLICY_MAX(NLA_U8, CTNET_DF_INHERIT),
	[IFLA_CTNET_UDP_CSUM] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_CTNET_MTU_AUTO] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_CTNET_MARK] = { .type = NLA_U32 },
	[IFLA_CTNET_MAX + 1 ... CTNET_IFLA_POLICY_MAX] = { .type = NLA_REJECT },
};

/**
 * ctnet_link_validate() - rtnl_link_ops.validate
 * @tb: the link's attributes
 * @data: unused
 * @extack: says why not
 *
 * Return: 0 or an error.
 */
int ctnet_link_validate(struct nlattr *tb[], struct nlattr *data[],
			struct netlink_ext_ack *extack)
{
	if (tb[IFLA_ADDRESS]) {
		if (nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN) {
			NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
					    "Invalid MAC: 6 bytes are needed");
			return -EINVAL;
		}
		if (!is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS]))) {
			NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
					    "Invalid MAC: not a unicast address");
			return -EADDRNOTAVAIL;
		}
	}
	return 0;
}

/* Sets the VTEP's settings for which there are attributes; the others stay. RTNL. */
static int ctnet_link_set_vtep(struct ctnet_dev *ctd, struct nlattr *data[],
			       struct netlink_ext_ack *extack)
{
	const struct ctnet_vtep *old = rtnl_dereference(ctd->vtep);
	struct ctnet_vtep conf;
	enum ctnet_family f;

	if (!data[IFLA_CTNET_VNI] && !data[IFLA_CTNET_LOCAL] &&
	    !data[IFLA_CTNET_LOCAL6] && !data[IFLA_CTNET_DSTPORT] &&
	    !data[IFLA_CTNET_UNDERLAY] && !data[IFLA_CTNET_TTL] &&
	    !data[IFLA_CTNET_TOS] && !data[IFLA_CTNET_DF] &&
	    !data[IFLA_CTNET_UDP_CSUM] && !data[IFLA_CTNET_MARK])
		return 0;
	if (old)
		conf = *old;
	else
		ctnet_vtep_default(&conf);
	if (data[IFLA_CTNET_VNI])
		conf.vni = nla_get_u32(data[IFLA_CTNET_VNI]);
	/* An unspecified address removes the family's. */
	if (data[IFLA_CTNET_LOCAL]) {
		__be32 addr = nla_get_in_addr(data[IFLA_CTNET_LOCAL]);

		conf.local[CTNET_V4] = in6addr_any;
		if (addr)
			ipv6_addr_set_v4mapped(addr, &conf.local[CTNET_V4]);
	}
	if (data[IFLA_CTNET_LOCAL6])
		conf.local[CTNET_V6] = nla_get_in6_addr(data[IFLA_CTNET_LOCAL6]);
	if (data[IFLA_CTNET_DSTPORT])
		conf.port = htons(nla_get_u16(data[IFLA_CTNET_DSTPORT]));
	if (data[IFLA_CTNET_UNDERLAY])
		conf.underlay = nla_get_u32(data[IFLA_CTNET_UNDERLAY]);
	if (data[IFLA_CTNET_TTL])
		conf.ttl = nla_get_u16(data[IFLA_CTNET_TTL]);
	if (data[IFLA_CTNET_TOS])
		conf.tos = nla_get_u16(data[IFLA_CTNET_TOS]);
	if (data[IFLA_CTNET_DF])
		conf.df = nla_get_u8(data[IFLA_CTNET_DF]);
	if (data[IFLA_CTNET_UDP_CSUM])
		conf.udp_csum = nla_get_u8(data[IFLA_CTNET_UDP_CSUM]);
	if (data[IFLA_CTNET_MARK])
		conf.mark = nla_get_u32(data[IFLA_CTNET_MARK]);
	if (!conf.vni) {
		NL_SET_ERR_MSG(extack, "Tunnel settings need a VNI: give one");
		return -EINVAL;
	}
	if (ipv6_addr_any(&conf.local[CTNET_V4]) &&
	    ipv6_addr_any(&conf.local[CTNET_V6])) {
		NL_SET_ERR_MSG(extack, "A VNI needs a local address: give one");
		return -EINVAL;
	}
	for (f = 0; old && f < CTNET_FAMILIES; f++) {
		if (ipv6_addr_any(&conf.local[f]) &&
		    ctnet_peer_has_family(ctd, f)) {
			NL_SET_ERR_MSG_ATTR(extack, data[f == CTNET_V4 ? IFLA_CTNET_LOCAL :
							 IFLA_CTNET_LOCAL6],
					    "The network has peers of this address family: remove them before the local address");
			return -EINVAL;
		}
	}
	return ctnet_vtep_bind(ctd, &conf, data, extack);
}

/*
 * The core sets an existing device's MAC and MTU after ctnet_link_changelink(). Invalid ones are
 * refused here, before anything has changed. RTNL.
 */
static int ctnet_link_may_change(struct net_device *dev, struct nlattr *tb[],
				 struct netlink_ext_ack *extack)
{
	int err;

	if (tb[IFLA_MTU] && (nla_get_u32(tb[IFLA_MTU]) < dev->min_mtu ||
			     nla_get_u32(tb[IFLA_MTU]) > dev->max_mtu)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_MTU],
				    "Invalid MTU: 68 to 65465");
		return -EINVAL;
	}
	if (!tb[IFLA_ADDRESS])
		return 0;
	err = ctnet_dev_may_have_mac(dev, nla_data(tb[IFLA_ADDRESS]));
	if (err)
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
				    "A static entry has this MAC: delete it first");
	return err;
}

static int ctnet_link_changelink(struct net_device *dev, struct nlattr *tb[],
				 struct nlattr *data[],
				 struct netlink_ext_ack *extack)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	int err = 0;

	if (!data)
		return 0;
	/* First what can fail. */
	if (dev->reg_state == NETREG_REGISTERED)
		err = ctnet_link_may_change(dev, tb, extack);
	if (!err)
		err = ctnet_link_set_vtep(ctd, data, extack);
	if (err)
		return err;
	if (data[IFLA_CTNET_LEARNING])
		WRITE_ONCE(ctd->learning, nla_get_u8(data[IFLA_CTNET_LEARNING]));
	if (data[IFLA_CTNET_FLOOD])
		WRITE_ONCE(ctd->flood, nla_get_u8(data[IFLA_CTNET_FLOOD]));
	if (data[IFLA_CTNET_SUPPRESS])
		WRITE_ONCE(ctd->suppress, nla_get_u8(data[IFLA_CTNET_SUPPRESS]));
	if (data[IFLA_CTNET_MAX_FDB])
		WRITE_ONCE(ctd->max_fdb, nla_get_u32(data[IFLA_CTNET_MAX_FDB]));
	if (data[IFLA_CTNET_AGEING])
		WRITE_ONCE(ctd->ageing,
			   nla_get_u32(data[IFLA_CTNET_AGEING]) * HZ);
	if (data[IFLA_CTNET_MTU_AUTO])
		WRITE_ONCE(ctd->mtu_set,
			   !nla_get_u8(data[IFLA_CTNET_MTU_AUTO]));
	if (dev->reg_state == NETREG_REGISTERED) {
		ctnet_fdb_age_soon(ctd);
		ctnet_mtu_follow(ctd);
		ctnet_nl_net_event(ctd, CTNET_CMD_NET_SET_NTF);
	}
	return 0;
}

CTNET_DEFINE_NEWLINK(ctnet_link_newlink)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	int err;

	err = ctnet_link_changelink(dev, tb, data, extack);
	if (err)
		return err;
	if (!tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);
	if (tb[IFLA_MTU])
		WRITE_ONCE(ctd->mtu_set, true);
	if (!ctd->mtu_set)
		dev->mtu = ctnet_mtu_auto(ctd);
	err = register_netdevice(dev);
	if (err) {
		/* Unless ctnet_dev_uninit() ran. */
		if (rtnl_dereference(ctd->vtep)) {
			ctnet_vtep_unbind(ctd);
			/* A datagram may have found the device, which is freed at once. */
			synchronize_net();
		}
		return err;
	}
	/* The id is reserved: this cannot fail. */
	xa_store(&ctnet_ns(dev_net(dev))->nets, ctd->id, ctd,
		 GFP_KERNEL_ACCOUNT);
	ctnet_mtu_changed(dev_net(dev));
	ctnet_nl_net_event(ctd, CTNET_CMD_NET_NEW_NTF);
	return 0;
}

/* Its native ports go with it, and in one stroke. */
static void ctnet_link_dellink(struct net_device *dev, struct list_head *head)
{
	ctnet_native_del_all(netdev_priv(dev), head);
	unregister_netdevice_queue(dev, head);
}

static size_t ctnet_link_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u32)) +	/* IFLA_CTNET_VNI */
	       nla_total_size(sizeof(struct in6_addr)) + /* IFLA_CTNET_LOCAL6 */
	       nla_total_size(sizeof(u16)) +	/* IFLA_CTNET_DSTPORT */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_LEARNING */
	       nla_total_size(sizeof(u32)) +	/* IFLA_CTNET_AGEING */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_FLOOD */
	       nla_total_size(sizeof(u32)) +	/* IFLA_CTNET_MAX_FDB */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_SUPPRESS */
	       nla_total_size(sizeof(struct in_addr)) +	/* IFLA_CTNET_LOCAL */
	       nla_total_size(sizeof(u32)) +	/* IFLA_CTNET_UNDERLAY */
	       nla_total_size(sizeof(u16)) +	/* IFLA_CTNET_TTL */
	       nla_total_size(sizeof(u16)) +	/* IFLA_CTNET_TOS */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_DF */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_UDP_CSUM */
	       nla_total_size(sizeof(u8)) +	/* IFLA_CTNET_MTU_AUTO */
	       nla_total_size(sizeof(u32));	/* IFLA_CTNET_MARK */
}

static int ctnet_link_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct ctnet_dev *ctd = netdev_priv(dev);
	const struct ctnet_vtep *vtep = rtnl_dereference(ctd->vtep);

	if (vtep &&
	    (nla_put_u32(skb, IFLA_CTNET_VNI, vtep->vni) ||
	     (!ipv6_addr_any(&vtep->local[CTNET_V4]) &&
	      nla_put_in_addr(skb, IFLA_CTNET_LOCAL,
			      vtep->local[CTNET_V4].s6_addr32[3])) ||
	     (!ipv6_addr_any(&vtep->local[CTNET_V6]) &&
	      nla_put_in6_addr(skb, IFLA_CTNET_LOCAL6, &vtep->local[CTNET_V6])) ||
	     nla_put_u16(skb, IFLA_CTNET_DSTPORT, ntohs(vtep->port)) ||
	     (vtep->underlay &&
	      nla_put_u32(skb, IFLA_CTNET_UNDERLAY, vtep->underlay)) ||
	     nla_put_u16(skb, IFLA_CTNET_TTL, vtep->ttl) ||
	     nla_put_u16(skb, IFLA_CTNET_TOS, vtep->tos) ||
	     nla_put_u8(skb, IFLA_CTNET_DF, vtep->df) ||
	     nla_put_u8(skb, IFLA_CTNET_UDP_CSUM, vtep->udp_csum) ||
	     nla_put_u32(skb, IFLA_CTNET_MARK, vtep->mark)))
		return -EMSGSIZE;
	if (nla_put_u8(skb, IFLA_CTNET_LEARNING, ctd->learning) ||
	    nla_put_u32(skb, IFLA_CTNET_AGEING, ctd->ageing / HZ) ||
	    nla_put_u8(skb, IFLA_CTNET_FLOOD, ctd->flood) ||
	    nla_put_u32(skb, IFLA_CTNET_MAX_FDB, ctd->max_fdb) ||
	    nla_put_u8(skb, IFLA_CTNET_SUPPRESS, ctd->suppress) ||
	    nla_put_u8(skb, IFLA_CTNET_MTU_AUTO, !ctd->mtu_set))
		return -EMSGSIZE;
	return 0;
}

struct rtnl_link_ops ctnet_link_ops __read_mostly = {
	.kind		= "ctnet",
	.priv_size	= sizeof(struct ctnet_dev),
	.setup		= ctnet_dev_setup,
	.maxtype	= CTNET_IFLA_POLICY_MAX,
	.policy		= ctnet_ifla_policy,
	.validate	= ctnet_link_validate,
	.newlink	= ctnet_link_newlink,
	.changelink	= ctnet_link_changelink,
	.dellink	= ctnet_link_dellink,
	.get_size	= ctnet_link_get_size,
	.fill_info	= ctnet_link_fill_info,
	.slave_maxtype	= IFLA_BRPORT_MAX,
	.slave_policy	= ctnet_brport_policy,
	.slave_changelink = ctnet_brport_changelink,
	.get_slave_size	= ctnet_brport_get_size,
	.fill_slave_info = ctnet_brport_fill,
};
