#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
#
# The guard: what a container may not send is dropped for its reason and seen by nobody;
# what it may send passes. craft.py has the frames, a group for each function here.
#
#	h1 (namespace)
#	net0 203.0.113.254/24, --suppress off: questions are seen, too
#	 |- ct... ---veth--- c1 eth0  203.0.113.1, 2001:db8:100::1  02:00:00:00:00:01  guarded
#	 |- ct... ---veth--- c2 eth0  203.0.113.2, 2001:db8:100::2  02:00:00:00:00:02  guarded
#	 |- ct... ---veth--- c3 eth0  no address                    02:00:00:00:00:03  guarded
#	 |- p4 -----veth--- c4 eth0   203.0.113.4, 2001:db8:100::4  02:00:00:00:00:04  --dev
#	 `- c5, c6: come and go

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3
readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02 M3=02:00:00:00:00:03
readonly M4=02:00:00:00:00:04 M5=02:00:00:00:00:05 M6=02:00:00:00:00:06 MH=02:00:00:00:00:fe
readonly NOBODY=02:00:00:00:99:99

setup_host h1
add_container c1 c2 c3 c4 c5 c6

build()
{
	must ip link add p4 netns "$h1" type veth peer name eth0 address $M4 netns "$c4"
	ctn "$h1" -b - <<-EOT || die "setup: network"
		add-net net0 --mac $MH --address 203.0.113.254/24 --suppress off
		add-port net0 $c1 --mac $M1 --address 203.0.113.1/24 --address 2001:db8:100::1/64
		add-port net0 $c2 --mac $M2 --address 203.0.113.2/24 --address 2001:db8:100::2/64
		add-port net0 $c3 --mac $M3
		add-port net0 --dev p4
	EOT
	must ip -n "$c4" link set eth0 up
	python_start craft.py
	ask host "$h1" net0 $MH
	ask other $M2 203.0.113.2 2001:db8:100::2
	ask sniff c2 "$c2" eth0
	ask sniff net0 "$h1" net0
	sender_c1
	[[ $RET -eq 0 ]] || die "setup: python"
}

sender_c1() { ask me "$c1" eth0 $M1 203.0.113.1 2001:db8:100::1; }

# group WORD...: of craft.py; what it counts is what the tool shows as well
group() { ask guard "$@"; }

# told REASON...: the tool shows that each was counted
told()
{
	reasons=$* check json_is '[.[0].drops[(env.reasons / " ")[]] > 0] | all' ctn "$h1" -j -s list nets net0
}

# ------------------------------------------------------------------- tests

defaults()
{
	check port_is "$h1" net0 "$c1" .guard
	# without an address
	check port_is "$h1" net0 "$c3" .guard
	check port_is "$h1" net0 p4 '.guard | not'
}

traffic()
{
	wait_for_ping "$c1" 203.0.113.2
	wait_for_ping "$c1" 2001:db8:100::2
	wait_for_ping "$c1" 203.0.113.254
	# with headers in pages, and the segments of a large send
	tcp_bytes "$c1" "$c2" 203.0.113.2 3000000
	tcp_bytes "$c1" "$c2" 2001:db8:100::2 3000000
	# fragments
	check ip netns exec "$c1" ping -nqc1 -W5 -s 4000 203.0.113.2
	check ip netns exec "$c1" ping -nqc1 -W5 -s 4000 2001:db8:100::2
}

good() { group good tags; }
mac() { group mac tags; told guard_mac; }
arp() { group arp tags; told guard_arp; }
nd() { group nd tags; told guard_nd; }
ip4() { group ip4 tags; told guard_ip; }
ip6() { group ip6 tags; told guard_ip6; }
ra() { group ra tags; told guard_ra; }
dhcp() { group dhcp tags; told guard_dhcp; }
header() { group header tags; told guard_header; }
deep() { group deep; }
padding() { group padding; }
snap() { group snap tags; }
sums() { group sums; told guard_header; }

not_learned()
{
	check_not grep -q $NOBODY <<<"$(ctn "$h1" list fdb net0)"
}

noaddress()
{
	ask me "$c3" eth0 $M3 203.0.113.3 2001:db8:100::3
	group noaddress tags
	sender_c1
}

live()
{
	local g

	check ctn "$h1" set-port net0 "$c1" --guard off
	check port_is "$h1" net0 "$c1" '.guard | not'
	for g in mac arp nd ip4 ip6 ra dhcp header; do
		group $g off
	done
	check ctn "$h1" set-port net0 "$c1" --guard on
	check port_is "$h1" net0 "$c1" .guard
	# what was learned meanwhile is not the port's
	for g in mac arp nd ip4 ip6 ra dhcp header; do
		group $g
	done
	group good
}

