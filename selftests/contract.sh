#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the contract promises of the tool and no other script shows: what it prints, and to
# whom; how a container's interface comes to be. README.md has the table.
#
#	c1 (namespace)   h1
#	eth0 ----------- net0 (local)
#	c3 tt ---------- n0 in t1 (namespace), for what the tool prints

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3 script

readonly ESC=$'\e'

topology()
{
	setup_host h1
	setup_ns t1
	add_container c1 c3
	must ctn "$h1" -b - <<-EOT
		add-net net0 --mtu 1450
		add-port net0 $c1 --address 203.0.113.1/25
	EOT
	# what the tool prints of it does not change
	must ctn "$t1" -b - <<-EOT
		add-net n0 --vni=7 --local=192.0.2.7 --ageing=123 --mtu=1300 --mac=02:00:00:00:00:aa
		add-net n1 --vni 8 --local 192.0.2.7 --ageing 123 --mtu 1300 --mac 02:00:00:00:00:aa
		add-peer n0 192.0.2.8
		add-port n0 $c3 --ifname tt --address 198.51.100.9/24 --label web
	EOT
}

# ----------------------------------------------------------- commands, output

netns_option()
{
	local pid want way

	background ip netns exec "$t1" sleep 1000
	pid=$BG_PID
	wait_until 5000 in_its_namespace "$pid" "$t1"
	want=$(ctn "$t1" list peers)
	check_match "$want" '192.0.2.8' "list"
	for way in "-n $pid" "-n /run/netns/$t1" "--netns /proc/$pid/ns/net" "--netns=$t1"; do
		# shellcheck disable=SC2086 # words
		check ctnetctl $way list peers
		check_eq "$OUT" "$want" "list with $way"
	done
	check ip netns exec "$t1" ctnetctl list peers
	check_eq "$OUT" "$want" "list in the namespace itself"
}

# --option VALUE and --option=VALUE are the same
option_value()
{
	check json_is 'map({local, mtu, mac, ageing}) | length == 2 and .[0] == .[1]' ctn "$t1" -j list nets
	check net_is "$t1" n0 'like({vni: 7, mtu: 1300, ageing: 123})'
	check_match "$(ip -n "$t1" link show dev n0)" '[<,]UP[,>]' "add-net brings it up"
	# its MAC is set, whether it was named or not: nothing else changes it
	check_eq "$(in_ns "$h1" cat /sys/class/net/net0/addr_assign_type)" 3 addr_assign_type
}

# all that set-net can change, at once, and read back
set_net()
{
	check ctn "$t1" set-net n1 --vni 9 --local 192.0.2.9 --dstport 4799 --mtu 1280 \
		--mac 02:00:00:00:00:ab --address 198.51.100.77/25 --address 2001:db8:9::1/64 \
		--learning off --ageing 7 --flood off --suppress off --max-fdb 11 --ttl 12 --tos 13 \
		--df inherit --udp-csum off --mark 0x1f
	check net_is "$t1" n1 'like({vni: 9, local: "192.0.2.9", dstport: 4799, ttl: 12, ttl_inherit: false,
		tos: 13, tos_inherit: false, df: "inherit", udp_csum: false, mtu: 1280, mark: 31,
		mac: "02:00:00:00:00:ab", learning: false, ageing: 7, flood: false, max_fdb: 11,
		suppress: false}) and ["198.51.100.77/25", "2001:db8:9::1/64"] - .addresses == []'
	check_match "$(ip -n "$t1" -o addr show dev n1)" 'inet 198.51.100.77/25' "address"
}

# What is there already, or is not there any more, is well where one says so.
may_exist()
{
	local words

	while read -r words; do
		# shellcheck disable=SC2086 # words
		check_not ctn "$t1" $words
		# shellcheck disable=SC2086
		check ctn "$t1" $words "$([[ $words == add* ]] && echo --may-exist || echo --if-exists)"
	done <<-EOT
		add-net n0 --vni 7 --local 192.0.2.7
		add-peer n0 192.0.2.8
		add-port n0 $c3 --ifname tt
		del-net n9
		del-peer n0 192.0.2.99
		del-port n0 $c3 --ifname nosuch
		del-fdb n0 02:00:00:00:00:77
	EOT
}

