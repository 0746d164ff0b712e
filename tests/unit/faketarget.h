/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fake machine for tests of the GDB stub: two threads, 64 KiB of memory with
 * a hole, breakpoints, an image file.  It runs half a dozen x86
 * instructions, enough for real debuggers.  It must not know packets.
 *
 *	nop, jmp rel8, mov $imm8,%al, inc %rax, movb $imm8,abs32
 *	int3			SIGTRAP
 *	syscall			rax becomes 42
 *	hlt			the guest ends with status al
 *	anything else		SIGILL
 */
#ifndef FAKETARGET_H
#define FAKETARGET_H

#include "gdb/points.h"
#include "gdb/regs.h"
#include "gdb/target.h"
#include "gdb/trace.h"

#define FAKE_BASE    0x400000u
#define FAKE_SIZE    0x10000u
#define FAKE_PAGE    0x1000u
#define FAKE_PAGES   (FAKE_SIZE / FAKE_PAGE)
#define FAKE_LENT    6u /* pages that can be allocated */
#define FAKE_THREADS 2
#define FAKE_BREAKS  16
#define FAKE_TRACED  8
#define FAKE_NOW     0x1234u /* the time, always */
#define FAKE_IMAGE   0x20000u

/* The program that fake_init() loads. */
#define FAKE_START  0x401000u /* nop *4; movb $42, FAKE_DATA; jmp FAKE_START */
#define FAKE_STORE  0x401004u
#define FAKE_EXIT   0x401100u /* mov $7, %al; hlt */
#define FAKE_ILL    0x401200u /* ud2 */
#define FAKE_CALL   0x401300u /* mov $39, %al; syscall; mov $7, %al; hlt */
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
	bool fresh;    /* the thread has not run since resume() */
	bool calls;    /* it is at the entry of a syscall */
	bool followed; /* by a trace */
};

struct fake {
	struct stub *stub;
	struct regs_layout layout;
	struct fake_thread threads[FAKE_THREADS];
	unsigned next; /* the thread that runs next */
	bool running;
	bool interrupted;
	enum fake_back { FAKE_FORWARD, FAKE_BACK_ONE, FAKE_BACK } back;
	bool gone;
	bool debugged;   /* else a fault ends the guest */
	int siginfo[32]; /* of the last signal */
	bool catches;    /* syscalls: the one number, or all */
	size_t caught_count;
	uint32_t caught;
	bool thread_events; /* its threads live for ever */
	bool untraced;      /* it has no trace */
	uint64_t kept;      /* signals that a detached guest would get */
	uint64_t pass;      /* signals that do not stop the guest */
	struct target_break breaks[FAKE_BREAKS];
	size_t break_count;
	uint64_t traced[FAKE_TRACED];
	size_t traced_count;
	bool traced_call;  /* syscall 39 */
	unsigned attached; /* number of times */
	unsigned detached;
	unsigned killed;
	unsigned open_files;
	unsigned open_images; /* of them, the image */
	bool starting;        /* the program, again */
	char args[64];        /* texts, each with its NUL */
	size_t args_size;
	char settings[256]; /* the same, each after its kind: = - 0 / */
	size_t settings_size;
	uint8_t access[FAKE_PAGES]; /* of enum region_access */
	unsigned lent;              /* pages, to the debugger */
	int error;                  /* errno of the next failure, or 0 */
	unsigned after; /* operations that succeed before the failure */
	uint64_t entry;
	size_t image_size;
	uint8_t note[64]; /* the contents of /fake/note, the only other file */
	size_t note_size;
	bool has_note;
	uint8_t mem[FAKE_SIZE];
	struct points points;      /* the expressions of the breakpoints */
	uint8_t image[FAKE_IMAGE]; /* image_size bytes */
};

/* Make a machine that waits at its entry; it has AVX-512 and PKRU. */
void fake_init(struct fake *fake, struct stub *stub);

/* Load a static ELF file instead: 0, or -1 if it does not fit. */
int fake_load(struct fake *fake, const uint8_t *elf, size_t size);

/* Run up to n instructions; a stop is reported to the stub. */
void fake_run(struct fake *fake, unsigned instructions);

/* While it runs: it is at the end of its history. */
void fake_run_out(struct fake *fake);

/* Start the program again if that was asked for, unless its first argument is
 * "refuse". */
void fake_settle(struct fake *fake);

/* Make an operation that can fail do so, after `after` others. */
void fake_fail(struct fake *fake, unsigned after, int error);

/* Whether nothing is inserted, and all threads run. */
bool fake_is_free(const struct fake *fake);

/* The machine's operations; their context is a struct fake. */
const struct target_ops *fake_ops(void);

#endif
