/* SPDX-License-Identifier: GPL-2.0 */
/* Networks. */
#ifndef CT_NET_H
#define CT_NET_H

#include "link.h"

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
 * @nat: it is recorded by ct_nat_net_set(), and not known to the kernel
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
	bool nat;
};

/* The struct ct_num of an attribute. */
#define CT_ATTR(a, conf) ((struct ct_num *)((char *)(conf) + (a)->off))
/* As it is given: the number, the word, or on and off. */
const char *ct_attr_text(const struct ct_attr *a, uint32_t v, char buf[CT_TEXT]);
/* And back; NULL, or what is wrong with the word. */
const char *ct_attr_parse(const struct ct_attr *a, const char *s, struct ct_num *n);

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
	struct ct_num masquerade;
	struct ct_num internal;
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

/**
 * struct ct_vtep - a UDP socket of the namespace
 * @family: AF_INET or AF_INET6
 * @dstport: its UDP port
 * @underlay: index of the device that it is bound to, 0: none, or CTNET_UNDERLAY_GONE
 * @nets: networks that share it
 */
struct ct_vtep {
	int family;
	uint16_t dstport;
	uint32_t underlay;
	uint32_t nets;
};

/* A message of the family to one, with what it dropped. -errno. */
int ct_vtep_parse(struct nlmsghdr *h, struct ct_vtep *vtep, struct ct_stats *stats);
/*
 * A message of the family to a network; what is recorded of its NAT is not in there, and
 * ct_nat_fill() puts it in. -errno.
 */
int ct_net_parse(struct nlmsghdr *h, struct ct_net *net, struct ct_stats *stats);
void ct_stats_parse(struct ct_stats *st, const struct nlattr *stats,
		    const struct nlattr *drops);
/* All objects of a kind (CTNET_CMD_*_GET), of a network or of all (0). */
int ct_dump(struct ct *ct, uint8_t cmd, int net, struct ct_replies *r);
/* It is Docker's, by its alias: Docker makes it, and deletes it. */
#define CT_NET_DOCKER	"docker network "
bool ct_net_is_dockers(const struct ct_link *l);
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

#endif
