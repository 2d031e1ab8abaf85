// SPDX-License-Identifier: GPL-2.0
/* The kernel's record of what this task runs of the instrumented code. */
#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "ctfuzz.h"

#define KCOV_PATH	"/sys/kernel/debug/kcov"
#define KCOV_WORDS	(1 << 17)

static volatile u64 *area;

void kcov_open(void)
{
	int fd = open(KCOV_PATH, O_RDWR);

	if (fd < 0)
		die("%s: %m", KCOV_PATH);
	if (ioctl(fd, KCOV_INIT_TRACE, KCOV_WORDS))
		die("KCOV_INIT_TRACE: %m");
	area = mmap(NULL, KCOV_WORDS * sizeof(u64), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		die("mmap of kcov: %m");
	if (ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		die("KCOV_ENABLE: %m");
}

void kcov_reset(void)
{
	__atomic_store_n(&area[0], 0, __ATOMIC_RELAXED);
}

u64 kcov_read(const volatile u64 **pcs)
{
	*pcs = area + 1;
	return __atomic_load_n(&area[0], __ATOMIC_RELAXED);
}
