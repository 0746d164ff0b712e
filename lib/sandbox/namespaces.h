/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces without privileges: by a user namespace in which users and groups
 * are who they were.  It must not know what they are for.
 *
 * Before there are threads, and before there is a virtual machine: that belongs
 * to the process that made it, and a pid namespace is entered by a child.
 */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdbool.h>

/*
 * User and mount namespaces of our own, whose mounts nobody else sees, and if
 * `pid` a pid namespace for our children.  0, or -errno with *call told.
 */
int namespaces_unshare(bool pid, const char **call);

/*
 * Go on in a child, process 1 of the new pid namespace, which dies with us.  In
 * the child 0.  In the caller, when the child has ended, *status is its exit
 * status and 1 is returned; a signal that ended the child ends the caller too.
 * -errno with *call told.
 */
int namespaces_fork(int *status, const char **call);

/*
 * After namespaces_unshare(): all files that are there are an empty folder, in
 * which nothing can be made, and in it /proc/self/fd, by which descriptors have
 * names.  Descriptors of other folders stay good.  0, or -errno with *call
 * told: pivot_root where the root is an initramfs, which cannot be left.
 */
int namespaces_empty(const char **call);

/* The end of it: give up what a user namespace lets us do in it.  0, or -errno
 * with *call told. */
int namespaces_drop(const char **call);

#endif
