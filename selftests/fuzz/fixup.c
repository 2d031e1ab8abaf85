// SPDX-License-Identifier: GPL-2.0
/*
 * Lengths and checksums that fit what a frame has become: without these nothing gets
 * past the first check. Of a VXLAN packet the inner ones come first, as the outer
 * checksum is made over them.
 */
#include <netinet/in.h>
#include <string.h>

#include "ctfuzz.h"

#define NEEDS_CSUM 1	/* of the virtio-net header */

static u32 sum(const u8 *p, u32 n, u32 s)
{
	u32 i;

	for (i = 0; i + 1 < n; i += 2)
		s += get16(p + i);
	if (n & 1)
		s += p[n - 1] << 8;
	return s;
}

static u16 fold(u32 s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static u32 pseudo(const u8 *p, const struct parsed *h)
{
	u32 n = h->end - h->l4 + h->proto;

	return h->v6 ? sum(p + h->l3 + 8, 32, n) : sum(p + h->l3 + 12, 8, n);
}

/* Where a protocol has its checksum, or 0. */
static u32 csum_offset(const struct parsed *h)
{
	switch (h->proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
		return h->v6 ? 0 : 2;
	case IPPROTO_ICMPV6:
		return h->v6 ? 2 : 0;
	}
	return 0;
}

/* Whether the virtio-net header asks for this checksum to be completed. */
static bool asked_for(const struct rec *r, const struct parsed *h)
{
	u16 start;

	memcpy(&start, r->data + 6, 2);
	return r->data[0] & NEEDS_CSUM && VNET_LEN + start == (int)h->l4;
}

static void fix_l4(struct rec *r, const struct parsed *h)
{
	u32 off = csum_offset(h);
	u8 *p = r->data;
	u32 s;

	if (!off || h->l4 + off + 2 > h->end)
		return;
	set16(p + h->l4 + off, 0);
	if (asked_for(r, h)) {
		set16(p + h->l4 + off, fold(pseudo(p, h)));
		return;
	}
	s = h->proto == IPPROTO_ICMP ? 0 : pseudo(p, h);
	s = (u16)~fold(sum(p + h->l4, h->end - h->l4, s));
	set16(p + h->l4 + off, s || h->proto != IPPROTO_UDP ? s : 0xffff);
}

static void fix_lengths(struct rec *r, struct parsed *h)
{
	u8 *p = r->data;

	/* An Ethernet frame may be longer than what it carries: that is left at times. */
	if (!chance(8))
		h->end = r->len;
	if (h->v6) {
		set16(p + h->l3 + 4, h->end - h->l3 - 40);
	} else {
		u32 ihl = (p[h->l3] & 15) * 4;

		set16(p + h->l3 + 2, h->end - h->l3);
		set16(p + h->l3 + 10, 0);
		if (h->l3 + ihl <= r->len)
			set16(p + h->l3 + 10, ~fold(sum(p + h->l3, ihl, 0)));
	}
	if (h->proto == IPPROTO_UDP && h->l4 && h->l4 + 8 <= h->end)
		set16(p + h->l4 + 4, h->end - h->l4);
}

/* Of the packet whose Ethernet header is at @at; @inner: and of what it carries. */
static void fix(struct rec *r, u32 at, u32 sloppy, u32 sloppy_inner, bool inner)
{
	struct parsed h;
	u32 udp;

	if (!parse_frame(r->data, at, r->len, &h))
		return;
	udp = h.l4;
	if (inner && h.proto == IPPROTO_UDP && udp && udp + 16 + 14 <= r->len)
		fix(r, udp + 16, sloppy_inner, 0, false);
	if (chance(sloppy))
		return;
	fix_lengths(r, &h);
	if (h.l4 && h.l4 < h.end && !chance(sloppy))
		fix_l4(r, &h);
}

void fixup_frame(struct rec *r, u32 sloppy, u32 sloppy_inner)
{
	fix(r, VNET_LEN, sloppy, sloppy_inner, r->chan >= CH_UL);
}
