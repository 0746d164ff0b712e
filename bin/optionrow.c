/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From each option's value to struct options.  Nothing here may know where the
 * value came from, or the option's effect.
 */
#include "optionrow.h"

#include "nearest.h"
#include "profiling.h"
#include "say.h"

#include "debugger/connection.h"
#include "hypercall/trace/trace.h"
#include "image/image.h"
#include "record/record.h"
#include "vm/machine.h"
#include "vm/profile.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row rows[] = {
#define OPTION(letter, name, has_arg, use, shown, values, arg, help)        \
	{ OPT_##name, letter, #name, has_arg, OPTION_##use, OPTION_##shown, \
		arg, help },
#include "options.def"
#undef OPTION
};

static const char *const on_deny_names[] = {
	[ON_DENY_ERRNO] = "errno",
	[ON_DENY_KILL] = "kill",
};

static const char *const sandbox_names[] = {
	[SANDBOX_STRICT] = "strict",
	[SANDBOX_BEST_EFFORT] = "best-effort",
	[SANDBOX_NONE] = "none",
};

#define NAMES(array) array, sizeof(array) / sizeof(array[0])

const struct option_row *
option_row(unsigned i)
{
	return &rows[i];
}

const char *
option_name(unsigned i)
{
	static char names[OPTION_ROWS][OPTION_NAME];
	const char *from = rows[i].name;
	unsigned n;

	for (n = 0; n < OPTION_NAME; n++)
		names[i][n] = from[n] == '_' ? '-' : from[n];
	return names[i];
}

const char *
on_deny_name(enum on_deny on_deny)
{
	return on_deny_names[on_deny];
}

const char *
sandbox_name(enum sandbox_mode mode)
{
	return sandbox_names[mode];
}

/* A number at the start of `text`, the largest one instead of a larger; *end is
 * the first byte after it. */
static bool
parse_number(const char *text, int base, uint64_t *value, const char **end)
{
	char *stop;

	/* strtoull() would take a sign and blanks. */
	if (text[0] < '0' || text[0] > '9')
		return false;
	*value = strtoull(text, &stop, base);
	*end = stop;
	return true;
}

/* The fraction at *end, in millionths. */
static uint64_t
parse_fraction(const char **end)
{
	uint64_t unit = 1000000, sum = 0;

	if (**end != '.')
		return 0;
	while (*++*end >= '0' && **end <= '9') {
		unit /= 10;
		sum += unit * (uint64_t)(**end - '0');
	}
	return sum;
}

/* The size in bytes that is n and a fraction, where 1 is 2 to the `shift`; a
 * size that is too large is UINT64_MAX. */
static uint64_t
size_of(uint64_t n, uint64_t millionths, unsigned shift)
{
	if (n >= UINT64_MAX >> 1 >> shift)
		return UINT64_MAX;
	return (n << shift) + (millionths << shift) / 1000000;
}

/* A size in bytes; a plain number is MiB. */
static int
parse_size(struct options *o, enum option_number option, const char *text,
    uint64_t *size)
{
	static const char units[] = "BKMGT";
	unsigned shift = 20;
	const char *end, *unit;
	uint64_t n, fraction;

	if (!parse_number(text, 10, &n, &end))
		return refuse(o, option, text,
		    "not a size: write a number, and K, M or G");
	fraction = parse_fraction(&end);
	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || !*unit || end[1])
			return refuse(o, option, text,
			    "unknown unit \"%s\": use K, M, G or T", end);
		shift = 10 * (unsigned)(unit - units);
	}
	*size = size_of(n, fraction, shift);
	return 0;
}

static int
parse_memory(struct options *o, const char *text)
{
	const uint64_t page_mask = PAGE_4K_MASK;
	uint64_t n;
	int r = parse_size(o, OPT_memory, text, &n);

	if (r < 0)
		return r;
	if (n > MACHINE_MAX_MEMORY)
		return refuse(o, OPT_memory, text,
		    "more than the %" PRIu64 " GiB that a guest can have",
		    MACHINE_MAX_MEMORY >> 30);
	if (n < MACHINE_MIN_MEMORY)
		return refuse(o, OPT_memory, text,
		    "less than the %" PRIu64 " KiB that a guest needs",
		    MACHINE_MIN_MEMORY >> 10);
	o->memory = (n + page_mask) & ~page_mask;
	return 0;
}

