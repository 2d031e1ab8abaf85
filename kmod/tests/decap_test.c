// SPDX-License-Identifier: GPL-2.0
/* What comes from a peer. */
#include <net/vxlan.h>

#include "decap.h"
#include "test.h"

/* VNI 100 on both families, a peer of each; host 1 is at port 1. */
static int ctnet_decap_test_init(struct kunit *test)
{
	struct ctnet_test *t;
	int err;

	err = ctnet_test_init(test);
	if (err)
		return err;
	t = test->priv;
	ctnet_test_bind(test, 0);
	ctnet_test_peer(test, CTNET_V4, 1);
	ctnet_test_peer(test, CTNET_V6, 1);
	ctnet_test_static(test, t->port[1], 1);
	return 0;
}

static struct ctnet_sock *ctnet_decap_test_sock(struct ctnet_test *t,
						enum ctnet_family f)
{
	return rcu_dereference_protected(t->ctd->vtep, true)->sock[f];
}

/* Where the UDP header of the datagram is. */
static unsigned int ctnet_decap_test_udp_at(enum ctnet_family f)
{
	return f == CTNET_V4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* t->outer goes from us to the peer: what we sent, and an ICMP error quotes. */
static void ctnet_decap_test_reverse(struct ctnet_test *t, enum ctnet_family f)
{
	struct ipv6hdr *ip6 = (struct ipv6hdr *)t->outer.data;
	struct iphdr *ip4 = (struct iphdr *)t->outer.data;

	if (f == CTNET_V4)
		swap(ip4->saddr, ip4->daddr);
	else
		swap(ip6->saddr, ip6->daddr);
}

/* t->outer becomes a datagram of the peer with the frame of t->f in it. */
static struct vxlanhdr *ctnet_decap_test_wrap(struct kunit *test,
					      enum ctnet_family f, u8 tos)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_test_frame *o = &t->outer;
	struct vxlanhdr *vxh;
	struct udphdr *udp;

	memset(o, 0, sizeof(*o));
	if (f == CTNET_V4) {
		struct iphdr *iph = ctnet_test_put(o, sizeof(*iph));

		iph->version = 4;
		iph->ihl = 5;
		iph->tos = tos;
		iph->ttl = 64;
		iph->protocol = IPPROTO_UDP;
		iph->saddr = ctnet_test_vtep4(1);
		iph->daddr = ctnet_test_vtep4(0);
	} else {
		struct ipv6hdr *iph = ctnet_test_put(o, sizeof(*iph));

		iph->version = 6;
		iph->priority = tos >> 4;
		iph->flow_lbl[0] = tos << 4;
		iph->nexthdr = IPPROTO_UDP;
		iph->hop_limit = 64;
		iph->saddr = ctnet_test_vtep6(1);
		iph->daddr = ctnet_test_vtep6(0);
	}
	udp = ctnet_test_put(o, sizeof(*udp));
	udp->source = htons(54321);
	udp->dest = htons(47890);
	vxh = ctnet_test_put(o, sizeof(*vxh));
	vxh->vx_flags = htonl(0x08000000);
	vxh->vx_vni = htonl(100 << 8);
	memcpy(ctnet_test_put(o, t->f.len), t->f.data, t->f.len);
	ctnet_test_done(o);
	return vxh;
}

/*
 * The datagram's first @len bytes as UDP has them for its socket: the IP and UDP headers
 * in the head, and of the rest what @linear says.
 */
static struct sk_buff *ctnet_decap_test_skb(struct kunit *test,
					    enum ctnet_family f,
					    unsigned int len, unsigned int linear)
{
	unsigned int at = ctnet_decap_test_udp_at(f);
	struct ctnet_test *t = test->priv;
	struct sk_buff *skb;

	skb = ctnet_test_skb(test, &t->outer, len,
			     max_t(unsigned int, linear,
				   at + sizeof(struct udphdr)));
	skb->dev = t->port_dev[2];
	skb->protocol = htons(f == CTNET_V4 ? ETH_P_IP : ETH_P_IPV6);
	skb_reset_network_header(skb);
	skb_pull(skb, at);
	skb_reset_transport_header(skb);
	return skb;
}

