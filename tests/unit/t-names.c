/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the resolution of names against Linux: the same random calls on two
 * equal trees, one as a guest whose tree has volumes, a read-only one and a
 * file among them, the other in a chroot with the same mounted at the same
 * places.  Every answer must be the same, and so must the working folder's name
 * after it.  It needs root.
 */
#include "guestcall.h"
#include "scratch.h"

#include "hypercall/file/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUF    (PAGE + 16 * P)
#define LEN    (4 * P)
#define CWD    ((uint64_t)AT_FDCWD)
#define ROUNDS 30000

enum kind {
	STAT,
	LSTAT,
	CHDIR,
	CREATE,
	MAKE,
	MKDIR,
	RMDIR,
	UNLINK,
	RENAME,
	LINK,
	FOLLOW,
	SYMLINK,
	TRUNCATE,
	ACCESS,
	READLINK,
	PIPE,
	KEEP,
	EXCHANGE,
	KINDS,
};

static const char *const kind_name[] = { "stat", "lstat", "chdir", "create",
	"make", "mkdir", "rmdir", "unlink", "rename", "link", "link -L",
	"symlink", "truncate", "access", "readlink", "mkfifo", "rename -n",
	"exchange" };

struct op {
	enum kind kind;
	unsigned size;
	char a[128], b[128];
};

struct answer {
	int64_t result;
	unsigned type;
	int64_t size;
	char cwd[PATH_MAX];
};

static void
describe(struct answer *a, const struct stat *st)
{
	a->type = st->st_mode & S_IFMT;
	if (S_ISREG(st->st_mode))
		a->size = st->st_size;
}

/* The chroot's side. */
static int64_t
native_open(const struct op *op, int flags)
{
	int fd = open(op->a, O_CREAT | O_RDWR | O_NONBLOCK | flags, 0600);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, op->size) < 0 && errno != EINVAL)
		_exit(3);
	return close(fd);
}

static int64_t
native_call(const struct op *op, struct answer *a)
{
	struct stat st;
	int64_t r;

	switch (op->kind) {
	case STAT:
	case LSTAT:
		r = op->kind == STAT ? stat(op->a, &st) : lstat(op->a, &st);
		if (r == 0)
			describe(a, &st);
		return r;
	case CHDIR: return chdir(op->a);
	case CREATE: return native_open(op, 0);
	case MAKE: return native_open(op, O_EXCL);
	case MKDIR: return mkdir(op->a, 0700);
	case RMDIR: return rmdir(op->a);
	case UNLINK: return unlink(op->a);
	case RENAME: return rename(op->a, op->b);
	case LINK: return link(op->a, op->b);
	case FOLLOW:
		return linkat(
		    AT_FDCWD, op->a, AT_FDCWD, op->b, AT_SYMLINK_FOLLOW);
	case TRUNCATE: return truncate(op->a, op->size);
	case ACCESS: return access(op->a, W_OK);
	case READLINK: return readlink(op->a, a->cwd, 1);
	case PIPE: return mkfifo(op->a, 0600);
	case KEEP:
	case EXCHANGE:
		return renameat2(AT_FDCWD, op->a, AT_FDCWD, op->b,
		    op->kind == KEEP ? RENAME_NOREPLACE : RENAME_EXCHANGE);
	default: return symlink(op->b, op->a);
	}
}

static void
native_answer(const struct op *op, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->result = native_call(op, a) < 0 ? -errno : 0;
	if (!getcwd(a->cwd, sizeof(a->cwd)))
		a->cwd[0] = '\0';
}

/* The guest's side. */
static uint64_t
put(unsigned slot, const char *name)
{
	uint64_t va = PAGE + slot * (P / 2);

	strcpy(at(va), name);
	return va;
}

static int64_t
guest_open(const struct op *op, uint64_t flags)
{
	int64_t fd = CALL(HC_open, put(0, op->a),
	    O_CREAT | O_RDWR | O_NONBLOCK | flags, 0600);

	if (fd < 0)
		return fd;
	CALL(HC_ftruncate, (uint64_t)fd, op->size);
	return CALL(HC_close, (uint64_t)fd);
}

