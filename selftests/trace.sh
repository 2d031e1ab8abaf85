#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints on receive, forward, encapsulate, decapsulate and drop, and what the kernel's
# own drop monitor is told.
#
#	h1 (namespace)                           h2 (namespace)
#	net1 VNI 100, VNI 101 without peer ----- net2 VNI 100
#	 |- pa ---veth--- a 02:..:0a              `- pr ---veth--- r 02:..:0d
#	 |- pb ---veth--- b 02:..:0b
#	 `- pg ---veth--- g 02:..:0c, guarded
#
# Nobody has an address, so that there are no frames that no test sends.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 ethtool

readonly MA=02:00:00:00:00:0a MB=02:00:00:00:00:0b MG=02:00:00:00:00:0c MR=02:00:00:00:00:0d
readonly BCAST=ff:ff:ff:ff:ff:ff
# of the test's frames
readonly TYPE=0x88b5
readonly PEER1=::ffff:192.0.2.1 PEER2=::ffff:192.0.2.2
TRACE=""

build()
{
	local ns

	topo_two_hosts
	add_container a b g r
	for ns in "$h1" "$h2" "$a" "$b" "$g" "$r"; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	ip -batch - <<-EOT || die "setup: veths"
		link add pa netns $h1 type veth peer name eth0 address $MA netns $a
		link add pb netns $h1 type veth peer name eth0 address $MB netns $b
		link add pg netns $h1 type veth peer name eth0 address $MG netns $g
		link add pr netns $h2 type veth peer name eth0 address $MR netns $r
	EOT
	must ctn "$h1" -b - <<-EOT
		add-net net1 --vni 100 --local $H1_IP --learning off
		add-peer net1 $H2_IP
		add-port net1 --dev pa
		add-port net1 --dev pb
		add-port net1 --dev pg --guard on
		add-fdb net1 $MA --port pa
		add-fdb net1 $MB --port pb
		add-fdb net1 $MG --port pg
		add-fdb net1 $MR --peer $H2_IP
		add-net other --vni 101 --local $H1_IP
		add-peer other $H2_IP
	EOT
	must ctn "$h2" -b - <<-EOT
		add-net net2 --vni 100 --local $H2_IP --learning off
		add-peer net2 $H1_IP
		add-port net2 --dev pr
		add-fdb net2 $MR --port pr
	EOT
	printf 'link set %s up\n' pa pb pg | ip_in "$h1" || die "setup: ports"
	must ip -n "$h2" link set pr up
	for ns in "$a" "$b" "$g" "$r"; do
		must ip -n "$ns" link set eth0 up
	done
	trace_start || skip_all "no tracefs"
	python_start frames.py
	listen "$a"
	listen "$b"
	listen "$r"
	ask listen "$h1" net1
	[[ $RET -eq 0 ]] || die "setup: python"
}

trace_start()
{
	trace_instance || return
	[[ -d $TRACE/events/ctnet ]] || die "the module is loaded, and its events are not there"
	echo 1 >"$TRACE/events/ctnet/enable"
	echo "protocol == $((TYPE))" >"$TRACE/events/skb/kfree_skb/filter"
	echo 1 >"$TRACE/events/skb/kfree_skb/enable"
	defer eval "echo 0 >$TRACE/events/ctnet/enable; echo 0 >$TRACE/events/skb/kfree_skb/enable"
}

# events PATTERN: how many events match, of those since the trace was cleared
events() { grep -cE "$1" "$TRACE/trace"; }
clear_trace() { : >"$TRACE/trace"; }

# traced N PATTERN: exactly so many
traced() { check_eq "$(events "$2")" "$1" "events like: $2"; }

# frame NS DST SRC TAG AT DEV: sends one, which arrives there
frame()
{
	clear_trace
	send_frame "$1" "$2" "$3" "$4"
	got_frames "$5" "$6" "$4" 1
}

# ------------------------------------------------------------------- tests

local_frame()
{
	local pa pb macs="source=$MA dest=$MB protocol=$TYPE len=60"

	pa=$(ifindex_of "$h1" pa)
	pb=$(ifindex_of "$h1" pb)
	frame "$a" $MB $MA local "$b" eth0
	traced 1 "ctnet_receive: net1: skb=[0-9a-f]+ port ifindex=$pa .*$macs"
	traced 1 "ctnet_forward: net1: skb=[0-9a-f]+ port ifindex=$pb .*$macs"
	traced 2 ': ctnet_'
	check_eq "$(grep -oE 'skb=[0-9a-f]+' "$TRACE/trace" | sort -u | wc -l)" 1 "frames told of"
}

to_host()
{
	frame "$a" "$(mac_of "$h1" net1)" $MA host "$h1" net1
	traced 1 'ctnet_forward: net1: skb=[0-9a-f]+ host ifindex=0 '
	clear_trace
	ask send "$h1" net1 $MA "$(mac_of "$h1" net1)" from-host
	got_frames "$a" eth0 from-host 1
	traced 1 'ctnet_receive: net1: skb=[0-9a-f]+ host ifindex=0 '
}

