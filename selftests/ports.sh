#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
#
# What a port is known by, whatever it is called; its routes; and that set-port and set-net
# take away what they can add.
#
#	h1: net0 203.0.113.1/24 (c2 .12); net1
#	c1: attached by the tests

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

readonly FILE=$TMP/file MAC1=02:42:cb:00:71:0b

topology()
{
	setup_host h1
	add_container c1 c2
	must ctn "$h1" -b - <<-EOT
		add-net net0 --address 203.0.113.1/24 --address 2001:db8:100::1/64
		add-net net1
		add-port net0 $c2 --address 203.0.113.12/24
	EOT
}

add1() { check ctn "$h1" add-port net0 "$c1" --address 203.0.113.11/24 "$@"; }

# fars: the interfaces of c1 that are a port's, and how many near ends there are
fars() { ip -n "$c1" -o link show type veth | awk -F'[ :@]+' '{ print $2 }' | sort | tr '\n' ' '; }

rename()
{
	check ip -n "$c1" link set "$1" down
	check ip -n "$c1" link set "$1" name "$2"
	check ip -n "$c1" link set "$2" up
}

# A container calls its interface something else.
renamed()
{
	add1
	rename eth0 lan0
	check_fail 2 'already has lan0 on network net0' ctn "$h1" add-port net0 "$c1"
	check ctn "$h1" add-port net0 "$c1" --may-exist
	check ctn "$h1" set-port net0 "$c1" --isolated on
	check ctn "$h1" add-fdb net0 02:00:00:00:00:31 --target "$c1"
	check ctn "$h1" save >"$FILE"
	printf '%s\n' "$OUT" >"$FILE"
	check grep -q "add-port net0 $c1 --ifname lan0 " "$FILE"
	check ctn "$h1" sync "$FILE"
	# and by what it is called now
	check ctn "$h1" set-port net0 "$c1" --ifname lan0 --isolated off
	# a file of before
	sed -i 's/ --ifname lan0//' "$FILE"
	check ctn "$h1" sync "$FILE"
	check_eq "$(fars)" "lan0 " "interfaces of c1"
	check ctn "$h1" del-port net0 "$c1" --if-exists
	check_eq "$(fars)" "" "interfaces of c1"
	# two that change their names
	check ctn "$h1" add-port net0 "$c1" --address 203.0.113.11/24
	check ctn "$h1" add-port net0 "$c1" --ifname eth1 --address 203.0.113.13/24
	rename eth0 x
	rename eth1 eth0
	rename x eth1
	check ctn "$h1" del-port net0 "$c1" --ifname eth1
	check_match "$(ip -n "$c1" -o addr show dev eth1)" 203.0.113.11 "what is left"
	check ctn "$h1" del-port net0 "$c1"
	check_eq "$(fars)" "" "interfaces of c1"
}

# by near end, and by label
by_port_and_label()
{
	local near

	add1 --label "the web"
	near=$(near_end "$h1" 'the web')
	check_fail 2 'no interface "ct0000000000"' ctn "$h1" del-port net0 --port ct0000000000
	check_fail 2 "not a port of the network" ctn "$h1" del-port net1 --port "$near"
	check_fail 2 "no port of the network has that label" ctn "$h1" del-port net0 --label web
	check_fail 1 'one of TARGET' ctn "$h1" del-port net0 "$c1" --port "$near"
	check_fail 1 'one of TARGET' ctn "$h1" del-port net0
	check ctn "$h1" del-port net0 --label web --if-exists
	check ctn "$h1" del-port net0 --port ct0000000000 --if-exists
	check ctn "$h1" del-port net0 --port "$near"
	check_eq "$(fars)" "" "interfaces of c1"
	add1 --label "the web"
	check ctn "$h1" add-port net0 "$c1" --ifname eth1 --label "the web"
	check_fail 2 '2 ports have that label' ctn "$h1" del-port net0 --label "the web"
	check ctn "$h1" del-port net0 "$c1" --ifname eth1
	check ctn "$h1" del-port net0 --label "the web"
	check_eq "$(fars)" "" "interfaces of c1"
	# a device that somebody attached is detached, and is there
	check ip -n "$h1" link add d0 type dummy
	check ctn "$h1" add-port net0 --dev d0 --label card
	check_fail 2 'add-port did not make' ctn "$h1" del-port net0 --port d0
	check ctn "$h1" del-port net0 --label card
	check ip -n "$h1" link del d0
}

