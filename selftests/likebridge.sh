#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 200
#
# What a Linux bridge does right, ctnet does too, with the frames of a switch (802.1X, LLDP, LACP,
# BPDUs) and the addresses that are the host's: both are asked the same in one run.
# lib/likebridge.sh has the topology; bridgelink.sh has what is set and shown.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"
# shellcheck source=lib/likebridge.sh
. "$(dirname "$0")/lib/likebridge.sh"

need python3 bridge

listening()
{
	local proto

	for proto in $EAPOL $LLDP $SLOW $PAUSE $LLC; do
		ask listen "$H" p1 bound="$proto"
		ask listen "$H" net0 bound="$proto"
	done
	listen "$N1"
	listen "$N2"
	listen "$N3"
	listen "$H" net0
}

# heard GROUP TYPE TAG: who hears it: a daemon at p1, one at net0, the neighbour
heard()
{
	send_frame "$N1" "$GROUP$1" ${MN}1 "$3" type="$2"
	end_of "$3"
	how_many "$H" p1 "$3" bound="$2"
	GOT="port $MANY"
	how_many "$H" net0 "$3" bound="$2"
	GOT+=", network $MANY"
	how_many "$N2" eth0 "$3"
	GOT+=", neighbour $MANY"
}

own_stack()
{
	local before

	before=$(drops "$c" net0 link_local)
	alike "port 1, network 0, neighbour 0" heard 3 $EAPOL eapol
	alike "port 1, network 0, neighbour 0" heard e $LLDP lldp
	alike "port 1, network 0, neighbour 0" heard 2 $SLOW lacp
	# a pause frame is the card's, and nobody's else
	alike "port 0, network 0, neighbour 0" heard 1 $PAUSE pause
	check_eq "$(drops "$c" net0 link_local)" $((before + 1)) "link-local drops"
}

say_lldp() { send_frame "$N1" ${GROUP}e 02:00:00:00:55:01 lldp-learn type=$LLDP; }

# who speaks to the port's own stack is learned, as he is there
own_stack_learns()
{
	both say_lldp
	both wait_until 5000 lies 02:00:00:00:55:01 p1
}

# passed TAG: a BPDU, from p1
passed()
{
	send_frame "$N1" ${GROUP}0 ${MN}1 "$1" type=$LLC
	end_of "$1"
	how_many "$H" p1 "$1" bound=$LLC
	GOT="port $MANY"
	how_many "$N1" eth0 "$1"
	GOT+=", back $MANY"
	how_many "$N2" eth0 "$1"
	GOT+=", neighbours $MANY"
	how_many "$N3" eth0 "$1"
	GOT+=" $MANY"
}

bpdus()
{
	alike "port 0, back 0, neighbours 1 1" passed bpdu
	check ctn "$c" set-port net0 --dev p1 --hairpin on
	check bridge -n "$b" link set dev p2 mcast_flood off
	check ctn "$c" set-port net0 --dev p2 --isolated on
	check ctn "$c" set-port net0 --dev p1 --isolated on
	of_ctnet
	passed_ctnet 0 0 1 isolated
	check ctn "$c" set-port net0 --dev p1 --isolated off --hairpin off
	check ctn "$c" set-port net0 --dev p2 --isolated off
	check bridge -n "$b" link set dev p2 mcast_flood on
	alike "port 0, back 0, neighbours 1 1" passed bpdu-again
}

# passed_ctnet BACK N2 N3 TAG: who of ctnet's ports gets it; a guarded one sees no floods end
passed_ctnet()
{
	send_frame "$c1" ${GROUP}0 ${MN}1 "$4" type=$LLC
	send_frame "$c1" $BCAST ${MN}1 "$4-end"
	got_frames "$c3" eth0 "$4-end" 1
	how_many "$c1" eth0 "$4"
	check_eq "$MANY" "$1" "back to its sender"
	how_many "$c2" eth0 "$4"
	check_eq "$MANY" "$2" "at p2"
	how_many "$c3" eth0 "$4"
	check_eq "$MANY" "$3" "at p3"
}

