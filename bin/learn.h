/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --learn: a run that shows what its guest needs, and the configuration that
 * allows it.  It must not know how a call is served.
 *
 *	check, then open, then start, then end
 */
#ifndef LEARN_H
#define LEARN_H

#include "options.h"

/* Does --learn go with the other options?  0, or -1 after a message. */
int learn_check(const struct options *options);

/* Allow `options` all calls but those that the user forbade. */
void learn_allow(struct options *options);

/* From now on note what `guest` does beyond the default. */
void learn_start(const struct options *options, struct hc_guest *guest);

/* The guest has ended: write the configuration. */
void learn_end(const struct options *options, int fd);

#endif
