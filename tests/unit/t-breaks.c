/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests breakpoints on memory alone: their set against a model, the cost of one
 * more among ten thousand, their limit, and places without rights or pages; and
 * which access a watchpoint's change is laid to.
 */
#include "guestram.h"
#include "tap.h"

#include "vm/breaks.h"

#include <errno.h>
#include <time.h>

#define RAM   (UINT64_C(4) << 20)
#define TEXT  (UINT64_C(1) << 20) /* mapped, BYTES bytes */
#define HOLE  (UINT64_C(3) << 20) /* not mapped */
#define BYTES (UINT64_C(1) << 20)

static struct gmem mem;
static struct breaks b = { .mem = &mem };

static void
protect(unsigned prot)
{
	pt_map(&mem.pt, TEXT, TEXT, BYTES, space_bits(prot));
}

static uint8_t
byte_at(uint64_t addr)
{
	return mem.base[addr];
}

/* The model: random calls on a few addresses, then a lookup of each address. */
#define MODEL 512

/* Addresses around 0, where the table's end also meets its start. */
static uint64_t
nth(unsigned i, uint64_t stride)
{
	return ((uint64_t)i - MODEL / 2) * stride;
}

static bool
agrees(const struct breakset *set, const bool there[MODEL], uint64_t stride)
{
	unsigned i, count = 0;

	for (i = 0; i < MODEL; i++) {
		const struct breakpoint *bp = breakset_find(
		    set, nth(i, stride));

		count += there[i];
		if (there[i] != (bp != NULL) ||
		    (bp && bp->addr != nth(i, stride)))
			return false;
	}
	return count == set->count;
}

static bool
follows_model(uint64_t stride)
{
	static struct breakset set;
	bool there[MODEL] = { false };
	unsigned i, n;

	memset(&set, 0, sizeof(set));
	for (i = 0; i < 20000; i++) {
		n = (unsigned)rand() % MODEL;
		if (there[n])
			breakset_remove(
			    &set, breakset_find(&set, nth(n, stride)));
		else if (!breakset_add(&set, nth(n, stride)))
			return false;
		there[n] = !there[n];
		if (i % 16 == 0 && !agrees(&set, there, stride))
			return false;
	}
	return agrees(&set, there, stride);
}

static void
test_set(void)
{
	srand(1);
	ok(follows_model(1), "random calls on dense addresses follow a model");
	ok(follows_model(UINT64_C(1) << 12),
	    "random calls on pages follow a model");
	/* The inverse of the hash's factor: the addresses have only two homes,
	 * the last and the first. */
	ok(follows_model(UINT64_C(0xf1de83e19937733d)),
	    "random calls on addresses that collide follow a model");
}

static uint64_t
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#define THOUSANDS 10
#define ROUNDS    9

enum call {
	INSERT,
	READ,
	REMOVE,
	CALLS,
};

/* Make a call for the breakpoints of the n-th thousand, and keep the call's
 * least time so far. */
static void
time_thousand(enum call call, unsigned n, uint64_t least[THOUSANDS])
{
	uint64_t addr = TEXT + n * 16000, end = addr + 16000;
	uint64_t start = cpu_ns(), took;
	uint8_t code[15];

	for (; addr < end; addr += 16) {
		if (call == INSERT)
			breaks_insert(&b, BREAKS_SOFT, addr, 1);
		else if (call == REMOVE)
			breaks_remove(&b, BREAKS_SOFT, addr, 1);
		else
			breaks_read(&b, addr, code, sizeof(code));
	}
	took = cpu_ns() - start;
	if (!least[n] || took < least[n])
		least[n] = took;
}

static void
test_cost(void)
{
	uint64_t least[CALLS][THOUSANDS] = { { 0 } };
	unsigned round, n;

	for (round = 0; round < ROUNDS; round++) {
		for (n = 0; n < THOUSANDS; n++) {
			time_thousand(INSERT, n, least[INSERT]);
			time_thousand(READ, n, least[READ]);
		}
		if (round == 0)
			is_int(b.set.count, THOUSANDS * 1000,
			    "10,000 breakpoints can be set");
		for (n = 0; n < THOUSANDS; n++)
			time_thousand(REMOVE, n, least[REMOVE]);
	}
	ok(least[INSERT][THOUSANDS - 1] <= 3 * least[INSERT][0],
	    "the last thousand are inserted in %llu ns, the first in %llu",
	    (unsigned long long)least[INSERT][THOUSANDS - 1],
	    (unsigned long long)least[INSERT][0]);
	ok(least[REMOVE][0] <= 3 * least[REMOVE][THOUSANDS - 1],
	    "a thousand of 10,000 are removed in %llu ns, the last in %llu",
	    (unsigned long long)least[REMOVE][0],
	    (unsigned long long)least[REMOVE][THOUSANDS - 1]);
	ok(least[READ][THOUSANDS - 1] <= 3 * least[READ][0],
	    "a thousand reads among 10,000 take %llu ns, among 1,000 %llu",
	    (unsigned long long)least[READ][THOUSANDS - 1],
	    (unsigned long long)least[READ][0]);
	is_int(b.set.count, 0, "all are removed");
}

