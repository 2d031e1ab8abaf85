// SPDX-License-Identifier: GPL-2.0
/*
 * What a configuration names, and which of it is there already. Nothing is changed
 * here, so that what can be known to fail fails before anything is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync.h"

static int match_underlay(struct sync *y, const struct stmt *s)
{
	const char *name = s->net_opts->underlay;
	const struct link *dev;
	const struct stmt *net;

	if (!name)
		return EXIT_OK;
	dev = link_find_called(&ctx.rt, &y->st.links, name);
	net = conf_net(&y->conf, name);
	if ((net && net->line < s->line) || (!dev && !strcmp(name, UNDERLAY_ANY)))
		return EXIT_OK;
	if (!dev)
		return fail("there is no device \"%s\" in this namespace to be the underlay",
			    name);
	if (!y->restore && !y->only && !strcmp(dev->kind, "ctnet"))
		return fail("the underlay \"%s\" is a network that no line before this one adds",
			    name);
	return EXIT_OK;
}

static int match_net(struct sync *y, struct stmt *s)
{
	const char *name = s->call.arg[0];
	const struct link *l = link_find_called(&ctx.rt, &y->st.links,
						name);
	struct st_net *have;
	int err;

	err = match_underlay(y, s);
	if (err || !l)
		return err;
	if (strcmp(l->kind, "ctnet"))
		return fail("there is another interface of that name%s%s: rename it, or the network",
			    l->kind[0] ? ", of kind " : "", l->kind);
	if (y->restore)
		return fail("the network is there already: \"ctnetctl sync\" makes it what a file says, \"ctnetctl del-net %s\" removes it",
			    name);
	have = state_net_by_index(&y->st, l->ifindex);
	if (!have)
		return fail("the network came just now: try again");
	have->want = s;
	/* The kernel neither gives nor takes an end of tunnels and all goes on. */
	have->keep = have->net.cfg.vni.set == s->net_opts->vni.set;
	if (have->keep)
		s->have_net = have;
	return EXIT_OK;
}

/* Two names may be one container's. */
static int claim(struct stmt *s, struct st_port *p)
{
	s->have_port = p;
	if (!p)
		return EXIT_OK;
	if (p->want)
		return usage_error("this is the port of line %u", p->want->line);
	p->want = s;
	return EXIT_OK;
}

static int match_dev(struct sync *y, struct stmt *s)
{
	const char *name = s->port_opts->dev;

	s->dev = link_find_called(&ctx.rt, &y->st.links, name);
	if (!s->dev)
		return fail("there is no interface \"%s\" in this namespace",
			    name);
	return claim(s, state_port(&y->st, s->dev->ifindex));
}

static int container_gone(struct stmt *s)
{
	s->gone = true;
	warn("the container is not there, and its port is left out");
	return EXIT_OK;
}

/* A near end that says which container it is. */
static int match_near(struct sync *y, struct stmt *s)
{
	const struct link *near = link_find_called(&ctx.rt, &y->st.links,
						   s->port_opts->near);
	struct st_port *p;

	if (!near || !port_is_made(near))
		return container_gone(s);
	p = state_port(&y->st, near->ifindex);
	if (!p && near->master)
		return fail("%s is a port of another network", near->name);
	if (!p)
		s->takes = near->ifindex;
	return claim(s, p);
}

static int match_container(struct sync *y, struct stmt *s)
{
	struct st_port *p = NULL;
	struct container c;
	bool rest;
	int err;

	err = container_open(&c, s->call.arg[1], s->port_opts->ifname, &s->gone,
			     "");
	if (err)
		return err;
	if (s->gone)
		return container_gone(s);
	if (c.state == FAR_HERE)
		p = state_port(&y->st, c.near.ifindex);
	/* Nobody is at work: we have the lock alone. What is half made is made anew. */
	rest = c.state == FAR_HERE && port_is_made(&c.near) &&
	       (!c.near.master || (p && port_is_unfinished(&c.near)));
	if (rest) {
		s->takes = c.near.ifindex;
		p = NULL;
	} else if (c.state != FAR_NONE && !(p && p->made)) {
		err = container_already(&c);
	}
	container_close(&c);
	return err ? err : claim(s, p);
}

bool match_port_mac(const struct stmt *s, uint8_t mac[6])
{
	const struct port_opts *o = s->port_opts;

	if (o->mac.set)
		memcpy(mac, o->mac.v, 6);
	else if (s->have_port &&
		 (!o->address.n || mac_is_from_ip(s->have_port->mac,
						  &o->address.v[0].ip)))
		memcpy(mac, s->have_port->mac, 6);
	else if (o->address.n)
		mac_from_ip(mac, &o->address.v[0].ip, 0);
	else
		return false;
	return true;
}

