#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host: it installs into a Debian of its own, and no kernel has to run
# timeout: 900
#
# Installing and uninstalling, as README has it: in a fresh Debian 12 below the cache, made
# once, with what README's apt line installs and nothing else but two more kernels. The
# running kernel is none of them:
#
#	6.1.0-N-amd64		headers only: what README's apt line brings
#	6.1.0-N-cloud-amd64	installed, with headers
#	5.10.0-1-amd64		with headers, and too old
#
# A session is a series of steps in a copy of that root, which is an overlay with its upper
# part in memory. What is compared are all files, directories and links of it.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=lib/root.sh
. "$SELFTESTS/lib/root.sh"

by_install()
{
	session install <<'END'
	step builds
	q make
	modinfo -F vermagic ctnet.ko

	step installs
	snapshot before
	q make install
	ls /lib/modules/*/updates/ctnet.ko
	modprobe -S "$CLOUD" -n --show-depends ctnet
	modprobe -S "$CLOUD" -R rtnl-link-ctnet
	ctnetctl version
	ls /usr/local/share/man/man8/ctnetctl.8 /usr/local/share/bash-completion/completions/ctnetctl
	ctnet-docker --version

	step verify
	systemd-analyze --man=no verify ctnet.service ctnet-follow@docker.service ctnet-names.service \
		ctnet-docker.service ctnet-docker.socket ctnet-metrics.socket
	systemctl enable ctnet ctnet-follow@docker ctnet-names ctnet-docker.socket ctnet-metrics.socket 2>/dev/null ||
		echo "cannot be enabled"
	step order
	systemctl cat ctnet.service 2>/dev/null || cat /usr/local/lib/systemd/system/ctnet.service
	step security
	for unit in ctnet.service ctnet-follow@docker.service ctnet-names.service ctnet-docker.service \
			ctnet-metrics.service; do
		systemd-analyze --offline=yes --threshold=40 --no-pager security $unit >/tmp/security ||
			grep -E "^- .* 0.[2-9] *$|Overall" /tmp/security
	done

	snapshot live
	for stage in /stage /stage/ ../stage; do
		step "into $stage"
		q make install DESTDIR=$stage
		q make dkms DESTDIR=$stage
		find /stage -type f ! -path "*/ctnet-[0-9]*" | sort
		step "out of $stage"
		q make uninstall DESTDIR=$stage
		find /stage -mindepth 1
		rm -rf /stage
		same_as live
	done
	step refused
	make install DESTDIR="/stage/a b" && echo "DESTDIR with a blank"
	make install-tool PREFIX=usr DESTDIR=/stage && echo "PREFIX without a slash"
	find /stage /stageusr 2>/dev/null

	step uninstalls
	q make uninstall
	same_as before

	step again
	q make uninstall
	same_as before

	step slash
	q make install DESTDIR=/
	modprobe -S "$CLOUD" -R rtnl-link-ctnet
	q make uninstall DESTDIR=/
	same_as before

	step prefix
	q make install-tool PREFIX=/opt/ctnet/1
	ls /opt/ctnet/1/sbin
	q make uninstall PREFIX=/opt/ctnet/1
	same_as before

	step kdir
	q make install KDIR=/lib/modules/$PLAIN/build
	ls /lib/modules/*/updates/ctnet.ko
	q make uninstall
	same_as before
END
}

by_dkms()
{
	session dkms <<'END'
	snapshot before
	step installs
	mv /lib/modules/$CLOUD/build /tmp/
	q make install-tool
	q make dkms
	grep "left out" /tmp/log
	dkms status
	ls -d /lib/modules/5*/*

	# as apt does once it has installed a kernel's headers
	step later
	mv /tmp/build /lib/modules/$CLOUD/
	q /etc/kernel/header_postinst.d/dkms $CLOUD
	dkms status
	modprobe -S "$CLOUD" -R rtnl-link-ctnet

	step again
	sed -i 's/^MODULE_LICENSE/MODULE_INFO(again, "yes");\n&/' kmod/main.c
	q make dkms
	for k in $CLOUD $PLAIN; do
		modinfo -F vermagic /lib/modules/$k/updates/dkms/ctnet.ko
		modinfo -F again /lib/modules/$k/updates/dkms/ctnet.ko
	done

	snapshot live
	step "out of /stage"
	q make dkms DESTDIR=/stage
	q make uninstall DESTDIR=/stage
	find /stage -mindepth 1
	same_as live

	step uninstalls
	q make install-module
	q make uninstall
	same_as before
END
}

builds()
{
	by_install
	said install builds && check_match "$OUT" '^6\.1\.0-[0-9]+-[^ ]*amd64 SMP[^'$'\n'']*$' "built for"
}

installs()
{
	by_install
	said install installs || return
	check_match "$OUT" '^/lib/modules/6[^ ]*-cloud-amd64/updates/ctnet.ko'$'\n' "the module"
	check_match "$OUT" 'insmod [^ ]*/udp_tunnel.ko' "what it depends on"
	check_match "$OUT" 'insmod [^ ]*/updates/ctnet.ko' "the module by its name"
	check_match "$OUT" $'\n''ctnet'$'\n' "the module by its alias"
	check_match "$OUT" $'\n''ctnetctl [0-9.]+' "the tool"
	check_match "$OUT" $'\n''/usr/local/share/man/man8/ctnetctl.8' "the man page"
	check_match "$OUT" $'\n''ctnet-docker [0-9.]+' "Docker's driver"
}

