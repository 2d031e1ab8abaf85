/* SPDX-License-Identifier: GPL-2.0 */
/* Encapsulation and decapsulation. */
#ifndef _CTNET_TUNNEL_H
#define _CTNET_TUNNEL_H

#include "ctnet.h"

struct ctnet_peer;

/*
 * Room that is to be before a frame, so that encapsulation need not copy: Ethernet,
 * IPv6, UDP, VXLAN, and the underlay's own link header.
 */
#define CTNET_HEADROOM \
	(LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr) + 8)

/* IPv4 or IPv6, UDP, VXLAN and Ethernet headers (RFC 7348 section 5). */
#define CTNET_OVERHEAD4	(20 + 8 + 8 + ETH_HLEN)
#define CTNET_OVERHEAD6	(40 + 8 + 8 + ETH_HLEN)

DECLARE_PER_CPU(unsigned int, ctnet_tunnel_depth);
void ctnet_tunnel_xmit(struct ctnet_peer *peer, struct sk_buff *skb);
int ctnet_tunnel_rcv(struct sock *sk, struct sk_buff *skb);
int ctnet_tunnel_err_lookup(struct sock *sk, struct sk_buff *skb);
struct sk_buff *ctnet_tunnel_gro_receive(struct sock *sk, struct list_head *head,
					 struct sk_buff *skb);
int ctnet_tunnel_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff);

#endif /* _CTNET_TUNNEL_H */
