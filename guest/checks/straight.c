/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that makes each instruction once between two hypercalls, in functions
 * without loops, so that no instruction met before leads near the second one.
 * Two of them repeat, to copy a block of bytes and to search it.
 */
#include <stdio.h>
#include <unistd.h>

#define BLOCK 65536

char from[BLOCK], to[BLOCK] __attribute__((aligned(4096)));

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

static __attribute__((noinline)) void
copy(void)
{
	const void *s = from;
	void *d = to;
	unsigned long n = BLOCK;

	from[BLOCK / 4] = 1;
	__asm__ volatile("rep movsb\n"
			 "after_copy: nop"
			 : "+S"(s), "+D"(d), "+c"(n)
			 :
			 : "memory");
}

static __attribute__((noinline)) void
search(void)
{
	const void *d = to;
	unsigned long n = BLOCK;

	__asm__ volatile("repne scasb\n"
			 "after_search: nop"
			 : "+D"(d), "+c"(n)
			 : "a"(2)
			 : "memory", "cc");
}

int
main(void)
{
	int r = getppid();

	before();
	r += ask();
	copy();
	search();
	return printf("%s\n", r < 0 ? "none" : "asked") > 0 ? 0 : 1;
}
