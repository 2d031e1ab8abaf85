/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ctnet: a bridge and a VXLAN tunnel endpoint in one network device.
 *
 * DOC: Interface
 *
 * A network is a netdevice of kind "ctnet". It is made, changed and deleted
 * over rtnetlink (RTM_NEWLINK with IFLA_INFO_KIND "ctnet" and the attributes
 * of &enum ctnet_ifla in IFLA_INFO_DATA, RTM_DELLINK). The ports, peers and fdb
 * entries of a network are managed over the generic netlink family
 * %CTNET_GENL_NAME, in the network namespace that the socket belongs to.
 *
 * A port is an attached device, or a native one: a netdevice of kind "ctnet_port" that is the
 * port itself, in the namespace of a container. It is made over rtnetlink from the network's
 * namespace: RTM_NEWLINK with the network as IFLA_LINK, the container's namespace as
 * IFLA_NET_NS_FD or _PID, and the attributes of &enum ctnet_port_ifla in IFLA_INFO_DATA.
 * That takes CAP_NET_ADMIN over both namespaces, and IFLA_LINK_NETNSID is refused. It may
 * move to another namespace. PORT_DEL, or RTM_DELLINK where it is, deletes it; it goes with
 * its namespace, and with its network.
 *
 * Rules for every command:
 *
 * - Policies are strict: an attribute that the command does not list, or one
 *   of another length than given here, is refused.
 * - An error has an extended ack: a message, and the offset of the attribute at
 *   fault, or the type of a missing one. Errors of the core (EPERM, ENOMEM) may
 *   have none. A command that fails has changed nothing.
 * - Commands that change something need CAP_NET_ADMIN in the user namespace
 *   that owns the network namespace (%GENL_UNS_ADMIN_PERM).
 * - Integers are in host byte order, addresses and MACs in network byte order.
 * - An IP address is %NLA_BINARY of 4 bytes (IPv4) or 16 bytes (IPv6).
 * - Every change is sent to the multicast group %CTNET_GENL_MCGRP_EVENTS in a
 *   message of the ``_NTF`` command, with the attributes that a dump of the object
 *   has, except its counters. Events of the fdb, and misses, are sent at a bounded
 *   rate; %CTNET_CMD_LOST_NTF says how many were not sent. When a network is made
 *   or deleted, there are events of the network, its ports and its peers, but not
 *   of the fdb entries that are made or deleted with it. The same is true of a
 *   port and the entry of its device's own address.
 * - A dump during which an object was added, removed or changed has
 *   %NLM_F_DUMP_INTR set.
 *
 * Attribute trees ("do" is the request, "reply" what comes back; "=" marks what
 * a request must have)::
 *
 *   NET_GET    do/dump: [IFINDEX] (do: =IFINDEX)
 *              reply: IFINDEX IFNAME MTU LEARNING AGEING FLOOD MAX_FDB SUPPRESS
 *              [VNI [LOCAL] [LOCAL6] DSTPORT [UNDERLAY] TTL TOS DF UDP_CSUM MARK] MTU_AUTO
 *              PORTS PEERS FDB_STATIC FDB_LEARNED
 *              STATS{...} DROPS{...}
 *   PORT_ADD   do: =NET =DEV [FLAGS]
 *   PORT_SET   do: =NET =DEV [FLAGS] [LABEL]
 *   PORT_DEL   do: =NET =DEV
 *   PORT_GET   do: =NET =DEV    dump: [NET]
 *              reply: NET DEV DEVNAME FLAGS STATS{...} [IFINDEX IFNAME [NETNSID] [LABEL]]
 *   PEER_ADD   do: =NET =ADDR [DSTPORT]
 *   PEER_DEL   do: =NET =ADDR
 *   PEER_GET   do: =NET =ADDR   dump: [NET]
 *              reply: NET ADDR [DSTPORT] STATS{...}
 *   FDB_ADD    do: =NET =MAC (PORT | PEER | SELF) [IP]...
 *   FDB_SET    do: as FDB_ADD
 *   FDB_DEL    do: =NET =MAC
 *   FDB_FLUSH  do: =NET [LEARNED] [PORT | PEER]
 *   FDB_GET    do: =NET =MAC    dump: [NET [PORT | PEER]] [STATIC]
 *              reply: NET MAC (PORT | PEER | SELF) (STATIC | AGE) [LOCAL] [IP]...
 *              [CLAIMED]
 *   VTEP_GET   dump: -
 *              reply: DSTPORT FAMILY [UNDERLAY] NETS DROPS{...}
 */
#ifndef _UAPI_LINUX_CTNET_H
#define _UAPI_LINUX_CTNET_H

#define CTNET_GENL_NAME		"ctnet"
#define CTNET_GENL_VERSION	1

/* Name of the multicast group of events. */
#define CTNET_GENL_MCGRP_EVENTS	"events"

