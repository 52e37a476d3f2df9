#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# quickstart: from a fresh Debian to a container without root, by one command.
#
# Everything it makes is in one folder of the ordinary user, ~/rootlet-quickstart, and --clean takes that away
# again. Started by root it makes and uses the user rootlet-demo; started by anyone else it uses sudo where
# something must be installed, and nowhere else.
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

# in_namespace COMMAND...: as the ordinary user, root over their own and their subordinate ids. The mapping is
# the one that rootlet makes: own id 0, then the range from 1.
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
	# The container's files belong to subordinate ids: only inside a user namespace are they in reach.
	in_namespace rm -rf "$dir"
	say "removed $dir"
	is_root && say "the user remains: userdel -r $name removes it"
	exit 0
fi

step=0
step() {
	step=$((step + 1))
	echo
	say "[$step/6] $*"
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
as_user mkdir -p "$dir/source" "$dir/build" "$dir/hello" "$dir/shell" "$dir/log" "$dir/tmp"
as_user touch "$dir/.rootlet-quickstart"
dir=$(as_user realpath "$dir")
say "user $user (uid $user_uid), everything is made in $dir"
as_user unshare --user true || die "$user can make no user namespace here, and everything else needs one. The usual reasons: this is
a chroot (the kernel refuses there), a container without nested user namespaces, or the sysctls
kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns or user.max_user_namespaces."
grep -HE "^($user|$user_uid):" /etc/subuid /etc/subgid | sed 's/^/    /'

# quiet LOG COMMAND...: as the user; the output is shown only if it fails.
quiet() {
	local log="$dir/log/$1"
	shift
	# shellcheck disable=SC2016 # for the inner shell
	if ! as_user sh -c 'log=$1 && shift && exec "$@" >"$log" 2>&1 </dev/null' sh "$log" "$@"; then
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
			exec mmdebstrap --mode=unshare --variant=minbase --include=procps bookworm "$1"' sh "$scratch/debian.tar"
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
		printf "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" >etc/passwd
		printf "root:x:0:\nnogroup:x:65534:\n" >etc/group' sh "$dir/busybox"
	shell=/bin/sh
fi
say "$dir/$kind, $(in_namespace du -shx "$dir/$kind" | cut -f1)"

# ---------------------------------------------------------------- two bundles

step "two bundles: hello, which shows itself, and shell, which is for you"

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

# bundle NAME TERMINAL ARGUMENT...: what `rootlet spec` writes, with this root, terminal and command.
bundle() {
	local folder="$dir/$1" terminal=$2 args
	shift 2
	args=$(printf ', "%s"' "$@")
	args="[ ${args#, } ]"
	as_user rm -f "$folder/config.json"
	as_user "$rootlet" spec --rootless --bundle "$folder"
	as_user cat "$folder/config.json" | awk -v args="$args" -v terminal="$terminal" -v root="../$kind" '
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
say "$dir/hello/config.json, $dir/shell/config.json"

# ---------------------------------------------------------------- the run

step "rootlet run, as $user"
container=quickstart-$$
echo
echo "  $user \$ id"
as_user id | sed 's/^/    /'
echo
echo "  $user \$ rootlet run --bundle $dir/hello $container"
as_user "$rootlet" run --bundle "$dir/hello" "$container" </dev/null || die "the container ended with status $?"
echo
echo "  $user \$ ls -ln $dir/$kind/srv        the same file, seen from outside"
as_user ls -ln "$dir/$kind/srv" | sed 's/^/    /'
echo
say "root inside is $user (uid $user_uid) outside; 65534 inside is an id of the range of $user outside."

cat <<END

What to try next$(is_root && echo ", as $user: su - $user"):

  cd $dir
  build/rootlet run --bundle shell mine          a shell in the container; exit leaves it
  build/rootlet run --detach --bundle hello one  in the background
  build/rootlet list                             what there is
  build/rootlet delete one                       takes it away
  build/rootlet --help

Edit hello/config.json and run it again. $(is_root && echo "As root, ")$self --clean removes all this.
END
