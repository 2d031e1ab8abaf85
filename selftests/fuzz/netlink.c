// SPDX-License-Identifier: GPL-2.0
/*
 * The mode netlink: sequences of messages to a namespace with a few devices, of which
 * some have addresses that tunnels may be from. Interface indexes are chosen, so that a
 * message that is kept means the same when it is sent again.
 */
#include <arpa/inet.h>
#include <linux/ctnet.h>
#include <string.h>
#include <sys/socket.h>

#include "ctfuzz.h"

#define MESSAGES_MAX 5

static const u32 nets[] = { 100, 101, 102, 103 };
static const u32 devs[] = { 20, 21, 22, 23, 24, 25 };

static void build(void)
{
	u32 a = topo_ul4(0);
	struct net_conf n = {
		.ifindex = nets[0],
		.vni = 100,
		.max_fdb = 64,
		.ageing = 1,
		.local4 = a,
		.ttl = -1,
		.tos = -1,
		.df = -1,
		.csum = -1,
	};
	u8 b[16];

	topo_ul6(0, b);
	n.local6 = b;
	link_set(1, true, 0, 0, NULL);
	link_add(20, "d0", "dummy", NULL);
	link_add(21, "d1", "dummy", NULL);
	link_add(22, "vrf", "dummy", NULL);
	link_add_veth(24, "v", NULL, 25, -1);
	link_set(20, true, 0, 0, NULL);
	link_set(21, true, 0, 0, NULL);
	link_addr(20, AF_INET, &a, 24);
	link_addr(20, AF_INET6, b, 64);
	conf_net(&n, true);
	n.ifindex = nets[1];
	n.vni = 0;
	conf_net(&n, true);
	conf_port(nets[0], 21, CTNET_PORT_FLAGS_DEFAULT);
	a = topo_ul4(1);
	conf_peer(nets[0], AF_INET, &a, 0);
	topo_ul6(1, b);
	conf_peer(nets[0], AF_INET6, b, 0);
	conf_fdb(nets[0], topo_mac[WHO_GUARD], 21, NULL, 0, &a, NULL);
}

static void remove_link(u32 ifindex)
{
	link_del(ifindex);
}

static void tidy(void)
{
	nl_each_link(remove_link);
	build();
	nl_drain_events();
}

static void setup(void)
{
	sysctl_set("net/ipv6/conf/default/accept_dad", "0");
	nlval_pools(nets, ARRAY_SIZE(nets), devs, ARRAY_SIZE(devs));
	build();
}

static void one(struct rec *r)
{
	if (chance(65))
		nlgen_message(r);
	else
		rtgen_message(r);
	nlmut_tame(r);
}

static void generate(struct fcase *c)
{
	c->n = 0;
	do
		one(&c->rec[c->n++]);
	while (c->n < MESSAGES_MAX && chance(50));
}

static void mutate(struct fcase *c)
{
	unsigned int n;
	struct rec *r;

	if (chance(30) && c->n < MESSAGES_MAX)
		mutate_sequence(c);
	if (c->n < MESSAGES_MAX && chance(15))
		one(&c->rec[c->n++]);
	r = &c->rec[rnd(c->n)];
	for (n = 1 + rnd(3); n; n--)
		nlmut_message(r);
	nlmut_tame(r);
}

const struct mode mode_netlink = {
	.name		= "netlink",
	.setup		= setup,
	.generate	= generate,
	.mutate		= mutate,
	.tidy		= tidy,
	.tidy_every	= 512,
};
