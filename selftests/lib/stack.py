#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What frames.py does, and besides

	dump NETNS N		dump the table in small pieces; how many entries there are,
				and what the first and the last quarter of N of them took
				the kernel, in microseconds
	change NETNS [dump=COMMAND] [only=ATTRIBUTE] WHAT...
				in the middle of such a dump, or of another one, WHAT: a
				request as nlraw.py has it, or "learn NETNS DEV MAC NET", a
				frame that teaches the network NET a MAC; whether the dump said that it was
				interrupted
	garbage NETNS DST N SEED [DEV]
				send N random VXLAN datagrams to DST, or with DEV random
				frames out of DEV; the same for the same SEED
"""
import random
import socket
import struct
import time

import frames
import nlraw
from headers import TYPE, mac, vxlan

# about eighty entries
PIECE = 4096
FDB_GET = nlraw.CMDS.index("FDB_GET")
# what a parser may take for the beginning of something
TYPES = 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x88b5, 0x0004


class Dump:
    """Of a namespace's tables, a piece at a time."""

    def __init__(self, netns, command=FDB_GET, payload=b""):
        # The kernel makes the pieces as large as any buffer that a socket ever had: one
        # that has asked for the family had a large one.
        nlraw.Generic(netns).sock.close()
        self.nl = nlraw.Generic(netns)
        self.took = 0
        self.nl.sock.send(struct.pack("=IHHIIBBH", 20 + len(payload), nlraw.Generic.family,
                                      nlraw.F_REQUEST | nlraw.F_DUMP, 1, 0, command, 1, 0) +
                          payload)

    def pieces(self):
        """Of each: how many entries, and whether it says that something changed."""
        done = False
        while not done:
            start = time.monotonic()
            data = self.nl.sock.recv(PIECE)
            self.took += time.monotonic() - start
            n, intr, at = 0, False, 0
            while at < len(data):
                length, kind, flags = struct.unpack_from("=IHH", data, at)
                if kind == nlraw.NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("=i", data, at + 16)[0], "dump")
                intr |= bool(flags & nlraw.F_DUMP_INTR)
                done |= kind == nlraw.NLMSG_DONE
                n += kind != nlraw.NLMSG_DONE
                at += (length + 3) & ~3
            yield n, intr


def dump(netns, want):
    d, want, n, marks = Dump(netns), int(want), 0, [0.0]
    for got, _ in d.pieces():
        n += got
        while len(marks) < 5 and n >= want * len(marks) // 4:
            marks.append(d.took)
    if len(marks) < 5:
        return "ok %d" % n
    return "ok %d %d %d" % (n, (marks[1] - marks[0]) * 1e6, (marks[4] - marks[3]) * 1e6)


def learn(host, netns, dev, hw, net):
    """Returns once the entry is there."""
    hw = mac(hw)
    frames.sender(netns, dev).send(b"\xff" * 6 + hw + struct.pack("!H", TYPE) + b"\0" * 46)
    attrs = nlraw.attribute(1, struct.pack("=I", int(net))) + nlraw.attribute(2, hw)
    end = time.monotonic() + 10
    while nlraw.Generic(host).command(FDB_GET, 0, attrs)[0]:
        if time.monotonic() > end:
            raise TimeoutError("the MAC is not learned")


def change(netns, *what):
    opts = dict(w.split("=", 1) for w in what if w.startswith(("dump=", "only=")))
    command, *attrs = [w for w in what if not w.startswith(("dump=", "only="))]
    shown = opts.get("dump", "FDB_GET")
    only = nlraw.encode(nlraw.ATTRS["FDB"], opts["only"]) if "only" in opts else b""
    d, names = Dump(netns, nlraw.CMDS.index(shown), only), nlraw.ATTRS.get(command.split("_")[0])
    pieces = d.pieces()
    early = next(pieces)[1]
    error = 0
    if command == "learn":
        learn(netns, *attrs)
    elif command != "nothing":
        error, ack, _ = nlraw.Generic(netns).command(
            nlraw.CMDS.index(command), 0, b"".join(nlraw.encode(names, a) for a in attrs))
    if error:
        raise OSError(error, "%s: %s" % (command, ack))
    rest = [intr for _, intr in pieces]
    return "ok %s%s" % ("interrupted" if any(rest) else "whole", " early" if early else "")


def garbage(netns, dst, n, seed, dev=None):
    rnd = random.Random(int(seed))
    if dev:
        sock = frames.sender(netns, dev)
    else:
        sock = nlraw.socket_in(netns, socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((dst, 4789))
    for _ in range(int(n)):
        macs = rnd.choice((b"\xff" * 6, b"\x33\x33\x00\x00\x00\x01", rnd.randbytes(6)))
        macs += b"\x02" + rnd.randbytes(5)
        rest = b""
        for _ in range(rnd.choice((1, 1, 1, 2, 3))):
            rest += struct.pack(">H", rnd.choice(TYPES)) + rnd.randbytes(2)
        rest = rest[:-2]
        # an IP header that says how long it is, or lies
        rest += bytes([rnd.choice((0x45, 0x4f, 0x60, 0x00))]) + rnd.randbytes(rnd.randrange(120))
        frame = macs + rest
        if dev:
            sock.send(frame.ljust(14, b"\0"))
            continue
        head = vxlan(100)
        if not rnd.randrange(8):
            head = rnd.randbytes(8)
        sock.send((head + frame)[:rnd.choice((None, None, None, rnd.randrange(40)))])
    return "ok"


REQUESTS = dict(frames.REQUESTS, dump=dump, change=change, garbage=garbage)


def handle(line):
    words = line.split()
    return REQUESTS[words[0]](*words[1:])


if __name__ == "__main__":
    nlraw.serve(handle)
