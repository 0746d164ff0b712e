/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests files and folders as a guest sees them, in a new folder below the one
 * where it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <tap.h>
#include <unistd.h>

#define FOLDER "t_file.scratch"

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

static void
test_contents(void)
{
	struct iovec parts[2] = { { "fg", 2 }, { "hij", 3 } };
	char buf[32] = "";
	struct stat st;
	int fd = open("a", O_CREAT | O_RDWR | O_EXCL, 0640);

	ok(fd > 2, "a file is made");
	same(error(open("a", O_CREAT | O_EXCL | O_RDWR, 0640)), -EEXIST,
	    "O_EXCL makes it once");
	same(write(fd, "abcde", 5), 5, "it is written");
	same(writev(fd, parts, 2), 5, "and written in parts");
	same(lseek(fd, 0, SEEK_CUR), 10, "the position is after them");
	same(pread(fd, buf, 4, 3), 4, "pread reads in the middle");
	ok(memcmp(buf, "defg", 4) == 0, "what was written there");
	same(pwrite(fd, "XY", 2, 1), 2, "pwrite writes there");
	same(lseek(fd, 0, SEEK_SET), 0, "back to the start");
	same(read(fd, buf, sizeof(buf)), 10, "all of it is read");
	ok(memcmp(buf, "aXYdefghij", 10) == 0, "as it should be");
	same(read(fd, buf, sizeof(buf)), 0, "and then there is no more");
	same(fstat(fd, &st), 0, "fstat succeeds");
	ok(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640 &&
		st.st_size == 10,
	    "what, how and how much it is");
	same(ftruncate(fd, 3), 0, "it is cut");
	same(lseek(fd, 0, SEEK_END), 3, "to its new end");
	same(error(lseek(fd, -1, SEEK_SET)), -EINVAL, "none is before it");
	same(fsync(fd), 0, "it is on disk");
	same(close(fd), 0, "and closed");
	same(error(close(fd)), -EBADF, "once");
	fd = open("a", O_WRONLY | O_APPEND);
	same(write(fd, "!", 1), 1, "O_APPEND writes");
	same(lseek(fd, 0, SEEK_CUR), 4, "at the end");
	same(error(read(fd, buf, 1)), -EBADF, "what is for writing is not read");
	close(fd);
}

static void
test_names(void)
{
	char buf[64] = "";
	struct stat st;

	same(rename("a", "b"), 0, "it is renamed");
	same(link("b", "c"), 0, "and linked");
	same(stat("c", &st), 0, "its other name leads to it");
	same((long)st.st_nlink, 2, "and it has two");
	same(symlink("c", "s"), 0, "a symbolic link is made");
	same(lstat("s", &st), 0, "lstat succeeds");
	ok(S_ISLNK(st.st_mode), "that it is one");
	same(readlink("s", buf, sizeof(buf)), 1, "readlink reads it");
	ok(buf[0] == 'c', "as it is");
	same(access("s", R_OK | W_OK), 0, "access follows it");
	same(error(access("d", F_OK)), -ENOENT, "and knows what is not there");
	same(unlink("b"), 0, "one name goes");
	same(unlink("c"), 0, "and the other");
	same(error(stat("s", &st)), -ENOENT, "the link leads nowhere");
	same(unlink("s"), 0, "the link is removed");
	same(error(open("none/a", O_RDONLY)), -ENOENT, "no folder, no file");
}

