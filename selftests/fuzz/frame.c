// SPDX-License-Identifier: GPL-2.0
/* Frames as containers send them, and as they should not. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "ctfuzz.h"

void put(struct rec *r, const void *p, unsigned int n)
{
	if (r->len + n > REC_MAX)
		n = REC_MAX - r->len;
	memcpy(r->data + r->len, p, n);
	r->len += n;
}

void put8(struct rec *r, u8 v)
{
	put(r, &v, 1);
}

void put16(struct rec *r, u16 v)
{
	u8 b[2];

	set16(b, v);
	put(r, b, 2);
}

void put32(struct rec *r, u32 v)
{
	put16(r, v >> 16);
	put16(r, v);
}

void put_random(struct rec *r, unsigned int n)
{
	while (n--)
		put8(r, rng());
}

/* Who else a frame is for: more often those that something is known of. */
static enum who other(enum who from)
{
	enum who w = rnd(WHO_MAX);

	return w == from ? WHO_NOBODY : w;
}

/* Whose address stands as source: that of who sends, or now and then another's. */
static enum who claimed(enum who from)
{
	return chance(90) ? from : rnd(WHO_MAX);
}

static u32 ip4_of(enum who w)
{
	static const u32 special[] = { 0, 0xffffffff, 0xe0000001, 0x7f000001, 0xa9fe0001 };

	return chance(92) ? topo_ip4(w) : htonl(special[rnd(ARRAY_SIZE(special))]);
}

/* fe80::/64, as made from the MAC */
static void link_local(enum who w, u8 ip[16])
{
	const u8 *m = topo_mac[w];
	u8 a[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4],
		     m[5] };

	memcpy(ip, a, 16);
}

static void ip6_of(enum who w, u8 ip[16])
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	u32 v4 = topo_ip4(w);

	if (chance(70)) {
		topo_ip6(w, ip);
	} else if (chance(60)) {
		link_local(w, ip);
	} else if (chance(70)) {
		memset(ip, 0, 16);
	} else {
		memcpy(ip, mapped, 12);
		memcpy(ip + 12, &v4, 4);
	}
}

static void group6(u8 ip[16], const u8 *solicited)
{
	static const u8 all[16] = { 0xff, 2, [15] = 1 };
	static const u8 node[13] = { 0xff, 2, [11] = 1, [12] = 0xff };

	memcpy(ip, all, 16);
	if (!solicited)
		return;
	memcpy(ip, node, 13);
	memcpy(ip + 13, solicited + 13, 3);
}

void frame_eth(struct rec *r, const u8 *dst, const u8 *src, u16 proto)
{
	put(r, dst, 6);
	put(r, src, 6);
	while (chance(12)) {
		put16(r, chance(70) ? ETH_P_8021Q : ETH_P_8021AD);
		put16(r, rng());
	}
	put16(r, proto);
}

void frame_ip4(struct rec *r, u32 src, u32 dst, u8 proto, u8 tos)
{
	u8 words = chance(92) ? 0 : rnd(11);
	u16 frag = chance(90) ? 0x4000 : chance(50) ? 0x2000 : rng();

	put8(r, 0x45 + words);
	put8(r, tos);
	put16(r, 0);
	put16(r, rnd(16));
	put16(r, frag);
	put8(r, chance(90) ? 64 : rnd(3));
	put8(r, proto);
	put16(r, 0);
	put(r, &src, 4);
	put(r, &dst, 4);
	while (words--)
		put32(r, chance(50) ? 0x01010101 : rng());
}

static void ext_header(struct rec *r, u8 kind, u8 next)
{
	switch (kind) {
	case IPPROTO_FRAGMENT:
		put8(r, next);
		put8(r, 0);
		put16(r, chance(40) ? 0 : chance(50) ? 1 : rng());
		put32(r, rnd(16));
		break;
	case IPPROTO_AH:
		put8(r, next);
		put8(r, 4);
		put_random(r, 22);
		break;
	case IPPROTO_ROUTING:
		put8(r, next);
		put8(r, 2);
		put8(r, rnd(5));
		put8(r, rnd(3));
		put_random(r, 20);
		break;
	default:	/* options: router alert and padding, or anything */
		put8(r, next);
		put8(r, 0);
		if (chance(70)) {
			put32(r, 0x05020000);
			put16(r, 0x0100);
		} else {
			put_random(r, 6);
		}
	}
}

void frame_ip6(struct rec *r, const u8 *src, const u8 *dst, u8 proto, u8 hops, u8 tos)
{
	static const u8 kinds[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING,
				    IPPROTO_FRAGMENT, IPPROTO_AH };
	unsigned int i, n = chance(82) ? 0 : 1 + rnd(4);
	u8 chain[6];

	for (i = 0; i < n; i++)
		chain[i] = i || chance(40) ? kinds[rnd(ARRAY_SIZE(kinds))] : IPPROTO_HOPOPTS;
	chain[n] = proto;
	put32(r, 0x60000000 | tos << 20 | rnd(4));
	put16(r, 0);
	put8(r, chain[0]);
	put8(r, hops);
	put(r, src, 16);
	put(r, dst, 16);
	for (i = 0; i < n; i++)
		ext_header(r, chain[i], chain[i + 1]);
}

