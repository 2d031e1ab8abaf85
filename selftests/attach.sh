#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "ctnetctl add-port" does all of it or nothing, and what it did goes without a trace.
#
# timeout: 300
#
#	h1
#	net0 (MTU 1400) 203.0.113.1/24, 2001:db8:100::1/64
#	  |     |     |
#	  c1   c2     v0 ---veth--- v1 (dev)
#	  .11  .12 (looks on)
#	net1: a second network

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

need tcpdump setpriv

readonly MAC1=02:42:cb:00:71:0b
readonly ADDR1=203.0.113.11/24 ADDR1_6=2001:db8:100::11/64
readonly NEW=(--address "$ADDR1" --address "$ADDR1_6")

topology()
{
	setup_host h1
	add_container c1 c2 dev
	must ip link add v0 netns "$h1" type veth peer name v1 netns "$dev"
	# so that it is later as it is now
	must ip -n "$h1" link set v0 up
	must ip -n "$h1" link set v0 down
	must ctn "$h1" -b - <<-EOT
		add-net net0 --mtu 1400 --address 203.0.113.1/24 --address 2001:db8:100::1/64
		add-net net1
		add-port net0 $c2 --address 203.0.113.12/24 --address 2001:db8:100::12/64
	EOT
}

# state: all that there is of the host and of c1, routes too, but what changes by itself
state()
{
	local ns

	dump_state_of "$h1" "$c1"
	for ns in "$h1" "$c1"; do
		ip -n "$ns" -o route show table all
	done
}

# as_at_start [WHAT]: what was done left nothing: all is as it was at the start
as_at_start()
{
	local now

	now=$(state)
	[[ $now == "$AT_START" ]] && return
	fail "${1:-what was refused} left something:"
	diag "$(diff <(echo "$AT_START") <(echo "$now"))"
}

add1() { check ctn "$h1" add-port net0 "$c1" "${NEW[@]}" "$@"; }

del1() { check ctn "$h1" del-port net0 "$c1"; }

# -------------------------------------------------------------- all of it

does_all()
{
	local port out

	capture_start "$c2" eth0 "arp or icmp6" "$TMP/tell" || return
	add1 --gateway 203.0.113.1 --gateway 2001:db8:100::1 --label "the web"
	port=$(near_end "$h1" "the web")
	[[ -n $port ]] || { fail "no port with that label"; return; }

	out=$(ip -n "$c1" -o link show dev eth0)
	check_match "$out" "link/ether $MAC1" "MAC from the address"
	check_match "$out" 'mtu 1400' "MTU of the network"
	check_match "$out" '[<,]UP[,>]' "far end"
	out=$(ip -n "$h1" -o link show dev "$port")
	check_match "$out" 'mtu 1400' "MTU of the near end"
	check_match "$out" '[<,]UP[,>]' "near end"
	check_match "$out" 'master net0' "near end"
	check_match "$out" 'alias the web' "label"
	# set by user space: nothing else changes them
	check_eq "$(in_ns "$c1" cat /sys/class/net/eth0/addr_assign_type)" 3 "addr_assign_type, far"
	check_eq "$(in_ns "$h1" cat "/sys/class/net/$port/addr_assign_type")" 3 "addr_assign_type, near"

	out=$(ip -n "$c1" -o addr show dev eth0)
	check_match "$out" 'inet 203\.0\.113\.11/24 brd 203\.0\.113\.255' "IPv4 address"
	check_match "$out" 'inet6 2001:db8:100::11/64' "IPv6 address"
	check_match "$(ip -n "$c1" route show default)" 'via 203.0.113.1 dev eth0' route
	check_match "$(ip -n "$c1" -6 route show default)" 'via 2001:db8:100::1 dev eth0' route

	port=$port check fdb_is "$h1" net0 $MAC1 '.type == "static" and .port == env.port and
		(.addresses | sort) == ["2001:db8:100::11", "203.0.113.11"]'

	# it is told to the others
	capture_has "$TMP/tell" 1 "arp and ether src $MAC1 and arp[14:4] = 0xcb00710b and arp[24:4] = 0xcb00710b"
	capture_has "$TMP/tell" 1 "ether src $MAC1 and dst ff02::1 and ip6[40] = 136 and ip6[60:4] = 0x00000011"
	capture_stop "$TMP/tell"

	ping_ok "$c1" 203.0.113.12
	ping_ok "$c1" 203.0.113.1
	ping_ok "$c1" 2001:db8:100::1
}

