#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# prune.sh DESTDIR DIR...: what uninstall does at its end. Takes each DIR away, and those
# above it, below DESTDIR, as far as they are empty and install may have made them. Where
# there is a system around them (DESTDIR is none, or its root), those that each Debian has
# were there before.

destdir=$1
shift
keep=
if test -e "$destdir/usr/bin/env"; then
	keep="/opt /lib /lib/modules /usr /usr/src /usr/bin /usr/sbin /usr/lib /usr/lib/systemd
		/usr/lib/systemd/system /usr/lib/systemd/network /usr/lib/udev
		/usr/lib/udev/rules.d /usr/share /usr/share/man /usr/share/man/man8
		/usr/share/bash-completion /usr/share/bash-completion/completions /usr/local"
	for dir in bin etc games include lib man sbin share share/man src; do
		keep="$keep /usr/local/$dir"
	done
fi
for dir; do
	while test -n "$dir" && test "$dir" != "$destdir"; do
		for k in $keep; do
			test "$dir" != "$destdir$k" || break 2
		done
		rmdir "$dir" 2>/dev/null || break
		dir=${dir%/*}
	done
done
