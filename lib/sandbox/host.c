/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trying what a sandbox can be made of.  Nothing here may stay behind.
 */
#include "sandbox/host.h"

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

/* A program that is not there: flags are looked at first. */
static bool
has_tsync(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		   SECCOMP_FILTER_FLAG_TSYNC, NULL) < 0 &&
	       errno == EFAULT;
}

/* In a child: there is no way back. */
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

/* An open without a description of how: known calls say that it is wrong. */
static bool
has_openat2(void)
{
	return syscall(SYS_openat2, -1, NULL, NULL, 0) < 0 && errno == EINVAL;
}

void
sandbox_probe(struct sandbox_host *host)
{
	int abi = landlock_abi();

	host->landlock = abi > 0 ? abi : 0;
	host->filter = has_filter();
	host->tsync = has_tsync();
	host->namespaces = has_namespaces();
	host->openat2 = has_openat2();
}
