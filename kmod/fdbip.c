// SPDX-License-Identifier: GPL-2.0
/*
 * The IP addresses of the table's entries, from which ARP and neighbour discovery are
 * answered and by which the guard decides.
 *
 * The control plane names them, in an array that does not change. It has one more place, for a
 * link-local address that a guarded port claims. An address that a frame disputes stays in the
 * array, but is removed from the hash table. Named addresses come back when the port becomes
 * guarded.
 */
#include <linux/slab.h>
#include <net/addrconf.h>

#include "ctnet.h"
#include "dev.h"
#include "fdb.h"
#include "fdbip.h"
#include "neigh.h"

static const struct rhashtable_params ctnet_ip_params = {
	.head_offset = offsetof(struct ctnet_fdb_ip, node),
	.key_offset = offsetof(struct ctnet_fdb_ip, addr),
	.key_len = sizeof_field(struct ctnet_fdb_ip, addr),
	.automatic_shrinking = true,
};

static struct ctnet_fdb_ip *ctnet_fdb_ip_find(struct ctnet_dev *ctd,
					      const struct in6_addr *addr)
{
	return rhashtable_lookup(&ctd->ips, addr, ctnet_ip_params);
}

/**
 * ctnet_fdb_find_ip() - look an IP address up
 * @ctd: the network
 * @addr: the address; IPv4 as v4-mapped
 *
 * Context: under RCU, which also bounds the entry's life.
 * Return: the entry that has the address, or NULL.
 */
struct ctnet_fdb *ctnet_fdb_find_ip(struct ctnet_dev *ctd,
				    const struct in6_addr *addr)
{
	struct ctnet_fdb_ip *ip = ctnet_fdb_ip_find(ctd, addr);

	return ip ? READ_ONCE(ip->fdb) : NULL;
}

/**
 * ctnet_fdb_ips_alloc() - give a new entry addresses
 * @fdb: the entry, which is not in the table yet
 * @addrs: the addresses, no two the same
 * @n: how many, 1 at least
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int ctnet_fdb_ips_alloc(struct ctnet_fdb *fdb, const struct in6_addr *addrs,
			unsigned int n)
{
	struct ctnet_fdb_ips *ips;
	unsigned int i;

	ips = kzalloc(struct_size(ips, ip, n + 1), GFP_KERNEL_ACCOUNT);
	if (!ips)
		return -ENOMEM;
	ips->named = n;
	ips->n = n;
	for (i = 0; i < n; i++) {
		ips->ip[i].addr = addrs[i];
		ips->ip[i].fdb = fdb;
	}
	fdb->ips = ips;
	return 0;
}

/* Whether an address was claimed by frames, and not named. Under the table's lock. */
static bool ctnet_fdb_ip_is_claimed(const struct ctnet_fdb_ip *ip)
{
	const struct ctnet_fdb_ips *ips = ip->fdb->ips;

	return ip >= &ips->ip[ips->named];
}

/* Removes an address from the hash table. Under the table's lock. */
static void ctnet_fdb_ip_remove(struct ctnet_dev *ctd, struct ctnet_fdb_ip *ip)
{
	rhashtable_remove_fast(&ctd->ips, &ip->node, ctnet_ip_params);
	WRITE_ONCE(ip->fdb, NULL);
}

/**
 * ctnet_fdb_ips_unlink() - remove an entry's addresses from the table
 * @ctd: the network
 * @ips: the addresses, or NULL
 *
 * Context: under the table's lock.
 */
void ctnet_fdb_ips_unlink(struct ctnet_dev *ctd, struct ctnet_fdb_ips *ips)
{
	unsigned int i;

	for (i = 0; ips && i < ips->n; i++)
		if (ips->ip[i].fdb)
			ctnet_fdb_ip_remove(ctd, &ips->ip[i]);
}

/*
 * Takes over the rest of the addresses of @old, which @fdb does not name: a claimed address stays
 * with the MAC unless the MAC moves, and the others are removed. Cannot fail.
 */
static void ctnet_fdb_ips_inherit(struct ctnet_dev *ctd, struct ctnet_fdb *fdb,
				  struct ctnet_fdb *old)
{
	struct ctnet_fdb_ips *ips = fdb->ips, *had = old->ips;
	bool keep = ips && rcu_access_pointer(fdb->vport) ==
			   rcu_access_pointer(old->vport);
	struct ctnet_fdb_ip *spare;
	unsigned int i;

