/* SPDX-License-Identifier: GPL-2.0 */
/* Ports whose device is ours. */
#ifndef _CTNET_NATIVE_H
#define _CTNET_NATIVE_H

#include "ctnet.h"

struct ctnet_native_label;
struct ctnet_port;

extern struct rtnl_link_ops ctnet_native_ops;
bool ctnet_native_is(const struct net_device *dev);
int ctnet_native_event(struct net_device *dev, unsigned long event);
void ctnet_native_carriers(struct ctnet_dev *ctd, bool on);
void ctnet_native_del(struct ctnet_port *port);
void ctnet_native_del_all(struct ctnet_dev *ctd, struct list_head *head);
void ctnet_native_release(struct ctnet_port *port);
unsigned int ctnet_native_mtu(const struct ctnet_port *port);
void ctnet_native_set_mtu(struct ctnet_port *port, unsigned int mtu);
struct ctnet_native_label *ctnet_native_label_new(const struct nlattr *attr);
void ctnet_native_label_free(struct ctnet_native_label *label);
struct ctnet_native_label *ctnet_native_label_set(struct ctnet_port *port,
						  struct ctnet_native_label *label);
int ctnet_native_fill(struct sk_buff *msg, const struct ctnet_port *port);

#endif /* _CTNET_NATIVE_H */
