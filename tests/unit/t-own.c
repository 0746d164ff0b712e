/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the files that novillo itself provides, without a vCPU: the whole list,
 * the operations that are refused, and the names that a volume takes over.
 */
#include "guestcall.h"
#include "scratch.h"

#include "hypercall/file/path.h"
#include "hypercall/own/own.h"
#include "hypercall/task/task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BUF (PAGE + 16 * P) /* the buffer that calls fill */
#define LEN (64 * P)
#define CWD ((uint64_t)AT_FDCWD)

static uint64_t
put(unsigned slot, const char *name)
{
	uint64_t va = PAGE + slot * (P / 2);

	strcpy(at(va), name);
	return va;
}

#define N(name) put(0, name)
#define M(name) put(1, name)

static int64_t
guest_open(const char *name, int flags)
{
	return CALL(HC_open, N(name), (uint64_t)flags, 0600);
}

static int64_t
shut(int64_t fd)
{
	return fd < 0 ? fd : CALL(HC_close, (uint64_t)fd);
}

/* Return a file's contents as text, or NULL if the file cannot be read. */
static const char *
slurp(const char *name)
{
	int64_t fd = guest_open(name, O_RDONLY);
	int64_t n = CALL(HC_read, (uint64_t)fd, BUF, LEN - 1);

	shut(fd);
	if (fd < 0 || n < 0)
		return NULL;
	((char *)at(BUF))[n] = '\0';
	return at(BUF);
}

static bool
says(const char *name, const char *part)
{
	const char *text = slurp(name);

	return text && strstr(text, part);
}

static mode_t
mode_of(const char *name)
{
	const struct stat *st = at(BUF);

	return CALL(HC_lstat, N(name), BUF) < 0 ? 0 : st->st_mode;
}

static uint64_t
add_host(const char *name, int flags)
{
	return (uint64_t)hc_fd_open(
	    &guest.fds, open(name, flags), HC_MAY_CHANGE, false);
}

/* Threads 1 and 7. */
static bool
two_threads(struct hc_thread *t, int *tid, char name[HC_THREAD_NAME])
{
	(void)t;
	if (*tid >= 7)
		return false;
	*tid = *tid < 1 ? 1 : 7;
	strcpy(name, *tid == 1 ? "first" : "seventh");
	return true;
}

static const struct hc_thread_ops two_threads_ops = { .next = two_threads };

/* The path of a row, with a number that exists in place of '#'. */
static const char *
name_of(const struct hc_own_row *row)
{
	static char name[64];
	size_t len = strcspn(row->path, "#");

	snprintf(name, sizeof(name), "%.*s%s%s", (int)len, row->path,
	    !row->path[len]      ? ""
	    : row->of_cpu        ? "0"
	    : row->of_descriptor ? "2"
				 : "7",
	    row->path[len] ? row->path + len + 1 : "");
	return name;
}

static mode_t
type_of(enum hc_own_kind kind)
{
	switch (kind) {
	case HC_OWN_SHARED:
	case HC_OWN_QUEUES:
	case HC_OWN_FOLDER: return S_IFDIR;
	case HC_OWN_TEXT: return S_IFREG;
	case HC_OWN_LINK:
	case HC_OWN_PROGRAM:
	case HC_OWN_DESCRIPTOR: return S_IFLNK;
	default: return S_IFCHR;
	}
}

/* Each file has the type of its row, is opened as such and refuses changes. */
static void
test_row(const struct hc_own_row *row)
{
	const char *name = name_of(row);
	bool link = type_of(row->kind) == S_IFLNK;
	int64_t fd;

	ok((mode_of(name) & S_IFMT) == type_of(row->kind), "%s is there", name);
	is_int(CALL(HC_readlink, N(name), BUF, LEN) > 0, link, "%s is %s link",
	    name, link ? "a" : "not a");
	is_int(CALL(HC_unlink, N(name)), -EPERM, "%s is not removed", name);
	is_int(CALL(HC_rename, N(name), M("/x")), -EPERM, "nor moved");
	is_int(CALL(HC_rename, N("/file"), M(name)), -EPERM, "nor replaced");
	is_int(CALL(HC_mkdir, N(name), 0777), -EEXIST, "nor made again");
	is_int(CALL(HC_symlink, N("/x"), M(name)), -EEXIST, "in any way");
	is_int(CALL(HC_link, N(name), M("/x")), -EPERM, "nor linked");
	if (link)
		return;
	is_int(CALL(HC_chmod, N(name), 0777), -EPERM, "nor its mode");
	is_int(CALL(HC_utimensat, CWD, N(name), 0, 0), -EPERM, "nor its times");
	is_int(CALL(HC_truncate, N(name), 0),
	    row->kind == HC_OWN_TEXT ? (row->mode & 0200 ? -EINVAL : -EACCES)
	    : S_ISDIR(type_of(row->kind)) ? -EISDIR
					  : -EINVAL,
	    "nor is it cut");
	if (row->kind == HC_OWN_TERMINAL)
		return;
	fd = guest_open(name, O_RDONLY);
	ok(fd >= 0, "%s is opened", name);
	is_int(CALL(HC_fchmod, (uint64_t)fd, 0777), -EPERM,
	    "and not changed by that");
	is_int(CALL(HC_utimensat, (uint64_t)fd, 0, 0, 0), -EPERM, "at all");
	is_int(CALL(HC_write, (uint64_t)fd, BUF, 1), -EBADF, "nor written");
	ok(CALL(HC_ftruncate, (uint64_t)fd, 0) < 0, "nor emptied");
	ok(CALL(HC_fallocate, (uint64_t)fd, 0, 0, P) < 0, "nor made longer");
	shut(fd);
}

