#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ip, bridge, ethtool, tc and nft on a network and its ports.
#
# timeout: 600
#
#	h1 (namespace)                                c1 c2 (namespaces)
#	ul0 192.0.2.1/24, 2001:db8:0:1::1/64          eth0 203.0.113.1/24, .2
#	net0 (VNI 100) 203.0.113.254/24                    02:00:00:00:00:01, :02
#	 |- p1 ---veth--- c1 eth0
#	 `- p2 ---veth--- c2 eth0
#	loc0: a local network that ip makes

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need bridge tc nft ethtool

readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02 MH=02:00:00:00:00:fe
readonly X=02:00:00:00:77:01 ZERO=00:00:00:00:00:00
readonly PEER=192.0.2.7 PEER6=2001:db8:0:1::7

topology()
{
	local i c

	setup_host h1
	setup_ns other
	add_container c1 c2
	for i in 1 2; do
		c=c$i
		echo "link add p$i netns $h1 type veth peer name eth0 address" \
			"02:00:00:00:00:0$i netns ${!c}"
	done >"$TMP/links"
	must ip -batch "$TMP/links"
	ip_in "$h1" <<-EOT || die "setup: h1"
		link add ul0 type veth peer name ul1
		addr add 192.0.2.1/24 dev ul0
		addr add 2001:db8:0:1::1/64 dev ul0 nodad
		link set ul0 up
		link set ul1 up
		link set p1 up
		link set p2 up
	EOT
	must ctn "$h1" add-net net0 --vni 100 --local 192.0.2.1 --local 2001:db8:0:1::1 \
		--mac $MH --address 203.0.113.254/24
	for i in 1 2; do
		c=c$i
		ip_in "${!c}" <<-EOT || die "setup: $c"
			addr add 203.0.113.$i/24 dev eth0
			link set eth0 up
		EOT
	done
}

ip_h1() { check ip -n "$h1" "$@"; }
fdb() { check bridge -n "$h1" fdb "$@"; }

# shows REGEX, shows_not REGEX: a line of bridge fdb show
shows()
{
	grep -qE "$1" <<<"$(bridge -n "$h1" fdb show dev net0)" ||
		{ fail "bridge fdb show has no '$1':"; diag "$(bridge -n "$h1" fdb show dev net0)"; }
}

shows_not()
{
	! grep -E "$1" <<<"$(bridge -n "$h1" fdb show dev net0)" || fail "bridge fdb show has '$1'"
}

# fdb_refused REGEX WORD...: of bridge fdb
fdb_refused()
{
	local regex=$1

	shift
	check_not bridge -n "$h1" fdb "$@" && check_match "$OUT" "$regex" "bridge fdb $*"
}

# ------------------------------------------------------------------- tests

make_and_delete()
{
	ip_h1 link add loc0 address 02:00:00:00:00:aa mtu 1400 type ctnet
	check_match "$(ip -n "$h1" -d link show dev loc0)" 'mtu 1400.*02:00:00:00:00:aa.*ctnet' "ip -d link"
	check net_is "$h1" loc0 '.network == "loc0"'
	ip_h1 link set loc0 up
	ip_h1 link set loc0 address 02:00:00:00:00:ab
	ip_h1 link set loc0 mtu 1300
	ip_h1 link set loc0 alias "a network"
	check_match "$(ip -n "$h1" -d link show dev loc0)" 'UP.*mtu 1300.*02:00:00:00:00:ab.*a network' "ip -d link"
	check_match "$(bridge -n "$h1" fdb show dev loc0)" '02:00:00:00:00:ab' "bridge fdb"
	ip_h1 link set loc0 down
	ip_h1 link set loc0 name loc1
	check net_is "$h1" loc1 '.network == "loc1"'
	ip_h1 link del loc1
	check_not ip -n "$h1" link show dev loc1
	check_not ctn "$h1" list nets loc1
}

