#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: the tool in many steps, and processes are slow under the instruments
# timeout: 300
#
# What people get wrong, through the tool: each has its own message and exit code, and
# changes nothing.
#
#	h1 (namespace)                                  c1 (namespace)
#	net0, VNI 100 on ul0; local (a local bridge)    eth0
#	 |- p1 (one end of a veth; the other, p1x, is no port)
#	 |- a veth of its own to c1
#	 |- peers 192.0.2.2, 192.0.2.3 (port 5000)
#	 `- 02:bb:00:00:00:01 behind p1
#	br0 (a Linux bridge) with port b1; tun0; ul0 192.0.2.1/24 (dummy)
#	vx0 (a Linux VXLAN device), which has UDP port 4999

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need setpriv
readonly LONG=abcdefghijklmnop S=02:bb:00:00:00:01 M=02:bb:00:00:00:02

setup_host h1
add_container c1 h2

build()
{
	ip_in "$h1" <<-EOT || die "setup: links"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		link set ul0 up
		link add p1 type veth peer name p1x
		link add b1 type veth peer name b1x
		link add br0 type bridge
		link set b1 master br0
	EOT
	modprobe -q tun
	ip -n "$h1" tuntap add tun0 mode tun 2>/dev/null || diag "no tun device"
	ip_in "$h2" <<<"link add away type dummy"
	ctn "$h1" -b - <<-EOT || die "setup: networks"
		add-net net0 --vni 100 --local 192.0.2.1
		add-net local
		add-port net0 --dev p1
		add-port net0 $c1 --address 203.0.113.1/24
		add-peer net0 192.0.2.2
		add-peer net0 192.0.2.3 --dstport 5000
		add-fdb net0 $S --port p1 --ip 203.0.113.5
	EOT
	{ ip -n "$h1" link add vx0 type vxlan id 5 dstport 4999 &&
		ip -n "$h1" link set vx0 up; } 2>/dev/null || diag "no vxlan device"
	# what comes up by itself has come up
	wait_until 10000 state_settled
}

state_settled() { local a; a=$(dump_state); nap 0.5; [[ $a == "$(dump_state)" ]]; }

# h1_refuses EXIT REGEX ARGUMENT...: ctnetctl does, in h1
h1_refuses() { expect "$1" "$2" ctnetctl -n "$h1" "${@:3}"; }

# expect EXIT REGEX COMMAND...: refused, by ctnetctl itself and as a whole
expect()
{
	refused "$@"
	[[ $OUT == "ctnetctl: "* || $OUT == usage:* ]] || fail "${*:3}: said '$OUT'"
	check_not grep -q 'could not be undone' <<<"$OUT"
}

# ------------------------------------------------------------------- tests

long_names()
{
	h1_refuses 1 'too long' add-net $LONG
	h1_refuses 2 "no interface \"$LONG\"" add-port net0 --dev $LONG
	h1_refuses 1 'too long' add-port net0 --dev "$(printf '%0128d' 0)"
	h1_refuses 1 'too long' add-port net0 "$h2" --ifname $LONG
	h1_refuses 1 'invalid interface name' add-net a/b
	h1_refuses 1 'invalid interface name' add-net 'a b'
	h1_refuses 1 'empty' add-net ''
	h1_refuses 1 'invalid interface name' add-net ..
	h1_refuses 1 'invalid interface name' show a/b
	h1_refuses 1 'too long' add-port net0 "/$(printf '%05000d' 0)"
	h1_refuses 1 'too long' add-port net0 --dev p1x --label "$(printf '%0300d' 0)"
}

vni_range()
{
	h1_refuses 1 'invalid number: 1 to 16777215' add-net n1 --vni 0 --local 192.0.2.1
	h1_refuses 1 'invalid number: 1 to 16777215' add-net n1 --vni 16777216 --local 192.0.2.1
	h1_refuses 1 'invalid number: 1 to 16777215' add-net n1 --vni 99999999999999999999999 --local 192.0.2.1
	h1_refuses 1 'invalid number: 1 to 16777215' add-net n1 --vni -1 --local 192.0.2.1
	h1_refuses 1 'invalid number: 1 to 16777215' add-net n1 --vni 12x --local 192.0.2.1
}

