/* SPDX-License-Identifier: GPL-2.0 */
/* Outer headers. */
#ifndef _CTNET_OUTER_H
#define _CTNET_OUTER_H

#include "ctnet.h"

/**
 * struct ctnet_outer - fields of the outer headers
 * @tos: DS field with ECN
 * @ttl: hop limit
 * @df: whether the packet must not be fragmented, in IPv4
 * @sport: UDP port of the sender
 * @dport: and of the receiver
 * @csum: whether there is a UDP checksum
 */
struct ctnet_outer {
	u8	tos;
	u8	ttl;
	bool	df;
	__be16	sport;
	__be16	dport;
	bool	csum;
};

int ctnet_outer_xmit4(struct sk_buff *skb, struct sock *sk, struct dst_entry *dst,
		      const struct ctnet_outer *outer, __be32 saddr,
		      __be32 daddr);
int ctnet_outer_xmit6(struct sk_buff *skb, struct sock *sk, struct dst_entry *dst,
		      const struct ctnet_outer *outer,
		      const struct in6_addr *saddr,
		      const struct in6_addr *daddr);

#endif /* _CTNET_OUTER_H */
