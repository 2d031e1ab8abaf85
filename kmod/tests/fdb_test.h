/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites of fdb_test.c and fdbip_test.c share. */
#ifndef _CTNET_FDB_TEST_H
#define _CTNET_FDB_TEST_H

#include "test.h"

void ctnet_fdb_test_learn(struct ctnet_vport *src, const u8 *mac);
struct ctnet_fdb *ctnet_fdb_test_find(struct ctnet_test *t, const u8 *mac);
int ctnet_fdb_test_set(struct ctnet_vport *vport, const u8 *mac, bool replace);
bool ctnet_fdb_test_del(struct ctnet_test *t, struct ctnet_fdb *fdb);
void ctnet_fdb_test_count(struct kunit *test, unsigned int n_learned,
			  unsigned int n_static);
void ctnet_fdb_test_count_ips(struct kunit *test, unsigned int n);

#endif /* _CTNET_FDB_TEST_H */
