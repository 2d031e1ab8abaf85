/* SPDX-License-Identifier: GPL-2.0 */
/* Attached devices. */
#ifndef _CTNET_PORT_H
#define _CTNET_PORT_H

#include "ctnet.h"
#include "forward.h"

/**
 * struct ctnet_port - an attached device
 * @vport: its place in the table; first
 * @dev: the device; the link to its master holds a reference
 * @far: what frames may be handed to: the far end, if ctnet_veth_is(); or a native port's
 *	device. Both ends of a pair go together, and the port before them.
 * @native: whether @dev is a native port's, in the container: it is its own far end, and no
 *	device of the network's namespace
 * @held: whether @mac has an entry as the host's, because of this port; RTNL
 * @unheld: whether it has none, as another static entry has the MAC; RTNL
 * @mac: the device's address, as it was entered; RTNL
 * @far_mtu: MTU of the far end, or UINT_MAX where there is none; written under RTNL
 * @rcu: frees it
 */
struct ctnet_port {
	struct ctnet_vport		vport;
	struct net_device		*dev;
	struct net_device		*far;
	bool				native;
	bool				held;
	bool				unheld;
	u8				mac[ETH_ALEN];
	unsigned int			far_mtu;
	struct rcu_head			rcu;
};

extern struct notifier_block ctnet_port_notifier;
int ctnet_port_init(void);
void ctnet_port_exit(void);
struct ctnet_port *ctnet_port_alloc(struct ctnet_dev *ctd, struct net_device *dev,
				    u32 flags);
void ctnet_port_free(struct ctnet_port *port);
int ctnet_port_may_have(const struct ctnet_dev *ctd, const struct net_device *far,
			u32 flags, struct netlink_ext_ack *extack);
void ctnet_port_join(struct ctnet_port *port);
int ctnet_port_attach(struct ctnet_dev *ctd, struct net_device *dev, u32 flags,
		      struct netlink_ext_ack *extack);
void ctnet_port_detach(struct ctnet_port *port);
int ctnet_port_set_flags(struct ctnet_port *port, u32 value, u32 selector,
			 struct netlink_ext_ack *extack);
struct ctnet_port *ctnet_port_get(const struct net_device *dev);
struct ctnet_port *ctnet_port_get_rcu(const struct net_device *dev);
struct net_device *ctnet_port_peer_dev(struct net_device *dev);
struct net_device *ctnet_port_container_dev(const struct ctnet_port *port);
unsigned int ctnet_port_mtu(const struct ctnet_port *port);
rx_handler_result_t ctnet_port_rx(struct sk_buff **pskb);
bool ctnet_port_deliver(struct ctnet_port *port, struct sk_buff *skb,
			enum ctnet_from from);

static inline struct ctnet_port *ctnet_vport_port(struct ctnet_vport *vport)
{
	return container_of(vport, struct ctnet_port, vport);
}

/* Whether a frame may be sent out of a port. */
static inline bool ctnet_port_is_up(const struct ctnet_port *port)
{
	return READ_ONCE(port->dev->flags) & IFF_UP &&
	       netif_carrier_ok(port->dev);
}

#endif /* _CTNET_PORT_H */
