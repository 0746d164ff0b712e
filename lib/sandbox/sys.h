/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of system calls that are newer than some C libraries.  It must
 * not know what the calls are for.
 */
#ifndef SANDBOX_SYS_H
#define SANDBOX_SYS_H

#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#endif
