/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the files of /proc, /dev and /sys that programs read.  Every guest has
 * them, whatever else it is allowed.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <tap.h>
#include <thread.h>
#include <unistd.h>

static char text[65536];

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

/* Read a whole file into `text` as a string: its length or -errno. */
static long
slurp(const char *name)
{
	int fd = open(name, O_RDONLY);
	long n, all = 0;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while ((n = read(fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	text[all] = '\0';
	close(fd);
	return n < 0 ? -errno : all;
}

static bool
says(const char *name, const char *part)
{
	return slurp(name) > 0 && strstr(text, part);
}

/* The number after a word of `text`. */
static long
number_at(const char *word)
{
	const char *at = strstr(text, word);

	return at ? atol(at + strlen(word) + strspn(at + strlen(word), " \t"))
		  : -1;
}

static bool
link_is(const char *name, const char *wanted)
{
	char buf[256];
	long n = readlink(name, buf, sizeof(buf) - 1);

	buf[n < 0 ? 0 : n] = '\0';
	return n > 0 && strcmp(buf, wanted) == 0;
}

/* The program can be read, whatever files there are. */
static void
test_program(void)
{
	int fd = open("/proc/self/exe", O_RDONLY), again, held;
	char *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	struct stat st, other;
	char head[4], name[256], link[32];
	long n;

	ok(fd >= 0 && read(fd, head, 4) == 4 && memcmp(head, "\177ELF", 4) == 0,
	    "exe can be read");
	ok(map != MAP_FAILED && memcmp(map, "\177ELF", 4) == 0,
	    "and mapped");
	again = open("/proc/self/exe", O_RDONLY);
	ok(again >= 0 && read(again, head, 4) == 4 &&
		memcmp(head, "\177ELF", 4) == 0,
	    "it is read from its start each time it is opened");
	ok(stat("/proc/self/exe", &st) == 0 && fstat(fd, &other) == 0 &&
		S_ISREG(st.st_mode) && st.st_ino == other.st_ino,
	    "it is that file");
	ok(lstat("/proc/self/exe", &st) == 0 && S_ISLNK(st.st_mode),
	    "and the name is a link");
	same(error(open("/proc/self/exe", O_RDWR)), -ETXTBSY,
	    "it cannot be written");
	same(error(open("/proc/self/exe", O_RDONLY | O_NOFOLLOW)), -ELOOP,
	    "nor opened as a link");
	same(error(open("/proc/self/exe/x", O_RDONLY)), -ENOTDIR,
	    "and nothing is below it");
	held = open("/proc/self/exe", O_PATH);
	ok(held >= 0 && error(read(held, head, 4)) == -EBADF,
	    "it can be held only");
	same(access("/proc/self/exe", R_OK | X_OK), 0, "it may be executed");
	n = readlink("/proc/self/exe", text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	ok(n > 0 && strcmp(name, text) == 0, "its descriptor has its name");
	close(fd);
	close(again);
	close(held);
	munmap(map, 4096);
}

static void
test_process(void)
{
	char pid[16];
	const char *last;

	snprintf(pid, sizeof(pid), "%d", getpid());
	ok(link_is("/proc/self", pid), "/proc/self is the process's number");
	ok(readlink("/proc/self/exe", text, sizeof(text)) > 0 &&
		strstr(text, "t_proc."),
	    "exe is the program");
	test_program();
	ok(slurp("/proc/self/cmdline") > 0 && strstr(text, "t_proc."),
	    "cmdline is argv");
	ok(says("/proc/self/comm", "t_proc."), "comm is its name");
	ok(says("/proc/self/status", "Name:\tt_proc."), "so does status");
	same(number_at("\nPid:"), getpid(), "with its number");
	same(number_at("\nUid:"), (long)getuid(), "its user");
	same(number_at("\nThreads:"), 1, "and its one thread");
	ok(number_at("\nVmSize:") > 0, "and its memory");
	ok(slurp("/proc/self/stat") > 0 && atol(text) == getpid(),
	    "stat starts with the number");
	last = strrchr(text, ')');
	ok(last && last[2] == 'R', "and has a state after the name");
	ok(slurp("/proc/self/statm") > 0 && atol(text) > 0, "statm has pages");
	ok(says("/proc/self/limits", "Max open files "), "limits has limits");
}

static void
test_fields(void)
{
	unsigned fields = 0;
	const char *p;

	slurp("/proc/self/stat");
	for (p = strrchr(text, ')'); p && *p; p++)
		fields += *p == ' ';
	same(fields + 2, 52, "stat has as many fields as on Linux");
}

static void
test_memory(void)
{
	uintptr_t code = (uintptr_t)&slurp, stack = (uintptr_t)&code;
	bool found_code = false, found_stack = false;
	unsigned long *vector = (unsigned long *)(void *)text;
	char *line;
	long n, i;

	ok(slurp("/proc/self/maps") > 0, "maps has mappings");
	for (line = text; *line; line = strchr(line, '\n') + 1) {
		char *end;
		unsigned long from = strtoul(line, &end, 16);
		unsigned long to = strtoul(end + 1, &end, 16);

		if (code >= from && code < to)
			found_code = strncmp(end, " r-xp ", 6) == 0;
		if (stack >= from && stack < to)
			found_stack = strncmp(end, " rw-p ", 6) == 0 &&
				      strstr(end, "[stack]");
	}
	ok(found_code, "the code is in it, to be executed");
	ok(found_stack, "and the stack, by its name");
	n = slurp("/proc/self/auxv") / (long)sizeof(*vector);
	for (i = 0; i + 1 < n && vector[i] != AT_ENTRY; i += 2)
		continue;
	ok(i + 1 < n && vector[i + 1] == getauxval(AT_ENTRY),
	    "auxv is the auxiliary vector");
	ok(slurp("/proc/self/environ") >= 0, "environ is the environment");
}

static void
test_system(void)
{
	ok(says("/proc/cpuinfo", "processor\t: 0\n"), "cpuinfo has processors");
	ok(strstr(text, "\nflags\t\t: fpu "), "with their flags");
	ok(strstr(text, " sse2 "), "SSE2 is one of the flags");
	ok(strstr(text, "\nmodel name\t: "), "and their model");
	ok(slurp("/proc/meminfo") > 0 && number_at("MemTotal:") > 0,
	    "meminfo reports memory");
	ok(number_at("MemFree:") <= number_at("MemTotal:"),
	    "no more memory is free than exists");
	ok(says("/proc/version", "Linux version "), "version is Linux's");
	ok(slurp("/proc/uptime") > 0 && atol(text) > 0, "uptime counts");
	ok(slurp("/proc/loadavg") > 0, "loadavg is there");
	ok(says("/proc/stat", "\nbtime "), "stat says when it was started");
}

/* Every guest has these files, but not every system of Linux's mounts /sys. */
static void
test_processors(void)
{
#ifdef HYPERCALL_BY_SYSCALL
	struct stat st;

	if (stat("/sys/devices", &st) < 0) {
		skip("nothing is mounted on /sys", "processors are listed");
		return;
	}
#endif
	ok(slurp("/sys/devices/system/cpu/online") > 0 && text[0] == '0',
	    "the first processor is online");
	ok(slurp("/sys/devices/system/cpu/possible") > 0 && text[0] == '0',
	    "and possible");
}

static void
test_devices(void)
{
	char buf[64];
	struct stat st;
	void *p;
	int fd = open("/dev/null", O_RDWR);

	ok(fd > 2, "/dev/null is opened");
	same(write(fd, "nothing", 7), 7, "takes all");
	same(read(fd, buf, sizeof(buf)), 0, "and gives nothing");
	ok(fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0020000 &&
		st.st_rdev == 0x103,
	    "it is device 1:3");
	ok(stat("/dev/null", &st) == 0 && st.st_rdev == 0x103,
	    "by its name as well");
	close(fd);
	fd = open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	ok(fd > 2, "a shell opens it in its way");
	same(error(read(fd, buf, 1)), -EBADF, "and cannot read it then");
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	memset(buf, 1, sizeof(buf));
	same(read(fd, buf, sizeof(buf)), sizeof(buf), "/dev/zero gives");
	ok(buf[0] == 0 && buf[63] == 0, "zeros");
	same(error(write(fd, buf, 1)), -EBADF, "as it was opened for reading");
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ok(p != MAP_FAILED && ((char *)p)[8191] == 0, "mapped, it is memory");
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	same(error(write(fd, buf, 1)), -ENOSPC, "/dev/full is full");
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	memset(buf, 0, sizeof(buf));
	same(read(fd, buf, sizeof(buf)), sizeof(buf), "/dev/urandom gives");
	memset(text, 0, sizeof(buf));
	ok(memcmp(buf, text, sizeof(buf)) != 0, "something");
	close(fd);
	same(access("/dev/random", R_OK), 0, "/dev/random could be read");
}

/* Names in a folder, each with a space around it, in `text`. */
static long
list(const char *name)
{
	static char entries[4096];
	int fd = open(name, O_RDONLY | O_DIRECTORY);
	long n, at, count = 0;

	strcpy(text, " ");
	if (fd < 0)
		return -errno;
	while ((n = hc_getdents64(fd, (long)entries, sizeof(entries))) > 0)
		for (at = 0; at < n;
		     at += *(unsigned short *)(void *)(entries + at + 16)) {
			strcat(text, entries + at + 19);
			strcat(text, " ");
			count++;
		}
	close(fd);
	return n < 0 ? n : count;
}

static void
test_folders(void)
{
	char name[32], buf[8];
	struct stat st;
	int fds[2], fd;
	long got;

	ok(list("/proc/self/fd") >= 4 && strstr(text, " 1 "),
	    "/proc/self/fd lists descriptors");
	ok(list("/proc") > 0 && strstr(text, " self ") &&
		strstr(text, " cpuinfo "),
	    "/proc lists its files");
	ok(list("/dev") > 0 && strstr(text, " null "), "/dev its devices");
	ok(stat("/proc/self/", &st) == 0 && S_ISDIR(st.st_mode),
	    "a link to a folder is one with a slash");
	ok(lstat("/proc/self", &st) == 0 && S_ISLNK(st.st_mode),
	    "and without it a link");
	same(pipe(fds), 0, "a pipe is made");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[0]);
	ok(readlink(name, text, sizeof(text)) > 6 &&
		memcmp(text, "pipe:[", 6) == 0,
	    "its link says that it is one");
	fd = open(name, O_RDONLY);
	ok(fd > fds[1], "it can be opened by it");
	same(write(fds[1], "x", 1), 1, "what goes in");
	same(read(fd, buf, sizeof(buf)), 1, "comes out");
	close(fd);
	close(fds[1]);
	close(fds[0]);
	same(error(open(name, O_RDONLY)), -ENOENT, "closed, it is gone");
	fd = epoll_create1(0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	/* It is root's, and Linux compares the user first. */
	got = error(open(name, O_RDWR));
	ok(got == -ENXIO || got == -EACCES,
	    "a file without a type cannot be opened by its link");
	close(fd);
	fd = open("/dev/fd/1", O_WRONLY);
	ok(fd > 2 && fstat(fd, &st) == 0, "/dev/fd also leads there");
	close(fd);
	fd = open("/proc", O_RDONLY | O_DIRECTORY);
	same(error(openat(fd, "self/none", O_RDONLY)), -ENOENT,
	    "what is not there is ENOENT");
	fd = openat(fd, "self/comm", O_RDONLY);
	ok(fd > 2, "names start at the folder with openat");
	same(fstat(fd, &st), 0, "fstat succeeds");
	ok(S_ISREG(st.st_mode) && st.st_size == 0, "a file without a size");
	same(lseek(fd, 2, SEEK_SET), 2, "a position is set");
	ok(read(fd, buf, 4) == 4 && memcmp(buf, "proc", 4) == 0, "and read at");
	same(error((long)mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0)),
	    -ENODEV, "it cannot be mapped");
}

static int listed, named, inherited;

static void
look(void *arg)
{
	char name[48];

	(void)arg;
	hc_prctl(15, (long)"worker", 0, 0, 0);
	listed = list("/proc/self/task") == 4;
	snprintf(name, sizeof(name), "/proc/self/task/%d/comm", gettid());
	named = says(name, "worker") && says("/proc/thread-self/comm", "worker");
}

static void
look_again(void *arg)
{
	(void)arg;
	inherited = says("/proc/thread-self/comm", "t_proc.");
}

static void
test_threads(void)
{
	struct thread thread = { 0 }, next = { 0 };

	same(list("/proc/self/task"), 3, "task has one thread");
	if (thread_start(&thread, look, NULL) < 0) {
		skip("no thread", "task has two");
		return;
	}
	thread_join(&thread);
	ok(listed, "with another it has two");
	ok(named, "each with its name");
	if (thread_start(&next, look_again, NULL) == 0)
		thread_join(&next);
	ok(inherited, "which is at first that of who made it");
	ok(says("/proc/self/comm", "t_proc."), "and the process has its own");
}

/* The error is either: an entry for the superuser alone is absent for
 * others. */
static bool
refused(long r)
{
	return r < 0 && (errno == EPERM || errno == EACCES);
}

static void
test_changes(void)
{
	int fd = open("/proc/version", O_RDONLY);

	same(error(write(fd, "x", 1)), -EBADF, "what is read is not written");
	same(error(open("/proc/version/x", O_RDONLY)), -ENOTDIR,
	    "a file is not a folder");
	same(error(open("/proc/version/", O_RDONLY)), -ENOTDIR,
	    "nor with a slash");
	same(error(open("/proc/self", O_RDONLY | O_NOFOLLOW)), -ELOOP,
	    "a link is not opened");
	same(error(open("/proc/version", O_CREAT | O_EXCL | O_RDWR, 0600)),
	    -EEXIST, "what is there is not made");
	same(error(open("/proc", O_RDWR)), -EISDIR,
	    "a folder is not opened for writing");
	same(error(readlink("/proc/version", text, 10)), -EINVAL,
	    "a file is not a link");
	same(error(read(open("/proc", O_RDONLY), text, 10)), -EISDIR,
	    "nor is a folder read");
	ok(refused(unlink("/proc/version")), "nothing is removed");
	ok(refused(chmod("/proc/self/maps", 0777)), "nothing changed");
}

static void
test_files(void)
{
	int fd = open("/proc/self/status", O_RDONLY);
	char name[] = "/proc/self/fdinfo/0";

	lseek(fd, 5, SEEK_SET);
	name[sizeof(name) - 2] = (char)('0' + fd);
	ok(fd < 10 && slurp(name) > 0, "an open file has an fdinfo");
	same(number_at("pos:"), 5, "with its position");
	same(number_at("flags:"), 100000, "and its flags");
	close(fd);
	ok(says("/proc/self/mountinfo", " / "), "mountinfo has a root");
	ok(says("/proc/self/mountinfo", " - proc "), "and /proc");
	ok(says("/proc/filesystems", "\tproc\n"), "which filesystems lists");
	ok(slurp("/proc/net/tcp") > 0 && strstr(text, "local_address"),
	    "/proc/net/tcp has a header");
	same(slurp("/proc/sys/kernel/random/uuid"), 37, "uuid is one");
	ok(slurp("/proc/self/status") > 0 && number_at("Umask:") >= 0 &&
		number_at("VmPTE:") > 0 && number_at("Cpus_allowed:") >= 0,
	    "status has more fields");
}

int
main(void)
{
	if (slurp("/proc/self/comm") < 0 && errno == ENOENT)
		skip_all("no /proc");
	test_process();
	test_fields();
	test_memory();
	test_system();
	test_processors();
	test_devices();
	test_folders();
	test_files();
	test_threads();
	test_changes();
	return tap_done();
}