vni_used()
{
	h1_refuses 2 'has the VNI' add-net n1 --vni 100 --local 192.0.2.1
	h1_refuses 2 'has the VNI' set-net local --vni 100 --local 192.0.2.1
}

vni_without_address()
{
	h1_refuses 1 'needs --local' add-net n1 --vni 7
	h1_refuses 1 'needs --vni' add-net n1 --local 192.0.2.1
	h1_refuses 2 'need a VNI' set-net local --local 192.0.2.1
}

local_address()
{
	h1_refuses 2 'unicast' add-net n1 --vni 7 --local 224.0.0.1
	h1_refuses 2 'needs a local address' add-net n1 --vni 7 --local 0.0.0.0
	h1_refuses 2 'unicast' add-net n1 --vni 7 --local 127.0.0.1
	h1_refuses 2 'unicast' add-net n1 --vni 7 --local ff02::1
	h1_refuses 2 'peer' set-net net0 --local 192.0.2.2
	h1_refuses 1 'second address of its family' add-net n1 --vni 7 --local 192.0.2.1 --local 192.0.2.9
}

name_taken()
{
	h1_refuses 2 'interface of that name|exists' add-net net0
	h1_refuses 2 'interface of that name|exists' add-net ul0
	h1_refuses 2 'not a ctnet network' add-net ul0 --may-exist
	h1_refuses 2 'has no --vni|has no' add-net local --may-exist --vni 9 --local 192.0.2.1
}

peer_multicast() { h1_refuses 2 'unicast' add-peer net0 224.0.0.1; }
peer_broadcast()
{
	h1_refuses 2 'unicast' add-peer net0 255.255.255.255
	h1_refuses 2 'broadcast' add-peer net0 192.0.2.255
}
peer_loopback() { h1_refuses 2 'unicast' add-peer net0 127.0.0.1; }
peer_zero() { h1_refuses 2 'unicast' add-peer net0 0.0.0.0; }
peer_own() { h1_refuses 2 "own" add-peer net0 192.0.2.1; }
peer_ipv6() { h1_refuses 2 'family' add-peer net0 2001:db8::2; }
peer_twice()
{
	h1_refuses 2 'already' add-peer net0 192.0.2.2
	h1_refuses 2 'it exists, and has the network.s UDP port' add-peer net0 192.0.2.2 --dstport 5000 --may-exist
	h1_refuses 2 'it exists, and has --dstport 5000' add-peer net0 192.0.2.3 --dstport 5001 --may-exist
	check ctn "$h1" add-peer net0 192.0.2.3 --dstport 5000 --may-exist
}
peer_of_local() { h1_refuses 2 'is local' add-peer local 192.0.2.2; }
peer_gone() { h1_refuses 2 'no peer' del-peer net0 192.0.2.77; }

port_of_another()
{
	h1_refuses 2 'already' add-port local --dev p1
	h1_refuses 2 'already' add-port net0 --dev p1
	h1_refuses 2 'already' add-port net0 --dev b1
}

port_is_network() { h1_refuses 2 'own port' add-port net0 --dev net0; }
port_other_network() { h1_refuses 2 'cannot be a port' add-port net0 --dev local; }
port_loopback() { h1_refuses 2 'oopback' add-port net0 --dev lo; }
port_not_here()
{
	h1_refuses 2 'no interface "away"' add-port net0 --dev away
	h1_refuses 2 'no interface "nosuch"' add-port net0 --dev nosuch
}

port_layer3()
{
	ip -n "$h1" link show dev tun0 >/dev/null 2>&1 || { skip "no tun device"; return; }
	h1_refuses 2 'Ethernet' add-port net0 --dev tun0
}

