#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 1200
#
# Configurations: "save" prints one, "restore" makes it where nothing of it is, "sync"
# makes what there is that, and touches nothing else. Without KVM it takes over a minute,
# because of the many commands whose outcome is looked at, with all that may have changed.
#
#	h1 (namespace)
#	net0, VNI 100 on ul0      net1, a local bridge     mark: what events are told apart by
#	 |- c1 eth0 .11, :11       `- c3 eth0
#	 |- c2 eth5 .12
#	 |- p1, p2 (devices)
#	 `- peers 192.0.2.2, 2001:db8:0:1::2
#	ul0 192.0.2.1/24, 2001:db8:0:1::1/64 (dummy)

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=traffic.sh
. "$(dirname "$0")/traffic.sh"

need setpriv
UNIT=$(dirname "$0")/../installed/usr/local/lib/systemd/system/ctnet.service
readonly UNIT FILE=$TMP/file OUT1=$TMP/out1 OUT2=$TMP/out2 EVENTS=$TMP/events

topology()
{
	setup_host h1
	add_container c1 c2 c3
	ip_in "$h1" <<-EOT || die "setup: links"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		addr add 2001:db8:0:1::1/64 dev ul0 nodad
		link set ul0 up
		link add p1 type dummy
		link add p2 type dummy
		link set p1 up
		link set p2 up
	EOT
}

# What save prints, to the letter: every option that is not as it would be without it.
whole()
{
	cat <<-EOT
		# made by "ctnetctl save"; see ctnetctl(8), CONFIGURATIONS
		add-net mark --mac 02:00:00:00:00:01
		add-net net0 --vni 100 --local 192.0.2.1 --local 2001:db8:0:1::1 --underlay ul0 --dstport 4790 --address 203.0.113.1/24 --address 203.0.113.2/24 --address 2001:db8:100::1/64 --address 2001:db8:100::2/64 --mtu 1400 --mac 02:00:00:00:00:02 --learning off --ageing 77 --flood off --max-fdb 1000 --suppress off --ttl 9 --tos inherit --df inherit --udp-csum off
		add-peer net0 192.0.2.2
		add-peer net0 192.0.2.3 --dstport 4791
		add-peer net0 2001:db8:0:1::2
		add-port net0 --dev p1 --learning off --flood off --hairpin on --guard on --isolated on --label 'an uplink'
		add-port net0 --dev p2
		add-port net0 $c1 --address 203.0.113.11/24 --address 2001:db8:100::11/64 --gateway 203.0.113.1 --gateway 2001:db8:100::1
		add-port net0 $c2 --ifname eth5 --address 203.0.113.12/32 --mac 02:00:00:00:00:03 --mtu 1300 --learning off --guard off --isolated on --label $'it\'s'
		replace-fdb net0 02:00:00:00:00:02 --self --ip 203.0.113.1
		add-fdb net0 02:00:00:00:00:10 --port p1 --ip 203.0.113.50 --ip 2001:db8:100::50
		add-fdb net0 02:00:00:00:00:11 --peer 192.0.2.2
		add-fdb net0 02:00:00:00:00:12 --peer 2001:db8:0:1::2 --ip 203.0.113.52
		add-fdb net0 02:00:00:00:00:13 --self
		add-fdb net0 02:00:00:00:00:14 --target $c2 --ifname eth5 --ip 203.0.113.54
		replace-fdb net0 02:42:cb:00:71:0b --target $c1 --ip 203.0.113.11 --ip 203.0.113.60 --ip 2001:db8:100::11
		add-net net1 --mtu 1450 --mac 02:00:00:00:00:04
		add-port net1 $c3 --mac 02:00:00:00:00:05 --label ''
	EOT
}

# A smaller one, that tests of sync change by sed.
some()
{
	cat <<-EOT
		add-net mark --mac 02:00:00:00:00:01
		add-net net0 --vni 100 --local 192.0.2.1 --address 203.0.113.1/24
		add-peer net0 192.0.2.2
		add-port net0 --dev p1
		add-port net0 $c1 --address 203.0.113.11/24 --gateway 203.0.113.1
		add-port net0 $c2 --ifname eth5 --address 203.0.113.12/24
		add-fdb net0 02:00:00:00:00:10 --port p1 --ip 203.0.113.50
		add-fdb net0 02:00:00:00:00:11 --peer 192.0.2.2
		add-net net1 --mac 02:00:00:00:00:04
		add-port net1 $c3 --mac 02:00:00:00:00:05
	EOT
}

# saved FILE: save prints this to FILE
saved()
{
	ctn "$h1" save >"$1" 2>"$TMP/err" || fail "save: $(<"$TMP/err")"
	[[ ! -s $TMP/err ]] || fail "save said: $(<"$TMP/err")"
}

