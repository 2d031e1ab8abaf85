// SPDX-License-Identifier: GPL-2.0
/* Answers to ARP and neighbour solicitations. */
#include <net/ip6_checksum.h>

#include "fdbip.h"
#include "neigh.h"
#include "test.h"

/* Host 0 is at port 0, host 1 at port 1. */
static int ctnet_neigh_test_init(struct kunit *test)
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

/* Whether the first @len bytes of the frame are answered, or consumed otherwise. */
static bool ctnet_neigh_test_ask(struct kunit *test, struct ctnet_vport *src,
				 unsigned int len, unsigned int linear)
{
	struct ctnet_test *t = test->priv;
	struct sk_buff *skb = ctnet_test_skb(test, &t->f, len, linear);
	bool consumed;

	local_bh_disable();
	rcu_read_lock();
	skb->dev = t->dev;
	consumed = ctnet_neigh(skb, src);
	rcu_read_unlock();
	local_bh_enable();
	if (!consumed)
		kfree_skb(skb);
	return consumed;
}

/* Nothing went anywhere, and nothing was dropped. */
static void ctnet_neigh_test_quiet(struct kunit *test, const char *what, int n)
{
	struct ctnet_test *t = test->priv;
	unsigned int i, all = skb_queue_len(&t->host);

	for (i = 0; i < CTNET_TEST_PORTS; i++)
		all += skb_queue_len(ctnet_test_queue(t->port_dev[i]));
	KUNIT_EXPECT_EQ_MSG(test, all, 0u, "%s %d: sent", what, n);
	KUNIT_EXPECT_EQ_MSG(test, ctnet_test_all_drops(t->ctd->drops), 0ull,
			    "%s %d: dropped", what, n);
}

/* The frame is none of ours: it goes the way of all floods. */
static void ctnet_neigh_test_passes(struct kunit *test, struct ctnet_vport *src,
				    const char *what, int n)
{
	struct ctnet_test *t = test->priv;

	KUNIT_EXPECT_FALSE_MSG(test, ctnet_neigh_test_ask(test, src, t->f.len,
							  t->f.len),
			       "%s %d: consumed", what, n);
	KUNIT_EXPECT_FALSE_MSG(test, ctnet_neigh_test_ask(test, src, t->f.len,
							  ETH_HLEN),
			       "%s %d: consumed, in a page", what, n);
	ctnet_neigh_test_quiet(test, what, n);
}

/* The frame is answered with what is in t->outer, at @at, and by nothing else. */
static void ctnet_neigh_test_answered(struct kunit *test, struct ctnet_vport *src,
				      struct sk_buff_head *at, const char *what,
				      int n)
{
	struct ctnet_test *t = test->priv;
	unsigned int linear, i;

	for (linear = ETH_HLEN; linear <= t->f.len; linear++) {
		KUNIT_EXPECT_TRUE_MSG(test, ctnet_neigh_test_ask(test, src,
								 t->f.len, linear),
				      "%s %d: %u linear", what, n, linear);
		/* The host's comes by way of the backlog. */
		for (i = 0; i < 100 && skb_queue_empty(at); i++)
			usleep_range(1000, 2000);
		KUNIT_EXPECT_TRUE_MSG(test, ctnet_test_got(at, t->outer.data,
							   t->outer.len),
				      "%s %d: answer, %u linear", what, n, linear);
	}
	ctnet_neigh_test_quiet(test, what, n);
}

static struct ctnet_test_arp *ctnet_neigh_test_put_arp(struct kunit *test,
						       unsigned int asker,
						       __be32 tip)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[asker]);
	return ctnet_test_put_arp(&t->f, ARPOP_REQUEST, ctnet_test_mac[asker],
				  ctnet_test_ip4(asker), tip);
}

/* The answer: host 1 to somebody. */
static void ctnet_neigh_test_put_reply(struct kunit *test, const u8 *to,
				       __be32 sip)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_test_arp *arp;

	ctnet_test_eth(&t->outer, to, ctnet_test_mac[1]);
	arp = ctnet_test_put_arp(&t->outer, ARPOP_REPLY, ctnet_test_mac[1],
				 ctnet_test_ip4(1), sip);
	memcpy(arp->tha, to, ETH_ALEN);
}

