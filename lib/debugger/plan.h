/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next run of the guest as the debugger wants it: arguments, environment,
 * working folder.  It must not know packets, machines or processes.
 *
 * A plan lies in memory that several processes write, one after the other.
 * A reader trusts nothing in it: debugger_plan_argv() and debugger_plan_env()
 * check every length and every end of a text.
 */
#ifndef DEBUGGER_PLAN_H
#define DEBUGGER_PLAN_H

#include "gdb/target.h"

#define PLAN_TEXT   65536 /* bytes of arguments, and of changes of variables */
#define PLAN_ARGS   1024  /* arguments, and variables */
#define PLAN_FOLDER 4096  /* bytes of the folder's name, with its NUL */
#define PLAN_WHY    256

/* Texts, each with its NUL. */
struct debugger_texts {
	size_t used;
	char text[PLAN_TEXT];
};

struct debugger_plan {
	unsigned asked;             /* a run is to follow */
	struct debugger_texts args; /* none: those of the first run */
	/* NAME=VALUE sets a variable, NAME removes it; in this order. */
	struct debugger_texts env;
	char folder[PLAN_FOLDER]; /* "": that of the first run */
	char why[PLAN_WHY];       /* the run was not made: one sentence */
};

/* Take over what the debugger asks for: 0 or -E2BIG. */
int debugger_plan_run(struct debugger_plan *plan, const struct target_run *run);
int debugger_plan_set(
    struct debugger_plan *plan, enum target_setting what, const char *text);

/*
 * Make argv from the plan, or from `first`, which has the program's name in any
 * case; and envp from `first` and the plan's changes.  The pointers lead into
 * the plan and into `first`.  -E2BIG: not all fit.
 */
int debugger_plan_argv(const struct debugger_plan *plan, char *const *first,
    char *argv[PLAN_ARGS + 1]);
int debugger_plan_env(const struct debugger_plan *plan, char *const *first,
    char *envp[PLAN_ARGS + 1]);

#endif
