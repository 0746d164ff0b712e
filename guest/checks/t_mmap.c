/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests mappings of files, and the calls that move, drop and query mapped
 * memory, by touching it.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <tap.h>
#include <unistd.h>

#define PAGE      4096UL
#define PAGES     3UL
#define READWRITE (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define NAME      "t_mmap.scratch"

static char *
pages(size_t count)
{
	return mmap(NULL, count * PAGE, READWRITE, ANONYMOUS, -1, 0);
}

/* The file: each page is full of one letter. */
static int
make_file(void)
{
	static char page[PAGE];
	int fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned long i;

	for (i = 0; i < PAGES; i++) {
		memset(page, (int)('a' + i), sizeof(page));
		write(fd, page, sizeof(page));
	}
	return fd;
}

static char
in_file(int fd, off_t offset)
{
	char c = 0;

	pread(fd, &c, 1, offset);
	return c;
}

static void
test_private(int fd)
{
	char *a = mmap(NULL, PAGES * PAGE, READWRITE, MAP_PRIVATE, fd, 0);
	char *b = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);

	ok(a != MAP_FAILED && b != MAP_FAILED, "a file is mapped, twice");
	ok(a[0] == 'a' && a[2 * PAGE] == 'c', "with what is in it");
	same(b[0], 'b', "from where it was asked for");
	a[0] = 'X';
	same(in_file(fd, 0), 'a', "what is written stays the guest's");
	same(madvise(a, PAGE, MADV_DONTNEED), 0, "it can be dropped");
	same(a[0], 'a', "and then is the file's again");
	a[PAGE] = 'Y';
	same(b[0], 'b', "the other mapping does not see it");
	munmap(a, PAGES * PAGE);
	munmap(b, PAGE);
	a = pages(8);
	ok(a[0] == 0 && a[2 * PAGE] == 0 && a[7 * PAGE] == 0,
	    "memory where files were is zero");
	munmap(a, 8 * PAGE);
}

static void
test_shared(int fd)
{
	char *a = mmap(NULL, PAGES * PAGE, READWRITE, MAP_SHARED, fd, 0);
	char *b = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	char buf[2];

	a[0] = 'X';
	same(in_file(fd, 0), 'X', "a shared mapping writes the file");
	same(b[0], 'X', "which the other one shows");
	pwrite(fd, "Z", 1, 1);
	ok(a[1] == 'Z' && b[1] == 'Z', "as it does what is written to it");
	same(msync(a, PAGES * PAGE, MS_SYNC), 0, "it is synced");
	same(madvise(a, PAGE, MADV_DONTNEED), 0, "dropping it");
	same(a[0], 'X', "loses nothing");
	same(pread(fd, a + PAGE, 2, 0), 2, "the file can be read into itself");
	ok(a[PAGE] == 'X' && a[PAGE + 1] == 'Z', "as it is");
	same(pwrite(fd, a, 2, 2 * PAGE), 2, "and written from itself");
	same(in_file(fd, 2 * PAGE), 'X', "as well");
	same(mprotect(b, PAGE, READWRITE), 0,
	    "a mapping of a file that can be written becomes writable");
	same(hc_mprotect((long)b, PAGE, PROT_READ), 0, "and read-only again");
	same(hc_pread64(fd, (long)b, 1, 0), -EFAULT,
	    "and then the guest cannot have it written");
	same(pread(fd, buf, 1, 0), 1, "but elsewhere");
	munmap(a, PAGES * PAGE);
	munmap(b, PAGE);
}

static char *taken;
static int faults;

static void
give_back(int signal)
{
	(void)signal;
	faults++;
	mprotect(taken, PAGE, PROT_READ);
}

static void
test_read_only(void)
{
	int fd = open(NAME, O_RDONLY);
	char *a = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	same(hc_mmap(0, PAGE, READWRITE, MAP_SHARED, fd, 0), -EACCES,
	    "what cannot be written is not mapped shared and writable");
	ok(a != MAP_FAILED && a[0] == 'X', "it is mapped for reading");
	same(hc_mprotect((long)a, PAGE, READWRITE), -EACCES,
	    "and never becomes writable");
	same(mprotect(a, PAGE, PROT_NONE), 0, "its rights can be taken away");
	taken = a;
	sigaction(
	    SIGSEGV, &(struct sigaction){ .sa_handler = give_back }, NULL);
	same(*(volatile char *)a, 'X', "and given back with what is in it");
	same(faults, 1, "when the processor has met a fault");
	munmap(a, PAGE);
	close(fd);
	fd = open(NAME, O_WRONLY);
	same(hc_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -EACCES,
	    "what cannot be read is not mapped");
	close(fd);
}

static void
test_truncated(int fd)
{
	char *a = mmap(NULL, PAGES * PAGE, READWRITE, MAP_SHARED, fd, 0);

	ftruncate(fd, 0);
	same(hc_write(1, (long)a, 16), -EFAULT,
	    "a page past a truncated file's end cannot be written from");
	same(hc_uname((long)a), -EFAULT, "and no call writes into it");
	same(hc_open((long)a, 0, 0), -EFAULT, "it holds no name");
	same(hc_nanosleep((long)a, 0), -EFAULT, "and no time");
	same(hc_rt_sigprocmask(0, (long)a, 0, 8), -EFAULT, "and no mask");
	ftruncate(fd, (off_t)(PAGES * PAGE));
	same(a[0], 0, "when it grows again it is there");
	munmap(a, PAGES * PAGE);
}

