// SPDX-License-Identifier: GPL-2.0
/* The guard and IPv6. */
#include "guard.h"
#include "guard_test.h"

static void ctnet_guard6_test_ip6_header(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ipv6hdr *iph;
	unsigned int i;

	ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_done(&t->f);
	ctnet_guard_test_all_cuts(test, ETH_HLEN, t->f.len, "IPv6");
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "whole", 0);
	for (i = 0; i < 16; i++) {
		iph = ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		ctnet_test_done(&t->f);
		iph->version = i;
		ctnet_guard_test_is(test, i == 6 ? CTNET_DROP_UNSPEC :
				    CTNET_DROP_GUARD_HEADER, "version", i);
	}
	/* Traffic class and flow label are anyone's to choose. */
	iph = ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_done(&t->f);
	iph->priority = 0xf;
	memset(iph->flow_lbl, 0xff, sizeof(iph->flow_lbl));
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "flow label", 0);
}

static void ctnet_guard6_test_ip6_source(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct in6_addr compat = {};
	struct ipv6hdr *iph;
	unsigned int i;

	iph = ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "own", 0);
	iph->saddr = ctnet_test_ip6(1);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "of port 1", 0);
	iph->saddr = ctnet_test_ll(0);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "link-local", 0);
	iph->saddr = ctnet_test_ll(1);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "link-local of port 1", 0);
	for (i = 0; i < 128; i++) {
		iph->saddr = ctnet_test_ip6(0);
		iph->saddr.s6_addr[i / 8] ^= BIT(i % 8);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "other in bit", i);
		/* The first link-local one that nobody has is claimed, and no other. */
		iph->saddr = ctnet_test_ll(0);
		iph->saddr.s6_addr[i / 8] ^= BIT(i % 8);
		ctnet_guard_test_is(test, i == 64 ? CTNET_DROP_UNSPEC :
				    CTNET_DROP_GUARD_IP6,
				    "link-local other in bit", i);
	}
	/* The table has it, for IPv4. */
	iph->saddr = ctnet_test_mapped(0);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "v4-mapped", 0);
	compat.s6_addr32[3] = ctnet_test_ip4(0);
	iph->saddr = compat;
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "v4-compatible", 0);
	iph->saddr = in6addr_loopback;
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "loopback", 0);
	iph->saddr = in6addr_linklocal_allnodes;
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "multicast", 0);
	iph->saddr = ctnet_test_ip6(2);
	ctnet_test_static(test, t->port[0], 2);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "of the port", 0);
}

static void ctnet_guard6_test_ip6_length(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ipv6hdr *iph;
	unsigned int i;

	iph = ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_udp(&t->f, 53, 53);
	for (i = 0; i <= 40; i++) {
		enum ctnet_drop want = CTNET_DROP_GUARD_HEADER;

		/* 0 is a jumbogram's, and a packet's that is to be cut. */
		if (i == 0 || i == 8)
			want = CTNET_DROP_UNSPEC;
		iph->payload_len = htons(i);
		ctnet_guard_test_is(test, want, "payload_len", i);
	}
	iph->payload_len = htons(0xffff);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER, "payload_len", 0xffff);

	iph->payload_len = htons(8);
	memset(ctnet_test_put(&t->f, 18), 0xff, 18);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "padded", 0);
	/* A jumbogram's payload is all there is. */
	iph = ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT, ctnet_test_ip6(0));
	iph->payload_len = 0;
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_RA, "jumbogram", 0);
	ctnet_guard_test_cut(test, ETH_HLEN + sizeof(*iph),
			     CTNET_DROP_GUARD_HEADER, "jumbogram, empty", 0);
	iph->nexthdr = IPPROTO_TCP;
	ctnet_guard_test_cut(test, ETH_HLEN + sizeof(*iph), CTNET_DROP_UNSPEC,
			     "TCP, empty", 0);
}

