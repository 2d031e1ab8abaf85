/* SPDX-License-Identifier: GPL-2.0 */
/* What a guarded port may send. */
#ifndef _CTNET_GUARD_H
#define _CTNET_GUARD_H

#include "ctnet.h"

struct ctnet_fdb;

enum ctnet_drop ctnet_guard(const struct sk_buff *skb,
			    const struct ctnet_vport *src,
			    struct ctnet_fdb *fdb);

#endif /* _CTNET_GUARD_H */
