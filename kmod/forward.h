/* SPDX-License-Identifier: GPL-2.0 */
/* Where a frame goes. */
#ifndef _CTNET_FORWARD_H
#define _CTNET_FORWARD_H

#include "ctnet.h"

/* Last byte of the groups that 802.1D keeps on the link: BPDUs, pause frames. */
#define CTNET_GROUP_BPDU	0x00
#define CTNET_GROUP_PAUSE	0x01

bool ctnet_may_pass(const struct ctnet_vport *src, const struct ctnet_vport *dst,
		    enum ctnet_drop *reason);
void ctnet_deliver(struct ctnet_vport *vport, struct sk_buff *skb, bool received);
bool ctnet_link_local(struct sk_buff *skb, struct ctnet_vport *src);
void ctnet_forward(struct sk_buff *skb, struct ctnet_vport *src);

#endif /* _CTNET_FORWARD_H */
