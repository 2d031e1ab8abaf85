/* SPDX-License-Identifier: GPL-2.0 */
/* The forwarding table. */
#ifndef _CTNET_FDB_H
#define _CTNET_FDB_H

#include "ctnet.h"

/* struct ctnet_fdb.flags */
#define CTNET_FDB_STATIC	BIT(0)	/* neither ages nor moves */
#define CTNET_FDB_LOCAL		BIT(1)	/* of a device of the host's; nobody entered it */

/* struct ctnet_fdb.held: why a MAC is the host's. */
#define CTNET_HELD_OWN		BIT(0)	/* the netdevice has it */
#define CTNET_HELD_PORT		BIT(1)	/* a port's own device has it */
#define CTNET_HELD_ASKED	BIT(2)	/* the stack asked for it */

/* Marks static entries in &ctnet_dev.fdb_ids. */
#define CTNET_FDB_MARK		XA_MARK_1

/* For ctnet_fdb_set(): the MAC keeps the IP addresses that it has. */
#define CTNET_FDB_KEEP_IPS	UINT_MAX

/**
 * struct ctnet_fdb_ips - the addresses that live at an entry's MAC
 * @named: how many the control plane has named
 * @n: how many there are: @named, and one more if a link-local address was claimed; table's
 *	lock
 * @ip: the addresses; IPv4 as v4-mapped; there is room for @named and one
 * @ip.node: in &ctnet_dev.ips
 * @ip.addr: the address
 * @ip.fdb: the entry; NULL while the address is disputed and thus not in &ctnet_dev.ips;
 *	table's lock
 */
struct ctnet_fdb_ips {
	unsigned int named;
	unsigned int n;
	struct ctnet_fdb_ip {
		struct rhash_head	node;
		struct in6_addr		addr;
		struct ctnet_fdb	*fdb;
	} ip[];
};

/**
 * struct ctnet_fdb - MAC to port, peer or host
 * @node: in &ctnet_dev.fdb
 * @mac: key, ether_addr_to_u64()
 * @vport: where to; moves under the table's lock, read under RCU
 * @updated: of a learned entry: jiffies when last seen, written once a second
 * @n_ports: with %CTNET_FDB_LOCAL: how many ports' own devices have it; table's lock
 * @flags: CTNET_FDB_*; fixed
 * @held: CTNET_HELD_*; table's lock
 * @router: whether it sent router advertisements
 * @id: index in &ctnet_dev.fdb_ids
 * @ips: addresses or NULL; given to another entry under the table's lock
 * @at: in a list of @vport, while the entry is in the table; table's lock
 * @rcu: frees it
 */
struct ctnet_fdb {
	struct rhash_head	node;
	u64			mac;
	struct ctnet_vport __rcu	*vport;
	union {
		unsigned long	updated;
		unsigned long	n_ports;
	};
	u16			flags;
	bool			router;
	u8			held;
	u32			id;
	struct ctnet_fdb_ips	*ips;
	union {
		struct hlist_node	at;
		struct rcu_head		rcu;
	};
};

/* The key of a MAC: ether_addr_to_u64(), which reads it byte by byte. */
static inline u64 ctnet_mac_key(const u8 *mac)
{
	return (u64)get_unaligned_be16(mac) << 32 | get_unaligned_be32(mac + 2);
}

/* The same of a frame's header, where what follows a MAC may be read with it. */
static inline u64 ctnet_dest_key(const struct ethhdr *eth)
{
	return get_unaligned_be64(eth->h_dest) >> 16;
}

static inline u64 ctnet_source_key(const struct ethhdr *eth)
{
	return get_unaligned_be64(eth->h_source) >> 16;
}

/* The list of entries that an entry of these flags is in. Under the table's lock. */
static inline struct hlist_head *ctnet_fdb_list(struct ctnet_vport *vport, u16 flags)
{
	return flags & CTNET_FDB_STATIC ? &vport->fixed : &vport->learned;
}

