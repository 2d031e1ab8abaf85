#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
#
# Events: ctnetctl monitor tells of every change, and says so where some were lost: by the
# kernel, which tells of 4096 changes of a table in a second, or by who reads too slowly.
#
#	h1 (namespace)                       c1 c2 (namespaces)
#	net0, VNI 100 on ul0
#	 |- p1 ---veth--- c1 eth0
#	 `- p2 ---veth--- c2 eth0
#	ul0 192.0.2.1/24 (dummy)
#
#	h2 (namespace): where nothing of this is to be heard

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 setpriv
readonly BCAST=ff:ff:ff:ff:ff:ff
declare -rx A=02:aa:00:00:00:01 S=02:bb:00:00:00:01	# for jq as well

setup_host h1 h2
add_container c1 c2 c3
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
	ctnetctl -n "$h1" monitor >>"$TEXT" 2>&1 &
	TEXT_PID=$!
	ctnetctl -n "$h1" -j monitor >>"$JSON" 2>&1 &
	JSON_PID=$!
	ctnetctl -n "$h2" -j monitor >>"$OTHER" 2>&1 &
	OTHER_PID=$!
	defer kill_wait $OTHER_PID
	defer kill_wait $TEXT_PID
	defer kill_wait $JSON_PID
	ctn "$h1" add-net first
	ctn "$h2" add-net first
	wait_until 20000 poke_all
	ctn "$h1" del-net first
	ctn "$h2" del-net first
	heard "net del +first" 'like({object: "net", event: "del", network: "first"})'
	wait_until 5000 has_event "$OTHER" 'like({event: "del", network: "first"})'
	# one may have heard more pokes than another
	: >"$TEXT"
	: >"$JSON"
	: >"$OTHER"
}

# changes something until all of them listen
poke_all()
{
	ctn "$h1" set-net first --ageing 100
	ctn "$h2" set-net first --ageing 100
	grep -q first "$TEXT" && grep -q first "$JSON" && grep -q first "$OTHER"
}

# heard REGEX FILTER: both monitors told of it: a line of the text matches, and FILTER is true of
# an object of the JSON
heard()
{
	wait_until 5000 grep -qE "$1" "$TEXT" || diag "$(tail -n 5 "$TEXT")"
	wait_until 5000 has_event "$JSON" "$2" || diag "$(tail -n 5 "$JSON")"
}

# unheard REGEX FILTER: neither did
unheard()
{
	check_not grep -E "$1" "$TEXT"
	check no_event "$JSON" "$2"
}

# ------------------------------------------------------------------- tests

nets()
{
	check ctn "$h1" add-net net0 --vni 100 --local 192.0.2.1
	heard '^net add +net0 .*vni 100' \
		'like({object: "net", event: "add", network: "net0", vni: 100})'
	check ctn "$h1" set-net net0 --learning off
	heard '^net set +net0' \
		'like({object: "net", event: "set", network: "net0", learning: false})'
	check ctn "$h1" set-net net0 --learning on --ageing 77
	heard '^net set +net0' 'like({event: "set", network: "net0", learning: true, ageing: 77})'
	# all others at once
	check ctn "$h1" set-net net0 --flood off --suppress off --max-fdb 10 --dstport 4790 \
		--ttl 9 --tos 8 --df off --udp-csum off --local 2001:db8:0:1::1
	heard '^net set +net0 .*local6 2001:db8:0:1::1 dstport 4790' \
		'like({local6: "2001:db8:0:1::1", dstport: 4790, ttl: 9, ttl_inherit: false, tos: 8, tos_inherit: false, df: "off", udp_csum: false, flood: false, max_fdb: 10, suppress: false})'
	check ctn "$h1" set-net net0 --flood on --suppress on --max-fdb 65536 --dstport 4789
	# with iproute2, too
	check ip -n "$h1" link set net0 mtu 1234
	heard '^net set +net0 .*mtu 1234' 'like({event: "set", network: "net0", mtu: 1234})'
	# that of the route to its peer, which it follows: by itself a dummy is none
	check ctn "$h1" add-net gone --vni 101 --local 192.0.2.1
	check ctn "$h1" add-peer gone 192.0.2.9
	check ip -n "$h1" link set ul0 mtu 1400
	heard '^net set +gone .*mtu 1350' 'like({event: "set", network: "gone", mtu: 1350})'
	check no_event "$JSON" 'like({event: "set", network: "gone", mtu_auto: false})'
	check ip -n "$h1" link set ul0 mtu 1500
	check ctn "$h1" del-net gone
	heard '^net del +gone' 'like({object: "net", event: "del", network: "gone"})'
	check ctn "$h1" add-net renamed
	check ip -n "$h1" link set renamed down
	check ip -n "$h1" link set renamed name renamed2
	heard '^net set +renamed2' 'like({event: "set", network: "renamed2"})'
	check ip -n "$h1" link del renamed2
	heard '^net del +renamed2' 'like({event: "del", network: "renamed2"})'
}

