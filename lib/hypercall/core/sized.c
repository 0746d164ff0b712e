/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetching structures of the caller's size.  Nothing here may know their
 * fields.
 */
#include "hypercall/core/sized.h"

#include <errno.h>
#include <string.h>

int
hc_fetch_sized(const struct hc_call *call, void *to, size_t known, uint64_t va,
    uint64_t size)
{
	uint8_t bytes[PAGE_4K] = { 0 };
	size_t i;

	if (size > sizeof(bytes))
		return -E2BIG;
	if (gmem_read(call->guest->mem, bytes, va, size) < 0)
		return -EFAULT;
	for (i = known; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(to, bytes, known);
	return 0;
}
