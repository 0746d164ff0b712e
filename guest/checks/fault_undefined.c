/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of UD2, the instruction that is defined to be undefined.
 */
#include "frame.h"

static __attribute__((noinline)) void
execute_undefined(void)
{
	KEEP_FRAME();
	__asm__ volatile("ud2");
}

int
main(void)
{
	execute_undefined();
	return 0;
}
