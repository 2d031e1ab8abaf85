// SPDX-License-Identifier: GPL-2.0
/* What an IP packet carries. Checksums and lengths are left to fixup.c. */
#include <netinet/in.h>
#include <string.h>

#include "ctfuzz.h"

static const u16 ports[] = { 53, 67, 68, 546, 547, 4789, 4790, 5001, 5002, 9 };

static u16 port(void)
{
	return chance(80) ? ports[rnd(ARRAY_SIZE(ports))] : rng();
}

void l4_tcp(struct rec *r, u16 sport, u16 dport, u32 seq, u8 flags, unsigned int payload)
{
	put16(r, sport);
	put16(r, dport);
	put32(r, seq);
	put32(r, 1);
	put8(r, 0x50);
	put8(r, flags);
	put16(r, 1024);
	put32(r, 0);
	while (payload--)
		put8(r, payload);
}

void l4_udp(struct rec *r, u16 sport, u16 dport, unsigned int payload)
{
	put16(r, sport);
	put16(r, dport);
	put16(r, 8 + payload);
	put16(r, 0);
	put_random(r, payload);
}

/* Options: link-layer addresses of one or the other, and anything. */
static void nd_options(struct rec *r, enum who from, enum who about)
{
	while (chance(65)) {
		put8(r, chance(75) ? 1 + rnd(2) : rnd(30));
		put8(r, chance(85) ? 1 : rnd(4));
		put(r, topo_mac[chance(60) ? from : chance(50) ? about : rnd(WHO_MAX)], 6);
	}
}

void l4_nd(struct rec *r, enum who from, enum who about)
{
	static const u8 types[] = { 133, 134, 135, 135, 135, 136, 136, 137, 143, 131, 132, 130 };
	u8 type = types[rnd(ARRAY_SIZE(types))], target[16];

	topo_ip6(about, target);
	put8(r, type);
	put8(r, chance(97) ? 0 : 1);
	put16(r, 0);
	put32(r, type == 136 ? rnd(8) << 29 : type == 134 ? 0x40000000 | rnd(2) * 1800 : 0);
	switch (type) {
	case 133:
		break;
	case 134:
		put_random(r, 8);
		break;
	case 137:
		put(r, target, 16);
		put(r, target, 16);
		break;
	case 143:
		put_random(r, rnd(40));
		return;
	default:
		put(r, target, 16);
	}
	nd_options(r, from, about);
}

static void dhcp(struct rec *r, bool v6)
{
	bool server = chance(40);

	if (v6)
		l4_udp(r, server ? 547 : 546, server ? 546 : 547, 40);
	else
		l4_udp(r, server ? 67 : 68, server ? 68 : 67, 240);
}

/* Appends what it chose, and returns its protocol. */
u8 l4_any(struct rec *r, bool v6)
{
	static const u8 others[] = { IPPROTO_IGMP, IPPROTO_IPIP, IPPROTO_IPV6, IPPROTO_GRE,
				     IPPROTO_ESP, IPPROTO_SCTP, IPPROTO_UDPLITE, IPPROTO_NONE };
	u32 kind = rnd(100);

	if (kind < 35) {
		l4_udp(r, port(), port(), rnd(chance(80) ? 64 : 1500));
		return IPPROTO_UDP;
	}
	if (kind < 45) {
		dhcp(r, v6);
		return IPPROTO_UDP;
	}
	if (kind < 75) {
		l4_tcp(r, port(), port(), rng(), rng(), rnd(chance(80) ? 64 : 1600));
		return IPPROTO_TCP;
	}
	if (kind < 90) {
		put8(r, v6 ? 128 + rnd(2) : chance(50) ? 8 : rnd(19));
		put8(r, 0);
		put_random(r, 6 + rnd(64));
		return v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	}
	put_random(r, rnd(64));
	return others[rnd(ARRAY_SIZE(others))];
}
