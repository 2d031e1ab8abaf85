/* SPDX-License-Identifier: GPL-2.0 */
/* What nat.c, natfile.c, nft.c, conntrack.c and publish.c share. */
#ifndef CT_NAT_H
#define CT_NAT_H

#include "ct.h"

/* natfile.c: the file of the namespace that is worked on. */
struct ct_nat_file {
	char path[64];
	char next[72];		/* what is to take its place */
	int lock;
};

/* Its name, and whether it is there. */
int ct_nat_file(struct ct *ct, struct ct_nat_file *f, bool *there);
/* With the lock, which ct_nat_file_unlock() gives back. */
int ct_nat_file_lock(struct ct *ct, struct ct_nat_file *f);
void ct_nat_file_unlock(struct ct_nat_file *f);
/* Of a file that is not there: nothing. ct_nat_free() is owed in any case. */
int ct_nat_file_read(struct ct *ct, const struct ct_nat_file *f, struct ct_nat *nat);
/* Write what is to take its place; have it do so, or drop it. */
int ct_nat_file_write(struct ct *ct, const struct ct_nat_file *f, const struct ct_nat *nat);
int ct_nat_file_commit(struct ct *ct, const struct ct_nat_file *f, const struct ct_nat *nat);
void ct_nat_file_drop(const struct ct_nat_file *f);

/* nft.c: the table is sets and maps, of which these are the elements. */
enum ct_nat_set {
	NAT_NETS,		/* networks */
	NAT_SAME,		/* from a network into the same */
	NAT_PRIVATE,		/* those that are masqueraded */
	NAT_INTERNAL,
	NAT_MASQ4,		/* of a network, what is masqueraded */
	NAT_MASQ6,
	NAT_ONE4,		/* published on one address of the host */
	NAT_ONE6,
	NAT_ANY4,		/* on all */
	NAT_ANY6,
};

/* Compared byte by byte: made of zeros, in place. What follows @host_port it leads to. */
struct ct_nat_elem {
	uint8_t set;
	uint8_t proto;
	uint8_t plen;
	char net[IFNAMSIZ];
	uint8_t host[16];
	uint16_t host_port;
	uint16_t port;
	uint8_t to[16];
};

/* Sorted. */
struct ct_nat_elems {
	size_t n;
	struct ct_nat_elem *v;
};

int ct_nat_elem_order(const void *a, const void *b);
/* The one with the same key, or NULL. */
const struct ct_nat_elem *ct_nat_elem_find(const struct ct_nat_elems *l,
					   const struct ct_nat_elem *key);
/* What the table has of all that is recorded; to be freed. */
void ct_nat_elems(const struct ct_nat *nat, struct ct_nat_elems *l);
/* Those of @a that are not among @b; to be freed. */
void ct_nat_elems_minus(const struct ct_nat_elems *a, const struct ct_nat_elems *b,
			struct ct_nat_elems *out);
/*
 * Make the table, which has @have, that of @want; with @anew, or where it is not what it is
 * thought to be, by replacing it.
 */
int ct_nft_change(struct ct *ct, const struct ct_nat_elems *have,
		  const struct ct_nat_elems *want, bool anew);
int ct_nft_is_there(struct ct *ct, bool *there);

/*
 * conntrack.c: forget connections by what is published no more, and those past what is
 * published now, that come from outside of TCP and could go on so. What fails is a warning.
 */
void ct_conntrack_forget(struct ct *ct, const struct ct_nat_elems *gone,
			 const struct ct_nat_elems *come);

/**
 * struct ct_nat_edit - a change that is under way
 * @ct: where
 * @nat: what is recorded, to be changed
 * @arg: what with
 * @backs: what takes it back
 * @n: how many
 * @back: it takes something back itself
 */
struct ct_nat_edit {
	struct ct *ct;
	struct ct_nat nat;
	const void *arg;
	struct ct_nat_back **backs;
	size_t n;
	bool back;
};

typedef int (*ct_nat_edit_fn)(struct ct_nat_edit *e);

/* nat.c: change what is recorded, and all that is made from it; @anew: all of that. */
int ct_nat_change(struct ct *ct, ct_nat_edit_fn fn, const void *arg, bool anew);
/* Nothing is recorded, and so nothing has to be removed. */
bool ct_nat_is_empty(struct ct *ct);
struct ct_nat_owner *ct_nat_find_owner(const struct ct_nat *nat, const char *owner);
struct ct_nat_owner *ct_nat_add_owner(struct ct_nat *nat, const struct ct_nat_owner *like);
void ct_nat_remove_owner(struct ct_nat *nat, struct ct_nat_owner *w);
/* Before an owner is changed: how that is taken back. */
void ct_nat_note_owner(struct ct_nat_edit *e, const char *owner);

/* Whether an address is that of no host in particular, or of a loopback interface. */
bool ct_nat_is_any(const struct ct_ip *ip);
bool ct_nat_is_loopback(const struct ct_ip *ip);

#endif
