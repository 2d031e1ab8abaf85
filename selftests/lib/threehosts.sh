# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for the scripts
#
# Three hosts, one network over VXLAN. To be sourced after lib.sh and traffic.sh.
#
#	                  sw (namespace, Linux bridge br0)
#	         p1 |              p2 |              p3 |
#	        ul0 | 192.0.2.1   ul0 | 192.0.2.2   ul0 | 192.0.2.3
#	     h1 net0           h2 net0           h3 net0          VNI 100
#	  203.0.113.1       203.0.113.2       203.0.113.3
#	     |     |           |     |           |
#	    a1    b1          a2    b2          a3                containers
#	    .11   .12         .21   .22         .31

readonly IP1=192.0.2.1 IP2=192.0.2.2 IP3=192.0.2.3
# of the hosts, for what is sent to and from an address that is not the VTEP's
readonly OTHER1=192.0.2.51 OTHER2=192.0.2.52
readonly MAC_A1=02:42:cb:00:71:0b MAC_B1=02:42:cb:00:71:0c
readonly MAC_A2=02:42:cb:00:71:15 MAC_A3=02:42:cb:00:71:1f
# inner Ethernet type of crafted frames, seen from the outer UDP header
readonly INNER='udp[28:2] = 0x88b5'

topology()
{
	local i h

	setup_ns sw
	setup_host h1 h2 h3
	add_container a1 b1 a2 b2 a3
	ip_in "$sw" <<-'EOT' || die "setup: switch"
		link add br0 type bridge
		link set br0 up
	EOT
	i=0
	for h in "$h1" "$h2" "$h3"; do
		i=$((i + 1))
		must ip link add ul0 netns "$h" type veth peer name "p$i" netns "$sw"
		ip_in "$h" <<-EOT || die "setup: underlay of $h"
			addr add 192.0.2.$i/24 dev ul0
			addr add 192.0.2.5$i/24 dev ul0
			link set ul0 up
		EOT
		ip_in "$sw" <<-EOT || die "setup: underlay of $h"
			link set p$i master br0
			link set p$i up
		EOT
	done

	must ctn "$h1" -b - <<-EOT
		add-net net0 --vni 100 --local $IP1 --address 203.0.113.1/24
		add-peer net0 $IP2
		add-peer net0 $IP3
		add-port net0 $a1 --address 203.0.113.11/24 --address 2001:db8:100::11/64 --guard off
		add-port net0 $b1 --address 203.0.113.12/24 --guard off
	EOT
	must ctn "$h2" -b - <<-EOT
		add-net net0 --vni 100 --local $IP2 --address 203.0.113.2/24
		add-peer net0 $IP1
		add-peer net0 $IP3
		add-port net0 $a2 --address 203.0.113.21/24 --address 2001:db8:100::21/64 --guard off
		add-port net0 $b2 --address 203.0.113.22/24 --guard off
	EOT
	must ctn "$h3" -b - <<-EOT
		add-net net0 --vni 100 --local $IP3 --address 203.0.113.3/24
		add-peer net0 $IP1
		add-peer net0 $IP2
		add-port net0 $a3 --address 203.0.113.31/24 --guard off
	EOT
}
