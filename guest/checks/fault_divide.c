/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of a division by zero.
 */
#include "frame.h"

static volatile int zero = 0;
static volatile int quotient;

static __attribute__((noinline)) void
divide_by_zero(void)
{
	int dividend = 1;

	KEEP_FRAME();
	/* The divisor is where a debugger can repair it. */
	__asm__("cltd\n\tidivl %%ecx"
		: "+a"(dividend)
		: "c"(zero)
		: "edx", "cc");
	quotient = dividend;
}

int
main(void)
{
	divide_by_zero();
	return 0;
}
