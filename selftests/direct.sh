#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Delivery into a container's namespace: straight to the far end of its veth pair, unless
# something at the near end or the far end has to see the frame.
#
# timeout: 600
#
#	h1 (namespace)                          c1 c2 (namespaces)
#	net0                                    eth0 203.0.113.1/24, .2
#	 |- p1 ---veth--- c1 eth0                    02:00:00:00:00:01, :02
#	 `- p2 ---veth--- c2 eth0
#
# Nobody speaks IPv6, and neighbours are static: there are no frames that no test sends.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 tcpdump ethtool tc nft

readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02
# microseconds between two frames of what runs
readonly PACE=2000
# of tc's shared action that drops and counts
readonly GACT=77
TRACE=""

build()
{
	local ns i c

	setup_host h1
	add_container c1 c2
	for i in 1 2; do
		c=c$i
		echo "link add p$i netns $h1 type veth peer name eth0 address" \
			"02:00:00:00:00:0$i netns ${!c}"
	done >"$TMP/links"
	must ip -batch "$TMP/links"
	for ns in "$h1" "$c1" "$c2"; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	done
	must ctn "$h1" -b - <<-EOT
		add-net net0
		add-port net0 --dev p1
		add-port net0 --dev p2
		add-fdb net0 $M1 --port p1
		add-fdb net0 $M2 --port p2
	EOT
	printf 'link set %s up\n' p1 p2 | ip_in "$h1" || die "setup: ports"
	for i in 1 2; do
		c=c$i
		ip_in "${!c}" <<-EOT || die "setup: $c"
			addr add 203.0.113.$i/24 dev eth0
			link set eth0 up
			neigh add 203.0.113.$((3 - i)) lladdr 02:00:00:00:00:0$((3 - i)) nud permanent dev eth0
		EOT
	done
}

# An event for each frame that p2 is given to send.
trace_start()
{
	trace_instance || return
	echo 'name == "p2"' >"$TRACE/events/net/net_dev_xmit/filter" &&
		echo 1 >"$TRACE/events/net/net_dev_xmit/enable"
	defer eval "echo 0 >$TRACE/events/net/net_dev_xmit/enable"
}

# ------------------------------------------------------------------ helpers

# xmits: how many frames the near end was given since this was asked last
xmits()
{
	XMITS=$(grep -c 'dev=p2' "$TRACE/trace")
	: >"$TRACE/trace"
}

# sends TAG N [OPTION...]: c1 sends c2 frames, which arrive
sends()
{
	local tag=$1 n=$2

	shift 2
	send_frame "$c1" $M2 $M1 "$tag" "count=$n" "$@"
	got_frames "$c2" eth0 "$tag" "$n"
}

# directly TAG, by_pair TAG: so they arrive. Without tracefs the test goes on, and is skipped
# at best.
directly() { go_by_near_end 0 "$1"; }
by_pair() { go_by_near_end 20 "$1"; }

go_by_near_end()
{
	if [[ -z $TRACE ]]; then
		sends "$2" 20
		skip "no tracefs to see in which way frames go"
		return
	fi
	xmits
	sends "$2" 20
	xmits
	check_eq "$XMITS" "$1" "frames by way of the near end ($2)"
}

