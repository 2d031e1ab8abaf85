#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: the basics, on the kernel that users have
# timeout: 240
#
# Forwarding within one host: what goes where, what is dropped, what is counted.
#
#	h1 (namespace)                          c1 c2 c3 (namespaces)
#	net0 203.0.113.254/24                   eth0 203.0.113.1/24, .2, .3
#	 |   2001:db8:100::fe/64                     2001:db8:100::1/64, ::2, ::3
#	 |   02:00:00:00:00:fe                       02:00:00:00:00:01, :02, :03
#	 |- p1 ---veth--- c1 eth0
#	 |- p2 ---veth--- c2 eth0
#	 `- p3 ---veth--- c3 eth0
#
#	q (namespace), without IPv6: nothing is sent in here that a test does not send
#	net0 203.0.113.254/24
#	 |- p1 ---veth--- d1 eth0 203.0.113.1/24
#	 `- p2 ---veth--- d2 eth0 203.0.113.2/24

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 tcpdump ethtool
readonly BCAST=ff:ff:ff:ff:ff:ff MCAST=01:00:5e:7f:00:01
readonly M1=02:00:00:00:00:01 M2=02:00:00:00:00:02 M3=02:00:00:00:00:03
readonly MH=02:00:00:00:00:fe NOBODY=02:00:00:00:99:99

setup_host h1 q
add_container c1 c2 c3 d1 d2

topology()
{
	local i c

	for i in 1 2 3; do
		c=c$i
		echo "link add p$i netns $h1 type veth peer name eth0 address" \
			"02:00:00:00:00:0$i netns ${!c}"
		c=d$i
		[[ $i -eq 3 ]] || echo "link add p$i netns $q type veth peer name eth0" \
			"address 02:00:00:00:00:0$i netns ${!c}"
	done
}

quiet()
{
	local ns

	for ns in "$q" "$d1" "$d2"; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	done
}

build()
{
	local i c

	topology | ip -batch - || die "setup: veths"
	quiet
	ctn "$h1" -b - <<-EOT || die "setup: network"
		add-net net0 --mac $MH --address 203.0.113.254/24 --address 2001:db8:100::fe/64
		add-port net0 --dev p1
		add-port net0 --dev p2
		add-port net0 --dev p3
	EOT
	ctn "$q" -b - <<-EOT || die "setup: quiet network"
		add-net net0 --mac $MH --address 203.0.113.254/24
		add-port net0 --dev p1
		add-port net0 --dev p2
	EOT
	for i in 1 2 3; do
		c=c$i
		ip_in "${!c}" <<-EOT || die "setup: $c"
			addr add 203.0.113.$i/24 dev eth0
			addr add 2001:db8:100::$i/64 dev eth0 nodad
			link set eth0 up
		EOT
	done
	for i in 1 2; do
		c=d$i
		ip_in "${!c}" <<-EOT || die "setup: $c"
			addr add 203.0.113.$i/24 dev eth0
			link set eth0 up
			neigh add 203.0.113.$((3 - i)) lladdr 02:00:00:00:00:0$((3 - i)) nud permanent dev eth0
			neigh add 203.0.113.254 lladdr $MH nud permanent dev eth0
		EOT
	done
	ip_in "$q" <<-EOT || die "setup: q"
		neigh add 203.0.113.1 lladdr $M1 nud permanent dev net0
		neigh add 203.0.113.2 lladdr $M2 nud permanent dev net0
	EOT
}

# Frames that are sent after those of a test, to all, from c1: when they have arrived,
# the others have, or will not.
sync_frames()
{
	local ns

	send_frame "$c1" $BCAST $M1 "$1-end"
	for ns; do
		[[ $ns == "$1" ]] || got_frames "$ns" eth0 "$1-end" 1
	done
}

# counted REASON N COMMAND...: the command makes net0 drop exactly N frames for REASON
counted()
{
	local reason=$1 n=$2 before

	shift 2
	before=$(drops "$h1" net0 "$reason")
	[[ -n $before ]] || { fail "no counter of drops: $reason"; return 1; }
	"$@"
	wait_until 5000 at_least $((before + n)) drops "$h1" net0 "$reason"
	check_eq "$(drops "$h1" net0 "$reason")" $((before + n)) "drops: $reason"
}

