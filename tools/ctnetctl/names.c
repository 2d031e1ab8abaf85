// SPDX-License-Identifier: GPL-2.0
/*
 * serve-names: the containers of a network find one another by name. One unbound answers for
 * all the networks that were named, at the addresses that the host has on each. Who asks from a
 * network's subnet has a view of its own, the containers of that network; what is no name of them
 * is asked of others. What names there are is read anew whenever the kernel tells of a change.
 *
 * Labels are whatever somebody chose: what is no name of the DNS gets nowhere near the
 * configuration.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/ctnet.h>
#include <linux/rtnetlink.h>

#include "ctnetctl.h"

#define DIR_PATH	"/run/ctnet"
#define TTL		5	/* seconds; a container may come back with another address */
#define SETTLE_MS	100	/* changes come in numbers */
#define RETRY_MS	1000
#define NAME_MAX_LEN	253	/* RFC 1035, without the last dot */
#define LABEL_MAX_LEN	63

/**
 * struct server - unbound, and what it was given
 * @n: number of networks
 * @net: their names
 * @forward: whom it asks for other names
 * @path: its configuration
 * @conf: what is in there, or NULL
 * @listens: the part of it that it has to be started anew for, or NULL
 * @failed: what there is could not be read the last time
 * @pid_file: has its process, and our lock as long as we live
 * @pid: its process, 0: none
 * @since: when that was started, by a clock that only goes on
 * @pidfd: of that, or -1
 * @signals: those that were let through before we came
 */
struct server {
	int n;
	char **net;
	const struct ct_addrs *forward;
	char path[64];
	char *conf;
	char *listens;
	bool failed;
	int pid_file;
	pid_t pid;
	time_t since;
	int pidfd;
	sigset_t signals;
};

/* -------------------------------------------------------------------- names */

/*
 * A name of the DNS, in lower case: labels of letters, digits, hyphens and underscores,
 * which begin with no hyphen. False: it is none.
 */
static bool is_name(const char *s, char name[NAME_MAX_LEN + 1])
{
	size_t i, label = 0;

	for (i = 0; s[i]; i++) {
		if (i == NAME_MAX_LEN)
			return false;
		name[i] = tolower((unsigned char)s[i]);
		if (s[i] == '.' && label) {
			label = 0;
			continue;
		}
		if (!(isalnum((unsigned char)s[i]) || s[i] == '_' || (s[i] == '-' && label)) ||
		    ++label > LABEL_MAX_LEN)
			return false;
	}
	name[i] = '\0';
	return label;
}

/* A container's name, by the label of its port: what it was attached by, or --label. */
static bool port_name(const char *label, char name[NAME_MAX_LEN + 1])
{
	const char *last = strrchr(label, '/');

	if (ct_engine_is(label))
		label = strchr(label, ':') + 1;
	else if (last)
		label = last + 1;
	return is_name(label, name);
}

/* What the host calls a port, or NULL; a native one has no interface here. */
static const char *port_label(const struct ct_links *ls, int net, int dev, struct ct_port *p)
{
	const struct ct_link *l = dev > 0 ? ct_link_find(ls, dev) : NULL;

	if (dev < 0)
		return ct_port_get(&ct, net, dev, p) ? NULL : p->label;
	return l ? l->alias : NULL;
}

static void put_record(FILE *f, const char *name, const char *net, const struct ct_ip *ip)
{
	const char *type = ip->family == AF_INET ? "A" : "AAAA";
	char text[CT_TEXT];

	ct_ip_text(ip, text);
	fprintf(f, "\tlocal-data: \"%s. %d IN %s %s\"\n", name, TTL, type, text);
	if (net)
		fprintf(f, "\tlocal-data: \"%s.%s. %d IN %s %s\"\n", name, net, TTL, type, text);
	fprintf(f, "\tlocal-data-ptr: \"%s %d %s%s%s\"\n", text, TTL, name, net ? "." : "",
		net ? net : "");
}

