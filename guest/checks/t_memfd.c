/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests files in memory and their seals.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <tap.h>
#include <unistd.h>

#define PAGE	  4096L
#define SIZES	  (F_SEAL_SHRINK | F_SEAL_GROW)
#define UNKNOWN	  0x4000
#define RWF_APPEND 0x10

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

static int
make(long size)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	ftruncate(fd, size);
	return fd;
}

static int
make_sealed(long size, int seals)
{
	int fd = make(size);

	fcntl(fd, F_ADD_SEALS, seals);
	return fd;
}

static long
add(int fd, int seals)
{
	return error(fcntl(fd, F_ADD_SEALS, seals));
}

static long
size_of(int fd)
{
	struct stat st = { 0 };

	fstat(fd, &st);
	return st.st_size;
}

static void
test_seals(void)
{
	int fd = make(PAGE), pipes[2];

	same(fcntl(fd, F_GET_SEALS), 0, "a file has no seals at first");
	same(add(fd, F_SEAL_SHRINK), 0, "it gets one");
	same(add(fd, F_SEAL_GROW), 0, "and another");
	same(fcntl(fd, F_GET_SEALS), SIZES, "which it has both");
	same(add(fd, UNKNOWN), -EINVAL, "a seal that does not exist is EINVAL");
	same(add(fd, F_SEAL_SEAL), 0, "it is sealed against seals");
	same(add(fd, F_SEAL_WRITE), -EPERM, "and gets no more");
	close(fd);
	fd = memfd_create("not", 0);
	same(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL,
	    "without MFD_ALLOW_SEALING it has that seal");
	same(add(fd, F_SEAL_WRITE), -EPERM, "and gets no other");
	same(error(memfd_create("x", 1U << 20)), -EINVAL,
	    "a flag that does not exist is EINVAL");
	same(error(memfd_create("x", MFD_EXEC | MFD_NOEXEC_SEAL)), -EINVAL,
	    "a file is not for execution and not");
	same(add(99, F_SEAL_WRITE), -EBADF, "a descriptor that is not open");
	hc_pipe((long)pipes);
	same(add(pipes[1], F_SEAL_WRITE), -EINVAL, "a pipe is not sealed");
	same(error(fcntl(pipes[0], F_GET_SEALS)), -EINVAL, "and has no seals");
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

static void
test_sizes(void)
{
	int fd = make_sealed(PAGE, F_SEAL_SHRINK);
	char byte = 'x';

	same(error(ftruncate(fd, 0)), -EPERM, "F_SEAL_SHRINK: not smaller");
	same(ftruncate(fd, 2 * PAGE), 0, "but larger");
	close(fd);
	fd = make_sealed(PAGE, F_SEAL_GROW);
	same(error(ftruncate(fd, 2 * PAGE)), -EPERM, "F_SEAL_GROW: not larger");
	same(hc_pwrite64(fd, (long)&byte, 1, PAGE), -EPERM, "by no write");
	same(hc_fallocate(fd, 0, PAGE, PAGE), -EPERM, "by no allocation");
	same(hc_pwrite64(fd, (long)&byte, 1, PAGE - 1), 1, "in it is written");
	same(ftruncate(fd, 0), 0, "and it can be smaller");
	close(fd);
}

/* Writes at the position of a file that cannot be made smaller. */
static void
test_position(void)
{
	char text[] = "sealed", got[16] = { 0 };
	struct iovec iov[2] = { { text, 3 }, { text + 3, 3 } };
	int fd = make_sealed(0, F_SEAL_SHRINK);

	same(write(fd, text, 6), 6, "F_SEAL_SHRINK: it is written");
	same(lseek(fd, 0, SEEK_CUR), 6, "and the position moves");
	same(writev(fd, iov, 2), 6, "also from a vector");
	same(lseek(fd, 0, SEEK_CUR), 12, "the same");
	same(hc_pwritev2(fd, (long)iov, 2, -1, 0, 0), 6, "and by pwritev2");
	same(lseek(fd, 0, SEEK_CUR), 18, "the same");
	same(hc_pwrite64(fd, (long)text, 6, 30), 6, "an offset of its own");
	same(lseek(fd, 0, SEEK_CUR), 18, "leaves the position");
	lseek(fd, 2, SEEK_SET);
	same(hc_pwritev2(fd, (long)iov, 1, -1, 0, RWF_APPEND), 3,
	    "RWF_APPEND writes at the end");
	same(lseek(fd, 0, SEEK_CUR), 39, "and the position is there");
	fcntl(fd, F_SETFL, O_APPEND);
	lseek(fd, 0, SEEK_SET);
	same(write(fd, text, 6), 6, "O_APPEND does");
	same(lseek(fd, 0, SEEK_CUR), 45, "the same");
	same(size_of(fd), 45, "this is the size");
	same(hc_pread64(fd, (long)got, 15, 30), 15, "it is read");
	ok(memcmp(got, "sealedseasealed", 15) == 0, "as it was written");
	close(fd);
}

static void
test_writing(void)
{
	int fd = make(PAGE);
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char byte = 'x';

	map[0] = 'a';
	same(add(fd, F_SEAL_WRITE), -EBUSY,
	    "F_SEAL_WRITE is not for a file that is mapped for writing");
	munmap(map, PAGE);
	same(add(fd, F_SEAL_WRITE), 0, "it is after that");
	same(hc_pwrite64(fd, (long)&byte, 1, 0), -EPERM, "nothing is written");
	same(hc_fallocate(fd, 3, 0, PAGE), -EPERM, "and nothing cut out");
	ok(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
		    MAP_FAILED &&
		errno == EPERM,
	    "nor mapped for that");
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ok(map != MAP_FAILED && map[0] == 'a', "a private mapping is possible");
	map[0] = 'b';
	ok(map[0] == 'b', "and written");
	munmap(map, PAGE);
	/* Linux before 6.7 has no shared mapping at all. */
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		same(errno, EPERM, "a shared mapping for reading is not");
		same(0, 0, "as before Linux 6.7");
	} else {
		same(map[0], 'a', "a shared mapping for reading is");
		same(error(mprotect(map, PAGE, PROT_READ | PROT_WRITE)),
		    -EACCES, "and stays so");
		munmap(map, PAGE);
	}
	close(fd);
}

