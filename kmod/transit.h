/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that the host forwards to peers. */
#ifndef _CTNET_TRANSIT_H
#define _CTNET_TRANSIT_H

#include "ctnet.h"

struct ctnet_peer;
struct ctnet_transit;

int ctnet_transit_add(struct ctnet_peer *peer);
void ctnet_transit_del(struct ctnet_peer *peer);
struct ctnet_transit *ctnet_transit_close(struct ctnet_ns *ns);
void ctnet_transit_free(struct ctnet_transit *transit);

#endif /* _CTNET_TRANSIT_H */