static void ctnet_neigh_test_arp(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct sk_buff_head *at = ctnet_test_queue(t->port_dev[0]);
	struct ctnet_test_arp *arp;

	arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
	ctnet_neigh_test_put_reply(test, ctnet_test_mac[0], ctnet_test_ip4(0));
	ctnet_neigh_test_answered(test, t->port[0], at, "request", 0);
	ctnet_test_put(&t->f, 18);
	ctnet_neigh_test_answered(test, t->port[0], at, "padded", 0);
	/* Who asks in the name of another is answered so: to the MAC in ARP. */
	memcpy(arp->sha, ctnet_test_mac[5], ETH_ALEN);
	ctnet_neigh_test_put_reply(test, ctnet_test_mac[5], ctnet_test_ip4(0));
	ctnet_neigh_test_answered(test, t->port[0], at, "proxied", 0);
	/* A probe finds that somebody has it. */
	arp->sip = 0;
	ctnet_neigh_test_put_reply(test, ctnet_test_mac[5], 0);
	ctnet_neigh_test_answered(test, t->port[0], at, "probe", 0);
	/* A target MAC in a request says nothing. */
	memset(arp->tha, 0xff, ETH_ALEN);
	ctnet_neigh_test_answered(test, t->port[0], at, "tha", 0);
}

static void ctnet_neigh_test_arp_passes(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_test_arp *arp;
	unsigned int i;

	/* Nobody has it that is known; the asker has it; it announces. */
	ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(5));
	ctnet_neigh_test_passes(test, t->port[0], "nobody", 0);
	ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
	ctnet_neigh_test_passes(test, t->port[1], "its own", 0);
	arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
	arp->sip = ctnet_test_ip4(1);
	ctnet_neigh_test_passes(test, t->port[0], "gratuitous", 0);
	arp->tip = 0;
	arp->sip = 0;
	ctnet_neigh_test_passes(test, t->port[0], "all zeros", 0);
	for (i = 0; i < 16; i++) {
		arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
		arp->hdr.ar_op ^= htons(BIT(i));
		ctnet_neigh_test_passes(test, t->port[0], "op, bit", i);
		arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
		arp->hdr.ar_hrd ^= htons(BIT(i));
		ctnet_neigh_test_passes(test, t->port[0], "hrd, bit", i);
		arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
		arp->hdr.ar_pro ^= htons(BIT(i));
		ctnet_neigh_test_passes(test, t->port[0], "pro, bit", i);
		arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
		arp->hdr.ar_hln ^= BIT(i % 8);
		ctnet_neigh_test_passes(test, t->port[0], "hln, bit", i % 8);
		arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
		arp->hdr.ar_pln ^= BIT(i % 8);
		ctnet_neigh_test_passes(test, t->port[0], "pln, bit", i % 8);
	}
	arp = ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
	for (i = ETH_HLEN; i < ETH_HLEN + sizeof(*arp); i++) {
		t->f.len = i;
		ctnet_neigh_test_passes(test, t->port[0], "cut", i);
	}
}

/* A solicitation of host 1's address. */
static struct ipv6hdr *ctnet_neigh_test_put_ns(struct kunit *test,
					       struct in6_addr saddr,
					       struct in6_addr target)
{
	struct ctnet_test *t = test->priv;
	struct in6_addr daddr;
	struct ipv6hdr *iph;
	u8 mac[ETH_ALEN];

	addrconf_addr_solict_mult(&target, &daddr);
	ipv6_eth_mc_map(&daddr, mac);
	ctnet_test_eth(&t->f, mac, ctnet_test_mac[0]);
	iph = ctnet_test_put_ip6(&t->f, saddr, daddr);
	ctnet_test_nd(&t->f, NDISC_NEIGHBOUR_SOLICITATION, target);
	ctnet_test_done(&t->f);
	return iph;
}

