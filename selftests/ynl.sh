#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The YNL spec, uapi/ctnet.yaml: it says what the header and the kernel say, and the
# kernel's own YNL tool drives the family with it.
#
#	h1 (namespace)                                           c1 (namespace)
#	net0 203.0.113.1/24, VNI 100        net1 (a local bridge)
#	 |- p1 ----------------veth----------------------------- eth0 203.0.113.2/24
#	 `- peers                            `- p2 ---veth--- p2x (in h1)
#	ul0 192.0.2.1/24, 2001:db8:0:1::1/64 (dummy)
#
# The tool is part of the kernel's sources. The first of these directories that has it
# is taken, and without one only the spec itself is tested:
#	../ynl (that which YNL=DIR names: vm/run.sh puts a link there)
#	/usr/src/linux-*/tools/net/ynl (the highest version; unpacked)

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3
python3 -c 'import yaml' 2>/dev/null ||
	skip_all "Python has no yaml: install python3-yaml"

readonly SPEC=$SELFTESTS/../uapi/ctnet.yaml HEADER=$SELFTESTS/../uapi/linux/ctnet.h
readonly S=02:bb:00:00:00:01 M=02:bb:00:00:00:02
YNL="" CLI=""

find_ynl()
{
	local dir

	while IFS= read -r dir; do
		for CLI in "$dir/pyynl/cli.py" "$dir/cli.py"; do
			[[ -r $CLI ]] || continue
			YNL=$dir
			return
		done
	done < <(printf '%s\n' "$SELFTESTS/../ynl"
		 printf '%s\n' /usr/src/linux-*/tools/net/ynl | sort -Vr)
}

build()
{
	setup_host h1
	add_container c1
	must ip netns exec "$c1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -batch - <<-EOT || die "setup: links"
		link add p1 netns $h1 type veth peer name eth0 netns $c1
		link add p2 netns $h1 type veth peer name p2x netns $h1
	EOT
	ip_in "$c1" <<-EOT || die "setup: container"
		addr add 203.0.113.2/24 dev eth0
		link set eth0 up
	EOT
	ip_in "$h1" <<-EOT || die "setup: underlay"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		addr add 2001:db8:0:1::1/64 dev ul0 nodad
		link set ul0 up
		link set p1 up
		link set p2 up
		link set p2x up
	EOT
}

# ok OPERATION JSON [FILTER]: it is done, and FILTER is true of the reply; dump likewise
ok()
{
	ask "do" "$1" "$2"
	reply "${3:-}" "do $1 $2"
}

dump()
{
	ask dump "$1" "$2"
	reply "$3" "dump $1 $2"
}

# reply FILTER WHAT
reply()
{
	check_match "$ANSWER" "^ok " "$2"
	[[ -z $1 ]] || check json_is "$1" printf %s "${ANSWER#ok }"
}

# nl_refused ERRNO ATTRIBUTE MESSAGE OPERATION JSON: with this extended ack; the attribute
# is "bad=.NAME", or "miss=NAME"
nl_refused()
{
	local error=$1 attr=$2 message=$3

	shift 3
	ask "do" "$@"
	check_match "$ANSWER" "^refused $error bad=.*miss=.*$message" "$*"
	[[ " $ANSWER" == *" $attr "* ]] || fail "$*: '$ANSWER', want '$attr'"
}

# heard NAME JSON: a notification came that has these attributes
heard()
{
	ask heard "$1" "$2" $((5000 * CTNET_SLOW))
	check_match "$ANSWER" "^ok " "notification $1 $2"
}

# same KIND N: YNL dumps the N objects that ctnetctl lists
same()
{
	ask same "$1"
	check_eq "$ANSWER" "ok $2" "$1, YNL's and ctnetctl's"
}

# says FILTER WORD...: FILTER is true of what ctnetctl prints
says() { check json_is "$1" ctn "$h1" -j "${@:2}"; }

# ------------------------------------------------------------------- tests

header_agrees()
{
	check python3 "$SELFTESTS/lib/ynlagree.py" header "$HEADER" "$SPEC"
}

