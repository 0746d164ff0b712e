/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the guest's memory: brk, mmap, munmap, mprotect, the stack's guard
 * page.  Hypercalls show which pages are accessible: they return -EFAULT for
 * others.  The fault guests test that the processor agrees.
 */
#include <errno.h>
#include <hcall.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define PAGE	  4096UL
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define READWRITE (PROT_READ | PROT_WRITE)

#define STACK_SEARCHED (64UL << 20) /* Linux's default is 8 MiB */

extern const char etext[]; /* from the linker script */

static bool
writable(const volatile void *address)
{
	return hc_clock_gettime(CLOCK_MONOTONIC, (long)address) == 0;
}

/* Only for addresses of 16 zero bytes: the call sleeps for no time. */
static bool
readable(const volatile void *address)
{
	return hc_nanosleep((long)address, 0) == 0;
}

static bool
zeroed(const char *memory, size_t n)
{
	while (n > 0 && memory[n - 1] == 0)
		n--;
	return n == 0;
}

static char *
pages(size_t count)
{
	return mmap(NULL, count * PAGE, READWRITE, ANONYMOUS, -1, 0);
}

static void
test_brk(void)
{
	char *start = sbrk(0);
	char *page = start + (-(uintptr_t)start % PAGE);

	ok(start >= (char *)etext, "the heap begins after the image");
	ok(sbrk((intptr_t)(page - start + 3 * (long)PAGE)) == start,
	    "sbrk returns the old end");
	ok(sbrk(0) == page + 3 * PAGE, "and moves it as far as asked");
	ok(zeroed(page, 3 * PAGE), "new heap memory is zero");
	memset(page, 0xaa, 3 * PAGE);
	ok(!writable(page + 3 * PAGE), "nothing is mapped after the end");
	same(brk(page + PAGE), 0, "brk takes memory back");
	ok(!writable(page + PAGE), "which is gone then");
	ok(page[PAGE - 1] == (char)0xaa, "and keeps what is in front of it");
	same(brk(page + 3 * PAGE), 0, "brk gives it again");
	ok(zeroed(page + PAGE, 2 * PAGE), "and it is zero again");
	same(brk(start), 0, "brk goes back to the start");
	same(brk((void *)(1L << 46)), -1, "brk refuses more than there is");
	ok(sbrk(0) == start, "and leaves the end where it was");
	same(hc_brk(1), (long)start, "a wrong end is answered with the old");
}

static void
test_mmap(void)
{
	char *a = pages(3), *b = pages(1);

	ok(a != MAP_FAILED && b != MAP_FAILED, "mmap finds room");
	same((long)((uintptr_t)a % PAGE), 0, "at the start of a page");
	ok(b + PAGE <= a || b >= a + 3 * PAGE, "which no other mapping has");
	ok(a < (char *)&a && b < (char *)&a, "below the stack");
	ok(zeroed(a, 3 * PAGE), "a new mapping is zero");
	memset(a, 0x55, 3 * PAGE);
	same(munmap(a + PAGE, PAGE), 0, "munmap makes a hole");
	ok(!writable(a + PAGE), "where nothing is any more");
	ok(a[PAGE - 1] == 0x55 && a[2 * PAGE] == 0x55,
	    "its neighbours keep what they held");
	ok(mmap(a + PAGE, PAGE, READWRITE, ANONYMOUS | MAP_FIXED, -1, 0) ==
		a + PAGE,
	    "MAP_FIXED fills the hole");
	ok(zeroed(a + PAGE, PAGE), "with zeros");
	same(munmap(a, 3 * PAGE), 0, "munmap takes everything");
	ok(!writable(a) && !writable(a + 2 * PAGE), "and it is gone");
	same(munmap(a, 3 * PAGE), 0, "munmap of nothing succeeds");
	munmap(b, PAGE);
}

static void
test_reuse(void)
{
	int i;

	for (i = 0; i < 1000; i++) {
		char *memory = pages(256);

		if (memory == MAP_FAILED || memory[0] != 0)
			break;
		memory[0] = 1;
		munmap(memory, 256 * PAGE);
	}
	same(i, 1000, "what was unmapped can be mapped again, 1000 MiB in all");
}