/* Limits and defaults. */
#define CTNET_VNI_MAX		0xffffff	/* RFC 7348: 24 bits */
#define CTNET_DSTPORT_DEFAULT	4789		/* RFC 7348, IANA */
#define CTNET_AGEING_DEFAULT	300		/* s, IEEE 802.1D */
#define CTNET_AGEING_MAX	1000000		/* s, IEEE 802.1D */
#define CTNET_MAX_FDB_DEFAULT	65536		/* learned entries */
#define CTNET_TTL_DEFAULT	0		/* that of the host's routes */
#define CTNET_INHERIT		256		/* TTL, TOS: of the inner packet */
#define CTNET_UNDERLAY_GONE	0xffffffff	/* the underlay device is gone */
#define CTNET_MAX_FDB_MAX	1048576		/* highest cap on them */
#define CTNET_FDB_IPS_MAX	128		/* addresses of one entry */
#define CTNET_LABEL_MAX		255		/* bytes of a label */
#define CTNET_PORT_NATIVE	0x80000000	/* DEV of the first native port */
#define CTNET_PORT_DEV_MAX	0xbfffffff	/* highest DEV of a port */

/**
 * enum ctnet_df - don't-fragment bit of the outer IPv4 header
 * @CTNET_DF_OFF: clear: routers fragment what is too large for them, so that nothing is lost
 *	if their ICMP errors are filtered (default)
 * @CTNET_DF_ON: set, so that the path's MTU is learned from the routers
 * @CTNET_DF_INHERIT: as in an inner IPv4 packet; set for an inner IPv6 one
 */
enum ctnet_df {
	CTNET_DF_OFF,
	CTNET_DF_ON,
	CTNET_DF_INHERIT,
};

/**
 * enum ctnet_ifla - attributes of a network in IFLA_INFO_DATA
 * @IFLA_CTNET_UNSPEC: unused
 * @IFLA_CTNET_VNI: u32, 1 to %CTNET_VNI_MAX; VXLAN network identifier. Absent:
 *	a local bridge. No two networks of a namespace share VNI, UDP port,
 *	underlay device and address family.
 * @IFLA_CTNET_LOCAL: IPv4 address of this VTEP. While the namespace does not have
 *	it, nothing is sent to peers (%CTNET_DROP_NO_ROUTE). A VNI needs LOCAL,
 *	LOCAL6 or both; these need a VNI, as all attributes of the tunnels do. Peers
 *	can only be of a family for which there is a local address. 0.0.0.0
 *	(LOCAL6: ::) removes the family's, which is refused while there are peers
 *	of that family.
 * @IFLA_CTNET_DSTPORT: u16; UDP port to receive on and to send to, default
 *	%CTNET_DSTPORT_DEFAULT. Needs a VNI.
 * @IFLA_CTNET_LEARNING: u8, 0 or 1; whether the network learns at all, default 1
 * @IFLA_CTNET_AGEING: u32, seconds after which a learned entry that was not
 *	seen is removed, up to %CTNET_AGEING_MAX; 0: never. Default
 *	%CTNET_AGEING_DEFAULT.
 * @IFLA_CTNET_FLOOD: u8, 0 or 1; whether unknown unicast is flooded, default 1
 * @IFLA_CTNET_MAX_FDB: u32; cap on learned entries, up to
 *	%CTNET_MAX_FDB_MAX, default %CTNET_MAX_FDB_DEFAULT. Static entries do not
 *	count. A port or peer that has three times as many as are left of it is
 *	not learned from, so that one alone fills three quarters of the table.
 * @IFLA_CTNET_SUPPRESS: u8, 0 or 1; whether ARP requests and neighbour
 *	solicitations for an address that is in the table are answered by the
 *	network and not flooded, default 1
 * @IFLA_CTNET_LOCAL6: IPv6 address, as LOCAL. EAFNOSUPPORT: IPv6 is disabled in
 *	this kernel.
 * @IFLA_CTNET_UNDERLAY: u32, interface index of the underlay device: tunnels are
 *	sent and received by it only; if it is a VRF, by its routes and members.
 *	0 (the default): by any device. Networks with and without an underlay device
 *	may have the same UDP port. If the device is deleted or moves to another
 *	namespace, this becomes %CTNET_UNDERLAY_GONE, which cannot be set: until
 *	another value is set, nothing is received, and nothing is sent to peers
 *	(%CTNET_DROP_NO_ROUTE), even if another device gets the interface index.
 * @IFLA_CTNET_TTL: u16, of the outer header: 1 to 255, %CTNET_TTL_DEFAULT (the
 *	default) or %CTNET_INHERIT
 * @IFLA_CTNET_TOS: u16, DS field of the outer header: 0 (the default) to 255, or
 *	%CTNET_INHERIT; its ECN bits are those of the inner packet (RFC 6040)
 * @IFLA_CTNET_DF: u8, &enum ctnet_df
 * @IFLA_CTNET_UDP_CSUM: u8, 0 or 1; whether outer UDP checksums are sent, default
 *	1. A checksum of zero is accepted in any case (RFC 7348, RFC 6935).
 * @IFLA_CTNET_MTU_AUTO: u8, 0 or 1; whether the MTU follows the routes to the peers and
 *	the ports, until IFLA_MTU is set. Default 1 where IFLA_MTU is not given.
 * @IFLA_CTNET_MARK: u32, mark of outer packets, for rules of routing, netfilter and tc,
 *	default 0. The mark of the inner packet is not copied. Needs a VNI.
 * @__IFLA_CTNET_MAX: one more than the last
 *
 * RTM_NEWLINK on an existing network changes the attributes that it has and keeps the others.
 * The MTU is IFLA_MTU. Unless that is given, it follows: it is the smallest of the routes to
 * the peers, less 50 bytes (70 for an IPv6 peer), and of the ports without
 * %CTNET_PORT_MTU_AUTO, but at least 1280 if the network has IPv6; and 1500 without peers and
 * ports.
 */