kernel_agrees()
{
	check python3 "$SELFTESTS/lib/ynlagree.py" kernel "$h1" "$SPEC"
}

# What follows loads the tool once; this is how people start it.
command_line()
{
	local cli=(in_ns "$h1" python3 "$CLI" --spec "$SPEC") pid

	check json_is 'map(.ifname) == ["net0", "net1"] and .[0].df == "on"' "${cli[@]}" \
		--schema "$YNL/../../../Documentation/netlink/genetlink-legacy.yaml" --output-json --dump net-get
	check_not "${cli[@]}" --no-schema --do net-get --json '{"ifindex": 9999}'
	check_match "$OUT" 'No ctnet network.*bad-attr.*ifindex' "the extended ack"
	"${cli[@]}" --no-schema --subscribe events --sleep 2 >"$TMP/told" 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		ctn "$h1" set-net net1 --ageing 100
	done
	check_match "$(<"$TMP/told")" "'ageing': 100.*'name': 'net-set-ntf'" "notifications"
}

start()
{
	python_start ynldrive.py
	ask open "$h1" "${CLI%/*}" "$SPEC"
	check_eq "$ANSWER" ok "the tool with the spec"
	ask subscribe
	check_eq "$ANSWER" ok "the multicast group"
}

nets()
{
	start
	check ctn "$h1" add-net net2 --vni 200 --local 192.0.2.1 --dstport 4790 --underlay ul0
	heard net-new-ntf '{"ifname":"net2","vni":200,"local":"192.0.2.1","underlay":"ul0","ports":0}'
	check ctn "$h1" set-net net2 --df inherit --ttl inherit --tos 4 --udp-csum off --mark 9 --ageing 77
	heard net-set-ntf '{"ifindex":"net2","df":"inherit","ttl":256,"tos":4,"udp-csum":0,"mark":9,"ageing":77}'
	ok net-get '{"ifindex":"net0"}' \
		'like({local: "192.0.2.1", local6: "2001:db8:0:1::1", vni: 100}) and has("stats")'
	ok net-get '{"ifindex":"net1"}' '.ifname == "net1"'
	same nets 3
	same vteps 3
	dump net-get '{"ifindex":"net1"}' 'map(.ifname) == ["net1"]'
	check ctn "$h1" del-net net2
	heard net-del-ntf '{"ifname":"net2"}'
}

ports()
{
	ok port-add '{"net":"net0","dev":"p1","flags":{"value":["hairpin"],"selector":["hairpin","flood"]}}'
	heard port-add-ntf '{"net":"net0","dev":"p1","devname":"p1"}'
	reply '.flags.value == ["hairpin", "learning"]' "flags"
	says '.[0] | like({learning: true, flood: false, hairpin: true})' list ports net0
	ok port-set '{"net":"net0","dev":"p1","flags":{"value":["flood"],"selector":["flood","hairpin"]}}'
	heard port-set-ntf '{"net":"net0","dev":"p1"}'
	says '.[0] | like({learning: true, flood: true, hairpin: false})' list ports net0
	ok port-add '{"net":"net1","dev":"p2"}'
	ok port-get '{"net":"net1","dev":"p2"}' \
		'.devname == "p2" and (.flags.selector | index("guard")) and .flags.value == ["flood", "learning"]'
	same ports 2
	dump port-get '{"net":"net1"}' 'map(.devname) == ["p2"]'
	ok port-del '{"net":"net0","dev":"p1"}'
	heard port-del-ntf '{"net":"net0","dev":"p1"}'
	says '. == []' list ports net0
	ok port-add '{"net":"net0","dev":"p1"}'
}

