/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the command line.  Nothing here may know what an option leads to.
 */
#include "options.h"

#include "gdbserve.h"
#include "image/image.h"
#include "vm/machine.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each option by its place in the list. */
enum option_number {
	OPT_FIRST = 256, /* above every letter */
#define OPTION(letter, name, ...) OPT_##name,
#include "options.def"
#undef OPTION
};

static const struct option_row {
	int letter;
	const char *name;
	int has_arg;
	const char *arg;
	const char *help;
} rows[] = {
#define OPTION(letter, name, has_arg, arg, help) \
	{ letter, #name, has_arg, arg, help },
#include "options.def"
#undef OPTION
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* "-m, --memory=SIZE", as --help shows it. */
static void
option_usage(const struct option_row *row, char *text, size_t size)
{
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(text, size, "%s--%s%s%s%s", letter, row->name,
	    row->has_arg == no_argument         ? ""
	    : row->has_arg == required_argument ? "="
						: "[=",
	    row->arg ? row->arg : "",
	    row->has_arg == optional_argument ? "]" : "");
}

void
options_help(FILE *out)
{
	size_t i;

	fputs("usage: novillo [OPTION]... GUEST [ARG]...\n"
	      "Run GUEST, a static ELF program, as a virtual machine of its"
	      " own.\n\n",
	    out);
	for (i = 0; i < ROWS; i++) {
		char usage[64];

		option_usage(&rows[i], usage, sizeof(usage));
		fprintf(out, "  %-24s %s\n", usage, rows[i].help);
	}
	fputs("\nExit status: the guest's own; 124 its time was over; 125"
	      " novillo failed;\n126 GUEST cannot run; 127 GUEST not found;"
	      " 128+n ended by signal n.\n",
	    out);
}

static __attribute__((format(printf, 1, 2))) int
complain(const char *format, ...)
{
	va_list ap;

	fputs("novillo: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputs(" (see novillo --help)\n", stderr);
	return -1;
}

/* A number and nothing else before `end`; false for anything more or less. */
static bool
parse_number(const char *text, int base, uint64_t *value, const char **end)
{
	char *stop;

	/* strtoull() would take a sign and blanks. */
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &stop, base);
	*end = stop;
	return errno == 0;
}

static int
parse_memory(struct options *o, const char *text)
{
	static const char units[] = "BKMGT";
	const uint64_t page_mask = PAGE_4K_MASK;
	unsigned shift = 20;
	const char *end, *unit;
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
	uint64_t n;

	if (!parse_number(text, 10, &n, &end))
		return complain("--memory=%s: not a size", text);
	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || end[1])
			return complain("--memory=%s: unknown unit \"%s\", K,"
					" M, G or T is needed",
			    text, end);
		shift = 10 * (unsigned)(unit - units);
	}
	if (n > UINT64_MAX >> shift || n << shift > MACHINE_MAX_MEMORY)
		return complain("--memory=%s: more than the %" PRIu64
				" GiB that a guest can have",
		    text, MACHINE_MAX_MEMORY >> 30);
	n <<= shift;
	if (n < MACHINE_MIN_MEMORY)
		return complain("--memory=%s: less than the %" PRIu64
				" KiB that a guest needs",
		    text, MACHINE_MIN_MEMORY >> 10);
	if (n / PAGE_4K > pages)
		return complain("--memory=%s: more than this machine's %" PRIu64
				" MiB",
		    text, pages / (1024 * 1024 / PAGE_4K));
	o->memory = (n + page_mask) & ~page_mask;
	return 0;
}

static int
parse_env(struct options *o, char *text)
{
	size_t name = strcspn(text, "=");
	char *value;

	if (name == 0)
		return complain("--env=%s: no name before the =", text);
	if (o->envs == OPTIONS_ENV)
		return complain(
		    "--env=%s: more than %d variables", text, OPTIONS_ENV);
	if (!text[name]) {
		value = getenv(text);
		if (!value)
			return 0; /* what we do not have it does not get */
		text = value - name - 1;
	}
	o->env[o->envs++] = text;
	return 0;
}

