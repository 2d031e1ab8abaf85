#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: the tool in many steps, and processes are slow under the instruments
#
# How the tool is spoken to by who knows ip, bridge, wg, ovs-vsctl and docker, and what it
# prints on a terminal, whatever bytes names and labels have.
#
#	h1 (namespace)                                      c1 (namespace)
#	net0, VNI 100, local 192.0.2.1, peer 192.0.2.2
#	 `- a veth of its own to c1 ----------------------- eth0 203.0.113.1
#	ul0 192.0.2.1 (dummy), which is called underlay-of-the-first-rack as well
#	p1 (dummy), which is called the-port-of-the-first-rack as well

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3 script
readonly UL=underlay-of-the-first-rack P1=the-port-of-the-first-rack
readonly CONTROLS=$'x\e[2Jy\xc2\x9b2Kz\xe2\x80\xaew\x7fv'

setup_host h1
add_container c1
ip_in "$h1" <<-EOT || die "setup: links"
	link add ul0 type dummy
	link property add dev ul0 altname $UL
	addr add 192.0.2.1/24 dev ul0
	link set ul0 up
	link add p1 type dummy
	link property add dev p1 altname $P1
EOT
must ctn "$h1" -b - <<-EOT
	add-net net0 --vni 100 --local 192.0.2.1
	add-peer net0 192.0.2.2
	add-port net0 $c1 --address 203.0.113.1/24
EOT