ports()
{
	check ctn "$h1" add-port net0 --dev p1
	heard '^port add +net0 p1' \
		'like({object: "port", event: "add", network: "net0", port: "p1"})'
	check ctn "$h1" set-port net0 --dev p1 --hairpin on
	heard '^port set +net0 p1 .*hairpin on' \
		'like({object: "port", event: "set", network: "net0", port: "p1", hairpin: true})'
	check ctn "$h1" del-port net0 --dev p1
	heard '^port del +net0 p1' \
		'like({object: "port", event: "del", network: "net0", port: "p1"})'
	# with iproute2
	check ip -n "$h1" link set p2 up master net0
	heard '^port add +net0 p2' 'like({event: "add", network: "net0", port: "p2"})'
	check ctn "$h1" add-port net0 --dev p1
	# one that is renamed, and moves; one that is deleted
	ip_in "$h1" <<-EOT || fail "veths"
		link add x0 type veth peer name x1
		link set x0 master net0
		link set x1 master net0
		link set x0 name x2
		link set x2 netns $c1
		link del x1
	EOT
	heard '^port add +net0 x0' 'like({event: "add", network: "net0", port: "x0"})'
	heard '^port set +net0 x2' 'like({event: "set", network: "net0", port: "x2"})'
	heard '^port del +net0 x2' 'like({event: "del", network: "net0", port: "x2"})'
	heard '^port del +net0 x1' 'like({event: "del", network: "net0", port: "x1"})'
}

# a container's, which goes when the container does
container()
{
	local -x mac=02:42:cb:00:71:03

	check ctn "$h1" add-port net0 "$c3" --address 203.0.113.3/24
	heard '^port add +net0 ct[0-9a-f]{10} .*guard on' \
		'like({event: "add", network: "net0", guard: true}) and (.port | test("^ct[0-9a-f]{10}$"))'
	heard "^fdb add +net0 $mac .*port ct.*203.0.113.3" \
		'like({event: "add", network: "net0", mac: env.mac}) and (.port | test("^ct[0-9a-f]{10}$")) and (.addresses | index("203.0.113.3"))'
	check ip netns del "$c3"
	heard "^fdb del +net0 $mac .*port ct.*203.0.113.3" \
		'like({event: "del", network: "net0", mac: env.mac}) and (.port | test("^ct[0-9a-f]{10}$"))'
	heard '^port del +net0 ct[0-9a-f]{10}' \
		'like({event: "del", network: "net0"}) and (.port | test("^ct[0-9a-f]{10}$"))'
}

peers()
{
	check ctn "$h1" add-peer net0 192.0.2.2 --dstport 4790
	heard '^peer add +net0 192.0.2.2 dstport 4790' \
		'like({object: "peer", event: "add", network: "net0", peer: "192.0.2.2", dstport: 4790})'
	check ctn "$h1" del-peer net0 192.0.2.2
	heard '^peer del +net0 192.0.2.2' \
		'like({object: "peer", event: "del", network: "net0", peer: "192.0.2.2"})'
}

