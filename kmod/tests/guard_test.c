// SPDX-License-Identifier: GPL-2.0
/* The guard. */
#include "guard.h"
#include "guard_test.h"

/* Host 0 is guarded, at port 0; host 1 is at port 1. */
int ctnet_guard_test_init(struct kunit *test)
{
	struct ctnet_test *t;
	int err;

	err = ctnet_test_init(test);
	if (err)
		return err;
	t = test->priv;
	ctnet_test_static(test, t->port[0], 0);
	ctnet_test_static(test, t->port[1], 1);
	return 0;
}

static enum ctnet_drop ctnet_guard_test_one(struct kunit *test, unsigned int len,
					    unsigned int linear)
{
	struct ctnet_test *t = test->priv;
	struct sk_buff *skb = ctnet_test_skb(test, &t->f, len, linear);
	enum ctnet_drop reason;

	rcu_read_lock();
	reason = ctnet_guard(skb, t->port[0],
			     ctnet_fdb_find(t->ctd, eth_hdr(skb)->h_source));
	rcu_read_unlock();
	kfree_skb(skb);
	return reason;
}

/*
 * The first @len bytes of the frame get this verdict, in one piece or with any of it in
 * a page. @what and @n name it where they do not.
 */
void ctnet_guard_test_cut(struct kunit *test, unsigned int len,
			  enum ctnet_drop want, const char *what, int n)
{
	enum ctnet_drop got = ctnet_guard_test_one(test, len, len);
	unsigned int linear;

	KUNIT_EXPECT_EQ_MSG(test, got, want, "%s %d: %u bytes", what, n, len);
	/* 5 is odd: sooner or later each header is cut somewhere inside. */
	for (linear = ETH_HLEN; linear < len; linear += 5) {
		got = ctnet_guard_test_one(test, len, linear);
		KUNIT_EXPECT_EQ_MSG(test, got, want, "%s %d: %u bytes, %u linear",
				    what, n, len, linear);
		if (got != want)
			break;
	}
}

void ctnet_guard_test_is(struct kunit *test, enum ctnet_drop want,
			 const char *what, int n)
{
	struct ctnet_test *t = test->priv;

	ctnet_guard_test_cut(test, t->f.len, want, what, n);
}

/* As above, of a frame that was just built. */
void ctnet_guard_test_ip(struct kunit *test, enum ctnet_drop want,
			 const char *what, int n)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_done(&t->f);
	ctnet_guard_test_is(test, want, what, n);
}

static struct ctnet_test_frame *ctnet_guard_test_eth(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[0]);
	return &t->f;
}

static struct iphdr *ctnet_guard_test_ip4(struct kunit *test, unsigned int host)
{
	return ctnet_test_put_ip4(ctnet_guard_test_eth(test),
				  ctnet_test_ip4(host), ctnet_test_ip4(4));
}

struct ipv6hdr *ctnet_guard_test_ip6(struct kunit *test,
				     struct in6_addr saddr)
{
	return ctnet_test_put_ip6(ctnet_guard_test_eth(test), saddr,
				  ctnet_test_ip6(4));
}

static void ctnet_guard_test_mac(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	ctnet_guard_test_eth(test);
	ctnet_test_type(&t->f, 0x88b5);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "own", 0);
	/* Another port's, nobody's, the network's. */
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[1]);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_MAC, "of port 1", 0);
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[5]);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_MAC, "unknown", 0);
	ctnet_test_eth(&t->f, ctnet_test_broadcast, t->dev->dev_addr);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_MAC, "the network's", 0);
	/* What was learned is not the port's, even if it was learned there. */
	rcu_read_lock();
	ctnet_fdb_learn(t->port[0], ctnet_test_mac[2], NULL);
	rcu_read_unlock();
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[2]);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_MAC, "learned", 0);
}

static void ctnet_guard_test_other_types(struct kunit *test)
{
	static const u16 types[] = {
		0, 46, 1500, 0x0805, 0x0807, 0x22f0, 0x8035, 0x8847, 0x8864,
		0x88cc, 0x88e5, 0x86dc, 0x86de, 0x9100, 0xffff,
	};
	struct ctnet_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ctnet_guard_test_eth(test);
		ctnet_test_type(&t->f, types[i]);
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "type", types[i]);
		ctnet_test_put(&t->f, 5);
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "type", types[i]);
	}
}

