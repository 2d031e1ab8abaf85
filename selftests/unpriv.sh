#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Without privilege: a user namespace's root makes networks and ports in network namespaces
# of its own, and can do nothing outside these; a user can only look.
#
#	user namespace of nobody                                     | ours
#	ua                                    ub                     | h1
#	net0, VNI 100                         net0, VNI 100          | hnet, VNI 100
#	 |- ct... ---veth--- ca1 eth0 .1       `- ct... --- cb eth0  |  |- p1 ---veth--- p1x
#	 |- ct... ---veth--- ca2 eth0 .2                     .3      |  |- peer 192.0.2.9
#	 |- peer 192.0.2.2                     |- peer 192.0.2.1     |  |- 02:bb:00:00:00:01
#	 `- vy ---------------------------------------veth---------- | vx
#	ul0 192.0.2.1/24 ---------veth------- ul0 192.0.2.2/24       | ul0 192.0.2.1/24 (dummy)
#
# ua, ub, ca1, ca2, cb are PIDs of processes that each have a network namespace, and ns_ua
# the name by which our root knows one of them. Another user has a user namespace, too: its
# process is $stranger.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"

need python3 setpriv unshare nsenter
readonly NOBODY=65534 OTHER=65533
readonly M=02:bb:00:00:00:02
readonly CG=$TMP/cgroup
CPUS=$(getconf _NPROCESSORS_CONF) ALL_CHARGED=0
readonly PRIVILEGE='CAP_NET_ADMIN|[Pp]ermission denied|not permitted'

# without what this process could hand down
readonly DROP=(setpriv --clear-groups --inh-caps=-all)
readonly AS_NOBODY=("${DROP[@]}" "--reuid=$NOBODY" "--regid=$NOBODY")

"${AS_NOBODY[@]}" unshare -Urn true 2>/dev/null || skip_all "no user namespaces for users"

setup_host h1
setup_ns c1

# in_user PID COMMAND...: as the user namespace's root, in the network namespace of PID
in_user() { "${AS_NOBODY[@]}" nsenter -t "$1" -U -n --preserve-credentials "${@:2}"; }

# holders UID N FILE: N sleeping processes that hold the namespaces, their PIDs in FILE. The
# first one makes a user and a network namespace, the others a network namespace in it.
holders()
{
	local uid=$1 n=$2 file=$3

	# shellcheck disable=SC2016 # for the shell in there
	"${DROP[@]}" --reuid "$uid" --regid "$uid" unshare -Urn bash -c '
		echo $$
		for ((i = 1; i < $1; i++)); do
			unshare -n bash -c "echo \$\$; exec sleep infinity" &
		done
		exec sleep infinity' - "$n" >"$file" &
	defer kill_holders "$file"
	busywait 20000 at_least "$n" lines "$file" >/dev/null ||
		die "setup: user namespace of $uid"
}

lines() { wc -l <"$1"; }

kill_holders()
{
	local pid

	for pid in $(<"$1"); do
		kill "$pid" 2>/dev/null
	done
	wait "$(head -n1 "$1")" 2>/dev/null
	true
}

build_users()
{
	local p

	chmod 755 "$TMP"
	holders $NOBODY 5 "$TMP/holders"
	holders $OTHER 1 "$TMP/others"
	{ read -r ua; read -r ub; read -r ca1; read -r ca2; read -r cb; } <"$TMP/holders"
	stranger=$(<"$TMP/others")
	for p in ua ca2; do
		printf -v "ns_$p" %s "$p-${TMP##*.}"
		NS_LIST+=("$p-${TMP##*.}")
		must ip netns attach "$p-${TMP##*.}" "${!p}"
	done
}

build()
{
	# numbers that no namespace of theirs has
	ip_in "$h1" <<-EOT || die "setup: links of h1"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		link set ul0 up
		link add p1 index 7778 type veth peer name p1x
		link add vx type veth peer name vy netns $ns_ua
		link add hnet index 7777 type ctnet
	EOT
	ctn "$h1" -b - <<-EOT || die "setup: network of h1"
		set-net hnet --vni 100 --local 192.0.2.1
		add-port hnet --dev p1
		add-peer hnet 192.0.2.9
		add-fdb hnet 02:bb:00:00:00:01 --port p1
	EOT
}

# not_permitted COMMAND...: with exit code 2 and a sentence on privilege, or $WANT
not_permitted() { refused 2 "${WANT:-$PRIVILEGE}" "$@"; }

