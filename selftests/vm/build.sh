# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for run.sh
#
# Builds module, tool and the programs of tests for the VM's kernel, and packs all that
# goes into the VM. Sourced by run.sh.

# copy_tree DIR: the sources, of which only what differs is copied, so that make builds
# only that; those that are gone go there, too
copy_tree()
{
	local f

	(cd "$1" && find kmod tools selftests -name '*.[ch]' ! -name '*.mod.c') 2>/dev/null |
	while IFS= read -r f; do
		[[ -e $TOP/$f ]] || rm -f "$1/$f" "$1/${f%.*}".{o,gcno,gcda}
	done
	(cd "$TOP" && find Makefile Kbuild dkms.conf LICENSE kmod tools uapi selftests/*/ -type f \
		\( -name '*.[ch8]' -o -name 'Makefile' -o -name Kbuild -o -name LICENSE \
		   -o -name '*.conf' -o -name '*-completion' -o -path 'tools/completion/*' -o -name '*.yaml' -o -name '*.in' -o -name '*.socket' \
		   -o -path 'tools/grafana/*' -o -path 'tools/net/*' -o -path 'tools/*.sh' \) \
		! -name '*.mod.c' -print) |
	while IFS= read -r f; do
		cmp -s "$TOP/$f" "$1/$f" && continue
		# what is a directory now may have been a program
		[[ -d $1/${f%/*} ]] || rm -f "${1:?}/${f%/*}"
		mkdir -p "$1/${f%/*}"
		rm -rf "${1:?}/$f"
		cp "$TOP/$f" "$1/$f"
	done
}

# build_module DIR [VARIABLE=VALUE...]
build_module()
{
	vm_make "$1" -j2 module KDIR="$VM_KDIR" "${VM_MAKE[@]}" "${@:2}"
}

# Builds what the sources make. A module's own coverage is recorded where the kernel can
# (KCOV); with COVERAGE=1 which lines ran is, too (gcov), also of the tool. For kunit.sh, where
# the kernel has KUnit, the module is built a second time, with its unit tests in it.
build_all()
{
	local dir
	local -a vars=() tool=()

	! vm_config KCOV || vars+=(CTNET_KCOV=y)
	[[ -z ${COVERAGE:-} ]] || vars+=(CTNET_GCOV=y) tool+=(COVERAGE=1)
	build_module "$BUILD" "${vars[@]}" && make -C "$BUILD" -j2 tool "${tool[@]}" || return
	for dir in "$BUILD"/selftests/*/; do
		[[ ! -e $dir/Makefile ]] || make -C "$dir" || return
	done
	rm -f "$BUILD-kunit/ctnet.ko"
	if grep -qx kunit <<<"$SCRIPTS" && vm_config KUNIT; then
		copy_tree "$BUILD-kunit"
		build_module "$BUILD-kunit" "${vars[@]}" CTNET_KUNIT=y || return
	fi
}

# A copy of the sources is built, apart for each kernel: the tree stays as it is, and
# may be built for another kernel.
build()
{
	local tag log

	tag=$(printf %s "$TOP" | cksum)
	BUILD=$CTNET_CACHE/build/${tag%% *}-${KERNEL:+$KERNEL-}$VM_KVER${COVERAGE:+-coverage}
	BUILD+=${SANITIZE:+-sanitize}
	export SANITIZE=${SANITIZE:-}	# whatever make builds the tool
	log=$BUILD/build.log
	mkdir -p "$BUILD"
	exec {LOCK}>"$BUILD/.lock"
	flock "$LOCK"
	say "building for $VM_KVER${KERNEL:+ ($KERNEL)}"
	copy_tree "$BUILD"
	if ! build_all >"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		give_up "the build failed"
	fi
	grep -E 'warning:|WARNING:' "$log" >&2
	[[ -z ${V:-} ]] || cat "$log"
}

# The module indexes of the VM's kernel with ctnet in them, so that it loads by its
# name and alias there as on a host on which it was installed.
index_modules()
{
	local mods=$RUN/stage/lib/modules/$VM_KVER f

	mkdir -p "$mods/updates"
	cp "$BUILD/ctnet.ko" "$mods/updates/"
	# a kernel of our own has all built in
	[[ ! -d $VM_MODULES/kernel || -n $KERNEL ]] || ln -s "$VM_MODULES/kernel" "$mods/kernel"
	for f in "$VM_MODULES"/modules.{order,builtin,builtin.modinfo}; do
		cp "$f" "$mods/"
	done
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$RUN/stage" "$VM_KVER" || give_up "depmod failed"
	rm -f "$mods/kernel"
}

# The guest reads this machine's files over 9p, which is slow for what a test starts a
# thousand times: those programs are taken along, with their libraries, and run from
# the guest's memory.
pack()
{
	local stage=$RUN/stage p bin lib

	mkdir -p "$stage/bin" "$stage/lib-fast" "$stage/selftests" "$stage/man"
	index_modules
	cp -r "$SELFTESTS/." "$stage/selftests/"
	cp -r "$TOP/uapi" "$TOP/README.md" "$stage/"
	if [[ -n ${YNL:-} ]]; then
		[[ -r $YNL/cli.py || -r $YNL/pyynl/cli.py ]] ||
			give_up "YNL=$YNL: no kernel's tools/net/ynl: there is no cli.py in it"
		ln -s "$(realpath "$YNL")" "$stage/ynl"
	fi
	bin=$PATH:/sbin:/usr/sbin:$OVS_PATH
	for p in bash ip bridge tc ethtool ping arping gojq jq tcpdump nft iperf3 socat sysctl \
		timeout grep sed awk mawk cat rm mv mkdir mktemp cp diff sleep true kill env \
		wc head tail tr sort date modprobe lsmod modinfo insmod rmmod kmod dmesg \
		busybox nsenter unshare setpriv capsh stat find xargs cut seq ps ss script stty \
		touch ls readlink uname id nc gzip ovsdb-tool ovsdb-server ovs-vswitchd ovs-vsctl \
		ovs-appctl; do
		p=$(PATH=$bin type -P "$p") && cp -L "$p" "$stage/bin/${p##*/}"
	done
	cp "$BUILD/tools/ctnetctl/ctnetctl" "$BUILD/tools/docker/ctnet-docker" "$stage/bin/"
	find "$BUILD"/selftests/*/ -maxdepth 1 -type f -perm -u+x -exec cp -t "$stage/bin" {} + 2>/dev/null
	if [[ -e $BUILD-kunit/ctnet.ko ]]; then
		mkdir "$stage/kunit"
		cp "$BUILD-kunit/ctnet.ko" "$stage/kunit/"
	fi
	cp "$BUILD"/tools/man/*.8 "$stage/man/" 2>/dev/null
	make -C "$BUILD" install-tool DESTDIR="$stage/installed" >/dev/null 2>&1 </dev/null ||
		give_up "make install-tool failed"
	cp "$OVS_SCHEMA" "$stage/" 2>/dev/null
	ldd "$stage"/bin/* 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u |
	while IFS= read -r lib; do
		cp -L "$lib" "$stage/lib-fast/"
	done
	# A library of tshark's is twice as large as all that: compressed, and beside it, for
	# the one test that reads it.
	lib=$(ldd "$(type -P tshark)" 2>/dev/null |
		sed -n 's/.*=> \(\/[^ ]*\/libwireshark[^ ]*\).*/\1/p')
	if [[ -n $lib && $MODE == check && ${TESTS:-decode} == *decode* ]]; then
		gzip -1c "$lib" >"$RUN/${lib##*/}.gz" && ln -s "$RUN/${lib##*/}.gz" "$stage/"
	fi
	tar -C "$stage" -cf "$RUN/payload.tar" . || give_up "tar failed"
	rm -rf "$stage"
}

