#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: conntrack's entries are asked for by netlink, which the user-mode kernel has not
# timeout: 400
#
# Published ports and masquerading: who reaches what, as whom, and what becomes of it.
#
#	pc (namespace)         h1 (namespace)
#	eth0 ------veth------- wan
#	192.0.2.2              192.0.2.1, 2001:db8:1::1
#	2001:db8:1::2          net0 203.0.113.254, 2001:db8:2::fe
#	                        |- ct... --veth-- web eth0 203.0.113.1, 2001:db8:2::1
#	                        `- ct... --veth-- db  eth0 203.0.113.2, 2001:db8:2::2
#	                       net1 198.51.100.254
#	                        `- ct... --veth-- app eth0 198.51.100.1

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 nft socat
readonly NET6=2001:db8:2: WAN6=2001:db8:1:
# of other namespaces, some of which may be gone
FILES=(/run/ctnet/nat-*)

setup_host h1
setup_ns pc
add_container web db app
must ip link add wan netns "$h1" type veth peer name eth0 netns "$pc"
ip_in "$h1" <<-EOT || die "setup: h1"
	addr add 192.0.2.1/24 dev wan
	addr add $WAN6:1/64 dev wan nodad
	link set wan up
EOT
ip_in "$pc" <<-EOT || die "setup: pc"
	addr add 192.0.2.2/24 dev eth0
	addr add $WAN6:2/64 dev eth0 nodad
	link set eth0 up
EOT
must ip netns exec "$h1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
	net.ipv6.conf.default.accept_dad=0

# attach NAME...: containers, as they are at first
attach()
{
	local c

	for c; do
		case $c in
		web) echo "add-port net0 $web --address 203.0.113.1/24 --address $NET6:1/64 --gateway 203.0.113.254 --gateway $NET6:fe --label web" ;;
		db) echo "add-port net0 $db --address 203.0.113.2/24 --address $NET6:2/64 --gateway 203.0.113.254 --gateway $NET6:fe --label db" ;;
		app) echo "add-port net1 $app --address 198.51.100.1/24 --gateway 198.51.100.254 --label app" ;;
		esac
	done | ctn "$h1" -b -
}

nets()
{
	ctn "$h1" -b - <<-EOT
		add-net net0 --address 203.0.113.254/24 --address $NET6:fe/64
		add-net net1 --address 198.51.100.254/24
	EOT
	attach web db app
}

must nets
python_start uplink.py

# tcp FROM TO ADDRESS PORT AT ON SOURCE: a connection, and whom TO saw (a regular expression)
tcp()
{
	ask both "$1" "$2" "$3" 2000 "port=$4" "at=$5" "on=$6"
	check_match "$ANSWER" "^ok 2000 2000 ($7)\$" "TCP from $1 to $3 port $4"
}

# udp FROM TO ADDRESS PORT AT ON SOURCE [OPTION]: a question over UDP likewise
udp()
{
	ask datagram "$1" "$2" "$3" "port=$4" "at=$5" "on=$6" "${@:8}"
	check_match "$ANSWER" "^ok ($7) answered\$" "UDP from $1 to $3 port $4"
}

# no_tcp FROM ADDRESS PORT [WANT]: it does not get there
no_tcp()
{
	ask refused "$1" "$web" "$2" "port=$3" "at=$([[ $2 == *:*:* ]] && echo :: || echo 0.0.0.0)" on=80
	check_match "$ANSWER" "^ok (${4:-refused|silent})\$" "TCP from $1 to $2 port $3"
}

# nft_table: the table, as nft lists it
nft_table() { ip netns exec "$h1" nft list table inet ctnet 2>&1; }

# published: "NETWORK LABEL PORT ADDRESSES" of each
published() { ctn "$h1" list publish | cut -f1-4 | tr '\t' ' '; }

none_left()
{
	check_eq "$(published)" "" "published ports"
	check_match "$(nft_table)" 'No such file' "table"
	check_eq "$(comm -13 <(printf '%s\n' "${FILES[@]}") <(printf '%s\n' /run/ctnet/nat-*))" "" "files"
}

# ------------------------------------------------------------------- tests