peers()
{
	ok peer-add '{"net":"net0","addr":"192.0.2.2"}'
	heard peer-add-ntf '{"net":"net0","addr":"192.0.2.2"}'
	ok peer-add '{"net":"net0","addr":"2001:db8:0:1::2","dstport":4790}'
	heard peer-add-ntf '{"net":"net0","addr":"2001:db8:0:1::2","dstport":4790}'
	says 'map([.peer, .dstport]) == [["192.0.2.2", null], ["2001:db8:0:1::2", 4790]]' list peers net0
	ok peer-get '{"net":"net0","addr":"2001:db8:0:1::2"}' '.dstport == 4790'
	same peers 2
	dump peer-get '{"net":"net1"}' '. == []'
	ok peer-del '{"net":"net0","addr":"2001:db8:0:1::2"}'
	heard peer-del-ntf '{"net":"net0","addr":"2001:db8:0:1::2"}'
	says 'map(.peer) == ["192.0.2.2"]' list peers net0
}

entries()
{
	local mac

	ok fdb-add '{"net":"net0","mac":"'$S'","peer":"192.0.2.2","ip":["203.0.113.5","2001:db8::5"]}'
	heard fdb-add-ntf '{"net":"net0","mac":"'$S'","static":true,"ip":["203.0.113.5","2001:db8::5"]}'
	check fdb_is "$h1" net0 $S 'like({type: "static", peer: "192.0.2.2", addresses: ["203.0.113.5", "2001:db8::5"]})'
	ok fdb-add '{"net":"net0","mac":"'$M'","self":true}'
	ok fdb-set '{"net":"net0","mac":"'$M'","port":"p1","ip":["203.0.113.6"]}'
	heard fdb-set-ntf '{"net":"net0","mac":"'$M'","port":"p1"}'
	ok fdb-get '{"net":"net0","mac":"'$M'"}' '.ip == ["203.0.113.6"] and .static'
	wait_for_ping "$c1" 203.0.113.1
	mac=$(mac_of "$c1" eth0)
	heard fdb-add-ntf '{"net":"net0","mac":"'"$mac"'","port":"p1"}'
	# each network's own, two static ones, a learned one
	same fdb 5
	ok fdb-get '{"net":"net0","mac":"'"$mac"'"}' '.age >= 0'
	dump fdb-get '{"net":"net1"}' 'length == 1 and .[0].self and .[0].static'
	ok fdb-flush '{"net":"net0","port":"p1","learned":true}'
	heard fdb-del-ntf '{"net":"net0","mac":"'"$mac"'"}'
	ok fdb-del '{"net":"net0","mac":"'$M'"}'
	heard fdb-del-ntf '{"net":"net0","mac":"'$M'"}'
	says 'length == 2 and all(.[]; .self or .mac == "'$S'")' list fdb net0
}

misses()
{
	check ctn "$h1" set-net net0 --flood off
	check ip -n "$c1" neigh replace 203.0.113.9 lladdr 02:bb:00:00:00:09 dev eth0
	in_ns "$c1" ping -nqc3 -i 0.2 -W1 203.0.113.9 >/dev/null
	heard miss-ntf '{"net":"net0","mac":"02:bb:00:00:00:09"}'
	in_ns "$c1" ping -nqc1 -W1 203.0.113.10 >/dev/null
	heard miss-ntf '{"net":"net0","ip":["203.0.113.10"]}'
	check ctn "$h1" set-net net0 --flood on
}

# those of misses(), and of a peer
counters()
{
	in_ns "$c1" ping -nqc2 -i 0.2 -W1 203.0.113.5 >/dev/null
	in_ns "$h1" bash -c 'echo >/dev/udp/192.0.2.1/4789'
	ok net-get '{"ifindex":"net0"}' \
		'.drops.miss > 0 and .drops.unknown == 3 and .stats["rx-packets"] > 0 and .stats["tx-packets"] > 0'
	ok port-get '{"net":"net0","dev":"p1"}' \
		'[.stats["rx-bytes", "rx-packets", "tx-bytes", "tx-packets"] > 0] | all'
	ok peer-get '{"net":"net0","addr":"192.0.2.2"}' '.stats["tx-bytes"] > 0 and .stats["tx-packets"] > 0'
	dump vtep-get '{}' 'any(.[]; .drops["vxlan-header"] == 1)'
	same nets 2
	same ports 2
	same peers 1
	same vteps 2
}

