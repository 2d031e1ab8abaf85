// SPDX-License-Identifier: GPL-2.0
/*
 * The last cases before the kernel dies: two batches, the one that is run and the one
 * before it. The host keeps what a user-mode kernel has written to the file, so that no
 * flush of the disk is needed, which would take longer than the cases.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctfuzz.h"

#define CASE_SIZE	(CASE_MAX * (REC_MAX * 2 + REC_MAX / 16 + 64))
#define BATCH_SIZE	(BATCH * CASE_SIZE)

static int fd = -1;
static char *buf;
static size_t before;	/* bytes of the batch before, with which the text begins */

void last_open(const char *path)
{
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		die("%s: %m", path);
	buf = malloc(2 * BATCH_SIZE);
	if (!buf)
		die("no memory");
}

/* Writes @n cases, of which the first has a number. */
void last_write(const struct fcase *cases, unsigned int n, u64 number)
{
	unsigned int i;
	char remark[32];
	size_t len;
	FILE *f;

	if (fd < 0)
		return;
	f = fmemopen(buf + before, BATCH_SIZE, "w");
	if (!f)
		die("fmemopen: %m");
	for (i = 0; i < n; i++) {
		snprintf(remark, sizeof(remark), "%llu", (unsigned long long)number + i);
		text_print(f, &cases[i], remark);
	}
	len = ftell(f);
	/* What is left in the file of a longer text is no case any more. */
	fputs("\ncase\n", f);
	i = ftell(f);
	fclose(f);
	if (pwrite(fd, buf, before + i, 0) != (ssize_t)(before + i))
		die("the file of the last cases: %m");
	/* Not every file system has it; those that have not write at once. */
	sync_file_range(fd, 0, before + i, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	memmove(buf, buf + before, len);
	before = len;
}
