/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of a run.  Nothing here may change the machine.
 */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* How stops for a debugger came (lib/vm/step.c). */
static const char *const ways[DEBUG_STOPS] = {
	[STOP_EXIT_BREAK] = "DEBUG exception 3",
	[STOP_EXIT_STEP] = "DEBUG exception 1",
	[STOP_EXIT_REGISTER] = "DEBUG dr6",
	[STOP_TRAP_BREAK] = "vector 3",
	[STOP_TRAP_STEP] = "vector 1",
};

void
stats_each(const struct machine *m, stats_teller *tell, void *ctx)
{
	uint64_t runs = 0;
	uint64_t exits[MACHINE_EXITS] = { 0 };
	uint32_t i, reason;

#define TELL(what, name, n)                       \
	do                                        \
		if ((n) > 0)                      \
			tell(ctx, what, name, n); \
	while (0)
	for (i = 0; i < m->vcpus; i++) {
		runs += m->vcpu[i].runs;
		for (reason = 0; reason < MACHINE_EXITS; reason++)
			exits[reason] += m->vcpu[i].exits[reason];
	}
	TELL("ioctl", "KVM_RUN", runs);
	for (i = 0; i < MACHINE_EXITS; i++)
		TELL("exit", kvmcore_exit_name(i), exits[i]);
	for (i = 0; i < DEBUG_STOPS; i++)
		TELL("stop", ways[i], m->debug.stops[i]);
	for (i = 0; i < HYPERCALL_END; i++)
		if (hc_row(i))
			TELL("hypercall", hc_row(i)->name, m->guest.count[i]);
	if (m->vcpus > 1)
		TELL("vcpus", "made", m->vcpus);
	TELL("memory", "page tables", m->mem.pt.used);
#undef TELL
}

/* Without dprintf(), which asks what the descriptor is. */
static void
write_count(void *ctx, const char *what, const char *name, uint64_t n)
{
	char line[128];
	int len = snprintf(
	    line, sizeof(line), "%-12s %-20s %12" PRIu64 "\n", what, name, n);

	/* Where counts cannot be written there is nobody to tell. */
	if (n > 0 && write(*(int *)ctx, line, (size_t)len) < 0)
		return;
}

void
stats_write(int fd, const struct machine *m, const struct confined *sandbox)
{
	struct rusage used;

	stats_each(m, write_count, &fd);
	write_count(
	    &fd, "sandbox", "Landlock ABI", (uint64_t)sandbox->landlock);
	write_count(&fd, "sandbox", "seccomp filter", sandbox->filtered);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		write_count(
		    &fd, "memory", "peak KiB", (uint64_t)used.ru_maxrss);
}
