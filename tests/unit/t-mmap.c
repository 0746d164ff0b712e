/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the hypercalls of @memory without a vCPU: mappings of files, moves,
 * advice, and every kind of bad argument.
 */
#include "guestcall.h"
#include "mem/mapping.h"

#include "vm/breaks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define R    PROT_READ
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define AT   (UINT64_C(16) << 20) /* a free place for MAP_FIXED */
#define NONE UINT64_C(-1)         /* no descriptor */
#define TIB  (UINT64_C(1) << 40)

/* The file: 3 pages and 100 bytes; each byte names its page. */
#define PAGES 3
#define SIZE  (PAGES * PAGE_4K + 100)

static char path[] = "/tmp/novillo-t-mmap-XXXXXX";
static int host;
static uint64_t rw_fd, ro_fd, wo_fd, volume_fd;

static void
on_fault(int signal, siginfo_t *info, void *context)
{
	(void)info;
	if (!gmem_recover(context))
		_exit(100 + signal);
}

static void
fill_file(void)
{
	char page[PAGE_4K];
	int i;

	if (ftruncate(host, 0) < 0)
		bail("ftruncate");
	for (i = 0; i <= PAGES; i++) {
		memset(page, 'a' + i, sizeof(page));
		if (pwrite(host, page, i < PAGES ? PAGE_4K : 100,
			(off_t)i * (off_t)P) < 0)
			bail("pwrite");
	}
}

static char
in_file(uint64_t offset)
{
	char c = 0;

	return pread(host, &c, 1, (off_t)offset) == 1 ? c : -1;
}

static uint64_t
open_as(int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		bail("open of %s", path);
	return (uint64_t)hc_fd_open(&guest.fds, fd, HC_MAY_CHANGE, false);
}

static void
make_files(void)
{
	host = mkstemp(path);
	if (host < 0)
		bail("mkstemp");
	fill_file();
	rw_fd = open_as(O_RDWR);
	ro_fd = open_as(O_RDONLY);
	wo_fd = open_as(O_WRONLY);
	volume_fd = open_as(O_RDWR);
	guest.fds.file[guest.fds.fd[volume_fd].file - 1].read_only = true;
	unlink(path);
}

static char
byte(uint64_t va)
{
	char c = -2;

	return gmem_read(&mem, &c, va, 1) == 0 ? c : -1;
}

static bool
can(uint64_t va, uint64_t len, enum gmem_access access)
{
	return gmem_span(&mem, va, len, access) == len;
}

static int64_t
map(uint64_t len, unsigned prot, unsigned flags, uint64_t fd, uint64_t offset)
{
	return CALL(HC_mmap, AT, len, prot, flags | MAP_FIXED, fd, offset);
}

static void
clear(void)
{
	if (CALL(HC_munmap, AT, TOP - AT) != 0)
		bail("munmap");
}

static void
test_private(void)
{
	is_int(map(SIZE, RW, MAP_PRIVATE, ro_fd, 0), AT,
	    "a file that can be read is mapped private and writable");
	ok(byte(AT) == 'a' && byte(AT + 2 * P) == 'c', "with what is in it");
	is_int(byte(AT + SIZE), 0, "after its end with zeros");
	*(char *)at(AT) = 'X';
	is_int(in_file(0), 'a', "a write to it is not in the file");
	is_int(pwrite(host, "Y", 1, (off_t)(2 * P)), 1, "a page not written");
	is_int(byte(AT + 2 * P), 'Y', "is the file's own: nothing was copied");
	is_int(CALL(HC_madvise, AT, SIZE, MADV_DONTNEED), 0, "MADV_DONTNEED");
	is_int(byte(AT), 'a', "goes back to the file");
	is_int(CALL(HC_munmap, AT, P), 0, "a page of it can be unmapped");
	is_int(map(P, R, ANON, NONE, 0), AT, "anonymous memory in its place");
	is_int(byte(AT), 0, "is zero");
	is_int(map(P, R | PROT_EXEC, MAP_PRIVATE, ro_fd, P), AT,
	    "a file can be mapped executable");
	is_int(byte(AT), 'b', "from the page that was asked for");
	is_int(CALL(HC_mprotect, AT, P, RW | PROT_EXEC), -EACCES,
	    "executable memory is not made writable");
	is_int(map(P, RW | PROT_EXEC, MAP_PRIVATE, ro_fd, 0), -EACCES,
	    "a file is not mapped writable and executable");
	fill_file();
	clear();
}

