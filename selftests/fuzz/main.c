// SPDX-License-Identifier: GPL-2.0
/* The command line, and the loop. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "ctfuzz.h"

static const char usage[] =
	"usage: ctfuzz MODE [OPTION...], with MODE one of netlink, port, underlay\n"
	"  --cases N       run so many (default 10000)\n"
	"  --seconds N     or for so long\n"
	"  --seed N        of what is random (default: another each time)\n"
	"  --corpus DIR    run what DIR/*.txt have first, and go on from there\n"
	"  --save DIR      write the fewest cases that reach all to DIR/MODE.txt\n"
	"  --last FILE     keep the latest cases there, for when the kernel dies\n"
	"  --replay FILE   run the cases of a file, in their order, and end\n"
	"  --stats FILE    write the figures there, too\n"
	"  --points FILE   write what was reached there, for cover.py\n"
	"  --module FILE   ctnet.ko as it is loaded (default: the running kernel's)\n";

static struct {
	const char *corpus, *save, *last, *replay, *stats, *points, *module;
	u64 cases, seconds, seed;
} opt;

static const struct mode *mode;
static u64 n_cases;
static unsigned int n_from_corpus;

_Noreturn void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fflush(stdout);
	fputs("ctfuzz: ", stderr);
	va_start(ap, fmt);
	errno = err;
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	exit(1);
}

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

/* Whether a message can go out with another after it. */
static bool is_whole(const struct rec *r)
{
	u32 len;

	memcpy(&len, r->data, sizeof(len));
	return chan_is_netlink(r->chan) && len == r->len;
}

static void send_records(const struct fcase *c)
{
	const struct rec *r = c->rec, *end = r + c->n, *from;

	while (r < end) {
		from = r++;
		if (!chan_is_netlink(from->chan)) {
			tap_send(from);
			continue;
		}
		while (r < end && r->chan == from->chan && is_whole(r - 1))
			r++;
		nl_send(from, r - from);
	}
	nl_receive();
}

/* Runs a case, and remembers it if it reached something new. */
static void run(struct fcase *c)
{
	unsigned int points, steps;

	n_cases++;
	kcov_reset();
	send_records(c);
	points = cover_collect(&steps);
	if (points || steps)
		corpus_add(c, points);
	if (n_cases % 64 == 0)
		nl_drain_events();
	if (n_cases % mode->tidy_every == 0)
		mode->tidy();
}

static void fuzz(void)
{
	u64 begin = now_ms(), end = opt.seconds ? begin + opt.seconds * 1000 : 0, told = begin;
	static struct fcase cases[BATCH];
	unsigned int i;

	while (end ? now_ms() < end : n_cases < opt.cases) {
		for (i = 0; i < BATCH; i++) {
			if (chance(25) || !corpus_pick(&cases[i]))
				mode->generate(&cases[i]);
			else
				mode->mutate(&cases[i]);
		}
		last_write(cases, BATCH, n_cases);
		for (i = 0; i < BATCH; i++)
			run(&cases[i]);
		if (n_cases / BATCH % 64 == 0 && now_ms() - told > 30000) {
			told = now_ms();
			printf("# %s: %llu cases, %u points, %u kept\n", mode->name,
			       (unsigned long long)n_cases, points_count(), corpus_size());
			fflush(stdout);
		}
	}
}

static void replay(void)
{
	FILE *f = fopen(opt.replay, "r");
	static struct fcase c;
	char remark[256];

	if (!f)
		die("%s: %m", opt.replay);
	while (text_parse(f, &c, remark)) {
		printf("# case %s\n", remark);
		fflush(stdout);
		last_write(&c, 1, n_cases);
		run(&c);
	}
	fclose(f);
}

static void report(FILE *f, u64 ms)
{
	fprintf(f, "mode %s\nseed %llu\ncases %llu\nfrom_corpus %u\nseconds %llu.%llu\nrate %llu\n",
		mode->name, (unsigned long long)opt.seed, (unsigned long long)n_cases,
		n_from_corpus, (unsigned long long)ms / 1000, (unsigned long long)ms % 1000 / 100,
		(unsigned long long)(ms ? n_cases * 1000 / ms : 0));
	fprintf(f, "points %u\nkept %u\n", points_count(), corpus_size());
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cases", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "corpus", required_argument, NULL, 'c' },
		{ "save", required_argument, NULL, 'w' },
		{ "last", required_argument, NULL, 'l' },
		{ "replay", required_argument, NULL, 'r' },
		{ "stats", required_argument, NULL, 'S' },
		{ "points", required_argument, NULL, 'p' },
		{ "module", required_argument, NULL, 'm' },
		{ }
	};
	static const struct mode *const modes[] = { &mode_netlink, &mode_port, &mode_underlay };
	unsigned int i;
	int c;

	opt.cases = 10000;
	opt.seed = now_ms() ^ (u64)getpid() << 32;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			opt.cases = strtoull(optarg, NULL, 0);
			break;
		case 't':
			opt.seconds = strtoull(optarg, NULL, 0);
			break;
		case 's':
			opt.seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			opt.corpus = optarg;
			break;
		case 'w':
			opt.save = optarg;
			break;
		case 'l':
			opt.last = optarg;
			break;
		case 'r':
			opt.replay = optarg;
			break;
		case 'S':
			opt.stats = optarg;
			break;
		case 'p':
			opt.points = optarg;
			break;
		case 'm':
			opt.module = optarg;
			break;
		default:
			fputs(usage, stderr);
			exit(1);
		}
	}
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (optind == argc - 1 && !strcmp(argv[optind], modes[i]->name))
			mode = modes[i];
	if (!mode) {
		fputs(usage, stderr);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	char ko[256];
	struct utsname u;
	u64 begin;

	parse(argc, argv);
	uname(&u);
	snprintf(ko, sizeof(ko), "/lib/modules/%s/updates/ctnet.ko", u.release);
	points_load(opt.module ? opt.module : ko);
	printf("# %s: seed %llu\n", mode->name, (unsigned long long)opt.seed);
	fflush(stdout);
	rng_seed(opt.seed);
	if (opt.last)
		last_open(opt.last);
	kcov_open();
	if (unshare(CLONE_NEWNET))
		die("a namespace of its own: %m");
	nl_open();
	mode->setup();
	begin = now_ms();
	if (opt.replay) {
		replay();
	} else {
		if (opt.corpus)
			n_from_corpus = corpus_load(opt.corpus, run);
		fuzz();
	}
	report(stdout, now_ms() - begin);
	if (opt.stats) {
		FILE *f = fopen(opt.stats, "w");

		if (!f)
			die("%s: %m", opt.stats);
		report(f, now_ms() - begin);
		fclose(f);
	}
	if (opt.points)
		points_report(opt.points);
	if (opt.save)
		printf("saved %u\n", corpus_save(opt.save, mode->name));
	return 0;
}
