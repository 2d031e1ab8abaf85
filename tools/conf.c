// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a configuration: the lines of a batch file, as commands that are not run
 * but kept, each tied to those before it that it needs.
 */
#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "container.h"

static int by_key(const void *a, const void *b)
{
	const struct stmt *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("out of memory");
	return s;
}

/* The command that makes this; frees the key. */
static struct stmt *lookup(const struct conf *c, char *key)
{
	struct stmt want = { .key = key };
	struct stmt **found = tfind(&want, &c->keys, by_key);

	free(key);
	return found ? *found : NULL;
}

/* Keys: names of interfaces have no blanks, those of containers stand last. */
static char *net_key(const char *name)
{
	return format("net %s", name);
}

static char *dev_key(const char *dev)
{
	return format("dev %s", dev);
}

static char *container_key(const char *target, const char *ifname)
{
	return format("container %s %s", ifname ? ifname : DEFAULT_IFNAME,
		      target);
}

static char *peer_key(const char *net, const struct ip *addr)
{
	char text[IP_TEXT];

	return format("peer %s %s", net, ip_text(addr, text));
}

static char *fdb_key(const char *net, const uint8_t mac[6])
{
	char text[MAC_TEXT];

	return format("fdb %s %s", net, mac_text(mac, text));
}

struct stmt *conf_net(const struct conf *c, const char *name)
{
	return lookup(c, net_key(name));
}

struct stmt *conf_peer(const struct conf *c, const char *net,
		       const struct ip *addr)
{
	return lookup(c, peer_key(net, addr));
}

struct stmt *conf_fdb(const struct conf *c, const char *net,
		      const uint8_t mac[6])
{
	return lookup(c, fdb_key(net, mac));
}

static int fail_may_exist(void)
{
	return usage_error("--may-exist has no place in a configuration: \"ctnetctl sync\" takes what there is");
}

static int read_net(struct conf *c, struct stmt *s)
{
	(void)c;
	s->net = s;
	s->key = net_key(s->call.arg[0]);
	s->net_opts = s->call.vals;
	if (s->net_opts->may_exist)
		return fail_may_exist();
	return net_check(s->call.arg[0], s->net_opts);
}

static int read_port(struct conf *c, struct stmt *s)
{
	struct port_opts *o = s->call.vals;
	int err;

	(void)c;
	s->port_opts = o;
	if (o->may_exist)
		return fail_may_exist();
	err = port_check(s->call.n, add_port_opts, o);
	if (!err)
		s->key = o->dev ? dev_key(o->dev) :
			 o->near ? dev_key(o->near) :
				   container_key(s->call.arg[1], o->ifname);
	return err;
}

static int read_peer(struct conf *c, struct stmt *s)
{
	const char *why = parse_ip(s->call.arg[1], &s->addr);

	(void)c;
	s->peer_opts = s->call.vals;
	if (why)
		return usage_error("\"%s\" %s", s->call.arg[1], why);
	if (s->peer_opts->may_exist)
		return fail_may_exist();
	s->key = peer_key(s->call.arg[0], &s->addr);
	return EXIT_OK;
}

static int read_fdb(struct conf *c, struct stmt *s)
{
	struct fdb_opts *o = s->call.vals;
	char text[IP_TEXT];
	int err;

	s->fdb_opts = o;
	s->addr = o->peer;
	s->replace = s->call.c->run == replace_fdb;
	if (o->may_exist)
		return fail_may_exist();
	err = fdb_check(s->call.arg[1], o, s->mac);
	if (err)
		return err;
	s->key = fdb_key(s->call.arg[0], s->mac);
	if (o->peer.family &&
	    !conf_peer(c, s->call.arg[0], &o->peer))
		return usage_error("no line before this one adds %s to the peers of %s",
				   ip_text(&o->peer, text), s->call.arg[0]);
	if (!o->port && !o->target)
		return EXIT_OK;
	s->port = lookup(c, o->port ? dev_key(o->port) :
				      container_key(o->target, o->ifname));
	if (!s->port || strcmp(s->port->call.arg[0], s->call.arg[0]))
		return usage_error("no line before this one adds %s%s%s to the ports of %s",
				   o->port ? "--dev " : o->ifname ? o->ifname : "",
				   o->port ? o->port : o->ifname ? " of " : "",
				   o->port ? "" : o->target, s->call.arg[0]);
	return EXIT_OK;
}

