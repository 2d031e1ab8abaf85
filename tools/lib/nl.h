/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the kernel, and the messages that they are made of. */
#ifndef CT_NL_H
#define CT_NL_H

#include "core.h"

/* The messages that answered a request, each aligned. Zeros: none. */
struct ct_replies {
	char *buf;
	size_t len;
	size_t cap;
};

#define ct_for_each_reply(h, r)						\
	for ((h) = (struct nlmsghdr *)(r)->buf;				\
	     (char *)(h) < (r)->buf + (r)->len;				\
	     (h) = (struct nlmsghdr *)((char *)(h) +			\
				       NLMSG_ALIGN((h)->nlmsg_len)))

/* What to tell people of an error number where the kernel says nothing; 0 ends a table. */
struct ct_hint {
	int err;
	const char *text;
};

/* Open a socket in a namespace. -errno. */
int ct_sock_open(struct ct *ct, struct ct_sock *s, int proto, int ns_fd);
void ct_sock_close(struct ct_sock *s);
/* Open ct->ge and find the family. */
int ct_genl(struct ct *ct);

/* The version of the loaded module; empty: it is not loaded, or does not say. */
const char *ct_module_version(char *buf, size_t len);

/*
 * Send @msg (and free it), collect the answer (@r NULL: none is wanted); ct_replies_free()
 * is owed where that is not NULL. -errno.
 */
int ct_do(struct ct_sock *s, struct nl_msg *msg, struct ct_replies *r);
void ct_replies_free(struct ct_replies *r);
/* Why: the kernel's words, or the hint's (@hints may be NULL), or a sentence of our own. */
const char *ct_why(const struct ct_sock *s, int err, const struct ct_hint *hints);
/* Fail with "WHAT: WHY". */
int ct_refused(struct ct_sock *s, int err, const struct ct_hint *hints,
	       const char *fmt, ...) CT_PRINTF(4);
/*
 * A step of a command: ct_do() without an answer, or fail with "WHAT: WHY". @back takes it
 * back if the command fails later (NULL: that needs nothing, or another step does it).
 */
int ct_step(struct ct_sock *s, struct nl_msg *msg, struct nl_msg *back,
	    const struct ct_hint *hints, const char *fmt, ...) CT_PRINTF(5);

struct nl_msg *ct_msg(int type, int flags, const void *head, size_t len);
struct nl_msg *ct_genl_msg(struct ct *ct, uint8_t cmd, int flags);
void ct_put(struct nl_msg *msg, int type, const void *data, size_t len);
void ct_put_u8(struct nl_msg *msg, int type, uint8_t v);
void ct_put_u32(struct nl_msg *msg, int type, uint32_t v);
void ct_put_str(struct nl_msg *msg, int type, const char *v);
/* A number of @width bytes: 1, 2 or 4. */
void ct_put_num(struct nl_msg *msg, int type, uint32_t v, int width);
struct nlattr *ct_nest(struct nl_msg *msg, int type);
/* Attributes of a message of the family, or behind a header of @len bytes. -errno. */
int ct_parse_genl(struct nlmsghdr *h, struct nlattr **tb, int max);
int ct_parse(struct nlmsghdr *h, size_t len, struct nlattr **tb, int max);
/* A number, of whatever width; 0 where there is none. */
uint64_t ct_get_num(const struct nlattr *a);

#endif
