// SPDX-License-Identifier: GPL-2.0
/* A container's interface, and the port at its other end. */
#include <errno.h>
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

/*
 * A port is known by namespace and interface name, whatever the container was
 * called. The kernel says where the interface's other end is, so no port needs
 * to be searched for.
 */
int container_find(struct container *c)
{
	int err;

	c->state = FAR_NONE;
	err = link_get(&c->s, c->ifname, 0, -1, &c->far);
	if (err == -ENODEV)
		return EXIT_OK;
	if (err)
		return fail("look up %s in %s: %s", c->ifname, c->target,
			    nl_why(&c->s, err, NULL));
	c->state = FAR_OTHER;
	if (strcmp(c->far.kind, "veth") || !c->far.peer ||
	    link_get(&ctx.rt, NULL, c->far.peer, -1, &c->near) ||
	    strcmp(c->near.kind, "veth") || c->near.peer != c->far.ifindex ||
	    c->near.peer_nsid < 0 ||
	    c->near.peer_nsid != link_nsid(&ctx.rt, c->fd))
		return EXIT_OK;
	c->state = FAR_HERE;
	return EXIT_OK;
}

int container_open(struct container *c, const char *target, const char *ifname,
		   bool *gone, const char *tail)
{
	const char *why = parse_target(target);
	int err;

	if (why)
		return usage_error("\"%s\" %s", target, why);
	memset(c, 0, sizeof(*c));
	c->target = target;
	c->ifname = ifname ? ifname : DEFAULT_IFNAME;
	c->fd = netns_open(target, gone, tail);
	if (c->fd < 0)
		return gone && *gone ? EXIT_OK : EXIT_REFUSED;
	if (netns_same(c->fd, ctx.ns_fd)) {
		err = fail("\"%s\" is in the network's own namespace, so it needs no veth: the network itself is its interface, and --dev attaches others",
			   target);
		close(c->fd);
		return err;
	}
	err = nl_open(&c->s, NETLINK_ROUTE, c->fd);
	if (err)
		err = fail("open a socket in %s: %s", target,
			   nl_why(NULL, err, NULL));
	else
		err = container_find(c);
	if (err)
		container_close(c);
	return err;
}

int container_already(const struct container *c)
{
	struct link master;

	if (c->state == FAR_OTHER)
		return fail("%s already has an interface %s, which is not on this host's networks",
			    c->target, c->ifname);
	if (!c->near.master ||
	    link_get(&ctx.rt, NULL, c->near.master, -1, &master))
		return fail("%s already has an interface %s, whose other end %s is a port of nothing",
			    c->target, c->ifname, c->near.name);
	return fail("%s already has %s on network %s", c->target, c->ifname,
		    master.name);
}

int container_port(struct container *c, const struct link *net,
		   const char *target, const char *ifname, bool *gone)
{
	int err = container_open(c, target, ifname, gone,
				 ", and a container that goes takes its port with it");

	if (err || (gone && *gone))
		return err;
	if (c->state == FAR_HERE && c->near.master == net->ifindex)
		return EXIT_OK;
	if (gone)
		*gone = true;
	else if (c->state == FAR_NONE)
		err = fail("%s has no interface %s", target, c->ifname);
	else
		err = fail("interface %s of %s is not on this network",
			   c->ifname, target);
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
