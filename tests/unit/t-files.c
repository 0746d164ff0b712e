/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests hypercalls on files without a vCPU, over a scratch folder: the files
 * that a guest reaches, those that it must not reach, and the errors that it
 * gets.  The tests of names run twice: with openat2(2), and with the walk that
 * replaces openat2(2).
 */
#include "guestram.h"
#include "scratch.h"
#include "tap.h"

#include "hypercall/core/hypercall.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/file/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define RAM  (UINT64_C(8) << 20)
#define DATA (UINT64_C(1) << 20)
#define SIZE (16 * PAGE_4K)
#define TEXT (DATA + SIZE - PAGE_4K) /* holds names */
#define END  (DATA + SIZE)           /* nothing is mapped from here on */

static struct gmem mem;
static struct hc_guest guest;
static struct hc_thread thread = { .tid = 1 };
static const char *way; /* how names are found */

static int64_t
call(uint32_t number, const uint64_t *args)
{
	struct hc_call c = { .guest = &guest, .thread = &thread };

	memcpy(c.arg, args, sizeof(c.arg));
	return hc_dispatch(&c, number);
}

#define CALL(name, ...) call(HC_##name, (uint64_t[HC_ARGS]){ __VA_ARGS__ })

/* Put a name in guest memory; P() and Q() for calls with two names. */
static uint64_t
put(unsigned slot, const char *text)
{
	uint64_t va = TEXT + slot * 2048;

	strcpy((char *)mem.base + va, text);
	return va;
}

#define P(text) put(0, text)
#define Q(text) put(1, text)
#define CWD     ((uint64_t)AT_FDCWD)

static int64_t
guest_open(const char *name, int flags, unsigned mode)
{
	return CALL(open, P(name), (uint64_t)flags, mode);
}

/* The contents of a file, as text. */
static const char *
contents(const char *name)
{
	static char text[64];
	int64_t fd = guest_open(name, O_RDONLY, 0);
	int64_t n;

	if (fd < 0)
		return "(cannot be opened)";
	n = CALL(read, (uint64_t)fd, DATA, sizeof(text) - 1);
	CALL(close, (uint64_t)fd);
	if (n < 0)
		return "(cannot be read)";
	memcpy(text, mem.base + DATA, (size_t)n);
	text[n] = '\0';
	return text;
}

/*
 *	outside/secret		must never be seen
 *	root/...		the guest's own
 *	rom/...			the guest's, read-only, at /rom
 */
static void
make_tree(void)
{
	if (chdir(scratch) < 0 || mkdir("outside", 0755) < 0 ||
	    mkdir("root", 0755) < 0 || mkdir("root/dir", 0755) < 0 ||
	    mkdir("root/rom", 0755) < 0 || mkdir("rom", 0755) < 0 ||
	    mkdir("rom/dir", 0755) < 0)
		bail("cannot make a tree");
	host_file("outside/secret", "secret");
	host_file("root/file", "file");
	host_file("root/dir/inner", "inner");
	host_file("root/secret", "decoy");
	host_file("rom/fixed", "fixed");
	if (symlink("file", "root/link") < 0 ||
	    symlink("/dir/inner", "root/absolute") < 0 ||
	    symlink("../../../../outside/secret", "root/dir/up") < 0 ||
	    symlink("/outside/secret", "root/out") < 0 ||
	    symlink("../outside", "root/outdir") < 0 ||
	    symlink("loop", "root/loop") < 0 ||
	    symlink("dangling-target", "root/dangling") < 0 ||
	    symlink("dir/..", "root/dots") < 0 ||
	    symlink("/proc/self/exe", "root/magic") < 0 ||
	    symlink("dir", "root/dirlink") < 0 || mkfifo("root/fifo", 0666) < 0)
		bail("cannot make links");
}

static void
start_guest(bool rom)
{
	char name[PATH_MAX];
	const char *bad;
	size_t len;

	memset(&guest, 0, sizeof(guest));
	hc_guest_init(&guest, &mem);
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
	snprintf(name, sizeof(name), "%s/root", scratch);
	if (hc_tree_mount(&guest, name, "/", false) < 0)
		bail("cannot mount");
	snprintf(name, sizeof(name), "%s/rom", scratch);
	if (rom && hc_tree_mount(&guest, name, "/rom", true) < 0)
		bail("cannot mount the other");
}

/* Choose one of the two ways of finding names. */
static void
find_by_walk(bool walk)
{
	guest.tree.no_openat2 = walk;
	way = walk ? "walk" : "openat2";
}

static void
test_reading(void)
{
	int64_t fd;

	is_str(contents("/file"), "file", "%s: a file is read", way);
	is_str(contents("file"), "file", "%s: by a relative name too", way);
	is_str(contents("//dir/.//inner"), "inner",
	    "%s: empty components and dots do not count", way);
	is_str(contents("/link"), "file", "%s: a link is followed", way);
	is_str(contents("/absolute"), "inner",
	    "%s: an absolute link starts at the guest's root", way);
	is_str(contents("/dir/../file"), "file", "%s: .. goes up", way);
	is_str(contents("/dots/file"), "file", "%s: in a link as well", way);
	is_str(contents("/dirlink/inner"), "inner",
	    "%s: a link to a folder is entered", way);
	is_int(guest_open("/none", O_RDONLY, 0), -ENOENT,
	    "%s: what is not there is ENOENT", way);
	is_int(guest_open("/file/x", O_RDONLY, 0), -ENOTDIR,
	    "%s: below a file there is nothing", way);
	is_int(guest_open("/file/", O_RDONLY, 0), -ENOTDIR,
	    "%s: nor is a file a folder", way);
	is_int(guest_open("/loop", O_RDONLY, 0), -ELOOP,
	    "%s: a link to itself is ELOOP", way);
	is_int(guest_open("/link", O_RDONLY | O_NOFOLLOW, 0), -ELOOP,
	    "%s: O_NOFOLLOW does not follow", way);
	is_int(
	    guest_open("", O_RDONLY, 0), -ENOENT, "%s: no name is ENOENT", way);
	fd = guest_open("/dir", O_RDONLY | O_DIRECTORY, 0);
	is_int(CALL(openat, (uint64_t)fd, P("inner"), O_RDONLY), fd + 1,
	    "%s: a folder's descriptor is where openat starts", way);
	CALL(close, (uint64_t)fd + 1);
	is_int(CALL(openat, (uint64_t)fd, P("../file"), O_RDONLY), fd + 1,
	    "%s: and .. leads up from it", way);
	CALL(close, (uint64_t)fd + 1);
	CALL(close, (uint64_t)fd);
}

