/* SPDX-License-Identifier: GPL-2.0 */
/* Frames for many. */
#ifndef _CTNET_FLOOD_H
#define _CTNET_FLOOD_H

#include "ctnet.h"

struct ctnet_flood_cb;

/*
 * How many receivers a flood serves before others have their turn. What is
 * delivered waits in the CPU's backlog queue, of which one round of polls works
 * off 64 (net.core.dev_weight); an answer to each, forwarded and delivered in
 * turn, makes three passes of a receiver.
 */
#define CTNET_FLOOD_BATCH	16

/* Lines that floods wait in, by their source, and that take turns. */
#define CTNET_FLOOD_LINES_BITS	4
#define CTNET_FLOOD_LINES	BIT(CTNET_FLOOD_LINES_BITS)

/**
 * struct ctnet_flood - floods that wait to go on, per CPU
 * @napi: sends a batch to the next receivers at each poll
 * @lock: guards the rest
 * @turn: the line that was served last
 * @len: frames in all lines, and the one that is being served
 * @line: frames, each with &struct ctnet_flood_cb
 */
struct ctnet_flood {
	struct napi_struct	napi;
	spinlock_t		lock;	/* the rest */
	unsigned int		turn;
	unsigned int		len;
	struct sk_buff_head	line[CTNET_FLOOD_LINES];
};

void ctnet_flood(struct sk_buff *skb, const struct ctnet_vport *src);
int ctnet_flood_init(struct ctnet_dev *ctd);
void ctnet_flood_uninit(struct ctnet_dev *ctd);

#endif /* _CTNET_FLOOD_H */
