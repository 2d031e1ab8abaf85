// SPDX-License-Identifier: GPL-2.0
/* Where the headers of a frame are. */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "ctfuzz.h"

u16 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

void set16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static bool parse_ip4(const u8 *p, u32 at, u32 len, struct parsed *out)
{
	u32 ihl = (p[at] & 15) * 4;

	if (len < at + 20)
		return false;
	out->proto = p[at + 9];
	out->end = at + get16(p + at + 2);
	if (ihl >= 20 && at + ihl <= len && !(get16(p + at + 6) & 0x1fff))
		out->l4 = at + ihl;
	return true;
}

static bool parse_ip6(const u8 *p, u32 at, u32 len, struct parsed *out)
{
	unsigned int n;
	u32 off = at + 40;
	u8 next;

	if (len < off)
		return false;
	next = p[at + 6];
	out->v6 = true;
	out->end = off + get16(p + at + 4);
	for (n = 0; n < 8; n++) {
		out->proto = next;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH)
			break;
		if (off + 8 > len)
			return true;
		if (next == IPPROTO_FRAGMENT && get16(p + off + 2) & 0xfff8)
			return true;
		next = p[off];
		if (out->proto == IPPROTO_FRAGMENT)
			off += 8;
		else if (out->proto == IPPROTO_AH)
			off += (p[off + 1] + 2) * 4;
		else
			off += (p[off + 1] + 1) * 8;
	}
	if (off <= len)
		out->l4 = off;
	return true;
}

bool parse_ip(const u8 *p, u32 at, u32 len, struct parsed *out)
{
	bool ok = false;

	*out = (struct parsed){ .l3 = at };
	if (at >= len)
		return false;
	if (p[at] >> 4 == 4)
		ok = parse_ip4(p, at, len, out);
	else if (p[at] >> 4 == 6)
		ok = parse_ip6(p, at, len, out);
	if (ok && out->end > len)
		out->end = len;
	return ok;
}

bool parse_frame(const u8 *p, u32 at, u32 len, struct parsed *out)
{
	u32 type_at = at + 12;
	u16 type;

	for (;;) {
		if (type_at + 2 > len)
			return false;
		type = get16(p + type_at);
		if (type != ETH_P_8021Q && type != ETH_P_8021AD)
			break;
		type_at += 4;
	}
	if (type != ETH_P_IP && type != ETH_P_IPV6)
		return false;
	return parse_ip(p, type_at + 2, len, out);
}