master()
{
	ip_h1 link set p1 master net0
	ip_h1 link set p2 master net0
	check json_is 'map(.port) == ["p1", "p2"]' ctn "$h1" -j list ports net0
	check_match "$(ip -n "$h1" -d link show dev p1)" 'master net0' "ip link"
	check_match "$(ip -n "$h1" -o link show master net0)" 'p1.*p2' "ip link show master"
	wait_for_ping "$c1" 203.0.113.2
	wait_for_ping "$c1" 203.0.113.254
	ip_h1 link set p2 nomaster
	check net_is "$h1" net0 '.port_count == 1'
	check_not ip netns exec "$c1" ping -nqc1 -W1 203.0.113.2
	# from one network to another
	ip_h1 link add loc0 type ctnet
	ip_h1 link set p2 master loc0
	check json_is 'map(.port) == ["p2"]' ctn "$h1" -j list ports loc0
	ip_h1 link set p2 master net0
	check json_is 'map(.port) == ["p1", "p2"]' ctn "$h1" -j list ports net0
	ip_h1 link del loc0
	wait_for_ping "$c1" 203.0.113.2
	check_fail 2 'loopback' ip -n "$h1" link set lo master net0
	check_fail 2 'its own port|[Ll]oop' ip -n "$h1" link set net0 master net0
}

# Devices that the kernel itself refuses, some of them halfway.
no_master()
{
	local i

	ip_in "$h1" <<-EOT || { skip "no VLAN, VRF or IPVLAN devices"; return; }
		link add link net0 name net0.10 type vlan id 10
		link add vrf0 type vrf table 7
		link add d0 type dummy
		link add link d0 name ipvl0 type ipvlan
	EOT
	check_fail 2 'stacked on this network' ip -n "$h1" link set net0.10 master net0
	ip_h1 link del net0.10
	check_fail 2 'receive handler' ip -n "$h1" link set vrf0 master net0
	check_fail 2 'receive handler' ip -n "$h1" link set ipvl0 master net0
	ip_h1 link del vrf0
	ip_h1 link del ipvl0
	# as many as the kernel stacks
	for i in {1..7}; do
		echo "link add link d$((i - 1)) name d$i type vlan id $i"
	done | check ip -n "$h1" -batch -
	check_fail 2 'Too many devices' ip -n "$h1" link set d7 master net0
	ip_h1 link set d6 master net0
	ip_h1 link del d0
}

peers()
{
	fdb append $ZERO dev net0 dst $PEER
	fdb append $ZERO dev net0 dst $PEER6 port 4790
	check_match "$(ctn "$h1" -j list peers net0)" "\"$PEER\"" "list peers"
	check_match "$(ctn "$h1" -j list peers net0)" "\"$PEER6\"[^{}]*4790" "list peers"
	shows "^$ZERO dst $PEER self permanent"
	shows "^$ZERO dst $PEER6 port 4790 self permanent"
	unchanged refused_peers
	# as add does; the UDP port may be named, be it the network's
	fdb del $ZERO dev net0 dst $PEER6 port 4790
	fdb add $ZERO dev net0 dst $PEER6
	shows "^$ZERO dst $PEER6 self permanent"
	fdb del $ZERO dev net0 dst $PEER6 port 4789
	shows_not "^$ZERO dst $PEER6"
	fdb append $ZERO dev net0 dst $PEER6
}

refused_peers()
{
	fdb_refused 'has this peer' append $ZERO dev net0 dst $PEER
	fdb_refused 'unicast address' append $ZERO dev net0 dst 192.0.2.1
	fdb_refused 'unicast address' append $ZERO dev net0 dst 239.1.1.1
	fdb_refused 'give its address' append $ZERO dev net0
	fdb_refused 'give its address' append $ZERO dev net0 via p1
	fdb_refused 'not both' append $ZERO dev net0 dst 192.0.2.8 via p1
	fdb_refused 'no peer' del $ZERO dev net0 dst 192.0.2.99
	fdb_refused 'another UDP port' del $ZERO dev net0 dst $PEER6 port 4789
	fdb_refused 'another UDP port' del $ZERO dev net0 dst $PEER port 4790
	fdb_refused 'not both' del $ZERO dev net0 dst $PEER via p1
}