/* The view of a network: what its table says of the addresses of its ports. */
static int put_view(FILE *f, const struct ct_links *ls, const struct ct_link *l, int i)
{
	char domain[NAME_MAX_LEN + 1], name[NAME_MAX_LEN + 1];
	bool has_domain = is_name(l->name, domain);
	struct nlmsghdr *h;
	struct ct_replies r;
	struct ct_fdb e;
	int err;
	size_t k;

	err = ct_fdb_dump_static(&ct, l->ifindex, 0, &r);
	if (err == -ENODEV)	/* it went just now */
		return CT_OK;
	if (err)
		return ct_refused(&ct.ge, err, NULL, "read the table of %s", l->name);
	fprintf(f, "view:\n\tname: \"net%d\"\n\tview-first: yes\n", i);
	if (has_domain)
		fprintf(f, "\tlocal-zone: \"%s.\" static\n", domain);
	ct_for_each_reply(h, &r) {
		const char *label;
		struct ct_port p;

		if (ct_fdb_parse(h, &e))
			continue;
		label = port_label(ls, l->ifindex, e.port, &p);
		if (label && port_name(label, name))
			for (k = 0; k < e.ips.n; k++)
				put_record(f, name, has_domain ? domain : NULL, &e.ips.v[k].ip);
		ct_addrs_free(&e.ips);
	}
	ct_replies_free(&r);
	return CT_OK;
}

/* Where it listens for a network, and who may ask: whoever has an address of the network. */
static int put_listens(FILE *f, const struct ct_link *l, int i)
{
	struct ct_addrs addrs = { 0 };
	char ip[CT_TEXT], cidr[CT_TEXT];
	size_t k;
	int err;

	err = ct_addr_dump(&ct.rt, l->ifindex, -1, true, &addrs);
	if (err == -ENODEV)
		err = 0;
	for (k = 0; k < addrs.n && !err; k++) {
		ct_ip_text(&addrs.v[k].ip, ip);
		ct_cidr_text(&addrs.v[k], cidr);
		fprintf(f, "\tinterface: %s\n\taccess-control: %s allow\n\taccess-control-view: %s \"net%d\"\n",
			ip, cidr, cidr, i);
	}
	ct_addrs_free(&addrs);
	return err ? ct_refused(&ct.rt, err, NULL, "read the addresses of %s", l->name) : CT_OK;
}

/* -------------------------------------------------------------- the configuration */

static int put_resolvers(FILE *f, const struct ct_addrs *forward)
{
	char line[512], text[CT_TEXT];
	struct ct_ip ip;
	size_t i;
	FILE *r;

	fputs("forward-zone:\n\tname: \".\"\n", f);
	for (i = 0; i < forward->n; i++)
		fprintf(f, "\tforward-addr: %s\n", ct_ip_text(&forward->v[i].ip, text));
	if (forward->n)
		return CT_OK;
	r = fopen("/etc/resolv.conf", "re");
	if (!r)
		return ct_fail(&ct, "read /etc/resolv.conf: %s; --forward IP says whom to ask instead",
			       strerror(errno));
	while (fgets(line, sizeof(line), r))
		if (sscanf(line, "nameserver %63s", text) == 1 && !ct_parse_ip(text, &ip))
			i += fprintf(f, "\tforward-addr: %s\n", ct_ip_text(&ip, text)) > 0;
	fclose(r);
	return i ? CT_OK :
		   ct_fail(&ct, "/etc/resolv.conf names no resolver: --forward IP says whom to ask");
}

static void put_server(FILE *f, const char *listens)
{
	fprintf(f, "# made by \"ctnetctl serve-names\"\nserver:\n%s", listens);
	fprintf(f, "\tusername: \"%s\"\n", getpwnam("unbound") ? "unbound" : "nobody");
	fputs("\tchroot: \"\"\n\tdirectory: \"" DIR_PATH "\"\n\tpidfile: \"\"\n"
	      "\tuse-syslog: no\n\tlogfile: \"\"\n\tverbosity: 0\n\tnum-threads: 1\n"
	      /* an IPv6 address may be tentative still */
	      "\tip-freebind: yes\n"
	      /* the host's resolver may be its own */
	      "\tdo-not-query-localhost: no\n\tmodule-config: \"iterator\"\n"
	      "remote-control:\n\tcontrol-enable: no\n", f);
}

/*
 * What the configuration is to be: *@listens "" if there is no address to listen at. A network
 * that is not there may come.
 */
static int make_conf(const struct server *s, char **conf, char **listens)
{
	size_t size, listen_size, view_size;
	FILE *f, *where, *views;
	struct ct_links ls;
	char *view;
	int i, err;

	where = open_memstream(listens, &listen_size);
	views = open_memstream(&view, &view_size);
	f = open_memstream(conf, &size);
	if (!where || !views || !f)
		ct_nomem();
	err = ct_link_dump(&ct.rt, &ls);
	if (err)
		err = ct_refused(&ct.rt, err, NULL, "list the interfaces");
	for (i = 0; i < s->n && !err; i++) {
		const struct ct_link *l = ct_link_called(&ct.rt, &ls, s->net[i]);

		if (!l || strcmp(l->kind, "ctnet"))
			continue;
		err = put_listens(where, l, i) ?: put_view(views, &ls, l, i);
	}
	ct_links_free(&ls);
	if (fclose(where) || fclose(views))
		ct_nomem();
	put_server(f, *listens);
	fputs(view, f);
	err = err ?: put_resolvers(f, s->forward);
	if (fclose(f))
		ct_nomem();
	free(view);
	return err;
}

