#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds module and tool for the VM's kernel, boots a VM and runs the tests (or the
# demo) in it. What runs inside is guest.sh.
#
#	run.sh check	TESTS="local tunnel": only these; V=1: all that they print
#	run.sh demo
#
# The VM sees this machine's files, read-only; one directory it can write to: there it
# reads the payload and leaves its log, which is followed here. A VM that crashes or
# hangs is ended, the script that ran in it has failed, and the others go on in a new one.

set -u
shopt -s nullglob

SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly SELFTESTS TOP=${SELFTESTS%/*}
readonly MODE=${1:-check}
readonly BOOT_TIMEOUT=600	# seconds to boot
readonly SLACK=120		# seconds for the guest's own work between scripts

# shellcheck source=provision.sh
. "$SELFTESTS/provision.sh"

RUN="" VM_PID="" TAIL_PID=""

at_exit()
{
	end_vm
	[[ -z $RUN ]] || rm -rf "$RUN"
}

# ------------------------------------------------------------------- build

# A copy of the sources is built, apart for each kernel: the tree stays as it is, and
# may be built for another kernel.
build()
{
	local tag f log

	tag=$(printf %s "$TOP" | cksum)
	BUILD=$CTNET_CACHE/build/${tag%% *}-$VM_KVER
	log=$BUILD/build.log
	mkdir -p "$BUILD"
	exec {LOCK}>"$BUILD/.lock"
	flock "$LOCK"
	say "building for $VM_KVER"
	# only what differs is copied, so that make builds only that
	(cd "$TOP" && find Makefile Kbuild dkms.conf LICENSE kmod tools uapi -type f \
		\( -name '*.[ch8]' -o -name 'Makefile' -o -name Kbuild -o -name LICENSE \
		   -o -name '*.conf' -o -name '*-completion' -o -name '*.yaml' \) \
		! -name '*.mod.c' -print) |
	while IFS= read -r f; do
		cmp -s "$TOP/$f" "$BUILD/$f" && continue
		mkdir -p "$BUILD/${f%/*}" 2>/dev/null
		rm -rf "${BUILD:?}/$f"
		cp "$TOP/$f" "$BUILD/$f"
	done
	if ! { make -C "$BUILD" -j2 module KDIR="$VM_KDIR" &&
	       make -C "$BUILD" -j2 tool; } >"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		give_up "the build failed"
	fi
	grep -E 'warning:|WARNING:' "$log" >&2
	[[ -z ${V:-} ]] || cat "$log"
}

# The module indexes of the VM's kernel with ctnet in them, so that it loads by its
# name and alias there as on a host on which it was installed.
index_modules()
{
	local mods=$RUN/stage/lib/modules/$VM_KVER f

	mkdir -p "$mods/updates"
	cp "$BUILD/ctnet.ko" "$mods/updates/"
	ln -s "/lib/modules/$VM_KVER/kernel" "$mods/kernel"
	for f in "/lib/modules/$VM_KVER"/modules.{order,builtin,builtin.modinfo}; do
		cp "$f" "$mods/"
	done
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$RUN/stage" "$VM_KVER" || give_up "depmod failed"
	rm "$mods/kernel"
}

# The guest reads this machine's files over 9p, which is slow for what a test starts a
# thousand times: those programs are taken along, with their libraries, and run from
# the guest's memory.
pack()
{
	local stage=$RUN/stage p bin lib

	mkdir -p "$stage/bin" "$stage/lib-fast" "$stage/selftests" "$stage/man"
	index_modules
	cp -r "$SELFTESTS/." "$stage/selftests/"
	bin=$PATH:/sbin:/usr/sbin
	for p in bash ip bridge tc ethtool ping arping jq tcpdump nft iperf3 socat sysctl \
		timeout grep sed awk mawk cat rm mkdir mktemp cp diff sleep true kill env \
		wc head tail tr sort date modprobe lsmod modinfo insmod rmmod kmod dmesg \
		busybox nsenter unshare setpriv capsh stat find xargs cut seq ps ss script stty \
		touch ls readlink uname id nc; do
		p=$(PATH=$bin type -P "$p") && cp -L "$p" "$stage/bin/${p##*/}"
	done
	cp "$BUILD/tools/ctnetctl" "$stage/bin/"
	cp "$BUILD"/tools/*.8 "$stage/man/" 2>/dev/null
	ldd "$stage"/bin/* 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u |
	while IFS= read -r lib; do
		cp -L "$lib" "$stage/lib-fast/"
	done
	tar -C "$stage" -cf "$RUN/payload.tar" . || give_up "tar failed"
	rm -rf "$stage"
}

# ---------------------------------------------------------------------- VM

# A /dev/kvm that can be opened may still not run a guest (nested in a VM that hides
# something): QEMU itself is asked.
use_kvm()
{
	[[ -w /dev/kvm ]] || return
	(echo quit | timeout 20 "qemu-system-$(uname -m)" -accel kvm -cpu host -m 64 -S \
		-nodefaults -display none -monitor stdio) >/dev/null 2>&1
}

start_vm()
{
	local -a opt=(--cpus 2 --memory 2G --user root)
	local append=""

	[[ $SLOW -eq 1 ]] || opt+=(--disable-kvm)
	# the module's own slab caches are poisoned, and not merged with others, so that
	# what it uses after it is freed or forgets to free is seen
	[[ $MODE != check ]] || append=" slub_debug=FZPU,ctnet* slab_nomerge"
	rm -f "$RUN/ready"
	: >"$RUN/log"
	: >"$RUN/console"
	echo "$MODE" >"$RUN/mode"
	printf '%s\n' "SLOW=$SLOW" "V='${V:-}'" "TESTS_ONLY='${TESTS_ONLY:-}'" \
		"VM_KVER='$VM_KVER'" "DEFAULT_TIMEOUT=$DEFAULT_TIMEOUT" >"$RUN/vars"
	say "booting the VM: $VM_KVER, 2 CPUs$([[ $SLOW -eq 1 ]] || echo ', without KVM: slow')"
	# Three quarters of the time to boot without KVM are udev's, which follows its rules
	# for each device over 9p. Only this one is needed, by virtme-ng itself.
	if [[ -d /usr/lib/udev/rules.d ]]; then
		mkdir -p "$RUN/rules.d"
		# shellcheck disable=SC2016 # the rule wants its dollar sign
		printf '%s\n' 'SUBSYSTEM=="virtio-ports", KERNEL=="vport*", ATTR{name}=="?*", SYMLINK+="virtio-ports/$attr{name}"' \
			>"$RUN/rules.d/50-virtio-ports.rules"
		opt+=(--rodir "/usr/lib/udev/rules.d=$RUN/rules.d")
	fi
	# without -v, vng throws away what the kernel says on its console as it dies
	setsid vng -r "$VM_KERNEL" "${opt[@]}" --rwdir "$RUN" --cwd / \
		--append "panic=-1 oops=panic log_buf_len=8M printk.devkmsg=on$append" \
		--qemu-opts "-set chardev.console.path=$RUN/console" \
		--exec "bash $RUN/guest.sh $RUN" </dev/null >"$RUN/vng" 2>&1 &
	VM_PID=$!
	tail -n +1 -f -s 0.5 --pid="$VM_PID" "$RUN/log" > >(show) 2>/dev/null &
	TAIL_PID=$!
}

# ends the VM if it runs, and sees that its log has been shown to the end
end_vm()
{
	[[ -n $VM_PID ]] || return 0
	kill -9 -- "-$VM_PID" 2>/dev/null
	wait "$VM_PID" 2>/dev/null
	wait "$TAIL_PID" 2>/dev/null
	VM_PID=""
}

# what a person wants to see of the log: verdicts and remarks, or all
show()
{
	local line

	while IFS= read -r line; do
		if [[ $MODE != check || -n ${V:-} || $line =~ ^(ok\ |not\ ok\ |==|\#|1\.\.|TAP) ]]; then
			printf '%s\n' "$line"
		fi
	done
}

script_timeout()
{
	local t

	t=$(sed -n 's/^# timeout: *\([0-9]\+\).*/\1/p;20q' "$SELFTESTS/$1.sh" | head -n 1)
	echo "${t:-$DEFAULT_TIMEOUT}"
}

