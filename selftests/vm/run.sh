#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds module and tool for the VM's kernel, boots VMs and runs the tests (or the demo,
# or a shell) in them. What runs inside is guest.sh.
#
#	run.sh check	TESTS="local tunnel": only these; SKIP="scale": not these;
#			V=1: all that they print;
#			JOBS=1: in one VM, shown as it happens;
#			KERNEL=NAME: a kernel of our own (kernels/kernels) and not Debian's;
#			RUNNER=uml: a user-mode kernel, which is one of these;
#			KVM=0: VMs without KVM; KVM=1: with it, untried;
#			COVERAGE=1: what of module and tool was executed;
#			SANITIZE=1: ctnetctl with its sanitizers;
#			KERNELS="6.1 6.12 7.2": on each of these kernels of Debian's;
#			BRIEF=1: what is shown elsewhere is left out, see brief()
#			UNTIL=T: no script is started after T (seconds since 1970), one that
#			still runs LAST seconds later (600) is ended, and both are named
#	run.sh check-debug	on each kernel of our own what kernels/kernels says
#			ON="uml kcsan": on these only
#	run.sh bench	what frames cost, in instructions; CASES="cable guard": these only;
#			JSON=FILE: there, too
#	run.sh demo
#	run.sh shell	the demo's first steps, then a prompt
#
# A script with a line "# host: WHY" at its head is about the runner itself, or about this
# machine: host.sh runs it here, in place of a VM, while the others run in theirs.
#
# A runner (runner-vng.sh, runner-uml.sh) knows how to start what is called a VM here.
# A VM sees this machine's files, read-only; one directory it can write to, $RUN, which
# all share: there it reads the payload, takes the next script out of $RUN/queue until
# none is left, and leaves its log and results in $RUN/vmN. A VM that crashes or hangs is
# ended, the script that ran in it has failed, and the others go on in a new one.

set -u
shopt -s nullglob

SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly SELFTESTS TOP=${SELFTESTS%/*}
readonly MODE=${1:-check}
readonly SLACK=120		# seconds for the guest's own work between scripts
# churn.sh is for who asks for it, and for kernels that see what it does
if [[ -n ${KERNEL:-}${RUNNER:-} || ${TESTS:-} == *churn* ]]; then
	: "${CTNET_CHURN_SECONDS:=60}"
fi

# shellcheck source=provision.sh
. "$SELFTESTS/vm/provision.sh"
# shellcheck source=ownkernel.sh
. "$SELFTESTS/vm/ownkernel.sh"
# shellcheck source=build.sh
. "$SELFTESTS/vm/build.sh"
# shellcheck source=coverage.sh
. "$SELFTESTS/vm/coverage.sh"
# shellcheck source=kernels.sh
. "$SELFTESTS/vm/kernels.sh"

SCRIPT_DIR=.	# below $SELFTESTS: where the scripts are that run
RUN="" SCRIPTS="" ON_HOST="" JOBS=${JOBS:-} BOOTS=0 TAIL_PID="" HOST_PID="" KERNEL_SLOW=1
BOOT_TIMEOUT=600	# seconds to boot
# of each VM that runs, by its number: the script that it took last, how many results of
# it were shown, when that script (or booting) must have ended
VM_PID=() VM_TEST=() VM_SHOWN=() VM_DEADLINE=()

end_vms()
{
	local vm

	for vm in "${!VM_PID[@]}"; do
		end_vm "$vm"
	done
}

at_exit()
{
	end_vms
	[[ -z $HOST_PID ]] || { kill "$HOST_PID" && wait "$HOST_PID"; } 2>/dev/null
	[[ -z $RUN ]] || rm -rf "$RUN"
}

setting() { sed -n "s/^$1=//p" "$SELFTESTS/vm/settings"; }

# ---------------------------------------------------------------------- VM

# start_vm PLACE APPEND: a VM, or what is in its place on the host
start_vm()
{
	local append="log_buf_len=8M printk.devkmsg=on $2" name="the VM" vm dir

	vm=$((++BOOTS)) dir=$RUN/vm$BOOTS
	((JOBS == 1)) || name="VM $vm"
	# the module's own slab caches are poisoned, and not merged with others, so that
	# what it uses after it is freed or forgets to free is seen
	[[ $MODE != check ]] || append+=" slub_debug=FZPU,ctnet* slab_nomerge"
	mkdir "$dir"
	touch "$dir"/{log,console,results,current}
	if [[ $1 == host ]]; then
		setsid bash "$RUN/host.sh" "$RUN" "$dir" </dev/null >"$dir/runner" 2>&1 &
		RUNNER_PID=$!
	else
		say "booting $name: $VM_KVER${KERNEL:+ ($KERNEL)}, $RUNNER_NAME"
		runner_start "$dir" "$append"
	fi
	VM_PID[vm]=$RUNNER_PID
	VM_TEST[vm]="" VM_SHOWN[vm]=0
	VM_DEADLINE[vm]=$((SECONDS + BOOT_TIMEOUT))
	((JOBS == 1)) || return 0
	tail -n +1 -f -s 0.5 --pid="${VM_PID[vm]}" "$dir/log" 2>/dev/null | show &
	TAIL_PID=$!
}

# ends VM $1 if it runs, and sees that its log has been shown to the end where it is
# followed
end_vm()
{
	kill -9 -- "-${VM_PID[$1]}" 2>/dev/null
	wait "${VM_PID[$1]}" 2>/dev/null
	[[ -z $TAIL_PID ]] || wait "$TAIL_PID" 2>/dev/null
	unset "VM_PID[$1]"
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

# Seconds that script $1 may take: a sum, which may name variables of the environment. For
# a subshell.
# What shares the cores with another VM may take longer, and so may a slower kernel, or one on
# an emulated CPU, of which a busy machine is slower still.
script_timeout()
{
	local t slow=$KERNEL_SLOW

	t=$(header "$1" timeout)
	[[ $t =~ ^[A-Z0-9_+*\ ]+$ ]] || t=$(setting timeout)
	[[ $MODE != shell ]] || t="365 * 86400"	# as long as the user likes
	set +u	# what is not set counts for nothing
	[[ ${ACCEL:-} != tcg ]] || slow=3
	echo $(((t) * (JOBS > 1 ? 2 : 1) * slow * (EACH ? 20 : 1)))
}

# whether there are scripts that no VM has taken
any_left() { compgen -G "$RUN/queue/*" >/dev/null; }

past_until() { [[ -n ${UNTIL:-} ]] && ((EPOCHSECONDS > UNTIL)); }

# After UNTIL, takes what no VM has taken out of the queue, and notes it.
leave_out()
{
	local f

	past_until || return
	for f in "$RUN"/queue/*; do
		rm "$f" 2>/dev/null && echo "${f##*/}" >>"$RUN/left_out"
	done
}

out_of_time() { [[ -n ${UNTIL:-} ]] && ((EPOCHSECONDS > UNTIL + ${LAST:-600})); }

# Ends VM $1 in the middle of script $2, for want of time. What has failed until then has failed.
cut_off()
{
	end_vm "$1"
	if block "$1" "$2" | grep -q '^not ok '; then
		show_block "$1" "$2"
		echo "== $2: FAIL"
		lost "$1" "$2" >>"$RUN/vm$1/results"
	else
		echo "$2" >>"$RUN/left_out"
	fi
}

# what script $2 printed in VM $1
block() { sed -n "/^== $2\$/,/^== $2: /p" "$RUN/vm$1/log"; }

# Where there are several VMs, what a script prints is shown when it has ended, so that
# it is not mixed with another's.
show_block() { ((JOBS == 1)) || block "$@" | show; }

# a line "# WHAT: ..." at the head of script $1
header() { sed -n "s/^# $2: *//p;20q" "$SELFTESTS/$SCRIPT_DIR/$1.sh" | head -n 1; }

# what guest.sh is told
write_vars()
{
	local v

	mkdir -p "$RUN/queue"
	for v in SELFTESTS SCRIPT_DIR MODE SLOW V TESTS_ONLY EACH VM_KVER SANITIZE "${!CTNET_@}"; do
		printf '%s=%q\n' "$v" "${!v:-}"
	done >"$RUN/vars"
}

