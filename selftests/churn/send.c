// SPDX-License-Identifier: GPL-2.0
/* Traffic, from within containers and hosts. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ctnet.h>
#include <linux/if_packet.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "churn.h"

#ifndef SOL_UDP
#define SOL_UDP		17
#endif

#define PORT	7000
#define BURST	16
#define STRANGER	66

/* A thread's sockets in a place. */
struct station {
	unsigned int	gen;	/* 0: none */
	int		udp[2];	/* IPv4, IPv6 */
	int		raw;
	int		odd[2];	/* of a host: from the stranger's address */
	int		icmp;
};

struct sender {
	struct station	station[PLACES];
	struct tcp	*tcp;
	struct rnd	*r;
	int		place;
	unsigned int	c;	/* the container, in one */
	struct station	*st;
};

static char payload[65536];

union addr {
	struct sockaddr		sa;
	struct sockaddr_in	v4;
	struct sockaddr_in6	v6;
};

static socklen_t make_addr(union addr *to, const struct ip *ip, unsigned int port)
{
	memset(to, 0, sizeof(*to));
	to->sa.sa_family = ip->family;
	if (ip->family == AF_INET) {
		to->v4.sin_port = htons(port);
		to->v4.sin_addr = ip->v4;
		return sizeof(to->v4);
	}
	to->v6.sin6_port = htons(port);
	to->v6.sin6_addr = ip->v6;
	return sizeof(to->v6);
}

/* ------------------------------------------------------------- stations */

static int udp_socket(const struct ip *ip, unsigned int port)
{
	int fd = socket(ip->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;
	union addr at;
	socklen_t len = make_addr(&at, ip, port);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	setsockopt(fd, SOL_IP, IP_FREEBIND, &one, sizeof(one));
	if (ip->family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	(void)!bind(fd, &at.sa, len);
	return fd;
}

static void station_close(struct station *st)
{
	if (!st->gen)
		return;
	close(st->udp[0]);
	close(st->udp[1]);
	close(st->raw);
	if (st->icmp >= 0) {
		close(st->odd[0]);
		close(st->odd[1]);
		close(st->icmp);
	}
	st->gen = 0;
}

static bool station_open(struct sender *s)
{
	struct ip any[2] = { { .family = AF_INET }, { .family = AF_INET6 } };
	struct station *st = s->st;
	int one = 1, i;
	unsigned int gen;

	if (st->gen)
		return true;
	if (place_enter(s->place, &gen))
		return false;
	for (i = 0; i < 2; i++)
		st->udp[i] = udp_socket(&any[i], PORT);
	/* that protocol receives nothing */
	st->raw = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(st->raw, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one));
	st->icmp = -1;
	if (s->place < HOSTS) {
		for (i = 0; i < 2; i++) {
			struct ip ip = underlay_ip(0, STRANGER, any[i].family);

			st->odd[i] = udp_socket(&ip, 0);
		}
		st->icmp = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
				  IPPROTO_ICMP);
	}
	go_home();
	st->gen = gen;
	return true;
}

static void sweep(struct sender *s)
{
	unsigned int p;

	for (p = 0; p < PLACES; p++)
		if (s->station[p].gen && s->station[p].gen != place_gen(p))
			station_close(&s->station[p]);
	tcp_sweep(s->tcp);
}

static unsigned int station_ifindex(const struct station *st, const char *name)
{
	struct ifreq r = {};

	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	return ioctl(st->udp[0], SIOCGIFINDEX, &r) ? 0 : r.ifr_ifindex;
}

/* ---------------------------------------------------------- containers */

/* Errors that a sender gets of what others did before are his, too. */
static void sent(enum kind k, ssize_t ret)
{
	if (ret < 0 && errno == ENOBUFS)
		errno = EAGAIN;	/* the device's queue refused it */
	count(k, ret < 0 ? -errno : 0, NULL);
}

