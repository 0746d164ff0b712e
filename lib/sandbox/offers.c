/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trying the means to make a sandbox.  No trial may leave an effect.
 */
#include "sandbox/offers.h"

#include "sandbox/landlock.h"
#include "sandbox/namespaces.h"
#include "sandbox/sys.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
has_filter(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Without a program: the kernel checks the flags first. */
static bool
has_tsync(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		   SECCOMP_FILTER_FLAG_TSYNC, NULL) < 0 &&
	       errno == EFAULT;
}

/* In a child, since a namespace cannot be left. */
static bool
has_namespaces(void)
{
	const char *call;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(namespaces_unshare(true, &call) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
sandbox_probe(struct sandbox_offers *offers)
{
	int abi = landlock_abi();

	offers->landlock = abi > 0 ? abi : 0;
	offers->filter = has_filter();
	offers->tsync = has_tsync();
	offers->namespaces = has_namespaces();
}
