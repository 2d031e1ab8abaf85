#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ctnetctl prints: all of it, and what programs can read.
#
#	h1 (namespace)                             c1 (namespace)
#	net0, VNI 100, local 192.0.2.1
#	 `- a veth of its own to c1 -------------- eth0

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need python3 script

# where it is installed, or in the tree
MANPAGE=$(dirname "$0")/../installed/usr/local/share/man/man8/ctnetctl.8
[[ -e $MANPAGE ]] || MANPAGE=$(dirname "$0")/../tools/man/ctnetctl.8
readonly MANPAGE

setup_host h1
add_container c1
must ctn "$h1" add-net net0 --vni 100 --local 192.0.2.1
must ctn "$h1" add-port net0 "$c1"

# addresses MAX: so many, as long as they get
addresses()
{
	local i

	for ((i = 0; i < $1; i++)); do
		printf '2001:db8:1111:2222:3333:4444:5555:%x\n' $((0x1000 + i))
	done
}

# Longest lists of longest addresses: one that is cut may end in another address.
long_lists()
{
	local max dev mac want i out
	local -a ips=() all=()

	max=$(sed -n 's/^#define CTNET_FDB_IPS_MAX[[:space:]]*\([0-9]*\).*/\1/p' \
		"$(dirname "$0")/../uapi/linux/ctnet.h")
	check_match "$max" '^[1-9][0-9]+$' CTNET_FDB_IPS_MAX || return
	mapfile -t all < <(addresses "$max")
	printf -v want '%s,' "${all[@]}"
	want=${want%,}
	IFS=$'\t' read -r _ dev _ < <(ctn "$h1" list ports net0)
	for i in "${all[@]}"; do
		ips+=(--ip "$i")
	done
	check ctn "$h1" add-fdb net0 02:00:00:00:00:01 --port "$dev" "${ips[@]}"
	out=$(ctn "$h1" list fdb net0)
	[[ $out == *$'\t'"$want"* ]] || fail "list fdb: $out"
	out=$(script -qec "ctnetctl -n $h1 --color=never list fdb net0" /dev/null </dev/null)
	[[ $out == *" $want"* ]] || fail "list fdb, on a terminal: $out"
	out=$(ctn "$h1" show net0)
	[[ $out == *" addresses $want guard on"* ]] || fail "show: $out"
	check ctn "$h1" del-fdb net0 02:00:00:00:00:01
	# of an uplink, all MACs of a LAN may be static
	for ((i = 0; i < 400; i++)); do
		printf -v mac '02:00:00:00:%02x:%02x' $((i >> 8)) $((i & 255))
		echo "add-fdb net0 $mac --port $dev"
	done >"$TMP/batch"
	check ctn "$h1" -b "$TMP/batch"
	for out in "$(ctn "$h1" list ports net0)" "$(ctn "$h1" show net0)"; do
		out=$(grep -oE '[0-9a-f:]{17}(,[0-9a-f:]{17})+' <<<"$out" | tr ',' '\n')
		i=$(ctn "$h1" list fdb net0 | awk -v dev="$dev" -F '\t' '$4 == dev { print $2 }')
		check_eq "$(wc -l <<<"$i")" 401 "MACs at $dev"
		check_eq "$(sort <<<"$out")" "$(sort <<<"$i")" "MACs of $dev"
	done
	check ctn "$h1" flush-fdb net0 --port "$dev"
}

# values KEY WORD...: the values at that key of what the tool prints as JSON, strictly read
values()
{
	ctn "$h1" -j "${@:2}" | python3 -c 'import json, sys
for o in json.loads(sys.stdin.buffer.read().decode("utf-8", "strict")):
	print(ascii(o.get(sys.argv[1])))' "$1"
}

# Bytes that are no UTF-8 in a name or a label: JSON has U+FFFD for each, and a program can
# read it; text has them as they are.
no_utf8()
{
	local net=$'n\xe9\xe9' label=$'\xff \xc3\xa9\xe4\xbd\xa0\xf0\x9f\x98\x80 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe4\xbd'

	check ctn "$h1" add-net "$net"
	check ctn "$h1" add-port "$net" "$c1" --ifname $'if\xff' --label "$label"
	check_eq "$(values network list nets "$net")" "'n\ufffd\ufffd'" "the network"
	check_eq "$(values container_ifname list ports "$net")" "'if\ufffd'" "the interface"
	check_eq "$(values label list ports "$net")" "'\ufffd \xe9\u4f60\U0001f600 \ufffd\ufffd \ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd \ufffd\ufffd'" "the label"
	check_eq "$(values network show "$net")" "'n\ufffd\ufffd'" "the network of show"
	check_eq "$(ctn "$h1" list ports "$net" | cut -f 1,4,5)" "$net"$'\t'"$label"$'\t'$'if\xff' "text"
	check ctn "$h1" del-net "$net"
}

