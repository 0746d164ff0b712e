/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the guest's rights: user and group numbers, which are
 * novillo's, and capabilities, of which it has none.  Nothing here may know
 * vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/task/task.h"

#include <linux/capability.h>
#include <string.h>

#define GROUPS 1024 /* groups of novillo's that can be set again */

/* novillo's groups, with which it opens files for the guest. */
int64_t
hc_do_getgroups(struct hc_call *call)
{
	int size = (int)call->getgroups.size;
	int64_t n = hc_host(SYS_getgroups, 0, NULL);
	gid_t *list;

	if (size < 0)
		return -EINVAL;
	if (n <= 0 || size == 0)
		return n;
	if (size < n)
		return -EINVAL;
	list = gmem_range(call->guest->mem, call->getgroups.list,
	    (uint64_t)n * sizeof(*list), GMEM_WRITE);
	return list ? hc_host(SYS_getgroups, n, list) : -EFAULT;
}

static bool
has_all(const gid_t *list, const gid_t *of, int64_t n)
{
	int64_t i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < n && list[k] != of[i]; k++)
			;
		if (k == n)
			return false;
	}
	return true;
}

/* The groups that there are can be set, in any order; anything else needs a
 * privilege, and Linux looks at that first. */
int64_t
hc_do_setgroups(struct hc_call *call)
{
	const int size = (int)call->setgroups.size;
	gid_t now[GROUPS], new[GROUPS];
	int64_t n = hc_host(SYS_getgroups, GROUPS, now);

	if (size != n)
		return -EPERM;
	if (gmem_read(call->guest->mem, new, call->setgroups.list,
		(size_t)n * sizeof(new[0])) < 0)
		return -EFAULT;
	return has_all(now, new, n) && has_all(new, now, n) ? 0 : -EPERM;
}

/*
 * IDs are those of novillo: real, effective and saved ID are usually the same.
 * Setting an ID to the present one succeeds, to another fails; -1 leaves it.
 */
static int64_t
become(long who, const uint64_t *ids, unsigned n)
{
	const int64_t self = hc_errno(syscall(who));
	unsigned i;

	for (i = 0; i < n; i++)
		if ((uint32_t)ids[i] != UINT32_MAX &&
		    (int64_t)(uint32_t)ids[i] != self)
			return -EPERM;
	return 0;
}

/* -1 is invalid as an ID here; other calls take it for "unchanged". */
int64_t
hc_do_setuid(struct hc_call *call)
{
	return (uint32_t)call->setuid.uid == UINT32_MAX
		   ? -EINVAL
		   : become(SYS_geteuid, &call->setuid.uid, 1);
}

int64_t
hc_do_setgid(struct hc_call *call)
{
	return (uint32_t)call->setgid.gid == UINT32_MAX
		   ? -EINVAL
		   : become(SYS_getegid, &call->setgid.gid, 1);
}

int64_t
hc_do_setreuid(struct hc_call *call)
{
	const struct hc_args_setreuid *a = &call->setreuid;

	return become(
	    SYS_geteuid, (const uint64_t[]){ a->real, a->effective }, 2);
}

int64_t
hc_do_setregid(struct hc_call *call)
{
	const struct hc_args_setregid *a = &call->setregid;

	return become(
	    SYS_getegid, (const uint64_t[]){ a->real, a->effective }, 2);
}

int64_t
hc_do_setresuid(struct hc_call *call)
{
	const struct hc_args_setresuid *a = &call->setresuid;

	return become(SYS_geteuid,
	    (const uint64_t[]){ a->real, a->effective, a->saved }, 3);
}

int64_t
hc_do_setresgid(struct hc_call *call)
{
	const struct hc_args_setresgid *a = &call->setresgid;

	return become(SYS_getegid,
	    (const uint64_t[]){ a->real, a->effective, a->saved }, 3);
}

/* As on Linux these return the present ID, whether they change it or not. */
int64_t
hc_do_setfsuid(struct hc_call *call)
{
	(void)call;
	return hc_errno(syscall(SYS_geteuid));
}

int64_t
hc_do_setfsgid(struct hc_call *call)
{
	(void)call;
	return hc_errno(syscall(SYS_getegid));
}

/* Fetch the header: the number of structures that follow, or -EINVAL with the
 * preferred version written back. */
static int
get_header(
    struct hc_call *call, uint64_t va, struct __user_cap_header_struct *header)
{
	const uint32_t preferred = _LINUX_CAPABILITY_VERSION_3;
	const struct gmem *mem = call->guest->mem;

	if (gmem_read(mem, header, va, sizeof(*header)) < 0)
		return -EFAULT;
	switch (header->version) {
	case _LINUX_CAPABILITY_VERSION_1: return _LINUX_CAPABILITY_U32S_1;
	case _LINUX_CAPABILITY_VERSION_2: return _LINUX_CAPABILITY_U32S_2;
	case _LINUX_CAPABILITY_VERSION_3: return _LINUX_CAPABILITY_U32S_3;
	default:
		return gmem_write(mem, va, &preferred, sizeof(preferred)) < 0
			   ? -EFAULT
			   : -EINVAL;
	}
}

/* Without a place for them, a caller asks for the version. */
int64_t
hc_do_capget(struct hc_call *call)
{
	const struct __user_cap_data_struct none[2] = { { 0 } };
	struct __user_cap_header_struct header;
	int n = get_header(call, call->capget.header, &header);

	if (!call->capget.data)
		return n == -EFAULT ? n : 0;
	if (n < 0)
		return n;
	if (header.pid < 0)
		return -EINVAL;
	if (!hc_is_task(call, header.pid))
		return -ESRCH;
	return gmem_write(call->guest->mem, call->capget.data, none,
	    (size_t)n * sizeof(none[0]));
}

/* Only none can be set. */
int64_t
hc_do_capset(struct hc_call *call)
{
	static const struct __user_cap_data_struct none[2];
	struct __user_cap_data_struct data[2];
	struct __user_cap_header_struct header;
	int n = get_header(call, call->capset.header, &header);

	if (n < 0)
		return n;
	if (header.pid != 0 && header.pid != call->thread->tid)
		return -EPERM;
	if (gmem_read(call->guest->mem, data, call->capset.data,
		(size_t)n * sizeof(data[0])) < 0)
		return -EFAULT;
	return memcmp(data, none, (size_t)n * sizeof(data[0])) == 0 ? 0
								    : -EPERM;
}
