#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The MTUs that ctnet sets: a network's, by its underlay and its ports, and a container's,
# which follows it. What is too long all the same: toobig.sh, and pmtu.sh for the tunnel.
#
# timeout: 600
#
#	h1 (namespace)                                            h2 (namespace)
#	ul0 192.0.2.1/24    2001:db8:0:1::1/64  MTU 1500 --veth-- ul0 .2, ::2
#	ul1 198.51.100.1/24 2001:db8:0:2::1/64  MTU 1400 --veth-- ul1 .2, ::2
#	lo 203.0.113.1/32 2001:db8:f::1/128
#	du0 (dummy, MTU 9000) 203.0.113.2/32
#	default routes by ul0

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

topology()
{
	local i h

	setup_host h1 h2
	must ip link add ul0 netns "$h1" type veth peer name ul0 netns "$h2"
	must ip link add ul1 netns "$h1" mtu 1400 type veth peer name ul1 netns "$h2"
	for i in 1 2; do
		h=h$i
		ip_in "${!h}" <<-EOT || die "setup: $h"
			addr add 192.0.2.$i/24 dev ul0
			addr add 2001:db8:0:1::$i/64 dev ul0 nodad
			addr add 198.51.100.$i/24 dev ul1
			addr add 2001:db8:0:2::$i/64 dev ul1 nodad
			link set ul0 up
			link set ul1 up
		EOT
	done
	ip_in "$h1" <<-EOT || die "setup: h1"
		addr add 203.0.113.1/32 dev lo
		addr add 2001:db8:f::1/128 dev lo nodad
		link add du0 mtu 9000 up type dummy
		addr add 203.0.113.2/32 dev du0
		route add default via 192.0.2.2
	EOT
	# once the link is there
	busywait 5000 ip -n "$h1" route replace default via 2001:db8:0:1::2 >/dev/null ||
		die "setup: default route: $OUT"
	add_container c1 c2
}

# mtu_is MTU DEV [NS], for waiting: it has that
mtu_is()
{
	local got

	got=$(mtu_of "${3:-$h1}" "$2")
	echo "$2 has $got, not $1"
	[[ $got == "$1" ]]
}

becomes() { wait_until 5000 mtu_is "$@"; }

# What is set is set once MTUs are looked at, and each look sets all: what is not to follow
# has been passed by when another network, of which nothing changes but the route, has.
looked=0
looked_at()
{
	looked=$((1 - looked))
	check ip -n "$h1" route replace 198.18.255.1 via 198.51.100.2 mtu $((1380 + looked))
	becomes $((1330 + looked)) mark
	# all are set before this gets the kernel's lock
	check ip -n "$h1" link set mark up
}

# ------------------------------------------------------------- the underlay

# underlay LOCAL PEERS MTU COMMAND MTU BACK: a network with this local address (or
# several options) and these peers has this MTU; and another after a command of ip, which
# may be several, by semicolons. BACK undoes that.
underlay()
{
	local p local=$1

	[[ $local == --* ]] || local="--local $local"
	# shellcheck disable=SC2086 # words
	check ctn "$h1" add-net n --vni 100 $local
	for p in $2; do
		check ctn "$h1" add-peer n "$p"
	done
	becomes "$3" n
	check ip_in "$h1" <<<"${4//;/$'\n'}"
	becomes "$5" n
	check ip_in "$h1" <<<"${6//;/$'\n'}"
	becomes "$3" n
	check ctn "$h1" del-net n
}

next_hop()
{
	check ip_in "$h1" <<<"nexthop add id 7 via 192.0.2.2 dev ul0"$'\n'"route add $FAR nhid 7"
	underlay $A $FAR 1450 "nexthop replace id 7 via 198.51.100.2 dev ul1" 1350 \
		"nexthop replace id 7 via 192.0.2.2 dev ul0"
	check ip -n "$h1" nexthop del id 7
}

vrf()
{
	check ip_in "$h1" <<-EOT
		link add vrf1 type vrf table 10
		link set vrf1 up
		link add vw0 mtu 1480 type veth peer name w2
		link set w2 up
		link set vw0 master vrf1
		link set vw0 up
		addr add 198.18.1.1/24 dev vw0
		addr add 2001:db8:0:3::1/64 dev vw0 nodad
	EOT
	underlay "--local 198.18.1.1 --underlay vrf1" 198.18.1.2 1430 \
		"link set vw0 mtu 1470" 1420 "link set vw0 mtu 1480"
	underlay "--local 2001:db8:0:3::1 --underlay vrf1" 2001:db8:0:3::2 1410 \
		"link set vw0 mtu 1470" 1400 "link set vw0 mtu 1480"
	underlay "--local 198.18.1.1 --underlay vrf1" "" 1430 \
		"link set vw0 mtu 1470" 1420 "link set vw0 mtu 1480"
	check ip_in "$h1" <<<$'link del vw0\nlink del vrf1'
}

