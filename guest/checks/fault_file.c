/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Touches a page of a mapping past the end of its file, which is standard
 * input: SIGBUS.  With an argument, a handler reports the address, and the
 * argument is the kind of instruction.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 64

static char *file;

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	printf("code %d, byte %ld\n", info->si_code,
	    (long)((char *)info->si_addr - file));
	_exit(0);
}

static int
load(void)
{
	return *(volatile char *)(file + 63 * PAGE + 5);
}

/* Its first bytes are there. */
static int
load_across(void)
{
	uint64_t value;

	__asm__ volatile("mov %1, %0"
	    : "=r"(value)
	    : "m"(*(const uint64_t *)(file + PAGE - 3)));
	return (int)value;
}

static int
store(void)
{
	*(volatile char *)(file + 2 * PAGE) = 'x';
	return 0;
}

static int
copy_string(void)
{
	static char copy[64];
	const char *from = file + PAGE - 32;
	char *to = copy;
	unsigned long n = sizeof(copy);

	__asm__ volatile("rep movsb"
	    : "+S"(from), "+D"(to), "+c"(n)
	    :
	    : "memory");
	return copy[0];
}

static int
execute(void)
{
	((void (*)(void))(uintptr_t)(file + 7 * PAGE + 9))();
	return 0;
}

static const struct {
	const char *name;
	int (*touch)(void);
	int rights;
} kinds[] = {
	{ "load", load, PROT_READ },
	{ "across", load_across, PROT_READ },
	{ "store", store, PROT_READ | PROT_WRITE },
	{ "string", copy_string, PROT_READ },
	{ "code", execute, PROT_READ | PROT_EXEC },
};

int
main(int argc, char **argv)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO,
	};
	unsigned i = 0;

	if (argc > 1)
		sigaction(SIGBUS, &action, NULL);
	while (argc > 1 && strcmp(kinds[i].name, argv[1]) != 0)
		if (++i == sizeof(kinds) / sizeof(kinds[0]))
			return 2;
	file = mmap(NULL, PAGES * PAGE, kinds[i].rights, MAP_PRIVATE, 0, 0);
	if (file == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("it begins with '%c'\n", file[0]);
	fflush(stdout);
	return kinds[i].touch();
}
