// SPDX-License-Identifier: GPL-2.0
/*
 * Receive from a peer: header checks (RFC 7348), the peer by its source address, and GRO. Hot
 * path; a frame that is forwarded from here is as forward.c has it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ip.h>
#include <linux/udp.h>
#include <net/gro.h>
#include <net/inet_ecn.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/vxlan.h>

#include "ctnet.h"
#include "decap.h"
#include "dev.h"
#include "encap.h"
#include "forward.h"
#include "peer.h"
#include "sock.h"
#include "stats.h"
#include "vtep.h"
#include "trace.h"

/*
 * Whether a checksum that is left to be completed (CHECKSUM_PARTIAL) is inside the inner frame. It
 * may not be, where a local sender chose its offset.
 */
static bool ctnet_decap_sum_fits(const struct sk_buff *skb)
{
	int start = skb_checksum_start_offset(skb);

	return start >= 0 &&
	       start + skb->csum_offset + sizeof(__sum16) <= skb_headlen(skb);
}

/*
 * Makes the inner frame, whose Ethernet header data points to, what forward.c expects: a VLAN
 * tag is moved beside it, as for frames from a device, and ECN marks of the outer header are
 * copied into it (RFC 6040). Returns NULL and a reason if it was dropped.
 */
static struct sk_buff *ctnet_decap_inner(struct sk_buff *skb, u8 outer,
					 enum ctnet_drop *reason)
{
	bool marked = outer & INET_ECN_ECT_1;	/* or CE */
	unsigned int hlen;
	u8 inner;

	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_reset_mac_len(skb);
	/* Until here it is the offset of the outer UDP header. */
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		skb_set_transport_header(skb, ETH_HLEN);
	else if (likely(ctnet_decap_sum_fits(skb)))
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
	/* The frame is changed, and others may have clones. */
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
 * The network with a VNI that a socket receives for. The core prefers a socket that is bound to
 * the device a datagram came in by, but it may be for a network without an underlay device, which
 * has another socket. A VRF is separate.
 */
static struct ctnet_dev *ctnet_decap_net(const struct sock *sk,
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

/**
 * struct ctnet_decap_last - whom a CPU received from last
 * @peer: the peer
 * @gen: &ctnet_peer_gen before it was looked up; while it is the same no peer was removed, and
 *	no network either, as its peers go first
 */
struct ctnet_decap_last {
	struct ctnet_peer	*peer;
	unsigned long		gen;
};

static DEFINE_PER_CPU(struct ctnet_decap_last, ctnet_decap_last);

/*
 * The peer that a CPU received from last, if this is from it too, and its network receives what
 * has this VNI by this socket; else NULL. @gen: &ctnet_peer_gen, read before.
 */
static struct ctnet_peer *ctnet_decap_again(const struct ctnet_sock *sock, __be32 vx_vni,
					    const struct in6_addr *saddr, unsigned long gen)
{
	const struct ctnet_decap_last *last = this_cpu_ptr(&ctnet_decap_last);
	struct ctnet_peer *peer = last->peer;
	const struct ctnet_vtep *vtep;

	if (unlikely(last->gen != gen || !peer || !ipv6_addr_equal(&peer->addr, saddr)))
		return NULL;
	vtep = rcu_dereference(peer->vport.ctd->vtep);
	return likely(vtep && vtep->sock[sock->family] == sock &&
		      vtep->vni == be32_to_cpu(vxlan_vni(vx_vni))) ? peer : NULL;
}

/*
 * Whether a datagram came in by the right device. Containers can forge any source address, so one
 * that came in by a ctnet network of this host is accepted only if the route to the peer leaves by
 * that network. For other devices there is reverse path filtering.
 */
static bool ctnet_decap_came_right(struct ctnet_peer *peer,
				   const struct ctnet_vtep *vtep,
				   struct sk_buff *skb,
				   enum ctnet_family family)
{
	const struct net_device *dev = skb->dev;
	struct ctnet_encap_route route;
	bool right;

	if (unlikely(netif_is_l3_master(dev)))
		dev = dev_get_by_index_rcu(dev_net(dev), family == CTNET_V4 ?
					   inet_sdif(skb) : inet6_sdif(skb));
	if (likely(!dev || !ctnet_dev_is(dev)))
		return true;
	skb->mark = vtep->mark;
	if (ctnet_encap_route(peer, vtep, skb, family, &route))
		return false;
	right = route.dst->dev == dev;
	dst_release(route.dst);
	return right;
}

/**
 * ctnet_decap_rcv() - encap_rcv of our sockets
 * @sk: the socket
 * @skb: a datagram; data points to its UDP header; always consumed
 *
 * Context: softirq, under RCU. Return: 0.
 */
int ctnet_decap_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct ctnet_sock *sock = rcu_dereference_sk_user_data(sk);
	/* Pairs with ctnet_peer_unlink(): what was removed before this is not found. */
	unsigned long gen = smp_load_acquire(&ctnet_peer_gen);
	enum ctnet_drop reason = CTNET_DROP_VXLAN_HEADER;
	struct in6_addr saddr, daddr;
	const struct ctnet_vtep *vtep;
	const struct vxlanhdr *vxh;
	struct ctnet_peer *peer;
	struct ctnet_dev *ctd;
	u8 tos;

	if (unlikely(!sock)) {
		/* The socket is being closed; its counters are gone. */
		trace_ctnet_drop(NULL, skb, CTNET_DROP_VXLAN_VNI);
		kfree_skb(skb);
		return 0;
	}
	/*
	 * UDP segments a GSO datagram and passes on each segment while its next pointer
	 * is still set: a device would send all of them.
	 */
	skb_mark_not_on_list(skb);
	if (unlikely(!pskb_may_pull(skb, VXLAN_HLEN)))
		goto drop_sock;
	vxh = (struct vxlanhdr *)(udp_hdr(skb) + 1);
	if (unlikely(vxh->vx_flags != VXLAN_HF_VNI ||
		     vxh->vx_vni & ~VXLAN_VNI_MASK))
		goto drop_sock;
	if (sock->family == CTNET_V4) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &saddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &daddr);
		tos = ipv4_get_dsfield(ip_hdr(skb));
	} else {
		saddr = ipv6_hdr(skb)->saddr;
		daddr = ipv6_hdr(skb)->daddr;
		tos = ipv6_get_dsfield(ipv6_hdr(skb));
	}
	peer = ctnet_decap_again(sock, vxh->vx_vni, &saddr, gen);
	ctd = peer ? peer->vport.ctd : ctnet_decap_net(sk, sock, skb, vxh->vx_vni);
	if (unlikely(!ctd || !netif_running(ctd->dev))) {
		net_dbg_ratelimited("UDP port %u: no network with VNI %u is up\n",
				    ntohs(sock->port),
				    be32_to_cpu(vxlan_vni(vxh->vx_vni)));
		reason = CTNET_DROP_VXLAN_VNI;
		goto drop_sock;
	}
	vtep = rcu_dereference(ctd->vtep);
	if (unlikely(!vtep ||
		     !ipv6_addr_equal(&daddr, &vtep->local[sock->family]))) {
		reason = CTNET_DROP_VXLAN_LOCAL;
		goto drop_config;
	}
	if (unlikely(!peer)) {
		peer = ctnet_peer_find(ctd, &saddr);
		this_cpu_write(ctnet_decap_last.peer, peer);
		this_cpu_write(ctnet_decap_last.gen, gen);
	}
	if (unlikely(!peer || ctnet_addr_family(&saddr) != sock->family)) {
		reason = CTNET_DROP_VXLAN_PEER;
		goto drop_config;
	}
	if (unlikely(!ctnet_decap_came_right(peer, vtep, skb, sock->family))) {
		reason = CTNET_DROP_VXLAN_DEV;
		goto drop_config;
	}
	if (unlikely(iptunnel_pull_header(skb, VXLAN_HLEN, htons(ETH_P_TEB),
					  false))) {
		reason = CTNET_DROP_MALFORMED;
		goto drop;
	}
	trace_ctnet_decap(skb, peer, vtep->vni, udp_hdr(skb)->source);
	skb = ctnet_decap_inner(skb, tos, &reason);
	if (unlikely(!skb)) {
		ctnet_drop_count(ctd, NULL, reason);
		return 0;
	}
	ctnet_stats_rx(&peer->vport, skb);
	ctnet_forward(skb, &peer->vport, CTNET_FROM_WIRE);
	return 0;

