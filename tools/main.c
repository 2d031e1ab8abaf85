// SPDX-License-Identifier: GPL-2.0
/* ctnetctl: the command line. One table drives dispatch, usage and help. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "ctnetctl.h"
#include "objects.h"
#include "text.h"

struct ctx ctx = { .own_fd = -1, .ns_fd = -1 };

static int help(int n, char **arg, void *vals);
static int version(int n, char **arg, void *vals);

static const char target_help[] =
	"\nTARGET is a container's network namespace: a PID, a name that \"ip netns list\" has, or a\n"
	"path such as /run/netns/web or /proc/PID/ns/net. The PID of a container of Docker:\n"
	"  docker inspect -f '{{.State.Pid}}' NAME\n";

#define OPTS(table, type) .opts = (table), .size = sizeof(struct type)

static const struct command commands[] = {
	{ "add-net", "NET", 1, 1, OPTS(add_net_opts, net_opts), add_net,
	  "make a network and bring it up" },
	{ "set-net", "NET", 1, 1, OPTS(set_net_opts, net_opts), set_net,
	  "change a network" },
	{ "del-net", "NET", 1, 1, OPTS(del_net_opts, net_opts), del_net,
	  "delete a network, and what add-port made" },
	{ "add-port", "NET {TARGET | --dev DEV}", 1, 2,
	  OPTS(add_port_opts, port_opts), add_port,
	  "attach a container, or a device", .more = target_help },
	{ "set-port", "NET {TARGET | --dev DEV}", 1, 2,
	  OPTS(set_port_opts, port_opts), set_port,
	  "change a port", .more = target_help },
	{ "del-port",
	  "NET {TARGET | --dev DEV | --port NEAR-END | --label TEXT}", 1, 2,
	  OPTS(del_port_opts, port_opts), del_port,
	  "take a container off, or detach a device", .more = target_help },
	{ "add-peer", "NET IP", 2, 2, OPTS(add_peer_opts, peer_opts), add_peer,
	  "add a remote VTEP" },
	{ "del-peer", "NET IP", 2, 2, OPTS(del_peer_opts, peer_opts), del_peer,
	  "remove a remote VTEP" },
	{ "add-fdb", "NET MAC", 2, 2, OPTS(add_fdb_opts, fdb_opts), add_fdb,
	  "add a static entry to the table", .more = target_help },
	{ "replace-fdb", "NET MAC", 2, 2, OPTS(replace_fdb_opts, fdb_opts),
	  replace_fdb, "add a static entry, or change it", .more = target_help },
	{ "del-fdb", "NET MAC", 2, 2, OPTS(del_fdb_opts, fdb_opts), del_fdb,
	  "remove an entry" },
	{ "flush-fdb", "NET", 1, 1, OPTS(flush_fdb_opts, fdb_opts), flush_fdb,
	  "remove all entries, or some" },
	{ "show", "[NET]", 0, 1, .run = show,
	  .help = "networks with their ports and peers, as a tree" },
	{ "list", "nets|ports|peers|fdb|vteps [NET]", 1, 2, .run = list_objects,
	  .help = "a row for each object" },
	{ "monitor", "[NET]", 0, 1, .run = monitor,
	  .help = "a line for each event, as it happens" },
	{ "save", "[NET]", 0, 1, .run = save,
	  .help = "print the configuration, as a file for restore, sync or -b" },
	{ "restore", "{FILE | -}", 1, 1, .run = restore,
	  .help = "make the networks of a file, each of them whole or not at all" },
	{ "sync", "[NET] {FILE | -}", 1, 2, OPTS(sync_opts, sync_opts), sync_file,
	  "make all networks, or one, what a file says, changing only what differs" },
	{ "version", "", 0, 0, .run = version,
	  .help = "the version of this tool", .bare = true },
	{ "help", "[COMMAND]", 0, 1, .run = help,
	  .help = "this list, or how a command is used", .bare = true },
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

/* One line, in one piece. */
static void complain(const char *fmt, va_list ap)
{
	bool tty = isatty(STDERR_FILENO);
	char *text = NULL, *line = NULL;
	size_t size;
	FILE *f;

	if (ctx.quiet)
		return;
	fflush(stdout);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	f = text ? open_memstream(&line, &size) : NULL;
	if (!f) {
		fputs("ctnetctl: out of memory\n", stderr);
		free(text);
		return;
	}
	fputs("ctnetctl: ", f);
	/* Words that it quotes are whatever bytes somebody chose. */
	if (ctx.file) {
		text_put(f, ctx.file, tty);
		fprintf(f, ":%u: ", ctx.line);
	}
	if (ctx.what[0]) {
		text_put(f, ctx.what, tty);
		fputs(": ", f);
	}
	text_put(f, text, tty);
	fputc('\n', f);
	fclose(f);
	fwrite(line, 1, size, stderr);
	free(line);
	free(text);
}

