# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# repeat: some integration tests again and again, and how many times each passed. Sourced by
# tests/run.sh, whose settings and jobs these use.
# shellcheck disable=SC2154

# repeat_pattern NAME...: a regular expression that matches those names of tests alone.
repeat_pattern() {
	local name all=
	for name; do
		# shellcheck disable=SC2001 # one class of many characters
		all+="|$(sed 's/[][\\.^$*+?(){}|]/\\&/g' <<<"$name")"
	done
	printf '^(%s)$' "${all#|}"
}

# repeat_filter FILE: prints what picks this file's tests; fails if there are none.
repeat_filter() {
	local file=$1 name
	local -a names=() wanted=()
	mapfile -t names < <(sed -n 's/^@test "\(.*\)" {$/\1/p' "$file")
	if [ "$ever_flaky" = yes ]; then
		mapfile -t wanted \
			< <(sed -n "s|^${file##*/integration/}: ||p" "$work/source/tests/flaky.txt")
		for name in ${wanted[@]+"${wanted[@]}"}; do
			printf '%s\n' "${names[@]}" | grep -qxF -e "$name" ||
				die "tests/flaky.txt: $file has no test \"$name\""
		done
		names=(${wanted[@]+"${wanted[@]}"})
	fi
	wanted=()
	for name in ${names[@]+"${names[@]}"}; do
		[[ -n $filter && ! $name =~ $filter ]] || wanted+=("$name")
	done
	[ "${#wanted[@]}" -gt 0 ] || return 1
	repeat_pattern "${wanted[@]}"
}

# repeat_host user|root LOG FILTER FILE: as often as that.
repeat_host() {
	local i who=$1 log=$2
	: >"$log"
	for ((i = 0; i < repeat; i++)); do
		"bats_$who" --filter "$3" "$4" >>"$log" 2>&1 || true
	done
}

# repeat_session LOG FILTER FILE
repeat_session() {
	local log=$1 i name=${1##*/}
	local -a command files=()
	for ((i = 0; i < repeat; i++)); do
		files+=("$3")
	done
	filter=$2
	room_command session "${name%.log}" $((repeat * 600)) "${files[@]}"
	as_root "${command[@]}" >"$log" 2>&1
}

# repeat_all: each file is a job; on the host where it runs there, else in the session room.
repeat_all() {
	local file name pattern label log
	for file in "$work"/source/tests/integration/{,root/}*.bats; do
		pattern=$(repeat_filter "$file") || continue
		name=${file##*/integration/}
		log=$work/logs/repeat-${name//\//-}.log
		label="repeat $name"
		# shellcheck disable=SC2004,SC2034 # of run.sh, by label
		logs[$label]=$log
		if [ -n "$(room_of host "$file")" ]; then
			case $file in
			*/root/*) ! is_root || pool_start "$label" repeat_host root "$log" \
				"$pattern" "$file" ;;
			*) pool_start "$label" repeat_host user "$log" "$pattern" "$file" ;;
			esac
		elif [ -n "$(room_of session "$file")" ] && root_works; then
			pool_start "$label" repeat_session "$log" "$pattern" "$file"
		else
			say "  $name: neither the host nor the session room runs it"
		fi
	done
	pool_wait
}

# repeat_count FILE LOG: says how often each test passed.
repeat_count() {
	local name=$1 log=$2 good all test
	while read -r good all test; do
		say "  $good of $all passed: $name: $test"
		if [ "$good" -eq "$repeat" ]; then
			pass
		else
			fail "$name: $test: $good of $repeat passed"
		fi
	done < <(awk '
		/^(not )?ok [0-9]+ / {
			good = $1 == "ok"
			sub(/^(not )?ok [0-9]+ /, "")
			sub(/ in [0-9]+ms/, "")
			sub(/ # timeout .*/, "")
			sub(/^(root\/)?[a-z_0-9]+\.bats: /, "")
			if (/^room: |^leaves neither units/)
				next
			all[$0]++
			passed[$0] += good
		}
		END { for (test in all) print passed[test], all[test], test }' "$log" | sort -k 3)
	! grep -q '^not ok' "$log" || show "$log"
}
