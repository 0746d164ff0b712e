/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that makes each instruction once between two hypercalls, in functions
 * without loops, so that no instruction met before leads near the second one.
 */
#include <stdio.h>
#include <unistd.h>

static __attribute__((noinline)) void
before(void)
{
	__asm__ volatile(".rept 1500; addl $1, %%eax; .endr" : : : "eax", "cc");
}

/* Long enough for a jump that counts, before the call. */
static __attribute__((noinline)) int
ask(void)
{
	__asm__ volatile("movl $1, %%ecx; movl $2, %%edx; movl $3, %%esi"
			 :
			 :
			 : "ecx", "edx", "esi");
	return getppid();
}

int
main(void)
{
	int r = getppid();

	before();
	r += ask();
	return printf("%s\n", r < 0 ? "none" : "asked") > 0 ? 0 : 1;
}
