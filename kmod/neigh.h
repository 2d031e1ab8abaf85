/* SPDX-License-Identifier: GPL-2.0 */
/* ARP and neighbour discovery. */
#ifndef _CTNET_NEIGH_H
#define _CTNET_NEIGH_H

#include "ctnet.h"

bool ctnet_neigh(struct sk_buff *skb, struct ctnet_vport *src);
void ctnet_neigh_hear(const struct sk_buff *skb, struct ctnet_vport *src);

/* The link-local address that a MAC makes (RFC 4291 appendix A). */
static inline void ctnet_link_local_of_mac(const u8 *mac, struct in6_addr *addr)
{
	addr->s6_addr32[0] = htonl(0xfe800000);
	addr->s6_addr32[1] = 0;
	memcpy(&addr->s6_addr[8], mac, 3);
	addr->s6_addr[8] ^= 2;
	addr->s6_addr[11] = 0xff;
	addr->s6_addr[12] = 0xfe;
	memcpy(&addr->s6_addr[13], mac + 3, 3);
}

/* Whether a link-local address is made from a MAC, and from which. */
static inline bool ctnet_mac_of_link_local(const struct in6_addr *addr, u8 *mac)
{
	if (addr->s6_addr[11] != 0xff || addr->s6_addr[12] != 0xfe)
		return false;
	memcpy(mac, &addr->s6_addr[8], 3);
	mac[0] ^= 2;
	memcpy(mac + 3, &addr->s6_addr[13], 3);
	return true;
}

/* Whether a frame may be ARP or neighbour discovery: a cheap check for the hot path. */
static inline bool ctnet_is_neigh(const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (eth->h_proto == htons(ETH_P_ARP))
		return true;
	return eth->h_proto == htons(ETH_P_IPV6) &&
	       (skb_headlen(skb) < ETH_HLEN + sizeof(struct ipv6hdr) ||
		((const struct ipv6hdr *)(eth + 1))->nexthdr == IPPROTO_ICMPV6);
}

#endif /* _CTNET_NEIGH_H */
