#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
#
# ARP and neighbour discovery: the network answers what its table knows, and floods it
# nowhere.
#
#	h1 (namespace)                                    h2 (namespace)
#	net0 203.0.113.254, 2001:db8:100::fe  VNI 100 --- net0
#	 |- p1 ---veth--- c1 eth0 .1, ::1                  `- ct... ---veth--- r1 eth0 .21, ::21
#	 |- p2 ---veth--- c2 eth0 .2, ::2
#	 |- p3 ---veth--- c3 eth0 .3, ::3
#	 `- m1 ... m60 ---veth--- m (namespace) e1 ... e60: all for the last test
#
# MACs are 02:00:00:00:00:NN, NN as the address. "Phantoms" are addresses that the table has
# and no kernel, so that none but the network can answer. Sniffers sit in c2, c3, at the host
# (net0) and on the wire.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 arping
readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02 M3=02:00:00:00:00:03
readonly MH=02:00:00:00:00:fe MR=02:00:00:00:00:15 MP=02:00:00:00:00:64
readonly A1=203.0.113.1 B1=2001:db8:100::1
readonly NOT_SEEN="c2=0 c3=0 host=0 wire=0" SEEN="c2=1 c3=1 host=1 wire=1"
# of what is not flooded: the host may have the address all the same
readonly HOST_ALONE="c2=0 c3=0 host=1 wire=0"
readonly PORTS=60 REMOTE=20

topo_two_hosts
add_container c1 c2 c3 r1 m

topology()
{
	local i c

	for i in 1 2 3; do
		c=c$i
		echo "link add p$i netns $h1 type veth peer name eth0 address" \
			"02:00:00:00:00:0$i netns ${!c}"
	done
}

build()
{
	local i c

	topology | ip -batch - || die "setup: veths"
	ctn "$h1" -b - <<-EOT || die "setup: network"
		add-net net0 --vni 100 --local $H1_IP --mac $MH --address 203.0.113.254/24 --address 2001:db8:100::fe/64
		add-peer net0 $H2_IP
		add-port net0 --dev p1
		add-port net0 --dev p2
		add-port net0 --dev p3
		add-fdb net0 $M1 --port p1 --ip $A1 --ip $B1
		add-fdb net0 $M2 --port p2 --ip 203.0.113.2 --ip 203.0.113.102 --ip 2001:db8:100::2 --ip 2001:db8:100::102
		add-fdb net0 $M3 --port p3 --ip 203.0.113.3 --ip 2001:db8:100::3
		add-fdb net0 $MR --peer $H2_IP --ip 203.0.113.21 --ip 203.0.113.121 --ip 2001:db8:100::21 --ip 2001:db8:100::121
	EOT
	ctn "$h2" -b - <<-EOT || die "setup: network of h2"
		add-net net0 --vni 100 --local $H2_IP
		add-peer net0 $H1_IP
		add-port net0 $r1 --mac $MR --address 203.0.113.21/24 --address 2001:db8:100::21/64
	EOT
	for i in 1 2 3; do
		c=c$i
		ip_in "${!c}" <<-EOT || die "setup: $c"
			addr add 203.0.113.$i/24 dev eth0
			addr add 2001:db8:100::$i/64 dev eth0 nodad
			link set eth0 up
		EOT
	done
	# the host has an address once it is known that nobody else has
	busywait 10000 settled "$h1" || die "setup: addresses stay tentative"
	python_start craft.py
	ask sniff c1 "$c1" eth0
	ask sniff c2 "$c2" eth0
	ask sniff c3 "$c3" eth0
	ask sniff host "$h1" net0
	ask sniff wire "$h2" ul0
	ask sniff far "$r1" eth0
	[[ $RET -eq 0 ]] || die "setup: python"
}

# asked WANT SEEN TARGET [WORD...]: c1 asks for TARGET, from $FROM if that is set; what is
# answered, and who saw the question. Far sees what the wire does.
asked()
{
	local want=$1 seen=$2 target=$3 from=$A1

	shift 3
	[[ $target != *:* ]] || from=$B1
	[[ $want == - ]] || set -- "$@" want=1
	ask question "$c1" eth0 $M1 "${FROM:-$from}" "$target" "$@"
	check_match "$ANSWER" "^ok $want \| $seen( |$)" "question for $target"
}