static void
test_rows(void)
{
	const struct hc_own_row *row;
	unsigned i;

	thread.ops = &two_threads_ops;
	for (i = 0; (row = hc_own_row(i)); i++) {
		/* t-ipc.sh makes queues; this guest has none. */
		if (row->kind == HC_OWN_MISSING ||
		    row->kind == HC_OWN_VOLUMES || row->kind == HC_OWN_QUEUE)
			continue;
		test_row(row);
		if (row->kind != HC_OWN_TEXT)
			continue;
		ok(slurp(name_of(row)), "%s is read", row->path);
		if (row->mode & 0200)
			continue;
		is_int(guest_open(name_of(row), O_RDWR), -EACCES,
		    "and not opened for writing");
		is_int(guest_open(name_of(row), O_RDONLY | O_TRUNC), -EACCES,
		    "nor emptied by that");
	}
	thread.ops = NULL;
}

/* A thread's name can be written, and that of none other. */
static void
test_comm(void)
{
	int64_t fd;

	guest.signals.threads = &thread;
	fd = guest_open("/proc/self/comm", O_RDWR);
	ok(fd >= 0, "the name is opened for writing");
	is_int(CALL(HC_write, (uint64_t)fd, N("a name that is too long"), 23),
	    23, "and written");
	is_str(thread.name, "a name that is ", "as far as there is room");
	is_int(CALL(HC_pwrite64, (uint64_t)fd, N("x"), 1, 0), -EINVAL,
	    "but not at a place");
	shut(fd);
	guest.signals.threads = NULL;
	is_int(guest_open("/proc/7/status", O_RDONLY), -ENOENT,
	    "a thread that does not live has no folder");
	thread.ops = &two_threads_ops;
	ok(says("/proc/7/status", "seventh"), "one that lives has");
	ok(says("/proc/7/comm", "seventh"), "with its name");
	is_int(guest_open("/proc/07/comm", O_RDONLY), -ENOENT, "by one number");
	is_int(guest_open("/proc/7x", O_RDONLY), -ENOENT, "alone");
	thread.ops = NULL;
}

/* A folder lists the files that exist, and each name is whole. */
static void
test_listing(void)
{
	const struct hc_own_row *row, *other;
	unsigned i, j;

	thread.ops = &two_threads_ops;
	for (i = 0; (row = hc_own_row(i)); i++) {
		unsigned wanted = 2, got = 0, wrong = 0;
		size_t len = strlen(row->path);
		int64_t fd, n;
		size_t pos;

		if (row->kind != HC_OWN_FOLDER)
			continue;
		for (j = 0; (other = hc_own_row(j)); j++)
			if (other->kind != HC_OWN_MISSING &&
			    strncmp(other->path, row->path, len) == 0 &&
			    other->path[len] == '/' &&
			    !strchr(other->path + len + 1, '/'))
				wanted += other->of_cpu &&
						  strchr(other->path + len, '#')
					      ? (unsigned)hc_count_cpus(&guest)
					  : other->path[len + 1] != '#' ? 1
					  : other->of_descriptor        ? 4
									: 2;
		fd = guest_open(name_of(row), O_RDONLY | O_DIRECTORY);
		while ((n = CALL(HC_getdents64, (uint64_t)fd, BUF, 100)) > 0) {
			char list[100];

			memcpy(list, at(BUF), (size_t)n);
			for (pos = 0; pos < (size_t)n; got++) {
				const char *name = list + pos +
						   offsetof(
						       struct dirent64, d_name);
				char path[PATH_MAX];

				snprintf(path, sizeof(path), "%s/%s",
				    name_of(row), name);
				wrong += *name != '.' && !mode_of(path);
				pos += (uint8_t)
				    list[pos +
					 offsetof(struct dirent64, d_reclen)];
			}
		}
		is_int(got, wanted, "%s lists all that is in it", row->path);
		is_int(wrong, 0, "and nothing else");
		is_int(CALL(HC_getdents64, (uint64_t)fd, BUF, 3), 0,
		    "the end needs no buffer");
		CALL(HC_lseek, (uint64_t)fd, 0, SEEK_SET);
		is_int(CALL(HC_getdents64, (uint64_t)fd, BUF, 3), -EINVAL,
		    "a buffer for nothing is EINVAL");
		CALL(HC_lseek, (uint64_t)fd, INT64_MAX, SEEK_SET);
		is_int(CALL(HC_getdents64, (uint64_t)fd, BUF, LEN), 0,
		    "far after the end nothing is listed");
		CALL(HC_lseek, (uint64_t)fd, 0, SEEK_SET);
		ok(CALL(HC_getdents64, (uint64_t)fd, BUF, LEN) > 0 &&
			((struct dirent64 *)at(BUF))->d_name[0] == '.',
		    "from the start it is listed again");
		shut(fd);
	}
	thread.ops = NULL;
}

