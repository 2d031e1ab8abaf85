// SPDX-License-Identifier: GPL-2.0
/*
 * What a container's interface takes from routers of its network.
 *
 * Who is guarded and was given addresses is to have these alone. What a router has the
 * kernel make besides, the guard would drop, and the kernel would prefer it. So an interface
 * with IPv6 addresses takes none from routers (autoconf), but routes as before; and one
 * without, which could not use a route either, takes nothing (accept_ra).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "attach.h"

/*
 * The sysctl of an interface in a container, a digit; set to @value unless that is 0.
 * -errno. Where a container is given no sysctls, or none to write, they are its own affair:
 * then nothing is read.
 */
static int ra_sysctl(const struct ct_container *c, const char *ifname, const char *name,
		     char value, char *old)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//accept_ra") + IFNAMSIZ];
	int fd, back, err = ct_netns_enter(c->ct, c->fd);

	*old = 0;
	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", ifname, name);
	fd = open(path, (value ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0 || read(fd, old, 1) != 1 ||
	    (value && *old != value && pwrite(fd, &value, 1, 0) != 1)) {
		err = -errno;
		*old = 0;
	}
	if (fd >= 0)
		close(fd);
	back = ct_netns_leave(c->ct);
	return err && err != -ENOENT && err != -EROFS ? err : back;
}

/* What takes a change back, in a container that stays open until then. */
struct ra_change {
	const struct ct_container *c;
	const char *name;
	char old;
};

static void restore_sysctl(void *arg)
{
	const struct ra_change *r = arg;
	char now;

	ra_sysctl(r->c, r->c->ifname, r->name, r->old, &now);
}

static int set_sysctl(const struct ct_container *c, const char *name, char value, bool undo)
{
	struct ra_change *r;
	char old;
	int err = ra_sysctl(c, c->ifname, name, value, &old);

	if (err)
		return ct_fail(c->ct, "set what the container's %s takes from routers (net.ipv6.conf.%s.%s): %s",
			       c->ifname, c->ifname, name, ct_why(NULL, err, NULL));
	if (!undo || !old || old == value)
		return CT_OK;
	r = ct_calloc(1, sizeof(*r));
	*r = (struct ra_change){ c, name, old };
	ct_undo_call(c->ct, restore_sysctl, r);
	return CT_OK;
}

/*
 * An interface without addresses may use what it likes. Of one that had no IPv6 address
 * before, the routes are as with a new interface again: those that its container has
 * refused since are not.
 */
int ct_autoconf_fit(const struct ct_container *c, const struct ct_addrs *addrs, bool undo)
{
	char autoconf = 0, accept_ra = 0, usual = 0;
	int err = CT_OK;
	size_t i;

	if (!addrs->n)
		return CT_OK;
	for (i = 0; i < addrs->n && addrs->v[i].ip.family != AF_INET6; i++)
		;
	if (i == addrs->n) {
		err = set_sysctl(c, "autoconf", '1', undo);
		return err ? err : set_sysctl(c, "accept_ra", '0', undo);
	}
	if (!ra_sysctl(c, c->ifname, "autoconf", 0, &autoconf) &&
	    !ra_sysctl(c, c->ifname, "accept_ra", 0, &accept_ra) &&
	    autoconf == '1' && accept_ra == '0' &&
	    !ra_sysctl(c, "default", "accept_ra", 0, &usual) && usual)
		err = set_sysctl(c, "accept_ra", usual, undo);
	return err ? err : set_sysctl(c, "autoconf", '0', undo);
}

int ct_autoconf_guarded(const struct ct_container *c)
{
	struct ct *ct = c->ct;
	struct ct_port p;
	struct ct_fdb f;
	int err;

	err = ct_port_get(ct, c->near.master, c->near.ifindex, &p);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the port");
	if (!(p.flags & CTNET_PORT_GUARD))
		return CT_OK;
	err = ct_fdb_get(ct, c->near.master, c->far.mac, &f);
	if (err)
		return err == -ENOENT ? CT_OK : ct_refused(&ct->ge, err, NULL, "read the table");
	err = ct_autoconf_fit(c, &f.ips, true);
	ct_addrs_free(&f.ips);
	return err;
}
