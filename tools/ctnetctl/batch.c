// SPDX-License-Identifier: GPL-2.0
/*
 * Files of commands, one a line: how they are read, and how a word is written so
 * that it is read as it was. -b FILE runs one, in one process and over the same
 * sockets.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctnetctl.h"
#include "text.h"

#define BLANKS " \t\r\n"

struct words {
	char **v;
	int n;
	int cap;
};

static void words_add(struct words *w, char *word)
{
	if (w->n + 1 >= w->cap) {
		w->cap = w->cap * 2 + 16;
		w->v = ct_realloc(w->v, w->cap * sizeof(*w->v));
	}
	w->v[w->n++] = word;
	w->v[w->n] = NULL;
}

/* What stands after the backslash in $'...', and what it stands for. */
static const char escapes[][2] = {
	{ 'n', '\n' }, { 't', '\t' }, { 'r', '\r' },
	{ '\\', '\\' }, { '\'', '\'' }, { '"', '"' },
};

/*
 * *@in is at the backslash; it is left at the end of what belongs to it. Returns
 * the character, or '\0' if there is none such.
 */
static char unescape(char **in)
{
	char *p = *in + 1, hex[3] = { 0 };
	size_t i;

	if (*p == 'x' && isxdigit((unsigned char)p[1]) &&
	    isxdigit((unsigned char)p[2])) {
		memcpy(hex, p + 1, 2);
		*in = p + 2;
		return strtoul(hex, NULL, 16);
	}
	*in = p;
	for (i = 0; i < ARRAY_SIZE(escapes); i++)
		if (*p == escapes[i][0])
			return escapes[i][1];
	return '\0';
}

/*
 * Split a line in place, as a shell does: blanks part words; 'x' is x as it
 * stands; outside of quotes a backslash takes the next character as it stands,
 * and in "x" one that stands before $, `, " or another does;
 * $'x' knows \n, \t, \r and \xHH; # at the start of a word makes the rest a
 * comment. Nothing is expanded.
 */
static int split(char *in, struct words *w)
{
	char *out = in, quote;	/* quote: ' " or, for $', $ */

	w->n = 0;
	for (;;) {
		in += strspn(in, BLANKS);
		if (!*in || *in == '#')
			return CT_OK;
		/* A word never gets longer, so out does not overtake in. */
		words_add(w, out);
		for (quote = 0; *in && (quote || !strchr(BLANKS, *in)); in++) {
			if (quote == '$' ? *in == '\'' : quote && *in == quote) {
				quote = 0;
			} else if (!quote && (*in == '\'' || *in == '"')) {
				quote = *in;
			} else if (!quote && *in == '$' && in[1] == '\'') {
				quote = *in++;
			} else if (*in == '\\' && quote == '$') {
				*out = unescape(&in);
				if (!*out++)
					return ct_misuse(&ct, "in $'...' a backslash must be followed by \\ ' \" n t r or xHH");
			} else {
				if (*in == '\\' && quote != '\'') {
					if (!in[1])
						return ct_misuse(&ct, "the line ends in a backslash");
					if (!quote || strchr("$`\"\\", in[1]))
						in++;
				}
				*out++ = *in;
			}
		}
		if (quote)
			return ct_misuse(&ct, "a %s is not closed", quote == '$' ? "$'" :
					 quote == '"' ? "\"" : "'");
		if (*in)
			in++;
		*out++ = '\0';
	}
}

/* Bytes at @s that a file would have as they are and a terminal, or a row, would not. */
static size_t odd_bytes(const char *s)
{
	return utf8_len(s, NULL) ? text_control(s) : 1;
}

/* Between $' and ', for what cannot stand in a line otherwise. */
static void write_escaped(FILE *f, const char *word)
{
	size_t i, n;

	fputs("$'", f);
	for (; *word; word += n) {
		for (i = 0; i < ARRAY_SIZE(escapes); i++)
			if (*word == escapes[i][1])
				break;
		n = odd_bytes(word);
		if (i < ARRAY_SIZE(escapes)) {
			n = fprintf(f, "\\%c", escapes[i][0]) - 1;
		} else if (n) {
			for (i = 0; i < n; i++)
				fprintf(f, "\\x%02x", (unsigned char)word[i]);
		} else {
			n = fwrite(word, 1, utf8_len(word, NULL), f);
		}
	}
	fputc('\'', f);
}

void word_write(FILE *f, const char *word)
{
	bool quote = !*word, escape = false;
	const char *p;
	size_t n;

	for (p = word; *p; p += n ? n : 1) {
		n = utf8_len(p, NULL);
		quote = quote || (n == 1 && !isalnum((unsigned char)*p) &&
				  !strchr("_./:%+=,@-", *p));
		escape = escape || *p == '\'' || odd_bytes(p);
	}
	if (escape)
		write_escaped(f, word);
	else
		fprintf(f, quote ? "'%s'" : "%s", word);
}

/* More of a file. It may take any time, in which others do what they like. */
static ssize_t fill(void *fd, char *buf, size_t size)
{
	ssize_t got;

	ct_forget(&ct);
	do {
		got = read(*(int *)fd, buf, size);
	} while (got < 0 && errno == EINTR);
	return got;
}

static FILE *source_open(int *fd)
{
	FILE *f = fopencookie(fd, "r", (cookie_io_functions_t){ .read = fill });

	if (!f)
		ct_nomem();
	setvbuf(f, NULL, _IOFBF, 65536);
	return f;
}

int batch_read(const char *path, int (*fn)(int argc, char **argv, void *arg), void *arg)
{
	/* A command of a batch may read from where the batch comes from: that has one buffer. */
	static int standard_input = STDIN_FILENO;
	static FILE *standard;
	const char *outer_file = ctx.file;
	unsigned int outer_line = ctx.line;
	size_t cap = 0;
	struct words w = { 0 };
	int err = CT_OK, fd = -1;
	char *line = NULL;
	ssize_t len = -1;
	FILE *f;

	if (strcmp(path, "-")) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return ct_fail(&ct, "open %s: %s", path, strerror(errno));
		f = source_open(&fd);
	} else {
		standard = standard ? standard : source_open(&standard_input);
		f = standard;
	}
	ctx.file = path;
	ctx.line = 0;
	while (!err && (len = getline(&line, &cap, f)) >= 0) {
		ctx.line++;
		ctx.what[0] = '\0';
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		err = strlen(line) == (size_t)len ? split(line, &w) :
						    ct_misuse(&ct, "there is a NUL in the line");
		if (!err && w.n)
			err = fn(w.n, w.v, arg);
	}
	/* Where it stands, unless it has been said. */
	if (err)
		complain();
	ctx.what[0] = '\0';
	ctx.file = outer_file;
	ctx.line = outer_line;
	if (!err && ferror(f))
		err = ct_fail(&ct, "read %s: %s", path, strerror(errno));
	free(line);
	free(w.v);
	if (fd >= 0) {
		fclose(f);
		close(fd);
	}
	return err;
}

static int run(int argc, char **argv, void *arg)
{
	(void)arg;
	return dispatch(argc, argv);
}

int batch(const char *path)
{
	return batch_read(path, run, NULL);
}
