#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debian: alone: the tool in many steps, and processes are slow under the instruments
# timeout: 900
#
# Configurations: "save" prints one, "restore" makes it where nothing of it is, and "sync"
# finds nothing to do then. Without KVM it takes over a minute, because of the many commands
# whose outcome is looked at, with all that may have changed. The topology is
# configuration.sh's.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/configuration.sh
. "$(dirname "$0")/lib/configuration.sh"

need setpriv
UNIT=$(dirname "$0")/../installed/usr/local/lib/systemd/system/ctnet.service
readonly UNIT

# What save prints, to the letter: every option that is not as it would be without it.
whole()
{
	cat <<-EOT
		# made by "ctnetctl save"; see ctnetctl(8), CONFIGURATIONS
		add-net mark --mac 02:00:00:00:00:01
		add-net net0 --vni 100 --local 192.0.2.1 --local 2001:db8:0:1::1 --underlay ul0 --dstport 4790 --address 203.0.113.1/24 --address 203.0.113.2/24 --address 2001:db8:100::1/64 --address 2001:db8:100::2/64 --mtu 1400 --mac 02:00:00:00:00:02 --learning off --ageing 77 --flood off --max-fdb 1000 --suppress off --ttl 9 --tos inherit --df inherit --udp-csum off --mark 7
		add-peer net0 192.0.2.2
		add-peer net0 192.0.2.3 --dstport 4791
		add-peer net0 2001:db8:0:1::2
		add-port net0 --dev p1 --learning off --flood off --hairpin on --guard on --isolated on --label 'an uplink'
		add-port net0 --dev p2
		add-port net0 $c1 --address 203.0.113.11/24 --address 2001:db8:100::11/64 --gateway 203.0.113.1 --gateway 2001:db8:100::1
		add-port net0 $c2 --ifname eth5 --address 203.0.113.12/32 --mac 02:00:00:00:00:03 --mtu 1300 --learning off --guard off --isolated on --label $'it\'s'
		replace-fdb net0 02:00:00:00:00:02 --self --ip 203.0.113.1
		add-fdb net0 02:00:00:00:00:10 --port p1 --ip 203.0.113.50 --ip 2001:db8:100::50
		add-fdb net0 02:00:00:00:00:11 --peer 192.0.2.2
		add-fdb net0 02:00:00:00:00:12 --peer 2001:db8:0:1::2 --ip 203.0.113.52
		add-fdb net0 02:00:00:00:00:13 --self
		add-fdb net0 02:00:00:00:00:14 --target $c2 --ifname eth5 --ip 203.0.113.54
		replace-fdb net0 02:42:cb:00:71:0b --target $c1 --ip 203.0.113.11 --ip 203.0.113.60 --ip 2001:db8:100::11
		add-net net1 --mtu 1450 --mac 02:00:00:00:00:04
		add-port net1 $c3 --mac 02:00:00:00:00:05 --label ''
	EOT
}

# same_as FILE: save prints that file
same_as()
{
	saved "$OUT1"
	cmp -s "$1" "$OUT1" && return
	fail "save prints something else than $1:"
	diag "$(diff "$1" "$OUT1")"
}

round_trip()
{
	whole >"$FILE"
	check ctn "$h1" restore "$FILE"
	check_eq "$OUT" "" "what restore prints"
	same_as "$FILE"
	# it is what a batch file is
	clear
	check ctn "$h1" -b "$FILE"
	same_as "$FILE"
	# by way of pipes
	saved "$OUT2"
	clear
	check ctn "$h1" restore - <"$OUT2"
	same_as "$FILE"
	check_match "$(ip -n "$c1" route show default)" 'via 203.0.113.1 dev eth0' "route"
	ping_ok "$c1" 203.0.113.1
	wait_for_ping "$c1" 2001:db8:100::1
}

# of one network
one_network()
{
	ctn "$h1" save net1 >"$OUT1"
	whole | sed -n '1p;/ net1 /p' >"$OUT2"
	check cmp "$OUT2" "$OUT1"
	refused 2 '^ctnetctl: .*no network "net9"' ctn "$h1" save net9
	refused 2 '^ctnetctl: .*another interface' ctn "$h1" save ul0
	refused 1 '^ctnetctl: .*not JSON' ctn "$h1" -j save
}

