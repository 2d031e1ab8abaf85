#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A host whose kernel was told at boot to do without IPv6: all of IPv4 works, IPv6 is
# refused with words, and what containers say of it passes and does no harm.
#
# append: ipv6.disable=1
#
#	h1                                      h2
#	net0 203.0.113.254, VNI 100 ----------- net0, VNI 100
#	 |- c1 .1                                `- c3 .3
#	 `- c2 .2

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

need python3 tcpdump
[[ ! -e /proc/net/if_inet6 ]] || skip_all "the kernel was not booted with ipv6.disable=1"
readonly M1=02:00:00:00:00:01

topology()
{
	local i=0 h

	setup_host h1 h2
	add_container c1 c2 c3
	must ip link add ul0 netns "$h1" type veth peer name ul0 netns "$h2"
	for h in "$h1" "$h2"; do
		i=$((i + 1))
		ip_in "$h" <<-EOT || die "setup: underlay"
			addr add 192.0.2.$i/24 dev ul0
			link set ul0 up
		EOT
	done
	must ctn "$h1" -b - <<-EOT
		add-net net0 --vni 100 --local 192.0.2.1 --address 203.0.113.254/24
		add-peer net0 192.0.2.2
		add-port net0 $c1 --address 203.0.113.1/24 --mac $M1
		add-port net0 $c2 --address 203.0.113.2/24 --guard off
	EOT
	must ctn "$h2" -b - <<-EOT
		add-net net0 --vni 100 --local 192.0.2.2
		add-peer net0 192.0.2.1
		add-port net0 $c3 --address 203.0.113.3/24
	EOT
}

ipv4_works()
{
	wait_for_ping "$c1" 203.0.113.2
	wait_for_ping "$c1" 203.0.113.3
	wait_for_ping "$c1" 203.0.113.254
	wait_for_ping "$h1" 203.0.113.1
}

refuses()
{
	check_fail 2 'no IPv6' ctn "$h1" add-net net6 --vni 600 --local 2001:db8:0:1::1
	check_fail 2 'local address of the peer' ctn "$h1" add-peer net0 2001:db8:0:1::2
}

# A neighbour solicitation for 2001:db8::99, which nobody has, from an unguarded port and
# through the tunnel: it goes where all floods go.
solicitations()
{
	local f=$TMP/ns frame

	frame=$(printf %s 3333ff000099 020000000077 86dd \
		6000000000183aff 20010db8000000000000000000000077 ff0200000000000000000001ff000099 \
		8700000000000000 20010db8000000000000000000000099)
	capture_start "$c3" eth0 "ether src 02:00:00:00:00:77" "$f" || return
	send_hex "$c2" eth0 "$frame"
	capture_has "$f" 1
	capture_stop "$f"
	ipv4_works
}

# send_hex NS DEV HEX: a frame as it is
send_hex()
{
	check ip netns exec "$1" python3 -c '
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
s.send(bytes.fromhex(sys.argv[2]))' "$2" "$3"
}

topology
run_test ipv4_works "containers and host reach one another by IPv4, over the tunnel, too"
run_test refuses "IPv6 is refused, with words"
run_test solicitations "neighbour solicitations pass"