static void
test_escapes(void)
{
	static const char *const names[] = { "/dir/up", "/out",
		"/outdir/secret", "/../outside/secret", "../outside/secret",
		"/dir/../../outside/secret", "/../../../../../../etc/passwd",
		"/etc/passwd", "/magic", "/proc/self/mem", "/dir/up/" };
	char long_name[PATH_MAX];
	int64_t dir = guest_open("/dir", O_RDONLY, 0);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int64_t fd = guest_open(names[i], O_RDONLY, 0);

		ok(fd == -ENOENT || fd == -ENOTDIR, "%s: %s leads nowhere", way,
		    names[i]);
		if (fd >= 0)
			CALL(close, (uint64_t)fd);
	}
	ok(CALL(openat, (uint64_t)dir, P("../../outside/secret"), O_RDONLY) < 0,
	    "%s: nor does a way up from a descriptor", way);
	/* A guest cannot remove or rename its root folder on the host. */
	ok(CALL(rename, P("/.."), Q("/x")) < 0, "%s: .. is not renamed", way);
	ok(CALL(rmdir, P("/..")) < 0 && CALL(rmdir, P("/")) < 0,
	    "%s: nor is it or the root removed", way);
	ok(CALL(link, P("/../outside/secret"), Q("/got")) < 0,
	    "%s: nor a file outside linked", way);
	ok(CALL(link, P(".."), Q("/got")) < 0, "%s: nor its folder", way);
	symlink("../outside/none", "root/absent");
	is_int(CALL(link, P("/outdir/"), Q("/got")),
	    CALL(link, P("/absent/"), Q("/got")),
	    "%s: the error of link does not reveal whether a target exists",
	    way);
	unlink("root/absent");
	is_int(CALL(symlink, P("../outside/secret"), Q("/made")), 0,
	    "%s: a link may say anything", way);
	is_int(guest_open("/made", O_RDONLY, 0), -ENOENT,
	    "%s: a link that leads outside leads nowhere", way);
	CALL(unlink, P("/made"));
	memset(long_name, 'a', sizeof(long_name));
	long_name[300] = '\0';
	is_int(guest_open(long_name, O_RDONLY, 0), -ENAMETOOLONG,
	    "%s: a component of 300 bytes is ENAMETOOLONG", way);
	memset(mem.base + DATA, '/', SIZE);
	is_int(CALL(open, DATA, O_RDONLY), -ENAMETOOLONG,
	    "%s: and so is a name without end", way);
	is_int(CALL(open, END - 4, O_RDONLY), -EFAULT,
	    "%s: one that runs out of memory is EFAULT", way);
	CALL(close, (uint64_t)dir);
}

static void
test_making(void)
{
	struct stat st;
	int64_t fd;

	is_int(CALL(mkdir, P("/new"), 0755), 0, "%s: mkdir makes", way);
	is_int(CALL(mkdir, P("/new/"), 0755), -EEXIST, "%s: once", way);
	fd = guest_open("/new/a", O_CREAT | O_WRONLY | O_EXCL, 0640);
	ok(fd >= 0, "%s: O_CREAT makes a file", way);
	memcpy(mem.base + DATA, "hello", 5);
	is_int(CALL(write, (uint64_t)fd, DATA, 5), 5, "%s: it is written", way);
	CALL(close, (uint64_t)fd);
	is_int(guest_open("/new/a", O_CREAT | O_WRONLY | O_EXCL, 0640), -EEXIST,
	    "%s: O_EXCL makes no second", way);
	is_str(contents("/new/a"), "hello", "%s: and it is there", way);
	ok(stat("root/new/a", &st) == 0 && (st.st_mode & 0777) == 0640,
	    "%s: on the host as well, with its mode", way);
	is_int(CALL(rename, P("/new/a"), Q("/new/b")), 0, "%s: renamed", way);
	is_int(CALL(renameat2, CWD, P("/new/b"), CWD, Q("/new/c"), 3), -EINVAL,
	    "%s: not with both flags", way);
	is_int(CALL(link, P("/new/b"), Q("/new/c")), 0, "%s: linked", way);
	is_int(CALL(unlink, P("/new/b")), 0, "%s: unlinked", way);
	is_str(contents("/new/c"), "hello", "%s: under its other name", way);
	is_int(CALL(chmod, P("/new/c"), 0600), 0, "%s: chmod", way);
	ok(stat("root/new/c", &st) == 0 && (st.st_mode & 0777) == 0600,
	    "%s: changes the mode", way);
	is_int(CALL(truncate, P("/new/c"), 2), 0, "%s: truncate", way);
	is_str(contents("/new/c"), "he", "%s: cuts", way);
	is_int(CALL(rmdir, P("/new")), -ENOTEMPTY, "%s: not empty yet", way);
	is_int(CALL(unlink, P("/new/c")), 0, "%s: now it is", way);
	is_int(CALL(rmdir, P("/new")), 0, "%s: and is removed", way);
	fd = guest_open("/dangling", O_CREAT | O_WRONLY, 0600);
	ok(fd >= 0 && access("root/dangling-target", F_OK) == 0,
	    "%s: a dangling link's target is made", way);
	CALL(close, (uint64_t)fd);
	is_int(guest_open("/dangling", O_CREAT | O_EXCL | O_WRONLY, 0600),
	    -EEXIST, "%s: but not with O_EXCL", way);
	CALL(unlink, P("/dangling-target"));
	fd = guest_open("/file", O_PATH | O_APPEND, 0);
	is_int(CALL(fcntl, (uint64_t)fd, F_GETFL, 0), O_PATH,
	    "%s: O_PATH has no other flags", way);
	CALL(close, (uint64_t)fd);
	CALL(close, (uint64_t)guest_open("/file", O_RDONLY | O_NOFOLLOW, 0));
	fd = CALL(eventfd2, 0, 0);
	is_int(CALL(fcntl, (uint64_t)fd, F_GETFL, 0), O_RDWR,
	    "%s: a closed file's O_NOFOLLOW is not another's", way);
	CALL(close, (uint64_t)fd);
	is_int(CALL(openat, 999, P(""), O_RDONLY, 0), -ENOENT,
	    "%s: an empty name is looked at before the descriptor", way);
}

static unsigned
mode_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* A guest cannot make a set-user-ID or set-group-ID file on the host. */
static void
test_modes(void)
{
	int64_t fd = guest_open("/suid", O_CREAT | O_RDWR, 06755);

	is_int(mode_of("root/suid"), 0755, "%s: none is made set-user-ID", way);
	is_int(CALL(chmod, P("/suid"), 04755), 0, "%s: nor by chmod", way);
	is_int(mode_of("root/suid"), 0755, "%s: becomes it", way);
	is_int(CALL(fchmod, (uint64_t)fd, 06711), 0, "%s: nor by fchmod", way);
	is_int(mode_of("root/suid"), 0711, "%s: but has the rest", way);
	is_int(CALL(fchmodat, CWD, P("/suid"), 01700), 0, "%s: and", way);
	is_int(mode_of("root/suid"), 01700, "%s: the sticky bit", way);
	CALL(mkdir, P("/sgid"), 02755);
	is_int(mode_of("root/sgid"), 0755, "%s: a folder neither", way);
	CALL(rmdir, P("/sgid"));
	CALL(unlink, P("/suid"));
	CALL(close, (uint64_t)fd);
}

