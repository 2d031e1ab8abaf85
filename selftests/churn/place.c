// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces, and what threads have in them. A namespace lives as long as somebody has
 * a descriptor of it or a socket in it: of those that were ended, threads let go as
 * soon as they look.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "churn.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

static struct {
	pthread_mutex_t		lock;
	int			fd;
	_Atomic unsigned int	gen;
} places[PLACES];
static _Atomic unsigned int gens;
static int home = -1, nsids_before;

unsigned int n_containers = 6;
bool flat;
bool unpatched;

/* ---------------------------------------------------------- namespaces */

static int new_ns(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = -1, s;

	if (unshare(CLONE_NEWNET))
		return -1;
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s >= 0) {
		r.ifr_flags = IFF_UP;
		ioctl(s, SIOCSIFFLAGS, &r);
		close(s);
	}
	go_home();
	return fd;
}

/*
 * A namespace that has a number in ours has it until the kernel has taken it apart:
 * so one sees when, and whether, that is.
 */
static int nsid_socket(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), one = 1;

	setsockopt(s, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	return s;
}

static void name_ns(int fd)
{
	struct rtgenmsg g = { .rtgen_family = AF_UNSPEC };
	struct actor a = {};
	int s = nsid_socket(), err;
	struct msg m;

	msg_init(&m, RTM_NEWNSID, 0, &g, sizeof(g));
	put_u32(&m, NETNSA_NSID, -1);
	put_u32(&m, NETNSA_FD, fd);
	err = talk(&a, s, &m);
	close(s);
	if (err)
		printf("odd: a namespace gets no number: %s %s\n",
		       strerror(-err), a.text);
}

static int count_nsids(void)
{
	struct rtgenmsg g = { .rtgen_family = AF_UNSPEC };
	struct actor a = {};
	int s = nsid_socket(), n;
	struct msg m;

	msg_init(&m, RTM_GETNSID, 0, &g, sizeof(g));
	n = dump(&a, s, &m);
	close(s);
	return n;
}

int places_left(int ms)
{
	long end = clock_ms() + ms;
	int left;

	do {
		left = count_nsids() - nsids_before;
		if (left <= 0)
			return left;
		usleep(100000);
	} while (clock_ms() < end);
	return left;
}

void go_home(void)
{
	if (setns(home, CLONE_NEWNET))
		abort();
}

void place_init(void)
{
	unsigned int p;

	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	nsids_before = count_nsids();
	for (p = 0; p < PLACES; p++) {
		pthread_mutex_init(&places[p].lock, NULL);
		places[p].fd = -1;
	}
	if (home < 0 || place_new(TRUNK)) {
		perror("namespace");
		exit(1);
	}
}

int place_new(int place)
{
	int fd = new_ns(), err = 0;

	if (fd < 0)
		return -errno;
	name_ns(fd);
	pthread_mutex_lock(&places[place].lock);
	if (places[place].fd >= 0) {
		err = -EEXIST;
		close(fd);
	} else {
		places[place].fd = fd;
		places[place].gen = ++gens;
	}
	pthread_mutex_unlock(&places[place].lock);
	return err;
}

void place_end(int place)
{
	pthread_mutex_lock(&places[place].lock);
	if (places[place].fd >= 0)
		close(places[place].fd);
	places[place].fd = -1;
	places[place].gen = 0;
	pthread_mutex_unlock(&places[place].lock);
}

unsigned int place_gen(int place)
{
	return places[place].gen;
}

int place_dup(int place, unsigned int *gen)
{
	int fd = -1;

	pthread_mutex_lock(&places[place].lock);
	if (places[place].fd >= 0)
		fd = fcntl(places[place].fd, F_DUPFD_CLOEXEC, 0);
	*gen = places[place].gen;
	pthread_mutex_unlock(&places[place].lock);
	return fd;
}

int place_enter(int place, unsigned int *gen)
{
	int fd = place_dup(place, gen), ret;

	if (fd < 0)
		return -ENOENT;
	ret = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return ret;
}

/* --------------------------------------------------------------- seats */

static int netlink(int proto)
{
	/* who waits for an answer longer than that waits for what never comes */
	struct timeval tv = { .tv_sec = 300 };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, proto), one = 1;

	setsockopt(s, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(s, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return s;
}

static void seat_close(struct seat *s)
{
	if (!s->gen)
		return;
	close(s->rt);
	close(s->ge);
	close(s->ud);
	s->gen = 0;
}

struct seat *seat(struct actor *a, int place)
{
	struct seat *s = &a->seat[place];
	unsigned int gen;

	if (s->gen && s->gen == place_gen(place))
		return s;
	seat_close(s);
	if (place_enter(place, &gen))
		return NULL;
	s->rt = netlink(NETLINK_ROUTE);
	s->ge = netlink(NETLINK_GENERIC);
	s->ud = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->gen = gen;
	go_home();
	if (s->rt >= 0 && s->ge >= 0 && s->ud >= 0)
		return s;
	printf("odd: %s: no sockets: %s\n", a->name, strerror(errno));
	seat_close(s);
	return NULL;
}

void seats_sweep(struct actor *a)
{
	unsigned int p;

	for (p = 0; p < PLACES; p++)
		if (a->seat[p].gen && a->seat[p].gen != place_gen(p))
			seat_close(&a->seat[p]);
}

void seats_close(struct actor *a)
{
	unsigned int p;

	for (p = 0; p < PLACES; p++)
		seat_close(&a->seat[p]);
}

/* -------------------------------------------------- addresses and names */

size_t ip_len(const struct ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

struct ip underlay_ip(unsigned int ul, unsigned int last, int family)
{
	struct ip ip = { .family = family };
	char text[64];

	if (family == AF_INET)
		snprintf(text, sizeof(text), "%s.%u", ul ? "198.51.100" : "192.0.2",
			 last);
	else
		snprintf(text, sizeof(text), "2001:db8:0:%u::%u", ul + 1, last);
	inet_pton(family, text, &ip.v6);
	return ip;
}

struct ip inner_ip(unsigned int last, int family)
{
	struct ip ip = { .family = family };
	char text[64];

	if (family == AF_INET)
		snprintf(text, sizeof(text), "203.0.113.%u", last);
	else
		snprintf(text, sizeof(text), "2001:db8:100::%u", last);
	inet_pton(family, text, &ip.v6);
	return ip;
}

void container_mac(uint8_t mac[6], unsigned int c)
{
	memcpy(mac, (uint8_t []){ 2, 0x42, 0, 0, 0, c }, 6);
}

void random_mac(uint8_t mac[6], struct rnd *r)
{
	unsigned int n = rnd_below(r, 4096);

	memcpy(mac, (uint8_t []){ 2, 0x43, 0, 0, n >> 8, n }, 6);
}

const char *net_name(char *buf, unsigned int n)
{
	snprintf(buf, IFNAMSIZ, "net%u", n);
	return buf;
}

const char *port_name(char *buf, unsigned int c)
{
	snprintf(buf, IFNAMSIZ, "p%u", c);
	return buf;
}

const char *ul_name(char *buf, unsigned int u)
{
	snprintf(buf, IFNAMSIZ, "ul%u", u);
	return buf;
}