static void
test_future(void)
{
	int fd = make(PAGE);
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *other;

	same(add(fd, F_SEAL_FUTURE_WRITE), 0,
	    "F_SEAL_FUTURE_WRITE is for a file that is mapped");
	map[0] = 'c';
	same(error(write(fd, "x", 1)), -EPERM, "which alone is written by");
	ok(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
		    MAP_FAILED &&
		errno == EPERM,
	    "another mapping is not for writing");
	other = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ok(other != MAP_FAILED && other[0] == 'c', "but for reading");
	same(error(mprotect(other, PAGE, PROT_READ | PROT_WRITE)), -EACCES,
	    "and stays so");
	munmap(map, PAGE);
	munmap(other, PAGE);
	close(fd);
}

/* Linux before 6.3 does not know these flags. */
static void
test_exec(void)
{
	long fd = error(memfd_create("n", MFD_NOEXEC_SEAL));
	struct stat st = { 0 };

	if (fd == -EINVAL) {
		skip("Linux before 6.3", "MFD_NOEXEC_SEAL");
		return;
	}
	fstat((int)fd, &st);
	same(st.st_mode & 0777, 0666, "MFD_NOEXEC_SEAL: no right to execute");
	same(fcntl((int)fd, F_GET_SEALS), F_SEAL_EXEC, "and a seal on that");
	same(hc_fchmod(fd, 0777), -EPERM, "which holds");
	same(add((int)fd, F_SEAL_GROW), 0, "others are added");
	close((int)fd);
	fd = error(memfd_create("e", MFD_EXEC));
	/* The host's administrator may forbid it. */
	ok(fd >= 0 || fd == -EACCES, "MFD_EXEC is known");
	close((int)fd);
}

int
main(void)
{
	test_seals();
	test_sizes();
	test_position();
	test_writing();
	test_future();
	test_exec();
	return tap_done();
}
