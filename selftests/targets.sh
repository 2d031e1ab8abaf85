#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Containers by the names that Docker and Podman have for them. The engines are a program
# (lib/engine.py) that answers at a socket.
#
#	h1 (namespace)          web1, web2 (namespaces), of which web is one
#	net0                    web2 is where web comes back after it stopped
#	 `- a veth to web ----- eth0 203.0.113.1

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/engine.sh
. "$(dirname "$0")/lib/engine.sh"

need python3
setup_host h1
add_container web1 web2 other
must ctn "$h1" add-net net0 --address 203.0.113.254/24
export DOCKER_HOST=unix://$ENGINE_SOCKET CONTAINER_HOST=unix://$ENGINE_SOCKET
for c in web1 web2 other; do
	background ip netns exec "${!c}" sleep infinity
	must wait_until 5000 in_its_namespace "$BG_PID" "${!c}"
	printf -v "pid_$c" %s "$BG_PID"
done

# shellcheck disable=SC2154 # pid_web1 is set above
runs web "$pid_web1"
start_engine

attaches()
{
	check ctn "$h1" add-port net0 docker:web --address 203.0.113.1/24 || return
	check json_is '.[0] | .label == "docker:web" and .addresses == ["203.0.113.1"]' ctn "$h1" -j list ports net0
	check ip netns exec "$h1" ping -nqc1 -W5 203.0.113.1
	check_match "$(ctn "$h1" show)" 'label docker:web' show
	# by what else it is called, and where else a container is named
	runs abc "$pid_web1"
	check ctn "$h1" set-port net0 docker:abc --isolated on
	check ctn "$h1" set-port net0 podman:web --isolated off
	check ctn "$h1" add-fdb net0 02:00:00:00:00:07 --target docker:web
	check ctn "$h1" publish net0 docker:web 8080:80
	check_match "$(ctn "$h1" list publish)" 'docker:web' "list"
	check ctn "$h1" unpublish net0 docker:web
	check ctn docker:web -j version
	check_fail 2 'already has eth0 on network net0' ctn "$h1" add-port net0 docker:abc
	check ctn "$h1" del-fdb net0 02:00:00:00:00:07
	check ctn "$h1" del-port net0 docker:web
	check_eq "$(ctn "$h1" list ports)" "" ports
	# where they listen by themselves
	if [[ ! -e /run/docker.sock ]]; then
		ln -s "$TMP/docker.sock" /run/docker.sock
		check env -u DOCKER_HOST ctnetctl -n "$h1" add-port net0 docker:web
		rm /run/docker.sock
		check ctn "$h1" del-port net0 docker:web
	fi
}

sentences()
{
	local name want

	stopped down
	container many 400 '{"message": "multiple IDs found with provided prefix: many"}'
	container broken 500 '{"message": "something is amiss"}'
	container odd 500 'no JSON'
	container nojson 200 'no JSON'
	container nothing 200 ''
	container list 200 '[]'
	container lacks 200 '{"State": 7}'
	container negative 200 '{"State": {"Running": true, "Pid": -1}}'
	container large 200 '{"State": {"Running": true, "Pid": 1000000000000}}'
	container half half '{"State": '
	container huge huge '{"State": '
	container ended 200 '{"State": {"Running": true, "Pid": 4194304}}'
	container a_.._web 200 '{"State": {"Running": false}}'
	while IFS=! read -r name want; do
		refused 2 "$want" ctn "$h1" add-port net0 "docker:$name"
	done <<-EOT
		down!the container "down" of Docker does not run$
		nosuch!Docker has no container "nosuch"$
		many!Docker says of "many": multiple IDs found with provided prefix: many$
		broken!Docker says of "broken": something is amiss$
		odd!Docker answers the question for "odd" with status 500$
		nojson!does not say which process container "nojson" is$
		nothing!does not say which process container "nothing" is$
		list!does not say which process container "list" is$
		lacks!does not say which process container "lacks" is$
		negative!does not say which process container "negative" is$
		large!does not say which process container "large" is$
		half!ask Docker at .*/docker.sock for container "half": Transferred a partial file
		huge!Docker answers the question for "huge" at too great length$
		ended!PID 4194304, cannot be opened: No such file
		a/../web!the container "a/../web" of Docker does not run$
	EOT
	check_eq "$(tail -n 1 "$TMP/containers/asked")" "/containers/a%2F..%2Fweb/json" "what was asked"
	refused 2 'of Docker does not run, and a container that goes takes its port with it' ctn "$h1" del-port net0 docker:down
	check ctn "$h1" del-port net0 docker:down --if-exists
	check ctn "$h1" del-port net0 docker:nosuch --if-exists
	refused 2 'something is amiss' ctn "$h1" del-port net0 docker:broken --if-exists
	refused 1 'follows the colon' ctn "$h1" add-port net0 podman:
	refused 1 'no container is called so' ctn "$h1" add-port net0 docker:..
	refused 1 'name is too long' ctn "$h1" add-port net0 "docker:$(printf '%0300d' 0)"
	refused 2 'DOCKER_HOST is "tcp://192.0.2.1:2375": only a container of this host' \
		env DOCKER_HOST=tcp://192.0.2.1:2375 ctnetctl -n "$h1" add-port net0 docker:web
	refused 2 'Docker does not run here: there is no /nosuch; "systemctl start docker" starts it' \
		env DOCKER_HOST=unix:///nosuch ctnetctl -n "$h1" add-port net0 docker:web
	refused 2 'Podman does not run here: there is no /nosuch' \
		env CONTAINER_HOST=unix:///nosuch ctnetctl -n "$h1" add-port net0 podman:web
	refused 2 'there is no network namespace "web"; .*a container of Docker is docker:web' ctn "$h1" add-port net0 web
}

