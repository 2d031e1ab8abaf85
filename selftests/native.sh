#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Native ports: a device of ctnet's own in the container, which is the port itself.
#
# timeout: 300
#
#	h1                                              h2
#	net0 (VNI 100) 203.0.113.254/24 -- ul0 -- ul0 -- net0
#	 |- c1 .1 native   |- c2 .2 native                `- r1 .4 native
#	 `- c3 .3 veth
#	eth0 (dummy): a container's interface may be called as one of the host
#
# Nobody speaks IPv6 but where a test says so: there are no frames that no test sends.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 tcpdump ethtool tc

readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02 M3=02:00:00:00:00:03 M4=02:00:00:00:00:04
readonly X=02:00:00:00:00:99 ALL=ff:ff:ff:ff:ff:ff

# native NS CONTAINER N [OPTION...]: attaches one
native() { ctn "$1" add-port net0 "$2" --type native --address "203.0.113.$3/24" --mac "02:00:00:00:00:0$3" "${@:4}"; }

add1() { check native "$h1" "$c1" 1; }

topology()
{
	topo_two_hosts
	add_container c1 c2 c3 r1 spare
	no_ipv6 "$h1" "$h2" "$c1" "$c2" "$c3" "$r1" "$spare"
	must ip -n "$h1" link add eth0 type dummy
	topo_network net0 100
	must ctn "$h1" set-net net0 --address 203.0.113.254/24
	must native "$h1" "$c1" 1
	must native "$h1" "$c2" 2
	must native "$h2" "$r1" 4
	must ctn "$h1" add-port net0 "$c3" --address 203.0.113.3/24 --mac $M3
	must ctn "$h1" add-fdb net0 $M4 --peer "$H2_IP" --ip 203.0.113.4
	must ctn "$h2" -b - <<-EOT
		add-fdb net0 $M1 --peer $H1_IP --ip 203.0.113.1
		add-fdb net0 $M3 --peer $H1_IP --ip 203.0.113.3
	EOT
}

port_name() { near_end "$h1" "$c1"; }

# gone [NS]: nothing is left of c1's port
gone()
{
	json_is 'all(.[]; .label != env.c1)' ctnetctl -n "$h1" -j list ports &&
		no_fdb "$h1" net0 $M1 && ! ip -n "${1:-$c1}" link show dev eth0 >/dev/null 2>&1
}

# back: it is made anew, and works
back() { add1; ping_ok "$c1" 203.0.113.2; }

# --------------------------------------------------------------- all of it

does_all()
{
	local out

	export c1
	check_eq "$(ip -n "$h1" -o link show type veth | grep -c .)" 2 "veths on the host: ul0 and c3's"
	out=$(ip -n "$c1" -d link show dev eth0)
	check_match "$out" 'ctnet_port' kind
	check_match "$out" "link/ether $M1" MAC
	check_match "$out" 'mtu 1450' MTU
	check_match "$out" 'eth0@if[0-9]+: <[A-Z,_]*LOWER_UP' carrier
	check_match "$out" 'link-netns' "where its network is"
	check_eq "$(in_ns "$c1" cat /sys/class/net/eth0/addr_assign_type)" 3 addr_assign_type
	check_eq "$(in_ns "$c1" cat /sys/class/net/eth0/name_assign_type)" 3 name_assign_type
	check_match "$(ip -n "$c1" -o addr show dev eth0)" 'inet 203\.0\.113\.1/24' address
	check port_is "$h1" net0 "$c1" '.native and (.port | test("^native/[0-9]+$")) and
		.container_ifname == "eth0" and .guard and .mtu_auto and .state == "up"'
	check port_is "$h1" net0 "$c3" '.native | not'
	check fdb_is "$h1" net0 $M1 '.type == "static" and (.port | startswith("native/"))'
	check_match "$(ctn "$h1" show net0)" "port native/[0-9]+ label $c1 ifname eth0" tree
	ping_ok "$c1" 203.0.113.2
	ping_ok "$c1" 203.0.113.3
	ping_ok "$c3" 203.0.113.1
	ping_ok "$c1" 203.0.113.254
	ping_ok "$c1" 203.0.113.4
	ping_ok "$r1" 203.0.113.1
}

