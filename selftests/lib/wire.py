#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Crafts frames and datagrams and reads what is on the wire, for the tests of the tunnel
and of delivery: what frames.py does, and besides

	sniff NETNS DEV		from now on, keep what DEV sends and receives
	seen NETNS DEV [min=N] [ms=N] [show=FIELD,...] [FIELD=VALUE...]
				how many of these match, after at most so long for at
				least so many; with the fields' values that there were
	emit NETNS DEV FRAME	send a crafted frame
	vxlan NETNS SRC DST [otos=N] [dport=N] [vni=N] [zero=1] FRAME
				send it in a datagram; zero=1: without a UDP checksum
	ecn NETNS SRC DST VNI TO-NETNS TO-DEV TO-MAC FAMILY TAGS
				all 16 pairs of ECN in a tunnel's packets, with so many
				VLAN tags inside; what arrived, a digit each, or -
	pmtu FROM TO ADDRESS LENGTH MS
				send packets of this length that must not be fragmented,
				until the sender knows of a smaller MTU; both MTUs
	fits FROM TO ADDRESS LENGTH [df=0]
				one packet; how long it is that arrives
	connect FROM TO ADDRESS, transfer BYTES, hangup
				as tcp, in steps
	stream NETNS DEV DST SRC TAG US, sent, halt
				send test frames, one each so many microseconds; so far;
				no more
	xdp NETNS DEV drop|off	a program that drops all that DEV receives

