// SPDX-License-Identifier: GPL-2.0
/* Objects in messages, and events. */
#include "ctnet.h"
#include "fdb.h"
#include "native.h"
#include "netlink.h"
#include "nlmsg.h"
#include "peer.h"
#include "port.h"
#include "rtfdb.h"
#include "sock.h"
#include "stats.h"
#include "vtep.h"

/* Events of the fdb that are sent in a second; further ones are counted. */
#define CTNET_EVENTS_PER_SECOND	4096

/* Miss events of these that one port or peer may cause, so that others are seen, too. */
#define CTNET_MISSES_PER_SECOND	256

/**
 * ctnet_nl_get_addr() - an IP address of a request
 * @attr: the attribute, of 4 to 16 bytes by its policy
 * @addr: set to the address; IPv4 as v4-mapped
 * @extack: says why not
 *
 * Return: 0 or -EINVAL.
 */
int ctnet_nl_get_addr(const struct nlattr *attr, struct in6_addr *addr,
		      struct netlink_ext_ack *extack)
{
	switch (nla_len(attr)) {
	case sizeof(__be32):
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), addr);
		return 0;
	case sizeof(struct in6_addr):
		*addr = nla_get_in6_addr(attr);
		if (!ipv6_addr_v4mapped(addr))
			return 0;
	}
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "Invalid IP address: 4 bytes (IPv4) or 16 bytes (IPv6, not v4-mapped)");
	return -EINVAL;
}

/**
 * ctnet_nl_put_addr() - put an IP address into a message
 * @msg: the message
 * @type: attribute type
 * @addr: the address; a v4-mapped one becomes 4 bytes
 *
 * Return: 0 or -EMSGSIZE.
 */
int ctnet_nl_put_addr(struct sk_buff *msg, int type, const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return nla_put_in_addr(msg, type, addr->s6_addr32[3]);
	return nla_put_in6_addr(msg, type, addr);
}

/*
 * A device's name is changed in place, under RTNL. Dumps do not hold that, so what they read may
 * have no end.
 */
static int ctnet_nl_put_name(struct sk_buff *msg, int type,
			     const struct net_device *dev)
{
	char name[IFNAMSIZ];

	strscpy(name, dev->name, sizeof(name));
	return nla_put_string(msg, type, name);
}

static int ctnet_nl_fill_tunnel(struct sk_buff *msg,
				const struct ctnet_vtep *vtep)
{
	if (nla_put_u32(msg, CTNET_A_NET_VNI, vtep->vni) ||
	    (!ipv6_addr_any(&vtep->local[CTNET_V4]) &&
	     ctnet_nl_put_addr(msg, CTNET_A_NET_LOCAL, &vtep->local[CTNET_V4])) ||
	    (!ipv6_addr_any(&vtep->local[CTNET_V6]) &&
	     ctnet_nl_put_addr(msg, CTNET_A_NET_LOCAL6, &vtep->local[CTNET_V6])) ||
	    nla_put_u16(msg, CTNET_A_NET_DSTPORT, ntohs(vtep->port)) ||
	    (vtep->underlay &&
	     nla_put_u32(msg, CTNET_A_NET_UNDERLAY, vtep->underlay)) ||
	    nla_put_u16(msg, CTNET_A_NET_TTL, vtep->ttl) ||
	    nla_put_u16(msg, CTNET_A_NET_TOS, vtep->tos) ||
	    nla_put_u8(msg, CTNET_A_NET_DF, vtep->df) ||
	    nla_put_u8(msg, CTNET_A_NET_UDP_CSUM, vtep->udp_csum) ||
	    nla_put_u32(msg, CTNET_A_NET_MARK, vtep->mark))
		return -EMSGSIZE;
	return 0;
}

/**
 * ctnet_nl_fill_net() - put a network (&struct ctnet_dev) into a message
 * @msg: the message
 * @obj: the object
 * @stats: with its counters
 *
 * Context: RTNL or RCU. Return: 0 or -EMSGSIZE.
 */
