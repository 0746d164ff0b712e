/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the mistake that its argument names, so that the runtime ends it with a
 * reason on stderr and status 134.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
free_twice(void)
{
	char *memory = malloc(100);

	free(memory);
	free(memory);
}

static void
overflow(void)
{
	char *memory = malloc(32);
	char *next = malloc(32);

	memset(memory, 'x', 48);
	free(next);
}

static void
write_freed(void)
{
	char *memory = malloc(32);
	char *keep = malloc(32);

	free(memory);
	memset(memory - 16, 0, 16);
	free(keep);
}

static void
free_foreign(void)
{
	static char buffer[64];

	free(buffer + 32);
}

static void
assert_false(void)
{
	volatile int one = 1;

	assert(one == 2);
}

static const struct misuse {
	const char *name;
	void (*function)(void);
} misuses[] = {
	{ "free-twice", free_twice },
	{ "overflow", overflow },
	{ "write-freed", write_freed },
	{ "free-foreign", free_foreign },
	{ "assert", assert_false },
	{ "abort", abort },
};

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++)
		if (argc > 1 && strcmp(argv[1], misuses[i].name) == 0)
			misuses[i].function();
	printf("usage: misuse WHAT, which is one of:\n");
	for (i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++)
		printf("\t%s\n", misuses[i].name);
	return 2;
}
