#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tap: runs one cmocka binary and straightens its TAP for automake's driver.
#
# cmocka reports a skip as "not ok", and ends with the number of failures as its exit status,
# which the driver would count as one error more. Any other status (a sanitizer's finding, a signal)
# passes through.
# A test gives the reason of its skip by print_message("# skip: no user namespaces\n")
# before skip().
set -u

CMOCKA_MESSAGE_OUTPUT=TAP
export CMOCKA_MESSAGE_OUTPUT

out=$(mktemp "${TMPDIR:-/tmp}/rootlet-tap.XXXXXX") || exit 99
trap 'rm -f "$out"' EXIT

"$@" >"$out"
status=$?

awk '
	/^# skip: / { reason = substr($0, 9) }
	/^not ok [0-9]+ # SKIP / {
		number = $3
		sub(/^not ok [0-9]+ # SKIP /, "")
		$0 = "ok " number " - " $0 " # SKIP " (reason == "" ? "no reason given" : reason)
		reason = ""
	}
	{ print }' "$out"

if [ "$status" -ne 0 ] && [ "$status" -eq "$(grep -cE '^not ok [0-9]+ - ' "$out")" ]; then
	status=0
fi
exit "$status"