static void ctnet_guard6_test_unspecified(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct nd_msg *msg;
	unsigned int i;

	ctnet_guard_test_ip6(test, in6addr_any);
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_IP6, "TCP", 0);
	ctnet_guard_test_ip6(test, in6addr_any);
	ctnet_test_udp(&t->f, 546, 547);
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_IP6, "DHCPv6", 0);
	for (i = 0; i < 256; i++) {
		enum ctnet_drop want = CTNET_DROP_GUARD_IP6;

		switch (i) {
		case ICMPV6_MGM_REPORT:
		case ICMPV6_MGM_REDUCTION:
		case ICMPV6_MLD2_REPORT:
		case NDISC_ROUTER_SOLICITATION:
		case NDISC_NEIGHBOUR_SOLICITATION:
			want = CTNET_DROP_UNSPEC;
			break;
		case NDISC_ROUTER_ADVERTISEMENT:
		case NDISC_REDIRECT:
			want = CTNET_DROP_GUARD_RA;
			break;
		}
		ctnet_guard_test_ip6(test, in6addr_any);
		msg = ctnet_test_nd(&t->f, i, ctnet_test_ip6(0));
		/* A router solicitation has options where others have a target. */
		if (i == NDISC_ROUTER_SOLICITATION)
			t->f.len -= sizeof(msg->target);
		ctnet_guard_test_ip(test, want, "ICMPv6 type", i);
	}
}

/* What an extension header may be, in the way of what the guard is after. */
static const u8 ctnet_guard_test_exts[] = {
	NEXTHDR_HOP, NEXTHDR_ROUTING, NEXTHDR_DEST, NEXTHDR_AUTH, NEXTHDR_FRAGMENT,
};

static void ctnet_guard6_test_ext(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	unsigned int i, n;
	u8 ext;

	/* Each of them, some of them, of any length; what is behind is found. */
	for (i = 0; i < ARRAY_SIZE(ctnet_guard_test_exts); i++) {
		ext = ctnet_guard_test_exts[i];
		for (n = 0; n < 8; n++) {
			ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
			ctnet_test_ext(&t->f, ext, n);
			ctnet_test_udp(&t->f, 53, 53);
			ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "own", ext);

			ctnet_guard_test_ip6(test, ctnet_test_ip6(1));
			ctnet_test_ext(&t->f, ext, n);
			ctnet_test_udp(&t->f, 53, 53);
			ctnet_guard_test_ip(test, CTNET_DROP_GUARD_IP6, "spoof",
					    ext);

			ctnet_guard_test_ip6(test, ctnet_test_ll(0));
			ctnet_test_ext(&t->f, ext, n);
			ctnet_test_udp(&t->f, 547, 546);
			ctnet_guard_test_ip(test, CTNET_DROP_GUARD_DHCP,
					    "DHCPv6", ext);

			ctnet_guard_test_ip6(test, ctnet_test_ll(0));
			ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
			ctnet_test_ext(&t->f, ext, n);
			ctnet_test_ext(&t->f, NEXTHDR_DEST, 1);
			ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT,
				      in6addr_any);
			ctnet_guard_test_ip(test, CTNET_DROP_GUARD_RA, "RA", ext);

			ctnet_guard_test_ip6(test, ctnet_test_ll(0));
			ctnet_test_ext(&t->f, ext, n);
			ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_ADVERTISEMENT,
				      ctnet_test_ip6(1));
			ctnet_guard_test_ip(test, CTNET_DROP_GUARD_ND, "NA", ext);
		}
	}
	/* A long chain. */
	ctnet_guard_test_ip6(test, ctnet_test_ll(0));
	for (i = 0; i < 40; i++)
		ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
	ctnet_test_nd(&t->f, NDISC_REDIRECT, in6addr_any);
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_RA, "chain of", i);
	/* One that is not looked through. */
	ctnet_guard_test_ip6(test, ctnet_test_ll(0));
	for (i = 0; i <= CTNET_GUARD_EXTHDRS; i++)
		ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER, "chain of", i);
}

