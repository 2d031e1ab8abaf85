// SPDX-License-Identifier: GPL-2.0
/* Netlink messages: made, sent, answered. */
#include <errno.h>
#include <linux/ctnet.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "churn.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

static _Atomic int family, group;

void msg_init(struct msg *m, int type, int flags, const void *hdr, size_t len)
{
	memset(&m->h, 0, sizeof(m->h));
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = NLM_F_REQUEST | flags;
	m->h.nlmsg_len = NLMSG_LENGTH(len);
	memcpy(NLMSG_DATA(&m->h), hdr, len);
}

void put(struct msg *m, int type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len);
	struct nlattr *a = (struct nlattr *)(m->buf + at);

	if (at + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(m->buf))
		abort();
	memset(a, 0, NLA_HDRLEN + NLA_ALIGN(len));
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)a + NLA_HDRLEN, data, len);
	m->h.nlmsg_len = at + NLA_HDRLEN + NLA_ALIGN(len);
}

void put_u8(struct msg *m, int type, uint8_t v) { put(m, type, &v, sizeof(v)); }
void put_u16(struct msg *m, int type, uint16_t v) { put(m, type, &v, sizeof(v)); }
void put_u32(struct msg *m, int type, uint32_t v) { put(m, type, &v, sizeof(v)); }

void put_str(struct msg *m, int type, const char *s)
{
	put(m, type, s, strlen(s) + 1);
}

