/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs programs to time and to watch them.  This file must not know the
 * programs' purpose.
 */
#include "child.h"

#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define MIB         (UINT64_C(1) << 20)

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

double
child_now(void)
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

/* Make a socket that listens at a loopback port; 0 takes any port.  Returns
 * it. */
static int
wait_at(unsigned *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons((uint16_t)*port);
	if (listener < 0 || bind(listener, (struct sockaddr *)&addr, len) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) < 0)
		give_up("no port for TCP: %s", strerror(errno));
	*port = ntohs(addr.sin_port);
	return listener;
}

unsigned
child_free_port(void)
{
	unsigned port = 0;

	close(wait_at(&port));
	return port;
}

static void
send_at_once(int fd)
{
	const int one = 1;

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		give_up("no line by TCP: %s", strerror(errno));
}

/* Connect to `port`, where the program may not listen yet. */
static int
reach(unsigned port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	unsigned ms;
	int fd = -1;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons((uint16_t)port);
	for (ms = 0; fd < 0 && ms < PATIENCE_MS; ms++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 &&
		    connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
			break;
		close(fd);
		fd = -1;
		usleep(1000);
	}
	send_at_once(fd);
	return fd;
}

/*
 * Our end, and the program's: TCP on the loopback, a debugger's default.  A
 * command that waits at its own port gets no line.
 */
static void
make_line(const struct command *command, int line[2])
{
	unsigned port = 0;
	int listener;

	if (!command->talk || command->port)
		return;
	listener = wait_at(&port);
	line[0] = reach(port);
	line[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	send_at_once(line[1]);
	close(listener);
}

static pid_t
start(const struct command *command, int line)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
	    &actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (command->in)
		posix_spawn_file_actions_addopen(
		    &actions, STDIN_FILENO, command->in, O_RDONLY, 0);
	if (line >= 0)
		posix_spawn_file_actions_adddup2(&actions, line, CHILD_LINE);
	r = posix_spawnp(
	    &pid, command->arg[0], &actions, NULL, argv_of(command), environ);
	if (r != 0)
		give_up("%s: %s", command->arg[0], strerror(r));
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Talk to the program, and hang up; returns the time of the counted part. */
static double
talk_to(const struct command *command, const int line[2])
{
	int fd = command->port ? reach(command->port) : line[0];
	double time;

	if (line[1] >= 0)
		close(line[1]);
	time = talk_hold(fd, command->talk);
	close(fd);
	return time;
}

struct cost
child_time(const struct command *command)
{
	int line[2] = { -1, -1 };
	struct rusage usage;
	struct cost cost;
	double begin, talk = 0;
	pid_t pid;
	int status;

	make_line(command, line);
	begin = child_now();
	pid = start(command, line[1]);
	if (command->talk)
		talk = talk_to(command, line);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			give_up("wait4: %s", strerror(errno));
	cost.wall = command->talk ? talk : child_now() - begin;
	cost.cpu = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
	cost.faults = (double)(usage.ru_minflt + usage.ru_majflt);
	must_be_good(command, status);
	return cost;
}

/* The number after `key` in a file of /proc/PID, in KiB there. */
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

/* The resident bytes of [start, start + size): bit 63 of a page's entry
 * (Documentation/admin-guide/mm/pagemap.rst). */
static uint64_t
resident(pid_t pid, uint64_t start, uint64_t size)
{
	static uint64_t entry[8192];
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
start_traced(const struct command *command, int line)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (command->in)
			dup2(open(command->in, O_RDONLY | O_CLOEXEC),
			    STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		if (line >= 0)
			dup2(line, CHILD_LINE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execv(command->arg[0], argv_of(command));
		_exit(127);
	}
	return pid;
}

#define region_word(pid, region, field)                                     \
	((uint64_t)ptrace(PTRACE_PEEKDATA, (pid),                           \
	    (region) + offsetof(struct kvm_userspace_memory_region, field), \
	    NULL))

/* A system call begins.  `slot` becomes the host's address of guest-physical
 * 0, wherever the first slot is. */
static void
count(pid_t pid, struct child_calls *calls, uint64_t *slot, uint64_t ram)
{
	struct user_regs_struct regs;
	unsigned i;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		give_up("PTRACE_GETREGS: %s", strerror(errno));
	calls->all++;
	if (regs.orig_rax < CHILD_NUMBERS)
		calls->number[regs.orig_rax]++;
	calls->straight += regs.orig_rax == SYS_read && regs.rdx >= MIB &&
			   *slot != 0 && regs.rsi - *slot <= ram - regs.rdx;
	if (regs.orig_rax != SYS_ioctl)
		return;
	for (i = 0; i < CHILD_FOREIGN && ioctls[i] != (unsigned)regs.rsi; i++)
		;
	calls->ioctl[i]++;
	if (i == CHILD_KVM_SET_USER_MEMORY_REGION && *slot == 0)
		*slot = region_word(pid, regs.rdx, userspace_addr) -
			region_word(pid, regs.rdx, guest_phys_addr);
}

static void
look_at_memory(
    pid_t pid, uint64_t slot, uint64_t ram, struct child_memory *memory)
{
	uint64_t most = proc_kib(pid, "status", "VmHWM:");

	/* The kernel updates VmHWM in batches; the current count is exact. */
	memory->peak = proc_kib(pid, "smaps_rollup", "Rss:");
	if (memory->peak < most)
		memory->peak = most;
	memory->shared = proc_kib(pid, "smaps_rollup", "Shared_Clean:");
	memory->guest = resident(pid, slot, ram);
}

/* Start a process that talks to the program while it is watched. */
static pid_t
start_talker(const struct command *command, const int line[2])
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (pid == 0) {
		talk_to(command, line);
		_exit(0);
	}
	if (!command->port) {
		close(line[0]);
		close(line[1]);
	}
	return pid;
}

#define THREADS_MAX 16

/* The program that is watched, and the process that talks to it. */
static struct {
	pid_t pid, talker;
	uint64_t ram, slot;
	struct child_calls *calls;
	struct child_memory *memory;
	struct {
		pid_t tid;
		bool inside; /* between a system call's entry and end */
	} thread[THREADS_MAX];
} watched;

static bool *
inside_of(pid_t tid)
{
	unsigned i;

	for (i = 0; i < THREADS_MAX; i++) {
		if (watched.thread[i].tid == 0)
			watched.thread[i].tid = tid;
		if (watched.thread[i].tid == tid)
			return &watched.thread[i].inside;
	}
	give_up("more than %d threads", THREADS_MAX);
}

/* Handle one stop of one thread; returns the signal to go on with. */
static int
on_stop(pid_t tid, int status)
{
	bool *inside = inside_of(tid);

	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
		if (tid == watched.pid)
			look_at_memory(
			    tid, watched.slot, watched.ram, watched.memory);
		return 0;
	}
	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		*inside = !*inside;
		if (*inside)
			count(tid, watched.calls, &watched.slot, watched.ram);
		return 0;
	}
	/* A new thread or process begins with a SIGSTOP from ptrace itself. */
	if (WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP)
		return 0;
	return WSTOPSIG(status);
}

