# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What "make check" and "make demo" need on the machine: compiler, libraries, a
# kernel for the VM with its headers, QEMU, virtme-ng. Sourced by run.sh. With
# all of it there, provision takes a fraction of a second and no network.
#
# Sets VM_KVER (the kernel that the VM runs), VM_KERNEL (its image), VM_KDIR (its
# build directory) and PATH such that vng is found.

: "${CTNET_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/ctnet}"
readonly VIRTME_NG_VERSION=1.42

say() { printf '%s\n' "ctnet: $*"; }

give_up()
{
	printf '%s\n' "ctnet: $1" "${@:2}" >&2
	exit 1
}

# Where dpkg does not tell us, these do.
PROVISION_COMMANDS=(gcc make pkg-config ip bridge tc ethtool tcpdump nft ping
	arping iperf3 socat jq file modprobe depmod sysctl flock busybox)
PROVISION_LIBS=(libnl-3.0 libnl-genl-3.0 libnl-route-3.0 json-c)

provision_packages()
{
	local arch

	arch=$(dpkg --print-architecture 2>/dev/null || echo amd64)
	KERNEL_PACKAGES=("linux-image-$arch" "linux-headers-$arch")
	PACKAGES=(gcc make pkg-config libc6-dev
		libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libjson-c-dev
		"${KERNEL_PACKAGES[@]}"
		busybox-static udev mount procps util-linux bsdutils kmod
		iproute2 ethtool tcpdump nftables iputils-ping iputils-arping
		iperf3 socat jq file python3 python3-yaml python3-jsonschema)
	case $arch in
	amd64) PACKAGES+=(qemu-system-x86) ;;
	*) PACKAGES+=("qemu-system-$arch") ;;
	esac
}

is_debian()
{
	[[ -r /etc/os-release ]] && grep -qx 'ID=debian' /etc/os-release &&
		command -v dpkg-query apt-get >/dev/null
}

# as_root COMMAND...: as root or by sudo
as_root()
{
	if [[ $(id -u) -eq 0 ]]; then
		"$@"
	else
		sudo "$@"
	fi
}

can_be_root()
{
	[[ $(id -u) -eq 0 ]] && return
	command -v sudo >/dev/null || return 1
	# a password may be asked for only where someone can type it
	sudo -n true 2>/dev/null || [[ -t 0 && -z ${CI:-} ]]
}

apt_install()
{
	local log

	can_be_root || give_up "these Debian packages are missing: $*" \
		"Installing them takes root, or sudo. As root: apt-get install $*"
	say "installing Debian packages, once: $*"
	mkdir -p "$CTNET_CACHE"
	log=$CTNET_CACHE/apt.log
	if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
	       as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy \
			--no-install-recommends install "$@"; } </dev/null >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		give_up "apt-get could not install them" "Needed: $*"
	fi
}

# The newest kernel that has an image, modules and headers here.
find_kernel()
{
	local image v

	VM_KVER=""
	if [[ -n ${VM_KERNEL:-} ]]; then
		VM_KVER=${VM_KERNEL##*/vmlinuz-}
		VM_KDIR=${VM_KDIR:-/lib/modules/$VM_KVER/build}
		[[ -r $VM_KERNEL && -d $VM_KDIR ]] ||
			give_up "VM_KERNEL=$VM_KERNEL: no such image, or no $VM_KDIR"
		return
	fi
	while IFS= read -r image; do
		v=${image##*/vmlinuz-}
		[[ -r $image && -e /lib/modules/$v/build/Makefile &&
		   -d /lib/modules/$v/kernel ]] || continue
		VM_KERNEL=$image
		VM_KVER=$v
		VM_KDIR=/lib/modules/$v/build
	done < <(printf '%s\n' /boot/vmlinuz-* | sort -V)
	[[ -n $VM_KVER ]]
}

find_vng()
{
	[[ ! -x $CTNET_CACHE/venv/bin/vng ]] || PATH=$CTNET_CACHE/venv/bin:$PATH
	command -v vng >/dev/null && vng --version >/dev/null 2>&1
}

install_vng()
{
	local log=$CTNET_CACHE/venv.log

	if is_debian && apt-cache show virtme-ng >/dev/null 2>&1; then
		apt_install virtme-ng
		find_vng && return
	fi
	if is_debian && ! dpkg-query -W -f '${Status}' python3-venv 2>/dev/null |
			grep -q 'ok installed'; then
		apt_install python3-venv
	fi
	say "installing virtme-ng $VIRTME_NG_VERSION from PyPI, once, into $CTNET_CACHE/venv"
	mkdir -p "$CTNET_CACHE"
	if ! { rm -rf "$CTNET_CACHE/venv" &&
	       /usr/bin/python3 -m venv "$CTNET_CACHE/venv" &&
	       "$CTNET_CACHE/venv/bin/pip" install --disable-pip-version-check \
			--no-input "virtme-ng==$VIRTME_NG_VERSION"; } </dev/null >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		rm -rf "$CTNET_CACHE/venv"
		give_up "virtme-ng, which starts the VM, could not be installed" \
			"Install it by hand (Debian 13: apt-get install virtme-ng;" \
			"elsewhere: pipx install virtme-ng) so that vng is in PATH."
	fi
	find_vng || give_up "virtme-ng was installed, but vng does not run:" \
		"$(vng --version 2>&1)"
}

provision()
{
	local p missing=()

	provision_packages
	if is_debian; then
		mapfile -t missing < <(
			dpkg-query -W -f '${Status} ${Package}\n' "${PACKAGES[@]}" 2>/dev/null |
				sed -n 's/.* ok installed //p' |
				grep -vxFf - <(printf '%s\n' "${PACKAGES[@]}"))
		[[ ${#missing[@]} -eq 0 ]] || apt_install "${missing[@]}"
	else
		for p in "${PROVISION_COMMANDS[@]}" "${PROVISION_LIBS[@]/#/lib:}"; do
			if [[ $p == lib:* ]]; then
				pkg-config --exists "${p#lib:}" 2>/dev/null
			else
				command -v "$p" >/dev/null
			fi || missing+=("${p#lib:}")
		done
		[[ ${#missing[@]} -eq 0 ]] || give_up "missing: ${missing[*]}" \
			"This is not Debian, so nothing is installed by itself. On Debian the" \
			"packages are: ${PACKAGES[*]}" "and virtme-ng (on Debian 12: from PyPI)."
	fi
	if ! find_kernel; then
		# image and headers are there, but of different versions
		! is_debian || apt_install "${KERNEL_PACKAGES[@]}"
		find_kernel || give_up "no kernel with image, modules and headers:" \
			"needed are /boot/vmlinuz-V and /lib/modules/V/build of one version V."
	fi
	find_vng || install_vng
}
