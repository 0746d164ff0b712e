/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that a run loads, and what runs it: the interpreter of a script
 * (#!), and that of a dynamic executable (PT_INTERP), both from the guest's own
 * files, as Linux's execve(2) finds them.  It must not know how a guest is run.
 *
 *	host's file --- ELF, flat --------------------> image
 *	     |                                            |
 *	     #!                                       PT_INTERP
 *	     v                                            v
 *	guest's file -- ELF --> image                 guest's file
 *	     |  ^
 *	     +--+ #!, PROGRAM_SCRIPTS times at most
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "options.h"

#include "hypercall/core/hypercall.h"
#include "image/image.h"

#include <limits.h>

#define PROGRAM_SCRIPTS 5    /* scripts that scripts are run by, as on Linux */
#define PROGRAM_LINE    256U /* bytes of a script's first line, as on Linux */
#define PROGRAM_WORDS   (2 * PROGRAM_SCRIPTS + 1)
#define PROGRAM_ARGS    65536U /* arguments of a script's interpreter */

struct program {
	int fd;        /* the file that is loaded */
	int interp_fd; /* its interpreter; -1: it has none */
	struct image image, interp;
	/* A script: these words take the place of argv[0]. */
	bool script;
	unsigned words;
	/* Its name in the guest's tree, if a script names it; or "". */
	char name[HC_PATH];
	char interp_name[HC_PATH];
	char *word[PROGRAM_WORDS];
	char line[PROGRAM_SCRIPTS][PROGRAM_LINE + 1];
};

/* The file that the user means by `name`, as in a shell, but a file in the
 * working folder comes first: `name` or `path`. */
const char *program_find(const char *name, char path[PATH_MAX]);

/*
 * Open GUEST and check it.  0, or -1 after a message, with the exit status
 * (run.h) in *status.  The same for program_follow(), which opens what it is
 * run by in the guest's tree, when that has its folders.
 */
int program_open(
    const struct options *options, struct program *program, int *status);
int program_follow(const struct options *options, struct hc_guest *guest,
    struct program *program, int *status);

/* The same for a recorded program: both files are the host's, and `interp` may
 * be "".  `name` is that of its interpreter in the guest's tree. */
int
program_open_recorded(const struct options *options, struct program *program,
    const char *file, const char *interp, const char *name, int *status);

/* Is it loaded without any file of the guest's? */
bool program_is_alone(const struct program *program);

/* The arguments for a guest that was asked to have `argv`: static, and more for
 * a script.  NULL: they are more than PROGRAM_ARGS. */
char **program_argv(const struct program *program, char **argv);

#endif