# learn_all: the table knows where the containers are
learn_all()
{
	send_frame "$c1" $BCAST $M1 learn
	send_frame "$c2" $BCAST $M2 learn
	send_frame "$c3" $BCAST $M3 learn
}

# ------------------------------------------------------------------- tests

ping_containers()
{
	wait_for_ping "$c1" 203.0.113.2
	wait_for_ping "$c2" 203.0.113.3
	wait_for_ping "$c1" 2001:db8:100::2
	wait_for_ping "$c3" 2001:db8:100::1
}

ping_host()
{
	wait_for_ping "$h1" 203.0.113.1
	wait_for_ping "$c2" 203.0.113.254
	wait_for_ping "$h1" 2001:db8:100::1
	wait_for_ping "$c2" 2001:db8:100::fe
}

tcp_containers()
{
	tcp_bytes "$c1" "$c2" 203.0.113.2
	tcp_bytes "$c2" "$c1" 2001:db8:100::1
}

tcp_host()
{
	tcp_bytes "$c1" "$h1" 203.0.113.254
	tcp_bytes "$h1" "$c1" 203.0.113.1
	tcp_bytes "$c2" "$h1" 2001:db8:100::fe
	tcp_bytes "$h1" "$c2" 2001:db8:100::2
}

# flooded DST TAG: three frames from c1 reach all others, once each, and not c1
flooded()
{
	send_frame "$c1" "$1" $M1 "$2" count=3
	sync_frames "$2" "$c2" "$c3"
	got_frames "$h1" net0 "$2-end" 1
	got_frames "$c2" eth0 "$2" 3
	got_frames "$c3" eth0 "$2" 3
	got_frames "$h1" net0 "$2" 3
	got_frames "$c1" eth0 "$2" 0
}

broadcast() { flooded $BCAST bcast; }
multicast() { flooded $MCAST mcast; flooded 33:33:00:00:00:77 mcast6; }
unknown() { flooded $NOBODY unknown; }

host_floods()
{
	ask send "$h1" net0 $BCAST $MH hostbcast
	got_frames "$c1" eth0 hostbcast 1
	got_frames "$c2" eth0 hostbcast 1
	got_frames "$c3" eth0 hostbcast 1
	got_frames "$h1" net0 hostbcast 0
}

unknown_off()
{
	check ctn "$h1" set-net net0 --flood off
	check net_is "$h1" net0 '.flood | not'
	counted unknown 3 send_frame "$c1" $NOBODY $M1 noflood count=3
	# broadcast goes on
	sync_frames noflood "$c2" "$c3"
	got_frames "$c2" eth0 noflood 0
	got_frames "$c3" eth0 noflood 0
	got_frames "$h1" net0 noflood 0
	check ctn "$h1" set-net net0 --flood on
	flooded $NOBODY floodagain
}

port_flood_off()
{
	learn_all
	check ctn "$h1" set-port net0 --dev p3 --flood off
	send_frame "$c1" $BCAST $M1 pflood
	send_frame "$c1" $NOBODY $M1 pflood
	# what is for it arrives
	send_frame "$c1" $M3 $M1 pflood-end
	got_frames "$c3" eth0 pflood-end 1
	got_frames "$c2" eth0 pflood 2
	got_frames "$c3" eth0 pflood 0
	check ctn "$h1" set-port net0 --dev p3 --flood on
	flooded $BCAST pfloodagain
}

unicast_alone()
{
	learn_all
	send_frame "$c1" $M2 $M1 ucast count=3
	sync_frames ucast "$c2" "$c3"
	got_frames "$c2" eth0 ucast 3
	got_frames "$c3" eth0 ucast 0
	got_frames "$h1" net0 ucast 0
	got_frames "$c1" eth0 ucast 0
}

