// SPDX-License-Identifier: GPL-2.0
/*
 * Floods: a frame for all, sent to a batch of receivers at a time. A frame in here is as
 * forward.c has it.
 */
#include <linux/hash.h>

#include "ctnet.h"
#include "encap.h"
#include "flood.h"
#include "forward.h"
#include "stats.h"

/* Floods that may wait on one CPU. */
#define CTNET_FLOOD_LEN_MAX	1024

/* Memory of the floods that wait, on all CPUs, of all networks together. */
#define CTNET_FLOOD_BYTES	(64L << 20)

static atomic_long_t ctnet_flood_bytes;

/* Whether this CPU is serving a flood: another one, in a nested tunnel, has to wait. */
static DEFINE_PER_CPU(bool, ctnet_flooding);

/**
 * struct ctnet_flood_cb - what a waiting flood remembers, in skb->cb
 * @src: id of where it came from, which may be gone
 * @flags: of where it came from
 * @next: id of the next receiver
 * @bytes: memory that is counted for it
 * @depth: ctnet_encap_depth of the CPU, which has to be kept while it waits
 * @from: enum ctnet_from: how it came
 * @group: whether it is multicast or broadcast, rather than unknown unicast
 * @bpdu: whether it is a BPDU
 */
struct ctnet_flood_cb {
	u32 src;
	u32 flags;
	u32 next;
	u32 bytes;
	u32 depth;
	u8 from;
	bool group;
	bool bpdu;
};

static struct ctnet_flood_cb *ctnet_flood_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct ctnet_flood_cb) > sizeof(skb->cb));
	return (struct ctnet_flood_cb *)skb->cb;
}

static bool ctnet_id_is_peer(u32 id)
{
	return id > CTNET_ID_PORT_MAX;
}

static bool ctnet_flood_to(const struct ctnet_vport *dst,
			   const struct ctnet_flood_cb *cb)
{
	u32 flags = READ_ONCE(dst->flags);

	if (!(flags & CTNET_PORT_FLOOD) ||
	    flags & cb->flags & CTNET_PORT_ISOLATED)
		return false;
	if (unlikely(cb->bpdu) && (dst->kind != CTNET_VPORT_PORT ||
				   flags & CTNET_PORT_GUARD))
		return false;
	/* A host that receives its own broadcasts sees an address conflict (RFC 5227). */
	return dst->id != cb->src ||
	       (flags & CTNET_PORT_HAIRPIN && !cb->group);
}

/*
 * Serves a batch of receivers, beginning at cb->next. Returns the frame if there
 * are more, and NULL if it was consumed.
 */
static struct sk_buff *ctnet_flood_batch(struct ctnet_dev *ctd,
					 struct sk_buff *skb)
{
	struct ctnet_flood_cb cb = *ctnet_flood_cb(skb);
	enum ctnet_from from = cb.from;
	struct ctnet_vport *dst, *prev = NULL;
	/* Split horizon: peers come last, and a frame from a peer is not sent to them. */
	u32 last = ctnet_id_is_peer(cb.src) ? CTNET_ID_PORT_MAX : U32_MAX;
	XA_STATE(xas, &ctd->members, cb.next);
	unsigned int n = 0;

	xas_for_each(&xas, dst, last) {
		struct sk_buff *clone;

		if (xas_retry(&xas, dst) || !ctnet_flood_to(dst, &cb))
			continue;
		if (prev) {
			clone = skb_clone(skb, GFP_ATOMIC);
			if (clone)
				ctnet_deliver(prev, clone, from);
			else
				ctnet_drop_count(ctd, skb, CTNET_DROP_NOMEM);
		}
		prev = dst;
		if (n++ == CTNET_FLOOD_BATCH) {
			ctnet_flood_cb(skb)->next = dst->id;
			return skb;
		}
	}
	if (likely(prev))
		ctnet_deliver(prev, skb, from);
	else if (cb.bpdu)
		ctnet_drop(ctd, skb, CTNET_DROP_LINK_LOCAL);
	else
		consume_skb(skb);
	return NULL;
}

/* The queue that the floods of a source wait in. */
static struct sk_buff_head *ctnet_flood_queue(struct ctnet_flood *flood, u32 src)
{
	return &flood->queue[hash_32(src, CTNET_FLOOD_QUEUES_BITS)];
}

/*
 * Queues a flood, if there is room. A queue may have as many frames as there are places left,
 * and a network as many bytes as are left: so one that floods without end leaves some for
 * others.
 */
static bool ctnet_flood_wait(struct ctnet_dev *ctd, struct ctnet_flood *flood,
			     struct sk_buff *skb)
{
	struct sk_buff_head *queue;
	u32 bytes = skb->truesize;
	bool room;

	queue = ctnet_flood_queue(flood, ctnet_flood_cb(skb)->src);
	spin_lock(&flood->lock);
	room = skb_queue_len(queue) + flood->len < CTNET_FLOOD_LEN_MAX &&
	       atomic_long_read(&ctd->flood_bytes) + bytes +
	       atomic_long_read(&ctnet_flood_bytes) < CTNET_FLOOD_BYTES;
	if (room) {
		ctnet_flood_cb(skb)->bytes = bytes;
		flood->len++;
		atomic_long_add(bytes, &ctd->flood_bytes);
		atomic_long_add(bytes, &ctnet_flood_bytes);
		__skb_queue_tail(queue, skb);
	}
	spin_unlock(&flood->lock);
	return room;
}

/* A flood that waited is done. */
static void ctnet_flood_gone(struct ctnet_dev *ctd, struct ctnet_flood *flood,
			     u32 bytes)
{
	spin_lock(&flood->lock);
	flood->len--;
	spin_unlock(&flood->lock);
	atomic_long_sub(bytes, &ctd->flood_bytes);
	atomic_long_sub(bytes, &ctnet_flood_bytes);
}

