// SPDX-License-Identifier: GPL-2.0
/*
 * The forwarding table: find, learn, set, delete. Its walks are in fdbwalk.c.
 *
 * An rhashtable finds an entry by MAC, another finds the entry that has an IP
 * address (fdbip.c), and an xarray holds all entries by a number. A walk of the table
 * remembers the number and resumes there, whatever was added or removed meanwhile.
 * Each port, each peer and the host have lists of their entries, so that removing a
 * port does not walk the table.
 */
#include <linux/slab.h>

#include "ctnet.h"
#include "fdb.h"
#include "fdbip.h"
#include "fdbwalk.h"
#include "nlmsg.h"

static struct kmem_cache *ctnet_fdb_cache __read_mostly;

/* Both are inlined where a frame is looked up. */
static u32 ctnet_fdb_hash(const void *data, u32 len, u32 seed)
{
	const u64 *mac = data;

	return jhash_2words(lower_32_bits(*mac), upper_32_bits(*mac), seed);
}

static int ctnet_fdb_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	return *(const u64 *)arg->key != ((const struct ctnet_fdb *)obj)->mac;
}

static const struct rhashtable_params ctnet_fdb_params = {
	.head_offset = offsetof(struct ctnet_fdb, node),
	.key_offset = offsetof(struct ctnet_fdb, mac),
	.key_len = sizeof_field(struct ctnet_fdb, mac),
	.hashfn = ctnet_fdb_hash,
	.obj_cmpfn = ctnet_fdb_cmp,
	.automatic_shrinking = true,
};

/**
 * ctnet_fdb_find_key() - look a MAC up
 * @ctd: the network
 * @mac: ctnet_mac_key() of the MAC
 *
 * Context: as ctnet_fdb_find(). Return: the entry or NULL.
 */
struct ctnet_fdb *ctnet_fdb_find_key(struct ctnet_dev *ctd, u64 mac)
{
	return rhashtable_lookup(&ctd->fdb, &mac, ctnet_fdb_params);
}

/**
 * ctnet_fdb_find() - look a MAC up
 * @ctd: the network
 * @mac: the MAC
 *
 * Context: under RCU or the table's lock, which also bounds the entry's life.
 * Return: the entry or NULL.
 */
struct ctnet_fdb *ctnet_fdb_find(struct ctnet_dev *ctd, const u8 *mac)
{
	return ctnet_fdb_find_key(ctd, ctnet_mac_key(mac));
}

/**
 * ctnet_fdb_find_dest() - look up where a frame goes, and keep it for ctnet_fdb_last_dest()
 * @src: where it came from
 * @mac: its destination MAC
 *
 * Context: hot path; under RCU, bottom halves off. Return: the entry or NULL.
 */
struct ctnet_fdb *ctnet_fdb_find_dest(const struct ctnet_vport *src, const u8 *mac)
{
	struct ctnet_vport_cpu *cpu = this_cpu_ptr(src->cpu);
	/* Before the look-up, for ctnet_fdb_forget(). */
	unsigned long gen = smp_load_acquire(&src->ctd->fdb_gen);
	struct ctnet_fdb *fdb;

	fdb = ctnet_fdb_find(src->ctd, mac);
	if (fdb) {
		/* In this order, as netpoll may send from an interrupt in between. */
		WRITE_ONCE(cpu->dest, fdb);
		barrier();
		WRITE_ONCE(cpu->dest_gen, gen);
	}
	return fdb;
}

static void ctnet_fdb_free(struct ctnet_fdb *fdb)
{
	kfree(fdb->ips);
	kmem_cache_free(ctnet_fdb_cache, fdb);
}

static void ctnet_fdb_free_rcu(struct rcu_head *rcu)
{
	ctnet_fdb_free(container_of(rcu, struct ctnet_fdb, rcu));
}

