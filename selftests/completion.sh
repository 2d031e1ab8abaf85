#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The shell's completion of ctnetctl: what it offers, and that names which others chose are
# taken as they are. Whoever owns a namespace may call a network $(command), and root may
# press TAB there.
#
#	h1 (namespace): networks net0, net1; h2: networks called for mischief

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

need script

# where it is installed, or in the tree
COMPLETION=$(dirname "$0")/../installed/usr/local/share/bash-completion/completions/ctnetctl
[[ -e $COMPLETION ]] || COMPLETION=$(dirname "$0")/../tools/completion/ctnetctl.bash-completion
COMPLETION=$(realpath "$COMPLETION")
readonly COMPLETION

# what the shell would run, or take apart, if it had these as they are; each is a name that
# an interface may have, and leaves a file "pwn" if it is run
# shellcheck disable=SC2016 # as they stand
readonly EVIL=('$(>pwn)' '`>pwn`' 'a;>pwn' 'b&>pwn' '${x[$(>pwn)]}' "c'd" 'e"f' 'g\h' '*?[i]' '~j' '#k' '-l')

setup_ns h1 h2
mkdir "$TMP/dir"
# shellcheck disable=SC2016 # as they stand
{ ip netns add '$(>pwn)' && defer ip netns del '$(>pwn)'; } || die "setup: a namespace of that name"
must ctn "$h1" -b - <<<$'add-net net0\nadd-net net1'

# offers NS WORD...: what TAB offers in there after "ctnetctl WORD...", of which the last
# may be empty
offers()
{
	local ns=$1

	shift
	# shellcheck disable=SC2016 # for the shell in there
	ip netns exec "$ns" bash -c 'cd "$1" && . "$2" && shift 2 || exit
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_ctnetctl
		printf "%s\n" "${COMPREPLY[@]}"' bash "$TMP/dir" "$COMPLETION" ctnetctl "$@" 2>&1
}

# is_offered NS WANT WORD...: these, parted by blanks
is_offered()
{
	check_eq "$(offers "$1" "${@:3}" | paste -sd' ')" "$2" "offered after ${*:3}"
}

words()
{
	is_offered "$h1" "add-net add-port add-peer add-fdb" add-
	is_offered "$h1" "add-net add-port add-peer add-fdb" help add-
	is_offered "$h1" "sync" -n net1 sy
	is_offered "$h1" "--vni" add-net net0 --v
	is_offered "$h1" "--json" --j
	is_offered "$h1" "on off" add-net net0 --learning ""
	is_offered "$h1" "ports peers publish" list p
	is_offered "$h1" "" add-peer net0 ""
}

names()
{
	local devs

	# a kernel may have tunnels of its own in each namespace
	devs=$(ip -n "$h1" -o link | sed -E 's/^[0-9]+: ([^:@]*).*/\1/' | LC_ALL=C sort | paste -sd' ')
	check_match "$devs" 'lo net0 net1'
	# has a file among the devices
	modprobe -q bonding
	is_offered "$h1" "net0 net1" show ""
	is_offered "$h1" "net1" list ports net1
	is_offered "$h2" "net0 net1" -n "$h1" set-net ""
	is_offered "$h1" "lo" add-port net0 --dev l
	is_offered "$h1" "any $devs" add-net x --underlay ""
	is_offered "$h1" "$h1" -n h1
	is_offered "$h1" "$h2" add-port net0 h2
	is_offered "$h1" "$h2" add-fdb net0 02:00:00:00:00:01 --target h2
}

# not_run: nothing that is called like a command was run
not_run()
{
	[[ ! -e $TMP/dir/pwn ]] || fail "$1: a name was run as a command"
	rm -f "$TMP/dir/pwn"
}

# Each of the names is offered, as a word that the shell takes for the name.
mischief()
{
	local i name way
	local -a got

	for i in "${!EVIL[@]}"; do
		must ip -n "$h2" link add "${EVIL[i]}" type ctnet
	done
	for way in "show" "list fdb" "add-port n --dev" "add-net n --underlay"; do
		# shellcheck disable=SC2086 # words
		got=$(offers "$h2" $way "")
		not_run "$way"
		for name in "${EVIL[@]}"; do
			printf -v name %q "$name"
			grep -qxF -- "$name" <<<"$got" || fail "$way: $name is not offered: $got"
		done
	done
	for way in "-n" "add-port n" "add-fdb n m --target"; do
		# shellcheck disable=SC2086 # words
		got=$(offers "$h2" $way "")
		not_run "$way"
		# shellcheck disable=SC2016 # as it stands
		grep -qxF '\$\(\>pwn\)' <<<"$got" || fail "$way: the namespace is not offered: $got"
	done
	# begun as it is, or as it was offered
	# shellcheck disable=SC2016 # as they stand
	is_offered "$h2" '\$\(\>pwn\)' show '$('
	# shellcheck disable=SC2016
	is_offered "$h2" '\$\(\>pwn\)' show '\$\('
	not_run "a name that is begun"
}

# The shell itself, at a terminal: TAB puts the name in, and what is run then has it.
typed()
{
	mkdir "$TMP/files"
	# shellcheck disable=SC2016 # as it stands
	: >"$TMP/files/\$(>pwn)"
	cat >"$TMP/rc" <<-EOF
		said() { printf '%s\\n' "\$@" >>$TMP/said; }
		cd $TMP/files && . $COMPLETION && complete -F _ctnetctl said
	EOF
	{
		printf 'said show \\$\\(\t\n'
		printf 'said add-port n --dev \\$\\(\t\n'
		printf 'said sync \t\n'
		printf 'said -b \t\n'
		echo exit
	} >"$TMP/keys"
	HOME=$TMP INPUTRC=/dev/null TERM=dumb script -qec \
		"ip netns exec $h2 bash --rcfile $TMP/rc -i" /dev/null <"$TMP/keys" >"$TMP/screen" 2>&1
	[[ ! -e $TMP/files/pwn ]] || fail "a name was run as a command"
	# shellcheck disable=SC2016 # as they stand
	check_eq "$(paste -sd' ' "$TMP/said")" \
		'show $(>pwn) add-port n --dev $(>pwn) sync $(>pwn) -b $(>pwn)' "what was run" ||
		diag "$(<"$TMP/screen")"
}

run_test words "commands, options and their values are offered"
run_test names "networks, interfaces and namespaces are offered"
run_test mischief "names that are commands are offered as names, and not run"
run_test typed "TAB at a terminal puts in a name, or a file's, that is taken as it is"
