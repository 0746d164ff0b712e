/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * brk, mmap, munmap, mprotect, mremap over the page tables.  Nothing here may
 * know which hypercall asks.
 */
#include "mem/space.h"

#include "mem/mapping.h"

#include <errno.h>
#include <stdbool.h>

/* The last is for semaphores, and of no effect, as on Linux' x86. */
#define PROT_KNOWN ((unsigned)(PROT_READ | PROT_WRITE | PROT_EXEC | 0x8))

/* What MAP_32BIT asks for is below. */
#define LOW_END (UINT64_C(1) << 31)

static uint64_t
page_up(uint64_t a)
{
	return (a + PAGE_4K_MASK) & ~PAGE_4K_MASK;
}

void
space_init(struct space *space, struct gmem *mem, uint64_t brk, uint64_t top)
{
	*space = (struct space){
		.mem = mem,
		.brk_start = brk,
		.brk = brk,
		.top = top,
		.full = top,
		.limit = mem->size,
	};
}

uint64_t
space_bits(unsigned prot)
{
	uint64_t bits = PTE_TAKEN | PTE_USER;

	if (prot & (PROT_READ | PROT_WRITE | PROT_EXEC))
		bits |= PTE_PRESENT;
	if (prot & PROT_WRITE)
		bits |= PTE_WRITE;
	if (!(prot & PROT_EXEC))
		bits |= PTE_NX;
	return bits;
}

/* Can, or could, a page with such bits be filled?  A file's pages are the
 * host's until they are written to, and those of a shared mapping for ever. */
static bool
counts(uint64_t bits)
{
	bool own = !(bits & PTE_FILE) ||
		   ((bits & PTE_WRITE) && !(bits & PTE_SHARED));

	return (bits & PTE_CHARGED) || ((bits & PTE_PRESENT) && own);
}

/* How much of [va, va + len) counts already. */
static uint64_t
charged(const struct space *space, uint64_t va, uint64_t len)
{
	uint64_t end = va + len;
	uint64_t stop, bits, sum = 0;

	for (; va < end; va = stop) {
		stop = pt_run(&space->mem->pt, va, end, PTE_CHARGED, &bits);
		sum += bits ? stop - va : 0;
	}
	return sum;
}

void
space_take(struct space *space, uint64_t va, uint64_t len, uint64_t bits)
{
	if (counts(bits))
		bits |= PTE_CHARGED;
	space->used -= charged(space, va, len);
	space->used += bits & PTE_CHARGED ? len : 0;
	pt_map(&space->mem->pt, va, va, len, bits);
	/* Now, before what was there is dropped: see gmem_settle(). */
	if (!bits)
		space->mem->unmaps++;
}

/* Whole pages of [SPACE_MIN, RAM), from an address and a byte count that the
 * guest chose.  `len` grows to whole pages. */
static bool
valid_range(const struct space *space, uint64_t addr, uint64_t *len)
{
	uint64_t size = space->mem->size;

	if ((addr & PAGE_4K_MASK) || addr < SPACE_MIN || addr >= size ||
	    *len > size - addr)
		return false;
	*len = page_up(*len);
	return true;
}

/* The end of the highest taken page in [va, end), or va if none is. */
static uint64_t
taken_end(const struct space *space, uint64_t va, uint64_t end)
{
	uint64_t page;

	while (end > va) {
		if (pt_lookup(&space->mem->pt, end - 1, &page))
			return end;
		end = (end - 1) & ~(page - 1);
	}
	return va;
}

bool
space_is_taken(const struct space *space, uint64_t va, uint64_t len)
{
	uint64_t bits, end;

	if (va >= space->mem->size || len > space->mem->size - va)
		return len == 0;
	end = len == 0
		  ? va
		  : pt_run(&space->mem->pt, va, va + len, PTE_TAKEN, &bits);
	return end == va + len && (len == 0 || bits);
}

static bool
is_free(const struct space *space, uint64_t va, uint64_t len)
{
	return taken_end(space, va, va + len) == va;
}

/* Of the page that ends at `end`: where its (large) page starts. */
static uint64_t
page_start(const struct space *space, uint64_t end)
{
	uint64_t page;

	pt_lookup(&space->mem->pt, end - 1, &page);
	return (end - 1) & ~(page - 1);
}

/*
 * The highest free place for `len` bytes below top, or below `limit`; 0 if
 * there is none.  What can hold large pages is aligned for them.
 */
