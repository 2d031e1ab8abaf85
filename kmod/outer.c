// SPDX-License-Identifier: GPL-2.0
/*
 * The outer UDP and IP headers, and transmission. The core's functions for this do not return
 * whether the packet was dropped.
 */
#include <linux/udp.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/udp.h>

#include "ctnet.h"
#include "outer.h"

/*
 * Clears what belongs to the inner packet only. These are kept: the socket, whose owner waits until
 * the packet is sent; its priority and time to send; the hash of its flow.
 */
static void ctnet_outer_scrub(struct sk_buff *skb)
{
	skb_scrub_packet(skb, false);
	skb_clear_hash_if_not_l4(skb);
	skb_init_secmark(skb);
}

static struct udphdr *ctnet_outer_push_udp(struct sk_buff *skb,
					   const struct ctnet_outer *outer)
{
	struct udphdr *uh = __skb_push(skb, sizeof(*uh));

	skb_reset_transport_header(skb);
	uh->source = outer->sport;
	uh->dest = outer->dport;
	uh->len = htons(skb->len);
	return uh;
}

/**
 * ctnet_outer_xmit4() - send a frame as a datagram of IPv4
 * @skb: the frame behind its tunnel header, with room for the others; consumed
 * @sk: the tunnel's socket
 * @dst: the route, whose reference is consumed
 * @outer: what the headers say
 * @saddr: from
 * @daddr: to
 *
 * Return: what the way out says: 0, NET_XMIT_* or an error.
 */
int ctnet_outer_xmit4(struct sk_buff *skb, struct sock *sk, struct dst_entry *dst,
		      const struct ctnet_outer *outer, __be32 saddr,
		      __be32 daddr)
{
	struct net *net = dev_net(dst->dev);
	struct iphdr *iph;

	ctnet_outer_push_udp(skb, outer);
	udp_set_csum(!outer->csum, skb, saddr, daddr, skb->len);
	ctnet_outer_scrub(skb);
	skb_dst_set(skb, dst);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));

	iph = __skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	*iph = (struct iphdr) {
		.version = 4,
		.ihl = sizeof(*iph) / 4,
		.tos = outer->tos,
		.ttl = outer->ttl,
		.frag_off = outer->df && !ip_mtu_locked(dst) ? htons(IP_DF) : 0,
		.protocol = IPPROTO_UDP,
		.saddr = saddr,
		.daddr = daddr,
	};
	__ip_select_ident(net, iph, skb_shinfo(skb)->gso_segs ?: 1);
	return ip_local_out(net, sk, skb);
}

/**
 * ctnet_outer_xmit6() - send a frame as a datagram of IPv6
 * @skb: the frame behind its tunnel header, with room for the others; consumed
 * @sk: the tunnel's socket
 * @dst: the route, whose reference is consumed
 * @outer: what the headers say; without df it may be cut here
 * @saddr: from
 * @daddr: to
 *
 * Return: what the way out says: 0, NET_XMIT_* or an error.
 */
int ctnet_outer_xmit6(struct sk_buff *skb, struct sock *sk, struct dst_entry *dst,
		      const struct ctnet_outer *outer,
		      const struct in6_addr *saddr,
		      const struct in6_addr *daddr)
{
	struct ipv6hdr *iph;

	ctnet_outer_push_udp(skb, outer);
	udp6_set_csum(!outer->csum, skb, saddr, daddr, skb->len);
	ctnet_outer_scrub(skb);
	skb->ignore_df = !outer->df;
	skb_dst_set(skb, dst);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));

	iph = __skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	ip6_flow_hdr(iph, outer->tos, 0);
	iph->payload_len = htons(skb->len - sizeof(*iph));
	iph->nexthdr = IPPROTO_UDP;
	iph->hop_limit = outer->ttl;
	iph->saddr = *saddr;
	iph->daddr = *daddr;
	return ip6_local_out(dev_net(dst->dev), sk, skb);
}
