// SPDX-License-Identifier: GPL-2.0
/* Which addresses a container's interface takes by itself. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "attach.h"
#include "container.h"
#include "ctnetctl.h"
#include "objects.h"

/* The sysctl of an interface in a namespace. Returns 0 or an error number. */
static int set_autoconf(int ns_fd, const char *ifname, char value, char *old)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//autoconf") + IFNAMSIZ];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/autoconf",
		 ifname);
	err = -netns_enter(ns_fd);
	if (err)
		return err;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || read(fd, old, 1) != 1 ||
	    (*old != value && pwrite(fd, &value, 1, 0) != 1))
		err = errno;
	if (fd >= 0)
		close(fd);
	netns_leave();
	/* Where a container is given no sysctls to write, it is its own affair. */
	return err == ENOENT || err == EROFS ? 0 : err;
}

/* What takes it back, in a container that stays open until then. */
struct autoconf {
	const struct container *c;
	char old;
};

static void restore_autoconf(void *arg)
{
	const struct autoconf *a = arg;
	char now;

	set_autoconf(a->c->fd, a->c->ifname, a->old, &now);
}

/*
 * Who was given IPv6 addresses is to have these, and not such as a router of the network
 * has the kernel make: it would prefer them, and the guard drops what is sent from them.
 * Routes are taken from routers as before.
 */
int autoconf_stop(const struct container *c, bool undo)
{
	struct autoconf *a;
	char old = '0';
	int err;

	err = set_autoconf(c->fd, c->ifname, '0', &old);
	if (err)
		return fail("have the container's %s take no addresses from routers: %s",
			    c->ifname, strerror(err));
	if (!undo || old == '0')
		return EXIT_OK;
	a = xcalloc(1, sizeof(*a));
	a->c = c;
	a->old = old;
	undo_push_call(restore_autoconf, a);
	return EXIT_OK;
}

bool autoconf_wanted(const struct cidrs *addrs)
{
	size_t i;

	for (i = 0; i < addrs->n; i++)
		if (addrs->v[i].ip.family == AF_INET6)
			return true;
	return false;
}

/* The same for a port that is there: is it guarded, and has IPv6 addresses? */
int autoconf_guarded(const struct container *c)
{
	bool any = false;
	struct port p;
	struct fdb f;
	size_t i;
	int err;

	err = port_get(c->near.master, c->near.ifindex, &p);
	if (err)
		return fail("read the port: %s", nl_why(&ctx.ge, err, NULL));
	if (!(p.flags & CTNET_PORT_GUARD))
		return EXIT_OK;
	err = fdb_get(c->near.master, c->far.mac, &f);
	if (err == -ENOENT)
		return EXIT_OK;
	if (err)
		return fail("read the table: %s", nl_why(&ctx.ge, err, NULL));
	for (i = 0; i < f.ips.n; i++)
		any = any || f.ips.v[i].family == AF_INET6;
	free(f.ips.v);
	return any ? autoconf_stop(c, true) : EXIT_OK;
}
