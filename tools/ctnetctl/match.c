// SPDX-License-Identifier: GPL-2.0
/*
 * What a configuration names, and which of it is there already. Nothing is changed here, so
 * that what can be known to fail fails before anything is.
 */
#include <string.h>

#include "sync.h"

static int match_underlay(struct sync *y, const struct stmt *s)
{
	const char *name = s->net_conf->underlay;
	const struct ct_link *dev;
	const struct stmt *net;

	if (!name)
		return CT_OK;
	dev = ct_link_called(&ct.rt, &y->st.links, name);
	net = conf_find(&y->conf, name, NULL, NULL);
	if ((net && net->line < s->line) || (!dev && !strcmp(name, CT_UNDERLAY_ANY)))
		return CT_OK;
	if (!dev)
		return ct_fail(&ct, "no device \"%s\" in this namespace to be the underlay", name);
	if (!y->restore && !y->only && !strcmp(dev->kind, "ctnet"))
		return ct_fail(&ct, "the underlay \"%s\" is a network that no line before this one adds",
			       name);
	return CT_OK;
}

static int match_net(struct sync *y, struct stmt *s)
{
	const char *name = s->call.arg[0];
	const struct ct_link *l = ct_link_called(&ct.rt, &y->st.links, name);
	struct ct_state_net *have;
	uint8_t mac[6];
	int err;

	err = match_underlay(y, s);
	if (err)
		return err;
	if (l && strcmp(l->kind, "ctnet"))
		return ct_fail(&ct, "there is another interface of that name%s%s: rename it, or the network",
			       l->kind[0] ? ", of kind " : "", l->kind);
	if (l && y->restore)
		return ct_fail(&ct, "the network is there already: \"ctnetctl sync\" makes it what a file says, \"ctnetctl del-net %s\" removes it",
			       name);
	have = l ? ct_state_net(&y->st, l->ifindex) : NULL;
	if (l && !have)
		return ct_fail(&ct, "the network came just now: try again");
	if (have && have->net.conf.vni.set == s->net_conf->vni.set) {
		y->net[have - y->st.nets] = s;
		s->have_net = have;
	} else if (have) {
		s->replaces = have;
		y->heir[have - y->st.nets] = s;
	}
	if (ct_net_mac(mac, s->net_conf))
		return conf_own_mac(&y->conf, s, mac);
	return s->have_net ? conf_own_mac(&y->conf, s, have->link.mac) : CT_OK;
}

bool match_port_mac(const struct stmt *s, uint8_t mac[6])
{
	const struct ct_port_conf *o = s->port_conf;
	const struct ct_state_port *p = s->have_port;
	const struct ct_ip *first = o->address.n ? &o->address.v[0].ip : NULL;

	if (o->mac.set)
		memcpy(mac, o->mac.v, 6);
	else if (p && (!first || ct_mac_is_from_ip(p->mac, first)))
		memcpy(mac, p->mac, 6);
	else if (first)
		ct_mac_from_ip(mac, first, 0);
	else
		return false;
	return true;
}

/* Two names may be one port's. */
static int claim(struct sync *y, struct stmt *s, struct ct_state_port *p)
{
	const struct stmt **want = p ? &y->want[p - y->st.ports] : NULL;
	uint8_t mac[6];

	s->have_port = p;
	if (p && *want)
		return ct_misuse(&ct, "this is the port of line %u", (*want)->line);
	if (p)
		*want = s;
	return !s->dev && match_port_mac(s, mac) ? conf_own_mac(&y->conf, s, mac) : CT_OK;
}

static int match_dev(struct sync *y, struct stmt *s)
{
	s->dev = ct_link_called(&ct.rt, &y->st.links, s->port_conf->dev);
	if (!s->dev)
		return ct_fail(&ct, "no interface \"%s\" in this namespace", s->port_conf->dev);
	return claim(y, s, ct_state_port(&y->st, s->dev->ifindex));
}

static int container_gone(struct stmt *s)
{
	s->gone = true;
	ct_warn(&ct, "the container is not there, and its port is left out");
	return CT_OK;
}

