#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: two CPUs, of which one floods and the other delivers
#
# Floods that have to wait, for more of them to be there than can be served at once: how
# many may, how much memory they may take, and what becomes of the others.
#
#	c3 (namespace)           h1
#	eth0 ------------------- p3 loc1 (local), and 200 dummies
#	big0 ------------------- p0 big0 (local), and 20 dummies
#	big1 ------------------- p1 big1 (local), and 20 dummies
#
#	big0, big1: frames of 64 KiB

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 tc chrt taskset

readonly M3=02:00:00:00:00:03
# ports of loc1
readonly DUMMIES=200
# More of these than may wait are sent. One takes somewhat more than 64 KiB.
readonly LEN=65549 MANY=700

topology()
{
	setup_host h1
	add_container c3
	# nobody sends floods of his own
	no_ipv6 "$h1" "$c3"
	must ip -n "$h1" link add p3 up type veth peer name eth0 netns "$c3"
	must ctn "$h1" add-net loc1
	must ctn "$h1" add-port loc1 --dev p3
	must ip -n "$c3" link set eth0 up
}

# More floods at once than may wait, which a qdisc held back: each frame that came reached the
# last of the ports, or was counted. The first ports get it before it would have to wait.
flood_overflows()
{
	local i rx tx lost

	for ((i = 0; i < DUMMIES; i++)); do
		echo "link add d$i up master loc1 type dummy"
	done | ip_in "$h1" || fail "cannot make dummies"
	check_eq "$(net_stat "$h1" loc1 port_count)" $((DUMMIES + 1)) ports
	ip netns exec "$c3" tc qdisc add dev eth0 root plug limit 4000000 2>"$TMP/plug" ||
		{ skip "no qdisc plug: $(<"$TMP/plug")"; return; }
	rx=$(port_stat "$h1" loc1 p3 rx_packets)
	tx=$(port_stat "$h1" loc1 "d$((DUMMIES - 1))" tx_packets)
	lost=$(drops "$h1" loc1 flood_queue)
	ask flood "$c3" eth0 $M3 many 4000
	check ip netns exec "$c3" tc qdisc change dev eth0 root plug release_indefinite
	wait_until 20000 at_least $((lost + 1)) drops "$h1" loc1 flood_queue
	wait_until 20000 flooded "$rx" "$tx" "$lost"
	diag "$OUT"
	check ctn "$h1" del-net loc1
	for ((i = 0; i < DUMMIES; i++)); do
		echo "link del d$i"
	done | ip_in "$h1"
}

# flooded RX TX LOST: all that came since has gone, or was counted
flooded()
{
	local rx tx lost

	rx=$(($(port_stat "$h1" loc1 p3 rx_packets) - $1))
	tx=$(($(port_stat "$h1" loc1 "d$((DUMMIES - 1))" tx_packets) - $2))
	lost=$(($(drops "$h1" loc1 flood_queue) - $3))
	echo "$rx came, $tx reached the last port, $lost dropped"
	[[ $rx -ge 4000 && $rx -eq $((tx + lost)) ]]
}

# big_networks N...: networks with more ports than a flood serves at a time
big_networks()
{
	local n i

	for n; do
		echo "link add p$n up mtu 65535 type veth peer name big$n mtu 65535 netns $c3"
		echo "link add big$n up type ctnet"
		echo "link set p$n master big$n"
		for ((i = 0; i < 20; i++)); do
			echo "link add e$n-$i up mtu 65535 master big$n type dummy"
		done
	done | ip_in "$h1" || fail "cannot make networks"
	for n; do
		check ip -n "$c3" link set "big$n" up
		# what serves the floods that wait is a thread each CPU then, and such can be
		# kept from running
		check in_ns "$h1" sh -c "echo 1 >/sys/class/net/big$n/threaded"
		for i in $(pgrep "^napi/big$n-"); do
			check taskset -pc 1 "$i"
		done
	done
}