enum ctnet_ifla {
	IFLA_CTNET_UNSPEC,
	IFLA_CTNET_VNI,
	IFLA_CTNET_LOCAL,
	IFLA_CTNET_DSTPORT,
	IFLA_CTNET_LEARNING,
	IFLA_CTNET_AGEING,
	IFLA_CTNET_FLOOD,
	IFLA_CTNET_MAX_FDB,
	IFLA_CTNET_SUPPRESS,
	IFLA_CTNET_LOCAL6,
	IFLA_CTNET_UNDERLAY,
	IFLA_CTNET_TTL,
	IFLA_CTNET_TOS,
	IFLA_CTNET_DF,
	IFLA_CTNET_UDP_CSUM,
	IFLA_CTNET_MTU_AUTO,
	IFLA_CTNET_MARK,
	__IFLA_CTNET_MAX
};

#define IFLA_CTNET_MAX (__IFLA_CTNET_MAX - 1)

/**
 * enum ctnet_port_ifla - attributes of a native port in IFLA_INFO_DATA
 * @IFLA_CTNET_PORT_UNSPEC: unused
 * @IFLA_CTNET_PORT_FLAGS: bitfield32 of &enum ctnet_port_flags; those that are not in the
 *	selector have their defaults
 * @IFLA_CTNET_PORT_LABEL: string, as %CTNET_A_PORT_LABEL; not shown, as the container can see
 *	what is
 * @IFLA_CTNET_PORT_NUMBER: u32, %CTNET_A_PORT_DEV of the port; in replies only
 * @IFLA_CTNET_PORT_IFNAME: string, name of the device, instead of IFLA_IFNAME: older kernels
 *	look for an interface of that name in the network's namespace; not shown
 * @__IFLA_CTNET_PORT_MAX: one more than the last
 *
 * Without IFLA_MTU the device has the network's MTU, without IFLA_ADDRESS a random MAC.
 */
enum ctnet_port_ifla {
	IFLA_CTNET_PORT_UNSPEC,
	IFLA_CTNET_PORT_FLAGS,
	IFLA_CTNET_PORT_LABEL,
	IFLA_CTNET_PORT_NUMBER,
	IFLA_CTNET_PORT_IFNAME,
	__IFLA_CTNET_PORT_MAX
};

#define IFLA_CTNET_PORT_MAX (__IFLA_CTNET_PORT_MAX - 1)