static void
test_folders(void)
{
	char buf[4096] = "";
	long n, found = 0, at;
	int fd;

	same(mkdir("sub", 0755), 0, "a folder is made");
	same(error(mkdir("sub", 0755)), -EEXIST, "once");
	same(error(rmdir("sub/x")), -ENOENT, "there is nothing in it");
	same(chdir("sub"), 0, "it is entered");
	ok(getcwd(buf, sizeof(buf)) && strlen(buf) > 4 &&
		strcmp(buf + strlen(buf) - 4, "/sub") == 0,
	    "getcwd says so");
	fd = open("x", O_CREAT | O_WRONLY, 0600);
	ok(fd > 2, "a file in it is made");
	close(fd);
	same(chdir(".."), 0, "it is left");
	fd = open("sub", O_RDONLY | O_DIRECTORY);
	ok(fd > 2, "a folder is opened");
	n = hc_getdents64(fd, (long)buf, sizeof(buf));
	for (at = 0; at < n; at += *(unsigned short *)(void *)(buf + at + 16))
		found += strcmp(buf + at + 19, "x") == 0;
	same(found, 1, "and lists the file");
	same(error(openat(fd, "none", O_RDONLY)), -ENOENT,
	    "names start there with openat");
	close(openat(fd, "x", O_RDONLY));
	close(fd);
	same(error(rmdir("sub")), -ENOTEMPTY, "it is not empty");
	same(unlink("sub/x"), 0, "the file goes");
	same(rmdir("sub"), 0, "and the folder");
}

static void
test_descriptors(void)
{
	char buf[8] = "";
	int fds[2], copy;

	same(pipe(fds), 0, "a pipe is made");
	same(write(fds[1], "pipe", 4), 4, "written");
	copy = dup(fds[0]);
	ok(copy > fds[1], "one end is copied");
	close(fds[0]);
	same(read(copy, buf, sizeof(buf)), 4, "and read by the copy");
	same(fcntl(copy, F_SETFL, O_NONBLOCK), 0, "it is made non-blocking");
	same(error(read(copy, buf, 1)), -EAGAIN, "and does not block");
	same(dup2(copy, 77), 77, "dup2 takes the number it is given");
	same(fcntl(77, F_GETFL) & O_NONBLOCK, O_NONBLOCK, "for the same file");
	same(fcntl(77, F_GETFD), 0, "with flags of its own");
	close(fds[1]);
	same(read(77, buf, 1), 0, "without a writer there is no more");
	close(77);
	close(copy);
}

struct old_entry {
	unsigned long inode, next;
	unsigned short size;
	char name[];
};

/* The older call for entries has their type in the last byte. */
static void
test_old_entries(void)
{
	static unsigned char bytes[2048];
	struct old_entry *e;
	long n, at, found = 0;
	int fd;

	mkdir("old", 0755);
	close(open("old/a-name", O_CREAT | O_WRONLY, 0644));
	fd = open("old", O_RDONLY | O_DIRECTORY);
	same(hc_getdents(fd, (long)bytes, 8), -EINVAL, "there is no room");
	n = hc_getdents(fd, (long)bytes, sizeof(bytes));
	ok(n > 0, "getdents reads a folder");
	for (at = 0; at < n; at += e->size) {
		e = (struct old_entry *)(void *)(bytes + at);
		if (strcmp(e->name, "a-name") == 0 &&
		    bytes[at + e->size - 1] == 8)
			found++;
		if (strcmp(e->name, "..") == 0 && bytes[at + e->size - 1] == 4)
			found++;
	}
	same(found, 2, "a file and a folder are in it");
	same(hc_getdents(fd, (long)bytes, sizeof(bytes)), 0, "once");
	close(fd);
	same(hc_getdents(99, (long)bytes, sizeof(bytes)), -EBADF, "EBADF");
	same(hc_close(-100), -EBADF, "and so is the closed working folder");
	unlink("old/a-name");
	rmdir("old");
}

struct how {
	unsigned long flags, mode, resolve, more;
};

#define NO_JUMPS 2
#define NO_LINKS 4
#define BENEATH	 8

static long
open_how(const char *name, unsigned long flags, unsigned long resolve)
{
	struct how how = { flags, 0, resolve, 0 };
	long fd = hc_openat2(AT_FDCWD, (long)name, (long)&how, 24);

	if (fd >= 0)
		close((int)fd);
	return fd >= 0 ? 0 : fd;
}

