#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The MTU of the underlay: a network's follows it, and a frame that the way to its peer does
# not take makes its sender learn so. Ports and routes: mtu.sh.
#
# timeout: 600
#
#	c1 (namespace)   h1                   r                    h2        c2 (namespace)
#	e4 e6 --veth-- p4 p6   ul0 --veth-- r1 r2 --veth-- ul0   p4 p6 --veth-- e4 e6
#	                net4 net6                               net4 net6
#	           192.0.2.1, .254 (r1)              198.51.100.254 (r2), .2
#	      2001:db8:0:1::1, ::fe (r1)          2001:db8:0:2::fe (r2), ::2
#
#	network  VNI  underlay  MTU   c1, c2, h1                         (e4, e6 the same)
#	net4     400  IPv4      1450  203.0.113.1,  .2,  .3   2001:db8:400::1, ::2, ::3
#	net6     600  IPv6      1430  203.0.113.17, .18, .19  2001:db8:600::1, ::2, ::3
#	netd     700  both      1430
#	nett     701  both      1300, as was said
#
# net4 has --df on, so that routers tell. Where they may not: net8, VNI 800, as it is by
# default, and beside it a bridge with Linux's vxlan, on the same hosts; d1, d2 on either.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 nft

readonly L1=192.0.2.1 L1_6=2001:db8:0:1::1 L2=198.51.100.2 L2_6=2001:db8:0:2::2
# addresses of c1 in net4 and net6, and of c2
readonly A4=203.0.113.1 A6=2001:db8:400::1 B4=203.0.113.17 B6=2001:db8:600::1
readonly C4=203.0.113.2 C6=2001:db8:400::2 D4=203.0.113.18 D6=2001:db8:600::2

# routes that remember nothing: underlay_routes add|del
underlay_routes()
{
	printf '%s\n' "route $1 198.51.100.0/24 via 192.0.2.254" \
		"route $1 2001:db8:0:2::/64 via 2001:db8:0:1::fe" | ip_in "$h1"
	printf '%s\n' "route $1 192.0.2.0/24 via 198.51.100.254" \
		"route $1 2001:db8:0:1::/64 via 2001:db8:0:2::fe" | ip_in "$h2"
}

addresses()
{
	printf '%s\n' "addr $1 $A4/28 dev e4" "addr $1 $A6/64 dev e4${2:-}" \
		"addr $1 $B4/28 dev e6" "addr $1 $B6/64 dev e6${2:-}" | ip_in "$c1"
	printf '%s\n' "addr $1 $C4/28 dev e4" "addr $1 $C6/64 dev e4${2:-}" \
		"addr $1 $D4/28 dev e6" "addr $1 $D6/64 dev e6${2:-}" | ip_in "$c2"
	printf '%s\n' "addr $1 203.0.113.3/28 dev net4" "addr $1 2001:db8:400::3/64 dev net4${2:-}" \
		"addr $1 203.0.113.19/28 dev net6" "addr $1 2001:db8:600::3/64 dev net6${2:-}" |
		ip_in "$h1"
}

# Each path's MTU is unlearned: it hangs on routes.
forget()
{
	{ underlay_routes del && underlay_routes add && addresses del && addresses add " nodad"; } ||
		fail "cannot take routes away and enter them again"
}

links()
{
	local i h c

	for i in 1 2; do
		h=h$i c=c$i
		echo "link add ul0 netns ${!h} type veth peer name r$i netns $r"
		echo "link add p4 netns ${!h} mtu 1450 type veth peer name e4 mtu 1450" \
			"address 02:00:00:00:04:0$i netns ${!c}"
		echo "link add p6 netns ${!h} mtu 1430 type veth peer name e6 mtu 1430" \
			"address 02:00:00:00:06:0$i netns ${!c}"
	done
}

