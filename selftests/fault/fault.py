#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Has the allocations of a command fail, one after the other, for fault.sh.

The kernel lets the Nth allocation of a thread fail that writes N to its fail-nth. Each
command is run with N = 1, 2, 3 and so on, until it gets through and the counter says
that no allocation has failed. Each time it must have failed whole or succeeded whole:
what there is (faultstate.py) is as it was before, or as it is after an undisturbed run.

Reads requests from stdin, a line each, and answers each with a line:

	titles NETNS		the netlink commands there are
	walk NETNS NAME		one of them
	namespaces STRIDE	unshare(CLONE_NEWNET), of its allocations each STRIDE-th
	load FILE		finit_module, delete_module

The answer is "ok N M L": of N allocations that failed, M were survived, L cost the answer
(of load "ok N M N M": of load and unload); or what went wrong.
"""
import ctypes
import errno
import gc
import os
import socket
import struct

import nlraw
from faultstate import NEWNET, Asker, State, libc
from nlraw import CMDS, attribute, ip

NEWLINK, DELLINK, GETLINK, SETLINK = 16, 17, 18, 19
NEWNEIGH, DELNEIGH, GETNEIGH = 28, 29, 30
CREATE, EXCL, REPLACE, APPEND = 0x400, 0x200, 0x100, 0x800
IFF_UP, NTF_SELF, NUD_PERMANENT, AF_BRIDGE = 1, 2, 0x80, 7
IFLA_MTU, IFLA_MASTER, NDA_DST, NDA_LLADDR, NDA_IFINDEX = 4, 10, 1, 2, 8
# of net0, as in fault.sh: one that follows peers and routes would do so some time later
MTU = 1400
MAX = 20000     # no command makes so many allocations


class Fault:
    """The counter of this thread."""

    def __init__(self):
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def arm(self, n):
        os.pwrite(self.fd, b"%d" % n, 0)

    def hit(self):
        """Disarms it; whether an allocation was made to fail."""
        left = int(os.pread(self.fd, 16, 0))
        os.pwrite(self.fd, b"0", 0)
        return not left


# ------------------------------------------------------------------- requests

def genl(cmd, *attrs, flags=0):
    names = nlraw.ATTRS[cmd.split("_")[0]]
    payload = struct.pack("=BBH", CMDS.index(cmd), 1, 0)
    return "ge", nlraw.Generic.family, flags, \
        payload + b"".join(nlraw.encode(names, a) for a in attrs)


def ifinfo(index=0, flags=0, change=0):
    return struct.pack("=BxHiII", 0, 0, index, flags, change)


def link_info(*attrs, kind=b"ctnet"):
    data = b"".join(nlraw.encode(nlraw.ATTRS["NEWLINK"], a) for a in attrs)
    return attribute(18, attribute(1, kind + b"\0") + (attribute(2, data) if data else b""))


def name(text):
    return attribute(3, text.encode() + b"\0")


def mac(last):
    return attribute(1, b"\x02\xaa\0\0\0" + bytes([last]))


def neigh(index, mac_text, *attrs, state=NUD_PERMANENT):
    return struct.pack("=BxxxiHBB", AF_BRIDGE, index, state, NTF_SELF, 0) + \
        attribute(NDA_LLADDR, bytes.fromhex(mac_text.replace(":", ""))) + b"".join(attrs)


ALL = ("VNI=u32:200", "LOCAL=ip:192.0.2.1", "LOCAL6=ip:2001:db8::1", "DSTPORT=u16:5000",
       "LEARNING=u8:0", "AGEING=u32:60", "FLOOD=u8:0", "MAX_FDB=u32:99", "SUPPRESS=u8:0",
       "TTL=u16:9", "TOS=u16:8", "DF=u8:1", "UDP_CSUM=u8:0", "MTU_AUTO=u8:1", "MARK=u32:7")
M, S = "MAC=hex:02bb00000002", "MAC=hex:02bb00000001"
K, ZERO = "02:bb:00:00:00:03", "00:00:00:00:00:00"


def commands(i):
    """By name: the request, what precedes it, what takes it back. i: interface indices."""
    net, dev, free = "NET=u32:%d" % i["net0"], "DEV=u32:%d" % i["p1"], "DEV=u32:%d" % i["p2"]
    port = "PORT=u32:%d" % i["p1"]
    peer = "ADDR=ip:192.0.2.2"
    ips = ["IP=ip:203.0.113.6", "IP=ip:203.0.113.7", "IP=ip:2001:db8:1::6"]
    entry = genl("FDB_ADD", net, M, port, *ips[:2])
    no_entry = genl("FDB_DEL", net, M)
    base = genl("FDB_SET", net, S, port, "IP=ip:203.0.113.5")

    def link(index, *attrs, flags=0, change=0, kind=NEWLINK):
        return "rt", kind, 0, ifinfo(index, flags, change) + b"".join(attrs)

    def new(text, last, *info, attrs=b"", kind=b"ctnet"):
        return "rt", NEWLINK, CREATE | EXCL, ifinfo() + name(text) + mac(last) + attrs + \
            link_info(*info, kind=kind)

    def made(text):
        return "rt", DELLINK, 0, ifinfo() + name(text)

    def entry_rt(kind, flags, mac_text, *attrs):
        return "rt", kind, flags, neigh(i["net0"], mac_text, *attrs)

    def u32(kind, value):
        return attribute(kind, struct.pack("=I", value))

    c = {
        "NET_GET": (genl("NET_GET", "IFINDEX=u32:%d" % i["net0"]), [], []),
        "PORT_ADD": (genl("PORT_ADD", net, free, "FLAGS=bits:12/31"), [],
                     [genl("PORT_DEL", net, free)]),
        "PORT_SET": (genl("PORT_SET", net, dev, "FLAGS=bits:12/31"), [],
                     [genl("PORT_SET", net, dev, "FLAGS=bits:3/31")]),
        "PORT_DEL": (genl("PORT_DEL", net, dev), [], [genl("PORT_ADD", net, dev), base]),
        "PORT_GET": (genl("PORT_GET", net, dev), [], []),
        "PEER_ADD": (genl("PEER_ADD", net, "ADDR=ip:192.0.2.9", "DSTPORT=u16:4790"), [],
                     [genl("PEER_DEL", net, "ADDR=ip:192.0.2.9")]),
        "PEER_ADD_6": (genl("PEER_ADD", net, "ADDR=ip:2001:db8::9"), [],
                       [genl("PEER_DEL", net, "ADDR=ip:2001:db8::9")]),
        "PEER_DEL": (genl("PEER_DEL", net, peer), [],
                     [genl("PEER_ADD", net, peer),
                      genl("FDB_ADD", net, "MAC=hex:02bb00000005", "PEER=ip:192.0.2.2")]),
        "PEER_GET": (genl("PEER_GET", net, peer), [], []),
        "FDB_ADD": (genl("FDB_ADD", net, M, port, *ips), [], [no_entry]),
        "FDB_SET": (genl("FDB_SET", net, M, "PEER=ip:192.0.2.2", *ips[1:]),
                    [entry], [no_entry]),
        "FDB_SET_NEW": (genl("FDB_SET", net, M, "SELF=flag:", *ips), [], [no_entry]),
        "FDB_DEL": (no_entry, [entry], []),
        "FDB_GET": (genl("FDB_GET", net, S), [], []),
        "FDB_FLUSH": (genl("FDB_FLUSH", net), [entry],
                      [base, genl("FDB_ADD", net, "MAC=hex:02bb00000005", "PEER=ip:192.0.2.2")]),
        "newlink": (new("net9", 9), [], [made("net9")]),
        "newlink_all": (new("net9", 9, *ALL, "UNDERLAY=u32:%d" % i["ul0"],
                            attrs=u32(IFLA_MTU, 1300)), [], [made("net9")]),
        "dellink": (made("net9"), [new("net9", 9, *ALL)], []),
        "dellink_port": (made("p9"), [new("p9", 8, kind=b"dummy"), (
            "rt", NEWLINK, 0, ifinfo() + name("p9") + u32(IFLA_MASTER, i["net0"]))], []),
        "mac": (link(i["net0"], mac(9)), [], [link(i["net0"], mac(1))]),
        "mtu": (link(i["net0"], u32(IFLA_MTU, 1234)), [],
                [link(i["net0"], u32(IFLA_MTU, MTU))]),
        "down": (link(i["net0"], change=IFF_UP), [],
                 [link(i["net0"], flags=IFF_UP, change=IFF_UP)]),
        "up": (link(i["net1"], flags=IFF_UP, change=IFF_UP), [], [link(i["net1"], change=IFF_UP)]),
        "master": (link(i["p2"], u32(IFLA_MASTER, i["net0"]), kind=SETLINK), [],
                   [genl("PORT_DEL", net, free)]),
        "nomaster": (link(i["p1"], u32(IFLA_MASTER, 0), kind=SETLINK), [],
                     [genl("PORT_ADD", net, dev), base]),
        "fdb_add": (entry_rt(NEWNEIGH, CREATE | EXCL, K, attribute(NDA_DST, ip("192.0.2.2"))),
                    [], [entry_rt(DELNEIGH, 0, K)]),
        "fdb_replace": (entry_rt(NEWNEIGH, CREATE | REPLACE, K),
                        [entry_rt(NEWNEIGH, CREATE | EXCL, K, u32(NDA_IFINDEX, i["p1"]))],
                        [entry_rt(DELNEIGH, 0, K)]),
        "fdb_replace_ips": (entry_rt(NEWNEIGH, CREATE | REPLACE, "02:bb:00:00:00:02"),
                            [entry], [no_entry]),
        "fdb_append": (entry_rt(NEWNEIGH, CREATE | APPEND, ZERO,
                                attribute(NDA_DST, ip("192.0.2.8"))),
                       [], [genl("PEER_DEL", net, "ADDR=ip:192.0.2.8")]),
        "fdb_del": (entry_rt(DELNEIGH, 0, K), [entry_rt(NEWNEIGH, CREATE | EXCL, K)], []),
        "fdb_dump": (("rt", GETNEIGH, nlraw.F_DUMP,
                      struct.pack("=BxxxiHBB", AF_BRIDGE, 0, 0, 0, 0)), [], []),
        "getlink": (("rt", GETLINK, 0, ifinfo(i["net0"])), [], []),
    }
    for kind in "NET", "PORT", "PEER", "FDB", "VTEP":
        c[kind + "_GET_dump"] = (genl(kind + "_GET", flags=nlraw.F_DUMP), [], [])
    was = {"VNI": "VNI=u32:100", "LOCAL": "LOCAL=ip:192.0.2.1", "LOCAL6": "LOCAL6=ip:2001:db8::1",
           "DSTPORT": "DSTPORT=u16:4789", "LEARNING": "LEARNING=u8:1", "AGEING": "AGEING=u32:300",
           "FLOOD": "FLOOD=u8:1", "MAX_FDB": "MAX_FDB=u32:65536", "SUPPRESS": "SUPPRESS=u8:1",
           "UNDERLAY": "UNDERLAY=u32:0", "TTL": "TTL=u16:0", "TOS": "TOS=u16:0", "DF": "DF=u8:0",
           "UDP_CSUM": "UDP_CSUM=u8:1", "MTU_AUTO": "MTU_AUTO=u8:0",
           "MARK": "MARK=u32:0"}
    now = dict(a.split("=", 1) for a in ALL)
    now.update(LOCAL="ip:192.0.2.3", LOCAL6="ip:2001:db8::3",
               UNDERLAY="u32:%d" % i["ul0"])
    for key, old in was.items():
        c["set_" + key.lower()] = (link(i["net0"], link_info(key + "=" + now[key])), [],
                                   [link(i["net0"], u32(IFLA_MTU, MTU), link_info(old))])
    return c


class Walk:
    def __init__(self, netns):
        self.fault, self.netns = Fault(), netns
        self.watch = nlraw.Generic(netns)
        self.watch.sock.setsockopt(nlraw.SOL_NETLINK, nlraw.ADD_MEMBERSHIP, nlraw.Generic.group)
        self.watch.sock.setblocking(False)
        self.socks = {"ge": Asker(netns, nlraw.NETLINK_GENERIC),
                      "rt": Asker(netns, nlraw.NETLINK_ROUTE)}
        self.state = State([netns])

    def ask(self, request, *fault):
        return self.socks[request[0]].ask(request, *fault)

    def must(self, requests):
        for r in requests:
            error, _, _ = self.ask(r)
            if error:
                raise RuntimeError("%s: error %s" % (r, error))

    def events(self):
        """(what was told, whether some was missed)"""
        told, missed = [], False
        while True:
            try:
                for kind, _, _, data in self.watch.messages():
                    if kind == nlraw.Generic.family:
                        told.append(self.state.event(CMDS[data[0]], data[4:]))
            except BlockingIOError:
                return told, missed
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
                missed = True

    def run(self, title):
        indices = self.state.links(self.netns)
        request, before, back = commands(indices)[title]
        self.back = back
        self.must(before)
        base = self.state.read()
        self.events()
        error, reply, _ = self.ask(request)
        if error:
            return "%s is refused without any fault: error %s" % (title, error)
        after, told = self.state.read(), self.events()[0]
        reply = self.state.replies(reply)
        n = failed = survived = lost = 0
        fresh = False       # whether base is there
        while n < MAX:
            n += 1
            if not fresh:
                self.must(back)
                self.must(before)
                self.state.names()
                self.events()
            error, got, hit = self.ask(request, self.fault, n)
            now = self.state.read()
            events, missed = self.events()
            where = "%s, allocation %d: " % (title, n)
            fresh = bool(error) and now == base
            if error and error != "lost":
                if now != base:
                    return where + "error %s, and yet: %s" % (error, self.state.diff(base, now))
                if not missed and events and not self.balanced(events):
                    return where + "error %s, and yet it told of %s" % (error, events)
            elif error and now not in (base, after):
                return where + "half of it: %s" % self.state.diff(after, now)
            elif not error and now != after:
                return where + "success, but: %s" % self.state.diff(after, now)
            elif not error and self.state.replies(got) != reply:
                return where + "success, and another answer: %s, not %s" % (
                    self.state.replies(got), reply)
            if now == after and base != after and not missed and events != told:
                return where + "it told of %s, not of %s" % (events, told)
            if not hit:
                break
            failed += 1
            lost += error == "lost"
            survived += not error
            if fresh:
                # it works after a failure
                error, _, _ = self.ask(request)
                now = self.state.read()
                if error or now != after:
                    return where + "again, without a fault: error %s %s" % (
                        error, self.state.diff(after, now))
                if self.events()[0] != told:
                    return where + "again, without a fault: other events"
                fresh = False
        self.must(back)
        if n == MAX:
            return title + ": the allocations have no end"
        return "ok %d %d %d" % (failed, survived, lost)

    @staticmethod
    def balanced(events):
        """What came is gone again."""
        return [e[0] for e in events] == ["NET_NEW_NTF", "NET_DEL_NTF"]


walks = {}


def walk(netns, title):
    gc.disable()
    if netns not in walks:
        walks[netns] = Walk(netns)
    w = walks[netns]
    result = w.run(title)
    if not result.startswith("ok"):
        for request in w.back:
            w.ask(request)
    gc.collect()
    return result


def titles(netns):
    if netns not in walks:
        walks[netns] = Walk(netns)
    return "ok " + " ".join(commands(walks[netns].state.links(netns)))


# --------------------------------------------------- namespaces and the module

def namespaces(stride):
    """Making one fails or succeeds; one that was made takes a network."""
    fault, own = Fault(), os.open("/proc/self/ns/net", os.O_RDONLY)
    failed = survived = 0
    n, hit = 1, True
    while hit and n < MAX:
        fault.arm(n)
        ret = libc.unshare(NEWNET)
        hit = fault.hit()
        error = 0
        if not ret:
            error = new_network()
            libc.setns(own, NEWNET)
        if error:
            return "allocation %d: a namespace takes no network: error %s" % (n, error)
        failed += hit
        survived += hit and not ret
        n += int(stride)
    os.close(own)
    return "ok %d %d 0" % (failed, survived)


def new_network():
    own = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nlraw.NETLINK_ROUTE)
    own.bind((0, 0))
    payload = ifinfo() + name("net0") + link_info(*ALL)
    own.send(struct.pack("=IHHII", 16 + len(payload), NEWLINK,
                         CREATE | EXCL | nlraw.F_REQUEST | nlraw.F_ACK, 1, 0) + payload)
    error = -struct.unpack_from("=i", own.recv(1 << 12), 16)[0]
    own.close()
    return error


FINIT_MODULE = {"x86_64": 313, "aarch64": 273, "riscv64": 273}
DELETE_MODULE = {"x86_64": 176, "aarch64": 106, "riscv64": 106}
DEBUG = "/sys/kernel/debug"
JITTER = 50     # by so many the allocations of two loads differ
AWAY = 8        # so many allocations in a row that are not ours: the module's own are done


def loaded():
    """What there is of the module."""
    with open("/proc/slabinfo", encoding="ascii") as f:
        there = [line.split()[0] for line in f if line.startswith("ctnet")]
    if os.path.exists("/sys/module/ctnet"):
        there.append("module")
    return sorted(there)


class Module:
    """Loads and unloads it. The loader makes hundreds of allocations before the module's
    own function is called, and warns where some of them fail. So those are sought that are
    made from that function: the last ones; the kernel's log has the way to each. Not to
    those whose caller wants no warning, most of them the instruments' own: where these
    were made is not known, and says nothing of where the module's own begin."""

    def __init__(self, path):
        self.fault = Fault()
        self.file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)

    def said(self):
        """What the kernel said meanwhile."""
        text = []
        while True:
            try:
                text.append(os.read(self.log, 8192).decode(errors="replace"))
            except BlockingIOError:
                return "".join(text)
            except BrokenPipeError:
                continue

    def load(self, n=0):
        """(errno, what is left of N, whether the allocation was one of the module's own:
        None if that is not known)"""
        self.said()
        for kind in "failslab", "fail_page_alloc":
            with open("%s/%s/verbose" % (DEBUG, kind), "w", encoding="ascii") as f:
                f.write("2" if n else "0")
        self.fault.arm(n)
        ret = libc.syscall(FINIT_MODULE[os.uname().machine], self.file, b"", 0)
        error = ctypes.get_errno() if ret else 0
        left = int(os.pread(self.fault.fd, 16, 0))
        self.fault.arm(0)
        said = self.said()
        known = "name failslab" in said or "name fail_page_alloc" in said
        return error, left, " ctnet_init" in said if known else None

    def unload(self, n):
        """(errno, whether an allocation failed)"""
        self.fault.arm(n)
        ret = libc.syscall(DELETE_MODULE[os.uname().machine], b"ctnet", os.O_NONBLOCK)
        error = ctypes.get_errno() if ret else 0
        return error, self.fault.hit()


