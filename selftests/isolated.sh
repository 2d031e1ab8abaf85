#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Isolated ports reach the host, the peers and ports that are not isolated, never one
# another.
#
#	h1 (namespace)                           h2 (namespace)
#	net0 203.0.113.254/24, VNI 100 --------- net0
#	 |- ct... ---veth--- c1 eth0 .1  isolated  `- ct... ---veth--- r1 eth0 .21
#	 |- ct... ---veth--- c2 eth0 .2  isolated
#	 `- ct... ---veth--- c3 eth0 .3
#
# MACs are 02:00:00:00:00:NN, NN as the address.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3
readonly BCAST=ff:ff:ff:ff:ff:ff MCAST=01:00:5e:7f:00:01
readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02 M3=02:00:00:00:00:03
readonly MH=02:00:00:00:00:fe MR=02:00:00:00:00:15

topo_two_hosts
add_container c1 c2 c3 r1

build()
{
	ctn "$h1" -b - <<-EOT || die "setup: network"
		add-net net0 --vni 100 --local $H1_IP --mac $MH --address 203.0.113.254/24
		add-peer net0 $H2_IP
		add-port net0 $c1 --mac $M1 --address 203.0.113.1/24 --isolated on
		add-port net0 $c2 --mac $M2 --address 203.0.113.2/24 --isolated on
		add-port net0 $c3 --mac $M3 --address 203.0.113.3/24
	EOT
	ctn "$h2" -b - <<-EOT || die "setup: network of h2"
		add-net net0 --vni 100 --local $H2_IP
		add-peer net0 $H1_IP
		add-port net0 $r1 --mac $MR --address 203.0.113.21/24
	EOT
	python_start craft.py
	listen "$c1"
	listen "$c2"
	listen "$c3"
	listen "$r1"
	listen "$h1" net0
	[[ $RET -eq 0 ]] || die "setup: python"
}

# set_isolated CONTAINER on|off
set_isolated() { check ctn "$h1" set-port net0 "$1" --isolated "$2"; }

# isolated N COMMAND...: the command makes net0 count so many frames
isolated()
{
	local n=$1 before

	shift
	before=$(drops "$h1" net0 isolated)
	"$@"
	wait_until 5000 at_least $((before + n)) drops "$h1" net0 isolated
	check_eq "$(drops "$h1" net0 isolated)" $((before + n)) "drops: isolated"
}

flags()
{
	check_eq "$(json '.[] | "\(.label) \(.isolated)"' ctn "$h1" -j list ports net0 | sort | tr '\n' ' ')" \
		"$c1 true $c2 true $c3 false " "ports"
}

# apart TAG: frames from one to the other do not arrive
apart()
{
	isolated 3 send_frame "$c1" $M2 $M1 "$1" count=3
	isolated 2 send_frame "$c2" $M1 $M2 "$1" count=2
	send_frame "$c3" $M1 $M3 "$1-end"
	send_frame "$c3" $M2 $M3 "$1-end"
	got_frames "$c1" eth0 "$1-end" 1
	got_frames "$c2" eth0 "$1-end" 1
	got_frames "$c1" eth0 "$1" 0
	got_frames "$c2" eth0 "$1" 0
}

neigh_failed() { [[ $(ip -n "$1" neigh show to "$2") == *FAILED* ]]; }

unicast()
{
	apart uc
	check_not ip netns exec "$c1" ping -nqc1 -W1 203.0.113.2
	# its kernel asks three times, which would count in what follows
	wait_until 10000 neigh_failed "$c1" 203.0.113.2
}

# floods_of CONTAINER MAC OTHER TAG: what it sends to all reaches all but the other
floods_of()
{
	local ns=$1 hw=$2 other=$3 tag=$4

	send_frame "$ns" $BCAST "$hw" "$tag" count=2
	send_frame "$ns" $MCAST "$hw" "$tag"
	send_frame "$ns" 02:00:00:00:99:99 "$hw" "$tag"
	got_frames "$c3" eth0 "$tag" 4
	got_frames "$r1" eth0 "$tag" 4
	got_frames "$h1" net0 "$tag" 4
	# of a later one, which it gets
	send_frame "$c3" $BCAST $M3 "$tag-end"
	got_frames "$other" eth0 "$tag-end" 1
	got_frames "$other" eth0 "$tag" 0
}

floods()
{
	floods_of "$c1" $M1 "$c2" flood1
	floods_of "$c2" $M2 "$c1" flood2
}

