/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of reading CR0, which every processor allows at CPL 0 only.
 */
#include "frame.h"

static __attribute__((noinline)) void
read_cr0(void)
{
	unsigned long value;

	KEEP_FRAME();
	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
}

int
main(void)
{
	read_cr0();
	return 0;
}
