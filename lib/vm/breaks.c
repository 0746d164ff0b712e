/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints and watchpoints.  Nothing here may know threads.
 */
#include "vm/breaks.h"

#include "vm/sieveset.h"
#include "vm/x86.h"

#include <errno.h>
#include <string.h>

/* The longest watchpoint: it is read after each access to its pages. */
#define WATCH_LEN_MAX (UINT64_C(1) << 20)

/* Is the guest address mapped, with any protection, also PROT_NONE, and not to
 * a page that has all bits of `but`? */
static bool
is_mapped(const struct gmem *mem, uint64_t addr, uint64_t but)
{
	uint64_t page;
	uint64_t entry = pt_lookup(&mem->pt, addr, &page);

	return (entry & PTE_TAKEN) && addr < mem->size &&
	       !(but && (entry & but) == but);
}

/* The byte there, if there is one. */
static bool
peek(const struct gmem *mem, uint64_t addr, uint8_t *byte)
{
	return is_mapped(mem, addr, 0) &&
	       gmem_copy(byte, mem->base + addr, 1) == 1;
}

/* A breakpoint does not change a file that others share. */
static bool
can_poke(const struct gmem *mem, uint64_t addr)
{
	uint8_t byte;

	return is_mapped(mem, addr, PTE_FILE | PTE_SHARED) &&
	       peek(mem, addr, &byte);
}

/* Can a page still be mapped there? */
static bool
is_hole(const struct gmem *mem, uint64_t addr)
{
	return addr < mem->size && !is_mapped(mem, addr, 0);
}

static bool
poke(struct gmem *mem, uint64_t addr, uint8_t byte)
{
	return is_mapped(mem, addr, PTE_FILE | PTE_SHARED) &&
	       gmem_poke(mem, addr, &byte, 1);
}

bool
breaks_see_reads(const struct breaks *b)
{
	unsigned i;

	for (i = 0; i < b->watches; i++)
		if (b->watch[i].type != BREAKS_WRITE)
			return true;
	return false;
}

bool
breaks_has(const struct breaks *b, uint64_t addr)
{
	const struct breakpoint *bp = breakset_find(&b->set, addr);

	return bp && (bp->soft || bp->hard || bp->inner);
}

const struct breakpoint *
breaks_at(const struct breaks *b, uint64_t addr)
{
	const struct breakpoint *bp = breakset_find(&b->set, addr);

	return bp && bp->planted ? bp : NULL;
}

static bool
is_planted_hard(const struct breakpoint *bp)
{
	return bp->hard && bp->reg < 0;
}

/* Does it need an INT3? */
static bool
needs_int3(const struct breakpoint *bp)
{
	return bp->soft || bp->trace || bp->inner || is_planted_hard(bp);
}

static void
plant(struct breaks *b, struct breakpoint *bp)
{
	if (bp->planted || !needs_int3(bp) ||
	    !peek(b->mem, bp->addr, &bp->original))
		return;
	bp->planted = poke(b->mem, bp->addr, OPCODE_INT3);
}

/* A byte that is not INT3 any more was written by the guest, and stays.  False:
 * the guest has unmapped it. */
static bool
lift(struct breaks *b, struct breakpoint *bp)
{
	uint8_t byte = 0;
	bool there = !bp->planted || peek(b->mem, bp->addr, &byte);

	if (bp->planted && byte == OPCODE_INT3)
		(void)poke(b->mem, bp->addr, bp->original);
	bp->planted = false;
	return there;
}

void
breaks_plant(struct breaks *b, uint64_t addr)
{
	struct breakpoint *bp = breakset_find(&b->set, addr);

	if (bp)
		plant(b, bp);
}

void
breaks_lift(struct breaks *b, uint64_t addr)
{
	struct breakpoint *bp = breakset_find(&b->set, addr);

	if (bp)
		(void)lift(b, bp);
}

bool
breaks_waits_at(const struct breaks *b, uint64_t addr)
{
	const struct breakpoint *bp = breakset_find(&b->set, addr);

	return bp && is_planted_hard(bp) && !is_mapped(b->mem, addr, 0);
}

