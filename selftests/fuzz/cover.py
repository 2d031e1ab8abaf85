#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What of the module ctfuzz has reached, by file.

	cover.py ctnet.ko POINTS...		a table: all files of POINTS together
	cover.py --missing ctnet.ko POINTS...	and the lines that were not reached

POINTS is written by ctfuzz --points. All points there are come from a disassembly: a
user-mode kernel's modules call through a register, so that where its value comes from
is followed. Files and lines are those of the debugging information.
"""

import collections
import re
import subprocess
import sys

TRACE_PC = "__sanitizer_cov_trace_pc"
INSN = re.compile(r"^ *([0-9a-f]+):\t(\S+) *(.*)$")
RELOC = re.compile(r"^\t+[0-9a-f]+: R_\S+\t(\S+)")
REG = r"%r\w+|-?0x[0-9a-f]+\(%r[sb]p\)"


def functions(ko):
    """Yields section and instructions of each function: address, name, operands, symbol."""
    out = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", ko], check=True,
                         capture_output=True, text=True).stdout
    section, code = "", []
    for line in out.splitlines():
        if line.startswith("Disassembly of section ") or re.match(r"^[0-9a-f]+ <", line):
            if code:
                yield section, code
            code = []
            if line.startswith("D"):
                section = line.split()[3].rstrip(":")
        elif m := RELOC.match(line):
            code[-1][3] = re.split("[-+]", m[1])[0]
        elif m := INSN.match(line):
            code.append([int(m[1], 16), m[2], m[3].split("#")[0].strip(), ""])
    if code:
        yield section, code


def after(insn, holders):
    """The registers and stack slots that hold TRACE_PC after an instruction."""
    _, name, operands, symbol = insn
    dest = operands.split(",")[-1]
    if name == "movabs" and symbol == TRACE_PC:
        return holders | {dest}
    m = re.fullmatch(rf"({REG}),({REG})", operands)
    if m and name.startswith("mov") and m[1] in holders:
        return holders | {m[2]}
    if name.startswith(("mov", "lea", "pop")):
        return holders - {dest}
    return holders


def calls(ko):
    """Each call of TRACE_PC, by section and offset that it returns to: its function's."""
    found = {}
    for section, code in functions(ko):
        index = {insn[0]: i for i, insn in enumerate(code)}
        state = [None] * len(code)
        queue = [(0, frozenset())]
        while queue:
            i, holders = queue.pop()
            if i >= len(code) or (state[i] is not None and holders <= state[i]):
                continue
            state[i] = holders | (state[i] or frozenset())
            name, operands = code[i][1], code[i][2]
            holders = after(code[i], state[i])
            target = operands.split(" ")[0]
            if name.startswith("j") and re.fullmatch("[0-9a-f]+", target):
                queue.append((index.get(int(target, 16), len(code)), holders))
            if name not in ("jmp", "ret"):
                queue.append((i + 1, holders))
        for i, (_, name, operands, symbol) in enumerate(code[:-1]):
            if name.startswith("call") and (
                    symbol == TRACE_PC or operands[1:] in (state[i] or ())):
                found[section, code[i + 1][0]] = code[0][0]
    return found


def lines_of(ko, section, offsets):
    """File of ours and line of each offset; None where it is none of ours."""
    out = subprocess.run(["addr2line", "-e", ko, "-j", section, "-a"],
                         input="".join(f"{o:#x}\n" for o in offsets), check=True,
                         capture_output=True, text=True).stdout
    found = {}
    for off, place in zip(offsets, re.split(r"^0x[0-9a-f]+\n", out, flags=re.M)[1:],
                          strict=True):
        m = re.match(r"\S*/kmod/(?:\./)?([^:/]+):(\d+)", place)
        found[off] = (m[1], int(m[2])) if m else None
    return found


def places(ko, points):
    """File and line of each point; what is inlined from elsewhere is its function's."""
    found = {}
    for section in {s for s, _ in points}:
        mine = {off: fn for (s, off), fn in points.items() if s == section}
        at = lines_of(ko, section, [off - 1 for off in mine])
        start = lines_of(ko, section, sorted(set(mine.values())))
        for off, fn in mine.items():
            found[section, off] = at[off - 1] or ((start[fn] or ("(headers)",))[0], 0)
    return found


def main(argv):
    missing = "--missing" in argv
    argv = [a for a in argv if a != "--missing"]
    if len(argv) < 2:
        sys.exit(__doc__)
    ko = argv[0]
    points = {c: fn for c, fn in calls(ko).items() if not c[0].startswith((".init", ".exit"))}
    reached = set()
    for name in argv[1:]:
        with open(name, encoding="ascii") as f:
            for line in f:
                section, off, _ = line.split()
                reached.add((section, int(off, 16)))
    unseen = reached - points.keys()
    if unseen:
        print(f"# {len(unseen)} points that the disassembly does not show")
    points.update({(section, off): off - 1 for section, off in unseen})
    total, hit = collections.Counter(), collections.Counter()
    left = collections.defaultdict(set)
    for point, (name, line) in places(ko, points).items():
        total[name] += 1
        hit[name] += point in reached
        if point not in reached and line:
            left[name].add(line)
    for name in sorted(total):
        print(f"{name:12} {hit[name]:5} of {total[name]:5} {100 * hit[name] / total[name]:5.1f} %")
        if missing and left[name]:
            print("    not reached:", " ".join(map(str, sorted(left[name]))))
    n, k = sum(total.values()), sum(hit.values())
    print(f"{'all':12} {k:5} of {n:5} {100 * k / n:5.1f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
