/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * brk, mmap, munmap, mprotect, mremap over the page tables.  Nothing here may
 * know which hypercall asks.
 */
#include "mem/space.h"

#include "mem/charge.h"
#include "mem/mapping.h"

#include <errno.h>
#include <stdbool.h>

/* 0x8 is PROT_SEM, which has no effect, as on x86 Linux. */
#define PROT_KNOWN ((unsigned)(PROT_READ | PROT_WRITE | PROT_EXEC | 0x8))

/* MAP_32BIT asks for addresses below this. */
#define LOW_END (UINT64_C(1) << 31)

/* Are `bytes` within `room`?  If not, that is noted. */
static bool
fits(struct space *space, uint64_t bytes, uint64_t room)
{
	if (bytes <= room)
		return true;
	space->lacked = bytes - room;
	return false;
}

/* Give [va, end) those of its pages that wait, or count what that takes. */
static uint64_t
fill_waiting(struct space *space, uint64_t va, uint64_t end, bool give)
{
	struct pagetable *pt = &space->mem->pt;
	uint64_t more = 0, entry, size;

	for (; va < end; va += PAGE_4K) {
		entry = pt_lookup(pt, va, &size);
		if (!pte_waits(entry))
			continue;
		more += entry & PTE_CHARGED ? 0 : PAGE_4K;
		if (give)
			pt_map(pt, va, va, PAGE_4K,
			    pte_filled(entry, PTE_CHARGED));
	}
	return more;
}

/* A page waits no more: give it memory, and what waits of its piece, or the
 * page alone if memory is short. */
static int
fill_piece(struct gmem *mem, uint64_t va)
{
	struct space *space = mem->filler;
	uint64_t from = va & ~(SPACE_PIECE - 1), end = from + SPACE_PIECE;
	uint64_t more;

	va = page_down(va);
	if (va >= space->stack && va < space->stack_floor)
		return -EFAULT;
	if (va >= space->stack && from < space->stack_floor)
		from = space->stack_floor;
	if (end > mem->size)
		end = mem->size;
	more = fill_waiting(space, from, end, false);
	if (more > charge_room(space)) {
		from = va;
		end = va + PAGE_4K;
		more = fill_waiting(space, from, end, false);
	}
	if (!fits(space, more, charge_room(space)))
		return -ENOMEM;
	(void)fill_waiting(space, from, end, true);
	space->used += more;
	return 0;
}

void
space_init(struct space *space, struct gmem *mem, uint64_t brk, uint64_t top)
{
	mem->fill = fill_piece;
	mem->filler = space;
	*space = (struct space){
		.mem = mem,
		.brk_start = brk,
		.brk = brk,
		.top = top,
		.full = top,
		.limit = mem->size,
		.stack = mem->size,
	};
}

void
space_take_stack(struct space *space)
{
	const uint64_t bits = space_bits(PROT_READ | PROT_WRITE) | PTE_CHARGED;

	space_take(space, space->stack, space->mem->size - space->stack,
	    bits | (space->eager ? 0 : PTE_LAZY));
}

int
space_reserve(struct space *space, uint64_t bytes)
{
	if (!fits(space, bytes, charge_room(space)))
		return -ENOMEM;
	space->used += bytes;
	return 0;
}