topology()
{
	local c

	setup_ns r
	setup_host h1 h2
	add_container c1 c2
	links | ip -batch - || die "setup: veths"
	ip_in "$h1" <<-EOT || die "setup: h1"
		addr add $L1/24 dev ul0
		addr add $L1_6/64 dev ul0 nodad
		link set ul0 up
	EOT
	ip_in "$h2" <<-EOT || die "setup: h2"
		addr add $L2/24 dev ul0
		addr add $L2_6/64 dev ul0 nodad
		link set ul0 up
	EOT
	must ip netns exec "$r" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip_in "$r" <<-EOT || die "setup: r"
		addr add 192.0.2.254/24 dev r1
		addr add 2001:db8:0:1::fe/64 dev r1 nodad
		addr add 198.51.100.254/24 dev r2
		addr add 2001:db8:0:2::fe/64 dev r2 nodad
		link set r1 up
		link set r2 up
	EOT
	underlay_routes add || die "setup: routes"
	must ctn "$h1" -b - <<-EOT
		add-net net4 --vni 400 --local $L1 --df on
		add-peer net4 $L2
		add-port net4 --dev p4
		add-net net6 --vni 600 --local $L1_6
		add-peer net6 $L2_6
		add-port net6 --dev p6
		add-net netd --vni 700 --local $L1 --local $L1_6
		add-net nett --vni 701 --local $L1 --local $L1_6 --mtu 1300
	EOT
	must ctn "$h2" -b - <<-EOT
		add-net net4 --vni 400 --local $L2 --df on
		add-peer net4 $L1
		add-port net4 --dev p4
		add-net net6 --vni 600 --local $L2_6
		add-peer net6 $L1_6
		add-port net6 --dev p6
	EOT
	printf 'link set %s up\n' p4 p6 >"$TMP/up"
	must ip -n "$h1" -batch "$TMP/up"
	must ip -n "$h2" -batch "$TMP/up"
	for c in "$c1" "$c2"; do
		printf 'link set %s up\n' e4 e6 | ip_in "$c" || die "setup: $c"
	done
	addresses add " nodad" || die "setup: addresses"
}

# ------------------------------------------------------------------ helpers

# mtus_are NET4 NET6 NETD NETT: those of h1, for waiting
mtus_are()
{
	local got

	got=$(json 'map({(.network): .mtu}) | add | "\(.net4) \(.net6) \(.netd) \(.nett)"' ctn "$h1" -j list nets)
	echo "with the underlay's $UNDER: $got"
	[[ $got == "$*" ]]
}

mtus() { wait_until 5000 mtus_are "$@"; }

mtu_is() { [[ $(mtu_of "$h1" "$1") == "$2" ]]; }
under() { UNDER=$1; check ip -n "$h1" link set ul0 mtu "$1"; }
router() { check ip -n "$r" link set r2 mtu "$1"; }

