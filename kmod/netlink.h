/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family. */
#ifndef _CTNET_NETLINK_H
#define _CTNET_NETLINK_H

#include "ctnet.h"

extern struct genl_family ctnet_family;
int ctnet_nl_init(void);
void ctnet_nl_exit(void);

#endif /* _CTNET_NETLINK_H */