/* closefrom(3) closes listed descriptors, and then lists those that remain. */
static void
test_closing(void)
{
	int64_t fd = guest_open("/proc/self/fd", O_RDONLY), n, i;
	unsigned closed = 0;
	uint64_t other;

	for (other = 100; other < 300; other++)
		CALL(HC_dup2, 2, other);
	while ((n = CALL(HC_getdents64, (uint64_t)fd, BUF, 400)) > 0)
		for (i = 0; i < n;) {
			const struct dirent64 *d = at(BUF + (uint64_t)i);

			i += d->d_reclen;
			if (atoi(d->d_name) < 100)
				continue;
			closed += CALL(HC_close, (uint64_t)atoi(d->d_name)) ==
				  0;
		}
	is_int(closed, 200, "descriptors can be closed while they are listed");
	CALL(HC_lseek, (uint64_t)fd, 0, SEEK_SET);
	is_int(CALL(HC_getdents64, (uint64_t)fd, BUF, LEN), 6 * 24,
	    "and are not listed again");
	shut(fd);
}

static void
test_names(void)
{
	static const char *const none[] = { "/proc/none", "/proc/2/maps",
		"/proc/1/mem", "/proc/self/mem", "/proc/self/root/proc/2",
		"/proc/self/task/2", "/proc/self/task/01", "/proc/self/fd/1000",
		"/proc/self/fd/99999999999999999999", "/proc/self/fd/-1",
		"/proc/self/fd/0x1", "/proc/self/fd/ 1", "/proc/self/fd/",
		"/proc/self/map_files", "/proc/self/ns/net", "/proc/kcore",
		"/proc/sys/kernel/modprobe", "/proc/sysrq-trigger", "/dev/mem",
		"/dev/kvm", "/dev/fd/77", "/sys/kernel/debug", "/dev/null0",
		"/procs" };
	char name[2 * PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		int64_t r = guest_open(none[i], O_WRONLY);

		ok(r == -ENOENT || r == -EISDIR, "%s is not there", none[i]);
		r = CALL(HC_open, N(none[i]), O_CREAT | O_WRONLY, 0600);
		ok(r == -ENOENT || r == -EISDIR ||
			strcmp(none[i], "/procs") == 0,
		    "nor made");
		shut(r);
	}
	CALL(HC_unlink, N("/procs"));
	is_int(guest_open("/proc/version/x", O_RDONLY), -ENOTDIR,
	    "a file is not a folder");
	is_int(guest_open("/dev/null/", O_RDONLY), -ENOTDIR, "nor a device");
	is_int(guest_open("/proc/self/fd/2/x", O_RDONLY), -ENOTDIR,
	    "nor a descriptor that is not one");
	ok(says("/proc/self/../version", "Linux"), ".. leads up");
	ok(says("/../../proc/./self//../version", "Linux"), "and not out");
	ok(says("/proc/self/root/proc/self/cwd/proc/version", "Linux"),
	    "links lead to their targets");
	strcpy(name, "/proc");
	for (i = 0; i < 190; i++)
		strcat(name, "/self/root/proc");
	is_int(
	    CALL(HC_open, put(2, name), O_RDONLY), -ELOOP, "but not for ever");
	memset(name, 'a', sizeof(name));
	memcpy(name, "/proc/", 6);
	name[PATH_MAX - 1] = '\0';
	is_int(CALL(HC_open, put(4, name), O_RDONLY), -ENAMETOOLONG,
	    "a long component is too long");
	memcpy(at(BUF), name, sizeof(name));
	memset(at(BUF), '/', sizeof(name));
	is_int(CALL(HC_open, BUF, O_RDONLY), -ENAMETOOLONG,
	    "one that is too long is too long");
}

