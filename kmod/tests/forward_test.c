// SPDX-License-Identifier: GPL-2.0
/* Where a frame goes. */
#include "flood.h"
#include "forward.h"
#include "test.h"

static void ctnet_forward_test_may_pass(struct kunit *test)
{
	const u32 iso = CTNET_PORT_ISOLATED, pin = CTNET_PORT_HAIRPIN;
	/* From one thing to another thing, and to itself. */
	static const enum ctnet_drop no = CTNET_DROP_UNSPEC;
	const struct {
		enum ctnet_vport_kind src, dst;
		u32 src_flags, dst_flags;
		enum ctnet_drop other, same;
	} c[] = {
		{ CTNET_VPORT_PORT, CTNET_VPORT_PORT, 0, 0, no, CTNET_DROP_HAIRPIN },
		{ CTNET_VPORT_PORT, CTNET_VPORT_PORT, pin, pin, no, no },
		{ CTNET_VPORT_PORT, CTNET_VPORT_PORT, iso, 0, no, CTNET_DROP_HAIRPIN },
		{ CTNET_VPORT_PORT, CTNET_VPORT_PORT, 0, iso, no, CTNET_DROP_HAIRPIN },
		{ CTNET_VPORT_PORT, CTNET_VPORT_PORT, iso, iso, CTNET_DROP_ISOLATED,
		  CTNET_DROP_HAIRPIN },
		{ CTNET_VPORT_PORT, CTNET_VPORT_PORT, iso | pin, iso | pin,
		  CTNET_DROP_ISOLATED, CTNET_DROP_ISOLATED },
		{ CTNET_VPORT_PORT, CTNET_VPORT_PORT, ~iso & ~pin, ~iso, no,
		  CTNET_DROP_HAIRPIN },
		{ CTNET_VPORT_PORT, CTNET_VPORT_SELF, iso, CTNET_PORT_FLOOD, no, no },
		{ CTNET_VPORT_SELF, CTNET_VPORT_PORT, CTNET_PORT_FLOOD, iso, no, no },
		{ CTNET_VPORT_SELF, CTNET_VPORT_SELF, 0, 0, no, CTNET_DROP_HAIRPIN },
		{ CTNET_VPORT_PORT, CTNET_VPORT_PEER, iso, 0, no, no },
		{ CTNET_VPORT_PEER, CTNET_VPORT_PORT, 0, iso, no, no },
		{ CTNET_VPORT_PEER, CTNET_VPORT_SELF, 0, 0, no, no },
		{ CTNET_VPORT_SELF, CTNET_VPORT_PEER, 0, 0, no, no },
		{ CTNET_VPORT_PEER, CTNET_VPORT_PEER, 0, 0, CTNET_DROP_SPLIT_HORIZON,
		  CTNET_DROP_HAIRPIN },
		{ CTNET_VPORT_PEER, CTNET_VPORT_PEER, pin, pin,
		  CTNET_DROP_SPLIT_HORIZON, CTNET_DROP_SPLIT_HORIZON },
		{ CTNET_VPORT_PEER, CTNET_VPORT_PEER, iso, iso,
		  CTNET_DROP_SPLIT_HORIZON, CTNET_DROP_HAIRPIN },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		struct ctnet_vport src = { .kind = c[i].src, .flags = c[i].src_flags };
		struct ctnet_vport dst = { .kind = c[i].dst, .flags = c[i].dst_flags };
		enum ctnet_drop reason = CTNET_DROP_UNSPEC;
		bool may;

		may = ctnet_may_pass(&src, &dst, &reason);
		KUNIT_EXPECT_EQ_MSG(test, reason, c[i].other, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, may, !c[i].other, "case %u", i);
		if (c[i].src != c[i].dst)
			continue;
		reason = CTNET_DROP_UNSPEC;
		may = ctnet_may_pass(&src, &src, &reason);
		KUNIT_EXPECT_EQ_MSG(test, reason, c[i].same, "case %u, same", i);
		KUNIT_EXPECT_EQ_MSG(test, may, !c[i].same, "case %u, same", i);
	}
}

/* A frame of host @from to a MAC, into which nobody is to look. */
static void ctnet_forward_test_put(struct kunit *test, const u8 *to,
				   const u8 *from)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_eth(&t->f, to, from);
	ctnet_test_type(&t->f, 0x88b5);
	memset(ctnet_test_put(&t->f, 46), 0x5a, 46);
}

