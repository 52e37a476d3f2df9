#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# quickstart: from a fresh Debian to a container without root, by one command.
#
# Everything it makes is in one folder of the ordinary user, ~/rootlet-quickstart, and --clean takes
# that away again. Started by root it makes and uses the user rootlet-demo; started by anyone else
# it uses sudo where something must be installed, and nowhere else.
set -eu

machine_name=quickstart
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
self=$here/$(basename "$0")
# shellcheck source=tests/lib/machine.sh
. "$top/tests/lib/machine.sh"

usage() {
	cat <<'END'
examples/quickstart.sh [OPTION...]

  --debian        a whole Debian tree, by mmdebstrap, instead of busybox
  --dir DIR       where to make everything (default: ~/rootlet-quickstart of the ordinary user)
  --no-install    install nothing: stop with the list of what is missing
  --clean         remove what an earlier run made
  --help
END
}

install=yes
debian=no
clean=no
dir=
while [ $# -gt 0 ]; do
	case $1 in
	--debian) debian=yes ;;
	--dir) dir=${2:?--dir needs a folder} && shift ;;
	--dir=*) dir=${1#*=} ;;
	--no-install) install=no ;;
	--clean) clean=yes ;;
	--help | -h) usage && exit 0 ;;
	*) usage >&2 && die "unknown option $1" ;;
	esac
	shift
done

# in_namespace COMMAND...: as the ordinary user, root over their own and their subordinate ids. The
# mapping is the one that rootlet makes: own id 0, then the range from 1.
in_namespace() {
	as_user unshare --map-auto --map-root-user "$@"
}

if is_root; then
	name='rootlet-demo'
else
	name=$(id -un)
fi

if [ "$clean" = yes ]; then
	if ! id -u "$name" >/dev/null 2>&1; then
		say "there is no user $name, so nothing to remove"
		exit 0
	fi
	machine_user "$name"
	dir=${dir:-$user_home/rootlet-quickstart}
	if ! as_user test -e "$dir/.rootlet-quickstart"; then
		say "nothing to remove: no earlier run made $dir"
		exit 0
	fi
	# The container's files belong to subordinate ids: only inside a user namespace are they in
	# reach.
	in_namespace rm -rf "$dir"
	say "removed $dir"
	is_root && say "the user remains: userdel -r $name removes it"
	exit 0
fi

step=0
step() {
	step=$((step + 1))
	echo
	say "[$step/7] $*"
}

# ---------------------------------------------------------------- packages, user, folder

step "packages"
packages="$machine_build_packages $machine_run_packages busybox-static"
[ "$debian" = no ] || packages="$packages mmdebstrap"
# The list is words.
# shellcheck disable=SC2086
machine_install "$install" $packages
PATH=$PATH:/usr/sbin:/sbin
# From where we were started, the user may not even have a way to look.
cd /

step "an ordinary user with subordinate ids"
machine_user "$name"
dir=${dir:-$user_home/rootlet-quickstart}
if as_user test -e "$dir" && ! as_user test -e "$dir/.rootlet-quickstart"; then
	die "$dir exists and was not made by this script: choose another with --dir"
fi
as_user mkdir -p "$dir/source" "$dir/build" "$dir/hello" "$dir/shell" "$dir/web" "$dir/names" \
	"$dir/www" "$dir/log" "$dir/tmp"
as_user touch "$dir/.rootlet-quickstart"
dir=$(as_user realpath "$dir")
say "user $user (uid $user_uid), everything is made in $dir"
as_user unshare --user true || die \
	"$user can make no user namespace here, and everything else needs one. \
The usual reasons: this is
a chroot (the kernel refuses there), a container without nested user namespaces, or the sysctls
kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns or \
user.max_user_namespaces."
grep -HE "^($user|$user_uid):" /etc/subuid /etc/subgid | sed 's/^/    /'

# quiet LOG COMMAND...: as the user; the output is shown only if it fails.
quiet() {
	local log="$dir/log/$1"
	shift
	# shellcheck disable=SC2016 # for the inner shell
	if ! as_user sh -c 'log=$1 && shift && exec "$@" >"$log" 2>&1 </dev/null' sh "$log" "$@";
	then
		as_user tail -n 40 "$log" | sed 's/^/    | /' >&2
		die "failed; the whole output is in $log"
	fi
}

