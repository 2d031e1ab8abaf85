# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How a script is judged, in a VM (guest.sh) and on the host (host.sh): by its KTAP lines,
# its exit code, and what it left behind. Sourced there.

# judge SCRIPT LIMIT RET SIZE START FOUND: the script, which might take LIMIT seconds, began
# at $SECONDS START, has ended with exit code RET, and printed what is in $VM/log from byte
# SIZE on. FOUND is what is wrong besides, if it is not blank. Prints the verdict, and adds
# it to $VM/results.
judge()
{
	local t=$1 limit=$2 ret=$3 size=$4 start=$5 found=$6
	local ok=0 bad=0 skipped=0 plan=""

	# verdicts as printed: one pass over what the script wrote
	read -r ok bad skipped plan < <(tail -c "+$((size + 1))" "$VM/log" | awk '
		/^ok .*# SKIP/ { s++; next }
		/^ok / { o++ }
		/^not ok / { n++ }
		/^1\.\.[0-9]/ { split($1, p, "\\.\\."); plan = p[2]; if (plan == 0) s++ }
		END { print o + 0, n + 0, s + 0, plan }')
	if [[ $MODE != demo ]]; then
		if [[ $ret -eq 124 || $ret -eq 137 ]]; then
			echo "not ok runner: $t takes longer than its $limit s"
			bad=$((bad + 1))
		elif [[ -z $plan ]] || ((plan > 0 && plan != ok + bad + skipped)); then
			echo "not ok runner: $t ran to its end # exit $ret, plan ${plan:-none}, $((ok + bad + skipped)) results"
			bad=$((bad + 1))
		elif [[ $ret -ne 0 && $ret -ne 4 && $bad -eq 0 ]]; then
			echo "not ok runner: $t exits with 0 # exit $ret"
			bad=$((bad + 1))
		fi
	elif [[ $ret -ne 0 ]]; then
		bad=1
	fi
	if [[ $found =~ [^[:space:]] ]]; then
		echo "not ok runner: $t leaves nothing behind, and the kernel log is clean"
		grep . <<<"$found"
		bad=$((bad + 1))
	fi
	if [[ $bad -gt 0 ]]; then
		ret=FAIL
	elif [[ $ok -eq 0 && $MODE != demo ]]; then
		ret=SKIP
	else
		ret=PASS
	fi
	[[ $MODE == demo ]] ||
		echo "== $t: $ret ($ok ok, $bad not ok, $skipped skipped; $((SECONDS - start)) s)"
	echo "$t $ret $ok $bad $skipped $((SECONDS - start))" >>"$VM/results"
}