# What each object has, and of which type; of an array, what its elements are.
readonly NET_SHAPE='{addresses: ["string"], ageing: "number", df: "string", dstport: "number",
	fdb_learned: "number", fdb_static: "number", flood: "boolean", ifindex: "number",
	internal: "boolean", learning: "boolean", local: "string", local_present: "boolean",
	mac: "string", mark: "number", masquerade: "boolean", max_fdb: "number", mtu: "number",
	mtu_auto: "boolean", network: "string", peer_count: "number", port_count: "number", state: "string", suppress: "boolean",
	tos: "number", tos_inherit: "boolean", ttl: "number", ttl_inherit: "boolean",
	udp_csum: "boolean", vni: "number", warnings: ["string"]}'
readonly PORT_SHAPE='{addresses: ["string"], container_ifname: "string", container_mtu: "number",
	flood: "boolean", gateways: [], guard: "boolean", hairpin: "boolean", ifindex: "number",
	isolated: "boolean", label: "string", learning: "boolean", macs: ["string"],
	mtu_auto: "boolean", native: "boolean", network: "string", port: "string", published: [],
	routes: [], state: "string"}'
readonly PEER_SHAPE='{network: "string", peer: "string"}'

# shape_is SHAPE WORD...: that of what the tool prints as JSON, as jq writes it
shape_is() { check json_is "shape == ($1 | arrays |= unique)" ctn "$t1" -j "${@:2}"; }

json_keys()
{
	shape_is "[$NET_SHAPE]" list nets n0
	shape_is "[$PORT_SHAPE]" list ports n0
	shape_is "[$PEER_SHAPE]" list peers n0
	shape_is '[{addresses: [], mac: "string", network: "string", self: "boolean", type: "string"},
		{addresses: ["string"], mac: "string", network: "string", port: "string", type: "string"}]' \
		list fdb n0
	shape_is '[{dstport: "number", family: "string", networks: "number"}]' list vteps
	shape_is "[$NET_SHAPE + {ports: [$PORT_SHAPE], peers: [$PEER_SHAPE]}]" show n0
	shape_is '{version: "string"}' version
	check_eq "$(ctn "$t1" -j list nets nosuch 2>/dev/null)" "" "what is refused prints nothing"
}

pretty()
{
	local cmd

	for cmd in "list nets" "list ports" show; do
		# shellcheck disable=SC2086 # words
		ctn "$t1" -j $cmd >"$TMP/plain"
		# shellcheck disable=SC2086
		ctn "$t1" -j -p $cmd >"$TMP/pretty"
		check_eq "$(wc -l <"$TMP/plain")" 1 "lines of -j $cmd"
		[[ $(wc -l <"$TMP/pretty") -ge 10 ]] || fail "-j -p $cmd: on one line"
		check python3 -c 'import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
sys.exit(a != b or not a)' "$TMP/plain" "$TMP/pretty"
	done
}

with_stats()
{
	local kind

	for kind in nets ports peers; do
		check json_is 'length > 0 and all(.[]; has("stats") | not)' ctn "$t1" -j list $kind
		check json_is 'all(.[].stats; keys == ["rx_bytes", "rx_packets", "tx_bytes", "tx_packets"] and
			all(.[]; type == "number"))' ctn "$t1" -j -s list $kind
		[[ $(ctn "$t1" list $kind) != *rx-packets* ]] || fail "$kind: counters without -s"
		check_match "$(ctn "$t1" -s list $kind)" $'\trx-packets [0-9]+\trx-bytes [0-9]+' "$kind -s"
	done
	check json_is 'all(.[]; .drops.guard_mac == 0)' ctn "$t1" -j -s list nets
	check_match "$(ctn "$t1" -s list nets)" $'\tdrop-guard-mac 0' "nets -s"
	check json_is 'all(.[]; .drops.vxlan_vni == 0)' ctn "$t1" -j -s list vteps
	check_match "$(ctn "$t1" -s show n0)" 'rx [0-9]+ packets' "show -s"
	# on a terminal below the row
	check_match "$(on_tty -s list ports)" $'\n'' +rx [0-9]+ packets' "ports -s"
}

