// SPDX-License-Identifier: GPL-2.0
/* ctnetctl: the command line. One table drives dispatch, usage and help. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctnetctl.h"
#include "out.h"
#include "text.h"

static bool interrupted(void);
static void warn(struct ct *ct, const char *text);

struct ctx ctx;
struct ct ct = { .interrupted = interrupted, .warn = warn };

static int help(int n, char **arg, void *vals);
static int version(int n, char **arg, void *vals);

static const char target_help[] =
	"\nTARGET is a container: docker:NAME-OR-ID, podman:NAME-OR-ID, or a network namespace: a PID, a\n"
	"name that \"ip netns list\" has, or a path such as /run/netns/web or /proc/PID/ns/net.\n";

static const char published_help[] =
	"\nSPEC is 8080:80, the host's port first, for TCP on all addresses of the host. Further forms:\n"
	"127.0.0.1:8080:80, [2001:db8::1]:8080:80, 53:53/udp, 5000:5000/sctp, 8000-8010:80-90.\n"
	"TARGET is as for add-port.\n";

#define CMD(name, args, min, max, fn, type, ...) \
	{ name, args, min, max, fn##_opts, sizeof(struct type), .run = fn, __VA_ARGS__ }
#define PLAIN(name, args, min, max, fn, ...) \
	{ name, args, min, max, .run = fn, __VA_ARGS__ }
#define TARGET	.more = target_help

static const struct command commands[] = {
	CMD("add-net", "NET", 1, 1, add_net, ct_net_conf, "make a network and bring it up"),
	CMD("set-net", "NET", 1, 1, set_net, ct_net_conf, "change a network"),
	CMD("del-net", "NET", 1, 1, del_net, ct_net_conf,
	    "delete a network, and what add-port made"),
	CMD("add-port", "NET {TARGET | --dev DEV}", 1, 2, add_port, ct_port_conf,
	    "attach a container, or a device", TARGET),
	CMD("set-port", "NET {TARGET | --dev DEV}", 1, 2, set_port, ct_port_conf,
	    "change a port", TARGET),
	CMD("del-port", "NET {TARGET | --dev DEV | --port NEAR-END | --label TEXT}", 1, 2,
	    del_port, ct_port_conf, "take a container off, or detach a device", TARGET),
	CMD("add-peer", "NET IP", 2, 2, add_peer, peer_opts, "add a remote VTEP"),
	CMD("del-peer", "NET IP", 2, 2, del_peer, peer_opts, "remove a remote VTEP"),
	CMD("add-fdb", "NET MAC", 2, 2, add_fdb, ct_fdb_conf,
	    "add a static entry to the table", TARGET),
	CMD("replace-fdb", "NET MAC", 2, 2, replace_fdb, ct_fdb_conf,
	    "add a static entry, or change it", TARGET),
	CMD("del-fdb", "NET MAC", 2, 2, del_fdb, ct_fdb_conf, "remove an entry"),
	CMD("flush-fdb", "NET", 1, 1, flush_fdb, ct_fdb_conf, "remove all entries, or some"),
	CMD("publish", "NET {TARGET | --port NEAR-END} SPEC ...", 2, INT_MAX, publish,
	    ct_publish_conf, "have ports of the host lead to a container",
	    .more = published_help),
	CMD("unpublish", "NET {TARGET | --port NEAR-END} [SPEC ... | all]", 1, INT_MAX,
	    unpublish, ct_publish_conf, "take that back", .more = published_help),
	PLAIN("reload", "", 0, 0, reload,
	      "make the nft rules of published ports and masquerading anew"),
	PLAIN("show", "[NET]", 0, 1, show, "networks with their ports and peers, as a tree"),
	PLAIN("list", "nets|ports|peers|fdb|vteps|publish [NET]", 1, 2, list_objects,
	      "a row for each object"),
	PLAIN("monitor", "[NET]", 0, 1, monitor, "a line for each event, as it happens"),
	{ "metrics", "", 0, 0, metrics_opts, sizeof(struct metrics_opts), .run = metrics,
	  "what is counted, for Prometheus and others that read OpenMetrics" },
	PLAIN("save", "[NET]", 0, 1, save,
	      "print the configuration, as a file for restore, sync or -b"),
	PLAIN("restore", "{FILE | -}", 1, 1, restore,
	      "make the networks of a file, each of them whole or not at all"),
	{ "sync", "[NET] {FILE | -}", 1, 2, sync_opts, sizeof(struct sync_opts), .run = sync_file,
	  "make all networks, or one, what a file says, changing only what differs" },
	PLAIN("follow", "{docker|podman} [FILE]", 1, 2, follow,
	      "attach containers of a file, /etc/ctnet.conf, whenever they start"),
	PLAIN("oci-hook", "[FILE]", 0, 1, oci_hook,
	      "the same of one that starts, called by Podman", .bare = true),
	CMD("serve-names", "NET ...", 1, INT_MAX, serve_names, names_opts,
	    "have the containers of networks find one another by name"),
	{ "serve-metrics", "", 0, 0, serve_metrics_opts, sizeof(struct serve_metrics_opts),
	  .run = serve_metrics, "what metrics prints, over HTTP, at /metrics" },
	PLAIN("version", "", 0, 0, version, "the version of this tool", .bare = true),
	PLAIN("help", "[COMMAND]", 0, 1, help, "this list, or how a command is used",
	      .bare = true),
	{ .name = NULL }
};

static const char global_usage[] =
	"usage: ctnetctl [-n NETNS] [-j] [-p] [-s] [-b FILE] [--color[=WHEN]] COMMAND ...\n";

static const char global_help[] =
	"\nOptions, before the command:\n"
	"  -n, --netns NETNS   work in this network namespace: a name of \"ip netns\", a path or a PID\n"
	"  -j, --json          print JSON\n"
	"  -p, --pretty        indent it\n"
	"  -s, --stats         with counters\n"
	"  -b, --batch FILE    run the commands of a file, or of standard input (-)\n"
	"      --color[=WHEN]  auto, always or never\n"
	"\nCommands:\n";

/* ---------------------------------------------------------------- messages */