static int64_t
guest_call(const struct op *op, struct answer *a)
{
	const uint64_t n = put(0, op->a), m = put(1, op->b);
	int64_t r;

	switch (op->kind) {
	case STAT:
	case LSTAT:
		r = op->kind == STAT ? CALL(HC_stat, n, BUF)
				     : CALL(HC_lstat, n, BUF);
		if (r == 0)
			describe(a, at(BUF));
		return r;
	case CHDIR: return CALL(HC_chdir, n);
	case CREATE: return guest_open(op, 0);
	case MAKE: return guest_open(op, O_EXCL);
	case MKDIR: return CALL(HC_mkdir, n, 0700);
	case RMDIR: return CALL(HC_rmdir, n);
	case UNLINK: return CALL(HC_unlink, n);
	case RENAME: return CALL(HC_rename, n, m);
	case LINK: return CALL(HC_link, n, m);
	case FOLLOW: return CALL(HC_linkat, CWD, n, CWD, m, AT_SYMLINK_FOLLOW);
	case TRUNCATE: return CALL(HC_truncate, n, op->size);
	case ACCESS: return CALL(HC_access, n, W_OK);
	case READLINK: r = CALL(HC_readlink, n, BUF, 1); return r < 0 ? r : 0;
	case PIPE: return CALL(HC_mknod, n, S_IFIFO | 0600, 0);
	case KEEP: return CALL(HC_renameat2, CWD, n, CWD, m, 1);
	case EXCHANGE: return CALL(HC_renameat2, CWD, n, CWD, m, 2);
	default: return CALL(HC_symlink, m, n);
	}
}

static void
guest_answer(const struct op *op, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->result = guest_call(op, a);
	if (CALL(HC_getcwd, BUF, LEN) > 0)
		strcpy(a->cwd, at(BUF));
}

/* A random name. */
static void
name(char text[128])
{
	static const char *const parts[] = { "a", "b", "c", "d", "m", "v", "..",
		"..", ".", "l", "k", "a", "b", "r", "f" };
	unsigned n = 1 + (unsigned)rand() % 5;

	strcpy(text, rand() % 3 ? "" : "/");
	while (n-- > 0) {
		strcat(text,
		    parts[(size_t)rand() % (sizeof(parts) / sizeof(*parts))]);
		if (n > 0 || rand() % 8 == 0)
			strcat(text, rand() % 8 ? "/" : "//");
	}
}

static void
make_tree(const char *top)
{
	static const char *const folders[] = { "", "/root", "/root/a",
		"/root/a/b", "/root/m", "/root/a/b/v", "/one", "/one/a", "/two",
		"/two/b", "/root/d", "/root/r", "/rom", "/rom/a", "/rom/a/b" };
	static const char *const files[] = { "/root/f", "/file", "/rom/b",
		"/rom/a/c" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(
		    path, sizeof(path), "%s/%s%s", scratch, top, folders[i]);
		if (mkdir(path, 0755) < 0)
			bail("cannot make %s", path);
	}
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", scratch, top, files[i]);
		host_file(path, files[i]);
	}
	snprintf(path, sizeof(path), "%s/%s/rom/l", scratch, top);
	if (symlink("a/../..", path) < 0)
		bail("cannot make %s", path);
}

static bool
bind_to(const char *from, const char *to)
{
	return mount(from, to, NULL, MS_BIND, NULL) == 0;
}

