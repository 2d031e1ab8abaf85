/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libctnet: networks, their ports, peers and entries, and the containers on them.
 *
 * A function that may fail returns 0, or CT_USAGE or CT_REFUSED with a sentence in
 * ct->error that says what failed and why. Where it says "-errno" it returns that and sets
 * no sentence: ct_refused() makes one of it. Nothing here prints, exits or catches signals.
 * What has no memory left calls ct_nomem.
 *
 * nl.c		netlink sockets, requests, messages
 * addr.c	numbers, MACs, addresses, routes and lists of them
 * undo.c	all or nothing; the lock of a namespace
 * link.c	interfaces, their addresses and routes
 * netns.c	what names a container's namespace
 * net.c port.c peer.c fdb.c	the objects: read, make, change, delete
 * container.c attach.c change.c autoconf.c announce.c	a container's port
 * state.c	all that there is, read at one go
 */
#ifndef CT_H
#define CT_H

#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/if.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

enum ct_error {
	CT_OK,
	CT_USAGE,		/* what was asked for cannot be meant so */
	CT_REFUSED,		/* the kernel or the system refused */
};

struct ct;

/**
 * struct ct_sock - a netlink socket
 * @ct: whose it is
 * @sk: libnl's socket, or NULL
 * @seq: sequence number of the last request
 * @why: the kernel's sentence on the last refusal, or empty
 */
struct ct_sock {
	struct ct *ct;
	struct nl_sock *sk;
	uint32_t seq;
	char why[256];
};

/**
 * struct ct - a network namespace that is worked on; one thread uses it
 * @own_fd: network namespace that the process was in
 * @ns_fd: network namespace that is worked on
 * @rt: rtnetlink socket in @ns_fd
 * @ge: generic netlink socket in @ns_fd, open after ct_genl()
 * @family: id of the family, 0 until it is known
 * @group: id of its multicast group of events
 * @whole: a dump that changed each time it was read is an error, and no warning
 * @busy: a command has begun that must be finished or taken back
 * @error: what failed and why; NULL: nothing yet
 * @code: of that, CT_USAGE or CT_REFUSED
 * @interrupted: tells whether to stop and take back; NULL: never
 * @warn: called with what is amiss and no error; NULL: nobody wants to know
 * @priv: of undo.c, netns.c, net.c
 */
struct ct {
	int own_fd;
	int ns_fd;
	struct ct_sock rt;
	struct ct_sock ge;
	int family;
	int group;
	bool whole;
	volatile sig_atomic_t busy;
	char *error;
	enum ct_error code;
	bool (*interrupted)(void);
	void (*warn)(struct ct *ct, const char *text);
	struct ct_priv *priv;
};

/* Work in the namespace that @netns names (NULL: our own). ct_close() is owed in any case. */
int ct_open(struct ct *ct, const char *netns);
void ct_close(struct ct *ct);

#define CT_PRINTF(n) __attribute__((format(printf, n, (n) + 1)))

/* Set ct->error; return CT_REFUSED, CT_USAGE. */
int ct_fail(struct ct *ct, const char *fmt, ...) CT_PRINTF(2);
int ct_misuse(struct ct *ct, const char *fmt, ...) CT_PRINTF(2);
void ct_warn(struct ct *ct, const char *fmt, ...) CT_PRINTF(2);

/* Called, and not to return, where there is no memory; until it is set, abort(). */
extern __attribute__((noreturn)) void (*ct_nomem)(void);
void *ct_realloc(void *p, size_t size);
void *ct_calloc(size_t n, size_t size);
char *ct_strdup(const char *s);
/* Room for one more element behind @n in an array that grows by doubling. */
void *ct_grow(void *v, size_t n, size_t size);

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* -------------------------------------------------------------------- nl.c */

/* The messages that answered a request, each aligned. Zeros: none. */
struct ct_replies {
	char *buf;
	size_t len;
	size_t cap;
};

#define ct_for_each_reply(h, r)						\
	for ((h) = (struct nlmsghdr *)(r)->buf;				\
	     (char *)(h) < (r)->buf + (r)->len;				\
	     (h) = (struct nlmsghdr *)((char *)(h) +			\
				       NLMSG_ALIGN((h)->nlmsg_len)))

/* What to tell people of an error number where the kernel says nothing; 0 ends a table. */
struct ct_hint {
	int err;
	const char *text;
};

/* Open a socket in a namespace. -errno. */
int ct_sock_open(struct ct *ct, struct ct_sock *s, int proto, int ns_fd);
void ct_sock_close(struct ct_sock *s);
/* Open ct->ge and find the family. */
int ct_genl(struct ct *ct);

