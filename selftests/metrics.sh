#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# wants: prometheus
#
# ctnetctl metrics: what is counted, for programs that collect it.
#
#	web, fast (namespaces)    h1                                    h2             cache
#	eth0 203.0.113.1 -------- net0 VNI 100 192.0.2.1 -------------- net0 192.0.2.2 - eth0 203.0.113.3
#	eth0 203.0.113.2, native  |
#	                          ul0 192.0.2.1, 2001:db8:0:1::1        ul0 .2, ::2
#
#	None speaks IPv6 in there, and web knows where cache is: nothing is sent that a test does not
#	send.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3
export CTNET_PROMETHEUS=${CTNET_PROMETHEUS:-}
PATH+=:$CTNET_PROMETHEUS/usr/bin

topology()
{
	topo_two_hosts
	must ip netns exec "$h1" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	must ip netns exec "$h2" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	topo_network net0 100
	add_container web fast cache
	no_ipv6 "$web" "$fast" "$cache"
	must ctn "$h2" add-port net0 "$cache" --address 203.0.113.3/24 --mac 02:00:00:00:00:03
	must ctn "$h1" -b - <<-EOT
		add-port net0 $web --address 203.0.113.1/24 --mac 02:00:00:00:00:01 --label docker:web
		add-port net0 $fast --address 203.0.113.2/24 --type native --label fast
		add-fdb net0 02:00:00:00:00:03 --peer $H2_IP --ip 203.0.113.3
	EOT
	must ctn "$h2" add-fdb net0 02:00:00:00:00:01 --peer "$H1_IP" --ip 203.0.113.1
	must ip -n "$web" neigh replace 203.0.113.3 lladdr 02:00:00:00:00:03 nud permanent dev eth0
	must ip -n "$cache" neigh replace 203.0.113.1 lladdr 02:00:00:00:00:01 nud permanent dev eth0
	PORT=network=\"net0\",port=\"$(near_end "$h1" docker:web)\",container=\"docker:web\"
	PEER=network=\"net0\",peer=\"$H2_IP\"
}

# look: what there is now
look() { ALL=$(ctn "$h1" metrics); }

# metric NAME LABELS: its value when that was looked at
metric()
{
	local line

	while IFS= read -r line; do
		[[ $line != "$1{$2} "* ]] || echo "${line##* }"
	done <<<"$ALL"
}

# counters KIND LABELS: packets and bytes received, packets and bytes sent
counters()
{
	echo "$(metric "ctnet_$1_receive_packets_total" "$2") $(metric "ctnet_$1_receive_bytes_total" "$2")" \
		"$(metric "ctnet_$1_transmit_packets_total" "$2") $(metric "ctnet_$1_transmit_bytes_total" "$2")"
}

# 7 frames of 142 bytes there, and 7 back
ports_and_peers()
{
	local port peer

	look
	port=$(counters port "$PORT") peer=$(counters peer "$PEER")
	check ip netns exec "$web" ping -nqc7 -i 0.05 -s 100 -W $((2 * CTNET_SLOW)) 203.0.113.3
	look
	check_eq "$(grew "$port" "$(counters port "$PORT")")" "7 994 7 994" "the port's counters"
	check_eq "$(grew "$peer" "$(counters peer "$PEER")")" "7 994 7 994" "the peer's counters"
	check_eq "$(counters port "$PORT")" "$(stats_of "$h1" ports net0 docker:web)" "the port's"
	check_eq "$(metric ctnet_port_up "$PORT")" 1 "the port is up"
	check_match "$ALL" \
		'ctnet_port_receive_packets_total\{network="net0",port="native/[0-9]+",container="fast"\} [0-9]'
}

