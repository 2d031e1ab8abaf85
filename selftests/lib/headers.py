# SPDX-License-Identifier: GPL-2.0
"""Headers of Ethernet, ARP, IP, UDP and VXLAN, and their checksums: for the programs here that
build frames. Imports little, as some of these are started often.

A MAC is six bytes. An IP address may be text or packed.
"""
import socket
import struct

IP4, IP6, ARP, VLAN = 0x0800, 0x86dd, 0x0806, 0x8100
TYPE = 0x88b5                       # IEEE 802: local experiments
UDP = socket.IPPROTO_UDP
BROADCAST = b"\xff" * 6


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip(addr):
    if isinstance(addr, bytes):
        return addr
    return socket.inet_pton(socket.AF_INET6 if ":" in addr else socket.AF_INET, addr)


def ether(dst, src, kind, payload=b"", tags=()):
    """tags: the outermost first, each a pair of its type and what follows that."""
    tagged = b"".join(struct.pack("!HH", *tag) for tag in tags)
    return dst + src + tagged + struct.pack("!H", kind) + payload


def arp(op, sha, sip, tip, tha=bytes(6)):
    return struct.pack("!HHBBH", 1, IP4, 6, 4, op) + sha + ip(sip) + tha + ip(tip)


def ip4(src, dst, proto, payload, tos=0, ttl=64, frag=0, options=b""):
    """frag: offset and flags, e.g. 0x4000 for DF."""
    ihl = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | ihl, tos, ihl * 4 + len(payload), 1, frag, ttl, proto,
                       0) + ip(src) + ip(dst) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(src, dst, proto, payload, tos=0, hops=64):
    return (struct.pack("!IHBB", 6 << 28 | tos << 20, len(payload), proto, hops) + ip(src) + ip(dst)
            + payload)


def pseudo(src, dst, proto, length):
    """What the checksum of UDP, TCP or ICMPv6 covers besides; for IPv4 it adds up to the same."""
    return ip(src) + ip(dst) + struct.pack("!II", length, proto)


def udp(sport, dport, data, between=None):
    """between: the addresses, for a checksum; there is none else."""
    head = struct.pack("!4H", sport, dport, 8 + len(data), 0)
    if between:
        csum = checksum(pseudo(*between, UDP, 8 + len(data)) + head + data) or 0xffff
        head = head[:6] + struct.pack("!H", csum)
    return head + data


def vxlan(vni, frame=b"", flags=0x08):
    return struct.pack("!II", flags << 24, vni << 8) + frame
