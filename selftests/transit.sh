#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is not the host's own does not get into a tunnel by its name: datagrams that the host
# forwards to a peer's VTEP for a container that it masquerades for, and such that a
# container sends to the host's own VTEP as if it were the peer.
#
#	h1                                            h2
#	ul0 192.0.2.1, 2001:db8:0:1::1 -------------- ul0 .2, ::2
#	net0 VNI 100 over IPv4 ---------------------- net0 - c2
#	 `- c1
#	net6 VNI 600 over IPv6 ---------------------- net6 - c6
#	net1 203.0.113.254, 2001:db8:200::254, masqueraded
#	 `- app .129, ::129, not guarded
#	up0 198.51.100.1, a network whose port is --- ul1 198.51.100.2
#	    the uplink; under netx, VNI 700 --------- netx
#
# The frames that tell are of the type 0x88b5, from 02:00:00:00:00:TAG.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3 tcpdump nft

build()
{
	local ns

	topo_two_hosts
	add_container app c1 c2 c6
	no_ipv6 "$c1" "$c2" "$c6"
	topo_network net0 100
	must ctn "$h1" -b - <<-EOT
		add-port net0 $c1
		add-net net6 --vni 600 --local $H1_IP6
		add-peer net6 $H2_IP6
		add-net net1 --address 203.0.113.254/25 --address 2001:db8:200::254/64
		add-port net1 $app --address 203.0.113.129/25 --address 2001:db8:200::129/64 --gateway 203.0.113.254 --gateway 2001:db8:200::254 --guard off
	EOT
	must ctn "$h2" -b - <<-EOT
		add-port net0 $c2
		add-net net6 --vni 600 --local $H2_IP6
		add-peer net6 $H1_IP6
		add-port net6 $c6
	EOT
	must in_ns "$h1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.net1.rp_filter=0
	# so that what is forwarded without masquerading comes back, or is seen to get there
	must ip -n "$h2" route add 203.0.113.128/25 via $H1_IP
	wait_until 10000 settled "$app" "$h1"
	masquerade
	wait_for_ping "$app" $H2_IP
	wait_for_ping "$app" $H2_IP6
	for ns in c1 c2 c6; do
		capture_start "${!ns}" eth0 "ether proto 0x88b5" "$TMP/$ns"
	done
}

masquerade()
{
	in_ns "$h1" nft -f - <<-EOT || die "setup: nft"
		table inet ctnet {
			chain postrouting {
				type nat hook postrouting priority srcnat
				ip saddr 203.0.113.128/25 masquerade
				ip6 saddr 2001:db8:200::/64 masquerade
			}
		}
	EOT
}

no_masquerade() { check in_ns "$h1" nft delete table inet ctnet; }

# send NS KEY=VALUE...: see transit.py
send()
{
	local ns=$1

	shift
	check in_ns "$ns" python3 "$SELFTESTS/lib/transit.py" "$@"
}

forwarded() { drops "$h1" "$1" forwarded; }
from() { echo "ether src 02:00:00:00:00:$1"; }
arrives() { capture_has "$TMP/$1" 1 "$(from "$2")"; }
# not_there CONTAINER TAG: what was sent after it is there
not_there() { check_eq "$(capture_count "$TMP/$1" "$(from "$2")")" 0 "frames $2 in $1"; }

# stopped NET WORD...: what app sends so is dropped, and counted
stopped()
{
	local net=$1 before

	shift
	before=$(forwarded "$net")
	send "$app" "$@"
	wait_until 5000 at_least $((before + 1)) forwarded "$net"
}

# ------------------------------------------------------------------- tests

masqueraded()
{
	stopped net0 to=$H2_IP tag=10
	stopped net6 to=$H2_IP6 vni=600 tag=11
	# the host's own get there
	send "$h1" to=$H2_IP tag=12
	send "$h1" to=$H2_IP6 vni=600 tag=13
	arrives c2 12
	arrives c6 13
	not_there c2 10
	not_there c6 11
	# and so does what a container sends to other ports
	capture_start "$h2" ul0 "udp port 4788" "$TMP/other" || return
	send "$app" to=$H2_IP dport=4788
	send "$app" to=$H2_IP6 dport=4788
	capture_has "$TMP/other" 2
	capture_stop "$TMP/other"
}

fragments()
{
	# put together, for who masquerades
	stopped net0 to=$H2_IP tag=20 size=3000
	stopped net6 to=$H2_IP6 vni=600 tag=21 size=3000
	# and as they come
	no_masquerade
	stopped net0 to=$H2_IP tag=22 size=3000
	stopped net6 to=$H2_IP6 vni=600 tag=23 size=3000
	stopped net6 to=$H2_IP6 from=2001:db8:200::129 vni=600 tag=24 hide=1
	masquerade
	send "$h1" to=$H2_IP tag=25
	send "$h1" to=$H2_IP6 vni=600 tag=26
	arrives c2 25
	arrives c6 26
	for tag in 20 22; do
		not_there c2 $tag
	done
	for tag in 21 23 24; do
		not_there c6 $tag
	done
}

