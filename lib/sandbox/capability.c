/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving up capabilities.  Nothing here may know what they are needed for.
 */
#include "sandbox/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/prctl.h> may be older than the kernel. */
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT           47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

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

/* Kernels before 4.3 have no ambient set. */
static int
clear_ambient(void)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
		       errno != EINVAL
		   ? -errno
		   : 0;
}

static int
set_all(uint64_t set)
{
	struct __user_cap_header_struct h = header();
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)set, .permitted = (uint32_t)set },
		{ .effective = (uint32_t)(set >> 32),
		    .permitted = (uint32_t)(set >> 32) },
	};

	return syscall(SYS_capset, &h, data) < 0 ? -errno : 0;
}

int
capability_drop(uint64_t keep, const char **call)
{
	int r;

	*call = "PR_CAP_AMBIENT";
	r = clear_ambient();
	if (r < 0)
		return r;
	*call = "capset";
	return set_all(keep & capability_held());
}
