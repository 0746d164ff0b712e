/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its second thread writes through a null pointer while the first thread waits
 * for it.
 */
#include <stddef.h>
#include <thread.h>

static void
write_to_null(void *arg)
{
	*(volatile int *)arg = 1;
}

int
main(void)
{
	static struct thread thread;

	if (thread_start(&thread, write_to_null, NULL) < 0)
		return 1;
	thread_join(&thread);
	return 0;
}
