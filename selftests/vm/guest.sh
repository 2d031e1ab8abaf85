#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs inside a VM, started by run.sh with the directory that all VMs share, and this
# one's own in it: unpacks the payload, takes the scripts of $RUN/tests that no other VM
# has taken and judges each by its KTAP lines, its exit code, what it left behind and what
# the kernel said meanwhile. Writes $VM/log (for people), $VM/results (a line for each
# script), $VM/current (the script that runs), $VM/ready and $VM/done.

set -u

RUN=$1 VM=$2
readonly RUN VM FAST=/run/ctnet-vm
set -a
# shellcheck source=/dev/null
. "$RUN/vars"
set +a
# shellcheck source=verdict.sh
. "$RUN/verdict.sh"

# What the kernel says when something is wrong. "Objects remaining" and "still has
# objects" come from a slab cache that is destroyed with objects in it; "huh" from a softirq
# that ends with another preempt_count than it began with; "is buggy" from a frame whose network
# header is where none can be; "Dead loop" from frames that go round in a circle.
readonly KLOG_BAD='WARNING|BUG|Oops|[Ll]ockdep|circular locking|inconsistent lock state'\
'|suspicious RCU|held lock|lock held|refcount|unregister_netdevice: waiting for|KASAN|KCSAN|UBSAN'\
'|KFENCE|general protection|Call Trace|scheduling while atomic|sleeping function called|rcu: INFO'\
'|blocked for more than|soft lockup|leak|Objects remaining|objects remaining|still has objects'\
'|huh, entered softirq|NOHZ tick-stop error|Dead loop on virtual device|is buggy, dev'\
'|neighbor table overflow|suspect GRO implementation'
# What it says of memory that a script takes from it, and which is no more than that.
readonly KLOG_FAULT='Call Trace\|kmemleak: Cannot allocate a scan area\|unreliable refcount tracker'
# A line of a trace, which is no verdict whatever the function is called.
readonly KLOG_FRAME='^\[ *[0-9.]+\] +(\[<[0-9a-f]+>\] )?(\? )?[[:alnum:]_.]+\+0x[0-9a-f]+/0x[0-9a-f]+'
# How many leaks a look found: which these are, and whether the next look finds them, too,
# is asked of kmemleak itself.
readonly KLOG_LOOK='kmemleak: [0-9]+ new suspected memory leaks'
readonly GCOV=/sys/kernel/debug/gcov
readonly KMEMLEAK=/sys/kernel/debug/kmemleak
readonly REPORTS=$FAST/reports	# of the tool's sanitizers
readonly RECORDS=$FAST/gcov	# of the tool's coverage
# Devices that modules of the kernel make in the first namespace as they load.
readonly OTHERS_LINKS='^(lo|dummy0|bond0|sit0|tunl0|ip6tnl0|gre0|gretap0|erspan0|ip6gre0|ip_vti0|ip6_vti0|ifb[01])$'

exec >>"$VM/log" 2>&1

unpack()
{
	local ld mods=/lib/modules/$VM_KVER own

	mkdir -p $FAST /run/netns
	mount -t tmpfs -o mode=755 ctnet $FAST
	tar -C $FAST -xf "$RUN/payload.tar"
	# modules that are elsewhere on the machine are a link to there, read-only
	if [[ -L $mods ]]; then
		own=$(readlink -f "$mods")
		rm "$mods"
		mkdir "$mods"
		ln -s "$own/kernel" "$mods/"
	fi
	mkdir -p "$mods"
	cp -r "$FAST$mods/." "$mods/"
	# the dynamic loader from memory, too
	for ld in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*; do
		[[ -e $ld ]] || continue
		cp -L "$ld" $FAST/ld.so
		mount --bind $FAST/ld.so "$(readlink -f "$ld")"
		break
	done
	export PATH=$FAST/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export LD_LIBRARY_PATH=$FAST/lib-fast MANPATH=$FAST/man:
	mount -t tmpfs -o mode=1777 tmp /tmp
	if [[ -n $SANITIZE ]]; then
		# whoever runs the tool may write there
		mkdir -m 1777 $REPORTS
		export ASAN_OPTIONS=log_path=$REPORTS/r:detect_leaks=1
		export UBSAN_OPTIONS=log_path=$REPORTS/r:print_stacktrace=1
	fi
	sysctl -qw kernel.panic_on_oops=1
	# a CPU that hangs is a crash, with a trace; a slow VM on a busy machine is not
	sysctl -qw kernel.watchdog_thresh=60 kernel.softlockup_panic=1 \
		kernel.softlockup_all_cpu_backtrace=1 2>/dev/null
	# so is a task that waits for RTNL while thousands of ports go
	sysctl -qw kernel.hung_task_timeout_secs=600 2>/dev/null || :
}

