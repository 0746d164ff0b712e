/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest for debuggers: instructions that are awkward to step, memory to
 * watch, calls to follow.
 */
#include <stdio.h>
#include <string.h>

#define MANY 8

/*
 * Each instruction stands between its name and NAME_done.  The code after the
 * RET does not return by itself: only a debugger enters and leaves it.
 */
void awkward(char *three_bytes);

__asm__("	.macro	at name, instruction:vararg\n"
	"	.globl	\\name\n"
	"\\name: \\instruction\n"
	"	.globl	\\name\\()_done\n"
	"\\name\\()_done:\n"
	"	.endm\n"
	"	.text\n"
	"	.globl	awkward\n"
	"	.type	awkward, @function\n"
	"awkward:\n"
	"	pushq	%rbx\n"
	"	movl	$39, %eax\n" /* getpid() is 1 */
	"	at at_out, outl %eax, $0x10\n"
	"	movl	$39, %eax\n"
	"	at at_syscall, syscall\n"
	"	xorl	%eax, %eax\n"
	"	xorl	%ecx, %ecx\n"
	"	at at_cpuid, cpuid\n"
	"	nop\n"
	"	at at_pushf, pushfq\n"
	"	nop\n"
	"	at at_popf, popfq\n"
	"	nop\n"
	"	movl	$3, %ecx\n"
	"	at at_rep, rep stosb\n"
	"	nop\n"
	"	at at_int3, int3\n"
	"	popq	%rbx\n"
	"	ret\n"
	"	at at_self, jmp at_self\n"
	"	at at_undefined, ud2\n"
	"	at at_null, movl (%rax), %edx\n"
	"	at at_hlt, hlt\n"
	"	.size	awkward, . - awkward\n");

static volatile int global;
static volatile int ten = 10; /* unknown to the compiler */
static volatile char array[4096];
static volatile long many[MANY];

/* A loop to step through, and a value to return. */
static __attribute__((noinline)) int
sum_to(int n)
{
	volatile int sum = 0;
	volatile int i = 1;

	do {
		sum += i;
		i++;
	} while (i <= n);
	return sum;
}

static __attribute__((noinline)) int
twice(int n)
{
	return n + n;
}

static __attribute__((noinline)) void
write_memory(void)
{
	volatile int local = 1;
	int i;

	global = 7;
	local = 22;
	array[0] = 'a';
	array[2048] = 'b';
	array[4095] = 'c';
	for (i = 0; i < MANY; i++)
		many[i] = 100 + i;
	global = local + (int)many[0];
}

static __attribute__((noinline)) void
say_sum(void)
{
	int sum = sum_to(ten);

	printf("sum %d, twice %d, global %d\n", sum, twice(sum), global);
}

int
main(int argc, char **argv)
{
	static char bytes[3];

	if (argc > 1 && strcmp(argv[1], "awkward") == 0)
		awkward(bytes);
	write_memory();
	say_sum();
	return 0;
}
