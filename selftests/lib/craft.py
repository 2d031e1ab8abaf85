#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends frames that are wrong in one thing, and questions of ARP and ND, and sees where
they arrive. Requests are those of frames.py, and besides:

	sniff LABEL NETNS DEV	from now on, keep what DEV receives (in VXLAN, too); label
				"wire": the underlay, "far": of the host at its other end
	me NETNS DEV MAC IP4 IP6	the sender of what follows
	other MAC IP4 IP6	whom it may pretend to be
	host NETNS NET MAC	the network, whose counters tell what was dropped
	guard GROUP [off] [tags]
				send each frame of a group: each must be dropped for its
				reason alone and seen nowhere, or be seen everywhere; off:
				nothing may be dropped; tags: also behind VLAN tags
	question NETNS DEV MAC SENDER TARGET [WORD...]
				who has TARGET? WORD is "reply", "na" (an announcement in
				place of a question; "soft": one that overrides nothing),
				vlan=N, hops=N, to=MAC (in place of the group), want=N
				(wait for as many answers), apart=LABEL (it gets no floods). "ok MAC... | LABEL=N...": the answers that came
				back ("bad" or "router" before that which is wrong, or a router's),
				and how many questions or announcements were seen where
	advertise NETNS DEV MAC SENDER SECONDS [PREFIX]
				a router advertisement; of the prefix, for as long, too
	mesh PREFIX N REMOTE	interfaces PREFIX1 to PREFIXN of NETNS "me" ask for one
				another's addresses and those of REMOTE further MACs
"""
import errno
import os
import select
import socket
import struct
import time

import frames
import headers
import nlraw
from headers import ARP, BROADCAST, IP4, IP6, TYPE, arp, checksum, ip, ip4, mac

HOP, TCP, UDP, ROUTING, FRAGMENT, AUTH, ICMP6, NONE, DEST = 0, 6, 17, 43, 44, 51, 58, 59, 60
RS, RA, NS, NA, REDIRECT, ECHO, MLD1, MLD2 = 133, 134, 135, 136, 137, 128, 131, 143
SLLA, TLLA, NONCE = 1, 2, 14
ANY4, ANY6 = "0.0.0.0", "::"
TAGS = [(), (0x8100,), (0x88a8,), (0x88a8, 0x8100), (0x8100, 0x8100)]
PACKET_VNET_HDR, NEEDS_CSUM = 15, 1
NET_DROPS = 17
DROPS = """UNSPEC PAD malformed source link_local net_down port_down too_big hairpin
	split_horizon unknown flood_queue nomem no_route loop vxlan_header vxlan_vni vxlan_local
	vxlan_peer vxlan_ecn path_mtu isolated miss guard_mac guard_arp guard_nd guard_ip
	guard_ip6 guard_ra guard_dhcp guard_header queue forwarded vxlan_dev
	underlay""".split()
PATIENCE = 10 * int(os.environ.get("CTNET_SLOW", "1"))


class Host:
    """A MAC and its addresses."""
    def __init__(self, hw, ip4, ip6):
        self.mac, self.ip4, self.ip6 = mac(hw), ip4, ip6
        m = self.mac
        self.ll = socket.inet_ntop(socket.AF_INET6, b"\xfe\x80".ljust(8, b"\0") + bytes(
            [m[0] ^ 2]) + m[1:3] + b"\xff\xfe" + m[3:])
        self.chosen = "fe80::c0de:%x" % m[5]


class State:
    sniffers = {}
    partial_senders = {}
    syncs = 0
    me = other = at = network = netlink = host_mac = None


# ---------------------------------------------------------------- building

def udp(sport, dport, data=b"ctnt"):
    return headers.udp(sport, dport, data)


def ip6(src, dst, proto, payload, exts=(), hops=255):
    """exts: headers between IPv6's and the payload, each a function of what follows it."""
    chain, kind = payload, proto
    for number, ext in reversed(exts):
        chain, kind = ext(kind) + chain, number
    return headers.ip6(src, dst, kind, chain, hops=hops)


def options(number):
    return number, lambda after: bytes([after, 0, 1, 4, 0, 0, 0, 0])


def routing():
    return ROUTING, lambda after: bytes([after, 0, 253, 0, 0, 0, 0, 0])


def auth():
    return AUTH, lambda after: bytes([after, 1]) + b"\0" * 10


def fragment(offset, more):
    return FRAGMENT, lambda after: struct.pack("!BBHI", after, 0, offset << 3 | more, 7)


def icmp6(src, dst, kind, body, exts=(), hops=255, code=0):
    data = struct.pack("!BBH", kind, code, 0) + body
    csum = checksum(headers.pseudo(src, dst, ICMP6, len(data)) + data)
    data = data[:2] + struct.pack("!H", csum) + data[4:]
    return ip6(src, dst, ICMP6, data, exts, hops)


def jumbo(packet):
    """The packet, whose first header is an option that says how long it is."""
    return packet[:4] + b"\0\0" + packet[6:40] + packet[40:41] + \
        b"\0\xc2\4" + struct.pack("!I", len(packet) - 40) + packet[48:]


def lladdr(kind, hw):
    return bytes([kind, 1]) + hw


def ns(src, target, opts=b"", dst=None, **more):
    dst = dst or socket.inet_ntop(socket.AF_INET6, ip("ff02::1:ff00:0")[:13] + ip(target)[13:])
    return icmp6(src, dst, NS, b"\0" * 4 + ip(target) + opts, **more)


def na(src, target, opts=b"", dst="ff02::1", **more):
    return icmp6(src, dst, NA, b"\x20\0\0\0" + ip(target) + opts, **more)


def rs(src, opts=b"", **more):
    return icmp6(src, "ff02::2", RS, b"\0" * 4 + opts, **more)


# a lifetime of zero: nobody takes it for its router
def ra(src, opts=b"", lifetime=0, **more):
    return icmp6(src, "ff02::1", RA, struct.pack("!BBHII", 64, 0, lifetime, 0, 0) + opts, **more)


def redirect(src, target, dest):
    return icmp6(src, "ff02::1", REDIRECT, b"\0" * 4 + ip(target) + ip(dest))


def frame(src, kind, payload, tags=(), dst=BROADCAST):
    return headers.ether(dst, src, kind, payload, [(tpid, 5 + n) for n, tpid in enumerate(tags)])


# ------------------------------------------------------------------ groups
# Each is a list of (name, reason that it is dropped for or None, Ethernet type, payload[,
# source MAC]).

def group_mac(me, other):
    test = (TYPE, b"spoof".ljust(46, b"\0"))
    own4 = (IP4, ip4(me.ip4, other.ip4, UDP, udp(1000, 1000)))
    nobody = mac("02:00:00:00:99:99")
    return [
        ("another's MAC", "guard_mac", *test, other.mac),
        ("nobody's MAC", "guard_mac", *test, nobody),
        ("the host's MAC", "guard_mac", *test, State.host_mac),
        ("own IPv4 from nobody's MAC", "guard_mac", *own4, nobody),
        ("own IPv6 from another's MAC", "guard_mac", IP6,
         ip6(me.ip6, other.ip6, UDP, udp(1000, 1000)), other.mac),
        ("own ARP from nobody's MAC", "guard_mac", ARP,
         arp(1, me.mac, me.ip4, other.ip4), nobody),
    ]


def group_arp(me, other):
    def dropped(name, *args):
        return name, "guard_arp", ARP, arp(*args)

    return [
        dropped("request, another's sender MAC", 1, other.mac, me.ip4, "203.0.113.77"),
        dropped("reply, another's sender MAC", 2, other.mac, me.ip4, "203.0.113.77", other.mac),
        dropped("request, another's sender address", 1, me.mac, other.ip4, "203.0.113.77"),
        dropped("reply, another's sender address", 2, me.mac, other.ip4, "203.0.113.77"),
        dropped("reply, nobody's sender address", 2, me.mac, "203.0.113.78", other.ip4),
        dropped("gratuitous request for another's", 1, me.mac, other.ip4, other.ip4),
        dropped("gratuitous reply for another's", 2, me.mac, other.ip4, other.ip4, BROADCAST),
        dropped("all another's", 2, other.mac, other.ip4, other.ip4, BROADCAST),
        dropped("reply without an address", 2, me.mac, ANY4, other.ip4),
        dropped("probe, another's sender MAC", 1, other.mac, ANY4, "203.0.113.77"),
        dropped("unknown operation, another's address", 9, me.mac, other.ip4, other.ip4),
    ]


def group_nd(me, other):
    own_s, own_t = lladdr(SLLA, me.mac), lladdr(TLLA, me.mac)
    bad_s, bad_t = lladdr(SLLA, other.mac), lladdr(TLLA, other.mac)

    def dropped(name, packet, why="guard_nd"):
        return name, why, IP6, packet

    cases = [
        ("DAD for a first link-local of its own choice", None, IP6, ns(ANY6, me.chosen)),
        ("NA of it", None, IP6, na(me.chosen, me.chosen, own_t)),
        dropped("NS, another's source lladdr", ns(me.ip6, other.ip6, bad_s)),
        dropped("NS, another's target lladdr", ns(me.ip6, other.ip6, bad_t)),
        dropped("NS, another's lladdr second", ns(me.ip6, other.ip6, own_s + bad_s)),
        dropped("NS, another's lladdr behind another option",
                ns(me.ip6, other.ip6, bytes([NONCE, 2]) + b"\0" * 14 + bad_s)),
        dropped("NA, another's target lladdr", na(me.ip6, me.ip6, bad_t)),
        dropped("NA, another's lladdr second", na(me.ip6, me.ip6, own_t + bad_t)),
        dropped("RS, another's source lladdr", rs(me.ll, bad_s)),
        dropped("NA, another's target", na(me.ip6, other.ip6, own_t)),
        dropped("NA, another's target, no option", na(me.ip6, other.ip6)),
        dropped("NA, nobody's target", na(me.ip6, "2001:db8:100::77", own_t)),
        dropped("NA, another's link-local target", na(me.ll, other.ll, own_t)),
        dropped("NA, a second link-local of its own choice", na(me.ll, "fe80::2", own_t)),
        dropped("DAD for a second link-local of its own choice", ns(ANY6, "fe80::2")),
        dropped("NA, another's target and source", na(other.ip6, other.ip6, own_t)),
        dropped("NA, hop limit 64", na(me.ip6, other.ip6, own_t, hops=64)),
        dropped("DAD for another's", ns(ANY6, other.ip6)),
        dropped("DAD for another's link-local", ns(ANY6, other.ll)),
        dropped("NS, another's source", ns(other.ip6, "2001:db8:100::77", own_s), "guard_ip6"),
        dropped("NS, another's link-local source", ns(other.ll, me.ip6, own_s), "guard_ip6"),
        dropped("NA, another's source", na(other.ip6, me.ip6, own_t), "guard_ip6"),
        dropped("NA, no source", na(ANY6, me.ip6, own_t), "guard_ip6"),
        dropped("RS, another's source", rs(other.ll, own_s), "guard_ip6"),
    ]
    for name, exts in BURIED:
        cases.append(dropped("NA for another's behind " + name,
                             na(me.ip6, other.ip6, own_t, exts=exts)))
        cases.append(dropped("NS, another's lladdr behind " + name,
                             ns(me.ip6, other.ip6, bad_s, exts=exts)))
        cases.append(dropped("DAD for another's behind " + name,
                             ns(ANY6, other.ip6, exts=exts)))
    return cases


# Neighbour discovery behind any of these is none.
FRAGMENTED = [
    ("an atomic fragment's header", (fragment(0, 0),)),
    ("a first fragment's header", (fragment(0, 1),)),
    ("two atomic fragments' headers", (fragment(0, 0), fragment(0, 0))),
    ("a first and an atomic fragment's header", (fragment(0, 1), fragment(0, 0))),
    ("an atomic and a first fragment's header", (fragment(0, 0), fragment(0, 1))),
    ("a first fragment's header among others",
     (options(HOP), fragment(0, 1), routing(), fragment(0, 0), options(DEST))),
]

BURIED = [
    ("hop-by-hop options", (options(HOP),)),
    ("destination options", (options(DEST),)),
    ("routing header", (routing(),)),
    ("authentication header", (auth(),)),
    ("three headers", (options(HOP), options(DEST), routing())),
    ("an atomic fragment's header", (fragment(0, 0),)),
    ("options and an atomic fragment's header", (options(HOP), fragment(0, 0), options(DEST))),
]


def group_ip4(me, other):
    def dropped(name, src, *args, **more):
        return name, "guard_ip", IP4, ip4(src, "203.0.113.255", *args, **more)

    data = udp(1000, 1000)
    return [
        dropped("another's", other.ip4, UDP, data),
        dropped("nobody's", "203.0.113.78", UDP, data),
        dropped("nobody's, TCP", "198.51.100.1", TCP, b"\0" * 20),
        dropped("another's, ICMP", other.ip4, 1, b"\x08\0\xf7\xff\0\0\0\0"),
        dropped("another's, unknown protocol", other.ip4, 253, b"ctnt"),
        dropped("another's, with options", other.ip4, UDP, data, options=b"\x01" * 8),
        dropped("another's, first fragment", other.ip4, UDP, data, frag=0x2000),
        dropped("another's, later fragment", other.ip4, UDP, data, frag=0x2010),
        dropped("another's, last fragment", other.ip4, UDP, data, frag=0x0010),
        dropped("another's, as of a DHCP client", other.ip4, UDP, udp(68, 67)),
        dropped("loopback", "127.0.0.1", UDP, data),
        dropped("broadcast", "255.255.255.255", UDP, data),
        dropped("unspecified", ANY4, UDP, data),
        dropped("unspecified, from a DHCP client's port", ANY4, UDP, udp(68, 1000)),
        dropped("unspecified, ICMP", ANY4, 1, b"\x08\0\xf7\xff\0\0\0\0"),
        dropped("unspecified, later fragment of DHCP", ANY4, UDP, udp(68, 67), frag=0x0010),
    ]


def group_ip6(me, other):
    def dropped(name, src, proto=UDP, payload=udp(1000, 1000), **more):
        return name, "guard_ip6", IP6, ip6(src, "ff02::1", proto, payload, **more)

    def message(name, src, kind, body):
        return name, "guard_ip6", IP6, icmp6(src, "ff02::1", kind, body)

    cases = [
        # one that is not from the MAC may be, and that stays the same one
        ("a first link-local of its own choice", None, IP6,
         ip6(me.chosen, "ff02::1", UDP, udp(1000, 1000))),
        dropped("another's", other.ip6),
        dropped("nobody's", "2001:db8:100::77"),
        dropped("another's, TCP", other.ip6, TCP, b"\0" * 20),
        dropped("another's link-local", other.ll),
        dropped("a second link-local of its own choice", "fe80::1"),
        dropped("of link-local's form, with another prefix", "fe80:0:0:1::1"),
        dropped("loopback", "::1"),
        dropped("multicast", "ff02::1"),
        dropped("own IPv4 address, mapped", "::ffff:" + me.ip4),
        dropped("another's IPv4 address, mapped", "::ffff:" + other.ip4),
        dropped("unspecified", ANY6),
        dropped("another's, no upper header that is known", other.ip6, 253, b"ctnt"),
        dropped("another's, first fragment", other.ip6, exts=(fragment(0, 1),)),
        dropped("another's, later fragment", other.ip6, exts=(fragment(8, 1),)),
        dropped("another's, last fragment", other.ip6, exts=(fragment(8, 0),)),
        dropped("unspecified, later fragment", ANY6, exts=(fragment(8, 0),)),
        message("unspecified, echo", ANY6, ECHO, b"\0\1\0\1"),
        message("another's, echo", other.ip6, ECHO, b"\0\1\0\1"),
    ]
    for name, exts in BURIED:
        cases.append(dropped("another's before " + name, other.ip6, exts=exts))
    return cases


def group_ra(me, other):
    def dropped(name, packet):
        return name, "guard_ra", IP6, packet

    own = lladdr(SLLA, me.mac)
    cases = [
        dropped("RA", ra(me.ll, own)),
        dropped("RA, no option", ra(me.ll)),
        dropped("RA, another's source", ra(other.ll, own)),
        dropped("RA, no source", ra(ANY6)),
        dropped("RA, hop limit 64", ra(me.ll, own, hops=64)),
        dropped("RA, cut after its type", ip6(me.ll, "ff02::1", ICMP6, bytes([RA]))),
        dropped("RA, first fragment", ra(me.ll, own, exts=(fragment(0, 1),))),
        dropped("RA, first fragment, behind options",
                ra(me.ll, own, exts=(options(HOP), fragment(0, 1), options(DEST)))),
        dropped("RA in a jumbogram", jumbo(ra(me.ll, own, exts=(options(HOP),)))),
        dropped("RA behind sixty headers", ra(me.ll, own, exts=(options(DEST),) * 60)),
        dropped("redirect", redirect(me.ll, me.ll, "2001:db8:200::1")),
        dropped("redirect, another's source", redirect(other.ll, me.ll, "2001:db8:200::1")),
    ]
    for name, exts in BURIED + FRAGMENTED:
        cases.append(dropped("RA behind " + name, ra(me.ll, own, exts=exts)))
    return cases


def group_dhcp(me, other):
    def dropped4(name, src, sport, dport=68, **more):
        return name, "guard_dhcp", IP4, ip4(src, "255.255.255.255", UDP, udp(sport, dport), **more)

    def dropped6(name, src, exts=(), ports=(547, 546)):
        return name, "guard_dhcp", IP6, ip6(src, "ff02::1", UDP, udp(*ports), exts)

    cases = [
        dropped4("DHCP", me.ip4, 67),
        dropped4("DHCP, another's source", other.ip4, 67),
        dropped4("DHCP, no source", ANY4, 67),
        dropped4("DHCP, with options", me.ip4, 67, options=b"\x01" * 4),
        dropped4("DHCP, first fragment", me.ip4, 67, frag=0x2000),
        dropped4("DHCP, to another port", me.ip4, 67, 67),
        dropped4("DHCP, from another port", me.ip4, 1000),
        dropped4("DHCP, from a client's port, no source", ANY4, 68),
        dropped6("DHCPv6", me.ll),
        dropped6("DHCPv6, global source", me.ip6),
        dropped6("DHCPv6, another's source", other.ll),
        dropped6("DHCPv6, to another port", me.ll, ports=(547, 1000)),
        dropped6("DHCPv6, from another port", me.ll, ports=(1000, 546)),
        dropped6("DHCPv6, first fragment", me.ll, (fragment(0, 1),)),
    ]
    for name, exts in BURIED + FRAGMENTED:
        cases.append(dropped6("DHCPv6 behind " + name, me.ll, exts))
    return cases


def group_header(me, other):
    def dropped(name, kind, packet):
        return name, "guard_header", kind, packet

    request = arp(1, me.mac, me.ip4, other.ip4)
    v4, v6 = ip4(me.ip4, other.ip4, UDP, udp(1000, 1000)), ip6(me.ip6, "ff02::1", UDP, udp(1, 1))
    ask = ns(me.ip6, other.ip6)
    first = (fragment(0, 1),)
    cases = [
        dropped("ARP, cut in its header", ARP, request[:4]),
        dropped("ARP, cut in its addresses", ARP, request[:-1]),
        dropped("ARP, nothing", ARP, b""),
        dropped("ARP, other hardware", ARP, b"\0\x06" + request[2:]),
        dropped("ARP, other protocol", ARP, request[:2] + b"\x86\xdd" + request[4:]),
        dropped("ARP, long hardware addresses", ARP, request[:4] + b"\x08" + request[5:]),
        dropped("ARP, long protocol addresses", ARP, request[:5] + b"\x10" + request[6:]),
        dropped("IPv4, nothing", IP4, b""),
        dropped("IPv4, cut", IP4, v4[:19]),
        dropped("IPv4, version 6", IP4, b"\x65" + v4[1:]),
        dropped("IPv4, header of 16 bytes", IP4, b"\x44" + v4[1:]),
        dropped("IPv4, UDP header cut", IP4, v4[:27]),
        dropped("IPv4, UDP header missing", IP4, v4[:20]),
        dropped("IPv4, options cut", IP4, b"\x4f" + v4[1:]),
        dropped("IPv4, first fragment without UDP header", IP4,
                ip4(me.ip4, other.ip4, UDP, b"\x03\xe8", frag=0x2000)),
        dropped("IPv6, nothing", IP6, b""),
        dropped("IPv6, cut", IP6, v6[:39]),
        dropped("IPv6, version 4", IP6, b"\x40" + v6[1:]),
        dropped("IPv6, UDP header cut", IP6, v6[:47]),
        dropped("IPv6, ICMPv6 missing", IP6, ask[:40]),
        dropped("NS, cut in its target", IP6, ask[:63]),
        dropped("NA, cut in its target", IP6, na(me.ip6, me.ip6)[:63]),
        dropped("NS, option of no length", IP6, ns(me.ip6, other.ip6, b"\x01\0" + me.mac)),
        dropped("NS, option cut", IP6, ns(me.ip6, other.ip6, lladdr(SLLA, me.mac)[:5])),
        dropped("RS, option of no length", IP6, rs(me.ll, b"\x01\0" + me.mac)),
        dropped("NS in a jumbogram, behind a fragment's header", IP6,
                jumbo(ns(me.ip6, other.ip6, exts=(options(HOP), fragment(0, 0))))),
        dropped("IPv6, more headers than are looked behind", IP6,
                ip6(me.ip6, "ff02::1", UDP, udp(1000, 1000), (options(DEST),) * 65)),
        dropped("IPv6, options cut", IP6, ip6(me.ip6, "ff02::1", HOP, b"\x3a")),
        dropped("IPv6, options longer than the frame, before UDP", IP6,
                ip6(me.ip6, "ff02::1", DEST, bytes([UDP, 9]) + b"\0" * 6)),
        dropped("IPv6, options longer than the frame, before ICMPv6", IP6,
                ip6(me.ip6, "ff02::1", HOP, bytes([ICMP6, 200]) + b"\0" * 6)),
        dropped("IPv6, fragment header cut", IP6, ip6(me.ip6, "ff02::1", FRAGMENT, b"\x3a\0")),
        dropped("IPv6, first fragment without UDP header", IP6,
                ip6(me.ip6, "ff02::1", UDP, b"", first)),
        dropped("IPv6, first fragment without ICMPv6 header", IP6,
                ip6(me.ip6, "ff02::1", ICMP6, b"", first)),
        dropped("IPv6, first fragment that ends with options before ICMPv6", IP6,
                ip6(me.ip6, "ff02::1", ICMP6, b"", first + (options(DEST),))),
        dropped("IPv6, first fragment that ends in options before UDP", IP6,
                ip6(me.ip6, "ff02::1", UDP, b"", first + (options(DEST),))[:-6]),
    ]
    for name, exts in FRAGMENTED:
        cases += [
            dropped("NS behind " + name, IP6, ns(me.ip6, other.ip6, exts=exts)),
            dropped("DAD behind " + name, IP6, ns(ANY6, me.ip6, exts=exts)),
            dropped("NA behind " + name, IP6, na(me.ip6, me.ip6, exts=exts)),
            dropped("RS behind " + name, IP6, rs(me.ll, exts=exts)),
        ]
    return cases


def group_deep(me, other):
    """VLAN tags of which no end is seen, or that are cut."""
    tag = b"\0\x05\x81\0"
    request = arp(1, me.mac, me.ip4, other.ip4)
    return [
        ("second tag cut", "guard_header", 0x8100, tag + b"\0\5\x08"),
        ("tags only", "guard_header", 0x8100, tag * 2),
        ("twelve tags", "guard_header", 0x8100, tag * 11 + b"\0\5\x08\x06" + request),
        ("spoof behind four tags", "guard_arp", 0x88a8,
         tag * 3 + b"\0\5\x08\x06" + arp(1, me.mac, other.ip4, me.ip4)),
    ]


def group_padding(me, other):
    """What stands behind the end of an IP packet is no part of it."""
    first = (fragment(0, 1), options(DEST))
    echo = icmp6(me.ip6, "ff02::1", ECHO, b"\0\1\0\1")[40:]

    return [
        ("NA with padding", None, IP6, na(me.ip6, me.ip6, lladdr(TLLA, me.mac)) + b"\0" * 4),
        ("NS with padding", None, IP6, ns(me.ip6, other.ip6, lladdr(SLLA, me.mac)) + b"\0" * 12),
        ("DAD with padding", None, IP6, ns(ANY6, me.ip6) + b"\0" * 9),
        ("first fragment whose ICMPv6 header is in the padding", "guard_header", IP6,
         ip6(me.ip6, "ff02::1", ICMP6, b"", first) + echo),
        ("first fragment whose UDP header is in the padding", "guard_header", IP6,
         ip6(me.ip6, "ff02::1", UDP, b"", first) + udp(1000, 1000)),
        ("options whose ICMPv6 header is in the padding", "guard_header", IP6,
         ip6(me.ip6, "ff02::1", ICMP6, b"", (options(DEST),)) + echo),
    ]


def group_snap(me, other):
    """What other systems than Linux take for IP or ARP although the type is a length."""
    def snap(what, packet, oui=b"\0\0\0"):
        return 8 + len(packet), b"\xaa\xaa\3" + oui + struct.pack(">H", what) + packet

    request = arp(1, me.mac, other.ip4, me.ip4)
    return [
        ("ARP", "guard_header", *snap(ARP, request)),
        ("IPv4", "guard_header", *snap(IP4, ip4(other.ip4, me.ip4, UDP, udp(67, 68)))),
        ("IPv6", "guard_header", *snap(IP6, ra(me.ll))),
        ("IPv6, of a bridge", "guard_header", *snap(IP6, ra(me.ll), b"\0\0\xf8")),
        ("a tag", "guard_header", *snap(0x8100, b"\0\5\x08\x06" + request)),
        ("another protocol", None, *snap(TYPE, b"other".ljust(38, b"\0"))),
        ("no SNAP", None, 46, b"\x42\x42\3".ljust(46, b"\0")),
    ]


def group_sums(me, other):
    """Checksums to be completed, where they are to stand: from the Ethernet header on."""
    def case(name, want, kind, packet, start, offset=0):
        return name, want, kind, packet, me.mac, (14 + start, offset)

    data = udp(1000, 1000)
    reply = arp(2, me.mac, me.ip4, other.ip4, other.mac)
    asks = ns(me.ip6, other.ip6, lladdr(SLLA, me.mac))
    echo = icmp6(me.ip6, other.ip6, 200, b"\0" * 8)
    return [
        case("over an ARP sender's MAC", "guard_header", ARP, reply, 8),
        case("over an ARP sender's address", "guard_header", ARP, reply, 16),
        case("over an IPv4 source", "guard_header", IP4, ip4(me.ip4, other.ip4, UDP, data), 12),
        case("over an IPv4 protocol", "guard_header", IP4, ip4(me.ip4, other.ip4, UDP, data), 8),
        case("over a UDP port", "guard_header", IP4, ip4(me.ip4, other.ip4, UDP, data), 20, 2),
        case("over an IPv6 source", "guard_header", IP6, ip6(me.ip6, other.ip6, UDP, data), 8, 14),
        case("over a UDP port, IPv6", "guard_header", IP6, ip6(me.ip6, other.ip6, UDP, data), 40),
        case("over an ICMPv6 type", "guard_header", IP6, echo, 40),
        case("over an ND target", "guard_header", IP6, asks, 40, 8),
        case("over an ND option", "guard_header", IP6, asks, 40, 26),
        case("UDP's", None, IP4, ip4(me.ip4, other.ip4, UDP, data), 20, 6),
        case("UDP's, IPv6", None, IP6, ip6(me.ip6, other.ip6, UDP, data), 40, 6),
        case("ICMPv6's", None, IP6, echo, 40, 2),
        case("ND's", None, IP6, asks, 40, 2),
        case("in the data", None, IP4, ip4(me.ip4, other.ip4, UDP, data), 20, 10),
    ]


def group_good(me, other):
    def passes(name, kind, packet):
        return name, None, kind, packet

    own_s, own_t = lladdr(SLLA, me.mac), lladdr(TLLA, me.mac)
    data = udp(1000, 1000)
    nodes, all_mld = "ff02::1", "ff02::16"
    alert = (HOP, lambda after: bytes([after, 0, 5, 2, 0, 0, 1, 0]))
    listener = b"\0\0\0\1" + b"\4\0\0\0" + ip("ff02::1:ff00:1")
    return [
        passes("no IP", TYPE, b"other".ljust(46, b"\0")),
        passes("IPv4", IP4, ip4(me.ip4, other.ip4, UDP, data)),
        passes("IPv4, TCP", IP4, ip4(me.ip4, other.ip4, TCP, b"\0" * 20)),
        passes("IPv4, options", IP4, ip4(me.ip4, other.ip4, UDP, data, options=b"\x01" * 8)),
        passes("IPv4, first fragment", IP4, ip4(me.ip4, other.ip4, UDP, data, frag=0x2000)),
        passes("IPv4, later fragment", IP4, ip4(me.ip4, other.ip4, UDP, b"\0\x43", frag=0x2010)),
        passes("IPv4, last fragment", IP4, ip4(me.ip4, other.ip4, UDP, b"\0\x43", frag=0x0010)),
        passes("IPv4, to a DHCP server", IP4, ip4(me.ip4, other.ip4, UDP, udp(68, 67))),
        passes("DHCP client without address", IP4, ip4(ANY4, "255.255.255.255", UDP,
                                                       udp(68, 67))),
        passes("ARP request", ARP, arp(1, me.mac, me.ip4, other.ip4)),
        passes("ARP request for nobody's", ARP, arp(1, me.mac, me.ip4, "203.0.113.77")),
        passes("ARP reply", ARP, arp(2, me.mac, me.ip4, other.ip4, other.mac)),
        passes("gratuitous ARP request", ARP, arp(1, me.mac, me.ip4, me.ip4)),
        passes("gratuitous ARP reply", ARP, arp(2, me.mac, me.ip4, me.ip4, BROADCAST)),
        passes("ARP probe of its own", ARP, arp(1, me.mac, ANY4, me.ip4)),
        passes("ARP probe", ARP, arp(1, me.mac, ANY4, "203.0.113.77")),
        passes("IPv6", IP6, ip6(me.ip6, nodes, UDP, data)),
        passes("IPv6, TCP", IP6, ip6(me.ip6, nodes, TCP, b"\0" * 20)),
        passes("IPv6, link-local", IP6, ip6(me.ll, nodes, UDP, data)),
        passes("IPv6, echo", IP6, icmp6(me.ip6, nodes, ECHO, b"\0\1\0\1")),
        passes("IPv6, options", IP6, ip6(me.ip6, nodes, UDP, data,
                                         (options(HOP), options(DEST), routing()))),
        passes("IPv6, first fragment", IP6, ip6(me.ip6, nodes, UDP, data, (fragment(0, 1),))),
        passes("IPv6, two fragments' headers", IP6,
               ip6(me.ip6, nodes, UDP, data, (fragment(0, 1), fragment(0, 0)))),
        passes("IPv6, echo behind an atomic fragment's header", IP6,
               icmp6(me.ip6, nodes, ECHO, b"\0\1\0\1", (fragment(0, 0),))),
        passes("IPv6, later fragment", IP6, ip6(me.ip6, nodes, UDP, b"\2\x23" * 4,
                                                (fragment(8, 1),))),
        passes("IPv6, last fragment of ICMPv6", IP6, ip6(me.ip6, nodes, ICMP6, bytes([RA]) * 8,
                                                         (fragment(8, 0),))),
        passes("DHCPv6 client", IP6, ip6(me.ll, "ff02::1:2", UDP, udp(546, 547))),
        passes("NS", IP6, ns(me.ip6, other.ip6, own_s)),
        passes("NS, link-local", IP6, ns(me.ll, other.ll, own_s)),
        passes("NS, two options", IP6, ns(me.ip6, other.ip6, own_s +
                                          lladdr(NONCE, b"ctnt12"))),
        passes("NA", IP6, na(me.ip6, me.ip6, own_t)),
        passes("NA of the link-local", IP6, na(me.ll, me.ll, own_t)),
        passes("NA of an address from the link-local", IP6, na(me.ll, me.ip6, own_t)),
        passes("DAD", IP6, ns(ANY6, me.ip6, lladdr(NONCE, b"ctnt12"))),
        passes("DAD of the link-local", IP6, ns(ANY6, me.ll)),
        passes("RS", IP6, rs(me.ll, own_s)),
        passes("RS without address", IP6, rs(ANY6)),
        passes("MLDv2 report without address", IP6, icmp6(ANY6, all_mld, MLD2, listener,
                                                          exts=(alert,), hops=1)),
        passes("MLDv2 report", IP6, icmp6(me.ll, all_mld, MLD2, listener, exts=(alert,), hops=1)),
        passes("MLDv1 report without address", IP6, icmp6(ANY6, nodes, MLD1, b"\0" * 4 +
                                                          ip("ff02::1:ff00:1"), exts=(alert,),
                                                          hops=1)),
    ]


def group_noaddress(me, other):
    """Of a port whose MAC the table knows, and no address."""
    own_t, bad_t = lladdr(TLLA, me.mac), lladdr(TLLA, other.mac)
    return [
        ("any IPv4", None, IP4, ip4("203.0.113.88", other.ip4, UDP, udp(1000, 1000))),
        ("any IPv6", None, IP6, ip6("2001:db8:100::88", "ff02::1", UDP, udp(1000, 1000))),
        ("any link-local", None, IP6, ip6("fe80::88", "ff02::1", UDP, udp(1000, 1000))),
        ("ARP of any address", None, ARP, arp(1, me.mac, "203.0.113.88", other.ip4)),
        ("gratuitous ARP of any address", None, ARP,
         arp(1, me.mac, "203.0.113.88", "203.0.113.88")),
        ("NA of any address", None, IP6, na("2001:db8:100::88", "2001:db8:100::88", own_t)),
        ("DAD of any address", None, IP6, ns(ANY6, "2001:db8:100::88")),
        ("another's MAC", "guard_mac", IP4,
         ip4("203.0.113.88", other.ip4, UDP, udp(1000, 1000)), other.mac),
        ("ARP, another's MAC", "guard_arp", ARP, arp(1, other.mac, "203.0.113.88", other.ip4)),
        ("NA, another's MAC", "guard_nd", IP6, na("2001:db8:100::88", "2001:db8:100::88",
                                                  bad_t)),
        ("RA", "guard_ra", IP6, ra(me.ll)),
        ("DHCP server", "guard_dhcp", IP4, ip4("203.0.113.88", other.ip4, UDP, udp(67, 68))),
    ]


# --------------------------------------------------------------- receiving

class Sniffer:
    def __init__(self, label, netns, dev):
        self.where, self.got, self.synced = (netns, dev), [], 0
        s = nlraw.socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 16 << 20)
        s.setsockopt(frames.SOL_PACKET, frames.PACKET_AUXDATA, 1)
        s.bind((dev, frames.ETH_P_ALL))
        s.setblocking(False)
        self.label, self.sock = label, s

    def read(self):
        while True:
            try:
                data, aux, _, addr = self.sock.recvmsg(65536, 256)
            except BlockingIOError:
                return
            except OSError as e:
                # told once of a device that went down
                if e.errno != errno.ENETDOWN:
                    raise
                continue
            if addr[2] == frames.PACKET_OUTGOING:
                continue
            for level, what, cmsg in aux:
                if (level, what) == (frames.SOL_PACKET, frames.PACKET_AUXDATA):
                    status, _, _, _, _, tci, tpid = struct.unpack_from("=IIIHHHH", cmsg)
                    if status & frames.VLAN_VALID:
                        data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
            # what the underlay carries
            if len(data) > 64 and data[12:14] == b"\x08\0" and data[23] == UDP and \
                    data[36:38] == b"\x12\xb5":
                data = data[50:]
            if data[12:14] == b"\x88\xb5" and data[14:19] == b"sync-":
                self.synced = max(self.synced, int(data[19:].split(b"\0")[0]))
            else:
                self.got.append(data)