/* The advertisement that is to come back. */
static void ctnet_neigh_test_put_na(struct kunit *test, struct in6_addr target,
				    const struct in6_addr *to, bool router)
{
	struct in6_addr daddr = to ? *to : in6addr_linklocal_allnodes;
	struct ctnet_test *t = test->priv;
	u8 mac[ETH_ALEN];
	struct nd_msg *na;

	ipv6_eth_mc_map(&daddr, mac);
	ctnet_test_eth(&t->outer, to ? ctnet_test_mac[0] : mac, ctnet_test_mac[1]);
	ctnet_test_put_ip6(&t->outer, target, daddr);
	na = ctnet_test_nd(&t->outer, NDISC_NEIGHBOUR_ADVERTISEMENT, target);
	ctnet_test_nd_opt(&t->outer, ND_OPT_TARGET_LL_ADDR, ctnet_test_mac[1]);
	na->icmph.icmp6_router = router;
	na->icmph.icmp6_solicited = !!to;
	na->icmph.icmp6_override = 1;
	na->icmph.icmp6_cksum = csum_ipv6_magic(&target, &daddr, sizeof(*na) + 8,
						IPPROTO_ICMPV6,
						csum_partial(na, sizeof(*na) + 8,
							     0));
	ctnet_test_done(&t->outer);
}

static void ctnet_neigh_test_nd(struct kunit *test)
{
	struct in6_addr own = ctnet_test_ip6(0), ll = ctnet_test_ll(0);
	struct ctnet_test *t = test->priv;
	struct sk_buff_head *at = ctnet_test_queue(t->port_dev[0]);
	struct ipv6hdr *iph;

	ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
	ctnet_neigh_test_put_na(test, ctnet_test_ip6(1), &own, false);
	ctnet_neigh_test_answered(test, t->port[0], at, "solicitation", 0);
	ctnet_test_nd_opt(&t->f, ND_OPT_SOURCE_LL_ADDR, ctnet_test_mac[0]);
	ctnet_test_done(&t->f);
	ctnet_neigh_test_answered(test, t->port[0], at, "with option", 0);

	iph = ctnet_neigh_test_put_ns(test, ll, ctnet_test_ll(1));
	iph->priority = 0xf;
	memset(iph->flow_lbl, 0xff, sizeof(iph->flow_lbl));
	ctnet_neigh_test_put_na(test, ctnet_test_ll(1), &ll, false);
	ctnet_neigh_test_answered(test, t->port[0], at, "link-local", 0);

	/* Duplicate detection is told before all. */
	ctnet_neigh_test_put_ns(test, in6addr_any, ctnet_test_ip6(1));
	ctnet_neigh_test_put_na(test, ctnet_test_ip6(1), NULL, false);
	ctnet_neigh_test_answered(test, t->port[0], at, "duplicate", 0);
}

static void ctnet_neigh_test_nd_passes(struct kunit *test)
{
	struct in6_addr own = ctnet_test_ip6(0), it = ctnet_test_ip6(1);
	struct ctnet_test *t = test->priv;
	struct ipv6hdr *iph;
	struct nd_msg *msg;
	unsigned int i;

	ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(5));
	ctnet_neigh_test_passes(test, t->port[0], "nobody", 0);
	/* Its own duplicate detection finds the entry that is there for it. */
	ctnet_neigh_test_put_ns(test, in6addr_any, it);
	ctnet_neigh_test_passes(test, t->port[1], "its own", 0);
	ctnet_neigh_test_put_ns(test, own, in6addr_linklocal_allnodes);
	ctnet_neigh_test_passes(test, t->port[0], "multicast", 0);
	/* The table has it, for IPv4. */
	ctnet_neigh_test_put_ns(test, own, ctnet_test_mapped(1));
	ctnet_neigh_test_passes(test, t->port[0], "v4-mapped", 0);
	for (i = 0; i < 256; i++) {
		iph = ctnet_neigh_test_put_ns(test, own, it);
		msg = (struct nd_msg *)(iph + 1);
		msg->icmph.icmp6_type = i;
		if (i != NDISC_NEIGHBOUR_SOLICITATION)
			ctnet_neigh_test_passes(test, t->port[0], "type", i);
		iph = ctnet_neigh_test_put_ns(test, own, it);
		iph->hop_limit = i;
		if (i != 255)
			ctnet_neigh_test_passes(test, t->port[0], "hop limit", i);
		iph = ctnet_neigh_test_put_ns(test, own, it);
		iph->nexthdr = i;
		if (i != IPPROTO_ICMPV6)
			ctnet_neigh_test_passes(test, t->port[0], "header", i);
		iph = ctnet_neigh_test_put_ns(test, own, it);
		msg = (struct nd_msg *)(iph + 1);
		msg->icmph.icmp6_code = i;
		if (i)
			ctnet_neigh_test_passes(test, t->port[0], "code", i);
		iph = ctnet_neigh_test_put_ns(test, own, it);
		iph->version = i % 16;
		if (i % 16 != 6)
			ctnet_neigh_test_passes(test, t->port[0], "version", i % 16);
	}
	iph = ctnet_neigh_test_put_ns(test, own, it);
	for (i = ETH_HLEN; i < ETH_HLEN + sizeof(*iph) + sizeof(*msg); i++) {
		t->f.len = i;
		ctnet_neigh_test_passes(test, t->port[0], "cut", i);
	}
}

