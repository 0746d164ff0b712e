/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File systems whose regular files are what they look like.  It must not know
 * who opens them.
 */
#ifndef HC_PLAIN_H
#define HC_PLAIN_H

#include <stdbool.h>

/*
 * Is the host's descriptor, also an O_PATH one, on a file system that stores
 * what is written?  On others, as in /proc and /sys, a regular file can be a
 * process, its memory, or a setting of the kernel's.
 */
bool hc_is_plain(int host);

#endif
