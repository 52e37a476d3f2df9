#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Commands in another pid namespace than the container was made in.

load helpers
load pid_namespaces

@test "from another pid namespace a container is neither stopped nor removed" {
	made_there --cgroup-manager=disabled
}