static void
test_shared(void)
{
	is_int(map(SIZE, RW, MAP_SHARED, rw_fd, 0), AT,
	    "a file that can be written is mapped shared");
	*(char *)at(AT + 1) = 'X';
	is_int(in_file(1), 'X', "a write to it is in the file");
	is_int(CALL(HC_msync, AT, SIZE, MS_SYNC), 0,
	    "a shared mapping can be synced");
	is_int(CALL(HC_madvise, AT, SIZE, MADV_DONTNEED), 0, "MADV_DONTNEED");
	is_int(byte(AT + 1), 'X', "loses nothing");
	is_int(CALL(HC_madvise, AT, SIZE, MADV_FREE), -EINVAL,
	    "MADV_FREE is for anonymous memory");
	is_int(CALL(HC_madvise, AT, SIZE, MADV_REMOVE), -EOPNOTSUPP,
	    "MADV_REMOVE is not supported");
	is_int(CALL(HC_mprotect, AT, P, R), 0, "it can become read-only");
	ok(!can(AT, 1, GMEM_WRITE), "a read-only mapping is not writable");
	is_int(CALL(HC_mprotect, AT, P, RW), 0,
	    "the mapping can become writable again");
	*(char *)at(AT + 1) = 'b';
	is_int(map(P, R, MAP_SHARED, ro_fd, 0), AT,
	    "a file that can be read is mapped shared for reading");
	is_int(CALL(HC_mprotect, AT, P, RW), -EACCES,
	    "a mapping of a read-only file never becomes writable");
	ok(!can(AT, 1, GMEM_WRITE), "the refused mapping is not writable");
	is_int(CALL(HC_mprotect, AT, P, PROT_NONE), 0,
	    "a mapping's rights can be taken away");
	is_int(CALL(HC_mprotect, AT, 2 * P, R), 0,
	    "rights of neighbours can be given back");
	is_int(CALL(HC_mprotect, AT, 2 * P, PROT_NONE), 0,
	    "rights of neighbours can be taken away");
	is_int(CALL(HC_mprotect, AT + P, P, RW), 0, "the neighbour");
	*(char *)at(AT + P) = 'b';
	ok(true, "is still writable for us");
	is_int(map(P, RW, MAP_SHARED, ro_fd, 0), -EACCES,
	    "a file that cannot be written is not mapped shared and writable");
	is_int(map(P, RW, MAP_SHARED, volume_fd, 0), -EACCES,
	    "a file of a read-only volume is not mapped writable");
	is_int(map(P, R, MAP_SHARED, volume_fd, 0), AT, "that can be read");
	is_int(CALL(HC_mprotect, AT, P, RW), -EACCES,
	    "a file of a read-only volume is not made writable");
	is_int(map(P, RW, MAP_PRIVATE, volume_fd, 0), AT,
	    "a file of a read-only volume is mapped private");
	clear();
}

static void
test_file_errors(void)
{
	int pipes[2];
	uint64_t fd;

	if (pipe(pipes) < 0)
		bail("pipe");
	fd = (uint64_t)hc_fd_open(&guest.fds, pipes[0], HC_MAY_CHANGE, false);
	is_int(map(P, R, MAP_PRIVATE, fd, 0), -ENODEV, "a pipe is not a file");
	fd = (uint64_t)hc_fd_open(&guest.fds, open("/", O_RDONLY | O_DIRECTORY),
	    HC_MAY_CHANGE, false);
	is_int(
	    map(P, R, MAP_PRIVATE, fd, 0), -ENODEV, "a folder is not a file");
	fd = (uint64_t)hc_fd_open(
	    &guest.fds, open("/", O_PATH), HC_MAY_CHANGE, false);
	is_int(map(P, R, MAP_PRIVATE, fd, 0), -EBADF,
	    "a descriptor opened with O_PATH is not mapped");
	fd = (uint64_t)hc_fd_open(
	    &guest.fds, open("/dev/null", O_RDWR), HC_MAY_CHANGE, false);
	is_int(
	    map(P, R, MAP_PRIVATE, fd, 0), -ENODEV, "a device is not mapped");
	fd = (uint64_t)hc_fd_open(
	    &guest.fds, open("/dev/zero", O_RDWR), HC_MAY_CHANGE, false);
	ok(map(P, R, MAP_PRIVATE, fd, 0) > 0,
	    "/dev/zero is mapped as anonymous memory");
	is_int(map(P, R, MAP_PRIVATE, wo_fd, 0), -EACCES,
	    "a file that cannot be read is EACCES");
	is_int(map(P, R, MAP_PRIVATE, NONE, 0), -EBADF, "-1 is EBADF");
	is_int(map(P, R, MAP_PRIVATE, 1000, 0), -EBADF,
	    "a descriptor that is not open is EBADF");
	is_int(map(P, R, MAP_PRIVATE, ro_fd, 1), -EINVAL,
	    "an offset inside a page is EINVAL");
	is_int(map(P, R, MAP_PRIVATE, ro_fd, (uint64_t)INT64_MAX & ~(P - 1)),
	    -EOVERFLOW, "an offset of 2^63 is EOVERFLOW");
	is_int(map(P, R, MAP_PRIVATE, ro_fd, -P), -EOVERFLOW, "and so is -1");
	is_int(
	    map(0, R, MAP_PRIVATE, ro_fd, 0), -EINVAL, "no length is EINVAL");
	is_int(map(RAM, R, MAP_PRIVATE, ro_fd, 0), -ENOMEM,
	    "more than there is, is ENOMEM");
	is_int(map(P, R, 0, ro_fd, 0), -EINVAL,
	    "neither private nor shared is EINVAL");
	is_int(map(P, R, 0x0f, ro_fd, 0), -EINVAL, "an unknown type is EINVAL");
	is_int(map(P, R, MAP_SHARED_VALIDATE, ro_fd, 0), AT,
	    "MAP_SHARED_VALIDATE is known");
	is_int(map(P, R, MAP_SHARED_VALIDATE | 0x80000, ro_fd, 0), -EOPNOTSUPP,
	    "MAP_SYNC is not supported");
	clear();
}

