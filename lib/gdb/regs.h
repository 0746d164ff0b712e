/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a thread as a debugger sees them: where each lies, and its
 * form on the wire.  It must not know packets, nor where registers are kept.
 *
 * x87, SSE and all wider registers stay in the standard form of the XSAVE area
 * (Intel SDM vol. 1, 13.4), which the CPU and the kernel use: a second form
 * could disagree with it.
 */
#ifndef GDB_REGS_H
#define GDB_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

/*
 * The XSAVE state components, by their bit in XCR0 (SDM vol. 1, 13.1).
 * Registers outside the area count as the x87 part's: every x86-64 has them.
 */
enum xsave_part {
	XSAVE_X87 = 0,
	XSAVE_SSE = 1,
	XSAVE_AVX = 2,
	XSAVE_OPMASK = 5,
	XSAVE_ZMM_HI256 = 6,
	XSAVE_HI16_ZMM = 7,
	XSAVE_PKRU = 9,
	XSAVE_PARTS = 10,
};

/*
 * Room for the area: the size that KVM_CAP_XSAVE2 reports on machines without
 * AMX, whose tiles no debugger shows; the parts above end at 2696.
 */
#define REGS_XSAVE_SIZE 4096

/* One thread's registers. */
struct regs {
#define CORE(field, bits, type, group)        uint64_t field;
#define FLAGS(name, field, bits, type, group) uint64_t field;
#include "gdb/regs.def"
	/*
	 * orig_rax is the number of the hypercall that the thread is in, or
	 * -1.  A bit of xsave_valid says that its part of xsave[] was read; the
	 * registers of the other parts are "unavailable".
	 */
	uint64_t xsave_valid;
	_Alignas(64) uint8_t xsave[REGS_XSAVE_SIZE];
#define CONTROL(field, bits, type, access) uint64_t field;
#include "gdb/regs.def"
};

/*
 * The parts that a machine has (XCR0; x87 and SSE are always there), and their
 * offsets in the standard form (CPUID.0xD.n:EBX), which differ between
 * processors for AVX and later parts.
 */
struct regs_layout {
	uint64_t xcr0;
	uint32_t offset[XSAVE_PARTS];
};

/* The registers' numbers: REG_rax ... REG_fmask, and how many there are. */
enum reg_number {
#define CORE(field, bits, type, group)               REG_##field,
#define FLAGS(name, field, bits, type, group)        REG_##name,
#define XSAVE(name, part, offset, bits, type, group) REG_##name,
#define FPU(name, offset, bytes, group)              REG_##name,
#define CONTROL(field, bits, type, access)           REG_##field,
#include "gdb/regs.def"
	REG_COUNT,
};

/* The widest register, and all those of `g` together, in bytes. */
enum {
	REG_SIZE_MAX = 32,
	REGS_SIZE_MAX = 0
#define CORE(field, bits, type, group)               +(bits) / 8
#define FLAGS(name, field, bits, type, group)        +(bits) / 8
#define XSAVE(name, part, offset, bits, type, group) +(bits) / 8
#define FPU(name, offset, bytes, group)              +4
#include "gdb/regs.def"
};

/* The offsets on Intel's processors. */
void regs_layout_init(struct regs_layout *layout, uint64_t xcr0);

/* Give all registers their initial values; x87 and SSE are enabled. */
void regs_init(struct regs *regs, const struct regs_layout *layout);

/* Whether this machine has a register of that number. */
bool regs_has(const struct regs_layout *layout, unsigned number);

/* Facts about register `number` < REG_COUNT. */
unsigned regs_size(unsigned number); /* bytes on the wire */
const char *regs_name(unsigned number);

/* Where a register is in struct regs. */
enum regs_place {
	PLACE_CORE,    /* before xsave[] */
	PLACE_XSAVE,   /* in it */
	PLACE_CONTROL, /* after it: `g` and `G` leave these out */
};
enum regs_place regs_place(unsigned number);

/* Is it in `g`?  GDB reads the control registers one by one, when it shows
 * them. */
bool regs_in_g(const struct regs_layout *layout, unsigned number);

/* Whether a debugger can read the register only. */
bool regs_is_read_only(unsigned number);

/* The nth flag of a register whose type is a set of flags; false after the
 * last.  Its name is "" if it has none. */
struct regs_flag {
	char type[16];
	char name[16];
	unsigned low, high; /* bits */
};
bool regs_flag(unsigned number, size_t nth, struct regs_flag *flag);

/*
 * Read a register into value[regs_size()], little-endian.  False if it is
 * unavailable.  The machine must have it.
 */
bool regs_get(const struct regs *regs, const struct regs_layout *layout,
    unsigned number, uint8_t *value);

/*
 * Write a register; bits that the hardware fixes keep their value.  False if
 * the register is unavailable.
 */
bool regs_set(struct regs *regs, const struct regs_layout *layout,
    unsigned number, const uint8_t *value);

/*
 * Write the target description (GDB manual, "Target Description Format").
 * */
void regs_xml(const struct regs_layout *layout, struct text *out);

#endif
