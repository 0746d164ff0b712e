/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trampolines, run by the test itself: which code has one, that it does what
 * the code did, how often it was met, and what stands for a place in it.  This
 * test needs no KVM.
 */
#include "tap.h"

#include "vm/shim.h"
#include "vm/trampoline.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define PAGE 4096
#define TEXT (UINT64_C(0x180000000) + 0x120)

/* Functions whose first instructions are replaced: f(x) in rdi. */
static const struct {
	const char *name;
	uint8_t code[32];
	bool fits;
	unsigned parts;
	long result; /* of f(3) */
} codes[] = {
	{ "one instruction of 5 bytes", { 0xb8, 42, 0, 0, 0, 0xc3 }, true, 1,
	    42 },
	{ "three short ones",
	    { 0x89, 0xf8,           /* mov %edi, %eax */
		0xff, 0xc0,         /* inc %eax */
		0x01, 0xc0, 0xc3 }, /* add %eax, %eax */
	    true, 3, 8 },
	{ "an operand relative to rip",
	    { 0x8b, 0x05, 0x0a, 0, 0, 0, /* mov 10(%rip), %eax */
		0xc3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 77 },
	    true, 1, 77 },
	{ "a loop with a conditional jump to itself",
	    { 0x48, 0x8d, 0x40, 2, /* lea 2(%rax), %rax */
		0xff, 0xcf,        /* dec %edi */
		0x75, 0xf8, 0xc3 },
	    true, /* jnz */
	    2, 6 },
	{ "a conditional jump that is not taken",
	    { 0x85, 0xff, /* test %edi, %edi */
		0x74, 3,  /* jz */
		0x8d, 0x47, 1, 0xc3 },
	    true, /* lea 1(%rdi), %eax */
	    3, 4 },
	{ "a conditional jump that is taken",
	    { 0x85, 0xff,            /* test %edi, %edi */
		0x75, 4,             /* jnz */
		0x8d, 0x47, 1, 0xc3, /* lea 1(%rdi), %eax */
		0x8d, 0x47, 9, 0xc3 },
	    true, 3, /* lea 9(%rdi), %eax */
	    12 },
	{ "a jump of 5 bytes", { 0xe9, 1, 0, 0, 0, 0xc3, 0x8d, 0x47, 5, 0xc3 },
	    true, 1, 8 },
	{ "a return of 2 bytes", { 0x48, 0x8d, 0x47, 4, 0xf3, 0xc3 }, true, 2,
	    7 },
	{ "a return of one byte", { 0x48, 0x8d, 0x47, 4, 0xc3 }, true, 2, 7 },
	{ "a return before", { 0x89, 0xf8, 0xc3, 1, 2, 3 }, false, 0, 0 },
	{ "a short jump", { 0xeb, 4, 1, 2, 3, 4 }, false, 0, 0 },
	{ "a call", { 0xe8, 1, 2, 3, 4, 0xc3 }, false, 0, 0 },
	{ "a return before padding", { 0xc3, 0x66, 0x90, 0x66, 0x90 }, true, 3,
	    0 },
	{ "a loop",
	    { 0x89, 0xf9,           /* mov %edi, %ecx */
		0xff, 0xc0,         /* 1: inc %eax */
		0xe2, 0xfc,         /* loop 1b */
		0x01, 0xc0, 0xc3 }, /* add %eax, %eax */
	    true, 3, 6 },
	{ "a jrcxz that is taken",
	    { 0x31, 0xc9,              /* xor %ecx, %ecx */
		0xe3, 3,               /* jrcxz 1f */
		0x8d, 0x47, 1,         /* lea 1(%rdi), %eax */
		0x83, 0xc0, 6, 0xc3 }, /* 1: add $6, %eax */
	    true, 3, 6 },
	{ "a jrcxz that is not taken",
	    { 0x89, 0xf9,              /* mov %edi, %ecx */
		0xe3, 3,               /* jrcxz 1f */
		0x8d, 0x47, 1,         /* lea 1(%rdi), %eax */
		0x83, 0xc0, 6, 0xc3 }, /* 1: add $6, %eax */
	    true, 3, 10 },
	{ "a short jump before padding",
	    { 0xeb, 3, 0x0f, 0x1f, 0,  /* jmp 1f; nopl (%rax) */
		0x8d, 0x47, 6, 0xc3 }, /* 1: lea 6(%rdi), %eax */
	    true, 2, 9 },
	{ "jrcxz after loop", { 0xe2, 4, 0xe3, 2, 0x90, 0x90 }, false, 0, 0 },
	{ "rep movsb", { 0xf3, 0xa4, 0x90, 0x90, 0x90, 0x90 }, false, 0, 0 },
	{ "syscall", { 0x0f, 0x05, 0x90, 0x90, 0x90, 0x90 }, false, 0, 0 },
	{ "a segment register", { 0x8e, 0xd0, 0x90, 0x90, 0x90 }, false, 0, 0 },
	{ "the end of memory", { 0x89 }, false, 0, 0 },
};

static struct trampoline t;
static uint8_t *text = (uint8_t *)TEXT, *pages;
static volatile unsigned traps, inside;