# same_as FILE: save prints that file
same_as()
{
	saved "$OUT1"
	cmp -s "$1" "$OUT1" && return
	fail "save prints something else than $1:"
	diag "$(diff "$1" "$OUT1")"
}

nothing_there() { check_eq "$(ctn "$h1" list nets)" "" "networks"; }

clear() { check ctn "$h1" sync - <<<"# nothing"; nothing_there; }

# sync_to SED-SCRIPT [FILE]: what some prints, changed like that
sync_to()
{
	some | sed -E "$1" >"$FILE"
	check ctn "$h1" sync "$FILE"
	check_eq "$OUT" "" "what sync prints"
}

# ------------------------------------------------------------------ events

monitor()
{
	ctnetctl -n "$h1" monitor >"$EVENTS" 2>&1 &
	defer kill_wait $!
	check ctn "$h1" add-net first
	wait_until 20000 poke
	check ctn "$h1" del-net first
}

poke() { ctn "$h1" set-net first --ageing 9; grep -q first "$EVENTS"; }

MARKS=0

# mark_event: an event that is told after all that happened before
mark_event()
{
	local mac

	printf -v mac '02:ee:00:00:00:%02x' $((++MARKS))
	check ctn "$h1" -b - <<-EOT
		add-fdb mark $mac --self
		del-fdb mark $mac
	EOT
	wait_until 5000 grep -q "^fdb del .*$mac" "$EVENTS"
}

# told COMMAND...: what was told of while it ran, into $TOLD: object, event, network, which
told()
{
	local size

	mark_event
	size=$(stat -c %s "$EVENTS")
	check "$@"
	mark_event
	TOLD=$(tail -c "+$((size + 1))" "$EVENTS" | grep -v ' 02:ee:' |
		awk '{ print $1, $2, $3, ($1 == "net" ? "" : $4) }' | sed 's/ $//')
}

told_is() { check_eq "$TOLD" "$1" "what was told of"; }

# ---------------------------------------------------------- save and restore

round_trip()
{
	whole >"$FILE"
	check ctn "$h1" restore "$FILE"
	check_eq "$OUT" "" "what restore prints"
	same_as "$FILE"
	# it is what a batch file is
	clear
	check ctn "$h1" -b "$FILE"
	same_as "$FILE"
	# by way of pipes
	saved "$OUT2"
	clear
	check ctn "$h1" restore - <"$OUT2"
	same_as "$FILE"
	check_match "$(ip -n "$c1" route show default)" 'via 203.0.113.1 dev eth0' "route"
	ping_ok "$c1" 203.0.113.1
	wait_for_ping "$c1" 2001:db8:100::1
}

# of one network
one_network()
{
	ctn "$h1" save net1 >"$OUT1"
	whole | sed -n '1p;/ net1 /p' >"$OUT2"
	check cmp "$OUT2" "$OUT1"
	refused 2 '.*no network "net9"' save net9
	refused 2 '.*another interface' save ul0
	refused 1 '.*no JSON' -j save
}

# what is all right causes no event
same_again()
{
	local before

	whole >"$FILE"
	before=$(state)
	told ctn "$h1" sync "$FILE"
	told_is ""
	check_eq "$OUT" "" "what sync prints"
	check_eq "$(state)" "$before" "state"
	saved "$OUT2"
	told ctn "$h1" sync - <"$OUT2"
	told_is ""
}

labels()
{
	local label i=0 names=()
	# shellcheck disable=SC2016,SC1003 # as they stand
	local all=('#' ' ' "it's" '"' "'\"" '\' 'a\nb' $'two\nlines' $'tab\tcr\r' '$HOME `x`' '-x'
		'Grüße, 世界' '*?[a]~{b,c}' $'\x01\x7f' "\$'x'" '1' "$c2")

	clear
	ctn "$h1" add-net net0
	for label in "${all[@]}"; do
		names+=("e$((++i))")
		ctn "$h1" add-port net0 "$c1" --ifname "e$i" --label "$label" || fail "label '$label'"
	done
	saved "$OUT1"
	ctn "$h1" del-net net0
	check ctn "$h1" restore "$OUT1"
	same_as "$OUT1"
	OUT=$(ctn "$h1" -j list ports)
	if command -v jq >/dev/null; then
		OUT=$(jq -rj 'sort_by(.container_ifname[1:] | tonumber) | .[] | .label + "\u001f"' <<<"$OUT")
		check_eq "$OUT" "$(printf '%s\x1f' "${all[@]}")" "labels"
	fi
	clear
}

# state: all that a refused command might have changed, in an order that says nothing of
# what was undone
state()
{
	dump_state "$h1" "$c1" "$c2" "$c3" | sed -E 's/^\[//; s/\]?,?$//' | sort
}

# refusal_test FUNCTION DESCRIPTION: and what it has refused has changed nothing. One look
# for all of a function: it takes seconds.
refusal_test()
{
	[[ -z ${TESTS_ONLY:-} || $1 =~ $TESTS_ONLY ]] || return
	local TESTS_ONLY=""

	run_test unchanged "$@"
}

