#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # programs for an inner shell; output, stderr: of helpers' `try`
# What becomes of a container that stays when its user's last session ends: said, meant, or not
# wanted.
# rooms: session

load helpers

other=rootlet-other

setup() {
	container_setup
	chmod 755 "$T"
}

# as_other COMMAND...: in a login session of the user who does not linger.
as_other() {
	sudo systemd-run --quiet --wait --pipe --collect -p User="$other" -p PAMName=login \
		-p WorkingDirectory=/ \
		-E ROOTLET_TEST="$C" -E PATH="$PATH" -- "$@"
}

@test "a detached start without lingering says so, once" {
	local folder
	folder=$(sudo -u "$other" mktemp -d)
	script 'sleep 60'
	try as_other sh \
		-c '"$0" --root "$1" run --detach --bundle "$2" "$3" &&
		"$0" --root "$1" delete --force "$3"' \
		"$ROOTLET" "$folder/state" "$B" "$C"
	equal "$status" 0
	equal "$stderr" \
		"rootlet: warning: /annotations/org.rootlet.session: the container ends with this \
user's last session: their systemd manager and /run/user end then; run \`loginctl enable-linger\`, \
or set the annotation to bound if this is meant"
	# Not for one that ends with its caller anyway.
	script true
	try as_other "$ROOTLET" --root "$folder/state" run --bundle "$B" "$C"
	equal "$status $stderr" "0 "
	config '.annotations["org.rootlet.session"] = "bound"'
	script 'sleep 60'
	try as_other sh \
		-c '"$0" --root "$1" run --detach --bundle "$2" "$3" &&
		"$0" --root "$1" delete --force "$3"' \
		"$ROOTLET" "$folder/state" "$B" "$C"
	equal "$status $stderr" "0 "
	config '.annotations["org.rootlet.session"] = "persistent"'
	try as_other "$ROOTLET" --root "$folder/state" run --detach --bundle "$B" "$C"
	refused /annotations/org.rootlet.session "loginctl enable-linger"
	sudo rm -rf "$folder"
}

@test "with lingering a container persists, and nothing is said" {
	config '.annotations["org.rootlet.session"] = "persistent"'
	script 'sleep 60'
	try rl run --detach --bundle "$B" "$C"
	equal "$status $stderr" "0 "
	rl delete --force "$C"
}
