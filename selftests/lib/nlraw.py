#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Generic netlink by hand: sends requests that no well-behaved program sends.

Reads requests from stdin, a line each, and answers each with a line:

	NETNS COMMAND [WORD...]

COMMAND is one of enum ctnet_cmd without its prefix, a number, NEWLINK (a network is
asked for over rtnetlink; its attributes are those of enum ctnet_ifla) or CHANGELINK
(net0 is to have other ones). WORD is

	dump, nobody		ask for a dump; ask as a user without privilege
	reserved=N, flags=N	of the generic netlink header, of the netlink header
	raw=HEX			bytes after the last attribute
	[!]NAME=KIND:VALUE	an attribute; with !, the one that is to be found at fault
	[!]link:NAME=...	one of the link itself: ADDRESS, MTU
	-NAME			an attribute that is not there, and is to be found missing

NAME is one of the enum for the command's object without its prefix, or a number. KIND
is u8, u16, u32, flag, hex, ip, bits:VALUE/SELECTOR, ips:N (N attributes with an address
each), or claim:LENGTH/HEX (the header claims another length than there is).

The answer is "ok N", with N messages received, or

	ERRNO offset=right|wrong|none miss=right|wrong|none changed=yes|no MESSAGE
"""
import errno
import os
import socket
import struct
import sys

CMDS = """UNSPEC NET_GET NET_NEW_NTF NET_SET_NTF NET_DEL_NTF PORT_ADD PORT_SET PORT_DEL
	PORT_GET PORT_ADD_NTF PORT_SET_NTF PORT_DEL_NTF PEER_ADD PEER_DEL PEER_GET
	PEER_ADD_NTF PEER_DEL_NTF FDB_ADD FDB_SET FDB_DEL FDB_GET FDB_FLUSH FDB_ADD_NTF
	FDB_SET_NTF FDB_DEL_NTF VTEP_GET MISS_NTF LOST_NTF""".split()
ATTRS = {
    "NET": "UNSPEC IFINDEX IFNAME MTU VNI LOCAL DSTPORT LEARNING AGEING FLOOD MAX_FDB"
           " SUPPRESS PORTS PEERS FDB_STATIC FDB_LEARNED STATS DROPS PAD LOCAL6 UNDERLAY"
           " TTL TOS DF UDP_CSUM MTU_AUTO MARK".split(),
    "PORT": "UNSPEC NET DEV DEVNAME FLAGS STATS IFINDEX IFNAME NETNSID LABEL".split(),
    "PEER": "UNSPEC NET ADDR DSTPORT STATS".split(),
    "FDB": "UNSPEC NET MAC PORT PEER SELF STATIC AGE IP LEARNED CLAIMED LOCAL".split(),
    "VTEP": "UNSPEC DSTPORT FAMILY NETS DROPS PAD UNDERLAY".split(),
    "NEWLINK": "UNSPEC VNI LOCAL DSTPORT LEARNING AGEING FLOOD MAX_FDB SUPPRESS LOCAL6"
               " UNDERLAY TTL TOS DF UDP_CSUM MTU_AUTO MARK".split(),
}
ATTRS["CHANGELINK"] = ATTRS["NEWLINK"]
IFLA = {"ADDRESS": 1, "MTU": 4}
# What changes by itself: counters, ages, learned entries.
VOLATILE = {"NET": ("STATS", "DROPS", "FDB_LEARNED"), "PORT": ("STATS",),
            "PEER": ("STATS",), "FDB": ("AGE",)}

NETLINK_ROUTE, NETLINK_GENERIC, SOL_NETLINK, SO_RCVBUFFORCE = 0, 16, 270, 33
ADD_MEMBERSHIP, CAP_ACK, EXT_ACK, GET_STRICT_CHK = 1, 10, 11, 12
NLMSG_ERROR, NLMSG_DONE = 2, 3
MSGERR_MSG, MSGERR_OFFS, MSGERR_MISS_TYPE, MSGERR_MISS_NEST = 1, 2, 5, 6
F_REQUEST, F_MULTI, F_ACK, F_DUMP_INTR, F_DUMP = 1, 2, 4, 0x10, 0x300
F_EXCL_CREATE, F_CAPPED, F_ACK_TLVS = 0x600, 0x100, 0x200
CLONE_NEWNET = 0x40000000
NOBODY = 65534


def setns(fd):
    """Puts this process into a network namespace."""
    if hasattr(os, "setns"):
        os.setns(fd, CLONE_NEWNET)
        return
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def socket_in(netns, *args):
    """A socket of a namespace that "ip netns" knows."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    fd = os.open("/run/netns/" + netns, os.O_RDONLY)
    try:
        setns(fd)
        return socket.socket(*args)
    finally:
        setns(own)
        os.close(fd)
        os.close(own)