static void
test_telling(void)
{
	struct stat *st = (void *)(mem.base + DATA);
	struct statx *stx = (void *)(mem.base + DATA);

	is_int(CALL(stat, P("/link"), DATA), 0, "%s: stat follows", way);
	ok(S_ISREG(st->st_mode) && st->st_size == 4, "%s: to the file", way);
	is_int(CALL(lstat, P("/link"), DATA), 0, "%s: lstat does not", way);
	ok(S_ISLNK(st->st_mode), "%s: it reports the link", way);
	is_int(CALL(stat, P("/file"), END - 8), -EFAULT,
	    "%s: a structure that ends badly is EFAULT", way);
	is_int(CALL(newfstatat, CWD, P("file"), DATA, 0x40000000), -EINVAL,
	    "%s: an unknown flag is EINVAL", way);
	is_int(CALL(newfstatat, 77, P("file"), DATA, 0), -EBADF,
	    "%s: a closed descriptor is EBADF", way);
	is_int(CALL(newfstatat, 77, P("/file"), DATA, 0), 0,
	    "%s: unless the name is absolute", way);
	is_int(
	    CALL(statx, CWD, P("file"), 0, 0x7ff, DATA), 0, "%s: statx", way);
	ok(stx->stx_size == 4, "%s: reports the same", way);
	is_int(CALL(readlink, P("/link"), DATA, 100), 4, "%s: readlink", way);
	ok(memcmp(mem.base + DATA, "file", 4) == 0, "%s: reads it", way);
	is_int(
	    CALL(readlink, P("/link"), DATA, 2), 2, "%s: as far as asked", way);
	is_int(CALL(readlink, P("/file"), DATA, 100), -EINVAL,
	    "%s: of a file it is EINVAL", way);
	is_int(CALL(readlink, P("/link"), DATA, 0), -EINVAL,
	    "%s: and into nothing", way);
	is_int(CALL(access, P("/file"), R_OK), 0, "%s: access says yes", way);
	is_int(CALL(access, P("/none"), F_OK), -ENOENT, "%s: and no", way);
	is_int(CALL(access, P("/file"), 99), -EINVAL, "%s: or EINVAL", way);
	is_int(CALL(faccessat2, CWD, P("file"), R_OK, AT_EACCESS), 0,
	    "%s: faccessat2 as well", way);
	is_int(CALL(statfs, P("/dir"), DATA), 0, "%s: statfs answers", way);
	is_int(CALL(utimensat, CWD, P("/file"), 0, 0), 0, "%s: utimensat", way);
	is_int(CALL(utimensat, CWD, P("/file"), END - 8, 0), -EFAULT,
	    "%s: does not read half of its times", way);
}

static void
test_folders(void)
{
	int64_t dir = guest_open("/dir", O_RDONLY, 0);

	is_int(CALL(getcwd, DATA, 100), 2, "%s: a guest starts in /", way);
	is_int(CALL(chdir, P("dir")), 0, "%s: chdir enters", way);
	is_int(CALL(getcwd, DATA, 100), 5, "%s: getcwd returns", way);
	is_str((char *)mem.base + DATA, "/dir", "%s: where", way);
	is_int(CALL(getcwd, DATA, 4), -ERANGE, "%s: if it fits", way);
	is_str(contents("inner"), "inner", "%s: names start there", way);
	is_str(contents("../file"), "file", "%s: and lead up", way);
	is_int(CALL(chdir, P("inner")), -ENOTDIR, "%s: a file is none", way);
	is_int(CALL(chdir, P("..")), 0, "%s: up again", way);
	is_int(CALL(fchdir, (uint64_t)dir), 0, "%s: by descriptor", way);
	is_str(contents("inner"), "inner", "%s: as well", way);
	is_int(CALL(fchdir, 0), -ENOTDIR, "%s: not by any", way);
	/* Root enters by a capability, which novillo has no more when a guest
	 * runs: there it is EACCES for all. */
	if (mkdir("root/closed", 0600) < 0)
		bail("cannot make a folder");
	is_int(CALL(chdir, P("/closed")),
	    eaccess("root/closed", X_OK) < 0 ? -EACCES : 0,
	    "%s: a folder without x, only with a capability", way);
	rmdir("root/closed");
	is_int(CALL(chdir, P("/../..")), 0, "%s: above the root is", way);
	is_str(contents("file"), "file", "%s: the root", way);
	is_int(CALL(read, (uint64_t)dir, DATA, 10), -EISDIR,
	    "%s: a folder is not read", way);
	is_int(CALL(getdents64, (uint64_t)dir, DATA, 0), -EINVAL,
	    "%s: nor listed into nothing", way);
	is_int(CALL(getdents64, (uint64_t)dir, DATA, 4096) > 0, 1,
	    "%s: but listed", way);
	CALL(close, (uint64_t)dir);
}

static void
test_read_only(void)
{
	int64_t fd = guest_open("/rom/fixed", O_RDONLY, 0);

	ok(fd >= 0, "%s: a read-only volume is read", way);
	is_int(CALL(fchmod, (uint64_t)fd, 0777), -EROFS,
	    "%s: nothing of it is changed by descriptor", way);
	is_int(CALL(utimensat, (uint64_t)fd, 0, 0, 0), -EROFS,
	    "%s: nor its times", way);
	is_int(CALL(ftruncate, (uint64_t)fd, 0), -EINVAL, "%s: nor cut", way);
	CALL(close, (uint64_t)fd);
	is_int(guest_open("/rom/fixed", O_RDWR, 0), -EROFS,
	    "%s: nor opened for writing", way);
	is_int(guest_open("/rom/fixed", O_RDONLY | O_TRUNC, 0), -EROFS,
	    "%s: nor emptied", way);
	is_int(guest_open("/rom/new", O_CREAT | O_RDONLY, 0600), -EROFS,
	    "%s: nor is anything made", way);
	is_int(guest_open("/rom/dir", O_TMPFILE | O_RDWR, 0600), -EROFS,
	    "%s: not even without a name", way);
	is_int(guest_open("/rom/dir", O_WRONLY, 0), -EISDIR,
	    "%s: a folder is not written anywhere", way);
	is_int(CALL(mkdir, P("/rom/new"), 0755), -EROFS, "%s: no folder", way);
	is_int(CALL(unlink, P("/rom/fixed")), -EROFS, "%s: nor removed", way);
	is_int(CALL(rename, P("/rom/fixed"), Q("/x")), -EXDEV,
	    "%s: nor moved out", way);
	is_int(CALL(rename, P("/file"), Q("/rom/x")), -EXDEV,
	    "%s: nor moved in", way);
	is_int(CALL(link, P("/rom/fixed"), Q("/x")), -EXDEV,
	    "%s: nor linked out, where it could be written", way);
	is_int(CALL(truncate, P("/rom/fixed"), 0), -EROFS, "%s: nor cut", way);
	is_int(
	    CALL(chmod, P("/rom/fixed"), 0), -EROFS, "%s: nor its mode", way);
	is_int(CALL(access, P("/rom/fixed"), W_OK), -EROFS, "%s: access knows",
	    way);
	is_str(contents("/rom/../file"), "file",
	    "%s: from a volume .. leads to what is above", way);
	is_str(contents("/rom/fixed"), "fixed", "%s: it is as it was", way);
}

