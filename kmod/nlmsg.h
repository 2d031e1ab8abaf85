/* SPDX-License-Identifier: GPL-2.0 */
/* Messages and events. */
#ifndef _CTNET_NLMSG_H
#define _CTNET_NLMSG_H

#include "ctnet.h"

struct ctnet_fdb;
struct ctnet_peer;
struct ctnet_port;

int ctnet_nl_get_addr(const struct nlattr *attr, struct in6_addr *addr,
		      struct netlink_ext_ack *extack);
int ctnet_nl_put_addr(struct sk_buff *msg, int type, const struct in6_addr *addr);
typedef int (*ctnet_fill_t)(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_net(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_port(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_peer(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_fdb(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_fill_vtep(struct sk_buff *msg, const void *obj, bool stats);
int ctnet_nl_put_msg(struct sk_buff *msg, u32 portid, u32 seq, int flags,
		     struct netlink_callback *cb, enum ctnet_cmd cmd,
		     ctnet_fill_t fill, const void *obj, bool stats);
void ctnet_nl_ns_init(struct ctnet_ns *ns);
void ctnet_nl_ns_exit(struct ctnet_ns *ns);
void ctnet_nl_net_event(struct ctnet_dev *ctd, enum ctnet_cmd cmd);
void ctnet_nl_port_event(struct ctnet_port *port, enum ctnet_cmd cmd);
void ctnet_nl_peer_event(struct ctnet_peer *peer, enum ctnet_cmd cmd);
void ctnet_nl_fdb_event(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb,
			enum ctnet_cmd cmd);
void ctnet_nl_miss_event(struct ctnet_vport *src, const u8 *mac,
			 const struct in6_addr *ip);

#endif /* _CTNET_NLMSG_H */
