/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel has: networks with all that was set on them, read at one go. */
#ifndef CTNETCTL_STATE_H
#define CTNETCTL_STATE_H

#include "objects.h"

struct stmt;

/**
 * struct st_net - a network
 * @net: what the kernel says of it
 * @link: its device
 * @addrs: addresses that somebody gave it
 * @want: the command of a configuration that makes it, for sync.c, or NULL
 * @keep: it stays, for sync.c
 */
struct st_net {
	struct net net;
	struct link link;
	struct cidrs addrs;
	const struct stmt *want;
	bool keep;
};

/**
 * struct st_port - a port
 * @port: what the kernel says of it
 * @near: its device
 * @made: add-port TARGET made it
 * @far: the interface in the container, if @made
 * @mac: the container's MAC, by what the host has of it
 * @target: what names the container for good, or NULL
 * @addrs: addresses of that interface which the table has at its MAC
 * @routes: its routes, if a name or a process leads to the container
 * @want: the command of a configuration that makes it, for sync.c, or NULL
 * @fate: what sync.c does with it
 */
struct st_port {
	struct port port;
	struct link near;
	bool made;
	struct link far;
	uint8_t mac[6];
	char *target;
	struct cidrs addrs;
	struct routes routes;
	const struct stmt *want;
	enum {
		FATE_STAYS,
		FATE_DETACHED,	/* and maybe attached to another network */
		FATE_CARRIED,	/* to the network that takes its network's place */
		FATE_DELETED,
		FATE_GONE,	/* by itself, meanwhile */
	} fate;
};

/**
 * struct state - all of a namespace, or of one network
 * @links: its interfaces
 * @nets: in order of their names
 * @ports: in order of their device's index; without those whose other end goes, and
 *	they with it
 * @peers: in order of network and address
 * @fdb: static entries, in order of network and MAC
 */
struct state {
	struct links links;
	struct st_net *nets;
	size_t n_nets;
	struct st_port *ports;
	size_t n_ports;
	struct peer *peers;
	size_t n_peers;
	struct fdb *fdb;
	size_t n_fdb;
};

/* Of the network with this index, or of all (0). An exit code. */
int state_read(struct state *st, int net);
void state_free(struct state *st);

struct st_net *state_net(const struct state *st, const char *name);
struct st_net *state_net_by_index(const struct state *st, int ifindex);
struct st_port *state_port(const struct state *st, int dev);
struct peer *state_peer(const struct state *st, int net, const struct ip *addr);
struct fdb *state_fdb(const struct state *st, int net, const uint8_t mac[6]);

/* Read what only a socket in the container tells. An exit code. */
int state_port_fill(struct st_port *p, struct nlsock *in);
/* Whether a port's own entry is this, which is entered with it. */
bool state_entry_is_own(const struct st_port *p, const struct fdb *f);

#endif
