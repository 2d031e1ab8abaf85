// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to ARP requests (RFC 826) and neighbour solicitations (RFC 4861) for an
 * address that an entry of the table has: they are answered at once, and not flooded.
 *
 * Announcements (gratuitous ARP, unsolicited advertisements) are not requests and pass. So do
 * requests from the place where the address is, as in duplicate address detection, and those
 * for an address that the sender could not reach. Requests inside a VLAN pass too, as the table
 * has no VLANs.
 *
 * If a frame says that an address is at another MAC than in the table, the table stops answering
 * for it.
 */
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/ip6_checksum.h>
#include <net/ndisc.h>

#include "ctnet.h"
#include "dev.h"
#include "fdb.h"
#include "fdbip.h"
#include "forward.h"
#include "neigh.h"
#include "nlmsg.h"
#include "port.h"
#include "stats.h"

/* ARP for IPv4 over Ethernet. */
struct ctnet_arp {
	struct arphdr	hdr;
	u8		sha[ETH_ALEN];
	__be32		sip;
	u8		tha[ETH_ALEN];
	__be32		tip;
} __packed;

/* Options of neighbour discovery messages that are looked at. */
#define CTNET_NEIGH_OPTIONS	16

/* What becomes of a request for an address. */
enum ctnet_neigh_verdict {
	CTNET_NEIGH_ANSWER,
	CTNET_NEIGH_PASS,
	CTNET_NEIGH_CONSUMED,
};

/*
 * The table has no answer. If the network does not flood, the request goes to the host alone: it
 * may have the address on another device, or answer by proxy.
 */
static enum ctnet_neigh_verdict ctnet_neigh_ask_others(struct sk_buff *skb,
						       struct ctnet_vport *src,
						       enum ctnet_drop reason)
{
	struct ctnet_dev *ctd = src->ctd;

	if (READ_ONCE(ctd->flood))
		return CTNET_NEIGH_PASS;
	ctnet_drop_count(ctd, skb, reason);
	if (src->kind == CTNET_VPORT_SELF)
		kfree_skb(skb);
	else
		ctnet_dev_deliver(ctd, skb, src->from);
	return CTNET_NEIGH_CONSUMED;
}

static enum ctnet_neigh_verdict ctnet_neigh_look(struct sk_buff *skb,
						 struct ctnet_vport *src,
						 const struct in6_addr *addr,
						 u8 mac[ETH_ALEN], bool *router)
{
	struct ctnet_dev *ctd = src->ctd;
	enum ctnet_drop reason;
	struct ctnet_fdb *fdb;
	struct ctnet_vport *dst;

	fdb = ctnet_fdb_find_ip(ctd, addr);
	/* The host answers for its own addresses itself. */
	if (!fdb && src->kind != CTNET_VPORT_SELF &&
	    ctnet_dev_has_addr(ctd->dev, addr)) {
		ctnet_deliver(&ctd->self, skb, src->from);
		return CTNET_NEIGH_CONSUMED;
	}
	if (!fdb) {
		/* The control plane does not know link-local addresses. */
		if (ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL)
			return CTNET_NEIGH_PASS;
		if (!READ_ONCE(ctd->flood))
			ctnet_nl_miss_event(src, NULL, addr);
		return ctnet_neigh_ask_others(skb, src, CTNET_DROP_MISS);
	}
	dst = rcu_dereference(fdb->vport);
	if (dst == src || (dst->kind == CTNET_VPORT_PEER &&
			   src->kind == CTNET_VPORT_PEER))
		return CTNET_NEIGH_PASS;
	/* The sender could not reach it; somebody else may answer. */
	if (!ctnet_may_pass(src, dst, &reason))
		return ctnet_neigh_ask_others(skb, src, reason);
	if (dst->kind == CTNET_VPORT_PORT && !ctnet_port_is_up(ctnet_vport_port(dst)))
		return ctnet_neigh_ask_others(skb, src, CTNET_DROP_PORT_DOWN);
	u64_to_ether_addr(fdb->mac, mac);
	*router = READ_ONCE(fdb->router);
	return CTNET_NEIGH_ANSWER;
}

/* Sends the answer, or drops the request if there was no memory for one. */
static void ctnet_neigh_send(struct sk_buff *skb, struct ctnet_vport *src,
			     struct sk_buff *answer)
{
	struct ctnet_dev *ctd = src->ctd;

	if (!answer) {
		ctnet_drop(ctd, skb, CTNET_DROP_NOMEM);
		return;
	}
	skb_reset_mac_header(answer);
	if (src->kind == CTNET_VPORT_SELF)
		ctnet_dev_answer(ctd, answer);
	else
		ctnet_deliver(src, answer, src->from);
	consume_skb(skb);
}