host_ifname()
{
	add1 --host-ifname web0
	check_match "$(ip -n "$h1" -o link show dev web0)" 'master net0'
	ping_ok "$c1" 203.0.113.12
	check_fail 2 'of that name on the host' ctn "$h1" add-port net0 "$c1" --ifname eth1 --host-ifname web0
	check_fail 2 'has --host-ifname web0' ctn "$h1" add-port net0 "$c1" --may-exist --host-ifname web1
	check_fail 1 'made up by add-port' ctn "$h1" add-port net0 "$c1" --ifname eth1 --host-ifname ct0123456789
	check ctn "$h1" save
	printf '%s\n' "$OUT" >"$FILE"
	check grep -q "add-port net0 $c1 --host-ifname web0 " "$FILE"
	# the name is all that changes, and what is up stays so
	sed 's/web0/web1/' "$FILE" >"$FILE.1"
	check ctn "$h1" sync "$FILE.1"
	check_match "$(ip -n "$h1" -o link show dev web1)" '[<,]UP[,>].* master net0'
	sed 's/ --host-ifname web0//' "$FILE" >"$FILE.1"
	check ctn "$h1" sync "$FILE.1"
	check json_is 'map(select(.container_ifname == "eth0") | .port) | length == 2 and all(.[]; test("^ct[0-9a-f]{10}$"))' \
		ctn "$h1" -j list ports
	check ctn "$h1" set-port net0 "$c1" --host-ifname web2
	ping_ok "$c1" 203.0.113.12
	check ctn "$h1" del-net net0
	check_eq "$(fars)" "" "interfaces of c1"
	check ctn "$h1" sync "$FILE"
	ping_ok "$c1" 203.0.113.12
	check ctn "$h1" del-port net0 --port web0
}

# A container without a name: all that it has is saved, and restored while it lives.
no_name()
{
	local pid near

	background ip netns exec "$h1" unshare -n sleep 1000
	pid=$BG_PID
	wait_until 5000 elsewhere "$pid"
	check ctn "$h1" add-port net0 "$pid" --label db --address 203.0.113.70/24 \
		--gateway 203.0.113.1 --route 198.51.100.0/24,via 203.0.113.12 --isolated on
	near=$(near_end "$h1" db)
	ctn "$h1" save >"$FILE" 2>"$TMP/said" || fail "save: $(<"$TMP/said")"
	check_match "$(<"$TMP/said")" "at $near has no name"
	check grep -q "^add-port net0 --port $near --address 203.0.113.70/24 --gateway 203.0.113.1 --route 198.51.100.0/24,via 203.0.113.12 --isolated on --label db" "$FILE"
	check ctn "$h1" sync "$FILE"
	# as a module that is unloaded would leave it
	check ip -n "$h1" link set "$near" nomaster
	check ctn "$h1" sync "$FILE"
	check in_ns "$h1" nsenter -t "$pid" -n ping -nqc1 -W5 203.0.113.12
	check json_is 'any(.[0].ports[]; .gateways == ["203.0.113.1"] and
		.routes == ["198.51.100.0/24,via 203.0.113.12"])' ctn "$h1" -j show net0
	kill_wait "$pid"
	wait_until 5000 no_link "$near"
	check ctn "$h1" sync "$FILE"
	check_match "$OUT" 'container is not there'
	# one that is mounted somewhere, and has a label: where it is mounted is not lost
	touch "$TMP/it is"
	check mount --bind "/run/netns/$c1" "$TMP/it is"
	check umount "/run/netns/$c1"
	check ctn "$h1" add-port net0 "$TMP/it is" --label web --address 203.0.113.11/24
	check ctn "$h1" save
	check_match "$OUT" "add-port net0 '$TMP/it is' --address 203.0.113.11/24 --label web"
	printf '%s\n' "$OUT" >"$FILE"
	check ctn "$h1" sync "$FILE"
	check ctn "$h1" del-port net0 "$TMP/it is"
	check mount --bind "$TMP/it is" "/run/netns/$c1"
	check umount "$TMP/it is"
}

