/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of reading a model-specific register, or with an argument of writing
 * one: LSTAR, the target of `syscall`.
 */
#include "frame.h"

#define MSR_LSTAR 0xc0000082

static __attribute__((noinline)) void
read_msr(void)
{
	unsigned low, high;

	KEEP_FRAME();
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_LSTAR));
}

static __attribute__((noinline)) void
write_msr(void)
{
	KEEP_FRAME();
	__asm__ volatile("wrmsr" : : "a"(0x400000), "d"(0), "c"(MSR_LSTAR));
}

int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		write_msr();
	read_msr();
	return 0;
}
