/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checked way to guest memory.  Nothing here may know who asks.
 */
#include "mem/gmem.h"

#include "mem/mapping.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

void
gmem_init(struct gmem *mem)
{
	pthread_mutexattr_t attr;

	/* A thread that changes mappings may write to memory, which may wait
	 * for that (PTE_LAZY). */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&mem->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	mem->flushes = 0;
	mem->unmaps = 0;
	mem->provide = NULL;
	mem->fill = NULL;
	mem->over = NULL;
	mem->lends = NULL;
}

int
gmem_provide(struct gmem *mem, uint64_t va, uint64_t len)
{
	return mem->provide && len > 0 ? mem->provide(mem, va, len) : 0;
}

bool
gmem_is_over(const struct gmem *mem)
{
	return mem->over && mem->over(mem);
}

void
gmem_lock(struct gmem *mem)
{
	pthread_mutex_lock(&mem->lock);
}

void
gmem_unlock(struct gmem *mem)
{
	pthread_mutex_unlock(&mem->lock);
}

/* The only comparison of a guest range with the size of RAM. */
static int
in_ram(const struct gmem *mem, uint64_t va, uint64_t len)
{
	return va <= mem->size && len <= mem->size - va;
}

/* The range that spans all memory which this thread was given for writing since
 * gmem_begin(). */
static _Thread_local struct {
	uint64_t lo, hi;
	uint64_t unmaps;
} lent;

void
gmem_begin(const struct gmem *mem)
{
	lent.lo = UINT64_MAX;
	lent.hi = 0;
	lent.unmaps = mem->unmaps;
}

void
gmem_note_lend(struct gmem_lends *lends, uint64_t va, uint64_t len)
{
	if (lends->n == GMEM_LENDS) {
		lends->more = true;
		return;
	}
	lends->range[lends->n].va = va;
	lends->range[lends->n].len = len;
	lends->n++;
}

void
gmem_lend(const struct gmem *mem, uint64_t va, uint64_t len)
{
	if (len == 0)
		return;
	if (va < lent.lo)
		lent.lo = va;
	if (va + len > lent.hi)
		lent.hi = va + len;
	if (mem->lends)
		gmem_note_lend(mem->lends, va, len);
}

static void
lend(const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access)
{
	if (access == GMEM_WRITE)
		gmem_lend(mem, va, len);
}

/* Discard the pages of [va, end) that do not count and were not written by the
 * VMM: they are zero, or what their file holds. */
static void
drop_uncounted(struct gmem *mem, uint64_t va, uint64_t end)
{
	const uint64_t stays = PTE_CHARGED | PTE_KEPT;
	const uint64_t others = PTE_FILE | PTE_SHARED;
	const uint64_t mask = PTE_TAKEN | stays | others;
	uint64_t stop, bits;

	for (; va < end && !gmem_is_over(mem); va = stop) {
		stop = pt_run(&mem->pt, va, end, mask, &bits);
		if (!(bits & stays) && (bits & others) != others)
			(void)gmem_discard(mem, va, stop - va);
	}
}

void
gmem_settle(struct gmem *mem)
{
	if (lent.hi == 0 || mem->unmaps == lent.unmaps)
		return;
	gmem_lock(mem);
	drop_uncounted(mem, page_down(lent.lo), page_up(lent.hi));
	gmem_unlock(mem);
}

void
gmem_keep(struct gmem *mem, uint64_t va, uint64_t len)
{
	const uint64_t end = va + len;
	uint64_t entry, size;

	gmem_lock(mem);
	for (va = page_down(va); len > 0 && va < end; va += PAGE_4K) {
		entry = pt_lookup(&mem->pt, va, &size);
		if ((entry & PTE_TAKEN) && !(entry & (PTE_CHARGED | PTE_KEPT)))
			pt_map(&mem->pt, va, va, PAGE_4K,
			    (entry & PTE_STORED) | PTE_KEPT);
	}
	gmem_unlock(mem);
}

bool
gmem_poke(struct gmem *mem, uint64_t va, const void *bytes, size_t len)
{
	gmem_keep(mem, va, len);
	return gmem_copy(mem->base + va, bytes, len) == len;
}

