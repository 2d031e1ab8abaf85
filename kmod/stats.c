// SPDX-License-Identifier: GPL-2.0
/* Counters: per CPU, 64 bit, written with bottom halves off. */
#include "ctnet.h"

/* Names of the reasons, as ethtool -S and ctnetctl print them. */
const char ctnet_drop_names[CTNET_DROP_MAX + 1][ETH_GSTRING_LEN] = {
	[CTNET_DROP_MALFORMED]		= "malformed",
	[CTNET_DROP_SOURCE]		= "source",
	[CTNET_DROP_LINK_LOCAL]		= "link-local",
	[CTNET_DROP_NET_DOWN]		= "net-down",
	[CTNET_DROP_PORT_DOWN]		= "port-down",
	[CTNET_DROP_TOO_BIG]		= "too-big",
	[CTNET_DROP_HAIRPIN]		= "hairpin",
	[CTNET_DROP_SPLIT_HORIZON]	= "split-horizon",
	[CTNET_DROP_UNKNOWN]		= "unknown",
	[CTNET_DROP_FLOOD_QUEUE]	= "flood-queue",
	[CTNET_DROP_NOMEM]		= "nomem",
	[CTNET_DROP_NO_ROUTE]		= "no-route",
	[CTNET_DROP_LOOP]		= "loop",
	[CTNET_DROP_VXLAN_HEADER]	= "vxlan-header",
	[CTNET_DROP_VXLAN_VNI]		= "vxlan-vni",
	[CTNET_DROP_VXLAN_LOCAL]	= "vxlan-local",
	[CTNET_DROP_VXLAN_PEER]		= "vxlan-peer",
	[CTNET_DROP_VXLAN_ECN]		= "vxlan-ecn",
	[CTNET_DROP_PATH_MTU]		= "path-mtu",
	[CTNET_DROP_ISOLATED]		= "isolated",
	[CTNET_DROP_MISS]		= "miss",
	[CTNET_DROP_GUARD_MAC]		= "guard-mac",
	[CTNET_DROP_GUARD_ARP]		= "guard-arp",
	[CTNET_DROP_GUARD_ND]		= "guard-nd",
	[CTNET_DROP_GUARD_IP]		= "guard-ip",
	[CTNET_DROP_GUARD_IP6]		= "guard-ip6",
	[CTNET_DROP_GUARD_RA]		= "guard-ra",
	[CTNET_DROP_GUARD_DHCP]		= "guard-dhcp",
	[CTNET_DROP_GUARD_HEADER]	= "guard-header",
};

/**
 * ctnet_drops_alloc() - counters of drops, all zero
 *
 * Return: to be freed with free_percpu(), or NULL.
 */
struct ctnet_drops __percpu *ctnet_drops_alloc(void)
{
	struct ctnet_drops __percpu *drops;
	int cpu;

	drops = alloc_percpu_gfp(struct ctnet_drops, GFP_KERNEL_ACCOUNT);
	if (!drops)
		return NULL;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(drops, cpu)->syncp);
	return drops;
}

/**
 * ctnet_drop_count() - count a drop
 * @drops: where
 * @reason: why
 */
void ctnet_drop_count(struct ctnet_drops __percpu *drops,
		      enum ctnet_drop reason)
{
	struct ctnet_drops *d = this_cpu_ptr(drops);

	u64_stats_update_begin(&d->syncp);
	u64_stats_inc(&d->count[reason]);
	u64_stats_update_end(&d->syncp);
}

/**
 * ctnet_drop() - drop a frame, and count why
 * @net: the network
 * @skb: consumed
 * @reason: why
 */
void ctnet_drop(struct ctnet_net *net, struct sk_buff *skb,
		enum ctnet_drop reason)
{
	ctnet_drop_count(net->drops, reason);
	kfree_skb(skb);
}

/**
 * ctnet_drops_sum() - sum drop counters over the CPUs
 * @drops: the counters
 * @sum: the sums, by enum ctnet_drop; CTNET_DROP_MAX + 1 of them
 */
void ctnet_drops_sum(const struct ctnet_drops __percpu *drops, u64 *sum)
{
	int cpu, i;

	memset(sum, 0, (CTNET_DROP_MAX + 1) * sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct ctnet_drops *d = per_cpu_ptr(drops, cpu);
		u64 count[CTNET_DROP_MAX + 1];
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&d->syncp);
			for (i = CTNET_DROP_MALFORMED; i <= CTNET_DROP_MAX; i++)
				count[i] = u64_stats_read(&d->count[i]);
		} while (u64_stats_fetch_retry(&d->syncp, start));
		for (i = CTNET_DROP_MALFORMED; i <= CTNET_DROP_MAX; i++)
			sum[i] += count[i];
	}
}

/**
 * ctnet_drops_put() - put the sums of drop counters into a message
 * @msg: the message
 * @type: attribute type of the nest
 * @drops: the counters
 *
 * Return: 0 or -EMSGSIZE.
 */
int ctnet_drops_put(struct sk_buff *msg, int type,
		    const struct ctnet_drops __percpu *drops)
{
	u64 sum[CTNET_DROP_MAX + 1];
	struct nlattr *nest;
	int i;

	ctnet_drops_sum(drops, sum);
	nest = nla_nest_start(msg, type);
	if (!nest)
		return -EMSGSIZE;
	for (i = CTNET_DROP_MALFORMED; i <= CTNET_DROP_MAX; i++)
		if (nla_put_u64_64bit(msg, i, sum[i], CTNET_DROP_PAD))
			goto cancel;
	nla_nest_end(msg, nest);
	return 0;

cancel:
	nla_nest_cancel(msg, nest);
	return -EMSGSIZE;
}

/**
 * ctnet_stats_put() - put the sums of frame counters into a message
 * @msg: the message
 * @type: attribute type of the nest
 * @stats: the counters
 *
 * Return: 0 or -EMSGSIZE.
 */
int ctnet_stats_put(struct sk_buff *msg, int type,
		    const struct pcpu_sw_netstats __percpu *stats)
{
	struct rtnl_link_stats64 s = {};
	struct nlattr *nest;

	dev_fetch_sw_netstats(&s, stats);
	nest = nla_nest_start(msg, type);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(msg, CTNET_A_STATS_RX_PACKETS, s.rx_packets,
			      CTNET_A_STATS_PAD) ||
	    nla_put_u64_64bit(msg, CTNET_A_STATS_RX_BYTES, s.rx_bytes,
			      CTNET_A_STATS_PAD) ||
	    nla_put_u64_64bit(msg, CTNET_A_STATS_TX_PACKETS, s.tx_packets,
			      CTNET_A_STATS_PAD) ||
	    nla_put_u64_64bit(msg, CTNET_A_STATS_TX_BYTES, s.tx_bytes,
			      CTNET_A_STATS_PAD)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}
