#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ctnet on one host, the kernel's own bridge and vxlan on the other.
#
# timeout: 300
#
#	h1                                  h2
#	a1 .11 -- net0 (ctnet, VNI 100)     br0 (bridge) -- v2 -- a2 .21
#	b1 .12 --   |  203.0.113.1           | 203.0.113.2
#	            |                       vx0 (vxlan, id 100)
#	   192.0.2.1 ul0 ------veth------- ul0 192.0.2.2

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=traffic.sh
. "$(dirname "$0")/traffic.sh"

need python3 socat bridge

readonly MAC_A1=02:42:cb:00:71:0b MAC_B1=02:42:cb:00:71:0c
readonly MAC_A2=02:42:cb:00:71:15 MAC_H2=02:42:cb:00:71:02
readonly MAC_H1=02:42:cb:00:71:01

# theirs [learning|nolearning]: h2 anew, with a1's host as the one it floods to
theirs()
{
	ip -n "$h2" link del vx0 2>/dev/null
	ip_in "$h2" <<-EOT || fail "cannot make h2"
		link add vx0 type vxlan id 100 dstport 4789 local $H2_IP dev ul0 $1
		link set vx0 master br0
		link set vx0 up
	EOT
	check bridge -n "$h2" fdb append 00:00:00:00:00:00 dev vx0 dst "$H1_IP"
}

topology()
{
	topo_two_hosts
	add_container a1 b1 a2
	must ip link add v2 netns "$h2" type veth peer name eth0 netns "$a2"
	ip_in "$h2" <<-EOT || die "setup: h2"
		link add br0 address $MAC_H2 mtu 1450 type bridge
		addr add 203.0.113.2/24 dev br0
		link set br0 up
		link set v2 mtu 1450 master br0
		link set v2 up
	EOT
	ip_in "$a2" <<-EOT || die "setup: a2"
		link set eth0 address $MAC_A2 mtu 1450
		addr add 203.0.113.21/24 dev eth0
		addr add 2001:db8:100::21/64 dev eth0 nodad
		link set eth0 up
	EOT
	must ctn "$h1" -b - <<-EOT
		add-net net0 --vni 100 --local $H1_IP --address 203.0.113.1/24
		add-peer net0 $H2_IP
		add-port net0 $a1 --address 203.0.113.11/24 --address 2001:db8:100::11/64
		add-port net0 $b1 --address 203.0.113.12/24
	EOT
}

# Neighbours and tables as on the first day
forget()
{
	local ns

	for ns in "$h1" "$h2" "$a1" "$b1" "$a2"; do
		ip -n "$ns" neigh flush all
	done >/dev/null 2>&1
	check ctn "$h1" flush-fdb net0 --learned
}

traffic()
{
	ping_ok "$a1" 203.0.113.21
	ping_ok "$a2" 203.0.113.11
	ping_ok "$a2" 203.0.113.12
	ping_ok "$h1" 203.0.113.2
	ping_ok "$a2" 203.0.113.1
	wait_for_ping "$a1" 2001:db8:100::21
	tcp_copy "$a1" "$a2" 203.0.113.21 256
	tcp_copy "$a2" "$a1" 203.0.113.11 256
	tcp_copy "$a1" "$a2" 2001:db8:100::21 256
}

learned_there()
{
	bridge -n "$h2" fdb show dev vx0 | grep -q "^$1 .*dst $H1_IP"
}

learning()
{
	theirs learning
	forget
	traffic
	check fdb_is "$h1" net0 $MAC_A2 '"type": *"learned".*"peer": *"192.0.2.2"'
	check fdb_is "$h1" net0 $MAC_H2 '"type": *"learned".*"peer": *"192.0.2.2"'
	check learned_there $MAC_A1
	check learned_there $MAC_B1
	check learned_there $MAC_H1
}

