/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that are sent to novillo: they are the guest's.  Nothing here may
 * know how a guest handles them.
 *
 * If the guest does not handle, block or ignore such a signal, it ends, and
 * novillo ends by the same signal: its parent sees what a shell would see of a
 * native program.
 */
#include "outside.h"

#include "run.h"
#include "say.h"
#include "tracing.h"

#include "hypercall/signal/signal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct machine *machine;
static void (*report)(void), (*drop)(void);

/* `terminal`: a terminal sends it; see enum outside_terminal.  Signals that
 * stop a process are not listed: they stop novillo, and the guest with it. */
static const struct {
	int number;
	bool terminal;
} signals[] = {
	{ SIGHUP, false },
	{ SIGINT, true },
	{ SIGQUIT, true },
	{ SIGTERM, false },
	{ SIGUSR1, false },
	{ SIGUSR2, false },
	{ SIGWINCH, false },
	{ SIGCONT, false },
};

size_t
outside_list(int numbers[OUTSIDE_SIGNALS])
{
	size_t i;

	_Static_assert(sizeof(signals) / sizeof(signals[0]) == OUTSIDE_SIGNALS,
	    "there is room for all");
	for (i = 0; i < OUTSIDE_SIGNALS; i++)
		numbers[i] = signals[i].number;
	return OUTSIDE_SIGNALS;
}

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	(void)info;
	machine_signal(machine, signal, context);
	errno = error;
}

static void
on_end(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	(void)info;
	(void)context;
	tracing_ending();
	machine_kill(machine, signal);
	errno = error;
}

/* Everybody but a guest that takes the signal, and a debugger, wants to know
 * what the guest does.  One that is replayed takes none from outside. */
static void
on_question(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	if (machine_ends_by(machine, signal))
		report();
	else
		on_signal(signal, info, context);
	errno = error;
}

/* The first process of a pid namespace survives its own signals. */
void
outside_end(int number)
{
	sigset_t set;

	(void)signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(number);
}

/* Before there is a guest. */
static void
on_early_end(int signal)
{
	drop();
	outside_end(signal);
	_exit(STATUS_SIGNAL + signal);
}

int
outside_expect(void (*call)(void))
{
	struct sigaction action = { .sa_handler = on_early_end }, old;
	size_t i;

	drop = call;
	sigfillset(&action.sa_mask);
	for (i = 0; i < OUTSIDE_SIGNALS; i++) {
		const int number = signals[i].number;

		if (hc_signal_is_harmless(number))
			continue;
		if (sigaction(number, NULL, &old) < 0 ||
		    (old.sa_handler != SIG_IGN &&
			sigaction(number, &action, NULL) < 0)) {
			say("sigaction: %s", strerror(errno));
			return -1;
		}
	}
	return 0;
}

/* As for any program: it ignores what its parent ignores. */
static int
handle(int number, bool ends)
{
	struct sigaction action = {
		.sa_sigaction = number == SIGUSR1 ? on_question
				: ends            ? on_end
						  : on_signal,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};
	struct sigaction old = { .sa_handler = SIG_DFL };
	int r = 0;

	/* Other handlers end a call that they have interrupted: they must not
	 * take this one, which is long, for it. */
	if (number == SIGUSR1)
		sigfillset(&action.sa_mask);
	if (ends)
		r = sigaction(number, NULL, &old);
	if (r == 0 && old.sa_handler != SIG_IGN)
		r = sigaction(number, &action, ends ? NULL : &old);
	if (r < 0) {
		say("sigaction: %s", strerror(errno));
		return -1;
	}
	if (old.sa_handler == SIG_IGN)
		machine->guest.signals.action[number - 1].handler =
		    (uintptr_t)SIG_IGN;
	return 0;
}

/* A guest that is replayed gets the signals of the recording. */
static bool
ends_guest(const struct machine *m, int number, bool ends)
{
	return m->guest.replay ? !hc_signal_is_harmless(number) : ends;
}

int
outside_start(
    struct machine *m, enum outside_terminal terminal, void (*ask)(void))
{
	size_t i;
	int r = 0;

	machine = m;
	report = ask;
	for (i = 0; r == 0 && i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (signals[i].terminal && terminal == OUTSIDE_DEBUGGER)
			continue;
		r = handle(signals[i].number,
		    ends_guest(m, signals[i].number,
			signals[i].terminal && terminal == OUTSIDE_END));
	}
	return r;
}
