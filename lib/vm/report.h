/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of a fault: what, where, why, registers, backtrace.  It must not
 * change the machine it reports on.
 */
#ifndef REPORT_H
#define REPORT_H

#include "vm/machine.h"

#include <stdio.h>

/* The bytes of the image file, for names and lines; NULL and 0 without. */
struct image_bytes {
	const uint8_t *bytes;
	size_t size;
};

/* Write on `out` what vCPU `vcpu` was doing when its guest was ended. */
void report_fault(FILE *out, struct vcpu *vcpu, const struct image_bytes *file);

/* "main+0x12 at hello.c:10", as far as the image knows; else "". */
void report_place(char *text, size_t size, const struct machine *m,
    const struct image_bytes *file, uint64_t address);

#endif