# nothing_changes COMMAND...: runs it; all namespaces are as they were, this one too
nothing_changes()
{
	local before after

	before=$(dump_state_of "$h1" "$c1" "$ns_ua"; ip -o link; ctnetctl list nets)
	"$@"
	after=$(dump_state_of "$h1" "$c1" "$ns_ua"; ip -o link; ctnetctl list nets)
	[[ $before == "$after" ]] || fail "something has changed:
$(diff <(echo "$before") <(echo "$after"))"
}

# ------------------------------------------------------------------- tests

# The kernel loads what makes links of a kind for whoever may make links.
loads()
{
	reloads || return
	check rmmod ctnet
	check in_user "$ua" ip link add lb0 type ctnet
	check in_user "$ua" ctnetctl list nets
	check_match "$OUT" '^lb0[[:space:]]' "its networks"
	check in_user "$ua" ctnetctl del-net lb0
}

networks()
{
	check in_user "$ua" ip -batch - <<-EOT
		link set lo up
		link add ul0 type veth peer name ul0 netns $ub
		addr add 192.0.2.1/24 dev ul0
		link set ul0 up
	EOT
	check in_user "$ub" ip -batch - <<-EOT
		link set lo up
		addr add 192.0.2.2/24 dev ul0
		link set ul0 up
	EOT
	# a container by PID, and by path
	check in_user "$ua" ctnetctl -b - <<-EOT
		add-net net0 --vni 100 --local 192.0.2.1
		add-peer net0 192.0.2.2
		add-port net0 $ca1 --address 203.0.113.1/24
		add-port net0 /proc/$ca2/ns/net --address 203.0.113.2/24 --guard off
		add-port net0 --dev vy
		add-fdb net0 02:bb:00:00:00:03 --peer 192.0.2.2 --ip 203.0.113.33
		add-fdb net0 $M --self
		replace-fdb net0 $M --port vy
		set-port net0 --dev vy --hairpin on
		set-net net0 --ageing 100
		add-net gone
		del-net gone
	EOT
	check in_user "$ub" ctnetctl -b - <<-EOT
		add-net net0 --vni 100 --local 192.0.2.2
		add-peer net0 192.0.2.1
		add-port net0 $cb --address 203.0.113.3/24
	EOT
	# of one host, and through the tunnel
	wait_until 5000 in_user "$ca1" ping -nqc1 -W1 203.0.113.2
	wait_until 5000 in_user "$ca1" ping -nqc1 -W1 203.0.113.3
}

looks()
{
	check in_user "$ua" ctnetctl -b - <<-EOT
		show
		list nets
		list ports
		list peers
		list fdb
		list vteps
	EOT
	check_match "$OUT" "$M"$'\t'"static"$'\t'"vy" "its table"
	check_match "$OUT" $'inet\t4789' "its socket"
	[[ ! $OUT =~ hnet|192.0.2.9|02:bb:00:00:00:01 ]] || fail "it sees what is ours: $OUT"
}

# Each hears what happens in its own namespace.
events()
{
	local ours=$TMP/ours theirs=$TMP/theirs pid

	ctnetctl -n "$h1" monitor >"$ours" 2>&1 &
	defer kill_wait $!
	"${AS_NOBODY[@]}" nsenter -t "$ua" -U -n --preserve-credentials \
		ctnetctl monitor >"$theirs" 2>&1 &
	pid=$!
	defer kill_wait $pid
	wait_until 20000 poke_both "$ours" "$theirs"
	check ctn "$h1" add-fdb hnet 02:bb:00:00:00:0a --self
	check in_user "$ua" ctnetctl add-fdb net0 02:bb:00:00:00:0b --self
	wait_until 5000 grep -q 'fdb add hnet 02:bb:00:00:00:0a' "$ours"
	wait_until 5000 grep -q 'fdb add net0 02:bb:00:00:00:0b' "$theirs"
	check_not grep net0 "$ours"
	check_not grep hnet "$theirs"
	kill_wait $pid
}

poke_both()
{
	ctn "$h1" set-net hnet --ageing 90
	in_user "$ua" ctnetctl set-net net0 --ageing 90
	grep -q hnet "$1" && grep -q net0 "$2"
}

