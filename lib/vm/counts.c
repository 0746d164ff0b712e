/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's counts.  Nothing here may change the machine.
 */
#include "vm/counts.h"

/* How stops for a debugger arrived (step.c). */
static const char *const stop_names[DEBUG_STOPS] = {
	[STOP_EXIT_BREAK] = "DEBUG exception 3",
	[STOP_EXIT_STEP] = "DEBUG exception 1",
	[STOP_EXIT_REGISTER] = "DEBUG dr6",
	[STOP_TRAP_BREAK] = "vector 3",
	[STOP_TRAP_STEP] = "vector 1",
	[STOP_TRAP_PAGE] = "watched page",
	[STOP_LONE] = "lone instruction",
};

static uint64_t
sum_runs(const struct machine *m)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		sum += m->vcpu[i].runs;
	return sum;
}

static uint64_t
sum_exits(const struct machine *m, unsigned reason)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		sum += m->vcpu[i].exits[reason];
	return sum;
}

void
machine_each_count(const struct machine *m, machine_count *report, void *ctx)
{
	uint32_t i;

#define REPORT(kind, name, n)                       \
	do                                          \
		if ((n) > 0)                        \
			report(ctx, kind, name, n); \
	while (0)
	REPORT("ioctl", "KVM_RUN", sum_runs(m));
	for (i = 0; i < MACHINE_EXITS; i++)
		REPORT("exit", kvmcore_exit_name(i), sum_exits(m, i));
	for (i = 0; i < DEBUG_STOPS; i++)
		REPORT("stop", stop_names[i], debug_stops(m, i));
	for (i = 0; i < HYPERCALL_END; i++)
		if (hc_row(i))
			REPORT("hypercall", hc_row(i)->name, m->guest.count[i]);
	if (m->vcpus > 1)
		REPORT("vcpus", "made", m->vcpus);
	REPORT("memory", "page tables", m->mem.pt.used);
#undef REPORT
}
