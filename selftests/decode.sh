#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes over the underlay, of all sorts, decoded by tshark: nothing is malformed, no
# checksum is wrong, and no remark is a warning or an error.
#
#	c1 e1..e4 -- net1..net4 (h1) ul0 ---veth--- ul0 (h2) net1..net4 -- e1..e4 c2
#	                           capture
#
#	network  VNI  underlay
#	net1     100  IPv4, as a network is by default
#	net2     200  IPv6, likewise
#	net3     300  IPv4, without UDP checksums and DF, MTU 3000: what may be fragmented
#	              goes in fragments
#	net4     400  IPv6, without UDP checksums, MTU 3000
#	netN: 203.0.113.(N * 16 + 1), + 2, /28, and 2001:db8:N::1, ::2; tagged 198.51.100.
#	(N * 16 + 1), + 2
#
# All is captured first, in one file, as tshark takes seconds to start. The underlay's
# devices do without offloads, so that frames are cut and have their checksums where they
# are captured.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 ethtool tcpdump
command -v tshark >/dev/null || skip_all "tshark is not installed (Debian: tshark)"

readonly FILE=$TMP/wire TABLE=$TMP/table
# severities of tshark's remarks
readonly WARN=$((0x600000))

topology()
{
	local i n

	topo_two_hosts
	add_container c1 c2
	for i in 1 2; do
		for n in 1 2 3 4; do
			# shellcheck disable=SC2046 # words
			echo add-net net$n --vni ${n}00 $(options $n $i)
			echo add-peer net$n "$(vtep $n $((3 - i)))"
			echo "add-port net$n $(name c$i) --ifname e$n --guard off" \
				"--address $(in4 $n $i)/28 --address $(in6 $n $i)/64"
		done >"$TMP/h$i"
		must ctn "$(name h$i)" -b "$TMP/h$i"
		must ip netns exec "$(name h$i)" ethtool -K ul0 tx off rx off gso off
		# that a segment came twice is no fault of a frame
		must ip netns exec "$(name c$i)" sysctl -qw net.ipv4.tcp_dsack=0
		# a tag takes 4 bytes of what the path takes
		for n in 1 2; do
			printf '%s\n' "link add link e$n name v$n mtu 1426 type vlan id 5" \
				"addr add 198.51.100.$((n * 16 + i))/28 dev v$n" "link set v$n up"
		done | ip_in "$(name c$i)" || die "setup: VLAN devices"
	done
}

name() { echo "${!1}"; }
in4() { printf '203.0.113.%d' $(($1 * 16 + $2)); }
in6() { printf '2001:db8:%d::%d' "$1" "$2"; }

# vtep NET HOST: its address
vtep()
{
	if (($1 % 2)); then
		echo "192.0.2.$2"
	else
		echo "2001:db8:0:1::$2"
	fi
}

options()
{
	echo "--local $(vtep "$1" "$2")"
	case $1 in
	3) echo "--udp-csum off --df off --mtu 3000" ;;
	4) echo "--udp-csum off --mtu 3000" ;;
	esac
}

# ------------------------------------------------------------------ traffic

talk()
{
	local n=$1

	# ARP and neighbour discovery come by themselves
	wait_for_ping "$c1" "$(in4 "$n" 2)"
	wait_for_ping "$c2" "$(in6 "$n" 1)"
	ping_ok "$c1" "$(in4 "$n" 2)" -s 1
	ping_ok "$c1" "$(in6 "$n" 2)" -s 1
	# fragments inside; at MTU 3000 and IPv4, each of them in fragments
	ping_ok "$c1" "$(in4 "$n" 2)" -s 6000
	# and at IPv6, once the path's MTU is known
	wait_until 5000 ip netns exec "$c2" ping -nqc1 -W1 -s 6000 "$(in6 "$n" 1)"
	datagram "$(in4 "$n" 2)" 29
	datagram "$(in4 "$n" 2)" 1400
	datagram "$(in6 "$n" 2)" 49
	datagram "$(in6 "$n" 2)" 1400
	transfer "$c1" "$c2" "$(in4 "$n" 2)"
	transfer "$c2" "$c1" "$(in4 "$n" 1)"
	transfer "$c1" "$c2" "$(in6 "$n" 2)"
	((n <= 2)) || return
	wait_for_ping "$c1" 198.51.100.$((n * 16 + 2))
	transfer "$c1" "$c2" 198.51.100.$((n * 16 + 2))
	# nobody listens there, which ICMP says
	ip netns exec "$c1" bash -c "echo >/dev/udp/$(in4 "$n" 2)/9"
}

transfer()
{
	ask tcp "$1" "$2" "$3" 70000
	check_eq "$ANSWER" "ok 70000" "bytes that arrived over TCP at $3"
}

