# SPDX-License-Identifier: Apache-2.0
# /etc/hosts and /etc/resolv.conf of a container with a network of rootlet's, by an ordinary user:
# net_names.bash says how each was tried.

load helpers
load odd_files
load net_names

@test "FIFO, socket, device, link, folder, sparse file as etc/hosts: only a file is read" {
	names_odd_hosts
}

@test "hosts and resolv.conf are the container's to write, and small" {
	names_bounded
}

@test "hosts and resolv.conf are read-only where the root is" {
	names_readonly
}

@test "hosts: the image's entries go before rootlet's, and the image's file stays" {
	names_merged
}
