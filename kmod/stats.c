// SPDX-License-Identifier: GPL-2.0
/* Counters: per CPU, 64 bit, written with bottom halves off. The tracepoints. */
#include "ctnet.h"
#include "sock.h"
#include "stats.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Names of the reasons, as ethtool -S and ctnetctl print them. */
#define CTNET_DROP_NAME(reason, name)	\
	[CTNET_DROP_##reason] = name,
const char ctnet_drop_names[CTNET_DROP_MAX + 1][ETH_GSTRING_LEN] = {
	CTNET_DROP_REASONS(CTNET_DROP_NAME, CTNET_DROP_NAME)
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
 * ctnet_stats_alloc() - counters of a port, a peer or the host, all zero
 *
 * Return: to be freed with free_percpu(), or NULL.
 */
struct ctnet_vport_cpu __percpu *ctnet_stats_alloc(void)
{
	struct ctnet_vport_cpu __percpu *all;
	int cpu;

	all = alloc_percpu_gfp(struct ctnet_vport_cpu, GFP_KERNEL_ACCOUNT);
	if (!all)
		return NULL;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(all, cpu)->stats.syncp);
	return all;
}

static void ctnet_drops_inc(struct ctnet_drops __percpu *drops,
			    enum ctnet_drop reason)
{
	struct ctnet_drops *d = this_cpu_ptr(drops);

	u64_stats_update_begin(&d->syncp);
	u64_stats_inc(&d->count[reason]);
	u64_stats_update_end(&d->syncp);
}

/**
 * ctnet_drop_count() - count a dropped frame, without freeing it
 * @ctd: the network
 * @skb: the frame, or NULL if it was freed already
 * @reason: why
 */
void ctnet_drop_count(struct ctnet_dev *ctd, const struct sk_buff *skb,
		      enum ctnet_drop reason)
{
	trace_ctnet_drop(ctd->dev, skb, reason);
	ctnet_drops_inc(ctd->drops, reason);
}

/**
 * ctnet_drop() - drop a frame, and count why
 * @ctd: the network
 * @skb: consumed
 * @reason: why
 */
void ctnet_drop(struct ctnet_dev *ctd, struct sk_buff *skb,
		enum ctnet_drop reason)
{
	ctnet_drop_count(ctd, skb, reason);
	kfree_skb_reason(skb, ctnet_skb_reason(reason));
}

/**
 * ctnet_drop_sock() - drop a datagram whose network is not known, and count why
 * @sock: the socket that received it
 * @skb: consumed
 * @reason: why
 */
void ctnet_drop_sock(struct ctnet_sock *sock, struct sk_buff *skb,
		     enum ctnet_drop reason)
{
	trace_ctnet_drop(NULL, skb, reason);
	ctnet_drops_inc(sock->drops, reason);
	kfree_skb_reason(skb, ctnet_skb_reason(reason));
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
 * ctnet_drops_add() - add drops to a device's counters, as "ip -s link" shows them
 * @drops: the counters
 * @stats: where to
 *
 * Invalid frames are rx_errors. Frames that could not leave by their destination are tx_dropped,
 * all others rx_dropped.
 */
void ctnet_drops_add(const struct ctnet_drops __percpu *drops,
		     struct rtnl_link_stats64 *stats)
{
	u64 sum[CTNET_DROP_MAX + 1];
	int i;

	ctnet_drops_sum(drops, sum);
	for (i = CTNET_DROP_MALFORMED; i <= CTNET_DROP_MAX; i++) {
		switch (i) {
		case CTNET_DROP_MALFORMED:
		case CTNET_DROP_SOURCE:
		case CTNET_DROP_VXLAN_ECN:
			stats->rx_errors += sum[i];
			break;
		case CTNET_DROP_PORT_DOWN:
		case CTNET_DROP_TOO_BIG:
		case CTNET_DROP_NO_ROUTE:
		case CTNET_DROP_LOOP:
		case CTNET_DROP_PATH_MTU:
		case CTNET_DROP_QUEUE:
			stats->tx_dropped += sum[i];
			break;
		default:
			stats->rx_dropped += sum[i];
		}
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