static struct ctnet_fdb *ctnet_fdb_alloc(struct ctnet_vport *vport, u64 mac,
					 u16 flags, gfp_t gfp)
{
	struct ctnet_fdb *fdb;

	fdb = kmem_cache_zalloc(ctnet_fdb_cache, gfp);
	if (!fdb)
		return NULL;
	fdb->mac = mac;
	fdb->flags = flags;
	if (!(flags & CTNET_FDB_LOCAL))
		fdb->updated = jiffies;
	RCU_INIT_POINTER(fdb->vport, vport);
	return fdb;
}

/* Counts an entry that is added (@n is 1) or removed (-1). Under the table's lock. */
static void ctnet_fdb_count(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb,
			    struct ctnet_vport *vport, int n)
{
	if (fdb->flags & CTNET_FDB_STATIC) {
		WRITE_ONCE(ctd->n_static, ctd->n_static + n);
		return;
	}
	WRITE_ONCE(ctd->n_learned, ctd->n_learned + n);
	WRITE_ONCE(vport->n_learned, vport->n_learned + n);
}

/* What an entry points to. Under the table's lock. */
static struct ctnet_vport *ctnet_fdb_vport(const struct ctnet_dev *ctd,
					   const struct ctnet_fdb *fdb)
{
	return rcu_dereference_protected(fdb->vport,
					 lockdep_is_held(&ctd->fdb_lock));
}

/* Adds an entry to the list of what it points to. Under the table's lock. */
static void ctnet_fdb_place(struct ctnet_dev *ctd, struct ctnet_fdb *fdb)
{
	struct ctnet_vport *vport = ctnet_fdb_vport(ctd, fdb);

	hlist_add_head(&fdb->at, ctnet_fdb_list(vport, fdb->flags));
	rcu_assign_pointer(vport->recent, fdb);
	if (fdb->flags & CTNET_FDB_STATIC)
		xa_set_mark(&ctd->fdb_ids, fdb->id, CTNET_FDB_MARK);
	ctnet_fdb_count(ctd, fdb, vport, 1);
}

/* Takes it from that list. Under the table's lock. */
static void ctnet_fdb_displace(struct ctnet_dev *ctd, struct ctnet_fdb *fdb)
{
	struct ctnet_vport *vport = ctnet_fdb_vport(ctd, fdb);

	hlist_del(&fdb->at);
	if (rcu_access_pointer(vport->recent) == fdb)
		RCU_INIT_POINTER(vport->recent, NULL);
	ctnet_fdb_count(ctd, fdb, vport, -1);
}

/*
 * Whether another entry may be learned from here: not if @src has three times as many as there
 * are places left. So one that invents MACs fills at most three quarters of the table, and
 * leaves the rest for others.
 */
static bool ctnet_fdb_has_room(const struct ctnet_vport *src)
{
	u32 max = READ_ONCE(src->ctd->max_fdb);
	u32 n = READ_ONCE(src->ctd->n_learned);

	return n < max && READ_ONCE(src->n_learned) < 3 * (max - n);
}

/* Links an entry, without its addresses; a failure has changed nothing. Under the table's lock. */
static int ctnet_fdb_link(struct ctnet_dev *ctd, struct ctnet_fdb *fdb)
{
	int err;

	err = xa_alloc_cyclic(&ctd->fdb_ids, &fdb->id, fdb, xa_limit_32b,
			      &ctd->fdb_next, GFP_ATOMIC);
	if (err < 0)
		return err;
	err = rhashtable_lookup_insert_fast(&ctd->fdb, &fdb->node,
					    ctnet_fdb_params);
	if (err) {
		xa_erase(&ctd->fdb_ids, fdb->id);
		return err;
	}
	ctnet_fdb_place(ctd, fdb);
	return 0;
}

/*
 * Has no CPU use an entry any more that was just taken out of the hash table, once those that
 * do have left their RCU sections. Under the table's lock; before call_rcu().
 */
