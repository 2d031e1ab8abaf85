/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of the veth driver, and depends on how it is made.
 *
 * A frame for a container is handed to the far end of its veth pair without a second trip
 * through the backlog. The driver has no interface for that. ndo_get_peer_dev, made for
 * bpf_redirect_peer(), names the far end; the rest stands here:
 *
 * - netkit has ndo_get_peer_dev, too, but runs programs on what passes the pair. So only a
 *   pair of kind "veth" is taken.
 * - veth counts a frame once, at the end that sends it, in dev->tstats, and shows that as what
 *   the far end received. Frames that do not pass veth_xmit() have to be counted there. A veth
 *   that keeps its counters elsewhere (dev->pcpu_stat_type says so) is not taken.
 * - veth_xmit() receives by NAPI where the far end has XDP or GRO; then the frame has to pass
 *   the pair.
 *
 * A veth that is not taken works as any other device does: frames go through the near end.
 */
#ifndef _CTNET_VETH_H
#define _CTNET_VETH_H

#include <net/sch_generic.h>

#include "ctnet.h"

/* What a veth pair passes on as it is, unless it is told not to. */
#define CTNET_VETH_OFFLOADS \
	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_SCTP_CRC | \
	 NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ENCAP_ALL | \
	 NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX)

/* Whether a device is an end of a pair that is known here. */
static inline bool ctnet_veth_is(const struct net_device *dev)
{
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "veth") &&
	       dev->netdev_ops->ndo_get_peer_dev &&
	       dev->pcpu_stat_type == NETDEV_PCPU_STAT_TSTATS;
}

/* XDP of any kind: dev_xdp_prog_count() without the call and, written out, the loop. */
static inline bool ctnet_dev_has_xdp(const struct net_device *dev)
{
	const struct bpf_xdp_entity *xdp = dev->xdp_state;

	BUILD_BUG_ON(__MAX_XDP_MODE != 3);
	return READ_ONCE(xdp[0].prog) || READ_ONCE(xdp[0].link) ||
	       READ_ONCE(xdp[1].prog) || READ_ONCE(xdp[1].link) ||
	       READ_ONCE(xdp[2].prog) || READ_ONCE(xdp[2].link);
}

/*
 * Whether a frame may be handed to the far end of a pair. It has to pass the near end where
 * something there sees it: a qdisc, an egress filter of tc or nft, a packet socket, an
 * offload that is switched off; or, at the far end, XDP or GRO. All of these may come and go
 * at any time. RCU.
 */
static inline bool ctnet_veth_is_open(struct net_device *dev,
				      const struct net_device *far)
{
	return READ_ONCE(far->flags) & IFF_UP && !(READ_ONCE(far->features) & NETIF_F_GRO) &&
	       !(~READ_ONCE(dev->features) & CTNET_VETH_OFFLOADS) &&
	       !rcu_dereference(dev->qdisc)->enqueue &&
	       !(rcu_dereference(dev->qdisc)->flags & TCQ_F_MQROOT) &&
	       !ctnet_dev_has_egress_hook(dev) && !dev_nit_active(dev) &&
	       !ctnet_dev_has_xdp(far);
}

/* Counts a frame that was handed to the far end, for both ends. */
static inline void ctnet_veth_count(struct net_device *dev, unsigned int len)
{
	dev_sw_netstats_tx_add(dev, 1, len);
}

#endif /* _CTNET_VETH_H */