	for (i = 0; i < had->n; i++) {
		struct ctnet_fdb_ip *ip = &had->ip[i];

		if (!ip->fdb || ctnet_fdb_ip_find(ctd, &ip->addr) != ip)
			continue;
		if (!keep || !ctnet_fdb_ip_is_claimed(ip)) {
			ctnet_fdb_ip_remove(ctd, ip);
			continue;
		}
		spare = &ips->ip[ips->n];
		spare->addr = ip->addr;
		spare->fdb = fdb;
		rhashtable_replace_fast(&ctd->ips, &ip->node, &spare->node,
					ctnet_ip_params);
		ips->n++;
	}
	/* An address whose claim was disputed is not claimed again. */
	if (keep && had->n > had->named)
		ips->n = ips->named + 1;
}

/* Whether an entry may have its addresses: not one that was named for an entry but @old. */
static int ctnet_fdb_ips_check(struct ctnet_dev *ctd, const struct ctnet_fdb_ips *ips,
			       const struct ctnet_fdb *old,
			       struct netlink_ext_ack *extack)
{
	const struct ctnet_fdb_ip *other;
	unsigned int i;

	for (i = 0; i < ips->n; i++) {
		other = ctnet_fdb_ip_find(ctd, &ips->ip[i].addr);
		if (!other || other->fdb == old || ctnet_fdb_ip_is_claimed(other))
			continue;
		NL_SET_ERR_MSG(extack, "Another MAC has one of the IP addresses: remove it there first");
		return -EADDRINUSE;
	}
	return 0;
}

/* Inserts those addresses that no entry has, all of them or none. */
static int ctnet_fdb_ips_insert(struct ctnet_dev *ctd, struct ctnet_fdb_ips *ips)
{
	unsigned int i;
	int err;

	for (i = 0; i < ips->n; i++) {
		if (ctnet_fdb_ip_find(ctd, &ips->ip[i].addr))
			continue;
		err = rhashtable_insert_fast(&ctd->ips, &ips->ip[i].node,
					     ctnet_ip_params);
		if (err)
			goto err_remove;
	}
	return 0;

err_remove:
	/* Those that another entry has were not inserted: they are not found, and stay. */
	while (i--)
		rhashtable_remove_fast(&ctd->ips, &ips->ip[i].node,
				       ctnet_ip_params);
	return err;
}

/* Takes the addresses that @old or a claim has. Cannot fail. */
static void ctnet_fdb_ips_take(struct ctnet_dev *ctd, struct ctnet_fdb_ips *ips,
			       const struct ctnet_fdb *old)
{
	struct ctnet_fdb_ip *other;
	struct ctnet_fdb *loser;
	unsigned int i;

	for (i = 0; i < ips->n; i++) {
		other = ctnet_fdb_ip_find(ctd, &ips->ip[i].addr);
		if (other == &ips->ip[i])
			continue;
		rhashtable_replace_fast(&ctd->ips, &other->node,
					&ips->ip[i].node, ctnet_ip_params);
		loser = other->fdb;
		if (loser == old)
			continue;
		WRITE_ONCE(other->fdb, NULL);
		ctnet_fdb_changed(ctd, loser, CTNET_CMD_FDB_SET_NTF);
	}
}

/**
 * ctnet_fdb_ips_link() - enter a new entry's addresses into the table
 * @ctd: the network
 * @fdb: the entry
 * @old: the one that it replaces, whose addresses go or become its own; or NULL
 * @extack: says why not
 *
 * An address that another entry has claimed is taken from it: a named address has priority.
 *
 * Context: under RCU and the table's lock.
 * Return: 0, -EADDRINUSE if another entry has one of the addresses, or -ENOMEM; a failure
 * has changed nothing.
 */
int ctnet_fdb_ips_link(struct ctnet_dev *ctd, struct ctnet_fdb *fdb,
		       struct ctnet_fdb *old, struct netlink_ext_ack *extack)
{
	int err;

	if (fdb->ips) {
		err = ctnet_fdb_ips_check(ctd, fdb->ips, old, extack) ?:
		      ctnet_fdb_ips_insert(ctd, fdb->ips);
		if (err)
			return err;
		ctnet_fdb_ips_take(ctd, fdb->ips, old);
	}
	if (old && old->ips)
		ctnet_fdb_ips_inherit(ctd, fdb, old);
	return 0;
}

