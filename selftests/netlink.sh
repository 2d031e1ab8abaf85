#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The netlink interface, with requests made by hand: each that is not as the interface
# has it is refused, with a message, with the attribute at fault, and changes nothing.
#
#	h1 (namespace)
#	net0, VNI 100 on ul0                     net1 (a local bridge)
#	 |- p1 (one end of a veth; the other, p1x, is no port)
#	 |- peer 192.0.2.2
#	 `- 02:bb:00:00:00:01 behind p1, 203.0.113.5
#	ul0 192.0.2.1/24 (dummy)

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 setpriv unshare
readonly S=hex:02bb00000001 M=hex:02bb00000002 MAX=16777215

setup_host h1 h2

build()
{
	ip_in "$h1" <<-EOT || die "setup: links"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		link set ul0 up
		link add p1 type veth peer name p1x
	EOT
	ctn "$h1" -b - <<-EOT || die "setup: networks"
		add-net net0 --vni 100 --local 192.0.2.1
		add-net net1
		add-port net0 --dev p1
		add-peer net0 192.0.2.2
		add-fdb net0 02:bb:00:00:00:01 --port p1 --ip 203.0.113.5
	EOT
	NET=u32:$(ifindex_of "$h1" net0)
	NET1=u32:$(ifindex_of "$h1" net1)
	P1=u32:$(ifindex_of "$h1" p1)
	P1X=u32:$(ifindex_of "$h1" p1x)
	UL0=u32:$(ifindex_of "$h1" ul0)
	LO=u32:1
}

# nl_refused ERRNO MESSAGE REQUEST...: with this error and a message that matches; where an
# attribute of the request has a "!", the offset in the extended ack is that of it, where one
# has a "-", it is the one that the extended ack says is missing, and else there is none.
# Nothing has changed.
nl_refused()
{
	local error=$1 text=$2 offset=none miss=none

	shift 2
	[[ " $*" != *" !"* ]] || offset=right
	[[ " $*" != *" -"* ]] || miss=right
	ask "$h1" "$@"
	check_match "$ANSWER" "^$error offset=$offset miss=$miss changed=no .*$text" "$*"
}

# The same for a dump that is refused as it begins: some kernels tell the offset then.
refused_dump()
{
	local error=$1 text=$2

	shift 2
	ask "$h1" "$@"
	check_match "$ANSWER" "^$error offset=(none|right) miss=none changed=no .*$text" "$*"
}

# accepted N REQUEST...: and N messages come back
accepted()
{
	local n=$1

	shift
	ask "$h1" "$@"
	check_eq "$ANSWER" "ok $n" "$*"
}

# What follows would prove nothing if the requests were wrong in another way, too.
valid_requests()
{
	accepted 1 NET_GET IFINDEX="$NET"
	accepted 2 NET_GET dump
	accepted 1 NET_GET dump IFINDEX="$NET1"
	accepted 1 PORT_GET NET="$NET" DEV="$P1"
	accepted 1 PORT_GET dump
	accepted 0 PORT_GET dump NET="$NET1"
	accepted 1 PEER_GET NET="$NET" ADDR=ip:192.0.2.2
	accepted 1 PEER_GET dump NET="$NET"
	accepted 1 FDB_GET NET="$NET" MAC=$S
	# with the MAC of p1, which is the host's
	accepted 4 FDB_GET dump
	accepted 1 FDB_GET dump NET="$NET1"
	accepted 4 FDB_GET dump STATIC=flag:
	accepted 3 FDB_GET dump NET="$NET" STATIC=flag:
	accepted 1 FDB_GET dump NET="$NET" PORT="$P1"
	accepted 1 FDB_GET dump NET="$NET" PORT="$P1" STATIC=flag:
	accepted 0 FDB_GET dump NET="$NET" PEER=ip:192.0.2.2
	accepted 1 VTEP_GET dump
	accepted 0 PORT_SET NET="$NET" DEV="$P1" FLAGS=bits:4/4
	accepted 0 PORT_SET NET="$NET" DEV="$P1" FLAGS=bits:0/4
	accepted 0 PEER_ADD NET="$NET" ADDR=ip:192.0.2.9 DSTPORT=u16:4790
	accepted 0 PEER_DEL NET="$NET" ADDR=ip:192.0.2.9
	accepted 0 FDB_ADD NET="$NET" MAC=$M PORT="$P1" IP=ip:203.0.113.6 IP=ip:2001:db8::6
	accepted 0 FDB_SET NET="$NET" MAC=$M PEER=ip:192.0.2.2 IP=ips:128
	accepted 0 FDB_SET NET="$NET" MAC=$M SELF=flag:
	accepted 0 FDB_FLUSH NET="$NET" LEARNED=flag: PORT="$P1"
	accepted 0 FDB_DEL NET="$NET" MAC=$M
	accepted 0 PORT_DEL NET="$NET" DEV="$P1"
	accepted 0 PORT_ADD NET="$NET" DEV="$P1" FLAGS=bits:3/7
	accepted 0 FDB_ADD NET="$NET" MAC=$S PORT="$P1" IP=ip:203.0.113.5
	accepted 0 NEWLINK VNI=u32:$MAX LOCAL=ip:192.0.2.1 DSTPORT=u16:5000
	check ip -n "$h1" link del raw0
}