static int
parse_record_limit(struct options *o, const char *text)
{
	int r = parse_size(o, OPT_record_limit, text, &o->record_limit);

	if (r == 0 && o->record_limit < RECORD_BLOCK)
		return refuse(o, OPT_record_limit, text,
		    "less than a recording's first block: give it %u KiB or"
		    " more",
		    RECORD_BLOCK >> 10);
	return r;
}

/* A variable replaces an earlier one of the same name. */
static int
parse_env(struct options *o, char *text)
{
	size_t name = strcspn(text, "=");
	unsigned i = 0;
	char *value;

	if (name == 0)
		return refuse(
		    o, OPT_env, text, "no name before the =: write NAME=VALUE");
	if (!text[name]) {
		value = getenv(text);
		if (!value)
			return 0; /* not set: the guest does not get it */
		text = value - name - 1;
	}
	while (i < o->envs && strncmp(o->env[i], text, name + 1) != 0)
		i++;
	if (i == OPTIONS_ENV)
		return refuse(
		    o, OPT_env, text, "more than %d variables", OPTIONS_ENV);
	o->env[i] = text;
	o->envs += i == o->envs;
	return 0;
}

/* The index of `text` among `n` names, or -1 after a message with all names. */
static int
parse_word(struct options *o, enum option_number option, const char *text,
    const char *const *names, size_t n)
{
	char all[64];
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], text) == 0)
			return (int)i;
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
		    i == 0 ? "" : ", ", names[i]);
	return refuse(o, option, text, "not one of %s", all);
}

static int
parse_on_deny(struct options *o, const char *text)
{
	int r = parse_word(o, OPT_on_deny, text, NAMES(on_deny_names));

	if (r >= 0)
		o->on_deny = (enum on_deny)r;
	return r < 0 ? -1 : 0;
}

static int
parse_sandbox(struct options *o, const char *text)
{
	int r = parse_word(o, OPT_sandbox, text, NAMES(sandbox_names));

	if (r >= 0)
		o->sandbox = (enum sandbox_mode)r;
	return r < 0 ? -1 : 0;
}

/* A rule for addresses also allows the call that it restricts. */
static int
allow_address(struct options *o, const char *list, const char *word, size_t len,
    const char *kind)
{
	const char *wrong;

	if (o->nets == OPTIONS_NET)
		return refuse(o, OPT_allow, list,
		    "more than %d rules for addresses", OPTIONS_NET);
	wrong = hc_net_rule_parse(&o->net[o->nets], word, len);
	if (wrong)
		return refuse(
		    o, OPT_allow, list, "\"%.*s\": %s", (int)len, word, wrong);
	o->nets++;
	hc_set_change_noted(&o->allowed, &o->forbidden, kind, strlen(kind) - 1);
	return 0;
}

/* The call or class that a word is nearest to, or NULL. */
static const char *
nearest_call(const char *word)
{
	static char class[8 * sizeof(unsigned) + 1][NEAREST_WORD];
	struct nearest nearest;
	unsigned i;

	nearest_begin(&nearest, word);
	for (i = 0; i < sizeof(class) / sizeof(class[0]); i++) {
		/* The last is @all. */
		const char *name = hc_class_name(
		    i < 8 * sizeof(unsigned) ? 1U << i : ~0U);

		if (!name)
			continue;
		snprintf(class[i], NEAREST_WORD, "@%s", name);
		nearest_add(&nearest, class[i]);
	}
	nearest_add(&nearest, OPTIONS_JIT);
	for (i = 0; i < HYPERCALL_END; i++)
		if (hc_row(i))
			nearest_add(&nearest, hc_row(i)->name);
	return nearest.best;
}

static int
refuse_call(struct options *o, enum option_number option, const char *list,
    const char *word, size_t len)
{
	const size_t minus = word[0] == '-';
	char name[NEAREST_WORD] = "";
	const char *best;

	if (len - minus < sizeof(name))
		memcpy(name, word + minus, len - minus);
	best = nearest_call(name);
	if (best)
		return refuse(o, option, list,
		    "\"%.*s\" is not a hypercall or @class; do you mean"
		    " %s%s?",
		    (int)len, word, minus ? "-" : "", best);
	return refuse(o, option, list,
	    word[minus] == '/'
		? "\"%.*s\" is not a regular expression for hypercalls"
		: "\"%.*s\" is not a hypercall or @class of --list",
	    (int)len, word);
}