static uint64_t
find_free(const struct space *space, uint64_t len, uint64_t limit)
{
	uint64_t align = len >= PAGE_2M ? PAGE_2M : PAGE_4K;
	uint64_t floor = page_up(space->brk);
	uint64_t end = space->full < limit ? space->full : limit;

	while (end > floor && len <= end - floor) {
		uint64_t start = (end - len) & ~(align - 1);
		uint64_t taken;

		if (start < floor)
			return 0;
		taken = taken_end(space, start, start + len);
		if (taken == start)
			return start;
		end = page_start(space, taken);
	}
	return 0;
}

/* How much more may count. */
static uint64_t
room(const struct space *space)
{
	return space->used < space->limit ? space->limit - space->used : 0;
}

/*
 * What has rights must be there and, if it counts, within the limit, of which
 * `spare` bytes will be given back; addresses alone need nothing.
 */
static int
provide(const struct space *space, uint64_t va, uint64_t len, uint64_t bits,
    uint64_t spare)
{
	const uint64_t most = room(space) + spare;

	if (counts(bits) && len > most && len - charged(space, va, len) > most)
		return -ENOMEM;
	return bits & PTE_PRESENT ? gmem_provide(space->mem, va, len) : 0;
}

/* Pages that were free are taken, what is behind them being there. */
static void
fill_small(struct space *space, uint64_t va, uint64_t len, uint64_t bits)
{
	if (va + len == space->full)
		space->full = va;
	space_take(space, va, len, bits);
}

/* The same; much memory at once may be backed by large pages, for all of it
 * counts. */
static void
fill(struct space *space, uint64_t va, uint64_t len, uint64_t bits)
{
	const uint64_t need = PTE_PRESENT | PTE_WRITE;

	if (len >= PAGE_2M && (bits & (need | PTE_FILE)) == need) {
		bits |= PTE_HUGE;
		(void)gmem_let_huge(space->mem, va, len, true);
	}
	fill_small(space, va, len, bits);
}

/* [va, end) is free: who looks for room will look there. */
static void
show_hole(struct space *space, uint64_t va, uint64_t end)
{
	if (va < space->top && end > space->full)
		space->full = end < space->top ? end : space->top;
}

/*
 * Give pages back: nothing is mapped there, and it is zero again.  First the
 * guest must not reach them any more, then the host forgets them; where that
 * fails, they are as they were.
 */
static int
unmap(struct space *space, uint64_t va, uint64_t len)
{
	const uint64_t end = va + len;
	uint64_t stop, bits;
	int r = 0;

	for (; va < end && r == 0; va = stop) {
		stop = pt_run(&space->mem->pt, va, end, PTE_BITS, &bits);
		if (!bits)
			continue;
		if (bits & PTE_HUGE)
			r = gmem_let_huge(space->mem, va, stop - va, false);
		if (r < 0)
			break;
		space_take(space, va, stop - va, 0);
		r = bits & PTE_FILE ? gmem_release(space->mem, va, stop - va)
				    : gmem_discard(space->mem, va, stop - va);
		if (r < 0)
			space_take(space, va, stop - va, bits);
		else
			show_hole(space, va, stop);
	}
	return r;
}

int64_t
space_brk(struct space *space, uint64_t addr)
{
	const uint64_t bits = space_bits(PROT_READ | PROT_WRITE);
	uint64_t old = page_up(space->brk);
	uint64_t new;

	if (addr < space->brk_start || addr > space->top)
		return (int64_t)space->brk;
	new = page_up(addr);
	if (new > old) {
		if (!is_free(space, old, new - old) ||
		    provide(space, old, new - old, bits, 0) < 0)
			return (int64_t)space->brk;
		fill(space, old, new - old, bits);
	} else if (new < old && unmap(space, new, old - new) < 0) {
		return (int64_t)space->brk;
	}
	space->brk = addr;
	return (int64_t)addr;
}

static bool
writable_and_executable(unsigned prot)
{
	return (prot & PROT_WRITE) && (prot & PROT_EXEC);
}

/* Where a mapping shall be, though others may be there, or -errno. */
static int64_t
place_fixed(
    const struct space *space, uint64_t addr, uint64_t len, unsigned flags)
{
	if (addr < SPACE_MIN)
		return -EPERM;
	if (addr & PAGE_4K_MASK)
		return -EINVAL;
	if (!valid_range(space, addr, &len))
		return -ENOMEM;
	if ((flags & MAP_FIXED_NOREPLACE) && !is_free(space, addr, len))
		return -EEXIST;
	return (int64_t)addr;
}

static int64_t
place(const struct space *space, uint64_t addr, uint64_t len, unsigned flags)
{
	uint64_t limit = flags & MAP_32BIT ? LOW_END : UINT64_MAX;
	uint64_t at = addr & ~PAGE_4K_MASK;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return place_fixed(space, addr, len, flags);
	/* An address is a hint: honoured where memory is free. */
	if (at == 0 || !valid_range(space, at, &len) || at + len > limit ||
	    !is_free(space, at, len))
		at = find_free(space, page_up(len), limit);
	return at == 0 ? -ENOMEM : (int64_t)at;
}

