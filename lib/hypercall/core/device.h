/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices that have no effect but on the data read or written: device.def.  It
 * must not know where a guest finds them.
 */
#ifndef HC_DEVICE_H
#define HC_DEVICE_H

#include <stdbool.h>
#include <sys/types.h>

/* Indexes of the devices. */
enum hc_device {
#define DEVICE(name, minor) HC_DEVICE_##name,
#include "hypercall/core/device.def"
	HC_DEVICES,
};

/* Device numbers on the host. */
#define HC_MEMORY_MAJOR 1
enum hc_minor {
#define DEVICE(name, minor) HC_MINOR_##name = (minor),
#include "hypercall/core/device.def"
};

/* Is the host's `device` one of these? */
bool hc_is_harmless(dev_t device);

#endif
