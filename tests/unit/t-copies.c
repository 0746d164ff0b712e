/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of instructions: which have one, what it holds, and where an address
 * in it belongs.  This test needs no KVM.
 */
#include "guestram.h"
#include "tap.h"

#include "mem/space.h"
#include "vm/copies.h"
#include "vm/shim.h"

#include <sys/mman.h>

#define RAM  (UINT64_C(1) << 20)
#define TEXT UINT64_C(0x10000)

static struct gmem mem;
static uint8_t page[4096];
static struct copies copies = { .page = page };

static const struct {
	const char *name;
	uint8_t code[15];
	bool fit;
	uint8_t length;
} insns[] = {
	{ "push", { 0x55 }, true, 1 },
	{ "mov to memory", { 0x48, 0x89, 0x45, 0xf8 }, true, 4 },
	{ "ret", { 0xc3 }, true, 1 },
	{ "jmp *%rax", { 0xff, 0xe0 }, true, 2 },
	{ "mov by rip, far", { 0x48, 0x89, 0x05, 255, 255, 255, 127 }, false,
	    7 },
	{ "mov by eip", { 0x67, 0x89, 0x05, 1, 2, 3, 4 }, false, 7 },
	{ "mov by rip with REX.X", { 0x42, 0x89, 0x05, 1, 2, 3 }, false, 7 },
	{ "a short jump", { 0xeb, 0x10 }, false, 2 },
	{ "a conditional jump", { 0x74, 0x10 }, false, 2 },
	{ "a call", { 0xe8, 1, 2, 3, 4 }, false, 5 },
	{ "an indirect call", { 0xff, 0xd0 }, false, 2 },
	{ "syscall", { 0x0f, 0x05 }, false, 2 },
	{ "out", { 0xe7, 0x10 }, false, 2 },
	{ "rep movsb", { 0xf3, 0xa4 }, false, 2 },
	{ "pushf", { 0x9c }, false, 1 },
	{ "lods", { 0xac }, false, 1 },
	{ "nothing known", { 0x06 }, false, 1 },
};

static uint64_t
find(uint64_t addr)
{
	return copies_find(&copies, addr, mem.base + addr, 15);
}

static void
test_fit(void)
{
	uint64_t original, at, addr = TEXT;
	bool made;
	size_t i;

	for (i = 0; i < sizeof(insns) / sizeof(insns[0]); i++, addr += 16) {
		memcpy(mem.base + addr, insns[i].code, 15);
		at = find(addr);
		ok((at != 0) == insns[i].fit, "%s %s a copy", insns[i].name,
		    insns[i].fit ? "has" : "has not");
		is_int((int64_t)find(addr), (int64_t)at, "and so it stays");
		if (!at)
			continue;
		ok(memcmp(page + (at - SHIM_COPIES), insns[i].code,
		       insns[i].length) == 0,
		    "which holds the instruction");
		ok(copies_original(&copies, at, &original, &made) &&
			original == addr && !made,
		    "its start is the original's");
		ok(copies_original(
		       &copies, at + insns[i].length, &original, &made) &&
			original == addr + insns[i].length && made,
		    "and its end the original's end");
	}
}

/* An operand by rip, and the same by its address. */
static const struct {
	const char *name;
	uint8_t code[15], copy[16];
	uint8_t length;
} moved[] = {
	{ "mov", { 0x48, 0x89, 0x05, 0, 1, 0, 0 },
	    { 0x48, 0x89, 0x04, 0x25, 0x07, 0x11, 0x01, 0 }, 7 },
	{ "movl with an immediate",
	    { 0xc7, 0x05, 0xf0, 0xff, 0xff, 0xff, 1, 2, 3, 4 },
	    { 0xc7, 0x04, 0x25, 0x0a, 0x10, 0x01, 0, 1, 2, 3, 4 }, 10 },
	{ "lea of r9", { 0x4c, 0x8d, 0x0d, 0xf9, 0xff, 0xff, 0xff },
	    { 0x4c, 0x8d, 0x0c, 0x25, 0x20, 0x10, 0x01, 0 }, 7 },
	{ "vmovaps", { 0xc5, 0xf8, 0x28, 0x15, 8, 0, 0, 0 },
	    { 0xc5, 0xf8, 0x28, 0x14, 0x25, 0x40, 0x10, 0x01, 0 }, 8 },
	{ "jmp by a pointer", { 0xff, 0x25, 0xfa, 0xff, 0xff, 0x7f },
	    { 0xff, 0x24, 0x25, 0x40, 0x10, 0x01, 0x80 }, 0 },
};

static void
test_moved(void)
{
	uint64_t original, at, addr = TEXT + 0x1000;
	bool made;
	size_t i;

	for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++, addr += 16) {
		const uint8_t length = moved[i].length;

		memcpy(mem.base + addr, moved[i].code, 15);
		at = find(addr);
		if (length == 0) {
			ok(at == 0, "%s beyond 2 GiB has none", moved[i].name);
			continue;
		}
		ok(at && memcmp(page + (at - SHIM_COPIES), moved[i].copy,
			     length + 1U) == 0,
		    "%s by rip becomes one by address", moved[i].name);
		ok(copies_original(
		       &copies, at + length + 1, &original, &made) &&
			made && original == addr + length,
		    "its end is the original's end");
		ok(!copies_original(&copies, at + length, &original, &made),
		    "and the byte before is not");
	}
}

static void
test_limits(void)
{
	uint64_t original;
	unsigned i, n = 0;
	bool made;

	mem.base[TEXT] ^= 1;
	ok(!find(TEXT), "code that has changed has none");
	mem.base[TEXT] ^= 1;
	ok(find(TEXT) != 0, "until it is as before");
	ok(!copies_original(&copies, TEXT, &original, &made) &&
		!copies_original(&copies, SHIM_COPIES - 1, &original, &made) &&
		!copies_original(
		    &copies, SHIM_COPIES + sizeof(page), &original, &made) &&
		!copies_original(
		    &copies, SHIM_COPIES + sizeof(page) - 32, &original, &made),
	    "other addresses are in no copy");
	memset(mem.base + TEXT, 0x90, 4096);
	for (i = 0; i < 2 * COPIES_MAX; i++)
		n += find(TEXT + 1024 + i) != 0;
	ok(n > 0 && n < COPIES_MAX, "there are %u more", n);
	copies_clear(&copies);
	ok(find(TEXT) == SHIM_COPIES, "all are forgotten");
}

int
main(void)
{
	guestram_init(&mem, RAM);
	pt_map(&mem.pt, TEXT, TEXT, 8192, space_bits(PROT_READ | PROT_EXEC));
	test_fit();
	test_moved();
	test_limits();
	return done_testing();
}
