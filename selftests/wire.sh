#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a tunnel's packets are on the wire: their headers, checksums, source ports and ECN.
# lib/threehosts.sh has the topology.
#
# timeout: 200

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/threehosts.sh
. "$(dirname "$0")/lib/threehosts.sh"

need python3 socat tcpdump ethtool

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

topology

run_test wire_format "outer packets: port, flags, VNI, TTL, DF, UDP checksum"
run_test checksum_is_right "outer and inner checksums are right"
run_test source_port "the source port is the flow's, within the local range"
run_test source_port_tagged "also where it is tagged, whatever a packet's length"
run_test ecn_goes_out "ECN is copied outwards"
run_test ecn_comes_in "ECN is combined inwards, or dropped and counted"