drop_config:
	net_dbg_ratelimited("%s: %s: datagram from %pI6c to %pI6c\n", ctd->dev->name,
			    ctnet_drop_names[reason], &saddr, &daddr);
drop:
	ctnet_drop(ctd, skb, reason);
	return 0;
drop_sock:
	ctnet_drop_sock(sock, skb, reason);
	return 0;
}

/**
 * ctnet_decap_err_lookup() - whether an ICMP error is about what we sent
 * @sk: the socket
 * @skb: the error; its network and transport headers are the IP and UDP headers of what
 *	was sent
 *
 * If so, the core sets the path's MTU in the route. Anybody can send such an error. Only those
 * about packets from a network to one of its peers are accepted, so that a forged one cannot
 * shrink the MTU of other paths.
 *
 * Context: softirq, under RCU. Return: 0 if it is, or an error.
 */
int ctnet_decap_err_lookup(struct sock *sk, struct sk_buff *skb)
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
	      ctnet_decap_net(sk, sock, skb, vxh->vx_vni) : NULL;
	/* A network is entered before it is complete, and is not up until then. */
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
 * ctnet_decap_gro_receive() - gro_receive of our sockets
 * @sk: the socket
 * @head: the flows that are being merged
 * @skb: a datagram; the GRO offset is behind its UDP header
 *
 * Return: as napi_gro_receive() callbacks do.
 */
struct sk_buff *ctnet_decap_gro_receive(struct sock *sk, struct list_head *head,
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
 * ctnet_decap_gro_complete() - gro_complete of our sockets
 * @sk: the socket
 * @skb: a merged datagram
 * @nhoff: where its VXLAN header begins
 *
 * Return: 0 or an error.
 */
int ctnet_decap_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff)
{
	return eth_gro_complete(skb, nhoff + sizeof(struct vxlanhdr));
}
