#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What changes under a network in use takes effect at once: a route, an address, the underlay
# device; the network's VNI, UDP port and local address. lib/threehosts.sh has the topology, and
# besides there are
#
#	h1 ul1 ---veth--- ul1 h2: a second way, used by the test of routes
#	h1 net1 (VNI 200) n1 .41, h2 net1 n2 .42: a second network of both hosts
#
# timeout: 300

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/threehosts.sh
. "$(dirname "$0")/lib/threehosts.sh"

need python3 socat tcpdump

add_container n1 n2

second_way()
{
	local h

	must ip link add ul1 netns "$h1" type veth peer name ul1 netns "$h2"
	for h in "$h1" "$h2"; do
		must ip netns exec "$h" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.ul0.rp_filter=0 net.ipv4.conf.ul1.rp_filter=0
		must ip -n "$h" link set ul1 up
	done
}

# net1: makes it anew on both hosts
net1()
{
	check ctn "$h1" -b - <<-EOT
		del-net net1 --if-exists
		add-net net1 --vni 200 --local $IP1
		add-peer net1 $IP2
		add-port net1 $n1 --address 203.0.113.41/24 --guard off
	EOT
	check ctn "$h2" -b - <<-EOT
		del-net net1 --if-exists
		add-net net1 --vni 200 --local $IP2
		add-peer net1 $IP1
		add-port net1 $n2 --address 203.0.113.42/24 --guard off
	EOT
}

# ------------------------------------------------------- underlay changes

route_changes()
{
	local f=$TMP/route

	ping_ok "$a1" 203.0.113.21
	capture_start "$h1" ul1 "udp and src $IP1 and dst $IP2" "$f" || return
	check ip -n "$h1" route add $IP2/32 dev ul1 src $IP1
	ping_ok "$a1" 203.0.113.21
	check ip -n "$h1" route del $IP2/32
	capture_has "$f" 3
	capture_stop "$f"
	# off the second way again, at once
	capture_start "$h1" ul1 "udp and src $IP1 and dst $IP2" "$f" || return
	ping_ok "$a1" 203.0.113.21
	capture_stop "$f"
	capture_is "$f" 0 ""
}

no_route()
{
	local before

	ping_ok "$a1" 203.0.113.21
	check ip -n "$h1" route add unreachable $IP2/32
	before=$(drops "$h1" net0 no_route)
	vxsend "$a1" frame dev=eth0 to=$MAC_A2 from=$MAC_A1 count=3
	wait_until 5000 at_least $((before + 3)) drops "$h1" net0 no_route
	# the others are reached
	ping_ok "$a1" 203.0.113.31
	check ip -n "$h1" route del unreachable $IP2/32
	ping_ok "$a1" 203.0.113.21
}

route_through_itself()
{
	local before

	before=$(drops "$h1" net0 loop)
	check ip -n "$h1" route add $IP2/32 dev net0
	vxsend "$a1" frame dev=eth0 to=$MAC_A2 from=$MAC_A1
	wait_until 5000 at_least $((before + 1)) drops "$h1" net0 loop
	check ip -n "$h1" route del $IP2/32
	ping_ok "$a1" 203.0.113.21
}

address_goes()
{
	local before

	ping_ok "$a1" 203.0.113.21
	# addresses after the first of a subnet go with it
	check ip -n "$h1" addr flush dev ul0
	before=$(drops "$h1" net0 no_route)
	vxsend "$a1" frame dev=eth0 to=$MAC_A2 from=$MAC_A1
	wait_until 5000 at_least $((before + 1)) drops "$h1" net0 no_route
	check no_ping "$a2" 203.0.113.11
	ip_in "$h1" <<-EOT
		addr add $IP1/24 dev ul0
		addr add $OTHER1/24 dev ul0
	EOT
	wait_for_ping "$a1" 203.0.113.21
	ping_ok "$a2" 203.0.113.11
}

underlay_is_down()
{
	check ip -n "$h1" link set ul0 down
	check no_ping "$a1" 203.0.113.21
	ping_ok "$a1" 203.0.113.12
	check ip -n "$h1" link set ul0 up
	wait_for_ping "$a1" 203.0.113.21
}

# -------------------------------------------------------- several networks

second_network()
{
	local f=$TMP/second

	net1
	# one socket for both
	check json_is 'length == 1 and .[0].networks == 2' ctn "$h1" -j list vteps
	ping_ok "$n1" 203.0.113.42
	# they are apart
	check no_ping "$n1" 203.0.113.21
	capture_start "$a2" eth0 "ether proto 0x88b5" "$f.a2" || return
	capture_start "$n2" eth0 "ether proto 0x88b5" "$f.n2" || return
	vxsend "$n1" frame dev=eth0
	capture_has "$f.n2" 1
	capture_stop "$f.n2"
	capture_stop "$f.a2"
	capture_is "$f.a2" 0 ""
}

