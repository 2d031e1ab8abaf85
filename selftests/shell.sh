#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host: it is about the prompt that the runner gives
# timeout: 700
#
# "make shell", with a terminal: commands that are typed before the VM is up are run in it,
# on the first host of the demo's network, and "exit" ends it.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need script socat
TOP=${SELFTESTS%/*}
readonly TOP

# clean COMMAND...: without what this run itself was told
clean()
{
	env -u TESTS -u SKIP -u TESTS_ONLY -u KERNELS -u KERNEL -u RUNNER -u JOBS -u V -u SANITIZE \
		-u COVERAGE -u BRIEF -u MAKEFLAGS -u MAKELEVEL "$@"
}

prompts()
{
	local out ret

	out=$(set -o pipefail
		printf '%s\n' "tty; stty size" "ctnetctl -j list ports | jq -r '\"port=\" + .[].label'" \
			"ip netns exec web1 ping -c1 -W10 203.0.113.4 | grep -o '1 received'" exit |
		clean timeout 600 script -qec "stty rows 33 cols 111; make -s -C '$TOP' shell" /dev/null |
		tr -d '\r' | sed 's/\x1b\[[?0-9;]*[a-zA-Z]//g')
	ret=$?
	check_eq "$ret" 0 "exit status of make"
	check_match "$out" $'\n/dev/hvc0\n33 111\n' "terminal"
	check_match "$out" $'\nport=web1\nport=db1\n' "ports"
	check_match "$out" $'\n1 received\n' "a ping to the other host"
}

no_uml()
{
	check_fail 2 'RUNNER=uml: make shell is in a VM' clean make -s -C "$TOP" shell RUNNER=uml
}

run_test prompts "a prompt on host1 with the demo's network; exit ends the VM"
run_test no_uml "a user-mode kernel is refused"
