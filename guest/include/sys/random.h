/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes of the host.
 */
#ifndef SYS_RANDOM_H
#define SYS_RANDOM_H

#include <sys/types.h>

ssize_t getrandom(void *buf, size_t count, unsigned flags);

#endif
