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
 * of the table, learners among them, and the events that tell of it; it nests
 * inside RTNL, and &ctnet_ns.event_lock inside it.
 *
 * Readers of all of it are under RCU. An object is unlinked, and then freed
 * after a grace period (call_rcu, kfree_rcu); the module waits for these with
 * rcu_barrier() before its text goes. ctnet_vport.dead, set under the table's
 * lock, keeps a learner that raced with the unlinking from pointing the table at
 * an object on its way out, or at one that was not told of yet.
 *
 * Counters are per CPU and written with bottom halves off.
 */

struct ctnet_dev;
struct ctnet_transit;

enum ctnet_vport_kind {
	CTNET_VPORT_SELF,
	CTNET_VPORT_PORT,
	CTNET_VPORT_PEER,
};

/**
 * struct ctnet_vport - what an fdb entry points to
 * @kind: what it is embedded in
 * @dead: on its way out, or not told of yet: nothing may be learned
 *	for it; under the table's lock
 * @flags: enum ctnet_port_flags; written under RTNL, read with READ_ONCE
 * @id: index in &ctnet_dev.members
 * @ctd: the network
 * @n_learned: learned entries that point here; table's lock
 * @learned: they; table's lock
 * @fixed: static entries that point here; table's lock
 * @miss_count: misses that it caused in the running second; &ctnet_ns.event_lock
 * @miss_window: jiffies when that began; &ctnet_ns.event_lock
 */
struct ctnet_vport {
	enum ctnet_vport_kind	kind;
	bool			dead;
	u32			flags;
	u32			id;
	struct ctnet_dev	*ctd;
	u32			n_learned;
	struct hlist_head	learned;
	struct hlist_head	fixed;
	u32			miss_count;
	unsigned long		miss_window;
};

/* Where ports (by ifindex), peers and the host stand in &ctnet_dev.members. */
#define CTNET_ID_SELF		0
#define CTNET_ID_PORT_MAX	((u32)INT_MAX)
#define CTNET_ID_PEERS		XA_LIMIT(CTNET_ID_PORT_MAX + 1, U32_MAX)

/*
 * Room that is to be before a frame, so that encapsulation need not copy: Ethernet,
 * IPv6, UDP, VXLAN, and the underlay's own link header.
 */
#define CTNET_HEADROOM \
	(LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr) + 8)

/**
 * struct ctnet_port - an attached device
 * @vport: its place in the table; first
 * @dev: the device; the link to its master holds a reference
 * @veth: whether the device is a veth, so that frames may be handed to its far end
 * @held: whether @mac is the host's by this port; RTNL
 * @unheld: whether it is not, as a static entry says where it lies; RTNL
 * @mac: the device's address, as it was entered; RTNL
 * @far_mtu: MTU of the far end, or UINT_MAX where there is none; written under RTNL
 * @stats: frames from the port (rx) and to it (tx)
 * @rcu: frees it
 */
struct ctnet_port {
	struct ctnet_vport		vport;
	struct net_device		*dev;
	bool				veth;
	bool				held;
	bool				unheld;
	u8				mac[ETH_ALEN];
	unsigned int			far_mtu;
	struct pcpu_sw_netstats __percpu *stats;
	struct rcu_head			rcu;
};

/**
 * struct ctnet_peer - a remote VTEP
 * @vport: its place in the table; first
 * @dstport: UDP port it listens on; 0: the network's
 * @stats: frames from the peer (rx) and to it (tx)
 * @dst_cache: route to it
 * @addr: its address; IPv4 as v4-mapped
 * @node: in &ctnet_dev.peers
 * @transit: in &ctnet_transit.peers
 * @rcu: frees it
 */
struct ctnet_peer {
	struct ctnet_vport		vport;
	__be16				dstport;
	struct pcpu_sw_netstats __percpu *stats;
	struct dst_cache		dst_cache;
	struct in6_addr			addr;
	struct rhash_head		node;
	struct rhlist_head		transit;
	struct rcu_head			rcu;
};

