#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 200
#
# As a Linux bridge, ctnet follows what its ports' links do, and knows the commands with which
# bridges are set and shown: both are asked the same in one run. lib/likebridge.sh has the
# topology.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"
# shellcheck source=lib/likebridge.sh
. "$(dirname "$0")/lib/likebridge.sh"

need python3 bridge ethtool tcpdump

# ------------------------------------------------------------ a port's link

say_where() { send_frame "$N1" $BCAST ${MN}1 here; }

# What is learned of a port goes with its line, be it cut at the other end.
learned_goes()
{
	both say_where
	both wait_until 5000 lies ${MN}1 p1
	both take_down
	both ip_h link set p1 up
	both say_where
	both wait_until 5000 lies ${MN}1 p1
	both cut_neighbour down
	both wait_until 5000 lies ${MN}1 ""
	both cut_neighbour up
	both say_where
	both wait_until 5000 lies ${MN}1 p1
	both ip_h link set p1 nomaster
	alike "" lies_at ${MN}1
	both ip_h link set p1 master net0
}

take_down()
{
	ip_h link set p1 down
	lies_at ${MN}1
	check_eq "$GOT" "" "$KIND: where the neighbour is"
}

cut_neighbour() { check ip -n "$N1" link set eth0 "$1"; }

# A bond goes another way: the host's groups are joined anew, and its addresses announced.
bond_fails_over()
{
	both add_bond || { skip "no bond"; return; }
	alike joined after_failover igmp
	# that is more than a bridge does
	of_ctnet
	capture_has "$TMP/bond-ctnet" 1 "arp and src host $HOST and dst host $HOST"
	both del_bond
}

add_bond()
{
	ip -n "$H" link add bond0 type bond mode active-backup miimon 50 num_grat_arp 1 2>/dev/null ||
		return
	ip_in "$H" <<-EOT || fail "bond"
		link add s1 type veth peer name t1 netns $NM
		link add s2 type veth peer name t2 netns $NM
		link set s1 master bond0
		link set s2 master bond0
		link set bond0 up
		link set bond0 master net0
		addr add 239.1.1.1/32 dev net0 autojoin
	EOT
	printf 'link set %s up\n' t1 t2 | ip_in "$NM" || fail "lines of the bond"
	wait_until 10000 active_is s1
}

active_is() { [[ $(ip -n "$H" -d link show dev bond0) =~ active_slave\ $1 ]]; }

after_failover()
{
	local f=$TMP/bond-$KIND

	capture_start "$NM" t2 "igmp or arp" "$f" || return
	check ip -n "$NM" link set t1 down
	wait_until 10000 active_is s2
	GOT=silent
	! busywait 5000 at_least 1 capture_count "$f" "$1" >/dev/null || GOT=joined
}

del_bond()
{
	capture_stop "$TMP/bond-$KIND"
	ip_h addr del 239.1.1.1/32 dev net0 autojoin
	ip_h link del bond0
	ip_h link del s1
	ip_h link del s2
}

# ----------------------------------------------------------- what people try first