kdir()
{
	by_install
	said install kdir &&
		check_match "$OUT" '^/lib/modules/6\.1\.0-[0-9]+-amd64/updates/ctnet.ko$' "the module"
}

uninstalls()
{
	by_install
	said install uninstalls && nothing "what is left"
	said install again && nothing "of a second one, what is left"
	said install prefix && check_eq "$OUT" $'ctnet-docker\nctnetctl' "what is left of another PREFIX"
}

destdir()
{
	local stage

	by_install
	for stage in /stage /stage/ ../stage; do
		said install "into $stage" || return
		check_eq "${OUT/6.1.0-[0-9]*-cloud/6.1.0-N-cloud}" "/stage/lib/modules/6.1.0-N-cloud-amd64/updates/ctnet.ko
/stage/usr/local/lib/NetworkManager/conf.d/90-ctnet.conf
/stage/usr/local/lib/systemd/network/70-ctnet.link
/stage/usr/local/lib/systemd/network/70-ctnet.network
/stage/usr/local/lib/systemd/system/ctnet-docker.service
/stage/usr/local/lib/systemd/system/ctnet-docker.socket
/stage/usr/local/lib/systemd/system/ctnet-follow@.service
/stage/usr/local/lib/systemd/system/ctnet-metrics.service
/stage/usr/local/lib/systemd/system/ctnet-metrics.socket
/stage/usr/local/lib/systemd/system/ctnet-names.service
/stage/usr/local/lib/systemd/system/ctnet.service
/stage/usr/local/lib/udev/rules.d/90-ctnet.rules
/stage/usr/local/sbin/ctnet-docker
/stage/usr/local/sbin/ctnetctl
/stage/usr/local/share/bash-completion/completions/ctnetctl
/stage/usr/local/share/ctnet/grafana.json
/stage/usr/local/share/ctnet/podman-hook.json
/stage/usr/local/share/man/man8/ctnet-docker.8
/stage/usr/local/share/man/man8/ctnetctl.8" "what is in $stage"
		said install "out of $stage" && nothing "what is left, and what became of the machine"
	done
	said install refused || return
	check_match "$OUT" 'DESTDIR and PREFIX may not contain blanks'
	check_match "$OUT" 'PREFIX=usr has to begin with /'
	[[ $OUT != */stage* && $OUT != *DESTDIR\ with* && $OUT != *without* ]] || fail "$OUT"
	said install slash && check_eq "$OUT" ctnet "with DESTDIR=/"
}

unit()
{
	local e

	by_install
	said install verify && nothing
	said install order || return
	for e in docker containerd podman-restart crio kubelet; do
		check_match "$OUT" "Before=[^"$'\n'"]*$e\.service" "the order"
	done
	said install security && nothing
}

dkms()
{
	by_dkms
	said dkms installs || return
	check_match "$OUT" '^kernel 5[^ ]* is left out' "of a kernel too old"
	check_match "$OUT" $'\n''ctnet/[^ ]* 6\.1\.0-[0-9]+-amd64, x86_64: installed' "DKMS"
	check_match "$OUT" $'\n''/lib/modules/5[^ ]*/build$' "of a kernel too old"
	[[ $OUT != *cloud-amd64* ]] || fail "for a kernel without headers: $OUT"
}

dkms_later()
{
	by_dkms
	said dkms later || return
	check_match "$OUT" 'cloud-amd64, x86_64: installed' "DKMS"
	check_match "$OUT" $'\n''ctnet$' "the module by its alias"
}

dkms_again()
{
	by_dkms
	said dkms again &&
		check_match "$OUT" '^6[^ ]*-cloud-amd64 [^'$'\n'']*'$'\n''yes'$'\n''6[^ ]*[0-9]-amd64 [^'$'\n'']*'$'\n''yes$'
}

dkms_uninstalls()
{
	by_dkms
	said dkms "out of /stage" && nothing "what is left, and what became of the machine"
	said dkms uninstalls && nothing "what is left"
}

mkdir "$TMP/src" "$TMP/work"
copy_tree "$TMP/src"
make_root

run_test builds "what README has apt install is all that make needs"
run_test installs "make install: a kernel that does not run has the module; the tool runs"
run_test kdir "make install KDIR=DIR: another kernel has it, of which there are headers alone"
run_test uninstalls "make uninstall leaves nothing, and can be said twice"
run_test destdir "with DESTDIR, the machine is left alone, and nothing is left there, either"
run_test unit "the unit is right, comes before the container engines, and is confined"
run_test dkms "make dkms: for each kernel that has headers and is new enough"
run_test dkms_later "a kernel whose headers come later is built for"
run_test dkms_again "make dkms again: what changed is built"
run_test dkms_uninstalls "make uninstall after make dkms leaves nothing"