port_gone()
{
	h1_refuses 2 'no port|not a port' del-port net0 --dev p1x
	h1_refuses 2 'not a port' set-port net0 --dev p1x --hairpin on
	h1_refuses 2 'no interface' del-port net0 --dev nosuch
	h1_refuses 2 'not a port' del-port local --dev p1
	h1_refuses 2 'no interface eth5' del-port net0 "$c1" --ifname eth5
	check ctn "$h1" del-port net0 --dev nosuch --if-exists
	check ctn "$h1" del-port net0 "$c1" --ifname eth5 --if-exists
}

network_gone()
{
	local cmd

	h1_refuses 2 'no network' del-net nosuch
	h1_refuses 2 'no network' set-net nosuch --ageing 5
	h1_refuses 2 'no network' add-port nosuch --dev p1x
	h1_refuses 2 'no network' add-peer nosuch 192.0.2.3
	h1_refuses 2 'no network' add-fdb nosuch $M --self
	h1_refuses 2 'no network' flush-fdb nosuch
	h1_refuses 2 'no network' show nosuch
	# there is something of the name, but no network
	for cmd in del-net show flush-fdb; do
		h1_refuses 2 'not a ctnet network' $cmd br0
	done
}

macs()
{
	h1_refuses 1 'all zeros' add-net n1 --mac 00:00:00:00:00:00
	h1_refuses 1 'multicast' add-net n1 --mac 01:00:5e:00:00:01
	h1_refuses 1 'invalid MAC' add-net n1 --mac 02:00:00:00:00
	h1_refuses 1 'all zeros' add-fdb net0 00:00:00:00:00:00 --self
	h1_refuses 1 'multicast' add-fdb net0 ff:ff:ff:ff:ff:ff --self
	h1_refuses 1 'invalid MAC' add-fdb net0 02:00:00:00:00:zz --self
	h1_refuses 1 'invalid MAC' add-fdb net0 02:00:00:00:00:00:00 --self
	h1_refuses 1 'invalid MAC' add-fdb net0 0200.0000.0001 --self
	h1_refuses 1 'invalid MAC' del-fdb net0 02:00:00
	h1_refuses 1 'all zeros' add-port net0 "$h2" --mac 0:0:0:0:0:0
	h1_refuses 1 'multicast' set-net net0 --mac 03:00:00:00:00:01
}

parse_addresses()
{
	h1_refuses 1 'invalid IP address' add-peer net0 192.0.2
	h1_refuses 1 'invalid IP address' add-peer net0 192.0.2.256
	h1_refuses 1 'invalid IP address' add-peer net0 2001:db8:::1
	h1_refuses 1 'invalid IP address' add-peer net0 host.example
	h1_refuses 1 'invalid IP address' del-peer net0 host.example
	h1_refuses 1 'invalid IP address' add-net n1 --vni 7 --local 192.0.2.1/24
	h1_refuses 1 'invalid IP address' add-fdb net0 $M --self --ip 203.0.113.x
	h1_refuses 1 'invalid IP address' add-fdb net0 $M --peer 1.2.3.4.5
}

prefixes()
{
	h1_refuses 1 'prefix length' add-net n1 --address 203.0.113.1
	h1_refuses 1 'invalid prefix length: 0 to 32' add-net n1 --address 203.0.113.1/33
	h1_refuses 1 'invalid prefix length: 0 to 128' add-net n1 --address 2001:db8::1/129
	h1_refuses 1 'invalid prefix length: 0 to 32' add-port net0 "$h2" --address 203.0.113.1/x
	h1_refuses 1 'prefix length' add-port net0 "$h2" --address /24
	h1_refuses 1 'multicast' add-port net0 "$h2" --address 224.0.0.1/24
	h1_refuses 1 'unspecified' add-port net0 "$h2" --address 0.0.0.0/0
	h1_refuses 1 'broadcast' add-port net0 "$h2" --address 255.255.255.255/32
	h1_refuses 1 'needs an --address' add-port net0 "$h2" --gateway 203.0.113.254
}

