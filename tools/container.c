// SPDX-License-Identifier: GPL-2.0
/* A container's interface, and the port at its other end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "ctnetctl.h"
#include "objects.h"

void container_close(struct container *c)
{
	undo_forget(&c->s);
	nl_shut(&c->s);
	close(c->fd);
}

static void close_and_free(void *arg)
{
	struct container *c = arg;

	nl_shut(&c->s);
	close(c->fd);
	free(c);
}

void container_keep(struct container *c)
{
	undo_at_end(close_and_free, c);
}

/*
 * Is the other end of an interface of the container here? @nsid is what we know the
 * container as, or -1 until something of it was looked at.
 */
static bool leads_here(const struct container *c, const struct link *far,
		       int *nsid, struct link *near)
{
	if (strcmp(far->kind, "veth") || !far->peer || far->peer_nsid < 0 ||
	    link_get(&ctx.rt, NULL, far->peer, -1, near) ||
	    strcmp(near->kind, "veth") || near->peer != far->ifindex ||
	    near->peer_nsid < 0)
		return false;
	if (*nsid < 0)
		*nsid = link_nsid(&ctx.rt, c->fd);
	return near->peer_nsid == *nsid;
}

/*
 * A port is known by the container's namespace and by what its interface there was made
 * as: the container may call it something else since. What is called so now comes second.
 */
int container_find(struct container *c)
{
	struct link near = { 0 };
	struct links ls;
	int nsid = -1, err;
	size_t i;

	c->state = FAR_NONE;
	c->ifname = c->asked;
	err = link_dump(&c->s, &ls);
	if (err)
		return fail("list the interfaces of %s: %s", c->target,
			    nl_why(&c->s, err, NULL));
	for (i = 0; i < ls.n; i++) {
		const struct link *l = &ls.v[i];
		bool here = leads_here(c, l, &nsid, &near);
		bool made = here && port_is_made(&near) &&
			    !strcmp(near.given, c->asked);

		if (!made && strcmp(l->name, c->asked))
			continue;
		c->far = *l;
		c->near = near;
		c->state = here ? FAR_HERE : FAR_OTHER;
		if (made)
			break;
	}
	links_free(&ls);
	if (c->state == FAR_HERE)
		c->ifname = c->far.name;
	return EXIT_OK;
}

int container_settle(struct container *c)
{
	if (c->state != FAR_HERE || !port_is_unfinished(&c->near))
		return EXIT_OK;
	lock_take(true);
	lock_drop();
	return container_find(c);
}

bool container_is_on(const struct container *c, const struct link *net)
{
	return c->state == FAR_HERE &&
	       (c->near.master == net->ifindex ||
		(!c->near.master && port_is_made(&c->near)));
}

static int look(struct container *c, int (*find)(struct container *c))
{
	int err = nl_open(&c->s, NETLINK_ROUTE, c->fd);

	if (err)
		err = fail("open a socket in %s: %s", c->target,
			   nl_why(NULL, err, NULL));
	else
		err = find(c);
	if (err)
		container_close(c);
	return err;
}

int container_open(struct container *c, const char *target, const char *ifname,
		   bool *gone, const char *tail)
{
	const char *why = parse_target(target);
	int err;

	memset(c, 0, sizeof(*c));
	if (why)
		return usage_error("\"%s\" %s", target, why);
	c->target = target;
	c->asked = ifname ? ifname : DEFAULT_IFNAME;
	c->fd = netns_open(target, gone, tail);
	if (c->fd < 0)
		return gone && *gone ? EXIT_OK : EXIT_REFUSED;
	if (netns_same(c->fd, ctx.ns_fd)) {
		err = fail("\"%s\" is in the network's own namespace, so it needs no veth: the network itself is its interface, and --dev attaches others",
			   target);
		close(c->fd);
		return err;
	}
	return look(c, container_find);
}

static int find_far(struct container *c)
{
	int err = link_get(&c->s, NULL, c->near.peer, -1, &c->far);

	if (err)
		return fail("look up its interface: %s",
			    nl_why(&c->s, err, NULL));
	c->state = FAR_HERE;
	c->ifname = c->far.name;
	c->asked = c->near.given[0] ? c->near.given : c->far.name;
	return EXIT_OK;
}

int container_open_near(struct container *c, const struct link *near, bool *gone)
{
	memset(c, 0, sizeof(*c));
	c->near = *near;
	c->target = c->near.alias[0] ? c->near.alias : c->near.name;
	c->fd = netns_open_id(near->peer_nsid, near->alias);
	if (c->fd < 0) {
		*gone = true;
		return EXIT_OK;
	}
	return look(c, find_far);
}

int container_already(const struct container *c)
{
	static const char more[] = "--ifname NAME gives it one of another name";
	struct link master;

	if (c->state == FAR_OTHER)
		return fail("%s already has an interface %s, which is not on this host's networks; %s",
			    c->target, c->ifname, more);
	if (!c->near.master ||
	    link_get(&ctx.rt, NULL, c->near.master, -1, &master))
		return fail("%s already has an interface %s, whose other end %s is a port of nothing; %s",
			    c->target, c->ifname, c->near.name, more);
	return fail("%s already has %s on network %s; %s", c->target,
		    c->ifname, master.name, more);
}

int container_is_elsewhere(const struct container *c)
{
	if (c->state == FAR_NONE)
		return fail("%s has no interface %s", c->target, c->ifname);
	if (c->state == FAR_HERE && !c->near.master && port_is_made(&c->near))
		return fail("interface %s of %s is attached to no network: \"ctnetctl add-port\" attaches it again",
			    c->ifname, c->target);
	return fail("interface %s of %s is not on this network", c->ifname,
		    c->target);
}

int container_port(struct container *c, const struct link *net,
		   const char *target, const char *ifname, bool *gone)
{
	int err = container_open(c, target, ifname, gone, CONTAINER_GONE);

	if (err || (gone && *gone))
		return err;
	if (c->state == FAR_HERE && c->near.master == net->ifindex)
		return EXIT_OK;
	if (gone)
		*gone = true;
	else
		err = container_is_elsewhere(c);
	container_close(c);
	return err;
}

int container_index(const struct link *net, const char *target,
		    const char *ifname, int *ifindex)
{
	struct container c;
	int err = container_port(&c, net, target, ifname, NULL);

	if (err)
		return err;
	*ifindex = c.near.ifindex;
	container_close(&c);
	return EXIT_OK;
}
