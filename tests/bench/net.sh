#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# net: what a container's network carries, and what it costs, for rootlet and the peers installed
# here.
#
# Two parts. How long a network makes the start of a container, as start.sh measures it, up to the
# first output of its program. Then throughput, connections, round trips and memory of each way into
# and out of a container, in a user, network, mount and pid namespace of its own: the load is on the
# loopback and the tap devices in there, and on a veth pair to a second network namespace, the only
# way by which accelerated connections leave. Both interleaved, as ratios to the first row; those
# across the pair also to what it carries without a container. What can't run here is named with its
# reason. Started by root, it measures as the ordinary user rootlet-test.
set -eu

machine_name=bench
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/machine.sh
. "$here/../lib/machine.sh"

arguments=("$@")
rounds=7
starts=50
seconds=0.5
rootlet=rootlet
folder=
only=.
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2 && shift ;;
	--starts) starts=$2 && shift ;;
	--seconds) seconds=$2 && shift ;;
	--only) only=$2 && shift ;;
	--rootlet) rootlet=$2 && shift ;;
	--drivers) folder=$2 && shift ;;
	--inside) work=$2 && shift ;;
	*)
		cat >&2 <<'END'
usage: tests/bench/net.sh [--rounds N] [--seconds N] [--starts N] [--only REGEX]
                        [--rootlet BINARY] [--drivers FOLDER]
       make bench-net BENCH_ARGS='--rounds 20 --only rootlet'
Each of N rounds measures each way for so many seconds a test; --starts 0 leaves the starts out,
--only takes the ways whose name fits.
END
		exit 1
		;;
	esac
	shift
done

# ---------------------------------------------------------------- inside: the ways

# left_out NAME REASON
left_out() {
	say "left out: $1: $2" >&2
}

