// SPDX-License-Identifier: GPL-2.0
/* Peers: the remote VTEPs of a network. */
#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/route.h>

#include "ctnet.h"
#include "fdbwalk.h"
#include "mtu.h"
#include "nlmsg.h"
#include "peer.h"
#include "stats.h"
#include "transit.h"
#include "vtep.h"

static struct kmem_cache *ctnet_peer_cache __read_mostly;
unsigned long ctnet_peer_gen __read_mostly;

static const struct rhashtable_params ctnet_peer_params = {
	.head_offset = offsetof(struct ctnet_peer, node),
	.key_offset = offsetof(struct ctnet_peer, addr),
	.key_len = sizeof_field(struct ctnet_peer, addr),
	.automatic_shrinking = true,
};

/**
 * ctnet_peer_reset_routes() - drop the cached routes to all peers
 * @ctd: the network, whose VTEP has changed
 *
 * Context: RTNL.
 */
void ctnet_peer_reset_routes(struct ctnet_dev *ctd)
{
	struct ctnet_vport *vport;
	unsigned long id;

	xa_for_each_start(&ctd->members, id, vport, CTNET_ID_PORT_MAX + 1)
		dst_cache_reset(&ctnet_vport_peer(vport)->dst_cache);
}

/**
 * ctnet_peer_has_family() - whether a network has a peer of a family
 * @ctd: the network
 * @family: the family
 *
 * Context: RTNL. Return: whether it has.
 */
bool ctnet_peer_has_family(struct ctnet_dev *ctd, enum ctnet_family family)
{
	struct ctnet_vport *vport;
	unsigned long id;

	xa_for_each_start(&ctd->members, id, vport, CTNET_ID_PORT_MAX + 1)
		if (ctnet_addr_family(&ctnet_vport_peer(vport)->addr) == family)
			return true;
	return false;
}

/**
 * ctnet_peer_has_linklocal() - whether a network has a link-local peer
 * @ctd: the network
 *
 * Context: RTNL. Return: whether it has.
 */
bool ctnet_peer_has_linklocal(struct ctnet_dev *ctd)
{
	struct ctnet_vport *vport;
	unsigned long id;

	xa_for_each_start(&ctd->members, id, vport, CTNET_ID_PORT_MAX + 1)
		if (ipv6_addr_type(&ctnet_vport_peer(vport)->addr) & IPV6_ADDR_LINKLOCAL)
			return true;
	return false;
}

/**
 * ctnet_peer_find() - the peer with an address
 * @ctd: the network
 * @addr: the address; IPv4 as v4-mapped
 *
 * Context: RTNL or RCU. Return: the peer or NULL.
 */
struct ctnet_peer *ctnet_peer_find(struct ctnet_dev *ctd,
				   const struct in6_addr *addr)
{
	struct ctnet_peer *peer;

	rcu_read_lock();
	peer = rhashtable_lookup(&ctd->peers, addr, ctnet_peer_params);
	rcu_read_unlock();
	return peer;
}

/* Takes a peer out of its network's table. Who has it under RCU may still use it. RTNL. */
static void ctnet_peer_unlink(struct ctnet_dev *ctd, struct ctnet_peer *peer)
{
	rhashtable_remove_fast(&ctd->peers, &peer->node, ctnet_peer_params);
	/* Pairs with ctnet_decap_rcv(): who sees this does not find it any more. */
	smp_store_release(&ctnet_peer_gen, ctnet_peer_gen + 1);
}

static void ctnet_peer_free(struct ctnet_peer *peer)
{
	dst_cache_destroy(&peer->dst_cache);
	free_percpu(peer->vport.cpu);
	kmem_cache_free(ctnet_peer_cache, peer);
}

static void ctnet_peer_free_rcu(struct rcu_head *rcu)
{
	ctnet_peer_free(container_of(rcu, struct ctnet_peer, rcu));
}

/*
 * Whether it is a unicast address of another host, in the VRF of the underlay device if there is
 * one. RTNL.
 */
static bool ctnet_peer_addr_ok(struct net *net, int underlay,
			       const struct in6_addr *addr)
{
	struct net_device *dev;
	int type;

	if (ctnet_addr_family(addr) == CTNET_V4) {
		__be32 v4 = addr->s6_addr32[3];

		dev = __dev_get_by_index(net, underlay);
		return !ipv4_is_zeronet(v4) && !ipv4_is_multicast(v4) &&
		       !ipv4_is_lbcast(v4) && !ipv4_is_loopback(v4) &&
		       inet_addr_type_dev_table(net, dev, v4) == RTN_UNICAST;
	}
	type = ipv6_addr_type(addr);
	return type & IPV6_ADDR_UNICAST &&
	       !(type & (IPV6_ADDR_LOOPBACK | IPV6_ADDR_MAPPED)) &&
	       !ctnet_vtep_has_addr6(net, underlay, addr);
}

static int ctnet_peer_may_add(struct ctnet_dev *ctd, const struct in6_addr *addr,
			      struct netlink_ext_ack *extack)
{
	const struct ctnet_vtep *vtep = rtnl_dereference(ctd->vtep);
	enum ctnet_family family = ctnet_addr_family(addr);
	int err;