def listening(where):
    """Who sees what is flooded from there. What comes out of the tunnel ("far") does not go
    back there ("wire")."""
    far = "far" in State.sniffers and State.sniffers["far"].where == where
    return [s for s in State.sniffers.values()
            if s.where != where and not (far and s.label == "wire")]


def clear():
    for s in State.sniffers.values():
        s.read()
        s.got = []


def wait(done, what):
    """Until it is so."""
    end = time.monotonic() + PATIENCE
    while True:
        for s in State.sniffers.values():
            s.read()
        if done():
            return
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError(what())
        select.select([s.sock for s in State.sniffers.values()], [], [], left)


def sync(where, src, apart=None):
    """What was sent before has arrived, or will not."""
    State.syncs += 1
    now, to = State.syncs, [s for s in listening(where) if s.label != apart]
    frames.sender(*where).send(frame(src, TYPE, (b"sync-%d\0" % now).ljust(46, b"\0")))
    wait(lambda: all(s.synced >= now for s in to), lambda: "sync frame %d did not arrive at %s"
         % (now, [s.label for s in to if s.synced < now]))


def drops():
    """Why the network dropped frames, and how many."""
    error, _, replies = State.netlink.command(nlraw.CMDS.index("NET_GET"), nlraw.F_DUMP)
    if error:
        raise OSError(error, "dump of networks")
    for _, data in replies:
        found = dict(nlraw.attributes(data[4:]))
        if found[2].rstrip(b"\0").decode() == State.network:
            return {DROPS[kind]: struct.unpack("=Q", value)[0]
                    for kind, value in nlraw.attributes(found[NET_DROPS]) if kind > 1}
    raise KeyError(State.network)


