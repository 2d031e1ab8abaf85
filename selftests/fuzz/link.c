// SPDX-License-Identifier: GPL-2.0
/* Devices, addresses, neighbours and namespaces of the topology. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctfuzz.h"

static void must(struct nlbuf *b, const char *what, u32 ifindex)
{
	int err = nl_talk(b, false);

	if (err)
		die("topology: %s, device %u: %s", what, ifindex, strerror(-err));
}

static void begin(struct nlbuf *b, u16 type, u16 flags, u32 ifindex, u32 up)
{
	struct ifinfomsg ifi = { .ifi_index = ifindex, .ifi_flags = up, .ifi_change = up };

	nl_begin(b, type, flags, &ifi, sizeof(ifi));
}

void link_add(u32 ifindex, const char *name, const char *kind, const u8 *mac)
{
	struct nlbuf b;
	u32 info;

	begin(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifindex, 0);
	nl_put(&b, IFLA_IFNAME, name, strlen(name) + 1);
	if (mac)
		nl_put(&b, IFLA_ADDRESS, mac, 6);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put(&b, IFLA_INFO_KIND, kind, strlen(kind) + 1);
	nl_nest_end(&b, info);
	must(&b, kind, ifindex);
}

/* The far end has the same name, in another namespace if @ns is not -1. */
void link_add_veth(u32 ifindex, const char *name, const u8 *mac, u32 far, int ns)
{
	struct ifinfomsg peer = { .ifi_index = far };
	u32 info, data, nest;
	char far_name[IFNAMSIZ];
	struct nlbuf b;

	snprintf(far_name, sizeof(far_name), "%sf", name);
	begin(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifindex, 0);
	nl_put(&b, IFLA_IFNAME, name, strlen(name) + 1);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put(&b, IFLA_INFO_KIND, "veth", 5);
	data = nl_nest(&b, IFLA_INFO_DATA);
	nest = nl_nest(&b, VETH_INFO_PEER);
	memcpy(b.data + b.len, &peer, sizeof(peer));
	b.len += sizeof(peer);
	nl_put(&b, IFLA_IFNAME, far_name, strlen(far_name) + 1);
	if (mac)
		nl_put(&b, IFLA_ADDRESS, mac, 6);
	if (ns >= 0)
		nl_put_u32(&b, IFLA_NET_NS_FD, ns);
	nl_nest_end(&b, nest);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	must(&b, "veth", ifindex);
}

int link_del(u32 ifindex)
{
	struct nlbuf b;

	begin(&b, RTM_DELLINK, 0, ifindex, 0);
	return nl_talk(&b, false);
}

/* It is nobody's port any more. */
void link_release(u32 ifindex)
{
	struct nlbuf b;

	begin(&b, RTM_SETLINK, 0, ifindex, 0);
	nl_put_u32(&b, IFLA_MASTER, 0);
	must(&b, "nomaster", ifindex);
}

/* What is 0, or NULL, stays. */
void link_set(u32 ifindex, bool up, u32 mtu, u32 txqlen, const u8 *mac)
{
	struct nlbuf b;

	begin(&b, RTM_NEWLINK, 0, ifindex, up ? IFF_UP : 0);
	if (mtu)
		nl_put_u32(&b, IFLA_MTU, mtu);
	if (txqlen)
		nl_put_u32(&b, IFLA_TXQLEN, txqlen);
	if (mac)
		nl_put(&b, IFLA_ADDRESS, mac, 6);
	must(&b, "link set", ifindex);
}

void link_addr(u32 ifindex, int family, const void *addr, u8 plen)
{
	struct ifaddrmsg ifa = {
		.ifa_family = family,
		.ifa_prefixlen = plen,
		.ifa_index = ifindex,
		.ifa_flags = IFA_F_NODAD,
	};
	u32 len = family == AF_INET ? 4 : 16;
	struct nlbuf b;
	int err;

	nl_begin(&b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &ifa, sizeof(ifa));
	nl_put(&b, IFA_LOCAL, addr, len);
	nl_put(&b, IFA_ADDRESS, addr, len);
	err = nl_talk(&b, false);
	if (err && err != -EEXIST)
		die("topology: address of device %u: %s", ifindex, strerror(-err));
}

void link_neigh(u32 ifindex, int family, const void *addr, const u8 *mac)
{
	struct ndmsg nd = {
		.ndm_family = family,
		.ndm_ifindex = ifindex,
		.ndm_state = NUD_PERMANENT,
	};
	struct nlbuf b;

	nl_begin(&b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &nd, sizeof(nd));
	nl_put(&b, NDA_DST, addr, family == AF_INET ? 4 : 16);
	nl_put(&b, NDA_LLADDR, mac, 6);
	must(&b, "neighbour", ifindex);
}

void sysctl_set(const char *path, const char *value)
{
	char full[256];
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	fd = open(full, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("%s: %m", full);
	close(fd);
}

/* A new namespace, as a descriptor; this process stays where it is. */
int ns_new(void)
{
	int mine = open("/proc/self/ns/net", O_RDONLY), ns;

	if (mine < 0 || unshare(CLONE_NEWNET))
		die("a namespace: %m");
	ns = open("/proc/self/ns/net", O_RDONLY);
	if (ns < 0 || setns(mine, CLONE_NEWNET))
		die("a namespace: %m");
	close(mine);
	return ns;
}
