/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ctfuzz: fuzzing of the module, steered by the coverage of its own code.
 *
 * A case is a short sequence of records, and a record is bytes for one channel: a
 * netlink socket, or a tap device that a frame is written to. A mode makes cases and
 * changes them; everything else is common to all modes.
 */
#ifndef CTFUZZ_H
#define CTFUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define REC_MAX		4096	/* bytes of a record */
#define REC_CUTS	3	/* places where a frame is cut into fragments of an skb */
#define CASE_MAX	8	/* records of a case */

/*
 * Channels: netlink sockets, a packet socket of the host, and taps: those that end in N
 * have IFF_NAPI_FRAGS, in G IFF_NAPI.
 */
enum chan {
	CH_GENL,
	CH_RTNL,
	CH_HOST,
	CH_GUARD,
	CH_PLAIN,
	CH_ISOL,
	CH_GUARDN,
	CH_PLAINN,
	CH_PLAING,
	CH_UL,
	CH_ULN,
	CH_ULG,
	CH_MAX
};

extern const char *const chan_names[CH_MAX];

static inline bool chan_is_netlink(enum chan c)
{
	return c <= CH_RTNL;
}

static inline bool chan_is_frags(enum chan c)
{
	return c == CH_GUARDN || c == CH_PLAINN || c == CH_ULN;
}

/**
 * struct rec - bytes for one channel
 * @chan: enum chan
 * @n_cuts: of @cut, which the frame is cut at
 * @cut: offsets in the frame, ascending
 * @len: of @data
 * @data: a netlink message, or a virtio-net header and a frame
 */
struct rec {
	u8	chan;
	u8	n_cuts;
	u16	cut[REC_CUTS];
	u16	len;
	u8	data[REC_MAX];
};

struct fcase {
	unsigned int	n;
	struct rec	rec[CASE_MAX];
};

/**
 * struct mode - what is fuzzed
 * @name: as on the command line, and of the corpus
 * @setup: builds the topology; ends the program if it can not
 * @generate: makes a case out of nothing
 * @mutate: changes one
 * @tidy: makes the topology as it was
 * @tidy_every: so many cases
 */
struct mode {
	const char	*name;
	void		(*setup)(void);
	void		(*generate)(struct fcase *c);
	void		(*mutate)(struct fcase *c);
	void		(*tidy)(void);
	unsigned int	tidy_every;
};

extern const struct mode mode_netlink, mode_port, mode_underlay;

/* main.c */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* rng.c */
void rng_seed(u64 seed);
u64 rng(void);
/* below n, which is not 0 */
u32 rnd(u32 n);
/* true in n of 100 */
bool chance(u32 n);

/* text.c: cases as text */
void text_print(FILE *f, const struct fcase *c, const char *comment);
/* false at the end of the file; @comment has 256 bytes, or is NULL */
bool text_parse(FILE *f, struct fcase *c, char *comment);

/* last.c: the last cases, as text, for when the kernel dies */
#define BATCH 16	/* cases that are written, and then run */
void last_open(const char *path);
void last_write(const struct fcase *cases, unsigned int n, u64 number);

/* points.c: the module's instrumented points, as far as they were reached */
#define POINTS_MAX 8192
void points_load(const char *ko);
unsigned int points_count(void);
/* a new one if it was not seen before; -1 for what is none of the module's */
int points_index(u64 pc);
const char *points_function(unsigned int i);
void points_report(const char *path);

/* kcov.c */
void kcov_open(void);
void kcov_reset(void);
/* the addresses that were reached since, and how many they are */
u64 kcov_read(const volatile u64 **pcs);

/* cover.c: what was reached so far */
/* what the last case reached that no case had: points, and steps from one to another */
unsigned int cover_collect(unsigned int *steps);
const u8 *cover_of_case(void);
/* names functions of points that the last case was the first to reach */
void cover_comment(char *buf, size_t size);

/* corpus.c */
void corpus_add(const struct fcase *c, bool keep);
unsigned int corpus_size(void);
/* a copy of one, chosen at random; false if there is none */
bool corpus_pick(struct fcase *c);
unsigned int corpus_load(const char *dir, void (*run)(struct fcase *c));
unsigned int corpus_save(const char *dir, const char *mode);

