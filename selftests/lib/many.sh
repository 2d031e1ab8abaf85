# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For scripts with a thousand containers and more, which have sourced lib.sh.

SCALE=$(dirname "${BASH_SOURCE[0]}")/scale.py

# set_sysctl NAME VALUE: until the script ends
set_sysctl()
{
	local old

	old=$(sysctl -n "$1") || die "setup: no sysctl $1"
	defer sysctl -qw "$1=$old"
	must sysctl -qw "$1=$2"
}

# neighbours_without_limit FAMILY...: a kernel keeps 1,024 neighbours, of all its
# namespaces together, unless told
neighbours_without_limit()
{
	local f t

	for f; do
		for t in 3 2 1; do
			set_sysctl "net.$f.neigh.default.gc_thresh$t" $((t * 8192))
		done
	done
}

# START=$(now_ms) ... took TEXT: says how long it was
took() { diag "$1: $(($(now_ms) - START)) ms"; }

# running NS N: N of its veths have carrier
running()
{
	local up

	mapfile -t up < <(ip -n "$1" -br link show type veth | grep ' UP ')
	echo "${#up[@]} are up"
	[[ ${#up[@]} -eq $2 ]]
}

# softnet_drops: frames that any CPU's backlog had no room for
softnet_drops()
{
	local sum=0 f

	while read -r -a f; do
		sum=$((sum + 16#${f[1]}))
	done </proc/net/softnet_stat
	echo $sum
}

# scale NS ARGUMENT...: see scale.py
scale()
{
	local ns=$1

	shift
	ip netns exec "$ns" env CTNET_SLOW="$CTNET_SLOW" python3 -EsS "$SCALE" "$@"
}

# grown FILE FILE COUNTER MIN MAX...: how many ports' did
grown() { python3 -EsS "$SCALE" grown "$@"; }