int ctnet_nl_fill_net(struct sk_buff *msg, const void *obj, bool stats)
{
	const struct ctnet_dev *ctd = obj;
	u32 n_static = READ_ONCE(ctd->n_static) - READ_ONCE(ctd->n_host);
	const struct ctnet_vtep *vtep;
	int err = 0;

	if (nla_put_u32(msg, CTNET_A_NET_IFINDEX, ctd->dev->ifindex) ||
	    ctnet_nl_put_name(msg, CTNET_A_NET_IFNAME, ctd->dev) ||
	    nla_put_u32(msg, CTNET_A_NET_MTU, READ_ONCE(ctd->dev->mtu)) ||
	    nla_put_u8(msg, CTNET_A_NET_LEARNING, READ_ONCE(ctd->learning)) ||
	    nla_put_u32(msg, CTNET_A_NET_AGEING, READ_ONCE(ctd->ageing) / HZ) ||
	    nla_put_u8(msg, CTNET_A_NET_FLOOD, READ_ONCE(ctd->flood)) ||
	    nla_put_u32(msg, CTNET_A_NET_MAX_FDB, READ_ONCE(ctd->max_fdb)) ||
	    nla_put_u8(msg, CTNET_A_NET_SUPPRESS, READ_ONCE(ctd->suppress)) ||
	    nla_put_u8(msg, CTNET_A_NET_MTU_AUTO, !READ_ONCE(ctd->mtu_set)) ||
	    nla_put_u32(msg, CTNET_A_NET_PORTS, READ_ONCE(ctd->n_ports)) ||
	    nla_put_u32(msg, CTNET_A_NET_PEERS, READ_ONCE(ctd->n_peers)) ||
	    nla_put_u32(msg, CTNET_A_NET_FDB_STATIC, n_static) ||
	    nla_put_u32(msg, CTNET_A_NET_FDB_LEARNED, READ_ONCE(ctd->n_learned)))
		return -EMSGSIZE;

	rcu_read_lock();
	vtep = rcu_dereference(ctd->vtep);
	if (vtep)
		err = ctnet_nl_fill_tunnel(msg, vtep);
	rcu_read_unlock();
	if (!err && stats)
		err = ctnet_stats_put(msg, CTNET_A_NET_STATS, ctd->dev->tstats) ?:
		      ctnet_drops_put(msg, CTNET_A_NET_DROPS, ctd->drops);
	return err;
}

/**
 * ctnet_nl_fill_port() - put a port (its &struct ctnet_vport) into a message
 * @msg: the message
 * @obj: the object
 * @stats: with its counters
 *
 * Context: RTNL or RCU. Return: 0 or -EMSGSIZE.
 */
int ctnet_nl_fill_port(struct sk_buff *msg, const void *obj, bool stats)
{
	const struct ctnet_vport *vport = obj;
	const struct ctnet_port *port = container_of(vport, struct ctnet_port, vport);
	const struct nla_bitfield32 flags = {
		.value = READ_ONCE(vport->flags),
		.selector = CTNET_PORT_FLAGS_ALL,
	};

	if (nla_put_u32(msg, CTNET_A_PORT_NET, vport->ctd->dev->ifindex) ||
	    nla_put_u32(msg, CTNET_A_PORT_DEV, vport->id) ||
	    (port->native ? ctnet_native_fill(msg, port) :
	     ctnet_nl_put_name(msg, CTNET_A_PORT_DEVNAME, port->dev)) ||
	    nla_put(msg, CTNET_A_PORT_FLAGS, sizeof(flags), &flags))
		return -EMSGSIZE;
	return stats ? ctnet_stats_put(msg, CTNET_A_PORT_STATS,
				       &port->vport.cpu->stats) : 0;
}

/**
 * ctnet_nl_fill_peer() - put a peer (its &struct ctnet_vport) into a message
 * @msg: the message
 * @obj: the object
 * @stats: with its counters
 *
 * Context: RTNL or RCU. Return: 0 or -EMSGSIZE.
 */
int ctnet_nl_fill_peer(struct sk_buff *msg, const void *obj, bool stats)
{
	const struct ctnet_vport *vport = obj;
	const struct ctnet_peer *peer = container_of(vport, struct ctnet_peer, vport);

	if (nla_put_u32(msg, CTNET_A_PEER_NET, vport->ctd->dev->ifindex) ||
	    ctnet_nl_put_addr(msg, CTNET_A_PEER_ADDR, &peer->addr) ||
	    (peer->dstport && nla_put_u16(msg, CTNET_A_PEER_DSTPORT,
					  ntohs(peer->dstport))))
		return -EMSGSIZE;
	return stats ? ctnet_stats_put(msg, CTNET_A_PEER_STATS,
				       &peer->vport.cpu->stats) : 0;
}

