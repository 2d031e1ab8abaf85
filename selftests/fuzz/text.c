// SPDX-License-Identifier: GPL-2.0
/*
 * Cases as text:
 *
 *	case REMARK
 *	CHANNEL[:CUT,...]
 *		HEX of 32 bytes a line
 *	end
 *
 * What is outside of case and end is no part of any.
 */
#include <stdlib.h>
#include <string.h>

#include "ctfuzz.h"

const char *const chan_names[CH_MAX] = {
	[CH_GENL]	= "genl",
	[CH_RTNL]	= "rtnl",
	[CH_HOST]	= "host",
	[CH_GUARD]	= "guard",
	[CH_PLAIN]	= "plain",
	[CH_ISOL]	= "isol",
	[CH_GUARDN]	= "guardn",
	[CH_PLAINN]	= "plainn",
	[CH_PLAING]	= "plaing",
	[CH_UL]		= "ul",
	[CH_ULN]	= "uln",
	[CH_ULG]	= "ulg",
};

void text_print(FILE *f, const struct fcase *c, const char *comment)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int i, k;

	fprintf(f, "case %s\n", comment);
	for (i = 0; i < c->n; i++) {
		const struct rec *r = &c->rec[i];

		fputs(chan_names[r->chan], f);
		for (k = 0; k < r->n_cuts; k++)
			fprintf(f, "%c%u", k ? ',' : ':', r->cut[k]);
		for (k = 0; k < r->len; k++) {
			if (k % 32 == 0)
				fputs("\n\t", f);
			putc(digits[r->data[k] >> 4], f);
			putc(digits[r->data[k] & 15], f);
		}
		putc('\n', f);
	}
	fputs("end\n", f);
}

static int hexval(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static void parse_hex(struct rec *r, const char *p)
{
	int hi, lo;

	while (r->len < REC_MAX && (hi = hexval(p[0])) >= 0 && (lo = hexval(p[1])) >= 0) {
		r->data[r->len++] = hi << 4 | lo;
		p += 2;
	}
}

static bool parse_channel(struct rec *r, char *line)
{
	char *cuts = strchr(line, ':');
	unsigned int i;

	memset(r, 0, offsetof(struct rec, data));
	if (cuts)
		*cuts++ = '\0';
	while (cuts && r->n_cuts < REC_CUTS) {
		r->cut[r->n_cuts++] = strtoul(cuts, &cuts, 10);
		cuts = *cuts == ',' ? cuts + 1 : NULL;
	}
	for (i = 0; i < CH_MAX; i++) {
		if (!strcmp(line, chan_names[i])) {
			r->chan = i;
			return true;
		}
	}
	return false;
}

bool text_parse(FILE *f, struct fcase *c, char *comment)
{
	char line[256];
	bool in = false;

	c->n = 0;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "case ", 5)) {
			in = true;
			c->n = 0;
			if (comment)
				strcpy(comment, line + 5);
		} else if (!in) {
			continue;
		} else if (!strcmp(line, "end")) {
			return true;
		} else if (line[0] == '\t') {
			if (c->n)
				parse_hex(&c->rec[c->n - 1], line + 1);
		} else if (c->n < CASE_MAX && parse_channel(&c->rec[c->n], line)) {
			c->n++;
		} else {
			in = false;
		}
	}
	return false;
}