commands() { ctnetctl help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'; }

# on_tty WORD...: what the tool prints to a terminal
on_tty() { script -qec "$(printf '%q ' ctnetctl -n "$h1" --color=never "$@")" /dev/null </dev/null | tr -d '\r'; }

# value KEY WORD...: that of the first object that the tool prints as JSON
value()
{
	ctn "$h1" -j "${@:2}" | python3 -c 'import json, sys
print(json.dumps(json.load(sys.stdin)[0].get(sys.argv[1])))' "$1"
}

# ------------------------------------------------------------------- tests

help_everywhere()
{
	local cmd n=0

	while read -r cmd; do
		n=$((n + 1))
		check ctnetctl "$cmd" --help
		check_eq "$OUT" "$(ctnetctl help "$cmd")" "$cmd --help"
		check ctnetctl "$cmd" -h
		check_eq "$OUT" "$(ctnetctl help "$cmd")" "$cmd -h"
	done < <(commands)
	[[ $n -ge 22 ]] || fail "there are $n commands"
	# whatever stands beside it, and wherever that would work
	check ctnetctl -n nosuch add-net n1 --vni 7 --help
	check_match "$OUT" '^usage: ctnetctl add-net'
	for cmd in help "help add-net" version; do
		# shellcheck disable=SC2086 # words
		check ctnetctl -n nosuch $cmd
	done
	check ctn "$h1" -b - <<<'list --help'
	check_match "$OUT" '^usage: ctnetctl list'
	# but a label may be called so, and a configuration is no place for it
	check ctn "$h1" add-port net0 --dev p1 --label --help
	check_eq "$(value label list ports net0)" '"--help"' label
	check ctn "$h1" del-port net0 --dev p1
	echo 'add-net n1 --help' >"$TMP/conf"
	check_fail 1 "conf:1: .*--help has no place" ctn "$h1" restore "$TMP/conf"
}

# Options of ctnetctl itself, where ip and others take them as well.
after_the_command()
{
	local word

	for word in -j -p -s -sj --json --pretty --stats "-n NETNS" "-b FILE" "--netns NETNS" "--batch FILE" --color; do
		# shellcheck disable=SC2086 # words
		check_fail 1 "show: ${word%% *} stands before the command: ctnetctl $word show" \
			ctn "$h1" show net0 $word
	done
	check_fail 1 '--color stands before the command' ctn "$h1" show --color=always
	check_fail 1 'there is no option --dev' ctn "$h1" show --dev
	check_fail 1 'there is no option -jx' ctn "$h1" show -jx
}

# Words with a slip, and those of other tools.
meant()
{
	local words want

	while IFS=: read -r words want; do
		# shellcheck disable=SC2086 # words
		check_fail 1 "$want" ctn "$h1" $words
	done <<-EOT
		shwo:is it "show"
		add-prot net0 x:is it "add-port"
		port add net0 x:is it "add-port"
		add net net1:is it "add-net"
		list-ports:is it "list"
		help add-prt:is it "add-port"
		add-net net1 vni 7:"vni" is an option. --vni
		add-net net1 --addr 203.0.113.9/24:no option --addr .is it --address..;
		add-net net1 --adress 203.0.113.9/24:is it --address
		add-net net1 --max_fdb 7:is it --max-fdb
		add-net net1 --xyz:no option --xyz;
		add-net net1 --id 5 --local 192.0.2.1:is it --vni
		add-net net1 --vni 5 --local 192.0.2.1 --dev ul0:is it --underlay
		add-port net0 x --ip 203.0.113.9/24:is it --address
		add-port net0 x --name eth1:is it --ifname
		add-fdb net0 x --dev p1:is it --port
		add-fdb net0 x --dst 192.0.2.2:is it --peer
		list net:none of nets, ports, peers, fdb, vteps and publish; is it "nets"
		list frobs:none of nets, ports, peers, fdb, vteps and publish$
		frobnicate:there is no command "frobnicate"; "ctnetctl help"
		add-peer net0 192.0.2.9/24:give it without prefix length
		add-net all:invalid interface name
		add-net default:invalid interface name
	EOT
}

# Each option that takes a number takes it as 0x as well.
hexadecimal()
{
	local words opt want

	check ctn "$h1" add-net hex --vni 0x2a --local 192.0.2.1 --dstport 0x12bf --mtu 0x500 \
		--ageing 0x0A --max-fdb 0xffff --ttl 0xC --tos 0X10 --mark 0xfedcba98
	while read -r opt want; do
		check_eq "$(value "$opt" list nets hex)" "$want" "$opt"
	done <<-EOT
		vni 42
		dstport 4799
		mtu 1280
		ageing 10
		max_fdb 65535
		ttl 12
		tos 16
		mark 4275878552
	EOT
	check ctn "$h1" add-peer hex 192.0.2.9 --dstport 0x1000
	check_eq "$(value dstport list peers hex)" 4096 "the peer's UDP port"
	check ctn "$h1" add-port hex "$c1" --ifname eth7 --mtu 0x4b0
	check_eq "$(mtu_of "$c1" eth7)" 1200 "MTU of a port"
	check ctn "$h1" del-net hex
	# there is no other option with a number
	words=$(while read -r opt; do ctnetctl help "$opt"; done < <(commands) |
		sed -nE 's/^  --([a-z0-9-]+) (N|SECONDS)\b.*/\1/p' | sort -u | paste -sd' ')
	check_eq "$words" "ageing dstport mark max-fdb mtu tos ttl vni" "options that take numbers"
	for words in 0x 0xg 0x1g x10 '0x 1' +0x1 -0x1; do
		check_fail 1 'invalid number' ctn "$h1" add-net hex --vni "$words" --local 192.0.2.1
	done
	check_fail 1 'invalid number: 1 to 16777215' ctn "$h1" add-net hex --vni 0x1000000 --local 192.0.2.1
}

# A device may have more names than one, and long ones.
other_names()
{
	check ctn "$h1" add-net n1 --vni 101 --local 192.0.2.1 --underlay "$UL"
	check_eq "$(value underlay list nets n1)" '"ul0"' underlay
	check ip -n "$h1" link property add dev n1 altname the-network-of-the-first-rack
	check ctn "$h1" set-net the-network-of-the-first-rack --ageing 77
	check_eq "$(value ageing list nets n1)" 77 ageing
	check ctn "$h1" add-port n1 --dev "$P1" --hairpin on
	check ctn "$h1" set-port n1 --dev "$P1" --hairpin off
	check ctn "$h1" add-fdb n1 02:00:00:00:00:01 --port "$P1"
	check ctn "$h1" flush-fdb n1 --port "$P1"
	check ctn "$h1" del-port n1 --dev "$P1"
	check ctn "$h1" del-net the-network-of-the-first-rack
	# in a configuration as well
	cat >"$TMP/conf" <<-EOT
		add-net n1 --vni 101 --local 192.0.2.1 --underlay $UL
		add-port n1 --dev $P1
		add-fdb n1 02:00:00:00:00:01 --port $P1
	EOT
	check ctn "$h1" restore "$TMP/conf"
	ctn "$h1" save n1 >"$TMP/saved"
	ctn "$h1" save net0 | sed "s/--address/--gateway 203.0.113.254 &/" >"$TMP/both"
	cat "$TMP/conf" >>"$TMP/both"
	check ctn "$h1" sync "$TMP/both"
	check_eq "$(ctn "$h1" save n1)" "$(<"$TMP/saved")" "what sync makes of it"
	check_match "$(<"$TMP/saved")" '--underlay ul0.*--dev p1.*--port p1' "what was restored"
	# a network by another of its names is that network
	check ip -n "$h1" link property add dev n1 altname n1-too
	check ctn "$h1" sync - < <(sed 's/^\(add-[a-z]* \)n1 /\1n1-too /' "$TMP/both")
	check_eq "$(ctn "$h1" save n1)" "$(<"$TMP/saved")" "what sync makes of a further name"
	check ctn "$h1" del-net n1
	check_fail 2 'no interface "not-a-name-of-any"' ctn "$h1" add-port net0 --dev not-a-name-of-any
	check_fail 1 'at most 127' ctn "$h1" add-port net0 --dev "$(printf '%0128d' 0)"
	check_fail 1 'at most 15' ctn "$h1" add-net "$P1"
}

# A byte of a character is a space for the kernel, and it does not say which.
latin1_space() { check_fail 1 'the kernel takes a byte .0xa0. for a space' ctn "$h1" add-net voilà; }

# What it has no more descriptors for is said to be that. Those that were left open to it are
# closed before: the program's loader needs one.
descriptors()
{
	local n

	for n in 4 5 6; do
		check_fail 2 '[Tt]oo many (open files|files are open)' \
			bash -c "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
				ulimit -n $n && exec ctnetctl -n $h1 list ports"
	done
}

# Who names no namespace has used it wrongly; so has who names one of no length that can be.
no_target()
{
	check_fail 1 '"": invalid namespace' ctnetctl -n '' list nets
	check_fail 1 '"": invalid namespace' ctn "$h1" add-port net0 ''
	check_fail 1 '"": invalid namespace' ctn "$h1" add-fdb net0 02:00:00:00:00:01 --target ''
	check_fail 1 'too long' ctnetctl -n "/$(printf '%05000d' 0)" list nets
}

# json_types WORD...: "KEY TYPE" of each key
json_types()
{
	ctn "$h1" -j "$@" | python3 -c 'import json, sys
for k, v in sorted(json.load(sys.stdin)[0].items()):
	print(k, type(v).__name__)'
}

# A key has values of one type, whatever is set.
one_type()
{
	local plain

	plain=$(json_types list nets net0)
	check ctn "$h1" set-net net0 --ttl inherit --tos inherit --df inherit
	check_eq "$(json_types list nets net0)" "$plain" "types"
	check_eq "$(value ttl list nets)/$(value ttl_inherit list nets)" 0/true ttl
	check_eq "$(value tos list nets)/$(value tos_inherit list nets)" 0/true tos
	check_match "$(ctn "$h1" show net0)" ' ttl inherit tos inherit df inherit'
	check ctn "$h1" set-net net0 --ttl 9 --tos 8 --df off
	check_eq "$(json_types list nets net0)" "$plain" "types"
	check_eq "$(value ttl list nets)/$(value ttl_inherit list nets)" 9/false ttl
	check_match "$(ctn "$h1" show net0)" $' ttl 9 tos 8\n'
	check ctn "$h1" set-net net0 --ttl 0 --tos 0 --df on
}

# columns FILE: where the second column of each row begins, as a terminal has it
columns()
{
	python3 -c 'import sys, unicodedata
for line in open(sys.argv[1], encoding="utf-8"):
	head = line[:line.index(" up ") + 1] if " up " in line else line[:line.index("STATE")]
	print(sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
		for c in head))' "$1" | sort -u
}

