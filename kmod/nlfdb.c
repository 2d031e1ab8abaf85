// SPDX-License-Identifier: GPL-2.0
/* Commands for the table's entries. They run under RTNL. */
#include "ctnet.h"
#include "fdb.h"
#include "fdbip.h"
#include "fdbwalk.h"
#include "host.h"
#include "netlink.h"
#include "nlfdb.h"
#include "nlmsg.h"
#include "peer.h"

/*
 * The destination of an entry: the port, the peer or the host that the attributes name. At most
 * one may be named; NULL if none is. RTNL.
 */
static struct ctnet_vport *ctnet_nl_fdb_dst(struct genl_info *info,
					    struct ctnet_dev *ctd)
{
	struct nlattr *attr_port = info->attrs[CTNET_A_FDB_PORT];
	struct nlattr *attr_peer = info->attrs[CTNET_A_FDB_PEER];
	bool self = info->attrs[CTNET_A_FDB_SELF];
	struct ctnet_peer *peer;

	if (!!attr_port + !!attr_peer + self > 1) {
		GENL_SET_ERR_MSG(info, "A MAC has one destination: give a port, a peer or the host");
		return ERR_PTR(-EINVAL);
	}
	if (attr_port) {
		struct ctnet_vport *vport = NULL;

		if (nla_get_u32(attr_port) <= CTNET_ID_PORT_MAX)
			vport = xa_load(&ctd->members, nla_get_u32(attr_port));
		if (!vport || vport->kind != CTNET_VPORT_PORT) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr_port,
					    "The network has no port with this interface index");
			return ERR_PTR(-ENOENT);
		}
		return vport;
	}
	if (attr_peer) {
		peer = ctnet_nl_get_peer(info, ctd, attr_peer);
		return IS_ERR(peer) ? ERR_CAST(peer) : &peer->vport;
	}
	return self ? &ctd->self : NULL;
}

static const u8 *ctnet_nl_fdb_mac(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CTNET_A_FDB_MAC];

	if (GENL_REQ_ATTR_CHECK(info, CTNET_A_FDB_MAC)) {
		GENL_SET_ERR_MSG(info, "No MAC is named");
		return ERR_PTR(-EINVAL);
	}
	if (!is_valid_ether_addr(nla_data(attr))) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "Invalid MAC: not a unicast address");
		return ERR_PTR(-EINVAL);
	}
	return nla_data(attr);
}

/* Gets all IP addresses of a request. Returns how many, or an error. */
static int ctnet_nl_fdb_ips(struct genl_info *info, struct in6_addr **ips)
{
	unsigned int i, n = 0;
	struct nlattr *attr;
	int rem, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(attr) == CTNET_A_FDB_IP;
	if (!n)
		return 0;
	if (n > CTNET_FDB_IPS_MAX) {
		GENL_SET_ERR_MSG(info, "Too many IP addresses: an entry has 128 at most");
		return -E2BIG;
	}
	*ips = kcalloc(n, sizeof(**ips), GFP_KERNEL);
	if (!*ips)
		return -ENOMEM;
	n = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		struct in6_addr *ip = &(*ips)[n];

		if (nla_type(attr) != CTNET_A_FDB_IP)
			continue;
		err = ctnet_nl_get_addr(attr, ip, info->extack);
		for (i = 0; !err && i < n; i++) {
			if (ipv6_addr_equal(&(*ips)[i], ip)) {
				NL_SET_ERR_MSG_ATTR(info->extack, attr,
						    "The same IP address is named twice");
				err = -EINVAL;
			}
		}
		if (!err && (ipv6_addr_any(ip) || ipv6_addr_is_multicast(ip) ||
			     (ipv6_addr_v4mapped(ip) &&
			      (ipv4_is_zeronet(ip->s6_addr32[3]) ||
			       ipv4_is_multicast(ip->s6_addr32[3]) ||
			       ipv4_is_lbcast(ip->s6_addr32[3]))))) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "Invalid IP address: not a unicast address");
			err = -EINVAL;
		}
		if (err) {
			kfree(*ips);
			return err;
		}
		n++;
	}
	return n;
}

/* Sets the bad attribute to the address that another entry has. */
static void ctnet_nl_blame_ip(struct genl_info *info, struct ctnet_dev *ctd,
			      const u8 *mac)
{
	u64 key = ether_addr_to_u64(mac);
	struct in6_addr addr;
	struct nlattr *attr;
	int rem;

	rcu_read_lock();
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		struct ctnet_fdb *fdb;

		if (nla_type(attr) != CTNET_A_FDB_IP ||
		    ctnet_nl_get_addr(attr, &addr, NULL))
			continue;
		fdb = ctnet_fdb_find_ip(ctd, &addr);
		if (fdb && fdb->mac != key) {
			NL_SET_BAD_ATTR(info->extack, attr);
			break;
		}
	}
	rcu_read_unlock();
}