static void ctnet_neigh_test_router(struct kunit *test)
{
	struct in6_addr own = ctnet_test_ip6(0);
	struct ctnet_test *t = test->priv;
	struct sk_buff_head *at = ctnet_test_queue(t->port_dev[0]);
	struct nd_msg *msg;
	unsigned int i;

	/* It is one once it says so, and no more when its lifetime is 0. */
	for (i = 0; i < 4; i++) {
		bool router = i == 1 || i == 2;

		ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[1]);
		ctnet_test_put_ip6(&t->f, ctnet_test_ll(1),
				   in6addr_linklocal_allnodes);
		msg = ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT, in6addr_any);
		msg->icmph.icmp6_rt_lifetime = htons(router ? i == 1 ? 1 : 0x100 : 0);
		ctnet_test_done(&t->f);
		ctnet_neigh_test_passes(test, t->port[1], "advertisement", i);
		ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
		ctnet_neigh_test_put_na(test, ctnet_test_ip6(1), &own, router);
		ctnet_neigh_test_answered(test, t->port[0], at, "router", i);
	}
	/* Without options it is shorter than other messages. */
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[1]);
	ctnet_test_put_ip6(&t->f, ctnet_test_ll(1), in6addr_linklocal_allnodes);
	msg = ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT, in6addr_any);
	msg->icmph.icmp6_rt_lifetime = htons(1);
	t->f.len -= sizeof(*msg) - 16;
	ctnet_test_done(&t->f);
	ctnet_neigh_test_passes(test, t->port[1], "short", 0);
	ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
	ctnet_neigh_test_put_na(test, ctnet_test_ip6(1), &own, true);
	ctnet_neigh_test_answered(test, t->port[0], at, "router", 4);
	/* Nobody elsewhere says of it that it is one no more, nor makes one of it. */
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[1]);
	ctnet_test_put_ip6(&t->f, ctnet_test_ll(1), in6addr_linklocal_allnodes);
	msg = ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT, in6addr_any);
	ctnet_test_done(&t->f);
	for (i = 0; i < 2; i++) {
		ctnet_neigh_test_passes(test, t->port[2 * i], "elsewhere", i);
		ctnet_neigh_test_passes(test, &t->ctd->self, "the host", i);
	}
	ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
	ctnet_neigh_test_answered(test, t->port[0], at, "router", 5);
	/* What was said elsewhere before the MAC was entered. */
	rcu_read_lock();
	ctnet_fdb_learn(t->port[2], ctnet_test_mac[4], NULL);
	rcu_read_unlock();
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[4]);
	ctnet_test_put_ip6(&t->f, ctnet_test_ll(4), in6addr_linklocal_allnodes);
	msg = ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT, in6addr_any);
	msg->icmph.icmp6_rt_lifetime = htons(1);
	ctnet_test_done(&t->f);
	ctnet_neigh_test_passes(test, t->port[2], "learned", 0);
	ctnet_test_static(test, t->port[1], 4);
	rcu_read_lock();
	KUNIT_EXPECT_FALSE(test, ctnet_fdb_find(t->ctd, ctnet_test_mac[4])->router);
	rcu_read_unlock();
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[1]);
	ctnet_test_put_ip6(&t->f, ctnet_test_ll(1), in6addr_linklocal_allnodes);
	ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT, in6addr_any);
	ctnet_test_done(&t->f);
	ctnet_neigh_test_passes(test, t->port[1], "no more", 0);
	ctnet_neigh_test_put_na(test, ctnet_test_ip6(1), &own, false);
	/* One that nobody knows, and one that a router behind another sent. */
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[5]);
	ctnet_test_put_ip6(&t->f, ctnet_test_ll(5), in6addr_linklocal_allnodes)->hop_limit = 254;
	msg = ctnet_test_nd(&t->f, NDISC_ROUTER_ADVERTISEMENT, in6addr_any);
	msg->icmph.icmp6_rt_lifetime = htons(1800);
	ctnet_test_done(&t->f);
	ctnet_neigh_test_passes(test, t->port[2], "from afar", 0);
	memcpy(t->f.data + ETH_ALEN, ctnet_test_mac[1], ETH_ALEN);
	ctnet_neigh_test_passes(test, t->port[1], "from afar", 1);
	ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
	ctnet_neigh_test_answered(test, t->port[0], at, "router", i);
}

