/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the command line.  Nothing here may know an option's effect.
 */
#include "options.h"

#include "config.h"
#include "image/image.h"
#include "nearest.h"
#include "hypercall/trace/trace.h"
#include "vm/profile.h"
#include "optionrow.h"
#include "say.h"

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The columns of the help: usage, text and the end of a line. */
#define HELP_TEXT  31
#define HELP_WIDTH 80

/* Print words up to `end` from column HELP_TEXT on; the first line is begun. */
static void
print_words(FILE *out, const char *text, const char *end)
{
	size_t column = HELP_TEXT;

	while (text < end) {
		const char *blank = memchr(text, ' ', (size_t)(end - text));
		size_t len = (size_t)((blank ? blank : end) - text);

		if (column > HELP_TEXT && column + 1 + len >= HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_TEXT, "");
			column = HELP_TEXT;
		} else if (column > HELP_TEXT) {
			putc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)len, text);
		column += len;
		text += len + (blank != NULL);
	}
	putc('\n', out);
}

static void
print_option(FILE *out, unsigned i, bool all)
{
	const char *help = option_row(i)->help;
	char usage[64];

	option_usage(i, usage, sizeof(usage));
	fprintf(out, "  %-28s ", usage);
	if (strlen(usage) > HELP_TEXT - 3)
		fprintf(out, "\n%*s", HELP_TEXT, "");
	print_words(out, help, help + strcspn(help, all ? "" : ";"));
}

void
options_help(FILE *out, bool all)
{
	unsigned i;

	fputs("usage: novillo [OPTION]... GUEST [ARG]...\n"
	      "Run GUEST, a program for Linux, as a virtual machine of its"
	      " own.\n\n",
	    out);
	for (i = 0; i < OPTION_ROWS; i++)
		if (all || option_row(i)->shown == OPTION_BRIEF)
			print_option(out, i, all);
	fputs("\n"
	      "  novillo -r /:ro /bin/ls /etc        a program, and this"
	      " host's files\n"
	      "  novillo -t@file,@net ./server       its calls on files and"
	      " sockets\n"
	      "  novillo --debug ./program ARG       a session of gdb\n",
	    out);
	fputs(all ? "\nStatus: the guest's own; 124 it exceeded --timeout; 125"
		    " novillo failed; 126\nGUEST cannot run; 127 it was not"
		    " found; 128+n signal n ended it.\nThe manual is"
		    " novillo(1).\n"
		  : "All options: novillo --help=all.  The manual is"
		    " novillo(1).\n",
	    out);
}

/* getopt_long()'s two tables. */
struct tables {
	char letters[3 * OPTION_ROWS + 3];
	struct option longs[OPTION_ROWS + 1];
};

/* Fill the tables from our own.  "+": options end at GUEST. */
static void
make_tables(struct tables *tables)
{
	struct option *longs = tables->longs;
	char *letters = tables->letters;
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

/* The option with this name, or NULL. */
static const struct option_row *
find_option(const char *name, size_t len)
{
	unsigned i;

	for (i = 0; i < OPTION_ROWS; i++)
		if (strlen(option_name(i)) == len &&
		    strncmp(option_name(i), name, len) == 0)
			return option_row(i);
	return NULL;
}

/* The names that begin with `name` in one text: how many. */
static unsigned
list_candidates(const char *name, char *list, size_t size)
{
	unsigned i, n = 0;
	size_t used = 0;

	for (i = 0; i < OPTION_ROWS; i++) {
		if (strncmp(option_name(i), name, strlen(name)) != 0)
			continue;
		used += (size_t)snprintf(list + used, size - used, "%s--%s",
		    n++ == 0 ? "" : ", ", option_name(i));
		if (used >= size)
			break;
	}
	return n;
}

/* `name` comes from a word that begins with two dashes. */
static int
complain_unknown_name(const struct options *o, const char *name)
{
	char list[256], known[OPTION_NAME] = "";
	struct nearest nearest;
	unsigned i;

	if (strcspn(name, "=") < sizeof(known))
		memcpy(known, name, strcspn(name, "="));
	if (known[0] && list_candidates(known, list, sizeof(list)) > 1)
		return complain(o, "ambiguous option --%s: %s", name, list);
	nearest_begin(&nearest, known);
	for (i = 0; i < OPTION_ROWS; i++)
		nearest_add(&nearest, option_name(i));
	if (nearest.best)
		return complain(o, "unknown option --%s; do you mean --%s?",
		    name, nearest.best);
	return complain(o, "unknown option --%s", name);
}

/* getopt_long() rejected an option in `word`. */
static int
complain_unknown_option(const struct options *o, const char *word)
{
	if (optopt >= OPT_FIRST)
		return complain(o, "%s: the option takes no value", word);
	if (optopt)
		return complain(o, "unknown option -%c", optopt);
	return complain_unknown_name(o, word + 2);
}

/* A word of another program's, or a long name after one dash.  0, or -1 after a
 * message. */
static int
check_foreign(const struct options *o, const char *word)
{
	static const struct {
		const char *word, *hint;
	} foreign[] = {
#define FOREIGN(word, hint) { word, hint },
#include "foreign.def"
#undef FOREIGN
	};
	const size_t len = strcspn(word, "=:");
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strlen(foreign[i].word) == len &&
		    strncmp(foreign[i].word, word, len) == 0)
			return complain(
			    o, "unknown option %s: %s", word, foreign[i].hint);
	if (word[0] == '-' && find_option(word + 1, len - (len > 0)))
		return complain(
		    o, "unknown option %s; do you mean -%s?", word, word);
	return 0;
}