elsewhere() { [[ -e /proc/$1/ns/net && ! /proc/$1/ns/net -ef /run/netns/$h1 && ! /proc/$1/ns/net -ef /proc/self/ns/net ]]; }

no_link() { ! ip -n "$h1" link show dev "$1" >/dev/null 2>&1; }

routes()
{
	add1 --gateway 203.0.113.1 --route 198.51.100.0/24,via 203.0.113.12 --route 192.0.2.0/25
	check_match "$(ip -n "$c1" route show 198.51.100.0/24)" 'via 203.0.113.12 dev eth0'
	check_match "$(ip -n "$c1" route show 192.0.2.0/25)" 'dev eth0.* scope link'
	check_match "$(ctn "$h1" show net0)" 'gateway 203.0.113.1 route (198.51.100.0/24,via 203.0.113.12,? ?|192.0.2.0/25,? ?){2}'
	check ctn "$h1" save
	printf '%s\n' "$OUT" >"$FILE"
	check ctn "$h1" sync "$FILE"
	check ctn "$h1" del-port net0 "$c1"
	check ctn "$h1" sync "$FILE"
	check_match "$(ip -n "$c1" route show 198.51.100.0/24)" 'via 203.0.113.12 dev eth0'
	sed 's/,via 203.0.113.12/,via 203.0.113.1/; s/ --route 192.0.2.0.25//' "$FILE" >"$FILE.1"
	check ctn "$h1" sync "$FILE.1"
	check_match "$(ip -n "$c1" route show 198.51.100.0/24)" 'via 203.0.113.1 dev eth0'
	check_eq "$(ip -n "$c1" route show 192.0.2.0/25)" "" "the other route"
	check_fail 1 'needs an --address of its family' ctn "$h1" add-port net0 "$c1" --ifname e1 --route 10.0.0.0/8,via 10.0.0.1
	check_fail 1 'bits are set' ctn "$h1" add-port net0 "$c1" --ifname e1 --route 10.0.0.1/8
	check_fail 1 'two --route' ctn "$h1" add-port net0 "$c1" --ifname e1 --route 10.0.0.0/8 --route 10.0.0.0/8
	check_fail 1 'invalid route' ctn "$h1" add-port net0 "$c1" --ifname e1 --route 10.0.0.0/8,by 10.0.0.1
	check ctn "$h1" del-port net0 "$c1"
}

# as clouds have it: an address of one host, and a gateway that is in no subnet
on_link()
{
	check ip -n "$h1" addr add 169.254.1.1/32 dev net0
	check ip -n "$h1" addr add 2001:db8:f::1/128 dev net0 nodad
	check ip -n "$h1" route add 203.0.113.99/32 dev net0
	check ip -n "$h1" route add 2001:db8:e::9/128 dev net0
	check ctn "$h1" add-port net0 "$c1" --address 203.0.113.99/32 --address 2001:db8:e::9/128 \
		--gateway 169.254.1.1 --gateway 2001:db8:f::1
	check_match "$(ip -n "$c1" route show default)" 'via 169.254.1.1 dev eth0 .*onlink'
	ping_ok "$c1" 169.254.1.1
	ping_ok "$c1" 2001:db8:f::1
	check ctn "$h1" save
	printf '%s\n' "$OUT" >"$FILE"
	check grep -q -- '--gateway 169.254.1.1 --gateway 2001:db8:f::1' "$FILE"
	check ctn "$h1" sync "$FILE"
	check ctn "$h1" del-port net0 "$c1"
	check ctn "$h1" sync "$FILE"
	ping_ok "$c1" 169.254.1.1
	check ctn "$h1" del-port net0 "$c1"
	check ip -n "$h1" addr del 169.254.1.1/32 dev net0
	check ip -n "$h1" addr del 2001:db8:f::1/128 dev net0
	# with a subnet, it is a mistake
	check_fail 2 'route via 169.254.1.1' ctn "$h1" add-port net0 "$c1" --address 203.0.113.11/24 --gateway 169.254.1.1
}

