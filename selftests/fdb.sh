#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# The table: learning, ageing, moves, cap, static entries, addresses, flush, dumps.
#
#	h1 (namespace)                                  c1 c2 c3 (namespaces)
#	net0 203.0.113.254/24, VNI 100 on ul0           eth0, c1 has 203.0.113.1/24
#	 |- p1 ---veth--- c1 eth0
#	 |- p2 ---veth--- c2 eth0
#	 |- p3 ---veth--- c3 eth0
#	 `- peers 192.0.2.2, 192.0.2.3
#	ul0 192.0.2.1/24 (dummy)

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3
readonly BCAST=ff:ff:ff:ff:ff:ff MH=02:00:00:00:00:fe
readonly A=02:aa:00:00:00:01 B=02:aa:00:00:00:02 S=02:bb:00:00:00:01 T=02:bb:00:00:00:02

setup_host h1
add_container c1 c2 c3

build()
{
	local i c ns

	for ns in "$h1" "$c1" "$c2" "$c3"; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	done
	for i in 1 2 3; do
		c=c$i
		echo "link add p$i netns $h1 type veth peer name eth0 netns ${!c}"
	done | ip -batch - || die "setup: veths"
	ip_in "$h1" <<-EOT || die "setup: underlay"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		link set ul0 up
	EOT
	ctn "$h1" -b - <<-EOT || die "setup: network"
		add-net net0 --vni 100 --local 192.0.2.1 --mac $MH --address 203.0.113.254/24
		add-port net0 --dev p1
		add-port net0 --dev p2
		add-port net0 --dev p3
		add-peer net0 192.0.2.2
		add-peer net0 192.0.2.3
	EOT
	for c in c1 c2 c3; do
		must ip -n "${!c}" link set eth0 up
	done
	must ip -n "$c1" addr add 203.0.113.1/24 dev eth0
}

# entry MAC: "TYPE PORT PEER SELF ADDRESSES" as the table has it, or nothing
entry()
{
	local mac kind port peer self addrs

	while IFS=$'\t' read -r _ mac kind port peer self _ addrs; do
		[[ $mac != "$1" ]] || echo "$kind $port $peer $self $addrs"
	done < <(ctn "$h1" list fdb net0)
}

is() { local e; e=$(entry "$1"); [[ $e == "$2" ]] || { echo "$1: $e"; return 1; }; }

# lies MAC ENTRY: the entry is so, or becomes so
lies() { wait_until 5000 is "$1" "$2"; }

# gone MAC: there is no such entry
gone() { check_eq "$(entry "$1")" "" "entry of $1"; }

# seen NS MAC: a frame with this source comes from there
seen() { send_frame "$1" $BCAST "$2" seen; }

learned_count() { net_stat "$h1" net0 fdb_learned; }
static_count() { net_stat "$h1" net0 fdb_static; }

# start over: no entries but the host's own
clear_table() { check ctn "$h1" flush-fdb net0; }

# ------------------------------------------------------------------- tests

learns()
{
	seen "$c1" $A
	lies $A "learned p1 - - -"
	seen "$c2" $B
	lies $B "learned p2 - - -"
	lies $MH "static - - on -"
	check_eq "$(learned_count)" 2 learned
	check_eq "$(static_count)" 1 static
	check fdb_is "$h1" net0 $A '.age >= 0 and .age < 60'
	# and it sends there alone
	listen "$c1"
	listen "$c3"
	send_frame "$c2" $A $B tolearned
	got_frames "$c1" eth0 tolearned 1
	got_frames "$c3" eth0 tolearned 0
}

learning_off()
{
	clear_table
	check ctn "$h1" set-net net0 --learning off
	seen "$c1" $A
	check ctn "$h1" set-net net0 --learning on
	gone $A
	check ctn "$h1" set-port net0 --dev p1 --learning off
	seen "$c1" $A
	# other ports learn
	seen "$c2" $B
	lies $B "learned p2 - - -"
	gone $A
	check ctn "$h1" set-port net0 --dev p1 --learning on
	seen "$c1" $A
	lies $A "learned p1 - - -"
}

