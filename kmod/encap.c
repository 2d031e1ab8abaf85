// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit to a peer: route, headroom, VXLAN header (RFC 7348), and out by outer.c. Hot path;
 * a frame in here is as forward.c has it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ip.h>
#include <linux/jhash.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ip6_tunnel.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/vxlan.h>

#include "ctnet.h"
#include "encap.h"
#include "offload.h"
#include "outer.h"
#include "peer.h"
#include "pmtu.h"
#include "sock.h"
#include "stats.h"
#include "vtep.h"
#include "trace.h"

/*
 * The fields of the outer header that the settings or the inner packet determine. A TTL of 0
 * stands for that of the route.
 */
VISIBLE_IF_KUNIT struct ctnet_outer ctnet_encap_outer(const struct ctnet_vtep *vtep,
						      const struct sk_buff *skb)
{
	struct ctnet_outer outer = { .csum = vtep->udp_csum };
	u8 tos = 0, ttl = 0;
	bool df = false;
	unsigned int off;
	__be16 proto;

	proto = ctnet_frame_proto(skb, &off);
	if (proto == htons(ETH_P_IP)) {
		struct iphdr _iph, *iph;

		iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
		if (iph) {
			tos = ipv4_get_dsfield(iph);
			ttl = iph->ttl;
			df = iph->frag_off & htons(IP_DF);
		}
	} else if (proto == htons(ETH_P_IPV6)) {
		struct ipv6hdr _iph, *iph;

		iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
		if (iph) {
			tos = ipv6_get_dsfield(iph);
			ttl = iph->hop_limit;
			df = true;
		}
	}

	/* ECN goes along whatever else does (RFC 6040, normal mode). */
	outer.tos = vtep->tos == CTNET_INHERIT ? tos :
		    (vtep->tos & ~INET_ECN_MASK) | (tos & INET_ECN_MASK);
	outer.ttl = vtep->ttl == CTNET_INHERIT ? ttl : vtep->ttl;
	outer.df = vtep->df == CTNET_DF_INHERIT ? df : vtep->df;
	return outer;
}

/* Ports of TCP or UDP. */
#define CTNET_ENCAP_PORTS	(2 * sizeof(__be16))

/*
 * Gives a frame the hash of its flow, of which udp_flow_src_port() makes the source port. The
 * flow dissector, which looks for all kinds of headers, is left the frames that are not plain
 * TCP or UDP; fragments, of which only the first has ports, and what is tagged among them.
 */
static void ctnet_encap_hash(struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	const struct iphdr *iph = (const struct iphdr *)(eth + 1);
	static u32 seed __read_mostly;

	if (skb->l4_hash || skb->sw_hash || eth->h_proto != htons(ETH_P_IP) ||
	    skb_headlen(skb) < ETH_HLEN + sizeof(*iph) + CTNET_ENCAP_PORTS ||
	    iph->version != 4 || iph->ihl != sizeof(*iph) / 4 || ip_is_fragment(iph) ||
	    (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP))
		return;
	net_get_random_once(&seed, sizeof(seed));
	__skb_set_sw_hash(skb, jhash_3words((__force u32)iph->saddr, (__force u32)iph->daddr,
					    get_unaligned((const u32 *)(iph + 1)),
					    seed + iph->protocol), true);
}

/* Slow path: no cached route, or one that is no longer valid. */
static noinline struct dst_entry *ctnet_encap_route4(struct ctnet_peer *peer,
						     const struct ctnet_vtep *vtep,
						     struct sk_buff *skb,
						     __be32 *saddr, __be16 dport)
{
	struct net_device *dev = peer->vport.ctd->dev;
	struct ip_tunnel_key key = {
		.u.ipv4.src = vtep->local[CTNET_V4].s6_addr32[3],
		.u.ipv4.dst = peer->addr.s6_addr32[3],
	};
	struct rtable *rt;

	rt = udp_tunnel_dst_lookup(skb, dev, dev_net(dev), vtep->underlay, saddr,
				   &key, 0, dport, 0, &peer->dst_cache);
	return IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
}