static void ctnet_decap_test_rcv_skb(struct kunit *test, enum ctnet_family f,
				     struct sk_buff *skb)
{
	struct ctnet_test *t = test->priv;
	struct sock *sk = ctnet_decap_test_sock(t, f)->sock->sk;

	local_bh_disable();
	rcu_read_lock();
	ctnet_decap_rcv(sk, skb);
	rcu_read_unlock();
	local_bh_enable();
}

static void ctnet_decap_test_rcv(struct kunit *test, enum ctnet_family f,
				 unsigned int len, unsigned int linear)
{
	ctnet_decap_test_rcv_skb(test, f,
				 ctnet_decap_test_skb(test, f, len, linear));
}

/* What was dropped for any reason, by the network and by the socket. */
static u64 ctnet_decap_test_dropped(struct ctnet_test *t, enum ctnet_family f)
{
	return ctnet_test_all_drops(t->ctd->drops) +
	       ctnet_test_all_drops(ctnet_decap_test_sock(t, f)->drops);
}

/* The datagram's first @len bytes are dropped for this reason, and for no other. */
static void ctnet_decap_test_cut(struct kunit *test, enum ctnet_family f,
				 unsigned int len, enum ctnet_drop reason,
				 const char *what, int n)
{
	struct ctnet_test *t = test->priv;
	struct ctnet_drops __percpu *drops = t->ctd->drops;
	unsigned int linear;
	u64 before, all;

	if (reason == CTNET_DROP_VXLAN_HEADER || reason == CTNET_DROP_VXLAN_VNI)
		drops = ctnet_decap_test_sock(t, f)->drops;
	for (linear = ctnet_decap_test_udp_at(f) + 8;; linear += 5) {
		before = ctnet_test_drops(drops, reason);
		all = ctnet_decap_test_dropped(t, f);
		ctnet_decap_test_rcv(test, f, len, linear);
		KUNIT_EXPECT_EQ_MSG(test, ctnet_test_drops(drops, reason),
				    before + 1, "%s %d: %u bytes, %u linear", what,
				    n, len, linear);
		KUNIT_EXPECT_EQ_MSG(test, ctnet_decap_test_dropped(t, f), all + 1,
				    "%s %d: %u bytes, %u linear: others", what, n,
				    len, linear);
		if (linear >= len)
			break;
	}
	KUNIT_EXPECT_EQ_MSG(test, skb_queue_len(ctnet_test_queue(t->port_dev[1])),
			    0u, "%s %d", what, n);
}

static void ctnet_decap_test_drops(struct kunit *test, enum ctnet_family f,
				   enum ctnet_drop reason, const char *what, int n)
{
	struct ctnet_test *t = test->priv;

	ctnet_decap_test_cut(test, f, t->outer.len, reason, what, n);
}

/* It arrives at host 1, as the frame in t->f is. */
static void ctnet_decap_test_arrives(struct kunit *test, enum ctnet_family f,
				     const char *what, int n)
{
	struct ctnet_test *t = test->priv;
	struct sk_buff_head *at = ctnet_test_queue(t->port_dev[1]);
	u64 all = ctnet_decap_test_dropped(t, f);
	unsigned int linear;

	for (linear = ctnet_decap_test_udp_at(f) + 8;; linear += 5) {
		ctnet_decap_test_rcv(test, f, t->outer.len, linear);
		KUNIT_EXPECT_TRUE_MSG(test, ctnet_test_got(at, t->f.data, t->f.len),
				      "%s %d: %u linear", what, n, linear);
		if (linear >= t->outer.len)
			break;
	}
	KUNIT_EXPECT_EQ_MSG(test, ctnet_decap_test_dropped(t, f), all,
			    "%s %d: dropped", what, n);
}

