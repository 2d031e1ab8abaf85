// SPDX-License-Identifier: GPL-2.0
/*
 * The table in rtnetlink, for `bridge fdb`:
 *
 *	bridge fdb add|replace MAC dev NET dst PEER	an entry at a peer
 *	bridge fdb add|replace MAC dev NET via PORT	an entry at a port
 *	bridge fdb add|replace MAC dev NET		an entry of the host's own
 *	bridge fdb append 00:00:00:00:00:00 dev NET dst PEER	a peer, as vxlan has it
 *	bridge fdb del MAC dev NET [dst PEER], bridge fdb show [dev NET]
 *
 * It has no IP addresses: a MAC keeps those that it has.
 *
 * Context of all: RTNL.
 */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "ctnet.h"
#include "fdb.h"
#include "host.h"
#include "nlmsg.h"
#include "peer.h"
#include "rtfdb.h"
#include "vtep.h"

static int ctnet_rtfdb_addr(const struct nlattr *attr, struct in6_addr *addr,
			    struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(struct in_addr)) {
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), addr);
		return 0;
	}
	if (nla_len(attr) == sizeof(struct in6_addr)) {
		*addr = nla_get_in6_addr(attr);
		if (!ipv6_addr_v4mapped(addr))
			return 0;
	}
	NL_SET_ERR_MSG_ATTR(extack, attr, "Invalid IP address");
	return -EINVAL;
}

/* Refuses what is not supported, rather than ignoring it. */
static int ctnet_rtfdb_check(const struct ndmsg *ndm, struct nlattr *tb[],
			     const u8 *mac, u16 vid,
			     struct netlink_ext_ack *extack)
{
	if (vid || tb[NDA_VLAN]) {
		NL_SET_ERR_MSG(extack, "The table is keyed by MAC alone: a VLAN is not supported");
		return -EINVAL;
	}
	if (tb[NDA_VNI] || tb[NDA_SRC_VNI] || tb[NDA_NH_ID]) {
		NL_SET_ERR_MSG(extack, "Entries have no VNI or nexthop: a network has one VNI");
		return -EINVAL;
	}
	/* rtnetlink does not check these lengths. */
	if ((tb[NDA_IFINDEX] && nla_len(tb[NDA_IFINDEX]) != sizeof(u32)) ||
	    (tb[NDA_PORT] && (nla_len(tb[NDA_PORT]) != sizeof(__be16) ||
			      !nla_get_be16(tb[NDA_PORT])))) {
		NL_SET_ERR_MSG(extack, "Invalid interface index or UDP port");
		return -EINVAL;
	}
	if (tb[NDA_DST] && tb[NDA_IFINDEX]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_IFINDEX],
				    "Give a peer (dst) or a port (via), not both");
		return -EINVAL;
	}
	/* With the MAC zero it is the peer's. */
	if (tb[NDA_PORT] && !is_zero_ether_addr(mac)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_PORT],
				    "A UDP port can only be given to a peer (MAC zero)");
		return -EINVAL;
	}
	if (ndm->ndm_flags & ~NTF_SELF) {
		NL_SET_ERR_MSG(extack, "Invalid flags: only \"self\" is supported");
		return -EINVAL;
	}
	return 0;
}

static struct ctnet_vport *ctnet_rtfdb_dst(struct ctnet_dev *ctd,
					   struct nlattr *tb[],
					   struct netlink_ext_ack *extack)
{
	struct ctnet_peer *peer;
	struct in6_addr addr;
	struct ctnet_vport *vport;
	int err;

	if (tb[NDA_DST]) {
		err = ctnet_rtfdb_addr(tb[NDA_DST], &addr, extack);
		if (err)
			return ERR_PTR(err);
		peer = ctnet_peer_find(ctd, &addr);
		if (!peer) {
			NL_SET_ERR_MSG_ATTR(extack, tb[NDA_DST],
					    "The network has no peer with this address");
			return ERR_PTR(-ENOENT);
		}
		return &peer->vport;
	}
	if (!tb[NDA_IFINDEX])
		return &ctd->self;
	vport = nla_get_u32(tb[NDA_IFINDEX]) > CTNET_ID_PORT_MAX ? NULL :
	      xa_load(&ctd->members, nla_get_u32(tb[NDA_IFINDEX]));
	if (!vport || vport->kind != CTNET_VPORT_PORT) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_IFINDEX],
				    "The device is not a port of this network");
		return ERR_PTR(-ENOENT);
	}
	return vport;
}

/* An entry with the MAC zero is a peer, as in vxlan. */
static int ctnet_rtfdb_peer(struct ctnet_dev *ctd, struct nlattr *tb[], bool add,
			    struct netlink_ext_ack *extack)
{
	struct ctnet_peer *peer;
	struct in6_addr addr;
	int err;

