#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Underlays: IPv6, both families at once, a device or VRF that is named, what the outer
# header has of TTL, TOS, DF, ECN and checksums, receive offload.
#
# timeout: 600
#
#	c1 (namespace)      h1                      h2              c2 (namespace)
#	e4 e6 ed ek u4 u6   networks                networks        e4 e6 ed ek u4 u6
#	   |                ul0 192.0.2.1 -veth- ul0 192.0.2.2          |
#	   '-- p4 p6 ...    ul0 2001:db8:0:1::1     2001:db8:0:1::2     '-- p4 p6 ...
#	                    ul1 198.51.100.1 -veth- ul1 198.51.100.2
#	                    ul1 2001:db8:0:2::1     2001:db8:0:2::2
#	                    ul3 2001:db8:0:3::1 -veth- ul0 2001:db8:0:3::3 h3, ed in c3
#
#	network  VNI  underlay                                 containers' addresses
#	net4     400  IPv4, ul0                                203.0.113.1, .2 (/28)
#	net6     600  IPv6, ul0                                203.0.113.17, .18
#	netd     700  h1 both, h2 IPv4, h3 IPv6                203.0.113.33, .34, .35
#	netk     650  IPv6, port 4799; at h2 the kernel's own  203.0.113.49, .50
#	              bridge and vxlan
#	netu4    801  IPv4, --underlay ul1, port 4790          203.0.113.65, .66
#	netu6    802  IPv6, --underlay ul1, port 4790          203.0.113.81, .82
#	and 2001:db8:NNN::/64, with NNN the VNI

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 ethtool

readonly U1=198.51.100.1 U2=198.51.100.2 U1_6=2001:db8:0:2::1 U2_6=2001:db8:0:2::2
readonly H1_3=2001:db8:0:3::1 H3=2001:db8:0:3::3
PROBES=0

# link HOST NUMBER NAME VNI OFFSET: a container's interface and its near end
link()
{
	local c=c$2 mac

	mac=02:00:00:00:0$2:$(printf %02x "$5")
	echo "link add p${3#[eu]} netns $1 mtu 1430 type veth peer name $3 netns ${!c}" \
		"mtu 1430 address $mac" >>"$TMP/links"
	printf '%s\n' "addr add 203.0.113.$(($5 + $2))/28 dev $3" \
		"addr add 2001:db8:$4::$2/64 dev $3 nodad" "link set $3 up" >>"$TMP/c$2"
}

underlay()
{
	local h

	topo_two_hosts
	setup_host h3
	add_container c1 c2 c3
	ip -batch - <<-EOT || die "setup: underlay"
		link add ul1 netns $h1 type veth peer name ul1 netns $h2
		link add ul3 netns $h1 type veth peer name ul0 netns $h3
	EOT
	for h in "$h1" "$h2" "$h3"; do
		must ip netns exec "$h" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.ul0.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
			net.ipv6.conf.all.keep_addr_on_down=1
	done
	ip_in "$h1" <<-EOT || die "setup: h1"
		addr add $U1/24 dev ul1
		addr add $U1_6/64 dev ul1 nodad
		link set ul1 up
		addr add $H1_3/64 dev ul3 nodad
		link set ul3 up
	EOT
	ip_in "$h2" <<-EOT || die "setup: h2"
		addr add $U2/24 dev ul1
		addr add $U2_6/64 dev ul1 nodad
		link set ul1 up
	EOT
	ip_in "$h3" <<-EOT || die "setup: h3"
		addr add $H3/64 dev ul0 nodad
		link set ul0 up
		route add 2001:db8:0:1::/64 via $H1_3
	EOT
	for h in "$h1" "$h2"; do
		must ip netns exec "$h" sysctl -qw net.ipv4.conf.ul1.rp_filter=0
	done
}

containers()
{
	local i h c

	for i in 1 2; do
		h=h$i
		link "${!h}" $i e4 400 0
		link "${!h}" $i e6 600 16
		link "${!h}" $i ed 700 32
		link "${!h}" $i ek 650 48
		link "${!h}" $i u4 801 64
		link "${!h}" $i u6 802 80
	done
	# the near ends of u4 and u6 are q4 and q6
	sed -i -E 's/ p([46]) (.*name u)/ q\1 \2/' "$TMP/links"
	link "$h3" 3 ed 700 32
	ip -batch "$TMP/links" || die "setup: veths"
	for i in 1 2 3; do
		c=c$i
		ip -n "${!c}" -batch "$TMP/c$i" || die "setup: $c"
	done
}

