/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites of guard_test.c and guard6_test.c share. */
#ifndef _CTNET_GUARD_TEST_H
#define _CTNET_GUARD_TEST_H

#include "test.h"

int ctnet_guard_test_init(struct kunit *test);
void ctnet_guard_test_cut(struct kunit *test, unsigned int len,
			  enum ctnet_drop want, const char *what, int n);
void ctnet_guard_test_is(struct kunit *test, enum ctnet_drop want,
			 const char *what, int n);
void ctnet_guard_test_ip(struct kunit *test, enum ctnet_drop want,
			 const char *what, int n);
struct ipv6hdr *ctnet_guard_test_ip6(struct kunit *test,
				     struct in6_addr saddr);
void ctnet_guard_test_all_cuts(struct kunit *test, unsigned int from,
			       unsigned int to, const char *what);

#endif /* _CTNET_GUARD_TEST_H */
