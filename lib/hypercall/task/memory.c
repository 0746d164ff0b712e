/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the address space.  Nothing here may know how it is kept.
 */
#include "hypercall/core/handlers.h"

#include "hypercall/core/device.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/memfile.h"
#include "hypercall/core/seal.h"
#include "hypercall/task/task.h"
#include "mem/mapping.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The flags that MAP_SHARED_VALIDATE accepts.  MAP_SYNC is not among them:
 * guests have no persistent memory. */
#define MAP_KNOWN                                                             \
	((unsigned)(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE |    \
		    MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE |             \
		    MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_GROWSDOWN | \
		    MAP_HUGETLB | MAP_FIXED_NOREPLACE | 0x40U))

/* As on Linux, the break stays where a limit does not let it move. */
int64_t
hc_do_brk(struct hc_call *call)
{
	struct space *space = &call->guest->space;
	const uint64_t addr = call->brk.addr;
	uint64_t more = 0;

	if (addr > space->brk && addr < space->mem->size)
		more = page_up(addr) - page_up(space->brk);
	return space_brk(
	    space, hc_may_map(call->guest, more, more) ? addr : space->brk);
}

/* Do the limits allow the mapping?  What it replaces is not counted. */
static bool
limits_allow(const struct hc_call *call, unsigned prot, unsigned flags)
{
	const struct hc_guest *guest = call->guest;
	const uint64_t size = guest->mem->size, addr = call->mmap.addr;
	uint64_t len = call->mmap.length;
	bool data = (prot & PROT_WRITE) && (flags & MAP_TYPE) == MAP_PRIVATE;
	struct hc_pages old = { 0 };

	if (len == 0 || len > size)
		return true;
	len = page_up(len);
	if ((flags & MAP_FIXED) && addr < size && len <= size - addr)
		old = hc_count_pages(guest, page_down(addr), addr + len);
	return hc_may_map(
	    guest, len - old.all, data && len > old.data ? len - old.data : 0);
}

/* Flags of fresh memory are not validated. */
static int
check_map_flags(unsigned flags)
{
	unsigned type = flags & MAP_TYPE;

	if (type != MAP_PRIVATE && type != MAP_SHARED &&
	    (type != MAP_SHARED_VALIDATE || (flags & MAP_ANONYMOUS)))
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & ~MAP_KNOWN))
		return -EOPNOTSUPP;
	/* Mappings that grow by faults are not supported. */
	if (flags & MAP_GROWSDOWN)
		return -EOPNOTSUPP;
	/* As on Linux without reserved huge pages. */
	return flags & MAP_HUGETLB ? -ENOMEM : 0;
}

/* Is the file in memory, and sealed against writing?  As on Linux since 6.7 its
 * shared mappings are for reading then; an older host refuses those also. */
