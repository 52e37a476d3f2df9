#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs: what is generated is what is checked in. Speaks TAP; part of `make check`.
set -eu

srcdir=${ROOTLET_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
builddir=${ROOTLET_BUILDDIR:-$PWD}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-docs.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

status=0
# verdict NUMBER NAME FILE: ok when FILE is empty; else its lines say what is wrong.
verdict() {
	if [ -s "$3" ]; then
		echo "not ok $1 - $2"
		sed 's/^/# /' "$3"
		status=1
	else
		echo "ok $1 - $2"
	fi
}

echo "1..7"

"$builddir/docs/config_support" >"$tmp/page" 2>"$tmp/faults" ||
	echo "docs/config_support: status $?" >>"$tmp/faults"
verdict 1 "each property has one verdict, each verdict a property" "$tmp/faults"

diff "$srcdir/docs/config-support.md" "$tmp/page" >"$tmp/diff" ||
	echo "run \`make update-docs\`" >>"$tmp/diff"
verdict 2 "docs/config-support.md is what the tables say" "$tmp/diff"

grep -niE 'not (supported )?yet' "$srcdir/docs/config-support.md" >"$tmp/yet" || true
verdict 3 "no row says \"not yet\"" "$tmp/yet"

# A name stands once, in the table, but for what `features` prints and what a new bundle is
# given. Its reader reads it.
{
	grep -rnE '"(/annotations/)?(run\.oci|org\.criu|org\.rootlet|org\.systemd\.property)\.' \
		"$srcdir/src" --include='*.c' |
		sed "s|^$srcdir/||" |
		grep -vE '^src/(plan/annotations\.c|cmd/features\.c|spec/template\.c):' |
		sed 's/$/: an annotation that is not read by way of src\/plan\/annotation_rows.h/'
	sed -nE 's/^ROW\((PLAN_ANNOTATION_[A-Z_]+),.*/\1/p; s/.*\.reader = "([a-z_/]+)".*/\1/p' \
		"$srcdir/src/plan/annotation_rows.h" |
		paste - - | while read -r row reader; do
		grep -rl "$row\>" "$srcdir/src" --include='*.c' |
			sed "s|^$srcdir/src/||" | grep -q "^$reader" ||
			echo "$row: its reader by the table, $reader, does not read it"
	done
} >"$tmp/annotations"
verdict 4 "each annotation is read by way of the one table" "$tmp/annotations"

for page in rootlet.1 rootlet-bundle.5; do
	"$builddir/docs/manual" "$srcdir/docs/man/$page.in" 2>&1 |
		diff "$srcdir/docs/man/$page" - ||
		echo "run \`make update-docs\`"
done >"$tmp/pages"
verdict 5 "the manual pages are what the tables say" "$tmp/pages"

# From --help, not from the tables: what a person is shown.
help_words() {
	"$builddir/rootlet" "$@" --help | sed -nE 's/^  (-(.), |    )--([a-z0-9-]+).*/--\3/p' |
		sort -u
}
: >"$tmp/missing"
commands=$("$builddir/rootlet" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -w)" -gt 15 ] ||
	echo "only these commands were found: $commands" >>"$tmp/missing"
# The page as it is read, with the escapes of its source taken out.
sed 's/\\f[BIR]//g; s/\\-/-/g' "$srcdir/docs/man/rootlet.1" >"$tmp/rootlet.1"
for command in "" $commands; do
	# A command's part: from its heading to the next.
	if [ -n "$command" ]; then
		awk -v name="$command" '/^\.S[SH]/ { in_it = $1 == ".SS" && $2 == name } in_it' \
			"$tmp/rootlet.1" >"$tmp/part"
		[ -s "$tmp/part" ] || echo "$command: no such part" >>"$tmp/missing"
	else
		cp "$tmp/rootlet.1" "$tmp/part"
	fi
	# shellcheck disable=SC2086 # one word or none
	for option in $(help_words $command); do
		grep -qE -- "^(-., )?$option( |\$)" "$tmp/part" || [ "$option" = --help ] ||
			echo "${command:-global}: $option is missing" >>"$tmp/missing"
	done
done
verdict 6 "rootlet.1 has every command and every option that --help shows" "$tmp/missing"

if command -v mandoc >/dev/null; then
	for page in rootlet.1 rootlet-bundle.5; do
		mandoc -Tlint -Wwarning "$srcdir/docs/man/$page" || true
		if command -v groff >/dev/null; then
			groff -man -Tutf8 -ww -z "$srcdir/docs/man/$page" 2>&1
		fi
	done >"$tmp/lint"
	verdict 7 "mandoc and groff have nothing to say about the manual pages" "$tmp/lint"
else
	echo "ok 7 - mandoc has nothing to say about the manual pages # SKIP needs mandoc"
fi

exit "$status"