int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	return EXIT_REFUSED;
}

int usage_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	return EXIT_USAGE;
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
}

void die(const char *why)
{
	fail("%s", why);
	undo_run_all();
	exit(EXIT_REFUSED);
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p && size)
		die("out of memory");
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("out of memory");
	return p;
}

char *xstrdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		die("out of memory");
	return copy;
}

static struct nlsock *sock(struct nlsock *s, int proto)
{
	int err;

	if (s->sk)
		return s;
	err = nl_open(s, proto, ctx.ns_fd);
	if (!err)
		return s;
	fail("open a netlink socket: %s", nl_why(NULL, err, NULL));
	return NULL;
}

struct nlsock *rt_sock(void)
{
	return sock(&ctx.rt, NETLINK_ROUTE);
}

struct nlsock *ge_sock(void)
{
	struct nlsock *s = sock(&ctx.ge, NETLINK_GENERIC);
	int err;

	if (!s || ctx.family)
		return s;
	err = ge_resolve(s);
	if (!err)
		return s;
	if (err == -ENOENT)
		fail("the ctnet module is not loaded: \"modprobe ctnet\" loads it");
	else
		fail("find the netlink family \"ctnet\": %s",
		     nl_why(s, err, NULL));
	return NULL;
}

static const struct command *find_command(const char *name)
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
	char words[2][64];
	int i;

	snprintf(words[0], sizeof(words[0]), "%.24s-%.24s", argv[0],
		 argc > 1 ? argv[1] : "");
	snprintf(words[1], sizeof(words[1]), "%.24s-%.24s",
		 argc > 1 ? argv[1] : "", argv[0]);
	for (i = 0; i < 2 && argc > 1; i++)
		if (find_command(words[i]))
			return find_command(words[i])->name;
	for (c = commands; c->name; c++) {
		size_t len = strlen(c->name);

		/* as "list-ports" for "list ports" */
		d = !strncmp(argv[0], c->name, len) && argv[0][len] == '-' ?
		    0 : text_distance(argv[0], c->name);
		if (d >= least)
			continue;
		least = d;
		near = c->name;
	}
	return near;
}

static int no_command(int argc, char **argv)
{
	const char *other = near_command(argc, argv);

	if (ctx.file && !strcmp(argv[0], "ctnetctl"))
		return usage_error("a line begins with its command, without \"ctnetctl\"");
	if (other)
		return usage_error("there is no command \"%s\"; is it \"%s\"? \"ctnetctl help\" lists the commands",
				   argv[0], other);
	return usage_error("there is no command \"%s\"; \"ctnetctl help\" lists the commands",
			   argv[0]);
}

static void set_what(int argc, char **argv)
{
	size_t used = 0;
	int i;

	for (i = 0; i < argc && used < sizeof(ctx.what) - 1; i++)
		used += snprintf(ctx.what + used, sizeof(ctx.what) - used,
				 "%s%.128s", i ? " " : "", argv[i]);
}

int call_parse(struct call *call, int argc, char **argv)
{
	const struct command *c = find_command(argv[0]);
	int err;

	memset(call, 0, sizeof(*call));
	ctx.what[0] = '\0';
	if (!c) {
		no_command(argc, argv);
		return EXIT_USAGE;
	}
	set_what(1, argv);
	call->c = c;
	call->n = argc - 1;
	call->arg = argv + 1;
	call->vals = xcalloc(1, c->size ? c->size : 1);
	err = opt_parse(c->name, c->opts, call->vals, &call->n, call->arg);
	if (!err && call->n > c->max && opt_find(c->opts, call->arg[c->max]))
		err = usage_error("\"%s\" is an option: --%s",
				  call->arg[c->max], call->arg[c->max]);
	else if (!err && (call->n < c->min || call->n > c->max))
		err = usage_error("%s; usage: ctnetctl %s %s%s",
				  call->n < c->min ? "something is missing" :
				  "there is a word too many", c->name, c->args,
				  c->opts ? " [OPTIONS]" : "");
	if (err)
		call_free(call);
	else
		set_what(1 + call->n, argv);
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

int flush_output(void)
{
	static bool failed;

	if (failed)
		return EXIT_REFUSED;
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	failed = true;
	return fail("write the output: %s", strerror(errno));
}

static void help_command(const struct command *c)
{
	const struct opt *o;

	printf("usage: ctnetctl %s%s%s%s\n\n  %s\n", c->name,
	       c->args[0] ? " " : "", c->args, c->opts ? " [OPTIONS]" : "",
	       c->help);
	if (c->opts)
		printf("\nOptions:\n");
	for (o = c->opts; o && o->name; o++) {
		const char *val = opt_arg(o);
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", o->name,
			 val ? " " : "", val ? val : "");
		printf("  %-20s %s\n", left, o->help);
	}
	if (c->more)
		fputs(c->more, stdout);
}

