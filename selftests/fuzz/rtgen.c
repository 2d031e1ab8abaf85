// SPDX-License-Identifier: GPL-2.0
/* Messages of rtnetlink: networks, who is whose port, and the table as a bridge has it. */
#include <linux/ctnet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "ctfuzz.h"

static const struct attr tunnel[] = {
	{ IFLA_CTNET_VNI, V_VNI, 90 },
	{ IFLA_CTNET_LOCAL, V_ADDR4, 70 },
	{ IFLA_CTNET_LOCAL6, V_ADDR6, 40 },
	{ IFLA_CTNET_DSTPORT, V_UDP_PORT, 30 },
	{ IFLA_CTNET_UNDERLAY, V_DEV, 20 },
};

static const struct attr settings[] = {
	{ IFLA_CTNET_LEARNING, V_BOOL, 12 },
	{ IFLA_CTNET_AGEING, V_AGEING, 12 },
	{ IFLA_CTNET_FLOOD, V_BOOL, 12 },
	{ IFLA_CTNET_MAX_FDB, V_U32, 12 },
	{ IFLA_CTNET_SUPPRESS, V_BOOL, 12 },
	{ IFLA_CTNET_TTL, V_TTL, 15 },
	{ IFLA_CTNET_TOS, V_TTL, 15 },
	{ IFLA_CTNET_DF, V_SMALL, 15 },
	{ IFLA_CTNET_UDP_CSUM, V_BOOL, 12 },
	{ IFLA_CTNET_MTU_AUTO, V_BOOL, 10 },
	{ IFLA_CTNET_MARK, V_U32, 10 },
	{ IFLA_CTNET_MAX + 1, V_U32, 1 },
};

static const struct attr of_link[] = {
	{ IFLA_IFNAME, V_NAME, 25 },
	{ IFLA_ADDRESS, V_MAC, 15 },
	{ IFLA_MTU, V_MTU, 15 },
	{ IFLA_TXQLEN, V_U32, 3 },
	{ IFLA_GROUP, V_SMALL, 3 },
	{ IFLA_CARRIER, V_BOOL, 3 },
	{ IFLA_LINK, V_DEV, 2 },
};

/* The VNI comes first in @tunnel: @skip 1 leaves it as it is, and 99 the rest, too. */
static void put_info(struct nlbuf *b, u32 skip)
{
	u32 info = nl_nest(b, IFLA_LINKINFO), data;

	nl_put(b, IFLA_INFO_KIND, "ctnet", 6);
	data = nl_nest(b, IFLA_INFO_DATA);
	if (skip < ARRAY_SIZE(tunnel))
		nlval_put_all(b, tunnel + skip, ARRAY_SIZE(tunnel) - skip);
	nlval_put_all(b, settings, ARRAY_SIZE(settings));
	nl_nest_end(b, data);
	nl_nest_end(b, info);
}

static void begin(struct nlbuf *b, u16 type, u16 flags, u32 ifindex)
{
	struct ifinfomsg ifi = {
		.ifi_index = ifindex,
		.ifi_flags = chance(60) ? IFF_UP : 0,
		.ifi_change = chance(60) ? IFF_UP : 0,
	};

	if (chance(4))
		ifi.ifi_flags |= IFF_PROMISC, ifi.ifi_change |= IFF_PROMISC;
	nl_begin(b, type, flags, &ifi, sizeof(ifi));
}

static void newlink(struct nlbuf *b)
{
	u16 flags = NLM_F_CREATE | (chance(30) ? NLM_F_EXCL : 0) | (chance(5) ? NLM_F_REPLACE : 0);

	begin(b, RTM_NEWLINK, flags, nlval_net());
	nlval_put_all(b, of_link, ARRAY_SIZE(of_link));
	put_info(b, chance(70) ? 0 : 99);
}