static_entries()
{
	local mac

	check ctn "$h1" add-fdb net0 $S --port p1 --ip 203.0.113.5
	heard "^fdb add +net0 $S .*port p1.*203.0.113.5" \
		'like({object: "fdb", event: "add", network: "net0", mac: env.S, type: "static", port: "p1"}) and (.addresses | index("203.0.113.5"))'
	check ctn "$h1" replace-fdb net0 $S --port p2
	heard "^fdb set +net0 $S .*port p2" \
		'like({event: "set", network: "net0", mac: env.S, port: "p2"})'
	check ctn "$h1" del-fdb net0 $S
	heard "^fdb del +net0 $S" \
		'like({event: "del", network: "net0", mac: env.S, type: "static"})'
	# the host's addresses go to its new MAC
	mac=$(mac_of "$h1" net0)
	check ctn "$h1" replace-fdb net0 "$mac" --self --ip 203.0.113.9
	check ip -n "$h1" link set net0 address $S
	heard "^fdb set +net0 $S .*203.0.113.9" \
		'like({event: "set", network: "net0", mac: env.S}) and (.addresses | index("203.0.113.9"))'
	check ip -n "$h1" link set net0 address "$mac"
}

learned_entries()
{
	send_frame "$c1" $BCAST $A event
	heard "^fdb learn +net0 $A .*port p1" \
		'like({object: "fdb", event: "learn", network: "net0", mac: env.A, type: "learned", port: "p1"})'
	send_frame "$c2" $BCAST $A event
	heard "^fdb move +net0 $A .*port p2" \
		'like({event: "move", network: "net0", mac: env.A, port: "p2"})'
	# not each frame is an event
	send_frame "$c2" $BCAST $A event count=20
	check ctn "$h1" flush-fdb net0 --learned
	heard "^fdb del +net0 $A .*port p2" \
		'like({event: "del", network: "net0", mac: env.A, type: "learned"})'
	check_eq "$(grep -c "^fdb learn.*$A" "$TEXT")" 1 "times that it was learned"
	check_eq "$(grep -c "^fdb move.*$A" "$TEXT")" 1 "times that it moved"
}

aged_entries()
{
	local -x mac=02:aa:00:00:00:05

	check ctn "$h1" set-net net0 --ageing 1
	send_frame "$c1" $BCAST $mac event
	heard "^fdb learn +net0 $mac" \
		'like({event: "learn", network: "net0", mac: env.mac})'
	wait_until 15000 grep -q "^fdb del .*$mac" "$TEXT"
	heard "^fdb del +net0 $mac" 'like({event: "del", network: "net0", mac: env.mac})'
	check ctn "$h1" set-net net0 --ageing 300
}

# learned ones go where their link does
link_down()
{
	local -x mac=02:aa:00:00:00:07

	send_frame "$c1" $BCAST $mac event
	heard "^fdb learn +net0 $mac .*port p1" \
		'like({event: "learn", network: "net0", mac: env.mac})'
	check ip -n "$h1" link set p1 down
	heard "^fdb del +net0 $mac .*port p1" \
		'like({event: "del", network: "net0", mac: env.mac})'
	check ip -n "$h1" link set p1 up
}

# what is not there: a MAC, an IPv4 and an IPv6 address
misses()
{
	local -x what

	check ctn "$h1" set-net net0 --flood off
	send_frame "$c1" 02:aa:00:00:00:77 $A event
	ask question "$c1" eth0 $A 203.0.113.1 203.0.113.77
	ask question "$c1" eth0 $A 2001:db8:100::1 2001:db8:100::77
	heard '^fdb miss +net0 02:aa:00:00:00:77$' \
		'like({object: "fdb", event: "miss", network: "net0", mac: "02:aa:00:00:00:77"})'
	for what in 203.0.113.77 2001:db8:100::77; do
		heard "^fdb miss +net0 address $what\$" \
			'like({object: "fdb", event: "miss", network: "net0", address: env.what})'
	done
	check ctn "$h1" set-net net0 --flood on
}