/**
 * ctnet_fdb_ips_move() - move an entry's addresses to another entry
 * @ctd: the network
 * @from: the entry, which is about to be removed
 * @to: an entry without addresses
 *
 * A claimed address is removed if @to is elsewhere.
 *
 * Context: under the table's lock.
 */
void ctnet_fdb_ips_move(struct ctnet_dev *ctd, struct ctnet_fdb *from,
			struct ctnet_fdb *to)
{
	bool moved = rcu_access_pointer(from->vport) != rcu_access_pointer(to->vport);
	struct ctnet_fdb_ips *ips = from->ips;
	unsigned int i;

	if (!ips || WARN_ON_ONCE(to->ips))
		return;
	for (i = ips->named; moved && i < ips->n; i++)
		if (ips->ip[i].fdb)
			ctnet_fdb_ip_remove(ctd, &ips->ip[i]);
	for (i = 0; i < ips->n; i++) {
		if (!ips->ip[i].fdb)
			continue;
		/* Pairs with readers that find @to by this address. */
		smp_store_release(&ips->ip[i].fdb, to);
	}
	/* Readers that see to->ips see @to in each address. */
	smp_store_release(&to->ips, ips);
	WRITE_ONCE(from->ips, NULL);
}

/*
 * Whether an address is free: no entry has it, and no other entry's MAC makes it (RFC 4291
 * appendix A). Called under RCU, and again under the table's lock.
 */
static bool ctnet_fdb_may_claim(struct ctnet_dev *ctd,
				const struct ctnet_fdb *fdb,
				const struct in6_addr *addr)
{
	const struct ctnet_fdb_ips *ips = READ_ONCE(fdb->ips);
	const struct ctnet_fdb *other;
	u8 mac[ETH_ALEN];

	if (!ips || READ_ONCE(ips->n) != ips->named ||
	    ctnet_fdb_ip_find(ctd, addr))
		return false;
	other = ctnet_mac_of_link_local(addr, mac) ? ctnet_fdb_find(ctd, mac) :
						     NULL;
	return !other || other == fdb;
}

/**
 * ctnet_fdb_claim() - let a guarded port have a link-local address that nobody has
 * @fdb: the static entry of the port's MAC
 * @addr: the address
 *
 * Each entry can claim one address, as long as it points to the port; never one that the host
 * has.
 *
 * Context: under RCU. Takes the table's lock only if the address can be had.
 * Return: whether it is the entry's now.
 */
bool ctnet_fdb_claim(struct ctnet_fdb *fdb, const struct in6_addr *addr)
{
	struct ctnet_dev *ctd = rcu_dereference(fdb->vport)->ctd;
	struct ctnet_fdb_ip *spare;
	struct ctnet_fdb_ips *ips;
	bool claimed = false;

	if (addr->s6_addr32[0] != htonl(0xfe800000) || addr->s6_addr32[1] ||
	    !(addr->s6_addr32[2] | addr->s6_addr32[3]) ||
	    !ctnet_fdb_may_claim(ctd, fdb, addr) ||
	    ctnet_dev_has_addr(ctd->dev, addr))
		return false;

	spin_lock_bh(&ctd->fdb_lock);
	if (xa_load(&ctd->fdb_ids, fdb->id) != fdb ||
	    !ctnet_fdb_may_claim(ctd, fdb, addr))
		goto unlock;
	ips = fdb->ips;
	spare = &ips->ip[ips->n];
	spare->addr = *addr;
	spare->fdb = fdb;
	claimed = !rhashtable_insert_fast(&ctd->ips, &spare->node,
					  ctnet_ip_params);
	if (claimed) {
		/* Readers that see the new count see the address. */
		smp_store_release(&ips->n, ips->n + 1);
		ctnet_fdb_changed(ctd, fdb, CTNET_CMD_FDB_SET_NTF);
	}
unlock:
	spin_unlock_bh(&ctd->fdb_lock);
	return claimed;
}

/**
 * ctnet_fdb_unclaim() - remove another entry's claim to the address that a new MAC makes
 * @ctd: the network
 * @fdb: the entry
 *
 * Context: under RCU and the table's lock.
 */
