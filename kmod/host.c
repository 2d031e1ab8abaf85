// SPDX-License-Identifier: GPL-2.0
/*
 * Which MACs are the host's, besides those that somebody enters: the network device's own,
 * those that the stack asks that device for (a macvlan on it, VRRP, a VLAN with a MAC of its
 * own), and those of the ports' own devices. Each has an entry with %CTNET_FDB_LOCAL, for as
 * long as one of these holds it. A static entry that says otherwise stands.
 *
 * A port's own device is one that was an interface of the host's before, whose MAC the
 * neighbours still know: an uplink. The near end of a container's veth is known to nobody;
 * a port with the guard, as containers have it, thus takes no entry.
 */
#include "ctnet.h"
#include "fdb.h"
#include "host.h"
#include "port.h"

/**
 * ctnet_host_has() - whether what is for a MAC is for the host's own stack
 * @ctd: the network
 * @mac: the MAC
 *
 * What was asked for is for who asked, who picks it out for himself.
 *
 * Context: RCU.
 */
bool ctnet_host_has(struct ctnet_dev *ctd, const u8 *mac)
{
	const struct ctnet_fdb *fdb = ctnet_fdb_find(ctd, mac);

	return fdb && rcu_access_pointer(fdb->vport) == &ctd->self &&
	       (!(fdb->flags & CTNET_FDB_LOCAL) ||
		READ_ONCE(fdb->held) & (CTNET_HELD_OWN | CTNET_HELD_PORT));
}

static int ctnet_host_sync(struct net_device *dev, const unsigned char *mac)
{
	int err;

	if (!is_valid_ether_addr(mac))
		return 0;
	err = ctnet_fdb_hold(netdev_priv(dev), mac, CTNET_HELD_ASKED);
	return err == -EEXIST ? 0 : err;
}

static int ctnet_host_unsync(struct net_device *dev, const unsigned char *mac)
{
	ctnet_fdb_release(netdev_priv(dev), mac, CTNET_HELD_ASKED);
	return 0;
}

/* Whether an address that the stack asks for is not the host's, for want of memory, say. */
static bool ctnet_host_lacks(struct net_device *dev)
{
	struct ctnet_dev *ctd = netdev_priv(dev);
	const struct netdev_hw_addr *ha;
	const struct ctnet_fdb *fdb;
	bool lacks = false;

	rcu_read_lock();
	netdev_for_each_uc_addr(ha, dev) {
		fdb = ctnet_fdb_find(ctd, ha->addr);
		if (!fdb || rcu_access_pointer(fdb->vport) != &ctd->self)
			lacks = true;
	}
	rcu_read_unlock();
	return lacks;
}

/**
 * ctnet_host_rx_mode() - ndo_set_rx_mode
 * @dev: the network
 *
 * All groups reach the host anyway. Addresses that could not be entered are had as a card
 * has them whose filter is full: the host sees all.
 *
 * Context: the device's address lock, bottom halves off.
 */
void ctnet_host_rx_mode(struct net_device *dev)
{
	struct ctnet_dev *ctd = netdev_priv(dev);

	__dev_uc_sync(dev, ctnet_host_sync, ctnet_host_unsync);
	WRITE_ONCE(ctd->sees_all,
		   dev->flags & IFF_PROMISC || ctnet_host_lacks(dev));
}

/* Counts ports whose MAC a static entry has. */
static void ctnet_host_set_unheld(struct ctnet_port *port, bool unheld)
{
	port->vport.ctd->n_unheld += unheld - port->unheld;
	port->unheld = unheld;
}

/**
 * ctnet_host_port() - have the MAC of a port's own device as it is to be
 * @port: the port, whose device or flags may have changed
 * @attached: whether it is one, and not about to go
 *
 * Context: RTNL. Return: 0 or -ENOMEM, which has changed nothing.
 */
int ctnet_host_port(struct ctnet_port *port, bool attached)
{
	bool wants = attached && !(port->vport.flags & CTNET_PORT_GUARD) &&
		     is_valid_ether_addr(port->dev->dev_addr);
	struct ctnet_dev *ctd = port->vport.ctd;
	int err = 0;

	ASSERT_RTNL();

	if (wants && port->held &&
	    ether_addr_equal(port->mac, port->dev->dev_addr))
		return 0;
	if (wants)
		err = ctnet_fdb_hold(ctd, port->dev->dev_addr, CTNET_HELD_PORT);
	if (err && err != -EEXIST)
		return err;
	if (port->held)
		ctnet_fdb_release(ctd, port->mac, CTNET_HELD_PORT);
	port->held = wants && !err;
	ether_addr_copy(port->mac, port->dev->dev_addr);
	ctnet_host_set_unheld(port, wants && err);
	return 0;
}

/**
 * ctnet_host_retry() - a static entry went, which may have had the MAC of a port's device
 * @ctd: the network
 *
 * Context: RTNL.
 */
void ctnet_host_retry(struct ctnet_dev *ctd)
{
	struct ctnet_vport *vport;
	unsigned long id;

	if (likely(!ctd->n_unheld) || ctd->dev->reg_state != NETREG_REGISTERED)
		return;
	xa_for_each_range(&ctd->members, id, vport, CTNET_ID_SELF + 1,
			  CTNET_ID_PORT_MAX) {
		struct ctnet_port *port = ctnet_vport_port(vport);

		if (port->unheld)
			ctnet_host_port(port, true);
	}
}
