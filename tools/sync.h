/* SPDX-License-Identifier: GPL-2.0 */
/* What restore and sync know while they work. */
#ifndef CTNETCTL_SYNC_H
#define CTNETCTL_SYNC_H

#include "conf.h"
#include "container.h"
#include "state.h"

/* A MAC that a network, or a container's port, has in the table by itself. */
struct owner {
	const struct stmt *net;
	uint8_t mac[6];
	const struct stmt *by;
};

/**
 * struct sync - a configuration, and what the kernel has
 * @conf: the configuration
 * @st: what the kernel has; for restore its interfaces only
 * @restore: nothing of the configuration may be there
 * @only: the one network that it is about, or NULL
 * @dry_run: only say what would be done
 * @owners: in order of network and MAC
 * @n_owners: how many
 * @peer_gone: of each of @st's peers, whether it was removed
 * @fdb_gone: of each of @st's entries, likewise
 */
struct sync {
	struct conf conf;
	struct state st;
	bool restore;
	const char *only;
	bool dry_run;
	struct owner *owners;
	size_t n_owners;
	bool *peer_gone;
	bool *fdb_gone;
};

/* match.c: what the commands name, before anything is changed. An exit code. */
int match(struct sync *y);
/* The MAC that a port's container is to have; false: any. */
bool match_port_mac(const struct stmt *s, uint8_t mac[6]);
/* What has this MAC by itself: the command of a network or a port, or NULL. */
const struct stmt *match_owner(const struct sync *y, const struct stmt *net,
			       const uint8_t mac[6]);

/* sync.c: of @n, which stays, does this stay as it is, or at most with @want addresses? */
bool sync_peer_stays(const struct sync *y, const struct st_net *n,
		     const struct peer *p);
bool sync_entry_stays(const struct sync *y, const struct st_net *n,
		      const struct fdb *e, struct ips *want);
/* Which of the interfaces are to be deleted in the end. */
void sync_others(const struct sync *y, bool *goes);

/* plan.c: print commands that do what sync would do. An exit code. */
int plan(struct sync *y);

/* edit.c: what there is becomes what a command says; each can be undone. */
int edit_net(struct stmt *s);
/* What of it cannot be taken back. */
int edit_net_last(struct stmt *s);
/* The options of a network that differ from what there is, into @change. */
void edit_net_diff(const struct st_net *h, const struct net_opts *o,
		   struct net_opts *change);
int edit_port(struct sync *y, struct stmt *s);
int edit_fdb(struct sync *y, struct stmt *s);
/* An entry; @old is what there is, @new what there is to be, either may be NULL. */
int edit_entry(const struct fdb *old, const struct fdb *new);
int edit_detach(struct st_port *p);
int edit_attach(int net, const struct st_port *p, uint32_t flags);
/* Index of the port that a command's device or container has, or 0 if none yet. */
int edit_port_index(const struct stmt *s);

#endif
