# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for the scripts
#
# A Linux bridge and a network of ctnet, built by the same commands, which are asked the same. To
# be sourced after lib.sh and python.sh.
#
#	b, c (namespaces): the same twice; net0 is a Linux bridge in b, ctnet in c
#	net0 203.0.113.254/24
#	 |- p1 ---veth--- b1, c1 eth0 203.0.113.1/24
#	 |- p2 ---veth--- b2, c2 eth0 203.0.113.2/24
#	 `- p3 ---veth--- b3, c3 eth0 203.0.113.3/24
#	    02:00:00:00:01:0N    02:00:00:00:00:0N
#
# Nobody speaks IPv6: what is sent is sent by a test.

readonly HOST=203.0.113.254 MH=02:00:00:00:00:fe MP=02:00:00:00:01:0 NOBODY=02:00:00:00:99:99
readonly BCAST=ff:ff:ff:ff:ff:ff MN=02:00:00:00:00:0
readonly GROUP=01:80:c2:00:00:0
readonly EAPOL=0x888e LLDP=0x88cc SLOW=0x8809 PAUSE=0x8808 LLC=4

setup_host c
setup_ns b
add_container b1 b2 b3 bm c1 c2 c3 cm

# whom all is about: $H, the host, $N1 to $N3, its neighbours, and $NM, at first empty
of_bridge() { KIND=bridge H=$b N1=$b1 N2=$b2 N3=$b3 NM=$bm; }
of_ctnet() { KIND=ctnet H=$c N1=$c1 N2=$c2 N3=$c3 NM=$cm; }

# both COMMAND...: for each of the two; alike WANT FUNCTION...: that sets $GOT to the same
both()
{
	of_bridge
	"$@"
	of_ctnet
	"$@"
}

alike()
{
	local want=$1 of

	shift
	for of in of_bridge of_ctnet; do
		$of
		GOT=""
		"$@"
		check_eq "$GOT" "$want" "$KIND: $*"
	done
}

# ip_h LINE...: in the host
ip_h() { check ip -n "$H" "$@"; }

build()
{
	local i n

	for n in "$H" "$N1" "$N2" "$N3" "$NM"; do
		no_ipv6 "$n"
	done
	must ip -n "$H" link add net0 address 02:00:00:00:00:fe type "$KIND"
	for i in 1 2 3; do
		n=N$i
		must ip link add p$i netns "$H" address 02:00:00:00:01:0$i type veth \
			peer name eth0 netns "${!n}" address $MN$i
		ip_in "$H" <<-EOT || die "setup: p$i"
			link set p$i master net0
			link set p$i up
		EOT
		ip_in "${!n}" <<-EOT || die "setup: $n"
			addr add 203.0.113.$i/24 dev eth0
			link set eth0 up
		EOT
	done
	ip_in "$H" <<-EOT || die "setup: net0"
		addr add 203.0.113.254/24 dev net0
		link set net0 up
	EOT
}

# ------------------------------------------------------------------ helpers

# how_many NS DEV TAG [OPTION...]: as many as have come; in $MANY
how_many()
{
	ask count "$@"
	MANY=${ANSWER#ok }
	MANY=${MANY%% *}
}

# end_of TAG: what b1 or c1 sent before has arrived, or does not
end_of()
{
	send_frame "$N1" $BCAST ${MN}1 "$1-end"
	got_frames "$N2" eth0 "$1-end" 1
	got_frames "$N3" eth0 "$1-end" 1
	got_frames "$H" net0 "$1-end" 1
}

# lies_at MAC: the port that the table has it at
lies_at()
{
	GOT=$(bridge -n "$H" fdb show | sed -nE "s/^$1 dev (p[0-9]) .*/\\1/p; s/^$1 dev net0 .*via (p[0-9]) .*/\\1/p" | sort -u)
}

lies() { lies_at "$1"; echo "$GOT"; [[ $GOT == "$2" ]]; }

build_all()
{
	both build
	python_start frames.py
	listen "$c1"
	listen "$c2"
	listen "$c3"
	# who hears nothing on a device has the kernel count frames of no protocol as dropped
	listen "$c" net0
	[[ $RET -eq 0 ]] || die "setup: python"
}
