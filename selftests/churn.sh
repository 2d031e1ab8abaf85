#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything comes and goes at once, under traffic of every sort: networks, ports,
# containers, hosts, peers, entries, underlay, flags, onlookers, and the module. One process
# of many threads does it (churn/), in random order, for CTNET_CHURN_SECONDS. It prints its
# seed: CTNET_SEED=N has each thread do the same again.
#
# timeout: 400 + 4 * CTNET_CHURN_SECONDS
#
#	host 0         host 1         host 2		each with net0 to net3
#	ul0, ul1 ----- ul0, ul1 ----- ul0, ul1		macvlans of one device
#	containers 0, 3 ...  1, 4 ...   2, 5 ...

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need ctchurn modinfo modprobe rmmod

[[ -n ${CTNET_CHURN_SECONDS:-} ]] ||
	skip_all "CTNET_CHURN_SECONDS=N runs it for so long; so do make check TESTS=churn and make check-debug"
reloads || skip_all "$SKIP_REASON"
readonly SECONDS_OF_IT=$CTNET_CHURN_SECONDS
readonly SEED=${CTNET_SEED:-$((EPOCHSECONDS % 100000 * 32768 + RANDOM))}

# Modules that the kernel would start processes for, if it did not find them.
load_all()
{
	local m

	for m in veth dummy macvlan tun; do
		modprobe -q "$m"
	done
	[[ -d /sys/kernel/tracing/events ]] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	MODPROBE=$(</proc/sys/kernel/modprobe)
	defer set_modprobe "$MODPROBE"
	# while the module is away, nobody but the program loads it
	set_modprobe ""
}

# There are tunnel sockets all the while, of both families.
keep_tunnels_on()
{
	setup_ns keep
	modprobe -q vxlan
	ip_in "$keep" <<-EOF || die "setup: tunnels of the kernel's own"
		link add keep4 type vxlan id 1 dstport 5555 remote 192.0.2.1
		link add keep6 type vxlan id 1 dstport 5556 remote 2001:db8::1
		link set keep4 up
		link set keep6 up
	EOF
}

churn()
{
	local line
	local -a opt=()

	# An emulated CPU may go on with code as it was before another had it patched, which
	# tracepoints do as they come and go, and a namespace's first tunnel socket and its
	# last: it was seen to hang in the breakpoint that is there meanwhile.
	if grep -q TCG /proc/cpuinfo; then
		opt+=(-p)
		keep_tunnels_on
	fi
	# shown as it comes, should the kernel die of it
	ctchurn -m "$(modinfo -F filename ctnet)" -s "$SEED" -t "$SECONDS_OF_IT" \
		-w "$CTNET_SLOW" "${opt[@]}" 2>&1 |
	while IFS= read -r line; do
		printf '# %s\n' "$line"
		printf '%s\n' "$line" >>"$TMP/report"
	done
	check_eq "${PIPESTATUS[0]}" 0 "exit code of ctchurn, with CTNET_SEED=$SEED"
	set_modprobe "$MODPROBE"
}

# What the report must say; it is there if the program came to its end.
each_kind() { check_not grep '^never:' "$TMP/report"; check grep -q '^total:' "$TMP/report"; }
no_odd_error() { check_not grep '^odd:' "$TMP/report"; check grep -q '^total: 0 ' "$TMP/report"; }
no_hang() { check_not grep '^hangs:' "$TMP/report"; check grep -q '^total:' "$TMP/report"; }
no_namespace() { check grep -q '^total:.* 0 namespaces left$' "$TMP/report"; }

module_is_free()
{
	check rmmod ctnet
	check_not grep '^ctnet' /proc/slabinfo
	check modprobe ctnet
}

new_life()
{
	topo_two_hosts
	topo_network net0 100
	add_container a1 a2
	must ctn "$h1" add-port net0 "$a1" --address 203.0.113.11/24
	must ctn "$h2" add-port net0 "$a2" --address 203.0.113.21/24
	wait_for_ping "$a1" 203.0.113.21
	wait_for_ping "$a2" 203.0.113.11
	at_least 1 peer_stat "$h2" net0 "$H1_IP" rx_packets >/dev/null ||
		fail "host 2 has nothing of host 1"
}

load_all
run_test churn "everything comes and goes for $SECONDS_OF_IT s, seed $SEED"
run_test each_kind "each kind of thing was done"
run_test no_odd_error "no error came that nobody expects"
run_test no_hang "no thread hung"
run_test no_namespace "no namespace is left"
run_test module_is_free "the module can be unloaded, and has freed all"
run_test new_life "traffic flows between two hosts made anew"
