/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what a guest did to the options that allow it.  Nothing here may know
 * how a call is served.
 */
#include "learn.h"

#include "say.h"

#include "hypercall/core/cure.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The addresses that a configuration allows: those that were used, and one that
 * stands for none. */
#define RULES (HC_DENIED_RULES + 1)

/* Both forms of an answer are cut here: names of all calls, and 64 folders. */
#define LINE (1 << 17)

#define ALLOW_TEXT ((size_t)2 * HC_CURE_TEXT)

static struct hc_learned learned; /* one guest a process */

/* The ports of which the kernel chooses one for a socket that asks for 0. */
static struct {
	unsigned first, last;
} chosen = { 32768, 60999 }; /* Linux's default */

int
learn_check(const struct options *o)
{
	if (!o->learn)
		return 0;
	if (!o->record && !o->replay && !options_debugged(o))
		return 0;
	say("--learn excludes --record, --replay and debuggers: run the guest"
	    " with the options that were learned");
	return -1;
}

static void
add_class(struct hc_set *set, const char *class)
{
	(void)hc_set_change(set, class, strlen(class));
}

/* A set of calls by its classes, without those that the user forbade. */
static struct hc_set
without_forbidden(const struct options *o, const struct hc_set *more)
{
	struct hc_set set = { 0 };

	hc_set_join(&set, more, &o->forbidden);
	return set;
}

void
learn_allow(struct options *o)
{
	struct hc_set all = { 0 };

	add_class(&all, "@all");
	o->allowed = without_forbidden(o, &all);
}

/* The calls that a configuration with these folders allows by itself. */
static struct hc_set
allowed_by_default(const struct options *o)
{
	struct hc_set set = { 0 };

	add_class(&set, OPTIONS_ALLOWED);
	if (o->volumes > 0 || o->volume_program)
		add_class(&set, OPTIONS_VOLUME_CALLS);
	return set;
}

static void
read_chosen(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned first, last;

	if (!f)
		return;
	if (fscanf(f, "%u %u", &first, &last) == 2 && first <= last &&
	    last <= HC_NET_PORT_MAX) {
		chosen.first = first;
		chosen.last = last;
	}
	fclose(f);
}

void
learn_start(const struct options *o, struct hc_guest *guest)
{
	const struct hc_set base = allowed_by_default(o);

	if (!o->learn)
		return;
	read_chosen();
	hc_denials_init(&learned.addresses);
	learned.from = without_forbidden(o, &base);
	guest->policy.learned = &learned;
}

static bool
has_rule(const struct hc_net_rule *rule, unsigned rules, enum hc_net_what what)
{
	unsigned i;

	for (i = 0; i < rules; i++)
		if (rule[i].what == what)
			return true;
	return false;
}

static bool
is_loopback(const struct hc_net_rule *rule)
{
	static const uint8_t one[16] = { [15] = 1 };

	return rule->family == AF_INET
		   ? rule->addr[0] == 127
		   : memcmp(rule->addr, one, sizeof(one)) == 0;
}

/* Does `to` send to a port that the kernel chose for a socket of the guest's
 * own, as `from` says? */
static bool
is_own(const struct hc_net_rule *from, const struct hc_net_rule *to)
{
	static const uint8_t any[16];

	if (from->what != HC_NET_BIND || from->port != 0 ||
	    to->port < chosen.first || to->port > chosen.last)
		return false;
	if (memcmp(from->addr, any, sizeof(any)) == 0)
		return is_loopback(to);
	return from->family == to->family &&
	       memcmp(from->addr, to->addr, sizeof(any)) == 0;
}

/* In the next run such a port is another: allow all of them. */
static void
widen(struct hc_net_rule *rule, unsigned n)
{
	unsigned i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < n && rule[i].what == HC_NET_CONNECT; j++)
			if (is_own(&rule[j], &rule[i])) {
				rule[i].port = chosen.first;
				rule[i].last = chosen.last;
			}
}

/* Without the rules that others repeat: how many are left. */
static unsigned
without_doubles(struct hc_net_rule *rule, unsigned n)
{
	unsigned i, j, left = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < left; j++)
			if (hc_net_rule_equals(&rule[j], &rule[i]))
				break;
		if (j == left)
			rule[left++] = rule[i];
	}
	return left;
}

