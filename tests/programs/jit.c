/* SPDX-License-Identifier: BSD-2-Clause */
/* Code that is made at run time, in each way: what can be called prints its
 * value, what is refused its reason. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

/* Write "mov $value, %eax; ret" at `code`, and call it at `at`. */
static int
call(unsigned char *code, void *at, unsigned char value)
{
	const unsigned char bytes[] = { 0xb8, value, 0, 0, 0, 0xc3 };
	int (*function)(void);

	memcpy(code, bytes, sizeof(bytes));
	memcpy(&function, &at, sizeof(function));
	return function();
}

static void
try(const char *what, unsigned char *code, void *at)
{
	if (code == MAP_FAILED || at == MAP_FAILED)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf(
		    "%s: %d %d\n", what, call(code, at, 1), call(code, at, 2));
}

int
main(void)
{
	const int all = PROT_READ | PROT_WRITE | PROT_EXEC;
	const int own = MAP_PRIVATE | MAP_ANONYMOUS;
	void *p = mmap(NULL, PAGE, all, own, -1, 0);
	int fd;

	try("mmap", p, p);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, own, -1, 0);
	if (mprotect(p, PAGE, all) < 0)
		p = MAP_FAILED;
	try("mprotect", p, p);
	fd = memfd_create("code", 0);
	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return 1;
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	try("two views", p,
	    mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
	p = mmap(NULL, PAGE, all, MAP_SHARED, fd, 0);
	try("a shared file", p, p);
	return 0;
}