entries()
{
	fdb add $X dev net0 dst $PEER
	shows "^$X dst $PEER self permanent"
	check fdb_is "$h1" net0 $X ".peer == \"$PEER\""
	fdb_refused 'replace or delete it' add $X dev net0 dst $PEER6
	fdb replace $X dev net0 dst $PEER6
	shows "^$X dst $PEER6 self permanent"
	fdb replace $X dev net0 via p1
	shows "^$X .*via p1.* self permanent"
	check fdb_is "$h1" net0 $X '.port == "p1"'
	shows_not "^$X dst"
	fdb_refused 'no such entry' del $X dev net0 dst $PEER
	fdb_refused 'no such entry' del $X dev net0 via p2
	fdb_refused 'not both' del $X dev net0 dst $PEER via p1
	fdb_refused "given to a peer" del $X dev net0 via p1 port 4789
	fdb del $X dev net0 via p1
	shows_not "^$X"
	fdb_refused 'no such entry' del $X dev net0
	# the host's own
	fdb add $X dev net0
	shows "^$X self permanent"
	fdb del $X dev net0
	shows_not "^$X"
}

# It cannot name addresses: an entry that is replaced has those that it had.
addresses_stay()
{
	local where

	check ctn "$h1" add-fdb net0 $X --port p1 --ip 203.0.113.77 --ip 2001:db8:100::77
	for where in "via p1" "via p2" "dst $PEER" "" "via p1"; do
		# shellcheck disable=SC2086 # none, or two words
		fdb replace $X dev net0 $where
		shows "^$X .*$where.* ?self permanent"
		check fdb_is "$h1" net0 $X '.addresses == ["203.0.113.77", "2001:db8:100::77"]'
	done
	# the host's own, too
	check ctn "$h1" replace-fdb net0 $MH --self --ip 203.0.113.254
	fdb replace $MH dev net0
	check fdb_is "$h1" net0 $MH '.addresses | index("203.0.113.254")'
	unchanged fdb_refused 'replace or delete it' add $X dev net0 via p2
	fdb del $X dev net0
	check ctn "$h1" replace-fdb net0 $MH --self
}

what_is_refused()
{
	fdb_refused 'keyed by MAC alone' add $X dev net0 dst $PEER vlan 5
	fdb_refused 'one VNI' add $X dev net0 dst $PEER vni 7
	fdb_refused 'one VNI' add $X dev net0 dst $PEER src_vni 7
	fdb_refused 'not a unicast' add 01:00:5e:00:00:01 dev net0 dst $PEER
	fdb_refused 'static entries' add $X dev net0 dst $PEER dynamic
	fdb_refused 'A MAC has one destination' append $X dev net0 dst $PEER
	fdb_refused 'no peer' add $X dev net0 dst 192.0.2.99
	fdb_refused 'not a port' add $X dev net0 via ul0
	fdb_refused 'not both' add $X dev net0 dst $PEER via p1
	fdb_refused "given to a peer" add $X dev net0 dst $PEER port 4790
	fdb_refused 'Invalid flags' add $X dev net0 dst $PEER extern_learn self
	fdb_refused "own" del $MH dev net0
}

refusals() { unchanged what_is_refused; }

shown()
{
	# learned behind a port, and the network's own
	wait_for_ping "$c1" 203.0.113.2
	shows "^$M1 .*via p1.* self"
	shows "^$M2 .*via p2.* self"
	shows_not "^$M1 .*permanent"
	shows "^$MH self permanent"
	# among those of all devices, too
	check_match "$(bridge -n "$h1" fdb show)" "$M1 dev net0 .*via p1" "bridge fdb show"
	# no more and no less than the table has
	check_eq "$(bridge -n "$h1" fdb show dev net0 | grep -vc "^$ZERO")" \
		"$(ctn "$h1" list fdb net0 | grep -c '\(..:\)\{5\}')" "entries"
	m=$M1 check json_is 'any(.[]; .mac == env.m)' bridge -n "$h1" -j fdb show dev net0
}

many_entries()
{
	local i n=3000

	# more than a message of a dump holds
	for ((i = 0; i < n; i++)); do
		printf 'fdb add 06:00:00:00:%02x:%02x dev net0 dst %s\n' $((i >> 8)) $((i & 255)) $PEER
	done >"$TMP/many"
	check bridge -n "$h1" -batch "$TMP/many"
	check_eq "$(bridge -n "$h1" fdb show dev net0 | grep -c '^06:')" $n "entries shown"
	check_eq "$(bridge -n "$h1" fdb show dev net0 | grep '^06:' | sort -u | wc -l)" $n "different ones"
	check ctn "$h1" flush-fdb net0 --peer $PEER
	shows_not '^06:'
}

