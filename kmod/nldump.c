// SPDX-License-Identifier: GPL-2.0
/* Dumps. */
#include "ctnet.h"

/*
 * A dump goes through the namespace's networks by id (args[0]) and in each
 * through its objects by id (args[1]); who comes meanwhile may be seen from there on.
 * args[2] is the network that the request names, by ifindex, or 0; args[3] says
 * that the request was looked at.
 */
typedef int (*ctnet_dump_t)(struct sk_buff *skb, struct netlink_callback *cb,
			    struct ctnet_net *net);

static int ctnet_nl_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			     enum ctnet_cmd cmd, ctnet_fill_t fill,
			     const void *obj)
{
	return ctnet_nl_put_msg(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, NLM_F_MULTI, cb, cmd, fill,
				obj, true);
}

/*
 * What the request names: by @attr the network, or nothing; @obj, of an object of
 * it, may not be there. Once, in the first call: a start callback has no extended
 * ack in all kernels.
 */
static int ctnet_nl_dump_filter(struct netlink_callback *cb, int attr, int obj)
{
	struct nlattr **attrs = ctnet_dump_attrs(cb);
	struct net *n = sock_net(cb->skb->sk);
	struct net_device *dev;

	if (cb->args[3]++)
		return 0;
	if (attrs && obj && attrs[obj]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[obj],
				    "A dump shows all objects: name a network or nothing");
		return -EINVAL;
	}
	if (!attrs || !attrs[attr])
		return 0;
	dev = dev_get_by_index_rcu(n, nla_get_u32(attrs[attr]));
	if (!dev || !ctnet_dev_is(dev)) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[attr],
				    "No ctnet network of this namespace has this interface index");
		return -ENODEV;
	}
	cb->args[2] = dev->ifindex;
	return 0;
}

static int ctnet_nl_dump(struct sk_buff *skb, struct netlink_callback *cb,
			 int attr, int obj, ctnet_dump_t dump)
{
	struct ctnet_ns *ns = ctnet_ns(sock_net(skb->sk));
	unsigned long id = cb->args[0];
	struct ctnet_net *net;
	int err;

	rcu_read_lock();
	cb->seq = atomic_read(&ns->seq) ?: 1;
	err = ctnet_nl_dump_filter(cb, attr, obj);
	if (err)
		goto unlock;
	xa_for_each_start(&ns->nets, id, net, id) {
		if (cb->args[2] && net->dev->ifindex != cb->args[2])
			continue;
		if (id != cb->args[0]) {
			cb->args[0] = id;
			cb->args[1] = 0;
		}
		err = dump(skb, cb, net);
		if (err)
			break;
		cb->args[0] = id + 1;
		cb->args[1] = 0;
	}
	/* What changed since is told at the end, if not before. */
	cb->seq = atomic_read(&ns->seq) ?: 1;
unlock:
	rcu_read_unlock();
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

static int ctnet_nl_dump_net(struct sk_buff *skb, struct netlink_callback *cb,
			     struct ctnet_net *net)
{
	return ctnet_nl_dump_one(skb, cb, CTNET_CMD_NET_GET, ctnet_nl_fill_net,
				 net);
}

static int ctnet_nl_dump_members(struct sk_buff *skb,
				 struct netlink_callback *cb,
				 struct ctnet_net *net, unsigned long first,
				 unsigned long last, enum ctnet_cmd cmd,
				 ctnet_fill_t fill)
{
	unsigned long id = max_t(unsigned long, cb->args[1], first);
	struct ctnet_dst *dst;
	int err;

	xa_for_each_range(&net->members, id, dst, id, last) {
		cb->args[1] = id;
		err = ctnet_nl_dump_one(skb, cb, cmd, fill, dst);
		if (err)
			return err;
	}
	return 0;
}

static int ctnet_nl_dump_port(struct sk_buff *skb, struct netlink_callback *cb,
			      struct ctnet_net *net)
{
	return ctnet_nl_dump_members(skb, cb, net, CTNET_ID_SELF + 1,
				     CTNET_ID_PORT_MAX, CTNET_CMD_PORT_GET,
				     ctnet_nl_fill_port);
}

static int ctnet_nl_dump_peer(struct sk_buff *skb, struct netlink_callback *cb,
			      struct ctnet_net *net)
{
	return ctnet_nl_dump_members(skb, cb, net, CTNET_ID_PORT_MAX + 1,
				     U32_MAX, CTNET_CMD_PEER_GET,
				     ctnet_nl_fill_peer);
}

static int ctnet_nl_dump_fdb(struct sk_buff *skb, struct netlink_callback *cb,
			     struct ctnet_net *net)
{
	unsigned long id = cb->args[1];
	struct ctnet_fdb *fdb;
	int err;

	xa_for_each_start(&net->fdb_ids, id, fdb, id) {
		cb->args[1] = id;
		err = ctnet_nl_dump_one(skb, cb, CTNET_CMD_FDB_GET,
					ctnet_nl_fill_fdb, fdb);
		if (err)
			return err;
	}
	return 0;
}

int ctnet_nl_nets_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return ctnet_nl_dump(skb, cb, CTNET_A_NET_IFINDEX, 0, ctnet_nl_dump_net);
}

int ctnet_nl_ports_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return ctnet_nl_dump(skb, cb, CTNET_A_PORT_NET, CTNET_A_PORT_DEV, ctnet_nl_dump_port);
}

int ctnet_nl_peers_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return ctnet_nl_dump(skb, cb, CTNET_A_PEER_NET, CTNET_A_PEER_ADDR, ctnet_nl_dump_peer);
}

int ctnet_nl_fdb_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return ctnet_nl_dump(skb, cb, CTNET_A_FDB_NET, CTNET_A_FDB_MAC, ctnet_nl_dump_fdb);
}

/* Sockets are few: the dump resumes by counting them. */
int ctnet_nl_vteps_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ctnet_ns *ns = ctnet_ns(sock_net(skb->sk));
	struct ctnet_sock *sock;
	int err = 0, n = 0;

	rtnl_lock();
	cb->seq = atomic_read(&ns->seq) ?: 1;
	list_for_each_entry(sock, &ns->socks, list) {
		if (n++ < cb->args[0])
			continue;
		err = ctnet_nl_dump_one(skb, cb, CTNET_CMD_VTEP_GET,
					ctnet_nl_fill_vtep, sock);
		if (err)
			break;
		cb->args[0] = n;
	}
	rtnl_unlock();
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}
