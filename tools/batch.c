// SPDX-License-Identifier: GPL-2.0
/*
 * Files of commands, one a line: how they are read, and how a word is written so
 * that it is read as it was. -b FILE runs one, in one process and over the same
 * sockets.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
		w->v = xrealloc(w->v, w->cap * sizeof(*w->v));
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
			return EXIT_OK;
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
					return usage_error("what a backslash in $'...' may stand before is \\ ' \" n t r and xHH");
			} else if (*in == '\\' && quote != '\'') {
				if (!in[1])
					return usage_error("the line ends in a backslash");
				if (!quote || strchr("$`\"\\", in[1]))
					in++;
				*out++ = *in;
			} else {
				*out++ = *in;
			}
		}
		if (quote)
			return usage_error("a %s is not closed",
					   quote == '$' ? "$'" :
					   quote == '"' ? "\"" : "'");
		if (*in)
			in++;
		*out++ = '\0';
	}
}

/* Bytes at @s that a file would have as they are and a terminal, or a row, would not. */
static size_t odd_bytes(const char *s)
{
	return utf8_len(s) ? text_control(s) : 1;
}

/* Between $' and ', for what cannot stand in a line otherwise. */
static void write_escaped(FILE *f, const char *word)
{
	size_t i, odd;

	fputs("$'", f);
	for (; *word; word++) {
		for (i = 0; i < ARRAY_SIZE(escapes); i++)
			if (*word == escapes[i][1])
				break;
		odd = odd_bytes(word);
		if (i < ARRAY_SIZE(escapes)) {
			fprintf(f, "\\%c", escapes[i][0]);
		} else if (odd) {
			for (i = 0; i < odd; i++)
				fprintf(f, "\\x%02x", (unsigned char)word[i]);
			word += odd - 1;
		} else {
			fwrite(word, 1, utf8_len(word), f);
			word += utf8_len(word) - 1;
		}
	}
	fputc('\'', f);
}

void word_write(FILE *f, const char *word)
{
	static const char plain[] =
		"0123456789_./:%+=,@-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	bool quote = !*word, escape = false;
	const char *p;

	for (p = word; *p; p += utf8_len(p) ? utf8_len(p) : 1) {
		if (utf8_len(p) == 1 && !strchr(plain, *p))
			quote = true;
		if (*p == '\'' || odd_bytes(p))
			escape = true;
	}
	if (escape)
		write_escaped(f, word);
	else
		fprintf(f, quote ? "'%s'" : "%s", word);
}

/**
 * struct source - where lines are read from
 * @fd: a file; one descriptor has one source
 * @buf: what was read
 * @at: of that, where the next line begins
 * @end: and where it ends
 * @cap: room
 */
struct source {
	int fd;
	char *buf;
	size_t at;
	size_t end;
	size_t cap;
};

#define SOURCE_ROOM	65536

/* Read more. Returns how many bytes, 0 at the end, or -errno. */
static ssize_t source_fill(struct source *s)
{
	ssize_t got;

	memmove(s->buf, s->buf + s->at, s->end - s->at);
	s->end -= s->at;
	s->at = 0;
	if (s->end == s->cap) {
		s->cap = s->cap * 2 + SOURCE_ROOM;
		s->buf = xrealloc(s->buf, s->cap);
	}
	/* This may take any time, in which others do what they like. */
	known_forget();
	do {
		got = read(s->fd, s->buf + s->end, s->cap - s->end);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		s->end += got;
	return got < 0 ? -errno : got;
}

/*
 * The next line, without its end, and its length, in a buffer that is realloc()ed. Returns
 * 1, 0 at the end, or -errno.
 */
static int source_line(struct source *s, char **line, size_t *len)
{
	size_t looked = 0;
	char *eol;
	ssize_t got;

	while (!(eol = memchr(s->buf + s->at + looked, '\n',
			      s->end - s->at - looked))) {
		looked = s->end - s->at;
		got = source_fill(s);
		if (got < 0)
			return got;
		if (!got)
			break;
	}
	if (!eol && s->at == s->end)
		return 0;
	*len = eol ? eol - (s->buf + s->at) : (ssize_t)(s->end - s->at);
	*line = xrealloc(*line, *len + 1);
	memcpy(*line, s->buf + s->at, *len);
	(*line)[*len] = '\0';
	s->at += *len + !!eol;
	return 1;
}

/* A command of a batch may read from where the batch comes from. */
static struct source standard_input = { .fd = STDIN_FILENO };

int batch_read(const char *path, int (*fn)(int argc, char **argv, void *arg),
	       void *arg)
{
	struct source file = { .fd = -1 }, *src = &standard_input;
	const char *outer_file = ctx.file;
	unsigned int outer_line = ctx.line;
	struct words w = { 0 };
	int err = EXIT_OK, got;
	char *line = NULL;
	size_t len;

	if (strcmp(path, "-")) {
		src = &file;
		file.fd = open(path, O_RDONLY | O_CLOEXEC);
		if (file.fd < 0)
			return fail("open %s: %s", path, strerror(errno));
	}
	if (!src->buf) {
		src->cap = SOURCE_ROOM;
		src->buf = xrealloc(NULL, src->cap);
	}
	ctx.file = path;
	ctx.line = 0;
	while (!err && (got = source_line(src, &line, &len)) > 0) {
		ctx.line++;
		ctx.what[0] = '\0';
		if (strlen(line) != len)
			err = usage_error("there is a NUL in the line");
		if (!err)
			err = split(line, &w);
		if (!err && w.n)
			err = fn(w.n, w.v, arg);
	}
	ctx.what[0] = '\0';
	ctx.file = outer_file;
	ctx.line = outer_line;
	if (!err && got < 0)
		err = fail("read %s: %s", path, strerror(-got));
	free(line);
	free(w.v);
	if (src == &file) {
		free(file.buf);
		close(file.fd);
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
