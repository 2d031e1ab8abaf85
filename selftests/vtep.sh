#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A network's own end of its tunnels: which sockets may share a UDP port, an underlay device
# that goes, and what is refused.
#
#	h1 (namespace)            h2 (namespace)       user: a namespace of nobody's, by PID
#	ul0 192.0.2.1 ---veth--- ul0 192.0.2.2         ul0 198.51.100.1 (dummy)

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3 setpriv unshare nsenter

readonly NOBODY=65534
readonly AS_NOBODY=(setpriv --clear-groups --inh-caps=-all "--reuid=$NOBODY" "--regid=$NOBODY")

# ------------------------------------------------------------------ helpers

readonly HOLD='
import signal, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, getattr(socket, sys.argv[1]), 1)
if sys.argv[2:]:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[2].encode())
s.bind(("", 4790))
print("bound", flush=True)
signal.pause()
'

# holder OPTION [DEV]: a process of root's has UDP port 4790 in h1, its PID in $BG_PID
holder()
{
	background ip netns exec "$h1" python3 -c "$HOLD" "$@" >"$TMP/holder"
	wait_until 10000 grep -q bound "$TMP/holder"
}

# users: a user namespace's root, whose process is $USER_PID
users()
{
	"${AS_NOBODY[@]}" unshare -Urn bash -c 'echo $$; exec sleep infinity' >"$TMP/user" &
	USER_PID=$!
	defer kill_wait "$USER_PID"
	busywait 20000 grep -q . "$TMP/user" >/dev/null || die "setup: user namespace"
	in_user ip -batch - <<-EOT || die "setup: links of the user"
		link add ul0 type dummy
		addr add 198.51.100.1/24 dev ul0
		link set ul0 up
	EOT
}

in_user() { "${AS_NOBODY[@]}" nsenter -t "$USER_PID" -U -n --preserve-credentials "$@"; }

# ------------------------------------------------------------------- tests

# who has the port already keeps it to himself, though he would share it
port_is_taken()
{
	local opt

	for opt in SO_REUSEADDR SO_REUSEPORT; do
		holder $opt
		check_fail 2 'Another socket' ctn "$h1" add-net n1 --vni 1 --local "$H1_IP" \
			--dstport 4790
		check_fail 2 'Another socket' ctn "$h1" add-net n1 --vni 1 --local "$H1_IP" \
			--dstport 4790 --underlay ul0
		kill_wait "$BG_PID"
	done
	# nor does one get in by another network that has the port
	holder SO_REUSEPORT lo
	check ctn "$h1" add-net n1 --vni 1 --local "$H1_IP" --dstport 4790 --underlay ul0
	kill_wait "$BG_PID"
	holder SO_REUSEPORT lo
	check_fail 2 'Another socket' ctn "$h1" add-net n2 --vni 2 --local "$H1_IP" --dstport 4790
	kill_wait "$BG_PID"
	check ctn "$h1" add-net n2 --vni 2 --local "$H1_IP" --dstport 4790
	check ctn "$h1" del-net n1
	check ctn "$h1" del-net n2
}

# ports below 1024 are not for everybody
port_is_low()
{
	check_fail 2 'CAP_NET_BIND_SERVICE' ip netns exec "$h1" setpriv --inh-caps=-all \
		--bounding-set=-net_bind_service \
		ctnetctl add-net n1 --vni 1 --local "$H1_IP" --dstport 500
	check ctn "$h1" add-net n1 --vni 1 --local "$H1_IP" --dstport 500
	check ctn "$h1" del-net n1
}

# networks of different users, with and without an underlay device, on one port
other_user()
{
	"${AS_NOBODY[@]}" unshare -Urn true 2>/dev/null || { skip "no user namespaces"; return; }
	users
	check ctnetctl -n "$USER_PID" add-net ours --vni 1 --local 198.51.100.1
	check in_user ctnetctl add-net theirs --vni 2 --local 198.51.100.1 --underlay ul0
	check ctnetctl -n "$USER_PID" del-net ours
	check ctnetctl -n "$USER_PID" add-net ours --vni 1 --local 198.51.100.1
	check in_user ctnetctl del-net theirs
	check in_user ctnetctl add-net theirs --vni 2 --local 198.51.100.1 --underlay ul0
	check_match "$(in_user ctnetctl -j list vteps)" 'ul0' "sockets"
}

# cable NAME OPTION...: an underlay device of h1 with this name, and the other end in h2
cable()
{
	# in there, as the index of another namespace's device may be that of one here
	ip_in "$h1" <<-EOT1 && ip_in "$h2" <<-EOT2
		link add $1 ${*:2} type veth peer name ul0 netns $h2
		addr add $H1_IP/24 dev $1
		addr add $H1_IP6/64 dev $1 nodad
		link set $1 up
	EOT1
		addr add $H2_IP/24 dev ul0
		addr add $H2_IP6/64 dev ul0 nodad
		link set ul0 up
	EOT2
}

