#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: the basics, on the kernel that users have
#
# Three hosts, one network over VXLAN: what passes, what is on the wire, what is
# dropped and counted, and what follows a change of the underlay.
#
# timeout: 400
#
#	                  sw (namespace, Linux bridge br0)
#	         p1 |              p2 |              p3 |
#	        ul0 | 192.0.2.1   ul0 | 192.0.2.2   ul0 | 192.0.2.3
#	     h1 net0           h2 net0           h3 net0          VNI 100
#	  203.0.113.1       203.0.113.2       203.0.113.3
#	     |     |           |     |           |
#	    a1    b1          a2    b2          a3                containers
#	    .11   .12         .21   .22         .31
#
#	h1 ul1 ---veth--- ul1 h2: a second way, used by the test of routes
#	h1 net1 (VNI 200) n1 .41, h2 net1 n2 .42: a second network of both hosts

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

need python3 socat tcpdump ethtool

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
	add_container a1 b1 a2 b2 a3 n1 n2
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
	must ip link add ul1 netns "$h1" type veth peer name ul1 netns "$h2"
	for h in "$h1" "$h2"; do
		must ip netns exec "$h" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.ul0.rp_filter=0 net.ipv4.conf.ul1.rp_filter=0
		must ip -n "$h" link set ul1 up
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

# ------------------------------------------------------------ what passes

ping_across()
{
	ping_ok "$a1" 203.0.113.21
	ping_ok "$b2" 203.0.113.12
	ping_ok "$a3" 203.0.113.11
	ping_ok "$a1" 203.0.113.12
	wait_for_ping "$a1" 2001:db8:100::21
	ping_ok "$a1" 2001:db8:100::21
}

tcp_across()
{
	tcp_copy "$a1" "$a2" 203.0.113.21
	tcp_copy "$a2" "$a1" 203.0.113.11
	tcp_copy "$a1" "$a2" 2001:db8:100::21
}

host_across()
{
	ping_ok "$h1" 203.0.113.21
	ping_ok "$h1" 203.0.113.2
	ping_ok "$a3" 203.0.113.1
	tcp_copy "$h1" "$h2" 203.0.113.2
}

mtu_follows()
{
	check_eq "$(mtu_of "$h1" net0)" 1450 "MTU of the network"
	check_eq "$(mtu_of "$a1" eth0)" 1450 "MTU of a container"
	# the largest packet fills the underlay's MTU
	ping_ok "$a1" 203.0.113.21 -M "do" -s 1422
	check_not ip netns exec "$a1" ping -nqc1 -W1 -M "do" -s 1423 203.0.113.21
}

learns_remote()
{
	ping_ok "$a1" 203.0.113.21
	ping_ok "$a1" 203.0.113.31
	check fdb_is "$h1" net0 $MAC_A2 '.type == "learned" and .peer == "192.0.2.2"'
	check fdb_is "$h1" net0 $MAC_A3 '.type == "learned" and .peer == "192.0.2.3"'
	check fdb_is "$h2" net0 $MAC_A1 '.type == "learned" and .peer == "192.0.2.1"'
	# each host's own are behind its ports
	check fdb_is "$h1" net0 $MAC_A1 '.type == "static" and (.port | startswith("ct"))'
}

head_end_replication()
{
	local m=02:00:00:00:01:01 c

	capture_start "$h1" ul0 udp "$TMP/bum" || return
	for c in a2 a3 b1; do
		capture_start "${!c}" eth0 "ether proto 0x88b5" "$TMP/bum.$c" || return
	done
	vxsend "$a1" frame dev=eth0 from=$m
	for c in a2 a3 b1; do
		capture_has "$TMP/bum.$c" 1
	done
	capture_has "$TMP/bum" 2 "$INNER"
	for c in a2 a3 b1; do
		capture_stop "$TMP/bum.$c"
		capture_is "$TMP/bum.$c" 1 "ether src $m and ether dst ff:ff:ff:ff:ff:ff"
	done
	capture_stop "$TMP/bum"
	capture_is "$TMP/bum" 1 "$INNER and src $IP1 and dst $IP2"
	capture_is "$TMP/bum" 1 "$INNER and src $IP1 and dst $IP3"
	# and no host sent it on
	capture_is "$TMP/bum" 2 "$INNER"
}

