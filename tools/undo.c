// SPDX-License-Identifier: GPL-2.0
/*
 * All or nothing: a command that takes several steps pushes, after each, the
 * message that takes it back. If a later step fails, or somebody interrupts,
 * they are sent in reverse order.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ctnetctl.h"

static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
#define NSIGS (sizeof(sigs) / sizeof(sigs[0]))

static struct step {
	struct nlsock *s;
	struct nl_msg *msg;
} *steps;
static size_t n_steps;

static struct sigaction old[NSIGS];
static volatile sig_atomic_t got;
static bool active;

static void on_signal(int sig)
{
	got = sig;
}

/* Signals do not kill us from here to undo_run() or undo_commit(). */
void undo_begin(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	got = 0;
	active = true;
	for (i = 0; i < NSIGS; i++) {
		sigaction(sigs[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(sigs[i], &sa, NULL);
	}
}

void undo_push(struct nlsock *s, struct nl_msg *msg)
{
	steps = xrealloc(steps, (n_steps + 1) * sizeof(*steps));
	steps[n_steps++] = (struct step){ s, msg };
}

bool undo_interrupted(void)
{
	return active && got;
}

static void end(void)
{
	size_t i;

	while (n_steps)
		nlmsg_free(steps[--n_steps].msg);
	free(steps);
	steps = NULL;
	active = false;
	for (i = 0; i < NSIGS; i++)
		sigaction(sigs[i], &old[i], NULL);
}

void undo_run(void)
{
	active = false;
	while (n_steps) {
		struct step *st = &steps[--n_steps];
		int err = nl_do(st->s, st->msg, NULL);

		/* What is gone already need not be undone. */
		if (err && err != -ENODEV && err != -ENOENT &&
		    err != -EADDRNOTAVAIL)
			warn("a step could not be undone: %s",
			     nl_why(st->s, err, NULL));
	}
	end();
}

void undo_commit(void)
{
	end();
	/* Too late to stop this command; but the next ones need not run. */
	if (got)
		raise(got);
}