static void
test_flags(void)
{
	int64_t a;

	is_int(map(P, RW, ANON | MAP_GROWSDOWN, NONE, 0), -EOPNOTSUPP,
	    "MAP_GROWSDOWN is refused");
	is_int(map(P, RW, ANON | MAP_HUGETLB, NONE, 0), -ENOMEM,
	    "MAP_HUGETLB finds no huge pages");
	is_int(map(P, RW,
		   ANON | MAP_NORESERVE | MAP_STACK | MAP_DENYWRITE |
		       MAP_EXECUTABLE,
		   NONE, 0),
	    AT, "a flag that reserves or means nothing is accepted");
	is_int(map(4 * P, RW, ANON | MAP_POPULATE | MAP_LOCKED, NONE, 0), AT,
	    "MAP_POPULATE is accepted");
	is_int(CALL(HC_mincore, AT, 4 * P, PAGE), 0,
	    "mincore finds MAP_POPULATE's pages");
	ok(memcmp(at(PAGE), "\1\1\1\1", 4) == 0,
	    "the pages of MAP_POPULATE are in memory");
	is_int(map(SIZE, R, MAP_PRIVATE | MAP_POPULATE, ro_fd, 0), AT,
	    "MAP_POPULATE of a file is accepted");
	a = CALL(HC_mmap, 0, P, RW, ANON | 0x40, NONE, 0);
	ok(a > 0 && a < INT64_C(1) << 31, "MAP_32BIT is below 2 GiB");
	CALL(HC_munmap, (uint64_t)a, P);
	is_int(CALL(HC_mmap, AT, P, RW, ANON | MAP_FIXED_NOREPLACE, NONE, 0),
	    -EEXIST, "MAP_FIXED_NOREPLACE does not replace a file");
	is_int(CALL(HC_mmap, 0, TIB, PROT_NONE, ANON | MAP_NORESERVE, NONE, 0),
	    -ENOMEM, "reserved addresses must be in RAM");
	a = CALL(HC_mmap, AT + 4 * P, P, RW, ANON, NONE, 0);
	is_int(a, AT + 4 * P, "a hint is honoured where it is free");
	clear();
	is_int(map(2 * P, RW, MAP_SHARED | MAP_ANONYMOUS, NONE, 0), AT,
	    "anonymous memory can be shared");
	*(char *)at(AT) = 1;
	CALL(HC_madvise, AT, P, MADV_DONTNEED);
	is_int(byte(AT), 1, "MADV_DONTNEED keeps shared memory");
	is_int(CALL(HC_madvise, AT, P, MADV_FREE), -EINVAL,
	    "MADV_FREE of shared memory is EINVAL");
	clear();
}

/* Does the host's page table have the page, for KVM to follow? */
static bool
is_followed(uint64_t va)
{
	const uintptr_t page = (uintptr_t)(mem.base + va) / PAGE_4K;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (pread(fd, &entry, sizeof(entry), (off_t)(page * 8)) < 0)
		bail("no pagemap");
	close(fd);
	return entry >> 63;
}

/* Rights are taken from pages that another thread's write() is reading. */
static void
test_flush(void)
{
	int to = memfd_create("t-mmap", 0);

	is_int(map(2 * P, R, MAP_SHARED, ro_fd, 0), AT,
	    "a file that is never written is mapped");
	is_int(map(P, RW, ANON, NONE, 0), AT, "and other memory before it");
	gmem_lock(&mem);
	is_int(gmem_flush_begin(&mem, AT, 2 * P), 0, "a change begins");
	is_int(write(to, at(AT), 2 * P), 2 * P, "the host can read them all");
	ok(is_followed(AT + P), "KVM can have the file's page");
	is_int(gmem_flush_end(&mem, AT, 2 * P), 0, "the change ends");
	gmem_unlock(&mem);
	ok(!is_followed(AT + P), "KVM has lost the file's page");
	is_int(byte(AT + P), 'b', "which is still there");
	close(to);
	clear();
}