mac_is_kept()
{
	local mac

	del1
	add1
	check_eq "$(mac_of "$c1" eth0)" $MAC1 "MAC after it was made anew"
	# the neighbours need learn nothing
	ping_ok "$c2" 203.0.113.11
	del1
	# IPv6 only: another one, and kept as well
	check ctn "$h1" add-port net0 "$c1" --address $ADDR1_6
	mac=$(mac_of "$c1" eth0)
	del1
	check ctn "$h1" add-port net0 "$c1" --address $ADDR1_6
	check_eq "$(mac_of "$c1" eth0)" "$mac" "MAC of an IPv6 address"
	del1
	# given, or random and a host's own
	check ctn "$h1" add-port net0 "$c1" --mac 02:00:00:00:0a:01 --mtu 1300
	check_eq "$(mac_of "$c1" eth0)" 02:00:00:00:0a:01 "MAC"
	check_eq "$(mtu_of "$c1" eth0)" 1300 "MTU"
	del1
	check ctn "$h1" add-port net0 "$c1"
	check_match "$(mac_of "$c1" eth0)" '^.[26ae]:' "random MAC"
	check_eq "$(in_ns "$c1" cat /sys/class/net/eth0/addr_assign_type)" 3 addr_assign_type
	del1
	as_at_start
}

# Two addresses whose 32-bit FNV-1a hashes are the same; and a MAC that is somebody else's
# already, of either family: the next is taken, and is the same again.
macs_collide()
{
	local a=2001:db8:100:0:285b:93f4:4f87:3551 b=2001:db8:100:0:778e:3975:8847:7781
	local addr mac other

	state >"$TMP/before"
	check ctn "$h1" add-port net0 "$c1" --address $a/64
	check ctn "$h1" add-port net0 "$c1" --ifname eth1 --address $b/64
	mac=$(mac_of "$c1" eth0) other=$(mac_of "$c1" eth1)
	check_match "$mac" '^.[26ae]:' "a MAC that nobody has from its maker"
	[[ $mac != "$other" ]] || fail "both have $mac"
	check ctn "$h1" del-port net0 "$c1" --ifname eth1
	del1
	for addr in $a/64 "$ADDR1"; do
		check ctn "$h1" add-port net0 "$c1" --address "$addr"
		mac=$(mac_of "$c1" eth0)
		del1
		check ctn "$h1" add-fdb net0 "$mac" --self --ip 203.0.113.99
		check ctn "$h1" add-port net0 "$c1" --address "$addr"
		other=$(mac_of "$c1" eth0)
		[[ $other != "$mac" ]] || fail "it has $mac as well"
		del1
		check ctn "$h1" add-port net0 "$c1" --address "$addr"
		check_eq "$(mac_of "$c1" eth0)" "$other" "MAC after it was made anew"
		# it is what sync takes it for, and save names it
		check_match "$(ctn "$h1" save net0)" "add-port net0 $c1 .*--mac $other" "save"
		ctn "$h1" save | sed "s/ --mac $other//" >"$TMP/conf"
		check ctn "$h1" sync "$TMP/conf"
		check_eq "$(mac_of "$c1" eth0)" "$other" "MAC after a sync"
		del1
		check ctn "$h1" del-fdb net0 "$mac"
	done
	# the same address is no other's: then its entry is in the way
	check ctn "$h1" add-fdb net0 $MAC1 --self --ip "${ADDR1%/*}"
	check_fail 2 'already that of the host itself' ctn "$h1" add-port net0 "$c1" --address "$ADDR1"
	check ctn "$h1" del-fdb net0 $MAC1
	state >"$TMP/after"
	check diff "$TMP/before" "$TMP/after"
}