# learns FROM ADDRESS LENGTH MTU [TO]: a packet of this length teaches FROM the MTU, and
# one that has it arrives
learns()
{
	ask pmtu "$1" "${5:-$c2}" "$2" "$3" $((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok $3 $4" "MTU of the path to $2, before and after" || return
	check_match "$(ip -n "$1" route get "$2")" "mtu $4" "route to $2"
	ask fits "$1" "${5:-$c2}" "$2" "$4"
	check_eq "$ANSWER" "ok $4" "a packet of that length to $2"
}

# all_learn MTU4 MTU6: both families in both networks; each network counts it
all_learn()
{
	local before4 before6

	before4=$(drops "$h1" net4 path_mtu) before6=$(drops "$h1" net6 path_mtu)
	learns "$c1" $C4 1450 "$1"
	learns "$c1" $C6 1450 "$1"
	learns "$c1" $D4 1430 "$2"
	learns "$c1" $D6 1430 "$2"
	check at_least $((before4 + 2)) drops "$h1" net4 path_mtu
	check at_least $((before6 + 2)) drops "$h1" net6 path_mtu
}

# transfer FROM ADDRESS: the path shrinks in the middle
transfer()
{
	router 1500
	ask connect "$1" "$c2" "$2" || return
	ask transfer 300000
	check_eq "$ANSWER" "ok 300000" "bytes to $2 before the path shrank"
	router 1400
	ask transfer 1000000
	check_eq "$ANSWER" "ok 1000000" "bytes to $2 after the path shrank"
	ask hangup
}

# ------------------------------------------------------------------- tests

follows()
{
	mtus 1450 1430 1430 1300
	under 1400
	mtus 1350 1330 1330 1300
	# not larger than their ports'
	under 9000
	mtus 1450 1430 8930 1300
	under 1500
	mtus 1450 1430 1430 1300
}

follows_addresses()
{
	# of a network without peers; the address moves to a device with another MTU, which
	# is up
	check ctn "$h1" add-net alone --vni 707 --local $L1
	check_eq "$(mtu_of "$h1" alone)" 1450 MTU
	ip_in "$h1" <<-EOT || fail "cannot add a device"
		link add ul9 mtu 4000 type veth peer name ul8
		link set ul9 up
		addr del $L1/24 dev ul0
		addr add $L1/24 dev ul9
	EOT
	UNDER="of another device"
	wait_until 5000 mtu_is alone 3950
	mtus 1450 1430 1430 1300
	# deleted, it takes the address along
	ip_in "$h1" <<-EOT || fail "cannot move the address back"
		link del ul9
		addr add $L1/24 dev ul0
		route replace 198.51.100.0/24 via 192.0.2.254
	EOT
	wait_until 5000 mtu_is alone 1450
	mtus 1450 1430 1430 1300
	check ctn "$h1" del-net alone
	# a network that is made before its addresses are there
	check ip -n "$h1" link add ul9 mtu 3000 type veth peer name ul8
	check ip -n "$h1" link set ul9 up
	check ctn "$h1" add-net early --vni 703 --local 198.18.0.1 --local 2001:db8:9::1
	check_eq "$(mtu_of "$h1" early)" 1430 "MTU while no device has the address"
	check ip -n "$h1" addr add 198.18.0.1/24 dev ul9
	check ip -n "$h1" addr add 2001:db8:9::1/64 dev ul9 nodad
	wait_until 5000 mtu_is early 2930
	check_eq "$(mtu_of "$h1" early)" 2930 "MTU once one has"
	check ctn "$h1" del-net early
	check ip -n "$h1" link del ul9
}

# While duplicate detection is at work, which nobody tells the end of; and in a VRF.
follows_tentative()
{
	ip_in "$h1" <<-EOT || fail "cannot add a device"
		link add vrf1 type vrf table 10
		link set vrf1 up
		link add ul9 mtu 3000 type veth peer name ul8
		link set ul8 up
		link set ul9 up
	EOT
	check ip netns exec "$h1" sysctl -qw net.ipv6.conf.ul9.dad_transmits=200
	check ctn "$h1" add-net before --vni 704 --local 2001:db8:9::1
	check ip -n "$h1" addr add 2001:db8:9::1/64 dev ul9
	check ctn "$h1" add-net after --vni 705 --local 2001:db8:9::1
	check_eq "$(mtu_of "$h1" after)" 2930 "MTU of a network that is made then"
	wait_until 5000 mtu_is before 2930
	check_match "$(ip -n "$h1" addr show dev ul9 tentative)" 2001:db8:9::1 "tentative"
	# an address that is enslaved is entered anew
	check ip -n "$h1" link set ul9 master vrf1
	check ip -n "$h1" addr replace 2001:db8:9::1/64 dev ul9
	check ctn "$h1" add-net vrfs --vni 706 --local 2001:db8:9::1 --underlay vrf1
	check_eq "$(mtu_of "$h1" vrfs)" 2930 "MTU in the VRF"
	wait_until 5000 mtu_is after 1430
	printf 'link del %s\n' before after vrfs ul9 vrf1 | ip_in "$h1" || fail "cannot delete them"
}

fixed()
{
	check ip -n "$h1" link set netd mtu 1410
	under 1400
	mtus 1350 1330 1410 1300
	check ctn "$h1" set-net netd --mtu 1420
	under 1500
	mtus 1450 1430 1420 1300
}

# Networks upon VLANs upon networks: each follows the one below
stacked()
{
	local i under=du0 n=30

	check ip -n "$h1" link add du0 mtu 65000 up type dummy
	for ((i = 1; i <= n; i++)); do
		check ctn "$h1" add-net s$i --vni $((800 + i)) --local $L1 --underlay $under \
			--dstport $((4800 + i))
		under=s$i.1
		check ip -n "$h1" link add link s$i name $under up type vlan id 1
	done
	check_eq "$(mtu_of "$h1" s$n)" $((65000 - 50 * n)) "MTU of the uppermost"
	check ip -n "$h1" link set du0 mtu 9000
	wait_until 20000 mtu_is s$n $((9000 - 50 * n))
	for ((i = n; i; i--)); do
		echo "link del s$i"
	done | ip_in "$h1" || fail "cannot delete them"
	check ip -n "$h1" link del du0
}

underlay_device()
{
	check ip -n "$h1" link add du0 mtu 2000 type dummy
	check ctn "$h1" add-net netu --vni 702 --local $L1 --underlay du0 --dstport 4790
	check_eq "$(mtu_of "$h1" netu)" 1950 "MTU with --underlay"
	check ip -n "$h1" link set du0 mtu 2100
	wait_until 5000 mtu_is netu 2050
	check ctn "$h1" del-net netu
	check ip -n "$h1" link del du0
}

device()
{
	under 1400
	all_learn 1350 1330
	under 1500
	forget
}

path()
{
	router 1400
	all_learn 1350 1330
	# the MTUs of the networks are what they were
	mtus 1450 1430 1420 1300
	router 1500
	forget
}

shrinks()
{
	transfer "$c1" "$1"
	[[ $RET -eq 0 ]] || ask hangup
	router 1500
	forget
}

host_learns()
{
	router 1400
	learns "$h1" $C4 1450 1350
	learns "$h1" $C6 1450 1350
	learns "$h1" $D4 1430 1330
	learns "$h1" $D6 1430 1330
	forget
	transfer "$h1" $C4
	transfer "$h1" $D6
	router 1500
	forget
}

# One whose packets the host routes into the network, behind an address of the host's: the
# message has to go through conntrack, as any that comes from outside.
behind_nat()
{
	local path=/proc/sys/net/ipv4/ip_forward

	setup_ns c0
	ip_in "$h1" <<-EOT || { fail "no link to c0"; return; }
		link add v0 mtu 1450 type veth peer name e0 mtu 1450 netns $c0
		addr add 203.0.113.65/28 dev v0
		link set v0 up
	EOT
	ip_in "$c0" <<-EOT || { fail "no link to h1"; return; }
		addr add 203.0.113.66/28 dev e0
		link set e0 up
		route add default via 203.0.113.65
	EOT
	check in_ns "$h1" tee "$path" <<<1
	if ! ip netns exec "$h1" nft 'add table ip nat;
		add chain ip nat post { type nat hook postrouting priority 100; };
		add rule ip nat post ip saddr 203.0.113.64/28 masquerade' 2>"$TMP/err"; then
		check_match "$(<"$TMP/err")" 'No such file or directory|not supported'
		skip "no NAT in this kernel"
		return
	fi
	router 1400
	learns "$c0" $C4 1450 1350
	router 1500
	check ip netns exec "$h1" nft delete table ip nat
	check in_ns "$h1" tee "$path" <<<0
	check ip -n "$h1" link del v0
	forget
}

other_end()
{
	check ip -n "$r" link set r1 mtu 1380
	learns "$c2" $A4 1450 1330 "$c1"
	learns "$c2" $B6 1430 1310 "$c1"
	check ip -n "$r" link set r1 mtu 1500
	forget
}

tagged()
{
	local i c

	for i in 1 2; do
		c=c$i
		printf '%s\n' "link add link e4 name v4 type vlan id 5" \
			"addr add 203.0.113.$((32 + i))/28 dev v4" \
			"addr add 2001:db8:405::$i/64 dev v4 nodad" "link set v4 up" |
			ip_in "${!c}" || fail "cannot add VLAN devices"
	done
	# the tag takes 4 bytes of what the path takes
	learns "$c1" 203.0.113.34 1450 1446
	learns "$c1" 2001:db8:405::2 1450 1446
	ask tcp "$c1" "$c2" 203.0.113.34 300000
	check_eq "$ANSWER" "ok 300000" "bytes over TCP"
	ip -n "$c1" link del v4
	ip -n "$c2" link del v4
}

may_be_fragmented()
{
	router 1400
	# teaches h1
	learns "$c1" $C4 1450 1350
	check ip -n "$c1" addr del $A4/28 dev e4
	check ip -n "$c1" addr add $A4/28 dev e4
	ask fits "$c1" "$c2" $C4 1450 df=0
	check_eq "$ANSWER" "ok 1450" "a packet that may be fragmented"
	router 1500
	forget
}

df_off()
{
	local before

	check ctn "$h1" set-net net4 --df off
	before=$(drops "$h1" net4 path_mtu)
	router 1400
	ask sniff "$h2" ul0
	ask fits "$c1" "$c2" $C4 1450
	check_eq "$ANSWER" "ok 1450" "a packet that the router fragments"
	ask seen "$h2" ul0 frag=1 out=0 min=2 ms=$((5000 * CTNET_SLOW))
	check_match "$ANSWER" '^ok ([2-9]|[1-9][0-9]+)$' "fragments"
	check_eq "$(drops "$h1" net4 path_mtu)" "$before" "drops: path_mtu"
	check ctn "$h1" set-net net4 --df on
	router 1500
	forget
}

# beside LINKS: a bridge with a VXLAN tunnel of Linux's, and a network, on both hosts, each
# with a container
hidden_topology()
{
	local i h d other

	for i in 1 2; do
		h=h$i d=d$i
		other=$L2
		[[ $i == 1 ]] || other=$L1
		ip_in "${!h}" <<-EOT || { fail "no bridge on $h"; return; }
			link add vx0 type vxlan id 801 dstport 8472 local $([[ $i == 1 ]] && echo $L1 || echo $L2) remote $other
			link add br0 type bridge
			link set vx0 master br0 up
			link set br0 up
			link add pb mtu 1450 type veth peer name eb mtu 1450 netns ${!d}
			link set pb master br0 up
		EOT
		check ctn "${!h}" add-net net8 --vni 800 --local "$([[ $i == 1 ]] && echo $L1 || echo $L2)"
		check ctn "${!h}" add-peer net8 "$other"
		check ctn "${!h}" add-port net8 "${!d}" --ifname en --address 203.0.113.$((48 + i))/28 \
			--address 2001:db8:800::$i/64
		ip_in "${!d}" <<-EOT || { fail "no address in $d"; return; }
			addr add 203.0.113.$((32 + i))/28 dev eb
			addr add 2001:db8:801::$i/64 dev eb nodad
			link set eb up
		EOT
	done
	wait_for_ping "$d1" 203.0.113.34
	wait_for_ping "$d1" 203.0.113.50
}

# narrow OPTIONS: the router's routes to both sides get these
narrow()
{
	check ip_in "$r" <<-EOT
		route replace 192.0.2.0/24 dev r1 src 192.0.2.254 $1
		route replace 198.51.100.0/24 dev r2 src 198.51.100.254 $1
	EOT
}

# passes ADDRESS: what of this passes, from d1 to d2
passes()
{
	local out="" df six=""

	[[ $1 != *:* ]] || six=-6
	for df in dont "do" want; do
		# shellcheck disable=SC2086 # maybe nothing
		in_ns "$d1" ping $six -nqc3 -i.2 -W2 -M "$df" -s 1400 "$1" >/dev/null && out+=" ping-$df"
	done
	ask tcp "$d1" "$d2" "$1" 300000 >/dev/null
	[[ $ANSWER != "ok 300000" ]] || out+=" tcp"
	echo "${out# }"
}

# A router with 1400 whose "too large" nobody gets: what a bridge with a tunnel of Linux's
# carries, a network carries.
hidden()
{
	local ours theirs pair

	setup_ns d1 d2
	hidden_topology || return
	if ! ip netns exec "$r" nft 'add table inet f;
		add chain inet f out { type filter hook output priority 0; };
		add rule inet f out icmp type destination-unreachable drop;
		add rule inet f out icmpv6 type packet-too-big drop' 2>"$TMP/err"; then
		check_match "$(<"$TMP/err")" 'No such file or directory|not supported'
		skip "no nftables in this kernel"
		return
	fi
	# by the routes, as a veth whose MTU is smaller would not receive either
	narrow "mtu 1400" || return
	for pair in "203.0.113.34 203.0.113.50" "2001:db8:801::2 2001:db8:800::2"; do
		passes "${pair% *}" >"$TMP/theirs"
		passes "${pair#* }" >"$TMP/ours"
		theirs=$(<"$TMP/theirs") ours=$(<"$TMP/ours")
		check_eq "$theirs" "ping-dont ping-do ping-want tcp" "what a bridge carries to ${pair% *}"
		check_eq "$ours" "$theirs" "what a network carries to ${pair#* }"
	done
	check_eq "$(drops "$h1" net8 path_mtu)" 0 "drops: path_mtu"
	check ip netns exec "$r" nft delete table inet f
	narrow ""
	check ctn "$h1" del-net net8
	check ctn "$h2" del-net net8
	forget
}

not_ip()
{
	under 1400
	ask sniff "$h2" ul0
	ask sniff "$c2" e4
	ask emit "$c1" e4 from=02:00:00:00:04:01 fam=0 size=1450 count=3
	ask seen "$c2" e4 min=3 ms=5000 smac=02:00:00:00:04:01 fam=none
	check_match "$ANSWER" '^ok 3( |$)' "frames that arrived"
	ask seen "$h2" ul0 min=6 ms=5000 frag=1
	check_match "$ANSWER" '^ok ([6-9]|[1-9][0-9])( |$)' "fragments"
	under 1500
}

topology
python_start wire.py
UNDER=1500

run_test follows "a network's MTU follows its underlay's, less 50 or 70"
run_test stacked "networks upon networks follow one another, however many"
run_test follows_addresses "and that of the device which has the local address"
run_test follows_tentative "and though duplicate detection is at work on that"
run_test underlay_device "and that of the device which was named as the underlay"
run_test fixed "but not once somebody has set it"
run_test device "too large for the underlay device: the sender learns the MTU, all families"
run_test path "too large for the path behind a router: the same"
run_test other_end "in the other direction, too"
run_test shrinks $C4 "TCP goes on as the path shrinks: IPv4 in IPv4"
run_test shrinks $C6 "IPv6 in IPv4"
run_test shrinks $D4 "IPv4 in IPv6"
run_test shrinks $D6 "IPv6 in IPv6"
run_test host_learns "the host's own interface learns it, and TCP from there goes on"
run_test behind_nat "so does who is behind an address of the host's"
run_test tagged "tagged frames: the sender learns what the tag takes"
run_test may_be_fragmented "a packet that may be fragmented arrives"
run_test df_off "--df off: routers fragment, and nothing is dropped"
run_test hidden "a router that may not tell: what a bridge with vxlan carries is carried"
run_test not_ip "what is not IP and does not fit arrives in fragments"