# received TAG: how many so far
received()
{
	ask count "$c2" eth0 "$1"
	[[ $ANSWER =~ ^ok\ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# more TAG N: waits for so many more of what runs
more()
{
	local now

	now=$(received "$1")
	[[ $now =~ ^[0-9]+$ ]] || { fail "$1: $now"; return; }
	wait_until 10000 at_least $((now + $2)) received "$1"
}

runs() { ask stream "$c1" eth0 $M2 $M1 "$1" $PACE; more "$1" 20; }

# halts TAG: nothing runs any more; $SENT, and $GOT of these
halts()
{
	ask halt
	SENT=${ANSWER#ok }
	# they are on their way at most
	ask count "$c2" eth0 "$1" "min=$((SENT - ${2:-0}))" ms=$((1000 * CTNET_SLOW))
	GOT=$(received "$1")
}

# packets NS DEV rx|tx: and bytes
packets() { link_stat "$1" "$2" ".$3"' | "\(.packets) \(.bytes)"'; }

# what drops, and how many it has dropped: NAME_add, NAME_del, NAME_count

tc_drop() { in_h1 tc filter add dev "$1" "$2" protocol all flower dst_mac "$3" action gact index $GACT; }

tc_dropped()
{
	local text

	text=$(ip netns exec "$h1" tc -s actions get action gact index $GACT)
	[[ $text =~ dropped\ ([0-9]+), ]] && echo "${BASH_REMATCH[1]}"
}

egress_tc_add() { tc_drop p2 egress $M2; }
egress_tc_del() { in_h1 tc filter del dev p2 egress; }
egress_tc_count() { tc_dropped; }
ingress_tc_add() { tc_drop p1 ingress $M2; }
ingress_tc_del() { in_h1 tc filter del dev p1 ingress; }
ingress_tc_count() { tc_dropped; }

nft_drop()
{
	in_h1 nft "add chain netdev t c { type filter hook $1 device $2 priority 0; };
		add rule netdev t c ether daddr $M2 counter name gone drop"
}

nft_undo() { in_h1 nft "flush chain netdev t c; delete chain netdev t c"; }

egress_nft_add() { nft_drop egress p2; }
egress_nft_del() { nft_undo; }
egress_nft_count() { nft_count "$h1" netdev t gone; }
ingress_nft_add() { nft_drop ingress p1; }
ingress_nft_del() { nft_undo; }
ingress_nft_count() { nft_count "$h1" netdev t gone; }

# ------------------------------------------------------------------- tests

straight() { directly direct; }

# What is read two seconds after it came says so.
stamped()
{
	ask stamp "$c1" "$c2" 203.0.113.2 2000
	[[ $ANSWER =~ ^ok\ (-?[0-9]+)$ ]] || { fail "a datagram: $ANSWER"; return; }
	((BASH_REMATCH[1] < 1900)) || fail "it says that it came ${BASH_REMATCH[1]} ms after it was sent"
}

counts()
{
	local rx tx port bytes

	rx=$(packets "$c2" eth0 rx) tx=$(packets "$h1" p2 tx)
	port=$(port_stat "$h1" net0 p2 tx_packets) bytes=$(port_stat "$h1" net0 p2 tx_bytes)
	sends counted 30 len=100
	check_eq "$(grew "$rx" "$(packets "$c2" eth0 rx)")" "30 3000" "packets, bytes eth0 received"
	check_eq "$(grew "$tx" "$(packets "$h1" p2 tx)")" "30 3000" "packets, bytes p2 sent"
	check_eq "$(($(port_stat "$h1" net0 p2 tx_packets) - port))" 30 "packets of the port"
	check_eq "$(($(port_stat "$h1" net0 p2 tx_bytes) - bytes))" 3000 "bytes of the port"
}

tagged()
{
	sends tagged 5 vlan=5 len=200
	check_eq "$ANSWER" "ok 5 vlan=5 len=200" "tagged frames"
	# the largest there are
	sends taggedlarge 2 vlan=7 len=1518
	check_eq "$ANSWER" "ok 2 vlan=7 len=1518" "large tagged frames"
}

tcpdump_sees()
{
	local f=$TMP/near n

	capture_start "$h1" p2 "ether proto 0x88b5" "$f" || return
	by_pair dumped
	send_frame "$c2" $M1 $M2 dumpedback count=10
	got_frames "$c1" eth0 dumpedback 10
	capture_has "$f" 30
	capture_stop "$f"
	check_eq "$(capture_count "$f" "ether dst $M2")" 20 "frames to c2 that were captured"
	check_eq "$(capture_count "$f" "ether dst $M1")" 10 "frames from c2 that were captured"
	directly undumped
	# comes and goes while traffic runs
	runs dumping
	for n in 1 2; do
		capture_start "$h1" p2 "ether dst $M2" "$f$n" || break
		capture_has "$f$n" 20
		capture_stop "$f$n"
		more dumping 20
	done
	halts dumping
	check_eq "$GOT" "$SENT" "frames that arrived while tcpdump came and went"
	directly undumped2
}

# drops_all NAME: NAME_add makes it drop, NAME_del ends that
drops_all()
{
	local name=$1 before

	before=$("${name}_count")
	"${name}_add"
	send_frame "$c1" $M2 $M1 "$name" count=20
	wait_until 5000 at_least $((before + 20)) "${name}_count"
	got_frames "$c2" eth0 "$name" 0
	"${name}_del"
	sends "$name-after" 20

	# while traffic runs: each frame either arrives or was dropped there
	before=$("${name}_count")
	runs "$name-run"
	"${name}_add"
	wait_until 5000 at_least $((before + 20)) "${name}_count"
	"${name}_del"
	more "$name-run" 20
	halts "$name-run" $(($("${name}_count") - before))
	check_eq "$((GOT + $("${name}_count") - before))" "$SENT" "frames that arrived or were dropped"
}

tc_filter()
{
	in_h1 tc actions add action drop index $GACT
	in_h1 tc qdisc add dev p2 clsact
	in_h1 tc qdisc add dev p1 clsact
	drops_all egress_tc
	drops_all ingress_tc
	in_h1 tc qdisc del dev p2 clsact
	in_h1 tc qdisc del dev p1 clsact
	in_h1 tc actions del action gact index $GACT
	directly aftertc
}

nft_hook()
{
	in_h1 nft 'add table netdev t; add counter netdev t gone'
	drops_all egress_nft
	drops_all ingress_nft
	in_h1 nft delete table netdev t
	directly afternft
}

qdisc_packets()
{
	local text

	text=$(ip netns exec "$h1" tc -s qdisc show dev p2)
	[[ $text =~ tbf.*bytes\ ([0-9]+)\ pkt ]] && echo "${BASH_REMATCH[1]}"
}

shapes()
{
	local tbf="root tbf rate 1mbit burst 3000 limit 1000000" start ms

	# shellcheck disable=SC2086 # words
	in_h1 tc qdisc add dev p2 $tbf
	start=$(now_ms)
	# 1 Mbit, less the burst
	sends shaped 125 len=1000
	ms=$(($(now_ms) - start))
	[[ $ms -ge 800 ]] || fail "a megabit came through 1 Mbit/s in $ms ms"
	check_eq "$(qdisc_packets)" 125 "packets that tbf sent"
	in_h1 tc qdisc del dev p2 root
	directly unshaped

	runs shaping
	# shellcheck disable=SC2086 # words
	in_h1 tc qdisc add dev p2 $tbf
	wait_until 5000 at_least 20 qdisc_packets
	in_h1 tc qdisc del dev p2 root
	more shaping 20
	halts shaping 50
	# what waits in a qdisc that is deleted goes with it
	[[ $GOT -ge $((SENT - 50)) ]] || fail "$GOT of $SENT frames arrived"
	directly unshaped2
}

sent_so_far() { ask sent; echo "${ANSWER#ok }"; }

# stops TAG: what runs does not arrive any more: nothing of thirty frames
stops()
{
	local before now end=$((SECONDS + 10 * CTNET_SLOW))

	now=$(received "$1")
	while true; do
		before=$now
		wait_until 5000 at_least $(($(sent_so_far) + 30)) sent_so_far || return
		now=$(received "$1")
		[[ $now != "$before" ]] || return 0
		((SECONDS < end)) || { fail "$1: frames go on arriving"; return; }
	done
}

# xdp_drops NS DEV TAG: at rest and as traffic runs
xdp_drops()
{
	local i

	ask xdp "$1" "$2" drop || return
	send_frame "$c1" $M2 $M1 "$3" count=20
	ask stream "$c1" eth0 $M2 $M1 "$3-run" $PACE
	stops "$3-run"
	for i in 1 2; do
		ask xdp "$1" "$2" off
		more "$3-run" 20
		ask xdp "$1" "$2" drop
		stops "$3-run"
	done
	ask halt
	ask xdp "$1" "$2" off
	got_frames "$c2" eth0 "$3" 0
}

xdp()
{
	# what only a kernel has that takes programs
	if [[ ! -e /proc/sys/kernel/unprivileged_bpf_disabled ]]; then
		skip "no BPF in this kernel"
		return
	fi
	xdp_drops "$c2" eth0 xdpfar
	xdp_drops "$h1" p1 xdpnear
	directly afterxdp
}

gro()
{
	check ip netns exec "$c2" ethtool -K eth0 gro on
	check_match "$(ip netns exec "$c2" ethtool -k eth0)" 'generic-receive-offload: on' features
	by_pair gro
	ask tcp "$c1" "$c2" 203.0.113.2 2000000
	check_eq "$ANSWER" "ok 2000000" "bytes over TCP, GRO on"
	check ip netns exec "$c2" ethtool -K eth0 gro off
	directly grooff
	ask tcp "$c1" "$c2" 203.0.113.2 2000000
	check_eq "$ANSWER" "ok 2000000" "bytes over TCP, GRO off"
}

# what the near end is told not to leave to others it does itself
offloads()
{
	local o

	for o in tx tso txvlan; do
		in_h1 ethtool -K p2 $o off
		by_pair "no$o"
		in_h1 ethtool -K p2 tx on sg on tso on txvlan on
		directly "with$o"
	done
}

far_down()
{
	local before tx

	check ip -n "$c2" link set eth0 down
	before=$(drops "$h1" net0 port_down) tx=$(port_stat "$h1" net0 p2 tx_packets)
	send_frame "$c1" $M2 $M1 fardown count=10
	wait_until 5000 at_least $((before + 10)) drops "$h1" net0 port_down
	check_eq "$(port_stat "$h1" net0 p2 tx_packets)" "$tx" "frames counted as sent"
	check ip -n "$c2" link set eth0 up
	listen "$c2"
	wait_until 5000 link_is_up
	sends farup 20
	got_frames "$c2" eth0 fardown 0
	directly farupagain
}

link_is_up() { [[ $(ip -n "$h1" link show dev p2) == *LOWER_UP*"state UP"* ]]; }

down_while_running()
{
	local i

	runs updown
	for i in 1 2 3; do
		check ip -n "$c2" link set eth0 down
		check ip -n "$c2" link set eth0 up
		# a socket that listens is told that its device went down
		listen "$c2"
		wait_until 5000 link_is_up
		more updown 10
	done
	ask halt
	directly afterupdown
}

build
python_start wire.py
listen "$c1"
listen "$c2"
trace_start || diag "no tracefs"

run_test straight "frames go straight to the far end"
run_test stamped "they have the time when they came"
run_test counts "they count at the far end, the near end and the port"
run_test tagged "tagged frames arrive with their tag"
run_test tcpdump_sees "tcpdump on the near end sees both directions, and no frame is lost as it comes and goes"
run_test tc_filter "tc filters drop at egress to a container and at ingress from one, also as traffic runs"
run_test nft_hook "nft's netdev hooks do, too"
run_test shapes "tbf on the near end shapes, also as traffic runs"
run_test xdp "XDP at the far end and on the near end sees what comes"
run_test gro "receive offload at the far end: by way of the pair"
run_test offloads "offloads of the near end that are off: by way of the pair"
run_test far_down "frames for a far end that is down are dropped and counted"
run_test down_while_running "it goes down and comes up while traffic runs"