# what is all right causes no event
same_again()
{
	local before

	whole >"$FILE"
	before=$(dump_state)
	told ctn "$h1" sync "$FILE"
	told_is ""
	check_eq "$OUT" "" "what sync prints"
	check_eq "$(dump_state)" "$before" "state"
	saved "$OUT2"
	told ctn "$h1" sync - <"$OUT2"
	told_is ""
}

labels()
{
	local label i=0 names=()
	# shellcheck disable=SC2016,SC1003 # as they stand
	local all=('#' ' ' "it's" '"' "'\"" '\' 'a\nb' $'two\nlines' $'tab\tcr\r' '$HOME `x`' '-x'
		'Grüße, 世界' '*?[a]~{b,c}' $'\x01\x7f' "\$'x'" '1' "$c2")

	clear
	ctn "$h1" add-net net0
	for label in "${all[@]}"; do
		names+=("e$((++i))")
		ctn "$h1" add-port net0 "$c1" --ifname "e$i" --label "$label" || fail "label '$label'"
	done
	saved "$OUT1"
	ctn "$h1" del-net net0
	check ctn "$h1" restore "$OUT1"
	same_as "$OUT1"
	check_eq "$(json 'sort_by(.container_ifname[1:] | tonumber) | map(.label) | join("\u001f")' ctn "$h1" -j list ports)" \
		"$(IFS=$'\x1f'; echo "${all[*]}")" "labels"
	clear
}

# names that could be taken for options and PIDs
odd_names()
{
	clear
	check ip netns add 471100
	defer ip netns del 471100
	check ctn "$h1" add-net -- -n1
	check ctn "$h1" add-port --label x --address 203.0.113.9/24 \
		--address 2001:db8:9::9/64 --gateway fe80::1 -- -n1 /run/netns/471100
	saved "$OUT1"
	check_match "$(<"$OUT1")" $'\n''add-net --mac [0-9a-f:]+ -- -n1'
	check_match "$(<"$OUT1")" $'\n''add-port --address 203.0.113.9/24 --address 2001:db8:9::9/64 --gateway fe80::1 --label x -- -n1 /run/netns/471100'
	check ctn "$h1" del-net -- -n1
	check ctn "$h1" restore "$OUT1"
	same_as "$OUT1"
	clear
}

# whatever the kernel takes for a name: the container's root gives it to the interface
names_with_controls()
{
	local ifname=$'\x01a\x7f' net=$'n\x02%'

	clear
	check ctn "$h1" add-net n1
	check ctn "$h1" add-port n1 "$c1" --address 203.0.113.9/24
	check ip -n "$c1" link set eth0 down
	check ip -n "$c1" link set eth0 name "$ifname" up
	saved "$OUT1"
	check_match "$(<"$OUT1")" " --ifname \\$'\\\\x01a\\\\x7f' "
	check ctn "$h1" sync "$OUT1"
	check_match "$(ip -n "$c1" -o link show dev "$ifname")" 'state UP'
	check ctn "$h1" del-net n1
	check ctn "$h1" restore "$OUT1"
	same_as "$OUT1"
	# but for what the kernel would make another name of
	refused 1 '^ctnetctl: .*invalid interface name' ctn "$h1" add-net 'n%d'
	refused 1 '^ctnetctl: .*invalid interface name' ctn "$h1" add-net "$net"
	check ctn "$h1" add-net "${net%\%}"
	saved "$OUT1"
	check ctn "$h1" sync "$OUT1"
	clear
}