static void ctnet_fdb_forget(struct ctnet_dev *ctd)
{
	/* Pairs with ctnet_fdb_last_dest(): who sees this does not find it. */
	smp_store_release(&ctd->fdb_gen, ctd->fdb_gen + 1);
}

/* Unlinks an entry, which readers under RCU may still use. Under the table's lock. */
static void ctnet_fdb_unlink(struct ctnet_dev *ctd, struct ctnet_fdb *fdb)
{
	ctnet_fdb_ips_unlink(ctd, fdb->ips);
	rhashtable_remove_fast(&ctd->fdb, &fdb->node, ctnet_fdb_params);
	ctnet_fdb_forget(ctd);
	xa_erase(&ctd->fdb_ids, fdb->id);
	ctnet_fdb_displace(ctd, fdb);
}

/* Interrupts dumps that are under way. Under the table's lock, after the change. */
static void ctnet_fdb_count_change(struct ctnet_dev *ctd,
				   const struct ctnet_fdb *fdb)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(ctd->dev));

	atomic_inc(fdb->flags & CTNET_FDB_STATIC ? &ns->seq_static :
						   &ns->seq_learned);
}

/**
 * ctnet_fdb_changed() - count that an entry changed, and send an event
 * @ctd: the network
 * @fdb: the entry
 * @cmd: the event
 *
 * Context: under RCU and the table's lock, so that events come in the order of the changes.
 */
void ctnet_fdb_changed(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb,
		       enum ctnet_cmd cmd)
{
	ctnet_fdb_count_change(ctd, fdb);
	ctnet_nl_fdb_event(ctd, fdb, cmd);
}

/**
 * ctnet_fdb_remove() - remove an entry, and send an event with the addresses that it had
 * @ctd: the network
 * @fdb: the entry; freed after a grace period
 *
 * Context: under RCU and the table's lock.
 */
void ctnet_fdb_remove(struct ctnet_dev *ctd, struct ctnet_fdb *fdb)
{
	ctnet_nl_fdb_event(ctd, fdb, CTNET_CMD_FDB_DEL_NTF);
	ctnet_fdb_unlink(ctd, fdb);
	ctnet_fdb_count_change(ctd, fdb);
	call_rcu(&fdb->rcu, ctnet_fdb_free_rcu);
}

/*
 * Makes a learned entry. Under the table's lock. The memory is charged to the cgroup of the
 * process that made the network, which may also set the cap. What softirqs allocate is
 * otherwise charged to nobody.
 */
static struct ctnet_fdb *ctnet_fdb_new(struct ctnet_vport *src, u64 mac)
{
	struct ctnet_dev *ctd = src->ctd;
	struct mem_cgroup *memcg;
	struct ctnet_fdb *fdb;

