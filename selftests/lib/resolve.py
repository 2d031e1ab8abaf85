#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Containers that resolve one another's addresses, and who else heard them ask.

Reads requests from stdin, a line each, and answers each with a line, "ok ...":

	open N BYSTANDERS TAIL	the containers are the namespaces kITAIL; the last
				BYSTANDERS of N look on. Container I has the addresses
				198.18.4.0 + I and 2001:db8:100::1000 + I
	remote NETNS N		there live 198.18.128.0 + J and 2001:db8:100::8000 + J, J < N
	host NETNS DEV WIRE	the host, its interface, and the underlay's
	mac ADDRESS MAC		who has an address is to have this MAC
	quiet			wait until nobody sends to more than one any more; how much
				there was
	ring			each container but the bystanders sends a datagram to three
				others and to a remote one, over IPv4 and over IPv6
	ask FROM TO ADDRESS...	containers FROM to TO - 1 each send one to each address, which
				is the host's
	host_asks OWN4 OWN6	the host sends two to each container, from these addresses

The last three answer "ok asked A arrived D strange S others O host H wire X noise N
looked L wrong W": so many addresses were asked for; so many datagrams arrived at whom they
were for, which they can only if the address was resolved to the right MAC, and others; so
many broadcasts and multicasts, and frames for somebody else, were seen by containers (the
bystanders, and each 20th of the others: the sockets for it take long to close), by the
host, and on the wire; and, not among these, so many of what IPv6 sends by itself (MLD,
router solicitations, DAD). Of the askers that see, and the host, so many neighbours were
looked at, of which so many had another MAC, or none. A broadcast of a bystander follows
what is counted, and has to be seen by all of them, so that there is nothing that they
might not have seen yet.

	grown A B		between two outputs of "ctnetctl -j -s list ports": by how much
				the frames grew that were sent to each port, at least and at
				most, of containers and of bystanders but the last
"""
import collections
import ctypes
import ipaddress
import json
import os
import select
import socket
import struct
import time

import nlraw

ETH_P_ALL, IP6, MARKER = 3, 0x86dd, 0x88b5      # IEEE 802: local experiments
SO_ATTACH_FILTER, SOL_PACKET, IGNORE_OUTGOING = 26, 263, 23
RTM_GETNEIGH, NDA_DST, NDA_LLADDR = 30, 1, 2
NUD_VALID = 0x02 | 0x04 | 0x08 | 0x10 | 0x80    # reachable, stale, delay, probe, permanent
QUERY, REPORT, DONE, RS, NS, REPORT2 = 130, 131, 132, 133, 135, 143
PORT = 7777
EACH = 20
PATIENCE = 10 * int(os.environ.get("CTNET_SLOW", "1"))
# a filter: what was not sent to this interface's own MAC
NOT_MINE = [(0x20, 0, 0, (-0x1000 + 4) & 0xffffffff),   # the packet's type
            (0x15, 0, 1, 0), (6, 0, 0, 0), (6, 0, 0, 0xffff)]


class State:
    containers, bystanders = [], 0
    remote = host = wire = None
    remotes = 0
    macs = {}


class Tap:
    """What goes by at a device of this process's namespace."""
    def __init__(self, name, dev, program=None, outgoing=False):
        self.name, self.marked, self.first = name, 0, None
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 16 << 20)
        if not outgoing:
            self.sock.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
        if program:
            buf = ctypes.create_string_buffer(
                b"".join(struct.pack("HBBI", *step) for step in program))
            self.sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                                 struct.pack("HP", len(program), ctypes.addressof(buf)))
        self.sock.bind((dev, ETH_P_ALL))
        self.sock.setblocking(False)

    def frame(self, data):
        return data

    def look(self):
        """Questions, and noise, of what has come since."""
        counts = collections.Counter()
        for data in drain(self.sock):
            data = self.frame(data)
            if data is None:
                continue
            kind = classify(data)
            counts[kind] += 1
            if kind == "question" and not self.first:
                self.first = data
        self.marked += counts["marker"]
        return counts["question"], counts["noise"]


