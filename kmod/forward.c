// SPDX-License-Identifier: GPL-2.0
/*
 * The hot path: where a frame goes.
 *
 * DOC: A frame in here
 *
 * - data points to the Ethernet header, which is also the mac header; the
 *   network header follows it; a checksum that the hardware completed covers
 *   data. The VLAN tag may be beside the frame (skb_vlan_tag_present) or in it.
 * - Bottom halves are off and rcu_read_lock() is held from the entry (the rx
 *   handler, the UDP socket's encap_rcv, ndo_start_xmit, the flood's poll) to
 *   the end, so what the table points to stays.
 * - Each function that takes an skb owns it: it hands it on or frees it.
 * - With CTNET_FROM_STACK and CTNET_FROM_NATIVE others may have references to it, as
 *   pktgen keeps one to what it sent. Nobody but the stack may be handed it, and nothing
 *   but what each device on the way sets may be changed, before ctnet_own().
 */
#include "ctnet.h"
#include "dev.h"
#include "encap.h"
#include "fdb.h"
#include "flood.h"
#include "forward.h"
#include "guard.h"
#include "neigh.h"
#include "nlmsg.h"
#include "peer.h"
#include "port.h"
#include "stats.h"
#include "trace.h"

/**
 * ctnet_may_pass() - whether a frame may be forwarded from one place to another
 * @src: where it came from
 * @dst: where it goes
 * @reason: set to the reason to drop it, if not
 *
 * Return: whether it may.
 */
bool ctnet_may_pass(const struct ctnet_vport *src, const struct ctnet_vport *dst,
		    enum ctnet_drop *reason)
{
	if (unlikely(dst == src &&
		     !(READ_ONCE(src->flags) & CTNET_PORT_HAIRPIN))) {
		*reason = CTNET_DROP_HAIRPIN;
		return false;
	}
	if (unlikely(dst->kind == CTNET_VPORT_PEER &&
		     src->kind == CTNET_VPORT_PEER)) {
		*reason = CTNET_DROP_SPLIT_HORIZON;
		return false;
	}
	if (unlikely(READ_ONCE(src->flags) & READ_ONCE(dst->flags) &
		     CTNET_PORT_ISOLATED)) {
		*reason = CTNET_DROP_ISOLATED;
		return false;
	}
	return true;
}

/**
 * ctnet_own() - a frame that nobody else has a reference to
 * @ctd: the network
 * @skb: the frame; consumed
 *
 * Return: the frame or a clone, or NULL, which is counted.
 */
struct sk_buff *ctnet_own(struct ctnet_dev *ctd, struct sk_buff *skb)
{
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		ctnet_drop_count(ctd, NULL, CTNET_DROP_NOMEM);
	return skb;
}

/**
 * ctnet_deliver() - send a frame to where it goes
 * @vport: where
 * @skb: the frame; consumed unless the stack is to go on with it
 * @from: how it came
 *
 * Return: whether the stack, which has called the rx handler, is to go on with it.
 */
bool ctnet_deliver(struct ctnet_vport *vport, struct sk_buff *skb, enum ctnet_from from)
{
	trace_ctnet_forward(skb, vport);
	switch (vport->kind) {
	case CTNET_VPORT_PORT:
		return ctnet_port_deliver(ctnet_vport_port(vport), skb, from);
	case CTNET_VPORT_PEER:
		/* When it was received is not when it is to be sent. */
		if (from < CTNET_FROM_HOST)
			skb_clear_tstamp(skb);
		ctnet_encap_xmit(ctnet_vport_peer(vport), skb);
		break;
	case CTNET_VPORT_SELF:
		skb = ctnet_own(vport->ctd, skb);
		if (likely(skb))
			ctnet_dev_deliver(vport->ctd, skb, from);
		break;
	}
	return false;
}

/* Copies a frame to the host, which is promiscuous. */
static noinline void ctnet_forward_show(struct ctnet_dev *ctd, struct sk_buff *skb,
					enum ctnet_from from)
{
	struct sk_buff *clone = skb_clone(skb, GFP_ATOMIC);