	if (!ctnet_fdb_has_room(src))
		return NULL;
	memcg = set_active_memcg(ctd->memcg);
	fdb = ctnet_fdb_alloc(src, mac, 0,
			      GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (fdb && ctnet_fdb_link(ctd, fdb)) {
		/* A walk may have found it meanwhile. */
		call_rcu(&fdb->rcu, ctnet_fdb_free_rcu);
		fdb = NULL;
	}
	set_active_memcg(memcg);
	return fdb;
}

/* A source MAC that is new, or has moved. */
VISIBLE_IF_KUNIT noinline void ctnet_fdb_learn_slow(struct ctnet_vport *src, u64 mac)
{
	struct ctnet_dev *ctd = src->ctd;
	enum ctnet_cmd cmd = CTNET_CMD_UNSPEC;
	struct ctnet_fdb *fdb;

	spin_lock_bh(&ctd->fdb_lock);
	if (src->dead)
		goto unlock;
	fdb = ctnet_fdb_find_key(ctd, mac);
	if (!fdb) {
		fdb = ctnet_fdb_new(src, mac);
		if (!fdb)
			goto unlock;
		cmd = CTNET_CMD_FDB_ADD_NTF;
	} else if (!(fdb->flags & CTNET_FDB_STATIC) &&
		   rcu_access_pointer(fdb->vport) != src) {
		ctnet_fdb_displace(ctd, fdb);
		rcu_assign_pointer(fdb->vport, src);
		ctnet_fdb_place(ctd, fdb);
		WRITE_ONCE(fdb->updated, jiffies);
		cmd = CTNET_CMD_FDB_SET_NTF;
	}
	if (cmd)
		ctnet_fdb_changed(ctd, fdb, cmd);
unlock:
	spin_unlock_bh(&ctd->fdb_lock);
}

/**
 * ctnet_fdb_learn() - learn the source MAC of a frame
 * @src: where it came from
 * @mac: its source MAC, which is a valid one
 * @fdb: the entry of that MAC, or NULL
 *
 * Context: hot path; under RCU. Takes the table's lock only if something changes.
 */
void ctnet_fdb_learn(struct ctnet_vport *src, const u8 *mac, struct ctnet_fdb *fdb)
{
	if (likely(fdb)) {
		unsigned long now = jiffies;

		if (likely(rcu_access_pointer(fdb->vport) == src)) {
			if (unlikely(time_after(now, READ_ONCE(fdb->updated) + HZ)))
				WRITE_ONCE(fdb->updated, now);
			return;
		}
		if (fdb->flags & CTNET_FDB_STATIC)
			return;
	} else if (!ctnet_fdb_has_room(src)) {
		return;
	}
	ctnet_fdb_learn_slow(src, ether_addr_to_u64(mac));
}

/* Enters a static entry of a MAC that the table does not have. Under RCU and its lock. */
static int ctnet_fdb_insert(struct ctnet_dev *ctd, struct ctnet_fdb *fdb,
			    struct netlink_ext_ack *extack)
{
	int err;

	err = ctnet_fdb_ips_link(ctd, fdb, NULL, extack);
	if (err)
		return err;
	err = ctnet_fdb_link(ctd, fdb);
	if (err)
		ctnet_fdb_ips_unlink(ctd, fdb->ips);
	return err;
}

/*
 * Puts a static entry, whose addresses are in the table, in the place of another of its MAC.
 * Cannot fail. Under the table's lock.
 */
static void ctnet_fdb_exchange(struct ctnet_dev *ctd, struct ctnet_fdb *fdb,
			       struct ctnet_fdb *old)
{
	fdb->id = old->id;
	xa_store(&ctd->fdb_ids, fdb->id, fdb, GFP_ATOMIC);
	rhashtable_replace_fast(&ctd->fdb, &old->node, &fdb->node,
				ctnet_fdb_params);
	ctnet_fdb_forget(ctd);
	ctnet_fdb_displace(ctd, old);
	ctnet_fdb_place(ctd, fdb);
}

/*
 * Enters a static entry, in the place of @old if there is one. @keep: with the addresses that
 * @old has. Under RCU and the table's lock. A failure has changed nothing.
 */
static int ctnet_fdb_enter(struct ctnet_dev *ctd, struct ctnet_fdb *fdb,
			   struct ctnet_fdb *old, bool keep,
			   struct netlink_ext_ack *extack)
{
	int err = 0;