# A container may set its interface's MAC to another one's: what is saved is what the host
# gave it, and sync sets it back.
mac_taken()
{
	local mac1=02:42:cb:00:71:0b mac2=02:42:cb:00:71:0c line

	clear
	some >"$FILE"
	check ctn "$h1" sync "$FILE"
	saved "$OUT1"
	check ip -n "$c2" link set eth5 address $mac1
	check ip -n "$c3" link set eth0 address $mac1
	saved "$OUT2"
	check diff "$OUT1" "$OUT2"
	check ctn "$h1" sync "$OUT2"
	check_match "$(ip -n "$c2" -o link show dev eth5)" "ether $mac2"
	check_match "$(ip -n "$c3" -o link show dev eth0)" "ether 02:00:00:00:00:05"
	ping_ok "$c2" 203.0.113.1
	# one whose line names no MAC, next to one that has no name
	line="add-port net0 $c2 --ifname eth5"
	some | sed "s/^$line.*/$line/" >"$FILE"
	check ctn "$h1" sync "$FILE"
	background ip netns exec "$h1" unshare -n sleep 1000
	wait_until 5000 other_ns "$BG_PID"
	check ctn "$h1" add-port net0 "$BG_PID" --label pid --address 203.0.113.77/24
	check ip -n "$c2" link set eth5 address 02:42:cb:00:71:4d
	check ctn "$h1" sync "$FILE"
	check_match "$(ip -n "$c2" -o link show dev eth5)" "ether $mac2"
	check fdb_is "$h1" net0 02:42:cb:00:71:4d ".port == \"$(near_end "$h1" pid)\" and (.addresses | index(\"203.0.113.77\"))"
	check ctn "$h1" del-port net0 --dev "$(near_end "$h1" pid)"
	# nor is it given it for want of one of its own
	check ctn "$h1" del-fdb net0 $mac2
	check ip -n "$c2" link set eth5 address $mac1
	saved "$OUT1"
	check_match "$(<"$OUT1")" "$line --mac [0-9a-f:]{17}"$'\n'
	check_not grep -qF "$line --mac $mac1" "$OUT1"
	check ctn "$h1" sync "$OUT1"
	ping_ok "$c1" 203.0.113.1
}

# Containers end, and the kernel takes their namespaces apart, while save and sync look.
ending()
{
	local i said left=1 n=0
	local -a pids=()

	clear
	some >"$FILE"
	check ctn "$h1" sync "$FILE"
	for i in 1 2 3 4 5 6; do
		background ip netns exec "$h1" unshare -n sleep 1000
		pids+=("$BG_PID")
		wait_until 5000 other_ns "$BG_PID"
		check ctn "$h1" add-port net1 "$BG_PID" --label end$i --address 203.0.113.7$i/24
	done
	kill "${pids[@]}"
	while ((left)); do
		left=$(ip -n "$h1" -o link show type veth | grep -c 'alias end')
		said=$(ctn "$h1" save 2>&1 >"$OUT2") || fail "save: exit $?: $said"
		check_not grep -- '--dev ct' "$OUT2"
		said=$(ctn "$h1" sync "$FILE" 2>&1) || fail "sync: exit $?: $said"
		n=$((n + 1))
		((n < 1000)) || { fail "they do not end"; break; }
	done
}

# a network that is another's underlay comes first; of one that is gone there is no name
underlays()
{
	clear
	check ctn "$h1" -b - <<-EOT
		add-net z --vni 6 --local 192.0.2.1 --address 198.51.100.1/24
		add-net a --vni 7 --local 198.51.100.1 --underlay z
	EOT
	saved "$OUT1"
	check_eq "$(awk '/^add-net/ { print $2 }' "$OUT1" | tr '\n' ' ')" "z a " "networks, as saved"
	clear
	check ctn "$h1" restore "$OUT1"
	cp "$OUT1" "$OUT2"
	same_as "$OUT2"
	clear
	ip_in "$h1" <<-EOT || fail "no ul9"
		link add ul9 type dummy
		addr add 192.0.2.9/32 dev ul9
		link set ul9 up
	EOT
	check ctn "$h1" add-net a --vni 7 --local 192.0.2.9 --underlay ul9
	check ip -n "$h1" link del ul9
	# which nothing can have again: the rest is there, and it is no success
	check ctn "$h1" add-net b --vni 9 --local 192.0.2.1
	refused 2 '^ctnetctl: save: the underlay device of a is gone' ctn "$h1" save
	ctn "$h1" save >"$OUT1" 2>/dev/null
	check grep -q '^# add-net a --vni 7 ' "$OUT1"
	clear
	check ctn "$h1" restore "$OUT1"
	check_eq "$(ctn "$h1" list nets | cut -f 1)" b networks
	clear
}