streams()
{
	local a b addr

	for a in "c1 c2 203.0.113.2" "c1 c3 203.0.113.3" "c3 c1 203.0.113.1" "c1 r1 203.0.113.4" "r1 c1 203.0.113.1"; do
		read -r a b addr <<<"$a"
		ask tcp "${!a}" "${!b}" "$addr" 1000000
		check_eq "$ANSWER" "ok 1000000" "bytes from $a to $b"
	done
}

ethtools()
{
	check_match "$(in_ns "$c1" ethtool -i eth0)" 'driver: ctnet_port' driver
	check_match "$(in_ns "$c1" ethtool eth0)" 'Speed: 10000Mb/s.*Link detected: yes' link
	check_match "$(in_ns "$c1" ethtool -k eth0)" 'tx-checksumming: on.*tcp-segmentation-offload: on' offloads
	# what is off is done before it gets here
	check in_ns "$c1" ethtool -K eth0 tx off sg off tso off
	ask tcp "$c1" "$c2" 203.0.113.2 500000
	check_eq "$ANSWER" "ok 500000" "bytes without offloads"
	check in_ns "$c1" ethtool -K eth0 tx on sg on tso on
}

# ---------------------------------------------------- in the container

dumped()
{
	local f=$TMP/dump

	capture_start "$c1" eth0 "ether proto 0x88b5" "$f" || return
	listen "$c2"
	listen "$c1"
	send_frame "$c1" $M2 $M1 out count=5
	got_frames "$c2" eth0 out 5
	send_frame "$c2" $M1 $M2 in count=7
	got_frames "$c1" eth0 in 7
	capture_has "$f" 12
	capture_stop "$f"
	capture_is "$f" 5 "ether src $M1"
	capture_is "$f" 7 "ether dst $M1"
}

controlled()
{
	local start ms

	check in_ns "$c2" tc qdisc add dev eth0 clsact
	check in_ns "$c2" tc filter add dev eth0 ingress protocol all flower src_mac $M1 action drop
	no_ping "$c1" 203.0.113.2 || fail "what a filter drops was received"
	ping_ok "$c3" 203.0.113.2
	check in_ns "$c2" tc filter del dev eth0 ingress
	check in_ns "$c2" tc filter add dev eth0 egress protocol all flower dst_mac $M1 action drop
	no_ping "$c1" 203.0.113.2 || fail "what a filter drops was sent"
	check in_ns "$c2" tc qdisc del dev eth0 clsact
	listen "$c2"
	# what the container shapes is shaped
	check in_ns "$c1" tc qdisc add dev eth0 root tbf rate 1mbit burst 3000 limit 1000000
	start=$(now_ms)
	send_frame "$c1" $M2 $M1 shaped count=100 len=1000
	got_frames "$c2" eth0 shaped 100
	ms=$(($(now_ms) - start))
	((ms >= 600)) || fail "0.8 megabit came through 1 Mbit/s in $ms ms"
	check in_ns "$c1" tc qdisc del dev eth0 root
}

counted()
{
	local name rx tx before

	name=$(port_name)
	before=$(stats_of "$h1" ports net0 "$name")
	rx=$(link_stat "$c1" eth0 '"\(.rx.packets) \(.rx.bytes)"') tx=$(link_stat "$c1" eth0 '"\(.tx.packets) \(.tx.bytes)"')
	listen "$c2"
	listen "$c1"
	send_frame "$c1" $M2 $M1 count1 count=20 len=100
	send_frame "$c2" $M1 $M2 count2 count=30 len=200
	got_frames "$c2" eth0 count1 20
	got_frames "$c1" eth0 count2 30
	check_eq "$(grew "$before" "$(stats_of "$h1" ports net0 "$name")")" "20 2000 30 6000" "the port's"
	check_eq "$(grew "$tx" "$(link_stat "$c1" eth0 '"\(.tx.packets) \(.tx.bytes)"')")" "20 2000" "sent by the device"
	check_eq "$(grew "$rx" "$(link_stat "$c1" eth0 '"\(.rx.packets) \(.rx.bytes)"')")" "30 6000" "received by it"
}

