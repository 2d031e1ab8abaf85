# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# ctnet on one host, somebody else's switch on the other: topology and tests that do not
# depend on whose it is. To be sourced after lib.sh, traffic.sh and python.sh.
#
#	h1                                                h2
#	a1 e4 .11 -- net4 (ctnet, VNI 100)   br4 and vx4 -- v4 -- e4 .21 a2
#	     host .1        |                   |     host .2
#	            192.0.2.1 ul0 ---veth--- ul0 192.0.2.2
#	     2001:db8:0:1::1  |                   |  2001:db8:0:1::2
#	   e6 .75 -- net6 (ctnet, VNI 200)   br6 and vx6 -- v6 -- e6 .85
#	     host .65                                 host .66
#
# and mv (.31, .95), a container that is on neither host at first. The underlay of net4 and
# br4 is IPv4, that of net6 and br6 IPv6. Addresses in the tunnels are of 203.0.113.0/26 and
# 2001:db8:100::/64, 203.0.113.64/26 and 2001:db8:200::/64; MACs are as add-port derives
# them from an IPv4 address.
#
# FAM is 4 or 6, the underlay's family. The script says what h2 does:
#
#	attach_there FAM DEV, detach_there FAM DEV	a port of brFAM
#	learned_there FAM MAC	whether h2 has learned that MAC is behind h1
#	forget_there FAM	flushes what h2 learned

declare -A VNI=([4]=100 [6]=200) OURS=() THEIRS=()

# in4 FAM N, in6 FAM N, mac FAM N: addresses in the tunnel
in4() { printf '203.0.113.%d' $((($1 - 4) * 32 + $2)); }
in6() { printf '2001:db8:%d::%d' "${VNI[$1]}" "$2"; }
mac() { printf '02:42:cb:00:71:%02x' $((($1 - 4) * 32 + $2)); }

# their_port CONTAINER FAM N: a container's interface eFAM, at h2
their_port()
{
	local c=${!1} fam=$2 dev=v$2$1 mtu=$((1490 - $2 * 10))

	ip -batch - <<-EOT || { fail "cannot make $dev"; return; }
		link add $dev netns $h2 mtu $mtu type veth peer name e$fam netns $c address $(mac "$2" "$3") mtu $mtu
	EOT
	ip_in "$c" <<-EOT || { fail "cannot set up e$fam of $c"; return; }
		addr add $(in4 "$fam" "$3")/26 dev e$fam
		addr add $(in6 "$fam" "$3")/64 dev e$fam nodad
		link set e$fam up
	EOT
	check ip -n "$h2" link set "$dev" up
	attach_there "$fam" "$dev"
}

# of container $1, interface of family $2, number $3
our_port()
{
	echo "add-port net$2 ${!1} --ifname e$2" \
		"--address $(in4 "$2" "$3")/26 --address $(in6 "$2" "$3")/64"
}

# all but h2's switch and a2
foreign_topology()
{
	local fam

	topo_two_hosts
	add_container a1 a2 mv
	OURS=([4]=$H1_IP [6]=$H1_IP6) THEIRS=([4]=$H2_IP [6]=$H2_IP6)
	for fam in 4 6; do
		cat <<-EOT
			add-net net$fam --vni ${VNI[$fam]} --local ${OURS[$fam]} --mac $(mac $fam 1) --address $(in4 $fam 1)/26
			add-peer net$fam ${THEIRS[$fam]}
			$(our_port a1 $fam 11)
		EOT
	done >"$TMP/ours"
	must ctn "$h1" -b "$TMP/ours"
	python_start wire.py
}

# Neighbours and tables as on the first day
forget()
{
	local ns

	for ns in "$h1" "$h2" "$a1" "$a2"; do
		ip -n "$ns" neigh flush all
	done >/dev/null 2>&1
	check ctn "$h1" flush-fdb "net$1" --learned
	forget_there "$1"
}

# ping and TCP, of containers and hosts, both ways
passes()
{
	wait_for_ping "$a1" "$(in4 "$1" 21)"
	ping_ok "$a1" "$(in4 "$1" 21)"
	ping_ok "$a2" "$(in4 "$1" 11)"
	ping_ok "$h1" "$(in4 "$1" 2)"
	ping_ok "$a2" "$(in4 "$1" 1)"
	wait_for_ping "$a1" "$(in6 "$1" 21)"
	ping_ok "$a2" "$(in6 "$1" 11)"
	transfers "$1" 250000
}

transfers()
{
	tcp_bytes "$a1" "$a2" "$(in4 "$1" 21)" "$2"
	tcp_bytes "$a2" "$a1" "$(in4 "$1" 11)" "$2"
	tcp_bytes "$a1" "$a2" "$(in6 "$1" 21)" "$2"
	tcp_bytes "$a2" "$a1" "$(in6 "$1" 11)" "$2"
}

# ------------------------------------------------------------------- tests

# learned_here FAM N: behind the peer
learned_here()
{
	check fdb_is "$h1" "net$1" "$(mac "$1" "$2")" \
		".type == \"learned\" and .peer == \"${THEIRS[$1]}\""
}

