// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the threads, unloads and loads the module between rounds, takes everything down,
 * and says what was done.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "churn.h"

_Atomic bool stop, pause_dumps;

static unsigned long seed;
static unsigned int seconds = 60, rounds = 4, slow = 1;
static const char *module;

/* The first are for changes, then those who look on, then traffic. */
static struct actor actors[] = {
	{ .name = "change-1", .run = change_things },
	{ .name = "change-2", .run = change_things },
	{ .name = "change-3", .run = change_things },
	{ .name = "watch-1", .run = watch_things },
	{ .name = "watch-2", .run = watch_things },
	{ .name = "send-1", .run = send_traffic },
	{ .name = "send-2", .run = send_traffic },
	{ .name = "send-3", .run = send_traffic },
	{ .name = "send-4", .run = send_traffic },
};

#define ACTORS	(sizeof(actors) / sizeof(actors[0]))

static struct actor main_actor = { .name = "main" };

/* Nothing of this takes minutes: a thread that is at it that long waits for ever. */
static bool hangs(void)
{
	long limit = 200000L * slow;
	unsigned int i;
	bool any = false;

	for (i = 0; i < ACTORS; i++) {
		struct actor *a = &actors[i];
		int now = a->now;

		if (a->since && clock_ms() - a->since > limit) {
			printf("hangs: %s: %s\n", a->name,
			       now < 0 ? "traffic" : kind_name(now));
			any = true;
		}
	}
	return any;
}

static void give_up(const char *why)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	printf("odd: %s\n", why);
	count_report();
	fflush(stdout);
	/* where everybody waits, for the kernel's log */
	if (fd >= 0)
		(void)!write(fd, "w", 1);
	_exit(3);
}

static void wait_ms(long ms)
{
	long end = clock_ms() + ms;

	while (clock_ms() < end) {
		usleep(50000);
		if (hangs())
			give_up("a thread hangs");
	}
}

static void furnish_all(bool hosts)
{
	unsigned int i;

	for (i = 0; i < HOSTS; i++) {
		if (hosts && !place_new(host_place(i)))
			furnish_host(&main_actor, i);
		else
			furnish_networks(&main_actor, i);
	}
	for (i = 0; i < n_containers; i++)
		furnish_container(&main_actor, i);
}

/*
 * With everything in place, under traffic, while others go on changing things. Dumps in
 * progress keep a module from being unloaded, and there are many.
 */
static void module_round(void)
{
	long t = clock_ms();
	int fd, err;

	while (syscall(SYS_delete_module, "ctnet", O_NONBLOCK)) {
		count(K_MODULE, -errno, NULL);
		if (errno != EAGAIN && errno != EBUSY)
			give_up("the module cannot be unloaded");
		if (clock_ms() - t > 1000 * slow)
			pause_dumps = true;
		if (clock_ms() - t > 60000L * slow)
			give_up("the module is in use for ever");
		usleep(3000);
	}
	genl_forget();
	pause_dumps = false;
	usleep(20000);
	fd = open(module, O_RDONLY | O_CLOEXEC);
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	if (!err)
		err = genl_resolve();
	count_since(K_MODULE, err, NULL, t);
	if (err)
		give_up("the module cannot be loaded");
	furnish_all(false);
}

static void *thread(void *arg)
{
	struct actor *a = arg;

	a->run(a);
	a->since = 0;
	return NULL;
}

/* @which, of all threads: the same from the same seed, unlike one another. */
static void start_thread(unsigned int which)
{
	struct rnd r = { .s = seed + which * 1000003ull };

	actors[which].now = -1;
	actors[which].rnd.s = rnd_next(&r);
	if (pthread_create(&actors[which].thread, NULL, thread, &actors[which])) {
		perror("pthread_create");
		exit(1);
	}
}

static void all_places_end(void)
{
	unsigned int i;

	for (i = 0; i < PLACES; i++)
		place_end(i);
}

static void take_down(void)
{
	unsigned int i;

	stop = true;
	/* under the last of the traffic */
	all_places_end();
	for (i = 0; i < ACTORS; i++) {
		while (pthread_tryjoin_np(actors[i].thread, NULL)) {
			usleep(10000);
			if (hangs())
				give_up("a thread does not end");
		}
	}
	/* what a thread was about to make when it was told */
	all_places_end();
	seats_close(&main_actor);
	tap_close();
}

static void read_options(int argc, char **argv)
{
	int c;

	seed = clock_ms() ^ getpid();
	while ((c = getopt(argc, argv, "s:t:r:m:c:w:fp")) != -1) {
		switch (c) {
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			rounds = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			module = optarg;
			break;
		case 'c':
			n_containers = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			slow = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			flat = true;
			break;
		case 'p':
			unpatched = true;
			break;
		default:
			goto usage;
		}
	}
	if (module && optind == argc && rounds && slow &&
	    n_containers >= HOSTS && n_containers <= CONTAINERS)
		return;
usage:
	fprintf(stderr, "usage: ctchurn -m MODULE.ko [-s SEED] [-t SECONDS] [-r ROUNDS] [-c CONTAINERS] [-w SLOWNESS] [-f] [-p]\n");
	exit(1);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	unsigned long odd;
	unsigned int i;
	long begin;
	int left;

	read_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_NOFILE, &files);
	printf("seed %lu, %u seconds, %u rounds, %u containers\n", seed, seconds,
	       rounds, n_containers);
	if (access("/sys/kernel/tracing/events/ctnet/enable", W_OK))
		count_excuse(K_TRACE, "(no tracepoints here)");
	else if (unpatched)
		count_excuse(K_TRACE, "(left as they are)");
	if (access("/dev/net/tun", W_OK)) {
		count_excuse(K_TAP, "(no taps here)");
		count_excuse(K_TAP_FRAME, "(no taps here)");
	}
	if (genl_resolve())
		give_up("the module is not there");
	begin = clock_ms();
	place_init();
	trunk_init(&main_actor);
	furnish_all(true);
	printf("built in %ld ms\n", clock_ms() - begin);

	for (i = 0; i < ACTORS; i++)
		start_thread(i);
	begin = clock_ms();
	for (i = 0; i < rounds; i++) {
		wait_ms(seconds * 1000L / rounds);
		module_round();
		printf("round %u ends after %ld ms\n", i + 1, clock_ms() - begin);
	}
	/* what chance left out has its turn, for at most twice as long again */
	for (i = 0; i < 20 && count_missing(false); i++)
		wait_ms(2000L * seconds / 20);
	printf("ran for %ld ms\n", clock_ms() - begin);
	take_down();

	odd = count_report();
	i = count_missing(true);
	left = places_left(60000 * slow);
	printf("total: %lu unexpected errors, %u kinds without success, %d namespaces left\n",
	       odd, i, left);
	return odd || i || left ? 2 : 0;
}
