// SPDX-License-Identifier: GPL-2.0
/*
 * Offloads: the limits that a network announces to the host, and offloads that are done in
 * software before a frame is encapsulated.
 */
#include "ctnet.h"
#include "offload.h"
#include "port.h"
#include "stats.h"

/**
 * ctnet_offload_limit() - apply the GSO limits of a port's device to the network
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
 * ctnet_offload_unlimit() - compute the GSO limits again, as a port is gone or has changed
 * @ctd: the network
 * @size: the port's old limit in bytes, or 0
 * @segs: the port's old limit in segments, or 0
 *
 * Nothing has to be done if the port did not have the lowest limit.
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
 * ctnet_offload_do() - do a frame's offloads in software, except for some
 * @ctd: the network
 * @skb: the frame, as forward.c has it; consumed. A tag beside it is put into it.
 * @features: offloads that need not be done
 *
 * Return: a list of one or more frames, or NULL; those that are lost are counted.
 */
struct sk_buff *ctnet_offload_do(struct ctnet_dev *ctd, struct sk_buff *skb,
				 netdev_features_t features)
{
	struct sk_buff *segs, *next, *first = NULL, **last = &first;

	/* Before a tag in the frame changes the hash. */
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
		/* NULL: a frame of a guest that only had to be verified. */
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
