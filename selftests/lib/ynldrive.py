#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Drives the family through the library of the kernel's YNL tool, for the tests.

Reads requests from stdin, a line each, and answers each with a line:

	open NETNS DIR SPEC	for the rest, be in this namespace; DIR has the tool's cli.py
	do OP JSON, dump OP JSON
				"ok REPLY", or "refused ERRNO bad=ATTR miss=ATTR MESSAGE" as
				the extended ack has it
	same KIND		"ok N" if a dump through YNL has the same N objects as
				"ctnetctl list KIND" prints, or what differs
	subscribe		from now on, keep the notifications
	heard NAME JSON MS	wait until one has come that has these attributes, and forget
				all up to that; "ok NOTIFICATION"
	burst DEV N SRC		send N frames, each from the next MAC after SRC
	unused			which operations and notifications of the spec were not met

In JSON, addresses and MACs are text, and an interface index may be its name.
"""
import contextlib
import errno
import ipaddress
import json
import os
import queue
import socket
import subprocess
import sys
import time

import nlraw

NAMES = {"nets": "net-get", "ports": "port-get", "peers": "peer-get", "fdb": "fdb-get",
         "vteps": "vtep-get"}
# Keys that ctnetctl has from elsewhere.
OTHERS = {"nets": ("state", "mac", "addresses"),
          "ports": ("state", "label", "container_ifname", "container_mtu", "macs", "addresses")}
INHERIT = 256


class Driver:
    def __init__(self, netns, directory, spec):
        fd = os.open("/run/netns/" + netns, os.O_RDONLY)
        nlraw.setns(fd)
        os.close(fd)
        sys.path.insert(0, directory)
        import lib
        self.lib, self.spec = lib, spec
        self.ynl, self.listener = lib.YnlFamily(spec, ""), None
        self.heard, self.met = [], set()

    def attribute(self, attr, value):
        """A value of the JSON as the tool wants it."""
        if attr.type == "u32" and isinstance(value, str):
            return socket.if_nametoindex(value)
        if attr.type != "binary":
            return value
        if isinstance(value, list):
            return [self.attribute(attr, v) for v in value]
        if attr.display_hint == "mac":
            return bytes.fromhex(value.replace(":", ""))
        return ipaddress.ip_address(value).packed

    def call(self, mode, name, values):
        attrs = self.ynl.ops[name].attr_set
        values = {k: self.attribute(attrs[k], v) for k, v in values.items()}
        reply = getattr(self.ynl, mode)(name, values)
        self.met.add((mode, name))
        return reply

    def ask(self, mode, name, values):
        try:
            return "ok " + text(self.call(mode, name, values))
        except self.lib.NlError as e:
            ack = e.nl_msg.extack or {}
            return "refused %s bad=%s miss=%s %s" % (
                errno.errorcode[e.error], ack.get("bad-attr", ack.get("bad-attr-offs", "")),
                ack.get("miss-type", ""), ack.get("msg", "(no message)"))

    def subscribe(self):
        if self.listener:
            self.listener.sock.close()
        self.heard = []
        self.listener = self.lib.YnlFamily(self.spec, "")
        self.listener.sock.setsockopt(socket.SOL_SOCKET, nlraw.SO_RCVBUFFORCE, 32 << 20)
        self.listener.ntf_subscribe("events")
        return "ok"

    def receive(self):
        self.listener.check_ntf()
        new = self.listener.async_msg_queue
        if isinstance(new, queue.Queue):    # of newer tools
            new = [new.get() for _ in range(new.qsize())]
        else:
            self.listener.async_msg_queue = []
        self.heard += new

    def wait(self, name, values, ms):
        end = time.monotonic() + ms / 1000
        attrs = self.ynl.ntfs[name].attr_set
        values = {k: self.attribute(attrs[k], v) if attrs[k].type == "u32" else v
                  for k, v in values.items()}
        while True:
            self.receive()
            for n, ntf in enumerate(self.heard):
                if ntf["name"] == name and all(ntf["msg"].get(k) == v for k, v in values.items()):
                    del self.heard[:n + 1]
                    self.met.add(("ntf", name))
                    return "ok " + text(ntf["msg"])
            if time.monotonic() > end:
                return "nothing such, but: " + text(self.heard[-5:])
            time.sleep(0.05)

    def same(self, kind):
        """Counters change meanwhile: what ctnetctl says must lie between two dumps."""
        for _ in range(10):
            before = self.objects(kind)
            run = subprocess.run(["ctnetctl", "-j", "-s", "list", kind], check=True,
                                 stdout=subprocess.PIPE)
            after = self.objects(kind)
            if [{**o, "age": 0} for o in before] == [{**o, "age": 0} for o in after]:
                break
        else:
            return "differs: it never stays the same"
        theirs = [{k: v for k, v in o.items() if k not in OTHERS.get(kind, ())}
                  for o in json.loads(run.stdout)]
        for first, last, their in zip(before, after, theirs):
            if "age" in first and first["age"] <= their.get("age", -1) * 1000 <= last["age"]:
                their["age"] = first["age"]
            if first != their:
                return "differs: YNL %s, ctnetctl %s" % (text(first), text(their))
        if len(before) != len(theirs):
            return "differs: %d objects, by ctnetctl %d" % (len(before), len(theirs))
        return "ok %d" % len(before)

    def objects(self, kind):
        make = {"nets": net, "ports": port, "peers": peer, "fdb": entry, "vteps": vtep}[kind]
        objects = [make(o) for o in self.call("dump", NAMES[kind], {})]
        for o in objects:
            for nest in "stats", "drops":
                if nest in o:
                    o[nest] = underscored(o[nest])
        return objects

    def unused(self):
        want = {("ntf", name) for name in self.ynl.ntfs}
        for name, op in self.ynl.ops.items():
            want |= {(mode, name) for mode in op.modes}
        return "ok " + " ".join(sorted(":".join(w) for w in want - self.met))


# What ctnetctl makes of each object.

def underscored(o):
    return {k.replace("-", "_"): v for k, v in o.items()}


def name_of(ifindex):
    return socket.if_indextoname(ifindex)


def net(o):
    o = underscored(o)
    o["network"] = o.pop("ifname")
    o["port_count"], o["peer_count"] = o.pop("ports"), o.pop("peers")
    for key in "learning", "flood", "suppress", "udp_csum", "mtu_auto":
        if key in o:
            o[key] = bool(o[key])
    for key in "ttl", "tos":
        if o.get(key) == INHERIT:
            o[key] = "inherit"
    if "underlay" in o:
        o["underlay"] = name_of(o["underlay"])
    return o


def port(o):
    flags = o.pop("flags")
    named = {"network": name_of(o.pop("net")), "port": o.pop("devname"), "ifindex": o.pop("dev")}
    return {**named, **{f: f in flags["value"] for f in flags["selector"]}, **o}


def peer(o):
    return {"network": name_of(o.pop("net")), "peer": o.pop("addr"), **o}


def entry(o):
    o["network"] = name_of(o.pop("net"))
    o["type"] = "static" if o.pop("static", False) else "learned"
    o["addresses"] = o.pop("ip", [])
    if "port" in o:
        o["port"] = name_of(o["port"])
    return o


def vtep(o):
    o["family"] = {socket.AF_INET: "inet", socket.AF_INET6: "inet6"}[o["family"]]
    o["networks"] = o.pop("nets")
    if "underlay" in o:
        o["underlay"] = name_of(o["underlay"])
    return o


def text(value):
    def plain(v):
        return v.hex() if isinstance(v, bytes) else sorted(v)
    return json.dumps(value, default=plain, sort_keys=True)


def burst(dev, count, src):
    """Frames to nobody in particular, with the source MACs that follow src."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.bind((dev, 0))
    first = int(src.replace(":", ""), 16)
    for i in range(count):
        s.send(b"\x02\xff\0\0\0\x01" + (first + i).to_bytes(6, "big") + b"\x88\xb5" + bytes(46))
    s.close()
    return "ok"


driver = None


def request(line):
    global driver
    verb, *words = line.rstrip("\n").split(" ", 2)
    if verb == "open":
        netns, directory, spec = line.split()[1:]
        driver = Driver(netns, directory, spec)
        return "ok"
    if verb in ("do", "dump"):
        return driver.ask(verb, words[0], json.loads(words[1]))
    if verb == "heard":
        values, ms = words[1].rsplit(" ", 1)
        return driver.wait(words[0], json.loads(values), int(ms))
    if verb == "burst":
        dev, count, src = line.split()[1:]
        return burst(dev, int(count), src)
    return {"same": driver.same, "subscribe": driver.subscribe,
            "unused": driver.unused}[verb](*words)


def quietly(line):
    """What the library prints is no answer."""
    with contextlib.redirect_stdout(sys.stderr):
        return request(line)


if __name__ == "__main__":
    nlraw.serve(quietly)
