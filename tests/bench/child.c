/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running programs to time and to watch them.  Nothing here may know what the
 * programs are.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const unsigned ioctls[] = {
#define IOCTL(name, ...) [CHILD_##name] = (unsigned)(name),
#include "ioctls.def"
#undef IOCTL
};

void
give_up(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static char *const *
argv_of(const struct command *command)
{
	return (char *const *)(uintptr_t)command->arg;
}

static void
must_be_good(const struct command *command, int status)
{
	if (WIFSIGNALED(status))
		give_up("%s: killed by signal %d", command->arg[0],
		    WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		give_up("%s: status %d", command->arg[0], WEXITSTATUS(status));
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
nanoseconds(struct timeval t)
{
	return (double)t.tv_sec * 1e9 + (double)t.tv_usec * 1e3;
}

struct cost
child_time(const struct command *command)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	struct cost cost;
	double start;
	pid_t pid;
	int r, status;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
	    &actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	start = now();
	r = posix_spawn(
	    &pid, command->arg[0], &actions, NULL, argv_of(command), environ);
	if (r != 0)
		give_up("%s: %s", command->arg[0], strerror(r));
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			give_up("wait4: %s", strerror(errno));
	cost.wall = now() - start;
	cost.cpu = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
	posix_spawn_file_actions_destroy(&actions);
	must_be_good(command, status);
	return cost;
}

/* The number behind `key` in a file of /proc/PID, in KiB there. */
static uint64_t
proc_kib(pid_t pid, const char *file, const char *key)
{
	char path[64], line[256];
	const char *value = NULL;
	uint64_t kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	if (!f)
		give_up("%s: %s", path, strerror(errno));
	while (!value && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			value = line + strlen(key);
	if (value)
		kib = strtoull(value, NULL, 10);
	fclose(f);
	if (!value)
		give_up("%s has no %s", path, key);
	return kib * 1024;
}

/* Of [start, start + size), what is there: bit 63 of a page's entry
 * (Documentation/admin-guide/mm/pagemap.rst). */
static uint64_t
resident(pid_t pid, uint64_t start, uint64_t size)
{
	static uint64_t entry[512];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t done = 0, bytes = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (done < size / page) {
		uint64_t at = (start / page + done) * sizeof(entry[0]);
		ssize_t n = pread(fd, entry, sizeof(entry), (off_t)at);
		size_t i, entries = n > 0 ? (size_t)n / sizeof(entry[0]) : 0;

		if (entries == 0)
			give_up("%s: %s", path, strerror(errno));
		for (i = 0; i < entries && done < size / page; i++, done++)
			bytes += (entry[i] >> 63) * page;
	}
	close(fd);
	return bytes;
}

static pid_t
start_traced(const struct command *command)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execv(command->arg[0], argv_of(command));
		_exit(127);
	}
	return pid;
}

/* A system call begins. */
static void
count(pid_t pid, struct child_calls *calls, uint64_t *slot)
{
	struct user_regs_struct regs;
	unsigned i;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		give_up("PTRACE_GETREGS: %s", strerror(errno));
	calls->all++;
	if (regs.orig_rax != SYS_ioctl)
		return;
	for (i = 0; i < CHILD_FOREIGN && ioctls[i] != (unsigned)regs.rsi; i++)
		;
	calls->ioctl[i]++;
	if (i == CHILD_KVM_SET_USER_MEMORY_REGION && *slot == 0)
		*slot = (uint64_t)ptrace(PTRACE_PEEKDATA, pid,
		    regs.rdx + offsetof(struct kvm_userspace_memory_region,
				   userspace_addr),
		    NULL);
}

static void
look_at_memory(
    pid_t pid, uint64_t slot, uint64_t ram, struct child_memory *memory)
{
	uint64_t most = proc_kib(pid, "status", "VmHWM:");

	/* VmHWM is kept in batches; what is there now is exact. */
	memory->peak = proc_kib(pid, "smaps_rollup", "Rss:");
	if (memory->peak < most)
		memory->peak = most;
	memory->shared = proc_kib(pid, "smaps_rollup", "Shared_Clean:");
	memory->guest = resident(pid, slot, ram);
}

void
child_watch(const struct command *command, uint64_t ram,
    struct child_calls *calls, struct child_memory *memory)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT |
			     PTRACE_O_EXITKILL;
	pid_t pid = start_traced(command);
	bool inside = false;
	uint64_t slot = 0;
	int status, deliver = 0;

	*calls = (struct child_calls){ 0 };
	*memory = (struct child_memory){ 0 };
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0)
		give_up("ptrace: %s", strerror(errno));
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)deliver) < 0 ||
		    waitpid(pid, &status, 0) != pid)
			give_up("ptrace: %s", strerror(errno));
		if (!WIFSTOPPED(status))
			break;
		deliver = 0;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
			look_at_memory(pid, slot, ram, memory);
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			inside = !inside;
			if (inside)
				count(pid, calls, &slot);
		} else if (WSTOPSIG(status) != SIGTRAP) {
			deliver = WSTOPSIG(status);
		}
	}
	must_be_good(command, status);
}