/* Code that the guest can execute: it cannot write there at the same time, so
 * what is planted stays until the next change of its mappings. */
static bool
is_code(const struct gmem *mem, uint64_t addr)
{
	uint64_t page;
	uint64_t rights = pte_rights(pt_lookup(&mem->pt, addr, &page));

	return (rights & PTE_PRESENT) && !(rights & PTE_NX);
}

void
breaks_settle(struct breaks *b)
{
	unsigned i;

	for (i = 0; b->settling > 0 && i < b->set.count; i++) {
		struct breakpoint *bp = &b->set.list[i];
		uint8_t byte = 0;

		if (!is_planted_hard(bp) || !is_code(b->mem, bp->addr))
			continue;
		if (!peek(b->mem, bp->addr, &byte) || byte != OPCODE_INT3)
			bp->planted = false;
		plant(b, bp);
	}
}

/*
 * Debug registers.  DR7: local enable, R/W and LEN of each, and the bits that
 * are always set or make data breakpoints exact (SDM vol. 3, 17.2.4).
 */
static int
take_register(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	static const unsigned rw[] = {
		[BREAKS_HARD] = 0,
		[BREAKS_WRITE] = 1,
		[BREAKS_ACCESS] = 3,
	};
	static const unsigned lens[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };
	unsigned i;

	if (!b->registers || type == BREAKS_READ || (len & (len - 1)) ||
	    len > 8 || (addr & (len - 1)))
		return -1;
	for (i = 0; i < DEBUG_REGS; i++) {
		if (b->dr7 >> (2 * i) & 1)
			continue;
		b->dr[i] = addr;
		b->dr7 |= UINT64_C(0x700) | UINT64_C(1) << (2 * i) |
			  (uint64_t)(rw[type] | lens[len] << 2) << (16 + 4 * i);
		return (int)i;
	}
	return -1;
}

static void
free_register(struct breaks *b, int reg)
{
	if (reg < 0)
		return;
	b->dr[reg] = 0;
	b->dr7 &= ~(UINT64_C(3) << (2 * reg) | UINT64_C(15) << (16 + 4 * reg));
	if (!(b->dr7 & 0xff))
		b->dr7 = 0;
}

/* Whether a breakpoint is one of this type also. */
static bool *
flag_of(struct breakpoint *bp, enum breaks_type type)
{
	return type == BREAKS_SOFT    ? &bp->soft
	       : type == BREAKS_HARD  ? &bp->hard
	       : type == BREAKS_INNER ? &bp->inner
				      : &bp->trace;
}

/* An INT3 and a debug register at one address would both be met, and one hit
 * would count twice: the INT3 does for both. */
static void
yield_register(struct breaks *b, struct breakpoint *bp)
{
	b->settling += bp->reg >= 0;
	free_register(b, bp->reg);
	bp->reg = -1;
}

static int
insert_breakpoint(struct breaks *b, enum breaks_type type, uint64_t addr)
{
	struct breakpoint *bp = breakset_find(&b->set, addr);
	int reg = -1;

	if (bp && *flag_of(bp, type))
		return 0;
	if (type == BREAKS_HARD && !bp && addr < b->mem->size)
		reg = take_register(b, BREAKS_HARD, addr, 1);
	if (reg < 0 && !can_poke(b->mem, addr) &&
	    (type != BREAKS_HARD || !is_hole(b->mem, addr)))
		return -EFAULT;
	if (!bp)
		bp = breakset_add(&b->set, addr);
	if (!bp) {
		free_register(b, reg);
		return -ENOSPC;
	}
	*flag_of(bp, type) = true;
	if (type == BREAKS_HARD) {
		bp->reg = (int8_t)reg;
		b->settling += reg < 0;
	} else {
		yield_register(b, bp);
	}
	plant(b, bp);
	return 0;
}

static int
remove_breakpoint(struct breaks *b, enum breaks_type type, uint64_t addr)
{
	struct breakpoint *bp = breakset_find(&b->set, addr);
	int r;

	if (!bp || !*flag_of(bp, type))
		return 0;
	*flag_of(bp, type) = false;
	if (type == BREAKS_HARD) {
		b->settling -= bp->reg < 0;
		free_register(b, bp->reg);
		bp->reg = -1;
	}
	if (needs_int3(bp))
		return 0;
	r = lift(b, bp) ? 0 : -EFAULT;
	if (!bp->hard)
		breakset_remove(&b->set, bp);
	return r;
}

