// SPDX-License-Identifier: GPL-2.0
/* The suites' frames, built header by header. */
#include "test.h"

/**
 * ctnet_test_put() - more of a frame
 * @f: the frame
 * @len: how much
 *
 * Return: where it is; zeros.
 */
void *ctnet_test_put(struct ctnet_test_frame *f, unsigned int len)
{
	void *p = f->data + f->len;

	if (WARN_ON(f->len + len > sizeof(f->data)))
		return f->data;
	memset(p, 0, len);
	f->len += len;
	return p;
}

/**
 * ctnet_test_eth() - begin a frame
 * @f: the frame, of which nothing is left
 * @dst: destination MAC
 * @src: source MAC
 */
void ctnet_test_eth(struct ctnet_test_frame *f, const u8 *dst, const u8 *src)
{
	struct ethhdr *eth;

	memset(f, 0, sizeof(*f));
	eth = ctnet_test_put(f, sizeof(*eth));
	ether_addr_copy(eth->h_dest, dst);
	ether_addr_copy(eth->h_source, src);
	f->type_at = offsetof(struct ethhdr, h_proto);
}

/**
 * ctnet_test_type() - what comes next
 * @f: the frame
 * @type: its EtherType
 */
void ctnet_test_type(struct ctnet_test_frame *f, u16 type)
{
	*(__be16 *)(f->data + f->type_at) = htons(type);
}

/**
 * ctnet_test_other() - begin a frame of a type that nobody looks into, to host 1
 * @test: the case, whose frame it is
 *
 * Return: the frame.
 */
struct ctnet_test_frame *ctnet_test_other(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_eth(&t->f, ctnet_test_mac[1], ctnet_test_mac[4]);
	ctnet_test_type(&t->f, 0x88b5);
	return &t->f;
}

/**
 * ctnet_test_tag() - a VLAN tag in the frame
 * @f: the frame
 * @tpid: its EtherType
 * @tci: the tag
 */
void ctnet_test_tag(struct ctnet_test_frame *f, u16 tpid, u16 tci)
{
	struct vlan_hdr *vlan;

	ctnet_test_type(f, tpid);
	vlan = ctnet_test_put(f, sizeof(*vlan));
	vlan->h_vlan_TCI = htons(tci);
	f->type_at = f->len - sizeof(vlan->h_vlan_encapsulated_proto);
}

/**
 * ctnet_test_put_arp() - ARP
 * @f: the frame
 * @op: request, reply ...
 * @sha: the sender's MAC
 * @sip: the sender's address
 * @tip: the target's address
 *
 * Return: the message.
 */
struct ctnet_test_arp *ctnet_test_put_arp(struct ctnet_test_frame *f, u16 op,
					  const u8 *sha, __be32 sip, __be32 tip)
{
	struct ctnet_test_arp *arp;

	ctnet_test_type(f, ETH_P_ARP);
	arp = ctnet_test_put(f, sizeof(*arp));
	arp->hdr.ar_hrd = htons(ARPHRD_ETHER);
	arp->hdr.ar_pro = htons(ETH_P_IP);
	arp->hdr.ar_hln = ETH_ALEN;
	arp->hdr.ar_pln = sizeof(arp->sip);
	arp->hdr.ar_op = htons(op);
	memcpy(arp->sha, sha, ETH_ALEN);
	arp->sip = sip;
	arp->tip = tip;
	return arp;
}

/**
 * ctnet_test_put_ip4() - an IPv4 header without options
 * @f: the frame
 * @saddr: source
 * @daddr: destination
 *
 * Return: the header.
 */
struct iphdr *ctnet_test_put_ip4(struct ctnet_test_frame *f, __be32 saddr,
				 __be32 daddr)
{
	struct iphdr *iph;

	ctnet_test_type(f, ETH_P_IP);
	f->nh = f->len;
	f->next_at = f->len + offsetof(struct iphdr, protocol);
	iph = ctnet_test_put(f, sizeof(*iph));
	iph->version = 4;
	iph->ihl = 5;
	iph->ttl = 64;
	iph->protocol = IPPROTO_TCP;
	iph->saddr = saddr;
	iph->daddr = daddr;
	return iph;
}

/**
 * ctnet_test_put_ip6() - an IPv6 header
 * @f: the frame
 * @saddr: source
 * @daddr: destination
 *
 * Return: the header.
 */
struct ipv6hdr *ctnet_test_put_ip6(struct ctnet_test_frame *f,
				   struct in6_addr saddr, struct in6_addr daddr)
{
	struct ipv6hdr *iph;

	ctnet_test_type(f, ETH_P_IPV6);
	f->nh = f->len;
	f->next_at = f->len + offsetof(struct ipv6hdr, nexthdr);
	iph = ctnet_test_put(f, sizeof(*iph));
	iph->version = 6;
	iph->nexthdr = IPPROTO_TCP;
	iph->hop_limit = 255;
	iph->saddr = saddr;
	iph->daddr = daddr;
	return iph;
}

