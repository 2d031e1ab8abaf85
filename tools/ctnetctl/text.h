/* SPDX-License-Identifier: GPL-2.0 */
/* Text that others chose: names, labels, arguments. It may hold any bytes. */
#ifndef CTNETCTL_TEXT_H
#define CTNETCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <wchar.h>

/* Bytes of the UTF-8 character that begins at @text; 0: none begins there. @c may be NULL. */
size_t utf8_len(const char *text, wchar_t *c);
/*
 * Bytes of the character at @s if it steers a terminal or breaks a line: a control
 * character, a line separator, or one that turns the direction of writing. 0: it does not.
 */
size_t text_control(const char *s);
/*
 * Print @s with a question mark for each such character, and, where @tty says that a
 * terminal reads it, for each byte that is no UTF-8.
 */
void text_put(FILE *f, const char *s, bool tty);
/* Columns that it takes on a terminal. */
size_t text_width(const char *s);

/*
 * How far @typed is from @word, if that may have been meant: it begins so, or there are one
 * or two slips. TEXT_FAR if not.
 */
#define TEXT_FAR	1000
unsigned int text_distance(const char *typed, const char *word);

#endif
