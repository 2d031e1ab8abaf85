# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is for run.sh
#
# Kernels with the instruments on, built once from Debian's linux-source and kept in
# $CTNET_CACHE/kernels: kernels/kernels lists them, kernels/*.config are what they are
# made of. Sourced by run.sh, after provision.sh.

readonly OWN_KERNELS=$SELFTESTS/vm/kernels OWN_SOURCE=6.1
OWN_PACKAGES=("linux-source-$OWN_SOURCE" flex bison bc xz-utils libelf-dev libssl-dev)

# own_kernel_field NAME N: a field of the list, of the fifth on all; false if there is no
# such kernel
own_kernel_field()
{
	awk -v name="$1" -v n="$2" '
		$1 == name { if (n == 5) $1 = $2 = $3 = $4 = ""; else $0 = $n; print; found = 1 }
		END { exit !found }' "$OWN_KERNELS/kernels"
}

own_kernel_names() { awk '!/^#/ && NF { print $1 }' "$OWN_KERNELS/kernels" | paste -sd ' '; }

# The source of a kernel, unpacked once for each version of Debian's package; its
# directory is in $OWN_SRC.
own_source()
{
	local tar=/usr/src/linux-source-$OWN_SOURCE.tar.xz dir=$CTNET_CACHE/src stamp

	is_debian || give_up "kernels of our own are built from Debian's linux-source:" \
		"this is no Debian"
	provision_missing "${OWN_PACKAGES[@]}"
	OWN_SRC=$dir/linux-source-$OWN_SOURCE
	stamp=$(stat -c '%s %Y' "$tar") || give_up "no $tar: install linux-source-$OWN_SOURCE"
	[[ $(cat "$OWN_SRC/.ctnet-stamp" 2>/dev/null) != "$stamp" ]] || return 0
	say "unpacking $tar, once, into $dir"
	mkdir -p "$dir"
	rm -rf "$OWN_SRC"
	tar -C "$dir" -xf "$tar" || give_up "$tar cannot be unpacked into $dir: is the disk full?"
	echo "$stamp" >"$OWN_SRC/.ctnet-stamp"
}

# what of fragments $2... the configuration in directory $1 has not got
own_kernel_missing()
{
	local dir=$1 line

	shift
	grep -hE '^(CONFIG_|# CONFIG_)' "${@/#/$OWN_KERNELS/}" | while IFS= read -r line; do
		if [[ $line == "# "* ]]; then
			line=${line#\# }
			! grep "^${line%% *}=" "$dir/.config"
		else
			grep -qxF "$line" "$dir/.config" || echo "$line"
		fi
	done
}

# own_kernel NAME: builds that kernel if it is not there, and sets VM_KVER, VM_KERNEL,
# VM_KDIR, VM_MODULES and VM_MAKE as provision does for one of Debian's.
own_kernel()
{
	local name=$1 base log key targets dir missing start=$SECONDS
	local -a fragments make

	base=$(own_kernel_field "$name" 4) ||
		give_up "no kernel $name: there are $(own_kernel_names)"
	read -ra fragments < <(own_kernel_field "$name" 5)
	fragments=("${fragments[@]/%/.config}")
	own_source
	VM_MAKE=() KERNEL_SLOW=3 targets=(bzImage modules)
	if [[ $RUNNER == uml ]]; then
		VM_MAKE=(ARCH=um) targets=(linux modules)
	fi
	# another source, configuration or compiler is another kernel
	key=$( (cat "$OWN_SRC/.ctnet-stamp"; echo "$base ${VM_MAKE[*]}"; gcc --version
		cd "$OWN_KERNELS" && grep -hv '^#[^C]*$' "${fragments[@]}") | cksum)
	dir=$CTNET_CACHE/kernels/$name-${key%% *}
	log=$dir/build.log
	# V is for what the tests print
	make=(make V=0 -C "$OWN_SRC" "O=$dir" "${VM_MAKE[@]}")
	mkdir -p "$dir"
	exec {OWN_LOCK}>"$dir/.lock"
	flock "$OWN_LOCK"
	if [[ ! -e $dir/.built ]]; then
		say "building the kernel \"$name\", once, in $dir: some ten minutes on two cores"
		if ! { "${make[@]}" "$base" &&
		       (cd "$OWN_SRC" && ./scripts/kconfig/merge_config.sh -m -O "$dir" \
				"$dir/.config" "${fragments[@]/#/$OWN_KERNELS/}") &&
		       "${make[@]}" olddefconfig; } >"$log" 2>&1 </dev/null; then
			tail -n 15 "$log" >&2
			give_up "the kernel \"$name\" cannot be configured"
		fi
		missing=$(own_kernel_missing "$dir" "${fragments[@]}")
		[[ -z $missing ]] || give_up "the configuration of \"$name\" has not got:" "$missing"
		if ! "${make[@]}" "-j$(nproc)" "${targets[@]}" >>"$log" 2>&1 </dev/null; then
			grep -B 2 -A 10 -m 3 -E 'error|Error' "$log" >&2
			give_up "the kernel \"$name\" cannot be built: see $log"
		fi
		touch "$dir/.built"
		say "it took $((SECONDS - start)) s"
	fi
	flock -u "$OWN_LOCK"
	VM_KDIR=$dir VM_MODULES=$dir
	VM_KERNEL=$dir/arch/x86/boot/bzImage
	[[ $RUNNER != uml ]] || VM_KERNEL=$dir/linux
	VM_KVER=$(<"$dir/include/config/kernel.release")
}

# vm_config OPTION: whether the VM's kernel has it, built in
vm_config() { grep -qx "CONFIG_$1=y" "$VM_KDIR/.config"; }
