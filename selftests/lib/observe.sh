# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What scripts look at: JSON, what ctnetctl lists, counters, captured packets. lib.sh sources it.

# -------------------------------------------------------------------- JSON

# Besides what jq has, a FILTER below may use
#	like(OBJECT)	the input is an object that has these keys with these values
# and finds the shell's values in its environment: mac=$1 json '... env.mac ...' COMMAND...
#	shape		the input with the name of its type for each value; an array has each shape of
#			its elements once
# jq 1.6 compiles its own library anew each time it starts, which takes ten times as long as all
# else that gojq does.
JQ=$(type -P gojq || type -P jq)
readonly JQ_DEFS='def like(w): . * w == .;
	def shape: if type == "object" then map_values(shape)
		elif type == "array" then map(shape) | unique else type end; '

jq() { "$JQ" "$@"; }

# json FILTER COMMAND...: what the jq program FILTER makes of the JSON that COMMAND prints: a
# line for each value, strings without quotes. False if COMMAND fails.
json()
{
	local text

	text=$("${@:2}") || return
	jq -rc "$JQ_DEFS$1" <<<"$text"
}

# json_is FILTER COMMAND...: for check and wait_until: FILTER is true of the JSON that COMMAND
# prints; if it is not, prints that JSON
json_is()
{
	local text

	text=$("${@:2}") && jq -e "$JQ_DEFS$1" <<<"$text" >/dev/null && return
	printf '%s\n' "$text"
	return 1
}

# has_event FILE FILTER, no_event FILE FILTER: for check and wait_until: FILTER is true of one,
# or of none, of the JSON objects in FILE, which "ctnetctl -j monitor" writes, a line each. Lines that
# are not whole yet, or messages, are passed over.
# In jq 1.6 what any() or first() ends with is caught by a "?" before it: those get a list.
has_event()
{
	jq -nRe "${JQ_DEFS}[inputs | fromjson?] | any(.[]; $2)" "$1" >/dev/null && return
	tail -n 3 "$1"
	return 1
}

no_event() { jq -nRe "${JQ_DEFS}[inputs | fromjson?] | all(.[]; $2 | not)" "$1" >/dev/null; }

# count_events FILE FILTER: of how many it is true
count_events() { jq -nR "${JQ_DEFS}[inputs | fromjson?] | map(select($2)) | length" "$1"; }

# ------------------------------------------------- what ctnetctl lists

# net_is NS NET FILTER: for check and wait_until: FILTER is true of the network
net_is() { json_is ".[0] | $3" ctnetctl -n "$1" -j list nets "$2"; }

# port_is NS NET NAME FILTER: there is a port with this device or label, and FILTER is true of it
port_is()
{
	name=$3 json_is "any(.[]; (.port == env.name or .label == env.name) and ($4))" \
		ctnetctl -n "$1" -j list ports "$2"
}

# near_end NS LABEL [NET]: the device of the port that has this label; nothing if there is none
near_end()
{
	label=$2 json '.[] | select(.label == env.label) | .port' \
		ctnetctl -n "$1" -j list ports ${3:+"$3"}
}

# fdb_entry NS NET MAC: the entry as JSON, on a line; nothing if there is none
fdb_entry() { mac=$3 json '.[] | select(.mac == env.mac)' ctnetctl -n "$1" -j list fdb "$2"; }

# fdb_is NS NET MAC FILTER: for check and wait_until: there is an entry, and FILTER is true of it
fdb_is()
{
	mac=$3 json_is "any(.[]; .mac == env.mac and ($4))" ctnetctl -n "$1" -j list fdb "$2"
}

# no_fdb NS NET MAC: there is none
no_fdb() { mac=$3 json_is 'all(.[]; .mac != env.mac)' ctnetctl -n "$1" -j list fdb "$2"; }

# ---------------------------------------------------------------- counters

# drops NS NET REASON: how many frames NET dropped for REASON (snake case, as enum
# ctnet_drop has it: source, hairpin, vxlan_peer ...); nothing where there is no such counter
drops()
{
	reason=$3 json '.[0].drops[env.reason] | numbers' ctnetctl -n "$1" -j -s list nets "$2"
}

# vtep_drops NS DSTPORT REASON: what the namespace's socket on this UDP port dropped
vtep_drops()
{
	port=$2 reason=$3 json 'first(.[] | select("\(.dstport)" == env.port)) | .drops[env.reason]' \
		ctnetctl -n "$1" -j -s list vteps
}

