/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a table of host system calls to a seccomp program, which lets these
 * pass and ends the process at any other.  Pure: it makes no call itself, and
 * must not know who needs which.
 */
#ifndef FILTER_H
#define FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_RULES      512  /* rows of a table */
#define FILTER_CONDITIONS 3    /* of a row */
#define FILTER_SIZE       2048 /* instructions; the kernel takes 4096 */

/* (argument & mask) == value; mask 0 is no condition.  The argument is 64 bits;
 * an int is its lower half, as the kernel takes it, so its mask has no more. */
struct filter_condition {
	unsigned arg;
	uint64_t mask;
	uint64_t value;
};

/*
 * A call that passes, or fails with an error, when all conditions hold.  Of
 * several rows of a call the first that holds counts; if none does, the
 * process ends.
 */
struct filter_rule {
	int nr;
	int error; /* 0: it passes */
	struct filter_condition when[FILTER_CONDITIONS];
};

struct filter_program {
	unsigned short length;
	struct sock_filter code[FILTER_SIZE];
};

/*
 * Make the program of `n` rows.  The first row is the first that is looked at,
 * whatever its number: the call that is made most often.  0; -EINVAL, there
 * is none, or one has a number or an argument that no call has; -E2BIG, there
 * are too many or the program became too long.
 */
int filter_make(
    struct filter_program *program, const struct filter_rule *rules, size_t n);

#endif
