/* SPDX-License-Identifier: Apache-2.0 */
/* plan/devices: the default devices and links, and the bundle's own devices. */
#pragma once

struct builder;
struct err;

int plan_devices(struct builder *b, struct err *err);
