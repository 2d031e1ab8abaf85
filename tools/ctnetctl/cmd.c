// SPDX-License-Identifier: GPL-2.0
/* The commands that are one call of the library, and their options. */
#include <stdlib.h>
#include <string.h>

#include "ctnetctl.h"

/* Rows of the tables; a number or a switch is what the library says of that name. */
#define NET(m)	.off = offsetof(struct ct_net_conf, m)
#define PORT(m)	.off = offsetof(struct ct_port_conf, m)
#define PEER(m)	.off = offsetof(struct peer_opts, m)
#define PUBLISH(m)	.off = offsetof(struct ct_publish_conf, m)
#define FDB(m)	.off = offsetof(struct ct_fdb_conf, m)
#define NET_NUM(name, m, ...) \
	{ name, OPT_NUM, NET(m), __VA_ARGS__, .attrs = ct_net_attrs }
#define PORT_NUM(name, m, ...) \
	{ name, OPT_NUM, PORT(m), __VA_ARGS__, .attrs = ct_port_attrs }
#define END	{ .name = NULL }

static bool any_is_set(const struct opt *o, const void *vals)
{
	for (; o->name; o++)
		if (opt_is_set(o, vals))
			return true;
	return false;
}

static int nothing_to_change(const char *cmd)
{
	return ct_misuse(&ct, "nothing to change: give an option; \"ctnetctl help %s\" lists them",
			 cmd);
}

/* ---------------------------------------------------------------- networks */

#define NET_VNI \
	NET_NUM("vni", vni, \
		"VXLAN network identifier; without one the network is a local bridge")
#define NET_UNDERLAY \
	{ "underlay", OPT_DEV, NET(underlay), \
	  "device, or VRF, that the tunnels use (default: any)", "DEV|any" }, \
	NET_NUM("dstport", dstport, "UDP port (default 4789)")
#define NET_MTU \
	NET_NUM("mtu", mtu, "bytes (default auto: what its underlay and its ports leave)")
#define NET_FLAGS \
	NET_NUM("learning", learning, "learn where MACs are (default on)"), \
	NET_NUM("ageing", ageing, \
		"forget learned entries not seen for so long (default 300; 0: never)", "SECONDS"), \
	NET_NUM("flood", flood, "flood unknown unicast (default on)"), \
	NET_NUM("max-fdb", max_fdb, "learned entries at most (default 65536)"), \
	NET_NUM("suppress", suppress, \
		"answer ARP and neighbour solicitations from the table (default on)"), \
	NET_NUM("ttl", ttl, "TTL of outer packets (default 0: as the host's own)"), \
	NET_NUM("tos", tos, \
		"DS field of outer packets (default 0); ECN is always the inner one's"), \
	NET_NUM("df", df, "forbid routers to fragment outer IPv4 packets (default off)"), \
	NET_NUM("udp-csum", udp_csum, "outer UDP checksums (default on)"), \
	NET_NUM("mark", mark, \
		"mark of outer packets, for rules of routing, nft and tc (default 0)"), \
	NET_NUM("masquerade", masquerade, \
		"what leaves by other interfaces has the host's address, and only what is " \
		"published comes in (default off)"), \
	NET_NUM("internal", internal, \
		"the host forwards nothing into it or out of it (default off)")

const struct opt add_net_opts[] = {
	NET_VNI,
	{ "local", OPT_IP_EACH, NET(local),
	  "address of this VTEP, one of the host's; one of each family may be given" },
	NET_UNDERLAY,
	{ "address", OPT_CIDRS, NET(address),
	  "address of the host on the network; may be repeated" },
	NET_MTU,
	{ "mac", OPT_MAC, NET(mac),
	  "MAC of the host on the network (default: from the first address, or random)" },
	NET_FLAGS,
	{ "may-exist", OPT_FLAG, NET(may_exist),
	  "no error if there is such a network already" },
	END
};