unchanged()
{
	local before

	before=$(state)
	"$1"
	same_state "$before"
}

same_state()
{
	local now

	now=$(state)
	[[ $now == "$1" ]] && return
	fail "something was refused, yet changed:"
	diag "$(diff <(echo "$1") <(echo "$now"))"
}

# refused EXIT REGEX ARGUMENT...: ctnetctl refuses this in h1
refused()
{
	local want=$1 regex=$2 ret

	shift 2
	OUT=$(ctnetctl -n "$h1" "$@" 2>&1 >/dev/null)
	ret=$?
	[[ $ret -eq $want ]] || fail "$*: exit $ret, want $want; said '$OUT'"
	check_match "$OUT" "^ctnetctl: $regex" "what $* said"
}

# fails VERB EXIT REGEX LINE...: a file with these lines
fails()
{
	local verb=$1 want=$2 regex=$3

	shift 3
	printf '%s\n' "$@" >"$FILE"
	refused "$want" "$FILE:$regex" "$verb" "$FILE"
}

# what the file gets wrong is found before anything is done
bad_files()
{
	local verb line

	for verb in restore sync; do
		fails $verb 1 '2: .*no command' 'add-net n1' 'frobnicate'
		fails $verb 1 '3: del-net n1: .*add-net, add-port' 'add-net n1' '' 'del-net n1'
		fails $verb 1 '1: .*not closed' 'add-net "n1'
		fails $verb 1 '1: .*backslash' "add-net \$'n\\q'"
		fails $verb 1 '1: add-net n1: .*needs --local' 'add-net n1 --vni 5'
		fails $verb 1 '2: add-net n1: line 1 has this' 'add-net n1' 'add-net n1'
		fails $verb 1 '1: add-peer n1 .*no line before' 'add-peer n1 192.0.2.2' 'add-net n1'
		fails $verb 1 '2: add-port n1: which|2: add-port n1: say which' 'add-net n1' 'add-port n1'
		fails $verb 1 '3: add-fdb .*no line before this one adds --dev p2' \
			'add-net n1' 'add-port n1 --dev p1' 'add-fdb n1 02:00:00:00:00:20 --port p2'
		fails $verb 1 '2: add-fdb .*peers of n1' 'add-net n1' 'add-fdb n1 02:00:00:00:00:20 --peer 192.0.2.9'
		fails $verb 1 '2: add-fdb .*line 1 enters' \
			'add-net n1 --mac 02:00:00:00:00:20' 'add-fdb n1 02:00:00:00:00:20 --self'
		fails $verb 1 '1: .*--may-exist has no place' 'add-net n1 --may-exist'
		for line in 'add-port n1 --dev p1' 'add-peer n1 192.0.2.9' 'add-fdb n1 02:00:00:00:00:20 --self'; do
			fails $verb 1 '2: .*--may-exist has no place' 'add-net n1' "$line --may-exist"
		done
		fails $verb 1 '2: add-peer n1 192.0.2: .*no IP address' 'add-net n1' 'add-peer n1 192.0.2'
		fails $verb 1 '2: add-fdb .*no MAC' 'add-net n1' 'add-fdb n1 02:00 --self'
		fails $verb 1 "3: add-port n1: line 2 has this" \
			'add-net n1' 'add-port n1 --dev p1' 'add-port n1 --dev p1'
		fails $verb 1 '1: .*ends in a backslash' 'add-net n1\'
		fails $verb 2 '2: add-port n1: there is no interface "nosuch"' 'add-net n1' 'add-port n1 --dev nosuch'
		fails $verb 2 '1: add-net n1: there is no device "nosuch"' \
			'add-net n1 --vni 5 --local 192.0.2.1 --underlay nosuch'
		fails $verb 2 '1: add-net ul0: there is another interface' 'add-net ul0'
		fails $verb 1 "3: add-port n1 $c1: it has the MAC" 'add-net n1' \
			"add-port n1 $c2 --mac 02:00:00:00:00:20" "add-port n1 $c1 --mac 02:00:00:00:00:20"
		refused 2 "$verb $TMP/nosuch: open" $verb "$TMP/nosuch"
		refused 2 ".*read $TMP" $verb "$TMP"
		refused 1 '.*missing' $verb
		refused 1 '.*word too many' $verb a b
	done
	: >"$FILE"
	refused 1 '.*the file is empty' sync "$FILE"
}