answered() { asked "$1" "$NOT_SEEN" "${@:2}"; }
flooded() { asked - "$SEEN" "$@"; }

# ------------------------------------------------------------------- tests

pings()
{
	wait_for_ping "$c1" 203.0.113.2
	wait_for_ping "$c1" 2001:db8:100::2
	wait_for_ping "$c1" 203.0.113.21
	wait_for_ping "$c1" 2001:db8:100::21
	wait_for_ping "$h1" 203.0.113.2
	wait_for_ping "$c3" 203.0.113.254
}

local_ones()
{
	answered $M2 203.0.113.2
	answered $M2 2001:db8:100::2
	answered $M2 203.0.113.102
	answered $M2 2001:db8:100::102
	answered $M3 203.0.113.3
	answered $M3 2001:db8:100::3
}

remote_ones()
{
	answered $MR 203.0.113.21
	answered $MR 2001:db8:100::21
	answered $MR 203.0.113.121
	answered $MR 2001:db8:100::121
}

# the host is asked, and nobody else: it knows its addresses
host_itself()
{
	asked $MH "$HOST_ALONE" 203.0.113.254
	asked $MH "$HOST_ALONE" 2001:db8:100::fe
	check ip -n "$h1" addr add 203.0.113.200/24 dev net0
	asked $MH "$HOST_ALONE" 203.0.113.200
	check ip -n "$h1" addr del 203.0.113.200/24 dev net0
	flooded 203.0.113.200
}

# Who is a router stays one in answers.
router()
{
	ask advertise "$c3" eth0 $M3 2001:db8:100::3 1800
	answered "router$M3" 2001:db8:100::3
	answered $M2 2001:db8:100::2
	# an entry that changes is still the router's
	check ctn "$h1" replace-fdb net0 $M3 --port p3 --ip 203.0.113.3 --ip 2001:db8:100::3
	answered "router$M3" 2001:db8:100::3
	# who says so elsewhere, with its MAC, says nothing of it: neither from a port nor a peer
	ask advertise "$c1" eth0 $M3 2001:db8:100::3 0
	ask advertise "$c1" eth0 $M2 2001:db8:100::2 1800
	check ctn "$h2" set-port net0 "$r1" --guard off
	ask advertise "$r1" eth0 $M3 2001:db8:100::3 0
	ask advertise "$r1" eth0 $M2 2001:db8:100::2 1800
	check ctn "$h2" set-port net0 "$r1" --guard on
	answered "router$M3" 2001:db8:100::3
	answered $M2 2001:db8:100::2
	# nor what was said of a MAC before it was entered
	ask advertise "$c1" eth0 $MP fe80::64 1800
	check ctn "$h1" add-fdb net0 $MP --port p3 --ip 2001:db8:200::1
	answered $MP 2001:db8:200::1
	check ctn "$h1" del-fdb net0 $MP
	ask advertise "$c3" eth0 $M3 2001:db8:100::3 0
	answered $M3 2001:db8:100::3
}

# the addresses of the host's entry go along
host_mac()
{
	check ip -n "$h1" link set net0 address 02:00:00:00:00:f0
	answered 02:00:00:00:00:f0 203.0.113.253
	check ip -n "$h1" link set net0 address $MH
	answered $MH 203.0.113.253
	answered $MH 2001:db8:100::fd
}

host()
{
	# other than those that the host has itself, so that it cannot answer
	check ctn "$h1" replace-fdb net0 $MH --self --ip 203.0.113.254 --ip 203.0.113.253 \
		--ip 2001:db8:100::fe --ip 2001:db8:100::fd
	answered $MH 203.0.113.254
	answered $MH 203.0.113.253
	answered $MH 2001:db8:100::fd
	check_match "$(ctn "$h1" list fdb net0)" "${MH}[[:space:]]+static[^"$'\n'"]*203.0.113.253" table
	wait_for_ping "$c1" 203.0.113.254
}

