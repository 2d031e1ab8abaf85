/* SPDX-License-Identifier: GPL-2.0 */
/* The objects of a network: how each is read, shown and changed. */
#ifndef CTNETCTL_OBJECTS_H
#define CTNETCTL_OBJECTS_H

#include "link.h"
#include "out.h"

/* The underlay of a network that has none, unless a device is called so. */
#define UNDERLAY_ANY	"any"

/* The MTU of a network that follows its underlay's. */
/* --mtu auto, which the kernel has follow. */
#define MTU_AUTO	0

static inline bool mtu_is_auto(const struct o_u32 *mtu)
{
	return mtu->set && mtu->v == MTU_AUTO;
}

static inline bool mtu_is_given(const struct o_u32 *mtu)
{
	return mtu->set && mtu->v != MTU_AUTO;
}

/* Flags that are on for a container's port, besides the kernel's own defaults. */
#define CTNET_PORT_TARGET_FLAGS	(CTNET_PORT_GUARD | CTNET_PORT_MTU_AUTO)

/* Options of networks; also what the kernel says of one. */
struct net_opts {
	struct o_u32 vni;
	struct ip local[2];	/* IPv4, IPv6 */
	struct o_u32 dstport;
	const char *underlay;
	uint32_t underlay_ifindex;	/* 0: any */
	struct cidrs address;
	struct o_u32 mtu;
	struct o_mac mac;
	struct o_u32 learning;
	struct o_u32 ageing;
	struct o_u32 flood;
	struct o_u32 max_fdb;
	struct o_u32 suppress;
	struct o_u32 ttl;
	struct o_u32 tos;
	struct o_u32 df;
	struct o_u32 udp_csum;
	struct o_u32 mark;
	bool may_exist;
	bool if_exists;
};

struct net {
	int ifindex;
	char name[IFNAMSIZ];
	struct net_opts cfg;
	bool mtu_auto;
	uint32_t ports;
	uint32_t peers;
	uint32_t fdb_static;
	uint32_t fdb_learned;
	struct nlattr *stats;	/* in the message that it was read from */
	struct nlattr *drops;
};

struct port_opts {
	const char *dev;
	const char *near;	/* del-port: a near end; add-port: of what it made before */
	const char *ifname;
	const char *host_ifname;
	struct cidrs address;
	struct ips gateway;
	struct routes route;
	struct o_mac mac;
	struct o_u32 mtu;
	struct o_u32 learning;
	struct o_u32 flood;
	struct o_u32 hairpin;
	struct o_u32 guard;
	struct o_u32 isolated;
	const char *label;
	bool may_exist;
	bool if_exists;
};

struct port {
	int net;
	int dev;
	char devname[IFNAMSIZ];
	uint32_t flags;
	struct nlattr *stats;
};

struct peer_opts {
	struct o_u32 dstport;
	bool may_exist;
	bool if_exists;
};

struct peer {
	int net;
	struct ip addr;
	uint16_t dstport;	/* 0: the network's */
	struct nlattr *stats;
};

struct fdb_opts {
	const char *port;
	struct ip peer;
	bool self;
	const char *target;
	const char *ifname;
	struct ips ip;
	bool learned;
	bool may_exist;
	bool if_exists;
};

struct fdb {
	int net;
	uint8_t mac[6];
	int port;		/* or 0 */
	struct ip peer;		/* or none */
	bool self;
	bool is_static;
	bool local;		/* there by itself */
	uint32_t age;		/* ms, of a learned entry */
	struct ips ips;		/* to be freed */
	struct ip claimed;	/* or none */
};

/*
 * The network of a name; EXIT_OK, or an exit code after a message. With @gone,
 * one that is not there sets it and there is no message.
 */
int net_find(const char *name, struct link *l, bool *gone);
/* What the kernel says of it, after ge_sock(). Returns 0 or -errno; free @r when done. */
int net_get(int ifindex, struct net *net, struct replies *r);
int net_parse(struct nlmsghdr *h, struct net *net);
struct json_object *net_json(const struct net *net, const struct link *l,
			     const struct cidrs *addrs);
/* The name of the device, which @l is filled for, or its number if it is gone. */
const char *underlay_name(uint32_t ifindex, struct link *l);
/* warnings.c: what is amiss with a network just now, and what comes amiss with these options. */
void net_json_warnings(struct json_object *o, const struct net *net);
void net_warn(const struct net_opts *o);
extern const struct column net_columns[];
extern const struct opt add_net_opts[], set_net_opts[], del_net_opts[];
/* Whether a network may be made with these options, as far as they tell. */
int net_check(const char *name, const struct net_opts *o);
/* Find the device of --underlay, if that is given. Both: an exit code. */
int net_find_underlay(struct net_opts *o);
/* The message that gives a network what is set in @o, and why it is refused. */
struct nl_msg *net_msg(int flags, int ifindex, const char *name,
		       const struct net_opts *o);
extern const struct hint net_hints[];
/* Whether --mtu auto is asked for; a usage error that says what it is for. */
/* The MAC that these options give a network; false: any. */
bool net_mac(uint8_t mac[6], const struct net_opts *o);
/* What only a network with a VNI has. */
bool net_is_tunnel(const struct opt *opt);
/*
 * Change what is set in @o, and say how to take that back: @net and @mac are what
 * there is. An exit code.
 */
int net_change(int ifindex, const struct net_opts *o, const struct net *net,
	       const uint8_t mac[6]);
/*
 * But another underlay, where the old one is gone, cannot be taken back: net_change()
 * leaves it out, and this is the last step.
 */
