/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving up capabilities.  Nothing here may know what they are needed for.
 */
#include "sandbox/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct __user_cap_header_struct
header(void)
{
	return (struct __user_cap_header_struct){
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
}

uint64_t
capability_held(void)
{
	struct __user_cap_header_struct h = header();
	struct __user_cap_data_struct set[2] = { 0 };

	if (syscall(SYS_capget, &h, set) < 0)
		return UINT64_MAX;
	return set[0].permitted | (uint64_t)set[1].permitted << 32;
}

/* The inheritable set becomes empty, and so does the ambient set, which the
 * kernel keeps within it (capabilities(7)). */
int
capability_drop(uint64_t keep)
{
	const uint64_t set = keep & capability_held();
	struct __user_cap_header_struct h = header();
	const struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)set, .permitted = (uint32_t)set },
		{ .effective = (uint32_t)(set >> 32),
		    .permitted = (uint32_t)(set >> 32) },
	};

	return syscall(SYS_capset, &h, data) < 0 ? -errno : 0;
}
