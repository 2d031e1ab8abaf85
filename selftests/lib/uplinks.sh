# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those two
#
# For uplink.sh and gateway.sh: a host with a card to a LAN and another to a provider, and what
# README.md has it do.
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
# The LAN is 203.0.113.0/25 and 2001:db8:100::/64, what is behind h1 203.0.113.128/25 and
# 2001:db8:200::/64; each IPv6 address ends as the IPv4 address does. isp has no route to
# either.
#
# The two recipes of README.md ("Containers on a LAN", "Containers behind the host") are run as
# they stand there, and what it says of a reboot.

# shellcheck source=python.sh
. "${BASH_SOURCE[0]%/*}/python.sh"

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

# readme REGEX: the block of README.md, with the containers' names as they are here
readme()
{
	readme_block "$1" |
		sed -E -e "s/^(ctnetctl add-port net[01]) web( |\$)/\1 $web\2/" \
			-e "s/^(ctnetctl add-port net[01]) lease( |\$)/\1 $lease\2/" \
			-e "s/^(ctnetctl add-port net[01]) app( |\$)/\1 $app\2/"
}

# recipe: runs its input as commands of a person on h1; stops at the first that fails. What is
# in /etc is in $TMP/etc, and there is no systemd.
recipe()
{
	{ echo 'systemctl() { :; }'; sed "s|/etc/|$TMP/etc/|g"; } >"$TMP/recipe"
	(cd "$TMP" && ip netns exec "$h1" bash -e "$TMP/recipe")
}

recipe_lan() { readme 'ip addr flush dev eth1' | recipe; }
recipe_nat() { readme 'route_localnet=1$' | grep -v ^nft | recipe; }
recipe_nft() { readme 'table inet behind' >"$TMP/nat.nft" && readme 'nft -f nat.nft' | grep ^nft | recipe; }

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
	mac=$1 json '.[] | select(.mac == env.mac) | "\(.type) \(.port)"' ctn "$h1" -j list fdb "${2:-net0}"
}

# entry_is MAC WANT: for wait_until
entry_is()
{
	local got

	got=$(entry "$1")
	[[ $got == "$2" ]] || { echo "$1: '$got'"; return 1; }
}

# promiscuity_is NS DEV N
promiscuity_is() { check_eq "$(promiscuity_of "$1" "$2")" "$3" "promiscuity of $2"; }

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