static void
test_no_file(int fd)
{
	int fds[2];

	same(hc_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), -EINVAL,
	    "an offset inside a page is EINVAL");
	same(hc_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 999, 0), -EBADF,
	    "a descriptor that is not open is EBADF");
	pipe(fds);
	same(hc_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), -ENODEV,
	    "a pipe is ENODEV");
	close(fds[0]);
	close(fds[1]);
	fds[0] = open(".", O_RDONLY | O_DIRECTORY);
	same(hc_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), -ENODEV,
	    "so is a folder");
	close(fds[0]);
}

static void
test_mremap(void)
{
	char *a = pages(8), *b, *c;

	munmap(a + 4 * PAGE, 4 * PAGE);
	strcpy(a, "one");
	same((long)(mremap(a, 4 * PAGE, 6 * PAGE, 0) == a), 1,
	    "memory grows in place where there is room");
	same(a[5 * PAGE], 0, "by zeros");
	c = mmap(a + 6 * PAGE, PAGE, READWRITE, ANONYMOUS | MAP_FIXED, -1, 0);
	same(hc_mremap((long)a, 6 * PAGE, 7 * PAGE, 0, 0), -ENOMEM,
	    "and not where there is none");
	b = mremap(a, 6 * PAGE, 10 * PAGE, MREMAP_MAYMOVE);
	ok(b != MAP_FAILED && b != a, "unless it may move");
	ok(strcmp(b, "one") == 0 && b[9 * PAGE] == 0, "with what is in it");
	same(hc_uname((long)a), -EFAULT, "and is not where it was");
	same((long)(mremap(b, 10 * PAGE, PAGE, 0) == b), 1, "it shrinks");
	same(hc_uname((long)(b + PAGE)), -EFAULT, "and the rest is gone");
	same((long)(mremap(b, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, c) ==
		    c),
	    1, "it goes where asked");
	ok(strcmp(c, "one") == 0, "over what was there");
	same(hc_mremap((long)c, PAGE, 0, 0, 0), -EINVAL, "no length is EINVAL");
	same(hc_mremap((long)b, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT,
	    "what is gone cannot be moved");
	munmap(c, PAGE);
}

/* The mapping is so large that pages are moved, not copied. */
static void
test_large(void)
{
	const unsigned long size = 8UL << 20;
	char *a = pages(size / PAGE), *fence, *b;
	unsigned long i;

	for (i = 0; i < size; i += PAGE)
		memcpy(a + i, &i, sizeof(i));
	fence = mmap(a + size, PAGE, PROT_NONE, ANONYMOUS, -1, 0);
	b = mremap(a, size, 2 * size, MREMAP_MAYMOVE);
	if (b == MAP_FAILED) {
		same(errno, 0, "8 MiB move");
		return;
	}
	for (i = 0; i < size && memcmp(b + i, &i, sizeof(i)) == 0; i += PAGE)
		b[size + i] = 1;
	same((long)i, (long)size, "8 MiB move, and all that is in them");
	munmap(b, 2 * size);
	munmap(fence, PAGE);
}

static void
test_advice(void)
{
	unsigned char there[4];
	char *a = pages(4);

	memset(a, 1, 4 * PAGE);
	same(madvise(a + PAGE, PAGE, MADV_DONTNEED), 0, "a page is dropped");
	ok(a[PAGE - 1] == 1 && a[PAGE] == 0 && a[2 * PAGE] == 1,
	    "and zero again, and no other");
	madvise(a + 2 * PAGE, PAGE, MADV_DONTNEED);
	same(mincore(a, 4 * PAGE, there), 0, "mincore returns 0");
	ok((there[0] & 1) && !(there[2] & 1),
	    "mincore reports the pages in memory");
	same(madvise(a, 4 * PAGE, MADV_WILLNEED), 0, "advice is taken");
	same(hc_madvise((long)a, PAGE, 1234), -EINVAL,
	    "unknown advice is refused");
	munmap(a + PAGE, PAGE);
	same(hc_madvise((long)a, 4 * PAGE, MADV_DONTNEED), -ENOMEM,
	    "a hole is ENOMEM");
	same(a[3 * PAGE], 0, "and does not stop it");
	same(hc_mincore((long)a, 2 * PAGE, (long)there), -ENOMEM,
	    "for the question as well");
	same(hc_msync((long)a, 2 * PAGE, MS_SYNC), -ENOMEM, "and for msync");
	same(mlock(a, PAGE), 0, "memory is locked");
	same(munlock(a, PAGE), 0, "and unlocked");
	same(hc_munlock((long)a, 2 * PAGE), -ENOMEM, "but not a hole");
	munmap(a, 4 * PAGE);
}

int
main(void)
{
	int fd = make_file();

	if (fd < 0)
		skip_all("no file can be made here");
	test_private(fd);
	test_shared(fd);
	test_read_only();
	test_truncated(fd);
	test_no_file(fd);
	close(fd);
	unlink(NAME);
	test_mremap();
	test_large();
	test_advice();
	return tap_done();
}