# what only the kernel refuses, at the end of all that was done before
nothing_is_left()
{
	local net="add-net n1 --vni 5 --local 192.0.2.1"

	fails restore 2 '6: add-peer n1 224.0.0.1: .*unicast' "$net" "add-port n1 $c1 --address 203.0.113.11/24" \
		'add-port n1 --dev p1 --label x' 'add-peer n1 192.0.2.2' 'add-net n2' 'add-peer n1 224.0.0.1'
	fails restore 2 "3: add-port n1 $c2: .*route via" "$net" "add-port n1 $c1 --address 203.0.113.11/24" \
		"add-port n1 $c2 --address 203.0.113.12/24 --gateway 198.51.100.1"
	fails restore 2 '2: add-net n2: .*VNI' "$net" 'add-net n2 --vni 5 --local 192.0.2.1'
}

there_already()
{
	some >"$FILE"
	refused 2 "$FILE:1: add-net mark: the network is there already" restore "$FILE"
	fails restore 2 '2: add-net net1: the network is there' 'add-net n1' 'add-net net1'
	fails restore 2 "2: add-port n1 $c1: .*already has eth0 on network net0" 'add-net n1' "add-port n1 $c1"
	fails restore 2 '2: add-port n1: .*belongs to another' 'add-net n1' 'add-port n1 --dev p1'
}

container_is_gone()
{
	local said verb

	clear
	{ some; echo 'add-port net0 no-such --address 203.0.113.99/24'
	  echo 'replace-fdb net0 02:42:cb:00:71:63 --target no-such --ip 203.0.113.98'; } >"$FILE"
	for verb in restore sync; do
		said=$(ctn "$h1" $verb "$FILE" 2>&1) || fail "$verb: exit $?"
		check_eq "$said" "ctnetctl: $FILE:11: add-port net0 no-such: the container is not there, and its port is left out" "what $verb says"
	done
	some >"$FILE"
	# all the rest is there
	told ctn "$h1" sync "$FILE"
	told_is ""
}

# a container that only a PID names: save says so, and sync leaves it alone
no_name()
{
	local pid

	background ip netns exec "$h1" unshare -n sleep 1000
	pid=$BG_PID
	wait_until 5000 other_ns "$pid"
	check ctn "$h1" add-port net0 "$pid" --address 203.0.113.70/24
	check ctn "$h1" add-fdb net0 02:00:00:00:00:70 --target "$pid" --ip 203.0.113.71
	ctn "$h1" save >"$OUT1" 2>"$OUT2"
	check_match "$(<"$OUT2")" 'save: the container at ct[0-9a-f]+ has no name'
	check_match "$(<"$OUT1")" $'\n'"# add-port net0 TARGET --address 203.0.113.70/24 --label $pid"$'\n'
	check_match "$(<"$OUT1")" $'\n'"# add-fdb net0 02:00:00:00:00:70 --target TARGET --ip 203.0.113.71"$'\n'
	told ctn "$h1" sync "$OUT1"
	told_is ""
	some >"$FILE"
	told ctn "$h1" sync "$FILE"
	told_is ""
	check_match "$(ctn "$h1" list ports net0)" '203.0.113.70' "the port of the PID"
	# a file may name it by its PID, and say what it is to be
	{ some; echo "add-port net0 $pid --address 203.0.113.72/24"; } >"$FILE"
	check ctn "$h1" sync "$FILE"
	check_match "$(ctn "$h1" list ports net0)" '203.0.113.72' "the port of the PID"
	check ctn "$h1" del-port net0 "$pid"
}

other_ns() { [[ -e /proc/$1/ns/net && ! /proc/$1/ns/net -ef /run/netns/$h1 && ! /proc/$1/ns/net -ef /proc/self/ns/net ]]; }

# -------------------------------------------------------------------- sync

# what is asked of each test of sync: c1's port is the same one, with its counters
untouched()
{
	check_eq "$(ifindex_of "$c1" eth0)" "$C1_INDEX" "index of c1's interface"
	at_least "$C1_RX" port_stat "$h1" net0 "$C1_NEAR" rx_packets >/dev/null || fail "c1's counters were reset"
}

sync_start()
{
	some >"$FILE"
	check ctn "$h1" sync "$FILE"
	ping_ok "$c1" 203.0.113.1
	OUT=$(ctn "$h1" list ports net0)
	C1_NEAR=$(awk -v l="$c1" '$4 == l { print $2 }' <<<"$OUT")
	C1_INDEX=$(ifindex_of "$c1" eth0)
	C1_RX=$(port_stat "$h1" net0 "$C1_NEAR" rx_packets)
}

adds()
{
	told sync_to '/^add-net net1/i\
add-peer net0 192.0.2.3\
add-port net0 --dev p2 --hairpin on\
add-fdb net0 02:00:00:00:00:21 --self --ip 203.0.113.61\
add-fdb net0 02:00:00:00:00:22 --peer 192.0.2.3\
add-net net2 --mac 02:00:00:00:00:06'
	told_is "peer add net0 192.0.2.3
port add net0 p2
fdb add net0 02:00:00:00:00:21
fdb add net0 02:00:00:00:00:22
net add net2"
	untouched
}

