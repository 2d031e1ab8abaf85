// SPDX-License-Identifier: GPL-2.0
/* Values of attributes: those that exist, those that nearly do, and the edges. */
#include <arpa/inet.h>
#include <linux/ctnet.h>
#include <linux/netlink.h>
#include <string.h>

#include "ctfuzz.h"

static const u32 *nets, *devs;
static u32 n_nets, n_devs;

void nlval_pools(const u32 *n, u32 nn, const u32 *d, u32 nd)
{
	nets = n;
	n_nets = nn;
	devs = d;
	n_devs = nd;
}

static u32 odd_index(void)
{
	static const u32 odd[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 999 };

	return odd[rnd(ARRAY_SIZE(odd))];
}

u32 nlval_net(void)
{
	return chance(95) ? nets[rnd(n_nets)] : odd_index();
}

u32 nlval_dev(void)
{
	if (chance(4))
		return odd_index();
	return chance(95) ? devs[rnd(n_devs)] : nets[rnd(n_nets)];
}

static void put_addr(struct nlbuf *b, u16 type, bool v6)
{
	static const u32 odd4[] = { 0, 0xffffffff, 0xe0000001, 0x7f000001, 0x00000001 };
	u8 a[16];
	u32 a4;

	if (!v6) {
		a4 = chance(90) ? (chance(60) ? topo_ul4(rnd(6)) : topo_ip4(rnd(WHO_MAX))) :
				  htonl(odd4[rnd(ARRAY_SIZE(odd4))]);
		nl_put(b, type, &a4, chance(98) ? 4 : 5 + rnd(4));
		return;
	}
	if (chance(60))
		topo_ul6(rnd(6), a);
	else
		topo_ip6(rnd(WHO_MAX), a);
	if (chance(10)) {
		memset(a, 0, 16);
		a[0] = chance(50) ? 0xff : 0;
		a[10] = a[11] = chance(50) ? 0xff : 0;
		a[15] = rnd(2);
	}
	if (chance(5)) {
		a[0] = 0xfe;
		a[1] = 0x80;
	}
	nl_put(b, type, a, chance(98) ? 16 : rnd(16));
}

static u32 number(enum val v)
{
	static const u32 mtus[] = { 68, 1280, 1430, 1450, 1500, 9000, 65465, 65535, 0 };

	switch (v) {
	case V_NET:
		return nlval_net();
	case V_DEV:
		return nlval_dev();
	case V_BOOL:
		return chance(95) ? rnd(2) : rng();
	case V_SMALL:
		return rnd(4);
	case V_UDP_PORT:
		return chance(90) ? 4789 + rnd(3) : rng();
	case V_VNI:
		return chance(90) ? 100 + rnd(4) : chance(50) ? 0xffffff : rng();
	case V_TTL:
		return chance(40) ? CTNET_INHERIT : rnd(258);
	case V_MTU:
		return mtus[rnd(ARRAY_SIZE(mtus))];
	case V_AGEING:
		return chance(60) ? rnd(4) : chance(50) ? CTNET_AGEING_MAX + rnd(2) : rng();
	default:
		return chance(60) ? rnd(300) : rng();
	}
}

static u32 width(enum val v)
{
	switch (v) {
	case V_BOOL:
	case V_SMALL:
		return 1;
	case V_UDP_PORT:
	case V_TTL:
		return 2;
	default:
		return 4;
	}
}

void nlval_put(struct nlbuf *b, const struct attr *a)
{
	struct nla_bitfield32 flags;
	char name[16];
	u8 mac[6];
	u32 v;

	switch (a->val) {
	case V_FLAG:
		nl_put(b, a->type, NULL, 0);
		break;
	case V_MAC:
		memcpy(mac, topo_mac[rnd(WHO_MAX)], 6);
		if (chance(15))
			mac[5] = rng();
		if (chance(4))
			memset(mac, chance(50) ? 0 : 0xff, 6);
		nl_put(b, a->type, mac, 6);
		break;
	case V_ADDR:
		put_addr(b, a->type, chance(45));
		break;
	case V_ADDR4:
		put_addr(b, a->type, chance(1));
		break;
	case V_ADDR6:
		put_addr(b, a->type, chance(99));
		break;
	case V_PORT_FLAGS:
		flags.selector = chance(95) ? rnd(CTNET_PORT_FLAGS_ALL + 1) : rng();
		flags.value = rng() & (chance(97) ? flags.selector : ~0u);
		nl_put(b, a->type, &flags, sizeof(flags));
		break;
	case V_NAME:
		snprintf(name, sizeof(name), "f%u", rnd(8));
		nl_put(b, a->type, name, strlen(name) + 1);
		break;
	default:
		v = number(a->val);
		nl_put(b, a->type, &v, width(a->val));
	}
}

void nlval_put_all(struct nlbuf *b, const struct attr *a, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (chance(a[i].odds))
			nlval_put(b, &a[i]);
}
