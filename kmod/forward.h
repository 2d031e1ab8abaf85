/* SPDX-License-Identifier: GPL-2.0 */
/* Where a frame goes. */
#ifndef _CTNET_FORWARD_H
#define _CTNET_FORWARD_H

#include <net/dsa.h>

#include "ctnet.h"

/* Last byte of the groups that 802.1D keeps on the link: BPDUs, pause frames. */
#define CTNET_GROUP_BPDU	0x00
#define CTNET_GROUP_PAUSE	0x01

/**
 * enum ctnet_from - how a frame came, and so how it may be received
 * @CTNET_FROM_WIRE: out of a tunnel or a queue of ours: in place
 * @CTNET_FROM_STACK: the stack has called the rx handler: it may go on with another device
 * @CTNET_FROM_HOST: the host sends it, and may hold locks: by the backlog
 * @CTNET_FROM_NATIVE: a container sends it by a native port, and may hold locks: by the
 *	backlog. Nothing of the container's namespace is left with it.
 */
enum ctnet_from {
	CTNET_FROM_WIRE,
	CTNET_FROM_STACK,
	CTNET_FROM_HOST,
	CTNET_FROM_NATIVE,
};

/*
 * skb_scrub_packet(), without the call for a frame that has no references to drop: what is left
 * to be done is to reset its fields.
 */
static inline void ctnet_scrub(struct sk_buff *skb, bool xnet)
{
	if (unlikely(skb->_skb_refdst || skb_get_nfct(skb) || skb_has_extensions(skb))) {
		skb_scrub_packet(skb, xnet);
		return;
	}
	skb->pkt_type = PACKET_HOST;
	skb->skb_iif = 0;
	skb->ignore_df = 0;
	nf_reset_trace(skb);
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_fwd_mark = 0;
	skb->offload_l3_fwd_mark = 0;
#endif
	ipvs_reset(skb);
	if (!xnet)
		return;
	skb->mark = 0;
	skb_clear_tstamp(skb);
}

/*
 * skb->protocol = eth_type_trans(), without the call for most frames: those of type II, to the
 * MAC of the device. @skb: as forward.c has it, and pkt_type is PACKET_HOST.
 */
static inline void ctnet_eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (unlikely(!ether_addr_equal_64bits(eth->h_dest, dev->dev_addr) ||
		     !eth_proto_is_802_3(eth->h_proto) || netdev_uses_dsa(dev))) {
		skb->protocol = eth_type_trans(skb, dev);
		return;
	}
	skb->dev = dev;
	skb->protocol = eth->h_proto;
	skb_reset_mac_header(skb);
	__skb_pull(skb, ETH_HLEN);
}

struct sk_buff *ctnet_own(struct ctnet_dev *ctd, struct sk_buff *skb);
bool ctnet_may_pass(const struct ctnet_vport *src, const struct ctnet_vport *dst,
		    enum ctnet_drop *reason);
bool ctnet_deliver(struct ctnet_vport *vport, struct sk_buff *skb, enum ctnet_from from);
bool ctnet_link_local(struct sk_buff *skb, struct ctnet_vport *src);
bool ctnet_forward(struct sk_buff *skb, struct ctnet_vport *src, enum ctnet_from from);

#endif /* _CTNET_FORWARD_H */