moves()
{
	clear_table
	seen "$c1" $A
	lies $A "learned p1 - - -"
	seen "$c2" $A
	lies $A "learned p2 - - -"
	check_eq "$(learned_count)" 1 learned
	listen "$c1"
	listen "$c2"
	send_frame "$c3" $A 02:aa:00:00:00:03 moved
	got_frames "$c2" eth0 moved 1
	got_frames "$c1" eth0 moved 0
}

refresh_then_gone() { ask send "$c1" eth0 $BCAST $A keep; [[ -z $(entry $B) ]]; }

ageing()
{
	local end

	clear_table
	check ctn "$h1" add-fdb net0 $S --port p1
	check ctn "$h1" set-net net0 --ageing 4
	check_eq "$(net_stat "$h1" net0 ageing)" 4 ageing
	seen "$c2" $B
	lies $B "learned p2 - - -"
	# what is seen again and again stays, the other goes
	end=$((SECONDS + 15 * CTNET_SLOW))
	until refresh_then_gone; do
		((SECONDS < end)) || { fail "not aged: $(entry $B)"; break; }
		nap 0.3
	done
	lies $A "learned p1 - - -"
	lies $S "static p1 - - -"
	wait_until 15000 is $A ""
	check ctn "$h1" set-net net0 --ageing 300
	check_eq "$(learned_count)" 0 learned
}

ageing_never()
{
	clear_table
	check ctn "$h1" set-net net0 --ageing 1
	check ctn "$h1" set-net net0 --ageing 0
	check_eq "$(net_stat "$h1" net0 ageing)" 0 ageing
	seen "$c1" $A
	# a look for what is too old has come and gone when this says two seconds
	wait_until 10000 fdb_is "$h1" net0 $A '.age >= 2'
	lies $A "learned p1 - - -"
	check ctn "$h1" set-net net0 --ageing 300
}

static_stays()
{
	clear_table
	check ctn "$h1" add-fdb net0 $S --port p1
	lies $S "static p1 - - -"
	seen "$c2" $S
	seen "$c3" $S
	# a frame later than those has been learned
	seen "$c3" $B
	lies $B "learned p3 - - -"
	lies $S "static p1 - - -"
	listen "$c1"
	listen "$c2"
	send_frame "$c3" $S $B tostatic
	got_frames "$c1" eth0 tostatic 1
	got_frames "$c2" eth0 tostatic 0
}

static_kinds()
{
	clear_table
	check ctn "$h1" add-fdb net0 $S --peer 192.0.2.2
	lies $S "static - 192.0.2.2 - -"
	check ctn "$h1" add-fdb net0 $T --self
	lies $T "static - - on -"
	# the host gets what is for it, nobody else does
	listen "$h1" net0
	listen "$c2"
	send_frame "$c1" $T $A toself
	got_frames "$h1" net0 toself 1
	got_frames "$c2" eth0 toself 0
	# a learned one becomes static
	seen "$c1" $A
	lies $A "learned p1 - - -"
	check ctn "$h1" add-fdb net0 $A --port p2
	lies $A "static p2 - - -"
	check_eq "$(learned_count)" 0 learned
	check_eq "$(static_count)" 4 static
}

replace_and_delete()
{
	clear_table
	check ctn "$h1" add-fdb net0 $S --port p1 --ip 203.0.113.9
	check_fail 2 'by a static entry' ctn "$h1" add-fdb net0 $S --port p2
	check ctn "$h1" add-fdb net0 $S --port p1 --ip 203.0.113.9 --may-exist
	check_fail 2 'lies elsewhere' ctn "$h1" add-fdb net0 $S --port p2 --may-exist
	check ctn "$h1" replace-fdb net0 $S --peer 192.0.2.3
	lies $S "static - 192.0.2.3 - -"
	check ctn "$h1" replace-fdb net0 $T --port p3
	lies $T "static p3 - - -"
	# its address is free again
	check ctn "$h1" replace-fdb net0 $T --port p3 --ip 203.0.113.9
	check ctn "$h1" del-fdb net0 $S
	gone $S
	check_fail 2 'no entry' ctn "$h1" del-fdb net0 $S
	check ctn "$h1" del-fdb net0 $S --if-exists
	seen "$c1" $A
	lies $A "learned p1 - - -"
	check ctn "$h1" del-fdb net0 $A
	gone $A
}

