// SPDX-License-Identifier: GPL-2.0
/* What was done, how often, and what came of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "churn.h"

/* Unexpected errors that are shown; more are counted only. */
#define SHOWN_MAX	40

static struct {
	_Atomic unsigned long	ok, refused, odd;
	_Atomic long		slowest;
	const char		*_Atomic excuse;
} counts[K_MAX];
static _Atomic int shown;

static const char * const names[] = {
#define X(id, name) name,
	KINDS(X)
#undef X
};

const char *kind_name(enum kind k)
{
	return names[k];
}

long clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * What may come of a thing where others take away what it is about, or got there
 * first. EINVAL has to be explained: ctnet says why it refuses, and so does the core
 * where it is about a state and not about a message that makes no sense.
 */
static bool expected(enum kind k, int err, const char *text)
{
	switch (-err) {
	case ENODEV:
	case ENOENT:
	case ENXIO:
	case EEXIST:
	case EBUSY:
	case EADDRINUSE:
	case EADDRNOTAVAIL:
	case ELOOP:
	case EPERM:		/* the device's own MAC; a route that prohibits */
	case EACCES:
	case EAGAIN:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
	case EINPROGRESS:
	case ETIMEDOUT:
	case ESRCH:
	case EMSGSIZE:
	case EOPNOTSUPP:	/* the link kind, or the family, is unloaded */
	case EPROTONOSUPPORT:	/* it is just being unloaded */
		return true;
	case EINVAL:
		/*
		 * Who sends from an address that has just gone is told this, and no more;
		 * and who switches on events of which the module takes the last away.
		 */
		return (text && *text) || k == K_TRACE || !strncmp(names[k], "sent-", 5);
	}
	return false;
}

void count(enum kind k, int err, const char *text)
{
	if (err >= 0) {
		counts[k].ok++;
		return;
	}
	if (expected(k, err, text)) {
		counts[k].refused++;
		return;
	}
	counts[k].odd++;
	if (shown++ < SHOWN_MAX)
		printf("odd: %s: %s%s%s\n", names[k], strerror(-err),
		       text && *text ? ": " : "", text ? text : "");
}

void count_since(enum kind k, int err, const char *text, long since)
{
	long took = clock_ms() - since, was = counts[k].slowest;

	count(k, err, text);
	while (took > was &&
	       !atomic_compare_exchange_weak(&counts[k].slowest, &was, took))
		;
}

void count_many(enum kind k, unsigned long n)
{
	counts[k].ok += n;
}

void count_excuse(enum kind k, const char *why)
{
	counts[k].excuse = why;
}

unsigned int count_missing(bool say)
{
	unsigned int k, n = 0;

	for (k = 0; k < K_MAX; k++) {
		if (counts[k].ok || counts[k].excuse)
			continue;
		n++;
		if (say)
			printf("never: %s\n", names[k]);
	}
	return n;
}

unsigned long count_report(void)
{
	unsigned long odd = 0;
	unsigned int k;

	printf("%-26s %9s %9s %6s %11s\n", "kind", "ok", "refused", "odd",
	       "slowest/ms");
	for (k = 0; k < K_MAX; k++) {
		printf("%-26s %9lu %9lu %6lu %11ld%s%s\n", names[k], counts[k].ok,
		       counts[k].refused, counts[k].odd, counts[k].slowest,
		       counts[k].excuse ? " " : "",
		       counts[k].excuse ? counts[k].excuse : "");
		odd += counts[k].odd;
	}
	return odd;
}