# a device is guarded by what static entries say of it
device()
{
	local g

	ask me "$c4" eth0 $M4 203.0.113.4 2001:db8:100::4
	group mac off
	group ip4 off
	check ctn "$h1" set-port net0 --dev p4 --guard on
	# nothing is its own yet
	check_match "$(ctn "$h1" list fdb net0)" "${M4}[[:space:]]+learned" "table"
	ask send "$c4" eth0 ff:ff:ff:ff:ff:ff $M4 nothing
	check ctn "$h1" add-fdb net0 $M4 --port p4 --ip 203.0.113.4 --ip 2001:db8:100::4
	for g in mac arp nd ip4 ip6 ra dhcp good; do
		group $g
	done
	# an address more, live
	check ctn "$h1" replace-fdb net0 $M4 --port p4 --ip 203.0.113.4 --ip 203.0.113.5 \
		--ip 2001:db8:100::4
	ask me "$c4" eth0 $M4 203.0.113.5 2001:db8:100::4
	group good
	check ctn "$h1" set-port net0 --dev p4 --guard off
	sender_c1
}

# a second address of the container is its own from when it is given to it
address_added()
{
	ask me "$c1" eth0 $M1 203.0.113.11 2001:db8:100::11
	check ctn "$h1" set-port net0 "$c1" --address 203.0.113.11/24 \
		--address 2001:db8:100::11/64
	group good
	sender_c1
	group good
	group ip4
}

# claimed ADDRESS true|false: whether an entry has it as the container's own link-local address
claimed() { ll=$1 check json_is "any(.[]; .claimed == env.ll) == $2" ctn "$h1" -j list fdb net0; }

# A link-local address that is not made from the MAC (RFC 7217) is the container's if nobody
# had it before, with duplicate detection; and for as long as its port is there.
linklocal()
{
	local ll m5=fe80::ff:fe00:5 m1=fe80::ff:fe00:1

	: >"$TMP/events"
	background ctnetctl -n "$h1" monitor net0 >"$TMP/events"
	wait_until 5000 poke net0 "$TMP/events"
	check in_ns "$c5" sysctl -qw net.ipv6.conf.default.stable_secret=2001:db8::5ec:7e7
	check ctn "$h1" add-port net0 "$c5" --mac $M5 --address 203.0.113.50/24 \
		--address 2001:db8:100::50/64
	wait_until 5000 settled "$c5"
	ll=$(link_local_of "$c5" eth0)
	[[ $ll != "$m5" ]] || fail "its link-local address is made from its MAC"
	wait_for_ping "$c5" "$m1%eth0"
	wait_for_ping "$c1" "$ll%eth0"
	claimed "$ll" true
	wait_until 5000 grep -q "^fdb set net0 $M5 .*$ll" "$TMP/events"
	kill_wait "$BG_PID"
	# and nobody else's
	check ip -n "$c2" addr add "$ll/64" dev eth0
	wait_until 5000 settled "$c2"
	check_not in_ns "$c2" ping -nqc1 -W1 -I "$ll%eth0" "$m1%eth0"
	check ip -n "$c2" addr del "$ll/64" dev eth0
	# not a second one
	check ip -n "$c5" addr add fe80::77/64 dev eth0 nodad
	check_not in_ns "$c5" ping -nqc1 -W1 -I fe80::77%eth0 "$m1%eth0"
	told guard_ip6 guard_nd
	check ip -n "$c5" addr del fe80::77/64 dev eth0
	# no part of the configuration; kept while that changes
	check_not grep -q fe80 <<<"$(ctn "$h1" save net0)"
	check ctn "$h1" set-port net0 "$c5" --address 203.0.113.51/24
	claimed "$ll" true
	wait_for_ping "$c5" "$m1%eth0"
	check ctn "$h1" del-port net0 "$c5"
	claimed "$ll" false
	# another may have it now
	check in_ns "$c6" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
	check ctn "$h1" add-port net0 "$c6" --mac $M6 --address 203.0.113.6/24
	check ip -n "$c6" addr add "$ll/64" dev eth0
	wait_until 5000 settled "$c6"
	wait_for_ping "$c6" "$m1%eth0"
	claimed "$ll" true
	check ctn "$h1" del-port net0 "$c6"
	check in_ns "$c6" sysctl -qw net.ipv6.conf.default.addr_gen_mode=0
}

