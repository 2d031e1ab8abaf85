// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to ARP requests (RFC 826) and neighbour solicitations (RFC 4861) for an
 * address that an entry of the table has: the answer goes back at once, and the
 * question nowhere.
 *
 * What announces (gratuitous ARP, unsolicited advertisements) is no question and
 * passes; so does a question that its asker is the answer to, as duplicate
 * detection is. Questions inside a VLAN pass too, as the table knows no VLANs.
 */
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/ip6_checksum.h>
#include <net/ndisc.h>

#include "ctnet.h"

/* Who has an address may be told to whom asks for it. */
enum ctnet_neigh_verdict {
	CTNET_NEIGH_ANSWER,
	CTNET_NEIGH_PASS,
	CTNET_NEIGH_CONSUMED,
};

static enum ctnet_neigh_verdict ctnet_neigh_look(struct sk_buff *skb,
						 struct ctnet_dst *src,
						 const struct in6_addr *addr,
						 u8 mac[ETH_ALEN], bool *router)
{
	struct ctnet_net *net = src->net;
	enum ctnet_drop reason;
	struct ctnet_fdb *fdb;
	struct ctnet_dst *dst;

	fdb = ctnet_fdb_find_ip(net, addr);
	/* The host answers for itself, and knows best how. */
	if (!fdb && src->kind != CTNET_DST_SELF &&
	    ctnet_dev_has_addr(net->dev, addr)) {
		ctnet_deliver(&net->self, skb, true);
		return CTNET_NEIGH_CONSUMED;
	}
	if (!fdb) {
		if (READ_ONCE(net->flood))
			return CTNET_NEIGH_PASS;
		ctnet_nl_miss_event(src, NULL, addr);
		ctnet_drop_count(net, skb, CTNET_DROP_MISS);
		/* It may have it on another device, or answer for others. */
		if (src->kind == CTNET_DST_SELF)
			kfree_skb(skb);
		else
			ctnet_dev_deliver(net, skb);
		return CTNET_NEIGH_CONSUMED;
	}
	dst = rcu_dereference(fdb->dst);
	if (dst == src || (dst->kind == CTNET_DST_PEER &&
			   src->kind == CTNET_DST_PEER))
		return CTNET_NEIGH_PASS;
	if (!ctnet_may_pass(src, dst, &reason)) {
		ctnet_drop(net, skb, reason);
		return CTNET_NEIGH_CONSUMED;
	}
	u64_to_ether_addr(fdb->mac, mac);
	*router = READ_ONCE(fdb->router);
	return CTNET_NEIGH_ANSWER;
}

/* Sends the answer, or counts that there was no memory for it. */
static void ctnet_neigh_send(struct sk_buff *skb, struct ctnet_dst *src,
			     struct sk_buff *answer)
{
	struct ctnet_net *net = src->net;

	if (!answer) {
		ctnet_drop(net, skb, CTNET_DROP_NOMEM);
		return;
	}
	skb_reset_mac_header(answer);
	if (src->kind == CTNET_DST_SELF)
		ctnet_dev_answer(net, answer);
	else
		ctnet_deliver(src, answer, true);
	consume_skb(skb);
}

static bool ctnet_neigh_arp(struct sk_buff *skb, struct ctnet_dst *src)
{
	struct {
		struct arphdr	hdr;
		u8		sha[ETH_ALEN];
		__be32		sip;
		u8		tha[ETH_ALEN];
		__be32		tip;
	} __packed _arp, *arp;
	enum ctnet_neigh_verdict verdict;
	struct in6_addr addr;
	u8 mac[ETH_ALEN];
	bool router;

	arp = skb_header_pointer(skb, ETH_HLEN, sizeof(_arp), &_arp);
	if (!arp || arp->hdr.ar_hrd != htons(ARPHRD_ETHER) ||
	    arp->hdr.ar_pro != htons(ETH_P_IP) ||
	    arp->hdr.ar_hln != ETH_ALEN || arp->hdr.ar_pln != sizeof(__be32) ||
	    arp->hdr.ar_op != htons(ARPOP_REQUEST) || arp->sip == arp->tip)
		return false;

	ipv6_addr_set_v4mapped(arp->tip, &addr);
	verdict = ctnet_neigh_look(skb, src, &addr, mac, &router);
	if (verdict == CTNET_NEIGH_ANSWER)
		ctnet_neigh_send(skb, src,
				 arp_create(ARPOP_REPLY, ETH_P_ARP, arp->sip,
					    src->net->dev, arp->tip, arp->sha,
					    mac, arp->sha));
	return verdict != CTNET_NEIGH_PASS;
}