/* Standard error has a buffer, so that a line is written in one piece. */
static void put_message(const char *text)
{
	bool tty = isatty(STDERR_FILENO);

	fflush(stdout);
	fputs("ctnetctl: ", stderr);
	/* Words that it quotes are whatever bytes somebody chose. */
	if (ctx.file) {
		text_put(stderr, ctx.file, tty);
		fprintf(stderr, ":%u: ", ctx.line);
	}
	if (ctx.what[0]) {
		text_put(stderr, ctx.what, tty);
		fputs(": ", stderr);
	}
	text_put(stderr, text, tty);
	fputc('\n', stderr);
}

static void warn(struct ct *ct, const char *text)
{
	(void)ct;
	put_message(text);
}

int complain(void)
{
	if (ct.error)
		put_message(ct.error);
	free(ct.error);
	ct.error = NULL;
	return CT_REFUSED;
}

static void __attribute__((noreturn)) no_memory(void)
{
	put_message("out of memory");
	ct_undo_all(&ct);
	exit(CT_REFUSED);
}

int flush_output(void)
{
	static bool failed;

	if (failed)
		return CT_REFUSED;
	if (!fflush(stdout) && !ferror(stdout))
		return CT_OK;
	failed = true;
	return ct_fail(&ct, "write the output: %s", strerror(errno));
}

/* ----------------------------------------------------------------- signals */

/* All that would end us, come from outside, and can be caught. */
static const int sigs[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGALRM, SIGVTALRM, SIGPROF,
	SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGIO, SIGPWR, SIGSTKFLT,
};

static volatile sig_atomic_t got;

static bool interrupted(void)
{
	return got;
}

void __gcov_dump(void);	/* NOLINT(bugprone-reserved-identifier): libgcov's */

/* Whoever waits for us sees that it killed us: a shell's loop ends. */
static void die_of(int sig)
{
	sigset_t set;

#ifdef COVERAGE
	__gcov_dump();
#endif
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
}

/* A command that has begun is stopped and taken back first. */
static void on_signal(int sig)
{
	if (ct.busy)
		got = sig;
	else
		die_of(sig);
}

/* What is ignored stays so. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sigs); i++)
		if (!sigaction(sigs[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(sigs[i], &sa, NULL);
}

/* ---------------------------------------------------------------- commands */

