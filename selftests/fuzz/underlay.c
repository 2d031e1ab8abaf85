// SPDX-License-Identifier: GPL-2.0
/* The mode underlay: encapsulated frames from peers and strangers, and ICMP errors. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "ctfuzz.h"

/**
 * struct outer - whom an outer packet is from and what for
 * @v6: of IPv6
 * @from: index of the underlay's addresses
 * @vni: the network
 * @sport: source port
 * @dport: destination port
 * @tos: DS field
 */
struct outer {
	bool	v6;
	u32	from, vni;
	u16	sport, dport;
	u8	tos;
};

static struct outer choose(void)
{
	static const u32 vnis[] = { VNI0, VNI0, VNI0, VNI1, VNI1, VNI2, 0, 0xffffff, 0x1000064 };

	return (struct outer){
		.v6 = chance(45),
		.from = chance(85) ? 1 + rnd(2) : rnd(5),
		.vni = vnis[rnd(ARRAY_SIZE(vnis))],
		.sport = 0xc000 + rnd(4),
		.dport = chance(93) ? 4789 : 4790,
		.tos = rnd(chance(80) ? 4 : 256),
	};
}

/* The outer headers, up to the inner frame; the ICMP error has them the other way. */
static void put_ip(struct rec *r, const struct outer *o, u8 proto, bool back)
{
	u32 to = chance(94) ? 0 : rnd(4);
	u8 a[16], b[16];

	if (o->v6) {
		topo_ul6(back ? to : o->from, a);
		topo_ul6(back ? o->from : to, b);
		frame_ip6(r, a, b, proto, 64, o->tos);
	} else {
		frame_ip4(r, topo_ul4(back ? to : o->from), topo_ul4(back ? o->from : to), proto,
			  o->tos);
	}
}

static void put_vxlan(struct rec *r, const struct outer *o)
{
	put16(r, o->sport);
	put16(r, o->dport);
	put16(r, 0);
	put16(r, 0);
	put32(r, chance(93) ? 0x08000000 : rng());
	put32(r, o->vni << 8 | (chance(95) ? 0 : rnd(256)));
}

static void begin(struct rec *r, const struct outer *o, enum chan c)
{
	vnet_begin(r, c);
	put(r, topo_ul_mac[0], 6);
	put(r, topo_ul_mac[o->from == 2 ? 2 : 1], 6);
	put16(r, o->v6 ? ETH_P_IPV6 : ETH_P_IP);
}

static enum who remote(const struct outer *o)
{
	return chance(80) ? (o->v6 ? WHO_REMOTE6 : WHO_REMOTE) : rnd(WHO_MAX);
}

static void finish(struct rec *r)
{
	struct parsed h;

	vnet_choose(r);
	fixup_frame(r, 4, 15);
	/* No checksum at all: as good as a right one, with IPv4. */
	if (chance(15) && parse_frame(r->data, VNET_LEN, r->len, &h) &&
	    h.proto == IPPROTO_UDP && h.l4 && h.l4 + 8 <= r->len)
		set16(r->data + h.l4 + 6, 0);
}

static void frame(struct rec *r)
{
	static const enum chan chans[] = { CH_UL, CH_UL, CH_UL, CH_UL, CH_ULN, CH_ULN, CH_ULG };
	struct outer o = choose();

	begin(r, &o, chans[rnd(ARRAY_SIZE(chans))]);
	put_ip(r, &o, IPPROTO_UDP, false);
	put_vxlan(r, &o);
	frame_container(r, remote(&o));
	finish(r);
}

/* An outer IPv4 packet in two fragments. */
static void fragments(struct fcase *c)
{
	struct rec *a = &c->rec[0], *b = &c->rec[1];
	struct outer o = choose();
	unsigned int at, cut;

	o.v6 = false;
	begin(a, &o, CH_UL);
	at = a->len;
	put_ip(a, &o, IPPROTO_UDP, false);
	if (a->data[at] != 0x45)
		return;
	put_vxlan(a, &o);
	frame_container(a, remote(&o));
	fixup_frame(a, 0, 10);
	cut = at + 20 + 8 * (1 + rnd((a->len - at - 20) / 8));
	if (cut >= a->len)
		return;
	memcpy(b, a, offsetof(struct rec, data) + a->len);
	rec_delete(b, at + 20, cut - at - 20);
	a->len = cut;
	set16(a->data + at + 6, 0x2000);
	set16(b->data + at + 6, (cut - at - 20) / 8);
	set16(a->data + at + 4, rng());
	memcpy(b->data + at + 4, a->data + at + 4, 2);
	/* The UDP checksum is that of the whole: only the headers of IP change. */
	c->n = 2;
	for (at = 0; at < 2; at++) {
		struct rec *r = &c->rec[at];
		u8 udp[8];
		unsigned int l4 = VNET_LEN + 14 + 20;

		memcpy(udp, r->data + l4, 8);
		fixup_frame(r, 0, 100);
		if (!at)
			memcpy(r->data + l4, udp, 8);
	}
}

