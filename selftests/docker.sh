#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: the real dockerd, which needs Debian's kernel
# wants: docker
# brief: left out; two dockerds in an emulated VM take a quarter of an hour
# append: apparmor=0
# timeout: 900
#
# "docker run" on ctnet networks, with the real dockerd on two hosts, each with a ctnet-docker.
# Each has a /run/docker of its own. The first networks and containers are those of README.md.
#
#	client .9 ---+--- h1 .1				h2 .2
#		     |    |- front 10.3.0.0/24		|
#	192.0.2.0/24 |    |   web :80 on :8080		|
#	2001:db8:0:1:|    |- back 10.4.0.0/24 --------- |- back, VNI 104, internal
#	       :/64  |    |   web			|   cache 10.4.0.80
#		     |    `- data 203.0.113.0/24 ------ `- data, VNI 100, internal,
#		     |        web			    db 203.0.113.80

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

# shellcheck source=lib/docker.sh
. "$(dirname "$0")/lib/docker.sh"
declare -A HOST_ADDR=([client]=9 [h1]=1 [h2]=2)

topology()
{
	local i=0 h

	setup_ns sw client h1 h2
	must ip -n "$sw" link add br0 up type bridge
	for h in client h1 h2; do
		i=$((i + 1))
		must ip link add ul0 netns "${!h}" type veth peer name "p$i" netns "$sw"
		must ip -n "$sw" link set "p$i" up master br0
		ip_in "${!h}" <<-EOT || die "setup: $h"
			addr add 192.0.2.${HOST_ADDR[$h]}/24 dev ul0
			addr add 2001:db8:0:1::${HOST_ADDR[$h]}/64 dev ul0 nodad
			link set ul0 up
		EOT
		must ip netns exec "${!h}" sysctl -qw net.ipv6.conf.all.forwarding=1
	done
	hosts_up h1 h2
}

# data HOST PEER BASE: the network of both families that spans the hosts
data()
{
	check d "h$1" network create -d ctnet --internal --ipv6 \
		--subnet 203.0.113.0/24 --ip-range "203.0.113.$3/26" --gateway "203.0.113.$(($3 + 1))" \
		--subnet 2001:db8:100::/64 --ip-range "2001:db8:100::$1:0/112" \
		--gateway "2001:db8:100::$1:1" -o vni=100 -o "local=192.0.2.$1" -o "peers=192.0.2.$2" \
		-o name=data data
}

# box HOST NAME OPTION...: another web server
box() { check d "$1" run -d --name "$2" "${@:3}" nginx; }

# inside HOST NAME COMMAND...: in the container's network namespace
inside()
{
	nsenter "--net=/proc/$(json .State.Pid api "$1" "containers/$2/json")/ns/net" "${@:3}"
}

# pings HOST NAME ADDRESS
pings() { inside "$1" "$2" ping -q -c 1 -w 5 "$3" >/dev/null; }
pings_not() { check_not inside "$1" "$2" ping -q -c 1 -W 1 "$3"; }

# ------------------------------------------------------------------- tests

first_minutes()
{
	check recipe h1 < <(readme_block 'systemctl enable --now ctnet-docker.socket') || return
	check recipe h1 < <(readme_block '-p 8080:80' | sed 's|^curl .*|curl -s http://localhost:8080/page|') ||
		return
	check_match "$OUT" $'\npage$' "what curl prints"
	check recipe h1 < <(readme_block '-o local=192.0.2.1 ')
	check recipe h2 < <(readme_block '-o local=192.0.2.2 ')
	check pings h1 web 10.4.0.80
	check_match "$(ip netns exec "$h1" ctnetctl list publish)" '8080:80/tcp' "what is published"
}

tiers()
{
	data 1 2 0
	data 2 1 64
	check d h1 network connect data web
	box h2 db --network data --ip 203.0.113.80 --ip6 2001:db8:100::2:80
	box h1 other --network front --ip 10.3.0.77 --ip6 fd00:3::77 --mac-address 02:00:00:00:00:77 \
		-p 127.0.0.1:8081:80 -p '[2001:db8:0:1::1]:8082:80'
	check pings h1 web 203.0.113.80
	check pings h1 web 2001:db8:100::2:80
	pings_not h1 other 203.0.113.80
	pings_not h1 other 2001:db8:100::2:80
	pings_not h2 cache 203.0.113.80
	# by way of the hosts, as if they were routers
	must ip -n "$client" route add 203.0.113.0/24 via 192.0.2.2
	must ip -n "$client" -6 route add 2001:db8:100::/64 via 2001:db8:0:1::2
	check_not ip netns exec "$client" ping -c 1 -W 1 203.0.113.80
	check_not ip netns exec "$client" ping -c 1 -W 1 2001:db8:100::2:80
	pings_not h2 db 192.0.2.9
	pings_not h2 db 2001:db8:0:1::9
}

