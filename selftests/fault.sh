#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# Allocations fail, one after the other: what is asked for fails whole or succeeds whole,
# over netlink, by the tool, as namespaces are made, and as the module is loaded. Then some
# of all that frames need fail: the frames are lost, and counted.
#
#	w (namespace), for what is asked		w1, w2: its containers
#	net0, VNI 100 on ul0, MTU 1400, up        net1 (a local bridge, down)
#	 |- p1 (dummy)        p2 (dummy, no port)
#	 |- peer 192.0.2.2, and an entry behind it
#	 `- 02:bb:00:00:00:01 behind p1, 203.0.113.5
#	ul0 192.0.2.1/24, 192.0.2.3/24, 2001:db8::1/64, 2001:db8::3/64 (dummy)
#
#	h1, h2 (topo_two_hosts), for frames: net0; containers c1, c2, c3 on h1, c4 on h2

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/python.sh
. "$(dirname "$0")/lib/python.sh"
# shellcheck source=lib/percpu.sh
. "$(dirname "$0")/lib/percpu.sh"
# shellcheck source=lib/traffic.sh
. "$(dirname "$0")/lib/traffic.sh"

readonly DEBUG=/sys/kernel/debug
readonly LEAKS=$DEBUG/kmemleak
# Leaks of the kernel's own, in paths that are never taken but here, by a function that
# stands in the way to what was allocated:
#	sysfs_slab_add	kmem_cache_create(), which the module calls as it is loaded, forgets the
#			name of a cache that sysfs has no memory for
readonly KNOWN_LEAKS=' (sysfs_slab_add)[+]0x'
# CTNET_FAULT_STRIDE=N: fewer of the many that are not made for us
readonly STRIDE=${CTNET_FAULT_STRIDE:-1}

[[ -e /proc/self/fail-nth && -d $DEBUG/failslab && -d $DEBUG/fail_page_alloc ]] ||
	skip_all "the kernel has no fault injection (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC)"
need python3 modinfo
PRELOAD=$(type -P fault-preload.so) ||
	skip_all "no fault-preload.so: make -C selftests builds it"

# knobs NAME=VALUE...: of failslab and fail_page_alloc
knobs()
{
	local k kind

	for kind in failslab fail_page_alloc; do
		for k; do
			echo "${k#*=}" >"$DEBUG/$kind/${k%%=*}"
		done
	done
}

# What the kernel says of the faults themselves is no fault: guest.sh looks for these.
begin_faults()
{
	echo "ctnet-selftest: faults begin" >/dev/kmsg
	defer eval 'echo "ctnet-selftest: faults end" >/dev/kmsg'
	defer knobs probability=0 ignore-gfp-wait=Y verbose=2 verbose_ratelimit_interval_ms=0
	# of its own allocations kmemleak survives all: it has a pool
	knobs ignore-gfp-wait=N probability=0 verbose=0 verbose_ratelimit_interval_ms=0 \
		interval=1 times=-1
	echo 0 >$DEBUG/fail_page_alloc/min-order
}

build_walk()
{
	setup_host w
	setup_ns w1 w2
	ip_in "$w" <<-EOT || die "setup: links"
		link add ul0 type dummy
		addr add 192.0.2.1/24 dev ul0
		addr add 192.0.2.3/24 dev ul0
		addr add 2001:db8::1/64 dev ul0 nodad
		addr add 2001:db8::3/64 dev ul0 nodad
		link set ul0 addrgenmode none up
		link add p1 type dummy
		link add p2 type dummy
	EOT
	ctn "$w" -b - <<-EOT || die "setup: networks"
		add-net net0 --vni 100 --local 192.0.2.1 --local 2001:db8::1 --mac 02:aa:00:00:00:01
		add-net net1 --mac 02:aa:00:00:00:02
		add-port net0 --dev p1
		add-peer net0 192.0.2.2
		add-fdb net0 02:bb:00:00:00:01 --port p1 --ip 203.0.113.5
		add-fdb net0 02:bb:00:00:00:05 --peer 192.0.2.2
	EOT
	# it follows no peer, or there would be two changes, one of them later
	must ctn "$w" set-net net0 --mtu 1400
	must ip -n "$w" link set net1 down
}

# survived WHAT QUESTION...: asks, and says how many allocations failed
survived()
{
	local what=$1 rest

	shift
	tell "$@"
	if ! IFS= read -rt $((240 * CTNET_SLOW)) -u "$PYTHON_OUT" ANSWER; then
		fail "no answer to: $*"
		return
	fi
	if [[ ! $ANSWER =~ ^ok\ ([0-9]+)\ ([0-9]+)\ (.*)$ ]]; then
		fail "$ANSWER"
		return
	fi
	rest=${BASH_REMATCH[3]}
	diag "$what: ${BASH_REMATCH[1]} allocations failed one by one," \
		"${BASH_REMATCH[2]} of them were survived$([[ $rest == 0 || $rest == *\ * ]] ||
		echo ", $rest cost the answer")"
	((BASH_REMATCH[1] > 0)) || fail "no allocation failed"
	[[ $rest != *\ * ]] || diag "unload: ${rest% *} allocations failed one by one, ${rest#* } of them were survived"
}

walk() { survived "$1" walk "$w" "$1"; }

# Of a namespace's more than a thousand allocations two are ours, and these fail as the
# module is loaded, for each namespace that there is: here each third will do.
namespaces() { survived "unshare" namespaces $((3 * STRIDE)); }

# Of a request to ctnet all allocations fail; of the hundreds of one to rtnetlink, which
# the tool is told one of two errors of, the first, and each 16th; of the thousands that
# all its system calls make, most of them as its memory is mapped, each 97th.
tool() { survived "ctnetctl $1" tool "$1" $((16 * STRIDE)) $((97 * STRIDE)); }