/**
 * enum ctnet_cmd - commands of the family
 * @CTNET_CMD_UNSPEC: unused
 * @CTNET_CMD_NET_GET: one network or all, attributes of &enum ctnet_net_attr.
 *	ENODEV: no such network.
 * @CTNET_CMD_NET_NEW_NTF: a network was made
 * @CTNET_CMD_NET_SET_NTF: a network was changed
 * @CTNET_CMD_NET_DEL_NTF: a network was deleted
 * @CTNET_CMD_PORT_ADD: attach a device as a port, attributes of &enum
 *	ctnet_port_attr. The same as ``ip link set DEV master NET``.
 *	ENODEV: no such network or device; EINVAL: not an Ethernet device that
 *	can be a port; ELOOP: a ctnet network as a port; EBUSY: the device is a
 *	port of something already; EEXIST: of this network; EOPNOTSUPP: the device
 *	does not allow bridging.
 * @CTNET_CMD_PORT_SET: change flags of a port, or a native one's label. ENODEV; ENOENT: not
 *	a port of this network; EINVAL: neither is given; EOPNOTSUPP: the port is not
 *	native and has no label.
 * @CTNET_CMD_PORT_DEL: detach a port, and remove its fdb entries. A native port is deleted.
 *	ENODEV; ENOENT.
 * @CTNET_CMD_PORT_GET: one port, or all of a network, or all. ENODEV; ENOENT.
 * @CTNET_CMD_PORT_ADD_NTF: a port was attached
 * @CTNET_CMD_PORT_SET_NTF: flags or the label of a port were set, or its device was renamed,
 *	or moved to another namespace
 * @CTNET_CMD_PORT_DEL_NTF: a port was detached, or its device went
 * @CTNET_CMD_PEER_ADD: add a remote VTEP, attributes of &enum ctnet_peer_attr.
 *	EINVAL: the network has no VNI, or no local address of the family, or the
 *	address is not that of another host: multicast, broadcast, of 0.0.0.0/8,
 *	loopback, v4-mapped, or one of this host; or it is link-local and there
 *	is no underlay device. EAFNOSUPPORT: IPv6 is disabled in this kernel. ENODEV;
 *	EEXIST.
 * @CTNET_CMD_PEER_DEL: remove a peer and its fdb entries. ENOENT.
 * @CTNET_CMD_PEER_GET: one peer, or all of a network, or all. ENODEV; ENOENT.
 * @CTNET_CMD_PEER_ADD_NTF: a peer was added
 * @CTNET_CMD_PEER_DEL_NTF: a peer was removed
 * @CTNET_CMD_FDB_ADD: add a static entry, attributes of &enum ctnet_fdb_attr.
 *	It replaces a learned entry of that MAC. EEXIST: there is a static one;
 *	EADDRINUSE: another entry has one of the IP addresses; EINVAL: the MAC is
 *	zero or multicast, an IP address is not unicast or named twice, or there is
 *	not exactly one destination; ENODEV; ENOENT: no such port or peer; E2BIG:
 *	more than %CTNET_FDB_IPS_MAX addresses.
 * @CTNET_CMD_FDB_SET: as FDB_ADD, but a static entry is replaced, with its
 *	addresses. The entry of the network device's own MAC can only be given
 *	addresses: it has to be SELF (else EEXIST).
 * @CTNET_CMD_FDB_DEL: remove an entry, learned or static. ENOENT; EPERM: the
 *	entry is LOCAL; EINVAL: the MAC is zero or multicast; ENODEV.
 * @CTNET_CMD_FDB_GET: one entry, or all of a network, or all; in a dump, with PORT or
 *	PEER those of that one, with STATIC only static ones. ENOENT; EINVAL;
 *	ENODEV.
 * @CTNET_CMD_FDB_FLUSH: remove all entries but LOCAL ones; with LEARNED only
 *	learned ones, with PORT or PEER only those of that one. ENODEV; ENOENT: no
 *	such port or peer; EINVAL: both PORT and PEER.
 * @CTNET_CMD_FDB_ADD_NTF: an entry was added or learned
 * @CTNET_CMD_FDB_SET_NTF: an entry was changed, or has moved by learning; or it lost
 *	an address, as a frame said that this is at another MAC. Only entries of a peer
 *	or of a port without guard lose addresses so, and only with learning on.
 * @CTNET_CMD_FDB_DEL_NTF: an entry was removed, or aged
 * @CTNET_CMD_VTEP_GET: the UDP sockets of the namespace, attributes of &enum
 *	ctnet_vtep_attr, and what they dropped before a network was known
 * @CTNET_CMD_MISS_NTF: a frame had a destination, or asked for an address (in no
 *	VLAN, with SUPPRESS on), that is not in the table of a network that does
 *	not flood. NET, and MAC (the destination) or IP (the address asked for),
 *	of &enum ctnet_fdb_attr; sent at a bounded rate, for each port or peer as
 *	well as for all.
 * @CTNET_CMD_LOST_NTF: events of the fdb, or misses, were not sent as they came too
 *	fast; attributes of &enum ctnet_lost_attr
 * @__CTNET_CMD_MAX: one more than the last
 */
enum ctnet_cmd {
	CTNET_CMD_UNSPEC,
	CTNET_CMD_NET_GET,
	CTNET_CMD_NET_NEW_NTF,
	CTNET_CMD_NET_SET_NTF,
	CTNET_CMD_NET_DEL_NTF,
	CTNET_CMD_PORT_ADD,
	CTNET_CMD_PORT_SET,
	CTNET_CMD_PORT_DEL,
	CTNET_CMD_PORT_GET,
	CTNET_CMD_PORT_ADD_NTF,
	CTNET_CMD_PORT_SET_NTF,
	CTNET_CMD_PORT_DEL_NTF,
	CTNET_CMD_PEER_ADD,
	CTNET_CMD_PEER_DEL,
	CTNET_CMD_PEER_GET,
	CTNET_CMD_PEER_ADD_NTF,
	CTNET_CMD_PEER_DEL_NTF,
	CTNET_CMD_FDB_ADD,
	CTNET_CMD_FDB_SET,
	CTNET_CMD_FDB_DEL,
	CTNET_CMD_FDB_GET,
	CTNET_CMD_FDB_FLUSH,
	CTNET_CMD_FDB_ADD_NTF,
	CTNET_CMD_FDB_SET_NTF,
	CTNET_CMD_FDB_DEL_NTF,
	CTNET_CMD_VTEP_GET,
	CTNET_CMD_MISS_NTF,
	CTNET_CMD_LOST_NTF,
	__CTNET_CMD_MAX
};

#define CTNET_CMD_MAX (__CTNET_CMD_MAX - 1)