# what the file gets wrong is found before anything is done
bad_files()
{
	local verb line

	for verb in restore sync; do
		fails $verb 1 '2: .*no command' 'add-net n1' 'frobnicate'
		fails $verb 1 '3: del-net n1: .*add-net, add-port' 'add-net n1' '' 'del-net n1'
		fails $verb 1 '1: .*not closed' 'add-net "n1'
		fails $verb 1 '1: .*backslash' "add-net \$'n\\q'"
		fails $verb 1 '1: add-net n1: .*needs --local' 'add-net n1 --vni 5'
		fails $verb 1 '2: add-net n1: line 1 has this' 'add-net n1' 'add-net n1'
		fails $verb 1 '1: add-peer n1 .*no line before' 'add-peer n1 192.0.2.2' 'add-net n1'
		fails $verb 1 '2: add-port n1: which|2: add-port n1: say which' 'add-net n1' 'add-port n1'
		fails $verb 1 '3: add-fdb .*no line before this one adds --dev p2' \
			'add-net n1' 'add-port n1 --dev p1' 'add-fdb n1 02:00:00:00:00:20 --port p2'
		fails $verb 1 '2: add-fdb .*peers of n1' 'add-net n1' 'add-fdb n1 02:00:00:00:00:20 --peer 192.0.2.9'
		fails $verb 1 '2: add-fdb .*line 1 enters' \
			'add-net n1 --mac 02:00:00:00:00:20' 'add-fdb n1 02:00:00:00:00:20 --self'
		fails $verb 1 '1: .*--may-exist has no place' 'add-net n1 --may-exist'
		for line in 'add-port n1 --dev p1' 'add-peer n1 192.0.2.9' 'add-fdb n1 02:00:00:00:00:20 --self'; do
			fails $verb 1 '2: .*--may-exist has no place' 'add-net n1' "$line --may-exist"
		done
		fails $verb 1 '2: add-peer n1 192.0.2: .*invalid IP address' 'add-net n1' 'add-peer n1 192.0.2'
		fails $verb 1 '2: add-fdb .*invalid MAC' 'add-net n1' 'add-fdb n1 02:00 --self'
		fails $verb 1 "3: add-port n1: line 2 has this" \
			'add-net n1' 'add-port n1 --dev p1' 'add-port n1 --dev p1'
		fails $verb 1 '1: .*ends in a backslash' "add-net n1\\"
		fails $verb 2 '2: add-port n1: no interface "nosuch"' 'add-net n1' 'add-port n1 --dev nosuch'
		fails $verb 2 '1: add-net n1: no device "nosuch"' \
			'add-net n1 --vni 5 --local 192.0.2.1 --underlay nosuch'
		fails $verb 2 '1: add-net ul0: there is another interface' 'add-net ul0'
		fails $verb 1 "3: add-port n1 $c1: it has the MAC" 'add-net n1' \
			"add-port n1 $c2 --mac 02:00:00:00:00:20" "add-port n1 $c1 --mac 02:00:00:00:00:20"
		refused 2 "^ctnetctl: $verb $TMP/nosuch: open" ctn "$h1" $verb "$TMP/nosuch"
		refused 2 "^ctnetctl: .*read $TMP" ctn "$h1" $verb "$TMP"
		refused 1 '^ctnetctl: .*missing' ctn "$h1" $verb
		refused 1 '^ctnetctl: .*word too many' ctn "$h1" $verb a b c
	done
	for line in '' '# nothing' $'\n \n'; do
		printf '%s' "$line" >"$FILE"
		refused 1 '^ctnetctl: .*the file is empty' ctn "$h1" sync "$FILE"
		refused 1 '^ctnetctl: .*the file is empty' ctn "$h1" sync - <"$FILE"
		refused 1 '^ctnetctl: .*has no "add-net net0"' ctn "$h1" sync net0 "$FILE"
	done
}