not_back()
{
	# a second MAC behind p1: what c1 sends to it is not for the network
	send_frame "$c1" $BCAST 02:00:00:00:01:01 back-learn
	counted hairpin 2 send_frame "$c1" 02:00:00:00:01:01 $M1 back count=2
	sync_frames back "$c2" "$c3"
	got_frames "$c1" eth0 back 0
	got_frames "$c2" eth0 back 0
}

hairpin()
{
	send_frame "$c1" $BCAST 02:00:00:00:01:01 hp-learn
	check ctn "$h1" set-port net0 --dev p1 --hairpin on
	counted hairpin 0 send_frame "$c1" 02:00:00:00:01:01 $M1 hp
	got_frames "$c1" eth0 hp 1
	# unknown unicast, too; but no broadcast and no multicast: who hears his own takes
	# them for another's of the same address
	send_frame "$c1" $NOBODY $M1 hpunknown
	got_frames "$c1" eth0 hpunknown 1
	send_frame "$c1" $BCAST $M1 hpbcast
	send_frame "$c1" $MCAST $M1 hpmcast
	sync_frames hp "$c2" "$c3"
	got_frames "$c1" eth0 hpbcast 0
	got_frames "$c1" eth0 hpmcast 0
	got_frames "$c2" eth0 hpbcast 1
	got_frames "$c2" eth0 hpmcast 1
	check ctn "$h1" set-port net0 --dev p1 --hairpin off
	counted hairpin 1 send_frame "$c1" 02:00:00:00:01:01 $M1 hpoff
	got_frames "$c1" eth0 hpoff 0
}

# Duplicate detection and IPv4 address conflict detection (RFC 5227) behind a port with
# hairpin: nobody hears himself ask.
hairpin_dad()
{
	check ctn "$h1" set-port net0 --dev p1 --hairpin on
	check ip -n "$c1" addr add 2001:db8:100::77/64 dev eth0
	wait_until 10000 settled "$c1"
	check_eq "$(ip -n "$c1" -o addr show dadfailed)" "" "addresses that duplicate detection refused"
	check ip -n "$c1" addr del 2001:db8:100::77/64 dev eth0
	check ctn "$h1" set-port net0 --dev p1 --hairpin off
}

# Those that go to the port's own stack, and BPDUs, are likebridge.sh's.
link_local_groups()
{
	local group

	for group in 02 03 0e 0f; do
		counted link_local 0 send_frame "$c1" "01:80:c2:00:00:$group" $M1 ll
	done
	counted link_local 1 send_frame "$c1" 01:80:c2:00:00:01 $M1 ll
	# the host's own are for nobody
	for group in 00 01 03; do
		counted link_local 1 ask send "$h1" net0 "01:80:c2:00:00:$group" $MH ll
	done
	# the next one is an ordinary group
	send_frame "$c1" 01:80:c2:00:00:10 $M1 ll-end
	got_frames "$c2" eth0 ll-end 1
	got_frames "$c2" eth0 ll 0
	got_frames "$h1" net0 ll 0
}

bad_source()
{
	counted source 2 send_frame "$c1" $BCAST 00:00:00:00:00:00 badsrc count=2
	counted source 2 send_frame "$c1" $M2 01:00:5e:00:00:01 badsrc count=2
	counted source 1 send_frame "$c1" $BCAST $BCAST badsrc
	sync_frames badsrc "$c2" "$c3"
	got_frames "$c2" eth0 badsrc 0
	check_not grep -qE '00:00:00:00:00:00|01:00:5e|ff:ff:ff' <<<"$(ctn "$h1" list fdb net0)"
}

