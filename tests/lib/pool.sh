# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# pool: jobs side by side, some at a time, and how long each took. Sourced by tests/run.sh, under
# bash -eu.
#
# The caller sets pool_size, how many at a time, and has pool_done LABEL STATUS, which is called for
# each as it ends. A job leads a process group of its own, by which pool_end ends all of it.

pool_size=1
pool_pids=()
declare -A pool_label pool_since

# A line "MILLISECONDS LABEL" for each job, and for each file of a room.
pool_times=()

# ms_since TIME: the milliseconds since EPOCHREALTIME was TIME.
ms_since() {
	echo $(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 1000))
}

# seconds_of MILLISECONDS: as text.
seconds_of() {
	printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100))
}

# pool_start LABEL COMMAND...: as soon as there is room. It gets no input, and its output is the
# caller's.
pool_start() {
	local label=$1
	shift
	while [ "${#pool_pids[@]}" -ge "$pool_size" ]; do
		pool_wait_one
	done
	# Job control gives it a process group.
	set -m
	"$@" </dev/null &
	set +m
	pool_pids+=("$!")
	pool_label[$!]=$label
	pool_since[$!]=$EPOCHREALTIME
}

pool_wait_one() {
	local pid='' status=0 other
	local -a rest=()
	wait -n -p pid "${pool_pids[@]}" || status=$?
	[ -n "$pid" ] || return "$status"
	pool_times+=("$(ms_since "${pool_since[$pid]}") ${pool_label[$pid]}")
	for other in "${pool_pids[@]}"; do
		[ "$other" = "$pid" ] || rest+=("$other")
	done
	pool_pids=(${rest[@]+"${rest[@]}"})
	pool_done "${pool_label[$pid]}" "$status"
}

# pool_wait: until all have ended.
pool_wait() {
	while [ "${#pool_pids[@]}" -gt 0 ]; do
		pool_wait_one
	done
}

# pool_end: before their time.
pool_end() {
	local pid
	for pid in ${pool_pids[@]+"${pool_pids[@]}"}; do
		as_root kill -s TERM -- "-$pid" 2>/dev/null || true
	done
	for pid in ${pool_pids[@]+"${pool_pids[@]}"}; do
		wait "$pid" 2>/dev/null || true
	done
	pool_pids=()
}

# pool_slowest N: what took longest.
pool_slowest() {
	local ms label
	while read -r ms label; do
		printf '  %8s  %s\n' "$(seconds_of "$ms")" "$label"
	done < <(printf '%s\n' ${pool_times[@]+"${pool_times[@]}"} | sort -rn | head -n "$1")
}
