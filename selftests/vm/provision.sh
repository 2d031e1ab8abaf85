# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for run.sh
#
# What "make check", "make demo" and "make shell" need on the machine: compiler, libraries, a
# kernel for the VM with its headers, QEMU, virtme-ng, and the programs that tests
# start. Sourced by run.sh. With all of it there, provision takes a fraction of a second
# and no network.
#
# Sets VM_KVER (the kernel that the VM runs), VM_KERNEL (its image), VM_KDIR (its
# build directory), VM_MODULES (where its own modules are, and their indexes), VM_MAKE
# (what make is told besides, to build a module for it), PATH such that vng is found, and
# OVS_PATH and OVS_SCHEMA (where Open vSwitch's programs and the schema of its database
# are), CTNET_UNBOUND and CTNET_DOCKER (where unbound and Docker are, if not in PATH),
# CTNET_PROMETHEUS (below which promtool and Python's prometheus_client are, if not on this machine).

: "${CTNET_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/ctnet}"
readonly VIRTME_NG_VERSION=1.42

say() { printf '%s\n' "ctnet: $*"; }

give_up()
{
	printf '%s\n' "ctnet: $1" "${@:2}" >&2
	exit 1
}

# Where dpkg does not tell us, these do. Tests that want tshark or Open vSwitch are skipped
# where they are not.
PROVISION_COMMANDS=(gcc make pkg-config ip bridge tc ethtool tcpdump nft ping
	arping iperf3 socat jq file modprobe depmod sysctl flock busybox)
PROVISION_LIBS=(libnl-3.0 libnl-genl-3.0 json-c libnftables libnetfilter_conntrack libcurl
	libmicrohttpd)

provision_packages()
{
	local arch

	arch=$(dpkg --print-architecture 2>/dev/null || echo amd64)
	KERNEL_PACKAGES=("linux-image-$arch" "linux-headers-$arch")
	BUILD_PACKAGES=(gcc make pkg-config libc6-dev
		libnl-3-dev libnl-genl-3-dev libjson-c-dev
		libnftables-dev libnetfilter-conntrack-dev libcurl4-openssl-dev
		libmicrohttpd-dev
		"${KERNEL_PACKAGES[@]}")
	PACKAGES=("${BUILD_PACKAGES[@]}"
		busybox-static udev mount procps util-linux bsdutils kmod
		iproute2 ethtool tcpdump nftables iputils-ping iputils-arping
		iperf3 socat gojq jq file python3 python3-yaml python3-jsonschema)
	[[ ${MODE:-check} == @(bench|demo|shell) ]] || PACKAGES+=(tshark openvswitch-common)
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

# newest_kernel VERSION: the newest of that version (all, if empty) that has an image, modules
# and headers here
newest_kernel()
{
	local image v

	VM_KVER=""
	while IFS= read -r image; do
		v=${image##*/vmlinuz-}
		[[ -r $image && -e /lib/modules/$v/build/Makefile &&
		   -d /lib/modules/$v/kernel && (-z $1 || $v == "$1"[.+-]*) ]] || continue
		VM_KERNEL=$image
		VM_KVER=$v
		VM_KDIR=/lib/modules/$v/build
		VM_MODULES=/lib/modules/$v
	done < <(printf '%s\n' /boot/vmlinuz-* | sort -V)
	[[ -n $VM_KVER ]]
}

# the kernel version that is this release's own
release_kernel()
{
	case $(sed -n 's/^VERSION_ID="\?\([0-9]*\).*/\1/p' /etc/os-release) in
	12) echo 6.1 ;;
	13) echo 6.12 ;;
	esac
}

