// SPDX-License-Identifier: GPL-2.0
/* What lies under the tunnels: devices, addresses, routes. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "churn.h"

/* A host's other address, from which nothing is a peer. */
#define STRANGER	66

/* Not that of what stands on it, which would be taken for it as it is made. */
static const char *trunk_name(char *buf, unsigned int u)
{
	snprintf(buf, IFNAMSIZ, "trunk%u", u);
	return buf;
}

void trunk_init(struct actor *a)
{
	struct seat *s = seat(a, TRUNK);
	unsigned int u;
	struct msg m;
	size_t at;
	int err;

	for (u = 0; u < UNDERLAYS; u++) {
		char name[IFNAMSIZ];

		link_msg(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
			 trunk_name(name, u), IFF_UP, IFF_UP);
		put_u32(&m, IFLA_MTU, 9000);
		at = nest(&m, IFLA_LINKINFO);
		put_str(&m, IFLA_INFO_KIND, "dummy");
		nest_end(&m, at);
		err = talk(a, s->rt, &m);
		if (err) {
			printf("odd: trunk: %s %s\n", strerror(-err), a->text);
			exit(1);
		}
	}
}

static int underlay_addr(struct actor *a, struct seat *s, int type,
			 unsigned int u, unsigned int last, int family)
{
	struct ip ip = underlay_ip(u, last, family);
	char name[IFNAMSIZ];

	return addr_change(a, s, type, ul_name(name, u), family, &ip.v6,
			   family == AF_INET ? 24 : 64);
}

