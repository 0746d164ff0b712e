/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that start and end in every way a guest can end.
 */
#include "endure.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_US 20000 /* a signal comes within this time of the start */

static const struct start {
	const char *args[6];
	int status; /* the exit status, or */
	int signal; /* a signal to send, early or late */
} starts[] = {
	{ { "hello.elf" }, 0, 0 },
	{ { "status.elf", "7" }, 7, 0 },
	{ { "fault_null.elf" }, 139, 0 },
	{ { "--core=core", "fault_thread.elf" }, 139, 0 },
	{ { "--timeout=0.05", "sleep.elf", "60" }, 124, 0 },
	{ { "--sandbox=strict", "hello.elf" }, 0, 0 },
	{ { "--new-pid", "hello.elf" }, 0, 0 },
	{ { "torture.elf", "crowd", "8" }, 0, 0 },
	{ { "sleep.elf", "60" }, 0, SIGTERM },
	{ { "sleep.elf", "60" }, 0, SIGKILL },
};

/* A signal ends novillo at any moment: before it has a handler the kernel does,
 * later novillo itself with status 128 + signal. */
static bool
is_right(const struct start *start, int status)
{
	if (!start->signal)
		return WIFEXITED(status) &&
		       WEXITSTATUS(status) == start->status;
	return (WIFSIGNALED(status) && WTERMSIG(status) == start->signal) ||
	       (WIFEXITED(status) &&
		   WEXITSTATUS(status) == 128 + start->signal);
}

const char *
start_session(struct session *s)
{
	const struct start *start =
	    &starts[s->number % (sizeof(starts) / sizeof(starts[0]))];

	guest_start(&s->guest, false, start->args);
	if (start->signal) {
		usleep(random_below(s, KILL_US));
		kill(s->guest.pid, start->signal);
	}
	if (!guest_end(&s->guest))
		return start->args[0];
	return is_right(start, s->guest.status) ? NULL : start->args[0];
}
