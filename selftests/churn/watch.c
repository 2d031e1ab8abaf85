// SPDX-License-Identifier: GPL-2.0
/* Who looks on: dumps, listeners, packet sockets, tracepoints, counters. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ctnet.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "churn.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

/* Sockets of one sort that a thread has open for a while. */
#define WATCHERS	3

struct watcher {
	int		fd;	/* where gen is not 0 */
	int		place;
	unsigned int	gen;
	enum kind	got;	/* counts what is received */
};

static __thread struct watcher watchers[2 * WATCHERS];

static void watcher_close(struct watcher *w)
{
	if (w->gen)
		close(w->fd);
	w->gen = 0;
}

void watch_close(void)
{
	unsigned int i;

	for (i = 0; i < 2 * WATCHERS; i++)
		watcher_close(&watchers[i]);
}

/* Reads what has come, and lets go of namespaces that are to go. */
static void watchers_read(void)
{
	char buf[8192];
	unsigned int i, n;

	for (i = 0; i < 2 * WATCHERS; i++) {
		struct watcher *w = &watchers[i];

		if (w->gen && w->gen != place_gen(w->place))
			watcher_close(w);
		if (!w->gen)
			continue;
		for (n = 0; n < 256; n++) {
			/* ENOBUFS is for a listener that is too slow, as some are to be */
			if (recv(w->fd, buf, sizeof(buf), MSG_DONTWAIT) < 0 &&
			    errno != ENOBUFS)
				break;
			count(w->got, 0, NULL);
		}
	}
}

/* Replaces the next of a sort. */
static struct watcher *next_watcher(unsigned int first, int place)
{
	static __thread unsigned int turn;
	struct watcher *w = &watchers[first + turn++ % WATCHERS];

	watcher_close(w);
	w->place = place;
	return w;
}

static void open_listener(struct actor *a, struct rnd *r)
{
	struct watcher *w = next_watcher(0, host_place(rnd_below(r, HOSTS)));
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = genl_group(), size = 4096, err;
	unsigned int gen;

	(void)a;
	watchers_read();
	if (!group || place_enter(w->place, &gen))
		return;
	w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	go_home();
	if (rnd_chance(r, 30))
		setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* a socket without a number is taken for the kernel's own, which hears nothing */
	err = bind(w->fd, (struct sockaddr *)&any, sizeof(any)) ||
	      setsockopt(w->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			 sizeof(group)) ? -errno : 0;
	/* a group that is no more: the module went meanwhile */
	count(K_LISTEN, err, "no such group");
	w->got = K_EVENT;
	w->gen = gen;
}

static int open_sniffer(struct actor *a, int place, const char *dev, bool promisc)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	struct packet_mreq mr = { .mr_type = PACKET_MR_PROMISC };
	struct watcher *w = next_watcher(WATCHERS, place);
	struct seat *s = seat(a, place);
	unsigned int gen;

	if (!s)
		return -ENOENT;
	ll.sll_ifindex = ifindex(s, dev);
	if (!ll.sll_ifindex)
		return -ENODEV;
	if (place_enter(place, &gen))
		return -ENOENT;
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	go_home();
	w->got = K_SNIFFED;
	w->gen = gen;
	if (bind(w->fd, (struct sockaddr *)&ll, sizeof(ll)))
		return -errno;
	mr.mr_ifindex = ll.sll_ifindex;
	if (promisc && setsockopt(w->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr,
				  sizeof(mr)))
		return -errno;
	return 0;
}

static void sniff_port(struct actor *a, struct rnd *r)
{
	unsigned int c = rnd_below(r, n_containers);
	char name[IFNAMSIZ];

	watchers_read();
	count(K_SNIFF_PORT, open_sniffer(a, host_place(home_of(c)),
					 port_name(name, c), false), NULL);
}

static void sniff_net(struct actor *a, struct rnd *r)
{
	int place = host_place(rnd_below(r, HOSTS));
	char name[IFNAMSIZ];

	watchers_read();
	count(K_SNIFF_NET, open_sniffer(a, place,
					net_name(name, rnd_below(r, NETS)), true),
	      NULL);
}

/* ---------------------------------------------------------------- dumps */

static void dump_objects(struct actor *a, struct rnd *r, enum kind k, int cmd,
			 int attr)
{
	struct seat *s = seat(a, host_place(rnd_below(r, HOSTS)));
	unsigned int net;
	char name[IFNAMSIZ];
	long t = clock_ms();
	struct msg m;
	int err;

	watchers_read();
	if (!s || pause_dumps)
		return;
	genl_msg(&m, cmd, NLM_F_DUMP);
	net = ifindex(s, net_name(name, rnd_below(r, NETS)));
	if (attr && net && rnd_chance(r, 30))
		put_u32(&m, attr, net);
	err = dump(a, s->ge, &m);
	count_since(k, err, a->text, t);
}

