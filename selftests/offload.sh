#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP segments of 64 KiB stay whole between containers of a host, and over VXLAN
# up to the underlay device.
#
# timeout: 400
#
#	h1                                          h2
#	a1 .11 --.                            .-- a2 .21
#	          net0 (VNI 100) ul0 -- ul0 net0
#	b1 .12 --'      192.0.2.1     192.0.2.2
#
#	l1, l2: two containers on net1 of h1, a local bridge with MTU 1500

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

need socat ethtool tcpdump python3

readonly BYTES=$((16 << 20))
# the largest packets that TCP makes of an MTU of 1500, and of 1450: whole segments, as
# many as fit into 64 KiB
readonly WHOLE_1500=65160 WHOLE_1450=64000

topology()
{
	topo_two_hosts
	topo_network net0 100
	add_container a1 b1 a2 l1 l2
	must ctn "$h1" -b - <<-EOT
		add-port net0 $a1 --address 203.0.113.11/24 --address 2001:db8:100::11/64
		add-port net0 $b1 --address 203.0.113.12/24
		add-net net1
		add-port net1 $l1 --address 198.51.100.11/24 --address 2001:db8:200::11/64 --label l1
		add-port net1 $l2 --address 198.51.100.12/24 --address 2001:db8:200::12/64 --label l2
	EOT
	must ctn "$h2" add-port net0 "$a2" --address 203.0.113.21/24 --address 2001:db8:100::21/64
}

# longest FILE: length of the longest frame in a capture; longest of IP where there is one
longest()
{
	tcpdump -enr "$1" 2>/dev/null |
		sed -n 's/^[^,]*, ethertype [^,]*, length \([0-9]*\):.*/\1/p' |
		sort -n | tail -n 1
}

# stream_seen NS DEV FILTER FILE FROM TO ADDRESS [BYTES]: a transfer, with a capture of it
stream_seen()
{
	capture_start "$1" "$2" "$3" "$4" -s 160 || return
	tcp_stream "$5" "$6" "$7" "${8:-$BYTES}"
	capture_stop "$4"
	LONGEST=$(longest "$4")
	diag "longest frame: ${LONGEST:-none}"
	[[ -n $LONGEST ]] || { fail "nothing was captured"; LONGEST=0; }
}

local_segments()
{
	stream_seen "$l2" eth0 "tcp dst port 5001" "$TMP/local$1" "$l1" "$l2" "$2"
	[[ $LONGEST -ge $((WHOLE_1500 - $3)) ]] ||
		fail "the longest segment that arrived has $LONGEST bytes"
	# nobody computed its checksum either: the field holds the pseudo-header's
	tcpdump -vnr "$TMP/local$1" 2>/dev/null | grep -q 'cksum.*(incorrect' ||
		fail "checksums were computed in software"
}

