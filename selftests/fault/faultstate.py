# SPDX-License-Identifier: GPL-2.0
"""What there is in network namespaces: links, the objects of ctnet, UDP sockets, and in
containers addresses and routes. For comparing: without what changes by itself, and with
names in the place of interface indices and of names that are made up.
"""
import ctypes
import errno
import os
import re
import socket
import struct

import nlraw
from nlraw import ATTRS, CMDS, F_DUMP, attributes

NEWNET = nlraw.CLONE_NEWNET
NEWLINK, GETLINK, GETADDR, GETROUTE, NEWNEIGH = 16, 18, 22, 26, 28
RTA_GATEWAY, RT_TABLE_MAIN, ARPHRD_ETHER = 5, 254, 1
libc = ctypes.CDLL(None, use_errno=True)

# IFLA_: counters, padding, operational state, maps, what is per address family, and what depends
# on how often the carrier changed
LINK_SKIP = {7, 14, 16, 23, 26, 35, 42, 47, 48}
IFNAME, ADDRESS, LINK, MASTER, NETNSID, PERM_ADDRESS, PROP_LIST = 3, 1, 5, 10, 37, 54, 52
# IFF_RUNNING, IFF_LOWER_UP, IFF_DORMANT follow from work that is done later
FLAGS_SKIP = 0x40 | 0x10000 | 0x20000
MADE_UP = re.compile(r"^ct[0-9a-f]{10}$")
# attributes that are interface indices
INDICES = {"NET": ("IFINDEX", "UNDERLAY"), "PORT": ("NET", "DEV"), "PEER": ("NET",),
           "FDB": ("NET", "PORT"), "VTEP": ("UNDERLAY",)}
VOLATILE = dict(nlraw.VOLATILE, VTEP=("DROPS",))


class in_netns:
    """with in_netns(NAME): this thread is there."""

    def __init__(self, netns):
        self.path = "/run/netns/" + netns

    def __enter__(self):
        self.own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        fd = os.open(self.path, os.O_RDONLY)
        libc.setns(fd, NEWNET)
        os.close(fd)

    def __exit__(self, *_):
        libc.setns(self.own, NEWNET)
        os.close(self.own)


class Asker:
    """A netlink socket that makes one request at a time, with nothing between that needs memory."""

    def __init__(self, netns, proto):
        self.sock = nlraw.socket_in(netns, socket.AF_NETLINK, socket.SOCK_RAW, proto)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 20, 0))
        for opt in nlraw.CAP_ACK, nlraw.EXT_ACK, nlraw.GET_STRICT_CHK:
            self.sock.setsockopt(nlraw.SOL_NETLINK, opt, 1)
        self.sock.bind((0, 0))
        self.seq = 0
        self.bufs = [bytearray(1 << 16) for _ in range(8)]

    def ask(self, request, fault=None, n=0):
        """(error, replies, hit): error is that of the answer, "lost" if none came."""
        _, kind, flags, payload = request
        self.seq += 1
        seq = self.seq
        dump = flags & F_DUMP == F_DUMP and kind not in (NEWLINK, NEWNEIGH)
        data = struct.pack("=IHHII", 16 + len(payload), kind, flags | nlraw.F_REQUEST |
                           (0 if dump else nlraw.F_ACK), seq, 0) + payload
        sent, error, done, got, hit = False, None, False, [], False
        send, bufs, recv = self.sock.send, self.bufs, self.sock.recv_into
        if fault:
            fault.arm(n)
        try:
            send(data)
            sent = True
            for buf in bufs:
                size = recv(buf)
                got.append((buf, size))
                if last(buf, size, seq):
                    done = True
                    break
        except OSError as e:
            error = e.errno
        finally:
            if fault:
                hit = fault.hit()
        if sent and error is None and not done:
            raise RuntimeError("an answer of more than %d messages" % len(bufs))
        if sent and error == errno.ENOBUFS:
            return "lost", [], hit
        if error is not None:
            return error, [], hit
        replies, self.interrupted = [], False
        for buf, size in got:
            for kind, flags, msg_seq, data in messages(buf, size):
                if msg_seq != seq:
                    continue
                self.interrupted |= bool(flags & nlraw.F_DUMP_INTR)
                if kind in (nlraw.NLMSG_ERROR, nlraw.NLMSG_DONE):
                    error = -struct.unpack_from("=i", data)[0] if len(data) >= 4 else 0
                    return error, replies, hit
                replies.append((kind, data))
        raise RuntimeError("no answer")


