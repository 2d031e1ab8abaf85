#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What frames.py does, and besides

	make NETNS IFINDEX KIND N
				make N "peers" or "entries" of a network, "ports" of it (of
				devices that are there, from index 20000 on) or "networks", as
				far as the kernel lets; how many were made, and the error of
				the next
	flags NETNS IFINDEX DEV VALUE/SELECTOR
				set flags of a port; the error, and what is said of it
"""
import ctypes
import errno
import gc
import struct

import frames
import nlraw

NEWLINK, IFNAME, LINKINFO = 16, 3, 18
made, sockets = {}, {}


def command(name, net, *words):
    names = nlraw.ATTRS[name.split("_")[0]]
    return nlraw.CMDS.index(name), b"".join(nlraw.encode(names, w)
                                            for w in ("NET=u32:" + net,) + words)


def peer(net, i):
    return command("PEER_ADD", net, "ADDR=ip:198.18.%d.%d" % divmod(i + 1, 256))


def entry(net, i):
    """With two addresses."""
    return command("FDB_ADD", net, "MAC=hex:02dd%08x" % i, "SELF=flag:",
                   "IP=ip:198.19.%d.%d" % divmod(i + 1, 256), "IP=ip:2001:db8:fdb::%x" % i)


def port(net, i):
    return command("PORT_ADD", net, "DEV=u32:%d" % (20000 + i))


def network(_, i):
    return NEWLINK, (struct.pack("=BxHiII", 0, 0, 0, 0, 0)
                     + nlraw.attribute(IFNAME, b"lim%d\0" % i)
                     + nlraw.attribute(LINKINFO, nlraw.attribute(1, b"ctnet\0")))


KINDS = {"peers": peer, "entries": entry, "ports": port, "networks": network}


def make(netns, net, kind, n):
    if netns not in sockets:
        sockets[netns] = nlraw.Generic(netns), nlraw.Netlink(netns, nlraw.NETLINK_ROUTE)
    generic, route = sockets[netns]
    first = made.setdefault(kind, 0)
    error = 0
    for i in range(first, first + int(n)):
        what, payload = KINDS[kind](net, i)
        if kind == "networks":
            error = route.ask(what, nlraw.F_EXCL_CREATE, payload)[0]
        else:
            error = generic.command(what, 0, payload)[0]
        if error:
            break
        made[kind] = i + 1
    return "ok %d %s" % (made[kind] - first, errno.errorcode.get(error, error))


def flags(netns, net, dev, bits):
    what, payload = command("PORT_SET", net, "DEV=u32:" + dev, "FLAGS=bits:" + bits)
    error, ack, _ = nlraw.Generic(netns).command(what, 0, payload)
    return "ok %s %s" % (errno.errorcode.get(error, error), ack)


def hoard():
    """From here on memory is had of what is had already: where the kernel gives none, who
    touches a page that is not there does so for ever. With PYTHONMALLOC=malloc in the
    environment all that Python wants is malloc's, which keeps what it had."""
    libc = ctypes.CDLL(None, use_errno=True)
    trim_threshold, mmap_max, mcl_current = -1, -4, 1
    libc.mallopt(trim_threshold, 1 << 30)
    libc.mallopt(mmap_max, 0)
    had = b"x" * (16 << 20)
    del had
    gc.disable()
    if libc.mlockall(mcl_current):
        raise OSError(ctypes.get_errno(), "mlockall")


REQUESTS = dict(frames.REQUESTS, make=make, flags=flags)


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    hoard()
    nlraw.serve(handle)
