// SPDX-License-Identifier: GPL-2.0
/* A container's interface, and the port at its other end. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"

static void close_and_free(void *arg)
{
	struct ct_container *c = arg;

	ct_sock_close(&c->s);
	close(c->fd);
	free(c);
}

/* What was to be undone in there is not any more. */
void ct_container_close(struct ct_container *c)
{
	ct_undo_forget(&c->s);
	close_and_free(c);
}

void ct_container_keep(struct ct_container *c)
{
	ct_at_end(c->ct, close_and_free, c);
}

static int native_leads_here(const struct ct_container *c, const struct ct_link *far, int *nsid,
			     struct ct_link *near)
{
	struct ct_port p;
	int err;

	if (!far->peer || far->peer_nsid < 0 || ct_genl(c->ct) ||
	    ct_port_get(c->ct, far->peer, far->number, &p) || p.ifindex != far->ifindex ||
	    p.nsid < 0)
		return 0;
	ct_native_link(&p, far, near);
	err = *nsid < 0 ? ct_link_nsid(&c->ct->rt, c->fd, nsid) : 0;
	return err ?: p.nsid == *nsid;
}

/*
 * Is the other end of an interface of the container here? 1, 0 or -errno. @nsid is what we
 * know the container as, or -1 until that is asked for.
 */
static int leads_here(const struct ct_container *c, const struct ct_link *far, int *nsid,
		      struct ct_link *near)
{
	struct ct_sock *s = &c->ct->rt;
	int err;

	if (far->number)
		return native_leads_here(c, far, nsid, near);
	if (strcmp(far->kind, "veth") || !far->peer || far->peer_nsid < 0 ||
	    ct_link_get(s, NULL, far->peer, -1, near) || strcmp(near->kind, "veth") ||
	    near->peer != far->ifindex || near->peer_nsid < 0)
		return 0;
	err = *nsid < 0 ? ct_link_nsid(s, c->fd, nsid) : 0;
	return err ?: near->peer_nsid == *nsid;
}

/*
 * A port is known by the container's namespace and by what its interface there was made
 * as: the container may call it something else since. What is called so now comes second.
 */
int ct_container_find(struct ct_container *c)
{
	int nsid = -1, here = 0, err;
	bool made = false;
	struct ct_link near;
	struct ct_links ls;
	size_t i;

	c->state = CT_FAR_NONE;
	c->ifname = c->asked;
	err = ct_link_dump(&c->s, &ls);
	if (err)
		return ct_refused(&c->s, err, NULL, "list the interfaces of %s", c->target);
	for (i = 0; i < ls.n && !made && here >= 0; i++) {
		here = leads_here(c, &ls.v[i], &nsid, &near);
		made = here > 0 && ct_port_is_made(&near) && !strcmp(near.given, c->asked);
		if (here < 0 || (!made && strcmp(ls.v[i].name, c->asked)))
			continue;
		c->state = here ? CT_FAR_HERE : CT_FAR_OTHER;
		c->far = ls.v[i];
		if (here)
			c->near = near;
	}
	ct_links_free(&ls);
	if (c->state == CT_FAR_HERE)
		c->ifname = c->far.name;
	return here < 0 ? ct_refused(&c->ct->rt, here, NULL, "look up the namespace of %s",
				     c->target) : CT_OK;
}

int ct_container_settle(struct ct_container *c)
{
	if (c->state != CT_FAR_HERE || !ct_port_is_unfinished(&c->near))
		return CT_OK;
	ct_lock(c->ct, true);
	ct_unlock(c->ct);
	return ct_container_find(c);
}

bool ct_container_is_on(const struct ct_container *c, const struct ct_link *net)
{
	return c->state == CT_FAR_HERE &&
	       (c->near.master == net->ifindex ||
		(!c->near.master && ct_port_is_made(&c->near)));
}

