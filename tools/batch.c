// SPDX-License-Identifier: GPL-2.0
/* -b FILE: a command a line, in one process and over the same sockets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctnetctl.h"

struct words {
	char **v;
	int n;
	int cap;
};

static void words_add(struct words *w, char *word)
{
	if (w->n + 1 >= w->cap) {
		w->cap = w->cap * 2 + 16;
		w->v = xrealloc(w->v, w->cap * sizeof(*w->v));
	}
	w->v[w->n++] = word;
	w->v[w->n] = NULL;
}

/*
 * Split a line in place, as a shell does: blanks part words; 'x' is x as it
 * stands; in "x" and outside of quotes a backslash takes the next character as
 * it stands; # at the start of a word makes the rest a comment.
 */
static int split(char *in, struct words *w)
{
	char *out = in, quote;

	w->n = 0;
	for (;;) {
		in += strspn(in, " \t\r\n");
		if (!*in || *in == '#')
			return EXIT_OK;
		/* A word never gets longer, so out does not overtake in. */
		words_add(w, out);
		for (quote = 0; *in && (quote || !strchr(" \t\r\n", *in)); in++) {
			if (quote ? *in == quote : *in == '\'' || *in == '"') {
				quote = quote ? 0 : *in;
			} else if (*in == '\\' && quote != '\'') {
				if (!*++in || *in == '\n')
					return usage_error("the line ends in a backslash");
				*out++ = *in;
			} else {
				*out++ = *in;
			}
		}
		if (quote)
			return usage_error("a %c is not closed", quote);
		if (*in)
			in++;
		*out++ = '\0';
	}
}

int batch(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct words w = { 0 };
	char *line = NULL;
	size_t size = 0;
	int err = EXIT_OK;
	ssize_t len;

	if (!f)
		return fail("open %s: %s", path, strerror(errno));
	ctx.file = f == stdin ? "-" : path;
	ctx.line = 0;
	while (!err && (errno = 0, len = getline(&line, &size, f)) >= 0) {
		ctx.line++;
		ctx.what[0] = '\0';
		if (strlen(line) != (size_t)len)
			err = usage_error("there is a NUL in the line");
		if (!err)
			err = split(line, &w);
		if (!err && w.n)
			err = dispatch(w.n, w.v);
	}
	ctx.what[0] = '\0';
	if (!err && ferror(f)) {
		ctx.file = NULL;
		err = fail("read %s: %s", path, strerror(errno));
	}
	free(line);
	free(w.v);
	if (f != stdin)
		fclose(f);
	return err;
}
