/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the address space.  Nothing here may know how it is kept.
 */
#include "hypercall/handlers.h"

#include "hypercall/host.h"
#include "mem/mapping.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define HC_ZERO makedev(1, 5) /* /dev/zero (Linux' devices.txt) */

/* What MAP_SHARED_VALIDATE may come with; MAP_SYNC is for memory that is
 * storage, which none here is. */
#define MAP_KNOWN                                                             \
	((unsigned)(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE |    \
		    MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE |             \
		    MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_GROWSDOWN | \
		    MAP_HUGETLB | MAP_FIXED_NOREPLACE | 0x40U))

int64_t
hc_do_brk(struct hc_call *call)
{
	return space_brk(&call->guest->space, call->arg[0]);
}

static int
check_flags(unsigned flags)
{
	unsigned type = flags & MAP_TYPE;

	if (type != MAP_PRIVATE && type != MAP_SHARED &&
	    type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & ~MAP_KNOWN))
		return -EOPNOTSUPP;
	/* A mapping that grows by faults: nothing here grows by itself. */
	if (flags & MAP_GROWSDOWN)
		return -EOPNOTSUPP;
	/* As on a Linux that has set no huge pages aside. */
	return flags & MAP_HUGETLB ? -ENOMEM : 0;
}

/* May `file` be mapped, and may a shared mapping of it be written? */
static int
check_file(
    const struct hc_file *file, unsigned prot, unsigned flags, bool *writable)
{
	int64_t mode = hc_host(SYS_fcntl, file->host, F_GETFL, 0);
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	struct stat st;
	int64_t r;

	if (mode < 0 || (mode & O_PATH))
		return -EBADF;
	r = hc_host(SYS_fstat, file->host, &st);
	if (r < 0)
		return (int)r;
	*writable = (mode & O_ACCMODE) == O_RDWR && !file->read_only;
	if ((mode & O_ACCMODE) == O_WRONLY ||
	    (shared && (prot & PROT_WRITE) && !*writable))
		return -EACCES;
	/* Of novillo's own files none can be mapped, as none of /proc can. */
	return S_ISREG(st.st_mode) && !file->own ? 0 : -ENODEV;
}

/* Anonymous memory by its oldest name: /dev/zero, mapped. */
static bool
is_zero(const struct hc_file *file)
{
	struct stat st;

	return hc_host(SYS_fstat, file->host, &st) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == HC_ZERO;
}

static int64_t
map_file(struct hc_call *call, unsigned prot, unsigned flags)
{
	const uint64_t len = call->arg[1];
	struct space_file map = { .offset = call->arg[5] };
	struct hc_file *file;
	int64_t r;

	if (map.offset & PAGE_4K_MASK)
		return -EINVAL;
	file = hc_fd_get(&call->guest->fds, call->arg[4]);
	if (!file)
		return -EBADF;
	map.fd = file->host;
	r = check_file(file, prot, flags, &map.writable);
	if (r == -ENODEV && is_zero(file)) {
		hc_file_put(file);
		return space_mmap(
		    &call->guest->space, call->arg[0], len, prot, flags, NULL);
	}
	if (r == 0 &&
	    (map.offset > INT64_MAX || len > (uint64_t)INT64_MAX - map.offset))
		r = len == 0 ? -EINVAL : -EOVERFLOW;
	if (r == 0)
		r = space_mmap(
		    &call->guest->space, call->arg[0], len, prot, flags, &map);
	hc_file_put(file);
	return r;
}

int64_t
hc_do_mmap(struct hc_call *call)
{
	struct space *space = &call->guest->space;
	unsigned prot = (unsigned)call->arg[2];
	unsigned flags = (unsigned)call->arg[3];
	int64_t r = check_flags(flags);

	if (r < 0)
		return r;
	if (flags & MAP_ANONYMOUS)
		r = space_mmap(
		    space, call->arg[0], call->arg[1], prot, flags, NULL);
	else
		r = map_file(call, prot, flags);
	/* As on Linux the mapping stands, whatever becomes of this. */
	if (r > 0 && (flags & (MAP_POPULATE | MAP_LOCKED)))
		(void)space_madvise(space, (uint64_t)r, call->arg[1],
		    prot & PROT_WRITE ? MADV_POPULATE_WRITE
				      : MADV_POPULATE_READ);
	return r;
}

int64_t
hc_do_munmap(struct hc_call *call)
{
	return space_munmap(&call->guest->space, call->arg[0], call->arg[1]);
}

int64_t
hc_do_mprotect(struct hc_call *call)
{
	return space_mprotect(&call->guest->space, call->arg[0], call->arg[1],
	    (unsigned)call->arg[2]);
}

int64_t
hc_do_mremap(struct hc_call *call)
{
	return space_mremap(&call->guest->space, call->arg[0], call->arg[1],
	    call->arg[2], (unsigned)call->arg[3], call->arg[4]);
}

int64_t
hc_do_madvise(struct hc_call *call)
{
	return space_madvise(
	    &call->guest->space, call->arg[0], call->arg[1], (int)call->arg[2]);
}

int64_t
hc_do_mincore(struct hc_call *call)
{
	return space_mincore(
	    &call->guest->space, call->arg[0], call->arg[1], call->arg[2]);
}

int64_t
hc_do_msync(struct hc_call *call)
{
	return space_msync(&call->guest->space, call->arg[0], call->arg[1],
	    (unsigned)call->arg[2]);
}

/*
 * Locking.  What is checked is what Linux checks; that pages stay in memory is
 * for whoever runs novillo, and its limits, to say.
 */
static int64_t
lock_call(struct hc_call *call, unsigned flags)
{
	uint64_t start = call->arg[0] & ~PAGE_4K_MASK;
	uint64_t len = call->arg[1];
	uint64_t end;

	if (flags & ~(unsigned)MLOCK_ONFAULT)
		return -EINVAL;
	if (len > UINT64_MAX - PAGE_4K_MASK - call->arg[0])
		return -EINVAL;
	end = (call->arg[0] + len + PAGE_4K_MASK) & ~PAGE_4K_MASK;
	return space_is_taken(&call->guest->space, start, end - start)
		   ? 0
		   : -ENOMEM;
}

int64_t
hc_do_mlock(struct hc_call *call)
{
	return lock_call(call, 0);
}

int64_t
hc_do_mlock2(struct hc_call *call)
{
	return lock_call(call, (unsigned)call->arg[2]);
}

int64_t
hc_do_munlock(struct hc_call *call)
{
	return lock_call(call, 0);
}

int64_t
hc_do_mlockall(struct hc_call *call)
{
	unsigned flags = (unsigned)call->arg[0];

	return flags == 0 || flags == MCL_ONFAULT ||
		       (flags &
			   ~(unsigned)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		   ? -EINVAL
		   : 0;
}

int64_t
hc_do_munlockall(struct hc_call *call)
{
	(void)call;
	return 0;
}