# net_stat NS NET KEY, port_stat NS NET DEV KEY, peer_stat NS NET ADDR KEY: a counter
# (rx_packets, rx_bytes, tx_packets, tx_bytes) or any other number of the object
net_stat() { row_stat nets "$1" "$2" "$2" "$3"; }
port_stat() { row_stat ports "$@"; }
peer_stat() { row_stat peers "$@"; }

row_stat()
{
	name=$4 key=$5 json "$JQ_ROW | .stats + . | .[env.key] | numbers" \
		ctnetctl -n "$2" -j -s list "$1" "$3"
}

# the object with this device, label, address or name
readonly JQ_ROW='first(.[] | select(env.name == (.peer, .port, .label,
	if .port or .peer then null else .network end)))'

# stats_of NS nets|ports|peers NET NAME: packets and bytes received, packets and bytes sent
stats_of()
{
	name=$4 json "$JQ_ROW | .stats | \"\\(.rx_packets) \\(.rx_bytes) \\(.tx_packets) \\(.tx_bytes)\"" \
		ctnetctl -n "$1" -j -s list "$2" "$3"
}

# link_stat NS DEV FILTER: what FILTER makes of the counters that the kernel has of a device:
# .rx.packets, .tx.bytes, .rx.dropped ...
link_stat() { json ".[0].stats64 | $3" ip -n "$1" -s -j link show dev "$2"; }

# nft_count NS FAMILY TABLE COUNTER: packets that a named counter of nftables counted
nft_count()
{
	[[ $(in_ns "$1" nft list counter "${@:2}") =~ packets\ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# fetches NS HOST:PORT: a web server there has the file "page", in which is "page". (Debian's
# busybox crashes as wget.)
fetches()
{
	printf 'GET /page HTTP/1.0\r\n\r\n' |
		ip netns exec "$1" socat -t 5 -T 5 - "TCP:$2,connect-timeout=5" 2>/dev/null | grep -qx page
}

# grew BEFORE AFTER: the differences of two lists of numbers, number by number
grew()
{
	local -a _a _b out=()
	local i

	read -ra _a <<<"$1"
	read -ra _b <<<"$2"
	for i in "${!_b[@]}"; do
		out+=("$((_b[i] - _a[i]))")
	done
	echo "${out[*]}"
}

# at_least N COMMAND...: for busywait: true once what COMMAND prints is N or more
at_least()
{
	local n=$1 got

	shift
	got=$("$@")
	[[ $got =~ ^[0-9]+$ && $got -ge $n ]] && return
	echo "${got:-nothing}"
	return 1
}

# ---------------------------------------------------------------- captures

# capture_start NS DEV FILTER FILE [TCPDUMP-OPTION...]: returns once packets are being
# captured
capture_start()
{
	local ns=$1 dev=$2 filter=$3 file=$4 pid

	shift 4
	: >"$file"
	# Its ring has room for 256 frames; with two megabytes it has for 32, as each may
	# be of 64 KiB.
	# shellcheck disable=SC2086 # a filter is words
	ip netns exec "$ns" tcpdump -i "$dev" -n -U -B 16384 --immediate-mode -Z root \
		-w "$file" "$@" $filter >/dev/null 2>"$file.err" &
	pid=$!
	CAPTURES+=("$file $pid")
	if ! busywait 10000 grep -q 'listening on' "$file.err" >/dev/null; then
		fail "tcpdump in $ns on $dev: $(<"$file.err")"
		return 1
	fi
}

# capture_stop FILE: ends the capture. What was sent before is in the file only once
# the packets have arrived: wait for them first, with capture_has.
capture_stop()
{
	local c i

	for i in "${!CAPTURES[@]}"; do
		c=${CAPTURES[i]}
		[[ ${c% *} == "$1" ]] || continue
		kill -INT "${c##* }" 2>/dev/null
		wait "${c##* }" 2>/dev/null
		unset "CAPTURES[i]"
	done
	return 0
}

# capture_count FILE [FILTER]: number of packets that match
capture_count()
{
	local out

	# not by lines: a packet of a tunnel takes several
	# shellcheck disable=SC2086 # a filter is words
	out=$(tcpdump -n --count -r "$1" ${2:-} 2>/dev/null)
	[[ $out =~ ([0-9]+)\ packet ]] && echo "${BASH_REMATCH[1]}"
}

# capture_has FILE N [FILTER]: waits until at least N packets that match were captured
capture_has()
{
	wait_until 5000 at_least "$2" capture_count "$1" "${3:-}"
}
