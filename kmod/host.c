// SPDX-License-Identifier: GPL-2.0
/*
 * MACs of the host that are not entered by a user: the network device's own, those that the
 * stack adds to that device (for a macvlan on it, VRRP, a VLAN with another MAC), and those of
 * the ports' own devices. Each has an entry with %CTNET_FDB_LOCAL while one of these has it. A
 * static entry of the same MAC has priority.
 *
 * A port's own device may have been an interface of the host before (an uplink), whose MAC the
 * neighbours still know. Nobody knows the MAC of the near end of a container's veth, so a port
 * with guard, as containers have it, has no such entry. A native port's device is the
 * container's.
 */
#include "ctnet.h"
#include "fdb.h"
#include "host.h"
#include "port.h"

/**
 * ctnet_host_has() - whether frames for a MAC are for the network device itself
 * @ctd: the network
 * @mac: the MAC
 *
 * MACs that only a device on top asked for are not: that device takes its frames itself.
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

/* Whether a MAC that the stack asked for has no entry, as there was no memory or it is taken. */
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
 * Multicast always reaches the host. If an address could not be entered, the host receives all
 * frames, as with a network card whose filter is full.
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

/* Counts ports whose MAC has another static entry. */
static void ctnet_host_set_unheld(struct ctnet_port *port, bool unheld)
{
	port->vport.ctd->n_unheld += unheld - port->unheld;
	port->unheld = unheld;
}

/**
 * ctnet_host_port() - update the entry for the MAC of a port's own device
 * @port: the port, whose device or flags may have changed
 * @attached: false if it is being detached
 *
 * Context: RTNL. Return: 0 or -ENOMEM, which has changed nothing.
 */
int ctnet_host_port(struct ctnet_port *port, bool attached)
{
	bool wants = attached && !port->native && !(port->vport.flags & CTNET_PORT_GUARD) &&
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
 * ctnet_host_retry() - enter MACs of ports' devices that a removed static entry had
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
