/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the effect of each call with valid arguments.
 */
#include <errno.h>
#include <hcall.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define BAD_FD	 99
#define BAD_CODE 0x99999

static long
nanoseconds(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		return -1;
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
test_clocks(void)
{
	const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
		CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME };
	struct timespec ts;
	size_t i;

	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		long first = nanoseconds(clocks[i]);
		long second = nanoseconds(clocks[i]);

		ok(first > 0 && second >= first, "clock %d does not go back",
		    clocks[i]);
	}
	ok(time(NULL) > 1700000000, "the real-time clock is past 2023");
	same(hc_clock_gettime(1234, (long)&ts), -EINVAL,
	    "a clock that does not exist is refused");
}

static void
test_sleep(void)
{
	const struct timespec length = { 0, 20000000 };
	const struct timespec wrong[] = { { 0, -1 }, { 0, 1000000000 },
		{ -1, 0 } };
	const struct timespec past = { 0, 0 };
	long start = nanoseconds(CLOCK_MONOTONIC);
	size_t i;

	same(nanosleep(&length, NULL), 0, "nanosleep returns 0");
	ok(nanoseconds(CLOCK_MONOTONIC) - start >= length.tv_nsec,
	    "and sleeps as long as asked");
	same(clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL), 0,
	    "clock_nanosleep returns 0");
	same(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL), 0,
	    "clock_nanosleep until a time that is past returns at once");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		same(hc_nanosleep((long)&wrong[i], 0), -EINVAL,
		    "nanosleep refuses %ld s %ld ns", wrong[i].tv_sec,
		    wrong[i].tv_nsec);
	same(clock_nanosleep(1234, 0, &length, NULL), EINVAL,
	    "clock_nanosleep refuses a clock that does not exist");
}

static void
test_output(void)
{
	char first[] = "# writev keeps", second[] = " the order\n";
	struct iovec iov[] = { { first, strlen(first) }, { first, 0 },
		{ second, strlen(second) } };

	fflush(stdout); /* the writes below bypass stdio */
	same(writev(STDOUT_FILENO, iov, 3),
	    (long)(strlen(first) + strlen(second)),
	    "writev returns the bytes of all its buffers");
	same(writev(STDOUT_FILENO, iov, 0), 0, "writev of nothing writes 0");
	same(hc_writev(STDOUT_FILENO, (long)iov, -1), -EINVAL,
	    "writev refuses a negative count");
	same(hc_writev(STDOUT_FILENO, (long)iov, 1025), -EINVAL,
	    "writev refuses more than 1024 buffers");
	iov[1].iov_len = (size_t)-1;
	same(hc_writev(STDOUT_FILENO, (long)iov, 3), -EINVAL,
	    "writev refuses a length that is negative");
	same(write(STDOUT_FILENO, NULL, 0), 0, "write of nothing writes 0");
}

static void
test_descriptors(void)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	struct winsize size;

	same(
	    hc_write(BAD_FD, (long)&byte, 1), -EBADF, "write wants an open fd");
	same(hc_read(BAD_FD, (long)&byte, 1), -EBADF, "read wants an open fd");
	same(hc_read(-1, (long)&byte, 1), -EBADF, "read refuses fd -1");
	same(hc_writev(BAD_FD, (long)&iov, 1), -EBADF,
	    "writev wants an open fd");
	same(hc_readv(BAD_FD, (long)&iov, 1), -EBADF, "readv wants an open fd");
	same(hc_ioctl(BAD_FD, TIOCGWINSZ, (long)&size), -EBADF,
	    "ioctl wants an open fd");
	same(ioctl(BAD_FD, TIOCGWINSZ, &size), -1, "the C function returns -1");
	same(errno, EBADF, "and sets errno");
}

static void
test_random(void)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 };

	same(getrandom(a, sizeof(a), 0), sizeof(a), "getrandom fills it all");
	getrandom(b, sizeof(b), 0);
	ok(memcmp(a, b, sizeof(a)) != 0, "getrandom does not repeat itself");
	same(getrandom(a, 0, 0), 0, "getrandom of nothing returns 0");
	same(hc_getrandom((long)a, 1, BAD_CODE), -EINVAL,
	    "getrandom refuses flags it does not know");
}

static void
test_identity(void)
{
	struct utsname name;

	same(uname(&name), 0, "uname returns 0");
	ok(strcmp(name.sysname, "Linux") == 0, "the system is Linux");
	ok(strcmp(name.machine, "x86_64") == 0, "the machine is x86_64");
	ok(memchr(name.release, '\0', sizeof(name.release)) != NULL &&
		name.release[0] != '\0',
	    "the release is a string");
	ok(getpid() > 0, "the process has a number");
	same(gettid(), getpid(), "the first thread has the process's number");
	ok(getppid() >= 0, "getppid answers");
	same(sched_yield(), 0, "sched_yield returns 0");
	same(hc_set_tid_address((long)&name), gettid(),
	    "set_tid_address returns the thread's number");
}

/* FS-relative addressing follows arch_prctl; both bases end as 0. */
static void
test_segment_bases(void)
{
	static const unsigned long value = 0x0123456789abcdef;
	unsigned long base = 0, seen = 0;

	same(arch_prctl(ARCH_SET_FS, (unsigned long)&value), 0,
	    "arch_prctl sets the FS base");
	__asm__ volatile("movq %%fs:0, %0" : "=r"(seen));
	same((long)seen, (long)value, "and %%fs:0 is there");
	hc_getpid();
	__asm__ volatile("movq %%fs:0, %0" : "=r"(seen));
	same((long)seen, (long)value, "and still is after a hypercall");
	arch_prctl(ARCH_GET_FS, (unsigned long)&base);
	same((long)base, (long)&value, "arch_prctl reads it back");
	arch_prctl(ARCH_SET_FS, 0);
	same(arch_prctl(ARCH_SET_GS, (unsigned long)&value), 0,
	    "arch_prctl sets the GS base");
	__asm__ volatile("movq %%gs:0, %0" : "=r"(seen));
	same((long)seen, (long)value, "and %%gs:0 is there");
	arch_prctl(ARCH_SET_GS, 0);
	same(hc_arch_prctl(BAD_CODE, 0), -EINVAL,
	    "arch_prctl refuses a code it does not know");
	same(hc_arch_prctl(ARCH_SET_FS, 1L << 47), -EPERM,
	    "arch_prctl refuses a base that is not a user address");
}

int
main(void)
{
	test_clocks();
	test_sleep();
	test_output();
	test_descriptors();
	test_random();
	test_identity();
	test_segment_bases();
	return tap_done();
}
