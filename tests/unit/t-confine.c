/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests confinement in children: which descriptors it closes, which files and
 * calls it forbids, which threads it covers, how strict mode fails where the
 * kernel lacks a piece; and namespaces.
 */
#include "openfiles.h"
#include "scratch.h"
#include "tap.h"

#include "sandbox/confine.h"
#include "sandbox/namespaces.h"
#include "sandbox/offers.h"
#include "sandbox/sys.h"
#include "sandbox/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 480 /* numbers that the tests' filter lets pass */

static struct filter_program everything;
static struct filter_rule rules[CALLS];

/* A filter that lets every call pass except one, which fails. */
static const struct filter_program *
all_but(int nr, int error)
{
	int i;

	for (i = 0; i < CALLS; i++)
		rules[i] = (struct filter_rule){
			.nr = i,
			.error = i == nr ? error : 0,
		};
	if (filter_make(&everything, rules, CALLS) < 0)
		bail("no filter");
	return &everything;
}

static const char *
in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

/* The exit status of a child that runs `deed`, or 1000 and its signal. */
static int
child(int (*deed)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(deed());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 1000 + WTERMSIG(status);
}

/* Confine the child, with one rule for the folder. */
static int
be_confined(unsigned rights, const int *keep, size_t keeps)
{
	const struct landlock_rule rule = {
		.fd = open(scratch, O_PATH | O_DIRECTORY),
		.rights = rights,
	};
	const struct confine how = {
		.strict = true,
		.files = 64,
		.keep = keep,
		.keeps = keeps,
		.policy = { .rules = &rule, .n = rights ? 1 : 0 },
		.filter = all_but(SYS_getppid, EDOM),
	};
	struct confined got;

	return confine(&how, &got);
}

static bool
can_open(const char *path, int flags)
{
	return open(path, flags, 0600) >= 0 || errno != EACCES;
}

/* Each function below returns 0, or the number of the step that failed. */
static int
reach_nothing(void)
{
	if (be_confined(0, NULL, 0) < 0)
		return 1;
	if (can_open("/etc/passwd", O_RDONLY) || can_open("/", O_RDONLY) ||
	    can_open(in_folder("file"), O_RDONLY))
		return 2;
	if (can_open(in_folder("new"), O_CREAT | O_WRONLY))
		return 3;
	if (unlink(in_folder("file")) == 0 || mkdir(in_folder("d"), 0700) == 0)
		return 4;
	return 0;
}

static int
reach_for_reading(void)
{
	if (be_confined(LANDLOCK_READ, NULL, 0) < 0)
		return 1;
	if (!can_open(in_folder("file"), O_RDONLY) ||
	    !can_open(scratch, O_RDONLY))
		return 2;
	if (can_open(in_folder("file"), O_WRONLY) ||
	    can_open(in_folder("file"), O_RDWR))
		return 3;
	if (can_open("/etc/passwd", O_RDONLY) ||
	    can_open(in_folder("../../etc/passwd"), O_RDONLY))
		return 4;
	return 0;
}

static int
reach_for_writing(void)
{
	if (be_confined(LANDLOCK_WRITE | LANDLOCK_READ, NULL, 0) < 0)
		return 1;
	if (!can_open(in_folder("made"), O_CREAT | O_RDWR) ||
	    !can_open(in_folder("made"), O_RDWR | O_TRUNC))
		return 2;
	if (mkdir(in_folder("d"), 0700) < 0 || rmdir(in_folder("d")) < 0 ||
	    unlink(in_folder("made")) < 0)
		return 3;
	if (mknod(in_folder("null"), S_IFCHR | 0600, 0x103) == 0)
		return 4;
	return 0;
}

static int
reach_for_making(void)
{
	if (be_confined(LANDLOCK_CREATE, NULL, 0) < 0)
		return 1;
	if (!can_open(in_folder("core"), O_CREAT | O_WRONLY | O_TRUNC) ||
	    !can_open(in_folder("core"), O_CREAT | O_WRONLY | O_TRUNC))
		return 2;
	if (can_open(in_folder("core"), O_RDONLY) ||
	    unlink(in_folder("core")) == 0 || mkdir(in_folder("d"), 0700) == 0)
		return 3;
	return 0;
}

