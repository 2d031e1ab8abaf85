/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ctnetctl: what its files share.
 *
 * main.c dispatches from one table of commands; cmd.c has those that are one call of the
 * library, and the table of options of each, which parsing (opt.c), usage and help are made
 * from. show.c turns what the kernel says into JSON; text is printed from that JSON (out.h),
 * so that list, show and monitor cannot drift apart. batch.c reads files of commands, and
 * save.c, conf.c and sync.c print and read configurations by the same tables; by comeback.c
 * containers that start get what one says of them, and by names.c they find one another by name.
 * metrics.c prints counters for programs that collect them, and serve.c does so over HTTP.
 *
 * A function that may fail returns what the library's do: 0, CT_USAGE or CT_REFUSED, with
 * the sentence in ct.error, which is printed once, at the end of the command.
 */
#ifndef CTNETCTL_H
#define CTNETCTL_H

#include <stdio.h>

#include "ct.h"

/**
 * struct ctx - what the command line and the running command set up
 * @json: print JSON
 * @pretty: indent it
 * @stats: with counters
 * @tty: standard output is a terminal
 * @color: colour the text
 * @netns: network namespace that commands work on, as -n has it, or NULL
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
	const char *netns;
	const char *file;
	unsigned int line;
	char what[512];
};

extern struct ctx ctx;
extern struct ct ct;

/* ------------------------------------------------------------------- opt.c */

enum opt_type {
	OPT_FLAG,		/* bool; takes no value */
	OPT_NUM,		/* struct ct_num, as @attrs has it */
	OPT_STR,		/* const char *, of @max bytes at most (0: any) */
	OPT_NAME,		/* const char *, name that an interface is to get */
	OPT_DEV,		/* const char *, any name of one that is there */
	OPT_PORT,		/* const char *, likewise, or name of a native port */
	OPT_MAC,		/* struct ct_mac */
	OPT_IP,			/* struct ct_ip */
	OPT_IP_EACH,		/* struct ct_addr[2]: IPv4 and IPv6, one of each at most */
	OPT_IPS,		/* these three: struct ct_addrs; may be repeated */
	OPT_CIDRS,
	OPT_ROUTES,
};

/**
 * struct opt - an option
 * @name: without the dashes; NULL ends a table
 * @type: what its value is, and how it is stored
 * @off: where in the command's struct
 * @help: what it does, in a line
 * @arg: what its value is called; NULL: by type
 * @attrs: the library's table of numbers and switches, which has this one by its name
 * @max: greatest length of a string
 * @edit: changes what there is: of a list "-" before an item removes it and "none" removes
 *	all; of a MAC "auto" is the one that is made from the first address
 */
struct opt {
	const char *name;
	enum opt_type type;
	size_t off;
	const char *help;
	const char *arg;
	const struct ct_attr *attrs;
	uint32_t max;
	bool edit;
};

#define OPT_AT(o, vals) ((void *)((char *)(vals) + (o)->off))

/* What parsing returns where --help is among the words. */
#define CALL_HELP	(-1)

/* Take the options out of @argv and leave the operands, of which there are *@argc then. */
int opt_parse(const char *cmd, const struct opt *opts, void *vals, int *argc, char **argv);
/* The option of that name, without the dashes, or NULL. */
const struct opt *opt_find(const struct opt *opts, const char *name);
void opt_free(const struct opt *opts, void *vals);
/* What its value is called; NULL: it has none. */
const char *opt_arg(const struct opt *o);
bool opt_is_set(const struct opt *o, const void *vals);
/* The options that are set, as they are given, each after a blank. */
void opt_write(FILE *f, const struct opt *opts, const void *vals);

/* ------------------------------------------------------------------ main.c */

/**
 * struct command - one row of the table
 * @name: the verb
 * @args: its operands, for people
 * @min: operands it needs
 * @max: operands it takes
 * @opts: its options, or NULL
 * @size: size of the struct that they are stored in
 * @run: does it
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

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);
/* Words to a call, for which call_free() is owed if this is 0; or CALL_HELP. */
int call_parse(struct call *call, int argc, char **argv);
void call_free(struct call *call);
/* Messages are about this call from now on. */
void call_name(const struct call *call);
/* Run a command, and print what fails. */
int dispatch(int argc, char **argv);
/* Print ct.error, which is none then, for what goes on, or will not know where it failed. */
int complain(void);
/* What stands before the command, as -j does, if @word is such an option; or NULL. */
const char *global_option(const char *word);
/* What was printed is written; that it cannot be is said once. */
int flush_output(void);

/* ----------------------------------------------------------------- batch.c */

/*
 * Have @fn called for the words of each line that has any, until it fails, which is
 * returned, and printed where it has not been. ctx.file and ctx.line say where meanwhile.
 */
int batch_read(const char *path, int (*fn)(int argc, char **argv, void *arg), void *arg);
int batch(const char *path);
/* Write a word so that it is read as that one word. */
void word_write(FILE *f, const char *word);

/* ------------------------------------------------------------ the commands */

struct peer_opts {
	struct ct_num dstport;
	bool may_exist;
	bool if_exists;
};

struct names_opts {
	struct ct_addrs forward;
};

struct metrics_opts {
	const char *format;
};

struct serve_metrics_opts {
	const char *listen;
};

/*
 * Print what is counted, as OpenMetrics' text or as the older text of Prometheus. Whatever it
 * returns, what is printed may be a part.
 */
int metrics_write(FILE *f, bool openmetrics);

struct sync_opts {
	bool dry_run;
	bool allow_empty;
};

/*
 * The operands of publish and unpublish behind the network: a container, unless @near names
 * it, and ports. *@target and *@ports are of these; the ports are to be freed.
 */
int publish_parse(int n, char **arg, const char *near, const char **target,
		  struct ct_published **ports, size_t *n_ports);

#define COMMAND(name) int name(int n, char **arg, void *vals)
COMMAND(add_net); COMMAND(set_net); COMMAND(del_net);
COMMAND(add_port); COMMAND(set_port); COMMAND(del_port);
COMMAND(add_peer); COMMAND(del_peer);
COMMAND(add_fdb); COMMAND(replace_fdb); COMMAND(del_fdb); COMMAND(flush_fdb);
COMMAND(show); COMMAND(list_objects); COMMAND(monitor);
COMMAND(publish); COMMAND(unpublish); COMMAND(reload);
COMMAND(save); COMMAND(restore); COMMAND(sync_file);
COMMAND(follow); COMMAND(oci_hook); COMMAND(serve_names);
COMMAND(metrics); COMMAND(serve_metrics);

extern const struct opt add_net_opts[], set_net_opts[], del_net_opts[], add_port_opts[],
	set_port_opts[], del_port_opts[], add_peer_opts[], del_peer_opts[], add_fdb_opts[],
	replace_fdb_opts[], del_fdb_opts[], flush_fdb_opts[], publish_opts[], unpublish_opts[],
	sync_opts[], serve_names_opts[], metrics_opts[],
	serve_metrics_opts[];

#endif
