#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: the tool in many steps, and processes are slow under the instruments
# timeout: 600
#
# A ctnetctl that is killed, at each of its steps: whatever it leaves, each command that has
# to do with it mends or removes it. And a module that is unloaded and loaded again, under
# traffic: the containers keep their interfaces.
#
#	h1: net0 203.0.113.1/24, 2001:db8:100::1/64 (c2 .12); net1
#	c1: what the killed one attaches, .11

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

PRELOAD=$(type -P kill-preload.so) ||
	skip_all "no kill-preload.so: make -C selftests builds it"
readonly PRELOAD FILE=$TMP/file
# CTNET_KILL_STRIDE=N: every Nth step only
readonly STRIDE=${CTNET_KILL_STRIDE:-1}
readonly MAC1=02:42:cb:00:71:0b

topology()
{
	setup_host h1
	add_container c1 c2
	must ctn "$h1" -b - <<-EOT
		add-net net0 --address 203.0.113.1/24 --address 2001:db8:100::1/64
		add-net net1
		add-port net0 $c2 --address 203.0.113.12/24
	EOT
	ctn "$h1" save >"$FILE" || die "setup: save"
	NEW=(net0 "$c1" --address 203.0.113.11/24 --address 2001:db8:100::11/64
		--gateway 203.0.113.1 --gateway 2001:db8:100::1)
	cp "$FILE" "$TMP/without"
	echo "add-port ${NEW[*]}" >>"$FILE"
}

# killed N SIGNAL ARGUMENT...: add-port of c1, that gets the signal at step N. False: it has
# fewer steps.
killed()
{
	local n=$1 sig=$2

	shift 2
	LD_PRELOAD=$PRELOAD KILL_AT="$n $sig" ctnetctl -n "$h1" add-port "$@" >/dev/null 2>&1
	[[ $? -gt 128 ]]
}

# c1 has its port, and all of it; nothing else is there
is_whole()
{
	local out re

	out=$(ip -n "$h1" -o link show type veth)
	check_eq "$(grep -c '[<,]UP[,>].* master net0 ' <<<"$out") of $(grep -c '@' <<<"$out")" "2 of 2" \
		"near ends that are ports" || diag "$out"
	out=$(printf '%s\n' "addr show dev eth0" "route show table all" |
		ip -n "$c1" -o -batch -)
	for re in 'inet 203.0.113.11/24' 'inet6 2001:db8:100::11/64' 'via 203.0.113.1 dev eth0' \
		'via 2001:db8:100::1 dev eth0'; do
		check_match "$out" "$re"
	done
	check fdb_is "$h1" net0 $MAC1 '.type == "static" and (.addresses | sort) == ["2001:db8:100::11", "203.0.113.11"]'
	ping_ok "$c1" 203.0.113.12
}

# Without a near end there is no far end.
is_gone()
{
	check_eq "$(ip -n "$h1" -o link show type veth | grep -c '@')" "${1:-1}" "near ends"
}

# each_step COMMAND...: what it does about a killed add-port, whichever its last step was
each_step()
{
	local n ret=0

	for ((n = 1; ; n += STRIDE)); do
		ret=$RET
		killed $n 9 "${NEW[@]}" || break
		"$@"
		[[ $RET -eq "$ret" ]] || diag "this was after step $n"
		check ctn "$h1" del-port net0 "$c1" --if-exists
		is_gone
		[[ $RET -eq 0 ]] || return
	done
	diag "$((n - 1)) steps"
	((n > 15)) || fail "only $((n - 1)) steps"
	check ctn "$h1" del-port net0 "$c1"
}

by_add_port()
{
	# what was all done but for the end is there already
	ctn "$h1" add-port "${NEW[@]}" >"$TMP/said" 2>&1 ||
		check_match "$(<"$TMP/said")" 'already has eth0 on network net0'
	is_whole
}

by_may_exist()
{
	check ctn "$h1" add-port "${NEW[@]}" --may-exist
	is_whole
}

# the address of then is not left
by_other_address()
{
	ctn "$h1" add-port net0 "$c1" --address 203.0.113.19/24 >"$TMP/said" 2>&1 || return 0
	check_eq "$(ip -n "$c1" -o -4 addr show dev eth0 | awk '{ print $4 }')" 203.0.113.19/24 address
	check no_fdb "$h1" net0 $MAC1
	ping_ok "$c1" 203.0.113.12
}

by_sync() { check ctn "$h1" sync "$FILE" && is_whole; }

by_sync_without()
{
	check ctn "$h1" sync "$TMP/without"
	is_gone
}

by_del_port() { check ctn "$h1" del-port net0 "$c1" --if-exists && is_gone; }

by_del_net()
{
	check ctn "$h1" del-net net0
	is_gone 0
	check ctn "$h1" sync "$TMP/without"
}

by_restore()
{
	check ctn "$h1" del-net net0
	check ctn "$h1" del-net net1
	check ctn "$h1" restore "$FILE"
	is_whole
}

