/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family. */
#ifndef _CTNET_NETLINK_H
#define _CTNET_NETLINK_H

#include "ctnet.h"

struct ctnet_peer;

extern struct genl_family ctnet_family;
struct ctnet_dev *ctnet_nl_get_net(struct genl_info *info, int type);
struct ctnet_peer *ctnet_nl_get_peer(struct genl_info *info, struct ctnet_dev *ctd,
				     const struct nlattr *attr);
int ctnet_nl_init(void);
void ctnet_nl_exit(void);

#endif /* _CTNET_NETLINK_H */
