#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 1800 + CTNET_FUZZ_SECONDS
#
# ctfuzz (fuzz/ctfuzz.h) against the module: netlink messages, frames from ports, frames
# from the underlay, each kept if it reaches code that none did before. What is wrong is
# what the kernel says of it: the runner reads its log, and looks for leaks.
#
#	CTNET_FUZZ_CASES=N	cases of each mode (200000)
#	CTNET_FUZZ_SECONDS=N	or so long, all three together
#	CTNET_OUT=DIR		there: figures, coverage, cases that are worth keeping, and
#				the last cases before a crash: ctfuzz MODE --replay FILE

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

DIR=$(dirname "$0")/fuzz
KO=/lib/modules/$(uname -r)/updates/ctnet.ko
OUT_DIR=${CTNET_OUT:-$TMP/out}

[[ -e /sys/kernel/debug/kcov ]] || skip_all "the kernel does not record coverage (KCOV)"
need ctfuzz python3 objdump addr2line
mkdir -p "$OUT_DIR"

# Frames that a tap with IFF_NAPI receives go up at once, where coverage is recorded.
BATCH=$(sysctl -n net.core.gro_normal_batch)
must sysctl -w net.core.gro_normal_batch=1
defer sysctl -qw "net.core.gro_normal_batch=$BATCH"

# fuzz MODE POINTS: runs it, and sees that it reached so many points at least
fuzz()
{
	local mode=$1 least=$2 points
	local -a how=(--cases "${CTNET_FUZZ_CASES:-200000}")

	[[ -z ${CTNET_FUZZ_SECONDS:-} ]] || how=(--seconds $((CTNET_FUZZ_SECONDS / 3 + 1)))
	check ctfuzz "$mode" "${how[@]}" --corpus "$DIR/corpus/$mode" --save "$OUT_DIR/corpus" \
		--last "$OUT_DIR/$mode.last" --stats "$OUT_DIR/$mode.stats" \
		--points "$OUT_DIR/$mode.points" || return
	diag "$(paste -sd ' ' "$OUT_DIR/$mode.stats")"
	points=$(sed -n 's/^points //p' "$OUT_DIR/$mode.stats")
	((points >= least)) || fail "only $points points of the module were reached"
	rm -f "$OUT_DIR/$mode.last"
	check python3 "$DIR/cover.py" --missing "$KO" "$OUT_DIR/$mode.points" &&
		echo "$OUT" >"$OUT_DIR/$mode.coverage" &&
		diag "${OUT##*$'\n'}"
}

run_test fuzz netlink 1100 "netlink messages of all sorts"
run_test fuzz port 1200 "frames of all sorts from ports and the host"
run_test fuzz underlay 300 "frames of all sorts from the underlay"

check python3 "$DIR/cover.py" "$KO" "$OUT_DIR"/*.points &&
	echo "$OUT" >"$OUT_DIR/coverage" && diag "reached altogether:"$'\n'"$OUT"