# entries PREFIX N [OPTION...]: so many of p1's
entries()
{
	local i

	for ((i = 1; i <= $2; i++)); do
		printf 'add-fdb net0 %s:%02x --port p1' "$1" "$i"
		((${3:-0} == 0)) || printf " --ip 198.18.$i.%d" $(seq "$3")
		echo
	done | ctn "$h1" -b - || fail "entries"
}

# All entries of a port, be they few and long, or many; and no others.
port_dumps()
{
	check ctn "$h1" add-fdb net0 02:bb:00:00:00:02 --self
	entries 02:0d:00:00:00 30 100
	accepted 31 FDB_GET dump NET="$NET" PORT="$P1"
	entries 02:0d:00:00:01 33
	accepted 64 FDB_GET dump NET="$NET" PORT="$P1" STATIC=flag:
	entries 02:0d:00:00:02 136
	accepted 200 FDB_GET dump NET="$NET" PORT="$P1" STATIC=flag:
	accepted 200 FDB_GET dump NET="$NET" PORT="$P1"
	accepted 203 FDB_GET dump NET="$NET"
	check ctn "$h1" flush-fdb net0 --port p1
	accepted 0 FDB_GET dump NET="$NET" PORT="$P1"
	accepted 0 FDB_ADD NET="$NET" MAC=$S PORT="$P1" IP=ip:203.0.113.5
	check ctn "$h1" del-fdb net0 02:bb:00:00:00:02
}

unknown_attributes()
{
	nl_refused EINVAL 'nknown attribute' NET_GET IFINDEX="$NET" '!99=u32:1'
	nl_refused EINVAL 'nknown attribute' PORT_ADD NET="$NET" DEV="$P1X" '!99=u32:1'
	nl_refused EINVAL 'nknown attribute' PORT_SET NET="$NET" DEV="$P1" FLAGS=bits:4/4 '!99=flag:'
	nl_refused EINVAL 'nknown attribute' PEER_ADD NET="$NET" ADDR=ip:192.0.2.9 '!4=u32:1'
	nl_refused EINVAL 'nknown attribute' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!10=u32:1'
	nl_refused EINVAL 'nknown attribute' FDB_ADD '!0=u32:1' NET="$NET" MAC=$M SELF=flag:
	nl_refused EINVAL 'nknown attribute' FDB_GET dump NET="$NET" '!99=u32:1'
	nl_refused EINVAL 'nknown attribute|policy' VTEP_GET dump '!99=u32:1'
	nl_refused EINVAL 'nknown attribute|policy' VTEP_GET dump '!1=u16:4789'
}