own_mac_is_guarded()
{
	check_fail 2 'network device.s own' ctn "$h1" del-fdb net0 $MH
	check_fail 2 'network device.s own' ctn "$h1" add-fdb net0 $MH --port p1
	check_fail 2 'network device.s own' ctn "$h1" replace-fdb net0 $MH --port p1
	# nor does a frame take it
	seen "$c1" $MH
	seen "$c1" $A
	lies $A "learned p1 - - -"
	lies $MH "static - - on -"
}

fill_table()
{
	clear_table
	ctn "$h1" -b - <<-EOT || fail "entries"
		add-fdb net0 02:bb:00:00:01:01 --port p1
		add-fdb net0 02:bb:00:00:01:02 --port p2
		add-fdb net0 02:bb:00:00:02:02 --peer 192.0.2.2
		add-fdb net0 02:bb:00:00:02:03 --peer 192.0.2.3
		add-fdb net0 02:bb:00:00:03:01 --self
	EOT
	seen "$c1" $A
	seen "$c2" $B
	lies $B "learned p2 - - -"
}

# table_is MAC...: these and the host's own, which its devices have, are in the table, by
# their last 24 bits
table_is()
{
	local mac got="" own

	own=$(ip -n "$h1" -o link show)
	while IFS=$'\t' read -r _ mac _; do
		[[ $own == *" $mac "* ]] || got+=" ${mac#*:*:*:}"
	done < <(ctn "$h1" list fdb net0 | sort)
	check_eq "${got# }" "$*" "table"
}

flush()
{
	fill_table
	check ctn "$h1" flush-fdb net0 --learned --port p1
	table_is 00:00:02 00:01:01 00:01:02 00:02:02 00:02:03 00:03:01
	check ctn "$h1" flush-fdb net0 --peer 192.0.2.2
	table_is 00:00:02 00:01:01 00:01:02 00:02:03 00:03:01
	check ctn "$h1" flush-fdb net0 --port p2
	table_is 00:01:01 00:02:03 00:03:01
	fill_table
	check ctn "$h1" flush-fdb net0 --learned
	table_is 00:01:01 00:01:02 00:02:02 00:02:03 00:03:01
	check ctn "$h1" flush-fdb net0
	table_is
	lies $MH "static - - on -"
}

cap()
{
	clear_table
	# a port alone fills three quarters, which are ten
	check ctn "$h1" set-net net0 --max-fdb 13
	check_eq "$(net_stat "$h1" net0 max_fdb)" 13 max_fdb
	send_macs net0 p1 "$c1" 10 02:cc:00:00:00:01
	wait_until 5000 is 02:cc:00:00:00:0a "learned p1 - - -"
	seen "$c1" $A
	seen "$c2" 02:cc:00:00:00:01
	# known ones move still
	lies 02:cc:00:00:00:01 "learned p2 - - -"
	gone $A
	check_eq "$(learned_count)" 10 learned
	# static ones do not count
	check ctn "$h1" add-fdb net0 $S --port p1
	check ctn "$h1" add-fdb net0 $T --port p1
	check_eq "$(static_count)" 3 static
	# where one goes, there is room for another
	check ctn "$h1" del-fdb net0 02:cc:00:00:00:05
	seen "$c1" $A
	lies $A "learned p1 - - -"
	check_eq "$(learned_count)" 10 learned
	# others have what it left: another port its part of that, a third the last one
	send_macs net0 p2 "$c2" 10 02:cd:00:00:00:01
	check_eq "$(learned_count)" 12 learned
	send_macs net0 p3 "$c3" 10 02:ce:00:00:00:01
	check_eq "$(learned_count)" 13 learned
	lies 02:ce:00:00:00:01 "learned p3 - - -"
	check ctn "$h1" set-net net0 --max-fdb 0
	clear_table
	seen "$c1" $A
	check ctn "$h1" set-net net0 --max-fdb 65536
	gone $A
	seen "$c1" $A
	lies $A "learned p1 - - -"
}

