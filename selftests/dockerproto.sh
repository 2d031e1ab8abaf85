#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
#
# ctnet-docker without Docker: its calls one by one, what is no call, requests that come twice
# or half; that it is restarted or killed at any step, a full disk, and what Docker forgets. A
# sandbox is a namespace, into which the script moves the interface as Docker does.
#
#	h1 (namespace): ctnet-docker
#	 ct-... 203.0.113.1/24, 2001:db8:100::1/64, VNI 100, peer h2
#	 |- ct... ---veth--- c1 eth0 .11, ::11
#	 `- ct... ---veth--- c2 eth0 .12, ::12

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 ctnet-docker nft busybox socat
readonly SOCK=$TMP/sock STORE=$TMP/state LOG=$TMP/log
readonly NET=NetworkDriver IPAM=IpamDriver
readonly N1=1111111111111111111111111111111111111111111111111111111111111111
readonly N2=2222222222222222222222222222222222222222222222222222222222222222
readonly E1=aaaaaaaaaaaaaaaaaaaaaaaa E2=bbbbbbbbbbbbbbbbbbbbbbbb
readonly DEV=ct-111111111111
readonly MAC1=02:42:cb:00:71:0b
PRELOAD=$(type -P kill-preload.so)
# CTNET_DRIVER_STRIDE=1: each step, and not each eighth
readonly STRIDE=${CTNET_DRIVER_STRIDE:-8}

topo_two_hosts
must ip netns exec "$h1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
add_container c1 c2
mkdir "$STORE" || die "setup: $STORE"
mount -t tmpfs -o size=256k tmpfs "$STORE" || die "setup: tmpfs"
defer umount "$STORE"

# start [OPTION...]: returns once it answers
start()
{
	ip netns exec "$h1" ctnet-docker --socket "$SOCK" --state "$STORE" "$@" >>"$LOG" 2>&1 &
	DRIVER=$!
	busywait 10000 answers >/dev/null && return
	diag "$(tail -n 5 "$LOG")"
	fail "ctnet-docker does not answer"
}

answers() { [[ -S $SOCK ]] && ask call "$SOCK" Plugin.Activate && [[ $ANSWER == 200* ]]; }

# stop [SIGNAL]: and waits; its exit status is in $STATUS
stop()
{
	kill "-${1:-TERM}" "$DRIVER" 2>/dev/null
	wait "$DRIVER" 2>/dev/null
	STATUS=$?
}

restart()
{
	stop "$@"
	start
}

kill_driver() { stop KILL; }

# did METHOD BODY [REGEX]: it is accepted, with an answer that matches
did()
{
	ask call "$SOCK" "$1" "$2"
	[[ $ANSWER == 200* && $ANSWER != *'"Err"'* ]] || fail "$1 $2: $ANSWER"
	check_match "$ANSWER" "${3:-.}" "answer to $1"
}

# errs REGEX METHOD [BODY]: it is refused with these words
errs()
{
	ask call "$SOCK" "${@:2}"
	[[ $ANSWER =~ '"Err":"'.*$1 ]] || fail "${*:2}: $ANSWER, want '$1'"
}

# network ID OPTIONS [SUBNET...]: the body of CreateNetwork
network()
{
	local data4=203.0.113.0/24 gw4=203.0.113.1/24

	printf '{"NetworkID":"%s","Options":{"com.docker.network.enable_ipv6":true,"com.docker.network.generic":{%s}%s}' \
		"$1" "$2" "${4:-}"
	printf ',"IPv4Data":[{"AddressSpace":"ctnet-local","Pool":"%s","Gateway":"%s"}]' \
		"${3:-$data4}" "${5:-$gw4}"
	[[ -n ${3:-} ]] ||
		printf ',"IPv6Data":[{"AddressSpace":"ctnet-local","Pool":"2001:db8:100::/64","Gateway":"2001:db8:100::1/64"}]'
	echo '}'
}

tunnel() { printf '"vni":"%s","local":"%s","peers":"%s"' "$1" "$H1_IP" "$H2_IP"; }

# endpoint ID N [MORE]: the body of CreateEndpoint on the first network, with address .N
endpoint()
{
	printf '{"NetworkID":"%s","EndpointID":"%s","Options":{},"Interface":{"Address":"203.0.113.%s/24","AddressIPv6":"2001:db8:100::%s/64"%s}}\n' \
		$N1 "$1" "$2" "$2" "${3:-}"
}

# of ID [MORE]: the body of calls on an endpoint
of() { printf '{"NetworkID":"%s","EndpointID":"%s"%s}\n' $N1 "$1" "${2:-}"; }

# sandbox CONTAINER: the same of Join
sandbox() { printf ',"SandboxKey":"/run/netns/%s","Options":{}' "$1"; }

