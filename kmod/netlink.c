// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family and its commands, which uapi/linux/ctnet.h
 * documents. They run under RTNL, which ctnet_nl_pre_doit() takes.
 */
#include <linux/module.h>

#include "ctnet.h"
#include "dev.h"
#include "native.h"
#include "netlink.h"
#include "nldump.h"
#include "nlfdb.h"
#include "nlmsg.h"
#include "peer.h"
#include "port.h"

static int ctnet_nl_reply(struct genl_info *info, enum ctnet_cmd cmd,
			  ctnet_fill_t fill, const void *obj)
{
	struct sk_buff *msg;
	int err;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	err = ctnet_nl_put_msg(msg, info->snd_portid, info->snd_seq, 0, NULL,
			       cmd, fill, obj, true);
	rcu_read_unlock();
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/**
 * ctnet_nl_get_net() - the network that an attribute names by interface index
 * @info: the request
 * @type: the attribute
 *
 * Context: RTNL. Return: the network, or an error that the request was told of.
 */
struct ctnet_dev *ctnet_nl_get_net(struct genl_info *info, int type)
{
	struct nlattr *attr = info->attrs[type];
	struct net_device *dev;

	if (GENL_REQ_ATTR_CHECK(info, type)) {
		GENL_SET_ERR_MSG(info, "No network is named: give its interface index");
		return ERR_PTR(-EINVAL);
	}
	dev = __dev_get_by_index(genl_info_net(info), nla_get_u32(attr));
	if (!dev || !ctnet_dev_is(dev)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "No ctnet network in this namespace has this interface index");
		return ERR_PTR(-ENODEV);
	}
	return netdev_priv(dev);
}

/* The device that an attribute of a port command names by ifindex. RTNL. */
static struct net_device *ctnet_nl_get_dev(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CTNET_A_PORT_DEV];
	struct net_device *dev;

	if (GENL_REQ_ATTR_CHECK(info, CTNET_A_PORT_DEV)) {
		GENL_SET_ERR_MSG(info, "No device is named: give its interface index");
		return ERR_PTR(-EINVAL);
	}
	dev = __dev_get_by_index(genl_info_net(info), nla_get_u32(attr));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "No device in this namespace has this interface index");
		return ERR_PTR(-ENODEV);
	}
	return dev;
}

static struct ctnet_port *ctnet_nl_get_port(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CTNET_A_PORT_DEV];
	struct ctnet_vport *vport;
	struct net_device *dev;
	struct ctnet_dev *ctd;

	ctd = ctnet_nl_get_net(info, CTNET_A_PORT_NET);
	if (IS_ERR(ctd))
		return ERR_CAST(ctd);
	if (!attr || nla_get_u32(attr) < CTNET_PORT_NATIVE) {
		dev = ctnet_nl_get_dev(info);
		if (IS_ERR(dev))
			return ERR_CAST(dev);
	}
	vport = xa_load(&ctd->members, nla_get_u32(attr));
	if (!vport) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "The device is not a port of this network");
		return ERR_PTR(-ENOENT);
	}
	return ctnet_vport_port(vport);
}

/**
 * ctnet_nl_get_peer() - the peer that an attribute names by address
 * @info: the request
 * @ctd: the network
 * @attr: the attribute
 *
 * Context: RTNL. Return: the peer, or an error that the request was told of.
 */
struct ctnet_peer *ctnet_nl_get_peer(struct genl_info *info, struct ctnet_dev *ctd,
				     const struct nlattr *attr)
{
	struct ctnet_peer *peer;
	struct in6_addr addr;
	int err;

	err = ctnet_nl_get_addr(attr, &addr, info->extack);
	if (err)
		return ERR_PTR(err);
	peer = ctnet_peer_find(ctd, &addr);
	if (!peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "The network has no peer with this address");
		return ERR_PTR(-ENOENT);
	}
	return peer;
}

static int ctnet_nl_net_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_dev *ctd = ctnet_nl_get_net(info, CTNET_A_NET_IFINDEX);

	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	return ctnet_nl_reply(info, CTNET_CMD_NET_GET, ctnet_nl_fill_net, ctd);
}

