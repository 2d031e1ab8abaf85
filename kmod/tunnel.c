// SPDX-License-Identifier: GPL-2.0
/*
 * The tunnel: encapsulation and its reverse (RFC 7348), for IPv4 and IPv6
 * underlays. Hot path; a frame in here is as forward.c has it.
 */
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/gro.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ip6_tunnel.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/vxlan.h>

#include "ctnet.h"
#include "dev.h"
#include "forward.h"
#include "offload.h"
#include "outer.h"
#include "peer.h"
#include "pmtu.h"
#include "stats.h"
#include "tunnel.h"
#include "vtep.h"
#include "trace.h"

/*
 * What the outer header takes from the inner packet, which may be anything and is read as
 * far as the VTEP wants it; a TTL of 0 is to be that of the route.
 */
static struct ctnet_outer ctnet_tunnel_outer(const struct ctnet_vtep *vtep,
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

/* Slow path of a transmit: nothing cached, or the cached is no longer valid. */
static noinline struct dst_entry *ctnet_tunnel_route4(struct ctnet_peer *peer,
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

static noinline struct dst_entry *ctnet_tunnel_route6(struct ctnet_peer *peer,
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

	/* Unlike the lookup for IPv4, this one takes any source. */
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
 * struct ctnet_route - the way to a peer
 * @dst: the route
 * @saddr4: source, of an IPv4 peer
 * @saddr6: source, of an IPv6 peer
 */
struct ctnet_route {
	struct dst_entry	*dst;
	union {
		__be32		saddr4;
		struct in6_addr	saddr6;
	};
};

/*
 * Sets route->dst, with a reference, or returns an error. The mark of @skb, which rules of
 * routing may ask for, is the network's.
 */
static int ctnet_tunnel_route(struct ctnet_peer *peer,
			      const struct ctnet_vtep *vtep, struct sk_buff *skb,
			      enum ctnet_family family, struct ctnet_route *route)
{
	__be16 dport = peer->dstport ?: vtep->port;
	struct dst_entry *dst = NULL;

	if (unlikely(!vtep->sock[family]))
		return -ENETUNREACH;
	if (family == CTNET_V4) {
		dst = (struct dst_entry *)dst_cache_get_ip4(&peer->dst_cache,
							    &route->saddr4);
		if (unlikely(!dst))
			dst = ctnet_tunnel_route4(peer, vtep, skb,
						  &route->saddr4, dport);
	} else {
		dst = dst_cache_get_ip6(&peer->dst_cache, &route->saddr6);
		if (unlikely(!dst))
			dst = ctnet_tunnel_route6(peer, vtep, &route->saddr6,
						  dport);
	}
	route->dst = dst;
	return PTR_ERR_OR_ZERO(dst);
}

/* The frame length that a route takes: the outer headers go off, and a tag that goes in. */
static unsigned int ctnet_tunnel_max(const struct dst_entry *dst,
				     enum ctnet_family family,
				     const struct sk_buff *skb)
{
	unsigned int over = (family == CTNET_V4 ? CTNET_OVERHEAD4 :
						  CTNET_OVERHEAD6) - ETH_HLEN +
			    (skb_vlan_tag_present(skb) ? VLAN_HLEN : 0);

	return max(dst_mtu(dst), over) - over;
}

/*
 * Takes the frame, and a reference to route->dst. @fragment: the outer packet may be
 * cut, here and by routers.
 */
static void ctnet_tunnel_send(struct ctnet_peer *peer,
			      const struct ctnet_vtep *vtep, struct sk_buff *skb,
			      enum ctnet_family family,
			      struct ctnet_route *route, bool fragment)
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
	outer = ctnet_tunnel_outer(vtep, skb);
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
		ctnet_stats_tx(peer->stats, len);
	else
		ctnet_drop_count(ctd, NULL, CTNET_DROP_UNDERLAY);
}

/* Offloads that can be asked for inside a tunnel; others are carried out before. */
#define CTNET_TUNNEL_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
				 NETIF_F_HW_CSUM | NETIF_F_GSO_SOFTWARE)

/*
 * IPsec cuts what is to be cut before it encrypts. It would do so by the device that the
 * packet comes from, and ours comes from none.
 */
static bool ctnet_tunnel_must_cut(const struct dst_entry *dst,
				  const struct sk_buff *skb)
{
#ifdef CONFIG_XFRM
	return skb_is_gso(skb) && dst_xfrm(dst);
#else
	return false;
#endif
}

/* Which of a frame's offloads may be left to whom it is sent to. */
static netdev_features_t ctnet_tunnel_features(const struct ctnet_dev *ctd,
					       const struct dst_entry *dst,
					       const struct sk_buff *skb)
{
	netdev_features_t features = CTNET_TUNNEL_FEATURES & ~NETIF_F_GSO_SOFTWARE;

	if (ctnet_tunnel_must_cut(dst, skb))
		return 0;
	/* It is a tunnel's frame already: nothing looks behind two outer headers. */
	if (skb->encapsulation)
		return features & ~NETIF_F_HW_CSUM;
	return features | (READ_ONCE(ctd->dev->features) & NETIF_F_GSO_SOFTWARE);
}

/*
 * What has to be done to a frame before it can be encapsulated: a tag beside it
 * goes in, and offloads that can not be asked for inside a tunnel are carried out.
 */
static bool ctnet_tunnel_needs_help(struct sk_buff *skb,
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
 * How deep tunnels may be inside one another, on one CPU. Networks that lead through one
 * another would go on until the kernel's stack is used up: a tunnel takes more of it than
 * a device does, for which the core's own limit was made.
 */
#define CTNET_TUNNEL_DEPTH	3
DEFINE_PER_CPU(unsigned int, ctnet_tunnel_depth);

static void ctnet_tunnel_xmit_one(struct ctnet_peer *peer, struct sk_buff *skb)
{
	enum ctnet_family family = ctnet_addr_family(&peer->addr);
	struct ctnet_dev *ctd = peer->vport.ctd;
	const struct ctnet_vtep *vtep = rcu_dereference(ctd->vtep);
	netdev_features_t features;
	struct ctnet_route route;
	bool fragment = false;
	struct sk_buff *next;
	unsigned int max;
	int err;

	err = -ENETUNREACH;
	if (likely(vtep)) {
		/* What marked the inner packet did not mean the outer one. */
		skb->mark = vtep->mark;
		err = ctnet_tunnel_route(peer, vtep, skb, family, &route);
	}
	if (unlikely(err)) {
		ctnet_drop(ctd, skb, err == -ELOOP ? CTNET_DROP_LOOP :
						     CTNET_DROP_NO_ROUTE);
		return;
	}

	max = ctnet_tunnel_max(route.dst, family, skb);
	if (unlikely(!ctnet_pmtu_fits(skb, max))) {
		if (ctnet_pmtu_tell(ctd, skb, max, true)) {
			dst_release(route.dst);
			ctnet_drop(ctd, skb, CTNET_DROP_PATH_MTU);
			return;
		}
		/* Nobody can be told. */
		fragment = true;
	}

	features = ctnet_tunnel_features(ctd, route.dst, skb);
	if (likely(!ctnet_tunnel_needs_help(skb, features))) {
		ctnet_tunnel_send(peer, vtep, skb, family, &route, fragment);
		return;
	}
	skb = ctnet_offload_do(ctd, skb, features);
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		dst_hold(route.dst);
		ctnet_tunnel_send(peer, vtep, skb, family, &route, fragment);
	}
	dst_release(route.dst);
}

/*
 * Segments that come as one frame of over 64 KiB, for whose length an outer header has no
 * room. An IPv6 packet has a header for it, which goes as it is cut, and is in the way
 * of whether the segments fit.
 */
static noinline void ctnet_tunnel_xmit_long(struct ctnet_peer *peer,
					    struct sk_buff *skb)
{
	struct sk_buff *next;

	skb = ctnet_offload_do(peer->vport.ctd, skb, CTNET_TUNNEL_FEATURES &
				~NETIF_F_GSO_SOFTWARE);
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		ctnet_tunnel_xmit_one(peer, skb);
	}
}

