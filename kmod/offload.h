/* SPDX-License-Identifier: GPL-2.0 */
/* Segments and checksums. */
#ifndef _CTNET_OFFLOAD_H
#define _CTNET_OFFLOAD_H

#include "ctnet.h"

void ctnet_offload_limit(struct ctnet_dev *ctd, const struct net_device *dev);
void ctnet_offload_unlimit(struct ctnet_dev *ctd, unsigned int size,
			   unsigned int segs);
struct sk_buff *ctnet_offload_do(struct ctnet_dev *ctd, struct sk_buff *skb,
				 netdev_features_t features);

#endif /* _CTNET_OFFLOAD_H */
