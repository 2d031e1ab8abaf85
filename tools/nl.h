/* SPDX-License-Identifier: GPL-2.0 */
/* Netlink sockets, requests, and the words that a refusal comes with. */
#ifndef CTNETCTL_NL_H
#define CTNETCTL_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

/**
 * struct nlsock - a netlink socket
 * @sk: libnl's socket, or NULL
 * @seq: sequence number of the last request
 * @why: the kernel's sentence on the last refusal, or empty
 */
struct nlsock {
	struct nl_sock *sk;
	uint32_t seq;
	char why[256];
};

/**
 * struct replies - the messages that answered a request
 * @buf: the messages, each aligned
 * @len: bytes used
 * @cap: bytes allocated
 */
struct replies {
	char *buf;
	size_t len;
	size_t cap;
};

#define for_each_reply(h, r)						\
	for ((h) = (struct nlmsghdr *)(r)->buf;				\
	     (char *)(h) < (r)->buf + (r)->len;				\
	     (h) = (struct nlmsghdr *)((char *)(h) +			\
				       NLMSG_ALIGN((h)->nlmsg_len)))

/**
 * struct hint - what to tell people of an error number where the kernel says
 *	nothing
 */
struct hint {
	int err;
	const char *text;
};

/* Open a socket in a namespace. Returns 0 or -errno. */
int nl_open(struct nlsock *s, int proto, int ns_fd);
void nl_shut(struct nlsock *s);

/* Send @msg (and free it), collect the answer. Returns 0 or -errno. */
int nl_do(struct nlsock *s, struct nl_msg *msg, struct replies *r);
void replies_free(struct replies *r);

/* Why @err: the kernel's words, or the hint's, or a sentence of our own. */
const char *nl_why(const struct nlsock *s, int err, const struct hint *hints);

struct nl_msg *msg_new(int type, int flags, const void *head, size_t len);
void msg_put(struct nl_msg *msg, int type, const void *data, size_t len);
void msg_put_u8(struct nl_msg *msg, int type, uint8_t v);
void msg_put_u16(struct nl_msg *msg, int type, uint16_t v);
void msg_put_u32(struct nl_msg *msg, int type, uint32_t v);
void msg_put_str(struct nl_msg *msg, int type, const char *v);
struct nlattr *msg_nest(struct nl_msg *msg, int type);
void msg_nest_end(struct nl_msg *msg, struct nlattr *nest);

/* A request of the ctnet family; ctx.family must be known (ge_sock()). */
struct nl_msg *ge_msg(uint8_t cmd, int flags);
int ge_parse(struct nlmsghdr *h, struct nlattr **tb, int max,
	     const struct nla_policy *policy);
/* Find the family and its group of events. Returns 0 or -errno. */
int ge_resolve(struct nlsock *s);

#endif