# Namespaces of others cannot be entered, by whatever name.
strangers()
{
	not_permitted in_user "$ua" ctnetctl add-port net0 1
	not_permitted in_user "$ua" ctnetctl add-port net0 "$stranger"
	not_permitted in_user "$ua" ctnetctl add-port net0 "$c1" --address 203.0.113.9/24
	not_permitted in_user "$ua" ctnetctl add-port net0 "/run/netns/$c1" --address 203.0.113.9/24
	not_permitted in_user "$ua" ctnetctl -n "$h1" add-net mine
	not_permitted in_user "$ua" ctnetctl -n "$h1" list nets
	not_permitted in_user "$ua" ctnetctl -n 1 list nets
	# and what is in there cannot be named
	WANT='no interface "p1"' not_permitted in_user "$ua" ctnetctl add-port net0 --dev p1
	WANT='no interface "p1"' not_permitted in_user "$ua" ctnetctl add-fdb net0 02:bb:00:00:00:0c --port p1
	WANT='no network "hnet"' not_permitted in_user "$ua" ctnetctl set-net hnet --flood off
	WANT='no network "hnet"' not_permitted in_user "$ua" ctnetctl flush-fdb hnet
	# with iproute2
	not_permitted in_user "$ua" ip link add mine netns "$h1" type ctnet
	not_permitted in_user "$ua" ip link add mine netns 1 type ctnet
	not_permitted in_user "$ua" ip link set vy netns "$h1"
	not_permitted in_user "$ua" ip link set vy netns 1
	WANT=. not_permitted in_user "$ua" ip link set net0 netns "$h1"
}

nothing_outside() { nothing_changes strangers; }

# The other end of a pair is ours: its MTU is not the user's to set by having it follow.
other_end_is_ours()
{
	ask flags "$ns_ua" "$(ifindex_of "$ns_ua" net0)" "$(ifindex_of "$ns_ua" vy)" 32/32
	check_match "$ANSWER" "ok EPERM .*another user's" "to have it follow"
	check in_user "$ua" ctnetctl set-net net0 --mtu 1300
	check_eq "$(mtu_of "$h1" vx)" 1500 "MTU of our end"
	check_match "$(in_user "$ca1" ip -o link show dev eth0)" ' mtu 1300 ' "MTU of a container of the user's"
	check in_user "$ua" ctnetctl set-net net0 --mtu auto
}

# Nor by hand: all the ways that rtnetlink has to say "in that namespace", and interface
# indices of a namespace that is another's. Prints a line for each.
tricks()
{
	cat >"$TMP/tricks.py" <<-'EOT'
		import errno
		import os
		import socket
		import struct
		import sys

		sys.dont_write_bytecode = True
		sys.path.insert(0, sys.argv[1])
		import nlraw

		nlraw.socket_in = lambda netns, *args: socket.socket(*args)
		NEWLINK, DELLINK, GETNSID = 16, 17, 90
		IFNAME, LINK, LINKINFO, NS_PID, NS_FD, LINK_NSID, TARGET = 3, 5, 18, 19, 28, 37, 46
		HNET, P1 = 7777, 7778

		def u32(kind, value):
		    return nlraw.attribute(kind, struct.pack("=I", value))

		def told(what, answer):
		    print(what, errno.errorcode.get(answer[0], answer[0]))

		fd = os.open("/run/netns/" + sys.argv[2], os.O_RDONLY)
		head = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
		name = nlraw.attribute(IFNAME, b"mine\0")
		kind = nlraw.attribute(LINKINFO, nlraw.attribute(1, b"ctnet\0"))
		rt = nlraw.Netlink("", nlraw.NETLINK_ROUTE)
		# a namespace that has an end of a veth here has a number here
		_, _, replies = rt.ask(GETNSID, 0, struct.pack("=Bxxx", 0) + u32(3, fd))
		NSID = struct.unpack("=I", dict(nlraw.attributes(replies[0][1][4:]))[1])[0]
		for what, attrs in (("fd", u32(NS_FD, fd)), ("pid", u32(NS_PID, 1)),
		                    ("target", u32(TARGET, NSID)),
		                    ("link", u32(LINK_NSID, NSID) + u32(LINK, P1))):
		    told(what, rt.ask(NEWLINK, nlraw.F_EXCL_CREATE, head + name + attrs + kind))
		told("delete", rt.ask(DELLINK, 0, head + nlraw.attribute(IFNAME, b"hnet\0") +
		                      u32(TARGET, NSID)))
		ge = nlraw.Generic("")
		for what, cmd, attrs in (
		        ("get", "NET_GET", u32(1, HNET)),
		        ("port", "PORT_ADD", u32(1, HNET) + u32(2, P1)),
		        ("detach", "PORT_DEL", u32(1, HNET) + u32(2, P1)),
		        ("attach", "PORT_ADD", u32(1, socket.if_nametoindex("net0")) + u32(2, P1)),
		        ("flush", "FDB_FLUSH", u32(1, HNET)),
		        ("dump", "FDB_GET", u32(1, HNET))):
		    told(what, ge.command(nlraw.CMDS.index(cmd),
		                          nlraw.F_DUMP if what == "dump" else 0, attrs))
	EOT
	check in_user "$ua" python3 "$TMP/tricks.py" "$SELFTESTS/lib" "$h1"
	check_eq "${OUT//$'\n'/, }" "fd EPERM, pid EPERM, target EPERM, link EPERM, delete EACCES, get ENODEV, port ENODEV, detach ENODEV, attach ENODEV, flush ENODEV, dump ENODEV" "answers"
}