/* Files of the read-only volume, by the links of descriptors. */
static void
test_read_only_links(void)
{
	const int ways[] = { O_RDONLY, O_PATH };
	char link[32], in[48];
	int64_t dir = guest_open("/rom/dir", O_RDONLY, 0);
	size_t i;

	for (i = 0; i < 2; i++) {
		int64_t fd = guest_open("/rom/fixed", ways[i], 0);

		snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
		is_str(contents(link), "fixed", "%s: %s is read", way, link);
		is_int(guest_open(link, O_RDWR, 0), -EROFS,
		    "%s: not opened for writing", way);
		is_int(guest_open(link, O_RDONLY | O_TRUNC, 0), -EROFS,
		    "%s: nor emptied", way);
		is_int(CALL(truncate, P(link), 0), -EROFS, "%s: nor cut", way);
		is_int(CALL(chmod, P(link), 0777), -EROFS,
		    "%s: it keeps its mode", way);
		is_int(CALL(utimensat, CWD, P(link), 0, 0), -EROFS,
		    "%s: and its times", way);
		is_int(
		    CALL(linkat, CWD, P(link), CWD, Q("/x"), AT_SYMLINK_FOLLOW),
		    -EXDEV, "%s: and is not linked out", way);
		CALL(close, (uint64_t)fd);
	}
	snprintf(in, sizeof(in), "/proc/self/fd/%d/new", (int)dir);
	is_int(guest_open(in, O_CREAT | O_RDWR, 0600), -EROFS,
	    "%s: nothing is made at %s", way, in);
	is_int(CALL(mkdir, P(in), 0700), -EROFS, "%s: nor a folder", way);
	snprintf(in, sizeof(in), "/proc/self/fd/%d/../fixed", (int)dir);
	is_int(guest_open(in, O_WRONLY, 0), -EROFS,
	    "%s: nor %s opened for writing", way, in);
	is_int(CALL(unlink, P(in)), -EROFS, "%s: nor removed", way);
	CALL(close, (uint64_t)dir);
}

/* A folder that others move out of its volume is still held, but what is around
 * it is not reached. */
static void
test_moved(void)
{
	static const char *const names[] = { "..", "../secret", "../../root",
		"../../root/file", "../deep/kept", "up" };
	char link[48];
	int64_t fd;
	size_t i;

	if (mkdir("root/dir/deep", 0755) < 0 ||
	    symlink("../secret", "root/dir/deep/up") < 0)
		bail("cannot make a folder");
	host_file("root/dir/deep/kept", "kept");
	fd = guest_open("/dir/deep", O_RDONLY, 0);
	CALL(chdir, P("/dir/deep"));
	if (rename("root/dir/deep", "outside/deep") < 0)
		bail("cannot move a folder");
	is_str(contents("kept"), "kept", "%s: a moved folder is held", way);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = names[i];

		is_int(CALL(openat, (uint64_t)fd, P(name), O_RDONLY), -ENOENT,
		    "%s: %s leads nowhere from it", way, name);
		is_int(CALL(stat, P(name), DATA), -ENOENT, "%s: nor here", way);
		snprintf(
		    link, sizeof(link), "/proc/self/fd/%d/%s", (int)fd, name);
		is_int(CALL(open, P(link), O_PATH), -ENOENT, "%s: nor does %s",
		    way, link);
	}
	is_int(CALL(mkdir, P("../made"), 0755), -ENOENT,
	    "%s: nothing is made there", way);
	is_int(CALL(unlink, P("../secret")), -ENOENT, "%s: removed", way);
	is_int(CALL(rename, P("../secret"), Q("kept")), -ENOENT,
	    "%s: moved from there", way);
	is_int(CALL(rename, P("kept"), Q("../kept")), -ENOENT,
	    "%s: or to there", way);
	is_int(CALL(link, P("../secret"), Q("got")), -ENOENT, "%s: or linked",
	    way);
	is_int(CALL(getcwd, DATA, 100), -ENOENT, "%s: it has no name", way);
	if (rename("outside/deep", "root/deep") < 0)
		bail("cannot move a folder back");
	is_str(contents("../file"), "file", "%s: in its volume, it has", way);
	CALL(chdir, P("/"));
	CALL(close, (uint64_t)fd);
	unlink("root/deep/up");
	unlink("root/deep/kept");
	rmdir("root/deep");
}

/* A name that goes up from each of the folders above a deep one. */
static void
test_climbing(void)
{
	char name[PATH_MAX] = "..";
	int64_t dir = guest_open("/", O_RDONLY, 0), next;
	unsigned i;

	for (i = 0; i < 200; i++) {
		CALL(mkdirat, (uint64_t)dir, P("a"), 0755);
		next = CALL(openat, (uint64_t)dir, P("a"), O_RDONLY);
		CALL(close, (uint64_t)dir);
		dir = next;
	}
	for (i = 0; i < 50; i++)
		strcat(name, "/a/../..");
	is_int(CALL(newfstatat, (uint64_t)dir, P(name), DATA, 0), 0,
	    "%s: a name goes up %u times", way, i);
	for (; i < 190; i++)
		strcat(name, "/a/../..");
	is_int(CALL(newfstatat, (uint64_t)dir, P(name), DATA, 0), -ENAMETOOLONG,
	    "%s: but not %u times", way, i);
	CALL(close, (uint64_t)dir);
}

/* A guest cannot move or remove the volume at /rom, or a folder above it. */
static void
test_mount_points(void)
{
	static const char *const names[] = { "/rom", "/rom/", "/dir/../rom",
		"rom", "/" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = names[i];

		is_int(CALL(rename, P(name), Q("/moved")), -EBUSY,
		    "%s: %s is not renamed", way, name);
		is_int(CALL(rename, P("/dir"), Q(name)), -EBUSY,
		    "%s: nor is another file to %s", way, name);
		is_int(CALL(renameat2, CWD, P("/dir"), CWD, Q(name), 2), -EBUSY,
		    "%s: nor is %s exchanged", way, name);
		is_int(CALL(rmdir, P(name)), -EBUSY, "%s: nor is %s removed",
		    way, name);
		is_int(CALL(unlink, P(name)), -EISDIR, "%s: nor unlinked", way);
	}
	/* The folder above has no entry of that name on the host. */
	is_int(CALL(mkdir, P("/rom"), 0755), -EEXIST,
	    "%s: a folder is there already", way);
	is_int(CALL(mknod, P("/rom"), S_IFREG | 0644, 0), -EEXIST,
	    "%s: so no file is made", way);
	is_int(CALL(symlink, P("file"), Q("/rom")), -EEXIST, "%s: nor a link",
	    way);
	is_int(CALL(link, P("/file"), Q("/rom")), -EEXIST,
	    "%s: nor a second name", way);
	is_int(CALL(mkdir, P("/ro"), 0755), 0, "%s: a name like it is", way);
	is_int(CALL(rename, P("/ro"), Q("/rom2")), 0, "%s: renamed", way);
	is_int(CALL(rmdir, P("/rom2")), 0, "%s: and removed", way);
	is_str(contents("/rom/fixed"), "fixed", "%s: it is there", way);
}

static void
test_odd_files(void)
{
	const mode_t device = S_IFCHR | 0666;

	is_int(guest_open("/fifo", O_RDONLY | O_NONBLOCK, 0) >= 0, 1,
	    "%s: a pipe with a name is opened", way);
	ok(guest_open("/fifo", O_CREAT | O_WRONLY | O_NONBLOCK, 0600) >= 0,
	    "%s: and with O_CREAT", way);
	is_int(guest_open("/fifo", O_CREAT | O_EXCL | O_RDWR, 0600), -EEXIST,
	    "%s: but is not made", way);
	if (mknod("root/kvm", device, makedev(10, 232)) < 0 ||
	    mknod("root/zero", device, makedev(1, 5)) < 0) {
		skip(3, "no device nodes without root");
		return;
	}
	is_int(guest_open("/kvm", O_RDWR, 0), -EACCES,
	    "%s: a device is not opened", way);
	is_int(guest_open("/kvm", O_CREAT | O_RDWR, 0600), -EACCES,
	    "%s: nor when it could be made", way);
	is_int(guest_open("/zero", O_RDONLY, 0) >= 0, 1,
	    "%s: but for the harmless ones", way);
	unlink("root/kvm");
	unlink("root/zero");
}