# ---------------------------------------------------------------- rootlet

step "building rootlet"
machine_copy "$top" "$dir/source"
# shellcheck disable=SC2016 # for the inner shell
quiet build.log env "TMPDIR=$dir/tmp" sh -ec '
	cd "$1/source"
	[ -x configure ] || ./autogen.sh
	cd ../build
	[ -e Makefile ] || ../source/configure
	make -j"$(nproc)"' sh "$dir"
rootlet=$dir/build/rootlet
as_user "$rootlet" --version | sed 's/^/    /'

# ---------------------------------------------------------------- a root filesystem

if [ "$debian" = yes ]; then
	kind=debian
	step "a Debian tree, by mmdebstrap (a minute or so)"
	if as_user test -e "$dir/debian/.complete"; then
		say "there from an earlier run"
	else
		# By way of a tar file: mmdebstrap's own mapping of ids differs from rootlet's.
		scratch=$(mktemp -d "${TMPDIR:-/tmp}/rootlet-quickstart.XXXXXX")
		# shellcheck disable=SC2064 # as it is now
		trap "rm -rf '$scratch'" EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM HUP
		is_root && chown "$user_uid:$user_gid" "$scratch"
		chmod 0755 "$scratch"
		# shellcheck disable=SC2016 # for the inner shell
		quiet mmdebstrap.log env "TMPDIR=$scratch" "http_proxy=${http_proxy:-}" sh -ec '
			[ -n "$http_proxy" ] || unset http_proxy
			exec mmdebstrap --mode=unshare --variant=minbase --include=procps \
				bookworm "$1"' sh "$scratch/debian.tar"
		in_namespace rm -rf "$dir/debian"
		as_user mkdir "$dir/debian"
		in_namespace tar -C "$dir/debian" --exclude='./dev/*' -xpf "$scratch/debian.tar"
		in_namespace touch "$dir/debian/.complete"
		rm -rf "$scratch"
		trap - EXIT INT TERM HUP
	fi
	shell=/bin/bash
else
	kind=busybox
	step "a root filesystem of busybox"
	# shellcheck disable=SC2016 # for the inner shell
	as_user sh -ec '
		mkdir -p "$1" && cd "$1"
		mkdir -p bin dev etc proc root srv sys tmp
		chmod 1777 tmp
		cp -f /bin/busybox bin/busybox
		for name in $(./bin/busybox --list); do
			[ "$name" = busybox ] || ln -sf busybox "bin/$name"
		done
		printf "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" \
			>etc/passwd
		printf "root:x:0:\nnogroup:x:65534:\n" >etc/group' sh "$dir/busybox"
	shell=/bin/sh
fi
say "$dir/$kind, $(in_namespace du -shx "$dir/$kind" | cut -f1)"

# ---------------------------------------------------------------- bundles

# free_port FIRST: a TCP port from there on where nobody listens on 127.0.0.1.
free_port() {
	local number=$1
	while (: <"/dev/tcp/127.0.0.1/$number") 2>/dev/null; do
		number=$((number + 1))
	done
	echo "$number"
}

step "bundles: hello, which shows itself, \
shell, which is for you, web and names, which use the network"

# What runs inside.
in_namespace tee "$dir/$kind/root/hello" >/dev/null <<'END'
#!/bin/sh
show() {
	printf '\n  inside $ %s\n' "$*"
	"$@" 2>&1 | sed 's/^/    /'
}
show id
show cat /proc/self/uid_map
show hostname
show ps -ef
rm -f /srv/nobodys
touch /srv/nobodys
show chown 65534:65534 /srv/nobodys
show ls -ln /srv/nobodys
[ "$(stat -c %u:%g /srv/nobodys)" = 65534:65534 ]
END

# The Debian tree has neither a web server nor a client.
in_namespace cp -f /bin/busybox "$dir/$kind/root/busybox"
in_namespace mkdir -p "$dir/$kind/srv/www"
in_namespace tee "$dir/$kind/srv/www/index.html" >/dev/null <<<'a page of the container'
as_user tee "$dir/www/index.html" >/dev/null <<<'a page of the host'