# ------------------------------------------------------------ forwarding

guarded()
{
	local mac ip

	mac=$(drops "$h1" net0 guard_mac) ip=$(drops "$h1" net0 guard_ip)
	listen "$c2"
	send_frame "$c1" $M2 $X forged count=5
	wait_until 5000 at_least $((mac + 5)) drops "$h1" net0 guard_mac
	got_frames "$c2" eth0 forged 0
	check ip -n "$c1" addr add 203.0.113.77/24 dev eth0
	no_ping "$c1" "203.0.113.2 -I 203.0.113.77" || fail "another's address passed"
	in_ns "$c1" ping -nqc2 -W1 -I 203.0.113.77 203.0.113.2 >/dev/null
	wait_until 5000 at_least $((ip + 1)) drops "$h1" net0 guard_ip
	check ip -n "$c1" addr del 203.0.113.77/24 dev eth0
	# without it MACs are learned
	check ctn "$h1" set-port net0 "$c1" --guard off
	send_frame "$c1" $M2 $X free
	got_frames "$c2" eth0 free 1
	wait_until 5000 fdb_is "$h1" net0 $X '.type == "learned" and (.port | startswith("native/"))'
	check ctn "$h1" flush-fdb net0 --learned --port "$(port_name)"
	check no_fdb "$h1" net0 $X
	check ctn "$h1" set-port net0 "$c1" --guard on
}

flooded()
{
	local c

	for c in "$c1" "$c2" "$c3" "$r1"; do
		listen "$c"
	done
	send_frame "$c1" $ALL $M1 wide count=3
	for c in "$c2" "$c3" "$r1"; do
		got_frames "$c" eth0 wide 3
	done
	got_frames "$c1" eth0 wide 0
	send_frame "$c3" $ALL $M3 towards count=3
	got_frames "$c1" eth0 towards 3
	check ctn "$h1" set-port net0 "$c2" --flood off
	send_frame "$c1" $ALL $M1 less
	got_frames "$c3" eth0 less 1
	got_frames "$c2" eth0 less 0
	check ctn "$h1" set-port net0 "$c2" --flood on
}

flags()
{
	check ctn "$h1" -b - <<-EOT
		set-port net0 $c1 --isolated on
		set-port net0 $c2 --isolated on
	EOT
	listen "$c2"
	listen "$c1"
	send_frame "$c1" $M2 $M1 alone
	send_frame "$c3" $M2 $M3 notalone
	got_frames "$c2" eth0 notalone 1
	got_frames "$c2" eth0 alone 0
	ping_ok "$c1" 203.0.113.254
	check ctn "$h1" -b - <<-EOT
		set-port net0 $c1 --isolated off --hairpin on --guard off
		set-port net0 $c2 --isolated off
	EOT
	send_frame "$c1" $M1 $X mirrored count=2
	got_frames "$c1" eth0 mirrored 2
	check ctn "$h1" -b - <<-EOT
		set-port net0 $c1 --hairpin off --guard on
		flush-fdb net0 --learned
	EOT
}

# --------------------------------------------------------- as the host has it

mtu()
{
	check_eq "$(mtu_of "$c1" eth0)" 1450 "MTU"
	check ctn "$h1" set-net net0 --mtu 1400
	check_eq "$(mtu_of "$c1" eth0)" 1400 "MTU that follows"
	# one that sets its own keeps it, and holds nobody down
	check ip -n "$c1" link set eth0 mtu 1300
	check ctn "$h1" set-net net0 --mtu auto
	wait_until 5000 mtu_is "$h1" net0 1450
	check_eq "$(mtu_of "$c1" eth0)" 1300 "MTU that the container set"
	check_eq "$(mtu_of "$c2" eth0)" 1450 "MTU of the other"
	# who sends it too much is told
	check_not ip netns exec "$c2" ping -nc2 -W1 -M "do" -s 1372 203.0.113.1
	check_match "$OUT" 'mtu ?= ?1300' "what the sender was told"
	check in_ns "$c2" ip route flush cache
	check ctn "$h1" set-port net0 "$c1" --mtu auto
	check_eq "$(mtu_of "$c1" eth0)" 1450 "MTU that follows again"
	# one that it is given limits the network's
	check ctn "$h1" set-port net0 "$c1" --mtu 1350
	check_eq "$(mtu_of "$c1" eth0)" 1350 "MTU that it was given"
	wait_until 5000 mtu_is "$h1" net0 1350
	check ip -n "$c1" link set eth0 mtu 1290
	check ip -n "$c1" link set eth0 mtu 1350
	check ctn "$h1" set-port net0 "$c1" --mtu auto
	wait_until 5000 mtu_is "$h1" net0 1450
	wait_until 5000 mtu_is "$c1" eth0 1450
}

