/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals in a trace, as strace shows them.  Nothing here may know their
 * effect.
 */
#include "hypercall/trace/show.h"

#include "hypercall/core/names.h"

#include <inttypes.h>
#include <signal.h>

#define ANY 0

/* A higher signal is SIGRT_ with the difference. */
#define LAST_NAMED 32

#define CODE(signal, code)          \
	{                           \
		signal, code, #code \
	}

static const struct {
	int signal, code;
	const char *name;
} codes[] = {
	CODE(ANY, SI_USER),
	CODE(ANY, SI_KERNEL),
	CODE(ANY, SI_QUEUE),
	CODE(ANY, SI_TIMER),
	CODE(ANY, SI_MESGQ),
	CODE(ANY, SI_ASYNCIO),
	CODE(ANY, SI_TKILL),
	CODE(SIGSEGV, SEGV_MAPERR),
	CODE(SIGSEGV, SEGV_ACCERR),
	CODE(SIGILL, ILL_ILLOPN),
	CODE(SIGILL, ILL_ILLOPC),
	CODE(SIGFPE, FPE_INTDIV),
	CODE(SIGFPE, FPE_INTOVF),
	CODE(SIGFPE, FPE_FLTDIV),
	CODE(SIGFPE, FPE_FLTOVF),
	CODE(SIGFPE, FPE_FLTUND),
	CODE(SIGFPE, FPE_FLTRES),
	CODE(SIGFPE, FPE_FLTINV),
	CODE(SIGBUS, BUS_ADRALN),
	CODE(SIGBUS, BUS_ADRERR),
	{ SIGSYS, HC_SYS_SECCOMP, "SYS_SECCOMP" },
	CODE(SIGTRAP, TRAP_BRKPT),
	CODE(SIGTRAP, TRAP_TRACE),
};

#define CODES (sizeof(codes) / sizeof(codes[0]))

static void
put_code(struct hc_line *line, const siginfo_t *info)
{
	size_t i;

	for (i = 0; i < CODES; i++)
		if (codes[i].code == info->si_code &&
		    (codes[i].signal == ANY ||
			codes[i].signal == info->si_signo))
			break;
	if (i < CODES)
		line_put(line, ", si_code=%s", codes[i].name);
	else
		line_put(line, ", si_code=%d", info->si_code);
}

static void
put_sigval(struct hc_line *line, const siginfo_t *info)
{
	line_put(line, ", si_int=%d, si_ptr=", info->si_value.sival_int);
	line_address(line, (uintptr_t)info->si_value.sival_ptr);
}

/* Fields that depend on the origin of the signal. */
static void
put_origin(struct hc_line *line, const siginfo_t *info)
{
	switch (info->si_code) {
	case SI_TIMER:
		line_put(line, ", si_timerid=%d, si_overrun=%d",
		    info->si_timerid, info->si_overrun);
		put_sigval(line, info);
		return;
	case SI_USER:
	case SI_TKILL:
	case SI_QUEUE:
		line_put(line, ", si_pid=%d, si_uid=%u", (int)info->si_pid,
		    (unsigned)info->si_uid);
		if (info->si_code == SI_QUEUE)
			put_sigval(line, info);
		return;
	default: break;
	}
	switch (info->si_signo) {
	case SIGILL:
	case SIGFPE:
	case SIGSEGV:
	case SIGBUS:
	case SIGTRAP:
		line_put(line, ", si_addr=");
		line_address(line, (uintptr_t)info->si_addr);
		return;
	default: return;
	}
}

void
show_enum(struct hc_line *line, const struct hc_name *names, uint64_t value)
{
	if (names == hc_names_signal && value > LAST_NAMED &&
	    value <= HC_SIGNALS)
		line_put(line, "SIGRT_%" PRIu64, value - LAST_NAMED);
	else
		line_enum(line, names, value);
}

void
show_signal(struct hc_line *line, const siginfo_t *info)
{
	line_put(line, "--- ");
	show_enum(line, hc_names_signal, (uint64_t)info->si_signo);
	line_put(line, " {si_signo=");
	show_enum(line, hc_names_signal, (uint64_t)info->si_signo);
	put_code(line, info);
	put_origin(line, info);
	line_put(line, "} ---");
}
