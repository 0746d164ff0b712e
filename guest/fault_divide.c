/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of a division by zero.
 */
#include "frame.h"

static volatile int dividend = 1; /* 1 / x itself needs no division */
static volatile int zero = 0;
static volatile int quotient;

static __attribute__((noinline)) void
divide_by_zero(void)
{
	KEEP_FRAME();
	quotient = dividend / zero;
}

int
main(void)
{
	divide_by_zero();
	return 0;
}
