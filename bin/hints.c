/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hints: what would let the guest go on.  Nothing here may know how a call is
 * served.
 */
#include "hints.h"

#include "say.h"

#include "hypercall/core/cure.h"
#include "hypercall/core/refused.h"
#include "vm/machine.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

/* Denied calls with a line of their own; the summary counts all. */
#define HINTS 24U

static const struct options *options;
static atomic_uint hints;

/* The smallest --allow for `calls`, and for the addresses of `rule`. */
static void
find_cure(char text[HC_CURE_TEXT], const struct hc_set *calls,
    const struct hc_net_rule *rule, unsigned rules)
{
	const struct hc_wish wish = {
		.allowed = &options->allowed,
		.calls = calls,
		.rule = rule,
		.rules = rules,
	};

	hc_cure(&wish, text);
}

/* Called once for each call that is not allowed. */
static void
on_denied(const struct hc_guest *guest, uint32_t number)
{
	const struct hc_row *row = hc_row(number);
	struct hc_set call = { 0 };
	char cure[HC_CURE_TEXT];

	(void)guest;
	if (atomic_fetch_add(&hints, 1) >= HINTS)
		return;
	(void)hc_set_add(&call, number);
	find_cure(cure, &call, NULL, 0);
	if (!hc_takes_path(row) || options->volumes > 0)
		remark("%s is not allowed: --allow=%s would allow it",
		    row->name, cure);
	else if (strcmp(cure, OPTIONS_VOLUME_CALLS) == 0)
		remark("%s is not allowed: --volume would give it folders, and"
		       " allow it",
		    row->name);
	else
		remark("%s is not allowed: --allow=%s would allow it, and"
		       " --volume would give it folders",
		    row->name, cure);
}

/* Called once for each call that no guest can have. */
static void
on_refused(const struct hc_guest *guest, uint32_t number)
{
	(void)guest;
	remark("%s: %s is not supported: %s", options->guest,
	    hc_linux_name(number), hc_refused_reason(number));
}

static void
on_denied_address(const struct hc_guest *guest, const struct hc_net_rule *would)
{
	char rule[HC_NET_RULE_TEXT];

	(void)guest;
	hc_net_rule_text(would, rule);
	remark("%s is not allowed: --allow=%s would allow it", rule, rule);
}

static void
on_out_of_memory(const struct hc_guest *guest, uint64_t bytes)
{
	const uint64_t mib = UINT64_C(1) << 20;
	uint64_t most = MACHINE_MAX_MEMORY - options->memory;

	(void)guest;
	if (bytes > most)
		remark("%s: out of memory: it asked for %" PRIu64
		       " MiB more, and no guest can have that",
		    options->guest, bytes / mib);
	else
		remark("%s: out of memory: --memory=%" PRIu64
		       "M would be enough for what it asked for",
		    options->guest, (options->memory + bytes + mib - 1) / mib);
}

static void
on_denied_jit(const struct hc_guest *guest)
{
	(void)guest;
	remark("%s: memory that is writable and executable is not allowed:"
	       " --allow=" OPTIONS_JIT " would allow it",
	    options->guest);
}

void
hints_start(const struct options *o, struct hc_guest *guest)
{
	options = o;
	guest->policy.denied = on_denied;
	guest->policy.refused = on_refused;
	guest->policy.denied_address = on_denied_address;
	guest->policy.out_of_memory = on_out_of_memory;
	guest->policy.denied_jit = on_denied_jit;
}

/* The calls that were made or asked for, those of them that were denied or
 * that no guest can have, and those that were denied. */
struct asked {
	struct hc_set all, refused, denied;
	unsigned calls; /* denied */
};

static void
collect(const struct hc_guest *guest, struct asked *asked)
{
	uint32_t number;

	*asked = (struct asked){ .refused = guest->policy.reported };
	asked->all = asked->refused;
	for (number = 0; number < HYPERCALL_END; number++)
		if (guest->count[number])
			(void)hc_set_add(&asked->all, number);
	for (number = hc_set_next(asked->refused.bits, 0);
	     number < HYPERCALL_END;
	     number = hc_set_next(asked->refused.bits, number + 1)) {
		if (!hc_row(number))
			continue;
		(void)hc_set_add(&asked->denied, number);
		asked->calls++;
	}
}

/* "2 calls", "1 address" or both. */
static void
put_counts(char text[64], unsigned calls, const struct hc_denials *denials)
{
	char call[24] = "", address[40] = "";

	if (calls > 0)
		snprintf(call, sizeof(call), "%u call%s", calls,
		    calls == 1 ? "" : "s");
	if (denials->rules > 0)
		snprintf(address, sizeof(address), "%u address%s%s",
		    denials->rules, denials->rules == 1 ? "" : "es",
		    denials->more ? " and more" : "");
	snprintf(
	    text, 64, "%s%s%s", call, *call && *address ? ", " : "", address);
}

/* Report the sum of denials, unless one line has said it all. */
static void
report_denials(
    const struct hc_denials *denials, unsigned calls, const char *cure)
{
	char counts[64];

	if (denials->times < 2)
		return;
	put_counts(counts, calls, denials);
	remark("%s: denied %" PRIu64 " times (%s): --allow=%s would allow all",
	    options->guest, denials->times, counts, cure);
}

/* Report the needs of such a program, if they are more than the cure.  They are
 * added to `denied`. */
static void
report_needs(const struct hc_family *family, const struct hc_denials *denials,
    struct hc_set *denied, const char *cure)
{
	char needs[HC_CURE_TEXT];
	struct hc_set calls;
	const char *bad;
	size_t len;
	uint32_t nr;

	if (hc_set_parse(&calls, family->needs, &bad, &len) < 0)
		return;
	for (nr = 0; nr < HYPERCALL_END; nr++)
		if (hc_set_has(&calls, nr))
			(void)hc_set_add(denied, nr);
	find_cure(needs, denied, denials->rule, denials->rules);
	if (strcmp(needs, cure) != 0)
		remark(
		    "%s: it looks like %s: such programs may need --allow=%s",
		    options->guest, family->what, needs);
}

/* This function is not inlined: each run would touch its stack of 17 KiB. */
__attribute__((noinline)) static void
report_end(const struct hc_guest *guest)
{
	const struct hc_denials *denials = &guest->policy.denials;
	const struct hc_family *family;
	char cure[HC_CURE_TEXT] = "";
	struct asked asked;

	collect(guest, &asked);
	/* It tries all classes: a tenth of the time of a start. */
	if (asked.calls > 0 || denials->rules > 0)
		find_cure(cure, &asked.denied, denials->rule, denials->rules);
	report_denials(denials, asked.calls, cure);
	family = hc_family(&asked.refused, &asked.all);
	if (!family)
		return;
	if (family->limit)
		remark("%s: it looks like %s: %s", options->guest, family->what,
		    family->limit);
	if (family->needs)
		report_needs(family, denials, &asked.denied, cure);
}

void
hints_end(const struct hc_guest *guest)
{
	if (hc_set_next(guest->policy.reported.bits, 0) < HYPERCALL_END ||
	    guest->policy.denials.times > 0)
		report_end(guest);
}
