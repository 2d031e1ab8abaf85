#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Containers that come back get what a configuration says of them: by an engine's events, and by
# a hook of the OCI. The engines are a program (lib/engine.py) that answers at a socket.
#
#	h1 (namespace)          web1, web2 (namespaces), of which web is one
#	net0                    web2 is where web comes back after it stopped
#	 `- a veth to web ----- eth0 203.0.113.1
#	h2 (namespace), net0	of the same kind, for the hook

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/engine.sh
. "$(dirname "$0")/lib/engine.sh"

need python3
readonly ID=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
readonly OTHER=fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210

setup_host h1 h2
add_container web1 web2
: >"$TMP/containers/events"
export DOCKER_HOST=unix://$ENGINE_SOCKET
for ns in "$h1" "$h2"; do
	must ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1
done
for c in web1 web2; do
	background ip netns exec "${!c}" sleep infinity
	must wait_until 5000 in_its_namespace "$BG_PID" "${!c}"
	printf -v "pid_$c" %s "$BG_PID"
done

cat >"$TMP/conf" <<-EOT
	add-net net0 --address 203.0.113.254/24
	add-port net0 docker:web --address 203.0.113.1/24
	publish net0 docker:web 8080:80
	add-fdb net0 02:00:00:00:00:07 --target docker:web
EOT

sed 's/docker:/podman:/' "$TMP/conf" >"$TMP/podman"
mkdir -p "$TMP/storage/$ID/userdata"
echo "[{\"id\": \"$OTHER\", \"names\": [\"other\"]}, {\"id\": \"$ID\", \"names\": [\"web\"]}]" \
	>"$TMP/storage/containers.json"
# nothing answers there, and nothing is asked
export CONTAINER_HOST=unix:///nosuch
must ctn "$h2" add-net net0 --address 203.0.113.254/24

# event ID NAME [ACTION]
event()
{
	printf '{"Type": "container", "Action": "%s", "Actor": {"ID": "%s", "Attributes": {"name": "%s"}}}\n' \
		"${3:-start}" "$1" "$2" >>"$TMP/containers/events"
}

# with "ctnetctl follow docker" beside it, whose messages are in $TMP/said
start_follow()
{
	background ctnetctl -n "$h1" follow docker "${1:-$TMP/conf}" >"$TMP/said" 2>&1
	FOLLOW=$BG_PID
	# it listens when it asks for events
	wait_until 10000 asked_for_events || fail "it does not ask for events: $(<"$TMP/said")"
}

asked_for_events() { grep -q '^/events?since=[0-9]*&' "$TMP/containers/asked"; }

times_asked() { grep -c /containers/web/json "$TMP/containers/asked"; }

says() { grep -q "$1" "$TMP/said"; }

# port_is NAMESPACE: the port of net0 leads there, and has all of the file
port_is()
{
	local far

	far=$(ip -n "$1" -o addr show dev eth0 2>/dev/null)
	[[ $far == *203.0.113.1/24* && $(ctn "$h1" list publish) == *docker:web* ]] &&
		ctn "$h1" list fdb net0 | grep -q 02:00:00:00:00:07
}

no_port() { [[ -z $(ctn "$h1" list ports net0) ]]; }

# what a container leaves that stops
stop_web()
{
	stopped web
	must ip -n "$1" link del eth0
	wait_until 5000 no_port || fail "the port of a container that stopped stays"
}

begin()
{
	stopped web
	rm -f "$TMP/containers/asked"
	: >"$TMP/containers/events"
	start_engine
	check ctn "$h1" restore "$TMP/conf"
	check_match "$OUT" 'the container is not there, and its port is left out' warning
}

end()
{
	[[ -z ${FOLLOW:-} ]] || kill_wait "$FOLLOW"
	FOLLOW=""
	stop_engine
	check ctn "$h1" del-net net0
}

restarts()
{
	local before asked

	begin
	start_follow
	# shellcheck disable=SC2154 # pid_web1 and pid_web2 are set above
	runs web "$pid_web1"
	event $ID web
	wait_until 10000 port_is "$web1" || fail "not attached: $(<"$TMP/said")"
	# told again, and of others
	before=$(ctn "$h1" save)
	asked=$(times_asked)
	event $OTHER other
	event $ID web die
	event $ID web
	wait_until 10000 at_least $((asked + 1)) times_asked || fail "it does not look"
	stop_web "$web1"
	runs web "$pid_web2"
	event $ID web
	wait_until 10000 port_is "$web2" || fail "not attached again: $(<"$TMP/said")"
	check_eq "$(ctn "$h1" save)" "$before" "as it was"
	check_eq "$(<"$TMP/said")" "" "what it said"
	end
}

# What runs already is attached as well; and what started while the engine was away.
runs_already()
{
	begin
	runs web "$pid_web1"
	start_follow
	wait_until 10000 port_is "$web1" || fail "not attached: $(<"$TMP/said")"
	stop_engine
	wait_until 10000 says 'Docker does not run here' || fail "it says '$(<"$TMP/said")'"
	stop_web "$web1"
	nap 2.5
	check_eq "$(grep -c 'does not run' "$TMP/said")" 1 "how often it said so"
	runs web "$pid_web2"
	start_engine
	wait_until 10000 port_is "$web2" || fail "not attached again: $(<"$TMP/said")"
	end
}