/* Who got the frame, a bit each: port 0, 1, 2, and the host. */
static unsigned int ctnet_forward_test_send(struct kunit *test,
					    struct ctnet_vport *src)
{
	struct ctnet_test *t = test->priv;
	struct sk_buff_head *at;
	unsigned int i, got = 0;

	ctnet_test_send(ctnet_test_skb(test, &t->f, t->f.len, ETH_HLEN + 7), src);
	for (i = 0; i <= CTNET_TEST_PORTS; i++) {
		at = i < CTNET_TEST_PORTS ? ctnet_test_queue(t->port_dev[i]) :
					    &t->host;
		if (ctnet_test_got(at, t->f.data, t->f.len))
			got |= BIT(i);
		KUNIT_EXPECT_TRUE_MSG(test, skb_queue_empty(at), "%u: twice", i);
	}
	return got;
}

static void ctnet_forward_test_floods(struct kunit *test)
{
	static const u8 group[ETH_ALEN] = { 0x33, 0x33, 0, 0, 0, 1 };
	const u8 *to[] = { ctnet_test_broadcast, group, ctnet_test_mac[4] };
	const u32 iso = CTNET_PORT_ISOLATED, pin = CTNET_PORT_HAIRPIN;
	const u32 def = CTNET_PORT_FLAGS_DEFAULT;
	const struct {
		u32 flags[CTNET_TEST_PORTS];
		/* Who gets it from port 0, from the host. */
		unsigned int port, self;
		/* Who gets it from port 0 if it is unknown unicast, besides. */
		unsigned int back;
	} c[] = {
		{ { def, def, def }, 0xe, 0x7 },
		/* A port without the flag. */
		{ { def, 0, def }, 0xc, 0x5 },
		{ { 0, def, def }, 0xe, 0x6 },
		{ { 0, 0, 0 }, 0x8, 0x0 },
		/* Back where it came from. */
		{ { def | pin, def, def }, 0xe, 0x7, 0x1 },
		{ { pin, def, def }, 0xe, 0x6 },
		/* Isolated ones, of which one sends, or none. */
		{ { def | iso, def | iso, def }, 0xc, 0x7 },
		{ { def | iso, def, def }, 0xe, 0x7 },
		{ { def, def | iso, def | iso }, 0xe, 0x7 },
		{ { def | iso | pin, def | iso, def | iso }, 0x8, 0x7 },
	};
	struct ctnet_test *t = test->priv;
	unsigned int i, j, k, got;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		for (j = 0; j < CTNET_TEST_PORTS; j++)
			t->port[j]->flags = c[i].flags[j];
		for (k = 0; k < ARRAY_SIZE(to); k++) {
			ctnet_forward_test_put(test, to[k], ctnet_test_mac[0]);
			got = ctnet_forward_test_send(test, t->port[0]);
			KUNIT_EXPECT_EQ_MSG(test, got, c[i].port |
					    (k == 2 ? c[i].back : 0),
					    "case %u of port, to %pM", i, to[k]);
			got = ctnet_forward_test_send(test, &t->ctd->self);
			KUNIT_EXPECT_EQ_MSG(test, got, c[i].self,
					    "case %u of host, to %pM", i, to[k]);
		}
	}
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 0ull);
}

static void ctnet_forward_test_peers(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_peer *a, *b;
	u64 *drops;

	ctnet_test_bind(test, 0);
	a = ctnet_test_peer(test, CTNET_V4, 1);
	b = ctnet_test_peer(test, CTNET_V6, 2);
	/* They have no way to go: each copy for a peer is counted. */
	rtnl_lock();
	ctnet_vtep_unbind(t->ctd);
	rtnl_unlock();
	/* Floods rely on the order. */
	KUNIT_EXPECT_GT(test, a->vport.id, CTNET_ID_PORT_MAX);
	KUNIT_EXPECT_GT(test, b->vport.id, CTNET_ID_PORT_MAX);
	KUNIT_EXPECT_LE(test, t->port[0]->id, CTNET_ID_PORT_MAX);

	drops = kunit_kzalloc(test, (CTNET_DROP_MAX + 1) * sizeof(*drops),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, drops);
	ctnet_forward_test_put(test, ctnet_test_broadcast, ctnet_test_mac[4]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0xeu);
	ctnet_drops_sum(t->ctd->drops, drops);
	KUNIT_EXPECT_EQ(test, drops[CTNET_DROP_NO_ROUTE], 2ull);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, &t->ctd->self), 0x7u);
	ctnet_drops_sum(t->ctd->drops, drops);
	KUNIT_EXPECT_EQ(test, drops[CTNET_DROP_NO_ROUTE], 4ull);
	/* What a peer sends goes to no peer. */
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, &a->vport), 0xfu);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, &b->vport), 0xfu);
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 4ull);

	/* Nor does it if the table says so. */
	ctnet_test_static(test, &b->vport, 2);
	ctnet_forward_test_put(test, ctnet_test_mac[2], ctnet_test_mac[4]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, &a->vport), 0u);
	ctnet_drops_sum(t->ctd->drops, drops);
	KUNIT_EXPECT_EQ(test, drops[CTNET_DROP_SPLIT_HORIZON], 1ull);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0u);
	ctnet_drops_sum(t->ctd->drops, drops);
	KUNIT_EXPECT_EQ(test, drops[CTNET_DROP_NO_ROUTE], 5ull);
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 6ull);
}

