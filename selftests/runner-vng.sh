# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for run.sh
#
# A VM made by virtme-ng and QEMU, with KVM if QEMU can use it. Sourced by run.sh.

# A /dev/kvm that can be opened may still not run a guest (nested in a VM that hides
# something): QEMU itself is asked.
use_kvm()
{
	[[ -w /dev/kvm ]] || return
	(echo quit | timeout 20 "qemu-system-$(uname -m)" -accel kvm -cpu host -m 64 -S \
		-nodefaults -display none -monitor stdio) >/dev/null 2>&1
}

# Sets SLOW, by which waits are multiplied, and RUNNER_NAME.
runner_init()
{
	[[ $(realpath -m "$CTNET_CACHE") != /@(tmp|run)/* ]] ||
		give_up "$CTNET_CACHE cannot be seen from a VM, which has a /tmp and a /run of its own: set XDG_CACHE_HOME"
	SLOW=4 RUNNER_NAME="2 CPUs, without KVM: slow"
	if use_kvm; then
		SLOW=1 RUNNER_NAME="2 CPUs"
	fi
}

# runner_start DIR APPEND: guest.sh in a VM, with DIR as its own directory and APPEND on
# the kernel's command line; its PID is in $RUNNER_PID, and it leads a process group
runner_start()
{
	local dir=$1 append=$2 qemu="-set chardev.console.path=$1/console"
	local -a opt=(--cpus 2 --memory 2G --user root)

	if [[ $SLOW -ne 1 ]]; then
		opt+=(--disable-kvm)
		# Newer kernels give up where a busy machine emulates the timer too late for
		# them, and of those with five levels of page tables some crashed as they booted.
		append+=" no_timer_check no5lvl"
		# An emulated CPU may meet a breakpoint that another has just taken away again,
		# as kernels put them there while they patch their code; then it dies of it. So
		# the two take turns, but where concurrency is what is looked at.
		[[ -n $KERNEL ]] || qemu+=" -accel tcg,thread=single"
	fi
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
		--append "panic=-1 oops=panic $append" \
		--qemu-opts "$qemu" \
		--exec "bash $RUN/guest.sh $RUN $dir" </dev/null >"$dir/runner" 2>&1 &
	RUNNER_PID=$!
}