# a MAC of the host that is not its device's own
host_second_mac()
{
	check ctn "$h1" add-fdb net0 02:00:00:00:00:fc --self --ip 203.0.113.252 \
		--ip 2001:db8:100::fc
	answered 02:00:00:00:00:fc 203.0.113.252
	answered 02:00:00:00:00:fc 2001:db8:100::fc
	check ctn "$h1" del-fdb net0 02:00:00:00:00:fc
	flooded 203.0.113.252
}

host_asks()
{
	ask question "$h1" net0 $MH 203.0.113.254 203.0.113.102 want=1
	check_match "$ANSWER" "^ok $M2 \| c1=0 c2=0 c3=0 wire=0" "the host asks"
	ask question "$h1" net0 $MH 2001:db8:100::fe 2001:db8:100::121 want=1
	check_match "$ANSWER" "^ok $MR \| c1=0 c2=0 c3=0 wire=0" "the host asks"
	# the kernel's own questions
	check ip -n "$h1" neigh flush dev net0
	wait_for_ping "$h1" 203.0.113.3
}

peer_asks()
{
	check ctn "$h2" set-port net0 "$r1" --guard off
	ask question "$r1" eth0 $MR 203.0.113.21 203.0.113.102 want=1
	check_match "$ANSWER" "^ok $M2 \| c1=0 c2=0 c3=0 host=0" "from the tunnel"
	ask question "$r1" eth0 $MR 2001:db8:100::21 2001:db8:100::102 want=1
	check_match "$ANSWER" "^ok $M2 \| c1=0 c2=0 c3=0 host=0" "from the tunnel"
	# its own is no business of this host
	ask question "$r1" eth0 $MR 203.0.113.21 203.0.113.121
	check_match "$ANSWER" "^ok - \| c1=1 c2=1 c3=1 host=1" "from the tunnel, of the tunnel"
}

many()
{
	local i ips=""

	for ((i = 1; i <= 64; i++)); do
		ips+=" --ip 198.51.100.$i --ip 2001:db8:200::$i"
	done
	# shellcheck disable=SC2086 # words
	check ctn "$h1" add-fdb net0 $MP --port p3 $ips
	for i in 1 17 64; do
		answered $MP 198.51.100.$i
		answered $MP 2001:db8:200::$i
	done
	flooded 198.51.100.65
}

# what the table says changes, and the answer with it
changes()
{
	check ctn "$h1" replace-fdb net0 $MP --port p2 --ip 198.51.100.1 --ip 2001:db8:200::1
	answered $MP 198.51.100.1
	flooded 198.51.100.2
	check ctn "$h1" del-fdb net0 $MP
	flooded 198.51.100.1
	flooded 2001:db8:200::1
	check ctn "$h1" add-fdb net0 02:00:00:00:00:65 --peer "$H2_IP" --ip 198.51.100.1
	answered 02:00:00:00:00:65 198.51.100.1
	check ctn "$h1" del-fdb net0 02:00:00:00:00:65
}

unknown()
{
	flooded 203.0.113.77
	flooded 2001:db8:100::77
}

# missed EVENT COUNTER COMMAND...: the command makes the monitor print a line, and the
# counter count
missed()
{
	local event=$1 counter=$2 before

	shift 2
	before=$(drops "$h1" net0 "$counter")
	"$@"
	wait_until 5000 at_least $((before + 1)) drops "$h1" net0 "$counter"
	wait_until 5000 grep -qxF "$event" "$TMP/events"
}

unknown_no_flood()
{
	: >"$TMP/events"
	background ctnetctl -n "$h1" monitor net0 >"$TMP/events"
	wait_until 5000 poke net0 "$TMP/events"
	check ctn "$h1" set-net net0 --flood off
	missed "fdb miss net0 address 203.0.113.77" miss asked - "$HOST_ALONE" 203.0.113.77
	missed "fdb miss net0 address 2001:db8:100::77" miss asked - "$HOST_ALONE" 2001:db8:100::77
	listen "$c2"
	missed "fdb miss net0 02:00:00:00:99:99" unknown \
		send_frame "$c1" 02:00:00:00:99:99 $M1 nobody
	# what is known is answered, what announces is flooded
	answered $M2 203.0.113.102
	asked - "$SEEN" $A1
	got_frames "$c2" eth0 nobody 0
	# the host's own is not in the table, and answered
	ask question "$c1" eth0 $M1 $A1 203.0.113.254 want=1
	check_match "$ANSWER" "^ok $MH \\| c2=0 c3=0 host=[01] wire=0" "the host's address"
	check ctn "$h1" set-net net0 --flood on
	flooded 203.0.113.77
	kill_wait "$BG_PID"
}