static void setlink(struct nlbuf *b)
{
	u32 master = chance(75) ? nlval_net() : 0;

	begin(b, chance(60) ? RTM_SETLINK : RTM_NEWLINK, 0, nlval_dev());
	if (chance(85))
		nl_put_u32(b, IFLA_MASTER, master);
	if (chance(15))
		nlval_put_all(b, of_link, ARRAY_SIZE(of_link));
}

static void dellink(struct nlbuf *b)
{
	begin(b, RTM_DELLINK, 0, chance(75) ? nlval_net() : nlval_dev());
}

static void getlink(struct nlbuf *b)
{
	begin(b, RTM_GETLINK, chance(30) ? NLM_F_DUMP : 0, nlval_net());
}

static void neigh(struct nlbuf *b)
{
	static const u16 types[] = { RTM_NEWNEIGH, RTM_NEWNEIGH, RTM_NEWNEIGH, RTM_DELNEIGH };
	static const struct attr attrs[] = {
		{ NDA_LLADDR, V_MAC, 97 },
		{ NDA_DST, V_ADDR, 40 },
		{ NDA_IFINDEX, V_DEV, 35 },
		{ NDA_PORT, V_UDP_PORT, 12 },
		{ NDA_VLAN, V_UDP_PORT, 3 },
		{ NDA_VNI, V_VNI, 3 },
		{ NDA_SRC_VNI, V_VNI, 2 },
		{ NDA_NH_ID, V_U32, 2 },
		{ NDA_MASTER, V_NET, 3 },
		{ NDA_FLAGS_EXT, V_U32, 2 },
	};
	static const u16 states[] = { NUD_PERMANENT, NUD_PERMANENT, NUD_NOARP, NUD_REACHABLE, 0 };
	struct ndmsg nd = {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = nlval_net(),
		.ndm_state = states[rnd(ARRAY_SIZE(states))],
		.ndm_flags = chance(85) ? NTF_SELF : rng(),
	};
	u16 flags = 0;

	if (chance(80))
		flags |= NLM_F_CREATE;
	if (chance(30))
		flags |= NLM_F_EXCL;
	if (chance(30))
		flags |= NLM_F_REPLACE;
	if (chance(20))
		flags |= NLM_F_APPEND;
	nl_begin(b, types[rnd(ARRAY_SIZE(types))], flags, &nd, sizeof(nd));
	nlval_put_all(b, attrs, ARRAY_SIZE(attrs));
}

static void getneigh(struct nlbuf *b)
{
	static const struct attr attrs[] = {
		{ NDA_LLADDR, V_MAC, 50 },
		{ NDA_MASTER, V_NET, 20 },
	};
	struct ndmsg nd = { .ndm_family = AF_BRIDGE, .ndm_ifindex = chance(70) ? nlval_net() : 0 };

	nl_begin(b, RTM_GETNEIGH, chance(70) ? NLM_F_DUMP : 0, &nd, sizeof(nd));
	nlval_put_all(b, attrs, ARRAY_SIZE(attrs));
}

void rtgen_message(struct rec *r)
{
	u32 kind = rnd(100);
	struct nlbuf b;

	/* Devices that come and go take more time than all else. */
	if (kind < 20)
		newlink(&b);
	else if (kind < 40)
		setlink(&b);
	else if (kind < 44)
		dellink(&b);
	else if (kind < 50)
		getlink(&b);
	else if (kind < 92)
		neigh(&b);
	else
		getneigh(&b);
	nlgen_copy(r, CH_RTNL, &b);
}

void rtgen_change(struct rec *r)
{
	static const struct attr mtu = { IFLA_MTU, V_MTU, 15 };
	struct ifinfomsg ifi = { .ifi_index = nlval_net() };
	struct nlbuf b;

	nl_begin(&b, RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	nlval_put_all(&b, &mtu, 1);
	put_info(&b, chance(10) ? 1 : 99);
	nlgen_copy(r, CH_RTNL, &b);
}