/*
 * Pages.  The strictest watchpoint of a page decides: to see reads the page
 * must not be present, to see writes it must not be writable.
 */
static bool
overlaps_page(const struct watchpoint *w, uint64_t page)
{
	return w->addr < page + PAGE_4K && page < w->addr + w->len;
}

static uint64_t
withheld(const struct breaks *b, uint64_t page)
{
	uint64_t bits = 0;
	unsigned i;

	for (i = 0; i < b->watches; i++) {
		const struct watchpoint *w = &b->watch[i];

		if (w->reg >= 0 || !overlaps_page(w, page))
			continue;
		bits |= PTE_WRITE;
		if (w->type != BREAKS_WRITE)
			bits |= PTE_PRESENT;
	}
	return bits;
}

/* Give the page its rights without those in `hold`. */
static void
set_page(struct breaks *b, uint64_t page, uint64_t hold)
{
	uint64_t size, rights, bits;

	gmem_lock(b->mem);
	rights = pte_rights(pt_lookup(&b->mem->pt, page, &size)) & PTE_BITS;
	bits = rights & ~hold;
	if (!(rights & PTE_TAKEN) || page >= b->mem->size)
		goto out;
	if (rights & hold & PTE_PRESENT)
		bits |= PTE_HELD_PRESENT;
	if (rights & hold & PTE_WRITE)
		bits |= PTE_HELD_WRITE;
	pt_map(&b->mem->pt, page, page, PAGE_4K, bits);
	if (hold)
		gmem_flush(b->mem, page, PAGE_4K);
out:
	gmem_unlock(b->mem);
}

static void
protect(struct breaks *b, const struct watchpoint *w)
{
	uint64_t page = w->addr & ~PAGE_4K_MASK;

	for (; page < w->addr + w->len; page += PAGE_4K)
		set_page(b, page, withheld(b, page));
}

void
breaks_protect(struct breaks *b)
{
	unsigned i;

	for (i = 0; i < b->watches; i++)
		if (b->watch[i].reg < 0)
			protect(b, &b->watch[i]);
}

void
breaks_open_page(struct breaks *b, uint64_t addr)
{
	set_page(b, addr & ~PAGE_4K_MASK, 0);
}

bool
breaks_watched_page(const struct breaks *b, uint64_t addr, bool write)
{
	uint64_t size;
	uint64_t entry = pt_lookup(&b->mem->pt, addr, &size);
	uint64_t rights = pte_rights(entry);

	if (!(entry & (PTE_HELD_PRESENT | PTE_HELD_WRITE)))
		return false;
	return (rights & PTE_PRESENT) && (!write || (rights & PTE_WRITE));
}