/* A message of ARP, or NULL if the frame has none. */
static const struct ctnet_arp *ctnet_neigh_get_arp(const struct sk_buff *skb,
						   struct ctnet_arp *buf)
{
	const struct ctnet_arp *arp;

	arp = skb_header_pointer(skb, ETH_HLEN, sizeof(*buf), buf);
	if (!arp || arp->hdr.ar_hrd != htons(ARPHRD_ETHER) ||
	    arp->hdr.ar_pro != htons(ETH_P_IP) ||
	    arp->hdr.ar_hln != ETH_ALEN || arp->hdr.ar_pln != sizeof(__be32))
		return NULL;
	return arp;
}

static bool ctnet_neigh_arp(struct sk_buff *skb, struct ctnet_vport *src)
{
	enum ctnet_neigh_verdict verdict;
	const struct ctnet_arp *arp;
	struct ctnet_arp _arp;
	struct in6_addr addr;
	u8 mac[ETH_ALEN];
	bool router;

	arp = ctnet_neigh_get_arp(skb, &_arp);
	if (!arp || arp->hdr.ar_op != htons(ARPOP_REQUEST) ||
	    arp->sip == arp->tip)
		return false;

	ipv6_addr_set_v4mapped(arp->tip, &addr);
	verdict = ctnet_neigh_look(skb, src, &addr, mac, &router);
	if (verdict == CTNET_NEIGH_ANSWER)
		ctnet_neigh_send(skb, src,
				 arp_create(ARPOP_REPLY, ETH_P_ARP, arp->sip,
					    src->ctd->dev, arp->tip, arp->sha,
					    mac, arp->sha));
	return verdict != CTNET_NEIGH_PASS;
}

/* An advertisement of @target at @mac, to @saddr, which solicited it. */
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
 * Answers for a router have the router flag set, or its neighbours would no longer use it as a
 * router (RFC 4861 section 7.2.5). Only its own router advertisements set it.
 */
static void ctnet_neigh_ra(const struct sk_buff *skb, struct ctnet_vport *src,
			   bool router)
{
	struct ctnet_fdb *fdb = ctnet_fdb_find(src->ctd, eth_hdr(skb)->h_source);

	if (fdb && rcu_access_pointer(fdb->vport) == src &&
	    READ_ONCE(fdb->router) != router)
		WRITE_ONCE(fdb->router, router);
}

/* The headers of all neighbour discovery messages. */
struct ctnet_nd {
	struct ipv6hdr	iph;
	struct icmp6hdr	icmp;
} __packed;

/* A valid neighbour discovery message, or NULL. */
static const struct ctnet_nd *ctnet_neigh_get_nd(const struct sk_buff *skb,
						 struct ctnet_nd *buf)
{
	const struct ctnet_nd *nd;

	nd = skb_header_pointer(skb, ETH_HLEN, sizeof(*buf), buf);
	if (!nd || nd->iph.version != 6 || nd->iph.nexthdr != IPPROTO_ICMPV6 ||
	    nd->iph.hop_limit != 255 || nd->icmp.icmp6_code)
		return NULL;
	return nd;
}

/* Gets the target of a solicitation or an advertisement. Returns whether there is one. */
static bool ctnet_neigh_target(const struct sk_buff *skb, struct in6_addr *target)
{
	return !skb_copy_bits(skb, ETH_HLEN + sizeof(struct ipv6hdr) +
			      offsetof(struct nd_msg, target),
			      target, sizeof(*target)) &&
	       !ipv6_addr_is_multicast(target) && !ipv6_addr_v4mapped(target);
}

static bool ctnet_neigh_nd(struct sk_buff *skb, struct ctnet_vport *src)
{
	enum ctnet_neigh_verdict verdict;
	const struct ctnet_nd *nd;
	struct ctnet_nd _nd;
	struct in6_addr target;
	u8 mac[ETH_ALEN];
	bool router;

	nd = ctnet_neigh_get_nd(skb, &_nd);
	if (!nd)
		return false;
	if (nd->icmp.icmp6_type == NDISC_ROUTER_ADVERTISEMENT)
		ctnet_neigh_ra(skb, src, nd->icmp.icmp6_rt_lifetime);
	if (nd->icmp.icmp6_type != NDISC_NEIGHBOUR_SOLICITATION ||
	    !ctnet_neigh_target(skb, &target))
		return false;

	verdict = ctnet_neigh_look(skb, src, &target, mac, &router);
	if (verdict == CTNET_NEIGH_ANSWER)
		ctnet_neigh_send(skb, src,
				 ctnet_neigh_na(src->ctd->dev, mac, &target,
						&nd->iph.saddr,
						eth_hdr(skb)->h_source,
						router));
	return verdict != CTNET_NEIGH_PASS;
}