addresses()
{
	local ips="" i

	clear_table
	check ctn "$h1" add-fdb net0 $S --port p1 --ip 203.0.113.7 --ip 2001:db8:100::7
	lies $S "static p1 - - 203.0.113.7,2001:db8:100::7"
	check fdb_is "$h1" net0 $S '.addresses == ["203.0.113.7", "2001:db8:100::7"]'
	check port_is "$h1" net0 p1 '.addresses == ["203.0.113.7", "2001:db8:100::7"]'
	check_fail 2 '2001:db8:100::7 is already that of port p1' \
		ctn "$h1" add-fdb net0 $T --port p2 --ip 203.0.113.8 --ip 2001:db8:100::7
	check_fail 2 'named twice' \
		ctn "$h1" add-fdb net0 $T --port p2 --ip 203.0.113.8 --ip 203.0.113.8
	# nothing of those stayed behind
	check ctn "$h1" add-fdb net0 $T --port p2 --ip 203.0.113.8
	# replaced: keeps one, loses one, gains one
	check ctn "$h1" replace-fdb net0 $S --port p1 --ip 203.0.113.7 --ip 203.0.113.6
	lies $S "static p1 - - 203.0.113.7,203.0.113.6"
	check_fail 2 'named twice' \
		ctn "$h1" replace-fdb net0 $S --port p1 --ip 203.0.113.7 --ip 203.0.113.7
	check_fail 2 '203.0.113.6 is already that of port p1' \
		ctn "$h1" replace-fdb net0 $T --port p2 --ip 203.0.113.6
	check ctn "$h1" replace-fdb net0 $T --port p2 --ip 2001:db8:100::7
	lies $T "static p2 - - 2001:db8:100::7"
	# as many as an entry may have, and one more
	for ((i = 1; i <= 128; i++)); do
		ips+=" --ip 198.51.100.$i"
	done
	# shellcheck disable=SC2086 # words
	check ctn "$h1" replace-fdb net0 $T --port p2 $ips
	# shellcheck disable=SC2086
	check_fail 2 '128' ctn "$h1" replace-fdb net0 $T --port p2 $ips --ip 198.51.100.200
	check ctn "$h1" del-fdb net0 $S
	check ctn "$h1" replace-fdb net0 $T --port p2 --ip 203.0.113.7
}

port_goes()
{
	fill_table
	check ctn "$h1" del-port net0 --dev p1
	table_is 00:00:02 00:01:02 00:02:02 00:02:03 00:03:01
	check ctn "$h1" add-port net0 --dev p1
	# it learns again
	seen "$c1" $A
	lies $A "learned p1 - - -"
	check ctn "$h1" del-peer net0 192.0.2.3
	table_is 00:00:01 00:00:02 00:01:02 00:02:02 00:03:01
	check ctn "$h1" add-peer net0 192.0.2.3
}

port_down()
{
	fill_table
	check ip -n "$h1" link set p1 down
	lies $A ""
	table_is 00:00:02 00:01:01 00:01:02 00:02:02 00:02:03 00:03:01
	check ip -n "$h1" link set p1 up
}

# the host is reached at its MAC
host_answers()
{
	ip -n "$c1" neigh flush dev eth0
	ip netns exec "$c1" ping -nqc1 -W1 203.0.113.254
}

mac_changes()
{
	local new=02:00:00:00:00:fd

	clear_table
	wait_until 5000 host_answers
	check ip -n "$h1" link set net0 address $new
	lies $new "static - - on -"
	gone $MH
	check_eq "$(static_count)" 1 static
	wait_until 5000 host_answers
	check_match "$(ip -n "$c1" neigh show dev eth0)" $new "what c1 knows of the host"
	# with the tool; and one that was learned elsewhere
	seen "$c2" $MH
	lies $MH "learned p2 - - -"
	check ctn "$h1" set-net net0 --mac $MH
	lies $MH "static - - on -"
	gone $new
	wait_until 5000 host_answers
	# one that a static entry has
	check ctn "$h1" add-fdb net0 $S --port p1
	check_fail 2 . ctn "$h1" set-net net0 --mac $S
	lies $S "static p1 - - -"
	wait_until 5000 host_answers
}

