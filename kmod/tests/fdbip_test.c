// SPDX-License-Identifier: GPL-2.0
/* The table's IP addresses. */
#include "fdb.h"
#include "fdbip.h"
#include "fdb_test.h"

static struct ctnet_fdb *ctnet_fdbip_test_ip(struct ctnet_test *t,
					     struct in6_addr addr)
{
	struct ctnet_fdb *fdb;

	rcu_read_lock();
	fdb = ctnet_fdb_find_ip(t->ctd, &addr);
	rcu_read_unlock();
	return fdb;
}

static int ctnet_fdbip_test_set_ips(struct ctnet_vport *vport, const u8 *mac,
				    const struct in6_addr *ips, unsigned int n)
{
	int err;

	rtnl_lock();
	err = ctnet_fdb_set(vport, mac, 0, ips, n, true, NULL);
	rtnl_unlock();
	return err;
}

static void ctnet_fdbip_test_own_stays(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct in6_addr ip = ctnet_test_ip6(0);
	struct ctnet_fdb *fdb;

	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], t->dev->dev_addr,
						 false), -EEXIST);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], t->dev->dev_addr,
						 true), -EEXIST);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(&t->ctd->self, t->dev->dev_addr,
						 false), -EEXIST);
	ctnet_fdb_test_count(test, 0, 0);
	/* It can be given addresses. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(&t->ctd->self,
						       t->dev->dev_addr, &ip, 1), 0);
	fdb = ctnet_fdbip_test_ip(t, ip);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	KUNIT_EXPECT_EQ(test, (int)fdb->flags,
			(int)(CTNET_FDB_STATIC | CTNET_FDB_LOCAL));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->vport), &t->ctd->self);
	ctnet_fdb_test_count(test, 0, 0);
	ctnet_fdb_test_count_ips(test, 1);
}

static void ctnet_fdbip_test_addresses(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct in6_addr compat = {};
	struct ctnet_fdb *fdb;

	ctnet_test_static(test, t->port[0], 0);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	KUNIT_ASSERT_NOT_NULL(test, fdb->ips);
	KUNIT_EXPECT_EQ(test, fdb->ips->n, 3u);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_mapped(0)), fdb);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(0)), fdb);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ll(0)), fdb);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ctnet_test_mapped(1)));
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(1)));
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, in6addr_any));
	/* The same four bytes, but not v4-mapped. */
	compat.s6_addr32[3] = ctnet_test_ip4(0);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, compat));

	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, fdb));
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ctnet_test_mapped(0)));
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(0)));
	ctnet_fdb_test_count_ips(test, 0);
	ctnet_fdb_test_count(test, 0, 0);
}

static void ctnet_fdbip_test_address_taken(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct in6_addr ips[3];
	struct ctnet_fdb *fdb;
	unsigned int at;
	int err;

	ctnet_test_static(test, t->port[0], 0);
	ctnet_test_static(test, t->port[1], 1);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[1]);
	/* Whichever of them is taken, none of the others is left behind. */
	for (at = 0; at < 3; at++) {
		ips[0] = ctnet_test_mapped(3);
		ips[1] = ctnet_test_ip6(3);
		ips[2] = ctnet_test_ip6(4);
		ips[at] = ctnet_test_ip6(0);
		err = ctnet_fdbip_test_set_ips(t->port[1], ctnet_test_mac[3], ips, 3);
		KUNIT_EXPECT_EQ(test, err, -EADDRINUSE);
		KUNIT_EXPECT_NULL(test, ctnet_fdb_test_find(t, ctnet_test_mac[3]));
		ctnet_fdb_test_count_ips(test, 6);

		/* Nor is what an entry had gone when its replacement fails. */
		ips[(at + 1) % 3] = ctnet_test_ip6(1);
		err = ctnet_fdbip_test_set_ips(t->port[2], ctnet_test_mac[1], ips, 3);
		KUNIT_EXPECT_EQ(test, err, -EADDRINUSE);
		KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_find(t, ctnet_test_mac[1]),
				    fdb);
		KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->vport), t->port[1]);
		KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(1)),
				    fdb);
		KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_mapped(1)),
				    fdb);
		ctnet_fdb_test_count_ips(test, 6);
		ctnet_fdb_test_count(test, 0, 2);
	}
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(0)),
			    ctnet_fdb_test_find(t, ctnet_test_mac[0]));
}