/**
 * ctnet_tunnel_xmit() - encapsulate a frame and send it
 * @peer: whom to
 * @skb: the frame, as forward.c has it; consumed
 */
void ctnet_tunnel_xmit(struct ctnet_peer *peer, struct sk_buff *skb)
{
	if (unlikely(__this_cpu_read(ctnet_tunnel_depth) >= CTNET_TUNNEL_DEPTH)) {
		ctnet_drop(peer->vport.ctd, skb, CTNET_DROP_LOOP);
		return;
	}
	__this_cpu_inc(ctnet_tunnel_depth);
	if (unlikely(skb->len >= GSO_LEGACY_MAX_SIZE))
		ctnet_tunnel_xmit_long(peer, skb);
	else
		ctnet_tunnel_xmit_one(peer, skb);
	__this_cpu_dec(ctnet_tunnel_depth);
}

/*
 * Whether the checksum that is left to be completed lies in the frame. A sender who says
 * that it begins before the outer UDP header has UDP check the datagram, which takes the
 * place of beginning and offset for its own sum.
 */
static bool ctnet_tunnel_sum_fits(const struct sk_buff *skb)
{
	int start = skb_checksum_start_offset(skb);

	return start >= 0 &&
	       start + skb->csum_offset + sizeof(__sum16) <= skb_headlen(skb);
}

