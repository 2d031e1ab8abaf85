#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make lint" runs over the tree: one line for each tool that has nothing to say, and
# what it says otherwise. LINTERS="sparse shellcheck": only these.
#
#	checkpatch	the kernel's style, --strict, in module, header, tool and tests
#	kernel-doc	what the kernel's comments say of parameters and members
#	sparse		address spaces, byte order, RCU, locks; with gcc and W=1
#	clang		the module by clang, W=1, for a kernel with its debugging on
#	coccicheck	the kernel's semantic patches, all that report, over the module
#	clang-tidy	the tool, by tools/.clang-tidy
#	cppcheck	the tool
#	"shellcheck"	all scripts
#	tables		the scripts and functions that README.md and SECURITY.md name are there, and
#			nlraw.py has the commands and attributes of the header
#
# The kernel's scripts are those of Debian's linux-source (ownkernel.sh), its headers those
# that "make module" would take (provision.sh). The tree itself is not built in.

set -u
shopt -s nullglob

SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly SELFTESTS TOP=${SELFTESTS%/*}
readonly ALL=(checkpatch kernel-doc sparse clang coccicheck clang-tidy cppcheck shellcheck
	tables)

# shellcheck source=provision.sh
. "$SELFTESTS/vm/provision.sh"
# shellcheck source=ownkernel.sh
. "$SELFTESTS/vm/ownkernel.sh"

readonly LINT_PACKAGES=(perl clang clang-tidy cppcheck sparse coccinelle ocaml shellcheck)
JOBS=$(nproc)

# -------------------------------------------------------------- checkpatch

# What checkpatch complains of and we want, PATTERN TYPES; of the lines that match a file
# all count.
#
# Everywhere: a message stands in one line, however long, so that a search finds it; a macro
# that iterates evaluates its arguments more than once.
#
# compat.h is what asks for versions, and does as others do, who write the version right
# of LINUX_VERSION_CODE. Tracepoints are laid out as the kernel's are. stats.h has a list
# of the reasons to drop, to be expanded in an initializer.
#
# What the tests are made of is no kernel code either, and has the types of C and of its
# library, and macros of X lists.
#
# The tool is no kernel code: it has no __packed, no __printf(); the flag that a signal
# handler sets is volatile, as C wants it; rows that several tables of options have are a
# macro; "help" and "save" are words, and functions. libcurl's types are called as it likes.
readonly CHECKPATCH_IGNORE='
*			LONG_LINE_STRING,MACRO_ARG_REUSE
kmod/compat.h		LINUX_VERSION_CODE,CONSTANT_COMPARISON
kmod/trace.h		OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,TRAILING_SEMICOLON
kmod/stats.h		COMPLEX_MACRO
selftests/*		PREFER_KERNEL_TYPES,CAMELCASE,VOLATILE,COMPLEX_MACRO,BIT_MACRO
selftests/*		PREFER_DEFINED_ATTRIBUTE_MACRO,EMBEDDED_FUNCTION_NAME,LINE_SPACING
selftests/*		ARRAY_SIZE,BRACES,MULTIPLE_ASSIGNMENTS,STATIC_CONST_CHAR_ARRAY
selftests/*		UNNECESSARY_ELSE,QUOTED_WHITESPACE_BEFORE_NEWLINE
tools/*			PREFER_DEFINED_ATTRIBUTE_MACRO,VOLATILE,COMPLEX_MACRO,EMBEDDED_FUNCTION_NAME
tools/lib/engine.c	CAMELCASE'

checkpatch_ignore()
{
	local pattern types all=""

	while read -r pattern types; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ -z $pattern || $1 != $pattern ]] || all+=,$types
	done <<<"$CHECKPATCH_IGNORE"
	printf '%s\n' "${all#,}"
}

lint_checkpatch()
{
	local f

	cd "$TOP" || return
	find kmod uapi tools selftests -name '*.[ch]' ! -name '*.mod.c' | sort |
	while IFS= read -r f; do
		printf '%s\n' "$(checkpatch_ignore "$f")" "$f"
	done |
	xargs -P "$JOBS" -n 2 perl "$OWN_SRC/scripts/checkpatch.pl" --strict --no-tree \
		--terse --show-types --no-summary -q -f --ignore
}

# --------------------------------------------------------------- the module

lint_kernel-doc()
{
	local f

	cd "$TOP" || return
	for f in kmod/*.[ch] kmod/tests/*.[ch] uapi/linux/*.h; do
		[[ $f == *.mod.c ]] || perl "$OWN_SRC/scripts/kernel-doc" -none "$f"
	done
}

# a copy of the module's source, to build in; its directory
copy_module()
{
	local dir=$TMP/$1

	mkdir -p "$dir"
	(cd "$TOP" && find Kbuild kmod uapi \( -name Kbuild -o -name '*.[ch]' \) \
		! -name '*.mod.c' -print0 | tar -c --null -T -) | tar -x -C "$dir"
	echo "$dir"
}

# All that make says: -s leaves warnings and errors.
lint_sparse()
{
	local dir

	dir=$(copy_module sparse)
	make -s -k "-j$JOBS" -C "$VM_KDIR" "M=$dir" W=1 C=1 \
		CF="-D__CHECK_ENDIAN__ -Wcontext" modules |&
		grep -v '^Skipping BTF generation' | sed "s|$dir/||"
}

# A kernel that clang is configured for, with the headers that a build makes, and no more
# of it; made once. Debian's headers are configured for gcc, whose options clang has not.
clang_kernel()
{
	local key make

	key=$( (cat "$OWN_SRC/.ctnet-stamp"; clang --version
		cat "$OWN_KERNELS"/{net,debug}.config) | cksum)
	CLANG_KERNEL=$CTNET_CACHE/kernels/clang-${key%% *}
	CLANG_MAKE=(make -s -C "$OWN_SRC" "O=$CLANG_KERNEL" CC=clang)
	[[ ! -e $CLANG_KERNEL/.built ]] || return 0
	say "preparing a kernel for clang, once, in $CLANG_KERNEL"
	mkdir -p "$CLANG_KERNEL"
	make=("${CLANG_MAKE[@]}" "-j$JOBS")
	if ! { "${make[@]}" defconfig &&
	       (cd "$OWN_SRC" && ./scripts/kconfig/merge_config.sh -m -O "$CLANG_KERNEL" \
			"$CLANG_KERNEL/.config" "$OWN_KERNELS"/{net,debug}.config) &&
	       "${make[@]}" olddefconfig && "${make[@]}" prepare; } \
			>"$CLANG_KERNEL/build.log" 2>&1 </dev/null; then
		tail -n 15 "$CLANG_KERNEL/build.log" >&2
		give_up "no kernel could be prepared for clang"
	fi
	touch "$CLANG_KERNEL/.built"
}

# The object is built and not the module: its kernel is not there to be linked to.
lint_clang()
{
	local dir

	dir=$(copy_module clang)
	"${CLANG_MAKE[@]}" -k "-j$JOBS" "M=$dir" W=1 ctnet.o 2>&1 | sed "s|$dir/||"
}

# As scripts/coccicheck does, which would run one after another. $1 is a semantic patch,
# $2 the directory that it looks at.
# shellcheck disable=SC2016 # for the shell that xargs starts
readonly COCCICHECK='
	opts=$(sed -n "s|^// Options: *||p" "$1")
	err=$2/${1##*/}.err
	out=$(spatch -D report --very-quiet --no-show-diff --cocci-file "$1" $opts \
		-I include --patch . --dir "$2" 2>"$err") && [[ -z $out ]] && exit
	printf "%s\n" "$1:" "$out"
	cat "$err"'

