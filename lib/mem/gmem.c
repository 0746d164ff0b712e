/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checked door to guest memory.  Nothing here may know who asks.
 */
#include "mem/gmem.h"

#include "mem/mapping.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

void
gmem_init(struct gmem *mem)
{
	pthread_mutex_init(&mem->lock, NULL);
	mem->flushes = 0;
	mem->unmaps = 0;
	mem->provide = NULL;
}

int
gmem_provide(struct gmem *mem, uint64_t va, uint64_t len)
{
	return mem->provide && len > 0 ? mem->provide(mem, va, len) : 0;
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

/* What this thread was given to write to since gmem_begin(), and more: from the
 * lowest to the highest. */
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

static void
lend(uint64_t va, uint64_t len, enum gmem_access access)
{
	if (access != GMEM_WRITE || len == 0)
		return;
	if (va < lent.lo)
		lent.lo = va;
	if (va + len > lent.hi)
		lent.hi = va + len;
}

/* Pages that do not count hold nothing but what their file does, if they have
 * one. */
void
gmem_settle(struct gmem *mem)
{
	const uint64_t mask = PTE_TAKEN | PTE_CHARGED | PTE_FILE | PTE_SHARED;
	const uint64_t others = PTE_FILE | PTE_SHARED;
	uint64_t va = lent.lo & ~PAGE_4K_MASK;
	uint64_t end = (lent.hi + PAGE_4K_MASK) & ~PAGE_4K_MASK;
	uint64_t stop, bits;

	if (lent.hi == 0 || mem->unmaps == lent.unmaps)
		return;
	gmem_lock(mem);
	for (; va < end; va = stop) {
		stop = pt_run(&mem->pt, va, end, mask, &bits);
		if (!(bits & PTE_CHARGED) && (bits & others) != others)
			(void)gmem_discard(mem, va, stop - va);
	}
	gmem_unlock(mem);
}

uint64_t
gmem_span(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access)
{
	const uint64_t need = PTE_PRESENT | PTE_USER |
			      (access == GMEM_WRITE ? PTE_WRITE : 0);
	uint64_t bits, end;

	if (va >= mem->size || len == 0)
		return 0;
	if (!in_ram(mem, va, len))
		len = mem->size - va;
	end = pt_run(&mem->pt, va, va + len, need, &bits);
	return bits == need ? end - va : 0;
}

void *
gmem_part(
    const struct gmem *mem, uint64_t va, uint64_t *len, enum gmem_access access)
{
	uint64_t there = gmem_span(mem, va, *len, access);

	if (there == 0 && *len > 0)
		return NULL;
	*len = there;
	lend(va, there, access);
	return mem->base + (there ? va : 0);
}

void *
gmem_range(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access)
{
	if (len == 0)
		return mem->base;
	if (!in_ram(mem, va, len) || gmem_span(mem, va, len, access) < len)
		return NULL;
	lend(va, len, access);
	return mem->base + va;
}

#define HIDDEN __attribute__((visibility("hidden")))

/* copy.S: what is left of `len`, and gmem_swap(). */
size_t gmem_copy_bytes(void *dst, const void *src, size_t len) HIDDEN;
int gmem_swap_word(uint32_t *word, uint32_t *old, uint32_t new) HIDDEN;

/* The instructions that may fault, and where they are left then. */
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

	/* A host that has none knows no such advice. */
	return madvise(mem->base + va, len, advice) < 0 && errno != EINVAL
		   ? -errno
		   : 0;
}

/*
 * What lies in RAM is always replaced by pages that are there already, in a
 * place of their own: mmap() over what is there can take it away and then fail,
 * for it is late that some files say that they cannot be mapped.  RAM never has
 * a hole: another thread's mapping, a stack of ours, might fall into it, and
 * would be the guest's.
 */
static bool
put_down(const struct gmem *mem, void *p, uint64_t to, uint64_t len)
{
	void *there = mem->base + to;

	return mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, there) ==
	       there;
}

/* Pages as the host's mmap() gives them, and like the rest of RAM in no core,
 * in no child of ours, and not large. */
static void
keep_apart(void *p, uint64_t len)
{
	(void)madvise(p, len, MADV_DONTFORK);
	(void)madvise(p, len, MADV_DONTDUMP);
	(void)madvise(p, len, MADV_NOHUGEPAGE);
}

