/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All the ways to another process, and to privileges: each must soon return an
 * error.  For t-programs.sh; only as a guest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The result, and errno. */
#define SHOW(name, call)                                           \
	do {                                                       \
		long r_ = (call);                                  \
		printf("%s: %ld %s\n", name, r_, strerror(errno)); \
	} while (0)

int
main(void)
{
	char *const argv[] = { (char[]){ "/bin/true" }, NULL };
	pid_t pid;
	int r = posix_spawn(&pid, argv[0], NULL, NULL, argv, NULL);

	printf("posix_spawn: %s\n", strerror(r));
	SHOW("fork", fork());
	SHOW("vfork", syscall(SYS_vfork));
	SHOW("execve", execve(argv[0], argv, NULL));
	SHOW("popen", popen("true", "r") ? 0 : -1);
	SHOW("ptrace", syscall(SYS_ptrace, 0, 0, 0, 0));
	SHOW("mount", mount("a", "b", "c", 0, NULL));
	SHOW("init_module", syscall(SYS_init_module, "", 0, ""));
	SHOW("waitpid", waitpid(-1, NULL, 0));
	printf("system: %s\n", system("true") == 0 ? "well" : "failed");
	return 0;
}
