/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a command and sends all its threads novillo's kick again and again, from
 * the moment at which a handler for it is installed.  A kick has no reason then
 * and must have no effect: nothing here knows the command.
 *
 * usage: pester MICROSECONDS COMMAND [ARGUMENT...]
 *	Kicks come after random times of up to MICROSECONDS.  The status is the
 *	command's; that of one that was ended by a signal is 128 and its number.
 */
#include <dirent.h>
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KICK SIGSTKFLT

static void
name_of(pid_t pid, const char *what, char name[64])
{
	snprintf(name, 64, "/proc/%d/%s", (int)pid, what);
}

/* Does the process handle the kick by now? */
static bool
is_ready(pid_t pid)
{
	char name[64], line[128];
	uint64_t caught = 0;
	FILE *f;

	name_of(pid, "status", name);
	f = fopen(name, "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		(void)sscanf(line, "SigCgt: %" SCNx64, &caught);
	fclose(f);
	return caught >> (KICK - 1) & 1;
}

static void
kick_all(pid_t pid)
{
	const struct dirent *entry;
	char name[64];
	DIR *tasks;

	name_of(pid, "task", name);
	tasks = opendir(name);
	while (tasks && (entry = readdir(tasks)) != NULL)
		if (entry->d_name[0] != '.')
			(void)syscall(
			    SYS_tgkill, pid, atoi(entry->d_name), KICK);
	if (tasks)
		closedir(tasks);
}

int
main(int argc, char **argv)
{
	bool ready = false;
	int status, most;
	pid_t pid;

	if (argc < 3 || (most = atoi(argv[1])) < 1)
		errx(2, "usage: pester MICROSECONDS COMMAND [ARGUMENT...]");
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		ready = ready || is_ready(pid);
		if (ready)
			kick_all(pid);
		usleep((useconds_t)(random() % most));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