/* struct ctnet_fdb.flags */
#define CTNET_FDB_STATIC	BIT(0)	/* neither ages nor moves */
#define CTNET_FDB_LOCAL		BIT(1)	/* the host's, by itself */

/* struct ctnet_fdb.held: by whom an address is the host's. */
#define CTNET_HELD_OWN		BIT(0)	/* the netdevice has it */
#define CTNET_HELD_PORT		BIT(1)	/* a port's own device has it */
#define CTNET_HELD_ASKED	BIT(2)	/* the stack asked for it */

/* Of static entries, in &ctnet_dev.fdb_ids. */
#define CTNET_FDB_MARK		XA_MARK_1

/* Of ctnet_fdb_set(): the addresses that the MAC has stay with it. */
#define CTNET_FDB_KEEP_IPS	UINT_MAX

/**
 * struct ctnet_fdb_ips - the addresses that live at an entry's MAC
 * @named: how many the control plane has named
 * @n: how many there are; one more once a link-local address was claimed; table's lock
 * @ip: one of them; IPv4 as v4-mapped; there is room for @named and one
 * @ip.node: in &ctnet_dev.ips
 * @ip.addr: the address
 * @ip.fdb: the entry; NULL while frames have taken the address away, and it is not in
 *	&ctnet_dev.ips; table's lock
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
 * @router: whether it advertised itself as a router, by IPv6
 * @id: index in &ctnet_dev.fdb_ids
 * @ips: addresses or NULL; given to another entry under the table's lock
 * @at: in a list of @vport's, while it is in the table; table's lock
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

/**
 * struct ctnet_drops - a counter for each reason to drop, per CPU
 * @syncp: for readers on 32 bit
 * @count: by enum ctnet_drop
 */
struct ctnet_drops {
	struct u64_stats_sync	syncp;
	u64_stats_t		count[CTNET_DROP_MAX + 1];
};

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
 * struct ctnet_sock - a UDP socket of a namespace, shared by its networks
 * @list: in &ctnet_ns.socks; written under RTNL, read under RCU
 * @sock: bound to any address
 * @nets: VNI to network; written under RTNL, read under RCU
 * @drops: what was dropped before the network was known
 * @family: IPv4 or IPv6
 * @port: UDP port
 * @underlay: interface index it is bound to, or 0
 * @uid: of who caused it to be made
 * @refs: networks that use it, RTNL
 * @rcu: frees it
 */
struct ctnet_sock {
	struct list_head		list;
	struct socket			*sock;
	struct xarray			nets;
	struct ctnet_drops __percpu	*drops;
	enum ctnet_family		family;
	__be16				port;
	int				underlay;
	kuid_t				uid;
	unsigned int			refs;
	struct rcu_head			rcu;
};

/* The underlay device is gone, and its interface index may be another's. */
#define CTNET_VTEP_STRANDED	((int)CTNET_UNDERLAY_GONE)

/**
 * struct ctnet_vtep - the network's own end of its tunnels
 * @sock: receives and sends; NULL for a family without a local address, and
 *	where @underlay is %CTNET_VTEP_STRANDED
 * @local: own addresses; IPv4 as v4-mapped, :: if there is none
 * @vni: VXLAN network identifier
 * @underlay: interface index, 0 or %CTNET_VTEP_STRANDED
 * @port: UDP port
 * @ttl: of the outer header: a number, %CTNET_TTL_DEFAULT or %CTNET_INHERIT
 * @tos: of the outer header: a number or %CTNET_INHERIT
 * @df: enum ctnet_df
 * @udp_csum: whether outer checksums are sent
 * @mark: of outer packets
 * @rcu: frees it
 *
 * Replaced as a whole, so that the datapath sees the old one or the new one.
 */
struct ctnet_vtep {
	struct ctnet_sock	*sock[CTNET_FAMILIES];
	struct in6_addr		local[CTNET_FAMILIES];
	u32			vni;
	int			underlay;
	__be16			port;
	u16			ttl;
	u16			tos;
	u8			df;
	bool			udp_csum;
	u32			mark;
	struct rcu_head		rcu;
};

