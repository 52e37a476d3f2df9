/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net: user-mode networking for a network namespace that an ordinary user owns. Knows no OCI.
 *
 * A program that has made a network namespace (inside a user namespace of its own) uses it so:
 *
 *	net_config_parse(&arena, "slirp4netns:enable_ipv6=no", &request.config, &err);
 *	net_port_parse("127.0.0.1:8080:80", &port, &err);  for each published port
 *	net_ports_bind(&arena, ports, n, &request.listeners, &err);
 *	                                          before anything is started: errors name the port
 *	net_start(&request, &helper, &err);       once the namespace exists; returns at once
 *	net_mapped(&helper);                      if its ids have come later
 *	net_linked(&helper, timeout, &err);       when the namespace's first program is to run
 *	net_ready(&helper, timeout, &err);        to know that all went well
 *
 * What is left behind is one small process, the helper: it keeps slirp4netns running, forwards the
 * published ports and ends when the last process that it was told to watch has ended. Whoever wants
 * to end it earlier kills it by its pidfd: everything else ends with it.
 *
 * examples/netrun.c is such a program. Links with the archives of libnet, then libseccomp,
 * libjson, libsys and libbase. No function here
 * prints, and none keeps global state.
 */
#pragma once

#include "libnet/accel.h"
#include "libnet/accel_filter.h"
#include "libnet/config.h"
#include "libnet/control.h"
#include "libnet/listen.h"
#include "libnet/names.h"
#include "libnet/port.h"
#include "libnet/request.h"
#include "libnet/settle.h"
#include "libnet/slirp/version.h"
#include "libnet/start.h"
#include "libnet/sysctls.h"