/* Wait for the next stop, or the program's end; returns the thread. */
static pid_t
next_stop(int *status)
{
	pid_t tid;

	for (;;) {
		tid = waitpid(-1, status, __WALL);
		if (tid < 0)
			give_up("waitpid: %s", strerror(errno));
		if (tid == watched.talker) {
			if (*status != 0)
				give_up("the talk has failed");
			watched.talker = 0;
		} else if (WIFSTOPPED(*status) || tid == watched.pid) {
			return tid;
		}
	}
}

static void
begin_watching(const struct command *command)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			     PTRACE_O_EXITKILL;
	int line[2] = { -1, -1 };
	int status;

	make_line(command, line);
	watched.pid = start_traced(command, line[1]);
	if (command->talk)
		watched.talker = start_talker(command, line);
	if (waitpid(watched.pid, &status, 0) != watched.pid ||
	    !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, watched.pid, NULL, options) < 0)
		give_up("ptrace: %s", strerror(errno));
}

void
child_watch(const struct command *command, uint64_t ram,
    struct child_calls *calls, struct child_memory *memory)
{
	int status, deliver = 0;
	pid_t tid;

	*calls = (struct child_calls){ 0 };
	*memory = (struct child_memory){ 0 };
	memset(&watched, 0, sizeof(watched));
	watched.ram = ram;
	watched.calls = calls;
	watched.memory = memory;
	begin_watching(command);
	tid = watched.pid;
	for (;;) {
		/* The thread may have been killed meanwhile. */
		if (ptrace(PTRACE_SYSCALL, tid, NULL, (long)deliver) < 0 &&
		    errno != ESRCH)
			give_up("PTRACE_SYSCALL: %s", strerror(errno));
		tid = next_stop(&status);
		if (!WIFSTOPPED(status))
			break;
		deliver = on_stop(tid, status);
	}
	must_be_good(command, status);
	if (watched.talker &&
	    (waitpid(watched.talker, &status, 0) < 0 || status != 0))
		give_up("the talk has failed");
}