miss_json()
{
	: >"$TMP/json"
	background ctnetctl -n "$h1" -j monitor net0 >"$TMP/json"
	wait_until 5000 poke net0 "$TMP/json"
	check ctn "$h1" set-net net0 --flood off
	asked - "$HOST_ALONE" 203.0.113.78
	send_frame "$c1" 02:00:00:00:99:98 $M1 nobody
	wait_until 5000 has_event "$TMP/json" \
		'like({object: "fdb", event: "miss", network: "net0", address: "203.0.113.78"})'
	wait_until 5000 has_event "$TMP/json" \
		'like({object: "fdb", event: "miss", network: "net0", mac: "02:00:00:00:99:98"})'
	check ctn "$h1" set-net net0 --flood on
	kill_wait "$BG_PID"
}

suppress_off()
{
	check ctn "$h1" set-net net0 --suppress off
	flooded 203.0.113.102
	flooded 2001:db8:100::102
	flooded 203.0.113.121
	check ctn "$h1" set-net net0 --suppress on
	answered $M2 203.0.113.102
	answered $M2 2001:db8:100::102
}

announcements()
{
	# gratuitous ARP: a request, a reply
	FROM=$A1 flooded $A1
	FROM=$A1 flooded $A1 reply
	# an unsolicited advertisement
	FROM=$B1 flooded $B1 na
	# probe, and duplicate detection of one's own
	FROM=0.0.0.0 flooded $A1
	FROM=:: flooded $B1
}

# An announcement that contradicts the entry of a port that is not guarded, or of a peer,
# ends the answering: the question goes to all again, and the address is gone from the table.
readonly V4=203.0.113.102 V6=2001:db8:100::102

enter_again()
{
	check ctn "$h1" replace-fdb net0 $M2 --port p2 --ip 203.0.113.2 --ip $V4 \
		--ip 2001:db8:100::2 --ip $V6
	check ctn "$h1" replace-fdb net0 $MR --peer "$H2_IP" --ip 203.0.113.21 \
		--ip 203.0.113.121 --ip 2001:db8:100::21 --ip 2001:db8:100::121
	answered $M2 $V4
	answered $M2 $V6
}

# ends ADDRESS COMMAND...: the command ends the answering for the address alone
ends()
{
	local addr=$1

	shift
	enter_again
	: >"$TMP/events"
	background ctnetctl -n "$h1" monitor net0 >"$TMP/events"
	wait_until 5000 poke net0 "$TMP/events"
	"$@"
	wait_until 5000 grep -q "^fdb set net0 " "$TMP/events"
	check_not grep -q "[ ,]$addr\($\|[ ,]\)" <<<"$(grep '^fdb set' "$TMP/events")"
	check_not grep -q "[[:space:],]$addr\($\|[[:space:],]\)" <<<"$(ctn "$h1" list fdb net0)"
	kill_wait "$BG_PID"
	flooded "$addr"
	answered $M2 203.0.113.2
	answered $M2 2001:db8:100::2
	answered $MR 203.0.113.21
}

# stays COMMAND...: the command changes no answer
stays()
{
	enter_again
	"$@"
	answered $M2 $V4
	answered $M2 $V6
	answered $MR 203.0.113.121
}

# tells NS MAC SENDER TARGET [WORD...]
tells() { ask question "$1" eth0 "${@:2}"; }

