/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of an unmasked SSE exception, division by zero (Intel SDM vol. 1,
 * 11.5.2.2).  QEMU's TCG does not raise it: the guest ends with 0 there.
 */
#include "frame.h"

#define MXCSR_ALL_MASKED  0x1f80
#define MXCSR_ZERO_DIVIDE 0x0200

static volatile float zero = 0;
static volatile float quotient;

static __attribute__((noinline)) void
divide_by_fp_zero(void)
{
	unsigned mxcsr = MXCSR_ALL_MASKED & ~MXCSR_ZERO_DIVIDE;

	KEEP_FRAME();
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	quotient = 1 / zero;
}

int
main(void)
{
	divide_by_fp_zero();
	return 0;
}