peers_come_and_go()
{
	check ctn "$h1" add-net n --vni 100 --local 203.0.113.1
	becomes 1450 n
	check ctn "$h1" add-peer n 198.51.100.2
	becomes 1350 n
	check ctn "$h1" add-peer n 192.0.2.2
	looked_at
	check_eq "$(mtu_of "$h1" n)" 1350 "MTU with one by each"
	check ctn "$h1" del-peer n 198.51.100.2
	becomes 1450 n
	# by bridge, too
	check ip netns exec "$h1" bridge fdb append 00:00:00:00:00:00 dev n dst 198.51.100.2
	becomes 1350 n
	check ctn "$h1" del-net n
}

# What a path has taught is no MTU of the network's: it is forgotten after a while.
not_what_is_learned()
{
	check ctn "$h1" add-net n --vni 100 --local 192.0.2.1
	check ctn "$h1" add-peer n 198.18.9.1
	becomes 1450 n
	# h2 has a route of 1300 there, and says so
	check in_ns "$h2" sysctl -qw net.ipv4.ip_forward=1
	check ip -n "$h2" link add du0 mtu 1300 up type dummy
	check ip -n "$h2" route add 198.18.9.0/24 dev du0
	in_ns "$h1" ping -nqc2 -W1 -i.2 -M "do" -s 1400 198.18.9.1 >/dev/null
	check_match "$(ip -n "$h1" route get 198.18.9.1)" 'mtu 1300' "what the path taught"
	looked_at
	check_eq "$(mtu_of "$h1" n)" 1450 MTU
	check ctn "$h1" del-net n
	check ip -n "$h2" link del du0
}

# A network with IPv6 keeps its addresses, and its containers theirs.
not_below_ipv6()
{
	check ctn "$h1" add-net n --vni 100 --local 192.0.2.1 --address 2001:db8:100::1/64
	check ctn "$h2" add-net n --vni 100 --local 192.0.2.2 --address 2001:db8:100::2/64
	check ctn "$h1" add-peer n 192.0.2.2
	check ctn "$h2" add-peer n 192.0.2.1
	check ctn "$h1" add-port n "$c1" --address 2001:db8:100::11/64
	check ip -n "$h1" link set ul0 mtu 1300
	check ip -n "$h2" link set ul0 mtu 1300
	becomes 1280 n
	becomes 1280 eth0 "$c1"
	check_match "$(ip -n "$h1" addr show dev n)" 2001:db8:100::1/64 "addresses of the host"
	check_match "$(ip -n "$c1" addr show dev eth0)" 2001:db8:100::11/64 "and of the container"
	# one that is attached now
	check ctn "$h1" add-port n "$c2" --address 2001:db8:100::12/64
	check_eq "$(mtu_of "$c2" eth0)" 1280 "MTU of a container that comes"
	# the outer packet is cut
	becomes 1280 n "$h2"
	wait_for_ping "$c1" 2001:db8:100::2
	check in_ns "$c1" ping -nqc3 -i.2 -W2 -M "do" -s 1232 2001:db8:100::2
	check in_ns "$h1" ping -nqc3 -i.2 -W2 -M "do" -s 1232 2001:db8:100::2
	check ip -n "$h1" link set ul0 mtu 1500
	check ip -n "$h2" link set ul0 mtu 1500
	becomes 1450 n
	becomes 1450 eth0 "$c1"
	check_match "$(ip -n "$c1" addr show dev eth0)" 2001:db8:100::11/64 "addresses at the end"
	check ctn "$h1" del-net n
	check ctn "$h2" del-net n
}

# Where IPv6 is off, and is for what comes, it need not be.
without_ipv6()
{
	check in_ns "$h2" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	check ctn "$h2" add-net n --vni 100 --local 192.0.2.2
	check ctn "$h2" add-peer n 192.0.2.1
	check ctn "$h2" add-port n "$c1"
	check ip -n "$h2" link set ul0 mtu 1300
	becomes 1250 n "$h2"
	check_eq "$(mtu_of "$c1" eth0)" 1280 "MTU of the container, which has IPv6"
	check ip -n "$h2" link set ul0 mtu 1500
	becomes 1450 n "$h2"
	check_eq "$(mtu_of "$c1" eth0)" 1450 "MTU of the container"
	check ctn "$h2" del-net n
	check in_ns "$h2" sysctl -qw net.ipv6.conf.default.disable_ipv6=0
}

