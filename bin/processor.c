/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor that a recording and its replay run on.  Nothing here may know
 * what a recording is.
 */
#include "processor.h"

#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>

#define APIC_ID 0xff000000U /* in EBX of leaf 1 */

static int
bind_to(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int
processor_stay(void)
{
	const int cpu = sched_getcpu();

	return cpu < 0 ? -errno : bind_to((unsigned)cpu);
}

static bool
is_here(uint32_t ebx)
{
	unsigned a, b = 0, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && !((b ^ ebx) & APIC_ID);
}

int
processor_move(uint32_t ebx)
{
	cpu_set_t before;
	unsigned cpu;

	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		return -errno;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (bind_to(cpu) == 0 && is_here(ebx))
			return 0;
	sched_setaffinity(0, sizeof(before), &before);
	return -ESRCH;
}
