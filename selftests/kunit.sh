#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module's unit tests (kmod/tests/): the variant of it that has them is loaded, which
# runs them, and each case that the kernel log tells of is a line here. TESTS_ONLY=NAME
# shows these cases alone; they all run.
# timeout: 600

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

MODULE=$(dirname "$0")/../kunit/ctnet.ko
SUITES="ctnet-decap ctnet-encap ctnet-fdb ctnet-fdbip ctnet-forward ctnet-guard ctnet-guard6 ctnet-neigh ctnet-nlmsg ctnet-pmtu"

[[ -e $MODULE ]] || skip_all "there is no module with unit tests: make check builds it, for a kernel with KUnit"

# what the kernel said since the variant was loaded, without time stamps
said() { dmesg -t | sed -n "/^ctnet-selftest: kunit ${TMP##*.}\$/,\$p"; }

load()
{
	[[ ! -e /sys/module/ctnet ]] || check rmmod ctnet
	check ip link set lo up
	echo "ctnet-selftest: kunit ${TMP##*.}" >/dev/kmsg
	START=$(now_ms)
	check insmod "$MODULE"
	diag "$(($(now_ms) - START)) ms"
	said >"$TMP/said"
}

# A line for each case: its suite, whether it is fine, its name, and why it was skipped. What
# it said before its verdict, if that is bad, stands before it.
show_cases()
{
	local line suite="" about=""

	while IFS= read -r line; do
		if [[ $line =~ ^\ {4}"# Subtest: "(.*) ]]; then
			suite=${BASH_REMATCH[1]} about=""
		elif [[ $line =~ ^\ {4}((not )?ok)\ [0-9]+\ ([^ ]+)(" # SKIP "(.*))? ]]; then
			verdict "$suite" "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" \
				"${BASH_REMATCH[4]:+${BASH_REMATCH[5]:-no reason}}" "$about"
			about=""
		elif [[ $line != *"promiscuous mode" ]]; then
			about+=$line$'\n'
		fi
	done <"$TMP/said"
}

# verdict SUITE OK CASE SKIPPED ABOUT
verdict()
{
	local name=${3#"${1//-/_}_test_"}

	RAN[$1]=$((${RAN[$1]:-0} + 1))
	if [[ -n ${TESTS_ONLY:-} && ! $name =~ $TESTS_ONLY ]]; then
		return
	fi
	if [[ $2 == "not ok" ]]; then
		diag "$(head -n 60 <<<"${5%$'\n'}")"
		log_test "$KSFT_FAIL" "$1: ${name//_/ }"
	elif [[ -n $4 ]]; then
		log_test "$KSFT_SKIP" "$1: ${name//_/ }" "$4"
	else
		log_test "$KSFT_PASS" "$1: ${name//_/ }"
	fi
}

# Each suite ran, with as many cases as it said it has.
complete()
{
	local suite plan

	for suite in $SUITES; do
		plan=$(sed -n "/^    # Subtest: $suite\$/,/^    1\.\./s/^    1\.\.//p" "$TMP/said")
		[[ -n $plan ]] || fail "$suite did not run"
		check_eq "${RAN[$suite]:-0}" "$plan" "$suite: cases that ran"
	done
}

# What the tests made is gone, and so is the module.
clean()
{
	check_not grep -q ctkt <<<"$(ip -o link show)"
	check rmmod ctnet
	check_not grep '^ctnet' /proc/slabinfo
}

declare -A RAN=()
TESTS_ONLY="" run_test load "the module with unit tests loads"
if [[ -e $TMP/said ]] && grep -q '^kunit: disabled' "$TMP/said"; then
	rmmod ctnet
	skip_all "KUnit is switched off: boot with kunit.enable=1"
fi
show_cases
TESTS_ONLY="" run_test complete "all suites ran, and all of their cases"
TESTS_ONLY="" run_test clean "they leave nothing, and the module unloads"