# A container is no switch: it sends none, and is sent none.
guarded_bpdus()
{
	local before

	before=$(drops "$c" net0 link_local)
	check ctn "$c" set-port net0 --dev p2 --guard on
	passed_ctnet 0 0 1 to-guarded
	check_eq "$(drops "$c" net0 link_local)" "$before" "link-local drops, one had it"
	check ctn "$c" set-port net0 --dev p2 --guard off
	check ctn "$c" add-fdb net0 ${MN}1 --port p1
	check ctn "$c" set-port net0 --dev p1 --guard on
	passed_ctnet 0 0 0 from-guarded
	check_eq "$(drops "$c" net0 link_local)" $((before + 1)) "link-local drops"
	check ctn "$c" del-fdb net0 ${MN}1
	# to nobody
	check ctn "$c" set-port net0 --dev p1 --guard off
	check ctn "$c" set-port net0 --dev p2 --guard on
	check ctn "$c" set-port net0 --dev p3 --guard on
	passed_ctnet 0 0 0 to-nobody
	check_eq "$(drops "$c" net0 link_local)" $((before + 2)) "link-local drops"
	check ctn "$c" -b - <<-EOT
		set-port net0 --dev p2 --guard off
		set-port net0 --dev p3 --guard off
	EOT
}

# What a container says to its port's own stack is bound to its MAC, and is no way round the
# network to the host's IP.
guarded_own_stack()
{
	local spoofed

	spoofed=$(drops "$c" net0 guard_mac)
	check ctn "$c" add-fdb net0 ${MN}1 --port p1
	check ctn "$c" set-port net0 --dev p1 --guard on
	of_ctnet
	heard 3 $EAPOL eapol-guarded
	check_eq "$GOT" "port 1, network 0, neighbour 0" "802.1X of a container"
	send_frame "$c1" ${GROUP}3 ${MN}9 spoofed type=$EAPOL
	end_of spoofed
	how_many "$c" p1 spoofed bound=$EAPOL
	check_eq "$MANY" 0 "802.1X with another's MAC"
	check_eq "$(drops "$c" net0 guard_mac)" $((spoofed + 1)) "guard-mac drops"
	check ctn "$c" set-port net0 --dev p1 --guard off

	both give_port_address
	alike answered by_the_group
	check ctn "$c" set-port net0 --dev p1 --guard on
	of_ctnet
	by_the_group
	check_eq "$GOT" silent "IP of a container, to the port's own stack"
	check ctn "$c" set-port net0 --dev p1 --guard off
	check ctn "$c" del-fdb net0 ${MN}1
	both take_port_address
}

give_port_address()
{
	ip_h addr add 198.51.100.254/24 dev p1
	ip_in "$N1" <<-EOT || fail "address of the neighbour"
		addr add 198.51.100.1/24 dev eth0
		neigh replace 198.51.100.254 lladdr ${GROUP}3 nud permanent dev eth0
	EOT
	ip_h neigh replace 198.51.100.1 lladdr ${MN}1 nud permanent dev p1
}

take_port_address()
{
	ip_h addr del 198.51.100.254/24 dev p1
	check ip -n "$N1" addr del 198.51.100.1/24 dev eth0
}

by_the_group()
{
	GOT=silent
	! ip netns exec "$N1" ping -nqc2 -i0.2 -W1 198.51.100.254 >/dev/null 2>&1 || GOT=answered
}

# A switch with two lines to the network: it sees its own BPDUs, and cuts one of them off.
loop_is_seen()
{
	both add_switch
	both wait_until 30000 line_is_cut
	both del_switch
}

add_switch()
{
	local sw=sw-$KIND

	ip_in "$H" <<-EOT || fail "switch"
		link add $sw type bridge stp_state 1 forward_delay 200 hello_time 100 max_age 600 mcast_snooping 0
		link add l1 type veth peer name k1
		link add l2 type veth peer name k2
		link set k1 master $sw
		link set k2 master $sw
		link set l1 master net0
		link set l2 master net0
		link set l1 up
		link set l2 up
		link set k1 up
		link set k2 up
		link set $sw up
	EOT
}

