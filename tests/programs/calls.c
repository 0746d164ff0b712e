/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of everyday programs, each with its known pitfalls, for
 * t-programs.sh, which runs this natively and as a guest, each in a new folder.
 * It prints only text that must be the same in both.
 */
#define _GNU_SOURCE
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

/* Hides a bad pointer from compilers that check arguments. */
static void *volatile bad = (void *)0x10;

static void
streams(void)
{
	SHOW(open("file", O_RDWR | O_CREAT | O_TRUNC, 0644));
	SHOW(isatty(0));
	SHOW(isatty(1));
	SHOW(dup3(3, 9, O_CLOEXEC));
	SHOW(fcntl(9, F_GETFD));
	SHOW(dup2(3, 5));
	SHOW(close(9));
	SHOW(close(5));
	SHOW(close(5));
	SHOW(fcntl(3, F_DUPFD, 20));
	SHOW(syscall(SYS_close_range, 20, 30, 0));
	SHOW(fcntl(20, F_GETFD));
}

/* The flags of an open file: those that say how it was found stay. */
static void
how_opened(void)
{
	static const int flags[] = { O_RDONLY, O_WRONLY | O_NOFOLLOW,
		O_RDWR | O_CREAT, O_PATH, O_PATH | O_NOFOLLOW };
	unsigned i;

	SHOW(symlink("file", "to-file"));
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int fd = open("file", flags[i], 0644);

		SHOW(fcntl(fd, F_GETFL));
		close(fd);
	}
	SHOW(fcntl(open("new", O_RDWR | O_CREAT | O_EXCL, 0644), F_GETFL));
	SHOW(fcntl(open("to-file", O_PATH | O_NOFOLLOW), F_GETFL));
	SHOW(fcntl(open("to-file", O_PATH), F_GETFL));
	SHOW(unlink("new"));
	SHOW(unlink("to-file"));
}

static void
reading(void)
{
	char a[4] = "", b[8] = "";
	struct iovec v[2] = { { a, 3 }, { b, 7 } };
	int fds[2];

	SHOW(write(3, "0123456789", 10));
	SHOW(preadv(3, v, 2, 1));
	printf("%s %s\n", a, b);
	SHOW(lseek(3, 2, SEEK_SET));
	SHOW(readv(3, v, 2));
	printf("%s %s\n", a, b);
	v[0].iov_len = 2;
	SHOW(pwritev(3, v, 2, 8));
	SHOW(lseek(3, 0, SEEK_END));
	SHOW(posix_fadvise(3, 0, 0, POSIX_FADV_SEQUENTIAL));
	SHOW(posix_fallocate(3, 0, 5000));
	SHOW(ftruncate(3, 100));
	SHOW(truncate("file", 20));
	SHOW(pipe(fds));
	SHOW(lseek(3, 0, SEEK_SET));
	SHOW(sendfile(fds[1], 3, NULL, 10));
	SHOW(read(fds[0], b, 4));
	SHOW(splice(fds[0], NULL, 3, NULL, 6, 0));
	SHOW(lseek(3, 0, SEEK_CUR));
	SHOW(close(fds[0]));
	SHOW(close(fds[1]));
	SHOW(fsync(3));
	SHOW(flock(3, LOCK_EX | LOCK_NB));
}

/* A call that makes the nearest peer die is an error here. */
static void
addresses(void)
{
	struct iovec v = { bad, 4 };
	char ok;

	SHOW(read(3, bad, 4));
	SHOW(write(3, bad, 4));
	SHOW(pwritev(3, &v, 1, 0));
	SHOW(readv(3, bad, 1));
	SHOW(open(bad, O_RDONLY));
	SHOW(syscall(SYS_stat, bad, bad));
	SHOW(syscall(SYS_fstat, 3, bad));
	SHOW(pipe(bad));
	SHOW(syscall(SYS_uname, bad));
	SHOW(getcwd(bad, 100));
	SHOW(syscall(SYS_clock_gettime, CLOCK_REALTIME, bad));
	SHOW(syscall(SYS_nanosleep, bad, NULL));
	SHOW(syscall(SYS_futex, bad, 0, 0, NULL));
	SHOW(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8));
	SHOW(syscall(SYS_poll, bad, 1, 0));
	SHOW(syscall(SYS_getrandom, bad, 4, 0));
	SHOW(mincore((void *)((uintptr_t)&ok & ~4095UL), 1, bad));
}

