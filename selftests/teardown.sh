#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Things vanish under traffic: a port, a container, a peer, a network, the underlay,
# the host, the module. The kernel takes it well (the runner reads its log), and what
# is made anew works.
#
# timeout: 450
#
#	h1                                          h2
#	a1 .11 --.                            .-- a2 .21
#	          net0 (VNI 100) ul0 -- ul0 net0
#	b1 .12 --'      192.0.2.1     192.0.2.2
#
#	traffic: a1 pings b1 (one host), a2 (two hosts) and nobody (floods) all the time,
#	b1 pings a2 and h2 to a1, and TCP runs from a1 to a2

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

need socat

readonly IP1=192.0.2.1 IP2=192.0.2.2
TRAFFIC=()

underlay()
{
	ip link add ul0 netns "$h1" type veth peer name ul0 netns "$h2" &&
		ip_in "$h1" <<-EOT && ip_in "$h2" <<-EOT2
			addr add $IP1/24 dev ul0
			link set ul0 up
		EOT
			addr add $IP2/24 dev ul0
			link set ul0 up
		EOT2
}

network()
{
	if [[ $1 == h1 ]]; then
		ctn "$h1" -b - <<-EOT
			add-net net0 --vni 100 --local $IP1 --address 203.0.113.1/24 --may-exist
			add-peer net0 $IP2 --may-exist
			add-port net0 $a1 --address 203.0.113.11/24 --may-exist
			add-port net0 $b1 --address 203.0.113.12/24 --may-exist
		EOT
	else
		ctn "$h2" -b - <<-EOT
			add-net net0 --vni 100 --local $IP2 --address 203.0.113.2/24 --may-exist
			add-peer net0 $IP1 --may-exist
			add-port net0 $a2 --address 203.0.113.21/24 --may-exist
		EOT
	fi
}

topology()
{
	setup_ns h1 h2
	add_container a1 b1 a2
	must underlay
	must network h1
	must network h2
}

# run NS COMMAND...: in the background, until traffic_off
run()
{
	local ns=$1

	shift
	ip netns exec "$ns" "$@" >/dev/null 2>&1 &
	TRAFFIC+=("$!")
}

traffic_on()
{
	# at most so long, should the script end before it ends them
	run "$a1" ping -nq -i 0.005 -w 120 203.0.113.12
	run "$a1" ping -nq -i 0.005 -w 120 -s 1400 203.0.113.21
	run "$a1" ping -nq -i 0.01 -w 120 -b 203.0.113.255
	run "$b1" ping -nq -i 0.005 -w 120 203.0.113.21
	run "$h2" ping -nq -i 0.005 -w 120 203.0.113.11
	run "$a2" socat -u TCP-LISTEN:5002,reuseaddr OPEN:/dev/null
	run "$a1" socat -u -b 65536 OPEN:/dev/zero TCP:203.0.113.21:5002,retry=50,interval=0.1
	wait_until 10000 flows
}

traffic_off()
{
	local pid

	for pid in "${TRAFFIC[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for pid in "${TRAFFIC[@]}"; do
		wait "$pid" 2>/dev/null
	done
	TRAFFIC=()
}

# flows: frames pass from host to host right now
flows()
{
	local before

	before=$(peer_stat "$h2" net0 $IP1 rx_packets) || return
	nap 0.1
	at_least $((before + 5)) peer_stat "$h2" net0 $IP1 rx_packets
}

# all is well again
works()
{
	traffic_off
	wait_for_ping "$a1" 203.0.113.21 10000
	wait_for_ping "$a1" 203.0.113.12 10000
	ping_ok "$a2" 203.0.113.11
	ping_ok "$h1" 203.0.113.2
	tcp_copy "$a1" "$a2" 203.0.113.21 256
}

port_goes()
{
	local i

	traffic_on
	for i in 1 2 3; do
		# by the tool, then by its device, then only out of the network
		case $i in
		1) check ctn "$h1" del-port net0 "$b1" ;;
		2) check ip -n "$h1" link del "$(near_end "$h1" "$b1" net0)" ;;
		3) check ip -n "$h1" link set "$(near_end "$h1" "$b1" net0)" nomaster
		   check ip -n "$b1" link del eth0 ;;
		esac
		nap 0.3
		check network h1
		wait_for_ping "$a1" 203.0.113.12
	done
	works
}

container_goes()
{
	traffic_on
	# with processes in it that send, which keep it until they end
	check ip netns del "$b1"
	traffic_off
	wait_until 20000 no_port "$b1"
	check ip netns add "$b1"
	check ip -n "$b1" link set lo up
	check network h1
	works
}