# on_tty WORD...: what the tool prints to a terminal
on_tty() { env -u NO_COLOR script -qec "ctnetctl -n $t1 $*" /dev/null </dev/null | tr -d '\r'; }

terminal_and_pipe()
{
	local out

	# to a pipe: a row each with tabs, and nothing else
	out=$(ctn "$t1" list peers n0)
	check_eq "$out" $'n0\t192.0.2.8\t-' "list to a pipe"
	# to a terminal: a heading, columns that are aligned, colours
	out=$(on_tty list peers n0)
	check_match "$out" "NETWORK  PEER  +DSTPORT" "list to a terminal"
	check_match "$out" "$ESC\[[0-9;]*m" "colours"
	[[ $out != *$'\t'* ]] || fail "tabs on a terminal"
	out=$(on_tty --color=never list peers n0)
	check_eq "$out" $'NETWORK  PEER       DSTPORT\nn0       192.0.2.8  -' "--color=never"
	[[ $(NO_COLOR=1 script -qec "ctnetctl -n $t1 show" /dev/null </dev/null) != *"$ESC"* ]] ||
		fail "colours despite NO_COLOR"
	[[ $(on_tty -j show) != *"$ESC"* ]] || fail "colours in JSON"
	[[ $(ctn "$t1" show) != *"$ESC"* ]] || fail "colours in a pipe"
	check_match "$(ctn "$t1" --color show)" "$ESC\[[0-9;]*m" "--color in a pipe"
	# what others chose does not steer the terminal
	check ctn "$t1" set-port n0 "$c3" --ifname tt --label "x${ESC}[2Jy"$'\xc2\x9b2Kz\xc3\xa4'
	check_match "$(on_tty --color=never list ports n0)" $'x\\?\\[2Jy\\?2Kz\xc3\xa4' \
		"a label with control characters"
	check ctn "$t1" set-port n0 "$c3" --ifname tt --label web
}

show_tree()
{
	local out

	out=$(ctn "$t1" show)
	check_match "$out" $'^n0: up vni 7 local 192.0.2.7 .*\n    mac 02:00:00:00:00:aa [^\n]*\n    ports 1 peers 1 fdb 2 static 0 learned\n    port ct[0-9a-f]{10}.* label web ifname tt mac 02:42:c6:33:64:09 addresses 198.51.100.9 .*guard on\n    peer 192.0.2.8\nn1: up vni 9 ' show
	check_eq "$(ctn "$t1" show n1 | grep -c '^n')" 1 "networks of show n1"
	out=$(ctn "$t1" list ports n0 | cut -f 2)
	check ip -n "$t1" link set "$out" down
	check_match "$(ctn "$t1" show n0)" $'\n'"    port $out down .*label web" "a port that is down"
	check ip -n "$t1" link set "$out" up
}