# The client has no route to front: it is asked, and published ports answer, by the host's address.
published()
{
	check fetches "$client" 192.0.2.1:8080
	check fetches "$client" '[2001:db8:0:1::1]:8080'
	check fetches "$h1" 127.0.0.1:8080
	check fetches "$h1" '[::1]:8080'
	check fetches "$h1" 127.0.0.1:8081
	check_not fetches "$client" 192.0.2.1:8081
	check fetches "$client" '[2001:db8:0:1::1]:8082'
	check_not fetches "$client" 192.0.2.1:8082
	check pings h1 web 192.0.2.9
	check pings h1 web 2001:db8:0:1::9
}

given()
{
	check json_is '.NetworkSettings.Networks.front |
		[.IPAddress, .GlobalIPv6Address, .MacAddress] == ["10.3.0.77", "fd00:3::77", "02:00:00:00:00:77"]' \
		api h1 containers/other/json
	check d h1 run --rm --network container:other nginx ip addr show dev eth0
	check_match "$OUT" '02:00:00:00:00:77.*10.3.0.77/24.*fd00:3::77/64' "of container:other"
	check d h1 network connect --ip 10.4.0.7 back other
	check pings h1 other 10.4.0.80
	check d h1 network disconnect back other
	pings_not h1 other 10.4.0.80
}

options()
{
	check d h1 network create -d ctnet --ipam-driver ctnet --subnet 198.51.100.0/29 -o name=opt \
		-o mtu=1300 -o ageing=60 -o masquerade=off opt
	check net_is "$h1" opt '.mtu == 1300 and .ageing == 60 and (.masquerade | not)'
	check_match "$(ip -n "$h1" -o addr show dev opt)" 'inet 198.51.100.1/29 '
	check d h1 network rm opt
	refused 1 'there is no option "vnii"' d h1 network create -d ctnet -o vnii=5 bad
	refused 1 'has the VNI' d h1 network create -d ctnet -o vni=100 -o local=192.0.2.1 bad
	check_not api h1 networks/bad
}

# web on its networks, as it was
all_is_well()
{
	wait_until 10000 fetches "$client" 192.0.2.1:8080
	check fetches "$client" '[2001:db8:0:1::1]:8080'
	check pings h1 web 10.4.0.80
	check pings h1 web 2001:db8:100::2:80
	pings_not h1 other 203.0.113.80
}

restarts()
{
	driver_ends h1
	check fetches "$client" 192.0.2.1:8080
	driver_up h1 || fail "ctnet-docker does not start again"
	kill -9 "${DOCKERD[h1]}"
	wait "${DOCKERD[h1]}" 2>/dev/null
	check fetches "$client" 192.0.2.1:8080
	dockerd_starts h1
	check dockerd_answers h1
	all_is_well
	check d h1 restart -t 0 web
	all_is_well
}

# Somebody flushes the host's rules; the module is gone, and with it each network, which comes
# with the next container, or with ctnet-docker.
made_anew()
{
	reloads || return
	check ip netns exec "$h1" nft delete table inet ctnet
	check ip netns exec "$h1" nft flush chain ip filter DOCKER-USER
	wait_until 20000 fetches "$client" 192.0.2.1:8080
	check rmmod ctnet
	check modprobe ctnet
	driver_ends h2
	driver_up h2
	check d h1 restart -t 0 web
	all_is_well
}

all_goes()
{
	local h

	check d h1 rm -f web other
	check d h2 rm -f cache db
	check d h1 network rm front back data
	check d h2 network rm back data
	for h in h1 h2; do
		check_eq "$(ip -n "${!h}" -o link show | grep -cE ': (ct|cv|data)')" 0 "links of $h"
		check_eq "$(find "$TMP/$h/state" -type f | wc -l)" 0 "files of $h"
	done
}

topology
run_test first_minutes "README's first minutes with Docker, on one host and two"
run_test tiers "a web tier on several networks, a database on the other host, IPv4 and IPv6"
run_test published "published ports, IPv4 and IPv6; what leaves has the host's address"
run_test given "addresses and a MAC that are given; connect, disconnect, container:"
run_test options "options; refusals reach the command line"
run_test restarts "restarts of ctnet-docker, of dockerd, and of a container"
run_test made_anew "rules that are flushed, and a module that is loaded anew"
run_test all_goes "nothing is left"
