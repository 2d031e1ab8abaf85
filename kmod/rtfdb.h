/* SPDX-License-Identifier: GPL-2.0 */
/* Rtnetlink's view of the table. */
#ifndef _CTNET_RTFDB_H
#define _CTNET_RTFDB_H

#include "ctnet.h"

int ctnet_rtfdb_add(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    u16 flags, CTNET_NOTIFIED_PARAM
		    struct netlink_ext_ack *extack);
int ctnet_rtfdb_del(struct ndmsg *ndm, struct nlattr *tb[],
		    struct net_device *dev, const unsigned char *addr, u16 vid,
		    CTNET_NOTIFIED_PARAM struct netlink_ext_ack *extack);
int ctnet_rtfdb_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     struct net_device *dev, struct net_device *filter_dev,
		     int *idx);

void ctnet_rtfdb_tell(const struct ctnet_dev *ctd, const u8 *mac,
		      struct ctnet_vport *vport, bool is_static, int type);

#endif /* _CTNET_RTFDB_H */
