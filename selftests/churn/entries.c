// SPDX-License-Identifier: GPL-2.0
/* Entries of the table, over generic netlink and over rtnetlink. */
#include <errno.h>
#include <linux/ctnet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "churn.h"

struct choice {
	struct seat	*s;
	unsigned int	h;
	unsigned int	net;
	uint8_t		mac[6];
};

/* A MAC that lives there, one that frames have as source, or one of few others. */
static bool choose(struct actor *a, struct rnd *r, struct choice *c)
{
	unsigned int n = rnd_chance(r, 60) ? 0 : rnd_below(r, NETS);
	unsigned int what = rnd_below(r, 100);
	char name[IFNAMSIZ];

	c->h = rnd_below(r, HOSTS);
	if (what < 40)
		container_mac(c->mac, rnd_below(r, n_containers));
	else if (what < 60)
		random_mac(c->mac, r);
	else
		memcpy(c->mac, (uint8_t []){ 2, 0x45, 0, 0, 0, rnd_below(r, 8) }, 6);
	c->s = seat(a, host_place(c->h));
	if (!c->s)
		return false;
	c->net = ifindex(c->s, net_name(name, n)) ?: 0x7fffffff;
	return true;
}

static void fdb_msg(struct msg *m, int cmd, const struct choice *c)
{
	genl_msg(m, cmd, 0);
	put_u32(m, CTNET_A_FDB_NET, c->net);
	if (cmd != CTNET_CMD_FDB_FLUSH)
		put(m, CTNET_A_FDB_MAC, c->mac, 6);
}

/* A port, a peer or, if they may, the host. */
static void put_where(struct msg *m, struct rnd *r, const struct choice *c,
		      bool host)
{
	unsigned int what = rnd_below(r, 100);
	char name[IFNAMSIZ];
	struct ip ip;

	if (what < 55) {
		/* one whose home that host is */
		unsigned int p = rnd_below(r, n_containers);

		p -= p % HOSTS;
		p = p + c->h < n_containers ? p + c->h : c->h;
		put_u32(m, CTNET_A_FDB_PORT,
			ifindex(c->s, port_name(name, p)) ?: 0x7fffffff);
	} else if (what < 85 || !host) {
		ip = underlay_ip(0, 1 + (c->h + 1 + rnd_below(r, 2)) % HOSTS,
				 rnd_chance(r, 80) ? AF_INET : AF_INET6);
		put(m, CTNET_A_FDB_PEER, &ip.v6, ip_len(&ip));
	} else {
		put(m, CTNET_A_FDB_SELF, NULL, 0);
	}
}

static int fdb_enter(struct actor *a, struct rnd *r, int cmd)
{
	unsigned int i, n = rnd_below(r, 4);
	struct choice c;
	struct msg m;
	struct ip ip;

	if (!choose(a, r, &c))
		return -ENOENT;
	fdb_msg(&m, cmd, &c);
	put_where(&m, r, &c, true);
	for (i = 0; i < n; i++) {
		/* each another one */
		ip = inner_ip(10 + 20 * i + rnd_below(r, 20),
			      rnd_chance(r, 50) ? AF_INET : AF_INET6);
		put(&m, CTNET_A_FDB_IP, &ip.v6, ip_len(&ip));
	}
	return talk(a, c.s->ge, &m);
}

static void fdb_add(struct actor *a, struct rnd *r)
{
	count(K_FDB_ADD, fdb_enter(a, r, CTNET_CMD_FDB_ADD), a->text);
}

static void fdb_set(struct actor *a, struct rnd *r)
{
	count(K_FDB_SET, fdb_enter(a, r, CTNET_CMD_FDB_SET), a->text);
}

static void fdb_del(struct actor *a, struct rnd *r)
{
	struct choice c;
	struct msg m;

	if (!choose(a, r, &c))
		return;
	fdb_msg(&m, CTNET_CMD_FDB_DEL, &c);
	count(K_FDB_DEL, talk(a, c.s->ge, &m), a->text);
}

static void fdb_get(struct actor *a, struct rnd *r)
{
	struct choice c;
	struct msg m;

	if (!choose(a, r, &c))
		return;
	fdb_msg(&m, CTNET_CMD_FDB_GET, &c);
	count(K_FDB_GET, talk(a, c.s->ge, &m), a->text);
}

static void fdb_flush(struct actor *a, struct rnd *r)
{
	unsigned int what = rnd_below(r, 100);
	long t = clock_ms();
	struct choice c;
	struct msg m;

	if (!choose(a, r, &c))
		return;
	fdb_msg(&m, CTNET_CMD_FDB_FLUSH, &c);
	if (what < 50)
		put(&m, CTNET_A_FDB_LEARNED, NULL, 0);
	if (what > 30 && what < 80)
		put_where(&m, r, &c, false);
	count_since(K_FDB_FLUSH, talk(a, c.s->ge, &m), a->text, t);
}

static int rtfdb_cmd(struct actor *a, struct rnd *r, int type)
{
	struct ndmsg n = {
		.ndm_family = AF_BRIDGE,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = NTF_SELF,
	};
	unsigned int what = rnd_below(r, 100);
	struct choice c;
	struct msg m;
	struct ip ip;

	if (!choose(a, r, &c))
		return -ENOENT;
	n.ndm_ifindex = c.net;
	msg_init(&m, type, type == RTM_NEWNEIGH ? NLM_F_CREATE |
		 (what & 1 ? NLM_F_REPLACE : NLM_F_EXCL) : 0, &n, sizeof(n));
	put(&m, NDA_LLADDR, c.mac, 6);
	if (type == RTM_NEWNEIGH && what < 60) {
		ip = underlay_ip(0, 1 + (c.h + 1) % HOSTS, AF_INET);
		put(&m, NDA_DST, &ip.v4, 4);
	}
	return talk(a, c.s->rt, &m);
}

static void rtfdb_add(struct actor *a, struct rnd *r)
{
	count(K_RTFDB_ADD, rtfdb_cmd(a, r, RTM_NEWNEIGH), a->text);
}

static void rtfdb_del(struct actor *a, struct rnd *r)
{
	count(K_RTFDB_DEL, rtfdb_cmd(a, r, RTM_DELNEIGH), a->text);
}

const struct card entry_cards[] = {
	{ K_FDB_ADD, 10, fdb_add },
	{ K_FDB_SET, 8, fdb_set },
	{ K_FDB_DEL, 8, fdb_del },
	{ K_FDB_GET, 4, fdb_get },
	{ K_FDB_FLUSH, 5, fdb_flush },
	{ K_RTFDB_ADD, 4, rtfdb_add },
	{ K_RTFDB_DEL, 3, rtfdb_del },
	{ .weight = 0 },
};
