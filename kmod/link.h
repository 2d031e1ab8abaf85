/* SPDX-License-Identifier: GPL-2.0 */
/* Networks over rtnetlink. */
#ifndef _CTNET_LINK_H
#define _CTNET_LINK_H

#include "ctnet.h"

extern struct rtnl_link_ops ctnet_link_ops;
int ctnet_link_validate(struct nlattr *tb[], struct nlattr *data[],
			struct netlink_ext_ack *extack);

#endif /* _CTNET_LINK_H */