/**
 * enum ctnet_net_attr - attributes of a network
 * @CTNET_A_NET_UNSPEC: unused
 * @CTNET_A_NET_IFINDEX: u32, interface index
 * @CTNET_A_NET_IFNAME: string, interface name
 * @CTNET_A_NET_MTU: u32, bytes
 * @CTNET_A_NET_VNI: u32, as %IFLA_CTNET_VNI; absent from a local bridge, as
 *	all attributes of the tunnels are
 * @CTNET_A_NET_LOCAL: IPv4 address, as %IFLA_CTNET_LOCAL
 * @CTNET_A_NET_DSTPORT: u16, as %IFLA_CTNET_DSTPORT
 * @CTNET_A_NET_LEARNING: u8, as %IFLA_CTNET_LEARNING
 * @CTNET_A_NET_AGEING: u32, as %IFLA_CTNET_AGEING
 * @CTNET_A_NET_FLOOD: u8, as %IFLA_CTNET_FLOOD
 * @CTNET_A_NET_MAX_FDB: u32, as %IFLA_CTNET_MAX_FDB
 * @CTNET_A_NET_SUPPRESS: u8, as %IFLA_CTNET_SUPPRESS
 * @CTNET_A_NET_PORTS: u32, number of ports
 * @CTNET_A_NET_PEERS: u32, number of peers
 * @CTNET_A_NET_FDB_STATIC: u32, number of static entries; of those that are
 *	%CTNET_A_FDB_LOCAL only the one of the network device's own MAC counts
 * @CTNET_A_NET_FDB_LEARNED: u32, number of learned entries
 * @CTNET_A_NET_STATS: nest of &enum ctnet_stats_attr; RX is what the host
 *	received from the network, TX what it sent into it, as for the device
 * @CTNET_A_NET_DROPS: nest of &enum ctnet_drop, a u64 for each reason
 * @CTNET_A_NET_PAD: padding
 * @CTNET_A_NET_LOCAL6: IPv6 address, as %IFLA_CTNET_LOCAL6
 * @CTNET_A_NET_UNDERLAY: u32, as %IFLA_CTNET_UNDERLAY; absent if any
 * @CTNET_A_NET_TTL: u16, as %IFLA_CTNET_TTL
 * @CTNET_A_NET_TOS: u16, as %IFLA_CTNET_TOS
 * @CTNET_A_NET_DF: u8, as %IFLA_CTNET_DF
 * @CTNET_A_NET_UDP_CSUM: u8, as %IFLA_CTNET_UDP_CSUM
 * @CTNET_A_NET_MTU_AUTO: u8, as %IFLA_CTNET_MTU_AUTO
 * @CTNET_A_NET_MARK: u32, as %IFLA_CTNET_MARK
 * @__CTNET_A_NET_MAX: one more than the last
 */
enum ctnet_net_attr {
	CTNET_A_NET_UNSPEC,
	CTNET_A_NET_IFINDEX,
	CTNET_A_NET_IFNAME,
	CTNET_A_NET_MTU,
	CTNET_A_NET_VNI,
	CTNET_A_NET_LOCAL,
	CTNET_A_NET_DSTPORT,
	CTNET_A_NET_LEARNING,
	CTNET_A_NET_AGEING,
	CTNET_A_NET_FLOOD,
	CTNET_A_NET_MAX_FDB,
	CTNET_A_NET_SUPPRESS,
	CTNET_A_NET_PORTS,
	CTNET_A_NET_PEERS,
	CTNET_A_NET_FDB_STATIC,
	CTNET_A_NET_FDB_LEARNED,
	CTNET_A_NET_STATS,
	CTNET_A_NET_DROPS,
	CTNET_A_NET_PAD,
	CTNET_A_NET_LOCAL6,
	CTNET_A_NET_UNDERLAY,
	CTNET_A_NET_TTL,
	CTNET_A_NET_TOS,
	CTNET_A_NET_DF,
	CTNET_A_NET_UDP_CSUM,
	CTNET_A_NET_MTU_AUTO,
	CTNET_A_NET_MARK,
	__CTNET_A_NET_MAX
};

#define CTNET_A_NET_MAX (__CTNET_A_NET_MAX - 1)

/**
 * enum ctnet_port_flags - flags of a port
 * @CTNET_PORT_LEARNING: source MACs of this port are learned (default on)
 * @CTNET_PORT_FLOOD: the port receives floods: broadcast, multicast and, where
 *	the network floods it, unknown unicast (default on)
 * @CTNET_PORT_HAIRPIN: a unicast frame may go out where it came in (default off)
 * @CTNET_PORT_GUARD: the port may only send from the MACs of its static entries
 *	(in Ethernet, ARP and neighbour discovery headers) and, if an entry has
 *	addresses, from these (in IP, ARP and neighbour discovery). Also allowed are
 *	the IPv6 link-local address that the MAC makes, or one that the port was the
 *	first to use, and the unspecified address in an ARP probe, duplicate address
 *	detection, a router solicitation, an MLD report or a DHCP client's request.
 *	Router advertisements, redirects and a DHCP server's answers are dropped.
 *	Nothing is learned from the port, and BPDUs are neither accepted from it nor
 *	sent to it (default off)
 * @CTNET_PORT_ISOLATED: the port reaches the host, the peers and ports that are
 *	not isolated, but no isolated port (default off)
 * @CTNET_PORT_MTU_AUTO: the port is one end of a pair of devices, whose MTUs follow the
 *	network's. A native port's device is its own far end; as near end counts what the
 *	network gave it last, or the MTU that it had when the flag was cleared. Setting
 *	the flag sets both ends' MTU. Later the far end follows as
 *	long as it has the same MTU as the near end. Setting the near end's MTU clears
 *	the flag. The MTU of a port without the flag limits that of a network that
 *	follows (default off)
 */
