/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ctnet-docker: Docker's network driver and IPAM driver for ctnet networks.
 *
 * main.c	options, the socket, the loop
 * http.c	requests, and which call each of them is
 * json.c	what a request has to have
 * store.c	what there is, on disk
 * network.c endpoint.c publish.c ipam.c	the calls
 * forward.c	that dockerd lets through what is forwarded
 * sweep.c	what Docker asked for and does not use
 *
 * One thread serves one request after another. Each first checks all that it can, then saves
 * what is to be, then makes it; whoever is killed in between is finished or taken back at the
 * next start.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <json-c/json.h>

#include "ct.h"

#define ID_MAX		64	/* Docker's are as long */
#define ID_SHOWN	12	/* as Docker shows them */
#define SPACE_LOCAL	"ctnet-local"
#define SPACE_GLOBAL	"ctnet-global"

/**
 * struct network - a network of Docker's
 * @id: Docker's
 * @dev: its device
 * @req: the request that made it; strings of @conf point into it
 * @conf: what the device is asked to be
 * @peers: of the network
 * @subnet: IPv4, IPv6; family 0: none
 * @space: whose address spaces these are of, or NULL
 * @gateway: the host's addresses, with prefix length
 * @taken: gateways, and addresses that Docker says are somebody else's
 * @port: what its ports are asked to be
 * @internal: nothing but the host is reached from it
 * @partial: it is being made, or deleted
 */
struct network {
	char id[ID_MAX + 1];
	char dev[IFNAMSIZ];
	struct json_object *req;
	struct ct_net_conf conf;
	struct ct_addrs peers;
	struct ct_addr subnet[2];
	const char *space[2];
	struct ct_addr gateway[2];
	struct ct_addrs taken;
	struct ct_port_conf port;
	bool internal;
	bool partial;
};

/**
 * struct endpoint - a container's interface on a network
 * @id: Docker's
 * @net: its network
 * @req: the request that made it
 * @veth: what was made
 * @addrs: its addresses
 * @ports: what is published of it
 * @n_ports: how many of these
 * @unjoined: Docker has not moved it into a container, as far as we know
 * @told: its addresses were announced
 * @since: when that began, in seconds
 */
struct endpoint {
	char id[ID_MAX + 1];
	struct network *net;
	struct json_object *req;
	struct ct_endpoint veth;
	struct ct_addrs addrs;
	struct ct_published *ports;
	size_t n_ports;
	bool unjoined;
	bool told;
	uint64_t since;
};

/**
 * struct pool - a subnet that Docker has asked the IPAM driver for
 * @id: ours
 * @space: address space
 * @subnet: all of it
 * @range: what is chosen from; family 0: all of it
 * @chosen: the subnet was not asked for, but chosen
 * @used: addresses that Docker has, in order
 * @suspect: those of them that nobody had when sweep.c looked
 * @loaded: of an earlier run
 * @since: when it was asked for, or loaded, in seconds
 */
struct pool {
	char id[ID_MAX + 1];
	char *space;
	struct ct_addr subnet;
	struct ct_addr range;
	bool chosen;
	struct ct_addrs used;
	struct ct_addrs suspect;
	bool loaded;
	uint64_t since;
};

enum record {
	NETWORK,
	ENDPOINT,
	POOL,
	KINDS,
};

/**
 * struct driver - all of it
 * @ct: the namespace that it works on
 * @dir: where the state is
 * @dir_fd: that directory
 * @kind_fd: a directory for each kind of object
 * @grace: seconds that what Docker asked for and does not use is kept
 * @rules_at: when the host's rules are to be looked at
 * @forwarded: when dockerd's were
 */
struct driver {
	struct ct ct;
	const char *dir;
	int dir_fd;
	int kind_fd[KINDS];
	unsigned int grace;
	uint64_t rules_at;
	uint64_t forwarded;
	struct network **nets;
	size_t n_nets;
	struct endpoint **eps;
	size_t n_eps;
	struct pool **pools;
	size_t n_pools;
};

/* A call: fills @answer, or returns an error with a sentence in d->ct.error. */
typedef int call_fn(struct driver *d, struct json_object *req, struct json_object *answer);

