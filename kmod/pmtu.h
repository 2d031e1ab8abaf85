/* SPDX-License-Identifier: GPL-2.0 */
/* What does not fit. */
#ifndef _CTNET_PMTU_H
#define _CTNET_PMTU_H

#include "ctnet.h"

/* VLAN tags in the frame that are looked behind. */
#define CTNET_FRAME_VLANS	2

__be16 ctnet_frame_proto(const struct sk_buff *skb, unsigned int *off);
bool ctnet_pmtu_fits(const struct sk_buff *skb, unsigned int max);
unsigned int ctnet_pmtu_port(const struct sk_buff *skb, unsigned int mtu);
bool ctnet_pmtu_tell(struct ctnet_dev *ctd, struct sk_buff *skb,
		     unsigned int max, bool cut);

#endif /* _CTNET_PMTU_H */