# Waits for the VM to end; ends it if the script in it takes longer than it may. Says
# in $VM_END what happened: finished, crash, hang, noboot.
wait_vm()
{
	local deadline=$((SECONDS + BOOT_TIMEOUT)) current="" now

	while true; do
		if [[ -e $RUN/done ]]; then
			# it powers off by itself, or is not needed any more
			VM_END=finished
			break
		elif ! kill -0 "$VM_PID" 2>/dev/null; then
			VM_END=crash
			[[ -e $RUN/ready ]] || VM_END=noboot
			[[ ! -e $RUN/done ]] || VM_END=finished
			break
		elif ((SECONDS > deadline)); then
			VM_END=hang
			[[ -e $RUN/ready ]] || VM_END=noboot
			break
		fi
		now=$(cat "$RUN/current" 2>/dev/null)
		if [[ $now != "$current" ]]; then
			current=$now
			deadline=$((SECONDS + SLACK + $(script_timeout "$current")))
		fi
		sleep 0.5
	done
	# give tail the time to read the last of the log
	sleep 1
	end_vm
}

# the kernel's last words, from the first that tells what went wrong
console_tail()
{
	sed -n '/Kernel panic\|BUG\|Oops\|general protection\|cut here\|sysrq:/,$p' "$RUN/console" |
		head -n "$1" | tr -d '\r' | sed 's/^/# /'
}

