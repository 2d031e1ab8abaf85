// SPDX-License-Identifier: GPL-2.0
/* Containers, and their ports. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ctnet.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "churn.h"

/* Mostly the first network, which has most of the traffic. */
static unsigned int some_net(struct rnd *r)
{
	return rnd_chance(r, 60) ? 0 : rnd_below(r, NETS);
}

static uint32_t some_flags(struct rnd *r)
{
	return rnd_chance(r, 60) ? CTNET_PORT_FLAGS_DEFAULT :
				   rnd_below(r, CTNET_PORT_FLAGS_ALL + 1);
}

int port_attach(struct actor *a, unsigned int h, unsigned int n, const char *dev)
{
	struct seat *s = seat(a, host_place(h));
	char name[IFNAMSIZ];
	struct msg m;

	if (!s)
		return -ENODEV;
	genl_msg(&m, CTNET_CMD_PORT_ADD, 0);
	put_u32(&m, CTNET_A_PORT_NET, ifindex(s, net_name(name, n)) ?: 0x7fffffff);
	put_u32(&m, CTNET_A_PORT_DEV, ifindex(s, dev) ?: 0x7fffffff);
	return talk(a, s->ge, &m);
}

/* The near end in the host, the far end in the container's namespace. */
static int make_pair(struct actor *a, unsigned int c)
{
	struct seat *s = seat(a, host_place(home_of(c)));
	struct ifinfomsg i = {};
	char name[IFNAMSIZ];
	size_t at[3], head;
	unsigned int gen;
	uint8_t mac[6];
	struct msg m;
	int fd, err;

	if (!s)
		return -ENODEV;
	fd = place_dup(container_place(c), &gen);
	if (fd < 0)
		return -ENOENT;
	container_mac(mac, c);
	link_msg(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, port_name(name, c),
		 IFF_UP, IFF_UP);
	at[0] = nest(&m, IFLA_LINKINFO);
	put_str(&m, IFLA_INFO_KIND, "veth");
	at[1] = nest(&m, IFLA_INFO_DATA);
	at[2] = nest(&m, VETH_INFO_PEER);
	/* a header of its own, and then attributes */
	head = m.h.nlmsg_len;
	memcpy(m.buf + head, &i, sizeof(i));
	m.h.nlmsg_len += sizeof(i);
	put_str(&m, IFLA_IFNAME, "eth0");
	put(&m, IFLA_ADDRESS, mac, 6);
	put_u32(&m, IFLA_NET_NS_FD, fd);
	nest_end(&m, at[2]);
	nest_end(&m, at[1]);
	nest_end(&m, at[0]);
	err = talk(a, s->rt, &m);
	close(fd);
	return err;
}

static int far_addrs(struct actor *a, struct seat *s, unsigned int c, int type)
{
	struct ip v4 = inner_ip(10 + c, AF_INET), v6 = inner_ip(10 + c, AF_INET6);
	int err;

	err = addr_change(a, s, type, "eth0", AF_INET, &v4.v4, 24);
	if (!err || err == -EEXIST)
		err = addr_change(a, s, type, "eth0", AF_INET6, &v6.v6, 64);
	return err;
}

/* Makes and attaches it, on network @n. */
static int port_make(struct actor *a, unsigned int c, unsigned int n)
{
	struct seat *s;
	char name[IFNAMSIZ];
	int err;

	err = make_pair(a, c);
	if (err)
		return err;
	s = seat(a, container_place(c));
	if (s) {
		link_updown(a, s, "eth0", true);
		far_addrs(a, s, c, RTM_NEWADDR);
	}
	port_attach(a, home_of(c), n, port_name(name, c));
	return 0;
}

void furnish_container(struct actor *a, unsigned int c)
{
	char name[IFNAMSIZ];

	if (!place_gen(container_place(c)))
		place_new(container_place(c));
	if (port_make(a, c, 0))
		port_attach(a, home_of(c), 0, port_name(name, c));
}