static void
test_limit(void)
{
	unsigned i, planted = 0, read = 0;
	static uint8_t code[BREAKS_MAX + 1];

	for (i = 0; i < BREAKS_MAX; i++)
		if (breaks_insert(&b, BREAKS_SOFT, TEXT + i, 1) == 0)
			planted += byte_at(TEXT + i) == 0xcc;
	is_int(planted, BREAKS_MAX, "as many as there may be are planted");
	is_int(breaks_insert(&b, BREAKS_SOFT, TEXT + i, 1), -ENOSPC,
	    "one more is refused");
	is_int(byte_at(TEXT + i), 0x90, "a refused breakpoint leaves no trace");
	is_int(breaks_insert(&b, BREAKS_SOFT, TEXT, 1), 0,
	    "a second breakpoint at the same place is accepted");
	breaks_read(&b, TEXT, code, sizeof(code));
	for (i = 0; i < sizeof(code); i++)
		read += code[i] == 0x90;
	is_int(read, BREAKS_MAX + 1, "none of them is read");
	breaks_remove(&b, BREAKS_SOFT, TEXT + 7, 1);
	is_int(breaks_insert(&b, BREAKS_SOFT, TEXT + BREAKS_MAX, 1), 0,
	    "after a removal one more is accepted");
	b.registers = true;
	is_int(breaks_insert(&b, BREAKS_HARD, TEXT + 7, 1), -ENOSPC,
	    "a hard breakpoint past the limit is refused");
	is_int((int64_t)b.dr7, 0,
	    "a refused hard breakpoint leaves its debug register free");
	b.registers = false;
	breaks_clear(&b);
	for (i = 0, read = 0; i < sizeof(code); i++)
		read += byte_at(TEXT + i) == 0x90;
	is_int(read, BREAKS_MAX + 1, "memory is as before");
}

static void
test_unmapped(void)
{
	is_int(breaks_insert(&b, BREAKS_SOFT, HOLE, 1), -EFAULT,
	    "no soft breakpoint stands where nothing is mapped");
	is_int(breaks_insert(&b, BREAKS_HARD, RAM, 1), -EFAULT,
	    "a hard breakpoint needs an address of the guest's memory");
	b.registers = true;
	is_int(breaks_insert(&b, BREAKS_HARD, HOLE, 1), 0,
	    "a hard breakpoint with a debug register does");
	is_int((int64_t)b.dr[0], (int64_t)HOLE,
	    "the debug register has the address");
	ok(!breaks_at(&b, HOLE), "a hard breakpoint is not planted");
	is_int(byte_at(HOLE), 0, "memory at a hard breakpoint is unchanged");
	is_int(breaks_insert(&b, BREAKS_HARD, RAM, 1), -EFAULT,
	    "none is past the guest's memory");
	ok(breaks_hard_in(&b, 1) && !breaks_hard_in(&b, 2),
	    "DR6 names the register that has it");
	breaks_remove(&b, BREAKS_HARD, HOLE, 1);
	ok(!breaks_hard_in(&b, 1), "until it is removed");
	is_int((int64_t)b.dr7, 0, "its removal frees the register");
	b.registers = false;
}

/* A byte that the guest writes over an INT3 stays. */
static void
test_overwritten(void)
{
	uint8_t code[2];

	breaks_insert(&b, BREAKS_SOFT, TEXT, 1);
	breaks_insert(&b, BREAKS_TRACE, TEXT + 1, 1);
	mem.base[TEXT] = 0x91;
	is_int((int64_t)breaks_read(&b, TEXT, code, sizeof(code)), sizeof(code),
	    "memory with breakpoints is read");
	ok(code[0] == 0x91 && code[1] == 0x90,
	    "without what is planted, and with what the guest wrote there");
	breaks_clear(&b);
	breaks_remove(&b, BREAKS_TRACE, TEXT + 1, 1);
	is_int(byte_at(TEXT), 0x91, "which stays when they are removed");
	mem.base[TEXT] = 0x90;
}

