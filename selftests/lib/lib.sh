# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts of selftests/ have in common. A script sources this file,
# builds its topology, calls run_test for each behaviour and ends; the plan line,
# the exit code and all tidying up come from the EXIT trap set here.
#
#	. "$(dirname "$0")/lib/lib.sh"
#	topo_two_hosts; setup_ns c1 c2
#	ping_works() { check ip netns exec "$c1" ping -c1 203.0.113.2; }
#	run_test ping_works "containers of one host reach one another"
#
# Output is KTAP. Exit codes are those of kernel selftests: 0 pass, 1 fail, 4 skip.
#
# A process costs 0.1 s in a VM without KVM. Helpers here therefore batch what they do; of JSON,
# ask for all that you want to know of one state at once.

set -u

readonly KSFT_PASS=0 KSFT_FAIL=1 KSFT_SKIP=4
# Waits are multiplied by this, on a slow machine; the runner sets it.
: "${CTNET_SLOW:=1}"

TESTS_RUN=0 TESTS_FAILED=0 TESTS_SKIPPED=0
RET=0			# of the test that runs: 0, 1 or KSFT_SKIP
SKIP_REASON="" TEST_NOW=""
NS_LIST=()		# namespaces to delete at the end
NETS_ON=()		# of these, hosts: the ones whose state check_fail compares
DEFERRED=()		# commands to run at the end, last first
STATE=""		# what dump_state printed at the end of a refusal_test
CAPTURES=()		# "file pid" of each running tcpdump

TMP=$(mktemp -d /tmp/ctnet-test.XXXXXX)
exec {SLEEP_FD}<> <(:)

