/* SPDX-License-Identifier: GPL-2.0 */
/* The objects of a network: how each is read, shown and changed. */
#ifndef CTNETCTL_OBJECTS_H
#define CTNETCTL_OBJECTS_H

#include "link.h"
#include "out.h"

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
	bool may_exist;
	bool if_exists;
};

struct net {
	int ifindex;
	char name[IFNAMSIZ];
	struct net_opts cfg;
	uint32_t ports;
	uint32_t peers;
	uint32_t fdb_static;
	uint32_t fdb_learned;
	struct nlattr *stats;	/* in the message that it was read from */
	struct nlattr *drops;
};

struct port_opts {
	const char *dev;
	const char *ifname;
	struct cidrs address;
	struct ips gateway;
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
	uint32_t age;		/* ms, of a learned entry */
	struct ips ips;		/* to be freed */
};

/*
 * The network of a name; EXIT_OK, or an exit code after a message. With @gone,
 * one that is not there sets it and there is no message.
 */
int net_find(const char *name, struct link *l, bool *gone);
/* What the kernel says of it. Returns 0 or -errno; free @r when done. */
int net_get(int ifindex, struct net *net, struct replies *r);
int net_parse(struct nlmsghdr *h, struct net *net);
struct json_object *net_json(const struct net *net, const struct link *l,
			     const struct cidrs *addrs);
/* The name of the device, which @l is filled for, or its number if it is gone. */
const char *underlay_name(uint32_t ifindex, struct link *l);
extern const struct column net_columns[];
extern const struct opt add_net_opts[], set_net_opts[], del_net_opts[];
int add_net(int n, char **arg, void *vals);
int set_net(int n, char **arg, void *vals);
int del_net(int n, char **arg, void *vals);

/* A request on something of a network. */
struct nl_msg *port_msg(uint8_t cmd, int net, int dev);
int port_get(int net, int dev, struct port *port);
int port_parse(struct nlmsghdr *h, struct port *port);
struct json_object *port_json(const struct port *port, const char *net,
			      const struct link *near, const struct link *far);
/* Whether add-port TARGET made this device, and so del-port may delete it. */
bool port_is_made(const struct link *near);
extern const struct column port_columns[];
extern const struct opt add_port_opts[], set_port_opts[], del_port_opts[];
int add_port(int n, char **arg, void *vals);
int set_port(int n, char **arg, void *vals);
int del_port(int n, char **arg, void *vals);

/* attach.c: the same for a container. */
int attach(const struct link *net, const char *target,
	   const struct port_opts *o);
int reattach(const struct link *net, const char *target,
	     const struct port_opts *o);
int detach(const struct link *net, const char *target,
	   const struct port_opts *o);
int port_set_flags(int net, int dev, const struct port_opts *o);
int port_compare(const struct link *net, const struct link *near,
		 const struct port_opts *o);

int peer_parse(struct nlmsghdr *h, struct peer *peer);
struct json_object *peer_json(const struct peer *peer, const char *net);
extern const struct column peer_columns[];
extern const struct opt add_peer_opts[], del_peer_opts[];
int add_peer(int n, char **arg, void *vals);
int del_peer(int n, char **arg, void *vals);

struct nl_msg *fdb_msg(uint8_t cmd, int net, const uint8_t *mac);
int fdb_parse(struct nlmsghdr *h, struct fdb *f);
int fdb_get(int net, const uint8_t *mac, struct fdb *f);
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
