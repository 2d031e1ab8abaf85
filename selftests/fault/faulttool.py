#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Has allocations of the kernel's fail that ctnetctl causes, for fault.sh.

Each command is run again and again, each time with one failure more to the end
(fault/preload.c). It must exit with 0 and have done all of it, or with 1 or 2 and have
said "ctnetctl: ..." and done nothing, or, where a command is of several networks, all of
some and nothing of the others; what there is (faultstate.py) is compared, in the host and
in the containers.

Reads requests from stdin, a line each, and answers each with a line:

	start PRELOAD DIR HOST C1 C2	where to run
	tool NAME WITHIN ALL	a command of the table below: of each of its requests to the
				kernel the first allocations, and each WITHIN-th of the others;
				and of all that its system calls make each ALL-th

The answer is "ok N M 0": of N allocations that failed, M were survived; or what went wrong.
"""
import os
import subprocess

import nlraw
from faultstate import State

MAX = 1000000
# Of a request the first of its allocations, and the last, which are for the answer; the
# others are the kernel's affair, of which the tool is told one error or another.
FIRST, LAST = 8, 6

NET2 = ("add-net net2 --vni 300 --local 192.0.2.1 --local 2001:db8::1 --address 198.51.100.1/24"
        " --address 2001:db8:2::1/64 --mtu 1300 --mac 02:aa:00:00:00:02 --learning off"
        " --ageing 60 --flood off --max-fdb 99 --suppress off --ttl 9 --tos 8 --df on"
        " --udp-csum off --mark 0x7 --dstport 5000 --underlay ul0")
PORT = ("add-port net0 {c1} --address 203.0.113.1/24 --address 2001:db8:1::1/64"
        " --gateway 203.0.113.254 --gateway 2001:db8:1::fe --mac 02:bb:00:00:00:01 --mtu 1400"
        " --isolated on --hairpin on --learning off --flood off --label one")
ENTRY = "add-fdb net0 02:bb:00:00:00:09 --peer 192.0.2.2 --ip 203.0.113.9"
# name: (what precedes it, the command)
COMMANDS = {
    "add-net": ([], NET2),
    "set-net": ([NET2], "set-net net2 --vni 301 --local 192.0.2.3 --address 198.51.100.9/24"
                " --mtu 1200 --mac 02:aa:00:00:00:03 --learning on --ageing 90 --dstport 5001"
                " --ttl inherit --df inherit"),
    "del-net": ([PORT], "del-net net0"),
    "add-port": ([], PORT),
    "set-port": ([PORT], "set-port net0 {c1} --address 203.0.113.2/24 --address 2001:db8:1::2/64"
                 " --mtu 1350 --isolated off --guard off --label two"),
    "del-port": ([PORT], "del-port net0 {c1}"),
    "add-peer": ([], "add-peer net0 192.0.2.9 --dstport 5000"),
    "add-fdb": ([], "add-fdb net0 02:bb:00:00:00:08 --peer 192.0.2.2 --ip 203.0.113.8"
                " --ip 2001:db8:1::8"),
    "restore": ([], "restore {dir}/more"),
    "sync": ([PORT], "sync {dir}/other"),
}
# What else may be left where a command fails: what these do.
PARTS = {
    "restore": ["restore {dir}/net3", "restore {dir}/net4"],
}
NET3 = ("add-net net3 --vni 103 --local 192.0.2.1 --mac 02:aa:00:00:00:04\n"
        "add-peer net3 192.0.2.2\n"
        "add-port net3 {c2} --address 203.0.113.3/24\n"
        "add-fdb net3 02:bb:00:00:00:09 --peer 192.0.2.2 --ip 203.0.113.9\n")
NET4 = "add-net net4 --mac 02:aa:00:00:00:05\n"
FILES = {
    "base": "add-net net0 --vni 100 --local 192.0.2.1 --mtu 1400 --mac 02:aa:00:00:00:01\n"
            "add-peer net0 192.0.2.2\n" + ENTRY + "\n",
    "net3": NET3,
    "net4": NET4,
    "more": NET3 + NET4,
    "other": "add-net net0 --vni 100 --local 192.0.2.1 --mtu 1400 --mac 02:aa:00:00:00:01"
             " --ageing 77\n"
             "add-peer net0 192.0.2.4\n"
             "add-fdb net0 02:bb:00:00:00:09 --peer 192.0.2.4 --ip 203.0.113.9\n"
             "add-port net0 {c1} --address 203.0.113.7/24 --mac 02:bb:00:00:00:01 --label three\n"
             + NET4,
}


class Tool:
    def __init__(self, preload, where, host, *containers):
        self.host = host
        self.words = {"dir": where, "c1": containers[0], "c2": containers[1]}
        self.state = State([host], containers)
        self.err = open(where + "/stderr", "w+", encoding="utf-8")
        self.server = subprocess.Popen(
            ["ctnetctl"], env=dict(os.environ, LD_PRELOAD=preload, LD_BIND_NOW="1"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.err, text=True)
        for name, text in FILES.items():
            with open(os.path.join(where, name), "w", encoding="ascii") as f:
                f.write(text.format(**self.words))
        self.must("restore {dir}/base")

    def run(self, command, request=0, n=0):
        """(exit status or minus a signal, what it said, what is left of the counter)"""
        self.err.truncate(0)
        self.err.seek(0)
        self.server.stdin.write("%d %d -n %s %s\n" % (
            request, n, self.host, command.format(**self.words)))
        self.server.stdin.flush()
        status, left = self.server.stdout.readline().split()
        return int(status), os.pread(self.err.fileno(), 4096, 0).decode().strip("\0"), int(left)

    def must(self, command):
        status, said, _ = self.run(command)
        if status:
            raise RuntimeError("%s: exit %d: %s" % (command, status, said))

    def places(self, command, begin, within, everywhere):
        """Which allocations are to fail: (request or 0, its which)."""
        _, said, _ = self.run(command, 1)
        counts = [int(c[1:]) for c in said.split("\n") if c.startswith("#")]
        begin()
        _, _, left = self.run(command, 0, MAX)
        return [(request, n) for request, count in enumerate(counts, 1)
                for n in range(1, count + 1)
                if n <= FIRST or n > count - LAST or not n % within] + \
            [(0, n) for n in range(1, MAX - left, everywhere)]

    def walk(self, title, within, everywhere):
        before, command = COMMANDS[title]

        def begin():
            for c in ["sync {dir}/base"] + before:
                self.must(c)

        left_by = []
        for c in (None, command, *PARTS.get(title, ())):
            begin()
            if c:
                self.must(c)
            left_by.append(self.state.read())
        base, after, *parts = left_by
        begin()
        failed = survived = 0
        for request, n in self.places(command, begin, within, everywhere):
            if self.state.read() != base:
                begin()
            status, said, left = self.run(command, request, n)
            now = self.state.read()
            where = "%s, request %d, allocation %d: exit %d, \"%s\"" % (
                title, request, n, status, said.strip())
            if status not in (0, 1, 2) or (status and not said.startswith("ctnetctl: ")):
                return where
            if now not in ([base, *parts] if status else [after]):
                return where + ", but: " + self.state.diff(base if status else after, now)
            failed += not left
            survived += not left and not status
        begin()
        status, said, _ = self.run(command)
        if status or self.state.read() != after:
            return "%s, without a fault: exit %d, \"%s\"" % (title, status, said)
        self.must("sync {dir}/base")
        return "ok %d %d 0" % (failed, survived)


tools = []


def handle(line):
    words = line.split()
    if words[0] == "start":
        tools.append(Tool(*words[1:]))
        return "ok"
    return tools[0].walk(words[1], int(words[2]), int(words[3]))


if __name__ == "__main__":
    nlraw.serve(handle)
