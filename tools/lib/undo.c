// SPDX-License-Identifier: GPL-2.0
/*
 * All or nothing: a command that takes several steps says, after each, what takes it back.
 * If a later step fails, or somebody interrupts, that is done in reverse order.
 *
 * And the lock of a network namespace. It is a flock() on a file that each namespace has
 * one of, that none but its administrator may open, and that is there without anybody
 * having made it: a sysctl. So a user of the namespace cannot take it, an unprivileged user
 * namespace has it as well, and nothing is left behind by who is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "priv.h"

#define LOCK_FILE "/proc/sys/net/ipv4/tcp_fastopen_key"

void ct_begin(struct ct *ct)
{
	struct ct_priv *p = ct->priv;

	if (p->level == CT_UNDO_LEVELS)
		abort();
	p->marks[p->level++] = p->n_steps;
	ct->busy = 1;
}

bool ct_interrupted(struct ct *ct)
{
	return ct->busy && !ct->priv->undoing && ct->interrupted && ct->interrupted();
}

static void drop(struct ct_undo_step st)
{
	if (st.s)
		nlmsg_free(st.msg);
	else
		free(st.arg);
}

static void push(struct ct *ct, struct ct_undo_step st)
{
	struct ct_priv *p = ct->priv;

	/* Outside of ct_begin() nothing is ever taken back. */
	if (!p->level) {
		drop(st);
		return;
	}
	p->steps = ct_grow(p->steps, p->n_steps, sizeof(*p->steps));
	p->steps[p->n_steps++] = st;
}

void ct_undo(struct ct_sock *s, struct nl_msg *msg)
{
	push(s->ct, (struct ct_undo_step){ .s = s, .msg = msg });
}

void ct_undo_call(struct ct *ct, void (*fn)(void *arg), void *arg)
{
	push(ct, (struct ct_undo_step){ .fn = fn, .arg = arg });
}

void ct_undo_forget(struct ct_sock *s)
{
	struct ct_priv *p = s->ct->priv;
	size_t i, n;

	if (!p->level)
		return;
	for (i = n = p->marks[p->level - 1]; i < p->n_steps; i++) {
		if (p->steps[i].s == s)
			drop(p->steps[i]);
		else
			p->steps[n++] = p->steps[i];
	}
	p->n_steps = n;
}

void ct_at_end(struct ct *ct, void (*fn)(void *arg), void *arg)
{
	struct ct_priv *p = ct->priv;

	if (!p->level) {
		fn(arg);
		return;
	}
	p->at_end = ct_grow(p->at_end, p->n_at_end, sizeof(*p->at_end));
	p->at_end[p->n_at_end++] = (struct ct_undo_step){ .fn = fn, .arg = arg };
}

/*
 * What is gone, or there, already need not be undone, and what we may not undo we could not
 * do.
 */
static bool is_undone(int err)
{
	return err == -EPERM || err == -ENODEV || err == -ENOENT || err == -ESRCH ||
	       err == -EADDRNOTAVAIL || err == -EEXIST;
}

static void take_back(struct ct *ct, struct ct_undo_step st)
{
	int err;

	if (!st.s) {
		st.fn(st.arg);
		free(st.arg);
		return;
	}
	err = ct_do(st.s, st.msg, NULL);
	if (err && !is_undone(err))
		ct_warn(ct, "a step could not be undone: %s", ct_why(st.s, err, NULL));
}

int ct_end(struct ct *ct, int err)
{
	struct ct_priv *p = ct->priv;

	p->level--;
	if (err) {
		p->undoing = true;
		while (p->n_steps > p->marks[p->level])
			take_back(ct, p->steps[--p->n_steps]);
		p->undoing = false;
	}
	if (p->level)
		return err;
	while (p->n_steps)
		drop(p->steps[--p->n_steps]);
	free(p->steps);
	p->steps = NULL;
	while (p->n_at_end) {
		p->n_at_end--;
		p->at_end[p->n_at_end].fn(p->at_end[p->n_at_end].arg);
	}
	free(p->at_end);
	p->at_end = NULL;
	ct->busy = 0;
	return err;
}

void ct_undo_all(struct ct *ct)
{
	while (ct->priv && ct->priv->level)
		ct_end(ct, CT_REFUSED);
}

void ct_lock(struct ct *ct, bool alone)
{
	struct ct_priv *p = ct->priv;

	p->lock_depth++;
	if (p->lock_depth > 1 && (p->lock_alone || !alone))
		return;
	if (p->lock_fd < 0 && !ct_netns_enter(ct, ct->ns_fd)) {
		p->lock_fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC);
		ct_netns_leave(ct);
	}
	/* Who may not open it may change nothing, and is told so by the kernel. */
	if (p->lock_fd < 0)
		return;
	while (flock(p->lock_fd, alone ? LOCK_EX : LOCK_SH))
		if (errno != EINTR || ct_interrupted(ct))
			return;
	p->lock_alone = alone;
}

void ct_unlock(struct ct *ct)
{
	struct ct_priv *p = ct->priv;

	if (--p->lock_depth)
		return;
	p->lock_alone = false;
	if (p->lock_fd >= 0)
		flock(p->lock_fd, LOCK_UN);
}