static void ctnet_fdbip_test_addresses_change(struct kunit *test)
{
	struct in6_addr ips[] = {
		ctnet_test_ip6(4), ctnet_test_mapped(0), ctnet_test_ip6(3),
	};
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	ctnet_test_static(test, t->port[0], 0);
	/* One stays, two go, two come. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[1], ctnet_test_mac[0],
						       ips, 3), 0);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(4)), fdb);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_mapped(0)), fdb);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(3)), fdb);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(0)));
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ctnet_test_ll(0)));
	ctnet_fdb_test_count_ips(test, 3);
	/* The same ones again, and fewer. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[1], ctnet_test_mac[0],
						       ips, 3), 0);
	ctnet_fdb_test_count_ips(test, 3);
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[1], ctnet_test_mac[0],
						       ips + 1, 1), 0);
	ctnet_fdb_test_count_ips(test, 1);
	/* What went is free for others. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[2], ctnet_test_mac[4],
						       ips, 1), 0);
	/* And none, of a learned one that was never given any. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[1], ctnet_test_mac[0],
						       NULL, 0), 0);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[0], ctnet_test_mac[1],
						       ips + 1, 1), 0);
	ctnet_fdb_test_count_ips(test, 2);
	ctnet_fdb_test_count(test, 0, 3);
}

static void ctnet_fdbip_test_handed_on(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *from, *to;

	ctnet_test_static(test, t->port[0], 0);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[1], ctnet_test_mac[1],
						 false), 0);
	from = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	to = ctnet_fdb_test_find(t, ctnet_test_mac[1]);
	KUNIT_ASSERT_NOT_NULL(test, from);
	KUNIT_ASSERT_NOT_NULL(test, to);
	rcu_read_lock();
	ctnet_fdb_give_ips(t->ctd, from, to);
	rcu_read_unlock();
	KUNIT_EXPECT_NULL(test, from->ips);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_mapped(0)), to);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ll(0)), to);
	ctnet_fdb_test_count_ips(test, 3);

	/* Who gave them away takes none along, and has none left to give. */
	rcu_read_lock();
	ctnet_fdb_give_ips(t->ctd, from, to);
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, from));
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(0)), to);
	ctnet_fdb_test_count_ips(test, 3);
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, to));
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ctnet_test_ip6(0)));
	ctnet_fdb_test_count_ips(test, 0);
	ctnet_fdb_test_count(test, 0, 0);
}

static bool ctnet_fdbip_test_claim(struct ctnet_test *t, unsigned int i,
				   struct in6_addr addr)
{
	bool claimed;

	rcu_read_lock();
	claimed = ctnet_fdb_claim(ctnet_fdb_find(t->ctd, ctnet_test_mac[i]), &addr);
	rcu_read_unlock();
	return claimed;
}

static void ctnet_fdbip_test_dispute(struct ctnet_test *t, struct in6_addr addr,
				     unsigned int i)
{
	rcu_read_lock();
	ctnet_fdb_dispute(t->ctd, &addr, ctnet_test_mac[i]);
	rcu_read_unlock();
}

static void ctnet_fdbip_test_claims(struct kunit *test)
{
	struct in6_addr ip = ctnet_test_ip6(0), a = ctnet_test_ll(4), b = a;
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	b.s6_addr[15] ^= 1;
	ctnet_test_static(test, t->port[0], 0);
	ctnet_test_static(test, t->port[1], 1);
	KUNIT_EXPECT_TRUE(test, ctnet_fdbip_test_claim(t, 0, a));
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 0, b));
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 1, a));
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 1, ip));
	ctnet_fdb_test_count_ips(test, 7);
	/* It stays with the MAC, with other addresses and as they are. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[0], ctnet_test_mac[0],
						       &ip, 1), 0);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, a), fdb);
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 0, b));
	ctnet_fdb_test_count_ips(test, 5);
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[0], ctnet_test_mac[0],
						       NULL, CTNET_FDB_KEEP_IPS), 0);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, a), fdb);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ip), fdb);
	ctnet_fdb_test_count_ips(test, 5);
	/* Not where the MAC goes elsewhere, either way. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[2], ctnet_test_mac[0],
						       NULL, CTNET_FDB_KEEP_IPS), 0);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, a));
	ctnet_fdb_test_count_ips(test, 4);
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[0], ctnet_test_mac[0],
						       &ip, 1), 0);
	KUNIT_EXPECT_TRUE(test, ctnet_fdbip_test_claim(t, 0, a));
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[2], ctnet_test_mac[0],
						       &ip, 1), 0);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, a));
	/* What is named for another, or made by its MAC, goes before a claim. */
	KUNIT_EXPECT_TRUE(test, ctnet_fdbip_test_claim(t, 0, b));
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[1], ctnet_test_mac[3],
						       &b, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, b),
			    ctnet_fdb_test_find(t, ctnet_test_mac[3]));
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 0, a));
	KUNIT_EXPECT_TRUE(test, ctnet_fdbip_test_claim(t, 1, a));
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[2], ctnet_test_mac[4],
						 false), 0);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, a));
	/* Who may use all addresses need not claim one. */
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 4, a));
	ctnet_fdb_test_count_ips(test, 5);
	ctnet_fdb_test_count(test, 0, 4);
}