/* mutate.c: bytes */
void rec_insert(struct rec *r, unsigned int at, const void *p, unsigned int n);
void rec_delete(struct rec *r, unsigned int at, unsigned int n);
void mutate_bytes(struct rec *r, unsigned int from);
/* changes which records a case has, and their order */
void mutate_sequence(struct fcase *c);

/* nl.c: netlink */
void nl_open(void);
/* @n records of one channel at once; and all replies to what was sent */
void nl_send(const struct rec *r, unsigned int n);
void nl_receive(void);
void nl_drain_events(void);
/* a message in the making, and an attribute of it */
struct nlmsghdr;
struct nlbuf {
	u32	len;
	u8	data[REC_MAX];
};

void nl_begin(struct nlbuf *b, u16 type, u16 flags, const void *hdr, u32 hdrlen);
void nl_put(struct nlbuf *b, u16 type, const void *p, u32 len);
void nl_put_u32(struct nlbuf *b, u16 type, u32 v);
u32 nl_nest(struct nlbuf *b, u16 type);
void nl_nest_end(struct nlbuf *b, u32 nest);
void nl_end(struct nlbuf *b);
/* sends it and waits for the ack; 0 or a negative errno */
int nl_talk(struct nlbuf *b, bool genl);
void nl_talk_in(int ns);
/* calls back for each message of a dump, which is not to talk in between */
void nl_dump(struct nlbuf *b, bool genl, void (*fn)(const struct nlmsghdr *nlh));
/* calls back for each link of the namespace */
void nl_each_link(void (*fn)(u32 ifindex));

/* link.c: devices, addresses, neighbours */
void link_add(u32 ifindex, const char *name, const char *kind, const u8 *mac);
void link_add_veth(u32 ifindex, const char *name, const u8 *mac, u32 far, int ns);
int link_del(u32 ifindex);
void link_release(u32 ifindex);
void link_set(u32 ifindex, bool up, u32 mtu, u32 txqlen, const u8 *mac);
void link_addr(u32 ifindex, int family, const void *addr, u8 plen);
void link_neigh(u32 ifindex, int family, const void *addr, const u8 *mac);
void sysctl_set(const char *path, const char *value);
int ns_new(void);

/* conf.c: networks, ports, peers, entries */
struct net_conf {
	u32	ifindex, vni, underlay, max_fdb, ageing;
	u32	local4;
	const u8 *local6, *mac;
	int	ttl, tos, df, csum;	/* -1: the default */
};

void conf_net(const struct net_conf *n, bool create);
void conf_net_flags(u32 net, u8 learning, u8 flood, u8 suppress);
void conf_port(u32 net, u32 dev, u32 flags);
void conf_peer(u32 net, int family, const void *addr, u16 port);
/* what was fuzzed may have added such */
void conf_no_linklocal_peers(u32 net);
void conf_fdb(u32 net, const u8 *mac, u32 port, const u8 *peer, u32 peerlen, const u32 *ip4,
	      const u8 *ip6);
void conf_flush(u32 net);

/* tap.c */
void tap_open(enum chan c, u32 ifindex, const u8 *mac, bool offload);
void tap_send(const struct rec *r);
/* a packet socket on a network's device: what the host sends */
void tap_open_host(u32 ifindex);
void tap_drain(void);
void tap_gro_flush_timeout(const char *name);

/* topo.c: the hosts, containers and addresses of port and underlay */
enum who { WHO_HOST, WHO_GUARD, WHO_PLAIN, WHO_ISOL, WHO_VETH, WHO_REMOTE, WHO_REMOTE6, WHO_NOBODY,
	   WHO_MAX };

#define NET0		10
#define NET1		11
#define NET2		12
#define TAP_INDEX(c)	(30 + (c))
#define UL0		TAP_INDEX(CH_UL)
#define VETH0		60

#define VNI0		100
#define VNI1		200
#define VNI2		300

extern const u8 topo_mac[WHO_MAX][6];
extern const u8 topo_ul_mac[3][6];	/* ours, and those of two peers */