entries()
{
	h1_refuses 2 "$S is already the MAC of port p1, by a static entry: .replace-fdb. changes" add-fdb net0 $S --self
	h1_refuses 2 '203.0.113.5 is already that of port p1: take it' add-fdb net0 $M --self --ip 203.0.113.5
	h1_refuses 2 "203.0.113.1 is already that of port $c1" add-fdb net0 $M --self --ip 203.0.113.1
	h1_refuses 2 'unicast' add-fdb net0 $M --self --ip 224.0.0.9
	h1_refuses 2 'no port' add-fdb net0 $M --port p1x
	h1_refuses 2 'no interface' add-fdb net0 $M --port nosuch
	h1_refuses 2 'no peer' add-fdb net0 $M --peer 192.0.2.77
	h1_refuses 1 'where the MAC lies' add-fdb net0 $M
	h1_refuses 1 'where the MAC lies' add-fdb net0 $M --self --port p1
	h1_refuses 2 'no entry' del-fdb net0 $M
	h1_refuses 1 'exclude' flush-fdb net0 --port p1 --peer 192.0.2.2
	h1_refuses 2 'no peer' flush-fdb net0 --peer 192.0.2.77
	h1_refuses 2 'no port' flush-fdb net0 --port p1x
}

entry_exists()
{
	h1_refuses 2 'it exists, and lies elsewhere' add-fdb net0 $S --self --may-exist
	h1_refuses 2 'it exists, and lies elsewhere' add-fdb net0 $S --peer 192.0.2.2 --may-exist
	h1_refuses 2 'it exists, and has no address 203.0.113.66' \
		add-fdb net0 $S --port p1 --ip 203.0.113.66 --may-exist
	h1_refuses 2 '203.0.113.5 is already that of port p1' add-fdb net0 $M --self --ip 203.0.113.5 --may-exist
	h1_refuses 1 '--ifname goes with --target' add-fdb net0 $M --self --ifname eth0
	check ctn "$h1" add-fdb net0 $S --port p1 --ip 203.0.113.5 --may-exist
}

port_exists()
{
	h1_refuses 2 'it exists, and has --flood on' add-port net0 --dev p1 --flood off --may-exist
	h1_refuses 2 'it exists, and has --label ""' add-port net0 --dev p1 --label x --may-exist
	h1_refuses 2 'it exists, and has --mac 02:42:cb:00:71:01' \
		add-port net0 "$c1" --mac 02:00:00:00:00:77 --may-exist
	h1_refuses 2 'it exists, and has --mtu [0-9]+' add-port net0 "$c1" --mtu 1000 --may-exist
	h1_refuses 2 'it exists, and has --hairpin off' add-port net0 "$c1" --hairpin on --may-exist
	check ctn "$h1" add-port net0 --dev p1 --flood on --may-exist
	check ctn "$h1" add-port net0 "$c1" --mac 02:42:cb:00:71:01 --address 203.0.113.1/24 --may-exist
}

pid_gone()
{
	local pid

	true &
	pid=$!
	wait $pid
	h1_refuses 2 "no process with PID $pid" add-port net0 $pid
	h1_refuses 2 'no process with PID 0' add-port net0 0
	h1_refuses 2 'no process with PID' add-port net0 99999999999
	h1_refuses 2 "no process with PID $pid" del-port net0 $pid
	h1_refuses 2 "no process with PID $pid" -n $pid list nets
	# one that has ended, and whose parent does not ask
	background sh -c 'true & exec sleep 1000'
	wait_until 5000 zombie_of "$BG_PID"
	pid=$(zombie_of "$BG_PID")
	h1_refuses 2 "process with PID $pid has ended" add-port net0 "$pid"
}

zombie_of() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v p="$1" '$4 == p && $3 == "Z" { print $1 }' | grep .; }

waits_in_open() { [[ $(awk '{ print $3 }' "/proc/$1/stat") == S ]]; }

