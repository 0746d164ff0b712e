/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a program to its end, to time it or to watch what it asks of the
 * kernel.  It must not know what the programs are.
 *
 * A program that cannot be run or does not end with status 0 ends the caller,
 * with a sentence and status 2: there is nothing to measure then.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdint.h>

#define CHILD_ARGS      16
#define CHILD_LINE      9 /* the descriptor of a program's end of a line */
#define CHILD_LINE_TEXT "fd:9"

struct talk;

/* Ends with NULL; the first is the program's path. */
struct command {
	const char *arg[CHILD_ARGS];
	const char *in;          /* its standard input; NULL: ours */
	const struct talk *talk; /* NULL: it has no line to us */
	unsigned port;           /* where it waits for the talk; 0: a line */
};

/* In nanoseconds; cpu is user and system time of all its threads. */
struct cost {
	double wall, cpu;
	double faults; /* of pages, their number */
};

/* A TCP port of the loopback that nobody has now. */
unsigned child_free_port(void);

/* Nanoseconds on a clock that goes on. */
double child_now(void);

/*
 * From just before it is started until all that it was is gone; the wall time
 * of a program that is talked to is that of the talk.
 */
struct cost child_time(const struct command *command);

enum child_ioctl {
#define IOCTL(name, ...) CHILD_##name,
#include "ioctls.def"
#undef IOCTL
	CHILD_FOREIGN, /* any other ioctl */
	CHILD_IOCTLS
};

#define CHILD_NUMBERS 512 /* more system calls than there are */

/* Of all threads. */
struct child_calls {
	uint64_t all; /* system calls, ioctls included */
	uint64_t ioctl[CHILD_IOCTLS];
	uint64_t number[CHILD_NUMBERS]; /* by system call */
	uint64_t straight; /* read(2)s of a MiB or more into memory slot 0 */
};

/* In bytes, when it ends. */
struct child_memory {
	uint64_t peak;   /* resident at most */
	uint64_t shared; /* of that, unwritten and other processes' too */
	uint64_t guest;  /* resident of memory slot 0, its first `ram` bytes */
};

/* Run it by ptrace(2), which counts without its help. */
void child_watch(const struct command *command, uint64_t ram,
    struct child_calls *calls, struct child_memory *memory);

/* Say why nothing can be measured, and end. */
__attribute__((format(printf, 1, 2), noreturn)) void
give_up(const char *format, ...);

#endif