vni_changes()
{
	local before

	net1
	before=$(vtep_drops "$h2" 4789 vxlan_vni)
	check ctn "$h1" set-net net1 --vni 300
	check no_ping "$n1" 203.0.113.42
	wait_until 5000 at_least $((before + 1)) vtep_drops "$h2" 4789 vxlan_vni
	check ctn "$h2" set-net net1 --vni 300
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n2" 203.0.113.41
	# the other one's is taken, and nothing changes
	check_fail 2 'VNI' ctn "$h1" set-net net1 --vni 100
	ping_ok "$n1" 203.0.113.42
}

dstport_changes()
{
	local f=$TMP/dstport

	net1
	check ctn "$h1" set-net net1 --dstport 4790
	check ctn "$h2" set-net net1 --dstport 4790
	capture_start "$h1" ul0 "udp port 4790" "$f" || return
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n1" 203.0.113.42
	capture_stop "$f"
	[[ $(capture_count "$f" "src $IP1 and udp dst port 4790 and udp[12:4] = 0x0000c800") -ge 3 ]] ||
		fail "no VXLAN of VNI 200 to port 4790"
	check json_is 'map(.dstport) | sort == [4789, 4790]' ctn "$h1" -j list vteps
	# the first is as it was
	ping_ok "$a1" 203.0.113.21
}

peer_has_its_own_port()
{
	local f=$TMP/peerport

	# h1 on 4790, h2 on 8472
	net1
	check ctn "$h1" set-net net1 --dstport 4790
	check ctn "$h2" set-net net1 --dstport 8472
	check ctn "$h1" -b - <<-EOT
		del-peer net1 $IP2
		add-peer net1 $IP2 --dstport 8472
	EOT
	check ctn "$h2" -b - <<-EOT
		del-peer net1 $IP1
		add-peer net1 $IP1 --dstport 4790
	EOT
	capture_start "$h1" ul0 "udp port 8472 or udp port 4790" "$f" || return
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n2" 203.0.113.41
	capture_stop "$f"
	[[ $(capture_count "$f" "src $IP1 and udp dst port 8472") -ge 3 ]] ||
		fail "nothing to port 8472"
	[[ $(capture_count "$f" "src $IP2 and udp dst port 4790") -ge 3 ]] ||
		fail "nothing to port 4790"
	capture_is "$f" 0 "src $IP1 and udp dst port 4790"
	check_eq "$(peer_stat "$h1" net1 $IP2 dstport)" 8472 "port of the peer"
}

local_changes()
{
	local f=$TMP/local

	net1
	check ctn "$h1" set-net net1 --local $OTHER1
	# h2 does not know it yet
	check no_ping "$n1" 203.0.113.42
	check ctn "$h2" -b - <<-EOT
		del-peer net1 $IP1
		add-peer net1 $OTHER1
	EOT
	capture_start "$h1" ul0 "udp port 4789" "$f" || return
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n2" 203.0.113.41
	capture_stop "$f"
	[[ $(capture_count "$f" "src $OTHER1 and dst $IP2") -ge 3 ]] ||
		fail "nothing from the new address"
	ping_ok "$a1" 203.0.113.21
}

second_network_goes()
{
	net1
	check ctn "$h1" set-net net1 --dstport 4790
	check json_is 'map(.dstport) | sort == [4789, 4790]' ctn "$h1" -j list vteps
	check ctn "$h1" del-net net1
	check ctn "$h2" del-net net1
	check json_is 'map(.dstport) == [4789]' ctn "$h1" -j list vteps
	ping_ok "$a1" 203.0.113.21
}

same_vni_in_two_namespaces()
{
	local h

	# as all along: three namespaces of one kernel with one VNI and one port
	for h in "$h1" "$h2" "$h3"; do
		check net_is "$h" net0 'like({vni: 100, dstport: 4789})'
	done
	# the first frame of another namespace's VNI 100 does not come here
	add_container o1
	check ip link add ul0 netns "$o1" type veth peer name ulx netns "$sw"
	ip_in "$o1" <<-EOT
		addr add 192.0.2.9/24 dev ul0
		link set ul0 up
	EOT
	check ctn "$o1" add-net net0 --vni 100 --local 192.0.2.9
	ping_ok "$a1" 203.0.113.21
	check ctn "$o1" del-net net0
	check ip -n "$o1" link del ul0
}

topology
second_way

run_test route_changes "a change of the route takes effect at once"
run_test no_route "without a route: dropped and counted"
run_test route_through_itself "a route through the network itself: dropped and counted"
run_test address_goes "the underlay address is removed and comes back"
run_test underlay_is_down "the underlay device goes down and up"
run_test same_vni_in_two_namespaces "namespaces do not share VNIs and ports"
run_test second_network "two networks of a namespace share a socket and nothing else"
run_test vni_changes "the VNI changes while in use"
run_test dstport_changes "the UDP port changes while in use"
run_test peer_has_its_own_port "a peer has a UDP port of its own"
run_test local_changes "the local address changes while in use"
run_test second_network_goes "a network goes, its socket with it, the other stays"
