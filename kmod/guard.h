/* SPDX-License-Identifier: GPL-2.0 */
/* What a guarded port may send. */
#ifndef _CTNET_GUARD_H
#define _CTNET_GUARD_H

#include "ctnet.h"

struct ctnet_fdb;

/* VLAN tags inside the frame, and extension headers of IPv6, that are looked behind. */
#define CTNET_GUARD_VLANS	8
#define CTNET_GUARD_EXTHDRS	64

enum ctnet_drop ctnet_guard(const struct sk_buff *skb,
			    const struct ctnet_vport *src,
			    struct ctnet_fdb *fdb);

#endif /* _CTNET_GUARD_H */