loading()
{
	local file

	file=$(modinfo -n ctnet) || fail "where is the module?" || return
	check rmmod ctnet || return
	survived load load "$file"
}

# leaked: what kmemleak finds. What a frame or a request needs is allocated by others, too,
# and their names alone stand in the way to it: so any leak counts that is not known for one
# of the kernel's own. Those are told of, and cleared, as they are not for the runner.
leaked()
{
	local found unknown n

	[[ -w $LEAKS ]] || { skip "the kernel has no kmemleak"; return; }
	# it looks at what is older than five seconds
	nap 5.5
	echo scan >$LEAKS
	echo scan >$LEAKS
	# it may have taken for a leak what was on its way: a third look is surer
	[[ -z $(head -c 1 $LEAKS) ]] || echo scan >$LEAKS
	found=$(<$LEAKS)
	unknown=$(awk -v RS='unreferenced object ' -v known="$KNOWN_LEAKS" \
		'NR > 1 && $0 !~ known' <<<"$found")
	n=$(awk -v RS='unreferenced object ' -v known="$KNOWN_LEAKS" \
		'NR > 1 && $0 ~ known { n++ } END { print n + 0 }' <<<"$found")
	[[ $n -eq 0 ]] || diag "$n leaks of the kernel's own"
	if [[ -n $unknown ]]; then
		fail "leaked:"
		diag "$(head -n 120 <<<"$unknown")"
		return
	fi
	echo clear >$LEAKS
}

# what failed, and what was made and is deleted by now, has no per-CPU memory any more
percpu_goes()
{
	[[ -n $PERCPU ]] || { skip "no control group that counts it"; return; }
	wait_until 20000 percpu_is 0
}

build_traffic()
{
	topo_two_hosts
	topo_network net0 100
	setup_ns c1 c2 c3 c4
	# what is guarded is not learned
	must ctn "$h1" add-port net0 "$c1" --address 203.0.113.1/24 --mac 02:cc:00:00:00:01 --guard off
	must ctn "$h1" add-port net0 "$c2" --address 203.0.113.2/24 --mac 02:cc:00:00:00:02
	must ctn "$h1" add-port net0 "$c3" --address 203.0.113.3/24 --mac 02:cc:00:00:00:03
	must ctn "$h2" add-port net0 "$c4" --address 203.0.113.4/24 --mac 02:cc:00:00:00:04
	must ctn "$h1" add-fdb net0 02:cc:00:00:00:04 --peer "$H2_IP"
}

# half of all allocations that may not sleep fail
frames()
{
	local -a from=("$c1" eth0)
	local src=02:cc:00:00:00:01 before after i

	wait_for_ping "$c1" 203.0.113.2
	wait_for_ping "$c1" 203.0.113.4
	listen "$c2"
	before=$(drops "$h1" net0 nomem)
	# what may sleep is not made to fail: a test is to go on
	knobs ignore-gfp-wait=Y probability=50
	for i in 1 2 3 4; do
		# flooded to ports and peer; forwarded; encapsulated; learned
		ask send "${from[@]}" ff:ff:ff:ff:ff:ff $src flood count=50
		ask send "${from[@]}" 02:cc:00:00:00:02 $src here count=50
		ask send "${from[@]}" 02:cc:00:00:00:04 $src there count=50
		ask send "${from[@]}" 02:ee:00:00:00:01 $src unknown count=50
		ask macs "${from[@]}" 50 02:dd:00:00:0$i:00
	done
	ask count "$c2" eth0 here min=1 "ms=$((5000 * CTNET_SLOW))"
	knobs probability=0 ignore-gfp-wait=N
	after=$(drops "$h1" net0 nomem)
	diag "frames: $((after - before)) dropped for nomem"
	((after > before)) || fail "nomem was not counted: $before, then $after"
	ping_ok "$c1" 203.0.113.2
	ping_ok "$c1" 203.0.113.4
	ping_ok "$c4" 203.0.113.3
	check_eq "$(drops "$h1" net0 nomem)" "$after" "nomem once there is memory"
}

build_walk
percpu_group
begin_faults
python_start ../fault/fault.py
[[ -z $PERCPU ]] || charge "$PYTHON_PID"
ask titles "$w"
for title in ${ANSWER#ok }; do
	run_test walk "$title" "$title fails whole or succeeds whole"
done
run_test namespaces "a namespace is made, or not; one that is made takes networks"
kill_wait "$PYTHON_PID"

# the tool begins with one network of its own
must ctn "$w" del-net net0
must ctn "$w" del-net net1
run_test percpu_goes "per-CPU memory is given back, whichever allocation fails"
must mkdir "$TMP/tool"
python_start ../fault/faulttool.py
ask start "$PRELOAD" "$TMP/tool" "$w" "$w1" "$w2"
for title in add-net set-net add-port set-port del-port add-peer add-fdb restore sync del-net; do
	run_test tool "$title" "ctnetctl $title does all of it or nothing, and says so"
done
kill_wait "$PYTHON_PID"

build_traffic
python_start frames.py
run_test frames "frames are lost for want of memory, counted, and flow again"
kill_wait "$PYTHON_PID"
run_test leaked "none of it leaked"

python_start ../fault/fault.py
[[ -z $PERCPU ]] || charge "$PYTHON_PID"
run_test loading "the module is loaded, or nothing is left of it; it is unloaded"
run_test leaked "nor as the module was loaded"
run_test percpu_goes "nor is there per-CPU memory that was not given back"