# a port that goes takes its entries with it: told of, each
entries_of_a_port()
{
	local -x mac=02:aa:00:00:00:06

	send_frame "$c1" $BCAST $mac event
	check ctn "$h1" add-fdb net0 $S --port p1
	check ctn "$h1" del-port net0 --dev p1
	heard "^fdb del +net0 $mac .*port p1" \
		'like({event: "del", network: "net0", mac: env.mac})'
	heard "^fdb del +net0 $S .*port p1" \
		'like({event: "del", network: "net0", mac: env.S, port: "p1"})'
	check ctn "$h1" add-port net0 --dev p1
}

# a refused command is no event
refused_is_no_event()
{
	check_not ctn "$h1" add-fdb net0 02:aa:00:00:00:08 --peer 192.0.2.77
	check_not ctn "$h1" add-peer net0 192.0.2.1
	check ctn "$h1" add-fdb net0 02:aa:00:00:00:09 --self
	check_not ctn "$h1" set-net net0 --mac 02:aa:00:00:00:09 --ageing 4321
	check_not ctn "$h1" set-net net0 --mtu 65500 --ageing 4321
	check ctn "$h1" del-fdb net0 02:aa:00:00:00:09
	heard "^fdb del +net0 02:aa:00:00:00:09" 'like({event: "del", mac: "02:aa:00:00:00:09"})'
	unheard '02:aa:00:00:00:08|peer.*192\.0\.2\.1( |$)|4321' \
		'.mac == "02:aa:00:00:00:08" or .peer == "192.0.2.1" or .ageing == 4321'
}

# A network's monitor hears of that network only.
one_network()
{
	local file=$TMP/one

	check ctn "$h1" add-net net1
	ctnetctl -n "$h1" monitor net1 >"$file" 2>&1 &
	defer kill_wait $!
	wait_until 20000 poke net1 "$file"
	check ctn "$h1" add-fdb net0 02:aa:00:00:00:0a --self
	check ctn "$h1" add-fdb net1 02:aa:00:00:00:0b --self
	wait_until 5000 grep -q "02:aa:00:00:00:0b" "$file"
	check_not grep net0 "$file"
	check ctn "$h1" del-net net1
}

# The network that was named, not the device that had the name when it was: one that is made
# again is heard, and one that is renamed away is not.
follows_the_name()
{
	local file=$TMP/follow alt=$TMP/alt n

	check ctn "$h1" add-net net1
	check ip -n "$h1" link property add dev net1 altname the-second-name-of-net1
	ctnetctl -n "$h1" monitor net1 >"$file" 2>&1 &
	defer kill_wait $!
	ctnetctl -n "$h1" monitor the-second-name-of-net1 >"$alt" 2>&1 &
	defer kill_wait $!
	wait_until 20000 poke net1 "$file"
	wait_until 20000 poke net1 "$alt"
	for n in 1 2; do
		check ctn "$h1" del-net net1
		check ctn "$h1" add-net other
		check ctn "$h1" add-fdb other 02:aa:00:00:01:0$n --self
		check ctn "$h1" add-net net1
		check ip -n "$h1" link property add dev net1 altname the-second-name-of-net1
		check ctn "$h1" add-fdb net1 02:aa:00:00:00:0$n --self
		check ctn "$h1" del-net other
		wait_until 5000 grep -q "fdb add net1 02:aa:00:00:00:0$n" "$file"
		wait_until 5000 grep -q "fdb add net1 02:aa:00:00:00:0$n" "$alt"
	done
	check_eq "$(grep -c '^net add net1 ' "$file")" 2 "networks of that name that came"
	check_eq "$(grep -c '^net del net1 ' "$file")" 2 "networks of that name that went"
	check ip -n "$h1" link set net1 down
	check ip -n "$h1" link set net1 name away
	check ctn "$h1" add-fdb away 02:aa:00:00:00:08 --self
	check ctn "$h1" add-net net1
	check ctn "$h1" add-fdb net1 02:aa:00:00:00:09 --self
	wait_until 5000 grep -q 'fdb add net1 02:aa:00:00:00:09' "$file"
	check_not grep -E 'other|02:aa:00:00:01|02:aa:00:00:00:08' "$file"
	check_not grep other "$alt"
	check ctn "$h1" del-net net1
	check ctn "$h1" del-net away
}