static void ctnet_guard_test_snap(struct kunit *test)
{
	static const u16 hidden[] = { ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q,
				      ETH_P_8021AD };
	struct ctnet_test *t = test->priv;
	unsigned int i;
	u8 *snap;

	for (i = 0; i < ARRAY_SIZE(hidden); i++) {
		ctnet_guard_test_eth(test);
		ctnet_test_type(&t->f, 8);
		snap = ctnet_test_put(&t->f, 8);
		snap[0] = 0xaa;
		snap[1] = 0xaa;
		snap[2] = 0x03;
		snap[6] = hidden[i] >> 8;
		snap[7] = hidden[i];
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "SNAP", hidden[i]);
		/* Behind a type, or cut short, it is none; nor is another of LLC's. */
		ctnet_guard_test_cut(test, ETH_HLEN + 7, CTNET_DROP_UNSPEC, "cut",
				     hidden[i]);
		ctnet_test_type(&t->f, 0x88b5);
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "type", hidden[i]);
		ctnet_test_type(&t->f, 8);
		snap[7] ^= 0x40;
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "other", hidden[i]);
		snap[7] ^= 0x40;
		snap[1] = 0x42;
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "LLC", hidden[i]);
	}
}

static struct ctnet_test_arp *ctnet_guard_test_put_arp(struct kunit *test, u16 op)
{
	return ctnet_test_put_arp(ctnet_guard_test_eth(test), op,
				  ctnet_test_mac[0], ctnet_test_ip4(0),
				  ctnet_test_ip4(4));
}

static void ctnet_guard_test_arp(struct kunit *test)
{
	static const u16 ops[] = { 0, ARPOP_REQUEST, ARPOP_REPLY, ARPOP_RREQUEST,
				   ARPOP_RREPLY, ARPOP_InREQUEST, 0x0100, 0xffff };
	struct ctnet_test *t = test->priv;
	struct ctnet_test_arp *arp;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		arp = ctnet_guard_test_put_arp(test, ops[i]);
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "own", ops[i]);
		arp->tip = arp->sip;
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "gratuitous", ops[i]);
		/* Of which sort the target is does not matter. */
		memcpy(arp->tha, ctnet_test_mac[1], ETH_ALEN);
		ctnet_test_put(&t->f, 18);
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "padded", ops[i]);
		/* A probe has no address; what else has none is nobody's. */
		arp->sip = 0;
		ctnet_guard_test_is(test, ops[i] == ARPOP_REQUEST ?
				    CTNET_DROP_UNSPEC : CTNET_DROP_GUARD_ARP,
				    "probe", ops[i]);
		arp->sip = ctnet_test_ip4(1);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_ARP, "spoof", ops[i]);
		arp->sip = ctnet_test_ip4(5);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_ARP, "nobody", ops[i]);
		arp->sip = ctnet_test_ip4(0);
		memcpy(arp->sha, ctnet_test_mac[1], ETH_ALEN);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_ARP, "sha", ops[i]);
		arp->sip = 0;
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_ARP, "sha of a probe",
				    ops[i]);
	}
}

static void ctnet_guard_test_arp_fields(struct kunit *test)
{
	struct ctnet_test_arp *arp;
	unsigned int i;

	for (i = 0; i < 256; i++) {
		arp = ctnet_guard_test_put_arp(test, ARPOP_REQUEST);
		arp->hdr.ar_hln = i;
		ctnet_guard_test_is(test, i == ETH_ALEN ? CTNET_DROP_UNSPEC :
				    CTNET_DROP_GUARD_HEADER, "hln", i);
		arp->hdr.ar_hln = ETH_ALEN;
		arp->hdr.ar_pln = i;
		ctnet_guard_test_is(test, i == 4 ? CTNET_DROP_UNSPEC :
				    CTNET_DROP_GUARD_HEADER, "pln", i);
	}
	for (i = 0; i < 16; i++) {
		arp = ctnet_guard_test_put_arp(test, ARPOP_REQUEST);
		arp->hdr.ar_hrd ^= htons(BIT(i));
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "hrd bit", i);
		arp = ctnet_guard_test_put_arp(test, ARPOP_REQUEST);
		arp->hdr.ar_pro ^= htons(BIT(i));
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "pro bit", i);
	}
	/* As some systems have it: IEEE 802 (6). */
	arp = ctnet_guard_test_put_arp(test, ARPOP_REQUEST);
	arp->hdr.ar_hrd = htons(ARPHRD_IEEE802);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "IEEE 802", 0);
}