# what only the kernel refuses, at the end of all that was done before
nothing_is_left()
{
	local net="add-net n1 --vni 5 --local 192.0.2.1"

	fails restore 2 '5: add-peer n1 224.0.0.1: .*unicast' "$net" "add-port n1 $c1 --address 203.0.113.11/24" \
		'add-port n1 --dev p1 --label x' 'add-peer n1 192.0.2.2' 'add-peer n1 224.0.0.1'
	fails restore 2 "3: add-port n1 $c2: .*route via" "$net" "add-port n1 $c1 --address 203.0.113.11/24" \
		"add-port n1 $c2 --address 203.0.113.12/24 --gateway 198.51.100.1"
}

# One network that cannot be had keeps no other away: exit code and messages say which.
others_are_made()
{
	clear
	cat >"$FILE" <<-EOT
		add-net n1 --vni 5 --local 192.0.2.1
		add-port n1 $c1 --address 203.0.113.11/24
		add-net n2 --vni 6 --local 192.0.2.1 --underlay nosuch
		add-net n3
		add-port n3 --dev nosuch2
		add-port n3 $c2 --address 203.0.113.12/24
		add-net n4 --vni 5 --local 192.0.2.1
		add-net n5
		add-port n5 $c3
		add-peer n1 192.0.2.2
	EOT
	refused 2 '^ctnetctl: .*' ctn "$h1" restore "$FILE"
	check_match "$OUT" "$FILE:3: add-net n2: no device \"nosuch\""
	check_match "$OUT" "$FILE:5: add-port n3: no interface \"nosuch2\""
	check_match "$OUT" "$FILE:7: add-net n4: .*VNI"
	check_match "$OUT" "ctnetctl: restore $FILE: 3 of 5 networks could not be made: n2, n3, n4; the others are there"
	check_eq "$(ctn "$h1" list nets | cut -f 1 | tr '\n' ' ')" "n1 n5 " networks
	check_eq "$(ctn "$h1" list ports | wc -l)" 2 ports
	check_match "$(ctn "$h1" list peers)" 192.0.2.2
	check_eq "$(ip -n "$c2" -o link show type veth)" "" "interfaces of c2"
	# a mistake in the file, though, is one of all of it
	clear
	echo 'add-peer n9 192.0.2.2' >>"$FILE"
	refused 1 "^ctnetctl: $FILE:11: add-peer n9" ctn "$h1" restore "$FILE"
	nothing_there
}

there_already()
{
	some >"$FILE"
	refused 2 "^ctnetctl: $FILE:1: add-net mark: the network is there already" ctn "$h1" restore "$FILE"
	fails restore 2 '1: add-net net1: the network is there' 'add-net net1'
	fails restore 2 "2: add-port n1 $c1: .*already has eth0 on network net0" 'add-net n1' "add-port n1 $c1"
	fails restore 2 "2: add-port n1: .*belongs to another" 'add-net n1' 'add-port n1 --dev p1'
}

container_is_gone()
{
	local said verb

	clear
	{ some; echo 'add-port net0 no-such --address 203.0.113.99/24'
	  echo 'replace-fdb net0 02:42:cb:00:71:63 --target no-such --ip 203.0.113.98'; } >"$FILE"
	for verb in restore sync; do
		said=$(ctn "$h1" $verb "$FILE" 2>&1) || fail "$verb: exit $?"
		check_eq "$said" "ctnetctl: $FILE:11: add-port net0 no-such: the container is not there, and its port is left out" "what $verb says"
	done
	# what lies at such a port lies nowhere
	check ctn "$h1" add-fdb net0 02:42:cb:00:71:63 --self
	check ctn "$h1" sync "$FILE"
	check no_fdb "$h1" net0 02:42:cb:00:71:63
	some >"$FILE"
	# all the rest is there
	told ctn "$h1" sync "$FILE"
	told_is ""
}