	if (!old)
		return ctnet_fdb_insert(ctd, fdb, extack);
	if (keep)
		ctnet_fdb_ips_move(ctd, old, fdb);
	else
		err = ctnet_fdb_ips_link(ctd, fdb, old, extack);
	if (!err)
		ctnet_fdb_exchange(ctd, fdb, old);
	return err;
}

/* Whether the control plane may put an entry at @vport in the place of @old. */
static int ctnet_fdb_may_set(const struct ctnet_vport *vport,
			     const struct ctnet_fdb *old, bool replace,
			     struct netlink_ext_ack *extack)
{
	if ((old->flags & CTNET_FDB_LOCAL) && !(old->held & CTNET_HELD_OWN)) {
		NL_SET_ERR_MSG(extack, "The MAC belongs to a port's own device or to a device on this network: give that device another MAC first");
		return -EEXIST;
	}
	if ((old->flags & CTNET_FDB_LOCAL) &&
	    (!replace || vport != &vport->ctd->self)) {
		NL_SET_ERR_MSG(extack, "The MAC is the network device's own: only the IP addresses of its entry can be set");
		return -EEXIST;
	}
	if ((old->flags & CTNET_FDB_STATIC) && !replace) {
		NL_SET_ERR_MSG(extack, "A static entry has this MAC: replace or delete it");
		return -EEXIST;
	}
	return 0;
}

/* What an entry takes over from the one in whose place it comes. */
static void ctnet_fdb_inherit(struct ctnet_fdb *fdb, const struct ctnet_fdb *old)
{
	if (old->flags & CTNET_FDB_LOCAL) {
		fdb->flags |= CTNET_FDB_LOCAL;
		fdb->held = old->held;
		fdb->n_ports = old->n_ports;
	}
	/* A router elsewhere is none here. */
	fdb->router = READ_ONCE(old->router) && rcu_access_pointer(old->vport) ==
						rcu_access_pointer(fdb->vport);
}

/**
 * ctnet_fdb_set() - enter a static entry
 * @vport: where the MAC lies
 * @mac: the MAC, a valid one
 * @flags: 0
 * @ips: addresses that live there, no two the same
 * @n_ips: how many; or %CTNET_FDB_KEEP_IPS: the MAC keeps those that it has
 * @replace: whether a static entry may be replaced; a learned one always is
 * @extack: says why not
 *
 * Context: RTNL; may sleep.
 * Return: 0, -EEXIST, -EADDRINUSE if another entry has one of the addresses, or
 * -ENOMEM; a failure has changed nothing.
 */
int ctnet_fdb_set(struct ctnet_vport *vport, const u8 *mac, u16 flags,
		  const struct in6_addr *ips, unsigned int n_ips, bool replace,
		  struct netlink_ext_ack *extack)
{
	struct ctnet_dev *ctd = vport->ctd;
	bool keep = n_ips == CTNET_FDB_KEEP_IPS;
	struct ctnet_fdb *fdb, *old;
	int err;

	ASSERT_RTNL();

	fdb = ctnet_fdb_alloc(vport, ether_addr_to_u64(mac),
			      flags | CTNET_FDB_STATIC, GFP_KERNEL_ACCOUNT);
	if (!fdb)
		return -ENOMEM;
	if (n_ips && !keep && ctnet_fdb_ips_alloc(fdb, ips, n_ips)) {
		ctnet_fdb_free(fdb);
		return -ENOMEM;
	}

	rcu_read_lock();
	spin_lock_bh(&ctd->fdb_lock);
	old = ctnet_fdb_find_key(ctd, fdb->mac);
	err = old ? ctnet_fdb_may_set(vport, old, replace, extack) : 0;
	if (err)
		goto unlock;
	if (old)
		ctnet_fdb_inherit(fdb, old);
	err = ctnet_fdb_enter(ctd, fdb, old, keep, extack);
	if (err)
		goto unlock;
	ctnet_fdb_unclaim(ctd, fdb);
	ctnet_fdb_changed(ctd, fdb, old ? CTNET_CMD_FDB_SET_NTF :
			  CTNET_CMD_FDB_ADD_NTF);
unlock:
	spin_unlock_bh(&ctd->fdb_lock);
	rcu_read_unlock();

