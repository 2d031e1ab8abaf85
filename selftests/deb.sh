#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host: it installs packages into a Debian of its own, and no kernel has to run
# brief: it builds packages twice, and the module for two kernels three times
# timeout: 1200
#
# make deb: the packages, in a copy of a fresh Debian 12 (lib/root.sh): installed, upgraded, purged. What
# DKMS builds is for the kernels that are installed there.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/root.sh
. "$SELFTESTS/lib/root.sh"

provision_missing debhelper dh-dkms lintian dpkg-dev libmicrohttpd-dev

# packages DIR FROM: those of the sources in FROM
packages() { make -C "$2" deb DEBDIR="$1" >"$TMP/make" 2>&1 || { diag "$(tail -n 20 "$TMP/make")"; die "make deb"; }; }

# the sources, as they will be of the next version
next_sources()
{
	mkdir "$TMP/next"
	(cd "$TOP" && find Kbuild Makefile dkms.conf LICENSE README.md SECURITY.md debian kmod tools uapi -type f \
		\( -not -name '*.o' -not -name '*.a' -not -name '*.mod*' -not -name '.*' \) -print0 |
		tar -c --null -T -) | tar -x -C "$TMP/next"
	sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="99.0"/' "$TMP/next/dkms.conf"
	sed -i "1s/(.*)/(99.0)/" "$TMP/next/debian/changelog"
}

by_packages()
{
	session packages <<'END'
	export DEBIAN_FRONTEND=noninteractive
	ours()
	{
		find / -xdev \( -path /src -o -path /proc -o -path /tmp -o -path /dev -o -path /run -o -path /var/log \) -prune -o \
			-name "*ctnet*" -print | sort
		dkms status
	}
	# what dpkg must do; DKMS calls it an error that a kernel is too old
	pkg()
	{
		dpkg "$@" >/tmp/log 2>&1 || { echo "dpkg $*: exit $?"; tail -n 30 /tmp/log; }
		grep -E "(^| )([Ee]rror|ERROR|[Ww]arning|WARNING)([:! ]|$)" /tmp/log |
			grep -v "BUILD_EXCLUSIVE directive\|not empty so not removed"
	}
	step before
	ours
	step installs
	pkg -i /src/deb/ctnet-{dkms,tools,docker}_0*.deb
	dkms status
	modinfo -k "$CLOUD" -F version ctnet
	modprobe -S "$CLOUD" -R rtnl-link-ctnet
	step runs
	ctnetctl version
	ctnetctl help metrics | head -n 1
	ctnet-docker --version
	ls /usr/share/man/man8/ctnetctl.8.gz /usr/share/bash-completion/completions/ctnetctl
	step units
	systemd-analyze --man=no verify ctnet.service ctnet-follow@docker.service ctnet-names.service \
		ctnet-metrics.socket ctnet-docker.socket
	find /etc/systemd/system -name "ctnet*"
	step enabled
	systemctl enable ctnet.service ctnet-metrics.socket 2>/dev/null
	echo "add-net net0" >/etc/ctnet.conf

	step upgrades
	pkg -i /src/next/ctnet-{dkms,tools,docker}_99*.deb
	dkms status
	modinfo -k "$CLOUD" -F version ctnet
	ctnetctl version
	ls -d /usr/src/ctnet-*
	step keeps
	systemctl is-enabled ctnet.service ctnet-metrics.socket
	cat /etc/ctnet.conf

	step removes
	pkg -r ctnet-docker ctnet-tools ctnet-dkms
	ours
	step purges
	pkg -P ctnet-docker ctnet-tools
	rm -f /etc/ctnet.conf
	ours
END
}

contents()
{
	local list

	check lintian --fail-on error --tag-display-limit 0 "$TMP"/src/deb/*.changes
	list=$(for p in "$TMP"/src/deb/ctnet-{dkms,tools,docker}_*.deb; do dpkg-deb -c "$p"; done)
	check_not grep -E '/usr/local/|\.(o|ko|mod\.c)$' <<<"$list"
	check_match "$list" '/usr/lib/NetworkManager/conf.d/90-ctnet.conf'
	check_match "$list" '/usr/lib/systemd/network/70-ctnet.network'
	check_match "$list" '/usr/lib/udev/rules.d/90-ctnet.rules'
}

installs()
{
	by_packages
	said packages before && nothing "of ctnet, before"
	said packages installs || return
	check_match "$OUT" '^ctnet/[0-9.]+, 6\.1\.0-[0-9]+-[a-z-]*amd64, x86_64: installed' "DKMS"
	check_match "$OUT" $'\n'"$VERSION"$'\n' "the module's version"
	check_match "$OUT" $'\n''ctnet$' "the module by its alias"
	said packages runs || return
	check_match "$OUT" "ctnetctl $VERSION"
	check_match "$OUT" 'usage: ctnetctl metrics'
	check_match "$OUT" '/usr/share/man/man8/ctnetctl.8.gz'
	said packages units && nothing "of units, and none is enabled"
}

upgrades()
{
	by_packages
	said packages upgrades || return
	check_match "$OUT" '^ctnet/99\.0, ' "DKMS"
	[[ $OUT != *"ctnet/$VERSION"* ]] || fail "the version before is there: $OUT"
	check_match "$OUT" $'\n''99\.0'$'\n''ctnetctl 99\.0'$'\n''/usr/src/ctnet-99\.0$'
	said packages keeps && check_eq "$OUT" $'enabled\nenabled\nadd-net net0' "what was set up"
}

# Nothing that is installed or upgraded ends what runs, or unloads the module.
leaves_alone()
{
	local p script

	for p in "$TMP"/src/deb/ctnet-{dkms,tools,docker}_*.deb; do
		for script in preinst postinst prerm; do
			check_not grep -E 'rmmod|modprobe -r|(systemctl|deb-systemd-invoke).*(re)?start' \
				<(dpkg-deb -I "$p" $script 2>/dev/null)
		done
	done
}

purges()
{
	by_packages
	said packages removes && check_eq "$(grep -vE '^/(etc|var/lib)/' <<<"$OUT")" "" "what is left"
	said packages purges && nothing "what is left"
}

VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")
mkdir "$TMP/src" "$TMP/work"
packages "$TMP/src/deb" "$TOP"
next_sources
packages "$TMP/src/next" "$TMP/next"
make_root

run_test contents "lintian finds no error"
run_test installs "they install, DKMS builds the module, the programs run"
run_test upgrades "they are upgraded; what was set up stays"
run_test leaves_alone "what runs is neither ended nor unloaded"
run_test purges "nothing is left"