static void container(struct actor *a, struct rnd *r)
{
	unsigned int c = rnd_below(r, n_containers);
	int place = container_place(c), err;
	char name[IFNAMSIZ];
	long t = clock_ms();
	struct seat *s;

	place_end(place);
	seats_sweep(a);
	err = place_new(place);
	count_since(K_CONTAINER, err, NULL, t);
	/* the far end goes with its namespace, in its own time; or the near end first */
	s = seat(a, host_place(home_of(c)));
	if (s && rnd_chance(r, 50))
		link_by_name(a, s, RTM_DELLINK, port_name(name, c));
	if (rnd_chance(r, 70))
		port_make(a, c, some_net(r));
}

static void port_new(struct actor *a, struct rnd *r)
{
	unsigned int c = rnd_below(r, n_containers);
	long t = clock_ms();
	int err = port_make(a, c, some_net(r));

	count_since(K_PORT_NEW, err, a->text, t);
}

/* The host's end of a random container's port; @s: NULL if the host is away. */
static struct seat *some_port(struct actor *a, struct rnd *r, char *name,
			      unsigned int *h)
{
	unsigned int c = rnd_below(r, n_containers);

	*h = home_of(c);
	port_name(name, c);
	return seat(a, host_place(*h));
}

static void near_del(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	long t = clock_ms();
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);

	if (s)
		count_since(K_PORT_NEAR_DEL, link_by_name(a, s, RTM_DELLINK, name),
			    a->text, t);
}

static struct seat *some_container(struct actor *a, struct rnd *r, unsigned int *c)
{
	*c = rnd_below(r, n_containers);
	return seat(a, container_place(*c));
}

static void far_del(struct actor *a, struct rnd *r)
{
	long t = clock_ms();
	unsigned int c;
	struct seat *s = some_container(a, r, &c);

	if (s)
		count_since(K_PORT_FAR_DEL,
			    link_by_name(a, s, RTM_DELLINK, "eth0"), a->text, t);
}

static void port_add(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ], net[IFNAMSIZ];
	unsigned int h, n = some_net(r);
	struct seat *s = some_port(a, r, name, &h);
	struct nla_bitfield32 f = {
		.value = some_flags(r),
		.selector = CTNET_PORT_FLAGS_ALL,
	};
	struct msg m;

	if (!s)
		return;
	genl_msg(&m, CTNET_CMD_PORT_ADD, 0);
	put_u32(&m, CTNET_A_PORT_NET, ifindex(s, net_name(net, n)) ?: 0x7fffffff);
	put_u32(&m, CTNET_A_PORT_DEV, ifindex(s, name) ?: 0x7fffffff);
	put(&m, CTNET_A_PORT_FLAGS, &f, sizeof(f));
	count(K_PORT_ADD, talk(a, s->ge, &m), a->text);
}

/* A command about a port that is there: found by trying the networks. */
static int port_cmd(struct actor *a, struct seat *s, const char *name, int cmd,
		    const struct nla_bitfield32 *flags)
{
	int err = -ENODEV;
	unsigned int n;

	for (n = 0; n < NETS; n++) {
		unsigned int net, dev = ifindex(s, name);
		char buf[IFNAMSIZ];
		struct msg m;

		net = ifindex(s, net_name(buf, n));
		if (!net || !dev)
			continue;
		genl_msg(&m, cmd, 0);
		put_u32(&m, CTNET_A_PORT_NET, net);
		put_u32(&m, CTNET_A_PORT_DEV, dev);
		if (flags)
			put(&m, CTNET_A_PORT_FLAGS, flags, sizeof(*flags));
		err = talk(a, s->ge, &m);
		if (err != -ENOENT)
			break;
	}
	return err;
}

static void port_del(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	long t = clock_ms();
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);

	if (s)
		count_since(K_PORT_DEL,
			    port_cmd(a, s, name, CTNET_CMD_PORT_DEL, NULL),
			    a->text, t);
}

static void port_flags(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);
	struct nla_bitfield32 f = {
		.value = some_flags(r),
		.selector = CTNET_PORT_FLAGS_ALL,
	};

	if (s)
		count(K_PORT_FLAGS,
		      port_cmd(a, s, name, CTNET_CMD_PORT_SET, &f), a->text);
}

