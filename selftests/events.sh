#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
#
# Events: ctnetctl monitor tells of every change, and says so where some were lost.
#
#	h1 (namespace)                       c1 c2 (namespaces)
#	net0, VNI 100 on ul0
#	 |- p1 ---veth--- c1 eth0
#	 `- p2 ---veth--- c2 eth0
#	ul0 192.0.2.1/24 (dummy)
#
#	h2 (namespace): where nothing of this is to be heard

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=python.sh
. "$(dirname "$0")/python.sh"

need python3
readonly BCAST=ff:ff:ff:ff:ff:ff A=02:aa:00:00:00:01 S=02:bb:00:00:00:01

setup_host h1 h2
add_container c1 c2
TEXT=$TMP/text JSON=$TMP/json OTHER=$TMP/other

build()
{
	local i c ns

	for ns in "$h1" "$c1" "$c2"; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	done
	for i in 1 2; do
		c=c$i
		echo "link add p$i netns $h1 type veth peer name eth0 netns ${!c}"
	done | ip -batch - || die "setup: veths"
	ip_in "$h1" <<-EOT || die "setup: underlay"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		link set ul0 up
	EOT
	for c in c1 c2; do
		must ip -n "${!c}" link set eth0 up
	done
}

# monitors are told to a file each; there are three
monitors()
{
	local limit

	# buffers as large as monitor asks for
	limit=$(</proc/sys/net/core/rmem_max)
	sysctl -qw net.core.rmem_max=$((16 << 20))
	defer sysctl -qw net.core.rmem_max="$limit"
	ctnetctl -n "$h1" monitor >>"$TEXT" 2>&1 &
	TEXT_PID=$!
	ctnetctl -n "$h1" -j monitor >>"$JSON" 2>&1 &
	JSON_PID=$!
	ctnetctl -n "$h2" -j monitor >>"$OTHER" 2>&1 &
	defer kill_wait $!
	defer kill_wait $TEXT_PID
	defer kill_wait $JSON_PID
	ctn "$h1" add-net first
	ctn "$h2" add-net first
	wait_until 20000 poke
	ctn "$h1" del-net first
	ctn "$h2" del-net first
	heard "net del +first" '"object":"net","event":"del","network":"first"'
	wait_until 5000 grep -q '"event":"del","network":"first"' "$OTHER"
	: >"$OTHER"
}

# changes something until all of them listen
poke()
{
	ctn "$h1" set-net first --ageing 100
	ctn "$h2" set-net first --ageing 100
	grep -q first "$TEXT" && grep -q first "$JSON" && grep -q first "$OTHER"
}

# heard TEXT JSON: both monitors told of it, as regular expressions
heard()
{
	wait_until 5000 grep -qE "$1" "$TEXT" || diag "$(tail -n 5 "$TEXT")"
	wait_until 5000 grep -qE "$2" "$JSON" || diag "$(tail -n 5 "$JSON")"
}

unheard() { check_not grep -E "$1" "$TEXT" "$JSON"; }

# ------------------------------------------------------------------- tests

nets()
{
	check ctn "$h1" add-net net0 --vni 100 --local 192.0.2.1
	heard '^net add +net0 .*vni 100' '"object":"net","event":"add","network":"net0",.*"vni":100'
	check ctn "$h1" set-net net0 --learning off
	heard '^net set +net0' '"object":"net","event":"set","network":"net0",.*"learning":false'
	check ctn "$h1" set-net net0 --learning on --ageing 77
	heard '^net set +net0' '"event":"set","network":"net0",.*"learning":true,"ageing":77'
	# with iproute2, too
	check ip -n "$h1" link set net0 mtu 1234
	heard '^net set +net0 .*mtu 1234' '"event":"set","network":"net0",.*"mtu":1234'
	check ctn "$h1" add-net gone
	check ctn "$h1" del-net gone
	heard '^net del +gone' '"object":"net","event":"del","network":"gone"'
	check ctn "$h1" add-net renamed
	check ip -n "$h1" link set renamed down
	check ip -n "$h1" link set renamed name renamed2
	heard '^net set +renamed2' '"event":"set","network":"renamed2"'
	check ip -n "$h1" link del renamed2
	heard '^net del +renamed2' '"event":"del","network":"renamed2"'
}

