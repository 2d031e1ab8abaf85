/* SPDX-License-Identifier: GPL-2.0 */
/* All or nothing; and the lock of a namespace. */
#ifndef CT_UNDO_H
#define CT_UNDO_H

#include "core.h"

/*
 * A command that is refused or interrupted leaves nothing behind: from ct_begin() on each
 * step says how it is taken back, and ct_end() does that if @err is not 0. It returns @err.
 * It nests: what an inner command did is taken back if the outer one fails later.
 */
void ct_begin(struct ct *ct);
int ct_end(struct ct *ct, int err);
/* Take back what is under way, on every level. For ct_nomem. */
void ct_undo_all(struct ct *ct);
bool ct_interrupted(struct ct *ct);
/* A message, or a call (whose argument is freed), that takes a step back. */
void ct_undo(struct ct_sock *s, struct nl_msg *msg);
void ct_undo_call(struct ct *ct, void (*fn)(void *arg), void *arg);
/* What @s was to take back on this level, other steps take back. */
void ct_undo_forget(struct ct_sock *s);
/* Called once all is done or undone, on the outermost level; at once outside of any. */
void ct_at_end(struct ct *ct, void (*fn)(void *arg), void *arg);

/*
 * Who attaches a container holds the lock of the namespace, with others; who must know that
 * nobody does, holds it alone: what is half made then was left by somebody who was killed.
 * To take it alone after having it with others is to wait, and so to look again. It nests.
 */
void ct_lock(struct ct *ct, bool alone);
void ct_unlock(struct ct *ct);

#endif
