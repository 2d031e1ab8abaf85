// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts and containers of the modes port and underlay, in a namespace of their own:
 *
 *	net10 (VNI 100)			net11 (VNI 200)			net12 (VNI 300)
 *	guard  tap, guarded		guardn tap, guarded		on underlay ul
 *	plain  tap, learning		plainn tap, learning
 *	isol   tap, isolated		plaing tap, isolated
 *	v      veth, far end elsewhere
 *		       peers 192.0.2.2, 192.0.2.3, 2001:db8:0:1::2
 *
 *	ul, uln, ulg: taps, 192.0.2.1/24 and 2001:db8:0:1::1/64
 *
 * Who sends is known by the same MAC and addresses in each network. In net11, what the
 * outer header has is that of the inner packet, and there is no outer checksum.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ctnet.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctfuzz.h"

/* What settings that are fuzzed name. */
static const u32 nets[] = { NET0, NET1, NET2 };
static const u32 devs[] = {
	TAP_INDEX(CH_GUARD), TAP_INDEX(CH_PLAIN), TAP_INDEX(CH_ISOL), TAP_INDEX(CH_GUARDN),
	TAP_INDEX(CH_PLAINN), TAP_INDEX(CH_PLAING), VETH0,
};

#define MAC(n) { 0x02, 0, 0, 0, 0, (n) }

const u8 topo_mac[WHO_MAX][6] = {
	[WHO_HOST]	= MAC(1),
	[WHO_GUARD]	= MAC(2),
	[WHO_PLAIN]	= MAC(3),
	[WHO_ISOL]	= MAC(4),
	[WHO_VETH]	= MAC(5),
	[WHO_REMOTE]	= MAC(6),
	[WHO_REMOTE6]	= MAC(7),
	[WHO_NOBODY]	= MAC(8),
};

const u8 topo_ul_mac[3][6] = { MAC(0x11), MAC(0x12), MAC(0x13) };

/* 203.0.113.0/24 and 2001:db8:100::/64 */
u32 topo_ip4(enum who w)
{
	return htonl(0xcb007100 + w + 1);
}

void topo_ip6(enum who w, u8 ip[16])
{
	static const u8 prefix[8] = { 0x20, 0x01, 0x0d, 0xb8, 0x01 };

	memcpy(ip, prefix, 8);
	memset(ip + 8, 0, 8);
	ip[15] = w + 1;
}

/* 192.0.2.0/24 and 2001:db8:0:1::/64 */
u32 topo_ul4(unsigned int i)
{
	return htonl(0xc0000200 + i + 1);
}

void topo_ul6(unsigned int i, u8 ip[16])
{
	static const u8 prefix[8] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1 };

	memcpy(ip, prefix, 8);
	memset(ip + 8, 0, 8);
	ip[15] = i + 1;
}

static void networks(bool create)
{
	struct net_conf n = {
		.max_fdb = 256,
		.ageing = 2,
		.local4 = topo_ul4(0),
		.mac = topo_mac[WHO_HOST],
	};
	u8 local6[16];

	topo_ul6(0, local6);
	n.local6 = local6;
	n.ifindex = NET0;
	n.vni = VNI0;
	n.ttl = CTNET_TTL_DEFAULT;
	n.df = CTNET_DF_ON;
	n.csum = 1;
	conf_net(&n, create);
	n.ifindex = NET1;
	n.vni = VNI1;
	n.ttl = CTNET_INHERIT;
	n.tos = CTNET_INHERIT;
	n.df = CTNET_DF_INHERIT;
	n.csum = 0;
	conf_net(&n, create);
	n.ifindex = NET2;
	n.vni = VNI2;
	n.underlay = UL0;
	conf_net(&n, create);
}

static void peers(void)
{
	u32 a = topo_ul4(1), b = topo_ul4(2), net;
	u8 c[16];

	topo_ul6(1, c);
	for (net = NET0; net <= NET2; net++) {
		conf_peer(net, AF_INET, &a, 0);
		conf_peer(net, AF_INET, &b, 4790);
		conf_peer(net, AF_INET6, c, 0);
	}
}

static void ports(void)
{
	u32 guard = CTNET_PORT_GUARD | CTNET_PORT_FLOOD;
	u32 plain = CTNET_PORT_LEARNING | CTNET_PORT_FLOOD;

	conf_port(NET0, TAP_INDEX(CH_GUARD), guard);
	conf_port(NET0, TAP_INDEX(CH_PLAIN), plain);
	conf_port(NET0, TAP_INDEX(CH_ISOL), plain | CTNET_PORT_ISOLATED);
	conf_port(NET0, VETH0, plain);
	conf_port(NET1, TAP_INDEX(CH_GUARDN), guard);
	conf_port(NET1, TAP_INDEX(CH_PLAINN), plain);
	conf_port(NET1, TAP_INDEX(CH_PLAING), plain | CTNET_PORT_ISOLATED);
}