local_and_routed()
{
	local a

	check ctn "$h1" publish net0 "$web" 8080:80 8081:81/udp || return
	check_eq "$(published)" "net0 web 8080:80/tcp 203.0.113.1,$NET6:1
net0 web 8081:81/udp 203.0.113.1,$NET6:1" "list"
	# another host, whose address the container sees
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	tcp "$pc" "$web" $WAN6:1 8080 $NET6:1 80 $WAN6:2
	udp "$pc" "$web" 192.0.2.1 8081 203.0.113.1 81 192.0.2.2
	udp "$pc" "$web" $WAN6:1 8081 $NET6:1 81 $WAN6:2
	# the host itself, by each of its addresses
	for a in 192.0.2.1 203.0.113.254 127.0.0.1; do
		tcp "$h1" "$web" $a 8080 203.0.113.1 80 '192.0.2.1|203.0.113.254'
	done
	udp "$h1" "$web" 127.0.0.1 8081 203.0.113.1 81 203.0.113.254
	for a in $WAN6:1 $NET6:fe ::1; do
		tcp "$h1" "$web" "$a" 8080 $NET6:1 80 "$WAN6:1|$NET6:fe"
	done
	udp "$h1" "$web" ::1 8081 $NET6:1 81 $NET6:fe
	# nothing else
	no_tcp "$pc" 192.0.2.1 8081 refused
	no_tcp "$pc" 192.0.2.1 80 refused
}

# A container by its own port, a neighbour's, and that of another network.
hairpin()
{
	check ctn "$h1" publish net0 "$web" 8080:80 8081:81/udp --may-exist || return
	tcp "$web" "$web" 192.0.2.1 8080 203.0.113.1 80 203.0.113.254
	tcp "$db" "$web" 203.0.113.254 8080 203.0.113.1 80 203.0.113.254
	tcp "$db" "$web" $WAN6:1 8080 $NET6:1 80 $NET6:fe
	udp "$db" "$web" 192.0.2.1 8081 203.0.113.1 81 203.0.113.254
	# past the host, and by another network, they are who they are
	tcp "$db" "$web" 203.0.113.1 80 203.0.113.1 80 203.0.113.2
	tcp "$app" "$web" 192.0.2.1 8080 203.0.113.1 80 198.51.100.1
}

localhost_only()
{
	local ns

	check ctn "$h1" unpublish net0 "$web" --if-exists || return
	check ctn "$h1" publish net0 "$web" 127.0.0.1:8080:80 '[::1]:8080:80' 127.0.0.2:8081:81/udp || return
	tcp "$h1" "$web" 127.0.0.1 8080 203.0.113.1 80 203.0.113.254
	tcp "$h1" "$web" ::1 8080 $NET6:1 80 $NET6:fe
	udp "$h1" "$web" 127.0.0.2 8081 203.0.113.1 81 203.0.113.254
	no_tcp "$h1" 192.0.2.1 8080 refused
	for ns in "$pc" "$db" "$app"; do
		no_tcp "$ns" 192.0.2.1 8080
	done
	# who sends a packet to 127.0.0.1 on the wire, as its neighbours may
	for ns in "$pc" "$db"; do
		ip_in "$ns" <<-EOT || fail "no route to another's 127.0.0.1"
			addr del 127.0.0.1/8 dev lo
			route add 127.0.0.1/32 via $([[ $ns == "$pc" ]] && echo 192.0.2.1 || echo 203.0.113.254)
		EOT
		check ip netns exec "$ns" sysctl -qw net.ipv4.conf.all.route_localnet=1
		no_tcp "$ns" 127.0.0.1 8080 silent
		check ip netns exec "$ns" sysctl -qw net.ipv4.conf.all.route_localnet=0
		ip_in "$ns" <<-EOT || fail "loopback"
			route del 127.0.0.1/32
			addr add 127.0.0.1/8 dev lo
		EOT
	done
	check ctn "$h1" unpublish net0 "$web" all
	check_eq "$(ip netns exec "$h1" sysctl -n net.ipv4.conf.net0.route_localnet)" 0 route_localnet
	check_eq "$(ip -n "$h1" -6 route show table local dev net0 ::1)" "" "route to ::1"
	none_left
}

