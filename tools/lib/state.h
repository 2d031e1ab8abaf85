/* SPDX-License-Identifier: GPL-2.0 */
/* All that there is, read at one go. */
#ifndef CT_STATE_H
#define CT_STATE_H

#include "fdb.h"
#include "port.h"
#include "publish.h"

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

struct ct_state_vtep {
	struct ct_vtep vtep;
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
 * @vteps: ct_state_read() does not read them
 * @fdb: static entries, in order of network and MAC, with those that are there by
 *	themselves
 * @nat: what is recorded of the host's NAT
 */
struct ct_state {
	struct ct_links links;
	struct ct_state_net *nets;
	size_t n_nets;
	struct ct_state_port *ports;
	size_t n_ports;
	struct ct_state_peer *peers;
	size_t n_peers;
	struct ct_state_vtep *vteps;
	size_t n_vteps;
	struct ct_fdb *fdb;
	size_t n_fdb;
	struct ct_nat nat;
};

/*
 * Of the network with this index, or of all (0). @strict: for who acts by it: what cannot be
 * read, or changes each time it is read, is an error; routes are only those that add-port
 * would take as they are. ct_state_free() is owed in any case.
 */
int ct_state_read(struct ct *ct, int net, bool strict, struct ct_state *st);
/*
 * What is counted: networks, ports, peers and sockets, as the host itself has them. Nothing
 * is asked of a container, and neither addresses, entries nor the NAT's record are read.
 * ct_state_free() is owed in any case.
 */
int ct_state_read_counters(struct ct *ct, struct ct_state *st);
/* The sockets alone, in addition to what was read. */
int ct_state_read_vteps(struct ct *ct, struct ct_state *st);
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