static const u8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void frame_arp(struct rec *r, enum who from)
{
	enum who about = other(from);
	u32 sip = ip4_of(claimed(from)), tip = ip4_of(about);
	bool request = chance(70);

	if (chance(10))
		tip = sip;
	frame_eth(r, request && chance(90) ? broadcast : topo_mac[about], topo_mac[claimed(from)],
		  ETH_P_ARP);
	put16(r, 1);
	put16(r, ETH_P_IP);
	put8(r, 6);
	put8(r, 4);
	put16(r, request ? 1 : 2);
	put(r, topo_mac[claimed(from)], 6);
	put(r, &sip, 4);
	put(r, topo_mac[about], 6);
	put(r, &tip, 4);
	if (chance(30))
		put_random(r, 18);
}

static void frame_nd(struct rec *r, enum who from)
{
	enum who about = chance(30) ? from : other(from);
	u8 src[16], dst[16], target[16], mac[6] = { 0x33, 0x33 };

	topo_ip6(about, target);
	ip6_of(claimed(from), src);
	if (chance(75)) {
		group6(dst, chance(70) ? target : NULL);
		memcpy(mac + 2, dst + 12, 4);
	} else {
		ip6_of(about, dst);
		memcpy(mac, topo_mac[about], 6);
	}
	frame_eth(r, mac, topo_mac[claimed(from)], ETH_P_IPV6);
	frame_ip6(r, src, dst, IPPROTO_ICMPV6, chance(95) ? 255 : 64, 0);
	l4_nd(r, from, about);
}

static void frame_ip(struct rec *r, enum who from, bool v6)
{
	enum who to = other(from);
	const u8 *dmac = topo_mac[to];
	static const u8 group[6] = { 1, 0, 0x5e, 0, 0, 1 }, link[6] = { 1, 0x80, 0xc2, 0, 0, 3 };
	u8 src[16], dst[16], tos = chance(60) ? rnd(4) : rng();
	unsigned int at;

	if (chance(15))
		dmac = chance(60) ? broadcast : chance(80) ? group : link;
	frame_eth(r, dmac, topo_mac[claimed(from)], v6 ? ETH_P_IPV6 : ETH_P_IP);
	at = r->len;
	/* The protocol is known only once it was chosen; then it is put before. */
	if (v6) {
		struct rec l4;
		u8 proto;

		l4.len = 0;
		proto = l4_any(&l4, true);
		ip6_of(claimed(from), src);
		ip6_of(to, dst);
		frame_ip6(r, src, dst, proto, chance(95) ? 64 : rnd(3), tos);
		put(r, l4.data, l4.len);
		return;
	}
	frame_ip4(r, ip4_of(claimed(from)), ip4_of(to), 0, tos);
	r->data[at + 9] = l4_any(r, false);
}

static void frame_odd(struct rec *r, enum who from)
{
	static const u16 protos[] = { 0, 38, 0x05ff, 0x0600, ETH_P_PPP_SES, ETH_P_LLDP, ETH_P_PAE,
				      ETH_P_MPLS_UC, ETH_P_TEB, ETH_P_NSH, ETH_P_IP, ETH_P_IPV6,
				      ETH_P_ARP, ETH_P_8021Q };

	frame_eth(r, chance(50) ? broadcast : topo_mac[other(from)], topo_mac[claimed(from)],
		  protos[rnd(ARRAY_SIZE(protos))]);
	put_random(r, rnd(80));
}

void frame_container(struct rec *r, enum who from)
{
	u32 kind = rnd(100);

	if (kind < 14)
		frame_arp(r, from);
	else if (kind < 32)
		frame_nd(r, from);
	else if (kind < 92)
		frame_ip(r, from, kind & 1);
	else
		frame_odd(r, from);
}

/* The @n-th of segments of one TCP connection, all of a size. */
void frame_segment(struct rec *r, enum who from, enum who to, bool v6, unsigned int n)
{
	const unsigned int size = 64;
	u8 src[16], dst[16];

	put(r, topo_mac[to], 6);
	put(r, topo_mac[from], 6);
	put16(r, v6 ? ETH_P_IPV6 : ETH_P_IP);
	if (v6) {
		topo_ip6(from, src);
		topo_ip6(to, dst);
		put32(r, 0x60000000);
		put32(r, IPPROTO_TCP << 8 | 64);
		put(r, src, 16);
		put(r, dst, 16);
	} else {
		u32 s = topo_ip4(from), d = topo_ip4(to);

		put32(r, 0x45000000);
		put32(r, n << 16 | 0x4000);
		put32(r, 64 << 24 | IPPROTO_TCP << 16);
		put(r, &s, 4);
		put(r, &d, 4);
	}
	l4_tcp(r, 5001, 5002, 1000 + n * size, chance(85) ? 0x10 : 0x18, size);
}
