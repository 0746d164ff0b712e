/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest whose loop comes to one state after the other that differ in memory
 * alone: a row of bytes that grows at both ends.  One of its instructions, at
 * `alike`, can be replaced by a jump; all others are calls, or shorter than a
 * jump and before a call.
 */
#include <stdio.h>
#include <unistd.h>

#define ROUNDS 300
#define PAGE   4096

/* Filled from the middle of the first page on. */
static struct {
	char row[PAGE];
	char *up, *down;
	long left;
} block __attribute__((aligned(PAGE))) = {
	.up = block.row + PAGE / 2,
	.down = block.row + PAGE / 2,
	.left = ROUNDS,
};

void fill(void);

/* The bytes after a return are not an instruction. */
__asm__(".text\n"
	"none: ret\n"
	".byte 6, 6, 6, 6\n"
	"put: movb $1, (%rax)\n"
	"call none\n"
	"xor %eax, %eax\n"
	"call none\n"
	"ret\n"
	".byte 6, 6, 6, 6\n"
	"fill: mov (%rdx), %rax\n"
	"call put\n"
	"incq (%rdx)\n"
	"call none\n"
	"mov 8(%rdx), %rax\n"
	"call put\n"
	"decq 8(%rdx)\n"
	"call none\n"
	"ret\n"
	".byte 6, 6, 6, 6\n");

int
main(void)
{
	int r = getppid();

	__asm__ volatile("sub $128, %%rsp\n"
			 "alike: mov $7, %%ecx\n"
			 "call fill\n"
			 "decq 16(%%rdx)\n"
			 "call none\n"
			 "jnz alike\n"
			 "call none\n"
			 "add $128, %%rsp"
			 :
			 : "d"(&block.up)
			 : "rax", "rcx", "memory", "cc");
	return printf("%d\n", block.row[PAGE / 2] + (r < 0)) > 0 ? 0 : 1;
}