static void entry(u32 net, enum who w, u32 port, const void *peer, u32 peerlen)
{
	u32 ip4 = topo_ip4(w);
	u8 ip6[16];

	topo_ip6(w, ip6);
	conf_fdb(net, topo_mac[w], port, peer, peerlen, &ip4, ip6);
}

static void entries(void)
{
	u32 peer4 = topo_ul4(1);
	u8 peer6[16];
	u32 net;

	topo_ul6(1, peer6);
	/* the host's first, as they are never flushed and may have taken others' addresses */
	for (net = NET0; net <= NET2; net++)
		entry(net, WHO_HOST, 0, NULL, 0);
	entry(NET0, WHO_GUARD, TAP_INDEX(CH_GUARD), NULL, 0);
	entry(NET0, WHO_ISOL, TAP_INDEX(CH_ISOL), NULL, 0);
	entry(NET0, WHO_VETH, VETH0, NULL, 0);
	entry(NET1, WHO_GUARD, TAP_INDEX(CH_GUARDN), NULL, 0);
	for (net = NET0; net <= NET2; net++) {
		entry(net, WHO_REMOTE, 0, &peer4, 4);
		entry(net, WHO_REMOTE6, 0, peer6, 16);
	}
}

static void underlay(void)
{
	u32 a;
	u8 b[16];
	unsigned int i;
	enum chan c;

	for (c = CH_UL; c <= CH_ULG; c++)
		tap_open(c, TAP_INDEX(c), topo_ul_mac[0], c != CH_UL);
	tap_gro_flush_timeout("ulg");
	a = topo_ul4(0);
	link_addr(UL0, AF_INET, &a, 24);
	topo_ul6(0, b);
	link_addr(UL0, AF_INET6, b, 64);
	for (i = 1; i < 3; i++) {
		a = topo_ul4(i);
		link_neigh(UL0, AF_INET, &a, topo_ul_mac[i]);
		topo_ul6(i, b);
		link_neigh(UL0, AF_INET6, b, topo_ul_mac[i]);
	}
}

/* The host answers. */
static void addresses(void)
{
	u32 net, a = topo_ip4(WHO_HOST);
	u8 b[16];

	topo_ip6(WHO_HOST, b);
	for (net = NET0; net <= NET1; net++) {
		link_addr(net, AF_INET, &a, 24);
		link_addr(net, AF_INET6, b, 64);
	}
}

/* So does the container behind the veth pair. */
static void container(int far)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	u32 a = topo_ip4(WHO_VETH);
	u8 b[16];

	if (here < 0)
		die("/proc/self/ns/net: %m");
	nl_talk_in(far);
	link_set(VETH0 + 1, true, 0, 0, NULL);
	link_addr(VETH0 + 1, AF_INET, &a, 24);
	topo_ip6(WHO_VETH, b);
	link_addr(VETH0 + 1, AF_INET6, b, 64);
	nl_talk_in(here);
	close(here);
}

void topo_setup(void)
{
	enum chan c;
	int far;

	/* Advertisements would give addresses and routes that nobody takes away. */
	sysctl_set("net/ipv6/conf/default/accept_ra", "0");
	sysctl_set("net/ipv6/conf/all/accept_ra", "0");
	nlval_pools(nets, ARRAY_SIZE(nets), devs, ARRAY_SIZE(devs));
	far = ns_new();
	link_set(1, true, 0, 0, NULL);
	underlay();
	for (c = CH_GUARD; c <= CH_PLAING; c++)
		tap_open(c, TAP_INDEX(c), NULL, c != CH_PLAIN);
	tap_gro_flush_timeout("plaing");
	link_add_veth(VETH0, "v", topo_mac[WHO_VETH], VETH0 + 1, far);
	link_set(VETH0, true, 0, 0, NULL);
	networks(true);
	tap_open_host(NET0);
	ports();
	peers();
	entries();
	addresses();
	container(far);
}

/* Settings as they were, some of them as they may be, too. */
void topo_tidy(void)
{
	u32 net;

	/* They would not let go of the underlay device. */
	for (net = NET0; net <= NET2; net++)
		conf_no_linklocal_peers(net);
	networks(false);
	ports();
	peers();
	for (net = NET0; net <= NET2; net++) {
		conf_flush(net);
		conf_net_flags(net, chance(90), chance(80), chance(80));
	}
	entries();
	/* A small MTU takes those of IPv6 away. */
	addresses();
	sysctl_set("net/ipv4/route/flush", "1");
	sysctl_set("net/ipv6/route/flush", "1");
	tap_drain();
	nl_drain_events();
}
