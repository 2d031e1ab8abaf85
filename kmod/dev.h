/* SPDX-License-Identifier: GPL-2.0 */
/* The netdevice. */
#ifndef _CTNET_DEV_H
#define _CTNET_DEV_H

#include "ctnet.h"

extern struct rtnl_link_ops ctnet_link_ops;
bool ctnet_receive(struct sk_buff *skb);
bool ctnet_dev_is(const struct net_device *dev);
bool ctnet_dev_has_addr(struct net_device *dev, const struct in6_addr *addr);
void ctnet_dev_deliver(struct ctnet_dev *ctd, struct sk_buff *skb);
void ctnet_dev_answer(struct ctnet_dev *ctd, struct sk_buff *skb);

#endif /* _CTNET_DEV_H */