enum ctnet_port_flags {
	CTNET_PORT_LEARNING	= 1 << 0,
	CTNET_PORT_FLOOD	= 1 << 1,
	CTNET_PORT_HAIRPIN	= 1 << 2,
	CTNET_PORT_GUARD	= 1 << 3,
	CTNET_PORT_ISOLATED	= 1 << 4,
	CTNET_PORT_MTU_AUTO	= 1 << 5,
};

#define CTNET_PORT_FLAGS_ALL \
	(CTNET_PORT_LEARNING | CTNET_PORT_FLOOD | CTNET_PORT_HAIRPIN | \
	 CTNET_PORT_GUARD | CTNET_PORT_ISOLATED | CTNET_PORT_MTU_AUTO)
#define CTNET_PORT_FLAGS_DEFAULT (CTNET_PORT_LEARNING | CTNET_PORT_FLOOD)

/**
 * enum ctnet_port_attr - attributes of a port
 * @CTNET_A_PORT_UNSPEC: unused
 * @CTNET_A_PORT_NET: u32, interface index of the network
 * @CTNET_A_PORT_DEV: u32, interface index of the attached device; of a native port a number
 *	from %CTNET_PORT_NATIVE on, which no device has. All attributes that name a port have
 *	this number.
 * @CTNET_A_PORT_DEVNAME: string, its name; of a native port "native/" and a number, which no
 *	device can be called
 * @CTNET_A_PORT_FLAGS: bitfield32 of &enum ctnet_port_flags; flags that are not in
 *	the selector do not change
 * @CTNET_A_PORT_STATS: nest of &enum ctnet_stats_attr; RX is what came from the
 *	port, TX what was sent to it
 * @CTNET_A_PORT_IFINDEX: u32, interface index of a native port's device, in its namespace
 * @CTNET_A_PORT_IFNAME: string, the name that a native port's device was made with
 * @CTNET_A_PORT_NETNSID: s32, id of the namespace that a native port's device is in; -1: it
 *	is being taken apart; absent: the network's own
 * @CTNET_A_PORT_LABEL: string, at most %CTNET_LABEL_MAX bytes; what the host calls a native
 *	port. An empty one in PORT_SET removes it.
 * @__CTNET_A_PORT_MAX: one more than the last
 */
enum ctnet_port_attr {
	CTNET_A_PORT_UNSPEC,
	CTNET_A_PORT_NET,
	CTNET_A_PORT_DEV,
	CTNET_A_PORT_DEVNAME,
	CTNET_A_PORT_FLAGS,
	CTNET_A_PORT_STATS,
	CTNET_A_PORT_IFINDEX,
	CTNET_A_PORT_IFNAME,
	CTNET_A_PORT_NETNSID,
	CTNET_A_PORT_LABEL,
	__CTNET_A_PORT_MAX
};

#define CTNET_A_PORT_MAX (__CTNET_A_PORT_MAX - 1)

/**
 * enum ctnet_peer_attr - attributes of a peer
 * @CTNET_A_PEER_UNSPEC: unused
 * @CTNET_A_PEER_NET: u32, interface index of the network
 * @CTNET_A_PEER_ADDR: IP address of the remote VTEP
 * @CTNET_A_PEER_DSTPORT: u16, UDP port that it listens on; default, and then
 *	absent from a reply: the network's
 * @CTNET_A_PEER_STATS: nest of &enum ctnet_stats_attr, of inner frames
 * @__CTNET_A_PEER_MAX: one more than the last
 */
enum ctnet_peer_attr {
	CTNET_A_PEER_UNSPEC,
	CTNET_A_PEER_NET,
	CTNET_A_PEER_ADDR,
	CTNET_A_PEER_DSTPORT,
	CTNET_A_PEER_STATS,
	__CTNET_A_PEER_MAX
};

#define CTNET_A_PEER_MAX (__CTNET_A_PEER_MAX - 1)

/**
 * enum ctnet_fdb_attr - attributes of an fdb entry
 * @CTNET_A_FDB_UNSPEC: unused
 * @CTNET_A_FDB_NET: u32, interface index of the network
 * @CTNET_A_FDB_MAC: 6 bytes
 * @CTNET_A_FDB_PORT: u32, interface index of the port that the MAC is behind
 * @CTNET_A_FDB_PEER: IP address of the peer that the MAC is behind
 * @CTNET_A_FDB_SELF: flag; the MAC is the host's
 * @CTNET_A_FDB_STATIC: flag, in replies; the entry neither ages nor moves. In the
 *	request of a dump: only such entries, and learned ones that change meanwhile do
 *	not interrupt it
 * @CTNET_A_FDB_AGE: u32, in replies only; milliseconds since a learned entry
 *	was last seen, to within a second
 * @CTNET_A_FDB_IP: IP address at the MAC; one attribute for each address, at most
 *	%CTNET_FDB_IPS_MAX. An address belongs to one entry of a network.
 * @CTNET_A_FDB_LEARNED: flag, for FDB_FLUSH only: learned entries only
 * @CTNET_A_FDB_CLAIMED: IPv6 address, in replies only; a link-local address that a guarded
 *	port was the first to use with the MAC, and keeps as long as the entry is the
 *	port's
 * @CTNET_A_FDB_LOCAL: flag, in replies only; the kernel made the entry, and it
 *	cannot be removed: the MAC is the network device's own, that of the device
 *	of a port without guard, or one that the host's stack asked for (a macvlan
 *	on the network device, VRRP)
 * @__CTNET_A_FDB_MAX: one more than the last
 */