# sockets WORD...: those of each network of show, in JSON
sockets()
{
	ctn "$h1" -j "$@" | python3 -c 'import json, sys
for net in json.load(sys.stdin):
	for v in net.get("vteps", [{}]):
		print(net["network"], v.get("family"), v.get("dstport"), v.get("underlay"),
			v.get("networks"), v.get("drops", {}).get("vxlan_vni"))'
}

# With -s, show also has the UDP sockets: at the end of the tree, and in JSON each network
# those that it uses.
show_sockets()
{
	local want

	check ip -n "$h1" link add ul0 type dummy
	check ctn "$h1" -b - <<-EOT
		add-net net1 --vni 101 --local 192.0.2.1
		add-net net2 --vni 102 --local 192.0.2.1 --local 2001:db8::1 --dstport 4800
		add-net net3 --vni 103 --local 192.0.2.1 --underlay ul0
		add-net net4
	EOT
	check_eq "$(sockets -s show net2)" "net2 inet 4800 None 1 0"$'\n'"net2 inet6 4800 None 1 0" "of net2"
	want="net0 inet 4789 None 2 0
net1 inet 4789 None 2 0
net2 inet 4800 None 1 0
net2 inet6 4800 None 1 0
net3 inet 4789 ul0 1 0"
	# one that is local has none
	check_eq "$(sockets -s show | sort)" "$want" "of all"
	check json_is '.[0].vteps == []' ctn "$h1" -j -s show net4
	check json_is 'length > 0 and all(.[]; has("vteps") | not)' ctn "$h1" -j show
	[[ $(ctn "$h1" show) != *vtep* ]] || fail "sockets without -s, in text"
	check_eq "$(ctn "$h1" -s show | grep ^vtep | sort | paste -sd,)" \
		"vtep inet dstport 4789 networks 1,vtep inet dstport 4789 networks 2,vtep inet dstport 4800 networks 1,vtep inet6 dstport 4800 networks 1" text
	check ctn "$h1" -b - <<<$'del-net net1\ndel-net net2\ndel-net net3\ndel-net net4'
	check ip -n "$h1" link del ul0
}

# example REGEX: the first example of the man page that has such a line
example()
{
	awk -v re="$1" '/^\.Bd/ { text = "" }
		/^\.Ed/ && found { printf "%s", text; exit }
		/^\.Bd/, /^\.Ed/ { if (!/^\./) { text = text $0 "\n"; found = found || $0 ~ re } }' "$MANPAGE"
}

# A change to all that there is, as the man page has it.
change_all()
{
	local steps

	steps=$(example '^ctnetctl sync|; ctnetctl sync')
	check_match "$steps" 'ctnetctl save.*ctnetctl sync' "the example" || return
	check ctn "$h1" add-net net1 --mtu 1400
	check ip netns exec "$h1" sh -c "cd $TMP && $steps"
	check_eq "$(values ageing list nets)" $'60\n60' "ageing of the networks; it said $OUT"
	check ctn "$h1" del-net net1
	check ctn "$h1" set-net net0 --ageing 300
}

# A configuration is saved for the next boot; if that fails, the one that is there stays.
save_for_boot()
{
	local steps

	steps=$(example '^ctnetctl save .*/etc/ctnet.conf' | grep -v ^systemctl)
	check_match "$steps" 'ctnetctl save' "the example" || return
	steps=${steps//\/etc/$TMP}
	check ip netns exec "$h1" sh -c "$steps"
	check_eq "$(<"$TMP/ctnet.conf")" "$(ctn "$h1" save)" "what was saved"
	# save has no JSON
	check_not ip netns exec "$h1" sh -c "${steps/ctnetctl/ctnetctl -j}"
	check_eq "$(<"$TMP/ctnet.conf")" "$(ctn "$h1" save)" "what is there after save has failed"
}

run_test long_lists "lists of addresses and MACs are printed whole"
run_test no_utf8 "JSON is UTF-8, whatever bytes names and labels have"
run_test show_sockets "-s show has the UDP sockets, in text and JSON"
run_test change_all "a change to all that there is, as the man page has it"
run_test save_for_boot "a configuration is saved whole, as the man page has it, or the old one stays"
