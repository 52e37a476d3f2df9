#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # output, stderr: of helpers' `try`
# Scopes of the user's systemd manager: from wherever one asks for them, whatever is in the way, and
# that none is left.
# rooms: session

load helpers

manager=/run/user/$(id -u)
tool=$ROOTLET_BUILDDIR/tests/guest/testguest
other=rootlet-other

# ctl ARGUMENT...: systemctl of the user's manager, from any environment.
ctl() {
	XDG_RUNTIME_DIR=$manager DBUS_SESSION_BUS_ADDRESS='' systemctl --user "$@"
}

# no_unit UNIT: the manager drops an empty scope a moment after its container.
no_unit() {
	[ "$(ctl show "$1" -p LoadState --value)" = not-found ]
}

setup() {
	container_setup
	chmod 755 "$T"
	unit=rootlet-$C.scope
	before=$(user_units)
}

teardown() {
	local name left=0
	for name in bus systemd/private; do
		[ ! -e "$manager/$name.away" ] || mv "$manager/$name.away" "$manager/$name"
	done
	wait_for same_units "$before" || left=1
	container_teardown
	return "$left"
}

# sd ARGUMENT...: rootlet with systemd and nothing else.
sd() {
	rl --cgroup-manager systemd "$@"
}

# bare COMMAND...: without any environment that a session has.
bare() {
	env -i PATH="$PATH" ROOTLET_TEST="$C" "$@"
}

# in_scope UNIT: the container that runs in the background is in it, in its sub-cgroup.
in_scope() {
	local cgroup
	cgroup=$(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup")
	[[ $cgroup == */user@$(id -u).service/*/"$1"/container ]] ||
		fail "the container is in $cgroup"
}

# whereabouts: the container says where it is, for the callers that can't look; `output` of placed.
# The container sees its own cgroup as the root: the path is written by the host, in a hook.
whereabouts() {
	# shellcheck disable=SC2016 # jq's variable
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c",
		"pid=$(jq -r .pid) && sed -n s/^0:://p /proc/$pid/cgroup >\($file)"]}]' --arg file \
			"$T/whereabouts"
	rm -f "$T/whereabouts"
}

# placed: it was in a scope of this user's manager.
placed() {
	local cgroup
	[ "$status" -eq 0 ] || fail "status $status: $stderr$output"
	cgroup=$(cat "$T/whereabouts")
	[[ $cgroup == */user@$(id -u).service/app.slice/"$unit"/container ]] ||
		fail "the container was in $cgroup"
}

# ---------------------------------------------------------------- the scope

@test "a container is in a delegated scope, in a sub-cgroup, and the scope goes with it" {
	script 'cat /proc/self/cgroup >/srv/cgroup; sleep 60'
	sd run --detach --bundle "$B" "$C"
	in_scope "$unit"
	wait_for test -s "$B/rootfs/srv/cgroup"
	has "$(cat "$B/rootfs/srv/cgroup")" "0::/"
	equal "$(ctl show "$unit" -p ActiveState -p Delegate -p Slice -p CollectMode \
		-p DefaultDependencies | sort | tr '\n' ' ')" \
		"ActiveState=active CollectMode=inactive-or-failed DefaultDependencies=no \
Delegate=yes Slice=app.slice "
	has "$(ctl show "$unit" -p Description)" "$C"
	equal "$(rl state "$C" | jq -r ".\"systemd-scope\"")" "$unit"
	rl delete --force "$C"
	wait_for no_unit "$unit"
}

@test "cgroupsPath slice:prefix:name, as podman writes it" {
	# shellcheck disable=SC2016 # jq's variable
	config '.linux.cgroupsPath = "user-rootlet.slice:libpod:" + $c' --arg c "$C"
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C"
	in_scope "libpod-$C.scope"
	equal "$(ctl show "libpod-$C.scope" -p Slice --value)" user-rootlet.slice
	rl delete --force "$C"
	ctl stop user-rootlet.slice
}

@test "characters that no unit's name can have are escaped" {
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C+x"
	equal "$(ctl show "rootlet-$C\\x2bx.scope" -p ActiveState --value)" active
	rl delete --force "$C+x"
	# shellcheck disable=SC2016 # jq's variable
	config '.linux.cgroupsPath = ":a b%:é@" + $c' --arg c "$C"
	sd run --detach --bundle "$B" "$C"
	equal "$(ctl show "a\\x20b\\x25-\\xc3\\xa9\\x40$C.scope" -p ActiveState --value)" active
	rl delete --force "$C"
}

