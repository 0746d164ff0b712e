/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls that a program's names promise: those of functions that it takes
 * from libraries, and a Go program's own.  Its code alone does not show them.
 * This file must not know what is allowed.
 */
#ifndef IMPORTS_H
#define IMPORTS_H

#include "image/calls.h"

/* Add the calls of the ELF file `fd`, as far as it can be read.  The name of
 * what makes code while it runs, or NULL. */
const char *imports_add(int fd, struct image_calls *calls);

#endif