static void
test_descriptors(void)
{
	int64_t fd = guest_open("/file", O_RDWR, 0);
	int *pair = (void *)(mem.base + DATA);

	is_int(CALL(dup, (uint64_t)fd), fd + 1, "dup takes the lowest");
	is_int(CALL(dup2, (uint64_t)fd, 1023), 1023, "dup2 the one asked for");
	is_int(CALL(dup2, (uint64_t)fd, guest.fds.limit), -EBADF,
	    "the limit is too high");
	is_int(CALL(dup2, (uint64_t)fd, UINT64_MAX), -EBADF, "-1 is EBADF");
	is_int(CALL(dup2, 500, 5), -EBADF, "dup2 of a closed one is EBADF");
	is_int(CALL(dup3, (uint64_t)fd, (uint64_t)fd, 0), -EINVAL,
	    "dup3 onto itself is EINVAL");
	is_int(CALL(dup2, (uint64_t)fd, (uint64_t)fd), fd, "dup2 succeeds");
	is_int(CALL(fcntl, (uint64_t)fd, F_DUPFD, 100), 100,
	    "F_DUPFD takes the lowest from 100 on");
	is_int(CALL(fcntl, (uint64_t)fd, F_DUPFD, guest.fds.limit), -EINVAL,
	    "F_DUPFD from after the last is EINVAL");
	is_int(CALL(fcntl, 100, F_SETFD, FD_CLOEXEC), 0, "F_SETFD sets");
	is_int(CALL(fcntl, 100, F_GETFD), FD_CLOEXEC, "F_GETFD returns it");
	is_int(CALL(fcntl, (uint64_t)fd, F_GETFD), 0, "others stay as before");
	is_int(CALL(dup2, 100, 100), 100, "dup2 onto itself changes nothing");
	is_int(CALL(fcntl, 100, F_GETFD), FD_CLOEXEC, "the flag is kept");
	is_int(CALL(dup2, 101, 101), -EBADF, "101 onto itself is EBADF");
	is_int(CALL(dup2, UINT64_MAX, UINT64_MAX), -EBADF, "-1 is also EBADF");
	is_int(CALL(fcntl, 100, F_SETFL, O_APPEND | O_ASYNC), 0, "F_SETFL");
	is_int(CALL(fcntl, (uint64_t)fd, F_GETFL) & (O_APPEND | O_ASYNC),
	    O_APPEND, "F_SETFL is for all duplicates and ignores O_ASYNC");
	is_int(CALL(fcntl, (uint64_t)fd, F_NOTIFY, 1), -EINVAL,
	    "F_NOTIFY is not for guests");
	is_int(CALL(lseek, 100, 2, SEEK_SET), 2, "they share a position");
	is_int(CALL(read, (uint64_t)fd, DATA, 10), 2, "read starts there");
	is_int(CALL(close, 100), 0, "one is closed");
	is_int(CALL(close, 100), -EBADF, "once");
	is_int(CALL(pread64, (uint64_t)fd, DATA, 10, 0), 4, "the rest work");
	is_int(CALL(flock, (uint64_t)fd, LOCK_EX), 0, "flock locks");
	is_int(CALL(pipe2, DATA, 0x40000000), -EINVAL, "pipe2 knows its flags");
	is_int(CALL(pipe2, END - 4, 0), -EFAULT, "half of a pair is EFAULT");
	is_int(CALL(pipe2, DATA, O_CLOEXEC), 0, "pipe2 makes a pipe");
	is_int(CALL(fcntl, (uint64_t)pair[1], F_SETPIPE_SZ, 1 << 14), 1 << 14,
	    "a pipe takes the wanted size");
	is_int(CALL(fcntl, (uint64_t)pair[1], F_SETPIPE_SZ, 1 << 21), -EPERM,
	    "a pipe larger than the host's limit is EPERM");
	is_int(CALL(fcntl, (uint64_t)pair[1], F_SETPIPE_SZ, UINT32_MAX), -EPERM,
	    "a pipe of the largest size is EPERM");
	is_int(
	    CALL(write, (uint64_t)pair[1], DATA + 64, 3), 3, "in at one end");
	is_int(
	    CALL(ioctl, (uint64_t)pair[0], 0x541b, DATA + 64), 0, "FIONREAD");
	is_int(*(int *)(void *)(mem.base + DATA + 64), 3, "counts");
	is_int(
	    CALL(read, (uint64_t)pair[0], DATA + 64, 9), 3, "out at another");
	is_int(CALL(sendfile, (uint64_t)pair[1], (uint64_t)fd, 0, 4), 0,
	    "sendfile starts at the position: the end");
	*(int64_t *)(void *)(mem.base + DATA + 64) = 1;
	is_int(CALL(sendfile, (uint64_t)pair[1], (uint64_t)fd, DATA + 64, 4), 3,
	    "sendfile starts at the given position");
	is_int(*(int64_t *)(void *)(mem.base + DATA + 64), 4,
	    "sendfile updates the position");
	is_int(CALL(sendfile, (uint64_t)pair[1], (uint64_t)fd, END - 4, 4),
	    -EFAULT, "a position that ends badly is EFAULT");
}

/* Each stream is duplicated, and closed. */
static void
test_every_stream(void)
{
	int64_t copy;
	uint64_t fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++) {
		struct hc_file *file;

		start_guest(false);
		copy = CALL(dup, fd);
		file = hc_fd_get(&guest.fds, (uint64_t)copy);
		is_int(file ? file->host : -1, (int64_t)fd,
		    "a duplicate of stream %d leads to it", (int)fd);
		if (file)
			hc_file_put(file);
		is_int(CALL(close, fd), 0, "the stream is closed");
		is_int(CALL(close, (uint64_t)copy), 0, "and so is that");
		is_int(CALL(dup, fd), -EBADF, "which leaves nothing");
	}
}

/* The inode that the folder's entries give for "..". */
static uint64_t
inode_of_parent(const char *name)
{
	int64_t fd = guest_open(name, O_RDONLY | O_DIRECTORY, 0);
	int64_t n = CALL(getdents64, (uint64_t)fd, DATA, 8192);
	const uint8_t *at = mem.base + DATA, *end = at + n;
	struct dirent64 entry;
	uint64_t inode = 0;

	for (; n > 0 && at < end; at += entry.d_reclen) {
		memcpy(&entry, at, offsetof(struct dirent64, d_name));
		if (strcmp((const char *)at + offsetof(struct dirent64, d_name),
			"..") == 0)
			inode = entry.d_ino;
	}
	CALL(close, (uint64_t)fd);
	return inode;
}

static void
test_parents(void)
{
	struct stat st;

	if (stat("root", &st) < 0)
		bail("no root");
	is_int(inode_of_parent("/"), (int64_t)st.st_ino,
	    "the root's entries do not tell what contains it");
	is_int(inode_of_parent("/dir"), (int64_t)st.st_ino,
	    "those of a folder tell what it is in");
}

static int64_t
lock_bytes(int64_t fd, int cmd, short type, int64_t from, int64_t len)
{
	struct flock lock = { .l_type = type, .l_start = from, .l_len = len };

	memcpy(mem.base + DATA, &lock, sizeof(lock));
	return CALL(fcntl, (uint64_t)fd, (uint64_t)cmd, DATA);
}