static void send_udp(struct sender *s, enum kind k, int family, size_t len,
		     unsigned int segment)
{
	unsigned int last = rnd_chance(s->r, 15) ? 1 + rnd_below(s->r, HOSTS) :
			    10 + rnd_below(s->r, n_containers);
	struct ip ip = inner_ip(last, family);
	char control[CMSG_SPACE(sizeof(uint16_t))] = {};
	struct iovec iov = { .iov_base = payload, .iov_len = len };
	union addr to;
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = make_addr(&to, &ip, PORT),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	if (segment) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c->cmsg_level = SOL_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
		*(uint16_t *)CMSG_DATA(c) = segment;
	}
	sent(k, sendmsg(s->st->udp[family == AF_INET6], &m, MSG_NOSIGNAL));
}

static void send_multicast(struct sender *s)
{
	const char *text[] = { "224.0.0.251", "239.1.2.3", "203.0.113.255", "ff02::1",
			       "ff05::2" };
	unsigned int what = rnd_below(s->r, 5), dev;
	struct ip ip = { .family = what < 3 ? AF_INET : AF_INET6 };
	struct ip_mreqn mr = {};
	socklen_t len;
	union addr to;

	dev = station_ifindex(s->st, "eth0");
	inet_pton(ip.family, text[what], &ip.v6);
	len = make_addr(&to, &ip, PORT);
	if (ip.family == AF_INET) {
		mr.imr_ifindex = dev;
		setsockopt(s->st->udp[0], SOL_IP, IP_MULTICAST_IF, &mr, sizeof(mr));
	} else {
		to.v6.sin6_scope_id = dev;
	}
	sent(K_TX_MCAST, sendto(s->st->udp[what > 2], payload,
				rnd_below(s->r, 1300), MSG_NOSIGNAL, &to.sa, len));
}

static void send_raw(struct sender *s, enum kind k, unsigned int ifindex,
		     const struct virtio_net_hdr *h, const uint8_t *f, size_t len,
		     size_t more)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = ifindex,
	};
	struct virtio_net_hdr none = {};
	struct iovec iov[] = {
		{ .iov_base = (void *)(h ?: &none), .iov_len = sizeof(none) },
		{ .iov_base = (void *)f, .iov_len = len },
		{ .iov_base = payload, .iov_len = more },
	};
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = iov,
		.msg_iovlen = 3,
	};

	memcpy(&to.sll_protocol, f + 12, 2);
	/* shorter than its headers: refused with EINVAL */
	if (sendmsg(s->st->raw, &m, MSG_NOSIGNAL) >= 0)
		count(k, 0, NULL);
	else
		count(k, errno == ENOBUFS ? -EAGAIN : -errno,
		      len < 60 ? "short" : NULL);
}

static void send_raw_gso(struct sender *s, unsigned int dev, const uint8_t *mac)
{
	unsigned int c = rnd_below(s->r, n_containers);
	size_t more = 2000 + rnd_below(s->r, 60000);
	struct virtio_net_hdr h = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = 54,
		.gso_size = 1000 + rnd_below(s->r, 400),
		.csum_start = 34,
		.csum_offset = 16,
	};
	uint8_t f[FRAME_MAX], to[6];
	size_t len;

	container_mac(to, c);
	len = frame_tcp(f, s->r, mac, to, 10 + c, more);
	send_raw(s, K_TX_RAWGSO, dev, &h, f, len, more);
}

static void send_frames(struct sender *s, unsigned int dev, const uint8_t *own)
{
	unsigned int what = rnd_below(s->r, 7), c, i;
	uint8_t f[FRAME_MAX], mac[6], to[6];
	size_t len;

	for (i = 0; i < BURST; i++) {
		c = rnd_below(s->r, n_containers);
		container_mac(to, c);
		random_mac(mac, s->r);
		switch (what) {
		case 0:
			len = frame_arp(f, s->r, own);
			send_raw(s, K_TX_ARP, dev, NULL, f, len, 0);
			break;
		case 1:
			len = frame_nd(f, s->r, own);
			send_raw(s, K_TX_ND, dev, NULL, f, len, 0);
			break;
		case 2:
			len = frame_udp(f, s->r, own, mac, 10 + c);
			send_raw(s, K_TX_UNKNOWN, dev, NULL, f, len, 0);
			break;
		case 3:
			len = frame_udp(f, s->r, mac, to, 10 + c);
			send_raw(s, K_TX_LEARN, dev, NULL, f, len, 0);
			break;
		case 4:
			len = frame_any(f, s->r, own);
			len = frame_vlan(f, len, s->r);
			send_raw(s, K_TX_VLAN, dev, NULL, f, len, 0);
			break;
		case 5:
			len = frame_group(f, s->r, own);
			send_raw(s, K_TX_GROUP, dev, NULL, f, len, 0);
			break;
		case 6:
			send_raw_gso(s, dev, own);
			break;
		}
	}
}