# an attribute that there is, but not for this command
foreign_attributes()
{
	nl_refused EINVAL . PORT_DEL NET="$NET" DEV="$P1" '!FLAGS=bits:4/4'
	nl_refused EINVAL . PORT_ADD NET="$NET" DEV="$P1X" '!STATS=flag:'
	nl_refused EINVAL . PEER_DEL NET="$NET" ADDR=ip:192.0.2.2 '!DSTPORT=u16:4789'
	nl_refused EINVAL . FDB_ADD NET="$NET" MAC=$M SELF=flag: '!LEARNED=flag:'
	nl_refused EINVAL . FDB_ADD NET="$NET" MAC=$M SELF=flag: '!STATIC=flag:'
	nl_refused EINVAL . FDB_SET NET="$NET" MAC=$M SELF=flag: '!AGE=u32:1'
	nl_refused EINVAL . FDB_DEL NET="$NET" MAC=$S '!PORT='"$P1"
	nl_refused EINVAL . FDB_FLUSH NET="$NET" '!MAC='$S
	nl_refused EINVAL . FDB_FLUSH NET="$NET" '!SELF=flag:'
	nl_refused EINVAL . FDB_FLUSH NET="$NET" '!IP=ip:203.0.113.5'
	nl_refused EINVAL . NET_GET IFINDEX="$NET" '!IFNAME=hex:6e65743000'
	refused_dump EINVAL 'all objects' PORT_GET dump NET="$NET" '!DEV='"$P1"
	refused_dump EINVAL 'all objects' FDB_GET dump NET="$NET" '!MAC='$S
	nl_refused EINVAL 'MAC alone' FDB_GET NET="$NET" MAC=$S '!PORT='"$P1"
	nl_refused EINVAL 'MAC alone' FDB_GET NET="$NET" MAC=$S '!PEER=ip:192.0.2.2'
	nl_refused EINVAL 'MAC alone' FDB_GET NET="$NET" MAC=$S '!STATIC=flag:'
	nl_refused EINVAL . FDB_GET NET="$NET" MAC=$S '!SELF=flag:'
	refused_dump EINVAL 'give the network as well' FDB_GET dump '!PORT='"$P1"
	refused_dump EINVAL 'give the network as well' FDB_GET dump '!PEER=ip:192.0.2.2'
	refused_dump EINVAL 'not by both' FDB_GET dump NET="$NET" PORT="$P1" PEER=ip:192.0.2.2
	refused_dump ENOENT 'no port' FDB_GET dump NET="$NET" '!PORT='"$P1X"
	refused_dump ENOENT 'no peer' FDB_GET dump NET="$NET" '!PEER=ip:192.0.2.77'
	refused_dump EINVAL 'Invalid IP address' FDB_GET dump NET="$NET" '!PEER=hex:0102030405'
	refused_dump EINVAL 'all objects' PEER_GET dump NET="$NET" '!ADDR=ip:192.0.2.2'
}

wrong_lengths()
{
	nl_refused '(EINVAL|ERANGE)' . NET_GET '!IFINDEX=u16:1'
	nl_refused '(EINVAL|ERANGE)' . NET_GET '!IFINDEX=hex:0100000000000000'
	nl_refused '(EINVAL|ERANGE)' . PORT_ADD NET="$NET" '!DEV=hex:'
	nl_refused '(EINVAL|ERANGE)' . PORT_SET NET="$NET" DEV="$P1" '!FLAGS=u32:4'
	nl_refused '(EINVAL|ERANGE)' . PORT_SET NET="$NET" DEV="$P1" '!FLAGS=hex:040000000400000000000000'
	nl_refused '(EINVAL|ERANGE)' . FDB_ADD NET="$NET" '!MAC=hex:02bb000000' SELF=flag:
	nl_refused '(EINVAL|ERANGE)' . FDB_ADD NET="$NET" '!MAC=hex:02bb0000000203' SELF=flag:
	nl_refused '(EINVAL|ERANGE)' . FDB_ADD NET="$NET" MAC=$M '!SELF=u32:1'
	nl_refused '(EINVAL|ERANGE)' . PEER_ADD NET="$NET" ADDR=ip:192.0.2.9 '!DSTPORT=u32:4789'
	nl_refused '(EINVAL|ERANGE)' . PEER_ADD NET="$NET" ADDR=ip:192.0.2.9 '!DSTPORT=u8:1'
}

