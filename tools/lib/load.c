// SPDX-License-Identifier: GPL-2.0
#include <dlfcn.h>
#include <string.h>

#include "load.h"

int ct_load(struct ct *ct, const char *so, const struct ct_symbol *symbols, bool *loaded)
{
	void *lib, *f;

	if (*loaded)
		return CT_OK;
	lib = dlopen(so, RTLD_NOW);
	if (!lib)
		return ct_fail(ct, "load %s: %s", so, dlerror());
	for (; symbols->name; symbols++) {
		f = dlsym(lib, symbols->name);
		if (!f) {
			ct_fail(ct, "load %s: it has no %s", so, symbols->name);
			dlclose(lib);
			return CT_REFUSED;
		}
		/* ISO C has no conversion from an object's pointer to a function's. */
		memcpy(symbols->at, &f, sizeof(f));
	}
	*loaded = true;
	return CT_OK;
}
