#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Uplinks: a network whose port is a physical device (a veth to a LAN here). The topology, and
# the recipe, are in uplinks.sh.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/uplinks.sh
. "$(dirname "$0")/lib/uplinks.sh"

# ------------------------------------------------------------------- tests

# What the LAN knows of the host stays true.
host_moves()
{
	reaches "$pc1" "$h1" 203.0.113.126
	reaches "$pc1" "$h1" $LAN6:126
	check recipe_lan || return
	check ctn "$h1" -b - <<-EOT
		add-port net0 $db --address 203.0.113.2/25 --address $LAN6:2/64 --gateway 203.0.113.120
		add-port net0 $rogue
	EOT
	check_eq "$(mac_of "$h1" net0)" $MU "MAC of net0"
	reaches "$pc1" "$h1" 203.0.113.126
	reaches "$pc1" "$h1" $LAN6:126
	check_match "$(ip -n "$pc1" neigh show)" "203.0.113.126 dev eth0 lladdr $MU" neighbours
	reaches "$h1" "$pc2" 203.0.113.122
	reaches "$h1" "$pc2" $LAN6:122
	reaches "$h1" "$lan" 198.51.100.120 203.0.113.126
	MWEB=$(mac_of "$web" eth0)
}

promiscuous()
{
	promiscuity_is "$h1" eth1 1
	listen "$web"
	listen "$db"
	listen "$pc2"
	listen "$h1" net0
	send_frame "$pc1" "$MWEB" $MPC1 to-web count=3
	send_frame "$pc1" $BCAST $MPC1 to-all count=2
	got_frames "$web" eth0 to-web 3
	got_frames "$web" eth0 to-all 2
	got_frames "$db" eth0 to-all 2
	got_frames "$pc2" eth0 to-all 2
	got_frames "$h1" net0 to-all 2
	got_frames "$db" eth0 to-web 0
	got_frames "$h1" net0 to-web 0
}

both_ways()
{
	local pc ns

	for pc in 121 122; do
		ns=pc$((pc - 120))
		reaches "$web" "${!ns}" 203.0.113.$pc 203.0.113.1
		reaches "$db" "${!ns}" $LAN6:$pc $LAN6:2
		reaches "${!ns}" "$web" $LAN6:1 $LAN6:$pc
		reaches "${!ns}" "$db" 203.0.113.2 203.0.113.$pc
	done
	transfers "$web" "$pc1" 203.0.113.121 203.0.113.1
	transfers "$pc2" "$web" $LAN6:1 $LAN6:122
	# the LAN's router is the gateway
	reaches "$web" "$lan" 198.51.100.120 203.0.113.1
	reaches "$lan" "$db" 203.0.113.2 203.0.113.120
}

resolution()
{
	ask sniff web "$web" eth0
	ask sniff db "$db" eth0
	ask sniff pc1 "$pc1" eth0
	ask sniff pc2 "$pc2" eth0
	ask sniff host "$h1" net0
	# of the LAN's addresses the table knows nothing
	ask question "$web" eth0 "$MWEB" 203.0.113.1 203.0.113.121 want=1
	check_eq "$ANSWER" "ok $MPC1 | db=1 pc1=1 pc2=1 host=1" "a container asks for a LAN host"
	ask question "$web" eth0 "$MWEB" $LAN6:1 $LAN6:122 want=1
	check_eq "$ANSWER" "ok $MPC2 | db=1 pc1=1 pc2=1 host=1" "a container asks for a LAN host"
	# pc2 sees what the LAN's switch floods
	ask question "$pc1" eth0 $MPC1 203.0.113.121 203.0.113.1 want=1
	check_eq "$ANSWER" "ok $MWEB | web=0 db=0 pc2=1 host=0" "a LAN host asks for a container"
	ask question "$pc1" eth0 $MPC1 $LAN6:121 $LAN6:1 want=1
	check_eq "$ANSWER" "ok $MWEB | web=0 db=0 pc2=1 host=0" "a LAN host asks for a container"
	ask question "$pc1" eth0 $MPC1 203.0.113.121 203.0.113.77
	check_eq "$ANSWER" "ok - | web=1 db=1 pc2=1 host=1" "a LAN host asks for nobody"
	ask question "$pc1" eth0 $MPC1 203.0.113.121 203.0.113.126 want=1
	check_eq "$ANSWER" "ok $MU | web=0 db=0 pc2=1 host=1" "a LAN host asks for the host"
}

learned()
{
	wait_until 5000 entry_is $MPC1 "learned eth1"
	wait_until 5000 entry_is $MPC2 "learned eth1"
	check_match "$(entry "$MWEB")" "^static ct" "web in the table"
	# who pretends to be a container in the LAN gets nothing of it
	send_frame "$pc2" $BCAST "$MWEB" as-web
	send_frame "$pc2" $BCAST $GHOST as-ghost
	wait_until 5000 entry_is $GHOST "learned eth1"
	check_match "$(entry "$MWEB")" "^static ct" "web in the table"
	check ctn "$h1" set-net net0 --ageing 1
	wait_until 10000 entry_is $GHOST ""
	check_match "$(entry "$MWEB")" "^static ct" "web in the table"
	check ctn "$h1" set-net net0 --ageing 300
}