to_peer()
{
	local sport

	frame "$a" $MR $MA remote "$r" eth0
	traced 1 'ctnet_receive: net1: skb=[0-9a-f]+ port '
	traced 1 "ctnet_forward: net1: skb=[0-9a-f]+ peer ifindex=0 peer=$PEER2 source=$MA dest=$MR"
	traced 1 "ctnet_encap: net1: skb=[0-9a-f]+ peer=$PEER2 vni=100 sport=[0-9]+ len=60"
	sport=$(sed -nE 's/.*ctnet_encap.* sport=([0-9]+).*/\1/p' "$TRACE/trace")
	traced 1 "ctnet_decap: net2: skb=[0-9a-f]+ peer=$PEER1 vni=100 sport=$sport len=60"
	traced 1 "ctnet_receive: net2: skb=[0-9a-f]+ peer ifindex=0 peer=$PEER1 source=$MA"
	traced 1 'ctnet_forward: net2: skb=[0-9a-f]+ port '
	traced 6 ': ctnet_'
}

flood()
{
	frame "$a" $BCAST $MA flood "$r" eth0
	got_frames "$b" eth0 flood 1
	traced 1 'ctnet_receive: net1: '
	# two ports, the host and the peer
	traced 2 'ctnet_forward: net1: .* port '
	traced 1 'ctnet_forward: net1: .* host '
	traced 1 'ctnet_forward: net1: .* peer '
	traced 1 'ctnet_encap: net1: '
}

# dropped REASON NET: so said the counters' names, and nothing was sent on
dropped()
{
	check wait_until 5000 at_least 1 events "ctnet_drop: $2: skb=[0-9a-f]+ reason=$1 "
	traced 1 'ctnet_drop: '
}

drops_told()
{
	clear_trace
	send_frame "$g" $MB $MA spoof
	dropped guard-mac net1
	traced 0 'ctnet_forward: '
	clear_trace
	send_frame "$a" $MA $MA hairpin
	dropped hairpin net1
	clear_trace
	send_frame "$a" 01:80:c2:00:00:01 $MA pause
	dropped link-local net1
	# it is for the port's own stack
	clear_trace
	send_frame "$a" 01:80:c2:00:00:03 $MA eapol
	check wait_until 5000 at_least 1 events 'ctnet_receive: net1: '
	traced 0 'ctnet_drop: |ctnet_forward: '
}

# a datagram that no network is there for
drop_of_socket()
{
	clear_trace
	ask send "$h1" other $BCAST "$(mac_of "$h1" other)" nobody
	check wait_until 5000 at_least 1 events 'ctnet_drop: : skb=[0-9a-f]+ reason=vxlan-vni '
}

# monitored REASON: what skb:kfree_skb says of the test's frames
monitored()
{
	check wait_until 5000 at_least 1 events "kfree_skb: .*reason: $1\$"
}

kernels_reason()
{
	check ip -n "$h1" link set net1 down
	clear_trace
	send_frame "$a" $MB $MA down
	dropped net-down net1
	monitored DEV_READY
	check ip -n "$h1" link set net1 up
	check ip -n "$h1" link set pb mtu 1000
	clear_trace
	send_frame "$a" $MB $MA big len=1200
	dropped too-big net1
	monitored PKT_TOO_BIG
	check ip -n "$h1" link set pb mtu 1500
}

# What is sent is not dropped.
no_false_alarm()
{
	frame "$a" $MB $MA fine "$b" eth0
	traced 0 'ctnet_drop: |kfree_skb: '
}

queue()
{
	local before

	before=$(drops "$h1" net1 queue)
	check tc -n "$h1" qdisc add dev pb clsact
	check tc -n "$h1" filter add dev pb egress protocol all matchall action drop
	clear_trace
	send_frame "$a" $MB $MA queue
	dropped queue net1
	check_eq "$(drops "$h1" net1 queue)" $((before + 1)) "drops: queue"
	check tc -n "$h1" qdisc del dev pb clsact
	frame "$a" $MB $MA after "$b" eth0
}

# Those that enum ctnet_drop has, which ethtool -S lists, have a name in the event.
all_reasons()
{
	local reason n=0

	while read -r reason; do
		grep -q "\"$reason\"" "$TRACE/events/ctnet/ctnet_drop/format" ||
			fail "the event ctnet_drop has no name for $reason"
		n=$((n + 1))
	done < <(ethtool_of "$h1" net1 | sed -n 's/^ *drop-\([a-z0-9-]*\):.*/\1/p')
	((n > 20)) || fail "ethtool -S lists $n reasons"
}

ethtool_of() { ip netns exec "$1" ethtool -S "$2"; }

build

run_test local_frame "from port to port: received, forwarded"
run_test to_host "to the host and from it"
run_test to_peer "to a peer: forwarded, encapsulated; there decapsulated, received, forwarded"
run_test flood "a flood is told of for each receiver"
run_test drops_told "a drop is told of with its reason"
run_test drop_of_socket "one that no network has, too"
run_test kernels_reason "the kernel's drop monitor has a reason"
run_test no_false_alarm "what arrives was not dropped"
run_test queue "what a filter of the port drops is counted"
run_test all_reasons "each reason has a name in the event"