/* The rules for the addresses that were used.  If there were too many to keep,
 * those of the user stay.  A guest with sockets that sent to no address may
 * send to port 0 of 0.0.0.0, which is nobody. */
static unsigned
choose_rules(const struct options *o, struct hc_net_rule rule[OPTIONS_NET])
{
	const struct hc_denials *used = &learned.addresses;
	const size_t size = sizeof(*rule);
	unsigned n = used->more ? o->nets : used->rules;

	_Static_assert(RULES <= OPTIONS_NET, "a configuration has room");
	if (n > 0)
		memcpy(rule, used->more ? o->net : used->rule, n * size);
	if (!used->more) {
		widen(rule, n);
		n = without_doubles(rule, n);
	}
	if (used->more || !hc_set_has(&learned.calls, HC_socket) ||
	    has_rule(rule, n, HC_NET_CONNECT))
		return n;
	rule[n] = (struct hc_net_rule){
		.what = HC_NET_CONNECT,
		.family = AF_INET,
		.prefix = 32,
	};
	return n + 1;
}

/* Add a word to a list with commas. */
static void
add_word(char *list, size_t size, const char *sign, const char *word)
{
	const size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s%s", used > 0 ? "," : "", sign,
	    word);
}

/* A call that the user forbade stays so, although a class has it. */
static void
add_forbidden(const struct options *o, char allow[ALLOW_TEXT])
{
	struct hc_set given = allowed_by_default(o);
	const char *word = allow;
	bool own = false;
	uint32_t number;

	for (; *word; word += strcspn(word, ","), word += *word == ',')
		(void)hc_set_change(&given, word, strcspn(word, ","));
	for (number = 0; number < HYPERCALL_END; number++) {
		if (hc_set_has(&o->forbidden, number) &&
		    (hc_set_has(&given, number) ||
			hc_set_has_own(&given, number)))
			add_word(allow, ALLOW_TEXT, "-", hc_row(number)->name);
		else if (hc_set_has_own(&o->forbidden, number))
			own = true;
	}
	if (own)
		add_word(allow, ALLOW_TEXT, "-", "@own");
}

/* The value of --allow. */
static void
find_allow(const struct options *o, char allow[ALLOW_TEXT])
{
	struct hc_net_rule rule[OPTIONS_NET];
	const struct hc_wish wish = {
		.allowed = &learned.from,
		.calls = &learned.calls,
		.rule = rule,
		.rules = choose_rules(o, rule),
	};
	char cure[HC_CURE_TEXT];

	hc_cure(&wish, cure);
	snprintf(allow, ALLOW_TEXT, "%s", cure);
	add_forbidden(o, allow);
	if (o->jit)
		add_word(allow, ALLOW_TEXT, "", OPTIONS_JIT);
}

/* Options in one of two forms. */
struct form {
	bool json;
	size_t used;
	char text[LINE];
	const char *key; /* the last */
	bool array;      /* its value is an open array */
};