both_learn()
{
	forget "$1"
	passes "$1"
	learned_here "$1" 21
	learned_here "$1" 2
	check learned_there "$1" "$(mac "$1" 11)"
	check learned_there "$1" "$(mac "$1" 1)"
	check_not learned_there "$1" "$(mac "$1" 21)"
}

large_tcp()
{
	transfers "$1" 4000000
	tcp_bytes "$h1" "$h2" "$(in4 "$1" 2)" 2000000
	tcp_bytes "$h2" "$h1" "$(in4 "$1" 1)" 2000000
}

# once FAM FROM N TO DST TAG [OPTION]: a frame to DST arrives, once
once()
{
	ask send "$2" "e$1" "$5" "$(mac "$1" "$3")" "$6" "${@:7}"
	ask count "$4" "e$1" "$6" min=1 "ms=$((5000 * CTNET_SLOW))"
}

floods()
{
	local to

	ask listen "$a1" "e$1"
	ask listen "$a2" "e$1"
	for to in ff:ff:ff:ff:ff:ff 01:00:5e:00:00:fb 33:33:00:00:00:fb 03:00:00:00:00:01 \
			02:00:00:00:99:99; do
		once "$1" "$a1" 11 "$a2" $to "out-$to"
		check_eq "$ANSWER" "ok 1 vlan=None len=60" "frames to $to from h1"
		once "$1" "$a2" 21 "$a1" $to "in-$to"
		check_eq "$ANSWER" "ok 1 vlan=None len=60" "frames to $to from h2"
	done
	# and none came twice, nor back
	for to in ff:ff:ff:ff:ff:ff 03:00:00:00:00:01; do
		ask count "$a2" "e$1" "out-$to"
		check_match "$ANSWER" '^ok 1 ' "frames to $to from h1, in the end"
		ask count "$a2" "e$1" "in-$to"
		check_eq "$ANSWER" "ok 0" "frames to $to that h1 sent back"
	done
}

tagged()
{
	local fam=$1 c i=0

	ask listen "$a1" "e$fam"
	ask listen "$a2" "e$fam"
	once "$fam" "$a1" 11 "$a2" ff:ff:ff:ff:ff:ff tag-out vlan=5
	check_eq "$ANSWER" "ok 1 vlan=5 len=60" "tagged frames from h1"
	once "$fam" "$a2" 21 "$a1" ff:ff:ff:ff:ff:ff tag-in vlan=4094
	check_eq "$ANSWER" "ok 1 vlan=4094 len=60" "tagged frames from h2"
	for c in a1 a2; do
		i=$((i + 1))
		# a tag takes 4 bytes of what the path takes
		ip_in "${!c}" <<-EOT || { fail "cannot add a VLAN device"; return; }
			link add link e$fam name v5 mtu $((1486 - fam * 10)) type vlan id 5
			addr add 198.51.100.$i/24 dev v5
			link set v5 up
		EOT
	done
	check ctn "$h1" set-port "net$fam" "$a1" --ifname "e$fam" --guard off
	ask sniff "$h1" ul0
	wait_for_ping "$a1" 198.51.100.2
	ping_ok "$a2" 198.51.100.1
	tcp_bytes "$a1" "$a2" 198.51.100.2 1000000
	tcp_bytes "$a2" "$a1" 198.51.100.1 1000000
	for i in 0 1; do
		ask seen "$h1" ul0 out=$i "vni=${VNI[$fam]}" ivlan=5 ifam=4
		check_match "$ANSWER" '^ok [1-9][0-9]+$' "tagged frames on the wire, out=$i"
	done
	check ctn "$h1" set-port "net$fam" "$a1" --ifname "e$fam" --guard on
	check ip -n "$a1" link del v5
	check ip -n "$a2" link del v5
}

container_moves()
{
	local fam=$1 m

	m=$(mac "$fam" 31)
	their_port mv "$fam" 31
	wait_for_ping "$mv" "$(in4 "$fam" 11)"
	ping_ok "$a2" "$(in4 "$fam" 31)"
	learned_here "$fam" 31
	# to h1, whose announcement is enough
	detach_there "$fam" "v${fam}mv"
	check ip -n "$h2" link del "v${fam}mv"
	# shellcheck disable=SC2046 # words
	check ctn "$h1" $(our_port mv "$fam" 31)
	wait_until 5000 learned_there "$fam" "$m"
	check fdb_is "$h1" "net$fam" "$m" '.type == "static" and .port'
	ping_ok "$a2" "$(in4 "$fam" 31)"
	ping_ok "$a2" "$(in6 "$fam" 31)"
	ping_ok "$a1" "$(in4 "$fam" 31)"
	tcp_bytes "$mv" "$a2" "$(in4 "$fam" 21)" 1000000
	# and back
	check ctn "$h1" del-port "net$fam" "$mv" --ifname "e$fam"
	check no_fdb "$h1" "net$fam" "$m"
	their_port mv "$fam" 31
	wait_for_ping "$mv" "$(in4 "$fam" 11)"
	learned_here "$fam" 31
	check_not learned_there "$fam" "$m"
	ping_ok "$a1" "$(in4 "$fam" 31)"
	ping_ok "$a2" "$(in4 "$fam" 31)"
	detach_there "$fam" "v${fam}mv"
	check ip -n "$h2" link del "v${fam}mv"
}
