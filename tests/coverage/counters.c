/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of a coverage build, kept in a file beside the program.
 *
 * libgcov writes counters when a process exits.  Most processes of novillo
 * cannot: a seccomp filter and Landlock confine them, workers end by _exit(),
 * tests kill them.  So the counters, which counters.lds gathers in pages of
 * their own, are a shared mapping of PROGRAM.counters from before main().  They
 * need no call of the kernel afterwards, whatever ends the process.  All runs
 * of a program count in the same place; the compiler makes each count atomic.
 *
 * NOVILLO_COUNTERS=write makes a program write its counters as .gcda files and
 * exit.  Nothing here knows what is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct gcov_info;

/* libgcov has these; no header declares them. */
void __gcov_init(struct gcov_info *);
void __gcov_dump(void);

/* The linker makes these: a pointer for each object, and all counters. */
extern struct gcov_info *const __start_gcov_info[];
extern struct gcov_info *const __stop_gcov_info[];
extern char counters_start[], counters_end[];

_Noreturn static void
fail(const char *name)
{
	fprintf(stderr, "%s: %s\n", name, strerror(errno));
	exit(1);
}

/* A folder that cannot be written is one where nobody asks for coverage. */
static int
open_counters(size_t size)
{
	char path[4096 + sizeof(".counters")];
	ssize_t n = readlink("/proc/self/exe", path, 4096);
	struct stat st;
	int fd;

	if (n < 0 || n == 4096)
		return -1;
	strcpy(path + n, ".counters");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 ||
	    ((size_t)st.st_size < size && ftruncate(fd, (off_t)size) < 0))
		fail(path);
	return fd;
}

static void
write_counters(void)
{
	struct gcov_info *const *info;

	for (info = __start_gcov_info; info < __stop_gcov_info; info++)
		__gcov_init(*info);
	__gcov_dump();
	/* A static program has not registered yet what exit() would undo. */
	_exit(0);
}

__attribute__((constructor(101))) static void
share_counters(void)
{
	size_t size = (uintptr_t)counters_end - (uintptr_t)counters_start;
	int fd = open_counters(size);
	const char *wish = getenv("NOVILLO_COUNTERS");

	if (fd < 0)
		return;
	if (mmap(counters_start, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		fail("counters");
	close(fd);
	if (wish && strcmp(wish, "write") == 0)
		write_counters();
}