/* A descriptor is reached by its link. */
static void
test_descriptors(void)
{
	char name[64];
	int64_t file = guest_open("/file", O_RDONLY), dir, fd;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", (int)file);
	is_int(
	    CALL(HC_readlink, N(name), BUF, LEN), 5, "its link has a length");
	ok(memcmp(at(BUF), "/file", 5) == 0,
	    "and is the name it was opened by");
	is_int(CALL(HC_readlink, N(name), BUF, 2), 2, "as far as asked for");
	ok(says(name, "file"), "it is opened by it");
	is_int(shut(guest_open(name, O_WRONLY)), 0,
	    "and for more than it was opened for");
	is_int(guest_open(name, O_RDONLY | O_NOFOLLOW), -ELOOP,
	    "and not the link itself");
	is_int(CALL(HC_stat, N(name), BUF), 0, "stat follows it");
	is_int(((struct stat *)at(BUF))->st_size, 4, "to the file");
	is_int(CALL(HC_chmod, N(name), 0640), 0, "so does chmod");
	is_int(CALL(HC_access, N(name), R_OK), 0, "and access");
	is_int(CALL(HC_unlink, N(name)), -EPERM, "but not unlink");
	shut(file);
	is_int(guest_open(name, O_RDONLY), -ENOENT, "it goes with the file");
	dir = guest_open("/dir", O_RDONLY | O_DIRECTORY);
	snprintf(name, sizeof(name), "/proc/self/fd/%d/inner", (int)dir);
	ok(says(name, "inner"), "a folder's link leads to its contents");
	snprintf(name, sizeof(name), "/proc/self/fd/%d/../file", (int)dir);
	ok(says(name, "file"), "and .. to the folder above");
	is_int(CALL(HC_chdir, N("/proc/self/fd/")), 0, "/proc is entered");
	is_int(CALL(HC_getcwd, BUF, LEN), 11, "getcwd returns");
	is_str(at(BUF), "/proc/1/fd", "its name");
	ok(CALL(HC_readlink, N("../cwd"), BUF, LEN) == 10 &&
		memcmp(at(BUF), "/proc/1/fd", 10) == 0,
	    "as cwd does, by a relative name");
	fd = guest_open("../../../file", O_RDONLY);
	ok(fd >= 0, "relative names lead out of it");
	shut(fd);
	is_int(CALL(HC_fchdir, (uint64_t)dir), 0, "and it is left");
	fd = guest_open("/proc", O_RDONLY);
	is_int(CALL(HC_fchdir, (uint64_t)fd), 0, "also by descriptors");
	ok(says("version", "Linux"), "in both ways");
	CALL(HC_chdir, N("/"));
	shut(fd);
	shut(dir);
}

/* O_PATH and O_NOFOLLOW hold a link itself. */
static void
test_held_links(void)
{
	static const char *const link[] = { "/proc/self", "/proc/self/exe",
		"/proc/self/cwd", "/dev/fd", "/proc/self/fd/0" };
	const int flags = O_PATH | O_NOFOLLOW;
	int64_t fd, n;
	size_t i;

	for (i = 0; i < sizeof(link) / sizeof(link[0]); i++) {
		fd = guest_open(link[i], flags);
		ok(fd >= 0, "%s is held", link[i]);
		is_int(CALL(HC_fstat, (uint64_t)fd, BUF), 0, "fstat says");
		ok(S_ISLNK(((struct stat *)at(BUF))->st_mode), "a link");
		n = CALL(HC_readlink, N(link[i]), BUF, LEN);
		is_int(CALL(HC_readlinkat, (uint64_t)fd, N(""),
			   BUF + (uint64_t)n, LEN),
		    n, "whose text");
		ok(n > 0 &&
			memcmp(at(BUF), at(BUF + (uint64_t)n), (size_t)n) == 0,
		    "is that of the name");
		is_int(
		    CALL(HC_read, (uint64_t)fd, BUF, 1), -EBADF, "is not read");
		is_int(CALL(HC_openat, (uint64_t)fd, N("x"), O_RDONLY),
		    -ENOTDIR, "it is not a folder");
		shut(fd);
		is_int(guest_open(link[i], flags | O_DIRECTORY), -ENOTDIR,
		    "nor is it held as one");
	}
}