static_to_peer()
{
	local x=02:00:00:00:02:01 y=02:00:00:00:02:02

	check ctn "$h1" add-fdb net0 $x --peer $IP3
	capture_start "$h1" ul0 "udp and src $IP1" "$TMP/static" || return
	# the other is unknown, and goes to all
	vxsend "$a1" frame dev=eth0 to=$x count=2 -- frame dev=eth0 to=$y
	capture_has "$TMP/static" 4 "$INNER"
	capture_stop "$TMP/static"
	capture_is "$TMP/static" 2 "$INNER and dst $IP3 and udp[16:4] = 0x02000000 and udp[20:2] = 0x0201"
	capture_is "$TMP/static" 0 "$INNER and dst $IP2 and udp[20:2] = 0x0201"
	capture_is "$TMP/static" 1 "$INNER and dst $IP2 and udp[20:2] = 0x0202"
	capture_is "$TMP/static" 1 "$INNER and dst $IP3 and udp[20:2] = 0x0202"
	# no frame moves it
	vxsend "$h2" vxlan dst=$IP1 from=$x to=$MAC_A1
	vxsend "$a1" frame dev=eth0 from=$x to=$MAC_B1
	check fdb_is "$h1" net0 $x '.type == "static" and .peer == "192.0.2.3"'
	check ctn "$h1" del-fdb net0 $x
}

split_horizon()
{
	local x=02:00:00:00:03:01 before

	check ctn "$h1" add-fdb net0 $x --peer $IP3
	before=$(drops "$h1" net0 split_horizon)
	capture_start "$h1" ul0 "udp and src $IP1" "$TMP/split" || return
	capture_start "$a1" eth0 "ether proto 0x88b5" "$TMP/split.a1" || return
	# h2 does not know x, and sends it to h1 and h3; then a broadcast
	vxsend "$a2" frame dev=eth0 to=$x count=3 -- frame dev=eth0
	wait_until 5000 at_least $((before + 3)) drops "$h1" net0 split_horizon
	capture_has "$TMP/split.a1" 1
	capture_stop "$TMP/split"
	capture_stop "$TMP/split.a1"
	check_eq "$(drops "$h1" net0 split_horizon)" $((before + 3)) "split_horizon"
	capture_is "$TMP/split.a1" 1 "ether dst ff:ff:ff:ff:ff:ff"
	capture_is "$TMP/split" 0 "$INNER"
	check ctn "$h1" del-fdb net0 $x
}

vlan_passes()
{
	local c i=0

	for c in "$a1" "$a2"; do
		i=$((i + 1))
		ip_in "$c" <<-EOT || { fail "cannot add a VLAN device"; return; }
			link add link eth0 name v5 type vlan id 5
			addr add 198.51.100.$i/24 dev v5
			link set v5 up
		EOT
	done
	capture_start "$h1" ul0 "udp and src $IP1" "$TMP/vlan" || return
	wait_for_ping "$a1" 198.51.100.2
	ping_ok "$a1" 198.51.100.2
	tcp_copy "$a1" "$a2" 198.51.100.2
	capture_stop "$TMP/vlan"
	# the tag is inside, as it was
	[[ $(capture_count "$TMP/vlan" 'udp[28:4] = 0x81000005') -ge 4 ]] ||
		fail "no frames with VLAN 5 inside"
	check ip -n "$a1" link del v5
	check ip -n "$a2" link del v5
}

fragments()
{
	# an MTU that was set larger than the underlay has room for: where the sender
	# cannot be told, as DF is clear, the outer packet is fragmented
	check ctn "$h1" set-net net0 --mtu 3000
	check ip -n "$h2" link set net0 mtu 3000
	ping_ok "$h1" 203.0.113.2 -s 2500 -M dont
	check ip -n "$h1" link set net0 mtu 1450
	check ip -n "$h2" link set net0 mtu 1450
}

# -------------------------------------------------------------- the wire

# every packet of file matches
all_match()
{
	local file=$1 total=$2 what=$3

	check_eq "$(capture_count "$file" "$4")" "$total" "packets with the right $what"
}