# of the device nothing is left
is_stranded()
{
	check net_is "$h1" n1 'like({vni: 3, local: "192.0.2.1", local6: "2001:db8:0:1::1", underlay: "(gone)"})'
	check ip -n "$h1" -d link show n1
	check_eq "$(ctn "$h1" list vteps)" "" "sockets"
}

# An underlay device goes; another one gets its index, and does not get its place.
underlay_goes()
{
	local index dropped net

	check ctn "$h1" add-net n1 --vni 3 --local "$H1_IP" --local "$H1_IP6" --underlay ul0 \
		--address 203.0.113.1/24
	check ctn "$h1" add-net n2 --vni 4 --local "$H1_IP6" --underlay ul0
	check ctn "$h1" add-net n3 --vni 5 --local "$H1_IP" --dstport 4790
	check ctn "$h1" add-peer n1 "$H2_IP"
	check ctn "$h2" add-net n1 --vni 3 --local "$H2_IP" --address 203.0.113.2/24
	check ctn "$h2" add-peer n1 "$H1_IP"
	wait_for_ping "$h1" 203.0.113.2
	index=$(ifindex_of "$h1" ul0)
	background ctnetctl -n "$h1" -j monitor >"$TMP/events" 2>&1
	wait_until 20000 poke n1 "$TMP/events"

	check ip -n "$h1" link del ul0
	for net in n1 n2; do
		net=$net wait_until 5000 has_event "$TMP/events" \
			'like({event: "set", network: env.net, underlay: "(gone)"})'
	done
	check no_event "$TMP/events" 'like({event: "set", network: "n3"})'
	check ctn "$h1" del-net n3
	is_stranded
	# what is nothing of the device's can be changed, and is not sent
	check ctn "$h1" set-net n1 --ttl 5 --dstport 4791
	check ctn "$h1" add-peer n1 2001:db8:0:1::9
	check ctn "$h1" del-peer n1 2001:db8:0:1::9
	check ctn "$h1" set-net n1 --ttl 0 --dstport 4789
	is_stranded
	dropped=$(drops "$h1" n1 no_route)
	check cable ul9 index "$index"
	check_eq "$(ifindex_of "$h1" ul9)" "$index" "index of ul9"
	check_not ip netns exec "$h1" ping -nqc1 -W1 203.0.113.2
	check at_least $((dropped + 1)) drops "$h1" n1 no_route
	is_stranded
	# until it is said so
	check ctn "$h1" set-net n1 --underlay ul9
	check ctn "$h1" set-net n2 --underlay ul9
	wait_for_ping "$h1" 203.0.113.2
	check net_is "$h1" n1 '.underlay == "ul9"'
}

# nor its own, if it was elsewhere meanwhile
underlay_is_elsewhere()
{
	local index

	index=$(ifindex_of "$h1" ul9)
	check ip -n "$h1" link set ul9 netns "$h3"
	is_stranded
	check ip -n "$h3" link set ul9 netns "$h1"
	check_eq "$(ifindex_of "$h1" ul9)" "$index" "index of ul9"
	is_stranded
	check ctn "$h1" set-net n1 --underlay any
	check net_is "$h1" n1 'has("underlay") | not'
	check ctn "$h1" del-net n1
	check ctn "$h1" del-net n2
	check ctn "$h2" del-net n1
	check ip -n "$h1" link del ul9
	check cable ul0
}

# An underlay device is not taken from link-local peers, which are nowhere without.
link_local_peers()
{
	check ctn "$h1" add-net n1 --vni 3 --local "$H1_IP6" --underlay ul0
	check ctn "$h1" add-peer n1 2001:db8:0:1::9
	check ctn "$h1" add-peer n1 fe80::2
	check_fail 2 'link-local peers' ctn "$h1" set-net n1 --underlay any
	check ctn "$h1" set-net n1 --ttl 5
	check ctn "$h1" del-peer n1 fe80::2
	check ctn "$h1" set-net n1 --underlay any
	check_fail 2 'link-local peer needs' ctn "$h1" add-peer n1 fe80::2
	check ctn "$h1" del-net n1
}

# present true|false KEY...: that of network n1, by each key
present()
{
	keys=${*:2} check net_is "$h1" n1 "[.[(env.keys / \" \")[]] == $1] | all"
}