/* The host would see a lock on the device itself. */
static void
test_locks(void)
{
	uint64_t fd = (uint64_t)guest_open("/dev/null", O_RDWR);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct flock *asked = at(BUF);
	int host = open("/dev/null", O_RDWR);

	*asked = lock;
	is_int(CALL(HC_fcntl, fd, F_OFD_SETLK, BUF), 0, "a device is locked");
	is_int(CALL(HC_flock, fd, LOCK_EX), 0, "in both ways");
	ok(fcntl(host, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK &&
		flock(host, LOCK_EX | LOCK_NB) == 0,
	    "and the host's is not");
	is_int(CALL(HC_fcntl, fd, F_GETLK, BUF), 0, "F_GETLK succeeds");
	is_int(asked->l_type, F_UNLCK, "and reports no lock of the host");
	close(host);
	shut((int64_t)fd);
}

static void
test_devices(void)
{
	const struct stat *st = at(BUF);
	int64_t fd = guest_open("/dev/null", O_RDWR);

	is_int(
	    CALL(HC_fstat, (uint64_t)fd, BUF), 0, "fstat describes a device");
	ok(S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3), "as 1:3");
	is_int(CALL(HC_fcntl, (uint64_t)fd, F_GETFL) & O_ACCMODE, O_RDWR,
	    "open for both");
	shut(fd);
	fd = guest_open("/dev/null", O_WRONLY);
	is_int(CALL(HC_fcntl, (uint64_t)fd, F_GETFL) & O_ACCMODE, O_WRONLY,
	    "or for writing");
	is_int(CALL(HC_read, (uint64_t)fd, BUF, 1), -EBADF, "and then no more");
	((struct iovec *)at(PAGE))[0] = (struct iovec){ (void *)BUF, 1 };
	is_int(CALL(HC_readv, (uint64_t)fd, PAGE, 1), -EBADF, "in no way");
	is_int(CALL(HC_pread64, (uint64_t)fd, BUF, 1, 0), -EBADF, "at all");
	is_int(CALL(HC_write, (uint64_t)fd, BUF, 9), 9, "it is written");
	shut(fd);
	test_locks();
	is_int(CALL(HC_statfs, N("/proc/version"), BUF), 0, "statfs answers");
	is_int((int64_t)((struct statfs *)at(BUF))->f_type, 0x9fa0,
	    "as procfs does");
	is_int(CALL(HC_access, N("/dev/null"), R_OK | W_OK), 0,
	    "access knows devices");
	is_int(CALL(HC_access, N("/dev/null"), X_OK), -EACCES, "as such");
	is_int(CALL(HC_access, N("/proc/version"), W_OK), -EACCES,
	    "and refuses writes to read-only files");
	is_int(guest_open("/dev/tty", O_RDWR) < 0,
	    !isatty(0) && !isatty(1) && !isatty(2),
	    "/dev/tty is there if a stream is one");
}

/* The rows that hc_forward() serves, and two that use it. */
static const uint32_t forwarded[] = {
#define HYPERCALL(...)
#define FORWARD(number, ...) number,
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL
	HC_write,
	HC_pwritev2,
};

/* Does the row say what it does with each file, if it moves bytes? */
static bool
says_ways(const struct hc_row *row)
{
	unsigned i, fds = 0, ways = 0, want = 0;

	for (i = 0; i < row->argc; i++)
		switch (hc_args(row)[i].kind) {
		case HC_ARG_FD:
			fds++;
			ways |= (unsigned)hc_args(row)[i].unless << 2 * fds;
			break;
		case HC_ARG_INBUF:
		case HC_ARG_INIOV: want = HC_NO_WRITE << 2; break;
		case HC_ARG_OUTBUF:
		case HC_ARG_OUTIOV: want = HC_NO_READ << 2; break;
		default: break;
		}
	if (fds == 2)
		return ways == (HC_NO_READ << 2 | HC_NO_WRITE << 4) ||
		       ways == (HC_NO_WRITE << 2 | HC_NO_READ << 4);
	return fds == 0 || !want || ways == want;
}

/* A file of novillo's own that was not opened for what the call does with its
 * argument `place` refuses the call. */
static void
test_way(uint32_t nr, const struct hc_row *row, unsigned place)
{
	const bool reads = hc_args(row)[place].unless == HC_NO_READ;
	int64_t fd = guest_open("/dev/null", reads ? O_WRONLY : O_RDONLY);
	int64_t other = guest_open("/dev/zero", O_RDWR);
	uint64_t args[HC_ARGS] = { 0 };
	unsigned i;

	((struct iovec *)at(PAGE))[0] = (struct iovec){ (void *)BUF, 1 };
	for (i = 0; i < row->argc; i++)
		switch (hc_args(row)[i].kind) {
		case HC_ARG_FD:
			args[i] = (uint64_t)(i == place ? fd : other);
			break;
		case HC_ARG_INIOV:
		case HC_ARG_OUTIOV: args[i] = PAGE; break;
		case HC_ARG_INBUF:
		case HC_ARG_OUTBUF: args[i] = BUF; break;
		case HC_ARG_INT:
		case HC_ARG_UINT: args[i] = 1; break;
		default: break;
		}
	is_int(call(nr, args), -EBADF, "%s looks at how %s was opened",
	    row->name, hc_args(row)[place].name);
	shut(fd);
	shut(other);
}

static void
test_ways(void)
{
	size_t n;
	unsigned i;

	for (n = 0; n < sizeof(forwarded) / sizeof(forwarded[0]); n++) {
		const struct hc_row *row = hc_row(forwarded[n]);

		ok(says_ways(row), "%s says what it does with its files",
		    row->name);
		for (i = 0; i < row->argc; i++)
			if (hc_args(row)[i].unless)
				test_way(forwarded[n], row, i);
	}
}

