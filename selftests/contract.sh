#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the contract promises and no other script shows: what the tool prints, and to whom;
# how a container's interface comes to be; firewall and IPsec of the underlay; what network
# cards are told; dumps that go on where they were; counters past 32 bits; garbage. README.md
# has the table.
#
# timeout: 400
#
#	c1 (namespace)   h1                              h2             c2 (namespace)
#	eth0 .1 -------- net0 VNI 100, IPv4 ------------ net0 ---------- eth0 .2
#	eth6 .1 -------- net6 VNI 600, IPv6 ------------ net6 ---------- eth6 .2
#	c3, c4 --------- loc0 (local, no addresses)
#	c3 eth1 -------- loc1 (local), and 200 dummies
#	                 ul0 192.0.2.1, 2001:db8:0:1::1  ul0 .2, ::2
#	t1 (namespace): for what the tool prints
#
#	net0: 203.0.113.0/25, net6: 203.0.113.128/25

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=traffic.sh
. "$(dirname "$0")/traffic.sh"
# shellcheck source=python.sh
. "$(dirname "$0")/python.sh"

need python3 tcpdump nft tc script socat

readonly M3=02:00:00:00:00:03 M4=02:00:00:00:00:04
readonly ESC=$'\e'
# entries of a table that is dumped
readonly MANY=60000
# ports of loc1
readonly DUMMIES=200

topology()
{
	local i h c ns

	topo_two_hosts
	topo_network net0 100
	setup_ns t1
	add_container c1 c2 c3 c4
	must ctn "$h1" add-net net6 --vni 600 --local "$H1_IP6"
	must ctn "$h2" add-net net6 --vni 600 --local "$H2_IP6"
	must ctn "$h1" add-peer net6 "$H2_IP6"
	must ctn "$h2" add-peer net6 "$H1_IP6"
	for i in 1 2; do
		h=h$i c=c$i
		ctn "${!h}" -b - <<-EOT || die "setup: containers"
			add-port net0 ${!c} --address 203.0.113.$i/25
			add-port net6 ${!c} --ifname eth6 --address 203.0.113.$((128 + i))/25
		EOT
	done
	for ns in "$c3" "$c4"; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	ip -batch - <<-EOT || die "setup: veths"
		link add p3 netns $h1 mtu 65535 type veth peer name eth0 mtu 65535 address $M3 netns $c3
		link add p4 netns $h1 mtu 65535 type veth peer name eth0 mtu 65535 address $M4 netns $c4
		link add p5 netns $h1 type veth peer name eth1 address $M3 netns $c3
	EOT
	must ctn "$h1" -b - <<-EOT
		add-net loc0 --max-fdb 100000
		add-port loc0 --dev p3
		add-port loc0 --dev p4
		add-net loc1
		add-port loc1 --dev p5
		add-fdb loc0 $M3 --port p3
		add-fdb loc0 $M4 --port p4
	EOT
	must ip -n "$c3" link set eth0 up
	must ip -n "$c3" link set eth1 up
	must ip -n "$c4" link set eth0 up
	# the host sends no floods of its own
	must ip netns exec "$h1" sysctl -qw net.ipv6.conf.loc1.disable_ipv6=1
	# what the tool prints of it does not change
	must ctn "$t1" -b - <<-EOT
		add-net n0 --vni=7 --local=192.0.2.7 --ageing=123 --mtu=1300 --mac=02:00:00:00:00:aa
		add-net n1 --vni 8 --local 192.0.2.7 --ageing 123 --mtu 1300 --mac 02:00:00:00:00:aa
		add-peer n0 192.0.2.8
		add-port n0 $c3 --ifname tt --address 198.51.100.9/24 --label web
	EOT
}

