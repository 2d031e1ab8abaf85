// SPDX-License-Identifier: GPL-2.0
/* Peers, over generic netlink and over rtnetlink. */
#include <linux/ctnet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "churn.h"

/* Where another host has its end of network @n. */
static struct ip peer_ip(unsigned int h, unsigned int n, int family)
{
	return n == 3 && !flat ? inner_ip(h + 1, family) :
				 underlay_ip(n == 1, h + 1, family);
}

struct choice {
	struct seat	*s;
	struct ip	ip;
	unsigned int	net;	/* its index, or one that is none */
	uint16_t	port;
};

static bool choose(struct actor *a, struct rnd *r, struct choice *c)
{
	unsigned int h = rnd_below(r, HOSTS), n = rnd_below(r, NETS);
	/* now and then the host's own */
	unsigned int other = (h + (rnd_chance(r, 3) ? 0 : 1 + rnd_below(r, 2))) % HOSTS;
	int family = rnd_chance(r, n == 2 ? 10 : 75) ? AF_INET : AF_INET6;
	char name[IFNAMSIZ];

	c->port = rnd_chance(r, 10) ? CTNET_DSTPORT_DEFAULT + 1 : 0;
	c->ip = peer_ip(other, rnd_chance(r, 90) ? n : rnd_below(r, NETS), family);
	c->s = seat(a, host_place(h));
	if (!c->s)
		return false;
	c->net = ifindex(c->s, net_name(name, n)) ?: 0x7fffffff;
	return true;
}

static int peer_cmd(struct actor *a, const struct choice *c, int cmd)
{
	struct msg m;

	genl_msg(&m, cmd, 0);
	put_u32(&m, CTNET_A_PEER_NET, c->net);
	put(&m, CTNET_A_PEER_ADDR, &c->ip.v6, ip_len(&c->ip));
	if (cmd == CTNET_CMD_PEER_ADD && c->port)
		put_u16(&m, CTNET_A_PEER_DSTPORT, c->port);
	return talk(a, c->s->ge, &m);
}

static void peer_add(struct actor *a, struct rnd *r)
{
	struct choice c;

	if (choose(a, r, &c))
		count(K_PEER_ADD, peer_cmd(a, &c, CTNET_CMD_PEER_ADD), a->text);
}

static void peer_del(struct actor *a, struct rnd *r)
{
	long t = clock_ms();
	struct choice c;
	int err;

	if (!choose(a, r, &c))
		return;
	err = peer_cmd(a, &c, CTNET_CMD_PEER_DEL);
	count_since(K_PEER_DEL, err, a->text, t);
	/* at once again: frames of it are on their way still */
	if (!err && rnd_chance(r, 70))
		peer_cmd(a, &c, CTNET_CMD_PEER_ADD);
}

static void peer_get(struct actor *a, struct rnd *r)
{
	struct choice c;

	if (choose(a, r, &c))
		count(K_PEER_GET, peer_cmd(a, &c, CTNET_CMD_PEER_GET), a->text);
}

/* As "bridge fdb append 00:00:00:00:00:00 dev NET dst IP" has it. */
static int rtpeer_cmd(struct actor *a, const struct choice *c, int type)
{
	static const uint8_t zero[6];
	struct ndmsg n = {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = c->net,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = NTF_SELF,
	};
	struct msg m;

	msg_init(&m, type, type == RTM_NEWNEIGH ? NLM_F_CREATE | NLM_F_APPEND : 0,
		 &n, sizeof(n));
	put(&m, NDA_LLADDR, zero, 6);
	put(&m, NDA_DST, &c->ip.v6, ip_len(&c->ip));
	return talk(a, c->s->rt, &m);
}

static void rtpeer_add(struct actor *a, struct rnd *r)
{
	struct choice c;

	if (choose(a, r, &c))
		count(K_RTPEER_ADD, rtpeer_cmd(a, &c, RTM_NEWNEIGH), a->text);
}

static void rtpeer_del(struct actor *a, struct rnd *r)
{
	struct choice c;

	if (choose(a, r, &c))
		count(K_RTPEER_DEL, rtpeer_cmd(a, &c, RTM_DELNEIGH), a->text);
}

void furnish_peers(struct actor *a, unsigned int h)
{
	unsigned int n, other;
	char name[IFNAMSIZ];

	for (n = 0; n < NETS; n++) {
		for (other = 0; other < HOSTS; other++) {
			int family = n == 2 ? AF_INET6 : AF_INET;
			struct choice c = { .ip = peer_ip(other, n, family) };

			if (other == h)
				continue;
			c.s = seat(a, host_place(h));
			if (!c.s)
				return;
			c.net = ifindex(c.s, net_name(name, n)) ?: 0x7fffffff;
			peer_cmd(a, &c, CTNET_CMD_PEER_ADD);
		}
	}
}

const struct card peer_cards[] = {
	{ K_PEER_ADD, 10, peer_add },
	{ K_PEER_DEL, 6, peer_del },
	{ K_PEER_GET, 3, peer_get },
	{ K_RTPEER_ADD, 4, rtpeer_add },
	{ K_RTPEER_DEL, 3, rtpeer_del },
	{ .weight = 0 },
};
