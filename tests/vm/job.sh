#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# job: what the virtual machine does, as root, once it is up. TAP or the command's output goes to
# the second serial port; its status, the journal and the core files to the third disk, as a tar
# file.
set -u
exec <>/dev/ttyS1 >&0 2>/dev/kmsg
stty -F /dev/ttyS1 raw -echo

export ROOTLET_ROOM=vm ROOM_RESULTS=/run/room
arguments=()
# From the host: ROOM_..., and `arguments` for inside.sh.
# shellcheck source=/dev/null
. /srv/rootlet/job
mkdir -p "$ROOM_RESULTS"

# This kernel is ours. A crash inside a container leaves its core in the container, if the folder is
# there.
mkdir -m 1777 /var/tmp/cores
echo '/var/tmp/cores/core.%e.%p' >/proc/sys/kernel/core_pattern

# Nothing that a test makes there is written to an emulated disk.
mount -t tmpfs -o mode=1777,size=1200m tmpfs /tmp

status=0
if [ "${arguments[0]}" = tests ]; then
	echo "# room: up"
	/srv/rootlet/source/tests/room/inside.sh "${arguments[@]}" </dev/null 2>&1 || status=$?
else
	/srv/rootlet/source/tests/room/inside.sh "${arguments[@]}" 2>&1 || status=$?
fi
echo "$status" >"$ROOM_RESULTS/status"
journalctl --no-pager --boot >"$ROOM_RESULTS/journal"
tar -C "$ROOM_RESULTS" -cf /dev/vdc .
sync
