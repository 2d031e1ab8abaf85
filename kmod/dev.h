/* SPDX-License-Identifier: GPL-2.0 */
/* The netdevice. */
#ifndef _CTNET_DEV_H
#define _CTNET_DEV_H

#include "ctnet.h"
#include "forward.h"

void ctnet_dev_setup(struct net_device *dev);
int ctnet_dev_may_have_mac(struct net_device *dev, const u8 *mac);
bool ctnet_receive_here(struct sk_buff *skb);
bool ctnet_dev_is(const struct net_device *dev);
bool ctnet_dev_has_addr(struct net_device *dev, const struct in6_addr *addr);
void ctnet_dev_deliver(struct ctnet_dev *ctd, struct sk_buff *skb,
		       enum ctnet_from from);
void ctnet_dev_answer(struct ctnet_dev *ctd, struct sk_buff *skb);

/**
 * ctnet_receive() - have the stack receive a frame
 * @skb: the frame, as netif_receive_skb() takes it; consumed
 * @from: how it came
 *
 * Who sends may hold locks that receiving takes: then it goes through the backlog.
 *
 * Context: bottom halves off. Return: false if the backlog was full.
 */
static inline bool ctnet_receive(struct sk_buff *skb, enum ctnet_from from)
{
	return from < CTNET_FROM_HOST ? ctnet_receive_here(skb) :
					__netif_rx(skb) == NET_RX_SUCCESS;
}

#endif /* _CTNET_DEV_H */
