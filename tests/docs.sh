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

echo "1..4"

"$builddir/docs/config_support" >"$tmp/page" 2>"$tmp/faults" || echo "docs/config_support: status $?" >>"$tmp/faults"
verdict 1 "each property has one verdict, each verdict a property" "$tmp/faults"

diff "$srcdir/docs/config-support.md" "$tmp/page" >"$tmp/diff" ||
	echo "run \`make update-docs\`" >>"$tmp/diff"
verdict 2 "docs/config-support.md is what the tables say" "$tmp/diff"

grep -niE 'not (supported )?yet' "$srcdir/docs/config-support.md" >"$tmp/yet" || true
verdict 3 "no row says \"not yet\"" "$tmp/yet"

# What `features` prints under such names is no annotation of a configuration.
find "$srcdir/src" -name '*.c' ! -name features.c -exec grep -ohE '"(/annotations/)?(run\.oci|org\.criu|org\.rootlet)\.[a-zA-Z_.-]+' {} + |
	sed 's|^"||;s|^/annotations/||' | sort -u | while read -r name; do
	grep -qF "| \`$name\` |" "$srcdir/docs/config-support.md" ||
		echo "$name: an annotation without a row in docs/config_verdicts.c"
done >"$tmp/annotations"
verdict 4 "each annotation that the sources know has a row" "$tmp/annotations"

exit "$status"