static noinline struct dst_entry *ctnet_encap_route6(struct ctnet_peer *peer,
						     const struct ctnet_vtep *vtep,
						     struct in6_addr *saddr,
						     __be16 dport)
{
	struct net_device *dev = peer->vport.ctd->dev;
	struct flowi6 fl6 = {
		.flowi6_mark = vtep->mark,
		.flowi6_oif = vtep->underlay,
		.flowi6_proto = IPPROTO_UDP,
		.fl6_dport = dport,
		.saddr = vtep->local[CTNET_V6],
		.daddr = peer->addr,
	};
	struct dst_entry *dst;

	/* Unlike the lookup for IPv4, this one does not check the source address. */
	if (!ctnet_vtep_has_addr6(dev_net(dev), vtep->underlay, &fl6.saddr))
		return ERR_PTR(-ENETUNREACH);
	dst = ip6_dst_lookup_flow(dev_net(dev),
				  vtep->sock[CTNET_V6]->sock->sk, &fl6, NULL);
	if (IS_ERR(dst))
		return dst;
	if (dst->dev == dev) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip6(&peer->dst_cache, dst, &fl6.saddr);
	*saddr = fl6.saddr;
	return dst;
}

/**
 * ctnet_encap_route() - find the route to a peer
 * @peer: the peer
 * @vtep: the network's own end
 * @skb: the frame, whose mark is the network's already: routing rules may ask for it
 * @family: the peer's
 * @route: set; its dst holds a reference
 *
 * Context: under RCU, bottom halves off. Return: 0 or an error; -ELOOP if the route leads
 * through the network itself.
 */
int ctnet_encap_route(struct ctnet_peer *peer, const struct ctnet_vtep *vtep,
		      struct sk_buff *skb, enum ctnet_family family,
		      struct ctnet_encap_route *route)
{
	__be16 dport = peer->dstport ?: vtep->port;
	struct dst_entry *dst = NULL;

	if (unlikely(!vtep->sock[family]))
		return -ENETUNREACH;
	if (family == CTNET_V4) {
		dst = (struct dst_entry *)dst_cache_get_ip4(&peer->dst_cache,
							    &route->saddr4);
		if (unlikely(!dst))
			dst = ctnet_encap_route4(peer, vtep, skb,
						 &route->saddr4, dport);
	} else {
		dst = dst_cache_get_ip6(&peer->dst_cache, &route->saddr6);
		if (unlikely(!dst))
			dst = ctnet_encap_route6(peer, vtep, &route->saddr6,
						 dport);
	}
	route->dst = dst;
	return PTR_ERR_OR_ZERO(dst);
}

/* The longest frame for a route's MTU, less the outer headers and a tag beside the frame. */
static unsigned int ctnet_encap_max(const struct dst_entry *dst,
				    enum ctnet_family family,
				    const struct sk_buff *skb)
{
	unsigned int over = (family == CTNET_V4 ? CTNET_OVERHEAD4 :
						  CTNET_OVERHEAD6) - ETH_HLEN +
			    (skb_vlan_tag_present(skb) ? VLAN_HLEN : 0);

	return max(dst_mtu(dst), over) - over;
}

/*
 * Consumes the frame and a reference to route->dst. @fragment: the outer packet may be
 * fragmented, here and by routers.
 */
static void ctnet_encap_send(struct ctnet_peer *peer,
			     const struct ctnet_vtep *vtep, struct sk_buff *skb,
			     enum ctnet_family family,
			     struct ctnet_encap_route *route, bool fragment)
{
	struct sock *sk = vtep->sock[family]->sock->sk;
	struct ctnet_dev *ctd = peer->vport.ctd;
	struct dst_entry *dst = route->dst;
	unsigned int len = skb->len;
	struct ctnet_outer outer;
	struct vxlanhdr *vxh;
	int err;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	outer = ctnet_encap_outer(vtep, skb);
	ctnet_encap_hash(skb);
	outer.sport = udp_flow_src_port(dev_net(ctd->dev), skb, 0, 0, true);
	outer.dport = peer->dstport ?: vtep->port;
	trace_ctnet_encap(skb, peer, vtep->vni, outer.sport);
	if (unlikely(skb_cow_head(skb, LL_RESERVED_SPACE(dst->dev) +
				  dst->header_len + CTNET_OVERHEAD6 - ETH_HLEN) ||
		     udp_tunnel_handle_offloads(skb, vtep->udp_csum))) {
		dst_release(dst);
		ctnet_drop(ctd, skb, CTNET_DROP_NOMEM);
		return;
	}
	vxh = __skb_push(skb, sizeof(*vxh));
	vxh->vx_flags = VXLAN_HF_VNI;
	vxh->vx_vni = vxlan_vni_field(cpu_to_be32(vtep->vni));
	skb_set_inner_protocol(skb, htons(ETH_P_TEB));

