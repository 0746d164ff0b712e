/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine made up for testing the GDB stub: two threads, 64 KiB of memory
 * with a hole, breakpoints, an image file.  It runs half a dozen x86
 * instructions, so that real debuggers can be put on it.  It must not know
 * packets.
 *
 *	nop, jmp rel8, mov $imm8,%al, inc %rax, movb $imm8,abs32
 *	hlt			the guest ends with status al
 *	anything else		SIGILL
 */
#ifndef FAKETARGET_H
#define FAKETARGET_H

#include "gdb/regs.h"
#include "gdb/target.h"

#define FAKE_BASE    0x400000u
#define FAKE_SIZE    0x10000u
#define FAKE_PAGE    0x1000u
#define FAKE_PAGES   (FAKE_SIZE / FAKE_PAGE)
#define FAKE_THREADS 2
#define FAKE_BREAKS  16
#define FAKE_IMAGE   0x20000u

/* The program that fake_init() puts there. */
#define FAKE_START  0x401000u /* nop *4; movb $42, FAKE_DATA; jmp FAKE_START */
#define FAKE_STORE  0x401004u
#define FAKE_EXIT   0x401100u /* mov $7, %al; hlt */
#define FAKE_ILL    0x401200u /* ud2 */
#define FAKE_WORKER 0x401800u /* nop; jmp FAKE_WORKER */
#define FAKE_DATA   0x402000u
#define FAKE_HOLE   0x408000u /* two pages */
#define FAKE_STACK  0x40a000u

struct stub;

struct fake_thread {
	int tid;
	const char *name;
	struct regs regs;
	struct target_action action;
	bool fresh; /* has not moved since it was resumed */
};

struct fake {
	struct stub *stub;
	struct regs_layout layout;
	struct fake_thread threads[FAKE_THREADS];
	unsigned next; /* whose turn it is */
	bool running;
	bool interrupted;
	bool gone;
	bool debugged;   /* else a fault is the end */
	int siginfo[32]; /* of the last signal */
	uint64_t passed; /* signals that stop nothing: bit n - 1 */
	struct target_break breaks[FAKE_BREAKS];
	size_t break_count;
	unsigned detached; /* how often */
	unsigned killed;
	unsigned open_files;
	uint8_t access[FAKE_PAGES]; /* of enum region_access */
	uint8_t mem[FAKE_SIZE];
	int error;      /* what an operation will fail with, or 0 */
	unsigned after; /* so many that still succeed */
	uint64_t entry;
	uint8_t image[FAKE_IMAGE];
	size_t image_size;
};

/* A machine that waits at its entry; it has AVX-512 and PKRU. */
void fake_init(struct fake *fake, struct stub *stub);

/* Load a static ELF file instead: 0, or -1 if it does not fit. */
int fake_load(struct fake *fake, const uint8_t *elf, size_t size);

/* Let it run so many instructions, until it stops and tells the stub. */
void fake_run(struct fake *fake, unsigned instructions);

/* Let one operation that can fail do so, after so many that do not. */
void fake_fail(struct fake *fake, unsigned after, int error);

/* Nothing is inserted, nobody holds it. */
bool fake_is_free(const struct fake *fake);

/* What it offers. */
const struct target_ops *fake_ops(void);

#endif