# An address may come later, and go: it is no error that the host does not have it, but it is
# said, as long as it is so.
local_absent()
{
	check ctn "$h1" add-net n1 --vni 3 --local "$H1_IP"
	check_eq "$OUT" "" "what is said of an address that is there"
	present true local_present
	check json_is '.[0].warnings == []' ctn "$h1" -j show n1
	check_not grep 'not present' <<<"$(ctn "$h1" show; ctn "$h1" list nets)"
	check ctn "$h1" set-net n1 --local 192.0.2.77
	check_match "$OUT" '^ctnetctl: set-net n1: the local address 192.0.2.77 is not present: nothing passes' "set-net"
	check ctn "$h1" set-net n1 --ageing 77
	check_eq "$OUT" "" "what is said of another change"
	check ctn "$h1" del-net n1
	check ctn "$h1" add-net n1 --vni 3 --local 192.0.2.77 --local 2001:db8:0:1::77
	check_match "$OUT" 'add-net n1: the local address 192.0.2.77 is not present.*2001:db8:0:1::77 is not present' "add-net"
	present false local_present local6_present
	check_match "$(ctn "$h1" show n1)" $'\n    local address 192.0.2.77 not present\n    local address 2001:db8:0:1::77 not present\n' show
	check_eq "$(ctn "$h1" list nets n1 | cut -f 14)" \
		"local address 192.0.2.77 not present,local address 2001:db8:0:1::77 not present" "list nets"
	# one comes, and later goes
	check ip -n "$h1" addr add 192.0.2.77/32 dev lo
	present true local_present
	present false local6_present
	check_eq "$(ctn "$h1" list nets n1 | cut -f 14)" "local address 2001:db8:0:1::77 not present" "list nets"
	check ip -n "$h1" addr add 2001:db8:0:1::77/64 dev ul0 nodad
	present true local_present local6_present
	check_not grep 'not present' <<<"$(ctn "$h1" show)"
	check ip -n "$h1" addr del 192.0.2.77/32 dev lo
	present false local_present
	# what the kernel takes for its own by a route is
	check ip -n "$h1" route add local 192.0.2.64/27 dev lo
	present true local_present
	check ip -n "$h1" route del local 192.0.2.64/27 dev lo
	# a configuration is restored all the same, and says so as well
	ctn "$h1" save n1 >"$TMP/saved"
	check ctn "$h1" del-net n1
	check ctn "$h1" restore "$TMP/saved"
	check_match "$OUT" "^ctnetctl: $TMP/saved:2: add-net n1: the local address 192.0.2.77 is not present" restore
	check ctn "$h1" sync "$TMP/saved"
	check_eq "$OUT" "" "what sync says of what it does not change"
	check ip -n "$h1" addr del 2001:db8:0:1::77/64 dev ul0
	check ctn "$h1" del-net n1
	# an underlay that went is said in the same place
	check ip -n "$h1" link add du0 type dummy
	check ctn "$h1" add-net n1 --vni 3 --local "$H1_IP" --underlay du0
	check ip -n "$h1" link del du0
	check_match "$(ctn "$h1" show n1)" $'\n    underlay device gone\n' show
	check ctn "$h1" del-net n1
}

# A peer is another host: not this one, be its addresses in a VRF.
own_address_in_vrf()
{
	local dev addr

	ip_in "$h1" <<-EOT || fail "cannot make a VRF"
		link add vrf1 type vrf table 10
		link set vrf1 up
		link add du0 type dummy
		link set du0 master vrf1
		addr add 198.51.100.1/24 dev du0
		addr add 2001:db8:0:2::1/64 dev du0 nodad
		link set du0 up
		route add table 10 unreachable default
	EOT
	for dev in vrf1 du0; do
		check ctn "$h1" add-net n1 --vni 3 --local 198.51.100.1 --local 2001:db8:0:2::1 \
			--underlay $dev
		check_eq "$OUT" "" "what is said of addresses in the VRF"
		check ctn "$h1" del-net n1
		check ctn "$h1" add-net n1 --vni 3 --local 198.51.100.9 --local 2001:db8:0:2::9 \
			--underlay $dev
		for addr in 198.51.100.1 198.51.100.255 2001:db8:0:2::1; do
			check_fail 2 'another host' ctn "$h1" add-peer n1 $addr
		done
		# of others, be the way there unknown; and what is ours in no VRF only
		for addr in 198.51.100.2 203.0.113.2 2001:db8:0:2::2 "$H1_IP"; do
			check ctn "$h1" add-peer n1 "$addr"
		done
		check ctn "$h1" del-net n1
	done
	# in none these are others' addresses, and that is not
	check ctn "$h1" add-net n1 --vni 3 --local 192.0.2.9
	check_fail 2 'another host' ctn "$h1" add-peer n1 "$H1_IP"
	check ctn "$h1" add-peer n1 198.51.100.1
	check ctn "$h1" del-net n1
	printf 'link del %s\n' du0 vrf1 | ip_in "$h1" || fail "cannot delete them"
}

topo_two_hosts
setup_ns h3

run_test port_is_taken "a process that has the UDP port keeps it to itself"
run_test port_is_low "a low UDP port is for who may have it, and the kernel says so"
run_test other_user "networks of different users share a UDP port"
run_test underlay_goes "a device with the index of an underlay that went is no underlay"
run_test underlay_is_elsewhere "nor the device itself, when it comes back"
run_test link_local_peers "no underlay device is taken from link-local peers"
run_test local_absent "a local address that the host does not have is allowed, and shown as missing"
run_test own_address_in_vrf "this host's addresses in a VRF are no peer's"
