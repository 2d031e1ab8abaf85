#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How a network gets on with the rest of the kernel: the host's firewall and IPsec, a qdisc
# that goes by time stamps, what network cards are told; long dumps, and such as go on where
# they were; garbage.
#
# timeout: 400
#
#	c1 (namespace)   h1                              h2             c2 (namespace)
#	eth0 .1 -------- net0 VNI 100, IPv4 ------------ net0 ---------- eth0 .2
#	eth6 .1 -------- net6 VNI 600, IPv6 ------------ net6 ---------- eth6 .2
#	c3 eth0 -------- loc0 (local, no addresses)
#	                 ul0 192.0.2.1, 2001:db8:0:1::1  ul0 .2, ::2
#
#	net0: 203.0.113.0/25, net6: 203.0.113.128/25

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 tcpdump nft tc socat

# entries of a table that is dumped
readonly MANY=60000

topology()
{
	local i h c

	topo_two_hosts
	topo_network net0 100
	add_container c1 c2 c3
	must ctn "$h1" add-net net6 --vni 600 --local "$H1_IP6"
	must ctn "$h2" add-net net6 --vni 600 --local "$H2_IP6"
	must ctn "$h1" add-peer net6 "$H2_IP6"
	must ctn "$h2" add-peer net6 "$H1_IP6"
	for i in 1 2; do
		h=h$i c=c$i
		ctn "${!h}" -b - <<-EOT || die "setup: containers"
			add-port net0 ${!c} --address 203.0.113.$i/25
			add-port net6 ${!c} --ifname eth6 --address 203.0.113.$((128 + i))/25
		EOT
	done
	no_ipv6 "$c3"
	must ip -n "$h1" link add p3 type veth peer name eth0 netns "$c3"
	must ctn "$h1" add-net loc0 --max-fdb 100000
	must ctn "$h1" add-port loc0 --dev p3
	must ip -n "$c3" link set eth0 up
}

# ------------------------------------------------------------------ underlay

netfilter()
{
	local hook fam

	for hook in output postrouting prerouting input; do
		for fam in 4 6; do
			echo "add counter inet t ${hook}$fam"
		done
		echo "add chain inet t $hook { type filter hook $hook priority 0; }"
		for fam in 4 6; do
			echo "add rule inet t $hook meta nfproto ipv$fam udp dport 4789 counter name ${hook}$fam"
		done
	done | sed '1i add table inet t' >"$TMP/nft"
	check ip netns exec "$h1" nft -f "$TMP/nft"
	ping_ok "$c1" 203.0.113.2
	ping_ok "$c1" 203.0.113.130
	for hook in output postrouting prerouting input; do
		for fam in 4 6; do
			check at_least 3 nft_count "$h1" inet t ${hook}$fam
		done
	done
	# and what they drop is dropped
	for hook in output input; do
		check ip netns exec "$h1" nft add rule inet t $hook udp dport 4789 drop
		check no_ping "$c1" 203.0.113.2
		check no_ping "$c1" 203.0.113.130
		check ip netns exec "$h1" nft flush chain inet t $hook
		ping_ok "$c1" 203.0.113.2
		ping_ok "$c1" 203.0.113.130
	done
	check ip netns exec "$h1" nft delete table inet t
}

# add_sa NS FROM TO SPI, sa FROM TO SPI, policy NS out|in FROM TO: transport mode, for VXLAN
# alone
add_sa()
{
	ip -n "$1" xfrm state add src "$2" dst "$3" proto esp spi "$4" reqid 1 \
		mode transport auth 'hmac(sha256)' "0x$(printf '5a%.0s' {1..32})" \
		enc 'cbc(aes)' "0x$(printf 'c3%.0s' {1..16})"
}

sa()
{
	check add_sa "$h1" "$@"
	check add_sa "$h2" "$@"
}

# no_ipsec FROM TO: neither xfrm, nor ESP, nor the algorithms are there; $OUT says which
no_ipsec()
{
	OUT=$(add_sa "$h1" "$1" "$2" 0x100 2>&1)
	[[ $OUT == *"Protocol not supported"* || $OUT == *"Function not implemented"* ]] && return
	check ip -n "$h1" xfrm state flush
	return 1
}

