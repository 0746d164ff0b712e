/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX calls on descriptors, the heap's end and identities.  Each is one
 * hypercall; on failure they return -1 and set errno.
 */
#ifndef UNISTD_H
#define UNISTD_H

#include <stdint.h>
#include <sys/types.h>

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

extern char **environ;

ssize_t read(int fd, void *buf, size_t count);
ssize_t write(int fd, const void *buf, size_t count);
int isatty(int fd);

int brk(void *end);
void *sbrk(intptr_t increment); /* (void *)-1 on failure */

pid_t getpid(void);
pid_t getppid(void);
pid_t gettid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);

_Noreturn void _exit(int status); /* at once: nothing is flushed */

#endif
