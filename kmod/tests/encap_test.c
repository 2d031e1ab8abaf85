// SPDX-License-Identifier: GPL-2.0
/* What goes to a peer. */
#include "encap.h"
#include "outer.h"
#include "pmtu.h"
#include "test.h"

static struct ctnet_outer ctnet_encap_test_outer(struct kunit *test,
						 const struct ctnet_vtep *vtep,
						 unsigned int len,
						 unsigned int linear)
{
	struct ctnet_test *t = test->priv;
	struct sk_buff *skb = ctnet_test_skb(test, &t->f, len, linear);
	struct ctnet_outer outer = ctnet_encap_outer(vtep, skb);

	kfree_skb(skb);
	return outer;
}

/* What the outer header of the first @len bytes of the frame takes from them. */
static void ctnet_encap_test_takes(struct kunit *test,
				   const struct ctnet_vtep *vtep,
				   unsigned int len, u8 tos, u8 ttl, bool df,
				   const char *what, int n)
{
	struct ctnet_outer outer;
	unsigned int linear;

	for (linear = ETH_HLEN;; linear++) {
		outer = ctnet_encap_test_outer(test, vtep, len, linear);
		KUNIT_EXPECT_EQ_MSG(test, (int)outer.tos, (int)tos,
				    "%s %d: %u of %u linear", what, n, linear, len);
		KUNIT_EXPECT_EQ_MSG(test, (int)outer.ttl, (int)ttl,
				    "%s %d: %u of %u linear", what, n, linear, len);
		KUNIT_EXPECT_EQ_MSG(test, outer.df, df,
				    "%s %d: %u of %u linear", what, n, linear, len);
		if (linear >= len)
			break;
	}
}

static void ctnet_encap_test_inherits(struct kunit *test)
{
	const struct ctnet_vtep vtep = {
		.ttl = CTNET_INHERIT, .tos = CTNET_INHERIT, .df = CTNET_DF_INHERIT,
	};
	static const u16 frag[] = { 0, IP_DF, IP_MF, IP_DF | IP_MF, 5, IP_CE };
	struct ctnet_test *t = test->priv;
	struct ipv6hdr *ip6;
	struct iphdr *ip4;
	unsigned int n, i;
	bool deep;

	/* Behind two tags at most. */
	for (n = 0; n <= CTNET_FRAME_VLANS + 1; n++) {
		deep = n > CTNET_FRAME_VLANS;
		for (i = 0; i < ARRAY_SIZE(frag); i++) {
			ctnet_test_other(test);
			while (t->f.len < ETH_HLEN + n * VLAN_HLEN)
				ctnet_test_tag(&t->f, i % 2 ? ETH_P_8021AD :
					       ETH_P_8021Q, 1);
			ip4 = ctnet_test_put_ip4(&t->f, 0, 0);
			ip4->tos = 0xb9 + i;
			ip4->ttl = 17 + i;
			ip4->frag_off = htons(frag[i]);
			ctnet_encap_test_takes(test, &vtep, t->f.len,
					       deep ? 0 : 0xb9 + i,
					       deep ? 0 : 17 + i,
					       !deep && frag[i] & IP_DF, "IPv4", n);
		}
		/* Cut short it says nothing. */
		for (i = ETH_HLEN; i < t->f.len; i++)
			ctnet_encap_test_takes(test, &vtep, i, 0, 0, false,
					       "IPv4 cut", n);
		ctnet_test_other(test);
		while (t->f.len < ETH_HLEN + n * VLAN_HLEN)
			ctnet_test_tag(&t->f, ETH_P_8021Q, 1);
		ip6 = ctnet_test_put_ip6(&t->f, in6addr_any, in6addr_any);
		ip6->priority = 0xb;
		memset(ip6->flow_lbl, 0x9f, sizeof(ip6->flow_lbl));
		ip6->hop_limit = 42;
		/* IPv6 is never fragmented on its way. */
		ctnet_encap_test_takes(test, &vtep, t->f.len, deep ? 0 : 0xb9,
				       deep ? 0 : 42, !deep, "IPv6", n);
		for (i = ETH_HLEN; i < t->f.len; i++)
			ctnet_encap_test_takes(test, &vtep, i, 0, 0, false,
					       "IPv6 cut", n);
	}
	ctnet_test_other(test);
	memset(ctnet_test_put(&t->f, 60), 0xff, 60);
	ctnet_encap_test_takes(test, &vtep, t->f.len, 0, 0, false, "no IP", 0);
}

static void ctnet_encap_test_fixed(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_vtep vtep = {};
	struct iphdr *ip4;
	unsigned int i;

	ctnet_test_other(test);
	ip4 = ctnet_test_put_ip4(&t->f, 0, 0);
	ip4->ttl = 9;
	ip4->frag_off = htons(IP_DF);
	/* Marks are taken along whatever the DS field is. */
	for (i = 0; i < 256; i++) {
		ip4->tos = ~i;
		vtep.tos = i;
		vtep.ttl = 255 - i;
		vtep.df = i % 2 ? CTNET_DF_ON : CTNET_DF_OFF;
		ctnet_encap_test_takes(test, &vtep, t->f.len,
				       (i & 0xfc) | (~i & 3), 255 - i, i % 2,
				       "fixed", i);
	}
}

static struct kunit_case ctnet_encap_cases[] = {
	KUNIT_CASE(ctnet_encap_test_inherits),
	KUNIT_CASE(ctnet_encap_test_fixed),
	{}
};

struct kunit_suite ctnet_encap_suite = {
	.name = "ctnet-encap",
	.init = ctnet_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_encap_cases,
};