# A port that is there stays as it is, and one that is missing comes.
some_missing()
{
	begin
	cat "$TMP/conf" - >"$TMP/two" <<-EOT
		add-port net0 docker:web --ifname eth1 --address 203.0.113.2/24
	EOT
	runs web "$pid_web1"
	check ctn "$h1" add-port net0 docker:web --address 203.0.113.9/24
	start_follow "$TMP/two"
	wait_until 10000 ip -n "$web1" link show dev eth1 || fail "no second port: $(<"$TMP/said")"
	check_match "$(ip -n "$web1" -o addr show dev eth0)" 203.0.113.9/24 "the first"
	check_eq "$(ctn "$h1" list publish)" "" "published of a port that was there"
	end
}

by_id()
{
	begin
	sed "s/docker:web/docker:${ID:0:12}/" "$TMP/conf" >"$TMP/byid"
	start_follow "$TMP/byid"
	runs "${ID:0:12}" "$pid_web1"
	event $OTHER "${ID:0:11}"
	event $ID whatever
	wait_until 10000 ip -n "$web1" link show dev eth0 || fail "not attached: $(<"$TMP/said")"
	check_match "$(ctn "$h1" show)" "label docker:${ID:0:12}" label
	end
}

# What is wrong is said, and what comes after is attached nevertheless.
goes_on()
{
	local line

	begin
	cp "$TMP/conf" "$TMP/bad"
	start_follow "$TMP/bad"
	echo "no-command" >>"$TMP/bad"
	runs web "$pid_web1"
	event $ID web
	wait_until 10000 says 'bad:5: there is no command "no-command"' || fail "it says '$(<"$TMP/said")'"
	cp "$TMP/conf" "$TMP/bad"
	stopped web
	event $ID web
	wait_until 10000 says 'bad:2: .*the container "web" of Docker does not run' ||
		fail "it says '$(<"$TMP/said")'"
	for line in 'no JSON' '{"Action": "start", "Actor": 7}' '[1, [2]]' 'null'; do
		echo "$line" >>"$TMP/containers/events"
	done
	wait_until 10000 says 'sends are no events' || fail "it says '$(<"$TMP/said")'"
	runs web "$pid_web1"
	# whichever of the two it hears of
	event $ID web
	wait_until 10000 port_is "$web1" || fail "not attached: $(<"$TMP/said")"
	end
}

refuses()
{
	refused 1 '"nosuch": must be docker or podman' ctn "$h1" follow nosuch "$TMP/conf"
	refused 2 'open /nosuch: No such file' ctn "$h1" follow docker /nosuch
	echo "add-port net0 docker:web" >"$TMP/wrong"
	refused 1 'wrong:1: add-port net0 docker:web: no line before this one adds the network' \
		ctn "$h1" follow docker "$TMP/wrong"
}

# ------------------------------------------------------------------- hook

# hook PID [ID [FILE]]: as Podman has it called
hook()
{
	printf '{"ociVersion": "1.0.2", "id": "%s", "pid": %s, "bundle": "%s", "status": "created"}' \
		"${2:-$ID}" "$1" "$TMP/storage/$ID/userdata" |
		ctn "$h2" oci-hook "${3:-$TMP/podman}"
}

no_port_of_h2() { [[ -z $(ctn "$h2" list ports net0) ]]; }

hook_stops()
{
	check ip -n "$1" link del eth0
	check wait_until 5000 no_port_of_h2
}

hooks()
{
	check hook "$pid_web1" $OTHER
	check no_port_of_h2
	check hook "$pid_web1"
	check_eq "$OUT" "" "what it says"
	check_match "$(ctn "$h2" list publish)" 'podman:web'
	check_match "$(ctn "$h2" save)" $'\nadd-port net0 podman:web --address 203.0.113.1/24' saved
	check hook "$pid_web1"
	hook_stops "$web1"
	# by its ID, which needs no list
	sed "s/podman:web/podman:$ID/" "$TMP/podman" >"$TMP/byid"
	mv "$TMP/storage/containers.json" "$TMP/storage/away"
	check hook "$pid_web2"
	check no_port_of_h2
	check hook "$pid_web2" $ID "$TMP/byid"
	check_match "$(ip -n "$web2" -o addr show dev eth0)" 203.0.113.1 "the new container"
	hook_stops "$web2"
	mv "$TMP/storage/away" "$TMP/storage/containers.json"
}

hook_refuses()
{
	local text

	for text in '' 'no JSON' '[]' '{}' '{"id": "x"}' '{"id": "x", "pid": -1}' '{"id": "x", "pid": 99999999999}'; do
		refused 2 'standard input is not the state of a container' \
			ctn "$h2" oci-hook "$TMP/podman" <<<"$text"
	done
	# a container that does not start says why
	refused 2 'podman:2: .*PID 4194304' hook 4194304
	sed 's/^publish.*/publish net0 podman:web 127.0.0.1:8080:80 192.0.2.77:9:9/; s/ 02:00:00:00:00:07 .*/ 02:00:00:00:00:07 --target podman:web --ip 203.0.113.1/' \
		"$TMP/podman" >"$TMP/refused"
	refused 2 'refused:4: ' hook "$pid_web2" $ID "$TMP/refused"
	# a user's own container is none of the host's
	check unshare -Ur ctnetctl oci-hook "$TMP/podman" <<<'no JSON'
	[[ -e /etc/ctnet.conf ]] || check ctn "$h2" oci-hook </dev/null
}

run_test restarts "a container that stops and starts is attached again, with all that the file says"
run_test runs_already "and what runs when it begins, and what starts while the engine is away"
run_test some_missing "ports that are there are left alone"
run_test by_id "a container that the file names by its ID"
run_test goes_on "what is wrong with file, container or events is said, and it goes on"
refusal_test refuses "bad arguments"
run_test hooks "the hook attaches a container before it runs, by its name in Podman's storage"
refusal_test hook_refuses "a hook that cannot attach says why, and fails; it has nothing to do with others"
