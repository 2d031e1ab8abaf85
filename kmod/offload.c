// SPDX-License-Identifier: GPL-2.0
/*
 * Offloads: what the host may leave to a network as it sends, and what of it is done before
 * a frame is encapsulated.
 */
#include "ctnet.h"
#include "offload.h"
#include "port.h"
#include "stats.h"

/**
 * ctnet_offload_limit() - a port may take less at one go than the others
 * @ctd: the network
 * @dev: the port's device
 *
 * Context: RTNL.
 */
void ctnet_offload_limit(struct ctnet_dev *ctd, const struct net_device *dev)
{
	if (dev->tso_max_size < ctd->dev->tso_max_size)
		netif_set_tso_max_size(ctd->dev, dev->tso_max_size);
	if (dev->tso_max_segs < ctd->dev->tso_max_segs)
		netif_set_tso_max_segs(ctd->dev, dev->tso_max_segs);
}

/**
 * ctnet_offload_unlimit() - a port that took less may be gone, or take more
 * @ctd: the network
 * @size: what it took, in bytes
 * @segs: and in segments
 *
 * Only if it was the one that took the least are the others asked.
 *
 * Context: RTNL.
 */
void ctnet_offload_unlimit(struct ctnet_dev *ctd, unsigned int size,
			   unsigned int segs)
{
	struct ctnet_vport *vport;
	unsigned long id;

	if ((size > ctd->dev->tso_max_size || size >= GSO_MAX_SIZE) &&
	    (segs > ctd->dev->tso_max_segs || segs >= TSO_MAX_SEGS))
		return;
	netif_set_tso_max_size(ctd->dev, GSO_MAX_SIZE);
	netif_set_tso_max_segs(ctd->dev, TSO_MAX_SEGS);
	xa_for_each_range(&ctd->members, id, vport, CTNET_ID_SELF + 1,
			  CTNET_ID_PORT_MAX)
		ctnet_offload_limit(ctd, ctnet_vport_port(vport)->dev);
}

/**
 * ctnet_offload_do() - carry out a frame's offloads, but for those that may be left
 * @ctd: the network
 * @skb: the frame, as forward.c has it; consumed. A tag beside it goes into it.
 * @features: what may be left
 *
 * Return: a list, as the frame may have become several; what is lost is counted.
 */
struct sk_buff *ctnet_offload_do(struct ctnet_dev *ctd, struct sk_buff *skb,
				 netdev_features_t features)
{
	struct sk_buff *segs, *next, *first = NULL, **last = &first;

	/* A tag that goes in would take part in it. */
	skb_get_hash(skb);
	skb->dev = ctd->dev;
	if (skb_vlan_tag_present(skb)) {
		skb = __vlan_hwaccel_push_inside(skb);
		if (!skb) {
			ctnet_drop_count(ctd, NULL, CTNET_DROP_NOMEM);
			return NULL;
		}
	}
	if (skb_is_gso(skb) && !net_gso_ok(features, skb_shinfo(skb)->gso_type)) {
		segs = skb_gso_segment(skb, features);
		if (IS_ERR(segs)) {
			ctnet_drop(ctd, skb, CTNET_DROP_MALFORMED);
			return NULL;
		}
		/* None: it was only to be looked at, as it comes from a guest. */
		if (segs) {
			consume_skb(skb);
			skb = segs;
		}
	}
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		if (skb->ip_summed == CHECKSUM_PARTIAL &&
		    skb_csum_hwoffload_help(skb, features)) {
			ctnet_drop(ctd, skb, CTNET_DROP_MALFORMED);
			continue;
		}
		*last = skb;
		last = &skb->next;
	}
	return first;
}
