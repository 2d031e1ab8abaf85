#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whether the YNL spec of the family says what others say.

	ynlagree.py header HEADER SPEC	the uapi header: constants and their values, commands,
					types and lists of attributes
	ynlagree.py kernel NETNS SPEC	the kernel: commands, what they need and take, ranges

Prints a line for each difference, and exits with 1 if there is any.
"""
import re
import struct
import sys

import yaml

LIMITS = {"u8": (0, 0xff), "u16": (0, 0xffff), "u32": (0, 0xffffffff), "u64": (0, 2**64 - 1)}


def upper(name):
    return name.upper().replace("-", "_")


def lower(name):
    return name.replace("-", "_")


def show(names):
    return " ".join(sorted(names)) or "none"


class Spec:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            spec = yaml.safe_load(f)
        self.family, self.version = spec["name"], spec.get("version", 1)
        self.groups = [g["name"] for g in spec["mcast-groups"]["list"]]
        self.consts, self.enums, self.sets, self.ops = {}, {}, {}, {}
        self.set_of_enum, self.undocumented = {}, []
        for d in spec["definitions"]:
            self.definition(d)
        for s in spec["attribute-sets"]:
            self.attribute_set(s)
        ops = spec["operations"]
        self.number(ops["enum-name"], ops["name-prefix"], ops["list"], 1)
        for op in ops["list"]:
            self.documented("operation", op)
            self.ops[op["name"]] = op

    def documented(self, what, item):
        if not item.get("doc", "").strip():
            self.undocumented.append("%s %s" % (what, item["name"]))

    def number(self, enum, prefix, items, value, flags=False):
        """Gives the items their numbers, and the constants of the enum their values."""
        names = self.enums.setdefault(lower(enum), {})
        for item in items:
            value = item.get("value", value)
            item["number"] = value
            names[upper(prefix + item["name"])] = 1 << value if flags else value
            value += 1

    def definition(self, d):
        self.documented("definition", d)
        if d["type"] == "const":
            self.consts[upper("%s-%s" % (self.family, d["name"]))] = d["value"]
            return
        name = d.get("enum-name", "%s-%s" % (self.family, d["name"]))
        for entry in d["entries"]:
            self.documented("entry of " + d["name"], entry)
        self.number(name, d.get("name-prefix", name + "-"), d["entries"],
                    d.get("value-start", 0), d["type"] == "flags")
        self.set_of_enum[lower(name)] = d["name"]

    def attribute_set(self, s):
        self.documented("set", s)
        for attr in s["attributes"]:
            self.documented("attribute of " + s["name"], attr)
        self.number(s["enum-name"], s["name-prefix"], s["attributes"], 1)
        self.sets[s["name"]] = {a["name"]: a for a in s["attributes"]}
        self.set_of_enum[lower(s["enum-name"])] = s["name"]

    def limit(self, value):
        """A limit of a check: a number, the name of a constant, or "s32-max"."""
        if isinstance(value, int):
            return value
        if value == "s32-max":
            return 2**31 - 1
        return self.consts[upper("%s-%s" % (self.family, value))]

    def takes(self, op, mode):
        """The attributes of a request, or of a reply."""
        mode, _, part = mode.partition(" ")
        return set(op.get(mode, {}).get(part, {}).get("attributes", []))


# ------------------------------------------------------------------ header

class Header:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.docs = dict(re.findall(r"^ \* @(\w+): (.*)", text, re.M))
        self.tree = text
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self.enums, self.values = {}, {}
        for name, body in re.findall(r"enum\s+(\w+)\s*\{(.*?)\}", code, re.S):
            self.enum(name, body)
        code = code.replace("\\\n", " ")
        self.defines = dict(re.findall(r"^#define[ \t]+(\w+)[ \t]+(\S.*?)[ \t]*$", code, re.M))

    def enum(self, name, body):
        self.enums[name], value = {}, 0
        for item in filter(None, (i.strip() for i in body.split(","))):
            const, _, given = (i.strip() for i in item.partition("="))
            if re.fullmatch(r"\d+ << \d+", given):
                one, by = given.split(" << ")
                value = int(one) << int(by)
            elif given:
                value = int(given, 0)
            if not const.startswith("__"):
                self.enums[name][const] = self.values[const] = value
            value += 1

    def trees(self):
        """{command: {"do request": {attribute}, ...}} of the comment at the head."""
        block = re.search(r"Attribute trees.*?::\n(.*?)\*/", self.tree, re.S).group(1)
        trees, cmd = {}, None
        for line in block.split("\n"):
            first = re.match(r" \*   ([A-Z_]+)\s+(.*)", line)
            if first:
                cmd = first.group(1)
                trees[cmd] = first.group(2)
            elif cmd and line.startswith(" *     "):
                trees[cmd] += " " + line[2:].strip()
        return {cmd: self.tree_of(text, trees) for cmd, text in trees.items()}

    @staticmethod
    def tree_of(text, trees):
        text = re.sub(r"\(do: [^)]*\)", "", text)
        found = {}
        for modes, rest in re.findall(r"(do/dump|do|dump|reply):(.*?)(?=do:|dump:|reply:|$)", text):
            like = re.match(r"\s*as ([A-Z_]+)", rest)
            if like:
                found.update(Header.tree_of(trees[like.group(1)], trees))
                continue
            names = set(re.findall(r"[A-Z][A-Z0-9_]*", re.sub(r"\.\.\.", "", rest)))
            for mode in modes.split("/"):
                found["reply" if mode == "reply" else mode + " request"] = names
        return found


def same_constants(header, spec):
    for enum in sorted(set(header.enums) | set(spec.enums)):
        ours, theirs = spec.enums.get(enum), header.enums.get(enum)
        if ours is None or theirs is None:
            yield "enum %s: only in the %s" % (enum, "spec" if theirs is None else "header")
            continue
        for name in sorted(set(ours) | set(theirs)):
            if ours.get(name) != theirs.get(name):
                yield "%s of enum %s: %s in the header, %s in the spec" % (
                    name, enum, theirs.get(name, "not there"), ours.get(name, "not there"))


def same_defines(header, spec):
    fixed = {"CTNET_GENL_NAME": '"%s"' % spec.family,
             "CTNET_GENL_VERSION": str(spec.version)}
    fixed.update(("CTNET_GENL_MCGRP_" + upper(g), '"%s"' % g) for g in spec.groups)
    for name, value in fixed.items():
        if header.defines.get(name) != value:
            yield "%s: %s in the header, %s in the spec" % (name, header.defines.get(name), value)
    numbers = {}
    for name, value in header.defines.items():
        if name in fixed:
            continue
        if re.fullmatch(r"0x[0-9a-f]+|\d+", value):
            numbers[name] = int(value, 0)
        elif name == "CTNET_PORT_FLAGS_ALL":
            flags = set(re.findall(r"\w+", value))
            if flags != set(spec.enums["ctnet_port_flags"]):
                yield "%s: not the flags of the spec, but %s" % (name, show(flags))
        elif not (value == "(__%s - 1)" % name or name == "CTNET_PORT_FLAGS_DEFAULT"):
            yield "%s: what is %s?" % (name, value)
    for name in sorted(set(numbers) | set(spec.consts)):
        if numbers.get(name) != spec.consts.get(name):
            yield "%s: %s in the header, %s in the spec" % (
                name, numbers.get(name, "not there"), spec.consts.get(name, "not there"))


def type_of(doc):
    """What the header says of an attribute's type: (type, other keys of the spec)."""
    exact = {"IPv4 address": {"exact-len": 4}, "IPv6 address": {"exact-len": 16},
             "IP address": {"min-len": 4, "max-len": 16}, "6 bytes": {"exact-len": 6}}
    for start, checks in exact.items():
        if doc.startswith(start):
            return "binary", {"checks": checks}
    nest = re.match(r"(nest|bitfield32|u8,) (?:of )?&enum (\w+)", doc)
    if nest:
        key = "nested-attributes" if nest.group(1) == "nest" else "enum"
        return nest.group(1).rstrip(","), {key: nest.group(2)}
    word = re.match(r"(unused|padding|u8|u16|u32|u64|s32|string|flag)\b", doc)
    return {"padding": "pad"}.get(word.group(1), word.group(1)) if word else None, {}


