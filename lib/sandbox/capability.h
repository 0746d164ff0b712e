/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities (capabilities(7)) and giving them up for good.  It must not know
 * what they are needed for.
 *
 * A set is a mask of 1 << CAP_* of <linux/capability.h>.
 */
#ifndef CAPABILITY_H
#define CAPABILITY_H

#include <stdint.h>

#define CAPABILITY(number) (UINT64_C(1) << (number))

/* The permitted capabilities of this thread; all of them if the kernel does not
 * report them. */
uint64_t capability_held(void);

/*
 * Give up all capabilities but those of `keep` that are held: the effective and
 * permitted sets keep only these, the inheritable and ambient sets nothing.
 * The bounding set stays: it says what a program that is executed may gain, and
 * no_new_privs that it gains nothing.  For this thread, and for those it
 * creates later.  0, or capset(2)'s -errno.
 */
int capability_drop(uint64_t keep);

#endif