/* A near end that says which container it is. */
static int match_near(struct sync *y, struct stmt *s)
{
	const struct ct_link *near = ct_link_called(&ct.rt, &y->st.links, s->port_conf->near);
	struct ct_state_port *p;
	size_t i;

	if (ct_native_is_name(s->port_conf->near)) {
		for (i = 0; i < y->st.n_ports; i++)
			if (!strcmp(y->st.ports[i].port.devname, s->port_conf->near) &&
			    s->net->have_net == ct_state_net(&y->st, y->st.ports[i].port.net))
				return claim(y, s, &y->st.ports[i]);
		return container_gone(s);
	}
	if (!near || !ct_port_is_made(near))
		return container_gone(s);
	p = ct_state_port(&y->st, near->ifindex);
	if (!p && near->master)
		return ct_fail(&ct, "%s is a port of another network", near->name);
	if (!p)
		s->takes = near->ifindex;
	return claim(y, s, p);
}

static int match_container(struct sync *y, struct stmt *s)
{
	struct ct_state_port *p = NULL;
	struct ct_container *c;
	int err = CT_OK;

	c = ct_container_open(&ct, s->call.arg[1], s->port_conf->ifname, &s->gone, "");
	if (s->gone)
		return container_gone(s);
	if (!c)
		return ct.code;
	if (c->state == CT_FAR_HERE)
		p = ct_state_port(&y->st, c->near.ifindex);
	/* Nobody is at work: we have the lock alone. What is half made is made anew. */
	if (c->state == CT_FAR_HERE && ct_port_is_made(&c->near) &&
	    (!c->near.master || (p && ct_port_is_unfinished(&c->near)))) {
		s->takes = c->near.ifindex;
		p = NULL;
	} else if (c->state != CT_FAR_NONE && !(p && p->made)) {
		err = ct_container_already(c);
	}
	ct_container_close(c);
	return err ? err : claim(y, s, p);
}

static int match_fdb(struct sync *y, struct stmt *s)
{
	const struct stmt *by = conf_find_mac(&y->conf, s->call.arg[0], "own", s->mac);

	if (by && !s->replace)
		return ct_misuse(&ct, "line %u enters this MAC by itself: \"replace-fdb\" changes that entry",
				 by->line);
	return CT_OK;
}

static int match_one(struct sync *y, struct stmt *s)
{
	switch (s->kind) {
	case STMT_NET:
		return match_net(y, s);
	case STMT_PORT:
		return s->port_conf->dev ? match_dev(y, s) :
		       s->port_conf->near ? match_near(y, s) : match_container(y, s);
	case STMT_FDB:
		return match_fdb(y, s);
	default:
		return CT_OK;
	}
}

/* A native port is one of its network for good, and is no veth. */
static bool is_remade(const struct stmt *s, const struct ct_state_port *p,
		      const struct ct_state_net *n)
{
	bool native = ct_link_is_native(&p->near);

	if (!p->made || s->port_conf->dev)
		return false;
	/* One that is known by its near end has it. */
	return (native && s->net->have_net != n) ||
	       (!s->port_conf->near && native != ct_port_wants_native(s->port_conf));
}

int match(struct sync *y)
{
	size_t i;
	int err;

	for (i = 0; i < y->conf.n; i++) {
		struct stmt *s = y->conf.v[i];

		if (s->net->failed)
			continue;
		conf_at(&y->conf, s, NULL);
		err = match_one(y, s);
		if (!err)
			continue;
		if (!y->restore || err == CT_USAGE)
			return err;
		/* One network that cannot be had keeps no other one away. */
		s->net->failed = true;
		complain();
	}
	for (i = 0; i < y->st.n_ports; i++) {
		const struct ct_state_port *p = &y->st.ports[i];
		const struct ct_state_net *n = ct_state_net(&y->st, p->port.net);
		bool unnamed = p->made && !p->target && !ct_port_is_unfinished(&p->near);

		if (!n)
			continue;
		if (y->want[i] && is_remade(y->want[i], p, n))
			y->fate[i] = REMADE;
		else if (y->want[i])
			y->fate[i] = y->want[i]->net->have_net == n ? STAYS : DETACHED;
		else if (net_stmt(y, n))
			y->fate[i] = !p->made ? DETACHED : unnamed ? STAYS : DELETED;
		else if (unnamed && y->heir[n - y->st.nets] && !ct_link_is_native(&p->near))
			y->fate[i] = CARRIED;
		else
			y->fate[i] = p->made && !is_left_alone(y, n) ? DELETED : STAYS;
	}
	return CT_OK;
}