static void
test_openat2(void)
{
	struct how how = { O_RDWR | O_CREAT, 0640, 0, 0 };
	long at = (long)&how, fd;

	mkdir("top", 0755);
	mkdir("top/in", 0755);
	fd = hc_openat2(AT_FDCWD, (long)"top/file", at, 24);
	ok(fd > 2, "openat2 makes a file");
	close((int)fd);
	same(hc_openat2(AT_FDCWD, (long)"top/file", at, 23), -EINVAL,
	    "the structure has 24 bytes");
	same(hc_openat2(AT_FDCWD, (long)"top/file", 8, 24), -EFAULT,
	    "which are there");
	how.more = 1;
	same(hc_openat2(AT_FDCWD, (long)"top/file", at, 32), -E2BIG,
	    "what is not known is 0");
	same(open_how("top/file", 1UL << 40, 0), -EINVAL, "an unknown flag");
	same(open_how("top/file", O_RDONLY, 1UL << 20), -EINVAL,
	    "an unknown way to resolve");
	how = (struct how){ O_RDONLY, 0640, 0, 0 };
	same(hc_openat2(AT_FDCWD, (long)"top/file", at, 24), -EINVAL,
	    "a mode is for a new file");
	hc_symlink((long)"file", (long)"top/link");
	hc_symlink((long)"..", (long)"top/up");
	hc_symlink((long)"/", (long)"top/root");
	same(open_how("top/link", O_RDONLY, 0), 0, "a link is followed");
	same(open_how("top/link", O_RDONLY, NO_LINKS), -ELOOP,
	    "not with RESOLVE_NO_SYMLINKS");
	same(open_how("top/up/top/file", O_RDONLY, NO_LINKS), -ELOOP,
	    "nor on the way");
	same(open_how("top/link", O_RDONLY, NO_JUMPS), 0,
	    "with RESOLVE_NO_MAGICLINKS it is");
	same(open_how("top/in/../file", O_RDONLY, BENEATH), 0,
	    "RESOLVE_BENEATH: down and up");
	same(open_how("top/up/top/link", O_RDONLY, BENEATH), 0, "by links");
	same(open_how("top/../..", O_RDONLY, BENEATH), -EXDEV,
	    "not above the start");
	same(open_how("top/up/../top", O_RDONLY, BENEATH), -EXDEV,
	    "nor by a link");
	same(open_how("top/root", O_RDONLY, BENEATH), -EXDEV, "nor to the root");
	same(open_how("/", O_RDONLY, BENEATH), -EXDEV, "it is not below the start");
	same(open_how("top/none", O_RDONLY, BENEATH), -ENOENT, "and no file");
	unlink("top/link");
	unlink("top/up");
	unlink("top/root");
	unlink("top/file");
	rmdir("top/in");
	rmdir("top");
}

static void
test_fchmodat2(void)
{
	struct stat st;
	int fd = open("mode", O_CREAT | O_RDWR, 0600);

	if (hc_fchmodat2(AT_FDCWD, (long)"mode", 0640, 0) == -ENOSYS) {
		skip("Linux before 6.6", "fchmodat2");
	} else {
		fstat(fd, &st);
		same(st.st_mode & 0777, 0640, "fchmodat2 changes a mode");
		same(hc_fchmodat2(fd, (long)"", 0600, AT_EMPTY_PATH), 0,
		    "also of a descriptor");
		same(hc_fchmodat2(AT_FDCWD, (long)"mode", 0, 1), -EINVAL,
		    "an unknown flag");
		hc_symlink((long)"mode", (long)"to-mode");
		same(hc_fchmodat2(AT_FDCWD, (long)"to-mode", 0600,
			 AT_SYMLINK_NOFOLLOW),
		    -EOPNOTSUPP, "a link has no mode");
		unlink("to-mode");
	}
	same(hc_sync(), 0, "all is written");
	unlink("mode");
	close(fd);
}

int
main(void)
{
	umask(0);
	if (mkdir(FOLDER, 0755) != 0 || chdir(FOLDER) != 0)
		skip_all("no folder to write in");
	test_contents();
	test_names();
	test_folders();
	test_descriptors();
	test_old_entries();
	test_openat2();
	test_fchmodat2();
	same(chdir(".."), 0, "the test's folder is left");
	same(rmdir(FOLDER), 0, "empty");
	return tap_done();
}