# a container that only a PID names: its near end says which it is, as long as it lives
no_name()
{
	local pid near

	background ip netns exec "$h1" unshare -n sleep 1000
	pid=$BG_PID
	wait_until 5000 other_ns "$pid"
	check ctn "$h1" add-port net0 "$pid" --address 203.0.113.70/24 --gateway 203.0.113.1
	check ctn "$h1" add-fdb net0 02:00:00:00:00:70 --target "$pid" --ip 203.0.113.71
	near=$(near_end "$h1" "$pid")
	ctn "$h1" save >"$OUT1" 2>"$OUT2" || fail "save: exit $?"
	check_match "$(<"$OUT2")" 'save: the container at ct[0-9a-f]+ has no name'
	check_match "$(<"$OUT1")" $'\n'"add-port net0 --port $near --address 203.0.113.70/24 --gateway 203.0.113.1 --label $pid"$'\n'
	check_match "$(<"$OUT1")" $'\n'"add-fdb net0 02:00:00:00:00:70 --port $near --ip 203.0.113.71"$'\n'
	told ctn "$h1" sync "$OUT1"
	told_is ""
	some >"$FILE"
	told ctn "$h1" sync "$FILE"
	told_is ""
	check_match "$(ctn "$h1" list ports net0)" '203.0.113.70' "the port of the PID"
	# a file may name it by its PID, and say what it is to be
	{ some; echo "add-port net0 $pid --address 203.0.113.72/24"; } >"$FILE"
	check ctn "$h1" sync "$FILE"
	check_match "$(ctn "$h1" list ports net0)" '203.0.113.72' "the port of the PID"
	check ctn "$h1" del-port net0 "$pid"
	# and one that is gone is left out
	check ctn "$h1" sync "$OUT1"
	check_match "$OUT" 'add-port net0: the container is not there'
	some >"$FILE"
	check ctn "$h1" sync "$FILE"
}

underlay_any()
{
	check ctn "$h1" set-net net0 --underlay ul0
	check net_is "$h1" net0 '.underlay == "ul0"'
	check ctn "$h1" set-net net0 --underlay any
	check net_is "$h1" net0 'has("underlay") | not'
	check ctn "$h1" add-net net0 --may-exist --underlay any --vni 100 --local 192.0.2.1
	# unless a device is called so
	check ip -n "$h1" link add any type dummy
	check ctn "$h1" set-net net0 --underlay any
	check net_is "$h1" net0 '.underlay == "any"'
	sync_to 's/ --vni 100/& --underlay any/'
	check net_is "$h1" net0 '.underlay == "any"'
	sync_to ''
	check ip -n "$h1" link del any
	check net_is "$h1" net0 'has("underlay") | not'
	refused 2 '^ctnetctl: .*no device "nosuch"' ctn "$h1" set-net net0 --underlay nosuch
}

mtu_auto()
{
	check ctn "$h1" set-net net0 --mtu 1450
	check_match "$(ctn "$h1" save net0)" 'add-net net0 .*--mtu 1450' "one that is set is saved"
	check ctn "$h1" set-net net0 --mtu auto
	[[ $(ctn "$h1" save net0) != *"add-net net0 "*--mtu* ]] || fail "one that follows is saved"
	check ctn "$h1" add-net net0 --may-exist --mtu auto --vni 100 --local 192.0.2.1
	# a local one follows its ports
	check ctn "$h1" set-net net1 --mtu auto
	check_eq "$(mtu_of "$h1" net1)" 1500 "MTU of a local bridge"
	[[ $(ctn "$h1" save net1) != *--mtu* ]] || fail "one that follows is saved"
	check ctn "$h1" set-net net1 --mtu 1450
}

as_user_fails()
{
	local regex=$1 ret

	shift
	OUT=$(ip netns exec "$h1" setpriv --reuid 65534 --regid 65534 --clear-groups ctnetctl "$@" 2>&1)
	ret=$?
	check_eq "$ret" 2 "exit code of $*; it said $OUT"
	check_match "$OUT" "^ctnetctl: $regex" "what $* said"
}

no_privilege()
{
	some >"$FILE"
	chmod 755 "$TMP"
	as_user_fails "save: .*CAP_NET_ADMIN.*root" save
	as_user_fails "sync $FILE: .*CAP_NET_ADMIN.*root" sync "$FILE"
	printf 'add-net n1\n' >"$FILE"
	as_user_fails "$FILE:1: .*CAP_NET_ADMIN.*root" restore "$FILE"
}

