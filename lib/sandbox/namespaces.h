/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces without privileges, by a user namespace in which the user and the
 * group keep their numbers.  It must not know what the namespaces are for.
 *
 * To be called before there are threads or a virtual machine: a pid namespace
 * is entered by a child, and a virtual machine belongs to the process that
 * created it.
 */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Enter new user and mount namespaces, whose mounts no other process sees, and
 * with `pid` create a pid namespace for the children.  0, or -errno with *call
 * set to the call that failed.
 */
int namespaces_unshare(bool pid, const char **call);

/*
 * Fork process 1 of the new pid namespace, which is killed when the caller
 * ends.  Returns 0 in the child and its number in the caller, which waits for
 * it (waiter.h).  -errno with *call set.
 */
pid_t namespaces_fork(const char **call);

/*
 * After namespaces_unshare(): replace the root by an empty, read-only folder
 * with only /proc/self/fd, by which descriptors have names.  Descriptors of
 * other folders stay valid.  0, or -errno with *call set: pivot_root if the
 * root is an initramfs, which cannot be left.
 */
int namespaces_empty(const char **call);

#endif
