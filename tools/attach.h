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
int attach_routes(struct container *c, const struct ips *gateways);
/* Announce addresses, once both ends run. */
int attach_tell(struct container *c, const struct cidrs *addrs);
void attach_put_ips(struct nl_msg *msg, const struct cidrs *addrs);

/* autoconf.c: an interface that has IPv6 addresses takes none from routers. */
bool autoconf_wanted(const struct cidrs *addrs);
int autoconf_stop(const struct container *c, bool undo);
/* The same for a port that is there, where it is guarded and has such addresses. */
int autoconf_guarded(const struct container *c);

#endif
