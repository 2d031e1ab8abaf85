// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a configuration: the lines of a batch file, as commands that are not run but
 * kept, each tied to those before it that it needs.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

/* "NET WHAT NAME": neither names of interfaces nor WHAT have blanks. */
struct key {
	struct stmt *s;
	char text[];
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

static struct key *key_new(const char *net, const char *what, const char *name)
{
	size_t size = strlen(net) + strlen(what) + strlen(name) + 3;
	struct key *k = ct_calloc(1, sizeof(*k) + size);

	snprintf(k->text, size, "%s %s %s", net, what, name);
	return k;
}

struct stmt *conf_find(const struct conf *c, const char *net, const char *what,
		       const char *name)
{
	struct key *k = key_new(net, what ? what : "net", name ? name : "");
	struct key **found = tfind(k, &c->keys, by_text);

	free(k);
	return found ? (*found)->s : NULL;
}

struct stmt *conf_find_mac(const struct conf *c, const char *net, const char *what,
			   const uint8_t mac[6])
{
	char text[CT_TEXT];

	return conf_find(c, net, what, ct_mac_text(mac, text));
}

struct stmt *conf_find_peer(const struct conf *c, const char *net, const struct ct_ip *addr)
{
	char text[CT_TEXT];

	return conf_find(c, net, "peer", ct_ip_text(addr, text));
}

/* It names this; returns another that does, or NULL. */
static struct stmt *claim(struct conf *c, struct stmt *s, const char *net, const char *what,
			  const char *name)
{
	struct key *k = key_new(net, what, name), **found;

	k->s = s;
	found = tsearch(k, &c->keys, by_text);
	if (!found)
		ct_nomem();
	if (*found == k)
		return NULL;
	free(k);
	return (*found)->s;
}

static int claim_once(struct conf *c, struct stmt *s, const char *net, const char *what,
		      const char *name)
{
	struct stmt *other = claim(c, s, net, what, name);

	return other ? ct_misuse(&ct, "line %u has this already", other->line) : CT_OK;
}

int conf_own_mac(struct conf *c, struct stmt *s, const uint8_t mac[6])
{
	char text[CT_TEXT];

	if (!claim(c, s, s->call.arg[0], "own", ct_mac_text(mac, text)))
		return CT_OK;
	return ct_misuse(&ct, "it has the MAC %s, as another of the network's has", text);
}

/* What a container's port is known by, in any network. */
static char *container_name(const char *target, const char *ifname)
{
	char *text;

	if (asprintf(&text, "%s %s", ifname ? ifname : CT_IFNAME, target) < 0)
		ct_nomem();
	return text;
}

static int read_net(struct conf *c, struct stmt *s)
{
	int err = ct_net_check(&ct, s->call.arg[0], s->net_conf);

	s->net = s;
	return err ? err : claim_once(c, s, s->call.arg[0], "net", "");
}

static int read_port(struct conf *c, struct stmt *s)
{
	const struct ct_port_conf *o = s->port_conf;
	int err = ct_port_check(&ct, s->call.arg[1], o, true);
	char *name;

	if (err)
		return err;
	if (o->dev || o->near)
		return claim_once(c, s, "", "dev", o->dev ? o->dev : o->near);
	name = container_name(s->call.arg[1], o->ifname);
	err = claim_once(c, s, "", "container", name);
	free(name);
	return err;
}

static int read_peer(struct conf *c, struct stmt *s)
{
	const char *why = ct_parse_ip(s->call.arg[1], &s->addr);
	char text[CT_TEXT];

	if (why)
		return ct_misuse(&ct, "\"%s\": %s", s->call.arg[1], why);
	return claim_once(c, s, s->call.arg[0], "peer", ct_ip_text(&s->addr, text));
}

/* A container's port that a line before this one adds, or NULL after an error. */
static struct stmt *port_before(const struct conf *c, const char *net, const char *target,
				const char *ifname, const char *dev)
{
	char *name = target ? container_name(target, ifname) : NULL;
	struct stmt *port = conf_find(c, "", name ? "container" : "dev", name ? name : dev);

	free(name);
	if (port && !strcmp(port->call.arg[0], net))
		return port;
	ct_misuse(&ct, "no line before this one adds %s%s%s to the ports of %s",
		  dev ? "--dev " : ifname ? ifname : "", dev ? dev : ifname ? " of " : "",
		  dev ? "" : target, net);
	return NULL;
}

static int read_fdb(struct conf *c, struct stmt *s)
{
	const struct ct_fdb_conf *o = s->fdb_conf;
	const char *why = ct_parse_mac(s->call.arg[1], s->mac), *net = s->call.arg[0];
	char text[CT_TEXT];
	int err;

	if (why)
		return ct_misuse(&ct, "\"%s\": %s", s->call.arg[1], why);
	s->addr = o->peer;
	s->replace = s->call.c->run == replace_fdb;
	err = ct_fdb_check(&ct, o);
	err = err ?: claim_once(c, s, net, "fdb", ct_mac_text(s->mac, text));
	if (err)
		return err;
	if (o->peer.family && !conf_find_peer(c, net, &o->peer))
		return ct_misuse(&ct, "no line before this one adds %s to the peers of %s",
				 ct_ip_text(&o->peer, text), net);
	if (!o->port && !o->target)
		return CT_OK;
	s->port = port_before(c, net, o->target, o->ifname, o->port);
	return s->port ? CT_OK : CT_USAGE;
}

static int read_published(struct conf *c, struct stmt *s)
{
	const struct ct_publish_conf *o = s->publish_conf;
	const char *target;
	int err;

	err = publish_parse(s->call.n, s->call.arg, o->near, &target, &s->published,
			    &s->n_published);
	if (err)
		return err;
	if (!s->n_published)
		return ct_misuse(&ct, "it has no port");
	s->port = port_before(c, s->call.arg[0], target, o->ifname, o->near);
	return s->port ? CT_OK : CT_USAGE;
}

static const struct kind {
	int (*run)(int n, char **arg, void *vals);
	enum stmt_kind kind;
	int (*read)(struct conf *c, struct stmt *s);
} kinds[] = {
	{ add_net, STMT_NET, read_net },
	{ add_port, STMT_PORT, read_port },
	{ add_peer, STMT_PEER, read_peer },
	{ add_fdb, STMT_FDB, read_fdb },
	{ replace_fdb, STMT_FDB, read_fdb },
	{ publish, STMT_PUBLISH, read_published },
};

/* The words are in a buffer that the next line is read into. */
static void copy_words(struct stmt *s, int argc, char **argv)
{
	size_t size = 0;
	char *p;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	s->buf = ct_calloc(1, size);
	p = s->buf;
	s->argv = ct_calloc(argc + 1, sizeof(*s->argv));
	for (i = 0; i < argc; i++) {
		s->argv[i] = p;
		p = stpcpy(p, argv[i]) + 1;
	}
}

static int read_line(int argc, char **argv, void *arg)
{
	struct stmt *s = ct_calloc(1, sizeof(*s));
	const struct opt *may_exist;
	const struct kind *k;
	struct conf *c = arg;
	int err;

	c->v = ct_grow(c->v, c->n, sizeof(*c->v));
	c->v[c->n++] = s;
	c->total = c->n;
	s->line = ctx.line;
	copy_words(s, argc, argv);
	err = call_parse(&s->call, argc, s->argv);
	if (err == CALL_HELP)
		return ct_misuse(&ct, "--help has no place in a configuration");
	if (err)
		return err;
	for (k = kinds; k < kinds + ARRAY_SIZE(kinds); k++)
		if (k->run == s->call.c->run)
			break;
	if (k == kinds + ARRAY_SIZE(kinds))
		return ct_misuse(&ct, "a configuration has add-net, add-port, add-peer, add-fdb, replace-fdb and publish only; \"ctnetctl -b FILE\" runs a file of any commands");
	s->kind = k->kind;
	s->net_conf = s->call.vals;
	may_exist = opt_find(s->call.c->opts, "may-exist");
	if (may_exist && opt_is_set(may_exist, s->call.vals))
		return ct_misuse(&ct, "--may-exist has no place in a configuration: \"ctnetctl sync\" takes what there is");
	if (s->kind != STMT_NET) {
		s->net = conf_find(c, s->call.arg[0], NULL, NULL);
		if (!s->net)
			return ct_misuse(&ct, "no line before this one adds the network %s",
					 s->call.arg[0]);
	}
	return k->read(c, s);
}

void conf_only(struct conf *c, const char *net)
{
	struct stmt **others = ct_calloc(c->total, sizeof(*others));
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
	c->file = path;
	return batch_read(path, read_line, c);
}

void conf_free(struct conf *c)
{
	size_t i;

	tdestroy(c->keys, free);
	for (i = 0; i < c->total; i++) {
		struct stmt *s = c->v[i];

		if (s->call.vals)
			call_free(&s->call);
		free(s->published);
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