static void port_master(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ], net[IFNAMSIZ];
	unsigned int h, n = some_net(r), master;
	struct seat *s = some_port(a, r, name, &h);

	if (!s)
		return;
	master = ifindex(s, net_name(net, n));
	/* the core says EINVAL where the master has just gone */
	count(K_PORT_MASTER, master ? link_set_u32(a, s, name, IFLA_MASTER, master) :
				      -ENODEV, "no master");
}

static void port_nomaster(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);

	if (s)
		count(K_PORT_NOMASTER, link_set_u32(a, s, name, IFLA_MASTER, 0),
		      a->text);
}

static void port_up(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);

	if (s)
		count(K_PORT_UP, link_updown(a, s, name, true), a->text);
}

static void port_down(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);

	if (!s)
		return;
	count(K_PORT_DOWN, link_updown(a, s, name, false), a->text);
	if (rnd_chance(r, 70))
		link_updown(a, s, name, true);
}

static void port_mtu(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);

	if (s)
		count(K_PORT_MTU, link_set_u32(a, s, name, IFLA_MTU,
					       1280 + rnd_below(r, 400)), a->text);
}

static void port_rename(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);
	int err;

	if (!s)
		return;
	link_updown(a, s, name, false);
	err = link_rename(a, s, name, "px");
	count(K_PORT_RENAME, err, a->text);
	if (!err && link_rename(a, s, "px", name))
		link_by_name(a, s, RTM_DELLINK, "px");
	link_updown(a, s, name, true);
}

/* To another host's namespace, and there it is deleted. */
static void port_move(struct actor *a, struct rnd *r)
{
	char name[IFNAMSIZ];
	unsigned int h, gen;
	struct seat *s = some_port(a, r, name, &h);
	int fd, err;

	if (!s)
		return;
	fd = place_dup(host_place((h + 1) % HOSTS), &gen);
	if (fd < 0)
		return;
	err = link_set_u32(a, s, name, IFLA_NET_NS_FD, fd);
	close(fd);
	count(K_PORT_MOVE, err, a->text);
	s = seat(a, host_place((h + 1) % HOSTS));
	if (!err && s)
		link_by_name(a, s, RTM_DELLINK, name);
}

/* A queue at the near end, or none: where there is one frames go through it. */
static void port_qdisc(struct actor *a, struct rnd *r)
{
	bool add = rnd_chance(r, 50);
	char name[IFNAMSIZ];
	unsigned int h;
	struct seat *s = some_port(a, r, name, &h);
	struct tcmsg t = { .tcm_parent = TC_H_ROOT };
	struct msg m;

	if (!s)
		return;
	t.tcm_ifindex = ifindex(s, name);
	if (!t.tcm_ifindex)
		return;
	msg_init(&m, add ? RTM_NEWQDISC : RTM_DELQDISC,
		 add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &t, sizeof(t));
	if (add)
		put_str(&m, TCA_KIND, "pfifo");
	count(K_PORT_QDISC, talk(a, s->rt, &m), a->text);
}

static void far_up(struct actor *a, struct rnd *r)
{
	unsigned int c;
	struct seat *s = some_container(a, r, &c);

	if (s)
		count(K_FAR_UP, link_updown(a, s, "eth0", true), a->text);
}

static void far_down(struct actor *a, struct rnd *r)
{
	unsigned int c;
	struct seat *s = some_container(a, r, &c);

	if (!s)
		return;
	count(K_FAR_DOWN, link_updown(a, s, "eth0", false), a->text);
	if (rnd_chance(r, 70)) {
		link_updown(a, s, "eth0", true);
		far_addrs(a, s, c, RTM_NEWADDR);
	}
}

