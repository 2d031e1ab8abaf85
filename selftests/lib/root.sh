# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A fresh Debian 12 below the cache, made once, with what README's apt line installs and two more
# kernels, and sessions in copies of it. For scripts that have sourced lib.sh and run on the host.

# shellcheck disable=SC2034 # they are for what is sourced
TOP=${SELFTESTS%/*} MODE=check KERNEL=""
# shellcheck source=../vm/provision.sh
. "$SELFTESTS/vm/provision.sh"
# shellcheck source=../vm/kernels.sh
. "$SELFTESTS/vm/kernels.sh"
# shellcheck source=../vm/build.sh
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

