/* SPDX-License-Identifier: GPL-2.0 */
/* Peers, and entries of the table. */
#ifndef CT_FDB_H
#define CT_FDB_H

#include "net.h"

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

#endif