vlan_tags()
{
	learn_all
	send_frame "$c1" $M2 $M1 vlan vlan=5 len=200
	got_frames "$c2" eth0 vlan 1
	check_eq "$ANSWER" "ok 1 vlan=5 len=200" "tagged unicast"
	# it was learned without a tag: the table is keyed by MAC alone
	sync_frames vlan "$c2" "$c3"
	got_frames "$c3" eth0 vlan 0
	# priority and DEI, too
	send_frame "$c1" $BCAST $M1 vlanprio vlan=$((0xf005)) len=201
	got_frames "$c2" eth0 vlanprio 1
	check_eq "$ANSWER" "ok 1 vlan=$((0xf005)) len=201" "tagged broadcast"
	got_frames "$c3" eth0 vlanprio 1
	check_eq "$ANSWER" "ok 1 vlan=$((0xf005)) len=201" "tagged broadcast"
	got_frames "$h1" net0 vlanprio 1
	check_eq "$ANSWER" "ok 1 vlan=$((0xf005)) len=201" "tagged broadcast at the host"
	send_frame "$c1" $M2 $M1 novlan len=200
	got_frames "$c2" eth0 novlan 1
	check_eq "$ANSWER" "ok 1 vlan=None len=200" "untagged"
}

promiscuous()
{
	local pcap=$TMP/promisc

	learn_all
	capture_start "$h1" net0 "ether proto 0x88b5 and ether dst $M2" "$pcap" || return
	send_frame "$c1" $M2 $M1 promisc count=3
	got_frames "$c2" eth0 promisc 3
	capture_has "$pcap" 3
	capture_stop "$pcap"
	check_eq "$(capture_count "$pcap")" 3 "frames captured"
	check_match "$(tcpdump -ner "$pcap" 2>/dev/null)" "$M1 > $M2" capture
	# the capture is over
	send_frame "$c1" $M2 $M1 promiscoff
	got_frames "$c2" eth0 promiscoff 1
	got_frames "$h1" net0 promiscoff 0
}

too_big()
{
	learn_all
	check ip -n "$h1" link set p2 mtu 600
	# MTU, Ethernet header, VLAN tag
	send_frame "$c1" $M2 $M1 fits len=618
	got_frames "$c2" eth0 fits 1
	counted too_big 2 send_frame "$c1" $M2 $M1 big len=619 count=2
	# others get it
	counted too_big 1 send_frame "$c1" $BCAST $M1 bigflood len=1000
	got_frames "$c3" eth0 bigflood 1
	got_frames "$c2" eth0 big 0
	got_frames "$c2" eth0 bigflood 0
	check ip -n "$h1" link set p2 mtu 1500
	send_frame "$c1" $M2 $M1 bigagain len=1000
	got_frames "$c2" eth0 bigagain 1
}

port_down()
{
	check ctn "$h1" add-fdb net0 02:00:00:00:03:03 --port p3
	# what others send to all would be counted, too
	check ctn "$h1" set-port net0 --dev p3 --flood off
	check ip -n "$h1" link set p3 down
	counted port_down 2 send_frame "$c1" 02:00:00:00:03:03 $M1 pdown count=2
	check ip -n "$h1" link set p3 up
	send_frame "$c1" 02:00:00:00:03:03 $M1 pup
	got_frames "$c3" eth0 pup 1
	check ctn "$h1" set-port net0 --dev p3 --flood on
	check ctn "$h1" del-fdb net0 02:00:00:00:03:03
}

net_down()
{
	local before

	learn_all
	before=$(drops "$h1" net0 net_down)
	check ip -n "$h1" link set net0 down
	send_frame "$c1" $M2 $M1 ndown count=3
	send_frame "$c1" $BCAST $M1 ndown count=2
	wait_until 5000 at_least $((before + 5)) drops "$h1" net0 net_down
	check ip -n "$h1" link set net0 up
	sync_frames ndown "$c2" "$c3"
	got_frames "$c2" eth0 ndown 0
	got_frames "$c3" eth0 ndown 0
	wait_for_ping "$c1" 203.0.113.2
	wait_for_ping "$c1" 203.0.113.254
}