static void ctnet_guard6_test_ext_cut(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	unsigned int i, len;
	u8 ext;

	for (i = 0; i < ARRAY_SIZE(ctnet_guard_test_exts); i++) {
		ext = ctnet_guard_test_exts[i];
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
		ctnet_test_ext(&t->f, ext, 2);
		len = t->f.len;
		ctnet_test_udp(&t->f, 53, 53);
		ctnet_test_done(&t->f);
		/* The frame ends early, and so does the packet in the frame. */
		ctnet_guard_test_all_cuts(test, ETH_HLEN + 40, t->f.len, "frame");
		((struct ipv6hdr *)(t->f.data + t->f.nh))->payload_len = 0;
		ctnet_guard_test_all_cuts(test, ETH_HLEN + 40, t->f.len, "jumbo");
		for (len = 1; len < t->f.len - ETH_HLEN - 40; len++) {
			((struct ipv6hdr *)(t->f.data + t->f.nh))->payload_len =
				htons(len);
			ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER,
					    "packet of", len);
		}
	}
	/* A length that reaches far beyond, in the first and in the second. */
	for (i = 0; i < 2; i++) {
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		if (i)
			ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
		ctnet_test_ext(&t->f, NEXTHDR_DEST, 0)[1] = 255;
		ctnet_test_udp(&t->f, 53, 53);
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER, "far", i);
		/* One that is just too long, with TCP behind it. */
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		if (i)
			ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
		ctnet_test_ext(&t->f, NEXTHDR_DEST, 0)[1] = 1;
		ctnet_test_next(&t->f, IPPROTO_TCP, 4);
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER, "too long", i);
		ctnet_test_put(&t->f, 4);
		ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "just fits", i);
	}
}

static void ctnet_guard6_test_ext_ends(struct kunit *test)
{
	/* What ends the chain: the address alone decides. */
	static const u8 last[] = {
		IPPROTO_TCP, IPPROTO_ESP, IPPROTO_IPIP, IPPROTO_IPV6, IPPROTO_GRE,
		IPPROTO_SCTP, IPPROTO_ICMP, IPPROTO_MH, 139, 140, 253, 255,
	};
	struct ctnet_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(last); i++) {
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
		ctnet_test_next(&t->f, last[i], 1);
		ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "own", last[i]);
		ctnet_guard_test_ip6(test, ctnet_test_ip6(1));
		ctnet_test_ext(&t->f, NEXTHDR_DEST, 0);
		ctnet_test_next(&t->f, last[i], 1);
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_IP6, "spoof", last[i]);
	}
	/* Nothing follows: nothing that anybody would receive. */
	ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
	ctnet_test_next(&t->f, NEXTHDR_NONE, 0);
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER, "none", 0);
}

static void ctnet_guard6_test_ip6_fragments(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct frag_hdr *fh;
	unsigned int i, len;

	/* First ones, with and without more: all of what matters is in them. */
	for (i = 0; i < 8; i++) {
		ctnet_guard_test_ip6(test, ctnet_test_ll(0));
		fh = (struct frag_hdr *)ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);
		fh->frag_off = htons(i);
		ctnet_test_udp(&t->f, 547, 546);
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_DHCP, "first", i);
		for (len = 1; len < 16; len++) {
			((struct ipv6hdr *)(t->f.data + t->f.nh))->payload_len =
				htons(len);
			ctnet_guard_test_is(test, CTNET_DROP_GUARD_HEADER,
					    "first of", len);
		}
		/* Neighbour discovery is never fragmented (RFC 6980). */
		ctnet_guard_test_ip6(test, ctnet_test_ll(0));
		fh = (struct frag_hdr *)ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);
		fh->frag_off = htons(i);
		ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_SOLICITATION,
			      ctnet_test_ip6(4));
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER, "NS", i);
		((struct nd_msg *)(fh + 1))->icmph.icmp6_type = ICMPV6_ECHO_REQUEST;
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "echo", i);
	}
	/* Later ones: what looks like a header is none. */
	for (i = 3; i < 16; i++) {
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		ctnet_test_ext(&t->f, NEXTHDR_HOP, 0);
		fh = (struct frag_hdr *)ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);
		fh->frag_off = htons(BIT(i));
		ctnet_test_udp(&t->f, 547, 546);
		ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "later, bit", i);
		ctnet_guard_test_all_cuts(test, ETH_HLEN + 40, ETH_HLEN + 40 + 16,
					  "later");
		((struct ipv6hdr *)(t->f.data + t->f.nh))->saddr =
			ctnet_test_ip6(1);
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "spoof, bit", i);
		/* Not even what may come from nobody. */
		fh->nexthdr = IPPROTO_ICMPV6;
		fh[1].nexthdr = ICMPV6_MLD2_REPORT;
		((struct ipv6hdr *)(t->f.data + t->f.nh))->saddr = in6addr_any;
		ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "::, bit", i);
	}
}