/* The PTE_BACKING bits of a mapping. */
static uint64_t
backing(unsigned flags, const struct space_file *file)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;

	return (file ? PTE_FILE : 0) | (shared ? PTE_SHARED : 0) |
	       (file && shared && !file->writable ? PTE_NEVER_WRITE : 0);
}

int64_t
space_mmap(struct space *space, uint64_t addr, uint64_t len, unsigned prot,
    unsigned flags, const struct space_file *file)
{
	uint64_t bits = space_bits(prot) | backing(flags, file);
	int64_t at;
	int r;

	if (len == 0)
		return -EINVAL;
	if (len > space->mem->size)
		return -ENOMEM;
	if (writable_and_executable(prot) ||
	    ((prot & PROT_WRITE) && (bits & PTE_NEVER_WRITE)))
		return -EACCES;
	at = place(space, addr, len, flags);
	if (at < 0)
		return at;
	len = page_up(len);
	r = provide(space, (uint64_t)at, len, bits, 0);
	if (r == 0 && (flags & MAP_FIXED))
		r = unmap(space, (uint64_t)at, len);
	if (r == 0 && file)
		r = gmem_map_file(space->mem, (uint64_t)at, len, file->fd,
		    file->offset, bits);
	if (r < 0)
		return r;
	/* Of a stack the end is touched, and seldom the rest. */
	if (flags & MAP_STACK)
		fill_small(space, (uint64_t)at, len, bits);
	else
		fill(space, (uint64_t)at, len, bits);
	return at;
}

int
space_munmap(struct space *space, uint64_t addr, uint64_t len)
{
	uint64_t end;

	if (len == 0 || (addr & PAGE_4K_MASK) || addr >= SPACE_END ||
	    len > SPACE_END - addr)
		return -EINVAL;
	/* Where no memory is, there is nothing to unmap. */
	end = addr + page_up(len);
	if (addr < SPACE_MIN)
		addr = SPACE_MIN;
	if (end > space->mem->size)
		end = space->mem->size;
	return addr < end ? unmap(space, addr, end - addr) : 0;
}

/* What an entry allows that `bits` would not. */
static bool
loses_rights(uint64_t entry, uint64_t bits)
{
	if (!(entry & PTE_PRESENT))
		return false;
	return (entry & ~bits & (PTE_PRESENT | PTE_WRITE)) ||
	       (bits & ~entry & PTE_NX);
}

/* What stays of a page whose rights change. */
#define PTE_STAYS (PTE_BACKING | PTE_CHARGED | PTE_HUGE)

/*
 * May all of [va, end) have the rights in `bits`?  *loses: some have more;
 * *more: how much will count that does not yet.
 */
static int
may_protect(const struct space *space, uint64_t va, uint64_t end, uint64_t bits,
    bool *loses, uint64_t *more)
{
	uint64_t entry, stop;

	*loses = false;
	for (*more = 0; va < end; va = stop) {
		stop = pt_run(&space->mem->pt, va, end, PTE_BITS, &entry);
		if (!entry)
			return -ENOMEM;
		if ((bits & PTE_WRITE) && (entry & PTE_NEVER_WRITE))
			return -EACCES;
		*loses = *loses || loses_rights(entry, bits);
		if (counts(bits | (entry & PTE_BACKING)) &&
		    !(entry & PTE_CHARGED))
			*more += stop - va;
	}
	return 0;
}

int
space_mprotect(struct space *space, uint64_t addr, uint64_t len, unsigned prot)
{
	uint64_t bits = space_bits(prot);
	uint64_t va, end, entry, more;
	bool loses;
	int r;

	if ((addr & PAGE_4K_MASK) || (prot & ~PROT_KNOWN))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!valid_range(space, addr, &len))
		return -ENOMEM;
	if (writable_and_executable(prot))
		return -EACCES;
	r = may_protect(space, addr, addr + len, bits, &loses, &more);
	if (r == 0 && more > room(space))
		return -ENOMEM;
	if (r == 0 && (bits & PTE_PRESENT))
		r = gmem_provide(space->mem, addr, len);
	if (r < 0)
		return r;
	for (va = addr; va < addr + len; va = end) {
		end = pt_run(
		    &space->mem->pt, va, addr + len, PTE_STAYS, &entry);
		space_take(space, va, end - va, bits | entry);
	}
	return loses ? gmem_flush(space->mem, addr, len) : 0;
}

/* A mapping on its way from one place or size to another, in whole pages. */
struct remap {
	uint64_t from, old_len;
	uint64_t to, new_len;
	uint64_t bits; /* the same for all of it */
};