static void from_container(struct sender *s)
{
	unsigned int what = rnd_below(s->r, 100), gen, i;
	uint8_t mac[6];

	container_mac(mac, s->c);
	if (what < 15) {
		if (!place_enter(s->place, &gen)) {
			tcp_step(s->tcp, s->r, s->place, gen);
			go_home();
		}
		return;
	}
	if (what >= 55) {
		unsigned int dev = station_ifindex(s->st, "eth0");

		if (dev)
			send_frames(s, dev, mac);
		return;
	}
	for (i = 0; i < BURST; i++) {
		if (what < 25)
			send_udp(s, K_TX_UDP, AF_INET, 1 + rnd_below(s->r, 1400), 0);
		else if (what < 33)
			send_udp(s, K_TX_UDP6, AF_INET6, 1 + rnd_below(s->r, 1300), 0);
		else if (what < 40)
			send_udp(s, K_TX_FRAGMENTS, rnd_chance(s->r, 50) ?
				 AF_INET : AF_INET6, 2000 + rnd_below(s->r, 10000), 0);
		else if (what < 47)
			send_udp(s, K_TX_GSO, rnd_chance(s->r, 50) ?
				 AF_INET : AF_INET6, 2000 + rnd_below(s->r, 40000),
				 1000 + rnd_below(s->r, 200));
		else
			send_multicast(s);
	}
}

/* ---------------------------------------------------------------- hosts */

/* Encapsulates one frame, well or badly; as a rule a network that is there. */
static size_t vxlan(uint8_t *p, struct rnd *r, const uint8_t *mac)
{
	unsigned int vni = 100 + rnd_below(r, NETS + 1);

	memset(p, 0, 8);
	p[0] = rnd_chance(r, 95) ? 8 : rnd_below(r, 256);
	p[4] = vni >> 16;
	p[5] = vni >> 8;
	p[6] = vni;
	if (rnd_chance(r, 3))
		p[7] = 1;
	if (rnd_chance(r, 3))
		return rnd_below(r, 22);
	return 8 + frame_any(p + 8, r, mac);
}

/* To another host, from the address that is a peer's there or from a stranger's. */
static void send_vxlan(struct sender *s, bool stranger)
{
	enum kind k = stranger ? K_TX_STRANGER : K_TX_VXLAN;
	int family = rnd_chance(s->r, 65) ? AF_INET : AF_INET6;
	unsigned int other = (s->place + 1 + rnd_below(s->r, 2)) % HOSTS, i, n;
	struct ip ip = underlay_ip(0, other + 1, family);
	uint8_t p[8 * (FRAME_MAX + 8)], mac[6];
	int fd = stranger ? s->st->odd[family == AF_INET6] :
			    s->st->udp[family == AF_INET6];
	char control[CMSG_SPACE(sizeof(uint16_t))] = {};
	struct cmsghdr *c = (struct cmsghdr *)control;
	struct iovec iov = { .iov_base = p };
	union addr to;
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = make_addr(&to, &ip, CTNET_DSTPORT_DEFAULT +
					 rnd_chance(s->r, 10)),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	for (i = 0; i < BURST; i++) {
		random_mac(mac, s->r);
		iov.iov_len = vxlan(p, s->r, mac);
		m.msg_control = NULL;
		m.msg_controllen = 0;
		if (rnd_chance(s->r, 20) && iov.iov_len > 30) {
			/* several of a length at once, each of another source */
			for (n = 1; n < 8; n++) {
				memcpy(p + n * iov.iov_len, p, iov.iov_len);
				random_mac(p + n * iov.iov_len + 14, s->r);
			}
			m.msg_control = control;
			m.msg_controllen = sizeof(control);
			c->cmsg_level = SOL_UDP;
			c->cmsg_type = UDP_SEGMENT;
			c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
			*(uint16_t *)CMSG_DATA(c) = iov.iov_len;
			iov.iov_len *= 8;
		}
		if (sendmsg(fd, &m, MSG_NOSIGNAL) >= 0)
			count(k, 0, NULL);
		else	/* EINVAL: a segment that is larger than the device's MTU */
			count(k, errno == ENOBUFS ? -EAGAIN : -errno, "segment");
	}
}

