// SPDX-License-Identifier: GPL-2.0
/* Text that others chose, as terminals are to have it. */
#include <ctype.h>
#include <string.h>
#include <wchar.h>

#include "ctnetctl.h"
#include "text.h"

size_t utf8_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char min = 0x80, max = 0xbf;
	size_t i, n;

	if (*s < 0x80)
		return 1;
	if (*s < 0xc2 || *s > 0xf4)
		return 0;
	n = *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
	/* What fewer bytes would do for, surrogates, what Unicode has not. */
	if (*s == 0xe0)
		min = 0xa0;
	else if (*s == 0xed)
		max = 0x9f;
	else if (*s == 0xf0)
		min = 0x90;
	else if (*s == 0xf4)
		max = 0x8f;
	for (i = 1; i < n; i++) {
		if (s[i] < min || s[i] > max)
			return 0;
		min = 0x80;
		max = 0xbf;
	}
	return n;
}

wchar_t utf8_char(const char *text, size_t n)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *s = (const unsigned char *)text;
	wchar_t c = s[0] & first[n];
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

size_t text_control(const char *s)
{
	size_t n = utf8_len(s);
	wchar_t c;

	if (n < 2)
		return n && iscntrl((unsigned char)*s);
	c = utf8_char(s, n);
	if (c <= 0x9f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return n;
	return 0;
}

void text_put(FILE *f, const char *s, bool tty)
{
	size_t n;

	while (*s) {
		n = text_control(s);
		if (n) {
			fputc('?', f);
		} else {
			n = utf8_len(s);
			if (n || !tty)
				fwrite(s, 1, n ? n : 1, f);
			else
				fputc('?', f);
		}
		s += n ? n : 1;
	}
}

size_t text_width(const char *s)
{
	size_t width = 0, n;
	int w;

	for (; *s; s += n ? n : 1) {
		n = utf8_len(s);
		/* What is printed as a question mark, or is not known, takes one. */
		w = n > 1 && !text_control(s) ? wcwidth(utf8_char(s, n)) : 1;
		width += w < 0 ? 1 : w;
	}
	return width;
}

#define NEAR_MAX	24

/* How many letters are to be put in, left out, changed, or swapped with the next. */
static unsigned int slips(const char *a, const char *b)
{
	unsigned int d[NEAR_MAX + 1][NEAR_MAX + 1], n;
	size_t la = strlen(a), lb = strlen(b), i, j;

	for (i = 0; i <= la; i++)
		d[i][0] = i;
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++)
		for (j = 1; j <= lb; j++) {
			n = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (n > d[i - 1][j] + 1)
				n = d[i - 1][j] + 1;
			if (n > d[i][j - 1] + 1)
				n = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && n > d[i - 2][j - 2] + 1)
				n = d[i - 2][j - 2] + 1;
			d[i][j] = n;
		}
	return d[la][lb];
}

unsigned int text_distance(const char *typed, const char *word)
{
	size_t len = strlen(typed);
	unsigned int n;

	if (len < 3 || len > NEAR_MAX || strlen(word) > NEAR_MAX)
		return TEXT_FAR;
	if (!strncmp(typed, word, len))
		return 0;
	n = slips(typed, word);
	return n <= (len > 5 ? 2 : 1) ? n : TEXT_FAR;
}