def load(path):
    m = Module(path)
    error, left, _ = m.load(MAX * 10)
    if error:
        return "it does not load: error %d" % error
    whole = loaded()
    n, away, seen, unload = MAX * 10 - left + JITTER, 0, False, 1
    counts = {"load": [0, 0], "unload": [0, 0]}
    while away < AWAY and n > 0:
        # with a network in it
        error = new_network()
        if error:
            return "allocation %d: it is loaded, and makes no network: error %d" % (n, error)
        error, hit = m.unload(unload)
        if error or loaded():
            return "unload, allocation %d: error %d, left: %s" % (unload, error, loaded())
        counts["unload"][0] += hit
        counts["unload"][1] += hit
        unload = unload + 1 if hit else 1
        error, left, ours = m.load(n)
        there = loaded()
        if there != ([] if error else whole):
            return "load, allocation %d: error %d, and there is: %s" % (n, error, there)
        if error and m.load()[0]:
            return "load, allocation %d: it does not load afterwards" % n
        if ours:
            seen, away = True, 0
            counts["load"][0] += 1
            counts["load"][1] += not error
        elif seen and ours is not None:
            away += 1
        n -= 1
    if not seen:
        return "no allocation of the module's own was found"
    return "ok " + " ".join("%d %d" % tuple(c) for c in counts.values())


REQUESTS = {"walk": walk, "titles": titles, "namespaces": namespaces, "load": load}


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    nlraw.serve(handle)
