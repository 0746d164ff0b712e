/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's end, reported.  Nothing here may know how the guest was run.
 */
#include "outcome.h"

#include "run.h"
#include "say.h"

#include "vm/report.h"
#include "vm/trap.h"

static void
write_core(
    const struct options *o, struct machine *m, const struct core_place *core)
{
	struct machine_error error;

	if (core_write(m, core, &error) < 0)
		say("core not written: %s: %s", core->path, error.text);
	else
		remark("core written: gdb %s %s", o->guest, core->path);
}

static int
report_signal(const struct options *o, struct machine *m, int fd,
    const struct core_place *core)
{
	const struct outcome *end = &m->outcome;
	const struct image_bytes image = report_map(fd);

	remark("%s: ended by %s: %s", o->guest, trap_signal_name(end->code),
	    end->text);
	if (!say_quiet)
		report_fault(&say_output, m, &image);
	if (o->core)
		write_core(o, m, core);
	return STATUS_SIGNAL + end->code;
}

int
outcome_report(const struct options *o, struct machine *m, int fd,
    const struct core_place *core)
{
	const struct outcome *end = &m->outcome;
	enum outcome_kind kind = end->kind; /* clang's switch takes no atomic */

	switch (kind) {
	case OUTCOME_EXIT: return end->code;
	case OUTCOME_SIGNAL:
	case OUTCOME_KILLED: return report_signal(o, m, fd, core);
	case OUTCOME_TIMEOUT:
		remark("%s: ended after %.9g second%s (--timeout)", o->guest,
		    (double)o->timeout_ns / 1e9,
		    o->timeout_ns == 1000000000 ? "" : "s");
		return STATUS_TIMEOUT;
	default: say("%s: %s", o->guest, end->text); return STATUS_FAILED;
	}
}