takeover()
{
	ends $V4 tells "$c1" $M1 $V4 $V4
	ends $V4 tells "$c1" $M1 $V4 $V4 reply
	ends $V6 tells "$c1" $M1 $V6 $V6 na
	# said by the way, to all or to one
	ends $V4 tells "$c1" $M1 $V4 203.0.113.77
	ends $V4 tells "$c1" $M1 $V4 203.0.113.3 to=$M3 reply
	ends $V6 tells "$c1" $M1 $V6 2001:db8:100::77
	ends $V6 tells "$c1" $M1 $V6 2001:db8:100::3 to=$M3
	# of a peer's address, and by a peer
	ends 203.0.113.121 tells "$c1" $M1 203.0.113.121 203.0.113.121
	ends 2001:db8:100::121 tells "$c1" $M1 2001:db8:100::121 2001:db8:100::121 na
	check ctn "$h2" set-port net0 "$r1" --guard off
	ends $V4 tells "$r1" $MR $V4 $V4
	ends $V6 tells "$r1" $MR $V6 $V6 na
	check ctn "$h2" set-port net0 "$r1" --guard on
	# by the host
	ends $V4 ask question "$h1" net0 $MH $V4 $V4
	# what it announces is for all to see as well
	enter_again
	FROM=$V4 flooded $V4
	FROM=$V6 flooded $V6 na
	enter_again
}

# what changes nothing: probes, advertisements that override nothing, the same MAC again;
# where nothing is learned; and what is said of a guarded port, or of the host
no_takeover()
{
	stays tells "$c1" $M1 0.0.0.0 $V4
	stays tells "$c1" $M1 :: $V6
	stays tells "$c1" $M1 $V6 $V6 na soft
	stays tells "$c2" $M2 $V4 $V4
	stays tells "$c1" $M1 $V4 $V4 vlan=5
	check ctn "$h1" set-port net0 --dev p1 --learning off
	stays tells "$c1" $M1 $V4 $V4
	check ctn "$h1" set-port net0 --dev p1 --learning on
	check ctn "$h1" set-net net0 --learning off
	stays tells "$c1" $M1 $V6 $V6 na
	check ctn "$h1" set-net net0 --learning on
	check ctn "$h1" set-port net0 --dev p2 --guard on
	stays tells "$c1" $M1 $V4 $V4
	stays tells "$c1" $M1 $V6 $V6 na
	stays tells "$c1" $M1 $V4 $V4 reply
	check ctn "$h2" set-port net0 "$r1" --guard off
	stays tells "$r1" $MR $V4 $V4
	check ctn "$h2" set-port net0 "$r1" --guard on
	check ctn "$h1" set-port net0 --dev p2 --guard off
	FROM=203.0.113.253 flooded 203.0.113.253
	answered $MH 203.0.113.253
}

p2_runs() { ip -n "$c2" link show eth0 | grep -q 'state UP' && ip -n "$h1" link show p2 | grep -q 'state UP'; }

# entries whose port would not deliver: somebody else may have the address
nowhere()
{
	check ip -n "$c2" link set eth0 down
	asked - "c2=0 c3=1 host=1 wire=1" $V4 apart=c2
	asked - "c2=0 c3=1 host=1 wire=1" $V6 apart=c2
	check ctn "$h1" set-net net0 --flood off
	asked - "$HOST_ALONE" $V4 apart=c2
	check ctn "$h1" set-net net0 --flood on
	check ip -n "$c2" link set eth0 up
	wait_until 5000 p2_runs
	answered $M2 $V4
	check ip -n "$h1" link set p2 down
	asked - "c2=0 c3=1 host=1 wire=1" $V4 apart=c2
	check ip -n "$h1" link set p2 up
	wait_until 5000 p2_runs
	answered $M2 $V4
	# a link-local address is nobody's to enter, and asked for by all, always
	FROM=fe80::1 flooded fe80::77
	check ctn "$h1" set-net net0 --flood off
	FROM=fe80::1 flooded fe80::77
	check ctn "$h1" set-net net0 --flood on
}

conflict()
{
	FROM=0.0.0.0 answered $M2 203.0.113.102
	FROM=:: answered $M2 2001:db8:100::102
	FROM=0.0.0.0 answered $MR 203.0.113.121
	FROM=:: answered $MR 2001:db8:100::121
}

dad_failed() { ip -n "$c3" -o addr show dev eth0 to "$1" | grep -q dadfailed; }
dad_done() { ! ip -n "$c3" -o addr show dev eth0 to "$1" | grep -qE 'tentative|dadfailed'; }

