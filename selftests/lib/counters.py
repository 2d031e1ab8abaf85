#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What frames.py does, and besides

	segment NETNS DEV DST SRC LEN SIZE
				send a TCP segment with LEN bytes of data, which is to be
				cut into such of SIZE
"""
import socket
import struct

import frames
import nlraw
from headers import IP4, checksum, ether, ip4, mac, pseudo

PACKET_VNET_HDR, NEEDS_CSUM, GSO_TCPV4 = 15, 1, 1


def segment(netns, dev, dst, src, length, size):
    length = int(length)
    ends = "203.0.113.1", "203.0.113.2"
    # the sum of the pseudo-header, which whoever completes the checksum goes on from
    begun = ~checksum(pseudo(*ends, 6, 20 + length)) & 0xffff
    tcp = struct.pack(">HHIIBBHHH", 5001, 5001, 1, 1, 5 << 4, 0x10, 1000, begun, 0)
    frame = ether(mac(dst), mac(src), IP4, ip4(*ends, 6, tcp + bytes(length), frag=0x4000))
    # struct virtio_net_hdr
    head = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_TCPV4, 54, int(size), 34, 16)
    with nlraw.socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
        s.setsockopt(frames.SOL_PACKET, PACKET_VNET_HDR, 1)
        s.bind((dev, 0))
        s.send(head + frame)
    return "ok"


REQUESTS = dict(frames.REQUESTS, segment=segment)


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    nlraw.serve(handle)
