/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each option makes of its value.  Nothing here may know where the value
 * came from, nor what the option leads to.
 */
#include "optionrow.h"

#include "gdbserve.h"
#include "hypercall/trace.h"
#include "image/image.h"
#include "vm/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row rows[] = {
#define OPTION(letter, name, has_arg, use, arg, help) \
	{ OPT_##name, letter, #name, has_arg, OPTION_##use, arg, help },
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
	char *p;

	if (!names[i][0]) {
		snprintf(names[i], OPTION_NAME, "%s", rows[i].name);
		for (p = names[i]; *p; p++)
			if (*p == '_')
				*p = '-';
	}
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

static void
begin_complaint(const struct options *o)
{
	fputs("novillo: ", stderr);
	if (o->place.file)
		fprintf(stderr, "%s:%u:%u: ", o->place.file, o->place.line,
		    o->place.column);
}

static int
end_complaint(const struct options *o)
{
	fputs(o->place.file ? "\n" : " (see novillo --help)\n", stderr);
	return -1;
}

int
complain(const struct options *o, const char *format, ...)
{
	va_list ap;

	begin_complaint(o);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	return end_complaint(o);
}

/* The same of a value: "--memory=much: ...", or "memory=much: ...". */
static __attribute__((format(printf, 4, 5))) int
refuse(const struct options *o, enum option_number option, const char *value,
    const char *format, ...)
{
	va_list ap;

	begin_complaint(o);
	fprintf(stderr, "%s%s=%s: ", o->place.file ? "" : "--",
	    option_name(option - OPT_FIRST - 1), value);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	return end_complaint(o);
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
	uint64_t n;

	if (!parse_number(text, 10, &n, &end))
		return refuse(o, OPT_memory, text, "not a size");
	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || !*unit || end[1])
			return refuse(o, OPT_memory, text,
			    "unknown unit \"%s\", K, M, G or T is needed", end);
		shift = 10 * (unsigned)(unit - units);
	}
	if (n > UINT64_MAX >> shift || n << shift > MACHINE_MAX_MEMORY)
		return refuse(o, OPT_memory, text,
		    "more than the %" PRIu64 " GiB that a guest can have",
		    MACHINE_MAX_MEMORY >> 30);
	n <<= shift;
	if (n < MACHINE_MIN_MEMORY)
		return refuse(o, OPT_memory, text,
		    "less than the %" PRIu64 " KiB that a guest needs",
		    MACHINE_MIN_MEMORY >> 10);
	o->memory = (n + page_mask) & ~page_mask;
	return 0;
}

/* A variable takes the place of an earlier one with its name. */
static int
parse_env(struct options *o, char *text)
{
	size_t name = strcspn(text, "=");
	unsigned i = 0;
	char *value;

	if (name == 0)
		return refuse(o, OPT_env, text, "no name before the =");
	if (!text[name]) {
		value = getenv(text);
		if (!value)
			return 0; /* what we do not have it does not get */
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

/* One of `n` names: its number, or -1 after a sentence that has them all. */
static int
parse_name(struct options *o, enum option_number option, const char *text,
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
	return refuse(o, option, text, "none of %s", all);
}

static int
parse_on_deny(struct options *o, const char *text)
{
	int r = parse_name(o, OPT_on_deny, text, NAMES(on_deny_names));

	if (r >= 0)
		o->on_deny = (enum on_deny)r;
	return r < 0 ? -1 : 0;
}

static int
parse_sandbox(struct options *o, const char *text)
{
	int r = parse_name(o, OPT_sandbox, text, NAMES(sandbox_names));

	if (r >= 0)
		o->sandbox = (enum sandbox_mode)r;
	return r < 0 ? -1 : 0;
}

/* A rule for addresses also allows the call that it narrows. */
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
	hc_set_change(&o->allowed, kind, strlen(kind) - 1);
	return 0;
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
		if (!kind && !hc_set_change(&o->allowed, word, len))
			return refuse(o, OPT_allow, list,
			    "\"%.*s\" is no hypercall and no @class"
			    " (see novillo --list)",
			    (int)len, word);
		if (!word[len])
			return 0;
	}
}