/* A hostile guest: the page tables map pages past the file's end. */
static void
test_truncated(void)
{
	struct iovec iov = { (void *)AT, 16 };
	char text[8];

	is_int(
	    map(PAGES * P, RW, MAP_SHARED, rw_fd, 0), AT, "a file is mapped");
	if (ftruncate(host, 0) < 0)
		bail("ftruncate");
	is_int(gmem_read(&mem, text, AT, sizeof(text)), -EFAULT,
	    "a read of lost pages is EFAULT");
	is_int(gmem_write(&mem, AT, text, sizeof(text)), -EFAULT,
	    "a write to lost pages is EFAULT");
	is_int(gmem_string(&mem, text, sizeof(text), AT), -EFAULT,
	    "a text in lost pages is EFAULT");
	is_int(CALL(HC_write, 1, AT, 16), -EFAULT, "write is EFAULT");
	is_int(CALL(HC_nanosleep, AT, 0), -EFAULT, "nanosleep is EFAULT");
	is_int(CALL(HC_uname, AT), -EFAULT, "uname is EFAULT");
	is_int(CALL(HC_writev, 1, AT, 1), -EFAULT, "a vector there is EFAULT");
	memcpy(at(PAGE), &iov, sizeof(iov));
	is_int(CALL(HC_writev, 1, PAGE, 1), -EFAULT,
	    "a vector that leads there is EFAULT");
	is_int(CALL(HC_open, AT, 0, 0), -EFAULT, "a name there is EFAULT");
	is_int(CALL(HC_getrandom, AT, 16, 0), -EFAULT, "getrandom is EFAULT");
	is_int(CALL(HC_rt_sigaction, SIGUSR1, AT, 0, 8), -EFAULT,
	    "rt_sigaction is EFAULT");
	is_int(CALL(HC_madvise, AT, P, MADV_POPULATE_READ), -EFAULT,
	    "to touch it in advance is EFAULT");
	is_int(CALL(HC_mincore, AT, P, AT + P), -EFAULT,
	    "a result for that place is EFAULT");
	is_int(CALL(HC_msync, AT, P, MS_SYNC), 0, "to sync it succeeds");
	CALL(HC_set_tid_address, AT);
	is_int(CALL(HC_exit, 0), 0, "an end that clears a word there succeeds");
	memcpy(at(PAGE), (uint64_t[3]){ AT, 0, AT + 8 }, 24);
	CALL(HC_set_robust_list, PAGE, 24);
	is_int(CALL(HC_exit, 0), 0, "an end with a robust list there succeeds");
	memcpy(at(PAGE), (uint64_t[3]){ PAGE, 0, AT + 8 }, 24);
	CALL(HC_set_robust_list, PAGE, 24);
	is_int(
	    CALL(HC_exit, 0), 0, "an end with a pending lock there succeeds");
	fill_file();
	is_int(
	    byte(AT), 'a', "the mapping is back when the file is longer again");
	if (ftruncate(host, (off_t)P) < 0)
		bail("ftruncate");
	is_int(gmem_string(&mem, text, sizeof(text), AT + P - 4), -EFAULT,
	    "a text that leads into lost pages is EFAULT");
	*(char *)at(AT + P - 1) = 0;
	is_int(gmem_string(&mem, text, sizeof(text), AT + P - 4), 3,
	    "one that ends before them is read");
	fill_file();
	clear();
}

static void
test_mremap(void)
{
	const uint64_t b = AT + (UINT64_C(8) << 20);
	int64_t moved;

	map(2 * P, RW, ANON, NONE, 0);
	memcpy(at(AT), "one", 4);
	is_int(
	    CALL(HC_mremap, AT, 2 * P, 4 * P, 0), AT, "memory grows in place");
	ok(can(AT, 4 * P, GMEM_WRITE) && byte(AT + 3 * P) == 0, "by zeros");
	is_int(CALL(HC_mremap, AT, 4 * P, P, 0), AT, "it shrinks");
	ok(!can(AT + P, 1, GMEM_READ), "memory past the new end is gone");
	CALL(HC_mmap, AT + P, P, R, ANON | MAP_FIXED, NONE, 0);
	is_int(CALL(HC_mremap, AT, P, 2 * P, 0), -ENOMEM,
	    "where something follows it cannot grow");
	moved = CALL(HC_mremap, AT, P, 2 * P, MREMAP_MAYMOVE);
	ok(moved > 0 && moved != AT, "unless it may move");
	is_str(at((uint64_t)moved), "one", "with what is in it");
	ok(can((uint64_t)moved, 2 * P, GMEM_WRITE),
	    "moved memory keeps its rights");
	ok(!can(AT, 1, GMEM_READ), "it is not where it was");
	is_int(*(char *)at(AT), 0, "the old place is zero again");
	is_int(CALL(HC_mremap, (uint64_t)moved, 2 * P, 3 * P,
		   MREMAP_MAYMOVE | MREMAP_FIXED, AT),
	    AT, "it can be moved to an address");
	is_str(at(AT), "one", "moved memory is at that address");
	is_int(CALL(HC_mremap, AT, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, AT),
	    -EINVAL, "memory is not moved onto itself");
	is_int(CALL(HC_mremap, AT, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, RAM),
	    -EINVAL, "memory is not moved out of RAM");
	is_int(CALL(HC_mremap, AT, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, 0),
	    -EINVAL, "memory is not moved to page 0");
	is_int(CALL(HC_mremap, AT, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, b + 1),
	    -EINVAL, "memory is not moved to an address inside a page");
	is_int(CALL(HC_mremap, AT, P, P, MREMAP_FIXED, b), -EINVAL,
	    "MREMAP_FIXED alone is EINVAL");
	is_int(CALL(HC_mremap, AT, P, P, MREMAP_MAYMOVE | 4, b), -EINVAL,
	    "MREMAP_DONTUNMAP is EINVAL");
	is_int(CALL(HC_mremap, AT + 1, P, P, 0), -EINVAL,
	    "an address inside a page is EINVAL");
	is_int(CALL(HC_mremap, AT, P, 0, 0), -EINVAL, "no length is EINVAL");
	is_int(CALL(HC_mremap, AT, 0, P, 0), -EINVAL,
	    "an old length of 0 is EINVAL");
	is_int(CALL(HC_mremap, AT, P, NONE, MREMAP_MAYMOVE), -ENOMEM,
	    "a new length of -1 is ENOMEM");
	is_int(CALL(HC_mremap, AT, NONE, 2 * P, MREMAP_MAYMOVE), -EFAULT,
	    "an old length of -1 is EFAULT");
	is_int(CALL(HC_mremap, b, P, 2 * P, MREMAP_MAYMOVE), -EFAULT,
	    "absent pages cannot be moved");
	CALL(HC_mprotect, AT, P, R);
	is_int(CALL(HC_mremap, AT, 2 * P, 3 * P, MREMAP_MAYMOVE), -EFAULT,
	    "pages of two mappings cannot be moved");
	clear();
}

