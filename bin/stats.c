/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of a run.  Nothing here may change the machine.
 */
#include "stats.h"

#include "vm/counts.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct list {
	struct output *out;
	bool json;
	const char *what; /* the last kind, or NULL */
};

/* The kinds are objects with a member for each name. */
static void
write_member(struct list *list, const char *what, const char *name, uint64_t n)
{
	const char *between = ", ";

	if (!list->what || strcmp(list->what, what) != 0) {
		output_print(list->out, "%s\"%s\": {",
		    list->what ? "}, " : "{\"stats\": {", what);
		between = "";
	}
	list->what = what;
	output_print(list->out, "%s\"%s\": %" PRIu64, between, name, n);
}

static void
write_count(void *ctx, const char *what, const char *name, uint64_t n)
{
	struct list *list = ctx;

	if (n == 0)
		return;
	if (list->json)
		write_member(list, what, name, n);
	else
		output_print(
		    list->out, "%-12s %-20s %12" PRIu64 "\n", what, name, n);
}

void
stats_write(struct output *out, const struct machine *m,
    const struct confined *sandbox, bool json)
{
	struct list list = { out, json, NULL };
	struct rusage used;

	machine_each_count(m, write_count, &list);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		write_count(
		    &list, "memory", "peak KiB", (uint64_t)used.ru_maxrss);
	write_count(
	    &list, "sandbox", "Landlock ABI", (uint64_t)sandbox->landlock);
	write_count(&list, "sandbox", "seccomp filter", sandbox->filtered);
	write_count(&list, "sandbox", "no capabilities",
	    sandbox->no_privs && !sandbox->capabilities);
	write_count(&list, "sandbox", "capabilities left",
	    (uint64_t)__builtin_popcountll(sandbox->capabilities));
	if (json)
		output_print(
		    out, "%s\n", list.what ? "}}}" : "{\"stats\": {}}");
}