one_address_and_ranges()
{
	check ctn "$h1" publish net0 "$web" 192.0.2.1:8000-8002:80-82 "[$WAN6:1]:8000:80" || return
	check ctn "$h1" publish net0 "$db" 203.0.113.254:8000:90 || return
	tcp "$pc" "$web" 192.0.2.1 8002 203.0.113.1 82 192.0.2.2
	tcp "$pc" "$web" $WAN6:1 8000 $NET6:1 80 $WAN6:2
	tcp "$h1" "$db" 203.0.113.254 8000 203.0.113.2 90 203.0.113.254
	no_tcp "$pc" $WAN6:1 8001 refused
	no_tcp "$pc" 192.0.2.1 8003 refused
	check ctn "$h1" unpublish net0 "$web" 192.0.2.1:8000-8002:80-82
	check_eq "$(published)" "net0 web [$WAN6:1]:8000:80/tcp $NET6:1
net0 db 203.0.113.254:8000:90/tcp 203.0.113.2" list
	check json_is '.[0] == {network: "net0", label: "web", published: "[2001:db8:1::1]:8000:80/tcp",
		protocol: "tcp", host: "2001:db8:1::1", host_port: 8000, container_port: 80, count: 1,
		addresses: ["2001:db8:2::1"], owner: .[0].owner}' ctn "$h1" -j list publish net0
	check_eq "$(ctn "$h1" list publish net1)" "" "list of net1"
	check json_is 'map(.published) == [["[2001:db8:1::1]:8000:80/tcp"], ["203.0.113.254:8000:90/tcp"]]' \
		ctn "$h1" -j list ports net0
	check ctn "$h1" -b - <<-EOT
		unpublish net0 $web
		unpublish net0 $db
	EOT
	none_left
}

# What leaves has the host's address; and nothing but what is published comes in.
masquerade()
{
	ip_in "$pc" <<-EOT || fail "routes of pc"
		route add 203.0.113.0/24 via 192.0.2.1
		route add $NET6:/64 via $WAN6:1
	EOT
	udp "$pc" "$web" 203.0.113.1 99 203.0.113.1 99 192.0.2.2
	udp "$web" "$pc" 192.0.2.2 99 192.0.2.2 99 203.0.113.1
	check ctn "$h1" set-net net0 --masquerade on || return
	check json_is '.[0].masquerade and (.[0].internal | not)' ctn "$h1" -j list nets net0
	udp "$web" "$pc" 192.0.2.2 99 192.0.2.2 99 192.0.2.1 from=40001
	udp "$web" "$pc" $WAN6:2 99 $WAN6:2 99 $WAN6:1
	tcp "$web" "$pc" 192.0.2.2 99 192.0.2.2 99 192.0.2.1
	udp "$web" "$db" 203.0.113.2 99 203.0.113.2 99 203.0.113.1
	no_tcp "$pc" 203.0.113.1 80 silent
	no_tcp "$pc" $NET6:1 80 silent
	no_tcp "$app" 203.0.113.1 80 silent
	check ctn "$h1" publish net0 "$web" 8080:80
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	tcp "$app" "$web" 198.51.100.254 8080 203.0.113.1 80 198.51.100.1
	# another subnet
	check ctn "$h1" set-net net0 --address 203.0.114.254/24
	check_match "$(nft_table)" '"net0" . 203.0.114.0/24' "subnets"
	check ctn "$h1" set-net net0 --address -203.0.114.254/24 --masquerade off
	udp "$web" "$pc" 192.0.2.2 99 192.0.2.2 99 203.0.113.1 from=40002
	udp "$pc" "$web" 203.0.113.1 99 203.0.113.1 99 192.0.2.2
	check ctn "$h1" unpublish net0 "$web"
	none_left
}

internal()
{
	check ctn "$h1" -b - <<-EOT || return
		set-net net0 --internal on
		publish net0 $web 8080:80
	EOT
	no_tcp "$pc" 203.0.113.1 80 silent
	no_tcp "$pc" 192.0.2.1 8080 silent
	no_tcp "$app" 203.0.113.1 80 silent
	ask datagram "$web" "$pc" 192.0.2.2 port=99 on=99 ms=1000
	check_eq "$ANSWER" "ok - silent" "web asks pc"
	tcp "$h1" "$web" 203.0.113.1 80 203.0.113.1 80 203.0.113.254
	tcp "$h1" "$web" 127.0.0.1 8080 203.0.113.1 80 203.0.113.254
	tcp "$db" "$web" 203.0.113.1 80 203.0.113.1 80 203.0.113.2
	check ctn "$h1" -b - <<-EOT
		set-net net0 --internal off
		unpublish net0 $web
	EOT
	none_left
	ip_in "$pc" <<-EOT || fail "routes of pc"
		route del 203.0.113.0/24
		route del $NET6:/64
	EOT
}