refusals()
{
	nl_refused ENODEV bad=.ifindex 'interface index' net-get '{"ifindex":9999}'
	nl_refused ERANGE bad=.ifindex . net-get '{"ifindex":0}'
	nl_refused EINVAL miss=ifindex 'network is named' net-get '{}'
	nl_refused EINVAL miss=dev 'device is named' port-add '{"net":"net0"}'
	nl_refused EINVAL bad=.flags . port-set \
		'{"net":"net0","dev":"p1","flags":{"value":32,"selector":32}}'
	nl_refused EINVAL miss=flags 'nothing to set' port-set '{"net":"net0","dev":"p1"}'
	nl_refused ENOENT bad=.dev 'not a port' port-del '{"net":"net0","dev":"p2"}'
	nl_refused EEXIST bad=.addr already peer-add '{"net":"net0","addr":"192.0.2.2"}'
	nl_refused ERANGE bad=.dstport . peer-add '{"net":"net0","addr":"192.0.2.9","dstport":0}'
	nl_refused ENOENT bad=.addr 'no peer' peer-del '{"net":"net0","addr":"192.0.2.9"}'
	nl_refused EADDRINUSE bad=.ip 'Another MAC' fdb-add \
		'{"net":"net0","mac":"'$M'","self":true,"ip":["203.0.113.7","203.0.113.5"]}'
	nl_refused EINVAL bad=.mac 'not a unicast' fdb-set \
		'{"net":"net0","mac":"ff:ff:ff:ff:ff:ff","self":true}'
	nl_refused EINVAL bad=.static . fdb-add '{"net":"net0","mac":"'$M'","self":true,"static":true}'
	nl_refused ENOENT bad=.mac 'no entry' fdb-del '{"net":"net0","mac":"'$M'"}'
	nl_refused EINVAL bad=.mac . fdb-flush '{"net":"net0","mac":"'$S'"}'
	ask dump fdb-get '{"net":9999}'
	check_match "$ANSWER" '^refused ENODEV .*interface index' "a dump of no network"
}

# More changes in a second than are told of.
lost()
{
	local n=9000 start

	ask burst p2x $n 02:ee:00:00:00:01
	wait_until 20000 at_least $n net_stat "$h1" net1 fdb_learned || return
	ask subscribe
	start=$(now_ms)
	ok fdb-flush '{"net":"net1","learned":true}'
	start=$(($(now_ms) - start))
	ask heard lost-ntf '{}' $((5000 * CTNET_SLOW))
	if [[ $ANSWER != ok* ]] && ((start * 4096 / 1000 >= n)); then
		skip "too slow for a burst: $n changes took $start ms"
		return
	fi
	reply 'keys == ["count"] and .count > 0' "changes left out"
}

# What the spec has and no test above met.
all_met()
{
	[[ -z ${TESTS_ONLY:-} ]] || { skip "not all tests ran"; return; }
	ask unused
	check_eq "${ANSWER# }" "ok " "operations and notifications that were not tried"
}

no_ynl() { skip "no YNL tool: unpack a kernel's source, 6.12 or newer, in /usr/src or give YNL=DIR"; }

build
must ctn "$h1" add-net net0 --vni 100 --local 192.0.2.1 --local 2001:db8:0:1::1 \
	--address 203.0.113.1/24
must ctn "$h1" add-net net1
for dev in net0 net1 p1 p2 p2x; do
	must ip netns exec "$h1" sysctl -qw "net.ipv6.conf.$dev.disable_ipv6=1"
done

run_test header_agrees "the spec says what the header says"
run_test kernel_agrees "the spec says what the kernel takes"
find_ynl
if [[ -z $YNL ]]; then
	run_test no_ynl "the kernel's YNL tool drives the family"
	exit
fi
run_test command_line "the kernel's YNL tool takes the spec: schema, dump, refusal, events"
run_test nets "networks through YNL"
run_test ports "ports through YNL"
run_test peers "peers through YNL"
run_test entries "the table through YNL"
run_test misses "misses are told of through YNL"
run_test counters "counters and drops by name through YNL"
run_test refusals "refusals have their extended ack through YNL"
run_test lost "that changes were left out is told of through YNL"
run_test all_met "every operation and notification of the spec was tried"
