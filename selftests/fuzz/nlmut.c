// SPDX-License-Identifier: GPL-2.0
/*
 * Changes to messages: to an attribute's length, type, payload, place and number, at
 * any depth. The lengths of what it lies in are kept right, as else the whole would be
 * refused at once; at times they are not.
 */
#include <linux/if_link.h>
#include <linux/genetlink.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "ctfuzz.h"

#define DEPTH_MAX 4

/* An attribute, and those that it lies in. */
struct path {
	u32	at;
	u32	outer[DEPTH_MAX];
	u32	depth;
};

static u16 nla_len_at(const struct rec *r, u32 at)
{
	u16 v;

	memcpy(&v, r->data + at, 2);
	return v;
}

static void set_u16(struct rec *r, u32 at, u16 v)
{
	memcpy(r->data + at, &v, 2);
}

static u16 nla_type_at(const struct rec *r, u32 at)
{
	u16 v;

	memcpy(&v, r->data + at + 2, 2);
	return v & NLA_TYPE_MASK;
}

static u32 header_len(const struct rec *r)
{
	u16 type;

	if (r->chan == CH_GENL)
		return NLMSG_HDRLEN + GENL_HDRLEN;
	if (r->len < NLMSG_HDRLEN)
		return REC_MAX;
	memcpy(&type, r->data + 4, 2);
	if (type >= RTM_NEWNEIGH && type <= RTM_GETNEIGH)
		return NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ndmsg));
	return NLMSG_HDRLEN + sizeof(struct ifinfomsg);
}

/* The end of the attribute at @at, or 0 if there is none before @end. */
static u32 next(const struct rec *r, u32 at, u32 end)
{
	u32 len;

	if (at + NLA_HDRLEN > end)
		return 0;
	len = nla_len_at(r, at);
	return len < NLA_HDRLEN || at + len > end ? 0 : at + len;
}

/* Chooses one at random among those of a range; false if there is none. */
static bool choose_in(const struct rec *r, u32 start, u32 end, u32 *found)
{
	u32 at, stop, n = 0;

	for (at = start; (stop = next(r, at, end)); at = start + NLA_ALIGN(stop - start))
		if (!rnd(++n))
			*found = at;
	return n;
}

static bool choose(const struct rec *r, struct path *p)
{
	u32 start = header_len(r), end = r->len;

	p->depth = 0;
	if (!choose_in(r, start, end, &p->at))
		return false;
	while (r->chan == CH_RTNL && p->depth < DEPTH_MAX && chance(75)) {
		u16 type = nla_type_at(r, p->at);
		u32 inner;

		if (type != (p->depth ? IFLA_INFO_DATA : IFLA_LINKINFO) || p->depth > 1 ||
		    !choose_in(r, p->at + NLA_HDRLEN, p->at + nla_len_at(r, p->at), &inner))
			break;
		p->outer[p->depth++] = p->at;
		p->at = inner;
	}
	return true;
}

static void resized(struct rec *r, const struct path *p, int by)
{
	u32 i;

	for (i = 0; i < p->depth; i++)
		set_u16(r, p->outer[i], nla_len_at(r, p->outer[i]) + by);
}

static void remove_attr(struct rec *r, const struct path *p)
{
	u32 len = NLA_ALIGN(nla_len_at(r, p->at)), before = r->len;

	rec_delete(r, p->at, len);
	resized(r, p, (int)r->len - (int)before);
}

static void repeat(struct rec *r, const struct path *p)
{
	u32 len = NLA_ALIGN(nla_len_at(r, p->at)), before = r->len;
	u32 n = chance(90) ? 1 : 1 + rnd(140);

	while (n-- && p->at + len <= r->len && r->len + len <= REC_MAX)
		rec_insert(r, p->at, r->data + p->at, len);
	resized(r, p, (int)r->len - (int)before);
}

static void resize(struct rec *r, const struct path *p)
{
	u32 len = nla_len_at(r, p->at), end = p->at + NLA_ALIGN(len), by = 4 * (1 + rnd(4));
	u8 bytes[16] = { 0 };
	u32 before = r->len;

	if (end > r->len)
		return;
	if (chance(50)) {
		rec_insert(r, end, bytes, by);
		set_u16(r, p->at, NLA_ALIGN(len) + (r->len - before) - rnd(4));
	} else if (len >= NLA_HDRLEN + by) {
		rec_delete(r, end - by, by);
		set_u16(r, p->at, NLA_ALIGN(len) - by);
	}
	resized(r, p, (int)r->len - (int)before);
}

