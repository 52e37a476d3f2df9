# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# Every documented mount option, each on a mount of its own, and what mountinfo says of it.

# Inside: "OPTION: flags of the mount and its propagation", of each mount below /o.
show='awk "\$5 ~ \"^/o/\" { r = \$6; for (i = 7; \$i != \"-\"; i++) r = r \" \" \$i
	sub(\":[0-9]*\$\", \"\", r); sub(\"^/o/\", \"\", \$5); print \$5 \": \" r }" '\
'/proc/self/mountinfo'

# documented: the options of the documentation, but for those that say what is
# done instead of mounting. Without a user namespace there is no map for idmap to take.
documented() {
	local not=
	jq -e 'any(.linux.namespaces[]; .type == "user")' "$B/config.json" >/dev/null ||
		not="|r?idmap"
	sed -n '/^## Mount options/,$s/^| `\([a-z_-]*\)` .*/\1/p' \
		"$ROOTLET_SRCDIR/docs/config-support.md" |
		grep -vxE "r?bind|remount|tmpcopyup|copy-symlink|src-nofollow$not"
}

# wanted OPTION: the mount's flags by it.
wanted() {
	case $1 in
	group | owner) echo rw,nosuid,nodev,relatime ;;
	user | users) echo rw,nosuid,nodev,noexec,relatime ;;
	ro | rro) echo ro,relatime ;;
	nodev | rnodev | noexec | rnoexec | nosuid | rnosuid) echo "rw,${1#r},relatime" ;;
	nosymfollow | rnosymfollow) echo rw,relatime,nosymfollow ;;
	noatime | rnoatime) echo rw,noatime ;;
	strictatime | rstrictatime) echo rw ;;
	nodiratime | rnodiratime) echo rw,nodiratime,relatime ;;
	shared | rshared) echo "rw,relatime shared" ;;
	unbindable | runbindable) echo "rw,relatime unbindable" ;;
	*) echo rw,relatime ;;
	esac
}

# sweep TYPE OPTION...: with these in front of each option.
sweep() {
	local type=$1 option want got
	local -a options
	shift
	mapfile -t options < <(documented)
	[ "${#options[@]}" -gt 60 ] || fail "only ${#options[@]} options are documented"
	config '.mounts += [$ARGS.positional[] | {destination: ("/o/" + .), type: $t, source: $t,
		options: ($first + [.])}]' --arg t "$type" \
		--argjson first "$(jq -nc '$ARGS.positional' --args -- "$@")" \
		--args -- "${options[@]}"
	inside "$show"
	for option in "${options[@]}"; do
		want=$(wanted "$option")
		got=$(grep "^$option: " <<<"$output") || fail "$type: no mount with $option"
		# How proc and sysfs keep access times may be locked by the host.
		[ "$got" = "$option: $want" ] ||
			[[ $stderr == *"/o/$option keeps the access time option"* ]] ||
			fail "$type: $got, not $want"
	done
}