conflict_seen()
{
	check ip -n "$c3" addr add 2001:db8:100::102/64 dev eth0
	check ip -n "$c3" addr add 2001:db8:100::78/64 dev eth0
	check_not ip netns exec "$c3" arping -q -D -c1 -w3 -I eth0 203.0.113.102
	check_not ip netns exec "$c3" arping -q -D -c1 -w3 -I eth0 203.0.113.121
	check ip netns exec "$c3" arping -q -D -c1 -w1 -I eth0 203.0.113.78
	# its own is no conflict
	check ip netns exec "$c3" arping -q -D -c1 -w1 -I eth0 203.0.113.3
	wait_until 5000 dad_failed 2001:db8:100::102
	wait_until 5000 dad_done 2001:db8:100::78
	check ip -n "$c3" addr del 2001:db8:100::102/64 dev eth0
	check ip -n "$c3" addr del 2001:db8:100::78/64 dev eth0
}

vlan()
{
	flooded 203.0.113.102 vlan=5
	flooded 2001:db8:100::102 vlan=5
}

# RFC 4861, 7.1.1: a solicitation that may have come from off the link is none
off_link()
{
	flooded 2001:db8:100::102 hops=64
}

all_up()
{
	local up

	up=$(ip -n "$m" -o link show up | grep -c 'state UP')
	echo "$up are up"
	[[ $up -eq PORTS ]]
}

no_broadcast()
{
	local i

	for i in "$m" "$h1"; do
		check ip netns exec "$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	for ((i = 1; i <= PORTS; i++)); do
		echo "link add m$i netns $h1 type veth peer name e$i netns $m"
	done | ip -batch - || fail "cannot make veths"
	for ((i = 1; i <= PORTS; i++)); do
		echo "link set e$i up"
	done | ip_in "$m" || fail "cannot bring veths up"
	for ((i = 1; i <= PORTS + REMOTE; i++)); do
		[[ $i -gt PORTS ]] || echo "add-port net0 --dev m$i"
		printf 'add-fdb net0 02:00:00:00:10:%02x --%s --ip 198.18.0.%d --ip 2001:db8:100::%x\n' \
			"$i" "$([[ $i -gt PORTS ]] && echo "peer $H2_IP" || echo "port m$i")" \
			"$((100 + i))" "$((0x1000 + i))"
	done | ctn "$h1" -b - || fail "cannot attach"
	wait_until 10000 all_up
	ask me "$m" e1 02:00:00:00:10:01 198.18.0.101 2001:db8:100::1001
	ask mesh e $PORTS $REMOTE
	check_eq "$ANSWER" "ok asked $((PORTS * (PORTS + REMOTE - 1))) wrong 0 broadcasts 0" \
		"$PORTS ports that resolve one another"
}

build

run_test pings "containers of both hosts reach one another"
run_test local_ones "what is asked for a local container is answered, and flooded nowhere"
run_test remote_ones "for a container behind a peer, too"
run_test host_itself "for the host's own addresses the host alone is asked"
run_test host "what the table has of the host is answered"
run_test host_mac "also as its MAC changes"
run_test router "a router is called one in answers"
run_test host_second_mac "for another MAC of the host, too"
run_test host_asks "the host's questions are answered, and flooded nowhere"
run_test peer_asks "those from a peer, too, but not for what is behind a peer"
run_test many "many addresses of one MAC are answered"
run_test changes "an entry that changes or goes changes the answer"
run_test unknown "a question for an unknown address is flooded"
run_test unknown_no_flood "where nothing unknown is flooded the host alone is asked; it is counted and told of"
run_test miss_json "and told of in JSON"
run_test suppress_off "--suppress off floods questions, on answers them again"
run_test announcements "gratuitous ARP, unsolicited NA, probe and DAD of one's own pass"
run_test takeover "an announcement of another's address ends the answering, and is told of"
run_test no_takeover "but not that of a guarded port, nor where nothing is learned"
run_test nowhere "a question whose answer would lead nowhere goes on"
run_test conflict "a probe and DAD for another's address are answered"
run_test conflict_seen "arping -D and the kernel's DAD see the conflict"
run_test vlan "questions inside a VLAN pass"
run_test off_link "a solicitation with another hop limit than 255 is not answered"
run_test no_broadcast "$PORTS containers that resolve one another cause no broadcast"