no_namespace()
{
	: >"$TMP/file"
	h1_refuses 2 'not a network namespace' add-port net0 "$TMP/file"
	h1_refuses 2 'but not a network namespace' add-port net0 /proc/self/ns/mnt
	h1_refuses 2 'not a network namespace' add-port net0 /dev/null
	h1_refuses 2 'cannot be opened' add-port net0 "$TMP/nosuch"
	h1_refuses 2 'no network namespace "nosuch"' add-port net0 nosuch
	h1_refuses 1 'empty' add-port net0 ''
	# what may do something as it is opened is not opened: nobody begins to read here
	check mkfifo "$TMP/fifo"
	{ : >"$TMP/fifo"; : >"$TMP/opened"; } &
	wait_until 5000 waits_in_open $!
	h1_refuses 2 'not a network namespace' add-port net0 "$TMP/fifo"
	check_not test -e "$TMP/opened"
	check timeout 10 cat "$TMP/fifo"
	wait_until 5000 test -e "$TMP/opened"
	expect 2 'no network namespace "nosuch"' ctnetctl -n nosuch list nets
	expect 2 'but not a network namespace' ctnetctl -n /proc/self/ns/uts list nets
}

own_namespace() { h1_refuses 2 'own namespace' add-port net0 "$h1"; }

attached_already()
{
	h1_refuses 2 "$c1 already has eth0 on network net0; --ifname NAME gives" add-port net0 "$c1"
	h1_refuses 2 'already has' add-port local "$c1"
	check ip -n "$h1" link add q1 type veth peer name eth9 netns "$c1"
	h1_refuses 2 'whose other end q1 is a port of nothing' add-port net0 "$c1" --ifname eth9
	check ip -n "$h1" link del q1
	h1_refuses 2 'it exists, and has no' add-port net0 "$c1" --may-exist --address 203.0.113.77/24
	# its MAC, its address
	h1_refuses 2 "02:42:cb:00:71:01 is already the MAC of port $c1" \
		add-port net0 "$c1" --ifname eth1 --mac 02:42:cb:00:71:01
	h1_refuses 2 '203.0.113.5 is already that of port p1' add-port net0 "$c1" --ifname eth1 --address 203.0.113.5/24
}

# Who has the address that somebody else wants is told, whatever the kernel refused first.
address_taken()
{
	h1_refuses 2 "203.0.113.1 is already that of port $c1" add-port net0 "$h2" --address 203.0.113.1/24
	h1_refuses 2 "203.0.113.1 is already that of port $c1" \
		add-port net0 "$h2" --address 203.0.113.1/24 --mac 02:00:00:00:00:78
	h1_refuses 2 '203.0.113.5 is already that of port p1' set-port net0 "$c1" --address 203.0.113.5/24
	h1_refuses 2 '203.0.113.5 is already that of port p1' \
		replace-fdb net0 $M --peer 192.0.2.2 --ip 203.0.113.66 --ip 203.0.113.5
	check ctn "$h1" -b - <<-EOT
		add-fdb net0 02:bb:00:00:00:08 --peer 192.0.2.2 --ip 203.0.113.8
		add-fdb net0 02:bb:00:00:00:09 --self --ip 203.0.113.9
	EOT
	h1_refuses 2 '203.0.113.8 is already that of peer 192.0.2.2' add-port net0 "$h2" --address 203.0.113.8/24
	h1_refuses 2 '203.0.113.9 is already that of the host itself' add-port net0 "$h2" --address 203.0.113.9/24
	check ctn "$h1" -b - <<<$'del-fdb net0 02:bb:00:00:00:08\ndel-fdb net0 02:bb:00:00:00:09'
}

# What is no container's, but could be taken for one.
no_container()
{
	h1_refuses 2 'a container of Docker is docker:web, one of Podman podman:web' add-port net0 web
	h1_refuses 2 'a container that goes takes its port with it.*docker:web' add-fdb net0 $M --target web
	h1_refuses 2 '"p1x" is a device of this namespace, not a container: --dev p1x attaches it' add-port net0 p1x
	h1_refuses 2 '"p1" is a device .*--port p1 names it' add-fdb net0 $M --target p1
	expect 2 'no network namespace "lo"' ctnetctl -n lo list nets
}

