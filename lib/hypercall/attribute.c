/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on what is said of a file beside its contents: its owner, and its
 * times by the older calls.  Nothing here may know how a name is resolved.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/path.h"

#include <fcntl.h>
#include <sys/time.h>
#include <utime.h>

static int64_t
chown_call(struct hc_call *call, uint64_t dirfd, uint64_t path,
    const uint64_t owner[2], unsigned flags)
{
	struct hc_found found;
	int64_t r;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = hc_hold(call, dirfd, path, flags, &found);
	if (r < 0)
		return r;
	if (found.own.row || found.read_only)
		return hc_drop(&found, found.own.row ? -EPERM : -EROFS);
	return hc_drop(
	    &found, hc_host(SYS_fchownat, found.fd, "", (uid_t)owner[0],
			(gid_t)owner[1], AT_EMPTY_PATH));
}

int64_t
hc_do_chown(struct hc_call *call)
{
	return chown_call(
	    call, (uint64_t)AT_FDCWD, call->arg[0], call->arg + 1, 0);
}

int64_t
hc_do_lchown(struct hc_call *call)
{
	return chown_call(call, (uint64_t)AT_FDCWD, call->arg[0], call->arg + 1,
	    AT_SYMLINK_NOFOLLOW);
}

int64_t
hc_do_fchownat(struct hc_call *call)
{
	return chown_call(call, call->arg[0], call->arg[1], call->arg + 2,
	    (unsigned)call->arg[4]);
}

/* With NULL the time is now. */
static int64_t
set_times(struct hc_call *call, uint64_t dirfd, uint64_t path,
    const struct timespec *times)
{
	struct hc_found found;
	int64_t r = hc_hold(call, dirfd, path, 0, &found);

	if (r < 0)
		return r;
	return hc_drop(&found,
	    found.read_only
		? -EROFS
		: hc_host(SYS_utimensat, found.fd, "", times, AT_EMPTY_PATH));
}

/* Of Linux' struct timeval[2] at `va`, or at 0 now. */
static int64_t
set_timevals(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t va)
{
	struct timeval tv[2];
	struct timespec ts[2];
	int i;

	if (!va)
		return set_times(call, dirfd, path, NULL);
	if (gmem_read(call->guest->mem, tv, va, sizeof(tv)) < 0)
		return -EFAULT;
	for (i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i] = (struct timespec){ tv[i].tv_sec, tv[i].tv_usec * 1000 };
	}
	return set_times(call, dirfd, path, ts);
}

int64_t
hc_do_utime(struct hc_call *call)
{
	const uint64_t here = (uint64_t)AT_FDCWD;
	struct utimbuf both;
	struct timespec ts[2] = { 0 };

	if (!call->arg[1])
		return set_times(call, here, call->arg[0], NULL);
	if (gmem_read(call->guest->mem, &both, call->arg[1], sizeof(both)) < 0)
		return -EFAULT;
	ts[0].tv_sec = both.actime;
	ts[1].tv_sec = both.modtime;
	return set_times(call, here, call->arg[0], ts);
}

int64_t
hc_do_utimes(struct hc_call *call)
{
	return set_timevals(
	    call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1]);
}

int64_t
hc_do_futimesat(struct hc_call *call)
{
	return set_timevals(call, call->arg[0], call->arg[1], call->arg[2]);
}
