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
TOP=${SELFTESTS%/*} MODE=check KERNEL=""
# shellcheck source=vm/provision.sh
. "$SELFTESTS/vm/provision.sh"
# shellcheck source=vm/kernels.sh
. "$SELFTESTS/vm/kernels.sh"
# shellcheck source=vm/build.sh
. "$SELFTESTS/vm/build.sh"

is_debian || skip_all "this is no Debian"
can_be_root || skip_all "it takes root, or sudo"
[[ $(dpkg --print-architecture) == amd64 ]] || skip_all "it knows the kernels of amd64 alone"

# what README has installed
APT_LINE=$(sed -n 's/^    apt install //p' "$TOP/README.md" | head -n 1)
[[ -n $APT_LINE ]] || die "README.md has no line \"apt install\""

# A root with what README's line installs, and two kernels more. Kept below the cache as long
# as the line is the same.
make_root()
{
	local key hook log=$CTNET_CACHE/roots.log

	key=$({ declare -f make_root; echo "$APT_LINE"; } | cksum)
	ROOT=$CTNET_CACHE/roots/bookworm-${key%% *}
	[[ ! -e $ROOT/.made ]] || return 0
	mkdir -p "$CTNET_CACHE/roots"
	command -v mmdebstrap >/dev/null || apt_install mmdebstrap
	# In the root; its "running" kernel is one whose headers are not there any more. No
	# single quotes in there.
	hook="chroot \"\$1\" sh -ec '
		export DEBIAN_FRONTEND=noninteractive
		apt-get -qy install $APT_LINE
		INITRD=No apt-get -qy --no-install-recommends install systemd libseccomp2 \\
			linux-image-cloud-amd64 linux-headers-cloud-amd64
		v=\$(ls -d /usr/src/linux-headers-*-cloud-amd64)
		mkdir -p /lib/modules/5.10.0-1-amd64
		ln -s \$v /lib/modules/5.10.0-1-amd64/build
		dpkg-divert --rename /usr/bin/uname
		printf \"%s\\n\" \"#!/bin/sh\" \"/usr/bin/uname.distrib \\\"\\\$@\\\" |\" \\
			\"sed s/\$(uname.distrib -r)/6.1.0-1-amd64/\" >/usr/bin/uname
		chmod +x /usr/bin/uname
		apt-get clean
		touch /.made'"
	as_root rm -rf "$ROOT" "$ROOT.new"
	debian_sources bookworm |
		as_root mmdebstrap --mode=root --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
			--customize-hook="$hook" bookworm "$ROOT.new" - >"$log" 2>&1 &&
		as_root mv "$ROOT.new" "$ROOT" && return
	diag "$(tail -n 15 "$log")"
	as_root rm -rf "$ROOT.new"
	die "the root of Debian 12 could not be made: is there a network? $log says more"
}

# in_root FILE: a shell's commands in a copy of the root, with the sources in /src. All that
# changes there is gone afterwards.
in_root()
{
	# shellcheck disable=SC2016 # for the shell in there
	as_root unshare --mount --pid --fork --kill-child bash -ec '
		root=$1 src=$2 work=$3
		mount -t tmpfs -o mode=755 tmp "$work"
		mkdir "$work"/{upper,work,root}
		mount -t overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" \
			root "$work/root"
		root=$work/root
		mkdir "$root/src"
		cp -r "$src/." "$root/src/"
		mount -t proc proc "$root/proc"
		mount -t tmpfs tmp "$root/tmp"
		mount --rbind /dev "$root/dev"
		exec env -i HOME=/root LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			chroot "$root" bash -c "$4"' bash "$ROOT" "$TMP/src" "$TMP/work" "$(cat "$1")" 2>&1
}

# What a session begins with. A snapshot is all that there is, but for the key that DKMS makes
# for all modules (mok), and what logs and caches have.
cat >"$TMP/session" <<'END'
cd /src
export MAKEFLAGS=-j2
CLOUD=$(cd /lib/modules && ls -d *-cloud-amd64) PLAIN=$(cd /lib/modules && ls -d 6.1.*[0-9]-amd64)
step() { echo "@ $1"; }
snapshot()
{
	{
		find / -xdev \( -path /src -o -path /proc -o -path /tmp -o -path /dev -o -path /stage -o -path /run \
			-o -path /var/log -o -path "/var/lib/dkms/mok.*" \) -prune -o \
			-printf "%p %y %m %U:%G %l\n"
		find /lib/modules /usr/src /etc /usr/local -xdev -type f ! -path "*/kernel/*" \
			! -path "/usr/src/linux-*" -exec cksum {} +
	} | sort >"/tmp/$1"
}
# what is not as it was
same_as() { snapshot now; diff "/tmp/$1" /tmp/now; }
# a command that must work, and has to say nothing but what it does
q()
{
	"$@" >/tmp/log 2>&1 || { echo "$*: exit $?"; tail -n 30 /tmp/log; exit 1; }
	grep -E "(^| )([Ee]rror|ERROR|[Ww]arning|WARNING)([:! ]|$)" /tmp/log
}
END

# session NAME <SCRIPT: runs it once; what it says is in $TMP/NAME
session()
{
	[[ ! -e $TMP/$1 ]] || return 0
	cat "$TMP/session" - >"$TMP/$1.sh"
	in_root "$TMP/$1.sh" >"$TMP/$1"
	echo "@ end, exit $?" >>"$TMP/$1"
}

# said NAME STEP: what the session said at that step, in $OUT; false if it did not come to it
said()
{
	grep -qxF "@ $2" "$TMP/$1" || { fail "no step \"$2\":"; diag "$(tail -n 15 "$TMP/$1")"; return 1; }
	OUT=$(awk -v step="@ $2" '$0 == step { on = 1; next } /^@ / { on = 0 } on' "$TMP/$1")
}

nothing() { check_eq "$OUT" "" "${1:-said}"; }

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
/stage/usr/local/lib/systemd/system/ctnet-docker.service
/stage/usr/local/lib/systemd/system/ctnet-docker.socket
/stage/usr/local/lib/systemd/system/ctnet-follow@.service
/stage/usr/local/lib/systemd/system/ctnet-metrics.service
/stage/usr/local/lib/systemd/system/ctnet-metrics.socket
/stage/usr/local/lib/systemd/system/ctnet-names.service
/stage/usr/local/lib/systemd/system/ctnet.service
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