static void ctnet_forward_test_unicast(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	ctnet_test_static(test, t->port[1], 1);
	ctnet_forward_test_put(test, ctnet_test_mac[1], ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0x2u);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[2]), 0x2u);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, &t->ctd->self), 0x2u);
	/* The host sees what is not its own while it listens to all. */
	rtnl_lock();
	dev_set_promiscuity(t->dev, 1);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0xau);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, &t->ctd->self), 0x2u);
	rtnl_lock();
	dev_set_promiscuity(t->dev, -1);
	rtnl_unlock();
	/* To the host; to where it came from, and with hairpin there. */
	ctnet_forward_test_put(test, t->dev->dev_addr, ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0x8u);
	ctnet_forward_test_put(test, ctnet_test_mac[1], ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 0ull);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[1]), 0u);
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops, CTNET_DROP_HAIRPIN),
			1ull);
	t->port[1]->flags |= CTNET_PORT_HAIRPIN;
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[1]), 0x2u);
	/* Unknown, without floods. */
	t->ctd->flood = false;
	ctnet_forward_test_put(test, ctnet_test_mac[5], ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0u);
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops, CTNET_DROP_UNKNOWN),
			1ull);
	ctnet_forward_test_put(test, ctnet_test_broadcast, ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0xeu);
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 2ull);
}

static void ctnet_forward_test_refused(struct kunit *test)
{
	u8 group[ETH_ALEN] = { 0x01, 0x80, 0xc2, 0, 0, 0 };
	static const u8 zero[ETH_ALEN];
	struct ctnet_test *t = test->priv;
	unsigned int i;

	/* Sources that nobody has. */
	ctnet_forward_test_put(test, ctnet_test_broadcast, zero);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0u);
	ctnet_forward_test_put(test, ctnet_test_broadcast, ctnet_test_broadcast);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0u);
	ctnet_forward_test_put(test, ctnet_test_broadcast, group);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0u);
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops, CTNET_DROP_SOURCE),
			3ull);
	KUNIT_EXPECT_EQ(test, t->ctd->n_learned, 0u);
	/* Groups that stay on their link, and the next one. */
	for (i = 1; i <= 16; i++) {
		group[5] = i;
		ctnet_forward_test_put(test, group, ctnet_test_mac[0]);
		KUNIT_EXPECT_EQ_MSG(test, ctnet_forward_test_send(test, t->port[0]),
				    i < 16 ? 0u : 0xeu, "group %u", i);
	}
	/* BPDUs: from a guarded port, from the host, to nobody. */
	group[5] = CTNET_GROUP_BPDU;
	ctnet_forward_test_put(test, group, ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0x6u);
	t->port[1]->flags |= CTNET_PORT_GUARD;
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0x4u);
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops,
					       CTNET_DROP_LINK_LOCAL), 15ull);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, &t->ctd->self), 0u);
	t->port[2]->flags |= CTNET_PORT_GUARD;
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[0]), 0u);
	ctnet_test_static(test, t->port[1], 1);
	ctnet_forward_test_put(test, group, ctnet_test_mac[1]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[1]), 0u);
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops,
					       CTNET_DROP_LINK_LOCAL), 18ull);
	/* Less than a header. */
	for (i = 0; i < ETH_HLEN; i++)
		ctnet_test_send(ctnet_test_skb(test, &t->f, i, i / 2), t->port[0]);
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(t->ctd->drops,
					       CTNET_DROP_MALFORMED), 14ull);
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 35ull);
}