	if (clone)
		ctnet_dev_deliver(ctd, clone, from);
	else
		ctnet_drop_count(ctd, skb, CTNET_DROP_NOMEM);
}

/* A frame whose destination is not in the table. */
static noinline void ctnet_forward_unknown(struct sk_buff *skb,
					   struct ctnet_vport *src)
{
	struct ctnet_dev *ctd = src->ctd;

	skb = ctnet_own(ctd, skb);
	if (unlikely(!skb))
		return;
	if (READ_ONCE(ctd->flood)) {
		ctnet_flood(skb, src);
		return;
	}
	if (unlikely(READ_ONCE(ctd->sees_all)) && src != &ctd->self)
		ctnet_forward_show(ctd, skb, src->from);
	ctnet_nl_miss_event(src, eth_hdr(skb)->h_dest, NULL);
	ctnet_drop(ctd, skb, CTNET_DROP_UNKNOWN);
}

/* Checks a frame's source, and learns it. Returns the reason to drop it, or 0. */
static __always_inline enum ctnet_drop
ctnet_forward_source(struct sk_buff *skb, struct ctnet_vport *src)
{
	struct ctnet_dev *ctd = src->ctd;
	u32 flags = READ_ONCE(src->flags);
	const struct ethhdr *eth;
	enum ctnet_drop reason;
	struct ctnet_fdb *fdb;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return CTNET_DROP_MALFORMED;
	trace_ctnet_receive(skb, src);
	eth = (struct ethhdr *)skb->data;
	if (unlikely(!is_valid_ether_addr(eth->h_source)))
		return CTNET_DROP_SOURCE;
	if (!(flags & (CTNET_PORT_GUARD | CTNET_PORT_LEARNING)))
		return 0;
	fdb = ctnet_fdb_find_source(src, eth);
	if (flags & CTNET_PORT_GUARD) {
		reason = ctnet_guard(skb, src, fdb);
		if (unlikely(reason))
			return reason;
	} else if (READ_ONCE(ctd->learning)) {
		ctnet_fdb_learn(src, eth->h_source, fdb);
		if (unlikely(ctnet_is_neigh(skb)))
			ctnet_neigh_hear(skb, src);
	}
	return 0;
}

/**
 * ctnet_link_local() - handle a frame from a port to a group that 802.1D does not forward
 * @skb: the frame, which is neither a BPDU nor a pause frame
 * @src: the port
 *
 * As in a Linux bridge it is for the stack of the port's own device, where daemons for 802.1X,
 * LLDP or LACP listen.
 *
 * Return: whether the stack may have it; if not it was dropped.
 */
bool ctnet_link_local(struct sk_buff *skb, struct ctnet_vport *src)
{
	enum ctnet_drop reason = ctnet_forward_source(skb, src);

	if (unlikely(reason))
		ctnet_drop(src->ctd, skb, reason);
	return !reason;
}

/*
 * Whether a frame to such a group is forwarded. ctnet has no spanning tree protocol: BPDUs are
 * flooded to the ports without guard, so that switches can see a loop through the network. A
 * guarded port is a container's, which is not a switch, and neither is the host. Peers get none,
 * as that would join the spanning trees of all sites.
 */
static bool ctnet_forward_bpdu(const u8 *dest, const struct ctnet_vport *src)
{
	return dest[5] == CTNET_GROUP_BPDU && src->kind == CTNET_VPORT_PORT &&
	       !(READ_ONCE(src->flags) & CTNET_PORT_GUARD);
}

/*
 * Where a frame goes that is as most are: its source is the one that was entered last for @src,
 * and its guard sees that it is plain, or it was learned a moment ago; it goes to the MAC that
 * the frame before it went to, and nobody watches. All of this are comparisons. As both MACs are
 * in the table, neither is a group or zero. NULL: it is to be looked at.
 */