net_id() { printf '{"NetworkID":"%s"}\n' "$1"; }

links() { ip -n "$h1" -o link show | grep -cE ': (ct|cv)[-0-9a-f]'; }
files() { find "$STORE" -type f | wc -l; }

# nothing_left: neither links nor state
nothing_left() { check_eq "$(links) links, $(files) files" "0 links, 0 files" "what is left"; }

# to_container CONTAINER N: what Docker does after Join, whose answer names the interface
to_container()
{
	if [[ ! $ANSWER =~ \"SrcName\":\"(cv[0-9a-f]{10})\" ]]; then
		fail "no SrcName: $ANSWER"
		return
	fi
	check ip -n "$h1" link set "${BASH_REMATCH[1]}" netns "$1" name eth0
	ip_in "$1" <<-EOF || fail "cannot set $1 up"
		addr add 203.0.113.$2/24 dev eth0
		addr add 2001:db8:100::$2/64 dev eth0 nodad
		link set eth0 up
		route add default via 203.0.113.1
		route add default via 2001:db8:100::1
	EOF
}

# run ENDPOINT CONTAINER N
run()
{
	did $NET.CreateEndpoint "$(endpoint "$1" "$3")"
	did $NET.Join "$(of "$1" "$(sandbox "$2")")"
	to_container "$2" "$3"
}

# end ENDPOINT CONTAINER: Docker takes the interface back, under the name that it had
end()
{
	did $NET.Leave "$(of "$1")"
	did $NET.DeleteEndpoint "$(of "$1")"
	check_not ip -n "$2" link show eth0
}

create() { did $NET.CreateNetwork "$(network $N1 "$(tunnel 100)")"; }
delete() { did $NET.DeleteNetwork "$(net_id $N1)"; }

# ------------------------------------------------------------------- tests

says_what_it_is()
{
	did Plugin.Activate "" '"Implements":\["NetworkDriver","IpamDriver"\]'
	did $NET.GetCapabilities "" '"Scope":"local".*"ConnectivityScope":"global"'
	did $IPAM.GetCapabilities "" '"RequiresMACAddress":false'
	did $IPAM.GetDefaultAddressSpaces "{}" '"LocalDefaultAddressSpace":"ctnet-local"'
	did $NET.DiscoverNew '{"DiscoveryType":1,"DiscoveryData":{"Address":"192.0.2.2","self":false}}'
	check_eq "$(stat -c %a "$SOCK")" 600 "who may use the socket"
}

life()
{
	create
	check net_is "$h1" $DEV '.vni == 100 and .local == "192.0.2.1"'
	check json_is '[.[].peer] == ["192.0.2.2"]' ctnetctl -n "$h1" -j list peers $DEV
	check_match "$(ip -n "$h1" -o addr show dev $DEV)" '203.0.113.1/24.*2001:db8:100::1/64'
	did $NET.CreateEndpoint "$(endpoint $E1 11)" "\"Interface\":.\"MacAddress\":\"$MAC1\""
	did $NET.EndpointOperInfo "$(of $E1)" '"Value":.}'
	did $NET.Join "$(of $E1 "$(sandbox "$c1")")" \
		'"DstPrefix":"eth".*"Gateway":"203.0.113.1","GatewayIPv6":"2001:db8:100::1","DisableGatewayService":false'
	to_container "$c1" 11
	run $E2 "$c2" 12
	wait_for_ping "$c1" 203.0.113.12
	wait_for_ping "$c1" 2001:db8:100::12
	wait_for_ping "$c1" 203.0.113.1
	check fdb_is "$h1" $DEV $MAC1 \
		'.type == "static" and (.addresses | sort) == ["2001:db8:100::11", "203.0.113.11"]'
	check port_is "$h1" $DEV "/run/netns/$c1" '.guard and (.isolated | not)'
	errs 'has 2 endpoints' $NET.DeleteNetwork "$(net_id $N1)"
	end $E1 "$c1"
	end $E2 "$c2"
	check no_fdb "$h1" $DEV $MAC1
	delete
	nothing_left
}

options()
{
	did $NET.CreateNetwork "$(network $N1 '"name":"blue","mtu":"1400","isolated":"true","guard":"off","ageing":"60"' \
		"" ',"com.docker.network.internal":true')"
	check net_is "$h1" blue '.mtu == 1400 and (.vni | not) and .ageing == 60'
	did $NET.CreateEndpoint "$(endpoint $E1 11 ',"MacAddress":"02:00:00:00:00:0b"')" '"Interface":.}'
	did $NET.Join "$(of $E1 "$(sandbox "$c1")")" '"DisableGatewayService":true'
	[[ $ANSWER != *'"Gateway'* ]] || fail "an internal network has a gateway: $ANSWER"
	check port_is "$h1" blue "/run/netns/$c1" '.isolated and (.guard | not)'
	check fdb_is "$h1" blue 02:00:00:00:00:0b '.type == "static"'
	did $NET.DeleteEndpoint "$(of $E1)"
	delete
	nothing_left
}

# A request that Docker sends again is carried out once; another with the same ID is refused.
twice()
{
	local first

	create
	create
	errs 'already, made by another request' $NET.CreateNetwork "$(network $N1 "$(tunnel 101)")"
	did $NET.CreateEndpoint "$(endpoint $E1 11)"
	first=$ANSWER
	did $NET.CreateEndpoint "$(endpoint $E1 11)"
	check_eq "$ANSWER" "$first" "second answer to CreateEndpoint"
	errs 'already, made by another request' $NET.CreateEndpoint "$(endpoint $E1 12)"
	did $NET.Join "$(of $E1 "$(sandbox "$c1")")"
	first=$ANSWER
	did $NET.Join "$(of $E1 "$(sandbox "$c1")")"
	to_container "$c1" 11
	did $NET.Join "$(of $E1 "$(sandbox "$c1")")"
	check_eq "$ANSWER" "$first" "third answer to Join"
	errs 'is in another container' $NET.Join "$(of $E1 "$(sandbox "$c2")")"
	did $NET.Leave "$(of $E1)"
	did $NET.Leave "$(of $E1)"
	did $NET.DeleteEndpoint "$(of $E1)"
	errs 'there is no endpoint aaaaaaaaaaaa on network' $NET.DeleteEndpoint "$(of $E1)"
	delete
	errs 'there is no network 111111111111' $NET.DeleteNetwork "$(net_id $N1)"
	nothing_left
}

no_request()
{
	local m what

	for what in '' x '[]' '"x"' '{' '{"NetworkID":"x"} {}' '{"NetworkID":"x"}x'; do
		errs 'the request is no JSON object' $NET.CreateNetwork "$what"
	done
	printf -v what '{"x":%*s' 100 ''
	errs 'is no JSON object' $NET.CreateNetwork "${what// /[}"
	for m in $NET.{CreateNetwork,DeleteNetwork,CreateEndpoint,DeleteEndpoint,EndpointOperInfo,Join,Leave}; do
		errs 'the request has no NetworkID' "$m" '{}'
		errs "the request's NetworkID must be a string" "$m" '{"NetworkID":5}'
		errs "the request's NetworkID is empty" "$m" '{"NetworkID":""}'
		errs "NetworkID must be 1 to 64 letters" "$m" '{"NetworkID":"../../x"}'
	done
	errs 'has a zero in it' $NET.CreateNetwork '{"NetworkID":"a\u0000b"}'
	for m in $IPAM.{ReleasePool,RequestAddress,ReleaseAddress}; do
		errs 'the request has no PoolID' "$m" '{}'
		errs 'there is no pool 5' "$m" '{"PoolID":"5"}'
	done
	errs 'has no AddressSpace' $IPAM.RequestPool '{}'
	ask call "$SOCK" Foo.Bar '{}'
	check_match "$ANSWER" '^404 .*"Err":"there is no such method"'
	ask get "$SOCK" $NET.CreateNetwork
	check_match "$ANSWER" '^405 .*"Err"'
	nothing_left
}

too_long()
{
	ask long "$SOCK" $NET.CreateNetwork $((1 << 20))
	check_match "$ANSWER" '^413 .*"Err":"the request is longer than 1 MiB"'
	ask long "$SOCK" $NET.CreateNetwork $((100 << 20))
	check_match "$ANSWER" '^413 '
	ask chunked "$SOCK" $NET.CreateNetwork $((20 << 20))
	check_match "$ANSWER" '^413 '
	ask long "$SOCK" $NET.CreateNetwork 1000000
	check_match "$ANSWER" '^200 .*the request has no NetworkID'
}

half_a_request()
{
	local body

	body=$(network $N1 "$(tunnel 100)")
	ask half "$SOCK" $NET.CreateNetwork "$body"
	ask hold "$SOCK" $NET.CreateNetwork "$body"
	did Plugin.Activate ""
	nothing_left
	ask rest
	check_match "$ANSWER" '^200 .}$'
	check net_is "$h1" $DEV '.vni == 100'
	delete
}

bad_options()
{
	local o

	while IFS='|' read -r o why; do
		errs "$why" $NET.CreateNetwork "$(network $N1 "$o")"
	done <<-'EOT'
		"vin":"5"|there is no option ..vin
		"vni":"x"|-o vni=x:
		"vni":"5"|-o vni needs -o local=IP
		"vni":"5","local":"192.0.2"|-o local=192.0.2: invalid IP address
		"vni":"5","local":"192.0.2.1,192.0.2.3"|second address of its family
		"vni":"5","local":"192.0.2.1","peers":"192.0.2.2,"|-o peers=192.0.2.2,: invalid IP
		"vni":"5","local":"192.0.2.1","peers":"192.0.2.2,192.0.2.2"|an address twice
		"vni":"5","local":"192.0.2.1","underlay":"none"|no device
		"peers":"192.0.2.2"|-o peers needs -o vni=N
		"guard":"perhaps"|-o guard=perhaps: must be on or off
		"mtu":"7"|-o mtu=7:
		"name":"a/b"|-o name=a/b: invalid interface name
		"name":"$(reboot)"|nft cannot name the network
		"name":"far-too-long-a-name"|too long
		"name":["x"]|must be a word
	EOT
	errs 'nothing leaves an --internal network' $NET.CreateNetwork \
		"$(network $N1 '"masquerade":"on"' "" ',"com.docker.network.internal":true')"
	errs 'the gateway 198.51.100.1 is not in the subnet' $NET.CreateNetwork \
		"$(network $N1 "" 203.0.113.0/24 "" 198.51.100.1/24)"
	errs 'it is the subnet.s own' $NET.CreateNetwork \
		"$(network $N1 "" 203.0.113.0/24 "" 203.0.113.0/24)"
	errs 'one subnet of each family' $NET.CreateNetwork \
		"{\"NetworkID\":\"$N1\",\"IPv4Data\":[{\"Pool\":\"192.0.2.0/24\"},{\"Pool\":\"198.51.100.0/24\"}]}"
	errs 'must be an object' $NET.CreateNetwork "{\"NetworkID\":\"$N1\",\"Options\":5}"
	errs 'must be a list' $NET.CreateNetwork "{\"NetworkID\":\"$N1\",\"IPv4Data\":{}}"
	nothing_left
}

clashes()
{
	create
	errs 'has the VNI' $NET.CreateNetwork "$(network $N2 "$(tunnel 100)" 198.51.100.0/24 "" 198.51.100.1/24)"
	errs "overlaps with 203.0.113.0/24, which network $DEV has" $NET.CreateNetwork \
		"$(network $N2 "" 203.0.113.128/25 "" 203.0.113.129/25)"
	errs "has the name $DEV" $NET.CreateNetwork \
		"$(network $N2 "\"name\":\"$DEV\"" 198.51.100.0/24 "" 198.51.100.1/24)"
	errs 'there is an interface ul0' $NET.CreateNetwork \
		"$(network $N2 '"name":"ul0"' 198.51.100.0/24 "" 198.51.100.1/24)"
	did $NET.CreateEndpoint "$(endpoint $E1 11)"
	errs 'into the table' $NET.CreateEndpoint "$(endpoint $E2 11)"
	errs "enter $MAC1 into the table" $NET.CreateEndpoint "$(endpoint $E2 12 ",\"MacAddress\":\"$MAC1\"")"
	errs "203.0.113.1 is the network's gateway" $NET.CreateEndpoint "$(endpoint $E2 1)"
	errs 'broadcast' $NET.CreateEndpoint "$(endpoint $E2 255)"
	errs 'MacAddress .*x' $NET.CreateEndpoint "$(endpoint $E2 12 ',"MacAddress":"x"')"
	errs '198.51.100.9 is not in the subnet' $NET.CreateEndpoint \
		"{\"NetworkID\":\"$N1\",\"EndpointID\":\"$E2\",\"Interface\":{\"Address\":\"198.51.100.9/24\"}}"
	errs 'there is no network 222222222222' $NET.CreateEndpoint \
		"{\"NetworkID\":\"$N2\",\"EndpointID\":\"$E2\"}"
	errs 'there is no endpoint bbbbbbbbbbbb' $NET.Join "$(of $E2 "$(sandbox "$c1")")"
	errs 'has no SandboxKey' $NET.Join "$(of $E1)"
	check_eq "$(links) links, $(files) files" "3 links, 2 files" "what there is"
	did $NET.DeleteEndpoint "$(of $E1)"
	delete
	nothing_left
}

