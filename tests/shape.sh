#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# shape: what a reader can count on in every source: short lines, short functions, short files, no
# nested conditional expressions, and a header for each file's functions. Speaks TAP; part of
# `make check`.
#
# It reads text and compiles nothing. The layout is clang-format's, so a function's body begins with
# a "{" in the first column and ends with a "}" there. The last test breaks each rule on purpose in
# a tree of its own.
#
# The dollar signs in single quotes are awk's.
# shellcheck disable=SC2016
set -eu
LC_ALL=C
export LC_ALL

srcdir=${ROOTLET_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}

# The limits, and the names of the files that they hold for, in src, libnet and tests; that of
# columns also elsewhere.
columns=100
columns_of='*.[ch] *.sh *.bash *.bats run'
columns_in='src libnet tests docs examples autogen.sh .ci/run'
file_lines=600
file_lines_of='*.[ch] *.sh *.bash *.bats'
function_lines=70
# How much of the lines of src one folder of it may hold, in percent.
room_share=20

# What a build beside the sources writes there is nobody's to read.
generated='tests/guest/calls.h'
# What names a cache by its sum is not changed for the sake of its lines.
cached='tests/room/tree.sh'

# A function that X.c defines for others is declared in X.h. Where it is declared elsewhere, a line
# says for which files, in which header, and why.
elsewhere='
src/systemd/none.c     src/systemd/*.h       a stand-in for the whole folder
src/guest/*.c          src/guest/step.h      the steps stand in one table
src/cmd/*.c            src/cmd/cmd.h         what the commands share
'

tmp=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-shape.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# files TREE FOLDERS NAMES: the sources of that name, one a line, from the top of the tree.
files() (
	cd "$1"
	set -f
	# FOLDERS and NAMES are lists of words.
	# shellcheck disable=SC2086
	set -- $2 -- $3
	folders=
	while [ "$1" != -- ]; do
		[ ! -e "$1" ] || folders="$folders $1"
		shift
	done
	shift
	names="-name $1"
	shift
	for name in "$@"; do
		names="$names -o -name $name"
	done
	# shellcheck disable=SC2086
	find $folders -type f \( $names \) | grep -vxF "$generated" | sort
)

# long_lines TREE NAMES LIMIT: lines of more columns than that. A tab goes on to the next multiple
# of eight, and a character of UTF-8 takes one column.
long_lines() {
	files "$1" "$columns_in" "$2" | grep -vxF "$cached" | (
		cd "$1"
		xargs -r awk -v limit="$3" '
			# Only these can be too long.
			length($0) * 8 > limit {
				text = $0
				gsub(/[\200-\277]/, "", text)
				width = 0
				n = split(text, part, "\t")
				for (i = 1; i <= n; i++) {
					width += length(part[i])
					if (i < n) {
						width += 8 - width % 8
					}
				}
				if (width > limit) {
					print FILENAME ":" FNR ": " width " columns"
				}
			}' /dev/null
	)
}

# long_files TREE NAMES LIMIT
long_files() {
	files "$1" "src libnet tests" "$2" | (
		cd "$1"
		xargs -r awk -v limit="$3" '
			{ lines[FILENAME]++ }
			END {
				for (file in lines) {
					if (lines[file] > limit) {
						print file ": " lines[file] " lines"
					}
				}
			}' /dev/null
	) | sort
}

# long_functions TREE LIMIT: counted from "{" to "}", both included.
long_functions() {
	files "$1" "src libnet tests" '*.[ch]' | (
		cd "$1"
		xargs -r awk -v limit="$2" '
			/^[A-Za-z_].*\(/ { head = $0 }
			/^\{/ { begin = FNR }
			/^\}/ && begin {
				if (FNR - begin + 1 > limit) {
					sub(/\(.*/, "", head)
					sub(/.*[ *]/, "", head)
					lines = FNR - begin + 1
					print FILENAME ":" begin ": " head ", " lines " lines"
				}
				begin = 0
			}' /dev/null
	)
}