@test "an ID of 255 characters gets a scope" {
	local id
	id=$(printf '%s%0255d' "$C" 0 | cut -c1-255)
	whereabouts
	try sd run --bundle "$B" "$id"
	[ "$status" -eq 0 ] || fail "$stderr"
	has "$(cat "$T/whereabouts")" "/rootlet-$C"
}

@test "the sub-cgroup's name, by annotation" {
	config '.annotations["run.oci.systemd.subgroup"] = "payload"'
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C"
	[[ $(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup") == */"$unit"/payload ]]
	rl delete --force "$C"
}

@test "org.systemd.property annotations become properties of the scope" {
	config '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 7000000",
		"org.systemd.property.RuntimeMaxSec": "86400.5",
		"org.systemd.property.Description": "\u0027a b\u0027",
		"org.systemd.property.SendSIGHUP": "true",
		"org.systemd.property.Documentation":
		"[\u0027man:a(1)\u0027, \u0027man:b(1)\u0027]",
		"org.systemd.property.CollectMode": "\u0027inactive\u0027"}'
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C"
	equal "$(ctl show "$unit" -p TimeoutStopUSec -p RuntimeMaxUSec -p Description \
		-p SendSIGHUP -p Documentation -p CollectMode |
		sort | tr '\n' ';')" \
		"CollectMode=inactive;Description=a b;Documentation=\"man:a(1)\" \"man:b(1)\";\
RuntimeMaxUSec=1d 500ms;SendSIGHUP=yes;TimeoutStopUSec=7s;"
	rl delete --force "$C"
}

@test "a property that this systemd doesn't know is told and left out" {
	config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	whereabouts
	try sd run --bundle "$B" "$C"
	placed
	equal "$stderr" \
		"rootlet: warning: /annotations/org.systemd.property.NoSuchThing: this systemd \
knows no property NoSuchThing of a scope: left out"
}

@test "a value of the wrong type is refused, and nothing is left" {
	config '.annotations = {"org.systemd.property.TimeoutStopUSec": "true"}'
	try sd run --bundle "$B" "$C"
	refused "unit $unit" "is /annotations/org.systemd.property.TimeoutStopUSec right"
}

@test "nothing of the connection reaches the container" {
	cp "$tool" "$B/rootfs/bin"
	bundle_args testguest fds
	try rl --cgroup-manager disabled run --bundle "$B" "$C"
	local without=$output
	[ -n "$without" ]
	try sd run --bundle "$B" "$C"
	equal "$output" "$without"
}

@test "libsystemd is loaded for a scope, and for nothing else" {
	LD_DEBUG=files LD_DEBUG_OUTPUT=$T/ld rl --cgroup-manager disabled run --bundle "$B" "$C"
	not grep -q libsystemd "$T"/ld.*
	rm "$T"/ld.*
	LD_DEBUG=files LD_DEBUG_OUTPUT=$T/ld sd run --bundle "$B" "$C"
	grep -q libsystemd "$T"/ld.*
}

# ---------------------------------------------------------------- from where it is asked for

# end_manager: of the other user, as logind itself does it some time after their last session.
end_manager() {
	local uid
	uid=$(id -u "$other")
	sudo systemctl stop "user@$uid.service" "user-runtime-dir@$uid.service"
	not test -e "/run/user/$uid"
}

@test "from a login session" {
	[[ $(cat /proc/self/cgroup) == *session-*.scope* ]]
	whereabouts
	try sd run --bundle "$B" "$C"
	placed
}

@test "from a login session, by itself" {
	whereabouts
	try rl run --bundle "$B" "$C"
	placed
	equal "$stderr" ""
}

@test "as cron has it: a service of the system, no environment" {
	whereabouts
	try sudo systemd-run --quiet --wait --pipe --collect --uid="$(id -u)" \
		--working-directory=/ \
		env -i PATH=/usr/bin:/bin ROOTLET_TEST="$C" "$ROOTLET" --root "$T/state" \
		--cgroup-manager systemd run --bundle "$B" "$C"
	placed
}

@test "sudo -u" {
	whereabouts
	try sudo sudo -u "$(id -un)" ROOTLET_TEST="$C" "$ROOTLET" --root "$T/state" \
		--cgroup-manager systemd run --bundle "$B" "$C"
	placed
}

@test "su, with root's environment" {
	whereabouts
	try sudo env DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus \
		XDG_RUNTIME_DIR=/run/user/0 ROOTLET_TEST="$C" \
		su -p -c "'$ROOTLET' --root '$T/state' --cgroup-manager systemd run --bundle '$B' \
		'$C'" "$(id -un)"
	placed
}

@test "exec from a login session and from a service of the system: the manager moves it in" {
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C"
	rl exec --detach --pid-file "$T/one" "$C" sleep 60
	sudo systemd-run --quiet --wait --pipe --collect --uid="$(id -u)" --working-directory=/ \
		env -i PATH=/usr/bin:/bin ROOTLET_TEST="$C" "$ROOTLET" --root "$T/state" exec \
		--detach --pid-file "$T/two" "$C" sleep 60
	equal "$(cat "/proc/$(cat "$T/one")/cgroup")" "$(cat "/proc/$(pid_of)/cgroup")"
	equal "$(cat "/proc/$(cat "$T/two")/cgroup")" "$(cat "/proc/$(pid_of)/cgroup")"
	in_scope "$unit"
	rl delete --force "$C"
	not test -e "/proc/$(cat "$T/two")"
}

@test "su to someone without a manager: this user's is not asked, with a reason and a remedy" {
	local folder
	end_manager
	folder=$(sudo -u "$other" mktemp -d)
	try sudo env DBUS_SESSION_BUS_ADDRESS="unix:path=$manager/bus" XDG_RUNTIME_DIR="$manager" \
		ROOTLET_TEST="$C" \
		su -p -c "'$ROOTLET' --root '$folder/state' --cgroup-manager systemd run --bundle \
		'$B' '$C'" "$other"
	refused "unix:path=$manager/bus: another user's" \
		"unix:path=$manager/systemd/private: another user's" \
		"/run/user/$(id -u "$other")/bus: No such file or directory" \
		"sudo loginctl enable-linger $(id -u "$other")"
	equal "$(sudo ls "$folder/state")" ""
	sudo rm -rf "$folder"
}

@test "no manager at all: a container without limits runs, with limits it is refused" {
	local folder
	end_manager
	folder=$(sudo -u "$other" mktemp -d)
	script 'echo runs'
	try sudo -u "$other" ROOTLET_TEST="$C" "$ROOTLET" --root "$folder/state" run --bundle "$B" \
		"$C"
	equal "$status $output" "0 runs"
	config '.linux.resources.pids.limit = 50'
	try sudo -u "$other" ROOTLET_TEST="$C" "$ROOTLET" --root "$folder/state" run --bundle "$B" \
		"$C"
	refused /linux/resources/pids enable-linger
	sudo rm -rf "$folder"
}

@test "another user's process at an address of ours is not spoken to" {
	sudo -u "$other" "$tool" hang "/tmp/$C.socket" 3>&- &
	wait_for test -S "/tmp/$C.socket"
	sudo chmod 777 "/tmp/$C.socket"
	sudo chown "$(id -u)" "/tmp/$C.socket"
	mv "$manager/bus" "$manager/bus.away"
	mv "$manager/systemd/private" "$manager/systemd/private.away"
	try env DBUS_SESSION_BUS_ADDRESS="unix:path=/tmp/$C.socket" ROOTLET_TEST="$C" "$ROOTLET" \
		--root "$T/state" \
		--cgroup-manager systemd run --bundle "$B" "$C"
	sudo pkill -x -u "$other" testguest
	sudo rm "/tmp/$C.socket"
	refused "unix:path=/tmp/$C.socket: another user's process listens there"
}

@test "the manager's own socket, where there is no bus" {
	mv "$manager/bus" "$manager/bus.away"
	whereabouts
	try bare "$ROOTLET" --root "$T/state" --cgroup-manager systemd run --bundle "$B" "$C"
	placed
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C"
	in_scope "$unit"
	rl delete --force "$C"
}

@test "a bus that is someone else's business: the next address" {
	# A bus without a manager of systemd's on it.
	dbus-daemon --session --nofork --nosyslog --nopidfile --address="unix:path=$T/bus" 3>&- &
	local daemon=$!
	wait_for test -S "$T/bus"
	whereabouts
	try env DBUS_SESSION_BUS_ADDRESS="unix:path=$T/bus" "$ROOTLET" --root "$T/state" \
		--cgroup-manager systemd run --bundle "$B" "$C"
	kill "$daemon"
	placed
}

@test "a bus that takes connections and never answers: the next address, in time" {
	local begin=$SECONDS
	"$tool" hang "$T/bus" 3>&- &
	local hanging=$!
	wait_for test -S "$T/bus"
	whereabouts
	try env DBUS_SESSION_BUS_ADDRESS="unix:path=$T/bus" "$ROOTLET" --root "$T/state" \
		--cgroup-manager systemd run --bundle "$B" "$C"
	kill "$hanging"
	placed
	((SECONDS - begin < 20))
}

@test "nothing but silence: a bounded wait, and an error with the address and the seconds" {
	local begin=$SECONDS
	mv "$manager/bus" "$manager/bus.away"
	mv "$manager/systemd/private" "$manager/systemd/private.away"
	"$tool" hang "$T/bus" 3>&- &
	local hanging=$!
	wait_for test -S "$T/bus"
	try env DBUS_SESSION_BUS_ADDRESS="unix:path=$T/bus" ROOTLET_TEST="$C" "$ROOTLET" \
		--root "$T/state" --cgroup-manager systemd run --bundle "$B" "$C"
	kill "$hanging"
	refused "unix:path=$T/bus: no answer within 5.0 seconds" \
		"unix:path=$manager/bus: No such file or directory"
	((SECONDS - begin < 20))
}

@test "root of a user namespace, as in podman unshare" {
	whereabouts
	try unshare --map-root-user --map-auto env -u DBUS_SESSION_BUS_ADDRESS -u XDG_RUNTIME_DIR \
		ROOTLET_TEST="$C" \
		"$ROOTLET" --root "$T/state" --cgroup-manager systemd run --bundle "$B" "$C"
	placed
	mv "$manager/bus" "$manager/bus.away"
	rm "$T/whereabouts"
	try unshare --map-root-user --map-auto env -i PATH="$PATH" ROOTLET_TEST="$C" \
		"$ROOTLET" --root "$T/state" --cgroup-manager systemd run --bundle "$B" "$C"
	placed
}

@test "in another PID namespace than the manager, numbers of processes are not handed to it" {
	try unshare --map-root-user --map-auto --pid --fork --mount-proc env ROOTLET_TEST="$C" \
		"$ROOTLET" --root "$T/state" --cgroup-manager systemd run --bundle "$B" "$C"
	refused "in another PID namespace" "--cgroup-manager=cgroupfs or disabled"
}

# ---------------------------------------------------------------- what is in the way

@test "a failed unit of the same name is reset" {
	systemd-run --user --quiet --scope --unit="$unit" -p RuntimeMaxSec=100ms sleep 10 || true
	wait_for ctl is-failed "$unit"
	whereabouts
	try sd run --bundle "$B" "$C"
	placed
	not ctl is-failed "$unit"
}

@test "a unit of the same name that is in use is left alone" {
	systemd-run --user --quiet --scope --unit="$unit" sleep 60 3>&- &
	local sleeper=$!
	wait_for ctl is-active "$unit"
	try sd run --bundle "$B" "$C"
	refused "systemd has a unit $unit already" "sleep 60" /linux/cgroupsPath
	equal "$(ctl show "$unit" -p ActiveState --value)" active
	ctl stop "$unit"
	wait "$sleeper" || true
}

@test "a slice that is frozen: the start is refused at once, and no scope is left" {
	local dir level name=rlfrozen$$
	ctl start "$name-in.slice"
	dir=/sys/fs/cgroup$(ctl show --value --property ControlGroup "$name-in.slice")
	# shellcheck disable=SC2016 # jq's variable
	config '.linux.cgroupsPath = $p' --arg p "$name-in.slice:rl:$C"
	# The slice itself, and the one above it.
	for level in "$dir" "${dir%/*}"; do
		echo 1 >"$level/cgroup.freeze"
		try timeout -s KILL 5 "$ROOTLET" --root "$T/state" --cgroup-manager systemd run \
			--bundle "$B" "$C" </dev/null
		echo 0 >"$level/cgroup.freeze"
		refused "the cgroup ${level#/sys/fs/cgroup} is frozen" \
			"echo 0 >$level/cgroup.freeze"
	done
	try sd run --bundle "$B" "$C"
	equal "$status$stderr" 0
	ctl stop "$name-in.slice" "$name.slice"
}

@test "a manager that starts itself anew takes nothing away" {
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C"
	ctl daemon-reexec
	in_scope "$unit"
	whereabouts
	try sd run --bundle "$B" "$C-2"
	has "$(cat "$T/whereabouts")" "rootlet-$C-2.scope"
	rl delete --force "$C"
	wait_for no_unit "$unit"
}

@test "starts while the manager starts itself anew, over and over" {
	local i
	(for ((i = 0; i < 8; i++)); do
		ctl daemon-reexec
		sleep 0.1
	done) 3>&- &
	local storm=$!
	for ((i = 0; i < 15; i++)); do
		sd run --bundle "$B" "$C-$i"
	done
	wait "$storm"
}

# ---------------------------------------------------------------- many, and violent ends

# inventory: what the user's manager and its bus have: units of any kind and state, cgroups, open
# files. A first container has run, so that its slice and what the manager loads once are there.
inventory() {
	local pid
	ctl list-units --all --plain --no-legend | awk '{ print $1, $2, $3, $4 }' | sort
	find "/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service" -type d | sort
	for pid in $(ctl show --value --property MainPID dbus.service) \
		$(systemctl show --value --property MainPID "user@$(id -u).service"); do
		echo "$pid: $(sudo ls "/proc/$pid/fd" | wc -l) files"
	done
}

same_inventory() {
	[ "$(inventory)" = "$1" ]
}

@test "many starts in a row leave nothing: no unit, cgroup, process or open file" {
	local i n=200 things
	sd run --bundle "$B" "$C"
	wait_for same_units "$before"
	things=$(inventory)
	for ((i = 0; i < n; i++)); do
		sd run --bundle "$B" "$C"
	done
	wait_for same_inventory "$things" || equal "$(inventory)" "$things"
	nothing_left
}

@test "twenty starts at once leave nothing: no unit, cgroup, process or open file" {
	local i n=0 things
	local -a pids
	sd run --bundle "$B" "$C"
	wait_for same_units "$before"
	things=$(inventory)
	for ((i = 0; i < 20; i++)); do
		sd run --bundle "$B" "$C-$i" 2>"$T/err.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		! wait "$i" || n=$((n + 1))
	done
	[ "$n" -eq 20 ] || fail "$n of 20 went well: $(cat "$T"/err.*)"
	wait_for same_inventory "$things" || equal "$(inventory)" "$things"
	nothing_left
}

@test "a rootlet that is killed on its way leaves no scope" {
	local i
	for ((i = 1; i <= 15; i++)); do
		ROOTLET_TEST=$C timeout --signal KILL "0.00$((i % 9 + 1))" "$ROOTLET" \
			--root "$T/state" --cgroup-manager systemd \
			run --bundle "$B" "$C-$i" 3>&- 2>/dev/null || true
	done
	for ((i = 1; i <= 15; i++)); do
		rl delete --force "$C-$i"
	done
	wait_for same_units "$before"
	nothing_left
}

@test "a rootlet that is killed beside its container: delete ends it, and the scope" {
	local pid
	script 'sleep 60'
	sd run --bundle "$B" "$C" &
	pid=$!
	wait_for status_is running
	pkill -KILL -x -P "$pid" rootlet || kill -KILL "$pid"
	wait "$pid" || true
	in_scope "$unit"
	rl delete --force "$C"
	wait_for no_unit "$unit"
}

@test "a container that dies by itself takes its scope along" {
	script 'sleep 60'
	sd run --detach --bundle "$B" "$C"
	kill -KILL "$(pid_of)"
	wait_for status_is stopped
	wait_for same_units "$before"
	rl delete "$C"
}

# another_manager_than PID: the user's manager is there, and is another process than that.
another_manager_than() {
	ctl is-active basic.target &&
		[ "$(systemctl show --value --property MainPID "user@$(id -u).service")" != "$1" ]
}

# The machine's manager has noticed that it is gone.
manager_has_ended() {
	[ "$(systemctl show --value --property ActiveState "user@$(id -u).service")" != active ]
}

@test "the user's manager ends and another begins: the container has ended, wait says by what" {
	local pid manager_pid
	manager_pid=$(systemctl show --value --property MainPID "user@$(id -u).service")
	script 'trap "exit 5" TERM; while :; do sleep 0.1; done'
	sd run --detach --bundle "$B" "$C"
	pid=$(pid_of)
	sudo systemctl restart "user@$(id -u).service"
	wait_for another_manager_than "$manager_pid"
	not test -e "/proc/$pid"
	try rl wait "$C"
	equal "$status $output" "5 5"
	wait_for no_unit "$unit"
	# Not deleted yet: the scope's name is free, and what is left of the first is only its
	# state.
	rl delete "$C"
	sd run --detach --bundle "$B" "$C"
	in_scope "$unit"
	# Killed together with the manager.
	sudo systemctl kill --kill-whom=all --signal=KILL "user@$(id -u).service"
	wait_for status_is stopped
	# Before that a start would change nothing.
	wait_for manager_has_ended
	sudo systemctl reset-failed "user@$(id -u).service" || true
	sudo systemctl start "user@$(id -u).service"
	wait_for another_manager_than 0
	rl delete "$C"
	bundle_args true
	whereabouts
	try sd run --bundle "$B" "$C"
	placed
}