static int open_namespaces(void)
{
	ctx.own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ctx.own_fd < 0)
		return fail("open our own network namespace: %s (is /proc mounted?)",
			    strerror(errno));
	ctx.ns_fd = ctx.netns ? netns_open(ctx.netns, NULL, "") : ctx.own_fd;
	return ctx.ns_fd < 0 ? EXIT_REFUSED : EXIT_OK;
}

int dispatch(int argc, char **argv)
{
	struct call call;
	int err;

	err = call_parse(&call, argc, argv);
	if (err == CALL_HELP) {
		help_command(find_command(argv[0]));
		return flush_output();
	}
	if (err)
		return err;
	/* Help is to be had wherever this runs. */
	if (!call.c->bare && ctx.ns_fd < 0)
		err = open_namespaces();
	if (!err)
		err = call.c->run(call.n, call.arg, call.vals);
	if (flush_output())
		err = EXIT_REFUSED;
	call_free(&call);
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
		return EXIT_OK;
	}
	c = find_command(arg[0]);
	if (!c)
		return no_command(n, arg);
	help_command(c);
	return EXIT_OK;
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
		json_object_put(o);
	} else {
		printf("ctnetctl %s\n", VERSION);
	}
	return EXIT_OK;
}

static int set_color(const char *when)
{
	if (!when || !strcmp(when, "always"))
		ctx.color = true;
	else if (!strcmp(when, "auto"))
		ctx.color = ctx.tty && !getenv("NO_COLOR");
	else if (!strcmp(when, "never"))
		ctx.color = false;
	else
		return usage_error("--color: \"%s\" is none of auto, always and never",
				   when);
	return EXIT_OK;
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
		if (strlen(o->name) != len - 2 ||
		    strncmp(o->name, word + 2, len - 2))
			continue;
		snprintf(text, sizeof(text), "--%s%s", o->name,
			 o->has_arg != required_argument ? "" :
			 o->val == 'n' ? " NETNS" : " FILE");
		return text;
	}
	return NULL;
}

static int run(int argc, char **argv)
{
	const char *file = NULL;
	int c, err;

	ctx.tty = isatty(STDOUT_FILENO);
	set_color("auto");
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:n:jpsb:hV", longs, NULL)) != -1) {
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
			file = optarg;
			break;
		case 'c':
			err = set_color(optarg);
			if (err)
				return err;
			break;
		case 'h':
			help(0, NULL, NULL);
			return flush_output();
		case 'V':
			version(0, NULL, NULL);
			return flush_output();
		case ':':
			return usage_error("%s needs a value",
					   argv[optind - 1]);
		default:
			if (optopt && !strchr(argv[optind - 1], '='))
				return usage_error("there is no option -%c; \"ctnetctl help\" lists the options",
						   optopt);
			return usage_error("there is no option %s; \"ctnetctl help\" lists the options",
					   argv[optind - 1]);
		}
	}
	if (ctx.json)
		ctx.color = false;
	argc -= optind;
	argv += optind;
	if (file && argc)
		return usage_error("-b FILE takes the place of a command");
	if (!file && !argc) {
		fputs(global_usage, stderr);
		return usage_error("there is no command; \"ctnetctl help\" lists the commands");
	}
	if (ctx.netns) {
		const char *why = parse_target(ctx.netns);

		if (why)
			return usage_error("-n: \"%s\" %s", ctx.netns, why);
	}
	if (!file)
		return dispatch(argc, argv);
	err = open_namespaces();
	return err ? err : batch(file);
}

int main(int argc, char **argv)
{
	int err;

	/* Widths of characters, whatever the locale: names are UTF-8 or just bytes. */
	setlocale(LC_CTYPE, "C.UTF-8");
	err = run(argc, argv);

	nl_shut(&ctx.rt);
	nl_shut(&ctx.ge);
	if (ctx.ns_fd >= 0 && ctx.ns_fd != ctx.own_fd)
		close(ctx.ns_fd);
	if (ctx.own_fd >= 0)
		close(ctx.own_fd);
	return err;
}
