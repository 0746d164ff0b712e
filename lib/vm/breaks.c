/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints and watchpoints.  Nothing here may know threads.
 */
#include "vm/breaks.h"

#include <errno.h>
#include <string.h>

#define INT3 0xcc

/* The longest watchpoint: it is read after each access to its pages. */
#define WATCH_LEN_MAX (UINT64_C(1) << 20)

/* Is the guest address mapped, whatever its protection, and to none of the
 * kinds of pages in `but`? */
static bool
is_mapped(const struct gmem *mem, uint64_t addr, uint64_t but)
{
	uint64_t page;
	uint64_t entry = pt_lookup(&mem->pt, addr, &page);

	return (pte_rights(entry) & PTE_PRESENT) && addr < mem->size &&
	       !(but && (entry & but) == but);
}

/* The byte there, if there is one. */
static bool
peek(const struct gmem *mem, uint64_t addr, uint8_t *byte)
{
	return is_mapped(mem, addr, 0) &&
	       gmem_copy(byte, mem->base + addr, 1) == 1;
}

/* What is a file's for others too is not changed by a breakpoint. */
static bool
can_poke(const struct gmem *mem, uint64_t addr)
{
	uint8_t byte;

	return is_mapped(mem, addr, PTE_FILE | PTE_SHARED) &&
	       peek(mem, addr, &byte);
}

static bool
poke(const struct gmem *mem, uint64_t addr, uint8_t byte)
{
	return is_mapped(mem, addr, PTE_FILE | PTE_SHARED) &&
	       gmem_copy(mem->base + addr, &byte, 1) == 1;
}

static struct breakpoint *
find(const struct breaks *b, uint64_t addr)
{
	unsigned i;

	for (i = 0; i < b->count; i++)
		if (b->list[i].addr == addr)
			return (struct breakpoint *)(uintptr_t)&b->list[i];
	return NULL;
}

bool
breaks_has(const struct breaks *b, uint64_t addr)
{
	return find(b, addr) != NULL;
}

const struct breakpoint *
breaks_at(const struct breaks *b, uint64_t addr)
{
	const struct breakpoint *bp = find(b, addr);

	return bp && bp->planted ? bp : NULL;
}

static void
plant(struct breaks *b, struct breakpoint *bp)
{
	if (bp->planted || !(bp->soft || (bp->hard && bp->reg < 0)) ||
	    !peek(b->mem, bp->addr, &bp->original))
		return;
	bp->planted = poke(b->mem, bp->addr, INT3);
}

/* What is no INT3 any more, the guest has written or unmapped: it is right. */
static void
lift(struct breaks *b, struct breakpoint *bp)
{
	uint8_t byte;

	if (bp->planted && peek(b->mem, bp->addr, &byte) && byte == INT3)
		(void)poke(b->mem, bp->addr, bp->original);
	bp->planted = false;
}

void
breaks_plant(struct breaks *b, uint64_t addr)
{
	struct breakpoint *bp = find(b, addr);

	if (bp)
		plant(b, bp);
}

