#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
#
# Attackers: what SECURITY.md says of them and no other script shows. While each is at
# work, bystanders of the same host and across the tunnel lose not one datagram.
#
#	                      sw (namespace, Linux bridge)
#	              ul0 |               ul0 |          ul0 |
#	     h1 192.0.2.1          h2 192.0.2.2      s 192.0.2.66, a stranger
#	     net0, VNI 100         net0
#	      |- v1 .1, v3 .3       `- v2 .2         bystanders, guarded
#	      |- g .4                                guarded, and malicious
#	      `- pa a, po o .6                       not guarded: an attacker, and another
#
#	h1 net6: VNI 600, over IPv6; loc1: 200 ports, with fa, fb and fc; x: nested tunnels

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

need python3
readonly BCAST=ff:ff:ff:ff:ff:ff
readonly M1=02:00:00:00:00:01 M3=02:00:00:00:00:03 MG=02:00:00:00:00:04
readonly MA=02:00:00:00:00:05 MO=02:00:00:00:00:06
readonly IP1=192.0.2.1 IP2=192.0.2.2 STRANGER=192.0.2.66
readonly L6=2001:db8:0:1 DUMMIES=200

build()
{
	local n=0 ns

	setup_ns sw
	setup_host h1 h2 s
	add_container v1 v2 v3 g a o
	no_ipv6 "$v1" "$v2" "$v3" "$g" "$a" "$o"
	must ip -n "$sw" link add br0 up type bridge
	for ns in "$h1" "$h2" "$s"; do
		n=$((n + 1))
		must ip link add ul0 netns "$ns" type veth peer name "p$n" netns "$sw"
		must ip -n "$sw" link set "p$n" up master br0
	done
	ip_in "$h1" <<-EOT || die "setup: h1"
		addr add $IP1/24 dev ul0
		addr add $L6::1/64 dev ul0 nodad
		link set ul0 up
		link add pa up type veth peer name eth0 address $MA netns $a
		link add po up type veth peer name eth0 address $MO netns $o
	EOT
	ip_in "$h2" <<-EOT || die "setup: h2"
		addr add $IP2/24 dev ul0
		link set ul0 up
	EOT
	ip_in "$s" <<-EOT || die "setup: the stranger"
		addr add $STRANGER/24 dev ul0
		addr add $L6::66/64 dev ul0 nodad
		link set ul0 up
	EOT
	must ip -n "$a" link set eth0 up
	must ip -n "$o" link set eth0 up
	# what net0 would say by itself
	for ns in "$h1" "$h2"; do
		must ip netns exec "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	ctn "$h1" -b - <<-EOT || die "setup: networks of h1"
		add-net net0 --vni 100 --local $IP1
		add-peer net0 $IP2
		add-port net0 $v1 --mac $M1 --address 203.0.113.1/24
		add-port net0 $v3 --mac $M3 --address 203.0.113.3/24
		add-port net0 $g --mac $MG --address 203.0.113.4/24
		add-port net0 --dev pa
		add-port net0 --dev po
		add-net net6 --vni 600 --local $L6::1
		add-peer net6 $L6::2
	EOT
	ctn "$h2" -b - <<-EOT || die "setup: network of h2"
		add-net net0 --vni 100 --local $IP2
		add-peer net0 $IP1
		add-port net0 $v2 --address 203.0.113.2/24
	EOT
	python_start threats.py
}

# The bystanders begin, and all that they need is known.
bystanders()
{
	wait_for_ping "$v2" 203.0.113.1
	wait_for_ping "$v1" 203.0.113.3
	ask bystanders "$v1,-,$v3,203.0.113.3,$v1,-,$v2,203.0.113.2,$v3,-,$v1,203.0.113.1"
}

# unharmed: and nothing of theirs was lost
unharmed()
{
	ask calm
	[[ $ANSWER =~ ^ok\ sent\ ([0-9]+)\ got\ ([0-9]+)$ ]]
	((BASH_REMATCH[1] > 0 && BASH_REMATCH[1] == BASH_REMATCH[2])) ||
		fail "the bystanders' datagrams: $ANSWER"
	diag "bystanders: ${ANSWER#ok }"
}

# lies MAC REGEX: what the table has of it
lies() { check_match "$(ctn "$h1" list fdb net0 | grep "$1")" "$2" "entry of $1"; }
is_at() { [[ $(ctn "$h1" list fdb net0 | grep "$1") =~ $2 ]]; }

# grep_fdb REGEX: how many entries are so
grep_fdb() { ctn "$h1" list fdb net0 | grep -c "$1"; }