# pool POOL [SUBPOOL]: asks for one; its ID is in $POOL_ID
pool()
{
	did $IPAM.RequestPool "{\"AddressSpace\":\"ctnet-local\",\"Pool\":\"$1\",\"SubPool\":\"${2:-}\",\"Options\":null,\"V6\":false}"
	POOL_ID=none POOL=none
	if [[ $ANSWER =~ \"PoolID\":\"([0-9a-f]+)\",\"Pool\":\"([^\"]+)\" ]]; then
		POOL_ID=${BASH_REMATCH[1]} POOL=${BASH_REMATCH[2]}
	fi
}

# address [WANTED [OPTIONS]]: the body of a request for an address of $POOL_ID
address() { printf '{"PoolID":"%s","Address":"%s","Options":{%s}}\n' "$POOL_ID" "${1:-}" "${2:-}"; }

addresses()
{
	local id

	pool 203.0.113.0/24 203.0.113.64/30
	check_eq "$POOL" 203.0.113.0/24 "the pool"
	id=$POOL_ID
	did $IPAM.RequestAddress "$(address "" '"RequestAddressType":"com.docker.network.gateway"')" '"Address":"203.0.113.64/24"'
	did $IPAM.RequestAddress "$(address 203.0.113.9)" '"Address":"203.0.113.9/24"'
	errs '203.0.113.9 is in use' $IPAM.RequestAddress "$(address 203.0.113.9)"
	errs 'not in the subnet' $IPAM.RequestAddress "$(address 198.51.100.9)"
	errs 'broadcast' $IPAM.RequestAddress "$(address 203.0.113.255)"
	errs 'invalid IP address' $IPAM.RequestAddress "$(address x)"
	did $IPAM.RequestAddress "$(address)" '113.65/24'
	did $IPAM.RequestAddress "$(address)" '113.66/24'
	did $IPAM.RequestAddress "$(address)" '113.67/24'
	errs 'all addresses of the range 203.0.113.64/30 of 203.0.113.0/24 are in use' $IPAM.RequestAddress "$(address)"
	kill_driver
	start
	did $IPAM.ReleaseAddress "$(address 203.0.113.66)"
	errs '203.0.113.66 is not in use' $IPAM.ReleaseAddress "$(address 203.0.113.66)"
	did $IPAM.RequestAddress "$(address)" '113.66/24'
	errs 'overlaps with 203.0.113.0/24' $IPAM.RequestPool \
		'{"AddressSpace":"ctnet-local","Pool":"203.0.113.128/25"}'
	pool 2001:db8:100::/120
	did $IPAM.RequestAddress "$(address)" '"Address":"2001:db8:100::1/120"'
	did $IPAM.RequestAddress "$(address 2001:db8:100::ff)" '::ff/120'
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	POOL_ID=$id
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	errs 'there is no pool' $IPAM.RequestAddress "$(address)"
	pool 203.0.113.8/30
	did $IPAM.RequestAddress "$(address)" '113.9/30'
	did $IPAM.RequestAddress "$(address)" '113.10/30'
	errs 'all addresses of 203.0.113.8/30 are in use' $IPAM.RequestAddress "$(address)"
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	# none asked for in particular
	pool ""
	check_match "$POOL" '^10\.2..\..*/24$'
	id=$POOL
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	must ip -n "$h1" addr add "${id%0/24}77/32" dev lo
	pool ""
	[[ $POOL != "$id" ]] || fail "a subnet that the host has was chosen"
	must ip -n "$h1" addr del "${id%0/24}77/32" dev lo
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	did $IPAM.RequestPool '{"AddressSpace":"ctnet-local","V6":true}' '"Pool":"fd[0-9a-f:]*/64"'
	[[ $ANSWER =~ \"PoolID\":\"([0-9a-f]+)\" ]]
	did $IPAM.ReleasePool "{\"PoolID\":\"${BASH_REMATCH[1]}\"}"
	errs 'is not in the subnet' $IPAM.RequestPool \
		'{"AddressSpace":"ctnet-local","Pool":"203.0.113.0/24","SubPool":"198.51.100.0/26"}'
	errs 'the IPAM driver has no option' $IPAM.RequestPool \
		'{"AddressSpace":"ctnet-local","Pool":"203.0.113.0/24","Options":{"x":"y"}}'
	errs 'there is no address space' $IPAM.RequestPool '{"AddressSpace":"x"}'
	nothing_left
}

# next_and_end: a second container reaches the first, both end, and nothing is left
next_and_end()
{
	run $E2 "$c2" 12
	wait_for_ping "$c1" 203.0.113.12
	end $E1 "$c1"
	end $E2 "$c2"
	delete
	nothing_left
}

restarted()
{
	create
	run $E1 "$c1" 11
	run $E2 "$c2" 12
	stop
	check_eq "$STATUS" 0 "exit status after SIGTERM"
	# nobody is needed for what runs
	ping_ok "$c1" 203.0.113.12
	# meanwhile one container ends
	check ip -n "$c2" link del eth0
	start
	check_eq "$(files)" 2 "files of the state"
	errs 'there is no endpoint bbbbbbbbbbbb' $NET.DeleteEndpoint "$(of $E2)"
	wait_for_ping "$c1" 203.0.113.1
	# the network is gone, and its ports are ports of nothing
	check ip -n "$h1" link del $DEV
	restart KILL
	check net_is "$h1" $DEV '.vni == 100'
	check json_is '[.[].peer] == ["192.0.2.2"]' ctnetctl -n "$h1" -j list peers $DEV
	wait_for_ping "$c1" 203.0.113.1
	wait_for_ping "$c1" 2001:db8:100::1
	# the same while it runs: the next container brings it back
	check ip -n "$h1" link del $DEV
	next_and_end
}

reloaded()
{
	reloads || return
	create
	run $E1 "$c1" 11
	check rmmod ctnet
	check modprobe ctnet
	next_and_end
}

# portmap [PORT...]: what ProgramExternalConnectivity has, 80 of the container each
portmap()
{
	local p list=""

	for p; do
		list+="{\"Proto\":6,\"IP\":\"\",\"Port\":80,\"HostIP\":\"\",\"HostPort\":$p,\"HostPortEnd\":$p},"
	done
	printf ',"Options":{"com.docker.network.portmap":[%s]}' "${list%,}"
}

# is_published PORT...: of the host, and nothing else
is_published()
{
	want="$*" json_is '[.[].host_port] | sort | map(tostring) | join(" ") == env.want' \
		ctnetctl -n "$h1" -j list publish
}

published()
{
	create
	check net_is "$h1" $DEV '.masquerade'
	run $E1 "$c1" 11
	did $NET.ProgramExternalConnectivity "$(of $E1 "$(portmap 8080 8081)")"
	check is_published 8080 8081
	did $NET.ProgramExternalConnectivity "$(of $E1 "$(portmap 8080 8081)")"
	check is_published 8080 8081
	run $E2 "$c2" 12
	errs '8080' $NET.ProgramExternalConnectivity "$(of $E2 "$(portmap 8079 8080)")"
	did $NET.ProgramExternalConnectivity "$(of $E2 "$(portmap)")"
	errs 'HostIP .*x' $NET.ProgramExternalConnectivity \
		"$(of $E2 ',"Options":{"com.docker.network.portmap":[{"Proto":6,"Port":80,"HostIP":"x"}]}')"
	errs 'one of TCP, UDP and SCTP' $NET.ProgramExternalConnectivity \
		"$(of $E2 ',"Options":{"com.docker.network.portmap":[{"Proto":5,"Port":80}]}')"
	background ip netns exec "$c1" busybox httpd -f -p 80 -h "$TMP"
	echo page >"$TMP/page"
	wait_until 10000 fetches "$h2" "$H1_IP:8080"
	wait_until 10000 fetches "$h2" "[$H1_IP6]:8080"
	# all of it is made anew: the table, the network, what is published
	check ip netns exec "$h1" nft flush ruleset
	check ip -n "$h1" link del $DEV
	restart KILL
	check is_published 8080 8081
	wait_until 10000 fetches "$h2" "$H1_IP:8081"
	did $NET.RevokeExternalConnectivity "$(of $E1)"
	did $NET.RevokeExternalConnectivity "$(of $E1)"
	check is_published
	did $NET.ProgramExternalConnectivity "$(of $E1 "$(portmap 0)")"
	# its endpoint takes it along
	end $E1 "$c1"
	check is_published
	end $E2 "$c2"
	delete
	nothing_left
	check_not ip netns exec "$h1" nft list table inet ctnet
}

# Somebody flushes the host's rules. dockerd's are made by hand here, and flushed, too.
flushed()
{
	in_h1 nft -f - <<-EOF
		table ip filter {
			chain DOCKER-USER { }
			chain FORWARD {
				type filter hook forward priority 0; policy drop;
				jump DOCKER-USER
			}
		}
	EOF
	create
	run $E1 "$c1" 11
	did $NET.ProgramExternalConnectivity "$(of $E1 "$(portmap 8080)")"
	background ip netns exec "$c1" busybox httpd -f -p 80 -h "$TMP"
	echo page >"$TMP/page"
	wait_until 20000 fetches "$h2" "$H1_IP:8080"
	check kill -STOP "$DRIVER"
	in_h1 nft flush chain ip filter DOCKER-USER
	check_not fetches "$h2" "$H1_IP:8080"
	check kill -CONT "$DRIVER"
	wait_until 20000 fetches "$h2" "$H1_IP:8080"
	in_h1 nft flush ruleset
	wait_until 20000 fetches "$h2" "$H1_IP:8080"
	end $E1 "$c1"
	delete
	nothing_left
}

# What Docker made, ctnetctl's configurations leave to it, unless they name it.
left_to_docker()
{
	create
	run $E1 "$c1" 11
	in_h1 ctnetctl add-net net9 --address 198.51.100.1/24
	in_h1 ctnetctl save
	check_match "$OUT" 'add-net net9' "what is saved"
	[[ $OUT != *"$DEV"* ]] || fail "saved: $OUT"
	in_h1 ctnetctl save $DEV
	check_match "$OUT" "add-net $DEV" "what is saved of it"
	echo 'add-net net8' >"$TMP/conf"
	in_h1 ctnetctl sync "$TMP/conf" --dry-run
	check_eq "$OUT" $'del-net net9\nadd-net net8' "what sync would do"
	in_h1 ctnetctl sync "$TMP/conf"
	check_not ip -n "$h1" link show net9
	in_h1 ctnetctl sync /dev/null --allow-empty
	check_not ip -n "$h1" link show net8
	ping_ok "$c1" 203.0.113.1
	echo 'add-net net8 --vni 100 --local 192.0.2.1' >"$TMP/conf"
	refused 2 'VNI' ip netns exec "$h1" ctnetctl sync "$TMP/conf"
	ping_ok "$c1" 203.0.113.1
	end $E1 "$c1"
	delete
	nothing_left
}

# each_step METHOD BODY BEFORE AFTER [THEN]: it is killed at steps of the call, and started
# again: all of it or nothing is there, BEFORE or AFTER (links and files), and the same request is
# good once more, or, with THEN, is refused with these words if it was carried out
each_step()
{
	local method=$1 body=$2 before=$3 after=$4 n ret=0 now

	for ((n = 1; n < 100 && ret == 0; n += STRIDE)); do
		stop
		rm -f "$TMP/from"
		LD_PRELOAD=$PRELOAD KILL_AT="$n 9" KILL_FROM=$TMP/from start
		: >"$TMP/from"
		ask call "$SOCK" "$method" "$body"
		[[ $ANSWER == gone* ]] || break
		wait "$DRIVER" 2>/dev/null
		start
		now="$(links) $(files)"
		[[ $now == "$before" || $now == "$after" ]] ||
			fail "$method killed at step $n: $now, want $before or $after"
		ask call "$SOCK" "$method" "$body"
		if [[ -n ${5:-} && $now == "$after" ]]; then
			[[ $ANSWER =~ '"Err":"'$5 ]] || fail "$method again, after step $n: $ANSWER"
		else
			[[ $ANSWER == 200* && $ANSWER != *Err* ]] ||
				fail "$method again, after step $n: $ANSWER"
		fi
		check_eq "$(links) $(files)" "$after" "$method again, after step $n"
		"${UNDO[@]}"
		ret=$RET
	done
	((n > 4)) || fail "$method: only $n steps"
	restart
}

killed()
{
	[[ -n $PRELOAD ]] || { skip "no kill-preload.so: make -C selftests builds it"; return; }
	# its sanitizers want to be loaded first
	[[ -z ${SANITIZE:-} ]] || { skip "not with SANITIZE=1"; return; }
	UNDO=(delete)
	each_step $NET.CreateNetwork "$(network $N1 "$(tunnel 100)")" "0 0" "1 1"
	UNDO=(create)
	each_step $NET.DeleteNetwork "$(net_id $N1)" "1 1" "0 0" "there is no network"
	create
	UNDO=(did "$NET".DeleteEndpoint "$(of $E1)")
	each_step $NET.CreateEndpoint "$(endpoint $E1 11)" "1 1" "3 2"
	UNDO=(did "$NET".CreateEndpoint "$(endpoint $E1 11)")
	each_step $NET.DeleteEndpoint "$(of $E1)" "3 2" "1 1" "there is no endpoint"
	delete
	nothing_left
}

fill() { dd if=/dev/zero of="$STORE/full" bs=4k 2>/dev/null; true; }

full_disk()
{
	create
	did $NET.CreateEndpoint "$(endpoint $E1 11)"
	pool 198.51.100.0/24
	fill
	# what another has, of which nothing comes to be
	errs 'No space left on device' $NET.CreateNetwork "$(network $N2 "" 192.0.2.128/25 "" 192.0.2.129/25)"
	errs 'No space left on device' $NET.CreateEndpoint "$(endpoint $E2 12)"
	errs 'No space left on device' $IPAM.RequestAddress "$(address)"
	errs 'No space left on device' $IPAM.RequestPool '{"AddressSpace":"ctnet-local","Pool":"192.0.2.128/25"}'
	rm "$STORE/full"
	check_eq "$(links) links, $(files) files" "3 links, 3 files" "what there is"
	did $IPAM.RequestAddress "$(address)" '"Address":"198.51.100.1/24"'
	fill
	errs 'No space left on device' $IPAM.ReleaseAddress "$(address 198.51.100.1)"
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	fill
	did $NET.DeleteEndpoint "$(of $E1)"
	fill
	delete
	rm -f "$STORE/full"
	nothing_left
}

forgotten()
{
	restart
	stop
	start --grace 2
	pool 203.0.113.0/24
	did $IPAM.RequestAddress "$(address 203.0.113.1)"
	create
	did $IPAM.RequestAddress "$(address)" '113.2/24'
	did $IPAM.RequestAddress "$(address 203.0.113.11)"
	did $IPAM.RequestAddress "$(address 203.0.113.12)"
	# one that Docker forgets, and one that runs
	did $NET.CreateEndpoint "$(endpoint $E2 12)"
	run $E1 "$c1" 11
	errs "the pool is that of network $DEV" $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	errs "a container on network $DEV has the address 203.0.113.11" $IPAM.ReleaseAddress "$(address 203.0.113.11)"
	wait_until 20000 grep -q 'endpoint bbbbbbbbbbbb has been in no container' "$LOG"
	wait_until 20000 grep -q 'no container has had 203.0.113.2 for' "$LOG"
	wait_until 20000 grep -q 'no container has had 203.0.113.12 for' "$LOG"
	ping_ok "$c1" 203.0.113.1
	did $IPAM.RequestAddress "$(address)" '113.2/24'
	errs '203.0.113.11 is in use' $IPAM.RequestAddress "$(address 203.0.113.11)"
	end $E1 "$c1"
	delete
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	# a pool for which no network came is no obstacle after a while
	pool 198.51.100.0/24
	did $IPAM.RequestAddress "$(address)"
	# which is said by a subshell
	wait_until 20000 pool_again 198.51.100.0/25
	[[ ! $OUT =~ \"PoolID\":\"([0-9a-f]+)\" ]] || POOL_ID=${BASH_REMATCH[1]}
	did $IPAM.ReleasePool "{\"PoolID\":\"$POOL_ID\"}"
	nothing_left
	restart
}

pool_again()
{
	ask call "$SOCK" $IPAM.RequestPool "{\"AddressSpace\":\"ctnet-local\",\"Pool\":\"$1\"}"
	echo "$ANSWER"
	[[ $ANSWER == *\"PoolID\"* ]]
}

# A file that is not what was written there is no reason to forget it, or to go on without it.
bad_state()
{
	create
	stop
	cp "$STORE/networks/$N1.json" "$TMP/good"
	head -c 50 "$TMP/good" >"$STORE/networks/$N1.json"
	: >"$STORE/networks/$N2.json.new"
	refused 2 "read $STORE/networks/$N1.json: it is not what was written there" \
		ip netns exec "$h1" ctnet-docker --socket "$SOCK" --state "$STORE"
	cp "$TMP/good" "$STORE/networks/$N1.json"
	start
	check_eq "$(files)" 1 "files of the state"
	refused 2 "the state in $STORE is another ctnet-docker's" \
		ip netns exec "$h1" ctnet-docker --socket "$TMP/other" --state "$STORE"
	refused 2 "somebody listens at $SOCK already" \
		ip netns exec "$h1" ctnet-docker --socket "$SOCK" --state "$TMP/other"
	refused 1 'usage: ctnet-docker' ctnet-docker --nonsense
	refused 1 '--grace "x"' ctnet-docker --grace x
	delete
}

# As systemd does it: the socket is there before, and stays.
by_systemd()
{
	stop
	[[ ! -e $SOCK ]] || fail "it leaves its socket behind"
	ask activate "$SOCK" "$h1" "$(type -P ctnet-docker)" --state "$STORE"
	DRIVER=${ANSWER#ok }
	create
	delete
	check kill "$DRIVER"
	wait_until 10000 grep -qs '^State:.Z' "/proc/$DRIVER/status"
	[[ -S $SOCK ]] || fail "it removes systemd's socket"
	rm "$SOCK"
	start
}

python_start dockerproto.py
start
defer kill_driver
run_test says_what_it_is "what it implements; its socket is root's"
run_test life "a network and two containers, from the first call to the last"
run_test options "options: name, mtu, guard, isolated, a MAC; internal"
run_test twice "each request twice"
run_test no_request "what is no request, lacks fields, or is no call"
run_test too_long "requests that are too long"
run_test half_a_request "half a request changes nothing, and keeps nobody waiting"
run_test bad_options "options and subnets that cannot be"
run_test clashes "what clashes with what there is"
run_test addresses "pools and addresses"
run_test restarted "a restart keeps containers connected, makes networks anew, removes what is gone"
run_test published "published ports"
run_test flushed "rules that somebody flushes are there again"
run_test left_to_docker "save and sync leave Docker's networks to it"
run_test reloaded "the module is loaded anew"
run_test killed "killed at any step of a call: all or nothing is there"
run_test full_disk "a full disk: a request is refused whole; what goes can go"
run_test forgotten "what Docker asked for and forgot is taken back"
run_test bad_state "a state that cannot be read, or is another's"
run_test by_systemd "activated by systemd's protocol"