static void payload(struct rec *r, const struct path *p)
{
	u32 len = nla_len_at(r, p->at) - NLA_HDRLEN, i, n;
	u8 *d = r->data + p->at + NLA_HDRLEN;

	if (!len)
		return;
	switch (rnd(4)) {
	case 0:
		d[rnd(len)] ^= 1 << rnd(8);
		break;
	case 1:
		memset(d, chance(50) ? 0 : 0xff, len);
		break;
	case 2:
		for (i = 0, n = 1 + rnd(len); i < n; i++)
			d[i] = rng();
		break;
	case 3:
		d[chance(70) ? 0 : len - 1] += rnd(5) - 2;
		break;
	}
}

/* An attribute of another message goes before this one. */
static void graft(struct rec *r, const struct path *p)
{
	static struct fcase other;
	const struct rec *o;
	u32 before = r->len;
	struct path q;

	if (!corpus_pick(&other) || !other.n)
		return;
	o = &other.rec[rnd(other.n)];
	if (!chan_is_netlink(o->chan) || !choose(o, &q) ||
	    q.at + NLA_ALIGN(nla_len_at(o, q.at)) > o->len)
		return;
	rec_insert(r, p->at, o->data + q.at, NLA_ALIGN(nla_len_at(o, q.at)));
	resized(r, p, (int)r->len - (int)before);
}

static void header(struct rec *r)
{
	static const u16 types[] = { RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK, RTM_GETLINK,
				     RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH };
	u32 fixed = header_len(r) - NLMSG_HDRLEN;

	switch (rnd(4)) {
	case 0:
		r->data[6 + rnd(2)] ^= 1 << rnd(8);
		break;
	case 1:
		if (r->chan == CH_GENL)
			r->data[16] = rnd(32);
		else
			set_u16(r, 4, types[rnd(ARRAY_SIZE(types))]);
		break;
	case 2:
		if (r->len > NLMSG_HDRLEN + fixed)
			r->data[NLMSG_HDRLEN + rnd(fixed)] ^= 1 << rnd(8);
		break;
	case 3:
		r->len = NLMSG_HDRLEN + rnd(r->len - NLMSG_HDRLEN + 1);
		break;
	}
}

void nlmut_message(struct rec *r)
{
	u32 len;
	struct path p;

	if (r->len < NLMSG_HDRLEN + 4)
		return;
	if (chance(12) || !choose(r, &p)) {
		header(r);
	} else {
		switch (rnd(9)) {
		case 0:
			set_u16(r, p.at, chance(50) ? nla_len_at(r, p.at) + rnd(9) - 4 : rng());
			break;
		case 1:
			set_u16(r, p.at + 2, chance(80) ? rnd(32) : rng());
			break;
		case 2:
			remove_attr(r, &p);
			break;
		case 3:
			repeat(r, &p);
			break;
		case 4:
			resize(r, &p);
			break;
		case 5:
			graft(r, &p);
			break;
		default:
			payload(r, &p);
		}
	}
	if (chance(3))
		mutate_bytes(r, NLMSG_HDRLEN);
	len = r->len;
	if (chance(2))
		len += rnd(9) - 4;
	memcpy(r->data, &len, 4);
}

/* Of a link's message: what moves a device to another namespace, or makes another kind. */
static void tame_link(struct rec *r)
{
	u32 at, stop, start = header_len(r), inner, end;

	for (at = start; (stop = next(r, at, r->len)); at = start + NLA_ALIGN(stop - start)) {
		u16 type = nla_type_at(r, at);

		if (type == IFLA_NET_NS_PID || type == IFLA_NET_NS_FD ||
		    type == IFLA_TARGET_NETNSID || type == IFLA_NUM_TX_QUEUES ||
		    type == IFLA_NUM_RX_QUEUES)
			set_u16(r, at + 2, IFLA_UNSPEC);
		if (type != IFLA_LINKINFO)
			continue;
		inner = at + NLA_HDRLEN;
		while ((end = next(r, inner, stop))) {
			if (nla_type_at(r, inner) == IFLA_INFO_KIND && end - inner >= 10 &&
			    memcmp(r->data + inner + NLA_HDRLEN, "ctnet", 6))
				memcpy(r->data + inner + NLA_HDRLEN, "ctnet", 6);
			inner = at + NLA_HDRLEN + NLA_ALIGN(end - at - NLA_HDRLEN);
		}
	}
}

void nlmut_tame(struct rec *r)
{
	u16 type;

	if (r->chan != CH_RTNL || r->len < NLMSG_HDRLEN + 1)
		return;
	memcpy(&type, r->data + 4, 2);
	if (type >= RTM_NEWNEIGH && type <= RTM_GETNEIGH) {
		/* Neighbours of other families are none of ours. */
		r->data[NLMSG_HDRLEN] = AF_BRIDGE;
	} else if (type == RTM_NEWLINK || type == RTM_SETLINK || type == RTM_DELLINK ||
		   type == RTM_GETLINK) {
		if (r->data[NLMSG_HDRLEN] != AF_BRIDGE)
			tame_link(r);
	} else {
		set_u16(r, 4, RTM_GETLINK);
	}
}