size_t nest(struct msg *m, int type)
{
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len);

	put(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void nest_end(struct msg *m, size_t at)
{
	((struct nlattr *)(m->buf + at))->nla_len = m->h.nlmsg_len - at;
}

/* What an ack says besides the error. */
static void ack_text(struct actor *a, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	size_t off = sizeof(*e), len = h->nlmsg_len - NLMSG_HDRLEN;

	a->text[0] = '\0';
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		off += e->msg.nlmsg_len - NLMSG_HDRLEN;
	while (off + NLA_HDRLEN <= len) {
		const struct nlattr *at =
			(const struct nlattr *)((const char *)e + off);

		if (at->nla_len < NLA_HDRLEN || off + at->nla_len > len)
			return;
		if (at->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(a->text, sizeof(a->text), "%.*s",
				 at->nla_len - NLA_HDRLEN,
				 (const char *)at + NLA_HDRLEN);
		off += NLA_ALIGN(at->nla_len);
	}
}

static int send_msg(struct actor *a, int fd, struct msg *m)
{
	m->h.nlmsg_seq = ++a->seq;
	a->text[0] = '\0';
	return send(fd, m, m->h.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Reads answers to the last request until it is done. Returns how many, or -errno. */
static int answers(struct actor *a, int fd)
{
	static __thread char buf[65536];
	const struct nlmsghdr *h;
	int n = 0;

	while (true) {
		ssize_t len = recv(fd, buf, sizeof(buf), 0);

		if (len < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		for (h = (void *)buf; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			if (h->nlmsg_seq != a->seq)
				continue;
			if (h->nlmsg_type == NLMSG_ERROR) {
				ack_text(a, h);
				return e->error ? e->error : n;
			}
			if (h->nlmsg_type == NLMSG_DONE) {
				int err = *(const int *)NLMSG_DATA(h);

				return err < 0 ? err : n;
			}
			n++;
		}
	}
}

int talk(struct actor *a, int fd, struct msg *m)
{
	int err;

	m->h.nlmsg_flags |= NLM_F_ACK;
	err = send_msg(a, fd, m);
	if (!err)
		err = answers(a, fd);
	return err < 0 ? err : 0;
}

int dump(struct actor *a, int fd, struct msg *m)
{
	int err;

	m->h.nlmsg_flags |= NLM_F_DUMP;
	err = send_msg(a, fd, m);
	return err ? err : answers(a, fd);
}

/* ----------------------------------------------------------- rtnetlink */

void link_msg(struct msg *m, int type, int flags, const char *name,
	      unsigned int ifi_flags, unsigned int change)
{
	struct ifinfomsg i = { .ifi_flags = ifi_flags, .ifi_change = change };

	msg_init(m, type, flags, &i, sizeof(i));
	if (name)
		put_str(m, IFLA_IFNAME, name);
}

int link_by_name(struct actor *a, struct seat *s, int type, const char *name)
{
	struct msg m;

	link_msg(&m, type, 0, name, 0, 0);
	return talk(a, s->rt, &m);
}

int link_updown(struct actor *a, struct seat *s, const char *name, bool up)
{
	struct msg m;

	link_msg(&m, RTM_NEWLINK, 0, name, up ? IFF_UP : 0, IFF_UP);
	return talk(a, s->rt, &m);
}

int link_set_u32(struct actor *a, struct seat *s, const char *name, int attr,
		 uint32_t value)
{
	struct msg m;

	link_msg(&m, RTM_NEWLINK, 0, name, 0, 0);
	put_u32(&m, attr, value);
	return talk(a, s->rt, &m);
}

int link_rename(struct actor *a, struct seat *s, const char *from, const char *to)
{
	struct ifinfomsg i = { .ifi_index = ifindex(s, from) };
	struct msg m;

	if (!i.ifi_index)
		return -ENODEV;
	msg_init(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	put_str(&m, IFLA_IFNAME, to);
	return talk(a, s->rt, &m);
}

int addr_change(struct actor *a, struct seat *s, int type, const char *dev,
		int family, const void *addr, int prefix)
{
	struct ifaddrmsg i = {
		.ifa_family = family,
		.ifa_prefixlen = prefix,
		.ifa_index = ifindex(s, dev),
	};
	size_t len = family == AF_INET ? 4 : 16;
	struct msg m;
	int err;

	if (!i.ifa_index)
		return -ENODEV;
	if (family == AF_INET6)
		i.ifa_flags = IFA_F_NODAD;
	msg_init(&m, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0,
		 &i, sizeof(i));
	put(&m, IFA_LOCAL, addr, len);
	put(&m, IFA_ADDRESS, addr, len);
	err = talk(a, s->rt, &m);
	/* what the core does not explain: an MTU too small for IPv6 */
	return err == -EINVAL && family == AF_INET6 ? -EADDRNOTAVAIL : err;
}

unsigned int ifindex(struct seat *s, const char *name)
{
	struct ifreq r = {};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return ioctl(s->ud, SIOCGIFINDEX, &r) ? 0 : r.ifr_ifindex;
}

/* ------------------------------------------------------ generic netlink */

void genl_msg(struct msg *m, int cmd, int flags)
{
	struct genlmsghdr g = { .cmd = cmd, .version = CTNET_GENL_VERSION };

	/* no family has the number 0xfff0: as while the module is away */
	msg_init(m, family ? family : 0xfff0, flags, &g, sizeof(g));
}

int genl_group(void)
{
	return group;
}

void genl_forget(void)
{
	family = 0;
	group = 0;
}

static const struct nlattr *find(const void *p, size_t len, int type)
{
	size_t off = 0;

	while (off + NLA_HDRLEN <= len) {
		const struct nlattr *a = (const void *)((const char *)p + off);

		if (a->nla_len < NLA_HDRLEN || off + a->nla_len > len)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		off += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

static const void *data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

int genl_resolve(void)
{
	struct genlmsghdr g = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	const struct nlattr *id, *a;
	union {
		struct nlmsghdr h;
		char buf[8192];
	} r;
	struct msg m;
	ssize_t len;
	int err = -ENOENT;

	if (fd < 0)
		return -errno;
	msg_init(&m, GENL_ID_CTRL, 0, &g, sizeof(g));
	put_str(&m, CTRL_ATTR_FAMILY_NAME, CTNET_GENL_NAME);
	if (send(fd, &m, m.h.nlmsg_len, 0) < 0)
		goto out;
	len = recv(fd, &r, sizeof(r), 0);
	if (len < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) ||
	    r.h.nlmsg_type != GENL_ID_CTRL)
		goto out;
	len -= NLMSG_LENGTH(GENL_HDRLEN);
	id = find(r.buf + NLMSG_LENGTH(GENL_HDRLEN), len, CTRL_ATTR_FAMILY_ID);
	a = find(r.buf + NLMSG_LENGTH(GENL_HDRLEN), len, CTRL_ATTR_MCAST_GROUPS);
	/* the first group, and its number */
	if (a)
		a = find(data(a), a->nla_len - NLA_HDRLEN, 1);
	if (a)
		a = find(data(a), a->nla_len - NLA_HDRLEN, CTRL_ATTR_MCAST_GRP_ID);
	if (!id || !a)
		goto out;
	group = *(const uint32_t *)data(a);
	family = *(const uint16_t *)data(id);
	err = 0;
out:
	close(fd);
	return err;
}