__attribute__((format(printf, 2, 3))) static void
put(struct form *form, const char *format, ...)
{
	const size_t room = sizeof(form->text) - form->used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(form->text + form->used, room, format, ap);
	va_end(ap);
	form->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void
put_json(struct form *form, const char *value)
{
	put(form, "\"");
	for (; *value; value++)
		if ((unsigned char)*value < 0x20)
			put(form, "\\u%04x", (unsigned)*value);
		else
			put(form, "%s%c",
			    *value == '"' || *value == '\\' ? "\\" : "",
			    *value);
	put(form, "\"");
}

/* A word for a shell. */
static void
put_word(struct form *form, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%+=:,./_-";

	if (*value && strspn(value, plain) == strlen(value)) {
		put(form, "%s", value);
		return;
	}
	put(form, "'");
	for (; *value; value++)
		if (*value == '\'')
			put(form, "'\\''");
		else
			put(form, "%c", *value);
	put(form, "'");
}

static void
end_value(struct form *form)
{
	if (form->array)
		put(form, "]");
	form->array = false;
}

/* A member of the configuration; `key` has several values if `many`. */
static void
put_member(struct form *form, const char *key, const char *value, bool many)
{
	if (!form->key || strcmp(form->key, key) != 0) {
		end_value(form);
		put(form, "%s    \"%s\": %s", form->key ? ",\n" : "{\n", key,
		    many ? "[" : "");
		form->array = many;
	} else {
		put(form, ", ");
	}
	form->key = key;
	if (value)
		put_json(form, value);
	else
		put(form, "true");
}

/* An option; without a value it is switched on. */
static void
put_option(struct form *form, enum option_number option, const char *value)
{
	const unsigned row = option - OPT_FIRST - 1;
	const char *name = option_name(row);

	if (form->json) {
		put_member(
		    form, name, value, option_row(row)->use == OPTION_MANY);
		return;
	}
	put(form, " --%s%s", name, value ? "=" : "");
	if (value)
		put_word(form, value);
}

static void
put_volumes(const struct options *o, struct form *form)
{
	char text[2 * PATH_MAX];
	unsigned i;

	for (i = 0; i < o->volumes; i++) {
		snprintf(text, sizeof(text), "%s:%s%s", o->volume[i].host,
		    o->volume[i].guest, o->volume[i].read_only ? ":ro" : "");
		put_option(form, OPT_volume, text);
	}
}

/* Those that are on or off. */
static void
put_switches(const struct options *o, struct form *form)
{
	const struct {
		bool on;
		enum option_number option;
	} switches[] = {
		{ o->volume_program, OPT_volume_program },
		{ o->new_pid, OPT_new_pid },
		{ o->new_mount, OPT_new_mount },
		{ o->no_vdso, OPT_no_vdso },
		{ o->aslr, OPT_aslr },
	};
	size_t i;

	for (i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (switches[i].on)
			put_option(form, switches[i].option, NULL);
}

/* The options that decide what the guest may do and has. */
static void
put_options(const struct options *o, struct form *form, const char *allow)
{
	char number[32];
	unsigned i;

	if (o->memory != OPTIONS_DEFAULT_MEMORY) {
		snprintf(
		    number, sizeof(number), "%" PRIu64 "K", o->memory >> 10);
		put_option(form, OPT_memory, number);
	}
	for (i = 0; i < o->envs; i++)
		put_option(form, OPT_env, o->env[i]);
	if (allow[0])
		put_option(form, OPT_allow, allow);
	if (o->on_deny != ON_DENY_ERRNO)
		put_option(form, OPT_on_deny, on_deny_name(o->on_deny));
	put_volumes(o, form);
	if (o->chdir)
		put_option(form, OPT_chdir, o->chdir);
	if (o->sandbox != SANDBOX_BEST_EFFORT)
		put_option(form, OPT_sandbox, sandbox_name(o->sandbox));
	put_switches(o, form);
	if (o->flat) {
		snprintf(number, sizeof(number), "0x%" PRIx64, o->flat_start);
		put_option(form, OPT_flat, number);
	}
}

static void
write_configuration(const struct options *o, const char *allow, int fd)
{
	static struct form form;
	struct output file = { .fd = fd };
	unsigned i;

	form.json = true;
	put_member(&form, "guest", o->guest, false);
	for (i = 1; o->argv[i]; i++)
		put_member(&form, "args", o->argv[i], true);
	put_options(o, &form, allow);
	end_value(&form);
	put(&form, "\n}\n");
	output_write(fd < 0 ? &say_output : &file, form.text, form.used);
	if (file.error)
		say("%s: %s", o->learn_file, strerror(file.error));
}

static void
report_line(const struct options *o, const char *allow)
{
	static struct form form;
	unsigned i;

	put(&form, "novillo");
	put_options(o, &form, allow);
	for (i = 0; o->argv[i]; i++) {
		put(&form, " ");
		put_word(&form, i == 0 ? o->guest : o->argv[i]);
	}
	remark("learned: %s", form.text);
}

/* Calls alone do not give a guest the files that it looked for. */
static void
report_limits(const struct options *o)
{
	bool files = false;
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++)
		files |= hc_set_has(&learned.calls, number) &&
			 hc_takes_path(hc_row(number));
	if (files && o->volumes == 0)
		remark("%s: it looked for files, and has no folders: give it"
		       " --volume, and learn again",
		    o->guest);
	if (learned.addresses.more)
		remark("%s: it used more than %u addresses: add rules for them"
		       " to --allow",
		    o->guest, HC_DENIED_RULES);
}

void
learn_end(const struct options *o, int fd)
{
	char allow[ALLOW_TEXT];

	find_allow(o, allow);
	write_configuration(o, allow, fd);
	report_line(o, allow);
	report_limits(o);
}
