#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Containers of a network find one another by name, through unbound, which answers at the host's
# addresses on the network.
#
#	h1 (namespace)                              web, db, app, fast (namespaces)
#	net0 203.0.113.254, 2001:db8:1::fe
#	 |- label web ----------------------------- eth0 203.0.113.1, 2001:db8:1::1
#	 |- label docker:db ----------------------- eth0 203.0.113.2
#	 `- label fast, native -------------------- eth0 203.0.113.4
#	net1 198.51.100.254
#	 `- label podman:web ---------------------- eth0 198.51.100.1
#	lo 192.0.2.53: a resolver, which has 192.0.2.53 for each name

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3
PATH=$PATH:/usr/sbin:${CTNET_UNBOUND:-}
type -P unbound >/dev/null || skip_all "there is no unbound"
readonly GW=203.0.113.254 GW6=2001:db8:1::fe GW1=198.51.100.254

setup_host h1
add_container web db app fast
must ip -n "$h1" addr add 192.0.2.53/32 dev lo
NET1="add-net net1 --address $GW1/24
add-port net1 $app --address 198.51.100.1/24 --label podman:web --gateway $GW1"
must ctn "$h1" -b - <<<"$NET1"
must ctn "$h1" -b - <<-EOT
	add-net net0 --address $GW/24 --address $GW6/64
	add-port net0 $web --address 203.0.113.1/24 --address 2001:db8:1::1/64 --label Web
	add-port net0 $db --address 203.0.113.2/24 --label docker:db
	add-port net0 $fast --address 203.0.113.4/24 --label fast --type native
EOT
background ip netns exec "$h1" python3 "$SELFTESTS/lib/dns.py" serve 192.0.2.53

start()
{
	: >"$TMP/said"
	background ctnetctl -n "$h1" serve-names net0 net1 --forward 192.0.2.53 >"$TMP/said" 2>&1
	SERVER=$BG_PID
	wait_until 60000 name_is "$web" $GW web A 203.0.113.1 || fail "it does not answer: $(<"$TMP/said")"
}

stop() { kill_wait "$SERVER"; }

# what is said besides that unbound starts and stops
said() { grep -v 'info: service stopped\|info: start of service' "$TMP/said"; }

# ask_in NAMESPACE SERVER NAME TYPE [FROM]
ask_in() { ip netns exec "$1" python3 "$SELFTESTS/lib/dns.py" ask "${@:2}"; }

# name_is NAMESPACE SERVER NAME TYPE ANSWERS
name_is() { [[ $(ask_in "${@:1:4}") == "$5" ]]; }

# soon NAMESPACE SERVER NAME TYPE ANSWERS
soon() { wait_until 60000 name_is "$@" || fail "$3 $4 is not $5: $(ask_in "${@:1:4}"); $(<"$TMP/said")"; }

check_name() { check_eq "$(ask_in "${@:1:4}")" "$5" "$3 $4, asked of $2"; }

finds()
{
	start
	check_name "$db" $GW web A 203.0.113.1
	check_name "$db" $GW WEB.net0 A 203.0.113.1
	check_name "$web" $GW6 web AAAA 2001:db8:1::1
	check_name "$web" $GW db A 203.0.113.2
	check_name "$web" $GW db AAAA NODATA
	check_name "$web" $GW fast A 203.0.113.4
	check_name "$web" $GW 1.113.0.203.in-addr.arpa PTR web.net0
	check_name "$web" $GW nosuch.net0 A NXDOMAIN
	# another network's are its own
	check_name "$app" $GW1 web A 198.51.100.1
	check_name "$app" $GW1 db A 192.0.2.53
	# others are asked of others
	check_name "$web" $GW www.example.org A 192.0.2.53
	check_eq "$(said)" "" "what it said"
	stop
}

changes()
{
	local before

	start
	check ctn "$h1" set-port net0 "$db" --label db2 --address 203.0.113.3/24
	soon "$web" $GW db2 A $'203.0.113.2\n203.0.113.3'
	check_name "$web" $GW db A 192.0.2.53
	before=$(pgrep -P "$SERVER" -x unbound)
	check ip -n "$db" link del eth0
	soon "$web" $GW db2 A 192.0.2.53
	check ctn "$h1" add-port net0 "$db" --address 203.0.113.2/24 --label docker:db
	soon "$web" $GW db A 203.0.113.2
	check_eq "$(pgrep -P "$SERVER" -x unbound)" "$before" "unbound's PID"
	# the host's address on the network
	check ctn "$h1" set-net net0 --address 203.0.113.253/24
	soon "$web" 203.0.113.253 db A 203.0.113.2
	check ctn "$h1" set-net net0 --address -203.0.113.253/24
	# a network goes and comes
	check ctn "$h1" del-net net1
	soon "$web" $GW db A 203.0.113.2
	check ctn "$h1" -b - <<<"$NET1"
	soon "$app" $GW1 web A 198.51.100.1
	stop
}

# Who is on no such network is refused, and labels are not believed.
strangers()
{
	local label

	start
	check_eq "$(ask_in "$h1" $GW1 web A 192.0.2.53)" REFUSED "asked from elsewhere"
	for label in 'x" 5 IN A 192.0.2.66' $'x\n\tlocal-data: "evil. 5 IN A 192.0.2.66"' '-x' 'a..b' '.' '' \
			"$(printf '%064d' 0)" 'docker:' 'ü' $'\xff' '*' 'x y'; do
		check ctn "$h1" set-port net0 "$db" --label "${label:- }"
	done
	check ctn "$h1" set-port net0 "$db" --label last
	soon "$web" $GW last A 203.0.113.2
	check_name "$web" $GW evil A 192.0.2.53
	check_not grep -rq 192.0.2.66 /run/ctnet
	check ctn "$h1" set-port net0 "$db" --label docker:db
	soon "$web" $GW db A 203.0.113.2
	check_eq "$(said)" "" "what it said"
	stop
}

# It is started again, and goes with us; one that was left goes, too.
dies()
{
	start
	check pkill -9 -P "$SERVER" -x unbound
	soon "$web" $GW web A 203.0.113.1
	check_match "$(<"$TMP/said")" 'unbound ended, with signal 9; it is started again in a second'
	check_fail 2 'another serve-names is at work' ctn "$h1" serve-names net0
	kill -9 "$SERVER"
	kill_wait "$SERVER"
	check_name "$web" $GW web A 203.0.113.1
	start
	stop
	check_name "$web" $GW web A "Connection refused"
}

refuses()
{
	refused 2 'no network "nosuch"' ctn "$h1" serve-names net0 nosuch
	refused 1 'the network net0 is named twice' ctn "$h1" serve-names net0 net1 net0
	refused 1 'something is missing' ctn "$h1" serve-names
	refused 1 '"x": invalid' ctn "$h1" serve-names net0 --forward x
	# shellcheck disable=SC2016 # for the shell in there
	refused 2 'unbound, which answers, is not installed' \
		unshare -m sh -c 'for d in $1; do [ ! -e $d/unbound ] || mount --bind /dev/null $d/unbound; done
			exec ctnetctl -n "$2" serve-names net0 --forward 192.0.2.53' sh "${PATH//:/ }" "$h1"
}

run_test finds "names of a network, with its domain and without, both families, and back; others are asked of others"
run_test changes "what changes is known at once, without unbound being started anew"
run_test strangers "who is on no such network is refused; labels that are no names get nowhere"
run_test dies "unbound that dies is started again, and goes with us"
run_test refuses "bad arguments"