/* @jit is not a class: it allows rights of memory, and not a call. */
static bool
change_jit(struct options *o, const char *word, size_t len)
{
	static const char jit[] = "-" OPTIONS_JIT;
	const char *name = word[0] == '-' ? jit : jit + 1;

	if (strlen(name) != len || strncmp(name, word, len) != 0)
		return false;
	o->jit = word[0] != '-';
	return true;
}

static int
parse_allow(struct options *o, const char *list)
{
	const char *word, *kind;
	size_t len;

	for (word = list;; word += len + 1) {
		len = strcspn(word, ",");
		kind = hc_net_rule_kind(word, len);
		if (kind && allow_address(o, list, word, len, kind) < 0)
			return -1;
		if (!kind && !change_jit(o, word, len) &&
		    !hc_set_change_noted(&o->allowed, &o->forbidden, word, len))
			return refuse_call(o, OPT_allow, list, word, len);
		if (!word[len])
			return 0;
	}
}

/* The fault of a guest's path, or NULL. */
static const char *
wrong_path(const char *path)
{
	size_t len;

	if (path[0] != '/')
		return "the guest's folder must begin with /, and only :ro or "
		       ":rw may follow";
	if (!path[1])
		return NULL;
	for (; *path; path += len) {
		path++;
		len = strcspn(path, "/");
		if (len == 0)
			return "the guest's folder has an empty part";
		if (path[0] == '.' &&
		    (len == 1 || (len == 2 && path[1] == '.')))
			return "the guest's folder must not contain . or ..";
	}
	return NULL;
}

/* A volume replaces an earlier one in the same folder. */
static int
add_volume(struct options *o, enum option_number option, const char *text,
    const struct options_volume *volume)
{
	unsigned i = 0;

	while (i < o->volumes && strcmp(o->volume[i].guest, volume->guest) != 0)
		i++;
	if (i == OPTIONS_VOLUMES)
		return refuse(
		    o, option, text, "more than %d volumes", OPTIONS_VOLUMES);
	o->volume[i] = *volume;
	o->volumes += i == o->volumes;
	o->volume_calls = true;
	return 0;
}

/* Does `text` end with ":ro"?  *end is where that, ":rw" or the NUL is. */
static bool
ends_with_ro(char *text, char **end)
{
	bool ro;

	*end = text + strlen(text);
	if (*end - text < 3)
		return false;
	ro = strcmp(*end - 3, ":ro") == 0;
	if (ro || strcmp(*end - 3, ":rw") == 0)
		*end -= 3;
	return ro;
}

static int
parse_volume(struct options *o, char *text)
{
	struct options_volume volume = { .host = text };
	const char *wrong;
	char *end, *colon;

	volume.read_only = ends_with_ro(text, &end);
	colon = memrchr(text, ':', (size_t)(end - text));
	if (!colon || colon == text)
		return refuse(
		    o, OPT_volume, text, "not HOST:GUEST or HOST:GUEST:ro");
	/* A slash at the end is ignored. */
	if (end > colon + 2 && end[-1] == '/')
		end--;
	*end = '\0';
	wrong = wrong_path(colon + 1);
	if (wrong)
		return refuse(o, OPT_volume, text, "%s", wrong);
	*colon = '\0';
	volume.guest = colon + 1;
	return add_volume(o, OPT_volume, text, &volume);
}

static int
parse_root(struct options *o, char *text)
{
	struct options_volume volume = { .host = text, .guest = "/" };
	char *end;

	volume.read_only = ends_with_ro(text, &end);
	if (end == text)
		return refuse(o, OPT_root, text,
		    "no folder is named: write DIR or DIR:ro");
	*end = '\0';
	return add_volume(o, OPT_root, text, &volume);
}

/* The length of a unit of time in seconds, or 0. */
static double
unit_of_time(const char *name)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "", 1 }, { "ms", 1e-3 }, { "s", 1 }, { "m", 60 },
		{ "h", 3600 }, { "d", 86400 } };
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, name) == 0)
			return units[i].seconds;
	return 0;
}