no_port() { [[ -z $(near_end "$h1" "$1" net0) ]]; }

peer_goes()
{
	local i

	traffic_on
	for ((i = 0; i < 30; i++)); do
		printf '%s\n' "del-peer net0 $IP2" "add-peer net0 $IP2"
	done >"$TMP/peers"
	check ctn "$h1" -b "$TMP/peers"
	works
}

entries_go()
{
	local i

	traffic_on
	for ((i = 0; i < 30; i++)); do
		printf '%s\n' "flush-fdb net0 --learned" \
			"replace-fdb net0 02:42:cb:00:71:15 --peer $IP2" \
			"replace-fdb net0 02:42:cb:00:71:15 --self" \
			"del-fdb net0 02:42:cb:00:71:15"
	done >"$TMP/entries"
	check ctn "$h1" -b "$TMP/entries"
	works
}

network_goes()
{
	local i

	traffic_on
	for i in 1 2 3; do
		check ctn "$h1" del-net net0
		check network h1
	done
	# and as ip does it, which leaves the veths
	check ip -n "$h1" link del net0
	check ip -n "$a1" link del eth0
	check ip -n "$b1" link del eth0
	check network h1
	works
}

network_changes()
{
	local i

	traffic_on
	for ((i = 0; i < 8; i++)); do
		printf '%s\n' "set-net net0 --vni 101" "set-net net0 --dstport 4790" \
			"set-net net0 --vni 100 --dstport 4789" "set-net net0 --mtu 1300" \
			"set-net net0 --mtu 1450"
	done >"$TMP/changes"
	check ctn "$h1" -b "$TMP/changes"
	check ip -n "$h1" link set net0 down
	nap 0.2
	check ip -n "$h1" link set net0 up
	works
}

socket_goes()
{
	local i

	# each change closes the socket that datagrams come in by
	traffic_on
	for ((i = 0; i < 20; i++)); do
		printf '%s\n' "set-net net0 --underlay ul0" "set-net net0 --underlay any"
	done >"$TMP/sockets"
	check ctn "$h1" -b "$TMP/sockets"
	works
}

underlay_goes()
{
	traffic_on
	# nothing may keep hold of the device: the kernel would say so, and wait
	check timeout $((10 * CTNET_SLOW)) ip -n "$h1" link del ul0
	nap 0.2
	check underlay
	works
	traffic_on
	check ip -n "$h1" link set ul0 netns "$a1"
	check timeout $((10 * CTNET_SLOW)) ip -n "$a1" link del ul0
	check underlay
	works
}

no_eth0() { ! ip -n "$1" link show dev eth0 >/dev/null 2>&1; }

host_goes()
{
	traffic_on
	check ip netns del "$h1"
	# its containers' interfaces go with the other ends
	wait_until 20000 no_eth0 "$a1"
	check no_eth0 "$b1"
	traffic_off
	check ip netns add "$h1"
	check ip -n "$h1" link set lo up
	ip -n "$h2" link del ul0 2>/dev/null
	check underlay
	check network h1
	works
}

module_goes()
{
	local ns

	reloads || return
	traffic_on
	check timeout $((20 * CTNET_SLOW)) rmmod ctnet
	[[ ! -e /sys/module/ctnet ]] || fail "the module is there still"
	for ns in "$h1" "$h2"; do
		check_not ip -n "$ns" link show dev net0
	done
	check modprobe ctnet
	# the veths are left, and are no ports
	check ip -n "$a1" link del eth0
	check ip -n "$b1" link del eth0
	check ip -n "$a2" link del eth0
	check network h1
	check network h2
	works
}

all_goes()
{
	local one two

	reloads || return
	# everything at once, from both ends, with traffic on
	traffic_on
	ip netns del "$h1" &
	one=$!
	ip netns del "$a2" &
	two=$!
	check timeout $((20 * CTNET_SLOW)) rmmod ctnet
	wait "$one" "$two"
	traffic_off
	wait_until 20000 no_eth0 "$a1"
	check modprobe ctnet
}

topology

run_test port_goes "ports vanish under traffic"
run_test container_goes "a container vanishes under traffic"
run_test peer_goes "a peer goes and comes under traffic"
run_test entries_go "table entries go and come under traffic"
run_test network_goes "networks vanish under traffic"
run_test network_changes "a network changes and goes down under traffic"
run_test socket_goes "sockets close under traffic"
run_test underlay_goes "the underlay device vanishes under traffic"
run_test host_goes "the host's namespace vanishes under traffic"
run_test module_goes "the module is unloaded under traffic"
run_test all_goes "host, container and module go at once"
