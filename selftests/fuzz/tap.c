// SPDX-License-Identifier: GPL-2.0
/*
 * Tap devices. What is written to one is received in this task's own context, with
 * bottom halves off, so that its coverage is seen; but for those with IFF_NAPI alone,
 * which receive in a softirq, and merge what the others can not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ctfuzz.h"

#define TAP_QUEUE 16	/* frames that wait for nobody to read them */

static int fds[CH_MAX];

static bool chan_is_gro(enum chan c)
{
	return c == CH_PLAING || c == CH_ULG;
}

/* @offload: what is sent to it need not be cut nor summed up */
void tap_open(enum chan c, u32 ifindex, const u8 *mac, bool offload)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int sndbuf = INT_MAX - 1;
	int index = ifindex, fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (chan_is_frags(c))
		ifr.ifr_flags |= IFF_NAPI | IFF_NAPI_FRAGS;
	if (chan_is_gro(c))
		ifr.ifr_flags |= IFF_NAPI;
	strcpy(ifr.ifr_name, chan_names[c]);
	if (fd < 0 || ioctl(fd, TUNSETIFINDEX, &index) || ioctl(fd, TUNSETIFF, &ifr))
		die("tap %s: %m", chan_names[c]);
	if (offload && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
						TUN_F_TSO_ECN | TUN_F_UFO))
		die("offloads of tap %s: %m", chan_names[c]);
	/*
	 * As it is by default, INT_MAX, short frames are built in pieces of pages. Where GRO
	 * merges these, Linux 6.1 forgets that they were charged to the tap's socket, which
	 * then never goes.
	 */
	if (chan_is_gro(c) && ioctl(fd, TUNSETSNDBUF, &sndbuf))
		die("send buffer of tap %s: %m", chan_names[c]);
	fds[c] = fd;
	link_set(ifindex, false, 0, TAP_QUEUE, mac);
	link_set(ifindex, true, 0, 0, NULL);
}

void tap_open_host(u32 ifindex)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_ifindex = ifindex };
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* Of protocol 0: it receives nothing. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&sll, sizeof(sll)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		die("packet socket: %m");
	fds[CH_HOST] = fd;
}

void tap_send(const struct rec *r)
{
	struct iovec iov[REC_CUTS + 2];
	unsigned int i, n = 0, at = VNET_LEN;

	if (!fds[r->chan] || r->len < VNET_LEN)
		return;
	iov[n++] = (struct iovec){ (void *)r->data, VNET_LEN };
	if (chan_is_frags(r->chan)) {
		for (i = 0; i < r->n_cuts; i++) {
			unsigned int cut = VNET_LEN + r->cut[i];

			if (cut <= at || cut >= r->len)
				continue;
			iov[n++] = (struct iovec){ (void *)(r->data + at), cut - at };
			at = cut;
		}
	}
	iov[n++] = (struct iovec){ (void *)(r->data + at), r->len - at };
	/* What the tap itself refuses is refused. */
	if (writev(fds[r->chan], iov, n) < 0)
		return;
}

/* Reads some of what was sent to the taps. */
void tap_drain(void)
{
	static u8 buf[70000];
	unsigned int c;

	for (c = 0; c < CH_MAX; c++)
		while (c != CH_HOST && fds[c] && read(fds[c], buf, sizeof(buf)) > 0)
			;
}

static void sysfs_set(const char *dir, const char *dev, const char *key, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/class/net/%s/%s", dir, dev, key);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("%s: %m", path);
	close(fd);
}

/* Frames wait a little for others that they can be merged with. */
void tap_gro_flush_timeout(const char *name)
{
	static const char dir[] = "/tmp/ctfuzz-sys";

	/* The sysfs of this namespace shows its devices, unlike the one that is there. */
	mkdir(dir, 0700);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", dir, "sysfs", 0, NULL))
		die("sysfs: %m");
	sysfs_set(dir, name, "gro_flush_timeout", "2000000");
	sysfs_set(dir, name, "napi_defer_hard_irqs", "8");
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}
