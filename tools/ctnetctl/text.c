// SPDX-License-Identifier: GPL-2.0
/* Text that others chose, as terminals are to have it. */
#include <string.h>
#include <sys/param.h>

#include "text.h"

size_t utf8_len(const char *text, wchar_t *c)
{
	static const wchar_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t i, n = *s < 0x80 ? 1 : *s < 0xc2 || *s > 0xf4 ? 0 :
		      *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;

	wchar_t v = n > 1 ? *s & 0x7f >> n : *s;

	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	/* What fewer bytes would do for, surrogates, what Unicode does not have. */
	if (n && (v < least[n] || (v >= 0xd800 && v < 0xe000) || v > 0x10ffff))
		return 0;
	if (c)
		*c = v;
	return n;
}

size_t text_control(const char *s)
{
	wchar_t c = L' ';
	size_t n = utf8_len(s, &c);

	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) ? n : 0;
}

void text_put(FILE *f, const char *s, bool tty)
{
	size_t n;

	for (; *s; s += n ? n : 1) {
		n = utf8_len(s, NULL);
		if (text_control(s) || (!n && tty))
			fputc('?', f);
		else
			fwrite(s, 1, n ? n : 1, f);
	}
}

size_t text_width(const char *s)
{
	size_t width = 0, n;
	wchar_t c;
	int w;

	for (; *s; s += n ? n : 1) {
		n = utf8_len(s, &c);
		/* What is printed as a question mark, or is not known, takes one. */
		w = n > 1 && !text_control(s) ? wcwidth(c) : 1;
		width += w < 0 ? 1 : w;
	}
	return width;
}

#define NEAR_MAX	24

/* How many letters are to be put in, left out, changed, or swapped with the next. */
static unsigned int slips(const char *a, const char *b)
{
	unsigned int d[NEAR_MAX + 1][NEAR_MAX + 1];
	size_t la = strlen(a), lb = strlen(b), i, j;

	for (i = 0; i <= NEAR_MAX; i++) {
		d[i][0] = i;
		d[0][i] = i;
	}
	for (i = 1; i <= la; i++)
		for (j = 1; j <= lb; j++) {
			d[i][j] = MIN(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
				      MIN(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
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
