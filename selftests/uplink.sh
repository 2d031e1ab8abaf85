#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Uplinks: a network whose port is a physical device (a veth to a LAN here), and a network
# whose host is the gateway, with masquerading.
#
# timeout: 600
#
#	lan (switch, router, DHCP server)          h1 (namespace)
#	198.51.100.120, 2001:db8:3::120            203.0.113.126, 2001:db8:100::126
#	 sw .120 -- trunk -------veth------- eth1   on eth1 first, then on net0
#	  |- pc1 eth0 .121                    `- net0
#	  `- pc2 eth0 .122                         |- ct... --veth-- web   eth0 .1
#	      `- eth0.5 198.51.100.133             |- ct... --veth-- db    eth0 .2
#	                                           |- ct... --veth-- lease eth0, by DHCP and RA
#	                                           |- ct... --veth-- rogue eth0, a DHCP server
#	     pc3 eth0 .123 ------veth--- e2 - bond0 -'
#	                              eth1.5 - net5 -- v5 eth0 198.51.100.129
#
#	srv          isp                           h1
#	eth0 ------ in out ------veth------- wan   net1 203.0.113.254, 2001:db8:200::254
#	192.0.2.129  .254 .126               .1    |- ct... --veth-- app  eth0 .129
#	2001:db8:2::129, ::254                     `- ct... --veth-- app2 eth0 .130
#	2001:db8:1::126, ::1 (wan)
#
#	h2 (namespace), at last: the peer of h1 for net0 (VNI 100) and net1 (VNI 101)
#	ul0 198.51.100.2 ---veth--- h1 ul0 198.51.100.1
#	net0 - far0 eth0 .3      net1 - far1 eth0 .131
#
# The LAN is 203.0.113.0/25 and 2001:db8:100::/64, what is behind h1 203.0.113.128/25 and
# 2001:db8:200::/64; each IPv6 address ends as the IPv4 address does. isp has no route to
# either.
#
# recipe_lan and recipe_nat are the two recipes of README.md ("Containers on a LAN",
# "Containers behind the host"), with the same commands and addresses: whoever changes them
# here changes them there.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=python.sh
. "$(dirname "$0")/python.sh"

need python3 nft busybox
readonly BCAST=ff:ff:ff:ff:ff:ff BYTES=3000000
# of eth1, sw, the hosts of the LAN, and of one that is only ever a source
readonly MU=02:00:00:00:01:26 MSW=02:00:00:00:01:20 ROUTER=fe80::ff:fe00:120
readonly MPC1=02:00:00:00:01:21 MPC2=02:00:00:00:01:22 MPC3=02:00:00:00:01:23
readonly GHOST=02:00:00:00:77:01
readonly LAN6=2001:db8:100: NAT6=2001:db8:200:

setup_host h1
setup_ns lan pc1 pc2 pc3 isp srv
add_container web db lease rogue v5 app app2

links()
{
	cat <<-EOT
		link add eth1 netns $h1 address $MU type veth peer name trunk netns $lan
		link add p1 netns $lan type veth peer name eth0 address $MPC1 netns $pc1
		link add p2 netns $lan type veth peer name eth0 address $MPC2 netns $pc2
		link add e2 netns $h1 type veth peer name eth0 address $MPC3 netns $pc3
		link add wan netns $h1 type veth peer name out netns $isp
		link add in netns $isp type veth peer name eth0 netns $srv
	EOT
}

# lan_host NAME N: a host of the LAN, whose addresses are set
lan_host()
{
	must ip netns exec "${!1}" sysctl -qw net.ipv6.conf.eth0.accept_ra=0
	ip_in "${!1}" <<-EOT || die "setup: $1"
		addr add 203.0.113.$2/25 dev eth0
		addr add $LAN6:$2/64 dev eth0 nodad
		link set eth0 up
	EOT
}

