// SPDX-License-Identifier: GPL-2.0
/*
 * The points of the module that were reached, in order of appearance: where calls of
 * __sanitizer_cov_trace_pc() return to. How many there are altogether only a
 * disassembly tells, see cover.py. What runs at load and unload is left out, as nothing
 * that is fuzzed reaches it.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctfuzz.h"

#define SECTIONS_MAX 16

/**
 * struct section - code of the module
 * @name: as in the file
 * @index: there
 * @base: where the kernel has put it
 * @size: in bytes
 * @point: of the bytes, the number of the point there, plus 1
 */
struct section {
	const char	*name;
	unsigned int	index;
	u64		base, size;
	u16		*point;
};

struct point {
	const struct section	*section;
	u64			off;
	const char		*function;
};

static struct section sections[SECTIONS_MAX];
static unsigned int n_sections;
static struct point points[POINTS_MAX];
static unsigned int n_points;

static const u8 *elf;
static const Elf64_Ehdr *ehdr;
static const Elf64_Shdr *shdr;
static const Elf64_Sym *syms;
static unsigned int n_syms;
static const char *strtab;

static const char *section_name(unsigned int i)
{
	return (const char *)elf + shdr[ehdr->e_shstrndx].sh_offset + shdr[i].sh_name;
}

/* Where the kernel has put a section, or 0 if it is not there any more. */
static u64 section_address(const char *name)
{
	char path[128], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/module/ctnet/sections/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoull(text, NULL, 16);
}

static const char *function_at(unsigned int section, u64 off)
{
	unsigned int i;

	for (i = 0; i < n_syms; i++)
		if (ELF64_ST_TYPE(syms[i].st_info) == STT_FUNC && syms[i].st_shndx == section &&
		    off >= syms[i].st_value && off < syms[i].st_value + syms[i].st_size)
			return strtab + syms[i].st_name;
	return "?";
}

static void map_file(const char *ko)
{
	int fd = open(ko, O_RDONLY);
	unsigned int i;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %m", ko);
	elf = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (elf == MAP_FAILED || st.st_size < (off_t)sizeof(*ehdr) || memcmp(elf, ELFMAG, SELFMAG))
		die("%s: no ELF file", ko);
	ehdr = (const void *)elf;
	shdr = (const void *)(elf + ehdr->e_shoff);
	for (i = 0; i < ehdr->e_shnum; i++) {
		if (shdr[i].sh_type != SHT_SYMTAB)
			continue;
		syms = (const void *)(elf + shdr[i].sh_offset);
		n_syms = shdr[i].sh_size / sizeof(*syms);
		strtab = (const char *)elf + shdr[shdr[i].sh_link].sh_offset;
	}
}

static void load_section(unsigned int i)
{
	struct section *s = &sections[n_sections];
	const char *name = section_name(i);

	if (!(shdr[i].sh_flags & SHF_EXECINSTR) || !shdr[i].sh_size ||
	    !strncmp(name, ".init", 5) || !strncmp(name, ".exit", 5))
		return;
	s->base = section_address(name);
	if (!s->base)
		die("where is section %s of the module? It has to be loaded", name);
	if (++n_sections == SECTIONS_MAX)
		die("more than %u sections", SECTIONS_MAX);
	s->name = name;
	s->index = i;
	s->size = shdr[i].sh_size;
	s->point = calloc(s->size + 1, sizeof(s->point[0]));
	if (!s->point)
		die("no memory");
}

void points_load(const char *ko)
{
	unsigned int i;

	map_file(ko);
	for (i = 0; i < ehdr->e_shnum; i++)
		load_section(i);
}

unsigned int points_count(void)
{
	return n_points;
}

static int add(struct section *s, u64 off)
{
	struct point *p = &points[n_points];

	if (n_points == POINTS_MAX)
		die("more than %u points", POINTS_MAX);
	p->section = s;
	p->off = off;
	p->function = function_at(s->index, off - 1);
	s->point[off] = ++n_points;
	return n_points - 1;
}

int points_index(u64 pc)
{
	unsigned int i;

	for (i = 0; i < n_sections; i++) {
		struct section *s = &sections[i];
		u64 off = pc - s->base;

		if (pc > s->base && off <= s->size)
			return s->point[off] ? s->point[off] - 1 : add(s, off);
	}
	return -1;
}

const char *points_function(unsigned int i)
{
	return points[i].function;
}

/* A line for each: section, offset that the call returns to, function. */
void points_report(const char *path)
{
	FILE *f = fopen(path, "w");
	unsigned int i;

	if (!f)
		die("%s: %m", path);
	for (i = 0; i < n_points; i++)
		fprintf(f, "%s 0x%llx %s\n", points[i].section->name,
			(unsigned long long)points[i].off, points[i].function);
	if (fclose(f))
		die("%s: %m", path);
}