void
space_give_back(struct space *space, uint64_t bytes)
{
	space->used -= bytes;
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

void
space_take(struct space *space, uint64_t va, uint64_t len, uint64_t bits)
{
	if (len == 0)
		return;
	if (charge_counts(bits))
		bits |= PTE_CHARGED;
	if (bits && va + len == space->full)
		space->full = va;
	space->used -= charge_weigh(space, va, len);
	pt_map(&space->mem->pt, va, va, len, bits);
	space->used += charge_weigh(space, va, len);
	if (!bits)
		gmem_note_unmap(space->mem, va, len);
}

uint64_t
space_fill(struct space *space, uint64_t va, uint64_t len)
{
	const uint64_t size = space->mem->size;
	const uint64_t end = va < size && len < size - va ? va + len : size;
	uint64_t at, entry, page;

	for (at = page_down(va); at < end; at += PAGE_4K) {
		entry = pt_lookup(&space->mem->pt, at, &page);
		if (!(entry & PTE_TAKEN) || (entry & (PTE_CHARGED | PTE_FILE)))
			continue;
		if (charge_room(space) < PAGE_4K)
			return at > va ? at - va : 0;
		space_take(space, at, PAGE_4K,
		    (pte_rights(entry) & PTE_BITS) | PTE_CHARGED);
	}
	return len;
}

int
space_let_huge(struct space *space, uint64_t va, uint64_t len, uint64_t bits)
{
	uint64_t end = (va + len) & ~PAGE_2M_MASK;
	int r;

	va = (va + PAGE_2M_MASK) & ~PAGE_2M_MASK;
	if (va >= end)
		return 0;
	r = gmem_let_huge(space->mem, va, end - va, true);
	if (r == 0)
		space_take(space, va, end - va, bits | PTE_HUGE);
	return r;
}

/* Does an address and a byte count from the guest name pages of
 * [SPACE_MIN, RAM)?  `len` is rounded up to whole pages. */
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

/* The end of the highest taken page in [va, end), or va if none is taken. */
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

bool
space_is_free(const struct space *space, uint64_t va, uint64_t len)
{
	return taken_end(space, va, va + len) == va;
}

/* Where the (large) page starts that ends at `end`. */
static uint64_t
page_start(const struct space *space, uint64_t end)
{
	uint64_t page;

	pt_lookup(&space->mem->pt, end - 1, &page);
	return (end - 1) & ~(page - 1);
}

/* The highest free place for `len` bytes in [floor, end), or 0.  A place that
 * can hold large pages is aligned for them. */
static uint64_t
find_between(
    const struct space *space, uint64_t len, uint64_t floor, uint64_t end)
{
	uint64_t align = len >= PAGE_2M ? PAGE_2M : PAGE_4K;

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

static uint64_t
lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The highest free place for `len` bytes below `limit`, or 0: between break and
 * top, or else below the image. */
static uint64_t
find_free(const struct space *space, uint64_t len, uint64_t limit)
{
	uint64_t at = find_between(
	    space, len, page_up(space->brk), lesser(space->full, limit));

	return at ? at
		  : find_between(
			space, len, SPACE_LOWEST, lesser(space->low, limit));
}

uint64_t
space_find(const struct space *space, uint64_t len, uint64_t align)
{
	uint64_t at = align < space->top && len < space->top
			  ? find_free(space, len + align - PAGE_4K, UINT64_MAX)
			  : 0;

	return (at + align - 1) & ~(align - 1);
}

/*
 * Pages with rights must be accessible and, if they count, within the limit,
 * to which `spare` bytes will be given back; addresses alone need nothing.
 */
static int
provide(struct space *space, uint64_t va, uint64_t len, uint64_t bits,
    uint64_t spare)
{
	const uint64_t most = charge_room(space) + spare;

	if (charge_counts(bits) && len > most &&
	    !fits(space, len, most + charge_freed(space, va, len)))
		return -ENOMEM;
	return bits & PTE_PRESENT ? gmem_provide(space->mem, va, len) : 0;
}

/* Take free pages whose backing is in place, and let the host use large pages,
 * if all of the memory counts. */
static void
fill(struct space *space, uint64_t va, uint64_t len, uint64_t bits)
{
	const uint64_t need = PTE_PRESENT | PTE_WRITE;
	const uint64_t small = bits & ~PTE_HUGE;

	space_take(space, va, len, small);
	if (bits & PTE_LAZY)
		return;
	if (small != bits || (bits & (need | PTE_FILE)) == need)
		(void)space_let_huge(space, va, len, small | PTE_CHARGED);
}

/* [va, end) is free: let find_free() search there. */
static void
show_hole(struct space *space, uint64_t va, uint64_t end)
{
	if (va < space->top && end > space->full)
		space->full = end < space->top ? end : space->top;
}

/*
 * Give pages back, after which they are free and zero.  First the guest loses
 * access, then the host discards them; if that fails, they are mapped again.
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
		if (gmem_is_over(space->mem))
			return -EINTR;
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

	if (addr < space->brk_start)
		return (int64_t)space->brk;
	if (addr > space->top) {
		(void)fits(space, addr - space->brk, charge_room(space));
		return (int64_t)space->brk;
	}
	new = page_up(addr);
	if (new > old) {
		if (!space_is_free(space, old, new - old) ||
		    provide(space, old, new - old, bits, 0) < 0)
			return (int64_t)space->brk;
		fill(space, old, new - old, bits);
	} else if (new < old && unmap(space, new, old - new) < 0) {
		return (int64_t)space->brk;
	}
	space->brk = addr;
	return (int64_t)addr;
}

/* Are the rights more than a page may have?  If so, that is noted. */
static bool
exceeds_rights(struct space *space, unsigned prot)
{
	if (!(prot & PROT_WRITE) || !(prot & PROT_EXEC) || space->jit)
		return false;
	space->jit_refused = true;
	return true;
}

/* The address of a fixed mapping, which may replace others, or -errno. */
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
	if ((flags & MAP_FIXED_NOREPLACE) && !space_is_free(space, addr, len))
		return -EEXIST;
	return (int64_t)addr;
}

static int64_t
choose_place(
    const struct space *space, uint64_t addr, uint64_t len, unsigned flags)
{
	uint64_t limit = flags & MAP_32BIT ? LOW_END : UINT64_MAX;
	uint64_t at = page_down(addr);

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return place_fixed(space, addr, len, flags);
	/* The address is a hint, honoured where memory is free. */
	if (at == 0 || !valid_range(space, at, &len) || at + len > limit ||
	    !space_is_free(space, at, len))
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

/* PTE_LAZY for a mapping of which little may ever be used. */
static uint64_t
laziness(
    const struct space *space, unsigned flags, const struct space_file *file)
{
	bool sparse = flags & (MAP_STACK | MAP_NORESERVE);

	return sparse && !file && (flags & MAP_TYPE) == MAP_PRIVATE &&
		       !space->eager
		   ? PTE_LAZY
		   : 0;
}

int64_t
space_mmap(struct space *space, uint64_t addr, uint64_t len, unsigned prot,
    unsigned flags, const struct space_file *file)
{
	uint64_t bits = space_bits(prot) | backing(flags, file) |
			laziness(space, flags, file);
	int64_t at;
	int r;

	if (len == 0)
		return -EINVAL;
	if (len > space->mem->size) {
		if (charge_counts(bits))
			(void)fits(space, len, charge_room(space));
		return -ENOMEM;
	}
	if (exceeds_rights(space, prot) ||
	    ((prot & PROT_WRITE) && (bits & PTE_NEVER_WRITE)))
		return -EACCES;
	at = choose_place(space, addr, len, flags);
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
	/* The end of a stack is touched, and seldom the rest. */
	if (flags & MAP_STACK)
		space_take(space, (uint64_t)at, len, bits);
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
	/* Outside RAM nothing is mapped. */
	end = addr + page_up(len);
	if (addr < SPACE_MIN)
		addr = SPACE_MIN;
	if (end > space->mem->size)
		end = space->mem->size;
	return addr < end ? unmap(space, addr, end - addr) : 0;
}

/* Does an entry allow what `bits` would not? */
static bool
loses_rights(uint64_t entry, uint64_t bits)
{
	/* No processor has seen a page that waits. */
	if (!(entry & PTE_PRESENT) || (entry & PTE_LAZY))
		return false;
	return (entry & ~bits & (PTE_PRESENT | PTE_WRITE)) ||
	       (bits & ~entry & PTE_NX);
}

/* The bits that a page keeps when its rights change. */
#define PTE_STAYS                                                     \
	(PTE_BACKING | PTE_CHARGED | PTE_HUGE | PTE_KEPT | PTE_LAZY | \
	    PTE_COPIED)

/*
 * May all of [va, end) have the rights in `bits`?  Sets *loses if a page has
 * more, and *more to the bytes that will count and do not yet.
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
		if (charge_counts(bits | (entry & (PTE_BACKING | PTE_LAZY))) &&
		    !(entry & PTE_CHARGED))
			*more += stop - va;
	}
	return 0;
}

static void
set_rights(struct space *space, uint64_t va, uint64_t end, uint64_t bits)
{
	uint64_t stop, entry;

	for (; va < end; va = stop) {
		stop = pt_run(&space->mem->pt, va, end, PTE_STAYS, &entry);
		space_take(space, va, stop - va, bits | entry);
	}
}

int
space_mprotect(struct space *space, uint64_t addr, uint64_t len, unsigned prot)
{
	uint64_t bits = space_bits(prot);
	uint64_t more;
	bool loses;
	int r;

	if ((addr & PAGE_4K_MASK) || (prot & ~PROT_KNOWN))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!valid_range(space, addr, &len))
		return -ENOMEM;
	if (exceeds_rights(space, prot))
		return -EACCES;
	r = may_protect(space, addr, addr + len, bits, &loses, &more);
	if (r == 0 && !fits(space, more, charge_room(space)))
		return -ENOMEM;
	if (r == 0 && (bits & PTE_PRESENT))
		r = gmem_provide(space->mem, addr, len);
	if (r == 0 && loses)
		r = gmem_flush_begin(space->mem, addr, len);
	if (r < 0)
		return r;
	set_rights(space, addr, addr + len, bits);
	return loses ? gmem_flush_end(space->mem, addr, len) : 0;
}

void
space_copied(struct space *space, uint64_t va, uint64_t len)
{
	const uint64_t end = va + page_up(len);
	uint64_t stop, bits;

	for (; va < end; va = stop) {
		stop = pt_run(&space->mem->pt, va, end, PTE_BITS, &bits);
		space_take(space, va, stop - va, bits | PTE_COPIED);
	}
}

bool
space_holds(
    const struct space *space, uint64_t va, uint64_t len, uint64_t wanted)
{
	uint64_t end = va + page_up(len), bits;

	if (end > space->mem->size)
		end = space->mem->size;
	for (va = page_down(va); va < end;) {
		va = pt_run(&space->mem->pt, va, end, wanted, &bits);
		if ((bits & wanted) == wanted)
			return true;
	}
	return false;
}

/* A mapping that changes its place or size, in whole pages. */
struct remap {
	uint64_t from, old_len;
	uint64_t to, new_len;
	uint64_t bits; /* the same for all of it */
};

/* Is every block of [va, end) marked PTE_HUGE as a whole, or not at all? */
static bool
blocks_are_whole(const struct space *space, uint64_t va, uint64_t end)
{
	uint64_t bits;

	for (; va < end; va += PAGE_2M)
		if (pt_run(&space->mem->pt, va, va + PAGE_2M, PTE_HUGE, &bits) <
		    va + PAGE_2M)
			return false;
	return true;
}

/*
 * Whole blocks move as they are, if they stay blocks: so a large page of the
 * host is never in two of them, nor where nothing counts for it.  The rest is
 * copied.
 */
static int
move_memory(struct space *space, uint64_t from, uint64_t to, uint64_t len,
    uint64_t lo, uint64_t hi)
{
	const struct gmem *mem = space->mem;
	const uint64_t end = from + len, shift = to - from;
	int r;

	if (lo >= hi)
		return gmem_move_bytes(mem, from, to, len);
	r = gmem_move_bytes(mem, from, to, lo - from);
	if (r == 0)
		r = gmem_move(mem, lo, lo + shift, hi - lo);
	if (r == 0)
		r = gmem_move_bytes(mem, hi, hi + shift, end - hi);
	return r;
}

static int
move_anonymous(struct space *space, const struct remap *m, uint64_t len)
{
	uint64_t lo = (m->from + PAGE_2M_MASK) & ~PAGE_2M_MASK;
	uint64_t hi = (m->from + len) & ~PAGE_2M_MASK;
	int r = gmem_let_huge(space->mem, m->from, len, false);

	if (r < 0)
		return r;
	if (((m->from ^ m->to) & PAGE_2M_MASK) ||
	    !blocks_are_whole(space, lo, hi))
		hi = lo;
	space_take(space, m->from, len, 0);
	return move_memory(space, m->from, m->to, len, lo, hi);
}

static int
move_file(struct space *space, const struct remap *m, uint64_t len)
{
	space_take(space, m->from, len, 0);
	return gmem_grow_file(space->mem, m->from, m->to, len, m->new_len);
}

static int
move(struct space *space, const struct remap *m)
{
	uint64_t len = m->old_len < m->new_len ? m->old_len : m->new_len;
	uint64_t spare = m->to == m->from ? 0
					  : charge_freed(space, m->from, len);
	int r = provide(space, m->to, m->new_len, m->bits, spare);

	if (r < 0)
		return r;
	r = m->bits & PTE_FILE ? move_file(space, m, len)
			       : move_anonymous(space, m, len);
	if (r < 0) {
		space_take(space, m->from, len, m->bits & ~PTE_HUGE);
		return r;
	}
	fill(space, m->to, m->new_len, m->bits);
	show_hole(space, m->from, m->from + len);
	return 0;
}

/* Let a mapping grow in place. */
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
	       space_is_free(space, end, more);
}

static bool
apart(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a >= b + b_len || b >= a + a_len;
}

/* MREMAP_FIXED: first unmap what is in the way. */
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

static bool
has_huge(const struct space *space, uint64_t va, uint64_t end)
{
	uint64_t bits;

	return pt_run(&space->mem->pt, va, end, PTE_HUGE, &bits) < end || bits;
}

/* Do all pages of [va, end) wait for their first use, or would with rights? */
static bool
are_lazy(const struct space *space, uint64_t va, uint64_t end)
{
	uint64_t bits;

	return pt_run(&space->mem->pt, va, end, PTE_LAZY, &bits) == end && bits;
}

/* Check that the pages to be moved are all of one kind, as those of one mapping
 * are.  If one counts, or may be large, all will. */
static int
check_moved(const struct space *space, struct remap *m)
{
	const uint64_t kind = PTE_BITS &
			      ~(PTE_CHARGED | PTE_HUGE | PTE_KEPT | PTE_LAZY);
	uint64_t end = m->from + m->old_len;

	if (m->old_len == 0)
		return -EINVAL;
	if (pt_run(&space->mem->pt, m->from, end, kind, &m->bits) < end ||
	    !m->bits)
		return -EFAULT;
	if (charge_pages(space, m->from, m->old_len))
		m->bits |= PTE_CHARGED;
	if (has_huge(space, m->from, end))
		m->bits |= PTE_HUGE;
	if (are_lazy(space, m->from, end))
		m->bits |= PTE_LAZY;
	return 0;
}

static int64_t
resize(struct space *space, struct remap *m, unsigned flags)
{
	int r = check_moved(space, m);

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

	/* MREMAP_DONTUNMAP is not known. */
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
	r = check_moved(space, &m);
	if (r == 0)
		r = move(space, &m);
	return r < 0 ? r : (int64_t)m.to;
}