# A network that goes takes its ports and peers with it: told of, each, and itself last.
network_goes()
{
	local lines

	ip_in "$h1" <<-EOT || fail "veth"
		link add x0 type veth peer name x1
	EOT
	ctn "$h1" -b - <<-EOT || fail "network"
		add-net last --vni 102 --local 192.0.2.1
		add-port last --dev x0
		add-peer last 192.0.2.3
		add-peer last 192.0.2.4
		del-net last
	EOT
	heard '^net del +last .*vni 102' 'like({event: "del", network: "last", vni: 102})'
	lines=$(grep -E '^[a-z]+ del last' "$TEXT" | cut -d' ' -f1,2,4)
	check_match "$lines" '^(port del x0|peer del 192.0.2.[34]).*net del [^ ]*$' "its end"
	check_eq "$(wc -l <<<"$lines")" 4 "objects that went"
	check ip -n "$h1" link del x0
}

# comes_and_goes OBJECT NS WORD...: network busy gets and loses a port or a peer, named by the
# words, over and over, while NS sends without end. What is learned is told of after it: never
# of one that nobody has heard of.
comes_and_goes()
{
	local i n=300 object=$1 file=$TMP/busy.$1

	ctnetctl -n "$h1" monitor busy >"$file" 2>&1 &
	defer kill_wait $!
	wait_until 20000 poke busy "$file"
	tell churn "$2" eth0 64 02:ec:00:00:00:01 $((2000 * CTNET_SLOW))
	for ((i = 0; i < n; i++)); do
		echo "add-$object busy ${*:3}"
		echo "del-$object busy ${*:3}"
	done >"$TMP/batch"
	check ctn "$h1" -b "$TMP/batch"
	answer churn
	wait_until 20000 is $n grep -c "^$object del" "$file"
	check_eq "$(before_its "$object" "$file")" "some 0" \
		"learned entries, and those that came before their $object"
}

busy_device()
{
	check ctn "$h1" del-port net0 --dev p2
	check ctn "$h1" add-net busy
	comes_and_goes port "$c2" --dev p2
	check ctn "$h1" del-net busy
	check ctn "$h1" add-port net0 --dev p2
}

busy_peer()
{
	local h3 c4

	setup_ns h3 c4
	ip -batch - <<-EOT || { fail "links"; return; }
		link add ul1 netns $h1 type veth peer name ul1 netns $h3
		link add p3 netns $h3 type veth peer name eth0 netns $c4
	EOT
	check ip -n "$h1" addr add 198.51.100.1/24 dev ul1
	check ip -n "$h3" addr add 198.51.100.2/24 dev ul1
	check ip -n "$h1" link set ul1 up
	check ip -n "$h3" link set ul1 up
	check ip -n "$c4" link set eth0 up
	check ctn "$h1" add-net busy --vni 9 --local 198.51.100.1
	check ctn "$h3" -b - <<-EOT
		add-net busy --vni 9 --local 198.51.100.2
		add-peer busy 198.51.100.1
		add-port busy --dev p3
	EOT
	comes_and_goes peer "$c4" 198.51.100.2
	check ctn "$h1" del-net busy
	check ip -n "$h1" link del ul1
}

# before_its OBJECT FILE: whether some were learned, and how many while OBJECT was not told of
before_its()
{
	awk -v object="$1" '$1 == object { on = $2 == "add" }
		/^fdb learn/ { n++; if (!on) odd++ }
		END { print (n > 0 ? "some" : "none"), odd + 0 }' "$2"
}

# Each line so far is an object with the keys that there must be, and each kind of event has
# been seen.
# shellcheck disable=SC2016 # that of jq
readonly KEYS='
	{net: ["network", "ifindex", "mtu", "learning", "ageing", "flood", "max_fdb", "suppress",
		"port_count", "peer_count", "fdb_static", "fdb_learned"],
	 port: ["network", "port", "ifindex", "learning", "flood", "hairpin", "guard", "isolated"],
	 peer: ["network", "peer"],
	 fdb: ["network", "mac", "type", "addresses"]} as $keys |
	[inputs | if .event != "miss" and ($keys[.object] - keys != [])
		then error("\(.)") else "\(.object) \(.event)" end] | unique | join(", ")'