static bool
is_sealed(const struct hc_file *file)
{
	int64_t seals = hc_host(SYS_fcntl, file->host, F_GET_SEALS, 0);

	return seals > 0 && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

/* May `file` be mapped, and may a shared mapping of it be written?  *st is set
 * if it may. */
static int
check_file(const struct hc_file *file, unsigned prot, unsigned flags,
    bool *writable, struct stat *st)
{
	int64_t mode = hc_host(SYS_fcntl, file->host, F_GETFL, 0);
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	int64_t r;

	if (mode < 0 || (mode & O_PATH) || (file->program && file->refuses))
		return -EBADF;
	r = hc_host(SYS_fstat, file->host, st);
	if (r < 0)
		return (int)r;
	*writable = (mode & O_ACCMODE) == O_RDWR && !file->read_only &&
		    !hc_file_only_appends(file, mode);
	if ((mode & O_ACCMODE) == O_WRONLY ||
	    (shared && (prot & PROT_WRITE) && !*writable))
		return -EACCES;
	if (shared && *writable && is_sealed(file)) {
		*writable = false;
		if (prot & PROT_WRITE)
			return -EPERM;
	}
	/* novillo's own files cannot be mapped, as those of /proc cannot. */
	return S_ISREG(st->st_mode) && !file->own ? 0 : -ENODEV;
}

/* A mapping of /dev/zero is anonymous memory. */
static bool
is_zero(const struct hc_file *file)
{
	struct stat st;

	return hc_host(SYS_fstat, file->host, &st) == 0 &&
	       S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(HC_MEMORY_MAJOR, HC_MINOR_zero);
}

/* For /proc: [at, at + len) has no file. */
static void
note_no_file(struct hc_guest *guest, uint64_t at, uint64_t len)
{
	hc_mapped_set(&guest->mapped, at, page_up(at + len), NULL, 0);
}

/* The name of a mapped file, "" for the program; or -errno. */
static int64_t
name_file(
    struct hc_guest *guest, const struct hc_file *file, char name[HC_PATH])
{
	name[0] = '\0';
	if (file->program)
		return 0;
	if (file->shared)
		return hc_shared_path(guest, file->shared, name);
	return file->mount ? hc_tree_name(&guest->tree, file, name) : -ENOENT;
}

/* Or this one, if it has a name in the guest's tree. */
static void
note_file(struct hc_guest *guest, const struct hc_file *file,
    const struct stat *st, uint64_t offset, uint64_t at, uint64_t len)
{
	struct hc_mapped_file named;

	note_no_file(guest, at, len);
	if (name_file(guest, file, named.name) < 0)
		return;
	named.device = st->st_dev;
	named.inode = st->st_ino;
	hc_mapped_set(&guest->mapped, at, page_up(at + len), &named, offset);
}

static int64_t
map_memory(struct hc_call *call, unsigned prot, unsigned flags)
{
	int64_t r = space_mmap(&call->guest->space, call->mmap.addr,
	    call->mmap.length, prot, flags, NULL);

	if (r > 0)
		note_no_file(call->guest, (uint64_t)r, call->mmap.length);
	return r;
}

/* Read the file's bytes to [at, at + len): how many there are. */
static uint64_t
read_content(uint8_t *at, uint64_t len, const struct space_file *file)
{
	uint64_t done = 0;
	int64_t n = 1;

	while (n > 0 && done < len) {
		n = hc_host(SYS_pread64, file->fd, at + done, len - done,
		    (off_t)(file->offset + done));
		done += n > 0 ? (uint64_t)n : 0;
	}
	return done;
}

/* A recorded guest maps files by content, into memory that counts: nobody
 * changes them later. */
static int64_t
map_content(struct hc_call *call, unsigned prot, unsigned flags,
    const struct space_file *file)
{
	struct space *space = &call->guest->space;
	const uint64_t len = call->mmap.length;
	int64_t at = space_mmap(
	    space, call->mmap.addr, len, PROT_READ | PROT_WRITE, flags, NULL);
	uint64_t copied;
	int r;

	if (at <= 0)
		return at;
	copied = read_content(space->mem->base + at, len, file);
	gmem_lend(space->mem, (uint64_t)at, copied);
	if (copied > 0)
		space_copied(space, (uint64_t)at, len);
	r = space_mprotect(space, (uint64_t)at, len, prot);
	if (r < 0)
		(void)space_munmap(space, (uint64_t)at, len);
	return r < 0 ? r : at;
}

static int64_t
map_file(struct hc_call *call, unsigned prot, unsigned flags)
{
	const uint64_t len = call->mmap.length;
	struct space_file map = { .offset = call->mmap.offset };
	struct hc_file *file;
	struct stat st;
	int64_t r;

	if (map.offset & PAGE_4K_MASK)
		return -EINVAL;
	file = hc_fd_get(&call->guest->fds, call->mmap.fd);
	if (!file)
		return -EBADF;
	map.fd = file->host;
	file->outlives = true;
	r = check_file(file, prot, flags, &map.writable, &st);
	if (r == -ENODEV && is_zero(file)) {
		hc_file_put(file);
		return map_memory(call, prot, flags);
	}
	if (r == 0 &&
	    (map.offset > INT64_MAX || len > (uint64_t)INT64_MAX - map.offset))
		r = len == 0 ? -EINVAL : -EOVERFLOW;
	if (r == 0)
		r = call->guest->recorded
			? map_content(call, prot, flags, &map)
			: space_mmap(&call->guest->space, call->mmap.addr, len,
			      prot, flags, &map);
	if (r > 0)
		note_file(call->guest, file, &st, map.offset, (uint64_t)r, len);
	if (!file->shared || (flags & MAP_TYPE) == MAP_PRIVATE || !map.writable)
		hc_memfile_lent(file);
	hc_file_put(file);
	return r;
}

int64_t
hc_do_mmap(struct hc_call *call)
{
	struct space *space = &call->guest->space;
	unsigned prot = (unsigned)call->mmap.prot;
	unsigned flags = (unsigned)call->mmap.flags;
	int64_t r = check_map_flags(flags);

	if (r == 0 && !limits_allow(call, prot, flags))
		r = -ENOMEM;
	if (r < 0)
		return r;
	r = flags & MAP_ANONYMOUS ? map_memory(call, prot, flags)
				  : map_file(call, prot, flags);
	/* As on Linux, a failure of this does not undo the mapping. */
	if (r > 0 && (flags & (MAP_POPULATE | MAP_LOCKED)))
		(void)space_madvise(space, (uint64_t)r, call->mmap.length,
		    prot & PROT_WRITE ? MADV_POPULATE_WRITE
				      : MADV_POPULATE_READ);
	return r;
}

int64_t
hc_do_munmap(struct hc_call *call)
{
	int r = space_munmap(
	    &call->guest->space, call->munmap.addr, call->munmap.length);

	if (r == 0)
		note_no_file(
		    call->guest, call->munmap.addr, call->munmap.length);
	return r;
}

/* Do the limits allow that all of [from, to) is writable? */
static bool
may_become_data(const struct hc_guest *guest, uint64_t from, uint64_t to)
{
	struct hc_pages pages;

	if (!(guest->limits_set & 1U << RLIMIT_DATA))
		return true;
	pages = hc_count_pages(guest, page_down(from), page_up(to));
	return hc_may_map(guest, 0, pages.all - pages.data);
}

int64_t
hc_do_mprotect(struct hc_call *call)
{
	const uint64_t addr = call->mprotect.addr, len = call->mprotect.length;
	const uint64_t size = call->guest->mem->size;

	if ((call->mprotect.prot & PROT_WRITE) && addr < size &&
	    len < size - addr &&
	    !may_become_data(call->guest, addr, addr + len))
		return -ENOMEM;
	return space_mprotect(
	    &call->guest->space, addr, len, (unsigned)call->mprotect.prot);
}

/* Do the limits allow that the mapping at `addr` becomes longer? */
static bool
may_lengthen(
    const struct hc_guest *guest, uint64_t addr, uint64_t old, uint64_t new)
{
	const uint64_t size = guest->mem->size;
	struct hc_pages first;
	uint64_t more;

	if (!guest->limits_set || addr >= size || old >= new || new >= size)
		return true;
	addr = page_down(addr);
	first = hc_count_pages(guest, addr, addr + PAGE_4K);
	more = page_up(new) - page_up(old);
	return hc_may_map(guest, more, first.data ? more : 0);
}

int64_t
hc_do_mremap(struct hc_call *call)
{
	int64_t r;

	if (!may_lengthen(call->guest, call->mremap.addr,
		call->mremap.old_length, call->mremap.new_length))
		return -ENOMEM;
	r = space_mremap(&call->guest->space, call->mremap.addr,
	    call->mremap.old_length, call->mremap.new_length,
	    (unsigned)call->mremap.flags, call->mremap.new_addr);

	if (r > 0)
		hc_mapped_move(&call->guest->mapped, call->mremap.addr,
		    page_up(call->mremap.old_length), (uint64_t)r,
		    page_up(call->mremap.new_length));
	return r;
}

int64_t
hc_do_madvise(struct hc_call *call)
{
	return space_madvise(&call->guest->space, call->madvise.addr,
	    call->madvise.length, (int)call->madvise.advice);
}

int64_t
hc_do_mincore(struct hc_call *call)
{
	return space_mincore(&call->guest->space, call->mincore.addr,
	    call->mincore.length, call->mincore.vec);
}

int64_t
hc_do_msync(struct hc_call *call)
{
	return space_msync(&call->guest->space, call->msync.addr,
	    call->msync.length, (unsigned)call->msync.flags);
}

/*
 * Locking makes Linux's checks only.  The user of novillo decides, also by its
 * limits, whether pages stay in memory.
 */
static int64_t
lock_range(struct hc_call *call, uint64_t addr, uint64_t len, unsigned flags)
{
	uint64_t start = page_down(addr);
	uint64_t end;

	if (flags & ~(unsigned)MLOCK_ONFAULT)
		return -EINVAL;
	if (len > UINT64_MAX - PAGE_4K_MASK - addr)
		return -EINVAL;
	end = page_up(addr + len);
	return space_is_taken(&call->guest->space, start, end - start)
		   ? 0
		   : -ENOMEM;
}

int64_t
hc_do_mlock(struct hc_call *call)
{
	return lock_range(call, call->mlock.addr, call->mlock.length, 0);
}

int64_t
hc_do_mlock2(struct hc_call *call)
{
	return lock_range(call, call->mlock2.addr, call->mlock2.length,
	    (unsigned)call->mlock2.flags);
}

int64_t
hc_do_munlock(struct hc_call *call)
{
	return lock_range(call, call->munlock.addr, call->munlock.length, 0);
}

int64_t
hc_do_mlockall(struct hc_call *call)
{
	unsigned flags = (unsigned)call->mlockall.flags;

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