def messages(buf, size):
    at = 0
    while size - at >= 16:
        length, kind, flags, seq = struct.unpack_from("=IHHI", buf, at)
        yield kind, flags, seq, bytes(buf[at + 16:at + length])
        at += (length + 3) & ~3


def last(buf, size, seq):
    """Whether this datagram ends the answer."""
    at = 0
    while size - at >= 16:
        length, kind, _, msg_seq = struct.unpack_from("=IHHI", buf, at)
        if msg_seq == seq and kind in (nlraw.NLMSG_ERROR, nlraw.NLMSG_DONE):
            return True
        at += (length + 3) & ~3
    return False


class State:
    def __init__(self, hosts, containers=()):
        self.hosts, self.containers = hosts, containers
        self.rt = {n: Asker(n, nlraw.NETLINK_ROUTE) for n in (*hosts, *containers)}
        self.ge = {n: Asker(n, nlraw.NETLINK_GENERIC) for n in hosts}
        self.index, self.made_up = {}, set()
        nlraw.Generic(hosts[0])     # finds the family

    @staticmethod
    def dump(sock, kind, payload):
        """Asks again where things changed meanwhile."""
        while True:
            error, replies, _ = sock.ask((None, kind, F_DUMP, payload))
            if error:
                raise RuntimeError("a dump: error %s" % error)
            if not sock.interrupted:
                return [data for _, data in replies]

    def links(self, netns):
        """Names to indices, as they are now."""
        found, self.raw, self.made_up = {}, [], set()
        for data in self.dump(self.rt[netns], GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)):
            _, kind, index, flags, _ = struct.unpack_from("=BxHiII", data)
            attrs = list(attributes(data[16:]))
            text = dict(attrs)[IFNAME].rstrip(b"\0").decode()
            found[text] = index
            if MADE_UP.match(text):
                self.made_up.add(dict(attrs)[ADDRESS])
            self.raw.append((index, text, kind, flags & ~FLAGS_SKIP, attrs))
        self.index = {i: "ct*" if MADE_UP.match(t) else t for t, i in found.items()}
        return found

    def names(self):
        for netns in self.hosts:
            self.links(netns)

    def link_state(self, netns):
        self.links(netns)
        for index, text, kind, flags, attrs in self.raw:
            # tunnels that modules make in each namespace are not of interest
            if kind != ARPHRD_ETHER:
                continue
            made_up = MADE_UP.match(text)
            values = []
            for t, v in attrs:
                if t in LINK_SKIP or t in (IFNAME, LINK, NETNSID):
                    continue
                if made_up and t in (ADDRESS, PERM_ADDRESS):
                    continue
                if t == MASTER:
                    v = self.index.get(struct.unpack("=I", v)[0])
                if made_up and t == PROP_LIST:  # an alternative name begins with the name
                    v = v.replace(text.encode(), b"ct*")
                values.append((t, v))
            yield "link", netns, self.index[index], kind, flags, sorted(values, key=repr)

    def attrs(self, obj, data):
        """The attributes of an object of ctnet, by name."""
        result = []
        for t, v in attributes(data):
            key = ATTRS[obj][t]
            if key in VOLATILE[obj]:
                continue
            if key in INDICES[obj]:
                v = self.index.get(struct.unpack("=I", v)[0], "(gone)")
            elif key in ("IFNAME", "DEVNAME") and MADE_UP.match(v.rstrip(b"\0").decode()):
                v = "ct*"
            elif key == "MAC" and v in self.made_up:
                v = "that of ct*"
            result.append((key, v))
        return result

    def objects(self, netns):
        for obj in VOLATILE:
            for data in self.dump(self.ge[netns], nlraw.Generic.family, struct.pack(
                    "=BBH", CMDS.index(obj + "_GET"), 1, 0)):
                found = self.attrs(obj, data[4:])
                if obj == "FDB" and not any(k == "STATIC" for k, _ in found):
                    continue
                yield obj, netns, found

    def sockets(self, netns):
        with in_netns(netns):
            for family in "udp", "udp6":
                with open("/proc/thread-self/net/" + family) as f:
                    for line in f.readlines()[1:]:
                        yield family, netns, line.split()[1]

    def inside(self, netns):
        """Of a container: addresses but those of the kernel's own making, default routes."""
        for data in self.dump(self.rt[netns], GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
            family, plen, _, scope, index = struct.unpack_from("=BBBBI", data)
            found = dict(attributes(data[8:]))
            if scope != 253:
                yield "addr", netns, self.index.get(index), family, plen, scope, found.get(1)
        for data in self.dump(self.rt[netns], GETROUTE, struct.pack("=BBBBBBBBI", *[0] * 9)):
            family, plen, _, _, table, *_ = struct.unpack_from("=BBBBBBBBI", data)
            found = dict(attributes(data[12:]))
            if not plen and table == RT_TABLE_MAIN and RTA_GATEWAY in found:
                yield "route", netns, family, found[RTA_GATEWAY]
        with in_netns(netns):
            try:
                with open("/proc/sys/net/ipv6/conf/eth0/autoconf") as f:
                    yield "autoconf", netns, f.read()
            except FileNotFoundError:
                pass

    def read(self):
        state = []
        for netns in self.hosts:
            state += self.link_state(netns)
            state += self.objects(netns)
            state += self.sockets(netns)
            state += self.addresses(netns)
        for netns in self.containers:
            state += self.link_state(netns)
            state += self.inside(netns)
        return sorted(map(repr, state))

    def addresses(self, netns):
        """Of the networks, which the tool gives them."""
        for data in self.dump(self.rt[netns], GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
            family, plen, _, scope, index = struct.unpack_from("=BBBBI", data)
            if scope != 253:
                yield "addr", self.index.get(index), family, plen, dict(attributes(data[8:])).get(1)

    def event(self, cmd, data):
        obj = cmd.split("_")[0]
        if obj not in VOLATILE:
            return cmd, data
        return cmd, repr(self.attrs(obj, data))

    def replies(self, replies):
        """Answers to a request, as far as they can be compared."""
        result = []
        for kind, data in replies:
            if kind == nlraw.Generic.family:
                cmd = CMDS[data[0]]
                result.append((cmd, self.attrs(cmd.split("_")[0], data[4:])))
            elif kind == 16:
                result.append(("link", struct.unpack_from("=BxHiII", data)[2:4], sorted(
                    t for t, _ in attributes(data[16:]))))
            else:
                result.append((kind, data[:16]))
        return sorted(map(repr, result))

    @staticmethod
    def diff(before, after):
        """What is gone, and what is new; of what only changed, the place."""
        gone = [s for s in before if s not in after]
        new = [s for s in after if s not in before]
        text = []
        for old in gone:
            same = [(len(os.path.commonprefix([old, s])), s) for s in new if s[:24] == old[:24]]
            at, now = max(same, default=(0, None))
            if now is None:
                text.append("gone: " + old[:200])
                continue
            new.remove(now)
            start = max(at - 60, 0)
            text.append("%s: %s became %s" % (old[:50], old[start:at + 60], now[start:at + 60]))
        return "; ".join(text + ["new: " + s[:200] for s in new])[:2000]