policy()
{
	check ip -n "$1" xfrm policy add src "$3" dst "$4" proto udp dport 4789 dir "$2" \
		tmpl src "$3" dst "$4" proto esp reqid 1 mode transport
}

# ipsec FROM TO ADDRESS
ipsec()
{
	local from=$1 to=$2 addr=$3 ns f=$TMP/esp

	if no_ipsec "$from" "$to"; then
		skip "no IPsec in this kernel: $OUT"
		return
	fi
	# a route that is cached already
	ping_ok "$c1" "$addr"
	sa "$from" "$to" 0x101
	sa "$to" "$from" 0x102
	policy "$h1" out "$from" "$to"
	policy "$h1" in "$to" "$from"
	policy "$h2" out "$to" "$from"
	policy "$h2" in "$from" "$to"
	# the other network's tunnel goes on in the clear
	capture_start "$h1" ul0 "host $from and (esp or udp port 4789)" "$f" || return
	ping_ok "$c1" "$addr"
	tcp_copy "$c1" "$c2" "$addr" 256
	capture_has "$f" 6 esp
	capture_stop "$f"
	capture_is "$f" 0 "udp port 4789"
	# what should have been encrypted and was not is not taken
	check ip -n "$h2" xfrm policy delete src "$to" dst "$from" proto udp dport 4789 dir out
	capture_start "$h1" ul0 "src $to and udp port 4789" "$f" || return
	check no_ping "$c1" "$addr"
	capture_has "$f" 1 "udp port 4789"
	capture_stop "$f"
	for ns in "$h1" "$h2"; do
		check ip -n "$ns" xfrm policy flush
		check ip -n "$ns" xfrm state flush
	done
	ping_ok "$c1" "$addr"
}

# hits NAME: how often a probe was hit
hits() { grep -c "ctnet_$1_${TMP##*.}" "$TRACE/trace"; }

# ping asks for time stamps, which all frames then get as they are received; fq holds back
# what is stamped with a time to come.
fair_queue()
{
	ip netns exec "$h1" tc qdisc add dev ul0 root fq 2>"$TMP/fq" ||
		{ skip "no qdisc fq: $(<"$TMP/fq")"; return; }
	check in_ns "$c1" ping -nq -c 20 -i 0.1 -W 5 203.0.113.2
	check_match "$OUT" ' 20 received' "replies by way of fq"
	check in_ns "$h1" tc qdisc del dev ul0 root
}