networks()
{
	must ctn "$h1" -b - <<-EOT
		add-net net4 --vni 400 --local $H1_IP
		add-peer net4 $H2_IP
		add-port net4 --dev p4
		add-net net6 --vni 600 --local $H1_IP6
		add-peer net6 $H2_IP6
		add-port net6 --dev p6
		add-net netd --vni 700 --local $H1_IP --local $H1_IP6
		add-peer netd $H2_IP
		add-peer netd $H3
		add-port netd --dev pd
		add-net netk --vni 650 --local $H1_IP6 --dstport 4799
		add-peer netk $H2_IP6
		add-port netk --dev pk
		add-net netu4 --vni 801 --local $U1 --underlay ul1 --dstport 4790
		add-peer netu4 $U2
		add-port netu4 --dev q4
		add-net netu6 --vni 802 --local $U1_6 --underlay ul1 --dstport 4790
		add-peer netu6 $U2_6
		add-port netu6 --dev q6
	EOT
	must ctn "$h2" -b - <<-EOT
		add-net net4 --vni 400 --local $H2_IP
		add-peer net4 $H1_IP
		add-port net4 --dev p4
		add-net net6 --vni 600 --local $H2_IP6
		add-peer net6 $H1_IP6
		add-port net6 --dev p6
		add-net netd --vni 700 --local $H2_IP
		add-peer netd $H1_IP
		add-port netd --dev pd
		add-net netu4 --vni 801 --local $U2 --dstport 4790
		add-peer netu4 $U1
		add-port netu4 --dev q4
		add-net netu6 --vni 802 --local $U2_6 --dstport 4790
		add-peer netu6 $U1_6
		add-port netu6 --dev q6
	EOT
	must ctn "$h3" -b - <<-EOT
		add-net netd --vni 700 --local $H3
		add-peer netd $H1_IP6
		add-port netd --dev pd
	EOT
	printf 'link set %s up\n' p4 p6 pd pk q4 q6 >"$TMP/up"
	must ip -n "$h1" -batch "$TMP/up"
	must ip -n "$h2" -batch "$TMP/up"
	must ip -n "$h3" link set pd up
}

# Kernel's vxlan and bridge at h2: theirs [OPTION...]
theirs()
{
	ip_in "$h2" <<-EOT || fail "cannot make the kernel's vxlan"
		link add brk type bridge
		link set brk up
		link set pk master brk
		link add vxk type vxlan id 650 dstport 4799 local $H2_IP6 remote $H1_IP6 dev ul0 $*
		link set vxk master brk
		link set vxk up
	EOT
}

# ------------------------------------------------------------------ helpers

# passes OFFSET VNI: ping and TCP from c1 to c2, both families
passes()
{
	wait_for_ping "$c1" "203.0.113.$(($1 + 2))"
	tcp_bytes "$c1" "$c2" "203.0.113.$(($1 + 2))"
	tcp_bytes "$c2" "$c1" "2001:db8:$2::1"
}