by_any_name()
{
	local pid other

	background ip netns exec "$c1" sleep 1000
	pid=$BG_PID
	background ip netns exec "$c1" sleep 1000
	other=$BG_PID
	wait_until 5000 in_its_namespace "$pid" "$c1"
	wait_until 5000 in_its_namespace "$other" "$c1"

	check ctn "$h1" add-port net0 "$pid" "${NEW[@]}" --label one
	# it is the same one, however it is called
	refused 2 'already has' ctn "$h1" add-port net0 "$pid"
	refused 2 'already has' ctn "$h1" add-port net0 "$other"
	refused 2 'already has' ctn "$h1" add-port net0 "$c1"
	refused 2 'already has' ctn "$h1" add-port net0 "/run/netns/$c1"
	refused 2 'already has' ctn "$h1" add-port net0 "/proc/$other/ns/net"
	# nor on another network under the same name
	refused 2 'already has' ctn "$h1" add-port net1 "$c1"
	for other in "$pid" "$other" "$c1" "/run/netns/$c1" "/proc/$pid/ns/net"; do
		check ctn "$h1" add-port net0 "$other" "${NEW[@]}" --may-exist
	done
	# but not if it differs
	refused 2 'exists' ctn "$h1" add-port net0 "$c1" --may-exist --mac 02:00:00:00:0a:02
	refused 2 'exists' ctn "$h1" add-port net0 "$c1" --may-exist --address 203.0.113.99/24
	refused 2 'exists' ctn "$h1" add-port net0 "$c1" --may-exist --hairpin on
	# a second interface
	check ctn "$h1" add-port net1 "$pid" --ifname eth1 --address 198.51.100.1/24
	check_match "$(ip -n "$c1" -o addr show dev eth1)" '198.51.100.1/24' "second interface"
	check ctn "$h1" del-port net1 "/run/netns/$c1" --ifname eth1
	check ctn "$h1" del-port net0 "/proc/$pid/ns/net"
	check_not ip -n "$c1" link show dev eth0
	refused 2 'no interface' ctn "$h1" del-port net0 "$c1"
	check ctn "$h1" del-port net0 "$c1" --if-exists
	as_at_start
}

# ------------------------------------------------------------- or nothing

name_is_taken()
{
	check ip -n "$c1" link add eth0 type dummy
	refused 2 'already has an interface eth0' ctn "$h1" add-port net0 "$c1" "${NEW[@]}"
	refused 2 'already has an interface eth0' \
		ctn "$h1" add-port net0 "$c1" "${NEW[@]}" --may-exist
	check ip -n "$c1" link del eth0
	as_at_start
}

bad_gateway()
{
	# routes are set when all but the announcement is done
	refused 2 'route via 198.51.100.1' \
		ctn "$h1" add-port net0 "$c1" "${NEW[@]}" --gateway 198.51.100.1
	refused 2 'route via 2001:db8:200::1' \
		ctn "$h1" add-port net0 "$c1" "${NEW[@]}" --gateway 2001:db8:200::1
	refused 1 'gateway' ctn "$h1" add-port net0 "$c1" --address $ADDR1 --gateway 2001:db8:100::1
	refused 1 'gateway' ctn "$h1" add-port net0 "$c1" "${NEW[@]}" \
		--gateway 203.0.113.1 --gateway 203.0.113.2
	as_at_start
}

default_route_is_there()
{
	check ip -n "$c1" link add other type dummy
	check ip -n "$c1" addr add 198.51.100.1/24 dev other
	check ip -n "$c1" link set other up
	check ip -n "$c1" route add default via 198.51.100.2
	refused 2 'default route already' \
		ctn "$h1" add-port net0 "$c1" --address $ADDR1 --gateway 203.0.113.1
	check_match "$(ip -n "$c1" route show default)" 'via 198.51.100.2' "default route"
	check ip -n "$c1" link del other
	as_at_start
}

table_refuses()
{
	# an address that is another's, one that is named twice
	refused 2 "into the table: 203.0.113.12 is already that of port $c2" \
		ctn "$h1" add-port net0 "$c1" --address 203.0.113.12/24 --mac 02:00:00:00:0a:03
	refused 2 'into the table' \
		ctn "$h1" add-port net0 "$c1" "${NEW[@]}" --address 2001:db8:100::12/64
	# a MAC that is asked for, and is another's; one that is made up is the next then
	check ctn "$h1" add-fdb net0 $MAC1 --self
	refused 2 'into the table: .*MAC' ctn "$h1" add-port net0 "$c1" "${NEW[@]}" --mac $MAC1
	check ctn "$h1" del-fdb net0 $MAC1
	refused 2 'into the table: .*own' \
		ctn "$h1" add-port net0 "$c1" --mac "$(mac_of "$h1" net0)"
	# more addresses than an entry may have
	local i many=()

	for ((i = 1; i <= 129; i++)); do
		many+=(--address "198.18.0.$i/24")
	done
	refused 2 'into the table' ctn "$h1" add-port net0 "$c1" "${many[@]}"
	as_at_start
}