# an address has 4 bytes or 16
address_lengths()
{
	local hex

	for hex in '' c0 c00002 c000020900 c0000209c0000209 20010db80000000000000000000000 \
		20010db8000000000000000000000000ff; do
		nl_refused '(EINVAL|ERANGE)' . PEER_ADD NET="$NET" "!ADDR=hex:$hex"
		nl_refused '(EINVAL|ERANGE)' . FDB_ADD NET="$NET" MAC=$M SELF=flag: "!IP=hex:$hex"
	done
	nl_refused '(EINVAL|ERANGE)' . FDB_ADD NET="$NET" MAC=$M '!PEER=hex:c000020200'
	nl_refused '(EINVAL|ERANGE)' . PEER_DEL NET="$NET" '!ADDR=hex:c000020200'
	# one of several
	nl_refused '(EINVAL|ERANGE)' . FDB_ADD NET="$NET" MAC=$M SELF=flag: \
		IP=ip:203.0.113.6 '!IP=hex:cb00710700' IP=ip:203.0.113.8
	# IPv4 in the clothes of IPv6
	nl_refused EINVAL 'v4-mapped' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!IP=ip:::ffff:203.0.113.5'
	nl_refused EINVAL 'v4-mapped' PEER_ADD NET="$NET" '!ADDR=ip:::ffff:192.0.2.9'
}

truncated()
{
	# the header claims more than there is
	nl_refused EINVAL . NET_GET IFINDEX="$NET" 99=claim:64/01000000
	nl_refused EINVAL . FDB_ADD NET="$NET" SELF=flag: MAC=claim:40/02bb00000002
	nl_refused EINVAL . PORT_ADD NET="$NET" DEV=claim:65535/01000000
	# or less than itself
	nl_refused EINVAL . FDB_ADD NET="$NET" MAC=$M SELF=flag: 8=claim:3/cb007105
	nl_refused EINVAL . FDB_ADD NET="$NET" MAC=$M SELF=flag: 8=claim:0/cb007105
}

garbage_behind()
{
	nl_refused EINVAL 'leftover' FDB_ADD NET="$NET" MAC=$M SELF=flag: raw=00
	nl_refused EINVAL 'leftover' FDB_ADD NET="$NET" MAC=$M SELF=flag: raw=ffffff
	nl_refused EINVAL 'leftover' PORT_ADD NET="$NET" DEV="$P1X" raw=0800ff
	nl_refused EINVAL 'leftover' FDB_GET dump raw=01
}

missing_attributes()
{
	local cmd

	nl_refused EINVAL 'network is named' NET_GET -IFINDEX
	for cmd in PORT_ADD PORT_SET PORT_DEL PORT_GET; do
		nl_refused EINVAL 'network is named' $cmd -NET DEV="$P1"
		nl_refused EINVAL 'device is named' $cmd NET="$NET" -DEV
	done
	nl_refused EINVAL 'flags are named' PORT_SET NET="$NET" DEV="$P1" -FLAGS
	for cmd in PEER_ADD PEER_DEL PEER_GET; do
		nl_refused EINVAL 'network is named' $cmd -NET ADDR=ip:192.0.2.2
		nl_refused EINVAL 'peer is named' $cmd NET="$NET" -ADDR
	done
	for cmd in FDB_ADD FDB_SET FDB_DEL FDB_GET; do
		nl_refused EINVAL 'network is named' $cmd -NET MAC=$S
		nl_refused EINVAL 'MAC is named' $cmd NET="$NET" -MAC
	done
	nl_refused EINVAL 'network is named' FDB_FLUSH -NET
	# of several any would do
	nl_refused EINVAL 'No destination' FDB_ADD NET="$NET" MAC=$M
	nl_refused EINVAL 'one destination' FDB_ADD NET="$NET" MAC=$M SELF=flag: PORT="$P1"
	nl_refused EINVAL 'one destination' FDB_SET NET="$NET" MAC=$S PORT="$P1" PEER=ip:192.0.2.2
	nl_refused EINVAL 'one destination' FDB_FLUSH NET="$NET" PORT="$P1" PEER=ip:192.0.2.2
}