uint64_t
gmem_unmaps(const struct gmem *mem)
{
	return mem->unmaps;
}

void
gmem_note_unmap(struct gmem *mem, uint64_t va, uint64_t len)
{
	const uint64_t n = mem->unmaps % GMEM_UNMAPPED;

	mem->unmapped[n].va = va;
	mem->unmapped[n].end = va + len;
	mem->unmaps++;
}

void
gmem_left(struct gmem *mem, uint64_t unmaps)
{
	if (mem->unmaps == unmaps)
		return;
	gmem_lock(mem);
	if (mem->unmaps - unmaps > GMEM_UNMAPPED)
		drop_uncounted(mem, 0, mem->size);
	else
		for (; unmaps != mem->unmaps; unmaps++) {
			const uint64_t n = unmaps % GMEM_UNMAPPED;

			drop_uncounted(
			    mem, mem->unmapped[n].va, mem->unmapped[n].end);
		}
	gmem_unlock(mem);
}

/* Give the page that waits its memory, if there is any.  Nothing else of `mem`
 * changes. */
static bool
fill(const struct gmem *mem, uint64_t va)
{
	struct gmem *changed = (struct gmem *)(uintptr_t)mem;

	return !pte_waits(gmem_touch(changed, va));
}

/* The end of the pages from `va` on that can be written, up to `end`.  Those
 * that wait for their memory get it. */
static uint64_t
fill_up(const struct gmem *mem, uint64_t va, uint64_t end)
{
	const uint64_t need = PTE_PRESENT | PTE_USER | PTE_WRITE;
	uint64_t bits, stop;

	while (va < end) {
		stop = pt_run(&mem->pt, va, end, need | PTE_LAZY, &bits);
		if (bits == need)
			va = stop;
		else if (bits != (need | PTE_LAZY) || !fill(mem, va))
			break;
	}
	return va;
}

uint64_t
gmem_span(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access)
{
	const bool writes = access == GMEM_WRITE;
	const uint64_t need = PTE_PRESENT | PTE_USER | (writes ? PTE_WRITE : 0);
	uint64_t bits, end;

	if (va >= mem->size || len == 0)
		return 0;
	if (!in_ram(mem, va, len))
		len = mem->size - va;
	end = pt_run(
	    &mem->pt, va, va + len, need | (writes ? PTE_LAZY : 0), &bits);
	/* A page that waits can be read: it is zero. */
	if (writes && mem->fill && (bits != need || end < va + len))
		return fill_up(mem, va, va + len) - va;
	return bits == need ? end - va : 0;
}

uint64_t
gmem_extent(const struct gmem *mem, uint64_t va, uint64_t len, uint64_t mask,
    uint64_t *bits)
{
	*bits = 0;
	return in_ram(mem, va, len)
		   ? pt_run(&mem->pt, va, va + len, mask, bits) - va
		   : len;
}

/* The end of a recorded guest has the memory as it is then.  A call that the
 * end has cut writes nothing more, such as the rest of its time. */
static bool
is_last(const struct gmem *mem, enum gmem_access access)
{
	return access == GMEM_WRITE && mem->lends && gmem_is_over(mem);
}

void *
gmem_part(
    const struct gmem *mem, uint64_t va, uint64_t *len, enum gmem_access access)
{
	uint64_t there = gmem_span(mem, va, *len, access);

	if ((there == 0 && *len > 0) || is_last(mem, access))
		return NULL;
	*len = there;
	lend(mem, va, there, access);
	return mem->base + (there ? va : 0);
}

void *
gmem_range(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access)
{
	if (len == 0)
		return mem->base;
	if (!in_ram(mem, va, len) || gmem_span(mem, va, len, access) < len ||
	    is_last(mem, access))
		return NULL;
	lend(mem, va, len, access);
	return mem->base + va;
}

#define HIDDEN __attribute__((visibility("hidden")))

/* copy.S: the bytes of `len` that were not copied, and gmem_swap(). */
size_t gmem_copy_bytes(void *dst, const void *src, size_t len) HIDDEN;
int gmem_swap_word(uint32_t *word, uint32_t *old, uint32_t new) HIDDEN;