removes()
{
	told sync_to '/02:00:00:00:00:11/d; /--dev p1/d; /port p1/d'
	check_eq "$(sort <<<"$TOLD")" "fdb del net0 02:00:00:00:00:10
fdb del net0 02:00:00:00:00:11
fdb del net0 02:00:00:00:00:21
fdb del net0 02:00:00:00:00:22
net del net2
peer del net0 192.0.2.3
port del net0 p1
port del net0 p2" "what was told of"
	untouched
	# a container's port, and a whole network with one
	sync_to "/add-port net0 $c2/d; / net1/d; /02:00:00:00:00:1/d; /p1/d"
	check_not ip -n "$c2" link show dev eth5
	check_not ip -n "$c3" link show dev eth0
	check_not ip -n "$h1" link show dev net1
	untouched
	# and all of it again
	sync_to ''
	some >"$FILE"
	told ctn "$h1" sync "$FILE"
	told_is ""
	untouched
}

changes_networks()
{
	told sync_to 's/^(add-net net0 .*)/\1 --ageing 50 --local 2001:db8:0:1::1 --mtu 1300/'
	check_eq "$(sort -u <<<"$TOLD")" "net set net0" "what was told of"
	OUT=$(ctn "$h1" save net0)
	check_match "$OUT" 'add-net net0 --vni 100 --local 192.0.2.1 --local 2001:db8:0:1::1 --address 203.0.113.1/24 --mtu 1300 --ageing 50'
	# a container that was given no MTU has the network's
	check_eq "$(mtu_of "$c1" eth0)" 1300 "MTU of c1"
	# and back: it follows the underlay again
	sync_to ''
	check_eq "$(mtu_of "$h1" net0)" 1450 "MTU of net0"
	check_eq "$(mtu_of "$c1" eth0)" 1450 "MTU of c1"
	check ip -n "$h1" link set ul0 mtu 1600
	wait_until 5000 mtu_is "$h1" net0 1550
	check ip -n "$h1" link set ul0 mtu 1500
	wait_until 5000 mtu_is "$h1" net0 1450
	# addresses, and a MAC that comes from them
	sync_to 's/^(add-net net0 .*) --address .*/\1 --address 203.0.113.2\/24 --address 203.0.113.3\/24/'
	OUT=$(ip -n "$h1" -o -4 addr show dev net0)
	check_match "$OUT" '203.0.113.2/24.*203.0.113.3/24' addresses
	[[ $OUT != *203.0.113.1/* ]] || fail "the old address: $OUT"
	check_eq "$(mac_of "$h1" net0)" 02:42:cb:00:71:02 "MAC of net0"
	# one that was put down is up again
	check ip -n "$h1" link set net0 down
	sync_to ''
	check_match "$(ip -n "$h1" -o link show dev net0)" '[<,]UP[,>]' net0
	check_eq "$(mac_of "$h1" net0)" 02:42:cb:00:71:01 "MAC of net0"
	ping_ok "$c1" 203.0.113.1
	untouched
}

mtu_is() { [[ $(mtu_of "$1" "$2") == "$3" ]]; }

changes_ports()
{
	local mac

	told sync_to "/--dev p1/s/\$/ --isolated on --label x/; /net0 $c2/s/\$/ --flood off --label y --mtu 1200/"
	told_is "port set net0 p1
port set net0 $(near y)"
	check_eq "$(mtu_of "$c2" eth5)" 1200 "MTU of c2"
	check_match "$(ip -n "$h1" -o link show dev p1)" 'alias x' p1
	# addresses come and go, and gateways; the interface is the same
	mac=$(ifindex_of "$c2" eth5)
	sync_to "/net0 $c2/s/--address.*/--address 203.0.113.13\\/24 --address 2001:db8:100::13\\/64 --mac 02:42:cb:00:71:0c --gateway 203.0.113.1/"
	check_eq "$(ifindex_of "$c2" eth5)" "$mac" "index of c2's interface"
	check_eq "$(ip -n "$c2" -o addr show dev eth5 scope global | awk '{ print $4 }' | sort)" \
		$'2001:db8:100::13/64\n203.0.113.13/24' "addresses of c2"
	check_match "$(ip -n "$c2" route show default)" 'via 203.0.113.1 dev eth5' "route of c2"
	check fdb_is "$h1" net0 02:42:cb:00:71:0c '"203.0.113.13".*"2001:db8:100::13"|"2001:db8:100::13".*"203.0.113.13"'
	ping_ok "$c2" 203.0.113.1
	check_eq "$(autoconf "$c2" eth5)" 0 "as add-port --address with an IPv6 one has it: autoconf"
	# the MAC: that of the address again
	sync_to ''
	check_eq "$(ifindex_of "$c2" eth5)" "$mac" "index of c2's interface"
	check_eq "$(ip -n "$c2" route show default)" "" "route of c2"
	sync_to "/net0 $c2/s/\$/ --mac 02:00:00:00:00:33/"
	check_eq "$(ifindex_of "$c2" eth5)" "$mac" "index of c2's interface"
	check_eq "$(mac_of "$c2" eth5)" 02:00:00:00:00:33 "MAC of c2"
	check no_fdb "$h1" net0 02:42:cb:00:71:0c
	wait_until 5000 ip_is "$c2" fe80::ff:fe00:33
	ping_ok "$c2" 203.0.113.1
	sync_to ''
	ping_ok "$c2" 203.0.113.1
	untouched
}

# autoconf NS IFNAME: the sysctl
autoconf() { in_ns "$1" cat "/proc/sys/net/ipv6/conf/$2/autoconf"; }

ip_is() { [[ $(ip -n "$1" -o addr show to "$2") == *"$2"* ]]; }

# near LABEL: name of the port that has it
near() { ctn "$h1" list ports | awk -v l="$1" '$4 == l { print $2 }'; }

# entries that swap their places and addresses, a peer with another UDP port
changes_entries()
{
	told sync_to 's/(00:10 )--port p1/\1--peer 192.0.2.2/; s/(00:11 --peer.*)/\1 --ip 203.0.113.51/'
	told_is "fdb set net0 02:00:00:00:00:10
fdb set net0 02:00:00:00:00:11"
	sync_to 's/(00:10 --port p1).*/\1 --ip 203.0.113.51/; s/(00:11 --peer.*)/\1 --ip 203.0.113.50/'
	check fdb_is "$h1" net0 02:00:00:00:00:10 '"port": *"p1".*"203.0.113.51"'
	check fdb_is "$h1" net0 02:00:00:00:00:11 '"peer": *"192.0.2.2".*"203.0.113.50"'
	sync_to 's/^add-peer .*/& --dstport 4999/'
	check_match "$(ctn "$h1" list peers)" '192.0.2.2.*4999'
	check fdb_is "$h1" net0 02:00:00:00:00:11 '"peer": *"192.0.2.2"'
	# the addresses of a container's entry are more than its interface's
	sync_to "/net0 $c2/a\\
replace-fdb net0 02:42:cb:00:71:0c --target $c2 --ifname eth5 --ip 203.0.113.12 --ip 203.0.113.80"
	check fdb_is "$h1" net0 02:42:cb:00:71:0c '203.0.113.80'
	sync_to ''
	check_not fdb_is "$h1" net0 02:42:cb:00:71:0c '203.0.113.80'
	untouched
}

# VNIs change hands; a network gets a VNI, and loses it; ports move between networks
changes_places()
{
	local index near

	index=$(ifindex_of "$c2" eth5)
	near=$(near "$c2")
	sync_to "s/^add-net net1 .*/& --vni 200 --local 192.0.2.1/"
	ping_ok "$c1" 203.0.113.1
	sync_to 's/vni 100/vni 200/; s/^add-net net1 .*/& --vni 100 --local 192.0.2.1/'
	check_match "$(ctn "$h1" list nets)" $'net0\tup\t200.*net1\tup\t100'
	# by names, and a device with them
	some | sed -E "/net0 $c2/d; /p1/d; /02:00:00:00:00:10/d" >"$FILE"
	echo "add-port net1 $c2 --ifname eth5 --address 203.0.113.12/24" >>"$FILE"
	echo "add-port net1 --dev p1" >>"$FILE"
	check ctn "$h1" sync "$FILE"
	check_eq "$(ifindex_of "$c2" eth5)" "$index" "index of c2's interface"
	check_match "$(ctn "$h1" list ports net1)" "$near.*$c2"
	check_match "$(ctn "$h1" list ports net1)" "p1"
	check fdb_is "$h1" net1 02:42:cb:00:71:0c '"203.0.113.12"'
	check no_fdb "$h1" net0 02:42:cb:00:71:0c
	# net0 loses its VNI, and what belongs to it
	some | sed -E '/192.0.2.2/d; s/ --vni.* --address/ --address/' >"$FILE"
	check ctn "$h1" sync "$FILE"
	check_match "$(ctn "$h1" list nets net0)" $'net0\tup\t-'
	check_eq "$(ifindex_of "$c1" eth0)" "$C1_INDEX" "index of c1's interface"
	ping_ok "$c1" 203.0.113.1
	sync_to ''
	saved "$OUT1"
	check_eq "$(ifindex_of "$c2" eth5)" "$index" "index of c2's interface"
	told ctn "$h1" sync "$OUT1"
	told_is ""
}

# traffic between containers that a sync does not change goes on
under_traffic()
{
	local pid change

	sync_to ''
	check ctn "$h1" add-port net0 "$c3" --ifname eth7 --address 203.0.113.77/24
	wait_for_ping "$c1" 203.0.113.77
	ip netns exec "$c1" ping -nq -i 0.02 -W $((5 * CTNET_SLOW)) 203.0.113.77 >"$TMP/ping" 2>&1 &
	pid=$!
	some >"$FILE"
	echo "add-port net0 $c3 --ifname eth7 --address 203.0.113.77/24" >>"$FILE"
	for change in '' "/net0 $c2/d" 's/^(add-net net0 .*)/\1 --ageing 9 --max-fdb 99/' '/192.0.2.2/d' ''; do
		sed -E "$change" "$FILE" >"$OUT1"
		check ctn "$h1" sync "$OUT1"
	done
	kill -INT $pid
	wait $pid
	check_match "$(<"$TMP/ping")" ' 0% packet loss' "ping during sync"
	diag "$(grep transmitted "$TMP/ping")"
	sync_to ''
}

# what the kernel refuses at the end takes all of it back
all_or_nothing()
{
	local base before

	base=$(some)
	sync_to ''
	before=$(state)
	fails sync 2 '11: add-peer net0 224.0.0.1: .*unicast' "$base" 'add-peer net0 224.0.0.1'
	# of everything that can be changed
	fails sync 2 '[0-9]+: add-peer net1 192.0.2.9: .*local' "$(sed -E "/net0 $c2/d; /p1/d; /00:10/d
		s/ --address 203.0.113.1\/24/ --address 203.0.113.5\/24 --ageing 5 --mtu 1300 --local 2001:db8:0:1::1/
		s/(add-peer net0 192.0.2.2)/\1 --dstport 4999/
		s/203.0.113.11\/24 .*/203.0.113.14\/24 --address 2001:db8:100::14\/64 --mac 02:00:00:00:00:44 --label z --isolated on --gateway 203.0.113.5/
		s/(00:11 --peer.*)/\1 --ip 203.0.113.50/
		s/^add-net net1.*/&\nadd-port net1 --dev p1\nadd-port net1 $c2 --ifname eth5 --label moved/" <<<"$base")" \
		'add-net net5 --mac 02:00:00:00:00:07' 'add-peer net1 192.0.2.9'
	same_state "$before"
	check_eq "$(autoconf "$c1" eth0)" 1 autoconf
	untouched
	# of VNIs that change hands, a network that loses its VNI, and one that goes
	fails sync 2 '[0-9]+: add-peer net0 192.0.2.9: .*local' "$(sed -E '/192.0.2.2/d; / net1 /d; /^add-net net0/d
		s/^add-net mark.*/&\nadd-net net0\nadd-net net6 --vni 100 --local 192.0.2.1/' <<<"$base")" \
		'add-peer net0 192.0.2.9'
	same_state "$before"
	fails sync 1 "12: add-port net1 /run/netns/$c1: .*line 5" "$base" 'add-net net6' \
		"add-port net1 /run/netns/$c1"
	some >"$FILE"
	told ctn "$h1" sync "$FILE"
	told_is ""
}

# Signals in the middle: of what was made, nothing is left.
interrupted()
{
	local verb sig i pid ret before left=0

	before=$(state)
	{
		some
		echo "add-net n9"
		for ((i = 1; i <= 40; i++)); do
			echo "add-port n9 $c3 --ifname e$i --address 198.51.100.$i/32"
		done
	} >"$FILE"
	sed '1,/n9/{/n9/!d}' "$FILE" >"$OUT1"
	for verb in restore sync; do
		sig=INT
		[[ $verb == sync ]] || sig=TERM
		[[ $verb == sync ]] || cp "$OUT1" "$OUT2"
		[[ $verb == restore ]] || cp "$FILE" "$OUT2"
		ip netns exec "$h1" env --default-signal=INT ctnetctl $verb "$OUT2" >"$TMP/err" 2>&1 &
		pid=$!
		wait_until 20000 ends_at_least 5
		kill -$sig $pid
		wait $pid
		ret=$?
		if [[ $ret -eq 0 ]]; then
			left=$((left + 1))
			some >"$TMP/base"
			check ctn "$h1" sync "$TMP/base"
		else
			check_match "$(<"$TMP/err")" 'add-port n9 .*interrupted' "what $verb said"
		fi
		same_state "$before"
	done
	((left < 2)) || fail "none was interrupted"
}

ends_at_least()
{
	local ends

	mapfile -t ends < <(ip -n "$c3" -o link show type veth)
	[[ ${#ends[@]} -ge $1 ]]
}

# ------------------------------------------------------------------- other

underlay_any()
{
	check ctn "$h1" set-net net0 --underlay ul0
	check_match "$(ctn "$h1" -j list nets net0)" '"underlay": *"ul0"'
	check ctn "$h1" set-net net0 --underlay any
	OUT=$(ctn "$h1" -j list nets net0)
	[[ $OUT != *underlay* ]] || fail "it has an underlay: $OUT"
	check ctn "$h1" add-net net0 --may-exist --underlay any --vni 100 --local 192.0.2.1
	# unless a device is called so
	check ip -n "$h1" link add any type dummy
	check ctn "$h1" set-net net0 --underlay any
	check_match "$(ctn "$h1" -j list nets net0)" '"underlay": *"any"'
	sync_to 's/ --vni 100/& --underlay any/'
	check_match "$(ctn "$h1" -j list nets net0)" '"underlay": *"any"'
	sync_to ''
	check ip -n "$h1" link del any
	OUT=$(ctn "$h1" -j list nets net0)
	[[ $OUT != *underlay* ]] || fail "it has an underlay: $OUT"
	refused 2 '.*no device "nosuch"' set-net net0 --underlay nosuch
}

mtu_auto()
{
	check ctn "$h1" set-net net0 --mtu 1450
	check_match "$(ctn "$h1" save net0)" 'add-net net0 .*--mtu 1450' "one that is set is saved"
	check ctn "$h1" set-net net0 --mtu auto
	[[ $(ctn "$h1" save net0) != *"add-net net0 "*--mtu* ]] || fail "one that follows is saved"
	check ctn "$h1" add-net net0 --may-exist --mtu auto --vni 100 --local 192.0.2.1
	refused 1 '.*network with a VNI' set-net net1 --mtu auto
}

as_user_fails()
{
	local regex=$1 ret

	shift
	OUT=$(ip netns exec "$h1" setpriv --reuid 65534 --regid 65534 --clear-groups ctnetctl "$@" 2>&1)
	ret=$?
	check_eq "$ret" 2 "exit code of $*; it said $OUT"
	check_match "$OUT" "^ctnetctl: $regex" "what $* said"
}

no_privilege()
{
	some >"$FILE"
	chmod 755 "$TMP"
	as_user_fails "save: .*CAP_NET_ADMIN.*root" save
	as_user_fails "sync $FILE: .*CAP_NET_ADMIN.*root" sync "$FILE"
	printf 'add-net n1\n' >"$FILE"
	as_user_fails "$FILE:1: .*CAP_NET_ADMIN.*root" restore "$FILE"
}

unit()
{
	local line t file=/etc/ctnet.conf

	[[ -r $UNIT ]] || { fail "make install-tool installs no $UNIT"; return; }
	line=$(sed -n 's/^ExecStart=//p' "$UNIT")
	check_eq "$line" "/usr/local/sbin/ctnetctl restore $file" "ExecStart"
	check_eq "$(sed -n 's/^ExecReload=//p' "$UNIT")" "/usr/local/sbin/ctnetctl sync $file" "ExecReload"
	sed "s|/usr/local/sbin/ctnetctl|$(type -P ctnetctl)|" "$UNIT" >"$TMP/ctnet.service"
	clear
	# as at boot: the module is not even loaded
	check rmmod ctnet
	# by hand; /etc cannot be written to in the VM
	line=$(sed -n 's/^ExecStart=//p' "$TMP/ctnet.service")
	some >"$FILE"
	# shellcheck disable=SC2086 # a command and its arguments
	check ip netns exec "$h1" ${line//$file/$FILE}
	same_networks
	if command -v systemd-analyze >/dev/null; then
		# with units of our own to depend on: the machine's are many
		for t in sysinit basic shutdown network-online; do
			printf '[Unit]\nDescription=%s\n' $t >"$TMP/$t.target"
		done
		OUT=$(SYSTEMD_UNIT_PATH=$TMP systemd-analyze verify --man=no "$TMP/ctnet.service" 2>&1)
		check_eq "$?:$(grep ctnet <<<"$OUT")" "0:" "systemd-analyze verify"
	else
		diag "no systemd-analyze"
	fi
}

same_networks() { check_eq "$(ctn "$h1" list nets | cut -f 1 | tr '\n' ' ')" "mark net0 net1 " networks; }

topology
monitor
run_test round_trip "what is saved is restored, to the letter"
refusal_test one_network "save of one network"
run_test same_again "sync of what there is causes no event"
run_test labels "labels are quoted, whatever is in them"
refusal_test bad_files "mistakes in a file: file, line and reason"
refusal_test nothing_is_left "restore is refused: nothing is left"
run_test container_is_gone "a container that is not there is left out"
refusal_test there_already "restore is refused: a network is there already"
run_test no_name "a container without a name"
sync_start
run_test adds "sync adds"
run_test removes "sync removes"
run_test changes_networks "sync changes networks"
run_test changes_ports "sync changes ports"
run_test changes_entries "sync changes entries and peers"
run_test under_traffic "a sync loses no frame of others"
run_test all_or_nothing "sync is refused: nothing has changed"
run_test interrupted "restore and sync are interrupted: nothing is left"
run_test changes_places "VNIs change hands, ports move, a network gets and loses its VNI"
run_test underlay_any "--underlay any"
run_test mtu_auto "--mtu auto"
refusal_test no_privilege "no privilege"
run_test unit "the systemd unit"