# A network that is made when IPv6 does not fit the underlay is made for it all the same.
made_below_ipv6()
{
	check ip -n "$h1" link set ul0 mtu 1300
	check ctn "$h1" add-net n --vni 100 --local 192.0.2.1 --address 2001:db8:100::1/64
	check_eq "$(mtu_of "$h1" n)" 1280 MTU
	check_match "$(ip -n "$h1" addr show dev n)" 2001:db8:100::1/64 "addresses"
	check ctn "$h1" del-net n
	check ip -n "$h1" link set ul0 mtu 1500
}

# ----------------------------------------------------------------- the ports

# A bridge and a network are asked the same: what MTU after each of these?
as_bridge()
{
	local step op dev mtu n=0

	check ip_in "$h1" <<-EOT
		link add br0 up type bridge
		link add b1 type dummy
		link add b2 type dummy
		link add b3 type dummy
		link add n1 type dummy
		link add n2 type dummy
		link add n3 type dummy
	EOT
	check ctn "$h1" add-net n
	for step in add:1: mtu:1:1400 add:2: mtu:2:9000 mtu:1:2000 add:3: mtu:3:1300 del:3: \
		del:1: mtu:2:1500 mtu:2:1280 del:2:; do
		IFS=: read -r op dev mtu <<<"$step"
		case $op in
		add) check ip_in "$h1" <<<"link set b$dev master br0"$'\n'"link set n$dev master n" ;;
		del) check ip_in "$h1" <<<"link set b$dev nomaster"$'\n'"link set n$dev nomaster" ;;
		mtu) check ip_in "$h1" <<<"link set b$dev mtu $mtu"$'\n'"link set n$dev mtu $mtu" ;;
		esac
		looked_at
		n=$((n + 1))
		check_eq "$(mtu_of "$h1" n)" "$(mtu_of "$h1" br0)" "MTU after step $n, $step"
	done
	# and one that was given its MTU keeps it
	check ip_in "$h1" <<<$'link set br0 mtu 1350\nlink set dev n mtu 1350'
	check ip_in "$h1" <<<$'link set b1 master br0 mtu 1300\nlink set n1 master n mtu 1300'
	looked_at
	check_eq "$(mtu_of "$h1" n)" "$(mtu_of "$h1" br0)" "MTU that was given"
	check ctn "$h1" set-net n --mtu auto
	check_eq "$(mtu_of "$h1" n)" 1300 "MTU with --mtu auto again"
	check ctn "$h1" del-net n
	printf 'link del %s\n' br0 b1 b2 b3 n1 n2 n3 | check ip_in "$h1"
}

# The smallest of both: a port's, and the underlay's.
port_and_underlay()
{
	check ip -n "$h1" link add dp0 mtu 1380 type dummy
	check ctn "$h1" add-net n --vni 100 --local 192.0.2.1
	becomes 1450 n
	check ctn "$h1" add-port n --dev dp0
	becomes 1380 n
	check ip -n "$h1" link set ul0 mtu 1400
	becomes 1350 n
	check ip -n "$h1" link set ul0 mtu 9000
	becomes 1380 n
	check ip -n "$h1" link set dp0 mtu 9000
	becomes 8950 n
	check ctn "$h1" del-net n
	check ip -n "$h1" link del dp0
	check ip -n "$h1" link set ul0 mtu 1500
}

# ------------------------------------------------------------- the containers

near_of() { ip -n "$h1" -o link show master n | sed -n 's/^[0-9]*: \(ct[0-9a-f]*\)@.*/\1/p' | head -1; }

auto_is() { json_is ".[0].mtu_auto == $1" ctn "$h1" -j list ports n; }