SELFTESTS=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
# What a build leaves in the tree, for who has it nowhere else; where root's programs are, for
# whom su left out.
PATH+=:/usr/sbin:/sbin:${SELFTESTS%/*}/tools/ctnetctl:${SELFTESTS%/*}/tools/docker:$SELFTESTS/churn:$SELFTESTS/fault:$SELFTESTS/fuzz

# ip -batch keeps a descriptor for each namespace it was given
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"

# ---------------------------------------------------------------- reporting

# diag TEXT...: a remark in the log
diag()
{
	local line

	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

# log_test RET NAME [REMARK]: the verdict of one test
log_test()
{
	local ret=$1 name=$2 remark=${3:-}

	TESTS_RUN=$((TESTS_RUN + 1))
	case $ret in
	"$KSFT_PASS")
		printf 'ok %d %s\n' "$TESTS_RUN" "$name"
		;;
	"$KSFT_SKIP")
		TESTS_SKIPPED=$((TESTS_SKIPPED + 1))
		printf 'ok %d %s # SKIP %s\n' "$TESTS_RUN" "$name" "$remark"
		;;
	*)
		TESTS_FAILED=$((TESTS_FAILED + 1))
		printf 'not ok %d %s%s\n' "$TESTS_RUN" "$name" "${remark:+ # $remark}"
		;;
	esac
}

# run_test FUNCTION [ARG...] "DESCRIPTION": runs it and logs its verdict. It has
# failed if it set RET (as check does) or returned non-zero. A function that is
# named in no $TESTS_ONLY (a regular expression) is left out.
run_test()
{
	local name=${*: -1} ret

	if [[ -n ${TESTS_ONLY:-} && ! $1 =~ $TESTS_ONLY ]]; then
		return
	fi
	[[ $1 == still_unchanged ]] || STATE=""
	RET=0 SKIP_REASON="" TEST_NOW=$name
	"${@:1:$#-1}"
	ret=$?
	# what a check_fail in there has left was before what came after that
	[[ $1 == still_unchanged ]] || STATE=""
	if [[ $RET -eq 0 && $ret -ne 0 ]]; then
		RET=$ret
		[[ $ret -eq $KSFT_SKIP ]] || diag "$1 returned $ret"
	fi
	TEST_NOW=""
	log_test "$RET" "$name" "$SKIP_REASON"
}

# skip REASON: for "skip REASON; return" in a test. One that has failed already has failed.
skip()
{
	[[ $RET -ne $KSFT_FAIL ]] || { diag "the rest is skipped: $*"; return 0; }
	RET=$KSFT_SKIP
	SKIP_REASON=$*
}

# skip_all REASON: ends the script; all of it is skipped
skip_all()
{
	printf '1..0 # SKIP %s\n' "$*"
	TESTS_SKIPPED=-1
	exit "$KSFT_SKIP"
}

# fail TEXT: the test has failed, and says why
fail()
{
	RET=$KSFT_FAIL SKIP_REASON=""
	diag "$*"
	return 1
}

# need COMMAND...: skips the script where a command is missing
need()
{
	local c

	for c; do
		command -v "$c" >/dev/null && continue
		case $c in
		ctnetctl) skip_all "no ctnetctl, neither in PATH nor in ../tools/ctnetctl: make tool builds it" ;;
		ctnet-docker) skip_all "no ctnet-docker, neither in PATH nor in ../tools/docker: make tool builds it" ;;
		ctchurn|ctfuzz) skip_all "no $c: make -C selftests builds it" ;;
		esac
		skip_all "no $c"
	done
}

# reloads: whether modprobe finds the module, which the test is about to unload; if not the
# test is skipped
reloads()
{
	modinfo -n ctnet >/dev/null 2>&1 && return
	skip "modprobe does not find ctnet, which is unloaded here: make install-module"
	return 1
}

# What every script needs, wherever it runs; one that is about this machine (a line
# "# host: WHY") needs none of it.
need_module()
{
	local -a head

	mapfile -n 20 -t head <"$0"
	[[ " ${head[*]}" != *" # host: "* ]] || return 0
	((EUID == 0)) || skip_all "it takes root"
	need ip bridge tc ping sysctl timeout diff unshare nsenter modprobe rmmod modinfo ctnetctl
	[[ -n $JQ ]] || skip_all "no gojq, and no jq"
	[[ -e /sys/module/ctnet ]] || modprobe -q ctnet 2>/dev/null ||
		skip_all "the module ctnet is not loaded, and modprobe does not find it: make install-module"
}

# check COMMAND...: it must succeed; if not the test has failed, and its output
# is shown. What it printed is in $OUT.
check()
{
	local ret

	OUT=$("$@" 2>&1)
	ret=$?
	if [[ $ret -ne 0 ]]; then
		fail "$*: exit $ret"
		[[ -z $OUT ]] || diag "$OUT"
	fi
	return "$ret"
}

# check_not COMMAND...: it must fail, how does not matter
check_not()
{
	if OUT=$("$@" 2>&1); then
		fail "$*: succeeded"
		[[ -z $OUT ]] || diag "$OUT"
		return 1
	fi
}

# check_eq GOT WANT [WHAT] and check_match TEXT REGEX [WHAT]
check_eq()
{
	[[ $1 == "$2" ]] || fail "${3:-value}: got '$1', want '$2'"
}

check_match()
{
	[[ $1 =~ $2 ]] || fail "${3:-text}: '$1' does not match '$2'"
}

# dump_state: all that a refused command might have changed in the hosts, and in the namespaces
# that STATE_NS names besides, but what changes by itself (ages, learned entries, counters), in an
# order that says nothing of what was undone
dump_state()
{
	# shellcheck disable=SC2086 # a list of names
	dump_state_of "${NETS_ON[@]}" ${STATE_NS:-}
}

# dump_state_of NS...: the same of these
dump_state_of()
{
	local ns

	for ns; do
		echo "== $ns"
		{
			ctnetctl -n "$ns" -j -b - 2>&1 <<<$'list nets\nlist ports\nlist peers\nlist fdb\nlist publish' |
				jq -c '.[] | select(.type != "learned") | del(.fdb_learned)' 2>&1
			ip -n "$ns" -o -d -b - <<<$'link show\naddr show' |
				sed -E 's/ state [A-Z]+//; s/(NO-CARRIER|LOWER_UP|M-DOWN),?//g; s/ tentative//'
		} | sort
	done
}

# same_state BEFORE: dump_state prints the same as before; $STATE has what it prints
same_state()
{
	STATE=$(dump_state)
	[[ $STATE == "$1" ]] && return
	fail "it was refused, yet changed something:"
	diag "$(diff <(echo "$1") <(echo "$STATE"))"
	return 1
}

# unchanged COMMAND...: runs it, and it changes nothing that dump_state shows
unchanged()
{
	local before ret

	before=$(dump_state)
	"$@"
	ret=$?
	same_state "$before" && return "$ret"
}

# refusal_test FUNCTION DESCRIPTION: run_test for a function of which all commands are refused:
# they have changed nothing. It takes seconds to look at the state, so that is done once for all of
# them; of tests that follow one another, the second begins where the first ended.
refusal_test()
{
	[[ -z ${TESTS_ONLY:-} || $1 =~ $TESTS_ONLY ]] || return 0
	local TESTS_ONLY=""

	run_test still_unchanged "$@"
}

still_unchanged()
{
	local before=${STATE:-$(dump_state)} ret

	"$@"
	ret=$?
	same_state "$before" && return "$ret"
}

# refused EXIT REGEX COMMAND...: the command fails with this exit code, and a message on stderr
# that matches; that message is in $OUT. What it may have changed is not looked at: see
# check_fail, unchanged.
refused()
{
	local want=$1 regex=$2 ret

	shift 2
	OUT=$("$@" 2>&1 >/dev/null)
	ret=$?
	if [[ $ret -ne $want ]]; then
		fail "$*: exit $ret, want $want; said '$OUT'"
	elif [[ ! $OUT =~ $regex ]]; then
		fail "$*: said '$OUT', want '$regex'"
	fi
}

# check_fail EXIT REGEX COMMAND...: the command is refused, and has changed nothing that
# dump_state shows
check_fail() { unchanged refused "$@"; }

# ------------------------------------------------------------------ waiting

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# nap SECONDS: sleep without a process; only for polling
nap() { read -rt "$1" -u "$SLEEP_FD"; true; }

# poke NET FILE...: for waiting until a monitor listens: network NET of h1 is set, and all of
# FILE..., which monitors write, name it
poke()
{
	local f

	ctn "$h1" set-net "$1" --ageing $((100 + RANDOM % 100))
	for f in "${@:2}"; do
		grep -q "$1" "$f" || return
	done
}

# in_its_namespace PID NS: for waiting: the process has got into this namespace
in_its_namespace() { [[ /proc/$1/ns/net -ef /run/netns/$2 ]]; }

# busywait MS COMMAND...: until it succeeds, for at most so long (longer in a slow
# VM). Its last output is in $OUT and on stdout.
busywait()
{
	local end=$((${EPOCHREALTIME/[.,]/} / 1000 + $1 * CTNET_SLOW)) ret

	shift
	while true; do
		OUT=$("$@" 2>&1)
		ret=$?
		if [[ $ret -eq 0 ]] || ((${EPOCHREALTIME/[.,]/} / 1000 > end)); then
			[[ -z $OUT ]] || printf '%s\n' "$OUT"
			return "$ret"
		fi
		nap 0.05
	done
}

# slowwait SECONDS COMMAND...: the same, for what takes seconds: polls less often
slowwait()
{
	local end=$((SECONDS + $1 * CTNET_SLOW)) ret

	shift
	while true; do
		OUT=$("$@" 2>&1)
		ret=$?
		if [[ $ret -eq 0 ]] || ((SECONDS > end)); then
			[[ -z $OUT ]] || printf '%s\n' "$OUT"
			return "$ret"
		fi
		nap 0.5
	done
}

# wait_until MS COMMAND...: busywait that prints nothing, and fails the test
wait_until()
{
	local ms=$1

	shift
	busywait "$ms" "$@" >/dev/null && return
	fail "$*: not true within ${ms} ms${OUT:+; last output:}"
	[[ -z $OUT ]] || diag "$OUT"
	return 1
}

# settled NS...: for waiting: duplicate detection is at work on no address there
settled()
{
	local ns

	for ns; do
		[[ -z $(ip -n "$ns" -o addr show tentative) ]] || return
	done
}

# wait_for_ping NS ADDRESS [MS]: until it answers
wait_for_ping()
{
	wait_until "${3:-5000}" ip netns exec "$1" ping -nqc1 -W1 "$2"
}

# -------------------------------------------------------------- tidying up

# defer COMMAND...: runs when the script ends, last deferred first
defer()
{
	local q

	printf -v q '%q ' "$@"
	DEFERRED+=("$q")
}

# background COMMAND...: started now, killed at the end; its PID is in $BG_PID
background()
{
	"$@" &
	BG_PID=$!
	defer kill_wait "$BG_PID"
}

kill_wait()
{
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	true
}

del_ns()
{
	local ns pids

	for ns; do
		[[ -e /run/netns/$ns ]] || continue
		pids=$(ip netns pids "$ns")
		# shellcheck disable=SC2086 # a list of PIDs
		[[ -z $pids ]] || kill -9 $pids 2>/dev/null
	done
	for ns; do
		[[ ! -e /run/netns/$ns ]] || echo "netns del $ns"
	done | ip -batch -
}

cleanup()
{
	local i c

	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}"
	done
	DEFERRED=()
	for c in "${CAPTURES[@]:-}"; do
		[[ -z $c ]] || kill_wait "${c##* }"
	done
	CAPTURES=()
	[[ ${#NS_LIST[@]} -eq 0 ]] || del_ns "${NS_LIST[@]}"
	NS_LIST=()
	NETS_ON=()
	rm -rf "$TMP"
}

at_exit()
{
	local ret=$?

	trap - EXIT
	trap '' INT TERM
	cleanup
	[[ $TESTS_SKIPPED -ge 0 ]] || exit "$KSFT_SKIP"
	# the runner's time limit: it says so itself
	[[ $ret -ne 143 ]] || exit "$ret"
	if [[ $ret -ne 0 && $TESTS_FAILED -eq 0 ]]; then
		log_test 1 "the script runs to its end" "exit $ret"
	fi
	printf '1..%d\n' "$TESTS_RUN"
	if [[ $TESTS_FAILED -gt 0 || $TESTS_RUN -eq 0 ]]; then
		exit "$KSFT_FAIL"
	elif [[ $TESTS_SKIPPED -eq $TESTS_RUN ]]; then
		exit "$KSFT_SKIP"
	fi
	exit "$KSFT_PASS"
}

# die TEXT: the topology cannot be built; the script ends as failed
die()
{
	log_test 1 "$*"
	exit "$KSFT_FAIL"
}

# must COMMAND...: for building the topology: goes on only if it works
must()
{
	local out

	out=$("$@" 2>&1) && return
	diag "$out"
	die "setup: $*"
}

# ---------------------------------------------------------------- topology

# setup_ns NAME...: makes a namespace for each, with its loopback up. The
# variable NAME then holds the real name (NAME-xxxxxx), which is unlike that of
# any other run.
setup_ns()
{
	local _name _real _batch=""

	for _name; do
		_real=$_name-${TMP##*.}
		printf -v "$_name" %s "$_real"
		NS_LIST+=("$_real")
		_batch+="netns add $_real"$'\n'
	done
	ip -batch - <<<"$_batch" || die "setup: cannot make namespaces $*"
	for _name; do
		ip -n "${!_name}" link set lo up
	done
}

# add_container NAME...: a container is a namespace
add_container() { setup_ns "$@"; }

# no_ipv6 NS...: no interface that comes to be there speaks it
no_ipv6()
{
	local ns

	for ns; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1
	done
}

# setup_host NAME...: a namespace whose networks check_fail watches
setup_host()
{
	local _h

	setup_ns "$@"
	for _h; do
		NETS_ON+=("${!_h}")
	done
}

# ip_in NS: runs the lines of stdin as one batch of ip commands in a namespace
ip_in() { ip -n "$1" -batch -; }

# topo_two_hosts: two hosts joined by an underlay.
#
#	h1 (namespace)                h2 (namespace)
#	ul0 192.0.2.1/24 ---veth--- ul0 192.0.2.2/24
#	    2001:db8:0:1::1/64          2001:db8:0:1::2/64
#
# Containers live in 203.0.113.0/24 and 2001:db8:100::/64.
topo_two_hosts()
{
	local i=0 h

	H1_IP=192.0.2.1 H2_IP=192.0.2.2
	# shellcheck disable=SC2034 # for scripts
	H1_IP6=2001:db8:0:1::1 H2_IP6=2001:db8:0:1::2
	setup_host h1 h2
	must ip link add ul0 netns "$h1" type veth peer name ul0 netns "$h2"
	for h in "$h1" "$h2"; do
		i=$((i + 1))
		ip_in "$h" <<-EOF || die "setup: underlay of $h"
			addr add 192.0.2.$i/24 dev ul0
			addr add 2001:db8:0:1::$i/64 dev ul0 nodad
			link set ul0 up
		EOF
	done
}

# topo_network [NET [VNI]]: after topo_two_hosts: network NET on both hosts, each the peer
# of the other
topo_network()
{
	local net=${1:-net0} vni=${2:-100}

	must ctn "$h1" add-net "$net" --vni "$vni" --local "$H1_IP"
	must ctn "$h2" add-net "$net" --vni "$vni" --local "$H2_IP"
	must ctn "$h1" add-peer "$net" "$H2_IP"
	must ctn "$h2" add-peer "$net" "$H1_IP"
}

# ctn NS ARGUMENT...: ctnetctl in a namespace
ctn()
{
	local ns=$1

	shift
	ctnetctl -n "$ns" "$@"
}

# in_ns NS COMMAND...; in_h1 COMMAND...: it succeeds in h1
in_ns()
{
	local ns=$1

	shift
	ip netns exec "$ns" "$@"
}

in_h1() { check ip netns exec "$h1" "$@"; }

# readme_block REGEX: the first block of commands in README.md with a line that matches
readme_block()
{
	awk -v re="$1" '/^    / { block = block substr($0, 5) "\n"; hit = hit || $0 ~ re; next }
		/^$/ && block { block = block "\n"; next }
		hit { printf "%s", block; exit }
		{ block = "" }' "$SELFTESTS/../README.md"
}

# mac_of NS DEV, mtu_of NS DEV, ifindex_of NS DEV, promiscuity_of NS DEV, link_local_of NS DEV
mac_of() { ip netns exec "$1" cat "/sys/class/net/$2/address"; }
mtu_of() { ip netns exec "$1" cat "/sys/class/net/$2/mtu"; }
ifindex_of() { ip netns exec "$1" cat "/sys/class/net/$2/ifindex"; }
link_local_of() { json '[.[].addr_info[]?.local | strings] | first' ip -n "$1" -j -6 addr show dev "$2" scope link; }
promiscuity_of() { json '.[0].promiscuity' ip -n "$1" -j -d link show dev "$2"; }

# shellcheck source=observe.sh
. "$SELFTESTS/lib/observe.sh"

# ------------------------------------------------------------------ the kernel

# set_modprobe PROGRAM: what the kernel calls to load a module; "" is none
set_modprobe() { echo "$1" >/proc/sys/kernel/modprobe; }

# trace_instance: makes a tracing instance, until the script ends; $TRACE is its directory.
# False where there is no tracefs.
trace_instance()
{
	local dir=/sys/kernel/tracing

	if [[ ! -d $dir/instances ]]; then
		mount -t tracefs tracefs $dir 2>/dev/null || return
		defer umount $dir
	fi
	mkdir "$dir/instances/${TMP##*.}" || return
	TRACE=$dir/instances/${TMP##*.}
	defer rmdir "$TRACE"
}

trap at_exit EXIT
trap 'exit 1' INT
trap '[[ -z $TEST_NOW ]] || diag "ended while in: $TEST_NOW"; exit 143' TERM

echo "TAP version 13"
need_module
