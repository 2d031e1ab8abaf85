#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""DNS, RFC 1035, as much as a test needs.

dns.py ask SERVER NAME TYPE [FROM]: prints the answers, each on a line, in order; or the response code
dns.py serve ADDRESS: answers each question for an A with 192.0.2.53, and others with nothing"""
import ipaddress
import random
import socket
import struct
import sys

TYPES = {"A": 1, "PTR": 12, "AAAA": 28}
CODES = {0: "NODATA", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def pack_name(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".") if x) + b"\0"


def read_name(data, at):
    """The name, and where it ends."""
    labels, end = [], None
    while data[at]:
        if data[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack(">H", data[at:at + 2])[0] & 0x3FFF
            continue
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin1"))
        at += 1 + data[at]
    return ".".join(labels), end or at + 1


def answers(data):
    n = struct.unpack(">H", data[6:8])[0]
    # who refuses may not repeat the question
    at = read_name(data, 12)[1] + 4 if n else 0
    for _ in range(n):
        at = read_name(data, at)[1]
        kind, _, _, length = struct.unpack(">HHIH", data[at:at + 10])
        at += 10
        if kind in (TYPES["A"], TYPES["AAAA"]):
            yield str(ipaddress.ip_address(data[at:at + length]))
        elif kind == TYPES["PTR"]:
            yield read_name(data, at)[0]
        at += length


def ask(server, name, kind, source=None):
    number = random.randrange(65536)
    question = struct.pack(">HHHHHH", number, 0x100, 1, 0, 0, 0) + pack_name(name) + \
        struct.pack(">HH", TYPES[kind], 1)
    with socket.socket(family(server), socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        try:
            if source:
                s.bind((source, 0))
            s.connect((server, 53))
            s.send(question)
            data = s.recv(65536)
        except OSError as e:
            print(e.strerror or "no answer")
            return
    assert struct.unpack(">H", data[:2])[0] == number
    found = sorted(answers(data))
    print("\n".join(found) if found else CODES.get(data[3] & 15, data[3] & 15))


def serve(address):
    with socket.socket(family(address), socket.SOCK_DGRAM) as s:
        s.bind((address, 53))
        while True:
            data, who = s.recvfrom(65536)
            end = read_name(data, 12)[1] + 4
            is_a = struct.unpack(">H", data[end - 4:end - 2])[0] == TYPES["A"]
            answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 5, 4) + bytes([192, 0, 2, 53])
            s.sendto(data[:2] + struct.pack(">HHHHH", 0x8180, 1, is_a, 0, 0) + data[12:end] +
                     (answer if is_a else b""), who)


{"ask": ask, "serve": serve}[sys.argv[1]](*sys.argv[2:])