/* No header of the frame is whole before this many bytes. */
void ctnet_guard_test_all_cuts(struct kunit *test, unsigned int from,
			       unsigned int to, const char *what)
{
	unsigned int len;

	for (len = from; len < to; len++)
		ctnet_guard_test_cut(test, len, CTNET_DROP_GUARD_HEADER, what, 0);
}

static void ctnet_guard_test_arp_cut(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	ctnet_guard_test_put_arp(test, ARPOP_REPLY);
	ctnet_guard_test_all_cuts(test, ETH_HLEN, t->f.len, "ARP");
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "whole", 0);
}

static void ctnet_guard_test_vlans(struct kunit *test)
{
	struct ctnet_test_frame *f;
	unsigned int n, i, last;
	enum ctnet_drop want;

	for (n = 0; n <= CTNET_GUARD_VLANS + 2; n++) {
		want = n > CTNET_GUARD_VLANS ? CTNET_DROP_GUARD_HEADER :
					       CTNET_DROP_UNSPEC;
		f = ctnet_guard_test_eth(test);
		for (i = 0; i < n; i++)
			ctnet_test_tag(f, i % 2 ? ETH_P_8021AD : ETH_P_8021Q, i);
		last = f->len;
		ctnet_test_type(f, 0x88b5);
		ctnet_guard_test_is(test, want, "tags, unknown type", n);
		ctnet_test_put_ip4(f, ctnet_test_ip4(0), 0);
		ctnet_guard_test_ip(test, want, "tags, own", n);
		((struct iphdr *)(f->data + f->nh))->saddr = ctnet_test_ip4(1);
		ctnet_guard_test_is(test, want ?: CTNET_DROP_GUARD_IP,
				    "tags, spoof", n);
		/* Each tag cut short, and then the header behind them. */
		ctnet_guard_test_all_cuts(test, ETH_HLEN, last, "tags");
		ctnet_guard_test_all_cuts(test, last, f->len, "tags, IPv4");

		f = ctnet_guard_test_eth(test);
		for (i = 0; i < n; i++)
			ctnet_test_tag(f, ETH_P_8021AD, i);
		ctnet_test_put_arp(f, ARPOP_REPLY, ctnet_test_mac[0],
				   ctnet_test_ip4(1), 0);
		ctnet_guard_test_is(test, want ?: CTNET_DROP_GUARD_ARP,
				    "tags, ARP", n);
	}
}

static void ctnet_guard_test_ip4_header(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct iphdr *iph;
	unsigned int i;

	ctnet_guard_test_ip4(test, 0);
	ctnet_test_done(&t->f);
	ctnet_guard_test_all_cuts(test, ETH_HLEN, t->f.len, "IPv4");
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "whole", 0);
	for (i = 0; i < 16; i++) {
		iph = ctnet_guard_test_ip4(test, 0);
		ctnet_test_done(&t->f);
		iph->version = i;
		ctnet_guard_test_is(test, i == 4 ? CTNET_DROP_UNSPEC :
				    CTNET_DROP_GUARD_HEADER, "version", i);
	}
	for (i = 0; i < 5; i++) {
		iph = ctnet_guard_test_ip4(test, 0);
		ctnet_test_put(&t->f, 40);
		ctnet_test_done(&t->f);
		iph->ihl = i;
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "ihl", i);
	}
}

static void ctnet_guard_test_ip4_source(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct iphdr *iph;
	unsigned int i;

	iph = ctnet_guard_test_ip4(test, 0);
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "own", 0);
	iph->saddr = ctnet_test_ip4(1);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP, "of port 1", 0);
	iph->saddr = 0;
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP, "unspecified", 0);
	iph->saddr = htonl(INADDR_BROADCAST);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP, "broadcast", 0);
	for (i = 0; i < 32; i++) {
		iph->saddr = ctnet_test_ip4(0) ^ htonl(BIT(i));
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP, "other in bit", i);
	}
	/* Another MAC of the same port may have it: a pod has several. */
	iph->saddr = ctnet_test_ip4(2);
	ctnet_test_static(test, t->port[0], 2);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "of the port", 0);
}