static int ctnet_nl_port_add(struct sk_buff *skb, struct genl_info *info)
{
	u32 flags = CTNET_PORT_FLAGS_DEFAULT;
	struct net_device *dev;
	struct ctnet_dev *ctd;
	int err;

	ctd = ctnet_nl_get_net(info, CTNET_A_PORT_NET);
	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	dev = ctnet_nl_get_dev(info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	if (info->attrs[CTNET_A_PORT_FLAGS]) {
		struct nla_bitfield32 f =
			nla_get_bitfield32(info->attrs[CTNET_A_PORT_FLAGS]);

		flags = (flags & ~f.selector) | f.value;
	}
	err = ctnet_port_attach(ctd, dev, flags, info->extack);
	if (err && err != -ENOMEM)
		NL_SET_BAD_ATTR(info->extack, info->attrs[CTNET_A_PORT_DEV]);
	return err;
}

static int ctnet_nl_port_set(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_port *port = ctnet_nl_get_port(info);
	struct nlattr *attr = info->attrs[CTNET_A_PORT_LABEL];
	struct ctnet_native_label *label = NULL;
	struct nla_bitfield32 f = {};
	int err;

	if (IS_ERR(port))
		return PTR_ERR(port);
	if (!attr && GENL_REQ_ATTR_CHECK(info, CTNET_A_PORT_FLAGS)) {
		GENL_SET_ERR_MSG(info, "No flags are named, and no label: there is nothing to set");
		return -EINVAL;
	}
	if (attr && !port->native) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "Only a native port has a label: set the alias of the port's device");
		return -EOPNOTSUPP;
	}
	if (info->attrs[CTNET_A_PORT_FLAGS])
		f = nla_get_bitfield32(info->attrs[CTNET_A_PORT_FLAGS]);
	/* An empty one is none. */
	if (attr && *(const char *)nla_data(attr)) {
		label = ctnet_native_label_new(attr);
		if (!label)
			return -ENOMEM;
	}
	/* First, so that the event has both. */
	if (attr)
		label = ctnet_native_label_set(port, label);
	err = ctnet_port_set_flags(port, f.value, f.selector, info->extack);
	if (err && attr)
		label = ctnet_native_label_set(port, label);
	ctnet_native_label_free(label);
	if (err && err != -ENOMEM)
		NL_SET_BAD_ATTR(info->extack, info->attrs[CTNET_A_PORT_FLAGS]);
	return err;
}

static int ctnet_nl_port_del(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_port *port = ctnet_nl_get_port(info);

	if (IS_ERR(port))
		return PTR_ERR(port);
	if (port->native)
		ctnet_native_del(port);
	else
		ctnet_port_detach(port);
	return 0;
}

static int ctnet_nl_port_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_port *port = ctnet_nl_get_port(info);

	if (IS_ERR(port))
		return PTR_ERR(port);
	return ctnet_nl_reply(info, CTNET_CMD_PORT_GET, ctnet_nl_fill_port,
			      &port->vport);
}

static int ctnet_nl_peer_add(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_dev *ctd = ctnet_nl_get_net(info, CTNET_A_PEER_NET);
	struct nlattr *port = info->attrs[CTNET_A_PEER_DSTPORT];
	struct in6_addr addr;
	int err;

	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	if (GENL_REQ_ATTR_CHECK(info, CTNET_A_PEER_ADDR)) {
		GENL_SET_ERR_MSG(info, "No peer is named: give its address");
		return -EINVAL;
	}
	err = ctnet_nl_get_addr(info->attrs[CTNET_A_PEER_ADDR], &addr,
				info->extack);
	if (err)
		return err;
	err = ctnet_peer_add(ctd, &addr, port ? htons(nla_get_u16(port)) : 0,
			     info->extack);
	if (!rtnl_dereference(ctd->vtep))
		NL_SET_BAD_ATTR(info->extack, info->attrs[CTNET_A_PEER_NET]);
	else if (err && err != -ENOMEM)
		NL_SET_BAD_ATTR(info->extack, info->attrs[CTNET_A_PEER_ADDR]);
	return err;
}

static struct ctnet_peer *ctnet_nl_named_peer(struct genl_info *info)
{
	struct ctnet_dev *ctd = ctnet_nl_get_net(info, CTNET_A_PEER_NET);