# $STATS: bytes and packets that net0 received, and sent, as ip has them
link_stats()
{
	read -ra STATS < <(link_stat "$h1" net0 '[.rx, .tx] | map("\(.bytes) \(.packets)") | join(" ")')
	[[ ${#STATS[@]} -eq 4 ]]
}

counters()
{
	local -a before

	link_stats || { fail "no counters"; return; }
	before=("${STATS[@]}")
	check ip netns exec "$c1" ping -nqc5 -i0.1 -W5 203.0.113.254
	link_stats
	[[ $((STATS[1] - before[1])) -ge 5 && $((STATS[3] - before[3])) -ge 5 ]] ||
		fail "packets: before ${before[*]}, after ${STATS[*]}"
	[[ $((STATS[0] - before[0])) -ge 490 && $((STATS[2] - before[2])) -ge 490 ]] ||
		fail "bytes: before ${before[*]}, after ${STATS[*]}"
	check_match "$(ip -n "$h1" -s link show dev p1)" 'RX:.*TX:' "ip -s link of a port"
}

# ethtool's counter: ethtool_drop REASON
ethtool_drop()
{
	[[ $(ip netns exec "$h1" ethtool -S net0) =~ drop-$1:\ ([0-9]+) ]] &&
		echo "${BASH_REMATCH[1]}"
}

ethtool_stats()
{
	local before ours theirs

	before=$(ethtool_drop net-down)
	ip_h1 link set net0 down
	ip netns exec "$c1" ping -nqc1 -W1 203.0.113.2 >/dev/null 2>&1
	wait_until 5000 at_least $((before + 1)) ethtool_drop net-down
	ip_h1 link set net0 up
	ip_h1 addr replace 203.0.113.254/24 dev net0
	wait_for_ping "$c1" 203.0.113.2
	# the same as ctnetctl's
	theirs=$(ip netns exec "$h1" ethtool -S net0 | sed -n 's/^ *drop-//; T; s/:/ /; y/-/_/; s/  */ /p' | sort)
	ours=$(json '.[0].drops | to_entries[] | "\(.key) \(.value)"' ctn "$h1" -j -s list nets net0 | sort)
	check_eq "$theirs" "$ours" "counters of drops"
	[[ $(wc -l <<<"$ours") -ge 25 ]] || fail "few counters: $ours"
	check_match "$(ip netns exec "$h1" ethtool -i net0)" 'driver: ctnet' "ethtool -i"
	check_match "$(ip netns exec "$h1" ethtool net0)" 'Link detected: yes' ethtool
}

no_ping() { ! ip netns exec "$1" ping -nqc1 -W1 "$2" >/dev/null 2>&1; }

tc_on_network()
{
	# what the host sends, and what it receives; not what passes by it
	in_h1 tc qdisc add dev net0 clsact
	in_h1 tc filter add dev net0 egress protocol ip flower dst_ip 203.0.113.1 action drop
	check no_ping "$c1" 203.0.113.254
	check_match "$(ip netns exec "$h1" tc -s filter show dev net0 egress)" 'dropped [1-9]' "tc -s"
	wait_for_ping "$c2" 203.0.113.254
	wait_for_ping "$c2" 203.0.113.1
	in_h1 tc filter del dev net0 egress
	in_h1 tc filter add dev net0 ingress protocol ip flower src_ip 203.0.113.1 action drop
	check no_ping "$c1" 203.0.113.254
	wait_for_ping "$c1" 203.0.113.2
	in_h1 tc qdisc del dev net0 clsact
	wait_for_ping "$c1" 203.0.113.254
	in_h1 tc qdisc add dev net0 root tbf rate 100mbit burst 100k latency 100ms
	wait_for_ping "$c1" 203.0.113.254
	check_match "$(ip netns exec "$h1" tc -s qdisc show dev net0)" 'tbf.*bytes [1-9][0-9]* pkt' "tc -s qdisc"
	in_h1 tc qdisc del dev net0 root
	wait_for_ping "$c1" 203.0.113.254
}

tc_on_port()
{
	in_h1 tc qdisc add dev p2 clsact
	in_h1 tc filter add dev p2 egress protocol ip flower src_ip 203.0.113.1 action drop
	check no_ping "$c1" 203.0.113.2
	wait_for_ping "$c2" 203.0.113.254
	in_h1 tc qdisc del dev p2 clsact
	wait_for_ping "$c1" 203.0.113.2
}

nft_on_both()
{
	in_h1 nft "add table netdev t;
		add chain netdev t n { type filter hook ingress device net0 priority 0; };
		add rule netdev t n ip saddr 203.0.113.1 counter drop;
		add chain netdev t p { type filter hook ingress device p2 priority 0; };
		add rule netdev t p ip daddr 203.0.113.254 counter drop"
	check no_ping "$c1" 203.0.113.254
	check no_ping "$c2" 203.0.113.254
	wait_for_ping "$c1" 203.0.113.2
	check_match "$(ip netns exec "$h1" nft list table netdev t)" \
		'packets [1-9].*packets [1-9]' "counters of both"
	in_h1 nft delete table netdev t
	wait_for_ping "$c1" 203.0.113.254
	# the host's own rules see the network as the device it is
	in_h1 nft "add table inet f;
		add chain inet f i { type filter hook input priority 0; };
		add rule inet f i iifname net0 ip saddr 203.0.113.1 counter drop"
	check no_ping "$c1" 203.0.113.254
	in_h1 nft delete table inet f
	wait_for_ping "$c1" 203.0.113.254
}

moving()
{
	# The kernel itself refuses it, before it asks anybody; newer ones say why.
	STATE_NS=$other check_fail 2 'netns is immutable|^RTNETLINK answers: Invalid argument$' \
		ip -n "$h1" link set net0 netns "$other"
	wait_for_ping "$c1" 203.0.113.2
	# a port that moves is a port no more
	ip_h1 link set p2 netns "$other"
	check net_is "$h1" net0 '.port_count == 1'
	check ip -n "$other" link set p2 netns "$h1"
	ip_h1 link set p2 up
	ip_h1 link set p2 master net0
	wait_for_ping "$c1" 203.0.113.2
}

monitors()
{
	local pid pid2

	ip -n "$h1" monitor link >"$TMP/monitor" &
	pid=$!
	bridge -n "$h1" monitor fdb >"$TMP/fdb" &
	pid2=$!
	# once something is seen they listen
	monitored || fail "ip monitor tells nothing"
	ip_h1 link add loc0 type ctnet
	ip_h1 link set p2 nomaster
	ip_h1 link set p2 master loc0
	fdb add $X dev loc0 via p2
	wait_until 5000 grep -q 'p2.*master loc0' "$TMP/monitor"
	wait_until 5000 grep -q "$X" "$TMP/fdb"
	ip_h1 link del loc0
	wait_until 5000 grep -q 'Deleted.*loc0' "$TMP/monitor"
	kill "$pid" "$pid2"
	wait "$pid" "$pid2" 2>/dev/null
	ip_h1 link set p2 master net0
	wait_for_ping "$c1" 203.0.113.2
}

monitored() { slowwait 10 touched >/dev/null; }

touched()
{
	ip -n "$h1" link set ul1 alias "$RANDOM"
	bridge -n "$h1" fdb replace 02:00:00:00:66:01 dev net0 dst $PEER
	[[ -s $TMP/monitor && -s $TMP/fdb ]]
}

topology

run_test make_and_delete "ip link makes, shows, changes, renames and deletes a local network"
run_test master "ip link set master and nomaster attach and detach"
run_test no_master "devices that cannot be ports are refused with a reason"
run_test peers "bridge fdb append 00:00:00:00:00:00 ... dst makes a peer, del removes it"
run_test entries "bridge fdb add, replace and del at a peer, at a port, of the host"
run_test addresses_stay "an entry that bridge fdb replaces keeps its IP addresses"
run_test refusals "what the table does not know is refused with a reason"
run_test shown "bridge fdb show has all of the table"
run_test many_entries "and of a large table"
run_test counters "ip -s link counts"
run_test ethtool_stats "ethtool -S has every reason to drop, and counts; ethtool -i"
run_test tc_on_network "tc on the network: filters both ways, a qdisc"
run_test tc_on_port "tc on a port"
run_test nft_on_both "nft on network, port and host"
run_test moving "a network cannot be moved to another namespace, and a port that is is detached"
run_test monitors "ip monitor and bridge monitor tell of networks, ports and entries"