/* Fragment headers behind one another: none of them hides what the others show. */
static void ctnet_guard6_test_ip6_nested(struct kunit *test)
{
	static const struct {
		u8 type;
		enum ctnet_drop want;
	} c[] = {
		{ NDISC_ROUTER_SOLICITATION, CTNET_DROP_GUARD_HEADER },
		{ NDISC_NEIGHBOUR_SOLICITATION, CTNET_DROP_GUARD_HEADER },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, CTNET_DROP_GUARD_HEADER },
		{ NDISC_ROUTER_ADVERTISEMENT, CTNET_DROP_GUARD_RA },
		{ NDISC_REDIRECT, CTNET_DROP_GUARD_RA },
		{ ICMPV6_ECHO_REQUEST, CTNET_DROP_UNSPEC },
	};
	struct ctnet_test *t = test->priv;
	struct frag_hdr *fh;
	unsigned int i, n;
	u8 between;

	/* Bits of n: the first is not the last fragment, nor is the second; what is between. */
	for (n = 0; n < 4 * ARRAY_SIZE(ctnet_guard_test_exts); n++) {
		between = ctnet_guard_test_exts[n / 4];
		for (i = 0; i < ARRAY_SIZE(c); i++) {
			ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
			fh = (void *)ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);
			fh->frag_off = htons(n & 1);
			ctnet_test_ext(&t->f, between, 0);
			fh = (void *)ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);
			fh->frag_off = htons(n >> 1 & 1);
			ctnet_test_nd(&t->f, c[i].type, ctnet_test_ip6(0));
			ctnet_guard_test_ip(test, c[i].want, "type", c[i].type);
		}
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		fh = (void *)ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);
		fh->frag_off = htons(n & 1);
		ctnet_test_ext(&t->f, between, 0);
		fh = (void *)ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);
		fh->frag_off = htons(n >> 1 & 1);
		ctnet_test_udp(&t->f, 547, 546);
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_DHCP, "DHCPv6", n);
		/* The second, where it is a later one, shows nothing. */
		fh->frag_off = htons(8);
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "later", n);
	}
}

static void ctnet_guard6_test_claim(struct kunit *test)
{
	struct in6_addr ll = ctnet_test_ll(0), other = ctnet_test_ll(5);
	struct ctnet_test *t = test->priv;
	struct ipv6hdr *iph;

	/* One that another's MAC makes, that another has named, of another prefix, or none. */
	ctnet_guard_test_ip6(test, in6addr_any);
	ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_SOLICITATION, ctnet_test_ll(1));
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_ND, "named", 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, ctnet_fdb_set(t->port[2], ctnet_test_mac[5], 0, NULL,
					    0, false, NULL), 0);
	rtnl_unlock();
	iph = ctnet_guard_test_ip6(test, other);
	ctnet_guard_test_ip(test, CTNET_DROP_GUARD_IP6, "made", 0);
	ll.s6_addr[8] ^= 0x10;
	iph->saddr = ll;
	iph->saddr.s6_addr[7] = 1;
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "prefix", 0);
	memset(&iph->saddr.s6_addr[7], 0, 9);
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "router anycast", 0);
	/* Duplicate detection is how it begins. */
	ctnet_guard_test_ip6(test, in6addr_any);
	ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_SOLICITATION, ll);
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "DAD", 0);
	ctnet_guard_test_ip6(test, ll);
	ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_ADVERTISEMENT, ll);
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "NA", 0);
	iph = ctnet_guard_test_ip6(test, ll);
	ctnet_guard_test_ip(test, CTNET_DROP_UNSPEC, "claimed", 0);
	iph->saddr.s6_addr[15] ^= 1;
	ctnet_guard_test_is(test, CTNET_DROP_GUARD_IP6, "second", 0);
	iph->saddr = ctnet_test_ll(0);
	ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "from the MAC", 0);
}

