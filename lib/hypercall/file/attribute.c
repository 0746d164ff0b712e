/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on a file's metadata: its owner, and its times by the older calls.
 * Nothing here may know how a name is resolved.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/file/file.h"
#include "hypercall/file/path.h"

#include <fcntl.h>
#include <sys/time.h>
#include <utime.h>

static int64_t
chown_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t owner,
    uint64_t group, unsigned flags)
{
	struct hc_found found;
	int64_t r;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = hc_hold(call, dirfd, path, flags, &found);
	if (r < 0)
		return r;
	r = hc_may_change(&found);
	if (r == 0)
		r = hc_host(SYS_fchownat, found.fd, "", (uid_t)owner,
		    (gid_t)group, AT_EMPTY_PATH);
	return hc_found_put(&found, r);
}

int64_t
hc_do_chown(struct hc_call *call)
{
	return chown_call(call, (uint64_t)AT_FDCWD, call->chown.path,
	    call->chown.owner, call->chown.group, 0);
}

int64_t
hc_do_lchown(struct hc_call *call)
{
	return chown_call(call, (uint64_t)AT_FDCWD, call->lchown.path,
	    call->lchown.owner, call->lchown.group, AT_SYMLINK_NOFOLLOW);
}

int64_t
hc_do_fchownat(struct hc_call *call)
{
	return chown_call(call, call->fchownat.dirfd, call->fchownat.path,
	    call->fchownat.owner, call->fchownat.group,
	    (unsigned)call->fchownat.flags);
}

/* A null pointer means the current time. */
static int64_t
set_times(struct hc_call *call, uint64_t dirfd, uint64_t path,
    const struct timespec *times)
{
	struct hc_found found;
	int64_t r = hc_hold(call, dirfd, path, 0, &found);

	if (r < 0)
		return r;
	r = hc_may_change(&found);
	if (r == 0)
		r = hc_host(SYS_utimensat, found.fd, "", times, AT_EMPTY_PATH);
	return hc_found_put(&found, r);
}

/* Times from a struct timeval[2] at `va`; 0 means the current time. */
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

	if (!call->utime.times)
		return set_times(call, here, call->utime.path, NULL);
	if (gmem_read(
		call->guest->mem, &both, call->utime.times, sizeof(both)) < 0)
		return -EFAULT;
	ts[0].tv_sec = both.actime;
	ts[1].tv_sec = both.modtime;
	return set_times(call, here, call->utime.path, ts);
}

int64_t
hc_do_utimes(struct hc_call *call)
{
	return set_timevals(
	    call, (uint64_t)AT_FDCWD, call->utimes.path, call->utimes.times);
}

int64_t
hc_do_futimesat(struct hc_call *call)
{
	return set_timevals(call, call->futimesat.dirfd, call->futimesat.path,
	    call->futimesat.times);
}
