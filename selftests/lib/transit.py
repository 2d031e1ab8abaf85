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

from headers import TYPE, UDP, ether, ip4, ip6, mac, udp, vxlan

opt = dict(word.split("=", 1) for word in sys.argv[1:])
dport = int(opt.get("dport", "4789"))
v6 = ":" in opt["to"]
family = socket.AF_INET6 if v6 else socket.AF_INET

frame = ether(mac(opt.get("mac", "ff:ff:ff:ff:ff:ff")), mac("0200000000" + opt.get("tag", "66")), TYPE)
payload = vxlan(int(opt.get("vni", "100")), frame.ljust(int(opt.get("size", "60")), b"x"))


def fragment(nexthdr, offset, more):
    return struct.pack("!BBHI", nexthdr, 0, offset | more, 0x1234)


def main():
    if "from" not in opt:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        if not v6:
            sock.setsockopt(socket.IPPROTO_IP, 10, 0)   # IP_MTU_DISCOVER, DONT
        sock.sendto(payload, (opt["to"], dport))
        return
    src, dst = opt["from"], opt["to"]
    sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    data = udp(54321, dport, payload, (src, dst))
    if not v6:
        packets = [ip4(src, dst, UDP, data)]
    elif "hide" not in opt:
        packets = [ip6(src, dst, UDP, data)]
    else:
        options = bytes([UDP, 0, 1, 4, 0, 0, 0, 0])
        packets = [ip6(src, dst, 44, fragment(60, 0, 1) + options),
                   ip6(src, dst, 44, fragment(60, 8, 0) + data)]
    for packet in packets:
        sock.sendto(packet, (opt["to"], 0))


main()
