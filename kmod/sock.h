/* SPDX-License-Identifier: GPL-2.0 */
/* UDP sockets of tunnels. */
#ifndef _CTNET_SOCK_H
#define _CTNET_SOCK_H

#include "ctnet.h"

struct ctnet_drops;

/**
 * struct ctnet_sock - a UDP socket of a namespace, shared by its networks
 * @list: in &ctnet_ns.socks; written under RTNL, read under RCU
 * @sock: bound to any address
 * @nets: VNI to network; written under RTNL, read under RCU
 * @drops: what was dropped before the network was known
 * @family: IPv4 or IPv6
 * @port: UDP port
 * @underlay: interface index it is bound to, or 0
 * @uid: of the process that caused it to be made
 * @refs: networks that use it, RTNL
 * @rcu: frees it
 */
struct ctnet_sock {
	struct list_head		list;
	struct socket			*sock;
	struct xarray			nets;
	struct ctnet_drops __percpu	*drops;
	enum ctnet_family		family;
	__be16				port;
	int				underlay;
	kuid_t				uid;
	unsigned int			refs;
	struct rcu_head			rcu;
};

struct ctnet_sock *ctnet_sock_find(struct net *net, enum ctnet_family family,
				   __be16 port, int underlay);
struct ctnet_sock *ctnet_sock_of_dev(struct ctnet_ns *ns, int ifindex);
struct ctnet_sock *ctnet_sock_get(struct net *net, enum ctnet_family family,
				  __be16 port, int underlay,
				  struct netlink_ext_ack *extack);
void ctnet_sock_put(struct ctnet_sock *sock);
void ctnet_sock_nic_info(struct net_device *dev, bool push);

#endif /* _CTNET_SOCK_H */