static void
test_mprotect(void)
{
	char *a = pages(3);

	same(mprotect(a + PAGE, PAGE, PROT_READ), 0,
	    "mprotect makes a page read-only");
	ok(readable(a + PAGE) && !writable(a + PAGE),
	    "which can be read and not written");
	ok(writable(a) && writable(a + 2 * PAGE), "its neighbours can");
	a[2 * PAGE] = a[0] = 1; /* writable() stored a timespec there */
	same(mprotect(a + PAGE, PAGE, PROT_NONE), 0,
	    "mprotect takes a page away");
	ok(!readable(a + PAGE) && !writable(a + PAGE),
	    "PROT_NONE forbids reading also");
	same(mprotect(a + PAGE, PAGE, READWRITE), 0, "mprotect gives it back");
	ok(zeroed(a + PAGE, PAGE), "with what it held");
	a[PAGE] = 1;
	munmap(a + PAGE, PAGE);
	same(hc_mprotect((long)a, 3 * PAGE, PROT_READ), -ENOMEM,
	    "mprotect refuses a range with a hole");
	munmap(a, 3 * PAGE);
}

static void
test_execution(void)
{
	/* mov $42, %eax; ret */
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *page = pages(1);
	int (*function)(void) = (int (*)(void))(uintptr_t)page;

	memcpy(page, code, sizeof(code));
	same(mprotect(page, PAGE, PROT_READ | PROT_EXEC), 0,
	    "a page can be made executable when it is no longer writable");
	same(function(), 42, "and code in it runs");
	ok(!writable(page), "but cannot be changed");
	munmap(page, PAGE);
}

static void
test_refusals(void)
{
	char *page = pages(1);
	long p = (long)page;

	same(hc_mmap(0, 0, READWRITE, ANONYMOUS, -1, 0), -EINVAL,
	    "mmap refuses a length of 0");
	same(hc_mmap(0, 1L << 62, READWRITE, ANONYMOUS, -1, 0), -ENOMEM,
	    "mmap refuses more than there is");
	same(hc_mmap(0, -1L, READWRITE, ANONYMOUS, -1, 0), -ENOMEM,
	    "mmap refuses a length that wraps");
	same(hc_mmap(p + 1, PAGE, READWRITE, ANONYMOUS | MAP_FIXED, -1, 0),
	    -EINVAL, "MAP_FIXED refuses an address inside a page");
	same(hc_mmap(0, PAGE, READWRITE, MAP_ANONYMOUS, -1, 0), -EINVAL,
	    "mmap wants MAP_PRIVATE or MAP_SHARED");
	same(hc_munmap(p + 1, PAGE), -EINVAL,
	    "munmap refuses an address inside a page");
	same(hc_munmap(p, 0), -EINVAL, "munmap refuses a length of 0");
	same(hc_munmap(1L << 46, 1L << 40), 0,
	    "munmap of an unmapped range succeeds");
	same(hc_munmap(0, PAGE), 0, "so does that of a null pointer's page");
	same(hc_munmap(1L << 46, (1L << 46) - PAGE + 1), -EINVAL,
	    "but not that past user addresses");
	same(hc_mprotect(p + 1, PAGE, PROT_READ), -EINVAL,
	    "mprotect refuses an address inside a page");
	same(hc_mprotect(p, PAGE, 0x40), -EINVAL,
	    "mprotect refuses a permission it does not know");
	ok(writable(page), "and nothing has changed by all that");
	munmap(page, PAGE);
}

static void
test_image(void)
{
	static const struct timespec constant = { 0, 0 };
	static struct timespec variable = { 0, 1 };

	ok(!writable(NULL) && !writable((void *)(PAGE - 16)),
	    "page 0 is absent");
	ok(readable(&constant) && !writable(&constant),
	    "constants can be read and not written");
	ok(!writable((const void *)(uintptr_t)test_image),
	    "code cannot be written");
	ok(writable(&variable), "variables can be written");
}

static void
test_stack(void)
{
	char here;
	uintptr_t page = (uintptr_t)&here & ~(PAGE - 1);
	uintptr_t limit = page > STACK_SEARCHED ? page - STACK_SEARCHED : 0;

	while (page > limit && writable((void *)page))
		page -= PAGE;
	ok(page > limit, "below the stack lies a guard page");
	printf("# the stack reaches %lu KiB down\n",
	    ((uintptr_t)&here - page) / 1024);
}

int
main(void)
{
	test_brk();
	test_mmap();
	test_reuse();
	test_mprotect();
	test_execution();
	test_refusals();
	test_image();
	test_stack();
	return tap_done();
}
