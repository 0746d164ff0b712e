/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies without its auxiliary vector: a thread waits until the first thread has
 * ended, maps pages past the end of standard input, a file, over the first
 * thread's stack, and writes through a null pointer.  The report of this fault
 * must not need the auxiliary vector.
 */
#include <hcall.h>
#include <sched.h>
#include <sys/mman.h>
#include <thread.h>
#include <unistd.h>

#define PAGE 4096UL

extern char **environ;

static int first_runs = 1; /* the kernel clears it */

static void
lay_and_die(void *arg)
{
	char *page = (char *)((unsigned long)arg & ~(PAGE - 1));

	while (__atomic_load_n(&first_runs, __ATOMIC_ACQUIRE))
		sched_yield();
	if (mmap(page, PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_FIXED, STDIN_FILENO, 1L << 20) == page)
		*(volatile char *)0 = 0;
	_exit(1);
}

int
main(void)
{
	static struct thread t;

	hc_set_tid_address((long)&first_runs);
	if (thread_start(&t, lay_and_die, environ) < 0)
		return 1;
	hc_exit(0);
	return 1;
}
