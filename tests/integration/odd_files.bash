# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# odd_files: what an image may have in the place of a file or a folder.

# shellcheck disable=SC2034 # for the tests
ODD_KINDS='fifo socket device link directory sparse dangling looping'

# odd_file KIND PATH: there is nothing at PATH yet. A device is one that root reads without end; an
# ordinary user can make the one that nobody can open (mknod(2), Linux 5.8).
odd_file() {
	case $1 in
	fifo) mkfifo "$2" ;;
	# Its name alone: an address has room for 107 bytes.
	socket) (cd "${2%/*}" && exec python3 -ISc 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "${2##*/}") ;;
	device)
		if [ "$(id -u)" -eq 0 ]; then
			mknod -m 666 "$2" c 1 5
		else
			mknod "$2" c 0 0
		fi
		;;
	link) ln -s /etc/shadow "$2" ;;
	directory) mkdir "$2" ;;
	sparse) truncate -s 1T "$2" && chmod 755 "$2" ;;
	dangling) ln -s nowhere/at/all "$2" ;;
	looping) ln -s "${2##*/}" "$2" ;;
	esac
}