others_floods()
{
	local ns

	send_frame "$c3" $BCAST $M3 of-c3
	send_frame "$r1" $BCAST $MR of-r1
	ask send "$h1" net0 $BCAST $MH of-h1
	for ns in "$c1" "$c2"; do
		got_frames "$ns" eth0 of-c3 1
		got_frames "$ns" eth0 of-r1 1
		got_frames "$ns" eth0 of-h1 1
	done
}

reach_the_rest()
{
	local ns

	for ns in "$c1" "$c2"; do
		wait_for_ping "$ns" 203.0.113.3
		wait_for_ping "$ns" 203.0.113.254
		wait_for_ping "$ns" 203.0.113.21
	done
	wait_for_ping "$c3" 203.0.113.1
	wait_for_ping "$h1" 203.0.113.2
	wait_for_ping "$r1" 203.0.113.1
}

# The table knows, and does not tell; but somebody else may answer for the isolated, as a
# router or a host with proxy_arp_pvlan does.
arp()
{
	ask sniff c1 "$c1" eth0
	ask sniff c2 "$c2" eth0
	ask sniff c3 "$c3" eth0
	ask sniff host "$h1" net0
	isolated 0 ask question "$c1" eth0 $M1 203.0.113.1 203.0.113.2 apart=c2
	check_eq "$ANSWER" "ok - | c2=0 c3=1 host=1" "an isolated port's address"
	ask question "$c1" eth0 $M1 203.0.113.1 203.0.113.3 want=1 apart=c2
	check_eq "$ANSWER" "ok $M3 | c2=0 c3=0 host=0" "another's address"
	# a probe is not answered either
	isolated 0 ask question "$c2" eth0 $M2 0.0.0.0 203.0.113.1 apart=c1
	check_eq "$ANSWER" "ok - | c1=0 c3=1 host=1" "probe of an isolated port's address"
	# where nothing unknown is flooded, the host alone is asked
	check ctn "$h1" set-net net0 --flood off
	isolated 1 ask question "$c1" eth0 $M1 203.0.113.1 203.0.113.2 apart=c2
	check_eq "$ANSWER" "ok - | c2=0 c3=0 host=1" "without floods"
	check ctn "$h1" set-net net0 --flood on
	ask question "$c3" eth0 $M3 203.0.113.3 203.0.113.1 want=1
	check_eq "$ANSWER" "ok $M1 | c1=0 c2=0 host=0" "who is not isolated asks"
}

# the host stands between them, and does answer
arp_proxy()
{
	local key=net.ipv4.conf.net0

	check in_ns "$h1" sysctl -qw $key.proxy_arp_pvlan=1 $key.send_redirects=0 \
		net.ipv4.ip_forward=1
	wait_for_ping "$c1" 203.0.113.2
	check in_ns "$h1" sysctl -qw $key.proxy_arp_pvlan=0 net.ipv4.ip_forward=0
	check ip -n "$c1" neigh flush all
	check ip -n "$c2" neigh flush all
	# the answer was to one who asked, and takes nobody's address away
	ask question "$c3" eth0 $M3 203.0.113.3 203.0.113.2 want=1
	check_match "$ANSWER" "^ok $M2 " "afterwards"
}

arp_flooded()
{
	check ctn "$h1" set-net net0 --suppress off
	ask question "$c1" eth0 $M1 203.0.113.1 203.0.113.77 apart=c2
	check_eq "$ANSWER" "ok - | c2=0 c3=1 host=1" "question that is flooded"
	check ctn "$h1" set-net net0 --suppress on
}

toggled()
{
	set_isolated "$c1" off
	isolated 0 send_frame "$c1" $M2 $M1 tog count=2
	got_frames "$c2" eth0 tog 2
	send_frame "$c2" $BCAST $M2 tog2
	got_frames "$c1" eth0 tog2 1
	ask question "$c1" eth0 $M1 203.0.113.1 203.0.113.2 want=1
	check_eq "$ANSWER" "ok $M2 | c2=0 c3=0 host=0" "no more isolated"
	wait_for_ping "$c1" 203.0.113.2
	set_isolated "$c1" on
	apart back
	floods_of "$c1" $M1 "$c2" flood3
}

build

run_test flags "the flag is shown"
run_test reach_the_rest "isolated ports, and the host, a port that is not, a container of a peer"
run_test unicast "unicast between isolated ports is dropped and counted"
run_test floods "floods of an isolated port reach all but the isolated"
run_test others_floods "floods of the others reach isolated ports"
run_test arp "ARP is not answered for one another, and is for the rest"
run_test arp_proxy "a host that answers for them is asked, and heard"
run_test arp_flooded "a question that is flooded does not reach another isolated port"
run_test toggled "the flag is set and cleared under way"
