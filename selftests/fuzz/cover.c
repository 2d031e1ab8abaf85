// SPDX-License-Identifier: GPL-2.0
/* What was reached: points of the module, and steps from one point to the next. */
#include <string.h>

#include "ctfuzz.h"

#define STEPS (1 << 17)

static u8 of_case[POINTS_MAX];
static u8 steps_seen[STEPS];
static unsigned int fresh[64], n_fresh;

unsigned int cover_collect(unsigned int *steps)
{
	unsigned int known = points_count();
	const volatile u64 *pcs;
	u64 i, n = kcov_read(&pcs);
	int prev = 0;

	memset(of_case, 0, sizeof(of_case));
	n_fresh = 0;
	*steps = 0;
	for (i = 0; i < n; i++) {
		int p = points_index(pcs[i]);
		u32 step;

		if (p < 0)
			continue;
		of_case[p] = 1;
		if ((unsigned int)p >= known) {
			known = p + 1;
			if (n_fresh < ARRAY_SIZE(fresh))
				fresh[n_fresh++] = p;
		}
		step = (prev * 31337u ^ p) % STEPS;
		if (!steps_seen[step]) {
			steps_seen[step] = 1;
			++*steps;
		}
		prev = p;
	}
	return n_fresh;
}

const u8 *cover_of_case(void)
{
	return of_case;
}

void cover_comment(char *buf, size_t size)
{
	const char *prev = "";
	unsigned int i;
	size_t len = 0;

	buf[0] = '\0';
	for (i = 0; i < n_fresh; i++) {
		const char *f = points_function(fresh[i]);

		if (!strcmp(f, prev))
			continue;
		if (len + strlen(f) + 2 > size)
			break;
		len += sprintf(buf + len, "%s%s", len ? " " : "", f);
		prev = f;
	}
}