/* Moves so large that pages are not copied. */
static void
test_large_moves(void)
{
	const uint64_t len = 4 * PAGE_2M, b = AT + 2 * len;
	uint64_t i;
	bool right = true;
	int round;

	map(len, RW, ANON, NONE, 0);
	for (i = 0; i < len; i += P)
		*(uint64_t *)at(AT + i) = i + 1;
	for (round = 0; round < 6; round++) {
		uint64_t from = round % 2 ? b : AT, to = round % 2 ? AT : b;

		right = right &&
			CALL(HC_mremap, from, len, len,
			    MREMAP_MAYMOVE | MREMAP_FIXED, to) == (int64_t)to;
		for (i = 0; i < len && right; i += P)
			right = *(uint64_t *)at(to + i) == i + 1 &&
				*(uint64_t *)at(from + i) == 0;
	}
	ok(right, "8 MiB move to and fro with all that is in them");
	clear();
	is_int(map(len, RW, ANON, NONE, 0), AT, "what they leave");
	for (i = 0; i < len && right; i += P)
		right = *(uint64_t *)at(AT + i) == 0;
	ok(right, "is zero");
	clear();
}

static void
test_moved_files(void)
{
	const uint64_t b = AT + (UINT64_C(8) << 20);
	int64_t moved;

	map(P, RW, MAP_PRIVATE, ro_fd, 0);
	*(char *)at(AT) = 'X';
	is_int(CALL(HC_mremap, AT, P, 2 * P, 0), AT,
	    "a mapping of a file grows in place");
	ok(byte(AT) == 'X' && byte(AT + P) == 'b',
	    "by what is in the file, and keeps what was written");
	moved = CALL(
	    HC_mremap, AT, 2 * P, 3 * P, MREMAP_MAYMOVE | MREMAP_FIXED, b);
	is_int(moved, b, "it moves and grows");
	ok(byte(b) == 'X' && byte(b + 2 * P) == 'c', "in the same way");
	is_int(byte(AT), -1, "and is not where it was");
	is_int(map(P, R, ANON, NONE, 0), AT, "where memory");
	is_int(byte(AT), 0, "is zero");
	map(2 * P, RW, MAP_SHARED, rw_fd, 0);
	is_int(
	    CALL(HC_mremap, AT, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, b),
	    b, "a shared mapping moves");
	*(char *)at(b + P) = 'Z';
	is_int(in_file(P), 'Z', "and still is the file");
	fill_file();
	clear();
}

static void
test_madvise(void)
{
	static const int none[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL,
		MADV_WILLNEED, MADV_DONTFORK, MADV_DOFORK, MADV_DONTDUMP,
		MADV_DODUMP, 18, 19, 20, 21 };
	bool accepted = true;
	size_t i;

	map(4 * P, RW, ANON, NONE, 0);
	memset(at(AT), 1, 4 * P);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		accepted = accepted &&
			   CALL(HC_madvise, AT, P, (uint64_t)none[i]) == 0;
	ok(accepted && byte(AT) == 1,
	    "advice that changes nothing is accepted");
	is_int(CALL(HC_madvise, AT + P, P, MADV_DONTNEED), 0,
	    "MADV_DONTNEED of a page");
	ok(byte(AT) == 1 && byte(AT + P) == 0 && byte(AT + 2 * P) == 1,
	    "makes it zero, and no other");
	is_int(CALL(HC_madvise, AT, P, MADV_FREE), 0, "MADV_FREE is accepted");
	CALL(HC_madvise, AT, 4 * P, MADV_DONTNEED);
	is_int(CALL(HC_madvise, AT, 4 * P, MADV_POPULATE_WRITE), 0,
	    "pages can be touched in advance");
	CALL(HC_mincore, AT, 4 * P, PAGE);
	ok(memcmp(at(PAGE), "\1\1\1\1", 4) == 0, "touched pages are in memory");
	CALL(HC_mprotect, AT, P, R);
	is_int(CALL(HC_madvise, AT, P, MADV_POPULATE_WRITE), -EINVAL,
	    "a read-only page is not touched for writing");
	is_int(
	    CALL(HC_madvise, AT, P, 12), -EINVAL, "MADV_MERGEABLE is EINVAL");
	is_int(
	    CALL(HC_madvise, AT, P, 100), -EINVAL, "MADV_HWPOISON is EINVAL");
	is_int(CALL(HC_madvise, AT, P, NONE), -EINVAL, "and so is -1");
	is_int(CALL(HC_madvise, AT + 1, P, 0), -EINVAL,
	    "an address inside a page is EINVAL");
	is_int(
	    CALL(HC_madvise, AT, NONE, 0), -EINVAL, "a length of -1 is EINVAL");
	is_int(CALL(HC_madvise, -P, 2 * P, 0), -EINVAL,
	    "a length that wraps is EINVAL");
	is_int(CALL(HC_madvise, AT, 0, 0), 0, "no length succeeds");
	CALL(HC_munmap, AT + P, P);
	memset(at(AT + 2 * P), 1, P);
	is_int(CALL(HC_madvise, AT, 4 * P, MADV_DONTNEED), -ENOMEM,
	    "a hole is ENOMEM");
	is_int(byte(AT + 2 * P), 0, "the pages around a hole are done");
	is_int(CALL(HC_madvise, TOP, TIB, MADV_DONTNEED), -ENOMEM,
	    "the end of RAM is ENOMEM");
	is_int(CALL(HC_madvise, RAM, P, MADV_DONTNEED), -ENOMEM,
	    "MADV_DONTNEED of the shim's memory is ENOMEM");
	clear();
}