const struct opt set_net_opts[] = {
	NET_VNI,
	{ "local", OPT_IP_EACH, NET(local),
	  "address of this VTEP, one of the host's; with -, none of its family",
	  "[-]IP", .edit = true },
	NET_UNDERLAY,
	{ "address", OPT_CIDRS, NET(address),
	  "another address of the host, or, with -, one less; none: no address",
	  "[-]CIDR|none", .edit = true },
	NET_MTU,
	{ "mac", OPT_MAC, NET(mac),
	  "MAC of the host on the network; auto: that of its first address",
	  "MAC|auto", .edit = true },
	NET_FLAGS,
	END
};

const struct opt del_net_opts[] = {
	{ "if-exists", OPT_FLAG, NET(if_exists), "no error if there is no such network" },
	END
};

int add_net(int n, char **arg, void *vals)
{
	(void)n;
	return ct_net_add(&ct, arg[0], vals);
}

int set_net(int n, char **arg, void *vals)
{
	(void)n;
	if (!any_is_set(set_net_opts, vals))
		return nothing_to_change("set-net");
	return ct_net_set(&ct, arg[0], vals);
}

int del_net(int n, char **arg, void *vals)
{
	const struct ct_net_conf *o = vals;

	(void)n;
	return ct_net_del(&ct, arg[0], o->if_exists);
}

/* ------------------------------------------------------------------- ports */

/* These say which port; the others what it is. */
#define PORT_ID(help) \
	{ "dev", OPT_DEV, PORT(dev), "the port is this device, instead of a container's" }, \
	{ "ifname", OPT_NAME, PORT(ifname), "interface in the container (default eth0)" }, \
	{ "port", OPT_PORT, PORT(near), help, "NEAR-END" }
#define PORT_ID_FIRST	3
#define PORT_NEAR	"the container's port that has this near end"
#define PORT_HOST_IFNAME \
	{ "host-ifname", OPT_NAME, PORT(host_ifname), \
	  "name of the near end (default: one is made up)" }
#define PORT_MTU \
	{ "mtu", OPT_NUM, PORT(mtu), \
	  "bytes (default auto: the network's, which it follows)", .attrs = ct_net_attrs }
#define PORT_FLAGS \
	PORT_NUM("learning", learning, "learn MACs from it (default on)"), \
	PORT_NUM("flood", flood, "it receives floods (default on)"), \
	PORT_NUM("hairpin", hairpin, \
		 "unicast frames may go out where they came in (default off)"), \
	PORT_NUM("guard", guard, \
		 "only its own MAC and addresses as source, no router or DHCP server " \
		 "(default: on for a container, off for --dev)"), \
	PORT_NUM("isolated", isolated, "it reaches no other isolated port (default off)"), \
	{ "label", OPT_STR, PORT(label), "alias of the near end (default: TARGET)", .max = 255 }

const struct opt add_port_opts[] = {
	PORT_ID("the container's is that which add-port made before, with this near end"),
	PORT_HOST_IFNAME,
	{ "type", OPT_STR, PORT(type),
	  "a veth (the default), or a device of our own without a near end", "veth|native" },
	{ "address", OPT_CIDRS, PORT(address), "address of the container; may be repeated" },
	{ "gateway", OPT_IPS, PORT(gateway), "default route; at most one IPv4 and one IPv6" },
	{ "route", OPT_ROUTES, PORT(route), "route to there; may be repeated" },
	{ "mac", OPT_MAC, PORT(mac), "MAC of the container (default: from the first address)" },
	PORT_MTU,
	PORT_FLAGS,
	{ "may-exist", OPT_FLAG, PORT(may_exist), "no error if it is such a port already" },
	END
};

const struct opt set_port_opts[] = {
	PORT_ID(PORT_NEAR),
	PORT_HOST_IFNAME,
	{ "address", OPT_CIDRS, PORT(address),
	  "another address, or, with -, one less; none: no address",
	  "[-]CIDR|none", .edit = true },
	{ "gateway", OPT_IPS, PORT(gateway),
	  "default route of its family, or, with -, none; none: of neither family",
	  "[-]IP|none", .edit = true },
	{ "route", OPT_ROUTES, PORT(route),
	  "another route, or, with -, one less; none: no route",
	  "[-]CIDR[,via IP]|none", .edit = true },
	{ "mac", OPT_MAC, PORT(mac), "MAC of the container; auto: that of its first address",
	  "MAC|auto", .edit = true },
	PORT_MTU,
	PORT_FLAGS,
	END
};

