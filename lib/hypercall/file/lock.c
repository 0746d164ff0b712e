/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that lock files.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/forward.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/locks.h"
#include "hypercall/file/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t
hc_do_flock(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->flock.fd);
	int64_t r;

	if (!file)
		return -EBADF;
	r = file->own ? 0 : hc_forward_on(call, hc_row(HC_flock), file);
	hc_file_put(file);
	return r;
}

/* The owner of a lock in the way is a process of the host's.  0 stands for one
 * that a process does not see, as on Linux for another pid namespace's. */
static void
hide_owner(struct flock *lock)
{
	if (lock->l_type != F_UNLCK && lock->l_pid > 0)
		lock->l_pid = 0;
}

/* Where the file's bytes are counted from. */
static int64_t
base_of(const struct hc_file *file, int whence, const struct stat *st)
{
	int64_t at;

	switch (whence) {
	case SEEK_SET: return 0;
	case SEEK_CUR:
		at = hc_host(SYS_lseek, file->host, 0, SEEK_CUR);
		return at < 0 ? 0 : at;
	case SEEK_END: return st->st_size;
	default: return -EINVAL;
	}
}

/* Count the request from the file's first byte, and make it a lock: 0, -EINVAL
 * or -EOVERFLOW, as Linux finds them. */
static int
settle(struct flock *request, int64_t base, struct hc_lock *lock)
{
	int64_t from, to = INT64_MAX, len = request->l_len;

	if (base < 0)
		return (int)base;
	if (request->l_start > INT64_MAX - base)
		return -EOVERFLOW;
	from = base + request->l_start;
	if (from < 0 || (len < 0 && from + len < 0))
		return -EINVAL;
	if (len > 0 && len - 1 > INT64_MAX - from)
		return -EOVERFLOW;
	if (len > 0)
		to = from + len - 1;
	if (len < 0) {
		to = from - 1;
		from += len;
	}
	request->l_whence = SEEK_SET;
	request->l_start = from;
	request->l_len = to == INT64_MAX ? 0 : to - from + 1;
	lock->from = (uint64_t)from;
	lock->to = (uint64_t)to;
	lock->type = request->l_type;
	return 0;
}

/* A lock that was waited for is placed once more, so that it is noted in the
 * order in which the host places locks. */
static int64_t
place(struct hc_call *call, const struct hc_file *file, int cmd,
    const struct flock *request, const struct hc_lock *lock)
{
	struct hc_locks *locks = &call->guest->fds.locks;
	const bool waits = cmd == F_SETLKW || cmd == F_OFD_SETLKW;
	const int now = lock->owner ? F_OFD_SETLK : F_SETLK;
	int64_t r;

	do
		r = hc_locks_place(locks, file->host, now, request, lock);
	while (waits && (r == -EAGAIN || r == -EACCES) &&
	       (r = hc_host_wait(call->thread, SYS_fcntl, file->host, cmd,
		    request, 0, 0, 0)) == 0);
	return r;
}

/* Does the call's descriptor lead to the file no more? */
static bool
was_closed(const struct hc_call *call, const struct hc_file *file)
{
	const struct hc_fds *fds = &call->guest->fds;

	return fds->fd[(uint32_t)call->fcntl.fd].file != file->place + 1;
}

/* As Linux, which looks for a close() during the call after the lock is placed:
 * it would have removed the lock. */
static int64_t
set_lock(
    struct hc_call *call, struct hc_file *file, int cmd, struct flock *request)
{
	struct hc_locks *locks = &call->guest->fds.locks;
	const bool by_file = cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	struct hc_lock lock = { .owner = by_file ? file->place + 1 : 0 };
	struct stat st;
	int64_t r;

	if (hc_file_flags(file) & O_PATH)
		return -EBADF;
	r = hc_host(SYS_fstat, file->host, &st);
	if (r < 0)
		return r;
	lock.device = st.st_dev;
	lock.inode = st.st_ino;
	r = settle(request, base_of(file, request->l_whence, &st), &lock);
	if (r < 0)
		return r;
	file->locked = true;
	if (lock.type == F_UNLCK)
		return place(call, file, cmd, request, &lock);
	r = hc_locks_begin(locks);
	if (r < 0)
		return r;
	r = place(call, file, cmd, request, &lock);
	hc_locks_end(locks);
	if (r == 0 && !by_file && was_closed(call, file)) {
		hc_locks_release(locks, file);
		r = -EBADF;
	}
	return r;
}

/* Locks on novillo's own files are not passed on: on a device, a lock of the
 * host's would be shared between guests. */
int64_t
hc_lock_file(struct hc_call *call, struct hc_file *file, int cmd)
{
	const struct gmem *mem = call->guest->mem;
	const bool looks = cmd == F_GETLK || cmd == F_OFD_GETLK;
	struct flock lock;
	int64_t r = 0;

	if (gmem_read(mem, &lock, call->fcntl.arg, sizeof(lock)) < 0)
		return -EFAULT;
	if (!looks)
		return file->own ? 0 : set_lock(call, file, cmd, &lock);
	if (file->own)
		lock.l_type = F_UNLCK;
	else
		r = hc_host(SYS_fcntl, file->host, cmd, &lock);
	if (r < 0)
		return r;
	hide_owner(&lock);
	return gmem_write(mem, call->fcntl.arg, &lock, sizeof(lock));
}