static void dump_nets(struct actor *a, struct rnd *r)
{
	dump_objects(a, r, K_DUMP_NETS, CTNET_CMD_NET_GET, CTNET_A_NET_IFINDEX);
}

static void dump_ports(struct actor *a, struct rnd *r)
{
	dump_objects(a, r, K_DUMP_PORTS, CTNET_CMD_PORT_GET, CTNET_A_PORT_NET);
}

static void dump_peers(struct actor *a, struct rnd *r)
{
	dump_objects(a, r, K_DUMP_PEERS, CTNET_CMD_PEER_GET, CTNET_A_PEER_NET);
}

static void dump_fdb(struct actor *a, struct rnd *r)
{
	dump_objects(a, r, K_DUMP_FDB, CTNET_CMD_FDB_GET, CTNET_A_FDB_NET);
}

static void dump_vteps(struct actor *a, struct rnd *r)
{
	dump_objects(a, r, K_DUMP_VTEPS, CTNET_CMD_VTEP_GET, 0);
}

/* A dump that is begun, and whose socket is closed in the middle of it. */
static void dump_given_up(struct actor *a, struct rnd *r)
{
	unsigned int gen;
	char buf[1024];
	struct msg m;
	int fd;

	(void)a;
	if (pause_dumps || place_enter(host_place(rnd_below(r, HOSTS)), &gen))
		return;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	go_home();
	genl_msg(&m, CTNET_CMD_FDB_GET, NLM_F_DUMP);
	count(K_DUMP_GIVEN_UP, send(fd, &m, m.h.nlmsg_len, 0) < 0 ||
	      recv(fd, buf, sizeof(buf), MSG_DONTWAIT) < 0 ? -errno : 0, NULL);
	close(fd);
}

static void dump_links(struct actor *a, struct rnd *r)
{
	struct seat *s = seat(a, host_place(rnd_below(r, HOSTS)));
	struct ifinfomsg i = {};
	long t = clock_ms();
	struct msg m;
	int err;

	if (!s)
		return;
	msg_init(&m, RTM_GETLINK, NLM_F_DUMP, &i, sizeof(i));
	err = dump(a, s->rt, &m);
	count_since(K_DUMP_LINKS, err, a->text, t);
}

static void dump_rtfdb(struct actor *a, struct rnd *r)
{
	struct seat *s = seat(a, host_place(rnd_below(r, HOSTS)));
	struct ndmsg n = { .ndm_family = AF_BRIDGE };
	long t = clock_ms();
	struct msg m;
	int err;

	if (!s)
		return;
	msg_init(&m, RTM_GETNEIGH, NLM_F_DUMP, &n, sizeof(n));
	err = dump(a, s->rt, &m);
	count_since(K_DUMP_RTFDB, err, a->text, t);
}

static void ethtool(struct actor *a, struct rnd *r)
{
	struct seat *s = seat(a, host_place(rnd_below(r, HOSTS)));
	union {
		struct ethtool_stats s;
		char room[8192];
	} stats = { .s = { .cmd = ETHTOOL_GSTATS } };
	struct ifreq i = { .ifr_data = (void *)&stats };

	net_name(i.ifr_name, rnd_below(r, NETS));
	if (s)
		count(K_ETHTOOL, ioctl(s->ud, SIOCETHTOOL, &i) ? -errno : 0, NULL);
}

static void trace(struct actor *a, struct rnd *r)
{
	int fd = open("/sys/kernel/tracing/events/ctnet/enable",
		      O_WRONLY | O_CLOEXEC);

	(void)a;
	if (unpatched) {
		close(fd);
		return;
	}
	/* it is where the module is */
	if (fd < 0) {
		count(K_TRACE, -errno, NULL);
		return;
	}
	count(K_TRACE, write(fd, rnd_chance(r, 40) ? "1" : "0", 1) < 0 ? -errno : 0,
	      NULL);
	close(fd);
}

const struct card watch_cards[] = {
	{ K_DUMP_NETS, 3, dump_nets },
	{ K_DUMP_PORTS, 3, dump_ports },
	{ K_DUMP_PEERS, 3, dump_peers },
	{ K_DUMP_FDB, 4, dump_fdb },
	{ K_DUMP_VTEPS, 2, dump_vteps },
	{ K_DUMP_GIVEN_UP, 2, dump_given_up },
	{ K_DUMP_LINKS, 2, dump_links },
	{ K_DUMP_RTFDB, 2, dump_rtfdb },
	{ K_ETHTOOL, 2, ethtool },
	{ K_LISTEN, 4, open_listener },
	{ K_SNIFF_PORT, 4, sniff_port },
	{ K_SNIFF_NET, 2, sniff_net },
	{ K_TRACE, 1, trace },
	{ .weight = 0 },
};