/*
 * Gets the MAC in an option of neighbour discovery. @off: the first option. @end: of the
 * packet. Returns whether there is one.
 */
static bool ctnet_neigh_option(const struct sk_buff *skb, unsigned int off,
			       unsigned int end, u8 type, u8 mac[ETH_ALEN])
{
	struct {
		struct nd_opt_hdr	hdr;
		u8			addr[ETH_ALEN];
	} __packed _opt, *opt;
	unsigned int n;

	for (n = 0; n < CTNET_NEIGH_OPTIONS && off + sizeof(_opt) <= end; n++) {
		opt = skb_header_pointer(skb, off, sizeof(_opt), &_opt);
		if (!opt || !opt->hdr.nd_opt_len)
			return false;
		if (opt->hdr.nd_opt_type == type) {
			memcpy(mac, opt->addr, ETH_ALEN);
			return true;
		}
		off += opt->hdr.nd_opt_len * 8;
	}
	return false;
}

/* Gets which address is at which MAC from ARP. Returns whether it says so. */
static bool ctnet_neigh_told_arp(const struct sk_buff *skb,
				 struct in6_addr *addr, u8 mac[ETH_ALEN])
{
	const struct ctnet_arp *arp;
	struct ctnet_arp _arp;

	arp = ctnet_neigh_get_arp(skb, &_arp);
	/* A probe (RFC 5227) has no sender address yet. */
	if (!arp || !arp->sip || (arp->hdr.ar_op != htons(ARPOP_REQUEST) &&
				  arp->hdr.ar_op != htons(ARPOP_REPLY)))
		return false;
	ipv6_addr_set_v4mapped(arp->sip, addr);
	memcpy(mac, arp->sha, ETH_ALEN);
	return true;
}

/*
 * The same from neighbour discovery: from an advertisement with the override flag for its target,
 * from other messages for their source, if they have an option with its MAC.
 */
static bool ctnet_neigh_told_nd(const struct sk_buff *skb,
				struct in6_addr *addr, u8 mac[ETH_ALEN])
{
	unsigned int off = ETH_HLEN + sizeof(struct ipv6hdr), end;
	const struct ctnet_nd *nd;
	struct ctnet_nd _nd;

	nd = ctnet_neigh_get_nd(skb, &_nd);
	if (!nd)
		return false;
	end = off + ntohs(nd->iph.payload_len);
	*addr = nd->iph.saddr;
	switch (nd->icmp.icmp6_type) {
	case NDISC_NEIGHBOUR_ADVERTISEMENT:
		if (!nd->icmp.icmp6_override || !ctnet_neigh_target(skb, addr))
			return false;
		if (!ctnet_neigh_option(skb, off + sizeof(struct nd_msg), end,
					ND_OPT_TARGET_LL_ADDR, mac))
			ether_addr_copy(mac, eth_hdr(skb)->h_source);
		return true;
	case NDISC_NEIGHBOUR_SOLICITATION:
		off += sizeof(struct nd_msg);
		break;
	case NDISC_ROUTER_SOLICITATION:
		off += sizeof(struct rs_msg);
		break;
	case NDISC_ROUTER_ADVERTISEMENT:
		off += sizeof(struct ra_msg);
		break;
	default:
		return false;
	}
	return !ipv6_addr_any(addr) && !ipv6_addr_is_multicast(addr) &&
	       !ipv6_addr_v4mapped(addr) &&
	       ctnet_neigh_option(skb, off, end, ND_OPT_SOURCE_LL_ADDR, mac);
}

/**
 * ctnet_neigh_hear() - check the table against a frame that says which MAC an address is at
 * @skb: the frame, as forward.c has it
 * @src: where it came from: a place that the table learns from, or the host
 *
 * Context: under RCU.
 */
void ctnet_neigh_hear(const struct sk_buff *skb, struct ctnet_vport *src)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	u8 mac[ETH_ALEN] __aligned(2);
	struct in6_addr addr;
	bool told;

	if (skb_vlan_tag_present(skb))
		return;
	told = eth->h_proto == htons(ETH_P_ARP) ?
	       ctnet_neigh_told_arp(skb, &addr, mac) :
	       ctnet_neigh_told_nd(skb, &addr, mac);
	if (told && is_valid_ether_addr(mac))
		ctnet_fdb_dispute(src->ctd, &addr, mac);
}

/**
 * ctnet_neigh() - answer a frame that asks for an address
 * @skb: a multicast or broadcast frame, as forward.c has it
 * @src: where it came from
 *
 * Return: whether it was consumed; if not it has to be flooded.
 */
bool ctnet_neigh(struct sk_buff *skb, struct ctnet_vport *src)
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