static int
replace(const struct gmem *mem, uint64_t va, uint64_t len, void *p)
{
	if (p == MAP_FAILED)
		return -errno;
	keep_apart(p, len);
	if (put_down(mem, p, va, len))
		return 0;
	(void)munmap(p, len);
	return -ENOMEM;
}

/*
 * Where mappings are so many that one more cannot be moved, fresh memory still
 * can be laid over what is there: that is no file which could refuse late.
 */
int
gmem_release(const struct gmem *mem, uint64_t va, uint64_t len)
{
	const int rights = PROT_READ | PROT_WRITE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *there = mem->base + va;
	void *p = mmap(NULL, len, rights, flags, -1, 0);

	if (replace(mem, va, len, p) == 0)
		return 0;
	if (mmap(there, len, rights, flags | MAP_FIXED, -1, 0) != there)
		return -errno;
	keep_apart(there, len);
	return 0;
}

/* What the host itself may do with such pages. */
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

	return replace(mem, va, len, p);
}

/* Page by page, and not those of zeros: they would take memory then. */
static void
copy_pages(uint8_t *to, const uint8_t *from, uint64_t len)
{
	static const uint8_t zeros[PAGE_4K];
	uint64_t at;

	for (at = 0; at < len; at += PAGE_4K)
		if (memcmp(from + at, zeros, PAGE_4K) != 0)
			memcpy(to + at, from + at, PAGE_4K);
}

/* A move of file pages is several steps, each of which may need one mapping
 * more, or two, and none of which can be undone when there are too many. */
#define SPARE_MAPPINGS 16

/* Can the host have so many?  Neighbours with other rights are mappings. */
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

/* Pages that were lifted go back, without what they had grown by. */
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
 * The pages at `from` in a place of their own outside RAM, `len` bytes grown
 * to `new_len`.  What stays is the mapping without them, so that RAM never has
 * a hole into which another thread's mapping might fall.
 */
static void *
lift_pages(
    const struct gmem *mem, uint64_t from, uint64_t len, uint64_t new_len)
{
	void *there = mem->base + from;
	/* A place is looked at with that flag, so one must be given: any. */
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
gmem_move(const struct gmem *mem, uint64_t from, uint64_t to, uint64_t len,
    uint64_t bits)
{
	void *p;

	if (bits & PTE_FILE)
		return gmem_grow_file(mem, from, to, len, len);
	p = len >= PAGE_2M ? lift_pages(mem, from, len, len) : MAP_FAILED;
	if (p == MAP_FAILED) {
		copy_pages(mem->base + to, mem->base + from, len);
		return gmem_discard(mem, from, len);
	}
	if (!put_down(mem, p, to, len)) {
		copy_pages(mem->base + to, p, len);
		(void)munmap(p, len);
	}
	return 0;
}

/*
 * What is taken for a moment is the right to read, and only on paper: x86 has
 * no pages that can be written and not read (SDM vol. 3, 4.6), so neither our
 * own accesses nor those of read(2) and write(2) to guest memory ever fail by
 * it; only pages that can never be written are closed for that moment.  But the
 * kernel follows every change of a mapping's rights.
 */
int
gmem_flush(struct gmem *mem, uint64_t va, uint64_t len)
{
	uint64_t end = va + len, stop, bits;

	mem->flushes++;
	for (stop = va; stop < end;) {
		uint64_t at = stop;
		int paper;

		stop = pt_run(&mem->pt, at, end, PTE_NEVER_WRITE, &bits);
		paper = bits & PTE_NEVER_WRITE ? PROT_NONE : PROT_WRITE;
		if (mprotect(mem->base + at, stop - at, paper) < 0)
			return -errno;
	}
	for (; va < end; va = stop) {
		stop = pt_run(&mem->pt, va, end, PTE_NEVER_WRITE, &bits);
		if (mprotect(mem->base + va, stop - va, host_rights(bits)) < 0)
			return -errno;
	}
	return 0;
}

uint64_t
gmem_flushes(struct gmem *mem)
{
	uint64_t flushes;

	gmem_lock(mem);
	flushes = mem->flushes;
	gmem_unlock(mem);
	return flushes;
}