# Runs the scripts of $1, one a line, in as many VMs as JOBS says; those that want
# something on the kernel's command line in VMs of their own.
run_tests()
{
	local t append
	local -A apart=()

	while IFS= read -r t; do
		# a key must not be empty
		apart[=$(header "$t" append)]+=$t$'\n'
	done <<<"$1"
	for append in "${!apart[@]}"; do
		run_queue "${apart[$append]%$'\n'}" vm "${append#=}"
	done
}

# run_queue SCRIPTS PLACE [APPEND]: in VMs, or on the host
run_queue()
{
	local vm t place=$2 append=${3:-}

	write_vars
	while IFS= read -r t; do
		echo "$t" >"$RUN/queue/$t"
		echo "$t $(script_timeout "$t")"
	done <<<"$1" >"$RUN/tests"
	# longest first, lest it be the last that one VM runs while the others have ended
	((JOBS == 1)) || sort -s -k 2,2nr -o "$RUN/tests" "$RUN/tests"
	while ((${#VM_PID[@]})) || any_left; do
		leave_out
		while ((${#VM_PID[@]} < JOBS)) && any_left; do
			start_vm "$place" "$append"
		done
		sleep 0.5
		for vm in "${!VM_PID[@]}"; do
			watch_vm "$vm"
		done
	done
}

# Shows what is new of VM $1, and ends it if it has nothing left to do, or if the script
# in it takes longer than it may.
watch_vm()
{
	local vm=$1 dir=$RUN/vm$1 end="" t

	[[ $MODE != shell || ! -e $dir/ready || -e $dir/done ]] || attach "$vm"
	# what ends is looked at before its traces, so that these are complete
	kill -0 "${VM_PID[vm]}" 2>/dev/null || end=crash
	any_left || [[ -e $dir/ready ]] || end=finished	# it is not needed any more
	[[ ! -e $dir/done ]] || end=finished
	while read -r t _; do
		show_block "$vm" "$t"
		VM_SHOWN[vm]=$((VM_SHOWN[vm] + 1))
	done < <(tail -n "+$((VM_SHOWN[vm] + 1))" "$dir/results")
	t=$(<"$dir/current")
	if [[ $t != "${VM_TEST[vm]}" ]]; then
		VM_TEST[vm]=$t
		VM_DEADLINE[vm]=$((SECONDS + SLACK + $(script_timeout "$t")))
		((JOBS == 1)) || echo "== $t: started in VM $vm"
	fi
	if [[ -z $end && -n $t ]] && out_of_time; then
		cut_off "$vm" "$t"
		return
	fi
	if [[ -z $end ]]; then
		((SECONDS > VM_DEADLINE[vm])) || return 0
		end=hang
	fi
	end_vm "$vm"
	if [[ $end == finished ]]; then
		[[ -n $t ]] || ! any_left || give_up "the VM ran no test"
		return
	fi
	# one that has not booted has taken no script
	if [[ ! -e $dir/ready ]] && runner_retry "$dir"; then
		write_vars
		return
	fi
	if [[ -z $t || $MODE == demo ]]; then
		runner_tail "$vm" 30
		[[ -e $dir/ready ]] || give_up "the VM did not boot"
		give_up "the VM ended before any test ran ($end)"
	fi
	grep -q "^$t " "$dir/results" || show_block "$vm" "$t"
	echo "== $t: the VM $end$([[ $end == crash ]] && echo ed || echo s); its console:"
	console_tail "$vm" 60
	echo "== $t: FAIL"
	cp "$dir/console" "$CTNET_CACHE/console.log"
	# it has failed even if it had ended
	sed -i "/^$t /d" "$dir/results"
	lost "$vm" "$t" >>"$dir/results"
}

# the last words of the kernel of VM $1, from the first that tells what went wrong
console_tail()
{
	sed -n '/Kernel panic\|BUG\|Oops\|general protection\|cut here\|sysrq:/,$p' "$RUN/vm$1/console" |
		head -n "$2" | tr -d '\r' | sed 's/^/# /'
}

runner_tail()
{
	cat "$RUN/vm$1"/{runner,console} 2>/dev/null | tr -d '\r\000' | grep -v '^ *$' | tail -n "$2" | sed 's/^/# /'
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
		echo "$t"
	done
}

# left_out SCRIPT: one with a line "# brief: WHY" at its head, with BRIEF=1, unless TESTS names it
left_out() { [[ -n ${BRIEF:-} && -z ${TESTS:-} && -n $(header "$1" brief) ]]; }

# is_wanted PROGRAM: one of the SCRIPTS has it in a line "# wants: PROGRAM..." at its head
is_wanted()
{
	local t

	for t in $SCRIPTS; do
		[[ " $(header "$t" wants) " != *" $1 "* ]] || return 0
	done
	return 1
}

# SCRIPTS: what is run in VMs. ON_HOST: what is run on the host; that is about no kernel,
# so where one was asked for it is left to who names it.
choose_scripts()
{
	local t

	for t in ${SKIP:-}; do
		[[ -r $SELFTESTS/$t.sh ]] || give_up "no test $t (no selftests/$t.sh) to SKIP"
	done
	while IFS= read -r t; do
		if [[ " ${SKIP:-} " == *" $t "* ]] || left_out "$t"; then
			continue
		elif [[ -z $(header "$t" host) ]]; then
			SCRIPTS+=${SCRIPTS:+$'\n'}$t
		elif [[ -n ${TESTS:-} || -z $KERNEL${DEBIAN_KERNEL:-} ]]; then
			ON_HOST+=${ON_HOST:+$'\n'}$t
		fi
	done <<<"$1"
	[[ -n $SCRIPTS$ON_HOST ]] || give_up "no tests"
}

# on_host DIR JOBS: in a directory of its own, as VMs may run at the same time. For a subshell.
on_host()
{
	local RUN=$1 JOBS=$2

	trap end_vms EXIT
	trap 'exit 130' INT TERM
	mkdir "$RUN"
	cp "$SELFTESTS"/vm/{host,verdict}.sh "$RUN/"
	run_queue "$ON_HOST" host
}

# What need not be run again, with BRIEF=1: a user-mode kernel shows at the machine's own speed
# what a VM shows at a tenth of it, and sees more. So without KVM, Debian's kernel is for the
# scripts with a line "# debian: WHY" alone, and check-debug has the rest; and on kernels of
# our own those whose line begins with "alone" are left out.
brief()
{
	local t why left=""

	[[ -n ${BRIEF:-} && -z ${TESTS:-}${DEBIAN_KERNEL:-} ]] || return 0
	[[ -n $KERNEL || ${ACCEL:-} == tcg ]] || return 0
	while IFS= read -r t; do
		why=$(header "$t" debian)
		if [[ -n $KERNEL && $why != alone* || -z $KERNEL && -n $why ]]; then
			left+=${left:+$'\n'}$t
		fi
	done <<<"$SCRIPTS"
	say "BRIEF=1: $(wc -l <<<"$left") of $(wc -l <<<"$SCRIPTS") scripts on this kernel"
	SCRIPTS=$left
}

in_vms()
{
	local n max

	n=$(wc -l <<<"$SCRIPTS") max=$(setting jobs)
	[[ -n $JOBS ]] || JOBS=$(runner_jobs) JOBS=$((JOBS < max ? JOBS : max))
	[[ $JOBS =~ ^[1-9][0-9]?$ ]] || give_up "JOBS=$JOBS: no number of VMs"
	((JOBS <= n)) || JOBS=$n
	run_tests "$SCRIPTS"
}

check()
{
	local name verdict ok bad skipped secs
	local passed=0 failed=0 skip=0

	if [[ -n $ON_HOST ]]; then
		on_host "$RUN/host" "${JOBS:-2}" &
		HOST_PID=$!
		[[ -n $SCRIPTS && $JOBS != 1 ]] || wait "$HOST_PID"
	fi
	[[ -z $SCRIPTS ]] || in_vms
	[[ -z $HOST_PID ]] || wait "$HOST_PID"
	HOST_PID=""

	echo
	while read -r name verdict ok bad skipped secs; do
		printf '%-4s %-20s %3d ok %3d not ok %3d skipped %5d s\n' "$verdict" "$name" \
			"$ok" "$bad" "$skipped" "$secs"
		passed=$((passed + ok)) failed=$((failed + bad)) skip=$((skip + skipped))
	done < <(sort "$RUN"/{,host/}vm*/results)
	sed 's/.*/LEFT &: no time was left for it/' "$RUN"/{,host/}left_out 2>/dev/null
	echo
	[[ -z ${COVERAGE:-} ]] || coverage_report
	keep_out
	echo "$passed passed, $failed failed, $skip skipped"
	[[ $failed -eq 0 && $passed -gt 0 ]] || [[ $failed -eq 0 && -s $RUN/left_out ]]
}

# what scripts left to be kept
keep_out()
{
	local dir

	for dir in "$RUN"/{,host/}vm*/out; do
		rmdir "$dir" 2>/dev/null && continue
		mkdir -p "$CTNET_CACHE/out"
		cp -r "$dir/." "$CTNET_CACHE/out/"
		say "kept: $CTNET_CACHE/out: $(cd "$dir" && echo *)"
	done
}

# Ten minutes of churn on each, unless told otherwise.
check_debug()
{
	local name tests failed=""

	for name in ${ON:-}; do
		own_kernel_field "$name" 1 >/dev/null || give_up "ON=$name: there are $(own_kernel_names)"
	done
	export CTNET_CHURN_SECONDS=${CTNET_CHURN_SECONDS:-600}
	while read -r name _ tests _; do
		[[ -z ${ON:-} || " $ON " == *" $name "* ]] || continue
		[[ $tests != all ]] || tests=""
		echo "=== kernel $name"
		KERNEL=$name RUNNER="" TESTS=${TESTS:-$tests} bash "$SELFTESTS/vm/run.sh" check </dev/null ||
			failed+=" $name"
	done < <(grep -v '^#' "$SELFTESTS/vm/kernels/kernels")
	[[ -z $failed ]] || give_up "failed on:$failed"
}

# the result of script $2, whose VM $1 went: what it had printed, and one failure more
lost()
{
	local ok bad skipped text

	text=$(block "$@")
	skipped=$(grep -c '^ok .*# SKIP' <<<"$text")
	ok=$(grep -c '^ok ' <<<"$text")
	bad=$(grep -c '^not ok ' <<<"$text")
	echo "$2 FAIL $((ok - skipped)) $((bad + 1)) $skipped 0"
}

# The table of what was measured, if all frames arrived.
bench()
{
	local out

	JOBS=1
	run_tests "$SCRIPTS"
	out=$(compgen -G "$RUN/vm*/out/frames.tsv") || give_up "nothing was measured"
	mkdir -p "$CTNET_CACHE/out"
	JSON=${JSON:-$CTNET_CACHE/out/bench.json}
	echo
	python3 "$SELFTESTS/bench/table.py" "$out" "$SELFTESTS/bench/limits" "$JSON" "$VM_KVER" || return
	say "the same as JSON: $JSON"
	grep -q '^frames PASS' "$RUN"/vm*/results
}

demo()
{
	JOBS=1
	run_tests "$SCRIPTS"
	grep -q '^demo PASS' "$RUN"/vm*/results
}

# Connects this terminal to the prompt in VM $1, until the VM ends or Ctrl-] is typed.
# The terminal is raw meanwhile: Ctrl-C is for what runs in the VM. Where standard input
# is no terminal, its lines are commands, and the VM ends after the last one.
attach()
{
	local dir=$RUN/vm$1 i

	if [[ -t 0 ]]; then
		socat "-,raw,echo=0,escape=0x1d" "$dir/shell.out,rdonly!!$dir/shell.in,wronly"
	else
		{ cat; printf '\nexit\n'; } |
			socat -t 1000000 - "$dir/shell.out,rdonly!!$dir/shell.in,wronly"
	fi
	for ((i = 0; i < 50; i++)); do
		[[ ! -e $dir/done ]] && kill -0 "${VM_PID[$1]}" 2>/dev/null || return 0
		sleep 0.1
	done
	# the user left, and the VM runs
	touch "$dir/done"
}

# what the guest is told of this terminal: its type, and what stty sets in the VM
shell()
{
	local rows cols

	JOBS=1
	export CTNET_TERM=dumb CTNET_STTY=sane
	if [[ -t 0 ]] && read -r rows cols < <(stty size); then
		CTNET_TERM=${TERM:-dumb}
		((rows == 0)) || CTNET_STTY+=" rows $rows cols $cols"
	fi
	run_tests "$SCRIPTS"
	! grep -q '^demo FAIL' "$RUN"/vm*/results
}

# Sets KERNEL (one of our own, or nothing) and RUNNER, each from the other if need be.
choose_kernel()
{
	local runner

	KERNEL=${KERNEL:-}
	[[ ${RUNNER:-} != uml || -n $KERNEL ]] || KERNEL=uml
	runner=vng
	if [[ -n $KERNEL ]]; then
		runner=$(own_kernel_field "$KERNEL" 2) ||
			give_up "KERNEL=$KERNEL: there are $(own_kernel_names)"
	fi
	RUNNER=${RUNNER:-$runner}
	[[ $RUNNER == "$runner" ]] ||
		give_up "RUNNER=$RUNNER: runners are vng and uml, and this kernel takes $runner"
	# its processes have half a terabyte of addresses, and ASan wants sixteen
	[[ $RUNNER != uml || -z ${SANITIZE:-} ]] ||
		give_up "SANITIZE=1: not under a user-mode kernel, which has no room for it"
}

main()
{
	local tests

	case $MODE in
	check|demo) ;;
	bench)
		[[ -z ${KERNEL:-}${RUNNER:-}${KERNELS:-} ]] ||
			give_up "make bench counts instructions of Debian's kernel: leave KERNEL, KERNELS and RUNNER out"
		# QEMU counts them where it emulates
		KVM=0
		export CTNET_BENCH_CASES=${CASES:-}
		;;
	shell)
		# a user-mode kernel has no console for it
		[[ ${RUNNER:-vng} == vng ]] || give_up "RUNNER=$RUNNER: make shell is in a VM: leave RUNNER out"
		;;
	check-debug)
		check_debug
		return
		;;
	*) give_up "usage: run.sh check|check-debug|bench|demo|shell" ;;
	esac
	if [[ -n ${KERNELS:-} ]]; then
		[[ -z ${KERNEL:-}${RUNNER:-} ]] ||
			give_up "KERNELS are Debian's, in VMs: leave KERNEL and RUNNER out"
		each_kernel
		return
	fi
	choose_kernel
	# shellcheck source=runner-vng.sh
	. "$SELFTESTS/vm/runner-$RUNNER.sh"
	if [[ $MODE == demo || $MODE == shell ]]; then
		SCRIPTS=demo SCRIPT_DIR=vm
	elif [[ $MODE == bench ]]; then
		SCRIPTS=frames SCRIPT_DIR=bench
	else
		tests=$(list_tests) || exit 1
		choose_scripts "$tests"
	fi
	provision
	trap at_exit EXIT
	trap 'exit 130' INT TERM
	mkdir -p "$CTNET_CACHE"
	RUN=$(mktemp -d "$CTNET_CACHE/run.XXXXXX")
	cp "$SELFTESTS"/vm/{guest,verdict,uml-init}.sh "$RUN/"
	chmod +x "$RUN/uml-init.sh"
	# what runs on the host needs no kernel, and what is left out none either
	[[ -z $SCRIPTS ]] || past_until || prepare
	"$MODE"
}

# all that VMs need: their kernel, and what goes into them
prepare()
{
	[[ -z $KERNEL ]] || own_kernel "$KERNEL"
	runner_init
	brief
	[[ -z ${DEBIAN_KERNEL:-} ]] || echo "== kernel $VM_KVER"
	build
	pack
	flock -u "$LOCK"
}

main