/*
 * Send @msg (and free it), collect the answer (@r NULL: none is wanted); ct_replies_free()
 * is owed where that is not NULL. -errno.
 */
int ct_do(struct ct_sock *s, struct nl_msg *msg, struct ct_replies *r);
void ct_replies_free(struct ct_replies *r);
/* Why: the kernel's words, or the hint's (@hints may be NULL), or a sentence of our own. */
const char *ct_why(const struct ct_sock *s, int err, const struct ct_hint *hints);
/* Fail with "WHAT: WHY". */
int ct_refused(struct ct_sock *s, int err, const struct ct_hint *hints,
	       const char *fmt, ...) CT_PRINTF(4);
/*
 * A step of a command: ct_do() without an answer, or fail with "WHAT: WHY". @back takes it
 * back if the command fails later (NULL: that needs nothing, or another step does it).
 */
int ct_step(struct ct_sock *s, struct nl_msg *msg, struct nl_msg *back,
	    const struct ct_hint *hints, const char *fmt, ...) CT_PRINTF(5);

struct nl_msg *ct_msg(int type, int flags, const void *head, size_t len);
struct nl_msg *ct_genl_msg(struct ct *ct, uint8_t cmd, int flags);
void ct_put(struct nl_msg *msg, int type, const void *data, size_t len);
void ct_put_u8(struct nl_msg *msg, int type, uint8_t v);
void ct_put_u32(struct nl_msg *msg, int type, uint32_t v);
void ct_put_str(struct nl_msg *msg, int type, const char *v);
/* A number of @width bytes: 1, 2 or 4. */
void ct_put_num(struct nl_msg *msg, int type, uint32_t v, int width);
struct nlattr *ct_nest(struct nl_msg *msg, int type);
/* Attributes of a message of the family, or behind a header of @len bytes. -errno. */
int ct_parse_genl(struct nlmsghdr *h, struct nlattr **tb, int max);
int ct_parse(struct nlmsghdr *h, size_t len, struct nlattr **tb, int max);
/* A number, of whatever width; 0 where there is none. */
uint64_t ct_get_num(const struct nlattr *a);

/* ------------------------------------------------------------------ addr.c */

struct ct_ip {
	uint8_t family;		/* AF_INET, AF_INET6; 0: none */
	uint8_t len;		/* 4, 16 */
	uint8_t b[16];
};

/* What an item of a list does to what there is, where that is changed. */
enum ct_edit {
	CT_ADD,
	CT_REMOVE,
	CT_NONE,		/* all that there was goes */
};

/**
 * struct ct_addr - an address, one with its prefix length, or a route
 * @ip: the address, or what the route leads to
 * @plen: prefix length; of a plain address 0
 * @via: of a route: the gateway, or none
 * @onlink: of a route: @via is in no subnet
 * @edit: enum ct_edit
 */
struct ct_addr {
	struct ct_ip ip;
	uint8_t plen;
	struct ct_ip via;
	bool onlink;
	uint8_t edit;
};

struct ct_addrs {
	size_t n;
	struct ct_addr *v;
};

struct ct_num {
	bool set;
	uint32_t v;
};

struct ct_mac {
	bool set;
	bool by_address;	/* that which is made from the first address */
	uint8_t v[6];
};

/* Words to values; NULL, or what is wrong with the word, valid until the next is parsed. */
const char *ct_parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *v);
const char *ct_parse_mac(const char *s, uint8_t mac[6]);
const char *ct_parse_ip(const char *s, struct ct_ip *ip);
const char *ct_parse_cidr(const char *s, struct ct_addr *a);
/* "CIDR" or "CIDR,via IP" */
const char *ct_parse_route(const char *s, struct ct_addr *r);
/* An interface's name, as it may be given to one; as one that there is may be called. */
const char *ct_parse_name(const char *s);
const char *ct_parse_known_name(const char *s);
const char *ct_parse_target(const char *s);

#define CT_TEXT	128		/* room for any of these */
const char *ct_ip_text(const struct ct_ip *ip, char buf[CT_TEXT]);
const char *ct_cidr_text(const struct ct_addr *a, char buf[CT_TEXT]);
const char *ct_route_text(const struct ct_addr *r, char buf[CT_TEXT]);
const char *ct_mac_text(const uint8_t mac[6], char buf[CT_TEXT]);

