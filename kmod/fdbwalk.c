// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of the table: flush, ageing, and the entries of a port or peer that goes. A walk takes
 * pauses, in which the table may change.
 */
#include <linux/jiffies.h>

#include "ctnet.h"
#include "fdb.h"
#include "fdbwalk.h"

/* Entries removed without a pause, with the table locked. */
#define CTNET_FDB_CLEAR_BATCH	64

/* Longest pause between two runs of ageing. */
#define CTNET_FDB_AGE_PAUSE	(15 * HZ)

/*
 * Removes those of the first @most entries that @match returns true for. May sleep. Entries that
 * are added meanwhile may be missed.
 */
static void ctnet_fdb_walk(struct ctnet_dev *ctd,
			   bool (*match)(const struct ctnet_fdb *fdb,
					 const void *arg),
			   const void *arg, u64 most)
{
	struct ctnet_fdb *fdb;
	unsigned long id = 0;
	unsigned int n;

	do {
		n = 0;
		rcu_read_lock();
		xa_for_each_start(&ctd->fdb_ids, id, fdb, id) {
			if (n == CTNET_FDB_WALK_BATCH || n == most)
				break;
			n++;
			if (match(fdb, arg))
				ctnet_fdb_del(ctd, fdb);
		}
		rcu_read_unlock();
		cond_resched();
		most -= n;
	} while (fdb && most);
}

static bool ctnet_fdb_not_local(const struct ctnet_fdb *fdb, const void *arg)
{
	return !(fdb->flags & CTNET_FDB_LOCAL);
}

static bool ctnet_fdb_any(const struct ctnet_fdb *fdb, const void *arg)
{
	return true;
}

/*
 * Removes the entries of a list, except those with %CTNET_FDB_LOCAL. May sleep. Each learned entry
 * that is removed makes room for another, so it stops after as many as there were at first.
 */
static void ctnet_fdb_clear(struct ctnet_dev *ctd, struct ctnet_vport *vport,
			    u16 flags)
{
	struct hlist_head *list = ctnet_fdb_list(vport, flags);
	u32 most = flags & CTNET_FDB_STATIC ? U32_MAX :
					      READ_ONCE(vport->n_learned);
	struct ctnet_fdb *fdb;
	struct hlist_node *tmp;
	unsigned int n;

	do {
		if (!READ_ONCE(list->first))
			return;
		n = 0;
		rcu_read_lock();
		spin_lock_bh(&ctd->fdb_lock);
		hlist_for_each_entry_safe(fdb, tmp, list, at) {
			if (fdb->flags & CTNET_FDB_LOCAL)
				continue;
			if (n == CTNET_FDB_CLEAR_BATCH || n == most)
				break;
			n++;
			ctnet_fdb_remove(ctd, fdb);
		}
		spin_unlock_bh(&ctd->fdb_lock);
		rcu_read_unlock();
		cond_resched();
		most -= n;
	} while (n == CTNET_FDB_CLEAR_BATCH);
}

/**
 * ctnet_fdb_flush() - remove entries
 * @ctd: the network
 * @vport: only entries that point to this, or NULL
 * @learned: only learned ones
 *
 * Entries with %CTNET_FDB_LOCAL stay. It stops after as many entries as there were at first.
 *
 * Context: RTNL; may sleep.
 */
void ctnet_fdb_flush(struct ctnet_dev *ctd, struct ctnet_vport *vport, bool learned)
{
	unsigned long id;

	if (vport) {
		ctnet_fdb_clear(ctd, vport, 0);
		if (!learned)
			ctnet_fdb_clear(ctd, vport, CTNET_FDB_STATIC);
	} else if (learned) {
		xa_for_each(&ctd->members, id, vport)
			ctnet_fdb_clear(ctd, vport, 0);
	} else {
		ctnet_fdb_walk(ctd, ctnet_fdb_not_local, NULL,
			       (u64)READ_ONCE(ctd->n_learned) +
			       READ_ONCE(ctd->n_static));
	}
}

/**
 * ctnet_fdb_empty() - remove all entries, also the host's own
 * @ctd: the network; nothing learns any more
 *
 * Context: may sleep.
 */