static int ctnet_nl_fdb_enter(struct genl_info *info, bool replace)
{
	struct ctnet_dev *ctd = ctnet_nl_get_net(info, CTNET_A_FDB_NET);
	struct in6_addr *ips = NULL;
	struct ctnet_vport *vport;
	const u8 *mac;
	int n, err;

	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	mac = ctnet_nl_fdb_mac(info);
	if (IS_ERR(mac))
		return PTR_ERR(mac);
	vport = ctnet_nl_fdb_dst(info, ctd);
	if (IS_ERR(vport))
		return PTR_ERR(vport);
	if (!vport) {
		GENL_SET_ERR_MSG(info, "No destination given: a port, a peer or the host is needed");
		return -EINVAL;
	}
	n = ctnet_nl_fdb_ips(info, &ips);
	if (n < 0)
		return n;
	err = ctnet_fdb_set(vport, mac, 0, ips, n, replace, info->extack);
	if (err == -EEXIST)
		NL_SET_BAD_ATTR(info->extack, info->attrs[CTNET_A_FDB_MAC]);
	else if (err == -EADDRINUSE)
		ctnet_nl_blame_ip(info, ctd, mac);
	kfree(ips);
	return err;
}

int ctnet_nl_fdb_add(struct sk_buff *skb, struct genl_info *info)
{
	return ctnet_nl_fdb_enter(info, false);
}

int ctnet_nl_fdb_set(struct sk_buff *skb, struct genl_info *info)
{
	return ctnet_nl_fdb_enter(info, true);
}

int ctnet_nl_fdb_del(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_dev *ctd = ctnet_nl_get_net(info, CTNET_A_FDB_NET);
	struct ctnet_fdb *fdb;
	const u8 *mac;
	int err = 0;

	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	mac = ctnet_nl_fdb_mac(info);
	if (IS_ERR(mac))
		return PTR_ERR(mac);
	rcu_read_lock();
	fdb = ctnet_fdb_find(ctd, mac);
	if (fdb && (fdb->flags & CTNET_FDB_LOCAL)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CTNET_A_FDB_MAC],
				    "The MAC is the network device's own, a port's or that of another device of the host: change the MAC of that device instead");
		err = -EPERM;
	} else if (!fdb || !ctnet_fdb_del(ctd, fdb)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CTNET_A_FDB_MAC],
				    "The network has no entry with this MAC");
		err = -ENOENT;
	}
	rcu_read_unlock();
	ctnet_host_retry(ctd);
	return err;
}

int ctnet_nl_fdb_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_dev *ctd = ctnet_nl_get_net(info, CTNET_A_FDB_NET);
	struct ctnet_fdb *fdb;
	struct sk_buff *msg;
	const u8 *mac;
	int i, err;

	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	for (i = CTNET_A_FDB_PORT; i <= CTNET_A_FDB_STATIC; i++) {
		if (info->attrs[i]) {
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[i],
					    "An entry is asked for by its MAC alone: other attributes are for dumps");
			return -EINVAL;
		}
	}
	mac = ctnet_nl_fdb_mac(info);
	if (IS_ERR(mac))
		return PTR_ERR(mac);
	/* A learned entry may be removed at any time: it is only used under RCU. */
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	fdb = ctnet_fdb_find(ctd, mac);
	if (fdb)
		err = ctnet_nl_put_msg(msg, info->snd_portid, info->snd_seq, 0,
				       NULL, CTNET_CMD_FDB_GET,
				       ctnet_nl_fill_fdb, fdb, true);
	else
		err = -ENOENT;
	rcu_read_unlock();
	if (!err)
		return genlmsg_reply(msg, info);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CTNET_A_FDB_MAC],
				    "The network has no entry with this MAC");
	nlmsg_free(msg);
	return err;
}

int ctnet_nl_fdb_flush(struct sk_buff *skb, struct genl_info *info)
{
	struct ctnet_dev *ctd = ctnet_nl_get_net(info, CTNET_A_FDB_NET);
	struct ctnet_vport *vport;

	if (IS_ERR(ctd))
		return PTR_ERR(ctd);
	vport = ctnet_nl_fdb_dst(info, ctd);
	if (IS_ERR(vport))
		return PTR_ERR(vport);
	ctnet_fdb_flush(ctd, vport, info->attrs[CTNET_A_FDB_LEARNED]);
	ctnet_host_retry(ctd);
	return 0;
}
