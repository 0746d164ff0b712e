/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a thread as a debugger sees them: where each lies, and how
 * they go over the wire.  It must not know who holds them, nor packets.
 *
 * x87, SSE and everything wider are kept as the processor keeps them, in the
 * standard form of the XSAVE area (Intel SDM vol. 1, 13.4): what the CPU and
 * the kernel agree on needs no copy that could disagree.
 */
#ifndef GDB_REGS_H
#define GDB_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

/*
 * The XSAVE state components, by their bit in XCR0 (SDM vol. 1, 13.1).  The
 * x87 part stands for what every x86-64 has.
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
 * Room for the area: what KVM_CAP_XSAVE2 says on machines without AMX, whose
 * tiles no debugger shows; the parts above end at 2696.
 */
#define REGS_XSAVE_SIZE 4096

/* One thread's registers. */
struct regs {
#define CORE(field, bits, type, group)        uint64_t field;
#define FLAGS(name, field, bits, type, group) uint64_t field;
#include "gdb/regs.def"
	/*
	 * orig_rax is the number of the hypercall the thread is in, else -1.
	 * A bit of xsave_valid tells that its part of xsave[] is true; the
	 * registers of a part that could not be had are "unavailable".
	 */
	uint64_t xsave_valid;
	_Alignas(64) uint8_t xsave[REGS_XSAVE_SIZE];
};

/*
 * Which parts a machine has (XCR0; x87 and SSE are always there), and where
 * in the standard form they lie (CPUID.0xD.n:EBX), which differs between
 * processors from AVX on.
 */
struct regs_layout {
	uint64_t xcr0;
	uint32_t offset[XSAVE_PARTS];
};

/* The registers' numbers: REG_rax ... REG_pkru, and how many there are. */
enum reg_number {
#define CORE(field, bits, type, group)               REG_##field,
#define FLAGS(name, field, bits, type, group)        REG_##name,
#define XSAVE(name, part, offset, bits, type, group) REG_##name,
#define FPU(name, offset, bytes, group)              REG_##name,
#include "gdb/regs.def"
	REG_COUNT,
};

/* The widest register, and all of them together, in bytes. */
enum {
	REG_SIZE_MAX = 32,
	REGS_SIZE_MAX = 0
#define CORE(field, bits, type, group)               +(bits) / 8
#define FLAGS(name, field, bits, type, group)        +(bits) / 8
#define XSAVE(name, part, offset, bits, type, group) +(bits) / 8
#define FPU(name, offset, bytes, group)              +4
#include "gdb/regs.def"
};

/* The offsets a machine uses that has these parts and packs them as Intel. */
void regs_layout_init(struct regs_layout *layout, uint64_t xcr0);

/* Make every register what the processor starts with: zero, x87 and SSE on. */
void regs_init(struct regs *regs, const struct regs_layout *layout);

/* Whether this machine has a register of that number. */
bool regs_has(const struct regs_layout *layout, unsigned number);

/* Facts about register `number` < REG_COUNT. */
unsigned regs_size(unsigned number); /* bytes on the wire */
const char *regs_name(unsigned number);
bool regs_in_core(unsigned number); /* not in xsave[] */

/*
 * Read a register into value[regs_size()], little-endian.  False if it is
 * unavailable.  The machine must have it.
 */
bool regs_get(const struct regs *regs, const struct regs_layout *layout,
    unsigned number, uint8_t *value);

/*
 * Write one.  What the hardware keeps fixed stays as it is.  False if it is
 * unavailable.
 */
bool regs_set(struct regs *regs, const struct regs_layout *layout,
    unsigned number, const uint8_t *value);

/*
 * Write the target description (GDB manual, "Target Description Format").
 * */
void regs_xml(const struct regs_layout *layout, struct text *out);

#endif
