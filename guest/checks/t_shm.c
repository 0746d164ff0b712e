/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the files of /dev/shm, by the calls that shm_open() and sem_open()
 * make.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <tap.h>
#include <unistd.h>

#define PAGE  4096L
#define MAKE  (O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
#define CHUNK (16L << 20)

/* The names carry the number of the process: on Linux others use the folder. */
static char one[64], two[64], three[64];

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

static long
links(const char *name)
{
	struct stat st = { 0 };

	return stat(name, &st) < 0 ? -errno : (long)st.st_nlink;
}

static void
test_segment(void)
{
	int fd = open(one, MAKE, 0600), again, other;
	struct stat st;
	char byte = 0, *map, *same_map;

	ok(fd >= 0, "a segment is made");
	same(error(open(one, MAKE, 0600)), -EEXIST, "once");
	ok(fstat(fd, &st) == 0 && S_ISREG(st.st_mode), "it is a file");
	same(st.st_mode & 07777, 0600, "with its mode");
	same(st.st_size, 0, "which is empty");
	same((long)st.st_nlink, 1, "with one name");
	same(ftruncate(fd, 2 * PAGE), 0, "it becomes larger");
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	again = open(one, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	ok(again >= 0, "it is opened by its name");
	same_map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, again, 0);
	ok(map != MAP_FAILED && same_map != MAP_FAILED, "and mapped twice");
	map[PAGE] = 'x';
	same(same_map[PAGE], 'x', "both mappings show the same memory");
	same(pread(again, &byte, 1, PAGE), 1, "it can be read");
	same(byte, 'x', "with the same byte");
	same(lseek(fd, 5, SEEK_SET), 5, "each descriptor");
	same(lseek(again, 0, SEEK_CUR), 0, "has a position of its own");
	other = open(one, O_RDONLY);
	same(error(write(other, &byte, 1)), -EBADF,
	    "what was opened for reading is not written");
	same(error((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, other, 0)),
	    -EACCES, "nor mapped to be written");
	same(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL, "it takes no seals");
	same(error(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)), -EPERM, "none");
	close(other);
	other = open(one, O_RDWR | O_TRUNC);
	ok(fstat(again, &st) == 0 && st.st_size == 0, "O_TRUNC empties it");
	same(hc_truncate((long)one, 3 * PAGE), 0, "its name makes it longer");
	ok(fstat(again, &st) == 0 && st.st_size == 3 * PAGE, "as asked");
	same(hc_truncate((long)one, -1), -EINVAL, "not to less than nothing");
	same(hc_truncate((long)one, 0), 0, "and empty");
	ok(fstat(again, &st) == 0 && st.st_size == 0, "which it is then");
	same(hc_truncate((long)two, 0), -ENOENT, "a name that is not there");
	munmap(map, 2 * PAGE);
	munmap(same_map, 2 * PAGE);
	close(other);
	close(again);
	close(fd);
}

/* As sem_open() makes a semaphore: under another name, which is linked. */
static void
test_names(void)
{
	int fd = open(two, MAKE, 0600), held;
	char link[32], text[128];
	struct stat st;
	long n;

	same(write(fd, "abcd", 4), 4, "a file is written");
	same(hc_link((long)two, (long)one), -EEXIST,
	    "a name that exists is not taken");
	same(hc_link((long)two, (long)three), 0, "it is linked");
	same(links(three), 2, "and has two names");
	same(unlink(two), 0, "the first one goes");
	same(links(two), -ENOENT, "and leads nowhere");
	same(links(three), 1, "it has one name");
	ok(stat(three, &st) == 0 && st.st_size == 4, "and its bytes");
	same(hc_rename((long)three, (long)one), 0, "it is renamed");
	ok(stat(one, &st) == 0 && st.st_size == 4, "over another");
	held = open(one, O_PATH);
	same(error(read(held, text, 1)), -EBADF, "O_PATH holds it only");
	same(hc_ftruncate(held, 0), -EBADF, "and changes nothing");
	close(held);
	same(error(open("/dev/shm/a/b", O_RDWR | O_CREAT, 0600)), -ENOENT,
	    "there is no folder");
	same(unlink(one), 0, "the last name goes");
	same(error(unlink(one)), -ENOENT, "once");
	same(pread(fd, text, 4, 0), 4, "the descriptor stays");
	ok(fstat(fd, &st) == 0 && st.st_nlink == 0, "without a name");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	ok(strncmp(text, "/dev/shm/", 9) == 0 && strstr(text, " (deleted)"),
	    "its link says so (%s)", text);
	close(fd);
}

static bool
lists(const char *name)
{
	static char bytes[65536];
	int fd = open("/dev/shm", O_RDONLY | O_DIRECTORY);
	bool found = false;
	long n, at;

	while (fd >= 0 && (n = hc_getdents64(fd, (long)bytes, sizeof(bytes))) > 0)
		for (at = 0; at < n; at += *(unsigned short *)(bytes + at + 16))
			found |= strcmp(bytes + at + 19, name) == 0;
	close(fd);
	return found;
}

static void
test_folder(void)
{
	struct stat st;
	int fd = open(one, MAKE, 0644);

	ok(stat("/dev/shm", &st) == 0 && S_ISDIR(st.st_mode) &&
		(st.st_mode & 07777) == 01777,
	    "the folder is there for all");
	ok(lists(one + strlen("/dev/shm/")), "it lists its files");
	same(unlink(one), 0, "one is removed");
	ok(!lists(one + strlen("/dev/shm/")), "and not listed any more");
	close(fd);
}

/* Removed segments give their memory back: more than there is in total. */
static void
test_memory(void)
{
	unsigned i, good = 0;

	for (i = 0; i < 64; i++) {
		int fd = open(one, MAKE, 0600);
		char *map;

		if (fd < 0 || ftruncate(fd, CHUNK) < 0)
			break;
		map = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
		close(fd);
		unlink(one);
		if (map == MAP_FAILED)
			break;
		map[CHUNK - 1] = 1;
		munmap(map, CHUNK);
		good++;
	}
	same(good, 64, "segments come and go");
}

/* Every guest has the folder, but not every system of Linux's mounts it. */
static void
need_folder(void)
{
#ifdef HYPERCALL_BY_SYSCALL
	struct stat shm, dev;

	if (stat("/dev/shm", &shm) < 0 || stat("/dev", &dev) < 0 ||
	    shm.st_dev == dev.st_dev)
		skip_all("nothing is mounted on /dev/shm");
#endif
}

int
main(void)
{
	need_folder();
	snprintf(one, sizeof(one), "/dev/shm/novillo-%d-one", getpid());
	snprintf(two, sizeof(two), "/dev/shm/novillo-%d-two", getpid());
	snprintf(three, sizeof(three), "/dev/shm/novillo-%d-3", getpid());
	test_segment();
	test_names();
	test_folder();
	test_memory();
	return tap_done();
}
