/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One option, as the command line and a configuration share it.  It must not
 * know where the option's text came from.
 */
#ifndef OPTIONROW_H
#define OPTIONROW_H

#include "options.h"

#include <getopt.h>

/* Each option by its place in the list. */
enum option_number {
	OPT_FIRST = 256, /* above every letter */
#define OPTION(letter, name, ...) OPT_##name,
#include "options.def"
#undef OPTION
	OPT_END,
};

#define OPTION_ROWS (OPT_END - OPT_FIRST - 1)

/* What a configuration may say of it: see options.def. */
enum option_use {
	OPTION_ONCE,
	OPTION_LIST,
	OPTION_MANY,
	OPTION_LINE,
};

struct option_row {
	enum option_number number;
	int letter;
	const char *name; /* as options.def has it */
	int has_arg;
	enum option_use use;
	const char *arg;
	const char *help;
};

#define OPTION_NAME 16 /* bytes of the longest name, with its NUL */

/* The rows of options.def in their order, and their names as users know them,
 * with dashes. */
const struct option_row *option_row(unsigned i);
const char *option_name(unsigned i);

/*
 * Do what option `number` says with its value, NULL if it has none.  It may
 * cut the value into pieces and keep them.  0, or -1 after a sentence.
 */
int option_apply(struct options *options, enum option_number number, char *arg);

/* One sentence on stderr, with the place it is about; -1. */
__attribute__((format(printf, 2, 3))) int
complain(const struct options *options, const char *format, ...);

#endif