static void
names(void)
{
	struct statfs fs;
	struct stat st;
	struct utimbuf then = { 100, 200 };
	struct timeval tv[2] = { { 300, 0 }, { 400, 5 } };
	char text[100] = "";

	printf("umask: %o\n", umask(027));
	SHOW(mkdir("d", 0777));
	SHOW(mkdirat(AT_FDCWD, "d/e", 0777));
	SHOW(stat("d/e", &st));
	printf("mode %o\n", (unsigned)st.st_mode);
	SHOW(umask(022));
	SHOW(chdir("d"));
	SHOW(rmdir("e"));
	SHOW(chdir(".."));
	SHOW(rmdir("missing"));
	SHOW(link("file", "hard"));
	SHOW(renameat(AT_FDCWD, "hard", AT_FDCWD, "d/soft"));
	SHOW(symlink("d/soft", "link"));
	SHOW(readlink("link", text, sizeof(text)));
	printf("%s\n", text);
	SHOW(chmod("link", 0604));
	SHOW(chown("file", getuid(), getgid()));
	SHOW(lchown("link", (uid_t)-1, (gid_t)-1));
	SHOW(utime("file", &then));
	SHOW(stat("file", &st));
	printf("mode %o links %ld times %ld %ld\n", (unsigned)st.st_mode,
	    (long)st.st_nlink, (long)st.st_atime, (long)st.st_mtime);
	SHOW(utimes("file", tv));
	SHOW(stat("file", &st));
	printf("times %ld %ld\n", (long)st.st_atime, (long)st.st_mtime);
	SHOW(mkfifo("fifo", 0600));
	SHOW(mknod("fifo", S_IFIFO | 0600, 0));
	SHOW(statfs(".", &fs));
	SHOW(fs.f_bsize > 0);
	SHOW(access("file", R_OK));
	SHOW(access("none", R_OK));
	SHOW(unlink("d"));
	SHOW(syscall(SYS_getxattr, "file", "user.none", NULL, 0) < 0);
}

static void
waiting(void)
{
	enum { MANY = 600 }; /* more than the 256 of other monitors */
	static struct pollfd many[MANY];
	struct timespec ts = { 0, 1000000 };
	struct timeval tv = { 0, 1000 };
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 7 };
	fd_set set;
	int i, epoll, fds[2];

	SHOW(pipe(fds));
	for (i = 0; i < MANY; i++)
		many[i] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	SHOW(poll(many, MANY, 1));
	SHOW(write(fds[1], "x", 1));
	SHOW(poll(many, MANY, -1));
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	SHOW(select(fds[0] + 1, &set, NULL, NULL, NULL));
	FD_SET(fds[1], &set);
	SHOW(pselect(fds[1] + 1, NULL, &set, NULL, &ts, NULL));
	FD_ZERO(&set);
	SHOW(select(0, &set, NULL, NULL, &tv));
	epoll = epoll_create1(0);
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
	SHOW(epoll_wait(epoll, &event, 1, -1));
	SHOW(event.data.u64);
	SHOW(ioctl(fds[0], FIONREAD, &i));
	SHOW(i);
	SHOW(close(epoll));
	SHOW(close(fds[0]));
	SHOW(close(fds[1]));
}

static void
process(void)
{
	struct sched_param param = { 0 };
	struct rusage usage;
	struct rlimit limit;
	struct sysinfo info;
	struct utsname us;
	struct tms tms;
	cpu_set_t cpus;

	SHOW(getpid() > 0);
	SHOW(getpgid(0) == getpgrp());
	SHOW(kill(getpid(), 0));
	SHOW(wait4(-1, NULL, WNOHANG, NULL));
	SHOW(waitpid(-1, NULL, 0));
	SHOW(getrusage(RUSAGE_SELF, &usage));
	SHOW(times(&tms) > 0);
	SHOW(sysinfo(&info));
	SHOW(info.totalram > 0);
	SHOW(uname(&us));
	printf("%s %s\n", us.sysname, us.machine);
	SHOW(getrlimit(RLIMIT_STACK, &limit));
	printf("stack %ld\n", (long)limit.rlim_cur);
	SHOW(sched_getaffinity(0, sizeof(cpus), &cpus));
	SHOW(CPU_COUNT(&cpus) == sysconf(_SC_NPROCESSORS_ONLN));
	SHOW(sched_getscheduler(0));
	SHOW(sched_getparam(0, &param));
	SHOW(sched_setscheduler(0, SCHED_OTHER, &param));
	SHOW(sched_get_priority_max(SCHED_FIFO));
	SHOW(getpriority(PRIO_PROCESS, 0));
	SHOW(setpriority(PRIO_PROCESS, 0, 5));
	SHOW(getpriority(PRIO_PROCESS, 0));
	SHOW(sched_yield());
	SHOW(setuid(getuid()));
	SHOW(setgid(getgid()));
	SHOW(syscall(SYS_membarrier, 0, 0, 0) >= 0);
	SHOW(syscall(SYS_getcpu, NULL, NULL, NULL));
}