static void ctnet_decap_test_header(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	struct vxlanhdr *vxh;
	enum ctnet_family f;
	unsigned int i, at;

	for (f = 0; f < CTNET_FAMILIES; f++) {
		ctnet_test_put(ctnet_test_other(test), 46);
		ctnet_decap_test_wrap(test, f, 0);
		ctnet_decap_test_arrives(test, f, "whole", f);
		at = ctnet_decap_test_udp_at(f);
		for (i = at + 8; i < at + 16; i++)
			ctnet_decap_test_cut(test, f, i, CTNET_DROP_VXLAN_HEADER,
					     "cut", f);
		/* Each flag but the one is unknown, and that one has to be there. */
		for (i = 0; i < 32; i++) {
			vxh = ctnet_decap_test_wrap(test, f, 0);
			vxh->vx_flags ^= htonl(BIT(i));
			ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_HEADER,
					       "flag", i);
		}
		for (i = 0; i < 8; i++) {
			vxh = ctnet_decap_test_wrap(test, f, 0);
			vxh->vx_vni ^= htonl(BIT(i));
			ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_HEADER,
					       "reserved", i);
		}
		for (i = 8; i < 32; i++) {
			vxh = ctnet_decap_test_wrap(test, f, 0);
			vxh->vx_vni ^= htonl(BIT(i));
			ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_VNI,
					       "VNI, bit", i);
		}
		vxh->vx_vni = 0;
		ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_VNI, "VNI 0", 0);
	}
	KUNIT_EXPECT_EQ(test, t->ctd->n_learned, 1u);
}

static void ctnet_decap_test_addresses(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	enum ctnet_family f;
	unsigned int i;
	u8 *addr;

	for (f = 0; f < CTNET_FAMILIES; f++) {
		unsigned int len = f == CTNET_V4 ? 4 : 16;

		ctnet_test_put(ctnet_test_other(test), 46);
		for (i = 0; i < len * 8; i++) {
			ctnet_decap_test_wrap(test, f, 0);
			addr = t->outer.data + ctnet_decap_test_udp_at(f) - 2 * len;
			addr[i / 8] ^= BIT(i % 8);
			ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_PEER,
					       "source, bit", i);
			ctnet_decap_test_wrap(test, f, 0);
			addr += len;
			addr[i / 8] ^= BIT(i % 8);
			ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_LOCAL,
					       "destination, bit", i);
		}
	}
	/* The address of the IPv4 peer, as an IPv6 address. */
	ctnet_decap_test_wrap(test, CTNET_V6, 0);
	ipv6_addr_set_v4mapped(ctnet_test_vtep4(1),
			       &((struct ipv6hdr *)t->outer.data)->saddr);
	ctnet_decap_test_drops(test, CTNET_V6, CTNET_DROP_VXLAN_PEER,
			       "v4-mapped", 0);
	KUNIT_EXPECT_EQ(test, t->ctd->n_learned, 0u);
	/* A network that is down has no VNI. */
	rtnl_lock();
	dev_close(t->dev);
	rtnl_unlock();
	for (f = 0; f < CTNET_FAMILIES; f++) {
		ctnet_decap_test_wrap(test, f, 0);
		ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_VNI, "down", f);
	}
}

static void ctnet_decap_test_inner_cut(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	enum ctnet_family f;
	unsigned int i, in;

	for (f = 0; f < CTNET_FAMILIES; f++) {
		in = ctnet_decap_test_udp_at(f) + 16;
		/* Of Ethernet, then of IP; what is behind is not looked at. */
		ctnet_test_other(test);
		ctnet_test_put_ip4(&t->f, ctnet_test_ip4(4), ctnet_test_ip4(1));
		ctnet_test_done(&t->f);
		ctnet_decap_test_wrap(test, f, 0);
		for (i = 0; i < t->f.len; i++)
			ctnet_decap_test_cut(test, f, in + i, CTNET_DROP_MALFORMED,
					     "IPv4", i);
		ctnet_decap_test_arrives(test, f, "IPv4", f);
		ctnet_test_other(test);
		ctnet_test_put_ip6(&t->f, ctnet_test_ip6(4), ctnet_test_ip6(1));
		ctnet_test_done(&t->f);
		ctnet_decap_test_wrap(test, f, 0);
		for (i = 0; i < t->f.len; i++)
			ctnet_decap_test_cut(test, f, in + i, CTNET_DROP_MALFORMED,
					     "IPv6", i);
		ctnet_decap_test_arrives(test, f, "IPv6", f);
		ctnet_test_other(test);
		ctnet_decap_test_wrap(test, f, 0);
		ctnet_decap_test_arrives(test, f, "no payload", f);
		/* A tag, and what is behind it. */
		ctnet_test_other(test);
		ctnet_test_tag(&t->f, ETH_P_8021Q, 0x2005);
		ctnet_test_put_ip4(&t->f, ctnet_test_ip4(4), ctnet_test_ip4(1));
		ctnet_test_done(&t->f);
		ctnet_decap_test_wrap(test, f, 0);
		for (i = 0; i < t->f.len; i++)
			ctnet_decap_test_cut(test, f, in + i, CTNET_DROP_MALFORMED,
					     "tag", i);
	}
}

