// SPDX-License-Identifier: GPL-2.0
/* ctnet-docker: its options, the socket that Docker connects to, and the loop. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

#define SOCKET		"/run/docker/plugins/ctnet.sock"
#define STATE		"/var/lib/ctnet/docker"
#define GRACE_S		300	/* a slow host starts containers slowly */
#define RULES_S		10	/* how often the host's rules are looked at */
#define FIRST_FD	3	/* of those that systemd hands over */
#define BACKLOG		512

static const char usage[] =
	"usage: ctnet-docker [--socket PATH] [--state DIR] [--grace SECONDS]\n"
	"       ctnet-docker --help | --version\n";

static const char help[] =
	"\n"
	"Docker's network driver and IPAM driver for ctnet networks. systemd starts it when\n"
	"Docker asks for it. See ctnet-docker(8).\n"
	"\n"
	"  --socket PATH    listen there, and not on a socket of systemd's\n"
	"                   (" SOCKET ")\n"
	"  --state DIR      keep there what there is (" STATE ")\n"
	"  --grace SECONDS  take back what Docker asked for and has not used for so long (300)\n";

/* ---------------------------------------------------------- what all need */

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

/* A line in the log, whatever is in it. */
void tell(const char *fmt, ...)
{
	char text[1024], *p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "ctnet-docker: %s\n", text);
}

static void warn(struct ct *ct, const char *text)
{
	(void)ct;
	tell("%s", text);
}

static __attribute__((noreturn)) void no_memory(void)
{
	tell("no memory is left");
	_exit(1);
}

void *list_add(void *list, size_t *n, void *item)
{
	void **v = ct_grow(list, *n, sizeof(*v));

	v[(*n)++] = item;
	return v;
}

void list_remove(void *list, size_t *n, const void *item)
{
	void **v = list;
	size_t i;

	for (i = 0; v[i] != item; i++)
		;
	memmove(&v[i], &v[i + 1], (--*n - i) * sizeof(*v));
}

int make_parents(const char *path)
{
	char *dir = ct_strdup(path), *p;
	int err = 0;

	for (p = dir + 1; !err && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		err = mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;
		*p = '/';
	}
	free(dir);
	return err;
}

/* ----------------------------------------------------------------- socket */

