#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tunnels in tunnels: a network whose underlay is another network's device works, as deep
# as the kernel's stack allows; networks that lead through one another do no harm.
#
# timeout: 300
#
#	h1                                      h2
#	net2 203.0.113.1     VNI 102  in net1   net2 203.0.113.2
#	net1 198.51.100.129  VNI 101  in net0   net1 198.51.100.130
#	net0 198.51.100.1    VNI 100  in ul0    net0 198.51.100.2
#	ul0  192.0.2.1 ---------- veth -------- ul0  192.0.2.2

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

levels()
{
	local ns=$1 i=$2 j=$3

	ctn "$ns" -b - <<-EOT
		add-net net0 --vni 100 --local 192.0.2.$i --address 198.51.100.$i/25
		add-peer net0 192.0.2.$j
		add-net net1 --vni 101 --local 198.51.100.$i --address 198.51.100.$((128 + i))/25
		add-peer net1 198.51.100.$j
		add-net net2 --vni 102 --local 198.51.100.$((128 + i)) --address 203.0.113.$i/24
		add-peer net2 198.51.100.$((128 + j))
	EOT
}

three_levels()
{
	check levels "$h1" 1 2
	check levels "$h2" 2 1
	wait_for_ping "$h1" 198.51.100.2
	wait_for_ping "$h1" 198.51.100.130
	wait_for_ping "$h1" 203.0.113.2
	check ip netns exec "$h2" ping -nqc 3 -i 0.2 -W 5 -s 1200 203.0.113.1
}

# Each leads through the other, as routes and neighbours have it, and floods.
through_one_another()
{
	local before i

	check ctn "$h1" -b - <<-EOT
		add-net neta --vni 200 --local 198.18.1.1 --address 198.18.2.1/24 --mtu 1400
		add-net netb --vni 201 --local 198.18.2.1 --address 198.18.1.1/24 --mtu 1400
		add-peer neta 198.18.1.2
		add-peer netb 198.18.2.2
	EOT
	check ip_in "$h1" <<-EOT
		neigh replace 198.18.1.2 lladdr 02:00:00:00:00:02 dev netb
		neigh replace 198.18.2.2 lladdr 02:00:00:00:00:02 dev neta
		neigh replace 198.18.2.3 lladdr 02:00:00:00:00:03 dev neta
	EOT
	before=$(($(drops "$h1" neta loop) + $(drops "$h1" netb loop)))
	# nobody answers
	check_not ip netns exec "$h1" ping -nqc 5 -i 0.2 -W 1 -b 198.18.2.255
	for i in 1 2 3; do
		check_not ip netns exec "$h1" ping -nqc 1 -W 1 -s $((400 * i)) 198.18.2.3
	done
	# one in each that was sent
	wait_until 5000 loops_at_least $((before + 8))
	check ctn "$h1" del-net neta
	check ctn "$h1" del-net netb
	wait_for_ping "$h1" 203.0.113.2
}

loops_at_least()
{
	local sum

	sum=$(($(drops "$h1" neta loop) + $(drops "$h1" netb loop)))
	[[ $sum -ge $1 ]] || { echo "$sum"; return 1; }
}

topo_two_hosts
run_test three_levels "a network in a network in a network"
run_test through_one_another "networks that lead through one another: frames are dropped, and counted"
