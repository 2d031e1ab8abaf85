// SPDX-License-Identifier: GPL-2.0
/* Networks, and hosts. */
#include <errno.h>
#include <linux/ctnet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "churn.h"

/* The usual UDP port, and another. */
static uint16_t some_port(struct rnd *r)
{
	return rnd_chance(r, 85) ? CTNET_DSTPORT_DEFAULT : CTNET_DSTPORT_DEFAULT + 1;
}

/*
 * The end of a network's tunnels. Network 3 has its own on network 0, so that there are
 * tunnels in tunnels; now and then others have, too.
 */
static void put_vtep(struct msg *m, struct rnd *r, struct seat *s,
		     unsigned int h, unsigned int n, bool usual)
{
	unsigned int ul = n == 1, what = usual ? 0 : rnd_below(r, 20);
	bool nested = !flat && (n == 3 || what == 1);
	bool v4 = n != 2 || what == 2, v6 = n == 2 || n == 0 || what == 3;
	char name[IFNAMSIZ];
	struct ip ip;

	if (what == 4)
		ul = !ul;
	put_u32(m, IFLA_CTNET_VNI, 100 + (what == 5 ? rnd_below(r, NETS) : n));
	if (v4) {
		ip = nested ? inner_ip(h + 1, AF_INET) :
			      underlay_ip(ul, h + 1, AF_INET);
		put(m, IFLA_CTNET_LOCAL, &ip.v4, 4);
	}
	if (v6) {
		ip = nested ? inner_ip(h + 1, AF_INET6) :
			      underlay_ip(ul, h + 1, AF_INET6);
		put(m, IFLA_CTNET_LOCAL6, &ip.v6, 16);
	}
	if (usual)
		return;
	put_u16(m, IFLA_CTNET_DSTPORT, some_port(r));
	put_u32(m, IFLA_CTNET_UNDERLAY,
		rnd_chance(r, 70) ? 0 : ifindex(s, ul_name(name, ul)));
	if (what > 10) {
		put_u16(m, IFLA_CTNET_TTL, rnd_below(r, CTNET_INHERIT + 1));
		put_u16(m, IFLA_CTNET_TOS, rnd_below(r, CTNET_INHERIT + 1));
		put_u8(m, IFLA_CTNET_DF, rnd_below(r, CTNET_DF_INHERIT + 1));
		put_u8(m, IFLA_CTNET_UDP_CSUM, rnd_below(r, 2));
	}
}

static void put_flags(struct msg *m, struct rnd *r)
{
	put_u8(m, IFLA_CTNET_LEARNING, rnd_chance(r, 85));
	put_u8(m, IFLA_CTNET_FLOOD, rnd_chance(r, 80));
	put_u8(m, IFLA_CTNET_SUPPRESS, rnd_chance(r, 80));
	put_u32(m, IFLA_CTNET_AGEING, rnd_below(r, 4));
	put_u32(m, IFLA_CTNET_MAX_FDB, rnd_chance(r, 20) ? 8 : 2048);
}

/* Begins a message about a network's attributes; close it with nest_end() twice. */
static void net_msg(struct msg *m, int flags, unsigned int n, size_t at[2])
{
	char name[IFNAMSIZ];

	link_msg(m, RTM_NEWLINK, flags, net_name(name, n), IFF_UP,
		 flags ? IFF_UP : 0);
	at[0] = nest(m, IFLA_LINKINFO);
	put_str(m, IFLA_INFO_KIND, "ctnet");
	at[1] = nest(m, IFLA_INFO_DATA);
}

static int net_talk(struct actor *a, struct seat *s, struct msg *m, size_t at[2])
{
	nest_end(m, at[1]);
	nest_end(m, at[0]);
	return talk(a, s->rt, m);
}

static void net_addrs(struct actor *a, struct seat *s, unsigned int h,
		      unsigned int n, int type, int *err)
{
	char name[IFNAMSIZ];
	int family[] = { AF_INET, AF_INET6 }, i;

	for (i = 0; i < 2; i++) {
		struct ip ip = inner_ip(h + 1, family[i]);

		*err = addr_change(a, s, type, net_name(name, n), family[i],
				   &ip.v6, i ? 64 : 24);
	}
}

static void net_add(struct actor *a, struct rnd *r)
{
	unsigned int h = rnd_below(r, HOSTS), n = rnd_below(r, NETS);
	struct seat *s = seat(a, host_place(h));
	long t = clock_ms();
	struct msg m;
	size_t at[2];
	int err;

	if (!s)
		return;
	net_msg(&m, NLM_F_CREATE | NLM_F_EXCL, n, at);
	if (rnd_chance(r, 80))
		put_vtep(&m, r, s, h, n, rnd_chance(r, 60));
	if (rnd_chance(r, 30))
		put_flags(&m, r);
	err = net_talk(a, s, &m, at);
	count_since(K_NET_ADD, err, a->text, t);
	if (!err && !n)
		net_addrs(a, s, h, n, RTM_NEWADDR, &err);
}

/* Does one thing to a network by its name, and counts it. */
static struct seat *some_net(struct actor *a, struct rnd *r, unsigned int *h,
			     char *name)
{
	*h = rnd_below(r, HOSTS);
	net_name(name, rnd_below(r, NETS));
	return seat(a, host_place(*h));
}

static void net_del(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	long t = clock_ms();
	unsigned int h;
	struct seat *s = some_net(a, r, &h, name);

	if (s)
		count_since(K_NET_DEL, link_by_name(a, s, RTM_DELLINK, name),
			    a->text, t);
}