/*
 * How many receivers a flood serves before others have their turn. What is
 * delivered waits in the CPU's backlog queue, of which one round of polls works
 * off 64 (net.core.dev_weight); an answer to each, forwarded and delivered in
 * turn, makes three passes of a receiver.
 */
#define CTNET_FLOOD_BATCH	16

/* Lines that floods wait in, by their source, and that take turns. */
#define CTNET_FLOOD_LINES_BITS	4
#define CTNET_FLOOD_LINES	BIT(CTNET_FLOOD_LINES_BITS)

/**
 * struct ctnet_flood - floods that wait to go on, per CPU
 * @napi: sends a batch to the next receivers at each poll
 * @lock: guards the rest
 * @turn: the line that was served last
 * @len: frames in all lines, and the one that is being served
 * @line: frames, each with &struct ctnet_flood_cb
 */
struct ctnet_flood {
	struct napi_struct	napi;
	spinlock_t		lock;	/* the rest */
	unsigned int		turn;
	unsigned int		len;
	struct sk_buff_head	line[CTNET_FLOOD_LINES];
};

/**
 * struct ctnet_dev - a network, private part of its netdevice
 * @self: the host, as a place in the table; first
 * @dev: the netdevice
 * @fdb: MAC to &struct ctnet_fdb, for lookup
 * @vtep: NULL for a local bridge
 * @members: all &struct ctnet_vport by id: the host, the ports, the peers
 * @peers: address to &struct ctnet_peer
 * @drops: what the network dropped
 * @floods: per CPU
 * @learning: whether anything is learned; written under RTNL
 * @flood: whether unknown unicast is flooded; written under RTNL
 * @suppress: whether ARP and neighbour solicitations are answered; written under
 *	RTNL
 * @sees_all: whether the host is to see all that is not for it, too; written under the
 *	device's address lock
 * @n_unheld: ports with @unheld; RTNL
 * @mtu_set: whether somebody set the MTU, so that it follows nothing; written
 *	under RTNL
 * @mtu_follows: whether the MTU that is being set, of the network or of a port, is the one
 *	that follows; RTNL
 * @ageing: jiffies; 0: never; written under RTNL
 * @max_fdb: cap on @n_learned; written under RTNL
 * @fdb_lock: writers of the table take it: of @fdb, @fdb_ids, @ips, and of what is
 *	said to be under the table's lock
 * @fdb_ids: all &struct ctnet_fdb by id, for dump, ageing and flush, which thus
 *	resume where they were however the table changed
 * @fdb_next: where the next id is looked for; table's lock
 * @n_learned: learned entries; table's lock
 * @n_static: static entries; table's lock
 * @n_host: of these the host's by other devices than @dev; table's lock
 * @memcg: of who made the network; charged with what frames make it learn
 * @ips: IP address to &struct ctnet_fdb_ip; table's lock
 * @ageing_work: removes what was not seen
 * @told_flood: jiffies when the sender of a flood was told that it is too long
 * @flood_bytes: what its floods that wait are taken to occupy, on all CPUs
 * @n_ports: RTNL
 * @n_peers: RTNL
 * @id: index in &ctnet_ns.nets
 */
