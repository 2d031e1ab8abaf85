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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctnetctl.h"

/* All that would end us, come from outside, and can be caught. */
static const int sigs[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGALRM, SIGVTALRM, SIGPROF,
	SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGIO, SIGPWR, SIGSTKFLT,
};

/**
 * struct step - how something that was done is taken back
 * @s: where @msg is sent, or NULL
 * @msg: the message
 * @fn: if @s is NULL, what is called instead
 * @arg: with what; freed
 */
static struct step {
	struct nlsock *s;
	struct nl_msg *msg;
	void (*fn)(void *arg);
	void *arg;
} *steps;
static size_t n_steps;

/* Where the steps of each level begin; level 1 is the outermost. */
#define LEVELS 4
static size_t marks[LEVELS];
static int level;

/* What is to be called when all is done or undone. */
static struct step *at_end;
static size_t n_at_end;

static volatile sig_atomic_t got;
static volatile sig_atomic_t working;	/* within undo_begin() and its end */
static bool active;

static void die_of(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
}

static void on_signal(int sig)
{
	if (working)
		got = sig;
	else
		die_of(sig);
}

/* Once: what is ignored stays so, and the rest ends us where there is nothing to undo. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;
	static bool done;
	size_t i;

	if (done)
		return;
	done = true;
	for (i = 0; i < ARRAY_SIZE(sigs); i++)
		if (!sigaction(sigs[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(sigs[i], &sa, NULL);
}

/* Signals do not kill us from here to undo_run() or undo_commit(). */
void undo_begin(void)
{
	if (level == LEVELS)
		die("steps are nested too deep");
	marks[level++] = n_steps;
	if (level > 1)
		return;
	catch_signals();
	got = 0;
	working = true;
	active = true;
}

static void drop(struct step st)
{
	if (st.s)
		nlmsg_free(st.msg);
	else
		free(st.arg);
}

/* Outside of undo_begin() nothing is ever taken back. */
static void push(struct step st)
{
	if (!level) {
		drop(st);
		return;
	}
	steps = xrealloc(steps, (n_steps + 1) * sizeof(*steps));
	steps[n_steps++] = st;
}

/* The last. There is one. */
static struct step pop(void)
{
	return steps[--n_steps];
}

void undo_push(struct nlsock *s, struct nl_msg *msg)
{
	push((struct step){ .s = s, .msg = msg });
}

void undo_push_call(void (*fn)(void *arg), void *arg)
{
	push((struct step){ .fn = fn, .arg = arg });
}

void undo_at_end(void (*fn)(void *arg), void *arg)
{
	if (!level) {
		fn(arg);
		return;
	}
	at_end = xrealloc(at_end, (n_at_end + 1) * sizeof(*at_end));
	at_end[n_at_end++] = (struct step){ .fn = fn, .arg = arg };
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
			drop(steps[i]);
		else
			steps[n++] = steps[i];
	}
	n_steps = n;
}

static void end(void)
{
	int sig;

	if (--level) {
		active = true;
		return;
	}
	while (n_steps)
		drop(pop());
	free(steps);
	steps = NULL;
	while (n_at_end) {
		n_at_end--;
		at_end[n_at_end].fn(at_end[n_at_end].arg);
	}
	free(at_end);
	at_end = NULL;
	active = false;
	working = false;
	sig = got;
	if (!sig)
		return;
	/* Now it may kill us, and whoever waits for us sees that it did: a shell's loop ends. */
	fflush(stdout);
	die_of(sig);
}

/*
 * What is gone, or there, already need not be undone, and what we may not undo we
 * could not do.
 */
static bool undone(int err)
{
	return err == -EPERM || err == -ENODEV || err == -ENOENT ||
	       err == -ESRCH || err == -EADDRNOTAVAIL || err == -EEXIST;
}

static void take_back(struct step st)
{
	int err;

	if (!st.s) {
		st.fn(st.arg);
		free(st.arg);
		return;
	}
	err = nl_do(st.s, st.msg, NULL);
	if (err && !undone(err))
		warn("a step could not be undone: %s", nl_why(st.s, err, NULL));
}

void undo_run(void)
{
	active = false;
	while (n_steps > marks[level - 1])
		take_back(pop());
	end();
}

/* If a signal came, it is too late to stop this command; but the next ones need not run. */
void undo_commit(void)
{
	end();
}

/* The program ends here: on every level. */
void undo_run_all(void)
{
	while (level)
		undo_run();
}
