# SPDX-License-Identifier: Apache-2.0
# profiles: seccomp profiles in the form that engines ship (/usr/share/containers/seccomp.json). What depends on the
# machine and on the container's capabilities is decided here as an engine decides it; and what a system call has to
# return under the result is computed from the result's rules.

# Bits by arithmetic, as jq 1.6 has no operators for them: all that is compared here is below 2^53.
def bitand($a; $b):
	if $a == 0 or $b == 0 then 0
	else 2 * bitand(($a / 2 | floor); ($b / 2 | floor)) + (if $a % 2 == 1 and $b % 2 == 1 then 1 else 0 end) end;

# "6.18" as a number that can be compared.
def version: split(".") | (.[0] | tonumber) * 1000 + (.[1] | tonumber);

# .: a profile. The linux.seccomp of a container with these capabilities, on a machine of that Debian architecture and
# kernel ("6.18").
def resolved($caps; $arch; $kernel):
	{ "amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64", "s390x": "SCMP_ARCH_S390X" }[$arch] as $native
	| { defaultAction, defaultErrnoRet,
		architectures: [.archMap[] | select(.architecture == $native) | .architecture, .subArchitectures[]],
		syscalls: [.syscalls[]
			| select(((.includes.caps // []) - $caps) == [])
			| select((.includes.arches // [$arch]) | index($arch))
			| select((.includes.minKernel // "0.0" | version) <= ($kernel | version))
			| select((.excludes.caps // []) as $without | ($without - $caps) == $without)
			| select((.excludes.arches // []) | index($arch) | not)
			| { names: (.names // [.name]), action }
				+ (if .args then { args } else {} end)
				+ (if .errnoRet then { errnoRet } else {} end)] };

# .: a condition of a rule.
def holds($values):
	($values[.index] // 0) as $v
	| if .op == "SCMP_CMP_EQ" then $v == .value
	elif .op == "SCMP_CMP_NE" then $v != .value
	elif .op == "SCMP_CMP_LT" then $v < .value
	elif .op == "SCMP_CMP_LE" then $v <= .value
	elif .op == "SCMP_CMP_GE" then $v >= .value
	elif .op == "SCMP_CMP_GT" then $v > .value
	elif .op == "SCMP_CMP_MASKED_EQ" then bitand($v; .value) == (.valueTwo // 0)
	else error("operator \(.op)") end;

# .: an action with its errno. "ALLOW", "NOTIFY", or the number that the program gets.
def outcome:
	if .action == "SCMP_ACT_ALLOW" then "ALLOW"
	elif .action == "SCMP_ACT_NOTIFY" then "NOTIFY"
	elif .action == "SCMP_ACT_ERRNO" then -(.errnoRet // 1)
	else error("action \(.action)") end;

# .: a linux.seccomp. The first rule without a condition decides for its call; without one, the rules whose conditions
# hold, which have to agree; else the default.
def verdict($name; $values):
	[.syscalls[] | select(.names | index([$name]))] as $rules
	| [$rules[] | select((.args // []) == [])] as $plain
	| [$rules[] | select((.args // []) != [] and (.args | all(holds($values)))) | outcome] as $met
	| if ($plain | length) > 0 then $plain[0] | outcome
	elif ($met | unique | length) > 1 then error("the rules for \($name) \($values) contradict each other")
	elif ($met | length) > 0 then $met[0]
	else { action: .defaultAction, errnoRet: .defaultErrnoRet } | outcome end;

# .: a linux.seccomp. Calls that tell its conditions apart: each value of a condition, the one below and the one above,
# in all combinations.
def around_conditions:
	[.syscalls[] | select((.args // []) != []) | . as $rule | .names[] | { name: ., args: $rule.args }]
	| group_by(.name)[]
	| .[0].name as $name
	| [.[].args[]] | group_by(.index)
	| map({ index: .[0].index, values: ([.[] | .value, .value - 1, .value + 1 | select(. >= 0)] | unique) })
	| [.[] as $argument | [$argument.values[] | { index: $argument.index, value: . }]]
	| if length == 0 then empty else combinations end
	| reduce .[] as $one ([0, 0, 0]; .[$one.index] = $one.value)
	| "\($name) \(map(tostring) | join(" "))";
