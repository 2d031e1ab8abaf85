/* SPDX-License-Identifier: GPL-2.0 */
/* Commands for entries. */
#ifndef _CTNET_NLFDB_H
#define _CTNET_NLFDB_H

#include "ctnet.h"

int ctnet_nl_fdb_add(struct sk_buff *skb, struct genl_info *info);
int ctnet_nl_fdb_set(struct sk_buff *skb, struct genl_info *info);
int ctnet_nl_fdb_del(struct sk_buff *skb, struct genl_info *info);
int ctnet_nl_fdb_get(struct sk_buff *skb, struct genl_info *info);
int ctnet_nl_fdb_flush(struct sk_buff *skb, struct genl_info *info);

#endif /* _CTNET_NLFDB_H */