/* Lock every other byte: how many, until one that fails by *r. */
static int64_t
lock_many(int64_t fd, int cmd, int64_t *r)
{
	int64_t n;

	for (n = 0; n <= HC_LOCKS; n++)
		if ((*r = lock_bytes(fd, cmd, F_WRLCK, 2 * n, 1)) < 0)
			break;
	return n;
}

/* The record locks of an open file, as the host counts them. */
static int64_t
host_locks(int64_t fd)
{
	const struct hc_fds *fds = &guest.fds;
	char name[64], line[256];
	int64_t n = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d",
	    fds->file[fds->fd[fd].file - 1].host);
	f = fopen(name, "r");
	if (!f)
		bail("no fdinfo");
	while (fgets(line, sizeof(line), f))
		n += strncmp(line, "lock:", 5) == 0;
	fclose(f);
	return n;
}

/* Random locks of two owners on one file; after each the host has as many as
 * are counted. */
static void
test_locks_count(void)
{
	static const short type[] = { F_RDLCK, F_RDLCK, F_WRLCK, F_UNLCK };
	static const int cmd[] = { F_SETLK, F_SETLKW };
	int64_t fd = guest_open("file", O_RDWR, 0), wrong = 0;
	uint32_t random = 1;
	unsigned i;

	for (i = 0; i < 2000; i++) {
		random = random * 1103515245 + 12345;
		if (lock_bytes(fd, cmd[random >> 30 & 1],
			type[random >> 28 & 3], random >> 22 & 63,
			random >> 16 & 15) < 0)
			wrong++;
		wrong += host_locks(fd) != guest.fds.locks.used;
	}
	is_int(wrong, 0, "the host has the record locks that are counted");
	lock_bytes(fd, F_SETLK, F_UNLCK, 9, 0);
	is_int(lock_bytes(fd, F_OFD_SETLK, F_RDLCK, 90, -5), 0,
	    "a lock of the open file, with a negative length");
	is_int(host_locks(fd), guest.fds.locks.used, "is one more on both");
	CALL(close, (uint64_t)fd);
	is_int(guest.fds.locks.used, 0, "none is left of a closed file");
}

static void
test_locks_limit(void)
{
	static const int cmd[] = { F_SETLK, F_OFD_SETLK };
	int64_t r = 0, fd;
	unsigned i;

	for (i = 0; i < 2; i++) {
		fd = guest_open("file", O_RDWR, 0);
		is_int(lock_many(fd, cmd[i], &r), HC_LOCKS - 1,
		    "a guest holds nearly HC_LOCKS record locks");
		is_int(r, -ENOLCK, "one more is ENOLCK");
		is_int(lock_bytes(fd, cmd[i], F_UNLCK, 0, 100), 0,
		    "a lock can be removed");
		is_int(lock_bytes(fd, cmd[i], F_WRLCK, 0, 99), 0,
		    "and another placed");
		CALL(close, (uint64_t)fd);
		is_int(guest.fds.locks.used, 0, "close() removes all");
	}
	is_int(guest.fds.locks.expected, 0, "no call in progress is left");
}

/* As Linux reports them, and in its order. */
static void
test_locks_refused(void)
{
	int64_t fd = guest_open("file", O_RDWR, 0);
	int64_t path = guest_open("file", O_PATH, 0);

	is_int(lock_bytes(fd, F_SETLK, F_WRLCK, -1, 0), -EINVAL,
	    "a lock before the file's first byte");
	is_int(lock_bytes(fd, F_SETLK, F_WRLCK, 1, -2), -EINVAL,
	    "a lock that begins there");
	is_int(lock_bytes(fd, F_SETLK, F_WRLCK, INT64_MAX, 2), -EOVERFLOW,
	    "a lock past the last byte there may be");
	is_int(lock_bytes(fd, F_SETLK, 77, 0, 0), -EINVAL, "no type");
	is_int(lock_bytes(path, F_SETLK, F_WRLCK, -1, 0), -EBADF,
	    "a lock by an O_PATH descriptor");
	is_int(guest.fds.locks.used, 0, "none of them counts");
	CALL(close, (uint64_t)fd);
	CALL(close, (uint64_t)path);
}

/* Ways to close a descriptor. */
static int64_t
close_by_number(int64_t fd)
{
	return CALL(close, (uint64_t)fd);
}

static int64_t
close_by_range(int64_t fd)
{
	return CALL(close_range, (uint64_t)fd, (uint64_t)fd);
}

static int64_t
close_by_dup2(int64_t fd)
{
	int64_t other = guest_open("dir/inner", O_RDONLY, 0);
	int64_t r = CALL(dup2, (uint64_t)other, (uint64_t)fd);

	CALL(close, (uint64_t)other);
	return r < 0 ? r : CALL(close, (uint64_t)fd);
}

static const struct {
	const char *name;
	int64_t (*close)(int64_t fd);
	bool dup;
	int flags;
	unsigned stay; /* locks of the guest */
} closes[] = {
	{ "close() of a dup removes the guest's locks", close_by_number, true,
	    0, 0 },
	{ "so does close_range()", close_by_range, true, 0, 0 },
	{ "and dup2() over it", close_by_dup2, true, 0, 0 },
	{ "and close() of the file opened once more", close_by_number, false,
	    O_RDONLY, 0 },
	{ "that of an O_PATH descriptor does not", close_by_number, false,
	    O_PATH, 1 },
};

/* Locks of the guest end with any descriptor of the file; those of the open
 * file, and flock()'s, with the last of the open file. */
static void
test_locks_close(void)
{
	int64_t fd = guest_open("secret", O_RDWR, 0), other;
	int host = open("root/secret", O_RDWR);
	unsigned i;

	CALL(flock, (uint64_t)fd, LOCK_EX);
	lock_bytes(fd, F_OFD_SETLK, F_WRLCK, 2, 1);
	for (i = 0; i < sizeof(closes) / sizeof(closes[0]); i++) {
		other = closes[i].dup
			    ? CALL(dup, (uint64_t)fd)
			    : guest_open("secret", closes[i].flags, 0);
		lock_bytes(fd, F_SETLK, F_WRLCK, 0, 1);
		closes[i].close(other);
		is_int(guest.fds.locks.used, 1 + closes[i].stay, "%s",
		    closes[i].name);
		/* flock() has a line there also. */
		is_int(host_locks(fd), 2 + closes[i].stay,
		    "and the host has these locks");
	}
	is_int(flock(host, LOCK_EX | LOCK_NB), -1, "flock()'s lock stays");
	close(host);
	CALL(close, (uint64_t)fd);
	is_int(guest.fds.locks.used, 0, "none is left of a closed file");
}

/* A file that stays open by a mapping keeps the locks of the open file. */
static void
test_locks_stay(void)
{
	int64_t fd = guest_open("file", O_RDWR, 0);

	lock_bytes(fd, F_SETLK, F_RDLCK, 0, 1);
	lock_bytes(fd, F_OFD_SETLK, F_RDLCK, 2, 1);
	is_int(guest.fds.locks.used, 2, "two locks");
	guest.fds.file[guest.fds.fd[fd].file - 1].outlives = true;
	CALL(close, (uint64_t)fd);
	is_int(guest.fds.locks.used, 1, "the open file's still counts");
	guest.fds.locks.used = 0;
}

