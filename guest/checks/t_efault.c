/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests hypercalls with wrong pointers: every call that follows a pointer, at
 * every kind of edge.  The result is -EFAULT, and the VMM lives on.
 */
#include <errno.h>
#include <hcall.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

/* A page without a mapping after it. */
static char *edge;

static const char constant[sizeof(struct utsname)];

/* One call with one wrong pointer; its other arguments are right. */
struct call {
	const char *name;
	long (*make)(long address);
};

static long
call_clock_gettime(long address)
{
	return hc_clock_gettime(CLOCK_MONOTONIC, address);
}

static long
call_uname(long address)
{
	return hc_uname(address);
}

static long
call_getrandom(long address)
{
	return hc_getrandom(address, 16, 0);
}

static long
call_write(long address)
{
	return hc_write(STDOUT_FILENO, address, 16);
}

static long
call_writev(long address)
{
	return hc_writev(STDOUT_FILENO, address, 1);
}

static long
call_writev_buffer(long address)
{
	struct iovec iov = { (void *)address, 16 };

	return hc_writev(STDOUT_FILENO, (long)&iov, 1);
}

static long
call_readv(long address)
{
	return hc_readv(STDIN_FILENO, address, 1);
}

static long
call_nanosleep(long address)
{
	return hc_nanosleep(address, 0);
}

static long
call_clock_nanosleep(long address)
{
	return hc_clock_nanosleep(CLOCK_MONOTONIC, 0, address, 0);
}

static const struct call writers[] = {
	{ "clock_gettime", call_clock_gettime },
	{ "uname", call_uname },
	{ "getrandom", call_getrandom },
};

static const struct call readers[] = {
	{ "write", call_write },
	{ "writev", call_writev },
	{ "writev, for a buffer,", call_writev_buffer },
	{ "readv", call_readv },
	{ "nanosleep", call_nanosleep },
	{ "clock_nanosleep", call_clock_nanosleep },
};

static void
test_unmapped(const struct call *call)
{
	const struct {
		const char *name;
		unsigned long address;
	} nowhere[] = {
		{ "a null pointer", 0 },
		{ "the end of page 0", PAGE - 16 },
		{ "an unmapped page", (unsigned long)edge + PAGE },
		{ "an address past all memory", 1UL << 46 },
		{ "the last user address", (1UL << 47) - 16 },
		{ "a non-canonical address", 1UL << 47 },
		{ "the highest bit", 1UL << 63 },
		{ "the shim's page", 0xffffffff80000000 },
		{ "the end of the address space", -16UL },
		{ "an address that wraps", -8UL },
	};
	size_t i;

	fflush(stdout); /* some calls write to stdout past stdio */
	for (i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		same(call->make((long)nowhere[i].address), -EFAULT,
		    "%s refuses %s", call->name, nowhere[i].name);
}

static void
test_read_only(const struct call *call)
{
	same(call->make((long)constant), -EFAULT,
	    "%s does not write to constants", call->name);
	same(call->make((long)(uintptr_t)test_read_only), -EFAULT,
	    "%s does not write to code", call->name);
}

static void
test_edge(void)
{
	char *last = edge + PAGE;
	struct iovec *iov = (struct iovec *)last - 1;

	same(call_clock_gettime((long)(last - 16)), 0,
	    "a structure may end where memory ends");
	same(call_clock_gettime((long)(last - 15)), -EFAULT,
	    "but not one byte further");
	same(call_clock_gettime((long)(last - 1)), -EFAULT,
	    "nor may only its first byte be there");
	same(call_uname((long)(last - sizeof(struct utsname))), 0,
	    "uname fills memory up to the last byte");
	same(call_uname((long)(last - sizeof(struct utsname) + 1)), -EFAULT,
	    "and refuses to write over it");
	same(call_getrandom((long)(last - 16)), 16,
	    "getrandom fills memory up to the last byte");
	memset(last - 16, 0, 16);
	same(call_nanosleep((long)(last - 16)), 0,
	    "a time may end where memory ends");
	same(call_nanosleep((long)(last - 15)), -EFAULT,
	    "but not one byte further");
	*iov = (struct iovec){ edge, 0 };
	same(hc_writev(STDOUT_FILENO, (long)iov, 1), 0,
	    "an array may end where memory ends");
	same(hc_writev(STDOUT_FILENO, (long)iov, 2), -EFAULT,
	    "but not one element further");
}

/* Novillo is stricter than Linux, which copies until it faults. */
static void
test_untouched(void)
{
	const char *sentence = "a structure that does not fit is not begun";
#ifdef HYPERCALL_BY_SYSCALL
	skip("Linux begins it", "%s", sentence);
#else
	char *start = edge + PAGE - 8;

	memset(start, 0x77, 8);
	call_clock_gettime((long)start);
	ok(start[0] == 0x77 && start[7] == 0x77, "%s", sentence);
#endif
}

int
main(void)
{
	size_t i;

	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(edge + PAGE, PAGE);
	for (i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		test_unmapped(&writers[i]);
		test_read_only(&writers[i]);
	}
	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		test_unmapped(&readers[i]);
	test_edge();
	test_untouched();
	return tap_done();
}
