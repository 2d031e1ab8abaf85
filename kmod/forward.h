/* SPDX-License-Identifier: GPL-2.0 */
/* Where a frame goes. */
#ifndef _CTNET_FORWARD_H
#define _CTNET_FORWARD_H

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

struct sk_buff *ctnet_own(struct ctnet_dev *ctd, struct sk_buff *skb);
bool ctnet_may_pass(const struct ctnet_vport *src, const struct ctnet_vport *dst,
		    enum ctnet_drop *reason);
bool ctnet_deliver(struct ctnet_vport *vport, struct sk_buff *skb, enum ctnet_from from);
bool ctnet_link_local(struct sk_buff *skb, struct ctnet_vport *src);
bool ctnet_forward(struct sk_buff *skb, struct ctnet_vport *src, enum ctnet_from from);

#endif /* _CTNET_FORWARD_H */
