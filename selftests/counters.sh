#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Counters of peers, to the frame and the byte; and counters past 32 bits.
#
#	c1 (namespace)   h1                              h2             c2 (namespace)
#	eth4 ------- p4 net4 VNI 400, IPv4 ------------ net4 p4 ------- eth4
#	eth6 ------- p6 net6 VNI 600, IPv6 ------------ net6 p6 ------- eth6
#	eth0 ------- p1 loc0 p2 --- c3 eth0
#	                 ul0 192.0.2.1, 2001:db8:0:1::1  ul0 .2, ::2
#
#	None of the networks has an address, nor IPv6, and where the MACs are is entered:
#	nothing is sent in there that a test does not send.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3

readonly BCAST=ff:ff:ff:ff:ff:ff
readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02 M3=02:00:00:00:00:03
readonly MH1=02:00:00:00:00:f1 MH2=02:00:00:00:00:f2

topology()
{
	local fam i h c m

	topo_two_hosts
	add_container c1 c2 c3
	for i in "$h1" "$h2"; do
		must ip netns exec "$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	no_ipv6 "$c1" "$c2" "$c3"
	{
		for fam in 4 6; do
			for i in 1 2; do
				h=h$i c=c$i m=M$i
				echo "link add p$fam netns ${!h} up type veth peer name eth$fam" \
					"address ${!m} netns ${!c}"
			done
		done
		echo "link add p1 netns $h1 mtu 65535 type veth peer name eth0 mtu 65535" \
			"address $M1 netns $c1"
		echo "link add p2 netns $h1 mtu 65535 type veth peer name eth0 mtu 65535" \
			"address $M3 netns $c3"
	} | ip -batch - || die "setup: veths"
	printf 'link set %s up\n' eth0 eth4 eth6 | ip_in "$c1" || die "setup: c1"
	printf 'link set %s up\n' eth4 eth6 | ip_in "$c2" || die "setup: c2"
	must ip -n "$c3" link set eth0 up
	network "$h1" 4 "$H1_IP" "$H2_IP" $MH1 $M1 $M2 $MH2
	network "$h2" 4 "$H2_IP" "$H1_IP" $MH2 $M2 $M1 $MH1
	network "$h1" 6 "$H1_IP6" "$H2_IP6" $MH1 $M1 $M2 $MH2
	network "$h2" 6 "$H2_IP6" "$H1_IP6" $MH2 $M2 $M1 $MH1
	must ctn "$h1" -b - <<-EOT
		add-net loc0
		add-port loc0 --dev p1
		add-port loc0 --dev p2
		add-fdb loc0 $M1 --port p1
		add-fdb loc0 $M3 --port p2
	EOT
}

# network NS FAMILY LOCAL PEER MAC LOCAL-MAC REMOTE-MAC...
network()
{
	local mac

	{
		echo "add-net net$2 --vni ${2}00 --local $3 --mac $5"
		echo "add-peer net$2 $4"
		echo "add-port net$2 --dev p$2"
		echo "add-fdb net$2 $6 --port p$2"
		for mac in "${@:7}"; do
			echo "add-fdb net$2 $mac --peer $4"
		done
	} | ctn "$1" -b - || die "setup: network of $1"
}

# all_counts FAMILY: of peer, port and network, of h1 and then of h2, a line each
all_counts()
{
	local h net=net$1 port=p$1 peers=("$H2_IP" "$H1_IP")

	[[ $1 -eq 4 ]] || peers=("$H2_IP6" "$H1_IP6")
	for h in "$h1" "$h2"; do
		stats_of "$h" peers "$net" "${peers[0]}"
		stats_of "$h" ports "$net" "$port"
		stats_of "$h" nets "$net" "$net"
		peers=("${peers[1]}")
	done
}

remember() { mapfile -t BEFORE < <(all_counts "$1"); }