/**
 * ctnet_flood() - send a frame to all that receive floods
 * @skb: the frame; consumed
 * @src: where it came from
 */
void ctnet_flood(struct sk_buff *skb, const struct ctnet_vport *src)
{
	struct ctnet_dev *ctd = src->ctd;
	struct ctnet_flood *flood = this_cpu_ptr(ctd->floods);
	const u8 *to = ((const struct ethhdr *)skb->data)->h_dest;

	*ctnet_flood_cb(skb) = (struct ctnet_flood_cb) {
		.src = src->id,
		.flags = READ_ONCE(src->flags),
		.depth = __this_cpu_read(ctnet_encap_depth),
		.from = src->from,
		.group = is_multicast_ether_addr(to),
		.bpdu = is_link_local_ether_addr(to),
	};
	/* It must not overtake others of its source. */
	if (likely(!__this_cpu_read(ctnet_flooding) &&
		   skb_queue_empty_lockless(ctnet_flood_queue(flood, src->id)))) {
		__this_cpu_write(ctnet_flooding, true);
		skb = ctnet_flood_batch(ctd, skb);
		__this_cpu_write(ctnet_flooding, false);
		if (likely(!skb))
			return;
	}

	/* The frame waits longer than references to these are held. */
	skb->dev = ctd->dev;
	skb_dst_drop(skb);
	if (ctnet_flood_wait(ctd, flood, skb))
		napi_schedule(&flood->napi);
	else
		ctnet_drop(ctd, skb, CTNET_DROP_FLOOD_QUEUE);
}

/* The first frame of the queue whose turn it is. */
static struct sk_buff *ctnet_flood_next(struct ctnet_flood *flood)
{
	struct sk_buff *skb = NULL;
	unsigned int n;

	spin_lock(&flood->lock);
	for (n = 0; n < CTNET_FLOOD_QUEUES && !skb; n++) {
		flood->turn = (flood->turn + 1) % CTNET_FLOOD_QUEUES;
		skb = __skb_dequeue(&flood->queue[flood->turn]);
	}
	spin_unlock(&flood->lock);
	return skb;
}

/* Each poll sends one batch, so that the backlog is polled between two batches. */
static int ctnet_flood_poll(struct napi_struct *napi, int budget)
{
	struct ctnet_flood *flood = container_of(napi, struct ctnet_flood, napi);
	struct ctnet_dev *ctd = netdev_priv(napi->dev);
	struct ctnet_flood_cb cb;
	struct sk_buff *skb;

	/* netpoll, which only cleans up after transmission */
	if (unlikely(!budget))
		return 0;
	rcu_read_lock();
	skb = ctnet_flood_next(flood);
	if (skb) {
		cb = *ctnet_flood_cb(skb);
		if (likely(netif_running(ctd->dev))) {
			__this_cpu_write(ctnet_flooding, true);
			__this_cpu_write(ctnet_encap_depth, cb.depth);
			skb = ctnet_flood_batch(ctd, skb);
			__this_cpu_write(ctnet_encap_depth, 0);
			__this_cpu_write(ctnet_flooding, false);
		} else {
			ctnet_drop(ctd, skb, CTNET_DROP_NET_DOWN);
			skb = NULL;
		}
		if (skb) {
			spin_lock(&flood->lock);
			__skb_queue_head(ctnet_flood_queue(flood, cb.src), skb);
			spin_unlock(&flood->lock);
		} else {
			ctnet_flood_gone(ctd, flood, cb.bytes);
		}
	}
	rcu_read_unlock();

	if (READ_ONCE(flood->len))
		return budget;
	napi_complete_done(napi, 0);
	/* A frame may have been queued before the completion. */
	if (READ_ONCE(flood->len))
		napi_schedule(napi);
	return 0;
}

/**
 * ctnet_flood_init() - make a network's flood queues
 * @ctd: the network
 *
 * Return: 0 or -ENOMEM.
 */
int ctnet_flood_init(struct ctnet_dev *ctd)
{
	int cpu;

	ctd->floods = alloc_percpu_gfp(struct ctnet_flood, GFP_KERNEL_ACCOUNT);
	if (!ctd->floods)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct ctnet_flood *flood = per_cpu_ptr(ctd->floods, cpu);
		unsigned int n;

		spin_lock_init(&flood->lock);
		for (n = 0; n < CTNET_FLOOD_QUEUES; n++)
			__skb_queue_head_init(&flood->queue[n]);
		set_bit(NAPI_STATE_NO_BUSY_POLL, &flood->napi.state);
		netif_napi_add(ctd->dev, &flood->napi, ctnet_flood_poll);
		napi_enable(&flood->napi);
	}
	return 0;
}

/**
 * ctnet_flood_uninit() - drop the floods that wait
 * @ctd: the network, which gets no more frames
 *
 * Context: RTNL; may sleep. A grace period has to pass before free_percpu().
 */
void ctnet_flood_uninit(struct ctnet_dev *ctd)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ctnet_flood *flood = per_cpu_ptr(ctd->floods, cpu);
		struct sk_buff *skb;

		napi_disable(&flood->napi);
		__netif_napi_del(&flood->napi);
		local_bh_disable();
		while ((skb = ctnet_flood_next(flood)))
			ctnet_drop(ctd, skb, CTNET_DROP_NET_DOWN);
		local_bh_enable();
	}
	atomic_long_sub(atomic_long_read(&ctd->flood_bytes), &ctnet_flood_bytes);
}
