/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that the user names for novillo to write.  It must not know what is
 * written.
 *
 * Such a file is opened before the sandbox closes, and begun, which empties it
 * and sets its mode, after that: a start that fails, or is ended by a signal,
 * leaves the files that were there as they were, and removes those that novillo
 * has made.
 */
#ifndef OUTFILE_H
#define OUTFILE_H

#include "options.h"

#include <limits.h>

/* How long a FIFO may be without a reader. */
#define OUTFILE_WAIT_MS 1000

/* The mode of a file that nobody else may read. */
#define OUTFILE_PRIVATE 0600

/* All functions but outfile_core() return -1 after a message, unless they say
 * otherwise. */

/*
 * No file that is to be written is another of the files that the options name:
 * nothing is changed until this is known.  0; 1: there are files to be written;
 * or -1.
 */
int outfile_check(const struct options *options);

/* The same for a file that is open for reading: `what` says what it is.  If
 * `fd` is -1, there is none. */
int outfile_spare(const struct options *options, int fd, const char *what);

/* The name of the core that --core asks for, which may be cut. */
void outfile_core(
    const struct options *options, char path[PATH_MAX + sizeof(".core")]);

/*
 * Open the file of `option`, --output or --log: after what is there if its name
 * begins with a plus; NULL is standard error.  It waits for the reader of a
 * FIFO, but not for long.  A descriptor or -1.
 */
int outfile_lines(const char *option, const char *name);

/* Open or make a regular file that nobody else may read once it has begun: a
 * descriptor, -1 if `name` is NULL, or -2 after a message. */
int outfile_private(const char *option, const char *name);

/* List the descriptors of all these files, at most OUTFILES: how many. */
#define OUTFILES 6U
size_t outfile_descriptors(int *fds);

/* Are there any?  Then files are begun inside of the sandbox. */
bool outfile_is_open(void);

/* The start has succeeded: begin all files that have not begun.  0 or -1. */
int outfile_begin(void);

/* Begin the private files again, for another run of the guest.  0 or -1. */
int outfile_again(void);

/* The start has failed, if files are left that have not begun.  A handler of
 * signals may call this. */
void outfile_drop(void);

#endif
