#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure out of configure.ac. Needed in a git clone, not in a release tarball.
set -eu

cd "$(dirname "$0")"

missing=
command -v autoconf >/dev/null || missing="$missing autoconf"
command -v automake >/dev/null || missing="$missing automake"
command -v pkg-config >/dev/null || missing="$missing pkg-config"
if [ -n "$missing" ]; then
	echo "autogen.sh: missing:$missing" >&2
	echo "autogen.sh: on Debian: apt-get install$missing" >&2
	exit 1
fi

exec autoreconf --install --force