build()
{
	links | ip -batch - || die "setup: veths"
	must ip netns exec "$lan" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	must ip netns exec "$isp" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip_in "$lan" <<-EOT || die "setup: LAN"
		link add sw address $MSW type bridge mcast_snooping 0
		link set trunk master sw
		link set p1 master sw
		link set p2 master sw
		addr add 203.0.113.120/25 dev sw
		addr add $LAN6:120/64 dev sw nodad
		addr add 198.51.100.120/32 dev lo
		addr add 2001:db8:3::120/128 dev lo
		link set trunk up
		link set p1 up
		link set p2 up
		link set sw up
	EOT
	lan_host pc1 121
	lan_host pc2 122
	lan_host pc3 123
	ip_in "$isp" <<-EOT || die "setup: isp"
		addr add 192.0.2.126/25 dev out
		addr add 2001:db8:1::126/64 dev out nodad
		addr add 192.0.2.254/25 dev in
		addr add 2001:db8:2::254/64 dev in nodad
		link set out up
		link set in up
	EOT
	ip_in "$srv" <<-EOT || die "setup: srv"
		addr add 192.0.2.129/25 dev eth0
		addr add 2001:db8:2::129/64 dev eth0 nodad
		link set eth0 up
		route add default via 192.0.2.254
		route add default via 2001:db8:2::254
	EOT
	# a host as it is before
	must ip netns exec "$h1" sysctl -qw net.ipv6.conf.default.accept_ra=0
	ip_in "$h1" <<-EOT || die "setup: h1"
		addr add 203.0.113.126/25 dev eth1
		addr add $LAN6:126/64 dev eth1 nodad
		addr add 192.0.2.1/25 dev wan
		addr add 2001:db8:1::1/64 dev wan nodad
		link set eth1 up
		link set wan up
		route add default via 203.0.113.120
		route add 192.0.2.128/25 via 192.0.2.126
		route add 2001:db8:2::/64 via 2001:db8:1::126
	EOT
	python_start uplink.py
}

# recipe: runs its input as commands of a person on h1; stops at the first that fails
recipe() { ip netns exec "$h1" bash -e; }

recipe_lan()
{
	recipe <<-EOT
		mac=\$(cat /sys/class/net/eth1/address)
		ip addr flush dev eth1
		ctnetctl add-net net0 --mac \$mac --address 203.0.113.126/25 --address 2001:db8:100::126/64
		ctnetctl add-port net0 --dev eth1
		ip route add default via 203.0.113.120

		ctnetctl add-port net0 $web --address 203.0.113.1/25 --address 2001:db8:100::1/64 --gateway 203.0.113.120
		ctnetctl add-port net0 $lease
	EOT
}

recipe_nat()
{
	recipe <<-EOT
		ctnetctl add-net net1 --address 203.0.113.254/25 --address 2001:db8:200::254/64
		ctnetctl add-port net1 $app --address 203.0.113.129/25 --address 2001:db8:200::129/64 --gateway 203.0.113.254 --gateway 2001:db8:200::254
		sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	EOT
}

recipe_nft()
{
	cat >"$TMP/nat.nft" <<-EOT
		table inet ctnet
		delete table inet ctnet
		table inet ctnet {
			chain postrouting {
				type nat hook postrouting priority srcnat
				ip saddr 203.0.113.128/25 masquerade
				ip6 saddr 2001:db8:200::/64 masquerade
			}
			chain prerouting {
				type nat hook prerouting priority dstnat
				fib daddr type local tcp dport 8080 dnat ip to 203.0.113.129:80
				fib daddr type local tcp dport 8080 dnat ip6 to [2001:db8:200::129]:80
			}
			chain forward {
				type filter hook forward priority filter
				ct state established,related accept
				ct status dnat accept
				oifname "net1" drop
			}
		}
	EOT
	ip netns exec "$h1" nft -f "$TMP/nat.nft"
}

# ------------------------------------------------------------------ helpers

# reaches FROM TO ADDRESS [SOURCE]: a question is answered; whom TO saw ask
reaches()
{
	ask datagram "$1" "$2" "$3"
	check_match "$ANSWER" "^ok ${4:-.*} answered\$" "$1 asks $3"
}

# reaches_not FROM TO ADDRESS [SOURCE]: it is not; whom TO saw ask, if anybody
reaches_not()
{
	local limit=ms

	[[ -z ${4:-} ]] || limit=after
	ask datagram "$1" "$2" "$3" $limit=1200
	check_eq "$ANSWER" "ok ${4:--} silent" "$1 asks $3"
}

# transfers FROM TO ADDRESS SOURCE [OPTION...]: many bytes each way
transfers()
{
	ask both "$1" "$2" "$3" $BYTES "${@:5}"
	check_eq "$ANSWER" "ok $BYTES $BYTES $4" "bytes between $1 and $3"
}

