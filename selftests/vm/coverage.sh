# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What of module and tool a run has executed, by gcov. Sourced by run.sh.

# All VMs' records of $BUILD as one, beside the objects that they are of
coverage_merge()
{
	local dir sum=$RUN/gcov next=$RUN/gcov.next

	for dir in "$RUN"/vm*/gcov"$BUILD"; do
		if [[ ! -d $sum ]]; then
			cp -r "$dir" "$sum"
			continue
		fi
		rm -rf "$next"
		gcov-tool merge -o "$next" "$sum" "$dir" >/dev/null || return
		rm -rf "$sum"
		mv "$next" "$sum"
	done
	[[ -d $sum ]] && cp -r "$sum/." "$BUILD/"
}

# A row for each source file of stdin, which is gcov's report
coverage_rows()
{
	awk -v top="$BUILD/" '
		/^File / {
			file = substr($0, 7, length($0) - 7)
			mine = index(file, top) == 1 || file !~ /^\//
			if (!sub(top, "", file))
				sub(/^[^\/]/, "tools/&", file)
		}
		/^$/ { mine = 0 }
		!mine { next }
		/^Lines executed/ { split($2, a, /[:%]/); lines[file] = a[2]; n[file] = $4 }
		/^Taken at least once/ { split($4, a, /[:%]/); br[file] = a[2]; nb[file] = $6 }
		END {
			for (f in lines) {
				printf "%-28s %6.1f %% of %5d lines   %6.1f %% of %5d branches\n",
					f, lines[f], n[f], br[f], nb[f]
				split(f, a, "/")
				sl[a[1]] += lines[f] * n[f]; sn[a[1]] += n[f]
				sb[a[1]] += br[f] * nb[f]; snb[a[1]] += nb[f]
			}
			for (d in sn)
				printf "%-28s %6.1f %% of %5d lines   %6.1f %% of %5d branches\n",
					d "/", sl[d] / sn[d], sn[d], snb[d] ? sb[d] / snb[d] : 0, snb[d]
		}' | sort
}

# What gcov's listings $@ show as not executed, to files not-reached (with the reason that
# "unreached" has for it) and no-reason. What follows each other is looked at as one.
coverage_reasons()
{
	awk -F '\t' -v reasons="$SELFTESTS/vm/unreached" '
		function told(   i, why) {
			if (n == 0)
				return
			why = "no reason is known"
			for (i = 1; i <= patterns; i++)
				if (text ~ pattern[i]) {
					why = reason[i]
					break
				}
			print why ":" lines "\n" >"not-reached"
			if (i > patterns)
				print substr(lines, 2) >"no-reason"
			count[why] += n
			n = 0
			text = lines = ""
		}
		BEGIN {
			while ((getline line <reasons) > 0) {
				if (line ~ /^#/ || split(line, part, "\t") != 2)
					continue
				pattern[++patterns] = part[1]
				reason[patterns] = part[2]
			}
			printf "" >"not-reached"
			printf "" >"no-reason"
		}
		FNR == 1 { told(); file = FILENAME; sub(/\.gcov$/, "", file) }
		!match($0, /^ *[^:]*: *[0-9]+:/) { next }
		{
			what = $0
			sub(/:.*/, "", what)
			gsub(/[ *]/, "", what)
			if (what == "-")
				next
			if (what !~ /^(#+|=+)$/) {
				told()
				next
			}
			source = substr($0, RLENGTH + 1)
			number = substr($0, 1, RLENGTH - 1)
			sub(/.*: */, "", number)
			lines = lines "\n" file ":" number ":" source
			sub(/^[ \t]+/, "", source)
			text = (text == "" ? file ": " : text " ") source
			n++
		}
		END {
			told()
			for (i in count)
				printf "%6d  %s\n", count[i], i
		}' "$@" | sort -rn
}

coverage_report()
{
	local out=$CTNET_CACHE/coverage dir

	rm -rf "$out"
	mkdir -p "$out"/{kmod,tools/lib,tools/ctnetctl}
	coverage_merge || give_up "no records of coverage, or they do not fit together"
	# each in a directory of its own, as all have a main.c or a net.c; gcov wants to be where
	# the compiler was to find the source
	for dir in kmod/. tools/lib tools/ctnetctl; do
		(cd "$BUILD/${dir%/*}" && gcov -b -c -o "${dir#*/}" "${dir#*/}"/*.gcda 2>/dev/null &&
			mv ./*.gcov "$out/$dir")
	done >"$out/report"
	coverage_rows <"$out/report"
	(cd "$out" && coverage_reasons {kmod,tools/lib,tools/ctnetctl}/*.c.gcov)
	say "lines that were not reached: $out/not-reached, $out/no-reason"
}
