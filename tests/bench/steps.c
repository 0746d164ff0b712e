/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps COMMAND...: print the offsets of the instructions that a static program
 * executes, each once, to the standard error, from its first page on.  It knows
 * nothing of novillo.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define IMAGE (UINT64_C(8) << 20) /* bytes of code that are watched */

static unsigned char seen[IMAGE];

static unsigned long
first_page(pid_t pid)
{
	char name[64];
	unsigned long at = 0;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	maps = fopen(name, "r");
	if (!maps || fscanf(maps, "%lx", &at) != 1)
		fprintf(stderr, "steps: %s: %s\n", name, strerror(errno));
	if (maps)
		fclose(maps);
	return at;
}

static void
note(unsigned long offset)
{
	if (offset >= IMAGE || seen[offset])
		return;
	seen[offset] = 1;
	fprintf(stderr, "%016lx\n", offset);
}

int
main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? fork() : -1;
	unsigned long base;
	int status;

	if (pid == 0) {
		personality(ADDR_NO_RANDOMIZE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	base = first_page(pid);
	while (WIFSTOPPED(status)) {
		int sig = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);

		note((unsigned long)ptrace(PTRACE_PEEKUSER, pid,
			 offsetof(struct user_regs_struct, rip), NULL) -
		     base);
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, sig) < 0 ||
		    waitpid(pid, &status, 0) < 0)
			return 1;
	}
	return status != 0;
}