wire_format()
{
	local n f=$TMP/wire

	capture_start "$h1" ul0 "udp and src $IP1" "$f" || return
	ping_ok "$a1" 203.0.113.21
	tcp_copy "$a1" "$a2" 203.0.113.21 64
	capture_stop "$f"
	n=$(capture_count "$f")
	[[ $n -ge 6 ]] || fail "captured $n packets only"
	all_match "$f" "$n" "UDP port" 'udp dst port 4789'
	all_match "$f" "$n" "header" 'udp[8:4] = 0x08000000'
	all_match "$f" "$n" "VNI" 'udp[12:4] = 0x00006400'
	all_match "$f" "$n" "TTL" 'ip[8] = 64'
	all_match "$f" "$n" "fragmentation bits" 'ip[6:2] = 0'
	all_match "$f" "$n" "UDP checksum" 'udp[6:2] != 0'
}

checksum_is_right()
{
	local text f=$TMP/csum

	# so that the checksum is complete where it is captured
	check ip netns exec "$h1" ethtool -K ul0 tx off
	capture_start "$h1" ul0 "udp and src $IP1" "$f" || return
	ping_ok "$a1" 203.0.113.21
	tcp_copy "$a1" "$a2" 203.0.113.21 64
	capture_stop "$f"
	text=$(tcpdump -nvvr "$f" 2>/dev/null)
	[[ $text == *"udp sum ok] VXLAN"* ]] || fail "no outer checksum"
	[[ $text != *"bad udp cksum"* ]] || fail "a bad outer checksum"
	[[ $text != *"(incorrect"* ]] || fail "a bad inner checksum"
	check ip netns exec "$h1" ethtool -K ul0 tx on
}