static void ctnet_fdbip_test_disputes(struct kunit *test)
{
	struct in6_addr ip = ctnet_test_ip6(0), a = ctnet_test_ll(4);
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	ctnet_test_static(test, t->port[0], 0);
	ctnet_fdbip_test_dispute(t, ip, 0);
	ctnet_fdbip_test_dispute(t, ctnet_test_ip6(1), 0);
	ctnet_fdb_test_count_ips(test, 3);
	ctnet_fdbip_test_dispute(t, ip, 1);
	ctnet_fdbip_test_dispute(t, ip, 1);
	ctnet_fdb_test_count_ips(test, 2);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, ip));
	t->port[0]->flags |= CTNET_PORT_GUARD;
	ctnet_fdbip_test_dispute(t, ctnet_test_mapped(0), 1);
	ctnet_fdb_test_count_ips(test, 2);
	/* It has what was named again, once it is guarded. */
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, ctnet_fdb_reinstate(t->port[0]), 0);
	rtnl_unlock();
	ctnet_fdb_test_count_ips(test, 3);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ip),
			    ctnet_fdb_test_find(t, ctnet_test_mac[0]));
	ctnet_fdbip_test_dispute(t, ip, 1);
	ctnet_fdb_test_count_ips(test, 3);
	/* But what was named for another meanwhile. */
	t->port[0]->flags &= ~CTNET_PORT_GUARD;
	ctnet_fdbip_test_dispute(t, ip, 1);
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[1], ctnet_test_mac[1],
						       &ip, 1), 0);
	t->port[0]->flags |= CTNET_PORT_GUARD;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, ctnet_fdb_reinstate(t->port[0]), 0);
	rtnl_unlock();
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ip),
			    ctnet_fdb_test_find(t, ctnet_test_mac[1]));
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[1]);
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, fdb));
	/* What was claimed goes, and cannot be claimed again. */
	KUNIT_EXPECT_TRUE(test, ctnet_fdbip_test_claim(t, 0, a));
	ctnet_fdbip_test_dispute(t, a, 1);
	KUNIT_EXPECT_NULL(test, ctnet_fdbip_test_ip(t, a));
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 0, a));
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(t->port[0], ctnet_test_mac[0],
						       &ip, 1), 0);
	KUNIT_EXPECT_FALSE(test, ctnet_fdbip_test_claim(t, 0, a));
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ip), fdb);
	ctnet_fdb_test_count_ips(test, 1);
	/* The host's stay. */
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(&t->ctd->self, ctnet_test_mac[0],
						       &ip, 1), 0);
	ctnet_fdbip_test_dispute(t, ip, 1);
	ctnet_fdb_test_count_ips(test, 1);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, fdb));
	ctnet_fdb_test_count_ips(test, 0);
}

static void ctnet_fdbip_test_own_moves(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct sockaddr_storage ss = { .ss_family = t->dev->type };
	struct sockaddr *sa = (struct sockaddr *)&ss;
	struct in6_addr ip = ctnet_test_ip6(0);
	struct ctnet_fdb *fdb;
	u8 old[ETH_ALEN];
	int err;

	ether_addr_copy(old, t->dev->dev_addr);
	KUNIT_EXPECT_EQ(test, ctnet_fdbip_test_set_ips(&t->ctd->self, old, &ip, 1), 0);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[0],
						 false), 0);
	memcpy(sa->sa_data, ctnet_test_mac[0], ETH_ALEN);
	rtnl_lock();
	err = t->dev->netdev_ops->ndo_set_mac_address(t->dev, sa);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, err, -EADDRINUSE);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ip),
			    ctnet_fdb_test_find(t, old));

	memcpy(sa->sa_data, ctnet_test_mac[1], ETH_ALEN);
	rtnl_lock();
	err = t->dev->netdev_ops->ndo_set_mac_address(t->dev, sa);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_NULL(test, ctnet_fdb_test_find(t, old));
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[1]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	KUNIT_EXPECT_EQ(test, (int)fdb->flags,
			(int)(CTNET_FDB_STATIC | CTNET_FDB_LOCAL));
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdbip_test_ip(t, ip), fdb);
	ctnet_fdb_test_count(test, 0, 1);
	ctnet_fdb_test_count_ips(test, 1);
}

static struct kunit_case ctnet_fdbip_cases[] = {
	KUNIT_CASE(ctnet_fdbip_test_own_stays),
	KUNIT_CASE(ctnet_fdbip_test_addresses),
	KUNIT_CASE(ctnet_fdbip_test_address_taken),
	KUNIT_CASE(ctnet_fdbip_test_addresses_change),
	KUNIT_CASE(ctnet_fdbip_test_handed_on),
	KUNIT_CASE(ctnet_fdbip_test_claims),
	KUNIT_CASE(ctnet_fdbip_test_disputes),
	KUNIT_CASE(ctnet_fdbip_test_own_moves),
	{}
};

struct kunit_suite ctnet_fdbip_suite = {
	.name = "ctnet-fdbip",
	.init = ctnet_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_fdbip_cases,
};