links() { ip -o link show | awk -F': ' '{ sub(/@.*/, "", $2); print $2 }' | grep -vE "$OTHERS_LINKS"; }

module_loaded() { [[ -e /sys/module/ctnet ]]; }

# What a script must not leave in the VM; takes it away, and says what it was.
leftovers()
{
	local id=$1 pids p ns l

	pids=$(cd /proc && grep -lz "^CTNET_TEST=$id\$" [0-9]*/environ 2>/dev/null)
	for p in $pids; do
		p=${p%/environ}
		printf '# left a process: %s %s\n' "$p" "$(tr '\0' ' ' <"/proc/$p/cmdline")"
		kill -9 "$p"
	done
	for ns in /run/netns/*; do
		[[ -e $ns ]] || continue
		echo "# left a namespace: ${ns##*/}"
		ip netns del "${ns##*/}"
	done
	for l in $(links); do
		echo "# left a device: $l"
		ip link del "$l"
	done
}

# Unloads the module: everything that it counts must have been freed. That waits for
# namespaces that are still being taken down, too.
unload()
{
	local i out

	module_loaded || return 0
	for ((i = 0; i < 50; i++)); do
		out=$(rmmod ctnet 2>&1) && break
		sleep 0.2
	done
	if module_loaded; then
		echo "# the module cannot be unloaded: $out (refcount $(</sys/module/ctnet/refcnt))"
		return 1
	fi
	if grep '^ctnet' /proc/slabinfo | sed 's/^/# still there: slab cache /' | grep .; then
		return 1
	fi
}

# What kmemleak finds that was not there before. It looks at what is five seconds old, and
# tells of what has not changed since a scan before. As it looks at all memory, it may take
# for a pointer what is none: a third look is surer.
leaks()
{
	sleep 5
	echo scan >$KMEMLEAK
	echo scan >$KMEMLEAK
	[[ -z $(head -c 1 $KMEMLEAK) ]] || echo scan >$KMEMLEAK
	cat $KMEMLEAK
	echo clear >$KMEMLEAK
}