def attribute(kind, data, length=None):
    if length is None:
        length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + b"\0" * (-len(data) % 4)


def attributes(data):
    """(type, value) of each; nothing is trusted."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4 or length > len(data):
            break
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


class Netlink:
    def __init__(self, netns, proto):
        self.sock = socket_in(netns, socket.AF_NETLINK, socket.SOCK_RAW, proto)
        self.sock.settimeout(20)
        for opt in CAP_ACK, EXT_ACK, GET_STRICT_CHK:
            self.sock.setsockopt(SOL_NETLINK, opt, 1)
        self.sock.bind((0, 0))
        self.seq = 0

    def messages(self):
        """Each message of the next datagram: type, flags, payload."""
        data = self.sock.recv(1 << 18)
        while len(data) >= 16:
            length, kind, flags, seq = struct.unpack_from("=IHHI", data)
            if length < 16 or length > len(data):
                raise RuntimeError("the kernel sent a message of %d bytes" % length)
            yield kind, flags, seq, data[16:length]
            data = data[(length + 3) & ~3:]

    def ask(self, kind, flags, payload):
        """(error, extended ack, messages)"""
        self.seq += 1
        dump = flags & F_DUMP == F_DUMP
        self.sock.send(struct.pack("=IHHII", 16 + len(payload), kind,
                                   flags | F_REQUEST | (0 if dump else F_ACK),
                                   self.seq, 0) + payload)
        replies = []
        while True:
            for kind, flags, seq, data in self.messages():
                if seq != self.seq:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    error = struct.unpack_from("=i", data)[0] if len(data) >= 4 else 0
                    skip = 4
                    if kind == NLMSG_ERROR:
                        skip = 20
                        if not flags & F_CAPPED and error:
                            skip += struct.unpack_from("=I", data, 4)[0] - 16
                    ack = dict(attributes(data[skip:])) if flags & F_ACK_TLVS else {}
                    return -error, ack, replies
                replies.append((flags, data))


class Generic(Netlink):
    family = group = None

    def __init__(self, netns):
        super().__init__(netns, NETLINK_GENERIC)
        if Generic.family is None:
            error, _, replies = self.ask(16, 0, struct.pack("=BBH", 3, 1, 0) +
                                         attribute(2, b"ctnet\0"))
            if error:
                raise OSError(error, "there is no family ctnet")
            found = dict(attributes(replies[0][1][4:]))
            Generic.family = struct.unpack("=H", found[1])[0]
            for _, nest in attributes(found[7]):
                group = dict(attributes(nest))
                if group[1] == b"events\0":
                    Generic.group = struct.unpack("=I", group[2])[0]

    def command(self, cmd, flags=0, payload=b"", reserved=0):
        return self.ask(self.family, flags,
                        struct.pack("=BBH", cmd, 1, reserved) + payload)

    def state(self):
        """All objects, but what changes by itself."""
        objects = []
        for kind, volatile in VOLATILE.items():
            skip = [ATTRS[kind].index(name) for name in volatile]
            error, _, replies = self.command(CMDS.index(kind + "_GET"), F_DUMP)
            if error:
                raise OSError(error, "dump of " + kind)
            for _, data in replies:
                found = list(attributes(data[4:]))
                if kind == "FDB" and any(a == ATTRS[kind].index("AGE") for a, _ in found):
                    continue
                objects.append((kind, [a for a in found if a[0] not in skip]))
        return objects


def ip(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def encode(names, word):
    """An attribute of the command line as bytes."""
    name, _, value = word.partition("=")
    kind, _, value = value.partition(":")
    number = int(name) if name.isdigit() else names.index(name)
    if kind in ("u8", "u16", "u32"):
        return attribute(number, struct.pack("=" + {"u8": "B", "u16": "H", "u32": "I"}[kind],
                                             int(value, 0)))
    if kind == "hex":
        return attribute(number, bytes.fromhex(value))
    if kind == "flag":
        return attribute(number, b"")
    if kind == "ip":
        return attribute(number, ip(value))
    if kind == "ips":
        return b"".join(attribute(number, struct.pack(">I", 0xc6336400 + i))
                        for i in range(int(value)))
    if kind == "bits":
        return attribute(number, struct.pack("=II", *(int(v, 0) for v in value.split("/"))))
    if kind == "claim":
        length, _, value = value.partition("/")
        return attribute(number, bytes.fromhex(value), int(length))
    raise ValueError("what is " + word)


def newlink(name, link, attrs, fault):
    """RTM_NEWLINK of a network; (payload, offset of the attribute at fault). That is said
    as where it is in these attributes and those of the link, in this order."""
    head = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + attribute(3, name)
    kind = attribute(1, b"ctnet\0")
    data = attribute(2, attrs)
    start = 16 + len(head)
    if fault is not None:
        fault += start if fault < len(link) else start + 4 + len(kind) + 4
    return head + link + attribute(18, kind + data), fault


def request(line):
    netns, command, *words = line.split()
    obj = command.split("_")[0]
    names = ATTRS.get(obj, [])
    flags = reserved = 0
    link, attrs, fault, missing, nobody = b"", b"", None, None, False
    for word in words:
        if word == "dump":
            flags |= F_DUMP
        elif word == "nobody":
            nobody = True
        elif word.startswith("reserved="):
            reserved = int(word[9:], 0)
        elif word.startswith("flags="):
            flags |= int(word[6:], 0)
        elif word[0] == "-":
            missing = names.index(word[1:])
        elif word.startswith("raw="):
            attrs += bytes.fromhex(word[4:])
        else:
            if word[0] == "!":
                word = word[1:]
                fault = len(link) + len(attrs)
            if word.startswith("link:"):
                name, _, value = word[5:].partition("=")
                link += encode([], "%d=%s" % (IFLA[name], value))
            else:
                attrs += encode(names, word)

    watch = Generic(netns)
    before = watch.state()
    if nobody:
        error, ack, replies = as_nobody(netns, command, flags, attrs)
    elif command in ("NEWLINK", "CHANGELINK"):
        if command == "NEWLINK":
            flags |= F_EXCL_CREATE
        payload, fault = newlink(b"raw0\0" if flags else b"net0\0", link, attrs, fault)
        error, ack, replies = Netlink(netns, NETLINK_ROUTE).ask(16, flags, payload)
    else:
        cmd = int(command) if command.isdigit() else CMDS.index(command)
        if fault is not None:
            fault += 16 + 4
        error, ack, replies = Generic(netns).command(cmd, flags, attrs, reserved)
    if not error:
        return "ok %d" % len(replies)
    offset = struct.unpack("=I", ack[MSGERR_OFFS])[0] if MSGERR_OFFS in ack else None
    name = "EOPNOTSUPP" if error == errno.EOPNOTSUPP else errno.errorcode.get(error, error)
    return "%s offset=%s miss=%s changed=%s %s" % (
        name,
        "none" if offset is None else "right" if offset == fault else "wrong:%d" % offset,
        miss(ack, missing),
        "no" if watch.state() == before else "yes",
        ack.get(MSGERR_MSG, b"").rstrip(b"\0").decode() or "(no message)")


def miss(ack, missing):
    """Whether it is the right attribute that the kernel misses. Those of our commands stand
    in no nest."""
    if MSGERR_MISS_NEST in ack:
        return "wrong:nest"
    if MSGERR_MISS_TYPE not in ack:
        return "none"
    kind = struct.unpack("=I", ack[MSGERR_MISS_TYPE])[0]
    return "right" if kind == missing else "wrong:%d" % kind


def as_nobody(netns, command, flags, attrs):
    """As a child that has no privilege: only the error comes back, and how many replies."""
    nl = Generic(netns)     # resolves the family
    nl.sock.close()
    fd = os.open("/run/netns/" + netns, os.O_RDONLY)
    pipe_r, pipe_w = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            setns(fd)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
            sock.settimeout(20)
            nl.sock = sock
            error, _, replies = nl.command(CMDS.index(command), flags, attrs)
            os.write(pipe_w, b"%d %d" % (error, len(replies)))
        finally:
            os._exit(0)
    os.close(pipe_w)
    os.close(fd)
    answer = os.read(pipe_r, 100).split()
    os.close(pipe_r)
    os.waitpid(pid, 0)
    if len(answer) != 2:
        raise RuntimeError("the child without privilege failed")
    return int(answer[0]), {}, [None] * int(answer[1])


def serve(handle):
    """Answers each line of stdin."""
    for line in sys.stdin:
        try:
            answer = handle(line)
        except Exception as e:      # the test says what it had asked for
            answer = "error %s: %s" % (type(e).__name__, e)
        print(answer.replace("\n", " "), flush=True)


if __name__ == "__main__":
    serve(request)