static void ctnet_neigh_test_vlans(struct kunit *test)
{
	struct in6_addr own = ctnet_test_ip6(0);
	struct ctnet_test *t = test->priv;
	struct sk_buff *skb;
	bool consumed;
	int i;

	/* The table knows no VLANs: neither a tag in the frame nor one beside it. */
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[0]);
	ctnet_test_tag(&t->f, ETH_P_8021Q, 5);
	ctnet_test_put_arp(&t->f, ARPOP_REQUEST, ctnet_test_mac[0],
			   ctnet_test_ip4(0), ctnet_test_ip4(1));
	ctnet_neigh_test_passes(test, t->port[0], "tag", 0);
	for (i = 0; i < 2; i++) {
		if (i)
			ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
		else
			ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
		skb = ctnet_test_skb(test, &t->f, t->f.len, t->f.len);
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 0);
		rcu_read_lock();
		consumed = ctnet_neigh(skb, t->port[0]);
		rcu_read_unlock();
		KUNIT_EXPECT_FALSE(test, consumed);
		if (!consumed)
			kfree_skb(skb);
		ctnet_neigh_test_quiet(test, "tag beside", i);
	}
	/* Other protocols are nothing to it. */
	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[0]);
	ctnet_test_put_ip4(&t->f, ctnet_test_ip4(0), ctnet_test_ip4(1));
	ctnet_neigh_test_passes(test, t->port[0], "IPv4", 0);
	ctnet_test_type(&t->f, ETH_P_RARP);
	ctnet_neigh_test_passes(test, t->port[0], "RARP", 0);
}

static void ctnet_neigh_test_unknown(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	/* Without floods nobody else can be asked, but the host may know. */
	t->ctd->flood = false;
	ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(5));
	KUNIT_EXPECT_TRUE(test, ctnet_neigh_test_ask(test, t->port[0], t->f.len,
						     t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops, CTNET_DROP_MISS), 1ull);
	KUNIT_EXPECT_TRUE(test, ctnet_test_got(&t->host, t->f.data, t->f.len));
	/* And not if it is the host that asks. */
	KUNIT_EXPECT_TRUE(test, ctnet_neigh_test_ask(test, &t->ctd->self, t->f.len,
						     t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops, CTNET_DROP_MISS), 2ull);
	KUNIT_EXPECT_TRUE(test, skb_queue_empty(&t->host));
	ctnet_neigh_test_put_ns(test, ctnet_test_ip6(0), ctnet_test_ip6(5));
	KUNIT_EXPECT_TRUE(test, ctnet_neigh_test_ask(test, t->port[0], t->f.len,
						     t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops, CTNET_DROP_MISS), 3ull);
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 3ull);
}

