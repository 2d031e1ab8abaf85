#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: it loads the modules that Debian has as modules, by their names and aliases
#
# The module comes and goes: it loads by its alias, takes its networks with it when it
# is unloaded, and what iproute2 can do with a network works.
#
#	a (namespace)          b (namespace)
#	n0, n1 ...             n0 ...
#	 `- v0 ---veth--- v1
#
#	c (namespace), for per-CPU memory: g1 to g40, each with two ports, three peers, and
#	two sockets on ul0 192.0.2.1/24, 2001:db8::1/64 (dummy)

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/percpu.sh
. "$(dirname "$0")/lib/percpu.sh"

need ethtool
reloads || skip_all "$SKIP_REASON"
setup_ns a b

loaded() { [[ -e /sys/module/ctnet ]]; }

no_link() { ! ip -n "$1" link show dev "$2" >/dev/null 2>&1; }

unload()
{
	! loaded || check rmmod ctnet
}

alias_is_there()
{
	local aliases

	aliases=$(modinfo -F alias ctnet)
	check_match "$aliases" 'rtnl-link-ctnet' aliases
	check_match "$aliases" 'net-pf-16-proto-16-family-ctnet' aliases
	check_match "$(modinfo -F license ctnet)" '^GPL' license
	[[ -n $(modinfo -F description ctnet) ]] || fail "no description"
}

loads_by_link()
{
	unload
	check ip -n "$a" link add n0 type ctnet
	loaded || fail "not loaded"
	check ip -n "$a" link del n0
}

loads_by_tool()
{
	unload
	check ctn "$a" add-net n0
	loaded || fail "not loaded"
	check ctn "$a" del-net n0
	unload
	# the family's alias
	check ctn "$a" list nets
	loaded || fail "not loaded by the netlink family's name"
}

# where it is not to be had
does_not_load()
{
	local was said cmd

	unload
	was=$(</proc/sys/kernel/modprobe)
	defer set_modprobe "$was"
	set_modprobe /bin/false
	for cmd in "list nets" "add-net n0"; do
		# shellcheck disable=SC2086 # words
		said=$(ctn "$a" $cmd 2>&1)
		check_eq "$?" 2 "exit code of $cmd"
		check_match "$said" "^ctnetctl: $cmd: (make the network: )?the ctnet module is not loaded: \"modprobe ctnet\" loads it" "$cmd"
	done
	set_modprobe "$was"
	no_link "$a" n0 || fail "n0 is there"
}

link_show()
{
	local out

	check ip -n "$a" link add n0 mtu 1400 type ctnet
	check ip -n "$a" link set n0 up
	out=$(ip -n "$a" -d link show dev n0)
	check_match "$out" 'ctnet' "ip -d link show"
	check_match "$out" 'mtu 1400' "ip -d link show"
	check json_is '.[0].linkinfo.info_kind == "ctnet"' ip -n "$a" -d -j link show dev n0
	check_match "$(ip -n "$a" -o link show type ctnet)" 'n0' "ip link show type"
	check_match "$(ip netns exec "$a" ethtool -i n0)" 'driver: ctnet' "ethtool -i"
	check ip -n "$a" link del n0
	check no_link "$a" n0
}

same_name_twice()
{
	check ip -n "$a" link add n0 type ctnet
	STATE_NS=$a
	check_fail 2 'File exists' ip -n "$a" link add n0 type ctnet
	STATE_NS=""
	# another namespace is another matter
	check ip -n "$b" link add n0 type ctnet
	check ip -n "$a" link del n0
	check ip -n "$b" link del n0
}

port_by_master()
{
	check ip link add v0 netns "$a" type veth peer name v1 netns "$b"
	check ip -n "$a" link add n0 type ctnet
	check ip -n "$a" link set v0 master n0
	check_match "$(ip -n "$a" -o link show master n0)" 'v0' "ports of n0"
	check ip -n "$a" link set v0 nomaster
	check_eq "$(ip -n "$a" -o link show master n0)" "" "ports of n0"
	check ip -n "$a" link set v0 master n0
	# the network goes, its port stays
	check ip -n "$a" link del n0
	check ip -n "$a" link show dev v0
	check_not grep -q master <<<"$(ip -n "$a" -o link show dev v0)"
	check ip -n "$a" link del v0
}

