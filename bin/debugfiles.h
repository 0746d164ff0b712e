/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that a debugger gets besides the guest's: the program, its separate
 * debug file, and the folder of --debug-files.  It must not know packets.
 */
#ifndef DEBUGFILES_H
#define DEBUGFILES_H

#include "options.h"

#include "hypercall/file/look.h"

/*
 * Before the sandbox closes: fill *look, where the program's file is `image`
 * and has the absolute name `path`.  0, or -1 after a message.
 */
int debugfiles_open(struct hc_look *look, const struct options *options,
    const char *path, int image);

#endif
