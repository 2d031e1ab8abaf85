#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What guest.sh is in a VM, for scripts with a line "# host: WHY": they are about the runner
# and about installing, and run on this machine itself, which they must leave as it is.
# Started by run.sh with the directory of the run and one in it that is as a VM's.

set -u

RUN=$1 VM=$2
readonly RUN VM
set -a
# shellcheck source=/dev/null
. "$RUN/vars"
set +a
# shellcheck source=verdict.sh
. "$RUN/verdict.sh"

exec >>"$VM/log" 2>&1

# the processes that a script left, which are killed
left()
{
	local p

	for p in $(cd /proc && grep -lz "^CTNET_TEST=$1\$" [0-9]*/environ 2>/dev/null); do
		p=${p%/environ}
		[[ $p != "$BASHPID" ]] || continue
		printf '# left a process: %s %s\n' "$p" "$(tr '\0' ' ' <"/proc/$p/cmdline")"
		kill -9 "$p"
	done
}

run_script()
{
	local t=$1 limit=$2 id=$1.$RANDOM size ret start=$SECONDS

	echo "== $t"
	size=$(stat -c %s "$VM/log")
	(cd "$SELFTESTS" && exec env CTNET_TEST="$id" CTNET_SLOW=1 CTNET_OUT="$VM/out" \
		timeout -k 20 "$limit" bash "./$t.sh" </dev/null)
	ret=$?
	judge "$t" "$limit" "$ret" "$size" "$start" "$(left "$id")"
}

mkdir -p "$VM/out"
touch "$VM/ready"
while read -r t limit; do
	mv -f "$RUN/queue/$t" "$VM/current" 2>/dev/null || continue
	run_script "$t" "$limit"
done <"$RUN/tests"
touch "$VM/done"