	if (IS_ERR(ctd))
		return ERR_CAST(ctd);
	if (GENL_REQ_ATTR_CHECK(info, CTNET_A_PEER_ADDR)) {
		GENL_SET_ERR_MSG(info, "No peer is named: give its address");
		return ERR_PTR(-EINVAL);
	}
	return ctnet_nl_get_peer(info, ctd, info->attrs[CTNET_A_PEER_ADDR]);
}

static int ctnet_nl_peer_del(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_peer *peer = ctnet_nl_named_peer(info);

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	ctnet_peer_del(peer);
	return 0;
}

static int ctnet_nl_peer_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_peer *peer = ctnet_nl_named_peer(info);

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	return ctnet_nl_reply(info, CTNET_CMD_PEER_GET, ctnet_nl_fill_peer,
			      &peer->vport);
}

/* RTNL is taken here for all commands; a dump takes what it needs itself. */
static int ctnet_nl_pre_doit(const struct ctnet_genl_ops *ops, struct sk_buff *skb,
			     struct genl_info *info)
{
	rtnl_lock();
	return 0;
}

static void ctnet_nl_post_doit(const struct ctnet_genl_ops *ops, struct sk_buff *skb,
			       struct genl_info *info)
{
	rtnl_unlock();
}

static struct netlink_range_validation ctnet_ifindex = {
	.min = 1,
	.max = INT_MAX,
};

static struct netlink_range_validation ctnet_port_number = {
	.min = 1,
	.max = CTNET_PORT_DEV_MAX,
};

/*
 * The attributes that name an object come first in each of these, so that a
 * command which only names one uses the same policy up to there.
 */
static const struct nla_policy ctnet_net_policy[] = {
	[CTNET_A_NET_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ifindex),
};

static const struct nla_policy ctnet_port_policy[] = {
	[CTNET_A_PORT_NET] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ifindex),
	[CTNET_A_PORT_DEV] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_port_number),
	[CTNET_A_PORT_FLAGS] = NLA_POLICY_BITFIELD32(CTNET_PORT_FLAGS_ALL),
	[CTNET_A_PORT_STATS ... CTNET_A_PORT_NETNSID] = { .type = NLA_REJECT },
	[CTNET_A_PORT_LABEL] = { .type = NLA_NUL_STRING, .len = CTNET_LABEL_MAX },
};

static const struct nla_policy ctnet_peer_policy[] = {
	[CTNET_A_PEER_NET] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ifindex),
	[CTNET_A_PEER_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[CTNET_A_PEER_DSTPORT] = NLA_POLICY_MIN(NLA_U16, 1),
};

static const struct nla_policy ctnet_fdb_policy[] = {
	[CTNET_A_FDB_NET] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ifindex),
	[CTNET_A_FDB_MAC] = NLA_POLICY_EXACT_LEN(ETH_ALEN),
	[CTNET_A_FDB_PORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_port_number),
	[CTNET_A_FDB_PEER] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[CTNET_A_FDB_SELF] = { .type = NLA_FLAG },
	[CTNET_A_FDB_STATIC] = { .type = NLA_REJECT },
	[CTNET_A_FDB_AGE] = { .type = NLA_REJECT },
	[CTNET_A_FDB_IP] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
};

/* With attributes that filter a dump. */
static const struct nla_policy ctnet_fdb_get_policy[] = {
	[CTNET_A_FDB_NET] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ifindex),
	[CTNET_A_FDB_MAC] = NLA_POLICY_EXACT_LEN(ETH_ALEN),
	[CTNET_A_FDB_PORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_port_number),
	[CTNET_A_FDB_PEER] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[CTNET_A_FDB_SELF] = { .type = NLA_REJECT },
	[CTNET_A_FDB_STATIC] = { .type = NLA_FLAG },
};

static const struct nla_policy ctnet_fdb_flush_policy[] = {
	[CTNET_A_FDB_NET] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_ifindex),
	[CTNET_A_FDB_MAC] = { .type = NLA_REJECT },
	[CTNET_A_FDB_PORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &ctnet_port_number),
	[CTNET_A_FDB_PEER] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[CTNET_A_FDB_SELF ... CTNET_A_FDB_IP] = { .type = NLA_REJECT },
	[CTNET_A_FDB_LEARNED] = { .type = NLA_FLAG },
};

