# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager: set in setup; status, stderr: of `try`
#
# podman: what the files that test with podman have, after helpers. Each has its own storage, and an
# image "local" of busybox. The part of a test's name before the colon says which way to have
# cgroups: "podman, systemd: ...".

# pod ARGUMENT...: podman with this file's own storage, on a file system with user.* attributes.
# `manager` is the test's.
pod() {
	local run=$XDG_RUNTIME_DIR/podman-bats
	ROOTLET_TEST=$C CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf podman \
		--root "$pod_storage" \
		--runroot "$run" --tmpdir "$run/tmp" --runtime "$ROOTLET" \
		--cgroup-manager="$manager" "$@" 3>&-
}

# pod_run ARGUMENT...: podman run.
pod_run() {
	pod run --network=none "$@"
}

setup_file() {
	C=file manager=cgroupfs
	pod_storage=$(mktemp -d /var/tmp/rootlet-podman.XXXXXX)
	export pod_storage
	: >"$BATS_FILE_TMPDIR/containers.conf"
	# Its own default is a limit, with systemd: not where the controller is missing.
	[ "$ROOTLET_ROOM" = vm ] || printf '[containers]\npids_limit = 0\n' \
		>"$BATS_FILE_TMPDIR/containers.conf"
	busybox_tree "$BATS_FILE_TMPDIR/tree"
	tar -C "$BATS_FILE_TMPDIR/tree" -cf - . | pod import --quiet - local:latest
}

teardown_file() {
	C=file manager=cgroupfs
	pod rm --force --all --time 0
	pod unshare rm -rf "$pod_storage"
	# Ends the process that holds podman's user namespace.
	pod system migrate
	rm -rf "$XDG_RUNTIME_DIR/podman-bats"
}

setup() {
	T=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-bats.XXXXXX")
	C=t$$-${BATS_SUITE_TEST_NUMBER:-0}-$RANDOM
	mkdir "$T/state"
	manager=${BATS_TEST_DESCRIPTION#podman, }
	manager=${manager%%:*}
}

teardown() {
	pod rm --force --ignore --time 0 "$C" >/dev/null
	container_teardown
}

# starts COMMAND...: in the background, until it says "started".
starts() {
	try pod_run --detach --name "$C" local "$@"
	equal "$status$stderr" 0
	wait_for logged started
}

logged() {
	pod logs "$C" 2>&1 | grep -qx "$1"
}

has_status() {
	[ "$(pod inspect --format '{{.State.Status}}' "$C")" = "$1" ]
}
