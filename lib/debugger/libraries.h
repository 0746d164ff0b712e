/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared libraries of a guest that is run by a dynamic loader, from the
 * loader's list in guest memory (<link.h>).  It must not know packets.
 */
#ifndef DEBUGGER_LIBRARIES_H
#define DEBUGGER_LIBRARIES_H

#include "debugger/target.h"

/* See gdb/target.h. */
bool debugger_next_library(void *ctx, struct target_library *library);

/* The thread-local block of the object with the link map `map`, for the thread
 * whose FS base is `tp`; 0: there is none yet, or the C library is neither
 * glibc nor musl. */
uint64_t
debugger_library_tls(struct debugger_target *target, uint64_t map, uint64_t tp);

/* Is `map` the link map of the image itself? */
bool debugger_map_is_image(const struct debugger_target *target, uint64_t map);

#endif