static bool
has_page(uint64_t va, const char *rights)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%08llx-", (unsigned long long)va);
	const char *text = slurp("/proc/self/maps");
	const char *found = text ? strstr(text, line) : NULL;

	return found && strncmp(found + n + 9, rights, strlen(rights)) == 0;
}

static void
test_contents(void)
{
	char limits[80];
	uint64_t page = (uint64_t)CALL(HC_mmap, 0, P, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0);

	ok(has_page(page, "---p"), "maps lists a mapping");
	CALL(HC_mprotect, page, P, PROT_READ);
	ok(has_page(page, "r--p"), "and its rights");
	CALL(HC_munmap, page, P);
	ok(!has_page(page, ""), "until it is unmapped");
	ok(says("/proc/meminfo", "MemTotal:          65536 kB\n"),
	    "meminfo has the guest's memory");
	snprintf(limits, sizeof(limits),
	    "Max open files            %-20llu %-20llu files",
	    (unsigned long long)guest.limit[RLIMIT_NOFILE].now,
	    (unsigned long long)guest.limit[RLIMIT_NOFILE].most);
	ok(says("/proc/self/limits", limits), "limits its limits");
	ok(says("/sys/devices/system/cpu/cpu0/topology/core_cpus", "1\n"),
	    "a processor is a core");
	is_int(CALL(HC_open, N("/proc/self/exe"), O_CREAT | O_EXCL, 0600),
	    -EEXIST, "a link is not made anew");
	ok(says("/proc/mounts", "novillo / novillo rw 0 0\n"),
	    "mounts its volumes");
	strcpy(thread.name, "bull");
	ok(says("/proc/self/comm", "bull\n"), "comm its name");
	guest.exe[0] = '\0';
	is_int(CALL(HC_readlink, N("/proc/self/exe"), BUF, LEN), -ENOENT,
	    "without a program there is no exe");
	hc_own_set_exe(&guest, "bin/../file");
	is_int(CALL(HC_readlink, N("/proc/self/exe"), BUF, LEN), 5,
	    "with one it is its name in the tree");
	ok(says("/proc/self/exe", "inner"), "and exe leads to the program");
	ok(says("/file", "file"), "whatever file has its name");
	is_int(guest_open("/proc/self/exe", O_RDWR), -ETXTBSY,
	    "which cannot be written");
	is_int(guest_open("/proc/self/exe/", O_RDONLY), -ENOTDIR,
	    "and is not a folder");
	guest.exe[0] = '\0';
	memcpy(at(PAGE + P / 4), "a\0b", 4);
	guest.world.args = (struct hc_span){ PAGE + P / 4, PAGE + P / 4 + 4 };
	is_int(
	    CALL(HC_read, (uint64_t)guest_open("/proc/1/cmdline", 0), BUF, LEN),
	    4, "cmdline has the bytes that are there");
	guest.world.args.to = RAM + P;
	ok(slurp("/proc/self/cmdline"), "and no others");
}

/* A file of this machine's, or NULL. */
static char *
hosts(const char *name)
{
	static char text[1 << 16];
	FILE *f = fopen(name, "r");
	size_t n;

	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* Each field is one of this machine's, in its order. */
static void
test_status(void)
{
	const char *all = hosts("/proc/self/status");
	char *text = (char *)slurp("/proc/self/status"), *line, *rest;
	unsigned fields = 0, unknown = 0;

	ok(text && strstr(text, "\nUmask:\t0022\n") &&
		strstr(text, "\nGroups:\t") && strstr(text, "\nVmPTE:\t"),
	    "status has what programs look for");
	ok(strstr(text, "\nSigQ:\t0/1024\n"), "and the signals that wait");
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *colon = strchr(line, ':');
		const char *at;

		fields++;
		if (colon)
			colon[1] = '\0';
		at = all ? strstr(all, line) : NULL;
		if (!at && all) {
			unknown++;
			printf("# not in its place: %s\n", line);
		} else if (at) {
			all = at;
		}
	}
	ok(fields > 50 && unknown == 0, "in the order of Linux (%u)", fields);
}

/* The text up to its last line, without blanks before the ends of lines. */
static void
trim(char *text, unsigned lines)
{
	char *from = text, *to = text;

	for (; *from && lines > 0; from++) {
		if (*from == '\n')
			lines--;
		if (*from == '\n')
			while (to > text && to[-1] == ' ')
				to--;
		*to++ = *from;
	}
	*to = '\0';
}

