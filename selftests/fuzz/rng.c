// SPDX-License-Identifier: GPL-2.0
/* Numbers at random, the same for the same seed (splitmix64). */
#include "ctfuzz.h"

static u64 state;

void rng_seed(u64 seed)
{
	state = seed;
}

u64 rng(void)
{
	u64 z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

u32 rnd(u32 n)
{
	return (rng() >> 32) * n >> 32;
}

bool chance(u32 n)
{
	return rnd(100) < n;
}
