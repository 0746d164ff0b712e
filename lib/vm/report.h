/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of a fault: its place, its trap, registers, backtrace.  It must
 * not change the machine.
 */
#ifndef REPORT_H
#define REPORT_H

#include "image/symbols.h"
#include "output/output.h"
#include "vm/machine.h"

/* The bytes of the image file, for names and lines, or NULL and 0. */
struct image_bytes {
	const uint8_t *bytes;
	size_t size;
};

/* Those of an open file, which may be -1. */
struct image_bytes report_map(int fd);

/* The symbol at an address of the program, or else of its interpreter: false,
 * there is none. */
bool report_symbol(const struct machine *m, const struct image_bytes *program,
    const struct image_bytes *interp, uint64_t address, struct symbol *symbol);

/* Write on `out` what the thread that ended the guest (m->culprit) was doing;
 * nothing if no thread did. */
void report_fault(struct output *out, const struct machine *m,
    const struct image_bytes *file);

/* Write "main+0x12 at hello.c:10", as far as the image knows them, or "". */
void report_place(char *text, size_t size, const struct machine *m,
    const struct image_bytes *file, uint64_t address);

#endif
