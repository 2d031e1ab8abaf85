/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ctchurn: everything comes and goes at once, in one process.
 *
 * A process costs seconds in a slow VM, so nothing is started in the loops: threads
 * speak netlink, and enter namespaces with setns().
 *
 *	host 0, 1, 2 (namespaces)		container 0 ... (namespaces)
 *	net0 ... net3, up to one VNI each	eth0
 *	 `- p0 ... (container's number) --veth--'
 *	ul0, ul1: macvlans of one device in a namespace of its own, which join the hosts
 *
 * Each thread has a generator of its own, which is drawn from once for each thing that
 * it does, whatever comes of that: the same seed gives the same order in each thread.
 */
#ifndef CHURN_H
#define CHURN_H

#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTS		3
#define CONTAINERS	16	/* at most */
#define NETS		4	/* of a host */
#define TRUNK		(HOSTS + CONTAINERS)
#define PLACES		(TRUNK + 1)
#define UNDERLAYS	2

/* ------------------------------------------------------------- random */

struct rnd {
	uint64_t s;
};

static inline uint64_t rnd_next(struct rnd *r)
{
	uint64_t z = (r->s += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline unsigned int rnd_below(struct rnd *r, unsigned int n)
{
	return (rnd_next(r) >> 32) % n;
}

/* true so many times in a hundred */
static inline bool rnd_chance(struct rnd *r, unsigned int percent)
{
	return rnd_below(r, 100) < percent;
}

/* ------------------------------------------------------------ counting */

#define KINDS(X)					\
	X(NET_ADD, "net-add")				\
	X(NET_DEL, "net-del")				\
	X(NET_UP, "net-up")				\
	X(NET_DOWN, "net-down")				\
	X(NET_FLAGS, "net-flags")			\
	X(NET_VTEP, "net-vtep")				\
	X(NET_MAC, "net-mac")				\
	X(NET_MTU, "net-mtu")				\
	X(NET_RENAME, "net-rename")			\
	X(NET_ADDR, "net-addr")				\
	X(HOST, "host-goes-and-comes")			\
	X(CONTAINER, "container-goes-and-comes")	\
	X(PORT_NEW, "port-new")				\
	X(PORT_NEAR_DEL, "port-near-end-deleted")	\
	X(PORT_FAR_DEL, "port-far-end-deleted")		\
	X(PORT_ADD, "port-add")				\
	X(PORT_DEL, "port-del")				\
	X(PORT_MASTER, "port-master")			\
	X(PORT_NOMASTER, "port-nomaster")		\
	X(PORT_FLAGS, "port-flags")			\
	X(PORT_UP, "port-up")				\
	X(PORT_DOWN, "port-down")			\
	X(PORT_MTU, "port-mtu")				\
	X(PORT_RENAME, "port-rename")			\
	X(PORT_MOVE, "port-moves-namespace")		\
	X(PORT_QDISC, "port-qdisc")			\
	X(FAR_UP, "far-end-up")				\
	X(FAR_DOWN, "far-end-down")			\
	X(FAR_GRO, "far-end-gro")			\
	X(FAR_ADDR, "far-end-addr")			\
	X(TAP, "tap-goes-and-comes")			\
	X(TAP_FRAME, "tap-frame")			\
	X(PEER_ADD, "peer-add")				\
	X(PEER_DEL, "peer-del")				\
	X(PEER_GET, "peer-get")				\
	X(RTPEER_ADD, "rtnetlink-peer-add")		\
	X(RTPEER_DEL, "rtnetlink-peer-del")		\
	X(FDB_ADD, "fdb-add")				\
	X(FDB_SET, "fdb-set")				\
	X(FDB_DEL, "fdb-del")				\
	X(FDB_GET, "fdb-get")				\
	X(FDB_FLUSH, "fdb-flush")			\
	X(RTFDB_ADD, "rtnetlink-fdb-add")		\
	X(RTFDB_DEL, "rtnetlink-fdb-del")		\
	X(UL_NEW, "underlay-new")			\
	X(UL_DEL, "underlay-deleted")			\
	X(UL_UP, "underlay-up")				\
	X(UL_DOWN, "underlay-down")			\
	X(UL_MTU, "underlay-mtu")			\
	X(UL_ADDR_ADD, "underlay-addr-add")		\
	X(UL_ADDR_DEL, "underlay-addr-del")		\
	X(UL_ROUTE, "underlay-route")			\
	X(DUMP_NETS, "dump-nets")			\
	X(DUMP_PORTS, "dump-ports")			\
	X(DUMP_PEERS, "dump-peers")			\
	X(DUMP_FDB, "dump-fdb")				\
	X(DUMP_VTEPS, "dump-vteps")			\
	X(DUMP_LINKS, "dump-links")			\
	X(DUMP_RTFDB, "dump-rtnetlink-fdb")		\
	X(DUMP_GIVEN_UP, "dump-given-up")		\
	X(ETHTOOL, "ethtool-counters")			\
	X(LISTEN, "events-listen")			\
	X(EVENT, "events-received")			\
	X(SNIFF_PORT, "sniff-port")			\
	X(SNIFF_NET, "sniff-net-promisc")		\
	X(SNIFFED, "sniffed-frames")			\
	X(TRACE, "tracepoints-on-off")			\
	X(MODULE, "module-unload-load")			\
	X(TX_UDP, "sent-udp")				\
	X(TX_UDP6, "sent-udp6")				\
	X(TX_FRAGMENTS, "sent-fragments")		\
	X(TX_GSO, "sent-udp-gso")			\
	X(TX_MCAST, "sent-multicast")			\
	X(TX_ARP, "sent-arp")				\
	X(TX_ND, "sent-nd")				\
	X(TX_UNKNOWN, "sent-unknown-unicast")		\
	X(TX_LEARN, "sent-random-mac")			\
	X(TX_VLAN, "sent-vlan")				\
	X(TX_GROUP, "sent-raw-group")			\
	X(TX_RAWGSO, "sent-raw-gso")			\
	X(TX_HOST, "sent-by-host")			\
	X(TX_VXLAN, "sent-vxlan-as-peer")		\
	X(TX_STRANGER, "sent-vxlan-as-stranger")	\
	X(TX_TOOBIG, "sent-icmp-too-big")		\
	X(RX_UDP, "received-udp")			\
	X(TCP_OPEN, "tcp-opened")			\
	X(TCP_SENT, "tcp-sent")				\
	X(TCP_RECEIVED, "tcp-received")

enum kind {
#define X(id, name) K_##id,
	KINDS(X)
#undef X
	K_MAX
};

const char *kind_name(enum kind k);

/* The outcome of one thing: 0, or -errno and what the kernel had to say of it. */
void count(enum kind k, int err, const char *text);
/* The same, and how long it took, since a clock_ms() before it. */
void count_since(enum kind k, int err, const char *text, long since);
void count_many(enum kind k, unsigned long n);
/* A kind that cannot be done here, and why. */
void count_excuse(enum kind k, const char *why);
/* Kinds of which nothing succeeded yet; with @say they are printed. */
unsigned int count_missing(bool say);
/* Prints all; returns how many errors were not expected. */
unsigned long count_report(void);
long clock_ms(void);

/* -------------------------------------------------------------- places */

/* How a thread speaks to a namespace: one socket of each sort, opened when needed. */
struct seat {
	unsigned int	gen;	/* of the place; 0: empty */
	int		rt;	/* rtnetlink */
	int		ge;	/* generic netlink */
	int		ud;	/* UDP, for ioctl */
};

/* A thread. */
struct actor {
	const char	*name;
	void		(*run)(struct actor *a);
	struct rnd	rnd;
	pthread_t	thread;
	struct seat	seat[PLACES];
	_Atomic int	now;		/* enum kind, or -1 */
	_Atomic long	since;		/* clock_ms() */
	uint32_t	seq;
	char		text[160];	/* of the last extended ack */
};

extern _Atomic bool stop;	/* all threads end */
extern _Atomic bool pause_dumps;	/* nobody is to pin the module for long */
extern unsigned int n_containers;
extern bool flat;		/* no tunnels in tunnels */
extern bool unpatched;		/* nothing that has the kernel patch its code */

static inline int host_place(unsigned int h) { return h; }
static inline int container_place(unsigned int c) { return HOSTS + c; }
/* the host that a container's port is on */
static inline unsigned int home_of(unsigned int c) { return c % HOSTS; }

void place_init(void);
int place_new(int place);		/* a new namespace, after place_end() */
void place_end(int place);
unsigned int place_gen(int place);	/* 0: there is none */
int place_dup(int place, unsigned int *gen);	/* a descriptor, or -1 */
int place_enter(int place, unsigned int *gen);	/* until go_home() */
void go_home(void);
/* Waits until the kernel has taken all of our namespaces apart; how many are left. */
int places_left(int ms);

/* The thread's sockets to a place, or NULL if there is none. */
struct seat *seat(struct actor *a, int place);
/* Closes those of namespaces that are no more ours, so that they may go. */
void seats_sweep(struct actor *a);
void seats_close(struct actor *a);

/* ------------------------------------------------------------- netlink */

struct msg {
	union {
		struct nlmsghdr	h;
		char		buf[4096];
	};
};

void msg_init(struct msg *m, int type, int flags, const void *hdr, size_t len);
void put(struct msg *m, int type, const void *data, size_t len);
void put_u8(struct msg *m, int type, uint8_t v);
void put_u16(struct msg *m, int type, uint16_t v);
void put_u32(struct msg *m, int type, uint32_t v);
void put_str(struct msg *m, int type, const char *s);
size_t nest(struct msg *m, int type);
void nest_end(struct msg *m, size_t at);

/* Sends it and waits for the ack: 0 or -errno; a->text is what the kernel said. */
int talk(struct actor *a, int fd, struct msg *m);
/* Sends it and reads the dump: number of messages or -errno. */
int dump(struct actor *a, int fd, struct msg *m);

/* A message about a link by its name (or NULL, and an index). */
void link_msg(struct msg *m, int type, int flags, const char *name,
	      unsigned int ifi_flags, unsigned int change);
int link_by_name(struct actor *a, struct seat *s, int type, const char *name);
int link_updown(struct actor *a, struct seat *s, const char *name, bool up);
int link_set_u32(struct actor *a, struct seat *s, const char *name, int attr,
		 uint32_t value);
int link_rename(struct actor *a, struct seat *s, const char *from, const char *to);
/* type RTM_NEWADDR or RTM_DELADDR */
int addr_change(struct actor *a, struct seat *s, int type, const char *dev,
		int family, const void *addr, int prefix);
/* Interface index in the namespace of that seat, or 0. */
unsigned int ifindex(struct seat *s, const char *name);

int genl_resolve(void);		/* after each load of the module */
void genl_forget(void);
int genl_group(void);
void genl_msg(struct msg *m, int cmd, int flags);

/* --------------------------------------------------- addresses and names */

struct ip {
	int	family;
	union {
		struct in_addr	v4;
		struct in6_addr	v6;
	};
};

size_t ip_len(const struct ip *ip);
/* of a host on an underlay; last octets 1 to 3, 66: a stranger's */
struct ip underlay_ip(unsigned int ul, unsigned int last, int family);
/* of a host (1 to 3) or a container (10 on) in the networks */
struct ip inner_ip(unsigned int last, int family);
void container_mac(uint8_t mac[6], unsigned int c);
void random_mac(uint8_t mac[6], struct rnd *r);
const char *net_name(char *buf, unsigned int n);
const char *port_name(char *buf, unsigned int c);
const char *ul_name(char *buf, unsigned int u);

/* ---------------------------------------------------------------- decks */

struct card {
	enum kind	kind;
	unsigned int	weight;
	void		(*fn)(struct actor *a, struct rnd *r);
};

/* Each ends with one of no weight. */
extern const struct card net_cards[], port_cards[], underlay_cards[],
		peer_cards[], entry_cards[], watch_cards[];

/* A thread: all cards of the sets, in random order, over and over, until @stop. */
void change_things(struct actor *a);
void watch_things(struct actor *a);

/* What a host or a container has to begin with, after a reload as well. */
void furnish_host(struct actor *a, unsigned int h);
void furnish_networks(struct actor *a, unsigned int h);
void furnish_container(struct actor *a, unsigned int c);
void furnish_underlay(struct actor *a, unsigned int h, unsigned int u);
void furnish_peers(struct actor *a, unsigned int h);
int port_attach(struct actor *a, unsigned int h, unsigned int n, const char *dev);
void trunk_init(struct actor *a);

void watch_close(void);
void tap_close(void);

/* -------------------------------------------------------------- traffic */

/* The largest that a builder makes, without the payload of a raw GSO frame. */
#define FRAME_MAX	2048

size_t frame_arp(uint8_t *f, struct rnd *r, const uint8_t *src);
size_t frame_nd(uint8_t *f, struct rnd *r, const uint8_t *src);
size_t frame_udp(uint8_t *f, struct rnd *r, const uint8_t *src,
		 const uint8_t *dst, unsigned int dst_last);
size_t frame_vlan(uint8_t *f, size_t len, struct rnd *r);
size_t frame_group(uint8_t *f, struct rnd *r, const uint8_t *src);
size_t frame_tcp(uint8_t *f, struct rnd *r, const uint8_t *src,
		 const uint8_t *dst, unsigned int dst_last, size_t payload);
/* any of these */
size_t frame_any(uint8_t *f, struct rnd *r, const uint8_t *src);

void send_traffic(struct actor *a);	/* a thread */

struct tcp;
struct tcp *tcp_new(void);
void tcp_step(struct tcp *t, struct rnd *r, int place, unsigned int gen);
void tcp_sweep(struct tcp *t);
void tcp_free(struct tcp *t);

#endif /* CHURN_H */
