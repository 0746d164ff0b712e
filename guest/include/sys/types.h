/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of POSIX that other headers share.
 */
#ifndef SYS_TYPES_H
#define SYS_TYPES_H

#include <stddef.h>

typedef long ssize_t;
typedef long off_t;
typedef long time_t;
typedef int pid_t;
typedef unsigned uid_t;
typedef unsigned gid_t;
typedef unsigned mode_t;
typedef int clockid_t;

#endif