/*
 * The inner frame, whose Ethernet header data points to, becomes as forward.c has
 * it: a VLAN tag goes beside it, as with frames from a device, and congestion marks
 * of the outer header into it (RFC 6040). NULL and a reason if it can not be.
 */
static struct sk_buff *ctnet_tunnel_inner(struct sk_buff *skb, u8 outer,
					  enum ctnet_drop *reason)
{
	bool marked = outer & INET_ECN_ECT_1;	/* or CE */
	unsigned int hlen;
	u8 inner;

	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_reset_mac_len(skb);
	/* It stood at the outer UDP header. */
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		skb_set_transport_header(skb, ETH_HLEN);
	else if (likely(ctnet_tunnel_sum_fits(skb)))
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	else
		goto malformed;
	if (unlikely(eth_type_vlan(skb->protocol))) {
		skb_pull_rcsum(skb, ETH_HLEN);
		skb = skb_vlan_untag(skb);
		if (!skb) {
			*reason = CTNET_DROP_MALFORMED;
			return NULL;
		}
		skb_push_rcsum(skb, ETH_HLEN);
		skb_set_network_header(skb, ETH_HLEN);
		skb_reset_mac_len(skb);
	}

	switch (skb->protocol) {
	case htons(ETH_P_IP):
		hlen = ETH_HLEN + sizeof(struct iphdr);
		if (!pskb_may_pull(skb, hlen))
			goto malformed;
		inner = ipv4_get_dsfield(ip_hdr(skb));
		break;
	case htons(ETH_P_IPV6):
		hlen = ETH_HLEN + sizeof(struct ipv6hdr);
		if (!pskb_may_pull(skb, hlen))
			goto malformed;
		inner = ipv6_get_dsfield(ipv6_hdr(skb));
		break;
	default:
		return skb;
	}
	/* The mark goes into the frame, of which others may have clones. */
	if (unlikely(marked) && skb_ensure_writable(skb, hlen)) {
		*reason = CTNET_DROP_NOMEM;
		kfree_skb(skb);
		return NULL;
	}
	if (likely(INET_ECN_decapsulate(skb, outer, inner) <= 1))
		return skb;
	*reason = CTNET_DROP_VXLAN_ECN;
	kfree_skb(skb);
	return NULL;

malformed:
	*reason = CTNET_DROP_MALFORMED;
	kfree_skb(skb);
	return NULL;
}

/*
 * The network with a VNI that a socket receives for. What came in by a device that some
 * networks have as their underlay may be for one that has none, whose socket the core
 * looks at second only; a VRF is apart.
 */
static struct ctnet_dev *ctnet_sock_net(const struct sock *sk,
					struct ctnet_sock *sock,
					const struct sk_buff *skb, __be32 vx_vni)
{
	u32 vni = be32_to_cpu(vxlan_vni(vx_vni));
	struct ctnet_dev *ctd = xa_load(&sock->nets, vni);

	if (likely(ctd) || !sock->underlay || netif_is_l3_master(skb->dev))
		return ctd;
	sock = ctnet_sock_find(sock_net(sk), sock->family, sock->port, 0);
	return sock ? xa_load(&sock->nets, vni) : NULL;
}

