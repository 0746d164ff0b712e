/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies without its auxiliary vector: a thread lays pages that are not in their
 * file, standard input, over the first thread's stack, and writes through a
 * null pointer.  Whoever tells of it must not miss what is gone.
 */
#include <hcall.h>
#include <sys/mman.h>
#include <thread.h>
#include <unistd.h>

#define PAGE 4096UL

extern char **environ;

static void
lay_and_die(void *arg)
{
	char *page = (char *)((unsigned long)arg & ~(PAGE - 1));

	if (mmap(page, PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_FIXED, STDIN_FILENO, 1L << 20) == page)
		*(volatile char *)0 = 0;
	_exit(1);
}

int
main(void)
{
	struct thread t = { 0 };

	if (thread_start(&t, lay_and_die, environ) < 0)
		return 1;
	thread_join(&t);
	return 1;
}