static int
reach_for_removing(void)
{
	if (be_confined(LANDLOCK_REMOVE, NULL, 0) < 0)
		return 1;
	if (can_open(in_folder("core"), O_CREAT | O_WRONLY) ||
	    can_open(in_folder("core"), O_RDONLY))
		return 2;
	return unlink(in_folder("core")) < 0 ? 3 : 0;
}

static int
bind_a_port(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (be_confined(0, &s, 1) < 0)
		return 1;
	return bind(s, (struct sockaddr *)&addr, sizeof(addr)) == 0 ||
	       errno != EACCES;
}

static int
signal_the_parent(void)
{
	if (be_confined(0, NULL, 0) < 0)
		return 1;
	return kill(getpgrp(), 0) == 0 && kill(1, 0) == 0;
}

static int
keep_three(void)
{
	int keep[4], fd;

	for (fd = 0; fd < 40; fd++)
		if (dup(0) < 0)
			return 1;
	keep[0] = 30;
	keep[1] = 10;
	keep[2] = -1;
	keep[3] = 11;
	if (be_confined(LANDLOCK_READ, keep, 4) < 0)
		return 2;
	if (fcntl(10, F_GETFD) < 0 || fcntl(11, F_GETFD) < 0 ||
	    fcntl(30, F_GETFD) < 0)
		return 3;
	return count_open() == 6 ? 0 : 4;
}

static int
look_at_limits(void)
{
	struct rlimit core, files;

	if (be_confined(0, NULL, 0) < 0)
		return 1;
	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_NOFILE, &files);
	return core.rlim_max != 0 || files.rlim_max > 64;
}

/* Whether the filter covers a thread that is older than the filter. */
static void *
wait_and_ask(void *go)
{
	pthread_mutex_lock(go);
	pthread_mutex_unlock(go);
	return (void *)(intptr_t)(syscall(SYS_getppid) == -1 && errno == EDOM);
}

static int
filter_older_threads(void)
{
	static pthread_mutex_t go = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	void *filtered;

	pthread_mutex_lock(&go);
	if (pthread_create(&thread, NULL, wait_and_ask, &go) != 0)
		return 1;
	if (be_confined(0, NULL, 0) < 0)
		return 2;
	pthread_mutex_unlock(&go);
	pthread_join(thread, &filtered);
	return filtered ? 0 : 3;
}

/* Make this process see a kernel without the call `nr`. */
static int
live_without(int nr)
{
	const struct filter_program *filter = all_but(nr, ENOSYS);
	struct sock_fprog p = {
		.len = filter->length,
		.filter = everything.code,
	};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
}

static int missing;
static const char *missing_name;

static int
be_strict_without(void)
{
	struct confine how = {
		.strict = true,
		.files = 64,
		.filter = &everything,
	};
	struct confined got;

	if (live_without(missing) < 0)
		return 1;
	if (confine(&how, &got) != -ENOSYS || got.error != ENOSYS)
		return 2;
	return !got.call || strcmp(got.call, missing_name) != 0;
}

static int
do_ones_best_without(void)
{
	struct confine how = { .files = 64, .filter = &everything };
	struct confined got;

	if (live_without(missing) < 0)
		return 1;
	if (confine(&how, &got) != 0 || !got.call ||
	    strcmp(got.call, missing_name) != 0)
		return 2;
	if (missing != SYS_seccomp && !got.filtered)
		return 3;
	if (missing != SYS_close_range && !got.closed)
		return 4;
	if (missing != SYS_landlock_create_ruleset && !got.landlock)
		return 5;
	return 0;
}

static void
test_missing(void)
{
	static const struct {
		int nr;
		const char *name;
	} pieces[] = {
		{ SYS_close_range, "close_range" },
		{ SYS_landlock_create_ruleset, "landlock_create_ruleset" },
		{ SYS_landlock_restrict_self, "landlock_restrict_self" },
		{ SYS_seccomp, "seccomp" },
	};
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		missing = pieces[i].nr;
		missing_name = pieces[i].name;
		is_int(child(be_strict_without), 0,
		    "strict fails without %s and names it", missing_name);
		if (missing == SYS_landlock_restrict_self)
			continue;
		is_int(child(do_ones_best_without), 0,
		    "best effort takes all the rest without it");
	}
}

