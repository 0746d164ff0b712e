/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording could lose this: `recorded WHAT`.
 *
 *	cut		the guest ends while one thread sleeps, and another
 *			waits in a call that has just got its bytes
 */
#include <hcall.h>
#include <string.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

static int line[2];
static char got[PAGE];
static struct timespec left = { 100, 0 };

static void
wait_for_bytes(void *arg)
{
	(void)arg;
	(void)read(line[0], got, sizeof(got));
}

static void
sleep_long(void *arg)
{
	(void)arg;
	nanosleep(&left, &left);
}

/* The bytes come while this thread computes: nobody sees them. */
static void
cut(const char *file)
{
	static struct thread reader, sleeper;
	const struct timespec a_while = { 0, 20000000 };
	static volatile unsigned rounds;

	(void)file;
	if (pipe(line) < 0 || thread_start(&reader, wait_for_bytes, NULL) < 0 ||
	    thread_start(&sleeper, sleep_long, NULL) < 0)
		return;
	nanosleep(&a_while, NULL);
	write(line[1], "bytes", 5);
	for (rounds = 0; rounds < 20000000; rounds++)
		;
	hc_exit_group(3);
}

static const struct {
	const char *name;
	void (*run)(const char *file);
} parts[] = {
	{ "cut", cut },
};

int
main(int argc, char **argv)
{
	unsigned i;

	for (i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(argv[1], parts[i].name) == 0) {
			parts[i].run(argv[2]);
			return 0;
		}
	return 2;
}