helps()
{
	local out cmd n=0 word all=""

	check_match "$(ctnetctl version)" '^ctnetctl [0-9a-z]' version
	out=$(ctnetctl help)
	while read -r cmd _; do
		n=$((n + 1))
		check ctnetctl help "$cmd"
		check_match "$OUT" "^usage: ctnetctl $cmd" "help $cmd"
		# each option that it lists is one; the last one ends the command before it does anything
		while read -r word; do
			all+=" $word"
			[[ $(ctnetctl -n "$t1" "$cmd" "$word" --nosuch 2>&1) != *"no option"*"$word"* ]] ||
				fail "help $cmd lists $word, which is none"
		done < <(grep -oE '^ +--[a-z-]+' <<<"$OUT")
		check_match "$(ctnetctl -n "$t1" "$cmd" --nosuch 2>&1)" 'no option.*--nosuch' "$cmd"
	done < <(sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' <<<"$out")
	[[ $n -ge 17 ]] || fail "help lists $n commands"
	[[ $(wc -w <<<"$all") -ge 60 ]] || fail "few options: $all"
	check ctnetctl help add-net
	for word in vni local underlay dstport address mtu mac may-exist learning ageing flood \
		suppress max-fdb ttl tos df udp-csum mark masquerade internal; do
		check_match "$OUT" "  --$word " "help add-net"
	done
	check ctnetctl help add-port
	for word in dev ifname address gateway mac mtu guard isolated learning flood hairpin \
		label may-exist; do
		check_match "$OUT" "  --$word " "help add-port"
	done
	check_match "$OUT" "TARGET is a container: docker:NAME-OR-ID, .*a PID" "help add-port"
	check ctnetctl -h
	check_eq "$OUT" "$out" "-h and help"
	check ctnetctl -V
	check_match "$OUT" '^ctnetctl [0-9.]+$' "the version"
	check_fail 1 'no command "nosuch"' ctnetctl help nosuch
}

# --------------------------------------------------- a container's interface

# line_of FILE REGEX: number of the first line that matches
line_of() { grep -nm1 -E "$2" "$1" | cut -d: -f1; }

# poked NS FILE: a monitor in there has said something
poked()
{
	ip -n "$1" link set lo alias "$RANDOM"
	[[ -s $2 ]]
}

# The far end is never anywhere else, nor called otherwise; it has its MAC and MTU from the
# first moment, and its address before it is up.
born_there()
{
	local inside=$TMP/inside outside=$TMP/outside first pids=()

	add_container nn
	ip -n "$nn" -o monitor link address >"$inside" &
	pids+=($!)
	ip -n "$h1" -o monitor link >"$outside" &
	pids+=($!)
	wait_until 5000 poked "$nn" "$inside"
	wait_until 5000 poked "$h1" "$outside"
	check ctn "$h1" add-port net0 "$nn" --ifname here --address 203.0.113.9/25
	wait_until 5000 grep -q 'here.*state UP' "$inside"
	check ctn "$h1" del-port net0 "$nn" --ifname here
	wait_until 5000 grep -q 'Deleted.* here' "$inside"
	wait_until 5000 grep -qE 'Deleted.* ct[0-9a-f]{10}@' "$outside"
	kill "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
	first=$(grep -vE ': lo[:@]| lo ' "$inside" | head -n 1)
	check_match "$first" ': here@.* mtu 1450 .*link/ether 02:42:cb:00:71:09' "what is seen of it first"
	check_eq "$(grep -cvE ': (lo|here)[:@ ]|: (lo|here) ' "$inside")" 0 "lines of others in there"
	check_not grep -E "[ :]here[@: ]" "$outside"
	first=$(line_of "$inside" 'inet 203.0.113.9/25')
	[[ -n $first && $first -lt $(line_of "$inside" 'here.*[<,]UP[,>]') ]] ||
		fail "up before it had its address: $(<"$inside")"
}

# the name is the label unless there is another; the alias of the near end is where it is
default_label()
{
	local out

	out=$(ip -n "$h1" -o link show master net0)
	check_match "$out" "alias $c1" "alias of the near end"
	check_match "$(ctn "$h1" list ports net0)" "ct[0-9a-f]+"$'\tup\t'"$c1"$'\t'eth0 "label"
}

topology

run_test netns_option "-n takes a name, a path, a PID"
run_test option_value "--option VALUE and --option=VALUE; add-net brings the network up"
run_test may_exist "--may-exist and --if-exists, of each kind"
run_test json_keys "the keys of JSON"
run_test pretty "-p: the same JSON over several lines"
run_test with_stats "-s adds counters, to text and JSON"
run_test terminal_and_pipe "a terminal gets headings and colours, a pipe rows with tabs; --color"
run_test set_net "set-net changes each option"
run_test show_tree "show: networks, ports with container and addresses, peers, counts"
run_test helps "version; help, and of each command"
run_test born_there "the far end is born in the container, and has its address before it is up"
run_test default_label "the near end's alias is the label, the container's name by default"
