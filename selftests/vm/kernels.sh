# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for run.sh
#
# Debian's own kernels, for make check KERNELS="6.1 6.12 7.2". One that is installed on
# this machine is used as it is. Another is installed, once, in a Debian of its own below
# $CTNET_CACHE/kernels, with headers and the compiler that it was built with: this machine
# stays as it is. Sourced by run.sh, after provision.sh.

KERNELS_DIR=$CTNET_CACHE/kernels
KERNEL_ROOT=""

# The suites to look for a version in, the best first. A version that is no release's own
# is in sid for a while, and in the backports for longer.
debian_suites()
{
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo trixie bookworm-backports ;;
	*) echo sid trixie-backports ;;
	esac
}

# debian_site REGEX: where this machine takes the suites from whose name matches
debian_site()
{
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
		awk -v re="$1" '$2 ~ re { print $1; exit }'
}

# debian_sources SUITE: the lines of a sources.list
debian_sources()
{
	local base=${1%-backports} site security

	site=$(debian_site '^[a-z]+$') security=$(debian_site '-security$')
	echo "deb $site $base main"
	[[ $base == sid || -z $security ]] || echo "deb $security $base-security main"
	[[ $base == "$1" ]] || echo "deb $site $1 main"
}

# install_kernel VERSION SUITE DIR: a root with the newest kernel of that version in SUITE,
# whose release is left in DIR/kernel-release. False if there is none.
install_kernel()
{
	local root=$3 arch hook

	arch=$(dpkg --print-architecture)
	# In the root. Of the kernel's packages, only the images and headers for all machines;
	# an initrd is of no use, and compressed modules are slow to index and to load. No single
	# quotes in there.
	hook="chroot \"\$1\" sh -ec '
		v=\$(apt-cache pkgnames linux-headers-${1//./\\.} |
			sed -nE \"s/^linux-headers-(${1//./\\.}[.+-].*-$arch)\\\$/\\1/p\" |
			grep -vE -e \"-(cloud|rt)-\" | sort -V | tail -n 1)
		test -n \"\$v\" || { echo no kernel $1; exit 1; }
		INITRD=No DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends \\
			install make xz-utils initramfs-tools linux-image-\$v linux-headers-\$v
		find /lib/modules/\$v/ -name \"*.ko.xz\" -exec unxz {} +
		depmod \$v
		chmod a+r /boot/vmlinuz-\$v
		echo \$v >/kernel-release'"
	# sid's release file is valid for a week, and a mirror may be older than that
	debian_sources "$2" | as_root mmdebstrap --mode=root --variant=apt \
		--aptopt='Acquire::Check-Valid-Until "false"' --customize-hook="$hook" \
		"${2%-backports}" "$root" -
}

# The root of version $1, made if it is not there
provision_kernel()
{
	local version=$1 suite dir=$KERNELS_DIR/$1 log=$KERNELS_DIR/$1.log

	[[ ! -r $dir/kernel-release ]] || return 0
	is_debian || { say "kernel $version: not installed here, and this is not Debian"; return 1; }
	can_be_root || { say "kernel $version: not here; installing it takes root, or sudo"; return 1; }
	command -v mmdebstrap >/dev/null || apt_install mmdebstrap
	: >"$log"
	for suite in $(debian_suites "$version"); do
		say "kernel $version: installing that of Debian's $suite, once, into $dir"
		[[ $suite != sid ]] || say "(how old sid's release file is, is not looked at)"
		as_root rm -rf "$dir.new" "$dir"
		install_kernel "$version" "$suite" "$dir.new" >>"$log" 2>&1 </dev/null &&
			as_root mv "$dir.new" "$dir" && return
		as_root rm -rf "$dir.new"
	done
	say "kernel $version: Debian's packages cannot be had: is there a network? $log says more"
	return 1
}

# debian_kernel VERSION: Debian's kernel of that version. Sets what find_kernel sets, and
# KERNEL_ROOT if it is in a root of its own. False, with a sentence, if there is none.
debian_kernel()
{
	if [[ ! $1 =~ ^[1-9][0-9]*(\.[0-9]+)+$ ]]; then
		say "kernel $1: no version, such as 6.12"
		return 1
	fi
	VM_MAKE=()
	! newest_kernel "$1" || return 0
	mkdir -p "$KERNELS_DIR"
	(
		flock 9
		provision_kernel "$1"
	) 9>"$KERNELS_DIR/.lock" || return 1
	KERNEL_ROOT=$KERNELS_DIR/$1
	VM_KVER=$(<"$KERNEL_ROOT/kernel-release")
	VM_KERNEL=$KERNEL_ROOT/boot/vmlinuz-$VM_KVER
	VM_KDIR=$KERNEL_ROOT/usr/src/linux-headers-$VM_KVER
	VM_MODULES=$KERNEL_ROOT/lib/modules/$VM_KVER
}

# vm_make DIR ARGUMENT...: make in DIR. A kernel that has a root of its own is built for in
# there, where DIR is /mnt, with the compiler that is there.
vm_make()
{
	local dir=$1 ns=(unshare --mount)

	shift
	if [[ -z $KERNEL_ROOT ]]; then
		make -C "$dir" "$@"
		return
	fi
	[[ $EUID -eq 0 ]] || ns+=(--map-root-user)
	# shellcheck disable=SC2016 # for the shell in there
	"${ns[@]}" sh -ec 'root=$2
		mount --bind "$1" "$root/mnt"
		mount -t tmpfs tmp "$root/tmp"
		mount --rbind /proc "$root/proc"
		mount --rbind /dev "$root/dev"
		shift 2
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
			chroot "$root" make -C /mnt "$@"' sh \
		"$dir" "$KERNEL_ROOT" "${@/#KDIR=$KERNEL_ROOT/KDIR=}"
}

# each_kernel: run.sh for each version of $KERNELS, and a line for each at the end. False
# if one of them failed.
each_kernel()
{
	local v out verdict sums=() failed=0
	local -a versions

	read -ra versions <<<"${KERNELS//,/ }"
	mkdir -p "$CTNET_CACHE"
	out=$(mktemp "$CTNET_CACHE/kernels.XXXXXX")
	for v in "${versions[@]}"; do
		KERNELS="" DEBIAN_KERNEL=$v bash "$SELFTESTS/vm/run.sh" "$MODE" 2>&1 | tee "$out"
		if [[ ${PIPESTATUS[0]} -eq 0 ]]; then
			verdict=PASS
		else
			verdict=FAIL failed=1
		fi
		# how many passed, or why there were none
		sums+=("$verdict kernel $v: $(grep -E '^[0-9]+ passed|^ctnet: ' "$out" | tail -n 1)")
		echo
	done
	rm -f "$out"
	printf '%s\n' "${sums[@]}"
	return $failed
}