runs() { [[ $(ip -n "$1" link show dev eth0) == *LOWER_UP*"state UP"* ]]; }

mtu_is() { [[ $(mtu_of "$1" "$2") == "$3" ]]; }

carrier()
{
	check ip -n "$h1" link set net0 down
	check_match "$(ip -n "$c1" link show dev eth0)" 'NO-CARRIER' "the network is down"
	check ip -n "$h1" link set net0 up
	wait_until 5000 runs "$c1"
	ping_ok "$c1" 203.0.113.2
	check ctn "$h1" add-net dark
	check ip -n "$h1" link set dark down
	check ctn "$h1" add-port dark "$spare" --type native
	check_match "$(ip -n "$spare" link show dev eth0)" 'NO-CARRIER' "one of a network that is down"
	check ctn "$h1" del-net dark
	check_not ip -n "$spare" link show dev eth0
}

moves()
{
	check ip -n "$c1" link set eth0 down
	check ip -n "$c1" link set eth0 name web0
	check ip -n "$c1" link set web0 up
	# it is known by what it was made as
	check_match "$(ctn "$h1" list ports net0)" "web0" "the name it has now"
	check ctn "$h1" set-port net0 "$c1" --learning off
	check ctn "$h1" set-port net0 "$c1" --learning on
	check ip -n "$c1" link set web0 netns "$spare" name eth0
	check ip -n "$spare" addr add 203.0.113.1/24 dev eth0
	check ip -n "$spare" link set eth0 up
	ping_ok "$spare" 203.0.113.2
	check port_is "$h1" net0 "$c1" '.container_ifname == "eth0"'
	check ctn "$h1" del-port net0 "$spare"
	check gone "$spare"
	back
}

events()
{
	local f=$TMP/events

	background ctnetctl -n "$h1" -j monitor net0 >"$f"
	wait_until 10000 poke net0 "$f"
	check ctn "$h1" del-port net0 "$c1"
	add1
	check ip -n "$c1" link set eth0 down
	check ip -n "$c1" link set eth0 name other
	check ip -n "$c1" link set other name eth0
	check ip -n "$c1" link set eth0 up
	wait_until 5000 has_event "$f" 'like({object: "port", event: "del", native: true, label: env.c1})'
	wait_until 5000 has_event "$f" '.object == "port" and .event == "add" and (.port | startswith("native/"))'
	wait_until 5000 has_event "$f" 'like({object: "port", event: "set", native: true, label: env.c1})'
	wait_until 5000 has_event "$f" '.object == "fdb" and .event == "add" and (.port | startswith("native/"))'
	kill_wait "$BG_PID"
}

by_hand()
{
	check ip -n "$h1" link add link net0 name p9 netns "$spare" type ctnet_port
	check port_is "$h1" net0 "$(hand_made)" '.native and (.guard | not) and .learning'
	check ip -n "$spare" link set p9 up
	listen "$c3"
	send_from "$spare" p9 $M3 $X hand
	got_frames "$c3" eth0 hand 1
	check ctn "$h1" del-port net0 --port "$(hand_made)"
	check_not ip -n "$spare" link show dev p9
	# a container of the same user namespace may not name the network
	refused 2 'from the network.s namespace' ip -n "$c1" link add name p9 link-netnsid 0 \
		link "$(ifindex_of "$h1" net0 | sed 's/^/if/')" type ctnet_port
	refused 2 'No network is named|RTNETLINK' ip -n "$h1" link add name p9 type ctnet_port
	refused 2 'not a ctnet network' ip -n "$h1" link add name p9 link ul0 type ctnet_port
}

