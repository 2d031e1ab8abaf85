#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host: it is about how the runner starts VMs
# timeout: 600
#
# Whether VMs are run with KVM: where /dev/kvm opens and makes VMs, and yet does not run the
# kernel, software emulation takes over, soon and with a sentence. QEMU's place is taken by
# a stand-in, which is started by the real virtme-ng and behaves with KVM as $KVM_MODE says:
#
#	silent		prints nothing, and goes on
#	firmware	prints what comes before the kernel's own first line, and goes on
#	dies		ends at once
#	first_line	prints the kernel's first line, and goes on: the VM never comes up
#	works		boots
#	hangs LINE	boots, prints LINE in the first script, and goes on
#
# What boots says that the scripts it takes have passed.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

STAND_IN=$TMP/bin/qemu-system-$(uname -m)

mkdir "$TMP/bin"
cat >"$STAND_IN" <<-'END'
	#!/bin/bash
	[[ $* != *--version* ]] || { echo "QEMU emulator version 7.2.0"; exit; }
	dir=$* dir=${dir#*chardev.console.path=} dir=${dir%%/console*}
	: >"$dir/console"
	[[ $* == *" tcg"* || $* == *=tcg* ]] && mode=works || mode=$KVM_MODE
	[[ $* == *" tcg"* || $* == *=tcg* ]] && echo tcg >>"$STARTS" || echo kvm >>"$STARTS"
	case $mode in
	dies)
		echo "qemu: error: failed to set MSR 0x10a to 0x69" >&2
		exit 134
		;;
	firmware)
		printf '%s\r\n' "SeaBIOS (version 1.16.2)" "Booting from ROM..." \
			"Probing EDD (edd=off to disable)... ok" >"$dir/console"
		;;
	first_line|works)
		echo "[    0.000000] Linux version 6.1.0 (somebody)" >"$dir/console"
		;;
	esac
	if [[ $mode == hangs* ]]; then
		touch "$dir/ready"
		for t in "${dir%/*}"/queue/*; do
			mv "$t" "$dir/current" && break
		done
		printf '%s\n' "== ${t##*/}" "${mode#hangs }" >>"$dir/log"
	fi
	if [[ $mode == works && -d ${dir%/*}/queue ]]; then
		touch "$dir/ready"
		for t in "${dir%/*}"/queue/*; do
			mv "$t" "$dir/current" || continue
			echo "${t##*/} PASS 1 0 0 1" >>"$dir/results"
		done
		touch "$dir/done"
	fi
	exec sleep 1000
	END
chmod +x "$STAND_IN"
echo >"$TMP/kvm"

# clean COMMAND...: without what this run itself was told
clean()
{
	env -u TESTS -u SKIP -u TESTS_ONLY -u KERNELS -u KERNEL -u RUNNER -u KVM -u JOBS -u V \
		-u SANITIZE -u COVERAGE -u BRIEF -u UNTIL -u LAST PATH="$TMP/bin:$PATH" KVM_DEVICE="$TMP/kvm" \
		STARTS="$TMP/starts" KVM_TRIAL=3 KVM_BOOT_TIMEOUT=15 "$@"
}

# decide KVM_MODE [VARIABLE=VALUE...]: what the runner decides is in $OUT, how long it took
# in $TOOK; $STARTED is how often QEMU was started with KVM
decide()
{
	local start=$SECONDS

	: >"$TMP/starts"
	# shellcheck disable=SC2016 # for the shell in there
	OUT=$(clean KVM_MODE="$1" "${@:2}" bash -c 'set -u
		shopt -s extglob
		SELFTESTS=$1 KERNEL="" MODE=check
		. "$1/vm/provision.sh"
		. "$1/vm/runner-vng.sh"
		find_vng && find_kernel || exit
		runner_init
		echo "accel=$ACCEL slow=$SLOW name=$RUNNER_NAME"' sh "$SELFTESTS" 2>&1)
	TOOK=$((SECONDS - start))
	STARTED=$(grep -c kvm "$TMP/starts")
}

emulated()
{
	check_match "$OUT" 'software emulation, and not KVM: .*'"$1" "the sentence"
	check_match "$OUT" 'accel=tcg slow=4 name=2 CPUs, without KVM' "the runner"
}

with_kvm()
{
	check_match "$OUT" 'accel=kvm slow=1 name=2 CPUs, KVM' "the runner"
	[[ $OUT != *emulation* ]] || fail "said '$OUT'"
}

# none of the stand-ins goes on
none_left()
{
	local p

	for p in /proc/[0-9]*/environ; do
		! grep -qz "^STARTS=$TMP/starts\$" "$p" 2>/dev/null ||
			fail "still runs: $(tr '\0' ' ' <"${p%/*}/cmdline")"
	done
}

silent()
{
	decide silent KVM_TRIAL=
	emulated "the kernel prints nothing"
	((TOOK <= 30)) || fail "it took $TOOK s"
	none_left
}

firmware()
{
	decide firmware
	emulated "the kernel prints nothing"
	check_match "$(<"${CTNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ctnet}/kvm.log")" SeaBIOS
	none_left
}

dies()
{
	decide dies
	emulated "QEMU ends"
	((TOOK <= 30)) || fail "it took $TOOK s"
}

works()
{
	decide works
	with_kvm
	((TOOK <= 30)) || fail "it took $TOOK s"
	check_eq "$STARTED" 1 "trials"
	none_left
}

no_device()
{
	decide works KVM_DEVICE="$TMP/nosuch"
	emulated "there is no $TMP/nosuch"
	check_eq "$STARTED" 0 "trials"
}

forced()
{
	decide works KVM=0
	emulated "KVM=0"
	check_eq "$STARTED" 0 "trials with KVM=0"
	decide silent KVM=1
	with_kvm
	check_eq "$STARTED" 0 "trials with KVM=1"
	decide works KVM=1 KVM_DEVICE="$TMP/nosuch"
	check_match "$OUT" 'KVM=1: there is no'
	decide works KVM=yes
	check_match "$OUT" 'KVM=yes: 0 is'
}

# whole_run KVM_MODE [VARIABLE=VALUE...]: what run.sh prints, with two VMs, is in $OUT, and how it
# ends in $STATUS
whole_run()
{
	: >"$TMP/starts"
	OUT=$(clean KVM_MODE="$1" JOBS=2 TESTS="completion output" "${@:2}" \
		bash "$SELFTESTS/vm/run.sh" check 2>&1)
	STATUS=$?
	STARTED=$(grep -c kvm "$TMP/starts")
}

one_trial()
{
	whole_run silent
	check_match "$OUT" '2 passed, 0 failed'
	check_eq "$(grep -c 'software emulation' <<<"$OUT")" 1 "sentences"
	check_eq "$STARTED" 1 "trials"
	none_left
}

begins_only()
{
	whole_run first_line
	check_match "$OUT" 'the VM did not boot'
	check_match "$OUT" '2 passed, 0 failed'
	check_eq "$(grep -c 'software emulation' <<<"$OUT")" 1 "sentences"
	none_left
	whole_run first_line KVM=1
	check_match "$OUT" 'the VM did not boot'
	[[ $OUT != *emulation* ]] || fail "KVM=1 is emulated: $OUT"
	none_left
}

run_with_kvm()
{
	whole_run works
	check_match "$OUT" 'booting VM 1: [^ ]*, 2 CPUs, KVM'
	check_match "$OUT" '2 passed, 0 failed'
	[[ $OUT != *emulation* ]] || fail "it is emulated: $OUT"
	none_left
}

script_names() { sed 's|.*/\(.*\)\.sh|\1|' | sort; }

# the scripts that a run takes in VMs
scripts_run() { sed -n 's/^PASS \([a-z0-9_]*\) .*/\1/p' <<<"$OUT" | sort; }

brief()
{
	local all wanted left

	left=$(grep -l '^# brief: ' "$SELFTESTS"/*.sh | script_names)
	all=$(grep -L '^# host: ' "$SELFTESTS"/*.sh | script_names | grep -vxF "$left")
	wanted=$(grep -l '^# debian: ' "$SELFTESTS"/*.sh | script_names | grep -vxF "$left")
	whole_run works KVM=0 BRIEF=1 TESTS= SKIP="kvm install"
	check_eq "$(scripts_run)" "$wanted" "without KVM"
	whole_run works BRIEF=1 TESTS= SKIP="kvm install"
	check_eq "$(scripts_run)" "$all" "with KVM"
	# what these want is not had for this
	whole_run works KVM=0 TESTS= SKIP="kvm install ${left//$'\n'/ }"
	check_eq "$(scripts_run)" "$all" "without BRIEF"
}

until_then()
{
	whole_run works KVM=0 UNTIL=1
	check_match "$OUT" 'LEFT completion: no time was left for it'
	check_match "$OUT" 'LEFT output: no time was left for it'
	check_match "$OUT" '0 passed, 0 failed'
	[[ $OUT != *building* ]] || fail "it builds what nobody needs: $OUT"
	check_eq "$STATUS" 0 status
	whole_run works KVM=0 UNTIL=$((EPOCHSECONDS + 1000))
	[[ $OUT != *LEFT* ]] || fail "something was left out: $OUT"
}

# the time to start scripts is long, and that to end them has come
until_ends()
{
	local -a late=(KVM=1 KVM_BOOT_TIMEOUT=300 UNTIL=$((EPOCHSECONDS + 1000)) LAST=-1000)

	whole_run "hangs ok 1 something" "${late[@]}"
	check_match "$OUT" 'LEFT completion: no time was left for it'
	check_match "$OUT" 'LEFT output: no time was left for it'
	check_match "$OUT" '0 passed, 0 failed'
	check_eq "$STATUS" 0 status
	none_left
	whole_run "hangs not ok 1 something" "${late[@]}"
	check_match "$OUT" '0 passed, 4 failed'
	[[ $STATUS -ne 0 ]] || fail "a run with failures ends with 0"
}

run_test silent "KVM that runs nothing is given up within half a minute"
run_test firmware "and KVM that runs the firmware only"
run_test dies "and where QEMU ends at once"
run_test works "KVM that runs the kernel is used"
run_test no_device "where there is no KVM, nothing is tried"
run_test forced "KVM=0 and KVM=1 are not tried; other values, or KVM=1 without it, are refused"
run_test one_trial "one trial is enough for all VMs of a run"
run_test begins_only "a kernel that begins with KVM and does not boot is emulated, too"
run_test run_with_kvm "a run with KVM"
run_test brief "BRIEF=1 leaves to others what they show, but not with KVM"
run_test until_then "after UNTIL no script is started, and what is left out is named"
run_test until_ends "and what still runs is ended, and named"