# A source that is the host's own, by a container that is not guarded: IPv6 forwards it.
forged()
{
	stopped net6 to=$H2_IP6 from=$H1_IP6 vni=600 tag=30
	stopped net6 to=$H2_IP6 from=2001:db8:0:1::99 vni=600 tag=31
	send "$h1" to=$H2_IP6 vni=600 tag=32
	arrives c6 32
	not_there c6 30
}

# The port is the peer's own, or the network's, as it is now; of each network.
ports()
{
	check ctn "$h1" add-net net7 --vni 700 --local $H1_IP --dstport 5000
	check ctn "$h1" add-peer net7 $H2_IP
	check ctn "$h1" add-peer net7 192.0.2.77 --dstport 5001
	stopped net7 to=$H2_IP dport=5000
	stopped net7 to=192.0.2.77 dport=5001
	check ctn "$h1" set-net net7 --dstport 5002
	stopped net7 to=$H2_IP dport=5002
	stopped net0 to=$H2_IP dport=4789
	capture_start "$h2" ul0 "udp port 5000" "$TMP/was" || return
	send "$app" to=$H2_IP dport=5000
	capture_has "$TMP/was" 1
	capture_stop "$TMP/was"
	check ctn "$h1" del-net net7
	stopped net0 to=$H2_IP dport=4789
}

# Who is no peer any more may be sent anything, and who is again may not.
peer_gone()
{
	check ctn "$h1" del-peer net0 $H2_IP
	send "$app" to=$H2_IP tag=40
	arrives c2 40
	check ctn "$h1" add-peer net0 $H2_IP
	stopped net0 to=$H2_IP tag=41
	send "$h1" to=$H2_IP tag=42
	arrives c2 42
	not_there c2 41
}

# Of who has no network any more nothing is left.
network_gone()
{
	local net

	for net in net0 net6; do
		check ctn "$h1" -b - <<<"del-net $net"
	done
	send "$app" to=$H2_IP tag=50
	arrives c2 50
	check ctn "$h1" -b - <<-EOT
		add-net net0 --vni 100 --local $H1_IP
		add-peer net0 $H2_IP
		add-port net0 $c1
		add-net net6 --vni 600 --local $H1_IP6
		add-peer net6 $H2_IP6
	EOT
	stopped net0 to=$H2_IP tag=51
}

# dropped_dev: how many net0 has dropped as they came in by another network
dropped_dev() { drops "$h1" "$1" vxlan_dev; }

# A container sends to the host's VTEP as if it were the peer.
as_the_peer()
{
	local before

	capture_stop "$TMP/c1"
	capture_start "$c1" eth0 "ether proto 0x88b5" "$TMP/c1"
	before=$(dropped_dev net0)
	send "$app" to=$H1_IP from=$H2_IP tag=60
	wait_until 5000 at_least $((before + 1)) dropped_dev net0
	before=$(dropped_dev net6)
	send "$app" to=$H1_IP6 from=$H2_IP6 vni=600 tag=61
	wait_until 5000 at_least $((before + 1)) dropped_dev net6
	send "$h2" to=$H1_IP tag=62
	arrives c1 62
	not_there c1 60
}

# An underlay that leads through a network of the host is one, all the same.
underlay_is_a_network()
{
	check ip link add ul1 netns "$h2" type veth peer name eth1 netns "$h1"
	ip_in "$h2" <<-EOT || fail "links"
		addr add 198.51.100.2/24 dev ul1
		link set ul1 up
	EOT
	check ip -n "$h1" link set eth1 up
	check ctn "$h1" -b - <<-EOT
		add-net up0 --address 198.51.100.1/24
		add-port up0 --dev eth1
		add-net netx --vni 700 --local 198.51.100.1 --address 203.0.113.1/29
		add-peer netx 198.51.100.2
	EOT
	check ctn "$h2" -b - <<-EOT
		add-net netx --vni 700 --local 198.51.100.2 --address 203.0.113.2/29
		add-peer netx 198.51.100.1
	EOT
	wait_for_ping "$h1" 203.0.113.2
	check_eq "$(dropped_dev netx)" 0 "datagrams that came in by up0"
}

build
run_test masqueraded "what the host masquerades does not get to a peer's VTEP; what it sends does"
run_test fragments "nor does it in fragments"
run_test forged "nor with a source that is forged"
run_test ports "it is the UDP port that the peer listens on"
run_test peer_gone "a peer that is removed may be sent anything"
run_test network_gone "and of a network that is deleted nothing is left"
run_test as_the_peer "a container's datagram in the name of a peer is dropped"
run_test underlay_is_a_network "a peer that is behind a network of the host is none the less one"