/**
 * ctnet_nl_fill_fdb() - put an entry (&struct ctnet_fdb), which has no counters, into a message
 * @msg: the message
 * @obj: the object
 * @stats: with its counters
 *
 * Context: RCU. Return: 0 or -EMSGSIZE.
 */
int ctnet_nl_fill_fdb(struct sk_buff *msg, const void *obj, bool stats)
{
	const struct ctnet_fdb *fdb = obj;
	struct ctnet_vport *vport = rcu_dereference(fdb->vport);
	const struct ctnet_fdb_ips *ips = READ_ONCE(fdb->ips);
	unsigned int i, n = 0;
	u8 mac[ETH_ALEN];
	int err = 0;

	if (ips) {
		/* One that was claimed is there before it is counted. */
		n = smp_load_acquire(&ips->n);
	}
	u64_to_ether_addr(fdb->mac, mac);
	if (nla_put_u32(msg, CTNET_A_FDB_NET, vport->ctd->dev->ifindex) ||
	    nla_put(msg, CTNET_A_FDB_MAC, ETH_ALEN, mac))
		return -EMSGSIZE;

	switch (vport->kind) {
	case CTNET_VPORT_SELF:
		err = nla_put_flag(msg, CTNET_A_FDB_SELF);
		break;
	case CTNET_VPORT_PORT:
		err = nla_put_u32(msg, CTNET_A_FDB_PORT, vport->id);
		break;
	case CTNET_VPORT_PEER:
		err = ctnet_nl_put_addr(msg, CTNET_A_FDB_PEER,
					&ctnet_vport_peer(vport)->addr);
		break;
	}
	if (err)
		return err;
	if (fdb->flags & CTNET_FDB_STATIC)
		err = nla_put_flag(msg, CTNET_A_FDB_STATIC);
	else
		err = nla_put_u32(msg, CTNET_A_FDB_AGE,
				  jiffies_to_msecs(ctnet_fdb_unseen(fdb)));
	if (!err && fdb->flags & CTNET_FDB_LOCAL)
		err = nla_put_flag(msg, CTNET_A_FDB_LOCAL);
	for (i = 0; !err && i < n; i++)
		if (READ_ONCE(ips->ip[i].fdb))
			err = ctnet_nl_put_addr(msg, i < ips->named ?
						CTNET_A_FDB_IP :
						CTNET_A_FDB_CLAIMED,
						&ips->ip[i].addr);
	return err;
}

/**
 * ctnet_nl_fill_vtep() - put a socket (&struct ctnet_sock), always with counters, into a message
 * @msg: the message
 * @obj: the object
 * @stats: with its counters
 *
 * Context: RTNL. Return: 0 or -EMSGSIZE.
 */
int ctnet_nl_fill_vtep(struct sk_buff *msg, const void *obj, bool stats)
{
	const struct ctnet_sock *sock = obj;

	if (nla_put_u16(msg, CTNET_A_VTEP_DSTPORT, ntohs(sock->port)) ||
	    nla_put_u16(msg, CTNET_A_VTEP_FAMILY,
			sock->family == CTNET_V4 ? AF_INET : AF_INET6) ||
	    (sock->underlay &&
	     nla_put_u32(msg, CTNET_A_VTEP_UNDERLAY, sock->underlay)) ||
	    nla_put_u32(msg, CTNET_A_VTEP_NETS, sock->refs))
		return -EMSGSIZE;
	return ctnet_drops_put(msg, CTNET_A_VTEP_DROPS, sock->drops);
}

/**
 * ctnet_nl_put_msg() - put one message about one object
 * @msg: the buffer
 * @portid: of the receiver; 0 for an event
 * @seq: of the request; 0 for an event
 * @flags: NLM_F_*
 * @cb: of the dump that it is part of, or NULL
 * @cmd: the command
 * @fill: puts the attributes
 * @obj: the object
 * @stats: with its counters
 *
 * Context: as @fill. Return: 0, or -EMSGSIZE with the buffer as it was.
 */