line_is_cut() { bridge -n "$H" link show | grep -q 'k[12]@.*state blocking'; }

del_switch()
{
	ip_h link del "sw-$KIND"
	ip_h link del l1
	ip_h link del l2
}

# ------------------------------------------------------- the host's addresses

# by_mac MAC [ADDRESS]: whether the neighbour reaches the host by this MAC
by_mac()
{
	local addr=${2:-$HOST}

	check ip -n "$N1" neigh replace "$addr" lladdr "$1" nud permanent dev eth0
	GOT=silent
	! ip netns exec "$N1" ping -nqc2 -i0.2 -W1 "$addr" >/dev/null 2>&1 || GOT=answered
	check ip -n "$N1" neigh del "$addr" dev eth0
}

# An interface of the host's becomes a port: the neighbours know its MAC.
port_mac()
{
	alike answered by_mac ${MP}1
	alike silent by_mac $NOBODY
	alike answered by_mac $MH
	# it is given another
	both ip_h link set p1 address 02:00:00:00:01:11
	alike silent by_mac ${MP}1
	alike answered by_mac 02:00:00:00:01:11
	both ip_h link set p1 address ${MP}1
	alike answered by_mac ${MP}1
}

# The same MAC as the network's, or as another port's, is no hindrance, and stays as long as
# one of them has it.
port_mac_twice()
{
	both ip_h link set p2 nomaster
	both ip_h link set p2 address ${MP}1
	both ip_h link set p2 master net0
	alike answered by_mac ${MP}1
	both ip_h link set p2 nomaster
	alike answered by_mac ${MP}1
	both ip_h link set p2 address $MH
	both ip_h link set p2 master net0
	alike answered by_mac $MH
	both ip_h link set p2 nomaster
	alike answered by_mac $MH
	both ip_h link set p2 address ${MP}2
	both ip_h link set p2 master net0
}

# host_entry MAC: how the table of ctnet has it; has_entry MAC WANT: for wait_until
host_entry()
{
	ctn "$c" list fdb net0 | awk -v mac="$1" '$2 == mac { print $3, $4, $5, $6 }'
}

has_entry() { [[ $(host_entry "$1") =~ $2 ]] || { host_entry "$1"; return 1; }; }

port_mac_entry()
{
	local kept

	check has_entry ${MP}1 '^static'
	check_fail 2 'change the MAC of that device' ctn "$c" del-fdb net0 ${MP}1
	check_fail 2 "port's own device" ctn "$c" replace-fdb net0 ${MP}1 --port p2
	check_fail 2 "port's own device" ctn "$c" add-fdb net0 ${MP}1 --self --ip 203.0.113.9
	check ctn "$c" flush-fdb net0
	check has_entry ${MP}1 '^static'
	# it is there by itself, and nothing of a configuration
	check_not grep -q "${MP}1" <<<"$(ctn "$c" save)"
	ctn "$c" save >"$TMP/saved"
	check ctn "$c" sync "$TMP/saved"
	check has_entry ${MP}1 '^static'
	# a container's near end is nobody's: a guarded port has none
	check ctn "$c" set-port net0 --dev p1 --guard on
	check has_entry ${MP}1 '^$'
	check ctn "$c" set-port net0 --dev p1 --guard off
	check has_entry ${MP}1 '^static'
	check ctn "$c" del-port net0 --dev p1
	check has_entry ${MP}1 '^$'
	# what somebody entered stands, and nothing is refused for it
	check ctn "$c" add-fdb net0 ${MP}1 --port p3
	kept=$(host_entry ${MP}1)
	check ctn "$c" add-port net0 --dev p1
	check_eq "$(host_entry ${MP}1)" "$kept" "entry that was there"
	check ctn "$c" del-fdb net0 ${MP}1
	check has_entry ${MP}1 '^static'
	of_ctnet
	by_mac ${MP}1
	check_eq "$GOT" answered "after the entry that was in the way"
	# by another port, too
	check ip -n "$c2" neigh replace $HOST lladdr ${MP}1 nud permanent dev eth0
	wait_for_ping "$c2" $HOST
	check ip -n "$c2" neigh del $HOST dev eth0
}

