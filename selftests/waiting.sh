#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Floods that have to wait, for more of them to be there than can be served at once: how
# many may, and what becomes of the others.
#
#	c3 (namespace)           h1
#	eth0 ------------------- p3 loc1 (local), and 200 dummies

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=python.sh
. "$(dirname "$0")/python.sh"

need python3 tc

readonly M3=02:00:00:00:00:03
# ports of loc1
readonly DUMMIES=200

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

topology
python_start threats.py

run_test flood_overflows "floods that are too many are dropped and counted, each"
