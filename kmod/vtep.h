/* SPDX-License-Identifier: GPL-2.0 */
/* A network's own VTEP. */
#ifndef _CTNET_VTEP_H
#define _CTNET_VTEP_H

#include "ctnet.h"

struct ctnet_sock;

/* The underlay device is gone; another device may get its interface index. */
#define CTNET_VTEP_STRANDED	((int)CTNET_UNDERLAY_GONE)

/**
 * struct ctnet_vtep - the network's own VTEP
 * @sock: receives and sends; NULL for a family without a local address, and
 *	where @underlay is %CTNET_VTEP_STRANDED
 * @local: own addresses; IPv4 as v4-mapped, :: if there is none
 * @vni: VXLAN network identifier
 * @underlay: interface index, 0 or %CTNET_VTEP_STRANDED
 * @port: UDP port
 * @ttl: of the outer header: a number, %CTNET_TTL_DEFAULT or %CTNET_INHERIT
 * @tos: of the outer header: a number or %CTNET_INHERIT
 * @df: enum ctnet_df
 * @udp_csum: whether outer checksums are sent
 * @mark: of outer packets
 * @rcu: frees it
 *
 * It is replaced as a whole, so that the datapath uses either the old or the new settings.
 */
struct ctnet_vtep {
	struct ctnet_sock	*sock[CTNET_FAMILIES];
	struct in6_addr		local[CTNET_FAMILIES];
	u32			vni;
	int			underlay;
	__be16			port;
	u16			ttl;
	u16			tos;
	u8			df;
	bool			udp_csum;
	u32			mark;
	struct rcu_head		rcu;
};

void ctnet_vtep_ns_init(struct ctnet_ns *ns);
void ctnet_vtep_ns_exit(struct ctnet_ns *ns);
void ctnet_vtep_default(struct ctnet_vtep *vtep);
int ctnet_vtep_family_ok(enum ctnet_family family,
			 struct netlink_ext_ack *extack);
int ctnet_vtep_bind(struct ctnet_dev *ctd, const struct ctnet_vtep *conf,
		    struct nlattr *const data[], struct netlink_ext_ack *extack);
void ctnet_vtep_unbind(struct ctnet_dev *ctd);
void ctnet_vtep_dev_gone(struct net_device *dev);
bool ctnet_vtep_has_addr6(struct net *net, int underlay,
			  const struct in6_addr *addr);

#endif /* _CTNET_VTEP_H */
