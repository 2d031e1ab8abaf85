// SPDX-License-Identifier: GPL-2.0
/* The table. */
#include "fdb.h"
#include "fdbwalk.h"
#include "fdb_test.h"

/* Entries that are not of a host of the tests. */
static void ctnet_fdb_test_mac(unsigned int i, u8 mac[ETH_ALEN])
{
	u64_to_ether_addr(0x024000000000ULL + i, mac);
}

/* As a frame of this source does it. */
void ctnet_fdb_test_learn(struct ctnet_vport *src, const u8 *mac)
{
	local_bh_disable();
	rcu_read_lock();
	ctnet_fdb_learn(src, mac, ctnet_fdb_find(src->ctd, mac));
	rcu_read_unlock();
	local_bh_enable();
}

/* As one does it that found no entry a moment ago. */
static void ctnet_fdb_test_late(struct ctnet_vport *src, const u8 *mac)
{
	rcu_read_lock();
	ctnet_fdb_learn_slow(src, ether_addr_to_u64(mac));
	rcu_read_unlock();
}

/* The entry, which nobody else takes away meanwhile. */
struct ctnet_fdb *ctnet_fdb_test_find(struct ctnet_test *t, const u8 *mac)
{
	struct ctnet_fdb *fdb;

	rcu_read_lock();
	fdb = ctnet_fdb_find(t->ctd, mac);
	rcu_read_unlock();
	return fdb;
}

/* Where the table has a MAC, or NULL. */
static struct ctnet_vport *ctnet_fdb_test_at(struct ctnet_test *t, const u8 *mac)
{
	struct ctnet_fdb *fdb = ctnet_fdb_test_find(t, mac);

	return fdb ? rcu_access_pointer(fdb->vport) : NULL;
}

/* Where a frame from there goes, or NULL. */
static struct ctnet_vport *ctnet_fdb_test_dest(const struct ctnet_vport *src, const u8 *mac)
{
	struct ctnet_vport *vport = NULL;
	struct ctnet_fdb *fdb;
	struct ethhdr eth = {};

	ether_addr_copy(eth.h_dest, mac);
	local_bh_disable();
	rcu_read_lock();
	fdb = ctnet_fdb_last_dest(src, &eth) ?: ctnet_fdb_find_dest(src, mac);
	if (fdb)
		vport = rcu_dereference(fdb->vport);
	rcu_read_unlock();
	local_bh_enable();
	return vport;
}

int ctnet_fdb_test_set(struct ctnet_vport *vport, const u8 *mac, bool replace)
{
	int err;

	rtnl_lock();
	err = ctnet_fdb_set(vport, mac, 0, NULL, 0, replace, NULL);
	rtnl_unlock();
	return err;
}

bool ctnet_fdb_test_del(struct ctnet_test *t, struct ctnet_fdb *fdb)
{
	bool there;

	rcu_read_lock();
	there = ctnet_fdb_del(t->ctd, fdb);
	rcu_read_unlock();
	return there;
}

/* What the counters say, and what walking all of it finds. */
void ctnet_fdb_test_count(struct kunit *test, unsigned int n_learned,
			  unsigned int n_static)
{
	unsigned int n = 0, learned;
	struct ctnet_test *t = test->priv;
	/* The network's own, and its ports'. */
	unsigned int n_local = 1 + t->ctd->n_ports;
	struct ctnet_vport *vport;
	struct ctnet_fdb *fdb;
	unsigned long id;

	xa_for_each(&t->ctd->fdb_ids, id, fdb) {
		n++;
		KUNIT_EXPECT_FALSE(test, hlist_unhashed(&fdb->at));
	}
	xa_for_each(&t->ctd->members, id, vport) {
		learned = 0;
		hlist_for_each_entry(fdb, &vport->learned, at)
			learned++;
		KUNIT_EXPECT_EQ(test, vport->n_learned, learned);
	}
	KUNIT_EXPECT_EQ(test, t->ctd->n_learned, n_learned);
	KUNIT_EXPECT_EQ(test, t->ctd->n_static, n_static + n_local);
	KUNIT_EXPECT_EQ(test, n, n_learned + n_static + n_local);
	KUNIT_EXPECT_EQ(test, (unsigned int)atomic_read(&t->ctd->fdb.nelems), n);
}