/* strace's -e.  A variable that has such a name is given by --env. */
static int
check_strace(const struct options *o, const char *value)
{
	static const char *const kinds[] = { "trace", "signal", "inject",
		"fault", "status", "quiet", "abbrev", "verbose", "raw" };
	const size_t len = strcspn(value, "=");
	struct hc_set set;
	const char *bad;
	size_t i;

	if (!value[len] && hc_set_parse(&set, value, &bad, &i) == 0)
		return complain(o,
		    "-e sets a variable; do you mean --trace=%s? (if not,"
		    " write --env=%s)",
		    value, value);
	for (i = 0; value[len] && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i]) == len &&
		    strncmp(kinds[i], value, len) == 0)
			return complain(o,
			    "-e sets a variable, and is not strace's: calls"
			    " are traced by --trace=LIST (for a variable write"
			    " --env=%s)",
			    value);
	return 0;
}

/* strace's -r, whose next word is the program. */
static int
check_relative(const struct options *o, const char *value)
{
	struct stat st;

	if (stat(value, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return complain(o,
	    "-r %s: -r is --root, and this is not a folder; strace's is"
	    " --trace --trace-time=relative",
	    value);
}

/* Check the option that was found; `last` is the last word that it took.  0, or
 * -1 after a message. */
static int
check_found(const struct options *o, int found, const char *last)
{
	if (found == ':')
		return complain(o, "%s needs a value", last);
	if (found == '?')
		return complain_unknown_option(o, last);
	if (found == 'e')
		return check_strace(o, optarg);
	if (found == 'r')
		return check_relative(o, optarg);
	return 0;
}

/* Call `visit` for each option of the command line. */
static int
each_option(struct options *o, const struct tables *tables, int argc,
    char **argv,
    int (*visit)(struct options *o, enum option_number option, char *arg))
{
	int at = 1, found;

	opterr = 0;
	optind = 0; /* start from the first argument */
	o->bare = NULL;
	for (;;) {
		const struct option_row *row;

		if (at < argc && check_foreign(o, argv[at]) < 0)
			return -1;
		found = getopt_long(
		    argc, argv, tables->letters, tables->longs, NULL);
		if (found == -1)
			return 0;
		if (check_found(o, found, argv[optind - 1]) < 0)
			return -1;
		row = option_row(option_number(found) - OPT_FIRST - 1);
		o->bare = row->has_arg == optional_argument && !optarg ? row
								       : NULL;
		if (visit(o, row->number, optarg) < 0)
			return -1;
		at = optind;
	}
}

static int
find_config(struct options *o, enum option_number option, char *arg)
{
	if (option != OPT_config)
		return 0;
	if (!*arg)
		return refuse(o, option, arg, "no name is given");
	if (o->config)
		return complain(o, "--config=%s: --config=%s is given already",
		    arg, o->config);
	o->config = arg;
	return 0;
}

#define BIT(name) OPTION_BIT(OPT_##name)
#define DEBUGGED  (BIT(gdb) | BIT(gdbserver) | BIT(debug))
#define COUNTED   (BIT(trace_summary) | BIT(stats))

/* Options without an effect unless one of `with` is given. */
static const struct {
	enum option_number option;
	uint64_t with;
} companions[] = {
	{ OPT_stopped, DEBUGGED },
	{ OPT_once, DEBUGGED },
	{ OPT_multi, DEBUGGED },
	{ OPT_debug_files, DEBUGGED },
	{ OPT_record_limit, BIT(record) },
	{ OPT_trace_paths, BIT(trace) },
	{ OPT_trace_time, BIT(trace) },
	{ OPT_trace_size, BIT(trace) | BIT(trace_out) },
	{ OPT_profile_rate, BIT(profile) },
	{ OPT_json, COUNTED },
	{ OPT_output, COUNTED | BIT(trace) | BIT(trace_exits) | DEBUGGED },
};

/* "--gdb, --gdbserver or --debug" */
static void
name_options(uint64_t set, char *text, size_t size)
{
	size_t used = 0;
	unsigned i;

	for (i = 0; set >> i; i++) {
		const uint64_t rest = set >> i >> 1;

		if (set >> i & 1)
			used += (size_t)snprintf(text + used, size - used,
			    "--%s%s", option_name(i),
			    !rest               ? ""
			    : rest & (rest - 1) ? ", "
						: " or ");
	}
}

/* A configuration is also for runs that make no use of all of it. */
static int
check_companions(const struct options *o)
{
	char names[128];
	size_t i;

	for (i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
		const enum option_number option = companions[i].option;

		if (!(o->typed & OPTION_BIT(option)) ||
		    o->given & companions[i].with)
			continue;
		name_options(companions[i].with, names, sizeof(names));
		return complain(o, "--%s needs %s: add that, or leave it out",
		    option_name(option - OPT_FIRST - 1), names);
	}
	return 0;
}

/* `-t write GUEST`: such a value is in the same word as its option. */
static int
check_bare(const struct options *o, const char *guest, const char *before)
{
	const struct option_row *bare = o->bare;
	const char *name;
	char letter[4] = "";

	if (!bare || strcmp(before, "--") == 0 || strchr(guest, '/') ||
	    !option_would_take(bare->number, guest) || access(guest, F_OK) == 0)
		return 0;
	name = option_name(bare->number - OPT_FIRST - 1);
	if (bare->letter)
		snprintf(letter, sizeof(letter), "-%c", bare->letter);
	if (letter[0])
		return complain(o,
		    "%s %s: a value follows without a blank: %s%s or --%s=%s"
		    " (if %s is GUEST, write -- before it)",
		    before, guest, letter, guest, name, guest, guest);
	return complain(o,
	    "%s %s: a value follows without a blank: --%s=%s (if %s is GUEST,"
	    " write -- before it)",
	    before, guest, name, guest, guest);
}

/* `-s 32 GUEST` of strace; `:1234 GUEST` and `- GUEST` of gdbserver. */
static int
check_first(const struct options *o, const char *guest, const char *before)
{
	const bool is_size = strcmp(before, "-s") == 0 &&
			     !guest[strspn(guest, "0123456789")];

	if (!is_size && guest[0] != ':' && strcmp(guest, "-") != 0)
		return 0;
	if (access(guest, F_OK) == 0)
		return 0;
	if (is_size)
		return complain(o,
		    "-s %s: -s is --gdbserver; strace's is --trace-size=%s",
		    guest, guest);
	return complain(o, "%s is not a guest; do you mean --gdb=%s?", guest,
	    guest[0] == ':' ? guest : "stdio");
}

/* --probe and --list run no guest.  A configuration may have one. */
static int
check_action(const struct options *o, const char *guest)
{
	const uint64_t given = o->typed & (BIT(probe) | BIT(check) | BIT(list));
	char names[64];

	if (!given)
		return 0;
	name_options(given, names, sizeof(names));
	if (given & (given - 1))
		return complain(o, "%s: only one of them is possible", names);
	if (guest && given != BIT(check))
		return complain(
		    o, "%s: %s runs no guest: leave it out", guest, names);
	return 0;
}

/* Choose the command line's GUEST and its arguments, or the configuration's. */
static int
choose_guest(struct options *o, int argc, char **argv)
{
	if (o->replay && o->action == ACTION_RUN) {
		o->argv = argv + optind;
		return 0;
	}
	if (optind < argc) {
		const char *before = argv[optind - 1];

		if (check_bare(o, argv[optind], before) < 0 ||
		    check_first(o, argv[optind], before) < 0)
			return -1;
		o->guest = argv[optind];
		o->argv = argv + optind;
	} else if (o->guest) {
		o->arg[0] = o->guest;
		o->argv = o->arg;
	} else if (o->action == ACTION_RUN || o->action == ACTION_CHECK) {
		return complain(o, "no GUEST to %s",
		    o->action == ACTION_RUN ? "run" : "check");
	}
	if (o->guest && !*o->guest)
		return complain(o, "GUEST is an empty word: write a program");
	return 0;
}

/* A volume allows the calls on files, but those that the user forbade. */
static void
allow_volume_calls(struct options *o)
{
	struct hc_set files = { 0 };

	if (!o->volume_calls)
		return;
	hc_set_change(
	    &files, OPTIONS_VOLUME_CALLS, strlen(OPTIONS_VOLUME_CALLS));
	hc_set_join(&o->allowed, &files, &o->forbidden);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	struct tables tables;

	*o = (struct options){
		.memory = OPTIONS_DEFAULT_MEMORY,
		.trace_size = HC_TRACE_BYTES,
		.profile_rate = PROFILE_RATE,
		.sandbox = SANDBOX_BEST_EFFORT,
		.flat_start = IMAGE_FLAT_BASE,
	};
	hc_set_change(&o->allowed, OPTIONS_ALLOWED, strlen(OPTIONS_ALLOWED));
	make_tables(&tables);
	/* The configuration is read first: the command line overrides it. */
	if (each_option(o, &tables, argc, argv, find_config) < 0)
		return -1;
	if (o->config && config_read(o, o->config) < 0)
		return -1;
	if (each_option(o, &tables, argc, argv, option_apply) < 0)
		return -1;
	if (o->action == ACTION_RUN && check_companions(o) < 0)
		return -1;
	if (check_action(o, optind < argc ? argv[optind] : NULL) < 0)
		return -1;
	allow_volume_calls(o);
	return choose_guest(o, argc, argv);
}
