#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: 1,200 containers take minutes to make, and to take apart, under the instruments
#
# 1,200 containers on one network: they attach, each answers a ping from the first,
# and a broadcast reaches each of them. The Linux bridge stops at 1,023.
#
# It takes minutes, as a VM without KVM makes and attaches some 20 veths a second.
#
# timeout: 600
#
#	h1
#	net0 ---- c0                   the first container, 198.18.0.1
#	  |  '--- e0   198.18.4.0  .
#	  |  '--- e1   198.18.4.1  |   far (namespace): each of its interfaces is a
#	  |       ...              |   container, for which a program answers
#	  '------ e1199            '
#
#	many (namespace): a Linux bridge, and 1,024 dummies for ports

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/many.sh
. "$(dirname "$0")/lib/many.sh"

need python3

# LATE: containers that the first knows nothing of until it asks
readonly N=1200 BRIDGE_MAX=1023 LATE=20
readonly BASE=198.18.4.0

topology()
{
	setup_host h1
	setup_ns far many
	add_container c0
	no_ipv6 "$h1" "$c0" "$far" "$many"
	neighbours_without_limit ipv4
	must ctn "$h1" -b - <<-EOT
		add-net net0
		add-port net0 $c0 --address 198.18.0.1/16 --label first --guard off
	EOT
	# where a question to all takes long, another is not due after a second
	must ip netns exec "$c0" sysctl -qw \
		net.ipv4.neigh.eth0.retrans_time_ms=$((1000 * CTNET_SLOW))
}

bridge_stops()
{
	local i

	START=$(now_ms)
	{
		echo link add br0 type bridge
		for ((i = 0; i < BRIDGE_MAX; i++)); do
			echo link add "d$i" master br0 type dummy
		done
		echo link add "d$BRIDGE_MAX" type dummy
	} >"$TMP/bridge"
	check ip_in "$many" <"$TMP/bridge"
	took "a Linux bridge takes $BRIDGE_MAX ports"
	check_not ip -n "$many" link set "d$BRIDGE_MAX" master br0
	diag "the Linux bridge, to its port number $((BRIDGE_MAX + 1)): $OUT"
	check_match "$OUT" 'Exchange full' "the bridge's error"
}

ports_attach()
{
	local i mac

	START=$(now_ms)
	# with the MAC of its address; if the kernel had the address, it would answer
	# for it, and 1,200 announcements to all would be 720,000 frames
	for ((i = 0; i < N; i++)); do
		printf -v mac 02:42:c6:12:%02x:%02x $((4 + i / 256)) $((i % 256))
		echo "add-port net0 $far --ifname e$i --mac $mac --label e$i"
	done >"$TMP/ports"
	check ctn "$h1" -b "$TMP/ports"
	took "$N ports attach"
	wait_until 20000 running "$far" $N
	check_eq "$(net_stat "$h1" net0 port_count)" $((N + 1)) "ports"
	check_eq "$(net_stat "$h1" net0 fdb_static)" $((N + 2)) "static entries"
}

each_answers()
{
	local answerer

	ctn "$h1" -j -s list ports net0 >"$TMP/before"
	START=$(now_ms)
	ip netns exec "$far" python3 -EsS "$SCALE" answer $BASE $N 198.18.0.1 $LATE >"$TMP/answerer" 2>&1 &
	answerer=$!
	defer kill_wait "$answerer"
	wait_until 20000 grep -q ready "$TMP/answerer" || return
	check scale "$c0" ping $BASE $N
	diag "$OUT"
	took "one ping to each of $N"
	check_eq "$OUT" "$N of $N answered" answers
	ctn "$h1" -j -s list ports net0 >"$TMP/after"
	# through each: ARP and an echo reply; its own request, and the broadcasts for those
	# that were not known
	check_eq "$(grown "$TMP/before" "$TMP/after" rx_packets 2 99 \
		tx_packets $((LATE + 1)) 99)" "$N $N" "ports that answered, and were asked"
	kill_wait "$answerer"
	check_match "$(<"$TMP/answerer")" 'stray 0' "at the wrong container"
	# nobody answers any more: the kernel would probe each of them, for seconds
	must ip -n "$c0" neigh flush all
}

flood_reaches_all()
{
	local m=02:00:00:00:08:01 count=$1 collector dropped reason
	local -A were=()

	check_eq "$(sysctl -n net.core.netdev_max_backlog)" 1000 netdev_max_backlog
	ip netns exec "$far" env CTNET_SLOW="$CTNET_SLOW" \
		python3 -EsS "$SCALE" collect $N "$count" $m >"$TMP/collector" 2>&1 &
	collector=$!
	wait_until 20000 grep -q ready "$TMP/collector" || return
	dropped=$(softnet_drops)
	# what was announced while ports were attached may have found one that was not up
	for reason in flood_queue nomem port_down; do
		were[$reason]=$(drops "$h1" net0 $reason)
	done
	ctn "$h1" -j -s list ports net0 >"$TMP/before"
	START=$(now_ms)
	vxsend "$c0" frame dev=eth0 from=$m type=0x0806 count="$count"
	wait "$collector" || fail "not at all of them"
	took "$count broadcasts to $N containers"
	diag "$(<"$TMP/collector")"
	ctn "$h1" -j -s list ports net0 >"$TMP/after"
	check_eq "$(grown "$TMP/before" "$TMP/after" tx_packets \
		"$count" "$count")" $N "ports that were sent $count"
	check_eq "$(softnet_drops)" "$dropped" "frames dropped by the backlog"
	for reason in flood_queue nomem port_down; do
		check_eq "$(drops "$h1" net0 $reason)" "${were[$reason]}" "drops for $reason"
	done
}

network_goes()
{
	START=$(now_ms)
	check ctn "$h1" del-net net0
	took "the network goes, with $N ports"
	check_eq "$(ip -n "$far" -o link show type veth)" "" "interfaces left in the containers"
	check_eq "$(ip -n "$h1" -o link show type veth)" "" "interfaces left on the host"
}

topology

run_test bridge_stops "the Linux bridge refuses its 1,024th port"
run_test ports_attach "1,200 ports attach to one network"
run_test each_answers "each of the 1,200 containers answers a ping, through its own port"
run_test flood_reaches_all 1 "a broadcast reaches all 1,200"
run_test flood_reaches_all 20 "twenty at once reach all 1,200, and none is lost"
run_test network_goes "the network goes, and its 1,200 ports with it"
