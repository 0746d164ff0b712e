/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making namespaces.  Nothing here may know what they are for.
 */
#include "sandbox/namespaces.h"

#include "sandbox/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail(const char **call, const char *name)
{
	*call = name;
	return -errno;
}

static int
write_text(const char *path, const char *text)
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

/* Map one number to itself, which every user may do (user_namespaces(7)). */
static int
map_to_itself(const char *path, unsigned id)
{
	char map[64];

	snprintf(map, sizeof(map), "%u %u 1\n", id, id);
	return write_text(path, map);
}

int
namespaces_unshare(bool pid, const char **call)
{
	unsigned uid = geteuid(), gid = getegid();
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | (pid ? CLONE_NEWPID : 0)) < 0)
		return fail(call, "unshare");
	*call = "/proc/self/setgroups";
	r = write_text(*call, "deny");
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
		return fail(call, "mount");
	return 0;
}

pid_t
namespaces_fork(const char **call)
{
	pid_t pid = fork();

	if (pid < 0)
		return fail(call, "fork");
	if (pid == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(call, "PR_SET_PDEATHSIG");
	return pid;
}

/* A folder that is always there, to be covered. */
#define PLACE "/dev"
#define FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* In the current folder.  ENOENT: the host has no procfs: nothing is lost. */
static int
bind_descriptors(const char **call)
{
	if (mkdir("proc", 0755) < 0 || mkdir("proc/self", 0755) < 0 ||
	    mkdir("proc/self/fd", 0755) < 0)
		return fail(call, "mkdir");
	if (mount("/proc/self/fd", "proc/self/fd", NULL, MS_BIND, NULL) < 0 &&
	    errno != ENOENT)
		return fail(call, "mount");
	return 0;
}

/* pivot_root(2): the old root is then mounted on top of the new one, and is
 * unmounted from there. */
int
namespaces_empty(const char **call)
{
	int r;

	if (mount("tmpfs", PLACE, "tmpfs", FLAGS, "size=64k") < 0)
		return fail(call, "mount");
	if (chdir(PLACE) < 0)
		return fail(call, "chdir");
	r = bind_descriptors(call);
	if (r < 0)
		return r;
	if (mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY | FLAGS, NULL) < 0)
		return fail(call, "mount");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return fail(call, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return fail(call, "umount2");
	if (chdir("/") < 0)
		return fail(call, "chdir");
	return 0;
}