/* main.c */
uint64_t now(void);
void tell(const char *fmt, ...) CT_PRINTF(1);
/* Others work on the kernel, too, and modules are loaded anew: nothing is known from before. */
void forget(struct ct *ct);
/* An array of pointers with one more, with one less. */
void *list_add(void *list, size_t *n, void *item);
void list_remove(void *list, size_t *n, const void *item);
/* Make the directories above a file. */
int make_parents(const char *path);

/* http.c */
struct http;
/* It takes over the listening socket. NULL: no. */
struct http *http_start(struct driver *d, int fd);
int http_fd(const struct http *h);
/* Milliseconds after which it wants to run, or -1. */
int http_timeout(const struct http *h);
void http_run(struct http *h);
void http_stop(struct http *h);

/*
 * json.c: a member of an object. Where it is missing, or null, and not @needed, it is NULL,
 * and no error. Strings have no zeros in them.
 */
int json_get(struct ct *ct, struct json_object *o, const char *key, enum json_type type,
	     bool needed, struct json_object **v);
int json_str(struct ct *ct, struct json_object *o, const char *key, bool needed,
	     const char **s);
int json_id(struct ct *ct, struct json_object *o, const char *key, const char **id);
/* An address with its prefix length; not there or empty: family 0. */
int json_cidr(struct ct *ct, struct json_object *o, const char *key, struct ct_addr *a);
void json_add(struct json_object *o, const char *key, struct json_object *v);
void json_add_str(struct json_object *o, const char *key, const char *s);
struct json_object *json_new(void);
struct json_object *json_new_str(const char *s);

/* store.c */
int store_open(struct driver *d);
void store_close(struct driver *d);
int store_save(struct driver *d, enum record kind, const char *id, struct json_object *o);
int store_remove(struct driver *d, enum record kind, const char *id);
int store_load(struct driver *d, enum record kind,
	       int (*fn)(struct driver *d, struct json_object *o));

/* network.c */
call_fn create_network, delete_network;
int network_load(struct driver *d, struct json_object *o);
/* What is not there is made anew; what was left half made is removed. */
void network_restore_all(struct driver *d);
/* Have its device there, with the ports of its endpoints. */
int network_ensure(struct driver *d, struct network *n);
struct network *network_find(struct driver *d, struct json_object *req);
/* One whose subnet overlaps with @a, or NULL; and the sentence on that. */
struct network *network_overlap(const struct driver *d, const struct ct_addr *a);
int network_refuse_overlap(struct driver *d, const struct ct_addr *a, const struct network *n);
void network_free(struct network *n);

/* endpoint.c */
call_fn create_endpoint, delete_endpoint, endpoint_info, join, leave;
int endpoint_load(struct driver *d, struct json_object *o);
void endpoint_restore_all(struct driver *d);
/* Attach those of a network whose device was made anew. */
void endpoint_attach_all(struct driver *d, struct network *n);
int endpoint_remove(struct driver *d, struct endpoint *e);
bool endpoint_has(const struct driver *d, const struct network *n, const struct ct_ip *ip);
void endpoint_free(struct endpoint *e);
/* The one that a request is about, or NULL after an error. */
struct endpoint *endpoint_find(struct driver *d, struct json_object *req);
int endpoint_save(struct driver *d, const struct endpoint *e);
/* A near end runs: something that the kernel told us of links. */
void endpoint_runs(struct driver *d, const char *near);

/* publish.c */
call_fn program_external, revoke_external;
int ports_parse(struct ct *ct, struct json_object *o, const char *key,
		struct ct_published **ports, size_t *n);
struct json_object *ports_json(const struct endpoint *e);
int endpoint_publish(struct driver *d, struct endpoint *e);
int endpoint_unpublish(struct driver *d, const struct endpoint *e);
void unpublish_unknown(struct driver *d);

/* forward.c: what fails is told. */
void networks_forward(struct driver *d);
/* The same, now or in a moment: a network has a container. */
void network_forward(struct driver *d);

/* ipam.c */
call_fn ipam_capabilities, ipam_spaces, request_pool, release_pool, request_address,
	release_address;
int pool_load(struct driver *d, struct json_object *o);
/* The network of a pool, or NULL. */
const struct network *pool_network(const struct driver *d, const struct pool *p);
int pool_save(struct driver *d, const struct pool *p);
void pool_free(struct pool *p);

/* sweep.c */
void sweep(struct driver *d);
void sweep_rules(struct driver *d);

#endif
