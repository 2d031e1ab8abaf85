#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: the tool in many steps, and processes are slow under the instruments
# timeout: 900
#
# "sync" makes what there is what a file says, and touches nothing else; or it is refused,
# or interrupted, and changes nothing. The topology is configuration.sh's.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/configuration.sh
. "$(dirname "$0")/lib/configuration.sh"

# what is asked of each test of sync: c1's port is the same one, with its counters
untouched()
{
	check_eq "$(ifindex_of "$c1" eth0)" "$C1_INDEX" "index of c1's interface"
	at_least "$C1_RX" port_stat "$h1" net0 "$C1_NEAR" rx_packets >/dev/null || fail "c1's counters were reset"
}

sync_start()
{
	some >"$FILE"
	check ctn "$h1" sync "$FILE"
	ping_ok "$c1" 203.0.113.1
	OUT=$(ctn "$h1" list ports net0)
	C1_NEAR=$(awk -v l="$c1" '$4 == l { print $2 }' <<<"$OUT")
	C1_INDEX=$(ifindex_of "$c1" eth0)
	C1_RX=$(port_stat "$h1" net0 "$C1_NEAR" rx_packets)
}

adds()
{
	told sync_to '/^add-net net1/i\
add-peer net0 192.0.2.3\
add-port net0 --dev p2 --hairpin on\
add-fdb net0 02:00:00:00:00:21 --self --ip 203.0.113.61\
add-fdb net0 02:00:00:00:00:22 --peer 192.0.2.3\
add-net net2 --mac 02:00:00:00:00:06'
	told_is "peer add net0 192.0.2.3
port add net0 p2
fdb add net0 02:00:00:00:00:21
fdb add net0 02:00:00:00:00:22
net add net2"
	untouched
}

removes()
{
	told sync_to '/02:00:00:00:00:11/d; /--dev p1/d; /port p1/d'
	check_eq "$(sort <<<"$TOLD")" "fdb del net0 02:00:00:00:00:10
fdb del net0 02:00:00:00:00:11
fdb del net0 02:00:00:00:00:21
fdb del net0 02:00:00:00:00:22
net del net2
peer del net0 192.0.2.3
port del net0 p1
port del net0 p2" "what was told of"
	untouched
	# a container's port, and a whole network with one
	sync_to "/add-port net0 $c2/d; / net1/d; /02:00:00:00:00:1/d; /p1/d"
	check_not ip -n "$c2" link show dev eth5
	check_not ip -n "$c3" link show dev eth0
	check_not ip -n "$h1" link show dev net1
	untouched
	# and all of it again
	sync_to ''
	some >"$FILE"
	told ctn "$h1" sync "$FILE"
	told_is ""
	untouched
}

