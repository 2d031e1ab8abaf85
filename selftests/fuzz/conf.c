// SPDX-License-Identifier: GPL-2.0
/* Networks, ports, peers and entries of the topology. */
#include <errno.h>
#include <linux/ctnet.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "ctfuzz.h"

static void begin(struct nlbuf *b, u8 cmd)
{
	struct genlmsghdr g = { .cmd = cmd, .version = CTNET_GENL_VERSION };

	nl_begin(b, 0, 0, &g, sizeof(g));
}

static void check(int err, const char *what)
{
	if (err)
		die("topology: %s: %s", what, strerror(-err));
}

static void put_tunnel(struct nlbuf *b, const struct net_conf *n)
{
	u16 ttl = n->ttl, tos = n->tos, port = CTNET_DSTPORT_DEFAULT;
	u8 df = n->df, csum = n->csum;

	nl_put_u32(b, IFLA_CTNET_VNI, n->vni);
	if (n->local4)
		nl_put(b, IFLA_CTNET_LOCAL, &n->local4, 4);
	if (n->local6)
		nl_put(b, IFLA_CTNET_LOCAL6, n->local6, 16);
	nl_put(b, IFLA_CTNET_DSTPORT, &port, 2);
	nl_put_u32(b, IFLA_CTNET_UNDERLAY, n->underlay);
	if (n->ttl >= 0)
		nl_put(b, IFLA_CTNET_TTL, &ttl, 2);
	if (n->tos >= 0)
		nl_put(b, IFLA_CTNET_TOS, &tos, 2);
	if (n->df >= 0)
		nl_put(b, IFLA_CTNET_DF, &df, 1);
	if (n->csum >= 0)
		nl_put(b, IFLA_CTNET_UDP_CSUM, &csum, 1);
}

