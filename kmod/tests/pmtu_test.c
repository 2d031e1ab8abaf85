// SPDX-License-Identifier: GPL-2.0
/* Who is told that a frame is too long. */
#include <linux/icmp.h>
#include <net/ip6_checksum.h>

#include "pmtu.h"
#include "test.h"

#define CTNET_PMTU_TEST_MTU	68
#define CTNET_PMTU_TEST_MORE	1300	/* so that IPv6 has to be told */

/* Host 0 sends to host 1. */
static int ctnet_pmtu_test_init(struct kunit *test)
{
	struct ctnet_test *t;
	int err;

	err = ctnet_test_init(test);
	if (err)
		return err;
	t = test->priv;
	/* Has room for the longest answer. */
	t->port_dev[0]->mtu = ETH_DATA_LEN;
	ctnet_test_static(test, t->port[0], 0);
	ctnet_test_static(test, t->port[1], 1);
	return 0;
}

static void ctnet_pmtu_test_eth(struct ctnet_test_frame *f, unsigned int tags)
{
	ctnet_test_eth(f, ctnet_test_mac[1], ctnet_test_mac[0]);
	while (tags--)
		ctnet_test_tag(f, ETH_P_8021Q, 5);
}

/*
 * Tells of the first @len bytes of the frame, with @more behind. Returns the answer, or
 * NULL.
 */
static struct sk_buff *ctnet_pmtu_test_tell(struct kunit *test, unsigned int len,
					    unsigned int linear,
					    unsigned int more, bool cut)
{
	struct ctnet_test *t = test->priv;
	struct sk_buff *skb, *answer;
	struct page *page;
	unsigned int off;
	bool told;

	skb = ctnet_test_skb(test, &t->f, len, linear);
	if (more) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page)
			kfree_skb(skb);
		KUNIT_ASSERT_NOT_NULL(test, page);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, more,
				PAGE_SIZE);
	}
	local_bh_disable();
	rcu_read_lock();
	skb->dev = t->dev;
	ctnet_frame_proto(skb, &off);
	told = ctnet_pmtu_tell(t->ctd, skb, off + CTNET_PMTU_TEST_MTU, cut);
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
	answer = skb_dequeue(ctnet_test_queue(t->port_dev[0]));
	KUNIT_EXPECT_EQ(test, told, !!answer);
	KUNIT_EXPECT_TRUE(test, skb_queue_empty(ctnet_test_queue(t->port_dev[1])));
	return answer;
}

/* What is cut short anywhere, and in whatever pieces, is read as far as it goes. */
static void ctnet_pmtu_test_cut(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	unsigned int tags, off, len, linear, want;
	struct sk_buff *answer;
	const struct iphdr *iph;

	for (tags = 0; tags <= CTNET_FRAME_VLANS; tags++) {
		ctnet_pmtu_test_eth(&t->f, tags);
		ctnet_test_put_ip4(&t->f, ctnet_test_ip4(0), ctnet_test_ip4(1));
		ctnet_test_udp(&t->f, 1, 2);
		ctnet_test_put(&t->f, 100);
		ctnet_test_done(&t->f);
		off = ETH_HLEN + tags * VLAN_HLEN;
		for (len = ETH_HLEN; len <= t->f.len; len++) {
			for (linear = ETH_HLEN; linear <= len; linear += 5) {
				answer = ctnet_pmtu_test_tell(test, len, linear, 0,
							      false);
				KUNIT_EXPECT_EQ(test, !!answer,
						len >= off + sizeof(*iph));
				if (!answer)
					continue;
				want = off + sizeof(*iph) +
				       sizeof(struct icmphdr) + len - off;
				KUNIT_EXPECT_EQ(test, answer->len, want);
				kfree_skb(answer);
			}
		}
	}
}

static void ctnet_pmtu_test_icmp4(struct kunit *test)
{
	const struct {
		const char *what;
		bool told, told_cut;
	} c[] = {
		{ "as it is", true, false },
		{ "DF", true, true },
		{ "first fragment", true, false },
		{ "later fragment", false, false },
		{ "from nobody", false, false },
		{ "from loopback", false, false },
		{ "from a group", false, false },
		{ "to a group", false, false },
		{ "to all", false, false },
		{ "another version", false, false },
		{ "a header too short", false, false },
		{ "ICMP, an error", false, false },
		{ "ICMP, a question", true, false },
		{ "Ethernet group", false, false },
	};
	struct ctnet_test *t = test->priv;
	struct sk_buff *answer;
	struct iphdr *iph;
	unsigned int i;
	u8 *icmp;

	for (i = 0; i < 2 * ARRAY_SIZE(c); i++) {
		bool cut = i >= ARRAY_SIZE(c);
		unsigned int n = i % ARRAY_SIZE(c);

		ctnet_pmtu_test_eth(&t->f, 0);
		iph = ctnet_test_put_ip4(&t->f, ctnet_test_ip4(0),
					 ctnet_test_ip4(1));
		icmp = ctnet_test_put(&t->f, 100);
		ctnet_test_done(&t->f);
		iph->protocol = IPPROTO_UDP;
		if (n == 1)
			iph->frag_off = htons(IP_DF);
		else if (n == 2)
			iph->frag_off = htons(IP_MF);
		else if (n == 3)
			iph->frag_off = htons(IP_DF | 1);
		else if (n == 4)
			iph->saddr = 0;
		else if (n == 5)
			iph->saddr = htonl(INADDR_LOOPBACK);
		else if (n == 6)
			iph->saddr = htonl(INADDR_ALLHOSTS_GROUP);
		else if (n == 7)
			iph->daddr = htonl(INADDR_ALLHOSTS_GROUP);
		else if (n == 8)
			iph->daddr = htonl(INADDR_BROADCAST);
		else if (n == 9)
			iph->version = 5;
		else if (n == 10)
			iph->ihl = 4;
		else if (n == 11 || n == 12)
			iph->protocol = IPPROTO_ICMP;
		else if (n == 13)
			t->f.data[0] |= 1;
		*icmp = n == 11 ? ICMP_DEST_UNREACH : ICMP_ECHO;
		answer = ctnet_pmtu_test_tell(test, t->f.len, t->f.len, 0, cut);
		KUNIT_EXPECT_EQ_MSG(test, !!answer,
				    cut ? c[n].told_cut : c[n].told, "%s, %d",
				    c[n].what, cut);
		kfree_skb(answer);
	}
}