bool ct_ip_set(struct ct_ip *ip, const void *bytes, size_t len);
bool ct_ip_get(struct ct_ip *ip, const struct nlattr *a);	/* false: there is none */
bool ct_ip_equal(const struct ct_ip *a, const struct ct_ip *b);
/* For sorting: IPv4 before IPv6, by number, then by prefix length. */
int ct_addr_order(const void *a, const void *b);
bool ct_ip_is_link_local(const struct ct_ip *ip);	/* an IPv6 one */
/* Whether an address is in the subnet of another. */
bool ct_ip_is_in(const struct ct_ip *ip, const struct ct_addr *subnet);
/* The same in address, prefix length and gateway. */
bool ct_addr_equal(const struct ct_addr *a, const struct ct_addr *b);
bool ct_addr_among(const struct ct_addrs *l, const struct ct_addr *a);
/* The same address, whatever the prefix length. */
bool ct_ip_among(const struct ct_addrs *l, const struct ct_ip *ip);
/* All of each among the other. */
bool ct_addrs_same(const struct ct_addrs *a, const struct ct_addrs *b);
void ct_addrs_add(struct ct_addrs *l, const struct ct_addr *a);
void ct_ips_add(struct ct_addrs *l, const struct ct_ip *ip);
void ct_addrs_free(struct ct_addrs *l);
/* The addresses without their prefixes, each once; to be freed. */
struct ct_addrs ct_addrs_ips(const struct ct_addrs *l);
/*
 * What @have is after the edits of @e, into @out, which is to be freed. A new one replaces
 * that which @same says is the same; one to be removed is that for which @same holds, and
 * via the same gateway if it has one. Returns what is to be removed and is not there, or
 * NULL.
 */
const struct ct_addr *ct_addrs_edit(const struct ct_addrs *have, const struct ct_addrs *e,
				    bool (*same)(const struct ct_addr *a,
						 const struct ct_addr *b),
				    struct ct_addrs *out);
bool ct_same_cidr(const struct ct_addr *a, const struct ct_addr *b);
bool ct_same_family(const struct ct_addr *a, const struct ct_addr *b);
/* Edits that make @have @want. */
void ct_addrs_diff(const struct ct_addrs *have, const struct ct_addrs *want,
		   struct ct_addrs *edits);
/* Why this is no address that a container can have in its subnet, or NULL. */
const char *ct_not_hosts(const struct ct_addr *a);

/* @size random bytes. */
void ct_random(void *buf, size_t size);
void ct_mac_random(uint8_t mac[6]);
/* The MAC that is made of an address, or another one where others have those before it. */
#define CT_MAC_TRIES 8
void ct_mac_from_ip(uint8_t mac[6], const struct ct_ip *ip, unsigned int try);
bool ct_mac_is_from_ip(const uint8_t mac[6], const struct ct_ip *ip);

/* ------------------------------------------------------------------ undo.c */

/*
 * A command that is refused or interrupted leaves nothing behind: from ct_begin() on each
 * step says how it is taken back, and ct_end() does that if @err is not 0. It returns @err.
 * It nests: what an inner command did is taken back if the outer one fails later.
 */
void ct_begin(struct ct *ct);
int ct_end(struct ct *ct, int err);
/* Take back what is under way, on every level. For ct_nomem. */
void ct_undo_all(struct ct *ct);
bool ct_interrupted(struct ct *ct);
/* A message, or a call (whose argument is freed), that takes a step back. */
void ct_undo(struct ct_sock *s, struct nl_msg *msg);
void ct_undo_call(struct ct *ct, void (*fn)(void *arg), void *arg);
/* What @s was to take back on this level, other steps take back. */
void ct_undo_forget(struct ct_sock *s);
/* Called once all is done or undone, on the outermost level; at once outside of any. */
void ct_at_end(struct ct *ct, void (*fn)(void *arg), void *arg);

/*
 * Who attaches a container holds the lock of the namespace, with others; who must know that
 * nobody does, holds it alone: what is half made then was left by somebody who was killed.
 * To take it alone after having it with others is to wait, and so to look again. It nests.
 */
void ct_lock(struct ct *ct, bool alone);
void ct_unlock(struct ct *ct);

/* ------------------------------------------------------------------ link.c */

#define CT_MARK_LEN	12	/* "ct" and ten hexadecimal digits */