# They follow what comes after them, down and up, by either kind.
containers_follow()
{
	local near

	check ctn "$h1" add-net n --vni 100 --local 192.0.2.1
	check ctn "$h1" add-port n "$c1" --address 203.0.113.11/24
	near=$(near_of)
	check_eq "$(mtu_of "$c1" eth0)" 1450 "MTU at attachment"
	check ip -n "$h1" link set ul0 mtu 1400
	becomes 1350 n
	becomes 1350 eth0 "$c1"
	becomes 1350 "$near"
	check ip -n "$h1" link set ul0 mtu 9000
	becomes 8950 eth0 "$c1"
	becomes 8950 "$near"
	check ip -n "$h1" link add dp0 mtu 1400 type dummy
	check ctn "$h1" add-port n --dev dp0
	becomes 1400 eth0 "$c1"
	check ip -n "$h1" link del dp0
	becomes 8950 eth0 "$c1"
	# one that is set is followed, too
	check ctn "$h1" set-net n --mtu 1333
	becomes 1333 eth0 "$c1"
	check ctn "$h1" set-net n --mtu auto
	becomes 8950 eth0 "$c1"
	check ip -n "$h1" link set ul0 mtu 1500
	becomes 1450 eth0 "$c1"
	check auto_is true
	check_not grep -q -- --mtu <<<"$(ctn "$h1" save n)"
	check ctn "$h1" del-net n
}

# A container that sets its own keeps it, and holds nobody else down.
container_sets_its_own()
{
	check ctn "$h1" add-net n --vni 100 --local 192.0.2.1
	check ctn "$h1" add-port n "$c1" --address 203.0.113.11/24
	check ctn "$h1" add-port n "$c2" --address 203.0.113.12/24
	check ip -n "$c1" link set eth0 mtu 600
	looked_at
	check_eq "$(mtu_of "$h1" n)" 1450 "MTU of the network"
	check ip -n "$h1" link set ul0 mtu 1400
	becomes 1350 eth0 "$c2"
	check_eq "$(mtu_of "$c1" eth0)" 600 "MTU that the container set"
	# until somebody has it follow again
	check ctn "$h1" set-port n "$c1" --mtu auto
	check_eq "$(mtu_of "$c1" eth0)" 1350 "MTU with --mtu auto"
	check ip -n "$h1" link set ul0 mtu 1500
	becomes 1450 eth0 "$c1"
	check ctn "$h1" del-net n
}

# One that was given an MTU keeps it, and bounds that of a network that follows.
container_is_given_one()
{
	check ctn "$h1" add-net n
	check ctn "$h1" add-port n "$c1" --address 203.0.113.11/24
	check_eq "$(mtu_of "$c1" eth0)" 1500 "MTU in a local network"
	check ctn "$h1" add-port n "$c2" --address 203.0.113.12/24 --mtu 1420
	becomes 1420 n
	becomes 1420 eth0 "$c1"
	check_match "$(ctn "$h1" save n)" "$c2 --address 203.0.113.12/24 --mtu 1420" saved
	check ctn "$h1" set-port n "$c2" --mtu 1410
	becomes 1410 eth0 "$c1"
	check_fail 2 'it exists, and has --mtu 1410' ctn "$h1" add-port n "$c2" --mtu auto --may-exist
	check ctn "$h1" set-port n "$c2" --mtu auto
	becomes 1500 eth0 "$c1"
	becomes 1500 eth0 "$c2"
	check ctn "$h1" add-port n "$c2" --mtu auto --may-exist
	# that of the near end, by whatever means, is one that was given
	check ip -n "$h1" link set "$(near_of)" mtu 1390
	becomes 1390 n
	check ctn "$h1" del-net n
}

only_pairs()
{
	check ip -n "$h1" link add dp0 type dummy
	check ctn "$h1" add-net n
	check_fail 1 'mtu' ctn "$h1" add-port n --dev dp0 --mtu auto
	check ctn "$h1" add-port n --dev dp0
	check auto_is false
	check ctn "$h1" del-net n
	check ip -n "$h1" link del dp0
}

# What cannot be undone half: a refused set-port leaves MTU and following as they were.
refused_as_a_whole()
{
	check ctn "$h1" add-net n
	check ctn "$h1" add-port n "$c1" --address 203.0.113.11/24 --mtu 1400
	check ctn "$h1" add-fdb n 02:00:00:00:00:99 --self --ip 203.0.113.99
	check_fail 2 . ctn "$h1" set-port n "$c1" --mtu auto --address 203.0.113.99/24
	check_eq "$(mtu_of "$c1" eth0)" 1400 "MTU of one that was given one"
	check ctn "$h1" set-port n "$c1" --mtu auto
	check_fail 2 . ctn "$h1" set-port n "$c1" --mtu 1300 --address 203.0.113.99/24
	check_eq "$(mtu_of "$c1" eth0)" 1500 "MTU of one that follows"
	check auto_is true
	check ctn "$h1" del-net n
}

