/* SPDX-License-Identifier: GPL-2.0 */
/* What a struct ct keeps for the files of the library. */
#ifndef CT_PRIV_H
#define CT_PRIV_H

#include "ct.h"

/**
 * struct ct_undo_step - how something that was done is taken back
 * @s: where @msg is sent, or NULL
 * @msg: the message
 * @fn: if @s is NULL, what is called instead
 * @arg: with what; freed
 */
struct ct_undo_step {
	struct ct_sock *s;
	struct nl_msg *msg;
	void (*fn)(void *arg);
	void *arg;
};

/* What names namespaces, and how ours knows them. */
struct ct_netns_names {
	struct ct_netns_name {
		int nsid;
		char *target;
	} *v;
	size_t n;
	bool read;
};

#define CT_UNDO_LEVELS 4
#define CT_KNOWN 3

/**
 * struct ct_priv - state of the library
 * @steps: what to take back, in the order in which it was done
 * @n_steps: how many
 * @marks: where the steps of each level begin; level 1 is the outermost
 * @level: levels that are open
 * @undoing: steps are taken back, and nothing interrupts that
 * @at_end: what to call when all is done or undone
 * @n_at_end: how many
 * @lock_fd: the lock's file, or -1
 * @lock_depth: how often the lock was taken
 * @lock_alone: it is held alone
 * @lost: the way back to @own_fd is closed: nothing may be opened any more
 * @names: namespaces that "ip netns" has names for, then those that are mounted elsewhere
 * @procs: a process of each
 * @told_forwarding: that the host does not forward IPv4, IPv6, was said
 * @known: what was looked up last: a network, a device, a container's port
 */
struct ct_priv {
	struct ct_undo_step *steps;
	size_t n_steps;
	size_t marks[CT_UNDO_LEVELS];
	int level;
	bool undoing;
	struct ct_undo_step *at_end;
	size_t n_at_end;
	int lock_fd;
	int lock_depth;
	bool lock_alone;
	bool lost;
	struct ct_netns_names names;
	struct ct_netns_names procs;
	bool told_forwarding[2];
	struct ct_known {
		int ifindex;
		char *key;
	} known[CT_KNOWN];
};

#endif