static void ctnet_guard6_test_dhcp6(struct kunit *test)
{
	static const struct {
		u16 source, dest;
		enum ctnet_drop want;
	} c[] = {
		{ 546, 547, CTNET_DROP_UNSPEC },
		{ 547, 546, CTNET_DROP_GUARD_DHCP },
		{ 547, 547, CTNET_DROP_GUARD_DHCP },
		{ 546, 546, CTNET_DROP_GUARD_DHCP },
		{ 547, 9999, CTNET_DROP_GUARD_DHCP },
		{ 9999, 546, CTNET_DROP_GUARD_DHCP },
		{ 9999, 547, CTNET_DROP_UNSPEC },
		{ 67, 68, CTNET_DROP_UNSPEC },
	};
	struct ctnet_test *t = test->priv;
	struct ipv6hdr *iph;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		iph = ctnet_guard_test_ip6(test, ctnet_test_ll(0));
		ctnet_test_udp(&t->f, c[i].source, c[i].dest);
		ctnet_guard_test_ip(test, c[i].want, "own", i);
		ctnet_guard_test_all_cuts(test, ETH_HLEN + 40, t->f.len, "UDP");
		iph->saddr = ctnet_test_ll(1);
		ctnet_guard_test_is(test, c[i].want ?: CTNET_DROP_GUARD_IP6,
				    "spoof", i);
		iph->saddr = ctnet_test_ll(0);
		iph->nexthdr = IPPROTO_TCP;
		ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "TCP", i);
	}
}

static void ctnet_guard6_test_routers(struct kunit *test)
{
	static const u8 types[] = { NDISC_ROUTER_ADVERTISEMENT, NDISC_REDIRECT };
	struct ctnet_test *t = test->priv;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ctnet_guard_test_ip6(test, ctnet_test_ll(0));
		ctnet_test_nd(&t->f, types[i], ctnet_test_ip6(0));
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_RA, "own", types[i]);
		/* The first byte says it, be the rest missing. */
		((struct ipv6hdr *)(t->f.data + t->f.nh))->payload_len = 0;
		for (len = 1; len < 24; len++)
			ctnet_guard_test_cut(test, ETH_HLEN + 40 + len,
					     CTNET_DROP_GUARD_RA, "cut", len);
		ctnet_guard_test_cut(test, ETH_HLEN + 40, CTNET_DROP_GUARD_HEADER,
				     "empty", types[i]);
	}
}

static void ctnet_guard6_test_nd(struct kunit *test)
{
	struct in6_addr own = ctnet_test_ip6(0), other = ctnet_test_ip6(1);
	const struct {
		u8 type;
		struct in6_addr saddr, target;
		enum ctnet_drop want;
	} c[] = {
		/* Whoever asks for an address may. */
		{ NDISC_NEIGHBOUR_SOLICITATION, own, other, CTNET_DROP_UNSPEC },
		{ NDISC_NEIGHBOUR_SOLICITATION, ctnet_test_ll(0), other,
		  CTNET_DROP_UNSPEC },
		{ NDISC_NEIGHBOUR_SOLICITATION, own, own, CTNET_DROP_UNSPEC },
		{ NDISC_NEIGHBOUR_SOLICITATION, other, own, CTNET_DROP_GUARD_IP6 },
		/* Who tries whether it is a duplicate has to have it. */
		{ NDISC_NEIGHBOUR_SOLICITATION, in6addr_any, own,
		  CTNET_DROP_UNSPEC },
		{ NDISC_NEIGHBOUR_SOLICITATION, in6addr_any, ctnet_test_ll(0),
		  CTNET_DROP_UNSPEC },
		{ NDISC_NEIGHBOUR_SOLICITATION, in6addr_any, other,
		  CTNET_DROP_GUARD_ND },
		{ NDISC_NEIGHBOUR_SOLICITATION, in6addr_any, ctnet_test_ll(1),
		  CTNET_DROP_GUARD_ND },
		{ NDISC_NEIGHBOUR_SOLICITATION, in6addr_any, ctnet_test_mapped(0),
		  CTNET_DROP_GUARD_ND },
		/* And who says so, too. */
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, own, own, CTNET_DROP_UNSPEC },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, own, ctnet_test_ll(0),
		  CTNET_DROP_UNSPEC },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, own, other, CTNET_DROP_GUARD_ND },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, own, ctnet_test_ll(1),
		  CTNET_DROP_GUARD_ND },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, own, ctnet_test_ip6(5),
		  CTNET_DROP_GUARD_ND },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, own, ctnet_test_mapped(0),
		  CTNET_DROP_GUARD_ND },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, own, in6addr_any,
		  CTNET_DROP_GUARD_ND },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, other, own,
		  CTNET_DROP_GUARD_IP6 },
		{ NDISC_NEIGHBOUR_ADVERTISEMENT, in6addr_any, own,
		  CTNET_DROP_GUARD_IP6 },
	};
	struct ctnet_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		ctnet_guard_test_ip6(test, c[i].saddr);
		ctnet_test_nd(&t->f, c[i].type, c[i].target);
		ctnet_guard_test_ip(test, c[i].want, "case", i);
	}
}