	if (!tb[NDA_DST]) {
		NL_SET_ERR_MSG(extack, "The MAC zero stands for a peer: give its address (dst)");
		return -EINVAL;
	}
	err = ctnet_rtfdb_addr(tb[NDA_DST], &addr, extack);
	if (err)
		return err;
	if (add) {
		err = ctnet_peer_add(ctd, &addr, tb[NDA_PORT] ?
				     nla_get_be16(tb[NDA_PORT]) : 0, extack);
		if (err && err != -ENOMEM)
			NL_SET_BAD_ATTR(extack, tb[NDA_DST]);
		return err;
	}
	peer = ctnet_peer_find(ctd, &addr);
	if (!peer) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_DST],
				    "The network has no peer with this address");
		return -ENOENT;
	}
	if (tb[NDA_PORT] && nla_get_be16(tb[NDA_PORT]) !=
	    (peer->dstport ?: rtnl_dereference(ctd->vtep)->port)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NDA_PORT],
				    "The peer has another UDP port");
		return -ENOENT;
	}
	ctnet_peer_del(peer);
	return 0;
}

/**
 * ctnet_rtfdb_add() - ndo_fdb_add
 * @ndm: header of the request
 * @tb: its attributes
 * @dev: the network
 * @addr: the MAC
 * @vid: VLAN, refused
 * @flags: NLM_F_*
 * @extack: says why not
 *
 * Return: 0 or an error, which has changed nothing.
 */
int ctnet_rtfdb_add(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    u16 flags, CTNET_NOTIFIED_PARAM
		    struct netlink_ext_ack *extack)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	struct ctnet_vport *vport;
	int err;

	err = ctnet_rtfdb_check(ndm, tb, addr, vid, extack);
	if (err)
		return err;
	if (!(ndm->ndm_state & (NUD_PERMANENT | NUD_NOARP))) {
		NL_SET_ERR_MSG(extack, "Only static entries can be added");
		return -EINVAL;
	}
	if (is_zero_ether_addr(addr)) {
		ctnet_set_notified();
		return ctnet_rtfdb_peer(ctd, tb, true, extack);
	}
	if (!is_valid_ether_addr(addr)) {
		NL_SET_ERR_MSG(extack, "Invalid MAC: not a unicast address");
		return -EINVAL;
	}
	if (flags & NLM_F_APPEND) {
		NL_SET_ERR_MSG(extack, "A MAC has one destination: use add or replace");
		return -EINVAL;
	}
	vport = ctnet_rtfdb_dst(ctd, tb, extack);
	if (IS_ERR(vport))
		return PTR_ERR(vport);
	ctnet_set_notified();
	return ctnet_fdb_set(vport, addr, 0, NULL, CTNET_FDB_KEEP_IPS,
			     flags & NLM_F_REPLACE, extack);
}

/**
 * ctnet_rtfdb_del() - ndo_fdb_del
 * @ndm: header of the request
 * @tb: its attributes
 * @dev: the network
 * @addr: the MAC
 * @vid: VLAN, refused
 * @extack: says why not
 *
 * Return: 0 or an error, which has changed nothing.
 */
int ctnet_rtfdb_del(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    CTNET_NOTIFIED_PARAM struct netlink_ext_ack *extack)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	struct ctnet_vport *vport = NULL;
	struct ctnet_fdb *fdb;
	int err;

	err = ctnet_rtfdb_check(ndm, tb, addr, vid, extack);
	if (err)
		return err;
	ctnet_set_notified();
	if (is_zero_ether_addr(addr))
		return ctnet_rtfdb_peer(ctd, tb, false, extack);
	if (tb[NDA_DST] || tb[NDA_IFINDEX]) {
		vport = ctnet_rtfdb_dst(ctd, tb, extack);
		if (IS_ERR(vport))
			return PTR_ERR(vport);
	}
	rcu_read_lock();
	fdb = ctnet_fdb_find(ctd, addr);
	if (!fdb || (vport && rcu_access_pointer(fdb->vport) != vport)) {
		NL_SET_ERR_MSG(extack, "The network has no such entry");
		err = -ENOENT;
	} else if (fdb->flags & CTNET_FDB_LOCAL) {
		NL_SET_ERR_MSG(extack, "The MAC is the network device's own, a port's or that of another device of the host: change the MAC of that device instead");
		err = -EPERM;
	} else if (!ctnet_fdb_del(ctd, fdb)) {
		err = -ENOENT;
	}
	rcu_read_unlock();
	ctnet_host_retry(ctd);
	return err;
}

/*
 * Puts one entry, or a peer if @mac is NULL: part of the dump @cb, or, if that is NULL, an event
 * of @type. Under RCU.
 */
