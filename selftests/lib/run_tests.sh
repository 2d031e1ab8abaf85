#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make run_tests" runs: the scripts that are named, one after another, and a line of TAP
# for each. Exits with 1 if one of them failed.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

n=0 failed=0
printf '%s\n' "TAP version 13" "1..$#"
for t; do
	n=$((n + 1))
	echo "# selftests: $t"
	bash "./$t" </dev/null 2>&1 | sed -u 's/^/# /'
	ret=${PIPESTATUS[0]}
	case $ret in
	0) echo "ok $n selftests: $t" ;;
	4) echo "ok $n selftests: $t # SKIP" ;;
	*)
		echo "not ok $n selftests: $t # exit=$ret"
		failed=1
		;;
	esac
done
exit "$failed"
