#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ctnet on one host, Open vSwitch with its vxlan ports, kernel datapath, on the other, over
# IPv4 and over IPv6. foreign.sh draws the topology and has what does not depend on what
# h2 is; vxFAM is port 9 of the bridge brFAM.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"
# shellcheck source=lib/foreign.sh
. "$(dirname "$0")/lib/foreign.sh"

readonly VX_PORT=9
OVS_SCHEMA=/usr/share/openvswitch/vswitch.ovsschema
# as run.sh took it along
[[ ! -r $SELFTESTS/../vswitch.ovsschema ]] || OVS_SCHEMA=$SELFTESTS/../vswitch.ovsschema

need python3 ethtool
for p in ovsdb-tool ovsdb-server ovs-vswitchd ovs-vsctl ovs-appctl; do
	command -v $p >/dev/null ||
		skip_all "Open vSwitch is not installed: no $p (Debian: openvswitch-switch)"
done
[[ -r $OVS_SCHEMA ]] || skip_all "Open vSwitch is not complete: no vswitch.ovsschema"
modprobe openvswitch 2>/dev/null ||
	skip_all "the kernel has no module openvswitch (CONFIG_OPENVSWITCH)"

attach_there() { vsctl add-port "br$1" "$2"; }
detach_there() { vsctl del-port "br$1" "$2"; }

learned_there()
{
	ovs-appctl fdb/show "br$1" | grep -q "^ *$VX_PORT  .* $2 "
}

forget_there() { check ovs-appctl fdb/flush "br$1"; }

# vsctl COMMAND...: returns when the switch has done it
vsctl() { check ovs-vsctl -t $((30 * CTNET_SLOW)) "$@"; }

# daemon COMMAND...: in h2, whose kernel's datapath is then used
daemon()
{
	background ip netns exec "$h2" "$@" --no-chdir --pidfile --log-file -vconsole:off \
		>>"$OVS_LOGDIR/out" 2>&1
}

start_ovs()
{
	export OVS_RUNDIR=$TMP/ovs OVS_LOGDIR=$TMP/ovs OVS_DBDIR=$TMP/ovs OVS_SYSCONFDIR=$TMP/ovs

	must mkdir "$TMP/ovs"
	must ovsdb-tool create "$TMP/ovs/conf.db" "$OVS_SCHEMA"
	daemon ovsdb-server "$TMP/ovs/conf.db" --remote="punix:$TMP/ovs/db.sock"
	must busywait 20000 test -S "$TMP/ovs/db.sock"
	must ovs-vsctl --no-wait -t $((30 * CTNET_SLOW)) init -- set Open_vSwitch . \
		other_config:n-handler-threads=1 other_config:n-revalidator-threads=1
	daemon ovs-vswitchd "unix:$TMP/ovs/db.sock"
}

topology()
{
	local fam
	local -a bridges=()

	foreign_topology
	start_ovs
	# one command, one transaction
	for fam in 4 6; do
		bridges+=(-- add-br "br$fam"
			-- set bridge "br$fam" "other-config:hwaddr=\"$(mac $fam 2)\""
			-- set interface "br$fam" mtu_request=$((1490 - fam * 10))
			-- add-port "br$fam" "vx$fam"
			-- set interface "vx$fam" type=vxlan "ofport_request=$VX_PORT"
			"options:key=${VNI[$fam]}" "options:remote_ip=\"${OURS[$fam]}\""
			"options:local_ip=\"${THEIRS[$fam]}\"")
	done
	must ovs-vsctl -t $((60 * CTNET_SLOW)) "${bridges[@]}"
	for fam in 4 6; do
		ip_in "$h2" <<-EOT || die "setup: h2"
			addr add $(in4 $fam 2)/26 dev br$fam
			link set br$fam up
		EOT
		their_port a2 $fam 21
	done
	[[ $RET -eq 0 ]] || die "setup: h2"
}

# ------------------------------------------------------------------- tests

# has_flow REGEX: a flow of the datapath, through which packets went
has_flow()
{
	local flows

	flows=$(ovs-appctl dpctl/dump-flows system@ovs-system) || return
	grep -E "packets:[1-9]" <<<"$flows" | grep -q "$1" || { echo "$flows"; return 1; }
}

