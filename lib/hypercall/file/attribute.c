/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on a file's metadata: its mode, its owner, and its times.
 * Nothing here may know how a name is resolved.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/file/file.h"
#include "hypercall/file/path.h"

#include <fcntl.h>
#include <sys/time.h>
#include <utime.h>

#define CHANGE_FLAGS ((unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))

/* Hold what the guest may change the mode, owner or times of, or return -EROFS
 * or -EPERM. */
static int64_t
hold_to_change(struct hc_call *call, uint64_t dirfd, uint64_t path,
    unsigned flags, struct hc_found *found)
{
	int r;

	if (flags & ~CHANGE_FLAGS)
		return -EINVAL;
	r = hc_hold(call, dirfd, path, flags, found);
	if (r < 0 || found->changeable)
		return r;
	return hc_found_put(
	    found, found->read_only && !found->own.row ? -EROFS : -EPERM);
}

/* Change the mode, owner or times of a descriptor's file, by a call of the
 * host's with these arguments after the descriptor. */
static int64_t
change(struct hc_call *call, long number, uint64_t fd, uint64_t a, uint64_t b,
    uint64_t c)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, fd);
	int64_t r;

	if (!file)
		return -EBADF;
	r = hc_file_may_change(file);
	if (r == 0)
		r = hc_host(number, file->host, a, b, c);
	hc_file_put(file);
	return r;
}

int64_t
hc_do_fchmod(struct hc_call *call)
{
	return change(call, SYS_fchmod, call->fchmod.fd,
	    call->fchmod.mode & HC_MODE, 0, 0);
}

int64_t
hc_do_fchown(struct hc_call *call)
{
	return change(call, SYS_fchown, call->fchown.fd,
	    (uid_t)call->fchown.owner, (gid_t)call->fchown.group, 0);
}

static bool
is_link(int held)
{
	struct stat st;

	return hc_host(SYS_newfstatat, held, "", &st, AT_EMPTY_PATH) == 0 &&
	       S_ISLNK(st.st_mode);
}

/* As Linux since 6.6: a link has no mode of its own. */
static int64_t
chmod_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode,
    unsigned flags)
{
	struct hc_found found;
	int64_t r = hold_to_change(call, dirfd, path, flags, &found);

	if (r < 0)
		return r;
	if ((flags & AT_SYMLINK_NOFOLLOW) && is_link(found.fd))
		r = -EOPNOTSUPP;
	else
		r = hc_host(SYS_fchmodat, call->guest->tree.self,
		    hc_held_name(found.fd).text, (unsigned)mode & HC_MODE);
	return hc_found_put(&found, r);
}

int64_t
hc_do_chmod(struct hc_call *call)
{
	return chmod_call(
	    call, (uint64_t)AT_FDCWD, call->chmod.path, call->chmod.mode, 0);
}

int64_t
hc_do_fchmodat(struct hc_call *call)
{
	return chmod_call(call, call->fchmodat.dirfd, call->fchmodat.path,
	    call->fchmodat.mode, 0);
}

int64_t
hc_do_fchmodat2(struct hc_call *call)
{
	return chmod_call(call, call->fchmodat2.dirfd, call->fchmodat2.path,
	    call->fchmodat2.mode, (unsigned)call->fchmodat2.flags);
}

static int64_t
chown_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t owner,
    uint64_t group, unsigned flags)
{
	struct hc_found found;
	int64_t r = hold_to_change(call, dirfd, path, flags, &found);

	if (r < 0)
		return r;
	r = hc_host(SYS_fchownat, found.fd, "", (uid_t)owner, (gid_t)group,
	    AT_EMPTY_PATH);
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
set_times(struct hc_call *call, uint64_t dirfd, uint64_t path, unsigned flags,
    const struct timespec *times)
{
	struct hc_found found;
	int64_t r = hold_to_change(call, dirfd, path, flags, &found);

	if (r < 0)
		return r;
	r = hc_host(SYS_utimensat, found.fd, "", times, AT_EMPTY_PATH);
	return hc_found_put(&found, r);
}

/* Set the times of a name, or with a null name those of a descriptor. */
int64_t
hc_do_utimensat(struct hc_call *call)
{
	const uint64_t dirfd = call->utimensat.dirfd;
	const uint64_t path = call->utimensat.path;
	const unsigned flags = (unsigned)call->utimensat.flags;
	struct timespec both[2], *times = NULL;

	if (flags & ~CHANGE_FLAGS)
		return -EINVAL;
	if (call->utimensat.times) {
		if (gmem_read(call->guest->mem, both, call->utimensat.times,
			sizeof(both)) < 0)
			return -EFAULT;
		times = both;
	}
	return path
		   ? set_times(call, dirfd, path, flags, times)
		   : change(call, SYS_utimensat, dirfd, 0, (uintptr_t)times, 0);
}

/* Times from a struct timeval[2] at `va`; 0 means the current time. */
static int64_t
set_timevals(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t va)
{
	struct timeval tv[2];
	struct timespec ts[2];
	int i;

	if (!va)
		return set_times(call, dirfd, path, 0, NULL);
	if (gmem_read(call->guest->mem, tv, va, sizeof(tv)) < 0)
		return -EFAULT;
	for (i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i] = (struct timespec){ tv[i].tv_sec, tv[i].tv_usec * 1000 };
	}
	return set_times(call, dirfd, path, 0, ts);
}

int64_t
hc_do_utime(struct hc_call *call)
{
	const uint64_t here = (uint64_t)AT_FDCWD;
	struct utimbuf both;
	struct timespec ts[2] = { 0 };

	if (!call->utime.times)
		return set_times(call, here, call->utime.path, 0, NULL);
	if (gmem_read(
		call->guest->mem, &both, call->utime.times, sizeof(both)) < 0)
		return -EFAULT;
	ts[0].tv_sec = both.actime;
	ts[1].tv_sec = both.modtime;
	return set_times(call, here, call->utime.path, 0, ts);
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