static void net_up(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_net(a, r, &h, name);

	if (s)
		count(K_NET_UP, link_updown(a, s, name, true), a->text);
}

static void net_down(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	long t = clock_ms();
	unsigned int h;
	struct seat *s = some_net(a, r, &h, name);

	if (!s)
		return;
	count_since(K_NET_DOWN, link_updown(a, s, name, false), a->text, t);
	if (rnd_chance(r, 60))
		link_updown(a, s, name, true);
}

static void net_flags(struct actor *a, struct rnd *r)
{
	unsigned int h = rnd_below(r, HOSTS), n = rnd_below(r, NETS);
	struct seat *s = seat(a, host_place(h));
	struct msg m;
	size_t at[2];

	if (!s)
		return;
	net_msg(&m, 0, n, at);
	put_flags(&m, r);
	count(K_NET_FLAGS, net_talk(a, s, &m, at), a->text);
}

static void net_vtep(struct actor *a, struct rnd *r)
{
	unsigned int h = rnd_below(r, HOSTS), n = rnd_below(r, NETS);
	struct seat *s = seat(a, host_place(h));
	long t = clock_ms();
	struct msg m;
	size_t at[2];

	if (!s)
		return;
	net_msg(&m, 0, n, at);
	put_vtep(&m, r, s, h, n, rnd_chance(r, 40));
	count_since(K_NET_VTEP, net_talk(a, s, &m, at), a->text, t);
}

static void net_mac(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_net(a, r, &h, name);
	uint8_t mac[6];
	struct msg m;

	if (!s)
		return;
	random_mac(mac, r);
	link_msg(&m, RTM_NEWLINK, 0, name, 0, 0);
	put(&m, IFLA_ADDRESS, mac, 6);
	count(K_NET_MAC, talk(a, s->rt, &m), a->text);
}

static void net_mtu(struct actor *a, struct rnd *r)
{
	unsigned int n = rnd_below(r, NETS);
	unsigned int h = rnd_below(r, HOSTS);
	struct seat *s = seat(a, host_place(h));
	char name[IFNAMSIZ];
	struct msg m;
	size_t at[2];

	if (!s)
		return;
	count(K_NET_MTU, link_set_u32(a, s, net_name(name, n), IFLA_MTU,
				      68 + rnd_below(r, 9000)), a->text);
	if (rnd_chance(r, 70)) {
		net_msg(&m, 0, n, at);
		put_u8(&m, IFLA_CTNET_MTU_AUTO, 1);
		net_talk(a, s, &m, at);
	}
}

static void net_rename(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_net(a, r, &h, name);
	int err;

	if (!s)
		return;
	link_updown(a, s, name, false);
	err = link_rename(a, s, name, "other");
	count(K_NET_RENAME, err, a->text);
	/* its name may be taken by now */
	if (!err && link_rename(a, s, "other", name))
		link_by_name(a, s, RTM_DELLINK, "other");
	link_updown(a, s, name, true);
}

static void net_addr(struct actor *a, struct rnd *r)
{
	unsigned int h = rnd_below(r, HOSTS), n = rnd_below(r, 2) * 3;
	struct seat *s = seat(a, host_place(h));
	int err;

	if (!s)
		return;
	net_addrs(a, s, h, n, rnd_chance(r, 60) ? RTM_NEWADDR : RTM_DELADDR, &err);
	count(K_NET_ADDR, err, a->text);
}

/* ---------------------------------------------------------------- hosts */

void furnish_networks(struct actor *a, unsigned int h)
{
	struct seat *s = seat(a, host_place(h));
	unsigned int n;
	struct msg m;
	size_t at[2];
	int err;

	if (!s)
		return;
	for (n = 0; n < NETS; n++) {
		net_msg(&m, NLM_F_CREATE | NLM_F_EXCL, n, at);
		put_vtep(&m, NULL, s, h, n, true);
		if (!net_talk(a, s, &m, at) && !n)
			net_addrs(a, s, h, n, RTM_NEWADDR, &err);
	}
	furnish_peers(a, h);
}

void furnish_host(struct actor *a, unsigned int h)
{
	unsigned int u;

	for (u = 0; u < UNDERLAYS; u++)
		furnish_underlay(a, h, u);
	furnish_networks(a, h);
}

/* A host goes with all that it has; containers on it lose their interfaces. */
static void host(struct actor *a, struct rnd *r)
{
	unsigned int h = rnd_below(r, HOSTS);
	long t = clock_ms();
	int err;

	place_end(host_place(h));
	seats_sweep(a);
	err = place_new(host_place(h));
	count_since(K_HOST, err, NULL, t);
	if (!err)
		furnish_host(a, h);
}

const struct card net_cards[] = {
	{ K_NET_ADD, 8, net_add },
	{ K_NET_DEL, 3, net_del },
	{ K_NET_UP, 4, net_up },
	{ K_NET_DOWN, 2, net_down },
	{ K_NET_FLAGS, 6, net_flags },
	{ K_NET_VTEP, 6, net_vtep },
	{ K_NET_MAC, 4, net_mac },
	{ K_NET_MTU, 4, net_mtu },
	{ K_NET_RENAME, 1, net_rename },
	{ K_NET_ADDR, 4, net_addr },
	{ K_HOST, 1, host },
	{ .weight = 0 },
};