/* FNV-1a of the watched bytes. */
static uint64_t
hash_of(const struct breaks *b, const struct watchpoint *w)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	uint64_t i;

	for (i = 0; i < w->len; i++) {
		uint8_t byte = 0;

		(void)peek(b->mem, w->addr + i, &byte);
		hash = (hash ^ byte) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static struct watchpoint *
find_watch(struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	unsigned i;

	for (i = 0; i < b->watches; i++) {
		struct watchpoint *w = &b->watch[i];

		if (w->type == type && w->addr == addr && w->len == len)
			return w;
	}
	return NULL;
}

static int
insert_watch(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	struct watchpoint *w;

	if (len == 0 || len > WATCH_LEN_MAX)
		return -EINVAL;
	if (addr >= b->mem->size || len > b->mem->size - addr)
		return -EFAULT;
	if (find_watch(b, type, addr, len))
		return 0;
	if (b->watches == WATCHES_MAX)
		return -ENOSPC;
	w = &b->watch[b->watches++];
	*w = (struct watchpoint){ .type = type, .addr = addr, .len = len };
	w->reg = take_register(b, type, addr, len);
	w->hash = hash_of(b, w);
	if (w->reg < 0)
		protect(b, w);
	return 0;
}

static void
remove_watch(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	struct watchpoint *w = find_watch(b, type, addr, len);
	struct watchpoint old;

	if (!w)
		return;
	old = *w;
	*w = b->watch[--b->watches];
	free_register(b, old.reg);
	if (old.reg < 0)
		protect(b, &old); /* by those that are left */
}

static bool
is_breakpoint(enum breaks_type type)
{
	return type == BREAKS_SOFT || type == BREAKS_HARD ||
	       type == BREAKS_TRACE || type == BREAKS_INNER;
}

int
breaks_insert(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	if (is_breakpoint(type))
		return insert_breakpoint(b, type, addr);
	if (type <= BREAKS_ACCESS)
		return insert_watch(b, type, addr, len);
	return -EINVAL;
}

int
breaks_remove(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	if (is_breakpoint(type))
		return remove_breakpoint(b, type, addr);
	if (type <= BREAKS_ACCESS)
		remove_watch(b, type, addr, len);
	else
		return -EINVAL;
	return 0;
}

void
breaks_clear(struct breaks *b)
{
	unsigned i;

	/* The last one takes the place of one that is removed. */
	for (i = b->set.count; i-- > 0;) {
		const uint64_t addr = b->set.list[i].addr;

		(void)remove_breakpoint(b, BREAKS_SOFT, addr);
		(void)remove_breakpoint(b, BREAKS_HARD, addr);
		(void)remove_breakpoint(b, BREAKS_INNER, addr);
	}
	while (b->watches > 0) {
		const struct watchpoint *w = &b->watch[b->watches - 1];

		remove_watch(b, w->type, w->addr, w->len);
	}
}

/* The next breakpoint that is planted in [addr, addr + len), from *i on: among
 * the bytes or among the breakpoints, whichever are fewer. */
static struct breakpoint *
next_planted(const struct breaks *b, size_t *i, uint64_t addr, size_t len)
{
	const struct breakset *set = &b->set;

	while (*i < len && *i < set->count) {
		const struct breakpoint *bp =
		    len < set->count ? breakset_find(set, addr + *i)
				     : &set->list[*i];

		++*i;
		if (bp && bp->planted && bp->addr - addr < len)
			return (struct breakpoint *)(uintptr_t)bp;
	}
	return NULL;
}

/* How many of the len bytes at addr are mapped, from the first on, to pages
 * that do not have all bits of `but`. */
static size_t
mapped(const struct breaks *b, uint64_t addr, size_t len, uint64_t but)
{
	size_t done = 0;

	while (done < len) {
		uint64_t at = addr + done;

		if (!is_mapped(b->mem, at, but))
			break;
		done += PAGE_4K - (at & PAGE_4K_MASK);
	}
	return done < len ? done : len;
}

/* A byte that is not INT3 any more was written by the guest. */
void
breaks_restore(const struct breaks *b, uint64_t addr, void *buf, size_t len)
{
	const struct breakpoint *bp;
	uint8_t *bytes = buf;
	size_t i = 0;

	if (b->sieves)
		sieves_restore(b->sieves, addr, buf, len);
	while ((bp = next_planted(b, &i, addr, len)))
		if (bytes[bp->addr - addr] == OPCODE_INT3)
			bytes[bp->addr - addr] = bp->original;
}

size_t
breaks_read(const struct breaks *b, uint64_t addr, void *buf, size_t len)
{
	len = mapped(b, addr, len, 0);
	if (len > 0)
		len = gmem_copy(buf, b->mem->base + addr, len);
	breaks_restore(b, addr, buf, len);
	return len;
}

size_t
breaks_view(
    const struct breaks *b, uint64_t addr, size_t len, const uint8_t **bytes)
{
	size_t i = 0;

	len = mapped(b, addr, len, PTE_FILE);
	if (len == 0 || (b->sieves && b->sieves->planted) ||
	    next_planted(b, &i, addr, len))
		return 0;
	*bytes = b->mem->base + addr;
	return len;
}

size_t
breaks_write(struct breaks *b, uint64_t addr, const void *buf, size_t len)
{
	struct breakpoint *bp;
	size_t i = 0;

	len = mapped(b, addr, len, PTE_NEVER_WRITE);
	gmem_keep(b->mem, addr, len);
	if (len > 0)
		len = gmem_copy(b->mem->base + addr, buf, len);
	while ((bp = next_planted(b, &i, addr, len))) {
		bp->original = ((const uint8_t *)buf)[bp->addr - addr];
		(void)poke(b->mem, bp->addr, OPCODE_INT3);
	}
	breaks_look(b);
	return len;
}

static bool
is_touched(const struct watchpoint *w, const struct breaks_access *access)
{
	return w->reg < 0 &&
	       (w->addr - access->addr < access->len ||
		   (access->len > 0 && access->addr - w->addr < w->len));
}

/* Have the bytes changed since they were last looked at? */
static bool
has_changed(const struct breaks *b, struct watchpoint *w)
{
	uint64_t hash = hash_of(b, w);
	bool changed = hash != w->hash;

	w->hash = hash;
	return changed;
}

/* How the accesses touch the watchpoint; false: they do not. */
static bool
sum_up(const struct breaks_access *access, unsigned n,
    const struct watchpoint *w, bool *read, bool *written)
{
	*read = *written = false;
	for (; n > 0; access++, n--) {
		if (!is_touched(w, access))
			continue;
		*read = *read || access->read;
		*written = *written || access->write;
	}
	return *read || *written;
}

static bool
is_hit(struct breaks *b, struct watchpoint *w,
    const struct breaks_access *access, unsigned n)
{
	bool read, written;

	if (!sum_up(access, n, w, &read, &written))
		return false;
	written = has_changed(b, w) || written;
	return (w->type != BREAKS_READ && written) ||
	       (w->type != BREAKS_WRITE && read);
}

uint64_t
breaks_hits(struct breaks *b, const struct breaks_access *access, unsigned n)
{
	uint64_t hits = 0;
	unsigned i;

	_Static_assert(WATCHES_MAX <= 64, "each has a bit");
	for (i = 0; i < b->watches; i++)
		if (is_hit(b, &b->watch[i], access, n))
			hits |= UINT64_C(1) << i;
	return hits;
}

uint64_t
breaks_changed(struct breaks *b, const struct breaks_access *but, unsigned n)
{
	uint64_t changed = 0;
	bool read, written;
	unsigned i;

	for (i = 0; i < b->watches; i++) {
		struct watchpoint *w = &b->watch[i];

		(void)sum_up(but, n, w, &read, &written);
		if (!written && has_changed(b, w) && w->type != BREAKS_READ)
			changed |= UINT64_C(1) << i;
	}
	return changed;
}

void
breaks_hide(struct breaks *b)
{
	uint64_t page;
	unsigned i;

	for (i = 0; i < b->set.count; i++)
		(void)lift(b, &b->set.list[i]);
	for (i = 0; i < b->watches; i++) {
		const struct watchpoint *w = &b->watch[i];

		page = page_down(w->addr);
		for (; w->reg < 0 && page < w->addr + w->len; page += PAGE_4K)
			set_page(b, page, 0);
	}
}

void
breaks_show(struct breaks *b)
{
	unsigned i;

	for (i = 0; i < b->set.count; i++)
		plant(b, &b->set.list[i]);
	breaks_protect(b);
}

void
breaks_look(struct breaks *b)
{
	unsigned i;

	for (i = 0; i < b->watches; i++)
		b->watch[i].hash = hash_of(b, &b->watch[i]);
}

uint64_t
breaks_watches_in(const struct breaks *b, uint64_t dr6)
{
	uint64_t hits = 0;
	unsigned i;

	for (i = 0; i < b->watches; i++)
		if (b->watch[i].reg >= 0 && (dr6 >> b->watch[i].reg & 1))
			hits |= UINT64_C(1) << i;
	return hits;
}

bool
breaks_hard_in(const struct breaks *b, uint64_t dr6)
{
	int i;

	for (i = 0; i < DEBUG_REGS; i++) {
		const struct breakpoint *bp = breakset_find(&b->set, b->dr[i]);

		if ((dr6 >> i & 1) && bp && bp->reg == i)
			return true;
	}
	return false;
}