static void ctnet_guard_test_ip4_options(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct iphdr *iph;
	unsigned int i;

	/* The UDP header is behind the options, wherever these end. */
	for (i = 5; i < 16; i++) {
		iph = ctnet_guard_test_ip4(test, 0);
		iph->ihl = i;
		ctnet_test_put(&t->f, (i - 5) * 4);
		ctnet_test_udp(&t->f, 67, 67);
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_DHCP, "server, ihl", i);
		ctnet_guard_test_all_cuts(test, ETH_HLEN + sizeof(*iph),
					  t->f.len, "options");

		iph = ctnet_guard_test_ip4(test, 0);
		iph->ihl = i;
		/* What looks like it in the options is none. */
		memset(ctnet_test_put(&t->f, (i - 5) * 4), 67, (i - 5) * 4);
		ctnet_test_udp(&t->f, 53, 53);
		ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "ihl", i);
		/* They reach beyond the packet. */
		iph->ihl = 15;
		ctnet_guard_test_is(test, i == 15 ? CTNET_DROP_UNSPEC :
				    CTNET_DROP_GUARD_HEADER, "ihl too large", i);
	}
}

static void ctnet_guard_test_ip4_length(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct iphdr *iph;
	unsigned int i;

	iph = ctnet_guard_test_ip4(test, 0);
	ctnet_test_udp(&t->f, 53, 53);
	for (i = 0; i <= 40; i++) {
		enum ctnet_drop want = CTNET_DROP_GUARD_HEADER;

		/* 0 is what a packet to be cut may have: then it goes to the end. */
		if (i == 0 || i == 28)
			want = CTNET_DROP_UNSPEC;
		iph->tot_len = htons(i);
		ctnet_guard_test_is(test, want, "tot_len", i);
	}
	iph->tot_len = htons(0xffff);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "tot_len", 0xffff);

	/* Padding follows, of any size; it is not part of the packet. */
	iph->tot_len = htons(28);
	memset(ctnet_test_put(&t->f, 18), 0xff, 18);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "padded", 0);
	iph = ctnet_guard_test_ip4(test, 0);
	ctnet_test_done(&t->f);
	ctnet_test_udp(&t->f, 53, 53);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "UDP in the padding", 0);
	/* Without a header to be found, the address alone decides. */
	iph->protocol = IPPROTO_TCP;
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "TCP", 0);
}

/*
 * A checksum is to be completed anywhere in the frame: never before @seen, where all that
 * the verdict rests on ends, but at @sum.
 */
static void ctnet_guard_test_sum(struct kunit *test, unsigned int seen, int sum,
				 const char *what)
{
	struct ctnet_test *t = test->priv;
	enum ctnet_drop got, want;
	struct sk_buff *skb;
	int at, start;

	for (at = 0; at + 2 <= t->f.len; at++) {
		want = at >= seen || at == sum ? CTNET_DROP_UNSPEC :
						 CTNET_DROP_GUARD_HEADER;
		/* Where it begins is all the same; it may be before the frame, too. */
		for (start = -4; start <= at; start += 7) {
			skb = ctnet_test_skb(test, &t->f, t->f.len, t->f.len);
			skb->ip_summed = CHECKSUM_PARTIAL;
			skb->csum_start = skb_headroom(skb) + start;
			skb->csum_offset = at - start;
			rcu_read_lock();
			got = ctnet_guard(skb, t->port[0],
					  ctnet_fdb_find(t->ctd,
							 eth_hdr(skb)->h_source));
			rcu_read_unlock();
			kfree_skb(skb);
			KUNIT_EXPECT_EQ_MSG(test, got, want, "%s: sum at %d, from %d",
					    what, at, start);
		}
	}
}

static void ctnet_guard_test_sum_ip(struct kunit *test, unsigned int seen,
				    int sum, const char *what)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_done(&t->f);
	ctnet_guard_test_sum(test, seen, sum, what);
}

