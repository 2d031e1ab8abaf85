#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends VXLAN datagrams as an attacker would. Arguments are KEY=VALUE:

  to=IP             where to
  vni=N dport=N     of the datagram; 100 and 4789 by default
  tag=BYTE          last byte of the inner frame's source MAC, 02:00:00:00:00:BYTE
  mac=MAC           the inner frame's destination; broadcast by default
  size=N            of the inner frame; if the datagram exceeds the MTU, the kernel cuts it
  from=IP           a source that need not be the sender's: by a raw socket
  hide=1            IPv6: in two fragments, of which the first does not show the UDP header
"""
import socket
import struct
import sys

opt = dict(word.split("=", 1) for word in sys.argv[1:])
dport = int(opt.get("dport", "4789"))
v6 = ":" in opt["to"]
family = socket.AF_INET6 if v6 else socket.AF_INET

frame = bytes.fromhex(opt.get("mac", "ff:ff:ff:ff:ff:ff").replace(":", ""))
frame += bytes.fromhex("0200000000" + opt.get("tag", "66")) + b"\x88\xb5"
frame = frame.ljust(int(opt.get("size", "60")), b"x")
payload = struct.pack("!II", 0x08000000, int(opt.get("vni", "100")) << 8) + frame


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp(src, dst):
    """With a checksum, as IPv6 wants one."""
    head = struct.pack("!HHHH", 54321, dport, 8 + len(payload), 0)
    length = struct.pack("!II", 8 + len(payload), socket.IPPROTO_UDP)
    csum = checksum(src + dst + length + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", csum) + payload


def ip6(src, dst, nexthdr, data):
    return struct.pack("!IHBB", 6 << 28, len(data), nexthdr, 64) + src + dst + data


def ip4(src, dst, data):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, 64,
                       socket.IPPROTO_UDP, 0) + src + dst
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def fragment(nexthdr, offset, more):
    return struct.pack("!BBHI", nexthdr, 0, offset | more, 0x1234)


def main():
    if "from" not in opt:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        if not v6:
            sock.setsockopt(socket.IPPROTO_IP, 10, 0)   # IP_MTU_DISCOVER, DONT
        sock.sendto(payload, (opt["to"], dport))
        return
    src, dst = (socket.inet_pton(family, opt[k]) for k in ("from", "to"))
    sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    data = udp(src, dst)
    if not v6:
        packets = [ip4(src, dst, data)]
    elif "hide" not in opt:
        packets = [ip6(src, dst, socket.IPPROTO_UDP, data)]
    else:
        options = bytes([socket.IPPROTO_UDP, 0, 1, 4, 0, 0, 0, 0])
        packets = [ip6(src, dst, 44, fragment(60, 0, 1) + options),
                   ip6(src, dst, 44, fragment(60, 8, 0) + data)]
    for packet in packets:
        sock.sendto(packet, (opt["to"], 0))


main()
