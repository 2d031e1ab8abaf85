# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# ctfuzz (fuzz/ctfuzz.h) against the module, in one of its modes, for the scripts of that
# name: cases of which each is kept if it reaches code that none did before. What is wrong
# is what the kernel says of it: the runner reads its log, and looks for leaks. To be
# sourced after lib.sh.
#
#	CTNET_FUZZ_CASES=N	so many cases (200000)
#	CTNET_FUZZ_SECONDS=N	or for so long
#	CTNET_OUT=DIR		there: figures, coverage, cases that are worth keeping, and
#				the last cases before a crash: ctfuzz MODE --replay FILE

FUZZ_DIR=$SELFTESTS/fuzz
FUZZ_KO=/lib/modules/$(uname -r)/updates/ctnet.ko
FUZZ_OUT=${CTNET_OUT:-$TMP/out}

[[ -e /sys/kernel/debug/kcov ]] || skip_all "the kernel does not record coverage (KCOV)"
need ctfuzz python3 objdump addr2line
mkdir -p "$FUZZ_OUT"

# Frames that a tap with IFF_NAPI receives go up at once, where coverage is recorded.
FUZZ_BATCH=$(sysctl -n net.core.gro_normal_batch)
must sysctl -w net.core.gro_normal_batch=1
defer sysctl -qw "net.core.gro_normal_batch=$FUZZ_BATCH"

# fuzz MODE POINTS: runs it, and sees that it reached so many points at least
fuzz()
{
	local mode=$1 least=$2 points out=$FUZZ_OUT/$1
	local -a how=(--cases "${CTNET_FUZZ_CASES:-200000}")

	[[ -z ${CTNET_FUZZ_SECONDS:-} ]] || how=(--seconds "$CTNET_FUZZ_SECONDS")
	check ctfuzz "$mode" "${how[@]}" --corpus "$FUZZ_DIR/corpus/$mode" \
		--save "$FUZZ_OUT/corpus" --last "$out.last" --stats "$out.stats" \
		--points "$out.points" || return
	diag "$(paste -sd ' ' "$out.stats")"
	points=$(sed -n 's/^points //p' "$out.stats")
	((points >= least)) || fail "only $points points of the module were reached"
	rm -f "$out.last"
	check python3 "$FUZZ_DIR/cover.py" --missing "$FUZZ_KO" "$out.points" || return
	echo "$OUT" >"$out.coverage"
	diag "$(grep -v 'not reached:' <<<"$OUT")"
}

# replayed MODE: the cases of a file are all sent, once, and reach something
replayed()
{
	local file=$FUZZ_DIR/corpus/$1/seed.txt points

	check ctfuzz "$1" --replay "$file" || return
	check_eq "$(sed -n 's/^cases //p' <<<"$OUT")" "$(grep -c '^case ' "$file")" "cases"
	points=$(sed -n 's/^points //p' <<<"$OUT")
	((points >= 300)) || fail "they reached $points points"
}