static void ctnet_guard_test_sums(struct kunit *test)
{
	const unsigned int ip4 = ETH_HLEN + sizeof(struct iphdr);
	const unsigned int ip6 = ETH_HLEN + sizeof(struct ipv6hdr);
	struct ctnet_test *t = test->priv;
	struct iphdr *iph;

	ctnet_guard_test_put_arp(test, ARPOP_REPLY);
	memset(ctnet_test_put(&t->f, 18), 0, 18);
	ctnet_guard_test_sum(test, ETH_HLEN + sizeof(struct ctnet_test_arp), -1,
			     "ARP");
	ctnet_guard_test_ip4(test, 0);
	ctnet_test_udp(&t->f, 53, 53);
	ctnet_guard_test_sum_ip(test, ip4 + 4, -1, "UDP");
	ctnet_guard_test_ip4(test, 0);
	ctnet_test_next(&t->f, IPPROTO_TCP, 20);
	ctnet_guard_test_sum_ip(test, ip4, -1, "TCP");
	iph = ctnet_guard_test_ip4(test, 0);
	iph->ihl = 7;
	ctnet_test_next(&t->f, IPPROTO_TCP, 28);
	ctnet_guard_test_sum_ip(test, ip4 + 8, -1, "TCP behind options");
	iph = ctnet_guard_test_ip4(test, 0);
	iph->frag_off = htons(1);
	ctnet_test_udp(&t->f, 53, 53);
	ctnet_guard_test_sum_ip(test, ip4, -1, "a later fragment");

	ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_udp(&t->f, 53, 53);
	ctnet_guard_test_sum_ip(test, ip6 + 4, -1, "UDP, IPv6");
	ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_ext(&t->f, IPPROTO_DSTOPTS, 0);
	ctnet_test_next(&t->f, IPPROTO_TCP, 20);
	ctnet_guard_test_sum_ip(test, ip6 + 8, -1, "TCP behind an extension");
	ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	memset(ctnet_test_next(&t->f, IPPROTO_ICMPV6, 8), 128, 8);
	ctnet_guard_test_sum_ip(test, ip6 + 1, -1, "an echo");
	ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_SOLICITATION, ctnet_test_ip6(1));
	ctnet_guard_test_sum_ip(test, t->f.len, ip6 + 2, "ND");

	/* Of what is not looked into, the Ethernet header is what counts. */
	ctnet_guard_test_eth(test);
	ctnet_test_type(&t->f, 0x88b5);
	memset(ctnet_test_put(&t->f, 20), 0, 20);
	ctnet_guard_test_sum(test, ETH_HLEN, -1, "another type");
	ctnet_guard_test_eth(test);
	ctnet_test_tag(&t->f, ETH_P_8021Q, 1);
	ctnet_test_type(&t->f, 0x88b5);
	memset(ctnet_test_put(&t->f, 20), 0, 20);
	ctnet_guard_test_sum(test, ETH_HLEN + VLAN_HLEN, -1, "behind a tag");
	ctnet_guard_test_eth(test);
	ctnet_test_type(&t->f, 46);
	memset(ctnet_test_put(&t->f, 46), 0x42, 46);
	ctnet_guard_test_sum(test, ETH_HLEN + 8, -1, "a length");
}

static void ctnet_guard_test_ip4_fragments(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct iphdr *iph;
	unsigned int i;

	/* The first one shows the ports, and shows all of them. */
	iph = ctnet_guard_test_ip4(test, 0);
	iph->frag_off = htons(IP_MF);
	ctnet_test_udp(&t->f, 67, 68);
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_DHCP, "first", 0);
	for (i = 20; i < 28; i++) {
		iph->tot_len = htons(i);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "first of", i);
	}
	/* Bits that are no offset. */
	ctnet_test_done(&t->f);
	iph->frag_off = htons(IP_CE | IP_DF | IP_MF);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_DHCP, "all flags", 0);

	/* Later ones show none: the address decides. */
	for (i = 0; i < 13; i++) {
		iph = ctnet_guard_test_ip4(test, 0);
		iph->frag_off = htons(BIT(i));
		ctnet_test_udp(&t->f, 67, 68);
		ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "later, bit", i);
		iph->saddr = ctnet_test_ip4(1);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP, "spoof, bit", i);
		iph->saddr = 0;
		((struct udphdr *)(iph + 1))->source = htons(68);
		((struct udphdr *)(iph + 1))->dest = htons(67);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP, "0, bit", i);
		/* Even one byte. */
		iph->saddr = ctnet_test_ip4(0);
		iph->tot_len = htons(21);
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "a byte, bit", i);
	}
}

