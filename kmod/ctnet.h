/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CTNET_H
#define _CTNET_H

#include <linux/atomic.h>
#include <linux/ctnet.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/ipv6.h>
#include <linux/memcontrol.h>
#include <linux/netdevice.h>
#include <linux/rhashtable.h>
#include <linux/rtnetlink.h>
#include <linux/sched/mm.h>
#include <linux/skbuff.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "compat.h"

/**
 * DOC: Objects
 *
 * A network (&struct ctnet_dev) is the private part of a netdevice. Frames go
 * to and come from a &struct ctnet_vport, which stands first in a port
 * (&struct ctnet_port), in a peer (&struct ctnet_peer) and in the network itself
 * (the host). The forwarding table maps a MAC to a &struct ctnet_vport, so that
 * one lookup decides, and one learner, one ageing, one dump and one notification
 * serve all three.
 *
 * DOC: Locking
 *
 * RTNL serializes configuration: networks, ports, peers, static entries, the
 * sockets of a namespace. Every netlink command that changes something takes it
 * first, so that the netdevice notifier acts in place; dumps are under RCU.
 *
 * &ctnet_dev.fdb_lock, "the table's lock", bottom halves off, serializes writers
 * of the table, including learners, and its events; it nests inside RTNL, and
 * &ctnet_ns.event_lock inside it.
 *
 * Readers of all of it are under RCU. An object is unlinked, and then freed
 * after a grace period (call_rcu, kfree_rcu); the module waits for these with
 * rcu_barrier() before its text goes. ctnet_vport.dead, set under the table's
 * lock, stops a learner that runs at the same time from making an entry for an
 * object that is being removed, or that no event has announced yet.
 *
 * Counters are per CPU and written with bottom halves off.
 */

struct ctnet_dev;
struct ctnet_drops;
struct ctnet_fdb;
struct ctnet_flood;
struct ctnet_transit;
struct ctnet_vtep;

enum ctnet_vport_kind {
	CTNET_VPORT_SELF,
	CTNET_VPORT_PORT,
	CTNET_VPORT_PEER,
};

/**
 * struct ctnet_vport_cpu - what each frame writes, of a port, a peer or the host, per CPU
 * @stats: frames from it (rx) and to it (tx)
 * @dest: the entry that a frame from it went to last
 * @dest_gen: &ctnet_dev.fdb_gen before that was looked up; while it is the same the entry is
 *	in the table
 *
 * A cache line: no other CPU writes it. With bottom halves off.
 */
struct ctnet_vport_cpu {
	struct pcpu_sw_netstats	stats;
	struct ctnet_fdb	*dest;
	unsigned long		dest_gen;
} ____cacheline_aligned_in_smp;

/**
 * struct ctnet_vport - what an fdb entry points to
 * @kind: what it is embedded in
 * @dead: being removed, or not yet announced by an event: nothing is learned for it; under
 *	the table's lock
 * @from: enum ctnet_from: how what is sent in answer to its frames comes, and copies of them
 * @flags: enum ctnet_port_flags; written under RTNL, read with READ_ONCE
 * @id: index in &ctnet_dev.members
 * @ctd: the network
 * @cpu: what each frame writes
 * @n_learned: learned entries that point here; table's lock
 * @learned: the list of these; table's lock
 * @fixed: static entries that point here; table's lock
 * @recent: the one of both that came here last, if it is still here; what is sent from here
 *	is most likely its; written under the table's lock, read under RCU
 * @miss_count: miss events that it caused in the running second; &ctnet_ns.event_lock
 * @miss_window: jiffies when that began; &ctnet_ns.event_lock
 */
struct ctnet_vport {
	enum ctnet_vport_kind	kind;
	bool			dead;
	u8			from;
	u32			flags;
	u32			id;
	struct ctnet_dev	*ctd;
	struct ctnet_vport_cpu __percpu *cpu;
	u32			n_learned;
	struct hlist_head	learned;
	struct hlist_head	fixed;
	struct ctnet_fdb __rcu	*recent;
	u32			miss_count;
	unsigned long		miss_window;
};

/*
 * Where ports (by ifindex, native ones by a number that no device of the namespace has), peers
 * and the host stand in &ctnet_dev.members.
 */
#define CTNET_ID_SELF		0
#define CTNET_ID_NATIVES	XA_LIMIT(CTNET_PORT_NATIVE, CTNET_PORT_DEV_MAX)
#define CTNET_ID_PORT_MAX	((u32)CTNET_PORT_DEV_MAX)
#define CTNET_ID_PEERS		XA_LIMIT(CTNET_ID_PORT_MAX + 1, U32_MAX)

/* The two families of the underlay, as indexes. */
enum ctnet_family {
	CTNET_V4,
	CTNET_V6,
	CTNET_FAMILIES,
};

static inline enum ctnet_family ctnet_addr_family(const struct in6_addr *addr)
{
	return ipv6_addr_v4mapped(addr) ? CTNET_V4 : CTNET_V6;
}