void topo_setup(void);
void topo_tidy(void);
u32 topo_ip4(enum who w);
void topo_ip6(enum who w, u8 ip[16]);
/* 0 is ours, 1 and 2 are peers, others strangers */
u32 topo_ul4(unsigned int i);
void topo_ul6(unsigned int i, u8 ip[16]);

/* parse.c: where the headers of a frame are */
/**
 * struct parsed - headers that were found in a packet
 * @l3: where the IP header begins
 * @l4: where what it carries begins, or 0: not found, or in another fragment
 * @end: where the packet ends, as its header says, at most where the bytes end
 * @proto: what it carries
 * @v6: of IPv6
 */
struct parsed {
	u32	l3, l4, end;
	u8	proto;
	bool	v6;
};

/* false if there is no IP header; @at: the Ethernet header */
bool parse_frame(const u8 *p, u32 at, u32 len, struct parsed *out);
bool parse_ip(const u8 *p, u32 at, u32 len, struct parsed *out);
u16 get16(const u8 *p);
void set16(u8 *p, u16 v);

/* frame.c: frames as a container sends them */
void put(struct rec *r, const void *p, unsigned int n);
void put8(struct rec *r, u8 v);
void put16(struct rec *r, u16 v);
void put32(struct rec *r, u32 v);
void put_random(struct rec *r, unsigned int n);
void frame_eth(struct rec *r, const u8 *dst, const u8 *src, u16 proto);
void frame_ip4(struct rec *r, u32 src, u32 dst, u8 proto, u8 tos);
void frame_ip6(struct rec *r, const u8 *src, const u8 *dst, u8 proto, u8 hops, u8 tos);
/* one frame; and one of TCP segments that can be merged, the @n-th */
void frame_container(struct rec *r, enum who from);
void frame_segment(struct rec *r, enum who from, enum who to, bool v6, unsigned int n);

/* l4.c: what an IP packet carries; returns its protocol */
u8 l4_any(struct rec *r, bool v6);
void l4_tcp(struct rec *r, u16 sport, u16 dport, u32 seq, u8 flags, unsigned int payload);
void l4_udp(struct rec *r, u16 sport, u16 dport, unsigned int payload);
/* neighbour discovery and its like, type and all */
void l4_nd(struct rec *r, enum who from, enum who about);

/* fixup.c: lengths and checksums that fit; what is @sloppy of 100 stays as it is */
void fixup_frame(struct rec *r, u32 sloppy, u32 sloppy_inner);

/* vnet.c: the virtio-net header, and where a frame is cut */
#define VNET_LEN 10
void vnet_begin(struct rec *r, enum chan c);
void vnet_choose(struct rec *r);

/* nlval.c: values of attributes */
enum val { V_NET, V_DEV, V_MAC, V_ADDR, V_ADDR4, V_ADDR6, V_FLAG, V_PORT_FLAGS, V_BOOL, V_SMALL,
	   V_UDP_PORT, V_VNI, V_TTL, V_MTU, V_AGEING, V_U32, V_NAME };

/**
 * struct attr - an attribute that a message may have
 * @type: its type
 * @val: what it holds
 * @odds: in how many of 100 messages it is
 */
struct attr {
	u16	type;
	u8	val;
	u8	odds;
};

/* interface indexes that messages name */
void nlval_pools(const u32 *nets, u32 n_nets, const u32 *devs, u32 n_devs);
u32 nlval_net(void);
u32 nlval_dev(void);
void nlval_put(struct nlbuf *b, const struct attr *a);
void nlval_put_all(struct nlbuf *b, const struct attr *a, u32 n);

/* nlgen.c: messages of the family, rtgen.c: of rtnetlink */
void nlgen_message(struct rec *r);
void rtgen_message(struct rec *r);
/* a change of settings of a network that is there */
void rtgen_change(struct rec *r);
/* one that changes settings of the topology of topo.c */
void nlgen_settings(struct rec *r);
void nlgen_copy(struct rec *r, enum chan c, struct nlbuf *b);

/* nlmut.c: changes to messages */
void nlmut_message(struct rec *r);
/* takes out what would reach beyond the test */
void nlmut_tame(struct rec *r);

#endif
