/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of nft, for who has rules besides those of published ports. */
#ifndef CT_NFT_H
#define CT_NFT_H

#include "core.h"

/*
 * Carry them out, all or none, in the namespace that is worked on. @what says what that was
 * for, in the error's sentence; NULL: an error has none. @out, unless it is NULL, is what nft
 * prints, to be freed; after an error it is left alone.
 */
int ct_nft_run(struct ct *ct, const char *commands, const char *what, char **out);
/* Why nft cannot name an interface, or NULL. */
const char *ct_nft_bad_name(const char *name);

#endif