# flag_of WORD...: sets it by the rest of the words, and says how bridge shows it
flag_of()
{
	check bridge -n "$H" link set dev p1 "$@"
	GOT=$(bridge -n "$H" -d link show dev p1 | grep -oE "(^| )$1 (on|off)" | tr -d '\n')
	GOT=${GOT# }
}

link_flags()
{
	local flag

	for flag in hairpin isolated learning; do
		alike "$flag on" flag_of $flag on
		alike "$flag off" flag_of $flag off
	done
	check port_is "$c" net0 p1 '.learning | not'
	alike "learning on" flag_of learning on
	alike "flood off" flag_of flood off mcast_flood off bcast_flood off
	check port_is "$c" net0 p1 '.flood | not'
	alike "flood on" flag_of flood on mcast_flood on bcast_flood on
	# ip's way
	both ip_h link set p1 type bridge_slave isolated on
	check port_is "$c" net0 p1 .isolated
	both ip_h link set p1 type bridge_slave isolated off
	check_match "$(ip -n "$c" -d link show dev p1)" 'ctnet_slave' "ip -d link"
	# learned entries of a port
	both say_where
	both wait_until 5000 lies ${MN}1 p1
	both ip_h link set p1 type bridge_slave fdb_flush
	alike "" lies_at ${MN}1
}

# ports: those that bridge shows, with their state
ports() { GOT=$(bridge -n "$H" link show | grep -oE 'p[0-9]@|master net0 state [a-z]+' | sort | uniq -c | tr -s ' \n' ' '); }

link_shown()
{
	alike " 3 master net0 state forwarding 1 p1@ 1 p2@ 1 p3@ " ports
	both ip_h link set p3 down
	alike " 1 master net0 state disabled 2 master net0 state forwarding 1 p1@ 1 p2@ 1 p3@ " ports
	both ip_h link set p3 up
}

# link_refused REGEX WORD...: of bridge link set dev p1, with the command that does it
link_refused() { check_fail 255 "$1" bridge -n "$c" link set dev p1 "${@:2}"; }

link_refusals()
{
	link_refused 'spanning tree.*--guard' cost 10
	link_refused 'spanning tree.*--guard' priority 8
	link_refused 'spanning tree.*--guard' state 0
	link_refused 'spanning tree.*--guard' guard on
	link_refused 'spanning tree.*--guard' root_block on
	link_refused 'no multicast snooping.*--flood' fastleave on
	link_refused 'no multicast snooping.*--flood' mcast_router 2
	link_refused 'set-net NET --suppress' neigh_suppress on
	link_refused 'set-port NET --dev PORT --guard' locked on
	link_refused 'network for each VLAN' vlan_tunnel on
	link_refused 'only be set together.*--flood' flood off
	link_refused 'only be set together.*--flood' mcast_flood off
	# one that is there does not go with one that is not
	link_refused 'spanning tree' hairpin on cost 10
	check_fail 255 'network for each VLAN' bridge -n "$c" vlan add dev p1 vid 10
	check_fail 255 'set-net' bridge -n "$c" link set dev net0 learning off self
}

# told REGEX: for wait_until: bridge monitor fdb of $H has said it
told() { grep -qE "$1" "$TMP/monitor-$KIND"; }

monitor_fdb()
{
	local pid_b pid_c

	bridge -n "$b" monitor fdb >"$TMP/monitor-bridge" &
	pid_b=$!
	bridge -n "$c" monitor fdb >"$TMP/monitor-ctnet" &
	pid_c=$!
	both wait_until 10000 learned_is_told
	# it moves, and goes
	both move_and_flush
	both wait_until 5000 told "^Deleted 02:00:00:00:66:02 dev"
	# what ctnetctl enters and takes away
	check ctn "$c" add-fdb net0 02:00:00:00:66:03 --port p2
	check ctn "$c" del-fdb net0 02:00:00:00:66:03
	of_ctnet
	wait_until 5000 told "^02:00:00:00:66:03 dev net0 .*p2.*permanent"
	wait_until 5000 told "^Deleted 02:00:00:00:66:03"
	wait_until 5000 told "^02:00:00:00:66:02 dev net0 .*p2"
	kill $pid_b $pid_c
	wait $pid_b $pid_c 2>/dev/null
	true
}

# once something is seen it listens
learned_is_told()
{
	ask send "$N1" eth0 $BCAST "02:00:00:00:65:$(printf %02x $((RANDOM & 255)))" told
	told '^02:00:00:00:65:.. dev'
}

move_and_flush()
{
	ask send "$N1" eth0 $BCAST 02:00:00:00:66:02 told
	wait_until 5000 lies 02:00:00:00:66:02 p1
	ask send "$N2" eth0 $BCAST 02:00:00:00:66:02 told
	wait_until 5000 lies 02:00:00:00:66:02 p2
	ip_h link set p2 down
	ip_h link set p2 up
}

speed() { GOT=$(ip netns exec "$H" ethtool net0 | grep -oE 'Speed: .*'); }

link_speed()
{
	alike "Speed: 10000Mb/s" speed
	both ip_h link set p1 down
	both ip_h link set p2 down
	both ip_h link set p3 down
	alike "Speed: Unknown!" speed
	both ip_h link set p1 up
	both ip_h link set p2 up
	both ip_h link set p3 up
}

# link_drops: "rx-errors rx-dropped tx-dropped" of net0 of ctnet
link_drops() { link_stat "$c" net0 '"\(.rx.errors) \(.rx.dropped) \(.tx.dropped)"'; }

drops_shown()
{
	local -a was is

	read -ra was < <(link_drops)
	# a source that is none; what is for where it came from; a port that is down
	send_frame "$c1" $BCAST 00:00:00:00:00:00 none
	send_frame "$c1" ${MN}1 ${MN}1 back
	check ctn "$c" add-fdb net0 02:00:00:00:77:01 --port p2
	check ctn "$c" set-port net0 --dev p2 --flood off
	check ip -n "$c" link set p2 down
	send_frame "$c1" 02:00:00:00:77:01 ${MN}1 down
	send_frame "$c1" $BCAST ${MN}1 drops-end
	got_frames "$c3" eth0 drops-end 1
	read -ra is < <(link_drops)
	check_eq "$((is[0] - was[0])) $((is[1] - was[1])) $((is[2] - was[2]))" "1 1 1" \
		"errors and drops received, drops sent"
	check ip -n "$c" link set p2 up
	check ctn "$c" set-port net0 --dev p2 --flood on
	check ctn "$c" del-fdb net0 02:00:00:00:77:01
}

build_all

run_test learned_goes "what was learned of a port goes when the port is down, cut off or detached"
run_test bond_fails_over "a bond that fails over has the host's groups joined and addresses announced again"
run_test link_flags "bridge link set and ip link set ... type bridge_slave set a port's flags"
run_test link_shown "bridge link show has the ports, and whether they forward"
run_test link_refusals "what a port has not is refused, with what does it"
run_test monitor_fdb "bridge monitor fdb tells of entries that are learned, move and go"
run_test link_speed "ethtool has the speed of the fastest port"
run_test drops_shown "ip -s link has the drops"