# Columns are aligned as they are seen: characters may take two columns, or none, and more
# bytes than columns in any case.
wide_names()
{
	local name

	for name in büro $'cafe\xcc\x81' 本店 plain; do
		check ctn "$h1" add-net "$name"
	done
	LC_ALL=C on_tty list nets >"$TMP/tty"
	grep -q büro "$TMP/tty" || fail "büro: $(<"$TMP/tty")"
	check_eq "$(columns "$TMP/tty" | wc -l)" 1 "where the second column begins; $(<"$TMP/tty")"
	for name in büro $'cafe\xcc\x81' 本店 plain; do
		check ctn "$h1" del-net "$name"
	done
}

# steers TEXT: it has a character that steers a terminal, but the ends of its lines
steers() { python3 -c 'import re, sys
sys.exit(not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\udc80-\udcff]",
	sys.argv[1].encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")))' "$1"; }

# What others chose does not steer the terminal, by whichever way it comes there.
terminal_is_safe()
{
	local words out

	check steers "$CONTROLS"
	# by messages: words of the command line, of a file, of the kernel's objects
	while read -r words; do
		words=${words//@/$CONTROLS}
		# shellcheck disable=SC2086 # words
		out=$(ctn "$h1" $words 2>&1 >/dev/null)
		check_match "$out" 'ctnetctl: .*x\?.2Jy\?2Kz\?w\?v' "$words"
		check_not steers "$out"
	done <<-EOT
		@
		show @
		list @
		add-net n1 --@
		add-net n1 --vni @
		add-net n1 --local @
		add-net n1 --mac @
		add-net n1 --address @
		add-port net0 @
		add-port net0 /tmp/@
		add-peer net0 @
		add-fdb net0 @ --self
		help @
		restore @
		-b @
		-n @ list nets
		--@ list nets
	EOT
	printf 'list nets\n\nlist %s\n' "$CONTROLS" >"$TMP/$CONTROLS"
	out=$(ctn "$h1" -b "$TMP/$CONTROLS" 2>&1 >/dev/null)
	check_match "$out" ':3: list x\?' "a file"
	check_not steers "$out"
	# a forged line of the log is no line
	out=$(ctn "$h1" show $'x\nctnetctl: all is well' 2>&1)
	check_eq "$(wc -l <<<"$out")" 1 "lines of a message"
	# a label, by each command that prints it
	check ctn "$h1" set-port net0 "$c1" --label "$CONTROLS"$'\xff'
	out=$(ctn "$h1" add-port net0 "$c1" --may-exist --label other 2>&1)
	check_match "$out" 'has --label "x\?'
	check_not steers "${out//$'\xff'/}"
	for words in "list ports" show "-j list ports" "-j -p show" "-s list ports" save; do
		# shellcheck disable=SC2086 # words
		out=$(on_tty $words)
		check_match "$out" '2J' "$words"
		check_not steers "$out"
	done
	# JSON has it whole all the same, and so has a configuration
	check_eq "$(value label list ports)" '"x\u001b[2Jy\u009b2Kz\u202ew\u007fv\ufffd"' "the label in JSON"
	ctn "$h1" save >"$TMP/saved"
	check ctn "$h1" sync "$TMP/saved"
	check_eq "$(ctn "$h1" save)" "$(<"$TMP/saved")" "what was saved"
	check_eq "$(in_ns "$h1" cat "/sys/class/net/$(ctn "$h1" list ports net0 | cut -f 2)/ifalias" | od -c)" \
		"$(od -c <<<"$CONTROLS"$'\xff')" "the alias"
	check ctn "$h1" set-port net0 "$c1" --label "$c1"
}

run_test help_everywhere "each command takes --help and -h, wherever help is to be had"
run_test after_the_command "an option that stands before the command, after it"
run_test meant "what may have been meant is named"
run_test hexadecimal "each option that takes a number takes 0x"
run_test other_names "further names of devices, long ones too, in commands and configurations"
run_test latin1_space "a name that the kernel takes a space in"
run_test descriptors "no descriptors are left, at each step"
run_test no_target "a namespace without a name"
run_test one_type "JSON: a key has values of one type"
run_test wide_names "columns are aligned as a terminal shows them"
run_test terminal_is_safe "no name, label or argument steers a terminal"