/* The chroot, which answers until there are no more questions. */
static void
serve(int in, int out)
{
	struct answer a;
	struct op op;

	if (chdir(scratch) < 0 || chdir("linux") < 0 ||
	    unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    !bind_to("root", "root") || chdir("root") < 0 ||
	    !bind_to("../one", "m") || !bind_to("../two", "a/b/v") ||
	    !bind_to("../rom", "r") || !bind_to("../file", "f") ||
	    mount(NULL, "r", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		_exit(1);
	if (chdir("../root") < 0 || chroot(".") < 0 || chdir("/") < 0)
		_exit(1);
	memset(&a, 0, sizeof(a));
	if (write(out, &a, sizeof(a)) != sizeof(a))
		_exit(1);
	while (read(in, &op, sizeof(op)) == sizeof(op)) {
		native_answer(&op, &a);
		if (write(out, &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

static bool
ask(const int to[2], const int from[2], const struct op *op, struct answer *a)
{
	return write(to[1], op, sizeof(*op)) == sizeof(*op) &&
	       read(from[0], a, sizeof(*a)) == sizeof(*a);
}

static bool
same(const struct answer *a, const struct answer *b)
{
	return a->result == b->result && a->type == b->type &&
	       a->size == b->size && strcmp(a->cwd, b->cwd) == 0;
}

static int
open_descriptors(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
test_names(const int to[2], const int from[2], bool walk)
{
	const char *way = walk ? "walk" : "openat2";
	struct answer linux_says, guest_says;
	unsigned i, wrong = 0, done[KINDS] = { 0 };
	const int before = open_descriptors();
	struct op op;

	guest.tree.no_openat2 = walk;
	for (i = 0; i < ROUNDS; i++) {
		memset(&op, 0, sizeof(op));
		op.kind = (enum kind)((unsigned)rand() % KINDS);
		op.size = i + 1;
		name(op.a);
		name(op.b);
		if (!ask(to, from, &op, &linux_says))
			bail("the chroot does not answer");
		guest_answer(&op, &guest_says);
		done[op.kind] += guest_says.result == 0;
		if (same(&linux_says, &guest_says))
			continue;
		if (wrong++ < 10)
			printf("# %u: %s %s %s: %ld %o %ld %s, not %ld %o %ld "
			       "%s\n",
			    i, kind_name[op.kind], op.a, op.b,
			    (long)guest_says.result, guest_says.type,
			    (long)guest_says.size, guest_says.cwd,
			    (long)linux_says.result, linux_says.type,
			    (long)linux_says.size, linux_says.cwd);
	}
	is_int(wrong, 0, "%s: %u calls are answered as by Linux", way, i);
	is_int(open_descriptors(), before,
	    "%s: as many descriptors are open as before", way);
	for (i = 0; i < KINDS; i++)
		ok(done[i] > 0, "%s: %s was served %u times", way, kind_name[i],
		    done[i]);
}

static void
mount_tree(void)
{
	char path[PATH_MAX];
	static const char *const places[][2] = { { "root", "/" },
		{ "one", "/m" }, { "two", "/a/b/v" }, { "rom", "/r" },
		{ "file", "/f" } };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(
		    path, sizeof(path), "%s/guest/%s", scratch, places[i][0]);
		if (hc_tree_mount(&guest, path, places[i][1],
			strcmp(places[i][0], "rom") == 0) < 0)
			bail("cannot mount");
	}
}

int
main(void)
{
	int to[2], from[2], status;
	struct answer hello;
	pid_t child;

	if (!scratch_make() || pipe(to) < 0 || pipe(from) < 0)
		bail("cannot make %s", scratch);
	umask(022);
	make_tree("linux");
	make_tree("guest");
	child = fork();
	if (child == 0) {
		close(to[1]);
		serve(to[0], from[1]);
	}
	close(from[1]);
	if (read(from[0], &hello, sizeof(hello)) != sizeof(hello)) {
		waitpid(child, &status, 0);
		skip(1, "nothing can be mounted here");
		return done_testing();
	}
	guestcall_init();
	space_take(&guest.space, PAGE, 16 * P + LEN,
	    space_bits(PROT_READ | PROT_WRITE));
	mount_tree();
	test_names(to, from, false);
	test_names(to, from, true);
	close(to[1]);
	waitpid(child, &status, 0);
	return done_testing();
}