unknown_flags()
{
	# in the value, in the selector, in both; and a value that is not selected
	nl_refused EINVAL . PORT_SET NET="$NET" DEV="$P1" '!FLAGS=bits:64/64'
	nl_refused EINVAL . PORT_SET NET="$NET" DEV="$P1" '!FLAGS=bits:0/0x80000000'
	nl_refused EINVAL . PORT_SET NET="$NET" DEV="$P1" '!FLAGS=bits:12/4'
	nl_refused EINVAL . PORT_SET NET="$NET" DEV="$P1" '!FLAGS=bits:4/0'
	nl_refused EINVAL . PORT_ADD NET="$NET" DEV="$P1X" '!FLAGS=bits:0xffffffff/0xffffffff'
}

out_of_range()
{
	nl_refused ERANGE . NET_GET '!IFINDEX=u32:0'
	nl_refused ERANGE . NET_GET '!IFINDEX=u32:0x80000000'
	nl_refused ERANGE . PORT_ADD NET="$NET" '!DEV=u32:0xffffffff'
	nl_refused ERANGE . FDB_ADD NET="$NET" MAC=$M '!PORT=u32:0'
	nl_refused ERANGE . PEER_ADD NET="$NET" ADDR=ip:192.0.2.9 '!DSTPORT=u16:0'
	nl_refused E2BIG 128 FDB_ADD NET="$NET" MAC=$M SELF=flag: IP=ips:129
	nl_refused E2BIG 128 FDB_SET NET="$NET" MAC=$S SELF=flag: IP=ips:500
	nl_refused EINVAL twice FDB_ADD NET="$NET" MAC=$M SELF=flag: IP=ips:3 '!IP=ips:1'
}

wrong_values()
{
	nl_refused EINVAL 'not a unicast' FDB_ADD NET="$NET" '!MAC=hex:000000000000' SELF=flag:
	nl_refused EINVAL 'not a unicast' FDB_ADD NET="$NET" '!MAC=hex:01005e000001' SELF=flag:
	nl_refused EINVAL 'not a unicast' FDB_DEL NET="$NET" '!MAC=hex:ffffffffffff'
	nl_refused EINVAL 'unicast' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!IP=ip:224.0.0.1'
	nl_refused EINVAL 'unicast' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!IP=ip:0.0.0.0'
	nl_refused EINVAL 'unicast' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!IP=ip:255.255.255.255'
	nl_refused EINVAL 'unicast' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!IP=ip:::'
	nl_refused EINVAL 'unicast' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!IP=ip:ff02::1'
	nl_refused EINVAL 'unicast' PEER_ADD NET="$NET" '!ADDR=ip:224.0.0.1'
	nl_refused EINVAL 'unicast' PEER_ADD NET="$NET" '!ADDR=ip:255.255.255.255'
	nl_refused EINVAL 'unicast' PEER_ADD NET="$NET" '!ADDR=ip:127.0.0.1'
	nl_refused EINVAL 'unicast' PEER_ADD NET="$NET" '!ADDR=ip:0.0.0.0'
	nl_refused EINVAL 'own' PEER_ADD NET="$NET" '!ADDR=ip:192.0.2.1'
	nl_refused EINVAL 'broadcast' PEER_ADD NET="$NET" '!ADDR=ip:192.0.2.255'
	nl_refused EINVAL 'family' PEER_ADD NET="$NET" '!ADDR=ip:2001:db8::9'
}

