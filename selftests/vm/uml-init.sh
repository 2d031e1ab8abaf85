#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The first process in a user-mode kernel, which sees this machine's files as its own and
# read-only: what is written to lies in memory, but for $CTNET_RUN. Started by
# runner-uml.sh; what virtme-ng does in a VM is done here.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
ln -s /proc/self/fd /dev/fd
for fd in 0:stdin 1:stdout 2:stderr; do
	ln -s "/proc/self/fd/${fd%:*}" "/dev/${fd#*:}"
done
for dir in /dev/shm /run /tmp /var/tmp /var/lib /var/log /var/cache /lib/modules; do
	mount -t tmpfs tmp "$dir"
done
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "$CTNET_RUN"
mount -t hostfs -o "$CTNET_RUN" run "$CTNET_RUN"
ip link set lo up
cd / && bash "$CTNET_RUN/guest.sh" "$CTNET_RUN" "$CTNET_VM" </dev/null
busybox poweroff -f
