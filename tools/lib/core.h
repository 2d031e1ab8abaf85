/* SPDX-License-Identifier: GPL-2.0 */
/* What the whole library shares: errors, a namespace that is worked on, memory. */
#ifndef CT_CORE_H
#define CT_CORE_H

#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/if.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

enum ct_error {
	CT_OK,
	CT_USAGE,		/* what was asked for cannot be meant so */
	CT_REFUSED,		/* the kernel or the system refused */
};

struct ct;

/**
 * struct ct_sock - a netlink socket
 * @ct: whose it is
 * @sk: libnl's socket, or NULL
 * @seq: sequence number of the last request
 * @why: the kernel's sentence on the last refusal, or empty
 */
struct ct_sock {
	struct ct *ct;
	struct nl_sock *sk;
	uint32_t seq;
	char why[256];
};

/**
 * struct ct - a network namespace that is worked on; one thread uses it
 * @own_fd: network namespace that the process was in
 * @ns_fd: network namespace that is worked on
 * @rt: rtnetlink socket in @ns_fd
 * @ge: generic netlink socket in @ns_fd, open after ct_genl()
 * @family: id of the family, 0 until it is known
 * @group: id of its multicast group of events
 * @whole: a dump that changed each time it was read is an error, and no warning
 * @busy: a command has begun that must be finished or taken back
 * @error: what failed and why; NULL: nothing yet
 * @code: of that, CT_USAGE or CT_REFUSED
 * @interrupted: tells whether to stop and take back; NULL: never
 * @warn: called with what is amiss and no error; NULL: nobody wants to know
 * @priv: of undo.c, netns.c, net.c
 */
struct ct {
	int own_fd;
	int ns_fd;
	struct ct_sock rt;
	struct ct_sock ge;
	int family;
	int group;
	bool whole;
	volatile sig_atomic_t busy;
	char *error;
	enum ct_error code;
	bool (*interrupted)(void);
	void (*warn)(struct ct *ct, const char *text);
	struct ct_priv *priv;
};

/* Work in the namespace that @netns names (NULL: our own). ct_close() is owed in any case. */
int ct_open(struct ct *ct, const char *netns);
void ct_close(struct ct *ct);

#define CT_PRINTF(n) __attribute__((format(printf, n, (n) + 1)))

/* Set ct->error; return CT_REFUSED, CT_USAGE. */
int ct_fail(struct ct *ct, const char *fmt, ...) CT_PRINTF(2);
int ct_misuse(struct ct *ct, const char *fmt, ...) CT_PRINTF(2);
void ct_warn(struct ct *ct, const char *fmt, ...) CT_PRINTF(2);

/* Called, and not to return, where there is no memory; until it is set, abort(). */
extern __attribute__((noreturn)) void (*ct_nomem)(void);
void *ct_realloc(void *p, size_t size);
void *ct_calloc(size_t n, size_t size);
char *ct_strdup(const char *s);
/* Room for one more element behind @n in an array that grows by doubling. */
void *ct_grow(void *v, size_t n, size_t size);

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