/**
 * struct ct_link - what we want to know of an interface
 * @ifindex: its index
 * @name: its name
 * @alias: its alias, or empty
 * @kind: rtnl kind, or empty
 * @mac: its Ethernet address, valid if @has_mac
 * @has_mac: it has one
 * @mtu: its MTU
 * @flags: IFF_*
 * @operstate: IF_OPER_*
 * @group: device group
 * @master: index of what it is a port of, or 0
 * @peer: index of the other end, or 0
 * @peer_nsid: id of the namespace that the other end is in, -1: this one
 * @peer_goes: the other end is in a namespace that is being taken apart
 * @mark: the name that add-port gave it, or empty; an altname begins with it where the
 *	name is another
 * @given: what its other end was to be called, of which that altname tells, or empty
 */
struct ct_link {
	int ifindex;
	char name[IFNAMSIZ];
	char alias[256];
	char kind[16];
	uint8_t mac[6];
	bool has_mac;
	uint32_t mtu;
	unsigned int flags;
	uint8_t operstate;
	uint32_t group;
	int master;
	int peer;
	int peer_nsid;
	bool peer_goes;
	char mark[CT_MARK_LEN + 1];
	char given[IFNAMSIZ];
};

/* Interfaces in order of their index. */
struct ct_links {
	struct ct_link *v;
	size_t n;
};

/*
 * By name, or where that is NULL by index; in the namespace that the socket knows as @nsid,
 * or in the socket's own if that is -1. -errno.
 */
int ct_link_get(struct ct_sock *s, const char *name, int ifindex, int nsid,
		struct ct_link *l);
int ct_link_dump(struct ct_sock *s, struct ct_links *ls);
const struct ct_link *ct_link_find(const struct ct_links *ls, int ifindex);
/* By any of its names, of which the kernel is asked. */
const struct ct_link *ct_link_called(struct ct_sock *s, const struct ct_links *ls,
				     const char *name);
void ct_links_free(struct ct_links *ls);

struct nl_msg *ct_link_msg(int type, int flags, int ifindex);
struct nl_msg *ct_link_del_msg(int ifindex);
struct nl_msg *ct_link_up_msg(int ifindex, bool up);
struct nl_msg *ct_link_alias_msg(int ifindex, const char *alias);
struct nl_msg *ct_link_mtu_msg(int ifindex, uint32_t mtu);
struct nl_msg *ct_link_mac_msg(int ifindex, const uint8_t mac[6]);
struct nl_msg *ct_link_name_msg(int ifindex, const char *name);
/* An altname that comes (RTM_NEWLINKPROP) or goes (RTM_DELLINKPROP). */
struct nl_msg *ct_link_altname_msg(int type, int ifindex, const char *name);
/*
 * Delete those of @ls for which @goes[i] in one stroke, all or nothing, and say how to take
 * back what fails. -errno.
 */
int ct_links_del(struct ct_sock *s, const struct ct_links *ls, const bool *goes);
/* Steps: bring up what is not; give it another alias, if @label is one. */
int ct_link_up(struct ct_sock *s, const struct ct_link *l);
int ct_link_label(struct ct_sock *s, const struct ct_link *l, const char *label);

/* The id that the socket's namespace has for another into @id; -1: none. -errno. */
int ct_link_nsid(struct ct_sock *s, int ns_fd, int *id);

struct nl_msg *ct_addr_msg(int type, int flags, int ifindex, const struct ct_addr *a,
			   uint32_t ifa_flags);
/*
 * The addresses of an interface (0: of all); with @given only those that somebody gave it
 * for good, not the kernel's link-local ones, nor what a router or a lease gave. @nsid as
 * ct_link_get(). -errno.
 */
int ct_addr_dump(struct ct_sock *s, int ifindex, int nsid, bool given,
		 struct ct_addrs *addrs);
/* Whether the socket's namespace has this address, on whichever interface. */
bool ct_addr_is_here(struct ct_sock *s, const struct ct_ip *ip);
/*
 * Steps: add the addresses that are not there yet; remove those of @have that are not
 * among @want, of which all stay. @where names the interface in a message.
 */
int ct_addr_add_all(struct ct_sock *s, int ifindex, const char *where,
		    const struct ct_addrs *addrs, uint32_t ifa_flags);
int ct_addr_del_others(struct ct_sock *s, int ifindex, const char *where,
		       const struct ct_addrs *have, const struct ct_addrs *want,
		       uint32_t ifa_flags);
/* A route, and those that are like this: static, in the main table. */
struct nl_msg *ct_route_msg(int type, const struct ct_addr *r, int ifindex);
int ct_route_dump(struct ct_sock *s, int ifindex, struct ct_addrs *routes);

/* ----------------------------------------------------------------- netns.c */

