/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translates a table of host system calls to a seccomp program that lets them
 * pass and refuses any other call: with SIGSYS, which ends the process unless a
 * handler does so after a report.  A call of another architecture ends it at
 * once.  Pure: it makes no call itself, and must not know what the calls are
 * for.
 */
#ifndef FILTER_H
#define FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_CALLS      512  /* above every number of the host's calls */
#define FILTER_RULES      512  /* rows of a table */
#define FILTER_CONDITIONS 3    /* of a row */
#define FILTER_SIZE       2048 /* instructions; the kernel takes 4096 */

/* (argument & mask) == value; with mask 0 it always holds.  The argument has 64
 * bits; the kernel takes an int from the lower 32, so the mask of an int must
 * not have higher bits. */
struct filter_condition {
	unsigned arg;
	uint64_t mask;
	uint64_t value;
};

/*
 * A call that passes, or fails with an error, when all conditions hold.  If a
 * call has several rows the first whose conditions hold applies; if none holds,
 * the call is refused.
 */
struct filter_rule {
	int nr;
	int error; /* 0: it passes */
	struct filter_condition when[FILTER_CONDITIONS];
};

struct filter_program {
	struct sock_filter space[FILTER_SIZE];
	struct sock_filter *code; /* at the end of `space` */
	unsigned short length;
};

/*
 * Make the program for `n` rows.  It tests the first row before all others,
 * whatever its number: that should be the most frequent call.  0; -EINVAL: n is
 * 0, or a row has a number or an argument that no call has, or an error below
 * 0; -E2BIG: there are too many rows, or the program is too long.
 */
int filter_make(
    struct filter_program *program, const struct filter_rule *rules, size_t n);

#endif
