# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A Python program beside a script, which answers its questions: starting one for each
# would cost a second each time. To be sourced after lib.sh.

# python_start FILE: starts FILE, a path from this directory, which has what it imports
python_start()
{
	coproc PYTHON { PYTHONPATH=$SELFTESTS/lib exec python3 "$SELFTESTS/lib/$1"; }
	# a subshell does not have a coprocess's own descriptors
	exec {PYTHON_OUT}<&"${PYTHON[0]}" {PYTHON_IN}>&"${PYTHON[1]}"
	# shellcheck disable=SC2153 # coproc sets it
	defer kill_wait "$PYTHON_PID"
}

# ask WORD...: one question; the answer is in $ANSWER
ask()
{
	tell "$@"
	answer "$*"
}

# tell WORD..., answer: the same in two steps, with something between
tell() { printf '%s\n' "$*" >&"$PYTHON_IN"; }

answer()
{
	ANSWER=""
	if ! IFS= read -rt $((60 * CTNET_SLOW)) -u "$PYTHON_OUT" ANSWER; then
		fail "no answer to: ${1:-}"
	elif [[ $ANSWER == error* ]]; then
		fail "${1:-}: $ANSWER"
	fi
}

# listen NS [DEV]: frames that arrive there are kept from now on
listen() { ask listen "$1" "${2:-eth0}"; }

# send_frame NS DST SRC TAG [OPTION...]: see frames.py
send_frame()
{
	local ns=$1

	shift
	ask send "$ns" eth0 "$@"
}

# send_macs NET PORT NS N MAC: so many frames come from there, each from the next MAC; the
# port of $h1 has had them all
send_macs()
{
	local before

	before=$(port_stat "$h1" "$1" "$2" rx_packets)
	ask macs "$3" eth0 "$4" "$5"
	wait_until 20000 at_least $((before + $4)) port_stat "$h1" "$1" "$2" rx_packets
}

# got_frames NS DEV TAG N: exactly so many arrived; waits for them
got_frames()
{
	ask count "$1" "$2" "$3" "min=$4" "ms=$((5000 * CTNET_SLOW))" || return
	check_match "$ANSWER" "^ok $4( |$)" "frames \"$3\" that $1 received"
}

# tcp_bytes FROM TO ADDRESS [BYTES]: so many arrive over TCP as they were sent
tcp_bytes()
{
	ask tcp "$1" "$2" "$3" "${4:-1000000}"
	check_eq "$ANSWER" "ok ${4:-1000000}" "bytes that arrived over TCP at $3"
}
