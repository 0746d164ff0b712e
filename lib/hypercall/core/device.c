/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices that a guest may have.  Nothing here may know where a guest finds
 * them.
 */
#include "hypercall/core/device.h"

#include <stddef.h>
#include <sys/sysmacros.h>

bool
hc_is_harmless(dev_t device)
{
	static const unsigned minors[HC_DEVICES] = {
#define DEVICE(name, number) [HC_DEVICE_##name] = HC_MINOR_##name,
#include "hypercall/core/device.def"
	};
	size_t i;

	for (i = 0; i < HC_DEVICES; i++)
		if (device == makedev(HC_MEMORY_MAJOR, minors[i]))
			return true;
	return false;
}
