// SPDX-License-Identifier: GPL-2.0
/* Cases that reached something new, and the files that they are kept in. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctfuzz.h"

#define ENTRIES_MAX 8192

/**
 * struct entry - a case that is remembered
 * @n: its records
 * @rec: these, each as long as it is
 * @points: what it reached, if it may be saved; else NULL
 * @comment: functions that it reached first
 * @size: bytes of its records
 */
struct entry {
	unsigned int	n;
	struct rec	*rec[CASE_MAX];
	u8		*points;
	char		comment[128];
	unsigned int	size;
};

static struct entry entries[ENTRIES_MAX];
static unsigned int n_entries;

static size_t rec_size(const struct rec *r)
{
	return offsetof(struct rec, data) + r->len;
}

static void *copy(const void *p, size_t n)
{
	void *q = malloc(n);

	if (!q)
		die("no memory");
	return memcpy(q, p, n);
}

static void forget(struct entry *e)
{
	while (e->n)
		free(e->rec[--e->n]);
	free(e->points);
}

void corpus_add(const struct fcase *c, bool keep)
{
	struct entry *e = &entries[n_entries];
	unsigned int i;

	if (n_entries == ENTRIES_MAX) {
		/* Room is made among those that only took another way. */
		for (i = 0; i < 16; i++) {
			e = &entries[rnd(ENTRIES_MAX)];
			if (!e->points)
				break;
		}
		if (e->points)
			return;
		forget(e);
	} else {
		n_entries++;
	}
	memset(e, 0, sizeof(*e));
	for (; e->n < c->n; e->n++) {
		e->rec[e->n] = copy(&c->rec[e->n], rec_size(&c->rec[e->n]));
		e->size += c->rec[e->n].len + 16;
	}
	if (keep) {
		e->points = copy(cover_of_case(), POINTS_MAX);
		cover_comment(e->comment, sizeof(e->comment));
	}
}

unsigned int corpus_size(void)
{
	return n_entries;
}

static void expand(const struct entry *e, struct fcase *c)
{
	for (c->n = 0; c->n < e->n; c->n++)
		memcpy(&c->rec[c->n], e->rec[c->n], rec_size(e->rec[c->n]));
}

bool corpus_pick(struct fcase *c)
{
	unsigned int i;

	if (!n_entries)
		return false;
	/* Every other one of the latest, from which there is most to find. */
	i = n_entries > 64 && chance(40) ? n_entries - 1 - rnd(64) : rnd(n_entries);
	expand(&entries[i], c);
	return true;
}

static int is_text(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && !strcmp(d->d_name + n - 4, ".txt");
}

/* Runs all cases of a directory's files that end in .txt; returns how many. */
unsigned int corpus_load(const char *dir, void (*run)(struct fcase *c))
{
	static struct fcase c;
	struct dirent **names;
	unsigned int n = 0;
	char path[4096];
	int i, files;
	FILE *f;

	files = scandir(dir, &names, is_text, alphasort);
	if (files < 0 && errno == ENOENT)
		return 0;
	if (files < 0)
		die("%s: %m", dir);
	for (i = 0; i < files; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		f = fopen(path, "r");
		if (!f)
			die("%s: %m", path);
		for (; text_parse(f, &c, NULL); n++) {
			last_write(&c, 1, 0);
			run(&c);
		}
		fclose(f);
		free(names[i]);
	}
	free(names);
	return n;
}

static unsigned int gain(const struct entry *e, const u8 *have)
{
	unsigned int i, n = 0;

	for (i = 0; i < points_count(); i++)
		n += e->points[i] && !have[i];
	return n;
}

/* Writes the fewest and smallest that together reach all points: greedily. */
unsigned int corpus_save(const char *dir, const char *mode)
{
	static u8 have[POINTS_MAX];
	static struct fcase c;
	unsigned int i, k, n = 0;
	char path[4096];
	FILE *f;

	mkdir(dir, 0755);
	snprintf(path, sizeof(path), "%s/%s.txt", dir, mode);
	f = fopen(path, "w");
	if (!f)
		die("%s: %m", path);
	for (;;) {
		struct entry *best = NULL;
		double most = 0;

		for (i = 0; i < n_entries; i++) {
			double g;

			if (!entries[i].points)
				continue;
			g = (double)gain(&entries[i], have) / (entries[i].size + 256);
			if (g > most) {
				most = g;
				best = &entries[i];
			}
		}
		if (!best)
			break;
		for (k = 0; k < points_count(); k++)
			have[k] |= best->points[k];
		expand(best, &c);
		text_print(f, &c, best->comment);
		n++;
	}
	if (fclose(f))
		die("%s: %m", path);
	return n;
}