/*
 * A datagram that came in by a network of this host, where containers are that may write
 * any source: the way to the peer has to lead out there, too. What comes in by other devices
 * is reverse path filtering's.
 */
static bool ctnet_tunnel_came_right(struct ctnet_peer *peer,
				    const struct ctnet_vtep *vtep,
				    struct sk_buff *skb,
				    enum ctnet_family family)
{
	const struct net_device *dev = skb->dev;
	struct ctnet_route route;
	bool right;

	if (unlikely(netif_is_l3_master(dev)))
		dev = dev_get_by_index_rcu(dev_net(dev), family == CTNET_V4 ?
					   inet_sdif(skb) : inet6_sdif(skb));
	if (likely(!dev || !ctnet_dev_is(dev)))
		return true;
	skb->mark = vtep->mark;
	if (ctnet_tunnel_route(peer, vtep, skb, family, &route))
		return false;
	right = route.dst->dev == dev;
	dst_release(route.dst);
	return right;
}

/**
 * ctnet_tunnel_rcv() - encap_rcv of our sockets
 * @sk: the socket
 * @skb: a datagram for it; data points to its UDP header. Consumed whatever it is,
 *	as nobody else listens there.
 *
 * Context: softirq, under RCU. Return: 0.
 */
int ctnet_tunnel_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct ctnet_sock *sock = rcu_dereference_sk_user_data(sk);
	enum ctnet_drop reason = CTNET_DROP_VXLAN_HEADER;
	struct in6_addr saddr, daddr;
	const struct ctnet_vtep *vtep;
	const struct vxlanhdr *vxh;
	struct ctnet_peer *peer;
	struct ctnet_dev *ctd;
	u8 tos;

	if (unlikely(!sock)) {
		/* It is being closed, and its counters are gone. */
		trace_ctnet_drop(NULL, skb, CTNET_DROP_VXLAN_VNI);
		kfree_skb(skb);
		return 0;
	}
	/*
	 * UDP cuts what holds several datagrams inside the inner packet, and hands each
	 * on while it still points to the next: a device would send them all.
	 */
	skb_mark_not_on_list(skb);
	if (unlikely(!pskb_may_pull(skb, VXLAN_HLEN)))
		goto drop_sock;
	vxh = (struct vxlanhdr *)(udp_hdr(skb) + 1);
	if (unlikely(vxh->vx_flags != VXLAN_HF_VNI ||
		     vxh->vx_vni & ~VXLAN_VNI_MASK))
		goto drop_sock;
	ctd = ctnet_sock_net(sk, sock, skb, vxh->vx_vni);
	if (unlikely(!ctd || !netif_running(ctd->dev))) {
		reason = CTNET_DROP_VXLAN_VNI;
		goto drop_sock;
	}

	if (sock->family == CTNET_V4) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &saddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &daddr);
		tos = ipv4_get_dsfield(ip_hdr(skb));
	} else {
		saddr = ipv6_hdr(skb)->saddr;
		daddr = ipv6_hdr(skb)->daddr;
		tos = ipv6_get_dsfield(ipv6_hdr(skb));
	}
	vtep = rcu_dereference(ctd->vtep);
	if (unlikely(!vtep ||
		     !ipv6_addr_equal(&daddr, &vtep->local[sock->family]))) {
		reason = CTNET_DROP_VXLAN_LOCAL;
		goto drop;
	}
	peer = ctnet_peer_find(ctd, &saddr);
	if (unlikely(!peer || ctnet_addr_family(&saddr) != sock->family)) {
		reason = CTNET_DROP_VXLAN_PEER;
		goto drop;
	}
	if (unlikely(!ctnet_tunnel_came_right(peer, vtep, skb, sock->family))) {
		reason = CTNET_DROP_VXLAN_DEV;
		goto drop;
	}
	if (unlikely(iptunnel_pull_header(skb, VXLAN_HLEN, htons(ETH_P_TEB),
					  false))) {
		reason = CTNET_DROP_MALFORMED;
		goto drop;
	}
	trace_ctnet_decap(skb, peer, vtep->vni, udp_hdr(skb)->source);
	skb = ctnet_tunnel_inner(skb, tos, &reason);
	if (unlikely(!skb)) {
		ctnet_drop_count(ctd, NULL, reason);
		return 0;
	}
	ctnet_stats_rx(peer->stats, skb);
	ctnet_forward(skb, &peer->vport);
	return 0;

