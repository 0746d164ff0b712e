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
	same(fstat(fd, &st), 0, "fstat tells");
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
	same(lstat("s", &st), 0, "lstat tells");
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
	same(chdir(".."), 0, "the test's folder is left");
	same(rmdir(FOLDER), 0, "empty");
	return tap_done();
}