/* No attribute is accepted, but an empty policy would not be checked. */
static const struct nla_policy ctnet_vtep_policy[] = {
	[CTNET_A_VTEP_DSTPORT] = { .type = NLA_REJECT },
};

#define CTNET_OP_SET(_cmd, _doit, _policy, _maxattr)	\
	{						\
		.cmd = (_cmd),				\
		.flags = GENL_UNS_ADMIN_PERM,		\
		.doit = ctnet_nl_##_doit,		\
		.policy = (_policy),			\
		.maxattr = (_maxattr),			\
	}

#define CTNET_OP_GET(_cmd, _doit, _dumpit, _policy, _maxattr)	\
	{							\
		.cmd = (_cmd),					\
		.doit = ctnet_nl_##_doit,			\
		.dumpit = ctnet_nl_##_dumpit,			\
		.policy = (_policy),				\
		.maxattr = (_maxattr),				\
	}

static const struct genl_ops ctnet_nl_ops[] = {
	CTNET_OP_GET(CTNET_CMD_NET_GET, net_get, nets_dumpit, ctnet_net_policy,
		     CTNET_A_NET_IFINDEX),
	CTNET_OP_SET(CTNET_CMD_PORT_ADD, port_add, ctnet_port_policy,
		     CTNET_A_PORT_FLAGS),
	CTNET_OP_SET(CTNET_CMD_PORT_SET, port_set, ctnet_port_policy,
		     CTNET_A_PORT_LABEL),
	CTNET_OP_SET(CTNET_CMD_PORT_DEL, port_del, ctnet_port_policy,
		     CTNET_A_PORT_DEV),
	CTNET_OP_GET(CTNET_CMD_PORT_GET, port_get, ports_dumpit,
		     ctnet_port_policy, CTNET_A_PORT_DEV),
	CTNET_OP_SET(CTNET_CMD_PEER_ADD, peer_add, ctnet_peer_policy,
		     CTNET_A_PEER_DSTPORT),
	CTNET_OP_SET(CTNET_CMD_PEER_DEL, peer_del, ctnet_peer_policy,
		     CTNET_A_PEER_ADDR),
	CTNET_OP_GET(CTNET_CMD_PEER_GET, peer_get, peers_dumpit,
		     ctnet_peer_policy, CTNET_A_PEER_ADDR),
	CTNET_OP_SET(CTNET_CMD_FDB_ADD, fdb_add, ctnet_fdb_policy,
		     CTNET_A_FDB_IP),
	CTNET_OP_SET(CTNET_CMD_FDB_SET, fdb_set, ctnet_fdb_policy,
		     CTNET_A_FDB_IP),
	CTNET_OP_SET(CTNET_CMD_FDB_DEL, fdb_del, ctnet_fdb_policy,
		     CTNET_A_FDB_MAC),
	CTNET_OP_GET(CTNET_CMD_FDB_GET, fdb_get, fdb_dumpit,
		     ctnet_fdb_get_policy, CTNET_A_FDB_STATIC),
	CTNET_OP_SET(CTNET_CMD_FDB_FLUSH, fdb_flush, ctnet_fdb_flush_policy,
		     CTNET_A_FDB_LEARNED),
	{
		.cmd = CTNET_CMD_VTEP_GET,
		.dumpit = ctnet_nl_vteps_dumpit,
		.policy = ctnet_vtep_policy,
		.maxattr = CTNET_A_VTEP_DSTPORT,
	},
};

static const struct genl_multicast_group ctnet_nl_groups[] = {
	{ .name = CTNET_GENL_MCGRP_EVENTS },
};

struct genl_family ctnet_family __ro_after_init = {
	.name		= CTNET_GENL_NAME,
	.version	= CTNET_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.pre_doit	= ctnet_nl_pre_doit,
	.post_doit	= ctnet_nl_post_doit,
	.ops		= ctnet_nl_ops,
	.n_ops		= ARRAY_SIZE(ctnet_nl_ops),
	.resv_start_op	= CTNET_CMD_UNSPEC + 1,
	.mcgrps		= ctnet_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(ctnet_nl_groups),
};

int __init ctnet_nl_init(void)
{
	return genl_register_family(&ctnet_family);
}

void ctnet_nl_exit(void)
{
	genl_unregister_family(&ctnet_family);
}