port_is_deleted()
{
	check ip link add v0 netns "$a" type veth peer name v1 netns "$b"
	check ip -n "$a" link add n0 type ctnet
	check ip -n "$a" link set v0 master n0
	check ip -n "$b" link del v1
	check_eq "$(ip -n "$a" -o link show master n0)" "" "ports of n0"
	check ip -n "$a" link del n0
}

unload_takes_networks()
{
	local i

	check ip link add v0 netns "$a" type veth peer name v1 netns "$b"
	for i in 0 1 2; do
		check ip -n "$a" link add "n$i" type ctnet
		check ip -n "$a" link set "n$i" up
	done
	check ip -n "$b" link add n0 type ctnet
	check ip -n "$a" link set v0 up master n0
	check ip -n "$b" link set v1 up
	check rmmod ctnet
	loaded && fail "still loaded"
	check no_link "$a" n0
	check no_link "$a" n2
	check no_link "$b" n0
	check_not grep -q master <<<"$(ip -n "$a" -o link show dev v0)"
	check modprobe ctnet
	check ip -n "$a" link del v0
}

namespace_goes()
{
	local c=$a-gone

	check ip netns add "$c"
	check ip link add v0 netns "$c" type veth peer name v1 netns "$b"
	check ip -n "$c" link add n0 type ctnet
	check ip -n "$c" link set v0 up master n0
	check ip -n "$c" link set n0 up
	check ip -n "$b" link set v1 up
	check ip netns del "$c"
	wait_until 20000 no_link "$b" v1
	# and unloading does not find anything half gone
	check rmmod ctnet
	check modprobe ctnet
}

percpu_goes()
{
	local n=40 made i

	percpu_group || return 0
	setup_ns c
	{
		echo "link add ul0 type dummy"
		echo "addr add 192.0.2.1/24 dev ul0"
		echo "addr add 2001:db8::1/64 dev ul0 nodad"
		echo "link set ul0 up"
		for ((i = 1; i <= n; i++)); do
			printf 'link add d%d type dummy\nlink add e%d type dummy\n' $i $i
		done
	} | ip_in "$c" || fail "cannot make devices"
	for ((i = 1; i <= n; i++)); do
		echo "add-net g$i --vni $i --local 192.0.2.1 --local 2001:db8::1 --dstport $((5000 + i))"
		printf "add-port g$i --dev %s\n" d$i e$i
		printf "add-peer g$i %s\n" 192.0.2.2 192.0.2.3 2001:db8::2
	done >"$TMP/make"
	# some one by one, the others with their network; and a socket for another
	for ((i = 1; i <= n; i++)); do
		if ((i % 2)); then
			echo "del-port g$i --dev d$i"
			echo "del-peer g$i 192.0.2.2"
			echo "set-net g$i --dstport $((6000 + i))"
		fi
		echo "del-net g$i"
	done >"$TMP/undo"
	percpu_is 0 >/dev/null || fail "$(percpu) bytes of per-CPU memory already"
	check charged ctnetctl -n "$c" -b "$TMP/make"
	# of each network eight objects, none of less than 16 bytes
	wait_until 10000 at_least $((n * 8 * 16)) percpu
	made=$(percpu)
	check charged ctnetctl -n "$c" -b "$TMP/undo"
	wait_until 20000 percpu_is 0
	diag "$made bytes of per-CPU memory, $(percpu) of them left"
}

load_and_unload()
{
	local i

	for i in 1 2 3 4 5; do
		check rmmod ctnet
		check modprobe ctnet
	done
}

run_test alias_is_there "the module has its aliases, license and description"
run_test loads_by_link "ip link add type ctnet loads it"
run_test loads_by_tool "ctnetctl loads it"
run_test does_not_load "where it is not to be had, ctnetctl says so"
run_test link_show "ip -d link and ethtool show what a network is"
run_test same_name_twice "a name is taken once in each namespace"
run_test port_by_master "ip link set master and nomaster; a network goes, its port stays"
run_test port_is_deleted "a port that is deleted is detached"
run_test unload_takes_networks "unloading takes all networks with it"
run_test namespace_goes "a namespace goes with network and port in it"
run_test percpu_goes "per-CPU memory of ports, peers, networks and sockets is given back"
run_test load_and_unload "it loads and unloads five times"
