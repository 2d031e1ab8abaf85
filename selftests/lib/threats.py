#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Attackers, and those whom they must not harm. What frames.py does, and besides

	bystanders NETNS,ADDRESS,NETNS,ADDRESS...
				from now on, each pair's first sends UDP datagrams to
				its second, some each 5 ms
	calm			no more; how many were sent, and arrived, of all pairs
	claim NETNS DST VNI N MAC...
				N datagrams of a tunnel, each with a broadcast from the
				next of these MACs
	strange NETNS DST VNI N	N datagrams of a tunnel, as fast as can be
	resolve NETNS DEV MAC IP N ADDRESS
				N ARP requests for ADDRESS, and as many more addresses
				after it if it ends in +
	icmp NETNS TO ROUTER VNI LOCAL PEER MTU
				a "too big" about a datagram from LOCAL to PEER
	misses NETNS		from now on, keep the events of the family ctnet
	missed WANT MS		wait for as many misses, told of or lost; how many of
				each, and which addresses of 198.51.100.0/24
	flood NETNS DEV SRC TAG N [LEN]
				N broadcasts from one CPU, the same for all that flood, and
				with room for them in the socket
"""
import os
import socket
import struct
import threading
import time

import frames
import nlraw
from headers import ARP, BROADCAST, TYPE, UDP, arp, checksum, ether, ip, ip4, ip6, mac, udp, vxlan

SO_SNDBUFFORCE = 32
state, watched = {}, []


def at_full_rate(n, send):
    """As fast as a CPU can do its part of it: what it does not get to within its backlog
    of 1,000 frames, the kernel drops before anybody sees it, no matter whose."""
    for i in range(n):
        send(i)
        if i % 64 == 63:
            time.sleep(0.002)
    return "ok"


# -------------------------------------------------------------- bystanders

class Bystanders(threading.Thread):
    def __init__(self, words):
        super().__init__(daemon=True)
        self.sent, self.got, self.end = 0, 0, False
        self.pairs = []
        for a, _, b, addr in zip(*[iter(words)] * 4):
            rx = nlraw.socket_in(b, socket.AF_INET, socket.SOCK_DGRAM)
            rx.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 16 << 20)
            rx.bind((addr, 0))
            rx.setblocking(False)
            tx = nlraw.socket_in(a, socket.AF_INET, socket.SOCK_DGRAM)
            tx.connect(rx.getsockname())
            self.pairs.append((tx, rx))

    def take_in(self):
        for _, rx in self.pairs:
            try:
                while rx.recv(64):
                    self.got += 1
            except BlockingIOError:
                pass

    def run(self):
        while not self.end:
            for tx, _ in self.pairs:
                tx.send(b"bystander")
                self.sent += 1
            self.take_in()
            time.sleep(0.005)

    def stop(self, seconds):
        self.end = True
        self.join()
        end = time.monotonic() + seconds
        while self.got < self.sent and time.monotonic() < end:
            time.sleep(0.05)
            self.take_in()
        for pair in self.pairs:
            for s in pair:
                s.close()


def bystanders(words):
    state["calm"] = Bystanders(words.split(","))
    state["calm"].start()
    return "ok"


def calm():
    b = state.pop("calm")
    b.stop(5 * int(os.environ.get("CTNET_SLOW", "1")))
    return "ok sent %d got %d" % (b.sent, b.got)


# ------------------------------------------------------------- the underlay

def tunnelled(vni, src):
    return vxlan(int(vni), ether(BROADCAST, mac(src), TYPE, b"claim".ljust(46, b"\0")))


def claim(netns, dst, vni, n, *macs):
    with nlraw.socket_in(netns, socket.AF_INET, socket.SOCK_DGRAM) as s:
        data = [tunnelled(vni, m) for m in macs]
        return at_full_rate(int(n), lambda i: s.sendto(data[i % len(data)], (dst, 4789)))


def strange(netns, dst, vni, n):
    return claim(netns, dst, vni, n, "02:00:00:00:66:66")


def icmp(netns, to, router, vni, local, peer, mtu, port=4789):
    """Quotes the first bytes of a datagram that LOCAL may have sent to PEER's PORT."""
    quoted = tunnelled(vni, "02:00:00:00:66:67")
    datagram = udp(40000, int(port), quoted)
    if ":" in to:
        data = struct.pack(">BBHI", 2, 0, 0, int(mtu)) + ip6(local, peer, UDP, datagram)
        s = nlraw.socket_in(netns, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    else:
        data = struct.pack(">BBHHH", 3, 4, 0, 0, int(mtu)) + ip4(local, peer, UDP, datagram,
                                                                 frag=0x4000)
        data = data[:2] + struct.pack(">H", checksum(data)) + data[4:]
        s = nlraw.socket_in(netns, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with s:
        s.bind((router, 0))
        s.sendto(data, (to, 0))
    return "ok"


# ----------------------------------------------------------------- questions

def resolve(netns, dev, hw, own, n, addr):
    s, hw = frames.sender(netns, dev), mac(hw)
    first, step = int.from_bytes(ip(addr.rstrip("+")), "big"), addr[-1] == "+"
    head = ether(BROADCAST, hw, ARP, arp(1, hw, own, b""))
    return at_full_rate(int(n), lambda i: s.send(
        (head + struct.pack(">I", first + i * step)).ljust(60, b"\0")))


def macs(netns, dev, n, src):
    s, first = frames.sender(netns, dev), int.from_bytes(mac(src), "big")
    tail = struct.pack(">H", TYPE) + b"macs".ljust(46, b"\0")
    return at_full_rate(int(n), lambda i: s.send(
        b"\x02\xff\xff\xff\xff\xff" + (first + i).to_bytes(6, "big") + tail))


def misses(netns):
    nl = nlraw.Generic(netns)
    nl.sock.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 256 << 20)
    nl.sock.setsockopt(nlraw.SOL_NETLINK, nlraw.ADD_MEMBERSHIP, nl.group)
    watched[:] = [nl]
    return "ok"


def missed(want, ms):
    told, lost, named = 0, 0, set()
    end = time.monotonic() + int(ms) / 1000
    while told + lost < int(want) and time.monotonic() < end:
        watched[0].sock.settimeout(max(end - time.monotonic(), 0.001))
        try:
            for kind, _, _, data in watched[0].messages():
                name = nlraw.CMDS[data[0]] if kind == nlraw.Generic.family else ""
                attrs = dict(nlraw.attributes(data[4:])) if name else {}
                if name == "MISS_NTF":
                    told += 1
                    addr = socket.inet_ntoa(attrs.get(8, bytes(4))[:4])
                    if addr.startswith("198.51.100."):
                        named.add(addr)
                elif name == "LOST_NTF":
                    lost += struct.unpack("=I", attrs[1])[0]
        except TimeoutError:
            break
    return " ".join(["ok told %d lost %d" % (told, lost)] + sorted(named))


# ------------------------------------------------------------------- floods

def broadcast(src, tag):
    return (BROADCAST + mac(src) + struct.pack(">H", TYPE)
            + tag.encode().ljust(46, b"\0"))


def flood(netns, dev, src, tag, n, size=60):
    s, cpus = frames.sender(netns, dev), os.sched_getaffinity(0)
    data = broadcast(src, tag).ljust(int(size), b"\0")
    s.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20)
    os.sched_setaffinity(0, {0})
    for _ in range(int(n)):
        s.send(data)
    os.sched_setaffinity(0, cpus)
    return "ok"


REQUESTS = dict(frames.REQUESTS, bystanders=bystanders, calm=calm, claim=claim,
                strange=strange, resolve=resolve, macs=macs, icmp=icmp, misses=misses,
                missed=missed, flood=flood)


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    nlraw.serve(handle)
