// SPDX-License-Identifier: GPL-2.0
/*
 * With COVERAGE=1 only: a command that a signal ends, as one ends monitor, leaves gcov's
 * record of what it executed, too; and any user can add to the record.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>

void __gcov_dump(void);	/* NOLINT(bugprone-reserved-identifier): libgcov's */

static void record(int sig)
{
	__gcov_dump();
	raise(sig);		/* whose action is the default one again */
}

__attribute__((constructor)) static void keep_records(void)
{
	static const int sigs[4] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	struct sigaction sa = { .sa_handler = record, .sa_flags = SA_RESETHAND };
	struct sigaction old;
	size_t i;

	umask(0);
	for (i = 0; i < 4; i++)
		if (!sigaction(sigs[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(sigs[i], &sa, NULL);
}