static void ctnet_decap_test_tags(struct kunit *test)
{
	static const u16 tpid[] = { ETH_P_8021Q, ETH_P_8021AD };
	struct ctnet_test *t = test->priv;
	struct sk_buff *skb;
	unsigned int i, n, j;

	/* The outermost goes beside the frame; the others stay in it. */
	for (i = 0; i < 2; i++) {
		for (n = 1; n <= 3; n++) {
			ctnet_test_other(test);
			for (j = 0; j < n; j++)
				ctnet_test_tag(&t->f, tpid[(i + j) % 2], 0xe005 + j);
			ctnet_test_type(&t->f, ETH_P_IP);
			ctnet_test_put_ip4(&t->f, ctnet_test_ip4(4), 0);
			ctnet_test_done(&t->f);
			ctnet_decap_test_wrap(test, CTNET_V4, 0);
			ctnet_decap_test_rcv(test, CTNET_V4, t->outer.len, 0);
			skb = skb_dequeue(ctnet_test_queue(t->port_dev[1]));
			KUNIT_ASSERT_NOT_NULL(test, skb);
			/* The device takes none beside it: it was put back. */
			KUNIT_EXPECT_FALSE(test, skb_vlan_tag_present(skb));
			KUNIT_EXPECT_EQ(test, skb->len, t->f.len);
			KUNIT_EXPECT_TRUE(test, !skb_linearize(skb) &&
					  !memcmp(skb->data, t->f.data, t->f.len));
			kfree_skb(skb);

			/* The host is shown it. */
			ether_addr_copy(t->f.data, t->dev->dev_addr);
			ctnet_decap_test_wrap(test, CTNET_V4, 0);
			ctnet_decap_test_rcv(test, CTNET_V4, t->outer.len, 0);
			skb = skb_dequeue(&t->host);
			KUNIT_ASSERT_NOT_NULL(test, skb);
			KUNIT_EXPECT_TRUE(test, skb_vlan_tag_present(skb));
			KUNIT_EXPECT_EQ(test, (int)ntohs(skb->vlan_proto),
					(int)tpid[i]);
			KUNIT_EXPECT_EQ(test, (int)skb_vlan_tag_get(skb), 0xe005);
			KUNIT_EXPECT_EQ(test, skb->len, t->f.len - VLAN_HLEN);
			kfree_skb(skb);
		}
	}
	KUNIT_EXPECT_EQ(test, ctnet_test_all_drops(t->ctd->drops), 0ull);
}

