#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# wants: prometheus
#
# ctnetctl serve-metrics: what metrics prints, over HTTP; and the dashboard that asks for it.
#
#	h1 (namespace): network net0 with a port, a server at 127.0.0.1, port 9475

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3 socat
export CTNET_PROMETHEUS=${CTNET_PROMETHEUS:-}
PATH+=:$CTNET_PROMETHEUS/usr/bin
readonly OPENMETRICS='application/openmetrics-text' HTTP=$SELFTESTS/lib/clients.py

# where it is installed, or in the tree
DASHBOARD=$(dirname "$0")/../installed/usr/local/share/ctnet/grafana.json
[[ -e $DASHBOARD ]] || DASHBOARD=$(dirname "$0")/../tools/grafana/ctnet.json

setup_host h1
add_container web
must ctn "$h1" add-net net0 --address 203.0.113.254/24
must ctn "$h1" add-port net0 "$web" --address 203.0.113.1/24 --label docker:web

# serve [ARGUMENT...]: in h1; it answers when this returns
serve()
{
	: >"$TMP/said"
	background ip netns exec "$h1" ctnetctl serve-metrics "$@" 2>"$TMP/said"
	SERVER=$BG_PID
	wait_until 20000 answers || fail "it does not answer: $(<"$TMP/said")"
}

answers() { [[ $(ask 'GET /none HTTP/1.1') == HTTP/1.1\ 404* ]]; }

# ask REQUEST-LINE [FIELD...]: what is answered, without the carriage returns
ask()
{
	printf '%s\r\n' "$@" "" | ip netns exec "$h1" socat -t30 - "${TO:-TCP:127.0.0.1:9475}" 2>/dev/null | tr -d '\r'
}

# body ANSWER, head ANSWER
body() { printf '%s\n' "${1#*$'\n\n'}"; }
head_of() { printf '%s\n' "${1%%$'\n\n'*}"; }

# what an answer is, by its head: status, type
is()
{
	check_match "$(head_of "$1")" "^HTTP/1\\.1 $2"$'\n'"Content-Type: $3"
}

