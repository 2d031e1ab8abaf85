#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: 1,000 containers take minutes to make, and to take apart, under the instruments
#
# 1,000 containers, entered in the table as add-port does it, resolve one another: each
# question is answered, and no port, nor the host, nor the wire hears of it.
#
# It takes over a minute, as a VM without KVM attaches some 30 containers a second.
#
# timeout: 600
#
#	h1 (namespace)                              h2 (namespace)
#	net0 198.18.255.254, .253  VNI 100 -------- net0
#	 |- k0    198.18.4.0, 2001:db8:100::1000     `- r0  198.18.128.0 ... .19,
#	 |- k1    198.18.4.1, 2001:db8:100::1001            2001:db8:100::8000 ... ::8013
#	 |    ...
#	 |- k999
#	 `- k1000 ... k1019: only look on

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/many.sh
. "$(dirname "$0")/lib/many.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3

readonly N=1000 BYSTANDERS=20 REMOTE=20
readonly ALL=$((N + BYSTANDERS)) TAIL=-${TMP##*.}
readonly HOST4=198.18.255.254 HOST6=2001:db8:100::fe
readonly ENTERED4=198.18.255.253 ENTERED6=2001:db8:100::fd

topology()
{
	local i a="" ips=""

	neighbours_without_limit ipv4 ipv6
	# or each would ask for a router all the time, and all would hear it
	set_sysctl net.core.devconf_inherit_init_net 1
	set_sysctl net.ipv6.conf.default.router_solicitations 0
	topo_two_hosts
	add_container r0
	topo_network net0 100
	for ((i = 0; i < REMOTE; i++)); do
		printf -v a '%s --address 198.18.128.%d/16 --address 2001:db8:100::%x/64' \
			"$a" "$i" $((0x8000 + i))
	done
	ips=${a//--address/--ip}
	ips=${ips//\/16/}
	ips=${ips//\/64/}
	echo "add-port net0 $r0 $a" >"$TMP/r0"
	echo "add-fdb net0 02:42:c6:12:80:00 --peer $H2_IP $ips" >"$TMP/entry"
	must ctn "$h2" -b "$TMP/r0"
	must ctn "$h1" -b "$TMP/entry"
	# it is down until all are there: what each announces as it comes would go to all
	# that are there already
	must ip -n "$h1" link set net0 down
}

containers_attach()
{
	local i pids=()

	for ((i = 0; i < ALL; i++)); do
		echo "netns add k$i$TAIL"
	done >"$TMP/add"
	sed 's/add/del/' "$TMP/add" >"$TMP/del"
	defer ip_force "$TMP/del"
	START=$(now_ms)
	check ip -batch "$TMP/add"
	took "$ALL namespaces are made"
	for ((i = 0; i < ALL; i++)); do
		printf 'add-port net0 k%d%s --label k%d --address 198.18.%d.%d/16 --address 2001:db8:100::%x/64\n' \
			"$i" "$TAIL" "$i" $((4 + i / 256)) $((i % 256)) $((0x1000 + i))
	done >"$TMP/ports"
	START=$(now_ms)
	# four at a time: what takes the time is waiting for the kernel
	for i in 0 1 2 3; do
		sed -n "$((i + 1))~4p" "$TMP/ports" >"$TMP/ports$i"
		ctn "$h1" -b "$TMP/ports$i" &
		pids[i]=$!
	done
	for i in 0 1 2 3; do
		wait "${pids[i]}" || fail "some cannot be attached"
	done
	took "$ALL containers attach, four at a time"
	ip_in "$h1" <<-EOT || fail "cannot set the host up"
		link set net0 up
		addr add $HOST4/16 dev net0
		addr add $ENTERED4/16 dev net0
		addr add $HOST6/64 dev net0 nodad
		addr add $ENTERED6/128 dev net0 nodad preferred_lft 0
	EOT
	# those, the host's, and the remote one
	check_eq "$(net_stat "$h1" net0 fdb_static)" $((ALL + 2)) "static entries"
	START=$(now_ms)
	python_start resolve.py
	ask open $ALL $BYSTANDERS "$TAIL"
	ask remote "$r0" $REMOTE
	ask host "$h1" net0 ul0
	ask quiet
	took "there are listeners, and it is quiet after ${ANSWER#ok } frames"
}

# what is left of a deferred deletion does not matter
ip_force() { ip -force -batch "$1" 2>/dev/null; }

ports_before() { ctn "$h1" -j -s list ports net0 >"$TMP/before"; }

# ports_sent CONTAINER BYSTANDER: so many frames were sent to the port of each since then
ports_sent()
{
	ctn "$h1" -j -s list ports net0 >"$TMP/after"
	ask grown "$TMP/before" "$TMP/after"
	check_match "$ANSWER" "^ok containers $1 bystanders $2..$2$" "frames to each port"
}

# resolves ASKED SEEN-BY-HOST REQUEST...: they ask for so many addresses, and resolve them
# all, and no container nor the wire hears it
resolves()
{
	local asked=$1 seen=$2

	shift 2
	START=$(now_ms)
	ask "$@"
	took "$asked addresses resolved"
	diag "${ANSWER#ok }"
	check_match "$ANSWER " \
		"^ok asked $asked arrived $asked strange 0 others 0 host $seen wire 0 .* wrong 0 " "$1"
}

one_another()
{
	local host peer

	ports_before
	host=$(net_stat "$h1" net0 rx_packets)
	peer=$(peer_stat "$h1" net0 "$H2_IP" tx_packets)
	resolves $((N * 8)) 0 ring
	# 8 answers, the datagrams of 6 others, and the broadcast at the end
	ports_sent 15..15 1
	check_eq "$(net_stat "$h1" net0 rx_packets)" $((host + 1)) "frames to the host"
	check_eq "$(peer_stat "$h1" net0 "$H2_IP" tx_packets)" $((peer + 2 * N + 1)) \
		"frames to the peer"
}

host_asks()
{
	ports_before
	resolves $((N * 2)) 0 host_asks $HOST4 $HOST6
	ports_sent 3..3 1
}

host_entered()
{
	local mac

	mac=$(mac_of "$h1" net0)
	check ctn "$h1" replace-fdb net0 "$mac" --self --ip $ENTERED4 --ip $ENTERED6
	ask mac $ENTERED4 "$mac"
	ask mac $ENTERED6 "$mac"
	ports_before
	resolves $((N * 2)) 0 ask 0 $N $ENTERED4 $ENTERED6
	ports_sent 3..3 1
}

# the kernel answers for itself
host_not_entered()
{
	local mac

	mac=$(mac_of "$h1" net0)
	ask mac $HOST4 "$mac"
	ask mac $HOST6 "$mac"
	ports_before
	# were it flooded, for all it would be two million frames
	resolves 2 2 ask 0 1 $HOST4 $HOST6 || return
	resolves $((2 * N - 2)) $((2 * N - 2)) ask 1 $N $HOST4 $HOST6
	# answers and broadcasts; the host may ask those alone to whom it answered whether
	# they are still there
	ports_sent '4\.\.[4-9]' 2
}

containers_go()
{
	kill_wait "$PYTHON_PID"
	START=$(now_ms)
	check ip -batch "$TMP/del"
	wait_until 120000 gone
	took "$ALL containers go"
	check_eq "$(net_stat "$h1" net0 fdb_static)" 2 "static entries"
}

gone()
{
	local n

	n=$(net_stat "$h1" net0 port_count)
	echo "$n ports"
	[[ $n -eq 0 ]]
}

topology

run_test containers_attach "1,020 containers attach, each with two addresses"
run_test one_another "1,000 resolve one another and remote ones: no other, nor the wire, hears it"
run_test host_asks "the host resolves all 1,000: nobody hears it"
run_test host_entered "1,000 resolve an address of the host that is entered: nobody hears it"
run_test host_not_entered "1,000 resolve an address of the host that is not: it alone hears it"
run_test containers_go "1,020 containers go at once, and their ports and entries with them"
