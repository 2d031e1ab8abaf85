// SPDX-License-Identifier: GPL-2.0
/* Ethernet frames of all sorts; a builder returns the length. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#include "churn.h"

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* Any of those that somebody may have, now or later. */
static unsigned int some_last(struct rnd *r)
{
	return rnd_chance(r, 20) ? 1 + rnd_below(r, HOSTS) :
	       rnd_chance(r, 70) ? 10 + rnd_below(r, n_containers) :
				   10 + rnd_below(r, 200);
}

static size_t frame_begin(uint8_t *f, const uint8_t *src, const uint8_t *dst,
			  unsigned int proto)
{
	memcpy(f, dst, 6);
	memcpy(f + 6, src, 6);
	put16(f + 12, proto);
	return ETH_HLEN;
}

static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };

/* Who has, is at, I am at (gratuitous): for addresses that are known, or not. */
size_t frame_arp(uint8_t *f, struct rnd *r, const uint8_t *src)
{
	struct ip sip = inner_ip(some_last(r), AF_INET);
	struct ip tip = rnd_chance(r, 20) ? sip : inner_ip(some_last(r), AF_INET);
	uint8_t *p = f + frame_begin(f, src, broadcast, ETH_P_ARP);

	memcpy(p, (uint8_t []){ 0, 1, 8, 0, 6, 4, 0, rnd_chance(r, 75) ? 1 : 2 }, 8);
	memcpy(p + 8, src, 6);
	memcpy(p + 14, &sip.v4, 4);
	memset(p + 18, 0, 6);
	memcpy(p + 24, &tip.v4, 4);
	return ETH_HLEN + 28;
}

/* A solicitation, an advertisement, or a router's. Checksums are for receivers. */
size_t frame_nd(uint8_t *f, struct rnd *r, const uint8_t *src)
{
	struct ip sip = inner_ip(some_last(r), AF_INET6);
	struct ip tip = inner_ip(some_last(r), AF_INET6);
	unsigned int type = rnd_chance(r, 70) ? 135 : rnd_chance(r, 70) ? 136 : 134;
	uint8_t *p = f + frame_begin(f, src, (uint8_t []){
		0x33, 0x33, 0xff, 0, 0, tip.v6.s6_addr[15] }, ETH_P_IPV6);

	memset(p, 0, 40 + 32);
	p[0] = 0x60;
	put16(p + 4, 32);
	p[6] = IPPROTO_ICMPV6;
	p[7] = 255;
	if (rnd_chance(r, 85))
		memcpy(p + 8, &sip.v6, 16);
	inet_pton(AF_INET6, "ff02::1:ff00:0", p + 24);
	p[39] = tip.v6.s6_addr[15];
	p += 40;
	p[0] = type;
	memcpy(p + 8, &tip.v6, 16);
	memcpy(p + 24, (uint8_t []){ type == 136 ? 2 : 1, 1 }, 2);
	memcpy(p + 26, src, 6);
	return ETH_HLEN + 40 + 32;
}

static void ip4_header(uint8_t *p, struct rnd *r, unsigned int proto,
		       unsigned int dst_last, size_t len)
{
	struct ip sip = inner_ip(some_last(r), AF_INET);
	struct ip dip = inner_ip(dst_last, AF_INET);
	unsigned int i, sum = 0;

	memset(p, 0, 20);
	p[0] = 0x45;
	p[1] = rnd_below(r, 4);
	put16(p + 2, len);
	p[6] = rnd_chance(r, 70) ? 0x40 : rnd_chance(r, 50) ? 0x20 : 0;
	p[8] = 64;
	p[9] = proto;
	memcpy(p + 12, &sip.v4, 4);
	memcpy(p + 16, &dip.v4, 4);
	for (i = 0; i < 20; i += 2)
		sum += p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(p + 10, ~((sum & 0xffff) + (sum >> 16)));
}

