// SPDX-License-Identifier: GPL-2.0
/* The tunnel endpoint: sockets, peers, encapsulation and its reverse (RFC 7348). */
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/vxlan.h>

#include "ctnet.h"

static struct kmem_cache *ctnet_peer_cache __read_mostly;

static const struct rhashtable_params ctnet_peer_params = {
	.head_offset = offsetof(struct ctnet_peer, node),
	.key_offset = offsetof(struct ctnet_peer, addr),
	.key_len = sizeof_field(struct ctnet_peer, addr),
	.automatic_shrinking = true,
};

/* The IPv4 address of a v4-mapped one. */
static __be32 ctnet_v4(const struct in6_addr *addr)
{
	return addr->s6_addr32[3];
}

/* Slow path of a transmit: nothing cached, or the cached is no longer valid. */
static noinline struct rtable *ctnet_tunnel_route(struct ctnet_peer *peer,
						  const struct ctnet_vtep *vtep,
						  struct sk_buff *skb,
						  __be32 *saddr, __be16 dport)
{
	struct net_device *dev = peer->dst.net->dev;
	struct ip_tunnel_key key = {
		.u.ipv4.src = ctnet_v4(&vtep->local),
		.u.ipv4.dst = ctnet_v4(&peer->addr),
	};

	/* A mark may choose another route: that one is not for the others. */
	return udp_tunnel_dst_lookup(skb, dev, dev_net(dev), 0, saddr, &key, 0,
				     dport, 0,
				     skb->mark ? NULL : &peer->dst_cache);
}

/* ECN field of an IP packet in the frame, or 0 (RFC 6040, normal mode). */
static u8 ctnet_inner_ecn(struct sk_buff *skb)
{
	u8 ds = 0;

	if (skb->protocol == htons(ETH_P_IP)) {
		if (pskb_may_pull(skb, ETH_HLEN + sizeof(struct iphdr)))
			ds = ipv4_get_dsfield((void *)(skb->data + ETH_HLEN));
	} else if (skb->protocol == htons(ETH_P_IPV6)) {
		if (pskb_may_pull(skb, ETH_HLEN + sizeof(struct ipv6hdr)))
			ds = ipv6_get_dsfield((void *)(skb->data + ETH_HLEN));
	}
	return ds & INET_ECN_MASK;
}

static void ctnet_tunnel_xmit_one(struct ctnet_peer *peer,
				  const struct ctnet_vtep *vtep,
				  struct sk_buff *skb)
{
	__be16 dport = peer->dstport ?: vtep->sock->port;
	struct ctnet_net *net = peer->dst.net;
	unsigned int len = skb->len;
	struct rtable *rt = NULL;
	struct vxlanhdr *vxh;
	__be16 sport;
	__be32 saddr;
	u8 tos;

	if (likely(!skb->mark))
		rt = dst_cache_get_ip4(&peer->dst_cache, &saddr);
	if (unlikely(!rt)) {
		rt = ctnet_tunnel_route(peer, vtep, skb, &saddr, dport);
		if (IS_ERR(rt)) {
			ctnet_drop(net, skb, PTR_ERR(rt) == -ELOOP ?
				   CTNET_DROP_LOOP : CTNET_DROP_NO_ROUTE);
			return;
		}
	}

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	tos = ctnet_inner_ecn(skb);
	sport = udp_flow_src_port(dev_net(net->dev), skb, 0, 0, true);
	if (unlikely(skb_cow_head(skb, LL_RESERVED_SPACE(rt->dst.dev) +
				  rt->dst.header_len + sizeof(struct iphdr) +
				  sizeof(struct udphdr) + sizeof(*vxh)) ||
		     udp_tunnel_handle_offloads(skb, true))) {
		ip_rt_put(rt);
		ctnet_drop(net, skb, CTNET_DROP_NOMEM);
		return;
	}
	vxh = __skb_push(skb, sizeof(*vxh));
	vxh->vx_flags = VXLAN_HF_VNI;
	vxh->vx_vni = vxlan_vni_field(cpu_to_be32(vtep->vni));
	skb_set_inner_protocol(skb, htons(ETH_P_TEB));