# entry MAC [NET]: "TYPE PORT" as the table of h1 has it, or nothing
entry()
{
	local json type

	json=$(ctn "$h1" -j list fdb "${2:-net0}")
	json=${json//$'\n'/ }
	[[ $json =~ \{[^{}]*\"mac\":\ *\"$1\"[^{}]*\} ]] || return 0
	json=${BASH_REMATCH[0]}
	[[ $json =~ \"type\":\ *\"([a-z]+)\" ]] && type=${BASH_REMATCH[1]}
	[[ $json =~ \"port\":\ *\"([^\"]+)\" ]] && echo "$type ${BASH_REMATCH[1]}"
}

# entry_is MAC WANT: for wait_until
entry_is()
{
	local got

	got=$(entry "$1")
	[[ $got == "$2" ]] || { echo "$1: '$got'"; return 1; }
}

# promiscuity_is NS DEV N
promiscuity_is()
{
	local json

	json=$(ip -n "$1" -j -d link show dev "$2")
	check_eq "$(json_num "$json" promiscuity)" "$3" "promiscuity of $2"
}

# dhcp_server NS DEV FIRST-ADDRESS LAST-BYTE: its PID is in $BG_PID
dhcp_server()
{
	cat >"$TMP/udhcpd.$2" <<-EOT
		interface $2
		start $3
		end ${3%.*}.$4
		lease_file $TMP/leases.$2
		pidfile $TMP/udhcpd.$2.pid
		option subnet 255.255.255.128
		option router 203.0.113.120
		option lease 600
	EOT
	: >"$TMP/leases.$2"
	background ip netns exec "$1" busybox udhcpd -f -a 200 "$TMP/udhcpd.$2" >"$TMP/udhcpd.$2.log" 2>&1
}

# dhcp_client NS TRIES: whether a server was heard; what is bound is in $TMP/bound
dhcp_client()
{
	ip netns exec "$1" busybox udhcpc -f -n -q -t "$2" -T 1 -i eth0 -s "$TMP/udhcpc"
}

# slaac: the address that lease made itself, once it is no more tentative
slaac()
{
	local out

	out=$(ip -n "$lease" -6 -o addr show dev eth0 scope global -tentative)
	[[ $out =~ inet6\ (2001:db8:100:[0-9a-f:]+)/64 ]] && echo "${BASH_REMATCH[1]}"
}

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

# refused BEFORE: a client asks, and the network has counted a server's answer; or all is
# over, as the client was given an address
refused()
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
	wait_until 20000 refused "$(drops "$h1" net0 guard_dhcp)"
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

	ll=$(ip -n "$lease" -6 -o addr show dev eth0 scope link)
	[[ $ll =~ inet6\ (fe80:[0-9a-f:]+)/64 ]] && ll=${BASH_REMATCH[1]}
	ask dhcp6 "$lease" eth0 "$lan" sw
	check_eq "$ANSWER" "ok solicit from $ll, advertise" "DHCPv6"
}

# ----------------------------------------------------- the host as a gateway

# Without masquerading the way back is missing, and only that.
unmasked()
{
	check recipe_nat || return
	check ctn "$h1" add-port net1 "$app2" --address 203.0.113.130/25 --address $NAT6:130/64 \
		--gateway 203.0.113.254 --gateway $NAT6:254
	reaches "$app" "$h1" 203.0.113.254 203.0.113.129
	reaches "$app" "$h1" $NAT6:254 $NAT6:129
	reaches "$h1" "$app" 203.0.113.129 203.0.113.254
	reaches_not "$app" "$srv" 192.0.2.129 203.0.113.129
	reaches_not "$app" "$srv" 2001:db8:2::129 $NAT6:129
	way_back add
	reaches "$app" "$srv" 192.0.2.129 203.0.113.129
	reaches "$app" "$srv" 2001:db8:2::129 $NAT6:129
	reaches "$srv" "$app2" 203.0.113.130 192.0.2.129
	way_back del
}

# way_back add|del: routes of isp to what is behind h1
way_back()
{
	printf '%s\n' "route $1 203.0.113.128/25 via 192.0.2.1" \
		"route $1 $NAT6:/64 via 2001:db8:1::1" | ip_in "$isp" || fail "routes of isp"
}

masked()
{
	check recipe_nft || return
	reaches "$app" "$srv" 192.0.2.129 192.0.2.1
	reaches "$app" "$srv" 2001:db8:2::129 2001:db8:1::1
	transfers "$app" "$srv" 192.0.2.129 192.0.2.1
	transfers "$app2" "$srv" 2001:db8:2::129 2001:db8:1::1
	# by another way out, to the LAN
	reaches "$app" "$pc1" 203.0.113.121 203.0.113.126
	reaches "$app2" "$pc1" $LAN6:121 $LAN6:126
	# among themselves they are who they are
	reaches "$app" "$app2" 203.0.113.130 203.0.113.129
	reaches "$h1" "$app" 203.0.113.129 203.0.113.254
}

published()
{
	transfers "$srv" "$app" 192.0.2.1 192.0.2.129 port=8080 at=203.0.113.129 on=80
	transfers "$srv" "$app" 2001:db8:1::1 2001:db8:2::129 port=8080 at=$NAT6:129 on=80
	# from the LAN, and from behind the same gateway
	ask both "$pc1" "$app" 203.0.113.126 1000 port=8080 at=203.0.113.129 on=80
	check_eq "$ANSWER" "ok 1000 1000 203.0.113.121" "from the LAN"
	ask both "$app2" "$app" 192.0.2.1 1000 port=8080 at=203.0.113.129 on=80
	check_eq "$ANSWER" "ok 1000 1000 203.0.113.254" "from behind the gateway"
	# what is not published is not reached, even by who knows the way
	way_back add
	reaches_not "$srv" "$app" 203.0.113.129
	reaches_not "$srv" "$app" $NAT6:129
	way_back del
}

too_big()
{
	local addr

	printf '%s\n' "route add 192.0.2.129/32 dev in mtu lock 1400" \
		"route add 2001:db8:2::129/128 dev in mtu lock 1400" | ip_in "$isp" ||
		fail "routes of isp"
	for addr in 192.0.2.129 2001:db8:2::129; do
		ask pmtu "$app" "$srv" $addr 1500 $((5000 * CTNET_SLOW))
		check_eq "$ANSWER" "ok 1500 1400" "MTU of the path to $addr, before and after"
	done
	# by TCP, that is told as it goes
	transfers "$app2" "$srv" 192.0.2.129 192.0.2.1
	transfers "$app2" "$srv" 2001:db8:2::129 2001:db8:1::1
	check_match "$(ip -n "$app2" route get 192.0.2.129)" "mtu 1400" "route of app2"
	check_match "$(ip -n "$app2" route get 2001:db8:2::129)" "mtu 1400" "route of app2"
}

isolated()
{
	check ctn "$h1" -b - <<-EOT
		set-port net1 $app --isolated on
		set-port net1 $app2 --isolated on
	EOT
	reaches "$app" "$h1" 203.0.113.254 203.0.113.129
	reaches "$app2" "$h1" $NAT6:254 $NAT6:130
	reaches "$app" "$srv" 192.0.2.129 192.0.2.1
	reaches "$app2" "$srv" 2001:db8:2::129 2001:db8:1::1
	reaches_not "$app" "$app2" 203.0.113.130
	reaches_not "$app2" "$app" $NAT6:129
	# nor by way of the gateway
	printf '%s\n' "route add 203.0.113.130/32 via 203.0.113.254" \
		"route add $NAT6:130/128 via $NAT6:254" | ip_in "$app" || fail "routes of app"
	reaches_not "$app" "$app2" 203.0.113.130
	reaches_not "$app" "$app2" $NAT6:130
}

# ------------------------------------------------------------- with peers

peers()
{
	local n ns

	setup_host h2
	add_container far0 far1
	check ip link add ul0 netns "$h1" type veth peer name ul0 netns "$h2"
	for n in 1 2; do
		ns=h$n
		printf '%s\n' "addr add 198.51.100.$n/28 dev ul0" "link set ul0 up" |
			ip_in "${!ns}" || fail "no underlay"
	done
	check ctn "$h1" -b - <<-EOT
		set-net net0 --vni 100 --local 198.51.100.1
		set-net net1 --vni 101 --local 198.51.100.1
		add-peer net0 198.51.100.2
		add-peer net1 198.51.100.2
	EOT
	check ctn "$h2" -b - <<-EOT || return
		add-net net0 --vni 100 --local 198.51.100.2
		add-net net1 --vni 101 --local 198.51.100.2
		add-peer net0 198.51.100.1
		add-peer net1 198.51.100.1
		add-port net0 $far0 --address 203.0.113.3/25 --address $LAN6:3/64
		add-port net1 $far1 --address 203.0.113.131/25 --address $NAT6:131/64 --gateway 203.0.113.254 --gateway $NAT6:254
	EOT
	# the LAN, by way of h1
	listen "$far0"
	reaches "$far0" "$pc1" 203.0.113.121 203.0.113.3
	reaches "$pc2" "$far0" $LAN6:3 $LAN6:122
	reaches "$far0" "$h1" 203.0.113.126 203.0.113.3
	send_frame "$pc1" $BCAST $MPC1 once
	got_frames "$far0" eth0 once 1
	# the tunnel's MTU is told to the LAN
	ask pmtu "$pc1" "$far0" 203.0.113.3 1500 $((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok 1500 1450" "MTU of the path from the LAN, before and after"
	transfers "$pc1" "$far0" $LAN6:3 $LAN6:121
	# the gateway, by way of the tunnel
	transfers "$far1" "$srv" 192.0.2.129 192.0.2.1
	transfers "$far1" "$srv" 2001:db8:2::129 2001:db8:1::1
	# as before
	reaches "$web" "$pc1" 203.0.113.121 203.0.113.1
	reaches "$app2" "$srv" 192.0.2.129 192.0.2.1
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
run_test unmasked "the host forwards; without masquerading a server does not know the way back"
run_test masked "masquerading: the server sees the host, v4 and v6"
run_test published "a published port is reached from outside, and nothing else is"
run_test too_big "a smaller MTU outside is told to the container"
run_test isolated "isolated containers reach the gateway and outside, not one another"
run_test peers "the same with a VNI and a peer: the LAN and the gateway of another host"
