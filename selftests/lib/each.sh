# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# each.sh SCRIPT: runs the script anew for each of its tests, with that test alone, and prints a
# line of TAP for each: shows those that need another to have run before. Exits with 1 if one
# failed.

mapfile -t tests < <(sed -nE 's/^[[:space:]]*(run|refusal)_test ([a-z0-9_]+).*/\2/p' "$1" | awk '!seen[$0]++')

failed=0
echo "TAP version 13"
for i in "${!tests[@]}"; do
	out=$(TESTS_ONLY="^${tests[i]}\$" bash "$1" </dev/null 2>&1)
	case $? in
	0) echo "ok $((i + 1)) ${tests[i]}" ;;
	4) echo "ok $((i + 1)) ${tests[i]} # SKIP" ;;
	*)
		echo "not ok $((i + 1)) ${tests[i]}, by itself"
		printf '# %s\n' "${out//$'\n'/$'\n'# }"
		failed=1
		;;
	esac
done
echo "1..${#tests[@]}"
exit "$failed"