# A firewall that is loaded anew takes the table along.
flushed()
{
	check ctn "$h1" publish net0 "$web" 8080:80 || return
	check ip netns exec "$h1" nft -f - <<-EOT
		flush ruleset
		table inet other {
			chain c { type filter hook input priority 0; }
		}
	EOT
	no_tcp "$pc" 192.0.2.1 8080 refused
	check ctn "$h1" reload
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	# by whatever changes something, too; one element alone that is missing, likewise
	check ip netns exec "$h1" nft flush ruleset
	check ctn "$h1" publish net0 "$db" 8081:80
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	check ip netns exec "$h1" nft delete element inet ctnet any4 '{ tcp . 8080 }'
	check ctn "$h1" unpublish net0 "$web"
	tcp "$pc" "$db" 192.0.2.1 8081 203.0.113.2 80 192.0.2.2
	# who else is there stays
	check ip netns exec "$h1" nft add table inet other
	check ctn "$h1" unpublish net0 "$db"
	check_eq "$(ip netns exec "$h1" nft list tables)" "table inet other" tables
	check ip netns exec "$h1" nft delete table inet other
	check ctn "$h1" reload
	none_left
}

# A port is an element, and no rule.
many()
{
	local rules

	check ctn "$h1" publish net0 "$web" 8080:80 || return
	rules=$(nft_table | grep -cE 'dnat|accept|drop|masquerade')
	check ctn "$h1" publish net0 "$db" 10000-10999:1000-1999
	for ((i = 0; i < 32; i++)); do
		echo "publish net0 $web $((20000 + i)):$((2000 + i))/udp"
	done | check ctn "$h1" -b -
	check_eq "$(nft_table | grep -cE 'dnat|accept|drop|masquerade')" "$rules" rules
	check_eq "$(ip netns exec "$h1" nft list map inet ctnet any4 | grep -o ' : ' | wc -l)" 1034 "elements and the map's type"
	tcp "$pc" "$db" 192.0.2.1 10999 203.0.113.2 1999 192.0.2.2
	tcp "$pc" "$db" $WAN6:1 10000 $NET6:2 1000 $WAN6:2
	udp "$pc" "$web" 192.0.2.1 20031 203.0.113.1 2031 192.0.2.2
	check ctn "$h1" -b - <<-EOT
		unpublish net0 $db
		unpublish net0 $web
	EOT
	none_left
}

# A flow that goes on without a pause reaches who is published now.
flows()
{
	local no_netlink='CONFIG_NF_CT_NETLINK'

	# before it is published, it is the host's
	udp "$pc" "$h1" 192.0.2.1 53 192.0.2.1 53 192.0.2.2 from=40000
	check ctn "$h1" publish net0 "$web" 53:53/udp || return
	if [[ $OUT == *$no_netlink* ]]; then
		ctn "$h1" unpublish net0 "$web"
		skip "this kernel has no $no_netlink"
		return
	fi
	udp "$pc" "$web" 192.0.2.1 53 203.0.113.1 53 192.0.2.2 from=40000
	udp "$pc" "$web" $WAN6:1 53 $NET6:1 53 $WAN6:2 from=40000
	check ctn "$h1" del-port net0 "$web"
	check_eq "$(published)" "" "what went with the port"
	check ctn "$h1" publish net0 "$db" 53:54/udp
	udp "$pc" "$db" 192.0.2.1 53 203.0.113.2 54 192.0.2.2 from=40000 ms=3000
	udp "$pc" "$db" $WAN6:1 53 $NET6:2 54 $WAN6:2 from=40000 ms=3000
	check ctn "$h1" unpublish net0 "$db"
	udp "$pc" "$h1" 192.0.2.1 53 192.0.2.1 53 192.0.2.2 from=40000 ms=3000
	check attach web
	none_left
}

