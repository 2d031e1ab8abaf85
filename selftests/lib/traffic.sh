# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Traffic, and what is seen of it: for scripts that have sourced lib.sh.

# ping_ok NS ADDRESS [OPTION...]: three of three answers
ping_ok()
{
	local ns=$1 addr=$2

	shift 2
	check ip netns exec "$ns" ping -nqc3 -i 0.1 -W $((2 * CTNET_SLOW)) "$@" "$addr" &&
		check_match "$OUT" ' 0% packet loss' "ping $addr"
}

# no_ping NS ADDRESS: it does not answer
no_ping() { ! ip netns exec "$1" ping -nqc1 -W1 "$2" >/dev/null 2>&1; }

# socat_addr ADDRESS: sets SOCAT_TO and SOCAT_LISTEN
socat_addr()
{
	if [[ $1 == *:* ]]; then
		SOCAT_TO="TCP6:[$1]:5001" SOCAT_LISTEN="TCP6-LISTEN:5001,reuseaddr"
	else
		SOCAT_TO="TCP:$1:5001" SOCAT_LISTEN="TCP-LISTEN:5001,reuseaddr"
	fi
}

# tcp FROM TO ADDRESS SOURCE SINK: what socat reads at FROM goes to ADDRESS at TO
tcp()
{
	local from=$1 to=$2 source=$4 sink=$5 pid ret
	local limit=$((15 * CTNET_SLOW))

	socat_addr "$3"
	timeout "$limit" ip netns exec "$to" \
		socat -u -b 262144 "$SOCAT_LISTEN" "$sink" 2>"$TMP/listen.err" &
	pid=$!
	check timeout "$limit" ip netns exec "$from" \
		socat -u -b 262144 "$source" "$SOCAT_TO,retry=100,interval=0.1"
	ret=$?
	[[ $ret -eq 0 ]] || kill "$pid" 2>/dev/null
	wait "$pid" || { fail "the listener: $(<"$TMP/listen.err")"; ret=1; }
	return "$ret"
}

# tcp_copy FROM TO ADDRESS [KIB]: a file arrives as it was sent
tcp_copy()
{
	local kib=${4:-1024} file=$TMP/data.${4:-1024}

	[[ -s $file ]] || head -c $((kib * 1024)) /dev/urandom >"$file"
	rm -f "$TMP/got"
	tcp "$1" "$2" "$3" "OPEN:$file" "CREATE:$TMP/got" &&
		check cmp "$file" "$TMP/got"
}

# tcp_stream FROM TO ADDRESS BYTES: zeros, in writes of 256 KiB
tcp_stream()
{
	tcp "$1" "$2" "$3" "OPEN:/dev/zero,readbytes=$4" OPEN:/dev/null
}

# capture_is FILE N FILTER: exactly N packets that match were captured
capture_is()
{
	check_eq "$(capture_count "$1" "$3")" "$2" "packets of '$3'"
}

# vxsend NS ARGUMENT...: see vxsend.py
vxsend()
{
	local ns=$1

	shift
	check ip netns exec "$ns" python3 -EsS "$VXSEND" "$@"
}

VXSEND=$(dirname "${BASH_SOURCE[0]}")/vxsend.py