# ---------------------------------------------------------------- requests

def sniff(label, netns, dev):
    State.sniffers[label] = Sniffer(label, netns, dev)
    return "ok"


def set_me(netns, dev, *host):
    State.at, State.me = (netns, dev), Host(*host)
    return "ok " + State.me.ll


def set_other(*host):
    State.other = Host(*host)
    return "ok " + State.other.ll


def set_host(netns, net, hw):
    State.netlink, State.network, State.host_mac = nlraw.Generic(netns), net, mac(hw)
    return "ok"


def partial_sender(netns, dev):
    """A socket whose frames have a struct virtio_net_hdr before them."""
    if (netns, dev) not in State.partial_senders:
        s = nlraw.socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.setsockopt(frames.SOL_PACKET, PACKET_VNET_HDR, 1)
        s.bind((dev, 0))
        State.partial_senders[netns, dev] = s
    return State.partial_senders[netns, dev]


def guard(group, *words):
    cases = globals()["group_" + group](State.me, State.other)
    variants = TAGS if "tags" in words else [()]
    wrong, n = [], 0
    clear()
    before = drops()
    for tags in variants:
        for name, want, kind, packet, *more in cases:
            src, (start, offset) = more + [State.me.mac, (None, 0)][len(more):]
            # the kernel itself drops what has a tag and no type behind it
            if len(tags) == 1 and len(packet) < 2:
                continue
            if "off" in words:
                want = None
            data = frame(src, kind, packet, tags)
            if start is None:
                frames.sender(*State.at).send(data)
            else:
                partial_sender(*State.at).send(struct.pack(
                    "=BBHHHH", NEEDS_CSUM, 0, 0, 0, start, offset) + data)
            sync(State.at, State.me.mac)
            after = drops()
            counted = {k: after[k] - before.get(k, 0) for k in after
                       if k.startswith("guard") and after[k] != before.get(k, 0)}
            seen = {s.label: s.got.count(data) for s in listening(State.at)}
            before = after
            clear()
            n += 1
            if counted != ({want: 1} if want else {}) or \
                    any(v != (0 if want else 1) for v in seen.values()):
                wrong.append("%s%s: want %s, counted %s, seen %s" % (
                    name, "".join(" tag %x" % t for t in tags), want or "pass", counted, seen))
    if wrong:
        return "error %d of %d: %s" % (len(wrong), n, "; ".join(wrong[:8]))
    return "ok %d" % n