void
breaks_lift(struct breaks *b, uint64_t addr)
{
	struct breakpoint *bp = find(b, addr);

	if (bp)
		lift(b, bp);
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

static int
insert_breakpoint(struct breaks *b, enum breaks_type type, uint64_t addr)
{
	struct breakpoint *bp = find(b, addr);

	if (!can_poke(b->mem, addr))
		return -EFAULT;
	if (!bp) {
		if (b->count == BREAKS_MAX)
			return -ENOSPC;
		bp = &b->list[b->count++];
		*bp = (struct breakpoint){ .addr = addr, .reg = -1 };
	}
	if (type == BREAKS_SOFT) {
		bp->soft = true;
	} else if (!bp->hard) {
		bp->hard = true;
		bp->reg = take_register(b, BREAKS_HARD, addr, 1);
	}
	plant(b, bp);
	return 0;
}

static void
remove_breakpoint(struct breaks *b, enum breaks_type type, uint64_t addr)
{
	struct breakpoint *bp = find(b, addr);

	if (!bp)
		return;
	if (type == BREAKS_SOFT) {
		bp->soft = false;
	} else {
		bp->hard = false;
		free_register(b, bp->reg);
		bp->reg = -1;
	}
	if (bp->soft || (bp->hard && bp->reg < 0))
		return;
	lift(b, bp);
	if (!bp->hard)
		*bp = b->list[--b->count];
}

/*
 * Pages.  Of all that watch a page the strictest decides: to see reads it must
 * not be present, to see writes not writable.
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

/* Give the page at `page` its rights less those in `hold`. */
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

/* FNV-1a: a change of the watched bytes changes it. */
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

int
breaks_insert(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	if (type == BREAKS_SOFT || type == BREAKS_HARD)
		return insert_breakpoint(b, type, addr);
	if (type <= BREAKS_ACCESS)
		return insert_watch(b, type, addr, len);
	return -EINVAL;
}

int
breaks_remove(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len)
{
	if (type == BREAKS_SOFT || type == BREAKS_HARD)
		remove_breakpoint(b, type, addr);
	else if (type <= BREAKS_ACCESS)
		remove_watch(b, type, addr, len);
	else
		return -EINVAL;
	return 0;
}

void
breaks_clear(struct breaks *b)
{
	while (b->count > 0) {
		struct breakpoint *bp = &b->list[b->count - 1];
		uint64_t addr = bp->addr;

		if (bp->soft)
			remove_breakpoint(b, BREAKS_SOFT, addr);
		else
			remove_breakpoint(b, BREAKS_HARD, addr);
	}
	while (b->watches > 0) {
		const struct watchpoint *w = &b->watch[b->watches - 1];

		remove_watch(b, w->type, w->addr, w->len);
	}
}

/* For each planted byte in [addr, addr + len): where in buf it belongs. */
static struct breakpoint *
next_planted(const struct breaks *b, unsigned *i, uint64_t addr, size_t len)
{
	for (; *i < b->count; ++*i) {
		const struct breakpoint *bp = &b->list[*i];

		if (bp->planted && bp->addr >= addr && bp->addr - addr < len)
			return (struct breakpoint *)(uintptr_t)&b->list[(*i)++];
	}
	return NULL;
}

/* How many bytes from addr on are mapped, of len, to pages that are not of
 * the kind `but`. */
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

size_t
breaks_read(const struct breaks *b, uint64_t addr, void *buf, size_t len)
{
	const struct breakpoint *bp;
	unsigned i = 0;

	len = mapped(b, addr, len, 0);
	if (len > 0)
		len = gmem_copy(buf, b->mem->base + addr, len);
	while ((bp = next_planted(b, &i, addr, len)))
		((uint8_t *)buf)[bp->addr - addr] = bp->original;
	return len;
}

size_t
breaks_view(
    const struct breaks *b, uint64_t addr, size_t len, const uint8_t **bytes)
{
	unsigned i = 0;

	len = mapped(b, addr, len, PTE_FILE);
	if (len == 0 || next_planted(b, &i, addr, len))
		return 0;
	*bytes = b->mem->base + addr;
	return len;
}

size_t
breaks_write(struct breaks *b, uint64_t addr, const void *buf, size_t len)
{
	struct breakpoint *bp;
	unsigned i = 0;

	len = mapped(b, addr, len, PTE_NEVER_WRITE);
	if (len > 0)
		len = gmem_copy(b->mem->base + addr, buf, len);
	while ((bp = next_planted(b, &i, addr, len))) {
		bp->original = ((const uint8_t *)buf)[bp->addr - addr];
		(void)poke(b->mem, bp->addr, INT3);
	}
	breaks_look(b);
	return len;
}

static bool
is_hit(struct breaks *b, struct watchpoint *w, uint64_t addr, bool write,
    bool access)
{
	bool touched = access && addr >= w->addr && addr - w->addr < w->len;
	uint64_t hash = hash_of(b, w);
	bool changed = hash != w->hash;

	w->hash = hash;
	switch (w->type) {
	case BREAKS_WRITE: return changed || (touched && write);
	case BREAKS_READ: return touched && !write;
	default: return changed || touched;
	}
}

const struct watchpoint *
breaks_hit(struct breaks *b, uint64_t addr, bool write, bool access)
{
	const struct watchpoint *hit = NULL;
	unsigned i;

	for (i = 0; i < b->watches; i++)
		if (is_hit(b, &b->watch[i], addr, write,
			access && b->watch[i].reg < 0) &&
		    !hit)
			hit = &b->watch[i];
	return hit;
}

void
breaks_look(struct breaks *b)
{
	unsigned i;

	for (i = 0; i < b->watches; i++)
		b->watch[i].hash = hash_of(b, &b->watch[i]);
}

const struct watchpoint *
breaks_watch_in(const struct breaks *b, uint64_t dr6)
{
	unsigned i;

	for (i = 0; i < b->watches; i++)
		if (b->watch[i].reg >= 0 && (dr6 >> b->watch[i].reg & 1))
			return &b->watch[i];
	return NULL;
}

bool
breaks_hard_in(const struct breaks *b, uint64_t dr6)
{
	unsigned i;

	for (i = 0; i < b->count; i++)
		if (b->list[i].reg >= 0 && (dr6 >> b->list[i].reg & 1))
			return true;
	return false;
}