void ctnet_fdb_test_count_ips(struct kunit *test, unsigned int n)
{
	struct ctnet_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, (unsigned int)atomic_read(&t->ctd->ips.nelems), n);
}

static void ctnet_fdb_test_own(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	ctnet_fdb_test_count(test, 0, 0);
	KUNIT_EXPECT_NULL(test, ctnet_fdb_test_find(t, ctnet_test_mac[0]));
	fdb = ctnet_fdb_test_find(t, t->dev->dev_addr);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	KUNIT_EXPECT_EQ(test, (int)fdb->flags,
			(int)(CTNET_FDB_STATIC | CTNET_FDB_LOCAL));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->vport), &t->ctd->self);
}

static void ctnet_fdb_test_learns(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	ctnet_fdb_test_count(test, 1, 0);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fdb->vport), t->port[0]);
	KUNIT_EXPECT_EQ(test, (int)fdb->flags, 0);
	KUNIT_EXPECT_FALSE(test, fdb->router);
	KUNIT_EXPECT_NULL(test, fdb->ips);
	/* MACs that differ in one bit are others. */
	KUNIT_EXPECT_NULL(test, ctnet_fdb_test_find(t, ctnet_test_mac[1]));
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	ctnet_fdb_test_count(test, 2, 0);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_find(t, ctnet_test_mac[0]), fdb);
}

/* What a port sent to last is what the table says now. */
static void ctnet_fdb_test_dest_changes(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	const u8 *mac = ctnet_test_mac[0];
	const struct ctnet_vport *src = t->port[2];

	KUNIT_EXPECT_NULL(test, ctnet_fdb_test_dest(src, mac));
	ctnet_fdb_test_learn(t->port[0], mac);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_dest(src, mac), t->port[0]);
	KUNIT_EXPECT_NULL(test, ctnet_fdb_test_dest(src, ctnet_test_mac[2]));
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_dest(src, mac), t->port[0]);
	/* It moves, its place is taken, it is deleted, it comes back. */
	ctnet_fdb_test_learn(t->port[1], mac);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_dest(src, mac), t->port[1]);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(&t->ctd->self, mac, true), 0);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_dest(src, mac), &t->ctd->self);
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, ctnet_fdb_test_find(t, mac)));
	KUNIT_EXPECT_NULL(test, ctnet_fdb_test_dest(src, mac));
	ctnet_fdb_test_learn(t->port[0], mac);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_dest(src, mac), t->port[0]);
	/* Others that go do not matter. */
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, ctnet_fdb_test_find(t, ctnet_test_mac[1])));
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_dest(src, mac), t->port[0]);
}

static void ctnet_fdb_test_seen_again(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;
	unsigned long then;
	int seq;

	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	seq = atomic_read(&ctnet_ns(&init_net)->seq_learned);

	/* Within a second nothing is written. */
	then = jiffies - HZ / 2;
	fdb->updated = then;
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, fdb->updated, then);

	then = jiffies - 2 * HZ;
	fdb->updated = then;
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	KUNIT_EXPECT_TRUE(test, time_after(fdb->updated, then + HZ));

	/* Nor is any of it a change of the table. */
	KUNIT_EXPECT_EQ(test, atomic_read(&ctnet_ns(&init_net)->seq_learned), seq);
	ctnet_fdb_test_count(test, 1, 0);
}

static void ctnet_fdb_test_moves(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;
	unsigned long then;
	unsigned int i;
	int seq;

	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	for (i = 1; i <= 2 * CTNET_TEST_PORTS; i++) {
		struct ctnet_vport *to = t->port[i % CTNET_TEST_PORTS];

		then = jiffies - HZ / 2;
		fdb->updated = then;
		seq = atomic_read(&ctnet_ns(&init_net)->seq_learned);
		ctnet_fdb_test_learn(to, ctnet_test_mac[0]);
		KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
				    to);
		KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_find(t, ctnet_test_mac[0]),
				    fdb);
		KUNIT_EXPECT_TRUE(test, time_after(fdb->updated, then));
		KUNIT_EXPECT_EQ(test, atomic_read(&ctnet_ns(&init_net)->seq_learned),
				seq + 1);
	}
	/* To the host, too. */
	ctnet_fdb_test_learn(&t->ctd->self, ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
			    &t->ctd->self);
	ctnet_fdb_test_count(test, 1, 0);
}

