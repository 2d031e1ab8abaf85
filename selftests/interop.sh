#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ctnet on one host, the kernel's own bridge and vxlan on the other, over IPv4 and over
# IPv6. foreign.sh draws the topology and has what does not depend on what h2 is.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"
# shellcheck source=lib/foreign.sh
. "$(dirname "$0")/lib/foreign.sh"

need python3 bridge ethtool

attach_there() { check ip -n "$h2" link set "$2" master "br$1"; }
detach_there() { check ip -n "$h2" link set "$2" nomaster; }

# The vxlan's table and the bridge's, each of which has the MAC. When it moves to another
# port of the bridge, it stays in the vxlan's.
learned_there()
{
	local table

	table=$(bridge -n "$h2" fdb show dev "vx$1")
	[[ $table =~ $2\ [^$'\n']*dst\ ${OURS[$1]} &&
	   $table =~ $2\ [^$'\n']*master\ br$1 ]]
}

forget_there()
{
	# the vxlan's table; the bridge moves a MAC when it comes from elsewhere
	check ip -n "$h2" link set "vx$1" down
	check ip -n "$h2" link set "vx$1" up
	check ip -n "$h2" link set "br$1" type bridge fdb_flush
}

# vxlan FAM [OPTION...]: h2's, anew, with h1 as the host that it floods to
vxlan()
{
	local fam=$1

	shift
	ip -n "$h2" link del "vx$fam" 2>/dev/null
	ip_in "$h2" <<-EOT || { fail "cannot make the kernel's vxlan"; return; }
		link add vx$fam type vxlan id ${VNI[$fam]} dstport 4789 local ${THEIRS[$fam]} dev ul0 $*
		link set vx$fam master br$fam
		link set vx$fam up
	EOT
	check bridge -n "$h2" fdb append 00:00:00:00:00:00 dev "vx$fam" dst "${OURS[$fam]}"
}

topology()
{
	local fam

	foreign_topology
	for fam in 4 6; do
		ip_in "$h2" <<-EOT || die "setup: h2"
			link add br$fam address $(mac $fam 2) mtu $((1490 - fam * 10)) type bridge
			addr add $(in4 $fam 2)/26 dev br$fam
			link set br$fam up
		EOT
		vxlan $fam
		their_port a2 $fam 21
	done
	[[ $RET -eq 0 ]] || die "setup: h2"
}

# ------------------------------------------------------------------- tests

no_learning()
{
	local fam=$1 n

	vxlan "$fam" nolearning
	check bridge -n "$h2" link set dev "vx$fam" learning off
	for n in 1 11; do
		echo "fdb append $(mac "$fam" $n) dev vx$fam dst ${OURS[$fam]}"
		echo "fdb replace $(mac "$fam" $n) dev vx$fam master static"
	done | bridge -n "$h2" -batch - || fail "cannot set the table of h2"
	check ctn "$h1" set-net "net$fam" --learning off --flood off
	forget "$fam"
	# where nothing is flooded, the table has addresses, from which the network answers
	ctn "$h1" -b - <<-EOT || fail "cannot set the table of h1"
		add-fdb net$fam $(mac "$fam" 21) --peer ${THEIRS[$fam]} --ip $(in4 "$fam" 21) --ip $(in6 "$fam" 21)
		add-fdb net$fam $(mac "$fam" 2) --peer ${THEIRS[$fam]} --ip $(in4 "$fam" 2)
	EOT
	passes "$fam"
	check_eq "$(net_stat "$h1" "net$fam" fdb_learned)" 0 "learned entries"
	# the entries are needed
	check ctn "$h1" del-fdb "net$fam" "$(mac "$fam" 21)"
	check no_ping "$a1" "$(in4 "$fam" 21)"
	check ctn "$h1" add-fdb "net$fam" "$(mac "$fam" 21)" --peer "${THEIRS[$fam]}"
	ping_ok "$a1" "$(in4 "$fam" 21)"
	check ctn "$h1" -b - <<-EOT
		del-fdb net$fam $(mac "$fam" 21)
		del-fdb net$fam $(mac "$fam" 2)
		set-net net$fam --learning on --flood on
	EOT
	vxlan "$fam"
}

# without offload at the underlay, whose checksums are then complete and checked
without_offload()
{
	local h fam

	for h in "$h1" "$h2"; do
		check ip netns exec "$h" ethtool -K ul0 tx off rx off tso off gso off
	done
	for fam in 4 6; do
		transfers $fam 1000000
	done
	for h in "$h1" "$h2"; do
		check ip netns exec "$h" ethtool -K ul0 tx on rx on tso on gso on
	done
}

# sums FAM OUT: the UDP checksums that a ping has on the wire; OUT=1: ours
sums()
{
	ask sniff "$h1" ul0
	wait_for_ping "$a1" "$(in4 "$1" 21)"
	ask seen "$h1" ul0 "vni=${VNI[$1]}" "out=$2" show=csum min=1 "ms=$((5000 * CTNET_SLOW))"
	ANSWER=${ANSWER#ok +([0-9]) }
}

without_udp_checksum()
{
	local fam

	vxlan 4 noudpcsum
	vxlan 6 udp6zerocsumtx udp6zerocsumrx
	for fam in 4 6; do
		forget $fam
		sums $fam 0
		check_eq "$ANSWER" zero "UDP checksums of h2, IPv$fam"
		transfers $fam 1000000
		# nor here
		check ctn "$h1" set-net net$fam --udp-csum off
		sums $fam 1
		check_eq "$ANSWER" zero "UDP checksums of h1, IPv$fam"
		transfers $fam 1000000
		check ctn "$h1" set-net net$fam --udp-csum on
		vxlan $fam
	done
}

# The kernel's vxlan moves a MAC when it comes from elsewhere; so do we.
mac_moves()
{
	local fam=$1 m=02:00:00:00:07:01

	check ctn "$h1" set-port "net$fam" "$a1" --ifname "e$fam" --guard off
	ask send "$a1" "e$fam" ff:ff:ff:ff:ff:ff $m away
	wait_until 5000 fdb_is "$h1" "net$fam" $m .port
	wait_until 5000 learned_there "$fam" $m
	ask send "$a2" "e$fam" ff:ff:ff:ff:ff:ff $m there
	wait_until 5000 fdb_is "$h1" "net$fam" $m ".peer == \"${THEIRS[$fam]}\""
	ask send "$a1" "e$fam" ff:ff:ff:ff:ff:ff $m back
	wait_until 5000 fdb_is "$h1" "net$fam" $m .port
	check ctn "$h1" set-port "net$fam" "$a1" --ifname "e$fam" --guard on
}

shopt -s extglob
topology

for f in 4 6; do
	run_test both_learn $f "both learn: ping and TCP, both ways, over IPv$f"
	run_test large_tcp $f "large TCP transfers, both ways, over IPv$f"
	run_test floods $f "broadcast, multicast and unknown unicast, both ways, over IPv$f"
	run_test tagged $f "VLAN tags pass, both ways, over IPv$f"
	run_test container_moves $f "a container moves from their host to ours, and back, over IPv$f"
	run_test mac_moves $f "a MAC moves from our side to theirs, and back, over IPv$f"
	run_test no_learning $f "static entries on both sides, nothing is learned, over IPv$f"
done
run_test without_offload "the underlay has no offloads"
run_test without_udp_checksum "no UDP checksums, from the other side, and from ours"