const struct command *command_find(const char *name)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* What may have been meant: a word with a slip, or "port add" for add-port. */
static const char *near_command(int argc, char **argv)
{
	unsigned int least = TEXT_FAR, d;
	const struct command *c;
	const char *near = NULL;
	char words[64];
	int i;

	for (i = 0; i < 2 && argc > 1; i++) {
		snprintf(words, sizeof(words), "%.24s-%.24s", argv[i], argv[!i]);
		if (command_find(words))
			return command_find(words)->name;
	}
	for (c = commands; c->name; c++) {
		size_t len = strlen(c->name);

		/* as "list-ports" for "list ports" */
		d = !strncmp(argv[0], c->name, len) && argv[0][len] == '-' ?
		    0 : text_distance(argv[0], c->name);
		if (d < least)
			near = c->name;
		least = d < least ? d : least;
	}
	return near;
}

static int no_command(int argc, char **argv)
{
	const char *other = near_command(argc, argv);

	if (ctx.file && !strcmp(argv[0], "ctnetctl"))
		return ct_misuse(&ct, "a line begins with its command, without \"ctnetctl\"");
	return ct_misuse(&ct, "there is no command \"%s\"; %s%s%s\"ctnetctl help\" lists the commands",
			 argv[0], other ? "is it \"" : "", other ? other : "", other ? "\"? " : "");
}

static void set_what(int argc, char **argv)
{
	size_t used = 0;
	int i;

	for (i = 0; i < argc && used < sizeof(ctx.what) - 1; i++)
		used += snprintf(ctx.what + used, sizeof(ctx.what) - used, "%s%.128s",
				 i ? " " : "", argv[i]);
}

int call_parse(struct call *call, int argc, char **argv)
{
	const struct command *c = command_find(argv[0]);
	int err;

	memset(call, 0, sizeof(*call));
	ctx.what[0] = '\0';
	if (!c) {
		no_command(argc, argv);
		return CT_USAGE;
	}
	set_what(1, argv);
	call->c = c;
	call->n = argc - 1;
	call->arg = argv + 1;
	call->vals = ct_calloc(1, c->size);
	err = opt_parse(c->name, c->opts, call->vals, &call->n, call->arg);
	if (!err && call->n > c->max && opt_find(c->opts, call->arg[c->max]))
		err = ct_misuse(&ct, "\"%s\" is an option: --%s", call->arg[c->max],
				call->arg[c->max]);
	else if (!err && (call->n < c->min || call->n > c->max))
		err = ct_misuse(&ct, "%s; usage: ctnetctl %s %s%s",
				call->n < c->min ? "something is missing" :
				"there is a word too many", c->name, c->args,
				c->opts ? " [OPTIONS]" : "");
	if (err)
		call_free(call);
	else
		call_name(call);
	return err;
}

void call_free(struct call *call)
{
	opt_free(call->c->opts, call->vals);
	free(call->vals);
	call->vals = NULL;
}

void call_name(const struct call *call)
{
	/* The verb stands before the operands. */
	set_what(1 + call->n, call->arg - 1);
}

static void help_command(const struct command *c)
{
	const struct opt *o;

	printf("usage: ctnetctl %s%s%s%s\n\n  %s\n", c->name, c->args[0] ? " " : "", c->args,
	       c->opts ? " [OPTIONS]" : "", c->help);
	if (c->opts)
		printf("\nOptions:\n");
	for (o = c->opts; o && o->name; o++) {
		const char *val = opt_arg(o);
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", o->name, val ? " " : "",
			 val ? val : "");
		printf("  %-20s %s\n", left, o->help);
	}
	printf("%s", c->more ? c->more : "");
}

int dispatch(int argc, char **argv)
{
	struct call call;
	int err;

	err = call_parse(&call, argc, argv);
	if (err == CALL_HELP) {
		help_command(command_find(argv[0]));
		err = CT_OK;
	} else if (!err) {
		/* Help is to be had wherever this runs. */
		err = call.c->bare || ct.priv ? CT_OK : ct_open(&ct, ctx.netns);
		if (!err)
			err = call.c->run(call.n, call.arg, call.vals);
		call_free(&call);
	}
	if (err)
		complain();
	if (flush_output())
		err = complain();
	if (got)
		die_of(got);
	return err;
}

static int help(int n, char **arg, void *vals)
{
	const struct command *c;

	(void)vals;
	if (!n) {
		printf("%s%s", global_usage, global_help);
		for (c = commands; c->name; c++)
			printf("  %-12s %s\n", c->name, c->help);
		printf("\n\"ctnetctl help COMMAND\" tells more of one.\n");
		return CT_OK;
	}
	c = command_find(arg[0]);
	if (!c)
		return no_command(n, arg);
	help_command(c);
	return CT_OK;
}