size_t frame_udp(uint8_t *f, struct rnd *r, const uint8_t *src,
		 const uint8_t *dst, unsigned int dst_last)
{
	size_t payload = rnd_chance(r, 80) ? rnd_below(r, 100) : rnd_below(r, 1400);
	uint8_t *p = f + frame_begin(f, src, dst, ETH_P_IP);

	ip4_header(p, r, IPPROTO_UDP, dst_last, 28 + payload);
	p += 20;
	put16(p, rnd_below(r, 65536));
	put16(p + 2, 7000);
	put16(p + 4, 8 + payload);
	put16(p + 6, 0);
	memset(p + 8, 'u', payload);
	return ETH_HLEN + 28 + payload;
}

/* The header is there for a checksum that is made, and segments that are cut, later. */
size_t frame_tcp(uint8_t *f, struct rnd *r, const uint8_t *src,
		 const uint8_t *dst, unsigned int dst_last, size_t payload)
{
	uint8_t *ip = f + frame_begin(f, src, dst, ETH_P_IP), *p = ip + 20;
	unsigned int i, sum = IPPROTO_TCP + 20 + payload;

	ip4_header(ip, r, IPPROTO_TCP, dst_last, 40 + payload);
	put16(ip + 6, 0x4000);
	memset(p, 0, 20);
	put16(p, rnd_below(r, 65536));
	put16(p + 2, 7001);
	p[12] = 0x50;
	p[13] = 0x10;
	for (i = 12; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(p + 16, (sum & 0xffff) + (sum >> 16));
	return ETH_HLEN + 40;
}

/* Puts a tag into a frame, or several. */
size_t frame_vlan(uint8_t *f, size_t len, struct rnd *r)
{
	unsigned int n = 1 + (rnd_chance(r, 20) ? rnd_below(r, 10) : 0);

	while (n-- && len + 4 <= FRAME_MAX) {
		memmove(f + 16, f + 12, len - 12);
		put16(f + 12, n ? ETH_P_8021AD : ETH_P_8021Q);
		put16(f + 14, rnd_below(r, 4096));
		len += 4;
	}
	return len;
}

/* To a group: of IPv4, of IPv6, of the link alone, or any. */
size_t frame_group(uint8_t *f, struct rnd *r, const uint8_t *src)
{
	static const uint8_t groups[][6] = {
		{ 1, 0, 0x5e, 0, 0, 0xfb }, { 0x33, 0x33, 0, 0, 0, 1 },
		{ 1, 0x80, 0xc2, 0, 0, 0 }, { 1, 0x80, 0xc2, 0, 0, 0xe },
		{ 3, 4, 5, 6, 7, 8 }, { 255, 255, 255, 255, 255, 255 },
	};
	size_t len = frame_begin(f, src, groups[rnd_below(r, 6)],
				 rnd_below(r, 65536));

	memset(f + len, 'g', 46);
	return len + 46;
}

static size_t frame_bad(uint8_t *f, struct rnd *r, const uint8_t *src)
{
	static const uint8_t zero[6];
	size_t len = frame_begin(f, rnd_chance(r, 50) ? zero : broadcast, src,
				 rnd_below(r, 65536));
	unsigned int i, n = rnd_below(r, 200);

	for (i = 0; i < n; i++)
		f[len + i] = rnd_next(r);
	/* as short as may be */
	return rnd_chance(r, 30) ? 14 + rnd_below(r, 4) : len + n;
}

size_t frame_any(uint8_t *f, struct rnd *r, const uint8_t *src)
{
	unsigned int what = rnd_below(r, 100);
	uint8_t from[6], to[6];
	size_t len;

	if (rnd_chance(r, 50))
		memcpy(from, src, 6);
	else
		random_mac(from, r);
	if (what < 20)
		len = frame_arp(f, r, from);
	else if (what < 35)
		len = frame_nd(f, r, from);
	else if (what < 50)
		len = frame_group(f, r, from);
	else if (what < 55)
		return frame_bad(f, r, from);
	else {
		unsigned int c = rnd_below(r, n_containers);

		if (rnd_chance(r, 50))
			container_mac(to, c);
		else
			random_mac(to, r);
		len = frame_udp(f, r, from, to, 10 + c);
	}
	return rnd_chance(r, 15) ? frame_vlan(f, len, r) : len;
}