# Who accepts OpenMetrics gets it, others the older text.
formats()
{
	local answer accept

	serve
	answer=$(ask 'GET /metrics HTTP/1.1' "Accept: $OPENMETRICS;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
	is "$answer" "200 OK" "$OPENMETRICS; version=1.0.0; charset=utf-8"
	check_eq "$(body "$answer")" "$(ctn "$h1" metrics)" "OpenMetrics"
	for accept in '*/*' 'text/plain' "$OPENMETRICS;q=0.1, text/plain" "$OPENMETRICS;q=0" \
			"x$OPENMETRICS" "${OPENMETRICS}x" ""; do
		answer=$(ask 'GET /metrics HTTP/1.1' "Accept: $accept" 'X: y')
		is "$answer" "200 OK" "text/plain; version=0.0.4; charset=utf-8"
	done
	check_eq "$(body "$answer")" "$(ctn "$h1" metrics --format prometheus)" "the older text"
	check_match "$(head_of "$answer")" "Content-Length: $(ctn "$h1" metrics --format prometheus | wc -c)"
	for accept in "accept: $OPENMETRICS" "ACCEPT:$OPENMETRICS; q=0.9, text/plain;q=0.5"; do
		is "$(ask 'GET /metrics?a=b HTTP/1.0' 'Host: x' "$accept")" "200 OK" "$OPENMETRICS"
	done
	kill_wait "$SERVER"
}

requests()
{
	local answer

	serve
	is "$(ask 'GET / HTTP/1.1')" "404 Not Found" text/plain
	is "$(ask 'GET /metrics/x HTTP/1.1')" "404 Not Found" text/plain
	is "$(ask 'POST /metrics HTTP/1.1' 'Content-Length: 2' '' 'ab')" "405 Method Not Allowed" text/plain
	check_match "$(ask 'PUT /metrics HTTP/1.1')" 'Allow: GET, HEAD'
	answer=$(ask 'HEAD /metrics HTTP/1.1')
	is "$answer" "200 OK" text/plain
	check_eq "$(body "$answer" | wc -w)" "$(head_of "$answer" | wc -w)" "nothing but a head"
	is "$(ask 'GET http://host:9475/metrics HTTP/1.1')" "200 OK" text/plain
	is "$(ask 'nonsense')" "400 Bad Request" text/plain
	is "$(ask 'GET /metrics')" "400 Bad Request" text/plain
	is "$(ask ' ')" "400 Bad Request" text/plain
	is "$(ask 'GET /metrics HTTP/1.1' "X: $(printf '%09000d' 0)")" "431 Request Header Fields Too Large" text/plain
	check_eq "$(<"$TMP/said")" "" "what it said"
	kill_wait "$SERVER"
}

# One that drips does not keep another waiting, and is cut off.
slow()
{
	serve
	background ip netns exec "$h1" python3 "$HTTP" drip 127.0.0.1 9475 $((30 * CTNET_SLOW)) >"$TMP/drip"
	is "$(ask 'GET /metrics HTTP/1.1')" "200 OK" text/plain
	check_eq "$(<"$TMP/drip")" "" "the slow one's end, before the other was answered"
	wait "$BG_PID"
	check_eq "$(<"$TMP/drip")" "cut off" "the slow one"
	kill_wait "$SERVER"
}

crowd()
{
	serve
	check ip netns exec "$h1" python3 "$HTTP" crowd 127.0.0.1 9475 200 /metrics
	check_eq "$OUT" "HTTP/1.1 200 OK" "asked among 200 who say nothing"
	check ip netns exec "$h1" python3 "$HTTP" unread 127.0.0.1 9475 70 /metrics
	check_eq "$OUT" "HTTP/1.1 200 OK" "asked among 70 who do not read"
	check kill -0 "$SERVER"
	kill_wait "$SERVER"
}

# by systemd, and where it is told to
handed_over()
{
	local TO

	background ip netns exec "$h1" python3 "$HTTP" listen 127.0.0.1 8000 ctnetctl serve-metrics
	TO=TCP:127.0.0.1:8000
	wait_until 20000 answers || fail "it does not take the socket"
	is "$(ask 'GET /metrics HTTP/1.1')" "200 OK" text/plain
	check_eq "$(TO=TCP:127.0.0.1:9475 ask 'GET /metrics HTTP/1.1')" "" "asked at the usual port"
	kill_wait "$BG_PID"
	TO='TCP6:[::1]:8001'
	serve --listen '[::1]:8001'
	is "$(ask 'GET /metrics HTTP/1.1')" "200 OK" text/plain
	refused 2 'listen on \[::1\]:8001: Address already in use' ip netns exec "$h1" ctnetctl serve-metrics --listen '[::1]:8001'
	kill_wait "$SERVER"
	TO=TCP:203.0.113.254:8002
	serve --listen 203.0.113.254:8002
	is "$(ask 'GET /metrics HTTP/1.1')" "200 OK" text/plain
	kill_wait "$SERVER"
	refused 1 'must be ADDRESS:PORT' ctnetctl serve-metrics --listen x
	refused 1 'the port must be 1 to 65535' ctnetctl serve-metrics --listen 127.0.0.1:0
	refused 1 'an IPv6 address stands in brackets' ctnetctl serve-metrics --listen ::1:80
	refused 1 '--listen "y:80"' ctnetctl serve-metrics --listen y:80
}

# as the unit runs it: nobody, without privileges
unprivileged()
{
	background ip netns exec "$h1" setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all \
		--no-new-privs ctnetctl serve-metrics
	wait_until 20000 answers || fail "it does not answer"
	check_eq "$(body "$(ask 'GET /metrics HTTP/1.1' "Accept: $OPENMETRICS")")" "$(ctn "$h1" metrics)" "asked of nobody"
	kill_wait "$BG_PID"
}

# It lives on, and finds the module that is loaded again.
module_goes()
{
	reloads || return 0
	serve
	is "$(ask 'GET /metrics HTTP/1.1')" "200 OK" text/plain
	set_modprobe ""
	must rmmod ctnet
	is "$(ask 'GET /metrics HTTP/1.1')" "503 Service Unavailable" text/plain
	check_match "$(ask 'GET /metrics HTTP/1.1')" 'the ctnet module is not loaded'
	set_modprobe "$MODPROBE"
	must modprobe ctnet
	must ctn "$h1" add-net net1
	check_match "$(ask 'GET /metrics HTTP/1.1')" 'ctnet_network_up\{network="net1"\} 1'
	kill_wait "$SERVER"
}

# Each expression of a panel and of a variable, with values for what Grafana puts in: promtool takes it,
# and what it names is there.
dashboard()
{
	local names expr

	# shellcheck disable=SC2016 # they are Grafana's
	jq -r '(.panels[].targets[].expr), (.templating.list[] | .query | objects | .query)' "$DASHBOARD" |
		sed -E 's/\$__rate_interval/5m/g; s/\$[a-z]+/.*/g' >"$TMP/expr"
	check_eq "$(($(wc -l <"$TMP/expr") > 15))" 1 "there are expressions"
	names=$(ctn "$h1" metrics --format prometheus | sed -n 's/^# TYPE \([a-z0-9_]*\) .*/\1/p')
	while IFS= read -r expr; do
		grep -qxF "$expr" <<<"$names" || fail "the dashboard names $expr, which there is not"
	done < <(grep -oE 'ctnet_[a-z0-9_]+' "$TMP/expr" | sort -u)
	type -P promtool >/dev/null || { skip "there is no promtool"; return; }
	{
		echo 'groups: [{name: a, rules: ['
		grep -v '^label_values' "$TMP/expr" | sed "s/'/''/g; s/.*/{record: a, labels: {n: \"x\"}, expr: '&'},/"
		echo ']}]'
	} >"$TMP/rules"
	check promtool check rules --lint=none "$TMP/rules"
}

MODPROBE=$(</proc/sys/kernel/modprobe)
run_test formats "who accepts OpenMetrics gets it, others the older text"
run_test requests "what is refused: other paths, methods, and what is no request"
run_test slow "a slow client keeps out no other, and is cut off"
run_test crowd "nor do many clients"
run_test handed_over "a socket that is handed over, other addresses, bad ones"
run_test unprivileged "it takes no privilege"
run_test dashboard "the dashboard asks for what there is"
run_test module_goes "it outlives the module"
