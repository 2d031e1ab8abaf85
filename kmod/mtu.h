/* SPDX-License-Identifier: GPL-2.0 */
/* MTUs that follow. */
#ifndef _CTNET_MTU_H
#define _CTNET_MTU_H

#include "ctnet.h"

struct ctnet_port;

extern struct notifier_block ctnet_mtu_notifier4;
extern struct notifier_block ctnet_mtu_notifier6;
unsigned int ctnet_mtu_auto(struct ctnet_dev *ctd);
void ctnet_mtu_follow(struct ctnet_dev *ctd);
bool ctnet_mtu_may_set(const struct ctnet_dev *ctd,
		       const struct net_device *dev);
void ctnet_mtu_port_follow(struct ctnet_port *port, bool far_too);
void ctnet_mtu_ports_follow(struct ctnet_dev *ctd);
void ctnet_mtu_changed(const struct net *net);
void ctnet_mtu_ns_init(struct ctnet_ns *ns);
void ctnet_mtu_ns_exit(struct ctnet_ns *ns);

#endif /* _CTNET_MTU_H */