static void ctnet_guard_test_dhcp(struct kunit *test)
{
	static const struct {
		u16 source, dest;
		enum ctnet_drop own, none;
	} c[] = {
		{ 68, 67, CTNET_DROP_UNSPEC, CTNET_DROP_UNSPEC },
		{ 67, 68, CTNET_DROP_GUARD_DHCP, CTNET_DROP_GUARD_DHCP },
		{ 67, 67, CTNET_DROP_GUARD_DHCP, CTNET_DROP_GUARD_DHCP },
		{ 68, 68, CTNET_DROP_GUARD_DHCP, CTNET_DROP_GUARD_DHCP },
		{ 67, 9999, CTNET_DROP_GUARD_DHCP, CTNET_DROP_GUARD_DHCP },
		{ 9999, 68, CTNET_DROP_GUARD_DHCP, CTNET_DROP_GUARD_DHCP },
		{ 9999, 67, CTNET_DROP_UNSPEC, CTNET_DROP_GUARD_IP },
		{ 68, 9999, CTNET_DROP_UNSPEC, CTNET_DROP_GUARD_IP },
		{ 546, 547, CTNET_DROP_UNSPEC, CTNET_DROP_GUARD_IP },
		{ 0x4300, 0x4400, CTNET_DROP_UNSPEC, CTNET_DROP_GUARD_IP },
	};
	struct ctnet_test *t = test->priv;
	struct iphdr *iph;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		iph = ctnet_guard_test_ip4(test, 0);
		ctnet_test_udp(&t->f, c[i].source, c[i].dest);
		ctnet_guard_test_ip(test, c[i].own, "own", i);
		iph->saddr = 0;
		ctnet_guard_test_is(test, c[i].none, "from 0.0.0.0", i);
		iph->saddr = ctnet_test_ip4(1);
		ctnet_guard_test_is(test, c[i].own ?: CTNET_DROP_GUARD_IP,
				    "spoof", i);
		/* These are ports of UDP only. */
		iph->saddr = ctnet_test_ip4(0);
		iph->protocol = IPPROTO_TCP;
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "TCP", i);
		iph->saddr = 0;
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP, "TCP, 0.0.0.0", i);
	}
}

static void ctnet_guard_test_no_addresses(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	int err;

	/* Where none is named, any will do; v4-mapped ones will not. */
	rtnl_lock();
	err = ctnet_fdb_set(t->port[0], ctnet_test_mac[0], 0, NULL, 0, true, NULL);
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
	ctnet_guard_test_ip4(test, 1);
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "IPv4", 0);
	ctnet_guard_test_put_arp(test, ARPOP_REPLY)->sip = ctnet_test_ip4(1);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "ARP", 0);
	ctnet_guard_test_ip6(test, ctnet_test_ip6(1));
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "IPv6", 0);
	ctnet_guard_test_ip6(test, ctnet_test_mapped(0));
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_IP6, "v4-mapped", 0);
	ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_ADVERTISEMENT, ctnet_test_ip6(1));
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "NA", 0);
	/* The MAC stays a matter of its own. */
	memcpy(ctnet_guard_test_put_arp(test, ARPOP_REPLY)->sha,
	       ctnet_test_mac[1], ETH_ALEN);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_ARP, "ARP, sha", 0);
	ctnet_guard_test_ip4(test, 1)->saddr = 0;
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "0.0.0.0", 0);
}

static struct kunit_case ctnet_guard_cases[] = {
	KUNIT_CASE(ctnet_guard_test_mac),
	KUNIT_CASE(ctnet_guard_test_other_types),
	KUNIT_CASE(ctnet_guard_test_snap),
	KUNIT_CASE(ctnet_guard_test_arp),
	KUNIT_CASE(ctnet_guard_test_arp_fields),
	KUNIT_CASE(ctnet_guard_test_arp_cut),
	KUNIT_CASE(ctnet_guard_test_vlans),
	KUNIT_CASE(ctnet_guard_test_ip4_header),
	KUNIT_CASE(ctnet_guard_test_ip4_source),
	KUNIT_CASE(ctnet_guard_test_ip4_options),
	KUNIT_CASE(ctnet_guard_test_ip4_length),
	KUNIT_CASE(ctnet_guard_test_sums),
	KUNIT_CASE(ctnet_guard_test_ip4_fragments),
	KUNIT_CASE(ctnet_guard_test_dhcp),
	KUNIT_CASE(ctnet_guard_test_no_addresses),
	{}
};

struct kunit_suite ctnet_guard_suite = {
	.name = "ctnet-guard",
	.init = ctnet_guard_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_guard_cases,
};