/* Call it from `at` on, with 0 in eax. */
static long
run(uint64_t at, long x)
{
	long r;

	__asm__ volatile(
	    "xor %%eax, %%eax; call *%2"
	    : "=&a"(r), "+D"(x)
	    : "r"(at)
	    : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
	return r;
}

/* The INT3 of the trampoline, or a fault in the middle of the jump. */
static void
on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uint64_t rip = (uint64_t)reg[REG_RIP];

	(void)signal;
	(void)info;
	if (rip == t.run.base + t.met) {
		traps++;
		reg[REG_RIP] = (greg_t)(t.run.base + t.run.at);
	} else {
		inside++;
		reg[REG_RIP] = (greg_t)moved_place(&t.run, rip);
	}
}

static void
make(size_t i, const struct hc_position *to)
{
	memcpy(text, codes[i].code, sizeof(codes[i].code));
	pages = (uint8_t *)(trampoline_target(TEXT) & ~(uint64_t)(PAGE - 1));
	is_int(
	    trampoline_make_count(&t, pages, codes[i].code,
		i + 1 < sizeof(codes) / sizeof(codes[0]) ? sizeof(codes[i].code)
							 : 1,
		TEXT, to, 0),
	    codes[i].fits, "%s: %s trampoline", codes[i].name,
	    codes[i].fits ? "a" : "no");
	trampoline_set_count(pages, 1000);
}

static void
plant(void)
{
	memcpy(text, trampoline_jump, MOVED_JUMP);
}

static void
test_codes(void)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		make(i, NULL);
		if (!codes[i].fits)
			continue;
		is_int(t.run.parts, codes[i].parts, "of %u instructions",
		    codes[i].parts);
		plant();
		is_int(run(TEXT, 3), codes[i].result, "they do the same");
		ok(trampoline_count(pages) < 1000, "and are counted");
	}
}

/* The loop is met 100 times, and the INT3 at the 40th. */
static void
test_count(void)
{
	make(3, NULL);
	trampoline_set_count(pages, 40);
	plant();
	traps = 0;
	is_int(run(TEXT, 100), 200, "a loop does the same");
	is_int(traps, 1, "the INT3 is met when the count is down");
	is_int((long)trampoline_count(pages), -60, "and all are counted");
}

/* Met with this state alone. */
static void
test_compare(void)
{
	struct hc_position to = { .words = 0 };

	make(3, NULL);
	ok(t.counted > 0 && t.met > t.counted && t.run.at > t.met,
	    "the places are in order");
	to.reg[HC_POSITION_RIP] = TEXT;
	ok(trampoline_make(
	       &t, pages, codes[3].code, sizeof(codes[3].code), &to, 0),
	    "a trampoline that compares");
	plant();
	traps = 0;
	is_int(run(TEXT, 5), 10, "the loop does the same");
	is_int(traps, 0, "another state is not met");
}

static void
test_inside(void)
{
	make(3, NULL);
	plant();
	inside = 0;
	is_int(run(TEXT + 4, 3), 4,
	    "code that is entered in its middle does the same");
	is_int(inside, 1, "after a fault");
}

static void
test_places(void)
{
	uint64_t rax = 1, rcx = 2;
	const uint64_t saved[2] = { 11, 12 };

	make(3, NULL);
	memcpy(pages + 2 * PAGE, saved, sizeof(saved));
	is_int((long)moved_place(&t.run, TEXT), (long)(t.run.base + t.run.at),
	    "the first instruction has a place");
	is_int((long)moved_place(&t.run, TEXT + 1), 0, "its middle has none");
	ok(trampoline_holds(&t, t.run.base + t.start) &&
		!trampoline_holds(&t, t.run.base + t.run.end) &&
		!trampoline_holds(&t, TEXT),
	    "it holds its own code");
	is_int(
	    (long)trampoline_leave(&t, t.run.base + t.start, pages, &rax, &rcx),
	    TEXT, "its begin stands for the first instruction");
	ok(rax == 1 && rcx == 2, "with the guest's registers");
	is_int((long)trampoline_leave(
		   &t, t.run.base + t.counted, pages, &rax, &rcx),
	    TEXT, "so does the code that counts");
	ok(rax == 12 && rcx == 11, "and has the guest's registers back");
	is_int((long)trampoline_leave(
		   &t, t.run.base + t.run.part[1].at, pages, &rax, &rcx),
	    TEXT + 4, "the second instruction's place stands for it");
	is_int((long)trampoline_leave(
		   &t, t.run.base + t.run.made, pages, &rax, &rcx),
	    TEXT + 6, "and the way back for what follows");
}

static bool
map(uint64_t at, size_t size)
{
	void *p = (void *)(at & ~(uint64_t)(PAGE - 1));

	return mmap(p, size, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		   0) == p;
}

int
main(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_trap,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	if (!map(TEXT, PAGE) ||
	    !map(trampoline_target(TEXT), SHIM_WINDOW_PAGES * PAGE)) {
		skip_all("no memory at these addresses");
		return 0;
	}
	test_codes();
	test_count();
	test_compare();
	test_inside();
	test_places();
	return done_testing();
}
