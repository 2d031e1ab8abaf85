/* SPDX-License-Identifier: GPL-2.0 */
/* What restore and sync know while they work. */
#ifndef CTNETCTL_SYNC_H
#define CTNETCTL_SYNC_H

#include "conf.h"

enum fate {
	STAYS,
	DETACHED,		/* and maybe attached to another network */
	CARRIED,		/* to the network that takes its network's place */
	REMADE,			/* deleted when its command's turn comes, which makes it anew */
	DELETED,
};

/**
 * struct sync - a configuration, and what the kernel has
 * @conf: the configuration
 * @st: what the kernel has; for restore its interfaces only
 * @restore: nothing of the configuration may be there
 * @only: the one network that it is about, or NULL
 * @dry_run: commands are printed, and not run
 * @net: of each of @st's networks, the command that makes it, or NULL
 * @heir: of each of @st's networks, the command that makes it anew, or NULL
 * @want: of each of @st's ports, the command that makes it, or NULL
 * @fate: of each of @st's ports, what becomes of it
 * @peer_gone: of each of @st's peers, whether it was removed
 * @fdb_gone: of each of @st's entries, likewise
 */
struct sync {
	struct conf conf;
	struct ct_state st;
	bool restore;
	const char *only;
	bool dry_run;
	const struct stmt **net;
	const struct stmt **heir;
	const struct stmt **want;
	enum fate *fate;
	bool *peer_gone;
	bool *fdb_gone;
};

/* The command that makes a network, which stays then; it may call it by another name. */
static inline const struct stmt *net_stmt(const struct sync *y, const struct ct_state_net *n)
{
	return n ? y->net[n - y->st.nets] : NULL;
}

/* A network of Docker's that the file does not name is Docker's business. */
static inline bool is_left_alone(const struct sync *y, const struct ct_state_net *n)
{
	return !y->only && !net_stmt(y, n) && !y->heir[n - y->st.nets] &&
	       ct_net_is_dockers(&n->link);
}

static inline bool port_stays(const struct sync *y, const struct ct_state_port *p)
{
	return p && y->fate[p - y->st.ports] == STAYS;
}

/* sync.c: run a command with these operands, or with @a and @b (or NULL), or print it. */
int sync_emit_words(struct sync *y, const char *verb, int n, char **arg, void *vals);
int sync_emit(struct sync *y, const char *verb, const char *a, const char *b, void *vals);

/* match.c: look up what the commands name, before anything is changed. */
int match(struct sync *y);
/* The MAC that a port's container is to have; false: any. */
bool match_port_mac(const struct stmt *s, uint8_t mac[6]);

/* Emit "publish" or "unpublish" of these ports for a container's port, by a command of it. */
int sync_published(struct sync *y, const char *verb, const struct stmt *port,
		   const struct ct_published *ports, size_t n);

/* makeway.c: what stands in the way goes, such that it can come back. */
int make_way(struct sync *y);

#endif
