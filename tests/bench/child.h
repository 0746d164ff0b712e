/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a program to its end, to time it or to watch its system calls.  It must
 * not know the programs' purpose.
 *
 * A program that cannot be run or does not end with status 0 ends the caller,
 * with a sentence and status 2: no figure is possible then.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdint.h>

#define CHILD_ARGS      16
#define CHILD_LINE      9 /* the descriptor of a program's end of a line */
#define CHILD_LINE_TEXT "fd:9"

struct talk;

/* The arguments end with NULL; the first is the program's path. */
struct command {
	const char *arg[CHILD_ARGS];
	const char *in;          /* its standard input; NULL: ours */
	const struct talk *talk; /* NULL: the program has no line to us */
	unsigned port;           /* its port for the talk; 0: a line */
};

/* Times in nanoseconds; cpu is user and system time of all threads. */
struct cost {
	double wall, cpu;
	double faults; /* the number of page faults */
};

/* Returns a TCP port of the loopback that is free now. */
unsigned child_free_port(void);

/* Returns nanoseconds on a monotonic clock. */
double child_now(void);

/*
 * Measures from just before the program's start until all its remains are gone;
 * the wall time of a program that has a talk is the talk's.
 */
struct cost child_time(const struct command *command);

enum child_ioctl {
#define IOCTL(name, ...) CHILD_##name,
#include "ioctls.def"
#undef IOCTL
	CHILD_FOREIGN, /* any other ioctl */
	CHILD_IOCTLS
};

#define CHILD_NUMBERS 512 /* larger than every system call's number */

/* The counts of all threads and of the processes that they fork, or how many
 * more one run has than another. */
struct child_calls {
	int64_t all; /* system calls, ioctls included */
	int64_t ioctl[CHILD_IOCTLS];
	int64_t number[CHILD_NUMBERS]; /* by system call */
	int64_t straight; /* read(2)s of a MiB or more into memory slot 0 */
};

/* In bytes, at the program's end. */
struct child_memory {
	uint64_t peak;   /* resident at most */
	uint64_t shared; /* its unwritten part that other processes also map */
	uint64_t guest;  /* resident of memory slot 0, its first `ram` bytes */
};

/* Run it by ptrace(2), which counts without the program's help. */
void child_watch(const struct command *command, uint64_t ram,
    struct child_calls *calls, struct child_memory *memory);

/* Print the reason why no figure is possible, and end. */
__attribute__((format(printf, 1, 2), noreturn)) void
give_up(const char *format, ...);

#endif