FRAME is [to=MAC] [from=MAC] [vlan=N] [vlan2=N] [fam=4|6|0] [tos=N] [ttl=N] [df=0|1]
[size=N] [count=N]. FIELDs of what was seen: out smac dst vlan fam tos ttl df frag len
ipsum sport dport csum (of UDP: zero, right, other) vni flags, and with an i before them
those of the frame in the tunnel.
"""
import ctypes
import errno
import platform
import select
import socket
import struct
import sys
import threading
import time

import frames
import headers
import nlraw
from headers import IP4, IP6, TYPE, UDP, VLAN, checksum, ether, ip4, ip6, mac, udp

VXLAN_PORTS = 4789, 4790, 4799
IP_MTU_DISCOVER, IP_MTU, IPV6_MTU_DISCOVER, IPV6_MTU, DISCOVER_DO = 10, 14, 23, 24, 2
SO_NO_CHECK = 11
NOBODY = "02:00:00:00:99:99"

sniffers, datagrams, connection, running = {}, {}, [], []


def split(words):
    return dict(w.split("=", 1) for w in words)


# ------------------------------------------------------------------ frames

def packet(opt):
    """An IP packet with a UDP datagram to the port discard in it."""
    tos, ttl = int(opt.get("tos", 0)), int(opt.get("ttl", 64))
    data = b"ctnet".ljust(int(opt.get("size", 18)), b"\0")
    if opt.get("fam", "4") == "4":
        return ip4("203.0.113.201", "203.0.113.202", UDP, udp(4000, 9, data), tos, ttl,
                   0x4000 * int(opt.get("df", 0)))
    ends = "2001:db8:ff::1", "2001:db8:ff::2"
    return ip6(*ends, UDP, udp(4000, 9, data, ends), tos, ttl)


def frame(opt):
    fam = opt.get("fam", "4")
    if fam == "0":
        kind, data = TYPE, b"crafted\0".ljust(int(opt.get("size", 46)), b"\0")
    else:
        kind, data = IP4 if fam == "4" else IP6, packet(opt)
    tags = [(VLAN, int(opt[tag])) for tag in ("vlan2", "vlan") if tag in opt]
    return ether(mac(opt.get("to", NOBODY)), mac(opt["from"]), kind, data, tags).ljust(60, b"\0")


def emit(netns, dev, *words):
    opt = split(words)
    for _ in range(int(opt.get("count", 1))):
        frames.sender(netns, dev).send(frame(opt))
    return "ok"


def vxlan(netns, src, dst, *words):
    opt = split(words)
    six = ":" in dst
    key = netns, src, opt.get("zero")
    if key not in datagrams:
        s = nlraw.socket_in(netns, socket.AF_INET6 if six else socket.AF_INET,
                            socket.SOCK_DGRAM)
        s.bind((src, 0))
        if "zero" in opt:
            s.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
            if six:
                s.setsockopt(socket.IPPROTO_UDP, 101, 1)    # UDP_NO_CHECK6_TX
        datagrams[key] = s
    s = datagrams[key]
    if six:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, int(opt.get("otos", 0)))
    else:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(opt.get("otos", 0)))
    data = headers.vxlan(int(opt["vni"]), frame(opt))
    for _ in range(int(opt.get("count", 1))):
        s.sendto(data, (dst, int(opt.get("dport", 4789))))
    return "ok"


# ---------------------------------------------------------------- the wire

def udp_sum(addrs, udp):
    if udp[6:8] == b"\0\0":
        return "zero"
    good = checksum(addrs + struct.pack(">II", len(udp), 17) + udp) == 0
    return "right" if good else "other"


def decode(data, level=0, vlan=None):
    """What is known of a frame; its tag may have been taken out."""
    f = {"dst": data[0:6].hex(":"), "smac": data[6:12].hex(":"), "len": len(data)}
    kind, off = struct.unpack_from(">H", data, 12)[0], 14
    tags = [] if vlan is None else [vlan]
    while kind == 0x8100:
        tci, kind = struct.unpack_from(">HH", data, off)
        tags.append(tci)
        off += 4
    f["vlan"] = "/".join(map(str, tags)) or "none"
    p, proto = data[off:], None
    if kind == 0x0800 and len(p) >= 20:
        frag = struct.unpack_from(">H", p, 6)[0]
        size = (p[0] & 15) * 4
        f.update(fam=4, tos=p[1], ttl=p[8], df=frag >> 14 & 1,
                 frag=int(frag & 0x3fff != 0), ipsum="bad" if checksum(p[:size]) else "right")
        p, proto, addrs = p[:struct.unpack_from(">H", p, 2)[0]], p[9], p[12:20]
        p = p[size:]
        if frag & 0x1fff:
            proto = None
    elif kind == 0x86dd and len(p) >= 40:
        f.update(fam=6, tos=struct.unpack_from(">I", p)[0] >> 20 & 255, ttl=p[7],
                 df="none", frag=int(p[6] == 44), ipsum="none")
        proto, addrs = p[6], p[8:40]
        p = p[40:40 + struct.unpack_from(">H", p, 4)[0]]
    if proto == 17 and len(p) >= 8:
        f.update(zip(("sport", "dport"), struct.unpack_from(">HH", p)))
        f["csum"] = udp_sum(addrs, p)
        if f["dport"] in VXLAN_PORTS and not level and len(p) >= 30:
            f.update(flags=p[8:12].hex(), vni=int.from_bytes(p[12:15], "big"))
            f.update(("i" + k, v) for k, v in decode(p[16:], 1).items())
    return f


def sniff(netns, dev):
    if (netns, dev) in sniffers:
        sniffers[netns, dev][0].close()
    s = nlraw.socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 16 << 20)
    s.setsockopt(frames.SOL_PACKET, frames.PACKET_AUXDATA, 1)
    s.bind((dev, frames.ETH_P_ALL))
    s.setblocking(False)
    sniffers[netns, dev] = (s, [])
    return "ok"


def take_in(netns, dev):
    s, kept = sniffers[netns, dev]
    while True:
        try:
            data, aux, _, addr = s.recvmsg(1 << 17, 256)
        except BlockingIOError:
            return kept
        vlan = None
        for level, what, cmsg in aux:
            if (level, what) == (frames.SOL_PACKET, frames.PACKET_AUXDATA):
                status, _, _, _, _, tci = struct.unpack_from("=IIIHHH", cmsg)
                if status & frames.VLAN_VALID:
                    vlan = tci
        f = decode(data, vlan=vlan)
        f["out"] = int(addr[2] == frames.PACKET_OUTGOING)
        kept.append(f)


def seen(netns, dev, *words):
    opt = split(words)
    least, ms = int(opt.pop("min", 0)), int(opt.pop("ms", 0))
    show = opt.pop("show", "").split(",")
    end = time.monotonic() + ms / 1000
    while True:
        found = [f for f in take_in(netns, dev)
                 if all(str(f.get(k, "none")) == v for k, v in opt.items())]
        left = end - time.monotonic()
        if len(found) >= least or left <= 0:
            break
        select.select([sniffers[netns, dev][0]], [], [], left)
    values = sorted({",".join(str(f.get(k, "none")) for k in show) for f in found})
    return " ".join(["ok %d" % len(found)] + [v for v in values if show != [""]])


def ecn(netns, src, dst, vni, to_netns, to_dev, to_mac, family, tags):
    """From outer 0 (not ECT), 1 (ECT(1)), 2 (ECT(0)), 3 (CE); in each all four inner."""
    sniff(to_netns, to_dev)
    tags = ["vlan2=6"][:int(tags) // 2] + ["vlan=5"][:int(tags)]
    source = "02:00:00:ec:%02x:%02x"
    for outer in range(4):
        for inner in range(4):
            vxlan(netns, src, dst, "otos=%d" % outer, "vni=" + vni, "to=" + to_mac,
                  "from=" + source % (outer, inner), "fam=" + family,
                  "tos=%d" % (0x20 | inner), *tags)
    # all but one: not ECT in CE is dropped
    end = time.monotonic() + 20
    while time.monotonic() < end:
        got = {f["smac"]: f for f in take_in(to_netns, to_dev) if ":ec:" in f["smac"]}
        if len(got) >= 15:
            break
        select.select([sniffers[to_netns, to_dev][0]], [], [], 0.1)
    vxlan(netns, src, dst, "vni=" + vni, "to=" + to_mac, "from=02:00:00:ed:00:00")
    seen(to_netns, to_dev, "min=1", "ms=20000", "smac=02:00:00:ed:00:00")
    got = {f["smac"]: f for f in take_in(to_netns, to_dev)}
    out = ""
    for outer in range(4):
        out += " "
        for inner in range(4):
            f = got.get(source % (outer, inner))
            if not f:
                out += "-"
            elif f["tos"] >> 2 != 8 or f["ipsum"] == "bad":
                out += "x"      # damaged
            else:
                out += str(f["tos"] & 3)
    return "ok" + out


# -------------------------------------------------------------- path's MTU

def udp_pair(src, dst, addr, df):
    six = ":" in addr
    family = socket.AF_INET6 if six else socket.AF_INET
    a = nlraw.socket_in(src, family, socket.SOCK_DGRAM)
    b = nlraw.socket_in(dst, family, socket.SOCK_DGRAM)
    level, what, mtu, head = (
        (socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_MTU, 48) if six else
        (socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_MTU, 28))
    b.bind((addr, 0))
    a.connect((addr, b.getsockname()[1]))
    a.setsockopt(level, what, DISCOVER_DO if df else 0)
    return a, b, head, lambda: a.getsockopt(level, mtu)


def try_send(sock, size):
    try:
        sock.send(bytes(size))
    except OSError as e:        # what a socket was told is told once
        if e.errno not in (errno.EMSGSIZE, errno.ECONNREFUSED, errno.EHOSTUNREACH):
            raise


def pmtu(src, dst, addr, length, ms):
    a, b, head, mtu = udp_pair(src, dst, addr, True)
    with a, b:
        first, end = mtu(), time.monotonic() + int(ms) / 1000
        while mtu() >= first and time.monotonic() < end:
            try_send(a, int(length) - head)
            select.select([], [], [], 0.1)
        return "ok %d %d" % (first, mtu())


def fits(src, dst, addr, length, *words):
    a, b, head, _ = udp_pair(src, dst, addr, "df=0" not in words)
    b.settimeout(1)
    with a, b:
        for _ in range(10):
            try_send(a, int(length) - head)
            try:
                return "ok %d" % (len(b.recv(1 << 16)) + head)
            except TimeoutError:
                continue
    return "ok 0"


# --------------------------------------------------------------------- TCP

def connect(src, dst, addr):
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    server = nlraw.socket_in(dst, family, socket.SOCK_STREAM)
    a = nlraw.socket_in(src, family, socket.SOCK_STREAM)
    server.bind((addr, 0))
    server.listen()
    a.settimeout(60)
    a.connect((addr, server.getsockname()[1]))
    b, _ = server.accept()
    server.close()
    a.setblocking(False)
    b.setblocking(False)
    connection[:] = [a, b]
    return "ok"


def transfer(size):
    a, b = connection
    size, sent, got = int(size), 0, 0
    data = bytes(1 << 16)
    end = time.monotonic() + 60
    while got < size:
        r, w, _ = select.select([b], [a] if sent < size else [], [], 5)
        if time.monotonic() > end:
            raise TimeoutError("after %d bytes" % got)
        if w:
            sent += a.send(data[:size - sent])
        if r:
            more = len(b.recv(1 << 18))
            if not more:
                break
            got += more
    return "ok %d" % got


def hangup():
    for s in connection:
        s.close()
    return "ok"


# ------------------------------------------------------- traffic that runs

class Stream(threading.Thread):
    def __init__(self, netns, dev, dst, src, tag, us):
        super().__init__(daemon=True)
        self.sock = nlraw.socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.bind((dev, 0))
        self.data = (mac(dst) + mac(src) + struct.pack(">H", TYPE)
                     + tag.encode() + b"\0").ljust(60, b"\0")
        self.pause, self.sent, self.end = int(us) / 1e6, 0, False

    def run(self):
        while not self.end:
            self.sock.send(self.data)
            self.sent += 1
            time.sleep(self.pause)
        self.sock.close()


def stream(*args):
    running[:] = [Stream(*args)]
    running[0].start()
    return "ok"


def sent():
    return "ok %d" % running[0].sent


def halt():
    running[0].end = True
    running[0].join()
    return sent()


# --------------------------------------------------------------------- XDP

def xdp_program():
    """One that returns XDP_DROP."""
    code = ctypes.create_string_buffer(
        struct.pack("=BBhi", 0xb7, 0, 0, 1) + struct.pack("=BBhi", 0x95, 0, 0, 0))
    licence = ctypes.create_string_buffer(b"GPL")
    attr = ctypes.create_string_buffer(struct.pack(
        "=IIQQ", 6, 2, ctypes.addressof(code), ctypes.addressof(licence)).ljust(128, b"\0"))
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
    fd = libc.syscall(number, 5, attr, 128)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return fd


def xdp(netns, dev, what):
    fd = -1 if what == "off" else xdp_program()
    link = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
    name = nlraw.attribute(3, dev.encode() + b"\0")
    nest = nlraw.attribute(43 | 0x8000, nlraw.attribute(1, struct.pack("=i", fd)))
    error, ack, _ = nlraw.Netlink(netns, nlraw.NETLINK_ROUTE).ask(19, 0, link + name + nest)
    if error:
        raise OSError(error, "%s" % ack)
    return "ok"


REQUESTS = dict(frames.REQUESTS, sniff=sniff, seen=seen, emit=emit, vxlan=vxlan, ecn=ecn,
                pmtu=pmtu, fits=fits, connect=connect, transfer=transfer, hangup=hangup,
                stream=stream, sent=sent, halt=halt, xdp=xdp)


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    sys.setswitchinterval(0.001)
    nlraw.serve(handle)