in_its_namespace() { [[ /proc/$1/ns/net -ef /run/netns/$2 ]]; }

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
	check_eq "$(ctn "$t1" -j list nets n0 | grep -oE '"(local|mtu|mac|ageing)":"?[^",]*')" \
		"$(ctn "$t1" -j list nets n1 | grep -oE '"(local|mtu|mac|ageing)":"?[^",]*')" options
	check_match "$(ctn "$t1" -j list nets n0)" '"vni":7,.*"mtu":1300,.*"ageing":123' options
	check_match "$(ip -n "$t1" link show dev n0)" '[<,]UP[,>]' "add-net brings it up"
	# its MAC is set, whether it was named or not: nothing else changes it
	check_eq "$(in_ns "$h1" cat /sys/class/net/net0/addr_assign_type)" 3 addr_assign_type
}

# all that set-net can change, at once, and read back
set_net()
{
	local json

	check ctn "$t1" set-net n1 --vni 9 --local 192.0.2.9 --dstport 4799 --mtu 1280 \
		--mac 02:00:00:00:00:ab --address 198.51.100.77/25 --address 2001:db8:9::1/64 \
		--learning off --ageing 7 --flood off --suppress off --max-fdb 11 --ttl 12 --tos 13 \
		--df inherit --udp-csum off
	json=$(ctn "$t1" -j list nets n1)
	check_match "$json" '"vni":9,"local":"192.0.2.9","dstport":4799,' set-net
	check_match "$json" '"ttl":12,"tos":13,"df":"inherit","udp_csum":false,"mtu":1280' set-net
	check_match "$json" '"mac":"02:00:00:00:00:ab"' set-net
	check_match "$json" '"198.51.100.77/25".*"2001:db8:9::1/64"' set-net
	check_match "$json" '"learning":false,"ageing":7,"flood":false,"max_fdb":11,"suppress":false' set-net
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

# keys WORD...: those of what the tool prints as JSON
keys()
{
	ctn "$t1" -j "$@" | grep -oE '"[a-z0-9_]+":' | tr -d '":' | LC_ALL=C sort -u | paste -sd' '
}

readonly NET_KEYS="addresses ageing df dstport fdb_learned fdb_static flood ifindex learning local mac max_fdb mtu mtu_auto network peer_count port_count state suppress tos ttl udp_csum vni"
readonly PORT_KEYS="addresses container_ifname container_mtu flood guard hairpin ifindex isolated label learning macs network port state"

json_keys()
{
	check_eq "$(keys list nets)" "$NET_KEYS" "keys of nets"
	check_eq "$(keys list ports)" "$PORT_KEYS" "keys of ports"
	check_eq "$(keys list peers)" "network peer" "keys of peers"
	check_eq "$(keys list fdb)" "addresses mac network port self type" "keys of static entries"
	check_eq "$(keys list vteps)" "dstport family networks" "keys of vteps"
	# a network of show has its own, and those of its parts
	check_eq "$(keys show n0)" "$(tr ' ' '\n' <<<"$NET_KEYS $PORT_KEYS peer ports peers" |
		LC_ALL=C sort -u | paste -sd' ')" "keys of show"
	check_eq "$(keys version)" version "keys of version"
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
		[[ $(ctn "$t1" -j list $kind) != *'"stats"'* ]] || fail "$kind: counters without -s"
		check_match "$(ctn "$t1" -j -s list $kind)" \
			'"stats":\{"rx_packets":[0-9]+,"rx_bytes":[0-9]+,"tx_packets":[0-9]+,"tx_bytes":[0-9]+\}' "$kind -s"
		[[ $(ctn "$t1" list $kind) != *rx-packets* ]] || fail "$kind: counters without -s"
		check_match "$(ctn "$t1" -s list $kind)" $'\trx-packets [0-9]+\trx-bytes [0-9]+' "$kind -s"
	done
	check_match "$(ctn "$t1" -j -s list nets)" '"drops":\{.*"guard_mac":0' "nets -s"
	check_match "$(ctn "$t1" -s list nets)" $'\tdrop-guard-mac 0' "nets -s"
	check_match "$(ctn "$t1" -j -s list vteps)" '"drops":\{.*"vxlan_vni":0' "vteps -s"
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
	check ctn "$t1" set-port n0 "$c3" --ifname tt --label "x${ESC}[2Jy"
	check_match "$(on_tty --color=never list ports n0)" 'x\?\[2Jy' "a label with control characters"
	check ctn "$t1" set-port n0 "$c3" --ifname tt --label web
}

# a list that is longer than one message of the kernel
many_sockets()
{
	local i

	for ((i = 20000; i < 20200; i++)); do
		echo "add-net s$i --vni 1 --local 192.0.2.7 --dstport $i"
	done | ctn "$t1" -b - || fail "no networks"
	check_eq "$(ctn "$t1" list vteps | grep -cwE '20[01][0-9]{2}')" 200 "sockets"
	for ((i = 20000; i < 20200; i++)); do
		echo "del-net s$i"
	done | ctn "$t1" -b - || fail "networks are left"
	[[ $(ctn "$t1" list vteps) != *20100* ]] || fail "sockets are left"
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
	local out cmd n=0 word

	check_match "$(ctnetctl version)" '^ctnetctl [0-9a-z]' version
	out=$(ctnetctl help)
	while read -r cmd _; do
		n=$((n + 1))
		check ctnetctl help "$cmd"
		check_match "$OUT" "^usage: ctnetctl $cmd" "help $cmd"
	done < <(sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' <<<"$out")
	[[ $n -ge 17 ]] || fail "help lists $n commands"
	check ctnetctl help add-net
	for word in vni local underlay dstport address mtu mac may-exist learning ageing flood \
		suppress max-fdb ttl tos df udp-csum; do
		check_match "$OUT" "  --$word " "help add-net"
	done
	check ctnetctl help add-port
	for word in dev ifname address gateway mac mtu guard isolated learning flood hairpin \
		label may-exist; do
		check_match "$OUT" "  --$word " "help add-port"
	done
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
	check_not grep here "$outside"
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

# ------------------------------------------------------------------ underlay

# hook_count NAME
hook_count()
{
	[[ $(ip netns exec "$h1" nft list counter inet t "$1") =~ packets\ ([0-9]+) ]] &&
		echo "${BASH_REMATCH[1]}"
}

netfilter()
{
	local hook fam

	for hook in output postrouting prerouting input; do
		for fam in 4 6; do
			echo "add counter inet t ${hook}$fam"
		done
		echo "add chain inet t $hook { type filter hook $hook priority 0; }"
		for fam in 4 6; do
			echo "add rule inet t $hook meta nfproto ipv$fam udp dport 4789 counter name ${hook}$fam"
		done
	done | sed '1i add table inet t' >"$TMP/nft"
	check ip netns exec "$h1" nft -f "$TMP/nft"
	ping_ok "$c1" 203.0.113.2
	ping_ok "$c1" 203.0.113.130
	for hook in output postrouting prerouting input; do
		for fam in 4 6; do
			check at_least 3 hook_count ${hook}$fam
		done
	done
	# and what they drop is dropped
	for hook in output input; do
		check ip netns exec "$h1" nft add rule inet t $hook udp dport 4789 drop
		check no_ping "$c1" 203.0.113.2
		check no_ping "$c1" 203.0.113.130
		check ip netns exec "$h1" nft flush chain inet t $hook
		ping_ok "$c1" 203.0.113.2
		ping_ok "$c1" 203.0.113.130
	done
	check ip netns exec "$h1" nft delete table inet t
}

# add_sa NS FROM TO SPI, sa FROM TO SPI, policy NS out|in FROM TO: transport mode, for VXLAN
# alone
add_sa()
{
	ip -n "$1" xfrm state add src "$2" dst "$3" proto esp spi "$4" reqid 1 \
		mode transport auth 'hmac(sha256)' "0x$(printf '5a%.0s' {1..32})" \
		enc 'cbc(aes)' "0x$(printf 'c3%.0s' {1..16})"
}

sa()
{
	check add_sa "$h1" "$@"
	check add_sa "$h2" "$@"
}

# no_ipsec FROM TO: neither xfrm, nor ESP, nor the algorithms are there; $OUT says which
no_ipsec()
{
	OUT=$(add_sa "$h1" "$1" "$2" 0x100 2>&1)
	[[ $OUT == *"Protocol not supported"* || $OUT == *"Function not implemented"* ]] && return
	check ip -n "$h1" xfrm state flush
	return 1
}

policy()
{
	check ip -n "$1" xfrm policy add src "$3" dst "$4" proto udp dport 4789 dir "$2" \
		tmpl src "$3" dst "$4" proto esp reqid 1 mode transport
}

# ipsec FROM TO ADDRESS
ipsec()
{
	local from=$1 to=$2 addr=$3 ns f=$TMP/esp

	if no_ipsec "$from" "$to"; then
		skip "no IPsec in this kernel: $OUT"
		return
	fi
	# a route that is cached already
	ping_ok "$c1" "$addr"
	sa "$from" "$to" 0x101
	sa "$to" "$from" 0x102
	policy "$h1" out "$from" "$to"
	policy "$h1" in "$to" "$from"
	policy "$h2" out "$to" "$from"
	policy "$h2" in "$from" "$to"
	# the other network's tunnel goes on in the clear
	capture_start "$h1" ul0 "host $from and (esp or udp port 4789)" "$f" || return
	ping_ok "$c1" "$addr"
	tcp_copy "$c1" "$c2" "$addr" 256
	capture_has "$f" 6 esp
	capture_stop "$f"
	capture_is "$f" 0 "udp port 4789"
	# what should have been encrypted and was not is not taken
	check ip -n "$h2" xfrm policy delete src "$to" dst "$from" proto udp dport 4789 dir out
	capture_start "$h1" ul0 "src $to and udp port 4789" "$f" || return
	check no_ping "$c1" "$addr"
	capture_has "$f" 1 "udp port 4789"
	capture_stop "$f"
	for ns in "$h1" "$h2"; do
		check ip -n "$ns" xfrm policy flush
		check ip -n "$ns" xfrm state flush
	done
	ping_ok "$c1" "$addr"
}

# hits NAME: how often a probe was hit
hits() { grep -c "ctnet_$1_${TMP##*.}" "$TRACE/trace"; }

# ping asks for time stamps, which all frames then get as they are received; fq holds back
# what is stamped with a time to come.
fair_queue()
{
	ip netns exec "$h1" tc qdisc add dev ul0 root fq 2>"$TMP/fq" ||
		{ skip "no qdisc fq: $(<"$TMP/fq")"; return; }
	check in_ns "$c1" ping -nq -c 20 -i 0.1 -W 5 203.0.113.2
	check_match "$OUT" ' 20 received' "replies by way of fq"
	check in_ns "$h1" tc qdisc del dev ul0 root
}

# What the kernel tells all network cards that have asked for UDP ports of tunnels. No
# device of a VM is such a card.
nic_is_told()
{
	local dir=/sys/kernel/tracing what

	if [[ ! -d $dir/instances ]]; then
		mount -t tracefs tracefs $dir 2>/dev/null || { skip "no tracefs"; return; }
		defer umount $dir
	fi
	[[ -e $dir/kprobe_events ]] || { skip "no kprobe events"; return; }
	TRACE=$dir/instances/${TMP##*.}
	mkdir "$TRACE" || return
	defer rmdir "$TRACE"
	for what in add del; do
		echo "p:ctnet_${what}_${TMP##*.} udp_tunnel_notify_${what}_rx_port type=\$arg2:u16" \
			>>$dir/kprobe_events || { fail "no such function"; return; }
		defer eval "echo -:ctnet_${what}_${TMP##*.} >>$dir/kprobe_events"
		echo 1 >"$TRACE/events/kprobes/ctnet_${what}_${TMP##*.}/enable" || fail "enable"
		defer eval "echo 0 >$TRACE/events/kprobes/ctnet_${what}_${TMP##*.}/enable"
	done
	check ctn "$t1" add-net nic0 --vni 70 --local 192.0.2.7 --dstport 4801
	check_eq "$(hits add)" 1 "times that a port was told of"
	check grep -q 'type=1$' "$TRACE/trace"
	# the socket is there
	check ctn "$t1" add-net nic1 --vni 71 --local 192.0.2.7 --dstport 4801
	check ctn "$t1" del-net nic0
	check_eq "$(hits add) $(hits del)" "1 0" "times that ports were told of"
	check ctn "$t1" set-net nic1 --dstport 4802
	check_eq "$(hits add) $(hits del)" "2 1" "times that ports were told of"
	check ctn "$t1" del-net nic1
	check_eq "$(hits add) $(hits del)" "2 2" "times that ports were told of"
}

# Whatever the peer or a container sends, the host goes on; the runner reads its log.
garbage()
{
	ask garbage "$h2" "$H1_IP" 4000 1
	ask garbage "$c1" - 2000 2 eth0
	ask garbage "$c3" - 2000 3 eth0
	check ctn "$h1" flush-fdb net0 --learned
	check ctn "$h1" flush-fdb loc0 --learned
	ping_ok "$c1" 203.0.113.2
	ping_ok "$c2" 203.0.113.1
}

# More floods at once than may wait, which a qdisc held back: each frame that came reached the
# last of the ports, or was counted. The first ports get it before it would have to wait.
flood_overflows()
{
	local i rx tx lost

	for ((i = 0; i < DUMMIES; i++)); do
		echo "link add d$i up master loc1 type dummy"
	done | ip_in "$h1" || fail "cannot make dummies"
	check_eq "$(net_stat "$h1" loc1 port_count)" $((DUMMIES + 1)) ports
	ip netns exec "$c3" tc qdisc add dev eth1 root plug limit 4000000 2>"$TMP/plug" ||
		{ skip "no qdisc plug: $(<"$TMP/plug")"; return; }
	rx=$(port_stat "$h1" loc1 p5 rx_packets)
	tx=$(port_stat "$h1" loc1 "d$((DUMMIES - 1))" tx_packets)
	lost=$(drops "$h1" loc1 flood_queue)
	ask burst "$c3" eth1 $M3 4000
	check ip netns exec "$c3" tc qdisc change dev eth1 root plug release_indefinite
	wait_until 20000 at_least $((lost + 1)) drops "$h1" loc1 flood_queue
	wait_until 20000 flooded "$rx" "$tx" "$lost"
	diag "$OUT"
	check ctn "$h1" del-net loc1
	for ((i = 0; i < DUMMIES; i++)); do
		echo "link del d$i"
	done | ip_in "$h1"
}

# flooded RX TX LOST: all that came since has gone, or was counted
flooded()
{
	local rx tx lost

	rx=$(($(port_stat "$h1" loc1 p5 rx_packets) - $1))
	tx=$(($(port_stat "$h1" loc1 "d$((DUMMIES - 1))" tx_packets) - $2))
	lost=$(($(drops "$h1" loc1 flood_queue) - $3))
	echo "$rx came, $tx reached the last port, $lost dropped"
	[[ $rx -ge 4000 && $rx -eq $((tx + lost)) ]]
}

# ---------------------------------------------------------- dumps, counters

interrupted()
{
	local net mac=hex:02dd00000001

	net=u32:$(ifindex_of "$h1" loc0)
	ask change "$h1" nothing
	check_eq "$ANSWER" "ok whole" "a dump while nothing changes"
	ask change "$h1" FDB_ADD NET="$net" MAC=$mac SELF=flag:
	check_eq "$ANSWER" "ok interrupted" "a dump while an entry comes"
	ask change "$h1" FDB_SET NET="$net" MAC=$mac PORT=u32:"$(ifindex_of "$h1" p3)"
	check_eq "$ANSWER" "ok interrupted" "a dump while an entry changes"
	ask change "$h1" FDB_DEL NET="$net" MAC=$mac
	check_eq "$ANSWER" "ok interrupted" "a dump while an entry goes"
	ask change "$h1" nothing
	check_eq "$ANSWER" "ok whole" "a dump while nothing changes"
}

fill()
{
	ask macs "$c3" eth0 $MANY 02:ee:00:00:00:01
	wait_until 20000 at_least $MANY net_stat "$h1" loc0 fdb_learned
}

# A dump that had to look for its place would take ever longer: of three, one may not.
resumes()
{
	local i n first last

	fill
	for i in 1 2 3; do
		ask dump "$h1" $MANY
		read -r _ n first last <<<"$ANSWER"
		check_match "$ANSWER" '^ok [0-9]+ [0-9]+ [0-9]+$' "dump of $MANY entries" || return
		diag "$n entries; first quarter $first us, last quarter $last us"
		((last > first * 2)) || return 0
	done
	fail "the last quarter of a dump took twice as long as the first, three times"
}

past_32_bits()
{
	local rx tx

	rx=$(port_stat "$h1" loc0 p3 rx_bytes)
	tx=$(port_stat "$h1" loc0 p4 tx_bytes)
	send_frame "$c3" $M4 $M3 large count=66000 len=65500
	# the kernels there may have sent some frames of their own
	rx=$(($(port_stat "$h1" loc0 p3 rx_bytes) - rx - 66000 * 65500))
	tx=$(($(port_stat "$h1" loc0 p4 tx_bytes) - tx - 66000 * 65500))
	[[ $rx -ge 0 && $rx -lt 10000 ]] || fail "bytes received, less what was sent: $rx"
	[[ $tx -ge 0 && $tx -lt 10000 ]] || fail "bytes sent, less what was sent: $tx"
}

topology
python_start contract.py

run_test netns_option "-n takes a name, a path, a PID"
run_test option_value "--option VALUE and --option=VALUE; add-net brings the network up"
run_test may_exist "--may-exist and --if-exists, of each kind"
run_test json_keys "the keys of JSON"
run_test pretty "-p: the same JSON over several lines"
run_test with_stats "-s adds counters, to text and JSON"
run_test terminal_and_pipe "a terminal gets headings and colours, a pipe rows with tabs; --color"
run_test set_net "set-net changes each option"
run_test many_sockets "a list of 200 sockets has each once"
run_test show_tree "show: networks, ports with container and addresses, peers, counts"
run_test helps "version; help, and of each command"
run_test born_there "the far end is born in the container, and has its address before it is up"
run_test default_label "the near end's alias is the label, the container's name by default"
run_test netfilter "the host's netfilter sees and drops what is tunnelled, IPv4 and IPv6"
run_test fair_queue "a qdisc of the underlay that goes by time stamps holds nothing back"
run_test nic_is_told "network cards are told of the UDP port, once for each socket"
run_test garbage "random frames and datagrams do no harm"
run_test flood_overflows "floods that are too many are dropped and counted, each"
run_test resumes "a dump of $MANY entries takes no longer towards its end"
run_test interrupted "a dump says so if something changed meanwhile"
run_test past_32_bits "counters go past 32 bits"
run_test ipsec 192.0.2.1 192.0.2.2 203.0.113.2 "IPsec encrypts it, and does not take what is not encrypted, IPv4"
run_test ipsec 2001:db8:0:1::1 2001:db8:0:1::2 203.0.113.130 "and IPv6"
