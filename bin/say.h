/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to novillo's user: one sentence on stderr, after "novillo: ".  This
 * file must not know what an option does.
 *
 * All text is escaped (image/escape.h), because names come from the guest's
 * file and from the host's folders, and stderr may be a terminal.
 */
#ifndef SAY_H
#define SAY_H

#include "optionrow.h"

#include "output/output.h"

#include <stdio.h>

__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* The same about the guest: --quiet, which sets say_quiet, leaves it out. */
__attribute__((format(printf, 1, 2))) void remark(const char *format, ...);
extern bool say_quiet;

/* Where messages go: stderr, or --log. */
extern struct output say_output;

/* The same on a stream, without "novillo: ". */
__attribute__((format(printf, 2, 3))) void
say_line(FILE *out, const char *format, ...);

/* The same about the options being read: with the place in the configuration,
 * or with a reference to --help.  -1. */
__attribute__((format(printf, 2, 3))) int
complain(const struct options *options, const char *format, ...);

/* The same about an option's value: "--memory=much: ...", or "memory=much:
 * ..." in a configuration.  -1. */
__attribute__((format(printf, 4, 5))) int refuse(const struct options *options,
    enum option_number option, const char *value, const char *format, ...);

#endif