no_learning()
{
	theirs nolearning
	check bridge -n "$h2" link set dev vx0 learning off
	bridge -n "$h2" -batch - <<-EOT || fail "cannot set the table of h2"
		fdb append $MAC_A1 dev vx0 dst $H1_IP
		fdb append $MAC_B1 dev vx0 dst $H1_IP
		fdb append $MAC_H1 dev vx0 dst $H1_IP
		fdb replace $MAC_A1 dev vx0 master static
		fdb replace $MAC_B1 dev vx0 master static
		fdb replace $MAC_H1 dev vx0 master static
	EOT
	check ctn "$h1" set-net net0 --learning off --flood off
	forget
	check ctn "$h1" -b - <<-EOT
		add-fdb net0 $MAC_A2 --peer $H2_IP
		add-fdb net0 $MAC_H2 --peer $H2_IP
	EOT
	traffic
	check_eq "$(net_stat "$h1" net0 fdb_learned)" 0 "learned entries"
	# the entries are needed
	check ctn "$h1" del-fdb net0 $MAC_A2
	check no_ping "$a1" 203.0.113.21
	check ctn "$h1" add-fdb net0 $MAC_A2 --peer "$H2_IP"
	ping_ok "$a1" 203.0.113.21
	check ctn "$h1" -b - <<-EOT
		del-fdb net0 $MAC_A2
		del-fdb net0 $MAC_H2
		set-net net0 --learning on --flood on
	EOT
}

large_tcp()
{
	theirs learning
	forget
	wait_for_ping "$a1" 203.0.113.21
	tcp_copy "$a1" "$a2" 203.0.113.21 8192
	tcp_copy "$a2" "$a1" 203.0.113.11 8192
	tcp_copy "$h1" "$h2" 203.0.113.2 2048
	tcp_copy "$h2" "$h1" 203.0.113.1 2048
}

# without offload at the underlay, whose checksums are then complete and checked
without_offload()
{
	local h off="tx off rx off tso off gso off"

	for h in "$h1" "$h2"; do
		# shellcheck disable=SC2086 # words
		check ip netns exec "$h" ethtool -K ul0 $off
	done
	tcp_copy "$a1" "$a2" 203.0.113.21
	tcp_copy "$a2" "$a1" 203.0.113.11
	tcp_copy "$a1" "$a2" 2001:db8:100::21
	for h in "$h1" "$h2"; do
		check ip netns exec "$h" ethtool -K ul0 tx on rx on tso on gso on
	done
}

without_udp_checksum()
{
	ip -n "$h2" link del vx0
	ip_in "$h2" <<-EOT || fail "cannot make h2"
		link add vx0 type vxlan id 100 dstport 4789 local $H2_IP dev ul0 noudpcsum
		link set vx0 master br0
		link set vx0 up
	EOT
	check bridge -n "$h2" fdb append 00:00:00:00:00:00 dev vx0 dst "$H1_IP"
	forget
	wait_for_ping "$a1" 203.0.113.21
	tcp_copy "$a2" "$a1" 203.0.113.11
	tcp_copy "$a1" "$a2" 203.0.113.21
}

# The kernel's vxlan moves a MAC when it comes from elsewhere; so do we.
move()
{
	local m=02:00:00:00:07:01

	theirs learning
	vxsend "$a1" frame dev=eth0 from=$m
	wait_until 5000 fdb_is "$h1" net0 $m '"port"'
	wait_until 5000 learned_there $m
	vxsend "$a2" frame dev=eth0 from=$m
	wait_until 5000 fdb_is "$h1" net0 $m '"peer": *"192.0.2.2"'
}

topology

run_test learning "both learn: ping and TCP, both ways"
run_test no_learning "static entries on both sides, nothing is learned"
run_test large_tcp "large TCP transfers, both ways"
run_test without_offload "the underlay has no offloads"
run_test without_udp_checksum "the other side sends no UDP checksums"
run_test move "a MAC moves from our side to theirs"