static void
test_mincore(void)
{
	map(2 * P, RW, ANON, NONE, 0);
	*(char *)at(AT) = 1;
	is_int(CALL(HC_mincore, AT, P + 1, PAGE), 0, "mincore succeeds");
	ok(((char *)at(PAGE))[0] == 1 && ((char *)at(PAGE))[1] == 0,
	    "mincore reports which pages are in memory");
	is_int(CALL(HC_mincore, AT + 1, P, PAGE), -EINVAL,
	    "an address inside a page is EINVAL");
	is_int(CALL(HC_mincore, AT, 3 * P, PAGE), -ENOMEM, "a hole is ENOMEM");
	is_int(CALL(HC_mincore, AT, NONE, PAGE), -ENOMEM, "and so is -1");
	is_int(CALL(HC_mincore, AT, P, RO), -EFAULT,
	    "an answer to read-only memory is EFAULT");
	is_int(CALL(HC_mincore, AT, 2 * P, PAGE + P - 1), -EFAULT,
	    "an answer that does not fit is EFAULT");
	is_int(CALL(HC_mincore, RAM, P, PAGE), -ENOMEM,
	    "the shim's memory is ENOMEM");
	is_int(CALL(HC_mincore, AT, 0, PAGE), 0, "no length succeeds");
	clear();
}

static void
test_msync(void)
{
	map(P, RW, ANON, NONE, 0);
	is_int(
	    CALL(HC_msync, AT, P, MS_ASYNC), 0, "anonymous memory is synced");
	is_int(CALL(HC_msync, AT, P, MS_ASYNC | MS_SYNC), -EINVAL,
	    "both ways at once are EINVAL");
	is_int(CALL(HC_msync, AT, P, 8), -EINVAL, "unknown flags are EINVAL");
	is_int(CALL(HC_msync, AT + 1, P, MS_SYNC), -EINVAL,
	    "an address inside a page is EINVAL");
	is_int(CALL(HC_msync, AT, 2 * P, MS_SYNC), -ENOMEM, "a hole is ENOMEM");
	is_int(CALL(HC_msync, RAM, TIB, MS_SYNC), -ENOMEM,
	    "an address past RAM is ENOMEM");
	is_int(CALL(HC_msync, AT, NONE, MS_SYNC), -ENOMEM, "and -1");
	is_int(CALL(HC_msync, AT, 0, MS_SYNC), 0, "no length succeeds");
	clear();
}

static void
test_mlock(void)
{
	map(2 * P, RW, ANON, NONE, 0);
	is_int(CALL(HC_mlock, AT + 5, P), 0, "mlock takes any address");
	is_int(CALL(HC_munlock, AT, 2 * P), 0, "munlock the same");
	is_int(CALL(HC_mlock2, AT, P, 1), 0, "mlock2 has a flag");
	is_int(CALL(HC_mlock2, AT, P, 2), -EINVAL, "mlock2 has only one flag");
	is_int(CALL(HC_mlock, AT, 2 * P + 1), -ENOMEM, "a hole is ENOMEM");
	is_int(CALL(HC_munlock, AT, 3 * P), -ENOMEM,
	    "a hole is also ENOMEM to munlock");
	is_int(CALL(HC_mlock, AT, NONE), -EINVAL, "-1 is EINVAL");
	is_int(CALL(HC_mlock, NONE, NONE), -EINVAL,
	    "a range that wraps is EINVAL");
	is_int(CALL(HC_mlock, RAM, P), -ENOMEM, "the shim's memory is ENOMEM");
	is_int(CALL(HC_mlock, AT, 0), 0, "no length succeeds");
	is_int(CALL(HC_mlockall, MCL_CURRENT | MCL_FUTURE), 0,
	    "mlockall is accepted");
	is_int(
	    CALL(HC_mlockall, 0), -EINVAL, "mlockall without flags is EINVAL");
	is_int(CALL(HC_mlockall, 8), -EINVAL,
	    "an unknown flag of mlockall is EINVAL");
	is_int(CALL(HC_munlockall, 0), 0, "munlockall is accepted");
	clear();
}

/*
 * A model: for each page between AT and END, the page's first word and the
 * source of that word.  Random calls change the model and the guest's memory;
 * both must agree.
 */
enum { AREA = 3000 }; /* pages */

static struct {
	uint64_t word;
	enum { FREE, MEMORY, FILED } kind;
	unsigned page; /* of the file */
} model[AREA];

