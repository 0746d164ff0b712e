/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest --allow that permits given calls and addresses, and the kinds of
 * program that a guest may be, by its calls.  Pure: it must not know whether
 * the guest was denied these calls or only seems to make them, nor how the user
 * is informed.
 */
#ifndef HC_CURE_H
#define HC_CURE_H

#include "hypercall/core/netrule.h"
#include "hypercall/core/set.h"

/* A wish for more than a guest is allowed. */
struct hc_wish {
	const struct hc_set *allowed;   /* it may make these calls now, */
	const struct hc_set *calls;     /* and would make these */
	const struct hc_net_rule *rule; /* to addresses that these permit */
	unsigned rules;
};

/*
 * The smallest value of --allow that grants the wish beyond what is allowed:
 * "@file,@net,bind:127.0.0.1:80", or "" if nothing is missing.
 *
 * A call is granted by a class, since a program that makes one call of a class
 * makes others; of all choices of classes, the one that allows the fewest calls
 * outside @base, then the fewest calls.  If most of a class is allowed already,
 * the user has taken calls out of it, and a call is granted by its name.
 */
#define HC_CURE_TEXT 8192 /* has room for every name and 64 rules */
void hc_cure(const struct hc_wish *wish, char text[HC_CURE_TEXT]);

/* A kind of program. */
struct hc_family {
	const char *what;  /* "a shell" */
	const char *needs; /* a value of --allow, or NULL */
	const char *limit; /* what no option gives it, or NULL */
};

/* The kind of a program that was refused the calls `refused`, which may include
 * calls that no guest can have, and has made or asked for those of `asked`; or
 * NULL. */
const struct hc_family *
hc_family(const struct hc_set *refused, const struct hc_set *asked);

#endif