/* The instructions that may fault, and where execution continues then. */
extern const char gmem_copy_move[] HIDDEN, gmem_copy_over[] HIDDEN;
extern const char gmem_swap_try[] HIDDEN, gmem_swap_lost[] HIDDEN;

size_t
gmem_copy(void *dst, const void *src, size_t len)
{
	return len - gmem_copy_bytes(dst, src, len);
}

int
gmem_swap(uint32_t *word, uint32_t *old, uint32_t new)
{
	return gmem_swap_word(word, old, new);
}

bool
gmem_recover(void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	if (*rip == (greg_t)(uintptr_t)gmem_copy_move)
		*rip = (greg_t)(uintptr_t)gmem_copy_over;
	else if (*rip == (greg_t)(uintptr_t)gmem_swap_try)
		*rip = (greg_t)(uintptr_t)gmem_swap_lost;
	else
		return false;
	return true;
}

int
gmem_read(const struct gmem *mem, void *dst, uint64_t va, size_t len)
{
	const void *src = gmem_range(mem, va, len, GMEM_READ);

	return src && gmem_copy(dst, src, len) == len ? 0 : -EFAULT;
}

int
gmem_write(const struct gmem *mem, uint64_t va, const void *src, size_t len)
{
	void *dst = gmem_range(mem, va, len, GMEM_WRITE);

	return dst && gmem_copy(dst, src, len) == len ? 0 : -EFAULT;
}

void
gmem_expect(const struct gmem *mem, uint64_t va, uint64_t len)
{
	const uint64_t line = 64;
	uint64_t at;

	if (in_ram(mem, va, len))
		for (at = 0; at < len; at += line)
			__builtin_prefetch(mem->base + va + at);
}

int64_t
gmem_string(const struct gmem *mem, char *dst, size_t cap, uint64_t va)
{
	uint64_t there = gmem_span(mem, va, cap, GMEM_READ);
	const char *end;

	there = gmem_copy(dst, mem->base + (there ? va : 0), there);
	end = memchr(dst, '\0', there);
	if (end)
		return end - dst;
	return there < cap ? -EFAULT : -ENAMETOOLONG;
}

int
gmem_discard(const struct gmem *mem, uint64_t va, uint64_t len)
{
	return madvise(mem->base + va, len, MADV_DONTNEED) < 0 ? -errno : 0;
}

int
gmem_let_huge(const struct gmem *mem, uint64_t va, uint64_t len, bool huge)
{
	int advice = huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;

	/* A host without large pages does not know this advice. */
	return madvise(mem->base + va, len, advice) < 0 && errno != EINVAL
		   ? -errno
		   : 0;
}

/*
 * Pages of RAM are always replaced by pages that were mapped elsewhere before:
 * mmap() over old pages can remove them and then fail, because some files
 * refuse to be mapped late.  RAM never has a hole: another thread's mapping,
 * such as a stack of novillo, might fall into it and would belong to the guest.
 */
static bool
put_down(const struct gmem *mem, void *p, uint64_t to, uint64_t len)
{
	void *there = mem->base + to;

	return mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, there) ==
	       there;
}

/* Fresh pages of the host's mmap() become like the rest of RAM: not in a core,
 * not large. */
static void
keep_apart(void *p, uint64_t len)
{
	(void)madvise(p, len, MADV_DONTDUMP);
	(void)madvise(p, len, MADV_NOHUGEPAGE);
}

/* Pages of a file lie in the host's cache in whatever size they have there, so
 * large ones cost nothing more. */
static int
replace(
    const struct gmem *mem, uint64_t va, uint64_t len, void *p, bool is_file)
{
	if (p == MAP_FAILED)
		return -errno;
	if (is_file)
		(void)madvise(p, len, MADV_DONTDUMP);
	else
		keep_apart(p, len);
	if (put_down(mem, p, va, len))
		return 0;
	(void)munmap(p, len);
	return -ENOMEM;
}

/*
 * A mapping that nothing ever touches: copies of it, made by one call, are
 * fresh memory with the right advice.  NULL: the host has none to give.
 */
#define SPARE PAGE_2M

static void *spare;

