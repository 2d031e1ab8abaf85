# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for run.sh
#
# A VM made by virtme-ng and QEMU, with KVM if KVM runs the kernel. Sourced by run.sh.

readonly KVM_SIGN="Linux version"	# is part of the kernel's first line
: "${KVM_TRIAL:=10}"			# seconds from QEMU's start until it comes, with KVM
: "${KVM_BOOT_TIMEOUT:=60}"		# seconds to boot with KVM
: "${KVM_DEVICE:=/dev/kvm}"
ACCEL=""				# kvm or tcg

# emulate WHY: VMs that are started from now on are emulated by software
emulate()
{
	ACCEL=tcg SLOW=4 BOOT_TIMEOUT=600 RUNNER_NAME="2 CPUs, without KVM: slow"
	[[ $MODE != bench ]] || RUNNER_NAME="1 CPU, whose clock counts its instructions: slow"
	say "software emulation, and not KVM: $1"
}

# Why KVM cannot be used; false if it can. A /dev/kvm that opens, and even makes a VM, may
# not run the kernel: inside a VM of another kind QEMU may end at once, or the firmware
# runs and the kernel never does. So a VM is started as those of the tests are. What
# decides is the first line of the kernel itself on its console; then the VM is ended.
kvm_fails()
(
	local dir end="" why="QEMU ends before the kernel prints anything"

	if [[ ! -e $KVM_DEVICE ]]; then
		echo "there is no $KVM_DEVICE"
		return
	elif [[ ! -w $KVM_DEVICE ]]; then
		echo "$KVM_DEVICE cannot be written to (is $(id -un) in the group kvm?)"
		return
	fi
	mkdir -p "$CTNET_CACHE"
	dir=$(mktemp -d "$CTNET_CACHE/kvm.XXXXXX") || return
	trap 'kill -9 -- "-$RUNNER_PID"; wait "$RUNNER_PID"; rm -rf "$dir"' EXIT
	exec 2>/dev/null	# where bash says that it was killed
	trap 'exit 130' INT TERM
	ACCEL=kvm
	vng_start "$dir" "loglevel=7" "$dir" true
	while kill -0 "$RUNNER_PID"; do
		! grep -aq "$KVM_SIGN" "$dir/console" || return 1
		# QEMU makes the file; virtme-ng may need seconds to start it
		if [[ -z $end && -e $dir/console ]]; then
			end=$((SECONDS + KVM_TRIAL))
		elif [[ -n $end ]] && ((SECONDS > end)); then
			why="the kernel prints nothing within $KVM_TRIAL s"
			break
		fi
		sleep 0.1
	done
	! grep -aq "$KVM_SIGN" "$dir/console" || return 1
	cat "$dir/runner" "$dir/console" >"$CTNET_CACHE/kvm.log"
	echo "$KVM_DEVICE is there, but with it $why (see $CTNET_CACHE/kvm.log)"
)

# Sets SLOW, by which waits are multiplied, BOOT_TIMEOUT and RUNNER_NAME. The trial of KVM
# is made here, once for all VMs of a run. KVM=0 or KVM=1 is the user's word, and not
# tried.
runner_init()
{
	local why

	[[ $(realpath -m "$CTNET_CACHE") != /@(tmp|run)/* ]] ||
		give_up "$CTNET_CACHE cannot be seen from a VM, which has a /tmp and a /run of its own: set XDG_CACHE_HOME"
	case ${KVM:-} in
	"")
		if why=$(kvm_fails); then
			emulate "$why"
			return
		fi
		;;
	0)
		emulate "KVM=0"
		return
		;;
	1)
		[[ -w $KVM_DEVICE ]] || give_up "KVM=1: $(kvm_fails)"
		;;
	*)
		give_up "KVM=$KVM: 0 is software emulation, 1 is KVM; without it, KVM is tried"
		;;
	esac
	ACCEL=kvm SLOW=1 BOOT_TIMEOUT=$KVM_BOOT_TIMEOUT RUNNER_NAME="2 CPUs, KVM"
}

# how many VMs at once
runner_jobs() { nproc; }

# runner_retry DIR: the VM that was started with DIR did not boot: whether another may, one
# that is emulated
runner_retry()
{
	[[ -e $1/kvm && ${KVM:-} != 1 ]] || return
	# of several, the first says it
	[[ $ACCEL != kvm ]] || emulate "with $KVM_DEVICE the kernel began, and the VM did not boot"
}

# vng_start DIR APPEND RWDIR COMMAND: COMMAND in a VM, which may write to RWDIR; see
# runner_start
vng_start()
{
	local dir=$1 append=$2 qemu="-set chardev.console.path=$1/console"
	local -a opt=(--memory 2G --user root)

	if [[ $MODE == bench ]]; then
		# a nanosecond of its clock is an instruction, and where it waits it does not
		opt+=(--cpus 1)
		qemu+=" -icount shift=0,sleep=off"
	else
		opt+=(--cpus 2)
	fi

	# The prompt's terminal is a console of the VM, and two named pipes here. A pipe
	# keeps what is written before somebody reads it, which a socket does not.
	if [[ $MODE == shell ]]; then
		mkfifo "$dir"/shell.{in,out}
		qemu+=" -chardev pipe,id=shell,path=$dir/shell -device virtconsole,chardev=shell"
	fi
	if [[ $ACCEL == kvm ]]; then
		: >"$dir/kvm"
	else
		opt+=(--disable-kvm)
		# Newer kernels give up where a busy machine emulates the timer too late for
		# them, and of those with five levels of page tables some crashed as they booted.
		append+=" no_timer_check no5lvl"
		# An emulated CPU may meet a breakpoint that another has just taken away again,
		# as kernels put them there while they patch their code; then it dies of it. So
		# the two take turns, but where concurrency is what is looked at.
		[[ -n $KERNEL || $MODE == bench ]] || qemu+=" -accel tcg,thread=single"
	fi
	# Three quarters of the time to boot without KVM are udev's, which follows its rules
	# for each device over 9p. Only this one is needed, by virtme-ng itself.
	if [[ -d /usr/lib/udev/rules.d ]]; then
		mkdir -p "$3/rules.d"
		# shellcheck disable=SC2016 # the rule wants its dollar sign
		printf '%s\n' 'SUBSYSTEM=="virtio-ports", KERNEL=="vport*", ATTR{name}=="?*", SYMLINK+="virtio-ports/$attr{name}"' \
			>"$3/rules.d/50-virtio-ports.rules"
		opt+=(--rodir "/usr/lib/udev/rules.d=$3/rules.d")
	fi
	# without -v, vng throws away what the kernel says on its console as it dies
	setsid vng -r "$VM_KERNEL" "${opt[@]}" --rwdir "$3" --cwd / \
		--append "panic=-1 oops=panic $append" \
		--qemu-opts "$qemu" \
		--exec "$4" </dev/null >"$dir/runner" 2>&1 &
	RUNNER_PID=$!
}

# runner_start DIR APPEND: guest.sh in a VM, with DIR as its own directory and APPEND on
# the kernel's command line; its PID is in $RUNNER_PID, and it leads a process group
runner_start() { vng_start "$1" "$2" "$RUN" "bash $RUN/guest.sh $RUN $1"; }