addresses_of() { ip -n "$1" -o addr show dev "$2" scope global | awk '{ print $4 }' | sort | tr '\n' ' '; }

# mtus_are MTU: of c1 and of its network
mtus_are() { [[ "$(mtu_of "$c1" eth0) $(mtu_of "$h1" net0)" == "$1 $1" ]]; }

set_port_takes()
{
	add1 --address 2001:db8:100::11/64 --gateway 203.0.113.1 --gateway 2001:db8:100::1 --mac 02:00:00:00:0a:01
	check ctn "$h1" set-port net0 "$c1" --address 203.0.113.15/24 --address -203.0.113.11/24
	check_eq "$(addresses_of "$c1" eth0)" "2001:db8:100::11/64 203.0.113.15/24 " addresses
	check fdb_is "$h1" net0 02:00:00:00:0a:01 '(.addresses | sort) == ["2001:db8:100::11", "203.0.113.15"]'
	ping_ok "$c1" 203.0.113.12
	check_fail 2 'has no address 203.0.113.11/24' ctn "$h1" set-port net0 "$c1" --address -203.0.113.11/24
	check_fail 2 'has no gateway 203.0.113.2' ctn "$h1" set-port net0 "$c1" --gateway -203.0.113.2
	check_fail 2 'has no route' ctn "$h1" set-port net0 "$c1" --route -10.0.0.0/8
	check ctn "$h1" set-port net0 "$c1" --gateway -203.0.113.1
	check_eq "$(ip -n "$c1" route show default)" "" "IPv4 default route"
	check_match "$(ip -n "$c1" -6 route show default)" 2001:db8:100::1
	check ctn "$h1" set-port net0 "$c1" --gateway 203.0.113.12 --route 198.51.100.0/24,via 203.0.113.1
	check_match "$(ip -n "$c1" route show default)" 'via 203.0.113.12'
	check ctn "$h1" set-port net0 "$c1" --gateway none --route -198.51.100.0/24
	check_eq "$(ip -n "$c1" route show default)$(ip -n "$c1" -6 route show default proto static)$(ip -n "$c1" route show 198.51.100.0/24)" "" "routes"
	check ctn "$h1" set-port net0 "$c1" --mac auto
	check_eq "$(mac_of "$c1" eth0)" 02:42:cb:00:71:0f "MAC of its first address"
	check fdb_is "$h1" net0 02:42:cb:00:71:0f '.addresses | index("203.0.113.15")'
	check no_fdb "$h1" net0 02:00:00:00:0a:01
	ping_ok "$c1" 203.0.113.12
	# the whole list
	check ctn "$h1" set-port net0 "$c1" --address none --address 203.0.113.11/24 --mac auto
	check_eq "$(addresses_of "$c1" eth0)" "203.0.113.11/24 " addresses
	check fdb_is "$h1" net0 $MAC1 '.addresses == ["203.0.113.11"]'
	ping_ok "$c1" 203.0.113.12
	# refused at the end, and nothing has changed
	STATE_NS=$c1 check_fail 2 'route via' ctn "$h1" set-port net0 "$c1" --address none --address 203.0.113.16/24 \
		--mac auto --label x --isolated on --gateway 10.9.9.9
	check ctn "$h1" set-port net0 "$c1" --address none --mtu 1400
	check_eq "$(addresses_of "$c1" eth0)" "" addresses
	check fdb_is "$h1" net0 $MAC1 '.type == "static"'
	check_fail 2 'mac auto' ctn "$h1" set-port net0 "$c1" --mac auto
	check ctn "$h1" set-port net0 "$c1" --mtu auto --label ''
	# the network's follows the ports', and the port's the network's
	wait_until 5000 mtus_are 1500
	check_fail 1 'invalid address' ctn "$h1" add-port net0 "$c1" --ifname e1 --address none
	check_fail 1 'invalid address' ctn "$h1" add-port net0 "$c1" --ifname e1 --address -10.0.0.1/8
	check ctn "$h1" del-port net0 "$c1"
}

