/* SPDX-License-Identifier: GPL-2.0 */
/* Transmit to a peer. */
#ifndef _CTNET_ENCAP_H
#define _CTNET_ENCAP_H

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

/**
 * struct ctnet_encap_route - the route to a peer
 * @dst: the route
 * @saddr4: source, of an IPv4 peer
 * @saddr6: source, of an IPv6 peer
 */
struct ctnet_encap_route {
	struct dst_entry	*dst;
	union {
		__be32		saddr4;
		struct in6_addr	saddr6;
	};
};

DECLARE_PER_CPU(unsigned int, ctnet_encap_depth);
int ctnet_encap_route(struct ctnet_peer *peer, const struct ctnet_vtep *vtep,
		      struct sk_buff *skb, enum ctnet_family family,
		      struct ctnet_encap_route *route);
void ctnet_encap_xmit(struct ctnet_peer *peer, struct sk_buff *skb);

#ifdef CTNET_KUNIT
struct ctnet_outer ctnet_encap_outer(const struct ctnet_vtep *vtep,
				     const struct sk_buff *skb);
#endif

#endif /* _CTNET_ENCAP_H */
