/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A counter that is a descriptor.
 */
#ifndef SYS_EVENTFD_H
#define SYS_EVENTFD_H

#define EFD_SEMAPHORE 1
#define EFD_NONBLOCK  04000
#define EFD_CLOEXEC   02000000

int eventfd(unsigned count, int flags);

#endif