# things that are not there, or are already
objects()
{
	nl_refused ENODEV 'interface index' NET_GET '!IFINDEX=u32:9999'
	nl_refused ENODEV 'interface index' NET_GET '!IFINDEX='"$UL0"
	nl_refused ENODEV 'interface index' PORT_ADD '!NET=u32:9999' DEV="$P1X"
	nl_refused ENODEV 'interface index' PORT_ADD '!NET='"$UL0" DEV="$P1X"
	nl_refused ENODEV 'interface index' PORT_ADD NET="$NET" '!DEV=u32:9999'
	refused_dump ENODEV 'interface index' FDB_GET dump '!NET=u32:9999'
	nl_refused ENOENT 'not a port' PORT_DEL NET="$NET" '!DEV='"$P1X"
	nl_refused ENOENT 'not a port' PORT_SET NET="$NET1" '!DEV='"$P1" FLAGS=bits:4/4
	nl_refused EOPNOTSUPP 'pair of devices' PORT_ADD NET="$NET1" '!DEV='"$UL0" FLAGS=bits:32/32
	nl_refused ENOENT 'no peer' PEER_DEL NET="$NET" '!ADDR=ip:192.0.2.77'
	nl_refused ENOENT 'no peer' FDB_ADD NET="$NET" MAC=$M '!PEER=ip:192.0.2.77'
	nl_refused ENOENT 'no port' FDB_ADD NET="$NET" MAC=$M '!PORT='"$P1X"
	nl_refused ENOENT 'no port' FDB_ADD NET="$NET1" MAC=$M '!PORT='"$P1"
	nl_refused ENOENT 'no entry' FDB_DEL NET="$NET" '!MAC='$M
	nl_refused ENOENT 'no entry' FDB_GET NET="$NET" '!MAC='$M
	nl_refused EEXIST 'already' PEER_ADD NET="$NET" '!ADDR=ip:192.0.2.2'
	nl_refused EEXIST 'already' PORT_ADD NET="$NET" '!DEV='"$P1"
	nl_refused EBUSY 'already' PORT_ADD NET="$NET1" '!DEV='"$P1"
	nl_refused ELOOP 'own port' PORT_ADD NET="$NET" '!DEV='"$NET"
	nl_refused ELOOP 'cannot be a port' PORT_ADD NET="$NET" '!DEV='"$NET1"
	nl_refused EINVAL 'oopback' PORT_ADD NET="$NET" '!DEV='$LO
	nl_refused EEXIST 'static entry' FDB_ADD NET="$NET" '!MAC='$S SELF=flag:
	nl_refused EADDRINUSE 'Another MAC' FDB_ADD NET="$NET" MAC=$M SELF=flag: '!IP=ip:203.0.113.5'
	nl_refused EINVAL 'local' PEER_ADD '!NET='"$NET1" ADDR=ip:192.0.2.9
}

# of the family itself; the kernel's core has no message for some of it
headers()
{
	nl_refused EOPNOTSUPP . 0
	nl_refused EOPNOTSUPP . 27
	nl_refused EOPNOTSUPP . 255
	nl_refused EOPNOTSUPP . PORT_ADD_NTF NET="$NET"
	nl_refused EOPNOTSUPP . LOST_NTF
	# cannot be dumped, can only be dumped
	nl_refused EOPNOTSUPP . FDB_FLUSH dump NET="$NET"
	nl_refused EOPNOTSUPP . VTEP_GET
	nl_refused EINVAL reserved NET_GET reserved=1 IFINDEX="$NET"
	nl_refused EINVAL reserved FDB_FLUSH reserved=0x8000 NET="$NET"
	nl_refused EINVAL 'nlmsg_flags' FDB_FLUSH flags=0x400 NET="$NET"
}

readonly HOLD='
import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5001))
print("bound", flush=True)
signal.pause()
'

