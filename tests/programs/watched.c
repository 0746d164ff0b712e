/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a word in ways that the first address of an access does not show: one
 * function for each, for tests/gdb/t-gdb-watch.sh.
 */
#include <stdio.h>

/* `high` is watched; a vector that holds it begins at `before`. */
struct {
	int before[2], low, high, after[4];
} value __attribute__((aligned(16)));
char other[32];

/* Two words among the code. */
__asm__("	.text\n"
	"	.balign	16\n"
	"	.globl	text\n"
	"	.type	text, @object\n"
	"	.size	text, 8\n"
	"text:	.long	1, 2\n");

static void
read_beside(void)
{
	__asm__ volatile("movl (%0), %%eax" : : "r"(&value.low) : "rax");
}

static void
read_wide(void)
{
	__asm__ volatile("movq (%0), %%rax" : : "r"(&value.low) : "rax");
}

static void
read_vector(void)
{
	__asm__ volatile("movups (%0), %%xmm0" : : "r"(&value) : "xmm0");
}

static void
push_it(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
			 "pushq (%0)\n\t"
			 "popq %%rax\n\t"
			 "lea 128(%%rsp), %%rsp"
			 :
			 : "r"(&value.low)
			 : "rax");
}

static void
compare(void)
{
	const void *from = &value.low, *to = other;

	__asm__ volatile("cmpsq" : "+S"(from), "+D"(to) : : "cc");
}

static void
copy(void)
{
	const void *from = &value.low;
	void *to = other;
	long count = 2;

	__asm__ volatile("rep movsl"
			 : "+S"(from), "+D"(to), "+c"(count)
			 :
			 : "memory");
}

static void
overwrite(void)
{
	__asm__ volatile("movq $0, (%0)" : : "r"(&value.low) : "memory");
}

static void
read_text(void)
{
	__asm__ volatile("movl text+4(%%rip), %%eax" : : : "rax");
}

static void
read_text_beside(void)
{
	__asm__ volatile("movl text(%%rip), %%eax" : : : "rax");
}

int
main(void)
{
	read_beside();
	read_wide();
	read_vector();
	push_it();
	compare();
	copy();
	overwrite();
	read_text_beside();
	read_text();
	puts("done");
	return 0;
}
