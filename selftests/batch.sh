#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Batches: how fast they are, against the same by "bridge -batch" on the kernel's own vxlan,
# and what is looked up for them.
#
#	h1 (namespace)                                   c1 (namespace)
#	net0, VNI 100, local 192.0.2.1, peer 192.0.2.2
#	 |- a veth of its own to c1 -------------------- eth0
#	 `- p1 (dummy)
#	vx0 (a Linux VXLAN device)
#
# CTNET_BATCH=N: so many entries in each round (20000); CTNET_ROUNDS=N: so many rounds (5).

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need bridge python3
N=${CTNET_BATCH:-20000}
ROUNDS=${CTNET_ROUNDS:-5}
# software emulation would take minutes
[[ ${CTNET_SLOW:-1} -eq 1 || -n ${CTNET_BATCH:-} ]] || N=4000
readonly N ROUNDS

setup_host h1
add_container c1
ip_in "$h1" <<-EOT || die "setup: links"
	link add ul0 type dummy
	addr add 192.0.2.1/24 dev ul0
	link set ul0 up
	link add p1 type dummy
EOT
must ctn "$h1" -b - <<-EOT
	add-net net0 --vni 100 --local 192.0.2.1 --mac 02:ff:00:00:00:01
	add-peer net0 192.0.2.2
	add-port net0 $c1
	add-port net0 --dev p1
EOT

# macs FORMAT: N lines with a MAC for %s
macs()
{
	python3 -c 'import sys
for i in range(int(sys.argv[1])):
	print(sys.argv[2] % ("02:aa:%02x:%02x:%02x:%02x" % (i >> 24, i >> 16 & 255, i >> 8 & 255, i & 255)))' "$N" "$1"
}

# elapsed COMMAND...: it must succeed; milliseconds, in $MS
elapsed()
{
	local start

	start=$(now_ms)
	check "$@"
	MS=$(($(now_ms) - start))
}

