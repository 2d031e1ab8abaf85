/* SPDX-License-Identifier: GPL-2.0 */
/* Rtnetlink's view of ports, as a bridge has it. */
#ifndef _CTNET_BRPORT_H
#define _CTNET_BRPORT_H

#include "ctnet.h"

extern const struct nla_policy ctnet_brport_policy[];
int ctnet_brport_changelink(struct net_device *dev, struct net_device *slave,
			    struct nlattr *tb[], struct nlattr *data[],
			    struct netlink_ext_ack *extack);
size_t ctnet_brport_get_size(const struct net_device *dev,
			     const struct net_device *slave);
int ctnet_brport_fill(struct sk_buff *skb, const struct net_device *dev,
		      const struct net_device *slave);
int ctnet_brport_getlink(struct sk_buff *skb, u32 pid, u32 seq,
			 struct net_device *dev, u32 filter_mask, int nlflags);
int ctnet_brport_setlink(struct net_device *dev, struct nlmsghdr *nlh, u16 flags,
			 struct netlink_ext_ack *extack);

#endif /* _CTNET_BRPORT_H */
