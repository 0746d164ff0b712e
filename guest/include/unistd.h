/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX calls on descriptors, the heap's end and identities.  Each call is one
 * hypercall; on failure it returns -1 and sets errno.
 */
#ifndef UNISTD_H
#define UNISTD_H

#include <stdint.h>
#include <sys/types.h>

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

extern char **environ;

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

ssize_t read(int fd, void *buf, size_t count);
ssize_t write(int fd, const void *buf, size_t count);
ssize_t pread(int fd, void *buf, size_t count, off_t offset);
ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset);
off_t lseek(int fd, off_t offset, int whence);
int close(int fd);
int dup(int fd);
int dup2(int fd, int to);
int pipe(int fds[2]);
int ftruncate(int fd, off_t length);
int fsync(int fd);
int isatty(int fd);

int access(const char *path, int mode);
int unlink(const char *path);
int rmdir(const char *path);
int link(const char *from, const char *to);
int symlink(const char *target, const char *path);
ssize_t readlink(const char *path, char *buf, size_t size); /* without a NUL */
int chdir(const char *path);
char *getcwd(char *buf, size_t size); /* NULL on failure */

int brk(void *end);
void *sbrk(intptr_t increment); /* (void *)-1 on failure */

pid_t getpid(void);
pid_t getppid(void);
pid_t gettid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);

_Noreturn void _exit(int status); /* at once, without a flush */

#endif