/**
 * struct ctnet_dev - a network, private part of its netdevice
 * @self: the host, as a place in the table; first
 * @dev: the netdevice
 * @fdb: MAC to &struct ctnet_fdb, for lookup
 * @fdb_gen: counts entries that were taken out of @fdb, after each and before the grace
 *	period in which it may still be used; written under the table's lock
 * @vtep: NULL for a local bridge
 * @members: all &struct ctnet_vport by id: the host, the ports, the peers
 * @peers: address to &struct ctnet_peer
 * @drops: what the network dropped
 * @floods: per CPU
 * @learning: whether anything is learned; written under RTNL
 * @flood: whether unknown unicast is flooded; written under RTNL
 * @suppress: whether ARP and neighbour solicitations are answered; written under
 *	RTNL
 * @sees_all: whether the host also receives frames for others; written under the device's
 *	address lock
 * @n_unheld: ports with @unheld; RTNL
 * @mtu_set: whether the MTU was set by a user, so that it is no longer computed; written
 *	under RTNL
 * @mtu_follows: whether ctnet itself is setting an MTU, of the network or of a port; RTNL
 * @ageing: jiffies; 0: never; written under RTNL
 * @max_fdb: cap on @n_learned; written under RTNL
 * @fdb_lock: the table's lock: writers of @fdb, @fdb_ids, @ips, and of the fields marked
 *	so hold it
 * @fdb_ids: all &struct ctnet_fdb by id: dump, ageing and flush resume at an id, whatever
 *	changed meanwhile
 * @fdb_next: where the next id is looked for; table's lock
 * @n_learned: learned entries; table's lock
 * @n_static: static entries; table's lock
 * @n_host: static entries for MACs of the host's other devices; table's lock
 * @memcg: of the process that made the network; charged for learned entries
 * @ips: IP address to &struct ctnet_fdb_ip; table's lock
 * @ageing_work: removes learned entries that were not seen for @ageing
 * @told_flood: jiffies when the sender of a flood was last told that it is too long
 * @flood_bytes: memory of the floods that wait, on all CPUs
 * @n_ports: RTNL
 * @n_peers: RTNL
 * @id: index in &ctnet_ns.nets
 */
struct ctnet_dev {
	struct ctnet_vport		self;
	struct net_device		*dev;
	struct rhashtable		fdb;
	unsigned long			fdb_gen;
	struct ctnet_vtep __rcu		*vtep;
	struct xarray			members;
	struct rhashtable		peers;
	struct ctnet_drops __percpu	*drops;
	struct ctnet_flood __percpu	*floods;
	bool				learning;
	bool				flood;
	bool				suppress;
	bool				sees_all;
	bool				mtu_set;
	bool				mtu_follows;
	unsigned long			ageing;
	u32				max_fdb;

	/* the table's lock */
	spinlock_t			fdb_lock ____cacheline_aligned_in_smp;
	struct xarray			fdb_ids;
	u32				fdb_next;
	u32				n_learned;
	u32				n_static;
	u32				n_host;
	struct mem_cgroup		*memcg;
	struct rhashtable		ips;
	struct delayed_work		ageing_work;
	unsigned long			told_flood;
	atomic_long_t			flood_bytes;
	u32				n_ports;
	u32				n_unheld;
	u32				n_peers;
	u32				id;
};

/**
 * struct ctnet_ns - what a network namespace has
 * @net: the namespace
 * @nets: all &struct ctnet_dev by id; written under RTNL, read under RCU
 * @natives: all native ports by id; RTNL
 * @native_next: where the next one's id is looked for; RTNL
 * @socks: &struct ctnet_sock; written under RTNL, read under RCU
 * @transit: the peers of all networks; NULL while there never was one
 * @seq: counts changes of networks, ports, peers and sockets
 * @seq_static: counts changes of static entries
 * @seq_learned: counts changes of learned entries
 * @mtu_work: computes the networks' MTUs from routes and ports, and sets those of ports
 * @route_notifier: called when routes change
 * @nexthop_notifier: called when nexthop objects change
 * @routes_watched: whether both are registered, which only @mtu_work does
 * @event_window: jiffies when the running second of events began
 * @event_count: fdb events of that second
 * @event_lost: fdb events that were not sent
 * @event_lock: guards the three
 * @event_work: sends how many these were
 */
struct ctnet_ns {
	struct net		*net;
	struct xarray		nets;
	struct xarray		natives;
	u32			native_next;
	struct list_head	socks;
	struct ctnet_transit __rcu *transit;
	atomic_t		seq;
	atomic_t		seq_static;
	atomic_t		seq_learned;
	struct delayed_work	mtu_work;
	struct notifier_block	route_notifier;
	struct notifier_block	nexthop_notifier;
	bool			routes_watched;
	unsigned long		event_window;
	unsigned int		event_count;
	unsigned int		event_lost;
	spinlock_t		event_lock;	/* event_* */
	struct delayed_work	event_work;
};

struct ctnet_ns *ctnet_ns(const struct net *net);

/* tests/test.c */
#ifdef CTNET_KUNIT
void ctnet_test_run(void);
void ctnet_test_end(void);
#else
static inline void ctnet_test_run(void) { }
static inline void ctnet_test_end(void) { }
#endif

#endif /* _CTNET_H */