static void ctnet_guard6_test_nd_cut(struct kunit *test)
{
	static const u8 types[] = {
		NDISC_ROUTER_SOLICITATION, NDISC_NEIGHBOUR_SOLICITATION,
		NDISC_NEIGHBOUR_ADVERTISEMENT,
	};
	struct ctnet_test *t = test->priv;
	unsigned int i, len, hdr;
	struct ipv6hdr *iph;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		iph = ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		ctnet_test_nd(&t->f, types[i], ctnet_test_ip6(0));
		if (types[i] == NDISC_ROUTER_SOLICITATION)
			t->f.len -= sizeof(struct in6_addr);
		hdr = t->f.len - ETH_HLEN - sizeof(*iph);
		ctnet_test_nd_opt(&t->f, ND_OPT_SOURCE_LL_ADDR, ctnet_test_mac[0]);
		ctnet_test_nd_opt(&t->f, 14, ctnet_test_mac[1]);
		for (len = 0; len <= hdr + 16; len++) {
			enum ctnet_drop want = CTNET_DROP_GUARD_HEADER;

			/* Between options it may end. Of a router's, no more
			 * than the options are read.
			 */
			if (len == hdr || len == hdr + 8 || len == hdr + 16 ||
			    (types[i] == NDISC_ROUTER_SOLICITATION && len &&
			     len <= hdr))
				want = CTNET_DROP_UNSPEC;
			iph->payload_len = 0;
			ctnet_guard_test_cut(test, ETH_HLEN + sizeof(*iph) + len,
					     want, "frame cut", types[i]);
			/* What follows the packet is none of it. */
			iph->payload_len = htons(len);
			if (len)
				ctnet_guard_test_is(test, want, "packet cut", len);
		}
	}
}

static void ctnet_guard6_test_nd_options(struct kunit *test)
{
	static const u8 types[] = {
		NDISC_ROUTER_SOLICITATION, NDISC_NEIGHBOUR_SOLICITATION,
		NDISC_NEIGHBOUR_ADVERTISEMENT,
	};
	struct ctnet_test *t = test->priv;
	unsigned int i, opt, before;
	u8 *p;

	/* Some 30 options are known; the last of all is looked at, too. */
	for (i = 0; i < ARRAY_SIZE(types) * 32; i++) {
		enum ctnet_drop want = CTNET_DROP_UNSPEC;

		opt = i % 32 == 31 ? 255 : i % 32;
		/* A MAC of somebody else in either, wherever it stands. */
		if (opt == ND_OPT_SOURCE_LL_ADDR || opt == ND_OPT_TARGET_LL_ADDR)
			want = CTNET_DROP_GUARD_ND;
		for (before = 0; before < (opt < 4 ? 3 : 1); before++) {
			ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
			ctnet_test_nd(&t->f, types[i / 32], ctnet_test_ip6(0));
			if (types[i / 32] == NDISC_ROUTER_SOLICITATION)
				t->f.len -= sizeof(struct in6_addr);
			if (before > 0)
				ctnet_test_nd_opt(&t->f, ND_OPT_SOURCE_LL_ADDR,
						  ctnet_test_mac[0]);
			if (before > 1) {
				p = ctnet_test_nd_opt(&t->f, 14, ctnet_test_mac[1]);
				p[1] = 3;
				ctnet_test_put(&t->f, 16);
			}
			p = ctnet_test_nd_opt(&t->f, opt, ctnet_test_mac[1]);
			ctnet_guard_test_ip(test, want, "option", opt);
			memcpy(p + 2, ctnet_test_mac[0], ETH_ALEN);
			ctnet_guard_test_is(test, CTNET_DROP_UNSPEC, "own", opt);
			/* In the last byte, too, and in a longer one. */
			p[7] ^= 1;
			ctnet_guard_test_is(test, want, "last byte", opt);
			p[1] = 2;
			ctnet_test_put(&t->f, 8);
			ctnet_guard_test_ip(test, want, "longer", opt);
		}
	}
}