ports()
{
	check ctn "$h1" add-port net0 --dev p1
	heard '^port add +net0 p1' '"object":"port","event":"add","network":"net0","port":"p1"'
	check ctn "$h1" set-port net0 --dev p1 --hairpin on
	heard '^port set +net0 p1 .*hairpin on' \
		'"object":"port","event":"set","network":"net0","port":"p1",.*"hairpin":true'
	check ctn "$h1" del-port net0 --dev p1
	heard '^port del +net0 p1' '"object":"port","event":"del","network":"net0","port":"p1"'
	# with iproute2, and one whose device goes
	check ip -n "$h1" link set p2 up master net0
	heard '^port add +net0 p2' '"event":"add","network":"net0","port":"p2"'
	check ip -n "$h1" link add x0 type veth peer name x1
	check ip -n "$h1" link set x0 master net0
	check ip -n "$h1" link del x1
	heard '^port del +net0 x0' '"event":"del","network":"net0","port":"x0"'
	check ctn "$h1" add-port net0 --dev p1
}

peers()
{
	check ctn "$h1" add-peer net0 192.0.2.2 --dstport 4790
	heard '^peer add +net0 192.0.2.2 dstport 4790' \
		'"object":"peer","event":"add","network":"net0","peer":"192.0.2.2","dstport":4790'
	check ctn "$h1" del-peer net0 192.0.2.2
	heard '^peer del +net0 192.0.2.2' \
		'"object":"peer","event":"del","network":"net0","peer":"192.0.2.2"'
}

static_entries()
{
	check ctn "$h1" add-fdb net0 $S --port p1 --ip 203.0.113.5
	heard "^fdb add +net0 $S .*port p1.*203.0.113.5" \
		"\"object\":\"fdb\",\"event\":\"add\",\"network\":\"net0\",\"mac\":\"$S\",\"type\":\"static\",\"port\":\"p1\",.*203.0.113.5"
	check ctn "$h1" replace-fdb net0 $S --port p2
	heard "^fdb set +net0 $S .*port p2" "\"event\":\"set\",\"network\":\"net0\",\"mac\":\"$S\".*\"port\":\"p2\""
	check ctn "$h1" del-fdb net0 $S
	heard "^fdb del +net0 $S" "\"event\":\"del\",\"network\":\"net0\",\"mac\":\"$S\",\"type\":\"static\""
}

learned_entries()
{
	send_frame "$c1" $BCAST $A event
	heard "^fdb learn +net0 $A .*port p1" \
		"\"object\":\"fdb\",\"event\":\"learn\",\"network\":\"net0\",\"mac\":\"$A\",\"type\":\"learned\",\"port\":\"p1\""
	send_frame "$c2" $BCAST $A event
	heard "^fdb move +net0 $A .*port p2" "\"event\":\"move\",\"network\":\"net0\",\"mac\":\"$A\".*\"port\":\"p2\""
	# not each frame is an event
	send_frame "$c2" $BCAST $A event count=20
	check ctn "$h1" flush-fdb net0 --learned
	heard "^fdb del +net0 $A .*port p2" "\"event\":\"del\",\"network\":\"net0\",\"mac\":\"$A\",\"type\":\"learned\""
	check_eq "$(grep -c "^fdb learn.*$A" "$TEXT")" 1 "times that it was learned"
	check_eq "$(grep -c "^fdb move.*$A" "$TEXT")" 1 "times that it moved"
}

aged_entries()
{
	local mac=02:aa:00:00:00:05

	check ctn "$h1" set-net net0 --ageing 1
	send_frame "$c1" $BCAST $mac event
	heard "^fdb learn +net0 $mac" "\"event\":\"learn\",\"network\":\"net0\",\"mac\":\"$mac\""
	wait_until 15000 grep -q "^fdb del .*$mac" "$TEXT"
	heard "^fdb del +net0 $mac" "\"event\":\"del\",\"network\":\"net0\",\"mac\":\"$mac\""
	check ctn "$h1" set-net net0 --ageing 300
}

