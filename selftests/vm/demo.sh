#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 200
#
# What "make demo" shows, and "make shell" begins with: two hosts, each a network
# namespace, joined by an underlay; two containers on each, namespaces too; one network
# over all of it.
#
#	 web1   db1                     web2   db2
#	   |     |                        |     |
#	  [  net0  ] host1  192.0.2.1    [  net0  ] host2  192.0.2.2
#	       `--------- underlay: ul0 ------'

set -u

readonly SLOW=${CTNET_SLOW:-1}
STEP=0 TMP=$(mktemp -d /tmp/ctnet-demo.XXXXXX)

step()
{
	STEP=$((STEP + 1))
	printf '\n%d. %s\n' "$STEP" "$1"
	[[ $# -lt 2 ]] || printf '   %s\n' "${@:2}"
}

note() { printf '   => %s\n' "$*"; }

broken()
{
	printf '\nThe demonstration FAILED at step %d: %s\n' "$STEP" "$*"
	exit 1
}

indent() { sed 's/^/     /'; }

# shows the command, runs it, shows what it says
run()
{
	local out ret

	printf '   $ %s\n' "$*"
	out=$("$@" 2>&1)
	ret=$?
	[[ -z $out ]] || indent <<<"$out"
	[[ $ret -eq 0 ]] || broken "exit code $ret"
}

# the same on a terminal: there, ctnetctl writes for people
run_tty()
{
	printf '   $ %s\n' "$*"
	script -qec "stty cols 110; $*" /dev/null </dev/null >"$TMP/tty" || broken "$(<"$TMP/tty")"
	tr -d '\r' <"$TMP/tty" | sed 's/\x1b\[[0-9;]*[mK]//g' | indent
}

# the same as run, but silent when it works
quiet()
{
	local out

	out=$("$@" 2>&1) || broken "$*: $out"
}

tidy()
{
	local ns p

	for ns in web1 db1 web2 db2 host1 host2; do
		[[ -e /run/netns/$ns ]] || continue
		for p in $(ip netns pids $ns); do
			kill -9 "$p" 2>/dev/null
		done
		ip netns del $ns
	done
	rm -rf "$TMP"
}

until_true()
{
	local end=$((SECONDS + 10 * SLOW))

	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

listens() { ip netns exec "$1" ss -Hltn "sport = 5201" | grep -q LISTEN; }

# one ping before, unseen: the first frame pays for address resolution, and in a slow VM
# the echo may be late for the first time
ping_from()
{
	until_true ip netns exec "$1" ping -c1 -W1 "$2" || broken "no answer from $2"
	printf '   $ ip netns exec %s ping -c3 %s\n' "$1" "$2"
	ip netns exec "$1" ping -n -c3 -i0.3 -W2 "$2" >"$TMP/ping" || broken "$(<"$TMP/ping")"
	grep -E 'bytes from|received' "$TMP/ping" | indent
}

# tcp_from CLIENT SERVER ADDRESS NS DEV FILTER: moves TCP for two seconds, and tells the
# largest packet that DEV in NS saw meanwhile
tcp_from()
{
	local client=$1 server=$2 addr=$3 ns=$4 dev=$5 filter=$6 pid srv largest

	ip netns exec "$server" iperf3 -s -1 >"$TMP/server" 2>&1 &
	srv=$!
	until_true listens "$server" || broken "iperf3: $(<"$TMP/server")"
	# shellcheck disable=SC2086 # a filter is words
	ip netns exec "$ns" tcpdump -i "$dev" -n -q -s 128 -c 400 -w "$TMP/cap" $filter \
		>/dev/null 2>"$TMP/cap.err" &
	pid=$!
	until_true grep -q 'listening on' "$TMP/cap.err" || broken "tcpdump: $(<"$TMP/cap.err")"
	printf '   $ ip netns exec %s iperf3 -c %s -t 2\n' "$client" "$addr"
	ip netns exec "$client" iperf3 -f m -c "$addr" -t 2 >"$TMP/client" 2>&1 ||
		broken "$(<"$TMP/client")"
	grep -E 'sender|receiver' "$TMP/client" | indent
	kill "$pid" 2>/dev/null
	wait "$pid" "$srv"
	largest=$(tcpdump -n -q -e -r "$TMP/cap" 2>/dev/null |
		sed -n 's/^[^,]*, length \([0-9]*\):.*/\1/p; s/^[^,]*, [^,]*, length \([0-9]*\):.*/\1/p' |
		sort -n | tail -n 1)
	LARGEST=${largest:-0}
}

# A prompt on host1, for "make shell". The user's programs see all of the VM but its
# network, which is host1's.
prompt()
{
	cat >"$TMP/bashrc" <<-'EOF'
		PS1='host1 \w\$ ' HISTFILE=
		for f in /usr/share/bash-completion/bash_completion \
			/run/ctnet-vm/installed/usr/local/share/bash-completion/completions/ctnetctl; do
			[[ ! -r $f ]] || . "$f"
		done
		unset f
		# Ctrl-D, typed before there was a prompt, comes as this character
		bind '"\C-@": "exit\n"'
		export MANPATH=/run/ctnet-vm/installed/usr/local/share/man:
		cd /
	EOF
	step "Your turn. This is a shell on host1; \"exit\" ends the VM, and so does Ctrl-]." \
		"ctnetctl show" \
		"ctnetctl -n host2 list ports" \
		"ip netns exec web1 ping -c3 203.0.113.4" \
		"ctnetctl help"
	echo
	nsenter --net=/run/netns/host1 bash --rcfile "$TMP/bashrc" -i
}

# shellcheck disable=SC2086 # words for stty
[[ ${MODE:-} != shell ]] || stty $CTNET_STTY
trap tidy EXIT
trap 'exit 1' INT TERM

printf '%s\n' "" "ctnet: one device is both bridge and VXLAN tunnel endpoint; one tool wires containers." \
	"Kernel $(uname -r); hosts and containers here are network namespaces."

step "The module is loaded. (\"ip link add type ctnet\" would do it by itself.)"
run modprobe ctnet
note "$(modinfo -F description ctnet)"

step "Two hosts, joined by an underlay; two containers on each, with nothing in them but lo."
for ns in host1 host2 web1 db1 web2 db2; do
	quiet ip netns add $ns
	quiet ip -n $ns link set lo up
done
quiet ip link add ul0 netns host1 type veth peer name ul0 netns host2
for i in 1 2; do
	quiet ip -n host$i addr add 192.0.2.$i/24 dev ul0
	quiet ip -n host$i link set ul0 up
done
note "host1 is 192.0.2.1, host2 is 192.0.2.2"

step "One network, VNI 100, on both hosts. Each host is told of the other: floods go to it," \
	"and it is the only one that encapsulated frames are accepted from."
run ctnetctl -n host1 add-net net0 --vni 100 --local 192.0.2.1
run ctnetctl -n host2 add-net net0 --vni 100 --local 192.0.2.2
run ctnetctl -n host1 add-peer net0 192.0.2.2
run ctnetctl -n host2 add-peer net0 192.0.2.1

step "The containers are attached: one command each makes the veth, sets MAC, address and MTU" \
	"inside, brings it up, attaches it and announces the address. Or it does nothing at all."
run ctnetctl -n host1 add-port net0 web1 --address 203.0.113.1/24
run ctnetctl -n host1 add-port net0 db1 --address 203.0.113.2/24
run ctnetctl -n host2 add-port net0 web2 --address 203.0.113.3/24
run ctnetctl -n host2 add-port net0 db2 --address 203.0.113.4/24
run ip -n web1 -br addr show dev eth0
note "the MTU inside follows the underlay's, less 50 bytes for VXLAN:" \
	"$(ip -n web1 -o link show dev eth0 | sed -n 's/.*\(mtu [0-9]*\).*/\1/p')"

if [[ ${MODE:-} == shell ]]; then
	prompt
	exit 0
fi

step "Containers of one host reach one another ..."
ping_from web1 203.0.113.2

step "... and those of the other host, through VXLAN."
ping_from web1 203.0.113.4

step "TCP within a host."
tcp_from web1 db1 203.0.113.2 db1 eth0 "tcp dst port 5201"
note "largest packet that arrived in db1: $LARGEST bytes: a segment crosses whole, never cut"
((LARGEST > 9000)) || broken "segments were cut before they arrived"

step "TCP between hosts."
tcp_from web1 db2 203.0.113.4 host1 ul0 "udp dst port 4789"
note "largest packet that left on host1's underlay device: $LARGEST bytes:" \
	"it is the NIC that cuts, not the tunnel"
((LARGEST > 9000)) || broken "segments were cut before the underlay device"

step "What the network looks like from host1: its ports with the containers behind them, its peers."
run_tty ctnetctl -n host1 show

step "The table: one for both kinds of destination. A MAC is behind a port or behind a peer."
run_tty ctnetctl -n host1 list fdb net0

step "The counters, of network, ports and peers, and of each reason to drop a frame."
run_tty ctnetctl -n host1 -s show net0

step "A container goes, and its port, its veth and its table entries with it;" \
	"the networks go, and nothing is left."
run ip netns del db1
until_true sh -c '! ctnetctl -n host1 list ports | grep -qw db1' || broken "db1 is still a port"
run_tty ctnetctl -n host1 list ports
run ctnetctl -n host1 del-net net0
run ctnetctl -n host2 del-net net0
run ip -n host1 -br link show
tidy
run rmmod ctnet

printf '\nAll steps worked.\n'
