/* SPDX-License-Identifier: GPL-2.0 */
/* Counters and reasons to drop. */
#ifndef _CTNET_STATS_H
#define _CTNET_STATS_H

#include "ctnet.h"

struct ctnet_sock;

/**
 * struct ctnet_drops - a counter for each reason to drop, per CPU
 * @syncp: for readers on 32 bit
 * @count: by enum ctnet_drop
 */
struct ctnet_drops {
	struct u64_stats_sync	syncp;
	u64_stats_t		count[CTNET_DROP_MAX + 1];
};

/* All reasons to drop, with their names: FN(reason, name), the last FNE. */
#define CTNET_DROP_REASONS(FN, FNE)		\
	FN(MALFORMED, "malformed")		\
	FN(SOURCE, "source")			\
	FN(LINK_LOCAL, "link-local")		\
	FN(NET_DOWN, "net-down")		\
	FN(PORT_DOWN, "port-down")		\
	FN(TOO_BIG, "too-big")			\
	FN(HAIRPIN, "hairpin")			\
	FN(SPLIT_HORIZON, "split-horizon")	\
	FN(UNKNOWN, "unknown")			\
	FN(FLOOD_QUEUE, "flood-queue")		\
	FN(NOMEM, "nomem")			\
	FN(NO_ROUTE, "no-route")		\
	FN(LOOP, "loop")			\
	FN(VXLAN_HEADER, "vxlan-header")	\
	FN(VXLAN_VNI, "vxlan-vni")		\
	FN(VXLAN_LOCAL, "vxlan-local")		\
	FN(VXLAN_PEER, "vxlan-peer")		\
	FN(VXLAN_ECN, "vxlan-ecn")		\
	FN(PATH_MTU, "path-mtu")		\
	FN(ISOLATED, "isolated")		\
	FN(MISS, "miss")			\
	FN(GUARD_MAC, "guard-mac")		\
	FN(GUARD_ARP, "guard-arp")		\
	FN(GUARD_ND, "guard-nd")		\
	FN(GUARD_IP, "guard-ip")		\
	FN(GUARD_IP6, "guard-ip6")		\
	FN(GUARD_RA, "guard-ra")		\
	FN(GUARD_DHCP, "guard-dhcp")		\
	FN(GUARD_HEADER, "guard-header")	\
	FN(QUEUE, "queue")			\
	FN(FORWARDED, "forwarded")		\
	FN(VXLAN_DEV, "vxlan-dev")		\
	FNE(UNDERLAY, "underlay")

extern const char ctnet_drop_names[CTNET_DROP_MAX + 1][ETH_GSTRING_LEN];
void ctnet_drops_add(const struct ctnet_drops __percpu *drops,
		     struct rtnl_link_stats64 *stats);
void ctnet_drops_sum(const struct ctnet_drops __percpu *drops, u64 *sum);
void ctnet_drop(struct ctnet_dev *ctd, struct sk_buff *skb,
		enum ctnet_drop reason);
void ctnet_drop_count(struct ctnet_dev *ctd, const struct sk_buff *skb,
		      enum ctnet_drop reason);
void ctnet_drop_sock(struct ctnet_sock *sock, struct sk_buff *skb,
		     enum ctnet_drop reason);
struct ctnet_drops __percpu *ctnet_drops_alloc(void);
int ctnet_drops_put(struct sk_buff *msg, int type,
		    const struct ctnet_drops __percpu *drops);
struct ctnet_vport_cpu __percpu *ctnet_stats_alloc(void);
int ctnet_stats_put(struct sk_buff *msg, int type,
		    const struct pcpu_sw_netstats __percpu *stats);

static inline void ctnet_stats_rx(const struct ctnet_vport *vport,
				  const struct sk_buff *skb)
{
	struct pcpu_sw_netstats *s = this_cpu_ptr(&vport->cpu->stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->rx_packets);
	u64_stats_add(&s->rx_bytes, skb->len);
	u64_stats_update_end(&s->syncp);
}

static inline void ctnet_stats_tx(const struct ctnet_vport *vport, unsigned int len)
{
	struct pcpu_sw_netstats *s = this_cpu_ptr(&vport->cpu->stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->tx_packets);
	u64_stats_add(&s->tx_bytes, len);
	u64_stats_update_end(&s->syncp);
}

#endif /* _CTNET_STATS_H */
