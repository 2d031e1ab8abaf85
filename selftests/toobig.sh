#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is too long for the port that it leaves by: whoever sent it is told, and what he
# sends then arrives. The tunnel: pmtu.sh. What MTUs there are: mtu.sh.
#
# timeout: 900
#
#	c1 eth0 ----- |                  | p2 (MTU M) -- eth0 c2, with an address for each case
#	              | n0 of h1         |
#	c4 eth0 --- w | (host, routes w) | VXLAN on u -- n0 of h2 -- eth0 c3
#
# All have an MTU of 9000 (u: 9100), but for p2.
#
#	n0 198.18.0.0/16 2001:db8:1::/64: h1 .0.1, c1 .0.2, c3 .0.3, c2 .1.n
#	w  198.19.0.0/24 2001:db8:2::/64: h1 .1, c4 .2
#	VLAN 5 of c1 and c2: 203.0.113.0/24, 2001:db8:5::/64

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 tcpdump

readonly CASES=150
CASE=0		# cases so far, each of which has an address of c2's

topology()
{
	local i

	topo_two_hosts
	add_container c1 c2 c3 c4
	ip_in "$h1" <<-EOT || die "setup: links"
		link set ul0 mtu 9100
		link add p2 mtu 9000 type veth peer name eth0 mtu 9000 netns $c2
		link add w mtu 9000 type veth peer name eth0 mtu 9000 netns $c4
		addr add 198.19.0.1/24 dev w
		addr add 2001:db8:2::1/64 dev w nodad
		link set w up
	EOT
	must ip -n "$h2" link set ul0 mtu 9100
	must ip netns exec "$h1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	must ctn "$h1" -b - <<-EOT
		add-net n0 --vni 100 --local $H1_IP --mtu 9000 --address 198.18.0.1/16 --address 2001:db8:1::1/64
		add-peer n0 $H2_IP
		add-port n0 $c1 --address 198.18.0.2/16 --address 2001:db8:1::2/64 --mtu 9000
		add-port n0 --dev p2
	EOT
	must ctn "$h2" -b - <<-EOT
		add-net n0 --vni 100 --local $H2_IP --mtu 9000
		add-peer n0 $H1_IP
		add-port n0 $c3 --address 198.18.0.3/16 --address 2001:db8:1::3/64
	EOT
	ip_in "$c4" <<-EOT || die "setup: c4"
		addr add 198.19.0.2/24 dev eth0
		addr add 2001:db8:2::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 198.19.0.1
		route add default via 2001:db8:2::1
	EOT
	{
		echo "link set eth0 up"
		for ((i = 1; i <= CASES; i++)); do
			echo "addr add 198.18.1.$i/16 dev eth0"
			echo "addr add 2001:db8:1::1:$i/64 dev eth0 nodad"
		done
		echo "route add default via 198.18.0.1"
		echo "route add default via 2001:db8:1::1"
	} | ip_in "$c2" || die "setup: c2"
	for i in 1 2; do
		local c=c$i

		ip_in "${!c}" <<-EOT || die "setup: VLAN of c$i"
			link add link eth0 name v5 type vlan id 5
			link set v5 up
		EOT
	done
	wait_for_ping "$c1" 198.18.1.1
	wait_for_ping "$c3" 198.18.1.1
	wait_for_ping "$c4" 2001:db8:1::1:1
}

# next_address 4|6: one of c2's that nobody has learned anything of
next_address()
{
	CASE=$((CASE + 1))
	[[ $1 == 4 ]] && ADDRESS=198.18.1.$CASE || ADDRESS=2001:db8:1::1:$CASE
}

# learns FROM ADDRESS MTU: a packet of 9000 bytes that must not be cut teaches FROM the
# MTU, and one that has it arrives
learns()
{
	if [[ $3 -lt 9000 ]]; then
		ask pmtu "$1" "$c2" "$2" 9000 $((5000 * CTNET_SLOW))
		check_eq "$ANSWER" "ok 9000 $3" "MTU of the path to $2, before and after"
	fi
	ask fits "$1" "$c2" "$2" "$3"
	check_eq "$ANSWER" "ok $3" "a packet of $3 bytes to $2"
}