networks()
{
	local line

	check ip -n "$h1" link set net0 mtu 1400
	look
	check_eq "$(counters network 'network="net0"')" "$(stats_of "$h1" nets net0 net0)" "the network's counters"
	for line in 'ctnet_network_up{network="net0"} 1' \
			'ctnet_network_mtu_bytes{network="net0"} 1400' \
			'ctnet_network_ports{network="net0"} 2' \
			'ctnet_network_peers{network="net0"} 1' \
			'ctnet_fdb_entries{network="net0",type="static"} 4' \
			'ctnet_fdb_entries{network="net0",type="learned"} 0' \
			'ctnet_fdb_learned_entries_limit{network="net0"} 65536' \
			'ctnet_network_local_present{network="net0",family="inet"} 1' \
			'ctnet_network_info{network="net0",vni="100",local="192.0.2.1",local6="",dstport="4789",underlay=""} 1' \
			'ctnet_vtep_networks{family="inet",dstport="4789",underlay=""} 1'; do
		grep -qxF "$line" <<<"$ALL" || fail "no line $line: $(grep -F "${line%%\{*}" <<<"$ALL")"
	done
	check_match "$ALL" "ctnet_build_info\{version=\"([^\"]+)\",module_version=\"$(</sys/module/ctnet/version)\"\} 1"
}

# what guard and socket drop, by the names that list has
dropped()
{
	local before guard='network="net0",reason="guard-ip"'
	local vtep='family="inet",dstport="4789",underlay="",reason="vxlan-vni"'

	look
	before="$(metric ctnet_network_dropped_packets_total "$guard") $(metric ctnet_vtep_dropped_packets_total "$vtep")"
	must ip -n "$web" addr add 203.0.113.99/32 dev eth0
	ip netns exec "$web" ping -nqc3 -i 0.05 -W1 -I 203.0.113.99 203.0.113.3 >/dev/null
	must ctn "$h2" add-net net9 --vni 999 --local "$H2_IP"
	must ctn "$h2" add-peer net9 "$H1_IP"
	must ip -n "$h2" addr add 198.51.100.1/24 dev net9
	must ip -n "$h2" neigh replace 198.51.100.2 lladdr 02:00:00:00:00:09 nud permanent dev net9
	ip netns exec "$h2" ping -nqc2 -i 0.05 -W1 198.51.100.2 >/dev/null
	look
	check_eq "$(grew "$before" "$(metric ctnet_network_dropped_packets_total "$guard") \
		$(metric ctnet_vtep_dropped_packets_total "$vtep")")" "3 2" "what guard and socket dropped"
	must ctn "$h2" del-net net9
	must ip -n "$web" addr del 203.0.113.99/32 dev eth0
}

# openmetrics WORD...: what OpenMetrics' parser says of all that h1 has
openmetrics() { ctn "$h1" metrics | /usr/bin/python3 "$SELFTESTS/lib/metrics.py" "$@"; }

has_parser()
{
	python3 -c 'import os, sys
sys.path.append(os.environ["CTNET_PROMETHEUS"] + "/usr/lib/python3/dist-packages")
import prometheus_client' 2>/dev/null && return
	skip "there is no prometheus_client"
	return 1
}

# What somebody chose is a value, and nothing else. The last is no UTF-8, and the one before
# clears the screen.
escaped()
{
	local i labels=('a"b' 'back\slash' $'two\nctnet_evil 1' 'c"} 1' '\n' 'ünïcödé' 'x{y="z"}' '# EOF' $'\e[2J' $'\xff')

	has_parser || return
	for i in "${!labels[@]}"; do
		echo "link add d$i type veth peer name e$i"
	done | ip_in "$h1"
	must ip -n "$h1" link add 'n"\x' type ctnet
	for i in "${!labels[@]}"; do
		check ctn "$h1" add-port net0 --dev "d$i" --label "${labels[i]}"
	done
	look
	[[ $ALL != *$'\n'ctnet_evil* ]] || fail "a label is a metric"
	check_eq "$(openmetrics labels ctnet_port_up container)" '"# EOF"
"?[2J"
"\\n"
"a\"b"
"back\\slash"
"c\"} 1"
"docker:web"
"fast"
"two\nctnet_evil 1"
"x{y=\"z\"}"
"\u00fcn\u00efc\u00f6d\u00e9"
"\ufffd"' "the labels"
	check_eq "$(openmetrics labels ctnet_network_up network)" $'"n\\"\\\\x"\n"net0"' "the networks"
	if type -P promtool >/dev/null; then
		ctn "$h1" metrics --format prometheus >"$TMP/text"
		check promtool check metrics <"$TMP/text"
	fi
	for i in "${!labels[@]}"; do
		echo "link del d$i"
	done | ip_in "$h1"
	must ip -n "$h1" link del 'n"\x'
}

read_by_others()
{
	has_parser || return
	type -P promtool >/dev/null || { skip "there is no promtool"; return; }
	ctn "$h1" metrics --format prometheus >"$TMP/text"
	check promtool check metrics <"$TMP/text"
	check_eq "$(openmetrics names)" "$(sed -n 's/^# TYPE \([a-z0-9_]*\) .*/\1/p' "$TMP/text")" "names in both formats"
	# with nothing there, too
	setup_ns h3
	check_eq "$(ctn "$h3" metrics | python3 "$SELFTESTS/lib/metrics.py" names)" "$(openmetrics names)" "names where there is nothing"
	ctn "$h3" metrics --format prometheus >"$TMP/text"
	check promtool check metrics <"$TMP/text"
	refused 1 'must be openmetrics or prometheus' ctn "$h1" metrics --format x
}

# A label, a port, a network that goes
changes()
{
	check ctn "$h1" set-port net0 "$fast" --label quick
	look
	check_eq "$(grep -c 'container="quick"' <<<"$ALL")" 5 "lines of the label"
	check ctn "$h1" del-port net0 "$fast"
	check_eq "$(ctn "$h1" metrics | grep -c 'container="quick"')" 0 "lines of the port that went"
	check ip -n "$h1" addr del 192.0.2.1/24 dev ul0
	look
	check_eq "$(metric ctnet_network_local_present 'network="net0",family="inet"')" 0 "an address that is gone"
	check ctn "$h1" set-net net0 --underlay ul0
	check_match "$(ctn "$h1" metrics)" 'ctnet_vtep_networks\{family="inet",dstport="4789",underlay="ul0"\} 1'
	check ip -n "$h1" link del ul0
	check_match "$(ctn "$h1" metrics)" 'underlay="\(gone\)"\} 1'
	check ctn "$h1" del-net net0
	check_eq "$(ctn "$h1" metrics | grep -v '^#' | grep -c net0)" 0 "lines of the network that went"
}

topology
run_test ports_and_peers "frames and bytes of port and peer are those that were sent"
run_test networks "networks, table, limits, sockets, versions"
run_test dropped "what was dropped, by reason"
run_test escaped "names and labels are escaped"
run_test read_by_others "OpenMetrics' own parser and promtool find nothing wrong"
run_test changes "what goes is told of no more"
