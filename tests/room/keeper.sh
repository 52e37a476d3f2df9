#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# keeper: outlives a test room, whatever ends it, and removes what is left.
#
#   keeper.sh SCRATCH [CGROUP]
#
# Started in a session of its own, with a pipe as its input whose other end only the room's run.sh
# has: when that is closed, be it by SIGKILL, the room is over. Its processes are already gone or
# going then.
set -u
scratch=$1 cgroup=${2:-}
trap '' INT TERM HUP
cat >/dev/null
for ((i = 0; i < 500; i++)); do
	[ -d "$cgroup" ] || break
	find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null
	# A process that was killed may need a moment.
	sleep 0.02
done
rm -rf --one-file-system "$scratch"
[ ! -d "$cgroup" ] || echo "keeper.sh: $cgroup can't be removed" >&2