/*
 * A descriptor of the namespace that @target names: a PID, a name of "ip netns" or a path;
 * or -1 after an error. One that is not there sets @gone, if that is not NULL, and is no
 * error. @tail is what else there is to say of it ("" for nothing).
 */
int ct_netns_open(struct ct *ct, const char *target, bool *gone, const char *tail);
/* Be in a namespace to open something there. -errno. */
int ct_netns_enter(struct ct *ct, int fd);
int ct_netns_leave(struct ct *ct);
bool ct_netns_same(int a, int b);
/*
 * A target that names the namespace with this id (of ours) and will do so after a restart:
 * @label, if that is one, a name of "ip netns", or where it is mounted; NULL if there is
 * none. To be freed. What was read for it is kept until ct_netns_forget(). -errno.
 */
int ct_netns_name(struct ct *ct, int nsid, const char *label, char **name);
/*
 * A descriptor of that namespace, by its name or by a process that is in it, into @fd; -1:
 * nothing leads to it. -errno.
 */
int ct_netns_open_id(struct ct *ct, int nsid, const char *label, int *fd);
void ct_netns_forget(struct ct *ct);

/* ------------------------------------------------------------------- net.c */

/**
 * struct ct_attr - a number, or a switch, that a network or a port has
 * @name: as the options and JSON have it, with hyphens
 * @off: of its struct ct_num in struct ct_net_conf or ct_port_conf
 * @onoff: it is a switch
 * @min: least number
 * @max: greatest number
 * @preset: what it is unless it is given
 * @word: a word that may stand instead of a number, or of on and off; or NULL
 * @word_value: the number that it stands for
 * @set: IFLA_CTNET_* that sets it, 0: another way; of a port the flag
 * @get: CTNET_A_NET_* that has it
 * @width: bytes of @set
 * @tunnel: only a network with a VNI has it
 */
struct ct_attr {
	const char *name;
	size_t off;
	bool onoff;
	uint32_t min;
	uint32_t max;
	uint32_t preset;
	const char *word;
	uint32_t word_value;
	uint16_t set;
	uint16_t get;
	uint8_t width;
	bool tunnel;
};

/* The struct ct_num of an attribute. */
#define CT_ATTR(a, conf) ((struct ct_num *)((char *)(conf) + (a)->off))
/* As it is given: the number, the word, or on and off. */
const char *ct_attr_text(const struct ct_attr *a, uint32_t v, char buf[CT_TEXT]);

#define CT_MTU_AUTO	0	/* it follows: a network's its underlay, a port's its network */
/* The underlay of a network that has none, unless a device is called so. */
#define CT_UNDERLAY_ANY	"any"

/* What a network is asked to be; also what the kernel says of one. */
struct ct_net_conf {
	struct ct_num vni;
	struct ct_addr local[2];	/* IPv4, IPv6; CT_REMOVE takes it away */
	struct ct_num dstport;
	const char *underlay;
	bool underlay_any;		/* even if a device is called so */
	uint32_t underlay_ifindex;	/* 0: any */
	struct ct_addrs address;	/* of the host; ct_net_set(): edits */
	struct ct_num mtu;
	struct ct_mac mac;
	struct ct_num learning;
	struct ct_num ageing;
	struct ct_num flood;
	struct ct_num max_fdb;
	struct ct_num suppress;
	struct ct_num ttl;
	struct ct_num tos;
	struct ct_num df;
	struct ct_num udp_csum;
	struct ct_num mark;
	bool may_exist;
	bool if_exists;
};

/* Its numbers and switches, in the order of the options; ends with a name of NULL. */
extern const struct ct_attr ct_net_attrs[];

#define CT_DROPS	64	/* more than there are reasons */

/* Counters: rx_packets, rx_bytes, tx_packets, tx_bytes; and drops by reason. */
struct ct_stats {
	bool have;
	uint64_t v[4];
	bool have_drops;
	uint64_t has;		/* bit N: @drops[N] is there */
	uint64_t drops[CT_DROPS];
};

struct ct_net {
	int ifindex;
	char name[IFNAMSIZ];
	struct ct_net_conf conf;
	bool mtu_auto;
	uint32_t ports;
	uint32_t peers;
	uint32_t fdb_static;
	uint32_t fdb_learned;
};

/* A message of the family to a network. -errno. */
int ct_net_parse(struct nlmsghdr *h, struct ct_net *net, struct ct_stats *stats);
void ct_stats_parse(struct ct_stats *st, const struct nlattr *stats,
		    const struct nlattr *drops);