def parse(data):
    """(kind, target, tagged) of what asks or announces; ("answer", target, MAC) of what
    answers, "bad" before it if a field of that is not right and "router" if it says that it
    is one; or None."""
    tagged, kind, body = False, data[12:14], data[14:]
    if kind in (b"\x81\0", b"\x88\xa8"):
        tagged, kind, body = True, data[16:18], data[18:]
    if kind == b"\x08\x06" and len(body) >= 28:
        op, sha, sip, tha, tip = struct.unpack_from("!H6s4s6s4s", body, 6)
        if op == 1:
            return "asks", tip, tagged
        bad = data[6:12] != sha or data[:6] != tha or body[:6] != b"\0\1\x08\0\6\4"
        return "answer", sip, sha if not bad else b"bad" + sha
    if kind == b"\x86\xdd" and len(body) >= 64 and body[6] == ICMP6 and body[40] in (NS, NA):
        target = body[48:64]
        if body[40] == NS:
            return "asks", target, tagged
        hw = body[66:72]
        icmp = body[40:40 + struct.unpack_from("!H", body, 4)[0]]
        bad = body[7] != 255 or body[8:24] != target or data[6:12] != hw or \
            body[64:66] != b"\2\1" or checksum(body[8:40] + struct.pack(
                "!II", len(icmp), ICMP6) + icmp)
        if body[24:40] == ip("ff02::1"):
            bad = bad or body[44] & 0x7f != 0x20 or data[:6] != mac("33:33:00:00:00:01")
        else:
            bad = bad or body[44] & 0x7f != 0x60
        marks = b"bad" * bad + b"router" * (body[44] >> 7)
        return "answer", target, marks + hw
    return None