in_namespace tee "$dir/$kind/root/web" >/dev/null <<'END'
#!/bin/sh
show() {
	printf '\n  inside $ %s\n' "$*"
	"$@" 2>&1 | sed 's/^/    /'
}
fetch() {
	printf 'GET / HTTP/1.0\r\n\r\n' | /root/busybox nc "$1" "$2" | tail -n 1
}
show cat /etc/resolv.conf
show cat /etc/hosts
# What leads to the host's 127.0.0.1: the permission for it is in the name of the option.
show fetch "$(sed -n 's/[[:space:]].*host.rootlet.internal.*//p' /etc/hosts)" "$1"
echo
exec /root/busybox httpd -f -p 80 -h /srv/www
END

in_namespace tee "$dir/$kind/root/names" >/dev/null <<'END'
#!/bin/sh
printf '\n  inside $ nslookup printer.example.org\n'
/root/busybox nslookup -type=a printer.example.org 2>&1 | sed 's/^/    /'
END

# bundle NAME TERMINAL ARGUMENT...: what `rootlet spec` writes, with this root, terminal and
# command.
bundle() {
	local folder="$dir/$1" terminal=$2 args
	shift 2
	args=$(printf ', "%s"' "$@")
	args="[ ${args#, } ]"
	as_user rm -f "$folder/config.json"
	as_user "$rootlet" spec --rootless --bundle "$folder"
	as_user cat "$folder/config.json" | awk -v args="$args" -v terminal="$terminal" \
		-v root="../$kind" '
		/"args": *\[/ {
			skipping = 1
			text = $0
			sub(/\[.*/, args, text)
		}
		skipping {
			if (/\]/) {
				print text (/\],[ \t]*$/ ? "," : "")
				skipping = 0
			}
			next
		}
		/"terminal":/ { sub(/(true|false)/, terminal) }
		/"readonly":/ { sub(/true/, "false") }
		/"path": *"rootfs"/ { sub(/"rootfs"/, "\"" root "\"") }
		/"hostname":/ { sub(/: *"[^"]*"/, ": \"rootlet-demo\"") }
		{ print }' | as_user tee "$folder/config.new" >/dev/null
	as_user mv "$folder/config.new" "$folder/config.json"
}
bundle hello false /bin/sh /root/hello
bundle shell true "$shell"
# The port of the host's web server, and the one where the container's is published.
host_port=$(free_port 8090)
port=$(free_port 8080)
bundle web false /bin/sh /root/web "$host_port"
bundle names false /bin/sh /root/names
say "$dir/hello/config.json, and so on"

# ---------------------------------------------------------------- the run

step "rootlet run, as $user"
container=quickstart-$$
echo
echo "  $user \$ id"
as_user id | sed 's/^/    /'
echo
echo "  $user \$ rootlet run --bundle $dir/hello $container"
as_user "$rootlet" run --bundle "$dir/hello" "$container" </dev/null ||
	die "the container ended with status $?"
echo
echo "  $user \$ ls -ln $dir/$kind/srv        the same file, seen from outside"
as_user ls -ln "$dir/$kind/srv" | sed 's/^/    /'
echo
say "root inside is $user (uid $user_uid) outside; \
65534 inside is an id of the range of $user outside."

# ---------------------------------------------------------------- the network

step "the network"
machine_tun
machine_tun_there=$(as_user sh -c 'exec 3<>/dev/net/tun && echo yes' 2>/dev/null) ||
	machine_tun_there=no
[ "$machine_tun_there" = yes ] || die \
	"$user can't open /dev/net/tun, which connects the container: sudo modprobe tun; \
in a container,
have it given the device"

