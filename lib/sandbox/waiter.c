/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for a child.  Nothing here may know what the child does.
 */
#include "sandbox/waiter.h"

#include <errno.h>
#include <linux/filter.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES 16 /* descriptors that a waiting process can need */

/* clang-format off */
#define ANY                { { 0, 0, 0 } }
#define IS(arg, value)     { { arg, UINT32_MAX, value } }
#define HAS_NOT(arg, bits) { { arg, bits, 0 } }
/* clang-format on */

int
waiter_confine(pid_t pid, bool strict, struct confined *got)
{
	const uint32_t us = (uint32_t)getpid();
	const struct filter_rule rules[] = {
		{ SYS_wait4, 0, IS(0, (uint32_t)pid) },
		/* Signals for the child, and at the end for us. */
		{ SYS_kill, 0, IS(0, (uint32_t)pid) },
		{ SYS_rt_sigreturn, 0, ANY },
		{ SYS_rt_sigaction, 0, ANY },
		{ SYS_rt_sigprocmask, 0, ANY },
		{ SYS_restart_syscall, 0, ANY },
		{ SYS_getpid, 0, ANY },
		{ SYS_gettid, 0, ANY },
		{ SYS_tgkill, 0, IS(0, us) },
		{ SYS_tkill, 0, IS(0, us) },
		{ SYS_prlimit64, 0, IS(0, 0) },
		/* The end of the process, by the C library. */
		{ SYS_write, 0, ANY },
		{ SYS_pwritev2, 0, ANY },
		{ SYS_poll, 0, ANY },
		{ SYS_writev, 0, ANY },
		{ SYS_lseek, 0, ANY },
		{ SYS_futex, 0, ANY },
		{ SYS_brk, 0, ANY },
		{ SYS_mmap, 0, HAS_NOT(2, PROT_EXEC) },
		{ SYS_munmap, 0, ANY },
		{ SYS_madvise, 0, ANY },
		{ SYS_sigaltstack, 0, ANY },
		{ SYS_exit_group, 0, ANY },
	};
	struct filter_program program;
	const struct confine how = {
		.strict = strict,
		.files = FILES,
		.opens_nothing = true,
		.filter = &program,
	};
	int r = filter_make(&program, rules, sizeof(rules) / sizeof(rules[0]));

	if (r == 0)
		return confine(&how, got);
	*got = (struct confined){ .call = "filter", .error = -r };
	return r;
}

/* End by a signal, without a core: this process would have nothing in it. */
static void
end_by(int signal_number)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* A signal to the waiting parent is forwarded to the child.  A signal from the
 * terminal has reached the child already. */
static volatile sig_atomic_t child, forwarded;

static void
forward_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	forwarded = number;
	if (info->si_code <= 0 && child > 0)
		kill((pid_t)child, number);
}

static void
forward_signals(pid_t pid)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGUSR1, SIGUSR2, SIGWINCH };
	const struct sigaction action = {
		.sa_sigaction = forward_signal,
		.sa_flags = SA_SIGINFO,
	};
	size_t i;

	child = pid;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

int
waiter_wait(pid_t pid, int *status, const char **call)
{
	int ended;

	forward_signals(pid);
	*call = "waitpid";
	while (waitpid(pid, &ended, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFSIGNALED(ended))
		end_by(WTERMSIG(ended));
	/* Process 1 of a namespace cannot be ended by a signal that it sends
	 * itself; it exits with this status instead. */
	if (forwarded && WEXITSTATUS(ended) == 128 + forwarded)
		end_by(forwarded);
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
	return 0;
}