class Wire(Tap):
    """The underlay: what is for all, in the datagrams that pass."""
    def frame(self, data):
        if data[12:14] == b"\x08\0" and data[23] == 17 and data[36:38] == b"\x12\xb5" and \
                data[50] & 1:
            return data[50:]
        return None


class Place:
    """A namespace: what it sends, and what it receives."""
    def __init__(self, netns):
        self.name, self.udp, self.tap = netns, {}, None
        enter("/run/netns/" + netns)
        for v6, family in (False, socket.AF_INET), (True, socket.AF_INET6):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            if v6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 8 << 20)
            sock.bind(("::" if v6 else "0.0.0.0", PORT))
            sock.setblocking(False)
            self.udp[v6] = sock

    def receive(self):
        for sock in self.udp.values():
            try:
                while True:
                    data, source = sock.recvfrom(64)
                    yield self.name, data.decode(), source[0]
            except BlockingIOError:
                pass


def base(v6, remote=False):
    if v6:
        return ipaddress.ip_address("2001:db8:100::8000" if remote else "2001:db8:100::1000")
    return ipaddress.ip_address("198.18.128.0" if remote else "198.18.4.0")


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    nlraw.setns(fd)
    os.close(fd)


def drain(sock):
    while True:
        try:
            yield sock.recv(2048)
        except BlockingIOError:
            return


def classify(data):
    """What is no noise of IPv6 is a question, as if it were ARP or a solicitation."""
    kind = struct.unpack_from("!H", data, 12)[0]
    if kind == MARKER:
        return "marker"
    if kind == IP6:
        head, at = data[20], 54
        if head == 0:               # hop-by-hop, before MLD
            head, at = data[54], 62 + 8 * data[55]
        if head == 58 and len(data) > at:
            dad = data[at] == NS and data[22:38] == bytes(16)
            if dad or data[at] in (QUERY, REPORT, DONE, RS, REPORT2):
                return "noise"
    return "question"


def everywhere():
    """The taps."""
    return [place.tap for place in State.containers + [State.host] if place.tap] + [State.wire]


def askers():
    return State.containers[:len(State.containers) - State.bystanders]


def open_all(n, bystanders, tail):
    # what one CPU sends it delivers in order
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    n, State.bystanders = int(n), int(bystanders)
    for i in range(n):
        place = Place("k%d%s" % (i, tail))
        if i >= n - State.bystanders:
            place.tap = Tap(place.name, "eth0")
        elif i % EACH == 0:
            place.tap = Tap(place.name, "eth0", NOT_MINE)
        State.containers.append(place)
        for v6 in False, True:
            State.macs[base(v6) + i] = b"\x02\x42" + (base(False) + i).packed
    return "ok"


def remote(netns, n):
    State.remote, State.remotes = Place(netns), int(n)
    for j in range(State.remotes):
        for v6 in False, True:
            State.macs[base(v6, True) + j] = b"\x02\x42" + base(False, True).packed
    return "ok"


def host(netns, dev, wire):
    State.host = Place(netns)
    State.host.tap, State.wire = Tap(netns, dev, NOT_MINE), Wire(netns, wire, outgoing=True)
    return "ok"


def set_mac(address, hw):
    State.macs[ipaddress.ip_address(address)] = bytes.fromhex(hw.replace(":", ""))
    return "ok"


def look():
    return [where.look() for where in everywhere()]


def quiet():
    poll, total = select.poll(), 0
    for where in everywhere():
        poll.register(where.sock, select.POLLIN)
    end = time.monotonic() + 3 * PATIENCE
    while poll.poll(1500):
        total += sum(map(sum, look()))
        if time.monotonic() > end:
            return "error it does not become quiet: %d frames" % total
    return "ok %d" % total


def mark():
    """The last frame, of the last bystander, which does not see it itself."""
    number = len(State.containers) - 1
    own = State.containers[number].tap
    for where in everywhere():
        where.marked = int(where is own)
    own.sock.send((b"\xff" * 6 + State.macs[base(False) + number] +
                   struct.pack("!H", MARKER)).ljust(60, b"\0"))


