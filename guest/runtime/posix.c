/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The POSIX calls that are one hypercall each, and errno: -errno becomes -1
 * here.  This file keeps no state but errno.
 */
#include "runtime.h"

#include <errno.h>
#include <hcall.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define MAX_ERRNO 4095 /* Linux: results from -4095 to -1 are errors */

long
guest_result(long r)
{
	if (r >= 0 || r < -MAX_ERRNO)
		return r;
	errno = (int)-r;
	return -1;
}

ssize_t
read(int fd, void *buf, size_t count)
{
	return guest_result(hc_read(fd, (long)buf, (long)count));
}

ssize_t
write(int fd, const void *buf, size_t count)
{
	return guest_result(hc_write(fd, (long)buf, (long)count));
}

ssize_t
readv(int fd, const struct iovec *iov, int count)
{
	return guest_result(hc_readv(fd, (long)iov, count));
}

ssize_t
writev(int fd, const struct iovec *iov, int count)
{
	return guest_result(hc_writev(fd, (long)iov, count));
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	return (int)guest_result(hc_ioctl(fd, (long)request, (long)argument));
}

int
isatty(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0;
}

/* The call returns the current end, whether it moved or not. */
int
brk(void *end)
{
	if (hc_brk((long)end) == (long)end)
		return 0;
	errno = ENOMEM;
	return -1;
}

void *
sbrk(intptr_t increment)
{
	char *end = (char *)hc_brk(0);

	if (increment != 0 && brk(end + increment) != 0)
		return (void *)-1;
	return end;
}

int
nanosleep(const struct timespec *length, struct timespec *remaining)
{
	return (int)guest_result(hc_nanosleep((long)length, (long)remaining));
}

int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
    struct timespec *remaining)
{
	return (int)-hc_clock_nanosleep(
	    clock, flags, (long)until, (long)remaining);
}

ssize_t
getrandom(void *buf, size_t count, unsigned flags)
{
	return guest_result(hc_getrandom((long)buf, (long)count, flags));
}

int
uname(struct utsname *name)
{
	return (int)guest_result(hc_uname((long)name));
}

int
arch_prctl(int code, unsigned long address)
{
	return (int)guest_result(hc_arch_prctl(code, (long)address));
}

int
sched_yield(void)
{
	return (int)guest_result(hc_sched_yield());
}

/* These calls cannot fail. */
pid_t
getpid(void)
{
	return (pid_t)hc_getpid();
}

pid_t
getppid(void)
{
	return (pid_t)hc_getppid();
}

pid_t
gettid(void)
{
	return (pid_t)hc_gettid();
}

uid_t
getuid(void)
{
	return (uid_t)hc_getuid();
}

uid_t
geteuid(void)
{
	return (uid_t)hc_geteuid();
}

gid_t
getgid(void)
{
	return (gid_t)hc_getgid();
}

gid_t
getegid(void)
{
	return (gid_t)hc_getegid();
}

void
_exit(int status)
{
	for (;;)
		hc_exit_group(status);
}
