/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configurations: files of the commands that make networks. save.c prints one,
 * conf.c reads one, sync.c makes the kernel's state that of one.
 */
#ifndef CTNETCTL_CONF_H
#define CTNETCTL_CONF_H

#include "ctnetctl.h"
#include "objects.h"

enum stmt_kind {
	STMT_NET,
	STMT_PORT,
	STMT_PEER,
	STMT_FDB,
};

/**
 * struct stmt - a command of a configuration
 * @line: where it stands
 * @kind: what it makes
 * @key: what no other may make as well
 * @call: the command; @net_opts and so on are its options
 * @net: of what it belongs to; of a network itself
 * @port: of an entry, what it lies behind, if that is a port
 * @addr: of a peer, and of an entry that lies behind one
 * @mac: of an entry
 * @replace: of an entry, there may be one already
 * @gone: of a port, the container is not there
 * @failed: of a network, restore cannot make it
 * @takes: of a container's port, index of a near end that is a port of nothing
 * @buf: the words
 * @argv: point into them
 * @have_net: the network, if it is there and stays; this and what follows is
 *	found out by sync.c
 * @have_port: the port, if it is there
 * @dev: of a port, its device, unless it is a container's
 * @ifindex: of a network, once it is there
 */
struct stmt {
	unsigned int line;
	enum stmt_kind kind;
	char *key;
	struct call call;
	struct stmt *net;
	struct stmt *port;
	struct ip addr;
	uint8_t mac[6];
	bool replace;
	bool gone;
	bool failed;
	int takes;
	union {
		struct net_opts *net_opts;
		struct port_opts *port_opts;
		struct peer_opts *peer_opts;
		struct fdb_opts *fdb_opts;
	};
	char *buf;
	char **argv;
	struct st_net *have_net;
	struct st_port *have_port;
	const struct link *dev;
	int ifindex;
};

/**
 * struct conf - a configuration
 * @file: its name
 * @v: its commands
 * @n: how many of these are to be looked at
 * @total: how many there are
 * @keys: the commands by their keys, a tree of tsearch(3)
 */
struct conf {
	const char *file;
	struct stmt **v;
	size_t n;
	size_t total;
	void *keys;
};

/*
 * Read a file. All that can be said without asking the kernel has been checked
 * then. An exit code; conf_free() is owed in any case.
 */
int conf_read(struct conf *c, const char *path);
void conf_free(struct conf *c);
/* Only the commands of this network are looked at from now on. */
void conf_only(struct conf *c, const char *net);
/* Messages are about this command of the file; or, if NULL, about @what. */
void conf_at(const struct conf *c, const struct stmt *s, const char *what);

struct stmt *conf_net(const struct conf *c, const char *name);
struct stmt *conf_peer(const struct conf *c, const char *net,
		       const struct ip *addr);
struct stmt *conf_fdb(const struct conf *c, const char *net,
		      const uint8_t mac[6]);

int save(int n, char **arg, void *vals);
int restore(int n, char **arg, void *vals);
int sync_file(int n, char **arg, void *vals);
extern const struct opt sync_opts[];

struct sync_opts {
	bool dry_run;
	bool allow_empty;
};

#endif