/* A checksum that the hardware made of all of it goes on covering what is left. */
static void ctnet_decap_test_checksum(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	enum ctnet_family f;
	struct sk_buff *skb;
	unsigned int i, at;

	for (i = 0; i < 2 * CTNET_FAMILIES; i++) {
		f = i % CTNET_FAMILIES;
		at = ctnet_decap_test_udp_at(f);
		ctnet_test_other(test);
		ether_addr_copy(t->f.data, t->dev->dev_addr);
		if (i >= CTNET_FAMILIES)
			ctnet_test_tag(&t->f, ETH_P_8021Q, 7);
		ctnet_test_put_ip6(&t->f, ctnet_test_ip6(4), ctnet_test_ip6(1));
		memset(ctnet_test_udp(&t->f, 53, 53), 0x77, 8);
		ctnet_test_done(&t->f);
		/* The mark changes the header; the sum has to follow. */
		((struct ipv6hdr *)(t->f.data + t->f.nh))->flow_lbl[0] |=
			INET_ECN_ECT_0 << 4;
		ctnet_decap_test_wrap(test, f, INET_ECN_CE);
		skb = ctnet_decap_test_skb(test, f, t->outer.len, 0);
		skb->ip_summed = CHECKSUM_COMPLETE;
		skb->csum = csum_partial(t->outer.data + at, t->outer.len - at, 0);
		ctnet_decap_test_rcv_skb(test, f, skb);
		skb = skb_dequeue(&t->host);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_COMPLETE);
		/* It was made to cover what follows Ethernet. */
		KUNIT_EXPECT_EQ(test, (int)csum_fold(skb->csum),
				(int)csum_fold(skb_checksum(skb, ETH_HLEN,
							    skb->len - ETH_HLEN,
							    0)));
		kfree_skb(skb);
	}
}

/* A checksum that is still to be made lies in the frame, or the frame is dropped. */
static void ctnet_decap_test_partial(struct kunit *test)
{
	const unsigned int sum = offsetof(struct udphdr, check);
	const unsigned int l4 = ETH_HLEN + sizeof(struct ipv6hdr);
	const unsigned int len = l4 + sizeof(struct udphdr);
	/* as it is, of the last two bytes, of one behind them, and elsewhere */
	const unsigned int starts[] = {
		l4, len - 2 - sum, len - 1 - sum, len, 0x7000, 0xf000
	};
	struct ctnet_test *t = test->priv;
	enum ctnet_family f;
	unsigned int i, n, off;
	struct sk_buff *skb;

	for (i = 0; i < ARRAY_SIZE(starts) * CTNET_FAMILIES; i++) {
		f = i % CTNET_FAMILIES;
		n = i / CTNET_FAMILIES;
		ctnet_test_other(test);
		ether_addr_copy(t->f.data, t->dev->dev_addr);
		ctnet_test_put_ip6(&t->f, ctnet_test_ip6(4), ctnet_test_ip6(1));
		memset(ctnet_test_udp(&t->f, 53, 53), 0x77, 8);
		ctnet_test_done(&t->f);
		KUNIT_ASSERT_EQ(test, t->f.len, len);
		ctnet_decap_test_wrap(test, f, 0);
		off = t->outer.len - ctnet_decap_test_udp_at(f) - len;
		skb = ctnet_decap_test_skb(test, f, t->outer.len, t->outer.len);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + off + starts[n];
		skb->csum_offset = sum;
		ctnet_decap_test_rcv_skb(test, f, skb);
		skb = skb_dequeue(&t->host);
		KUNIT_EXPECT_EQ(test, !skb, n >= 2);
		if (skb)
			KUNIT_EXPECT_EQ(test, (int)skb->ip_summed,
					CHECKSUM_PARTIAL);
		kfree_skb(skb);
	}
	KUNIT_EXPECT_EQ(test,
			ctnet_test_drops(t->ctd->drops, CTNET_DROP_MALFORMED),
			4ull * CTNET_FAMILIES);
}

/* RFC 6040, figure 4: inner marks, outer marks, what comes of it; -1: a drop. */
static const s8 ctnet_decap_test_ecn[4][4] = {
	[INET_ECN_NOT_ECT] = { 0, 0, 0, -1 },
	[INET_ECN_ECT_1] = { 1, 1, 1, 3 },
	[INET_ECN_ECT_0] = { 2, 1, 2, 3 },
	[INET_ECN_CE] = { 3, 3, 3, 3 },
};