# Before it was anybody's port, which del-net of another network removes as well.
never_attached()
{
	check ip -n "$h1" link add ct0123456789 type veth peer name eth0 netns "$c1"
	check ctn "$h1" add-port "${NEW[@]}"
	is_whole
	check ctn "$h1" del-port net0 "$c1"
	check ip -n "$h1" link add ct0123456789 type veth peer name eth0 netns "$c1"
	check ctn "$h1" del-port net0 "$c1"
	is_gone
	check ip -n "$h1" link add ct0123456789 type veth peer name eth0 netns "$c1"
	check ctn "$h1" del-net net1
	is_gone
	check ctn "$h1" add-net net1
	# nothing but what has our mark
	check ip -n "$h1" link add vx0123456789 type veth peer name eth0 netns "$c1"
	check_not ctn "$h1" add-port "${NEW[@]}"
	check ctn "$h1" sync "$TMP/without"
	check ip -n "$h1" link del vx0123456789
}

# Every other signal that ends a program: it takes back what it did, and dies of it.
by_signals()
{
	local sig n

	for sig in 1 2 3 10 12 13 14 15 24 29; do
		for n in 4 12 18; do
			(env --default-signal LD_PRELOAD="$PRELOAD" KILL_AT="$n $sig" \
				ctnetctl -n "$h1" add-port "${NEW[@]}") >/dev/null 2>&1
			check_eq $? $((128 + sig)) "exit code after signal $sig"
			is_gone
		done
	done
}

# Two that attach the same container at once: one does, and the other sees it.
at_once()
{
	local i pids=() n=0

	for i in 1 2 3 4 5 6; do
		ctn "$h1" add-port "${NEW[@]}" >/dev/null 2>"$TMP/said$i" &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" && n=$((n + 1))
	done
	check_eq $n 1 "of six, those who attached it"
	is_whole
	pids=()
	check ctn "$h1" del-port net0 "$c1"
	for i in 1 2 3 4 5 6; do
		ctn "$h1" add-port "${NEW[@]}" --may-exist >/dev/null 2>"$TMP/said$i" &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || fail "--may-exist: $(cat "$TMP"/said*)"
	done
	is_whole
	check ctn "$h1" del-port net0 "$c1"
}

# upgrade COMMAND...: the module goes and comes under traffic, and the command has all again
upgrade()
{
	local index pid lost

	reloads || return
	check ctn "$h1" sync "$FILE"
	check ip -n "$c1" addr add 203.0.113.111/24 dev eth0
	index=$(ifindex_of "$c1" eth0)
	ip netns exec "$c1" ping -nq -i 0.01 -W $((5 * CTNET_SLOW)) 203.0.113.12 >"$TMP/ping" 2>&1 &
	pid=$!
	wait_until 5000 at_least 10 port_stat "$h1" net0 "$(port_of_c2)" tx_packets
	check ctn "$h1" save
	printf '%s\n' "$OUT" >"$TMP/saved"
	check rmmod ctnet
	check modprobe ctnet
	"$@" >"$TMP/said" 2>&1 || fail "$*: $(<"$TMP/said")"
	check_eq "$(ifindex_of "$c1" eth0)" "$index" "index of c1's interface"
	check_match "$(ip -n "$c1" -o addr show dev eth0)" '203.0.113.111/24' "what c1 gave itself"
	is_whole
	kill -INT $pid
	wait $pid
	lost=$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 - \2/p' "$TMP/ping")
	diag "traffic was cut for $((lost)) x 10 ms"
	check_match "$(<"$TMP/ping")" '[1-9][0-9]* received'
	check ip -n "$c1" addr del 203.0.113.111/24 dev eth0
	check_eq "$(ctn "$h1" save)" "$(<"$TMP/saved")" "what is saved"
}

port_of_c2() { ctn "$h1" list ports net0 | awk -v l="$c2" '$4 == l { print $2 }'; }

# what it comes from is not what the file says
upgrade_refused()
{
	reloads || return
	check rmmod ctnet
	check modprobe ctnet
	check ctn "$h1" add-net net0
	{ echo "add-net net0"; echo "add-port ${NEW[*]} --mac 02:00:00:00:00:07 --label other"
	  echo "add-peer net0 192.0.2.9"; } >"$TMP/bad"
	check ip -n "$c1" -o link show dev eth0
	check_fail 2 'add-peer net0' ctn "$h1" sync "$TMP/bad"
	check_eq "$(mac_of "$c1" eth0)" $MAC1 "MAC of c1"
	check ctn "$h1" sync "$FILE"
	is_whole
}

restore_saved() { ctn "$h1" restore "$TMP/saved"; }

by_hand() { ctn "$h1" -b "$FILE"; }

topology
run_test each_step by_add_port "add-port after a killed one"
run_test each_step by_may_exist "add-port --may-exist after a killed one"
run_test each_step by_other_address "add-port with other addresses after a killed one"
run_test each_step by_sync "sync after a killed one"
run_test each_step by_sync_without "sync without that container after a killed one"
run_test each_step by_del_port "del-port after a killed one"
run_test each_step by_del_net "del-net after a killed one"
run_test each_step by_restore "restore after a killed one"
run_test never_attached "a veth with the mark that is a port of nothing"
run_test by_signals "signals that can be caught"
run_test at_once "add-port of one container, six times at once"
run_test upgrade by_sync "a new module, and sync"
run_test upgrade restore_saved "a new module, and restore"
run_test upgrade by_hand "a new module, and add-port"
run_test upgrade_refused "a new module: what is refused changes nothing in a container"