static uint64_t
next_random(uint64_t below)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static uint64_t
va_of(uint64_t page)
{
	return AT + page * P;
}

static uint64_t
file_word(unsigned page)
{
	return UINT64_C(0x0101010101010101) * (unsigned char)('a' + page);
}

static bool
agrees(void)
{
	uint64_t i, w;

	for (i = 0; i < AREA; i++) {
		int r = gmem_read(&mem, &w, va_of(i), sizeof(w));

		if (model[i].kind == FREE
			? r != -EFAULT || *(uint64_t *)at(va_of(i)) != 0
			: r != 0 || w != model[i].word)
			return false;
	}
	return true;
}

static bool
random_map(uint64_t page, uint64_t n)
{
	bool file = next_random(2);
	unsigned first = (unsigned)next_random(PAGES);
	uint64_t i;

	if (file && n > PAGES - first)
		n = PAGES - first;
	for (i = 0; i < n; i++) {
		model[page + i].kind = file ? FILED : MEMORY;
		model[page + i].page = first + (unsigned)i;
		model[page + i].word = file ? file_word(first + (unsigned)i)
					    : 0;
	}
	return CALL(HC_mmap, va_of(page), n * P, RW,
		   MAP_FIXED | MAP_PRIVATE | (file ? 0 : MAP_ANONYMOUS), ro_fd,
		   first * P) == (int64_t)va_of(page);
}

static bool
random_drop(uint64_t page, uint64_t n, uint32_t number)
{
	uint64_t i;
	int64_t want = 0;

	for (i = page; i < page + n; i++) {
		if (number == HC_munmap)
			model[i].kind = FREE;
		else if (model[i].kind == FREE)
			want = -ENOMEM;
		model[i].word = model[i].kind == FILED
				    ? file_word(model[i].page)
				    : 0;
	}
	return CALL(number, va_of(page), n * P, MADV_DONTNEED) == want;
}

/* Whether n pages are one mapping of one kind of page, which can be moved. */
static bool
can_move(uint64_t page, uint64_t n)
{
	uint64_t i;

	for (i = page; i < page + n; i++)
		if (model[i].kind != model[page].kind ||
		    model[i].kind == FREE ||
		    (model[i].kind == FILED &&
			model[i].page != model[page].page + (i - page)))
			return false;
	return true;
}

static bool
random_move(uint64_t from, uint64_t to, uint64_t n)
{
	uint64_t i;

	while (n > 0 && !can_move(from, n))
		n /= 2;
	if (n == 0 || (to < from + n && from < to + n))
		return true;
	for (i = 0; i < n; i++) {
		model[to + i] = model[from + i];
		model[from + i].kind = FREE;
	}
	return CALL(HC_mremap, va_of(from), n * P, n * P,
		   MREMAP_MAYMOVE | MREMAP_FIXED,
		   va_of(to)) == (int64_t)va_of(to);
}

static bool
random_call(void)
{
	uint64_t n = 1 + next_random(next_random(4) ? 4 : AREA / 3);
	uint64_t page = next_random(AREA - n), to = next_random(AREA - n);
	uint64_t w = next_random(UINT64_MAX);

	switch (next_random(5)) {
	case 0: return random_map(page, n);
	case 1: return random_drop(page, n, HC_munmap);
	case 2: return random_drop(page, n, HC_madvise);
	case 3: return random_move(page, to, n);
	default:
		if (model[page].kind == FREE)
			return true;
		model[page].word = w;
		return gmem_write(&mem, va_of(page), &w, sizeof(w)) == 0;
	}
}

static void
test_model(void)
{
	bool right = true;
	int i;

	for (i = 0; i < 20000 && right; i++)
		right = random_call() && (i % 8 || agrees());
	ok(right && agrees(), "20000 random calls agree with a model");
	clear();
}

/* A debugger sees mapped files, and writes into a file only on request. */
static void
test_debugger(void)
{
	struct breaks b = { .mem = &mem };
	char c = 0;

	map(P, R, MAP_PRIVATE, ro_fd, 0);
	is_int(breaks_insert(&b, BREAKS_SOFT, AT, 1), 0,
	    "a breakpoint stands in a private page of a file");
	is_int(*(uint8_t *)at(AT), 0xcc, "the breakpoint is INT3");
	breaks_clear(&b);
	is_int(byte(AT), 'a', "and leaves no trace");
	map(P, RW, MAP_SHARED, rw_fd, 0);
	is_int(breaks_insert(&b, BREAKS_SOFT, AT, 1), -EFAULT,
	    "none stands in a shared page, which is the file");
	is_int(breaks_write(&b, AT, "!", 1), 1,
	    "a debugger can write a shared page");
	is_int(in_file(0), '!', "a debugger's write is in the file");
	map(P, R, MAP_SHARED, ro_fd, 0);
	is_int(breaks_write(&b, AT, "?", 1), 0,
	    "a debugger cannot write a shared read-only file");
	is_int(breaks_read(&b, AT, &c, 1), 1,
	    "a debugger can read a shared read-only file");
	if (ftruncate(host, 0) < 0)
		bail("ftruncate");
	is_int(
	    breaks_read(&b, AT, &c, 1), 0, "a debugger cannot read lost pages");
	fill_file();
	clear();
}

