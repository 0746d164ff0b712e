/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line.  It must not know what the options lead to.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "hypercall/hypercall.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_ENV 256 /* variables a guest can be given */

#define OPTIONS_DEFAULT_MEMORY (UINT64_C(64) << 20)

enum action {
	ACTION_RUN,
	ACTION_PROBE,
	ACTION_CHECK,
	ACTION_LIST,
	ACTION_HELP,
	ACTION_VERSION,
};

struct options {
	enum action action;
	uint64_t memory; /* bytes, whole pages */
	char *env[OPTIONS_ENV + 1];
	unsigned envs;
	bool flat;
	uint64_t flat_start;
	const char *gdb; /* where debuggers connect; NULL: nowhere */
	bool gdb_wait;   /* the guest waits for one */
	bool gdb_once;
	bool trace;
	struct hc_set traced;
	const char *output; /* NULL: standard error */
	bool core;
	const char *core_file; /* NULL: named after the guest */
	uint64_t timeout_ns;   /* 0: none */
	bool stats;
	char *guest; /* NULL only where the action needs none */
	char **argv; /* the guest's: argv[0] is `guest` */
};

/*
 * Read the command line.  0, or -1 after one sentence on stderr.  What
 * `options` points to belongs to argv and the environment.
 */
int options_parse(struct options *options, int argc, char **argv);

/* The text of --help. */
void options_help(FILE *out);

#endif