# all_grew FAMILY PEER PORT NETWORK PEER PORT NETWORK: they have, by so much each
all_grew()
{
	local -a now
	local i what=("h1's peer" "h1's port" "h1's network" "h2's peer" "h2's port" "h2's network")

	mapfile -t now < <(all_counts "$1")
	shift
	for i in "${!what[@]}"; do
		check_eq "$(grew "${BEFORE[i]}" "${now[i]}")" "$1" "${what[i]}"
		shift
	done
}

# ------------------------------------------------------------------- tests

# exact FAMILY: 7 frames of 142 bytes there, 5 of 1000 back
exact()
{
	local dev=eth$1

	listen "$c1" "$dev"
	listen "$c2" "$dev"
	remember "$1"
	ask send "$c1" "$dev" $M2 $M1 there count=7 len=142
	ask send "$c2" "$dev" $M1 $M2 back count=5 len=1000
	got_frames "$c2" "$dev" there 7
	got_frames "$c1" "$dev" back 5
	all_grew "$1" "5 5000 7 994" "7 994 5 5000" "0 0 0 0" \
		"7 994 5 5000" "5 5000 7 994" "0 0 0 0"
}

# floods FAMILY: 4 broadcasts of 100 bytes, which both hosts receive as well
floods()
{
	local dev=eth$1

	listen "$c2" "$dev"
	remember "$1"
	ask send "$c1" "$dev" $BCAST $M1 all count=4 len=100
	got_frames "$c2" "$dev" all 4
	all_grew "$1" "0 0 4 400" "4 400 0 0" "4 400 0 0" "4 400 0 0" "0 0 4 400" "4 400 0 0"
}

# hosts FAMILY: the hosts themselves, one to the other and to its container
hosts()
{
	local dev=eth$1 net=net$1

	listen "$h2" "$net"
	listen "$c2" "$dev"
	remember "$1"
	ask send "$h1" "$net" $MH2 $MH1 host count=3 len=200
	ask send "$h1" "$net" $M2 $MH1 host count=2 len=300
	ask send "$c2" "$dev" $MH1 $M2 own count=6 len=500
	got_frames "$h2" "$net" host 3
	got_frames "$c2" "$dev" host 2
	wait_until 5000 at_least $((${BEFORE[2]%% *} + 6)) net_stat "$h1" "$net" rx_packets
	all_grew "$1" "6 3000 5 1200" "0 0 0 0" "6 3000 5 1200" \
		"5 1200 6 3000" "6 3000 2 600" "3 600 0 0"
}

# segments FAMILY: a TCP segment of 13,000 bytes, to be cut into ten by who cannot send it
# whole, is a frame like others
segments()
{
	local -a port

	remember "$1"
	read -ra port <<<"${BEFORE[4]}"
	ask segment "$c1" "eth$1" $M2 $M1 13000 1300
	wait_until 5000 at_least $((port[2] + 1)) port_stat "$h2" "net$1" "p$1" tx_packets
	all_grew "$1" "0 0 1 13054" "1 13054 0 0" "0 0 0 0" "1 13054 0 0" "0 0 1 13054" "0 0 0 0"
}

past_32_bits()
{
	local rx tx n=66000 len=65500

	rx=$(port_stat "$h1" loc0 p1 rx_bytes)
	tx=$(port_stat "$h1" loc0 p2 tx_bytes)
	send_frame "$c1" $M3 $M1 large count=$n len=$len
	# the kernels there may have sent some frames of their own
	rx=$(($(port_stat "$h1" loc0 p1 rx_bytes) - rx - n * len))
	tx=$(($(port_stat "$h1" loc0 p2 tx_bytes) - tx - n * len))
	[[ $rx -ge 0 && $rx -lt 10000 ]] || fail "bytes received, less what was sent: $rx"
	[[ $tx -ge 0 && $tx -lt 10000 ]] || fail "bytes sent, less what was sent: $tx"
}

topology
python_start counters.py

for fam in 4 6; do
	run_test exact $fam "frames between containers: each host's peer and port, IPv$fam underlay"
	run_test floods $fam "and floods, which the network counts, too"
	run_test hosts $fam "and what hosts send and receive"
	run_test segments $fam "and a segment that stays whole"
done
run_test past_32_bits "counters go past 32 bits"
