/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the decoder of lib/image with objdump(1): lengths, and the size and
 * the address of the first memory operand.  It must not know mnemonics, except
 * those on which both differ by design.
 */
#ifndef OBJDUMP_H
#define OBJDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Generated code lies in slots: an instruction of any bytes, then nops, so that
 * objdump is mostly in step again where the next slot begins; if it is not, it
 * skips that slot. */
#define OBJDUMP_SLOT 16U
#define OBJDUMP_SEED 16U /* random bytes that make a slot */

struct objdump_tally {
	unsigned long insns;     /* decoded by objdump, and compared */
	unsigned long operands;  /* with a memory operand that was compared */
	unsigned long bad;       /* not an instruction to objdump */
	unsigned long lenient;   /* ... but one to us */
	unsigned long by_design; /* known differences */
	unsigned long differ;    /* other differences: stdout has the first */
};

/* Whether there is an objdump for x86-64. */
bool objdump_exists(void);

/* Compare the instructions of an ELF file, at most `lines` of them.  Returns
 * false if objdump did not read the file. */
bool objdump_check_file(
    const char *path, unsigned long lines, struct objdump_tally *tally);

/* Make a slot of random bytes: a random opcode and operands, with a prefix that
 * fits. */
void objdump_fill_slot(uint8_t *slot, const uint8_t *seed);

/* Fill a slot from `used` on with as few nops as possible. */
void objdump_pad_slot(uint8_t *slot, size_t used);

/* Fill a seed with the next random bytes; *state is not 0. */
void objdump_next_seed(uint8_t *seed, uint64_t *state);

/* Compare the instruction that begins each slot of `bytes`. */
bool objdump_check_slots(
    const uint8_t *bytes, size_t size, struct objdump_tally *tally);

#endif
