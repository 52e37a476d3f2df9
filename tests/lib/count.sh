# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# count: what has become of each test, and what is shown of those that failed. Sourced by
# tests/run.sh, under bash -eu. The caller sets must_work (1: what is skipped has failed) and filter
# (not empty: a file may have no test), and has `say`.
#
# shellcheck disable=SC2154 # of the caller

passed=0
failed=0
skipped=0
failures=()
failed_logs=()
skips=()

pass() {
	passed=$((passed + 1))
}

fail() {
	failed=$((failed + 1))
	failures+=("$1")
}

skip() {
	if [ "$must_work" = 1 ]; then
		fail "$1 (skips count as failures here)"
	else
		skipped=$((skipped + 1))
		skips+=("$1")
	fi
}

# count LABEL LOG STATUS [DETAILS]: each line of a run of automake's harness, or of bats. A run that
# failed without naming a test is a failure by itself. What is shown of a failed run is the end of
# DETAILS, or else of LOG.
count() {
	local label=$1 log=$2 status=$3 line before=$failed
	local p=0 f=0 s=0
	while IFS= read -r line; do
		case $line in
		"ok "*" # skip"* | "ok "*" # SKIP"*)
			line=${line#ok }
			s=$((s + 1)) && skip "$label: ${line/ # [sS][kK][iI][pP]/:}"
			;;
		"SKIP: "*)
			line=${line#SKIP: }
			s=$((s + 1)) && skip "$label: ${line/ # SKIP/:}"
			;;
		"ok "* | "PASS: "*) p=$((p + 1)) && pass ;;
		"not ok "*) f=$((f + 1)) && fail "$label: ${line#not ok }" ;;
		"FAIL: "* | "ERROR: "* | "XPASS: "*) f=$((f + 1)) && fail "$label: ${line#*: }" ;;
		esac
	done < <(grep -aE '^(ok [0-9]+|not ok [0-9]+|(PASS|FAIL|ERROR|XPASS|SKIP): tests/)' "$log")
	if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
		f=$((f + 1)) && fail \
			"$label ended with status $status and names no test (124: out of time)"
	elif [ $((p + f + s)) -eq 0 ] && [ -z "$filter" ]; then
		f=1 && fail "$label ran no test"
	fi
	say "  $label: $p passed, $f failed, $s skipped"
	if [ "$failed" -ne "$before" ]; then
		[ ! -r "${4:-$log}" ] || log=${4:-$log}
		failed_logs+=("$log")
		show "$log"
	fi
}

# show LOG [LINES]: so many (60) at the end of it, where a stage failed, without the tests that
# passed.
show() {
	printf '    ---- the end of %s\n' "$(basename "$1")"
	{ grep -avE '^(ok [0-9]|PASS: )' "$1" || true; } | tail -n "${2:-60}" | sed 's/^/    | /'
}
