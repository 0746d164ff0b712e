/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that somebody sends to novillo: they are the guest's.  Nothing here
 * may know what a guest does with them.
 *
 * A guest that neither handles nor blocks nor ignores such a signal ends by it,
 * and so does novillo, as if there was nothing between.
 */
#include "outside.h"

#include "run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct machine *machine;

/* Of each, is it the debugger's if there is one?  Signals that stop a process
 * are not among them: novillo is stopped, and the guest with it. */
static const struct {
	int number;
	bool debuggers;
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

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	(void)info;
	machine_signal(machine, signal, context);
	errno = error;
}

/* The first process of a pid namespace does not die of its own signals. */
static void
die(int number)
{
	sigset_t set;

	(void)signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(number);
	_exit(STATUS_SIGNAL + number);
}

int
outside_start(struct machine *m, bool debugged)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};
	struct sigaction old;
	size_t i;

	machine = m;
	m->die = die;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int number = signals[i].number;

		if (signals[i].debuggers && debugged)
			continue;
		if (sigaction(number, &action, &old) < 0) {
			say("sigaction: %s", strerror(errno));
			return -1;
		}
		/* As of any program: what its parent ignores, it ignores. */
		if (old.sa_handler == SIG_IGN)
			m->guest.signals.action[number - 1].handler =
			    (uintptr_t)SIG_IGN;
	}
	return 0;
}