# A server of the host's for the container to find, the container's own for the host, and what both
# say.
web=$container-web
echo
echo "  $user \$ busybox httpd -p 127.0.0.1:$host_port -h $dir/www"
echo "  $user \$ rootlet run --detach --net=slirp4netns:allow_host_loopback=true \
--publish 127.0.0.1:$port:80 --bundle $dir/web $web"
# shellcheck disable=SC2016 # for the inner shell
as_user bash -euc '
	dir=$1 rootlet=$2 port=$3 host_port=$4 web=$5
	busybox httpd -f -p "127.0.0.1:$host_port" -h "$dir/www" &
	server=$!
	trap "kill $server; \"$rootlet\" delete --force $web" EXIT
	until (: <"/dev/tcp/127.0.0.1/$host_port") 2>/dev/null; do sleep 0.05; done
	"$rootlet" run --detach --net=slirp4netns:allow_host_loopback=true \
		--publish "127.0.0.1:$port:80" \
		--bundle "$dir/web" "$web" >"$dir/log/web" 2>&1 </dev/null ||
		{ cat "$dir/log/web" >&2; exit 1; }
	page=
	for _ in $(seq 100); do
		page=$(printf "GET / HTTP/1.0\r\n\r\n" | busybox nc 127.0.0.1 "$port" |
			tail -n 1) || true
		[ -z "$page" ] || break
		sleep 0.1
	done
	cat "$dir/log/web"
	printf "  %s \$ busybox nc 127.0.0.1 %s        (GET / HTTP/1.0)\n    %s\n" \
		"$(id -un)" "$port" "$page"
	printf "\n  %s \$ rootlet port list %s\n" "$(id -un)" "$web"
	"$rootlet" port list "$web" | sed "s/^/    /"
	[ "$page" = "a page of the container" ]
	grep -q "a page of the host" "$dir/log/web"
' bash "$dir" "$rootlet" "$port" "$host_port" "$web" </dev/null ||
	die "the container's web server did not answer, or did not find the host's"

# Names come from the host's own resolver, also from one that listens on its loopback alone, as
# systemd-resolved does. A namespace stands in for such a host, so that this machine's own settings
# stay as they are.
echo
echo "  a host whose only resolver is on its 127.0.0.53:"
if [ -e /etc/resolv.conf ]; then
	as_user tee "$dir/log/resolv.conf" >/dev/null <<<'nameserver 127.0.0.53'
	# shellcheck disable=SC2016 # for the inner shell, and for perl
	in_namespace --net --mount --propagation private bash -euc '
		dir=$1 rootlet=$2 id=$3
		busybox ip link set lo up
		mount --bind "$dir/log/resolv.conf" /etc/resolv.conf
		# It says 192.0.2.53 to every question for an address.
		perl -e '"'"'
			use Socket;
			socket(S, PF_INET, SOCK_DGRAM, 0) &&
				bind(S, sockaddr_in(53, inet_aton("127.0.0.53")))
				or die "$!";
			while (defined(my $client = recv(S, my $question, 512, 0))) {
				my $end = index($question, "\0", 12) + 5;
				my $address = unpack("n", substr($question, $end - 4, 2)) == 1;
				send(S, substr($question, 0, 2)
					. pack("n5", 0x8180, 1, $address, 0, 0) .
					substr($question, 12, $end - 12) .
					($address ? pack("n3Nn", 0xc00c, 1, 1, 60, 4)
						. inet_aton("192.0.2.53") : ""), 0, $client);
			}'"'"' &
		resolver=$!
		trap "kill $resolver" EXIT
		"$rootlet" --cgroup-manager=disabled run --net=slirp4netns \
			--bundle "$dir/names" "$id"
	' bash "$dir" "$rootlet" "$container-names" </dev/null | as_user tee "$dir/log/names" ||
		die "the container found no name"
	as_user grep -q 'Address: 192.0.2.53' "$dir/log/names" ||
		die "the name printer.example.org was not resolved"
else
	say "this machine has no /etc/resolv.conf, so it has no names to give"
fi

cat <<END

What to try next$(is_root && echo ", as $user: su - $user"):

  cd $dir
  build/rootlet run --bundle shell mine          a shell in the container; exit leaves it
  build/rootlet run --detach --bundle hello one  in the background
  build/rootlet list                             what there is
  build/rootlet delete one                       takes it away
  build/rootlet run --net=slirp4netns --publish 127.0.0.1:8080:80 --bundle shell mine
                                                 a shell with a network, \
and its port 80 at 127.0.0.1:8080
  build/rootlet --help

Edit hello/config.json and run it again. \
$(is_root && echo "As root, ")$self --clean removes all this.
END