static void ctnet_guard6_test_nd_bad_options(struct kunit *test)
{
	static const u8 opts[] = { ND_OPT_SOURCE_LL_ADDR, ND_OPT_TARGET_LL_ADDR, 3,
				   14, 255 };
	struct ctnet_test *t = test->priv;
	unsigned int i, len;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		/* Of no length, with others behind that are fine. */
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_SOLICITATION,
			      ctnet_test_ip6(1));
		p = ctnet_test_nd_opt(&t->f, opts[i], ctnet_test_mac[0]);
		p[1] = 0;
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER, "0, type",
				    opts[i]);
		ctnet_test_nd_opt(&t->f, opts[i], ctnet_test_mac[0]);
		ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER, "0, type",
				    opts[i]);
		/* A stub at the end. */
		p[1] = 2;
		for (len = 1; len < 8; len++) {
			ctnet_test_put(&t->f, 1);
			ctnet_guard_test_ip(test, CTNET_DROP_GUARD_HEADER,
					    "stub of", len);
		}
		/* Beyond the packet: its first bytes say what they say. */
		ctnet_guard_test_ip6(test, ctnet_test_ip6(0));
		ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_SOLICITATION,
			      ctnet_test_ip6(1));
		p = ctnet_test_nd_opt(&t->f, opts[i], ctnet_test_mac[1]);
		for (len = 2; len < 256; len += len < 8 ? 1 : 31) {
			p[1] = len;
			ctnet_guard_test_ip(test, opts[i] <= ND_OPT_TARGET_LL_ADDR ?
					    CTNET_DROP_GUARD_ND : CTNET_DROP_UNSPEC,
					    "beyond", len);
		}
	}
}

static struct kunit_case ctnet_guard6_cases[] = {
	KUNIT_CASE(ctnet_guard6_test_ip6_header),
	KUNIT_CASE(ctnet_guard6_test_ip6_source),
	KUNIT_CASE(ctnet_guard6_test_ip6_length),
	KUNIT_CASE(ctnet_guard6_test_unspecified),
	KUNIT_CASE(ctnet_guard6_test_ext),
	KUNIT_CASE(ctnet_guard6_test_ext_cut),
	KUNIT_CASE(ctnet_guard6_test_ext_ends),
	KUNIT_CASE(ctnet_guard6_test_ip6_fragments),
	KUNIT_CASE(ctnet_guard6_test_ip6_nested),
	KUNIT_CASE(ctnet_guard6_test_claim),
	KUNIT_CASE(ctnet_guard6_test_dhcp6),
	KUNIT_CASE(ctnet_guard6_test_routers),
	KUNIT_CASE(ctnet_guard6_test_nd),
	KUNIT_CASE(ctnet_guard6_test_nd_cut),
	KUNIT_CASE(ctnet_guard6_test_nd_options),
	KUNIT_CASE(ctnet_guard6_test_nd_bad_options),
	{}
};

struct kunit_suite ctnet_guard6_suite = {
	.name = "ctnet-guard6",
	.init = ctnet_guard_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_guard6_cases,
};