int ctnet_fdb_init(void);
void ctnet_fdb_exit(void);
int ctnet_fdb_net_init(struct ctnet_dev *ctd);
void ctnet_fdb_net_uninit(struct ctnet_dev *ctd);
struct ctnet_fdb *ctnet_fdb_find(struct ctnet_dev *ctd, const u8 *mac);
struct ctnet_fdb *ctnet_fdb_find_key(struct ctnet_dev *ctd, u64 mac);
struct ctnet_fdb *ctnet_fdb_find_dest(const struct ctnet_vport *src, const u8 *mac);
void ctnet_fdb_learn(struct ctnet_vport *src, const u8 *mac, struct ctnet_fdb *fdb);
int ctnet_fdb_set(struct ctnet_vport *vport, const u8 *mac, u16 flags,
		  const struct in6_addr *ips, unsigned int n_ips, bool replace,
		  struct netlink_ext_ack *extack);
int ctnet_fdb_hold(struct ctnet_dev *ctd, const u8 *mac, u8 who);
void ctnet_fdb_release(struct ctnet_dev *ctd, const u8 *mac, u8 who);
void ctnet_fdb_remove(struct ctnet_dev *ctd, struct ctnet_fdb *fdb);
bool ctnet_fdb_del(struct ctnet_dev *ctd, struct ctnet_fdb *fdb);
void ctnet_fdb_give_ips(struct ctnet_dev *ctd, struct ctnet_fdb *from,
			struct ctnet_fdb *to);
void ctnet_fdb_changed(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb,
		       enum ctnet_cmd cmd);

/**
 * ctnet_fdb_unseen() - how long a learned entry's MAC was not seen
 * @fdb: the entry
 *
 * Return: jiffies; the time stamp is read first, and thus is never ahead.
 */
static inline unsigned long ctnet_fdb_unseen(const struct ctnet_fdb *fdb)
{
	unsigned long updated = READ_ONCE(fdb->updated);

	return jiffies - updated;
}

/**
 * ctnet_fdb_find_source() - look up where a frame says that it comes from
 * @src: where it came from
 * @eth: its header
 *
 * Most ports have one MAC: a comparison finds it.
 *
 * Context: hot path; under RCU. Return: the entry or NULL.
 */
static inline struct ctnet_fdb *ctnet_fdb_find_source(const struct ctnet_vport *src,
						      const struct ethhdr *eth)
{
	struct ctnet_fdb *fdb = rcu_dereference(src->recent);
	u64 key = ctnet_source_key(eth);

	return likely(fdb && fdb->mac == key) ? fdb : ctnet_fdb_find_key(src->ctd, key);
}

/**
 * ctnet_fdb_last_dest() - where a frame goes, if that is where the one before it went
 * @src: where it came from
 * @eth: its header
 *
 * The entry of that may be used while no other was taken out of the table since before it was
 * looked up, so that it is in there, or its grace period has not begun.
 *
 * Context: hot path; under RCU, bottom halves off. Return: the entry, or NULL if it is to be
 * looked up.
 */
static inline struct ctnet_fdb *ctnet_fdb_last_dest(const struct ctnet_vport *src,
						    const struct ethhdr *eth)
{
	const struct ctnet_vport_cpu *cpu = this_cpu_ptr(src->cpu);
	/* Pairs with ctnet_fdb_forget(): what was taken out before this is not found. */
	unsigned long gen = smp_load_acquire(&src->ctd->fdb_gen);
	struct ctnet_fdb *fdb;

	if (unlikely(READ_ONCE(cpu->dest_gen) != gen))
		return NULL;
	fdb = READ_ONCE(cpu->dest);
	return likely(fdb && fdb->mac == ctnet_dest_key(eth)) ? fdb : NULL;
}

#ifdef CTNET_KUNIT
void ctnet_fdb_learn_slow(struct ctnet_vport *src, u64 mac);
#endif

#endif /* _CTNET_FDB_H */
