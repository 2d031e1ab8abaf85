#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A network's own end of its tunnels: which sockets may share a UDP port, an underlay device
# that goes, and what is refused.
#
#	h1 (namespace)            h2 (namespace)       user: a namespace of nobody's, by PID
#	ul0 192.0.2.1 ---veth--- ul0 192.0.2.2         ul0 198.51.100.1 (dummy)

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

need python3 setpriv unshare nsenter

readonly NOBODY=65534
readonly AS_NOBODY=(setpriv --clear-groups --inh-caps=-all "--reuid=$NOBODY" "--regid=$NOBODY")

# ------------------------------------------------------------------ helpers

readonly HOLD='
import signal, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, getattr(socket, sys.argv[1]), 1)
if sys.argv[2:]:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[2].encode())
s.bind(("", 4790))
print("bound", flush=True)
signal.pause()
'

# holder OPTION [DEV]: a process of root's has UDP port 4790 in h1, its PID in $BG_PID
holder()
{
	background ip netns exec "$h1" python3 -c "$HOLD" "$@" >"$TMP/holder"
	wait_until 10000 grep -q bound "$TMP/holder"
}

# users: a user namespace's root, whose process is $USER_PID
users()
{
	"${AS_NOBODY[@]}" unshare -Urn bash -c 'echo $$; exec sleep infinity' >"$TMP/user" &
	USER_PID=$!
	defer kill_wait "$USER_PID"
	busywait 20000 grep -q . "$TMP/user" >/dev/null || die "setup: user namespace"
	in_user ip -batch - <<-EOT || die "setup: links of the user"
		link add ul0 type dummy
		addr add 198.51.100.1/24 dev ul0
		link set ul0 up
	EOT
}

in_user() { "${AS_NOBODY[@]}" nsenter -t "$USER_PID" -U -n --preserve-credentials "$@"; }

# ------------------------------------------------------------------- tests

# who has the port already keeps it to himself, though he would share it
port_is_taken()
{
	local opt

	for opt in SO_REUSEADDR SO_REUSEPORT; do
		holder $opt
		check_fail 2 'Another socket' ctn "$h1" add-net n1 --vni 1 --local "$H1_IP" \
			--dstport 4790
		check_fail 2 'Another socket' ctn "$h1" add-net n1 --vni 1 --local "$H1_IP" \
			--dstport 4790 --underlay ul0
		kill_wait "$BG_PID"
	done
	# nor does one get in by another network that has the port
	holder SO_REUSEPORT lo
	check ctn "$h1" add-net n1 --vni 1 --local "$H1_IP" --dstport 4790 --underlay ul0
	kill_wait "$BG_PID"
	holder SO_REUSEPORT lo
	check_fail 2 'Another socket' ctn "$h1" add-net n2 --vni 2 --local "$H1_IP" --dstport 4790
	kill_wait "$BG_PID"
	check ctn "$h1" add-net n2 --vni 2 --local "$H1_IP" --dstport 4790
	check ctn "$h1" del-net n1
	check ctn "$h1" del-net n2
}

# networks of different users, with and without an underlay device, on one port
other_user()
{
	"${AS_NOBODY[@]}" unshare -Urn true 2>/dev/null || { skip "no user namespaces"; return; }
	users
	check ctnetctl -n "$USER_PID" add-net ours --vni 1 --local 198.51.100.1
	check in_user ctnetctl add-net theirs --vni 2 --local 198.51.100.1 --underlay ul0
	check ctnetctl -n "$USER_PID" del-net ours
	check ctnetctl -n "$USER_PID" add-net ours --vni 1 --local 198.51.100.1
	check in_user ctnetctl del-net theirs
	check in_user ctnetctl add-net theirs --vni 2 --local 198.51.100.1 --underlay ul0
	check_match "$(in_user ctnetctl -j list vteps)" 'ul0' "sockets"
}

topo_two_hosts

run_test port_is_taken "a process that has the UDP port keeps it to itself"
run_test other_user "networks of different users share a UDP port"