static void ctnet_neigh_test_who_may_know(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_peer *a, *b;

	/* Isolated ports do not learn of one another. */
	t->port[0]->flags |= CTNET_PORT_ISOLATED;
	t->port[1]->flags |= CTNET_PORT_ISOLATED;
	ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
	ctnet_neigh_test_passes(test, t->port[0], "isolated", 0);
	/* But others may answer for them, the host above all. */
	t->ctd->flood = false;
	KUNIT_EXPECT_TRUE(test, ctnet_neigh_test_ask(test, t->port[0], t->f.len,
						     t->f.len));
	KUNIT_EXPECT_TRUE(test, ctnet_test_got(&t->host, t->f.data, t->f.len));
	t->ctd->flood = true;
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops, CTNET_DROP_ISOLATED),
			1ull);
	KUNIT_EXPECT_TRUE(test,
			  skb_queue_empty(ctnet_test_queue(t->port_dev[0])));
	/* The host may, and is answered at its own place. */
	ctnet_neigh_test_put_arp(test, 5, ctnet_test_ip4(1));
	ctnet_neigh_test_put_reply(test, ctnet_test_mac[5], ctnet_test_ip4(5));
	KUNIT_EXPECT_TRUE(test, ctnet_neigh_test_ask(test, &t->ctd->self, t->f.len,
						     t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 1ull);

	/* What a peer asks of another peer is answered there. */
	ctnet_test_bind(test, 0);
	a = ctnet_test_peer(test, CTNET_V4, 1);
	b = ctnet_test_peer(test, CTNET_V4, 2);
	ctnet_test_static(test, &b->vport, 2);
	ctnet_neigh_test_put_arp(test, 5, ctnet_test_ip4(2));
	KUNIT_EXPECT_FALSE(test, ctnet_neigh_test_ask(test, &a->vport, t->f.len,
						      t->f.len));
	KUNIT_EXPECT_FALSE(test, ctnet_neigh_test_ask(test, &b->vport, t->f.len,
						      t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 1ull);
}

/* What the table has leads nowhere: the question goes on. */
static void ctnet_neigh_test_nowhere(struct kunit *test)
{
	struct in6_addr own = ctnet_test_ip6(0), ll = ctnet_test_ll(5);
	struct ctnet_test *t = test->priv;

	netif_carrier_off(t->port_dev[1]);
	ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
	ctnet_neigh_test_passes(test, t->port[0], "no carrier", 0);
	ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
	ctnet_neigh_test_passes(test, t->port[0], "no carrier", 1);
	t->ctd->flood = false;
	KUNIT_EXPECT_TRUE(test, ctnet_neigh_test_ask(test, t->port[0], t->f.len,
						     t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops,
					       CTNET_DROP_PORT_DOWN), 1ull);
	KUNIT_EXPECT_TRUE(test, ctnet_test_got(&t->host, t->f.data, t->f.len));
	netif_carrier_on(t->port_dev[1]);
	KUNIT_EXPECT_TRUE(test, ctnet_neigh_test_ask(test, t->port[0], t->f.len,
						     t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 1ull);
	/* Link-local addresses need not be in the table. */
	ctnet_neigh_test_put_ns(test, own, ll);
	KUNIT_EXPECT_FALSE(test, ctnet_neigh_test_ask(test, t->port[0], t->f.len,
						      t->f.len));
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 1ull);
}

/* Which words of neighbour discovery, by whom, take an address from host 1. */
static void ctnet_neigh_test_told(struct kunit *test, struct ctnet_vport *src,
				  bool gone, const char *what, int n)
{
	struct in6_addr ip4 = ctnet_test_mapped(1), ip6 = ctnet_test_ip6(1);
	struct ctnet_test *t = test->priv;
	unsigned int linear;
	bool left;

	ctnet_test_done(&t->f);
	for (linear = ETH_HLEN; linear <= t->f.len; linear += 7) {
		ctnet_test_static(test, t->port[1], 1);
		ctnet_test_send(ctnet_test_skb(test, &t->f, t->f.len, linear), src);
		rcu_read_lock();
		left = ctnet_fdb_find_ip(t->ctd, &ip4) &&
		       ctnet_fdb_find_ip(t->ctd, &ip6);
		rcu_read_unlock();
		KUNIT_EXPECT_EQ_MSG(test, left, !gone, "%s %d: %u linear", what, n,
				    linear);
	}
}

static struct ctnet_test_arp *ctnet_neigh_test_tell_arp(struct kunit *test, u16 op)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_eth(&t->f, op == ARPOP_REPLY ? ctnet_test_mac[0] :
		       ctnet_test_broadcast, ctnet_test_mac[2]);
	return ctnet_test_put_arp(&t->f, op, ctnet_test_mac[2], ctnet_test_ip4(1),
				  ctnet_test_ip4(0));
}

