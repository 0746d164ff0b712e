/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket options that a guest can have: the rows of sockopt.def.  It must
 * not know the effect of an option, nor who reads it.
 */
#ifndef HC_SOCKOPT_H
#define HC_SOCKOPT_H

#include <stddef.h>

#define HC_SOCKOPT_MOST 512 /* bytes of a value */

enum {
	HC_SOCKOPT_GET = 1 << 0,
	HC_SOCKOPT_SET = 1 << 1,
};

struct hc_sockopt {
	int level, option;
	unsigned may; /* HC_SOCKOPT_* */
	size_t size;  /* of its value, at most */
	char name[32], type[24];
};

/* NULL: the option is not listed. */
const struct hc_sockopt *hc_sockopt(int level, int option);

#endif