/* All objects of a kind (CTNET_CMD_*_GET), of a network or of all (0). */
int ct_dump(struct ct *ct, uint8_t cmd, int net, struct ct_replies *r);
/* The network of a name. With @gone, one that is not there sets it and is no error. */
int ct_net_find(struct ct *ct, const char *name, struct ct_link *l, bool *gone);
/*
 * Its index alone, and that of a device or of a container's port: each is looked up once,
 * until ct_forget() or until rtnetlink changes something.
 */
int ct_net_index(struct ct *ct, const char *name, int *ifindex, bool *gone);
int ct_dev_index(struct ct *ct, const char *name, int *ifindex);
int ct_container_index(struct ct *ct, int net, const char *target, const char *ifname,
		       int *ifindex);
void ct_forget(struct ct *ct);

/* Make a network and bring it up; change one; delete one with what add-port made. */
int ct_net_add(struct ct *ct, const char *name, struct ct_net_conf *o);
int ct_net_set(struct ct *ct, const char *name, struct ct_net_conf *o);
int ct_net_del(struct ct *ct, const char *name, bool if_exists);
/* Whether one may be made so, as far as its conf tells. */
int ct_net_check(struct ct *ct, const char *name, const struct ct_net_conf *o);
/* Find the device of o->underlay, if that is given. */
int ct_net_find_underlay(struct ct *ct, struct ct_net_conf *o);
/* What differs of a network from what is asked for, addresses as edits; to be freed. */
void ct_net_diff(const struct ct_net *net, const uint8_t mac[6],
		 const struct ct_addrs *addrs, const struct ct_net_conf *o,
		 struct ct_net_conf *change);
/* The MAC that these options give a network; false: any. */
bool ct_net_mac(uint8_t mac[6], const struct ct_net_conf *o);
/* Whether the local address of IPv4 (0) or IPv6 (1) is set and none of the host's. */
bool ct_net_local_absent(struct ct *ct, const struct ct_net_conf *o, int i);

/* ------------------------------------------------------------------ port.c */

/* Flags that are on for a container's port, besides the kernel's own defaults. */
#define CT_TARGET_FLAGS	(CTNET_PORT_GUARD | CTNET_PORT_MTU_AUTO)

/* What a port is asked to be. */
struct ct_port_conf {
	const char *dev;
	const char *near;	/* the near end of what add-port made before */
	const char *ifname;
	const char *host_ifname;
	struct ct_addrs address;	/* these three: ct_port_set(): edits */
	struct ct_addrs gateway;
	struct ct_addrs route;
	struct ct_mac mac;
	struct ct_num mtu;
	struct ct_num learning;
	struct ct_num flood;
	struct ct_num hairpin;
	struct ct_num guard;
	struct ct_num isolated;
	const char *label;
	bool may_exist;
	bool if_exists;
};

/* Its switches; ends with a name of NULL. */
extern const struct ct_attr ct_port_attrs[];
/* The flags that were given, as a bitfield: which, and which of them are on. */
void ct_port_flags(const struct ct_port_conf *o, uint32_t *value, uint32_t *selector);

struct ct_port {
	int net;
	int dev;
	char devname[IFNAMSIZ];
	uint32_t flags;
};

int ct_port_parse(struct nlmsghdr *h, struct ct_port *port, struct ct_stats *stats);
int ct_port_get(struct ct *ct, int net, int dev, struct ct_port *port);
/* A request on a port; with flags unless @selector is 0. */
struct nl_msg *ct_port_msg(struct ct *ct, uint8_t cmd, int net, int dev, uint32_t flags,
			   uint32_t selector);
/* A device by a name. With @gone, one that is not there sets it and is no error. */
int ct_dev_find(struct ct *ct, const char *dev, struct ct_link *l, bool *gone);
/* Whether add-port TARGET made this device, and so del-port may delete it. */
bool ct_port_is_made(const struct ct_link *near);
/* Whether an add-port is at work on it; or, while we have the lock alone, was killed. */
bool ct_port_is_unfinished(const struct ct_link *near);

/*
 * Make, change, delete the port of a container (@target not NULL), or that which the conf
 * names: a device, a near end, a label. As ctnetctl(8) has it.
 */
int ct_port_add(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o);
int ct_port_set(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o);
int ct_port_del(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o);
/* Whether one may be made (@add), or changed, with these. */
int ct_port_check(struct ct *ct, const char *target, const struct ct_port_conf *o,
		  bool add);