/* Exchange a word that other threads may read. */
static void
test_swap(void)
{
	uint32_t old = 1, *word = at(PAGE);

	*word = 5;
	is_int(gmem_swap(word, &old, 7), 0, "another word is not exchanged");
	is_int(old, 5, "the word is returned");
	is_int(gmem_swap(word, &old, 7), 1, "the expected word is exchanged");
	is_int(*word, 7, "the new word replaces it");
	is_int(old, 5, "the word is returned again");
	map(P, R, MAP_SHARED, ro_fd, 0);
	is_int(gmem_swap(at(AT), &old, 7), -EFAULT,
	    "where another thread has mapped a read-only file it is EFAULT");
	is_int(byte(AT), 'a', "the file is unchanged");
	clear();
}

/* Whether the host's mapping at guest address `va` has a flag (proc(5)). */
static bool
has_flag(uint64_t va, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to, want = (unsigned long)(uintptr_t)at(va);
	bool here = false, has = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = want >= from && want < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			has = strstr(line, flag) != NULL;
	}
	if (f)
		fclose(f);
	return has;
}

static void
test_no_dump(void)
{
	map(P, R, MAP_PRIVATE, ro_fd, 0);
	ok(has_flag(AT, " dd"), "a mapping is not in our core dump");
	clear();
	ok(has_flag(AT, " dd"), "memory in its place is not in our core dump");
}

/* Make mappings as novillo itself would, such as stacks, until *arg is set. */
static void *
map_ours(void *arg)
{
	atomic_bool *stop = arg;
	uintptr_t inside = 0;
	unsigned n;

	for (n = 0; !*stop && !inside; n++) {
		uint8_t *p = mmap(NULL, P, RW, ANON, -1, 0);

		if (p >= mem.base && p < mem.base + mem.size)
			inside = 1;
		/* The first mappings stay and take the places above RAM. */
		if (p != MAP_FAILED && n > 5000)
			munmap(p, P);
	}
	return (void *)inside;
}

/*
 * Some files refuse to be mapped only at the end, when the host has removed the
 * old mapping.  A mapping of another thread must not take that place in the
 * guest's memory.
 */
static void
test_no_hole(void)
{
	int fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);
	atomic_bool stop = false;
	void *inside = NULL;
	unsigned i, mapped = 0;
	pthread_t other;

	if (fd < 0 || pthread_create(&other, NULL, map_ours, &stop) != 0) {
		skip(2, "there is no file that cannot be mapped");
		return;
	}
	for (i = 0; i < 20000; i++)
		mapped += gmem_map_file(&mem, AT, P, fd, 0, 0) == 0;
	stop = true;
	pthread_join(other, &inside);
	close(fd);
	is_int(mapped, 0, "a file that cannot be mapped is not");
	is_int(inside != NULL, 0,
	    "a failed mapping leaves no hole in the guest's memory");
}

/* The guest ends when this has been asked `lives` times. */
static unsigned lives;

static bool
is_over(const struct gmem *m)
{
	(void)m;
	return lives == 0 || lives-- == 0;
}

static int64_t
call_until(unsigned asked, uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
	int64_t r;

	lives = asked;
	mem.over = is_over;
	r = CALL(number, a, b, c, ANON | MAP_FIXED, NONE, 0);
	mem.over = NULL;
	return r;
}

/* Other threads may wait for the lock of memory when the guest ends, with calls
 * as long as they can be made. */
static void
test_end(void)
{
	unsigned i;

	is_int(call_until(0, HC_mmap, AT, 8 * P, RW), -HC_NOT_MADE,
	    "after the guest's end no mapping is made");
	ok(space_is_free(&guest.space, AT, 8 * P), "nothing is there");
	is_int(call_until(9, HC_mmap, AT, 8 * P, RW), AT, "before it is");
	for (i = 0; i < 8; i++)
		*(char *)at(AT + i * P) = 'x';
	for (i = 0; i < 8; i += 2)
		CALL(HC_mprotect, AT + i * P, P, R);
	is_int(call_until(4, HC_madvise, AT, 8 * P, MADV_DONTNEED), -EINTR,
	    "advice on many mappings ends");
	is_int(*(char *)at(AT), 0, "after the first");
	is_int(*(char *)at(AT + 7 * P), 'x', "before the last");
	is_int(call_until(2, HC_madvise, AT, 8 * P, MADV_POPULATE_READ), -EINTR,
	    "so does the filling of one");
	is_int(call_until(4, HC_munmap, AT, 8 * P, 0), -EINTR,
	    "and the removal of many");
	ok(space_is_free(&guest.space, AT, P), "after the first");
	ok(space_is_taken(&guest.space, AT + 7 * P, P), "before the last");
	is_int(CALL(HC_munmap, AT, 8 * P), 0, "all go where nothing ends");
}

int
main(void)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	guestcall_init();
	make_files();
	test_private();
	test_shared();
	test_file_errors();
	test_flags();
	test_flush();
	test_truncated();
	test_mremap();
	test_large_moves();
	test_moved_files();
	test_madvise();
	test_mincore();
	test_msync();
	test_mlock();
	test_debugger();
	test_swap();
	test_no_dump();
	test_no_hole();
	test_end();
	test_model();
	return done_testing();
}