struct ctnet_dev {
	struct ctnet_vport		self;
	struct net_device		*dev;
	struct rhashtable		fdb;
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
 * @socks: &struct ctnet_sock; written under RTNL, read under RCU
 * @transit: the peers of all networks; NULL while there never was one
 * @seq: counts changes of networks, ports, peers and sockets
 * @seq_static: counts changes of static entries
 * @seq_learned: counts changes of learned entries
 * @mtu_work: has the networks' MTUs follow routes and ports, and ports the networks
 * @route_notifier: told of changes of routes
 * @nexthop_notifier: told of changes of what routes go by
 * @routes_watched: whether they are registered; @mtu_work alone does that
 * @event_window: jiffies when the running second of events began
 * @event_count: fdb events of that second
 * @event_lost: fdb events left out
 * @event_lock: guards the three
 * @event_work: tells of those left out
 */
struct ctnet_ns {
	struct net		*net;
	struct xarray		nets;
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

/* main.c */
struct ctnet_ns *ctnet_ns(const struct net *net);

/* dev.c */
extern struct rtnl_link_ops ctnet_link_ops;
bool ctnet_receive(struct sk_buff *skb);
bool ctnet_dev_is(const struct net_device *dev);
bool ctnet_dev_has_addr(struct net_device *dev, const struct in6_addr *addr);
void ctnet_dev_deliver(struct ctnet_dev *ctd, struct sk_buff *skb);
void ctnet_dev_answer(struct ctnet_dev *ctd, struct sk_buff *skb);

/* IPv4 or IPv6, UDP, VXLAN and Ethernet headers (RFC 7348 section 5). */
#define CTNET_OVERHEAD4	(20 + 8 + 8 + ETH_HLEN)
#define CTNET_OVERHEAD6	(40 + 8 + 8 + ETH_HLEN)

/* port.c */
extern struct notifier_block ctnet_port_notifier;
int ctnet_port_init(void);
void ctnet_port_exit(void);
int ctnet_port_attach(struct ctnet_dev *ctd, struct net_device *dev, u32 flags,
		      struct netlink_ext_ack *extack);
void ctnet_port_detach(struct ctnet_port *port);
int ctnet_port_set_flags(struct ctnet_port *port, u32 value, u32 selector,
			 struct netlink_ext_ack *extack);
struct ctnet_port *ctnet_port_get(const struct net_device *dev);
struct ctnet_port *ctnet_port_get_rcu(const struct net_device *dev);
struct net_device *ctnet_port_peer_dev(struct net_device *dev);
void ctnet_port_deliver(struct ctnet_port *port, struct sk_buff *skb,
			bool received);

/* fdb.c */
int ctnet_fdb_init(void);
void ctnet_fdb_exit(void);
int ctnet_fdb_net_init(struct ctnet_dev *ctd);
void ctnet_fdb_net_uninit(struct ctnet_dev *ctd);
struct ctnet_fdb *ctnet_fdb_find(struct ctnet_dev *ctd, const u8 *mac);
void ctnet_fdb_learn(struct ctnet_vport *src, const u8 *mac, struct ctnet_fdb *fdb);
int ctnet_fdb_set(struct ctnet_vport *vport, const u8 *mac, u16 flags,
		  const struct in6_addr *ips, unsigned int n_ips, bool replace,
		  struct netlink_ext_ack *extack);
int ctnet_fdb_hold(struct ctnet_dev *ctd, const u8 *mac, u8 who);
void ctnet_fdb_release(struct ctnet_dev *ctd, const u8 *mac, u8 who);
bool ctnet_fdb_del(struct ctnet_dev *ctd, struct ctnet_fdb *fdb);
void ctnet_fdb_give_ips(struct ctnet_dev *ctd, struct ctnet_fdb *from,
			struct ctnet_fdb *to);
void ctnet_fdb_changed(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb,
		       enum ctnet_cmd cmd);
void ctnet_fdb_flush(struct ctnet_dev *ctd, struct ctnet_vport *vport, bool learned);
int ctnet_fdb_ids_at(struct ctnet_vport *vport, bool fixed, u32 *ids,
		     unsigned int max);
void ctnet_fdb_admit(struct ctnet_vport *vport);
void ctnet_fdb_retire(struct ctnet_vport *vport);
unsigned long ctnet_fdb_unseen(const struct ctnet_fdb *fdb);
void ctnet_fdb_age_soon(struct ctnet_dev *ctd);

/* fdbip.c */
struct ctnet_fdb *ctnet_fdb_find_ip(struct ctnet_dev *ctd,
				    const struct in6_addr *addr);
int ctnet_fdb_ips_init(struct ctnet_dev *ctd);
int ctnet_fdb_ips_alloc(struct ctnet_fdb *fdb, const struct in6_addr *addrs,
			unsigned int n);
void ctnet_fdb_ips_unlink(struct ctnet_dev *ctd, struct ctnet_fdb_ips *ips);
int ctnet_fdb_ips_link(struct ctnet_dev *ctd, struct ctnet_fdb *fdb,
		       struct ctnet_fdb *old, struct netlink_ext_ack *extack);
void ctnet_fdb_ips_move(struct ctnet_dev *ctd, struct ctnet_fdb *from,
			struct ctnet_fdb *to);
bool ctnet_fdb_claim(struct ctnet_fdb *fdb, const struct in6_addr *addr);
void ctnet_fdb_unclaim(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb);
int ctnet_fdb_reinstate(struct ctnet_vport *vport);
void ctnet_fdb_dispute(struct ctnet_dev *ctd, const struct in6_addr *addr,
		       const u8 *mac);

/* host.c */
bool ctnet_host_has(struct ctnet_dev *ctd, const u8 *mac);
void ctnet_host_rx_mode(struct net_device *dev);
int ctnet_host_port(struct ctnet_port *port, bool attached);
void ctnet_host_retry(struct ctnet_dev *ctd);

/* guard.c */
enum ctnet_drop ctnet_guard(const struct sk_buff *skb,
			    const struct ctnet_vport *src,
			    struct ctnet_fdb *fdb);

/* neigh.c */
bool ctnet_neigh(struct sk_buff *skb, struct ctnet_vport *src);
void ctnet_neigh_hear(const struct sk_buff *skb, struct ctnet_vport *src);

/* Last byte of the groups that 802.1D keeps on the link: BPDUs, pause frames. */
#define CTNET_GROUP_BPDU	0x00
#define CTNET_GROUP_PAUSE	0x01

/* forward.c */
bool ctnet_may_pass(const struct ctnet_vport *src, const struct ctnet_vport *dst,
		    enum ctnet_drop *reason);
void ctnet_deliver(struct ctnet_vport *vport, struct sk_buff *skb, bool received);
bool ctnet_link_local(struct sk_buff *skb, struct ctnet_vport *src);
void ctnet_forward(struct sk_buff *skb, struct ctnet_vport *src);

/* flood.c */
void ctnet_flood(struct sk_buff *skb, const struct ctnet_vport *src);
int ctnet_flood_init(struct ctnet_dev *ctd);
void ctnet_flood_uninit(struct ctnet_dev *ctd);

/* vtep.c */
void ctnet_vtep_ns_init(struct ctnet_ns *ns);
void ctnet_vtep_ns_exit(struct ctnet_ns *ns);
void ctnet_vtep_default(struct ctnet_vtep *vtep);
int ctnet_vtep_family_ok(enum ctnet_family family,
			 struct netlink_ext_ack *extack);
int ctnet_vtep_bind(struct ctnet_dev *ctd, const struct ctnet_vtep *conf,
		    struct nlattr *const data[], struct netlink_ext_ack *extack);
void ctnet_vtep_unbind(struct ctnet_dev *ctd);
void ctnet_vtep_dev_gone(struct net_device *dev);
struct ctnet_sock *ctnet_sock_find(struct net *net, enum ctnet_family family,
				   __be16 port, int underlay);
bool ctnet_vtep_has_addr6(struct net *net, int underlay,
			  const struct in6_addr *addr);
void ctnet_vtep_nic_info(struct net_device *dev, bool push);

/* mtu.c */
extern struct notifier_block ctnet_mtu_notifier4;
extern struct notifier_block ctnet_mtu_notifier6;
unsigned int ctnet_mtu_auto(struct ctnet_dev *ctd);
void ctnet_mtu_follow(struct ctnet_dev *ctd);
bool ctnet_mtu_may_set(const struct ctnet_dev *ctd,
		       const struct net_device *dev);
void ctnet_mtu_port_follow(struct ctnet_port *port, bool far_too);
void ctnet_mtu_ports_follow(struct ctnet_dev *ctd);
void ctnet_mtu_changed(const struct net *net);
void ctnet_mtu_ns_init(struct ctnet_ns *ns);
void ctnet_mtu_ns_exit(struct ctnet_ns *ns);

/* peer.c */
int ctnet_peer_init(void);
void ctnet_peer_exit(void);
int ctnet_peer_net_init(struct ctnet_dev *ctd);
void ctnet_peer_net_uninit(struct ctnet_dev *ctd);
int ctnet_peer_add(struct ctnet_dev *ctd, const struct in6_addr *addr,
		   __be16 dstport, struct netlink_ext_ack *extack);
void ctnet_peer_del(struct ctnet_peer *peer);
struct ctnet_peer *ctnet_peer_find(struct ctnet_dev *ctd,
				   const struct in6_addr *addr);
void ctnet_peer_reset_routes(struct ctnet_dev *ctd);
bool ctnet_peer_has_family(struct ctnet_dev *ctd, enum ctnet_family family);
bool ctnet_peer_has_linklocal(struct ctnet_dev *ctd);

/* offload.c */
void ctnet_offload_limit(struct ctnet_dev *ctd, const struct net_device *dev);
void ctnet_offload_unlimit(struct ctnet_dev *ctd, unsigned int size,
			   unsigned int segs);
struct sk_buff *ctnet_offload_do(struct ctnet_dev *ctd, struct sk_buff *skb,
				 netdev_features_t features);

/* transit.c */
int ctnet_transit_add(struct ctnet_peer *peer);
void ctnet_transit_del(struct ctnet_peer *peer);
struct ctnet_transit *ctnet_transit_close(struct ctnet_ns *ns);
void ctnet_transit_free(struct ctnet_transit *transit);

/**
 * struct ctnet_outer - what stands before an encapsulated frame
 * @tos: DS field with ECN
 * @ttl: hop limit
 * @df: whether the packet must not be fragmented, in IPv4
 * @sport: UDP port of the sender
 * @dport: and of the receiver
 * @csum: whether there is a UDP checksum
 */
struct ctnet_outer {
	u8	tos;
	u8	ttl;
	bool	df;
	__be16	sport;
	__be16	dport;
	bool	csum;
};

/* outer.c */
int ctnet_outer_xmit4(struct sk_buff *skb, struct sock *sk, struct dst_entry *dst,
		      const struct ctnet_outer *outer, __be32 saddr,
		      __be32 daddr);
int ctnet_outer_xmit6(struct sk_buff *skb, struct sock *sk, struct dst_entry *dst,
		      const struct ctnet_outer *outer,
		      const struct in6_addr *saddr,
		      const struct in6_addr *daddr);

/* pmtu.c */

/* VLAN tags in the frame that are looked behind. */
#define CTNET_FRAME_VLANS	2

__be16 ctnet_frame_proto(const struct sk_buff *skb, unsigned int *off);
bool ctnet_pmtu_fits(const struct sk_buff *skb, unsigned int max);
unsigned int ctnet_pmtu_port(const struct sk_buff *skb, unsigned int mtu);
bool ctnet_pmtu_tell(struct ctnet_dev *ctd, struct sk_buff *skb,
		     unsigned int max, bool cut);

/* tunnel.c */
DECLARE_PER_CPU(unsigned int, ctnet_tunnel_depth);
void ctnet_tunnel_xmit(struct ctnet_peer *peer, struct sk_buff *skb);
int ctnet_tunnel_rcv(struct sock *sk, struct sk_buff *skb);
int ctnet_tunnel_err_lookup(struct sock *sk, struct sk_buff *skb);
struct sk_buff *ctnet_tunnel_gro_receive(struct sock *sk, struct list_head *head,
					 struct sk_buff *skb);
int ctnet_tunnel_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff);

/* netlink.c */
extern struct genl_family ctnet_family;
int ctnet_nl_init(void);
void ctnet_nl_exit(void);

/* rtfdb.c */
int ctnet_rtfdb_add(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    u16 flags, CTNET_NOTIFIED_PARAM
		    struct netlink_ext_ack *extack);
int ctnet_rtfdb_del(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    CTNET_NOTIFIED_PARAM struct netlink_ext_ack *extack);
int ctnet_rtfdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     struct net_device *dev, struct net_device *filter_dev,
		     int *idx);