no_tricks() { nothing_changes tricks; }

# Each command that changes something, in h1; "= COMMAND: EXIT: what it said" of each.
changes()
{
	cat >"$TMP/changes" <<-EOT
		try() { out=\$(ctnetctl "\$@" 2>&1); echo "= \$1: \$?: \$out"; }
		try add-net mine
		try set-net hnet --flood off
		try set-net hnet --mtu 1300
		try del-net hnet
		try add-port hnet --dev p1x
		try add-port hnet $c1 --address 203.0.113.9/24
		try set-port hnet --dev p1 --flood off
		try set-port hnet --dev p1 --label mine
		try del-port hnet --dev p1
		try add-peer hnet 192.0.2.8
		try del-peer hnet 192.0.2.9
		try add-fdb hnet $M --port p1
		try replace-fdb hnet 02:bb:00:00:00:01 --self
		try del-fdb hnet 02:bb:00:00:00:01
		try flush-fdb hnet
		out=\$(ip link add mine type ctnet 2>&1); echo "= ip: \$?: \$out"
		out=\$(ip link set p1x master hnet 2>&1); echo "= ip: \$?: \$out"
		out=\$(bridge fdb add $M dev p1 master 2>&1); echo "= ip: \$((\$? ? 2 : 0)): \$out"
		for what in nets ports peers fdb vteps; do
			ctnetctl list \$what >/dev/null || echo "list \$what: \$?"
		done
		ctnetctl show
	EOT
	check ip netns exec "$h1" "${AS_NOBODY[@]}" "$@" bash "$TMP/changes"
}

# refused_all N: so many commands were refused, with a sentence each, and looking was not
refused_all()
{
	local line n=0

	while IFS= read -r line; do
		[[ $line == "= "* ]] || continue
		n=$((n + 1))
		[[ $line =~ ^=\ (ip:\ 2:\ RTNETLINK|([a-z-]+):\ 2:\ ctnetctl:\ ([a-z-]+)\ .*:)\ .*($PRIVILEGE) ]] ||
			fail "$line"
	done <<<"$OUT"
	check_eq $n "$1" "commands"
	[[ $OUT != *"list "* ]] || fail "it cannot look: $OUT"
	[[ $OUT != *"could not be undone"* ]] || fail "nothing was done: $OUT"
	check_match "$OUT" 'hnet.*p1' "what show prints"
}

# a user in our namespace
a_user()
{
	nothing_changes changes
	refused_all 18
}

# the same as root of a user namespace that has no network namespace of its own
without_netns()
{
	nothing_changes changes unshare -Ur
	refused_all 18
}

# What frames make the table hold has a limit, and what requests make it hold is charged to
# who asked.
bounded()
{
	local n

	check in_user "$ua" ctnetctl set-net net0 --max-fdb 20
	ask macs "$ns_ca2" eth0 100 02:ee:00:00:00:01
	n=$(net_stat "$ns_ua" net0 fdb_learned)
	((n >= 15 && n <= 20)) || fail "$n learned entries"
}

