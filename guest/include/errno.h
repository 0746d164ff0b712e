/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errno and its values, expanded from errno.def.
 */
#ifndef ERRNO_H
#define ERRNO_H

enum {
#define ERRNO(number, name, text) name = number,
#include <errno.def>
#undef ERRNO
	EWOULDBLOCK = EAGAIN,
	ENOTSUP = EOPNOTSUPP
};

extern int errno;

#endif