no_network()
{
	refused 2 'no network' ctn "$h1" add-port net9 "$c1" "${NEW[@]}"
	refused 2 'not a ctnet network' ctn "$h1" add-port v0 "$c1" "${NEW[@]}"
	refused 2 'own namespace' ctn "$h1" add-port net0 "$h1" "${NEW[@]}"
	refused 2 'no network namespace' ctn "$h1" add-port net0 nobody-here "${NEW[@]}"
	as_at_start
}

bad_mtu()
{
	refused 1 'mtu' ctn "$h1" add-port net0 "$c1" --mtu 67
	refused 1 'mtu' ctn "$h1" add-port net0 "$c1" --mtu 65536
	# IPv6 needs 1280
	refused 2 'address 2001:db8:100::11/64' ctn "$h1" add-port net0 "$c1" "${NEW[@]}" --mtu 1000
	as_at_start
}

bad_names()
{
	local long

	refused 1 'too long' ctn "$h1" add-port net0 "$c1" --ifname abcdefghijklmnop
	refused 2 'already has' ctn "$h1" add-port net0 "$c1" --ifname lo
	printf -v long '%300s' x
	refused 1 'label' ctn "$h1" add-port net0 "$c1" --label "${long// /x}"
	as_at_start
}

no_ipv6_there()
{
	check ip netns exec "$c1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	refused 2 'IPv6 is disabled there: .*set the sysctl net.ipv6.conf.all.disable_ipv6 to 0' ctn "$h1" add-port net0 "$c1" "${NEW[@]}"
	# with IPv4 alone it works
	check ctn "$h1" add-port net0 "$c1" --address $ADDR1
	ping_ok "$c1" 203.0.113.12
	del1
	check ip netns exec "$c1" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 \
		net.ipv6.conf.default.disable_ipv6=0
	as_at_start
}

# runs_out LAST OPTION...: the number of descriptors runs out at each step in turn, the last
# of which is LAST
runs_out()
{
	local n said="" ret=1 last=$1

	shift
	for ((n = 3; n < 24 && ret; n++)); do
		OUT=$(ulimit -n "$n"; ctn "$h1" add-port net0 "$c1" "$@" 2>&1)
		ret=$?
		[[ $ret -eq 0 ]] || said+="$OUT"$'\n'
		[[ $ret -eq 0 || $OUT != *"$last"* ]] || as_at_start "the last step"
	done
	check_eq "$ret" 0 "exit code with $((n - 1)) descriptors"
	check_match "$said" "$last" "what it said"
	del1
	as_at_start "running out of descriptors"
}

# What takes most descriptors is to write a sysctl of the container.
out_of_descriptors()
{
	runs_out 'takes from routers' --address $ADDR1 --gateway 203.0.113.1
	runs_out 'takes from routers' "${NEW[@]}" --gateway 203.0.113.1
}

# without CAP_NET_ADMIN
no_privilege()
{
	# shellcheck disable=SC2016 # for the inner shell
	refused 2 . ip netns exec "$h1" setpriv --bounding-set -net_admin --inh-caps -net_admin \
		bash -c 'exec ctnetctl add-port net0 "/run/netns/$1" --address 203.0.113.11/24' - "$c1"
	as_at_start
}

# whole PORTS: each port is there with all that belongs to it
whole()
{
	local links fars n_near n_far n_entries

	links=$(ip -n "$h1" -o link show type veth)
	fars=$(ip -n "$c1" -o -4 addr show)
	n_near=$(grep -c ' ct[0-9a-f]\{10\}@.*[<,]UP[,>].* master net1 ' <<<"$links")
	n_far=$(grep -c ' e[0-9]* .*inet 198\.51\.100\.' <<<"$fars")
	n_entries=$(ctn "$h1" list fdb net1 | grep -c 'static.*198\.51\.100\.')
	check_eq "$n_far" "$n_near" "interfaces with an address, of $n_near ports"
	check_eq "$n_entries" "$n_near" "table entries, of $n_near ports"
	check_eq "$(grep -c '@' <<<"$links")" $((n_near + 2)) "near ends"
	check_eq "$(ip -n "$c1" -o link show type veth up | grep -c .)" "$n_near" "far ends that are up"
	WHOLE=$n_near
}

