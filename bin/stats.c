/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of a run.  Nothing here may change the machine.
 */
#include "stats.h"

#include "vm/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* Not dprintf(), which makes a system call of its own. */
static void
write_count(void *ctx, const char *what, const char *name, uint64_t n)
{
	char line[128];
	int len = snprintf(
	    line, sizeof(line), "%-12s %-20s %12" PRIu64 "\n", what, name, n);

	if (n > 0)
		output_write(ctx, line, (size_t)len);
}

void
stats_write(
    struct output *out, const struct machine *m, const struct confined *sandbox)
{
	struct rusage used;

	machine_each_count(m, write_count, out);
	write_count(
	    out, "sandbox", "Landlock ABI", (uint64_t)sandbox->landlock);
	write_count(out, "sandbox", "seccomp filter", sandbox->filtered);
	write_count(out, "sandbox", "no capabilities",
	    sandbox->no_privs && !sandbox->capabilities);
	write_count(out, "sandbox", "capabilities left",
	    (uint64_t)__builtin_popcountll(sandbox->capabilities));
	if (getrusage(RUSAGE_SELF, &used) == 0)
		write_count(
		    out, "memory", "peak KiB", (uint64_t)used.ru_maxrss);
}