# datagram ADDRESS LENGTH: UDP
datagram()
{
	ask fits "$c1" "$c2" "$1" "$2" df=0
	check_eq "$ANSWER" "ok $2" "a datagram to $1"
}

# Frames that are broken, each in a VNI of its own: a wrong outer checksum, a wrong inner
# one, and an inner packet that ends too early.
broken()
{
	local frame=0200000000010200000000020800
	local ip=4500001c000000004011ffffcb007111cb007112 udp=0fa0000900080000

	ask sniff "$h1" ul0
	vxsend "$h2" vxlan "src=$H2_IP" "dst=$H1_IP" vni=901 csum=bad \
		-- vxlan "dst=$H1_IP" "header=0800000000038600$frame$ip$udp" inner=none \
		-- vxlan "dst=$H1_IP" vni=903 short=24 ip=203.0.113.18,203.0.113.17
	ask seen "$h1" ul0 vni=903 min=1 "ms=$((5000 * CTNET_SLOW))"
	check_eq "$ANSWER" "ok 1" "the broken frames"
}

# ------------------------------------------------------------------- tshark

# A library of 110 MB, which a VM would read page by page through a slow file system: run.sh
# has it compressed. Nothing has to wait while it is made ready.
library()
{
	local gz name

	mkdir "$TMP/lib"
	for gz in "$SELFTESTS"/../libwireshark.so*.gz; do
		name=${gz##*/}
		[[ ! -r $gz ]] || gzip -dc "$gz" >"$TMP/lib/${name%.gz}"
	done
}

decode()
{
	local -a opt=()
	local p

	for p in ip udp tcp; do
		opt+=(-o "$p.check_checksum:TRUE")
	done
	# allowed in a tunnel: RFC 6935; and whether segments were lost is not asked here
	opt+=(-o udp.ignore_ipv6_zero_checksum:TRUE -o tcp.analyze_sequence_numbers:FALSE)
	for p in vxlan.vni ip.frag_offset frame.protocols ip.checksum.status \
		udp.checksum.status tcp.checksum.status icmp.checksum.status \
		icmpv6.checksum.status icmpv6.type _ws.expert.severity _ws.expert.message \
		tcp.flags.reset; do
		opt+=(-e "$p")
	done
	wait "$LIBRARY"
	HOME=$TMP LD_LIBRARY_PATH=$TMP/lib:${LD_LIBRARY_PATH:-} check tshark -n -r "$FILE" "${opt[@]}" -T fields -E separator='|' || return
	# but for what it says of being root
	grep '|.*|.*|' <<<"$OUT" >"$TABLE"
	[[ -s $TABLE ]] || fail "tshark decoded nothing: $OUT"
}

# some N CONDITION, none CONDITION, exactly N CONDITION: what count is to find; CONDITION is
# awk's, of the variables that count sets
LEAST=() MOST=() CONDITIONS=()

exactly() { LEAST+=("$1") MOST+=("$1") CONDITIONS+=("$2"); }
some() { LEAST+=("$1") MOST+=(1000000) CONDITIONS+=("$2"); }
none() { exactly 0 "$1"; }

# count VNI...: counts frames of these VNIs, empty: of none, in one pass over the table
count()
{
	local i rules="" vnis numbers

	for i in "${!CONDITIONS[@]}"; do
		rules+="mine && (${CONDITIONS[i]}) { n[$i]++ }"$'\n'
	done
	printf -v vnis ',%s' "$@"
	mapfile -t numbers < <(awk -F '|' -v vnis="$vnis," -v warn=$WARN \
			-v conditions="${#CONDITIONS[@]}" '
		function warnings(list, n, i, v, sum) {
			n = split(list, v, ",")
			for (i = 1; i <= n; i++)
				sum += v[i] + 0 >= warn
			return sum + 0
		}
		{
			vni = $1; offset = $2; protocols = $3; ip = $4; udp = $5; tcp = $6
			icmp = $7; icmp6 = $8; type6 = $9; message = $11
			mine = index(vnis, "," vni ",")
			# A reset is what a socket that has gone says to an acknowledgment that
			# came twice, and a warning for tshark; that is no fault of a frame.
			# A status of 0: wrong
			bad = warnings($10) > ($12 ~ /^(1|True)$/) ||
			      ("," ip "," udp "," tcp "," icmp "," icmp6 ",") ~ /,0,/
		}
		'"$rules"'
		END { for (i = 0; i < conditions; i++) print n[i] + 0 }' "$TABLE")
	[[ ${#numbers[@]} -eq ${#LEAST[@]} ]] || fail "awk: ${#numbers[@]} numbers"
	for i in "${!numbers[@]}"; do
		((numbers[i] >= LEAST[i] && numbers[i] <= MOST[i])) || fail "VNI ${1:-none}:" \
			"${numbers[i]} frames, want ${LEAST[i]} to ${MOST[i]}, of ${CONDITIONS[i]}"
	done
	LEAST=() MOST=() CONDITIONS=()
	# what there is
	[[ $RET -eq 0 ]] || diag "$(grep "^$1|" "$TABLE" | cut -d '|' -f 3- | sort | uniq -c)"
}

# all sorts are there, and decoded to their end: sorts NET FAMILY
sorts()
{
	local vni=${1}00 outer="eth:ethertype:$2:udp:vxlan:eth:ethertype"

	some 2 "protocols == \"$outer:arp\""
	some 12 "protocols == \"$outer:ip:icmp:data\""
	some 8 "protocols == \"$outer:ipv6:icmpv6:data\" && type6 ~ /^12[89]/"
	some 2 "protocols == \"$outer:ipv6:ipv6.fraghdr:icmpv6:data\""
	some 2 "protocols == \"$outer:ipv6:icmpv6\" && type6 == 135"
	some 2 "protocols == \"$outer:ipv6:icmpv6\" && type6 == 136"
	some 2 "protocols == \"$outer:ip:udp:data\""
	some 2 "protocols == \"$outer:ipv6:udp:data\""
	some 100 "protocols ~ /^$outer:ip:tcp/"
	some 50 "protocols ~ /^$outer:ipv6:tcp/"
	case $1 in
	1 | 2)
		some 50 "protocols ~ /^$outer:vlan:ethertype:ip:tcp/"
		some 1 "protocols == \"$outer:ip:icmp:ip:udp:data\""
		# what fits the path is not cut
		none "protocols ~ /^eth:ethertype:ipv6:ipv6.fraghdr/"
		(($1 == 2)) || none "offset ~ /^[1-9]/"
		;;
	3) some 6 "offset ~ /^[1-9]/ && protocols == \"$outer:ip:data\"" ;;
	4) some 6 "protocols == \"${outer/ipv6/ipv6:ipv6.fraghdr}:ip:data\"" ;;
	esac
	count "$vni"
}

# in_order NET OUTER-CHECKSUM (1: right, 3: none)
in_order()
{
	local vni=${1}00

	none bad
	none "udp !~ /^$2/"
	# and tshark did look
	none "protocols ~ /:ethertype:ip:.*vxlan/ && ip !~ /^1/"
	none "protocols ~ /vxlan.*:ip:(icmp|udp|tcp)/ && ip !~ /1$/"
	none "protocols ~ /:tcp/ && tcp != 1"
	none "protocols ~ /:icmp:data/ && icmp != 1"
	none "protocols ~ /:icmpv6/ && icmp6 != 1"
	none "protocols ~ /vxlan.*:udp/ && udp !~ /,1/"
	count "$vni"
}

# what has no VNI: the first parts of fragmented packets, and the underlay's own
fragments()
{
	some 6 "protocols == \"eth:ethertype:ip:data\""
	some 6 "protocols == \"eth:ethertype:ipv6:ipv6.fraghdr:data\""
	none bad
	count ""
}

complaints()
{
	exactly 1 'vni == 901 && bad && udp ~ /^0/'
	exactly 1 'vni == 902 && bad && ip == "1,0"'
	exactly 1 'vni == 903 && bad && message ~ /Malformed/'
	count 901 902 903
}

background library
LIBRARY=$BG_PID
topology
python_start wire.py
if capture_start "$h1" ul0 "" "$FILE" -B 16384; then
	for n in 1 2 3 4; do
		talk $n
	done
	broken
	capture_stop "$FILE"
	[[ $RET -ne 0 ]] || decode
fi
[[ $RET -eq 0 ]] || die "setup: the traffic, captured and decoded"

run_test sorts 1 ip "IPv4: ARP, ND, ICMP, UDP, TCP, with tags and without, are decoded to the end"
run_test in_order 1 1 "IPv4: no checksum is wrong, nothing malformed, no warning"
run_test sorts 2 ipv6 "IPv6: ARP, ND, ICMP, UDP, TCP, with tags and without, are decoded to the end"
run_test in_order 2 1 "IPv6: no checksum is wrong, nothing malformed, no warning"
run_test sorts 3 ip "IPv4, no UDP checksum, fragments: all is decoded to the end"
run_test in_order 3 3 "IPv4, no UDP checksum, fragments: nothing is wrong"
run_test sorts 4 ipv6 "IPv6, no UDP checksum, fragments: all is decoded to the end"
run_test in_order 4 3 "IPv6, no UDP checksum, fragments: nothing is wrong"
run_test fragments "fragments, and what else is on the underlay: nothing is wrong"
run_test complaints "three broken frames: tshark says so"