interrupted()
{
	local round i pid ret sig want stopped=0 total=120

	for ((i = 1; i <= total; i++)); do
		echo "add-port net1 $c1 --ifname e$i --address 198.51.100.$i/32 --label e$i"
	done >"$TMP/batch"
	for round in 1 2 3 4; do
		sig=TERM want=143
		((round % 2)) || sig=INT want=130
		# a job of a script ignores SIGINT unless told otherwise
		ip netns exec "$h1" env --default-signal=INT ctnetctl -b "$TMP/batch" >/dev/null 2>&1 &
		pid=$!
		wait_until 10000 far_ends_at_least $((round * 2))
		kill -$sig $pid
		wait $pid
		ret=$?
		whole
		diag "SIG$sig with $WHOLE of $total ports made: exit $ret"
		[[ $WHOLE -ge $total ]] || stopped=$((stopped + 1))
		# the signal kills it when it has taken back what it had begun
		[[ $WHOLE -eq $total ]] || check_eq $ret $want "exit code after SIG$sig"
		for ((i = 1; i <= total; i++)); do
			echo "del-port net1 $c1 --ifname e$i --if-exists"
		done >"$TMP/undo"
		check ctn "$h1" -b "$TMP/undo"
	done
	as_at_start
	[[ $stopped -ge 2 ]] || fail "only $stopped of 4 were stopped on the way"
}

