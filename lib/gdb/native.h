/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Agent expressions as x86-64 machine code, so that the debugged program itself
 * finds that a condition is false.  It is pure, and must not know where the
 * code will lie or who runs it.
 *
 * The code is independent of its place.  It uses rax, rcx, rdx, the flags and
 * memory below rsp, and ends after its last byte with a value in rax that is
 * not 0 if one of the conditions holds.  It reads memory as the program does: a
 * read that faults, as a division that does, is the caller's to deal with.
 */
#ifndef GDB_NATIVE_H
#define GDB_NATIVE_H

#include "gdb/agent.h"

#define NATIVE_REGISTERS 3 /* rax, rcx and rdx, which the code uses */

/* Pages whose bytes may not be the program's own: bit (address / 4096) %
 * NATIVE_PAGES of a table.  A read there is not made: the value is not 0. */
#define NATIVE_PAGES 4096

struct native_place {
	uint64_t rip;
	int32_t saved[NATIVE_REGISTERS]; /* at these offsets from rsp, */
	int32_t stack; /* the first value here, and others below it */
	int32_t pages; /* the address of the table, sign-extended */
};

struct native_condition {
	const uint8_t *code; /* which agent_check() has accepted */
	size_t n;
};

/* Write the code of these conditions into out[size]: its length, or 0 if it
 * does not fit or has another instruction than those that have code. */
size_t native_compile(uint8_t *out, size_t size,
    const struct native_condition *condition, size_t n,
    const struct native_place *place);

#endif