static int write_conf(const struct server *s, const char *conf)
{
	char next[sizeof(s->path) + 8];
	FILE *f;

	snprintf(next, sizeof(next), "%s.new", s->path);
	f = fopen(next, "we");
	/* unbound reads it again when it is root no more */
	if (f && (fchmod(fileno(f), 0644) | (fputs(conf, f) < 0) | fclose(f)) == 0 &&
	    !rename(next, s->path))
		return CT_OK;
	return ct_fail(&ct, "write %s: %s", s->path, strerror(errno));
}

/* ------------------------------------------------------------------- unbound */

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void note_pid(struct server *s)
{
	if (ftruncate(s->pid_file, 0) || pwrite(s->pid_file, &s->pid, sizeof(s->pid), 0) < 0)
		ct_warn(&ct, "note the PID of unbound: %s", strerror(errno));
}

static void stop(struct server *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	close(s->pidfd);
	s->pid = 0;
	s->pidfd = -1;
	note_pid(s);
}

static int start(struct server *s)
{
	s->pid = fork();
	if (s->pid < 0) {
		s->pid = 0;
		return ct_fail(&ct, "start unbound: %s", strerror(errno));
	}
	if (!s->pid) {
		/* Ours would swallow it, and nobody would end unbound. */
		signal(SIGTERM, SIG_DFL);
		sigprocmask(SIG_SETMASK, &s->signals, NULL);
		if (setns(ct.ns_fd, CLONE_NEWNET))
			_exit(126);
		execlp("unbound", "unbound", "-d", "-c", s->path, NULL);
		execl("/usr/sbin/unbound", "unbound", "-d", "-c", s->path, NULL);
		_exit(127);
	}
	note_pid(s);
	s->since = now();
	s->pidfd = pidfd_open(s->pid, 0);
	return s->pidfd < 0 ? ct_fail(&ct, "watch unbound: %s", strerror(errno)) : CT_OK;
}

/* Whether a process is an unbound with our configuration. */
static bool is_ours(const struct server *s, pid_t pid)
{
	char path[32], text[256] = { 0 };
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	return len > 0 && memmem(text, len, s->path, strlen(s->path) + 1);
}

/* One that another of us left, who was killed. */
static void end_left(const struct server *s)
{
	struct pollfd p = { .events = POLLIN };
	pid_t pid;

	if (pread(s->pid_file, &pid, sizeof(pid), 0) != sizeof(pid) || pid <= 0)
		return;
	p.fd = pidfd_open(pid, 0);
	if (p.fd < 0)
		return;
	if (is_ours(s, pid) && !kill(pid, SIGTERM))
		poll(&p, 1, RETRY_MS * 10);
	close(p.fd);
}

/* One of us for each namespace. */
static int be_the_one(struct server *s)
{
	char path[sizeof(s->path) + 8];
	uint64_t cookie;
	int err = ct_netns_cookie(&ct, &cookie);

	if (err)
		return err;
	if (!mkdir(DIR_PATH, 0755))
		chmod(DIR_PATH, 0755);	/* whatever the umask */
	snprintf(s->path, sizeof(s->path), DIR_PATH "/names-%llx.conf",
		 (unsigned long long)cookie);
	snprintf(path, sizeof(path), "%s.pid", s->path);
	s->pid_file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->pid_file < 0)
		return ct_fail(&ct, "open %s: %s", path, strerror(errno));
	if (flock(s->pid_file, LOCK_EX | LOCK_NB))
		return ct_fail(&ct, "another serve-names is at work in this namespace: one serves all networks");
	end_left(s);
	return CT_OK;
}