	/* The network device counts what the host sends, not what is tunnelled. */
	skb->dev = NULL;
	ctnet_stats_tx(peer->stats, len);
	ctnet_udp_xmit(rt, vtep->sock->sock->sk, skb, saddr,
		       ctnet_v4(&peer->addr), tos, ip4_dst_hoplimit(&rt->dst), 0,
		       sport, dport);
}

/*
 * What has to be done to a frame before it can be encapsulated: a tag beside it
 * goes in, and offloads that can not be asked for inside a tunnel are carried out.
 */
static bool ctnet_tunnel_needs_help(const struct ctnet_net *net,
				    struct sk_buff *skb)
{
	if (skb_vlan_tag_present(skb))
		return true;
	if (skb->encapsulation)
		return skb_is_gso(skb) || skb->ip_summed == CHECKSUM_PARTIAL;
	/* The outer checksum is made of inner ones that are Internet checksums. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_csum_is_sctp(skb))
		return true;
	return skb_is_gso(skb) &&
	       !net_gso_ok(net->dev->features, skb_shinfo(skb)->gso_type);
}

/* The frame becomes what the network's device could send, maybe several. */
static noinline struct sk_buff *ctnet_tunnel_help(struct ctnet_net *net,
						  struct sk_buff *skb)
{
	bool again = false;

	skb->dev = net->dev;
	skb = validate_xmit_skb_list(skb, net->dev, &again);
	if (!skb)
		ctnet_drop_count(net->drops, CTNET_DROP_MALFORMED);
	return skb;
}

/**
 * ctnet_tunnel_xmit() - encapsulate a frame and send it
 * @peer: whom to
 * @skb: the frame, as forward.c has it; consumed
 */
void ctnet_tunnel_xmit(struct ctnet_peer *peer, struct sk_buff *skb)
{
	struct ctnet_net *net = peer->dst.net;
	const struct ctnet_vtep *vtep = rcu_dereference(net->vtep);
	struct sk_buff *next;

	if (unlikely(!vtep)) {
		ctnet_drop(net, skb, CTNET_DROP_NO_ROUTE);
		return;
	}
	if (unlikely(ctnet_tunnel_needs_help(net, skb)))
		skb = ctnet_tunnel_help(net, skb);
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		ctnet_tunnel_xmit_one(peer, vtep, skb);
	}
}

/*
 * A datagram for one of our sockets; data points to its UDP header. Under RCU.
 * Consumes it whatever it is, as nobody else listens there.
 */
static int ctnet_tunnel_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct ctnet_sock *sock = rcu_dereference_sk_user_data(sk);
	enum ctnet_drop reason = CTNET_DROP_VXLAN_HEADER;
	const struct ctnet_vtep *vtep;
	const struct vxlanhdr *vxh;
	struct ctnet_peer *peer;
	struct ctnet_net *net;
	struct in6_addr addr;
	struct iphdr outer;

	if (unlikely(!sock)) {
		kfree_skb(skb);
		return 0;
	}
	if (unlikely(!pskb_may_pull(skb, VXLAN_HLEN)))
		goto drop_sock;
	vxh = (struct vxlanhdr *)(udp_hdr(skb) + 1);
	if (unlikely(vxh->vx_flags != VXLAN_HF_VNI ||
		     vxh->vx_vni & ~VXLAN_VNI_MASK))
		goto drop_sock;
	net = xa_load(&sock->nets, be32_to_cpu(vxlan_vni(vxh->vx_vni)));
	if (unlikely(!net || !netif_running(net->dev))) {
		reason = CTNET_DROP_VXLAN_VNI;
		goto drop_sock;
	}

	outer = *ip_hdr(skb);
	vtep = rcu_dereference(net->vtep);
	if (unlikely(!vtep || outer.daddr != ctnet_v4(&vtep->local))) {
		reason = CTNET_DROP_VXLAN_LOCAL;
		goto drop;
	}
	ipv6_addr_set_v4mapped(outer.saddr, &addr);
	peer = ctnet_peer_find(net, &addr);
	if (unlikely(!peer)) {
		reason = CTNET_DROP_VXLAN_PEER;
		goto drop;
	}
	if (unlikely(iptunnel_pull_header(skb, VXLAN_HLEN, htons(ETH_P_TEB),
					  false))) {
		reason = CTNET_DROP_MALFORMED;
		goto drop;
	}
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_reset_mac_len(skb);
	/* It stood at the outer UDP header. */
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	else
		skb_set_transport_header(skb, ETH_HLEN);
	if (unlikely(!pskb_inet_may_pull(skb))) {
		reason = CTNET_DROP_MALFORMED;
		goto drop;
	}
	if (unlikely(IP_ECN_decapsulate(&outer, skb) > 1)) {
		reason = CTNET_DROP_VXLAN_ECN;
		goto drop;
	}
	ctnet_stats_rx(peer->stats, skb);
	ctnet_forward(skb, &peer->dst);
	return 0;