const struct opt del_port_opts[] = {
	PORT_ID(PORT_NEAR),
	{ "label", OPT_STR, PORT(label), "the port that has this label" },
	{ "if-exists", OPT_FLAG, PORT(if_exists), "no error if there is no such port" },
	END
};

/* The operand behind the network is NULL where there is none. */
int add_port(int n, char **arg, void *vals)
{
	(void)n;
	return ct_port_add(&ct, arg[0], arg[1], vals);
}

int set_port(int n, char **arg, void *vals)
{
	int err = ct_port_check(&ct, arg[1], vals, false);

	(void)n;
	if (err)
		return err;
	if (!any_is_set(set_port_opts + PORT_ID_FIRST, vals))
		return nothing_to_change("set-port");
	return ct_port_set(&ct, arg[0], arg[1], vals);
}

int del_port(int n, char **arg, void *vals)
{
	(void)n;
	return ct_port_del(&ct, arg[0], arg[1], vals);
}

/* ------------------------------------------------------------------- peers */

static const struct ct_attr peer_attrs[] = {
	{ "dstport", PEER(dstport), .min = 1, .max = 65535 },
};

const struct opt add_peer_opts[] = {
	{ "dstport", OPT_NUM, PEER(dstport),
	  "UDP port that it listens on (default: the network's)", .attrs = peer_attrs },
	{ "may-exist", OPT_FLAG, PEER(may_exist), "no error if it is a peer already" },
	END
};

const struct opt del_peer_opts[] = {
	{ "if-exists", OPT_FLAG, PEER(if_exists), "no error if there is no such peer" },
	END
};

static int parse_ip(const char *word, struct ct_ip *ip)
{
	const char *why = ct_parse_ip(word, ip);

	return why ? ct_misuse(&ct, "\"%s\": %s", word, why) : CT_OK;
}

int add_peer(int n, char **arg, void *vals)
{
	const struct peer_opts *o = vals;
	struct ct_ip ip;
	int err = parse_ip(arg[1], &ip);

	(void)n;
	return err ? err : ct_peer_add(&ct, arg[0], &ip, &o->dstport, o->may_exist);
}

int del_peer(int n, char **arg, void *vals)
{
	const struct peer_opts *o = vals;
	struct ct_ip ip;
	int err = parse_ip(arg[1], &ip);

	(void)n;
	return err ? err : ct_peer_del(&ct, arg[0], &ip, o->if_exists);
}

/* --------------------------------------------------------------- the table */

#define FDB_DST \
	{ "port", OPT_PORT, FDB(port), "it lies behind this port" }, \
	{ "peer", OPT_IP, FDB(peer), "it lies behind this peer" }
#define FDB_ADD \
	FDB_DST, \
	{ "target", OPT_STR, FDB(target), "it lies behind the port of this container", \
	  "TARGET" }, \
	{ "ifname", OPT_NAME, FDB(ifname), "interface in the container (default eth0)" }, \
	{ "self", OPT_FLAG, FDB(self), "it is the host's" }, \
	{ "ip", OPT_IPS, FDB(ip), "address that lives at the MAC; may be repeated" }

const struct opt add_fdb_opts[] = {
	FDB_ADD,
	{ "may-exist", OPT_FLAG, FDB(may_exist),
	  "no error if there is that very entry already" },
	END
};

const struct opt replace_fdb_opts[] = { FDB_ADD, END };

const struct opt del_fdb_opts[] = {
	{ "if-exists", OPT_FLAG, FDB(if_exists), "no error if there is no such entry" },
	END
};

