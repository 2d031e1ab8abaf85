// SPDX-License-Identifier: GPL-2.0
/* Netlink: sockets, messages for the topology, and messages that are fuzzed. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/ctnet.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctfuzz.h"

#define REPLIES		24	/* that are read at once */
#define ROUNDS_MAX	512	/* a dump that then goes on is an endless one */

static int sock[CH_RTNL + 1];
static int talk_sock[CH_RTNL + 1];
static int events_sock;
static bool sent[CH_RTNL + 1];
static u16 family;
static u8 reply[32768];

static int open_sock(int protocol)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int one = 1, size = 1 << 20, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		die("netlink socket: %m");
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

void nl_begin(struct nlbuf *b, u16 type, u16 flags, const void *hdr, u32 hdrlen)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)b->data;

	memset(b->data, 0, NLMSG_HDRLEN + NLMSG_ALIGN(hdrlen));
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(b->data + NLMSG_HDRLEN, hdr, hdrlen);
	b->len = NLMSG_HDRLEN + NLMSG_ALIGN(hdrlen);
}

void nl_put(struct nlbuf *b, u16 type, const void *p, u32 len)
{
	struct nlattr *a = (struct nlattr *)(b->data + b->len);

	if (b->len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(b->data))
		return;
	memset(a, 0, NLA_HDRLEN + NLA_ALIGN(len));
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(a + 1, p, len);
	b->len += NLA_HDRLEN + NLA_ALIGN(len);
}

void nl_put_u32(struct nlbuf *b, u16 type, u32 v)
{
	nl_put(b, type, &v, sizeof(v));
}

u32 nl_nest(struct nlbuf *b, u16 type)
{
	u32 at = b->len;

	nl_put(b, type, NULL, 0);
	return at;
}

void nl_nest_end(struct nlbuf *b, u32 nest)
{
	((struct nlattr *)(b->data + nest))->nla_len = b->len - nest;
}

void nl_end(struct nlbuf *b)
{
	((struct nlmsghdr *)b->data)->nlmsg_len = b->len;
}

int nl_talk(struct nlbuf *b, bool genl)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)b->data;
	int fd = talk_sock[genl ? CH_GENL : CH_RTNL];
	ssize_t n;

	nl_end(b);
	nlh->nlmsg_flags |= NLM_F_ACK;
	if (genl)
		nlh->nlmsg_type = family;
	if (send(fd, b->data, b->len, 0) < 0)
		return -errno;
	for (;;) {
		n = recv(fd, reply, sizeof(reply), 0);
		if (n < (ssize_t)sizeof(*nlh))
			return n < 0 ? -errno : -EIO;
		nlh = (struct nlmsghdr *)reply;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
	}
}

void nl_dump(struct nlbuf *b, bool genl, void (*fn)(const struct nlmsghdr *nlh))
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)b->data;
	int fd = talk_sock[genl ? CH_GENL : CH_RTNL];
	ssize_t len;

	nl_end(b);
	nlh->nlmsg_flags |= NLM_F_DUMP;
	if (genl)
		nlh->nlmsg_type = family;
	if (send(fd, b->data, b->len, 0) < 0)
		die("dump: %m");
	for (;;) {
		len = recv(fd, reply, sizeof(reply), 0);
		if (len < 0)
			die("dump: %m");
		for (nlh = (struct nlmsghdr *)reply; NLMSG_OK(nlh, (size_t)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
				return;
			fn(nlh);
		}
	}
}

static u32 links[1024];
static unsigned int n_links;

static void found_link(const struct nlmsghdr *nlh)
{
	if (n_links < ARRAY_SIZE(links))
		links[n_links++] = ((struct ifinfomsg *)NLMSG_DATA(nlh))->ifi_index;
}

void nl_each_link(void (*fn)(u32 ifindex))
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlbuf b;
	unsigned int i;

	n_links = 0;
	nl_begin(&b, RTM_GETLINK, 0, &ifi, sizeof(ifi));
	nl_dump(&b, false, found_link);
	for (i = 0; i < n_links; i++)
		fn(links[i]);
}

