/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --profile, from the guest's start to its file.  It must not know how samples
 * are taken, nor how a picture is drawn.
 */
#ifndef PROFILING_H
#define PROFILING_H

#include "options.h"

#include "vm/machine.h"

#define PROFILING_FILE "profile.svg" /* without a name */

/* Open the file of --profile, if there is one.  0, or -1 after a message. */
int profiling_open(const struct options *options);

/* Begin to sample, if the options ask for it.  0, or -1 after a message. */
int profiling_start(const struct options *options, struct machine *m);

/*
 * The guest runs no more: write the file, with names from the files of the
 * guest's program and its interpreter, which may be -1.  An error that its
 * output had, or 0.
 */
int profiling_close(const struct options *options, int program, int interp);

#endif
