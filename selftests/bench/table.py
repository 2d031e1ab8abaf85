#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# table.py TSV LIMITS JSON KERNEL: what frames.sh measured as a table, for people, and as JSON:
#
#	{"kernel": "...", "slack": 0.02, "cases": [{"case": "guard", "instructions": 1830,
#	 "spread": 0.001, "cable": 1.66, "peer": "bridge", "ratio": 0.52,
#	 "limits": [{"peer": "cable", "ratio": 1.66, "limit": 1.70, "over": false}]}]}
#
# "spread" is what the rounds differ by; "over" is whether the limit is exceeded by more than
# the slack. A limit whose peer or case was not measured is not in it.

import json
import statistics
import sys

SLACK = 0.02
ACROSS = ("routed", "bridge+vxlan", "hosts", "direct", "direct+native")


def read(path):
    """Case to its rounds, in the order of the file."""
    cases = {}
    with open(path, encoding="ascii") as f:
        for line in f:
            case, n = line.split()
            cases.setdefault(case, []).append(int(n))
    return cases


def read_limits(path):
    """Case to its limits: (peer, ratio)."""
    limits = {}
    with open(path, encoding="ascii") as f:
        for line in f:
            words = line.partition("#")[0].split()
            if words:
                case, peer, ratio = words
                limits.setdefault(case, []).append((peer, float(ratio)))
    return limits


def judge(median, case, limits):
    found = []
    for peer, limit in limits.get(case, []):
        if median.get(peer):
            ratio = median[case] / median[peer]
            found.append({"peer": peer, "ratio": round(ratio, 3), "limit": limit,
                          "over": ratio > limit * (1 + SLACK)})
    return found


def rows(cases, limits):
    median = {c: statistics.median(n) for c, n in cases.items()}
    for case, n in cases.items():
        peer = "bridge+vxlan" if case in ACROSS else "bridge"
        row = {"case": case, "instructions": round(median[case]),
               "spread": round((max(n) - min(n)) / median[case], 4)}
        if median.get("cable"):
            row["cable"] = round(median[case] / median["cable"], 2)
        if median.get(peer):
            row["peer"] = peer
            row["ratio"] = round(median[case] / median[peer], 2)
        row["limits"] = judge(median, case, limits)
        yield row


def show(row):
    text = "%-14s %12d %8.2f%%" % (row["case"], row["instructions"], 100 * row["spread"])
    text += " %8s" % ("%.2f" % row["cable"] if "cable" in row else "")
    text += "  %-20s" % ("%.2f x %s" % (row["ratio"], row["peer"]) if "peer" in row else "")
    for limit in row["limits"]:
        text += " %s%.2f x %s" % ("OVER " if limit["over"] else "", limit["limit"], limit["peer"])
    return text.rstrip()


def main():
    tsv, limits, out, kernel = sys.argv[1:]
    table = list(rows(read(tsv), read_limits(limits)))
    print("%-14s %12s %9s %8s  %-20s %s" % ("case", "instructions", "spread", "x cable", "x peer", "limit"))
    for row in table:
        print(show(row))
    with open(out, "w", encoding="ascii") as f:
        json.dump({"kernel": kernel, "slack": SLACK, "cases": table}, f, indent=1)
        f.write("\n")


main()