far_ends_at_least()
{
	local ends

	mapfile -t ends < <(ip -n "$c1" -o link show type veth)
	[[ ${#ends[@]} -ge $1 ]]
}

# ------------------------------------------------------------- and it goes

del_port()
{
	add1 --gateway 203.0.113.1
	ping_ok "$c1" 203.0.113.12
	del1
	as_at_start del-port
}

del_net()
{
	check ctn "$h1" -b - <<-EOT
		add-net net2
		add-port net2 $c1 --address 198.51.100.1/24
		add-port net2 $c1 --ifname eth1
		add-port net2 --dev v0
		del-net net2
	EOT
	# what was only attached stays
	check ip -n "$h1" link set v0 down
	as_at_start del-net
}

no_port_of() { [[ -z $(near_end "$h1" "$1") ]]; }

container_goes()
{
	local gone port

	add_container cx
	gone=$cx
	check ctn "$h1" add-port net0 "$gone" --address 203.0.113.33/24
	port=$(near_end "$h1" "$gone")
	[[ -n $port ]] || fail "no port"
	wait_for_ping "$c2" 203.0.113.33
	check ip netns del "$gone"
	wait_until 10000 no_port_of "$gone"
	check_not ip -n "$h1" link show dev "$port"
	check no_fdb "$h1" net0 02:42:cb:00:71:21
}

pod()
{
	local a b

	# two processes of one namespace; the second one's network is the first one's
	background ip netns exec "$c1" sleep 1000
	a=$BG_PID
	wait_until 5000 in_its_namespace "$a" "$c1"
	check ctn "$h1" add-port net0 "$a" "${NEW[@]}"
	background nsenter -t "$a" -n sleep 1000
	b=$BG_PID
	wait_until 5000 in_its_namespace "$b" "$c1"
	check ctn "$h1" add-port net0 "$b" "${NEW[@]}" --may-exist
	check_eq "$(net_stat "$h1" net0 port_count)" 2 "ports"
	# one of them ends: the port stays
	kill_wait "$a"
	ping_ok "$c2" 203.0.113.11
	check ctn "$h1" del-port net0 "$b"
}

# ---------------------------------------------------------------- devices

is_port() { [[ $(ip -n "$h1" -o link show dev "$1") == *" master $2 "* ]]; }

by_dev()
{
	check ctn "$h1" add-port net0 --dev v0 --label cable --hairpin on
	check is_port v0 net0
	check port_is "$h1" net0 v0 '.label == "cable" and .hairpin'
	check_match "$(ip -n "$h1" -o link show dev v0)" '[<,]UP[,>]' v0
	refused 2 'already' ctn "$h1" add-port net0 --dev v0
	refused 2 'already' ctn "$h1" add-port net1 --dev v0
	check ctn "$h1" add-port net0 --dev v0 --may-exist
	refused 1 'address' ctn "$h1" add-port net1 --dev v0 --address 203.0.113.9/24
	refused 2 'no interface' ctn "$h1" add-port net0 --dev v9
	check ip -n "$dev" addr add 203.0.113.40/24 dev v1
	check ip -n "$dev" link set v1 up
	wait_for_ping "$dev" 203.0.113.12
	# which add-port did not make, so del-port does not delete it
	refused 2 'del-port net0 --dev v0' ctn "$h1" del-port net0 "$dev" --ifname v1
	check ctn "$h1" del-port net0 --dev v0
	check_not is_port v0 net0
	check ip -n "$h1" link show dev v0
	refused 2 . ctn "$h1" del-port net0 --dev v0
	check ctn "$h1" del-port net0 --dev v0 --if-exists
	check ip -n "$h1" link set v0 down alias ""
}

by_master()
{
	check ip -n "$h1" link set v0 up master net0
	check_match "$(ctn "$h1" list ports net0)" 'v0' "ports"
	wait_for_ping "$dev" 203.0.113.12
	# over to another network is two steps in one
	check ip -n "$h1" link set v0 master net1
	[[ ! $(ctn "$h1" list ports net0) =~ v0 ]] || fail "it is a port of both"
	check_match "$(ctn "$h1" list ports net1)" 'v0' "ports"
	check no_ping "$dev" 203.0.113.12
	check ip -n "$h1" link set v0 nomaster
	check_eq "$(ctn "$h1" list ports net1)" "" "ports"
}

dev_moves_away()
{
	local m

	check ctn "$h1" add-port net0 --dev v0
	wait_for_ping "$dev" 203.0.113.12
	m=$(mac_of "$dev" v1)
	check fdb_is "$h1" net0 "$m" '.port == "v0"'
	check ip -n "$h1" link set v0 netns "$c1"
	[[ ! $(ctn "$h1" list ports net0) =~ v0 ]] || fail "it is a port still"
	check no_fdb "$h1" net0 "$m"
	OUT=$(ip -n "$c1" -o link show dev v0)
	[[ $OUT != *master* ]] || fail "it has a master still: $OUT"
	check ip -n "$c1" link set v0 netns "$h1"
	ping_ok "$c2" 203.0.113.1
}

flags_and_label()
{
	add1
	check ctn "$h1" set-port net0 "$c1" --label renamed --flood off --address 203.0.113.15/24
	check port_is "$h1" net0 renamed '.flood | not'
	check fdb_is "$h1" net0 $MAC1 '["203.0.113.11", "203.0.113.15"] - .addresses == []'
	check_match "$(ip -n "$c1" -o addr show dev eth0)" '203.0.113.15/24' "addresses"
	refused 2 'into the table' ctn "$h1" set-port net0 "$c1" --label x --mtu 1390 \
		--address 203.0.113.12/24
	del1
	as_at_start
}

# the entry of a container's MAC goes: set-port has it at the port again
entry_gone()
{
	add1
	check ctn "$h1" del-fdb net0 $MAC1
	check ctn "$h1" set-port net0 "$c1" --address 203.0.113.15/24
	check fdb_is "$h1" net0 $MAC1 '.port and (.addresses | index("203.0.113.15"))'
	# it was learned meanwhile
	check ctn "$h1" set-port net0 "$c1" --guard off
	check ctn "$h1" del-fdb net0 $MAC1
	check in_ns "$c1" ping -qc 1 -W 5 203.0.113.12
	check fdb_is "$h1" net0 $MAC1 '.type == "learned"'
	check ctn "$h1" set-port net0 "$c1" --address 203.0.113.17/24
	check fdb_is "$h1" net0 $MAC1 '.type == "static" and (.addresses | index("203.0.113.17"))'
	# an address that cannot be had is not entered, either
	check in_ns "$c1" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
	refused 2 . ctn "$h1" set-port net0 "$c1" --address 2001:db8:100::15/64
	check fdb_is "$h1" net0 $MAC1 '.addresses == ["203.0.113.17"]'
	check in_ns "$c1" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
	del1
	as_at_start
}

# nobody moved it there by set-port, and so it stays until somebody moves it
entry_elsewhere()
{
	check ip -n "$h1" addr add 192.0.2.1/32 dev lo
	check ctn "$h1" add-net net2 --vni 2 --local 192.0.2.1 --mtu 1400
	check ctn "$h1" add-peer net2 192.0.2.9
	check ctn "$h1" add-port net2 "$c1" --address $ADDR1
	check ctn "$h1" replace-fdb net2 $MAC1 --peer 192.0.2.9 --ip 203.0.113.11
	refused 2 "eth0 has the MAC $MAC1, which the table has elsewhere" \
		ctn "$h1" set-port net2 "$c1" --address $ADDR1_6
	check fdb_is "$h1" net2 $MAC1 '.peer == "192.0.2.9" and .addresses == ["203.0.113.11"]'
	[[ $(ip -n "$c1" addr show dev eth0) != *2001* ]] || fail "an address was left"
	check ctn "$h1" replace-fdb net2 $MAC1 --target "$c1" --ip 203.0.113.11
	check ctn "$h1" set-port net2 "$c1" --address $ADDR1_6
	check fdb_is "$h1" net2 $MAC1 '.port and ["203.0.113.11", "2001:db8:100::11"] - .addresses == []'
	check ctn "$h1" del-port net2 "$c1"
	check ctn "$h1" del-net net2
	check ip -n "$h1" addr del 192.0.2.1/32 dev lo
	as_at_start
}

# A container that takes another's MAC does not get it from set-port, and the other keeps its
# own.
mac_taken()
{
	local mac2 at_c2

	mac2=$(in_ns "$c2" cat /sys/class/net/eth0/address)
	at_c2=$(fdb_entry "$h1" net0 "$mac2")
	add1
	check ip -n "$c1" link set eth0 address "$mac2"
	refused 2 "eth0 has the MAC $mac2, but the table has $MAC1 for it" \
		ctn "$h1" set-port net0 "$c1" --address 203.0.113.15/24
	check_eq "$(fdb_entry "$h1" net0 "$mac2")" "$at_c2" "the other's entry"
	check fdb_is "$h1" net0 $MAC1 .port
	# nor where its own entry is gone
	check ctn "$h1" del-fdb net0 $MAC1
	refused 2 "eth0 has the MAC $mac2, which the table has elsewhere" \
		ctn "$h1" set-port net0 "$c1" --address 203.0.113.15/24
	check_eq "$(fdb_entry "$h1" net0 "$mac2")" "$at_c2" "the other's entry"
	ping_ok "$c2" 203.0.113.1
	check ip -n "$c1" link set eth0 address $MAC1
	check ctn "$h1" set-port net0 "$c1" --address $ADDR1
	ping_ok "$c1" 203.0.113.1
	del1
	as_at_start
}

topology
busywait 10000 settled "$h1" || die "setup: addresses stay tentative"
AT_START=$(state)

run_test does_all "add-port sets MAC, MTU, addresses, routes, label and table, and announces"
run_test mac_is_kept "the MAC comes from the address, and is kept"
run_test macs_collide "and where another has it, it is the next"
run_test by_any_name "a container is the same by PID, name and path"
run_test pod "containers that share a namespace share its port"
run_test flags_and_label "set-port changes it, or nothing"
run_test entry_gone "set-port enters what was deleted, or learned"
run_test entry_elsewhere "set-port leaves an entry that lies elsewhere"
run_test mac_taken "set-port gives no container the MAC that it took from another"
run_test name_is_taken "nothing is left: the interface's name is taken"
run_test bad_names "nothing is left: names and labels that are none"
run_test bad_gateway "nothing is left: a gateway out of reach"
run_test default_route_is_there "nothing is left: a default route is there"
run_test table_refuses "nothing is left: the table has MAC or address already"
run_test no_network "nothing is left: no such network or container"
run_test bad_mtu "nothing is left: an MTU out of range"
run_test no_ipv6_there "nothing is left: IPv6 is disabled in the container"
run_test out_of_descriptors "nothing is left: descriptors run out, at each step"
run_test no_privilege "nothing is left: no privilege"
run_test interrupted "nothing is left: signals in the middle"
run_test del_port "del-port takes all of it back"
run_test del_net "del-net does so for each port, and leaves devices"
run_test container_goes "a container that goes takes port, veth and entry with it"
run_test by_dev "--dev attaches and detaches a device"
run_test by_master "ip link set master and nomaster do, too"
run_test dev_moves_away "a port that leaves the namespace is detached"