static void ctnet_fdb_test_static_stays(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[0],
						 false), 0);
	ctnet_fdb_test_learn(t->port[1], ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
			    t->port[0]);
	ctnet_fdb_test_late(t->port[1], ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
			    t->port[0]);
	/* The network's own MAC is not learned elsewhere either. */
	ctnet_fdb_test_learn(t->port[1], t->dev->dev_addr);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, t->dev->dev_addr),
			    &t->ctd->self);
	ctnet_fdb_test_count(test, 0, 1);
}

static void ctnet_fdb_test_cap(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	t->ctd->max_fdb = 2;
	/* Static entries do not count. */
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[3],
						 false), 0);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[2]);
	ctnet_fdb_test_count(test, 2, 1);
	KUNIT_EXPECT_NULL(test, ctnet_fdb_test_find(t, ctnet_test_mac[2]));
	ctnet_fdb_test_late(t->port[0], ctnet_test_mac[2]);
	ctnet_fdb_test_count(test, 2, 1);

	/* What is there may move, and room that comes is used. */
	ctnet_fdb_test_learn(t->port[1], ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
			    t->port[1]);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[1]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_del(t, fdb));
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[2]);
	ctnet_fdb_test_count(test, 2, 1);
	KUNIT_EXPECT_NOT_NULL(test, ctnet_fdb_test_find(t, ctnet_test_mac[2]));

	/* One that becomes static leaves its place to another. */
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[2],
						 false), 0);
	ctnet_fdb_test_count(test, 1, 2);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	ctnet_fdb_test_count(test, 2, 2);

	/* A lower cap takes nothing away. */
	t->ctd->max_fdb = 0;
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[4]);
	ctnet_fdb_test_count(test, 2, 2);
}

/* Who fills the table leaves a quarter of it to others; moves count for whom they are to. */
static void ctnet_fdb_test_share(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	u8 mac[ETH_ALEN];
	unsigned int i;

	t->ctd->max_fdb = 8;
	for (i = 0; i < 8; i++) {
		ctnet_fdb_test_mac(i, mac);
		ctnet_fdb_test_learn(t->port[0], mac);
	}
	ctnet_fdb_test_count(test, 6, 0);
	KUNIT_EXPECT_EQ(test, t->port[0]->n_learned, 6u);
	for (i = 8; i < 16; i++) {
		ctnet_fdb_test_mac(i, mac);
		ctnet_fdb_test_learn(t->port[1], mac);
	}
	ctnet_fdb_test_count(test, 8, 0);
	KUNIT_EXPECT_EQ(test, t->port[1]->n_learned, 2u);
	ctnet_fdb_test_mac(0, mac);
	ctnet_fdb_test_learn(t->port[1], mac);
	KUNIT_EXPECT_EQ(test, t->port[0]->n_learned, 5u);
	KUNIT_EXPECT_EQ(test, t->port[1]->n_learned, 3u);
	ctnet_fdb_flush(t->ctd, t->port[0], true);
	KUNIT_EXPECT_EQ(test, t->port[0]->n_learned, 0u);
	ctnet_fdb_test_count(test, 3, 0);
}

/* A port of its own, not a member: it may die without the network's knowing. */
static struct ctnet_vport *ctnet_fdb_test_dst(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_port *port;

	port = kunit_kzalloc(test, sizeof(*port), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, port);
	port->vport.kind = CTNET_VPORT_PORT;
	port->vport.flags = CTNET_PORT_FLAGS_DEFAULT;
	port->vport.ctd = t->ctd;
	port->dev = t->port_dev[0];
	return &port->vport;
}

