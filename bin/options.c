/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the command line.  Nothing here may know an option's effect.
 */
#include "options.h"

#include "config.h"
#include "image/image.h"
#include "optionrow.h"
#include "say.h"

#include <getopt.h>
#include <string.h>

/* "-m, --memory=SIZE", as --help shows it. */
static void
option_usage(unsigned i, char *text, size_t size)
{
	const struct option_row *row = option_row(i);
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(text, size, "%s--%s%s%s%s", letter, option_name(i),
	    row->has_arg == no_argument         ? ""
	    : row->has_arg == required_argument ? "="
						: "[=",
	    row->arg ? row->arg : "",
	    row->has_arg == optional_argument ? "]" : "");
}

void
options_help(FILE *out)
{
	unsigned i;

	fputs("usage: novillo [OPTION]... GUEST [ARG]...\n"
	      "Run GUEST, a static ELF program, as a virtual machine of its"
	      " own.\n\n",
	    out);
	for (i = 0; i < OPTION_ROWS; i++) {
		char usage[64];

		option_usage(i, usage, sizeof(usage));
		fprintf(out, "  %-28s %s\n", usage, option_row(i)->help);
	}
	fputs("\nExit status: the guest's own; 124 it exceeded --timeout; 125"
	      " novillo failed;\n126 GUEST cannot run; 127 GUEST was not found;"
	      " 128+n signal n ended it.\n",
	    out);
}

/* getopt_long()'s two tables, from ours.  "+": options end at GUEST. */
static void
make_tables(char *letters, struct option *longs)
{
	unsigned i;

	*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < OPTION_ROWS; i++) {
		const struct option_row *row = option_row(i);
		int n;

		longs[i] = (struct option){
			.name = option_name(i),
			.has_arg = row->has_arg,
			.val = (int)row->number,
		};
		if (!row->letter)
			continue;
		*letters++ = (char)row->letter;
		for (n = 0; n < row->has_arg; n++)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[OPTION_ROWS] = (struct option){ 0 };
}

/* The number of an option that was given by letter or by name. */
static enum option_number
option_number(int found)
{
	unsigned i;

	for (i = 0; found < OPT_FIRST && i < OPTION_ROWS; i++)
		if (option_row(i)->letter == found)
			return option_row(i)->number;
	return (enum option_number)found;
}

/* getopt_long() rejected an option; `word` is the last that it read. */
static int
complain_unknown_option(const struct options *o, const char *word)
{
	if (optopt >= OPT_FIRST)
		return complain(o, "%s: the option takes no value", word);
	if (optopt)
		return complain(o, "unknown option -%c", optopt);
	return complain(o, "unknown or ambiguous option %s", word);
}

/* Call `visit` for each option of the command line. */
static int
each_option(struct options *o, int argc, char **argv,
    int (*visit)(struct options *o, enum option_number option, char *arg))
{
	char letters[3 * OPTION_ROWS + 3];
	struct option longs[OPTION_ROWS + 1];
	int found;

	make_tables(letters, longs);
	opterr = 0;
	optind = 0; /* start from the first argument */
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (found == ':')
			return complain(
			    o, "%s needs a value", argv[optind - 1]);
		if (found == '?')
			return complain_unknown_option(o, argv[optind - 1]);
		if (visit(o, option_number(found), optarg) < 0)
			return -1;
	}
	return 0;
}

static int
find_config(struct options *o, enum option_number option, char *arg)
{
	if (option != OPT_config)
		return 0;
	if (o->config)
		return complain(o, "--config=%s: --config=%s is given already",
		    arg, o->config);
	o->config = arg;
	return 0;
}

/* Choose the command line's GUEST and its arguments, or the configuration's. */
static int
choose_guest(struct options *o, int argc, char **argv)
{
	if (optind < argc) {
		o->guest = argv[optind];
		o->argv = argv + optind;
	} else if (o->guest) {
		o->arg[0] = o->guest;
		o->argv = o->arg;
	} else if (o->action == ACTION_RUN || o->action == ACTION_CHECK) {
		return complain(o, "no GUEST to %s",
		    o->action == ACTION_RUN ? "run" : "check");
	}
	return 0;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.memory = OPTIONS_DEFAULT_MEMORY,
		.sandbox = SANDBOX_BEST_EFFORT,
		.flat_start = IMAGE_FLAT_BASE,
	};
	hc_set_change(&o->allowed, OPTIONS_ALLOWED, strlen(OPTIONS_ALLOWED));
	/* The configuration is read first: the command line overrides it. */
	if (each_option(o, argc, argv, find_config) < 0)
		return -1;
	if (o->config && config_read(o, o->config) < 0)
		return -1;
	if (each_option(o, argc, argv, option_apply) < 0)
		return -1;
	return choose_guest(o, argc, argv);
}
