// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps.
 *
 * A change while a dump is under way marks it as interrupted: of networks, ports and peers of
 * the namespace for a dump of these, of entries for a dump of entries, and of static entries
 * only for a dump of static ones.
 */
#include <linux/sort.h>

#include "ctnet.h"
#include "dev.h"
#include "fdb.h"
#include "fdbwalk.h"
#include "nldump.h"
#include "nlmsg.h"
#include "peer.h"
#include "sock.h"

/* A port or peer with up to so many entries has them sorted for each message of a dump. */
#define CTNET_DUMP_FEW	64

/**
 * struct ctnet_dump - state of a dump
 * @net: id of the network where it resumes
 * @id: of the object in there
 * @ifindex: of the network that the request names, or 0
 * @member: id of the port or peer that the request names, or 0
 * @fixed: whether the request asks for static entries only
 * @ready: whether the request was parsed
 */
struct ctnet_dump {
	unsigned long	net;
	unsigned long	id;
	int		ifindex;
	u32		member;
	bool		fixed;
	bool		ready;
};

typedef int (*ctnet_dump_t)(struct sk_buff *skb, struct netlink_callback *cb,
			    struct ctnet_dev *ctd);

static struct ctnet_dump *ctnet_nl_dump_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct ctnet_dump) > sizeof(cb->ctx));
	return (struct ctnet_dump *)cb->ctx;
}

static int ctnet_nl_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			     enum ctnet_cmd cmd, ctnet_fill_t fill,
			     const void *obj)
{
	return ctnet_nl_put_msg(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, NLM_F_MULTI, cb, cmd, fill,
				obj, true);
}

static int ctnet_nl_dump_cmp(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/*
 * Dumps the entries of a port or peer by id, as those of a network, so that changes do not affect
 * where it resumes. Returns -E2BIG if there are too many to sort.
 */
static int ctnet_nl_dump_few(struct sk_buff *skb, struct netlink_callback *cb,
			     struct ctnet_dev *ctd, struct ctnet_vport *vport)
{
	struct ctnet_dump *at = ctnet_nl_dump_of(cb);
	u32 ids[CTNET_DUMP_FEW];
	struct ctnet_fdb *fdb;
	int i, n, err;

	n = ctnet_fdb_ids_at(vport, at->fixed, ids, ARRAY_SIZE(ids));
	if (n < 0)
		return n;
	sort(ids, n, sizeof(*ids), ctnet_nl_dump_cmp, NULL);
	for (i = 0; i < n; i++) {
		if (ids[i] < at->id)
			continue;
		at->id = ids[i];
		fdb = xa_load(&ctd->fdb_ids, ids[i]);
		if (!fdb || rcu_access_pointer(fdb->vport) != vport)
			continue;
		err = ctnet_nl_dump_one(skb, cb, CTNET_CMD_FDB_GET,
					ctnet_nl_fill_fdb, fdb);
		if (err)
			return err;
	}
	return 0;
}

static int ctnet_nl_dump_fdb(struct sk_buff *skb, struct netlink_callback *cb,
			     struct ctnet_dev *ctd)
{
	struct ctnet_dump *at = ctnet_nl_dump_of(cb);
	xa_mark_t mark = at->fixed ? CTNET_FDB_MARK : XA_PRESENT;
	struct ctnet_vport *vport = NULL;
	unsigned long id = at->id;
	struct ctnet_fdb *fdb;
	int err;

	if (at->member) {
		vport = xa_load(&ctd->members, at->member);
		if (!vport)
			return 0;
		err = ctnet_nl_dump_few(skb, cb, ctd, vport);
		if (err != -E2BIG)
			return err;
	}
	for (fdb = xa_find(&ctd->fdb_ids, &id, ULONG_MAX, mark); fdb;
	     fdb = xa_find_after(&ctd->fdb_ids, &id, ULONG_MAX, mark)) {
		if (vport && rcu_access_pointer(fdb->vport) != vport)
			continue;
		at->id = id;
		err = ctnet_nl_dump_one(skb, cb, CTNET_CMD_FDB_GET,
					ctnet_nl_fill_fdb, fdb);
		if (err)
			return err;
	}
	return 0;
}

/* The port or peer whose entries the request asks for, in the network that it names. */
static int ctnet_nl_dump_member(struct netlink_callback *cb,
				struct nlattr **attrs, struct net_device *dev)
{
	struct nlattr *port = attrs[CTNET_A_FDB_PORT];
	struct nlattr *attr = port ?: attrs[CTNET_A_FDB_PEER];
	struct ctnet_vport *vport = NULL;
	struct ctnet_peer *peer;
	struct in6_addr addr;
	int err;

	if (!attr)
		return 0;
	if (port && attrs[CTNET_A_FDB_PEER]) {
		NL_SET_ERR_MSG(cb->extack, "Entries can be dumped by port or by peer, not by both");
		return -EINVAL;
	}
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attr,
				    "A port or peer belongs to a network: give the network as well");
		return -EINVAL;
	}
	if (port) {
		vport = xa_load(&((struct ctnet_dev *)netdev_priv(dev))->members,
				nla_get_u32(attr));
	} else {
		err = ctnet_nl_get_addr(attr, &addr, cb->extack);
		if (err)
			return err;
		peer = ctnet_peer_find(netdev_priv(dev), &addr);
		vport = peer ? &peer->vport : NULL;
	}
	if (!vport) {
		if (port)
			NL_SET_ERR_MSG(cb->extack, "The network has no port with this interface index");
		else
			NL_SET_ERR_MSG(cb->extack, "The network has no peer with this address");
		NL_SET_BAD_ATTR(cb->extack, attr);
		return -ENOENT;
	}
	ctnet_nl_dump_of(cb)->member = vport->id;
	return 0;
}