static void ctnet_fdb_test_dead(struct kunit *test)
{
	struct ctnet_vport *vport = ctnet_fdb_test_dst(test);
	struct ctnet_test *t = test->priv;

	ctnet_fdb_test_learn(vport, ctnet_test_mac[0]);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(vport, ctnet_test_mac[1], false), 0);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[2]);
	ctnet_fdb_test_count(test, 2, 1);

	rtnl_lock();
	ctnet_fdb_retire(vport);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, vport->dead);
	ctnet_fdb_test_count(test, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[2]),
			    t->port[0]);

	/* A frame that was under way: nothing new, and nothing moves there. */
	ctnet_fdb_test_learn(vport, ctnet_test_mac[0]);
	ctnet_fdb_test_learn(vport, ctnet_test_mac[2]);
	ctnet_fdb_test_count(test, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[2]),
			    t->port[0]);
	/* What it had is learned anew elsewhere. */
	ctnet_fdb_test_learn(t->port[1], ctnet_test_mac[0]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
			    t->port[1]);
	/* The test's, not the network's: it is freed as the case ends. */
	synchronize_rcu();
}

static void ctnet_fdb_test_detach(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	ctnet_test_static(test, t->port[0], 1);
	ctnet_test_static(test, t->port[1], 2);
	rtnl_lock();
	ctnet_port_detach(ctnet_vport_port(t->port[0]));
	rtnl_unlock();
	ctnet_fdb_test_count(test, 0, 1);
	ctnet_fdb_test_count_ips(test, 3);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[2]),
			    t->port[1]);
}

static void ctnet_fdb_test_replaces(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	u32 id;

	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[0],
						 false), 0);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[1], ctnet_test_mac[0],
						 false), -EEXIST);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
			    t->port[0]);
	id = ctnet_fdb_test_find(t, ctnet_test_mac[0])->id;
	ctnet_fdb_test_find(t, ctnet_test_mac[0])->router = true;
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[0],
						 true), 0);
	/* It is the same router. */
	KUNIT_EXPECT_TRUE(test, ctnet_fdb_test_find(t, ctnet_test_mac[0])->router);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[1], ctnet_test_mac[0],
						 true), 0);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[0]),
			    t->port[1]);
	/* It is the same place in the table, and what is elsewhere has not said so yet. */
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_find(t, ctnet_test_mac[0])->id, id);
	KUNIT_EXPECT_FALSE(test, ctnet_fdb_test_find(t, ctnet_test_mac[0])->router);
	KUNIT_EXPECT_PTR_EQ(test, (struct ctnet_fdb *)xa_load(&t->ctd->fdb_ids, id),
			    ctnet_fdb_test_find(t, ctnet_test_mac[0]));
	ctnet_fdb_test_count(test, 0, 1);

	/* A learned one gives way to either. */
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[2]);
	ctnet_fdb_test_count(test, 2, 1);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[1], ctnet_test_mac[1],
						 false), 0);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[1], ctnet_test_mac[2],
						 true), 0);
	ctnet_fdb_test_count(test, 0, 3);
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	KUNIT_EXPECT_PTR_EQ(test, ctnet_fdb_test_at(t, ctnet_test_mac[1]),
			    t->port[1]);
}

static void ctnet_fdb_test_deletes(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	rcu_read_lock();
	fdb = ctnet_fdb_find(t->ctd, ctnet_test_mac[0]);
	if (fdb) {
		bool first = ctnet_fdb_del(t->ctd, fdb);
		bool second = ctnet_fdb_del(t->ctd, fdb);

		rcu_read_unlock();
		KUNIT_EXPECT_TRUE(test, first);
		/* Somebody else was faster. */
		KUNIT_EXPECT_FALSE(test, second);
	} else {
		rcu_read_unlock();
		KUNIT_FAIL(test, "nothing was learned");
	}
	ctnet_fdb_test_count(test, 0, 0);

	/* One that was replaced meanwhile is not there either. */
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[0],
						 false), 0);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	fdb = kmemdup(fdb, sizeof(*fdb), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	KUNIT_EXPECT_FALSE(test, ctnet_fdb_test_del(t, fdb));
	kfree(fdb);
	ctnet_fdb_test_count(test, 0, 1);
}

/* What is left of one of each sort, a bit each, after a flush. */
#define CTNET_FDB_TEST_ALL	0xfu

