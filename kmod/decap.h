/* SPDX-License-Identifier: GPL-2.0 */
/* Receive from a peer. */
#ifndef _CTNET_DECAP_H
#define _CTNET_DECAP_H

#include "ctnet.h"

int ctnet_decap_rcv(struct sock *sk, struct sk_buff *skb);
int ctnet_decap_err_lookup(struct sock *sk, struct sk_buff *skb);
struct sk_buff *ctnet_decap_gro_receive(struct sock *sk, struct list_head *head,
					struct sk_buff *skb);
int ctnet_decap_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff);

#endif /* _CTNET_DECAP_H */