/* One hit of several breakpoints at an address is one: none has a register. */
static void
test_shared(void)
{
	b.registers = true;
	breaks_insert(&b, BREAKS_HARD, TEXT, 1);
	ok(b.dr7 && !breaks_at(&b, TEXT), "a hard breakpoint has a register");
	is_int(breaks_insert(&b, BREAKS_TRACE, TEXT, 1), 0,
	    "a tracepoint can be at its address");
	ok(!b.dr7 && breaks_at(&b, TEXT), "then it has none, and is planted");
	is_int(b.settling, 1, "and counts as one without a register");
	breaks_remove(&b, BREAKS_TRACE, TEXT, 1);
	ok(breaks_at(&b, TEXT), "as it stays without the tracepoint");
	breaks_insert(&b, BREAKS_SOFT, TEXT + 1, 1);
	breaks_insert(&b, BREAKS_HARD, TEXT + 1, 1);
	is_int((int64_t)b.dr7, 0, "a hard one takes none where a soft one is");
	breaks_remove(&b, BREAKS_SOFT, TEXT + 1, 1);
	ok(breaks_at(&b, TEXT + 1), "and is planted without the soft one");
	breaks_clear(&b);
	ok(b.settling == 0 && byte_at(TEXT) == 0x90 &&
		byte_at(TEXT + 1) == 0x90,
	    "all are removed");
	b.registers = false;
}

static void
map(uint64_t addr, uint64_t bits)
{
	pt_map(&mem.pt, addr, addr, PAGE_4K, bits);
}

/* A hard breakpoint without a debug register waits for code at its address. */
static void
test_waiting(void)
{
	is_int(breaks_insert(&b, BREAKS_HARD, HOLE, 1), 0,
	    "a hard breakpoint without a register can be where no page is");
	ok(breaks_waits_at(&b, HOLE) && !breaks_waits_at(&b, HOLE + 1),
	    "it waits there");
	map(HOLE, space_bits(PROT_READ | PROT_WRITE));
	breaks_settle(&b);
	ok(!breaks_at(&b, HOLE), "it is not planted in data");
	memset(mem.base + HOLE, 0x90, PAGE_4K);
	map(HOLE, space_bits(PROT_READ | PROT_EXEC));
	breaks_settle(&b);
	is_int(byte_at(HOLE), 0xcc, "it is planted when the page is code");
	ok(breaks_at(&b, HOLE) && !breaks_waits_at(&b, HOLE),
	    "and waits no more");
	mem.base[HOLE] = 0x91;
	breaks_settle(&b);
	is_int(byte_at(HOLE), 0xcc, "it is planted again in new code");
	is_int(breaks_remove(&b, BREAKS_HARD, HOLE, 1), 0, "it is removed");
	is_int(byte_at(HOLE), 0x91, "and the new code is as it was");
	is_int(b.settling, 0, "nothing waits");
}

/* The guest unmaps a page with a breakpoint in it. */
static void
test_page_gone(void)
{
	is_int(breaks_insert(&b, BREAKS_SOFT, HOLE, 1), 0,
	    "a breakpoint is in a page");
	map(HOLE, 0);
	is_int(breaks_remove(&b, BREAKS_SOFT, HOLE, 1), -EFAULT,
	    "its removal fails when the page is gone");
	ok(!breaks_has(&b, HOLE), "but it is removed");
	is_int(breaks_remove(&b, BREAKS_SOFT, HOLE, 1), 0,
	    "and removing it again changes nothing");
}

/* A debugger can access a page without rights, as with ptrace. */
static void
test_no_rights(void)
{
	const uint8_t *view = NULL;
	uint8_t byte = 0;

	protect(PROT_NONE);
	is_int(breaks_read(&b, TEXT, &byte, 1), 1, "a PROT_NONE page is read");
	is_int(byte, 0x90, "with its contents");
	is_int(breaks_write(&b, TEXT, "\x91", 1), 1,
	    "a PROT_NONE page is written");
	is_int(
	    byte_at(TEXT), 0x91, "the write to a PROT_NONE page is in place");
	ok(breaks_view(&b, TEXT, 1, &view) == 1 && *view == 0x91,
	    "a view of a PROT_NONE page shows it");
	is_int(breaks_insert(&b, BREAKS_SOFT, TEXT, 1), 0,
	    "a breakpoint stands in a PROT_NONE page");
	breaks_clear(&b);
	is_int(byte_at(TEXT), 0x91,
	    "a breakpoint is lifted from a PROT_NONE page");
	is_int(breaks_read(&b, HOLE, &byte, 1), 0, "a hole is not read");
	is_int(breaks_write(&b, HOLE, "", 1), 0, "a hole is not written");
	protect(PROT_READ | PROT_EXEC);
}

/* A call of one thread returns while another thread's instruction has written
 * and is not concluded yet: the write is the instruction's. */