static unsigned int ctnet_fdb_test_flush(struct kunit *test,
					 struct ctnet_vport *vport, bool learned)
{
	struct ctnet_test *t = test->priv;
	unsigned int i, left = 0;

	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[0]);
	ctnet_fdb_test_learn(t->port[1], ctnet_test_mac[1]);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(t->port[0], ctnet_test_mac[2],
						 true), 0);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_set(&t->ctd->self, ctnet_test_mac[3],
						 true), 0);
	ctnet_fdb_flush(t->ctd, vport, learned);
	for (i = 0; i < 4; i++)
		if (ctnet_fdb_test_find(t, ctnet_test_mac[i]))
			left |= BIT(i);
	/* The network's own stays in any case. */
	KUNIT_EXPECT_NOT_NULL(test, ctnet_fdb_test_find(t, t->dev->dev_addr));
	ctnet_fdb_flush(t->ctd, NULL, false);
	ctnet_fdb_test_count(test, 0, 0);
	return left;
}

static void ctnet_fdb_test_flushes(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, NULL, false), 0u);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, NULL, true),
			(unsigned int)(BIT(2) | BIT(3)));
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, t->port[0], false),
			(unsigned int)(BIT(1) | BIT(3)));
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, t->port[0], true),
			(unsigned int)(BIT(1) | BIT(2) | BIT(3)));
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, t->port[1], false),
			(unsigned int)(BIT(0) | BIT(2) | BIT(3)));
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, t->port[2], false),
			CTNET_FDB_TEST_ALL);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, &t->ctd->self, false),
			(unsigned int)(BIT(0) | BIT(1) | BIT(2)));
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_flush(test, &t->ctd->self, true),
			CTNET_FDB_TEST_ALL);
}

/* More entries than are looked at in one go. */
static void ctnet_fdb_test_batches(struct kunit *test)
{
	const unsigned int n = 2 * CTNET_FDB_WALK_BATCH + 3;
	struct ctnet_test *t = test->priv;
	u8 mac[ETH_ALEN];
	unsigned int i;

	for (i = 0; i < n; i++) {
		ctnet_fdb_test_mac(i, mac);
		ctnet_fdb_test_learn(t->port[i % 2], mac);
	}
	ctnet_fdb_test_count(test, n, 0);
	ctnet_fdb_flush(t->ctd, t->port[0], true);
	ctnet_fdb_test_count(test, n / 2, 0);
	for (i = 0; i < n; i++) {
		ctnet_fdb_test_mac(i, mac);
		if (!!ctnet_fdb_test_find(t, mac) != i % 2)
			KUNIT_FAIL(test, "entry %u is %s", i,
				   i % 2 ? "gone" : "there still");
	}
	ctnet_fdb_flush(t->ctd, NULL, false);
	ctnet_fdb_test_count(test, 0, 0);
}

/* Of a large table: what goes costs what goes with it, and no walk of the rest. */
#define CTNET_FDB_TEST_MANY	200000

static void ctnet_fdb_test_goes_fast(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	s64 took, best = S64_MAX;
	u8 mac[ETH_ALEN];
	unsigned int i;
	ktime_t start;

	cancel_delayed_work_sync(&t->ctd->ageing_work);
	t->ctd->max_fdb = 2 * CTNET_FDB_TEST_MANY;
	for (i = 0; i < CTNET_FDB_TEST_MANY; i++) {
		ctnet_fdb_test_mac(i, mac);
		ctnet_fdb_test_learn(t->port[0], mac);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, t->ctd->n_learned, CTNET_FDB_TEST_MANY);
	/* The test may have to wait for others: of some, the best. */
	for (i = 0; i < 10; i++) {
		ctnet_test_static(test, t->port[1], 1);
		if (i)
			ctnet_fdb_test_learn(t->port[1], ctnet_test_mac[2]);
		start = ktime_get();
		/* As the device of a container goes down, and then goes. */
		ctnet_fdb_flush(t->ctd, t->port[1], true);
		ctnet_fdb_flush(t->ctd, t->port[1], false);
		took = ktime_to_ns(ktime_sub(ktime_get(), start));
		best = min(best, took);
		KUNIT_EXPECT_NULL(test, ctnet_fdb_test_at(t, ctnet_test_mac[1]));
		KUNIT_EXPECT_NULL(test, ctnet_fdb_test_at(t, ctnet_test_mac[2]));
	}
	kunit_info(test, "entries of a port went in %lld ns, with %u others\n", best,
		   CTNET_FDB_TEST_MANY);
	KUNIT_EXPECT_LT(test, best, (s64)NSEC_PER_MSEC);
	ctnet_fdb_flush(t->ctd, NULL, true);
	ctnet_fdb_test_count(test, 0, 0);
}