# unit_does Start|Reload: what the unit has for it, as systemd runs it: one that fails is the
# last, unless it begins with "-". By hand, and of $FILE: /etc cannot be written to in the VM.
unit_does()
{
	local line

	while IFS= read -r line; do
		# shellcheck disable=SC2086 # a command and its arguments
		in_ns "$h1" ${line#-} || [[ $line == -* ]] || return
	done < <(sed -n "s|^Exec$1=||p" "$TMP/ctnet.service")
}

unit()
{
	local t

	[[ -d $SELFTESTS/../installed ]] || { skip "make check alone installs the unit for it"; return; }
	reloads || return
	[[ -r $UNIT ]] || { fail "make install-tool installs no $UNIT"; return; }
	check_eq "$(grep -c '^Exec.*/etc/ctnet.conf$' "$UNIT")" 3 "commands with /etc/ctnet.conf"
	sed -e "s|/usr/local/sbin/ctnetctl|$(type -P ctnetctl)|" -e "s|/etc/ctnet.conf|$FILE|" \
		"$UNIT" >"$TMP/ctnet.service"
	clear
	# as at boot: the module is not even loaded
	check rmmod ctnet
	some >"$FILE"
	check unit_does Start
	same_networks
	if command -v systemd-analyze >/dev/null; then
		# with units of our own to depend on: the machine's are many
		for t in sysinit basic shutdown network-online; do
			printf '[Unit]\nDescription=%s\n' $t >"$TMP/$t.target"
		done
		OUT=$(SYSTEMD_UNIT_PATH=$TMP systemd-analyze verify --man=no "$TMP/ctnet.service" 2>&1)
		check_eq "$?:$(grep ctnet <<<"$OUT")" "0:" "systemd-analyze verify"
	else
		diag "no systemd-analyze"
	fi
}

# A restart: nothing is stopped, and what is there stays the same; what the file has besides is
# made, and what it has no longer is taken away.
unit_again()
{
	local before

	before=$(ifindex_of "$h1" net0)
	check unit_does Start
	same_networks
	{
		some | grep -v ' mark'
		echo "add-net more"
	} >"$FILE"
	check unit_does Start
	check_eq "$(ctn "$h1" list nets | cut -f 1 | tr '\n' ' ')" "net0 net1 more " "networks after a restart"
	some >"$FILE"
	check unit_does Reload
	same_networks
	check_eq "$(ifindex_of "$h1" net0)" "$before" "the device of net0"
}

# A card that is missing at boot keeps none of the other networks down, and systemd hears of it.
unit_in_part()
{
	clear
	{
		some
		echo "add-net late --vni 6 --local 192.0.2.1 --underlay no-such"
	} >"$FILE"
	check_not unit_does Start
	check_match "$OUT" 'no-such' "what is said"
	same_networks
	some >"$FILE"
	check unit_does Start
	same_networks
}

same_networks() { check_eq "$(ctn "$h1" list nets | cut -f 1 | tr '\n' ' ')" "mark net0 net1 " networks; }

topology
monitor
run_test round_trip "what is saved is restored, to the letter"
refusal_test one_network "save of one network"
run_test same_again "sync of what there is causes no event"
run_test labels "labels are quoted, whatever is in them"
run_test odd_names "names that look like options or PIDs"
run_test names_with_controls "names with control characters"
run_test mac_taken "a container that took another's MAC: it is given back"
run_test ending "save and sync while containers end"
run_test underlays "a network that is another's underlay comes before it"
refusal_test bad_files "mistakes in a file: file, line and reason"
refusal_test nothing_is_left "restore is refused: nothing is left"
run_test others_are_made "restore: a network that cannot be had keeps no other away"
run_test container_is_gone "a container that is not there is left out"
refusal_test there_already "restore is refused: a network is there already"
run_test no_name "a container without a name"
run_test underlay_any "--underlay any"
run_test mtu_auto "--mtu auto"
refusal_test no_privilege "no privilege"
run_test unit "the systemd unit"
run_test unit_again "it is restarted, and reloaded"
run_test unit_in_part "it makes what can be made, and fails"