static int ctnet_rtfdb_fill(struct sk_buff *skb, struct netlink_callback *cb,
			    int type, const struct ctnet_dev *ctd, const u8 *mac,
			    struct ctnet_vport *vport, bool is_static,
			    unsigned long age)
{
	struct nda_cacheinfo ci = {
		.ndm_used = jiffies_to_clock_t(age),
		.ndm_updated = jiffies_to_clock_t(age),
	};
	static const u8 zero[ETH_ALEN];
	struct nlmsghdr *nlh;
	struct ndmsg *ndm;

	nlh = nlmsg_put(skb, cb ? NETLINK_CB(cb->skb).portid : 0,
			cb ? cb->nlh->nlmsg_seq : 0, type, sizeof(*ndm),
			cb ? NLM_F_MULTI : 0);
	if (!nlh)
		return -EMSGSIZE;
	ndm = nlmsg_data(nlh);
	*ndm = (struct ndmsg) {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = ctd->dev->ifindex,
		.ndm_flags = NTF_SELF,
		.ndm_state = is_static ? NUD_PERMANENT : NUD_REACHABLE,
		.ndm_type = RTN_UNICAST,
	};
	if (nla_put(skb, NDA_LLADDR, ETH_ALEN, mac ?: zero))
		goto cancel;
	if (vport->kind == CTNET_VPORT_PORT &&
	    nla_put_u32(skb, NDA_IFINDEX, vport->id))
		goto cancel;
	if (vport->kind == CTNET_VPORT_PEER) {
		const struct ctnet_peer *peer = ctnet_vport_peer(vport);

		if (ctnet_nl_put_addr(skb, NDA_DST, &peer->addr) ||
		    (!mac && peer->dstport &&
		     nla_put_be16(skb, NDA_PORT, peer->dstport)))
			goto cancel;
	}
	if (nla_put(skb, NDA_CACHEINFO, sizeof(ci), &ci))
		goto cancel;
	nlmsg_end(skb, nlh);
	return 0;

cancel:
	nlmsg_cancel(skb, nlh);
	return -EMSGSIZE;
}

/**
 * ctnet_rtfdb_tell() - send an event of an entry, for "bridge monitor fdb"
 * @ctd: the network
 * @mac: the MAC; NULL for a peer, as vxlan has it
 * @vport: what it points to, or pointed to
 * @is_static: whether it is static
 * @type: RTM_NEWNEIGH or RTM_DELNEIGH
 *
 * Context: under RCU; may be atomic.
 */
void ctnet_rtfdb_tell(const struct ctnet_dev *ctd, const u8 *mac,
		      struct ctnet_vport *vport, bool is_static, int type)
{
	struct net *net = dev_net(ctd->dev);
	struct sk_buff *skb;

	if (!rtnl_has_listeners(net, RTNLGRP_NEIGH))
		return;
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (skb && !ctnet_rtfdb_fill(skb, NULL, type, ctd, mac, vport, is_static, 0)) {
		rtnl_notify(skb, net, 0, RTNLGRP_NEIGH, NULL, GFP_ATOMIC);
		return;
	}
	kfree_skb(skb);
	rtnl_set_sk_err(net, RTNLGRP_NEIGH, -ENOBUFS);
}

/**
 * ctnet_rtfdb_dump() - ndo_fdb_dump
 * @skb: where to
 * @cb: of the dump
 * @dev: the network
 * @filter_dev: unused, as the device is named already
 * @idx: counts entries, for the dump to resume
 *
 * Return: 0 or -EMSGSIZE.
 */
int ctnet_rtfdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     struct net_device *dev, struct net_device *filter_dev,
		     int *idx)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	unsigned long id;
	struct ctnet_vport *vport;
	struct ctnet_fdb *fdb;
	u8 mac[ETH_ALEN];
	int err = 0;

	rcu_read_lock();
	xa_for_each_start(&ctd->members, id, vport, CTNET_ID_PORT_MAX + 1UL) {
		if (*idx >= ctnet_fdb_dumped(cb)) {
			err = ctnet_rtfdb_fill(skb, cb, RTM_NEWNEIGH, ctd, NULL,
					       vport, true, 0);
			if (err)
				goto out;
		}
		++*idx;
	}
	xa_for_each(&ctd->fdb_ids, id, fdb) {
		if (*idx >= ctnet_fdb_dumped(cb)) {
			u64_to_ether_addr(fdb->mac, mac);
			err = ctnet_rtfdb_fill(skb, cb, RTM_NEWNEIGH, ctd, mac,
					       rcu_dereference(fdb->vport),
					       fdb->flags & CTNET_FDB_STATIC,
					       fdb->flags & CTNET_FDB_STATIC ? 0 :
					       ctnet_fdb_unseen(fdb));
			if (err)
				goto out;
		}
		++*idx;
	}
out:
	rcu_read_unlock();
	return err;
}