# probe DEV SHOW FRAME...: c1 sends a frame out of DEV; what of it is seen at ul0 of h1 is
# in $SEEN
probe()
{
	local dev=$1 show=$2 mac

	shift 2
	PROBES=$((PROBES + 1))
	mac=$(printf '02:00:00:01:%02x:%02x' $((PROBES >> 8)) $((PROBES & 255)))
	ask sniff "$h1" ul0
	ask emit "$c1" "$dev" "from=$mac" "$@"
	ask seen "$h1" ul0 out=1 min=1 "ms=$((5000 * CTNET_SLOW))" "show=$show" "ismac=$mac"
	check_match "$ANSWER" '^ok 1 ' "packets on the wire" || return
	SEEN=${ANSWER#ok 1 }
}

# header4 WANT TOS,TTL,DF NAME, header6 WANT TOS,TTL NAME: what the outer header has of
# an inner packet's
header4()
{
	local tos ttl df

	IFS=, read -r tos ttl df <<<"$2"
	probe e4 fam,tos,ttl,df fam=4 "tos=$tos" "ttl=$ttl" "df=$df"
	check_eq "$SEEN" "4,$1" "outer TOS, TTL, DF of an inner $2 ($3)"
}

header6()
{
	probe e6 fam,tos,ttl fam=6 "tos=${2%,*}" "ttl=${2#*,}"
	check_eq "$SEEN" "6,$1" "outer TOS, TTL of an inner $2 ($3)"
}

# ------------------------------------------------------------------- tests

ipv6_underlay() { passes 16 600; }

# wire HOST-NUMBER VNI FAMILY CHECKSUM: what a ping to c2 looks like at h1
wire()
{
	local what

	what=$3,4789,$2,08000000,$4
	ask sniff "$h1" ul0
	wait_for_ping "$c1" "203.0.113.$1"
	ask seen "$h1" ul0 out=1 min=1 ms=5000 "vni=$2" show=fam,dport,vni,flags,csum
	check_match "$ANSWER" "^ok [1-9][0-9]* $what\$" "on the wire"
}

wire_format()
{
	# complete where it is seen
	check ip netns exec "$h1" ethtool -K ul0 tx off
	wire 2 400 4 right
	wire 18 600 6 right
	check ip netns exec "$h1" ethtool -K ul0 tx on
	# and both are taken where the device completes them
	passes 0 400
	passes 16 600
}

no_checksum()
{
	check ctn "$h1" set-net net4 --udp-csum off
	check ctn "$h1" set-net net6 --udp-csum off
	wire 2 400 4 zero
	wire 18 600 6 zero
	passes 0 400
	passes 16 600
	check ctn "$h1" set-net net4 --udp-csum on
	check ctn "$h1" set-net net6 --udp-csum on
	# cut in software: a checksum of its own for each segment
	check ip netns exec "$h1" ethtool -K ul0 tx off tso off gso off
	passes 0 400
	passes 16 600
	check ip netns exec "$h1" ethtool -K ul0 tx on tso on gso on
}

both_families()
{
	local f

	ask sniff "$h1" ul0
	ask sniff "$h1" ul3
	wait_for_ping "$c1" 203.0.113.34
	wait_for_ping "$c1" 203.0.113.35
	tcp_bytes "$c1" "$c2" 2001:db8:700::2
	tcp_bytes "$c3" "$c1" 203.0.113.33
	ask seen "$h1" ul0 vni=700 show=fam min=2 ms=5000
	check_match "$ANSWER" '^ok [0-9]+ 4$' "families on ul0"
	ask seen "$h1" ul3 vni=700 show=fam min=2 ms=5000
	check_match "$ANSWER" '^ok [0-9]+ 6$' "families on ul3"
	# a flood goes to both
	ask emit "$c1" ed to=ff:ff:ff:ff:ff:ff from=02:00:00:02:00:01 fam=0
	for f in ul0 ul3; do
		ask seen "$h1" $f ismac=02:00:00:02:00:01 out=1 min=1 ms=$((5000 * CTNET_SLOW))
		check_eq "$ANSWER" "ok 1" "broadcasts on $f"
	done
	# what a peer of one family sends does not go to one of the other
	ask emit "$c2" ed to=ff:ff:ff:ff:ff:ff from=02:00:00:02:00:02 fam=0
	ask emit "$c2" ed to=ff:ff:ff:ff:ff:ff from=02:00:00:02:00:03 fam=0
	ask sniff "$c1" ed
	ask emit "$c2" ed to=ff:ff:ff:ff:ff:ff from=02:00:00:02:00:04 fam=0
	ask seen "$c1" ed smac=02:00:00:02:00:04 min=1 ms=$((5000 * CTNET_SLOW))
	check_eq "$ANSWER" "ok 1" "broadcasts at c1"
	ask seen "$h1" ul3 ismac=02:00:00:02:00:02
	check_eq "$ANSWER" "ok 0" "from peer to peer"
}

defaults()
{
	# ECN of the inner packet and nothing else
	header4 0,64,0 32,7,0 defaults
	header4 2,64,0 34,7,1 defaults
	header6 0,64 32,7 defaults
	header6 1,64 33,7 defaults
}

numbers()
{
	check ctn "$h1" set-net net4 --ttl 17 --tos 184 --df on
	check ctn "$h1" set-net net6 --ttl 255 --tos 187 --df on
	header4 184,17,1 0,7,1 numbers
	header4 187,17,1 35,7,0 numbers
	header6 184,255 0,7 numbers
	header6 186,255 34,7 numbers
}

inherit()
{
	check ctn "$h1" set-net net4 --ttl inherit --tos inherit --df inherit
	check ctn "$h1" set-net net6 --ttl inherit --tos inherit --df inherit
	header4 73,33,1 73,33,1 inherit
	header4 0,200,0 0,200,0 inherit
	header6 73,33 73,33 inherit
	header6 186,1 186,1 inherit
	# of an IPv6 packet in IPv4: it must not be fragmented; and the other way round
	probe e4 tos,ttl,df fam=6 tos=40 ttl=9
	check_eq "$SEEN" 40,9,1 "outer TOS, TTL, DF of an inner IPv6 packet"
	probe e6 tos,ttl fam=4 tos=41 ttl=10
	check_eq "$SEEN" 41,10 "outer TOS, TTL of an inner IPv4 packet"
	# behind a tag, and of what is no IP
	probe e4 tos,ttl,df fam=4 tos=40 ttl=9 df=1 vlan=5
	check_eq "$SEEN" 40,9,1 "outer TOS, TTL, DF of a tagged packet"
	probe e4 tos,ttl,df fam=0
	check_eq "$SEEN" 0,64,0 "outer TOS, TTL, DF of what is not IP"
	check ctn "$h1" set-net net4 --ttl 0 --tos 0 --df off
	check ctn "$h1" set-net net6 --ttl 0 --tos 0 --df off
	defaults
}

ecn_out()
{
	local dev fam tag q mac=02:00:00:03:00:00 vlan

	for dev in e4 e6; do
		for fam in 4 6; do
			for tag in "" vlan=5; do
				vlan=${tag#vlan=}
				ask sniff "$h1" ul0
				for q in 0 1 2 3; do
					ask emit "$c1" $dev from=$mac fam=$fam \
						tos=$((32 + q)) $tag
				done
				ask seen "$h1" ul0 out=1 ismac=$mac min=4 \
					ms=$((5000 * CTNET_SLOW)) show=tos,itos,ivlan
				check_eq "$ANSWER" "ok 4 0,32,${vlan:-none} 1,33,${vlan:-none} 2,34,${vlan:-none} 3,35,${vlan:-none}" \
					"outer and inner ECN: $dev, inner IPv$fam $tag"
			done
		done
	done
}

# ecn_in FAMILY FROM TO VNI
ecn_in()
{
	local fam tags net=net$1 from=$2 to=$3 vni=$4 before

	before=$(drops "$h1" "$net" vxlan_ecn)
	for fam in 4 6; do
		for tags in 0 1; do
			ask ecn "$h2" "$from" "$to" "$vni" "$c1" "e$1" "$(mac_of "$c1" "e$1")" \
				$fam $tags
			# outer not ECT, ECT(1), ECT(0), CE; inner the same in each
			check_eq "$ANSWER" "ok 0123 0113 0123 -333" \
				"ECN after decapsulation: $net, IPv$fam inside, $tags tags"
		done
	done
	check_eq "$(drops "$h1" "$net" vxlan_ecn)" $((before + 4)) "drops: vxlan_ecn"
}

ecn_in_both()
{
	ecn_in 4 "$H2_IP" "$H1_IP" 400
	ecn_in 6 "$H2_IP6" "$H1_IP6" 600
}

kernels_vxlan()
{
	theirs
	wait_for_ping "$c1" 203.0.113.50
	tcp_bytes "$c1" "$c2" 203.0.113.50 4000000
	tcp_bytes "$c2" "$c1" 2001:db8:650::1 4000000
	ask sniff "$h1" ul0
	wait_for_ping "$c2" 203.0.113.49
	ask seen "$h1" ul0 vni=650 out=0 show=fam,dport
	check_match "$ANSWER" '^ok [1-9][0-9]* 6,4799$' "theirs on the wire"
	# no checksums, neither here nor there
	must ip -n "$h2" link del vxk
	must ip -n "$h2" link del brk
	theirs udp6zerocsumtx udp6zerocsumrx
	check ctn "$h1" set-net netk --udp-csum off
	wait_for_ping "$c1" 203.0.113.50
	tcp_bytes "$c1" "$c2" 2001:db8:650::2
	tcp_bytes "$c2" "$c1" 203.0.113.49
}

# merged DEV ADDRESS
merged()
{
	local wire rx

	wire=$(link_stat "$h1" ul0 .tx.packets) rx=$(link_stat "$c2" "$1" .rx.packets)
	tcp_bytes "$c1" "$c2" "$2" 3000000
	wire=$(($(link_stat "$h1" ul0 .tx.packets) - wire)) rx=$(($(link_stat "$c2" "$1" .rx.packets) - rx))
	diag "$1: $wire packets on the wire, $rx received"
	# 1430 less headers a packet
	[[ $wire -ge 2000 ]] || fail "on the wire they were whole already: $wire packets"
	[[ $((rx * 2)) -le $wire ]] || fail "not merged: $wire packets became $rx"
}

gro()
{
	local off="tso off tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off"

	# shellcheck disable=SC2086 # words
	check ip netns exec "$h1" ethtool -K ul0 $off
	check ip netns exec "$h2" ethtool -K ul0 gro on
	merged e4 203.0.113.2
	merged e6 203.0.113.18
	merged e4 2001:db8:400::2
	check ip netns exec "$h2" ethtool -K ul0 gro off
	# shellcheck disable=SC2086 # words
	check ip netns exec "$h1" ethtool -K ul0 ${off//off/on}
}

refusals()
{
	local fam='address of the peer.s family'

	NETS_ON=("$h1")
	check_fail 2 "$fam" ctn "$h1" add-peer net4 2001:db8:0:1::9
	check_fail 2 "$fam" ctn "$h1" add-peer net6 192.0.2.9
	check_fail 2 'no device "nosuch"' ctn "$h1" add-net bad --vni 9 --local "$H1_IP" --underlay nosuch
	check_fail 2 'link-local address needs the underlay' ctn "$h1" add-net bad --vni 9 --local fe80::1
	check_fail 2 'own underlay' ctn "$h1" set-net net4 --underlay net4
	NETS_ON=("$h1" "$h2" "$h3")
}

# grab OPTION [DEV]: whether somebody else can have the port as well
grab()
{
	ip netns exec "$h1" python3 - "$@" <<-EOT
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, getattr(socket, sys.argv[1]), 1)
		if sys.argv[2:]:
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[2].encode())
		s.bind(("", 4790))
	EOT
}

# Networks with and without underlay device on one UDP port, and changes between these.
shared_port()
{
	local opt

	check ctn "$h1" add-net free --vni 900 --local "$H1_IP" --local "$H1_IP6" --dstport 4790 \
		--address 203.0.113.97/28
	check ctn "$h2" add-net free --vni 900 --local "$H2_IP" --dstport 4790 --address 203.0.113.98/28
	check ctn "$h1" add-peer free "$H2_IP"
	check ctn "$h2" add-peer free "$H1_IP"
	wait_for_ping "$h1" 203.0.113.98
	passes 64 801
	passes 80 802
	# what comes in by ul1, which others are bound to, is for who is bound to none, too
	check ctn "$h1" set-net free --local "$U1"
	check ctn "$h2" set-net free --local "$U2"
	check ctn "$h1" del-peer free "$H2_IP"
	check ctn "$h1" add-peer free "$U2"
	check ctn "$h2" del-peer free "$H1_IP"
	check ctn "$h2" add-peer free "$U1"
	wait_for_ping "$h1" 203.0.113.98
	# and in place to such that are bound, and back
	check ctn "$h1" set-net free --underlay ul1
	wait_for_ping "$h1" 203.0.113.98
	check ctn "$h1" set-net free --underlay any
	wait_for_ping "$h1" 203.0.113.98
	passes 64 801
	for opt in SO_REUSEADDR SO_REUSEPORT; do
		check_not grab $opt
		check_not grab $opt ul1
	done
	check ctn "$h1" del-net free
	check ctn "$h2" del-net free
	passes 64 801
	check_not grab SO_REUSEPORT
}

# via DEV VNI: what c1 sends into the network goes out of DEV of h1 and no other way
via()
{
	local dev other

	for dev in ul0 ul1; do
		ask seen "$h1" $dev "vni=$2" out=1
		other=${ANSWER#ok }
		if [[ $dev == "$1" ]]; then
			[[ $other -ge 1 ]] || fail "VNI $2: nothing went out of $dev"
		else
			check_eq "$other" 0 "VNI $2: packets out of $dev"
		fi
	done
}

# though the routes say otherwise
underlay_sends()
{
	ip_in "$h1" <<-EOT || fail "cannot add routes"
		route add $U2/32 via $H2_IP dev ul0
		route add $U2_6/128 via $H2_IP6 dev ul0
	EOT
	ask sniff "$h1" ul0
	ask sniff "$h1" ul1
	passes 64 801
	passes 80 802
	via ul1 801
	via ul1 802
	ip_in "$h1" <<-EOT || fail "cannot delete routes"
		route del $U2/32
		route del $U2_6/128
	EOT
}

# arrives DEV FROM TO VNI NEXTHOP: of three frames two, as the second comes by ul0 of h1
arrives()
{
	local dev=$1 from=$2 to=$3 vni=$4 hop=$5 i mac=02:00:00:04:00

	ask sniff "$c1" "$dev"
	ask sniff "$h1" ul0
	for i in 1 2 3; do
		[[ $i -ne 2 ]] || must ip -n "$h2" route add "$to" via "$hop" dev ul0
		ask vxlan "$h2" "$from" "$to" "vni=$vni" dport=4790 "from=$mac:0$i" to=ff:ff:ff:ff:ff:ff fam=0
		if [[ $i -eq 2 ]]; then
			ask seen "$h1" ul0 "ismac=$mac:02" min=1 ms=$((5000 * CTNET_SLOW))
			check_eq "$ANSWER" "ok 1" "packets that came by ul0"
			must ip -n "$h2" route del "$to" via "$hop" dev ul0
		else
			ask seen "$c1" "$dev" "smac=$mac:0$i" min=1 ms=$((5000 * CTNET_SLOW))
			check_eq "$ANSWER" "ok 1" "frame $i, which came by ul1"
		fi
	done
	ask seen "$c1" "$dev" "smac=$mac:02"
	check_eq "$ANSWER" "ok 0" "frames that came by another device"
}

underlay_receives()
{
	arrives u4 "$U2" "$U1" 801 "$H1_IP"
	arrives u6 "$U2_6" "$U1_6" 802 "$H1_IP6"
}

underlay_shown()
{
	check net_is "$h1" netu4 '.underlay == "ul1"'
	check json_is 'any(.[]; .underlay == "ul1")' ctn "$h1" -j list vteps
}

# vrf UNDERLAY: ul1 becomes part of a VRF
vrf()
{
	ip_in "$h1" <<-EOT || { fail "cannot make a VRF"; return; }
		link add vrf1 type vrf table 10
		link set vrf1 up
		link set ul1 master vrf1
	EOT
	# an address that is enslaved has its routes elsewhere
	ip -n "$h1" addr replace $U1_6/64 dev ul1 nodad
	if [[ $1 == vrf1 ]]; then
		check ctn "$h1" set-net netu4 --underlay vrf1
		check ctn "$h1" set-net netu6 --underlay vrf1
	fi
	wait_for_ping "$c1" 203.0.113.66
	wait_for_ping "$c1" 203.0.113.82
	[[ $RET -ne 0 ]] || { passes 64 801; passes 80 802; }
	arrives u4 "$U2" "$U1" 801 "$H1_IP"
	arrives u6 "$U2_6" "$U1_6" 802 "$H1_IP6"
	if [[ $1 == vrf1 ]]; then
		check ctn "$h1" set-net netu4 --underlay ul1
		check ctn "$h1" set-net netu6 --underlay ul1
	fi
	check ip -n "$h1" link del vrf1
	ip -n "$h1" addr replace $U1_6/64 dev ul1 nodad
	wait_for_ping "$c1" 203.0.113.66
	wait_for_ping "$c1" 203.0.113.82
}

underlay
containers
networks
python_start wire.py

run_test ipv6_underlay "IPv6 underlay: ping and TCP, both ways"
run_test wire_format "on the wire: port, VNI, flags and a right UDP checksum, IPv4 and IPv6"
run_test no_checksum "--udp-csum off: none is sent, which the other side takes, IPv4 and IPv6"
run_test both_families "IPv4 and IPv6 peers in one network"
run_test defaults "TTL, TOS and DF by default: 64, 0 but for ECN, and clear"
run_test numbers "TTL, TOS and DF as configured; ECN is the inner packet's"
run_test inherit "TTL, TOS and DF of the inner packet, tagged or not"
run_test ecn_out "ECN when a frame is encapsulated: of IPv4 and IPv6, tagged or not"
run_test ecn_in_both "ECN when it is decapsulated: all sixteen pairs, as RFC 6040 has it"
run_test kernels_vxlan "the kernel's own vxlan over IPv6 at the other end, checksums on and off"
run_test gro "what comes in segments is merged before it is decapsulated"
run_test refusals "what does not go with the families or the underlay device is refused"
run_test underlay_shown "the underlay device is shown"
run_test underlay_sends "tunnels go out of their underlay device whatever the routes say"
run_test underlay_receives "and take what comes in by it only"
run_test shared_port "networks with an underlay device and without share a UDP port, with nobody else"
run_test vrf ul1 "the underlay device may be a member of a VRF"
run_test vrf vrf1 "or the VRF"
