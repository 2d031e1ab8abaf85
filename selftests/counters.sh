#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Counters that no other script looks at: past 32 bits.
#
#	c1 eth0 -------- p1 loc0 (local, no addresses) p2 -------- eth0 c2

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=python.sh
. "$(dirname "$0")/python.sh"

need python3

readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02

topology()
{
	setup_host h1
	add_container c1 c2
	no_ipv6 "$c1" "$c2"
	ip -batch - <<-EOT || die "setup: veths"
		link add p1 netns $h1 mtu 65535 type veth peer name eth0 mtu 65535 address $M1 netns $c1
		link add p2 netns $h1 mtu 65535 type veth peer name eth0 mtu 65535 address $M2 netns $c2
	EOT
	must ctn "$h1" -b - <<-EOT
		add-net loc0
		add-port loc0 --dev p1
		add-port loc0 --dev p2
		add-fdb loc0 $M1 --port p1
		add-fdb loc0 $M2 --port p2
	EOT
	must ip -n "$c1" link set eth0 up
	must ip -n "$c2" link set eth0 up
}

past_32_bits()
{
	local rx tx n=66000 len=65500

	rx=$(port_stat "$h1" loc0 p1 rx_bytes)
	tx=$(port_stat "$h1" loc0 p2 tx_bytes)
	send_frame "$c1" $M2 $M1 large count=$n len=$len
	# the kernels there may have sent some frames of their own
	rx=$(($(port_stat "$h1" loc0 p1 rx_bytes) - rx - n * len))
	tx=$(($(port_stat "$h1" loc0 p2 tx_bytes) - tx - n * len))
	[[ $rx -ge 0 && $rx -lt 10000 ]] || fail "bytes received, less what was sent: $rx"
	[[ $tx -ge 0 && $tx -lt 10000 ]] || fail "bytes sent, less what was sent: $tx"
}

topology
python_start frames.py

run_test past_32_bits "counters go past 32 bits"