/* One that says something of host 1's address, with an option in its place. */
static struct nd_msg *ctnet_neigh_test_tell_nd(struct kunit *test, u8 type,
					       struct in6_addr saddr,
					       struct in6_addr target, int opt)
{
	static const u8 room[] = {
		[NDISC_ROUTER_SOLICITATION - 133] = 8,
		[NDISC_ROUTER_ADVERTISEMENT - 133] = 16,
		[NDISC_NEIGHBOUR_SOLICITATION - 133] = 24,
		[NDISC_NEIGHBOUR_ADVERTISEMENT - 133] = 24,
		[NDISC_REDIRECT - 133] = 40,
	};
	struct ctnet_test *t = test->priv;
	struct nd_msg *msg;

	ctnet_test_eth(&t->f, ctnet_test_broadcast, ctnet_test_mac[2]);
	ctnet_test_put_ip6(&t->f, saddr, in6addr_linklocal_allnodes);
	msg = ctnet_test_nd(&t->f, type, target);
	t->f.len += (int)room[type - 133] - (int)sizeof(*msg);
	if (opt)
		ctnet_test_nd_opt(&t->f, opt, ctnet_test_mac[2]);
	return msg;
}

static void ctnet_neigh_test_hears(struct kunit *test)
{
	struct in6_addr ip = ctnet_test_ip6(1), own = ctnet_test_ip6(2);
	struct ctnet_test *t = test->priv;
	struct ctnet_vport *src = t->port[2];
	struct ctnet_test_arp *arp;
	struct nd_msg *msg;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		arp = ctnet_neigh_test_tell_arp(test, i);
		ctnet_neigh_test_told(test, src, i == ARPOP_REQUEST ||
				      i == ARPOP_REPLY, "ARP", i);
		arp->sip = 0;
		ctnet_neigh_test_told(test, src, false, "probe", i);
	}
	arp = ctnet_neigh_test_tell_arp(test, ARPOP_REQUEST);
	memcpy(arp->sha, ctnet_test_mac[1], ETH_ALEN);
	ctnet_neigh_test_told(test, src, false, "the same MAC", 0);
	memcpy(arp->sha, ctnet_test_broadcast, ETH_ALEN);
	ctnet_neigh_test_told(test, src, false, "no MAC", 0);
	for (i = NDISC_ROUTER_SOLICITATION; i <= NDISC_REDIRECT; i++) {
		bool na = i == NDISC_NEIGHBOUR_ADVERTISEMENT;

		ctnet_neigh_test_tell_nd(test, i, ip, own, 0);
		ctnet_neigh_test_told(test, src, false, "no option", i);
		ctnet_neigh_test_tell_nd(test, i, ip, own, ND_OPT_SOURCE_LL_ADDR);
		ctnet_neigh_test_told(test, src, !na && i != NDISC_REDIRECT,
				      "source", i);
		ctnet_neigh_test_tell_nd(test, i, ip, own, ND_OPT_TARGET_LL_ADDR);
		ctnet_neigh_test_told(test, src, false, "target", i);
		msg = ctnet_neigh_test_tell_nd(test, i, ip, own,
					       ND_OPT_SOURCE_LL_ADDR);
		msg->icmph.icmp6_code = 1;
		ctnet_neigh_test_told(test, src, false, "code", i);
		ctnet_neigh_test_tell_nd(test, i, ip, own, ND_OPT_SOURCE_LL_ADDR);
		((struct ipv6hdr *)(t->f.data + ETH_HLEN))->hop_limit = 64;
		ctnet_neigh_test_told(test, src, false, "hop limit", i);
		if (!na)
			continue;
		ctnet_neigh_test_tell_nd(test, i, own, ip, ND_OPT_TARGET_LL_ADDR);
		ctnet_neigh_test_told(test, src, false, "no override", i);
		msg = ctnet_neigh_test_tell_nd(test, i, own, ip,
					       ND_OPT_TARGET_LL_ADDR);
		msg->icmph.icmp6_override = 1;
		ctnet_neigh_test_told(test, src, true, "override", i);
		msg = ctnet_neigh_test_tell_nd(test, i, own, ip, 0);
		msg->icmph.icmp6_override = 1;
		ctnet_neigh_test_told(test, src, true, "the frame's source", i);
	}
}