int ctnet_nl_put_msg(struct sk_buff *msg, u32 portid, u32 seq, int flags,
		     struct netlink_callback *cb, enum ctnet_cmd cmd,
		     ctnet_fill_t fill, const void *obj, bool stats)
{
	void *hdr;

	hdr = genlmsg_put(msg, portid, seq, &ctnet_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (fill(msg, obj, stats)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

/* Sends an event to the namespace's listeners, if there are any. */
static void ctnet_nl_notify(struct net *net, enum ctnet_cmd cmd,
			    ctnet_fill_t fill, const void *obj, gfp_t gfp)
{
	struct sk_buff *msg;

	if (!genl_has_listeners(&ctnet_family, net, 0))
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, gfp);
	if (msg && ctnet_nl_put_msg(msg, 0, 0, 0, NULL, cmd, fill, obj, false)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	if (!msg) {
		/* As with a full receive buffer, so that listeners know that they missed some. */
		genl_set_err(&ctnet_family, net, 0, 0, -ENOBUFS);
		return;
	}
	genlmsg_multicast_netns(&ctnet_family, net, msg, 0, 0, gfp);
}

/**
 * ctnet_nl_net_event() - send an event: a network was made, changed or deleted
 * @ctd: the network
 * @cmd: which of these
 *
 * Context: RTNL.
 */
void ctnet_nl_net_event(struct ctnet_dev *ctd, enum ctnet_cmd cmd)
{
	struct net *net = dev_net(ctd->dev);

	atomic_inc(&ctnet_ns(net)->seq);
	ctnet_nl_notify(net, cmd, ctnet_nl_fill_net, ctd, GFP_KERNEL);
}

/**
 * ctnet_nl_port_event() - send an event: a port was attached, changed or detached
 * @port: the port
 * @cmd: which of these
 *
 * Context: RTNL.
 */
void ctnet_nl_port_event(struct ctnet_port *port, enum ctnet_cmd cmd)
{
	struct net *n = dev_net(port->vport.ctd->dev);

	atomic_inc(&ctnet_ns(n)->seq);
	ctnet_nl_notify(n, cmd, ctnet_nl_fill_port, &port->vport, GFP_KERNEL);
}

/**
 * ctnet_nl_peer_event() - send an event: a peer was added or removed
 * @peer: the peer
 * @cmd: which of these
 *
 * Context: RTNL.
 */
void ctnet_nl_peer_event(struct ctnet_peer *peer, enum ctnet_cmd cmd)
{
	struct net *n = dev_net(peer->vport.ctd->dev);

	atomic_inc(&ctnet_ns(n)->seq);
	ctnet_nl_notify(n, cmd, ctnet_nl_fill_peer, &peer->vport, GFP_KERNEL);
	rcu_read_lock();
	ctnet_rtfdb_tell(peer->vport.ctd, NULL, &peer->vport, true,
			 cmd == CTNET_CMD_PEER_DEL_NTF ? RTM_DELNEIGH :
			 RTM_NEWNEIGH);
	rcu_read_unlock();
}

static int ctnet_nl_fill_lost(struct sk_buff *msg, const void *obj, bool stats)
{
	return nla_put_u32(msg, CTNET_A_LOST_COUNT, *(const unsigned int *)obj);
}

static void ctnet_nl_tell_lost(struct work_struct *work)
{
	struct ctnet_ns *ns = container_of(to_delayed_work(work),
					   struct ctnet_ns, event_work);
	unsigned int lost;

	spin_lock_bh(&ns->event_lock);
	lost = ns->event_lost;
	ns->event_lost = 0;
	spin_unlock_bh(&ns->event_lock);
	if (!lost)
		return;
	ctnet_nl_notify(ns->net, CTNET_CMD_LOST_NTF, ctnet_nl_fill_lost, &lost,
			GFP_KERNEL);
	/* As with full receive buffers. */
	rtnl_set_sk_err(ns->net, RTNLGRP_NEIGH, -ENOBUFS);
}

/* Counts a miss of @src, and returns whether to send it. Under ns->event_lock. */
static bool ctnet_nl_miss_allowed(struct ctnet_vport *src)
{
	if (!src->miss_count ||
	    time_after_eq(jiffies, src->miss_window + HZ)) {
		src->miss_window = jiffies;
		src->miss_count = 0;
	}
	if (src->miss_count >= CTNET_MISSES_PER_SECOND)
		return false;
	src->miss_count++;
	return true;
}

/* Whether to send an event of the fdb, or a miss of @src; else it is counted as lost. */
static bool ctnet_nl_event_allowed(struct ctnet_ns *ns, struct ctnet_vport *src)
{
	bool allowed;

	spin_lock_bh(&ns->event_lock);
	if (time_after_eq(jiffies, ns->event_window + HZ)) {
		ns->event_window = jiffies;
		ns->event_count = 0;
	}
	allowed = ns->event_count < CTNET_EVENTS_PER_SECOND &&
		  (!src || ctnet_nl_miss_allowed(src));
	if (allowed)
		ns->event_count++;
	else if (!ns->event_lost++)
		queue_delayed_work(system_wq, &ns->event_work, HZ);
	spin_unlock_bh(&ns->event_lock);
	return allowed;
}

/* Limits the rate of events that frames or ageing cause. */
static bool ctnet_nl_may_tell(struct ctnet_dev *ctd, struct ctnet_vport *src)
{
	return READ_ONCE(ctd->dev->reg_state) == NETREG_REGISTERED &&
	       ctnet_nl_event_allowed(ctnet_ns(dev_net(ctd->dev)), src);
}

/**
 * ctnet_nl_fdb_event() - send an event: an entry was added, changed, moved or removed
 * @ctd: the network; if it is not registered there are no events
 * @fdb: the entry
 * @cmd: which of these
 *
 * Context: under RCU, also from softirq. At a bounded rate.
 */
void ctnet_nl_fdb_event(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb,
			enum ctnet_cmd cmd)
{
	struct net *net = dev_net(ctd->dev);
	u8 mac[ETH_ALEN];

	if ((!genl_has_listeners(&ctnet_family, net, 0) &&
	     !rtnl_has_listeners(net, RTNLGRP_NEIGH)) ||
	    !ctnet_nl_may_tell(ctd, NULL))
		return;
	ctnet_nl_notify(net, cmd, ctnet_nl_fill_fdb, fdb, GFP_ATOMIC);
	u64_to_ether_addr(fdb->mac, mac);
	ctnet_rtfdb_tell(ctd, mac, rcu_dereference_check(fdb->vport, true),
			 fdb->flags & CTNET_FDB_STATIC,
			 cmd == CTNET_CMD_FDB_DEL_NTF ? RTM_DELNEIGH : RTM_NEWNEIGH);
}

struct ctnet_miss {
	const struct ctnet_dev *ctd;
	const u8 *mac;
	const struct in6_addr *ip;
};

static int ctnet_nl_fill_miss(struct sk_buff *msg, const void *obj, bool stats)
{
	const struct ctnet_miss *miss = obj;

	if (nla_put_u32(msg, CTNET_A_FDB_NET, miss->ctd->dev->ifindex))
		return -EMSGSIZE;
	return miss->mac ? nla_put(msg, CTNET_A_FDB_MAC, ETH_ALEN, miss->mac) :
			   ctnet_nl_put_addr(msg, CTNET_A_FDB_IP, miss->ip);
}

/**
 * ctnet_nl_miss_event() - send an event: a destination is not in the table
 * @src: where the frame came from
 * @mac: the MAC, or NULL
 * @ip: the address that was asked for, where there is no MAC
 *
 * Context: under RCU, softirq. At a bounded rate, of each source as well.
 */
void ctnet_nl_miss_event(struct ctnet_vport *src, const u8 *mac,
			 const struct in6_addr *ip)
{
	const struct ctnet_miss miss = { .ctd = src->ctd, .mac = mac, .ip = ip };

	struct net *n = dev_net(src->ctd->dev);

	if (genl_has_listeners(&ctnet_family, n, 0) &&
	    ctnet_nl_may_tell(src->ctd, src))
		ctnet_nl_notify(n, CTNET_CMD_MISS_NTF, ctnet_nl_fill_miss, &miss,
				GFP_ATOMIC);
}

void ctnet_nl_ns_init(struct ctnet_ns *ns)
{
	spin_lock_init(&ns->event_lock);
	ns->event_window = jiffies;
	INIT_DELAYED_WORK(&ns->event_work, ctnet_nl_tell_lost);
}

void ctnet_nl_ns_exit(struct ctnet_ns *ns)
{
	cancel_delayed_work_sync(&ns->event_work);
}