# Labels, owners and names are whatever somebody chose.
injection()
{
	local label='x" } ; flush ruleset ; add table inet pwned ; { "' name

	check ctn "$h1" set-port net0 "$web" --label "$label"
	check ctn "$h1" publish net0 "$web" 8080:80 || return
	label=$label check json_is '.[0].label == env.label' ctn "$h1" -j list publish
	[[ $(nft_table) != *pwned* && $(nft_table) != *flush* ]] || fail "the label is in the table"
	check_eq "$(ip netns exec "$h1" nft list tables)" "table inet ctnet" tables
	check ctn "$h1" publish net0 "$web" 8081:81
	check ctn "$h1" set-port net0 "$web" --label web
	check ctn "$h1" unpublish net0 "$web"
	for name in 'n"x' 'net*' 'n;x' 'n{x' $'n\xc3\xa4'; do
		check ctn "$h1" add-net "$name" || return
		check_fail 2 'nft cannot name the network' ctn "$h1" set-net "$name" --masquerade on
		check ctn "$h1" del-net "$name"
	done
	none_left
}

bad_words()
{
	local words want

	while IFS=! read -r words want; do
		# shellcheck disable=SC2086 # words
		refused 1 "$want" ctn "$h1" publish net0 $words
	done <<-EOT
		$web 80!"80": invalid port: give it as 8080:80
		$web 8080:80/icmp!its protocol is tcp, udp or sctp
		$web 0:80!a number from 1 to 65535
		$web 8080:65536!a number from 1 to 65535
		$web 8080:!a number from 1 to 65535
		$web 8080:http!a number from 1 to 65535
		$web 90-80:90-80!a range is two numbers
		$web 8000-8010:80-81!differ in length
		$web 2001:db8::1:8080:80!in brackets
		$web [192.0.2.1]:8080:80!in brackets
		$web [2001:db8::1:8080:80!give it as
		$web 192.0.2.300:8080:80!in brackets
		$web 224.0.0.1:8080:80!multicast
		$web!say which port|something is missing
	EOT
	refused 1 'something is missing' ctn "$h1" publish net0
	refused 1 'say whose' ctn "$h1" unpublish net0
	refused 2 'no network "nosuch"' ctn "$h1" publish nosuch "$web" 8080:80
	refused 2 'no network namespace "nosuch"' ctn "$h1" publish net0 nosuch 8080:80
	refused 2 'is not on this network' ctn "$h1" publish net1 "$web" 8080:80
	refused 2 'is no container.s port' ctn "$h1" publish net0 --port wan 8080:80
	refused 2 'no IPv6 address on the network' ctn "$h1" publish net1 "$app" "[$WAN6:1]:8080:80"
	refused 2 'nothing is published' ctn "$h1" unpublish net0 "$web"
	check ctn "$h1" unpublish net0 "$web" --if-exists
	check ctn "$h1" unpublish net0 nosuch --if-exists
}

# What somebody has is not given to another: a container, or a program of the host.
taken()
{
	check ctn "$h1" publish net0 "$web" 8080:80 192.0.2.1:9000-9010:90-100 5353:53/udp || return
	background ip netns exec "$h1" socat -u TCP-LISTEN:7000,bind=192.0.2.1,fork OPEN:/dev/null
	background ip netns exec "$h1" socat -u UDP-RECV:7000,bind=127.0.0.1 OPEN:/dev/null
	check ctn "$h1" publish net0 "$web" 8080:80 --may-exist
	wait_until 20000 listens
	unchanged refused_taken
	check ctn "$h1" publish net1 "$app" 127.0.0.1:9005:80 5353:53/tcp
	check ctn "$h1" -b - <<-EOT
		unpublish net0 $web
		unpublish net1 $app
	EOT
	none_left
}

refused_taken()
{
	refused 2 '8080:80/tcp is published already' ctn "$h1" publish net0 "$web" 8080:80
	refused 2 '8080:80/tcp is published already, for web on network net0' ctn "$h1" publish net1 "$app" 8081:81 8080:80
	refused 2 'published already, for web' ctn "$h1" publish net1 "$app" 127.0.0.1:8080:80
	refused 2 'published already, for web' ctn "$h1" publish net1 "$app" 9005:80
	refused 2 'published already' ctn "$h1" publish net1 "$app" 8082:82 8082:83
	refused 2 'a program of the host has port 7000/tcp' ctn "$h1" publish net1 "$app" 8082:82 7000:80
	refused 2 'a program of the host has port 7000/udp' ctn "$h1" publish net1 "$app" 6999-7001:80-82/udp
	refused 2 'is not published' ctn "$h1" unpublish net0 "$web" 8080:80 8080:81
}

listens() { [[ $(ip netns exec "$h1" ss -Hlntu 'sport = 7000' | wc -l) -eq 2 ]]; }

# Containers and networks take their ports along; other addresses are followed.
goes_along()
{
	check ctn "$h1" publish net0 "$web" 8080:80 || return
	check ctn "$h1" set-port net0 "$web" --address 203.0.113.9/24
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	check ctn "$h1" set-port net0 "$web" --address -203.0.113.1/24
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.9 80 192.0.2.2
	check_eq "$(published)" "net0 web 8080:80/tcp 203.0.113.9,$NET6:1" list
	check ctn "$h1" publish net0 "$web" 127.0.0.1:8081:80
	check_fail 2 'leads to the address that goes' ctn "$h1" set-port net0 "$web" --address -203.0.113.9/24 --gateway -203.0.113.254
	# by the near end, and a device that is detached
	check ctn "$h1" del-port net0 --label web
	none_left
	check attach web
	check ctn "$h1" publish net0 "$web" 8080:80
	check_fail 2 'not a port of this network' ctn "$h1" del-port net1 --dev "$(near_of web)"
	check ctn "$h1" del-port net0 --dev "$(near_of web)"
	none_left
	check attach web
	# a container that ends
	check ctn "$h1" publish net0 "$web" 8080:80
	check ctn "$h1" publish net1 "$app" 8081:80
	ip netns del "$app"
	wait_until 5000 gone
	check_eq "$(published)" "net0 web 8080:80/tcp 203.0.113.1,$NET6:1" list
	check ctn "$h1" reload
	check_eq "$(nft_table | grep -c 198.51.100.1)" 0 "what leads to it"
	# a network
	check ctn "$h1" set-net net1 --masquerade on
	check ctn "$h1" del-net net1
	check_eq "$(nft_table | grep -c net1)" 0 "what names it"
	check ctn "$h1" del-net net0
	none_left
	add_container app
	check nets
}

near_of() { ctn "$h1" list ports net0 | awk -F'\t' -v l="$1" '$4 == l { print $2 }'; }
# Who may not publish does not keep others from it, and an altname is as good as a name.
not_held()
{
	check ip -n "$h1" link property add dev net0 altname front
	check ctn "$h1" publish front "$web" 8080:80 || return
	background setpriv --reuid=65534 --clear-groups flock -F /run/ctnet sleep 600
	background setpriv --reuid=65534 --clear-groups flock -F /run/ctnet/lock sleep 600
	nap 0.5
	check timeout $((10 * CTNET_SLOW)) ctnetctl -n "$h1" publish front "$web" 8081:81
	check_eq "$(published)" "net0 web 8080:80/tcp 203.0.113.1,$NET6:1
net0 web 8081:81/tcp 203.0.113.1,$NET6:1" "list"
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	tcp "$web" "$web" 192.0.2.1 8080 203.0.113.1 80 203.0.113.254
	check ctn "$h1" unpublish net0 "$web"
	check ip -n "$h1" link property del dev net0 altname front
	none_left
}

gone() { [[ -z $(ctn "$h1" list ports net1) ]]; }

# Nothing half: what cannot be written, or is refused later, is as before.
all_or_nothing()
{
	check ctn "$h1" publish net0 "$web" 8080:80 || return
	unchanged full
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	check ctn "$h1" unpublish net0 "$web"
	none_left
}

full()
{
	# shellcheck disable=SC2016 # for the shell in there
	refused 2 'write /run/ctnet/nat-.*: No space left' unshare -m bash -c '
		cp /run/ctnet/nat-*.json "$1"
		mount -t tmpfs -o nr_inodes=$(($(ls "$1"/nat-*.json | wc -l) + 2)) t /run/ctnet
		: >/run/ctnet/lock
		mv "$1"/nat-*.json /run/ctnet/
		exec ctnetctl -n "$2" publish net0 "$3" 8081:81' bash "$TMP" "$h1" "$web"
}

configuration()
{
	check ctn "$h1" -b - <<-EOT || return
		set-net net0 --masquerade on
		set-net net1 --internal on
		publish net0 $web 8080:80 127.0.0.1:8000-8003:80-83/udp
		publish net0 $db [::1]:9000:90
	EOT
	ctn "$h1" save >"$TMP/conf" || fail "not saved"
	check_eq "$(grep -c ^publish "$TMP/conf")" 2 "lines"
	check_match "$(<"$TMP/conf")" "publish net0 $web 127.0.0.1:8000-8003:80-83/udp 8080:80/tcp" "saved"
	check ctn "$h1" sync --dry-run "$TMP/conf"
	check_eq "$OUT" "" "what sync would change"
	check ctn "$h1" -b - <<-EOT
		del-net net0
		del-net net1
	EOT
	none_left
	check ctn "$h1" restore "$TMP/conf"
	check_eq "$(ctn "$h1" save)" "$(<"$TMP/conf")" "restored"
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	# what differs, and only that
	check ctn "$h1" -b - <<-EOT
		unpublish net0 $web 8080:80
		publish net0 $db 8080:81
		publish net0 $web 9999:99
		set-net net0 --masquerade off
	EOT
	check ctn "$h1" sync --dry-run "$TMP/conf"
	check_match "$OUT" "unpublish net0 $db 8080:81/tcp" "dry run"
	check_match "$OUT" "unpublish net0 $web 9999:99/tcp" "dry run"
	check_match "$OUT" "publish net0 $web 8080:80/tcp" "dry run"
	check_match "$OUT" "set-net net0 --masquerade on" "dry run"
	check ctn "$h1" sync "$TMP/conf"
	check_eq "$(ctn "$h1" save)" "$(<"$TMP/conf")" "after sync"
	tcp "$pc" "$web" 192.0.2.1 8080 203.0.113.1 80 192.0.2.2
	# one that cannot be had takes its network along
	printf 'publish net0 %s 5000:5000\n' "$web" "$db" >"$TMP/more"
	cat "$TMP/conf" "$TMP/more" >"$TMP/bad"
	check_fail 2 'bad:[0-9]*: publish .*5000:5000/tcp is published already' ctn "$h1" sync "$TMP/bad"
	echo "publish net0 nobody 80:80" >>"$TMP/conf"
	check_fail 1 'no line before this one adds .* to the ports of net0' ctn "$h1" sync "$TMP/conf"
	check ctn "$h1" -b - <<-EOT
		set-net net0 --masquerade off
		set-net net1 --internal off
		unpublish net0 $web
		unpublish net0 $db
	EOT
	none_left
}

# A host that does not forward says so once.
not_forwarding()
{
	check ip netns exec "$h1" sysctl -qw net.ipv4.ip_forward=0
	check ctn "$h1" -b - <<-EOT
		publish net0 $web 8080:80
		publish net0 $web 8081:80
	EOT
	check_eq "$(grep -c 'does not forward IPv4' <<<"$OUT")" 1 "warnings"
	check ip netns exec "$h1" sysctl -qw net.ipv4.ip_forward=1
	check ctn "$h1" publish net0 "$web" 192.0.2.77:8082:80
	check_match "$OUT" 'does not have this address yet' warning
	check ctn "$h1" unpublish net0 "$web"
	none_left
}

run_test local_and_routed "a published port is reached from outside, with the client's address, and from the host, TCP and UDP, v4 and v6"
run_test hairpin "a container reaches its own port and a neighbour's, and only then has the host's address"
run_test localhost_only "a port of 127.0.0.1 or ::1 is the host's own, whatever is sent to it"
run_test one_address_and_ranges "ports of one address, and ranges; list and JSON"
run_test masquerade "masquerading: the host's address outside, and only what is published comes in"
run_test internal "an internal network is reached by the host, and by nobody else"
run_test flushed "after nft flush ruleset the table is made anew, and other tables are left alone"
run_test many "a thousand ports are elements, and no rules"
run_test flows "flows of UDP follow what is published"
run_test injection "what a label or name says gets nowhere near nft"
refusal_test bad_words "words that are no ports: a sentence each, and nothing changes"
run_test taken "what a container or a program has is not published again"
run_test goes_along "what is published goes with container, port and network, and follows addresses"
run_test not_held "who may not publish keeps nobody from it; a network by an altname"
run_test all_or_nothing "a full disk: nothing changes"
run_test configuration "save, restore and sync"
run_test not_forwarding "what is amiss is said: no forwarding, an address that the host does not have"
