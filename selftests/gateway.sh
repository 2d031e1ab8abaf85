#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# A network whose host is the gateway, with masquerading and a published port, besides one with
# an uplink; and what of it outlives a reboot. The topology, and the recipes, are in uplinks.sh.
#
#	h2 (namespace), at last: the peer of h1 for net0 (VNI 100) and net1 (VNI 101)
#	ul0 198.51.100.2 ---veth--- h1 ul0 198.51.100.1
#	net0 - far0 eth0 .3      net1 - far1 eth0 .131

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/uplinks.sh
. "$(dirname "$0")/lib/uplinks.sh"

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
	# from a container of another network, by any address of the host
	ask both "$web" "$app" 203.0.113.126 1000 port=8080 at=203.0.113.129 on=80
	check_eq "$ANSWER" "ok 1000 1000 203.0.113.1" "from another network"
	published_here
	# what is not published is not reached, even by who knows the way
	way_back add
	reaches_not "$srv" "$app" 203.0.113.129
	reaches_not "$srv" "$app" $NAT6:129
	way_back del
}

# from the host itself: by its addresses, and by those that are nobody else's
published_here()
{
	local addr

	for addr in 192.0.2.1 203.0.113.254 127.0.0.1 127.0.0.2; do
		ask both "$h1" "$app" $addr 1000 port=8080 at=203.0.113.129 on=80
		check_match "$ANSWER" '^ok 1000 1000 (203.0.113.254|192.0.2.1)$' "from the host by $addr"
	done
	for addr in 2001:db8:1::1 $NAT6:254; do
		ask both "$h1" "$app" "$addr" 1000 port=8080 at=$NAT6:129 on=80
		check_match "$ANSWER" '^ok 1000 1000 2001:db8:' "from the host by $addr"
	done
	# refused at once, so that whoever means localhost goes on to 127.0.0.1, which answers (above)
	ask refused "$h1" "$app" ::1 port=8080 at=$NAT6:129 on=80
	check_eq "$ANSWER" "ok refused" "from the host by ::1"
	# the host's loopback is still its own
	ip -n "$app2" route add 127.0.0.9/32 via 203.0.113.254 2>/dev/null ||
		fail "no route to another's loopback address"
	check ip netns exec "$app2" sysctl -qw net.ipv4.conf.all.route_localnet=1
	reaches_not "$app2" "$h1" 127.0.0.9
	check ip netns exec "$app2" sysctl -qw net.ipv4.conf.all.route_localnet=0
	check ip -n "$app2" route del 127.0.0.9/32
}

# A table that drops what the host forwards, as dockerd makes one: all is lost, and as README
# has it all passes again, and nothing else does.
forward_policy()
{
	local f

	for f in ip ip6; do
		cat <<-EOT
			table $f filter {
				chain DOCKER-USER {
				}
				chain FORWARD {
					type filter hook forward priority filter; policy drop;
					jump DOCKER-USER
				}
			}
		EOT
	done >"$TMP/dockerd.nft"
	check ip netns exec "$h1" nft -f "$TMP/dockerd.nft"
	reaches_not "$app" "$srv" 192.0.2.129
	reaches_not "$app" "$srv" 2001:db8:2::129
	# what the host does not forward, passes; so does what is among containers
	published_here
	reaches "$app" "$app2" 203.0.113.130 203.0.113.129
	check recipe < <(readme 'DOCKER-USER')
	check_eq "$(in_ns "$h1" nft list ruleset | grep -c 'name "net1" accept')" 4 "rules for dockerd"
	reaches "$app" "$srv" 192.0.2.129 192.0.2.1
	reaches "$app2" "$srv" 2001:db8:2::129 2001:db8:1::1
	transfers "$srv" "$app" 192.0.2.1 192.0.2.129 port=8080 at=203.0.113.129 on=80
	transfers "$srv" "$app" 2001:db8:1::1 2001:db8:2::129 port=8080 at=$NAT6:129 on=80
	way_back add
	reaches_not "$srv" "$app" 203.0.113.129
	reaches_not "$srv" "$app" $NAT6:129
	way_back del
	# what is not net1's is dockerd's to drop
	reaches_not "$web" "$srv" 192.0.2.129
	check ip netns exec "$h1" nft delete table ip filter
	check ip netns exec "$h1" nft delete table ip6 filter
}

# What README has kept is there after a reboot, for which all else is as at its beginning.
reboot()
{
	local -a forwards=(net.ipv4.ip_forward net.ipv6.conf.all.forwarding)
	local post

	mkdir -p "$TMP/etc/sysctl.d"
	printf '#!/usr/sbin/nft -f\nflush ruleset\n' >"$TMP/etc/nftables.conf"
	check recipe < <(readme '^    systemctl enable nftables') || return
	check ctn "$h1" -b - <<<$'del-net net0\ndel-net net1'
	check ip netns exec "$h1" nft flush ruleset
	check ip netns exec "$h1" sysctl -qw "${forwards[@]/%/=0}"
	check_eq "$(ip -n "$h1" route show default)" "" "default routes"
	# as the units do, in the order in which they are started
	check ip netns exec "$h1" nft -f "$TMP/etc/nftables.conf"
	check ctn "$h1" restore "$TMP/etc/ctnet.conf"
	post=$(sed -n 's/^ExecStartPost=//p' "$TMP/etc/systemd/system/ctnet.service.d/route.conf")
	check_match "$post" '^/sbin/ip route replace default via' "what the unit runs"
	# shellcheck disable=SC2086 # words
	check ip netns exec "$h1" $post
	check ip netns exec "$h1" sysctl -qp "$TMP/etc/sysctl.d/60-ctnet.conf"
	check_match "$(ip -n "$h1" route show default)" 'via 203.0.113.120 dev net0' "default route"
	reaches "$web" "$pc1" 203.0.113.121 203.0.113.1
	reaches "$pc1" "$h1" 203.0.113.126
	reaches "$app" "$srv" 192.0.2.129 192.0.2.1
	transfers "$srv" "$app" 192.0.2.1 192.0.2.129 port=8080 at=203.0.113.129 on=80
	published_here
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
must recipe_lan

run_test unmasked "the host forwards; without masquerading a server does not know the way back"
run_test masked "masquerading: the server sees the host, v4 and v6"
run_test published "a published port is reached from outside, from other containers and the host itself, and nothing else is"
run_test forward_policy "a table that drops what is forwarded, as dockerd's, and what lets pass"
run_test reboot "what README has kept is there after a reboot"
run_test too_big "a smaller MTU outside is told to the container"
run_test isolated "isolated containers reach the gateway and outside, not one another"
run_test peers "the same with a VNI and a peer: the LAN and the gateway of another host"
