/* SPDX-License-Identifier: GPL-2.0 */
/* Remote VTEPs. */
#ifndef _CTNET_PEER_H
#define _CTNET_PEER_H

#include "ctnet.h"

/**
 * struct ctnet_peer - a remote VTEP
 * @vport: its place in the table; first
 * @dstport: UDP port it listens on; 0: the network's
 * @dst_cache: route to it
 * @addr: its address; IPv4 as v4-mapped
 * @node: in &ctnet_dev.peers
 * @transit: in &ctnet_transit.peers
 * @rcu: frees it
 */
struct ctnet_peer {
	struct ctnet_vport		vport;
	__be16				dstport;
	struct dst_cache		dst_cache;
	struct in6_addr			addr;
	struct rhash_head		node;
	struct rhlist_head		transit;
	struct rcu_head			rcu;
};

/*
 * Counts peers that were removed, of all networks: after each was taken out of its table, and
 * before the grace period in which it may still be used. Written under RTNL.
 */
extern unsigned long ctnet_peer_gen;

int ctnet_peer_init(void);
void ctnet_peer_exit(void);
int ctnet_peer_net_init(struct ctnet_dev *ctd);
void ctnet_peer_net_uninit(struct ctnet_dev *ctd);
int ctnet_peer_add(struct ctnet_dev *ctd, const struct in6_addr *addr,
		   __be16 dstport, struct netlink_ext_ack *extack);
void ctnet_peer_del(struct ctnet_peer *peer);
struct ctnet_peer *ctnet_peer_find(struct ctnet_dev *ctd,
				   const struct in6_addr *addr);
void ctnet_peer_reset_routes(struct ctnet_dev *ctd);
bool ctnet_peer_has_family(struct ctnet_dev *ctd, enum ctnet_family family);
bool ctnet_peer_has_linklocal(struct ctnet_dev *ctd);

static inline struct ctnet_peer *ctnet_vport_peer(struct ctnet_vport *vport)
{
	return container_of(vport, struct ctnet_peer, vport);
}

#endif /* _CTNET_PEER_H */