bool net_is_stranded(const struct net *net, const struct net_opts *o);
int net_change_last(int ifindex, const struct net_opts *o, const struct net *net);
int add_net(int n, char **arg, void *vals);
int set_net(int n, char **arg, void *vals);
int del_net(int n, char **arg, void *vals);

/*
 * known.c: indexes, each looked up once in a batch. EXIT_OK, or an exit code after a
 * message; @gone as net_find() has it.
 */
int known_net(const char *name, int *ifindex, bool *gone);
int known_dev(const char *name, int *ifindex);
int known_container(int net, const char *target, const char *ifname,
		    int *ifindex);

/* A request on something of a network. */
struct nl_msg *port_msg(uint8_t cmd, int net, int dev);
int port_get(int net, int dev, struct port *port);
int port_parse(struct nlmsghdr *h, struct port *port);
struct json_object *port_json(const struct port *port, const char *net,
			      const struct link *near, const struct link *far);
/* Whether a port may be made with these operands and options. An exit code. */
int port_check(int n, const struct opt *opts, const struct port_opts *o);
/* A device by a name. An exit code; with @gone, one that is not there sets it. */
int dev_find(const char *dev, struct link *l, bool *gone);
/* Change label, bring up, and say how to take that back. Exit codes. */
int port_set_label(const struct link *dev, const char *label);
int port_set_up(const struct link *dev);
/* Whether add-port TARGET made this device, and so del-port may delete it. */
bool port_is_made(const struct link *near);
/* Whether an add-port is at work on it; or, while we have the lock alone, was killed. */
bool port_is_unfinished(const struct link *near);
extern const struct column port_columns[];
extern const struct opt add_port_opts[], set_port_opts[], del_port_opts[];
int add_port(int n, char **arg, void *vals);
int set_port(int n, char **arg, void *vals);
int del_port(int n, char **arg, void *vals);

/* attach.c, reattach.c: the same for a container. */
int attach(const struct link *net, const char *target,
	   const struct port_opts *o);
int reattach(const struct link *net, const char *target,
	     const struct port_opts *o);
int detach(const struct link *net, const char *target,
	   const struct port_opts *o);
/* Delete a veth that add-port made. */
int detach_near(const struct link *net, const char *what,
		const struct link *near);
/**
 * struct port_change - what a container's port is to be like
 * @label: alias of the near end
 * @mtu: of both ends; MTU_AUTO: as it is
 * @mac: of the far end
 * @had: those of its addresses that it need not keep
 * @address: addresses
 * @had_routes: those of its routes that it need not keep
 * @routes: routes
 * @up: the near end is to be up
 * @announce: whether the addresses are to be announced
 */
struct port_change {
	const char *label;
	uint32_t mtu;
	const uint8_t *mac;
	const struct cidrs *had;
	const struct cidrs *address;
	const struct routes *had_routes;
	const struct routes *routes;
	bool up;
	bool announce;
};

/*
 * Change that, and say how to take it back, for which the container must stay
 * open. Its table entry is not touched. An exit code.
 */
struct container;
int attach_change(struct container *c, const struct port_change *w);
/*
 * The routes that the options give a container with these addresses; to be freed. By a
 * gateway that is in none of its subnets they lead directly, if an address of that family
 * is a whole one, /32 or /128.
 */
void port_routes(struct routes *out, const struct ips *gateways,
		 const struct routes *routes, const struct cidrs *addrs);
int port_set_flags(int net, int dev, const struct port_opts *o);
int port_compare(const struct link *net, const struct link *near,
		 const struct port_opts *o);

int peer_parse(struct nlmsghdr *h, struct peer *peer);
/*
 * CTNET_CMD_PEER_ADD or _DEL, and how to take that back; @dstport is 0 if it is
 * the network's. Returns 0 or -errno.
 */
int peer_put(uint8_t cmd, int net, const struct ip *addr, uint16_t dstport);
struct json_object *peer_json(const struct peer *peer, const char *net);
extern const struct column peer_columns[];
extern const struct opt add_peer_opts[], del_peer_opts[];
int add_peer(int n, char **arg, void *vals);
int del_peer(int n, char **arg, void *vals);

struct nl_msg *fdb_msg(uint8_t cmd, int net, const uint8_t *mac);
/* FDB_ADD or FDB_SET of a static entry. */
struct nl_msg *fdb_entry_msg(uint8_t cmd, const struct fdb *f);
/* Whether an entry may be made with these, and its MAC. An exit code. */
int fdb_check(const char *mac, const struct fdb_opts *o, uint8_t out[6]);
int fdb_parse(struct nlmsghdr *h, struct fdb *f);
int fdb_get(int net, const uint8_t *mac, struct fdb *f);
/*
 * The static entries, of all networks or one, or of one port of it: learned ones come and go
 * without disturbing. As nl_do().
 */
int fdb_dump_static(int net, int port, struct replies *r);
/*
 * Why an entry with this MAC and these addresses was refused: who has them already, if that
 * is it. Valid until it is asked again.
 */
const char *fdb_why(int err, int net, const uint8_t mac[6],
		    const struct ips *ips);
struct json_object *fdb_json(const struct fdb *f, const char *net,
			     const char *port);
extern const struct column fdb_columns[];
extern const struct opt add_fdb_opts[], replace_fdb_opts[], del_fdb_opts[],
			flush_fdb_opts[];
int add_fdb(int n, char **arg, void *vals);
int replace_fdb(int n, char **arg, void *vals);
int del_fdb(int n, char **arg, void *vals);
int flush_fdb(int n, char **arg, void *vals);

int show(int n, char **arg, void *vals);
int list_objects(int n, char **arg, void *vals);
int monitor(int n, char **arg, void *vals);

#endif