drop:
	ctnet_drop(ctd, skb, reason);
	return 0;
drop_sock:
	ctnet_drop_sock(sock, skb, reason);
	return 0;
}

/**
 * ctnet_tunnel_err_lookup() - whether an ICMP error is about what we sent
 * @sk: the socket
 * @skb: the error; its network and transport headers are the IP and UDP headers of what
 *	was sent
 *
 * If so, the core enters the path's MTU into the route. Anybody can send such an error:
 * one about what no network sends to no peer is not for us to believe, or it would be a
 * way to shrink this host's path to any other.
 *
 * Context: softirq, under RCU. Return: 0 if it is, or an error.
 */
int ctnet_tunnel_err_lookup(struct sock *sk, struct sk_buff *skb)
{
	struct ctnet_sock *sock = rcu_dereference_sk_user_data(sk);
	struct in6_addr saddr, daddr;
	const struct ctnet_vtep *vtep;
	const struct vxlanhdr *vxh;
	struct ctnet_dev *ctd;

	if (!sock ||
	    !pskb_may_pull(skb, skb_transport_offset(skb) + VXLAN_HLEN))
		return -EINVAL;
	vxh = (struct vxlanhdr *)(udp_hdr(skb) + 1);
	ctd = vxh->vx_flags == VXLAN_HF_VNI ?
	      ctnet_sock_net(sk, sock, skb, vxh->vx_vni) : NULL;
	/* It has its place here before it is whole, and is up only then. */
	vtep = ctd && netif_running(ctd->dev) ? rcu_dereference(ctd->vtep) :
						NULL;
	if (!vtep)
		return -ENOENT;
	if (sock->family == CTNET_V4) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &saddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &daddr);
	} else {
		saddr = ipv6_hdr(skb)->saddr;
		daddr = ipv6_hdr(skb)->daddr;
	}
	if (!ipv6_addr_equal(&saddr, &vtep->local[sock->family]) ||
	    !ctnet_peer_find(ctd, &daddr))
		return -ENOENT;
	return 0;
}

/**
 * ctnet_tunnel_gro_receive() - gro_receive of our sockets
 * @sk: the socket
 * @head: the flows that are being merged
 * @skb: a datagram; the GRO offset is behind its UDP header
 *
 * Return: as napi_gro_receive() callbacks do.
 */
struct sk_buff *ctnet_tunnel_gro_receive(struct sock *sk, struct list_head *head,
					 struct sk_buff *skb)
{
	unsigned int off = skb_gro_offset(skb);
	unsigned int hlen = off + sizeof(struct vxlanhdr);
	struct sk_buff *p, *pp = NULL;
	const struct vxlanhdr *vxh;
	int flush = 1;

	vxh = skb_gro_header(skb, hlen, off);
	if (unlikely(!vxh) || vxh->vx_flags != VXLAN_HF_VNI)
		goto out;
	skb_gro_postpull_rcsum(skb, vxh, sizeof(*vxh));
	skb_gro_pull(skb, sizeof(*vxh));
	list_for_each_entry(p, head, list) {
		const struct vxlanhdr *other;

		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		other = (struct vxlanhdr *)(p->data + off);
		if (vxh->vx_flags != other->vx_flags ||
		    vxh->vx_vni != other->vx_vni)
			NAPI_GRO_CB(p)->same_flow = 0;
	}
	pp = call_gro_receive(eth_gro_receive, head, skb);
	flush = 0;
out:
	skb_gro_flush_final(skb, pp, flush);
	return pp;
}

/**
 * ctnet_tunnel_gro_complete() - gro_complete of our sockets
 * @sk: the socket
 * @skb: a merged datagram
 * @nhoff: where its VXLAN header begins
 *
 * Return: 0 or an error.
 */
int ctnet_tunnel_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff)
{
	return eth_gro_complete(skb, nhoff + sizeof(struct vxlanhdr));
}

#ifdef CTNET_KUNIT
#include "tunnel_test.c"
#endif