json_lines()
{
	check_eq "$(grep -v '^{"object":"[a-z]*","event":"[a-z]*"' "$JSON")" "" "what begins otherwise"
	check jq -nr "$KEYS" "$JSON"
	check_eq "$OUT" "fdb add, fdb del, fdb learn, fdb miss, fdb move, fdb set, net add, net del, net set, peer add, peer del, port add, port del, port set" "kinds of events"
	# text has the same
	check_eq "$(cut -d' ' -f1,2 "$TEXT" | sort -u | paste -sd, | sed 's/,/, /g')" "$OUT" \
		"kinds of events in text"
	check_eq "$(wc -l <"$TEXT")" "$(wc -l <"$JSON")" "events in text and in JSON"
}

# of_table FILE SKIP: how many events of the table a file has after SKIP lines, or says to be
# lost
of_table()
{
	tail -n "+$(($2 + 1))" "$1" | jq -n '[inputs |
		if .object == "fdb" then 1 elif .event == "lost" then .count else 0 end] | add // 0'
}

# is N COMMAND...: for wait_until
is()
{
	local got

	got=$("${@:2}")
	[[ $got == "$1" ]] || { echo "$got"; return 1; }
}

# More changes than are told of in a second: the rest is counted, and said. All else is told.
burst()
{
	local n=10000 start told lost before

	# who listens takes time from who tells: two are enough, and read it afterwards
	kill_wait $TEXT_PID
	before=$(wc -l <"$JSON")
	ask events "$h1"
	ask macs "$c1" eth0 $n 02:ee:00:00:00:01
	wait_until 20000 at_least $n net_stat "$h1" net0 fdb_learned
	ask told "$h1" "$n" $((5000 * CTNET_SLOW))
	read -r _ _ told _ lost _ <<<"$ANSWER"
	check_eq "$((told + lost))" $n "learned entries, told of or lost: $ANSWER"
	wait_until 20000 is $n of_table "$JSON" "$before"
	kill -STOP $JSON_PID
	# the end of all of them at one go, and of their port
	start=$(now_ms)
	check ctn "$h1" del-port net0 --dev p1
	start=$(($(now_ms) - start))
	check ctn "$h1" add-peer net0 192.0.2.5
	kill -CONT $JSON_PID
	ask told "$h1" $((2 * n)) $((5000 * CTNET_SLOW))
	read -r _ _ told _ lost _ <<<"$ANSWER"
	check_eq "$((told + lost))" $((2 * n)) "all changes, told of or lost: $ANSWER"
	((told >= 4096)) || fail "fewer than 4096 told of: $ANSWER"
	# and so says the monitor
	wait_until 20000 is $((2 * n)) of_table "$JSON" "$before"
	if ((lost > 0)); then
		check has_event "$JSON" 'like({object: "monitor", event: "lost", reason: "rate"}) and .count > 0'
	elif ((start < n * 1000 / 4096 - 1000)); then
		fail "$n changes in $start ms, and none was left out: $ANSWER"
	elif [[ $RET -eq 0 ]]; then
		skip "$n changes took $start ms: all of them are told of"
	fi
	wait_until 5000 has_event "$JSON" 'like({object: "port", event: "del", network: "net0", port: "p1"})'
	wait_until 5000 has_event "$JSON" 'like({object: "peer", event: "add", network: "net0", peer: "192.0.2.5"})'
	check ctn "$h1" add-port net0 --dev p1
}