in_kernel()
{
	local fam vni

	check ovs-appctl dpctl/show
	check_match "$OUT" '^system@ovs-system:' "datapath"
	check_match "$OUT" ' vxlan_sys_4789 \(vxlan' "ports of the datapath"
	for fam in 4 6; do
		vni=$(printf '0x%x' "${VNI[$fam]}")
		wait_for_ping "$a1" "$(in4 $fam 21)"
		ping_ok "$a1" "$(in4 $fam 21)"
		check has_flow "tunnel(tun_id=$vni,.*actions:[1-9]"
		check has_flow "actions:set(tunnel(tun_id=$vni,.*)),"
	done
}

# Where the other side adds the tag: a port in a VLAN, the vxlan port a trunk
access_port()
{
	local fam=$1

	vsctl set port "v${fam}a2" tag=7
	check ctn "$h1" set-port "net$fam" "$a1" --ifname "e$fam" --guard off
	ip_in "$a1" <<-EOT || fail "cannot add a VLAN device"
		link add link e$fam name v7 mtu $((1486 - fam * 10)) type vlan id 7
		addr add 198.51.100.1/24 dev v7
		link set v7 up
	EOT
	check ip -n "$a2" addr add 198.51.100.2/24 dev "e$fam"
	wait_for_ping "$a1" 198.51.100.2
	ping_ok "$a2" 198.51.100.1
	tcp_bytes "$a1" "$a2" 198.51.100.2 1000000
	tcp_bytes "$a2" "$a1" 198.51.100.1 1000000
	check no_ping "$a1" "$(in4 "$fam" 21)"
	check ip -n "$a2" addr del 198.51.100.2/24 dev "e$fam"
	check ip -n "$a1" link del v7
	check ctn "$h1" set-port "net$fam" "$a1" --ifname "e$fam" --guard on
	vsctl clear port "v${fam}a2" tag
	wait_for_ping "$a1" "$(in4 "$fam" 21)"
}

# checksums FAM WANT: what a ping of h2 has on the wire, where it is complete
checksums()
{
	ask sniff "$h1" ul0
	wait_for_ping "$a2" "$(in4 "$1" 11)"
	ask seen "$h1" ul0 out=0 "vni=${VNI[$1]}" show=csum min=1 "ms=$((5000 * CTNET_SLOW))"
	check_match "$ANSWER" "^ok [0-9]+ $2\$" "UDP checksums of h2, IPv$1"
}

udp_checksums()
{
	local fam

	check ip netns exec "$h2" ethtool -K ul0 tx off
	vsctl set interface vx4 options:csum=true -- set interface vx6 options:csum=false
	checksums 4 right
	checksums 6 zero
	vsctl set interface vx4 options:csum=false -- set interface vx6 options:csum=true
	checksums 4 zero
	checksums 6 right
	check ip netns exec "$h2" ethtool -K ul0 tx on
	for fam in 4 6; do
		transfers $fam 1000000
		check ctn "$h1" set-net net$fam --udp-csum off
	done
	vsctl set interface vx4 options:csum=true -- set interface vx6 options:csum=false
	for fam in 4 6; do
		transfers $fam 1000000
		check ctn "$h1" set-net net$fam --udp-csum on
	done
}

topology

run_test in_kernel "Open vSwitch's datapath is the kernel's, and has the flows of the tunnel"
for f in 4 6; do
	run_test both_learn $f "both learn: ping and TCP, both ways, over IPv$f"
	run_test large_tcp $f "large TCP transfers, both ways, over IPv$f"
	run_test floods $f "broadcast, multicast and unknown unicast, both ways, over IPv$f"
	run_test tagged $f "VLAN tags pass, both ways, over IPv$f"
	run_test access_port $f "a port of theirs in a VLAN, a tag here, over IPv$f"
	run_test container_moves $f "a container moves from their host to ours, and back, over IPv$f"
done
run_test udp_checksums "UDP checksums on and off on either side"
