# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# debian: a Debian 12 in a folder or a tar file, made by mmdebstrap. Sourced by those who test on a
# machine of their own, under bash -eu.
#
# Packages come from the sources of this machine's apt, where those are Debian 12's.

# debian_sources: the files of this machine's apt that name Debian 12 and its component main.
debian_sources() {
	local file
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources; do
		if [ -r "$file" ] && grep \
			-Eq '^[^#]*[[:space:]]bookworm(-updates|-security)?([[:space:]]|$)' \
			"$file" &&
			grep -Eq '^[^#]*[[:space:]]main([[:space:]]|$)' "$file"; then
			printf '%s\n' "$file"
		fi
	done
}

# debian_apt_options: how this machine's apt gets at them.
debian_apt_options() {
	# What a proxy is told by the environment, sudo doesn't pass on.
	[ -z "${http_proxy:-}" ] || printf 'Acquire::http::Proxy "%s";\n' "$http_proxy"
	[ -z "${https_proxy:-}" ] || printf 'Acquire::https::Proxy "%s";\n' "$https_proxy"
	apt-config dump | grep -E '^Acquire::(https?::|Retries|Check-Valid-Until|Check-Date)' |
		grep -Ev 'Auto-?Detect|::User-Agent' || true
}

# debian_make TARGET VARIANT SCRATCH PACKAGE...: TARGET is a tar file to be or a folder to be, as
# mmdebstrap has it; SCRATCH is a folder for what it needs meanwhile.
debian_make() {
	local target=$1 variant=$2 scratch=$3 packages
	local -a from
	shift 3
	mapfile -t from < <(debian_sources)
	if [ "${#from[@]}" -gt 0 ] && grep -q 'https://' "${from[@]}"; then
		set -- "$@" ca-certificates
	fi
	packages=$*
	debian_apt_options >"$scratch/apt.conf"
	TMPDIR=$scratch mmdebstrap --mode=root --variant="$variant" --include="${packages// /,}" \
		--aptopt="$scratch/apt.conf" bookworm "$target" ${from[@]+"${from[@]}"}
}
