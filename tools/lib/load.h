/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Libraries that few commands need, and that take longer to load than most commands to run:
 * they are loaded when they are first called.
 */
#ifndef CT_LOAD_H
#define CT_LOAD_H

#include "core.h"

/* A function of a library, and the pointer that it is called by. */
struct ct_symbol {
	const char *name;
	void *at;
};

/* Of "static struct { typeof(f) *f; } lib". */
#define CT_SYMBOL(f)	{ #f, &lib.f }

/* Load it, once; @symbols end with a name of NULL. An error if it is not installed. */
int ct_load(struct ct *ct, const char *so, const struct ct_symbol *symbols, bool *loaded);

#endif