/* The headers of /proc/net are those of this machine, where it has the file. */
static void
test_net(void)
{
	static const struct {
		const char *name;
		unsigned lines;
	} files[] = {
		{ "/proc/net/arp", 1 },
		{ "/proc/net/dev", 2 },
		{ "/proc/net/netlink", 1 },
		{ "/proc/net/packet", 1 },
		{ "/proc/net/raw", 1 },
		{ "/proc/net/raw6", 1 },
		{ "/proc/net/route", 1 },
		{ "/proc/net/tcp", 1 },
		{ "/proc/net/tcp6", 1 },
		{ "/proc/net/udp", 1 },
		{ "/proc/net/udp6", 1 },
		{ "/proc/net/unix", 1 },
		{ "/proc/swaps", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *theirs = hosts(files[i].name);
		char *ours = (char *)slurp(files[i].name);

		if (!theirs || !theirs[0]) {
			skip(1, "no %s here", files[i].name);
			continue;
		}
		trim(theirs, files[i].lines);
		trim(ours, files[i].lines);
		is_str(ours, theirs, "%s begins as on Linux", files[i].name);
	}
}

static void
test_seeking(void)
{
	const uint64_t fd = (uint64_t)guest_open(
	    "/sys/devices/system/cpu/online", O_RDONLY);

	is_int(CALL(HC_lseek, fd, 0, SEEK_END), P,
	    "the end of a file in /sys is that of a page");
	is_int(CALL(HC_lseek, fd, INT64_MAX, SEEK_END), -EINVAL,
	    "a place after it has a number");
	shut((int64_t)fd);
}

static void
test_fdinfo(void)
{
	int64_t fd = CALL(HC_open, N("/file"), O_RDWR | O_CLOEXEC, 0);
	char name[64], want[128];
	struct stat st;

	CALL(HC_lseek, (uint64_t)fd, 3, SEEK_SET);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", (int)fd);
	if (stat("root/file", &st) < 0)
		bail("no file");
	snprintf(want, sizeof(want),
	    "pos:\t3\nflags:\t02100002\nmnt_id:\t5\nino:\t%llu\n",
	    (unsigned long long)st.st_ino);
	is_str(slurp(name), want, "fdinfo knows a file");
	CALL(HC_close, (uint64_t)fd);
	is_int(guest_open(name, O_RDONLY), -ENOENT, "while it is open");
	snprintf(want, sizeof(want), "5 0 %u:%u / / rw - novillo novillo rw\n",
	    major(st.st_dev), minor(st.st_dev));
	ok(says("/proc/self/mountinfo", want), "mountinfo its volume");
	ok(says("/proc/self/mountinfo", "1 5 0:1 / /proc ro - proc proc ro\n"),
	    "and /proc in it");
}

static void
test_ids(void)
{
	char boot[64], one[64];

	snprintf(
	    boot, sizeof(boot), "%s", slurp("/proc/sys/kernel/random/boot_id"));
	snprintf(one, sizeof(one), "%s", slurp("/proc/sys/kernel/random/uuid"));
	is_str(slurp("/proc/sys/kernel/random/boot_id"), boot,
	    "boot_id is always the same");
	ok(strcmp(slurp("/proc/sys/kernel/random/uuid"), one) != 0,
	    "and uuid never");
	ok(strlen(one) == 37 && one[8] == '-' && one[14] == '4' &&
		one[23] == '-' && strchr("89ab", one[19]),
	    "it has the form of one: %.36s", one);
	CALL(HC_umask, 0177);
	ok(says("/proc/self/status", "\nUmask:\t0177\n"), "umask is known");
	CALL(HC_umask, 022);
}

static void *
open_until_full(void *name)
{
	struct hc_call c;

	do {
		c = (struct hc_call){ .guest = &guest, .thread = &thread };
		c.open.path = *(uint64_t *)name;
	} while (hc_dispatch(&c, HC_open) >= 0);
	return NULL;
}

/* How much memory there is after several threads have used it up. */
static uint64_t
bytes_after_race(void)
{
	uint64_t name = N("/proc/self/maps"), bytes = 0;
	pthread_t other[16];
	unsigned i;

	for (i = 0; i < 16; i++)
		if (pthread_create(&other[i], NULL, open_until_full, &name))
			bail("cannot start a thread");
	for (i = 0; i < 16; i++)
		pthread_join(other[i], NULL);
	for (i = 0; i < HC_FILES; i++)
		bytes += guest.fds.file[i].refs > 0 ? guest.fds.file[i].bytes
						    : 0;
	return bytes;
}

/* Snapshots use novillo's memory, so their number is limited. */
static void
test_room(void)
{
	uint64_t va, n = 0;
	int64_t fd;

	for (va = 4 << 20; va < 48 << 20; va += 2 * P)
		space_take(&guest.space, va, P, space_bits(PROT_READ));
	while ((fd = guest_open("/proc/self/maps", O_RDONLY)) >= 0)
		n++;
	is_int(fd, -ENOMEM, "files in memory end as ENOMEM");
	ok(n > 3 && n < 200, "after %d long ones", (int)n);
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	n = bytes_after_race();
	ok(n > HC_OWN_BYTES / 2 && n <= HC_OWN_BYTES,
	    "threads together get no more (%llu bytes)", (unsigned long long)n);
	is_int(guest.fds.own_bytes, n, "which is the sum that is kept");
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	fd = guest_open("/proc/self/maps", O_RDONLY);
	ok(fd >= 0, "closed, there is room again");
	shut(fd);
	for (va = 4 << 20; va < 48 << 20; va += 2 * P)
		space_take(&guest.space, va, P, 0);
}

/* A guest that may read no other files. */
static void
test_own_only(void)
{
	const char *bad;
	size_t len;
	uint64_t host = add_host("/", O_RDONLY);

	hc_set_parse(&guest.policy.allowed, "@base", &bad, &len);
	ok(says("/proc/version", "Linux"), "@base reads /proc");
	ok(guest_open("/dev/null", O_RDWR) >= 0, "and opens devices");
	is_int(CALL(HC_newfstatat, 2, N(""), BUF, AT_EMPTY_PATH), 0,
	    "asks descriptors what they are");
	is_int(CALL(HC_statx, 2, N(""), AT_EMPTY_PATH, 0x7ff, BUF), 0,
	    "in both ways");
	is_int(CALL(HC_access, N("/dev/fd/2"), F_OK), 0, "and by their links");
	is_int(guest_open("/etc/localtime", O_RDONLY), -ENOENT,
	    "the local time is not there, and not forbidden");
	is_int(guest_open("/file", O_RDONLY), -EPERM, "no other file is");
	is_int(CALL(HC_stat, N("/file"), BUF), -EPERM, "in no way");
	is_int(CALL(HC_stat, N("/proc/self/root/file"), BUF), -EPERM,
	    "even from there");
	is_int(CALL(HC_stat, N("file"), BUF), -EPERM, "by no name");
	is_int(CALL(HC_open, 1, O_RDONLY), -EFAULT,
	    "an address that is not a name's is EFAULT");
	is_int(CALL(HC_readlinkat, host, N(""), BUF, LEN), -EPERM,
	    "not by a descriptor");
	is_int(CALL(HC_getdents64, host, BUF, LEN), -EPERM, "of any kind");
	is_int(CALL(HC_chdir, N("/dev/fd/2")), -EPERM, "nor is it entered");
	hc_set_parse(&guest.policy.allowed, "@base,-@own", &bad, &len);
	is_int(guest_open("/dev/null", O_RDWR), -EPERM,
	    "without @own nothing is opened");
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
	CALL(HC_close, host);
}

/* A volume of the same name replaces novillo's files. */
static void
test_volumes(void)
{
	is_int(guest_open("/dev/shm/x", O_RDWR), -ENOENT,
	    "the root's own /dev is not seen");
	ok(guest_open("/dev/shm/y", O_CREAT | O_RDWR) >= 0,
	    "and the guest's own can be written");
	is_int(access("root/dev/shm/y", F_OK), -1, "which is not the host's");
	is_int(hc_tree_mount(&guest, "rom", "/dev/shm", false), 0,
	    "but a volume is");
	ok(says("/dev/shm/null", "volume"), "a volume has its own names");
	ok(guest_open("/dev/null", O_RDWR) >= 0, "beside the others");
	is_int(hc_tree_mount(&guest, "rom", "/proc", true), 0,
	    "so is one in the place of /proc");
	is_int(guest_open("/proc/version", O_RDONLY), -ENOENT,
	    "/proc/version then does not exist");
	ok(says("/proc/null", "volume"), "and the volume's files do");
}

static void
make_world(void)
{
	if (!scratch_make() || chdir(scratch) < 0 || mkdir("root", 0755) < 0 ||
	    mkdir("root/dir", 0755) < 0 || mkdir("root/dev", 0755) < 0 ||
	    mkdir("root/dev/shm", 0755) < 0 || mkdir("rom", 0755) < 0)
		bail("cannot make a tree");
	host_file("root/file", "file");
	host_file("root/dir/inner", "inner");
	host_file("rom/null", "volume");
	guestcall_init();
	space_take(&guest.space, PAGE, 16 * P + LEN,
	    space_bits(PROT_READ | PROT_WRITE));
	hc_own_open_devices(&guest);
	if (hc_tree_mount(&guest, "root", "/", false) < 0)
		bail("cannot mount");
	hc_own_set_exe(&guest, "/file");
	guest.world.program = open("root/dir/inner", O_RDONLY);
}

int
main(void)
{
	umask(022);
	make_world();
	test_rows();
	test_comm();
	test_listing();
	test_closing();
	test_names();
	test_descriptors();
	test_held_links();
	test_devices();
	test_ways();
	test_contents();
	test_status();
	test_net();
	test_seeking();
	test_fdinfo();
	test_ids();
	test_room();
	test_own_only();
	test_volumes();
	return done_testing();
}
