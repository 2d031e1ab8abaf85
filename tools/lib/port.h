/* SPDX-License-Identifier: GPL-2.0 */
/* Ports. */
#ifndef CT_PORT_H
#define CT_PORT_H

#include "link.h"
#include "net.h"

/* Flags that are on for a container's port, besides the kernel's own defaults. */
#define CT_TARGET_FLAGS	(CTNET_PORT_GUARD | CTNET_PORT_MTU_AUTO)

/* What a port is asked to be. */
struct ct_port_conf {
	const char *dev;
	const char *near;	/* the near end of what add-port made before */
	const char *ifname;
	const char *host_ifname;
	const char *type;	/* "veth" (NULL: that) or "native" */
	struct ct_addrs address;	/* these three: ct_port_set(): edits */
	struct ct_addrs gateway;
	struct ct_addrs route;
	struct ct_mac mac;
	struct ct_num mtu;
	struct ct_num learning;
	struct ct_num flood;
	struct ct_num hairpin;
	struct ct_num guard;
	struct ct_num isolated;
	const char *label;
	bool may_exist;
	bool if_exists;
};

/* Its switches; ends with a name of NULL. */
extern const struct ct_attr ct_port_attrs[];
/* The flags that were given, as a bitfield: which, and which of them are on. */
void ct_port_flags(const struct ct_port_conf *o, uint32_t *value, uint32_t *selector);

/**
 * struct ct_port - what the kernel says of a port
 * @net: index of the network
 * @dev: its number: the index of its device, or below 0, as that of no interface: native
 * @devname: its name
 * @flags: CTNET_PORT_*
 * @goes: the namespace that a native port's device is in is being taken apart
 * @nsid: the id of that namespace; -1: ours, or none
 * @ifindex: index of that device, in there
 * @ifname: what it was made as
 * @has_label: it has a label; add-port makes it with an empty one, and sets it last
 * @label: what the host calls it
 */
struct ct_port {
	int net;
	int dev;
	char devname[CT_PORT_NAME];
	uint32_t flags;
	bool goes;
	int nsid;
	int ifindex;
	char ifname[IFNAMSIZ];
	bool has_label;
	char label[256];
};

int ct_port_parse(struct nlmsghdr *h, struct ct_port *port, struct ct_stats *stats);
int ct_port_get(struct ct *ct, int net, int dev, struct ct_port *port);
/* A request on a port; with flags unless @selector is 0. */
struct nl_msg *ct_port_msg(struct ct *ct, uint8_t cmd, int net, int dev, uint32_t flags,
			   uint32_t selector);
/* A device by a name. With @gone, one that is not there sets it and is no error. */
int ct_dev_find(struct ct *ct, const char *dev, struct ct_link *l, bool *gone);
/* Whether add-port TARGET made this device, and so del-port may delete it. */
bool ct_port_is_made(const struct ct_link *near);
/* Whether an add-port is at work on it; or, while we have the lock alone, was killed. */
bool ct_port_is_unfinished(const struct ct_link *near);

/*
 * Make, change, delete the port of a container (@target not NULL), or that which the conf
 * names: a device, a near end, a label. As ctnetctl(8) has it.
 */
int ct_port_add(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o);
int ct_port_set(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o);
int ct_port_del(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o);
/* Whether one may be made (@add), or changed, with these. */
int ct_port_check(struct ct *ct, const char *target, const struct ct_port_conf *o,
		  bool add);
/* Steps: set the flags that were given; does a port contradict what is asked for? */
/* Whether a port is asked for that is native. */
bool ct_port_wants_native(const struct ct_port_conf *o);
int ct_port_set_flags(struct ct *ct, int net, int dev, const struct ct_port_conf *o);
int ct_port_compare(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
		    const struct ct_port_conf *o);
/*
 * The routes that the options give a container with these addresses; to be freed. By a
 * gateway that is in none of its subnets they lead directly, if an address of that family
 * is a whole one, /32 or /128.
 */
void ct_port_routes(struct ct_addrs *out, const struct ct_addrs *gateways,
		    const struct ct_addrs *routes, const struct ct_addrs *addrs);

#endif
