#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends crafted frames and datagrams. Arguments are KEY=VALUE:

  vxsend.py frame dev=eth0 ...   an Ethernet frame, out of an interface
  vxsend.py vxlan dst=IP ...     the same, in a VXLAN datagram to dst

and -- between several of these.

Of the frame: to=MAC from=MAC type=0x88b5 size=60 (bytes in all), or short=N
(only its first N bytes); ip=SRC,DST makes it IPv4 with tos=N; udp=SPORT,DPORT
makes that UDP, with text=N bytes; vlan=N puts a tag before it; count=N sends it
N times; flows=N sends it to N UDP ports, one after another.

Of the datagram: src=IP sport=N dport=4789 vni=100 flags=0x08 (first byte of the
header), otos=N (of the outer packet), header=HEX (in place of the VXLAN header),
inner=none (nothing behind it), csum=ok|zero|bad.
"""
import socket
import struct
import sys

from headers import IP4, TYPE, UDP, VLAN, ether, ip4, mac, udp, vxlan

SO_NO_CHECK = 11


def ipv4(opt, flow):
    src, dst = opt["ip"].split(",")
    if "udp" in opt:
        proto = UDP
        sport, dport = (int(p) for p in opt["udp"].split(","))
        # no checksum: IPv4 allows it
        payload = udp(sport, dport + flow, b"ctnt".ljust(int(opt.get("text", "4")), b"."))
    else:
        proto = 253     # RFC 3692: for experiments
        payload = b"ctnt"
    return ip4(src, dst, proto, payload, tos=int(opt.get("tos", "0"), 0))


def frame(opt, flow=0):
    kind, payload = int(opt.get("type", hex(TYPE)), 0), b""
    if "ip" in opt:
        kind, payload = IP4, ipv4(opt, flow)
    tags = [(VLAN, int(opt["vlan"]))] if "vlan" in opt else []
    data = ether(mac(opt.get("to", "ff:ff:ff:ff:ff:ff")), mac(opt.get("from", "02:00:00:00:00:01")),
                 kind, payload, tags).ljust(int(opt.get("size", "60")), b"\0")
    return data[:int(opt["short"])] if "short" in opt else data


def datagram(opt, flow=0):
    if "header" in opt:
        data = bytes.fromhex(opt["header"])
    else:
        data = vxlan(int(opt.get("vni", "100")), flags=int(opt.get("flags", "0x08"), 0))
    if opt.get("inner") == "none":
        return data
    return data + frame(opt, flow)


def send_frames(opt, flows, count):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((opt["dev"], 0))
    for flow in range(flows):
        for _ in range(count):
            sock.send(frame(opt, flow))


def send_datagrams(opt, flows, count):
    src, dst = opt.get("src", ""), opt["dst"]
    dport = int(opt.get("dport", "4789"))
    csum = opt.get("csum", "ok")
    if csum == "bad":
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, UDP)
    else:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if csum == "zero":
        sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(opt.get("otos", "0")))
    if src:
        sock.bind((src, 0 if csum == "bad" else int(opt.get("sport", "0"))))
    for flow in range(flows):
        data = datagram(opt, flow)
        if csum == "bad":
            data = udp(54321, dport, data, (src, dst))
            good = struct.unpack_from("!H", data, 6)[0]
            data = data[:6] + struct.pack("!H", (good ^ 0x5555) or 1) + data[8:]
        for _ in range(count):
            sock.sendto(data, (dst, dport))


def main():
    args = sys.argv[1:]
    while args:
        end = args.index("--") if "--" in args else len(args)
        what, *words = args[:end]
        args = args[end + 1:]
        opt = dict(word.split("=", 1) for word in words)
        send = {"frame": send_frames, "vxlan": send_datagrams}[what]
        send(opt, int(opt.get("flows", "1")), int(opt.get("count", "1")))


main()
