/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a trace begins and ends with.  Nothing here may change the machine.
 */
#include "tracing.h"

#include "hypercall/trace.h"
#include "vm/context.h"
#include "vm/trap.h"

#include <signal.h>
#include <stdio.h>

static struct hc_trace trace; /* one guest a process */

void
tracing_start(const struct options *o, int fd, struct hc_guest *guest)
{
	if (!o->trace && !o->trace_summary)
		return;
	trace.fd = fd;
	trace.lines = o->trace;
	trace.wanted = o->traced;
	trace.counted = o->summed;
	trace.times = o->trace_times;
	hc_trace_init(&trace);
	guest->trace = &trace;
}

void
tracing_ending(void)
{
	trace.ending = 1;
}

static const char *
code_name(int signal, int code)
{
	static const struct {
		int signal, code;
		const char *name;
	} names[] = {
		{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" },
		{ SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" },
		{ SIGILL, ILL_ILLOPN, "ILL_ILLOPN" },
		{ SIGILL, ILL_ILLOPC, "ILL_ILLOPC" },
		{ SIGFPE, FPE_INTDIV, "FPE_INTDIV" },
		{ SIGFPE, FPE_INTOVF, "FPE_INTOVF" },
		{ SIGFPE, FPE_FLTINV, "FPE_FLTINV" },
		{ SIGBUS, BUS_ADRALN, "BUS_ADRALN" },
		{ SIGBUS, BUS_ADRERR, "BUS_ADRERR" },
		{ SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT" },
		{ SIGTRAP, TRAP_TRACE, "TRAP_TRACE" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].signal == signal && names[i].code == code)
			return names[i].name;
	return "SI_KERNEL";
}

/* A fault, or a call that the policy answers so. */
static void
say_signal(const struct options *o, struct machine *m)
{
	struct vcpu *vcpu = &m->vcpu[0];
	int signal = m->outcome.code;
	const char *name = trap_signal_name(signal);
	char address[24] = "NULL";
	siginfo_t info;

	trap_siginfo(vcpu, vcpu_user_rip(vcpu), signal, &info);
	if (info.si_addr)
		snprintf(address, sizeof(address), "%p", info.si_addr);
	if (vcpu->faulted)
		hc_trace_say(&trace,
		    "--- %s {si_signo=%s, si_code=%s, si_addr=%s} ---", name,
		    name, code_name(signal, info.si_code), address);
	else
		hc_trace_say(&trace, "--- %s {si_signo=%s} ---", name, name);
	hc_trace_say(&trace, "+++ killed by %s%s +++", name,
	    o->core ? " (core dumped)" : "");
}

void
tracing_end(const struct options *o, int fd, struct machine *m)
{
	switch (o->trace ? m->outcome.kind : OUTCOME_RUNNING) {
	case OUTCOME_EXIT:
		hc_trace_say(&trace, "+++ exited with %d +++", m->outcome.code);
		break;
	case OUTCOME_SIGNAL: say_signal(o, m); break;
	case OUTCOME_TIMEOUT:
		hc_trace_say(&trace, "+++ ended by --timeout +++");
		break;
	default: break;
	}
	if (o->trace_summary)
		hc_trace_summary(&trace, fd);
}
