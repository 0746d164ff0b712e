/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of a breakpoint instruction of its own, which no debugger planted.
 */
#include "frame.h"

static __attribute__((noinline)) void
execute_int3(void)
{
	KEEP_FRAME();
	__asm__ volatile("int3");
}

int
main(void)
{
	execute_int3();
	return 0;
}