/* Steps: set the flags that were given; does a port contradict what is asked for? */
int ct_port_set_flags(struct ct *ct, int net, int dev, const struct ct_port_conf *o);
int ct_port_compare(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
		    const struct ct_port_conf *o);
/*
 * The routes that the options give a container with these addresses; to be freed. By a
 * gateway that is in none of its subnets they lead directly, if an address of that family
 * is a whole one, /32 or /128.
 */
void ct_port_routes(struct ct_addrs *out, const struct ct_addrs *gateways,
		    const struct ct_addrs *routes, const struct ct_addrs *addrs);

/* ------------------------------------------------------------ peer.c, fdb.c */

struct ct_peer {
	int net;
	struct ct_ip addr;
	uint16_t dstport;	/* 0: the network's */
};

int ct_peer_parse(struct nlmsghdr *h, struct ct_peer *peer, struct ct_stats *stats);
/* @dstport not set: the network's. */
int ct_peer_add(struct ct *ct, const char *net, const struct ct_ip *addr,
		const struct ct_num *dstport, bool may_exist);
int ct_peer_del(struct ct *ct, const char *net, const struct ct_ip *addr, bool if_exists);

/* Where an entry is asked to lie, and with which addresses. */
struct ct_fdb_conf {
	const char *port;
	struct ct_ip peer;
	bool self;
	const char *target;
	const char *ifname;
	struct ct_addrs ip;
	bool learned;		/* ct_fdb_flush(): learned entries only */
	bool may_exist;
	bool if_exists;
};

struct ct_fdb {
	int net;
	uint8_t mac[6];
	int port;		/* or 0 */
	struct ct_ip peer;	/* or none */
	bool self;
	bool is_static;
	bool local;		/* there by itself */
	uint32_t age;		/* ms, of a learned entry */
	struct ct_addrs ips;	/* to be freed */
	struct ct_ip claimed;	/* or none */
};

int ct_fdb_parse(struct nlmsghdr *h, struct ct_fdb *f);
int ct_fdb_get(struct ct *ct, int net, const uint8_t mac[6], struct ct_fdb *f);
/* The static entries of all networks (0) or one, or of one port of it. -errno. */
int ct_fdb_dump_static(struct ct *ct, int net, int port, struct ct_replies *r);
/* CTNET_CMD_FDB_ADD, _SET, _DEL: ADD and SET with where it lies and its addresses. */
struct nl_msg *ct_fdb_msg(struct ct *ct, uint8_t cmd, const struct ct_fdb *f);
/*
 * Why an entry was refused: who has its MAC or addresses already, if that is it. Valid
 * until it is asked again.
 */
const char *ct_fdb_why(struct ct *ct, int err, const struct ct_fdb *f);
int ct_fdb_check(struct ct *ct, const struct ct_fdb_conf *o);
int ct_fdb_add(struct ct *ct, const char *net, const uint8_t mac[6],
	       const struct ct_fdb_conf *o);
int ct_fdb_replace(struct ct *ct, const char *net, const uint8_t mac[6],
		   const struct ct_fdb_conf *o);
int ct_fdb_del(struct ct *ct, const char *net, const uint8_t mac[6], bool if_exists);
int ct_fdb_flush(struct ct *ct, const char *net, const struct ct_fdb_conf *o);

/* ------------------------------------------------------------- container.c */

#define CT_IFNAME	"eth0"

enum ct_far {
	CT_FAR_NONE,		/* no interface of that name */
	CT_FAR_OTHER,		/* one, whose other end is not here */
	CT_FAR_HERE,		/* one, whose other end is in our namespace */
};

/**
 * struct ct_container - the namespace that a TARGET names, and what it has there
 * @ct: what it is looked at from
 * @target: as it was given
 * @asked: what the interface is looked for by
 * @ifname: what it is called, or is to be
 * @fd: its namespace
 * @s: rtnetlink socket in there
 * @state: what is there
 * @far: the interface, unless CT_FAR_NONE
 * @near: its other end, if CT_FAR_HERE
 */
struct ct_container {
	struct ct *ct;
	const char *target;
	const char *asked;
	const char *ifname;
	int fd;
	struct ct_sock s;
	enum ct_far state;
	struct ct_link far;
	struct ct_link near;
};

/*
 * Open a container (@ifname NULL: the default); NULL after an error, or with @gone set. It
 * stays open until ct_container_close(), or ct_container_keep(): until nothing is left to be
 * undone in it. @tail as in ct_netns_open().
 */
struct ct_container *ct_container_open(struct ct *ct, const char *target,
				       const char *ifname, bool *gone, const char *tail);
