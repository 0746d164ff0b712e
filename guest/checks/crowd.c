/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies while other threads sleep: `crowd THREADS MILLISECONDS MEBIBYTES`.  It
 * starts THREADS threads and writes MEBIBYTES of memory; after MILLISECONDS the
 * first thread writes through a null pointer.
 */
#include <hcall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thread.h>
#include <time.h>

#define THREADS_MAX 200

static struct thread threads[THREADS_MAX];

static void
sleep_on(void *arg)
{
	static int never;

	(void)arg;
	for (;;)
		futex_wait(&never, 0, -1);
}

int
main(int argc, char **argv)
{
	struct timespec wait;
	long i, n, ms, size;
	char *memory;

	if (argc != 4)
		return 2;
	n = strtol(argv[1], NULL, 10);
	ms = strtol(argv[2], NULL, 10);
	size = strtol(argv[3], NULL, 10) << 20;
	memory = malloc((size_t)size);
	if (!memory || n > THREADS_MAX)
		return 2;
	memset(memory, 1, (size_t)size);
	for (i = 0; i < n; i++)
		if (thread_start(&threads[i], sleep_on, NULL) < 0)
			return 1;
	wait = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&wait, NULL);
	*(volatile char *)0 = 0;
	return 1;
}