# some_macs PREFIX N: so many, of 02:PREFIX:00:00:00:01 and on
some_macs()
{
	local i

	for ((i = 1; i <= $2; i++)); do
		printf '02:%s:00:00:00:%02x ' "$1" "$i"
	done
}

# ------------------------------------------------------------------- tests

table_full()
{
	local n

	bystanders
	check ctn "$h1" set-net net0 --max-fdb 400
	send_macs net0 pa "$a" 2000 02:ee:00:00:00:01
	n=$(grep_fdb "learned.*pa")
	diag "$n of 400 from one port"
	((n >= 290 && n <= 300)) || fail "$n learned from the attacker's port"
	# others are learned from all the same
	send_macs net0 po "$o" 20 02:ed:00:00:00:01
	check_eq "$(grep_fdb '02:ed:.*po')" 20 "learned from another port"
	# shellcheck disable=SC2046 # words
	ask claim "$h2" $IP1 100 20 $(some_macs ec 20)
	wait_until 5000 at_least 20 grep_fdb '02:ec:.*192.0.2.2'
	# static ones stay, and what is not in the table passes as well
	lies $M1 static
	lies $M3 static
	listen "$v3"
	send_frame "$a" $M3 02:ee:00:00:ff:ff full
	got_frames "$v3" eth0 full 1
	check ctn "$h1" set-net net0 --max-fdb 65536
	check ctn "$h1" flush-fdb net0 --port pa
	unharmed
}

# claimed N MAC...: the peer claims them all; they have come
claimed()
{
	local n=$1 before

	shift
	before=$(peer_stat "$h1" net0 $IP2 rx_packets)
	ask claim "$h2" $IP1 100 "$n" "$@"
	wait_until 10000 at_least $((before + n)) peer_stat "$h1" net0 $IP2 rx_packets
}

peer_claims()
{
	bystanders
	send_frame "$o" $BCAST $MO mine
	lies $MO 'learned.*po'
	claimed 600 $M1 $M3 $MG $MO
	lies $M1 static
	lies $M3 static
	lies $MG static
	# of what is learned the last one to claim it has it, and the owner at his next frame
	lies $MO 'learned.*192.0.2.2'
	send_frame "$o" $BCAST $MO mine
	lies $MO 'learned.*po'
	# what the network's owner can do: nothing is learned
	check ctn "$h1" set-net net0 --learning off
	claimed 600 $MO
	lies $MO 'learned.*po'
	check ctn "$h1" set-net net0 --learning on
	# or it is his to say where it is
	check ctn "$h1" replace-fdb net0 $MO --port po
	claimed 600 $MO
	lies $MO 'static.*po'
	check ctn "$h1" del-fdb net0 $MO
	unharmed
}

one_answer()
{
	local n=500 rx tx rxb txb

	bystanders
	rx=$(port_stat "$h1" net0 "$g" rx_packets) rxb=$(port_stat "$h1" net0 "$g" rx_bytes)
	tx=$(port_stat "$h1" net0 "$g" tx_packets) txb=$(port_stat "$h1" net0 "$g" tx_bytes)
	listen "$v3"
	ask resolve "$g" eth0 $MG 203.0.113.4 $n 203.0.113.1
	wait_until 10000 at_least $((rx + n)) port_stat "$h1" net0 "$g" rx_packets
	wait_until 10000 at_least $((tx + n)) port_stat "$h1" net0 "$g" tx_packets
	rx=$(($(port_stat "$h1" net0 "$g" rx_packets) - rx))
	tx=$(($(port_stat "$h1" net0 "$g" tx_packets) - tx))
	rxb=$(($(port_stat "$h1" net0 "$g" rx_bytes) - rxb))
	txb=$(($(port_stat "$h1" net0 "$g" tx_bytes) - txb))
	check_eq "$tx" "$rx" "answers to $rx questions"
	((txb <= rxb)) || fail "$txb bytes of answers to $rxb of questions"
	diag "$rx questions, $rxb bytes; $tx answers, $txb bytes"
	unharmed
}

misses_bounded()
{
	local n=3000 start told lost

	bystanders
	check ctn "$h1" set-net net0 --flood off
	ask misses "$h1"
	start=$SECONDS
	ask resolve "$g" eth0 $MG 203.0.113.4 $n 198.18.0.1+
	ask resolve "$o" eth0 $MO 203.0.113.6 1 198.51.100.7
	start=$((SECONDS - start))
	ask missed $((n + 1)) $((5000 * CTNET_SLOW))
	diag "in $start s: $ANSWER"
	read -r _ _ told _ lost _ <<<"$ANSWER"
	check_eq $((told + lost)) $((n + 1)) "misses, told of or lost"
	((told <= 256 * (start + 2) + 1)) || fail "$told were told of in $start s"
	# of fewer in a second all may be told of
	((n > 256 * (start + 2))) || skip "$n misses took $start s"
	# another's is told of all the same
	check_match "$ANSWER" ' 198.51.100.7$' "misses"
	check ctn "$h1" set-net net0 --flood on
	unharmed
}