# Who may not have a large buffer, and does not read: what did not fit is counted, too, and
# what comes later is told again. In all they are fewer than the kernel tells in a second.
overrun()
{
	local n=900 file=$TMP/slow text=$TMP/slow.text pid pid2 said rmem
	local -a nobody=(ip netns exec "$h1" setpriv --reuid 65534 --regid 65534 --clear-groups)

	# newer kernels let everybody have 4 MB
	rmem=$(sysctl -n net.core.rmem_max)
	defer sysctl -qw net.core.rmem_max="$rmem"
	must sysctl -qw net.core.rmem_max=212992
	"${nobody[@]}" ctnetctl -j monitor >"$file" 2>&1 &
	pid=$!
	defer kill_wait $pid
	"${nobody[@]}" ctnetctl monitor >"$text" 2>&1 &
	pid2=$!
	defer kill_wait $pid2
	wait_until 20000 poke net0 "$file" "$text"
	# the socket has what came before; nothing else happens in h1
	ask told "$h1" 1000000 1500
	said=$(count_events "$JSON" '.event == "lost"')
	kill -STOP $pid $pid2
	ask macs "$c1" eth0 $n 02:ef:00:00:00:01
	wait_until 20000 at_least $n net_stat "$h1" net0 fdb_learned
	check_eq "$(wc -l <"$file")" "$(count_events "$file" '.object == "net"')" "lines while it stands still"
	# more comes while they read what there is
	kill -CONT $pid $pid2
	check ctn "$h1" flush-fdb net0 --learned
	wait_until 10000 is $((2 * n)) of_table "$file" 0
	check_eq "$(count_events "$JSON" '.event == "lost"')" "$said" "times that the kernel left some out"
	has_event "$file" 'like({event: "lost", reason: "overrun"}) and .count > 0' ||
		fail "no line says that some were lost: $(tail -n 3 "$file")"
	wait_until 5000 grep -qE '^lost [0-9]+ events or more: ' "$text"
	# it goes on
	check ctn "$h1" add-fdb net0 02:aa:00:00:00:0c --port p2
	wait_until 5000 has_event "$file" 'like({event: "add", network: "net0", mac: "02:aa:00:00:00:0c"})'
	wait_until 5000 grep -q '^fdb add net0 02:aa:00:00:00:0c .*port p2' "$text"
	kill_wait $pid
	kill_wait $pid2
}

other_namespace()
{
	# it is heard there, and nothing before it
	check ctn "$h2" add-net marker
	wait_until 5000 has_event "$OTHER" '.network == "marker"'
	check no_event "$OTHER" '.network != "marker"'
}

# The module goes, and with it all that there could be to tell: the monitors end, and say why.
unloaded()
{
	local ret

	reloads || return
	check rmmod ctnet
	# what goes with the module is told of
	wait_until 5000 has_event "$JSON" 'like({object: "net", event: "del", network: "net0", vni: 100})'
	wait_until 5000 grep -q 'ctnetctl: monitor: the ctnet module was unloaded' "$JSON"
	wait $JSON_PID
	ret=$?
	check_eq $ret 2 "exit code of a monitor"
	wait_until 5000 grep -q 'the ctnet module was unloaded' "$OTHER"
	wait $OTHER_PID
	check modprobe ctnet
}

build
python_start craft.py
monitors

run_test nets "a network is made, changed, renamed, deleted"
run_test ports "a port is attached, changed, detached, deleted"
run_test container "a container comes and goes"
run_test peers "a peer is added and removed"
run_test static_entries "an entry is added, replaced, deleted"
run_test learned_entries "an entry is learned, moves, is flushed"
run_test aged_entries "an entry ages"
run_test link_down "a port's link goes down"
run_test misses "a MAC or an address is not there"
run_test entries_of_a_port "the entries of a port go with it"
run_test refused_is_no_event "what is refused is not told of"
run_test one_network "monitor NET tells of that network only"
run_test follows_the_name "monitor NET goes on with the network that is made again"
run_test network_goes "all of a network goes with it"
run_test busy_device "a busy device is told of before what is learned of it"
run_test busy_peer "and a busy peer"
run_test json_lines "each line of JSON has its keys"
run_test burst "a burst is bounded, and each event that is left out is counted"
run_test overrun "who reads too slowly is told how many are missing, and hears what comes later"
run_test other_namespace "another namespace hears nothing of it"
run_test unloaded "the monitors end when the module is unloaded"