/* Open a socket there, and see what @find finds. */
static struct ct_container *look(const struct ct_container *from,
				 int (*find)(struct ct_container *c))
{
	struct ct_container *c = ct_calloc(1, sizeof(*c));
	int err;

	*c = *from;
	err = ct_sock_open(c->ct, &c->s, NETLINK_ROUTE, c->fd);
	if (err)
		ct_refused(&c->s, err, NULL, "open a socket in %s", c->target);
	if (!err && !find(c))
		return c;
	close_and_free(c);
	return NULL;
}

struct ct_container *ct_container_open(struct ct *ct, const char *target, const char *ifname,
				       bool *gone, const char *tail)
{
	struct ct_container c = {
		.ct = ct, .target = target, .asked = ifname ? ifname : CT_IFNAME,
	};
	const char *why = ct_parse_target(target);

	if (why)
		ct_misuse(ct, "\"%s\": %s", target, why);
	c.fd = why ? -1 : ct_netns_open(ct, target, gone, tail);
	if (c.fd < 0)
		return NULL;
	if (!ct_netns_same(c.fd, ct->ns_fd))
		return look(&c, ct_container_find);
	ct_fail(ct, "\"%s\" is in the network's own namespace, so it needs no veth: the network itself is its interface, and --dev attaches others",
		target);
	close(c.fd);
	return NULL;
}

static int find_far(struct ct_container *c)
{
	int err = ct_link_get(&c->s, NULL, c->near.peer, -1, &c->far);

	c->target = c->near.alias[0] ? c->near.alias : c->near.name;
	if (err)
		return ct_refused(&c->s, err, NULL, "look up its interface");
	c->state = CT_FAR_HERE;
	c->ifname = c->far.name;
	c->asked = c->near.given[0] ? c->near.given : c->far.name;
	return CT_OK;
}

struct ct_container *ct_container_open_near(struct ct *ct, const struct ct_link *near,
					    bool *gone)
{
	struct ct_container c = { .ct = ct, .target = near->name, .near = *near };
	int err = ct_netns_open_id(ct, near->peer_nsid, near->alias, &c.fd);

	if (!err && c.fd >= 0)
		return look(&c, find_far);
	if (err)
		ct_refused(&ct->rt, err, NULL, "look up the namespace of %s", near->name);
	*gone = !err;
	return NULL;
}

int ct_container_already(const struct ct_container *c)
{
	static const char more[] = "--ifname NAME gives it one of another name";
	struct ct_link master;

	if (c->state == CT_FAR_OTHER)
		return ct_fail(c->ct, "%s already has an interface %s, which is not on this host's networks; %s",
			       c->target, c->ifname, more);
	if (!c->near.master || ct_link_get(&c->ct->rt, NULL, c->near.master, -1, &master))
		return ct_fail(c->ct, "%s already has an interface %s, whose other end %s is a port of nothing; %s",
			       c->target, c->ifname, c->near.name, more);
	return ct_fail(c->ct, "%s already has %s on network %s; %s", c->target, c->ifname,
		       master.name, more);
}

int ct_container_is_elsewhere(const struct ct_container *c)
{
	if (c->state == CT_FAR_NONE)
		return ct_fail(c->ct, "%s has no interface %s", c->target, c->ifname);
	if (c->state == CT_FAR_HERE && !c->near.master && ct_port_is_made(&c->near))
		return ct_fail(c->ct, "interface %s of %s is attached to no network: \"ctnetctl add-port\" attaches it again",
			       c->ifname, c->target);
	return ct_fail(c->ct, "interface %s of %s is not on this network", c->ifname, c->target);
}

struct ct_container *ct_container_port(struct ct *ct, const struct ct_link *net,
				       const char *target, const char *ifname)
{
	struct ct_container *c = ct_container_open(ct, target, ifname, NULL, CT_CONTAINER_GONE);

	if (!c || (c->state == CT_FAR_HERE && c->near.master == net->ifindex))
		return c;
	ct_container_is_elsewhere(c);
	ct_container_close(c);
	return NULL;
}
