/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making namespaces.  Nothing here may know what they are for.
 */
#include "sandbox/namespaces.h"

#include "sandbox/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int
failed(const char **call, const char *name)
{
	*call = name;
	return -errno;
}

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* One number, mapped to itself: user_namespaces(7) lets anybody do that. */
static int
map_to_itself(const char *path, unsigned id)
{
	char map[64];

	snprintf(map, sizeof(map), "%u %u 1\n", id, id);
	return write_file(path, map);
}

int
namespaces_unshare(bool pid, const char **call)
{
	unsigned uid = geteuid(), gid = getegid();
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | (pid ? CLONE_NEWPID : 0)) < 0)
		return failed(call, "unshare");
	*call = "/proc/self/setgroups";
	r = write_file(*call, "deny");
	if (r < 0)
		return r;
	*call = "/proc/self/uid_map";
	r = map_to_itself(*call, uid);
	if (r < 0)
		return r;
	*call = "/proc/self/gid_map";
	r = map_to_itself(*call, gid);
	if (r < 0)
		return r;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed(call, "mount");
	return 0;
}

/* Ended by a signal, and without a core: there is nothing to see in us. */
static void
end_by(int signal_number)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Who waits here is not meant by a signal: it is handed on.  What a terminal
 * sends, the other has got already. */
static volatile sig_atomic_t child, handed_on;

static void
hand_on(int number, siginfo_t *info, void *context)
{
	(void)context;
	handed_on = number;
	if (info->si_code <= 0 && child > 0)
		kill((pid_t)child, number);
}

static void
hand_signals_on(pid_t pid)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGUSR1, SIGUSR2, SIGWINCH };
	const struct sigaction action = {
		.sa_sigaction = hand_on,
		.sa_flags = SA_SIGINFO,
	};
	size_t i;

	child = pid;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

int
namespaces_fork(int *status, const char **call)
{
	int ended;
	pid_t pid = fork();

	if (pid < 0)
		return failed(call, "fork");
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
			return failed(call, "PR_SET_PDEATHSIG");
		return 0;
	}
	hand_signals_on(pid);
	while (waitpid(pid, &ended, 0) < 0)
		if (errno != EINTR)
			return failed(call, "waitpid");
	if (WIFSIGNALED(ended))
		end_by(WTERMSIG(ended));
	/* As the first process of its namespace it could not die of it. */
	if (handed_on && WEXITSTATUS(ended) == 128 + handed_on)
		end_by(handed_on);
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
	return 1;
}

/* A folder that is always there, to be covered. */
#define PLACE "/dev"
#define FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* In the folder we are in.  Where there is no procfs nothing is missing. */
static int
bind_descriptors(const char **call)
{
	if (mkdir("proc", 0755) < 0 || mkdir("proc/self", 0755) < 0 ||
	    mkdir("proc/self/fd", 0755) < 0)
		return failed(call, "mkdir");
	if (mount("/proc/self/fd", "proc/self/fd", NULL, MS_BIND, NULL) < 0 &&
	    errno != ENOENT)
		return failed(call, "mount");
	return 0;
}

/* pivot_root(2): the old root ends up on top of the new one, and is taken
 * away there. */
int
namespaces_empty(const char **call)
{
	int r;

	if (mount("tmpfs", PLACE, "tmpfs", FLAGS, "size=64k") < 0)
		return failed(call, "mount");
	if (chdir(PLACE) < 0)
		return failed(call, "chdir");
	r = bind_descriptors(call);
	if (r < 0)
		return r;
	if (mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY | FLAGS, NULL) < 0)
		return failed(call, "mount");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return failed(call, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return failed(call, "umount2");
	if (chdir("/") < 0)
		return failed(call, "chdir");
	return 0;
}

int
namespaces_drop(const char **call)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &header, none) < 0)
		return failed(call, "capset");
	return 0;
}