counters()
{
	local p1 p2 net

	# where they are is known: nothing is flooded
	listen "$d1"
	ask send "$d2" eth0 $BCAST $M2 learn
	got_frames "$d1" eth0 learn 1
	p1=$(stats_of "$q" ports net0 p1)
	p2=$(stats_of "$q" ports net0 p2)
	net=$(stats_of "$q" nets net0 net0)
	[[ -n $p1 && -n $p2 && -n $net ]] || { fail "no counters"; return 1; }
	# 100 bytes of data make frames of 142
	check ip netns exec "$d1" ping -q -c7 -i0.05 -W5 -s100 203.0.113.2
	check_eq "$(grew "$p1" "$(stats_of "$q" ports net0 p1)")" "7 994 7 994" "p1, c1 to c2"
	check_eq "$(grew "$p2" "$(stats_of "$q" ports net0 p2)")" "7 994 7 994" "p2, c1 to c2"
	check_eq "$(grew "$net" "$(stats_of "$q" nets net0 net0)")" "0 0 0 0" "net0, c1 to c2"

	check ip netns exec "$d1" ping -q -c5 -i0.05 -W5 -s200 203.0.113.254
	check_eq "$(grew "$p1" "$(stats_of "$q" ports net0 p1)")" "12 2204 12 2204" "p1, c1 to host"
	check_eq "$(grew "$p2" "$(stats_of "$q" ports net0 p2)")" "7 994 7 994" "p2, c1 to host"
	check_eq "$(grew "$net" "$(stats_of "$q" nets net0 net0)")" "5 1210 5 1210" "net0, c1 to host"

	# ip -s link shows what the network counts
	check_eq "$(link_stat "$q" net0 '[.rx, .tx] | map("\(.packets) \(.bytes)") | join(" ")')" \
		"$(stats_of "$q" nets net0 net0)" "ip -s link"
}

flood_counters()
{
	local p1 p2 net

	p1=$(stats_of "$q" ports net0 p1)
	p2=$(stats_of "$q" ports net0 p2)
	net=$(stats_of "$q" nets net0 net0)
	listen "$d2"
	ask send "$d1" eth0 $BCAST $M1 fc count=4 len=100
	got_frames "$d2" eth0 fc 4
	check_eq "$(grew "$p1" "$(stats_of "$q" ports net0 p1)")" "4 400 0 0" p1
	check_eq "$(grew "$p2" "$(stats_of "$q" ports net0 p2)")" "0 0 4 400" p2
	check_eq "$(grew "$net" "$(stats_of "$q" nets net0 net0)")" "4 400 0 0" net0
}

no_other_drops()
{
	check_eq "$(json '.[0].drops | with_entries(select(.value != 0))' ctn "$q" -j -s list nets net0)" "{}" drops
}

driver()
{
	check_match "$(ip netns exec "$h1" ethtool -i net0)" 'driver: ctnet' "ethtool -i"
}

build
python_start frames.py
listen "$c1"
listen "$c2"
listen "$c3"
listen "$h1" net0

run_test ping_containers "containers ping one another, IPv4 and IPv6"
run_test ping_host "host and containers ping one another, IPv4 and IPv6"
run_test tcp_containers "TCP between containers"
run_test tcp_host "TCP between host and containers, both ways"
run_test broadcast "broadcast reaches every other port and the host, once, and not the sender"
run_test multicast "multicast, too"
run_test unknown "unknown unicast, too"
run_test host_floods "the host's broadcast reaches every port, and not the host"
run_test unknown_off "unknown unicast is dropped and counted where the network does not flood it"
run_test port_flood_off "a port without the flood flag gets what is for it and no floods"
run_test unicast_alone "known unicast reaches its port alone"
run_test not_back "a frame does not go back where it came from, and is counted"
run_test hairpin "it does where the port has the hairpin flag, if it is unicast"
run_test hairpin_dad "duplicate detection works there"
run_test link_local_groups "802.1D link-local groups are not forwarded; what is nobody's is counted"
run_test bad_source "a zero or multicast source is dropped, counted and not learned"
run_test vlan_tags "frames with a VLAN tag pass unchanged"
run_test promiscuous "tcpdump on the network sees what containers send one another"
run_test too_big "a frame too big for its port is dropped and counted"
run_test port_down "a frame for a port that is down is dropped and counted"
run_test counters "port and network count each frame and byte; ip -s link agrees"
run_test flood_counters "floods count at the sender, each receiver and the host"
run_test no_other_drops "nothing was dropped where nothing should be"
run_test net_down "a network that is down forwards nothing, and counts it"
run_test driver "ethtool -i names the driver"
