/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop for breakpoints whose condition is false: `tested THREADS ROUNDS
 * [MICROSECONDS]`.  Each round leads over instructions of all lengths with
 * something in each register, in the flags and in the red zone, and looks for
 * it afterwards.  With the third argument, a signal comes so often.
 */
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <thread.h>

#define THREADS_MAX 8

static struct worker {
	struct thread thread;
	long rounds, sum, wrong;
} workers[THREADS_MAX];

static volatile long signals;
long *missing;            /* a pointer that leads nowhere, */
long *volatile somewhere; /* and one that does not */
long number = 7;

/*
 * rdi rounds from 0 on: rax sums them up.  Each label is an instruction of so
 * many bytes, `in_between` one to which a jump leads as well, and at `flags`
 * all of them count.  The last quarter of the red zone holds a number that rdx
 * compares; what is wrong comes back in rdx.
 */
long turns(long rounds, long *wrong);
__asm__(".globl turns, one, two, three, four, seven, flags, in_between\n"
	".globl branch, by_rip\n"
	".type turns, @function\n"
	"turns: push %rbx\n"
	"	push %rsi\n"
	"	xor %eax, %eax\n"
	"	xor %ecx, %ecx\n"
	"	xor %r8d, %r8d\n"
	"	mov $0x5a5a5a5a, %ebx\n"
	"	mov %rbx, -128(%rsp)\n"
	"	mov %rbx, -8(%rsp)\n"
	"again:	mov %rcx, %rdx\n"
	"one:	cld\n"
	"	nop\n"
	"two:	inc %ecx\n"
	"three:	add %rdx, %rax\n"
	"four:	add $1, %r8\n"
	"	stc\n"
	"seven:	movl $1, -16(%rsp)\n"
	"	jnc bad\n"
	"	mov $0x7fffffff, %r9d\n"
	"	add $1, %r9d\n" /* overflow and sign, neither zero nor carry */
	"flags:	mov %rcx, %r10\n"
	"	mov %r10, %r11\n"
	"	jno bad\n"
	"	jz bad\n"
	"	jc bad\n"
	"	jns bad\n"
	"	test $1, %cl\n"
	"	jz in_between\n"
	"	mov %r11, %r10\n"
	"in_between:\n"
	"	mov %r10, %r9\n"
	"	cmp %rcx, %r9\n"
	"	jne bad\n"
	"by_rip: mov number(%rip), %r9\n"
	"	cmp $7, %r9\n"
	"	jne bad\n"
	"	cmp %rbx, -128(%rsp)\n"
	"	jne bad\n"
	"	cmp %rbx, -8(%rsp)\n"
	"	jne bad\n"
	"	cmp %rcx, %r8\n"
	"	jne bad\n"
	"branch: cmp %rdi, %rcx\n"
	"	jb again\n"
	"	jmp out\n"
	"bad:	pop %rsi\n"
	"	push %rsi\n"
	"	incq (%rsi)\n"
	"	jmp branch\n"
	"out:	pop %rsi\n"
	"	pop %rbx\n"
	"	ret\n"
	".size turns, . - turns\n");

static void
on_signal(int signal)
{
	(void)signal;
	signals++;
}

static void
work(void *arg)
{
	struct worker *w = arg;

	w->sum = turns(w->rounds, &w->wrong);
}

static void
signal_often(long us)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct timeval t[2] = { { 0, us }, { 0, us } };

	sigaction(SIGALRM, &action, NULL);
	hc_setitimer(0, (long)t, 0);
}

int
main(int argc, char **argv)
{
	long i, n, rounds, sum = 0, wrong = 0;

	if (argc < 3)
		return 2;
	n = strtol(argv[1], NULL, 10);
	rounds = strtol(argv[2], NULL, 10);
	if (n > THREADS_MAX)
		return 2;
	somewhere = &number;
	if (argc > 3)
		signal_often(strtol(argv[3], NULL, 10));
	for (i = 0; i < n; i++) {
		workers[i].rounds = rounds;
		if (i > 0 &&
		    thread_start(&workers[i].thread, work, &workers[i]) < 0)
			return 1;
	}
	work(&workers[0]);
	for (i = 0; i < n; i++) {
		if (i > 0)
			thread_join(&workers[i].thread);
		sum += workers[i].sum;
		wrong += workers[i].wrong;
	}
	printf("%ld %ld\n", sum, wrong);
	return wrong > 0;
}