# What the kernel tells all network cards that have asked for UDP ports of tunnels. No
# device of a VM is such a card.
nic_is_told()
{
	local dir=/sys/kernel/tracing what

	if [[ ! -d $dir/instances ]]; then
		mount -t tracefs tracefs $dir 2>/dev/null || { skip "no tracefs"; return; }
		defer umount $dir
	fi
	[[ -e $dir/kprobe_events ]] || { skip "no kprobe events"; return; }
	TRACE=$dir/instances/${TMP##*.}
	mkdir "$TRACE" || return
	defer rmdir "$TRACE"
	for what in add del; do
		echo "p:ctnet_${what}_${TMP##*.} udp_tunnel_notify_${what}_rx_port type=\$arg2:u16" \
			>>$dir/kprobe_events || { fail "no such function"; return; }
		defer eval "echo -:ctnet_${what}_${TMP##*.} >>$dir/kprobe_events"
		echo 1 >"$TRACE/events/kprobes/ctnet_${what}_${TMP##*.}/enable" || fail "enable"
		defer eval "echo 0 >$TRACE/events/kprobes/ctnet_${what}_${TMP##*.}/enable"
	done
	check ctn "$h1" add-net nic0 --vni 70 --local 192.0.2.7 --dstport 4801
	check_eq "$(hits add)" 1 "times that a port was told of"
	check grep -q 'type=1$' "$TRACE/trace"
	# the socket is there
	check ctn "$h1" add-net nic1 --vni 71 --local 192.0.2.7 --dstport 4801
	check ctn "$h1" del-net nic0
	check_eq "$(hits add) $(hits del)" "1 0" "times that ports were told of"
	check ctn "$h1" set-net nic1 --dstport 4802
	check_eq "$(hits add) $(hits del)" "2 1" "times that ports were told of"
	check ctn "$h1" del-net nic1
	check_eq "$(hits add) $(hits del)" "2 2" "times that ports were told of"
}

# ------------------------------------------------------------ garbage, dumps

# Whatever the peer or a container sends, the host goes on; the runner reads its log.
garbage()
{
	ask garbage "$h2" "$H1_IP" 4000 1
	ask garbage "$c1" - 2000 2 eth0
	ask garbage "$c3" - 2000 3 eth0
	check ctn "$h1" flush-fdb net0 --learned
	check ctn "$h1" flush-fdb loc0 --learned
	ping_ok "$c1" 203.0.113.2
	ping_ok "$c2" 203.0.113.1
}

# a list that is longer than one message of the kernel
many_sockets()
{
	local i

	for ((i = 20000; i < 20200; i++)); do
		echo "add-net s$i --vni 1 --local 192.0.2.7 --dstport $i"
	done | ctn "$h1" -b - || fail "no networks"
	check_eq "$(ctn "$h1" list vteps | grep -cwE '20[01][0-9]{2}')" 200 "sockets"
	for ((i = 20000; i < 20200; i++)); do
		echo "del-net s$i"
	done | ctn "$h1" -b - || fail "networks are left"
	[[ $(ctn "$h1" list vteps) != *20100* ]] || fail "sockets are left"
}

# what was just learned may be told of still
is_whole() { ask change "$h1" nothing; [[ $ANSWER == "ok whole" ]]; }

interrupted()
{
	local net mac=hex:02dd00000001

	net=u32:$(ifindex_of "$h1" loc0)
	wait_until 20000 is_whole
	ask change "$h1" FDB_ADD NET="$net" MAC=$mac SELF=flag:
	check_eq "$ANSWER" "ok interrupted" "a dump while an entry comes"
	ask change "$h1" FDB_SET NET="$net" MAC=$mac PORT=u32:"$(ifindex_of "$h1" p3)"
	check_eq "$ANSWER" "ok interrupted" "a dump while an entry changes"
	ask change "$h1" FDB_DEL NET="$net" MAC=$mac
	check_eq "$ANSWER" "ok interrupted" "a dump while an entry goes"
	wait_until 20000 is_whole
}

# What is not in a dump does not interrupt it.
not_interrupted()
{
	local index mac=02:dd:00:00:01: n=0 what

	index=$(ifindex_of "$h1" loc0)
	wait_until 20000 is_whole
	for what in dump=NET_GET dump=PORT_GET dump=PEER_GET dump=VTEP_GET only=STATIC=flag:; do
		n=$((n + 1))
		ask change "$h1" $what learn "$c3" eth0 "$mac$((10 + n))" "$index"
		check_eq "$ANSWER" "ok whole" "$what, while an entry is learned"
	done
	for what in dump=NET_GET dump=PORT_GET dump=PEER_GET; do
		n=$((n + 1))
		ask change "$h1" $what FDB_ADD NET="u32:$index" MAC="hex:02dd000002$((10 + n))" SELF=flag:
		check_eq "$ANSWER" "ok whole" "$what, while a static entry comes"
	done
	# enough of them for more messages than the kernel makes before the first is read
	macs_of 02:dd:00:04 5000 | sed 's/.*/add-fdb loc0 & --self/' | ctn "$h1" -b - ||
		fail "no entries"
	ask change "$h1" only=STATIC=flag: FDB_ADD NET="u32:$index" MAC=hex:02dd00000301 SELF=flag:
	check_eq "$ANSWER" "ok interrupted" "a dump of static entries while one comes"
	ask change "$h1" learn "$c3" eth0 "${mac}99" "$index"
	check_eq "$ANSWER" "ok interrupted" "a dump of all entries while one is learned"
	check ctn "$h1" -b - < <(ctn "$h1" list fdb loc0 | grep -oE '02:dd:00:(00:0[23]|04:..):..' |
		sed 's/^/del-fdb loc0 /')
}

fill()
{
	ask macs "$c3" eth0 $MANY 02:ee:00:00:00:01
	wait_until 20000 at_least $MANY net_stat "$h1" loc0 fdb_learned
}

# A dump that had to look for its place would take ever longer: of three, one may not.
resumes()
{
	local i n first last

	fill
	for i in 1 2 3; do
		ask dump "$h1" $MANY
		read -r _ n first last <<<"$ANSWER"
		check_match "$ANSWER" '^ok [0-9]+ [0-9]+ [0-9]+$' "dump of $MANY entries" || return
		diag "$n entries; first quarter $first us, last quarter $last us"
		((last > first * 2)) || return 0
	done
	fail "the last quarter of a dump took twice as long as the first, three times"
}

# What save and sync are about stands still while a host learns.
save_while_learning()
{
	check ctn "$h1" flush-fdb loc0 --learned
	tell macs "$c3" eth0 $MANY 02:ef:00:00:00:01
	wait_until 20000 at_least 100 net_stat "$h1" loc0 fdb_learned
	check ctn "$h1" save
	printf '%s\n' "$OUT" >"$TMP/conf"
	check_not grep -q 'change' "$TMP/conf"
	check ctn "$h1" sync "$TMP/conf"
	check_eq "$OUT" "" "what sync says"
	answer macs
}

# macs_of PREFIX N: so many MACs
macs_of()
{
	local i

	for ((i = 0; i < $2; i++)); do
		printf '%s:%02x:%02x\n' "$1" $((i / 256)) $((i % 256))
	done
}

# Static entries come and go, for as long as somebody reads this. What is written is made
# beforehand: no pause is to be as long as a reading of the table.
churn()
{
	while cat "$TMP/churn"; do
		:
	done
}

# And where it does not, a part is not taken for the whole.
save_is_whole()
{
	local ret

	macs_of 02:f0:00:00 20000 | sed 's/.*/add-fdb loc0 & --self/' | ctn "$h1" -b - ||
		fail "no entries"
	ctn "$h1" save >"$TMP/conf" || fail "save"
	{
		macs_of 02:f1:00:00 500 | sed 's/.*/add-fdb loc0 & --self/'
		macs_of 02:f1:00:00 500 | sed 's/^/del-fdb loc0 /'
	} >"$TMP/churn"
	background ctnetctl -n "$h1" -b <(churn)
	wait_until 20000 at_least 20010 net_stat "$h1" loc0 fdb_static
	OUT=$(ctn "$h1" save 2>&1 >"$TMP/part")
	ret=$?
	check_eq "$ret" 2 "exit code of save, which said '$OUT'"
	check_match "$OUT" '^ctnetctl: save: .*it changed each of .*try again' "what save said"
	[[ ! -s $TMP/part ]] || fail "it printed something"
	OUT=$(ctn "$h1" sync "$TMP/conf" 2>&1)
	ret=$?
	check_eq "$ret" 2 "exit code of sync, which said '$OUT'"
	check_match "$OUT" '^ctnetctl: sync .*it changed each of ' "what sync said"
	# who only looks is told, and sees what there is
	OUT=$(ctn "$h1" list fdb loc0 2>&1 >"$TMP/part")
	check_eq "$?" 0 "exit code of list"
	[[ -s $TMP/part ]] || fail "it printed nothing"
	kill_wait "$BG_PID"
	wait_until 20000 ctn "$h1" sync "$TMP/conf"
	check ctn "$h1" flush-fdb loc0
}

topology
python_start stack.py

run_test netfilter "the host's netfilter sees and drops what is tunnelled, IPv4 and IPv6"
run_test fair_queue "a qdisc of the underlay that goes by time stamps holds nothing back"
run_test nic_is_told "network cards are told of the UDP port, once for each socket"
run_test garbage "random frames and datagrams do no harm"
run_test many_sockets "a list of 200 sockets has each once"
run_test resumes "a dump of $MANY entries takes no longer towards its end"
run_test interrupted "a dump says so if something changed meanwhile"
run_test not_interrupted "and not if that is nothing that it shows"
run_test save_while_learning "save and sync see all there is on a host that learns"
run_test save_is_whole "and fail where it changes faster than it can be read"
run_test ipsec 192.0.2.1 192.0.2.2 203.0.113.2 "IPsec encrypts it, and does not take what is not encrypted, IPv4"
run_test ipsec 2001:db8:0:1::1 2001:db8:0:1::2 203.0.113.130 "and IPv6"