local_count()
{
	local -a s0 r0 s1 r1
	local got sent n0 n1

	read -ra s0 < <(stats_of "$h1" ports net1 l1)
	read -ra r0 < <(stats_of "$h1" ports net1 l2)
	n0=$(link_stat "$l2" eth0 .rx.packets)
	tcp_stream "$l1" "$l2" 198.51.100.12 $BYTES
	read -ra s1 < <(stats_of "$h1" ports net1 l1)
	read -ra r1 < <(stats_of "$h1" ports net1 l2)
	n1=$(link_stat "$l2" eth0 .rx.packets)
	[[ ${#r1[@]} -eq 4 ]] || { fail "no counters"; return; }
	sent=$((s1[0] - s0[0])) got=$((r1[2] - r0[2]))
	diag "$BYTES bytes: $sent frames from the sender's port, $got to the receiver's, $((n1 - n0)) received"
	[[ $((s1[1] - s0[1])) -ge $BYTES ]] || fail "rx_bytes of the port: $((s1[1] - s0[1]))"
	[[ $((r1[3] - r0[3])) -ge $BYTES ]] || fail "tx_bytes of the port: $((r1[3] - r0[3]))"
	# cut to the MTU it would be 11,500 and more
	[[ $sent -le 2500 ]] || fail "the sender cut: $sent frames"
	# what went in came out, and was received (but for a stray ARP or so)
	[[ $got -le $((sent + 20)) ]] || fail "cut on the way: $sent in, $got out"
	[[ $((n1 - n0)) -le $((sent + 20)) ]] || fail "cut on the way: $sent in, $((n1 - n0)) received"
}

vxlan_segments()
{
	local on

	on=$(ip netns exec "$h1" ethtool -k ul0)
	check_match "$on" 'tx-udp_tnl-csum-segmentation: on' "features of ul0"
	stream_seen "$h1" ul0 "udp dst port 4789 and src $H1_IP" "$TMP/vx$1" "$a1" "$a2" "$2"
	[[ $LONGEST -ge $WHOLE_1450 ]] ||
		fail "cut before the underlay device: $LONGEST bytes at most"
}

vxlan_received()
{
	stream_seen "$a2" eth0 "tcp dst port 5001" "$TMP/vxrx" "$a1" "$a2" 203.0.113.21
	[[ $LONGEST -ge $WHOLE_1450 ]] ||
		fail "what came whole was cut on receipt: $LONGEST bytes at most"
}


# Longer than 64 KiB, as a container may make them: no tunnel has room for such a length, so
# they are cut before. Of IPv6, Linux gives these a hop-by-hop header inside the host.
big_tcp()
{
	local before

	check in_ns "$a1" sysctl -qw net.ipv4.tcp_min_tso_segs=100
	check in_ns "$a1" sysctl -qw net.ipv4.tcp_wmem="4096 8000000 8000000"
	check in_ns "$a2" sysctl -qw net.ipv4.tcp_rmem="4096 8000000 8000000"
	check ip -n "$a1" link set eth0 gso_max_size 200000
	before=$(drops "$h1" net0 path_mtu)
	stream_seen "$a1" eth0 "len > 65600" "$TMP/big" "$a1" "$a2" "$1" $BYTES
	check_eq "$(drops "$h1" net0 path_mtu)" "$before" "those that were too big"
	check_not grep -q mtu <<<"$(ip -n "$a1" route get "$1")"
	check ip -n "$a1" link set eth0 gso_max_size 65536
}

host_segments()
{
	must ip -n "$h1" addr add 203.0.113.1/24 dev net0
	must ip -n "$h2" addr add 203.0.113.2/24 dev net0
	stream_seen "$h1" ul0 "udp dst port 4789 and src $H1_IP" "$TMP/host" "$h1" "$h2" 203.0.113.2
	[[ $LONGEST -ge $WHOLE_1450 ]] ||
		fail "cut before the underlay device: $LONGEST bytes at most"
}

# segments are cut when they are sent, where the underlay device can not
without()
{
	# shellcheck disable=SC2086 # words
	check ip netns exec "$h1" ethtool -K ul0 $1
	stream_seen "$h1" ul0 "udp dst port 4789 and src $H1_IP" "$TMP/no" "$a1" "$a2" 203.0.113.21 $((2 << 20))
	[[ $LONGEST -le 1514 ]] || fail "longer than the MTU: $LONGEST bytes"
	[[ $LONGEST -ge 1400 ]] || fail "shorter than need be: $LONGEST bytes at most"
	tcp_copy "$a1" "$a2" 203.0.113.21
	tcp_copy "$a1" "$a2" 2001:db8:100::21
	tcp_copy "$a2" "$a1" 203.0.113.11
	# shellcheck disable=SC2086 # words
	check ip netns exec "$h1" ethtool -K ul0 ${1//off/on}
}

local_without()
{
	# a container that can not: what is delivered to it is cut, and right
	check ip netns exec "$l1" ethtool -K eth0 tx off tso off gso off
	tcp_copy "$l1" "$l2" 198.51.100.12
	tcp_copy "$l2" "$l1" 198.51.100.11
	check ip netns exec "$l1" ethtool -K eth0 tx on tso on gso on
}

topology

# A container sends many datagrams at a time, for the device to cut (UDP_SEGMENT). Each
# arrives once; and where nothing has to cut them, they come together.
datagrams()
{
	local f=$TMP/datagrams got n=200

	capture_start "$h2" any "udp port 5001" "$f" || return
	capture_start "$a2" eth0 "udp port 5001" "$f.far" -s 160 || return
	ip netns exec "$a2" python3 -c '
import select, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)     # SO_RCVBUFFORCE
s.bind(("", 5001))
print("ready", flush=True)
seen = {}
while select.select([s], [], [], float(sys.argv[1]))[0]:
    data = s.recv(2000)
    seen[data[:4]] = seen.get(data[:4], 0) + (len(data) == 1000)
print("got", len(seen), "once", sum(n == 1 for n in seen.values()))
' $((2 * CTNET_SLOW)) >"$f.got" 2>&1 &
	wait_until 20000 grep -q ready "$f.got" || return
	check ip netns exec "$a1" python3 -c '
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 103, 1000)
for i in range(0, int(sys.argv[1]), 10):
    s.sendto(b"".join(struct.pack("!I", j).ljust(1000, b".") for j in range(i, i + 10)),
             ("203.0.113.21", 5001))
' $n
	wait $!
	got=$(<"$f.got")
	check_match "$got" "got $n once $n\$" "datagrams that arrived"
	capture_stop "$f"
	capture_stop "$f.far"
	got=$(longest "$f.far")
	[[ ${got:-0} -ge 10000 ]] || fail "cut before the container: ${got:-0} bytes at most"
}

# others_tunnel PORT CSUM: a tunnel of the kernel's, from the host over net1 to the container l1; what
# the container gets. Then the same to a container behind our own tunnel, which cuts.
others_tunnel()
{
	local dport=$1 csum=$2

	must ip -n "$h1" addr replace 198.51.100.1/24 dev net1
	check ip -n "$h1" link add vxo up type vxlan id 9 local 198.51.100.1 remote 198.51.100.11 \
		dstport "$dport" dev net1 "$csum"
	check ip -n "$l1" link add vxo up type vxlan id 9 local 198.51.100.11 remote 198.51.100.1 \
		dstport "$dport" dev eth0 "$csum"
	check ip -n "$h1" addr add 203.0.113.201/30 dev vxo
	check ip -n "$l1" addr add 203.0.113.202/30 dev vxo
	stream_seen "$l1" eth0 "udp dst port $dport" "$TMP/over" "$h1" "$l1" 203.0.113.202
	[[ $LONGEST -ge 60000 ]] ||
		fail "cut before the container: $LONGEST bytes at most"
	tcp_copy "$h1" "$l1" 203.0.113.202
	tcp_copy "$l1" "$h1" 203.0.113.201
}

# The near end cannot: its frames are cut in front of it, and right.
others_tunnel_cut()
{
	local near

	near=$(near_end "$h1" l1 net1)
	[[ -n $near ]] || { fail "no near end"; return; }
	check ip netns exec "$h1" ethtool -K "$near" tx-udp_tnl-segmentation off \
		tx-udp_tnl-csum-segmentation off
	stream_seen "$l1" eth0 "udp dst port 4790" "$TMP/cut" "$h1" "$l1" 203.0.113.202 $((2 << 20))
	[[ $LONGEST -le 1514 ]] || fail "longer than the MTU: $LONGEST bytes"
	[[ $LONGEST -ge 1400 ]] || fail "shorter than need be: $LONGEST bytes at most"
	tcp_copy "$h1" "$l1" 203.0.113.202
	check ip netns exec "$h1" ethtool -K "$near" tx-udp_tnl-segmentation on \
		tx-udp_tnl-csum-segmentation on
}

others_tunnel_end()
{
	check ip -n "$h1" link del vxo
	check ip -n "$l1" link del vxo
}

# A tunnel over net0 to a container behind our own tunnel: ours carries no other's whole.
tunnel_in_tunnel()
{
	must ip -n "$h1" addr replace 203.0.113.1/24 dev net0
	check ip -n "$h1" link add vxt up type vxlan id 10 local 203.0.113.1 remote 203.0.113.21 \
		dstport 4790 dev net0
	check ip -n "$a2" link add vxt up type vxlan id 10 local 203.0.113.21 remote 203.0.113.1 \
		dstport 4790 dev eth0
	check ip -n "$h1" addr add 203.0.113.205/30 dev vxt
	check ip -n "$a2" addr add 203.0.113.206/30 dev vxt
	stream_seen "$h1" ul0 "udp dst port 4789 and src $H1_IP" "$TMP/vxvx" "$h1" "$a2" 203.0.113.206 $((2 << 20))
	tcp_copy "$h1" "$a2" 203.0.113.206
	tcp_copy "$a2" "$h1" 203.0.113.205
	check ip -n "$h1" link del vxt
	check ip -n "$a2" link del vxt
}

# VLAN devices of the host: their segments are not cut, with the tag beside them or in them.
host_vlan()
{
	# it has none of these addresses
	check ctn "$h1" set-port net1 "$l1" --guard off
	for side in "$h1 net1 198.51.100.129" "$l1 eth0 198.51.100.130"; do
		# shellcheck disable=SC2086 # words
		set -- $side
		check ip -n "$1" link add link "$2" name v5 up type vlan id 5
		check ip -n "$1" addr add "$3/30" dev v5
	done
	check_match "$(in_ns "$h1" ethtool -k net1)" 'tx-vlan-offload: on' "features of net1"
	stream_seen "$l1" v5 "tcp dst port 5001" "$TMP/vlan" "$h1" "$l1" 198.51.100.130
	[[ $LONGEST -ge $WHOLE_1500 ]] || fail "cut before the container: $LONGEST bytes at most"
	tcp_copy "$l1" "$h1" 198.51.100.129
	check ip -n "$h1" link del v5
	check ip -n "$l1" link del v5
	check ctn "$h1" set-port net1 "$l1" --guard on
}

# What the host may send at one go is what the ports take.
limits()
{
	local big=200000

	check ip -n "$h1" link add lim up type ctnet
	check ip -n "$h1" link add va type veth peer name vb
	check ip -n "$h1" link set va master lim
	if ! ip -n "$h1" link set dev va gso_max_size $big 2>/dev/null; then
		skip "no gso_max_size above 65536"
		return
	fi
	check ip -n "$h1" link set dev lim gso_max_size $big
	check ip -n "$h1" link add du type dummy
	check ip -n "$h1" link set du master lim
	check_not ip -n "$h1" link set dev lim gso_max_size $big
	check_match "$(ip -n "$h1" -d link show lim)" 'gso_max_size 65536' "with a port that takes less"
	check ip -n "$h1" link set du nomaster
	check ip -n "$h1" link set dev lim gso_max_size $big
	for l in lim va du; do
		check ip -n "$h1" link del $l
	done
}

# A network is a bridge, and no port of one.
no_port_itself()
{
	check ip -n "$h1" link add brx type bridge
	check_fail 2 "is a bridge itself" ip -n "$h1" link set net1 master brx
	check ip -n "$h1" link del brx
	check ip -n "$h1" link add vrfx type vrf table 77
	check ip -n "$h1" link set net1 master vrfx
	check ip -n "$h1" link set net1 nomaster
	check ip -n "$h1" link del vrfx
}

run_test local_segments 4 198.51.100.12 0 "64 KiB segments arrive whole from a local container, IPv4"
run_test local_segments 6 2001:db8:200::12 1500 "64 KiB segments arrive whole from a local container, IPv6"
run_test local_count "between local containers nothing is cut: as many frames out as in"
run_test vxlan_segments 4 203.0.113.21 "over VXLAN they reach the underlay device whole, IPv4"
run_test vxlan_segments 6 2001:db8:100::21 "over VXLAN they reach the underlay device whole, IPv6"
run_test vxlan_received "and the container of the other host"
run_test big_tcp 2001:db8:100::21 "segments of over 64 KiB arrive"
run_test host_segments "the host's own, too"
run_test datagrams "datagrams that are sent together arrive together, each once"
run_test without "tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off tso off" \
	"the underlay device cannot: they are cut in front of it"
run_test without "tx off sg off tso off gso off" "nor compute checksums: done in software"
run_test local_without "a container's end without offloads"
run_test others_tunnel 4790 udpcsum "another tunnel over the network reaches a container whole"
run_test others_tunnel_cut "where its near end cannot, it is cut in front of that"
others_tunnel_end
run_test tunnel_in_tunnel "in our own tunnel it is cut, and right"
run_test host_vlan "a VLAN device on the network sends whole segments"
run_test limits "the host sends as much at one go as all ports take"
run_test no_port_itself "a network under a bridge is refused, under a VRF not"
