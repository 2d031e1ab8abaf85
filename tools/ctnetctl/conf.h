/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configurations: files of the commands that make networks. save.c prints one, conf.c reads
 * one and ties its commands to one another, sync.c makes the kernel's state that of one.
 */
#ifndef CTNETCTL_CONF_H
#define CTNETCTL_CONF_H

#include "ctnetctl.h"

/* What ctnet.service restores. */
#define CONF_PATH	"/etc/ctnet.conf"

enum stmt_kind {
	STMT_NET,
	STMT_PORT,
	STMT_PEER,
	STMT_FDB,
	STMT_PUBLISH,
};

/**
 * struct stmt - a command of a configuration
 * @line: where it stands
 * @kind: what it makes
 * @call: the command; @net_conf and so on are its options
 * @net: of what it belongs to; of a network itself
 * @port: of an entry, what it lies behind, if that is a port; of published ports, whose
 * @addr: of a peer, and of an entry that lies behind one
 * @mac: of an entry
 * @replace: of an entry, there may be one already
 * @published: ports
 * @n_published: how many
 * @gone: of a port, the container is not there
 * @again: of a port, it was attached just now (comeback.c)
 * @failed: of a network, restore cannot make it
 * @takes: of a container's port, index of a near end that is a port of nothing
 * @buf: the words
 * @argv: point into them
 * @have_net: the network, if it is there; this and what follows is found out by sync.c
 * @replaces: a network of that name that is there, and has to be made anew
 * @have_port: the port, if it is there
 * @dev: of a port, its device, unless it is a container's
 */
struct stmt {
	unsigned int line;
	enum stmt_kind kind;
	struct call call;
	struct stmt *net;
	struct stmt *port;
	struct ct_ip addr;
	uint8_t mac[6];
	bool replace;
	struct ct_published *published;
	size_t n_published;
	bool gone;
	bool again;
	bool failed;
	int takes;
	union {
		struct ct_net_conf *net_conf;
		struct ct_port_conf *port_conf;
		struct peer_opts *peer_opts;
		struct ct_fdb_conf *fdb_conf;
		struct ct_publish_conf *publish_conf;
	};
	char *buf;
	char **argv;
	struct ct_state_net *have_net;
	const struct ct_state_net *replaces;
	struct ct_state_port *have_port;
	const struct ct_link *dev;
};

/**
 * struct conf - a configuration
 * @file: its name
 * @v: its commands
 * @n: how many of these are to be looked at
 * @total: how many there are
 * @keys: what they name, a tree of tsearch(3)
 */
struct conf {
	const char *file;
	struct stmt **v;
	size_t n;
	size_t total;
	void *keys;
};

/*
 * Read a file. All that can be said without asking the kernel has been checked then.
 * conf_free() is owed in any case.
 */
int conf_read(struct conf *c, const char *path);
void conf_free(struct conf *c);
/* Only the commands of this network are looked at from now on. */
void conf_only(struct conf *c, const char *net);
/* Messages are about this command of the file; or, if NULL, about @what. */
void conf_at(const struct conf *c, const struct stmt *s, const char *what);

/*
 * The command that names this: a network (@what NULL), or of a network "peer ADDRESS" or
 * "fdb MAC"; or "own MAC", a MAC that a network or a container has by itself.
 */
struct stmt *conf_find(const struct conf *c, const char *net, const char *what,
		       const char *name);
struct stmt *conf_find_mac(const struct conf *c, const char *net, const char *what,
			   const uint8_t mac[6]);
struct stmt *conf_find_peer(const struct conf *c, const char *net, const struct ct_ip *addr);
/* A command has this MAC by itself; a usage error if another has. */
int conf_own_mac(struct conf *c, struct stmt *s, const uint8_t mac[6]);

#endif