# a port that goes takes its entries with it: told of, each
entries_of_a_port()
{
	local mac=02:aa:00:00:00:06

	send_frame "$c1" $BCAST $mac event
	check ctn "$h1" add-fdb net0 $S --port p1
	check ctn "$h1" del-port net0 --dev p1
	heard "^fdb del +net0 $mac .*port p1" "\"event\":\"del\",\"network\":\"net0\",\"mac\":\"$mac\""
	heard "^fdb del +net0 $S .*port p1" "\"event\":\"del\",\"network\":\"net0\",\"mac\":\"$S\".*\"port\":\"p1\""
	check ctn "$h1" add-port net0 --dev p1
}

# a refused command is no event
refused()
{
	check_not ctn "$h1" add-fdb net0 02:aa:00:00:00:08 --peer 192.0.2.77
	check_not ctn "$h1" add-peer net0 192.0.2.1
	check ctn "$h1" add-fdb net0 02:aa:00:00:00:09 --self
	heard "^fdb add +net0 02:aa:00:00:00:09" '"mac":"02:aa:00:00:00:09"'
	unheard '02:aa:00:00:00:08|peer.*192.0.2.1"'
}

# A network's monitor hears of that network only.
one_network()
{
	local file=$TMP/one

	check ctn "$h1" add-net net1
	ctnetctl -n "$h1" monitor net1 >"$file" 2>&1 &
	defer kill_wait $!
	wait_until 20000 poke_one "$file"
	check ctn "$h1" add-fdb net0 02:aa:00:00:00:0a --self
	check ctn "$h1" add-fdb net1 02:aa:00:00:00:0b --self
	wait_until 5000 grep -q "02:aa:00:00:00:0b" "$file"
	check_not grep net0 "$file"
	check ctn "$h1" del-net net1
}

poke_one() { ctn "$h1" set-net net1 --ageing 100; grep -q net1 "$1"; }

# More changes than are told of in a second: the rest is counted, and said.
burst()
{
	local n=9000 start told lost

	# who listens takes time from who tells: one is enough, and reads it afterwards
	kill_wait $TEXT_PID
	ask events "$h1"
	ask macs "$c1" eth0 $n 02:ee:00:00:00:01
	wait_until 20000 at_least $n net_stat "$h1" net0 fdb_learned
	ask told "$h1" "$n" $((5000 * CTNET_SLOW))
	read -r _ _ told _ lost _ <<<"$ANSWER"
	check_eq "$((told + lost))" $n "learned entries, told of or lost: $ANSWER"
	# the monitor has read all of it: 02:ee:00:00:23:28 is the last
	wait_until 20000 grep -qE '"event":"lost"|02:ee:00:00:23:28' "$JSON"
	kill -STOP $JSON_PID
	# the end of all of them, at one go
	start=$(now_ms)
	check ctn "$h1" flush-fdb net0 --learned
	start=$(($(now_ms) - start))
	kill -CONT $JSON_PID
	ask told "$h1" $((2 * n)) $((5000 * CTNET_SLOW))
	read -r _ _ told _ lost _ <<<"$ANSWER"
	check_eq "$((told + lost))" $((2 * n)) "all changes, told of or lost: $ANSWER"
	((told >= 4096)) || fail "fewer than 4096 told of: $ANSWER"
	[[ $RET -eq 0 ]] || return
	if ((lost == 0 && start * 4096 / 1000 >= n)); then
		skip "too slow for a burst: $n changes took $start ms"
		return
	fi
	((lost > 0)) || fail "$n changes in $start ms, and none was left out: $ANSWER"
	wait_until 5000 grep -qE '"object":"monitor","event":"lost","count":[0-9]+' "$JSON"
}

other_namespace()
{
	# it is heard there, and nothing before it
	check ctn "$h2" add-net marker
	wait_until 5000 grep -q '"network":"marker"' "$OTHER"
	check_eq "$(grep -vc '"network":"marker"' "$OTHER")" 0 "events of others"
}

build
python_start frames.py
monitors

run_test nets "a network is made, changed, renamed, deleted"
run_test ports "a port is attached, changed, detached, deleted"
run_test peers "a peer is added and removed"
run_test static_entries "an entry is added, replaced, deleted"
run_test learned_entries "an entry is learned, moves, is flushed"
run_test aged_entries "an entry ages"
run_test entries_of_a_port "the entries of a port go with it"
run_test refused "what is refused is not told of"
run_test one_network "monitor NET tells of that network only"
run_test burst "a burst is bounded, and each event that is left out is counted"
run_test other_namespace "another namespace hears nothing of it"
