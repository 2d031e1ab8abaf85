/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites have in common. They are objects of their own, which Kbuild links with
 * CTNET_KUNIT=y only; a function of the product that they call and nobody else does is
 * VISIBLE_IF_KUNIT (compat.h).
 */
#ifndef _CTNET_TEST_H
#define _CTNET_TEST_H

#include <kunit/test.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/ndisc.h>

#include "ctnet.h"
#include "decap.h"
#include "dev.h"
#include "encap.h"
#include "fdb.h"
#include "forward.h"
#include "link.h"
#include "netlink.h"
#include "peer.h"
#include "port.h"
#include "sock.h"
#include "stats.h"
#include "vtep.h"

#if !IS_ENABLED(CONFIG_KUNIT)
#error "CTNET_KUNIT=y wants a kernel that has CONFIG_KUNIT"
#endif

/* Ports of the network; container i is behind port i, and i above that is a stranger. */
#define CTNET_TEST_PORTS	3
#define CTNET_TEST_HOSTS	6

/* Longest frame. */
#define CTNET_TEST_FRAME	640

/**
 * struct ctnet_test_frame - a frame that grows at its end, header by header
 * @room: aligns the IP header
 * @data: the frame
 * @len: its length
 * @type_at: where the EtherType of what comes next goes
 * @next_at: where the protocol number of what comes next goes
 * @nh: where the IP header is
 */
struct ctnet_test_frame {
	u8		room[2] __aligned(4);
	u8		data[CTNET_TEST_FRAME];
	unsigned int	len;
	unsigned int	type_at;
	unsigned int	next_at;
	unsigned int	nh;
};

/* ARP for IPv4 over Ethernet. */
struct ctnet_test_arp {
	struct arphdr	hdr;
	u8		sha[ETH_ALEN];
	__be32		sip;
	u8		tha[ETH_ALEN];
	__be32		tip;
} __packed;

/**
 * struct ctnet_test - what each case finds
 * @dev: a network, registered and up
 * @ctd: its private part
 * @port_dev: devices that keep what they are to send
 * @port: they, as ports
 * @host: what the host received of the network
 * @f: for the frame at hand
 * @outer: for what is around it
 */
struct ctnet_test {
	struct net_device	*dev;
	struct ctnet_dev	*ctd;
	struct net_device	*port_dev[CTNET_TEST_PORTS];
	struct ctnet_vport	*port[CTNET_TEST_PORTS];
	struct sk_buff_head	host;
	struct ctnet_test_frame	f;
	struct ctnet_test_frame	outer;
};

extern struct kunit_suite ctnet_decap_suite;
extern struct kunit_suite ctnet_encap_suite;
extern struct kunit_suite ctnet_fdb_suite;
extern struct kunit_suite ctnet_fdbip_suite;
extern struct kunit_suite ctnet_forward_suite;
extern struct kunit_suite ctnet_guard_suite;
extern struct kunit_suite ctnet_guard6_suite;
extern struct kunit_suite ctnet_neigh_suite;
extern struct kunit_suite ctnet_nlmsg_suite;
extern struct kunit_suite ctnet_pmtu_suite;

int ctnet_test_init(struct kunit *test);
void ctnet_test_exit(struct kunit *test);
struct net_device *ctnet_test_port_dev(void);
struct sk_buff_head *ctnet_test_queue(const struct net_device *dev);
u64 ctnet_test_drops(const struct ctnet_drops __percpu *drops,
		     enum ctnet_drop reason);
u64 ctnet_test_all_drops(const struct ctnet_drops __percpu *drops);
void ctnet_test_bind(struct kunit *test, int underlay);
struct ctnet_peer *ctnet_test_peer(struct kunit *test, enum ctnet_family family,
				   unsigned int i);

extern const u8 ctnet_test_mac[CTNET_TEST_HOSTS][ETH_ALEN];
extern const u8 ctnet_test_broadcast[ETH_ALEN];
__be32 ctnet_test_ip4(unsigned int i);
struct in6_addr ctnet_test_mapped(unsigned int i);
struct in6_addr ctnet_test_ip6(unsigned int i);
struct in6_addr ctnet_test_ll(unsigned int i);
__be32 ctnet_test_vtep4(unsigned int i);
struct in6_addr ctnet_test_vtep6(unsigned int i);
void ctnet_test_static(struct kunit *test, struct ctnet_vport *vport, unsigned int i);

void *ctnet_test_put(struct ctnet_test_frame *f, unsigned int len);
void ctnet_test_eth(struct ctnet_test_frame *f, const u8 *dst, const u8 *src);
void ctnet_test_type(struct ctnet_test_frame *f, u16 type);
void ctnet_test_tag(struct ctnet_test_frame *f, u16 tpid, u16 tci);
struct ctnet_test_arp *ctnet_test_put_arp(struct ctnet_test_frame *f, u16 op,
					  const u8 *sha, __be32 sip, __be32 tip);
struct iphdr *ctnet_test_put_ip4(struct ctnet_test_frame *f, __be32 saddr,
				 __be32 daddr);
struct ipv6hdr *ctnet_test_put_ip6(struct ctnet_test_frame *f,
				   struct in6_addr saddr, struct in6_addr daddr);
void *ctnet_test_next(struct ctnet_test_frame *f, u8 proto, unsigned int len);
u8 *ctnet_test_ext(struct ctnet_test_frame *f, u8 proto, u8 hdrlen);
struct udphdr *ctnet_test_udp(struct ctnet_test_frame *f, u16 source, u16 dest);
struct nd_msg *ctnet_test_nd(struct ctnet_test_frame *f, u8 type,
			     struct in6_addr target);
u8 *ctnet_test_nd_opt(struct ctnet_test_frame *f, u8 type, const u8 *mac);
struct ctnet_test_frame *ctnet_test_other(struct kunit *test);
void ctnet_test_done(struct ctnet_test_frame *f);

struct sk_buff *ctnet_test_skb(struct kunit *test,
			       const struct ctnet_test_frame *f,
			       unsigned int len, unsigned int linear);
void ctnet_test_send(struct sk_buff *skb, struct ctnet_vport *src);
bool ctnet_test_got(struct sk_buff_head *queue, const void *data,
		    unsigned int len);

#endif /* _CTNET_TEST_H */
