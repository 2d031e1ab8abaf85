#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The scripts without the VMs and all that these bring: on a machine that has the module, by
# "make run_tests" or each by itself. The tree is a copy as a build leaves it, with the tool in
# tools/ctnetctl/ and nowhere else, and the environment has nothing but a plain PATH and, as the machine
# may be slow, CTNET_SLOW.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need make setpriv
readonly TREE=$TMP/tree PLAIN=/usr/sbin:/usr/bin:/sbin:/bin
[[ -z $(PATH=$PLAIN type -P ctnetctl) ]] || skip_all "ctnetctl is installed where all look for programs"

tree()
{
	chmod 755 "$TMP"
	must mkdir -p "$TREE/selftests" "$TREE/tools/ctnetctl"
	must cp -r "$SELFTESTS"/{*.sh,Makefile,lib} "$TREE/selftests/"
	must cp "$(type -P ctnetctl)" "$TREE/tools/ctnetctl/"
	script passes.sh 'true'
	script fails.sh 'check_eq 1 2'
	script skips.sh 'skip_all "it has no reason"'
}

# script NAME COMMAND: a test more in there
script()
{
	# shellcheck disable=SC2016 # for that script
	printf '%s\n' '#!/bin/bash' '. "$(dirname "$0")/lib/lib.sh"' "it() { $2; }" \
		'run_test it "it does"' >"$TREE/selftests/$1"
	chmod +x "$TREE/selftests/$1"
}

# plain COMMAND...: what it says is in $OUT, its exit code in $CODE
plain()
{
	OUT=$(cd / && env -i PATH=$PLAIN CTNET_SLOW="$CTNET_SLOW" "$@" 2>&1)
	CODE=$?
}

# says LINE: a line of $OUT is this
says() { grep -qxF -e "$1" <<<"$OUT" || fail "no line '$1' in: $OUT"; }

# A test of the tool alone, and one with containers and the Python program beside it.
run_tests()
{
	plain TESTS_ONLY='^(meant|unicast_alone|ping_containers)$' make -C "$TREE/selftests" run_tests \
		TEST_PROGS="usage.sh local.sh"
	check_eq $CODE 0 "exit code of make"
	says "1..2"
	says "ok 1 selftests: usage.sh"
	says "ok 2 selftests: local.sh"
	says "# ok 2 known unicast reaches its port alone"
	[[ $RET -eq 0 ]] || diag "$OUT"
}

verdicts()
{
	plain make -C "$TREE/selftests" run_tests TEST_PROGS="fails.sh skips.sh passes.sh"
	check_eq $CODE 2 "exit code of make"
	says "not ok 1 selftests: fails.sh # exit=1"
	says "ok 2 selftests: skips.sh # SKIP"
	says "ok 3 selftests: passes.sh"
	says "# not ok 1 it does"
}

# what is run where nobody says what; those about VMs and installing are not
all_of_them()
{
	local t all

	plain make -C "$TREE/selftests" -np all
	all=" $(sed -n 's/^TEST_PROGS := //p' <<<"$OUT") "
	for t in alone.sh local.sh ynl.sh; do
		[[ $all == *" $t "* ]] || fail "$t is not among:$all"
	done
	for t in kvm.sh install.sh; do
		[[ $all != *" $t "* ]] || fail "$t is among:$all"
	done
}

by_itself()
{
	plain "$TREE/selftests/passes.sh"
	check_eq $CODE 0 "exit code"
	says "ok 1 it does"
	says "1..1"
	plain "$TREE/selftests/fails.sh"
	check_eq $CODE 1 "exit code of one that fails"
	plain "$TREE/selftests/skips.sh"
	check_eq $CODE 4 "exit code of one that is skipped"
}

loads_the_module()
{
	reloads || return
	check rmmod ctnet
	plain "$TREE/selftests/passes.sh"
	check_eq $CODE 0 "exit code"
	[[ -e /sys/module/ctnet ]] || fail "the module is not loaded"
}

# skipped COMMAND...: a script says why it is not run
skipped()
{
	plain "${@:2}"
	check_eq $CODE 4 "exit code of ${*:2}"
	check_match "$OUT" "^TAP version 13"$'\n'"1\.\.0 # SKIP $1" "what ${*:2} says"
}

needs()
{
	skipped "it takes root" setpriv --reuid=65534 --clear-groups "$TREE/selftests/passes.sh"
	# shellcheck disable=SC2016 # for the shell in there
	skipped "no ctfuzz: make -C selftests builds it" bash -c \
		'. "$1/lib/lib.sh"; need ctfuzz' "$TREE/selftests/passes.sh" "$TREE/selftests"
	rm "$TREE/tools/ctnetctl/ctnetctl"
	skipped "no ctnetctl, neither in PATH nor in ../tools/ctnetctl: make tool builds it" "$TREE/selftests/passes.sh"
}

tree
run_test run_tests "make run_tests runs a test of the tool, and one of traffic"
run_test verdicts "it says what passes, what is skipped, and fails if one fails"
run_test all_of_them "it runs all, but those about VMs and installing"
run_test by_itself "a script runs by itself, from anywhere"
run_test loads_the_module "where the module is not loaded, it is"
run_test needs "one that cannot run says what is missing"
