/* SPDX-License-Identifier: GPL-2.0 */
/* Frames for many. */
#ifndef _CTNET_FLOOD_H
#define _CTNET_FLOOD_H

#include "ctnet.h"

struct ctnet_flood_cb;

/*
 * Receivers that a flood serves in one batch. A delivered frame waits in the CPU's backlog
 * queue, of which one poll handles 64 (net.core.dev_weight). With an answer that is forwarded
 * and delivered in turn, a receiver makes three passes.
 */
#define CTNET_FLOOD_BATCH	16

/* Queues that floods wait in, by a hash of their source; they are served in turn. */
#define CTNET_FLOOD_QUEUES_BITS	4
#define CTNET_FLOOD_QUEUES	BIT(CTNET_FLOOD_QUEUES_BITS)

/**
 * struct ctnet_flood - floods that wait for their next batch, per CPU
 * @napi: sends a batch to the next receivers at each poll
 * @lock: guards the rest
 * @turn: the queue that was served last
 * @len: frames in all queues, and the one that is being served
 * @queue: frames, each with &struct ctnet_flood_cb
 */
struct ctnet_flood {
	struct napi_struct	napi;
	spinlock_t		lock;	/* the rest */
	unsigned int		turn;
	unsigned int		len;
	struct sk_buff_head	queue[CTNET_FLOOD_QUEUES];
};

void ctnet_flood(struct sk_buff *skb, const struct ctnet_vport *src);
int ctnet_flood_init(struct ctnet_dev *ctd);
void ctnet_flood_uninit(struct ctnet_dev *ctd);

#endif /* _CTNET_FLOOD_H */