drop:
	ctnet_drop(net, skb, reason);
	return 0;
drop_sock:
	ctnet_drop_count(sock->drops, reason);
	kfree_skb(skb);
	return 0;
}

static void ctnet_sock_free(struct ctnet_sock *sock)
{
	xa_destroy(&sock->nets);
	free_percpu(sock->drops);
	kfree(sock);
}

static void ctnet_sock_free_rcu(struct rcu_head *rcu)
{
	ctnet_sock_free(container_of(rcu, struct ctnet_sock, rcu));
}

/* The namespace's socket on a port, with a reference. RTNL. */
static struct ctnet_sock *ctnet_sock_get(struct net *net, __be16 port,
					 struct netlink_ext_ack *extack)
{
	struct udp_tunnel_sock_cfg tunnel_cfg = {
		.encap_type = 1,
		.encap_rcv = ctnet_tunnel_rcv,
	};
	struct udp_port_cfg udp_cfg = {
		.family = AF_INET,
		.local_udp_port = port,
	};
	struct ctnet_ns *ns = ctnet_ns(net);
	struct ctnet_sock *sock;
	int err;

	list_for_each_entry(sock, &ns->socks, list) {
		if (sock->port == port) {
			sock->refs++;
			return sock;
		}
	}

	sock = kzalloc(sizeof(*sock), GFP_KERNEL_ACCOUNT);
	if (!sock)
		return ERR_PTR(-ENOMEM);
	xa_init_flags(&sock->nets, XA_FLAGS_ACCOUNT);
	sock->port = port;
	sock->refs = 1;
	sock->drops = ctnet_drops_alloc();
	if (!sock->drops) {
		err = -ENOMEM;
		goto err_free;
	}
	err = udp_sock_create(net, &udp_cfg, &sock->sock);
	if (err) {
		if (err == -EADDRINUSE)
			NL_SET_ERR_MSG(extack, "Another socket of this namespace has the UDP port: close it or choose another port");
		goto err_free;
	}
	tunnel_cfg.sk_user_data = sock;
	setup_udp_tunnel_sock(net, ctnet_udp_sk(sock->sock), &tunnel_cfg);
	list_add_tail(&sock->list, &ns->socks);
	return sock;

err_free:
	ctnet_sock_free(sock);
	return ERR_PTR(err);
}

/* RTNL; may sleep. */
static void ctnet_sock_put(struct ctnet_sock *sock)
{
	if (--sock->refs)
		return;
	list_del(&sock->list);
	/* Nobody sends through it when it is closed. */
	synchronize_net();
	udp_tunnel_sock_release(ctnet_udp_sk(sock->sock));
	call_rcu(&sock->rcu, ctnet_sock_free_rcu);
}

/* Routes were chosen for another source. RTNL. */
static void ctnet_peers_reset_routes(struct ctnet_net *net)
{
	struct ctnet_dst *dst;
	unsigned long id;

	xa_for_each_start(&net->members, id, dst, CTNET_ID_PORT_MAX + 1)
		dst_cache_reset(&ctnet_dst_peer(dst)->dst_cache);
}

static bool ctnet_addr_is_unicast(__be32 addr)
{
	return !ipv4_is_zeronet(addr) && !ipv4_is_multicast(addr) &&
	       !ipv4_is_lbcast(addr) && !ipv4_is_loopback(addr);
}

/**
 * ctnet_tunnel_bind() - give a network its end of the tunnels, or another one
 * @net: the network, registered or about to be
 * @vni: VXLAN network identifier
 * @local: own address, v4-mapped
 * @port: UDP port
 * @extack: says why not
 *
 * Context: RTNL; may sleep.
 * Return: 0 or an error, which has changed nothing.
 */