	if (!vtep) {
		NL_SET_ERR_MSG(extack, "The network is local: give it a VNI and a local address first");
		return -EINVAL;
	}
	err = ctnet_vtep_family_ok(family, extack);
	if (err)
		return err;
	if (ipv6_addr_any(&vtep->local[family])) {
		NL_SET_ERR_MSG(extack, "The network has no local address of the peer's family: give it one first");
		return -EINVAL;
	}
	if (ipv6_addr_equal(addr, &vtep->local[family]) ||
	    !ctnet_peer_addr_ok(dev_net(ctd->dev), vtep->underlay, addr)) {
		NL_SET_ERR_MSG(extack, "Invalid peer: give another host's unicast address, not this host's own or a broadcast address");
		return -EINVAL;
	}
	if (ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL && !vtep->underlay) {
		NL_SET_ERR_MSG(extack, "A link-local peer needs a network with an underlay device");
		return -EINVAL;
	}
	if (ctnet_peer_find(ctd, addr)) {
		NL_SET_ERR_MSG(extack, "The network already has this peer");
		return -EEXIST;
	}
	return 0;
}

/**
 * ctnet_peer_add() - add a remote VTEP
 * @ctd: the network
 * @addr: its address; IPv4 as v4-mapped
 * @dstport: UDP port it listens on; 0: the network's
 * @extack: says why not
 *
 * Context: RTNL; may sleep. Return: 0 or an error, which has changed nothing.
 */
int ctnet_peer_add(struct ctnet_dev *ctd, const struct in6_addr *addr,
		   __be16 dstport, struct netlink_ext_ack *extack)
{
	struct ctnet_peer *peer;
	int err;

	ASSERT_RTNL();

	err = ctnet_peer_may_add(ctd, addr, extack);
	if (err)
		return err;

	peer = kmem_cache_zalloc(ctnet_peer_cache, GFP_KERNEL_ACCOUNT);
	if (!peer)
		return -ENOMEM;
	peer->vport.kind = CTNET_VPORT_PEER;
	peer->vport.dead = true;
	peer->vport.flags = CTNET_PORT_LEARNING | CTNET_PORT_FLOOD;
	peer->vport.ctd = ctd;
	peer->addr = *addr;
	peer->dstport = dstport;
	peer->vport.cpu = ctnet_stats_alloc();
	if (!peer->vport.cpu) {
		err = -ENOMEM;
		goto err_free;
	}
	err = dst_cache_init(&peer->dst_cache, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	/* This reserves the id: floods must not see the peer until it is complete. */
	err = xa_alloc(&ctd->members, &peer->vport.id, NULL, CTNET_ID_PEERS,
		       GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	err = rhashtable_insert_fast(&ctd->peers, &peer->node,
				     ctnet_peer_params);
	if (err)
		goto err_release;
	err = ctnet_transit_add(peer);
	if (err)
		goto err_remove;
	xa_store(&ctd->members, peer->vport.id, &peer->vport, GFP_KERNEL_ACCOUNT);
	WRITE_ONCE(ctd->n_peers, ctd->n_peers + 1);
	ctnet_nl_peer_event(peer, CTNET_CMD_PEER_ADD_NTF);
	ctnet_fdb_admit(&peer->vport);
	ctnet_mtu_changed(dev_net(ctd->dev));
	return 0;

err_remove:
	ctnet_peer_unlink(ctd, peer);
	xa_release(&ctd->members, peer->vport.id);
	/* A datagram from it may have found it meanwhile. */
	call_rcu(&peer->rcu, ctnet_peer_free_rcu);
	return err;
err_release:
	xa_release(&ctd->members, peer->vport.id);
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
	struct ctnet_dev *ctd = peer->vport.ctd;

	ASSERT_RTNL();

	xa_erase(&ctd->members, peer->vport.id);
	WRITE_ONCE(ctd->n_peers, ctd->n_peers - 1);
	ctnet_peer_unlink(ctd, peer);
	ctnet_transit_del(peer);
	ctnet_fdb_retire(&peer->vport);
	ctnet_nl_peer_event(peer, CTNET_CMD_PEER_DEL_NTF);
	ctnet_mtu_changed(dev_net(ctd->dev));
	call_rcu(&peer->rcu, ctnet_peer_free_rcu);
}

/**
 * ctnet_peer_net_init() - make a network's table of peers
 * @ctd: the network
 *
 * Return: 0 or -ENOMEM.
 */
int ctnet_peer_net_init(struct ctnet_dev *ctd)
{
	return rhashtable_init(&ctd->peers, &ctnet_peer_params);
}

/**
 * ctnet_peer_net_uninit() - destroy a network's table of peers
 * @ctd: the network, which has no peers any more
 */
void ctnet_peer_net_uninit(struct ctnet_dev *ctd)
{
	rhashtable_destroy(&ctd->peers);
}

int __init ctnet_peer_init(void)
{
	ctnet_peer_cache = KMEM_CACHE(ctnet_peer, SLAB_HWCACHE_ALIGN);
	return ctnet_peer_cache ? 0 : -ENOMEM;
}

/* After rcu_barrier(). */
void ctnet_peer_exit(void)
{
	kmem_cache_destroy(ctnet_peer_cache);
}