/* A macvlan of a device of the trunk, in the host's namespace. */
static int underlay_make(struct actor *a, unsigned int h, unsigned int u)
{
	struct seat *s, *trunk = seat(a, TRUNK);
	char name[IFNAMSIZ];
	unsigned int gen;
	size_t at[2];
	struct msg m;
	int fd, err;

	/* it goes with all others at the end, as threads still run */
	if (!trunk)
		return -ENOENT;
	fd = place_dup(host_place(h), &gen);
	if (fd < 0)
		return -ENOENT;
	link_msg(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ul_name(name, u),
		 IFF_UP, IFF_UP);
	put_u32(&m, IFLA_LINK, ifindex(trunk, trunk_name(name, u)));
	put_u32(&m, IFLA_NET_NS_FD, fd);
	put_u32(&m, IFLA_MTU, 1500);
	at[0] = nest(&m, IFLA_LINKINFO);
	put_str(&m, IFLA_INFO_KIND, "macvlan");
	at[1] = nest(&m, IFLA_INFO_DATA);
	put_u32(&m, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	nest_end(&m, at[1]);
	nest_end(&m, at[0]);
	err = talk(a, trunk->rt, &m);
	close(fd);
	if (err)
		return err;
	s = seat(a, host_place(h));
	if (!s)
		return -ENOENT;
	underlay_addr(a, s, RTM_NEWADDR, u, h + 1, AF_INET);
	underlay_addr(a, s, RTM_NEWADDR, u, h + 1, AF_INET6);
	if (!u && !h) {
		underlay_addr(a, s, RTM_NEWADDR, u, STRANGER, AF_INET);
		underlay_addr(a, s, RTM_NEWADDR, u, STRANGER, AF_INET6);
	}
	return 0;
}

void furnish_underlay(struct actor *a, unsigned int h, unsigned int u)
{
	int err = underlay_make(a, h, u);

	if (err)
		count(K_UL_NEW, err, a->text);
}

static struct seat *some_underlay(struct actor *a, struct rnd *r,
				  unsigned int *h, unsigned int *u)
{
	*h = rnd_below(r, HOSTS);
	*u = rnd_chance(r, 30);
	return seat(a, host_place(*h));
}

static void ul_new(struct actor *a, struct rnd *r)
{
	unsigned int h = rnd_below(r, HOSTS), u = rnd_below(r, UNDERLAYS);
	long t = clock_ms();
	int err = underlay_make(a, h, u);

	count_since(K_UL_NEW, err, a->text, t);
}

static void ul_del(struct actor *a, struct rnd *r)
{
	unsigned int h, u;
	struct seat *s = some_underlay(a, r, &h, &u);
	char name[IFNAMSIZ];
	long t = clock_ms();
	int err;

	if (!s)
		return;
	err = link_by_name(a, s, RTM_DELLINK, ul_name(name, u));
	count_since(K_UL_DEL, err, a->text, t);
	if (rnd_chance(r, 60)) {
		t = clock_ms();
		err = underlay_make(a, h, u);
		count_since(K_UL_NEW, err, a->text, t);
	}
}

static void ul_up(struct actor *a, struct rnd *r)
{
	unsigned int h, u;
	struct seat *s = some_underlay(a, r, &h, &u);
	char name[IFNAMSIZ];

	if (s)
		count(K_UL_UP, link_updown(a, s, ul_name(name, u), true), a->text);
}

static void ul_down(struct actor *a, struct rnd *r)
{
	unsigned int h, u;
	struct seat *s = some_underlay(a, r, &h, &u);
	char name[IFNAMSIZ];

	if (!s)
		return;
	count(K_UL_DOWN, link_updown(a, s, ul_name(name, u), false), a->text);
	if (rnd_chance(r, 30))
		return;
	/* its IPv6 address went as it was down */
	link_updown(a, s, name, true);
	underlay_addr(a, s, RTM_NEWADDR, u, h + 1, AF_INET6);
}

static void ul_mtu(struct actor *a, struct rnd *r)
{
	unsigned int h, u;
	struct seat *s = some_underlay(a, r, &h, &u);
	unsigned int mtu = rnd_chance(r, 60) ? 1500 : 1280 + rnd_below(r, 4000);
	char name[IFNAMSIZ];

	if (s)
		count(K_UL_MTU, link_set_u32(a, s, ul_name(name, u), IFLA_MTU, mtu),
		      a->text);
}

static void ul_addr_add(struct actor *a, struct rnd *r)
{
	unsigned int h, u;
	struct seat *s = some_underlay(a, r, &h, &u);

	if (!s)
		return;
	count(K_UL_ADDR_ADD,
	      underlay_addr(a, s, RTM_NEWADDR, u, h + 1, AF_INET), a->text);
	count(K_UL_ADDR_ADD,
	      underlay_addr(a, s, RTM_NEWADDR, u, h + 1, AF_INET6), a->text);
}

static void ul_addr_del(struct actor *a, struct rnd *r)
{
	unsigned int h, u;
	struct seat *s = some_underlay(a, r, &h, &u);
	int family = rnd_chance(r, 50) ? AF_INET : AF_INET6;

	if (!s)
		return;
	count(K_UL_ADDR_DEL, underlay_addr(a, s, RTM_DELADDR, u, h + 1, family),
	      a->text);
	if (rnd_chance(r, 70))
		underlay_addr(a, s, RTM_NEWADDR, u, h + 1, family);
}

/* A route to one host that leads nowhere, and away with it. */
static void ul_route(struct actor *a, struct rnd *r)
{
	unsigned int h, u;
	struct seat *s = some_underlay(a, r, &h, &u);
	int family = rnd_chance(r, 60) ? AF_INET : AF_INET6;
	struct ip ip = underlay_ip(u, 1 + (h + 1) % HOSTS, family);
	struct rtmsg rt = {
		.rtm_family = family,
		.rtm_dst_len = 8 * ip_len(&ip),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_UNREACHABLE,
	};
	struct msg m;
	int err;

	if (!s)
		return;
	msg_init(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &rt, sizeof(rt));
	put(&m, RTA_DST, &ip.v6, ip_len(&ip));
	err = talk(a, s->rt, &m);
	count(K_UL_ROUTE, err, a->text);
	usleep(2000);
	msg_init(&m, RTM_DELROUTE, 0, &rt, sizeof(rt));
	put(&m, RTA_DST, &ip.v6, ip_len(&ip));
	talk(a, s->rt, &m);
}

const struct card underlay_cards[] = {
	{ K_UL_NEW, 3, ul_new },
	{ K_UL_DEL, 1, ul_del },
	{ K_UL_UP, 2, ul_up },
	{ K_UL_DOWN, 1, ul_down },
	{ K_UL_MTU, 3, ul_mtu },
	{ K_UL_ADDR_ADD, 3, ul_addr_add },
	{ K_UL_ADDR_DEL, 2, ul_addr_del },
	{ K_UL_ROUTE, 2, ul_route },
	{ .weight = 0 },
};
