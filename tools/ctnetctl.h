/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ctnetctl: what all of its files share.
 *
 * main.c dispatches from one table of commands; each command has a table of
 * options (opt.h) that parsing, usage and help are made from. net.c, port.c,
 * attach.c, reattach.c, peer.c and fdb.c hold the commands of an object, and how it is read
 * from the kernel and turned into JSON. Text is printed from that JSON (out.h),
 * so that list, show and monitor cannot drift apart. save, restore and sync
 * (conf.h) print and read files by the same tables.
 */
#ifndef CTNETCTL_H
#define CTNETCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "nl.h"
#include "opt.h"

enum {
	EXIT_OK,
	EXIT_USAGE,		/* wrong usage */
	EXIT_REFUSED,		/* the kernel or the system refused */
};

/**
 * struct ctx - what the command line and the running command set up
 * @json: print JSON
 * @pretty: indent it
 * @stats: with counters
 * @tty: standard output is a terminal
 * @color: colour the text
 * @quiet: messages are held back
 * @whole: a dump that was interrupted each time it was tried is an error
 * @netns: network namespace that commands work on, as -n has it, or NULL
 * @own_fd: network namespace that the process was started in; -1: not opened yet
 * @ns_fd: network namespace that commands work on; likewise
 * @rt: rtnetlink socket in @ns_fd, opened when first used
 * @ge: generic netlink socket in @ns_fd, likewise
 * @family: id of the family, 0 until it is known
 * @group: id of its multicast group of events
 * @file: batch file, or NULL
 * @line: line of it
 * @what: the command that runs and its operands, for messages
 */
struct ctx {
	bool json;
	bool pretty;
	bool stats;
	bool tty;
	bool color;
	bool quiet;
	bool whole;
	const char *netns;
	int own_fd;
	int ns_fd;
	struct nlsock rt;
	struct nlsock ge;
	int family;
	uint32_t group;
	const char *file;
	unsigned int line;
	char what[512];
};

extern struct ctx ctx;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Print "ctnetctl: WHAT: ..." and return the exit code that goes with it. */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Out of memory and the like: undo what is under way, and exit. */
void die(const char *why) __attribute__((noreturn));
void *xrealloc(void *p, size_t size);
void *xcalloc(size_t n, size_t size);
char *xstrdup(const char *s);

/**
 * struct command - one row of the table
 * @name: the verb
 * @args: its operands, for people
 * @min: operands it needs
 * @max: operands it takes
 * @opts: its options, or NULL
 * @size: size of the struct that they are stored in
 * @run: returns an exit code
 * @help: what it does, in a line
 * @bare: it works without a namespace
 * @more: what its help ends with, or NULL
 */
struct command {
	const char *name;
	const char *args;
	int min;
	int max;
	const struct opt *opts;
	size_t size;
	int (*run)(int n, char **arg, void *vals);
	const char *help;
	bool bare;
	const char *more;
};

/**
 * struct call - a command as it was given
 * @c: its row
 * @n: number of its operands
 * @arg: the operands, NULL after the last
 * @vals: its options, as the row's @opts say
 *
 * Strings are those that it was made from.
 */
struct call {
	const struct command *c;
	int n;
	char **arg;
	void *vals;
};

/* What parsing returns instead of an exit code where --help is among the words. */
#define CALL_HELP	(-1)

/*
 * main.c: words to a call, for which call_free() is owed if this is EXIT_OK. An exit
 * code, or CALL_HELP.
 */
int call_parse(struct call *call, int argc, char **argv);
void call_free(struct call *call);
/* Messages are about this call from now on. */
void call_name(const struct call *call);
int dispatch(int argc, char **argv);
/* What stands before the command, as -j does, if @word is such an option; or NULL. */
const char *global_option(const char *word);
/* What was printed is written; that it cannot be is said once. */
int flush_output(void);

/*
 * batch.c: have @fn called for the words of each line that has any, until it
 * returns something else than EXIT_OK, which is returned. ctx.file and ctx.line
 * say where meanwhile.
 */
int batch_read(const char *path, int (*fn)(int argc, char **argv, void *arg),
	       void *arg);
int batch(const char *path);
/* Write a word so that it is read as that one word. */
void word_write(FILE *f, const char *word);

/* known.c: what was looked up may not be so any more. */
void known_forget(void);

/* The sockets of ctx, opened when first asked for; NULL after a message. */
struct nlsock *rt_sock(void);
struct nlsock *ge_sock(void);

/*
 * undo.c: a command that is refused or interrupted leaves nothing behind. Each
 * undo_begin() is followed by either undo_run() or undo_commit(). A step is
 * pushed with the message, or the call, that takes it back, and is dropped where
 * nothing has begun. The argument of a call is freed.
 */
void undo_begin(void);
void undo_push(struct nlsock *s, struct nl_msg *msg);
void undo_push_call(void (*fn)(void *arg), void *arg);
void undo_forget(const struct nlsock *s);
/* Called once all is done or undone, on the outermost level; at once outside of any. */
void undo_at_end(void (*fn)(void *arg), void *arg);
void undo_run(void);
void undo_run_all(void);
void undo_commit(void);
bool undo_interrupted(void);

/*
 * lock.c: who attaches a container holds the lock of the namespace that commands work
 * on, with others; who must know that nobody does, holds it alone: what is half made
 * then was left by somebody who was killed. To take it alone after having it with
 * others is to wait, and so to look again. It nests.
 */
void lock_take(bool alone);
void lock_drop(void);

/* target.c */
int netns_open(const char *target, bool *gone, const char *tail);
int netns_enter(int fd);
void netns_leave(void);
bool netns_same(int a, int b);
/*
 * A target that names the namespace with this id (of ours) and will do so after
 * a restart: @label, if that is one, a name of "ip netns", or where it is mounted; NULL
 * if there is none. To be freed. What was read for it is kept until netns_forget_names().
 */
char *netns_name(int nsid, const char *label);
void netns_forget_names(void);
/* A descriptor of that namespace, by its name or by a process that is in it; or -1. */
int netns_open_id(int nsid, const char *label);

/* announce.c */
struct link;
int announce(int ns_fd, const struct link *far, const struct cidrs *addrs,
	     char *why, size_t size);

#endif
