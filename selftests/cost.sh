#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host: it starts a VM of its own, whose clock counts instructions
# brief: left out; it takes two minutes of a core, and more where others share it
# timeout: 1500
#
# What a frame costs is within bench/limits: ratios to the cable, the bridge and bridge + vxlan
# of the same run, in instructions ("make bench"). One is exceeded where it is 2 % above. Who
# makes a case dearer on purpose changes its limit in the same commit, and says why.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

readonly LIMITS=$SELFTESTS/bench/limits
# a copy of the cases that limits name, and of their peers
CASES=$(sed 's/#.*//' "$LIMITS" | awk 'NF { print $1; print $2 }' | sort -u | tr '\n' ' ')

need jq python3
env -u TESTS -u SKIP -u TESTS_ONLY -u KERNELS -u KERNEL -u RUNNER -u JOBS -u V -u SANITIZE -u COVERAGE -u EACH \
	CASES="$CASES" JSON="$TMP/bench.json" CTNET_BENCH_ROUNDS=1 \
	bash "$SELFTESTS/vm/run.sh" bench </dev/null >"$TMP/bench" 2>&1
diag "$(sed -n '/^case /,$p' "$TMP/bench")"
[[ -s $TMP/bench.json ]] || { diag "$(tail -n 30 "$TMP/bench")"; die "make bench"; }

# limit CASE PEER: the measured ratio is not above the limit
within()
{
	local text

	text=$(jq -r --arg case "$1" --arg peer "$2" '.slack as $slack | .cases[] | select(.case == $case) |
		.limits[] | select(.peer == $peer) |
		"\(if .over then "over" else "within" end) \(.ratio) of \(.limit), \($slack * 100) % above are allowed"' \
		"$TMP/bench.json")
	check_match "$text" "^within " "$1, as a ratio to $2"
}

while read -r case peer _; do
	run_test within "$case" "$peer" "$case costs no more than it may, by $peer"
done < <(sed 's/#.*//' "$LIMITS" | grep .)