source_port()
{
	local f=$TMP/sport text outer inner line want
	local -A port_of=() ports=()

	check ip netns exec "$h1" sysctl -qw net.ipv4.ip_local_port_range="40000 40999"
	ping_ok "$a1" 203.0.113.21
	capture_start "$h1" ul0 "udp and src $IP1 and dst $IP2" "$f" || return
	vxsend "$a1" frame dev=eth0 to=$MAC_A2 from=$MAC_A1 \
		ip=203.0.113.11,203.0.113.21 udp=3000,6000 flows=16 count=3
	capture_has "$f" 48
	capture_stop "$f"
	text=$(tcpdump -nr "$f" 2>/dev/null)
	outer=""
	while IFS= read -r line; do
		if [[ $line =~ IP\ 192\.0\.2\.1\.([0-9]+)\ \> ]]; then
			outer=${BASH_REMATCH[1]}
			((outer >= 40000 && outer <= 40999)) ||
				fail "source port $outer is out of the range"
		elif [[ $line =~ \ 203\.0\.113\.21\.(60[0-9][0-9]): ]]; then
			inner=${BASH_REMATCH[1]}
			want=${port_of[$inner]:-$outer}
			check_eq "$outer" "$want" "source port of flow $inner"
			port_of[$inner]=$outer
			ports[$outer]=1
		fi
	done <<<"$text"
	check_eq "${#port_of[@]}" 16 "flows seen"
	[[ ${#ports[@]} -ge 10 ]] || fail "16 flows had only ${#ports[@]} source ports"
	check ip netns exec "$h1" sysctl -qw net.ipv4.ip_local_port_range="32768 60999"
}

# the tag is no part of the flow, nor is a packet's length
source_port_tagged()
{
	local f=$TMP/tport ports n

	# of what is tagged inside; others have flows of their own
	capture_start "$h1" ul0 "udp and src $IP1 and dst $IP2 and udp[28:2]=0x8100" "$f" || return
	for n in 4 40 400; do
		set -- "$@" frame dev=eth0 to=$MAC_A2 from=$MAC_A1 vlan=5 \
			ip=203.0.113.11,203.0.113.21 udp=3000,6000 text=$n --
	done
	vxsend "$a1" "${@:1:$#-1}"
	capture_has "$f" 3
	capture_stop "$f"
	ports=$(tcpdump -nr "$f" 2>/dev/null | grep -oE '192\.0\.2\.1\.[0-9]+ >' | sort -u)
	check_eq "$(wc -l <<<"$ports")" 1 "source ports of one flow ($ports)"
}

ecn_goes_out()
{
	local q f=$TMP/ecn

	capture_start "$h1" ul0 "udp and src $IP1 and dst $IP2 and udp[28:2] = 0x0800" "$f" ||
		return
	for q in 0 1 2 3; do
		check ip netns exec "$a1" ping -nqc1 -W$((2 * CTNET_SLOW)) -Q $q 203.0.113.21
	done
	capture_stop "$f"
	for q in 0 1 2 3; do
		# outer and inner
		capture_is "$f" 1 "ip[1] & 3 = $q and udp[31] = $q"
	done
}

ecn_comes_in()
{
	local before m=02:00:00:00:04:01 f=$TMP/ecnin

	before=$(drops "$h1" net0 vxlan_ecn)
	capture_start "$a1" eth0 "ether src $m" "$f" || return
	# congestion experienced on the way: the inner packet learns of it ...
	vxsend "$h2" vxlan dst=$IP1 otos=3 tos=2 to=$MAC_A1 from=$m \
		ip=203.0.113.21,203.0.113.11
	capture_has "$f" 1
	# ... and where it can not, it is dropped
	vxsend "$h2" vxlan dst=$IP1 otos=3 tos=0 to=$MAC_A1 from=$m \
		ip=203.0.113.21,203.0.113.11 count=2
	wait_until 5000 at_least $((before + 2)) drops "$h1" net0 vxlan_ecn
	capture_stop "$f"
	capture_is "$f" 1 "ip[1] & 3 = 3"
	capture_is "$f" 1 ip
	check_eq "$(drops "$h1" net0 vxlan_ecn)" $((before + 2)) "vxlan_ecn"
}

# ------------------------------------------------------------------ drops

readonly BAD=02:00:00:00:0b:ad

# reason NAME: how often h1 dropped for it
reason()
{
	case $1 in
	vxlan_vni | vxlan_header) vtep_drops "$h1" 4789 "$1" ;;
	*) drops "$h1" net0 "$1" ;;
	esac
}

all_drops()
{
	local r f=$TMP/bad
	local -a to=(vxlan "dst=$IP1" "to=$MAC_A1" "from=$BAD")
	local -A before=() want=([vxlan_vni]=4 [vxlan_header]=7 [vxlan_peer]=2
		[vxlan_local]=3 [malformed]=3 [source]=2 [link_local]=1)

	for r in "${!want[@]}"; do
		before[$r]=$(reason "$r")
	done
	capture_start "$a1" eth0 "ether src $BAD or ether src 00:00:00:00:00:00" "$f" || return
	# another VNI, none
	vxsend "$h2" "${to[@]}" vni=101 count=3 -- "${to[@]}" vni=0 \
		-- "${to[@]}" flags=0x00 count=2 -- "${to[@]}" flags=0x88 \
		-- "${to[@]}" header=0800000100006400 -- "${to[@]}" header=0800000000006401 \
		-- "${to[@]}" header=08000000000064 inner=none -- "${to[@]}" header= inner=none
	# not a peer; not for the network's address; too short for Ethernet, or for IPv4
	vxsend "$h2" "${to[@]}" src=$OTHER2 count=2 -- "${to[@]}" dst=$OTHER1 count=3 \
		-- "${to[@]}" short=13 -- "${to[@]}" inner=none \
		-- "${to[@]}" short=24 ip=203.0.113.21,203.0.113.11 \
		-- "${to[@]}" from=00:00:00:00:00:00 -- "${to[@]}" from=03:00:00:00:00:01 \
		-- "${to[@]}" to=01:80:c2:00:00:00 from=02:00:00:00:0b:ae
	for r in "${!want[@]}"; do
		wait_until 5000 at_least $((before[$r] + want[$r])) reason "$r"
		check_eq "$(reason "$r")" $((before[$r] + want[$r])) "$r"
	done
	# nothing was learned from it, nor delivered; what is right arrives
	check no_fdb "$h1" net0 $BAD
	vxsend "$h2" "${to[@]}"
	capture_has "$f" 1
	capture_stop "$f"
	capture_is "$f" 1 ""
	check fdb_is "$h1" net0 $BAD '.peer == "192.0.2.2"'
}

checksums()
{
	local m=02:00:00:00:05 f=$TMP/sums

	capture_start "$a1" eth0 "ether proto 0x88b5" "$f" || return
	# zero: none was computed, which is allowed (RFC 7348)
	vxsend "$h2" vxlan dst=$IP1 src=$IP2 csum=bad to=$MAC_A1 from=$m:01 \
		-- vxlan dst=$IP1 src=$IP2 csum=zero to=$MAC_A1 from=$m:02 \
		-- vxlan dst=$IP1 src=$IP2 to=$MAC_A1 from=$m:03
	capture_has "$f" 2
	capture_stop "$f"
	capture_is "$f" 0 "ether src $m:01"
	capture_is "$f" 1 "ether src $m:02"
	capture_is "$f" 1 "ether src $m:03"
}

peer_is_needed()
{
	local before

	check ctn "$h1" del-peer net0 $IP3
	check no_fdb "$h1" net0 $MAC_A3
	before=$(drops "$h1" net0 vxlan_peer)
	check no_ping "$a3" 203.0.113.11
	wait_until 5000 at_least $((before + 1)) drops "$h1" net0 vxlan_peer
	check ctn "$h1" add-peer net0 $IP3
	wait_for_ping "$a3" 203.0.113.11
}

# ------------------------------------------------------------------ moves

container_moves()
{
	local m=02:42:cb:00:71:0e

	add_container mv
	check ctn "$h1" add-port net0 "$mv" --address 203.0.113.14/24
	wait_for_ping "$a3" 203.0.113.14
	check fdb_is "$h3" net0 $m '.peer == "192.0.2.1"'
	check fdb_is "$h1" net0 $m '.type == "static"'
	# to another host: its announcement is enough
	check ctn "$h1" del-port net0 "$mv"
	check no_fdb "$h1" net0 $m
	check ctn "$h2" add-port net0 "$mv" --address 203.0.113.14/24
	wait_until 5000 fdb_is "$h3" net0 $m '.peer == "192.0.2.2"'
	wait_until 5000 fdb_is "$h1" net0 $m '.type == "learned" and .peer == "192.0.2.2"'
	ping_ok "$a3" 203.0.113.14
	ping_ok "$a1" 203.0.113.14
	# and back
	check ctn "$h2" del-port net0 "$mv"
	check ctn "$h1" add-port net0 "$mv" --address 203.0.113.14/24
	wait_until 5000 fdb_is "$h3" net0 $m '.peer == "192.0.2.1"'
	wait_until 5000 fdb_is "$h2" net0 $m '.peer == "192.0.2.1"'
	check fdb_is "$h1" net0 $m '.type == "static" and .port'
	ping_ok "$a3" 203.0.113.14
	check ctn "$h1" del-port net0 "$mv"
}

learned_moves()
{
	local m=02:00:00:00:06:01

	vxsend "$a1" frame dev=eth0 from=$m
	wait_until 5000 fdb_is "$h1" net0 $m '.type == "learned" and (.port | startswith("ct"))'
	wait_until 5000 fdb_is "$h2" net0 $m '.peer == "192.0.2.1"'
	vxsend "$a2" frame dev=eth0 from=$m
	wait_until 5000 fdb_is "$h1" net0 $m '.type == "learned" and .peer == "192.0.2.2"'
	wait_until 5000 fdb_is "$h2" net0 $m '.type == "learned" and (.port | startswith("ct"))'
	vxsend "$a3" frame dev=eth0 from=$m
	wait_until 5000 fdb_is "$h1" net0 $m '.peer == "192.0.2.3"'
	vxsend "$a1" frame dev=eth0 from=$m
	wait_until 5000 fdb_is "$h1" net0 $m '.port and (.port | startswith("ct"))'
	wait_until 5000 fdb_is "$h3" net0 $m '.peer == "192.0.2.1"'
}

# ------------------------------------------------------- underlay changes

route_changes()
{
	local f=$TMP/route

	ping_ok "$a1" 203.0.113.21
	capture_start "$h1" ul1 "udp and src $IP1 and dst $IP2" "$f" || return
	check ip -n "$h1" route add $IP2/32 dev ul1 src $IP1
	ping_ok "$a1" 203.0.113.21
	check ip -n "$h1" route del $IP2/32
	capture_has "$f" 3
	capture_stop "$f"
	# off the second way again, at once
	capture_start "$h1" ul1 "udp and src $IP1 and dst $IP2" "$f" || return
	ping_ok "$a1" 203.0.113.21
	capture_stop "$f"
	capture_is "$f" 0 ""
}

no_route()
{
	local before

	ping_ok "$a1" 203.0.113.21
	check ip -n "$h1" route add unreachable $IP2/32
	before=$(drops "$h1" net0 no_route)
	vxsend "$a1" frame dev=eth0 to=$MAC_A2 from=$MAC_A1 count=3
	wait_until 5000 at_least $((before + 3)) drops "$h1" net0 no_route
	# the others are reached
	ping_ok "$a1" 203.0.113.31
	check ip -n "$h1" route del unreachable $IP2/32
	ping_ok "$a1" 203.0.113.21
}

route_through_itself()
{
	local before

	before=$(drops "$h1" net0 loop)
	check ip -n "$h1" route add $IP2/32 dev net0
	vxsend "$a1" frame dev=eth0 to=$MAC_A2 from=$MAC_A1
	wait_until 5000 at_least $((before + 1)) drops "$h1" net0 loop
	check ip -n "$h1" route del $IP2/32
	ping_ok "$a1" 203.0.113.21
}

address_goes()
{
	local before

	ping_ok "$a1" 203.0.113.21
	# addresses after the first of a subnet go with it
	check ip -n "$h1" addr flush dev ul0
	before=$(drops "$h1" net0 no_route)
	vxsend "$a1" frame dev=eth0 to=$MAC_A2 from=$MAC_A1
	wait_until 5000 at_least $((before + 1)) drops "$h1" net0 no_route
	check no_ping "$a2" 203.0.113.11
	ip_in "$h1" <<-EOT
		addr add $IP1/24 dev ul0
		addr add $OTHER1/24 dev ul0
	EOT
	wait_for_ping "$a1" 203.0.113.21
	ping_ok "$a2" 203.0.113.11
}

underlay_is_down()
{
	check ip -n "$h1" link set ul0 down
	check no_ping "$a1" 203.0.113.21
	ping_ok "$a1" 203.0.113.12
	check ip -n "$h1" link set ul0 up
	wait_for_ping "$a1" 203.0.113.21
}

# -------------------------------------------------------- several networks

second_network()
{
	local h i=0 f=$TMP/second

	check ctn "$h1" -b - <<-EOT
		add-net net1 --vni 200 --local $IP1
		add-peer net1 $IP2
		add-port net1 $n1 --address 203.0.113.41/24 --guard off
	EOT
	check ctn "$h2" -b - <<-EOT
		add-net net1 --vni 200 --local $IP2
		add-peer net1 $IP1
		add-port net1 $n2 --address 203.0.113.42/24 --guard off
	EOT
	# one socket for both
	check json_is 'length == 1 and .[0].networks == 2' ctn "$h1" -j list vteps
	ping_ok "$n1" 203.0.113.42
	# they are apart
	check no_ping "$n1" 203.0.113.21
	capture_start "$a2" eth0 "ether proto 0x88b5" "$f.a2" || return
	capture_start "$n2" eth0 "ether proto 0x88b5" "$f.n2" || return
	vxsend "$n1" frame dev=eth0
	capture_has "$f.n2" 1
	capture_stop "$f.n2"
	capture_stop "$f.a2"
	capture_is "$f.a2" 0 ""
}

vni_changes()
{
	local before

	before=$(vtep_drops "$h2" 4789 vxlan_vni)
	check ctn "$h1" set-net net1 --vni 300
	check no_ping "$n1" 203.0.113.42
	wait_until 5000 at_least $((before + 1)) vtep_drops "$h2" 4789 vxlan_vni
	check ctn "$h2" set-net net1 --vni 300
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n2" 203.0.113.41
	# the other one's is taken, and nothing changes
	check_fail 2 'VNI' ctn "$h1" set-net net1 --vni 100
	ping_ok "$n1" 203.0.113.42
}

dstport_changes()
{
	local f=$TMP/dstport

	check ctn "$h1" set-net net1 --dstport 4790
	check ctn "$h2" set-net net1 --dstport 4790
	capture_start "$h1" ul0 "udp port 4790" "$f" || return
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n1" 203.0.113.42
	capture_stop "$f"
	[[ $(capture_count "$f" "src $IP1 and udp dst port 4790 and udp[12:4] = 0x00012c00") -ge 3 ]] ||
		fail "no VXLAN of VNI 300 to port 4790"
	check json_is 'map(.dstport) | sort == [4789, 4790]' ctn "$h1" -j list vteps
	# the first is as it was
	ping_ok "$a1" 203.0.113.21
}

peer_has_its_own_port()
{
	local f=$TMP/peerport

	# h1 on 4790, h2 on 8472
	check ctn "$h2" set-net net1 --dstport 8472
	check ctn "$h1" -b - <<-EOT
		del-peer net1 $IP2
		add-peer net1 $IP2 --dstport 8472
	EOT
	check ctn "$h2" -b - <<-EOT
		del-peer net1 $IP1
		add-peer net1 $IP1 --dstport 4790
	EOT
	capture_start "$h1" ul0 "udp port 8472 or udp port 4790" "$f" || return
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n2" 203.0.113.41
	capture_stop "$f"
	[[ $(capture_count "$f" "src $IP1 and udp dst port 8472") -ge 3 ]] ||
		fail "nothing to port 8472"
	[[ $(capture_count "$f" "src $IP2 and udp dst port 4790") -ge 3 ]] ||
		fail "nothing to port 4790"
	capture_is "$f" 0 "src $IP1 and udp dst port 4790"
	check_eq "$(peer_stat "$h1" net1 $IP2 dstport)" 8472 "port of the peer"
}

local_changes()
{
	local f=$TMP/local

	check ctn "$h1" set-net net1 --local $OTHER1
	# h2 does not know it yet
	check no_ping "$n1" 203.0.113.42
	check ctn "$h2" -b - <<-EOT
		del-peer net1 $IP1
		add-peer net1 $OTHER1 --dstport 4790
	EOT
	capture_start "$h1" ul0 "udp port 8472" "$f" || return
	wait_for_ping "$n1" 203.0.113.42
	ping_ok "$n2" 203.0.113.41
	capture_stop "$f"
	[[ $(capture_count "$f" "src $OTHER1 and dst $IP2") -ge 3 ]] ||
		fail "nothing from the new address"
	ping_ok "$a1" 203.0.113.21
}

second_network_goes()
{
	check ctn "$h1" del-net net1
	check ctn "$h2" del-net net1
	check json_is 'map(.dstport) == [4789]' ctn "$h1" -j list vteps
	ping_ok "$a1" 203.0.113.21
}

same_vni_in_two_namespaces()
{
	local h

	# as all along: three namespaces of one kernel with one VNI and one port
	for h in "$h1" "$h2" "$h3"; do
		check net_is "$h" net0 'like({vni: 100, dstport: 4789})'
	done
	# the first frame of another namespace's VNI 100 does not come here
	add_container o1
	check ip link add ul0 netns "$o1" type veth peer name ulx netns "$sw"
	ip_in "$o1" <<-EOT
		addr add 192.0.2.9/24 dev ul0
		link set ul0 up
	EOT
	check ctn "$o1" add-net net0 --vni 100 --local 192.0.2.9
	ping_ok "$a1" 203.0.113.21
	check ctn "$o1" del-net net0
}

topology

run_test ping_across "ping between containers of three hosts, IPv4 and IPv6"
run_test tcp_across "TCP between hosts, both ways"
run_test host_across "the host's own interface is reached across"
run_test mtu_follows "the MTU is the underlay's less 50, and a full frame passes"
run_test learns_remote "remote MACs are learned behind their peers"
run_test head_end_replication "a broadcast goes once to each peer and each container"
run_test static_to_peer "a static entry sends to its peer alone, and does not move"
run_test split_horizon "what a peer sent goes to no peer"
run_test vlan_passes "a VLAN tag passes inside"
run_test fragments "an outer packet too large for the underlay is fragmented"
run_test wire_format "outer packets: port, flags, VNI, TTL, DF, UDP checksum"
run_test checksum_is_right "outer and inner checksums are right"
run_test source_port "the source port is the flow's, within the local range"
run_test source_port_tagged "also where it is tagged, whatever a packet's length"
run_test ecn_goes_out "ECN is copied outwards"
run_test ecn_comes_in "ECN is combined inwards, or dropped and counted"
run_test all_drops "what is malformed or not for us is dropped under its own reason"
run_test checksums "a bad outer checksum is dropped, none is accepted"
run_test peer_is_needed "only peers are listened to"
run_test container_moves "a container moves to another host and back"
run_test learned_moves "a learned MAC moves between ports and peers"
run_test route_changes "a change of the route takes effect at once"
run_test no_route "without a route: dropped and counted"
run_test route_through_itself "a route through the network itself: dropped and counted"
run_test address_goes "the underlay address is removed and comes back"
run_test underlay_is_down "the underlay device goes down and up"
run_test same_vni_in_two_namespaces "namespaces do not share VNIs and ports"
run_test second_network "two networks of a namespace share a socket and nothing else"
run_test vni_changes "the VNI changes while in use"
run_test dstport_changes "the UDP port changes while in use"
run_test peer_has_its_own_port "a peer has a UDP port of its own"
run_test local_changes "the local address changes while in use"
run_test second_network_goes "a network goes, its socket with it, the other stays"
