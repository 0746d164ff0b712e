/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of a stack overflow: a guard page lies below the stack.
 */
static volatile unsigned long deepest = -1UL; /* unknown to the compiler */
static volatile unsigned long sum;

static __attribute__((noinline)) unsigned long
recurse(unsigned long depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	if (depth == deepest)
		return 0;
	return recurse(depth + 1) + (unsigned long)frame[0];
}

static __attribute__((noinline)) void
overflow_stack(void)
{
	sum = recurse(0);
}

int
main(void)
{
	overflow_stack();
	return 0;
}