/* A process of the host's locks the file; the guest does not learn which. */
static void
test_foreign_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	struct flock *seen = (void *)(mem.base + DATA);
	int host = open("root/file", O_RDWR), ready[2];
	int64_t fd = guest_open("file", O_RDWR, 0);
	pid_t child;
	char byte;

	if (host < 0 || pipe(ready) < 0 || (child = fork()) < 0)
		bail("cannot fork");
	if (child == 0) {
		if (fcntl(host, F_SETLK, &lock) == 0)
			(void)!write(ready[1], "x", 1);
		pause();
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		bail("no lock");
	*seen = lock;
	is_int(CALL(fcntl, (uint64_t)fd, F_GETLK, DATA), 0, "F_GETLK answers");
	is_int(seen->l_type, F_WRLCK, "with a lock of another process");
	is_int(seen->l_pid, 0, "that the guest does not see");
	*seen = lock;
	is_int(
	    CALL(fcntl, (uint64_t)fd, F_OFD_GETLK, DATA), 0, "F_OFD_GETLK too");
	is_int(seen->l_pid, 0, "answers so");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(host);
	close(ready[0]);
	close(ready[1]);
	CALL(close, (uint64_t)fd);
}

/* The guest cannot use descriptors of this process that are not its own. */
static void
test_foreign_descriptors(void)
{
	unsigned wrong = 0;
	uint64_t fd;
	int host = open("/dev/null", O_RDONLY);

	start_guest(false);
	for (fd = 3; fd < 300; fd++)
		wrong += CALL(read, fd, DATA, 1) != -EBADF ||
			 CALL(ioctl, fd, 0xae80, 0) != -EBADF ||
			 CALL(dup, fd) != -EBADF || CALL(close, fd) != -EBADF;
	is_int(wrong, 0, "no descriptor of ours is the guest's");
	ok(fcntl(host, F_GETFD) >= 0, "our descriptors are still open");
	close(host);
}

/* A stream of ours that is open for reading, and one that is not open. */
static void
test_streams(void)
{
	struct stat st;
	int in = dup(0), out = dup(1);

	fflush(stdout);
	if (in < 0 || out < 0 || chmod("root/file", 0640) < 0 ||
	    dup2(open("root/file", O_RDONLY), 0) < 0 ||
	    dup2(open("/dev/null", O_PATH), 1) < 0)
		bail("cannot change streams");
	start_guest(false);
	dup2(out, 1);
	is_int(CALL(fchmod, 0, 0777), -EROFS,
	    "the file of a stream keeps its mode");
	is_int(CALL(utimensat, 0, 0, 0, 0), -EROFS,
	    "the file of a stream keeps its times");
	ok(stat("root/file", &st) == 0 && (st.st_mode & 0777) == 0640,
	    "the host's file is unchanged");
	is_int(CALL(fstat, 1, DATA), -EBADF,
	    "a number that is only kept taken is not a stream");
	is_int(CALL(read, 0, DATA, 4), 4, "another is read");
	dup2(in, 0);
	close(in);
	close(out);
}

/* Each descriptor of the guest uses one descriptor of this process. */
static void
test_many_descriptors(void)
{
	struct rlimit limit;
	int64_t fd, n = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	start_guest(false);
	while ((fd = guest_open("/file", O_RDONLY, 0)) >= 0)
		n++;
	is_int(fd, -EMFILE, "descriptors run out as EMFILE");
	is_int(n, (int64_t)guest.limit[RLIMIT_NOFILE].now - 3,
	    "after as many as there are");
	is_int(guest_open("/made", O_RDWR | O_CREAT, 0600), -EMFILE,
	    "no file is made then");
	ok(access("root/made", F_OK) < 0, "on the host neither");
	CALL(close, 700);
	is_int(guest_open("/file", O_RDONLY, 0), 700, "one closed is one free");
	while (n-- > 0)
		CALL(close, (uint64_t)n + 3);
}