static int
move(struct space *space, const struct remap *m)
{
	struct gmem *mem = space->mem;
	uint64_t len = m->old_len < m->new_len ? m->old_len : m->new_len;
	uint64_t spare = m->to == m->from ? 0 : charged(space, m->from, len);
	int r = provide(space, m->to, m->new_len, m->bits, spare);

	/* The host's mapping may come along, and what stays is free. */
	if (r == 0 && !(m->bits & PTE_FILE))
		r = gmem_let_huge(mem, m->from, len, false);
	if (r < 0)
		return r;
	space_take(space, m->from, len, 0);
	if (m->bits & PTE_FILE)
		r = gmem_grow_file(mem, m->from, m->to, len, m->new_len);
	else
		r = gmem_move(mem, m->from, m->to, len, m->bits);
	if (r < 0) {
		space_take(space, m->from, len, m->bits);
		return r;
	}
	fill(space, m->to, m->new_len, m->bits);
	show_hole(space, m->from, m->from + len);
	return 0;
}

/* Larger, where it is. */
static int
grow(struct space *space, struct remap *m)
{
	uint64_t end = m->from + m->old_len;
	int r;

	m->to = m->from;
	if (m->bits & PTE_FILE)
		return move(space, m);
	r = provide(space, end, m->new_len - m->old_len, m->bits, 0);
	if (r < 0)
		return r;
	fill(space, end, m->new_len - m->old_len, m->bits);
	return 0;
}

static bool
can_grow(const struct space *space, const struct remap *m)
{
	uint64_t end = m->from + m->old_len;
	uint64_t more = m->new_len - m->old_len;

	return end <= space->top && more <= space->top - end &&
	       is_free(space, end, more);
}

static bool
apart(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a >= b + b_len || b >= a + a_len;
}

/* MREMAP_FIXED: what is in the way goes first. */
static int
clear_way(struct space *space, struct remap *m, uint64_t to)
{
	uint64_t len = m->new_len;

	if (!valid_range(space, to, &len) ||
	    !apart(m->from, m->old_len, to, m->new_len))
		return -EINVAL;
	m->to = to;
	return unmap(space, to, m->new_len);
}

/* The pages to be moved: all of one kind, as those of one mapping are.  If one
 * counts, all will. */
static int
look(const struct space *space, struct remap *m)
{
	const uint64_t kind = PTE_BITS & ~(PTE_CHARGED | PTE_HUGE);
	uint64_t end = m->from + m->old_len;

	if (m->old_len == 0)
		return -EINVAL;
	if (pt_run(&space->mem->pt, m->from, end, kind, &m->bits) < end ||
	    !m->bits)
		return -EFAULT;
	if (charged(space, m->from, m->old_len))
		m->bits |= PTE_CHARGED;
	return 0;
}

static int64_t
resize(struct space *space, struct remap *m, unsigned flags)
{
	int r = look(space, m);

	if (r < 0)
		return r;
	if (can_grow(space, m)) {
		r = grow(space, m);
		if (r == 0)
			return (int64_t)m->from;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	m->to = find_free(space, m->new_len, UINT64_MAX);
	if (m->to == 0)
		return -ENOMEM;
	r = move(space, m);
	return r < 0 ? r : (int64_t)m->to;
}

int64_t
space_mremap(struct space *space, uint64_t addr, uint64_t old_len,
    uint64_t new_len, unsigned flags, uint64_t new_addr)
{
	struct remap m = { .from = addr, .old_len = page_up(old_len) };
	int r = 0;

	/* MREMAP_DONTUNMAP, too, is none that is known. */
	if ((flags & ~(unsigned)(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
	    flags == MREMAP_FIXED || (addr & PAGE_4K_MASK) || new_len == 0)
		return -EINVAL;
	if (new_len > space->mem->size)
		return flags & MREMAP_FIXED ? -EINVAL : -ENOMEM;
	m.new_len = page_up(new_len);
	if (!valid_range(space, addr, &old_len))
		return -EFAULT;
	if (flags & MREMAP_FIXED)
		r = clear_way(space, &m, new_addr);
	if (r == 0 && m.new_len < m.old_len) {
		r = unmap(space, addr + m.new_len, m.old_len - m.new_len);
		m.old_len = m.new_len;
	}
	if (r < 0)
		return r;
	if (!(flags & MREMAP_FIXED))
		return m.new_len > m.old_len || m.old_len == 0
			   ? resize(space, &m, flags)
		       : space_is_taken(space, addr, m.new_len) ? (int64_t)addr
								: -EFAULT;
	r = look(space, &m);
	if (r == 0)
		r = move(space, &m);
	return r < 0 ? r : (int64_t)m.to;
}