void ctnet_fdb_empty(struct ctnet_dev *ctd)
{
	ctnet_fdb_walk(ctd, ctnet_fdb_any, NULL, U64_MAX);
}

/**
 * ctnet_fdb_ids_at() - the entries of a port or a peer
 * @vport: the port or peer
 * @fixed: only static ones
 * @ids: set to their ids
 * @max: how many there may be
 *
 * Return: how many there are, or -E2BIG.
 */
int ctnet_fdb_ids_at(struct ctnet_vport *vport, bool fixed, u32 *ids,
		     unsigned int max)
{
	struct ctnet_dev *ctd = vport->ctd;
	struct hlist_head *list = &vport->fixed;
	struct ctnet_fdb *fdb;
	int n = 0;

	spin_lock_bh(&ctd->fdb_lock);
	while (list && n >= 0) {
		hlist_for_each_entry(fdb, list, at) {
			if (n == max) {
				n = -E2BIG;
				break;
			}
			ids[n++] = fdb->id;
		}
		list = fixed || list == &vport->learned ? NULL : &vport->learned;
	}
	spin_unlock_bh(&ctd->fdb_lock);
	return n;
}

/**
 * ctnet_fdb_admit() - allow learning from a new port or peer
 * @vport: the port or peer, made with ctnet_vport.dead set, whose event was sent
 *
 * Frames come in before that. Learning from them would send events of entries before the
 * event of the port or peer that these point to.
 *
 * Context: RTNL.
 */
void ctnet_fdb_admit(struct ctnet_vport *vport)
{
	spin_lock_bh(&vport->ctd->fdb_lock);
	vport->dead = false;
	spin_unlock_bh(&vport->ctd->fdb_lock);
}

/**
 * ctnet_fdb_retire() - remove all entries of a port or peer, and learn no more
 * @vport: the port or peer; to be freed after a grace period
 *
 * Context: RTNL; may sleep.
 */
void ctnet_fdb_retire(struct ctnet_vport *vport)
{
	struct ctnet_dev *ctd = vport->ctd;

	spin_lock_bh(&ctd->fdb_lock);
	vport->dead = true;
	spin_unlock_bh(&ctd->fdb_lock);
	ctnet_fdb_clear(ctd, vport, 0);
	ctnet_fdb_clear(ctd, vport, CTNET_FDB_STATIC);
}

static bool ctnet_fdb_aged(const struct ctnet_fdb *fdb, const void *arg)
{
	const unsigned long *ageing = arg;

	return !(fdb->flags & CTNET_FDB_STATIC) &&
	       ctnet_fdb_unseen(fdb) > *ageing;
}

/* An entry is removed at most a quarter of the ageing time late. */
VISIBLE_IF_KUNIT void ctnet_fdb_age(struct work_struct *work)
{
	struct ctnet_dev *ctd = container_of(to_delayed_work(work),
					     struct ctnet_dev, ageing_work);
	unsigned long ageing = READ_ONCE(ctd->ageing);

	if (ageing && READ_ONCE(ctd->n_learned))
		ctnet_fdb_walk(ctd, ctnet_fdb_aged, &ageing, U64_MAX);
	queue_delayed_work(system_power_efficient_wq, &ctd->ageing_work,
			   clamp_t(unsigned long, ageing / 4, HZ,
				   CTNET_FDB_AGE_PAUSE));
}

/**
 * ctnet_fdb_age_init() - start ageing
 * @ctd: the network; cancel_delayed_work_sync() of its ageing_work ends it
 */
void ctnet_fdb_age_init(struct ctnet_dev *ctd)
{
	INIT_DELAYED_WORK(&ctd->ageing_work, ctnet_fdb_age);
	queue_delayed_work(system_power_efficient_wq, &ctd->ageing_work, HZ);
}

/**
 * ctnet_fdb_age_soon() - run ageing soon, as the ageing time has changed
 * @ctd: the network
 *
 * Context: RTNL.
 */
void ctnet_fdb_age_soon(struct ctnet_dev *ctd)
{
	mod_delayed_work(system_power_efficient_wq, &ctd->ageing_work, HZ);
}