static int
parse_timeout(struct options *o, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	seconds *= unit_of_time(end);
	if (end == text || !(seconds > 0 && seconds < 1e9))
		return refuse(o, OPT_timeout, text,
		    "not a time above 0: write seconds, or a number and ms, m,"
		    " h or d");
	o->timeout_ns = (uint64_t)(seconds * 1e9);
	if (o->timeout_ns == 0)
		o->timeout_ns = 1;
	return 0;
}

static int
parse_calls(struct options *o, enum option_number option, struct hc_set *set,
    const char *list)
{
	const char *word;
	size_t len;

	if (hc_set_parse(set, list ? list : "@all", &word, &len) < 0)
		return refuse_call(o, option, list, word, len);
	return 0;
}

/* A list that has clock_gettime is a wish to see the guest read clocks. */
static int
parse_trace(struct options *o, const char *list)
{
	int r = parse_calls(o, OPT_trace, &o->traced, list);

	o->trace = true;
	o->clocks_traced = list && r == 0 &&
			   hc_set_has(&o->traced, HC_clock_gettime);
	return r;
}

/* The time that `word` names, or 0. */
static unsigned
trace_time(const char *word, size_t len)
{
	static const struct {
		const char *word;
		unsigned time;
	} words[] = {
		{ "clock", HC_TRACE_CLOCK },
		{ "epoch", HC_TRACE_EPOCH },
		{ "relative", HC_TRACE_RELATIVE },
		{ "spent", HC_TRACE_SPENT },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len &&
		    memcmp(words[i].word, word, len) == 0)
			return words[i].time;
	return 0;
}

static int
parse_trace_time(struct options *o, const char *text)
{
	const char *word = text;
	unsigned begin;

	o->trace_times = 0;
	for (;;) {
		size_t len = strcspn(word, ",");
		unsigned time = trace_time(word, len);

		if (!time)
			return refuse(o, OPT_trace_time, text,
			    "\"%.*s\" is not clock, epoch, relative or spent",
			    (int)len, word);
		o->trace_times |= time;
		if (!word[len])
			break;
		word += len + 1;
	}
	begin = o->trace_times & ~(unsigned)HC_TRACE_SPENT;
	if (begin & (begin - 1))
		return refuse(o, OPT_trace_time, text,
		    "more than one of clock, epoch and relative");
	return 0;
}

static int
parse_trace_size(struct options *o, const char *text)
{
	const char *end;
	uint64_t n;

	if (!parse_number(text, 10, &n, &end) || *end || n > HC_TRACE_MOST)
		return refuse(o, OPT_trace_size, text,
		    "not a number of bytes from 0 to %u", HC_TRACE_MOST);
	o->trace_size = (unsigned)n;
	return 0;
}

static int
parse_profile_rate(struct options *o, const char *text)
{
	const char *end;
	uint64_t n;

	if (!parse_number(text, 10, &n, &end) || *end || n == 0 ||
	    n > PROFILE_RATE_MOST)
		return refuse(o, OPT_profile_rate, text,
		    "not a number from 1 to %d", PROFILE_RATE_MOST);
	o->profile_rate = (unsigned)n;
	return 0;
}

static int
parse_flat(struct options *o, const char *start)
{
	const char *end;

	o->flat = true;
	o->flat_start = IMAGE_FLAT_BASE;
	if (start && (!parse_number(start, 0, &o->flat_start, &end) || *end))
		return refuse(
		    o, OPT_flat, start, "not an address: write one as in C");
	return 0;
}

