/* SPDX-License-Identifier: GPL-2.0 */
/* Dumps. */
#ifndef _CTNET_NLDUMP_H
#define _CTNET_NLDUMP_H

#include "ctnet.h"

int ctnet_nl_nets_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_ports_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_peers_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_fdb_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ctnet_nl_vteps_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _CTNET_NLDUMP_H */