static int
parse_timeout(struct options *o, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*end || end == text || !(seconds > 0 && seconds < 1e9))
		return complain(
		    "--timeout=%s: not a number of seconds above 0", text);
	o->timeout_ns = (uint64_t)(seconds * 1e9);
	if (o->timeout_ns == 0)
		o->timeout_ns = 1;
	return 0;
}

static int
parse_trace(struct options *o, const char *list)
{
	const char *word;
	size_t len;

	o->trace = true;
	if (hc_set_parse(&o->traced, list ? list : "@all", &word, &len) < 0)
		return complain("--trace=%s: \"%.*s\" is no hypercall and no"
				" @class (see novillo --list)",
		    list, (int)len, word);
	return 0;
}

static int
parse_flat(struct options *o, const char *start)
{
	const char *end;

	o->flat = true;
	o->flat_start = IMAGE_FLAT_BASE;
	if (start && (!parse_number(start, 0, &o->flat_start, &end) || *end))
		return complain("--flat=%s: not an address", start);
	return 0;
}

static int
apply(struct options *o, int option, char *arg)
{
	switch (option) {
	case OPT_memory: return parse_memory(o, arg);
	case OPT_env: return parse_env(o, arg);
	case OPT_flat: return parse_flat(o, arg);
	case OPT_trace: return parse_trace(o, arg);
	case OPT_timeout: return parse_timeout(o, arg);
	case OPT_output: o->output = arg; break;
	case OPT_gdb:
		o->gdb = arg ? arg : GDBSERVE_DEFAULT;
		o->gdb_wait = true;
		break;
	case OPT_gdbserver: o->gdb = GDBSERVE_DEFAULT; break;
	case OPT_stopped: o->gdb_wait = true; break;
	case OPT_once: o->gdb_once = true; break;
	case OPT_core:
		o->core = true;
		o->core_file = arg;
		break;
	case OPT_stats: o->stats = true; break;
	case OPT_probe: o->action = ACTION_PROBE; break;
	case OPT_check: o->action = ACTION_CHECK; break;
	case OPT_list: o->action = ACTION_LIST; break;
	case OPT_help: o->action = ACTION_HELP; break;
	case OPT_version: o->action = ACTION_VERSION; break;
	}
	return 0;
}

/* getopt_long()'s two tables, from ours.  "+": options end at GUEST. */
static void
make_tables(char *letters, struct option *longs)
{
	size_t i;

	*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < ROWS; i++) {
		int n;

		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].has_arg,
			.val = OPT_FIRST + 1 + (int)i,
		};
		if (!rows[i].letter)
			continue;
		*letters++ = (char)rows[i].letter;
		for (n = 0; n < rows[i].has_arg; n++)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[ROWS] = (struct option){ 0 };
}

/* The option's number, whether it came by letter or by name. */
static int
option_number(int found)
{
	size_t i;

	for (i = 0; found < OPT_FIRST && i < ROWS; i++)
		if (rows[i].letter == found)
			return OPT_FIRST + 1 + (int)i;
	return found;
}

/* getopt_long() did not like an option; `word` is the last it looked at. */
static int
complain_unknown(const char *word)
{
	if (optopt >= OPT_FIRST)
		return complain("%s: the option takes no value", word);
	if (optopt)
		return complain("unknown option -%c", optopt);
	return complain("unknown or ambiguous option %s", word);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	char letters[3 * ROWS + 3];
	struct option longs[ROWS + 1];
	int found;

	*o = (struct options){ .memory = OPTIONS_DEFAULT_MEMORY };
	make_tables(letters, longs);
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (found == ':')
			return complain("%s needs a value", argv[optind - 1]);
		if (found == '?')
			return complain_unknown(argv[optind - 1]);
		if (apply(o, option_number(found), optarg) < 0)
			return -1;
	}
	if (optind < argc) {
		o->guest = argv[optind];
		o->argv = argv + optind;
	} else if (o->action == ACTION_RUN || o->action == ACTION_CHECK) {
		return complain("no GUEST to %s",
		    o->action == ACTION_RUN ? "run" : "check");
	}
	return 0;
}