static u32 begin_net(struct nlbuf *b, u32 ifindex, u16 flags, u32 *data)
{
	struct ifinfomsg ifi = {
		.ifi_index = ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	u32 info;

	nl_begin(b, RTM_NEWLINK, flags, &ifi, sizeof(ifi));
	info = nl_nest(b, IFLA_LINKINFO);
	nl_put(b, IFLA_INFO_KIND, "ctnet", 6);
	*data = nl_nest(b, IFLA_INFO_DATA);
	return info;
}

/* A network, which is up: a new one, or one that gets these settings again. */
void conf_net(const struct net_conf *n, bool create)
{
	const u8 one = 1;
	char name[IFNAMSIZ];
	struct nlbuf b;
	u32 info, data;

	info = begin_net(&b, n->ifindex, create ? NLM_F_CREATE : 0, &data);
	if (n->vni)
		put_tunnel(&b, n);
	nl_put_u32(&b, IFLA_CTNET_MAX_FDB, n->max_fdb);
	nl_put_u32(&b, IFLA_CTNET_AGEING, n->ageing);
	nl_put(&b, IFLA_CTNET_MTU_AUTO, &one, 1);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	if (create) {
		snprintf(name, sizeof(name), "net%u", n->ifindex);
		nl_put(&b, IFLA_IFNAME, name, strlen(name) + 1);
	}
	if (n->mac)
		nl_put(&b, IFLA_ADDRESS, n->mac, 6);
	check(nl_talk(&b, false), "network");
}

void conf_net_flags(u32 net, u8 learning, u8 flood, u8 suppress)
{
	struct nlbuf b;
	u32 info, data;

	info = begin_net(&b, net, 0, &data);
	nl_put(&b, IFLA_CTNET_LEARNING, &learning, 1);
	nl_put(&b, IFLA_CTNET_FLOOD, &flood, 1);
	nl_put(&b, IFLA_CTNET_SUPPRESS, &suppress, 1);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	check(nl_talk(&b, false), "flags of a network");
}

static int put_port(u32 net, u32 dev, u32 flags, u8 cmd)
{
	struct nla_bitfield32 f = { .value = flags, .selector = CTNET_PORT_FLAGS_ALL };
	struct nlbuf b;

	begin(&b, cmd);
	nl_put_u32(&b, CTNET_A_PORT_NET, net);
	nl_put_u32(&b, CTNET_A_PORT_DEV, dev);
	nl_put(&b, CTNET_A_PORT_FLAGS, &f, sizeof(f));
	return nl_talk(&b, true);
}

/* A port with these flags, whatever the device was before. */
void conf_port(u32 net, u32 dev, u32 flags)
{
	if (!put_port(net, dev, flags, CTNET_CMD_PORT_SET))
		return;
	link_release(dev);
	check(put_port(net, dev, flags, CTNET_CMD_PORT_ADD), "port");
}

void conf_peer(u32 net, int family, const void *addr, u16 port)
{
	struct nlbuf b;
	int err;

	begin(&b, CTNET_CMD_PEER_ADD);
	nl_put_u32(&b, CTNET_A_PEER_NET, net);
	nl_put(&b, CTNET_A_PEER_ADDR, addr, family == AF_INET ? 4 : 16);
	if (port)
		nl_put(&b, CTNET_A_PEER_DSTPORT, &port, 2);
	err = nl_talk(&b, true);
	check(err == -EEXIST ? 0 : err, "peer");
}

static u8 linklocal[256][16];
static unsigned int n_linklocal;

static void found_peer(const struct nlmsghdr *nlh)
{
	const struct nlattr *a = (void *)((u8 *)NLMSG_DATA(nlh) + GENL_HDRLEN);
	const u8 *end = (const u8 *)nlh + nlh->nlmsg_len, *addr;

	for (; (const u8 *)a < end; a = (void *)((u8 *)a + NLA_ALIGN(a->nla_len))) {
		addr = (const u8 *)(a + 1);
		if (a->nla_type == CTNET_A_PEER_ADDR && a->nla_len == NLA_HDRLEN + 16 &&
		    addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80 &&
		    n_linklocal < ARRAY_SIZE(linklocal))
			memcpy(linklocal[n_linklocal++], addr, 16);
	}
}

void conf_no_linklocal_peers(u32 net)
{
	struct nlbuf b;
	unsigned int i;

	n_linklocal = 0;
	begin(&b, CTNET_CMD_PEER_GET);
	nl_put_u32(&b, CTNET_A_PEER_NET, net);
	nl_dump(&b, true, found_peer);
	for (i = 0; i < n_linklocal; i++) {
		begin(&b, CTNET_CMD_PEER_DEL);
		nl_put_u32(&b, CTNET_A_PEER_NET, net);
		nl_put(&b, CTNET_A_PEER_ADDR, linklocal[i], 16);
		check(nl_talk(&b, true), "link-local peer");
	}
}

/* At port @port, at peer @peer, or the host's if neither is given. */
void conf_fdb(u32 net, const u8 *mac, u32 port, const u8 *peer, u32 peerlen, const u32 *ip4,
	      const u8 *ip6)
{
	struct nlbuf b;

	begin(&b, CTNET_CMD_FDB_SET);
	nl_put_u32(&b, CTNET_A_FDB_NET, net);
	nl_put(&b, CTNET_A_FDB_MAC, mac, 6);
	if (port)
		nl_put_u32(&b, CTNET_A_FDB_PORT, port);
	else if (peer)
		nl_put(&b, CTNET_A_FDB_PEER, peer, peerlen);
	else
		nl_put(&b, CTNET_A_FDB_SELF, NULL, 0);
	if (ip4)
		nl_put(&b, CTNET_A_FDB_IP, ip4, 4);
	if (ip6)
		nl_put(&b, CTNET_A_FDB_IP, ip6, 16);
	check(nl_talk(&b, true), "entry");
}

void conf_flush(u32 net)
{
	struct nlbuf b;

	begin(&b, CTNET_CMD_FDB_FLUSH);
	nl_put_u32(&b, CTNET_A_FDB_NET, net);
	check(nl_talk(&b, true), "flush");
}
