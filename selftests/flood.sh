#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: 4,000 ports' queues on two CPUs, at Debian's netdev_max_backlog
#
# 4,000 ports: one asks all for an address that the table has not, and all answer it. With a
# backlog of 1,000 frames, as the kernel has it, not one answer is lost.
#
# It takes over a minute, as a VM without KVM makes and attaches some 200 veths a second, and
# deletes as many.
#
# timeout: 600
#
#	h1
#	net0 198.18.0.2 ---- c0                the container that asks, 198.18.0.1
#	  |----- p0 ---- e0     .
#	  |----- p1 ---- e1     |  far (namespace): has the address 198.18.255.254, for which
#	  |        ...          |  its kernel answers at each interface with that one's MAC, as
#	  '----- p3999 - e3999  '  as many containers with the same address would

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/many.sh
. "$(dirname "$0")/lib/many.sh"

need python3

# Each end of a veth takes one of the 8,192 keys that lockdep has.
N=4000
[[ ! -e /proc/lockdep_stats ]] || N=2000
readonly N ROUNDS=5 BASE=198.18.4.0 ASKED=198.18.255.254

topology()
{
	setup_host h1
	setup_ns far
	add_container c0
	neighbours_without_limit ipv4
	no_ipv6 "$h1" "$far" "$c0"
	# the answerers must not care what lies behind which interface
	must ip netns exec "$far" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.arp_filter=0 \
		net.ipv4.conf.all.arp_ignore=0
	must ip -n "$far" addr add $ASKED/32 dev lo
	must ctn "$h1" -b - <<-EOT
		add-net net0 --address 198.18.0.2/16
		add-port net0 $c0 --address 198.18.0.1/16 --label first
	EOT
}

ports_attach()
{
	local i mac

	START=$(now_ms)
	# A veth with several queues gives them up again as it is made, and that waits.
	for ((i = 0; i < N; i++)); do
		printf -v mac 02:42:c6:12:%02x:%02x $((4 + i / 256)) $((i % 256))
		echo "link add p$i up numtxqueues 1 numrxqueues 1 type veth" \
			"peer name e$i address $mac numtxqueues 1 numrxqueues 1 netns $far"
	done >"$TMP/links"
	check ip_in "$h1" <"$TMP/links"
	took "$N veths are made"
	START=$(now_ms)
	for ((i = 0; i < N; i++)); do
		echo "add-port net0 --dev p$i"
	done >"$TMP/ports"
	check ctn "$h1" -b "$TMP/ports"
	took "$N ports attach"
	START=$(now_ms)
	# One by one: of links that all come up at once the kernel takes note of no more
	# than a hundred a second.
	for ((i = 0; i < N; i++)); do
		echo "link set e$i up"
	done >"$TMP/up"
	check ip_in "$far" <"$TMP/up"
	wait_until 20000 running "$far" $N
	wait_until 20000 running "$h1" $((N + 1))
	took "$N links come up"
	check_eq "$(net_stat "$h1" net0 port_count)" $((N + 1)) "ports"
}

# all_answer NS DEV ADDRESS AT_ONCE ROUNDS [sniffed]: an asker, who asks so often
all_answer()
{
	local asks=$(($4 * $5)) dropped before

	check_eq "$(sysctl -n net.core.netdev_max_backlog)" 1000 netdev_max_backlog
	dropped=$(softnet_drops)
	before=$(drops_of_net)
	[[ -s $TMP/after ]] || ctn "$h1" -j -s list ports net0 >"$TMP/after"
	mv "$TMP/after" "$TMP/before"
	START=$(now_ms)
	check scale "$1" ask "$2" "$3" $ASKED $BASE $N "${@:4}" && diag "$OUT"
	took "asked $asks times"
	ctn "$h1" -j -s list ports net0 >"$TMP/after"
	# the question went out of each port, and the answer came in
	check_eq "$(grown "$TMP/before" "$TMP/after" tx_packets $asks $asks \
		rx_packets $asks $asks)" "$N $N" "ports that were asked, and answered"
	check_eq "$(softnet_drops)" "$dropped" "frames dropped by the backlog"
	check_eq "$(drops_of_net)" "$before" "what net0 dropped"
}

drops_of_net() { json '.[0].drops' ctn "$h1" -j -s list nets net0; }

ports_go()
{
	START=$(now_ms)
	check ip netns del "$far"
	wait_until 30000 gone
	took "$N ports go with the other ends of their veths"
	check_eq "$(net_stat "$h1" net0 fdb_learned)" 0 "learned entries"
	wait_for_ping "$c0" 198.18.0.2
}

gone()
{
	local n

	n=$(net_stat "$h1" net0 port_count)
	echo "$n ports"
	[[ $n -eq 1 ]]
}

topology

run_test ports_attach "$N ports attach to one network"
run_test all_answer "$c0" eth0 198.18.0.1 1 $ROUNDS \
	"a container asks all $N, and has an answer from each, five times"
run_test all_answer "$c0" eth0 198.18.0.1 5 1 \
	"and to five questions at once, $((5 * N)) answers"
run_test all_answer "$c0" eth0 198.18.0.1 1 3 sniffed \
	"and with a packet sniffer running, for which all frames take the longer way"
run_test all_answer "$h1" net0 198.18.0.2 1 3 \
	"the host asks all $N, and has an answer from each"
run_test ports_go "$N ports go at once"