topology
must ctn "$h1" add-net mark --vni 999 --local 192.0.2.1 --dstport 4999
must ctn "$h1" add-peer mark 198.18.255.1
readonly A=203.0.113.1 A6=2001:db8:f::1 FAR=198.18.0.1 FAR6=2001:db8:99::1

run_test underlay $A "" 1450 "route replace default via 198.51.100.2" 1350 \
	"route replace default via 192.0.2.2" \
	"address on lo, no peer: by the default route's device, and what that becomes"
run_test underlay 203.0.113.2 "" 1450 "link set ul0 mtu 1400" 1350 "link set ul0 mtu 1500" \
	"address on a dummy of 9000, no peer: the same"
run_test underlay $A6 "" 1430 "route replace default via 2001:db8:0:2::2" 1330 \
	"route replace default via 2001:db8:0:1::2" "IPv6: the same"
run_test underlay $A 192.0.2.2 1450 "link set ul0 mtu 1400" 1350 "link set ul0 mtu 1500" \
	"address on lo, a peer: by the route to it"
run_test underlay $A6 2001:db8:0:1::2 1430 "link set ul0 mtu 1400" 1330 "link set ul0 mtu 1500" \
	"IPv6: the same"
run_test underlay $A "192.0.2.2 198.51.100.2" 1350 "link set ul1 mtu 1500" 1450 \
	"link set ul1 mtu 1400" "peers by several devices: the smallest"
run_test underlay "--local $A --local $A6" "192.0.2.2 2001:db8:0:2::2" 1330 \
	"link set ul1 mtu 1600" 1450 "link set ul1 mtu 1400" "peers of both families: the smallest"
run_test underlay "--local $A --local $A6" 192.0.2.2 1450 "link set ul0 mtu 1600" 1550 \
	"link set ul0 mtu 1500" "addresses of both families, peers of one: that one's"
run_test underlay $A $FAR 1450 "route add $FAR via 198.51.100.2" 1350 "route del $FAR" \
	"a peer whose route moves to another device"
run_test underlay $A6 $FAR6 1430 "route add $FAR6 via 2001:db8:0:2::2" 1330 \
	"route del $FAR6" "IPv6: the same"
run_test underlay $A $FAR 1450 "route add $FAR via 192.0.2.2 mtu 1390" 1340 "route del $FAR" \
	"a route with an MTU of its own"
run_test underlay $A6 $FAR6 1430 "route add $FAR6 via 2001:db8:0:1::2 mtu 1390" 1320 \
	"route del $FAR6" "IPv6: the same"
run_test underlay $A $FAR 1450 \
	"route add $FAR nexthop via 192.0.2.2 nexthop via 198.51.100.2" 1350 "route del $FAR" \
	"a route of several ways: the narrowest"
run_test underlay $A $FAR 1450 "route add $FAR via 198.51.100.2 table 9;rule add to $FAR lookup 9" \
	1350 "rule del to $FAR lookup 9;route flush table 9" "a route that a rule chooses"
run_test next_hop "a route whose next hop is an object, and is replaced"
run_test underlay $A "$FAR 198.51.100.2" 1350 "route add unreachable 198.51.100.2" 1450 \
	"route del unreachable 198.51.100.2" "a peer without a route does not count"
run_test underlay "--local 192.0.2.1 --underlay ul1" "" 1350 "link set ul1 mtu 1390" 1340 \
	"link set ul1 mtu 1400" "an underlay that is named, no peer: by that device"
run_test underlay 192.0.2.1 192.0.2.2 1450 "link set ul0 mtu 9000" 8950 "link set ul0 mtu 1500" \
	"jumbo frames: as large as the device has them"
run_test vrf "an underlay that is a VRF"
run_test peers_come_and_go "peers that come and go"
run_test not_what_is_learned "what a path has taught is not the network's MTU"
run_test not_below_ipv6 "an MTU that follows stays at 1280 where there is IPv6: addresses stay"
run_test without_ipv6 "but for a network where it is off"
run_test made_below_ipv6 "and is 1280 for a network that is made then"
run_test as_bridge "ports: as a Linux bridge has it, step by step"
run_test port_and_underlay "ports and underlay: the smallest of both"
run_test containers_follow "containers follow the network, down and up"
run_test container_sets_its_own "one that sets its own keeps it, and holds nobody down"
run_test container_is_given_one "one that was given one keeps it, and the network's is no larger"
run_test only_pairs "a device that is no container's does not follow"
run_test refused_as_a_whole "what is refused changes neither MTU nor following"