static struct nlattr *find_attr(struct nlattr *a, int len, u16 type)
{
	while (len >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN && a->nla_len <= len) {
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		len -= NLA_ALIGN(a->nla_len);
		a = (struct nlattr *)((u8 *)a + NLA_ALIGN(a->nla_len));
	}
	return NULL;
}

/* The family's id, and a socket that hears its events. */
static void resolve(void)
{
	struct genlmsghdr g = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct nlmsghdr *nlh = (struct nlmsghdr *)reply;
	struct nlattr *a, *first;
	struct nlbuf b;
	int len, n, group;

	nl_begin(&b, GENL_ID_CTRL, 0, &g, sizeof(g));
	nl_put(&b, CTRL_ATTR_FAMILY_NAME, CTNET_GENL_NAME, sizeof(CTNET_GENL_NAME));
	nl_end(&b);
	if (send(sock[CH_GENL], b.data, b.len, 0) < 0)
		die("family " CTNET_GENL_NAME ": %m");
	n = recv(sock[CH_GENL], reply, sizeof(reply), 0);
	if (n < 0 || nlh->nlmsg_type == NLMSG_ERROR)
		die("there is no family " CTNET_GENL_NAME ": is the module loaded?");
	first = (struct nlattr *)(reply + NLMSG_HDRLEN + GENL_HDRLEN);
	len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	a = find_attr(first, len, CTRL_ATTR_FAMILY_ID);
	if (!a)
		die("the family has no id");
	family = *(u16 *)(a + 1);
	a = find_attr(first, len, CTRL_ATTR_MCAST_GROUPS);
	if (!a)
		die("the family has no group");
	/* an array of nests, of which there is one */
	a = find_attr(a + 2, a->nla_len - 2 * NLA_HDRLEN, CTRL_ATTR_MCAST_GRP_ID);
	if (!a)
		die("the group has no id");
	group = *(u32 *)(a + 1);
	if (setsockopt(events_sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		die("events: %m");
}

void nl_open(void)
{
	sock[CH_GENL] = open_sock(NETLINK_GENERIC);
	sock[CH_RTNL] = open_sock(NETLINK_ROUTE);
	talk_sock[CH_GENL] = open_sock(NETLINK_GENERIC);
	talk_sock[CH_RTNL] = open_sock(NETLINK_ROUTE);
	events_sock = open_sock(NETLINK_GENERIC);
	resolve();
}

/* Settings of devices are those of another namespace from now on. */
void nl_talk_in(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		die("setns: %m");
	close(talk_sock[CH_RTNL]);
	talk_sock[CH_RTNL] = open_sock(NETLINK_ROUTE);
}

/* Sends what is fuzzed as it is, but for the family's id: system calls cost most of the time. */
void nl_send(const struct rec *r, unsigned int n)
{
	static u8 copy[CASE_MAX * REC_MAX];
	u32 at = 0;

	for (; n--; r++) {
		memcpy(copy + at, r->data, r->len);
		if (r->chan == CH_GENL && r->len >= sizeof(struct nlmsghdr))
			((struct nlmsghdr *)(copy + at))->nlmsg_type = family;
		at += NLMSG_ALIGN(r->len);
		sent[r->chan] = true;
	}
	(void)!send(sock[r[-1].chan], copy, at, MSG_DONTWAIT);
}

void nl_receive(void)
{
	static u8 bufs[REPLIES][4096];
	struct mmsghdr m[REPLIES];
	struct iovec iov[REPLIES];
	unsigned int i, round;
	enum chan c;
	int n;

	for (i = 0; i < REPLIES; i++) {
		iov[i] = (struct iovec){ bufs[i], sizeof(bufs[i]) };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	for (c = CH_GENL; c <= CH_RTNL; c++) {
		if (!sent[c])
			continue;
		sent[c] = false;
		for (round = 0; round < ROUNDS_MAX; round++) {
			n = recvmmsg(sock[c], m, REPLIES, MSG_DONTWAIT, NULL);
			if (n < REPLIES && (n >= 0 || errno != ENOBUFS))
				break;
		}
		if (round == ROUNDS_MAX)
			die("a dump does not end");
	}
}

void nl_drain_events(void)
{
	while (recv(events_sock, reply, sizeof(reply), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
}