	outer.df = outer.df && !fragment;
	if (family == CTNET_V4) {
		outer.ttl = outer.ttl ?: ip4_dst_hoplimit(dst);
		err = ctnet_outer_xmit4(skb, sk, dst, &outer, route->saddr4,
					peer->addr.s6_addr32[3]);
	} else {
		outer.ttl = outer.ttl ?: ip6_dst_hoplimit(dst);
		outer.df = !fragment;
		err = ctnet_outer_xmit6(skb, sk, dst, &outer, &route->saddr6,
					&peer->addr);
	}
	if (likely(!net_xmit_eval(err)))
		ctnet_stats_tx(&peer->vport, len);
	else
		ctnet_drop_count(ctd, NULL, CTNET_DROP_UNDERLAY);
}

/* Offloads that can be left to the underlay device; others are done before encapsulation. */
#define CTNET_ENCAP_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
				 NETIF_F_HW_CSUM | NETIF_F_GSO_SOFTWARE)

/*
 * IPsec segments before it encrypts, by the features of the device that the packet came from. Ours
 * came from none, so the segmenting is done here.
 */
static bool ctnet_encap_must_cut(const struct dst_entry *dst,
				 const struct sk_buff *skb)
{
#ifdef CONFIG_XFRM
	return skb_is_gso(skb) && dst_xfrm(dst);
#else
	return false;
#endif
}

/* Offloads of a frame that may be left to the underlay device. */
static netdev_features_t ctnet_encap_features(const struct ctnet_dev *ctd,
					      const struct dst_entry *dst,
					      const struct sk_buff *skb)
{
	netdev_features_t features = CTNET_ENCAP_FEATURES & ~NETIF_F_GSO_SOFTWARE;

	if (ctnet_encap_must_cut(dst, skb))
		return 0;
	/* A frame of another tunnel: devices do not handle two levels of encapsulation. */
	if (skb->encapsulation)
		return features & ~NETIF_F_HW_CSUM;
	return features | (READ_ONCE(ctd->dev->features) & NETIF_F_GSO_SOFTWARE);
}

/*
 * Whether ctnet_offload_do() is needed before encapsulation: for a tag beside the frame, or
 * offloads that cannot be left to the underlay device.
 */
static bool ctnet_encap_needs_help(struct sk_buff *skb,
				   netdev_features_t features)
{
	if (skb_vlan_tag_present(skb))
		return true;
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    (!(features & NETIF_F_HW_CSUM) || skb_csum_is_sctp(skb)))
		return true;
	return skb_is_gso(skb) && !net_gso_ok(features, skb_shinfo(skb)->gso_type);
}

/*
 * How deep tunnels may be nested, on one CPU. Networks that are each other's underlay would
 * recurse until the kernel's stack overflows: a tunnel uses more of it than a device does, for
 * which the core's own limit was made.
 */
#define CTNET_ENCAP_DEPTH	3
DEFINE_PER_CPU(unsigned int, ctnet_encap_depth);

static noinline void ctnet_encap_no_route(struct ctnet_peer *peer,
					  struct sk_buff *skb, int err)
{
	struct ctnet_dev *ctd = peer->vport.ctd;

	net_dbg_ratelimited("%s: no route to peer %pI6c: %pe\n", ctd->dev->name,
			    &peer->addr, ERR_PTR(err));
	ctnet_drop(ctd, skb, err == -ELOOP ? CTNET_DROP_LOOP : CTNET_DROP_NO_ROUTE);
}