# transfers FROM ADDRESS MTU: TCP, which the receiver allows segments of 9000 bytes, in
# frames of many segments
transfers()
{
	ask tcp "$1" "$c2" "$2" 300000
	check_eq "$ANSWER" "ok 300000" "bytes over TCP to $2"
	[[ $3 -ge 9000 ]] ||
		check_match "$(ip -n "$1" route get "$2")" "mtu $3" "route to $2"
}

# table MTU FROM: both families; what may be cut, and what not; datagrams and TCP
table()
{
	local mtu=$1 from=$2 before fam

	check ip -n "$h1" link set p2 mtu "$mtu"
	before=$(drops "$h1" n0 too_big)
	for fam in 4 6; do
		next_address $fam
		learns "$from" "$ADDRESS" "$mtu"
		next_address $fam
		transfers "$from" "$ADDRESS" "$mtu"
		# of IPv6 the sender alone may cut, and does so by what he has learned
		next_address $fam
		ask fits "$from" "$c2" "$ADDRESS" 9000 df=0
		check_eq "$ANSWER" "ok 9000" "a datagram that may be cut, to $ADDRESS"
	done
	if [[ $mtu -lt 9000 ]]; then
		check at_least $((before + 4)) drops "$h1" n0 too_big
	else
		check_eq "$(drops "$h1" n0 too_big)" "$before" "frames too big"
	fi
}

tagged()
{
	local mtu=$1

	check ip -n "$h1" link set p2 mtu "$mtu"
	check ctn "$h1" set-port n0 "$c1" --guard off
	printf '%s\n' "addr add 203.0.113.1/24 dev v5" "addr add 2001:db8:5::1/64 dev v5 nodad" |
		check ip_in "$c1"
	printf '%s\n' "addr add 203.0.113.2/24 dev v5" "addr add 203.0.113.3/24 dev v5" \
		"addr add 2001:db8:5::2/64 dev v5 nodad" "addr add 2001:db8:5::3/64 dev v5 nodad" |
		check ip_in "$c2"
	learns "$c1" 203.0.113.2 "$mtu"
	learns "$c1" 2001:db8:5::2 "$mtu"
	transfers "$c1" 203.0.113.3 "$mtu"
	transfers "$c1" 2001:db8:5::3 "$mtu"
	check ip_in "$c1" <<<$'addr flush dev v5'
	check ip_in "$c2" <<<$'addr flush dev v5'
	check ctn "$h1" set-port n0 "$c1" --guard on
}

