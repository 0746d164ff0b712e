/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of a run.  Nothing here may change the machine.
 */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* Without dprintf(), which asks what the descriptor is. */
static void
count(int fd, const char *what, const char *name, uint64_t n)
{
	char line[128];
	int len = snprintf(
	    line, sizeof(line), "%-12s %-20s %12" PRIu64 "\n", what, name, n);

	/* Where counts cannot be written there is nobody to tell. */
	if (n > 0 && write(fd, line, (size_t)len) < 0)
		return;
}

/* How stops for a debugger came (lib/vm/step.c). */
static void
count_stops(int fd, const struct debug *d)
{
	static const char *const ways[DEBUG_STOPS] = {
		[STOP_EXIT_BREAK] = "DEBUG exception 3",
		[STOP_EXIT_STEP] = "DEBUG exception 1",
		[STOP_EXIT_REGISTER] = "DEBUG dr6",
		[STOP_TRAP_BREAK] = "vector 3",
		[STOP_TRAP_STEP] = "vector 1",
	};
	int i;

	for (i = 0; i < DEBUG_STOPS; i++)
		count(fd, "stop", ways[i], d->stops[i]);
}

void
stats_write(int fd, const struct machine *m, const struct confined *sandbox)
{
	struct rusage used;
	uint64_t runs = 0;
	uint64_t exits[MACHINE_EXITS] = { 0 };
	uint32_t i, reason;

	for (i = 0; i < m->vcpus; i++) {
		runs += m->vcpu[i].runs;
		for (reason = 0; reason < MACHINE_EXITS; reason++)
			exits[reason] += m->vcpu[i].exits[reason];
	}
	count(fd, "ioctl", "KVM_RUN", runs);
	for (i = 0; i < MACHINE_EXITS; i++)
		count(fd, "exit", kvmcore_exit_name(i), exits[i]);
	count_stops(fd, &m->debug);
	for (i = 0; i < HYPERCALL_END; i++)
		if (hc_row(i))
			count(fd, "hypercall", hc_row(i)->name,
			    m->guest.count[i]);
	count(fd, "sandbox", "Landlock ABI", (uint64_t)sandbox->landlock);
	count(fd, "sandbox", "seccomp filter", sandbox->filtered);
	if (m->vcpus > 1)
		count(fd, "vcpus", "made", m->vcpus);
	count(fd, "memory", "page tables", m->mem.pt.used);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		count(fd, "memory", "peak KiB", (uint64_t)used.ru_maxrss);
}