static void ctnet_encap_xmit_one(struct ctnet_peer *peer, struct sk_buff *skb)
{
	enum ctnet_family family = ctnet_addr_family(&peer->addr);
	struct ctnet_dev *ctd = peer->vport.ctd;
	const struct ctnet_vtep *vtep = rcu_dereference(ctd->vtep);
	netdev_features_t features;
	struct ctnet_encap_route route;
	bool fragment = false;
	struct sk_buff *next;
	unsigned int max;
	int err;

	err = -ENETUNREACH;
	if (likely(vtep)) {
		/* The mark of the inner packet is not meant for the outer one. */
		skb->mark = vtep->mark;
		err = ctnet_encap_route(peer, vtep, skb, family, &route);
	}
	if (unlikely(err)) {
		ctnet_encap_no_route(peer, skb, err);
		return;
	}

	max = ctnet_encap_max(route.dst, family, skb);
	if (unlikely(!ctnet_pmtu_fits(skb, max))) {
		if (ctnet_pmtu_tell(ctd, skb, max, true)) {
			dst_release(route.dst);
			ctnet_drop(ctd, skb, CTNET_DROP_PATH_MTU);
			return;
		}
		/* There is no sender to tell: the outer packet is fragmented. */
		fragment = true;
	}

	features = ctnet_encap_features(ctd, route.dst, skb);
	if (likely(!ctnet_encap_needs_help(skb, features))) {
		ctnet_encap_send(peer, vtep, skb, family, &route, fragment);
		return;
	}
	skb = ctnet_offload_do(ctd, skb, features);
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		dst_hold(route.dst);
		ctnet_encap_send(peer, vtep, skb, family, &route, fragment);
	}
	dst_release(route.dst);
}

/*
 * A GSO frame of over 64 KiB (BIG TCP) is segmented first, as its length does not fit into an
 * outer header. This also removes the jumbo payload option of an IPv6 packet, which the check
 * of the segments' length does not expect.
 */
static noinline void ctnet_encap_xmit_long(struct ctnet_peer *peer,
					   struct sk_buff *skb)
{
	struct sk_buff *next;

	skb = ctnet_offload_do(peer->vport.ctd, skb, CTNET_ENCAP_FEATURES &
				~NETIF_F_GSO_SOFTWARE);
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		ctnet_encap_xmit_one(peer, skb);
	}
}

/* Room before a copy, so that it need not be copied again: for most link headers, too. */
#define CTNET_ENCAP_ROOM	(CTNET_OVERHEAD6 - ETH_HLEN + 2 * HH_DATA_MOD)

/*
 * A copy of a frame that others have a reference to. Headers are written before it: a clone
 * would have to be copied then.
 */
static noinline struct sk_buff *ctnet_encap_copy(struct ctnet_dev *ctd, struct sk_buff *skb)
{
	struct sk_buff *copy = __pskb_copy(skb, CTNET_ENCAP_ROOM, GFP_ATOMIC);

	if (copy)
		consume_skb(skb);
	else
		ctnet_drop(ctd, skb, CTNET_DROP_NOMEM);
	return copy;
}

/**
 * ctnet_encap_xmit() - encapsulate a frame and send it
 * @peer: whom to
 * @skb: the frame, as forward.c has it, of which others may have references; consumed
 */
void ctnet_encap_xmit(struct ctnet_peer *peer, struct sk_buff *skb)
{
	if (unlikely(__this_cpu_read(ctnet_encap_depth) >= CTNET_ENCAP_DEPTH)) {
		ctnet_drop(peer->vport.ctd, skb, CTNET_DROP_LOOP);
		return;
	}
	if (unlikely(skb_shared(skb))) {
		skb = ctnet_encap_copy(peer->vport.ctd, skb);
		if (!skb)
			return;
	}
	__this_cpu_inc(ctnet_encap_depth);
	if (unlikely(skb->len >= GSO_LEGACY_MAX_SIZE))
		ctnet_encap_xmit_long(peer, skb);
	else
		ctnet_encap_xmit_one(peer, skb);
	__this_cpu_dec(ctnet_encap_depth);
}
