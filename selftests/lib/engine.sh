# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A stand-in for Docker and Podman (engine.py), which listens at $ENGINE_SOCKET. To be sourced
# after lib.sh.

readonly ENGINE_SOCKET=$TMP/docker.sock

mkdir "$TMP/containers"

# container NAME STATUS BODY: what the engine says of it
container() { printf '%s\n%s' "$2" "$3" >"$TMP/containers/$1"; }

# runs NAME PID, stopped NAME: the usual ones
runs() { container "$1" 200 "{\"Id\": \"abc\", \"Name\": \"/web\", \"State\": {\"Running\": true, \"Pid\": $2}}"; }
stopped() { container "$1" 200 '{"State": {"Running": false, "Pid": 0}}'; }

start_engine()
{
	background python3 "$SELFTESTS/lib/engine.py" "$ENGINE_SOCKET" "$TMP/containers"
	ENGINE=$BG_PID
	wait_until 10000 test -S "$ENGINE_SOCKET" || die "setup: the engine does not start"
}

stop_engine()
{
	kill_wait "$ENGINE"
	rm -f "$ENGINE_SOCKET"
}