	/* A reader may have found the new entry meanwhile. */
	if (err)
		call_rcu(&fdb->rcu, ctnet_fdb_free_rcu);
	else if (old)
		call_rcu(&old->rcu, ctnet_fdb_free_rcu);
	return err;
}

/*
 * Adds (@n is 1) or removes (-1) a reason why an entry's MAC is the host's. Returns whether there
 * is any left. Under the table's lock.
 */
static bool ctnet_fdb_held(struct ctnet_dev *ctd, struct ctnet_fdb *fdb, u8 who,
			   int n)
{
	u8 held = n > 0 ? fdb->held | who : fdb->held & ~who;

	if (who == CTNET_HELD_PORT) {
		fdb->n_ports += n;
		held = fdb->n_ports ? held | who : held & ~who;
	}
	WRITE_ONCE(ctd->n_host, ctd->n_host +
		   (held && !(held & CTNET_HELD_OWN)) -
		   (fdb->held && !(fdb->held & CTNET_HELD_OWN)));
	WRITE_ONCE(fdb->held, held);
	return held;
}

/*
 * Enters a MAC as the host's, in the place of a learned entry if there is one. Under RCU and the
 * table's lock.
 */
static int ctnet_fdb_hold_new(struct ctnet_dev *ctd, u64 mac, u8 who,
			      struct ctnet_fdb *old)
{
	struct ctnet_fdb *fdb;
	int err;