vng_tail()
{
	cat "$RUN/vng" "$RUN/console" 2>/dev/null | tr -d '\r\000' | grep -v '^ *$' | tail -n "$1" | sed 's/^/# /'
}

# -------------------------------------------------------------- what is run

list_tests()
{
	local t f

	if [[ -n ${TESTS:-} ]]; then
		for t in ${TESTS//,/ }; do
			t=${t##*/}
			t=${t%.sh}
			[[ -r $SELFTESTS/$t.sh ]] || give_up "no test $t (no selftests/$t.sh)"
			echo "$t"
		done
		return
	fi
	for f in "$SELFTESTS"/*.sh; do
		t=${f##*/}
		t=${t%.sh}
		# what is no test does not source lib.sh
		grep -q '^\. .*lib\.sh"\?$' "$f" && echo "$t"
	done
}

check()
{
	local tests left t name verdict ok bad skipped secs
	local passed=0 failed=0 skip=0 boots=0

	tests=$(list_tests) || exit 1
	[[ -n $tests ]] || give_up "no tests"
	left=$tests
	: >"$RUN/results"
	while [[ -n $left ]]; do
		printf '%s\n' "$left" >"$RUN/tests"
		: >"$RUN/current"
		rm -f "$RUN/done"
		boots=$((boots + 1))
		start_vm
		wait_vm
		t=$(cat "$RUN/current")
		if [[ $VM_END == noboot ]]; then
			vng_tail 30
			give_up "the VM did not boot"
		fi
		if [[ $VM_END != finished ]]; then
			if [[ -z $t ]]; then
				vng_tail 30
				give_up "the VM ended before any test ran ($VM_END)"
			fi
			grep -q "^$t " "$RUN/results" ||
				lost "$t" >>"$RUN/results"
			echo "== $t: the VM $VM_END$([[ $VM_END == crash ]] && echo ed || echo s); its console:"
			console_tail 60
			echo "== $t: FAIL"
			cp "$RUN/console" "$CTNET_CACHE/console.log"
		fi
		# those that have no result yet
		left=$(while IFS= read -r t; do
			grep -q "^$t " "$RUN/results" || echo "$t"
		done <<<"$tests")
		[[ $left != "$(<"$RUN/tests")" ]] || give_up "the VM ended without having run any of: $left"
	done

	echo
	while read -r name verdict ok bad skipped secs; do
		printf '%-4s %-20s %3d ok %3d not ok %3d skipped %5d s\n' "$verdict" "$name" \
			"$ok" "$bad" "$skipped" "$secs"
		passed=$((passed + ok)) failed=$((failed + bad)) skip=$((skip + skipped))
	done <"$RUN/results"
	echo
	echo "$passed passed, $failed failed, $skip skipped"
	[[ $failed -eq 0 && $passed -gt 0 ]]
}

# the result of a script whose VM went: what it had printed, and one failure more
lost()
{
	local ok bad skipped text

	text=$(sed -n "/^== $1\$/,\$p" "$RUN/log")
	skipped=$(grep -c '^ok .*# SKIP' <<<"$text")
	ok=$(grep -c '^ok ' <<<"$text")
	bad=$(grep -c '^not ok ' <<<"$text")
	echo "$1 FAIL $((ok - skipped)) $((bad + 1)) $skipped 0"
}

demo()
{
	rm -f "$RUN/done"
	: >"$RUN/current"
	echo demo >"$RUN/tests"
	start_vm
	wait_vm
	if [[ $VM_END != finished ]]; then
		vng_tail 40
		give_up "the VM: $VM_END"
	fi
	grep -q '^demo PASS' "$RUN/results"
}

main()
{
	case $MODE in
	check|demo) ;;
	*) give_up "usage: run.sh check|demo" ;;
	esac
	DEFAULT_TIMEOUT=$(sed -n 's/^timeout=//p' "$SELFTESTS/settings")
	provision
	SLOW=4
	! use_kvm || SLOW=1
	trap at_exit EXIT
	trap 'exit 130' INT TERM
	build
	mkdir -p "$CTNET_CACHE"
	RUN=$(mktemp -d "$CTNET_CACHE/run.XXXXXX")
	cp "$SELFTESTS/guest.sh" "$RUN/"
	pack
	flock -u "$LOCK"
	: >"$RUN/results"
	"$MODE"
}

main
