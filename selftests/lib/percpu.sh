# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Per-CPU memory, of which kmemleak never tells (it does from 6.12 on). But all that the
# module has of it is charged to who made the object, so that his control group says to the
# byte what was not given back. To be sourced after lib.sh.

PERCPU=""

# percpu_group: makes a control group; its directory is in $PERCPU. If there can be none the
# test is skipped.
percpu_group()
{
	local cg=$TMP/percpu

	mkdir "$cg"
	mount -t cgroup2 none "$cg" 2>/dev/null || { skip "no cgroup2"; return 1; }
	defer umount "$cg"
	if ! echo +memory >"$cg/cgroup.subtree_control" 2>/dev/null; then
		skip "no memory controller"
		return 1
	fi
	mkdir "$cg/made"
	defer rmdir "$cg/made"
	PERCPU=$cg/made
}

# charged COMMAND...: what it makes is charged to the group
charged() { (charge "$BASHPID" && "$@"); }

# charge PID: what the process makes from now on is
charge() { echo "$1" >"$PERCPU/cgroup.procs"; }

# percpu: how many bytes are charged; the kernel adds up within two seconds
percpu() { sed -n 's/^percpu //p' "$PERCPU/memory.stat"; }

# percpu_is N: for waiting
percpu_is()
{
	local now

	now=$(percpu)
	echo "${now:-nothing}"
	[[ $now == "$1" ]]
}