/* Says that what another host sent to this one was too large for the path. */
static void send_too_big(struct sender *s)
{
	unsigned int other = (s->place + 1 + rnd_below(s->r, 2)) % HOSTS;
	struct ip theirs = underlay_ip(0, other + 1, AF_INET);
	struct ip ours = underlay_ip(0, s->place + 1, AF_INET);
	unsigned int mtu = 600 + rnd_below(s->r, 1000), i, sum = 0;
	uint8_t p[8 + 20 + 8 + 8] = {
		3, 4, 0, 0, 0, 0, mtu >> 8, mtu,
		0x45, 0, 5, 0xdc, 0, 0, 0x40, 0, 64, IPPROTO_UDP,
	};
	union addr to;
	socklen_t len = make_addr(&to, &theirs, 0);

	memcpy(p + 20, &theirs.v4, 4);
	memcpy(p + 24, &ours.v4, 4);
	p[28] = 0xc0 + rnd_below(s->r, 32);
	p[30] = CTNET_DSTPORT_DEFAULT >> 8;
	p[31] = CTNET_DSTPORT_DEFAULT & 0xff;
	p[32] = 5;
	p[36] = 8;
	p[42] = 100 + rnd_below(s->r, NETS);
	for (i = 0; i < sizeof(p); i += 2)
		sum += p[i] << 8 | p[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[2] = sum >> 8;
	p[3] = sum;
	sent(K_TX_TOOBIG, sendto(s->st->icmp, p, sizeof(p), MSG_NOSIGNAL, &to.sa,
				 len));
}

static void from_host(struct sender *s)
{
	unsigned int what = rnd_below(s->r, 100), dev, i;
	char name[IFNAMSIZ];
	uint8_t mac[6];

	if (what < 20) {
		for (i = 0; i < BURST; i++)
			send_udp(s, K_TX_HOST, rnd_chance(s->r, 60) ? AF_INET :
				 AF_INET6, 1 + rnd_below(s->r, 3000), 0);
	} else if (what < 35) {
		dev = station_ifindex(s->st, net_name(name, rnd_below(s->r, NETS)));
		random_mac(mac, s->r);
		if (dev)
			send_frames(s, dev, mac);
	} else if (what < 80) {
		send_vxlan(s, false);
	} else if (what < 93 && !s->place) {
		send_vxlan(s, true);
	} else {
		send_too_big(s);
	}
}

static void receive(struct station *st)
{
	char buf[2048];
	unsigned int i, n;

	for (i = 0; i < 2; i++) {
		for (n = 0; n < 64; n++) {
			if (recv(st->udp[i], buf, sizeof(buf), MSG_DONTWAIT) < 0) {
				/* an ICMP error of what was sent: next */
				if (errno == EAGAIN)
					break;
				continue;
			}
			count(K_RX_UDP, 0, NULL);
		}
	}
}

void send_traffic(struct actor *a)
{
	struct sender *s = calloc(1, sizeof(*s));
	unsigned int p;

	s->tcp = tcp_new();
	/* who changes things comes first */
	setpriority(PRIO_PROCESS, syscall(SYS_gettid), 10);
	while (!stop) {
		struct rnd r = { .s = rnd_next(&a->rnd) };

		sweep(s);
		s->r = &r;
		s->c = rnd_below(&r, n_containers);
		s->place = rnd_chance(&r, 65) ? container_place(s->c) :
						host_place(rnd_below(&r, HOSTS));
		s->st = &s->station[s->place];
		if (!station_open(s)) {
			usleep(1000);
			continue;
		}
		a->since = clock_ms();
		if (s->place < HOSTS)
			from_host(s);
		else
			from_container(s);
		receive(s->st);
	}
	for (p = 0; p < PLACES; p++)
		station_close(&s->station[p]);
	tcp_free(s->tcp);
	free(s);
}
