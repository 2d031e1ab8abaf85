#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: a kernel of its own to boot, and many steps of the tool
#
# A host whose kernel was told at boot to do without IPv6: all of IPv4 works, IPv6 is
# refused with words, and what containers say of it passes and does no harm.
#
# append: ipv6.disable=1
#
#	h1                                      h2
#	net0 203.0.113.254, VNI 100 ----------- net0, VNI 100
#	 |- c1 .1                                `- c3 .3
#	 |- c2 .2
#	 `- c4 .4
#
#	h3: net0, VNI 100, whose underlay device is gone; loc0, a local bridge

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 tcpdump
[[ ! -e /proc/net/if_inet6 ]] || skip_all "the kernel was not booted with ipv6.disable=1"
readonly M1=02:00:00:00:00:01 M4=02:00:00:00:00:04
readonly OFF='IPv6 is off in this kernel'

topology()
{
	local i=0 h

	setup_host h1 h2 h3
	add_container c1 c2 c3 c4
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
		add-port net0 $c4 --address 203.0.113.4/24 --mac $M4 --guard off
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

# The network of h3 has no sockets, which would say that there is no IPv6.
stranded()
{
	must ip -n "$h3" link add ul0 type dummy
	must ip -n "$h3" link set ul0 up
	must ip -n "$h3" addr add 192.0.2.3/24 dev ul0
	must ctn "$h3" add-net net0 --vni 100 --local 192.0.2.3 --underlay ul0
	must ctn "$h3" add-net loc0
	must ip -n "$h3" link del ul0
}

# Each command with each option that takes an IPv6 address
commands()
{
	local h

	for h in "$h1" "$h3"; do
		check_fail 2 "$OFF" ctn "$h" add-net net6 --vni 600 --local 2001:db8:0:1::1
		check_fail 2 "$OFF" ctn "$h" add-net net6 --vni 600 --local 192.0.2.1 --local 2001:db8:0:1::1
		check_fail 2 "$OFF" ctn "$h" add-net net6 --vni 600 --local fe80::1 --underlay lo
		check_fail 2 "$OFF" ctn "$h" add-net net6 --address 2001:db8:100::1/64
		check_fail 2 "$OFF" ctn "$h" set-net net0 --local 2001:db8:0:1::1
		check_fail 2 "$OFF" ctn "$h" set-net net0 --local 192.0.2.1 --local 2001:db8:0:1::1
		check_fail 2 "$OFF" ctn "$h" add-peer net0 2001:db8:0:1::2
		check_fail 2 "$OFF" ctn "$h" add-peer net0 fe80::2
		check_fail 2 'no peer' ctn "$h" del-peer net0 2001:db8:0:1::2
		check_fail 2 'no peer' ctn "$h" add-fdb net0 02:00:00:00:00:99 --peer 2001:db8:0:1::2
		check_fail 2 'no peer' ctn "$h" replace-fdb net0 02:00:00:00:00:99 --peer 2001:db8:0:1::2
		check_fail 2 'no peer' ctn "$h" flush-fdb net0 --peer 2001:db8:0:1::2
		check_fail 255 "$OFF" bridge -n "$h" fdb append 00:00:00:00:00:00 dev net0 dst 2001:db8:0:1::2
		check_fail 2 "$OFF" ctn "$h" -b - <<<"add-peer net0 2001:db8:0:1::2"
		check_fail 2 "$OFF" ctn "$h" restore - <<<"add-net net6 --vni 600 --local 2001:db8:0:1::1"
	done
	check_fail 2 "$OFF" ctn "$h3" set-net loc0 --vni 7 --local 2001:db8:0:1::1
	add_container c5
	STATE_NS=$c5 check_fail 2 "$OFF" ctn "$h1" add-port net0 "$c5" --address 2001:db8:100::5/64
	STATE_NS=$c5 check_fail 2 "$OFF" ctn "$h1" add-port net0 "$c5" --address 203.0.113.5/24 \
		--address 2001:db8:100::5/64 --gateway 2001:db8:100::fe
}

# The same attributes by netlink, where the answer names the one at fault
attributes()
{
	local h net

	for h in "$h1" "$h3"; do
		net=u32:$(ifindex_of "$h" net0)
		nl_refused "$h" NEWLINK VNI=u32:7 '!LOCAL6=ip:2001:db8::1'
		nl_refused "$h" NEWLINK VNI=u32:7 LOCAL=ip:192.0.2.1 '!LOCAL6=ip:2001:db8::1'
		nl_refused "$h" NEWLINK VNI=u32:7 UNDERLAY=u32:1 '!LOCAL6=ip:fe80::1'
		nl_refused "$h" CHANGELINK '!LOCAL6=ip:2001:db8::1'
		nl_refused "$h" CHANGELINK VNI=u32:9 DSTPORT=u16:5000 '!LOCAL6=ip:2001:db8::1'
		nl_refused "$h" PEER_ADD NET="$net" '!ADDR=ip:2001:db8::2'
		nl_refused "$h" PEER_ADD NET="$net" '!ADDR=ip:fe80::2' DSTPORT=u16:5000
		# to take away what there is not is no fault
		ask "$h" CHANGELINK LOCAL6=ip:::
		check_eq "$ANSWER" "ok 0" "no IPv6 address"
	done
}

# nl_refused NS REQUEST...: see nlraw.py
nl_refused()
{
	ask "$@"
	check_match "$ANSWER" "^EAFNOSUPPORT offset=right miss=none changed=no .*$OFF" "$*"
}

# What needs no IPv6 of the host: the table may have addresses, of virtual machines say, and
# they are answered from.
answers()
{
	local f=$TMP/na frame

	check ctn "$h1" replace-fdb net0 $M1 --port "$(near_end "$h1" "$c1" net0)" --ip 203.0.113.1 --ip 2001:db8:100::1
	# from 2001:db8:100::4, at M4, for 2001:db8:100::1
	frame=$(printf %s 3333ff000001 020000000004 86dd \
		6000000000203aff 20010db8010000000000000000000004 ff0200000000000000000001ff000001 \
		8700000000000000 20010db8010000000000000000000001 0101020000000004)
	capture_start "$c4" eth0 "icmp6 and ether src $M1" "$f" || return
	send_hex "$c4" eth0 "$frame"
	capture_has "$f" 1
	capture_stop "$f"
}

# Packets of IPv6 are frames as any others, on a host and across the tunnel; those that are
# too large for the tunnel are answered, which needs no IPv6 of this host either.
passes()
{
	local f=$TMP/v6 g=$TMP/ptb frame to

	capture_start "$c3" eth0 "ip6 and ether src $M4" "$f" || return
	to=$(mac_of "$c3" eth0)
	frame=$(printf %s "${to//:/}" "${M4//:/}" 86dd \
		6000000000083b40 20010db8010000000000000000000004 20010db8010000000000000000000003 \
		0000000000000000)
	wait_for_ping "$c4" 203.0.113.3
	send_hex "$c4" eth0 "$frame"
	capture_has "$f" 1
	capture_stop "$f"
	# 1500 bytes, where the path has room for 1450
	check ip -n "$c4" link set eth0 mtu 1500
	check ip -n "$h1" link set "$(near_end "$h1" "$c4" net0)" mtu 1500
	capture_start "$c4" eth0 "icmp6 and ether dst $M4" "$g" || return
	frame=$(printf %s "${to//:/}" "${M4//:/}" 86dd \
		6000000005b41140 20010db8010000000000000000000004 20010db8010000000000000000000003)
	frame+=$(printf '00%.0s' {1..1460})
	send_hex "$c4" eth0 "$frame"
	capture_has "$g" 1
	capture_stop "$g"
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
stranded
python_start nlraw.py
run_test ipv4_works "containers and host reach one another by IPv4, over the tunnel, too"
run_test commands "each command refuses an IPv6 address that needs IPv6, with words"
run_test attributes "so does the kernel, and names the attribute"
run_test answers "neighbour solicitations are answered from the table"
run_test passes "packets of IPv6 pass, over the tunnel, too; what is too large is answered"
run_test solicitations "neighbour solicitations that nobody can answer pass"
