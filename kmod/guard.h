/* SPDX-License-Identifier: GPL-2.0 */
/* What a guarded port may send. */
#ifndef _CTNET_GUARD_H
#define _CTNET_GUARD_H

#include <linux/ip.h>
#include <linux/udp.h>

#include "ctnet.h"
#include "fdb.h"

#define CTNET_UDP_PORTS		(2 * sizeof(__be16))

#define CTNET_DHCP_SERVER	67
#define CTNET_DHCP_CLIENT	68

/* VLAN tags inside the frame, and extension headers of IPv6, that are looked behind. */
#define CTNET_GUARD_VLANS	8
#define CTNET_GUARD_EXTHDRS	64

enum ctnet_drop ctnet_guard(const struct sk_buff *skb,
			    const struct ctnet_vport *src,
			    struct ctnet_fdb *fdb);

/* Whether a MAC, by its entry, is that of a port. */
static inline bool ctnet_guard_is_own(const struct ctnet_vport *src,
				      const struct ctnet_fdb *fdb)
{
	return fdb->flags & CTNET_FDB_STATIC && rcu_access_pointer(fdb->vport) == src;
}

/*
 * Whether a frame is what most are, and passes all that ctnet_guard() asks of its own MAC's:
 * untagged IPv4 without options, in one piece as far as the ports, from the first address of
 * its MAC, and neither DHCP nor with a checksum to be written where it was read. @fdb: the
 * static entry of its source.
 */
static inline bool ctnet_guard_is_plain(const struct sk_buff *skb,
					const struct ctnet_fdb *fdb)
{
	const struct ctnet_fdb_ips *ips = READ_ONCE(fdb->ips);
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	const struct iphdr *iph = (const struct iphdr *)(eth + 1);
	const struct udphdr *udp = (const struct udphdr *)(iph + 1);
	const unsigned int least = ETH_HLEN + sizeof(*iph) + sizeof(*udp);
	unsigned int end;

	if (skb_headlen(skb) < least || eth->h_proto != htons(ETH_P_IP) ||
	    *(const u8 *)iph != 0x45)
		return false;
	end = ETH_HLEN + ntohs(iph->tot_len);
	if (end < least || end > skb->len)
		return false;
	if (iph->protocol == IPPROTO_UDP && !(iph->frag_off & htons(IP_OFFSET)) &&
	    (udp->source == htons(CTNET_DHCP_SERVER) || udp->dest == htons(CTNET_DHCP_CLIENT)))
		return false;
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) + skb->csum_offset <
	    (int)(ETH_HLEN + sizeof(*iph) + CTNET_UDP_PORTS))
		return false;
	return ips && ips->ip[0].addr.s6_addr32[3] == iph->saddr &&
	       ipv6_addr_v4mapped(&ips->ip[0].addr) && READ_ONCE(ips->ip[0].fdb) == fdb;
}

#endif /* _CTNET_GUARD_H */