def question(netns, dev, hw, sip, tip, *words):
    opt = dict(w.partition("=")[::2] for w in words)
    where, hw, target = (netns, dev), mac(hw), ip(tip)
    tags = (0x8100,) if "vlan" in opt else ()
    dst = BROADCAST
    if ":" in tip:
        if "na" in opt:
            packet = na(sip, tip, lladdr(TLLA, hw))
            if "soft" in opt:
                packet = icmp6(sip, "ff02::1", NA, b"\0" * 4 + ip(tip) + lladdr(TLLA, hw))
        else:
            packet = ns(sip, tip, b"" if sip == ANY6 else lladdr(SLLA, hw),
                        hops=int(opt.get("hops", "255")))
        dst, kind = b"\x33\x33" + packet[36:40], IP6
    else:
        packet, kind = arp(2 if "reply" in opt else 1, hw, sip, tip), ARP
    if "to" in opt:
        dst = mac(opt["to"])
    clear()
    frames.sender(netns, dev).send(frame(hw, kind, packet, tags, dst))
    sync(where, hw, opt.get("apart"))
    mine = [s for s in State.sniffers.values() if s.where == where]

    def answers():
        found = [parse(data) for s in mine for data in s.got]
        return [f[2] for f in found if f and f[:2] == ("answer", target)]

    if "want" in opt:
        try:
            wait(lambda: len(answers()) >= int(opt["want"]), lambda: "")
        except TimeoutError:
            pass    # the script sees what there is
    seen = []
    for s in listening(where):
        found = [parse(data) for data in s.got]
        if "na" in opt or "reply" in opt:
            n = sum(data[12:].startswith(struct.pack("!H", kind)) and packet in data
                    for data in s.got)
        else:
            n = sum(bool(f) and f[:2] == ("asks", target) and f[2] == bool(tags) for f in found)
        seen.append("%s=%d" % (s.label, n))
    return "ok %s | %s" % (" ".join(a[:-6].decode() + a[-6:].hex(":")
                                    for a in answers()) or "-", " ".join(seen))