# The VM's kernel: the newest of this release's own version, and only where there is none
# the newest of all. One of the backports is not taken unasked.
find_kernel()
{
	VM_KVER="" VM_MAKE=()
	if [[ -n ${VM_KERNEL:-} ]]; then
		VM_KVER=${VM_KERNEL##*/vmlinuz-}
		VM_KDIR=${VM_KDIR:-/lib/modules/$VM_KVER/build}
		[[ -r $VM_KERNEL && -d $VM_KDIR ]] ||
			give_up "VM_KERNEL=$VM_KERNEL: no such image, or no $VM_KDIR"
		VM_MODULES=/lib/modules/$VM_KVER
		return
	fi
	if is_debian && newest_kernel "$(release_kernel)"; then
		return
	fi
	newest_kernel ""
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

# Open vSwitch, of this machine or unpacked into the cache
find_ovs()
{
	local own=$CTNET_CACHE/ovs/usr

	OVS_PATH="" OVS_SCHEMA=/usr/share/openvswitch/vswitch.ovsschema
	[[ -n $(PATH=$PATH:/usr/sbin type -P ovs-vswitchd) && -r $OVS_SCHEMA ]] && return
	[[ -r $own/share/openvswitch/vswitch.ovsschema ]] || return
	OVS_PATH=$own/bin:$own/sbin:$own/lib/openvswitch-switch
	OVS_SCHEMA=$own/share/openvswitch/vswitch.ovsschema
}

# Debian's package openvswitch-switch starts Open vSwitch on this machine, now and at every
# boot, and loads its module into this kernel. So it is unpacked only; what it needs comes
# with openvswitch-common, which starts nothing.
unpack_ovs()
{
	local dir=$CTNET_CACHE/ovs.new log=$CTNET_CACHE/ovs.log

	# both of the newest version, and lists that know it
	apt_install openvswitch-common
	say "unpacking Debian's openvswitch-switch, once, into $CTNET_CACHE/ovs"
	rm -rf "$dir" "$CTNET_CACHE/ovs"
	mkdir -p "$dir"
	if ! { (cd "$dir" && apt-get -q download openvswitch-switch) &&
	       dpkg-deb -x "$dir"/openvswitch-switch_*.deb "$dir" &&
	       rm "$dir"/*.deb && mv "$dir" "$CTNET_CACHE/ovs"; } </dev/null >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		give_up "openvswitch-switch could not be downloaded" \
			"Install it by hand: apt-get install openvswitch-switch"
	fi
	find_ovs || give_up "openvswitch-switch, as unpacked into $CTNET_CACHE/ovs, has no" \
		"vswitch.ovsschema. Install it by hand: apt-get install openvswitch-switch"
}

# unbound, of this machine or unpacked into the cache; as with Open vSwitch, its package would
# start it, but not what it needs
find_unbound()
{
	CTNET_UNBOUND=""
	[[ -z $(PATH=$PATH:/usr/sbin type -P unbound) ]] || return 0
	CTNET_UNBOUND=$CTNET_CACHE/unbound/usr/sbin
	[[ -x $CTNET_UNBOUND/unbound ]]
}

unpack_unbound()
{
	local dir=$CTNET_CACHE/unbound.new log=$CTNET_CACHE/unbound.log libs

	apt-cache show unbound >/dev/null 2>&1 || as_root apt-get -q update >"$log" 2>&1
	mapfile -t libs < <(apt-cache depends unbound | sed -n 's/^ *Depends: \(lib.*\)/\1/p')
	apt_install "${libs[@]}"
	say "unpacking Debian's unbound, once, into $CTNET_CACHE/unbound"
	rm -rf "$dir" "$CTNET_CACHE/unbound"
	mkdir -p "$dir"
	if ! { (cd "$dir" && apt-get -q download unbound) &&
	       dpkg-deb -x "$dir"/unbound_*.deb "$dir" &&
	       rm "$dir"/*.deb && mv "$dir" "$CTNET_CACHE/unbound"; } </dev/null >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		give_up "unbound could not be unpacked" "Install it by hand: apt-get install unbound"
	fi
}

# Docker, of this machine or unpacked into the cache
find_docker()
{
	CTNET_DOCKER=$CTNET_CACHE/docker
	[[ -z $(PATH=$PATH:/usr/sbin type -P dockerd) ]] || CTNET_DOCKER=""
	[[ -z $CTNET_DOCKER || -x $CTNET_DOCKER/usr/sbin/iptables ]]
}

# As with Open vSwitch, the packages would start daemons on this machine.
unpack_docker()
{
	local dir=$CTNET_CACHE/docker.new log=$CTNET_CACHE/docker.log p

	apt-cache show docker.io >/dev/null 2>&1 || as_root apt-get -q update >"$log" 2>&1
	say "unpacking Debian's docker.io, once, into $CTNET_CACHE/docker"
	rm -rf "$dir" "$CTNET_CACHE/docker"
	mkdir -p "$dir"
	if ! { (cd "$dir" && apt-get -q download docker.io containerd runc iptables) &&
	       (for p in "$dir"/*.deb; do dpkg-deb -x "$p" "$dir" || exit; done) &&
	       rm "$dir"/*.deb && mv "$dir"/usr/lib/*/xtables "$dir/" &&
	       for p in iptables iptables-save iptables-restore ip6tables; do
			ln -sf xtables-nft-multi "$dir/usr/sbin/$p"
	       done && mv "$dir" "$CTNET_CACHE/docker"; } </dev/null >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		give_up "docker.io could not be unpacked" "Install it by hand: apt-get install docker.io iptables"
	fi
}

# promtool, and OpenMetrics' own parser in Python; the package of the former would start Prometheus
find_prometheus()
{
	CTNET_PROMETHEUS=""
	[[ -z $(type -P promtool) ]] || ! /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null ||
		return 0
	CTNET_PROMETHEUS=$CTNET_CACHE/prometheus
	[[ -x $CTNET_PROMETHEUS/usr/bin/promtool ]]
}

unpack_prometheus()
{
	local dir=$CTNET_CACHE/prometheus.new log=$CTNET_CACHE/prometheus.log p

	apt-cache show prometheus >/dev/null 2>&1 || as_root apt-get -q update >"$log" 2>&1
	say "unpacking Debian's promtool, once, into $CTNET_CACHE/prometheus"
	rm -rf "$dir" "$CTNET_CACHE/prometheus"
	mkdir -p "$dir"
	if ! { (cd "$dir" && apt-get -q download prometheus python3-prometheus-client python3-decorator) &&
	       (for p in "$dir"/*.deb; do dpkg-deb -x "$p" "$dir" || exit; done) &&
	       rm "$dir"/*.deb "$dir/usr/bin/prometheus" &&
	       mv "$dir" "$CTNET_CACHE/prometheus"; } </dev/null >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		give_up "promtool could not be unpacked" \
			"Install it by hand: apt-get install prometheus python3-prometheus-client"
	fi
}

# provision_missing PACKAGE...: installs those that are missing
provision_missing()
{
	local missing

	mapfile -t missing < <(
		dpkg-query -W -f '${Status} ${Package}\n' "$@" 2>/dev/null |
			sed -n 's/.* ok installed //p' | grep -vxFf - <(printf '%s\n' "$@"))
	[[ ${#missing[@]} -eq 0 ]] || apt_install "${missing[@]}"
}

provision()
{
	local p missing=()

	provision_packages
	if is_debian; then
		provision_missing "${PACKAGES[@]}"
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
	if [[ -n ${DEBIAN_KERNEL:-} ]]; then
		debian_kernel "$DEBIAN_KERNEL" || exit 1
	elif ! find_kernel; then
		# image and headers are there, but of different versions
		! is_debian || apt_install "${KERNEL_PACKAGES[@]}"
		find_kernel || give_up "no kernel with image, modules and headers:" \
			"needed are /boot/vmlinuz-V and /lib/modules/V/build of one version V."
	fi
	find_vng || install_vng
	find_ovs || [[ ${MODE:-check} == @(bench|demo|shell) ]] || ! is_debian || unpack_ovs
	find_unbound || [[ ${MODE:-check} == @(bench|demo|shell) ]] || ! is_debian || unpack_unbound
	find_docker || ! is_wanted docker || ! is_debian || unpack_docker
	find_prometheus || ! is_wanted prometheus || ! is_debian || unpack_prometheus
}
