/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File systems that only look like storage.  Nothing here may know who opens
 * their files.
 */
#include "hypercall/core/plain.h"

#include "hypercall/core/hostcall.h"

#include <linux/magic.h>
#include <stdint.h>
#include <sys/vfs.h>

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

bool
hc_is_plain(int host)
{
	struct statfs fs;

	if (hc_host(SYS_fstatfs, host, &fs) < 0)
		return false;
	switch ((uint64_t)fs.f_type) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case NSFS_MAGIC:
	case PID_FS_MAGIC: return false;
	default: return true;
	}
}