# Addresses that no host of the subnet can have, and a gateway that is the container.
no_hosts()
{
	h1_refuses 1 'the subnet.s own' add-port net0 "$h2" --address 10.1.0.0/24
	h1_refuses 1 'broadcast address' add-port net0 "$h2" --address 10.1.0.255/24
	h1_refuses 1 'the subnet.s own' add-port net0 "$h2" --address 10.1.0.4/30
	h1_refuses 1 'broadcast address' add-port net0 "$h2" --address 10.255.255.255/8
	h1_refuses 1 'the subnet.s own' set-port net0 "$c1" --address 203.0.113.0/25
	h1_refuses 1 'all routers of the subnet' add-port net0 "$h2" --address 2001:db8:1::/64
	h1_refuses 1 'the container.s own --address' add-port net0 "$h2" --address 10.1.0.1/24 --gateway 10.1.0.1
	printf 'add-net n1\nadd-port n1 %s --address 10.1.0.0/24\n' "$h2" >"$TMP/conf"
	h1_refuses 1 "$TMP/conf:2: .*the subnet.s own" restore "$TMP/conf"
	# those that look like one and are hosts'
	check ctn "$h1" -b - <<-EOT
		add-net hosts
		add-port hosts $h2 --address 10.1.0.0/31 --address 10.1.0.255/23 --address 10.3.0.0/15 --address 10.4.0.0/32
		set-port hosts $h2 --address 2001:db8:1::/127 --address 2001:db8:2::/128 --address 2001:db8:1::ffff:ffff:ffff:ffff/64
		del-net hosts
	EOT
}

network_exists()
{
	local -a same=(add-net net0 --may-exist --vni 100 --local 192.0.2.1)

	check ctn "$h1" "${same[@]}"
	h1_refuses 2 'it exists, and has --vni 100, not 101' add-net net0 --may-exist --vni 101 --local 192.0.2.1
	h1_refuses 2 'it exists, and has --local 192.0.2.1, not 192.0.2.9' add-net net0 --may-exist --vni 100 --local 192.0.2.9
	h1_refuses 2 'it exists, and has no --local 2001:db8::1' "${same[@]}" --local 2001:db8::1
	h1_refuses 2 'it exists, and has another --underlay' "${same[@]}" --underlay ul0
	h1_refuses 2 'it exists, and has --mac' "${same[@]}" --mac 02:00:00:00:00:77
	h1_refuses 2 'it exists, and has no address 203.0.113.200/24' "${same[@]}" --address 203.0.113.200/24
}

global_options()
{
	h1_refuses 1 'must be auto, always or never' --color=sometimes list nets
	h1_refuses 1 'no option -q' -q list nets
	h1_refuses 1 'no option --quick' --quick list nets
	h1_refuses 1 '-b needs a value' -b
}

udp_port()
{
	ip -n "$h1" -o link show dev vx0 up 2>/dev/null | grep -q . ||
		{ skip "no vxlan device"; return; }
	h1_refuses 2 'UDP port' add-net n1 --vni 7 --local 192.0.2.1 --dstport 4999
	h1_refuses 2 'UDP port' set-net net0 --dstport 4999
	h1_refuses 1 'invalid number: 1 to 65535' add-net n1 --vni 7 --local 192.0.2.1 --dstport 0
	h1_refuses 1 'invalid number: 1 to 65535' add-peer net0 192.0.2.9 --dstport 65536
	h1_refuses 1 'needs --vni' add-net n1 --dstport 4789
}

# as a user, in the namespace
as_user() { ip netns exec "$h1" setpriv --reuid 65534 --regid 65534 --clear-groups ctnetctl "$@"; }

no_privilege()
{
	expect 2 'CAP_NET_ADMIN|not permitted' as_user add-net n1
	expect 2 'CAP_NET_ADMIN' as_user set-net net0 --ageing 5
	expect 2 'CAP_NET_ADMIN' as_user del-net net0
	expect 2 'CAP_NET_ADMIN' as_user add-port net0 --dev p1x
	expect 2 'CAP_NET_ADMIN' as_user set-port net0 --dev p1 --hairpin on
	expect 2 'CAP_NET_ADMIN' as_user del-port net0 --dev p1
	expect 2 'CAP_NET_ADMIN' as_user add-peer net0 192.0.2.9
	expect 2 'CAP_NET_ADMIN' as_user del-peer net0 192.0.2.2
	expect 2 'CAP_NET_ADMIN' as_user add-fdb net0 $M --self
	expect 2 'CAP_NET_ADMIN' as_user del-fdb net0 $S
	expect 2 'CAP_NET_ADMIN' as_user flush-fdb net0
	expect 2 'CAP_NET_ADMIN|not permitted' as_user -n "$h2" list nets
	expect 2 'namespace of PID 1 cannot be opened' as_user -n 1 list nets
	# looking is free
	check as_user show
	check_match "$OUT" 'net0'
}