void ctnet_rtfdb_tell(const struct ctnet_dev *ctd, const u8 *mac,
		      struct ctnet_vport *vport, bool is_static, int type);

/* brport.c */
extern const struct nla_policy ctnet_brport_policy[];
int ctnet_brport_changelink(struct net_device *dev, struct net_device *slave,
			    struct nlattr *tb[], struct nlattr *data[],
			    struct netlink_ext_ack *extack);
size_t ctnet_brport_get_size(const struct net_device *dev,
			     const struct net_device *slave);
int ctnet_brport_fill(struct sk_buff *skb, const struct net_device *dev,
		      const struct net_device *slave);
int ctnet_brport_getlink(struct sk_buff *skb, u32 pid, u32 seq,
			 struct net_device *dev, u32 filter_mask, int nlflags);
int ctnet_brport_setlink(struct net_device *dev, struct nlmsghdr *nlh, u16 flags,
			 struct netlink_ext_ack *extack);

/* nldump.c */
int ctnet_nl_nets_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_ports_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_peers_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_fdb_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_vteps_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

/* nlmsg.c */
int ctnet_nl_get_addr(const struct nlattr *attr, struct in6_addr *addr,
		      struct netlink_ext_ack *extack);
int ctnet_nl_put_addr(struct sk_buff *msg, int type, const struct in6_addr *addr);
typedef int (*ctnet_fill_t)(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_net(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_port(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_peer(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_fdb(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_vtep(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_put_msg(struct sk_buff *msg, u32 portid, u32 seq, int flags,
		     struct netlink_callback *cb, enum ctnet_cmd cmd,
		     ctnet_fill_t fill, const void *obj, bool stats);
void ctnet_nl_ns_init(struct ctnet_ns *ns);
void ctnet_nl_ns_exit(struct ctnet_ns *ns);
void ctnet_nl_net_event(struct ctnet_dev *ctd, enum ctnet_cmd cmd);
void ctnet_nl_port_event(struct ctnet_port *port, enum ctnet_cmd cmd);
void ctnet_nl_peer_event(struct ctnet_peer *peer, enum ctnet_cmd cmd);
void ctnet_nl_fdb_event(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb,
			enum ctnet_cmd cmd);
void ctnet_nl_miss_event(struct ctnet_vport *src, const u8 *mac,
			 const struct in6_addr *ip);

/* stats.c */

/* All reasons to drop, with their names: FN(reason, name), the last FNE. */
#define CTNET_DROP_REASONS(FN, FNE)		\
	FN(MALFORMED, "malformed")		\
	FN(SOURCE, "source")			\
	FN(LINK_LOCAL, "link-local")		\
	FN(NET_DOWN, "net-down")		\
	FN(PORT_DOWN, "port-down")		\
	FN(TOO_BIG, "too-big")			\
	FN(HAIRPIN, "hairpin")			\
	FN(SPLIT_HORIZON, "split-horizon")	\
	FN(UNKNOWN, "unknown")			\
	FN(FLOOD_QUEUE, "flood-queue")		\
	FN(NOMEM, "nomem")			\
	FN(NO_ROUTE, "no-route")		\
	FN(LOOP, "loop")			\
	FN(VXLAN_HEADER, "vxlan-header")	\
	FN(VXLAN_VNI, "vxlan-vni")		\
	FN(VXLAN_LOCAL, "vxlan-local")		\
	FN(VXLAN_PEER, "vxlan-peer")		\
	FN(VXLAN_ECN, "vxlan-ecn")		\
	FN(PATH_MTU, "path-mtu")		\
	FN(ISOLATED, "isolated")		\
	FN(MISS, "miss")			\
	FN(GUARD_MAC, "guard-mac")		\
	FN(GUARD_ARP, "guard-arp")		\
	FN(GUARD_ND, "guard-nd")		\
	FN(GUARD_IP, "guard-ip")		\
	FN(GUARD_IP6, "guard-ip6")		\
	FN(GUARD_RA, "guard-ra")		\
	FN(GUARD_DHCP, "guard-dhcp")		\
	FN(GUARD_HEADER, "guard-header")	\
	FN(QUEUE, "queue")			\
	FN(FORWARDED, "forwarded")		\
	FN(VXLAN_DEV, "vxlan-dev")		\
	FNE(UNDERLAY, "underlay")

extern const char ctnet_drop_names[CTNET_DROP_MAX + 1][ETH_GSTRING_LEN];
void ctnet_drops_add(const struct ctnet_drops __percpu *drops,
		     struct rtnl_link_stats64 *stats);
void ctnet_drops_sum(const struct ctnet_drops __percpu *drops, u64 *sum);
void ctnet_drop(struct ctnet_dev *ctd, struct sk_buff *skb,
		enum ctnet_drop reason);
void ctnet_drop_count(struct ctnet_dev *ctd, const struct sk_buff *skb,
		      enum ctnet_drop reason);
void ctnet_drop_sock(struct ctnet_sock *sock, struct sk_buff *skb,
		     enum ctnet_drop reason);
struct ctnet_drops __percpu *ctnet_drops_alloc(void);
int ctnet_drops_put(struct sk_buff *msg, int type,
		    const struct ctnet_drops __percpu *drops);
int ctnet_stats_put(struct sk_buff *msg, int type,
		    const struct pcpu_sw_netstats __percpu *stats);

/* test.c */
#ifdef CTNET_KUNIT
void ctnet_test_run(void);
void ctnet_test_end(void);
#else
static inline void ctnet_test_run(void) { }
static inline void ctnet_test_end(void) { }
#endif

static inline struct ctnet_port *ctnet_vport_port(struct ctnet_vport *vport)
{
	return container_of(vport, struct ctnet_port, vport);
}

static inline struct ctnet_peer *ctnet_vport_peer(struct ctnet_vport *vport)
{
	return container_of(vport, struct ctnet_peer, vport);
}

/* Whether a frame may be sent out of a port. */
static inline bool ctnet_port_is_up(const struct ctnet_port *port)
{
	return READ_ONCE(port->dev->flags) & IFF_UP &&
	       netif_carrier_ok(port->dev);
}

/* The link-local address that a MAC makes (RFC 4291 appendix A). */
static inline void ctnet_link_local_of_mac(const u8 *mac, struct in6_addr *addr)
{
	addr->s6_addr32[0] = htonl(0xfe800000);
	addr->s6_addr32[1] = 0;
	memcpy(&addr->s6_addr[8], mac, 3);
	addr->s6_addr[8] ^= 2;
	addr->s6_addr[11] = 0xff;
	addr->s6_addr[12] = 0xfe;
	memcpy(&addr->s6_addr[13], mac + 3, 3);
}

/* Whether a MAC makes a link-local address, and which. */
static inline bool ctnet_mac_of_link_local(const struct in6_addr *addr, u8 *mac)
{
	if (addr->s6_addr[11] != 0xff || addr->s6_addr[12] != 0xfe)
		return false;
	memcpy(mac, &addr->s6_addr[8], 3);
	mac[0] ^= 2;
	memcpy(mac + 3, &addr->s6_addr[13], 3);
	return true;
}

/*
 * Whether a frame may be ARP or neighbour discovery, by a look that costs the others
 * nothing.
 */
static inline bool ctnet_is_neigh(const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (eth->h_proto == htons(ETH_P_ARP))
		return true;
	return eth->h_proto == htons(ETH_P_IPV6) &&
	       (skb_headlen(skb) < ETH_HLEN + sizeof(struct ipv6hdr) ||
		((const struct ipv6hdr *)(eth + 1))->nexthdr == IPPROTO_ICMPV6);
}

static inline void ctnet_stats_rx(struct pcpu_sw_netstats __percpu *stats,
				  const struct sk_buff *skb)
{
	struct pcpu_sw_netstats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->rx_packets);
	u64_stats_add(&s->rx_bytes, skb->len);
	u64_stats_update_end(&s->syncp);
}

static inline void ctnet_stats_tx(struct pcpu_sw_netstats __percpu *stats,
				  unsigned int len)
{
	struct pcpu_sw_netstats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->tx_packets);
	u64_stats_add(&s->tx_bytes, len);
	u64_stats_update_end(&s->syncp);
}

#endif /* _CTNET_H */