/* The same by a near end that add-port made. */
struct ct_container *ct_container_open_near(struct ct *ct, const struct ct_link *near,
					    bool *gone);
void ct_container_close(struct ct_container *c);
void ct_container_keep(struct ct_container *c);
/* Look again what is there. */
int ct_container_find(struct ct_container *c);
/*
 * Look again once nobody else is at work on its port, if somebody seems to be. The lock,
 * which the caller has, is held alone then.
 */
int ct_container_settle(struct ct_container *c);
/* Whether its port is one of the network, or of none any more but made by add-port. */
bool ct_container_is_on(const struct ct_container *c, const struct ct_link *net);
/* ct_container_open(), for one that has a port of this network. */
struct ct_container *ct_container_port(struct ct *ct, const struct ct_link *net,
				       const char *target, const char *ifname);
/* Fail: it has no such port of the network; there is such an interface already. */
int ct_container_is_elsewhere(const struct ct_container *c);
int ct_container_already(const struct ct_container *c);

/* attach.c, change.c: ct_port_add(), _set() and _del() for a container. */
int ct_attach(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o);
int ct_change(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o);
int ct_detach(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o);
/* Delete a veth that add-port made; @what names it in a message. */
int ct_detach_near(struct ct *ct, const struct ct_link *net, const char *what,
		   const struct ct_link *near);
/* Step: the near end is called so on the host (NULL: as it is). */
int ct_attach_rename(struct ct *ct, struct ct_link *near, const char *name);

/* ----------------------------------------------------------------- state.c */

/**
 * struct ct_state_net - a network
 * @net: what the kernel says of it
 * @stats: its counters
 * @link: its device
 * @addrs: addresses that somebody gave it
 */
struct ct_state_net {
	struct ct_net net;
	struct ct_stats stats;
	struct ct_link link;
	struct ct_addrs addrs;
};

struct ct_state_peer {
	struct ct_peer peer;
	struct ct_stats stats;
};

/**
 * struct ct_state_port - a port
 * @port: what the kernel says of it
 * @stats: its counters
 * @near: its device
 * @made: add-port TARGET made it
 * @has_far: @far is known
 * @far: the interface in the container
 * @mac: the container's MAC, by what the host has of it
 * @target: what names the container for good, or NULL
 * @addrs: addresses of that interface which the table has at its MAC
 * @reached: a name or a process leads to the container, so that @routes were read
 * @routes: its routes
 */
struct ct_state_port {
	struct ct_port port;
	struct ct_stats stats;
	struct ct_link near;
	bool made;
	bool has_far;
	struct ct_link far;
	uint8_t mac[6];
	char *target;
	struct ct_addrs addrs;
	bool reached;
	struct ct_addrs routes;
};

/**
 * struct ct_state - all of a namespace, or of one network
 * @links: its interfaces
 * @nets: in order of their names
 * @ports: in order of their device's index; without those whose other end goes, and they
 *	with it
 * @peers: in order of network and address
 * @fdb: static entries, in order of network and MAC, with those that are there by
 *	themselves
 */
struct ct_state {
	struct ct_links links;
	struct ct_state_net *nets;
	size_t n_nets;
	struct ct_state_port *ports;
	size_t n_ports;
	struct ct_state_peer *peers;
	size_t n_peers;
	struct ct_fdb *fdb;
	size_t n_fdb;
};

/*
 * Of the network with this index, or of all (0). @strict: for who acts by it: what cannot be
 * read, or changes each time it is read, is an error; routes are only those that add-port
 * would take as they are. ct_state_free() is owed in any case.
 */
int ct_state_read(struct ct *ct, int net, bool strict, struct ct_state *st);
void ct_state_free(struct ct_state *st);
struct ct_state_net *ct_state_net(const struct ct_state *st, int ifindex);
struct ct_state_port *ct_state_port(const struct ct_state *st, int dev);
struct ct_state_peer *ct_state_peer(const struct ct_state *st, int net,
				    const struct ct_ip *addr);
struct ct_fdb *ct_state_fdb(const struct ct_state *st, int net, const uint8_t mac[6]);
/* The entry that was entered with a port, whatever MAC its container has now; or NULL. */
const struct ct_fdb *ct_state_own_entry(const struct ct_state *st,
					const struct ct_state_port *p);
/* Whether an entry is that, with no address that the port does not have. */
bool ct_state_entry_is_own(const struct ct_state_port *p, const struct ct_fdb *f);

#endif