/* A folder becomes a link and back while the guest opens a file in it. */
static void
test_race(void)
{
	unsigned i, seen = 0, out = 0;
	pid_t child;

	start_guest(false);
	mkdir("root/flip", 0755);
	host_file("root/flip/secret", "inside");
	child = fork();
	if (child == 0) {
		for (;;) {
			(void)rename("root/flip", "root/flop");
			(void)symlink("../outside", "root/flip");
			(void)unlink("root/flip");
			(void)rename("root/flop", "root/flip");
		}
	}
	/* The child may not get a processor for a while. */
	for (i = 0; i < 20000 || (seen == 0 && i < 2000000); i++) {
		const char *text;

		guest.tree.no_openat2 = i & 1;
		text = contents("/flip/../flip/secret");
		seen += strcmp(text, "inside") == 0;
		out += strcmp(text, "secret") == 0;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ok(seen > 0, "a folder that comes and goes is seen at times");
	is_int(out, 0, "a file outside is never seen");
}

/* A folder leaves its volume and comes back while the guest goes up from it. */
static void
test_moving_race(void)
{
	unsigned i, seen = 0, out = 0;
	int64_t dir;
	pid_t child;

	start_guest(false);
	if (mkdir("root/over", 0755) < 0 || mkdir("root/over/moving", 0755) < 0)
		bail("cannot make folders");
	host_file("root/over/secret", "inside");
	dir = guest_open("/over/moving", O_RDONLY, 0);
	CALL(fchdir, (uint64_t)dir);
	child = fork();
	if (child == 0) {
		for (;;) {
			(void)rename("root/over/moving", "outside/moving");
			(void)rename("outside/moving", "root/over/moving");
		}
	}
	/* The child may not get a processor for a while. */
	for (i = 0; i < 20000 || (seen == 0 && i < 2000000); i++) {
		const char *text;

		guest.tree.no_openat2 = i & 1;
		text = contents("../secret");
		seen += strcmp(text, "inside") == 0;
		out += strcmp(text, "secret") == 0;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ok(seen > 0, "the folder above one that comes and goes is seen");
	is_int(out, 0, "the one outside is never seen");
}

static void
test_mounts(void)
{
	char name[PATH_MAX];

	start_guest(true);
	snprintf(name, sizeof(name), "%s/rom", scratch);
	is_int(hc_tree_mount(&guest, name, "/rom/", false), -EEXIST,
	    "a place in the tree is taken once");
	is_int(hc_tree_mount(&guest, "/proc/self", "/p", true), -EMEDIUMTYPE,
	    "procfs is not a volume");
	memset(name, 'a', sizeof(name));
	name[0] = '/';
	name[NAME_MAX + 2] = '\0';
	is_int(hc_tree_mount(&guest, "rom", name, true), -ENAMETOOLONG,
	    "nor a place with a part that is too long for Linux");
	is_int(hc_tree_mount(&guest, "/none/such", "/p", true), -ENOENT,
	    "an absent folder is not a volume");
	is_int(hc_tree_mount(&guest, "/dev/null", "/p", true), -ENODEV,
	    "a device is not a volume");
	is_int(hc_tree_mount(&guest, "/etc/passwd", "/p", true), 0,
	    "a file is one");
	ok(guest_open("/p", O_RDONLY, 0) >= 0, "and is opened");
	is_int(guest_open("/p/", O_RDONLY, 0), -ENOTDIR, "as a file");
	is_int(CALL(unlink, P("/p")), -EBUSY, "it stays");
	is_int(CALL(rmdir, P("/p")), -ENOTDIR, "in any case");
	is_int(hc_tree_mount(&guest, "/", "/host", true), 0, "so is a root");
	is_int(guest_open("/host/proc/version", O_RDONLY, 0), -EACCES,
	    "another mount in it is not reached");
	if (symlink("/host/proc/version", "root/mount") < 0)
		bail("cannot make a link");
	is_int(guest_open("/mount", O_RDONLY, 0), -EACCES,
	    "nor by a link from another volume");
	unlink("root/mount");
	memset(&guest, 0, sizeof(guest));
	hc_guest_init(&guest, &mem);
	guest.policy.allowed.bits[0] = UINT64_MAX;
	is_int(guest_open("/", O_RDONLY, 0), -ENOENT,
	    "without volumes there is nothing, not even a root");
	is_int(guest_open("x", O_RDONLY, 0), -ENOENT,
	    "without volumes there is no working folder");
}

/* Whether statx(2) reports mount IDs: Linux 5.8 and later. */
static bool
tells_mounts(void)
{
	struct statx stx;

	return statx(AT_FDCWD, "/", 0, 0x1000, &stx) == 0 &&
	       (stx.stx_mask & 0x1000);
}

/* In a child: make mounts that others do not see. */
static bool
unshare_mounts(void)
{
	return (geteuid() == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
	       unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* In a child: count the accesses that reached the mounted file system. */
static int
try_mounted(const char *name)
{
	struct stat st;
	int walk, wrong = 0;

	for (walk = 0; walk <= 1; walk++) {
		find_by_walk(walk);
		wrong += guest_open(name, O_RDONLY, 0) != -EACCES;
		wrong += CALL(stat, P(name), DATA) != -EACCES;
		strcat((char *)mem.base + TEXT, "/made");
		wrong += CALL(mkdir, TEXT, 0755) != -EACCES;
	}
	return wrong + (stat("root/mounted/made", &st) == 0);
}

/*
 * A file system mounted in a folder is not part of the folder.  That holds for
 * another file system and, where the host reports mount IDs, for another place
 * of the same file system.
 */
static void
test_mounted(const char *what, const char *type, bool told)
{
	char name[PATH_MAX];
	int status;
	pid_t child = fork();

	if (child == 0) {
		snprintf(name, sizeof(name), "%s/root/mounted", scratch);
		if (!unshare_mounts() || mkdir(name, 0755) < 0 ||
		    mount(what, name, type, type ? 0 : MS_BIND, NULL) < 0)
			_exit(255);
		start_guest(false);
		_exit(try_mounted("/mounted"));
	}
	waitpid(child, &status, 0);
	rmdir("root/mounted");
	if (status == 255 << 8 || !told)
		skip(1, "nothing can be mounted or distinguished here");
	else
		is_int(status, 0, "%s that is mounted is not reached", what);
}

/* In a child: count the accesses by `name` that lead somewhere from the guest's
 * folder `dir`. */
static int
try_up(int64_t dir, const char *name)
{
	int walk, wrong = 0;

	for (walk = 0; walk <= 1; walk++) {
		guest.tree.no_openat2 = walk;
		wrong += CALL(openat, (uint64_t)dir, P(name), O_RDONLY) !=
			 -ENOENT;
		wrong += CALL(newfstatat, (uint64_t)dir, P(name), DATA) !=
			 -ENOENT;
	}
	return wrong;
}

/* Another folder is mounted over the one above a folder that the guest
 * holds. */
static int
try_mounted_over(void)
{
	char name[PATH_MAX];
	int64_t dir;

	snprintf(name, sizeof(name), "%s/root/over", scratch);
	if (!unshare_mounts() || mkdir("root/over/held", 0755) < 0)
		return 255;
	start_guest(false);
	dir = guest_open("/over/held", O_RDONLY, 0);
	if (dir < 0 || mount("outside", name, NULL, MS_BIND, NULL) < 0)
		return 255;
	return try_up(dir, "../secret") + try_up(dir, "../../file");
}

/*
 * The volume nest/t/h/m/t, and nest is mounted at nest/t/h/m: from there the
 * host's parents lead to nest/t, which is the volume's top.
 */
static int
try_nested(void)
{
	char name[PATH_MAX], in[PATH_MAX];
	int64_t dir;

	snprintf(name, sizeof(name), "%s/nest", scratch);
	snprintf(in, sizeof(in), "%s/nest/t/h/m", scratch);
	if (!unshare_mounts() || mount(name, in, NULL, MS_BIND, NULL) < 0)
		return 255;
	memset(&guest, 0, sizeof(guest));
	hc_guest_init(&guest, &mem);
	guest.policy.allowed.bits[0] = UINT64_MAX;
	hc_set_add(&guest.policy.allowed, HC_openat);
	hc_set_add(&guest.policy.allowed, HC_newfstatat);
	strcat(in, "/t");
	if (hc_tree_mount(&guest, in, "/", false) < 0)
		return 255;
	dir = guest_open("/d", O_RDONLY, 0);
	if (dir < 0 || rename("nest/t/d", "nest/d") < 0)
		return 255;
	return try_up(dir, "../secret");
}

static void
test_up_to_mount(int (*try)(void), const char *what)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(try());
	waitpid(child, &status, 0);
	if (status == 255 << 8 || !tells_mounts())
		skip(1, "nothing can be mounted or distinguished here");
	else
		is_int(status, 0, "%s", what);
}

static void
test_ups_to_mounts(void)
{
	if (mkdir("nest", 0755) < 0 || mkdir("nest/t", 0755) < 0 ||
	    mkdir("nest/t/d", 0755) < 0 || mkdir("nest/t/h", 0755) < 0 ||
	    mkdir("nest/t/h/m", 0755) < 0)
		bail("cannot make folders");
	host_file("nest/secret", "secret");
	test_up_to_mount(try_mounted_over,
	    ".. does not lead into what is mounted over a folder");
	test_up_to_mount(
	    try_nested, ".. does not lead out by a mount of the folder above");
}

int
main(void)
{
	int walk;

	umask(0);
	if (!scratch_make())
		bail("cannot make %s", scratch);
	make_tree();
	guestram_init(&mem, RAM);
	space_init(&guest.space, &mem, 2 << 20, 7 << 20);
	space_take(
	    &guest.space, DATA, SIZE, space_bits(PROT_READ | PROT_WRITE));
	for (walk = 0; walk <= 1; walk++) {
		start_guest(false);
		find_by_walk(walk);
		test_reading();
		test_escapes();
		test_making();
		test_modes();
		test_telling();
		test_folders();
		test_odd_files();
		test_moved();
		test_climbing();
		start_guest(true);
		find_by_walk(walk);
		test_reading();
		test_read_only();
		test_read_only_links();
		test_mount_points();
	}
	start_guest(false);
	test_descriptors();
	test_every_stream();
	start_guest(false);
	test_foreign_lock();
	test_locks_count();
	test_locks_limit();
	test_locks_refused();
	test_locks_close();
	test_locks_stay();
	test_parents();
	test_foreign_descriptors();
	test_streams();
	test_many_descriptors();
	test_race();
	test_moving_race();
	test_mounts();
	test_mounted("tmpfs", "tmpfs", true);
	test_mounted("root/dir", NULL, tells_mounts());
	test_ups_to_mounts();
	return done_testing();
}