# complete FILE N: of the static entries 02:dd:* each is in the list, once
complete()
{
	local all uniq

	all=$(grep -c '02:dd:' "$1")
	uniq=$(grep -o '02:dd:[0-9a-f:]*' "$1" | sort -u | wc -l)
	[[ $all -eq $2 && $uniq -eq $2 ]] || fail "$1: $all entries, $uniq of them different, want $2"
	# nor is any other there twice
	uniq=$(cut -f2 "$1" | sort | uniq -d | head -n 3)
	[[ -z $uniq ]] || fail "$1: twice: $uniq"
}

readonly MANY=2000

many_lines()
{
	local i

	for ((i = 0; i < MANY; i++)); do
		printf 'add-fdb net0 02:dd:00:00:%02x:%02x --port p1\n' $((i >> 8)) $((i & 255))
	done
}

big_dump()
{
	clear_table
	many_lines >"$TMP/many"
	check ctn "$h1" -b "$TMP/many"
	ctn "$h1" list fdb net0 >"$TMP/dump" || fail "list"
	complete "$TMP/dump" $MANY
	check_eq "$(static_count)" $((MANY + 1)) static
	# JSON has them all, too
	check_eq "$(json 'map(select(.mac | startswith("02:dd:"))) | length' ctn "$h1" -j list fdb net0)" $MANY JSON
	check_eq "$(ctn "$h1" list fdb | grep -c '02:dd:')" $MANY "list of all networks"
}

# entries of other MACs come, move and go all the while
dump_under_change()
{
	local i lists=0

	tell churn "$c2" eth0 400 02:ee:00:00:00:01 $((2000 * CTNET_SLOW))
	# whether there is an answer: a part of one would be lost
	until read -rt 0 -u "$PYTHON_OUT"; do
		ctn "$h1" list fdb net0 >"$TMP/dump.$lists" 2>>"$TMP/dump.err" ||
			fail "list: $(<"$TMP/dump.err")"
		lists=$((lists + 1))
		check ctn "$h1" flush-fdb net0 --learned
	done
	answer churn
	check_match "$ANSWER" '^ok [0-9]+' "frames sent"
	for ((i = 0; i < lists; i++)); do
		complete "$TMP/dump.$i" $MANY
	done
	((lists >= 3)) || fail "only $lists dumps"
	# nor was anything else said of them than that
	check_not grep -v 'the tables change faster than they can be read' "$TMP/dump.err"
	diag "$(wc -l <"$TMP/dump.err") of $lists dumps were interrupted each time that they were tried"
	grep -q 02:ee: "$TMP"/dump.* || fail "nothing changed meanwhile"
	check ctn "$h1" flush-fdb net0
	check_eq "$(static_count) $(learned_count)" "1 0" "entries after a flush"
}

build
python_start frames.py

run_test learns "sources are learned, and frames go there alone"
run_test learning_off "nothing is learned where network or port have learning off"
run_test moves "a MAC that is seen elsewhere moves"
run_test ageing "what is not seen ages; what is seen and what is static does not"
run_test ageing_never "with ageing 0 nothing ages"
run_test static_stays "no frame moves a static entry"
run_test static_kinds "a MAC lies behind a port, a peer or the host"
run_test replace_and_delete "add, replace and delete"
run_test own_mac_is_guarded "the network's own MAC is neither taken nor deleted"
run_test flush "flush: all, learned, of a port, of a peer"
run_test cap "the cap on learned entries holds, and static ones do not count"
run_test addresses "addresses of an entry: shown, replaced, unique"
run_test port_goes "port and peer take their entries with them"
run_test port_down "a port that goes down loses what was learned from it"
run_test mac_changes "the network's MAC changes, and so does its entry"
run_test big_dump "a dump of $MANY entries has them all, once"
run_test dump_under_change "so it has while others come, move and go"