enum ctnet_fdb_attr {
	CTNET_A_FDB_UNSPEC,
	CTNET_A_FDB_NET,
	CTNET_A_FDB_MAC,
	CTNET_A_FDB_PORT,
	CTNET_A_FDB_PEER,
	CTNET_A_FDB_SELF,
	CTNET_A_FDB_STATIC,
	CTNET_A_FDB_AGE,
	CTNET_A_FDB_IP,
	CTNET_A_FDB_LEARNED,
	CTNET_A_FDB_CLAIMED,
	CTNET_A_FDB_LOCAL,
	__CTNET_A_FDB_MAX
};

#define CTNET_A_FDB_MAX (__CTNET_A_FDB_MAX - 1)

/**
 * enum ctnet_vtep_attr - attributes of a UDP socket of the namespace
 * @CTNET_A_VTEP_UNSPEC: unused
 * @CTNET_A_VTEP_DSTPORT: u16, the UDP port
 * @CTNET_A_VTEP_FAMILY: u16, AF_INET or AF_INET6
 * @CTNET_A_VTEP_NETS: u32, number of networks that share it
 * @CTNET_A_VTEP_DROPS: nest of &enum ctnet_drop, a u64 for each reason
 * @CTNET_A_VTEP_PAD: padding
 * @CTNET_A_VTEP_UNDERLAY: u32, interface index it is bound to; absent if to none
 * @__CTNET_A_VTEP_MAX: one more than the last
 */
enum ctnet_vtep_attr {
	CTNET_A_VTEP_UNSPEC,
	CTNET_A_VTEP_DSTPORT,
	CTNET_A_VTEP_FAMILY,
	CTNET_A_VTEP_NETS,
	CTNET_A_VTEP_DROPS,
	CTNET_A_VTEP_PAD,
	CTNET_A_VTEP_UNDERLAY,
	__CTNET_A_VTEP_MAX
};

#define CTNET_A_VTEP_MAX (__CTNET_A_VTEP_MAX - 1)

/**
 * enum ctnet_lost_attr - attributes of the event of lost events
 * @CTNET_A_LOST_UNSPEC: unused
 * @CTNET_A_LOST_COUNT: u32, how many were not sent since the last such event
 * @__CTNET_A_LOST_MAX: one more than the last
 */
enum ctnet_lost_attr {
	CTNET_A_LOST_UNSPEC,
	CTNET_A_LOST_COUNT,
	__CTNET_A_LOST_MAX
};

#define CTNET_A_LOST_MAX (__CTNET_A_LOST_MAX - 1)

/**
 * enum ctnet_stats_attr - counters of a network, a port or a peer
 * @CTNET_A_STATS_UNSPEC: unused
 * @CTNET_A_STATS_RX_PACKETS: u64; a frame that segmentation or receive offload
 *	holds together counts once
 * @CTNET_A_STATS_RX_BYTES: u64, with the Ethernet header
 * @CTNET_A_STATS_TX_PACKETS: u64
 * @CTNET_A_STATS_TX_BYTES: u64
 * @CTNET_A_STATS_PAD: padding
 * @__CTNET_A_STATS_MAX: one more than the last
 */
enum ctnet_stats_attr {
	CTNET_A_STATS_UNSPEC,
	CTNET_A_STATS_RX_PACKETS,
	CTNET_A_STATS_RX_BYTES,
	CTNET_A_STATS_TX_PACKETS,
	CTNET_A_STATS_TX_BYTES,
	CTNET_A_STATS_PAD,
	__CTNET_A_STATS_MAX
};

#define CTNET_A_STATS_MAX (__CTNET_A_STATS_MAX - 1)

