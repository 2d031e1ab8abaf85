#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Outer packets: they have the network's mark and not that of what is inside; one that is
# refused on its way out is counted, and so is what the host's own queue has no room for.
#
#	h1                                   h2
#	ul0 192.0.2.1, 2001:db8:0:1::1 ----- ul0 .2, ::2
#	ul1 198.51.100.1 ------------------- ul1 198.51.100.2, in table 100 of h1
#	net0 VNI 100 ----------------------- net0 203.0.113.2
#	net6 VNI 600, over IPv6 ------------ net6 203.0.113.130
#	 h1: 203.0.113.1, .129

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need nft python3

build()
{
	topo_two_hosts
	no_ipv6 "$h1" "$h2" 2>/dev/null
	must ip netns exec "$h1" sysctl -qw net.ipv6.conf.ul0.disable_ipv6=0
	must ip netns exec "$h2" sysctl -qw net.ipv6.conf.ul0.disable_ipv6=0
	must ip -n "$h1" addr replace $H1_IP6/64 dev ul0 nodad
	must ip -n "$h2" addr replace $H2_IP6/64 dev ul0 nodad
	topo_network net0 100
	must ctn "$h1" -b - <<-EOT
		set-net net0 --address 203.0.113.1/25
		add-net net6 --vni 600 --local $H1_IP6 --address 203.0.113.129/25
		add-peer net6 $H2_IP6
	EOT
	must ctn "$h2" -b - <<-EOT
		set-net net0 --address 203.0.113.2/25
		add-net net6 --vni 600 --local $H2_IP6 --address 203.0.113.130/25
		add-peer net6 $H1_IP6
	EOT
	wait_for_ping "$h1" 203.0.113.2
	wait_for_ping "$h1" 203.0.113.130
}

# What is sent inside the networks is marked, as a firewall does it; what leaves is counted
# by its mark.
rules()
{
	in_ns "$h1" nft -f - <<-EOT || die "setup: nft"
		table inet marks {
			counter none { }
			counter inner { }
			counter own { }
			chain out {
				type route hook output priority mangle
				oifname { "net0", "net6" } meta mark set 0x4000
			}
			chain post {
				type filter hook postrouting priority srcnat
				udp dport 4789 meta mark 0 counter name none
				udp dport 4789 meta mark 0x4000 counter name inner
				udp dport 4789 meta mark 0x10 counter name own
			}
		}
	EOT
}

mark_is_the_networks()
{
	local none

	rules
	wait_for_ping "$h1" 203.0.113.2
	wait_for_ping "$h1" 203.0.113.130
	check_eq "$(nft_count "$h1" inet marks inner)" 0 "outer packets with the inner one's mark"
	check at_least 2 nft_count "$h1" inet marks none
	for n in net0 net6; do
		check ctn "$h1" set-net $n --mark 0x10
	done
	none=$(nft_count "$h1" inet marks none)
	wait_for_ping "$h1" 203.0.113.2
	wait_for_ping "$h1" 203.0.113.130
	check at_least 2 nft_count "$h1" inet marks own
	check_eq "$(nft_count "$h1" inet marks none)" "$none" "outer packets without a mark"
	check_eq "$(nft_count "$h1" inet marks inner)" 0 "outer packets with the inner one's mark"
	for n in net0 net6; do
		check ctn "$h1" set-net $n --mark 0
	done
	check in_ns "$h1" nft delete table inet marks
}

# A rule of routing goes by the network's mark, and by no other; what it chose is kept.
mark_routes()
{
	local before after

	check ip link add ul1 netns "$h1" type veth peer name ul1 netns "$h2"
	for i in 1 2; do
		ns=h$i
		check ip -n "${!ns}" addr add 198.51.100.$i/24 dev ul1
		check ip -n "${!ns}" link set ul1 up
		check ip netns exec "${!ns}" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.ul0.rp_filter=0 net.ipv4.conf.ul1.rp_filter=0
	done
	check ip -n "$h1" route add $H2_IP/32 via 198.51.100.2 dev ul1 table 100
	check ip -n "$h1" rule add fwmark 0x10 table 100 priority 10
	rules
	before=$(tx_packets ul1)
	wait_for_ping "$h1" 203.0.113.2
	check_eq "$(tx_packets ul1)" "$before" "packets by ul1 without the mark"
	check ctn "$h1" set-net net0 --mark 16
	wait_for_ping "$h1" 203.0.113.2
	after=$(tx_packets ul1)
	((after > before)) || fail "nothing went by ul1 with the mark"
	check ctn "$h1" set-net net0 --mark 0
	before=$(tx_packets ul0)
	wait_for_ping "$h1" 203.0.113.2
	((before < $(tx_packets ul0))) || fail "nothing went by ul0 without the mark"
	check in_ns "$h1" nft delete table inet marks
	check ip -n "$h1" rule del fwmark 0x10
}

