#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends and receives Ethernet frames in network namespaces, for the tests.

Reads requests from stdin, a line each, and answers each with a line, "ok ...":

	listen NETNS DEV [bound=N]
				from now on, keep the test frames that DEV receives;
				bound: by a socket that is bound to this protocol, as
				a daemon's is
	send NETNS DEV DST SRC TAG [count=N] [len=N] [vlan=N] [type=N]
				send a test frame; TAG is what it is known by; type 4
				makes it a BPDU, in an 802.2 header
	count NETNS DEV TAG [min=N] [ms=N] [bound=N]
				how many with TAG were received, after at most so long
				for at least so many; with the tags and lengths seen
	macs NETNS DEV N SRC	send N frames, each from the next source MAC after SRC
	churn NETNS DEV N SRC MS
				the same for so long, over and over
	tcp FROM TO ADDRESS BYTES
				a connection from one namespace to another; how many
				bytes arrived as they were sent
	stamp FROM TO ADDRESS MS
				a datagram, which is read after so long; how many ms
				after it was sent it says that it arrived
	events NETNS		from now on, keep the events of the family ctnet
	told NETNS WANT MS	wait until as many events of the table were told of or
				said to be lost; how many of each
"""
import select
import socket
import struct
import time

import nlraw
from headers import TYPE, VLAN, ether, mac

ETH_P_ALL = 3
PACKET_OUTGOING, SOL_PACKET, PACKET_AUXDATA = 4, 263, 8
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6
SO_TIMESTAMPNS = 35
ETH_P_802_2, BPDU = 4, b"\x42\x42\x03"
# besides: 802.1X, LLDP, LACP, pause
TYPES = (TYPE, ETH_P_802_2, 0x888e, 0x88cc, 0x8809, 0x8808)

senders, listeners, watchers = {}, {}, {}


def options(words):
    return {k: int(v, 0) for k, v in (w.split("=") for w in words)}


def sender(netns, dev):
    if (netns, dev) not in senders:
        s = nlraw.socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.bind((dev, 0))
        senders[netns, dev] = s
    return senders[netns, dev]


def listen(netns, dev, *words):
    bound = options(words).get("bound", ETH_P_ALL)
    if (netns, dev, bound) in listeners:
        listeners[netns, dev, bound][0].close()
    s = nlraw.socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 16 << 20)
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    s.bind((dev, bound))
    s.setblocking(False)
    listeners[netns, dev, bound] = (s, [])
    return "ok"


def send(netns, dev, dst, src, tag, *words):
    opt = options(words)
    tags = [(VLAN, opt["vlan"])] if "vlan" in opt else []
    kind, data = opt.get("type", TYPE), tag.encode() + b"\0"
    if kind == ETH_P_802_2:
        data = BPDU + data
        kind = len(data)
    frame = ether(mac(dst), mac(src), kind, data, tags).ljust(opt.get("len", 60), b"\0")
    for _ in range(opt.get("count", 1)):
        sender(netns, dev).send(frame)
    return "ok"


def receive(netns, dev, bound):
    """Takes in what has come."""
    s, frames = listeners[netns, dev, bound]
    while True:
        try:
            data, aux, _, addr = s.recvmsg(65536, 256)
        except BlockingIOError:
            return frames
        if addr[2] == PACKET_OUTGOING:
            continue
        vlan, kind, rest = None, struct.unpack_from(">H", data, 12)[0], data[14:]
        for level, what, cmsg in aux:
            if (level, what) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tci = struct.unpack_from("=IIIHHH", cmsg)
                if status & VLAN_VALID:
                    vlan = tci
        size = len(data)
        if vlan is not None:
            size += 4
        elif kind == 0x8100:
            vlan, kind = struct.unpack_from(">HH", data, 14)
            rest = data[18:]
        if kind < 1536 and rest.startswith(BPDU):
            kind, rest = ETH_P_802_2, rest[len(BPDU):]
        if kind in TYPES:
            frames.append((rest.split(b"\0")[0].decode("ascii", "replace"), vlan, size))


def count(netns, dev, tag, *words):
    opt = options(words)
    bound = opt.get("bound", ETH_P_ALL)
    end = time.monotonic() + opt.get("ms", 0) / 1000
    while True:
        found = [f for f in receive(netns, dev, bound) if f[0] == tag]
        left = end - time.monotonic()
        if len(found) >= opt.get("min", 0) or left <= 0:
            break
        select.select([listeners[netns, dev, bound][0]], [], [], left)
    return "ok %d%s" % (len(found), "".join(
        " vlan=%s len=%d" % v for v in sorted({f[1:] for f in found}, key=str)))


def macs(netns, dev, n, src, ms=None):
    s, first = sender(netns, dev), int.from_bytes(mac(src), "big")
    end = time.monotonic() + int(ms or 0) / 1000
    tail = struct.pack(">H", TYPE) + b"macs".ljust(46, b"\0")
    head, sent = b"\x02\xff\xff\xff\xff\xff", 0
    while True:
        for i in range(first, first + int(n)):
            s.send(head + i.to_bytes(6, "big") + tail)
        sent += int(n)
        if time.monotonic() >= end:
            return "ok %d" % sent


def tcp(src, dst, addr, size):
    size = int(size)
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    server = nlraw.socket_in(dst, family, socket.SOCK_STREAM)
    a = nlraw.socket_in(src, family, socket.SOCK_STREAM)
    data, got = bytes(range(251)) * (size // 251 + 1), []
    try:
        server.bind((addr, 0))
        server.listen()
        a.settimeout(20)
        a.connect((addr, server.getsockname()[1]))
        b, _ = server.accept()
        a.setblocking(False)
        b.setblocking(False)
        sent, left = 0, size
        while left:
            r, w, _ = select.select([b], [a] if sent < size else [], [], 20)
            if not r and not w:
                raise TimeoutError("after %d bytes" % (size - left))
            if w:
                sent += a.send(data[sent:min(sent + 65536, size)])
            if r:
                got.append(b.recv(1 << 18))
                if not got[-1]:
                    break
                left -= len(got[-1])
        b.close()
    finally:
        a.close()
        server.close()
    got = b"".join(got)
    return "ok %d" % len(got) if got == data[:size] else "ok garbled"


def events(netns):
    nl = nlraw.Generic(netns)
    nl.sock.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 256 << 20)
    nl.sock.setsockopt(nlraw.SOL_NETLINK, nlraw.ADD_MEMBERSHIP, nl.group)
    watchers[netns] = [nl, 0, 0, 0]
    return "ok"


def told(netns, want, ms):
    """Told, left out, and how many messages said so."""
    w = watchers[netns]
    end = time.monotonic() + int(ms) / 1000
    while w[1] + w[2] < int(want):
        w[0].sock.settimeout(max(end - time.monotonic(), 0.001))
        try:
            for kind, _, _, data in w[0].messages():
                name = nlraw.CMDS[data[0]] if kind == nlraw.Generic.family else ""
                if name.startswith("FDB_"):
                    w[1] += 1
                elif name == "LOST_NTF":
                    w[2] += struct.unpack("=I", dict(nlraw.attributes(data[4:]))[1])[0]
                    w[3] += 1
        except TimeoutError:
            break
    return "ok told %d lost %d in %d" % tuple(w[1:])


def stamp(src, dst, addr, ms):
    """A datagram has the time of its arrival, and not of its being read."""
    server = nlraw.socket_in(dst, socket.AF_INET, socket.SOCK_DGRAM)
    client = nlraw.socket_in(src, socket.AF_INET, socket.SOCK_DGRAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        server.settimeout(10)
        server.bind((addr, 0))
        sent = time.time()
        client.sendto(b"stamp", server.getsockname())
        time.sleep(int(ms) / 1000)
        _, anc, _, _ = server.recvmsg(100, 100)
    finally:
        client.close()
        server.close()
    s, ns = struct.unpack("qq", anc[0][2][:16])
    return "ok %d" % ((s + ns / 1e9 - sent) * 1000)


REQUESTS = {"listen": listen, "send": send, "count": count, "macs": macs, "churn": macs,
            "tcp": tcp, "stamp": stamp, "events": events, "told": told}


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    nlraw.serve(handle)