static int version(int n, char **arg, void *vals)
{
	(void)n;
	(void)arg;
	(void)vals;
	if (ctx.json) {
		struct json_object *o = json_object_new_object();

		json_str(o, "version", VERSION);
		out_json(o);
	} else {
		printf("ctnetctl %s\n", VERSION);
	}
	return CT_OK;
}

/* ---------------------------------------------------------- global options */

static int set_color(const char *when)
{
	if (!when || !strcmp(when, "always"))
		ctx.color = true;
	else if (!strcmp(when, "auto"))
		ctx.color = ctx.tty && !getenv("NO_COLOR");
	else if (!strcmp(when, "never"))
		ctx.color = false;
	else
		return ct_misuse(&ct, "--color \"%s\": must be auto, always or never", when);
	return CT_OK;
}

static const struct option longs[] = {
	{ "netns", required_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "stats", no_argument, NULL, 's' },
	{ "batch", required_argument, NULL, 'b' },
	{ "color", optional_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

const char *global_option(const char *word)
{
	static const char *const values[] = { "-n NETNS", "-b FILE" };
	static char text[32];
	const struct option *o;
	size_t i, len = strcspn(word, "=");

	if (strspn(word + 1, "jps") == strlen(word + 1)) {
		snprintf(text, sizeof(text), "%s", word);
		return text;
	}
	for (i = 0; i < ARRAY_SIZE(values); i++)
		if (!strncmp(word, values[i], 2))
			return values[i];
	for (o = longs; o->name && !strncmp(word, "--", 2); o++) {
		if (strlen(o->name) != len - 2 || strncmp(o->name, word + 2, len - 2))
			continue;
		snprintf(text, sizeof(text), "--%s%s", o->name,
			 o->has_arg != required_argument ? "" :
			 o->val == 'n' ? " NETNS" : " FILE");
		return text;
	}
	return NULL;
}

/* What stands before the command; *@file is the batch file, if there is one. */
static int parse(int argc, char **argv, const char **file)
{
	char letter[] = "-?", *words[2] = { NULL };
	int c, err = CT_OK;

	while (!err && (c = getopt_long(argc, argv, "+:n:jpsb:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			ctx.netns = optarg;
			break;
		case 'j':
			ctx.json = true;
			break;
		case 'p':
			ctx.pretty = true;
			break;
		case 's':
			ctx.stats = true;
			break;
		case 'b':
			*file = optarg;
			break;
		case 'c':
			err = set_color(optarg);
			break;
		case 'h':
		case 'V':
			words[0] = c == 'h' ? "help" : "version";
			exit(dispatch(1, words));
		case ':':
			return ct_misuse(&ct, "%s needs a value", argv[optind - 1]);
		default:
			letter[1] = optopt;
			return ct_misuse(&ct, "there is no option %s; \"ctnetctl help\" lists the options",
					 optopt && !strchr(argv[optind - 1], '=') ? letter :
					 argv[optind - 1]);
		}
	}
	if (err)
		return err;
	ctx.color = ctx.color && !ctx.json;
	if (*file && optind < argc)
		return ct_misuse(&ct, "-b FILE takes the place of a command");
	if (!*file && optind == argc) {
		fputs(global_usage, stderr);
		return ct_misuse(&ct, "there is no command; \"ctnetctl help\" lists the commands");
	}
	if (ctx.netns && ct_parse_target(ctx.netns))
		return ct_misuse(&ct, "-n \"%s\": %s", ctx.netns, ct_parse_target(ctx.netns));
	return CT_OK;
}

int main(int argc, char **argv)
{
	static char line[8192];
	const char *file = NULL;
	int err;

#ifdef COVERAGE
	umask(0);		/* any user can add to the record */
#endif
	/* Widths of characters, whatever the locale: names are UTF-8 or just bytes. */
	setlocale(LC_CTYPE, "C.UTF-8");
	setvbuf(stderr, line, _IOLBF, sizeof(line));
	ct_nomem = no_memory;
	catch_signals();
	ctx.tty = isatty(STDOUT_FILENO);
	set_color("auto");
	opterr = 0;
	err = parse(argc, argv, &file);
	if (!err && !file)
		err = dispatch(argc - optind, argv + optind);
	else if (!err)
		err = ct_open(&ct, ctx.netns);
	if (!err && file)
		err = batch(file);
	if (err)
		complain();
	ct_close(&ct);
	free(ct.error);
	return err;
}