# The process that asks is in a cgroup of its own, which is whom the kernel charges. It is
# ours, so that it can be kept from being ended where there is no memory. For what each CPU
# has a part of, as many bytes as two parts have are charged for the list of whom to charge.
charged()
{
	local kind n slab percpu i

	mkdir "$CG"
	mount -t cgroup2 none "$CG" 2>/dev/null || { skip "no cgroup2"; return; }
	defer umount "$CG"
	if ! echo +memory >"$CG/cgroup.subtree_control" 2>/dev/null; then
		skip "no memory controller"
		return
	fi
	mkdir "$CG/user"
	defer leave_cgroup
	# a network whose floods go nowhere
	check ctn "$ns_ua" add-net lims --vni 200 --local 192.0.2.1
	check ip -n "$ns_ua" link set lims down
	for ((i = 0; i < 300; i++)); do
		echo "link add m$i index $((20000 + i)) type dummy"
	done | ip_in "$ns_ua" || fail "cannot make devices"
	LIMS=$(ifindex_of "$ns_ua" lims)
	echo "$ASKER" >"$CG/user/cgroup.procs" || { fail "cannot charge it"; return; }
	while read -r kind n slab percpu; do
		# what is made once, and pages that others fill
		ask make "$ns_ua" "$LIMS" "$kind" 20
		check_eq "$ANSWER" "ok 20 0" "$kind made"
		set -- "$(charge slab)" "$(charge percpu)"
		ask make "$ns_ua" "$LIMS" "$kind" "$n"
		check_eq "$ANSWER" "ok $n 0" "$kind made"
		set -- $((($(charge slab) - $1) / n)) $((($(charge percpu) - $2) / n))
		diag "one of the $kind is charged with $1 bytes, and $2 for what each CPU has a part of"
		(($1 >= slab && $2 >= percpu * (CPUS + 2))) ||
			fail "that is less than $slab and $((CPUS + 2)) times $percpu"
	done <<-EOT
		entries 2000 200 0
		peers 1000 128 72
		ports 200 128 32
		networks 40 4096 1000
	EOT
	ALL_CHARGED=$((RET == 0))
}

leave_cgroup()
{
	kill_wait "$ASKER"
	rmdir "$CG/user"
}

charge() { awk -v kind="$1" '$1 == kind { print $2 }' "$CG/user/memory.stat"; }

# there_are: entries, peers, ports, networks
there_are()
{
	echo "$(json '.[0] | "\(.fdb_static) \(.peer_count) \(.port_count)"' ctn "$ns_ua" -j list nets lims)" \
		"$(ip -n "$ns_ua" -o link show type ctnet | grep -c ': lim[0-9]')"
}

# At its limit the kernel refuses, as nobody is there whom it may end; nothing is left by
# what was refused, and with a higher limit all can be had.
limited()
{
	local kind before after i

	((ALL_CHARGED)) || { skip "they are not all charged"; return; }
	read -ra before < <(there_are)
	echo -1000 >"/proc/$ASKER/oom_score_adj"
	# each refusal there is told of with a call trace
	echo "ctnet-selftest: faults begin" >/dev/kmsg
	echo $(($(<"$CG/user/memory.current") + (256 << 10))) >"$CG/user/memory.max"
	i=0
	for kind in entries peers ports networks; do
		ask make "$ns_ua" "$LIMS" "$kind" 5000 || break
		diag "$kind: ${ANSWER#ok }"
		check_match "$ANSWER" '^ok [0-9]+ ENOMEM$' "$kind made until it was refused"
		read -r _ after _ <<<"$ANSWER"
		before[i]=$((before[i] + after)) i=$((i + 1))
	done
	check_eq "$(there_are)" "${before[*]}" "entries, peers, ports, networks"
	echo max >"$CG/user/memory.max"
	echo "ctnet-selftest: faults end" >/dev/kmsg
	for kind in entries peers ports networks; do
		ask make "$ns_ua" "$LIMS" "$kind" 5
		check_eq "$ANSWER" "ok 5 0" "$kind made afterwards"
	done
}

# With its last process a user namespace goes, and all that it made.
ends()
{
	# it has sockets in there
	kill_wait "$ASKER"
	ip netns del "$ns_ua"
	ip netns del "$ns_ca2"
	kill_holders "$TMP/holders"
	# the other end of its port's veth
	wait_until 20000 gone
	reloads || return
	# so the module can be unloaded; the runner sees whether all was freed
	check ctn "$h1" del-net hnet
	wait_until 20000 rmmod ctnet
	check modprobe ctnet
}

gone() { ! ip -n "$h1" link show dev vx 2>/dev/null; }

build_users
run_test loads "the first network that it makes loads the module"

build
run_test networks "it makes networks, ports, peers, entries; containers ping, through a tunnel too"
run_test looks "it sees what is its own"
run_test events "it hears what is its own, and we what is ours"
run_test nothing_outside "it reaches no namespace of others"
run_test no_tricks "nor by requests made by hand"
run_test a_user "a user in our namespace may look and not touch"
run_test without_netns "nor may root of a user namespace without a network namespace"
PYTHONMALLOC=malloc python_start unpriv.py
readonly ASKER=$PYTHON_PID
run_test other_end_is_ours "the MTU of a pair's end that is ours is not the user's to set"
run_test bounded "the learned entries that it can make are bounded"
run_test charged "networks, ports, peers and entries are charged to the cgroup of who makes them"
run_test limited "and refused where that has its limit, whole"
run_test ends "with its last process all of it goes"