const struct opt flush_fdb_opts[] = {
	{ "learned", OPT_FLAG, FDB(learned), "learned entries only" },
	FDB_DST,
	END
};

static int parse_mac(const char *word, uint8_t mac[6])
{
	const char *why = ct_parse_mac(word, mac);

	return why ? ct_misuse(&ct, "\"%s\": %s", word, why) : CT_OK;
}

int add_fdb(int n, char **arg, void *vals)
{
	uint8_t mac[6];
	int err = parse_mac(arg[1], mac);

	(void)n;
	return err ? err : ct_fdb_add(&ct, arg[0], mac, vals);
}

int replace_fdb(int n, char **arg, void *vals)
{
	uint8_t mac[6];
	int err = parse_mac(arg[1], mac);

	(void)n;
	return err ? err : ct_fdb_replace(&ct, arg[0], mac, vals);
}

int del_fdb(int n, char **arg, void *vals)
{
	const struct ct_fdb_conf *o = vals;
	uint8_t mac[6];
	int err = parse_mac(arg[1], mac);

	(void)n;
	return err ? err : ct_fdb_del(&ct, arg[0], mac, o->if_exists);
}

int flush_fdb(int n, char **arg, void *vals)
{
	(void)n;
	return ct_fdb_flush(&ct, arg[0], vals);
}

/* --------------------------------------------------------- published ports */

#define PUBLISH_ID \
	{ "ifname", OPT_NAME, PUBLISH(ifname), "interface in the container (default eth0)" }, \
	{ "port", OPT_PORT, PUBLISH(near), PORT_NEAR, "NEAR-END" }

const struct opt publish_opts[] = {
	PUBLISH_ID,
	{ "may-exist", OPT_FLAG, PUBLISH(may_exist), "no error if it is published so already" },
	END
};

const struct opt unpublish_opts[] = {
	PUBLISH_ID,
	{ "if-exists", OPT_FLAG, PUBLISH(if_exists), "no error if it is not published" },
	END
};

int publish_parse(int n, char **arg, const char *near, const char **target,
		  struct ct_published **ports, size_t *n_ports)
{
	int first = near ? 1 : 2, i;
	const char *why;

	*target = near ? NULL : arg[1];
	*ports = NULL;
	*n_ports = 0;
	if (n <= first)
		return CT_OK;
	*ports = ct_calloc(n - first, sizeof(**ports));
	for (i = first; i < n; i++) {
		why = ct_parse_published(arg[i], &(*ports)[(*n_ports)++]);
		if (!why)
			continue;
		free(*ports);
		*ports = NULL;
		return ct_misuse(&ct, "\"%s\": %s", arg[i], why);
	}
	return CT_OK;
}

int publish(int n, char **arg, void *vals)
{
	const struct ct_publish_conf *o = vals;
	struct ct_published *ports;
	const char *target;
	size_t n_ports;
	int err;

	err = publish_parse(n, arg, o->near, &target, &ports, &n_ports);
	if (!err && !n_ports)
		err = ct_misuse(&ct, "say which port: publish NET TARGET 8080:80");
	err = err ?: ct_port_publish(&ct, arg[0], target, o, ports, n_ports);
	free(ports);
	return err;
}

/* No port, or "all": all of the container's. */
int unpublish(int n, char **arg, void *vals)
{
	const struct ct_publish_conf *o = vals;
	struct ct_published *ports;
	const char *target;
	size_t n_ports;
	int err;

	if (n == (o->near ? 2 : 3) && !strcmp(arg[n - 1], "all"))
		n--;
	err = publish_parse(n, arg, o->near, &target, &ports, &n_ports);
	if (!err && !o->near && n < 2)
		err = ct_misuse(&ct, "say whose: unpublish NET TARGET [SPEC ... | all]");
	err = err ?: ct_port_unpublish(&ct, arg[0], target, o, ports, n_ports);
	free(ports);
	return err;
}

int reload(int n, char **arg, void *vals)
{
	(void)n;
	(void)arg;
	(void)vals;
	return ct_nat_renew(&ct);
}
