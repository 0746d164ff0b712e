/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that hypercalls on files share with those on sockets.  Only
 * lib/hypercall includes this.
 */
#ifndef HC_FILE_H
#define HC_FILE_H

#include "hypercall/file/path.h"

/* Make two descriptors, with all marks, for two of the host's, and write them
 * to `va`, which was checked: 0, or -errno with both closed. */
int64_t
hc_fd_pair(struct hc_call *call, const int host[2], bool cloexec, uint64_t va);

/* A descriptor with the mark HC_MAY_FLAGS for the result of a host call, or its
 * -errno. */
int64_t hc_fd_result(struct hc_call *call, int64_t host, bool cloexec);

/*
 * Hold the file that the name at `va` leads to: hc_path_find(), with AT_* in
 * `flags`, where a descriptor's link leads to its file.  With AT_EMPTY_PATH an
 * empty name is the descriptor itself.
 */
int hc_hold(struct hc_call *call, uint64_t dirfd, uint64_t va, unsigned flags,
    struct hc_found *found);

/* Serve fcntl() with one of the commands for record locks, except for a file
 * that is not open. */
int64_t hc_lock_file(struct hc_call *call, struct hc_file *file, int cmd);

#endif