/* What ageing leaves of entries whose ages are these, a bit each. */
static unsigned int ctnet_fdb_test_aged_left(struct kunit *test,
					     unsigned long ageing)
{
	struct ctnet_test *t = test->priv;
	unsigned int i, left = 0;
	static const long age[] = {
		/* Younger than any, the seconds in which the test runs, older. */
		0, 59 * HZ, 62 * HZ, 1000 * HZ, 100000 * HZ,
	};

	t->ctd->ageing = ageing;
	for (i = 0; i < ARRAY_SIZE(age); i++) {
		struct ctnet_fdb *fdb;

		ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[i]);
		fdb = ctnet_fdb_test_find(t, ctnet_test_mac[i]);
		KUNIT_ASSERT_NOT_NULL(test, fdb);
		fdb->updated = jiffies - age[i];
	}
	ctnet_fdb_age(&t->ctd->ageing_work.work);
	for (i = 0; i < ARRAY_SIZE(age); i++)
		if (ctnet_fdb_test_find(t, ctnet_test_mac[i]))
			left |= BIT(i);
	ctnet_fdb_flush(t->ctd, NULL, true);
	return left;
}

static void ctnet_fdb_test_ages(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_fdb *fdb;

	/* The work is to run when it is called, and else not. */
	cancel_delayed_work_sync(&t->ctd->ageing_work);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_aged_left(test, 60 * HZ), 0x3u);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&t->ctd->ageing_work));
	cancel_delayed_work_sync(&t->ctd->ageing_work);
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_aged_left(test, 2000 * HZ), 0xfu);
	cancel_delayed_work_sync(&t->ctd->ageing_work);
	/* 0 is never. */
	KUNIT_EXPECT_EQ(test, ctnet_fdb_test_aged_left(test, 0), 0x1fu);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&t->ctd->ageing_work));
	cancel_delayed_work_sync(&t->ctd->ageing_work);

	/* Static ones do not age. */
	ctnet_test_static(test, t->port[0], 0);
	fdb = ctnet_fdb_test_find(t, ctnet_test_mac[0]);
	KUNIT_ASSERT_NOT_NULL(test, fdb);
	fdb->updated = jiffies - 100000 * HZ;
	t->ctd->ageing = HZ;
	ctnet_fdb_test_learn(t->port[0], ctnet_test_mac[1]);
	ctnet_fdb_age(&t->ctd->ageing_work.work);
	ctnet_fdb_test_count(test, 1, 1);
}

static struct kunit_case ctnet_fdb_cases[] = {
	KUNIT_CASE(ctnet_fdb_test_own),
	KUNIT_CASE(ctnet_fdb_test_learns),
	KUNIT_CASE(ctnet_fdb_test_dest_changes),
	KUNIT_CASE(ctnet_fdb_test_seen_again),
	KUNIT_CASE(ctnet_fdb_test_moves),
	KUNIT_CASE(ctnet_fdb_test_static_stays),
	KUNIT_CASE(ctnet_fdb_test_cap),
	KUNIT_CASE(ctnet_fdb_test_share),
	KUNIT_CASE(ctnet_fdb_test_dead),
	KUNIT_CASE(ctnet_fdb_test_detach),
	KUNIT_CASE(ctnet_fdb_test_replaces),
	KUNIT_CASE(ctnet_fdb_test_deletes),
	KUNIT_CASE(ctnet_fdb_test_flushes),
	KUNIT_CASE(ctnet_fdb_test_batches),
	KUNIT_CASE(ctnet_fdb_test_goes_fast),
	KUNIT_CASE(ctnet_fdb_test_ages),
	{}
};

struct kunit_suite ctnet_fdb_suite = {
	.name = "ctnet-fdb",
	.init = ctnet_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_fdb_cases,
};
