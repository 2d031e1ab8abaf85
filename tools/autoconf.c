// SPDX-License-Identifier: GPL-2.0
/*
 * What a container's interface takes from routers of its network.
 *
 * Who is guarded and was given addresses is to have these alone. What a router has the kernel
 * make besides, the guard would drop, and the kernel would prefer it. So an interface with
 * IPv6 addresses takes none from routers (autoconf), but routes as before; and one without,
 * which could not use a route either, takes nothing (accept_ra).
 */
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

/*
 * The sysctl of an interface in a container, a digit; set to @value unless that is 0.
 * Returns an error number. Where a container is given no sysctls, or none to write, they are
 * its own affair: then nothing is read.
 */
static int ra_sysctl(const struct container *c, const char *ifname,
		     const char *name, char value, char *old)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//accept_ra") + IFNAMSIZ];
	int fd, err;

	*old = 0;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", ifname,
		 name);
	err = -netns_enter(c->fd);
	if (err)
		return err;
	fd = open(path, (value ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0 || read(fd, old, 1) != 1 ||
	    (value && *old != value && pwrite(fd, &value, 1, 0) != 1))
		err = errno;
	if (fd >= 0)
		close(fd);
	netns_leave();
	if (err)
		*old = 0;
	return err == ENOENT || err == EROFS ? 0 : err;
}

/* What takes a change back, in a container that stays open until then. */
struct ra_change {
	const struct container *c;
	const char *name;
	char old;
};

static void restore_sysctl(void *arg)
{
	const struct ra_change *r = arg;
	char now;

	ra_sysctl(r->c, r->c->ifname, r->name, r->old, &now);
}

static int set_sysctl(const struct container *c, const char *name, char value,
		      bool undo)
{
	struct ra_change *r;
	char old;
	int err;

	err = ra_sysctl(c, c->ifname, name, value, &old);
	if (err)
		return fail("set what the container's %s takes from routers (net.ipv6.conf.%s.%s): %s",
			    c->ifname, c->ifname, name, strerror(err));
	if (!undo || !old || old == value)
		return EXIT_OK;
	r = xcalloc(1, sizeof(*r));
	r->c = c;
	r->name = name;
	r->old = old;
	undo_push_call(restore_sysctl, r);
	return EXIT_OK;
}

/*
 * @n: addresses that the interface was given; @n6: of these, IPv6 ones. An interface without
 * any may use what it likes. Of one that had no IPv6 address before, the routes are as with a
 * new interface again: those that its container has refused since are not.
 */
static int fit(const struct container *c, size_t n, size_t n6, bool undo)
{
	char autoconf = 0, accept_ra = 0, usual = 0;
	int err;

	if (!n)
		return EXIT_OK;
	if (!n6) {
		err = set_sysctl(c, "autoconf", '1', undo);
		return err ? err : set_sysctl(c, "accept_ra", '0', undo);
	}
	if (!ra_sysctl(c, c->ifname, "autoconf", 0, &autoconf) &&
	    !ra_sysctl(c, c->ifname, "accept_ra", 0, &accept_ra) &&
	    autoconf == '1' && accept_ra == '0' &&
	    !ra_sysctl(c, "default", "accept_ra", 0, &usual) && usual) {
		err = set_sysctl(c, "accept_ra", usual, undo);
		if (err)
			return err;
	}
	return set_sysctl(c, "autoconf", '0', undo);
}

int autoconf_fit(const struct container *c, const struct cidrs *addrs)
{
	size_t i, n6 = 0;

	for (i = 0; i < addrs->n; i++)
		n6 += addrs->v[i].ip.family == AF_INET6;
	return fit(c, addrs->n, n6, false);
}

int autoconf_guarded(const struct container *c)
{
	struct port p;
	struct fdb f;
	size_t i, n6 = 0;
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
		n6 += f.ips.v[i].family == AF_INET6;
	err = fit(c, f.ips.n, n6, true);
	free(f.ips.v);
	return err;
}