def advertise(netns, dev, hw, sip, lifetime, prefix=None):
    """A router advertisement, as its sender is one for so many seconds or none any more."""
    hw = mac(hw)
    opts = lladdr(SLLA, hw)
    if prefix:
        opts += struct.pack("!BBBBIII", 3, 4, 64, 0xc0, int(lifetime), int(lifetime), 0) + \
            ip(prefix)
    packet = ra(sip, opts, lifetime=int(lifetime))
    frames.sender(netns, dev).send(frame(hw, IP6, packet, (), b"\x33\x33\0\0\0\1"))
    sync((netns, dev), hw)
    return "ok"


def mesh(prefix, n, remote):
    """Each of n asks for all others and for the remote ones; ARP and ND by turns."""
    netns, n, total = State.at[0], int(n), int(n) + int(remote)
    ports = [Sniffer(str(i), netns, prefix + str(i)) for i in range(1, n + 1)]

    def address(i, v6):
        return "2001:db8:100::%x" % (0x1000 + i) if v6 else "198.18.0.%d" % (100 + i)

    def hw(i):
        return mac("02:00:00:00:10:%02x" % i)

    clear()
    want, got = {}, {}
    for i, port in enumerate(ports, 1):
        for j in range(1, total + 1):
            if i == j:
                continue
            v6 = (i + j) % 2
            if v6:
                packet = ns(address(i, 1), address(j, 1), lladdr(SLLA, hw(i)))
                data = frame(hw(i), IP6, packet, (), b"\x33\x33" + packet[36:40])
            else:
                data = frame(hw(i), ARP, arp(1, hw(i), address(i, 0), address(j, 0)))
            frames.sender(netns, prefix + str(i)).send(data)
            want[i, ip(address(j, v6))] = hw(j)
        sync(port.where, hw(i))
    others, strange = 0, []
    # of the ports' own sniffers sync() knows nothing
    end = time.monotonic() + PATIENCE
    while min(p.synced for p in ports[:-1]) < State.syncs and time.monotonic() < end:
        select.select([p.sock for p in ports], [], [], 1)
        for p in ports:
            p.read()
    for p in ports + listening(None):
        p.read()
        for data in p.got:
            found = parse(data)
            if p in ports and found and found[0] == "answer" and not data[0] & 1:
                got[int(p.label), found[1]] = found[2]
            elif data[0] & 1 and data[6:11] == hw(0)[:5]:
                others += 1
        if p in ports:
            p.sock.close()
    strange = [(k, v) for k, v in want.items() if got.get(k) != v]
    return "ok asked %d wrong %d broadcasts %d" % (len(want), len(strange), others)


REQUESTS = dict(frames.REQUESTS, sniff=sniff, me=set_me, other=set_other, host=set_host,
                guard=guard, question=question, advertise=advertise, mesh=mesh)


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    # what one CPU sends it delivers in order
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    nlraw.serve(handle)