def same_types(header, spec):
    for enum, set_name in spec.set_of_enum.items():
        for name, attr in spec.sets.get(set_name, {}).items():
            const = next(c for c, v in spec.enums[enum].items() if v == attr["number"])
            doc = header.docs.get(const)
            if doc is None:
                if const in header.values:
                    yield "%s: the header has no word on it" % const
                continue
            kind, keys = type_of(doc)
            if enum == "ctnet_drop" and kind is None:
                kind = "u64"
            if kind is None:
                yield "%s: the header does not begin with its type: %s" % (const, doc)
            elif kind != attr["type"]:
                yield "%s: %s in the header, %s in the spec" % (const, kind, attr["type"])
            for key, want in keys.items():
                have = attr.get(key)
                if key == "checks" and have is None:
                    continue        # of replies only
                if key != "checks":
                    want = spec.set_of_enum.get(want)
                if have != want:
                    yield "%s: %s is %s by the header, %s in the spec" % (const, key, want, have)


def same_trees(header, spec):
    trees = header.trees()
    calls = {n: op for n, op in spec.ops.items() if "do" in op or "dump" in op}
    for name in sorted(set(trees) | set(map(upper, calls))):
        if name not in trees or name not in map(upper, calls):
            yield "%s: only the %s has its attributes" % (
                name, "header" if name in trees else "spec")
            continue
        op = next(o for n, o in calls.items() if upper(n) == name)
        for part in "do request", "dump request", "do reply", "dump reply":
            want = trees[name].get(part.split()[1] if "reply" in part else part)
            if part.split()[0] not in op:
                if "request" in part and want is not None:
                    yield "%s: the spec has no %s" % (name, part.split()[0])
                continue
            have = set(map(upper, spec.takes(op, part)))
            if want is None and "request" in part:
                yield "%s: the header has no %s" % (name, part.split()[0])
            elif have != (want or set()):
                yield "%s, %s: %s in the header, %s in the spec" % (
                    name, part, show(want or ()), show(have))