	fdb = ctnet_fdb_alloc(&ctd->self, mac, CTNET_FDB_LOCAL | CTNET_FDB_STATIC,
			      GFP_ATOMIC | __GFP_ACCOUNT);
	if (!fdb)
		return -ENOMEM;
	ctnet_fdb_held(ctd, fdb, who, 1);
	err = ctnet_fdb_enter(ctd, fdb, old, false, NULL);
	if (err) {
		ctnet_fdb_held(ctd, fdb, who, -1);
		/* A reader may have found it meanwhile. */
		call_rcu(&fdb->rcu, ctnet_fdb_free_rcu);
		return err;
	}
	if (who != CTNET_HELD_PORT)
		ctnet_fdb_changed(ctd, fdb, old ? CTNET_CMD_FDB_SET_NTF :
				  CTNET_CMD_FDB_ADD_NTF);
	else if (old)
		ctnet_fdb_changed(ctd, old, CTNET_CMD_FDB_DEL_NTF);
	if (old)
		call_rcu(&old->rcu, ctnet_fdb_free_rcu);
	return 0;
}

/**
 * ctnet_fdb_hold() - make a MAC the host's
 * @ctd: the network
 * @mac: the MAC, a valid one
 * @who: CTNET_HELD_*: the reason; ports are counted, the others are there once
 *
 * For a port there is no event of the entry, but one of the port.
 *
 * Context: may be atomic. ctnet_fdb_release() is the reverse.
 * Return: 0; -EEXIST if the MAC has a static entry elsewhere; -ENOMEM.
 */
int ctnet_fdb_hold(struct ctnet_dev *ctd, const u8 *mac, u8 who)
{
	u64 key = ether_addr_to_u64(mac);
	struct mem_cgroup *memcg;
	struct ctnet_fdb *old;
	int err = 0;

	memcg = set_active_memcg(ctd->memcg);
	rcu_read_lock();
	spin_lock_bh(&ctd->fdb_lock);
	old = ctnet_fdb_find_key(ctd, key);
	if (old && (old->flags & CTNET_FDB_LOCAL))
		ctnet_fdb_held(ctd, old, who, 1);
	else if (old && (old->flags & CTNET_FDB_STATIC))
		err = -EEXIST;
	else
		err = ctnet_fdb_hold_new(ctd, key, who, old);
	spin_unlock_bh(&ctd->fdb_lock);
	rcu_read_unlock();
	set_active_memcg(memcg);
	return err;
}

/**
 * ctnet_fdb_release() - undo one ctnet_fdb_hold()
 * @ctd: the network
 * @mac: the MAC
 * @who: CTNET_HELD_*, as it was held
 *
 * Context: may be atomic.
 */
void ctnet_fdb_release(struct ctnet_dev *ctd, const u8 *mac, u8 who)
{
	struct ctnet_fdb *fdb;

	rcu_read_lock();
	spin_lock_bh(&ctd->fdb_lock);
	fdb = ctnet_fdb_find(ctd, mac);
	if (fdb && (fdb->flags & CTNET_FDB_LOCAL) && (fdb->held & who) &&
	    !ctnet_fdb_held(ctd, fdb, who, -1)) {
		ctnet_fdb_unlink(ctd, fdb);
		if (who != CTNET_HELD_PORT)
			ctnet_fdb_changed(ctd, fdb, CTNET_CMD_FDB_DEL_NTF);
		call_rcu(&fdb->rcu, ctnet_fdb_free_rcu);
	}
	spin_unlock_bh(&ctd->fdb_lock);
	rcu_read_unlock();
}

/**
 * ctnet_fdb_del() - remove an entry
 * @ctd: the network
 * @fdb: the entry
 *
 * Context: under RCU, so that another CPU may remove it at the same time.
 * Return: whether it was still there.
 */
bool ctnet_fdb_del(struct ctnet_dev *ctd, struct ctnet_fdb *fdb)
{
	bool there;

	spin_lock_bh(&ctd->fdb_lock);
	there = xa_load(&ctd->fdb_ids, fdb->id) == fdb;
	if (there)
		ctnet_fdb_remove(ctd, fdb);
	spin_unlock_bh(&ctd->fdb_lock);
	return there;
}

/**
 * ctnet_fdb_give_ips() - move an entry's addresses to another MAC
 * @ctd: the network
 * @from: the entry, which is about to be removed
 * @to: a static entry without addresses
 *
 * Context: RTNL, and under RCU.
 */
void ctnet_fdb_give_ips(struct ctnet_dev *ctd, struct ctnet_fdb *from,
			struct ctnet_fdb *to)
{
	spin_lock_bh(&ctd->fdb_lock);
	if (from->ips) {
		ctnet_fdb_ips_move(ctd, from, to);
		ctnet_fdb_changed(ctd, to, CTNET_CMD_FDB_SET_NTF);
	}
	spin_unlock_bh(&ctd->fdb_lock);
}

/**
 * ctnet_fdb_net_init() - make a network's table
 * @ctd: the network
 *
 * Return: 0 or -ENOMEM.
 */
int ctnet_fdb_net_init(struct ctnet_dev *ctd)
{
	int err;

	spin_lock_init(&ctd->fdb_lock);
	xa_init_flags(&ctd->fdb_ids,
		      XA_FLAGS_ALLOC | XA_FLAGS_LOCK_BH | XA_FLAGS_ACCOUNT);
	err = rhashtable_init(&ctd->fdb, &ctnet_fdb_params);
	if (err)
		return err;
	err = ctnet_fdb_ips_init(ctd);
	if (err) {
		rhashtable_destroy(&ctd->fdb);
		return err;
	}
	ctd->memcg = get_mem_cgroup_from_mm(current->mm);
	ctnet_fdb_age_init(ctd);
	return 0;
}

/**
 * ctnet_fdb_net_uninit() - take a network's table apart
 * @ctd: the network; nothing learns any more
 *
 * Context: may sleep.
 */
void ctnet_fdb_net_uninit(struct ctnet_dev *ctd)
{
	cancel_delayed_work_sync(&ctd->ageing_work);
	ctnet_fdb_empty(ctd);
	WARN_ON_ONCE(ctd->n_learned || ctd->n_static);
	rhashtable_destroy(&ctd->ips);
	rhashtable_destroy(&ctd->fdb);
	xa_destroy(&ctd->fdb_ids);
	mem_cgroup_put(ctd->memcg);
}

int __init ctnet_fdb_init(void)
{
	ctnet_fdb_cache = KMEM_CACHE(ctnet_fdb, SLAB_HWCACHE_ALIGN);
	return ctnet_fdb_cache ? 0 : -ENOMEM;
}

/* After rcu_barrier(). */
void ctnet_fdb_exit(void)
{
	kmem_cache_destroy(ctnet_fdb_cache);
}
