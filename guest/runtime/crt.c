/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the process start to main(), and from there to the end.  It knows the
 * layout of the initial stack and nothing of the guest's purpose.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "runtime.h"

struct auxv {
	unsigned long type;
	unsigned long value;
};

int main(int argc, char **argv, char **envp);

/* Weak: a guest that uses no stdio links none, and needs no flush. */
__attribute__((weak)) int fflush(FILE *file);

char **environ;
static const struct auxv *auxv;

static void (*at_exit[32])(void); /* C11 7.22.4.2 asks for 32 */
static size_t at_exit_count;

/*
 * The function never returns, so it may change the stack protector's guard: its
 * own frame is not compared with the new guard.
 */
void
guest_start(unsigned long *sp)
{
	int argc = (int)sp[0];
	char **argv = (char **)(sp + 1);
	char **end;
	const uintptr_t *random;

	environ = argv + argc + 1;
	for (end = environ; *end != NULL; end++)
		continue;
	auxv = (const struct auxv *)(end + 1);
	random = (const uintptr_t *)getauxval(AT_RANDOM);
	if (random != NULL)
		__stack_chk_guard = *random;
	exit(main(argc, argv, environ));
}

unsigned long
getauxval(unsigned long type)
{
	const struct auxv *entry;

	for (entry = auxv; entry->type != AT_NULL; entry++)
		if (entry->type == type)
			return entry->value;
	return 0;
}

char *
getenv(const char *name)
{
	size_t length = strlen(name);
	char **entry;

	for (entry = environ; *entry != NULL; entry++)
		if (strncmp(*entry, name, length) == 0 &&
		    (*entry)[length] == '=')
			return *entry + length + 1;
	return NULL;
}

int
atexit(void (*function)(void))
{
	if (at_exit_count == sizeof(at_exit) / sizeof(at_exit[0]))
		return -1;
	at_exit[at_exit_count++] = function;
	return 0;
}

void
exit(int status)
{
	while (at_exit_count > 0)
		at_exit[--at_exit_count]();
	if (fflush != NULL)
		fflush(NULL);
	_exit(status);
}
