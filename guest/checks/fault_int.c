/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of INT 0x77, or with an argument of INT 0x80, Linux's 32-bit system
 * call: user mode has no gates for them.
 */
#include "frame.h"

static __attribute__((noinline)) void
interrupt_it(int old)
{
	KEEP_FRAME();
	if (old)
		__asm__ volatile("int $0x80");
	__asm__ volatile("int $0x77");
}

int
main(int argc, char **argv)
{
	(void)argv;
	interrupt_it(argc > 1);
	return 0;
}
