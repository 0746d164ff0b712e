/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that waits for another without a call: it spins until the other has
 * set a flag.
 */
#include <stdio.h>
#include <thread.h>

static int flag;

static void
set_flag(void *arg)
{
	(void)arg;
	__atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
}

int
main(void)
{
	static struct thread t;

	if (thread_start(&t, set_flag, NULL) < 0)
		return 1;
	while (!__atomic_load_n(&flag, __ATOMIC_ACQUIRE))
		;
	thread_join(&t);
	puts("set");
	return 0;
}
