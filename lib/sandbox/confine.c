/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of confinement.  Nothing here may know what is confined.
 */
#include "sandbox/confine.h"

#include "sandbox/sys.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* From <linux/seccomp.h>, which may be older than the kernel. */
#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

static int
note_failure(struct confined *got, const char *call, int error)
{
	if (!got->call) {
		got->call = call;
		got->error = error;
	}
	return -error;
}

/* Lower both limits to `most`, unless they are lower already. */
static int
lower_limit(int resource, rlim_t most)
{
	struct rlimit limit;

	/* By number: the type of a resource depends on the C library. */
	if (syscall(SYS_prlimit64, 0, resource, NULL, &limit) < 0)
		return -errno;
	if (limit.rlim_max <= most)
		return 0;
	limit.rlim_max = most;
	if (limit.rlim_cur > most)
		limit.rlim_cur = most;
	return syscall(SYS_prlimit64, 0, resource, &limit, NULL) < 0 ? -errno
								     : 0;
}

/* A core of this process would contain all that the guest must not see. */
static int
limit_resources(const struct confine *how, struct confined *got)
{
	int r = lower_limit(RLIMIT_CORE, 0);

	if (r == 0)
		r = lower_limit(RLIMIT_NOFILE, how->files);
	return r < 0 ? note_failure(got, "setrlimit", -r) : 0;
}

static bool
is_kept(const struct confine *how, int fd)
{
	size_t i;

	for (i = 0; i < how->keeps; i++)
		if (how->keep[i] == fd)
			return true;
	return fd <= STDERR_FILENO;
}

static void
sort_descriptors(int *fds, size_t n)
{
	size_t i, at;

	for (i = 1; i < n; i++) {
		int fd = fds[i];

		for (at = i; at > 0 && fds[at - 1] > fd; at--)
			fds[at] = fds[at - 1];
		fds[at] = fd;
	}
}

static int
close_between(unsigned first, unsigned last)
{
	if (first > last)
		return 0;
	return syscall(SYS_close_range, first, last, 0) < 0 ? -errno : 0;
}

/* Close all but those to keep, and those of the rules, which the next steps
 * need. */
static int
close_descriptors(const struct confine *how, struct confined *got)
{
	unsigned next = STDERR_FILENO + 1;
	int keep[2 * CONFINE_KEEP];
	size_t i, n = 0;
	int r = 0;

	for (i = 0; i < how->keeps && i < CONFINE_KEEP; i++)
		if (how->keep[i] > STDERR_FILENO)
			keep[n++] = how->keep[i];
	for (i = 0; i < how->policy.n && i < CONFINE_KEEP; i++)
		if (how->policy.rules[i].fd > STDERR_FILENO)
			keep[n++] = how->policy.rules[i].fd;
	sort_descriptors(keep, n);
	for (i = 0; r == 0 && i < n; i++) {
		if ((unsigned)keep[i] > next)
			r = close_between(next, (unsigned)keep[i] - 1);
		next = (unsigned)keep[i] + 1;
	}
	if (r == 0)
		r = close_between(next, ~0U);
	got->closed = r == 0;
	return r < 0 ? note_failure(got, "close_range", -r) : 0;
}

/* No program that this process executes can gain privileges; the next two
 * steps require this. */
static int
give_up_privileges(const struct confine *how, struct confined *got)
{
	(void)how;
	got->no_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	return got->no_privs ? 0
			     : note_failure(got, "PR_SET_NO_NEW_PRIVS", errno);
}

static int
drop_capabilities(const struct confine *how, struct confined *got)
{
	int r = capability_drop(how->capabilities);

	got->capabilities = capability_held();
	return r < 0 ? note_failure(got, "capset", -r) : 0;
}

static int
restrict_files(const struct confine *how, struct confined *got)
{
	const char *call;
	size_t i;
	int r;

	if (how->opens_nothing)
		return 0;
	r = landlock_confine(&how->policy, &call);
	for (i = 0; i < how->policy.n; i++)
		if (!is_kept(how, how->policy.rules[i].fd))
			close(how->policy.rules[i].fd);
	got->landlock = r < 0 ? 0 : r;
	return r < 0 ? note_failure(got, call, -r) : 0;
}

/*
 * The last step: the others need calls that the filter forbids.  Kernels before
 * 5.16 turn on speculation mitigations for every process with a filter, which
 * slow it down; SPEC_ALLOW keeps them off.  They protect a process that runs
 * foreign code in its own address space, which this one does not.
 */
static int
filter_calls(const struct confine *how, struct confined *got)
{
	const struct sock_fprog program = {
		.len = how->filter->length,
		.filter = (struct sock_filter *)(uintptr_t)how->filter->code,
	};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	    &program);

	got->filtered = r == 0;
	/* A number above 0 is a thread that has a filter of its own. */
	return r == 0 ? 0 : note_failure(got, "seccomp", r < 0 ? errno : EBUSY);
}

static int (*const steps[])(const struct confine *how, struct confined *got) = {
	limit_resources,
	close_descriptors,
	give_up_privileges,
	drop_capabilities,
	restrict_files,
	filter_calls,
};

int
confine(const struct confine *how, struct confined *got)
{
	size_t i;

	*got = (struct confined){ 0 };
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int r = steps[i](how, got);

		if (r < 0 && how->strict)
			return r;
	}
	return 0;
}

int
confine_more(const struct confine *how, struct confined *got)
{
	int r = filter_calls(how, got);

	return how->strict ? r : 0;
}