lint_coccicheck()
{
	local dir

	dir=$(copy_module cocci)
	cd "$OWN_SRC" || return
	grep -rl '^virtual report' --include='*.cocci' scripts/coccinelle |
	xargs -P "$JOBS" -I{} bash -c "$COCCICHECK" coccicheck {} "$dir" | sed "s|$dir/||"
}

# ----------------------------------------------------------------- the tool

tool_flags()
{
	TOOL_FLAGS=(-std=gnu11 -Wall -Wextra -I../uapi -Ilib -D_GNU_SOURCE '-DVERSION="0"')
	# shellcheck disable=SC2207 # they are words
	TOOL_FLAGS+=($(pkg-config --cflags "${PROVISION_LIBS[@]}"))
}

lint_clang-tidy()
{
	cd "$TOP/tools" || return
	tool_flags
	# on standard error it counts what it does not show
	printf '%s\0' lib/*.c ctnetctl/*.c docker/*.c | xargs -0 -P "$JOBS" -I{} \
		clang-tidy --quiet {} -- "${TOOL_FLAGS[@]}" 2>"$TMP/clang-tidy" ||
		grep -v 'warnings generated' "$TMP/clang-tidy"
}

lint_cppcheck()
{
	cd "$TOP/tools" || return
	# of json-c, whose headers would be checked, too, it needs to know the loop alone
	cat >"$TMP/json-c.h" <<-'EOF'
		#define json_object_object_foreach(obj, key, val) \
			for (char *key = first(obj), *val = value(key); key; key = next(key))
	EOF
	cppcheck --quiet -j "$JOBS" --enable=warning,performance,portability --inline-suppr \
		--std=c11 --library=gnu --include="$TMP/json-c.h" -I../uapi -Ilib -D_GNU_SOURCE \
		'-DVERSION="0"' lib/*.c ctnetctl/*.c docker/*.c 2>&1
}

# ------------------------------------------------------------------ scripts

lint_shellcheck()
{
	cd "$TOP" || return
	{
		find selftests -name '*.sh' -print0
		grep -rlZE '^#!.*\<(ba)?sh$' .ci
		printf '%s\0' tools/completion/*.bash-completion
	} | xargs -0 -P "$JOBS" -n 1 shellcheck
}

# ------------------------------------------------------------------- tables

# Of what README.md and SECURITY.md say as "script: function, function", each function is
# run by the script, and each test has a row of its own in README.md. What follows a
# function after a comma, and is no word alone, is said to people. Of unit tests they say
# "kunit: case of suite".
# shellcheck disable=SC2016 # awk's
readonly TABLES='
	function complain(text) { print start ": " text }

	# the functions at the beginning of text, of the scripts of[1] to of[n]
	function functions(text, of, n,		i, j, k, item, word)
	{
		if (match(text, /[;|)]|\.( |$)/))
			text = substr(text, 1, RSTART - 1)
		k = split(text, item, ", ")
		for (i = 1; i <= k; i++) {
			sub(/^above all /, "", item[i])
			sub(/ +$/, "", item[i])
			if (item[i] ~ /^(all of it|all that .*|the same)$/)
				continue
			word = item[i]
			sub(/ .*/, "", word)
			if (item[i] ~ /^[a-z0-9_]+ of ctnet-[a-z0-9]+$/) {
				sub(/.* of ctnet-/, "", item[i])
				word = "ctnet_" item[i] "_test_" word
				item[i] = word
			}
			for (j = 1; j <= n; j++)
				if (!((of[j], word) in runs))
					break
			if (j > n)
				continue
			if (i > 1 && item[i] != word)
				return
			complain(of[j] ".sh does not run \"" word "\"")
		}
	}

	# all lists in text; where one may begin in a table, nothing but scripts has a colon
	function lists(text, table,		before, names, n, i, k, of)
	{
		before = ""
		while (match(text, /[a-z0-9_]+(, [a-z0-9_]+)*: /)) {
			before = before substr(text, 1, RSTART - 1)
			n = split(substr(text, RSTART, RLENGTH - 2), names, ", ")
			text = substr(text, RSTART + RLENGTH)
			k = 0
			for (i = 1; i <= n; i++)
				if (names[i] in script)
					of[++k] = names[i]
				else if (table && before ~ /(^|[|;]) *$/)
					complain("there is no test \"" names[i] "\"")
				else
					k = 0
			if (k && names[n] in script)
				functions(text, of, k)
			before = before "x"
		}
	}

	function paragraph()
	{
		if (collected != "")
			lists(collected, 0)
		collected = ""
	}

	FILENAME ~ /\.c$/ {
		if (match($0, /KUNIT_CASE\([a-z0-9_]+/))
			runs["kunit", substr($0, RSTART + 11, RLENGTH - 11)]
		next
	}
	FILENAME ~ /\.sh$/ {
		name = FILENAME
		sub(/.*\//, "", name)
		sub(/\.sh$/, "", name)
		script[name]
		if (match($0, /^[ \t]*(TESTS_ONLY="" )?[a-z]+_test [a-z0-9_]+/)) {
			word = substr($0, RSTART, RLENGTH)
			sub(/.* /, "", word)
			runs[name, word]
		}
		next
	}
	FNR == 1 { paragraph() }
	/^\| [a-z0-9_]+\.sh/ {
		paragraph()
		start = FILENAME ":" FNR
		split($0, cell, "|")
		n = split(cell[2], names, ",")
		for (i = 1; i <= n; i++) {
			gsub(/ |\.sh/, "", names[i])
			row[names[i]]
			if (!(names[i] in script))
				complain("there is no test " names[i] ".sh")
		}
		next
	}
	/^\|/ {
		paragraph()
		start = FILENAME ":" FNR
		n = split($0, cell, "|")
		lists(cell[n - 1], 1)
		next
	}
	/^$/ { paragraph(); next }
	{
		if (collected == "")
			start = FILENAME ":" FNR
		collected = collected " " $0
	}
	END {
		paragraph()
		for (name in script)
			if (!(name in row))
				print "selftests/README.md: " name ".sh has no row"
	}'

# nlraw.py's lists and the header's enums, which the kernel's messages are numbered by
readonly NLRAW='
import re, nlraw
lists = {"CTNET_CMD_": nlraw.CMDS, "IFLA_CTNET_(?!PORT_)": nlraw.ATTRS["NEWLINK"]}
lists.update(("CTNET_A_%s_" % obj, names) for obj, names in nlraw.ATTRS.items()
             if not obj.endswith("LINK"))
header = open("uapi/linux/ctnet.h", encoding="ascii").read()
for prefix, names in lists.items():
    there = re.findall(r"^\t%s(\w+)," % prefix, header, re.M)
    if names != there:
        print("selftests/lib/nlraw.py: %s: %s; the header has: %s" % (
            prefix, " ".join(names), " ".join(there)))
'

lint_tables()
{
	cd "$TOP" || return
	awk "$TABLES" kmod/tests/*_test.c selftests/*.sh SECURITY.md selftests/README.md
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=selftests/lib python3 -c "$NLRAW"
}

main()
{
	local tool out failed=0
	local -a tools

	read -ra tools <<<"${LINTERS:-${ALL[*]}}"
	for tool in "${tools[@]}"; do
		[[ " ${ALL[*]} " == *" $tool "* ]] || give_up "LINTERS: there are ${ALL[*]}"
	done
	provision_packages
	is_debian || give_up "make lint takes the kernel's scripts from Debian's" \
		"linux-source: this is no Debian"
	provision_missing "${BUILD_PACKAGES[@]}" "${LINT_PACKAGES[@]}"
	find_kernel || give_up "no kernel's headers"
	own_source
	[[ " ${tools[*]} " != *" clang "* ]] || clang_kernel
	TMP=$(mktemp -d)
	trap 'rm -rf "$TMP"' EXIT
	for tool in "${tools[@]}"; do
		out=$("lint_$tool" 2>&1)
		if [[ -z $out ]]; then
			echo "lint: $tool: clean"
		else
			printf '%s\n' "$out" "lint: $tool: see above"
			failed=1
		fi
	done
	return "$failed"
}

main