tx_packets() { link_stat "$h1" "$1" .tx.packets; }

# The tool's side: numbers as people write them, what show and save say of it.
mark_option()
{
	local n

	for n in 31 0x1f 0X1F; do
		check ctn "$h1" set-net net0 --mark $n
		check net_is "$h1" net0 '.mark == 31'
	done
	check_match "$(ctn "$h1" show net0)" ' mark 31' show
	check ctn "$h1" save net0
	check_match "$OUT" ' --mark 31' save
	check ctn "$h1" set-net net0 --mark 4294967295
	check_match "$(ip -n "$h1" -d link show net0)" ctnet "ip link"
	check_fail 1 'invalid number: 0 to 4294967295' ctn "$h1" set-net net0 --mark 0x100000000
	check_fail 1 'invalid number' ctn "$h1" set-net net0 --mark 0x
	check_fail 1 'invalid number' ctn "$h1" set-net net0 --mark x10
	check_fail 1 '--mark needs --vni' ctn "$h1" add-net loc1 --mark 1
	check ctn "$h1" add-net net0 --vni 100 --local $H1_IP --mark 0xffffffff --may-exist
	check_fail 2 'mark' ctn "$h1" add-net net0 --vni 100 --local $H1_IP --mark 7 --may-exist
	check ctn "$h1" set-net net0 --mark 0
}

# Refused by the firewall, or by a queue of the underlay: dropped, counted, and not as sent.
refused_by_the_host()
{
	local before sent

	in_ns "$h1" nft -f - <<-EOT || { fail "nft"; return; }
		table inet no {
			chain out {
				type filter hook output priority filter
				udp dport 4789 drop
			}
		}
	EOT
	while read -r net peer to; do
		before=$(drops "$h1" "$net" underlay) sent=$(peer_stat "$h1" "$net" "$peer" tx_packets)
		check_not ip netns exec "$h1" ping -nqc1 -W1 "$to"
		wait_until 5000 at_least $((before + 1)) drops "$h1" "$net" underlay
		check_eq "$(peer_stat "$h1" "$net" "$peer" tx_packets)" "$sent" "sent to $peer"
	done <<-EOT
		net0 $H2_IP 203.0.113.2
		net6 $H2_IP6 203.0.113.130
	EOT
	check in_ns "$h1" nft delete table inet no
	wait_for_ping "$h1" 203.0.113.2
}

# The host asks for 50 addresses at one go, which are answered at once; its queue takes one.
backlog()
{
	local before i

	for ((i = 0; i < 50; i++)); do
		printf 'replace-fdb net0 02:00:00:00:01:%02x --self --ip 203.0.113.%d\n' "$i" $((50 + i))
	done >"$TMP/fdb"
	# of the peer's: what is the host's own is not asked for
	sed -i "s/--self/--peer $H2_IP/" "$TMP/fdb"
	check ctn "$h1" -b "$TMP/fdb"
	ip netns exec "$h1" tc qdisc add dev net0 root plug limit 8000000 2>"$TMP/plug" ||
		{ skip "no qdisc plug: $(<"$TMP/plug")"; return; }
	before=$(drops "$h1" net0 queue)
	check ip netns exec "$h1" python3 -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("net0", 0))
mac = s.getsockname()[4]
for i in range(50):
    s.send(b"\xff" * 6 + mac + bytes.fromhex("08060001080006040001") + mac +
           socket.inet_aton("203.0.113.1") + bytes(6) + socket.inet_aton("203.0.113.%d" % (50 + i)))'
	check sysctl -qw net.core.netdev_max_backlog=0
	defer sysctl -qw net.core.netdev_max_backlog=1000
	check ip netns exec "$h1" tc qdisc change dev net0 root plug release_indefinite
	wait_until 5000 at_least $((before + 1)) drops "$h1" net0 queue
	check sysctl -qw net.core.netdev_max_backlog=1000
	check ip netns exec "$h1" tc qdisc del dev net0 root
	wait_for_ping "$h1" 203.0.113.2
}

build
run_test mark_is_the_networks "outer packets have the network's mark, and not the inner one's"
run_test mark_routes "routes go by the network's mark"
run_test mark_option "--mark"
run_test refused_by_the_host "what is refused on its way out is counted, and not as sent"
run_test backlog "what the host's queue has no room for is counted"