# until_it COMMAND...: waits until it succeeds, at most ten seconds.
until_it() {
	local i
	for ((i = 0; i < 500; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.02
	done
	return 1
}

# tree_of PID: it and its descendants, but for those that are the load, with commas.
tree_of() {
	local pid children
	[ "$(cat "/proc/$1/comm")" = netbench ] || printf '%s,' "$1"
	children=$(cat "/proc/$1/task"/*/children)
	for pid in $children; do
		tree_of "$pid"
	done
}

# wanted NAME
wanted() {
	[[ $1 =~ $only ]]
}

# way NAME PIDS FROM TO WORD...: one row, if the server answers there. The words run netbench where
# the client is to be. With `beside`, it is compared to that row as well.
way() {
	local name=$1 pids=$2 from=$3 to=$4
	shift 4
	wanted "$name" || return 0
	if ! until_it "$@" client trips 0.01 "$from" "$to"; then
		left_out "$name" "nothing answers: $(tail -n 1 "$work/room/said" 2>/dev/null)"
		return 0
	fi
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "${beside:--}" "$pids" "$from" "$to" "$*" \
		>>"$work/room/ways"
}

# The address of a client that is not the host, and the host's.
there=192.0.2.1
host=192.0.2.2
port=7000
# Both ends of the veth pair.
near=198.51.100.1
far=198.51.100.2

# container NET [RUN-OPTION...]: a container with the server in it, on a network of rootlet's. Sets
# helper, its helper's pid.
container() {
	local id=c$((++containers)) net=$1
	shift
	"$work/rootlet" --root "$work/state" run --detach --bundle "$work/bundle" "--net=$net" \
		"$@" "$id" \
		</dev/null >"$work/room/said" 2>&1 || return 1
	helper=$(jq .network.pid "$work/state/$id/state.json")
}
containers=0

# published LABEL NET: the way from a client to a published port. The client has an address of its
# own, or is at the veth pair's far end where the third argument is "far".
published() {
	local from=$there to=$host
	local -a client=("$work/netbench")
	wanted "rootlet in: $1" || return 0
	if [ "${3:-}" = far ]; then
		from=- to=$near client=("${on_far[@]}" "$work/netbench")
	fi
	port=$((port + 1))
	# By IPv4 alone, as the server is: one that does not answer everybody is not accelerated.
	if container "$2" --publish "0.0.0.0:$port:7000"; then
		way "rootlet in: $1" "$(tree_of "$helper")" "$from" "$to:$port" "${client[@]}"
	else
		left_out "rootlet in: $1" "$(tail -n 1 "$work/room/said")"
	fi
}

# outbound LABEL NET [ADDRESS]: the way from the container to the server on the host, or to that at
# the other address.
outbound() {
	wanted "rootlet out: $1" || return 0
	if container "$2"; then
		way "rootlet out: $1" "$(tree_of "$helper")" - "${3:-$host}:7000" "$work/rootlet" \
			--root "$work/state" \
			exec "c$containers" /bin/netbench
	else
		left_out "rootlet out: $1" "$(tail -n 1 "$work/room/said")"
	fi
}

# not_here PID: it is in another network namespace.
not_here() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# far_end: makes the pair, with the server at its far end too; its packets are as large as
# loopback's, which it is compared to. Sets on_far, the words that run a command there.
far_end() {
	unshare --net sleep infinity &
	on_far=(nsenter "--net=/proc/$!/ns/net")
	until_it not_here "$!"
	ip link add uplink mtu 65535 type veth peer name world mtu 65535 netns "$!"
	ip address add "$near/24" dev uplink
	ip link set uplink up
	"${on_far[@]}" ip address add "$far/24" dev world
	"${on_far[@]}" ip link set world up
	"${on_far[@]}" sysctl -q net.ipv4.ip_local_port_range='10000 65000' net.ipv4.tcp_tw_reuse=1
	ip route add default via "$far"
	"${on_far[@]}" "$work/netbench" serve 7000 >"$work/room/far" &
	until_it grep -q ready "$work/room/far"
}

# By the pair alone: loopback and the host's own addresses are kept from the host's sockets. The
# pair's row is measured for these.
accelerated() {
	local pair="across the veth pair, no container"
	wanted "rootlet out: accel=seccomp" || wanted "rootlet in: accel=seccomp" || return 0
	only=. way "$pair" - - "$far:7000" "$work/netbench"
	beside=$pair outbound accel=seccomp slirp4netns:accel=seccomp "$far"
	beside=$pair published accel=seccomp slirp4netns:accel=seccomp far
}

# in_background COMMAND...: sets pid; what it says goes to the file "said".
in_background() {
	"$@" </dev/null >"$work/room/said" 2>&1 &
	pid=$!
}

# server_of PID: the load that it has started.
server_of() {
	pgrep -P "$1" -x netbench
}

pasta_ways() {
	local pid
	if ! command -v pasta >/dev/null; then
		left_out pasta "not installed (package passt)"
		return 0
	fi
	# Without -T it takes the ports of the host's servers for itself inside.
	in_background pasta --config-net -f -t 7100:7000 -u none -T none -U none \
		-- "$work/netbench" serve 7000
	until_it server_of "$pid" || true
	way "pasta in: by loopback, spliced" "$pid" 127.0.0.1 127.0.0.1:7100 "$work/netbench"
	way "pasta in: by its tap device" "$pid" "$there" "$host:7100" "$work/netbench"
	way "pasta out" "$pid" - "$host:7000" nsenter --target "$(server_of "$pid")" --user --net \
		--preserve-credentials \
		"$work/netbench"
}

rootlesskit_ways() {
	local pid
	if ! command -v rootlesskit >/dev/null; then
		left_out rootlesskit "not installed (package rootlesskit)"
		return 0
	fi
	# It wants ranges even of root.
	echo "root:1:65000" >"$work/room/ranges"
	mount --bind "$work/room/ranges" /etc/subuid
	mount --bind "$work/room/ranges" /etc/subgid
	in_background rootlesskit --state-dir "$work/room/rootlesskit" --net=slirp4netns \
		--mtu=65520 --disable-host-loopback \
		--slirp4netns-sandbox=true --slirp4netns-seccomp=true --port-driver=builtin \
		-p 0.0.0.0:7200:7000/tcp "$work/netbench" serve 7000
	way "rootlesskit in: builtin" "$pid" "$there" "$host:7200" "$work/netbench"
	# Its processes are all there when it answers.
	if grep -q '^rootlesskit' "$work/room/ways"; then
		sed -i "s/^\(rootlesskit[^\t]*\t\)$pid\t/\1$(tree_of "$pid")\t/" "$work/room/ways"
	fi
}

inside() {
	# As many connections as the tests want, from one address to one port.
	sysctl -q net.ipv4.ip_local_port_range='10000 65000' net.ipv4.tcp_tw_reuse=1
	ip link set lo up
	ip address add "$there/32" dev lo
	ip address add "$host/32" dev lo
	far_end
	: >"$work/room/ways"
	"$work/netbench" serve 7000 >"$work/room/server" &
	until_it grep -q ready "$work/room/server"
	only=. way "host loopback" - "$there" "$host:7000" "$work/netbench"
	published "own forwarder, client's address" slirp4netns
	published "own forwarder, gateway's address" slirp4netns:client_address=gateway
	published "slirp4netns' hostfwd" slirp4netns:port_handler=slirp4netns
	pasta_ways
	rootlesskit_ways
	outbound "slirp4netns" slirp4netns
	outbound "slirp4netns, MTU 1500" slirp4netns:mtu=1500
	accelerated
	"$work/netbench" compare "$rounds" "$seconds" <"$work/room/ways"
}

if [ -n "${work:-}" ]; then
	inside
	exit 0
fi

# ---------------------------------------------------------------- outside: the bundle, the starts

for program in jq ip pgrep slirp4netns; do
	command -v "$program" >/dev/null || die \
		"this needs $program: apt-get install jq iproute2 procps slirp4netns"
done
if is_root; then
	machine_user rootlet-test
else
	machine_user "$(id -un)"
fi
machine_tun

# State folders on a tmpfs, as under /run/user: only root can see to that, and its own mount
# namespace ends with it.
if is_root && [ -z "${ROOTLET_BENCH_NESTED:-}" ]; then
	exec env ROOTLET_BENCH_NESTED=1 unshare --mount --propagation private "$here/net.sh" \
		${arguments[@]+"${arguments[@]}"}
fi

# shellcheck disable=SC2317 # called by the trap
finish() {
	cd /
	if [ -n "$work" ]; then
		! is_root || umount "$work/state" 2>/dev/null || true
		rm -rf "$work" 2>/dev/null || as_user unshare --map-auto --map-root-user rm \
			-rf "$work"
	fi
}
work=
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-bench.XXXXXX")
chmod 0755 "$work"

# Copies, so that the user may execute them wherever they were built.
mkdir -p "$work/tests/bench" "$work/tests/lib" "$work/bundle/rootfs/bin" "$work/hello" \
	"$work/room" "$work/state"
if is_root; then
	mount -t tmpfs -o mode=0755 tmpfs "$work/state"
fi
cp "$here/net.sh" "$work/tests/bench"
cp "$here/../lib/machine.sh" "$work/tests/lib"
if [ -n "$folder" ]; then
	cp "$folder/netbench" "$folder/startbench" "$work"
else
	cc -D_GNU_SOURCE -O2 -static -pthread -o "$work/netbench" "$here/netbench.c"
	cc -D_GNU_SOURCE -O2 -o "$work/startbench" "$here/startbench.c"
fi
found=$(command -v "$rootlet") || die "no binary $rootlet"
cp "$found" "$work/rootlet"
cp "$work/netbench" "$work/bundle/rootfs/bin"
if is_root; then
	chown -R "$user_uid:$user_gid" "$work"
	# As the peers' are: a binary that its own user may write first copies itself where no
	# container can.
	chown 0:0 "$work" "$work/rootlet"
fi
as_user "$work/rootlet" spec --bundle "$work/hello"
as_user sh \
	-c "cd $work/room && jq '.process.terminal = false | .root.path = \"$work/bundle/rootfs\"' \
../hello/config.json >both.json &&
	jq '.process.args = [\"/bin/netbench\", \"serve\", \"7000\"]' both.json \
		>../bundle/config.json &&
	jq '.process.args = [\"/bin/netbench\", \"hello\"]' both.json >../hello/config.json"

# start_row LABEL OPTION...
start_row() {
	local label=$1
	shift
	printf '%s\t%s\n' "rootlet: $label" \
		"$work/rootlet --root $work/state run --bundle $work/hello $* bench-{}"
}

start_commands() {
	local path
	start_row "none" --net=none
	start_row "the host's" --net=host
	start_row "slirp4netns" --net=slirp4netns
	start_row "slirp4netns, a published port" --net=slirp4netns --publish=127.0.0.1:17999:80
	if path=$(command -v pasta); then
		printf '%s\t%s\n' pasta "$path --config-net -q -- $work/netbench hello"
	fi
	if path=$(command -v rootlesskit); then
		printf '%s\t%s\n' "rootlesskit: the host's" "$path $work/netbench hello"
		printf '%s\t%s\n' "rootlesskit: slirp4netns, a published port" \
			"$path --net=slirp4netns --mtu=65520 \
--disable-host-loopback --slirp4netns-sandbox=true --slirp4netns-seccomp=true \
--port-driver=builtin \
-p 127.0.0.1:17998:80/tcp $work/netbench hello"
	fi
}

say "as $user, $(nproc) processors, Linux $(uname -r), \
$(cat /proc/sys/net/ipv4/tcp_congestion_control), \
load $(cut -d' ' -f1 /proc/loadavg)"
cd "$work"
if [ "$starts" -gt 0 ]; then
	say "from run to the first output, $starts rounds"
	start_commands | as_user "$work/startbench" --until-output "$starts"
fi
say "$rounds rounds of $seconds seconds a test and way"
as_user unshare --user --map-auto --map-root-user --net --mount --propagation private --pid --fork \
	--kill-child \
	--mount-proc bash "$work/tests/bench/net.sh" --inside "$work" --rounds "$rounds" \
	--seconds "$seconds" --only "$only"