guarded()
{
	local before

	before=$(drops "$h1" net0 guard_mac)
	listen "$pc1"
	listen "$pc2"
	listen "$lease"
	send_frame "$pc1" $BCAST $MPC1 broadcast
	send_frame "$web" $BCAST $MPC1 spoofed
	# what has no address given is bound to its MAC all the same
	send_frame "$lease" $BCAST $GHOST spoofed
	send_frame "$web" $MPC1 "$MWEB" after
	send_frame "$web" $BCAST "$MWEB" after-all
	got_frames "$lease" eth0 broadcast 1
	got_frames "$pc1" eth0 after 1
	got_frames "$pc2" eth0 after-all 1
	got_frames "$pc1" eth0 spoofed 0
	got_frames "$pc2" eth0 spoofed 0
	got_frames "$pc2" eth0 after 0
	check_eq "$(drops "$h1" net0 guard_mac)" $((before + 2)) "drops: guard_mac"
	wait_until 5000 entry_is $MPC1 "learned eth1"
}

second_uplink()
{
	ip_in "$h1" <<-EOT || fail "no bond"
		link add bond0 type bond mode active-backup miimon 100
		link set e2 master bond0
		link set bond0 up
	EOT
	check ctn "$h1" add-port net0 --dev bond0
	promiscuity_is "$h1" bond0 1
	promiscuity_is "$h1" e2 1
	listen "$pc3"
	reaches "$pc3" "$web" 203.0.113.1 203.0.113.123
	reaches "$web" "$pc3" $LAN6:123 $LAN6:1
	reaches "$pc3" "$pc1" 203.0.113.121 203.0.113.123
	reaches "$h1" "$pc3" 203.0.113.123 203.0.113.126
	check_eq "$(entry $MPC3)" "learned bond0" "pc3 in the table"
	# a host is unplugged in one place, plugged in at another, and comes back
	check_eq "$(entry $MPC1)" "learned eth1" "pc1 in the table"
	# its kernel, which goes on to probe its neighbours, is not to move it back
	check tc -n "$pc1" qdisc add dev eth0 clsact
	check tc -n "$pc1" filter add dev eth0 egress matchall action drop
	ask send "$pc3" eth0 "$MWEB" $MPC1 moved
	wait_until 5000 entry_is $MPC1 "learned bond0"
	send_frame "$web" $MPC1 "$MWEB" after-move
	got_frames "$pc3" eth0 after-move 1
	got_frames "$pc1" eth0 after-move 0
	check tc -n "$pc1" qdisc del dev eth0 clsact
	reaches "$pc1" "$web" 203.0.113.1 203.0.113.121
	check_eq "$(entry $MPC1)" "learned eth1" "pc1 in the table"
	check ctn "$h1" del-port net0 --dev bond0
	promiscuity_is "$h1" bond0 0
	promiscuity_is "$h1" e2 0
	check_eq "$(entry $MPC3)" "" "pc3 in the table"
}

vlan()
{
	ip_in "$pc2" <<-EOT || fail "no VLAN in pc2"
		link add link eth0 name eth0.5 type vlan id 5
		addr add 198.51.100.133/28 dev eth0.5
		link set eth0.5 up
	EOT
	ip_in "$h1" <<-EOT || fail "no VLAN in h1"
		link add link eth1 name eth1.5 type vlan id 5
		link set eth1.5 up
	EOT
	check ctn "$h1" -b - <<-EOT
		add-net net5
		add-port net5 --dev eth1.5
		add-port net5 $v5 --address 198.51.100.129/28
	EOT
	promiscuity_is "$h1" eth1.5 1
	# once for net0, once for the VLAN
	promiscuity_is "$h1" eth1 2
	listen "$v5"
	reaches "$v5" "$pc2" 198.51.100.133 198.51.100.129
	transfers "$pc2" "$v5" 198.51.100.129 198.51.100.133
	check_eq "$(entry $MPC2 net5)" "learned eth1.5" "pc2 in the table of net5"
	# the two are apart
	ask send "$pc2" eth0.5 $BCAST $MPC2 in-vlan
	send_frame "$pc2" $BCAST $MPC2 untagged
	got_frames "$v5" eth0 in-vlan 1
	got_frames "$web" eth0 untagged 1
	got_frames "$v5" eth0 untagged 0
	got_frames "$web" eth0 in-vlan 0
	check ctn "$h1" del-net net5
	promiscuity_is "$h1" eth1 1
	check ip -n "$h1" link del eth1.5
}

