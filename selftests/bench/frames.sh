#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 3000
#
# What a frame costs from one container to another, by ctnet and by what else there is, in
# instructions of the CPU. "make bench" runs it in a VM with one CPU, whose clock goes on by a
# nanosecond with each instruction (QEMU's -icount): so the time that pktgen takes to send is
# their number, which hardly varies from run to run, whatever the machine and its load. What it
# does not show are caches, mispredicted branches, and the price of atomic instructions.
#
# A frame of 60 bytes, UDP over IPv4, is dropped and counted by tc at ingress of the receiver's
# eth0. What pktgen itself takes, with a dummy device, is subtracted.
#
#	$CTNET_OUT/frames.tsv	case, instructions; a line for each round
#	CTNET_BENCH_CASES="cable guard"	these only
#	CTNET_BENCH_FRAMES, CTNET_BENCH_ROUNDS

# shellcheck source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

readonly FRAMES=${CTNET_BENCH_FRAMES:-2000} ROUNDS=${CTNET_BENCH_ROUNDS:-3}
readonly SRC_IP=203.0.113.1 DST_IP=203.0.113.2
declare -A FROM TO		# namespaces of a case
declare -A NEXT_HOP TO_IP	# where the receiver is on another network
CASES=()

need tc ctnetctl
for mod in veth dummy macvlan bridge vxlan pktgen sch_ingress cls_matchall act_gact; do
	modprobe -q "$mod" || skip_all "this kernel has no $mod"
done
[[ -d /proc/net/pktgen ]] || skip_all "no pktgen"

wanted() { [[ -z ${CTNET_BENCH_CASES:-} || " $CTNET_BENCH_CASES " == *" $1 "* ]]; }

# way CASE FROM TO: frames go from eth0 of one namespace to eth0 of another
way()
{
	CASES+=("$1")
	FROM[$1]=$2
	TO[$1]=$3
	must ip -n "$2" link set eth0 up
	must ip -n "$3" link set eth0 up
	must tc -n "$3" qdisc add dev eth0 clsact
	must tc -n "$3" filter add dev eth0 ingress matchall action drop
}

# underlay NS NS: two hosts, joined by a veth pair
underlay()
{
	local ns i=0

	must ip link add ul0 netns "$1" type veth peer name ul0 netns "$2"
	for ns; do
		must ip -n "$ns" addr add "192.0.2.$((++i))/24" dev ul0
		must ip -n "$ns" link set ul0 up
	done
}

# ------------------------------------------------------------ what is compared

# two namespaces, joined by a veth pair
make_cable()
{
	setup_ns cable1 cable2
	no_ipv6 "$cable1" "$cable2"
	must ip link add eth0 netns "$cable1" type veth peer name eth0 netns "$cable2"
	way cable "$cable1" "$cable2"
}

make_macvlan()
{
	local ns

	setup_ns mv mv1 mv2
	no_ipv6 "$mv" "$mv1" "$mv2"
	must ip -n "$mv" link add low type dummy
	must ip -n "$mv" link set low up
	for ns in "$mv1" "$mv2"; do
		must ip -n "$mv" link add link low name eth0 netns "$ns" type macvlan mode bridge
	done
	way macvlan "$mv1" "$mv2"
}

make_bridge()
{
	local ns i=0

	setup_ns br br1 br2
	no_ipv6 "$br" "$br1" "$br2"
	must ip -n "$br" link add br0 up type bridge
	for ns in "$br1" "$br2"; do
		must ip -n "$br" link add "p$((++i))" up master br0 type veth peer name eth0 netns "$ns"
	done
	way bridge "$br1" "$br2"
}

# local_net CASE OPTION...: containers of one host, with these options of add-port
local_net()
{
	local case=$1 host=${1}h c1=${1}1 c2=${1}2

	shift
	setup_ns "$host" "$c1" "$c2"
	host=${!host} c1=${!c1} c2=${!c2}
	no_ipv6 "$host" "$c1" "$c2"
	must ctn "$host" add-net net0
	must ctn "$host" add-port net0 "$c1" --address "$SRC_IP/24" "$@"
	must ctn "$host" add-port net0 "$c2" --address "$DST_IP/24" "$@"
	way "$case" "$c1" "$c2"
}

make_guard() { local_net guard --guard on; }
make_learning() { local_net learning --guard off; }
make_native() { local_net native --guard on --type native; }

# the same two hosts, with nothing but IP forwarding between their containers
make_routed()
{
	local host ns i=0

	setup_ns rt1 rt2 rtc1 rtc2
	no_ipv6 "$rt1" "$rt2" "$rtc1" "$rtc2"
	underlay "$rt1" "$rt2"
	for host in "$rt1" "$rt2"; do
		((++i == 1)) && ns=$rtc1 || ns=$rtc2
		must ip -n "$host" link add c0 mtu 1450 type veth peer name eth0 mtu 1450 netns "$ns"
		must ip -n "$host" addr add "198.51.100.$((i * 64 + 1))/26" dev c0
		must ip -n "$host" link set c0 up
		must ip -n "$ns" addr add "198.51.100.$((i * 64 + 2))/26" dev eth0
		must ip -n "$host" route add "198.51.100.$(((3 - i) * 64))/26" via "192.0.2.$((3 - i))"
		must ip netns exec "$host" sysctl -qw net.ipv4.ip_forward=1
	done
	way routed "$rtc1" "$rtc2"
	NEXT_HOP[routed]=$(mac_of "$rt1" c0)
	TO_IP[routed]=198.51.100.130
	must ip -n "$rt2" neigh replace 198.51.100.130 lladdr "$(mac_of "$rtc2" eth0)" dev c0
}

