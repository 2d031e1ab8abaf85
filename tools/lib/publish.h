/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Published ports, masquerading, and networks that lead nowhere: what the host's NAT does for
 * networks.
 *
 * The truth is a file of the namespace that is worked on, /run/ctnet/nat-COOKIE.json, which
 * all programs on this library share. It is written anew by rename(2) under a lock, so that
 * who is killed leaves the old or the new one. The nft table "inet ctnet" is made from it, and
 * is nobody else's: a published port is an element of a map. Each call that changes
 * something puts back a table that somebody flushed; ct_nat_renew() does so at any time.
 *
 * Nothing that a user chose but addresses, numbers and names of interfaces gets into the
 * table. Owners and targets are in the file only.
 *
 * What is recorded goes with the interfaces it is for: of a network that is gone, or of a
 * near end that is gone or no port of the network any more, the next call that changes
 * something drops it.
 */
#ifndef CT_PUBLISH_H
#define CT_PUBLISH_H

#include "addr.h"
#include "core.h"

/**
 * struct ct_published - a port of the host, or a range, that leads to one of a container
 * @proto: IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP
 * @host: address of the host; 0.0.0.0 or :: all that it has of that family; family 0: all, of
 *	the families that the container has an address of. One of 127.0.0.0/8, and ::1, is for
 *	the host itself only.
 * @host_port: the first; 0: a free one is chosen, and written here (@count 1 only)
 * @port: of the container, the first
 * @count: how many, each to its own
 */
struct ct_published {
	uint8_t proto;
	struct ct_ip host;
	uint16_t host_port;
	uint16_t port;
	uint16_t count;
};

/**
 * struct ct_nat_owner - what a container has published on a network
 * @owner: who removes it by this name; "docker:ENDPOINT-ID", or "port:NEAR-END" as
 *	ctnetctl has it; any bytes, at most CT_NAT_OWNER
 * @target: what people know the container by, or NULL
 * @net: the network, whose device must be there
 * @ifindex: of that; found by the library
 * @near: index of the near end, a port of the network; 0: it is not known, and the owner has
 *	to be removed
 * @addr: the container's IPv4 and IPv6 address; of family 0: it has none
 * @ports: what is published
 * @n: how many of these
 */
struct ct_nat_owner {
	char *owner;
	char *target;
	char net[IFNAMSIZ];
	int ifindex;
	int near;
	struct ct_ip addr[2];
	struct ct_published *ports;
	size_t n;
};

#define CT_NAT_OWNER	255

/**
 * struct ct_nat_net - what a network has of the host's NAT
 * @net: its device, which must be there
 * @ifindex: of that; found by the library
 * @masquerade: what leaves the network by another interface has the host's address there;
 *	and only what is published, and answers, are forwarded into the network
 * @internal: nothing is forwarded into the network or out of it; the host itself, and what
 *	the host publishes for itself only (127.0.0.1, ::1), reach it
 * @own: @subnets are those of the host's addresses on the network, found by the library when
 *	ct_nat_net_set() or ct_nat_renew() is called
 * @subnets: what is masqueraded
 */
struct ct_nat_net {
	char net[IFNAMSIZ];
	int ifindex;
	bool masquerade;
	bool internal;
	bool own;
	struct ct_addrs subnets;
};

/**
 * struct ct_nat - all that a namespace has
 * @nets: in order of their names; those that are neither masqueraded nor internal are not
 *	among them
 * @n_nets: how many
 * @owners: in the order in which they came
 * @n_owners: how many
 */
struct ct_nat {
	struct ct_nat_net *nets;
	size_t n_nets;
	struct ct_nat_owner *owners;
	size_t n_owners;
};

/*
 * "[HOST-ADDRESS:]HOST-PORT:PORT[/PROTO]" to a value; IPv6 addresses in brackets, ranges as
 * 8000-8010:80-90, PROTO tcp unless given. NULL, or what is wrong, valid until the next is
 * parsed. And back.
 */
const char *ct_parse_published(const char *s, struct ct_published *p);
const char *ct_published_text(const struct ct_published *p, char buf[CT_TEXT]);
bool ct_published_same(const struct ct_published *a, const struct ct_published *b);

/*
 * Each of these is one transaction: all of it, or an error and nothing. They take the lock,
 * note how they are taken back (ct_begin()), and may sleep.
 */

/*
 * Publish @o->ports, in addition to what that owner has already, of which network and
 * addresses must be the same. An error: a port of the host that is published already, or that
 * a socket of the host is bound to; an address of a family that the container does not have.
 * What the owner has published already, exactly so, is an error unless @may_exist.
 */
int ct_publish_add(struct ct *ct, const struct ct_nat_owner *o, bool may_exist);
/*
 * Take back what an owner has published: these, or all (@ports NULL). Connections to it are
 * forgotten (conntrack). An owner that has nothing, and with @ports a port that is not
 * published, is an error unless @if_exists.
 */
int ct_publish_del(struct ct *ct, const char *owner, const struct ct_published *ports,
		   size_t n, bool if_exists);
/* The same for all whose @near this is; it is no error if there are none. */
int ct_publish_del_near(struct ct *ct, int near);
/*
 * What is published of this near end leads to other addresses: where its container has lost
 * one, to the first of that family that it has.
 */
int ct_publish_follow(struct ct *ct, int near, const struct ct_addrs *addrs);

/**
 * struct ct_publish_conf - which of a network's containers publishes
 * @near: its near end, instead of a target
 * @ifname: its interface; NULL: the default
 * @may_exist: what is published so already is no error
 * @if_exists: what is not published is no error, nor is a container that is not there
 */
struct ct_publish_conf {
	const char *near;
	const char *ifname;
	bool may_exist;
	bool if_exists;
};

/* Both for a container that add-port attached; to the first address of each family it has. */
int ct_port_publish(struct ct *ct, const char *net, const char *target,
		    const struct ct_publish_conf *o, struct ct_published *ports, size_t n);
int ct_port_unpublish(struct ct *ct, const char *net, const char *target,
		      const struct ct_publish_conf *o, const struct ct_published *ports,
		      size_t n);

/* A network is to be so. Both switches off: it is neither, and what is published stays. */
int ct_nat_net_set(struct ct *ct, const struct ct_nat_net *net);
/* Forget a network, and what is published on it, before its device goes. */
int ct_nat_net_del(struct ct *ct, const char *net);
/* Forget what has gone with its network or near end; what fails is a warning. */
void ct_nat_prune(struct ct *ct);

/*
 * Make the table anew from the file, as after "nft flush ruleset", without what has no
 * network or near end any more. Nothing recorded: no table.
 */
int ct_nat_renew(struct ct *ct);
/* Whether there is something recorded, and no table of it. */
int ct_nat_is_lost(struct ct *ct, bool *lost);

/* What is recorded, but for what goes; ct_nat_free() is owed in any case. */
int ct_nat_read(struct ct *ct, struct ct_nat *nat);
void ct_nat_free(struct ct_nat *nat);
const struct ct_nat_owner *ct_nat_owner(const struct ct_nat *nat, const char *owner);
const struct ct_nat_net *ct_nat_net(const struct ct_nat *nat, const char *net);
/* Whose near end this is, or NULL. */
const struct ct_nat_owner *ct_nat_of_near(const struct ct_nat *nat, int near);
struct ct_net;
/* Its switches as they are recorded. */
void ct_nat_fill(const struct ct_nat *nat, struct ct_net *net);
/* Whether an owner is a container that add-port attached, and ct_port_publish() made it. */
bool ct_nat_is_port(const struct ct_nat_owner *w);

#endif