void ctnet_fdb_unclaim(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb)
{
	struct ctnet_fdb_ip *ip;
	struct ctnet_fdb *other;
	struct in6_addr addr;
	u8 mac[ETH_ALEN];

	u64_to_ether_addr(fdb->mac, mac);
	ctnet_link_local_of_mac(mac, &addr);
	ip = ctnet_fdb_ip_find(ctd, &addr);
	if (!ip || ip->fdb == fdb || !ctnet_fdb_ip_is_claimed(ip))
		return;
	other = ip->fdb;
	ctnet_fdb_ip_remove(ctd, ip);
	ctnet_fdb_changed(ctd, other, CTNET_CMD_FDB_SET_NTF);
}

/* Whether a frame may dispute an address: not one that was named for a guarded port or the host. */
static bool ctnet_fdb_ip_may_go(const struct ctnet_fdb_ip *ip,
				const struct ctnet_fdb *fdb)
{
	const struct ctnet_fdb_ips *ips = READ_ONCE(fdb->ips);
	const struct ctnet_vport *vport = rcu_dereference(fdb->vport);

	if (ips && ip >= &ips->ip[ips->named])
		return true;
	return vport->kind == CTNET_VPORT_PEER ||
	       (vport->kind == CTNET_VPORT_PORT &&
		!(READ_ONCE(vport->flags) & CTNET_PORT_GUARD));
}

/**
 * ctnet_fdb_dispute() - handle a frame that says that an address is at some MAC
 * @ctd: the network
 * @addr: the address; IPv4 as v4-mapped
 * @mac: the MAC
 *
 * If the table has the address at another MAC, it cannot know which is right. It removes the
 * address, and requests for it are flooded.
 *
 * Context: under RCU; the frame's source is one that the table learns from. Takes the
 * table's lock only if something changes.
 */
void ctnet_fdb_dispute(struct ctnet_dev *ctd, const struct in6_addr *addr,
		       const u8 *mac)
{
	struct ctnet_fdb_ip *ip = ctnet_fdb_ip_find(ctd, addr);
	u64 key = ether_addr_to_u64(mac);
	struct ctnet_fdb *fdb;

	fdb = ip ? READ_ONCE(ip->fdb) : NULL;
	if (!fdb || fdb->mac == key || !ctnet_fdb_ip_may_go(ip, fdb))
		return;

	spin_lock_bh(&ctd->fdb_lock);
	ip = ctnet_fdb_ip_find(ctd, addr);
	fdb = ip ? ip->fdb : NULL;
	if (fdb && fdb->mac != key && ctnet_fdb_ip_may_go(ip, fdb)) {
		ctnet_fdb_ip_remove(ctd, ip);
		ctnet_fdb_changed(ctd, fdb, CTNET_CMD_FDB_SET_NTF);
	}
	spin_unlock_bh(&ctd->fdb_lock);
}

/**
 * ctnet_fdb_reinstate() - enter the named addresses of a port that becomes guarded
 * @vport: the port
 *
 * Addresses that were named for another entry meanwhile stay there.
 *
 * Context: RTNL. Return: 0 or -ENOMEM.
 */
int ctnet_fdb_reinstate(struct ctnet_vport *vport)
{
	struct ctnet_dev *ctd = vport->ctd;
	struct ctnet_fdb *fdb;
	int err = 0;

	rcu_read_lock();
	spin_lock_bh(&ctd->fdb_lock);
	hlist_for_each_entry(fdb, &vport->fixed, at) {
		struct ctnet_fdb_ips *ips = fdb->ips;
		bool changed = false;
		unsigned int i;

		for (i = 0; ips && i < ips->named && !err; i++) {
			struct ctnet_fdb_ip *ip = &ips->ip[i];

			if (ip->fdb || ctnet_fdb_ip_find(ctd, &ip->addr))
				continue;
			ip->fdb = fdb;
			err = rhashtable_insert_fast(&ctd->ips, &ip->node,
						     ctnet_ip_params);
			if (err)
				ip->fdb = NULL;
			else
				changed = true;
		}
		if (changed)
			ctnet_fdb_changed(ctd, fdb, CTNET_CMD_FDB_SET_NTF);
	}
	spin_unlock_bh(&ctd->fdb_lock);
	rcu_read_unlock();
	return err;
}

/**
 * ctnet_fdb_ips_init() - make a network's table of addresses
 * @ctd: the network
 *
 * Return: 0 or -ENOMEM.
 */
int ctnet_fdb_ips_init(struct ctnet_dev *ctd)
{
	return rhashtable_init(&ctd->ips, &ctnet_ip_params);
}