strangers()
{
	local n=4000 peer vni

	bystanders
	peer=$(drops "$h1" net0 vxlan_peer) vni=$(vtep_drops "$h1" 4789 vxlan_vni)
	ask strange "$s" $IP1 100 $n
	ask strange "$s" $IP1 4711 $n
	wait_until 10000 at_least $((vni + n)) vtep_drops "$h1" 4789 vxlan_vni
	check_eq "$(drops "$h1" net0 vxlan_peer)" $((peer + n)) "datagrams of no peer"
	check_not is_at 02:00:00:00:66:66 .
	unharmed
}

# path_mtu ADDRESS: what h1 has remembered of the path
path_mtu()
{
	[[ $(ip -n "$h1" route get "$1") =~ mtu\ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}
is_mtu() { [[ $(path_mtu "$1") == "$2" ]]; }

forged_too_big()
{
	local trust=no

	bystanders
	# Newer kernels believe of IPv6, too, all that quote UDP, before they ask whose it is:
	# here is one about a port that nobody has.
	ask icmp "$s" $L6::1 $L6::66 600 $L6::1 $L6::78 1300 9
	# about what is sent to no peer, with no VNI of ours, from another address; the last
	# is what may have been: it has come, and so have those before it
	ask icmp "$s" $L6::1 $L6::66 600 $L6::1 $L6::77 1300
	ask icmp "$s" $L6::1 $L6::66 601 $L6::1 $L6::2 1320
	ask icmp "$s" $L6::1 $L6::66 600 $L6::9 $L6::2 1320
	ask icmp "$s" $L6::1 $L6::66 600 $L6::1 $L6::2 1310
	wait_until 5000 is_mtu $L6::2 1310
	! path_mtu $L6::78 >/dev/null || trust=yes
	diag "the kernel believes what concerns no socket: $trust"
	[[ $trust == yes ]] || check_not path_mtu $L6::77
	# Of IPv4 the kernel believes all that quote UDP, whoever has the port; but not
	# where the MTU is locked.
	ask icmp "$s" $IP1 $STRANGER 100 $IP1 $IP2 700
	wait_until 5000 is_mtu $IP2 700
	check ip -n "$h1" route add $IP2/32 dev ul0 src $IP1 mtu lock 1500
	ask icmp "$s" $IP1 $STRANGER 100 $IP1 $IP2 600
	check ip netns exec "$v1" ping -nqc3 -i 0.2 -W5 -M "do" -s 1422 203.0.113.2
	check ip -n "$h1" route del $IP2/32
	unharmed
}

storm()
{
	local i

	add_container fa fb fc
	no_ipv6 "$fa" "$fb" "$fc"
	{
		# numbers by which they do not stand in the same line
		echo "link add pfa index 9001 up type veth peer name eth0 netns $fa"
		echo "link add pfb index 9002 up type veth peer name eth0 netns $fb"
		echo "link add pfc index 9003 up type veth peer name eth0 netns $fc"
		echo "link add loc1 up type ctnet"
		for ((i = 0; i < DUMMIES; i++)); do
			echo "link add d$i up master loc1 type dummy"
		done
		printf 'link set %s master loc1\n' pfa pfb pfc
	} | ip_in "$h1" || fail "cannot make ports"
	for i in "$fa" "$fb" "$fc"; do
		check ip -n "$i" link set eth0 up
	done
	ip netns exec "$fa" tc qdisc add dev eth0 root plug limit 8000000 2>"$TMP/plug" ||
		{ skip "no qdisc plug: $(<"$TMP/plug")"; return; }
	ask flood "$fa" eth0 02:00:00:00:0f:0a storm 4000
	listen "$fc"
	bystanders
	# all on one CPU, whose queue they share
	check ip netns exec "$fa" taskset -c 0 tc qdisc change dev eth0 root plug release_indefinite
	ask flood "$fb" eth0 02:00:00:00:0f:0b fair 20
	got_frames "$fc" eth0 fair 20
	wait_until 20000 at_least 1 drops "$h1" loc1 flood_queue
	diag "$(drops "$h1" loc1 flood_queue) of 4000 floods of the storm were dropped"
	unharmed
	{
		echo "link del loc1"
		for ((i = 0; i < DUMMIES; i++)); do
			echo "link del d$i"
		done
	} | ip_in "$h1"
}

# Four networks, each in a tunnel of the next: a broadcast of the first would be 17 to the
# fourth power, sent at one go.
nested()
{
	local d i via

	setup_ns x
	no_ipv6 "$x"
	ip_in "$x" <<-EOT || fail "links"
		link add ul0 type dummy
		addr add 10.4.0.1/16 dev ul0
		link set ul0 up
	EOT
	for d in 0 1 2 3; do
		echo "add-net n$d --address 10.$d.0.1/16"
	done >"$TMP/nested"
	for d in 0 1 2 3; do
		echo "set-net n$d --vni 10$d --local 10.$((d + 1)).0.1"
		for ((i = 2; i < 19; i++)); do
			echo "add-peer n$d 10.$((d + 1)).0.$i"
		done
	done >>"$TMP/nested"
	check ctn "$x" -b "$TMP/nested"
	for d in 1 2 3 4; do
		via=n$d
		((d < 4)) || via=ul0
		for ((i = 2; i < 19; i++)); do
			printf 'neigh replace 10.%d.0.%d lladdr 02:99:00:00:%02x:%02x dev %s nud permanent\n' \
				"$d" "$i" "$d" "$i" "$via"
		done
	done | ip_in "$x" || fail "neighbours"
	bystanders
	ip netns exec "$x" ping -nqc1 -W1 -b 10.0.255.255 >/dev/null 2>&1
	wait_until 20000 at_least 1 drops "$x" n3 flood_queue
	diag "$(drops "$x" n3 flood_queue) floods were dropped in the innermost tunnel," \
		"$(link_stat "$x" ul0 .tx.packets) packets left"
	unharmed
	check ip netns del "$x"
}

slab() { awk '$1 == "slab" { print $2 }' "$1/memory.stat"; }

# What a network learns is charged to who made it, and ends where his limit is.
learned_charged()
{
	local cg=$TMP/cgroup n=8000 before got

	mkdir "$cg"
	mount -t cgroup2 none "$cg" 2>/dev/null || { skip "no cgroup2"; return; }
	defer umount "$cg"
	if ! echo +memory >"$cg/cgroup.subtree_control" 2>/dev/null; then
		skip "no memory controller"
		return
	fi
	add_container l m
	no_ipv6 "$l" "$m"
	mkdir "$cg/user"
	defer rmdir "$cg/user"
	check ip -n "$h1" link add pl up type veth peer name eth0 netns "$l"
	check ip -n "$h1" link add pm up type veth peer name eth0 netns "$m"
	check ip -n "$l" link set eth0 up
	check ip -n "$m" link set eth0 up
	(echo "$BASHPID" >"$cg/user/cgroup.procs" &&
		ctn "$h1" add-net lim --max-fdb 1048576) || fail "cannot make a network"
	check ctn "$h1" add-port lim --dev pl
	check ctn "$h1" add-port lim --dev pm
	bystanders
	before=$(slab "$cg/user")
	send_macs lim pl "$l" $n 02:ea:00:00:00:01
	check_eq "$(net_stat "$h1" lim fdb_learned)" $n "learned entries"
	diag "$n learned entries are charged with $(($(slab "$cg/user") - before)) bytes"
	(($(slab "$cg/user") - before >= n * 64)) || fail "they are not charged"
	echo $(($(<"$cg/user/memory.current") + (1 << 19))) >"$cg/user/memory.max"
	send_macs lim pl "$l" $((3 * n)) 02:eb:00:00:00:01
	got=$(net_stat "$h1" lim fdb_learned)
	diag "$got of $((4 * n)) where the limit is 512 KiB more"
	((got < 3 * n)) || fail "the limit is none"
	# frames pass all the same
	listen "$m"
	send_frame "$l" $BCAST 02:eb:00:01:00:01 full
	got_frames "$m" eth0 full 1
	unharmed
	check ctn "$h1" del-net lim
}

build
run_test table_full "a port that makes MACs up fills its part of the table, and others are learned"
run_test peer_claims "a peer that claims all MACs gets no static one, and learned ones go back"
run_test one_answer "an ARP question has one answer, and that is not larger"
run_test misses_bounded "misses of one container are told of at a bounded rate, another's all the same"
run_test strangers "datagrams of strangers and of other VNIs are counted, and that is all"
run_test forged_too_big \
	"a forged 'too big' is believed of peers alone where the kernel asks, and not where the MTU is locked"
run_test storm "in a storm of broadcasts another's all arrive"
run_test nested "a flood in nested tunnels is no avalanche"
run_test learned_charged "learned entries are charged to who made the network, and end at his limit"
