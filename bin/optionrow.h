/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One option, for the command line and for a configuration.  It must not know
 * which of them its text came from.
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

/* An option's bit in a set of options. */
#define OPTION_BIT(number) (UINT64_C(1) << ((number)-OPT_FIRST - 1))

/* The values that a configuration may give: see options.def. */
enum option_use {
	OPTION_ONCE,
	OPTION_LIST,
	OPTION_MANY,
	OPTION_LINE,
};

/* Which help shows the option. */
enum option_shown {
	OPTION_BRIEF,
	OPTION_FULL,
};

#define OPTION_NAME 16 /* bytes of the longest name, with its NUL */

struct option_row {
	enum option_number number;
	int letter;
	char name[OPTION_NAME]; /* as options.def has it */
	int has_arg;
	enum option_use use;
	enum option_shown shown;
	const char *arg;
	const char *help;
};

/* Row `i` of options.def, and its name as users write it, with dashes. */
const struct option_row *option_row(unsigned i);
const char *option_name(unsigned i);

/* Would a word be a value of the option, which takes one in the same word only?
 * A guess, for users who leave a blank between them. */
bool option_would_take(enum option_number option, const char *word);

/*
 * Apply option `number` with its value, NULL if it has none.  The value may be
 * cut into pieces, to which *options points.  0, or -1 after a message.
 */
int option_apply(struct options *options, enum option_number number, char *arg);

#endif