static void ctnet_decap_test_ecn_in(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	unsigned int i, inner, outer;
	enum ctnet_family f;
	struct ipv6hdr *ip6;
	struct iphdr *ip4;
	int want;

	for (i = 0; i < 2 * CTNET_FAMILIES * 4 * 4; i++) {
		f = i % 2;
		inner = i / 2 % 4;
		outer = i / 8 % 4;
		want = ctnet_decap_test_ecn[inner][outer];
		ctnet_test_other(test);
		/* The DS field around the marks stays what it is. */
		if (i / 32) {
			ip4 = ctnet_test_put_ip4(&t->f, ctnet_test_ip4(4),
						 ctnet_test_ip4(1));
			ip4->tos = 0x50 | inner;
			ctnet_test_done(&t->f);
			ctnet_decap_test_wrap(test, f, 0xa8 | outer);
			ip4->tos = 0x50 | want;
			ctnet_test_done(&t->f);
		} else {
			ip6 = ctnet_test_put_ip6(&t->f, ctnet_test_ip6(4),
						 ctnet_test_ip6(1));
			ip6->priority = 5;
			ip6->flow_lbl[0] = inner << 4;
			ctnet_test_done(&t->f);
			ctnet_decap_test_wrap(test, f, 0xa8 | outer);
			ip6->flow_lbl[0] = want << 4;
		}
		if (want < 0)
			ctnet_decap_test_drops(test, f, CTNET_DROP_VXLAN_ECN,
					       "ECN", i);
		else
			ctnet_decap_test_arrives(test, f, "ECN", i);
	}
	/* What is no IP has no marks, and arrives whatever the outer one says. */
	for (i = 0; i < 8; i++) {
		ctnet_test_put(ctnet_test_other(test), 10);
		ctnet_decap_test_wrap(test, i % 2, i / 2);
		ctnet_decap_test_arrives(test, i % 2, "no IP", i);
	}
}

static void ctnet_decap_test_errors(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	unsigned int len, i;
	enum ctnet_family f;
	struct sk_buff *skb;
	int err, want;

	/* An ICMP error is about what we sent if what it quotes has our header. */
	for (f = 0; f < CTNET_FAMILIES; f++) {
		ctnet_test_other(test);
		for (i = 0; i < 68; i++) {
			struct vxlanhdr *vxh = ctnet_decap_test_wrap(test, f, 0);
			u8 *udp = t->outer.data + ctnet_decap_test_udp_at(f);
			struct sock *sk = ctnet_decap_test_sock(t, f)->sock->sk;

			want = 0;
			if (i > 1 && i < 34)
				vxh->vx_flags ^= htonl(BIT(i - 2));
			else if (i >= 34 && i < 58)
				vxh->vx_vni ^= htonl(BIT(i - 34 + 8));
			if ((i > 1 && i < 58) || i >= 66)
				want = -ENOENT;
			len = ctnet_decap_test_udp_at(f) + 16;
			ctnet_decap_test_reverse(t, f);
			/* To nobody that is a peer, and from nobody that is us. */
			if (i == 66) {
				udp[-1] ^= 8;
			} else if (i == 67) {
				udp[f == CTNET_V4 ? -5 : -17] ^= 8;
			} else if (i >= 58) {
				want = -EINVAL;
				len -= i - 57;
			}
			skb = ctnet_decap_test_skb(test, f, len, i ? 0 : len);
			rcu_read_lock();
			err = ctnet_decap_err_lookup(sk, skb);
			rcu_read_unlock();
			kfree_skb(skb);
			KUNIT_EXPECT_EQ_MSG(test, err, want, "case %u", i);
		}
	}
}

static struct kunit_case ctnet_decap_cases[] = {
	KUNIT_CASE(ctnet_decap_test_header),
	KUNIT_CASE(ctnet_decap_test_addresses),
	KUNIT_CASE(ctnet_decap_test_inner_cut),
	KUNIT_CASE(ctnet_decap_test_tags),
	KUNIT_CASE(ctnet_decap_test_checksum),
	KUNIT_CASE(ctnet_decap_test_partial),
	KUNIT_CASE(ctnet_decap_test_ecn_in),
	KUNIT_CASE(ctnet_decap_test_errors),
	{}
};

struct kunit_suite ctnet_decap_suite = {
	.name = "ctnet-decap",
	.init = ctnet_decap_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_decap_cases,
};