/**
 * ctnet_test_next() - a header behind an IP header, or behind an extension of it
 * @f: the frame
 * @proto: its number
 * @len: its length
 *
 * Return: the header.
 */
void *ctnet_test_next(struct ctnet_test_frame *f, u8 proto, unsigned int len)
{
	f->data[f->next_at] = proto;
	return ctnet_test_put(f, len);
}

/**
 * ctnet_test_ext() - an extension header of IPv6, its options padding
 * @f: the frame
 * @proto: its number
 * @hdrlen: its length, in the units of its sort
 *
 * Return: the header.
 */
u8 *ctnet_test_ext(struct ctnet_test_frame *f, u8 proto, u8 hdrlen)
{
	unsigned int len = 8 + hdrlen * 8;
	u8 *h;

	if (proto == NEXTHDR_AUTH)
		len = 8 + hdrlen * 4;
	else if (proto == NEXTHDR_FRAGMENT)
		len = sizeof(struct frag_hdr);
	h = ctnet_test_next(f, proto, len);
	h[1] = hdrlen;
	f->next_at = h - f->data;
	return h;
}

/**
 * ctnet_test_udp() - an UDP header
 * @f: the frame
 * @source: port
 * @dest: port
 *
 * Return: the header.
 */
struct udphdr *ctnet_test_udp(struct ctnet_test_frame *f, u16 source, u16 dest)
{
	struct udphdr *udp = ctnet_test_next(f, IPPROTO_UDP, sizeof(*udp));

	udp->source = htons(source);
	udp->dest = htons(dest);
	udp->len = htons(sizeof(*udp));
	return udp;
}

/**
 * ctnet_test_nd() - neighbour discovery with a target
 * @f: the frame
 * @type: of ICMPv6
 * @target: the target
 *
 * Return: the message.
 */
struct nd_msg *ctnet_test_nd(struct ctnet_test_frame *f, u8 type,
			     struct in6_addr target)
{
	struct nd_msg *msg = ctnet_test_next(f, IPPROTO_ICMPV6, sizeof(*msg));

	msg->icmph.icmp6_type = type;
	msg->target = target;
	return msg;
}

/**
 * ctnet_test_nd_opt() - an option of neighbour discovery
 * @f: the frame
 * @type: its type
 * @mac: the address in it
 *
 * Return: the option.
 */
u8 *ctnet_test_nd_opt(struct ctnet_test_frame *f, u8 type, const u8 *mac)
{
	u8 *opt = ctnet_test_put(f, 8);

	opt[0] = type;
	opt[1] = 1;
	memcpy(&opt[2], mac, ETH_ALEN);
	return opt;
}

/**
 * ctnet_test_done() - no more of an IP packet: it gets its length, and IPv4 its checksum
 * @f: the frame
 */
void ctnet_test_done(struct ctnet_test_frame *f)
{
	struct ipv6hdr *ip6 = (struct ipv6hdr *)(f->data + f->nh);
	struct iphdr *ip4 = (struct iphdr *)(f->data + f->nh);

	if (ip4->version == 4) {
		ip4->tot_len = htons(f->len - f->nh);
		ip4->check = 0;
		ip4->check = ip_fast_csum((u8 *)ip4, ip4->ihl);
	} else {
		ip6->payload_len = htons(f->len - f->nh - sizeof(*ip6));
	}
}

/**
 * ctnet_test_skb() - an skb of a frame, as forward.c has it
 * @test: the case
 * @f: the frame
 * @len: how much of it; the rest stays behind the end, for who reads too far
 * @linear: how much of that is in the head; the rest is in a page
 *
 * Return: the skb.
 */
struct sk_buff *ctnet_test_skb(struct kunit *test,
			       const struct ctnet_test_frame *f,
			       unsigned int len, unsigned int linear)
{
	struct sk_buff *skb;
	struct page *page;

	skb = alloc_skb(LL_MAX_HEADER + CTNET_TEST_FRAME, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, LL_MAX_HEADER);
	if (linear >= len) {
		memcpy(skb_put(skb, CTNET_TEST_FRAME), f->data, CTNET_TEST_FRAME);
		__skb_trim(skb, len);
	} else {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			kfree_skb(skb);
		KUNIT_ASSERT_NOT_NULL(test, page);
		/* Who takes all to be in the head reads this. */
		memset(skb->data, 0xa5, CTNET_TEST_FRAME);
		skb_put_data(skb, f->data, linear);
		memcpy(page_address(page), f->data + linear,
		       CTNET_TEST_FRAME - linear);
		skb_add_rx_frag(skb, 0, page, 0, len - linear, PAGE_SIZE);
	}
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_reset_mac_len(skb);
	skb->protocol = ((const struct ethhdr *)f->data)->h_proto;
	return skb;
}