# a network is made over rtnetlink
link_attributes()
{
	local good=(LOCAL=ip:192.0.2.1)

	nl_refused ERANGE . NEWLINK '!VNI=u32:0' "${good[@]}"
	nl_refused ERANGE . NEWLINK "!VNI=u32:$((MAX + 1))" "${good[@]}"
	nl_refused ERANGE . NEWLINK '!VNI=u16:7' "${good[@]}"
	nl_refused EINVAL 'need a VNI' NEWLINK "${good[@]}"
	nl_refused EINVAL 'need a VNI' NEWLINK DSTPORT=u16:4789
	nl_refused EINVAL 'needs a local address' NEWLINK VNI=u32:7
	nl_refused ERANGE . NEWLINK VNI=u32:7 '!LOCAL=hex:c00002'
	nl_refused ERANGE . NEWLINK VNI=u32:7 '!LOCAL=hex:20010db8000000000000000000000001ff'
	nl_refused ERANGE . NEWLINK VNI=u32:7 '!LOCAL=hex:c000020100'
	nl_refused ERANGE . NEWLINK VNI=u32:7 '!LOCAL=ip:2001:db8::1'
	nl_refused ERANGE . NEWLINK VNI=u32:7 "${good[@]}" '!DSTPORT=u16:0'
	nl_refused ERANGE . NEWLINK '!LEARNING=u8:2'
	nl_refused ERANGE . NEWLINK '!FLOOD=u8:2'
	nl_refused ERANGE . NEWLINK '!AGEING=u32:1000001'
	nl_refused EINVAL . NEWLINK '!20=u32:1'
	nl_refused EINVAL . NEWLINK '!50=u32:1'
	nl_refused EEXIST 'has the VNI' NEWLINK "${good[@]}" '!VNI=u32:100'
	nl_refused EINVAL 'unicast' NEWLINK VNI=u32:7 '!LOCAL=ip:224.0.0.1'
	nl_refused EINVAL 'unicast' NEWLINK VNI=u32:7 "${good[@]}" '!LOCAL6=ip:ff02::1'
	nl_refused EINVAL 'unicast' NEWLINK VNI=u32:7 LOCAL6=ip:2001:db8::1 '!LOCAL=ip:127.0.0.1'
	nl_refused EINVAL 'needs the underlay' NEWLINK VNI=u32:7 "${good[@]}" '!LOCAL6=ip:fe80::1'
	nl_refused ENODEV 'no underlay device' NEWLINK VNI=u32:7 "${good[@]}" '!UNDERLAY=u32:9999'
	nl_refused ERANGE . NEWLINK VNI=u32:7 "${good[@]}" '!UNDERLAY=u32:0xffffffff'
	background ip netns exec "$h1" python3 -c "$HOLD" >"$TMP/holder"
	wait_until 10000 grep -q bound "$TMP/holder"
	nl_refused EADDRINUSE 'Another socket' NEWLINK VNI=u32:7 "${good[@]}" '!DSTPORT=u16:5001'
	kill_wait "$BG_PID"
	check_not ip -n "$h1" link show dev raw0
}

# The core sets MAC and MTU after all else: what it would refuse is refused before.
link_changes()
{
	accepted 0 CHANGELINK link:MTU=u32:1400 LEARNING=u8:1
	nl_refused EADDRINUSE 'static entry' CHANGELINK '!link:ADDRESS='$S LEARNING=u8:0
	nl_refused EADDRINUSE 'static entry' CHANGELINK link:MTU=u32:1300 '!link:ADDRESS='$S DSTPORT=u16:4790
	nl_refused EINVAL MTU CHANGELINK '!link:MTU=u32:65500' LEARNING=u8:0
	nl_refused EINVAL MTU CHANGELINK link:ADDRESS=$M '!link:MTU=u32:67' VNI=u32:101
	nl_refused EINVAL MTU CHANGELINK '!link:MTU=u32:0xffffffff' AGEING=u32:7
	check_eq "$(mtu_of "$h1" net0)" 1400 MTU
	# its own MAC is none of a static entry's, and one that was learned is to be had
	accepted 0 CHANGELINK link:ADDRESS=hex:"$(mac_of "$h1" net0 | tr -d :)" link:MTU=u32:65465 LEARNING=u8:1
	accepted 0 CHANGELINK link:ADDRESS=$M link:MTU=u32:68 LEARNING=u8:0
	check_eq "$(mtu_of "$h1" net0)" 68 MTU
	accepted 0 CHANGELINK link:MTU=u32:1450 LEARNING=u8:1
}