int ctnet_tunnel_bind(struct ctnet_net *net, u32 vni,
		      const struct in6_addr *local, __be16 port,
		      struct netlink_ext_ack *extack)
{
	struct ctnet_vtep *vtep, *old = rtnl_dereference(net->vtep);
	struct ctnet_sock *sock;
	int err;

	if (!ctnet_addr_is_unicast(ctnet_v4(local))) {
		NL_SET_ERR_MSG(extack, "The local address is not a unicast address of a host: give one that this host has");
		return -EINVAL;
	}
	if (old && ctnet_peer_find(net, local)) {
		NL_SET_ERR_MSG(extack, "The local address is that of a peer: remove the peer first");
		return -EINVAL;
	}

	vtep = kzalloc(sizeof(*vtep), GFP_KERNEL_ACCOUNT);
	if (!vtep)
		return -ENOMEM;
	sock = ctnet_sock_get(dev_net(net->dev), port, extack);
	if (IS_ERR(sock)) {
		err = PTR_ERR(sock);
		goto err_free;
	}
	vtep->sock = sock;
	vtep->vni = vni;
	vtep->local = *local;

	if (!old || old->sock != sock || old->vni != vni) {
		err = xa_insert(&sock->nets, vni, net, GFP_KERNEL_ACCOUNT);
		if (err) {
			if (err == -EBUSY) {
				NL_SET_ERR_MSG(extack, "Another network of this namespace has the VNI on this UDP port");
				err = -EEXIST;
			}
			goto err_put;
		}
	}
	rcu_assign_pointer(net->vtep, vtep);
	if (old) {
		if (old->sock != sock || old->vni != vni)
			xa_erase(&old->sock->nets, old->vni);
		ctnet_peers_reset_routes(net);
		ctnet_sock_put(old->sock);
		kfree_rcu(old, rcu);
	}
	return 0;

err_put:
	ctnet_sock_put(sock);
err_free:
	kfree(vtep);
	return err;
}

/**
 * ctnet_tunnel_unbind() - take a network's end of the tunnels away, if it has one
 * @net: the network
 *
 * Context: RTNL; may sleep.
 */
void ctnet_tunnel_unbind(struct ctnet_net *net)
{
	struct ctnet_vtep *vtep = rtnl_dereference(net->vtep);

	if (!vtep)
		return;
	xa_erase(&vtep->sock->nets, vtep->vni);
	RCU_INIT_POINTER(net->vtep, NULL);
	ctnet_sock_put(vtep->sock);
	kfree_rcu(vtep, rcu);
}

/**
 * ctnet_peer_find() - the peer with an address
 * @net: the network
 * @addr: the address; IPv4 as v4-mapped
 *
 * Context: RTNL or RCU. Return: the peer or NULL.
 */
struct ctnet_peer *ctnet_peer_find(struct ctnet_net *net,
				   const struct in6_addr *addr)
{
	struct ctnet_peer *peer;

	rcu_read_lock();
	peer = rhashtable_lookup(&net->peers, addr, ctnet_peer_params);
	rcu_read_unlock();
	return peer;
}

static void ctnet_peer_free(struct ctnet_peer *peer)
{
	dst_cache_destroy(&peer->dst_cache);
	free_percpu(peer->stats);
	kmem_cache_free(ctnet_peer_cache, peer);
}

static void ctnet_peer_free_rcu(struct rcu_head *rcu)
{
	ctnet_peer_free(container_of(rcu, struct ctnet_peer, rcu));
}

static int ctnet_peer_may_add(struct ctnet_net *net, const struct in6_addr *addr,
			      struct netlink_ext_ack *extack)
{
	const struct ctnet_vtep *vtep = rtnl_dereference(net->vtep);