static int
enter(void)
{
	const char *call;
	int status = -1;
	uid_t uid = getuid();
	pid_t pid;

	if (namespaces_unshare(true, &call) < 0)
		return 1;
	pid = namespaces_fork(&call);
	if (pid == 0)
		_exit(getpid() == 1 && getuid() == uid ? 42 : 43);
	return waiter_wait(pid, &status, &call) == 0 && status == 42 ? 0 : 2;
}

static int
die_inside(void)
{
	const char *call;
	int status = -1;
	pid_t pid;

	if (namespaces_unshare(true, &call) < 0)
		return 1;
	pid = namespaces_fork(&call);
	if (pid == 0)
		__builtin_trap();
	(void)waiter_wait(pid, &status, &call);
	return 2;
}

static int
leave_files(void)
{
	char name[64];
	const char *call;
	int old = open("/etc", O_PATH | O_DIRECTORY);

	if (namespaces_unshare(false, &call) < 0 ||
	    namespaces_empty(&call) < 0 || capability_drop(0) < 0)
		return 1;
	snprintf(name, sizeof(name), "/proc/self/fd/%d/passwd", old);
	if (access(name, F_OK) < 0)
		return 2;
	if (access("/etc/passwd", F_OK) == 0 ||
	    access("/../../etc/passwd", F_OK) == 0 ||
	    access("/proc/self/maps", F_OK) == 0)
		return 3;
	if (open("/file", O_CREAT | O_WRONLY, 0600) >= 0 ||
	    mkdir("/proc/folder", 0700) == 0)
		return 4;
	if (mount("tmpfs", "/", "tmpfs", 0, NULL) == 0 || chroot("/") == 0)
		return 5;
	return faccessat(old, "passwd", F_OK, 0) == 0 ? 0 : 6;
}

static void
test_namespaces(const struct sandbox_offers *offers)
{
	if (!offers->namespaces) {
		skip(3, "no user namespaces here");
		return;
	}
	is_int(child(enter), 0,
	    "a child in a pid namespace is process 1 and keeps its user");
	is_int(child(die_inside), 1000 + SIGILL,
	    "a signal that ends the child also ends its waiting parent");
	is_int(child(leave_files), 0,
	    "only open files are left, without a way back");
}

static void
test_landlock(const struct sandbox_offers *offers)
{
	if (!offers->landlock) {
		skip(7, "no Landlock here");
		return;
	}
	is_int(
	    child(reach_nothing), 0, "without a rule nothing can be reached");
	is_int(child(reach_for_reading), 0,
	    "a folder can be given for reading, and nothing beside it");
	is_int(child(reach_for_writing), 0,
	    "for writing, but no devices can be made in it");
	is_int(child(reach_for_making), 0, "for making files alone");
	is_int(child(reach_for_removing), 0, "and for removing them alone");
	if (offers->landlock >= 4)
		is_int(child(bind_a_port), 0, "no port can be bound");
	else
		skip(1, "this Landlock does not know TCP");
	if (offers->landlock >= 6)
		is_int(child(signal_the_parent), 0,
		    "nobody outside can be sent a signal");
	else
		skip(1, "this Landlock does not know signals");
}

int
main(void)
{
	struct sandbox_offers offers;

	if (!scratch_make())
		bail("%s: %s", scratch, strerror(errno));
	close(open(in_folder("file"), O_CREAT | O_WRONLY, 0600));
	sandbox_probe(&offers);
	if (!offers.filter || !offers.tsync || !offers.landlock) {
		skip(11, "no seccomp or no Landlock here");
	} else {
		test_landlock(&offers);
		is_int(child(keep_three), 0,
		    "descriptors are closed but for those to keep");
		is_int(child(look_at_limits), 0,
		    "no core, and no more files than there may be");
		is_int(child(filter_older_threads), 0,
		    "the filter holds for threads that were there before");
		test_missing();
	}
	test_namespaces(&offers);
	return done_testing();
}
