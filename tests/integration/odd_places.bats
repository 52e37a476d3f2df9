# SPDX-License-Identifier: Apache-2.0
# Every command ends, whatever an image has in the places that a set-up looks at. By an ordinary
# user: odd_places.bash says which places.

load helpers
load odd_files
load odd_places

setup() {
	odd_setup
}

teardown() {
	odd_teardown
}

@test "FIFOs in 36 places: every command ends, and says at most one line" {
	odd_everywhere fifo
}

@test "sockets in 36 places: every command ends, and says at most one line" {
	odd_everywhere socket
}

@test "devices in 36 places: every command ends, and says at most one line" {
	odd_everywhere device
}

@test "links to elsewhere in 36 places: every command ends, and says at most one line" {
	odd_everywhere link
}

@test "folders in 36 places: every command ends, and says at most one line" {
	odd_everywhere directory
}

@test "sparse files of 1 TiB in 36 places: every command ends, and says at most one line" {
	odd_everywhere sparse
}

@test "links to nowhere in 36 places: every command ends, and says at most one line" {
	odd_everywhere dangling
}

@test "links in a circle in 36 places: every command ends, and says at most one line" {
	odd_everywhere looping
}