/* It has ended by itself, and has said why. An error: to try again would not help. */
static int ended(struct server *s)
{
	int status;

	waitpid(s->pid, &status, 0);
	close(s->pidfd);
	s->pid = 0;
	s->pidfd = -1;
	note_pid(s);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return ct_fail(&ct, "unbound, which answers, is not installed; on Debian: apt install unbound");
	ct_fail(&ct, "unbound ended, with %s %d; it is started again in a second",
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	complain();
	return CT_OK;
}

/* Make it answer by what there is now. What goes while it is read may be an error once. */
static int refresh(struct server *s)
{
	char *conf, *listens;
	bool changed, anew;
	int err;

	err = make_conf(s, &conf, &listens);
	if (err) {
		free(conf);
		free(listens);
		if (s->failed)
			return err;
		s->failed = true;
		free(ct.error);
		ct.error = NULL;
		return CT_OK;
	}
	s->failed = false;
	changed = !s->conf || strcmp(conf, s->conf);
	/* Once it is no root, it cannot open port 53; until it has begun, a signal ends it. */
	anew = !s->pid || strcmp(listens, s->listens) || (changed && now() - s->since < 2);
	if (changed)
		err = write_conf(s, conf);
	if (!err && anew) {
		stop(s);
		err = *listens ? start(s) : CT_OK;
	} else if (!err && changed) {
		kill(s->pid, SIGHUP);
	}
	free(s->conf);
	free(s->listens);
	s->conf = conf;
	s->listens = listens;
	return err;
}

/* -------------------------------------------------------------------- events */

static int subscribe(struct ct_sock *s, int proto, const int *groups, size_t n)
{
	int err = ct_sock_open(&ct, s, proto, ct.ns_fd);
	size_t i;

	if (err)
		return ct_refused(s, err, NULL, "open a socket");
	for (i = 0; i < n; i++)
		if (setsockopt(nl_socket_get_fd(s->sk), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			       &groups[i], sizeof(*groups)))
			return ct_fail(&ct, "subscribe to events: %s", strerror(errno));
	return CT_OK;
}

/* What changed does not matter, and what was lost neither. */
static void drain(int fd)
{
	char buf[8192];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0 || errno == EINTR ||
	       errno == ENOBUFS)
		errno = 0;
}

/* Until a signal ends us, which comes through while we wait only. */
static int serve(struct server *s, int ge, int rt)
{
	static const struct timespec retry = { .tv_sec = RETRY_MS / 1000 };
	struct pollfd p[3] = {
		{ .fd = ge, .events = POLLIN }, { .fd = rt, .events = POLLIN },
		{ .events = POLLIN },
	};
	int err = refresh(s);

	while (!err && !ct_interrupted(&ct)) {
		bool again = s->failed || (!s->pid && s->listens && *s->listens);

		p[2].fd = s->pidfd;
		if (ppoll(p, ARRAY_SIZE(p), again ? &retry : NULL, &s->signals) < 0) {
			if (errno != EINTR)
				return ct_fail(&ct, "wait for events: %s", strerror(errno));
			continue;
		}
		if (s->pid && p[2].revents) {
			err = ended(s);
			continue;
		}
		poll(NULL, 0, SETTLE_MS);
		drain(ge);
		drain(rt);
		ct_forget(&ct);
		err = refresh(s);
	}
	return err;
}

const struct opt serve_names_opts[] = {
	{ .name = "forward", .type = OPT_IPS, .off = offsetof(struct names_opts, forward),
	  .help = "resolver for other names; may be repeated (default: see /etc/resolv.conf)" },
	{ .name = NULL }
};

int serve_names(int n, char **arg, void *vals)
{
	static const int rt_groups[] = {
		RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	};
	const struct names_opts *o = vals;
	struct server s = { .n = n, .net = arg, .forward = &o->forward, .pidfd = -1 };
	struct ct_sock ge = { 0 }, rt = { 0 };
	sigset_t all;
	int err, i;

	for (i = 0; i < n; i++) {
		struct ct_link l;
		int j;

		err = ct_net_find(&ct, arg[i], &l, NULL);
		if (err)
			return err;
		for (j = 0; j < i; j++)
			if (!strcmp(arg[i], arg[j]))
				return ct_misuse(&ct, "the network %s is named twice", arg[i]);
	}
	err = ct_genl(&ct) ?: be_the_one(&s);
	if (err)
		return err;
	/* What is begun is unbound, which has to end with us. */
	ct.busy = true;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &s.signals);
	err = subscribe(&ge, NETLINK_GENERIC, &ct.group, 1);
	err = err ?: subscribe(&rt, NETLINK_ROUTE, rt_groups, ARRAY_SIZE(rt_groups));
	err = err ?: serve(&s, nl_socket_get_fd(ge.sk), nl_socket_get_fd(rt.sk));
	stop(&s);
	unlink(s.path);
	sigprocmask(SIG_SETMASK, &s.signals, NULL);
	ct.busy = false;
	close(s.pid_file);
	free(s.conf);
	free(s.listens);
	ct_sock_close(&ge);
	ct_sock_close(&rt);
	return err;
}