static void
test_whose_write(void)
{
	const struct breaks_access own = { TEXT + 4, 8, true, true };
	const struct breaks_access beside = { TEXT + 16, 8, true, true };
	const struct breaks_access look = { TEXT + 8, 4, true, false };

	protect(PROT_READ | PROT_WRITE);
	is_int(breaks_insert(&b, BREAKS_WRITE, TEXT + 8, 8), 0,
	    "a watchpoint is inserted");
	ok(!breaks_changed(&b, NULL, 0), "at first nothing has changed");
	mem.base[TEXT + 8] ^= 1;
	ok(!breaks_changed(&b, &own, 1),
	    "a change is not a call's while an instruction writes there");
	ok(!breaks_hits(&b, &beside, 1),
	    "nor is it an instruction's that writes beside it");
	ok(breaks_hits(&b, &own, 1) != 0, "it is that instruction's");
	ok(!breaks_changed(&b, NULL, 0), "and it is reported once");
	mem.base[TEXT + 8] ^= 1;
	ok(breaks_changed(&b, &beside, 1) != 0,
	    "a change is a call's while an instruction writes beside it");
	mem.base[TEXT + 8] ^= 1;
	ok(breaks_changed(&b, &look, 1) != 0,
	    "a change is a call's while an instruction only reads it");
	ok(breaks_hits(&b, &own, 1) != 0, "a write of the same value is a hit");
	breaks_clear(&b);
	protect(PROT_READ | PROT_EXEC);
}

/* Pages that do not count are discarded when memory was unmapped under a
 * processor (gmem_left()), but not what the debugger wrote there. */
static void
test_discarded(void)
{
	const uint64_t seen = gmem_unmaps(&mem), other = TEXT + 2 * PAGE_4K;
	int i;

	pt_map(&mem.pt, TEXT, TEXT, BYTES,
	    space_bits(PROT_READ | PROT_EXEC) | PTE_FILE);
	is_int(breaks_insert(&b, BREAKS_SOFT, TEXT + 5, 1), 0,
	    "a breakpoint stands in a file's page");
	is_int(breaks_write(&b, TEXT + PAGE_4K, "\x92", 1), 1,
	    "another page of the file is written");
	memset(mem.base + other, 0x93, PAGE_4K);
	for (i = 0; i <= GMEM_UNMAPPED; i++)
		gmem_note_unmap(&mem, HOLE, PAGE_4K);
	gmem_left(&mem, seen);
	is_int(byte_at(other), 0, "a page that nobody wrote to is discarded");
	is_int(byte_at(TEXT + 5), 0xcc, "the breakpoint is still planted");
	is_int(
	    byte_at(TEXT + PAGE_4K), 0x92, "what was written is still there");
	breaks_clear(&b);
}

/* Hidden breakpoints are out of memory; a stop of the debugger's own stands
 * beside a breakpoint. */
static void
test_hidden(void)
{
	uint64_t size;

	memset(mem.base + TEXT, 0x90, 16);
	is_int(breaks_insert(&b, BREAKS_SOFT, TEXT + 1, 1), 0, "a breakpoint");
	is_int(breaks_insert(&b, BREAKS_INNER, TEXT + 1, 1), 0,
	    "and a stop that nobody asked for stand at one place");
	is_int(breaks_insert(&b, BREAKS_INNER, TEXT + 2, 1), 0,
	    "and such a stop alone");
	is_int(breaks_insert(&b, BREAKS_ACCESS, TEXT + 64, 8), 0,
	    "and a watchpoint");
	breaks_hide(&b);
	is_int(byte_at(TEXT + 1), 0x90, "hidden, the breakpoint is not there");
	is_int(byte_at(TEXT + 2), 0x90, "nor is the stop");
	ok(pt_lookup(&mem.pt, TEXT, &size) & PTE_PRESENT,
	    "and the page has its rights");
	breaks_show(&b);
	ok(byte_at(TEXT + 1) == 0xcc && byte_at(TEXT + 2) == 0xcc,
	    "shown, they are");
	ok(!(pt_lookup(&mem.pt, TEXT, &size) & PTE_PRESENT),
	    "and the page is protected");
	is_int(
	    breaks_remove(&b, BREAKS_INNER, TEXT + 1, 1), 0, "the stop goes");
	is_int(byte_at(TEXT + 1), 0xcc, "and the breakpoint stays");
	breaks_clear(&b);
	is_int(byte_at(TEXT + 2), 0x90, "nothing is left at the end");
}

int
main(void)
{
	guestram_init(&mem, RAM);
	protect(PROT_READ | PROT_EXEC);
	memset(mem.base + TEXT, 0x90, BYTES);
	test_set();
	test_cost();
	test_limit();
	test_unmapped();
	test_shared();
	test_overwritten();
	test_waiting();
	test_page_gone();
	test_no_rights();
	test_whose_write();
	test_hidden();
	test_discarded();
	return done_testing();
}