static bool match_net_mac(const struct stmt *s, uint8_t mac[6])
{
	if (net_mac(mac, s->net_opts))
		return true;
	if (s->have_net)
		memcpy(mac, s->have_net->link.mac, 6);
	return s->have_net;
}

static int owner_order(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->net != y->net)
		return x->net < y->net ? -1 : 1;
	return memcmp(x->mac, y->mac, 6);
}

const struct stmt *match_owner(const struct sync *y, const struct stmt *net,
			       const uint8_t mac[6])
{
	struct owner key = { .net = net }, *found;

	memcpy(key.mac, mac, 6);
	found = y->n_owners ? bsearch(&key, y->owners, y->n_owners, sizeof(key),
				      owner_order) : NULL;
	return found ? found->by : NULL;
}

/* MACs that are in the table without being entered, and whether two have one. */
static int match_owners(struct sync *y)
{
	char text[MAC_TEXT];
	struct owner *o;
	size_t i;
	bool has;

	y->owners = xcalloc(y->conf.n + 1, sizeof(*y->owners));
	for (i = 0; i < y->conf.n; i++) {
		struct stmt *s = y->conf.v[i];

		o = &y->owners[y->n_owners];
		has = s->kind == STMT_NET ? match_net_mac(s, o->mac) :
		      s->kind == STMT_PORT && !s->port_opts->dev && !s->gone ?
		      match_port_mac(s, o->mac) : false;
		if (!has)
			continue;
		o->net = s->net;
		o->by = s;
		y->n_owners++;
	}
	if (y->n_owners)
		qsort(y->owners, y->n_owners, sizeof(*y->owners), owner_order);
	for (i = 1; i < y->n_owners; i++) {
		o = &y->owners[i];
		if (owner_order(&o[-1], o))
			continue;
		/* It is the later line's fault. */
		if (o[-1].by->line > o->by->line)
			o--;
		conf_at(&y->conf, o->by, NULL);
		return usage_error("it has the MAC %s, as another of the network's has",
				   mac_text(o->mac, text));
	}
	return EXIT_OK;
}

static int match_fdb(const struct sync *y, struct stmt *s)
{
	const struct stmt *by = match_owner(y, s->net, s->mac);

	if (by && !s->replace)
		return usage_error("line %u enters this MAC by itself: \"replace-fdb\" changes that entry",
				   by->line);
	return EXIT_OK;
}

static int match_one(struct sync *y, struct stmt *s)
{
	conf_at(&y->conf, s, NULL);
	switch (s->kind) {
	case STMT_NET:
		return match_net(y, s);
	case STMT_PORT:
		return s->port_opts->dev ? match_dev(y, s) :
		       s->port_opts->near ? match_near(y, s) :
					    match_container(y, s);
	default:
		return EXIT_OK;
	}
}

/* What becomes of each port that there is. */
static void decide(struct sync *y)
{
	size_t i;

	for (i = 0; i < y->st.n_ports; i++) {
		struct st_port *p = &y->st.ports[i];
		const struct st_net *n = state_net_by_index(&y->st, p->port.net);
		bool unnamed = p->made && !p->target &&
			       !port_is_unfinished(&p->near);

		if (!n)
			continue;
		if (p->want)
			p->fate = p->want->net->have_net == n ? FATE_STAYS :
								FATE_DETACHED;
		else if (n->keep)
			p->fate = !p->made ? FATE_DETACHED :
				  unnamed ? FATE_STAYS : FATE_DELETED;
		else if (n->want && unnamed)
			p->fate = FATE_CARRIED;
		else if (p->made)
			p->fate = FATE_DELETED;
	}
}

int match(struct sync *y)
{
	int err = EXIT_OK;
	size_t i;

	for (i = 0; i < y->conf.n && !err; i++) {
		struct stmt *s = y->conf.v[i];

		if (s->net->failed)
			continue;
		err = match_one(y, s);
		/* One network that cannot be had keeps no other one away. */
		if (err == EXIT_REFUSED && y->restore) {
			s->net->failed = true;
			err = EXIT_OK;
		}
	}
	if (!err)
		err = match_owners(y);
	for (i = 0; i < y->conf.n && !err; i++) {
		if (y->conf.v[i]->kind != STMT_FDB)
			continue;
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = match_fdb(y, y->conf.v[i]);
	}
	if (!err)
		decide(y);
	return err;
}