set_net_takes()
{
	check ip -n "$h1" link add ul0 type dummy
	check ip -n "$h1" addr add 192.0.2.1/24 dev ul0
	check ip -n "$h1" addr add 2001:db8:1::1/64 dev ul0 nodad
	check ip -n "$h1" link set ul0 up
	check ctn "$h1" add-net n2 --vni 7 --local 192.0.2.1 --address 198.51.100.1/24 --mac 02:00:00:00:00:09
	check ctn "$h1" set-net n2 --local 2001:db8:1::1 --address 198.51.100.2/24 --address -198.51.100.1/24 --mac auto
	check_eq "$(addresses_of "$h1" n2)" "198.51.100.2/24 " addresses
	check_eq "$(mac_of "$h1" n2)" 02:42:c6:33:64:02 MAC
	check ctn "$h1" set-net n2 --local -192.0.2.1
	check_match "$(ctn "$h1" save n2)" 'add-net n2 --vni 7 --local 2001:db8:1::1 --address'
	check_fail 2 'has no local address' ctn "$h1" set-net n2 --local -192.0.2.1
	check_fail 2 'has no address' ctn "$h1" set-net n2 --address -198.51.100.1/24
	check_fail 2 'needs a local address' ctn "$h1" set-net n2 --local -2001:db8:1::1 --address none
	check ctn "$h1" set-net n2 --address none
	check_eq "$(addresses_of "$h1" n2)" "" addresses
	check_fail 2 'mac auto' ctn "$h1" set-net n2 --mac auto
	check ctn "$h1" del-net n2
	check ip -n "$h1" link del ul0
}

# Where the underlay is gone, a change that is refused leaves all as it was.
underlay_gone()
{
	check ip -n "$h1" link add ul0 type dummy
	check ip -n "$h1" link add ul1 type dummy
	check ip -n "$h1" addr add 192.0.2.1/24 dev ul1
	check ip -n "$h1" link set ul1 up
	check ctn "$h1" add-net n2 --vni 7 --local 192.0.2.1 --underlay ul0 --address 198.51.100.1/24
	check ctn "$h1" add-net n3 --vni 8 --local 192.0.2.1 --underlay ul1
	check ip -n "$h1" link del ul0
	check_fail 2 'has the VNI' ctn "$h1" set-net n2 --underlay ul1 --vni 8 --ageing 7 --address 198.51.100.9/24 \
		--address -198.51.100.1/24
	[[ $OUT != *undone* ]] || fail "it said: $OUT"
	# a sync that is refused
	ctn "$h1" save >"$FILE" 2>"$TMP/said" && fail "save: exit 0"
	check_match "$(<"$TMP/said")" 'underlay device of n2 is gone'
	check grep -q "^# add-net n2 .*--underlay '(gone)'" "$FILE"
	{ sed "s/^# \(.*\)'(gone)'/\1ul1/" "$FILE"; echo 'add-peer n2 224.0.0.1'; } >"$FILE.1"
	check_fail 2 'add-peer n2' ctn "$h1" sync "$FILE.1"
	[[ $OUT != *undone* ]] || fail "it said: $OUT"
	sed -i '$d' "$FILE.1"
	check ctn "$h1" sync "$FILE.1"
	check net_is "$h1" n2 '.underlay == "ul1"'
	check ctn "$h1" del-net n2
	check ctn "$h1" del-net n3
	check ip -n "$h1" link del ul1
}

topology
run_test renamed "a container renames its interface: its port is known"
run_test by_port_and_label "del-port by near end and by label"
run_test host_ifname "the name of the near end"
run_test no_name "a container without a name, and one that is mounted elsewhere"
run_test routes "routes"
run_test on_link "a gateway that is in no subnet, of an address of one host"
run_test set_port_takes "set-port takes away what it can add"
run_test set_net_takes "set-net takes away what it can add"
run_test underlay_gone "what is refused where the underlay is gone changes nothing"