/* What is wrong with a guest's path; NULL if nothing is. */
static const char *
wrong_path(const char *path)
{
	size_t len;

	if (path[0] != '/')
		return "the guest's folder must begin with /";
	if (!path[1])
		return NULL;
	for (; *path; path += len) {
		path++;
		len = strcspn(path, "/");
		if (len == 0)
			return "the guest's folder has an empty part";
		if (path[0] == '.' &&
		    (len == 1 || (len == 2 && path[1] == '.')))
			return "the guest's folder must do without . and ..";
	}
	return NULL;
}

/* A volume takes the place of an earlier one in the same folder. */
static int
add_volume(struct options *o, enum option_number option, const char *text,
    const struct options_volume *volume)
{
	unsigned i = 0;

	while (
	    i < o->volumes_n && strcmp(o->volumes[i].guest, volume->guest) != 0)
		i++;
	if (i == OPTIONS_VOLUMES)
		return refuse(
		    o, option, text, "more than %d volumes", OPTIONS_VOLUMES);
	o->volumes[i] = *volume;
	o->volumes_n += i == o->volumes_n;
	return 0;
}

/* Whether `text` ends with ":ro", which begins at *end then. */
static bool
ends_with_ro(char *text, char **end)
{
	*end = text + strlen(text);
	if (*end - text < 3 || strcmp(*end - 3, ":ro") != 0)
		return false;
	*end -= 3;
	return true;
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
		return refuse(o, OPT_volume, text,
		    "HOST:GUEST or HOST:GUEST:ro is wanted");
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
		return refuse(o, OPT_root, text, "no folder is named");
	*end = '\0';
	return add_volume(o, OPT_root, text, &volume);
}

static int
parse_timeout(struct options *o, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*end || end == text || !(seconds > 0 && seconds < 1e9))
		return refuse(
		    o, OPT_timeout, text, "not a number of seconds above 0");
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
		return refuse(o, option, list,
		    "\"%.*s\" is no hypercall and no"
		    " @class (see novillo --list)",
		    (int)len, word);
	return 0;
}

/* The time that `word` stands for, or 0. */
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
parse_flat(struct options *o, const char *start)
{
	const char *end;

	o->flat = true;
	o->flat_start = IMAGE_FLAT_BASE;
	if (start && (!parse_number(start, 0, &o->flat_start, &end) || *end))
		return refuse(o, OPT_flat, start, "not an address");
	return 0;
}

int
option_apply(struct options *o, enum option_number option, char *arg)
{
	switch (option) {
	case OPT_FIRST:
	case OPT_END:
	case OPT_config: break; /* options_parse() saw to it before */
	case OPT_memory: return parse_memory(o, arg);
	case OPT_env: return parse_env(o, arg);
	case OPT_allow: return parse_allow(o, arg);
	case OPT_on_deny: return parse_on_deny(o, arg);
	case OPT_volume: return parse_volume(o, arg);
	case OPT_root: return parse_root(o, arg);
	case OPT_sandbox: return parse_sandbox(o, arg);
	case OPT_new_pid: o->new_pid = true; break;
	case OPT_new_mount: o->new_mount = true; break;
	case OPT_flat: return parse_flat(o, arg);
	case OPT_trace:
		o->trace = true;
		return parse_calls(o, option, &o->traced, arg);
	case OPT_trace_time: return parse_trace_time(o, arg);
	case OPT_trace_summary:
		o->trace_summary = true;
		return parse_calls(o, option, &o->summed, arg);
	case OPT_timeout: return parse_timeout(o, arg);
	case OPT_output: o->output = arg; break;
	case OPT_gdb:
		o->gdb = arg ? arg : GDBSERVE_DEFAULT;
		o->gdb_wait = true;
		break;
	case OPT_gdbserver: o->gdb = GDBSERVE_DEFAULT; break;
	case OPT_stopped: o->gdb_wait = true; break;
	case OPT_once: o->gdb_once = true; break;
	case OPT_debug: o->debugger = arg ? arg : "gdb"; break;
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