/* An advertisement of @target at @mac, to who solicited it from @saddr. */
static struct sk_buff *ctnet_neigh_na(struct net_device *dev, const u8 *mac,
				      const struct in6_addr *target,
				      const struct in6_addr *saddr,
				      const u8 *dest, bool router)
{
	const unsigned int len = sizeof(struct nd_msg) + NDISC_OPT_SPACE(ETH_ALEN);
	bool dad = ipv6_addr_any(saddr);
	struct sk_buff *skb;
	struct ipv6hdr *iph;
	struct nd_msg *na;
	struct ethhdr *eth;

	skb = alloc_skb(LL_RESERVED_SPACE(dev) + sizeof(*iph) + len +
			dev->needed_tailroom, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb->dev = dev;
	skb->protocol = htons(ETH_P_IPV6);
	skb_reserve(skb, LL_RESERVED_SPACE(dev) - ETH_HLEN);

	eth = skb_put(skb, ETH_HLEN);
	if (dad)
		ipv6_eth_mc_map(&in6addr_linklocal_allnodes, eth->h_dest);
	else
		ether_addr_copy(eth->h_dest, dest);
	ether_addr_copy(eth->h_source, mac);
	eth->h_proto = htons(ETH_P_IPV6);

	skb_set_network_header(skb, skb->len);
	iph = skb_put_zero(skb, sizeof(*iph));
	ip6_flow_hdr(iph, 0, 0);
	iph->payload_len = htons(len);
	iph->nexthdr = IPPROTO_ICMPV6;
	iph->hop_limit = 255;
	iph->saddr = *target;
	iph->daddr = dad ? in6addr_linklocal_allnodes : *saddr;

	skb_set_transport_header(skb, skb->len);
	na = skb_put_zero(skb, len);
	na->icmph.icmp6_type = NDISC_NEIGHBOUR_ADVERTISEMENT;
	na->icmph.icmp6_router = router;
	na->icmph.icmp6_solicited = !dad;
	na->icmph.icmp6_override = 1;
	na->target = *target;
	na->opt[0] = ND_OPT_TARGET_LL_ADDR;
	na->opt[1] = NDISC_OPT_SPACE(ETH_ALEN) / 8;
	ether_addr_copy(&na->opt[2], mac);
	na->icmph.icmp6_cksum = csum_ipv6_magic(&iph->saddr, &iph->daddr, len,
						IPPROTO_ICMPV6,
						csum_partial(na, len, 0));
	return skb;
}

/*
 * Who advertises itself as a router is called one in answers, too: else its neighbours
 * would no longer take it for one (RFC 4861 section 7.2.5).
 */
static void ctnet_neigh_ra(const struct sk_buff *skb, struct ctnet_net *net,
			   bool router)
{
	struct ctnet_fdb *fdb = ctnet_fdb_find(net, eth_hdr(skb)->h_source);

	if (fdb && READ_ONCE(fdb->router) != router)
		WRITE_ONCE(fdb->router, router);
}

static bool ctnet_neigh_nd(struct sk_buff *skb, struct ctnet_dst *src)
{
	struct {
		struct ipv6hdr	iph;
		struct nd_msg	msg;
	} __packed _ns, *ns;
	enum ctnet_neigh_verdict verdict;
	struct in6_addr target;
	u8 mac[ETH_ALEN];
	bool router;

	ns = skb_header_pointer(skb, ETH_HLEN, sizeof(_ns), &_ns);
	if (!ns || ns->iph.version != 6 || ns->iph.nexthdr != IPPROTO_ICMPV6 ||
	    ns->iph.hop_limit != 255 || ns->msg.icmph.icmp6_code)
		return false;
	if (ns->msg.icmph.icmp6_type == NDISC_ROUTER_ADVERTISEMENT)
		ctnet_neigh_ra(skb, src->net, ns->msg.icmph.icmp6_rt_lifetime);
	if (ns->msg.icmph.icmp6_type != NDISC_NEIGHBOUR_SOLICITATION ||
	    ipv6_addr_is_multicast(&ns->msg.target) ||
	    ipv6_addr_v4mapped(&ns->msg.target))
		return false;

	target = ns->msg.target;
	verdict = ctnet_neigh_look(skb, src, &target, mac, &router);
	if (verdict == CTNET_NEIGH_ANSWER)
		ctnet_neigh_send(skb, src,
				 ctnet_neigh_na(src->net->dev, mac, &target,
						&ns->iph.saddr,
						eth_hdr(skb)->h_source,
						router));
	return verdict != CTNET_NEIGH_PASS;
}

/**
 * ctnet_neigh() - answer a frame that asks who has an address
 * @skb: a multicast or broadcast frame, as forward.c has it
 * @src: where it came from
 *
 * Return: whether it was consumed; if not it goes the way of all floods.
 */
bool ctnet_neigh(struct sk_buff *skb, struct ctnet_dst *src)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (skb_vlan_tag_present(skb))
		return false;
	if (eth->h_proto == htons(ETH_P_ARP))
		return ctnet_neigh_arp(skb, src);
	if (eth->h_proto == htons(ETH_P_IPV6))
		return ctnet_neigh_nd(skb, src);
	return false;
}

#ifdef CTNET_KUNIT
#include "neigh_test.c"
#endif