# against_bridge FLUSH PLACE: add-fdb there, and "bridge fdb add", in turns. What counts is the
# median of the quotients, each of two that ran one after the other; what other machines on
# the same cores do to one of the two is allowed for.
against_bridge()
{
	local i base ours=() theirs=() got each

	macs "add-fdb net0 %s $2" >"$TMP/ours"
	macs "fdb add %s dev vx0 dst 192.0.2.2" >"$TMP/theirs"
	# shellcheck disable=SC2086 # words
	check ctn "$h1" flush-fdb net0 $1
	base=$(net_stat "$h1" net0 fdb_static)
	for ((i = 0; i < ROUNDS; i++)); do
		elapsed ctn "$h1" -b "$TMP/ours"
		ours+=("$MS")
		check_eq "$(net_stat "$h1" net0 fdb_static)" $((base + N)) "entries"
		# shellcheck disable=SC2086 # words
		check ctn "$h1" flush-fdb net0 $1
		check ip -n "$h1" link add vx0 type vxlan id 5 dstport 4999
		elapsed bridge -n "$h1" -batch "$TMP/theirs"
		theirs+=("$MS")
		check ip -n "$h1" link del vx0
		[[ $RET -eq 0 ]] || return
	done
	read -r got each < <(python3 -c 'import statistics, sys
n, a, b = int(sys.argv[1]), *(list(map(int, s.split())) for s in sys.argv[2:])
print("%.0f" % (100 * statistics.median(x / y for x, y in zip(a, b))),
	"%.1f and %.1f" % tuple(statistics.median(v) * 1000 / n for v in (a, b)))' \
		"$N" "${ours[*]}" "${theirs[*]}")
	diag "$N entries, $ROUNDS rounds: ctnetctl ${ours[*]} ms, bridge ${theirs[*]} ms; microseconds each $each; $got %"
	[[ $got -le 125 ]] || fail "ctnetctl takes $got % of the time that bridge takes"
}

# said N FILE: lines there are
said() { [[ $(wc -l <"$2") -ge $1 ]]; }

# What is written into a pipe one by one is done one by one, with what there is by then.
one_by_one()
{
	local i dev

	mkfifo "$TMP/fifo"
	ctn "$h1" -b - <"$TMP/fifo" >"$TMP/out" 2>&1 &
	defer kill_wait $!
	exec {fd}>"$TMP/fifo"
	for i in 1 2 3; do
		check ctn "$h1" add-net again
		echo "add-fdb again 02:bb:00:00:00:01 --self" >&"$fd"
		echo "list fdb again" >&"$fd"
		wait_until 5000 said $((i * 2)) "$TMP/out"
		check_eq "$(ctn "$h1" list fdb again | grep -c 02:bb:00:00:00:01)" 1 "the entry in network $i of that name"
		check ctn "$h1" del-net again
	done
	# a device, and the commands that have been read together
	dev=$(ifindex_of "$h1" p1)
	printf '%s\n' 'add-net again' 'add-fdb again 02:bb:00:00:00:02 --self' 'del-net again' 'add-net again' \
		'add-fdb again 02:bb:00:00:00:02 --self' 'list fdb again' >&"$fd"
	wait_until 5000 said 8 "$TMP/out"
	check_eq "$(ctn "$h1" list fdb again | grep -c 02:bb:00:00:00:02)" 1 "the entry"
	[[ -n $dev ]] || fail "no p1"
	exec {fd}>&-
	check ctn "$h1" del-net again
}

# The one that fails is named, those before it are done and none after it.
stops_there()
{
	{ macs "add-fdb net0 %s --peer 192.0.2.2" | head -n 3000
	  echo 'add-fdb net0 02:aa:00:00:00:07 --self'
	  echo 'add-fdb net0 02:cc:00:00:00:01 --self'; } >"$TMP/batch"
	OUT=$(ctn "$h1" -b "$TMP/batch" 2>&1)
	check_eq "$?" 2 "exit code"
	check_match "$OUT" "^ctnetctl: $TMP/batch:3001: add-fdb net0 02:aa:00:00:00:07: " "message"
	check_eq "$(ctn "$h1" list fdb net0 | grep -c 02:aa:)" 3000 "entries before it"
	check_eq "$(ctn "$h1" list fdb net0 | grep -c 02:cc:)" 0 "entries after it"
	check ctn "$h1" flush-fdb net0 --peer 192.0.2.2
}

# Lines longer than what is read at once, one without an end, and a command that reads on.
long_lines()
{
	local label

	printf -v label '%0200d' 7
	{ printf '%0150000d' 0 | sed 's/^/# /'; echo
	  echo "set-port net0 --dev p1 --label $label"
	  printf 'add-fdb net0 02:dd:00:00:00:01 --self'; } >"$TMP/batch"
	check ctn "$h1" -b "$TMP/batch"
	check_eq "$(ctn "$h1" list fdb net0 | grep -c 02:dd:00:00:00:01)" 1 "the last entry"
	check_match "$(ip -n "$h1" link show dev p1)" "alias $label"
	check ctn "$h1" -b - <<<$'restore -\nadd-net n1\nadd-fdb n1 02:dd:00:00:00:02 --self'
	check_eq "$(ctn "$h1" list fdb n1 | grep -c 02:dd:00:00:00:02)" 1 "what restore read from the same input"
	check ctn "$h1" del-net n1
	check ctn "$h1" del-fdb net0 02:dd:00:00:00:01
}

NEAR=$(ctn "$h1" list ports net0 | cut -f 2 | grep ^ct)
run_test against_bridge "--peer 192.0.2.2" "--peer 192.0.2.2" "add-fdb in a batch takes no longer than \"bridge -batch\": at a peer"
run_test against_bridge "--port p1" "--port p1" "at a port"
run_test against_bridge "--port $NEAR" "--target $c1" "at a container"
run_test one_by_one "commands that come one by one find what there is by then"
run_test stops_there "a batch stops at the command that fails, and names it"
run_test long_lines "lines of any length, and a command that reads on"