	if (!vtep) {
		NL_SET_ERR_MSG(extack, "The network is local: give it a VNI and a local address first");
		return -EINVAL;
	}
	if (!ipv6_addr_v4mapped(addr)) {
		NL_SET_ERR_MSG(extack, "The underlay is IPv4: a peer has an IPv4 address");
		return -EINVAL;
	}
	if (!ctnet_addr_is_unicast(ctnet_v4(addr))) {
		NL_SET_ERR_MSG(extack, "A peer is another host: give its unicast address");
		return -EINVAL;
	}
	if (ipv6_addr_equal(addr, &vtep->local) ||
	    inet_addr_type(dev_net(net->dev), ctnet_v4(addr)) != RTN_UNICAST) {
		NL_SET_ERR_MSG(extack, "A peer is another host: the address is this host's own, or a broadcast address");
		return -EINVAL;
	}
	if (ctnet_peer_find(net, addr)) {
		NL_SET_ERR_MSG(extack, "The network has this peer already");
		return -EEXIST;
	}
	return 0;
}

/**
 * ctnet_peer_add() - add a remote VTEP
 * @net: the network
 * @addr: its address; IPv4 as v4-mapped
 * @dstport: UDP port it listens on; 0: the network's
 * @extack: says why not
 *
 * Context: RTNL; may sleep. Return: 0 or an error, which has changed nothing.
 */
int ctnet_peer_add(struct ctnet_net *net, const struct in6_addr *addr,
		   __be16 dstport, struct netlink_ext_ack *extack)
{
	struct ctnet_peer *peer;
	int err;

	ASSERT_RTNL();

	err = ctnet_peer_may_add(net, addr, extack);
	if (err)
		return err;

	peer = kmem_cache_zalloc(ctnet_peer_cache, GFP_KERNEL_ACCOUNT);
	if (!peer)
		return -ENOMEM;
	peer->dst.kind = CTNET_DST_PEER;
	peer->dst.flags = CTNET_PORT_LEARNING | CTNET_PORT_FLOOD;
	peer->dst.net = net;
	peer->addr = *addr;
	peer->dstport = dstport;
	peer->stats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!peer->stats) {
		err = -ENOMEM;
		goto err_free;
	}
	err = dst_cache_init(&peer->dst_cache, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	/* A place only: floods see the peer when it is whole. */
	err = xa_alloc(&net->members, &peer->dst.id, NULL, CTNET_ID_PEERS,
		       GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	err = rhashtable_insert_fast(&net->peers, &peer->node,
				     ctnet_peer_params);
	if (err)
		goto err_release;
	xa_store(&net->members, peer->dst.id, &peer->dst, GFP_KERNEL_ACCOUNT);
	net->n_peers++;
	ctnet_nl_peer_event(peer, CTNET_CMD_PEER_ADD_NTF);
	return 0;

err_release:
	xa_release(&net->members, peer->dst.id);
err_free:
	ctnet_peer_free(peer);
	return err;
}

/**
 * ctnet_peer_del() - remove a peer, and its entries
 * @peer: the peer; freed after a grace period
 *
 * Context: RTNL; may sleep.
 */
void ctnet_peer_del(struct ctnet_peer *peer)
{
	struct ctnet_net *net = peer->dst.net;

	ASSERT_RTNL();

	xa_erase(&net->members, peer->dst.id);
	net->n_peers--;
	rhashtable_remove_fast(&net->peers, &peer->node, ctnet_peer_params);
	ctnet_fdb_retire(&peer->dst);
	ctnet_nl_peer_event(peer, CTNET_CMD_PEER_DEL_NTF);
	call_rcu(&peer->rcu, ctnet_peer_free_rcu);
}

/**
 * ctnet_peer_net_init() - make a network's table of peers
 * @net: the network
 *
 * Return: 0 or -ENOMEM.
 */
int ctnet_peer_net_init(struct ctnet_net *net)
{
	return rhashtable_init(&net->peers, &ctnet_peer_params);
}

/**
 * ctnet_peer_net_uninit() - take it apart
 * @net: the network, which has no peers any more
 */
void ctnet_peer_net_uninit(struct ctnet_net *net)
{
	rhashtable_destroy(&net->peers);
}

/**
 * ctnet_tunnel_init() - at module load
 *
 * Return: 0 or -ENOMEM.
 */
int __init ctnet_tunnel_init(void)
{
	ctnet_peer_cache = KMEM_CACHE(ctnet_peer, SLAB_HWCACHE_ALIGN);
	return ctnet_peer_cache ? 0 : -ENOMEM;
}

/** ctnet_tunnel_exit() - at module unload, after rcu_barrier() */
void ctnet_tunnel_exit(void)
{
	kmem_cache_destroy(ctnet_peer_cache);
}