# What the stack asks a device for, it has: a macvlan on the network.
asked_for()
{
	both add_macvlan || { skip "no macvlan"; return; }
	alike answered by_mac 02:00:00:00:00:aa 203.0.113.100
	of_ctnet
	check_eq "$(promiscuity_of "$c" net0)" 0 "promiscuity of net0"
	check has_entry 02:00:00:00:00:aa '^static'
	# for it, and nobody else
	send_frame "$c1" 02:00:00:00:00:aa ${MN}1 to-macvlan
	end_of to-macvlan
	how_many "$c2" eth0 to-macvlan
	check_eq "$MANY" 0 "frames for the macvlan at p2"
	check ctn "$c" set-net net0 --flood off
	by_mac 02:00:00:00:00:aa 203.0.113.100
	check_eq "$GOT" answered "without floods"
	# more than one has it, and each leaves it
	check ip -n "$c" link set net0 address 02:00:00:00:00:aa
	check ip -n "$c" link set net0 address $MH
	by_mac 02:00:00:00:00:aa 203.0.113.100
	check_eq "$GOT" answered "after the network had the same MAC"
	check ctn "$c" set-net net0 --flood on
	check ip -n "$cm" link set mv down
	check has_entry 02:00:00:00:00:aa '^$'
	check ip -n "$cm" link set mv up
	check has_entry 02:00:00:00:00:aa '^static'
	check_not grep -q 02:00:00:00:00:aa <<<"$(ctn "$c" save)"
	# a static entry that says otherwise stands; the host sees all then, as it did
	check ip -n "$cm" link set mv down
	check ctn "$c" add-fdb net0 02:00:00:00:00:aa --port p3
	check ip -n "$cm" link set mv up
	by_mac 02:00:00:00:00:aa 203.0.113.100
	check_eq "$GOT" answered "by what the host sees of others"
	check ctn "$c" del-fdb net0 02:00:00:00:00:aa
	both del_macvlan
	check has_entry 02:00:00:00:00:aa '^$'
}

add_macvlan()
{
	ip -n "$H" link add mv link net0 netns "$NM" address 02:00:00:00:00:aa \
		type macvlan mode bridge 2>/dev/null || return
	ip_in "$NM" <<-EOT || fail "macvlan"
		addr add 203.0.113.100/24 dev mv
		link set mv up
	EOT
}

del_macvlan() { check ip -n "$NM" link del mv; }

# tcpdump on the network sees what is for nobody that is known, floods or not.
promiscuous()
{
	check ctn "$c" set-net net0 --flood off
	check ip -n "$c" link set net0 promisc on
	send_frame "$c1" $NOBODY ${MN}1 to-nobody
	got_frames "$c" net0 to-nobody 1
	how_many "$c2" eth0 to-nobody
	check_eq "$MANY" 0 "at p2"
	check ip -n "$c" link set net0 promisc off
	send_frame "$c1" $NOBODY ${MN}1 to-nobody-2
	end_of to-nobody-2
	how_many "$c" net0 to-nobody-2
	check_eq "$MANY" 0 "at the host"
	check ctn "$c" set-net net0 --flood on
}

build_all
both listening
[[ $RET -eq 0 ]] || die "setup: python"

run_test own_stack "802.1X, LLDP and LACP are for who listens at the port, and go no further"
run_test own_stack_learns "their sender is learned"
run_test bpdus "BPDUs pass among ports"
run_test guarded_bpdus "a guarded port neither sends nor gets BPDUs"
run_test guarded_own_stack "what a guarded port says to the port's own stack is guarded, and no IP"
run_test loop_is_seen "a switch sees the loop that leads through the network"
run_test port_mac "what is for a port's own MAC is the host's, whichever it has"
run_test port_mac_twice "a MAC that several have is the host's for as long as one has it"
run_test port_mac_entry "its entry is there by itself, and with the guard it is not"
run_test asked_for "what is for a macvlan on the network arrives there, and nowhere else"
run_test promiscuous "the host sees what is for nobody, without floods too"