static void ctnet_neigh_test_who_may_tell(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_peer *peer;

	ctnet_test_bind(test, 0);
	peer = ctnet_test_peer(test, CTNET_V4, 1);
	ctnet_neigh_test_tell_arp(test, ARPOP_REQUEST);
	ctnet_neigh_test_told(test, &peer->vport, true, "a peer", 0);
	ctnet_neigh_test_told(test, &t->ctd->self, true, "the host", 0);
	/* What it says to one alone it may say for another. */
	ctnet_neigh_test_tell_arp(test, ARPOP_REPLY);
	ctnet_neigh_test_told(test, &t->ctd->self, false, "the host's answer", 0);
	/* Where nothing is learned, nothing is changed; nor is what is guarded. */
	t->port[2]->flags &= ~CTNET_PORT_LEARNING;
	ctnet_neigh_test_told(test, t->port[2], false, "no learning", 0);
	t->port[2]->flags |= CTNET_PORT_LEARNING;
	t->ctd->learning = false;
	ctnet_neigh_test_told(test, t->port[2], false, "no learning", 1);
	t->ctd->learning = true;
	t->port[1]->flags |= CTNET_PORT_GUARD;
	ctnet_neigh_test_told(test, t->port[2], false, "guarded", 0);
	ctnet_neigh_test_told(test, &peer->vport, false, "guarded", 1);
	t->port[1]->flags &= ~CTNET_PORT_GUARD;
	ctnet_neigh_test_told(test, t->port[2], true, "not guarded", 0);
}

static void ctnet_neigh_test_host(struct kunit *test)
{
	struct in6_addr own = ctnet_test_ip6(0);
	struct ctnet_test *t = test->priv;

	ctnet_neigh_test_put_arp(test, 0, ctnet_test_ip4(1));
	ctnet_neigh_test_put_reply(test, ctnet_test_mac[0], ctnet_test_ip4(0));
	ctnet_neigh_test_answered(test, &t->ctd->self, &t->host, "ARP", 0);
	ctnet_neigh_test_put_ns(test, own, ctnet_test_ip6(1));
	ctnet_neigh_test_put_na(test, ctnet_test_ip6(1), &own, false);
	ctnet_neigh_test_answered(test, &t->ctd->self, &t->host, "ND", 0);
}

static struct kunit_case ctnet_neigh_cases[] = {
	KUNIT_CASE(ctnet_neigh_test_arp),
	KUNIT_CASE(ctnet_neigh_test_arp_passes),
	KUNIT_CASE(ctnet_neigh_test_nd),
	KUNIT_CASE(ctnet_neigh_test_nd_passes),
	KUNIT_CASE(ctnet_neigh_test_router),
	KUNIT_CASE(ctnet_neigh_test_vlans),
	KUNIT_CASE(ctnet_neigh_test_unknown),
	KUNIT_CASE(ctnet_neigh_test_who_may_know),
	KUNIT_CASE(ctnet_neigh_test_nowhere),
	KUNIT_CASE(ctnet_neigh_test_hears),
	KUNIT_CASE(ctnet_neigh_test_who_may_tell),
	KUNIT_CASE(ctnet_neigh_test_host),
	{}
};

struct kunit_suite ctnet_neigh_suite = {
	.name = "ctnet-neigh",
	.init = ctnet_neigh_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_neigh_cases,
};