without_privilege()
{
	local cmd

	nl_refused EPERM . PORT_ADD nobody NET="$NET" DEV="$P1X"
	nl_refused EPERM . PORT_SET nobody NET="$NET" DEV="$P1" FLAGS=bits:4/4
	nl_refused EPERM . PORT_DEL nobody NET="$NET" DEV="$P1"
	nl_refused EPERM . PEER_ADD nobody NET="$NET" ADDR=ip:192.0.2.9
	nl_refused EPERM . PEER_DEL nobody NET="$NET" ADDR=ip:192.0.2.2
	for cmd in FDB_ADD FDB_SET; do
		nl_refused EPERM . $cmd nobody NET="$NET" MAC=$M SELF=flag:
	done
	nl_refused EPERM . FDB_DEL nobody NET="$NET" MAC=$S
	nl_refused EPERM . FDB_FLUSH nobody NET="$NET"
	accepted 1 NET_GET nobody IFINDEX="$NET"
	accepted 2 NET_GET nobody dump
	accepted 1 PORT_GET nobody NET="$NET" DEV="$P1"
	accepted 1 PORT_GET nobody dump
	accepted 1 PEER_GET nobody dump
	accepted 4 FDB_GET nobody dump
	accepted 1 VTEP_GET nobody dump
}

as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"; }

# root of a user namespace, in the network namespace of that and in ours
user_namespace()
{
	as_nobody unshare -Urn true 2>/dev/null || { skip "no user namespaces for users"; return; }
	cat >"$TMP/user" <<-'EOT'
		ip link set lo up && ip link add ul0 type dummy &&
		ip addr add 192.0.2.1/24 dev ul0 && ip link set ul0 up &&
		ip link add p1 type veth peer name p1x &&
		ctnetctl -b - <<-E && ctnetctl -j list fdb && ctnetctl del-net n0
			add-net n0 --vni 5 --local 192.0.2.1
			add-port n0 --dev p1
			add-peer n0 192.0.2.2
			add-fdb n0 02:bb:00:00:00:01 --port p1
			flush-fdb n0 --learned
		E
	EOT
	chmod 755 "$TMP"
	check as_nobody unshare -Urn bash "$TMP/user"
	check_match "$OUT" '02:bb:00:00:00:01' "its table"
	# the namespace that it is in without -n is not its own
	check_fail 2 'CAP_NET_ADMIN|not permitted' \
		ip netns exec "$h1" setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare -Ur ctnetctl add-net mine
	check_fail 2 'CAP_NET_ADMIN|not permitted' \
		ip netns exec "$h1" setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare -Ur ctnetctl flush-fdb net0
}

# Namespaces do not see one another's networks.
namespaces()
{
	ask "$h2" NET_GET dump
	check_eq "$ANSWER" "ok 0" "networks that another namespace sees"
	ask "$h2" FDB_GET dump
	check_eq "$ANSWER" "ok 0" "entries that another namespace sees"
	# not even by number
	ask "$h2" NET_GET IFINDEX="$NET"
	check_match "$ANSWER" '^ENODEV' "another namespace's network"
	# the same VNI is another matter there
	ip_in "$h2" <<-EOT
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
	EOT
	ask "$h2" NEWLINK VNI=u32:100 LOCAL=ip:192.0.2.1
	check_eq "$ANSWER" "ok 0" "VNI 100 in another namespace"
}

build
python_start nlraw.py

run_test valid_requests "requests as the interface has them"
run_test port_dumps "dumps of a port's entries"
run_test unknown_attributes "unknown attributes"
run_test foreign_attributes "attributes of other commands"
run_test wrong_lengths "attributes too short and too long"
run_test address_lengths "addresses of other than 4 or 16 bytes"
run_test truncated "attributes that claim another length than there is"
run_test garbage_behind "bytes after the attributes"
run_test missing_attributes "attributes that are missing, or exclude one another"
run_test unknown_flags "flags that a port has not"
run_test out_of_range "numbers out of range, too many addresses"
run_test wrong_values "MACs and addresses that cannot be"
run_test objects "things that are not there, or are already"
run_test headers "unknown commands, reserved fields"
run_test link_attributes "attributes of a network over rtnetlink"
run_test link_changes "a MAC or an MTU that is refused, and all that goes with it"
run_test without_privilege "a user without privilege may look and not touch"
run_test user_namespace "root of a user namespace may configure there and not here"
run_test namespaces "namespaces do not see one another"