# hold: no flood that waits is served; release: all are. A process that has CPU 1 to itself
# keeps the threads from it, and all else stays away from there, but for what serves the
# kernel's softirqs. The kernel would let others run on it for some time of each second.
hold()
{
	local server=/sys/kernel/debug/sched/fair_server/cpu1/runtime pid

	if [[ -z ${RT_RUNTIME:-} ]]; then
		RT_RUNTIME=$(sysctl -n kernel.sched_rt_runtime_us)
		defer sysctl -qw kernel.sched_rt_runtime_us="$RT_RUNTIME"
		check sysctl -qw kernel.sched_rt_runtime_us=-1
		pid=$(pgrep -x ksoftirqd/1)
		defer chrt -o -p 0 "$pid"
		check chrt -f -p 2 "$pid"
		if [[ -e $server ]]; then
			defer eval "echo $(<$server) >$server"
			echo 0 >$server
		fi
	fi
	taskset -pc 0 $$ >/dev/null
	taskset -pc 0 "$PYTHON_PID" >/dev/null
	background taskset -c 1 chrt -f 1 bash -c 'while :; do :; done'
	wait_until 5000 holds "$BG_PID"
}

holds() { [[ $(chrt -p "$1") == *SCHED_FIFO* && $(<"/proc/$1/comm") == bash ]]; }

release() { kill_wait "$BG_PID"; }

# fill N: sends as many as make big$N full; how many of them wait is in $WAIT
fill()
{
	local rx drops

	rx=$(port_stat "$h1" "big$1" "p$1" rx_packets)
	drops=$(drops "$h1" "big$1" flood_queue)
	ask flood "$c3" "big$1" $M3 large $MANY $LEN
	wait_until 20000 at_least $((rx + MANY)) port_stat "$h1" "big$1" "p$1" rx_packets
	WAIT=$((MANY - $(drops "$h1" "big$1" flood_queue) + drops))
	diag "big$1: $WAIT frames of $LEN bytes wait"
}

# The floods of a network that wait take no more memory than they leave of 64 MiB: half of it,
# which is less than 512 frames, the places that there are for those of a port. The next
# network gets half of the rest.
memory_is_bounded()
{
	local first n

	[[ $(nproc) -ge 2 ]] || { skip "one CPU"; return; }
	big_networks 0 1
	hold
	fill 0
	first=$WAIT
	((first > 330 && first < 511)) || fail "$first wait"
	fill 1
	((WAIT * 2 >= first - 4 && WAIT * 2 <= first + 8)) || fail "$WAIT wait, after $first"
	release
	# none of those that wait is lost
	wait_until 20000 at_least "$first" port_stat "$h1" big0 e0-19 tx_packets
	wait_until 20000 at_least "$WAIT" port_stat "$h1" big1 e1-19 tx_packets
	check_eq "$(port_stat "$h1" big0 e0-19 tx_packets)" "$first" "floods of big0"
	check_eq "$(port_stat "$h1" big1 e1-19 tx_packets)" "$WAIT" "floods of big1"
	FIRST=$first
}

# A network goes with all that waits, and its memory is there for others then.
deleted_while_full()
{
	local pid n i

	[[ -n ${FIRST:-} ]] || { skip "nothing was full"; return; }
	hold
	fill 0
	check_eq "$WAIT" "$FIRST" "frames that wait"
	# no function, whose process would be a shell
	ctnetctl -n "$h1" del-net big0 &
	pid=$!
	# it has no ports any more then, and waits for the thread that serves floods
	wait_until 20000 grep -q napi_disable "/proc/$pid/stack"
	release
	wait "$pid" || fail "del-net: exit $?"
	hold
	fill 1
	check_eq "$WAIT" "$FIRST" "frames that wait in another network"
	release
	for n in 0 1; do
		for ((i = 0; i < 20; i++)); do
			echo "link del e$n-$i"
		done
	done | ip_in "$h1"
	check ctn "$h1" del-net big1
}

topology
python_start threats.py

run_test flood_overflows "floods that are too many are dropped and counted, each"
run_test memory_is_bounded "those that wait take 64 MiB at most, of which one network leaves half"
run_test deleted_while_full "a network is deleted while it is full, and what it had is there again"