hand_made() { json '[.[] | select(.native and .label == null) | .port] | first' ctnetctl -n "$h1" -j list ports net0; }
send_from() { ask send "$1" "$2" "${@:3}"; }

privilege()
{
	check_not ip netns exec "$h1" unshare -r ip link add link net0 name p9 type ctnet_port
	check_match "$OUT" 'not permitted' "another user of the host"
	# of both namespaces: whose container it is does not matter then
	check_not ip netns exec "$h1" unshare -Ur --kill-child ctnetctl add-port net0 "$spare" --type native
	check_not ip -n "$spare" link show dev eth0
}

# ------------------------------------------------------------------ deletion

deleted_there() { check ip -n "$c1" link del eth0; check gone; back; }
deleted_here() { check ctn "$h1" del-port net0 "$c1"; check gone; back; }
deleted_by_port() { check ctn "$h1" del-port net0 --port "$(port_name)"; check gone; back; }
deleted_by_label() { check ctn "$h1" del-port net0 --label "$c1"; check gone; back; }

container_goes()
{
	setup_ns tmp
	check ctn "$h1" add-port net0 "$tmp" --type native --address 203.0.113.9/24 --label tmp
	del_ns "$tmp"
	wait_until 20000 json_is 'all(.[]; .label != "tmp")' ctnetctl -n "$h1" -j list ports
}

no_eth0() { ! ip -n "$1" link show dev eth0 >/dev/null 2>&1; }