sanitizer_reports()
{
	local f

	for f in "$REPORTS"/*; do
		[[ -e $f ]] || continue
		echo "# ctnetctl's sanitizers:"
		head -n 60 "$f" | sed 's/^/# /'
		rm "$f"
	done
}

# What the kernel said while script $1 ran, if it was about something wrong; all that it said
# is kept then.
kernel_log()
{
	local bad said

	[[ ! -w $KMEMLEAK ]] || leaks
	said=$(dmesg | sed -n "/ctnet-selftest: begin $1\$/,\$p")
	if [[ -z $said ]]; then
		echo "# the kernel said so much that what it said first is lost: nobody knows if it was clean"
		said=$(dmesg)
		echo "$said" >"$VM/out/$1.dmesg"
	fi
	bad=$(sed "/ctnet-selftest: faults begin/,/ctnet-selftest: faults end/{/$KLOG_FAULT/d}" <<<"$said" |
		our_races | grep -vE "$KLOG_FRAME|$KLOG_LOOK" | grep -E "$KLOG_BAD" | head -n 40)
	if [[ -n $bad ]]; then
		printf 'the kernel said:\n%s\n' "$bad" | sed 's/^/# /'
		echo "$said" >"$VM/out/$1.dmesg"
	fi
	# it switches itself off at its first report, or where its tables are full
	[[ ! -e /proc/lockdep_stats ]] || grep -q 'debug_locks: *1' /proc/lockdep_stats ||
		echo "# lockdep is off: it had something to say, or too much to watch"
}

# The log without what KCSAN reports about others' code: a report stands between lines of
# "=", and tells of two accesses, with a call trace each. It is ours if ctnet is in the trace
# of one that is not marked (READ_ONCE() and its like): where ours is, it is the other that
# takes the risk.
our_races()
{
	awk '
		/\] =====+$/ && !report { report = 1; text = $0; ours = kcsan = plain = 0; next }
		!report { print; next }
		{ text = text "\n" $0 }
		/BUG: KCSAN:/ { kcsan = 1 }
		/ to 0x[0-9a-f]+ of [0-9]+ bytes? by / { plain = !/\(marked/ }
		/\[ctnet\]/ && plain { ours = 1 }
		/\] =====+$/ { if (ours || !kcsan) print text; report = 0 }
		END { if (report) print text }'
}

run_script()
{
	local t=$1 limit=$2 id size ret start=$SECONDS found stuck=0

	id=$t.$RANDOM
	echo "ctnet-selftest: begin $t" >/dev/kmsg
	[[ $MODE == demo ]] || echo "== $t"
	size=$(stat -c %s "$VM/log")
	if [[ $MODE != demo ]] && ! module_loaded && ! modprobe ctnet; then
		echo "not ok 1 the module loads"
		ret=1
	else
		(cd $FAST/selftests && exec env CTNET_TEST="$id" CTNET_SLOW="$SLOW" \
			CTNET_OUT="$VM/out" GCOV_PREFIX=$RECORDS \
			timeout -k 20 "$limit" bash ${EACH:+lib/each.sh} "$SCRIPT_DIR/$t.sh" </dev/null)
		ret=$?
	fi
	found=$(leftovers "$id")
	found+=$'\n'$(sanitizer_reports)
	if ! found+=$'\n'$(unload); then
		stuck=1
	fi
	found+=$'\n'$(kernel_log "$t")
	judge "$t" "$limit" "$ret" "$size" "$start" "$found"
	return $stuck
}

# The demo's first steps and a prompt, on the console that the runner connects to the
# user's terminal. That is opened once: what was typed is lost where its last user closes it.
# What the user leaves behind ends with the VM.
prompt()
{
	local verdict=PASS

	mv -f "$RUN/queue/demo" "$VM/current"
	(cd $FAST/selftests && exec env CTNET_SLOW="$SLOW" TERM="$CTNET_TERM" \
		setsid -cw bash "$SCRIPT_DIR/demo.sh" <>/dev/hvc0 >&0 2>&1) || verdict=FAIL
	echo "demo $verdict 0 0 0 $SECONDS" >>"$VM/results"
	touch "$VM/done"
}

# Which lines of the module ran, as gcov has it for each of its objects, and the records of
# the tool
keep_coverage()
{
	local f

	mkdir -p "$VM/gcov"
	[[ ! -d $RECORDS ]] || cp -r $RECORDS/. "$VM/gcov/"
	(cd $GCOV && find . -name '*.gcda') | while IFS= read -r f; do
		mkdir -p "$VM/gcov/${f%/*}"
		cat "$GCOV/$f" >"$VM/gcov/$f"
	done
}

dmesg -n 1
unpack
mkdir -p "$VM/out"
if [[ -w $KMEMLEAK ]]; then
	# no scans in between, and nothing of what the kernel did as it booted
	echo scan=off >$KMEMLEAK
	leaks >/dev/null
fi
touch "$VM/ready"
if [[ $MODE == shell ]]; then
	prompt
	exit
fi
while read -r t limit; do
	# one VM only can rename it
	mv -f "$RUN/queue/$t" "$VM/current" 2>/dev/null || continue
	# where the module is stuck, the rest needs a new VM
	run_script "$t" "$limit" || break
done <"$RUN/tests"
[[ ! -d $GCOV ]] || keep_coverage
touch "$VM/done"