static __always_inline struct ctnet_vport *
ctnet_forward_known(const struct sk_buff *skb, const struct ctnet_vport *src)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	const struct ctnet_dev *ctd = src->ctd;
	u32 flags = READ_ONCE(src->flags);
	const struct ctnet_fdb *fdb;
	enum ctnet_drop reason;
	struct ctnet_vport *dst;

	if (trace_ctnet_receive_enabled() || trace_ctnet_forward_enabled() ||
	    unlikely(READ_ONCE(ctd->sees_all)) || unlikely(!netif_running(ctd->dev)) ||
	    unlikely(skb_headlen(skb) < ETH_HLEN))
		return NULL;
	fdb = rcu_dereference(src->recent);
	if (unlikely(!fdb || fdb->mac != ctnet_source_key(eth)))
		return NULL;
	if (flags & CTNET_PORT_GUARD) {
		if (unlikely(!ctnet_guard_is_own(src, fdb) || !ctnet_guard_is_plain(skb, fdb)))
			return NULL;
	} else if (flags & CTNET_PORT_LEARNING && READ_ONCE(ctd->learning)) {
		if (unlikely(rcu_access_pointer(fdb->vport) != src || ctnet_is_neigh(skb) ||
			     time_after(jiffies, READ_ONCE(fdb->updated) + HZ)))
			return NULL;
	}
	fdb = ctnet_fdb_last_dest(src, eth);
	if (unlikely(!fdb))
		return NULL;
	dst = rcu_dereference(fdb->vport);
	return likely(ctnet_may_pass(src, dst, &reason)) ? dst : NULL;
}

/* Looks at a frame: ctnet_forward() of any. */
static noinline bool ctnet_forward_look(struct sk_buff *skb, struct ctnet_vport *src,
					enum ctnet_from from)
{
	struct ctnet_dev *ctd = src->ctd;
	const struct ethhdr *eth;
	enum ctnet_drop reason;
	struct ctnet_vport *dst;
	struct ctnet_fdb *fdb;

	if (unlikely(!netif_running(ctd->dev))) {
		reason = CTNET_DROP_NET_DOWN;
		goto drop;
	}
	reason = ctnet_forward_source(skb, src);
	if (unlikely(reason))
		goto drop;

	eth = (struct ethhdr *)skb->data;
	if (is_multicast_ether_addr(eth->h_dest)) {
		skb = ctnet_own(ctd, skb);
		if (unlikely(!skb))
			return false;
		if (unlikely(is_link_local_ether_addr(eth->h_dest))) {
			if (ctnet_forward_bpdu(eth->h_dest, src)) {
				ctnet_flood(skb, src);
				return false;
			}
			reason = CTNET_DROP_LINK_LOCAL;
			goto drop;
		}
		/* Only the host's multicasts count: its unicast answers may be by proxy. */
		if (src == &ctd->self && ctnet_is_neigh(skb))
			ctnet_neigh_hear(skb, src);
		if (!READ_ONCE(ctd->suppress) || !ctnet_neigh(skb, src))
			ctnet_flood(skb, src);
		return false;
	}

	fdb = ctnet_fdb_last_dest(src, eth) ?:
	      ctnet_fdb_find_dest(src, eth->h_dest);
	if (unlikely(!fdb)) {
		ctnet_forward_unknown(skb, src);
		return false;
	}
	dst = rcu_dereference(fdb->vport);
	if (unlikely(!ctnet_may_pass(src, dst, &reason)))
		goto drop;
	if (unlikely(READ_ONCE(ctd->sees_all)) && dst != &ctd->self &&
	    src != &ctd->self)
		ctnet_forward_show(ctd, skb, src->from);
	return ctnet_deliver(dst, skb, from);

drop:
	ctnet_drop(ctd, skb, reason);
	return false;
}

/**
 * ctnet_forward() - learn where a frame came from and send it where it goes
 * @skb: the frame; consumed unless the stack is to go on with it
 * @src: where it came from
 * @from: how it came
 *
 * Return: whether the stack, which has called the rx handler, is to go on with it.
 */
bool ctnet_forward(struct sk_buff *skb, struct ctnet_vport *src, enum ctnet_from from)
{
	struct ctnet_vport *dst = ctnet_forward_known(skb, src);

	if (unlikely(!dst))
		return ctnet_forward_look(skb, src, from);
	if (likely(dst->kind == CTNET_VPORT_PORT))
		return ctnet_port_deliver(ctnet_vport_port(dst), skb, from);
	return ctnet_deliver(dst, skb, from);
}