# A router of the claimed address says that it is there: the claim is over, for good.
claim_ends()
{
	# It makes none itself, which may come first. (Not c5: its default.stable_secret has
	# precedence over addr_gen_mode.)
	check in_ns "$c6" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
	check ctn "$h1" add-port net0 "$c6" --mac $M6 --address 203.0.113.6/24
	check ip -n "$c6" addr add fe80::bad/64 dev eth0 nodad
	check_not in_ns "$c6" ping -nqc1 -W1 -I fe80::bad%eth0 fe80::ff:fe00:99%eth0
	claimed fe80::bad true
	ask advertise "$c4" eth0 $M4 fe80::bad 0
	claimed fe80::bad false
	check_not in_ns "$c6" ping -nqc1 -W1 -I fe80::bad%eth0 fe80::ff:fe00:99%eth0
	claimed fe80::bad false
	check ctn "$h1" del-port net0 "$c6"
	check in_ns "$c6" sysctl -qw net.ipv6.conf.default.addr_gen_mode=0
}

has_prefix() { ip -n "$1" -6 -o addr show dev eth0 | grep -q 2001:db8:300:; }
has_route() { ip -n "$1" -6 route show default | grep -q 'proto ra'; }

# What a router has containers make of its prefix the guard would drop: guarded ones that
# have addresses take none; routes those alone that can use them.
autoconfiguration()
{
	check ip -n "$c4" addr add fe80::4/64 dev eth0 nodad
	check ip -n "$c4" addr add 2001:db8:300::4/64 dev eth0 nodad
	check ctn "$h1" -b - <<-EOT
		add-port net0 $c5 --address 203.0.113.50/24
		add-port net0 $c6 --address 203.0.113.6/24 --guard off
	EOT
	wait_until 5000 settled "$c3" "$c5" "$c6"
	ask advertise "$c4" eth0 $M4 fe80::4 1800 2001:db8:300::
	wait_until 5000 has_prefix "$c6"
	wait_until 5000 has_prefix "$c3"
	wait_until 5000 has_route "$c1"
	wait_for_ping "$c6" 2001:db8:300::4
	wait_for_ping "$c3" 2001:db8:300::4
	check_not has_prefix "$c1"
	check_not has_prefix "$c5"
	check_not has_route "$c5"
	wait_for_ping "$c5" 203.0.113.254
	# an IPv6 address that it is given makes a route useful, and no other address
	check ctn "$h1" set-port net0 "$c5" --address 2001:db8:100::50/64
	ask advertise "$c4" eth0 $M4 fe80::4 1800 2001:db8:300::
	wait_until 5000 has_route "$c5"
	check_not has_prefix "$c5"
	# what the container chooses then is its own affair
	check in_ns "$c5" sysctl -qw net.ipv6.conf.eth0.accept_ra=0
	check ctn "$h1" set-port net0 "$c5" --address 2001:db8:100::51/64
	check_eq "$(in_ns "$c5" sysctl -n net.ipv6.conf.eth0.accept_ra)" 0 accept_ra
	# as with one that was not guarded before
	check ctn "$h1" set-port net0 "$c6" --guard on
	check_eq "$(in_ns "$c6" sysctl -n net.ipv6.conf.eth0.accept_ra)" 0 accept_ra
	ask advertise "$c4" eth0 $M4 fe80::4 0 2001:db8:300::
	check ctn "$h1" del-port net0 "$c5"
	check ctn "$h1" del-port net0 "$c6"
}

build

run_test defaults "a container is guarded, a device is not"
run_test traffic "guarded containers and the host reach one another: ping, TCP, fragments"
run_test good "what is its own passes: ARP, ND, DAD, probes, DHCP, MLD, fragments; VLAN tags too"
run_test mac "a source MAC that is not its own is dropped"
run_test arp "ARP from another's MAC or address is dropped"
run_test nd "ND with another's lladdr or target is dropped, behind extension headers too"
run_test ip4 "an IPv4 source that is not its own is dropped, in fragments too"
run_test ip6 "an IPv6 source that is not its own is dropped, another's or a second link-local, too"
run_test ra "router advertisements and redirects are dropped, however they are buried"
run_test dhcp "answers of a DHCP server are dropped, v4 and v6"
run_test header "headers that are cut, or hidden by fragments, are dropped"
run_test deep "VLAN tags are looked behind, or the frame is dropped"
run_test padding "what stands behind the packet is no part of it"
run_test snap "LLC and SNAP headers hide nothing"
run_test sums "a checksum that is left to be completed changes nothing that was looked at"
run_test not_learned "what the guard dropped was not learned"
run_test noaddress "a port without address may use any, but only its MAC"
run_test live "the guard is switched off and on under way"
run_test device "a device's guard goes by its static entries"
run_test linklocal "a link-local address of the container's own choice is its own"
run_test claim_ends "unless another says that it has it"
run_test autoconfiguration "guarded containers take no address from a router, nor a route that they cannot use"
run_test address_added "an address that is added may be used at once"
