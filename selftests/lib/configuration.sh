# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for the scripts, too
#
# Configurations, what they change, and what is told of it. Sourced by save.sh and sync.sh,
# after lib.sh and traffic.sh.
#
#	h1 (namespace)
#	net0, VNI 100 on ul0      net1, a local bridge     mark: what events are told apart by
#	 |- c1 eth0 .11, :11       `- c3 eth0
#	 |- c2 eth5 .12
#	 |- p1, p2 (devices)
#	 `- peers 192.0.2.2, 2001:db8:0:1::2
#	ul0 192.0.2.1/24, 2001:db8:0:1::1/64 (dummy)

readonly FILE=$TMP/file OUT1=$TMP/out1 OUT2=$TMP/out2 EVENTS=$TMP/events

topology()
{
	setup_host h1
	add_container c1 c2 c3
	STATE_NS="$c1 $c2 $c3"
	ip_in "$h1" <<-EOT || die "setup: links"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		addr add 2001:db8:0:1::1/64 dev ul0 nodad
		link set ul0 up
		link add p1 type dummy
		link add p2 type dummy
		link set p1 up
		link set p2 up
	EOT
}

# A smaller one, that tests of sync change by sed.
some()
{
	cat <<-EOT
		add-net mark --mac 02:00:00:00:00:01
		add-net net0 --vni 100 --local 192.0.2.1 --address 203.0.113.1/24
		add-peer net0 192.0.2.2
		add-port net0 --dev p1
		add-port net0 $c1 --address 203.0.113.11/24 --gateway 203.0.113.1
		add-port net0 $c2 --ifname eth5 --address 203.0.113.12/24
		add-fdb net0 02:00:00:00:00:10 --port p1 --ip 203.0.113.50
		add-fdb net0 02:00:00:00:00:11 --peer 192.0.2.2
		add-net net1 --mac 02:00:00:00:00:04
		add-port net1 $c3 --mac 02:00:00:00:00:05
	EOT
}

# saved FILE: save prints this to FILE
saved()
{
	ctn "$h1" save >"$1" 2>"$TMP/err" || fail "save: $(<"$TMP/err")"
	[[ ! -s $TMP/err ]] || fail "save said: $(<"$TMP/err")"
}

nothing_there() { check_eq "$(ctn "$h1" list nets)" "" "networks"; }

clear() { check ctn "$h1" sync - --allow-empty <<<"# nothing"; nothing_there; }

# sync_to SED-SCRIPT [FILE]: what some prints, changed like that
sync_to()
{
	some | sed -E "$1" >"$FILE"
	check ctn "$h1" sync "$FILE"
	# shellcheck disable=SC2153 # check sets it
	check_eq "$OUT" "" "what sync prints"
}

mtu_is() { [[ $(mtu_of "$1" "$2") == "$3" ]]; }

other_ns() { [[ -e /proc/$1/ns/net && ! /proc/$1/ns/net -ef /run/netns/$h1 && ! /proc/$1/ns/net -ef /proc/self/ns/net ]]; }

# ------------------------------------------------------------------ events

monitor()
{
	ctnetctl -n "$h1" monitor >"$EVENTS" 2>&1 &
	defer kill_wait $!
	check ctn "$h1" add-net first
	wait_until 20000 poke first "$EVENTS"
	check ctn "$h1" del-net first
}

MARKS=0

# mark_event: an event that is told after all that happened before
mark_event()
{
	local mac

	printf -v mac '02:ee:00:00:00:%02x' $((++MARKS))
	check ctn "$h1" -b - <<-EOT
		add-fdb mark $mac --self
		del-fdb mark $mac
	EOT
	wait_until 5000 grep -q "^fdb del .*$mac" "$EVENTS"
}

# told COMMAND...: what was told of while it ran, into $TOLD: object, event, network, which
told()
{
	local size

	mark_event
	size=$(stat -c %s "$EVENTS")
	check "$@"
	mark_event
	TOLD=$(tail -c "+$((size + 1))" "$EVENTS" | grep -v ' 02:ee:' |
		awk '{ print $1, $2, $3, ($1 == "net" ? "" : $4) }' | sed 's/ $//')
}

told_is() { check_eq "$TOLD" "$1" "what was told of"; }

# ----------------------------------------------------------------- refusals

# fails VERB EXIT REGEX LINE...: a file with these lines
fails()
{
	local verb=$1 want=$2 regex=$3

	shift 3
	printf '%s\n' "$@" >"$FILE"
	refused "$want" "^ctnetctl: $FILE:$regex" ctn "$h1" "$verb" "$FILE"
}