static const struct {
	int (*run)(int n, char **arg, void *vals);
	enum stmt_kind kind;
	int (*read)(struct conf *c, struct stmt *s);
} kinds[] = {
	{ add_net, STMT_NET, read_net },
	{ add_port, STMT_PORT, read_port },
	{ add_peer, STMT_PEER, read_peer },
	{ add_fdb, STMT_FDB, read_fdb },
	{ replace_fdb, STMT_FDB, read_fdb },
};

/* The words are in a buffer that the next line is read into. */
static void copy_words(struct stmt *s, int argc, char **argv)
{
	size_t size = 0;
	char *p;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	s->buf = xcalloc(1, size);
	p = s->buf;
	s->argv = xcalloc(argc + 1, sizeof(*s->argv));
	for (i = 0; i < argc; i++) {
		s->argv[i] = p;
		p = stpcpy(p, argv[i]) + 1;
	}
}

static int read_line(int argc, char **argv, void *arg)
{
	struct stmt *s = xcalloc(1, sizeof(*s)), **other;
	struct conf *c = arg;
	size_t i;
	int err;

	if (!(c->n & (c->n - 1)))
		c->v = xrealloc(c->v, (c->n * 2 + 1) * sizeof(*c->v));
	c->v[c->n++] = s;
	c->total = c->n;
	s->line = ctx.line;
	copy_words(s, argc, argv);
	err = call_parse(&s->call, argc, s->argv);
	if (err == CALL_HELP)
		return usage_error("--help has no place in a configuration");
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].run == s->call.c->run)
			break;
	if (i == ARRAY_SIZE(kinds))
		return usage_error("a configuration has add-net, add-port, add-peer, add-fdb and replace-fdb only; \"ctnetctl -b FILE\" runs a file of any commands");
	s->kind = kinds[i].kind;
	if (s->kind != STMT_NET) {
		s->net = conf_net(c, s->call.arg[0]);
		if (!s->net)
			return usage_error("no line before this one adds the network %s",
					   s->call.arg[0]);
	}
	err = kinds[i].read(c, s);
	if (err)
		return err;
	other = tsearch(s, &c->keys, by_key);
	if (!other)
		die("out of memory");
	if (*other != s)
		return usage_error("line %u has this already", (*other)->line);
	return EXIT_OK;
}

void conf_only(struct conf *c, const char *net)
{
	struct stmt **others = xcalloc(c->total + 1, sizeof(*others));
	size_t i, n = 0, m = 0;

	for (i = 0; i < c->total; i++)
		if (strcmp(c->v[i]->call.arg[0], net))
			others[m++] = c->v[i];
		else
			c->v[n++] = c->v[i];
	for (i = 0; i < m; i++)
		c->v[n + i] = others[i];
	c->n = n;
	free(others);
}

int conf_read(struct conf *c, const char *path)
{
	memset(c, 0, sizeof(*c));
	c->file = strcmp(path, "-") ? path : "-";
	return batch_read(path, read_line, c);
}

static void forget(void *s)
{
	(void)s;
}

void conf_free(struct conf *c)
{
	size_t i;

	tdestroy(c->keys, forget);
	for (i = 0; i < c->total; i++) {
		struct stmt *s = c->v[i];

		if (s->call.vals)
			call_free(&s->call);
		free(s->key);
		free(s->argv);
		free(s->buf);
		free(s);
	}
	free(c->v);
	memset(c, 0, sizeof(*c));
}

void conf_at(const struct conf *c, const struct stmt *s, const char *what)
{
	ctx.file = s ? c->file : NULL;
	ctx.line = s ? s->line : 0;
	if (s)
		call_name(&s->call);
	else
		snprintf(ctx.what, sizeof(ctx.what), "%s", what);
}