numbers()
{
	h1_refuses 1 'invalid number' set-net net0 --ageing 1000001
	h1_refuses 1 'invalid number' set-net net0 --mtu 67
	h1_refuses 1 'invalid number' set-net net0 --mtu 65536
	h1_refuses 2 '.' set-net net0 --mtu 65535
	h1_refuses 1 'invalid number' set-net net0 --max-fdb 4294967296
	h1_refuses 1 'must be on or off' set-net net0 --learning yes
	h1_refuses 1 'must be on or off' set-port net0 --dev p1 --flood 1
}

usage()
{
	h1_refuses 1 'no command "frobnicate"' frobnicate
	h1_refuses 1 'no option --nosuch' add-net n1 --nosuch
	h1_refuses 1 'no option -x' add-net n1 -x
	h1_refuses 1 'needs a value' add-net n1 --vni
	h1_refuses 1 'missing' add-net
	h1_refuses 1 'too many' add-net n1 n2
	h1_refuses 1 'missing' add-peer net0
	h1_refuses 1 'which port' add-port net0
	h1_refuses 1 'not both' add-port net0 "$h2" --dev p1x
	h1_refuses 1 'for a container' add-port net0 --dev p1x --address 203.0.113.9/24
	h1_refuses 1 'given twice' set-net net0 --ageing 5 --ageing 6
	h1_refuses 1 'nothing to change' set-net net0
	h1_refuses 1 'nothing to change' set-port net0 --dev p1
	h1_refuses 1 'sockets belong to the namespace' list vteps net0
	h1_refuses 1 'takes no value' add-fdb net0 $M --self=yes
	h1_refuses 1 'none of nets' list frobs
	expect 1 'no command' ctnetctl
	expect 1 'no option' ctnetctl --nosuch list nets
	expect 1 'needs a value' ctnetctl -n
}

# the line and the reason; what comes after it is not done
batch()
{
	printf '%s\n' '# a comment' 'list nets' 'add-peer net0 224.0.0.1' 'add-net after' >"$TMP/batch"
	h1_refuses 2 "$TMP/batch:3: add-peer net0 224.0.0.1: .*unicast" -b "$TMP/batch"
	printf '%s\n' '' 'add-net "n1' >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:2: .*not closed" -b "$TMP/batch"
	printf '%s\n' "list 'nets" >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:1: .*not closed" -b "$TMP/batch"
	printf '%s\n' "list \$'n\\q'" >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:1: .*a backslash" -b "$TMP/batch"
	printf '%s\n' "list nets \\" >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:1: .*ends in a backslash" -b "$TMP/batch"
	printf 'list nets\nlist\0nets\n' >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:2: .*NUL" -b "$TMP/batch"
	h1_refuses 2 "read $TMP" -b "$TMP"
	printf '%s\n' 'list\ nets' >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:1: .*no command \"list nets\"" -b "$TMP/batch"
	printf '%s\n' 'ctnetctl list nets' >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:1: a line begins with its command" -b "$TMP/batch"
	printf '%s\n' 'frobnicate' >"$TMP/batch"
	h1_refuses 1 "$TMP/batch:1: .*no command" -b "$TMP/batch"
	h1_refuses 2 'open' -b "$TMP/nosuch"
	h1_refuses 1 'place of a command' -b "$TMP/batch" list nets
}