make_bridge_vxlan()
{
	local host ns i=0

	setup_ns bv1 bv2 bvc1 bvc2
	no_ipv6 "$bv1" "$bv2" "$bvc1" "$bvc2"
	underlay "$bv1" "$bv2"
	for host in "$bv1" "$bv2"; do
		((++i == 1)) && ns=$bvc1 || ns=$bvc2
		must ip -n "$host" link add br0 up type bridge
		must ip -n "$host" link add vx0 up master br0 type vxlan id 42 dstport 4789 \
			local "192.0.2.$i" nolearning
		must ip -n "$host" link add c0 up mtu 1450 master br0 type veth peer name eth0 \
			mtu 1450 netns "$ns"
	done
	way bridge+vxlan "$bvc1" "$bvc2"
	must bridge -n "$bv1" fdb append "$(mac_of "$bvc2" eth0)" dev vx0 dst 192.0.2.2
	must bridge -n "$bv2" fdb append "$(mac_of "$bvc1" eth0)" dev vx0 dst 192.0.2.1
}

# hosts_net CASE NET-OPTIONS PORT-OPTIONS: containers of two hosts
hosts_net()
{
	local name=${1/+/_} h1 h2 c1 c2 host ns i=0
	local -a net port

	read -ra net <<<"$2"
	read -ra port <<<"$3"
	setup_ns "${name}h1" "${name}h2" "${name}1" "${name}2"
	h1=${name}h1 h2=${name}h2 c1=${name}1 c2=${name}2
	h1=${!h1} h2=${!h2} c1=${!c1} c2=${!c2}
	no_ipv6 "$h1" "$h2" "$c1" "$c2"
	underlay "$h1" "$h2"
	for host in "$h1" "$h2"; do
		((++i == 1)) && ns=$c1 || ns=$c2
		must ctn "$host" add-net net0 --vni 42 --local "192.0.2.$i" "${net[@]}"
		must ctn "$host" add-peer net0 "192.0.2.$((3 - i))"
		must ctn "$host" add-port net0 "$ns" --address "203.0.113.$i/24" "${port[@]}"
	done
	way "$1" "$c1" "$c2"
	must ctn "$h1" replace-fdb net0 "$(mac_of "$c2" eth0)" --peer 192.0.2.2
	must ctn "$h2" replace-fdb net0 "$(mac_of "$c1" eth0)" --peer 192.0.2.1
}

make_hosts() { hosts_net hosts "$HOSTS_PATH" ""; }
make_direct() { hosts_net direct "--path direct" ""; }
make_direct_native() { hosts_net direct+native "--path direct" "--type native"; }

# ------------------------------------------------------------------ measuring

# send NS MAC IP: pktgen sends from eth0 there; the nanoseconds that it took are in $TOOK
send()
{
	# shellcheck disable=SC2016 # for the shell in there
	TOOK=$(ip netns exec "$1" bash -c 'cd /proc/net/pktgen || exit
		thread=$(echo kpktgend_*)
		echo rem_device_all >"$thread"
		echo "add_device eth0" >"$thread"
		while read -r line; do
			echo "$line" >eth0
		done <<-END
			count $1
			clone_skb 0
			pkt_size 60
			delay 0
			src_min $4
			src_max $4
			dst $3
			dst_mac $2
			udp_src_min 9
			udp_src_max 9
		END
		echo start >pgctrl
		sed -n "s/.*OK:.*(c\([0-9]*\)+d.*/\1000/p" eth0
		echo rem_device_all >"$thread"' sh "$FRAMES" "$2" "$3" "$SRC_IP")
}

# sends from a case's sender to its receiver
send_case()
{
	send "${FROM[$1]}" "${NEXT_HOP[$1]:-$(mac_of "${TO[$1]}" eth0)}" "${TO_IP[$1]:-$DST_IP}"
}

# how many frames have arrived there
arrived() { tc -n "${TO[$1]}" -s filter show dev eth0 ingress | sed -n 's/.*Sent .* bytes \([0-9]*\) pkt.*/\1/p' | head -n 1; }

# one round of one case, less what pktgen takes
measure()
{
	local before

	before=$(arrived "$1")
	send_case "$1" || fail "pktgen"
	check_eq $(($(arrived "$1") - before)) "$FRAMES" "frames that arrived"
	[[ $RET -ne 0 ]] ||
		printf '%s\t%d\n' "$1" $(((TOOK - BASE) / FRAMES)) >>"$CTNET_OUT/frames.tsv"
}

rounds()
{
	local i

	send_case "$1"	# what is looked up once is looked up
	for ((i = 0; i < ROUNDS; i++)); do
		measure "$1" || return
	done
}

HOSTS_PATH="" LOCAL="cable macvlan bridge guard learning" HOSTS="routed bridge_vxlan hosts"
help=$(ctnetctl help add-port)
[[ $help != *--type* ]] || LOCAL+=" native"
if [[ $(ctnetctl help add-net) == *--path* ]]; then
	HOSTS_PATH="--path stack" HOSTS+=" direct"
	[[ $help != *--type* ]] || HOSTS+=" direct_native"
fi
for c in $LOCAL $HOSTS; do
	! wanted "${c//_/+}" || "make_$c"
done
setup_ns nobody
no_ipv6 "$nobody"
must ip -n "$nobody" link add eth0 up type dummy
send "$nobody" 02:00:00:00:00:01 "$DST_IP"	# for the first time
send "$nobody" 02:00:00:00:00:01 "$DST_IP"
readonly BASE=$TOOK

for c in "${CASES[@]}"; do
	run_test rounds "$c" "$c: all frames arrive"
done
