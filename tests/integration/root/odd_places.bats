# SPDX-License-Identifier: Apache-2.0
# Every command ends, whatever an image has in the places that a set-up looks at. By root:
# odd_places.bash says which places.

load ../helpers
load ../odd_files
load ../odd_places

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	odd_setup --rootless=false
}

teardown() {
	odd_teardown
}

@test "root: FIFOs in 36 places: every command ends, and says at most one line" {
	odd_everywhere fifo
}

@test "root: sockets in 36 places: every command ends, and says at most one line" {
	odd_everywhere socket
}

@test "root: devices in 36 places: every command ends, and says at most one line" {
	odd_everywhere device
}

@test "root: links to elsewhere in 36 places: every command ends, and says at most one line" {
	odd_everywhere link
}

@test "root: folders in 36 places: every command ends, and says at most one line" {
	odd_everywhere directory
}

@test "root: sparse files of 1 TiB in 36 places: every command ends, and says at most one line" {
	odd_everywhere sparse
}

@test "root: links to nowhere in 36 places: every command ends, and says at most one line" {
	odd_everywhere dangling
}

@test "root: links in a circle in 36 places: every command ends, and says at most one line" {
	odd_everywhere looping
}
