#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A thousand containers in one process. N interfaces e0, e1 ... of the namespace
stand for a container each; container I has the address BASE + I, and the MAC
02:42 and the four bytes of its address.

  scale.py answer BASE N FIRST LATE   each container but the first LATE asks for
                               the MAC of FIRST, as for a gateway's, and is so made
                               known to it; then answers ARP and ping for each,
                               through its interface alone, until SIGTERM, and
                               says what came to the wrong one
  scale.py ping BASE N         one ping to each of them, from this container
  scale.py collect N COUNT MAC counts the frames from MAC at each interface: COUNT
                               at each of N, no more and no less
  scale.py ask DEV OWN ASKED BASE N COUNT ROUNDS [sniffed]
                               asks from OWN who has ASKED, COUNT times at once,
                               and counts the answers from the MACs of the N:
                               COUNT from each, in each round. With "sniffed", a
                               packet socket for all frames is open meanwhile.
  scale.py grown A B KEY MIN MAX [KEY MIN MAX]...
                               number of ports, but that labelled "first", of
                               which KEY grew by MIN to MAX between two outputs
                               of "ctnetctl -j -s list ports": one for each KEY
"""
import ctypes
import ipaddress
import json
import os
import select
import signal
import socket
import struct
import sys
import time

from headers import BROADCAST, arp, checksum, ether

ETH_P_ALL, ETH_P_IP, ETH_P_ARP = 3, 0x0800, 0x0806
SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
PACKET_HOST = 0
SLOW = int(os.environ.get("CTNET_SLOW", "1"))


def packet_socket(proto, program=None):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                         socket.htons(proto))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    if program:
        code = b"".join(struct.pack("HBBI", *step) for step in program)
        buf = ctypes.create_string_buffer(code)
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                        struct.pack("HP", len(program), ctypes.addressof(buf)))
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    return sock


def answer_one(sock, base):
    """Returns whether what came is the interface's own business."""
    data, (name, proto, kind, _, _) = sock.recvfrom(2048)
    own = struct.pack("!I", base + int(name[1:]))
    mac = b"\x02\x42" + own
    if proto == ETH_P_ARP:
        reply = ether(data[6:12], mac, ETH_P_ARP, arp(2, mac, own, data[28:32], data[22:28]))
    elif data[23] == socket.IPPROTO_ICMP and data[34] == 8:
        if kind != PACKET_HOST or data[30:34] != own or data[:6] != mac:
            return False
        end = 14 + struct.unpack("!H", data[16:18])[0]
        icmp = b"\0\0\0\0" + data[38:end]
        icmp = b"\0\0" + struct.pack("!H", checksum(icmp)) + icmp[4:]
        head = data[14:24] + b"\0\0" + own + data[26:30]
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        reply = data[6:12] + mac + data[12:14] + head + icmp
    else:
        return True
    sock.sendto(reply, (name, proto))
    return True


def greet(sock, base, container, first):
    """A unicast request: a broadcast would go to all others, too."""
    own = struct.pack("!I", base + container)
    mac, to = b"\x02\x42" + own, b"\x02\x42" + first
    sock.sendto(ether(to, mac, ETH_P_ARP, arp(1, mac, own, first)), ("e%d" % container, ETH_P_ARP))


def answer(base, count, first_ip, late):
    base = int(ipaddress.ip_address(base))
    index = {name: i for i, name in socket.if_nameindex()}
    first = index["e0"]
    if any(index["e%d" % i] != first + i for i in range(count)):
        sys.exit("the interfaces do not have consecutive indexes")
    # An ARP request is flooded to all: of a thousand copies only the one at the
    # interface of the container that it asks for needs to come up here.
    program = [
        (0x28, 0, 0, 20),                       # ARP: operation
        (0x15, 0, 6, 1),                        # request
        (0x20, 0, 0, (-0x1000 + 8) & 0xFFFFFFFF),   # interface index
        (0x07, 0, 0, 0),
        (0x20, 0, 0, 38),                       # the address asked for
        (0x1C, 0, 0, 0),                        # difference of the two
        (0x15, 0, 1, (base - first) & 0xFFFFFFFF),
        (0x06, 0, 0, 0xFFFF),
        (0x06, 0, 0, 0),
    ]
    arp = packet_socket(ETH_P_ARP, program)
    ip = packet_socket(ETH_P_IP)
    for container in range(late, count):
        greet(arp, base, container, socket.inet_aton(first_ip))
    stray = 0
    print("ready", flush=True)
    try:
        while True:
            for sock in select.select([arp, ip], [], [])[0]:
                stray += not answer_one(sock, base)
    finally:
        print("stray", stray, flush=True)