/* -1: systemd hands none over. */
static int socket_of_systemd(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	struct sockaddr_un sa = { 0 };
	socklen_t len = sizeof(sa);
	int listens = 0;
	socklen_t size = sizeof(listens);

	if (!pid || !fds || atol(pid) != (long)getpid())
		return -1;
	if (strcmp(fds, "1") || getsockname(FIRST_FD, (struct sockaddr *)&sa, &len) ||
	    sa.sun_family != AF_UNIX ||
	    getsockopt(FIRST_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens) {
		tell("what systemd hands over (LISTEN_FDS) is not one listening unix socket");
		exit(1);
	}
	return FIRST_FD;
}

static int in_use(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return 0;
	err = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
	close(fd);
	return !err;
}

static int socket_at(struct ct *ct, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, err;

	if (strlen(path) >= sizeof(sa.sun_path))
		return ct_misuse(ct, "--socket \"%s\": too long", path), -1;
	memcpy(sa.sun_path, path, strlen(path));
	make_parents(path);
	if (in_use(&sa))
		return ct_fail(ct, "somebody listens at %s already", path), -1;
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	old = umask(0177);
	err = fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, BACKLOG);
	umask(old);
	if (!err)
		return fd;
	ct_fail(ct, "listen at %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ------------------------------------------------------------------- loop */

void forget(struct ct *ct)
{
	ct_forget(ct);
	ct_netns_forget(ct);
	ct->family = 0;
}

/* A socket that hears of links. */
static int watch_links(struct ct *ct, struct ct_sock *s)
{
	int group = RTNLGRP_LINK, fd;
	int err = ct_sock_open(ct, s, NETLINK_ROUTE, ct->ns_fd);

	if (err)
		return ct_refused(s, err, NULL, "open a netlink socket");
	fd = nl_socket_get_fd(s->sk);
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return ct_fail(ct, "hear of links: %s", strerror(errno));
	return CT_OK;
}

static void link_event(struct driver *d, struct nlmsghdr *h)
{
	struct nlattr *tb[IFLA_MAX + 1];
	char name[IFNAMSIZ];

	if (h->nlmsg_type != RTM_NEWLINK ||
	    ct_parse(h, sizeof(struct ifinfomsg), tb, IFLA_MAX) || !tb[IFLA_IFNAME] ||
	    ct_get_num(tb[IFLA_OPERSTATE]) != IF_OPER_UP)
		return;
	nla_strlcpy(name, tb[IFLA_IFNAME], sizeof(name));
	endpoint_runs(d, name);
}

/* What was missed (ENOBUFS) is missed: the next frame of a container tells as much. */
static void link_events(struct driver *d, struct ct_sock *s)
{
	static char buf[1 << 16] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *h = (struct nlmsghdr *)buf;
	int left = recv(nl_socket_get_fd(s->sk), buf, sizeof(buf), MSG_DONTWAIT);

	forget(&d->ct);
	for (; left > 0 && nlmsg_ok(h, left); h = nlmsg_next(h, &left))
		link_event(d, h);
}

static int loop(struct driver *d, struct http *h, struct ct_sock *links, int signals)
{
	struct pollfd fds[] = {
		{ .fd = http_fd(h), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = nl_socket_get_fd(links->sk), .events = POLLIN },
	};
	unsigned int every = d->grace > 1 ? d->grace / 2 : 1;
	uint64_t next = now() + every;
	int ms;

	d->rules_at = now() + RULES_S;
	for (;;) {
		ms = http_timeout(h);
		if (ms < 0 || ms > 1000)
			ms = 1000;
		if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR)
			return ct_fail(&d->ct, "wait: %s", strerror(errno));
		if (fds[1].revents)
			return CT_OK;
		http_run(h);
		if (fds[2].revents)
			link_events(d, links);
		if (now() >= d->rules_at) {
			forget(&d->ct);
			sweep_rules(d);
			d->rules_at = now() + RULES_S;
		}
		if (now() >= next) {
			forget(&d->ct);
			sweep(d);
			next = now() + every;
		}
	}
}

static int load(struct driver *d)
{
	int err;

	err = store_open(d);
	err = err ?: store_load(d, NETWORK, network_load);
	err = err ?: store_load(d, ENDPOINT, endpoint_load);
	err = err ?: store_load(d, POOL, pool_load);
	if (err)
		return err;
	network_restore_all(d);
	endpoint_restore_all(d);
	unpublish_unknown(d);
	return CT_OK;
}

static int serve(struct driver *d, int fd)
{
	struct ct_sock links = { 0 };
	struct http *h = NULL;
	sigset_t set;
	int err, signals;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	err = signals < 0 ? ct_fail(&d->ct, "signals: %s", strerror(errno)) : CT_OK;
	err = err ?: watch_links(&d->ct, &links);
	if (!err) {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		h = http_start(d, fd);
		err = h ? loop(d, h, &links, signals) :
			  ct_fail(&d->ct, "start to listen: %s", strerror(errno));
	}
	if (h)
		http_stop(h);
	ct_sock_close(&links);
	if (signals >= 0)
		close(signals);
	return err;
}

static void free_all(struct driver *d)
{
	while (d->n_pools)
		pool_free(d->pools[--d->n_pools]);
	while (d->n_eps)
		endpoint_free(d->eps[--d->n_eps]);
	while (d->n_nets)
		network_free(d->nets[--d->n_nets]);
	free(d->pools);
	free(d->eps);
	free(d->nets);
}

/* ---------------------------------------------------------------- options */

static const char *parse(int argc, char **argv, struct driver *d)
{
	static const struct option longs[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "state", required_argument, NULL, 'd' },
		{ "grace", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	const char *path = NULL;
	uint32_t grace;
	int c;

	while ((c = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'd':
			d->dir = optarg;
			break;
		case 'g':
			if (ct_parse_u32(optarg, 1, 86400, &grace)) {
				tell("--grace \"%s\": must be 1 to 86400", optarg);
				exit(CT_USAGE);
			}
			d->grace = grace;
			break;
		case 'h':
			printf("%s%s", usage, help);
			exit(0);
		case 'V':
			printf("ctnet-docker %s\n", VERSION);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(CT_USAGE);
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		exit(CT_USAGE);
	}
	return path;
}

int main(int argc, char **argv)
{
	struct driver d = {
		.dir = STATE, .dir_fd = -1, .kind_fd = { -1, -1, -1 }, .grace = GRACE_S,
		.ct.warn = warn,
	};
	const char *path;
	int fd, err;

	ct_nomem = no_memory;
	path = parse(argc, argv, &d);
	fd = path ? -1 : socket_of_systemd();
	if (!path && fd < 0)
		path = SOCKET;
	err = ct_open(&d.ct, NULL);
	err = err ?: load(&d);
	if (!err && fd < 0) {
		fd = socket_at(&d.ct, path);
		err = fd < 0 ? (int)d.ct.code : CT_OK;
	}
	if (!err) {
		err = serve(&d, fd);
		if (path)
			unlink(path);
	} else if (fd >= 0) {
		close(fd);
	}
	if (err)
		tell("%s", d.ct.error);
	free_all(&d);
	store_close(&d);
	ct_close(&d.ct);
	free(d.ct.error);
	return err;
}
