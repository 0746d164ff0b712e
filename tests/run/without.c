/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a command on a host that lacks a system call: `without CALL ERROR
 * COMMAND...`.  A seccomp filter fails the call with the error's number, as an
 * older kernel (38, ENOSYS) or another sandbox (1, EPERM) does.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls that a host may lack.  Its headers may also lack their numbers. */
static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	{ "close_range", 436 },
	{ "ftruncate", 77 },
	{ "landlock_create_ruleset", 444 },
	{ "mkdir", 83 },
	{ "mount", 165 },
	{ "openat2", 437 },
	{ "pivot_root", 155 },
	{ "statx", 332 },
	{ "tgkill", 234 },
	{ "tkill", 200 },
	{ "umount2", 166 },
	{ "unshare", 272 },
};

static int
forbid(unsigned number, unsigned error)
{
	struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0,
		    offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
	};
	const struct sock_fprog program = { 4, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 3 && i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, argv[1]) != 0)
			continue;
		if (forbid(calls[i].number, (unsigned)atoi(argv[2])) == 0)
			execvp(argv[3], argv + 3);
		perror(argv[3]);
		return 126;
	}
	fprintf(stderr, "usage: without CALL ERROR COMMAND...\n");
	return 126;
}