def sane_operations(spec):
    for what in spec.undocumented:
        yield "%s: the spec does not say what it is" % what
    for name, op in spec.ops.items():
        told = "notify" in op or "event" in op
        if told != name.endswith("-ntf") or told != (op.get("mcgrp") in spec.groups):
            yield "%s: a command that ends in -ntf is an event of a group, and no other is" % name
        if "attribute-set" in op:
            for mode in "do request", "do reply", "dump request", "dump reply":
                for attr in spec.takes(op, mode) - set(spec.sets[op["attribute-set"]]):
                    yield "%s: there is no attribute %s" % (name, attr)


def compare_header(path, spec):
    header = Header(path)
    for check in same_constants, same_defines, same_types, same_trees:
        yield from check(header, spec)
    yield from sane_operations(spec)


# ------------------------------------------------------------------ kernel

GENL_ID_CTRL, GETFAMILY, GETPOLICY, F_DUMP = 16, 3, 10, 0x300
UNS_ADMIN_PERM, CAP_DO, CAP_DUMP = 0x10, 2, 4
# NL_ATTR_TYPE_* of a policy, and NL_POLICY_TYPE_ATTR_*
TYPES = {1: "flag", 2: "u8", 3: "u16", 4: "u32", 5: "u64", 10: "binary", 11: "string",
         12: "string", 13: "nest", 15: "bitfield32"}
TYPE, MIN_U, MAX_U, MIN_LEN, MAX_LEN, BITS = 1, 4, 5, 6, 7, 10


class Kernel:
    """What the kernel tells of the family: see enum ctrl_attr of linux/genetlink.h."""
    def __init__(self, netns, family):
        import nlraw
        self.attributes = nlraw.attributes
        nl = nlraw.Netlink(netns, nlraw.NETLINK_GENERIC)
        name = nlraw.attribute(2, family.encode() + b"\0")

        def ask(cmd, flags):
            error, _, replies = nl.ask(GENL_ID_CTRL, flags,
                                       struct.pack("=BBH", cmd, 1, 0) + name)
            if error:
                raise OSError(error, "the kernel says nothing of %s" % family)
            return [list(nlraw.attributes(data[4:])) for _, data in replies]

        about = dict(ask(GETFAMILY, 0)[0])
        self.version = self.u32(about[3])
        self.groups = [dict(self.attributes(g))[1].rstrip(b"\0").decode()
                       for _, g in self.attributes(about[7])]
        self.ops = {}
        for _, op in self.attributes(about[6]):
            op = dict(self.attributes(op))
            self.ops[self.u32(op[1])] = {"flags": self.u32(op[2])}
        self.policies = {}
        for reply in ask(GETPOLICY, F_DUMP):
            for kind, data in reply:
                if kind == 9:
                    self.op_policy(data)
                elif kind == 8:
                    self.policy(data)

    @staticmethod
    def u32(data):
        return struct.unpack("=I", data)[0]

    def op_policy(self, data):
        for cmd, modes in self.attributes(data):
            for mode, index in self.attributes(modes):
                self.ops[cmd][{1: "do", 2: "dump"}[mode]] = self.u32(index)

    def policy(self, data):
        for index, attrs in self.attributes(data):
            for attr, about in self.attributes(attrs):
                about = {k: int.from_bytes(v, sys.byteorder) for k, v in self.attributes(about)}
                self.policies.setdefault(index, {})[attr] = about