network_goes()
{
	local how i

	for how in "ctnetctl -n $h1 del-net n1" "ip -n $h1 link del n1"; do
		check ctn "$h1" add-net n1
		check ctn "$h1" -b - <<-EOT
			add-port n1 $spare --type native --address 10.1.0.1/24
			add-port n1 $c3 --type native --ifname eth1 --address 10.1.0.2/24
		EOT
		in_ns "$spare" ping -nqfc 3000 -w 3 10.1.0.2 >/dev/null &
		nap 0.2
		# shellcheck disable=SC2086 # words
		check $how
		wait $!
		for i in "$spare eth0" "$c3 eth1"; do
			# shellcheck disable=SC2086 # words
			check_not ip -n ${i% *} link show dev ${i#* }
		done
	done
	# with its namespace
	setup_ns hx
	check ctn "$hx" add-net n1
	check ctn "$hx" add-port n1 "$spare" --type native
	del_ns "$hx"
	wait_until 20000 no_eth0 "$spare"
}

# -------------------------------------------------------- nothing is left

refusals()
{
	refused 1 'must be veth or native' ctn "$h1" add-port net0 "$spare" --type tap
	refused 1 'has no near end' ctn "$h1" add-port net0 "$spare" --type native --host-ifname x
	refused 1 'does not go with --dev' ctn "$h1" add-port net0 --dev eth0 --type native
	refused 2 'already has eth0 on network net0' ctn "$h1" add-port net0 "$c1" --type native
	refused 2 'has --type native' ctn "$h1" add-port net0 "$c1" --type veth --may-exist
	refused 2 'has --type veth' ctn "$h1" add-port net0 "$c3" --type native --may-exist
	refused 2 '203.0.113.2 is already that of port' \
		ctn "$h1" add-port net0 "$spare" --type native --address 203.0.113.2/24
	refused 2 'the gateway is in none|invalid gateway' ctn "$h1" add-port net0 "$spare" --type native \
		--address 203.0.113.8/24 --gateway 198.51.100.1
	refused 2 'no near end' ctn "$h1" set-port net0 "$c1" --host-ifname x
	refused 2 'no port "native/99"' ctn "$h1" del-port net0 --port native/99
	refused 1 'with a number' ctn "$h1" del-port net0 --port native/x
	check_not ip -n "$spare" link show dev eth0
	check ctn "$h1" add-port net0 "$c1" --type native --may-exist
}

# --------------------------------------------------------- configurations

round_trip()
{
	local f=$TMP/saved

	ctn "$h1" save >"$f" || fail "save"
	check_match "$(<"$f")" "add-port net0 $c1 --type native" saved
	check ctn "$h1" sync "$f" --dry-run
	check_eq "$OUT" "" "what a sync with what is there would do"
	check ctn "$h1" del-net net0
	check_not ip -n "$c1" link show dev eth0
	check ctn "$h1" restore "$f"
	check_eq "$(ctn "$h1" save)" "$(<"$f")" "saved again"
	ping_ok "$c1" 203.0.113.2
	ping_ok "$c1" 203.0.113.4
}

synced()
{
	local f=$TMP/sync

	ctn "$h1" save >"$f"
	sed "s/ --type native//; /add-port net0 $c2/d" "$f" >"$f.veth"
	check ctn "$h1" sync "$f.veth"
	check port_is "$h1" net0 "$c1" '.native | not'
	check_match "$(ip -n "$c1" -d link show dev eth0)" 'veth' kind
	check_not ip -n "$c2" link show dev eth0
	check ctn "$h1" sync "$f"
	check_eq "$(ctn "$h1" save)" "$(<"$f")" "saved again"
	ping_ok "$c1" 203.0.113.2
	# to another network
	check ctn "$h1" add-net net2
	ctn "$h1" save | sed "s/add-port net0 $c1/add-port net2 $c1/" >"$f.moved"
	sed -i "/add-port net2 $c1/{h;d};\${p;x}" "$f.moved"
	check ctn "$h1" sync "$f.moved"
	check port_is "$h1" net2 "$c1" '.native'
	check ctn "$h1" sync "$f"
	check port_is "$h1" net0 "$c1" '.native'
	ping_ok "$c1" 203.0.113.2
}

# of the many
least_received() { json '[.[] | select(.ifname | test("^n[0-9]")) | .stats64.rx.packets] | min' ip -n "$spare" -s -j link show; }

many()
{
	local i n=40 names=()

	check ctn "$h1" add-net n1
	for ((i = 1; i <= n; i++)); do
		names+=("--ifname n$i")
	done
	check ctn "$h1" -b - < <(printf "add-port n1 $spare --type native %s\n" "${names[@]}")
	check net_is "$h1" n1 ".port_count == $n"
	check_eq "$(ip -n "$spare" -o link show type ctnet_port | grep -c .)" $n "devices"
	check ctn "$h1" add-port n1 "$c3" --ifname eth1 --guard off
	# a broadcast reaches each of them
	ask send "$c3" eth1 $ALL $X many
	wait_until 10000 at_least 1 least_received
	check ctn "$h1" del-net n1
	check_eq "$(ip -n "$spare" -o link show type ctnet_port | grep -c .)" 0 "devices that are left"
}

topology
export c1
python_start frames.py

run_test does_all "a device in the container, none on the host; ports, host and peers are reached"
run_test streams "streams to native ports, veths and peers, both ways"
run_test ethtools "ethtool: driver, link, offloads"
run_test dumped "tcpdump in the container sees what it sends and receives"
run_test controlled "so do its tc filters and shapers"
run_test counted "counters of device and port are exact"
run_test guarded "the guard; and learning without it"
run_test flooded "floods to it and from it"
run_test flags "isolated, hairpin"
run_test mtu "the MTU follows the network's, unless it is given or set in there"
run_test carrier "the carrier is the network's"
run_test moves "it is renamed, and moves to another namespace"
run_test events "events"
run_test by_hand "made by ip link; from the network's namespace only"
run_test privilege "privilege over both namespaces is needed"
run_test deleted_there "deleted in the container"
run_test deleted_here "deleted by del-port TARGET"
run_test deleted_by_port "by its name"
run_test deleted_by_label "by its label"
run_test container_goes "it goes with its container"
run_test network_goes "with its network, under traffic, and with that's namespace"
refusal_test refusals "what is refused leaves nothing"
run_test round_trip "save and restore"
run_test synced "sync: from a veth, to one, to another network, away"
run_test many "many of them, and a flood to all"