static void
memory(void)
{
	int fd = memfd_create("name", MFD_CLOEXEC);
	unsigned char vec = 0;
	uint64_t one = 1;
	char *p, *brk;

	SHOW(ftruncate(fd, 8192));
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	SHOW(p != MAP_FAILED);
	p[4096] = 'x';
	SHOW(pread(fd, &vec, 1, 4096));
	SHOW(vec);
	SHOW(mincore(p, 4096, &vec));
	SHOW(munmap(p, 8192));
	SHOW(close(fd));
	fd = open("shared", O_RDWR | O_CREAT, 0644);
	SHOW(ftruncate(fd, 4096));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(p, "written back", 12);
	SHOW(msync(p, 4096, MS_SYNC));
	SHOW(munmap(p, 4096));
	SHOW(close(fd));
	brk = sbrk(0);
	SHOW(sbrk(100000) == brk);
	SHOW((char *)sbrk(-100000) == brk + 100000);
	SHOW((char *)sbrk(0) == brk);
	fd = eventfd(0, 0);
	SHOW(write(fd, &one, sizeof(one)));
	SHOW(close(fd));
}

/* The link of a pipe's end leads to either end, with flags of its own; texts of
 * /proc have no end to seek from, or have no size. */
static void
links(void)
{
	static const char *const texts[] = { "/proc/self/maps",
		"/proc/self/comm", "/proc/self/cmdline", "/proc/meminfo",
		"/proc/sys/kernel/hostname", "/sys/devices/system/cpu/online" };
	char name[64], byte = 'x';
	int ends[2], other, same, fd;
	size_t i;

	SHOW(pipe(ends));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[0]);
	other = open(name, O_WRONLY | O_NONBLOCK);
	SHOW(fcntl(other, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	SHOW(close(ends[1]));
	SHOW(write(other, &byte, 1));
	same = open(name, O_RDONLY | O_NONBLOCK);
	SHOW(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	SHOW(read(same, &byte, 1));
	SHOW(open(name, O_RDONLY | O_DIRECTORY));
	close(same);
	close(other);
	SHOW(read(ends[0], &byte, 1));
	close(ends[0]);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fd = open(texts[i], O_RDONLY);
		SHOW(lseek(fd, 0, SEEK_END));
		SHOW(lseek(fd, 2, SEEK_SET));
		SHOW(lseek(fd, 1, SEEK_CUR));
		close(fd);
	}
	fd = open("/proc/self/status", O_PATH);
	SHOW(fcntl(fd, F_GETFL));
	SHOW(read(fd, &byte, 1));
	close(fd);
}

/* A length that leads past all addresses of a process fails before anything is
 * moved; one that leads past what is mapped moves what is there.  A position-
 * independent program lies 128 MiB below the end of all addresses on Linux. */
static void
lengths(void)
{
	static const size_t many[] = { SIZE_MAX, SIZE_MAX / 2,
		SIZE_MAX / 2 - 4095, (size_t)1 << 24 };
	static char bytes[4096];
	int fd = open("long", O_RDWR | O_CREAT | O_TRUNC, 0644);
	size_t i;

	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		struct iovec v[2] = { { bytes, 1 }, { bytes, many[i] } };
		bool all = many[i] > (size_t)1 << 24;

		SHOW(syscall(SYS_write, fd, bytes, many[i]) > 0);
		SHOW(syscall(SYS_pwrite64, fd, bytes, many[i], 0L) > 0);
		SHOW(syscall(SYS_writev, fd, v, 2) > 0);
		SHOW(lseek(fd, 0, SEEK_END) > 0);
		if (!all)
			continue;
		SHOW(syscall(SYS_read, fd, bytes, many[i]));
		SHOW(syscall(SYS_pread64, fd, bytes, many[i], 0L));
		SHOW(syscall(SYS_readv, fd, v, 2));
		SHOW(syscall(SYS_write, 99, bytes, many[i]));
	}
	SHOW(ftruncate(fd, 0));
	SHOW(syscall(SYS_read, fd, (void *)-1L, 0L));
	SHOW(syscall(SYS_write, fd, (void *)0x7ffffffff000, 0L));
	close(fd);
}

/* A write of more than other monitors' 64 KiB at once, with no NUL at its
 * end. */
static void
writing(void)
{
	static char much[200000];

	memset(much, 'm', sizeof(much));
	much[1000] = '\0';
	much[sizeof(much) - 1] = '\n';
	fflush(stdout);
	SHOW(write(1, much, sizeof(much)));
}

int
main(void)
{
	int fd;

	/* Natively more descriptors may be open than a guest receives. */
	for (fd = 3; fd < 100; fd++)
		close(fd);
	streams();
	how_opened();
	reading();
	addresses();
	names();
	waiting();
	process();
	memory();
	links();
	lengths();
	writing();
	/* Bytes that are still buffered must be written. */
	printf("the end");
	return 42;
}