def neighbours(netns):
    """Address to MAC, of those that are resolved."""
    netlink = nlraw.Netlink(netns, nlraw.NETLINK_ROUTE)
    found = {}
    for family in socket.AF_INET, socket.AF_INET6:
        error, _, replies = netlink.ask(RTM_GETNEIGH, nlraw.F_DUMP,
                                        struct.pack("=BxxxiHBB", family, 0, 0, 0, 0))
        if error:
            raise OSError(error, "neighbours of " + netns)
        for _, data in replies:
            attrs = dict(nlraw.attributes(data[12:]))
            if struct.unpack_from("=H", data, 8)[0] & NUD_VALID and NDA_LLADDR in attrs:
                found[ipaddress.ip_address(attrs[NDA_DST])] = attrs[NDA_LLADDR]
    netlink.sock.close()
    return found


def send_all(sends):
    """Of (who, its address, to whom, whose address): what is said of it all."""
    look()
    for where in everywhere():
        where.first = None
    want, got, at = collections.Counter(), collections.Counter(), set()
    for place, own, whom, address in sends:
        place.udp[address.version == 6].sendto(str(address).encode(), (str(address), PORT))
        want[whom.name, str(address), str(own)] += 1
        at.add(whom)
    end = time.monotonic() + PATIENCE
    while sum(got.values()) < len(sends) and time.monotonic() < end:
        for place in at:
            got.update(place.receive())
        time.sleep(0.02)

    counts = look()
    mark()
    end = time.monotonic() + PATIENCE
    while True:
        counts = [(a + c, b + d) for (a, b), (c, d) in zip(counts, look())]
        blind = [where.name for where in everywhere() if where.marked != 1]
        if not blind:
            break
        if time.monotonic() > end:
            return "error not one broadcast came to %d: %s" % (len(blind), " ".join(blind[:5]))
        time.sleep(0.02)
    asked = [a for a, _ in counts]

    looked = [(place, address) for place, _, _, address in sends if place.tap]
    tables = {place: neighbours(place.name) for place in {place for place, _ in looked}}
    wrong = sum(tables[place].get(address) != State.macs[address] for place, address in looked)
    answer = "ok asked %d arrived %d strange %d others %d host %d wire %d noise %d " \
        "looked %d wrong %d" % (
            len(sends), sum((got & want).values()), sum((got - want).values()),
            sum(asked[:-2]), asked[-2], asked[-1], sum(b for _, b in counts),
            len(looked), wrong)
    for where in everywhere():
        if where.first:
            return "%s (%s: %s)" % (answer, where.name, where.first.hex())
    return answer


def ring():
    n, sends = len(askers()), []
    for i, place in enumerate(askers()):
        for v6 in False, True:
            own = base(v6) + i
            for step in 1, 7, n // 3:
                j = (i + step) % n
                sends.append((place, own, State.containers[j], base(v6) + j))
            sends.append((place, own, State.remote, base(v6, True) + i % State.remotes))
    return send_all(sends)


def ask(first, last, *addresses):
    return send_all([(State.containers[i], base(a.version == 6) + i, State.host, a)
                     for i in range(int(first), int(last))
                     for a in map(ipaddress.ip_address, addresses)])


def host_asks(own4, own6):
    return send_all([(State.host, own6 if v6 else own4, place, base(v6) + i)
                     for i, place in enumerate(askers()) for v6 in (False, True)])


def grown(before, after):
    tables = []
    for path in before, after:
        with open(path, encoding="ascii") as file:
            tables.append({port["label"]: port["stats"]["tx_packets"]
                           for port in json.load(file)})
    grew = [tables[1]["k%d" % i] - tables[0]["k%d" % i]
            for i in range(len(State.containers) - 1)]
    n = len(askers())
    return "ok containers %d..%d bystanders %d..%d" % (
        min(grew[:n]), max(grew[:n]), min(grew[n:]), max(grew[n:]))


REQUESTS = {"open": open_all, "remote": remote, "host": host, "mac": set_mac, "quiet": quiet,
            "ring": ring, "ask": ask, "host_asks": host_asks, "grown": grown}


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    nlraw.serve(handle)