static void ctnet_forward_test_learning(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_dev *ctd = t->ctd;

	ctnet_forward_test_put(test, ctnet_test_broadcast, ctnet_test_mac[0]);
	/* The host is not learned, nor is what a port or the network may not. */
	ctnet_forward_test_send(test, &ctd->self);
	KUNIT_EXPECT_EQ(test, ctd->n_learned, 0u);
	t->port[0]->flags &= ~CTNET_PORT_LEARNING;
	ctnet_forward_test_send(test, t->port[0]);
	KUNIT_EXPECT_EQ(test, ctd->n_learned, 0u);
	ctd->learning = false;
	ctnet_forward_test_send(test, t->port[1]);
	KUNIT_EXPECT_EQ(test, ctd->n_learned, 0u);
	ctd->learning = true;
	ctnet_forward_test_send(test, t->port[1]);
	KUNIT_EXPECT_EQ(test, ctd->n_learned, 1u);
	/* Who is guarded teaches nothing, and what it may not send goes nowhere. */
	t->port[2]->flags |= CTNET_PORT_GUARD;
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[2]), 0u);
	KUNIT_EXPECT_EQ(test, ctnet_test_drops(ctd->drops, CTNET_DROP_GUARD_MAC),
			1ull);
	KUNIT_EXPECT_EQ(test, ctd->n_learned, 1u);
	ctnet_test_static(test, t->port[2], 2);
	ctnet_forward_test_put(test, ctnet_test_broadcast, ctnet_test_mac[2]);
	KUNIT_EXPECT_EQ(test, ctnet_forward_test_send(test, t->port[2]), 0xbu);
	KUNIT_EXPECT_EQ(test, ctd->n_learned, 1u);
}

/* More receivers than are served at once. */
#define CTNET_FORWARD_TEST_MANY	(2 * CTNET_FLOOD_BATCH + 3)

static void ctnet_forward_test_batches(struct kunit *test)
{
	struct net_device *dev[CTNET_FORWARD_TEST_MANY] = {};
	struct ctnet_test *t = test->priv;
	unsigned int i, n, left, wait;
	LIST_HEAD(gone);

	rtnl_lock();
	for (n = 0; n < ARRAY_SIZE(dev); n++) {
		dev[n] = ctnet_test_port_dev();
		if (!dev[n])
			break;
		if (ctnet_port_attach(t->ctd, dev[n], CTNET_PORT_FLAGS_DEFAULT,
				      NULL))
			break;
	}
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, n, (unsigned int)ARRAY_SIZE(dev));

	ctnet_forward_test_put(test, ctnet_test_broadcast, ctnet_test_mac[0]);
	ctnet_test_send(ctnet_test_skb(test, &t->f, t->f.len, ETH_HLEN), t->port[1]);
	/* The rest of it goes out of a poll. */
	for (wait = 0, left = 1; left && wait < 1000; wait++) {
		for (i = 0, left = 0; i < n; i++)
			left += skb_queue_empty(ctnet_test_queue(dev[i]));
		if (left)
			usleep_range(1000, 2000);
	}
	for (i = 0; i < n; i++) {
		struct sk_buff_head *at = ctnet_test_queue(dev[i]);

		KUNIT_EXPECT_EQ_MSG(test, skb_queue_len(at), 1u, "port %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, ctnet_test_got(at, t->f.data, t->f.len),
				      "port %u", i);
	}
	KUNIT_EXPECT_EQ(test, skb_queue_len(&t->host), 1u);
	KUNIT_EXPECT_EQ(test, skb_queue_len(ctnet_test_queue(t->port_dev[0])), 1u);
	KUNIT_EXPECT_EQ(test, skb_queue_len(ctnet_test_queue(t->port_dev[1])), 0u);
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 0ull);

	rtnl_lock();
	for (i = 0; i < ARRAY_SIZE(dev); i++)
		if (dev[i])
			unregister_netdevice_queue(dev[i], &gone);
	unregister_netdevice_many(&gone);
	rtnl_unlock();
}

static struct kunit_case ctnet_forward_cases[] = {
	KUNIT_CASE(ctnet_forward_test_may_pass),
	KUNIT_CASE(ctnet_forward_test_floods),
	KUNIT_CASE(ctnet_forward_test_peers),
	KUNIT_CASE(ctnet_forward_test_unicast),
	KUNIT_CASE(ctnet_forward_test_refused),
	KUNIT_CASE(ctnet_forward_test_learning),
	KUNIT_CASE(ctnet_forward_test_batches),
	{}
};

struct kunit_suite ctnet_forward_suite = {
	.name = "ctnet-forward",
	.init = ctnet_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_forward_cases,
};