# A packet of one byte more is too long, though a frame with a tag would have had room.
to_the_byte()
{
	check ip -n "$h1" link set p2 mtu 1400
	next_address 4
	ask fits "$c1" "$c2" "$ADDRESS" 1400
	check_eq "$ANSWER" "ok 1400" "a packet that just fits"
	ask pmtu "$c1" "$c2" "$ADDRESS" 1401 $((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok 9000 1400" "MTU of the path after one of a byte more"
}

# A container that set a smaller MTU than its port has: what it does not take.
far_end()
{
	local from fam

	check ip -n "$h1" link set p2 mtu 9000
	check ip -n "$c2" link set eth0 mtu 1300
	for from in "$c1" "$h1" "$c3"; do
		for fam in 4 6; do
			next_address $fam
			learns "$from" "$ADDRESS" 1300
		done
	done
	check ip -n "$c2" link set eth0 mtu 9000
}

# A port of less than IPv6 needs: it is told of 1280, as a router would tell.
below_ipv6()
{
	check ip -n "$h1" link set p2 mtu 1000
	next_address 4
	learns "$c1" "$ADDRESS" 1000
	next_address 6
	ask pmtu "$c1" "$c2" "$ADDRESS" 9000 $((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok 9000 1280" "MTU of the path, IPv6"
	check ip -n "$h1" link set p2 mtu 1500
}

# Nobody knows where the receiver is, and the frame goes to all: also to a port that it
# is too long for.
unknown()
{
	check ip -n "$h1" link set p2 mtu 1400
	check ip_in "$c1" <<-EOT
		neigh add 198.18.2.1 lladdr 02:00:00:00:77:77 dev eth0
		neigh add 2001:db8:1::2:1 lladdr 02:00:00:00:77:77 dev eth0
	EOT
	check in_ns "$c2" ip addr add 198.18.2.1/32 dev lo
	check in_ns "$c2" ip addr add 2001:db8:1::2:1/128 dev lo
	ask pmtu "$c1" "$c2" 198.18.2.1 9000 $((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok 9000 1400" "MTU of the path, IPv4"
	ask pmtu "$c1" "$c2" 2001:db8:1::2:1 9000 $((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok 9000 1400" "MTU of the path, IPv6"
}

# Nobody is told of what has no sender that could be: of what is for all; nor of an error,
# which might be about such a message. Each is counted, and none is answered.
not_told()
{
	local before

	check ip -n "$h1" link set p2 mtu 1280
	before=$(drops "$h1" n0 too_big)
	check in_ns "$c1" ip neigh replace 198.18.3.1 lladdr ff:ff:ff:ff:ff:ff dev eth0
	check capture_start "$c1" eth0 "icmp[0] = 3 or (icmp6 and ip6[40] = 2)" "$TMP/told"
	# to an Ethernet address of all
	in_ns "$c1" ping -nqc1 -W1 -M "do" -s 1400 198.18.3.1 >/dev/null
	# to a group
	in_ns "$c1" ping -nqc1 -W1 -M "do" -s 1400 -I eth0 ff02::1 >/dev/null
	# no IP
	ask emit "$c1" eth0 from="$(mac_of "$c1" eth0)" to="$(mac_of "$c2" eth0)" fam=0 size=1400
	wait_until 5000 at_least $((before + 3)) drops "$h1" n0 too_big
	# who is told comes last, so that all that was said has been seen
	next_address 4
	ask pmtu "$c1" "$c2" "$ADDRESS" 9000 $((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok 9000 1280" "MTU of a path that is told of"
	capture_has "$TMP/told" 1 "host $ADDRESS"
	capture_stop "$TMP/told"
	check_eq "$(capture_count "$TMP/told" "not host $ADDRESS")" 0 "messages about the others"
}

# The answer has what the sender needs to know that it is about him, and right sums.
answers_are_right()
{
	local out

	check ip -n "$h1" link set p2 mtu 1400
	next_address 4
	check capture_start "$c1" eth0 "icmp[0] = 3 or (icmp6 and ip6[40] = 2)" "$TMP/icmp"
	ask pmtu "$c1" "$c2" "$ADDRESS" 9000 $((5000 * CTNET_SLOW))
	out=$ADDRESS
	next_address 6
	ask pmtu "$c1" "$c2" "$ADDRESS" 9000 $((5000 * CTNET_SLOW))
	capture_has "$TMP/icmp" 1 icmp
	capture_has "$TMP/icmp" 1 icmp6
	capture_stop "$TMP/icmp"
	check_match "$(tcpdump -nvr "$TMP/icmp" icmp 2>/dev/null)" \
		"length 576\).*$out > 198.18.0.2: ICMP $out unreachable - need to frag \(mtu 1400\), length 556" \
		"IPv4"
	check_match "$(tcpdump -nvr "$TMP/icmp" icmp6 2>/dev/null)" \
		"payload length: 1240.*$ADDRESS > 2001:db8:1::2: \[icmp6 sum ok\] ICMP6, packet too big, mtu 1400" \
		"IPv6"
	[[ $(tcpdump -nvr "$TMP/icmp" 2>/dev/null) != *"bad cksum"* ]] || fail "a bad checksum"
}

topology
python_start wire.py

for m in 1280 1400 1450 1500 9000; do
	run_test table $m "$c1" "port of $m bytes: from a container"
	run_test table $m "$h1" "port of $m bytes: from the host"
	run_test table $m "$c4" "port of $m bytes: from who is routed through the host"
	run_test table $m "$c3" "port of $m bytes: from a peer's container"
done
run_test tagged 1400 "tagged frames: the same"
run_test tagged 9000 "tagged frames that fit"
run_test to_the_byte "what is a byte too long is too long"
run_test far_end "a container that set a smaller MTU than its port has"
run_test below_ipv6 "a port with less than IPv6 needs"
run_test unknown "a receiver that nobody knows"
run_test not_told "nobody is told of what is for all, or of what is no IP"
run_test answers_are_right "the messages are well formed"
