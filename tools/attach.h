/* SPDX-License-Identifier: GPL-2.0 */
/* Steps that attaching a container and changing one that is attached share. */
#ifndef CTNETCTL_ATTACH_H
#define CTNETCTL_ATTACH_H

#include <stdbool.h>

#include "nl.h"
#include "opt.h"

struct container;
struct link;

/* Each: an exit code. */
int attach_enter(const struct link *net, const struct container *c,
		 const struct cidrs *addrs);
int attach_routes(struct container *c, const struct routes *routes);
#define ROUTE_NAME	(ROUTE_TEXT + 24)
const char *attach_route_text(const struct route *r, char buf[ROUTE_NAME]);
/* The near end is called so on the host (NULL: as it is). */
int attach_rename(struct link *near, const char *name);
/* Announce addresses, once both ends run. */
int attach_tell(struct container *c, const struct cidrs *addrs);
void attach_put_ips(struct nl_msg *msg, const struct cidrs *addrs);

/*
 * autoconf.c: a guarded interface that has addresses takes none from routers. Of a new one,
 * which goes with the container if a later step fails; and of one that is there, as its port
 * and table entry are now. Exit codes.
 */
int autoconf_fit(const struct container *c, const struct cidrs *addrs);
int autoconf_guarded(const struct container *c);

#endif