static void far_gro(struct actor *a, struct rnd *r)
{
	struct ethtool_value v = { .cmd = ETHTOOL_SGRO, .data = rnd_below(r, 2) };
	struct ifreq i = { .ifr_name = "eth0", .ifr_data = (void *)&v };
	unsigned int c;
	struct seat *s = some_container(a, r, &c);

	if (s)
		count(K_FAR_GRO, ioctl(s->ud, SIOCETHTOOL, &i) ? -errno : 0, NULL);
}

static void far_addr(struct actor *a, struct rnd *r)
{
	unsigned int c;
	struct seat *s = some_container(a, r, &c);

	if (s)
		count(K_FAR_ADDR, far_addrs(a, s, c, rnd_chance(r, 70) ?
					    RTM_NEWADDR : RTM_DELADDR), a->text);
}

/* ------------------------------------------------------------------ tap */

/*
 * A port that is no veth, and that goes when its descriptor is closed. One is enough for
 * all threads: who finds another at it does nothing.
 */
static pthread_mutex_t tap_lock = PTHREAD_MUTEX_INITIALIZER;
static int tap = -1;
static unsigned int tap_host, tap_gen;

void tap_close(void)
{
	if (tap >= 0)
		close(tap);
	tap = -1;
}

static void tap_frames(struct rnd *r)
{
	static const uint8_t mac[6] = { 2, 0x44, 0, 0, 0, 1 };
	uint8_t f[FRAME_MAX];
	unsigned int i;

	for (i = 0; i < 32; i++) {
		size_t len = frame_any(f, r, mac);
		int err = write(tap, f, len) < 0 ? -errno : 0;

		/* EIO: it is down */
		count(K_TAP_FRAME, err == -EIO ? -ENETDOWN : err, "no frame");
		while (read(tap, f, sizeof(f)) > 0)
			;
	}
}

static void tap_open(struct actor *a, struct rnd *r)
{
	struct ifreq i = { .ifr_name = "tap", .ifr_flags = IFF_TAP | IFF_NO_PI };
	long t = clock_ms();
	struct seat *s;
	int err;

	tap_host = rnd_below(r, HOSTS);
	if (place_enter(host_place(tap_host), &tap_gen))
		return;
	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	err = tap < 0 || ioctl(tap, TUNSETIFF, &i) ? -errno : 0;
	go_home();
	count_since(K_TAP, err, NULL, t);
	if (err) {
		tap_close();
		return;
	}
	s = seat(a, host_place(tap_host));
	if (s)
		link_updown(a, s, "tap", true);
	port_attach(a, tap_host, some_net(r), "tap");
}

static void tap_step(struct actor *a, struct rnd *r)
{
	if (pthread_mutex_trylock(&tap_lock))
		return;
	/* it keeps its namespace */
	if (tap >= 0 && (place_gen(host_place(tap_host)) != tap_gen ||
			 rnd_chance(r, 30)))
		tap_close();
	if (tap < 0)
		tap_open(a, r);
	if (tap >= 0)
		tap_frames(r);
	pthread_mutex_unlock(&tap_lock);
}

const struct card port_cards[] = {
	{ K_CONTAINER, 2, container },
	{ K_PORT_NEW, 6, port_new },
	{ K_PORT_NEAR_DEL, 2, near_del },
	{ K_PORT_FAR_DEL, 1, far_del },
	{ K_PORT_ADD, 10, port_add },
	{ K_PORT_DEL, 5, port_del },
	{ K_PORT_MASTER, 6, port_master },
	{ K_PORT_NOMASTER, 4, port_nomaster },
	{ K_PORT_FLAGS, 6, port_flags },
	{ K_PORT_UP, 4, port_up },
	{ K_PORT_DOWN, 3, port_down },
	{ K_PORT_MTU, 3, port_mtu },
	{ K_PORT_RENAME, 1, port_rename },
	{ K_PORT_MOVE, 1, port_move },
	{ K_PORT_QDISC, 4, port_qdisc },
	{ K_FAR_UP, 3, far_up },
	{ K_FAR_DOWN, 2, far_down },
	{ K_FAR_GRO, 2, far_gro },
	{ K_FAR_ADDR, 3, far_addr },
	{ K_TAP, 4, tap_step },
	{ .weight = 0 },
};