# nested TREE: conditional expressions within a branch of another. A small tokenizer: comments and
# literals are left out, brackets are followed, and a branch ends with the ",", ";" or bracket that
# ends the expression.
nested() {
	files "$1" "src libnet tests" '*.[ch]' | (
		cd "$1"
		xargs -r grep -l '?' /dev/null | xargs -r awk '
			function reset() {
				depth = 0
				branch[0] = 0
				comment = directive = 0
			}
			# Whether this bracket, or one around it, stands in a branch.
			function in_branch(    i) {
				for (i = 0; i <= depth; i++) {
					if (branch[i]) {
						return 1
					}
				}
				return 0
			}
			# What follows a literal that ends with this quote.
			function behind(text, quote) {
				while (text != "" && substr(text, 1, 1) != quote) {
					text = substr(text, substr(text, 1, 1) == "\\" ? 3 : 2)
				}
				return substr(text, 2)
			}
			FNR == 1 { reset() }
			{
				text = $0
				# A macro ends with its last line, whatever is open then.
				if (!directive && !comment && text ~ /^[ \t]*#/) {
					directive = 1
					outside = depth
					branch[++depth] = 0
				}
				while (text != "") {
					if (comment) {
						if (!match(text, /\*\//)) {
							break
						}
						text = substr(text, RSTART + 2)
						comment = 0
						continue
					}
					if (!match(text, /[][(){}?,;"'\'']|\/\*|\/\//)) {
						break
					}
					token = substr(text, RSTART, RLENGTH)
					text = substr(text, RSTART + RLENGTH)
					if (token == "/*") {
						comment = 1
					} else if (token == "//") {
						break
					} else if (token == "\"" || token == "'\''") {
						text = behind(text, token)
					} else if (token ~ /[[({]/) {
						branch[++depth] = 0
					} else if (token ~ /[])}]/) {
						if (depth > 0) {
							depth--
						}
						if (token == "}") {
							branch[depth] = 0
						}
					} else if (token == "?") {
						if (in_branch()) {
							print FILENAME ":" FNR ": ?: within ?:"
						}
						branch[depth] = 1
					} else {
						branch[depth] = 0
					}
				}
				if (directive && !comment && $0 !~ /\\$/) {
					directive = 0
					depth = outside
				}
			}' /dev/null
	)
}

# large_rooms TREE PERCENT
large_rooms() {
	files "$1" src '*.[ch]' | (
		cd "$1"
		xargs -r awk -v limit="$2" '
			{
				room = FILENAME
				sub(/\/[^\/]*$/, "", room)
				lines[room]++
				all++
			}
			END {
				for (room in lines) {
					if (lines[room] * 100 > all * limit) {
						print room ": " lines[room] " of " all " lines"
					}
				}
			}' /dev/null
	) | sort
}

# undeclared TREE: functions for others that are not declared in the header of their file.
undeclared() {
	files "$1" "src libnet" '*.[ch]' | (
		cd "$1"
		# The headers are read first.
		sed 's/\(.*\)\(.\)$/\2 \1\2/' | sort -r | cut -d' ' -f2- |
			ELSEWHERE=$elsewhere xargs -r awk '
			function regex(glob) {
				gsub(/\./, "[.]", glob)
				gsub(/\*/, "[^/]*", glob)
				return "^" glob "$"
			}
			BEGIN {
				n = split(ENVIRON["ELSEWHERE"], line, "\n")
				for (i = 1; i <= n; i++) {
					if (split(line[i], word, " ") > 2) {
						files[++rules] = regex(word[1])
						headers[rules] = regex(word[2])
					}
				}
			}
			FNR == 1 { head = "" }
			FILENAME ~ /\.h$/ {
				# Every name before a bracket; comments do no harm.
				text = $0
				while (match(text, /[A-Za-z_][A-Za-z_0-9]*\(/)) {
					name = substr(text, RSTART, RLENGTH - 1)
					text = substr(text, RSTART + RLENGTH)
					declared[FILENAME, name] = 1
					places[name] = places[name] " " FILENAME
				}
				next
			}
			/^$/ || /^[#}]/ || /;$/ { head = "" }
			/^[A-Za-z_]/ { head = head " " $0 }
			/^\{/ && head ~ /\(/ && head !~ /^ static / {
				gsub(/__attribute__ *\(\(.*\)\)/, "", head)
				sub(/\(.*/, "", head)
				sub(/.*[ *]/, "", head)
				own = FILENAME
				sub(/c$/, "h", own)
				if (head == "main" || ((own, head) in declared)) {
					next
				}
				n = split(places[head], place, " ")
				for (i = 1; i <= n; i++) {
					for (j = 1; j <= rules; j++) {
						if (FILENAME ~ files[j] && place[i] ~ headers[j]) {
							next
						}
					}
				}
				print FILENAME ":" FNR ": " head " is not declared in " own
			}' /dev/null
	) | sort -t: -k1,1 -k2,2n
}

number=0
status=0
# verdict NAME FILE: ok when FILE is empty; else its lines say what is wrong.
verdict() {
	number=$((number + 1))
	if [ -s "$2" ]; then
		echo "not ok $number - $1"
		sed 's/^/# /' "$2"
		status=1
	else
		echo "ok $number - $1"
	fi
}

echo "1..7"

long_lines "$srcdir" "$columns_of" "$columns" >"$tmp/out"
verdict "no line over $columns columns" "$tmp/out"

long_functions "$srcdir" "$function_lines" >"$tmp/out"
verdict "no function over $function_lines lines" "$tmp/out"

long_files "$srcdir" "$file_lines_of" "$file_lines" >"$tmp/out"
verdict "no file over $file_lines lines" "$tmp/out"

nested "$srcdir" >"$tmp/out"
verdict "no conditional expression within another" "$tmp/out"

large_rooms "$srcdir" "$room_share" >"$tmp/out"
verdict "no folder with more than $room_share % of the lines of src" "$tmp/out"

undeclared "$srcdir" >"$tmp/out"
verdict "what a file defines for others stands in its header" "$tmp/out"

# ---------------------------------------------------------------- do these checks find anything?

bad=$tmp/bad
mkdir -p "$bad/src/small" "$bad/src/guest" "$bad/src/large" "$bad/tests"
cat >"$bad/src/small/nested.c" <<'END'
/* a ? b : c ? d : e */
#define LEFT(a) a ? 1 : 2
int x = a ? 1 : b ? 2 : 3;
int y = a ? f(b ? 1 : 2) : '?' + "? \" ?";
int z = f(a ? 1 : 2, b ? 3 : 4) ? 5 : 6;
int w[] = { a ? 1 : 2, b ? 3 : 4 };
int v = a ? 1 :
	    /* on two lines */ (b ? 2 : 3);
END
cat >"$bad/src/small/names.c" <<'END'
int small_told(int a)
{
}

struct a *small_untold(int a,
		       int b)
{
}

static int __attribute__((cold))
small_own(void)
{
}

void __attribute__((noreturn)) small_end(void)
{
}

_Noreturn void small_lost(void)
{
}
END
cat >"$bad/src/small/names.h" <<'END'
int small_told(int a);
void __attribute__((noreturn)) small_end(void);
END
printf '_Noreturn void small_lost(void);\nint guest_lost(void);\n' >"$bad/src/small/other.h"
printf 'int guest_step(void)\n{\n}\n\nint guest_lost(void)\n{\n}\n' >"$bad/src/guest/a.c"
printf 'int guest_step(void);\n' >"$bad/src/guest/step.h"
awk 'BEGIN {
	print "static int large(int a)\n{"
	for (i = 0; i < 9; i++) {
		print "\ta = a + 1;"
	}
	print "}\n\nstatic int exact(int a)\n{"
	for (i = 0; i < 8; i++) {
		print "\ta = a + 1;"
	}
	print "}"
}' >"$bad/src/large/large.c"
# One line of 20 columns in 13 bytes, one of 20 in 22 bytes, and each a column longer.
printf 'abc\t\t89ab\nabc\t\t89abc\n' >"$bad/tests/lines.h"
for tail in 345678901234567890 3456789012345678901; do
	printf '\303\244\303\244%s\n' "$tail"
done >>"$bad/tests/lines.h"
cat >"$tmp/want" <<'END'
tests/lines.h:2: 21 columns
tests/lines.h:4: 21 columns
src/large/large.c:2: large, 11 lines
src/large/large.c: 24 lines
src/small/nested.c:3: ?: within ?:
src/small/nested.c:4: ?: within ?:
src/small/nested.c:8: ?: within ?:
src/small: 33 of 65 lines
src/guest/a.c:6: guest_lost is not declared in src/guest/a.h
src/small/names.c:7: small_untold is not declared in src/small/names.h
src/small/names.c:20: small_lost is not declared in src/small/names.h
END
{
	long_lines "$bad" 'lines.[ch]' 20
	long_functions "$bad" 10
	long_files "$bad" '*.[ch]' 21
	nested "$bad"
	large_rooms "$bad" 40
	undeclared "$bad"
} >"$tmp/got" 2>&1
diff "$tmp/want" "$tmp/got" >"$tmp/out" || true
verdict "these checks find what is broken on purpose" "$tmp/out"

exit "$status"
