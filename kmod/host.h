/* SPDX-License-Identifier: GPL-2.0 */
/* The host's own addresses. */
#ifndef _CTNET_HOST_H
#define _CTNET_HOST_H

#include "ctnet.h"

struct ctnet_port;

bool ctnet_host_has(struct ctnet_dev *ctd, const u8 *mac);
void ctnet_host_rx_mode(struct net_device *dev);
int ctnet_host_port(struct ctnet_port *port, bool attached);
void ctnet_host_retry(struct ctnet_dev *ctd);

#endif /* _CTNET_HOST_H */
