// SPDX-License-Identifier: GPL-2.0
/*
 * All or nothing: a command that takes several steps pushes, after each, the
 * message that takes it back. If a later step fails, or somebody interrupts,
 * they are sent in reverse order.
 *
 * It nests: what a command does within a greater one, and is done with, is taken
 * back if that fails later.
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

/* Where the steps of each level begin; level 1 is the outermost. */
#define LEVELS 4
static size_t marks[LEVELS];
static int level;

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

	if (level == LEVELS)
		die("steps are nested too deep");
	marks[level++] = n_steps;
	if (level > 1)
		return;
	got = 0;
	active = true;
	for (i = 0; i < NSIGS; i++) {
		sigaction(sigs[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(sigs[i], &sa, NULL);
	}
}

/* Outside of undo_begin() nothing is ever taken back. */
void undo_push(struct nlsock *s, struct nl_msg *msg)
{
	if (!level) {
		nlmsg_free(msg);
		return;
	}
	steps = xrealloc(steps, (n_steps + 1) * sizeof(*steps));
	steps[n_steps++] = (struct step){ s, msg };
}

bool undo_interrupted(void)
{
	return active && got;
}

/* Of this level: what @s was to take back is taken back by the other steps. */
void undo_forget(const struct nlsock *s)
{
	size_t i, n;

	if (!level)
		return;
	for (i = n = marks[level - 1]; i < n_steps; i++) {
		if (steps[i].s == s)
			nlmsg_free(steps[i].msg);
		else
			steps[n++] = steps[i];
	}
	n_steps = n;
}

static void end(void)
{
	size_t i;

	if (--level) {
		active = true;
		return;
	}
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
	while (n_steps > marks[level - 1]) {
		struct step *st = &steps[--n_steps];
		int err = nl_do(st->s, st->msg, NULL);

		/*
		 * What is gone, or there, already need not be undone, and what
		 * we may not undo we could not do.
		 */
		if (err && err != -EPERM && err != -ENODEV && err != -ENOENT && err != -ESRCH &&
		    err != -EADDRNOTAVAIL && err != -EEXIST)
			warn("a step could not be undone: %s",
			     nl_why(st->s, err, NULL));
	}
	end();
}

void undo_commit(void)
{
	end();
	/* Too late to stop this command; but the next ones need not run. */
	if (!level && got)
		raise(got);
}

/* The program ends here: on every level. */
void undo_run_all(void)
{
	while (level)
		undo_run();
}