static int
parse_help(struct options *o, const char *text)
{
	o->action = ACTION_HELP;
	o->help_all = text != NULL;
	if (!text || strcmp(text, "all") == 0)
		return 0;
	return refuse(o, OPT_help, text, "not \"all\"");
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

bool
option_would_take(enum option_number option, const char *word)
{
	struct hc_set set;
	const char *end;
	uint64_t n;
	size_t len;

	switch ((int)option) {
	case OPT_trace:
	case OPT_trace_summary:
		return hc_set_parse(&set, word, &end, &len) == 0;
	case OPT_gdb:
		return debugger_is_port(word) || strchr(word, ':') ||
		       strcmp(word, DEBUGGER_STDIO) == 0;
	case OPT_debug:
		return strcmp(word, "gdb") == 0 || strcmp(word, "lldb") == 0;
	case OPT_flat: return parse_number(word, 0, &n, &end) && !*end;
	case OPT_core: return ends_with(word, "core");
	case OPT_profile: return ends_with(word, ".svg");
	default: return false;
	}
}

static int
apply_gdb(struct options *o, const char *address)
{
	o->gdb = address ? address : DEBUGGER_ADDRESS;
	o->gdb_wait = true;
	return 0;
}

/* Options that store what they are given, or that they are given. */
static void
store(struct options *o, enum option_number option, char *arg)
{
	switch ((int)option) {
	case OPT_config: break; /* options_parse() has read it */
	case OPT_new_pid: o->new_pid = true; break;
	case OPT_new_mount: o->new_mount = true; break;
	case OPT_volume_program:
		o->volume_program = o->volume_calls = true;
		break;
	case OPT_chdir: o->chdir = arg; break;
	case OPT_no_vdso: o->no_vdso = true; break;
	case OPT_aslr: o->aslr = true; break;
	case OPT_record: o->record = arg; break;
	case OPT_replay: o->replay = arg; break;
	case OPT_trace_paths: o->trace_paths = true; break;
	case OPT_trace_exits: o->trace_exits = true; break;
	case OPT_trace_out: o->trace_out = arg; break;
	case OPT_profile: o->profile = arg ? arg : PROFILING_FILE; break;
	case OPT_output: o->output = arg; break;
	case OPT_json: o->json = true; break;
	case OPT_log: o->log = arg; break;
	case OPT_quiet: o->quiet = true; break;
	case OPT_gdbserver: o->gdb = DEBUGGER_ADDRESS; break;
	case OPT_stopped: o->gdb_wait = true; break;
	case OPT_once: o->gdb_once = true; break;
	case OPT_multi: o->multi = true; break;
	case OPT_debug: o->debugger = arg ? arg : "gdb"; break;
	case OPT_debug_files: o->debug_files = arg; break;
	case OPT_learn:
		o->learn = true;
		o->learn_file = arg;
		break;
	case OPT_core:
		o->core = true;
		o->core_file = arg;
		break;
	case OPT_stats: o->stats = true; break;
	case OPT_probe: o->action = ACTION_PROBE; break;
	case OPT_check: o->action = ACTION_CHECK; break;
	case OPT_list: o->action = ACTION_LIST; break;
	case OPT_version: o->action = ACTION_VERSION; break;
	default: assert(false && "each row has an effect");
	}
}

/* Is `arg` an empty name?  A + before that of --output or --log is not its. */
static bool
nameless(enum option_number option, const char *arg)
{
	const char *kind = rows[option - OPT_FIRST - 1].arg;

	if ((option == OPT_output || option == OPT_log) && *arg == '+')
		arg++;
	return !*arg && (strcmp(kind, "FILE") == 0 || strcmp(kind, "DIR") == 0);
}

int
option_apply(struct options *o, enum option_number option, char *arg)
{
	_Static_assert(OPTION_ROWS <= 64, "each option has a bit");
	if (arg && nameless(option, arg))
		return refuse(o, option, arg, "no name is given");
	o->given |= OPTION_BIT(option);
	if (!o->place.file)
		o->typed |= OPTION_BIT(option);
	switch ((int)option) {
	case OPT_memory: return parse_memory(o, arg);
	case OPT_record_limit: return parse_record_limit(o, arg);
	case OPT_env: return parse_env(o, arg);
	case OPT_allow: return parse_allow(o, arg);
	case OPT_on_deny: return parse_on_deny(o, arg);
	case OPT_volume: return parse_volume(o, arg);
	case OPT_root: return parse_root(o, arg);
	case OPT_sandbox: return parse_sandbox(o, arg);
	case OPT_flat: return parse_flat(o, arg);
	case OPT_trace: return parse_trace(o, arg);
	case OPT_trace_time: return parse_trace_time(o, arg);
	case OPT_trace_size: return parse_trace_size(o, arg);
	case OPT_trace_summary:
		o->trace_summary = true;
		return parse_calls(o, option, &o->summed, arg);
	case OPT_profile_rate: return parse_profile_rate(o, arg);
	case OPT_timeout: return parse_timeout(o, arg);
	case OPT_gdb: return apply_gdb(o, arg);
	case OPT_help: return parse_help(o, arg);
	default: store(o, option, arg); return 0;
	}
}