/* An error about what we sent: it is too big, or nobody is there. */
static void icmp_error(struct rec *r)
{
	struct outer o = choose(), sent = o;

	begin(r, &o, CH_UL);
	put_ip(r, &o, o.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, false);
	if (o.v6) {
		put8(r, chance(70) ? 2 : 1);
		put8(r, chance(90) ? 0 : 4);
		put16(r, 0);
		put32(r, chance(80) ? 1280 + rnd(200) : rng());
	} else {
		put8(r, 3);
		put8(r, chance(70) ? 4 : 3);
		put16(r, 0);
		put32(r, chance(80) ? 600 + rnd(900) : rng());
	}
	put_ip(r, &sent, IPPROTO_UDP, true);
	put_vxlan(r, &sent);
	put_random(r, rnd(64));
	fixup_frame(r, 4, 0);
}

/* Datagrams of one flow, which carry segments that can be merged. */
static void train(struct fcase *c)
{
	static const u32 vnis[] = { VNI0, VNI1 };
	struct outer o = choose();
	enum who to = rnd(WHO_MAX), from;
	bool v6 = chance(50);

	o.from = 1;
	o.dport = 4789;
	o.vni = vnis[rnd(2)];
	from = remote(&o);
	for (c->n = 0; c->n < 2 || (c->n < CASE_MAX && chance(60)); c->n++) {
		struct rec *r = &c->rec[c->n];

		if (chance(10))
			o.vni = vnis[rnd(2)];
		begin(r, &o, CH_ULG);
		put_ip(r, &o, IPPROTO_UDP, false);
		put_vxlan(r, &o);
		frame_segment(r, from, to, v6, c->n);
		fixup_frame(r, 2, 2);
	}
}

static void generate(struct fcase *c)
{
	u32 kind = rnd(100);

	c->n = 0;
	if (kind < 5) {
		train(c);
		return;
	}
	if (kind < 13)
		fragments(c);
	if (c->n)
		return;
	do {
		struct rec *r = &c->rec[c->n++];

		if (chance(4))
			nlgen_settings(r);
		else if (chance(6))
			icmp_error(r);
		else
			frame(r);
	} while (c->n < CASE_MAX && chance(20));
}

/* Where the inner frame begins, or 0. */
static unsigned int inner(const struct rec *r)
{
	struct parsed h;

	if (!parse_frame(r->data, VNET_LEN, r->len, &h) || h.proto != IPPROTO_UDP || !h.l4 ||
	    h.l4 + 16 >= r->len)
		return 0;
	return h.l4 + 16;
}

static void mutate(struct fcase *c)
{
	unsigned int i, n, at;
	struct rec *r;

	if (chance(25))
		mutate_sequence(c);
	r = &c->rec[rnd(c->n)];
	if (chan_is_netlink(r->chan)) {
		nlgen_settings(r);
		return;
	}
	if (chance(15))
		r->chan = CH_UL + rnd(3);
	for (i = 0, n = 1 + rnd(4); i < n && r->len >= VNET_LEN; i++) {
		/* Outer headers that are broken lead nowhere. */
		at = chance(75) ? inner(r) : 0;
		mutate_bytes(r, at ? at : VNET_LEN);
	}
	if (chance(30))
		vnet_choose(r);
	else if (chance(5))
		mutate_bytes(r, 0);
	if (r->len < VNET_LEN)
		return;
	fixup_frame(r, 4, 15);
}

const struct mode mode_underlay = {
	.name		= "underlay",
	.setup		= topo_setup,
	.generate	= generate,
	.mutate		= mutate,
	.tidy		= topo_tidy,
	.tidy_every	= 1024,
};
