#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: the basics, on the kernel that users have
#
# Three hosts, one network over VXLAN: what passes, what is dropped and counted, what moves from
# one host to another. lib/threehosts.sh has the topology. What is on the wire: wire.sh; what
# follows a change: changes.sh.
#
# timeout: 300

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/threehosts.sh
. "$(dirname "$0")/lib/threehosts.sh"

need python3 socat tcpdump

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
run_test all_drops "what is malformed or not for us is dropped under its own reason"
run_test checksums "a bad outer checksum is dropped, none is accepted"
run_test peer_is_needed "only peers are listened to"
run_test container_moves "a container moves to another host and back"
run_test learned_moves "a learned MAC moves between ports and peers"