def ping(base, count):
    base = int(ipaddress.ip_address(base))
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    ident = os.getpid() & 0xFFFF
    answered, sent = set(), 0
    deadline = time.monotonic() + 15 * SLOW
    while len(answered) < count and time.monotonic() < deadline:
        # each is asked once
        while sent < count and sent - len(answered) < 16:
            icmp = struct.pack("!BBHHH", 8, 0, 0, ident, sent) + b"ctnet" * 8
            icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
            sock.sendto(icmp, (str(ipaddress.ip_address(base + sent)), 0))
            sent += 1
            deadline = time.monotonic() + 15 * SLOW
        if not select.select([sock], [], [], 0.5)[0]:
            continue
        data, (source, _) = sock.recvfrom(2048)
        kind, _, _, got, seq = struct.unpack("!BBHHH", data[20:28])
        if kind == 0 and got == ident and \
                int(ipaddress.ip_address(source)) == base + seq:
            answered.add(seq)
    print(len(answered), "of", count, "answered")
    missing = sorted(set(range(count)) - answered)
    if missing:
        sys.exit("missing: %s" % missing[:20])


def collect(count, each, mac):
    sock = packet_socket(ETH_P_ALL)
    mac = bytes.fromhex(mac.replace(":", ""))
    seen = {}
    print("ready", flush=True)
    deadline = time.monotonic() + 20 * SLOW
    # a while longer than needed: there may be too many
    while time.monotonic() < deadline:
        if not select.select([sock], [], [], 0.5)[0]:
            continue
        data, (name, _, _, _, _) = sock.recvfrom(2048)
        if data[6:12] != mac:
            continue
        seen[name] = seen.get(name, 0) + 1
        if sum(seen.values()) == count * each:
            deadline = time.monotonic() + 0.5
    print(sum(seen.values()), "frames at", len(seen), "interfaces", flush=True)
    if len(seen) != count or set(seen.values()) != {each}:
        sys.exit("want %d at each of %d" % (each, count))


def ask(dev, own, asked, base, count, at_once, rounds, sniffed=None):
    macs = {b"\x02\x42" + struct.pack("!I", base + i) for i in range(count)}
    replies = [     # ARP: a reply
        (0x28, 0, 0, 20),
        (0x15, 0, 1, 2),
        (0x06, 0, 0, 0xFFFF),
        (0x06, 0, 0, 0),
    ]
    sock = packet_socket(ETH_P_ARP, replies)
    sock.bind((dev, ETH_P_ARP))
    mac = sock.getsockname()[4]
    if sniffed:
        # for the whole kernel: it has a filter that takes nothing
        sniffer = packet_socket(ETH_P_ALL, [(0x06, 0, 0, 0)])
    own, asked = socket.inet_aton(own), socket.inet_aton(asked)
    request = ether(BROADCAST, mac, ETH_P_ARP, arp(1, mac, own, asked))
    for number in range(1, rounds + 1):
        seen, strange = dict.fromkeys(macs, 0), 0
        begin = time.monotonic()
        for _ in range(at_once):
            sock.send(request.ljust(60, b"\0"))
        # a while longer than needed: there may be too many
        last = begin
        missing = count * at_once
        while select.select([sock], [], [], 0.5 if missing <= 0 else 5 * SLOW)[0]:
            data = sock.recv(2048)
            if data[:6] != mac or data[28:32] != asked or data[6:12] not in macs:
                strange += 1
                continue
            last = time.monotonic()
            seen[data[6:12]] += 1
            missing -= 1
        wrong = [m.hex() for m in sorted(macs) if seen[m] != at_once]
        print("round %d: %d answers from %d MACs, the last after %d ms" %
              (number, sum(seen.values()), sum(map(bool, seen.values())),
               (last - begin) * 1000), flush=True)
        if wrong:
            print("%d of them did not answer %d times: %s ..." %
                  (len(wrong), at_once, " ".join(wrong[:5])))
        if strange:
            print(strange, "strange answers")
        if wrong or strange:
            sys.exit("not one answer from each to each question")
    if sniffed:
        sniffer.close()


def grown(before, after, *conditions):
    tables = []
    for path in before, after:
        with open(path, encoding="ascii") as file:
            tables.append({port["port"]: port["stats"]
                           for port in json.load(file)
                           if port.get("label") != "first"})
    none = dict.fromkeys(conditions[::3], 0)
    print(*(sum(int(least) <=
                stats[key] - tables[0].get(port, none)[key] <= int(most)
                for port, stats in tables[1].items())
            for key, least, most in zip(*(conditions[i::3] for i in range(3)))))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    what, args = sys.argv[1], sys.argv[2:]
    if what == "answer":
        answer(args[0], int(args[1]), args[2], int(args[3]))
    elif what == "ping":
        ping(args[0], int(args[1]))
    elif what == "collect":
        collect(int(args[0]), int(args[1]), args[2])
    elif what == "ask":
        ask(args[0], args[1], args[2], int(ipaddress.ip_address(args[3])),
            *map(int, args[4:7]), *args[7:])
    elif what == "grown":
        grown(*args)


main()