/**
 * enum ctnet_drop - why a frame was dropped; also the attribute type of its
 *	counter in a DROPS nest
 * @CTNET_DROP_UNSPEC: unused
 * @CTNET_DROP_PAD: padding of the nest
 * @CTNET_DROP_MALFORMED: shorter than its Ethernet, VLAN or IP header, or with
 *	offloads that cannot be done
 * @CTNET_DROP_SOURCE: source MAC is zero or multicast
 * @CTNET_DROP_LINK_LOCAL: to a group that 802.1D does not forward
 *	(01:80:c2:00:00:00 to :0f): a pause frame; a frame from a peer or the host; a
 *	BPDU from a guarded port, or that no other port may receive. Others from a
 *	port go to the stack of its device and are not counted.
 * @CTNET_DROP_NET_DOWN: the network is down
 * @CTNET_DROP_PORT_DOWN: the destination port is down, or has no carrier; or a request
 *	for an address there, as in MISS
 * @CTNET_DROP_TOO_BIG: larger than the MTU of the destination port or of its far end;
 *	the sender was told by ICMP, unless nobody can be told
 * @CTNET_DROP_HAIRPIN: its destination is where it came from
 * @CTNET_DROP_SPLIT_HORIZON: from a peer, to a peer
 * @CTNET_DROP_UNKNOWN: destination unknown, and the network does not flood
 * @CTNET_DROP_FLOOD_QUEUE: too many floods wait, or too many of the same source
 * @CTNET_DROP_NOMEM: no memory
 * @CTNET_DROP_NO_ROUTE: no route to the peer
 * @CTNET_DROP_LOOP: the route to the peer leads through the network itself, or
 *	tunnels are nested more than three deep, as when networks are each other's
 *	underlay
 * @CTNET_DROP_VXLAN_HEADER: truncated, VNI flag missing, or bits set that ctnet
 *	does not know (RFC 7348 section 5)
 * @CTNET_DROP_VXLAN_VNI: no network of this namespace that is up has the VNI
 * @CTNET_DROP_VXLAN_LOCAL: sent to another address than the network's
 * @CTNET_DROP_VXLAN_PEER: from an address that is not a peer
 * @CTNET_DROP_VXLAN_ECN: congestion marks that RFC 6040 forbids
 * @CTNET_DROP_PATH_MTU: larger than the path's MTU to the peer; the sender was told by
 *	ICMP, if there was memory. Frames that cannot be answered are sent in fragments
 *	and not counted.
 * @CTNET_DROP_ISOLATED: from an isolated port to an isolated port; or a request for an
 *	address there, as in MISS. Floods skip these ports without counting.
 * @CTNET_DROP_MISS: a request for an address that is not in the table of a network
 *	that does not flood; it went to the host only, unless it came from there
 * @CTNET_DROP_GUARD_MAC: guard: a source MAC that is not the port's
 * @CTNET_DROP_GUARD_ARP: guard: ARP from a MAC or address that is not the port's
 * @CTNET_DROP_GUARD_ND: guard: neighbour discovery of a MAC or address that is
 *	not the port's
 * @CTNET_DROP_GUARD_IP: guard: an IPv4 source that is not the port's
 * @CTNET_DROP_GUARD_IP6: guard: an IPv6 source that is not the port's
 * @CTNET_DROP_GUARD_RA: guard: router advertisement or redirect
 * @CTNET_DROP_GUARD_DHCP: guard: answer of a DHCP or DHCPv6 server
 * @CTNET_DROP_GUARD_HEADER: guard: headers truncated, in the wrong order, or in a
 *	fragment that hides them
 * @CTNET_DROP_QUEUE: dropped by a queue or a filter of the destination port, or by the
 *	queue to the host
 * @CTNET_DROP_FORWARDED: a datagram to the UDP port of a peer that the host forwards for
 *	others: masqueraded, it would have the host's address, and the peer would
 *	accept it
 * @CTNET_DROP_VXLAN_DEV: came in by a ctnet network of this host, but the route to the peer
 *	does not lead there
 * @CTNET_DROP_UNDERLAY: dropped after encapsulation: by a firewall rule, IPsec, or a queue
 *	of the underlay
 * @__CTNET_DROP_MAX: one more than the last
 *
 * VXLAN_HEADER and VXLAN_VNI are counted by the socket (VTEP_GET), all others by
 * the network.
 */
enum ctnet_drop {
	CTNET_DROP_UNSPEC,
	CTNET_DROP_PAD,
	CTNET_DROP_MALFORMED,
	CTNET_DROP_SOURCE,
	CTNET_DROP_LINK_LOCAL,
	CTNET_DROP_NET_DOWN,
	CTNET_DROP_PORT_DOWN,
	CTNET_DROP_TOO_BIG,
	CTNET_DROP_HAIRPIN,
	CTNET_DROP_SPLIT_HORIZON,
	CTNET_DROP_UNKNOWN,
	CTNET_DROP_FLOOD_QUEUE,
	CTNET_DROP_NOMEM,
	CTNET_DROP_NO_ROUTE,
	CTNET_DROP_LOOP,
	CTNET_DROP_VXLAN_HEADER,
	CTNET_DROP_VXLAN_VNI,
	CTNET_DROP_VXLAN_LOCAL,
	CTNET_DROP_VXLAN_PEER,
	CTNET_DROP_VXLAN_ECN,
	CTNET_DROP_PATH_MTU,
	CTNET_DROP_ISOLATED,
	CTNET_DROP_MISS,
	CTNET_DROP_GUARD_MAC,
	CTNET_DROP_GUARD_ARP,
	CTNET_DROP_GUARD_ND,
	CTNET_DROP_GUARD_IP,
	CTNET_DROP_GUARD_IP6,
	CTNET_DROP_GUARD_RA,
	CTNET_DROP_GUARD_DHCP,
	CTNET_DROP_GUARD_HEADER,
	CTNET_DROP_QUEUE,
	CTNET_DROP_FORWARDED,
	CTNET_DROP_VXLAN_DEV,
	CTNET_DROP_UNDERLAY,
	__CTNET_DROP_MAX
};

#define CTNET_DROP_MAX (__CTNET_DROP_MAX - 1)

#endif /* _UAPI_LINUX_CTNET_H */