/*
 * Parses the request, in the first call only: a start callback has no extended ack in some
 * kernels. @attr: of the network to dump. @obj: of an object, which is refused.
 */
static int ctnet_nl_dump_filter(struct netlink_callback *cb, int attr, int obj,
				bool fdb)
{
	struct ctnet_dump *at = ctnet_nl_dump_of(cb);
	struct nlattr **attrs = ctnet_dump_attrs(cb);
	struct net *n = sock_net(cb->skb->sk);
	struct net_device *dev = NULL;

	if (at->ready || !attrs)
		return 0;
	at->ready = true;
	if (obj && attrs[obj]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[obj],
				    "A dump shows all objects: give a network or nothing");
		return -EINVAL;
	}
	if (attrs[attr]) {
		dev = dev_get_by_index_rcu(n, nla_get_u32(attrs[attr]));
		if (!dev || !ctnet_dev_is(dev)) {
			NL_SET_ERR_MSG_ATTR(cb->extack, attrs[attr],
					    "No ctnet network in this namespace has this interface index");
			return -ENODEV;
		}
		at->ifindex = dev->ifindex;
	}
	if (!fdb)
		return 0;
	at->fixed = attrs[CTNET_A_FDB_STATIC];
	return ctnet_nl_dump_member(cb, attrs, dev);
}

/* The sequence number of the objects that the dump shows; never 0. */
static unsigned int ctnet_nl_dump_seq(const struct ctnet_ns *ns,
				      struct netlink_callback *cb, bool fdb)
{
	unsigned int seq;

	if (!fdb)
		seq = atomic_read(&ns->seq);
	else if (ctnet_nl_dump_of(cb)->fixed)
		seq = atomic_read(&ns->seq_static);
	else
		seq = atomic_read(&ns->seq_static) +
		      atomic_read(&ns->seq_learned);
	return seq ?: 1;
}

static int ctnet_nl_dump(struct sk_buff *skb, struct netlink_callback *cb,
			 int attr, int obj, ctnet_dump_t dump)
{
	struct ctnet_ns *ns = ctnet_ns(sock_net(skb->sk));
	struct ctnet_dump *at = ctnet_nl_dump_of(cb);
	bool fdb = dump == ctnet_nl_dump_fdb;
	unsigned long id = at->net;
	struct ctnet_dev *ctd;
	int err;

	rcu_read_lock();
	err = ctnet_nl_dump_filter(cb, attr, obj, fdb);
	if (err)
		goto unlock;
	cb->seq = ctnet_nl_dump_seq(ns, cb, fdb);
	xa_for_each_start(&ns->nets, id, ctd, id) {
		if (at->ifindex && ctd->dev->ifindex != at->ifindex)
			continue;
		if (id != at->net) {
			at->net = id;
			at->id = 0;
		}
		err = dump(skb, cb, ctd);
		if (err)
			break;
		at->net = id + 1;
		at->id = 0;
	}
	/* A change since then is reported at the end of the dump. */
	cb->seq = ctnet_nl_dump_seq(ns, cb, fdb);
unlock:
	rcu_read_unlock();
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

static int ctnet_nl_dump_net(struct sk_buff *skb, struct netlink_callback *cb,
			     struct ctnet_dev *ctd)
{
	return ctnet_nl_dump_one(skb, cb, CTNET_CMD_NET_GET, ctnet_nl_fill_net,
				 ctd);
}

static int ctnet_nl_dump_members(struct sk_buff *skb,
				 struct netlink_callback *cb,
				 struct ctnet_dev *ctd, unsigned long first,
				 unsigned long last, enum ctnet_cmd cmd,
				 ctnet_fill_t fill)
{
	struct ctnet_dump *at = ctnet_nl_dump_of(cb);
	unsigned long id = max(at->id, first);
	struct ctnet_vport *vport;
	int err;

	xa_for_each_range(&ctd->members, id, vport, id, last) {
		at->id = id;
		err = ctnet_nl_dump_one(skb, cb, cmd, fill, vport);
		if (err)
			return err;
	}
	return 0;
}

static int ctnet_nl_dump_port(struct sk_buff *skb, struct netlink_callback *cb,
			      struct ctnet_dev *ctd)
{
	return ctnet_nl_dump_members(skb, cb, ctd, CTNET_ID_SELF + 1,
				     CTNET_ID_PORT_MAX, CTNET_CMD_PORT_GET,
				     ctnet_nl_fill_port);
}

static int ctnet_nl_dump_peer(struct sk_buff *skb, struct netlink_callback *cb,
			      struct ctnet_dev *ctd)
{
	return ctnet_nl_dump_members(skb, cb, ctd, CTNET_ID_PORT_MAX + 1,
				     U32_MAX, CTNET_CMD_PEER_GET,
				     ctnet_nl_fill_peer);
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

/* There are few sockets: the dump resumes by their count. */
int ctnet_nl_vteps_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ctnet_ns *ns = ctnet_ns(sock_net(skb->sk));
	struct ctnet_dump *at = ctnet_nl_dump_of(cb);
	struct ctnet_sock *sock;
	unsigned long n = 0;
	int err = 0;

	rtnl_lock();
	cb->seq = ctnet_nl_dump_seq(ns, cb, false);
	list_for_each_entry(sock, &ns->socks, list) {
		if (n++ < at->id)
			continue;
		err = ctnet_nl_dump_one(skb, cb, CTNET_CMD_VTEP_GET,
					ctnet_nl_fill_vtep, sock);
		if (err)
			break;
		at->id = n;
	}
	rtnl_unlock();
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}