# One that says nothing does not stop us for ever.
silent()
{
	container mute silent ''
	refused 2 'ask Docker at .* for container "mute": Timeout' ctn "$h1" add-port net0 docker:mute
	check_eq "$(ctn "$h1" list ports)" "" ports
}

# It stops and comes back, as another process in another namespace, with the same name.
comes_back()
{
	check ctn "$h1" add-port net0 docker:web --address 203.0.113.1/24 || return
	check ctn "$h1" publish net0 docker:web 8080:80
	ctn "$h1" save >"$TMP/conf" || fail "not saved"
	check_match "$(<"$TMP/conf")" $'\nadd-port net0 docker:web --address 203.0.113.1/24\n' "what is saved"
	check_match "$(<"$TMP/conf")" $'\npublish net0 docker:web 8080:80/tcp' "what is saved"
	check ctn "$h1" sync --dry-run "$TMP/conf"
	check_eq "$OUT" "" "what sync would change"
	# renamed, it is known by where it is
	container web 404 '{}'
	runs www "$pid_web1"
	check_match "$(ctn "$h1" save)" "add-port net0 $web1 .*--label docker:web" "saved of one that has another name"
	# stopped
	check ctn "$h1" del-port net0 docker:www
	stopped web
	check ctn "$h1" sync "$TMP/conf"
	check_match "$OUT" 'the container is not there, and its port is left out' warning
	# and started
	# shellcheck disable=SC2154 # it is set above
	runs web "$pid_web2"
	check ctn "$h1" sync "$TMP/conf"
	check_eq "$(ctn "$h1" save)" "$(<"$TMP/conf")" "as it was"
	check_match "$(ip -n "$web2" -o addr show dev eth0)" 203.0.113.1 "the new container"
}

# An engine that does not run has left its containers running, native ports as well.
away()
{
	# shellcheck disable=SC2154 # it is set above
	runs fast "$pid_other"
	check ctn "$h1" add-port net0 docker:fast --type native
	stop_engine
	check ctn "$h1" set-port net0 docker:fast --isolated on
	check ctn "$h1" del-port net0 docker:fast
	check ctn "$h1" sync --dry-run "$TMP/conf"
	check_eq "$OUT" "" "what sync would change"
	check_eq "$(ctn "$h1" save)" "$(<"$TMP/conf")" "saved"
	check ctn "$h1" set-port net0 docker:web --isolated on
	check ctn "$h1" del-port net0 docker:web
	check_fail 2 'Docker does not run here' ctn "$h1" add-port net0 docker:web
	check ctn "$h1" del-port net0 docker:web --if-exists
	# a socket that nobody listens at
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$TMP/docker.sock"
	check_fail 2 'Docker does not run here: nobody answers at ' ctn "$h1" add-port net0 docker:web
	# at boot it comes later than the networks
	check ctn "$h1" del-net net0
	check ctn "$h1" restore "$TMP/conf"
	check_match "$OUT" 'the container is not there, and its port is left out' warning
	rm "$TMP/docker.sock"
	start_engine
	check ctn "$h1" sync "$TMP/conf"
	check_eq "$(ctn "$h1" save)" "$(<"$TMP/conf")" "as it was"
	check ctn "$h1" unpublish net0 docker:web
}

run_test attaches "docker:NAME and podman:NAME are containers wherever one is named"
refusal_test sentences "a container that is not to be had: a sentence for each reason"
run_test silent "an engine that does not answer"
run_test comes_back "a name that is another container later is attached again"
run_test away "an engine that does not run"
