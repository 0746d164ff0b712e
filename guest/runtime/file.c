/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The POSIX calls on files and folders, each one hypercall.  This file keeps no
 * state.
 */
#include "runtime.h"

#include <fcntl.h>
#include <hcall.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return (int)guest_result(hc_open((long)path, flags, mode));
}

int
openat(int dirfd, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return (int)guest_result(hc_openat(dirfd, (long)path, flags, mode));
}

int
creat(const char *path, mode_t mode)
{
	return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int
fcntl(int fd, int command, ...)
{
	va_list ap;
	long argument;

	va_start(ap, command);
	argument = va_arg(ap, long);
	va_end(ap);
	return (int)guest_result(hc_fcntl(fd, command, argument));
}

int
close(int fd)
{
	return (int)guest_result(hc_close(fd));
}

off_t
lseek(int fd, off_t offset, int whence)
{
	return guest_result(hc_lseek(fd, offset, whence));
}

ssize_t
pread(int fd, void *buf, size_t count, off_t offset)
{
	return guest_result(hc_pread64(fd, (long)buf, (long)count, offset));
}

ssize_t
pwrite(int fd, const void *buf, size_t count, off_t offset)
{
	return guest_result(hc_pwrite64(fd, (long)buf, (long)count, offset));
}

int
ftruncate(int fd, off_t length)
{
	return (int)guest_result(hc_ftruncate(fd, length));
}

int
fsync(int fd)
{
	return (int)guest_result(hc_fsync(fd));
}

int
dup(int fd)
{
	return (int)guest_result(hc_dup(fd));
}

int
dup2(int fd, int to)
{
	return (int)guest_result(hc_dup2(fd, to));
}

int
pipe(int fds[2])
{
	return (int)guest_result(hc_pipe((long)fds));
}

int
stat(const char *path, struct stat *st)
{
	return (int)guest_result(hc_stat((long)path, (long)st));
}

int
lstat(const char *path, struct stat *st)
{
	return (int)guest_result(hc_lstat((long)path, (long)st));
}

int
fstat(int fd, struct stat *st)
{
	return (int)guest_result(hc_fstat(fd, (long)st));
}

int
mkdir(const char *path, mode_t mode)
{
	return (int)guest_result(hc_mkdir((long)path, mode));
}

int
chmod(const char *path, mode_t mode)
{
	return (int)guest_result(hc_chmod((long)path, mode));
}

mode_t
umask(mode_t mask)
{
	return (mode_t)hc_umask(mask);
}

int
access(const char *path, int mode)
{
	return (int)guest_result(hc_access((long)path, mode));
}

int
unlink(const char *path)
{
	return (int)guest_result(hc_unlink((long)path));
}

int
rmdir(const char *path)
{
	return (int)guest_result(hc_rmdir((long)path));
}

int
rename(const char *from, const char *to)
{
	return (int)guest_result(hc_rename((long)from, (long)to));
}

int
link(const char *from, const char *to)
{
	return (int)guest_result(hc_link((long)from, (long)to));
}

int
symlink(const char *target, const char *path)
{
	return (int)guest_result(hc_symlink((long)target, (long)path));
}

ssize_t
readlink(const char *path, char *buf, size_t size)
{
	return guest_result(hc_readlink((long)path, (long)buf, (long)size));
}

int
chdir(const char *path)
{
	return (int)guest_result(hc_chdir((long)path));
}

char *
getcwd(char *buf, size_t size)
{
	return guest_result(hc_getcwd((long)buf, (long)size)) < 0 ? NULL : buf;
}
