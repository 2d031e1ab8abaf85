# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for run.sh
#
# A user-mode kernel: a process of this machine that runs at its speed, with one CPU.
# Sourced by run.sh.

runner_init()
{
	# a system call costs what ten do elsewhere, and the instruments their share
	SLOW=4 RUNNER_NAME="a user-mode kernel, 1 CPU"
}

# How many at once: each has one CPU, and waits for some of its time.
runner_jobs() { echo $(($(nproc) + 1)); }

# runner_retry DIR: see runner-vng.sh
runner_retry() { false; }

# runner_start DIR APPEND: see runner-vng.sh
runner_start()
{
	local dir=$1
	local -a append

	read -ra append <<<"$2"
	# Its memory is a file, which no longer has a name, in TMPDIR.
	TMPDIR=/dev/shm setsid "$VM_KERNEL" mem=2G rootfstype=hostfs rootflags=/ ro \
		con=null con0=null,fd:1 panic=-1 oops=panic "${append[@]}" \
		init="$RUN/uml-init.sh" CTNET_RUN="$RUN" CTNET_VM="$dir" \
		</dev/null >"$dir/console" 2>"$dir/runner" &
	RUNNER_PID=$!
}
