/* SPDX-License-Identifier: GPL-2.0 */
/* Walks of the table. */
#ifndef _CTNET_FDBWALK_H
#define _CTNET_FDBWALK_H

#include "ctnet.h"

/* Entries that a walk looks at without a pause. */
#define CTNET_FDB_WALK_BATCH	1024

void ctnet_fdb_flush(struct ctnet_dev *ctd, struct ctnet_vport *vport, bool learned);
void ctnet_fdb_empty(struct ctnet_dev *ctd);
int ctnet_fdb_ids_at(struct ctnet_vport *vport, bool fixed, u32 *ids,
		     unsigned int max);
void ctnet_fdb_admit(struct ctnet_vport *vport);
void ctnet_fdb_retire(struct ctnet_vport *vport);
void ctnet_fdb_age_init(struct ctnet_dev *ctd);
void ctnet_fdb_age_soon(struct ctnet_dev *ctd);

#ifdef CTNET_KUNIT
void ctnet_fdb_age(struct work_struct *work);
#endif

#endif /* _CTNET_FDBWALK_H */