static void
map_spare(void)
{
	void *p = mmap(NULL, SPARE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return;
	keep_apart(p, SPARE);
	spare = p;
}

/* Linux before 5.7 does not know the flag. */
static bool
put_spare(const struct gmem *mem, uint64_t va, uint64_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
	void *there = mem->base + va;

	if (len > SPARE)
		return false;
	pthread_once(&once, map_spare);
	return spare && mremap(spare, len, len, flags, there) == there;
}

/*
 * Where the host allows no further mapping, fresh memory can still be mapped
 * over the old pages: unlike a file, it does not refuse late.
 */
int
gmem_release(const struct gmem *mem, uint64_t va, uint64_t len)
{
	const int rights = PROT_READ | PROT_WRITE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *there = mem->base + va;
	void *p;

	if (put_spare(mem, va, len))
		return 0;
	p = mmap(NULL, len, rights, flags, -1, 0);
	if (replace(mem, va, len, p, false) == 0)
		return 0;
	if (mmap(there, len, rights, flags | MAP_FIXED, -1, 0) != there)
		return -errno;
	keep_apart(there, len);
	return 0;
}

/* The host's own rights to pages with these PTE_* bits. */
static int
host_rights(uint64_t bits)
{
	return PROT_READ | (bits & PTE_NEVER_WRITE ? 0 : PROT_WRITE);
}

int
gmem_map_file(const struct gmem *mem, uint64_t va, uint64_t len, int fd,
    uint64_t offset, uint64_t bits)
{
	int flags = bits & PTE_SHARED ? MAP_SHARED : MAP_PRIVATE;
	void *p = mmap(NULL, len, host_rights(bits), flags | MAP_NORESERVE, fd,
	    (off_t)offset);

	return replace(mem, va, len, p, true);
}

static bool
is_zero(const uint8_t *page)
{
	static const uint8_t zeros[PAGE_4K];

	return memcmp(page, zeros, PAGE_4K) == 0;
}

/* Zero pages are skipped: a write would give them memory. */
static void
copy_pages(uint8_t *to, const uint8_t *from, uint64_t len)
{
	uint64_t at;

	for (at = 0; at < len; at += PAGE_4K)
		if (!is_zero(from + at))
			memcpy(to + at, from + at, PAGE_4K);
}

void
gmem_clear(const struct gmem *mem, uint64_t va, uint64_t len)
{
	uint8_t *p = mem->base + va;
	const uint8_t *end = p + len;

	for (; p < end; p += PAGE_4K)
		if (!is_zero(p))
			memset(p, 0, PAGE_4K);
}

/* A move of file pages takes several steps.  Each may need one or two further
 * mappings of the host, and none can be undone when those run out. */
#define SPARE_MAPPINGS 16

/* Neighbours with other rights are separate mappings. */
static bool
has_mappings_left(void)
{
	const size_t len = SPARE_MAPPINGS * PAGE_4K;
	uint8_t *p = mmap(NULL, len, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool all = p != MAP_FAILED;
	size_t at;

	for (at = PAGE_4K; all && at < len; at += 2 * PAGE_4K)
		all = mprotect(p + at, PAGE_4K, PROT_READ) == 0;
	if (p != MAP_FAILED)
		(void)munmap(p, len);
	return all;
}

/* Put lifted pages back, without the part by which they have grown. */
static void
put_back(const struct gmem *mem, uint8_t *p, uint64_t from, uint64_t len,
    uint64_t new_len)
{
	if (new_len > len)
		(void)munmap(p + len, new_len - len);
	if (!put_down(mem, p, from, len))
		(void)munmap(p, len);
}

/*
 * Move the pages at `from` out of RAM and let them grow from `len` bytes to
 * `new_len`.  Their mapping stays, empty, so that RAM never has a hole.
 */
static void *
lift_pages(
    const struct gmem *mem, uint64_t from, uint64_t len, uint64_t new_len)
{
	void *there = mem->base + from;
	/* The kernel checks the new address with this flag: any will do. */
	void *p = mremap(
	    there, len, len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	void *grown;

	if (p == MAP_FAILED || new_len == len)
		return p;
	grown = mremap(p, len, new_len, MREMAP_MAYMOVE);
	if (grown != MAP_FAILED)
		return grown;
	put_back(mem, p, from, len, len);
	return MAP_FAILED;
}

int
gmem_grow_file(const struct gmem *mem, uint64_t from, uint64_t to, uint64_t len,
    uint64_t new_len)
{
	void *p = MAP_FAILED;

	if (has_mappings_left())
		p = lift_pages(mem, from, len, new_len);
	if (p == MAP_FAILED)
		return -ENOMEM;
	if (!put_down(mem, p, to, new_len)) {
		put_back(mem, p, from, len, new_len);
		return -ENOMEM;
	}
	return to == from ? 0 : gmem_release(mem, from, len);
}

int
gmem_move_bytes(
    const struct gmem *mem, uint64_t from, uint64_t to, uint64_t len)
{
	const uint64_t end = from + len;
	uint64_t part;
	int r = 0;

	/* A block at a time, so that the memory of all is not needed twice. */
	for (; from < end && r == 0; from += part, to += part) {
		part = PAGE_2M - (from & PAGE_2M_MASK);
		if (part > end - from)
			part = end - from;
		copy_pages(mem->base + to, mem->base + from, part);
		r = gmem_is_over(mem) ? -EINTR : gmem_discard(mem, from, part);
	}
	return r;
}

int
gmem_move(const struct gmem *mem, uint64_t from, uint64_t to, uint64_t len)
{
	void *p = lift_pages(mem, from, len, len);

	if (p == MAP_FAILED)
		return gmem_move_bytes(mem, from, to, len);
	if (!put_down(mem, p, to, len)) {
		copy_pages(mem->base + to, p, len);
		(void)munmap(p, len);
	}
	return 0;
}

/*
 * The right that is withdrawn for a moment is that to read, and only formally:
 * x86 has no pages that can be written and not read (SDM vol. 3, 4.6), so
 * neither novillo's accesses nor those of read(2) and write(2) to guest memory
 * fail by it.  The kernel follows every change of a mapping's rights.
 *
 * Pages that can never be written would lose all rights.  They are a file's, so
 * they are dropped instead, after the entries have changed: the kernel follows
 * that also, and the next access finds them in the file.
 */
int
gmem_flush_begin(struct gmem *mem, uint64_t va, uint64_t len)
{
	uint64_t at, end = va + len, stop, bits;
	int r;

	mem->flushes++;
	for (at = va; at < end; at = stop) {
		stop = pt_run(&mem->pt, at, end, PTE_NEVER_WRITE, &bits);
		if ((bits & PTE_NEVER_WRITE) ||
		    mprotect(mem->base + at, stop - at, PROT_WRITE) == 0)
			continue;
		r = -errno;
		(void)gmem_flush_end(mem, va, stop - va);
		return r;
	}
	return 0;
}

int
gmem_flush_end(struct gmem *mem, uint64_t va, uint64_t len)
{
	const int rights = PROT_READ | PROT_WRITE;
	uint64_t end = va + len, stop, bits;
	int r = 0, error;

	for (; va < end; va = stop) {
		stop = pt_run(&mem->pt, va, end, PTE_NEVER_WRITE, &bits);
		if (bits & PTE_NEVER_WRITE)
			error = gmem_discard(mem, va, stop - va);
		else if (mprotect(mem->base + va, stop - va, rights) < 0)
			error = -errno;
		else
			error = 0;
		if (error < 0)
			r = error;
	}
	return r;
}

int
gmem_flush(struct gmem *mem, uint64_t va, uint64_t len)
{
	int r = gmem_flush_begin(mem, va, len);

	return r < 0 ? r : gmem_flush_end(mem, va, len);
}

uint64_t
gmem_changes(struct gmem *mem)
{
	uint64_t changes;

	gmem_lock(mem);
	changes = mem->flushes + mem->unmaps;
	gmem_unlock(mem);
	return changes;
}

uint64_t
gmem_touch(struct gmem *mem, uint64_t va)
{
	uint64_t entry = 0, size;

	gmem_lock(mem);
	if (va < mem->size)
		entry = pt_lookup(&mem->pt, va, &size);
	if (pte_waits(entry) && mem->fill && mem->fill(mem, va) == 0)
		entry = pt_lookup(&mem->pt, va, &size);
	gmem_unlock(mem);
	return entry;
}
