#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The program beside uplink.sh. Requests are those of frames.py, sniff and question of
craft.py, pmtu of wire.py, and besides

	datagram FROM TO ADDRESS [port=N] [at=ADDRESS] [on=N] [ms=N] [after=N] [from=N]
				a question over UDP to ADDRESS and its port, until it is
				answered, for at most ms, and "after" ms from when TO saw it;
				TO listens there, or "at" an address and "on" a port of its
				own where something between them translates. FROM asks by
				the port "from", so that it is the same flow again.
				"ok SOURCE answered|silent": whom TO saw ask, or -
	both FROM TO ADDRESS BYTES [port=N] [at=ADDRESS] [on=N]
				a connection, and so many bytes in each direction: "ok
				N N SOURCE": how many arrived as they were sent
	refused FROM TO ADDRESS [port=N] [at=ADDRESS] [on=N]
				the first segment of a connection, while TO listens as it
				does for "both": "ok refused|connected|silent"
	tap NETNS DEV		make a tap, whose other end is this program: send and
				count know it
	advertise NETNS DEV MAC SOURCE PREFIX
				a router's advertisement: PREFIX is on the link, addresses
				are made of it, and SOURCE is the default router
	dhcp6 CLIENT DEV SERVER DEV
				a client asks all DHCPv6 servers, one of them answers; who
				heard whom
