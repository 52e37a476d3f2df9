#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Status, output, stderr: of helpers' `try`; programs for the container's shell
# shellcheck disable=SC2154,SC2016
# Supplementary groups of the caller: only root can give a user one for the test.

load ../helpers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -n "${ROOTLET_TEST_USER:-}" ] || skip "needs an ordinary user: ROOTLET_TEST_USER"
	container_setup --rootless
	chmod 0755 "$T"
	mkdir "$T/shared"
	echo "for the group" >"$T/shared/file"
	chown root:54321 "$T/shared" "$T/shared/file"
	chmod 0750 "$T/shared"
	chmod 0640 "$T/shared/file"
	config '.mounts += [{destination: "/srv", source: $s, options: ["bind"]}]' --arg s \
		"$T/shared"
	chown -R "$ROOTLET_TEST_USER:" "$B"
}

# user_run: the bundle, as the ordinary user with one group more.
user_run() {
	try setpriv --reuid "$(id -u "$ROOTLET_TEST_USER")" \
		--regid "$(id -g "$ROOTLET_TEST_USER")" --groups 54321 --inh-caps=-all \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ "ROOTLET_TEST=$C" "$ROOTLET" \
		--root "$T/bundle/state" run --bundle "$B" "$C" 3>&-
}

@test "a file of the caller's group is readable only with keep_original_groups" {
	script 'id -G; cat /srv/file 2>&1'
	user_run
	equal "$status" 1
	equal "$output" "0
cat: can't open '/srv/file': Permission denied"
	config '.annotations["run.oci.keep_original_groups"] = "1"'
	user_run
	equal "$status$stderr" 0
	equal "$output" "0 65534
for the group"
	# Nobody gave up a group on the way to another user, either.
	config '.process.user = {uid: 1000, gid: 1000}'
	user_run
	equal "$output" "1000 65534
for the group"
	rmdir "$T/bundle/state"
}