def range_of(spec, attr):
    """What a policy has for an attribute of the spec."""
    kind, checks = attr["type"], attr.get("checks", {})
    about = {"type": kind}
    if kind in LIMITS:
        low, high = LIMITS[kind]
        about["min"] = spec.limit(checks.get("min", low))
        about["max"] = spec.limit(checks.get("max", high))
    elif kind == "binary":
        exact = checks.get("exact-len")
        about["min-len"] = checks.get("min-len", exact)
        about["max-len"] = checks.get("max-len", exact)
    elif kind == "string" and "max-len" in checks:
        about["max-len"] = spec.limit(checks["max-len"])
    elif kind == "bitfield32":
        enum = next(e for e, name in spec.set_of_enum.items() if name == attr["enum"])
        about["bits"] = sum(spec.enums[enum].values())
    return about


def policy_of(about):
    names = {MIN_U: "min", MAX_U: "max", MIN_LEN: "min-len", MAX_LEN: "max-len", BITS: "bits"}
    found = {names[k]: v for k, v in about.items() if k in names}
    found["type"] = TYPES.get(about[TYPE], about[TYPE])
    return found


def same_requests(kernel, spec, op, about):
    attrs = spec.sets[op["attribute-set"]]
    for mode in "do", "dump":
        want = spec.takes(op, mode + " request")
        policy = kernel.policies.get(about.get(mode), {})
        have = {name for name, a in attrs.items() if a["number"] in policy}
        for number in sorted(set(policy) - {a["number"] for a in attrs.values()}):
            yield "%s, %s: the kernel takes an attribute %d" % (op["name"], mode, number)
        # what is for the other is of the same policy, and refused all the same
        refused = spec.takes(op, ("dump" if mode == "do" else "do") + " request")
        if mode in op and not want <= have <= want | refused:
            yield "%s, %s: the kernel takes %s, by the spec %s" % (
                op["name"], mode, show(have), show(want))
        for name in sorted(want & have):
            theirs, ours = policy_of(policy[attrs[name]["number"]]), range_of(spec, attrs[name])
            if theirs != ours:
                yield "%s, %s: %s by the kernel, %s by the spec" % (
                    op["name"], name, theirs, ours)


def compare_kernel(netns, spec):
    kernel = Kernel(netns, spec.family)
    if kernel.version != spec.version:
        yield "version: %d by the kernel, %d by the spec" % (kernel.version, spec.version)
    if kernel.groups != spec.groups:
        yield "groups: %s by the kernel, %s by the spec" % (kernel.groups, spec.groups)
    calls = {op["number"]: op for op in spec.ops.values() if "do" in op or "dump" in op}
    for number in sorted(set(calls) | set(kernel.ops)):
        if number not in calls or number not in kernel.ops:
            yield "command %d: only the %s has it" % (
                number, "spec" if number in calls else "kernel")
            continue
        op, about = calls[number], kernel.ops[number]
        want = {"do": bool(about["flags"] & CAP_DO), "dump": bool(about["flags"] & CAP_DUMP),
                "uns-admin-perm": bool(about["flags"] & UNS_ADMIN_PERM)}
        have = {"do": "do" in op, "dump": "dump" in op,
                "uns-admin-perm": "uns-admin-perm" in op.get("flags", [])}
        if want != have:
            yield "%s: %s by the kernel, %s by the spec" % (op["name"], want, have)
        yield from same_requests(kernel, spec, op, about)


def main():
    mode, other, path = sys.argv[1:]
    compare = {"header": compare_header, "kernel": compare_kernel}[mode]
    found = list(compare(other, Spec(path)))
    print("\n".join(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