"""
import contextlib
import errno
import fcntl
import os
import select
import socket
import struct
import time

import craft
import frames
import nlraw
import wire
from headers import IP6, ip, mac

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000
PREFIX_INFO, ON_LINK_AND_AUTONOMOUS = 3, 0xc0


@contextlib.contextmanager
def inside(netns):
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    fd = os.open("/run/netns/" + netns, os.O_RDONLY)
    try:
        nlraw.setns(fd)
        yield
    finally:
        nlraw.setns(own)
        os.close(fd)
        os.close(own)


class Tap:
    """As frames.py wants its sockets to be."""
    def __init__(self, netns, dev):
        with inside(netns):
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.fd, TUNSETIFF,
                        struct.pack("16sH22x", dev.encode(), IFF_TAP | IFF_NO_PI))

    def fileno(self):
        return self.fd

    def send(self, data):
        os.write(self.fd, data)

    def recvmsg(self, size, _):
        return os.read(self.fd, size), [], 0, (None, 0, 0)


def tap(netns, dev):
    frames.senders[netns, dev] = t = Tap(netns, dev)
    frames.listeners[netns, dev, frames.ETH_P_ALL] = (t, [])
    return "ok"


def bound(netns, addr, port, kind, end):
    """A socket. An address may be new, and looked for duplicates of."""
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    s = nlraw.socket_in(netns, family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    while True:
        try:
            s.bind((addr, port))
            return s
        except OSError as e:
            if e.errno != errno.EADDRNOTAVAIL or time.monotonic() > end:
                raise
        time.sleep(0.05)


def ends(src, dst, addr, kind, end, opt):
    """The asking socket, the listening one, and where the former turns to."""
    server = bound(dst, opt.get("at", addr), int(opt.get("on", 0)), kind, end)
    client = nlraw.socket_in(src, server.family, kind)
    if "from" in opt:
        client.bind(("", int(opt["from"])))
    return client, server, (addr, int(opt.get("port", server.getsockname()[1])))


def attempt(call, *args):
    """None if it did not work this time."""
    try:
        return call(*args)
    except (BlockingIOError, TimeoutError):
        return None
    except OSError as e:
        if e.errno not in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH,
                           errno.EADDRNOTAVAIL):
            raise
        return None


def datagram(src, dst, addr, *words):
    opt = wire.split(words)
    end = time.monotonic() + int(opt.get("ms", 1000 * craft.PATIENCE)) / 1000
    client, server, to = ends(src, dst, addr, socket.SOCK_DGRAM, end, opt)
    seen = "-"
    with client, server:
        client.setblocking(False)
        server.setblocking(False)
        while True:
            attempt(client.sendto, b"question", to)
            again = time.monotonic() + 0.3
            while time.monotonic() < again:
                select.select([client, server], [], [], 0.1)
                got = attempt(server.recvfrom, 100)
                if got:
                    if seen == "-" and "after" in opt:
                        end = time.monotonic() + int(opt["after"]) / 1000
                    seen = got[1][0]
                    attempt(server.sendto, b"answer", got[1])
                if attempt(client.recv, 100) == b"answer":
                    return "ok %s answered" % seen
            if time.monotonic() > end:
                return "ok %s silent" % seen


def pump(a, b, data):
    """How many of the bytes arrive as they were sent."""
    sent, got = 0, []
    left, end = len(data), time.monotonic() + 5 * craft.PATIENCE
    while left:
        r, w, _ = select.select([b], [a] if sent < len(data) else [], [], 1)
        if time.monotonic() > end:
            raise TimeoutError("after %d bytes" % (len(data) - left))
        if w:
            sent += a.send(data[sent:sent + 65536])
        if r:
            got.append(b.recv(1 << 18))
            if not got[-1]:
                break
            left -= len(got[-1])
    return len(data) - left if b"".join(got) == data else -1


def both(src, dst, addr, size, *words):
    end = time.monotonic() + craft.PATIENCE
    a, server, to = ends(src, dst, addr, socket.SOCK_STREAM, end, wire.split(words))
    with a, server:
        server.listen()
        server.settimeout(craft.PATIENCE)
        a.settimeout(craft.PATIENCE)
        a.connect(to)
        b, source = server.accept()
        with b:
            a.setblocking(False)
            b.setblocking(False)
            data = (bytes(range(251)) * (int(size) // 251 + 1))[:int(size)]
            return "ok %d %d %s" % (pump(a, b, data), pump(b, a, data), source[0])


def refused(src, dst, addr, *words):
    end = time.monotonic() + craft.PATIENCE
    a, server, to = ends(src, dst, addr, socket.SOCK_STREAM, end, wire.split(words))
    with a, server:
        server.listen()
        a.settimeout(1)         # when a SYN without an answer would be sent again
        try:
            a.connect(to)
            return "ok connected"
        except ConnectionRefusedError:
            return "ok refused"
        except TimeoutError:
            return "ok silent"


def advertise(netns, dev, hw, source, prefix):
    options = craft.lladdr(craft.SLLA, mac(hw)) + struct.pack(
        "!BBBBIII", PREFIX_INFO, 4, 64, ON_LINK_AND_AUTONOMOUS, 3600, 1800, 0) + ip(prefix)
    packet = craft.icmp6(source, "ff02::1", craft.RA,
                         struct.pack("!BBHII", 64, 0, 1800, 0, 0) + options)
    frames.sender(netns, dev).send(
        craft.frame(mac(hw), IP6, packet, dst=mac("33:33:00:00:00:01")))
    return "ok"


def dhcp6(client, client_dev, server, server_dev):
    """Ports and groups are DHCPv6's, the messages are not: only servers read these."""
    a, b = (nlraw.socket_in(n, socket.AF_INET6, socket.SOCK_DGRAM) for n in (client, server))
    with a, b:
        for s, dev, port in (a, client_dev, 546), (b, server_dev, 547):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode() + b"\0")
            s.bind(("::", port))
            s.settimeout(craft.PATIENCE)
        with inside(server):
            index = socket.if_nametoindex(server_dev)
        b.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                     ip("ff02::1:2") + struct.pack("=i", index))
        a.sendto(b"solicit", ("ff02::1:2", 547))
        what, source = b.recvfrom(100)
        b.sendto(b"advertise", source)
        return "ok %s from %s, %s" % (what.decode(), source[0].split("%")[0],
                                      a.recv(100).decode())


REQUESTS = dict(frames.REQUESTS, sniff=craft.sniff, question=craft.question, pmtu=wire.pmtu,
                datagram=datagram, both=both, refused=refused, tap=tap, advertise=advertise,
                dhcp6=dhcp6)


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    # what one CPU sends it delivers in order
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    nlraw.serve(handle)
