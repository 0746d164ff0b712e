/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost of a hypercall, and of the filter.  This file knows novillo only as
 * a command.
 */
#include "figure.h"
#include "parts.h"

#include <string.h>

#define CALLS          10000
#define CALLS_TEXT     "10000"
#define WATCHED_CALLS  1000
#define FEW_CALLS      2000
#define FEW_CALLS_TEXT "2000"

#define FILTER_LIMIT 1.03

void
time_hypercall(void)
{
	const char *spin = guest_path("spin.elf");
	/* The cost of the filter is a separate figure. */
	const char *bare = "--sandbox=none";
	const struct command ours = { .arg = { bench.novillo, bare, spin,
					  CALLS_TEXT } };
	const struct command ours_less = { .arg = { bench.novillo, bare, spin,
					       "0" } };
	const struct command base = { .arg = { bench.floor, "hypercall",
					  CALLS_TEXT } };
	const struct command base_less = { .arg = { bench.floor, "hypercall",
					       "0" } };
	const struct side novillo = { "novillo", &ours, &ours_less };
	const struct side floor = { "floor", &base, &base_less };

	compare("hypercall round trip", &novillo, &floor, bench.rounds, CALLS,
	    HYPERCALL_LIMIT);
}
/* The command of --vs=COMMAND: %n is the number of hypercalls. */
static struct command
other_making(const char *calls)
{
	struct command command = other_command(NULL, NULL);
	unsigned i;

	for (i = 0; command.arg[i]; i++)
		if (strcmp(command.arg[i], "%n") == 0)
			command.arg[i] = calls;
	return command;
}

void
time_other(void)
{
	bool calls = strstr(bench.vs, "%n") != NULL;
	const struct command other = other_making(CALLS_TEXT);
	const struct command other_less = other_making("0");
	const struct command calling = {
		.arg = { bench.novillo, guest_path("spin.elf"), CALLS_TEXT }
	};
	const struct command less = { .arg = { bench.novillo,
					  guest_path("spin.elf"), "0" } };
	const struct command start = { .arg = { bench.novillo,
					   guest_path("empty.elf") } };
	const struct side ours = { "novillo", calls ? &calling : &start,
		calls ? &less : NULL };
	const struct side base = { "other", &other,
		calls ? &other_less : NULL };

	compare(calls ? "hypercall against the other"
		      : "start to exit against the other",
	    &ours, &base, calls ? bench.rounds : start_rounds(),
	    calls ? CALLS : 1, NO_LIMIT);
}

/* Counts the system calls that CALLS more hypercalls cost. */
void
count_hypercall(void)
{
	const char *spin = guest_path("spin.elf");
	char number[32];
	const struct command less = { .arg = { bench.novillo, spin, "0" } };
	const struct command more = { .arg = { bench.novillo, spin, number } };
	struct child_calls calls;
	double runs, others, served;
	unsigned i;

	snprintf(number, sizeof(number), "%d", WATCHED_CALLS);
	calls = calls_between(&less, &more);
	for (i = 0, others = 0; i < CHILD_IOCTLS; i++)
		others += (double)calls.ioctl[i];
	runs = (double)calls.ioctl[CHILD_KVM_RUN];
	served = (double)calls.all - others;
	others -= runs;
	printf("system calls of a hypercall: KVM_RUN %.3f, other ioctls %.3f,"
	       " served %.3f\n",
	    runs / WATCHED_CALLS, others / WATCHED_CALLS,
	    served / WATCHED_CALLS);
	judge_count("ioctls of a hypercall", runs + others, WATCHED_CALLS, 1);
}
/*
 * Runs are shorter and more numerous than elsewhere, because the difference is
 * small.  The floor's filter is the shortest that checks an ioctl's request.
 */
void
time_filter(void)
{
	const char *spin = guest_path("spin.elf");
	const char *few = FEW_CALLS_TEXT;
	const struct command calls[4] = {
		{ .arg = { bench.novillo, "--sandbox=best-effort", spin,
		      few } },
		{ .arg = { bench.novillo, "--sandbox=none", spin, few } },
		{ .arg = { bench.floor, "hypercall", few, "filtered" } },
		{ .arg = { bench.floor, "hypercall", few, "bare" } },
	};
	static const char *const names[4] = { "filtered", "bare", "floor",
		"bare" };
	struct command less[4];
	struct side side[4];
	const struct side *sides[4];
	unsigned i;

	for (i = 0; i < 4; i++) {
		less[i] = calls[i];
		less[i].arg[i < 2 ? 3 : 2] = "0";
		side[i] = (struct side){ names[i], &calls[i], &less[i] };
		sides[i] = &side[i];
	}
	compare_closely("the seccomp filter's share of a hypercall", sides,
	    start_rounds() / 2, FEW_CALLS, FILTER_LIMIT);
}