changes_networks()
{
	told sync_to 's/^(add-net net0 .*)/\1 --ageing 50 --local 2001:db8:0:1::1 --mtu 1300/'
	check_eq "$(sort -u <<<"$TOLD")" "net set net0" "what was told of"
	OUT=$(ctn "$h1" save net0)
	check_match "$OUT" 'add-net net0 --vni 100 --local 192.0.2.1 --local 2001:db8:0:1::1 --address 203.0.113.1/24 --mtu 1300 --ageing 50'
	# a container that was given no MTU has the network's
	check_eq "$(mtu_of "$c1" eth0)" 1300 "MTU of c1"
	# and back: it follows the underlay again
	sync_to ''
	check_eq "$(mtu_of "$h1" net0)" 1450 "MTU of net0"
	check_eq "$(mtu_of "$c1" eth0)" 1450 "MTU of c1"
	check ip -n "$h1" link set ul0 mtu 1530
	wait_until 5000 mtu_is "$h1" net0 1480
	check_eq "$(mtu_of "$c1" eth0)" 1480 "MTU of c1"
	check ip -n "$h1" link set ul0 mtu 1500
	wait_until 5000 mtu_is "$h1" net0 1450
	# addresses, and a MAC that comes from them
	sync_to 's/^(add-net net0 .*) --address .*/\1 --address 203.0.113.2\/24 --address 203.0.113.3\/24/'
	OUT=$(ip -n "$h1" -o -4 addr show dev net0)
	check_match "$OUT" '203.0.113.2/24.*203.0.113.3/24' addresses
	[[ $OUT != *203.0.113.1/* ]] || fail "the old address: $OUT"
	check_eq "$(mac_of "$h1" net0)" 02:42:cb:00:71:02 "MAC of net0"
	# one that was put down is up again
	check ip -n "$h1" link set net0 down
	sync_to ''
	check_match "$(ip -n "$h1" -o link show dev net0)" '[<,]UP[,>]' net0
	check_eq "$(mac_of "$h1" net0)" 02:42:cb:00:71:01 "MAC of net0"
	ping_ok "$c1" 203.0.113.1
	untouched
}

changes_ports()
{
	local mac

	told sync_to "/--dev p1/s/\$/ --isolated on --label x/; /net0 $c2/s/\$/ --flood off --label y --mtu 1470/"
	told_is "port set net0 p1
port set net0 $(near_end "$h1" y)"
	check_eq "$(mtu_of "$c2" eth5)" 1470 "MTU of c2"
	check_match "$(ip -n "$h1" -o link show dev p1)" 'alias x' p1
	# addresses come and go, and gateways; the interface is the same
	mac=$(ifindex_of "$c2" eth5)
	sync_to "/net0 $c2/s/--address.*/--address 203.0.113.13\\/24 --address 2001:db8:100::13\\/64 --mac 02:42:cb:00:71:0c --gateway 203.0.113.1/"
	check_eq "$(ifindex_of "$c2" eth5)" "$mac" "index of c2's interface"
	check_eq "$(ip -n "$c2" -o addr show dev eth5 scope global | awk '{ print $4 }' | sort)" \
		$'2001:db8:100::13/64\n203.0.113.13/24' "addresses of c2"
	check_match "$(ip -n "$c2" route show default)" 'via 203.0.113.1 dev eth5' "route of c2"
	check fdb_is "$h1" net0 02:42:cb:00:71:0c '(.addresses | sort) == ["2001:db8:100::13", "203.0.113.13"]'
	ping_ok "$c2" 203.0.113.1
	check_eq "$(autoconf "$c2" eth5)" 0 "as add-port --address with an IPv6 one has it: autoconf"
	# the MAC: that of the address again
	sync_to ''
	check_eq "$(ifindex_of "$c2" eth5)" "$mac" "index of c2's interface"
	check_eq "$(ip -n "$c2" route show default)" "" "route of c2"
	sync_to "/net0 $c2/s/\$/ --mac 02:00:00:00:00:33/"
	check_eq "$(ifindex_of "$c2" eth5)" "$mac" "index of c2's interface"
	check_eq "$(mac_of "$c2" eth5)" 02:00:00:00:00:33 "MAC of c2"
	check no_fdb "$h1" net0 02:42:cb:00:71:0c
	wait_until 5000 ip_is "$c2" fe80::ff:fe00:33
	ping_ok "$c2" 203.0.113.1
	sync_to ''
	ping_ok "$c2" 203.0.113.1
	untouched
}

# autoconf NS IFNAME: the sysctl
autoconf() { in_ns "$1" cat "/proc/sys/net/ipv6/conf/$2/autoconf"; }

ip_is() { [[ $(ip -n "$1" -o addr show to "$2") == *"$2"* ]]; }

# entries that swap their places and addresses, a peer with another UDP port
changes_entries()
{
	told sync_to 's/(00:10 )--port p1/\1--peer 192.0.2.2/; s/(00:11 --peer.*)/\1 --ip 203.0.113.51/'
	told_is "fdb set net0 02:00:00:00:00:10
fdb set net0 02:00:00:00:00:11"
	sync_to 's/(00:10 --port p1).*/\1 --ip 203.0.113.51/; s/(00:11 --peer.*)/\1 --ip 203.0.113.50/'
	check fdb_is "$h1" net0 02:00:00:00:00:10 '.port == "p1" and .addresses == ["203.0.113.51"]'
	check fdb_is "$h1" net0 02:00:00:00:00:11 '.peer == "192.0.2.2" and .addresses == ["203.0.113.50"]'
	sync_to 's/^add-peer .*/& --dstport 4999/'
	check_match "$(ctn "$h1" list peers)" '192.0.2.2.*4999'
	check fdb_is "$h1" net0 02:00:00:00:00:11 '.peer == "192.0.2.2"'
	# the addresses of a container's entry are more than its interface's
	sync_to "/net0 $c2/a\\
replace-fdb net0 02:42:cb:00:71:0c --target $c2 --ifname eth5 --ip 203.0.113.12 --ip 203.0.113.80"
	check fdb_is "$h1" net0 02:42:cb:00:71:0c '.addresses | index("203.0.113.80")'
	sync_to ''
	check fdb_is "$h1" net0 02:42:cb:00:71:0c '.addresses | index("203.0.113.80") == null'
	# so are the network's own, whose MAC is another since just now
	sync_to 's/^(add-net net0 .*)/\1 --mac 02:00:00:00:00:77/; /^add-peer/i\
replace-fdb net0 02:00:00:00:00:77 --self --ip 203.0.113.1 --ip 203.0.113.88'
	check fdb_is "$h1" net0 02:00:00:00:00:77 '.self and (.addresses | index("203.0.113.88"))'
	# behind a port that is made with it; a network whose MAC is none that a file could know
	sync_to "\$a\\
add-port net0 $c3 --ifname eth6 --address 203.0.113.66/24\\
add-fdb net0 02:00:00:00:00:23 --target $c3 --ifname eth6 --ip 203.0.113.67\\
add-net net3"
	check fdb_is "$h1" net0 02:00:00:00:00:23 '.port and (.addresses | index("203.0.113.67"))'
	told ctn "$h1" sync "$FILE"
	told_is ""
	sync_to ''
	untouched
}

# ports move between networks, by names, and a device with them
changes_places()
{
	local index near

	index=$(ifindex_of "$c2" eth5)
	near=$(near_end "$h1" "$c2")
	some | sed -E "/net0 $c2/d; /p1/d; /02:00:00:00:00:10/d" >"$FILE"
	echo "add-port net1 $c2 --ifname eth5 --address 203.0.113.12/24" >>"$FILE"
	echo "add-port net1 --dev p1" >>"$FILE"
	check ctn "$h1" sync "$FILE"
	check_eq "$(ifindex_of "$c2" eth5)" "$index" "index of c2's interface"
	check_match "$(ctn "$h1" list ports net1)" "$near.*$c2"
	check_match "$(ctn "$h1" list ports net1)" "p1"
	check fdb_is "$h1" net1 02:42:cb:00:71:0c '.addresses | index("203.0.113.12")'
	check no_fdb "$h1" net0 02:42:cb:00:71:0c
	# net0 loses its VNI, and what belongs to it
	some | sed -E '/192.0.2.2/d; s/ --vni.* --address/ --address/' >"$FILE"
	check ctn "$h1" sync "$FILE"
	check_match "$(ctn "$h1" list nets net0)" $'net0\tup\t-'
	check_eq "$(ifindex_of "$c1" eth0)" "$C1_INDEX" "index of c1's interface"
	ping_ok "$c1" 203.0.113.1
	# back, with another address: the one that it has is not left behind
	sync_to "/net0 $c2/s/203.0.113.12\\/24/203.0.113.15\\/24/"
	check_eq "$(ifindex_of "$c2" eth5)" "$index" "index of c2's interface"
	check_eq "$(ip -n "$c2" -o -4 addr show dev eth5 | awk '{ print $4 }')" 203.0.113.15/24 "address of c2"
	sync_to ''
	saved "$OUT1"
	told ctn "$h1" sync "$OUT1"
	told_is ""
}

# A VNI that a network gives up, another gets, be it in the order of the file; two do not
# exchange theirs.
vnis_change_hands()
{
	local before

	sync_to '/^add-peer/d; /peer 192/d; s/^add-net net1.*/&\nadd-net net2 --vni 200 --local 192.0.2.1/'
	sync_to '/^add-peer/d; /peer 192/d; s/vni 100/vni 300/; s/^add-net net1.*/&\nadd-net net2 --vni 100 --local 192.0.2.1/'
	check_match "$(ctn "$h1" list nets)" $'net0\tup\t300.*net2\tup\t100'
	# by one that goes
	sync_to '/^add-peer/d; /peer 192/d; s/vni 100/vni 300/; s/^add-net net1.*/&\nadd-net net5 --vni 100 --local 192.0.2.1/'
	check_match "$(ctn "$h1" list nets)" $'net0\tup\t300.*net5\tup\t100'
	check_not ip -n "$h1" link show net2
	before=$(dump_state)
	fails sync 2 '[0-9]+: add-net net0: .*VNI' \
		"$(some | sed '/^add-peer/d; /peer 192/d')" 'add-net net5 --vni 300 --local 192.0.2.1'
	same_state "$before"
	sync_to ''
	untouched
}

# the port of a container that only a PID names goes with its network, which cannot get a
# VNI but is made anew
carries()
{
	local pid port before

	sync_to ''
	background ip netns exec "$h1" unshare -n sleep 1000
	pid=$BG_PID
	wait_until 5000 other_ns "$pid"
	check ctn "$h1" add-port net1 "$pid" --address 203.0.113.70/24 --isolated on
	check ctn "$h1" add-fdb net1 02:00:00:00:00:70 --target "$pid" --ip 203.0.113.71
	port=$(near_end "$h1" "$pid")
	sync_to 's/^add-net net1 .*/& --vni 200 --local 192.0.2.1/'
	is_carried
	check_match "$(ctn "$h1" list nets net1)" $'net1\tup\t200'
	before=$(words)
	fails sync 2 '[0-9]+: add-peer net1 192.0.2.9: .*local' "$(some)" 'add-peer net1 192.0.2.9'
	check_eq "$(words)" "$before" "what there is"
	is_carried
	sync_to ''
	is_carried
	check_match "$(ctn "$h1" list nets net1)" $'net1\tup\t-'
	check ctn "$h1" del-port net1 "$pid"
	untouched
}

# the state, but for the order of what a port has several of
words() { dump_state | tr -s '[],' '\n' | sort; }

is_carried()
{
	check port_is "$h1" net1 "$port" .isolated
	check fdb_is "$h1" net1 02:42:cb:00:71:46 ".port == \"$port\" and .addresses == [\"203.0.113.70\"]"
	check fdb_is "$h1" net1 02:00:00:00:00:70 ".port == \"$port\" and .addresses == [\"203.0.113.71\"]"
}

# a network keeps its VNI, and yet makes room for another that is to have it: on another
# UDP port, for one family of addresses only, on another device
passes_on()
{
	check ip -n "$h1" link add ul1 type dummy
	check ip -n "$h1" link set ul1 up
	sync_to ''
	sync_to 's/^(add-net net0 .*)/\1 --dstport 4999/; s/^add-net net1.*/&\nadd-net net2 --mac 02:00:00:00:00:06 --vni 100 --local 192.0.2.1/'
	check_match "$(ctn "$h1" save net2)" 'add-net net2 --vni 100 --local 192.0.2.1 --mac'
	sync_to 's/^(add-net net0 .*)/\1 --local 2001:db8:0:1::1/'
	sync_to 's/^add-net net1.*/&\nadd-net net2 --mac 02:00:00:00:00:06 --vni 100 --local 2001:db8:0:1::1/'
	check_match "$(ctn "$h1" save net0)" 'add-net net0 --vni 100 --local 192.0.2.1 --address'
	check_match "$(ctn "$h1" save net2)" 'add-net net2 --vni 100 --local 2001:db8:0:1::1 --mac'
	sync_to 's/^(add-net net0 .*)/\1 --underlay ul0/'
	sync_to 's/^(add-net net0 .*)/\1 --underlay ul1/; s/^add-net net1.*/&\nadd-net net2 --mac 02:00:00:00:00:06 --vni 100 --local 192.0.2.1 --underlay ul0/'
	check_match "$(ctn "$h1" save net0)" 'add-net net0 --vni 100 --local 192.0.2.1 --underlay ul1'
	check_match "$(ctn "$h1" save net2)" 'add-net net2 --vni 100 --local 192.0.2.1 --underlay ul0'
	sync_to ''
	check ip -n "$h1" link del ul1
	untouched
}

# traffic between containers that a sync does not change goes on
under_traffic()
{
	local pid change

	sync_to ''
	check ctn "$h1" add-port net0 "$c3" --ifname eth7 --address 203.0.113.77/24
	wait_for_ping "$c1" 203.0.113.77
	ip netns exec "$c1" ping -nq -i 0.02 -W $((5 * CTNET_SLOW)) 203.0.113.77 >"$TMP/ping" 2>&1 &
	pid=$!
	some >"$FILE"
	echo "add-port net0 $c3 --ifname eth7 --address 203.0.113.77/24" >>"$FILE"
	for change in '' "/net0 $c2/d" 's/^(add-net net0 .*)/\1 --ageing 9 --max-fdb 99/' '/192.0.2.2/d' ''; do
		sed -E "$change" "$FILE" >"$OUT1"
		check ctn "$h1" sync "$OUT1"
	done
	kill -INT $pid
	wait $pid
	check_match "$(<"$TMP/ping")" '[0-9]{2,} packets transmitted.* 0% packet loss' "ping during sync"
	diag "$(grep transmitted "$TMP/ping")"
	sync_to ''
}

# what the kernel refuses at the end takes all of it back
all_or_nothing()
{
	local base before

	base=$(some)
	sync_to ''
	before=$(dump_state)
	fails sync 2 '11: add-peer net0 224.0.0.1: .*unicast' "$base" 'add-peer net0 224.0.0.1'
	# of everything that can be changed
	fails sync 2 '[0-9]+: add-peer net1 192.0.2.9: .*local' "$(sed -E "/net0 $c2/d; /p1/d; /00:10/d
		s/ --address 203.0.113.1\/24/ --address 203.0.113.5\/24 --ageing 5 --mtu 1300 --local 2001:db8:0:1::1/
		s/(add-peer net0 192.0.2.2)/\1 --dstport 4999/
		s/203.0.113.11\/24 .*/203.0.113.14\/24 --address 2001:db8:100::14\/64 --mac 02:00:00:00:00:44 --label z --isolated on --gateway 203.0.113.5/
		s/(00:11 --peer.*)/\1 --ip 203.0.113.50/
		s/^add-net net1.*/&\nadd-port net1 --dev p1\nadd-port net1 $c2 --ifname eth5 --label moved/" <<<"$base")" \
		'add-net net5 --mac 02:00:00:00:00:07' 'add-peer net1 192.0.2.9'
	same_state "$before"
	check_eq "$(autoconf "$c1" eth0)" 1 autoconf
	untouched
	# of a VNI that changes hands, a network that loses its VNI, and one that goes
	fails sync 2 '[0-9]+: add-peer net0 192.0.2.9: .*local' "$(sed -E '/192.0.2.2/d; / net1 /d; /^add-net net0/d
		s/^add-net mark.*/&\nadd-net net0\nadd-net net6 --vni 100 --local 192.0.2.1/' <<<"$base")" \
		'add-peer net0 192.0.2.9'
	same_state "$before"
	# of one that is made anew, with addresses that went as it was put down
	sync_to 's/^add-net net1 .*/& --address 2001:db8:200::1\/64/'
	before=$(dump_state)
	fails sync 2 '11: add-peer net0 224.0.0.1: .*unicast' \
		"$(some | sed 's/^add-net net1 .*/& --vni 200 --local 192.0.2.1/')" 'add-peer net0 224.0.0.1'
	same_state "$before"
	# of a VNI that changes hands, as its network goes
	fails sync 2 '[0-9]+: add-peer net7 192.0.2.9: .*local' "$(sed -E '/ net0 /d
		s/^add-net mark.*/&\nadd-net net7\nadd-net net6 --vni 100 --local 192.0.2.1/' <<<"$base")" \
		'add-peer net7 192.0.2.9'
	same_state "$before"
	fails sync 2 '1: add-net n1: the underlay "net1" is a network that no line before' \
		'add-net n1 --vni 5 --local 192.0.2.1 --underlay net1'
	fails sync 1 "12: add-port net1 /run/netns/$c1: .*line 5" "$base" 'add-net net6' \
		"add-port net1 /run/netns/$c1"
	some >"$FILE"
	told ctn "$h1" sync "$FILE"
	told_is ""
}

# one network, and no other
one_network()
{
	local before

	sync_start
	some | sed 's/^add-net net1.*/& --ageing 7/; s/^add-net net0.*/& --ageing 8/; /^add-peer/d; /peer 192/d' >"$FILE"
	told ctn "$h1" sync net1 "$FILE"
	told_is "net set net1"
	check_match "$(ctn "$h1" save net1)" 'add-net net1 .*--ageing 7'
	check_match "$(ctn "$h1" list peers)" 192.0.2.2
	# one that is not there yet
	echo "add-net net5 --mac 02:00:00:00:00:0a" >"$FILE"
	told ctn "$h1" sync net5 "$FILE"
	told_is "net add net5"
	before=$(dump_state)
	fails2 2 'already has eth0 on network net1' net5 'add-net net5' "add-port net5 $c3"
	same_state "$before"
	: >"$FILE"
	told ctn "$h1" sync net5 "$FILE" --allow-empty
	told_is "net del net5"
	sync_to ''
	untouched
}

# fails2 EXIT REGEX NET LINE...: sync of that network
fails2()
{
	local want=$1 regex=$2 net=$3

	shift 3
	printf '%s\n' "$@" >"$FILE"
	refused "$want" "^ctnetctl: .*$regex" ctn "$h1" sync "$net" "$FILE"
}

# What it would do: nothing is done, and commands are printed that do it.
dry_run()
{
	local change before

	sync_to ''
	some >"$FILE"
	check ctn "$h1" sync --dry-run "$FILE"
	check_eq "$OUT" "" "what there is to do"
	for change in "s/^add-net net0 .*/& --ageing 50 --mtu 1400 --address 203.0.113.7\/24/; / net1/d" \
		"/net0 $c2/s/--address.*/--address 203.0.113.13\/24 --mac 02:00:00:00:00:33 --gateway 203.0.113.1 --label y --isolated on/" \
		"/192.0.2.2/d; /00:10/d; /p1/d" "/net0 $c1/d" '/^add-net net1/i\
add-net net2 --mac 02:00:00:00:00:06\
add-fdb net0 02:00:00:00:00:21 --self --ip 203.0.113.61' 's/^add-peer.*/& --dstport 4999/' ''; do
		some | sed -E "$change" >"$FILE"
		before=$(dump_state)
		told printed
		told_is ""
		[[ -s $OUT1 ]] || fail "nothing is printed for '$change'"
		same_state "$before"
		check ctn "$h1" -b "$OUT1" || diag "$(<"$OUT1")"
		check ctn "$h1" sync --dry-run "$FILE"
		check_eq "$OUT" "" "what is left to do of '$change'"
		told ctn "$h1" sync "$FILE"
		told_is ""
	done
	fails sync 2 '.*no interface "nosuch"' 'add-net n1' 'add-port n1 --dev nosuch'
	check ctn "$h1" sync --dry-run --allow-empty - </dev/null
	check_eq "$(sort <<<"$OUT" | tr '\n' ' ')" "del-net mark del-net net0 del-net net1 " "of an empty file"
	sync_start
}

printed() { ctn "$h1" sync "$FILE" --dry-run >"$OUT1"; }

# Two at once wait for one another: what is there is one file's or the other's.
at_once()
{
	local i pids=() a=none b=none now

	sync_to ''
	some >"$OUT1"
	some | sed -E "/net0 $c2/d; s/^(add-net net0 .*)/\1 --ageing 9/; / net1/d" >"$OUT2"
	for i in 1 2 3 4 5 6 7 8; do
		ctn "$h1" sync "$OUT1" >"$TMP/said$i" 2>&1 &
		pids+=($!)
		ctn "$h1" sync "$OUT2" >"$TMP/other$i" 2>&1 &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || fail "one of them failed: $(cat "$TMP"/said* "$TMP"/other*)"
	done
	check ctn "$h1" sync --dry-run "$OUT1" && a=$OUT
	check ctn "$h1" sync --dry-run "$OUT2" && b=$OUT
	[[ (-z $a && -n $b) || (-n $a && -z $b) ]] || fail "it is neither one nor the other: $a"
	# and who attaches a container waits for them
	sync_to ''
	for i in 1 2 3 4; do
		ctn "$h1" sync "$OUT1" >"$TMP/said$i" 2>&1 &
		a=$!
		ctn "$h1" add-port net0 "$c3" --ifname "x$i" >"$TMP/other$i" 2>&1 &
		b=$!
		wait $a || fail "sync: $(<"$TMP/said$i")"
		wait $b || fail "add-port: $(<"$TMP/other$i")"
	done
	now=$(ip -n "$h1" -o link show type veth | grep -c '@')
	check_eq "$now" "$(ctn "$h1" list ports | grep -c '^net.*ct')" "near ends that are ports"
	sync_start
}

# Signals in the middle: of what was made, nothing is left.
interrupted()
{
	local verb sig want i pid ret before left=0

	before=$(dump_state)
	{
		some
		echo "add-net n9"
		for ((i = 1; i <= 40; i++)); do
			echo "add-port n9 $c3 --ifname e$i --address 198.51.100.$i/32"
		done
	} >"$FILE"
	sed '1,/n9/{/n9/!d}' "$FILE" >"$OUT1"
	for verb in restore sync; do
		sig=INT want=130
		[[ $verb == sync ]] || sig=TERM want=143
		[[ $verb == sync ]] || cp "$OUT1" "$OUT2"
		[[ $verb == restore ]] || cp "$FILE" "$OUT2"
		ip netns exec "$h1" env --default-signal=INT ctnetctl $verb "$OUT2" >"$TMP/err" 2>&1 &
		pid=$!
		wait_until 20000 ends_at_least 5
		kill -$sig $pid
		wait $pid
		ret=$?
		if [[ $ret -eq 0 ]]; then
			left=$((left + 1))
			some >"$TMP/base"
			check ctn "$h1" sync "$TMP/base"
		else
			check_eq $ret $want "exit code of $verb after SIG$sig"
			check_match "$(<"$TMP/err")" 'add-port n9 .*interrupted' "what $verb said"
		fi
		same_state "$before"
	done
	((left < 2)) || fail "none was interrupted"
}

ends_at_least()
{
	local ends

	mapfile -t ends < <(ip -n "$c3" -o link show type veth)
	[[ ${#ends[@]} -ge $1 ]]
}

topology
monitor
sync_start
run_test adds "sync adds"
run_test removes "sync removes"
run_test changes_networks "sync changes networks"
run_test changes_ports "sync changes ports"
run_test changes_entries "sync changes entries and peers"
run_test carries "ports without a name go with their network"
run_test vnis_change_hands "VNIs change hands"
run_test passes_on "a network keeps its VNI, and another gets it"
run_test under_traffic "a sync loses no frame of others"
run_test all_or_nothing "sync is refused: nothing has changed"
run_test one_network "sync of one network"
run_test dry_run "sync --dry-run prints what would do it"
run_test at_once "two at once wait for one another"
run_test interrupted "restore and sync are interrupted: nothing is left"
run_test changes_places "ports move, a network loses its VNI, and gets it"