# A word of a file is what it is for a shell; the message that there is no such command says
# what it was.
quoting()
{
	local word want

	while IFS= read -r word; do
		eval "want=$word"
		OUT=$(ctnetctl -b - 2>&1 <<<"$word")
		check_match "$OUT" '^ctnetctl: -:1: there is no command "(.*)"; "ctnetctl help"' "$word" &&
			check_eq "${BASH_REMATCH[1]}" "$want" "$word"
	done <<-'EOT'
		"a\b\\c\"d\$e\`f\ g\nh\'i"
		a\b\\c\"d\$e\`f\ g\nh\'i
		'a\b\\c"d$e`f g\n'
		$'a\x21\\b\'c\"d'
		"a 'b' "c' "d" 'e\ f
		"a#b"#c\#d
	EOT
}

# nobody can be told: the disk is full
full_disk()
{
	local pid said word

	said=$(ctnetctl -n "$h1" list nets 2>&1 >/dev/full)
	check_eq "$?:$said" "2:ctnetctl: list nets: write the output: No space left on device" "list"
	for word in -h -V help version; do
		said=$(ctnetctl $word 2>&1 >/dev/full)
		check_match "$?:$said" '^2:ctnetctl: .*write the output: No space left on device$' "$word"
	done
	ctnetctl -n "$h1" monitor >/dev/full 2>"$TMP/err" &
	pid=$!
	wait_until 10000 poked $pid
	wait $pid
	check_eq "$?:$(<"$TMP/err")" "2:ctnetctl: monitor: write the output: No space left on device" "monitor"
}

# whether it has ended, of one event more
poked()
{
	check ctn "$h1" set-net local --ageing 299
	check ctn "$h1" set-net local --ageing 300
	! kill -0 "$1" 2>/dev/null
}

build
STATE_NS=$c1

refusal_test long_names "names too long, or no names"
refusal_test vni_range "VNI 0, above 2^24-1, or no number"
refusal_test vni_used "a VNI that another network of the namespace has"
refusal_test vni_without_address "a VNI without local address, and the reverse"
refusal_test local_address "a local address that cannot be"
refusal_test name_taken "a name that something has"
refusal_test peer_multicast "a multicast address as a peer"
refusal_test peer_broadcast "a broadcast address as a peer"
refusal_test peer_loopback "a loopback address as a peer"
refusal_test peer_zero "the unspecified address as a peer"
refusal_test peer_own "the host's own address as a peer"
refusal_test peer_ipv6 "an address of another family than the underlay as a peer"
refusal_test peer_twice "a peer that there is"
refusal_test peer_of_local "a peer of a network without VNI"
refusal_test peer_gone "a peer that there is not"
refusal_test port_of_another "a port that is somebody's: ctnet's, this network's, a bridge's"
refusal_test port_is_network "a network as its own port"
refusal_test port_other_network "a network as another's port"
refusal_test port_loopback "the loopback device as a port"
refusal_test port_not_here "a device that is in another namespace, or nowhere"
refusal_test port_layer3 "a device that is not Ethernet"
refusal_test port_gone "a port that there is not"
refusal_test network_gone "a network that there is not"
refusal_test macs "MACs that are zero, multicast, or none"
refusal_test parse_addresses "addresses that do not parse"
refusal_test prefixes "prefixes that do not parse, or do not fit"
refusal_test entries "entries that clash, or lie nowhere"
refusal_test entry_exists "an entry that exists, and is another"
refusal_test port_exists "a port that exists, and is another"
refusal_test pid_gone "a PID that is gone"
refusal_test no_namespace "a namespace that is none, or none of network"
refusal_test own_namespace "the network's own namespace as a container"
refusal_test address_taken "an address that somebody has, who is named"
refusal_test no_container "what is no container's, but could be taken for one"
refusal_test no_hosts "addresses that no host of the subnet can have"
refusal_test network_exists "a network that exists, and is another"
refusal_test global_options "options before the command that are none"
refusal_test attached_already "a container that is attached"
refusal_test udp_port "a UDP port that is in use"
refusal_test no_privilege "no privilege"
refusal_test numbers "numbers out of range"
refusal_test usage "wrong usage"
refusal_test batch "a batch says file, line and reason"
refusal_test quoting "a batch has its words as a shell has them"
refusal_test full_disk "the output cannot be written"
