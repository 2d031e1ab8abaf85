// SPDX-License-Identifier: GPL-2.0
/*
 * Tell the network where an address is now: gratuitous ARP (RFC 5227), and unsolicited
 * neighbour advertisements (RFC 4861 7.2.6), sent from within.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <netpacket/packet.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"

struct arp_frame {
	struct ether_header eth;
	struct ether_arp arp;
} __attribute__((packed));

struct na_frame {
	struct ether_header eth;
	struct ip6_hdr ip6;
	struct nd_neighbor_advert na;
	struct nd_opt_hdr opt;
	uint8_t mac[6];
} __attribute__((packed));

/* ff02::1, and the group of Ethernet's that stands for it */
static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
static const uint8_t all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };

static size_t arp_frame(struct arp_frame *f, const uint8_t *mac, const struct ct_ip *ip)
{
	memset(f, 0, sizeof(*f));
	memset(f->eth.ether_dhost, 0xff, 6);
	memcpy(f->eth.ether_shost, mac, 6);
	f->eth.ether_type = htons(ETHERTYPE_ARP);
	f->arp.ea_hdr.ar_hrd = htons(ARPHRD_ETHER);
	f->arp.ea_hdr.ar_pro = htons(ETHERTYPE_IP);
	f->arp.ea_hdr.ar_hln = 6;
	f->arp.ea_hdr.ar_pln = 4;
	f->arp.ea_hdr.ar_op = htons(ARPOP_REQUEST);
	memcpy(f->arp.arp_sha, mac, 6);
	memcpy(f->arp.arp_spa, ip->b, 4);
	memcpy(f->arp.arp_tpa, ip->b, 4);
	return sizeof(*f);
}

static uint32_t sum16(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	return sum;
}

static size_t na_frame(struct na_frame *f, const uint8_t *mac, const struct ct_ip *ip)
{
	const size_t len = sizeof(f->na) + sizeof(f->opt) + sizeof(f->mac);
	uint32_t sum;

	memset(f, 0, sizeof(*f));
	memcpy(f->eth.ether_dhost, all_nodes_mac, 6);
	memcpy(f->eth.ether_shost, mac, 6);
	f->eth.ether_type = htons(ETHERTYPE_IPV6);
	f->ip6.ip6_vfc = 0x60;
	f->ip6.ip6_plen = htons(len);
	f->ip6.ip6_nxt = IPPROTO_ICMPV6;
	f->ip6.ip6_hlim = 255;
	memcpy(&f->ip6.ip6_src, ip->b, 16);
	memcpy(&f->ip6.ip6_dst, all_nodes, 16);
	f->na.nd_na_hdr.icmp6_type = ND_NEIGHBOR_ADVERT;
	f->na.nd_na_hdr.icmp6_data32[0] = ND_NA_FLAG_OVERRIDE;
	memcpy(&f->na.nd_na_target, ip->b, 16);
	f->opt.nd_opt_type = ND_OPT_TARGET_LINKADDR;
	f->opt.nd_opt_len = 1;
	memcpy(f->mac, mac, 6);
	sum = sum16(len + IPPROTO_ICMPV6, &f->ip6.ip6_src, 32);
	sum = sum16(sum, &f->na, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	f->na.nd_na_hdr.icmp6_cksum = htons(~sum);
	return sizeof(*f);
}

int ct_announce(const struct ct_container *c, const struct ct_addrs *addrs)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = c->far.ifindex, .sll_halen = 6,
	};
	int fd = -1, back, err = ct_netns_enter(c->ct, c->fd);
	const char *what = "a packet socket in the container";
	union {
		struct arp_frame arp;
		struct na_frame na;
	} f;
	size_t i, len;

	if (!err) {
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
		err = fd < 0 ? -errno : 0;
		back = ct_netns_leave(c->ct);
		err = err ?: back;
	}
	for (i = 0; i < addrs->n && !err; i++) {
		const struct ct_ip *ip = &addrs->v[i].ip;

		what = "send a frame";
		len = ip->family == AF_INET ? arp_frame(&f.arp, c->far.mac, ip) :
					      na_frame(&f.na, c->far.mac, ip);
		to.sll_protocol = f.arp.eth.ether_type;
		memcpy(to.sll_addr, f.arp.eth.ether_dhost, 6);
		if (sendto(fd, &f, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			err = -errno;
	}
	close(fd);
	return err ? ct_fail(c->ct, "announce the addresses: %s: %s", what,
			     ct_why(NULL, err, NULL)) : CT_OK;
}