static void ctnet_pmtu_test_icmp6(struct kunit *test)
{
	const struct {
		const char *what;
		bool told;
	} c[] = {
		{ "as it is", true },
		{ "from nobody", false },
		{ "from loopback", false },
		{ "from a group", false },
		{ "to a group", false },
		{ "another version", false },
		{ "an error", false },
		{ "a redirect", false },
		{ "a later fragment", false },
		{ "the first fragment", true },
		{ "not more than 1280", false },
	};
	struct ctnet_test *t = test->priv;
	struct sk_buff *answer;
	unsigned int i, linear;
	struct ipv6hdr *iph;
	u8 *icmp;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		ctnet_pmtu_test_eth(&t->f, 0);
		iph = ctnet_test_put_ip6(&t->f, ctnet_test_ip6(0),
					 ctnet_test_ip6(1));
		if (i == 8 || i == 9) {
			u8 *frag = ctnet_test_ext(&t->f, NEXTHDR_FRAGMENT, 0);

			frag[3] = i == 8 ? 8 | IP6_MF : IP6_MF;
		}
		icmp = ctnet_test_next(&t->f, IPPROTO_ICMPV6, 8);
		*icmp = ICMPV6_ECHO_REQUEST;
		ctnet_test_done(&t->f);
		if (i == 1)
			iph->saddr = in6addr_any;
		else if (i == 2)
			iph->saddr = in6addr_loopback;
		else if (i == 3)
			iph->saddr = in6addr_linklocal_allnodes;
		else if (i == 4)
			iph->daddr = in6addr_linklocal_allnodes;
		else if (i == 5)
			iph->version = 4;
		else if (i == 6)
			*icmp = ICMPV6_PKT_TOOBIG;
		else if (i == 7)
			*icmp = NDISC_REDIRECT;
		for (linear = ETH_HLEN; linear <= t->f.len; linear++) {
			answer = ctnet_pmtu_test_tell(test, t->f.len, linear,
						      i == 10 ? 100 :
						      CTNET_PMTU_TEST_MORE, true);
			KUNIT_EXPECT_EQ_MSG(test, !!answer, c[i].told,
					    "%s, %u linear", c[i].what, linear);
			if (answer)
				KUNIT_EXPECT_EQ(test, answer->len,
						(unsigned int)(ETH_HLEN + IPV6_MIN_MTU));
			kfree_skb(answer);
		}
	}
}

/* What fits: of what is no IP with the room of a tag; of IP to the byte. */
static void ctnet_pmtu_test_port(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	static const unsigned int ip[] = { 1514, 1518, 1518 };
	struct sk_buff *skb;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(ip); n++) {
		ctnet_pmtu_test_eth(&t->f, n);
		ctnet_test_put_ip4(&t->f, ctnet_test_ip4(0), ctnet_test_ip4(1));
		ctnet_test_done(&t->f);
		skb = ctnet_test_skb(test, &t->f, t->f.len, t->f.len);
		KUNIT_EXPECT_EQ(test, ctnet_pmtu_port(skb, 1500), ip[n]);
		kfree_skb(skb);
		ctnet_pmtu_test_eth(&t->f, n);
		ctnet_test_type(&t->f, ETH_P_LOOPBACK);
		skb = ctnet_test_skb(test, &t->f, t->f.len, t->f.len);
		KUNIT_EXPECT_EQ(test, ctnet_pmtu_port(skb, 1500), 1518U);
		kfree_skb(skb);
	}
}

static struct kunit_case ctnet_pmtu_cases[] = {
	KUNIT_CASE(ctnet_pmtu_test_cut),
	KUNIT_CASE(ctnet_pmtu_test_icmp4),
	KUNIT_CASE(ctnet_pmtu_test_icmp6),
	KUNIT_CASE(ctnet_pmtu_test_port),
	{}
};

struct kunit_suite ctnet_pmtu_suite = {
	.name = "ctnet-pmtu",
	.init = ctnet_pmtu_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_pmtu_cases,
};