tap()
{
	modprobe -q tun
	[[ -c /dev/net/tun ]] || { skip "no /dev/net/tun"; return; }
	ask tap "$h1" tap0
	check ip -n "$h1" link set tap0 up
	check ctn "$h1" add-port net0 --dev tap0
	promiscuity_is "$h1" tap0 1
	ask send "$h1" tap0 $BCAST $GHOST by-tap
	got_frames "$web" eth0 by-tap 1
	got_frames "$pc1" eth0 by-tap 1
	check_eq "$(entry $GHOST)" "learned tap0" "ghost in the table"
	send_frame "$pc1" $GHOST $MPC1 to-tap
	send_frame "$web" $BCAST "$MWEB" tap-too
	got_frames "$h1" tap0 to-tap 1
	got_frames "$h1" tap0 tap-too 1
	check ctn "$h1" del-port net0 --dev tap0
}

lan_dhcp()
{
	local ip=""

	cat >"$TMP/udhcpc" <<-'EOT'
		#!/bin/bash
		[[ $1 == bound ]] || exit 0
		echo "$ip" >>"${0%/*}/bound"
		[[ -z ${SET:-} ]] || {
			ip addr replace "$ip/$mask" dev "$interface"
			ip route replace default via "$router"
		}
	EOT
	chmod +x "$TMP/udhcpc"
	dhcp_server "$lan" sw 203.0.113.100 109
	SERVER=$BG_PID
	: >"$TMP/bound"
	SET=yes check dhcp_client "$lease" 8 || return
	ip=$(<"$TMP/bound")
	check_match "$ip" '^203\.0\.113\.10[0-9]$' "address that lease was given"
	check_match "$(ip -n "$lease" -4 -o addr show dev eth0)" "inet $ip/25" "address of lease"
	reaches "$lease" "$pc1" 203.0.113.121 "$ip"
	reaches "$pc2" "$lease" "$ip" 203.0.113.122
	reaches "$lease" "$web" 203.0.113.1 "$ip"
	reaches "$lease" "$lan" 198.51.100.120 "$ip"
	# its MAC is its own, and nobody else's
	check_match "$(entry "$(mac_of "$lease" eth0)")" "^static ct" "lease in the table"
}

# no_lease BEFORE: a client asks, and the network has counted a server's answer; or all is
# over, as the client was given an address
no_lease()
{
	dhcp_client "$pc2" 1 && return
	at_least $(($1 + 1)) drops "$h1" net0 guard_dhcp
}

rogue_dhcp()
{
	kill_wait "$SERVER"
	check ip -n "$rogue" addr add 203.0.113.66/25 dev eth0
	reaches "$rogue" "$pc1" 203.0.113.121 203.0.113.66
	dhcp_server "$rogue" eth0 203.0.113.70 79
	: >"$TMP/bound"
	wait_until 20000 no_lease "$(drops "$h1" net0 guard_dhcp)"
	check_eq "$(<"$TMP/bound")" "" "address that the rogue gave away"
	# it is the guard that keeps it silent
	check ctn "$h1" set-port net0 "$rogue" --guard off
	check dhcp_client "$pc2" 5
	check_match "$(<"$TMP/bound")" '^203\.0\.113\.7[0-9]$' "address that the rogue gave away"
	kill_wait "$BG_PID"
	check ctn "$h1" del-port net0 "$rogue"
}

router_advertisement()
{
	local addr

	ask advertise "$lan" sw $MSW $ROUTER $LAN6:
	wait_until 10000 slaac
	addr=$(slaac)
	[[ -n $addr ]] || return
	check_match "$(ip -n "$lease" -6 route show default)" "via $ROUTER dev eth0 proto ra" \
		"default route of lease"
	reaches "$lease" "$pc1" $LAN6:121 "$addr"
	reaches "$pc2" "$lease" "$addr" $LAN6:122
	reaches "$lease" "$lan" 2001:db8:3::120 "$addr"
	reaches "$lease" "$web" $LAN6:1 "$addr"
	# who was given an address keeps it, and has the route as well
	reaches "$web" "$pc1" $LAN6:121 $LAN6:1
	reaches "$pc2" "$web" $LAN6:1 $LAN6:122
	reaches "$web" "$lan" 2001:db8:3::120 $LAN6:1
}

dhcp6()
{
	local ll

	ll=$(link_local_of "$lease" eth0)
	ask dhcp6 "$lease" eth0 "$lan" sw
	check_eq "$ANSWER" "ok solicit from $ll, advertise" "DHCPv6"
}

build

run_test host_moves "the host's addresses move from its device to the network, and the LAN notices nothing"
run_test promiscuous "frames for a container's MAC arrive by the uplink, broadcasts reach all"
run_test both_ways "containers and hosts of the LAN reach one another, v4 and v6, and the LAN's router"
run_test resolution "LAN addresses are asked for in the LAN, containers' are answered from the table"
run_test learned "MACs of the LAN are learned and age; a container's stays its own"
run_test guarded "a guarded container hears the LAN, and cannot pretend to be one of its hosts"
run_test second_uplink "a bond is an uplink; a host that moves between uplinks is followed"
run_test vlan "a VLAN device is an uplink, apart from its parent"
run_test tap "a tap is an uplink"
run_test lan_dhcp "a container gets its address by DHCP from the LAN"
run_test rogue_dhcp "a DHCP server in a guarded container is not heard"
run_test router_advertisement "a router's advertisement gives a container address and default route"
run_test dhcp6 "DHCPv6 passes the uplink"
